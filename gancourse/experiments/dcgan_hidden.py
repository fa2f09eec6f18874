"""What harms behind a hidden fully connected layer in G: two controls, and the first map of the authors' own code.

The stage, the size and the seeds are those of :mod:`gancourse.experiments.dcgan_guidelines`, so that each training has a partner
there: the same discriminator, the same order of the data, the same first weights wherever a layer is the same.

    arm                             what it changes
    "units"                         the first 4x4 map is normalised at each of its places, as the authors do; no hidden layer
    "hidden, units"                 the same with the hidden layer: what all latents share goes, the hidden vector's mean stays
    "hidden, mean out"              the hidden layer, and the batch's mean taken out behind its ReLU; its spread stays
    "hidden, centred"               the hidden layer, and batch normalisation behind its ReLU: mean and spread

The first two together say whether the guideline helps in the authors' own generator (its kernels are 5x5, which these are not).

Sources: Radford, Metz & Chintala 2016, section 3, and the code they published (github.com/Newmu/dcgan_code).
"""

from __future__ import annotations

from dataclasses import replace

from gancourse.experiments import dcgan_guidelines

BEFORE = dcgan_guidelines.EXPERIMENT
UNITS, HIDDEN_UNITS, MEAN_OUT, CENTRED = "units", "hidden, units", "hidden, mean out", "hidden, centred"

EXPERIMENT = replace(
    BEFORE,
    name="dcgan_hidden",
    title="A hidden fully connected layer in DCGAN's generator, and what becomes of the mean: pixel-art faces at 16 px",
    arms={
        UNITS: {"generator": {"first_norm": "units"}},
        HIDDEN_UNITS: {"generator": {"hidden_linear": True, "first_norm": "units"}},
        MEAN_OUT: {"generator": {"hidden_linear": True, "hidden_mean_out": True}},
        CENTRED: {"generator": {"hidden_linear": True, "hidden_centred": True}},
    },
    expected={
        "known": "dcgan_guidelines, the same seeds: hidden linear in G over all five 4.5; its pictures vary along one direction",
        "C10.fc_G_units": "hidden, units, over units, by seed: tolerance at least 1.1; expected 1 to 1.6, so that nobody can say",
        "C10.units": "units over all five (dcgan_guidelines), by seed: a question's row; expected about 1",
        "C10.mean_out": "hidden, mean out, over all five, by seed: a question's row; expected 1 to 1.6 in place of 4.5",
        "C10.centred_distance": "hidden, centred, over all five, by seed: a question's row; expected 1 to 1.6",
        "mean": "if the hidden vector's mean does the harm, mean out must stand where centred stands; if not, near 4.5",
    },
)

"""The seventh arm of :mod:`gancourse.experiments.few_faces`, the data alone augmented, for longer and on seeds of its own.

After 600 steps that game painted holes in all trainings but one, and nobody's samples were faces.  :mod:`few_faces_long` has the
other six arms for 5,000 steps; with this one the leaky game and the one that augments both sides can be seen at one length.

    holes    share of the samples' pixels in blocks of middle grey, as in few_faces: what a leak of T's hole leaves

Source: Zhao et al. 2020 (DiffAugment), section 3; Karras et al. 2020a (ADA), section 2.
"""

from __future__ import annotations

from dataclasses import replace

from gancourse.experiments import few_faces, few_faces_long
from gancourse.experiments.few_faces import DATA_ALONE, name

ARM = name("9,000", DATA_ALONE)

EXPERIMENT = replace(
    few_faces_long.EXPERIMENT,
    name="few_faces_leak",
    title="Nine thousand pixel faces, 16 px, for longer: the data alone is augmented",
    arms={ARM: few_faces.EXPERIMENT.arms[ARM]},
    seeds=(50, 51, 52, 53, 54),
    expected={
        "pilot": "none of this length; after 600 steps five trainings of other seeds had holes of 0.058, one of them 0",
        "S16.leak_long": "holes, 9,000: the data alone, at the end: at least 0.03, the tolerance of S16.leak after 600 steps, "
        "block and grey as there.  Nulls: faces, the Gaussian of changed faces, noise, untrained players; of few_faces_long, "
        "whose values were known, 9,000: DiffAugment and 9,000: none.  Changed faces have 0.19: a G that learns what its D is "
        "shown should come near it",
    },
)

"""The recipe of the shipped translator: line drawings to faces at 64 px, a U-Net against a conditional PatchGAN.

A line drawing does not say which colour hair, skin and background have.  The weight of L1 is a tenth of the paper's, so that the
adversarial term may choose colours where L1 alone would mix them.  The batch normalisation of the averaged generator is measured
anew over 64 drawings; dropout is switched off in the shipped network's evaluation mode.
"""

from __future__ import annotations

from typing import Any

from gancourse import metrics, scale
from gancourse.base import networks
from gancourse.data.pairs import PairBatches, PairSet, load_pairs
from gancourse.experiments import Weights, listed
from gancourse.gans.pix2pix import Pix2Pix
from gancourse.metrics.pairs import gradient_energy, l1, psnr
from gancourse.models.patchgan import PatchGAN
from gancourse.models.unet import UNet
from gancourse.training import Run

NAMES = ("lines_to_face64",)
SIZE, WIDTH, LAYERS, N, STEPS, BATCH_SIZE = 64, 16, 2, 2400, 2500, 16
DRAWN = ("hair_length", "smile", "glasses")  # the attributes that a line drawing shows
L1 = 10.0
SETTINGS: dict[str, Any] = {"lr": 5e-4, "betas": (0.5, 0.999), "ema": 0.995, "schedule": "flat_linear"}


def players(
    in_channels: int,
    size: int = SIZE,
    width: int = WIDTH,
    layers: int = LAYERS,
    *,
    conditional: bool = True,
    seed: int = 0,
    **unet: Any,
) -> tuple[UNet, PatchGAN]:
    """A U-Net and the PatchGAN that judges its colour pictures, on the scale's device; the global random state is left alone.

    ``layers`` sets the discriminator's field of view: 16, 34 or 70 px for 1, 2 or 3.  ``unet`` goes to the generator.
    """
    with networks.seeded(seed):
        generator = UNet(in_channels, 3, size, width, **unet)
        discriminator = PatchGAN(in_channels * conditional + 3, width, layers)
    return generator.to(scale.device()), discriminator.to(scale.device())


def describe(name: str, steps: int | None, seed: int, progress: bool) -> Weights:
    """The translator, measured on drawings that it has not seen."""
    pairs, unseen = (load_pairs("lines", SIZE, n, split, progress=progress) for n, split in ((N, "train"), (400, "test")))
    generator, discriminator = players(pairs.in_channels, seed=seed)
    return Weights(
        title="line drawings to faces at 64 px",
        game=Pix2Pix(generator, discriminator, l1=L1),
        batches=PairBatches(pairs, BATCH_SIZE, seed=seed, device=scale.device()),
        steps=STEPS if steps is None else steps,
        settings=SETTINGS,
        network={"in_channels": pairs.in_channels, "out_channels": 3, "size": SIZE, "width": WIDTH},
        data={"name": "lines", "arguments": {"size": SIZE, "n": N, "seed": 0}},
        arguments={
            "objective": "non_saturating",
            "l1": L1,
            "discriminator": f"PatchGAN, width {WIDTH}, {LAYERS} layers, conditional",
            "batch_size": BATCH_SIZE,
            **listed(SETTINGS),
        },
        measure=lambda run: measure(run, unseen),
        licence={"data": f"{pairs.licence}, adventurer by {pairs.author}", "weights": "CC BY 4.0"},
        note="The colours of hair, skin and background are the network's choice: the drawing does not hold them.",
    )


def measure(run: Run, unseen: PairSet) -> dict[str, Any]:
    """The Frechet distance in the attribute classifier's features, and scores pair by pair.

    Outputs for one half of the drawings are compared with the true faces of the other half; the floor puts the true faces of the
    first half in their place.  Of the attributes only those that a drawing shows are scored.
    """
    half = len(unseen) // 2
    out, true = run.gan.translate(unseen.inputs(), run.generator).cpu(), unseen.targets()
    judge = metrics.attribute_classifier("faces", SIZE)
    fake, real = judge.features(out), judge.features(unseen.b)
    assert unseen.attributes is not None  # faces have them
    right = judge.accuracy(out, unseen.attributes)
    listed = ", ".join(f"{name} {right[name]:.3f}" for name in DRAWN)
    return {
        "name": "Frechet distance",
        "value": round(metrics.frechet_distance(fake[:half], real[half : 2 * half]), 2),
        "floor": round(metrics.frechet_distance(real[:half], real[half : 2 * half]), 2),
        "protocol": f"{half} unseen drawings against the true faces of {half} others, 64 features of "
        f"{judge.extractor_id.split()[0]}, float64; against their own true faces: PSNR {psnr(out, true).mean():.2f} dB, "
        f"L1 {l1(out, true).mean():.3f}, gradient energy {gradient_energy(out).mean() / gradient_energy(true).mean():.2f} of "
        f"the true, share with the true attribute: {listed}",
    }

"""The recipes of the shipped networks that repair pictures: holes in 64 px faces filled, 16 px faces made four times larger.

``inpaint_faces64``: gated convolutions against a spectrally normalised patch discriminator by the hinge loss, after Yu et al.
(2019), on holes of every shape.  ``upscale_faces64_mse``: SRResNet, squared error alone.  ``upscale_faces64``: SRGAN, which
starts from the weights of the former as Ledig et al. (2017) do.  Its content loss is the squared error of pixels, which they call
SRGAN-MSE; its discriminator is the course's usual one, with relativistic pairing and R1, for theirs wins every round against a
generator as small as ours, and what it then says is of no use.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gancourse import data, metrics, scale, zoo
from gancourse.base import networks
from gancourse.data.corruptions import central, downscale, free_form, random_blocks
from gancourse.data.images import ImageSet, to_float, to_uint8
from gancourse.experiments import Points, Weights, listed
from gancourse.gans.inpainting import Inpainting, erase
from gancourse.gans.super_resolution import SuperResolution
from gancourse.losses import penalties
from gancourse.metrics.pairs import psnr
from gancourse.models import convnet
from gancourse.models.encoder_decoder import GatedInpainter, SRResNet, bicubic
from gancourse.models.patchgan import PatchGAN
from gancourse.training import Run

NAMES = ("inpaint_faces64", "upscale_faces64_mse", "upscale_faces64")
SIZE, N, BATCH_SIZE, N_TEST = 64, 20_000, 16, 1000

INPAINT: dict[str, Any] = {"steps": 4200, "width": 16, "judge": 16, "reconstruction": 1.0, "adversarial": 0.03}
INPAINT_SETTINGS: dict[str, Any] = {"lr": 5e-4, "betas": (0.5, 0.999), "ema": 0.995, "schedule": "flat_linear"}

FACTOR = 4
UPSCALE: dict[str, Any] = {"width": 32, "blocks": 4, "judge": 16, "adversarial": 0.02}
R1_GAMMA, R1_EVERY = 4.0, 8
UPSCALE_STEPS = {"upscale_faces64_mse": 2000, "upscale_faces64": 1000}
UPSCALE_SETTINGS: dict[str, dict[str, Any]] = {
    "upscale_faces64_mse": {"lr": 1e-3, "betas": (0.9, 0.999), "ema": 0.995, "schedule": "flat_linear"},
    "upscale_faces64": {"lr": 5e-4, "betas": (0.0, 0.99), "ema": 0.995, "schedule": "flat_linear"},
}


def holes(n: int, size: int, source: torch.Generator | None = None) -> Tensor:
    """Masks [n, 1, size, size] of every shape: half brush strokes, a quarter blocks, a quarter central squares, in a cycle."""
    masks = free_form(n, size, source)
    masks[1::4] = random_blocks(len(masks[1::4]), size, source)
    masks[3::4] = central(len(masks[3::4]), size)
    return masks


def inpainting(
    width: int = INPAINT["width"],
    *,
    reconstruction: float = INPAINT["reconstruction"],
    adversarial: float = INPAINT["adversarial"],
    masks: Callable[[int, int, torch.Generator], Tensor] = holes,
    gated: bool = True,
    seed: int = 0,
) -> Inpainting:
    """The game of ``inpaint_faces64`` with fresh networks, on the scale's device; the global random state is left alone."""
    with networks.seeded(seed):
        generator = GatedInpainter(width, gated=gated)
        discriminator = PatchGAN(4, INPAINT["judge"], 3, norm="spectral")
    return Inpainting(
        generator.to(scale.device()),
        discriminator.to(scale.device()),
        masks,
        "hinge",
        reconstruction=reconstruction,
        adversarial=adversarial,
        loss="l1",
        judged="picture_and_mask",
    )


def super_resolution(
    size: int = SIZE,
    factor: int = FACTOR,
    width: int = UPSCALE["width"],
    blocks: int = UPSCALE["blocks"],
    *,
    adversarial: float = UPSCALE["adversarial"],
    seed: int = 0,
) -> SuperResolution:
    """The game of ``upscale_faces64`` with fresh networks, on the scale's device; ``adversarial=0`` is SRResNet's."""
    with networks.seeded(seed):
        generator = SRResNet(factor, width, blocks, skip=True)
        discriminator = convnet.Discriminator(size, UPSCALE["judge"], spread=False)
    return SuperResolution(
        generator.to(scale.device()),
        discriminator.to(scale.device()),
        "relativistic",
        adversarial=adversarial,
        scale=factor,
        penalty=penalties.r1(R1_GAMMA, every=R1_EVERY),
    )


def describe(name: str, steps: int | None, seed: int, progress: bool) -> Weights:
    """One of NAMES, measured on faces that it has not seen; the curve has the Frechet distance."""
    images = data.faces(SIZE, N, progress=progress)
    unseen = data.faces(SIZE, N_TEST, "test", progress=progress)
    own, measure = (
        (_inpaint(seed), measure_inpainting) if name == "inpaint_faces64" else (_upscale(name, seed), measure_upscaling)
    )
    steps = own["steps"] if steps is None else steps
    curve = Points(lambda run: [run.step * BATCH_SIZE, measure(run, unseen)["value"]])
    return Weights(
        batches=data.Batches(images, BATCH_SIZE, seed=seed, device=scale.device()),
        data={"name": "faces", "arguments": {"size": SIZE, "n": N, "seed": 0}},
        measure=lambda run: measure(run, unseen),
        follow=(max(1, steps // 6), curve),
        licence={"data": f"{images.licence}, adventurer by {images.author}", "weights": "CC BY 4.0"},
        **own | {"steps": steps},
    )


def _inpaint(seed: int) -> dict[str, Any]:
    return {
        "title": "holes in 64 px faces filled",
        "game": inpainting(adversarial=INPAINT["adversarial"], seed=seed),
        "steps": INPAINT["steps"],
        "settings": INPAINT_SETTINGS,
        "network": {"width": INPAINT["width"]},
        "arguments": {
            "objective": "hinge",
            "reconstruction": f"{INPAINT['reconstruction']} times L1 over the hole",
            "adversarial": INPAINT["adversarial"],
            "discriminator": f"PatchGAN on picture and mask, width {INPAINT['judge']}, 3 layers, spectral normalisation",
            "holes": "half free-form, a quarter random blocks, a quarter central",
            "batch_size": BATCH_SIZE,
            **listed(INPAINT_SETTINGS),
        },
        "note": "Holes may have any shape: brush strokes, blocks, the central square. The weight of the adversarial loss was "
        "chosen on the faces that the distance is measured on, so the distance flatters a little.",
    }


def _upscale(name: str, seed: int) -> dict[str, Any]:
    played = name == "upscale_faces64"
    game = super_resolution(adversarial=UPSCALE["adversarial"] * played, seed=seed)
    adversarial = {
        "objective": "relativistic",
        "adversarial": UPSCALE["adversarial"],
        "discriminator": f"convnet, width {UPSCALE['judge']}",
        "r1_gamma": R1_GAMMA,
        "r1_every": R1_EVERY,
        "starts_from": "upscale_faces64_mse",
    }
    note = "Squared error alone: fine detail is missing."
    if played:
        game.generator.load_state_dict(zoo.load("upscale_faces64_mse").model.state_dict())
        note = (
            "What the small picture does not hold is invented: other faces would give the same small picture. The "
            "adversarial loss was chosen on the faces that the distance is measured on, so the distance flatters a little."
        )
    common = {"content": "squared error of pixels", "factor": FACTOR, "batch_size": BATCH_SIZE}
    return {
        "title": "16 px faces made 64 px",
        "game": game,
        "steps": UPSCALE_STEPS[name],
        "settings": UPSCALE_SETTINGS[name],
        "network": {"scale": FACTOR, "width": UPSCALE["width"], "blocks": UPSCALE["blocks"], "skip": True},
        "arguments": common | (adversarial if played else {}) | listed(UPSCALE_SETTINGS[name]),
        "note": note,
    }


def measure_inpainting(run: Run, unseen: ImageSet) -> dict[str, Any]:
    """The Frechet distance of filled faces, and the PSNR inside the holes; holes painted in the mean colour stand for comparison.

    One half of the faces is filled and compared with the other half as it was, in the attribute classifier's features; the floor
    puts the first half as it was in the place of the filled one.
    """
    true = to_float(unseen.images)
    masks = holes(len(true), true.shape[2], torch.Generator().manual_seed(1))
    filled = run.gan.complete(true, masks, run.generator).cpu()
    seen = (1 - masks).expand_as(true)
    mean = (true * seen).sum((2, 3), keepdim=True) / seen.sum((2, 3), keepdim=True)
    plain = erase(true, masks, mean)
    score = _scores(unseen, {"filled": filled, "plain": plain})
    return {
        "name": "Frechet distance",
        "value": round(score["filled"], 2),
        "floor": round(score["floor"], 2),
        "protocol": f"{len(true) // 2} filled unseen faces against {len(true) // 2} others, 64 features of "
        f"{score['judge']}, float64; holes in the mean colour of the rest: {score['plain']:.2f}; "
        f"PSNR inside the hole {psnr(filled, true, masks).mean():.2f} dB, mean colour {psnr(plain, true, masks).mean():.2f} dB",
    }


def measure_upscaling(run: Run, unseen: ImageSet) -> dict[str, Any]:
    """The Frechet distance of enlarged faces and their PSNR, with bicubic interpolation for comparison; floor as above."""
    true = to_float(unseen.images)
    low = downscale(true, FACTOR)
    large, plain = run.gan.translate(low, run.generator).cpu().clamp(-1, 1), bicubic(low, FACTOR)
    score = _scores(unseen, {"large": large, "plain": plain})
    return {
        "name": "Frechet distance",
        "value": round(score["large"], 2),
        "floor": round(score["floor"], 2),
        "protocol": f"{len(true) // 2} enlarged unseen faces against {len(true) // 2} others, 64 features of "
        f"{score['judge']}, float64; bicubic: {score['plain']:.2f}; "
        f"PSNR {psnr(large, true).mean():.2f} dB, bicubic {psnr(plain, true).mean():.2f} dB",
    }


def _scores(unseen: ImageSet, versions: dict[str, Tensor]) -> dict[str, Any]:
    """Frechet distances of the first halves to the second half of the true pictures."""
    judge = metrics.attribute_classifier(unseen.name, unseen.size)
    half = len(unseen) // 2
    real = judge.features(unseen.images)
    found = {
        name: metrics.frechet_distance(judge.features(to_uint8(x[:half])), real[half : 2 * half]) for name, x in versions.items()
    }
    floor = metrics.frechet_distance(real[:half], real[half : 2 * half])
    return {**found, "floor": floor, "judge": judge.extractor_id.split()[0]}

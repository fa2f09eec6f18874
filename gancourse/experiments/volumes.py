"""The recipes of the shipped networks with one more axis: ``clips16``, balls over landscapes, and ``furniture16``, voxels.

``clips16`` is the two-stream generator of Vondrick et al. (2016) against a discriminator without batch normalisation, by
relativistic pairing and R1; the mask costs what it costs in the paper.  ``furniture16`` is the generator of 3D-GAN (Wu et al.
2016), a quarter of its side and half of its width, by the same game: a discriminator that judges one shape at a time, held by
R1, in place of one with batch normalisation that rests where it is too good.
"""

from __future__ import annotations

from typing import Any

import torch

from gancourse import data, metrics, scale
from gancourse.base import networks
from gancourse.data import scenes
from gancourse.experiments import Weights, listed
from gancourse.experiments.two_streams import LATENT_DIM, R1_EVERY, R1_GAMMA, SIDE, players
from gancourse.gans.gan import GAN
from gancourse.losses import penalties
from gancourse.metrics.clips import clip_judge, motion, overlap
from gancourse.metrics.shapes import ShapeJudge
from gancourse.models import voxels
from gancourse.training import Run

NAMES = ("clips16", "furniture16")
N, N_TEST, N_JUDGED = 4000, 1000, 500
CLIPS: dict[str, Any] = {"width": 16, "batch_size": 16, "steps": 1500, "sparsity": 0.1}
CLIPS_SETTINGS: dict[str, Any] = {"lr": 1e-3, "betas": (0.0, 0.99), "ema": 0.995, "schedule": "flat_linear"}
SHAPES: dict[str, Any] = {"width": 32, "judge": 16, "latent_dim": 32, "batch_size": 16, "steps": 3100, "r1_gamma": 0.3}
SHAPES_SETTINGS: dict[str, Any] = {"lr": 2e-3, "betas": (0.0, 0.99), "ema": 0.998, "schedule": "constant"}


def describe(name: str, steps: int | None, seed: int, progress: bool) -> Weights:
    """One of NAMES, measured on what it has not seen."""
    return _clips(steps, seed) if name == "clips16" else _shapes(steps, seed)


def _clips(steps: int | None, seed: int) -> Weights:
    clips = data.flying_balls(SIDE, N)
    return Weights(
        title="a ball flies over a landscape, 8 frames of 16 px",
        game=players(2, CLIPS["width"], CLIPS["width"], seed, CLIPS["sparsity"]),
        batches=data.Batches(clips.frames, CLIPS["batch_size"], seed=seed, device=scale.device()),
        steps=CLIPS["steps"] if steps is None else steps,
        settings=CLIPS_SETTINGS,
        network={"size": SIDE, "latent_dim": LATENT_DIM, "width": CLIPS["width"]},
        data={"name": "flying_balls", "arguments": {"size": SIDE, "n": N, "seed": 0}},
        arguments={
            "objective": "relativistic",
            "sparsity": CLIPS["sparsity"],
            "discriminator": f"3-D convolutions, width {CLIPS['width']}, no normalisation",
            "r1_gamma": R1_GAMMA,
            "r1_every": R1_EVERY,
            "batch_size": CLIPS["batch_size"],
            **listed(CLIPS_SETTINGS),
        },
        measure=measure_clips,
        licence={"data": f"{scenes.LICENCE}, {scenes.AUTHOR}", "weights": "CC BY 4.0"},
        note="Its method streams(z) gives mask, foreground and background.",
    )


def game_of_shapes(width: int = SHAPES["width"], judge: int = SHAPES["judge"], seed: int = 0) -> GAN:
    """The game of ``furniture16`` with fresh networks on the scale's device."""
    device = scale.device()
    with networks.seeded(seed):
        generator = voxels.Generator(16, SHAPES["latent_dim"], width).to(device)
        discriminator = voxels.Discriminator(16, judge, norm=False).to(device)
    return GAN(generator, discriminator, "relativistic", penalty=penalties.r1(SHAPES["r1_gamma"], every=R1_EVERY))


def _shapes(steps: int | None, seed: int) -> Weights:
    shapes = data.furniture(16, N)
    return Weights(
        title="tables, chairs, lamps and sofas of 16^3 voxels",
        game=game_of_shapes(seed=seed),
        batches=data.Batches(shapes.voxels, SHAPES["batch_size"], seed=seed, device=scale.device()),
        steps=SHAPES["steps"] if steps is None else steps,
        settings=SHAPES_SETTINGS,
        network={"size": 16, "latent_dim": SHAPES["latent_dim"], "width": SHAPES["width"]},
        data={"name": "furniture", "arguments": {"size": 16, "n": N, "seed": 0}},
        arguments={
            "objective": "relativistic",
            "discriminator": f"3-D convolutions, width {SHAPES['judge']}, no normalisation",
            "r1_gamma": SHAPES["r1_gamma"],
            "r1_every": R1_EVERY,
            "batch_size": SHAPES["batch_size"],
            **listed(SHAPES_SETTINGS),
        },
        measure=measure_shapes,
        licence={"data": "CC0 1.0, drawn by this course", "weights": "CC BY 4.0"},
    )


def measure_clips(run: Run) -> dict[str, Any]:
    """The Frechet distance of clips to unseen ones in the features of the judge of clips; motion and mask beside it."""
    judge, n = clip_judge(), N_JUDGED
    z = run.gan.latents(n, torch.Generator().manual_seed(1))
    generator: Any = run.generator
    with networks.evaluating(generator):
        streams = generator.streams(z)
        made = streams.clip().float().cpu()
    real = judge.features(data.flying_balls(SIDE, 2 * n, "test").frames)
    agreement = overlap(streams.mask.cpu(), motion(made)).mean()
    return {
        "name": "Frechet distance",
        "value": round(metrics.frechet_distance(judge.features(made), real[:n]), 2),
        "floor": round(metrics.real_against_real(real), 2),
        "protocol": f"{n} clips against {n} unseen ones, 32 features of judge_clips16, float64; taken to be in order: "
        f"{judge.in_order(made):.3f}; overlap of mask and motion {agreement:.3f}",
    }


def measure_shapes(run: Run) -> dict[str, Any]:
    """The share of shapes that the judge accepts as furniture; kinds, wholeness and symmetry beside it."""
    judge = ShapeJudge(data.furniture(16, N), data.furniture(16, N_TEST, "test"))
    found = judge.report(run.sample(N_JUDGED, seed=1).cpu())
    also = ", ".join(f"{name} {found[name]:.3f}" for name in ("likeness", "covered", "whole", "mirrored"))
    return {
        "name": "accepted as furniture",
        "value": round(found["accepted"], 3),
        "protocol": f"{N_JUDGED} shapes; accepted is what is as near to a training piece as 95 % of held-out pieces "
        f"(intersection over union {judge.threshold:.3f}); {also}; kinds {found['kinds']:.0f} of 4",
    }

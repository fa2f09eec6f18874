"""Path length regularisation, with and without: small StyleGAN2s that differ in nothing else, faces at 16 px.

What the penalty is for is to make a step in w change the picture by the same amount everywhere; whether it also makes paths in W
shorter beside those in Z is the question.  A sample is one row for each latent, without pictures:

    [ length of a path in Z, of one in W, ||J_w^T y||, the judge's features of the picture ]

The lengths are perceptual path lengths over full paths (:mod:`gancourse.metrics.path_length`), the third is what the penalty acts
on, with y ~ N(0, I) / sqrt(pixels) drawn once for all.

Sources: Karras et al. 2019, section 4.1 (paths); Karras et al. 2020, section 3.2 (the penalty; weight 2, every 4th step and half of
the batch in the authors' code).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gancourse import data, scale
from gancourse.base import networks
from gancourse.base.latents import device_of, draw_latents
from gancourse.experiments.experiment import Experiment
from gancourse.gans.stylegan2 import PathLength, StyleGAN2, path_lengths
from gancourse.losses import penalties
from gancourse.metrics import attribute_classifier, frechet_distance
from gancourse.metrics.path_length import PathLengths, perceptual_path_length
from gancourse.models import stylegan2
from gancourse.training import Run

SIDE, LATENT_DIM = 16, 32
COLOURS = 0.3  # strength of the colour layers at the start; at 1 an untrained network's pictures lie far outside [-1, 1]
R1_GAMMA, R1_EVERY, MIXING = 1.0, 8, 0.3
LENGTHS = 3  # columns of a sample before the features


def game(path: PathLength | None, size: Mapping[str, Any], seed: int) -> StyleGAN2:
    """The game on fresh players, on the scale's device: relativistic pairing, lazy R1, three in ten pictures mixed, no noise."""
    widths = {"channel_base": size["base"], "channel_max": size["largest"]}
    with networks.seeded(seed):
        generator = stylegan2.Generator(SIDE, LATENT_DIM, w_dim=LATENT_DIM, mapping_layers=2, mapping_lr_mult=0.05, **widths)
        discriminator = stylegan2.Discriminator(SIDE, **widths)
    with torch.no_grad():
        for block in generator.synthesis.blocks:
            block.to_rgb.weight.mul_(COLOURS)
    players, penalty = (generator.to(scale.device()), discriminator.to(scale.device())), penalties.r1(R1_GAMMA, every=R1_EVERY)
    return StyleGAN2(*players, "relativistic", penalty, path=path, mixing=MIXING, noise_from=size["steps"])


def jacobian_norms(generator: Any, n: int, seed: int = 0) -> Tensor:
    """||J_w^T y|| at n latents, each with a y of its own: [n]; constant noise, evaluation mode."""
    device, source = device_of(generator), torch.Generator().manual_seed(seed)
    z = draw_latents(n, generator.latent_dim, seed).to(device)
    y = torch.randn(n, 3, generator.size, generator.size, generator=source) / generator.size
    with networks.evaluating(generator), torch.enable_grad():
        ws = generator.styles(z).detach().requires_grad_(True)
        return path_lengths(generator.synthesis(ws), ws, y.to(device)).detach().cpu()


def _trimmed(lengths: Tensor) -> float:
    """Their trimmed mean; NaN of pictures, which have no paths."""
    return math.nan if lengths.isnan().any() else PathLengths(lengths.double(), "w", "full", 1e-4).trimmed_mean


class Faces:
    """Faces of 16 px, and what is measured of a generator."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        self.size = size
        self.faces = data.faces(SIDE, size["n"], progress=False)
        self.judge = attribute_classifier("faces", SIDE)
        self.unseen = self.judge.features(data.faces(SIDE, size["final"], split="test", progress=False).images)

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[StyleGAN2, data.Batches]:
        path = PathLength(**arm["path"]) if arm["path"] else None
        return game(path, self.size, seed), data.Batches(self.faces, self.size["batch_size"], seed=seed, device=scale.device())

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        return self._rows(run.generator, self.size["final" if final else "paths"])

    def _rows(self, generator: nn.Module, n: int) -> Tensor:
        z, w = (perceptual_path_length(generator, n, space=space).values for space in ("z", "w"))
        with networks.evaluating(generator):
            images = generator(draw_latents(n, LATENT_DIM, 1).to(device_of(generator))).float().cpu().clamp(-1, 1)
        lengths = torch.stack([z.float(), w.float(), jacobian_norms(generator, n)], 1)
        return torch.cat([lengths, self.judge.features(images).float()], 1)

    def pictures(self, run: Run) -> Tensor:
        return run.sample(8, seed=2)

    def judged(self, sample: Tensor) -> dict[str, float]:
        """Path lengths in Z and W and their ratio, the spread of the Jacobian's norms as a share of their mean, the distance."""
        z, w, norms = *(_trimmed(sample[:, i]) for i in (0, 1)), sample[:, 2]
        return {
            "path_z": z,
            "path_w": w,
            "ratio": z / w,
            "uneven": (norms.std() / norms.mean()).item(),
            "frechet": frechet_distance(sample[:, LENGTHS:], self.unseen),
        }

    def nulls(self) -> dict[str, Tensor]:
        n, features = self.size["final"], self.judge.features
        source = torch.Generator().manual_seed(3)
        pictures = {
            "training faces": data.faces(SIDE, n, progress=False).images,
            "noise": torch.randint(0, 256, (n, 3, SIDE, SIDE), generator=source, dtype=torch.uint8),
        }
        nowhere = torch.full((n, LENGTHS), math.nan)  # pictures alone have no paths
        found = {name: torch.cat([nowhere, features(images).float()], 1) for name, images in pictures.items()}
        untrained = {f"untrained, {seed}": self._rows(game(None, self.size, seed).generator, n) for seed in (0, 1, 2)}
        return found | untrained

    def facts(self) -> dict[str, float]:
        pictures = self.faces.images.float()
        return {"pictures": len(pictures), "mean": pictures.mean().item(), "std": pictures.std().item()}


PENALTY: dict[str, Any] = {"weight": 2.0, "every": 4, "shrink": 2}
WITHOUT, WITH = "without", "with path length"

EXPERIMENT = Experiment(
    name="path_twins",
    title="Path length regularisation, with and without: faces at 16 px",
    stage=Faces,
    arms={WITHOUT: {"path": {}}, WITH: {"path": PENALTY}},
    seeds=(0, 1, 2, 3, 4),
    full={
        "n": 4000,
        "base": 256,
        "largest": 32,
        "batch_size": 16,
        "steps": 500,
        "measure_every": 125,
        "checkpoint_every": 500,
        "paths": 100,
        "final": 400,
    },
    ci={
        "n": 100,
        "base": 64,
        "largest": 8,
        "batch_size": 4,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 5,
        "paths": 66,
        "final": 70,
    },
    fit={"lr": [4e-3, 6e-3], "betas": [0.0, 0.99], "ema": 0.99, "schedule": "flat_linear", "precision": "float32"},
    paper="Karras et al. 2020, section 3.2",
    expected={
        "S17.path_penalty": "the penalty's own aim: the spread of ||J^T y|| over its mean, without over with it, seed by seed: "
        "above 1 in every pair",
        "S17.path_twins": "the ratio of paths in Z to paths in W, with the penalty less without it: a question, no verdict",
    },
)

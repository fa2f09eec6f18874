"""Pix2pix's five losses on class maps of faces at 64 px: what the condition is for, and what L1 and the adversarial term each do.

A class map leaves open which colours the face has, and here one thing more: the hair is striped, in one of two directions and
with a phase that nothing tells.  A drawn face's other edges all stand in the map, so that L1 alone would look sharp on it; the
stripes are what the best guess under L1 must wash out.

Judges: a segmenter that reads the class map back, trained on true pictures (the FCN score of the paper); the gradient energy
inside the hair against the truth's; the spread of hair colours over the pictures; the Frechet distance in the attribute
classifier's features.

Source: Isola, Zhu, Zhou & Efros 2017, section 4 and table 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse import scale
from gancourse.base import networks, trees
from gancourse.data.images import to_float
from gancourse.data.pairs import FACE_CLASSES, PairBatches, PairSet, load_pairs
from gancourse.experiments.experiment import Experiment
from gancourse.gans.pix2pix import Pix2Pix
from gancourse.metrics import attribute_classifier, frechet_distance
from gancourse.metrics.pairs import gradient_energy, l1, segmentation_scores
from gancourse.models.patchgan import PatchGAN
from gancourse.models.segmenter import Segmenter, train_segmenter
from gancourse.models.unet import UNet
from gancourse.training import Run

HAIR = FACE_CLASSES.index("hair")
STRIPES = 8  # on the way across the picture


def striped(pairs: PairSet, seed: int = 0, stripes: int = STRIPES) -> PairSet:
    """The same pairs with stripes in the hair, ``stripes`` a side, along one of two diagonals, with any phase.

    Dark hair is striped half way to white, light hair half way to black.
    """
    n, side = len(pairs), pairs.size
    source = torch.Generator().manual_seed(seed)
    phase = torch.rand(n, 1, 1, generator=source)
    sign = torch.randint(0, 2, (n, 1, 1), generator=source) * 2 - 1
    down, across = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    stripe = ((across + sign * down) * stripes / side + phase).remainder(1) < 0.5  # [N, H, W]
    hair = pairs.a[:, 0] == HAIR
    pictures = pairs.b.float()
    light = (pictures.mean(1) * hair).sum((1, 2)) / hair.sum((1, 2)).clamp(min=1)  # [N]
    towards = torch.where(light < 128, 255.0, 0.0)[:, None, None, None]
    painted = torch.where((hair & stripe)[:, None], (pictures + towards) / 2, pictures)
    return replace(pairs, b=painted.round().to(torch.uint8), name=f"striped {pairs.name}")


def hair_energy(pictures: Tensor, maps: Tensor) -> Tensor:
    """Mean absolute difference between neighbouring pixels that both show hair, across and down: a scalar."""
    hair = (maps == HAIR).float()
    across, down = hair[..., 1:] * hair[..., :-1], hair[..., 1:, :] * hair[..., :-1, :]
    changes = (pictures.diff(dim=3).abs().mean(1, True) * across).sum() + (pictures.diff(dim=2).abs().mean(1, True) * down).sum()
    return changes / (across.sum() + down.sum()).clamp(min=1)


def hair_colours(pictures: Tensor, maps: Tensor) -> Tensor:
    """The mean colour of the hair in each picture: [N, 3]."""
    hair = (maps == HAIR).float()
    return (pictures * hair).sum((2, 3)) / hair.sum((2, 3)).clamp(min=1)


def hair_coherence(pictures: Tensor, maps: Tensor) -> Tensor:
    """How far the slopes of grey inside the hair of each picture lie along one direction: [N], 1 for one, 0 for crossed ones.

    ((J_xx - J_yy)^2 + 4 J_xy^2) / (J_xx + J_yy)^2 with the structure tensor J, the sum of g g^T over pixels whose four
    neighbours show hair, and g the central differences.  Hatching along both diagonals has as much energy as stripes and no
    coherence; noise has none either.

    Source: Bigun & Granlund 1987 (the structure tensor).
    """
    hair, grey = maps[:, 0] == HAIR, pictures.mean(1)  # [N, H, W]
    inner = hair[:, 1:-1, 2:] & hair[:, 1:-1, :-2] & hair[:, 2:, 1:-1] & hair[:, :-2, 1:-1]
    across = (grey[:, 1:-1, 2:] - grey[:, 1:-1, :-2]) * inner
    down = (grey[:, 2:, 1:-1] - grey[:, :-2, 1:-1]) * inner
    xx, yy, xy = ((a * b).sum((1, 2)) for a, b in ((across, across), (down, down), (across, down)))
    return ((xx - yy).square() + 4 * xy.square()) / (xx + yy).square().clamp(min=1e-12)


def hair_waves(pictures: Tensor, maps: Tensor, stripes: int = STRIPES) -> Tensor:
    """How much of the hair's variance lies in the stripes' own wave, along the stronger and along the weaker diagonal: [N, 2].

    2 |sum g exp(2 pi i k (x + s y) / side)|^2 / (n sum g^2) for s = 1 and -1, with k = ``stripes`` and g the grey less its mean
    over the n pixels of hair.  The wave itself has (1, 0), a stripe of that pitch about (0.85, 0), hatching both, noise neither.
    """
    hair, side = (maps[:, 0] == HAIR).float(), pictures.shape[-1]  # [N, H, W]
    grey, n = pictures.mean(1), hair.sum((1, 2)).clamp(min=1)
    g = (grey - ((grey * hair).sum((1, 2)) / n)[:, None, None]) * hair
    down, across = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    angles = 2 * math.pi * stripes / side * torch.stack([across + down, across - down])  # [2, H, W]
    sums = torch.einsum("nhw,dhw->nd", g, angles.cos()).square() + torch.einsum("nhw,dhw->nd", g, angles.sin()).square()
    return (2 * sums / (n * g.square().sum((1, 2))).clamp(min=1e-12)[:, None]).sort(1, descending=True).values


def class_colours(pairs: PairSet) -> Tensor:
    """The mean colour of each class over all pictures: [classes, 3]."""
    inputs, targets = pairs.inputs(), pairs.targets()
    return torch.einsum("nkhw,nchw->kc", inputs, targets) / inputs.sum((0, 2, 3)).clamp(min=1)[:, None]


def flat(pairs: PairSet, colours: Tensor) -> Tensor:
    """The right layout in flat colours: each pixel has its class's of ``colours`` [classes, 3], a picture [N, 3, H, W]."""
    return colours[pairs.a[:, 0].long()].permute(0, 3, 1, 2)


def reader(path: Path, pictures: Tensor, maps: Tensor, steps: int) -> Segmenter:
    """The segmenter kept at ``path``, else one trained on these pictures and maps, which is kept there."""
    if path.exists():
        judge = Segmenter(len(FACE_CLASSES))
        judge.load_state_dict(trees.load(path))
        return judge.eval()
    judge = train_segmenter(pictures, maps, len(FACE_CLASSES), steps)
    trees.save(path, dict(judge.state_dict()))
    return judge


def counted(pairs: PairSet) -> dict[str, float]:
    """The facts of a stage whose data are pairs of a class map and a picture."""
    inputs, targets = pairs.a.float(), pairs.b.float()
    measured = {"input mean": inputs.mean(), "target mean": targets.mean(), "target std": targets.std()}
    return {"pairs": len(targets), **{name: value.item() for name, value in measured.items()}}


class Faces:
    """Class maps and striped faces, with the judges."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        self.size = size
        side, n, unseen = size["side"], size["n"], size["unseen"]
        self.pairs = striped(load_pairs("segments", side, n, "train", progress=False), seed=0)
        self.unseen = striped(load_pairs("segments", side, unseen, "test", progress=False), seed=1)
        self.judge = reader(folder / "segmenter.weights", self.pairs.targets(), self.pairs.a, size["judge_steps"])
        self.features = attribute_classifier("faces", side)
        self.real = self.features.features(self.pairs.b[:unseen])
        self.truth = self.unseen.targets()
        self.energy = hair_energy(self.truth, self.unseen.a)
        self.colours = hair_colours(self.truth, self.unseen.a).std(0).mean()

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[Pix2Pix, PairBatches]:
        loss, width, device = arm["loss"], self.size["width"], scale.device()
        conditional = loss.get("conditional", True)
        with networks.seeded(seed):
            generator = UNet(self.pairs.in_channels, 3, self.size["side"], width)
            discriminator = PatchGAN(self.pairs.in_channels * conditional + 3, width, self.size["layers"])
        game = Pix2Pix(generator.to(device), discriminator.to(device), **loss)
        return game, PairBatches(self.pairs, self.size["batch_size"], seed=seed, device=device)

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        return run.gan.translate(self.unseen.inputs(), run.generator).cpu()

    def pictures(self, run: Run) -> Tensor:
        return run.gan.translate(self.unseen.inputs(slice(0, 4)), run.generator)

    def judged(self, sample: Tensor) -> dict[str, float]:
        """All scores of pictures for the unseen maps."""
        read = segmentation_scores(self.judge.predict(sample), self.unseen.a, len(FACE_CLASSES))
        return {
            **read._asdict(),
            "hair_energy": (hair_energy(sample, self.unseen.a) / self.energy).item(),
            "sharpness": (gradient_energy(sample).mean() / gradient_energy(self.truth).mean()).item(),
            "hair_spread": (hair_colours(sample, self.unseen.a).std(0).mean() / self.colours).item(),
            "l1": l1(sample, self.truth).mean().item(),
            "frechet": frechet_distance(self.features.features(sample.clamp(-1, 1)), self.real),
        }

    def nulls(self) -> dict[str, Tensor]:
        n, source = len(self.unseen), torch.Generator().manual_seed(2)
        blurred = F.interpolate(F.avg_pool2d(self.truth, 4), scale_factor=4, mode="bilinear")
        nearest = torch.cat([self._nearest(part) for part in self.unseen.a.split(32)])
        first = next(iter(LOSSES.values()))
        untrained = self.game(first, 0)[0]
        return {
            "truth": self.truth,
            "other faces": self.truth.roll(1, 0),
            "nearest map's face": to_float(self.pairs.b[nearest]),
            "mean colour of each class": flat(self.unseen, class_colours(self.pairs)),
            "mean face": self.pairs.targets().mean(0, keepdim=True).expand(n, -1, -1, -1),
            "blurred truth": blurred,
            "noise": torch.rand(self.truth.shape, generator=source) * 2 - 1,
            "untrained": untrained.translate(self.unseen.inputs()).cpu(),
        }

    def _nearest(self, maps: Tensor) -> Tensor:
        """For each map the training map that differs from it in the fewest pixels: indices [N]."""
        return torch.stack([(self.pairs.a != one).flatten(1).sum(1).argmin() for one in maps])

    def facts(self) -> dict[str, float]:
        return counted(self.pairs)


LOSSES: dict[str, dict[str, Any]] = {
    "L1": {"loss": {"adversarial": 0.0}},
    "GAN": {"loss": {"l1": 0.0, "conditional": False}},
    "cGAN": {"loss": {"l1": 0.0}},
    "L1 + GAN": {"loss": {"conditional": False}},
    "L1 + cGAN": {"loss": {}},
}

PAPER = {  # Isola et al. 2017, table 1: pixels, classes, IoU on Cityscapes, labels to photographs
    "L1": (0.42, 0.15, 0.11),
    "GAN": (0.22, 0.05, 0.01),
    "cGAN": (0.57, 0.22, 0.16),
    "L1 + GAN": (0.64, 0.20, 0.15),
    "L1 + cGAN": (0.66, 0.23, 0.17),
}

EXPERIMENT = Experiment(
    name="pix2pix_losses",
    title="Pix2pix's five losses, class maps to striped faces at 64 px",
    stage=Faces,
    arms=LOSSES,
    seeds=(0, 1, 2, 3, 4),
    full={
        "side": 64,
        "n": 2000,
        "unseen": 400,
        "judge_steps": 400,
        "width": 16,
        "layers": 3,
        "batch_size": 4,
        "steps": 3000,
        "measure_every": 500,
        "checkpoint_every": 100,
    },
    ci={
        "side": 32,
        "n": 80,
        "unseen": 80,
        "judge_steps": 4,
        "width": 4,
        "layers": 1,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 5,
    },
    fit={"lr": 5e-4, "betas": [0.5, 0.999], "ema": 0.995, "precision": "float32"},
    paper="Isola et al. 2017, table 1",
    expected={
        "C23.condition": "pixels read right, cGAN less GAN: at least 0.1 (0.35 in the paper)",
        "C23.shuffled": "GAN without L1 and condition gains less than 0.1 on faces of other maps, pixels read right",
        "C24.iou": "IoU, L1 + cGAN less L1: at least 0.02 (0.06 in the paper)",
        "C24.blur": "distance of hair's gradient energy from the truth's, L1 less L1 + cGAN: at least 0.2",
        "C24.sharp": "hair's gradient energy over the truth's, L1 + cGAN: 0.7 to 1.3; mean face, blur and noise lie outside",
        "C24.colour": "spread of hair colours over the truth's, cGAN less L1: at least 0.2",
    },
)

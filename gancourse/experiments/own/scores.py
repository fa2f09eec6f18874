"""How well a training on your own pictures goes, in one number that needs no network: for the curve and for the card."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch.nn.functional as F
from torch import Tensor

from gancourse import metrics, scale
from gancourse.experiments.own.games import show
from gancourse.experiments.own.sources import Source
from gancourse.metrics.cells import CellFeatures

COARSE, FINE = 2, 4  # cells a side, of 16 and 64 features
FEWEST = {COARSE: 34, FINE: 130}  # pictures for them: twice as many as features, and a few


@dataclass(frozen=True)
class Score:
    """A number that falls while a training goes well; ``measure`` gives None where there are too few pictures for it."""

    name: str
    measure: Callable[[Any], float | None]
    protocol: str
    floor: float | None = None

    def metric(self, run: Any) -> dict[str, Any]:
        """The card's metric; empty without a number."""
        value = self.measure(run)
        if value is None:
            return {}
        found = {"name": self.name, "value": round(value, 4), "protocol": self.protocol}
        return found if self.floor is None else found | {"floor": round(self.floor, 4)}


def score(family: str, pictures: Source) -> Score:
    """The score of a family: for samples a distance, for pairs the error, for two sets the error of the way there and back."""
    if family == "pix2pix":
        return _error(pictures)
    return _way_back(pictures) if family == "cyclegan" else _distance(pictures)


def _distance(pictures: Source) -> Score:
    name = "Frechet distance in colour and contrast of cells"
    n = min(len(pictures.real), scale.pick(ci=100, cpu=500, gpu=2000))
    cells = FINE if n >= FEWEST[FINE] else COARSE
    if n < FEWEST[COARSE]:
        return Score(name, lambda run: None, "too few pictures for it")
    extractor, size = CellFeatures(cells), pictures.real.shape[-1]
    known = extractor.features(pictures.real)

    def measure(run: Any) -> float:
        return metrics.frechet_distance(extractor.features(_at(show(run, n), size)), known)

    protocol = (
        f"{n} samples against {len(known)} of the pictures, {extractor.extractor_id}, float64; the floor: half against half"
    )
    floor = metrics.real_against_real(known) if len(known) // 2 > known.shape[1] else None
    return Score(name, measure, protocol, floor)


def _at(images: Tensor, size: int) -> Tensor:
    """Samples of a network that still grows, enlarged by repeating pixels."""
    return images if images.shape[-1] == size else F.interpolate(images, size=size, mode="nearest")


def _error(pictures: Source) -> Score:
    def measure(run: Any) -> float | None:
        if pictures.examples is None or pictures.targets is None:
            return None
        return float((run.gan.translate(pictures.examples, run.generator).cpu() - pictures.targets).abs().mean())

    count = 0 if pictures.examples is None else len(pictures.examples)
    return Score("L1 to the target", measure, f"mean absolute difference in [-1, 1] over {count} pairs: {pictures.where}")


def _way_back(pictures: Source) -> Score:
    def measure(run: Any) -> float | None:
        if pictures.examples is None:
            return None
        back = run.gan.reconstruct(pictures.examples.to(run.gan.device), generator=run.generator).cpu()
        return float((back - pictures.examples).abs().mean())

    count = 0 if pictures.examples is None else len(pictures.examples)
    protocol = f"mean absolute difference in [-1, 1] between {count} {pictures.where} and their way to B and back"
    return Score("L1 of the way there and back", measure, f"{protocol}; it says nothing of how B-like they become")

"""The three games on a hundred faces of :mod:`gancourse.experiments.few_faces_long`, on other hundreds.

All trainings of few_faces_long and few_faces_longer share one hundred faces, the first of the nine thousand: their intervals
speak of seeds, not of faces.  Here each seed has a hundred of its own, disjoint from that one and from one another, and
everything else is as there, the unseen faces and the steps included.

Source: Zhao et al. 2020 (DiffAugment), figure 1; Karras et al. 2020a (ADA), figure 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from torch import Tensor

from gancourse import data, scale
from gancourse.experiments import few_faces_long
from gancourse.experiments.few_faces import ADA, DIFFAUGMENT, NONE, name
from gancourse.experiments.few_faces_long import LongerFaces
from gancourse.gans.gan import GAN

BEFORE = few_faces_long.EXPERIMENT
SEEDS = (71, 72, 73)


class OtherHundreds(LongerFaces):
    """The faces, players and questions of few_faces_long; the k-th seed plays with the k-th hundred after the first."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        super().__init__(size, folder)
        self.own = WeakKeyDictionary[GAN, Tensor]()

    def hundred(self, seed: int) -> Tensor:
        """The faces of a seed: uint8 [few, C, H, W]."""
        n, k = self.size["few"], SEEDS.index(seed) + 1
        return self.images[k * n : (k + 1) * n]

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[GAN, data.Batches]:
        game, _ = super().game(arm, seed)
        self.own[game] = self.hundred(seed)
        return game, data.Batches(self.own[game], self.size["batch_size"], seed=seed, device=scale.device())

    def known(self, game: GAN) -> Tensor:
        """The hundred of a game's seed; of players without one, the first."""
        return self.own.get(game, super().known(game))


EXPERIMENT = replace(
    BEFORE,
    name="few_faces_hundreds",
    title="Other hundreds of pixel faces, 16 px: no augmentation, DiffAugment, ADA",
    stage=OtherHundreds,
    arms={name("100", how): BEFORE.arms[name("100", how)] for how in (NONE, DIFFAUGMENT, ADA)},
    seeds=SEEDS,
    ci={**BEFORE.ci, "few": 30},
    expected={
        "S16.hundreds": "memory, 100: none less 100: DiffAugment, at the end: a question, for there are three trainings.  The "
        "first hundred had 0.40 [0.37, 0.43] after as many steps; expected within 0.05 of that, unless it was a lucky one",
        "distances": "within 2 of the first hundred's 22.9, 20.1 and 18.2",
    },
)

"""BEGAN in runs that get worse as well as better: does the measure M say so?

The game of :mod:`gancourse.experiments.began_gamma` at gamma 0.8, where faces differ.  Twice in a run one player is begun anew
(:mod:`gancourse.experiments.knocks`), or gamma is lowered once, to 0.3, where such games collapse.  Seeds are new ones.

Source: Berthelot, Schumm & Metz 2017, section 3.4.1: M tells when a network has reached its final state or has collapsed.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from gancourse import scale
from gancourse.base import check
from gancourse.data.batches import Batches
from gancourse.experiments import began_gamma, knocks
from gancourse.experiments.experiment import Experiment
from gancourse.experiments.records import Record
from gancourse.gans.began import BEGAN, convergence

GAMMA, LOWERED = 0.8, 0.3
KNOCKS = ("D", "G", "gamma")


class Knocked(BEGAN):
    """BEGAN that gives one player its first weights back after the generator's steps ``at``; knock "gamma" lowers gamma then."""

    def __init__(self, game: BEGAN, knock: str, at: Sequence[int]) -> None:
        super().__init__(game.generator, game.discriminator, game.gamma, game.lambda_k)
        self.knock, self.at = check.one_of("knock", knock, KNOCKS), list(at)
        self.first = copy.deepcopy({"D": self.discriminator.state_dict(), "G": self.generator.state_dict()})
        self.t = 0

    def after_generator_step(self) -> None:
        super().after_generator_step()
        self.t += 1
        if self.t not in self.at:
            return
        if self.knock == "gamma":
            self.gamma = LOWERED
        else:
            {"D": self.discriminator, "G": self.generator}[self.knock].load_state_dict(self.first[self.knock])

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "t": self.t, "gamma": self.gamma}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.t, self.gamma = state["t"], state["gamma"]


class Faces(began_gamma.Faces):
    """The faces and judges of :mod:`gancourse.experiments.began_gamma`, and games that are knocked back."""

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[BEGAN, Batches]:
        at = knocks.moments(seed, self.size["steps"], self.size["measure_every"])
        plain = began_gamma.players(GAMMA, self.size["width"], seed)
        game = Knocked(plain, arm["knock"], at[:1] if arm["knock"] == "gamma" else at) if "knock" in arm else plain
        return game, Batches(self.faces, self.size["batch_size"], seed=seed, device=scale.device())


def measures(record: Record, arm: str, one_gamma: bool = False) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """M, the Frechet distance and the steps at the looks that count: [seeds, T], [seeds, T], [T].

    M's gamma is that of the moment; ``one_gamma`` keeps that of the beginning, so that M's own definition does not change.
    """
    sizes = record.content["settings"]["size"]
    left_out = knocks.counted(sizes["steps"], sizes["measure_every"])
    steps, distance = record.curve("frechet")[arm]
    real, fake = (torch.tensor(record.curve(score)[arm][1]) for score in ("real_error", "fake_error"))
    gammas = torch.full(real.shape, GAMMA, dtype=real.dtype)
    if record.content["settings"]["arms"][arm]["knock"] == "gamma" and not one_gamma:
        for row, seed in zip(gammas, record.seeds, strict=True):
            row[torch.tensor(steps) >= knocks.moments(seed, sizes["steps"], sizes["measure_every"])[0]] = LOWERED
    m = convergence(gammas, real, fake)
    return m.numpy()[:, left_out:], distance[:, left_out:], steps[left_out:]


EXPERIMENT = Experiment(
    name="began_knocked",
    title="BEGAN in runs that get worse as well as better: pixel-art faces at 16 px",
    stage=Faces,
    arms={
        "D begun anew": {"knock": "D"},
        "G begun anew": {"knock": "G"},
        "gamma lowered": {"knock": "gamma"},
    },
    seeds=(21, 22, 23, 24, 25),
    full={**began_gamma.EXPERIMENT.full, "steps": 400, "measure_every": 20, "checkpoint_every": 400},
    ci=began_gamma.EXPERIMENT.ci,
    fit={**began_gamma.EXPERIMENT.fit, "schedule": "constant"},
    paper="Berthelot et al. 2017, section 3.4.1",
    expected={
        "C22.measure": "Spearman's correlation of M with the Frechet distance over the looks from three tenths of the run on, "
        "the mean of both kinds of runs in which a player is begun anew, seed by seed: at least 0.6; nulls: a clock (minus the "
        "step), and M of the next seed's run",
        "C22.collapsed": "the same where gamma is lowered: at least 0.6; the row above is the control.  Both are asked as "
        "questions now: no game here comes nearer to the data than a blur, and a control was not named before the runs",
    },
)

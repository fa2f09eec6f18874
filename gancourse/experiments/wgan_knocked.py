"""What the critic shows along runs that get worse as well as better, beside the exact distance of the same points.

The games of :mod:`gancourse.experiments.wgan_runs`, seven new seeds.  Twice in a run the generator is begun anew
(:mod:`gancourse.experiments.knocks`), at moments of each seed's own, while the critic goes on: the exact distance jumps up, and a
critic that measures it has to follow.

Sources: Arjovsky, Chintala & Bottou 2017, figures 3 and 4; Gulrajani et al. 2017; Petzka et al. 2018.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from gancourse.experiments import knocks, plane, wgan_runs
from gancourse.experiments.experiment import Experiment
from gancourse.experiments.records import Record
from gancourse.gans.ensemble import Ensemble, EnsembleBatches, StackedLinear
from gancourse.gans.wgan import EnsembleWGAN


class Knocked(EnsembleWGAN):
    """Games whose member k gets its generator's first weights back after the generator's steps ``at[k]``.

    ``shares[k]``: the share of the way back to its first weights that the generator is moved at each of them; without it all.
    """

    def __init__(
        self,
        generator: Ensemble,
        critics: Ensemble,
        seeds: Sequence[int],
        at: Sequence[Sequence[int]],
        shares: Sequence[Sequence[float]] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(generator, critics, seeds, **options)
        self.at = [list(moments) for moments in at]
        self.shares = [[1.0] * len(moments) for moments in at] if shares is None else [list(each) for each in shares]
        self.first = [parameter.detach().clone() for parameter in self.generator.parameters()]
        self.t = 0

    @torch.no_grad()
    def after_generator_step(self) -> None:
        self.t += 1
        for k, moments in enumerate(self.at):
            if self.t in moments:
                share = self.shares[k][moments.index(self.t)]
                for parameter, first in zip(self.generator.parameters(), self.first, strict=True):
                    parameter[k].lerp_(first[k], share)

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "t": self.t}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        self.t = state["t"]


class Runs(wgan_runs.Runs):
    """The stage of :mod:`gancourse.experiments.wgan_runs` with generators that are begun anew."""

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[EnsembleWGAN, EnsembleBatches]:
        plain, batches = super().game(arm, seed)
        generator, critic = plain.generator, plain.discriminator
        assert isinstance(generator, Ensemble) and isinstance(critic, Ensemble)
        assert all(isinstance(layer, StackedLinear) for layer in generator.layers if list(layer.parameters()))
        at = [knocks.moments(each, self.size["steps"], self.size["measure_every"]) for each in plain.seeds]
        return Knocked(generator, critic, plain.seeds, at, self.shares(plain.seeds), **wgan_runs.options(arm)), batches

    def shares(self, seeds: Sequence[int]) -> Sequence[Sequence[float]] | None:
        """The share of the way back of each member at each of its moments; None where it is all of the way."""
        return None


def looks(record: Record, arm: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What is said, the exact distance, and the steps at the looks that count: [K, T], [K, T], [T]."""
    sizes = record.content["settings"]["size"]
    left_out = knocks.counted(sizes["steps"], sizes["measure_every"])
    (steps, said), (_, far) = plane.curves(record, "said")[arm], plane.curves(record, "W")[arm]
    return said[:, left_out:], far[:, left_out:], steps[left_out:]


def members(record: Record) -> list[int]:
    """The seed of each training of a record: [K]."""
    n = record.content["settings"]["size"]["members"]
    return [member for seed in record.content["seeds"] for member in plane.member_seeds(seed, n)]


def moments(record: Record) -> list[tuple[int, int]]:
    """The steps of each training of a record, K pairs, after which its generator is begun anew."""
    sizes = record.content["settings"]["size"]
    return [knocks.moments(seed, sizes["steps"], sizes["measure_every"]) for seed in members(record)]


EXPERIMENT = Experiment(
    name="wgan_knocked",
    title="What the critic shows where the generator is begun anew: eight clusters on a ring",
    stage=Runs,
    arms=wgan_runs.ARMS,
    seeds=(3,),
    full={**wgan_runs.EXPERIMENT.full, "members": 7, "steps": 250, "checkpoint_every": 250},
    ci=wgan_runs.EXPERIMENT.ci,
    fit=wgan_runs.EXPERIMENT.fit,
    paper="Arjovsky et al. 2017, figures 3 and 4",
    expected={
        "C18.loss": "Spearman's correlation of said and W over the looks from three tenths of the run on, one-sided: at least "
        "0.8; nulls: a clock (minus the step), what is said in the next seed's run",
        "C18.clipped": "the same, clipped, which is the paper's own critic; C18.loss is the control",
        "C18.two_sided": "the same, two-sided, the paper's penalty; C18.loss is the control",
        "C18.gan_loss": "the one-sided critic's correlation less that of the GAN's loss: at least 0.3, as before",
        "C18.gan_knocked": "a question: the correlation of the GAN's loss by itself",
    },
)

"""The hinge with nothing that bounds D, and with spectral normalisation: five rates each, on the seed of the contest's rates.

The third arm of :mod:`gancourse.experiments.hinge_slopes`, R1, is the contest's own hinge and has had its search:
:mod:`gancourse.experiments.six_losses_rates`, with the same five rates, the same seed and the same rule.

The rule, stated before the runs: an arm takes that one of RATES with which one training ends nearest to unseen faces.

Source: Miyato et al. 2018.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from gancourse.base import networks
from gancourse.data.batches import Batches
from gancourse.data.images import to_float
from gancourse.experiments import six_losses, six_losses_rates
from gancourse.experiments.records import Record
from gancourse.gans.gan import GAN
from gancourse.losses import penalties
from gancourse.models.layers import spectral
from gancourse.training import Run

BOUNDS = ("none", "spectral", "R1")
STATISTICS = ("frechet", "slope", "slope_fakes", "product")
RATES = six_losses_rates.RATES


def product_of_norms(discriminator: torch.nn.Module) -> float:
    """The product of the layers' largest singular values, of the weights that D multiplies with: no slope can exceed it."""
    with networks.evaluating(discriminator), torch.no_grad():
        layers = [layer for layer in discriminator.modules() if isinstance(layer, torch.nn.Linear)]
        return math.prod(spectral.largest_singular_value(layer.weight).item() for layer in layers)


def largest_slope(discriminator: torch.nn.Module, x: Tensor) -> float:
    """The largest |grad_x D(x)| of the samples x [N, ...], in evaluation mode, so that asking moves no vector of D's."""
    with networks.evaluating(discriminator), torch.enable_grad():
        return penalties.squared_gradient_norm(discriminator, x).max().sqrt().item()


class Slopes(six_losses.Faces):
    """The contest's faces and players; an arm says what bounds D, and D is asked how steep it is.

    slope        the largest |grad_x D| at training faces, the first ``samples``
    slope_fakes  the same at as many samples of the generator as it stands
    product      the product of the layers' norms
    """

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[GAN, Batches]:
        game, batches = super().game({"loss": "hinge", **arm}, seed)
        if arm.get("bound", "R1") != "R1":
            game.penalty = None
        if arm.get("bound") == "spectral":
            with networks.seeded(seed):
                spectral.normalise(game.discriminator)
        return game, batches

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        """STATISTICS of a run: [4]."""
        gan = run.gan
        device, n = gan.device, self.size["samples"]
        real, fake = to_float(self.faces.images[:n]).to(device), gan.sample(n, seed=1)
        steep = [largest_slope(gan.discriminator, x) for x in (real, fake)]
        far = self.far(super().drawn(run, final))
        return torch.tensor([far, *steep, product_of_norms(gan.discriminator)], dtype=torch.float64)

    def far(self, pictures: Tensor) -> float:
        """The contest's distance."""
        return super().judged(pictures)["frechet"]

    def judged(self, sample: Tensor) -> dict[str, float]:
        return dict(zip(STATISTICS, sample.tolist(), strict=True))

    def nulls(self) -> dict[str, Tensor]:
        """STATISTICS of pictures that no training made: a distance alone."""
        rest = [math.nan] * (len(STATISTICS) - 1)
        return {name: torch.tensor([self.far(x), *rest], dtype=torch.float64) for name, x in super().nulls().items()}


def arms_of(pairs: Iterable[tuple[str, float]]) -> dict[str, dict[str, Any]]:
    """An arm for each bound with a rate, named after both."""
    return {f"{bound}, {rate:g}": {"bound": bound, "fit": {"lr": rate}} for bound, rate in pairs}


ARMS = arms_of((bound, rate) for bound in ("none", "spectral") for rate in RATES)


def chosen(record: Record) -> dict[str, float]:
    """The rate of the nearest end for each bound."""
    return {bound: arm["fit"]["lr"] for bound, arm in six_losses_rates.nearest(record, ARMS, "bound").items()}


EXPERIMENT = replace(
    six_losses_rates.EXPERIMENT,
    name="hinge_slopes_rates",
    title="The hinge without a bound and with spectral normalisation, five rates each: pixel-art faces at 16 px",
    stage=Slopes,
    arms=ARMS,
    paper="Miyato et al. 2018, section 4",
    expected={
        "the rule": "the rate with the least distance at the end goes into hinge_slopes; the slopes of this one seed set the "
        "tolerances there, and no row is made of them"
    },
)

"""Critics against a generator that stands still, the data plus noise: what clipping and the penalty make of them.

Deep critics, 12 hidden layers of 128 on the Swiss roll, and shallow ones on the ring.  Every arm begins with PyTorch's initial
weights, of which those of the hidden layers lie inside [-0.09, 0.09]; what differs is the constraint.

What is measured of each critic f:

    shown   E f(x) - E f(x~) over the exact W of the same 600 pairs
    bound   the same divided by the steepest slope of f that was met: a lower bound on W, whatever the scale of f
    like    correlation with the best critic, the prices of the linear program, at 400 points
    random  mean slope on lines between random pairs;  best: on lines of the best plan
    orders  log10 of the gradient at the first hidden layer over that at the last
    ends    share of weights within 1 % of -c or c

Sources: Gulrajani et al. 2017, section 3 and figure 1; Petzka et al. 2018 (the one-sided penalty).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gancourse import scale
from gancourse.data import toys
from gancourse.experiments import plane
from gancourse.experiments.experiment import Experiment
from gancourse.gans.ensemble import Ensemble, EnsembleBatches
from gancourse.losses import penalties
from gancourse.theory import transport
from gancourse.training import Run

HIDDEN = {"shallow": (96,) * 3, "deep": (128,) * 12}
BOUND, PAIRS, LINES = 2.5, 600, 200
STATISTICS = ("shown", "bound", "like", "random", "best", "orders", "ends")


class Place:
    """A distribution with fixed pairs for the measures: real, fake [PAIRS, 2], points on lines [LINES, 2], the exact W."""

    def __init__(self, distribution: Any, pairs: int, lines: int) -> None:
        self.distribution = distribution
        noise = torch.Generator().manual_seed(1000)
        self.real = distribution.sample(pairs, generator=noise)
        self.fake = distribution.sample(pairs, generator=noise) + torch.randn(pairs, 2, generator=noise)
        self.exact = transport.wasserstein_samples(self.real, self.fake)
        even = torch.full((lines,), 1 / lines)
        answer = transport.earth_mover(even, even, transport.distances(self.real[:lines], self.fake[:lines]))
        epsilon, mixed = torch.rand(lines, generator=noise), torch.randperm(lines, generator=noise)
        self.best = penalties.between(self.real[:lines], self.fake[answer.plan.argmax(1)], epsilon)  # equal masses: a pairing
        self.points = torch.cat([self.real[:lines], self.fake[:lines]])
        self.prices = torch.cat([answer.f, -answer.g])  # the best critic at these points
        self.random = penalties.between(self.real[:lines], self.fake[mixed], epsilon)

    def statistics(self, critics: Ensemble, clip: float | None) -> Tensor:
        """STATISTICS of each critic: [K, 7]."""
        rows = []
        for k in range(critics.members):
            f = critics.member(k).cpu()
            with torch.no_grad():
                shown = (f(self.real).double().mean() - f(self.fake).double().mean()).item() / self.exact
                like = torch.corrcoef(torch.stack([f(self.points).double(), self.prices]))[0, 1].nan_to_num().item()
            slopes = {name: transport.gradient_norms(f, at) for name, at in (("random", self.random), ("best", self.best))}
            everywhere = transport.gradient_norms(f, torch.cat([self.real, self.fake]))
            steepest = max(float(x.double().max()) for x in (*slopes.values(), everywhere))
            means = [float(slopes[name].double().mean()) for name in ("random", "best")]
            bound = shown / max(steepest, 1e-300)
            rows.append([shown, bound, like, *means, plane.orders(f, self.real), plane.at_ends(f, clip)])
        return torch.tensor(rows, dtype=torch.float64)


class Critics:
    """The ring and the Swiss roll, each with a generator that stands still."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        self.size = size
        places = {"shallow": toys.ring("wgan_gp"), "deep": toys.swiss_roll()}
        self.places = {name: Place(found, size["pairs"], size["lines"]) for name, found in places.items()}

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[plane.Still, EnsembleBatches]:
        seeds, device, depth = plane.member_seeds(seed, self.size["members"]), scale.device(), arm["depth"]
        critics = plane.critics(seeds, HIDDEN[depth], arm.get("he", False)).to(device)
        options = {name: arm[name] for name in ("clip", "weight", "one_sided", "scaled") if name in arm}
        game = plane.Still(critics, seeds, **options)
        game.generator.to(device)
        n = self.size["deep_batch" if depth == "deep" else "batch_size"]
        return game, EnsembleBatches(self.places[depth].distribution, 2 * n, seeds, device=device)

    def _place(self, critics: Ensemble) -> Place:
        return self.places["deep" if len(critics.layers) > 12 else "shallow"]

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        critics: Ensemble = run.gan.discriminator
        return self._place(critics).statistics(critics, run.gan.clip)

    def judged(self, sample: Tensor) -> dict[str, float]:
        return plane.named(STATISTICS, sample)

    def nulls(self) -> dict[str, Tensor]:
        found = {}
        for depth in HIDDEN:
            for name, clip in (("untrained", None), ("clipped once at 0.1", 0.1), ("clipped once at 0.01", 0.01)):
                critics: Ensemble = self.game({"depth": depth}, EXPERIMENT.seeds[0])[0].discriminator  # type: ignore[assignment]
                if clip is not None:
                    penalties.clip_weights(critics, clip)
                found[f"{depth}, {name}"] = self._place(critics).statistics(critics, clip)
        return found

    def pictures(self, run: Run) -> Tensor:
        return plane.surface(run.gan.discriminator.member(0).cpu(), BOUND)[None]

    def facts(self) -> dict[str, float]:
        return {f"W of the {name} critics' pairs": place.exact for name, place in self.places.items()}


SHALLOW = {"depth": "shallow", "fit": {"k": 4}}  # four steps of the critic are counted as one
DEEP = {"depth": "deep", "fit": {"lr": [0.0, 4e-4]}}

ARMS: dict[str, dict[str, Any]] = {
    "deep, c = 0.1": {**DEEP, "clip": 0.1},
    "deep, c = 0.01": {**DEEP, "clip": 0.01},
    "deep, c = 0.01, thawed": {**DEEP, "clip": 0.01, "scaled": 1e10},  # else Adam's epsilon, 1e-8, freezes gradients of 1e-14
    "deep, penalty": {**DEEP, "weight": 10.0},
    "clipped": {**SHALLOW, "clip": 0.1},
    "two-sided": {**SHALLOW, "weight": 10.0},
    "one-sided": {**SHALLOW, "weight": 10.0, "one_sided": True},
    "two-sided, lambda = 1": {**SHALLOW, "weight": 1.0},
    "two-sided, lambda = 0.1": {**SHALLOW, "weight": 0.1},
}

EXPERIMENT = Experiment(
    name="wgan_critics",
    title="Critics against a generator that stands still: clipped, and penalised",
    stage=Critics,
    arms=ARMS,
    seeds=(1,),
    full={
        "members": 5,
        "pairs": PAIRS,
        "lines": LINES,
        "batch_size": 128,
        "deep_batch": 32,
        "steps": 400,
        "measure_every": 100,
        "checkpoint_every": 200,
    },
    ci={
        "members": 2,
        "pairs": 40,
        "lines": 20,
        "batch_size": 8,
        "deep_batch": 8,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 10,
    },
    fit={"lr": [0.0, 1e-3], "betas": [0.0, 0.9], "schedule": "flat_linear"},
    paper="Gulrajani et al. 2017, section 3 and figure 1",
    expected={
        "C19.explode": "orders, deep, c = 0.1: at least 3; before training they are below -4",
        "C19.vanish": "orders, deep, c = 0.01, Adam's epsilon as it is: at most -6; before the first clip they are above -6",
        "C19.thaw": "a question: the same with a loss so large that epsilon plays no part",
        "C19.penalty": "orders, deep, penalty: -1 to 1, from below -4 before training",
        "C19.ends": "ends, clipped: more than half; before training under a tenth",
        "C19.surface": "bound, two-sided less clipped: at least 0.1",
        "C20": "random, two-sided: within 0.2 of 1; C20.plan: best, the same",
        "C20.one_sided": "shown, one-sided: within 15 % of 1; the control of the next",
        "C20.distance": "shown, two-sided: within 15 % of 1",
        "C20.lambda": "a question: shown, lambda = 1 and 0.1",
    },
)

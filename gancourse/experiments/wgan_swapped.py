"""Critics of :mod:`gancourse.experiments.wgan_critics` at their end, trained on with the other penalty, and with their own.

One-sided critics show the distance there, two-sided ones less.  Is it the objective, or the way that training takes?  Where
critics that show it stay when the two-sided penalty trains them on, the distance is one of its ends, and trainings from
scratch miss it; where they fall, the penalty itself costs it.  And the other way round.  The second training is as long as
the first, with the same rates from their beginning, a fresh optimiser and fresh batches.

Sources: Gulrajani et al. 2017, equation 3; Petzka et al. 2018 (the one-sided penalty).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor

from gancourse import scale
from gancourse.base import networks, trees
from gancourse.experiments import plane, wgan_critics
from gancourse.experiments.experiment import Experiment
from gancourse.gans.ensemble import Ensemble, EnsembleBatches
from gancourse.training import fit

FORMS = ("one-sided", "two-sided")
LATER = 50  # added to a seed for the second training's batches and noise


class Swapped(wgan_critics.Critics):
    """The stage of :mod:`gancourse.experiments.wgan_critics` with critics that have one training behind them."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        super().__init__(size, folder)
        self.folder = folder

    def first(self, form: str, seed: int) -> Ensemble:
        """The critics at the end of their first training; another training of the seed finds them."""
        path = self.folder / f"first-{form}-{seed}.weights"
        arm = wgan_critics.ARMS[form]
        game, batches = super().game(arm, seed)
        if not path.exists():
            settings = {**wgan_critics.EXPERIMENT.fit_settings(form), "steps": self.size["steps"]}
            with networks.seeded(seed):
                fit(game, batches, seed=seed, progress=False, **settings)
            trees.save(path, dict(game.discriminator.state_dict()))
        game.discriminator.load_state_dict(trees.load(path))
        critics = game.discriminator
        assert isinstance(critics, Ensemble)
        return critics

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[plane.Still, EnsembleBatches]:
        if "first" not in arm:
            return super().game(arm, seed)
        critics, device = self.first(arm["first"], seed), scale.device()
        seeds = [each + LATER for each in plane.member_seeds(seed, self.size["members"])]
        options = {name: arm[name] for name in ("weight", "one_sided") if name in arm}
        game = plane.Still(critics.to(device), seeds, **options)
        game.generator.to(device)
        place = self.places[arm["depth"]].distribution
        return game, EnsembleBatches(place, 2 * self.size["batch_size"], seeds, device=device)

    def nulls(self) -> dict[str, Tensor]:
        """The critics before the second training, and before any."""
        seed, place = EXPERIMENT.seeds[0], self.places["shallow"]
        found = {f"{form}, before": place.statistics(self.first(form, seed), None) for form in FORMS}
        untrained = plane.critics(plane.member_seeds(seed, self.size["members"]), wgan_critics.HIDDEN["shallow"])
        return {**found, "untrained": place.statistics(untrained, None)}


EXPERIMENT = Experiment(
    name="wgan_swapped",
    title="Critics against a generator that stands still, trained on with the other penalty",
    stage=Swapped,
    arms={f"{first}, then {then}": {**wgan_critics.ARMS[then], "first": first} for first in FORMS for then in FORMS},
    seeds=wgan_critics.EXPERIMENT.seeds,
    full={**wgan_critics.EXPERIMENT.full, "measure_every": 100},
    ci=wgan_critics.EXPERIMENT.ci,
    fit=wgan_critics.EXPERIMENT.fit,
    paper="Gulrajani et al. 2017, equation 3",
    expected={
        "C20.stays": "shown, one-sided, then two-sided: within 15 % of 1, as C20.distance; nulls: untrained, and the two-sided "
        "critics from scratch, which show 0.42 to 0.83.  Inside: the objective has the distance as an end.  Outside, with "
        "one-sided, then one-sided inside as the control: the penalty itself costs it",
        "C20.freed": "shown, two-sided, then one-sided: within 15 % of 1; null: the same critics before.  Inside: the two-sided "
        "end is no trap",
        "C20.on": "a question: shown, two-sided, then two-sided: is it a matter of time?  Rule: within 15 % of 1",
    },
)

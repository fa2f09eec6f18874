"""The hinge with and without a bound: what differs, and what D is asked."""

import pytest
import torch

from gancourse.experiments import hinge_slopes_rates, six_losses, six_losses_rates
from gancourse.experiments.hinge_slopes_rates import ARMS, EXPERIMENT, largest_slope, product_of_norms
from gancourse.experiments.records import Record
from gancourse.models import mlp
from gancourse.models.layers import spectral


def weights(game):
    """All of D's weights as they were drawn, normalised or not."""
    return [
        p for name, p in sorted(game.discriminator.named_parameters(), key=lambda row: row[0].replace("parametrizations.", ""))
    ]


def test_arms_begin_with_the_same_weights_and_only_one_is_normalised(stages):
    stage = stages("hinge_slopes_rates")
    games = {bound: stage.game({"bound": bound}, 1)[0] for bound in hinge_slopes_rates.BOUNDS}
    plain, normalised, r1 = (sorted(p.detach().norm().item() for p in weights(game)) for game in games.values())
    assert plain == normalised == r1
    assert [game.penalty is None for game in games.values()] == [True, True, False]
    assert games["R1"].penalty == six_losses.Faces.game(stage, {"loss": "hinge"}, 1)[0].penalty
    found = [any(spectral.is_normalised(layer) for layer in game.discriminator.modules()) for game in games.values()]
    assert found == [False, True, False] and {game.objective.name for game in games.values()} == {"hinge"}


def test_a_linear_d_is_as_steep_as_its_norm_and_no_d_is_steeper_than_its_product():
    line = torch.nn.Sequential(torch.nn.Linear(5, 1), torch.nn.Flatten(0))
    with torch.no_grad():
        line[0].weight.copy_(torch.tensor([[3.0, 0.0, 4.0, 0.0, 0.0]]))
    assert largest_slope(line, torch.randn(7, 5)) == pytest.approx(5) == product_of_norms(line)
    torch.manual_seed(0)
    network, x = mlp.Discriminator(5, (16, 16)), torch.randn(50, 5)
    assert 0 < largest_slope(network, x) < product_of_norms(network)


def test_asking_moves_nothing():
    torch.manual_seed(0)
    network = spectral.normalise(mlp.Discriminator(5, (16, 16))).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    assert largest_slope(network, torch.randn(9, 5)) < product_of_norms(network) < 1.1
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items()) and network.training


def test_the_nearest_end_is_chosen():
    def training(arm):
        return [{"scores": {"frechet": abs(arm["fit"]["lr"] - (1e-2 if arm["bound"] == "spectral" else 1e-3))}}]

    found = hinge_slopes_rates.chosen(Record({"arms": {name: training(arm) for name, arm in ARMS.items()}}))
    assert found == {"none": 1e-3, "spectral": 1e-2}


def test_rates_seed_and_sizes_are_those_of_the_contests_search():
    other = six_losses_rates.EXPERIMENT
    assert (EXPERIMENT.seeds, EXPERIMENT.full, EXPERIMENT.fit) == (other.seeds, other.full, other.fit)
    assert {arm["fit"]["lr"] for arm in ARMS.values()} == set(six_losses_rates.RATES)

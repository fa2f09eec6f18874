"""Players who write down what happens to them."""

from __future__ import annotations

import copy

import pytest
import torch

from gancourse.classroom.homework import checks
from gancourse.classroom.homework.checks import players


def test_mock_players_write_down_what_happens() -> None:
    tape = checks.Tape()
    player = players.MockPlayer("D", tape, torch.ones(2), torch.zeros(()))
    optimiser = players.MockOptimiser("D", tape, player, lr=0.5)
    optimiser.zero_grad()
    player(torch.ones(1, 2)).sum().backward()
    optimiser.step()
    assert tape == ["zero D", "D", "step D"]
    assert players.gradients(player).tolist() == [1, 1, 1]
    assert players.weights(player).tolist() == [0.5, 0.5, -0.5]
    assert tape.count_of("D") == 1 and str(tape) == "zero D D step D"


def _kept(change) -> None:
    network = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Dropout())
    network[1].eval()
    network[0].bias.requires_grad_(False)
    with players.as_it_was(G=torch.nn.Linear(1, 1), D=network):
        change(network)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda network: network.eval(), "puts the mode back"),
        (lambda network: network.train(), "puts the mode back"),
        (lambda network: network[1].train(), "D in the other mode"),
        (lambda network: network.requires_grad_(False), "or D will never learn"),
        (lambda network: network.requires_grad_(True), "as they were"),
        (lambda network: setattr(network[0], "weight", torch.nn.Parameter(network[0].weight.detach())), "in place"),
        (lambda network: network.append(torch.nn.Linear(2, 2)), "its own parameters"),
    ],
)
def test_what_a_step_leaves_behind(change, says: str) -> None:
    with pytest.raises(checks.Wrong, match=says):
        _kept(change)


def test_what_is_put_back_is_nobodys_business() -> None:
    def there_and_back(network):
        modes = [module.training for module in network.modules()]
        network.eval()
        for module, mode in zip(network.modules(), modes, strict=True):
            module.training = mode
        with torch.no_grad():
            network[0].weight.add_(1)

    _kept(there_and_back)


def test_players_can_be_copied_after_they_have_played() -> None:
    player = players.MockPlayer("D", checks.Tape(), torch.ones(2), torch.zeros(()))
    player(torch.ones(1, 2, requires_grad=True) * 2).sum().backward()
    assert torch.equal(copy.deepcopy(player).weight, player.weight)


@pytest.mark.parametrize(
    ("acts", "late", "value", "weight"),
    [
        ("zero back step", False, 8.0, 0.0),
        ("back step", False, 8.0, -2.5),
        ("step zero back", True, -2.0, -0.5),
        ("back step half", True, -5.0, -1.25),
        ("zero half back step", True, -4.0, -1.0),
    ],
)
def test_a_step_descends_by_its_acts_in_their_order(acts: str, late: bool, value: float, weight: float) -> None:
    """From w = 2 with a gradient of 5 left over, on 4 w at a rate of 1/2."""
    w = torch.nn.Parameter(torch.tensor(2.0))
    w.grad = torch.tensor(5.0)
    optimiser = torch.optim.SGD([w], lr=0.5)
    assert players.descend(acts, lambda: 4 * w, optimiser, late, half=lambda: w.data.div_(2)) == value
    assert w.item() == weight

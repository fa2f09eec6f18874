"""Signs counted: critics whose signs are known, and the same trainings as before."""

import pytest
import torch
from torch import nn

from gancourse.experiments import wgan_critics, wgan_signs
from gancourse.experiments.wgan_signs import STATISTICS
from gancourse.models import mlp


def test_the_trainings_are_those_of_wgan_critics():
    ours, theirs = wgan_signs.EXPERIMENT, wgan_critics.EXPERIMENT
    assert ours.fit == theirs.fit and ours.seeds == theirs.seeds
    assert all(arm == theirs.arms[name] for name, arm in ours.arms.items())
    assert {name for name, value in ours.full.items() if theirs.full[name] != value} == {"measure_every"}


def counted(change, c=0.1, n=100):
    torch.manual_seed(0)
    f = mlp.Discriminator(2, hidden=(n,) * 4, activation="relu")
    with torch.no_grad():
        for layer in f.layers:
            if isinstance(layer, nn.Linear):
                change(layer, c)
    return dict(zip(STATISTICS[1:], wgan_signs.signs(f, torch.rand(50, 2) + 0.1, c), strict=True))


def test_all_equal():
    found = counted(lambda layer, c: [w.fill_(c) for w in layer.parameters()])
    assert found == pytest.approx(
        {"ends": 1, "majority": 1, "between": 1, "aligned": 1, "stretch": 1, "on": 1, "always": 1, "never": 0}
    )
    below = counted(lambda layer, c: [w.fill_(-c) for w in layer.parameters()])
    assert below["majority"] == 1 and below["stretch"] == pytest.approx(1) and below["on"] == 0 and below["never"] == 1


def test_signs_that_are_equal_between_the_units_that_are_on():
    """Half of the units of a layer are off for ever, and the weights that touch them have random signs."""

    def change(layer, c):
        weights, bias = layer.weight, layer.bias
        weights.copy_(c * torch.randn(weights.shape).sign())
        if len(bias) > 1:
            half = len(bias) // 2
            bias.fill_(c)
            bias[half:] = -100
            weights[:half, : max(2, weights.shape[1] // 2)] = c

    found = counted(change)
    assert found["on"] == found["always"] == found["never"] == 0.5
    assert found["between"] == pytest.approx(1) and found["aligned"] == pytest.approx(1)
    assert 0.6 < found["majority"] < 0.65
    assert found["stretch"] == pytest.approx(0.5, abs=0.04)


def test_signs_that_are_equal_but_for_flips():
    def change(layer, c):
        flips = [torch.randn(n).sign() for n in layer.weight.shape]
        layer.weight.copy_(c * torch.outer(*flips))
        layer.bias.fill_(100.0)

    found = counted(change, c=0.001)  # so small that the biases keep every unit on
    assert found["on"] == 1 and found["aligned"] == pytest.approx(1) and found["stretch"] == pytest.approx(1)
    assert found["between"] < 0.65


def test_random_ends():
    found = counted(lambda layer, c: [w.copy_(c * torch.randn(w.shape).sign()) for w in layer.parameters()])
    assert (
        found["ends"] == 1
        and 0.5 < found["majority"] < 0.52
        and found["aligned"] < 0.65
        and found["between"] < 0.6
        and found["stretch"] == pytest.approx(2 / 10, rel=0.1)
    )


def test_half_of_the_way_to_the_ends():
    found = counted(lambda layer, c: [w.fill_(c / 2) for w in layer.parameters()])
    assert found["ends"] == 0 and found["majority"] == 1 and found["stretch"] == pytest.approx(0.5)


def test_baselines(stages):
    found = stages("wgan_signs").nulls()
    assert len(found) == 4 and all(sample.shape == (2, len(STATISTICS)) for sample in found.values())
    assert (found["random ends, 0.1"][:, 1] == 1).all() and (found["clipped once at 0.01"][:, 1] > 0.5).all()

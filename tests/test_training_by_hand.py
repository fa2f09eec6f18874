"""Backpropagation by hand against autograd, to the last digits of float64."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from gancourse.losses import penalties
from gancourse.models import mlp
from gancourse.training import by_hand
from gancourse.training.by_hand import ByHand


def players(hidden=(7, 5), n_in=3, out=1):
    torch.manual_seed(0)
    network = mlp.Generator(n_in, out, hidden).double() if out > 1 else mlp.Discriminator(n_in, hidden).double()
    return copy.deepcopy(network), ByHand(network)


def points(n=11, dim=3, seed=0):
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def flat(network):
    return torch.cat([p.grad.flatten() for p in network.parameters()])


@pytest.mark.parametrize("hidden", [(), (4,), (7, 5), (3, 4, 5)])
@pytest.mark.parametrize("out", [1, 2])
def test_both_passes_are_those_of_autograd(hidden, out) -> None:
    network, hand = players(hidden, out=out)
    x = points().requires_grad_()
    y = network(x)
    torch.testing.assert_close(hand.forward(x.detach()).reshape(y.shape), y.detach(), rtol=1e-12, atol=1e-12)
    y.square().sum().backward()
    delta = 2 * y.detach().reshape(-1, out)
    torch.testing.assert_close(hand.into_input(delta), x.grad, rtol=1e-10, atol=1e-12)
    hand.into_weights(delta)
    torch.testing.assert_close(hand.slopes, flat(network), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("hidden", [(), (7, 5), (3, 4, 5)])
def test_penalties_add_what_autograd_finds_by_differentiating_twice(hidden) -> None:
    network, hand = players(hidden)
    real, fake, epsilon = points(), points(seed=1), torch.rand(11, dtype=torch.float64)
    hand.slopes.fill_(0.5)
    hand.add_penalty(real, by_hand.zero_centred(0.7))
    hand.add_penalty(penalties.between(real, fake, epsilon), by_hand.to_target(3.0))
    network.zero_grad()
    loss = penalties.r1(0.7)(network, real, fake) + 3 * penalties.gradient_penalty(network, real, fake, epsilon)
    loss.backward()
    wanted = torch.cat([(torch.zeros_like(p) if p.grad is None else p.grad).flatten() for p in network.parameters()])
    torch.testing.assert_close(hand.slopes, wanted + 0.5, rtol=1e-9, atol=1e-11)
    slopes = hand.into_input(torch.ones_like(hand.forward(real)))
    torch.testing.assert_close(slopes.square().sum(1), penalties.squared_gradient_norm(network, real).detach())


def test_a_slope_of_zero_is_punished_without_nan() -> None:
    assert by_hand.to_target(3.0)(torch.zeros(2, 3)).tolist() == [[0.0] * 3] * 2


def test_the_optimisers_are_those_of_pytorch() -> None:
    for ours, theirs, options in (
        (by_hand.Adam, torch.optim.Adam, {"betas": (0.5, 0.999)}),
        (by_hand.Descent, torch.optim.SGD, {}),
    ):
        network, hand = players()
        optimizer, mine = theirs(network.parameters(), 0.03, **options), ours(hand, 0.03)
        for seed in range(5):
            x = points(seed=seed)
            optimizer.zero_grad()
            network(x).square().sum().backward()
            optimizer.step()
            hand.into_weights(2 * hand.forward(x))
            mine.step()
        after = torch.cat([p.detach().flatten() for p in network.parameters()])
        torch.testing.assert_close(hand.weights, after, rtol=1e-9, atol=1e-11)


def test_the_network_is_a_view_of_the_vector() -> None:
    network = mlp.Discriminator(3, (4,))
    hand = ByHand(network)
    x = torch.randn(2, 3)
    hand.weights.mul_(2)
    torch.testing.assert_close(network(x), hand.forward(x)[:, 0])
    assert not any(p.requires_grad for p in network.parameters())


@pytest.mark.parametrize(
    ("network", "error", "words"),
    [
        (nn.Sequential(nn.Linear(2, 2), nn.Tanh(), nn.Linear(2, 1)), TypeError, "not Tanh"),
        (nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1)), ValueError, "one activation between two"),
        (nn.Sequential(nn.Linear(2, 3), nn.Linear(3, 1), nn.ReLU()), ValueError, "one activation between two"),
        (nn.Sequential(nn.ReLU(), nn.Linear(2, 3), nn.Linear(3, 1)), ValueError, "one activation between two"),
        (nn.Sequential(nn.Linear(2, 3, bias=False)), ValueError, "with a bias"),
        (nn.ReLU(), ValueError, "linear layers"),
        (nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2), nn.LeakyReLU(0.1), nn.Linear(2, 1)), ValueError, "one slope"),
        (lambda x: x, TypeError, "network"),
    ],
)
def test_other_networks_are_refused(network, error, words) -> None:
    with pytest.raises(error, match=words):
        ByHand(network)

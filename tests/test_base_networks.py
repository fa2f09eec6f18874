from __future__ import annotations

import contextlib

import pytest
import torch
from torch import nn

from gancourse import viz
from gancourse.base.networks import (
    batch_norms,
    counted,
    descend,
    evaluating,
    fixed,
    measuring_statistics,
    seeded,
    whole_batches,
    widened,
)
from gancourse.gans.pix2pix import Pix2Pix
from gancourse.models.patchgan import PatchGAN, measured_receptive_field
from gancourse.models.unet import UNet, keep_dropout


def test_a_seed_makes_the_same_weights_and_leaves_the_caller_alone():
    torch.manual_seed(3)
    expected = torch.rand(2)
    torch.manual_seed(3)
    with seeded(0):
        first = nn.Linear(2, 2)
    assert torch.equal(torch.rand(2), expected)
    with seeded(0):
        assert torch.equal(nn.Linear(2, 2).weight, first.weight)


def test_passes_are_counted_by_what_went_through_and_no_hook_is_left():
    dense, conv = nn.Linear(3, 2), nn.Conv2d(1, 1, 1)
    found, passes = counted(lambda: dense(torch.zeros(7, 4, 3)).shape, dense)
    assert tuple(found) == (7, 4, 2) and passes == 28
    assert counted(lambda: conv(torch.zeros(5, 1, 2, 2)) is None, dense, conv) == (False, 5)
    with pytest.raises(RuntimeError):
        counted(lambda: dense(torch.zeros(1, 4)), dense)
    assert not dense._forward_hooks and not conv._forward_hooks


def test_measured_statistics_are_plain_means_over_the_batches():
    norm = nn.BatchNorm1d(1, momentum=0.3)
    network = nn.Sequential(norm).eval()
    with measuring_statistics(network):
        for value in (1.0, 2.0, 6.0):
            network(torch.full((4, 1), value))
    assert norm.running_mean.item() == pytest.approx(3.0)
    assert norm.momentum == 0.3
    assert not network.training
    assert batch_norms(network) == [norm]


def test_an_error_while_measuring_leaves_momentum_and_mode_as_they_were():
    network = nn.Sequential(nn.BatchNorm1d(1, momentum=0.3))
    network.eval()
    with pytest.raises(RuntimeError), measuring_statistics(network):
        raise RuntimeError
    assert network[0].momentum == 0.3
    assert not network.training


def test_translating_does_not_end_a_network_s_kept_dropout():
    with seeded(0):
        generator = UNet(1, 3, 128, 4)
        game = Pix2Pix(generator, PatchGAN(4, 4, 1))
    keep_dropout(generator)
    dropouts = [layer for layer in generator.modules() if isinstance(layer, nn.Dropout)]
    game.translate(torch.zeros(2, 1, 128, 128))
    assert dropouts
    assert all(layer.training for layer in dropouts)
    with evaluating(generator):
        assert not any(layer.training for layer in dropouts)


def conv_generator(latent_dim: int = 6, seed: int = 0) -> nn.Module:
    """A small convolutional generator of 3 x 8 x 8 images, with batch normalisation: its mode matters."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Unflatten(1, (latent_dim, 1, 1)), nn.ConvTranspose2d(latent_dim, 3, 8), nn.BatchNorm2d(3), nn.Tanh())
    net.latent_dim = latent_dim
    return net


def test_evaluating_restores_each_submodule_even_after_an_error():
    net = conv_generator().train()
    net[2].eval()
    with pytest.raises(RuntimeError), viz.evaluating(net):
        assert not any(m.training for m in net.modules()) and not torch.is_grad_enabled()
        raise RuntimeError
    assert net.training and net[1].training and not net[2].training and torch.is_grad_enabled()


@pytest.mark.parametrize(("cosine", "rates"), [(False, [0.1, 0.1, 0.1, 0.1]), (True, [0.1, 0.0853553, 0.05, 0.0146447])])
def test_descent_takes_adams_steps_and_its_rate_falls_along_a_cosine(cosine, rates):
    line, twin = nn.Linear(2, 1), nn.Linear(2, 1)
    twin.load_state_dict(line.state_dict())
    x = torch.tensor([[1.0, 2.0], [-1.0, 0.5]])
    descend(line, lambda: line(x).square().mean(), 4, 0.1, weight_decay=0.01, cosine=cosine)
    optimizer = torch.optim.Adam(twin.parameters(), lr=0.1, weight_decay=0.01)
    for rate in rates:
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        twin(x).square().mean().backward()
        optimizer.step()
    assert torch.allclose(line.weight, twin.weight, atol=1e-6) and torch.allclose(line.bias, twin.bias, atol=1e-6)


def test_the_generators_of_the_gpus_are_put_back_too(monkeypatch):
    """torch.manual_seed seeds them as well."""
    forked = []

    @contextlib.contextmanager
    def fork(devices):
        forked.append(list(devices))
        yield

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.random, "fork_rng", fork)
    monkeypatch.setattr(torch, "manual_seed", lambda seed: None)
    with seeded(0):
        pass
    assert forked == [[0, 1]]


@pytest.mark.parametrize("look", [lambda network: measured_receptive_field(network, 1, 9), None])
def test_a_part_that_is_in_evaluation_mode_stays_there(look):
    network = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Sequential(nn.Dropout(0.5))).train()
    network[2].eval()
    if look is not None:
        look(network)
    else:
        with measuring_statistics(network):
            network(torch.randn(2, 1, 8, 8))
    assert network[0].training and not network[2].training and not network[2][0].training


@pytest.mark.parametrize(
    ("kind", "wide"), [(torch.bfloat16, torch.float32), (torch.float32, torch.float32), (torch.float64, torch.float64)]
)
def test_widened_has_at_least_the_digits_of_float32(kind, wide):
    x = torch.ones(2, dtype=kind)
    assert widened(x).dtype == wide and (kind != wide or widened(x) is x)


def test_a_fixed_network_is_a_copy_that_nothing_moves():
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    copied, method = fixed(network), fixed(network.forward)
    for kept in (copied, method.__self__):
        assert kept is not network and not kept.training and not any(p.requires_grad for p in kept.parameters())
        assert torch.equal(kept[0].weight, network[0].weight)
    assert network.training and all(p.requires_grad for p in network.parameters())
    x = torch.randn(3, 2)
    assert torch.equal(method(x), copied(x)) and fixed(torch.tanh) is torch.tanh


@pytest.mark.parametrize(("n", "parts"), [(1, [1]), (3, [3]), (4, [4]), (5, [4]), (8, [4, 4]), (11, [4, 4])])
def test_whole_batches_leave_a_rest_out(n, parts):
    assert [len(part) for part in whole_batches(torch.zeros(n, 2), 4)] == parts


def test_a_descent_whose_loss_is_not_finite_at_the_end_is_no_answer():
    line = nn.Linear(2, 1)
    with pytest.raises(ValueError, match="the loss became nan within 3 steps: lower lr"):
        descend(line, lambda: line(torch.full((1, 2), torch.nan)).sum(), 3, 0.1)
    descend(line, lambda: line(torch.full((1, 2), torch.nan)).sum(), 0, 0.1)  # no step, no loss

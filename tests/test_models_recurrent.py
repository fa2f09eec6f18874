import pytest
import torch

from gancourse.data import Batches
from gancourse.gans.gan import GAN
from gancourse.models.recurrent import Discriminator, Generator
from gancourse.training import fit


def test_shapes():
    x = Generator(length=7, channels=2, noise_dim=3, width=5)(torch.randn(4, 21))
    assert x.shape == (4, 7, 2)
    assert Discriminator(channels=2, width=5)(x).shape == (4,)


def test_the_future_does_not_reach_the_past_but_the_past_the_future():
    torch.manual_seed(0)
    network, z = Generator(length=6, noise_dim=2, width=8), torch.randn(3, 12)
    other = z.clone()
    other[:, 6:8] += 1  # the noise of step 3
    before, after = network(z), network(other)
    assert torch.equal(before[:, :3], after[:, :3])
    assert ((before - after)[:, 3:].abs().amax((0, 2)) > 0).all()


def test_the_discriminator_reads_in_both_directions():
    torch.manual_seed(0)
    network, x = Discriminator(width=8), torch.randn(1, 5, 1).requires_grad_(True)
    votes = network.vote(network.reader(x)[0])[0, 2]
    (slope,) = torch.autograd.grad(votes.sum(), x)
    assert (slope.abs() > 0).all()


def test_they_play():
    run = fit(GAN(Generator(5, 1, 2, 4), Discriminator(1, 4)), Batches(torch.randn(8, 5, 1), 4), 3, progress=False)
    assert run.sample(2).shape == (2, 5, 1)


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match=r"\[N, length, 1\]"):
        Discriminator()(torch.randn(2, 5))
    with pytest.raises(ValueError, match="length must be above 0"):
        Generator(length=0)

import pytest
import torch

from gancourse import training
from gancourse.data import UnpairedBatches
from gancourse.gans.cogan import CoDiscriminator, CoGAN, CoGenerator


def count(module):
    return sum(parameter.numel() for parameter in module.parameters())


@pytest.mark.parametrize("tied", [0, 1, 3, None])
def test_ties_are_shared_and_the_rest_is_not(tied):
    torch.manual_seed(0)
    generator = CoGenerator(32, 8, 4, tied=tied).eval()
    discriminator = CoDiscriminator(32, 4, tied=tied).eval()
    layers = 3 if tied is None else tied
    assert len(generator.shared) == len(discriminator.shared) == layers
    assert len(generator.own[0]) == len(discriminator.own[0]) == 4 - layers
    untied = CoGenerator(32, 8, 4, tied=0)
    assert (count(generator) < count(untied)) == bool(layers)
    first, second = generator(torch.randn(2, 8))
    assert first.shape == second.shape == (2, 1, 32, 32)
    assert not torch.equal(first, second)  # the last layer is each domain's own
    assert discriminator(first, 0).shape == (2,)
    assert not torch.equal(discriminator(first, 0), discriminator(first, 1))


def test_domains_may_differ_in_channels():
    generator, discriminator = CoGenerator(16, 8, 4, (1, 3)), CoDiscriminator(16, 4, (1, 3))
    first, second = generator(torch.randn(2, 8))
    assert first.shape[1] == 1 and second.shape[1] == 3
    assert discriminator(second, 1).shape == (2,)
    game = CoGAN(generator, discriminator)
    assert game.sample(3).shape == (3, 3, 16, 32)
    with pytest.raises(ValueError, match="1 channels, not 3"):
        discriminator(second, 0)


def test_tied_layers_learn_from_both_domains():
    torch.manual_seed(0)
    game = CoGAN(CoGenerator(16, 4, 4), CoDiscriminator(16, 4))
    x = torch.rand(4, 1, 16, 16)
    batch = game.play(x, torch.Generator().manual_seed(0), labels=x)
    weight = game.generator.shared[0][0].weight
    alone = [
        torch.autograd.grad(game.objective.generator(game.discriminator(fake, i)), weight, retain_graph=True)[0]
        for i, (_, fake) in enumerate(batch.domains)
    ]
    (both,) = torch.autograd.grad(game.generator_loss(batch), weight)
    assert torch.allclose(both, alone[0] + alone[1], atol=1e-6)
    assert all(part.abs().sum() > 0 for part in alone)


def test_a_run_and_its_pairs():
    torch.manual_seed(0)
    game = CoGAN(CoGenerator(16, 4, 4), CoDiscriminator(16, 4))
    batches = UnpairedBatches(torch.rand(20, 1, 16, 16), torch.rand(30, 1, 16, 16), 4)
    run = training.fit(game, batches, 3, ema=0.9, progress=False)
    first, second = game.sample_pairs(5, seed=1, generator=run.generator)
    assert torch.equal(torch.cat([first, second], 3), run.sample(5, seed=1))


def test_bad_settings_name_the_fix():
    with pytest.raises(ValueError, match="0 to 3 layers at this size, not 4"):
        CoGenerator(32, tied=4)
    with pytest.raises(ValueError, match="power of two from 16 up"):
        CoDiscriminator(20)
    with pytest.raises(ValueError, match="one by one"):
        CoGAN(CoGenerator(16, 4, 4), CoDiscriminator(16, 4), "relativistic")
    with pytest.raises(ValueError, match=r"call discriminator\(x, 0\) or"):
        CoGAN(CoGenerator(16, 4, 2), CoDiscriminator(16, 2)).judge(torch.zeros(1, 1, 16, 16))
    for odd in ({"width": 0}, {"width": 2.5}, {"channels": (1, 2, 3)}, {"channels": 0}, {"channels": "1"}, {"tied": 0.5}):
        for network in (CoGenerator, CoDiscriminator):
            with pytest.raises((ValueError, TypeError), match=f"{next(iter(odd))} must be"):
                network(16, **odd)
    with pytest.raises(ValueError, match="two domains"):
        CoGAN(CoGenerator(16, 4, 4), CoDiscriminator(16, 4)).play(torch.zeros(1, 1, 16, 16), torch.Generator())

import pytest
import torch
from torch import nn

from gancourse import data, losses
from gancourse.base.networks import batch_norms
from gancourse.gans.gan import GAN
from gancourse.losses import penalties
from gancourse.models import dcgan, mlp
from gancourse.training import fit
from tests import joint_games


def toy(objective="non_saturating", **options):
    torch.manual_seed(0)
    return GAN(mlp.Generator(2, 2, hidden=(8,)), mlp.Discriminator(2, hidden=(8,)), objective, **options)


def round_of(gan, seed=0, step=0):
    real = torch.randn(6, 2, generator=torch.Generator().manual_seed(9))
    return gan.play(real, torch.Generator().manual_seed(seed), step=step)


@pytest.mark.parametrize("name", losses.OBJECTIVES)
def test_losses_are_the_objective_of_the_logits(name):
    gan = toy(name)
    batch = round_of(gan)
    real, fake = gan.discriminator(batch.real), gan.discriminator(gan.generator(batch.z))
    objective = losses.objective(name)
    assert torch.allclose(gan.discriminator_loss(batch), objective.discriminator(real, fake))
    assert torch.allclose(gan.generator_loss(batch), objective.generator(fake, real))


@pytest.mark.parametrize("name", losses.OBJECTIVES)
def test_each_loss_moves_its_own_player(name):
    """D's loss must not reach G (detach), and G's loss must reach G."""
    gan = toy(name)
    gan.discriminator_loss(round_of(gan)).backward()
    assert all(p.grad is None for p in gan.generator.parameters())
    assert any(p.grad is not None and p.grad.abs().sum() > 0 for p in gan.discriminator.parameters())
    gan.generator_loss(round_of(gan)).backward()
    assert any(p.grad.abs().sum() > 0 for p in gan.generator.parameters())


def test_lazy_penalty_keeps_its_average_strength():
    gan = toy(penalty=penalties.r1(2.0, every=4))
    plain = toy()
    extra = [(gan.discriminator_loss(round_of(gan, step=s)) - plain.discriminator_loss(round_of(plain))).item() for s in range(4)]
    full = penalties.r1(2.0)(gan.discriminator, round_of(gan).real, None).item()
    assert extra[0] == pytest.approx(4 * full, rel=1e-4)
    assert extra[1:] == pytest.approx([0, 0, 0], abs=1e-7)


def test_sampling_leaves_modes_and_statistics_alone():
    gan = GAN(dcgan.Generator(16, latent_dim=3, width=4), dcgan.Discriminator(16, width=4))
    before = {name: value.clone() for name, value in gan.generator.state_dict().items()}
    first, second = gan.sample(5, seed=1), gan.sample(5, seed=1)
    assert torch.equal(first, second)
    assert not torch.equal(first, gan.sample(5, seed=2))
    assert gan.generator.training
    assert not first.requires_grad
    for name, value in gan.generator.state_dict().items():
        assert torch.equal(before[name], value)


def test_refreshed_statistics_are_those_of_the_weights():
    torch.manual_seed(0)
    gan = GAN(mlp.Generator(3, 4, hidden=(5,), norm="batch"), mlp.Discriminator(4))
    linear, norm = gan.generator.layers[:2]
    gan.refresh_statistics(gan.generator, rounds=40, n=256)
    assert torch.allclose(norm.running_mean, linear.bias, atol=0.03)  # z has mean 0 and covariance I
    assert torch.allclose(norm.running_var, linear.weight.square().sum(1), rtol=0.05)
    assert norm.momentum == 0.1
    assert gan.generator.training


def disturbed(module, inputs, output):
    """A hook that draws from the global generator in training mode, as dropout does."""
    return output + torch.rand(()) * 0 if module.training else None


@pytest.mark.parametrize(
    "name", ["dcgan", "conditional", "video", "future", "vae_gan", "regressor", "text", "inpainting", "pix2pix"]
)
def test_looking_at_the_average_draws_nothing_from_the_trainings_stream(name):
    game, batches = joint_games.made(name)
    given = next(batches)
    real, second = given if isinstance(given, tuple) else (given, None)
    game.play(real, torch.Generator().manual_seed(0), second)  # some games remember what they were shown
    norms = batch_norms(game.generator)
    for layer in norms:
        layer.register_forward_hook(disturbed)
    before, means = torch.get_rng_state(), [layer.running_mean.clone() for layer in norms]
    game.refresh_statistics(game.generator)
    assert torch.equal(torch.get_rng_state(), before)
    assert any(not torch.equal(layer.running_mean, mean) for layer, mean in zip(norms, means, strict=True))


def test_looking_at_the_average_changes_no_training():
    def trained(looks):
        torch.manual_seed(0)
        layers = [nn.Linear(2, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.ReLU(), nn.Linear(8, 2)]
        game = GAN(nn.Sequential(*layers), mlp.Discriminator(2, hidden=(8,)), latent_dim=2)
        fit(game, data.Batches(torch.randn(64, 2), 16, seed=0), 6, ema=0.9, hooks=looks, progress=False)
        return game.generator.state_dict()

    alone, watched = trained([]), trained([(2, lambda run: run.generator)])
    assert all(torch.equal(value, watched[name]) for name, value in alone.items())


def test_bad_input_names_the_fix():
    for penalty in (10.0, "r1", penalties.r1):
        with pytest.raises(TypeError, match=r"such as losses.penalties.r1\(10.0\), not"):
            toy(penalty=penalty)
    with pytest.raises(TypeError, match="the discriminator must be a network"):
        GAN(mlp.Generator(2, 2), lambda x: x)
    with pytest.raises(ValueError, match="latent_dim"):
        GAN(torch.nn.Linear(2, 2), mlp.Discriminator(2))
    with pytest.raises(ValueError, match="did you mean 'hinge'"):
        toy("hinges")

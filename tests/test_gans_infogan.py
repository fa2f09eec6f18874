"""InfoGAN: codes, the bound of their information, and what Q learns from."""

import math

import pytest
import torch
import torch.nn.functional as F

from gancourse import losses
from gancourse.gans.ensemble import EnsembleBatches, stack
from gancourse.gans.infogan import Categorical, Codes, InfoGAN, Uniform, information_bound, mutual_information
from gancourse.models import mlp
from gancourse.models.latent_codes import CodeDiscriminator
from gancourse.training import fit

SHAPE = (1, 4, 4)


def source(seed=0):
    return torch.Generator().manual_seed(seed)


def pictures(n=12, seed=3):
    return torch.rand(n, *SHAPE, generator=source(seed)) * 2 - 1


CODES = Codes(2, (Categorical(3), Uniform(2)))


def info_networks(seed=0):
    torch.manual_seed(seed)
    generator = mlp.Generator(CODES.latent_dim, SHAPE, hidden=(12,), out="tanh")
    return generator, CodeDiscriminator(SHAPE, CODES.n_parameters, hidden=(16,))


def gradient(loss, parameters):
    found = torch.autograd.grad(loss, list(parameters), allow_unused=True, retain_graph=True)
    return [torch.zeros(1) if g is None else g for g in found]


def test_codes_are_laid_out_as_described():
    z = CODES.draw(500, source())
    category, numbers = CODES.split(z)
    assert z.shape == (500, CODES.latent_dim) == (500, 7)
    assert torch.equal(category.sum(1), torch.ones(500))
    assert numbers.abs().max() <= 1
    assert category.mean(0).tolist() == pytest.approx([1 / 3] * 3, abs=0.07)
    changed = CODES.replaced(z, 1, torch.tensor([0.5, -0.5]))
    assert torch.equal(changed[:, :5], z[:, :5])
    assert changed[:, 5:].unique(dim=0).tolist() == [[0.5, -0.5]]


def test_the_bound_is_below_the_information_and_touches_it_at_the_posterior():
    joint = torch.rand(3, 6, generator=source(), dtype=torch.float64)
    posterior = joint / joint.sum(0)
    assert information_bound(joint, posterior) == pytest.approx(mutual_information(joint), abs=1e-12)
    for seed in range(20):
        q = torch.rand(3, 6, generator=source(seed + 1), dtype=torch.float64)
        assert information_bound(joint, q / q.sum(0)) < mutual_information(joint)
    assert mutual_information(torch.eye(4)) == pytest.approx(math.log(4))
    assert mutual_information(torch.ones(3, 5)) == pytest.approx(0, abs=1e-12)


def test_a_reader_that_knows_reaches_the_entropy_and_one_that_guesses_zero():
    z = CODES.draw(64, source())
    category, numbers = CODES.split(z)
    knows = torch.cat([40 * category, numbers, torch.full_like(numbers, -20.0)], 1)
    bounds = CODES.bounds(knows, z)
    assert bounds[0].item() == pytest.approx(math.log(3), abs=1e-4)
    assert bounds[1].item() == pytest.approx(2 * (math.log(2) + 3 - math.log(2 * math.pi) / 2), abs=1e-4)  # std held at e^-3
    assert CODES.bounds(torch.zeros(64, 7), z)[0].item() == pytest.approx(0, abs=1e-6)
    assert torch.equal(CODES.read(knows)[0], category.argmax(1))


def test_losses_are_the_gan_and_the_bound():
    game = InfoGAN(*info_networks(), CODES, weight=(1.0, 0.5))
    batch = game.play(pictures(), source())
    out = game.discriminator(game.generator(batch.z))
    bounds = CODES.bounds(out[:, 1:], batch.z)
    d_plain = F.softplus(-game.discriminator(batch.real)[:, 0]).mean() + F.softplus(out[:, 0]).mean()
    assert game.discriminator_loss(batch).item() == pytest.approx((d_plain - bounds[0] - 0.5 * bounds[1]).item(), abs=1e-5)
    wanted = F.softplus(-out[:, 0]).mean() - bounds[0] - 0.5 * bounds[1]
    assert game.generator_loss(batch).item() == pytest.approx(wanted.item(), abs=1e-5)


def test_q_learns_from_fakes_alone():
    """The bug: Q taught on real images with the codes of fakes, which are drawn independently and say nothing of them."""
    game = InfoGAN(*info_networks(), CODES)
    head = [game.discriminator.layers[-1].weight]
    grads = []
    for seed in (3, 4):  # two different real batches, the same latents
        batch = game.play(pictures(seed=seed), source())
        grads.append(gradient(game.discriminator_loss(batch), head)[0][1:])
    assert torch.allclose(grads[0], grads[1], atol=1e-6)
    assert grads[0].abs().sum() > 0


def test_with_weight_zero_q_only_watches():
    generator, discriminator = info_networks()
    watched, plain = InfoGAN(generator, discriminator, CODES, weight=0.0), InfoGAN(generator, discriminator, CODES)
    batch = watched.play(pictures(), source())
    body = list(discriminator.layers[:-1].parameters())
    d_plain = F.softplus(-watched.judge(batch.real)).mean() + F.softplus(watched.judge(batch.fake.detach())).mean()
    for mine, theirs in zip(gradient(watched.discriminator_loss(batch), body), gradient(d_plain, body), strict=True):
        assert torch.allclose(mine, theirs, atol=1e-7)
    head = [discriminator.layers[-1].weight]
    watching, playing = (gradient(game.discriminator_loss(batch), head)[0] for game in (watched, plain))
    assert torch.allclose(watching, playing, atol=1e-6)  # the head itself learns as fast
    g_plain = F.softplus(-watched.judge(batch.fake)).mean()
    for mine, theirs in zip(
        gradient(watched.generator_loss(batch), generator.parameters()), gradient(g_plain, generator.parameters()), strict=True
    ):
        assert torch.allclose(mine, theirs, atol=1e-7)


def test_an_ensemble_of_infogans_is_its_members():
    pairs = [info_networks(seed) for seed in range(2)]
    weight = torch.tensor([[1.0, 0.5], [0.0, 0.0]])
    many = InfoGAN(stack([g for g, _ in pairs]), stack([d for _, d in pairs]), CODES, weight)
    real = torch.stack([pictures(seed=3), pictures(seed=4)])
    batch = many.play(real, source())
    d_sum = g_sum = 0.0
    for k in range(2):
        one = many.member(k)
        own = one.play(real[k], source())
        own.z, own.fake = batch.z[k], one.generator(batch.z[k])
        d_sum, g_sum = d_sum + one.discriminator_loss(own).item(), g_sum + one.generator_loss(own).item()
    assert many.discriminator_loss(batch).item() == pytest.approx(d_sum, rel=1e-5)
    assert many.generator_loss(batch).item() == pytest.approx(g_sum, rel=1e-5)
    run = fit(many, EnsembleBatches(pictures(40), 8, [0, 1]), 3, progress=False)
    assert set(run.history) >= {"bound_0", "bound_1"}


def test_a_member_keeps_what_the_game_was_given():
    networks = [(mlp.Generator(3, 2, hidden=(8,)), CodeDiscriminator(2, 2, hidden=(8,))) for _ in range(2)]
    codes = Codes(1, (Categorical(2),))
    game = InfoGAN(
        stack([g for g, _ in networks]), stack([d for _, d in networks]), codes, objective=losses.least_squares(0, 1, 0.5), seed=7
    )
    alone = game.member(1)
    assert alone.objective.name == losses.least_squares(0, 1, 0.5).name
    assert alone._own.initial_seed() == 7


@pytest.mark.parametrize("code", [Uniform, Categorical])
def test_codes_are_counted(code):
    with pytest.raises(TypeError, match="must be a whole number"):
        code(2.5)

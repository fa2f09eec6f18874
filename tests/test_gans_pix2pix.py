import math

import pytest
import torch
from torch import nn

from gancourse import training
from gancourse.gans.pix2pix import Pix2Pix
from gancourse.losses import penalties
from gancourse.models.patchgan import PatchGAN
from gancourse.models.spade import MultiScaleDiscriminator
from gancourse.models.unet import UNet


class Pairs:
    """An endless stream of pairs (a, 1 - a) whose place can be saved."""

    def __init__(self, n=4, size=32):
        self.source, self.shape = torch.Generator().manual_seed(0), (n, 1, size, size)

    def __iter__(self):
        return self

    def __next__(self):
        a = torch.rand(self.shape, generator=self.source)
        return a, 1 - a

    def state_dict(self):
        return {"source": self.source.get_state()}

    def load_state_dict(self, state):
        self.source.set_state(state["source"])


class Shift(nn.Module):
    """A translator with one number: a + w."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(0.5))

    def forward(self, a):
        return a + self.w


class Mean(nn.Module):
    """A discriminator with one number: w times the mean of each channel."""

    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.tensor(2.0))

    def forward(self, x):
        return self.w * x.mean((2, 3))[:, :, None, None]


def small(**options):
    torch.manual_seed(0)
    conditional = options.get("conditional", True)
    return Pix2Pix(UNet(1, 1, 32, 4, dropout=0.0), PatchGAN(1 + conditional, 4, 1), **options)


def play(game, stream=None):
    a, b = next(stream or Pairs())
    return game.play(a, torch.Generator(), labels=b), a, b


def test_losses_are_the_papers_by_hand():
    game = Pix2Pix(Shift(), Mean())
    batch, a, b = play(game)
    softplus = nn.functional.softplus
    real, fake = 2 * torch.cat([a, b], 1).mean((2, 3)), 2 * torch.cat([a, a + 0.5], 1).mean((2, 3))
    expected = 0.5 * (softplus(-real).mean() + softplus(fake).mean())
    assert game.discriminator_loss(batch).item() == pytest.approx(expected.item(), rel=1e-6)
    expected = softplus(-fake).mean() + 100 * (a + 0.5 - b).abs().mean()
    assert game.generator_loss(batch).item() == pytest.approx(expected.item(), rel=1e-6)


def test_the_l2_reconstruction_and_the_discriminators_weight():
    game = Pix2Pix(Shift(), Mean(), adversarial=0, l1=3, reconstruction="l2")
    batch, a, b = play(game)
    assert game.generator_loss(batch).item() == pytest.approx(3 * (a + 0.5 - b).square().mean().item(), rel=1e-6)
    one, half = (Pix2Pix(Shift(), Mean(), discriminator_weight=w) for w in (1.0, 0.5))
    assert one.discriminator_loss(batch).item() == pytest.approx(2 * half.discriminator_loss(batch).item())


@pytest.mark.parametrize("conditional", [True, False])
def test_only_a_conditional_discriminator_sees_the_input(conditional):
    game = small(conditional=conditional, l1=0)
    batch, a, _ = play(game)
    before = game.discriminator_loss(batch)
    batch.labels = batch.labels.flip(0)  # the inputs of other pairs
    assert (game.discriminator_loss(batch) != before) == conditional


def test_without_the_adversarial_term_the_discriminator_rests():
    game = small(adversarial=0)
    before = [parameter.clone() for parameter in game.discriminator.parameters()]
    run = training.fit(game, Pairs(), 3, progress=False)
    for old, new in zip(before, game.discriminator.parameters(), strict=True):
        assert torch.equal(old, new)
    assert "adversarial" not in run.history


def test_gradients_do_not_leak_between_the_players():
    game = small()
    batch, _, _ = play(game)
    game.discriminator_loss(batch).backward()
    assert all(parameter.grad is None for parameter in game.generator.parameters())


@pytest.mark.parametrize("objective", ["non_saturating", "least_squares", "hinge", "relativistic"])
def test_learns_to_invert(objective):
    game = small(objective=objective)
    run = training.fit(game, Pairs(), 30, lr=2e-3, progress=False)
    assert run.history["reconstruction"][-1] < 0.75 * run.history["reconstruction"][0]
    assert run.sample(3).shape == (3, 1, 32, 32)


def test_a_run_goes_on_bit_for_bit_with_average_and_dropout(tmp_path):
    def run(steps, file):
        torch.manual_seed(0)
        game = Pix2Pix(UNet(1, 1, 64, 2), PatchGAN(2, 2, 1))
        return training.fit(game, Pairs(size=64), steps, ema=0.9, progress=False, checkpoint=tmp_path / file)

    whole = run(4, "whole")
    run(2, "part")
    resumed = run(4, "part")
    assert torch.equal(whole.sample(4), resumed.sample(4))
    for one, other in zip(whole.generator.state_dict().values(), resumed.generator.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_measuring_the_averages_statistics_leaves_the_random_stream_alone():
    game = Pix2Pix(UNet(1, 1, 64, 2), PatchGAN(2, 2, 1))
    play(game, Pairs(size=64))
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    game.refresh_statistics(game.generator)
    assert torch.equal(torch.rand(3), expected)


def test_scales_and_feature_matching():
    torch.manual_seed(0)
    generator = UNet(1, 1, 32, 2, dropout=0.0)
    game = Pix2Pix(generator, MultiScaleDiscriminator(2, 2), "hinge", l1=0, feature_matching=10)
    batch, a, b = play(game)
    game.discriminator_loss(batch).backward()
    game.generator_loss(batch).backward()
    assert batch.log["feature_matching"] > 0
    batch.fake = batch.real  # nothing to match any more
    game.discriminator.eval()  # power iteration would move the maps between the two calls
    game.generator_loss(batch)
    assert batch.log["feature_matching"].item() == 0
    assert math.isfinite(game.discriminator_loss(batch).item())


def test_bad_settings_name_the_fix():
    with pytest.raises(ValueError, match="set l1 or adversarial above 0"):
        Pix2Pix(Shift(), Mean(), l1=0, adversarial=0)
    with pytest.raises(ValueError, match="did you mean 'l1'"):
        Pix2Pix(Shift(), Mean(), reconstruction="l_1")
    with pytest.raises(ValueError, match="has no method features"):
        Pix2Pix(Shift(), Mean(), feature_matching=10)
    with pytest.raises(ValueError, match=r"batches of \(a, b\)"):
        Pix2Pix(Shift(), Mean()).play(torch.zeros(1, 1, 4, 4), torch.Generator())
    with pytest.raises(ValueError, match="has seen no input yet"):
        Pix2Pix(Shift(), Mean()).sample(2)


@pytest.mark.parametrize("discriminator", [PatchGAN(2, 4, 1, norm="none"), MultiScaleDiscriminator(2, 4, layers=2)])
def test_a_penalty_is_on_the_mean_over_patches_and_scales(discriminator):
    torch.manual_seed(0)
    game = Pix2Pix(UNet(1, 1, 32, 4, dropout=0.0), discriminator, penalty=penalties.r1(1.0))
    batch, _, _ = play(game)
    game.discriminator_loss(batch)
    x = torch.cat([batch.labels, batch.real], 1).requires_grad_(True)
    scales = discriminator(x) if isinstance(discriminator, MultiScaleDiscriminator) else [discriminator(x)]
    mean = sum(scale.mean((1, 2, 3)) for scale in scales) / len(scales)
    (slope,) = torch.autograd.grad(mean.sum(), x)
    assert batch.log["penalty"].item() == pytest.approx(
        slope.square().sum((1, 2, 3)).mean().item() / 2, rel=5e-3
    )  # spectral norm iterates on

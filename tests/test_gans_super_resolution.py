import pytest
import torch

from gancourse import training
from gancourse.data import Batches
from gancourse.data.corruptions import downscale
from gancourse.gans.super_resolution import SuperResolution
from gancourse.models.encoder_decoder import SRDiscriminator, SRResNet


def pictures(n=16):
    return torch.rand(n, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


def game(**options):
    torch.manual_seed(0)
    return SuperResolution(SRResNet(4, 4, 1), SRDiscriminator(16, 2), **options)


def test_the_generator_sees_the_small_picture_alone():
    player = game()
    y = pictures(2)
    batch = player.play(y, torch.Generator())
    assert torch.equal(batch.z, downscale(y, 4))
    player.generator.eval()
    assert torch.allclose(player.translate(batch.z), player.generator(batch.z))


def test_the_scale_decides_how_small():
    torch.manual_seed(0)
    doubling = torch.nn.Upsample(scale_factor=2)
    player = SuperResolution(doubling, SRDiscriminator(16, 2), scale=2)
    batch = player.play(pictures(2), torch.Generator())
    assert torch.equal(batch.z, downscale(pictures(2), 2))
    assert batch.fake.shape == (2, 3, 16, 16)


def test_losses_by_hand():
    player = game()
    batch = player.play(pictures(4), torch.Generator())
    player.discriminator.eval()
    error = (batch.fake - batch.real).square().mean()
    fooled = torch.nn.functional.softplus(-player.discriminator(batch.fake)).mean()
    assert player.generator_loss(batch).item() == pytest.approx((error + 1e-3 * fooled).item(), rel=1e-5)


def test_content_compares_features():
    player = game(content=lambda x: x.mean((2, 3)), adversarial=0, pixels=0.5)
    batch = player.play(pictures(4), torch.Generator())
    features = (batch.fake.mean((2, 3)) - batch.real.mean((2, 3))).square().mean()
    expected = features + 0.5 * (batch.fake - batch.real).square().mean()
    assert player.generator_loss(batch).item() == pytest.approx(expected.item(), rel=1e-5)
    assert player.discriminator_loss(batch).item() == 0


@pytest.mark.parametrize("objective", ["non_saturating", "relativistic"])
def test_a_run(objective):
    run = training.fit(game(objective=objective), Batches(pictures(), 4), 3, ema=0.9, progress=False)
    assert run.sample(4).shape == (4, 3, 16, 16)
    assert {"pixels", "adversarial"} <= run.history.keys()


def test_weights_below_zero_are_refused():
    with pytest.raises(ValueError, match="0 or more"):
        game(adversarial=-1)

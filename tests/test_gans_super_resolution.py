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


def test_a_content_network_stays_as_it_came():
    torch.manual_seed(0)
    content = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.BatchNorm2d(2), torch.nn.Dropout(0.5))
    for given in (content, content.forward):
        player = game(content=given)
        before = {name: value.clone() for name, value in content.state_dict().items()}
        run = training.fit(player, Batches(pictures(), 4), 2, progress=False, precision="float32")
        assert all(torch.equal(before[name], value) for name, value in content.state_dict().items())
        kept = run.gan.content if given is content else run.gan.content.__self__
        assert all(torch.equal(before[name], value) for name, value in kept.state_dict().items()) and not kept.training
        assert content.training and all(p.grad is None for p in (*content.parameters(), *kept.parameters()))


@pytest.mark.parametrize("objective", ["non_saturating", "relativistic"])
def test_a_run(objective):
    run = training.fit(game(objective=objective), Batches(pictures(), 4), 3, ema=0.9, progress=False)
    assert run.sample(4).shape == (4, 3, 16, 16)
    assert {"pixels", "adversarial"} <= run.history.keys()


def test_weights_below_zero_are_refused():
    with pytest.raises(ValueError, match="0 or more"):
        game(adversarial=-1)
    with pytest.raises(ValueError, match="pixels is a weight beside a content function"):
        game(pixels=5.0)
    with pytest.raises(TypeError, match="content must be a network or a function"):
        game(content="vgg")

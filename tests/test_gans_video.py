import pytest
import torch

from gancourse.data import Batches, flying_balls
from gancourse.gans.gan import GAN
from gancourse.gans.video import VideoGAN
from gancourse.models import video
from gancourse.training import fit


def made(sparsity=0.1):
    torch.manual_seed(0)
    return VideoGAN(video.TwoStream(16, 4, 2), video.Discriminator(16, 2), sparsity=sparsity)


def real():
    return flying_balls(16, 4).frames.float() / 127.5 - 1


def test_the_loss_is_the_gans_and_the_price_of_the_mask():
    plain, paid = made(0.0), made(0.5)
    batches = [game.play(real(), torch.Generator().manual_seed(1)) for game in (plain, paid)]
    assert torch.equal(batches[0].fake, batches[1].fake) and batches[1].mask.shape == (4, 1, 8, 16, 16)
    losses = [game.generator_loss(batch) for game, batch in zip((plain, paid), batches, strict=True)]
    assert (losses[1] - losses[0]).item() == pytest.approx(0.5 * batches[1].mask.mean().item(), abs=1e-6)
    assert batches[1].log["mask"] == batches[1].mask.mean()


def test_the_price_closes_the_mask():
    games = [made(0.0), made(20.0)]
    shares = []
    for game in games:
        fit(game, Batches(flying_balls(16, 8).frames, 4), 12, lr=5e-3, progress=False, precision="float32")
        with torch.no_grad():
            shares.append(game.generator.streams(torch.randn(8, 4)).mask.mean().item())
    assert shares[1] < shares[0] - 0.1


def test_a_generator_without_streams_is_refused_and_plays_a_plain_gan():
    with pytest.raises(TypeError, match=r"streams\(z\)"):
        VideoGAN(video.OneStream(16, 4, 2), video.Discriminator(16, 2))
    with pytest.raises(ValueError, match="sparsity must be 0 or more"):
        made(-1)
    run = fit(
        GAN(video.OneStream(16, 4, 2), video.Discriminator(16, 2)), Batches(flying_balls(16, 4).frames, 2), 2, progress=False
    )
    assert run.sample(2).shape == (2, 3, 8, 16, 16)

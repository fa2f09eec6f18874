import pytest
import torch
from torch import nn

from gancourse.data import Batches, flying_balls
from gancourse.gans.gan import GAN
from gancourse.gans.video import FutureGAN, VideoGAN
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


def future(first=10.0):
    torch.manual_seed(0)
    players = video.Future(16, 6, 4, 2), video.Discriminator(16, 2, norm=False)
    return FutureGAN(*players, "relativistic", stills=real()[:, :, 0], first=first, sparsity=0.0)


def test_the_future_pays_for_losing_its_first_frame():
    free, paid = future(0.0), future(3.0)
    batches = [game.play(real(), torch.Generator().manual_seed(1)) for game in (free, paid)]
    assert torch.equal(batches[0].fake, batches[1].fake)
    losses = [game.generator_loss(batch).item() for game, batch in zip((free, paid), batches, strict=True)]
    gap = (batches[0].fake[:, :, 0] - batches[0].real[:, :, 0]).square().mean()
    assert losses[1] - losses[0] == pytest.approx(3 * gap.item(), abs=1e-5) and batches[0].log["first"] == gap


def test_a_future_learns_its_first_frame_and_samples_from_stills():
    game = future(50.0)
    run = fit(game, Batches(flying_balls(16, 4).frames, 4), 40, lr=5e-3, ema=0.5, progress=False, precision="float32")
    assert run.history["first"][-1] < 0.5 * run.history["first"][0]
    assert run.sample(3).shape == (3, 3, 8, 16, 16) and not torch.equal(run.sample(3, seed=1), run.sample(3, seed=2))
    with pytest.raises(ValueError, match="4 stills"):
        game.sample(5)


def test_a_rest_of_one_still_weighs_no_more_than_the_others():
    many = real()[:, :, 0].repeat(17, 1, 1, 1)[:65]
    found = []
    for stills in (many[:64], torch.cat([many[:64], torch.ones_like(many[:1])])):
        game = future()
        game.stills = stills
        game.refresh_statistics(game.generator)
        found.append({name: value for name, value in game.generator.state_dict().items() if "running" in name})
    assert found[0] and all(torch.equal(value, found[1][name]) for name, value in found[0].items())


def test_one_still_on_a_map_of_one_pixel_has_no_statistics_and_is_told_early():
    class OnePixel(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm1d(3)

        def forward(self, x, z):
            return self.norm(x.mean((2, 3)))

    game = future()
    game.check_average(OnePixel())
    game.stills = game.stills[:1]
    with pytest.raises(ValueError, match="on two examples or more .*, or train without ema"):
        game.check_average(OnePixel())

import pytest
import torch
from torch import nn

from gancourse.base import networks
from gancourse.data import furniture
from gancourse.gans.vae_gan import VAEGAN
from gancourse.models import voxels
from gancourse.theory.likelihood import gaussian_kl
from gancourse.training import fit

SHAPES = furniture(16, 8).voxels


def pictures():
    """Seen from the front: how much is full behind each place, floats [8, 1, 16, 16]."""
    return (SHAPES.float() / 255).mean(3)


def made(**options):
    torch.manual_seed(0)
    players = voxels.FromPicture(16, 4, 2, picture_size=16, encoder_width=2)
    return VAEGAN(players, voxels.Discriminator(16, 2, norm=False), "relativistic", seen=pictures(), **options)


def test_the_loss_is_the_games_and_the_two_prices():
    real = SHAPES.float() / 127.5 - 1
    prices = ({"kl": 0.0, "rebuild": 0.0}, {"kl": 2.0, "rebuild": 0.0}, {"kl": 0.0, "rebuild": 3.0})
    games = [made(**price) for price in prices]
    batches = [game.play(real, torch.Generator().manual_seed(1), pictures()) for game in games]
    assert all(torch.equal(batches[0].fake, batch.fake) for batch in batches) and batches[0].rebuilt.shape == real.shape
    free, coded, rebuilt = (game.generator_loss(batch).item() for game, batch in zip(games, batches, strict=True))
    assert coded - free == pytest.approx(2 * gaussian_kl(*batches[0].code).mean().item(), rel=1e-3)
    assert rebuilt - free == pytest.approx(3 * (batches[0].rebuilt - real).square().mean().item(), rel=1e-3)


def test_it_learns_to_rebuild_and_an_average_has_statistics_of_its_own():
    batches = [(SHAPES.float() / 127.5 - 1, pictures())] * 60
    run = fit(made(rebuild=50.0), batches, 60, lr=5e-3, ema=0.5, progress=False, precision="float32")
    assert run.history["lost"][-1] < 0.6 * run.history["lost"][0]
    assert run.sample(3).shape == (3, 1, 16, 16, 16)
    average = run.generator
    found = {name: value.clone() for name, value in average.named_buffers() if "running" in name}
    with networks.measuring_statistics(average, 1):  # on the pictures and on noise, as it was trained
        source = torch.Generator().manual_seed(0)
        code = average.encode(pictures())
        run.gan._made(average, run.gan.latents(8, source), code, source)
    assert found and all(torch.allclose(average.get_buffer(name), value, atol=1e-6) for name, value in found.items())


def test_a_rest_of_one_picture_weighs_no_more_than_the_others():
    found = []
    for rest in (0, 1):
        game = made()
        game.seen = torch.cat([pictures(), 9 * pictures()[:rest]])
        game.refresh_statistics(game.generator, n=8)
        found.append({name: value for name, value in game.generator.state_dict().items() if "running" in name})
    assert found[0] and all(torch.equal(value, found[1][name]) for name, value in found[0].items())


def test_what_it_cannot_play_with_is_refused_with_the_fix():
    with pytest.raises(ValueError, match=r"needs pairs: pass batches \(x, y\)"):
        made().play(SHAPES.float(), torch.Generator())
    with pytest.raises(TypeError, match=r"encode\(y\)"):
        VAEGAN(voxels.Generator(16, 4, 2), voxels.Discriminator(16, 2), seen=pictures())
    with pytest.raises(ValueError, match="rebuild must be 0 or more"):
        made(rebuild=-1)


def test_one_picture_on_a_map_of_one_pixel_has_no_statistics_and_is_told_early():
    class OnePixel(nn.Module):
        def __init__(self):
            super().__init__()
            self.norm = nn.BatchNorm1d(1)

        def encode(self, y):
            return self.norm(y.mean((2, 3)))

    game = made()
    game.check_average(OnePixel())
    game.seen = game.seen[:1]
    with pytest.raises(ValueError, match="on two examples or more .*, or train without ema"):
        game.check_average(OnePixel())

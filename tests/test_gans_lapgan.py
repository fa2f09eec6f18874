import numpy as np
import pytest
import torch
from torch import nn

from gancourse.data import Batches
from gancourse.gans.augmented import AdaptiveProbability, AugmentedGAN
from gancourse.gans.gan import GAN
from gancourse.gans.lapgan import LAPGAN, DetailGAN, collapsed, halved, pyramid
from gancourse.gans.packed import PackedGAN
from gancourse.gans.wgan import WGAN
from gancourse.losses import penalties
from gancourse.models import lapgan, mlp
from gancourse.models.layers.resample import enlarged
from gancourse.training import fit


def pictures(n=6, side=16, seed=0):
    return torch.rand(n, 1, side, side, generator=torch.Generator().manual_seed(seed)) * 2 - 1


def level(size=16):
    torch.manual_seed(0)
    return DetailGAN(lapgan.DetailGenerator(size, 4, 4), lapgan.DetailDiscriminator(size, 4))


def test_a_pyramid_can_be_put_together_again():
    x = pictures()
    small, details = pyramid(x, 2)
    assert small.shape == (6, 1, 4, 4) and [d.shape[2] for d in details] == [8, 16]
    assert torch.allclose(collapsed(small, details), x, atol=1e-6)
    assert torch.allclose(halved(x)[0, 0, 0, 0], x[0, 0, :2, :2].mean())


def test_a_smooth_picture_has_hardly_any_detail():
    slope = torch.linspace(-1, 1, 16).expand(1, 1, 16, 16)
    assert pyramid(slope, 1)[1][0][:, :, :, 1:-1].abs().max() < 1e-5
    assert pyramid(pictures(), 1)[1][0].abs().mean() > 0.2


def test_the_fake_is_the_enlargement_and_a_detail():
    game = level()
    batch = game.play(pictures(), torch.Generator().manual_seed(1))
    assert torch.allclose(batch.base, enlarged(halved(pictures())))
    assert torch.allclose(batch.fake, batch.base + game.generator(batch.z, batch.base))
    assert torch.allclose(game.judge(batch.real, batch), game.discriminator(torch.cat([batch.base, batch.real], 1)))


def test_each_loss_moves_its_own_player():
    game = level()
    batch = game.play(pictures(), torch.Generator().manual_seed(1))
    game.discriminator_loss(batch).backward()
    assert all(p.grad is None for p in game.generator.parameters())
    game.generator_loss(batch).backward()
    assert all(p.grad.abs().sum() > 0 for p in game.generator.parameters())


def test_levels_follow_one_another():
    game = whole()
    sizes = game.sizes(5, seed=3)
    assert [x.shape[2] for x in sizes] == [8, 16, 32]
    assert torch.equal(sizes[1], game.games[1].finer(sizes[0], seed=4))
    assert not torch.equal(game.games[1].finer(sizes[0], seed=5), sizes[1])


def test_a_level_trains_and_cannot_draw_from_nothing():
    run = fit(level(), Batches(pictures(12), 6), 3, ema=0.9, progress=False)
    assert len(run.history["g_loss"]) == 3
    with pytest.raises(ValueError, match=r"finer\(small\)"):
        run.sample(2)


def test_odd_sides_are_named():
    with pytest.raises(ValueError, match="even sides"):
        halved(torch.zeros(1, 1, 7, 8))


def whole(seed=0):
    torch.manual_seed(seed)
    base = GAN(mlp.Generator(3, (1, 8, 8), (8,), out="tanh"), mlp.Discriminator((1, 8, 8), (8,)))
    return LAPGAN(base, [level(16), level(32)])


def test_side_by_side_every_game_is_shown_real_halves():
    game, x = whole(), pictures(side=32)
    batch = game.play(x, torch.Generator().manual_seed(1))
    assert torch.equal(batch.rounds[2].real, x) and torch.equal(batch.rounds[1].real, halved(x))
    assert torch.equal(batch.rounds[0].real, halved(halved(x))) and torch.equal(batch.fake, batch.rounds[2].fake)
    assert torch.allclose(batch.rounds[2].base, enlarged(halved(x)))
    lone = [one.discriminator_loss(part) for one, part in zip(game.games, batch.rounds, strict=True)]
    assert torch.allclose(game.discriminator_loss(batch), sum(lone))


def test_a_critic_among_them_is_clipped():
    game = LAPGAN(WGAN(mlp.Generator(3, (1, 8, 8), (8,)), mlp.Discriminator((1, 8, 8), (8,)), clip=0.01), [level(16)])
    fit(game, Batches(pictures(12), 6), 3, progress=False)
    assert max(p.abs().max() for p in game.games[0].discriminator.parameters()) <= 0.01


def adaptive():
    sketch = whole().games[0]
    sketch.penalty = penalties.r1(1.0)
    control = AdaptiveProbability(-0.99, 100, every=1)
    return LAPGAN(AugmentedGAN(sketch, "flip,cutout", control=control), [level(16)])


def test_what_the_games_remember_and_log_is_the_whole_games(tmp_path):
    def train(steps, game, **options):
        return fit(game, Batches(pictures(12), 8, seed=0), steps, progress=False, **options)

    whole = train(6, adaptive())
    assert whole.history["p_0"].max() > 0  # it moves
    assert np.isfinite(whole.history["penalty_0"]).all()
    train(3, adaptive(), checkpoint=tmp_path / "run")
    resumed = train(6, adaptive(), checkpoint=tmp_path / "run")
    for name, column in whole.history.items():
        assert np.array_equal(column, resumed.history[name]), name
    assert resumed.gan.games[0].control.p == whole.gan.games[0].control.p


def test_a_state_from_before_games_were_asked_says_nothing():
    game = adaptive()
    before = game.state_dict()["0"]["source"]
    game.load_state_dict({})
    assert torch.equal(game.state_dict()["0"]["source"], before)


def test_packs_of_every_game_stay_together():
    packed = PackedGAN(mlp.Generator(3, (1, 8, 8), (8,)), mlp.Discriminator((2, 8, 8), (8,)), m=2)
    assert LAPGAN(packed, [level(16)]).together == 2


def test_no_game_moves_the_players_of_another():
    game = whole()
    batch = game.play(pictures(side=32), torch.Generator().manual_seed(1))
    game.games[1].generator_loss(batch.rounds[1]).backward()
    moved = [any(p.grad is not None for p in one.generator.parameters()) for one in game.games]
    assert moved == [False, True, False]


def test_sizes_follow_one_another_and_an_averaged_copy_draws_too():
    run = fit(whole(), Batches(pictures(12, 32), 6), 3, ema=0.9, progress=False)
    sizes = run.gan.sizes(5, 3, run.generator)
    assert [x.shape[2] for x in sizes] == [8, 16, 32] and torch.equal(sizes[-1], run.sample(5, seed=3))
    assert torch.equal(run.gan.up(sizes[:1], 3, run.generator)[-1], sizes[-1])
    assert torch.equal(run.gan.games[1].finer(sizes[0], 4, run.generator[1]), sizes[1])


class Normalised(lapgan.DetailGenerator):
    """Details with batch normalisation."""

    def __init__(self):
        super().__init__(16, 4, 4)
        self.norm = nn.BatchNorm2d(1)

    def forward(self, z, base):
        return self.norm(super().forward(z, base))


def test_batch_normalisation_is_refused_where_an_average_is_asked_for_and_before_the_first_step():
    def game():
        torch.manual_seed(0)
        return DetailGAN(Normalised(), lapgan.DetailDiscriminator(16, 4))

    run = fit(game(), Batches(pictures(12), 6), 2, progress=False)
    assert run.gan.finer(pictures(2, 8)).shape == (2, 1, 16, 16)
    assert fit(LAPGAN(whole().games[0], [game()]), Batches(pictures(12), 6), 1, progress=False).sample(2).shape == (2, 1, 16, 16)
    met = []
    pyramid = LAPGAN(whole().games[0], [game()])
    for one in (game(), pyramid, AugmentedGAN(game(), "flip", p=0.5)):
        with pytest.raises(ValueError, match=r"train without ema, or leave the generator's batch normalisation out"):
            fit(one, Batches(pictures(12), 6), 2, ema=0.9, hooks=[(1, met.append)], progress=False)
    assert met == []

"""The game in the plane: its steps are those of the games it stands for, and its measures are exact."""

from __future__ import annotations

import copy
import math

import pytest
import torch

from gancourse.gans.gan import GAN, Batch
from gancourse.gans.wgan import WGAN, WGANGP, LineBatch
from gancourse.losses import OBJECTIVES
from gancourse.losses.penalties import r1, r1_r2
from gancourse.training import playground
from gancourse.training.playground import MEASURES, Playground, rounds
from gancourse.training.rules import Rules


def twin(rules: Rules, game: Playground) -> GAN:
    """The same players in the game of :mod:`gancourse.gans` that the rules name."""
    g, d = (copy.deepcopy(player).requires_grad_(True) for player in (game.generator, game.discriminator))
    if rules.penalty == "gradient":
        return WGANGP(g, d, weight=rules.strength, objective=rules.objective)
    if rules.penalty == "clip":
        return WGAN(g, d, clip=rules.strength, objective=rules.objective)
    penalty = {"none": lambda _: None, "r1": r1, "r1_r2": r1_r2}[rules.penalty](rules.strength)
    return GAN(g, d, rules.objective, penalty)


def drawn(game: Playground, source: torch.Generator, pool: list[torch.Tensor], line: bool) -> Batch:
    """What the game will draw next: the same calls in the same order."""
    if not pool:
        pool += game.data.sample(playground.POOL * playground.BATCH, generator=source).split(playground.BATCH)
    real, z = pool.pop(), game.latents(playground.BATCH, source)
    batch = Batch(real, z, torch.empty(0))
    return LineBatch(**vars(batch), epsilon=torch.rand(playground.BATCH, generator=source)) if line else batch


CASES = [(objective, "none") for objective in OBJECTIVES] + [
    ("relativistic", "r1_r2"),
    ("non_saturating", "r1"),
    ("wasserstein", "gradient"),
    ("wasserstein", "clip"),
]


@pytest.mark.parametrize(("objective", "penalty"), CASES)
def test_a_round_is_the_round_of_the_game_itself(objective, penalty) -> None:
    rules = Rules(data="ring", objective=objective, penalty=penalty, strength=0.3, k=2, width=8, g_optimizer="sgd", g_lr=0.1)
    game = Playground(rules, seed=3)
    gan, source, pool = twin(rules, game), torch.Generator(), []
    source.set_state(game.source.get_state())
    of_d, of_g = torch.optim.Adam(gan.discriminator.parameters(), rules.d_lr, (0.5, 0.999)), torch.optim.SGD(
        gan.generator.parameters(), rules.g_lr
    )  # fmt: skip
    for _ in range(3):
        for _ in range(rules.k):
            batch = drawn(game, source, pool, penalty == "gradient")
            batch.fake = gan.generator(batch.z)
            of_d.zero_grad()
            gan.discriminator_loss(batch).backward()
            of_d.step()
            gan.after_discriminator_step()
        of_g.zero_grad()
        gan.generator_loss(batch).backward()
        of_g.step()
        game.step()
        slope = math.sqrt(sum(float(p.grad.square().sum()) for p in gan.generator.parameters()))
        assert game.slope == pytest.approx(slope, rel=1e-3)
    for ours, theirs in ((game.generator, gan.generator), (game.discriminator, gan.discriminator)):
        for mine, other in zip(ours.parameters(), theirs.parameters(), strict=True):
            torch.testing.assert_close(mine, other.detach(), rtol=2e-3, atol=2e-5)


def test_a_game_is_its_rules_and_seed_and_leaves_other_random_numbers_alone() -> None:
    torch.manual_seed(5)
    state = torch.get_rng_state()
    one, two, three = Playground(Rules(), 1), Playground(Rules(), 1), Playground(Rules(), 2)
    for game in (one, two, three):
        rounds(game, 3)
        game.frame()
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.equal(one.frame().fake, two.frame().fake)
    assert not torch.equal(one.frame().fake, three.frame().fake)
    after = one.frame().fake
    one.restart()
    assert one.g_steps == 0 and one.history == []
    rounds(one, 3)
    assert torch.equal(one.frame().fake, after), "looking at a game and starting it again change nothing"


def test_steps_of_one_player_move_that_player() -> None:
    game = Playground(Rules(width=8))
    g, d = game._g.weights.clone(), game._d.weights.clone()
    game.step_discriminator()
    assert torch.equal(game._g.weights, g) and not torch.equal(game._d.weights, d)
    d = game._d.weights.clone()
    game.step_generator()
    game.step_generator()
    assert torch.equal(game._d.weights, d) and not torch.equal(game._g.weights, g)
    assert (game.d_steps, game.g_steps) == (1, 2)


@pytest.mark.parametrize("latent_dim", [1, 2])
@pytest.mark.parametrize("noise", ["gaussian", "uniform"])
def test_a_frame_holds_what_its_docstring_says(latent_dim, noise) -> None:
    game = Playground(Rules(data="ring", latent_dim=latent_dim, noise=noise, width=8))
    game.step()
    game.measure()
    frame = game.frame()
    n = playground.LATTICE
    assert frame.lattice.shape == ((n, n, 2) if latent_dim == 2 else (1, 8 * n, 2))
    assert frame.surface.shape == (40, 40) and 0 <= frame.surface.min() <= frame.surface.max() <= 1
    assert frame.real.shape == frame.fake.shape == (playground.SHOWN, 2) and frame.arrows.shape == (playground.ARROWS, 2)
    assert frame.history.shape == (1, len(MEASURES)) and frame.numbers["total"] == 8
    z = game.latents(4000, torch.Generator().manual_seed(0))
    assert z.shape == (4000, latent_dim)
    assert z.abs().max() <= 1 if noise == "uniform" else 0.9 < z.std() < 1.1


def test_the_surface_is_d_over_the_plane() -> None:
    game = Playground(Rules(width=8))
    surface = game.surface()
    at = torch.tensor([[-2.0, -2.0], [2.0, -2.0], [-2.0, 2.0]])
    corner = game.discriminator(at).sigmoid()
    torch.testing.assert_close(torch.stack([surface[0, 0], surface[0, -1], surface[-1, 0]]), corner)
    game.change(objective="wasserstein")
    assert (float(game.surface().min()), float(game.surface().max())) == (0, 1)
    game.change(objective="least_squares_pm1")
    torch.testing.assert_close(game.surface()[0, 0], (game.discriminator(at[:1])[0] / 2 + 0.5).clamp(0, 1))


def test_arrows_point_where_the_loss_falls() -> None:
    game = Playground(Rules(objective="non_saturating", width=16))
    rounds(game, 20)
    frame = game.frame()
    x = frame.fake[: playground.ARROWS].clone().requires_grad_()
    torch.nn.functional.softplus(-game.discriminator(x)).sum().backward()
    torch.testing.assert_close(frame.arrows, -x.grad, rtol=1e-4, atol=1e-6)


def test_every_sample_enters_the_distance() -> None:
    """GAN Lab's compares a few dozen of its 450 samples: a shift of all of them must be seen whole."""
    game = Playground(Rules(data="blob"))
    game.generator.forward = lambda z: torch.full((len(z), 2), 0.0)
    near = game.measure()["wasserstein"]
    game.generator.forward = lambda z: torch.full((len(z), 2), 0.0) + torch.tensor([3.0, 4.0])
    assert game.measure()["wasserstein"] == pytest.approx(5, abs=0.05) and near < 0.3
    game.generator.forward = lambda z: torch.cat([torch.zeros(len(z) - 20, 2), torch.full((20, 2), 40.0)]).roll(20, 0)
    assert game.measure()["wasserstein"] > near + 4, "twenty samples of two hundred far away are seen"


def test_modes_are_counted_where_there_are_any() -> None:
    game = Playground(Rules(data="ring"))
    modes = game.data.modes
    game.generator.forward = lambda z: modes[torch.arange(len(z)) % 5]
    assert game.measure()["modes"] == 5
    game.change(data="moons")
    assert math.isnan(game.measure()["modes"]) and math.isnan(game.frame().numbers["total"])


def test_a_round_has_one_row_however_often_it_is_measured() -> None:
    game = Playground(Rules(width=0, data="point"))
    rounds(game, 1, every=1)
    first = game.history[0]
    game.measure()
    game.step_discriminator()
    game.measure()
    (row,) = game.history
    assert row[0] == first[0] == 1 and row[2] == first[2] and row[1] != first[1]


def test_the_history_is_thinned_and_keeps_its_ends() -> None:
    game = Playground(Rules(width=0, data="blob"))
    game.step()
    for _ in range(playground.ROWS + 30):
        game.g_steps += 1
        game.measure()
    steps = [row[0] for row in game.history]
    assert len(steps) <= playground.ROWS and steps == sorted(set(steps)) and steps[-1] == game.g_steps
    assert steps[0] <= 3


def test_rules_change_while_the_game_goes_on() -> None:
    game = Playground(Rules(width=8, d_lr=0.0, g_lr=0.0))
    weights = game._d.weights
    rounds(game, 2)
    before = weights.clone()
    game.change(d_lr=0.01, objective="hinge", penalty="r1", data="ring", k=3)
    assert game._d.weights is weights and game.g_steps == 2
    game.step()
    assert not torch.equal(weights, before) and game.d_steps == 5
    game.change(width=16)
    assert game.g_steps == 0 and game._d.weights.numel() > weights.numel()
    with pytest.raises(ValueError, match="paint points"):
        game.change(data="painted")
    assert game.rules.data == "ring", "what is refused changes nothing"
    game.paint([[0.5, 0.5], [-0.5, 0.5]])
    assert game.rules.data == "painted" and (game.data.sample(50, seed=0)[:, 1] - 0.5).abs().max() < 0.3


def test_a_loss_that_is_not_finite_stops_the_game_and_says_so() -> None:
    game = Playground(Rules(data="ring", objective="least_squares", d_optimizer="sgd", g_optimizer="sgd", d_lr=1.0, g_lr=1.0))
    rounds(game, 60)
    steps = game.g_steps
    assert "Lower a learning rate" in game.broken
    game.step()
    game.frame()
    assert game.g_steps == steps and math.isnan(game.measure()["wasserstein"])
    game.restart()
    assert game.broken == ""


def test_weights_that_are_not_finite_stop_the_game_before_they_are_measured() -> None:
    """G's last finite loss may have sent its weights to infinity: the next one would tell, and is not played."""
    free = {"d_optimizer": "sgd", "g_optimizer": "sgd", "d_lr": 1.0, "g_lr": 1.0, "width": 16}
    game = Playground(Rules(objective="boundary_seeking", **free))
    rows = rounds(game, 40, every=1)
    assert "Lower a learning rate" in game.broken and math.isnan(rows[-1]["wasserstein"])


def test_weights_alone_break_a_game() -> None:
    game = Playground(Rules())
    game._d_optimizer.step = lambda: game._d.weights.fill_(math.inf)
    game.step_discriminator()
    assert "no longer finite" in game.broken


def test_a_cloud_of_no_shape_is_farther_than_the_data_and_nearer_than_their_mean():
    game = Playground(Rules(data="moons"))
    shapeless, floor = game.shapeless(10), game.floor(10)
    assert max(floor) < min(shapeless) and 0.2 < min(shapeless) < max(shapeless) < 0.5
    assert game.shapeless(10) == shapeless and not game.history, "the same each time, and the game is left alone"
    points = 0.5 * torch.randn(2000, 2, generator=torch.Generator().manual_seed(3))
    gaussian = Playground(Rules(data="painted"), painted=points)
    assert abs(sum(gaussian.shapeless(20)) - sum(gaussian.floor(20))) / 20 < 0.05, "where the data have no shape it is the floor"
    assert max(Playground(Rules(data="point")).shapeless(5)) < 0.3


def test_two_draws_of_the_data_are_not_at_0():
    near, far = Playground(Rules(data="point")).floor(), Playground(Rules(data="moons")).floor(3)
    assert len(near) == 50 and len(far) == 3
    assert 0 < max(near) < min(far) < max(far) < 0.3
    game = Playground(Rules(data="moons"))
    assert game.floor(3) == far and not game.history, "the same each time, and the game is left alone"

"""Wasserstein games in the plane: the generator that stands still, and measures with known answers."""

import math

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gancourse.data import toys
from gancourse.experiments import plane
from gancourse.experiments.records import Record
from gancourse.gans.ensemble import EnsembleBatches
from gancourse.models import mlp
from gancourse.training import fit

SEEDS = (0, 1)


def test_members_have_weights_of_their_seeds_alone():
    two, one = plane.critics(SEEDS, (8,)), plane.critics((1,), (8,))
    assert torch.equal(two.member(1).layers[0].weight, one.member(0).layers[0].weight)
    assert not torch.equal(two.member(0).layers[0].weight, two.member(1).layers[0].weight)
    assert plane.critics((1,), (8,), he=True).member(0).layers[0].bias.abs().max() == 0
    assert plane.generators(SEEDS, (8,)).latent_dim == 4


@pytest.mark.parametrize("options", [{"clip": 0.1}, {"weight": 10.0}])
def test_the_generator_stands_still_and_the_critics_learn(options):
    game = plane.Still(plane.critics(SEEDS, (8,)), SEEDS, **options)
    before = game.discriminator.member(0).layers[0].weight.clone()
    run = fit(game, EnsembleBatches(toys.moons(), 32, SEEDS), 3, lr=(0.0, 0.01), progress=False)
    assert run.generator.shift.abs().max() == 0
    assert not torch.equal(run.gan.discriminator.member(0).layers[0].weight, before)


def test_fakes_are_other_points_of_the_data_with_unit_noise():
    game = plane.Still(plane.critics(SEEDS, (8,)), SEEDS)
    batch = game.play(torch.zeros(2, 20_000, 2), torch.Generator())
    assert batch.real.shape == batch.fake.shape == (2, 10_000, 2)
    assert batch.fake.std().item() == pytest.approx(1, abs=0.02) and batch.real.abs().max() == 0
    assert not torch.equal(batch.fake[0], batch.fake[1])


def test_a_scaled_loss_is_the_loss_times_a_number():
    games = [plane.Still(plane.critics(SEEDS, (8,)), SEEDS, scaled, weight=10.0) for scaled in (1.0, 1e6)]
    real = torch.randn(2, 16, 2, generator=torch.Generator().manual_seed(0))
    small, large = [game.discriminator_loss(game.play(real, torch.Generator())).item() for game in games]
    assert large == pytest.approx(1e6 * small, rel=1e-5)


def chain(factor, depth=4):
    """A perceptron of one unit a layer that multiplies by ``factor`` in each layer but the first."""
    f = mlp.Discriminator(2, hidden=(1,) * depth, activation="relu")
    for layer in f.layers:
        if isinstance(layer, nn.Linear):
            nn.init.constant_(layer.weight, factor)
            nn.init.zeros_(layer.bias)
    return f


@pytest.mark.parametrize("factor", [0.1, 1.0, 10.0])
def test_the_profile_of_a_chain_is_a_geometric_series(factor):
    f, x = chain(factor), torch.ones(3, 2)
    assert plane.gradient_profile(f, x) == pytest.approx([factor**4, factor**3, factor**2, factor], rel=1e-5)
    assert plane.orders(f, x) == pytest.approx(3 * math.log10(factor), abs=1e-5)


def test_a_vanished_gradient_has_an_order_too():
    assert plane.orders(chain(0.0), torch.ones(3, 2)) == 0


def test_weights_at_the_ends_are_counted():
    f = chain(0.1)
    assert plane.at_ends(f, 0.1) == 1 and plane.at_ends(f, 0.2) == 0 and plane.at_ends(f, None) == 0


def test_scores_of_members_come_back_by_name():
    scores = plane.named(["W", "said"], torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    assert scores == {"W:0": 1, "said:0": 2, "W:1": 3, "said:1": 4}
    assert plane.members(scores, "W").tolist() == [1, 3]
    with pytest.raises(ValueError, match="said"):
        plane.members(scores, "loss")


def test_a_records_members_are_read_arm_by_arm():
    class Made:
        content = {
            "arms": {
                "a": [{"scores": {"W:0": 1, "W:1": 2}, "curves": {"step": [0, 5], "W:0": [3, 1], "W:1": [4, 2]}}],
                "diverged": [{"scores": {}, "curves": {"step": [0], "W:0": [3], "W:1": [4]}}],
            },
            "baselines": {"noise": {"W:0": 7, "W:1": 8}},
        }

    assert plane.finals(Made, "W")["a"].tolist() == [1, 2]
    lost = plane.finals(Made, "W")["diverged"]
    assert lost.shape == (2,) and np.isnan(lost).all()
    steps, values = plane.curves(Made, "W")["a"]
    assert steps.tolist() == [0, 5] and values.tolist() == [[3, 1], [4, 2]]
    assert plane.baselines(Made, "W")["noise"].tolist() == [7, 8]


def test_the_film_of_an_arm_is_its_row_of_the_strip(tmp_path):
    sheet = torch.zeros(3, 2 * plane.SIDE, 4 * plane.SIDE, dtype=torch.uint8)
    sheet[:, plane.SIDE :, plane.SIDE : 2 * plane.SIDE] = 200  # the second arm's second picture

    with pytest.raises(FileNotFoundError, match="the record of made has no pictures: `gancourse experiment made` draws them"):
        plane.film(Record({"name": "made"}), "a")
    layout = {"arms": ["a", "b"], "steps": [0, 5], "k": 2, "side": plane.SIDE}
    made = Record({"name": "made", "strip": layout}, tmp_path / "made.png")
    Image.fromarray(sheet.permute(1, 2, 0).numpy()).save(made.picture)
    film = plane.film(made, "b")
    assert film.shape == (4, plane.SIDE, plane.SIDE) and film[1].unique().tolist() == [200] and plane.film(made, "a").max() == 0


def test_pictures_have_the_plane_the_right_way_up():
    up = plane.surface(lambda x: x[:, 1], 1.0)
    assert up.shape == (1, plane.SIDE, plane.SIDE) and up[0, 0].min() == 1 and up[0, -1].max() == -1
    assert plane.surface(lambda x: 0 * x[:, 0], 1.0).unique().tolist() == [-1]
    corner = plane.density(torch.tensor([[0.99, 0.99]] * 3 + [[5.0, 0.0]]), 1.0)
    assert corner[0, 0, -1] == 1 and (corner > -1).sum() == 1


def test_all_critics_see_the_same_points():
    f, x = plane.critics(SEEDS, (8,)), torch.randn(5, 2)
    assert torch.allclose(plane.values(f, x)[1], f.member(1)(x).double(), atol=1e-6)


def test_probabilities_put_the_sigmoid_back():
    real, fake = torch.tensor([0.0]), torch.tensor([0.0])
    assert plane.PROBABILITIES.discriminator(real, fake) == 0 and plane.PROBABILITIES.generator(fake) == -0.5

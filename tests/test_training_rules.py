"""The rules of a game in the plane."""

from __future__ import annotations

import math

import pytest
import torch

from gancourse.training import rules
from gancourse.training.rules import DATA, Cloud, Rules


@pytest.mark.parametrize("name", DATA)
def test_the_data_lies_in_the_plane_that_is_shown(name) -> None:
    x = DATA[name]().sample(2000, seed=0)
    assert x.shape == (2000, 2) and x.abs().max() < rules.REACH
    assert torch.isfinite(DATA[name]().log_density(x)).all()


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"data": "circle"}, ValueError),
        ({"objective": "vanilla"}, ValueError),
        ({"penalty": "r3"}, ValueError),
        ({"d_optimizer": "lion"}, ValueError),
        ({"noise": "cauchy"}, ValueError),
        ({"k": 0}, ValueError),
        ({"k": 1.5}, TypeError),
        ({"d_lr": -1}, ValueError),
        ({"g_lr": math.nan}, ValueError),
        ({"strength": 0}, ValueError),
        ({"latent_dim": 3}, ValueError),
        ({"width": 1000}, ValueError),
        ({"seed": 1}, ValueError),
    ],
)
def test_a_rule_that_makes_no_sense_is_named(wrong, error) -> None:
    with pytest.raises(error, match=next(iter(wrong))):
        Rules().changed(**wrong)


def test_only_another_shape_needs_new_players() -> None:
    assert not Rules().needs_new_players(Rules(k=5, objective="hinge", noise="uniform"))
    assert Rules().needs_new_players(Rules(width=8)) and Rules().needs_new_players(Rules(latent_dim=1))


def test_painted_points_are_drawn_again_and_again() -> None:
    cloud = Cloud([[1, 1], [-9, 0]])
    x = cloud.sample(500, seed=1)
    assert torch.equal(x, cloud.sample(500, generator=torch.Generator().manual_seed(1)))
    near = torch.cdist(x, torch.tensor([[1.0, 1], [-2, 0]]))  # outside is moved to the edge
    assert near.min(1).values.max() < 0.25 and (near.argmin(1) == 0).float().mean().sub(0.5).abs() < 0.1
    with pytest.raises(ValueError, match="no density"):
        cloud.log_density(x)


@pytest.mark.parametrize(
    "points", [[], [[1]], [["a", "b"]], [[math.nan, 0]], [[0, 0]] * (rules.MOST_PAINTED + 1), "points", None]
)
def test_points_that_make_no_sense(points) -> None:
    with pytest.raises(ValueError, match="points"):
        Cloud(points)

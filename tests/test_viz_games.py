"""The descriptions of the course's games: each can be drawn, fits a slide, and says of its gradients what the code does."""

from __future__ import annotations

import itertools
import re

import pytest
import torch

from gancourse import viz
from gancourse.gans.gan import GAN
from gancourse.viz.games import GAMES
from tests.shown import toy_gan


@pytest.mark.parametrize("name", GAMES)
def test_every_game_is_drawn_at_the_size_of_a_slide(name: str) -> None:
    drawn = viz.players(GAMES[name])
    width, height = map(float, re.search(r'viewBox="\S+ \S+ (\S+) (\S+)"', drawn.svg).groups())
    assert 800 < width < 1450 and height < 560
    assert drawn.alt.startswith(f"Players of {GAMES[name].title}.")


@pytest.mark.parametrize("name", GAMES)
def test_no_box_lies_on_another(name: str) -> None:
    for one, other in itertools.combinations(GAMES[name].boxes.values(), 2):
        (ax, ay), (aw, ah), (bx, by), (bw, bh) = one.centre, one.half, other.centre, other.half
        assert abs(ax - bx) > aw + bw + 8 or abs(ay - by) > ah + bh + 8, (one.text, other.text)


@pytest.mark.parametrize("name", GAMES)
def test_every_network_is_moved_by_a_loss_and_every_loss_moves_one(name: str) -> None:
    game = GAMES[name]
    networks = {name for name, box in game.boxes.items() if box.kind == "network"}
    losses = {name for name, box in game.boxes.items() if box.kind == "loss"}
    assert set(game.gradients) == losses
    assert {moved for gradient in game.gradients.values() for moved in gradient.moves} == networks


def reached(gan: GAN, loss: str) -> set[str]:
    """Which of the players a loss of the code gives a gradient."""
    batch = gan.play(torch.randn(8, 2), torch.Generator().manual_seed(0))
    getattr(gan, loss)(batch).backward()
    players = {"G": gan.generator, "D": gan.discriminator}
    return {name for name, player in players.items() if any(p.grad is not None for p in player.parameters())}


def test_the_picture_of_the_gan_says_what_its_code_does() -> None:
    gradients = GAMES["gan"].gradients
    assert reached(toy_gan(), "discriminator_loss") == set(gradients["L_D"].moves) == {"D"}
    through = {"G", "D"} & {b for _, b in GAMES["gan"].steps("L_G")}
    assert reached(toy_gan(), "generator_loss") == through  # it passes through D, whose optimiser takes no step then
    assert gradients["L_G"].moves == ("G",)

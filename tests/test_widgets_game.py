"""Games to watch and to play."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gancourse import viz
from gancourse.classroom import widgets
from tests.shown import small_frames, toy_gan, toy_points


def test_the_player_shows_the_frame_and_the_caption_of_its_slider():
    player = widgets.game_player(small_frames(), captions=["step 0", "step 5", "step 10", "step 15"])
    for i, frame in enumerate(small_frames()):
        player.slider.value = i
        assert np.array_equal(Image.open(io.BytesIO(player.image.value)), frame)
        assert player.caption.value == f"step {5 * i}"


def test_the_players_buttons_stop_at_the_ends():
    player = widgets.game_player(small_frames(3))
    for expected in (1, 2, 2):
        player.next_button.click()
        assert player.slider.value == expected
    for expected in (1, 0, 0):
        player.back_button.click()
        assert player.slider.value == expected


def test_play_drives_the_slider_in_the_front_end():
    player = widgets.game_player(small_frames(5), fps=10)
    assert (player.play.min, player.play.max, player.play.interval) == (0, 4, 100)
    assert player._link.source == (player.play, "value") and player._link.target == (player.slider, "value")


def test_the_player_takes_a_film_with_its_steps():
    gan = toy_gan()
    film = viz.ToyFilm(toy_points(), n=20, resolution=8)
    run = type("Run", (), {"gan": gan, "generator": gan.generator, "step": 0})()
    film(run)
    run.step = 7
    film(run)
    player = widgets.game_player(film)
    player.slider.value = 1
    assert player.caption.value == "step 7"
    assert player.still().width <= 900


class CountingGame:
    """A game of two counters."""

    def __init__(self) -> None:
        self.moves: list[str] = []

    def step_discriminator(self) -> None:
        self.moves.append("D")

    def step_generator(self) -> None:
        self.moves.append("G")

    def draw(self) -> Image.Image:
        return Image.new("RGB", (20, 20), (len(self.moves), 0, 0))


def test_the_live_game_plays_what_is_pressed():
    game = CountingGame()
    live = widgets.live_game(game)
    before = live.image.value
    live.buttons["step D"].click()
    assert game.moves == ["D"] and live.image.value != before
    live.buttons["step G"].click()
    assert game.moves == ["D", "G"]
    game.moves.clear()
    live.buttons["10 rounds"].click()
    assert game.moves == ["D", "G"] * 10
    assert "start again" not in live.buttons


def test_long_rounds_are_drawn_on_the_way():
    live = widgets.live_game(CountingGame())
    seen = []
    live.image.observe(lambda change: seen.append(change["new"]), names="value")
    live.buttons["100 rounds"].click()
    assert len(seen) == 10


def test_a_game_without_a_step_is_refused():
    with pytest.raises(TypeError, match="toy_game"):
        widgets.live_game(object())


def weights_of(*players: nn.Module) -> list[torch.Tensor]:
    return [p.detach().clone() for player in players for p in player.parameters()]


def same(a: Sequence[torch.Tensor], b: Sequence[torch.Tensor]) -> bool:
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_a_step_of_one_player_leaves_the_other_alone():
    gan = toy_gan()
    live = widgets.toy_game(gan, toy_points(), batch_size=16, n=20)
    d, g = weights_of(gan.discriminator), weights_of(gan.generator)
    live.buttons["step D"].click()
    assert not same(d, weights_of(gan.discriminator)) and same(g, weights_of(gan.generator))
    d = weights_of(gan.discriminator)
    live.buttons["step G"].click()
    assert same(d, weights_of(gan.discriminator)) and not same(g, weights_of(gan.generator))
    assert "D: 1 updates" in live.status.value and "G: 1 updates" in live.status.value


def test_a_step_of_the_discriminator_is_adams_first_step():
    gan = toy_gan()
    game = widgets.ToyGame(gan, toy_points(), lr=1e-3)
    before = weights_of(gan.discriminator)
    game.step_discriminator()
    moved = torch.cat([(a - b).abs().flatten() for a, b in zip(before, weights_of(gan.discriminator), strict=True)])
    assert moved.max() == pytest.approx(1e-3, rel=1e-2)


def test_starting_again_repeats_the_same_game():
    gan = toy_gan()
    live = widgets.toy_game(gan, toy_points(), batch_size=16, n=20)
    first = weights_of(gan.generator, gan.discriminator)
    start = live.image.value
    live.rounds(3)
    played, shown = weights_of(gan.generator, gan.discriminator), live.image.value
    live.buttons["start again"].click()
    assert same(first, weights_of(gan.generator, gan.discriminator)) and live.image.value == start
    live.rounds(3)
    assert same(played, weights_of(gan.generator, gan.discriminator)) and live.image.value == shown


def test_the_preview_plays_a_copy():
    gan = toy_gan()
    live = widgets.toy_game(gan, toy_points(), batch_size=16, n=20, preview_rounds=(0, 2))
    live.rounds(1)
    before = weights_of(gan.generator, gan.discriminator)
    state = live.game._source.get_state()
    picture = live.still()
    assert same(before, weights_of(gan.generator, gan.discriminator)) and live.game.g_steps == 1
    assert torch.equal(state, live.game._source.get_state())
    assert picture.width <= 900


def test_the_preview_has_the_games_size():
    game = widgets.ToyGame(toy_gan(), toy_points(), batch_size=16, n=20, size=(200, 200), preview_rounds=(0,))
    drawn = game.draw()
    assert game.preview().width == drawn.width == 200


def test_a_toy_game_takes_a_distribution():
    from gancourse.data import toys

    game = widgets.ToyGame(toy_gan(), toys.ring("pacgan"), batch_size=16, n=20)
    game.step_discriminator()
    assert game.d_steps == 1

"""Explorers, driven as a front end would drive them, and what they leave in a notebook without one."""

from __future__ import annotations

import base64
import io
import re
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gancourse import viz
from gancourse.classroom import widgets
from gancourse.classroom.widgets.base import VIEW
from gancourse.gans.gan import GAN
from gancourse.models import mlp

QUESTIONS = [
    {
        "question": "What does `D` say where $p_G = p_{data}$?",
        "answer": "1/2",
        "why": "$p / (p + p)$.",
        "wrong": {"0": "Then it would call every real sample fake.", "1": "Then it would be fooled by every fake & sure."},
    },
    {"question": "Who moves first?", "answer": "D", "why": "Algorithm 1.", "wrong": {"G": "It needs D's gradient."}},
]


class Faces(nn.Module):
    """A generator of 3 x 16 x 16 images that notes what it was asked."""

    latent_dim = 7

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.randn(7, 3 * 16 * 16, generator=torch.Generator().manual_seed(0)))
        self.asked: list[torch.Tensor] = []

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        assert not self.training and not torch.is_grad_enabled() and torch.get_num_threads() == 1
        self.asked.append(z.clone())
        return torch.tanh(z @ self.weights).reshape(-1, 3, 16, 16)


def toy_gan(seed: int = 0) -> GAN:
    torch.manual_seed(seed)
    return GAN(mlp.Generator(2, 2, hidden=(8,)), mlp.Discriminator(2, hidden=(8,)))


def toy_points() -> torch.Tensor:
    return torch.randn(64, 2, generator=torch.Generator().manual_seed(5))


def png_in(bundle: dict) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))


def small_frames(n: int = 4) -> list[Image.Image]:
    return [Image.fromarray(np.full((20, 30, 3), 40 * i, np.uint8)) for i in range(n)]


# Latent sliders


def test_a_slider_moves_the_latent_along_its_direction_and_changes_the_picture():
    faces, directions = Faces(), torch.randn(3, 7)
    explorer = widgets.latent_sliders(faces, directions=directions, labels=["a", "b", "c"])
    base, before = explorer.z, explorer.image.value
    explorer.sliders[1].value = 1.5
    assert torch.allclose(faces.asked[-1], (base + 1.5 * directions[1])[None], atol=1e-6)
    assert explorer.image.value != before
    assert [s.description for s in explorer.sliders] == ["a", "b", "c"]
    explorer.sliders[1].value = 0.0
    assert explorer.image.value == before


def test_the_picture_is_what_the_generator_draws():
    explorer = widgets.latent_sliders(Faces(), size=64)
    explorer.sliders[0].value = 2.0
    with viz.evaluating(explorer.generator), widgets.one_thread():
        expected = viz.grid(explorer.generator(explorer.z[None]), scale=4)
    assert np.array_equal(Image.open(io.BytesIO(explorer.image.value)), expected)


def test_a_move_costs_one_forward_pass_of_one_image():
    faces = Faces()
    explorer = widgets.latent_sliders(faces, n_sliders=4)
    for action in (lambda: setattr(explorer.sliders[2], "value", 1.0), explorer.new_face, explorer.to_zero):
        faces.asked.clear()
        action()
        assert [len(z) for z in faces.asked] == [1]


def test_a_new_face_is_another_latent_with_the_sliders_at_zero():
    explorer = widgets.latent_sliders(Faces(), seed=4)
    explorer.sliders[0].value = 2.0
    first, before = explorer.base, explorer.image.value
    explorer.new_button.click()
    assert [s.value for s in explorer.sliders] == [0.0] * 6
    assert not torch.equal(explorer.base, first) and explorer.image.value != before
    again = widgets.latent_sliders(Faces(), seed=4)
    again.new_button.click()
    assert torch.equal(again.z, explorer.z)


@pytest.mark.parametrize("kind", ["strongest", "random", "axes"])
def test_directions_by_name(kind):
    explorer = widgets.latent_sliders(Faces(), n_sliders=3, directions=kind)
    assert torch.allclose(explorer.directions @ explorer.directions.T, torch.eye(3), atol=1e-5)
    if kind == "axes":
        assert torch.equal(explorer.directions, torch.eye(7)[:3])


def test_the_strongest_directions_change_the_picture_more_than_random_ones():
    weights = torch.randn(7, 3 * 16 * 16, generator=torch.Generator().manual_seed(2)) * torch.logspace(-3, -1, 7)[:, None]

    def change(kind: str) -> float:
        explorer = widgets.latent_sliders(lambda z: torch.tanh(z @ weights).reshape(-1, 3, 16, 16), 7, 1, directions=kind)
        before = explorer.image.value
        explorer.sliders[0].value = 2.0
        a, b = (np.asarray(Image.open(io.BytesIO(data)), dtype=float) for data in (before, explorer.image.value))
        return float(np.abs(a - b).mean())

    assert change("strongest") > change("random")


def test_the_modes_and_threads_are_as_before():
    faces = Faces().train()
    threads = torch.get_num_threads()
    widgets.latent_sliders(faces).new_face()
    assert faces.training and torch.get_num_threads() == threads
    torch.set_num_threads(2)
    try:
        with widgets.one_thread():
            assert torch.get_num_threads() == 1
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)


def test_the_still_picture_shows_every_direction_from_end_to_end():
    faces = Faces()
    explorer = widgets.latent_sliders(faces, n_sliders=2)
    faces.asked.clear()
    picture = explorer.still()
    asked = torch.cat(faces.asked) - explorer.base
    values = torch.linspace(-3, 3, 7)
    assert torch.allclose(asked[:7], values[:, None] * explorer.directions[0], atol=1e-5)
    assert torch.allclose(asked[7:], values[:, None] * explorer.directions[1], atol=1e-5)
    assert 300 < picture.width <= 900


def test_bad_arguments_of_the_sliders_name_the_fix():
    with pytest.raises(ValueError, match="pass latent_dim"):
        widgets.latent_sliders(lambda z: z)
    with pytest.raises(ValueError, match=r"\[K, 7\], not \[2, 3\]"):
        widgets.latent_sliders(Faces(), directions=torch.zeros(2, 3))
    with pytest.raises(ValueError, match="did you mean 'strongest'"):
        widgets.latent_sliders(Faces(), directions="stronges")
    with pytest.raises(ValueError, match="6 directions, not 1"):
        widgets.latent_sliders(Faces(), labels=["a"])
    with pytest.raises(ValueError, match="generator_map"):
        widgets.latent_sliders(mlp.Generator(2, 2), directions="axes")


# Games


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
    assert isinstance(widgets.game_player(game), widgets.LiveGame)


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


def test_a_toy_game_takes_a_distribution():
    from gancourse.data import toys

    game = widgets.ToyGame(toy_gan(), toys.ring("pacgan"), batch_size=16, n=20)
    game.step_discriminator()
    assert game.d_steps == 1


# Quiz


def test_an_answer_is_judged_at_once_with_its_explanation():
    quiz = widgets.quiz(QUESTIONS)
    asked = quiz.questions[0]
    wrong = next(j for j in range(3) if j != asked.right)
    quiz.buttons[0][wrong].click()
    assert "No." in quiz.replies[0].value and quiz.buttons[0][wrong].button_style == "danger"
    assert viz_text(asked.choices[wrong][1]) in quiz.replies[0].value
    quiz.buttons[0][asked.right].click()
    assert "Right." in quiz.replies[0].value and "$p / (p + p)$." in quiz.replies[0].value
    quiz.buttons[1][quiz.questions[1].right].click()
    assert "1 of 2 answered" in quiz.score.value  # the first try counts


def viz_text(words: str) -> str:
    return words.replace("&", "&amp;")


def test_choices_are_shuffled_the_same_way_for_a_seed():
    orders = {tuple(choice for choice, _ in widgets.quiz(QUESTIONS, seed=s).questions[0].choices) for s in range(20)}
    assert len(orders) == 6
    assert widgets.quiz(QUESTIONS).questions == widgets.quiz(QUESTIONS).questions


def test_the_folded_quiz_holds_questions_outside_and_answers_inside():
    quiz = widgets.quiz(QUESTIONS)
    page = quiz._repr_mimebundle_()["text/html"]
    outside = re.sub(r"<details>.*?</details>", "", page, flags=re.DOTALL)
    assert page.count("<details>") == 2
    assert "<code>D</code>" in outside and "$p_G = p_{data}$" in outside and "Who moves first?" in outside
    assert "Algorithm 1." in page and "Algorithm 1." not in outside
    assert "every fake &amp; sure" in page
    for part in re.findall(r"<details>.*?</details>", page, flags=re.DOTALL):
        assert part.count("Right.") == 1


def test_bad_questions_name_the_fix():
    good = QUESTIONS[1]
    with pytest.raises(ValueError, match=r"missing: \['why'\]"):
        widgets.quiz([{k: v for k, v in good.items() if k != "why"}])
    with pytest.raises(ValueError, match="dict from each wrong choice"):
        widgets.quiz([good | {"wrong": ["G"]}])
    with pytest.raises(ValueError, match="both the answer and a wrong choice"):
        widgets.quiz([good | {"wrong": {"D": "no"}}])
    with pytest.raises(ValueError, match="needs an explanation"):
        widgets.quiz([good | {"wrong": {"G": " "}}])
    with pytest.raises(ValueError, match="at least one question"):
        widgets.quiz([])


# Explorer


@pytest.mark.parametrize("kind", ["dropdown", "slider"])
def test_the_explorer_shows_the_chosen_picture(kind):
    named = {"dark": small_frames()[0], "light": small_frames()[3], "images": torch.zeros(4, 1, 8, 8)}
    explorer = widgets.explorer(named, "shade", kind)
    explorer.choice.value = "light"
    assert np.array_equal(Image.open(io.BytesIO(explorer.image.value)), named["light"])
    explorer.choice.value = "images"
    assert Image.open(io.BytesIO(explorer.image.value)).size == viz.grid(named["images"]).size
    assert explorer.image.layout.width == f"{viz.grid(named['images']).width}px"
    assert explorer.still().width <= 900


def test_the_still_of_many_pictures_shows_some_of_them():
    explorer = widgets.explorer({str(i): frame for i, frame in enumerate(small_frames(5) * 6)}, most=4)
    assert explorer.still().height < 4 * 60
    with pytest.raises(ValueError, match="no pictures"):
        widgets.explorer({})


# What a notebook keeps


def every_kind() -> list[widgets.Live]:
    return [
        widgets.latent_sliders(Faces()),
        widgets.game_player(small_frames()),
        widgets.toy_game(toy_gan(), toy_points(), batch_size=16, n=20, preview_rounds=(0, 2)),
        widgets.quiz(QUESTIONS),
        widgets.explorer({"a": small_frames()[0], "b": small_frames()[1]}),
    ]


def test_every_explorer_offers_a_live_view_and_something_to_read():
    for live in every_kind():
        bundle = live._repr_mimebundle_()
        assert bundle[VIEW]["model_id"] == live.widget.model_id
        assert bundle["text/plain"] == repr(live)
        if isinstance(live, widgets.Quiz):
            assert "image/png" not in bundle and "<details>" in bundle["text/html"]
        else:
            assert np.array_equal(png_in(bundle).convert("RGB"), live.still().convert("RGB"))


def test_only_what_ipywidgets_7_and_8_share_is_used():
    """Colab has ipywidgets 7.7: traits that only 8 has would be dropped there without a word."""
    import ipywidgets

    only_in_8 = {"tooltip", "tabbable", "playing", "repeat", "description_allow_html"}
    for live in every_kind():
        for widget in everything_in(live.widget):
            if isinstance(widget, ipywidgets.Button):
                continue  # its tooltip is older
            for name in only_in_8 & set(widget.trait_names()):
                assert getattr(widget, name) == widget.traits()[name].default(), (widget, name)


def everything_in(widget):
    yield widget
    for child in getattr(widget, "children", ()):
        yield from everything_in(child)


CELLS = """
import torch
from PIL import Image
from gancourse import viz
from gancourse.classroom import widgets
from gancourse.gans.gan import GAN
from gancourse.models import mlp
frames = [Image.new("RGB", (40, 30), (60 * i, 0, 0)) for i in range(3)]
weights = torch.randn(5, 192)
---
widgets.latent_sliders(lambda z: torch.tanh(z @ weights).reshape(-1, 3, 8, 8), 5, 2)
---
widgets.game_player(frames)
---
widgets.toy_game(GAN(mlp.Generator(2, 2), mlp.Discriminator(2)), torch.randn(50, 2), n=20, preview_rounds=(0, 1))
---
widgets.explorer({"one": frames[0], "two": frames[1]})
---
widgets.quiz([{"question": "Who?", "answer": "D", "why": "First.", "wrong": {"G": "Second."}}])
---
viz.show(torch.zeros(4, 3, 8, 8), caption="Four black images")
---
viz.animate(frames, captions=["a", "b", "c"])
---
viz.source(widgets.quiz)
---
viz.discriminator_surface(mlp.Discriminator(2), 2)
"""


@pytest.fixture(scope="module")
def executed():
    """A notebook with one of each, run without a front end, as nbconvert and the builder run it."""
    from nbclient import NotebookClient
    from nbformat import v4

    book = v4.new_notebook(cells=[v4.new_code_cell(cell.strip()) for cell in CELLS.split("---\n")])
    NotebookClient(book, timeout=120, kernel_name="python3").execute()
    return book


def test_an_executed_notebook_shows_each_picture_once_and_nothing_else(executed):
    kinds = [[set(output.get("data", {})) for output in cell.outputs] for cell in executed.cells]
    assert kinds[0] == []
    assert kinds[1:5] == [[{VIEW, "image/png", "text/plain"}]] * 4
    assert kinds[5] == [{VIEW, "text/html", "text/plain"}]
    assert kinds[6] == [{"image/png", "text/plain"}, {"text/markdown", "text/plain"}]
    assert kinds[7] == [{"image/png", "text/plain"}]
    assert kinds[8] == [{"text/html", "text/plain"}]
    assert kinds[9] == [{"image/png", "text/plain"}]
    assert not any(output.output_type in ("stream", "error") for cell in executed.cells for output in cell.outputs)
    animation = png_in(executed.cells[7].outputs[0]["data"])
    assert animation.n_frames == 3
    assert executed.cells[6].outputs[0].metadata["image/png"]["alt"] == "Four black images"


def test_exported_html_shows_the_pictures_and_asks_no_other_site(executed):
    import copy

    from nbconvert import HTMLExporter

    book = copy.deepcopy(executed)
    widgets.without_live_views(book)
    assert "widgets" not in book.metadata
    assert not any(VIEW in output.get("data", {}) for cell in book.cells for output in cell.outputs)
    page = HTMLExporter(template_name="lab").from_notebook_node(book)[0]
    body = page[page.index("<main>") :]
    assert body.count("data:image/png;base64,") == 7
    assert "<details>" in body and "widget-view" not in body


def test_views_that_have_no_picture_stay(executed):
    book = {
        "metadata": {"widgets": {"state": 1}},
        "cells": [{"outputs": [{"data": {VIEW: {}, "text/plain": "HBox()"}}, {"data": {VIEW: {}, "image/png": ""}}]}],
    }
    widgets.without_live_views(book)
    assert [set(output["data"]) for output in book["cells"][0]["outputs"]] == [{VIEW, "text/plain"}, {"image/png"}]
    assert "widgets" in book["metadata"]

"""Sliders in latent space."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image

from gancourse import viz
from gancourse.classroom import widgets
from gancourse.models import mlp
from tests.shown import Faces


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

"""Films of a training."""

from __future__ import annotations

import io
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from gancourse import viz
from tests.shown import conv_generator, images, toy_run


def test_a_film_shows_the_same_latents_while_the_generator_changes():
    generator = conv_generator().eval()
    run = SimpleNamespace(generator=generator, gan=SimpleNamespace(latent_dim=6), step=0)
    film = viz.Film(every=100, n=6, seed=3, columns=3)
    assert film.hook == (100, film)
    for step in (0, 100, 100, 200):
        run.step = step
        if step == 200:
            with torch.no_grad():
                generator[1].weight.mul_(-1)
        film(run)
    assert film.steps == [0, 100, 200] and len(film) == 3
    assert film.frames.shape == (3, 2 * 8 + 1, 3 * 8 + 2, 3) and film.frames.dtype == np.uint8
    assert np.array_equal(film.frames[0], film.frames[1])
    assert not np.array_equal(film.frames[1], film.frames[2])
    assert film.captions[-1] == "step 200"
    z = torch.randn(6, 6, generator=torch.Generator().manual_seed(3))
    given = viz.Film(z=z, columns=3)
    given(run)
    assert np.array_equal(given.frames[0], film.frames[2])


def test_an_empty_film_says_how_to_fill_it():
    with pytest.raises(ValueError, match="hooks="):
        viz.animate(viz.Film())


def test_films_are_hooks_that_fit_accepts():
    from gancourse import training

    gan = toy_run().gan
    film = viz.ToyFilm(torch.randn(20, 2), every=2, n=10, resolution=8)
    batches = iter(lambda: torch.randn(4, 2), None)
    training.fit(gan, batches, 4, hooks=[film.hook], progress=False, precision="float32")
    assert film.steps == [0, 2, 4]
    assert film.frames.shape[0] == 3 and film.frames.shape[3] == 3


def test_a_toy_film_takes_a_distribution():
    from gancourse.data import toys

    film = viz.ToyFilm(toys.ring("pacgan"), n=20, resolution=8)
    film(toy_run())
    assert film.frames.shape == (1, 380, 380, 3)


def frames_of(png: bytes) -> list[np.ndarray]:
    from PIL import ImageSequence

    return [np.asarray(f.convert("RGB")) for f in ImageSequence.Iterator(Image.open(io.BytesIO(png)))]


def test_an_animation_is_an_animated_png_with_every_frame():
    frames = [viz.grid(images(4, seed=s), columns=2, scale=1) for s in range(5)]
    film = viz.animate(frames, fps=4, width=100, colours=None, hold=2)
    stored = Image.open(io.BytesIO(film.png))
    assert stored.format == "PNG" and stored.is_animated and stored.n_frames == 5 == film.n_frames
    assert stored.info["loop"] == 0
    factor = 100 // frames[0].width
    assert stored.size == film.size == (frames[0].width * factor, frames[0].height * factor)
    for shown, frame in zip(frames_of(film.png), frames, strict=True):
        assert np.array_equal(shown, np.asarray(frame).repeat(factor, 0).repeat(factor, 1))
    durations = []
    for i in range(5):
        stored.seek(i)
        durations.append(stored.info["duration"])
    assert durations == [250] * 4 + [2000]
    assert film._repr_png_() == film.png


def test_a_long_film_is_thinned_and_equal_neighbours_are_stored_once():
    frames = np.stack([np.full((8, 9, 3), i, np.uint8) for i in range(101)])
    shown = frames_of(viz.animate(frames, width=9, colours=None, most=6).png)
    assert [int(f[0, 0, 0]) for f in shown] == [0, 20, 40, 60, 80, 100]
    assert viz.animate(frames[[0, 1, 1, 2]], width=9, colours=None).n_frames == 3


def test_one_palette_makes_an_animation_smaller_and_changes_colours_little():
    ramp = torch.linspace(-1, 1, 64).expand(3, 64, 64) * torch.tensor([1.0, 0.5, -1.0])[:, None, None]
    frames = [viz.grid(torch.roll(ramp, s, 2), scale=2) for s in range(0, 32, 4)]
    every, few = viz.animate(frames, colours=None), viz.animate(frames, colours=64)
    assert len(few.png) < len(every.png)
    for a, b in zip(frames_of(every.png), frames_of(few.png), strict=True):
        assert np.abs(a.astype(int) - b).mean() < 6


def test_a_film_puts_its_steps_above_the_frames(tmp_path):
    film = viz.Film(n=4, columns=2)
    run = SimpleNamespace(generator=conv_generator(), gan=SimpleNamespace(latent_dim=6), step=0)
    film(run)
    run.step = 50
    film(run)
    animation = viz.animate(film, width=170, colours=None)
    shown = frames_of(animation.png)
    scale = 170 // film.frames.shape[2]
    assert shown[0].shape[1] == scale * film.frames.shape[2]
    head = shown[0].shape[0] - scale * film.frames.shape[1]
    assert not np.array_equal(shown[0][:head], shown[1][:head])  # "step 0", "step 50"
    animation.save(tmp_path / "film.png")
    assert (tmp_path / "film.png").read_bytes() == animation.png


def test_a_film_strip_runs_from_the_first_frame_to_the_last():
    frames = np.stack([np.full((20, 30, 3), 10 * i, np.uint8) for i in range(9)])
    strip = np.asarray(viz.film_strip(frames, 3, columns=3, widest=110))
    assert strip.shape == (20, 110, 3)
    assert [int(strip[10, x, 0]) for x in (15, 55, 95)] == [0, 40, 80]
    assert viz.film_strip(frames, 20).width <= 900


def test_a_strip_shrinks_no_frame_that_fits_and_sets_captions_as_large_as_asked():
    wide = np.full((2, 40, 440, 3), 255, np.uint8)
    small, large = (viz.film_strip(wide, 2, captions=["round 0", "round 9"], columns=2, font_size=size) for size in (13, 26))
    assert small.width == 890 and (small.height, large.height) == (40 + 24, 40 + 48)
    ink = [(np.asarray(strip) < 128).sum() for strip in (small, large)]
    assert ink[1] > 2 * ink[0] > 0


def test_bad_frames_name_the_fix():
    with pytest.raises(ValueError, match=r"uint8 \[T, H, W\]"):
        viz.animate(np.zeros((2, 3, 4, 3)))
    with pytest.raises(ValueError, match="one size"):
        viz.film_strip([viz.grid(images(1)), viz.grid(images(2))])
    with pytest.raises(ValueError, match="at least one"):
        viz.animate([])
    with pytest.raises(ValueError, match="2 frames, not 1"):
        viz.animate(np.zeros((2, 3, 4, 3), np.uint8), captions=["a"])
    with pytest.raises(ValueError, match="between 2 and 256"):
        viz.animate(np.zeros((2, 3, 4, 3), np.uint8), colours=1000)


def test_clips_play_together():
    clips = torch.zeros(4, 3, 5, 8, 8)
    clips[:, :, 2] = 0.5
    film = viz.clip_film(clips, ["real", "fake"], columns=2)
    assert film.n_frames == 3, "equal neighbours are stored once"
    assert viz.clip_film((127 * (clips + 1)).to(torch.uint8), columns=4).size[0] == viz.grid(clips[:, :, 0], 4).width
    with pytest.raises(ValueError, match=r"\[N, C, T, H, W\]"):
        viz.clip_film(clips[:, :, 0])

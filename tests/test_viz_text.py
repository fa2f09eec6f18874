"""What a notebook shows: pictures with captions, sources, tables."""

from __future__ import annotations

import base64
import html
import io
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gancourse import losses, viz
from gancourse.gans.gan import GAN
from gancourse.viz import pictures, text
from tests.shown import has_colour, images, toy_run


@pytest.fixture
def notebook(monkeypatch):
    """What is displayed, as if this were a notebook."""
    import IPython.display

    shown = []
    for module in (pictures, text):
        monkeypatch.setattr(module, "in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", lambda data, **_: shown.append(data))
    return shown


def test_show_displays_one_png_and_the_caption(notebook, capsys):
    assert viz.show(images(4), caption="Four images", scale=2) is None
    picture, caption = notebook
    decoded = Image.open(io.BytesIO(base64.b64decode(picture["image/png"])))
    assert np.array_equal(decoded, viz.grid(images(4), scale=2))
    assert caption["text/markdown"] == "Four images"
    assert capsys.readouterr().out == ""


def test_a_picture_says_what_it_shows(monkeypatch):
    import IPython

    said = []
    monkeypatch.setattr(pictures, "in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", lambda data, metadata=None, **_: said.append(metadata))
    viz.show(images(4), caption="$4$ images")
    viz.show(images(4), caption="$4$ images", alt="four grey squares")
    viz.show(images(4), scale=1)
    assert [words["image/png"]["alt"] for words in said if words] == ["$4$ images", "four grey squares", "picture, 19 x 5 pixels"]


def test_a_matplotlib_figure_is_shown_once_with_its_words(monkeypatch):
    import IPython
    import matplotlib.pyplot as plt

    said = []
    monkeypatch.setattr(pictures, "in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", lambda data, metadata=None, **_: said.append((data, metadata)))
    figure, axis = plt.subplots(figsize=(3, 2))
    axis.plot([0, 1], color=viz.COLOURS["real"])
    viz.show(figure, alt="a line that rises")
    ((data, words),) = said
    assert words["image/png"]["alt"] == "a line that rises" and not plt.fignum_exists(figure.number)
    assert has_colour(Image.open(io.BytesIO(base64.b64decode(data["image/png"]))), viz.COLOURS["real"])


def test_show_takes_pictures_and_lists(notebook):
    parts = [viz.grid(images(1, seed=s)) for s in range(2)]
    viz.show(parts[0])
    viz.show(parts)
    viz.show([images(1)[0], images(1)[0]])
    sizes = [Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).size for data in notebook]
    assert sizes == [parts[0].size, viz.beside(parts).size, viz.grid(images(2)).size]
    with pytest.raises(TypeError, match="a list of either"):
        viz.show(["nothing"])


def test_outside_a_notebook_show_and_source_print_nothing(capsys):
    viz.show(images(1), caption="unseen")
    viz.source(losses.hinge_d)
    assert capsys.readouterr().out == ""


def test_source_shows_the_code_itself_with_a_path_that_begins_at_the_package(notebook):
    viz.source(losses.hinge_d, GAN)
    first, second = (data["text/plain"] for data in notebook)
    lines = Path(losses.objectives.__file__).read_text(encoding="utf-8").splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("def hinge_d"))
    assert first.startswith(f"gancourse/losses/objectives.py:{at + 1}\n\ndef hinge_d(")
    assert lines[at + 2].strip() in first
    assert second.startswith("gancourse/gans/gan.py:")
    page = notebook[0]["text/html"]
    assert f"<code>gancourse/losses/objectives.py:{at + 1}</code>" in page and '<span class="k">def</span>' in page
    assert html.unescape(re.sub("<[^>]*>", "", page)).split() == first.split()


def test_source_finds_methods_objects_and_modules():
    gan = toy_run().gan
    assert text.located(gan.sample)[1].startswith("gancourse/gans/gan.py:")
    assert text.located(gan.sample)[0].startswith("@torch.no_grad()\ndef sample(")  # a method loses its indentation
    assert text.located(gan)[0].startswith("class GAN")
    assert text.located(viz)[1] == "gancourse/viz/__init__.py:1"
    with pytest.raises(ValueError, match="no Python source"):
        text.located(len)


def test_a_table_is_html_in_a_notebook_and_text_in_a_terminal():
    made = viz.table([{"name": "a<b", "loss": 1.23456}, {"name": "long name", "loss": 2.0}], caption="Losses")
    assert "a&lt;b" in made._repr_html_() and "1.235" in made._repr_html_()
    assert str(made).splitlines() == ["Losses", "name        loss", "a<b        1.235", "long name      2"]
    with pytest.raises(ValueError, match="header"):
        viz.table([[1, 2]])
    with pytest.raises(ValueError, match="2 cells"):
        viz.table([[1]], header=["a", "b"])


def test_a_network_layer_by_layer():
    layers = nn.Sequential(nn.ConvTranspose2d(2, 3, 4, 2, 1), nn.LeakyReLU(0.2), nn.BatchNorm2d(3))
    shown = viz.layer_table(layers, torch.zeros(5, 2, 4, 4), "Three layers")
    assert shown.caption == "Three layers" and shown.rows == [
        ["input", "2 x 4 x 4", ""],
        ["ConvTranspose2d 4 x 4, stride 2, padding 1", "3 x 8 x 8", "99"],
        ["LeakyReLU(0.2)", "3 x 8 x 8", ""],
        ["BatchNorm2d", "3 x 8 x 8", "6"],
    ]

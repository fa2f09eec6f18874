"""What every explorer has in common."""

from __future__ import annotations

import base64
import io
import sys
import types

import numpy as np
import pytest
from PIL import Image

from gancourse.classroom import widgets
from gancourse.classroom.widgets import base
from gancourse.classroom.widgets.base import VIEW
from tests.browser import opened
from tests.shown import QUESTIONS, Faces, small_frames, toy_gan, toy_points


def png_in(bundle: dict) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(bundle["image/png"])))


def every_kind() -> list[widgets.Live]:
    return [
        widgets.latent_sliders(Faces()),
        widgets.game_player(small_frames()),
        widgets.toy_game(toy_gan(), toy_points(), batch_size=16, n=20, preview_rounds=(0, 2)),
        widgets.quiz(QUESTIONS),
        widgets.explorer({"a": small_frames()[0], "b": small_frames()[1]}),
        widgets.finder([{"name": "a", "kind": "b"}], choose="kind"),
        widgets.playground("orbit", preview=(0,)),
    ]


def test_every_explorer_offers_a_live_view_and_something_to_read():
    for live in every_kind():
        bundle = live._repr_mimebundle_()
        assert bundle[VIEW]["model_id"] == live.widget.model_id
        assert bundle["text/plain"] == repr(live)
        if repr(live).startswith("1. "):
            assert "image/png" not in bundle and "<details>" in bundle["text/html"]
        elif repr(live).startswith("finder"):
            assert "image/png" not in bundle and "<table>" in bundle["text/html"]
        else:
            assert np.array_equal(png_in(bundle).convert("RGB"), live.still().convert("RGB"))


def test_in_colab_every_explorer_turns_on_the_manager_of_custom_widgets(monkeypatch):
    """Without it Colab shows nothing of a widget that is not ipywidgets' own; anywidget turns it on where one is made."""
    asked = []
    monkeypatch.setitem(sys.modules, "google.colab.output", types.ModuleType("google.colab.output"))
    monkeypatch.setattr("anywidget.widget.enable_custom_widget_manager_once", lambda: asked.append(True))
    made = every_kind()
    assert len(asked) == len(made)


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
    note = {"text/html", "text/plain"}
    assert kinds[0] == []
    assert kinds[1:5] == [[{VIEW, "text/plain"}, {"image/png", "text/plain"}, note]] * 4
    assert kinds[5] == [{VIEW, "text/plain"}, {"text/html", "text/plain"}, note]
    assert kinds[6] == [{"image/png", "text/plain"}, {"text/markdown", "text/plain"}]
    assert kinds[7] == [{"image/png", "text/plain"}]
    assert kinds[8] == [{"text/html", "text/plain"}]
    assert kinds[9] == [{"image/png", "text/plain"}]
    assert not any(output.output_type in ("stream", "error") for cell in executed.cells for output in cell.outputs)
    animation = png_in(executed.cells[7].outputs[0]["data"])
    assert animation.n_frames == 3
    assert executed.cells[6].outputs[0].metadata["image/png"]["alt"] == "Four black images"
    assert executed.cells[4].outputs[1].metadata["image/png"]["alt"] == "explorer: 2 pictures, one to two"


def test_exported_html_shows_the_pictures_and_asks_no_other_site(executed):
    import copy

    from nbconvert import HTMLExporter

    book = copy.deepcopy(executed)
    widgets.without_live_views(book)
    assert "widgets" not in book.metadata
    assert not any(VIEW in output.get("data", {}) for cell in book.cells for output in cell.outputs)
    assert [len(cell.outputs) for cell in book.cells[1:6]] == [1] * 5
    page = HTMLExporter(template_name="lab").from_notebook_node(book)[0]
    body = page[page.index("<main>") :]
    assert body.count("data:image/png;base64,") == 7
    assert "<details>" in body and "widget-view" not in body and base.SAID not in body


def test_views_that_have_no_picture_stay(executed):
    book = {
        "metadata": {"widgets": {"state": 1}},
        "cells": [{"outputs": [{"data": {VIEW: {}, "text/plain": "HBox()"}}, {"data": {VIEW: {}, "image/png": ""}}]}],
    }
    widgets.without_live_views(book)
    assert [set(output["data"]) for output in book["cells"][0]["outputs"]] == [{VIEW, "text/plain"}, {"image/png"}]
    assert "widgets" in book["metadata"]


OUTPUTS = """<!doctype html><body><div class="jp-OutputArea">
<div class="jp-OutputArea-child" id="before">printed</div>
<div class="jp-OutputArea-child" id="view"><div id="inner">Error displaying widget: model not found</div></div>
<div class="jp-OutputArea-child" id="still"><img></div>
<div class="jp-OutputArea-child" id="note"><style>RULES</style><p class="gan-note">SAID</p></div>
<div class="jp-OutputArea-child" id="after">printed</div>
</div><pre id="found"></pre><script>
const seen = () => [...document.querySelectorAll(".jp-OutputArea-child")]
  .filter(e => getComputedStyle(e).display !== "none").map(e => e.id);
const found = { dead: seen() };
document.getElementById("inner").classList.add("gan-live");
found.alive = seen();
document.getElementById("found").textContent = JSON.stringify(found);
</script></body>"""


def test_a_page_shows_the_widget_while_it_lives_and_the_picture_afterwards(tmp_path):
    assert all("gan-live" in live.widget._dom_classes for live in every_kind())
    found = opened(OUTPUTS.replace("RULES", base.RULES).replace("SAID", base.SAID), tmp_path)
    assert found == {"dead": ["before", "still", "note", "after"], "alive": ["before", "view", "after"]}


def test_colab_gets_one_output(monkeypatch):
    monkeypatch.delenv("VSCODE_PID", raising=False)
    monkeypatch.delenv("VSCODE_CWD", raising=False)
    assert not base.one_output_is_enough()
    monkeypatch.setitem(sys.modules, "google.colab", object())
    assert base.one_output_is_enough()


def test_rows_wrap_and_controls_come_first():
    for live in every_kind():
        for widget in everything_in(live.widget):
            if type(widget).__name__ == "HBox" and len(widget.children) > 2:
                assert widget.layout.flex_flow == "row wrap"
    sliders = widgets.latent_sliders(Faces()).widget
    controls, picture, _ = sliders.children
    assert sliders.layout.flex_flow == "row wrap" and controls.layout.flex == "0 0 auto"
    assert picture.layout.max_width == "100%"

"""The painting canvas: strokes to masks, answers, messages that make no sense, and its script in a real browser."""

# ruff: noqa: E501
from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gancourse.classroom import widgets
from gancourse.classroom.widgets import canvas
from gancourse.data.corruptions import painted
from tests.browser import opened

pytest.importorskip("anywidget")


class Fills(nn.Module):
    """Paints white, and remembers what it was given."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.seen: list[torch.Tensor] = []

    def forward(self, x):
        assert not self.training and not torch.is_grad_enabled() and torch.get_num_threads() == 1
        self.seen.append(x)
        return torch.ones(len(x), 3, *x.shape[2:]) * self.weight


def dark(n=2, side=16):
    return torch.full((n, 3, side, side), -0.5) + 0.1 * torch.arange(n)[:, None, None, None]


def sent(*strokes):
    return [{"width": width, "points": [list(point) for point in points]} for width, points in strokes]


def pixels(png):
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def test_strokes_become_a_hole_that_the_network_cannot_see_into():
    model = Fills()
    board = widgets.fill_hole(model, dark(), strokes=())
    assert board.mask().sum() == 0
    before = board.widget.answer
    board.widget.strokes = sent((4, [(3, 8), (12, 8)]))
    mask = painted(16, [([(3, 8), (12, 8)], 4)])
    assert torch.equal(board.mask(), mask) and 0 < mask.mean() < 0.5
    picture, told = model.seen[-1][:, :3], model.seen[-1][:, 3:]
    assert torch.equal(told, mask)
    assert torch.equal(picture, dark()[:1] * (1 - mask)), "the hole's content must not reach the network"
    shown = pixels(board.widget.answer)
    assert board.widget.answer != before
    assert (shown[mask[0, 0].bool().numpy()] == 255).all()
    assert np.abs(shown[~mask[0, 0].bool().numpy()] - 63.75).max() <= 1, "what is beside the strokes stays"


def test_clearing_and_choosing_another_picture():
    board = widgets.fill_hole(Fills(), dark(), strokes=[(4, [(8, 8)])])
    assert board.mask().sum() > 4
    first = board.widget.paper
    board.widget.choice = 1
    assert board.widget.paper != first and np.abs(pixels(board.widget.paper) - 76.5).max() <= 1
    board.widget.strokes = []
    assert board.mask().sum() == 0 and board.widget.answer == board.widget.paper
    board.widget.choice = 99
    assert board.widget.choice == 0 and board.widget.paper == first


@pytest.mark.parametrize(
    "message",
    [
        [{"width": 3}],
        [{"width": 3, "points": []}],
        [{"width": 0, "points": [[1, 1]]}],
        [{"width": float("nan"), "points": [[1, 1]]}],
        [{"width": "3", "points": [[1, 1]]}],
        [{"width": 3, "points": [[1, 1, 1]]}],
        [{"width": 3, "points": [[1, None]]}],
        [{"width": 1000, "points": [[1, 1]]}],
        ["no stroke"],
        [{"width": 1, "points": [[1, 1]] * (canvas.MOST_POINTS + 1)}],
        [{"width": 1, "points": [[1, 1]]}] * (canvas.MOST_STROKES + 1),
    ],
)
def test_a_message_that_makes_no_sense_changes_nothing_but_the_note(message):
    model = Fills()
    board = widgets.fill_hole(model, dark(), strokes=[(4, [(8, 8)])])
    asked, answer, mask = len(model.seen), board.widget.answer, board.mask()
    board.widget.strokes = message
    assert board.widget.note and board.widget.answer == answer
    assert len(model.seen) == asked and torch.equal(board.mask(), mask)
    board.widget.strokes = sent((2, [(4, 4)]))
    assert board.widget.note == "" and board.widget.answer != answer


def test_points_outside_are_moved_to_the_edge():
    assert canvas.read_strokes(sent((2, [(-5, 99)])), 16) == [(2.0, ((0.0, 16.0),))]


def test_lines_are_black_on_white_with_soft_edges():
    seen = []

    class Face(nn.Module):
        def __init__(self):
            super().__init__()
            self.weight = nn.Parameter(torch.zeros(()))

        def forward(self, x):
            seen.append(x)
            return x.expand(-1, 3, -1, -1) + self.weight

    board = widgets.draw_face(Face(), side=32, strokes=[(1.5, [(4.3, 4.1), (28.2, 20.7)])])
    drawing = seen[-1]
    assert drawing.shape == (1, 1, 32, 32) and drawing[0, 0, 30, 2] == 1 and drawing.min() < -0.8
    between = ((drawing > -0.95) & (drawing < 0.95)).sum()
    assert between > 10, "an edge that is not soft is no line of the training set"
    assert board.still().width > board.still().height


def test_without_a_front_end_papers_and_answers_stand_side_by_side():
    board = widgets.fill_hole(Fills(), dark(4), strokes=[(6, [(8, 8)])])
    bundle = board._repr_mimebundle_()
    assert {"image/png", "text/plain"} < set(bundle)
    still = np.asarray(board.still())
    assert still.shape[1] > 5 * still.shape[0]  # three papers, three answers
    scale = still.shape[0] // 16
    middle = still[8 * scale, 8 * scale :: 17 * scale]
    assert middle[0].tolist() == [128] * 3 and middle[1].tolist() == [255] * 3


@pytest.mark.parametrize("papers", [torch.zeros(3, 16, 16), torch.zeros(1, 3, 16, 8), torch.zeros(0, 3, 8, 8), np.zeros(3)])
def test_papers_that_cannot_be_painted_on(papers):
    with pytest.raises(ValueError, match="papers must be"):
        widgets.PaintCanvas(lambda paper, mask: paper, papers)


def test_old_strokes_are_not_painted_anew():
    """The work of an answer must not grow with every stroke that stands there already."""
    board = widgets.PaintCanvas(lambda paper, mask: paper, torch.zeros(1, 1, 64, 64))
    strokes = [(2.0 + 0.01 * k, [(x, 10 + 0.1 * k) for x in range(0, 64)]) for k in range(40)]

    def painted(message):
        before = canvas._stroke_mask.cache_info().misses
        board.widget.strokes = message
        return canvas._stroke_mask.cache_info().misses - before

    assert painted(sent(*strokes)) == 40
    assert painted(sent(*strokes, (3.0, [(5, 5)]))) == 1


def test_the_script_in_a_browser(tmp_path):
    """Presses, moves and buttons of a real browser reach the model as strokes in pixels of the picture."""
    found = opened(PAGE.replace("SCRIPT", canvas.SCRIPT.replace("export default", "const widget =")), tmp_path)
    assert found["error"] == ""
    assert found["drawn"][0]["points"] == [[8, 8], [16, 8], [24, 16]] and found["drawn"][0]["width"] == 6
    assert len(canvas.read_strokes(found["drawn"], 32)) == 1
    assert found["ink"] == [255, 0, 0] and found["paper"] == [0, 0, 0], "the stroke is seen where it was drawn, and only there"
    assert found["undone"] == [] and found["choice"] == 1 and found["saved"] >= 3
    assert found["keys"] == [[16, 16], [17, 16], [18, 16], [18, 20]], "space lowers the brush, arrows move it, space lifts it"
    assert found["erased"] == 0, "Delete takes away all strokes"
    assert found["named"] == ["application", "img"] and found["focus"] == 0 and found["label"].startswith("a: arrow keys")
    assert found["long"] > 1 and found["longest"] <= 101, "a long stroke is sent in pieces"
    assert found["left"] == 0, "a view that is closed leaves no listener behind"


PAGE = """<!doctype html><body><div id="el"></div><pre id="found"></pre><script type="module">
SCRIPT
const found = { error: "", saved: 0 };
const listeners = {};
const png = Uint8Array.from(atob("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC"), c => c.charCodeAt(0));
const state = { side: 32, zoom: 4, count: 2, choice: 0, strokes: [], titles: ["a", "b"], ink: "#ff0000", brush: 6, note: "",
  paper: new DataView(png.buffer), answer: new DataView(png.buffer) };
const model = { get: k => state[k], set: (k, v) => { state[k] = v; }, save_changes: () => { found.saved += 1; },
  on: (k, f) => { (listeners[k] ||= new Set()).add(f); }, off: (k, f) => { listeners[k].delete(f); } };
const wait = ms => new Promise(done => setTimeout(done, ms));
try {
  const close = widget.render({ model, el: document.getElementById("el") });
  await wait(200);
  const canvas = document.querySelector("canvas"), edge = canvas.getBoundingClientRect();
  const fire = (kind, x, y) => canvas.dispatchEvent(new PointerEvent(kind, { pointerId: 1, bubbles: true,
    clientX: edge.left + x * edge.width / 32, clientY: edge.top + y * edge.height / 32 }));
  fire("pointermove", 3, 3);
  fire("pointerdown", 8, 8); fire("pointermove", 16, 8); fire("pointermove", 16.1, 8); fire("pointermove", 24, 16); fire("pointerup", 24, 16);
  await wait(300);
  found.drawn = state.strokes;
  const pen = canvas.getContext("2d");
  found.ink = [...pen.getImageData(48, 32, 1, 1).data].slice(0, 3);
  found.paper = [...pen.getImageData(8, 120, 1, 1).data].slice(0, 3);
  const buttons = Object.fromEntries([...document.querySelectorAll("button")].map(b => [b.textContent, b]));
  buttons["Undo"].click();
  found.undone = state.strokes;
  buttons["Next picture"].click();
  found.choice = state.choice;
  const press = (key, more) => canvas.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...more }));
  press(" "); press("ArrowRight"); press("ArrowRight"); press("ArrowDown", { shiftKey: true }); press(" "); press("ArrowDown");
  found.keys = state.strokes[0].points;
  press("Delete");
  found.erased = state.strokes.length;
  found.named = [...document.querySelectorAll("canvas")].map(c => c.getAttribute("role"));
  found.focus = canvas.tabIndex; found.label = canvas.getAttribute("aria-label");
  fire("pointerdown", 0, 0);
  for (let i = 1; i < 250; i++) fire("pointermove", i % 2 ? 20 : 2, i / 10);
  fire("pointerup", 0, 0);
  found.long = state.strokes.length; found.longest = Math.max(...state.strokes.map(s => s.points.length));
  buttons["Clear"].click();
  if (state.strokes.length) found.error = "Clear left strokes";
  close();
  found.left = Object.values(listeners).reduce((n, s) => n + s.size, 0);
} catch (error) { found.error = String(error); }
document.getElementById("found").textContent = JSON.stringify(found);
</script></body>"""

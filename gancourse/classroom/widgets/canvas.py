"""A canvas to paint on with mouse, pen or finger, and a network that answers while you paint.

The canvas is JavaScript (:data:`SCRIPT`), carried by anywidget, with nothing to download.  It sends strokes as lists of points in
pixels of the small picture; Python makes a mask of them, asks the network, and sends the answer back as a PNG.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.latents import device_of
from gancourse.base.networks import evaluating
from gancourse.classroom.widgets.access import HOLD_KEYS
from gancourse.classroom.widgets.base import LIVE, Live, one_thread, quick_png
from gancourse.data.corruptions import painted
from gancourse.gans.inpainting import erase
from gancourse.viz import pictures

if TYPE_CHECKING:
    from PIL.Image import Image

Stroke = tuple[float, tuple[tuple[float, float], ...]]  # width and points (x, y), in pixels of the picture
MOST_STROKES, MOST_POINTS = 400, 400

SCRIPT = (
    HOLD_KEYS
    + """
function render({ model, el }) {
  const side = model.get("side"), zoom = model.get("zoom");
  const make = (tag, parent, set) => parent.appendChild(Object.assign(document.createElement(tag), set || {}));
  const box = make("div", el), row = make("div", box), bar = make("div", box);
  row.style.cssText = "display:flex;flex-wrap:wrap;gap:16px";
  bar.style.cssText = "display:flex;flex-wrap:wrap;gap:10px;align-items:center;margin-top:6px;font:13px sans-serif";
  const panel = (title) => {
    const cell = make("div", row);
    make("div", cell, { textContent: title }).style.cssText = "font:13px sans-serif;margin-bottom:3px";
    const canvas = make("canvas", cell, { width: side * zoom, height: side * zoom });
    canvas.style.cssText = "border:1px solid #888;touch-action:none;max-width:100%";
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", title);
    return canvas;
  };
  const [left, right] = model.get("titles").map(panel);
  left.style.cursor = "crosshair";
  left.tabIndex = 0;
  left.setAttribute("role", "application");
  left.setAttribute("aria-label", `${model.get("titles")[0]}: arrow keys move the brush, space lowers and lifts it, ` +
    "Backspace takes away the last stroke, Delete all");
  let strokes = model.get("strokes").map((s) => ({ width: s.width, points: s.points.slice() }));
  let paper = null, drawing = false, sent = 0, timer = null;
  let spot = [side / 2, side / 2], byKeys = false;

  const paint = () => {
    const pen = left.getContext("2d");
    pen.imageSmoothingEnabled = false;
    if (paper) pen.drawImage(paper, 0, 0, left.width, left.height);
    pen.strokeStyle = pen.fillStyle = model.get("ink");
    pen.lineCap = pen.lineJoin = "round";
    for (const s of strokes) {
      pen.lineWidth = s.width * zoom;
      pen.beginPath();
      s.points.forEach(([x, y], i) => (i ? pen.lineTo(x * zoom, y * zoom) : pen.moveTo(x * zoom, y * zoom)));
      if (s.points.length === 1) pen.lineTo(s.points[0][0] * zoom + 0.01, s.points[0][1] * zoom);
      pen.stroke();
    }
    if (byKeys) {
      pen.lineWidth = 2;
      for (const [colour, radius] of [["#ffffff", 7], ["#000000", 9]]) {
        pen.strokeStyle = colour;
        pen.beginPath();
        pen.arc(spot[0] * zoom, spot[1] * zoom, radius, 0, 2 * Math.PI);
        pen.stroke();
      }
    }
  };
  const load = (name, done) => {
    const url = URL.createObjectURL(new Blob([model.get(name)], { type: "image/png" }));
    const image = new Image();
    image.onload = () => { done(image); URL.revokeObjectURL(url); };
    image.src = url;
  };
  const showPaper = () => load("paper", (image) => { paper = image; paint(); });
  const showAnswer = () => load("answer", (image) => {
    const pen = right.getContext("2d");
    pen.imageSmoothingEnabled = false;
    pen.drawImage(image, 0, 0, right.width, right.height);
  });
  const send = () => {
    clearTimeout(timer);
    timer = null;
    sent = Date.now();
    model.set("strokes", strokes.map((s) => ({ width: s.width, points: s.points.slice() })));
    model.save_changes();
  };
  const soon = () => { if (timer === null) timer = setTimeout(send, Math.max(0, 150 - (Date.now() - sent))); };
  const at = (event) => {
    const edge = left.getBoundingClientRect();
    const inside = (v) => Math.round(100 * Math.min(Math.max(v, 0), side)) / 100;
    return [inside((event.clientX - edge.left) / edge.width * side), inside((event.clientY - edge.top) / edge.height * side)];
  };

  const begin = (point) => {
    drawing = true;
    strokes.push({ width: Number(brush.value), points: [point] });
    paint();
    soon();
  };
  const extend = (point) => {
    let points = strokes[strokes.length - 1].points;
    const last = points[points.length - 1];
    if (Math.hypot(point[0] - last[0], point[1] - last[1]) < 0.5) return;
    if (points.length >= 100) {
      points = [last];
      strokes.push({ width: Number(brush.value), points });
    }
    points.push(point);
    paint();
    soon();
  };
  left.addEventListener("pointerdown", (event) => {
    event.preventDefault();
    left.focus();
    byKeys = false;
    try { left.setPointerCapture(event.pointerId); } catch (error) { /* a pointer that is gone needs no capture */ }
    begin(at(event));
  });
  left.addEventListener("pointermove", (event) => { if (drawing && !byKeys) extend(at(event)); });
  const stop = () => { if (drawing) { drawing = false; send(); } };
  left.addEventListener("pointerup", stop);
  left.addEventListener("pointercancel", stop);

  const clear = () => { strokes = []; drawing = false; paint(); send(); };
  const undo = () => { strokes.pop(); drawing = false; paint(); send(); };
  const ways = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  const keys = { " ": () => (drawing ? stop() : begin(spot)), Backspace: undo, Delete: clear };
  left.addEventListener("keydown", (event) => {
    const way = ways[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey || !(way || keys[event.key])) return;
    event.preventDefault();
    byKeys = true;
    if (way) {
      const step = event.shiftKey ? side / 8 : Math.max(1, side / 32);
      spot = spot.map((v, i) => Math.min(Math.max(v + step * way[i], 0), side));
      if (drawing) extend(spot);
    } else keys[event.key]();
    paint();
  });
  left.addEventListener("blur", () => { if (byKeys) { stop(); byKeys = false; paint(); } });

  const button = (text, title, action) => make("button", bar, { textContent: text, title, onclick: action });
  button("Clear", "take away all strokes", clear);
  button("Undo", "take away the last stroke", undo);
  if (model.get("count") > 1) {
    button("Next picture", "another picture, the same strokes", () => {
      model.set("choice", (model.get("choice") + 1) % model.get("count"));
      model.save_changes();
    });
  }
  const label = make("label", bar, { textContent: "brush " });
  const brush = make("input", label, { type: "range", min: 1, max: Math.round(side / 4), step: 0.5, value: model.get("brush") });
  brush.setAttribute("aria-label", "width of the brush");
  const note = make("span", bar, { textContent: model.get("note") });
  note.setAttribute("role", "status");
  const says = () => { note.textContent = model.get("note"); };
  model.on("change:paper", showPaper);
  model.on("change:answer", showAnswer);
  model.on("change:note", says);
  showPaper();
  showAnswer();
  const release = holdKeys(box);
  return () => {
    release();
    clearTimeout(timer);
    model.off("change:paper", showPaper);
    model.off("change:answer", showAnswer);
    model.off("change:note", says);
  };
}
export default { render };
"""
)


@lru_cache(maxsize=1)
def _kind() -> type:
    """The widget class; anywidget is imported where the first canvas is made."""
    try:
        import anywidget
    except ModuleNotFoundError:
        raise ModuleNotFoundError("the painting canvas needs anywidget: run `pip install anywidget`") from None
    import traitlets

    class Canvas(anywidget.AnyWidget):
        """What Python and the browser share; strokes and choice come from the browser, paper, answer and note go to it."""

        _esm = SCRIPT
        side, zoom, count = (traitlets.Int(1).tag(sync=True) for _ in range(3))
        strokes: Any = traitlets.List().tag(sync=True)
        choice = traitlets.Int(0).tag(sync=True)
        paper, answer = (traitlets.Bytes(b"").tag(sync=True) for _ in range(2))
        titles = traitlets.List(["paint here", "answer"]).tag(sync=True)
        ink, note = traitlets.Unicode("#808080").tag(sync=True), traitlets.Unicode("").tag(sync=True)
        brush = traitlets.Float(5.0).tag(sync=True)

    return Canvas


def read_strokes(message: Any, side: int) -> list[Stroke]:
    """Strokes from what a browser sent: [{"width": w, "points": [[x, y], ...]}, ...], in pixels of a picture of ``side``.

    Nothing of a message is trusted: a ValueError names what is wrong with it.  Points outside the picture are moved to its edge.
    """
    if not isinstance(message, list | tuple) or len(message) > MOST_STROKES:
        raise ValueError(f"strokes must be a list of at most {MOST_STROKES}: press Clear")
    strokes = []
    for stroke in message:
        points = stroke.get("points") if isinstance(stroke, dict) else None
        if not isinstance(points, list | tuple) or not 0 < len(points) <= MOST_POINTS:
            raise ValueError(f"a stroke needs a width and 1 to {MOST_POINTS} points [x, y]")
        width = _finite(stroke.get("width"))
        if not 0 < width <= side:
            raise ValueError(f"the width of a stroke must be above 0 and at most {side} pixels")
        if not all(isinstance(point, list | tuple) and len(point) == 2 for point in points):
            raise ValueError("a point must be [x, y]")
        strokes.append((width, tuple((_clipped(x, side), _clipped(y, side)) for x, y in points)))
    return strokes


def _finite(x: Any) -> float:
    if isinstance(x, bool) or not isinstance(x, int | float) or not math.isfinite(x):
        raise ValueError("widths and points of strokes must be finite numbers")
    return float(x)


def _clipped(x: Any, side: int) -> float:
    return min(max(_finite(x), 0.0), float(side))


@lru_cache(maxsize=1024)
def _stroke_mask(side: int, stroke: Stroke, fine: int) -> Tensor:
    """One stroke as coverage [1, 1, side, side]; ``fine`` samples across each pixel soften its edge."""
    width, points = stroke
    mask = painted(side * fine, [([(fine * x, fine * y) for x, y in points], fine * width)])
    return F.avg_pool2d(mask, fine) if fine > 1 else mask


class PaintCanvas(Live):
    """Strokes on a picture, and what a function makes of them.

    respond   (paper [1, C, side, side] in [-1, 1], mask [1, 1, side, side]) -> answer [1, C', side, side] in [-1, 1]
    papers    the pictures to paint on, [N, C, side, side]
    strokes   those that stand there at the start, as (width, points); they make the still picture, too
    fine      1: a pixel is painted or not; more: soft edges, coverage between 0 and 1
    examples  papers in the still picture

    A message that makes no sense leaves the answer as it is and says so in ``widget.note``; it never raises in the kernel.
    """

    def __init__(
        self,
        respond: Callable[[Tensor, Tensor], Tensor],
        papers: Tensor,
        *,
        strokes: Sequence[Stroke] = (),
        brush: float = 8.0,
        ink: str = "#808080",
        titles: tuple[str, str] = ("paint here", "answer"),
        fine: int = 1,
        size: int = 320,
        examples: int = 3,
    ) -> None:
        if not isinstance(papers, Tensor) or papers.ndim != 4 or not papers.is_floating_point() or len(papers) == 0:
            raise ValueError("papers must be one picture or more as floats [N, C, H, W] in [-1, 1]")
        if papers.shape[2] != papers.shape[3]:
            raise ValueError(f"papers must be square, not {papers.shape[2]} x {papers.shape[3]}")
        self.respond, self.papers, self.side = respond, papers.detach().cpu(), papers.shape[3]
        self.fine, self.examples = pictures.positive_int("fine", fine), pictures.positive_int("examples", examples)
        self.zoom = max(1, pictures.positive_int("size", size) // self.side)
        self.ink = ink
        start = [{"width": float(width), "points": [list(map(float, point)) for point in points]} for width, points in strokes]
        self._strokes = read_strokes(start, self.side)
        self.widget = _kind()(
            side=self.side,
            zoom=self.zoom,
            count=len(self.papers),
            strokes=start,
            paper=self._png(self.papers[:1]),
            titles=list(titles),
            ink=ink,
            brush=check.positive("brush", brush),
        )
        self.widget.add_class(LIVE)
        self.widget.answer = self._png(self.answer())
        self.widget.observe(self._painted, names="strokes")
        self.widget.observe(self._chosen, names="choice")

    def __repr__(self) -> str:
        return f"{type(self).__name__}: {len(self.papers)} of {self.side} px, {len(self._strokes)} strokes"

    def mask(self) -> Tensor:
        """What is painted: [1, 1, side, side], 1 under the strokes."""
        mask = torch.zeros(1, 1, self.side, self.side)
        for stroke in self._strokes:
            mask = torch.maximum(mask, _stroke_mask(self.side, stroke, self.fine))
        return mask

    def answer(self, choice: int | None = None) -> Tensor:
        """What the function makes of the strokes on one of the papers (default: the chosen one): [1, C, side, side]."""
        i = self.widget.choice if choice is None else choice
        with one_thread(), torch.no_grad():
            return self.respond(self.papers[i : i + 1], self.mask()).float().cpu().clamp(-1, 1)

    def still(self) -> Image:
        """A few papers with the strokes as they are, each with its answer."""
        n, mask = min(self.examples, len(self.papers)), self.mask()
        ink = torch.tensor([int(self.ink[i : i + 2], 16) for i in (1, 3, 5)]) / 127.5 - 1
        shown = torch.cat([_coloured(erase(_coloured(self.papers[i : i + 1]), mask, ink[:, None, None])) for i in range(n)])
        answers = torch.cat([_coloured(self.answer(i)) for i in range(n)])
        scale = max(1, min(self.zoom, pictures.WIDEST // (2 * n * (self.side + 1))))
        return pictures.grid(torch.stack([shown, answers], 1).flatten(0, 1), columns=2 * n, scale=scale)

    def _png(self, x: Tensor) -> bytes:
        return quick_png(pictures.grid(x, columns=1, scale=1))

    def _painted(self, change: Any) -> None:
        try:
            self._strokes = read_strokes(change["new"], self.side)
        except ValueError as error:
            self.widget.note = str(error)
            return
        self.widget.note = ""
        self.widget.answer = self._png(self.answer())

    def _chosen(self, change: Any) -> None:
        if not 0 <= change["new"] < len(self.papers):
            self.widget.choice = 0  # which calls this again
            return
        self.widget.paper = self._png(self.papers[change["new"]][None])
        self.widget.answer = self._png(self.answer())


def _coloured(x: Tensor) -> Tensor:
    return x if x.shape[1] == 3 else x.expand(-1, 3, -1, -1)


GLASSES_HOLE: tuple[Stroke, ...] = ((13.0, ((22.0, 34.0), (42.0, 34.0))),)  # over the eyes of a 64 px face
SKETCH: tuple[Stroke, ...] = (  # a face in a few lines, 64 px
    (1.5, tuple((30 + 17 * math.cos(k / 8 * math.pi), 36 + 17 * math.sin(k / 8 * math.pi)) for k in range(17))),
    (1.5, ((13.0, 34.0), (11.0, 20.0), (20.0, 10.0), (32.0, 8.0), (44.0, 12.0), (50.0, 24.0), (47.0, 34.0))),
    (1.5, ((14.0, 28.0), (22.0, 22.0), (30.0, 25.0), (38.0, 21.0), (46.0, 28.0))),
    (4.0, ((22.0, 35.0),)),
    (4.0, ((35.0, 35.0),)),
    (1.5, ((18.0, 29.0), (25.0, 29.0))),
    (1.5, ((32.0, 29.0), (39.0, 29.0))),
    (1.5, ((22.0, 44.0), (28.0, 47.0), (34.0, 44.0))),
)


def fill_hole(
    model: nn.Module, faces: Tensor, *, strokes: Sequence[Stroke] = GLASSES_HOLE, brush: float = 8.0, size: int = 320
) -> PaintCanvas:
    """Paint a hole on a face and see it filled while you paint.

    model   a network on pictures with holes and their masks [N, C + 1, H, W], such as the shipped ``inpaint_faces64``
    faces   floats [N, C, H, W] in [-1, 1]

    What lies under the strokes never reaches the network, and what lies beside them stays as it was.
    """

    def respond(face: Tensor, mask: Tensor) -> Tensor:
        with evaluating(model):
            seen = erase(face, mask)
            out = model(torch.cat([seen, mask], 1).to(device_of(model))).float().cpu()
        return seen + mask * out

    return PaintCanvas(respond, faces, strokes=strokes, brush=brush, size=size, titles=("paint a hole", "filled"))


def draw_face(
    model: nn.Module,
    papers: Tensor | None = None,
    *,
    side: int = 64,
    strokes: Sequence[Stroke] | None = None,
    brush: float = 1.5,
    size: int = 320,
) -> PaintCanvas:
    """Draw black lines and see the face that a translator makes of them while you draw.

    model    a network on drawings [N, 1, side, side], black lines (-1) on white (1), such as the shipped ``lines_to_face64``
    papers   drawings to go on from, [N, 1, side, side]; without them a white page with a face in a few lines
    strokes  lines that stand there at the start, as (width, points)
    """
    if strokes is None:
        strokes = SKETCH if papers is None else ()
    if papers is None:
        papers = torch.ones(1, 1, side, side)

    def respond(paper: Tensor, mask: Tensor) -> Tensor:
        with evaluating(model):
            return model(erase(paper, mask, -1.0).to(device_of(model))).float().cpu()

    return PaintCanvas(
        respond, papers, strokes=strokes, brush=brush, ink="#000000", fine=4, size=size, titles=("draw here", "the face")
    )

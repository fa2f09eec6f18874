"""Shapes of voxels to turn with mouse, finger or arrow keys.

The drawing is JavaScript on a canvas (:data:`SCRIPT`), carried by anywidget, with nothing to download; it repeats what
:mod:`gancourse.viz.voxels` does, and once it has the voxels it asks Python nothing more.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from gancourse.classroom.widgets.access import HOLD_KEYS
from gancourse.classroom.widgets.base import LIVE, Live
from gancourse.viz import pictures
from gancourse.viz.voxels import COLOUR, LIGHT, as_solids, solid

if TYPE_CHECKING:
    from PIL.Image import Image

MOST = 400  # shapes
VIEWS = (35.0, 125.0, 215.0)  # degrees: those of the still picture

SCRIPT = (
    HOLD_KEYS
    + """
export function unpack(bytes, count, side) {  // bits, the first the highest of its byte
  const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const each = side ** 3, shapes = [];
  for (let k = 0; k < count; k++) {
    const full = new Uint8Array(each);
    for (let i = 0; i < each; i++) { const at = k * each + i; full[i] = (view[at >> 3] >> (7 - (at & 7))) & 1; }
    shapes.push(full);
  }
  return shapes;
}

export function faces(full, side, turn, tilt) {  // those that look towards the eye, the farthest first
  const a = turn * Math.PI / 180, b = tilt * Math.PI / 180;
  const right = [Math.cos(a), Math.sin(a), 0];
  const towards = [Math.sin(a) * Math.cos(b), -Math.cos(a) * Math.cos(b), Math.sin(b)];
  const up = [towards[1] * right[2] - towards[2] * right[1], towards[2] * right[0] - towards[0] * right[2],
              towards[0] * right[1] - towards[1] * right[0]];
  const dot = (u, v) => u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
  const around = [[[1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 0, 1]], [[0, 1, 0], [1, 1, 0], [1, 1, 1], [0, 1, 1]],
                  [[0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]]];
  const is = (x, y, z) => x >= 0 && y >= 0 && z >= 0 && x < side && y < side && z < side && full[(x * side + y) * side + z];
  const found = [];
  for (let x = 0; x < side; x++) for (let y = 0; y < side; y++) for (let z = 0; z < side; z++) {
    if (!is(x, y, z)) continue;
    for (let axis = 0; axis < 3; axis++) {
      const ahead = towards[axis] > 0 ? 1 : -1, beside = [x, y, z];
      beside[axis] += ahead;
      if (is(...beside)) continue;
      const points = around[axis].map((corner) => {
        const at = [x, y, z].map((v, i) => v + corner[i] - (i === axis && ahead < 0 ? 1 : 0) - side / 2);
        return [dot(at, right), dot(at, up)];
      });
      const depth = dot([x + 0.5, y + 0.5, z + 0.5], towards) + 0.01 * Math.abs(towards[axis]);
      found.push({ points, axis, height: z / Math.max(1, side - 1), depth });
    }
  }
  return found.sort((one, other) => one.depth - other.depth);
}

function render({ model, el }) {
  const side = model.get("side"), names = model.get("names"), colour = model.get("colour"), light = model.get("light");
  const shapes = unpack(model.get("body"), names.length, side), zoom = model.get("size");
  const make = (tag, parent, set) => parent.appendChild(Object.assign(document.createElement(tag), set || {}));
  const box = make("div", el), canvas = make("canvas", box, { width: 2 * zoom, height: 2 * zoom });
  canvas.style.cssText = `width:${zoom}px;height:${zoom}px;max-width:100%;touch-action:none;cursor:grab;border:1px solid #ccc`;
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  const bar = make("div", box);
  bar.style.cssText = "display:flex;flex-wrap:wrap;gap:10px;align-items:center;margin-top:6px;font:13px sans-serif";
  const label = make("label", bar, { textContent: "shape " }), menu = make("select", label);
  names.forEach((name, i) => make("option", menu, { value: i, textContent: name }));
  menu.setAttribute("aria-label", "shape");
  const next = make("button", bar, { textContent: "Next shape", title: "the next shape, from the same side" });
  let turn = 35, tilt = 25, held = null;
  const draw = () => {
    const pen = canvas.getContext("2d"), scale = 2 * zoom / (1.6 * side);
    pen.fillStyle = "white";
    pen.fillRect(0, 0, 2 * zoom, 2 * zoom);
    pen.lineJoin = "round";
    const drawn = faces(shapes[Number(menu.value)], side, turn, tilt);
    for (const face of drawn) {
      const bright = light[face.axis] * (0.78 + 0.22 * face.height);
      const paint = (share) => `rgb(${colour.map((v) => Math.round(Math.min(255, v * bright * share))).join(",")})`;
      pen.beginPath();
      for (const [x, y] of face.points) pen.lineTo(x * scale + zoom, zoom - y * scale);
      pen.closePath();
      pen.fillStyle = paint(1);
      pen.fill();
      pen.strokeStyle = paint(0.86);
      pen.stroke();
    }
    canvas.dataset.faces = drawn.length;
    const seen = `${names[Number(menu.value)]}, turned by ${Math.round(turn)} degrees`;
    canvas.setAttribute("aria-label", `${seen}: drag it, or press the arrow keys`);
  };
  const move = (across, down) => {
    turn = (turn - across + 720) % 360;
    tilt = Math.min(90, Math.max(0, tilt + down));
    draw();
  };
  canvas.addEventListener("pointerdown", (event) => {
    held = [event.clientX, event.clientY];
    try { canvas.setPointerCapture(event.pointerId); } catch (error) { /* a pointer that is gone needs no capture */ }
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!held) return;
    move((event.clientX - held[0]) * 0.6, (event.clientY - held[1]) * 0.6);
    held = [event.clientX, event.clientY];
  });
  const release = () => { held = null; };
  canvas.addEventListener("pointerup", release);
  canvas.addEventListener("pointercancel", release);
  const ways = { ArrowLeft: [-10, 0], ArrowRight: [10, 0], ArrowUp: [0, -10], ArrowDown: [0, 10] };
  canvas.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !ways[event.key]) return;
    event.preventDefault();
    move(...ways[event.key]);
  });
  menu.onchange = draw;
  next.onclick = () => { menu.value = (Number(menu.value) + 1) % names.length; draw(); };
  draw();
  return holdKeys(box);
}
export default { render };
"""
)


@lru_cache(maxsize=1)
def _kind() -> type:
    """The widget class; anywidget is imported where the first one is made."""
    import anywidget
    import traitlets

    class Turning(anywidget.AnyWidget):
        """All that the browser needs; nothing comes back."""

        _esm = SCRIPT
        side, size = traitlets.Int(16).tag(sync=True), traitlets.Int(320).tag(sync=True)
        names: Any = traitlets.List().tag(sync=True)
        colour: Any = traitlets.List().tag(sync=True)
        light: Any = traitlets.List().tag(sync=True)
        body: Any = traitlets.Bytes(b"").tag(sync=True)

    return Turning


class Turntable(Live):
    """Shapes to turn: drag with the mouse, or press the arrow keys; a menu chooses the shape.

    named: names -> a grid of voxels, [1, S, S, S] or [S, S, S], all of one size.  Without a front end: the first
    ``most`` of them, each from three sides.
    """

    def __init__(self, named: Mapping[str, Any], size: int = 320, most: int = 6) -> None:
        if not isinstance(named, Mapping) or not 0 < len(named) <= MOST:
            raise ValueError(f"named must map names to shapes, 1 to {MOST} of them")
        grids = {str(name): as_solids(shape) for name, shape in named.items()}
        if any(grid.shape != next(iter(grids.values())).shape or len(grid) > 1 for grid in grids.values()):
            raise ValueError("each name needs one shape, and all of one size")
        self.shapes = {name: grid[0] for name, grid in grids.items()}
        self.most = pictures.positive_int("most", most)
        side = len(next(iter(self.shapes.values())))
        self.widget = _kind()(
            side=side,
            size=pictures.positive_int("size", size),
            names=list(self.shapes),
            colour=list(COLOUR),
            light=[LIGHT[axis] for axis in range(3)],
            body=packed(np.stack(list(self.shapes.values()))),
        )
        self.widget.add_class(LIVE)

    def __repr__(self) -> str:
        return f"turntable: {len(self.shapes)} shapes, {next(iter(self.shapes))} to {list(self.shapes)[-1]}"

    def still(self) -> Image:
        """The first shapes, from three sides."""
        shown = list(self.shapes.items())[: self.most]
        drawn = [np.asarray(solid(shape, 140, turn)).transpose(2, 0, 1) for turn in VIEWS for _, shape in shown]
        return pictures.labelled_grid(np.stack(drawn), columns=[name for name, _ in shown], scale=1)


def packed(grids: np.ndarray) -> bytes:
    """bool [N, S, S, S] as bits, the first the highest of its byte."""
    return np.packbits(grids.ravel()).tobytes()

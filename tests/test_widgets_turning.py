"""The turntable: what the browser gets, what those who only read see, and a script that draws what Python draws."""

# ruff: noqa: E501
from __future__ import annotations

import json
import shutil
import subprocess

import numpy as np
import pytest
import torch

from gancourse.classroom import widgets
from gancourse.classroom.widgets import turning
from gancourse.data import furniture
from gancourse.viz import voxels as drawing
from tests.browser import opened

pytest.importorskip("anywidget")


def some(n=3):
    return {f"piece {i}": shape for i, shape in enumerate(furniture(16, n).voxels)}


def test_the_browser_gets_every_voxel():
    table = widgets.turntable(some())
    assert table.widget.names == ["piece 0", "piece 1", "piece 2"] and table.widget.side == 16
    bits = np.unpackbits(np.frombuffer(table.widget.body, np.uint8)).reshape(3, 16, 16, 16)
    assert np.array_equal(bits.astype(bool), (furniture(16, 3).voxels[:, 0] > 0).numpy())
    assert repr(table) == "turntable: 3 shapes, piece 0 to piece 2"


def test_the_still_has_three_views_of_each():
    assert widgets.turntable(some(), most=2).still().width == 2 * 140 + 1
    assert set(widgets.turntable(some()).fallback()) == {"image/png"}


@pytest.mark.parametrize(
    "named", [{}, {"a": torch.zeros(2, 1, 4, 4, 4)}, {"a": torch.zeros(4, 4, 4), "b": torch.zeros(8, 8, 8)}, torch.zeros(4, 4, 4)]
)
def test_what_is_no_set_of_shapes_is_refused(named):
    with pytest.raises(ValueError, match="shape"):
        widgets.turntable(named)


@pytest.mark.skipif(shutil.which("node") is None, reason="no node to run the script with")
def test_the_script_finds_the_faces_that_python_finds(tmp_path):
    grid = (furniture(16, 2).voxels[1, 0] > 0).numpy()
    script = turning.SCRIPT + (
        "const bytes = Uint8Array.from(JSON.parse(process.argv[2]));"
        "const found = [[35, 25], [200, 60]].map(([turn, tilt]) => faces(unpack(new DataView(bytes.buffer), 1, 16)[0], 16, turn, tilt));"
        "console.log(JSON.stringify(found));"
    )
    (tmp_path / "turning.mjs").write_text(script, encoding="utf-8")
    sent = json.dumps(list(turning.packed(grid[None])))
    done = subprocess.run(["node", str(tmp_path / "turning.mjs"), sent], capture_output=True, text=True, timeout=60, check=True)
    for found, (turn, tilt) in zip(json.loads(done.stdout), [(35, 25), (200, 60)], strict=True):
        corners, axes, heights = drawing.faces(grid, turn, tilt)
        assert len(found) == len(axes)
        ours = sorted(
            (int(a), *np.round(c, 3).ravel(), round(float(h), 3)) for c, a, h in zip(corners, axes, heights, strict=True)
        )
        theirs = sorted((f["axis"], *np.round(np.array(f["points"]), 3).ravel(), round(f["height"], 3)) for f in found)
        assert np.allclose(ours, theirs, atol=2e-3)
        depths = [face["depth"] for face in found]
        assert depths == sorted(depths)


def test_the_script_in_a_browser(tmp_path):
    """Arrow keys and the mouse turn the shape, the menu changes it."""
    body = list(turning.packed(np.stack([(shape[0] > 0).numpy() for shape in furniture(16, 2).voxels])))
    page = PAGE.replace(
        "SCRIPT", turning.SCRIPT.replace("export default", "const widget =").replace("export function", "function")
    )
    found = opened(page.replace("BODY", json.dumps(body)), tmp_path)
    assert found["error"] == ""
    assert found["ink"] > 500 and found["turned"] and found["dragged"] and found["faces"][0] != found["faces"][1]
    assert "arrow keys" in found["label"]


PAGE = """<!doctype html><body><div id="el"></div><pre id="found"></pre><script type="module">
SCRIPT
const found = { error: "" };
const body = Uint8Array.from(BODY);
const state = { side: 16, size: 200, names: ["a", "b"], colour: [118, 176, 240], light: [0.76, 0.52, 1], body: new DataView(body.buffer) };
try {
  widget.render({ model: { get: k => state[k] }, el: document.getElementById("el") });
  const canvas = document.querySelector("canvas"), menu = document.querySelector("select");
  const pixels = () => [...canvas.getContext("2d").getImageData(0, 0, 400, 400).data];
  const differ = (a, b) => a.some((v, i) => v !== b[i]);
  const first = pixels();
  found.ink = first.filter(v => v < 200).length;
  canvas.dispatchEvent(new KeyboardEvent("keydown", { key: "ArrowRight", bubbles: true }));
  const second = pixels();
  found.turned = differ(first, second);
  const fire = (kind, x) => canvas.dispatchEvent(new PointerEvent(kind, { pointerId: 1, bubbles: true, clientX: x, clientY: 50 }));
  fire("pointerdown", 50); fire("pointermove", 90); fire("pointerup", 90);
  found.dragged = differ(second, pixels());
  found.faces = [canvas.dataset.faces];
  menu.value = "1"; menu.onchange();
  found.faces.push(canvas.dataset.faces);
  found.label = canvas.getAttribute("aria-label");
} catch (error) { found.error = String(error); }
document.getElementById("found").textContent = JSON.stringify(found);
</script></body>"""

"""Drawing in several processes: what one process draws, whatever becomes of the others."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gancourse.data import _render, pixel_faces
from gancourse.data import avatars as module
from gancourse.data._design import factorial

ROOT = Path(__file__).resolve().parents[1]

SCRIPT = """
print("started", flush=True)  # a process that ran this script again would say so again
from functools import partial
from gancourse.data import _render, pixel_faces
_render.render = partial(_render.render, workers=2)
print(pixel_faces(16, 40, progress=False).images.sum().item(), flush=True)
"""


def test_two_scripts_without_a_guard_build_one_set_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    pipe, environment = subprocess.PIPE, os.environ | {"PYTHONPATH": path}
    other = subprocess.Popen([sys.executable, str(script)], stdout=pipe, stderr=pipe, text=True, env=environment)
    assert other.stdout.readline() == "started\n"
    drawn = pixel_faces(16, 40, progress=False)
    out, err = other.communicate(timeout=600)
    assert out.split() == [str(drawn.images.sum().item())], err
    assert [path.name for path in (tmp_path / "cache").iterdir()] == ["pixel_faces_16_40_0_train.npz"]
    assert torch.equal(pixel_faces(16, 40, progress=False).images, drawn.images)


def job(n: int) -> tuple[dict[str, Any], list[Any]]:
    style = module.STYLES["pixel_faces"]
    tables = [list(values.values()) for values in style.attributes.values()]
    rows = factorial([len(table) for table in tables])[:n].tolist()
    what = {"definition": style.definition, "size": 16, "fixed": style.fixed, "attributes": tables}
    return what, [(str(i), row) for i, row in enumerate(rows)]


def test_workers_draw_what_one_process_draws() -> None:
    what, wanted = job(31)
    assert np.array_equal(_render.render(what, wanted, False, workers=2), _render.render(what, wanted, False, workers=1))


def test_workers_that_fail_are_replaced_by_this_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    what, wanted = job(6)
    broken = tmp_path / "worker.py"
    broken.write_text("raise SystemExit('no luck today')")
    expected = _render.render(what, wanted, False, workers=1)
    monkeypatch.setattr(_render, "__file__", str(broken))
    with pytest.warns(UserWarning, match="no luck today"):
        assert np.array_equal(_render.render(what, wanted, False, workers=2), expected)


def test_an_interrupt_stops_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Worker(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)
            if len(started) == 2:
                raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", Worker)
    what, wanted = job(900)
    with pytest.raises(KeyboardInterrupt):
        _render.render(what, wanted, False, workers=2)
    deadline = time.monotonic() + 60
    while started[0].poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert started[0].poll() is not None
    started[1].kill()
    started[1].wait()

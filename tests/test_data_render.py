"""Drawing in several processes: what one process draws, whatever becomes of the others."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gancourse.data import _render
from gancourse.data import avatars as module
from gancourse.data._design import factorial

ROOT = Path(__file__).resolve().parents[1]


def job(n: int) -> tuple[dict[str, Any], list[Any]]:
    style = module.STYLES["pixel_faces"]
    tables = [list(values.values()) for values in style.attributes.values()]
    rows = factorial([len(table) for table in tables])[:n].tolist()
    what = {"definition": style.definition, "size": 16, "fixed": style.fixed, "attributes": tables}
    return what, [(str(i), row) for i, row in enumerate(rows)]


SCRIPT = """
print("started", flush=True)  # a process that ran this script again would say so again
import importlib.util, json, sys
from pathlib import Path
file, wanted, out = map(Path, sys.argv[1:])
spec = importlib.util.spec_from_file_location("render", file)  # by itself: gancourse.data would import torch, which takes seconds
module = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
out.write_bytes(module.render(*json.loads(wanted.read_text()), False, workers=2).tobytes())
"""


def test_a_script_without_a_guard_draws_in_two_processes_what_one_draws(tmp_path: Path) -> None:
    script, wanted, out = (tmp_path / name for name in ("script.py", "wanted.json", "out"))
    script.write_text(SCRIPT)
    wanted.write_text(json.dumps(job(31)))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])}
    command = [sys.executable, script, _render.__file__, wanted, out]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=600)
    assert (done.returncode, done.stdout) == (0, "started\n"), done.stderr
    assert "drawing in one process" not in done.stderr
    assert out.read_bytes() == _render.render(*job(31), False, workers=1).tobytes()


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


def test_a_worker_that_cannot_be_ended_because_it_is_ending_has_done_its_work(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows may refuse to end such a process."""

    class Worker(subprocess.Popen):
        def kill(self) -> None:
            raise PermissionError(13, "Access is denied")

    what, wanted = job(4)
    one = _render.render(what, wanted, False, workers=1)
    monkeypatch.setattr(subprocess, "Popen", Worker)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # that it is all drawn again
        assert np.array_equal(_render.render(what, wanted, False, workers=2), one)

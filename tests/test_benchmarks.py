"""The scripts behind docs/speed.md: a process of its own for each contender, and every script runs."""

import functools
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"
SHORT = {  # what keeps a script short
    "engine": ["--steps", "1", "--rounds", "2", "--width", "4"],
    "families": ["cyclegan", "--rounds", "1"],
    "frechet": ["--dims", "64", "--rounds", "1"],
    "import_time": ["--rounds", "1"],
    "memory": ["--size", "32", "--steps", "1"],
    "resampling": ["--batch", "1", "--rounds", "2"],
    "where": ["dcgan", "cyclegan"],
}


@pytest.fixture
def apart(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(FOLDER), os.environ.get("PYTHONPATH", "")]))
    import apart

    return apart.Apart


def test_a_contender_keeps_its_state_in_a_process_of_its_own(apart):
    with apart(functools.partial(list, [3, 1])) as contender:
        assert contender.ask(list.append, 2) is None
        assert contender.ask(sorted) == [1, 2, 3]
        assert contender.process.pid != os.getpid()
    assert contender.process.exitcode == 0


def test_one_that_fails_ends_the_measurement(apart, capfd):
    with apart(functools.partial(float, 2)) as contender, pytest.raises(EOFError):
        contender.ask(math.factorial)
    assert "TypeError" in capfd.readouterr().err


def test_every_script_is_run_and_says_what_it_is_for():
    assert set(SHORT) == {path.stem for path in FOLDER.glob("*.py")} - {"apart"}
    speed = (FOLDER.parent / "docs" / "speed.md").read_text(encoding="utf-8")
    for name in SHORT:
        assert f"benchmarks/{name}.py" in speed


@pytest.mark.slow
@pytest.mark.parametrize("name", SHORT)
def test_a_script_runs(name):
    done = subprocess.run([sys.executable, FOLDER / f"{name}.py", *SHORT[name]], capture_output=True, text=True, timeout=900)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()

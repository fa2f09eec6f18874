"""The types hold: strict where the course stands on them, basic elsewhere, as pyproject.toml says."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STRICT = {f"gancourse.{room}.*" for room in ("base", "data", "gans", "losses", "metrics", "training", "zoo")}


def test_mypy_finds_no_error():
    """A first run takes a minute or two; its cache, .mypy_cache, makes the next one quick."""
    done = subprocess.run([sys.executable, "-m", "mypy"], cwd=ROOT, capture_output=True, text=True, timeout=1800)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_the_package_says_that_it_is_typed():
    assert (ROOT / "gancourse" / "py.typed").is_file()


def test_no_room_has_a_way_out():
    """None is passed over, and no line asks to be left alone without saying from what."""
    rules = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["mypy"]["overrides"]
    strict = {room for rule in rules if rule.get("disallow_untyped_defs") for room in rule["module"]}
    assert strict >= STRICT
    for rule in rules:
        assert not rule.get("ignore_errors"), rule["module"]
        if rule.get("ignore_missing_imports"):
            assert not [name for name in rule["module"] if name.startswith("gancourse")]
    for path in (ROOT / "gancourse").rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert "type: ignore" not in text.replace("type: ignore[", ""), path
        assert "mypy: ignore-errors" not in text, path

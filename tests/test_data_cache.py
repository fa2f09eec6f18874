"""The cache of built sets: whole or not there, right or built again."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pytest

from gancourse.data import _cache


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    return tmp_path / "cache"


class Builder:
    """Builds the same arrays each time, and counts."""

    def __init__(self) -> None:
        self.builds = 0

    def __call__(self) -> _cache.Arrays:
        self.builds += 1
        return {"images": np.random.default_rng(0).integers(256, size=(20, 3, 16, 16), dtype=np.uint8)}

    def get(self, recipe: str = "one") -> np.ndarray:
        return _cache.cached("set", {"recipe": recipe}, self, {"library": "1.0"})["images"]


def test_a_set_is_built_once_and_again_for_another_recipe() -> None:
    build = Builder()
    assert np.array_equal(build.get(), build.get()) and build.builds == 1
    build.get("other")
    assert build.builds == 2


@pytest.mark.parametrize("damage", ["cut", "noise", "empty", "other"])
def test_a_damaged_file_is_built_again_with_a_warning(damage: str, empty_cache: Path) -> None:
    build = Builder()
    whole = build.get()
    (path,) = empty_cache.glob("*.npz")
    content = bytearray(path.read_bytes())
    if damage == "noise":
        content[len(content) // 2] ^= 255
    elif damage == "other":
        np.savez(path, images=np.zeros(3))
        content = bytearray(path.read_bytes())
    path.write_bytes(content[: len(content) // 2] if damage == "cut" else b"" if damage == "empty" else content)
    with pytest.warns(UserWarning, match="damaged"):
        again = build.get()
    assert build.builds == 2 and np.array_equal(whole, again)
    build.get()
    assert build.builds == 2


def test_a_folder_that_cannot_be_written_costs_only_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="cannot keep"):
        assert len(Builder().get()) == 20


def test_a_build_that_fails_leaves_nothing(empty_cache: Path) -> None:
    def build() -> _cache.Arrays:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _cache.cached("set", {}, build, None)
    assert not list(empty_cache.glob("*"))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the victim is a copy of this process")
def test_a_process_that_is_killed_while_it_writes_leaves_no_set(empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def half(stream: BinaryIO, **arrays: np.ndarray) -> None:
        stream.write(b"PK half of a file")
        stream.flush()
        os.kill(os.getpid(), signal.SIGKILL)

    victim = os.fork()
    if victim == 0:
        monkeypatch.setattr(np, "savez_compressed", half)
        Builder().get()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(victim, 0)[1]) == -signal.SIGKILL
    assert list(empty_cache.iterdir()) and not list(empty_cache.glob("[!.]*"))  # what begins with a dot is never read
    build = Builder()
    assert len(build.get()) == 20 and build.builds == 1

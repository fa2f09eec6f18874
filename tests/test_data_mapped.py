"""Images kept as bytes and mapped into memory."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from gancourse.data import _mapped

ROWS = np.arange(5 * 2 * 3 * 3, dtype=np.uint8).reshape(5, 2, 3, 3)  # [N, H, W, C]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    return tmp_path / "cache"


def build(
    recipe: dict[str, int], rows: np.ndarray = ROWS, calls: list[int] | None = None, series: dict[str, str] | None = None
) -> tuple[torch.Tensor, dict]:
    def write(stream):
        if calls is not None:
            calls.append(1)
        stream.write(rows.tobytes())
        return {"said": "so"}

    return _mapped.mapped("set_8", recipe, len(ROWS), (2, 3, 3), write, series=series)


def test_rows_come_back_as_images_and_are_written_once(cache: Path) -> None:
    calls: list[int] = []
    for _ in range(2):
        images, notes = build({"a": 1}, calls=calls)
        assert torch.equal(images, torch.from_numpy(ROWS).permute(0, 3, 1, 2)) and notes["said"] == "so"
    assert len(calls) == 1
    assert images.permute(0, 2, 3, 1).is_contiguous(), "a view of the file: batches copy nothing"
    build({"a": 2}, calls=calls)
    assert len(calls) == 2 and len(list(cache.glob("set_8_*.bytes"))) == 2


def test_an_older_set_of_the_same_series_goes_and_others_stay(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build({"a": 1})
    (mine, beside) = (cache / f"set_8_{'0' * 16}{ending}" for ending in ("_mine.bytes", ".bytes"))
    for path in (mine, beside):
        path.write_bytes(b"somebody's")
    old, _ = build({"a": 1}, series={"folder": "x"})
    assert len(list(cache.glob("*.bytes"))) == 4
    new, _ = build({"a": 2}, series={"folder": "x"})
    assert len(list(cache.glob("*.bytes"))) == 4 and torch.equal(old, new)
    assert mine.is_file() and beside.is_file()
    unlink = Path.unlink

    def busy(path: Path, missing_ok: bool = False) -> None:
        if path.suffix == ".bytes":
            raise PermissionError(13, "Access is denied", str(path))
        unlink(path, missing_ok)

    with monkeypatch.context() as windows:  # which removes no file that is mapped
        windows.setattr(Path, "unlink", busy)
        build({"a": 3}, series={"folder": "x"})
    build({"a": 4}, series={"folder": "x"})
    assert len(list(cache.glob("*.bytes"))) == 4, "what was in use then goes the next time"


def test_a_change_stays_in_memory() -> None:
    images, _ = build({"a": 1})
    images += 1
    assert torch.equal(build({"a": 1})[0] + 1, images)


def test_where_a_copy_on_write_is_refused_the_file_is_mapped_read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    whole, modes = np.memmap, []

    def memmap(path, dtype, mode, shape):
        modes.append(mode)
        if mode == "c":
            raise OSError(12, "Cannot allocate memory")
        return whole(path, dtype, mode, shape=shape)

    monkeypatch.setattr(np, "memmap", memmap)
    assert torch.equal(build({"a": 1})[0][1], torch.from_numpy(ROWS[1]).permute(2, 0, 1)) and modes == ["c", "r"]


def test_a_file_that_is_cut_or_not_described_is_written_again(cache: Path) -> None:
    calls: list[int] = []
    build({"a": 1}, calls=calls)
    (path,) = cache.glob("*.bytes")
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.warns(UserWarning, match="is damaged .it is not what its text describes.: building it again"):
        images, _ = build({"a": 1}, calls=calls)
    assert len(images) == 5
    del images  # Windows writes no file again that is mapped
    path.with_suffix(".json").write_text(json.dumps([1]))
    with pytest.warns(UserWarning, match="damaged"):
        build({"a": 1}, calls=calls)
    path.with_suffix(".json").unlink()  # a kill between the two files
    build({"a": 1}, calls=calls)
    assert len(calls) == 4


def test_what_another_training_wrote_and_mapped_meanwhile_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows refuses to replace a file that is mapped."""
    replace = os.replace

    def refuse(part, path):
        if meanwhile and str(path).endswith(".bytes"):
            raise PermissionError(13, "Access is denied", str(path))
        replace(part, path)

    def write(stream):
        meanwhile.append(build({"a": 1})[0])
        return {}

    meanwhile: list[torch.Tensor] = []
    monkeypatch.setattr(os, "replace", refuse)
    images, notes = _mapped.mapped("set_8", {"a": 1}, 5, (2, 3, 3), write)
    assert torch.equal(images, meanwhile[0]) and notes["said"] == "so"
    # mapped, and what it is is not said: another recipe's, or damaged
    with pytest.raises(PermissionError, match="end the notebooks and trainings"):
        build({"a": 2})


def test_none_is_an_empty_set() -> None:
    assert build({"a": 1}, ROWS[:0])[0].shape == (0, 3, 2, 3)


def test_what_stops_half_way_leaves_nothing(cache: Path) -> None:
    def write(stream):
        stream.write(b"half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _mapped.mapped("set_8", {"a": 1}, 5, (2, 3, 3), write)
    assert list(cache.iterdir()) == []


def test_room_is_asked_for_before_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10))
    calls: list[int] = []
    with pytest.raises(OSError, match="the pictures take 0.0 GB in .*cache.*GANCOURSE_DATA"):
        build({"a": 1}, calls=calls)
    assert calls == []

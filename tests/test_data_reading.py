"""Pictures of many files as one set of bytes."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gancourse.data import _reading
from gancourse.data._reading import Manner, pictures, side_of_first
from gancourse.data.pictures import Unreadable
from tests import own


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path / "data"))


def files_of(place: Path, n: int, width: int = 8, height: int = 8) -> list[Path]:
    for i in range(n):
        own.save(place / f"{i}.png", np.full((height, width, 3), 10 * i, np.uint8))
    return sorted(place.iterdir())


def test_the_order_is_that_of_the_files_however_many_threads_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first picture is read last."""
    files, whole, last = files_of(tmp_path / "in", 5), _reading.open_picture, threading.Event()

    def slow(file: Path, background: str) -> Image.Image:
        if file.name == "0.png":
            assert last.wait(30), "one thread alone"
        picture = whole(file, background)
        if file.name == "4.png":
            last.set()
        return picture

    monkeypatch.setattr(_reading, "open_picture", slow)
    images, kept = pictures(files, tmp_path / "in", Manner(8), progress=False)
    assert images[:, 0, 0, 0].tolist() == [0, 10, 20, 30, 40] and list(kept) == [0, 1, 2, 3, 4]


def test_the_kept_ones_are_named_where_some_cannot_be_read(tmp_path: Path) -> None:
    files = files_of(tmp_path / "in", 3)
    files[1].write_text("no picture")
    with pytest.warns(UserWarning, match="1 of 3 pictures .*1.png .*left out"):
        images, kept = pictures(files, tmp_path / "in", Manner(8), skip=True, progress=False)
    assert images[:, 0, 0, 0].tolist() == [0, 20] and list(kept) == [0, 2]


@pytest.mark.parametrize(("halves", "left"), [("AtoB", 0), ("BtoA", 200)])
def test_halves_become_channels(tmp_path: Path, halves: str, left: int) -> None:
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:, 8:] = 200
    own.save(tmp_path / "in" / "a.png", pixels)
    images, _ = pictures([tmp_path / "in" / "a.png"], tmp_path / "in", Manner(8, halves=halves), progress=False)
    assert images.shape == (1, 6, 8, 8)
    assert images[0, :3].unique().tolist() == [left] and images[0, 3:].unique().tolist() == [200 - left]


def test_the_size_of_the_first_is_that_of_the_first_readable(tmp_path: Path) -> None:
    files = files_of(tmp_path / "in", 2, width=24, height=12)
    files[0].write_text("no picture")
    assert side_of_first(files) == 12 and side_of_first(files, "AtoB") == 12
    assert side_of_first(files[:1]) == 1, "none: the reading itself says which and why"
    with pytest.raises(Unreadable, match="12 px where the first has 8"):
        Manner(8, alike=True).read(files[1])
    with pytest.raises(ValueError, match="background must be a colour"):
        Manner(8, background="whitish")


def test_a_set_is_known_by_its_folder_its_files_and_the_manner(tmp_path: Path) -> None:
    """What sets of this version of the recipe have: who changes it raises the number."""
    (file,) = files_of(tmp_path / "in", 1)
    fact = file.stat()
    known = {"recipe": 3, "folder": str((tmp_path / "in").resolve()), "files": [["0.png", fact.st_size, fact.st_mtime_ns]]}
    manner = {"size": 8, "fit": "pad", "background": "white", "halves": None, "alike": False}
    assert _reading._recipe([file], tmp_path / "in", Manner(8, fit="pad")) == known | manner


def test_large_pictures_are_decoded_few_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, written = files_of(tmp_path / "in", 5), []
    monkeypatch.setattr(_reading, "_AHEAD", 2 * 3 * 8 * 8)
    monkeypatch.setattr(_reading.Progress, "update", lambda self, step: written.append(step))
    pictures(files, tmp_path / "in", Manner(8), progress=False)
    assert written == [2, 4, 5]


def test_another_manner_is_another_set(tmp_path: Path) -> None:
    """What was read in one manner is not taken for another."""
    files = files_of(tmp_path / "in", 2, width=16)
    shapes = {
        manner: tuple(pictures(files, tmp_path / "in", manner, progress=False)[0].shape)
        for manner in (Manner(8), Manner(8, fit="stretch"), Manner(8, halves="AtoB"), Manner(8, halves="BtoA"), Manner(4))
    }
    assert [shape[1:] for shape in shapes.values()] == [(3, 8, 8), (3, 8, 8), (6, 8, 8), (6, 8, 8), (3, 4, 4)]
    kept = {path.name for path in (tmp_path / "data" / "cache").glob("*.bytes")}
    assert len(kept) == 5
    again, _ = pictures(files, tmp_path / "in", Manner(8), progress=False)
    assert torch.equal(again[1], torch.full((3, 8, 8), 10, dtype=torch.uint8))
    assert {path.name for path in (tmp_path / "data" / "cache").glob("*.bytes")} == kept

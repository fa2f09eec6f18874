"""A folder of pictures as a data set."""

from __future__ import annotations

import os
import re
import sys
import unicodedata
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gancourse.data import Batches, _reading, folder
from gancourse.data._mapped import _map
from gancourse.training.description import tensor_text


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path / "data"))
    return tmp_path / "data" / "cache"


def save(path: Path, width: int = 8, height: int = 8, seed: int = 0) -> np.ndarray:
    pixels = np.random.default_rng(seed).integers(256, size=(height, width, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return pixels


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    for i, name in enumerate(("dog/b.png", "cat/a.png", "cat/deep/c.PNG", "dog/a.png")):
        save(tmp_path / "pets" / name, seed=i)
    return tmp_path / "pets"


def test_pictures_in_the_order_of_their_paths(pets: Path) -> None:
    found = folder(pets, 8)
    assert found.images.shape == (4, 3, 8, 8) and found.name == "pets" and found.labels is None
    expected = np.random.default_rng(3).integers(256, size=(8, 8, 3), dtype=np.uint8).transpose(2, 0, 1)
    assert np.array_equal(found.images[2], expected), "cat/a, cat/deep/c, dog/a"


def test_labels_of_subfolders_and_of_a_table(pets: Path) -> None:
    found = folder(str(pets), 8, labels="folders")
    assert found.labels.tolist() == [0, 0, 1, 1] and found.attribute_names == {"kind": ("cat", "dog")}
    assert len(found.where(kind="dog")) == 2 and found.describe(3) == {"label": 1, "kind": "dog"}
    (pets / "table.csv").write_text("file,label,age\ndog/b.png,10,x\ncat/a.png,9,x\nc,10,y\ndog/a.png,2,y\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the table itself is expected there
        found = folder(pets, 8, labels="table.csv")
    assert found.attribute_names == {"kind": ("2", "9", "10")} and found.labels.tolist() == [1, 2, 0, 2]
    assert folder(pets, 8, labels=pets / "table.csv", column="age").attribute_names == {"kind": ("x", "y")}


def test_labels_have_their_accents_composed_and_the_order_of_the_folders(tmp_path: Path) -> None:
    """As macOS has the names of folders: what begins with A and two dots apart stands before B, in one character behind it."""
    apart, whole = (unicodedata.normalize(form, "\u00c4pfel") for form in ("NFD", "NFC"))
    for name, kinds in ((apart, (whole, "Birnen")), (whole, ("Birnen", whole))):
        place = tmp_path / str(len(name))
        save(place / name / "1.png")
        save(place / "Birnen" / "1.png", seed=1)
        found = folder(place, 8, labels="folders")
        assert found.attribute_names["kind"] == kinds and len(found.where(kind=whole)) == 1


def test_what_labels_cannot_mean_is_said_before_the_reading(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_reading, "mapped", None)
    with pytest.raises(FileNotFoundError, match=rf"there is neither kinds.csv nor .*{re.escape(str(Path('pets', 'kinds.csv')))}"):
        folder(pets, 8, labels="kinds.csv")
    for labels in (None, "folders"):
        with pytest.raises(ValueError, match="column='age' is of a CSV file"):
            folder(pets, 8, labels=labels, column="age")
    save(pets / "loose.png")
    with pytest.raises(ValueError, match="1 picture of 5 lie in none: loose.png"):
        folder(pets, 8, labels="folders")


def test_fits(tmp_path: Path) -> None:
    pixels = save(tmp_path / "a" / "wide.png", 16, 8)
    assert np.array_equal(folder(tmp_path / "a", 8).images[0], pixels[:, 4:12].transpose(2, 0, 1))
    padded = folder(tmp_path / "a", 8, fit="pad", background="#ff0000").images[0]
    assert padded[:, :2].unique(dim=1).flatten(1)[:, 0].tolist() == [255, 0, 0] and padded[1, 2:6].float().mean() > 50
    assert abs(folder(tmp_path / "a", 8, fit="stretch").images[0].float().mean() - pixels.mean()) < 3
    with pytest.raises(ValueError, match="did you mean 'crop'"):
        folder(tmp_path / "a", 8, fit="cropped")
    with pytest.raises(ValueError, match="background must be a colour"):
        folder(tmp_path / "a", 8, background="whitish")


def test_modes_and_orientation(tmp_path: Path) -> None:
    """Every picture shows red on its upper and the background on its lower half, as far as its mode has colours."""
    place = tmp_path / "modes"
    place.mkdir()
    half = np.zeros((8, 8, 3), np.uint8)
    half[:4, :, 0] = 255
    half[4:] = (0, 0, 255)
    picture = Image.fromarray(half)
    exif = Image.Exif()
    exif[0x0112] = 3  # upside down in the file
    Image.fromarray(half[::-1].copy()).save(place / "a_exif.png", exif=exif)
    mask = Image.fromarray(np.repeat(np.array([255, 0], np.uint8), 4)[:, None].repeat(8, 1))
    clear = picture.convert("RGBA")
    clear.putalpha(mask)
    clear.save(place / "b_rgba.png")
    picture.convert("CMYK").save(place / "c_cmyk.tif")
    picture.quantize(4).save(place / "d_palette.gif")
    found = folder(place, 8, background="blue").images.float()
    for i in range(4):
        assert (found[i, :, 0, 0] - torch.tensor([255.0, 0, 0])).abs().max() < 3, i
        assert (found[i, :, 7, 7] - torch.tensor([0, 0, 255.0])).abs().max() < 3, i
    grey = tmp_path / "grey"
    grey.mkdir()
    Image.merge("LA", (Image.new("L", (8, 8), 30), mask)).save(grey / "la.png")
    Image.fromarray(np.full((8, 8), 30 * 257, np.uint16)).save(grey / "deep.png")
    deep, la = folder(grey, 8).images
    assert deep.unique().tolist() == [30] and la[:, 0, 0].tolist() == [30] * 3 and la[:, 7, 7].tolist() == [255] * 3


def test_the_cache_is_used_until_something_changes(pets: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[Path] = []
    whole = _reading.open_picture
    monkeypatch.setattr(_reading, "open_picture", lambda file, background: reads.append(file) or whole(file, background))
    folder(pets, 8)
    folder(pets, 8, labels="folders")
    monkeypatch.chdir(pets.parent)
    folder(pets.name, 8)
    assert len(reads) == 4, "labels are no matter of the pixels, nor is the way in which the folder is named"
    folder(pets, 4)
    folder(pets, 8, fit="pad")
    folder(pets, 8, background="black")
    assert len(reads) == 16
    os.utime(pets / "cat" / "a.png", ns=(1, 1))
    folder(pets, 8)
    (pets / "cat" / "a.png").rename(pets / "cat" / "z.png")
    folder(pets, 8)
    assert len(reads) == 24
    assert {path.suffix for path in cache.iterdir()} == {".bytes", ".json"}


def test_a_set_that_changed_takes_the_place_of_the_one_before(pets: Path, cache: Path) -> None:
    """Else each picture that is added would leave the whole set in the cache once more; other sizes and folders stay."""
    others = [folder(pets, 4), folder(pets / "cat", 8), folder(pets, 8, fit="pad")]
    before = folder(pets, 8)
    kept = {path.name for path in cache.iterdir()}
    assert len(kept) == 8
    pixels = before.images.clone()
    save(pets / "cat" / "new.png", seed=9)
    assert len(folder(pets, 8)) == len(before) + 1
    after = {path.name for path in cache.iterdir()}
    assert len(after) == 8 and len(after & kept) == 6
    assert torch.equal(before.images, pixels), "a notebook that has it open goes on"
    assert len(others) == 3


def test_folders_whose_files_look_alike_are_told_apart(tmp_path: Path) -> None:
    """Pictures without compression are of one size each, and an archive may give all of them one time."""
    for name, level in (("one", 10), ("two", 200)):
        for i in range(3):
            file = tmp_path / name / f"{i}.bmp"
            file.parent.mkdir(exist_ok=True)
            Image.fromarray(np.full((8, 8, 3), level + i, np.uint8)).save(file)
            os.utime(file, (1_700_000_000, 1_700_000_000))
    assert [folder(tmp_path / name, 8).images[:, 0, 0, 0].tolist() for name in ("one", "two")] == [[10, 11, 12], [200, 201, 202]]


def test_damaged_ones_are_named_and_the_reading_is_not_lost(pets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = (pets / "cat" / "a.png").read_bytes()
    (pets / "cat" / "b.png").write_bytes(whole[: len(whole) // 2])
    (pets / "dog" / "text.jpg").write_text("no picture")
    with pytest.raises(ValueError, match=r"2 of 6 .*cat/b.png \(it is damaged\); dog/text.jpg \(it is a text\).*skip=True"):
        folder(pets, 8)
    monkeypatch.setattr(_reading, "open_picture", None)
    with pytest.warns(UserWarning, match="left out"):
        found = folder(pets, 8, labels="folders", skip=True)
    assert found.labels.tolist() == [0, 0, 1, 1]


def test_small_ones_are_counted(pets: Path) -> None:
    save(pets / "cat" / "big.png", 16, 20)
    with pytest.warns(UserWarning, match="pets: 4 pictures smaller than 16 px, enlarged"):
        assert folder(pets, 16).size == 16


def test_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no folder .*nowhere: pass the path"):
        folder(tmp_path / "nowhere")
    (tmp_path / "a.txt").write_text("text")
    with pytest.raises(NotADirectoryError, match="a.txt is a text, not a folder"):
        folder(tmp_path / "a.txt")
    (tmp_path / "empty").mkdir()
    with pytest.raises(FileNotFoundError, match="is empty: it should hold pictures"):
        folder(tmp_path / "empty")
    with pytest.raises(ValueError, match="path is empty"):
        folder("")
    with pytest.raises(ValueError, match="size must be 4 to 1024"):
        folder(tmp_path / "empty", 2)


def test_batches_neither_copy_nor_read_a_mapped_set(pets: Path) -> None:
    found = folder(pets, 8, labels="folders")
    batches = Batches(found, 3, seed=1, flip=True, labels=True)
    assert batches._x.data_ptr() == found.images.data_ptr()
    plain = Batches(found[torch.arange(4)], 3, seed=1, flip=True, labels=True)
    for _ in range(3):
        (x, y), (u, v) = next(batches), next(plain)
        assert torch.equal(x, u) and torch.equal(y, v)
    state = batches.state_dict()
    following = [next(batches)[0] for _ in range(2)]
    again = Batches(folder(pets, 8, labels="folders"), 3, seed=7, flip=True, labels=True)
    again.load_state_dict(state)
    assert all(torch.equal(next(again)[0], x) for x in following)


@pytest.mark.skipif(sys.platform == "win32", reason="files are not sparse there: 64 GiB would be written")
def test_a_set_beyond_memory_is_told_by_some_of_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A sparse file of 64 GiB stands for a large set: whoever reads it whole does not come back."""
    path = tmp_path / "huge.bytes"
    with open(path, "wb") as stream:
        stream.truncate(2**36)
    images = _map(path, (64, 64, 1))
    batches = Batches(images, 4, seed=0)
    assert next(batches).shape == (4, 1, 64, 64)
    monkeypatch.setattr("gancourse.training.description.LOOKED_AT", 2**20)
    assert tensor_text(images).startswith("[16777216, 1, 64, 64] torch.uint8, checksum")


def test_twelve_bits_in_sixteen_are_said(tmp_path: Path) -> None:
    """Microscopes and scanners write them; brought to eight bits they are nearly black."""
    place = tmp_path / "cells"
    place.mkdir()
    for i, largest in enumerate((4000, 3000)):
        Image.fromarray(np.full((8, 8), largest, np.uint16)).save(place / f"{i}.png")
    for _ in range(2):  # read, and mapped from the cache
        with pytest.warns(UserWarning, match="no value above 4,000 of 65,535: .* multiply them by 16"):
            assert folder(place, 8).images.max() == 16
    Image.fromarray(np.full((8, 8), 60_000, np.uint16)).save(place / "2.png")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert folder(place, 8).images.max() == 233


def test_a_table_is_matched_once_and_its_rows_without_a_picture_are_said_once(pets: Path) -> None:
    (pets / "cat" / "a.png").write_bytes(b"damaged")
    (pets / "table.csv").write_text("pets/dog/b.png,x\ncat/a,y\nc,y\ndog/A.png,x\ndog/a.PNG,z\ngone.png,z\n")
    with pytest.warns(UserWarning) as said:
        found = folder(pets, 8, labels="table.csv", skip=True)
    assert found.attribute_names == {"kind": ("x", "y", "z")} and found.labels.tolist() == [1, 2, 0]
    (rows,) = (str(one.message) for one in said if "name no picture" in str(one.message))
    assert "table.csv: 2 rows of 6 name no picture of the folder: dog/A.png, gone.png" in rows

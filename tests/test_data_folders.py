import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from gancourse.data import Batches, PairBatches, UnpairedBatches, _reading, paired_folder, unpaired_folder


@pytest.fixture(autouse=True)
def own_data(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path_factory.mktemp("data")
    monkeypatch.setenv("GANCOURSE_DATA", str(place))
    return place


def save(path: Path, width: int, height: int, seed: int = 0) -> np.ndarray:
    pixels = np.random.default_rng(seed).integers(256, size=(height, width, 3), dtype=np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return pixels


@pytest.fixture
def facades(tmp_path: Path) -> Path:
    for i in range(4):
        save(tmp_path / "facades" / "train" / f"{i}.png", 32, 16, i)
    return tmp_path / "facades"


def test_halves_side_by_side(facades: Path) -> None:
    pairs = paired_folder(facades)
    pixels = np.random.default_rng(2).integers(256, size=(16, 32, 3), dtype=np.uint8).transpose(2, 0, 1)
    assert pairs.a.shape == pairs.b.shape == (4, 3, 16, 16)
    assert np.array_equal(pairs.a[2], pixels[:, :, :16]) and np.array_equal(pairs.b[2], pixels[:, :, 16:])
    turned = paired_folder(facades, direction="BtoA")
    assert torch.equal(turned.a, pairs.b) and torch.equal(turned.b, pairs.a)
    assert paired_folder(facades, size=8, n=3).a.shape == (3, 3, 8, 8)
    a, b = next(PairBatches(pairs, 2))
    assert a.shape == b.shape == (2, 3, 16, 16)


def test_unusable_files_are_named_counted_and_skipped_only_on_request(facades: Path) -> None:
    save(facades / "train" / "half.png", 16, 16)
    save(facades / "train" / "odd.png", 30, 16)
    (facades / "train" / "text.jpg").write_text("not a picture")
    whole = (facades / "train" / "0.png").read_bytes()
    (facades / "train" / "cut.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError) as caught:
        paired_folder(facades)
    message = str(caught.value)
    assert "4 of 8 pictures" in message
    assert "half.png (16 x 16, one half alone, where A and B side by side are 32 x 16)" in message
    assert "odd.png (30 x 16, where" in message
    assert "text.jpg (it is a text)" in message and "cut.png (it is damaged)" in message
    assert "skip=True" in message
    with pytest.warns(UserWarning, match="4 of 8 pictures.*left out"):
        assert len(paired_folder(facades, skip=True)) == 4


def test_long_lists_are_cut_and_nothing_left_is_an_error(tmp_path: Path) -> None:
    for i in range(9):
        save(tmp_path / "train" / f"{i}.png", 16, 16)
    with pytest.raises(ValueError, match="9 of 9 pictures.*and 4 more: repair or remove them$"):
        paired_folder(tmp_path, skip=True)


def test_sizes_must_agree_unless_one_is_asked_for(facades: Path) -> None:
    save(facades / "train" / "z.png", 64, 32)
    with pytest.raises(ValueError, match="z.png .32 px where the first has 16; pass size="):
        paired_folder(facades)
    assert paired_folder(facades, size=16).a.shape == (5, 3, 16, 16)


def test_two_folders(tmp_path: Path) -> None:
    for i in range(3):
        save(tmp_path / "trainA" / f"{i}.jpg", 24, 16, i)
    for i in range(2):
        save(tmp_path / "trainB" / f"{i}.jpg", 16, 16, i)
    a, b = unpaired_folder(tmp_path, size=16)
    assert a.images.shape == (3, 3, 16, 16) and b.images.shape == (2, 3, 16, 16)
    assert next(UnpairedBatches(a, b, 5))[1].shape == (5, 3, 16, 16)
    with pytest.raises(FileNotFoundError, match="testA is missing.*set A.*beside it are trainA, trainB"):
        unpaired_folder(tmp_path, split="test")


def test_both_kinds_are_read_once_and_their_batches_copy_nothing(
    facades: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for letter in "AB":
        save(tmp_path / "two" / f"train{letter}" / "0.png", 16, 16)
    kinds = {direction: paired_folder(facades, 16, direction=direction) for direction in ("AtoB", "BtoA")}
    sets = unpaired_folder(tmp_path / "two", size=16)
    monkeypatch.setattr(_reading, "open_picture", None)
    for direction, pairs in kinds.items():
        assert torch.equal(paired_folder(facades, 16, direction=direction).a, pairs.a)
        batches = PairBatches(pairs, 3, seed=1, flip=True)
        assert batches._stream._x.data_ptr() == pairs.a.data_ptr(), "both halves are channels of one file"
        a, b = next(batches)
        u, v = next(PairBatches(pairs[torch.arange(4)], 3, seed=1, flip=True))
        assert torch.equal(a, u) and torch.equal(b, v)
    assert torch.equal(unpaired_folder(tmp_path / "two", size=16)[1].images, sets[1].images)
    assert Batches(sets[0], 1)._x.data_ptr() == sets[0].images.data_ptr()


def test_what_is_told_of_one_folder_is_told_of_pairs(facades: Path, tmp_path: Path) -> None:
    with pytest.warns(UserWarning, match="train: 4 pictures smaller than 32 px, enlarged"):
        paired_folder(facades, size=32)
    deep = tmp_path / "deep" / "train"
    deep.mkdir(parents=True)
    Image.fromarray(np.full((8, 16), 4000, np.uint16)).save(deep / "0.png")
    with pytest.warns(UserWarning, match="no value above 4,000 of 65,535"):
        paired_folder(tmp_path / "deep")


def test_a_missing_side_is_named(tmp_path: Path) -> None:
    save(tmp_path / "trainA" / "0.jpg", 16, 16)
    with pytest.raises(FileNotFoundError, match="trainB is missing: it should hold the pictures of set B"):
        unpaired_folder(tmp_path)
    (tmp_path / "trainB").mkdir()
    with pytest.raises(FileNotFoundError, match="trainB is empty"):
        unpaired_folder(tmp_path)


def test_pictures_are_found_by_any_usual_ending_in_any_case_and_in_subfolders(tmp_path: Path) -> None:
    for name in ("a.JPG", "b.jpe", "c.tiff", "deep/er/d.Png", "deep/e.gif", "f.ppm", "g.TIF"):
        save(tmp_path / "trainA" / name, 16, 16)
    save(tmp_path / "trainB" / "0.bmp", 16, 16)
    a, b = unpaired_folder(tmp_path, size=16)
    assert (len(a), len(b)) == (7, 1)
    for name in ("notes.txt", "._a.JPG", "Thumbs.db", "deep/list.csv"):
        (tmp_path / "trainA" / name).write_text("no picture")
    with pytest.warns(UserWarning, match="trainA: 4 files passed over.*Thumbs.db.*and 1 more"):
        assert len(unpaired_folder(tmp_path, size=16)[0]) == 7
    (tmp_path / "testA").mkdir()
    (tmp_path / "testA" / "a.heic").write_text("a kind that cannot be read here")
    with pytest.raises(FileNotFoundError, match="testA holds no picture, but a.heic: it should hold"):
        unpaired_folder(tmp_path, split="test")


def test_pictures_stand_upright(tmp_path: Path) -> None:
    """A pair that a camera stored sideways is 64 x 128 in the file and 128 x 64 to look at."""
    lying = np.zeros((16, 32, 3), np.uint8)
    lying[:, :16] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    (tmp_path / "train").mkdir()
    Image.fromarray(np.rot90(lying)).save(tmp_path / "train" / "a.png", exif=exif)
    pairs = paired_folder(tmp_path)
    assert pairs.a.float().mean() == 255 and pairs.b.float().mean() == 0


def test_names_are_looked_for_among_the_real_sets(facades: Path, own_data: Path) -> None:
    (own_data / "real").mkdir()
    facades.rename(own_data / "real" / "facades")
    assert len(paired_folder("facades")) == 4
    with pytest.raises(FileNotFoundError, match="no folder .*maps: unpack the authors' archive there"):
        paired_folder("maps")
    with pytest.raises(ValueError, match="did you mean 'BtoA'"):
        paired_folder("facades", direction="Btoa")


def test_sides_whose_files_look_alike_are_told_apart(tmp_path: Path) -> None:
    for name, level in (("trainA", 10), ("trainB", 200)):
        file = tmp_path / "set" / name / "0.bmp"
        file.parent.mkdir(parents=True)
        Image.fromarray(np.full((8, 8, 3), level, np.uint8)).save(file)
        os.utime(file, (1_700_000_000, 1_700_000_000))
    a, b = unpaired_folder(tmp_path / "set", 8)
    assert (int(a.images.max()), int(b.images.min())) == (10, 200)


def test_the_first_few_and_all_stay_in_the_cache_side_by_side(facades: Path, own_data: Path) -> None:
    paired_folder(facades), paired_folder(facades, n=2)
    assert len(list((own_data / "cache").glob("*.bytes"))) == 2

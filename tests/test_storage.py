"""What lies in the cache, by the data set that it belongs to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from gancourse.classroom import storage

FILES = {
    "faces_32_500_0_train.npz": 3_000_000,
    "faces_32_12_0_pairs_glasses_no.npz": 1_000_000,
    ".faces_64_500_0_train.npz.k3j_2x1.npz": 500_000,  # what a kill leaves
    "pixel_faces_16_9_0_test.npz": 200_000,
    "handwritten_digits.npz": 400_000,
}


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    folder = tmp_path / "cache"
    folder.mkdir()
    for name, size in FILES.items():
        (folder / name).write_bytes(bytes(size))
    return folder


def test_every_file_belongs_to_one_set(cache: Path) -> None:
    assert {path.name for path in storage.files_of("faces")} == {name for name in FILES if name.lstrip(".").startswith("faces")}
    assert [path.name for path in storage.files_of("pixel_faces")] == ["pixel_faces_16_9_0_test.npz"]
    assert storage.files_of("face") == []
    assert storage.summary() == ["faces: 3 files (4.5 MB)", "handwritten_digits: 1 file (0.4 MB)", "pixel_faces: 1 file (0.2 MB)"]


def test_sizes_of_folders_and_an_empty_cache(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (cache / "experiments" / "one").mkdir(parents=True)
    (cache / "experiments" / "one" / "state").write_bytes(bytes(70_000))
    assert storage.size(cache / "experiments") == 70_000
    monkeypatch.setenv("GANCOURSE_DATA", str(cache / "nowhere"))
    assert storage.entries() == [] and storage.summary() == []


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("faces_32_500_0_train.npz", True),
        ("pairs_scenes_64_3000_0_train_day_winter.npz", True),
        ("pixel_faces_16_4_0_pairs_hair_length_long.npz", True),
        ("celeba_64_20000_0_train_0a1b2c3d.npz", True),
        ("handwritten_digits.npz", True),
        ("folder_64_0123456789abcdef.bytes", True),
        ("folder_64_0123456789abcdef_0123456789abcdef.json", True),
        (".folder_64_01_23.bytes.0a1b2c3d.bytes", True),
        (".folder_64_01_23.bytes.0a1b2c3d", True),
        (".faces_8_1_0_train.npz.k3j_2x1.npz", True),
        (".built.0a1b2c3d", True),
        ("built", False),
        ("mnist.npz", False),  # Keras's
        ("cifar10.npz", False),
        ("faces.npz", False),
        ("faces_notes_1_2.npz", False),
        ("digits-3.npz", False),
        ("mnist_28_100_0_train.npz", False),  # a set that is not kept in the cache
        (".mnist.npz.k3j_2x1.npz", False),
        (".faces", False),
        ("faces_32.tar", False),
        ("faces_32.bytes", False),
        ("folder_notes.npz", False),
        ("folders_1.bytes", False),
    ],
)
def test_what_the_course_writes_is_known_by_its_name(name: str, ours: bool, cache: Path) -> None:
    (cache / name).write_bytes(b"x")
    assert storage.ours(cache / name) is ours


def test_every_set_that_is_kept_has_a_known_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cache is written by these alone; a new one needs its name in storage."""
    from gancourse import data
    from gancourse.data.handwritten import handwritten_digits

    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path / "data"))
    (tmp_path / "pets").mkdir()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "pets" / "0.png")
    data.load_pairs("night", 8, 1), data.load_pairs("scenes", 8, 1), handwritten_digits("test")
    data.folder(tmp_path / "pets", 8, progress=False)
    assert len(storage.entries()) == 5 and all(map(storage.ours, storage.entries()))

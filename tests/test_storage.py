"""What lies in the cache, by the data set that it belongs to."""

from __future__ import annotations

from pathlib import Path

import pytest

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

"""Archives: unpacked whole or not at all, and a damaged one is named."""

from __future__ import annotations

import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from gancourse.data import archives
from gancourse.data.archives import unpack

FILES = {f"set/{i}.bin": np.random.default_rng(i).bytes(4000) for i in range(5)}


def pack(path: Path) -> Path:
    if path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in FILES.items():
                archive.writestr(name, content)
        return path
    for name, content in FILES.items():
        place = path.parent / "source" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    with tarfile.open(path, "w:gz") as archive:
        archive.add(path.parent / "source" / "set", "set")
    return path


def whole(folder: Path) -> bool:
    return {f"set/{path.name}": path.read_bytes() for path in folder.iterdir()} == FILES


@pytest.fixture(params=["a.zip", "a.tar.gz"])
def archive(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return pack(tmp_path / request.param)


def test_a_folder_is_unpacked_once(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert whole(unpack(archive, "set"))
    monkeypatch.setattr(archives, "_extract", None)
    assert whole(unpack(archive, "set"))


def test_half_a_folder_is_unpacked_again(archive: Path) -> None:
    (archive.parent / "set").mkdir()
    (archive.parent / "set" / "0.bin").write_bytes(b"half")
    assert whole(unpack(archive, "set"))


def test_an_interruption_leaves_no_folder(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(archive: Path, into: Path) -> None:
        (into / "set").mkdir()
        (into / "set" / "0.bin").write_bytes(b"half")
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(archives, "_extract", interrupted)
        with pytest.raises(KeyboardInterrupt):
            unpack(archive, "set")
    assert not (archive.parent / "set").exists() and not list(archive.parent.glob(".set*"))
    assert whole(unpack(archive, "set"))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: content[: len(content) // 2], "damaged"),
        (lambda content: content[:2000] + b"\0\1\2\3" * 50 + content[2200:], "damaged"),
        (lambda content: b"<html>quota exceeded</html>", "web page"),
        (lambda content: b"", "empty"),
    ],
)
def test_a_damaged_archive_is_named_and_leaves_no_folder(archive: Path, damage: object, message: str) -> None:
    archive.write_bytes(damage(archive.read_bytes()))
    with pytest.raises(ValueError, match=rf"{archive.name} is damaged or another file.*download it again") as caught:
        unpack(archive, "set")
    assert message in str(caught.value)
    assert not (archive.parent / "set").exists() and not list(archive.parent.glob(".set*"))


def test_another_archive_is_refused(archive: Path) -> None:
    with pytest.raises(ValueError, match="holds no folder faces"):
        unpack(archive, "faces")


def test_an_archive_whose_folder_is_whole_is_not_read_again(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compressed archive of 170 MB takes seconds to read through, and the set is loaded in each notebook."""
    unpack(archive, "set")
    monkeypatch.setattr(archives, "_files", None)
    assert whole(unpack(archive, "set"))


def test_a_folder_that_was_unpacked_by_others_is_read_through_once(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unpack(archive, "set").rename(archive.parent / "there")
    for path in archive.parent.glob(".set*"):
        path.unlink()
    (archive.parent / "there").rename(archive.parent / "set")
    reads: list[Path] = []
    files = archives._files
    monkeypatch.setattr(archives, "_files", lambda path, name: reads.append(path) or files(path, name))
    unpack(archive, "set"), unpack(archive, "set")
    assert len(reads) == 1


def test_an_archive_that_is_spoilt_later_does_no_harm_to_a_whole_folder(archive: Path) -> None:
    unpack(archive, "set")
    archive.write_bytes(archive.read_bytes()[:900])
    assert whole(unpack(archive, "set"))
    (archive.parent / "set" / "0.bin").unlink()
    with pytest.raises(ValueError, match="damaged"):
        unpack(archive, "set")


def test_a_fuller_archive_is_unpacked_over_the_folder_of_the_one_before(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unpack(archive, "set")
    monkeypatch.setitem(FILES, "set/5.bin", np.random.default_rng(5).bytes(4000))
    assert whole(unpack(pack(archive), "set"))


def test_a_note_that_cannot_be_read_or_written_is_no_error(archive: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unpack(archive, "set")
    (note,) = archive.parent.glob(".set*")
    note.write_text("[1")
    assert whole(unpack(archive, "set"))
    note.unlink()
    monkeypatch.setattr(archives.files, "atomic_write", lambda path: (_ for _ in ()).throw(PermissionError(13, "read only")))
    assert whole(unpack(archive, "set")) and not note.exists()

"""Files: whole or not at all, and where they live."""

import os
import stat

import pytest

from gancourse.base import files


def test_a_file_appears_whole_when_the_block_ends(tmp_path):
    path = tmp_path / "deep" / "set.npz"
    with files.atomic_write(path) as part:
        part.write_bytes(b"half")
        assert not path.exists() and part.parent == path.parent and part.suffix == ".npz"
    assert path.read_bytes() == b"half"
    assert os.listdir(path.parent) == ["set.npz"]


def test_what_is_flushed_is_open_for_writing(tmp_path, monkeypatch):
    """Windows refuses to flush a file that is open for reading alone."""
    fcntl = pytest.importorskip("fcntl")
    flushed = []
    monkeypatch.setattr(files.os, "fsync", lambda handle: flushed.append(fcntl.fcntl(handle, fcntl.F_GETFL) & os.O_ACCMODE))
    with files.atomic_write(tmp_path / "set.npz"):
        pass
    assert flushed == [os.O_RDWR]


def test_an_error_leaves_the_old_file_and_no_part_of_the_new_one(tmp_path):
    path = tmp_path / "set.npz"
    path.write_bytes(b"old")
    with pytest.raises(RuntimeError), files.atomic_write(path) as part:
        part.write_bytes(b"new")
        raise RuntimeError
    assert path.read_bytes() == b"old"
    assert os.listdir(tmp_path) == ["set.npz"]


def test_a_result_that_cannot_be_written_is_kept_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(files.tempfile, "tempdir", str(tmp_path))
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="what was made is kept as") as stopped:
        files.keep_whole(tmp_path / "taken", lambda part: part.write_text("work"))
    kept = str(stopped.value).rpartition(" as ")[2]
    with open(kept, encoding="utf-8") as file:
        assert file.read() == "work"


@pytest.mark.skipif(os.name != "posix", reason="asks about Unix permissions")
def test_a_written_file_is_as_public_as_any_other(tmp_path):
    before = os.umask(0o027)
    try:
        with files.atomic_write(tmp_path / "set.npz"):
            pass
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "set.npz").stat().st_mode) == 0o640


def test_a_place_is_tried_before_the_work(tmp_path):
    assert files.writable(tmp_path / "new" / "run.safetensors") == tmp_path / "new" / "run.safetensors"
    assert os.listdir(tmp_path / "new") == []
    with pytest.raises(IsADirectoryError, match="name a file in it"):
        files.writable(tmp_path)
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(OSError, match="cannot be written"):
        files.writable(tmp_path / "file" / "run.safetensors")


def test_data_lives_where_it_is_told_to_else_in_the_checkout_else_with_the_user(tmp_path, monkeypatch):
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    assert files.data_dir() == tmp_path and files.cache_dir() == tmp_path / "cache"
    monkeypatch.delenv("GANCOURSE_DATA")
    root = tmp_path / "repository"
    (root / "notebooks").mkdir(parents=True)
    (root / "pyproject.toml").touch()
    monkeypatch.setattr(files, "_PACKAGE", root / "gancourse")
    assert files.checkout() == root
    assert files.data_dir() == root / "data"
    assert files.shipped("records", "x.json") == root / "data" / "records" / "x.json"
    (root / "pyproject.toml").unlink()
    assert files.checkout() is None
    assert files.shipped("records", "x.json") == root / "gancourse" / "_shipped" / "records" / "x.json"
    monkeypatch.setattr(files.sys, "platform", "linux")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "user"))
    assert files.data_dir() == tmp_path / "user" / "gancourse"
    monkeypatch.setattr(files.sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "windows"))
    assert files.data_dir() == tmp_path / "windows" / "gancourse"

"""Files: whole or not at all, and where they live."""

import errno
import os
import stat
import tempfile
from pathlib import Path
from types import SimpleNamespace

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


def test_a_folder_that_nobody_may_write_in_is_said_at_once(tmp_path, monkeypatch):
    """On Windows such a folder looks as if one could, and tempfile tries name after name."""
    opened = []

    def refuse(path, *_):
        opened.append(path)
        if len(opened) > 9:
            pytest.fail("it is tried again and again")
        raise PermissionError(errno.EACCES, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refuse)
    windows = SimpleNamespace(**{**vars(os), "name": "nt"})
    monkeypatch.setattr(tempfile, "_os", windows, raising=False)
    with pytest.raises(OSError, match="cannot be written: .*Permission denied"):
        files.writable(tmp_path / "set.npz")
    with pytest.raises(PermissionError), files.atomic_write(tmp_path / "set.npz"):
        pass
    assert len(opened) == 2


def test_a_name_that_is_taken_is_left_alone(tmp_path, monkeypatch):
    names = iter(["taken", "free"])
    monkeypatch.setattr(files.secrets, "token_hex", lambda _: next(names))
    (tmp_path / ".set.npz.taken.npz").write_bytes(b"another's")
    with files.atomic_write(tmp_path / "set.npz") as part:
        part.write_bytes(b"ours")
    assert (tmp_path / "set.npz").read_bytes() == b"ours"
    assert (tmp_path / ".set.npz.taken.npz").read_bytes() == b"another's"


@pytest.fixture
def scanned(monkeypatch):
    """A Windows where a scanner has each new file open: as often as it is told, ``os.replace`` is refused."""
    replace, refusals = os.replace, []

    def refuse(part, path):
        if refusals:
            refusals.pop()
            raise PermissionError(errno.EACCES, "in use", str(part))
        replace(part, path)

    monkeypatch.setattr(files.sys, "platform", "win32")
    monkeypatch.setattr(files.time, "sleep", lambda seconds: None)
    monkeypatch.setattr(files.os, "replace", refuse)
    return refusals


def test_where_a_file_is_open_for_a_moment_it_is_replaced_after_it(tmp_path, scanned, monkeypatch):
    scanned += [1, 1]
    with files.atomic_write(tmp_path / "set.npz") as part:
        part.write_bytes(b"whole")
    assert (tmp_path / "set.npz").read_bytes() == b"whole" and scanned == []
    monkeypatch.setattr(files.sys, "platform", "linux")
    scanned += [1]
    with pytest.raises(PermissionError), files.atomic_write(tmp_path / "set.npz"):
        pass


def test_a_file_that_stays_open_is_told_and_not_that_its_part_stays_too(tmp_path, scanned, monkeypatch):
    def held(part, missing_ok):
        raise PermissionError(errno.EACCES, "the part is in use", str(part))

    scanned += [1] * 99
    monkeypatch.setattr(Path, "unlink", held)
    with pytest.raises(PermissionError, match="] in use"), files.atomic_write(tmp_path / "set.npz"):
        pass
    assert len(scanned) == 99 - 5


def test_a_result_that_cannot_be_written_is_kept_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(files.tempfile, "tempdir", str(tmp_path))
    (tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="what was made is kept as") as stopped:
        files.keep_whole(tmp_path / "taken", lambda part: part.write_text("work"))
    kept = str(stopped.value).rpartition(" as ")[2]
    with open(kept, encoding="utf-8") as file:
        assert file.read() == "work"


@pytest.mark.skipif(os.name != "posix", reason="asks about Unix links and permissions")
def test_what_is_replaced_stays_what_it_was(tmp_path):
    """A link to another disk stays one, a private file private."""
    target, link = tmp_path / "there" / "run.st", tmp_path / "run.st"
    target.parent.mkdir()
    target.write_text("old")
    target.chmod(0o600)
    link.symlink_to(target)
    with files.atomic_write(link) as part:
        part.write_text("new")
    assert link.is_symlink() and target.read_text() == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    assert os.listdir(target.parent) == ["run.st"]


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
    monkeypatch.setenv("XDG_CACHE_HOME", "")  # empty is unset, says its specification
    assert files.data_dir() == Path.home() / ".cache" / "gancourse"
    monkeypatch.setattr(files.sys, "platform", "win32")
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "windows"))
    assert files.data_dir() == tmp_path / "windows" / "gancourse"


def test_a_copy_is_told_from_the_file_of_its_name(tmp_path, monkeypatch):
    own = tmp_path / "notebooks" / "07_d.ipynb"
    for path in (own, tmp_path / "mine" / "07.ipynb"):
        path.parent.mkdir()
        path.touch()
    monkeypatch.chdir(tmp_path)
    for name in ("7", "07_d.ipynb", "notebooks/07_d.ipynb", str(own), "mine/../notebooks/07_d.ipynb", "notebooks/07_d"):
        files.refuse_another(name, tmp_path, own)
    for name in ("mine/07.ipynb", "elsewhere/07"):
        with pytest.raises(ValueError, match=f"{name} is not notebooks/07_d.ipynb, .*: write 07_d for that one"):
            files.refuse_another(name, tmp_path, own)
    (tmp_path / "notebooks" / "07_d").touch()
    with pytest.raises(ValueError, match="notebooks/07_d is not notebooks/07_d.ipynb"):
        files.refuse_another("notebooks/07_d", tmp_path, own)

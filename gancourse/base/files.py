"""Where files live, and how they are written so that a crash never leaves half of one."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]
_PAUSES = (0.05, 0.1, 0.2, 0.5)  # seconds


@contextlib.contextmanager
def atomic_write(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside ``path``; when the block ends well, move it into place in one step.

    A reader sees the old file or the new one, never a part: if the block raises or the process dies, ``path`` is untouched.  A
    link stays one, and its target is replaced; a file that was there keeps its permissions.
    """
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    part = _beside(path, path.suffix or ".part")
    try:
        yield part
        with open(part, "r+b") as written:  # Windows flushes no file that is open for reading alone
            os.fsync(written.fileno())
        os.chmod(part, _mode(path))  # private until it is whole; a cache is shared like any other file
        _replace(part, path)
    finally:
        with contextlib.suppress(PermissionError):  # somebody else has it open on Windows; the error before it is the one to tell
            part.unlink(missing_ok=True)


def _mode(path: Path) -> int:
    """The permissions of the file that lies there, or those of a new one."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        umask = os.umask(0)
        os.umask(umask)
        return 0o666 & ~umask


def beside_name(path: Path, suffix: str = "") -> Path:
    """A hidden name beside ``path`` that nobody else will take."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}{suffix}")


def _beside(path: Path, suffix: str = "") -> Path:
    """An empty file beside ``path``.

    Not by tempfile, which takes a folder that Windows lets nobody write in for a name that is taken, two thousand million times.
    """
    while True:
        part = beside_name(path, suffix)
        with contextlib.suppress(FileExistsError):
            os.close(os.open(part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
            return part


def _replace(part: Path, path: Path) -> None:
    """Move a file into place; on Windows tried for a second, as scanners and readers hold files open for a moment."""
    for pause in _PAUSES if sys.platform == "win32" else ():
        try:
            os.replace(part, path)
            return
        except PermissionError:
            time.sleep(pause)
    os.replace(part, path)


def composed(name: str) -> str:
    """The name of a file with accents in one character with their letters, which macOS takes apart."""
    return unicodedata.normalize("NFC", name)


def keep(path: Path, write: Callable[[Path], object]) -> None:
    """Write a result to ``path``; on a full disk, say, to the folder for temporary files, and say so: work is not lost."""
    try:
        write(path)
    except OSError as error:
        kept = Path(tempfile.mkdtemp(prefix="gancourse-")) / path.name
        write(kept)
        raise OSError(f"{path} could not be written ({error}); what was made is kept as {kept}") from error


def keep_whole(path: Path, write: Callable[[Path], object]) -> None:
    """The same, whole or not at all."""

    def whole(place: Path) -> None:
        with atomic_write(place) as part:
            write(part)

    keep(path, whole)


def writable(path: str | os.PathLike[str]) -> Path:
    """Return ``path`` if a file can be written there; found out before the work whose result it is to hold."""
    path = Path(path)
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a file in it")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = _beside(path)
    except OSError as error:
        raise OSError(f"{path} cannot be written: {error}") from error
    with contextlib.suppress(PermissionError):  # a scanner of Windows may look at it first
        part.unlink()
    return path


def refuse_another(name: str, folder: Path, *own: Path) -> None:
    """ValueError if ``name`` is the path of a file that is none of its ``own`` in ``folder``: a copy of the same name, say."""
    given = Path(name)
    if given.parent == Path() and not given.is_file():
        return
    places = {given.resolve(), (folder / given).resolve()}
    known = {path.resolve() for path in own}
    if not any(place.is_file() for place in places):
        known |= {path.with_suffix("") for path in known}  # whose ending was left out
    if not known & places:
        meant = own[-1].relative_to(folder).as_posix()
        raise ValueError(f"{name} is not {meant}, which has such a name: write {own[-1].stem} for that one")


def checkout() -> Path | None:
    """The repository's folder if gancourse is imported from one, else None."""
    root = _PACKAGE.parent
    return root if (root / "pyproject.toml").is_file() and (root / "notebooks").is_dir() else None


def data_dir() -> Path:
    """The folder for built and downloaded data: $GANCOURSE_DATA, else the checkout's data/, else a per-user folder."""
    if chosen := os.environ.get("GANCOURSE_DATA"):
        return Path(chosen).expanduser()
    if root := checkout():
        return root / "data"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "gancourse"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gancourse"


def cache_dir() -> Path:
    """The folder of built data sets, which are built again when deleted, and of trainings and kept edits, which are not."""
    return data_dir() / "cache"


def shipped(*parts: str) -> Path:
    """A file that travels with the course (weights and their cards): in the checkout's data/, or inside an installed package."""
    if (root := checkout()) is not None:
        return root.joinpath("data", *parts)
    return _PACKAGE.joinpath("_shipped", *parts)

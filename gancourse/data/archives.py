"""Unpacking archives so that a folder is whole or not there."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import json
import lzma
import os
import shutil
import tarfile
import zipfile
import zlib
from pathlib import Path

from gancourse.base import files
from gancourse.base.kinds import what_is

DAMAGE = (
    *(zipfile.BadZipFile, gzip.BadGzipFile, tarfile.TarError, zlib.error, lzma.LZMAError),
    *(EOFError, ValueError, NotImplementedError, RuntimeError),
)


def unpack(archive: Path, name: str) -> Path:
    """The folder ``name`` that a zip or tar archive holds, beside the archive; unpacked if it is missing or not complete.

    Unpacked elsewhere, checked against the archive's list and its checksums, and moved into place in one step: an interruption
    leaves no folder that looks finished.  A note beside it says how many files it has and what archive they came from: while both
    are so, the archive, which takes seconds to read through, is left alone.  A folder that was whole stays in use where another
    archive in the old one's place is damaged.

    Raises a ValueError that names an archive that is none, or is damaged.
    """
    folder = archive.parent / name
    known = _noted(folder)
    whole = bool(known) and folder.is_dir() and _count(folder) >= known["files"]
    if whole and known == _fact(archive, known["files"]):
        return folder
    try:
        wanted = _files(archive, name)
    except (*DAMAGE, OSError) as error:
        if whole:
            return folder
        raise damaged(archive, error) from None
    if not wanted:
        raise ValueError(f"{archive} holds no folder {name}: it is another archive, so download it again")
    if not (folder.is_dir() and _count(folder) >= len(wanted)):
        _replace(folder, archive, len(wanted))
    with contextlib.suppress(OSError), files.atomic_write(_note(folder)) as part:  # in a folder that others look after
        part.write_text(json.dumps(_fact(archive, len(wanted))), encoding="utf-8")
    return folder


def _note(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.unpacked.json")


def _noted(folder: Path) -> dict[str, int]:
    """What the note beside a folder says; nothing where there is none that can be read."""
    try:
        known = json.loads(_note(folder).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) and isinstance(known.get("files"), int) else {}


def _fact(archive: Path, count: int) -> dict[str, int]:
    fact = archive.stat()
    return {"files": count, "bytes": fact.st_size, "changed": fact.st_mtime_ns}


def _replace(folder: Path, archive: Path, wanted: int) -> None:
    """Put the folder of an archive that lists so many files in it into place, whole."""
    beside = files.beside_name(folder)
    beside.mkdir()
    try:
        try:
            _extract(archive, beside)
        except DAMAGE as error:
            raise damaged(archive, error) from None
        if (came := _count(beside / folder.name)) < wanted:
            raise damaged(archive, f"{came} files came of the {wanted} that it lists")
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(beside / folder.name, folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def damaged(path: Path, reason: object) -> ValueError:
    """What to raise about a file that was downloaded and is not what it should be."""
    kind = what_is(path)
    usual = ("archive", "unknown")
    told = f"it is {kind}" if kind == "empty" or not any(word in kind for word in usual) or "missing" in kind else str(reason)
    return ValueError(f"{path} is damaged or another file ({told}): download it again")


def _files(archive: Path, name: str) -> list[str]:
    """The files that the archive lists in the folder."""
    if tarfile.is_tarfile(archive):
        _read_through(archive)
        with tarfile.open(archive) as packed:
            names = [member.name for member in packed if member.isfile()]
    else:
        with zipfile.ZipFile(archive) as packed:
            names = [member.filename for member in packed.infolist() if not member.is_dir()]
    return [path for path in (entry.removeprefix("./") for entry in names) if path.startswith(f"{name}/")]


def _read_through(archive: Path) -> None:
    """Raise where a compressed archive is damaged, which tarfile takes for its end."""
    for opener in (gzip.open, bz2.open, lzma.open):
        try:
            with opener(archive) as stream:
                stream.read(1)
        except (OSError, lzma.LZMAError, EOFError):
            continue
        with opener(archive) as stream:
            while stream.read(1 << 20):
                pass


def _extract(archive: Path, into: Path) -> None:
    if tarfile.is_tarfile(archive):
        with tarfile.open(archive) as packed:
            packed.extractall(into, filter="data")
    else:
        with zipfile.ZipFile(archive) as packed:
            packed.extractall(into)


def _count(folder: Path) -> int:
    return sum(len(files) for _, _, files in os.walk(folder))

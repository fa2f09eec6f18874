"""What a file is, by its first bytes: for messages about files that are not what their names say."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

_BEGINNINGS = (
    (b"version https://git-lfs", "a git-lfs pointer: the file itself was not fetched (run `git lfs pull`)"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x89HDF", "an HDF5 file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"%PDF", "a PDF"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\x80\x02\x8a\nl\xfc\x9c", "a PyTorch file of the format before 1.6"),
)


def what_is(path: str | os.PathLike[str]) -> str:
    """What the content of a file is, as the end of the sentence "it is ..."; "of an unknown kind" where it cannot be told."""
    path = Path(path)
    with open(path, "rb") as file:
        head = file.read(2048)
    if not head:
        return "empty"
    if not head.strip(b"\0"):
        return "a file of zeros: a download or a copy that was interrupted"
    for beginning, kind in _BEGINNINGS:
        if head.startswith(beginning):
            return kind
    if head.startswith(b"PK"):
        return _zipped(path)
    if len(head) > 9 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < max(path.stat().st_size, 100_000_000):
        return "a safetensors file"
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05":
        return "a pickle of Python objects"
    if head[257:262] == b"ustar":
        return "a tar archive"
    return _written(head)


def _zipped(path: Path) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return "a zip archive of which a part is missing"
    return "a PyTorch file" if any(name.endswith("data.pkl") for name in names) else "a zip archive"


def _written(head: bytes) -> str:
    text = head.decode("utf-8", "ignore").lstrip("\ufeff \t\r\n").lower()
    if text.startswith(("<!doctype html", "<html", "<head", "<?xml")) or "<html" in text:
        return "a web page, as a download leaves that asks for a login or a click"
    if text.startswith(("{", "[")):
        return "a JSON text"
    printable = sum(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)
    return "a text" if printable > 0.95 * len(head) else "of an unknown kind"

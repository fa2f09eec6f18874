"""The command that lists, builds and clears data sets."""

from __future__ import annotations

import argparse
import shutil
import sys

from gancourse.base import files
from gancourse.classroom import storage
from gancourse.classroom.commands.shared import note, refuse


def data(arguments: argparse.Namespace) -> None:
    {"list": _data_list, "build": _data_build, "clear": _data_clear}[arguments.action](arguments)


def _data_list(arguments: argparse.Namespace) -> None:
    from gancourse import data

    refuse(arguments, "data list", "names", "n", "all")
    parts = {
        "made on this machine": data.EMBEDDED,
        f"downloaded once, or placed by hand in {files.data_dir() / 'real'}": data.REAL,
    }
    for title, sets in parts.items():
        print(title)
        for name, function in sets.items():
            print(f"  {name:<16} {(function.__doc__ or '').strip().partition(chr(10))[0]}")
            for path in storage.files_of(name):
                if not path.name.startswith("."):
                    print(f"  {'':<16} built: {path.name} ({storage.megabytes(storage.size(path))})")


def _data_build(arguments: argparse.Namespace) -> None:
    """Load each set once, which builds or downloads it and keeps it in the cache."""
    refuse(arguments, "data build", "all")
    files.writable(files.cache_dir() / "built")
    for request in arguments.names or [_FIRST_SET]:
        try:
            sizes = _load_set(request, arguments.n)
        except ModuleNotFoundError as error:
            if arguments.names:
                raise
            note(f"{error}")  # the course goes on with what ships
            continue
        print(f"{request}: {' and '.join(sizes)} images")


_FIRST_SET = "faces"  # what the first lectures need


def _load_set(request: str, n: int | None) -> list[str]:
    from gancourse import data
    from gancourse.base import check

    name, colon, size = request.partition(":")
    known = data.EMBEDDED | data.REAL
    function = known[check.one_of("data set", name, known)]
    if colon and not size.isdecimal():
        raise ValueError(f"a size is a number of pixels, not {size!r}: write {name}:64")
    options = {"size": int(size)} if size else {}
    if n is not None:
        return [f"{len(function(n=n, **options)):,} training"]
    return [f"{len(function(split=split, **options)):,} {said}" for split, said in (("train", "training"), ("test", "test"))]


def _data_clear(arguments: argparse.Namespace) -> None:
    """Clear the cache of all sets or of some; what was trained or edited here stays unless asked for, because it took longest.

    What the course did not write stays, and is named.
    """
    from gancourse import data
    from gancourse.base import check
    from gancourse.data._files import several, some

    refuse(arguments, "data clear", "n")
    if arguments.names:
        refuse(arguments, f"data clear {' '.join(arguments.names)}", "all")
    written = {path for path in storage.entries() if storage.ours(path)}
    others = [path.name for path in storage.entries() if path not in written]
    kept = {path for path in written if path.name in storage.MADE_HERE}
    known = sorted({*data.EMBEDDED, *data.REAL, *(storage.group(path) for path in written - kept)})
    chosen = {path for name in arguments.names for path in storage.files_of(check.one_of("data set", name, known))}
    if not arguments.names:
        chosen = written - (set() if arguments.all else kept)
    freed, in_use = 0, []
    for path in sorted(chosen):
        size = storage.size(path)
        try:
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink(missing_ok=True)
            freed += size
        except OSError as error:  # on Windows a notebook or a training may have it mapped
            in_use.append(f"{path.name} ({error.strerror})")
    print(f"cleared {storage.megabytes(freed)} from {files.cache_dir()}")
    if others and not arguments.names:
        note(f"left: {several(len(others), 'other')}, which gancourse did not write: {some(others)}")
    if in_use:
        fix = ": close the notebooks and trainings that use it, and clear again" if sys.platform == "win32" else ""
        raise OSError(f"{', '.join(in_use)} could not be removed{fix}")

"""Commands for lectures, homework and the ledger of claims."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gancourse.base import files
from gancourse.base.kinds import what_is
from gancourse.classroom.commands.shared import note, refuse, there_already

if TYPE_CHECKING:
    from gancourse.classroom.claims import Row

LOOKED_AT = 1_000  # letters in which a file says whose it is


def lab(arguments: argparse.Namespace) -> int:
    from gancourse.classroom import lab

    extra = [f"--ServerApp.port={arguments.port}"] if arguments.port else []
    name = {} if arguments.notebook is None else {"name": arguments.notebook}
    return lab.serve(**name, browser=False if arguments.no_browser else None, arguments=extra)


def run(arguments: argparse.Namespace) -> None:
    from gancourse.classroom import pages

    _one_or_all(arguments, "run")
    if arguments.stored:
        refuse(arguments, "run --stored", "scale")
    if arguments.scale:
        os.environ["GANCOURSE_SCALE"] = arguments.scale
    for source, target in _pages(arguments, ".html"):
        with tempfile.TemporaryDirectory(prefix="gancourse-") as inside:
            name, folder = arguments.notebook or source.stem, Path(inside)
            page = pages.stored(name, folder=folder) if arguments.stored else pages.run(name, folder=folder, report=note)
            files.keep_whole(target, lambda part, page=page: shutil.copyfile(page, part))  # type: ignore[misc]
        print(f"wrote {target}")


def slides(arguments: argparse.Namespace) -> None:
    _one_or_all(arguments, "slides")
    for source, target in _pages(arguments, "-slides.html"):
        _slides_of(source, target)


def _one_or_all(arguments: argparse.Namespace, command: str) -> None:
    if arguments.all == (arguments.notebook is not None):
        raise ValueError(f"gancourse {command} takes a lecture or --all: gancourse {command} 04, gancourse {command} --all")


def _pages(arguments: argparse.Namespace, ending: str) -> list[tuple[Path, Path]]:
    """The sources that are asked for, each with the file to write, all of which can be written."""
    from gancourse.classroom import notebooks

    if not arguments.all:
        source = notebooks.find(arguments.notebook)
        return [(source, _page(arguments.output or Path(f"{source.stem}{ending}"), arguments.force))]
    folder = arguments.output or Path()
    if folder.is_file():
        raise NotADirectoryError(f"{folder} is a file: with --all, --output is the folder for the pages")
    return [(source, _page(folder / f"{source.stem}{ending}", arguments.force)) for source in notebooks.sources()]


def _page(path: Path, force: bool) -> Path:
    """Return ``path`` if a web page can be written there, and nothing is there but a page that the course made."""
    from gancourse.classroom import pages

    files.writable(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"{path} does not end in .html, and a web page is what this writes: name another --output")
    return _own(path, pages.GENERATOR, force, pages.EARLIER)


def _own(path: Path, mark: str, force: bool, earlier: tuple[str, ...] = ()) -> Path:
    """Return ``path`` unless something is there whose beginning lacks the ``mark`` of what the course writes.

    Of what ``earlier`` versions wrote, which had no mark, one of these stands anywhere in it.
    """
    if path.exists() and path.stat().st_size and not force:
        text = path.read_text(encoding="utf-8", errors="replace")
        if mark not in text[:LOOKED_AT] and not any(part in text for part in earlier):
            kind = what_is(path)
            raise there_already(path, "a web page that gancourse did not make" if kind.startswith("a web page") else kind)
    return path


def _slides_of(source: Path, target: Path) -> None:
    from gancourse.classroom import slides

    made = slides.slides(source)
    files.keep_whole(target, lambda part: part.write_text(slides.page(made), encoding="utf-8"))
    print(f"wrote {target}: {len(made)} slides; open it in a browser, ? lists the keys")


def notebooks(arguments: argparse.Namespace) -> int:
    from gancourse.classroom import notebooks, reading

    if arguments.check:
        refuse(arguments, "notebooks --check", "force")
        wanted = {notebooks.find(name).stem for name in arguments.names}
        found = [line for line in notebooks.check() if not wanted or line.partition(":")[0] in wanted]
        print("\n".join(found) or "the notebooks agree with their sources")
        return 1 if found else 0
    failed = notebooks.build_all(arguments.names, force=arguments.force)
    for message in failed:
        note(message)
    page = reading.markdown(reading.works(notebooks.sources()))
    target = files.writable(notebooks.root() / "docs" / "reading.md")
    files.keep_whole(target, lambda part: part.write_text(page, encoding="utf-8"))
    return 1 if failed else 0


def homework(arguments: argparse.Namespace) -> int:
    from gancourse.classroom.homework import build

    if arguments.check:
        found = build.check(names=arguments.names)
        print("\n".join(found) or "the homework agrees with its sources")
        return 1 if found else 0
    for path in build.build_all(arguments.names):
        print(f"wrote {path}")
    return 0


def grade(arguments: argparse.Namespace) -> None:
    from gancourse.classroom.homework.grading import grade
    from gancourse.classroom.homework.grading.sandbox import Limits

    seconds = float(arguments.seconds)
    limits = Limits(cell_seconds=seconds, seconds=max(120.0, 6 * seconds), memory=arguments.memory * 1_000_000)
    grade.grade_folder(arguments.folder, arguments.homework, output=arguments.output, jobs=arguments.jobs, limits=limits)


def claims(arguments: argparse.Namespace) -> int:
    from gancourse.classroom import claims, measuring, notebooks

    if arguments.check:
        refuse(arguments, "claims --check", "names", "from_notebooks", "scale", "force")
    elif arguments.from_notebooks:
        refuse(arguments, "claims --from-notebooks", "names", "scale")
    root = notebooks.root()
    output = arguments.output or root / "CLAIMS.md"
    measured = [] if arguments.check or arguments.from_notebooks else [notebooks.find(name) for name in arguments.names]
    if not (arguments.check or arguments.from_notebooks or measured):
        measured = notebooks.sources()
    fresh = {source.stem for source in measured}
    stored = measuring.stored_rows(root, fresh)
    if arguments.check:
        same = output.is_file() and output.read_text(encoding="utf-8") == claims.ledger_markdown(stored)
        print(f"{output.name} {'agrees' if same else 'does not agree'} with the notebooks")
        return 0 if same else 1
    files.writable(output)
    if arguments.output is not None:
        _ledger(output, arguments.force)
    scale = arguments.scale or notebooks.SCALE
    rows, failed = (stored, []) if arguments.from_notebooks else measuring.measure(measured, scale, note)
    if failed:
        for message in failed:
            note(message)
        note(f"{output.name} is left as it was")
        return 1
    if not arguments.from_notebooks:
        rows = [row for row in stored if row.notebook not in fresh] + rows
        measuring.compare(stored, rows)
    if not rows:
        raise ValueError("no notebook has made a claim yet, so there is nothing to write")
    text = claims.ledger_markdown(rows)
    files.keep_whole(output, lambda part: part.write_text(text, encoding="utf-8"))
    print(f"wrote {output}: {len(rows)} rows")
    if output == root / "CLAIMS.md":
        _tell(root, rows)
    return 0


def _ledger(path: Path, force: bool) -> None:
    """Raise a ValueError unless a ledger can be written there, and nothing is there but a ledger."""
    from gancourse.classroom import claims

    if path.suffix.lower() != ".md":
        raise ValueError(f"{path} does not end in .md, and Markdown is what this writes: name another --output")
    _own(path, claims.ledger_markdown([])[:200], force)


def _tell(root: Path, rows: list[Row]) -> None:
    """Bring the tally of the pages that have one up to date."""
    from gancourse.classroom import claims

    for page in (root / name for name in claims.TALLIED):
        if page.is_file():
            text = claims.with_tally(page.read_text(encoding="utf-8"), rows)
            files.keep_whole(page, lambda part, text=text: part.write_text(text, encoding="utf-8"))  # type: ignore[misc]

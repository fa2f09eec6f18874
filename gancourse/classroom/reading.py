"""docs/reading.md: what the lectures name as further reading, as one bibliography with the lectures that name it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gancourse.classroom import notebooks

_INITIALS = re.compile(r"^(?:\w{1,2}\.[ -]?)+")  # "A. ", "J.-Y. ", "Th. "
_SECTION = re.compile(r"^# ## Further reading\n(.*?)(?=^# ##|^# %%|\Z)", re.DOTALL | re.MULTILINE)
_CONTINUED = re.compile(r"\n# {3,}")  # a line that belongs to the entry above
_LINK = re.compile(r"\[\*(?P<title>.+?)\*\]\((?P<address>[^)\s]+)\)")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_DATED = re.compile(r"\s*\(?\b(?:19|20)\d\d\b\)?")
# What comes before the authors of a second work of one entry: the venue and the year of the first, and what is said of it.
_BEFORE = re.compile(r"\b(?:19|20)\d\d\b\)?[^;.]*?[;.]\s*|^[^;]*;\s*")
_VENUE_AND = re.compile(r"^,.*\band$")  # "..., ICCV 2017, and [a second work of the same authors]"

_PREFACE = """# What the lectures read

Every work that a lecture names under *Further reading*, by year, and the lectures that name it. What it is read for stands there.
The page is written by `gancourse notebooks`."""


@dataclass(frozen=True)
class Work:
    """A paper or a book, as the first lecture that names it has it."""

    year: str
    authors: str
    title: str
    address: str
    lectures: tuple[str, ...]  # the stems of their sources


def works(sources: Iterable[Path]) -> list[Work]:
    """The works that these lectures name, in the order of year and authors."""
    found: dict[str, Work] = {}
    for source in sources:
        for year, authors, title, address in _named(notebooks.text_of(source)):
            first = found.get(address, Work(year, authors, title, address, ()))
            named = first.lectures if source.stem in first.lectures else (*first.lectures, source.stem)
            found[address] = Work(first.year, first.authors, first.title, address, named)
    return sorted(found.values(), key=lambda work: (work.year, _without_initials(work.authors), work.title))


def _without_initials(authors: str) -> str:
    """What a list of authors is sorted by: without the initials that some of the lectures write in front of the first name."""
    return _INITIALS.sub("", unicodedata.normalize("NFC", authors)).casefold()


def markdown(found: Iterable[Work]) -> str:
    """The page, a list for each year."""
    parts, year = [_PREFACE], ""
    for work in found:
        if work.year != year:
            year = work.year
            parts.append(f"\n## {year}\n")
        lectures = ", ".join(f"[{stem[:2]}](../notebooks/{stem}.ipynb)" for stem in work.lectures)
        parts.append(f"- {work.authors}, [*{work.title}*]({work.address}). Lecture{'s' * (len(work.lectures) > 1)} {lectures}")
    return "\n".join(parts) + "\n"


def _named(text: str) -> list[tuple[str, str, str, str]]:
    """Year, authors, title and address of each work in the sections of further reading of a source."""
    entries = [
        line.removeprefix("# - ")
        for section in _SECTION.findall(text)
        for line in _CONTINUED.sub(" ", section).splitlines()
        if line.startswith("# - ")
    ]
    return [work for entry in entries for work in _works_of(entry)]


def _works_of(entry: str) -> list[tuple[str, str, str, str]]:
    links = list(_LINK.finditer(entry))
    ends = [link.end() for link in links]
    starts = [link.start() for link in links] + [len(entry)]
    found: list[tuple[str, str, str, str]] = []
    for place, link in enumerate(links):
        before, after = entry[ends[place - 1] if place else 0 : link.start()], entry[link.end() : starts[place + 1]]
        if place and _VENUE_AND.match(before.strip()):
            before = found[-1][1]
        elif place and (passed := list(_BEFORE.finditer(before))):
            before = before[passed[-1].end() :]
        year = _YEAR.search(before) or _YEAR.search(after)
        if year is None:
            raise ValueError(f"an entry of Further reading names no year: {entry}")
        authors = _DATED.sub("", before).strip(" ,:").removeprefix("and ")
        found.append((year[0], authors, link["title"], link["address"]))
    return found

"""The package's docstrings as reStructuredText.

They are plain text that marks up ``code``, :role:`names` and *stressed* words only.  Indented lines are equations.  Arguments
stand as ``name: text`` or in two columns, and the lines that go on with one are set in.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from itertools import chain, pairwise

_MARKED = re.compile(r"(``.+?``|:[a-z:]+:`.+?`|(?<![\w*)\]])\*[A-Za-z](?:[^*]*[A-Za-z])?\*(?![\w*(]))")
_POINT = re.compile(r"- (?P<text>.+)")
_COLUMNS = re.compile(r"(?P<head>[\w`\"][\w`*\"=,\[\]/ ]*?) {2,}(?P<text>\S.*)")
_COLON = re.compile(r"(?P<head>\w+(?:, \w+)*)(?P<text>(?: \[.+?\])?: .+)")
_SECTION = re.compile(r"(?:Args|Raises|Returns):")
_SETTING = "    "


def escaped(text: str) -> str:
    """Text in which nothing but ``code``, :role:`names` and *stressed* words means anything to reStructuredText."""
    pieces = _MARKED.split(text)
    pieces[::2] = [re.sub(r"([\\*|`_])", r"\\\1", piece) for piece in pieces[::2]]
    return "".join(pieces)


def as_rst(lines: list[str], arguments: Collection[str] = ()) -> list[str]:
    """The lines of a docstring as those of reStructuredText; ``arguments`` are the names that may head a line."""
    text: list[str] = []
    in_section = False
    for block in _blocks(lines):
        if _SECTION.fullmatch(block[0]):
            text += [f"**{block[0]}**", ""]
        elif in_section:
            text += [*_listed([line.removeprefix(_SETTING) for line in block], lambda head: True), ""]
        elif block[0].startswith(_SETTING):
            text += ["::", "", *(_SETTING + line for line in block), ""]
        elif block[0].startswith(">>> "):
            text += [*block, ""]
        else:
            text += [*_listed(block, lambda head: head in arguments), ""]
        in_section = bool(_SECTION.fullmatch(block[0]))
    return text


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """The lines between two empty ones; the name of a section stands alone."""
    block: list[str] = []
    for line in [*lines, ""]:
        if block and (not line.strip() or _SECTION.fullmatch(block[0])):
            yield block
            block = []
        if line.strip():
            block.append(line)


def _listed(block: list[str], is_argument: Callable[[str], bool]) -> list[str]:
    """Paragraphs, and points of one line each; a line that begins neither goes on with what stands before."""
    items: list[str] = []
    in_columns = _COLUMNS.fullmatch(block[0])
    for line in block:
        if found := _POINT.fullmatch(line):
            items.append(f"* {escaped(found['text'])}")
        elif in_columns and (found := _COLUMNS.fullmatch(line)):
            items.append(f"* {_strong(found['head'])}: {escaped(found['text'])}")
        elif (found := _COLON.fullmatch(line)) and all(map(is_argument, found["head"].split(", "))):
            items.append(f"* {_strong(found['head'])}{escaped(found['text'])}")
        elif items and not (items[-1].startswith("* ") and items[-1].endswith(".") and line[0].isupper()):
            items[-1] += " " + escaped(line.strip())
        else:
            items.append(escaped(line))
    apart = [[*([""] if a.startswith("* ") != b.startswith("* ") else []), b] for a, b in pairwise(items)]
    return [items[0], *chain.from_iterable(apart)]


def _strong(head: str) -> str:
    return head if "`" in head else f"**{escaped(head)}**"

"""The prose of the lectures: a paragraph says one thing, and the core path can be read in the time that the header names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gancourse.classroom import notebooks

ROOT = Path(__file__).resolve().parent.parent
LECTURES = notebooks.sources(ROOT)
LONGEST = 100  # words of a paragraph
CORE = 3600  # words before "Going deeper", or of a lecture that has no such line
BEGINS = re.compile(r"\s*([-*]|\d+\.)\s|\||#|<")  # an item, a row, a heading, a tag: begins a paragraph without an empty line


def cells(source: Path) -> list[str]:
    """The markdown cells that a reader of the notebook sees, without comment signs."""
    found = re.split(r"^# %%", source.read_text(encoding="utf-8"), flags=re.MULTILINE)
    parts = [cell.partition("\n") for cell in found]  # the line of tags, and the cell
    shown = [text for tags, _, text in parts if "[markdown]" in tags and notebooks.SLIDE_ONLY not in tags]
    return [re.sub(r"^# ?", "", text, flags=re.MULTILINE) for text in shown]


def paragraphs(text: str) -> list[str]:
    found: list[str] = [""]
    for line in text.splitlines():
        if not line.strip() or BEGINS.match(line):
            found.append("")
        found[-1] += f" {line.strip()}"
    return [paragraph.strip() for paragraph in found if paragraph.strip()]


def test_paragraphs_end_at_empty_lines_items_rows_and_headings():
    text = "one\ntwo\n\nthree\n- four\n- five\n1. six\n| a | b |\n## seven"
    assert paragraphs(text) == ["one two", "three", "- four", "- five", "1. six", "| a | b |", "## seven"]


@pytest.mark.parametrize("source", LECTURES, ids=lambda source: source.stem)
def test_a_paragraph_has_a_hundred_words_at_most(source):
    long = {paragraph[:60]: len(paragraph.split()) for cell in cells(source) for paragraph in paragraphs(cell)}
    assert not (found := {begin: n for begin, n in long.items() if n > LONGEST}), f"take these apart: {found}"


@pytest.mark.parametrize("source", LECTURES, ids=lambda source: source.stem)
def test_the_core_path_can_be_read_in_a_lecture(source):
    core = re.split(r"^#+ .*Going deeper", "\n\n".join(cells(source)), flags=re.MULTILINE)[0]
    assert (n := len(core.split())) <= CORE, f"{n} words before 'Going deeper': move some of it below that line"

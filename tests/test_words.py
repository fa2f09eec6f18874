"""What is said of a picture to those who do not see it."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from gancourse.classroom import notebooks, words

ROOT = Path(__file__).resolve().parents[1]
FIGURE = {"data": {"image/png": "", "text/plain": "<Figure size 640x480 with 2 Axes>"}}
CODE = r"""
fig, (left, right) = plt.subplots(1, 2)
for step in (0, 10):
    left.plot(x, y[step], label=f"step {step}", title=f"{step}")
right.semilogy(loss, label=r"$\log(1 - D)$" if step else "none")
left.set(xlabel="place $x_1$", ylabel=r"$\max_D\ V(D, G)$")
right.set_title("the \\left. same")
viz.table(rows, header=["size", "modes"])
right.set_title("the \\left. same")
"""


def test_a_figures_code_says_what_stands_on_it() -> None:
    said = words.of_figure(CODE)
    axes = "titles: the . same; across: place x_1; up: max_D V(D, G)"
    assert said == f"{axes}; shown: step …, log(1 - D), none; columns: size, modes"
    assert words.of_figure("plt.show()") == words.of_figure("%matplotlib inline") == ""


def test_what_a_picture_says_of_itself_goes_first() -> None:
    own = {
        "data": {"image/png": "", "text/plain": "[six drawn faces, large]"},
        "metadata": {"image/png": {"alt": "six drawn faces"}},
    }
    assert words.alternative(own, CODE, "Play") == "six drawn faces"
    assert words.alternative(own | {"metadata": {}}, CODE, "Play") == "six drawn faces, large"
    assert words.alternative(FIGURE, CODE, "Play").startswith("figure to Play; titles: the")
    assert words.alternative(FIGURE, "plt.show()", "") == "figure"


def test_a_caption_of_hardly_a_word_stands_behind_its_heading() -> None:
    short = {"data": {"image/png": "", "text/plain": "All z, 0 to 9."}}
    assert words.alternative(short, CODE, "With and without") == "With and without: All z, 0 to 9."
    assert words.alternative(short, CODE, "") == "All z, 0 to 9."


def test_a_cell_stands_below_the_last_heading() -> None:
    cells = [
        {"cell_type": kind, "source": text}
        for kind, text in [("code", "1"), ("markdown", ["# A\n", "b"]), ("code", "2"), ("markdown", "c")]
    ]
    assert [about for _, about in words.under_headings(cells)] == ["", "A", "A", "A"]


def test_the_last_heading_is_what_a_picture_is_about() -> None:
    assert words.heading("# One\n\ntext\n\n## Why $-\\log D$ *helps*\n\n```\n# code\n```") == "Why -log D helps"
    assert words.heading("no heading") == ""


@pytest.mark.parametrize("lecture", notebooks.sources(ROOT), ids=lambda path: path.stem)
def test_every_picture_of_a_lecture_has_words(lecture: Path) -> None:
    silent = []
    for cell, about in words.under_headings(nbformat.read(notebooks.target(lecture), 4).cells):
        for output in cell.get("outputs", ()):
            if set(words.PICTURES) & set(output.get("data", {})):
                said = words.alternative(output, cell.source, about)
                if len(re.findall("[a-z]{2}", said)) < 3 or "Figure size" in said or said.startswith("picture, "):
                    silent.append((cell.source[-80:], said))
    assert silent == []

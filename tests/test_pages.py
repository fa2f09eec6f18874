"""A lecture as a page of HTML: formulas without a network, dollars in code left alone."""

from __future__ import annotations

import re

import nbformat
import pytest

from gancourse.classroom import pages


def test_formulas_become_mathml() -> None:
    text = pages.with_mathml("Let $x^2$ be, and\n\n$$\\frac{a}{b}$$\n\nBinomial$(m, \\tfrac12)$.")
    assert text.count("<math") == 3 and "$" not in text
    assert 'display="block"' in text and "<mfrac>" in text
    assert "<msup>" in text


def test_multi_line_formulas_and_operators() -> None:
    text = pages.with_mathml("$$\\begin{aligned} a &= b \\\\ &= c \\end{aligned}$$ and $\\arg\\max_x f$")
    assert "<mtable" in text and "arg" in text and "\\arg" not in text


def test_a_function_stands_apart_from_its_argument_unless_it_has_brackets() -> None:
    assert all("</mi><mspace" in pages.mathml(text) for text in ("-\\log D", "2\\log 2", "\\exp x^2", "\\log\\frac12"))
    assert not any("<mspace" in pages.mathml(text) for text in ("\\log_2", "\\log(x)", "\\log\\left(x\\right)", "\\log^2", "xy"))


def test_a_displayed_formula_sets_limits_below() -> None:
    for text in ("\\min_G \\max_D V", "\\sup_{x \\in X} f"):
        assert "<munder><mo>" in pages.mathml(text, display="block") and "<msub>" not in pages.mathml(text, display="block")
        assert "<munder>" not in pages.mathml(text)


@pytest.mark.parametrize("text", ["`a $x$ b`", "```\nexport A=$B C=$D\n```", "a price of \\$5 or so"])
def test_code_and_escaped_dollars_stay(text: str) -> None:
    assert pages.with_mathml(text) == text


def test_a_page_asks_no_other_machine_and_can_be_printed() -> None:
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Title\n\n$x$"), nbformat.v4.new_code_cell("1 + 1")])
    page = pages.html(book)
    assert "<math" in page and "@media print" in page
    assert book.cells[0].source.endswith("$x$")  # the notebook itself is left as it is
    assert re.findall(r"(?:src|href)=[\"']?(?:https?:)?//[^\"'> ]+", page) == []


def test_what_the_converter_does_not_know_becomes_what_it_knows() -> None:
    text = pages.with_mathml("$\\Bigl\\lfloor \\frac{n}{s} \\Bigr\\rfloor$ and $a \\mathrel{+}= b$")
    assert "\\" not in text and "⌊" in text and "+=" in text


def test_letters_of_a_kind_need_no_braces_and_norms_have_equal_bars() -> None:
    text = pages.with_mathml("$\\mathbb E_p \\lVert x \\rVert^2 \\mathcal N$")
    assert "mathvariant" not in text and text.count('stretchy="false">&#x02016;') == 2

"""A lecture as one HTML page that needs no network: executed, its formulas as MathML, fit to be printed."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from gancourse.base import files
from gancourse.classroom import notebooks, words

if TYPE_CHECKING:
    from nbformat import NotebookNode

# Code and formulas, whichever comes first: what is code keeps its dollars.
_PIECES = re.compile(
    r"(?P<fence>^```.*?^```)"
    r"|(?P<ticks>`+).+?(?P=ticks)"
    r"|\$\$(?P<display>.+?)\$\$"
    r"|(?<![\\$])\$(?P<inline>[^$\n]+(?:\n[^$\n]+)*?)\$(?!\d)",
    re.DOTALL | re.MULTILINE,
)

# What the converter does not know, and what it knows instead.
_SYNONYMS = (
    (r"\\arg(?![a-zA-Z])", r"\\operatorname{arg}"),
    (r"\{(aligned|gathered)\}", "{align*}"),
    (r"\\lfloor(?![a-zA-Z])", "\N{LEFT FLOOR}"),  # after \Bigl
    (r"\\rfloor(?![a-zA-Z])", "\N{RIGHT FLOOR}"),
    (r"\\mathrel\{\+\}=", r"\\text{ += }"),
    (r"\\(math(?:bb|cal|bf|scr|frak)) ?([a-zA-Z0-9])", r"\\\1{\2}"),  # without braces it sets a variant that browsers ignore
    (r"\\[lr]Vert(?![a-zA-Z])", r"\\|"),  # whose two bars have one height
)

# The name of a function that stands by itself before its argument: TeX sets a thin space between, browsers none.
_FUNCTION = re.compile(r"(?<!sub>)(?<!sup>)(?<!der>)(?<!frac>)(<mi>[a-z]{2,}</mi>)(?=<m(?:[in]|su|frac|sqrt))")

# What a displayed formula sets below these names.
_LIMIT = re.compile(r"<msub>(<mo>(?:max|min|sup|inf|lim)</mo>(?:<m[in]>[^<]*</m[in]>|<mrow>(?:(?!</?mrow).)*</mrow>))</msub>")

GENERATOR = '<meta name="generator" content="gancourse">'  # by which a page is known as one that the course made

# What earlier versions' pages have, which say nothing of whose they are: a lecture's style, and the foot of its slides.
EARLIER = ('math { font-size: 1.08em; }\nmtd[columnalign="right"]', '<div id="progress"></div>\n<div id="help">')

PRINT = """<style>
@media print {
  .jp-Notebook, .jp-Cell, .jp-OutputArea, .jp-OutputArea-output { overflow: visible !important; max-width: 100% !important; }
  .jp-OutputPrompt, .jp-InputPrompt { display: none !important; }
  pre, code { white-space: pre-wrap !important; overflow-wrap: anywhere !important; }
  table { table-layout: auto; width: auto !important; max-width: 100% !important; }
  td, th { max-width: none !important; min-width: 0 !important; white-space: normal !important; overflow-wrap: anywhere; }
  img, svg { max-width: 100% !important; height: auto !important; }
  tr, img { break-inside: avoid; }
}
math { font-size: 1.08em; }
mtd[columnalign="right"] { text-align: right; }
mtd[columnalign="left"] { text-align: left; }
</style>"""


def mathml(formula: str, display: Literal["block", "inline"] = "inline") -> str:
    """A formula of LaTeX, without its dollars, as MathML, which every current browser sets by itself."""
    from latex2mathml.converter import convert

    for unknown, known in _SYNONYMS:
        formula = re.sub(unknown, known, formula)
    page = _FUNCTION.sub(r'\1<mspace width="0.167em" />', convert(formula, display=display).replace("\n", " "))
    return _LIMIT.sub(r"<munder>\1</munder>", page) if display == "block" else page


def with_mathml(text: str) -> str:
    """Markdown whose formulas, ``$...$`` and ``$$...$$``, have become MathML."""

    def piece(match: re.Match[str]) -> str:
        if match["fence"] or match["ticks"]:
            return match[0]
        return mathml(match["display"], "block") if match["display"] else mathml(match["inline"])

    return _PIECES.sub(piece, text)


def html(book: NotebookNode) -> str:
    """The page of an executed notebook."""
    from nbconvert import HTMLExporter
    from nbformat import from_dict
    from traitlets.config import Config

    book = from_dict(book)
    for cell, about in words.under_headings(book.cells):
        if cell.cell_type == "markdown":
            cell.source = with_mathml(cell.source)
        for output in cell.get("outputs", ()):
            for kind in set(output.get("data", {})) & set(words.PICTURES):
                output.metadata.setdefault(kind, {})["alt"] = words.alternative(output, cell.source, about)
    hiding = Config(TagRemovePreprocessor={"enabled": True, "remove_input_tags": {notebooks.HIDDEN_TAG}})
    page, _ = HTMLExporter(config=hiding, mathjax_url="", require_js_url="").from_notebook_node(book)
    return page.replace("<head>", f"<head>{GENERATOR}", 1).replace("</head>", f"{PRINT}</head>", 1)


def run(name: str, *, folder: Path | None = None, report: Callable[[str], None] | None = print) -> Path:
    """Execute a lecture at the scale in force and write it as HTML into ``folder`` (default: here); returns the file's path."""
    path, book = _notebook(name)
    return _written(notebooks.execute(book, name=path.stem, folder=path.parent, report=report), path.stem, folder)


def stored(name: str, *, folder: Path | None = None) -> Path:
    """Write a lecture as HTML with the outputs that its notebook has; returns the file's path.  Nothing is executed."""
    path, book = _notebook(name)
    return _written(book, path.stem, folder)


def _notebook(name: str) -> tuple[Path, NotebookNode]:
    path = notebooks.target(notebooks.find(name))
    if (book := notebooks.load(path)) is None:
        raise notebooks.NotebookError(f"{path.name} cannot be read: make notebooks NAMES={path.stem}")
    return path, book


def _written(book: NotebookNode, stem: str, folder: Path | None) -> Path:
    target = (folder or Path.cwd()) / f"{stem}.html"
    with files.atomic_write(target) as part:
        part.write_text(html(book), encoding="utf-8")
    return target

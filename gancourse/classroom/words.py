"""What those hear of a picture who do not see it: the words that its code gives it.

:func:`gancourse.viz.show` takes them as an argument.  A figure of Matplotlib, or a picture shown without them, says no more than
its size; what its code writes onto it, titles, axes and the names of curves, stands in for them wherever the course makes a page:
slides, site, ``gancourse run``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

PICTURES = ("image/png", "image/svg+xml")
SAID = {"title": "titles", "xlabel": "across", "ylabel": "up", "label": "shown", "header": "columns", "rows": "rows"}
_METHODS = {"set_title": "title", "suptitle": "title", "set_xlabel": "xlabel", "set_ylabel": "ylabel"}
_CODE, _HEADING = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE), re.compile(r"^#+ +(.+)$", re.MULTILINE)
_SIZE = re.compile(r"<Figure size .* Axes>|picture, \d+ x \d+ pixels")  # what a picture without words says


def alternative(output: Mapping[str, Any], code: str, about: str) -> str:
    """The words for a picture among the outputs of ``code``, which stands below the heading ``about``."""
    data, metadata = output.get("data", {}), output.get("metadata", {})
    for kind in PICTURES:
        if kind in data and (given := metadata.get(kind, {}).get("alt")) and not _SIZE.fullmatch(given):
            return _placed(str(given), about)
    said = " ".join("".join(data.get("text/plain", "")).split()).strip("[]")
    if said and not _SIZE.fullmatch(said):
        return _placed(said, about)
    return "; ".join(filter(None, [f"figure to {about}" if about else "figure", of_figure(code)]))


def under_headings(cells: Iterable[Mapping[str, Any]]) -> Iterator[tuple[Any, str]]:
    """Each cell of a notebook, a heading's own among them, and the heading below which it stands ("" before the first)."""
    about = ""
    for cell in cells:
        if cell["cell_type"] == "markdown":
            about = heading("".join(cell["source"])) or about
        yield cell, about


def _placed(said: str, about: str) -> str:
    """Its heading before a caption of hardly a word: "All z, 0 to 9." says nothing to who does not see where it stands."""
    return said if len(re.findall("[A-Za-z]{3,}", said)) > 2 or not about else f"{about}: {said}"


def heading(text: str) -> str:
    """The last heading of a text in Markdown, as plain words, or ""."""
    found = _HEADING.findall(_CODE.sub("", text))
    return _plain(found[-1].replace("*", "").replace("`", "")) if found else ""


def of_figure(code: str) -> str:
    """What the code of a figure writes onto it, or ""."""
    found: dict[str, list[str]] = {kind: [] for kind in SAID}
    try:
        tree = ast.parse(code)
    except SyntaxError:  # a line for the notebook, not for Python
        return ""
    for kind, text in _written(tree):
        if (plain := _plain(text)) and plain not in found[kind]:
            found[kind].append(plain)
    return "; ".join(f"{SAID[kind]}: {', '.join(texts)}" for kind, texts in found.items() if texts)


def _written(tree: ast.AST) -> Iterator[tuple[str, str]]:
    """Kind and text of each title, axis and name, in the order of the code."""
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in sorted(calls, key=lambda node: (node.lineno, node.col_offset)):
        name = call.func.attr if isinstance(call.func, ast.Attribute) else ""
        if name in _METHODS and call.args:
            yield from ((_METHODS[name], text) for text in _texts(call.args[0]))
        for keyword in call.keywords:
            if keyword.arg in SAID:
                yield from ((keyword.arg, text) for text in _texts(keyword.value))


def _texts(node: ast.AST) -> Iterator[str]:
    """The texts of an expression: a string, a formatted one with dots for what is computed, those of a list or a choice."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        parts = [str(part.value) if isinstance(part, ast.Constant) else "\N{HORIZONTAL ELLIPSIS}" for part in node.values]
        if re.search(r"[A-Za-z]{3}", "".join(parts)):  # there is a word between the dots
            yield "".join(parts)
    elif isinstance(node, ast.IfExp):
        yield from (*_texts(node.body), *_texts(node.orelse))
    elif isinstance(node, ast.List | ast.Tuple):
        for element in node.elts:
            yield from _texts(element)


def _plain(text: str) -> str:
    """A label without the marks of LaTeX."""
    bare = re.sub(r"\\(?:[a-z]*(?:text|math|operatorname)[a-z]*|left|right|[,;!])|[${}]", "", text)
    return " ".join(re.sub(r"\\([A-Za-z]+|\W)", lambda match: match[1] if match[1].isalpha() else " ", bare).split())

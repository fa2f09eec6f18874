"""Source code and tables in a notebook."""

from __future__ import annotations

import html
import inspect
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from gancourse.viz.pictures import in_notebook


def located(thing: Any) -> tuple[str, str]:
    """The source code of a function, class, method or module, and where it is: ``gancourse/losses/objectives.py:42``.

    The path begins at the package, so it reads the same on every machine; code typed in a notebook has only "this notebook".
    """
    if not (inspect.isroutine(thing) or inspect.isclass(thing) or inspect.ismodule(thing)):
        thing = type(thing)  # an object: the class that made it
    thing = inspect.unwrap(getattr(thing, "__func__", thing))  # a decorated method: the function as it was written
    try:
        lines, first = inspect.getsourcelines(thing)
        file = inspect.getsourcefile(thing) or ""
    except (TypeError, OSError) as error:
        raise ValueError(f"{thing!r} has no Python source to show: pass a function, class or module written in Python") from error
    code = textwrap.dedent("".join(lines)).strip("\n")
    module = inspect.getmodule(thing)
    name = module.__name__ if module is not None else "__main__"
    if name == "__main__":
        return code, "this notebook"
    depth = name.count(".") + (Path(file).stem == "__init__")  # folders between the package's own and the file
    return code, f"{'/'.join(Path(file).parts[-depth - 1 :])}:{max(first, 1)}"


def source(*things: Any) -> None:
    """Show the source code of functions, classes or modules, each with its file and line: the tested code itself, not a copy.

    The colours are those of the page's theme; long lines are wrapped at blanks.
    """
    if not things:
        raise ValueError("there is nothing to show: pass functions, classes or modules")
    for code, where in map(located, things):
        if in_notebook():
            from IPython.display import display

            display({"text/html": _highlighted(code, where), "text/plain": f"{where}\n\n{code}"}, raw=True)


def _highlighted(code: str, where: str) -> str:
    """HTML with Pygments' class names, for which JupyterLab and nbconvert bring the colours."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    look = "font-family: monospace; font-size: 90%; white-space: pre-wrap; word-break: normal; overflow-wrap: anywhere"
    return f"<p><code>{html.escape(where)}</code></p>\n{highlight(code, PythonLexer(), HtmlFormatter(prestyles=look))}"


class Table:
    """A small table that a notebook shows as HTML and a terminal as text."""

    def __init__(self, header: list[str], rows: list[list[str]], numeric: list[bool], caption: str | None) -> None:
        self.header, self.rows, self.numeric, self.caption = header, rows, numeric, caption

    def _repr_html_(self) -> str:
        def cells(kind: str, row: Sequence[str]) -> str:
            sides = ["right" if number else "left" for number in self.numeric]
            pairs = zip(row, sides, strict=True)
            return "".join(f'<{kind} style="text-align: {side}">{html.escape(c)}</{kind}>' for c, side in pairs)

        caption = f"<caption>{html.escape(self.caption)}</caption>" if self.caption else ""
        body = "\n".join(f"<tr>{cells('td', row)}</tr>" for row in self.rows)
        return f"<table>{caption}\n<thead><tr>{cells('th', self.header)}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"

    def __repr__(self) -> str:
        every = [self.header, *self.rows]
        widths = [max(len(row[i]) for row in every) for i in range(len(self.header))]

        def line(row: list[str]) -> str:
            cells = (c.rjust(w) if number else c.ljust(w) for c, w, number in zip(row, widths, self.numeric, strict=True))
            return "  ".join(cells).rstrip()

        return "\n".join(([self.caption] if self.caption else []) + [line(row) for row in every])


def table(
    rows: Sequence[Mapping[str, Any]] | Sequence[Sequence[Any]], header: Sequence[str] | None = None, caption: str | None = None
) -> Table:
    """A table of rows: dicts with the same keys, or sequences with a ``header``.  Floats are shown to four significant digits."""
    rows = [*rows]
    if not rows:
        raise ValueError("a table needs at least one row")
    if header is None:
        if not isinstance(rows[0], Mapping):
            raise ValueError("rows that are not dicts need header=[...], the columns' names")
        header = list(rows[0])
    if any(isinstance(row, Mapping) and list(row) != list(header) for row in rows):
        raise ValueError(f"every row must have the keys {', '.join(map(repr, header))}, in this order")
    cells = [list(row.values()) if isinstance(row, Mapping) else list(row) for row in rows]
    if any(len(row) != len(header) for row in cells):
        raise ValueError(f"every row must have {len(header)} cells, one for each column of the header")
    numeric = [all(_is_number(row[i]) for row in cells) for i in range(len(header))]
    return Table(list(map(str, header)), [[_cell(c) for c in row] for row in cells], numeric, caption)


def layer_table(layers: Iterable[nn.Module], x: Tensor, caption: str | None = None) -> Table:
    """What a batch x becomes, layer after layer: each layer's output for one picture, and its number of parameters."""
    rows = [{"layer": "input", "output": _shape(x), "parameters": ""}]
    with torch.no_grad():
        for layer in layers:
            x = layer(x)
            count = sum(parameter.numel() for parameter in layer.parameters())
            rows.append({"layer": _layer(layer), "output": _shape(x), "parameters": f"{count:,}" if count else ""})
    return table(rows, caption=caption)


def _shape(x: Tensor) -> str:
    return " x ".join(map(str, x.shape[1:]))


def _layer(layer: nn.Module) -> str:
    name = type(layer).__name__
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        side, stride, padding = layer.kernel_size[0], layer.stride[0], layer.padding[0]
        return f"{name} {side} x {side}, stride {stride}, padding {padding}"
    return f"{name}({layer.negative_slope})" if isinstance(layer, nn.LeakyReLU) else name


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _cell(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)

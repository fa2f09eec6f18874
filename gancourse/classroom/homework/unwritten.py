"""A notebook with answers that are still missing: a cell that needs one says which, where Python would show a traceback.

An answer that is not written raises NotImplementedError; what a picture's cell would have made is then missing in the cells
below, which raise NameError.  All other errors, and a NameError of another origin, are shown as they always are.
"""

from __future__ import annotations

import ast
import linecache
import traceback
import types
from typing import Any

from gancourse.base import cells

_missing: dict[str, str] = {}  # a name that a cell would have made, and the answer that it lacked


def say_kindly() -> None:
    """Have IPython's shell say which answer a cell lacks; does nothing where there is none."""
    if (shell := cells.shell()) is not None:
        shell.set_custom_exc((NotImplementedError, NameError), _show)


def _show(shell: Any, kind: type, error: BaseException, trace: types.TracebackType, tb_offset: int | None = None) -> None:
    frames = [frame for frame, _ in traceback.walk_tb(trace)]
    cells = [frame for frame in frames if frame.f_globals is shell.user_ns]
    name = getattr(error, "name", None)
    if frames[-1] not in cells or not (needed := _missing.get(name) if name else _function(error, frames[-1])):
        shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
        return
    _missing.update(dict.fromkeys(_made_by(cells[0]), needed))
    what = f"{name}, which a cell above makes with {needed}()" if name else f"{needed}()"
    print(f"This cell needs {what}: not written yet.")


def _function(error: BaseException, frame: types.FrameType) -> str:
    """The answer that says of itself that it is not written; empty if the error says something else."""
    name = frame.f_code.co_name
    return name if isinstance(error, NotImplementedError) and name != "<module>" and not str(error) else ""


def _made_by(cell: types.FrameType) -> set[str]:
    """The names that a cell would have given a value."""
    try:
        tree = ast.parse("".join(linecache.getlines(cell.f_code.co_filename)))
    except SyntaxError:  # it has lines that only IPython understands
        return set()
    stored = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return stored | {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}

"""Cells of a notebook: the shell that runs them, and their lines in an error's traceback."""

from __future__ import annotations

import sys
import traceback
from typing import Any

GENERATED = ("<string>", "<frozen ", "<attrs ", "<decorator-gen", "<eval_with_key>")  # dataclasses, imports, and the like


def shell() -> Any | None:
    """The running IPython shell, or None; IPython is not imported for the question."""
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


def raised_in(error: BaseException) -> list[traceback.FrameSummary]:
    """The lines of cells that an error went through, the innermost last; none where no cell was on its way.

    A cell is known by the name of its file: a kernel calls it ``.../ipykernel_N/M.py``, IPython in a terminal
    ``<ipython-input-...>``, and the grader ``<name>``.  What Python generates is named alike and is no cell: ``__init__`` of a
    dataclass stands in ``<string>``, an import in ``<frozen importlib._bootstrap>``.
    """
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if _is_cell(frame.filename)]


def _is_cell(file: str) -> bool:
    return "ipykernel" in file or (file.startswith("<") and not file.startswith(GENERATED))

"""Cells of a notebook: the shell that runs them, and their lines in an error's traceback."""

from __future__ import annotations

import sys
import traceback
from typing import Any


def shell() -> Any | None:
    """The running IPython shell, or None; IPython is not imported for the question."""
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


def raised_in(error: BaseException) -> list[traceback.FrameSummary]:
    """The lines of cells that an error went through, the innermost last; none where no cell was on its way.

    A cell is known by the name of its file: a kernel calls it ``.../ipykernel_N/M.py``, IPython in a terminal
    ``<ipython-input-...>``, and the grader ``<name>``, like everything that is run from a string.
    """
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if "ipykernel" in frame.filename or frame.filename.startswith("<")]

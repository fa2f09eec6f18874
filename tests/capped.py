"""A lecture at gpu scale without a GPU: sizes and branches as at gpu scale, counts of steps and samples as at ci scale.

python -m tests.capped 07_dynamics     # runs the lecture's cells; the first that fails ends with status 1 and its number
"""

from __future__ import annotations

import linecache
import os
import re
import sys
from pathlib import Path
from typing import Any

import pytest

COUNT = 100  # whole numbers from here up count steps, samples or pairs; those below are widths, seeds, depths ...
WIDTH = re.compile(r"\w*(width|hidden|channels|dim)\w*\s*=\s*(\w+\.)?pick\(")  # ... and so is what has such a name
STEPS = 2000  # the most steps of a training whose number a lecture makes of other things: epochs, a schedule


def pick(*, ci: Any, cpu: Any, gpu: Any) -> Any:
    """In the place of ``scale.pick``: the gpu's value, or the ci's where it is a count; of a row each for itself."""
    frame = sys._getframe(1)
    if WIDTH.search(linecache.getline(frame.f_code.co_filename, frame.f_lineno)):
        return gpu
    if not isinstance(gpu, list | tuple):
        return ci if _counts(gpu) else gpu
    if len(ci) == len(gpu):
        return type(gpu)(small if _counts(large) else large for small, large in zip(ci, gpu, strict=True))
    return ci if all(map(_counts, gpu)) else gpu


def _counts(value: Any) -> bool:
    """Whether a value counts steps or samples, as the timetable of a growing network does."""
    from gancourse.gans.progressive import Schedule

    if isinstance(value, Schedule):
        return True
    return isinstance(value, int) and not isinstance(value, bool) and value >= COUNT


def cap(patch: pytest.MonkeyPatch) -> None:
    """Put :func:`pick` in force, and no training beyond STEPS steps; what so few steps give is no evidence, as at ci scale."""
    from gancourse import scale
    from gancourse.classroom.claims import kinds
    from gancourse.training.settings import Settings

    checked, compare = Settings.__post_init__, kinds._compare

    def capped(settings: Settings) -> None:
        checked(settings)
        object.__setattr__(settings, "steps", min(settings.steps, STEPS))

    patch.setenv("GANCOURSE_SCALE", "gpu")
    patch.setattr(scale, "pick", pick)
    patch.setattr(Settings, "__post_init__", capped)
    patch.setattr(kinds, "_compare", lambda id, baselines, figures, refuse: compare(id, baselines, figures, None))


def run(source: Path) -> None:
    """Run the code cells of a lecture's source one after the other, as a notebook does."""
    import jupytext
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    os.chdir(source.parents[1])
    for place, cell in enumerate(jupytext.read(source).cells):
        if cell.cell_type == "code" and not shell.run_cell(cell.source, silent=False).success:
            raise SystemExit(f"{source.stem} fails at gpu scale in cell {place}:\n{cell.source}")


if __name__ == "__main__":
    with pytest.MonkeyPatch.context() as patch:
        cap(patch)
        run(Path(__file__).resolve().parents[1] / "notebooks" / "source" / f"{sys.argv[1]}.py")

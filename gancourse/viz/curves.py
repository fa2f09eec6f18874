"""Loss curves, and the values they settle at when the game is won by neither."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from gancourse import losses
from gancourse.viz.figures import on_axis
from gancourse.viz.pictures import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from PIL.Image import Image

Level = tuple[float, str] | None  # a value and how it is written
_LOG2 = math.log(2)
# At p_G = p_data and the best D against it.  The hinge and Wasserstein games leave D's level there open, and so G's loss.
_EQUILIBRIA: dict[str, tuple[Level, Level]] = {
    "saturating": ((2 * _LOG2, "2 log 2"), (-_LOG2, "-log 2")),
    "non_saturating": ((2 * _LOG2, "2 log 2"), (_LOG2, "log 2")),
    "boundary_seeking": ((2 * _LOG2, "2 log 2"), (0.0, "0")),
    "relativistic": ((_LOG2, "log 2"), (_LOG2, "log 2")),
    "least_squares": ((1 / 4, "1/4"), (1 / 8, "1/8")),
    "least_squares_pm1": ((1.0, "1"), (0.0, "0")),
    "hinge": ((2.0, "2"), None),
    "wasserstein": ((0.0, "0"), None),
}


def equilibrium(objective: str | losses.Objective) -> tuple[float | None, float | None]:
    """The losses of D and G where p_G = p_data and D is the best against it; None where the objective fixes no value."""
    of_d, of_g = _levels(objective)
    return (of_d[0] if of_d else None), (of_g[0] if of_g else None)


def _levels(objective: str | losses.Objective | None) -> tuple[Level, Level]:
    name = losses.objective(objective).name if objective is not None else ""
    return _EQUILIBRIA.get(name, (None, None))


def smoothed(values: np.ndarray, window: int) -> np.ndarray:
    """Running mean over ``window`` points centred on each; near the ends, and beside NaN, over the points there are.

    An even window takes one point more, so that it has a centre.  Where no point of the window is a number the mean is NaN.
    """
    values, half = np.asarray(values, dtype=float), window // 2
    there = ~np.isnan(values)
    # Each sum is added up anew: differences of one running sum would lose all that follows a spike.
    sums = (np.convolve(row, np.ones(2 * half + 1)) for row in (np.where(there, values, 0.0), there.astype(float)))
    total, count = (row[half : half + len(values)] for row in sums)
    return np.divide(total, count, out=np.full(len(values), np.nan), where=count > 0)


def _series(history: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    missing = [key for key in ("step", "d_loss", "g_loss") if key not in history]
    if missing:
        absent = " and no ".join(map(repr, missing))
        raise ValueError(f"the history has no {absent}: pass run.history, or a dict with step, d_loss and g_loss")
    step, d_loss, g_loss = (np.asarray(history[key], dtype=float).ravel() for key in ("step", "d_loss", "g_loss"))
    if not len(step) or not len(step) == len(d_loss) == len(g_loss):
        lengths = f"{len(step)}, {len(d_loss)} and {len(g_loss)}"
        raise ValueError(f"step, d_loss and g_loss must be equally long, not empty and of one run; they have {lengths} values")
    return step, d_loss, g_loss


def loss_curves(
    history: Mapping[str, Any] | Any,
    smooth: int | None = None,
    objective: str | losses.Objective | None = None,
    *,
    ax: Axes | None = None,
    title: str | None = None,
    size: tuple[int, int] = (720, 320),
) -> Image | None:
    """Both players' losses over the steps: faint as measured, strong as a running mean over ``smooth`` points.

    ``objective`` adds dashed lines at the equilibrium: for the non-saturating game D at 2 log 2 and G at log 2.  ``history`` is
    ``run.history`` (or the run itself).  ``smooth`` is by default a fiftieth of the run; an even number takes one point more, and
    1 leaves the curves as they are.
    """
    step, *curves = _series(getattr(history, "history", history))
    window = smooth if smooth is not None else max(1, len(step) // 50)
    if not isinstance(window, int) or window < 1:
        raise ValueError(f"smooth must be a whole number of points, 1 or more, not {smooth!r}")
    levels = _levels(objective)

    def draw(axis: Axes) -> None:
        for player, values, level in zip(("discriminator", "generator"), curves, levels, strict=True):
            colour = COLOURS[player]
            if window > 1:
                axis.plot(step, values, color=colour, alpha=0.25, linewidth=0.8)
            axis.plot(step, smoothed(values, window), color=colour, linewidth=1.8, label=player)
            if level is not None:
                name = f"equilibrium {level[1]}"
                told = name in axis.get_legend_handles_labels()[1]  # one entry where both players come to rest at one level
                axis.axhline(level[0], color=colour, linestyle=(0, (4, 3)), linewidth=1, label=None if told else name)
        axis.set(xlabel="step", ylabel="loss", title=title or "")
        axis.margins(x=0.01)
        axis.legend(ncols=2, fontsize=9)

    return on_axis(draw, ax, *size)

"""How an interval becomes a verdict: measurements, their interval, what was asked for and what nulls score, on one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gancourse.base import check
from gancourse.viz.figures import rendered
from gancourse.viz.pictures import COLOURS

if TYPE_CHECKING:
    from PIL.Image import Image

LOOKS = {"reproduced": "real", "open": "neutral", "contradicted": "fake"}


class Measured(NamedTuple):
    """Independent measurements, the ends of their 95 % interval, and the verdict."""

    values: Sequence[float]
    ends: tuple[float, float]
    verdict: str


def verdicts(
    measured: Mapping[str, Measured],
    asked: float,
    null: Mapping[str, float],
    label: str = "",
    *,
    luck: Mapping[str, Sequence[float]] | None = None,
) -> Image:
    """One row for each claim that asks for at least ``asked``: a dot a measurement, a bar the interval, a word the verdict.

    The blue ground is what was asked for; dashed lines stand where ``null`` scores, name by name.  ``luck`` comes first, in
    hollow dots: what the measure gives where nothing was changed.  Such ratios share their trainings, so they get no interval.
    """
    luck = luck or {}
    for name, row in measured.items():
        check.one_of(f"the verdict of {name}", row.verdict, LOOKS)
    spots = [value for row in measured.values() for value in (*row.values, *row.ends)] + [asked, *null.values()]
    spots += [value for values in luck.values() for value in values]
    low, high = min(spots), max(spots)
    room, rows = 0.08 * (high - low), [*luck, *measured]

    def draw(figure: Any) -> None:
        axis = figure.add_subplot()
        axis.set(xlim=(low - room, high + 4 * room), ylim=(len(rows) - 0.4, -1), xlabel=label)
        axis.axvspan(asked, high + 4 * room, color=COLOURS["real"], alpha=0.12, linewidth=0)
        axis.text(asked, -0.68, f"  asked for: at least {asked:g}", color=COLOURS["real"], fontsize=11)
        for name, at in null.items():
            axis.axvline(at, color=COLOURS["ink"], linestyle="--", linewidth=1.2)
            axis.text(at, -0.68, f"{name}  ", ha="right", fontsize=11)
        for place, values in enumerate(luck.values()):
            heights = [place + 0.16 * (k % 3 - 1) for k in range(len(values))]  # so that near ones can be counted
            axis.plot(sorted(values), heights, "o", color="none", markeredgecolor=COLOURS["ink"], markersize=6)
        for place, row in enumerate(measured.values(), len(luck)):
            colour = COLOURS[LOOKS[row.verdict]]
            axis.plot(row.ends, [place] * 2, color=colour, linewidth=9, alpha=0.55, solid_capstyle="butt")
            axis.plot(row.values, [place] * len(row.values), "o", color=colour, markeredgecolor="white", markersize=8)
            axis.text(
                max(*row.ends, *row.values), place, f"   {row.verdict}", va="center", fontsize=13, weight="bold", color=colour
            )
        axis.set_yticks(range(len(rows)), rows, fontsize=12)
        axis.tick_params(axis="y", length=0)
        axis.spines["left"].set_visible(False)

    return rendered(draw, 860, 110 + 52 * len(rows))

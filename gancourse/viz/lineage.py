"""A lineage: names in columns by idea, years downward, lines from parents to children of one column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gancourse.viz.figures import DPI, rendered
from gancourse.viz.pictures import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

LOOKS = ("plain", "known", "new")
COLUMN, ROW, YEARS, HEAD = 148, 42, 58, 40  # pixels
BOX = (132, 34)  # width and height


class Node(NamedTuple):
    """A name in a lineage; nodes of one column and year stand in the order given.

    ``note`` is small print behind the name; ``look`` is one of ``LOOKS``: an outline, a pale box, a strong one.
    """

    name: str
    year: int
    column: str
    parents: Sequence[str] = ()
    note: str = ""
    look: str = "plain"


def places(nodes: Sequence[Node], columns: Sequence[str]) -> tuple[dict[str, tuple[int, int]], dict[int, tuple[int, int]]]:
    """Where each name stands, (column, row), and which rows each year has, (first, last + 1); no place is taken twice."""
    found: dict[str, tuple[int, int]] = {}
    years: dict[int, tuple[int, int]] = {}
    first = 0
    for year in sorted({node.year for node in nodes}):
        filled = [0] * len(columns)
        for node in nodes:
            if node.year == year:
                column = columns.index(node.column)
                found[node.name] = (column, first + filled[column])
                filled[column] += 1
        years[year] = (first, first + max(filled))
        first += max(filled)
    return found, years


def lineage(nodes: Sequence[Node], columns: Mapping[str, str]) -> Image:
    """The picture of a lineage.

    columns: from the key that nodes name to the heading.  Every parent must be a node.  A parent of another column is named in
    the small print, for lines across the columns cannot be followed.
    """
    names = {node.name for node in nodes}
    if not nodes or len(names) != len(nodes):
        raise ValueError("a lineage needs nodes with names of their own")
    for node in nodes:
        if node.column not in columns:
            raise ValueError(f"{node.name} stands in column {node.column!r}: choose from {', '.join(columns)}")
        if node.look not in LOOKS:
            raise ValueError(f"{node.name} has the look {node.look!r}: choose from {', '.join(LOOKS)}")
        if unknown := sorted(set(node.parents) - names):
            raise ValueError(f"{node.name} has the parent {unknown[0]!r}, which is no node: add it, or leave it out")
    at, years = places(nodes, list(columns))
    width = YEARS + COLUMN * len(columns)
    height = HEAD + ROW * max(last for _, last in years.values())

    def draw(figure: Figure) -> None:
        axis = figure.add_axes((0, 0, 1, 1))
        axis.set(xlim=(0, width), ylim=(height, 0))
        axis.axis("off")
        _frame(axis, columns, years)
        centre = {name: (YEARS + COLUMN * (x + 0.5), HEAD + ROW * (y + 0.5)) for name, (x, y) in at.items()}
        for node in nodes:
            near = [parent for parent in node.parents if at[parent][0] == at[node.name][0]]
            far = [parent for parent in node.parents if parent not in near]
            for parent in near:
                _line(axis, centre[parent], centre[node.name])
            _box(axis, node, centre[node.name], " · ".join(filter(None, [f"from {', '.join(far)}" if far else "", node.note])))

    return rendered(draw, width, height, layout=None)


def _points(pixels: float) -> float:
    return pixels * 72 / DPI


def _frame(axis: Axes, columns: Mapping[str, str], years: Mapping[int, tuple[int, int]]) -> None:
    """Headings, years, and a band behind every other year."""
    for i, heading in enumerate(columns.values()):
        style: dict[str, Any] = {"ha": "center", "va": "center", "fontsize": _points(13.5), "fontweight": "bold"}
        axis.text(YEARS + COLUMN * (i + 0.5), HEAD / 2, heading, color=COLOURS["ink"], **style)
    for i, (year, (first, last)) in enumerate(years.items()):
        if i % 2 == 0:
            axis.axhspan(HEAD + ROW * first, HEAD + ROW * last, color="#F2F2F2", zorder=0)
        axis.text(8, HEAD + ROW * (first + 0.5), str(year), va="center", fontsize=_points(17), color=COLOURS["ink"], zorder=2)


def _line(axis: Axes, parent: tuple[float, float], child: tuple[float, float]) -> None:
    """Down the column: to the next row straight, further along the boxes' left side."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    (x, y0), (_, y1) = parent, child
    points = [(x, y0), (x, y0), (x, y1), (x, y1)]
    if y1 - y0 > ROW:
        side = x - BOX[0] / 2
        points = [(side, y0), (side - 14, y0 + ROW / 2), (side - 14, y1 - ROW / 2), (side, y1)]
    path = Path(points, [Path.MOVETO, Path.CURVE4, Path.CURVE4, Path.CURVE4])
    axis.add_patch(PathPatch(path, fill=False, color=COLOURS["generator"], lw=1.4, alpha=0.7, zorder=1))


def _box(axis: Axes, node: Node, centre: tuple[float, float], note: str) -> None:
    from matplotlib.patches import FancyBboxPatch

    face = {"plain": "white", "known": "#D9E8F3", "new": COLOURS["accent"]}[node.look]
    corner = (centre[0] - BOX[0] / 2 + 4, centre[1] - BOX[1] / 2 + 4)
    shape: dict[str, Any] = {"boxstyle": "round,pad=4,rounding_size=6", "facecolor": face, "edgecolor": COLOURS["neutral"]}
    axis.add_patch(FancyBboxPatch(corner, BOX[0] - 8, BOX[1] - 8, lw=0.8, zorder=3, **shape))
    lift = 6 if note else 0
    style: dict[str, Any] = {"ha": "center", "va": "center", "color": COLOURS["ink"], "zorder": 4}
    axis.text(centre[0], centre[1] - lift, node.name, fontsize=_points(15 if len(node.name) < 14 else 13), **style)
    if note:
        axis.text(centre[0], centre[1] + 10, note, fontsize=_points(10.5), **style)

"""Layers of networks as columns of boxes, side by side, so that an eye finds where two of them differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from gancourse.base import check

if TYPE_CHECKING:
    from PIL.Image import Image

KINDS = {"plain": "#f2f2f2", "style": "#cfe3f3", "noise": "#fbe5c0", "normalise": "#f6d3bf", "colour": "#d5ecd9"}
_WIDTH, _ROW, _HEAD = 250, 52, 46  # pixels
_LINE = "#555555"


def blocks(columns: Mapping[str, Sequence[tuple[str, str]]]) -> Image:
    """A picture: for each title its blocks (text, kind) from above to below with arrows between them.

    kind is "plain", "style" (where a style acts), "noise", "normalise" or "colour".
    """
    from gancourse.viz.figures import rendered

    if not columns or not all(columns.values()):
        raise ValueError("blocks draws one column or more, each with a block or more: {'StyleGAN': [('convolve', 'plain')]}")
    for column in columns.values():
        for _, kind in column:
            check.one_of("kind", kind, KINDS)
    tallest = max(map(len, columns.values()))

    def draw(figure: Any) -> None:
        axis = figure.add_axes((0, 0, 1, 1))
        axis.set(xlim=(0, len(columns)), ylim=(tallest, -_HEAD / _ROW))
        axis.axis("off")
        for x, (title, column) in enumerate(columns.items()):
            axis.text(x + 0.5, -0.42, title, ha="center", va="center", fontsize=11, fontweight="bold")
            for y, (text, kind) in enumerate(column):
                _box(axis, x, y, text, KINDS[kind])
                if y:
                    axis.annotate("", (x + 0.5, y + 0.12), (x + 0.5, y - 0.32), arrowprops={"arrowstyle": "-|>", "color": _LINE})

    return rendered(draw, _WIDTH * len(columns), _HEAD + _ROW * tallest, layout=None)


def _box(axis: Any, x: int, y: int, text: str, colour: str) -> None:
    from matplotlib.patches import Rectangle

    axis.add_patch(Rectangle((x + 0.05, y + 0.12), 0.9, 0.56, facecolor=colour, edgecolor=_LINE, linewidth=0.8))
    axis.text(x + 0.5, y + 0.4, text, ha="center", va="center", fontsize=9.5)

"""matplotlib figures as pictures, without pyplot: nothing to close, and nobody's settings change."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, cast

from gancourse.viz.pictures import COLOURS, to_picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

STYLE: dict[str, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.labelcolor": COLOURS["ink"],
    "axes.edgecolor": COLOURS["neutral"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "xtick.color": COLOURS["ink"],
    "ytick.color": COLOURS["ink"],
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}
DPI = 100


def rendered(
    draw: Callable[[Figure], Any], width: float, height: float, layout: Literal["constrained"] | None = "constrained"
) -> Image:
    """What ``draw`` puts on a figure of that many pixels; ``layout=None`` is quicker and leaves the places to ``draw``."""
    import matplotlib
    import numpy as np
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    with matplotlib.rc_context(cast(Any, STYLE)):
        figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, layout=layout)
        canvas = FigureCanvasAgg(figure)
        draw(figure)
        canvas.draw()
        return to_picture(np.asarray(canvas.buffer_rgba())[..., :3])


def on_axis(draw: Callable[[Axes], None], ax: Axes | None, width: float, height: float) -> Image | None:
    """Draw on the given axis and return None; without one, draw on a figure of its own and return the picture."""
    if ax is not None:
        draw(ax)
        return None
    return rendered(lambda figure: draw(figure.add_subplot()), width, height)

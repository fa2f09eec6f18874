"""A list of named pictures to choose from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gancourse.base import check
from gancourse.classroom.widgets.base import Live, image_widget, quick_png
from gancourse.viz import pictures
from gancourse.viz.film import spread

if TYPE_CHECKING:
    from PIL.Image import Image


class Explorer(Live):
    """Choose a picture by its name, from a dropdown or with a slider.

    named: from names to pictures or images [N, C, H, W] (shown as grids).  Without a front end: up to ``most`` of them with
    their names.
    """

    def __init__(self, named: Mapping[str, Any], label: str = "", kind: str = "dropdown", most: int = 12) -> None:
        if not named:
            raise ValueError("there are no pictures to explore: pass a dict from names to pictures")
        self.pictures = {str(name): pictures.as_picture("pictures", picture) for name, picture in named.items()}
        self.label, self.most = label, pictures.positive_int("most", most)
        self._build(check.one_of("kind", kind, ["dropdown", "slider"]))

    def __repr__(self) -> str:
        return f"explorer: {len(self.pictures)} pictures, {next(iter(self.pictures))} to {list(self.pictures)[-1]}"

    def _build(self, kind: str) -> None:
        import ipywidgets

        make = ipywidgets.Dropdown if kind == "dropdown" else ipywidgets.SelectionSlider
        names = list(self.pictures)
        self._pngs = {name: quick_png(picture) for name, picture in self.pictures.items()}
        look = {"style": {"description_width": "initial"}, "layout": ipywidgets.Layout(width="420px", max_width="100%")}
        self.choice = make(options=names, value=names[0], description=self.label, **look)
        self.image = image_widget(self.pictures[names[0]])
        self.choice.observe(self._chosen, names="value")
        self.widget = self._alive(ipywidgets.VBox([self.choice, self.image]))

    def _chosen(self, change: Any) -> None:
        self.image.layout.width = f"{self.pictures[change['new']].width}px"
        self.image.value = self._pngs[change["new"]]
        self.described.words = f"{self.label} {change['new']}".strip()

    def still(self) -> Image:
        """The pictures with their names in rows, three to a row; of many, evenly chosen ones."""
        names = list(self.pictures)
        at = spread(len(names), self.most)
        across = min(3, len(at))
        width = (pictures.WIDEST - 16 * (across - 1)) // across
        rows = [[names[i] for i in at[start : start + across]] for start in range(0, len(at), across)]
        return pictures.stacked([pictures.beside([_within(self.pictures[name], width) for name in row], row) for row in rows])


def _within(picture: Image, width: int) -> Image:
    """The picture, shrunk if it is wider than that."""
    return picture if picture.width <= width else picture.resize((width, round(picture.height * width / picture.width)), 1)

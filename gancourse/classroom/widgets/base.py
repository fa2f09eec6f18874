"""What every explorer has in common: a widget for a live front end, a picture for everywhere else."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, MutableMapping
from typing import TYPE_CHECKING, Any

import torch

from gancourse.viz.pictures import png_bytes, png_text

if TYPE_CHECKING:
    from ipywidgets import Image as ImageWidget
    from ipywidgets import Widget
    from PIL.Image import Image

VIEW = "application/vnd.jupyter.widget-view+json"


@contextlib.contextmanager
def one_thread() -> Iterator[None]:
    """PyTorch on one thread in this block: for a single picture that is quickest, and on a busy machine by far."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


class Live:
    """A widget and the still picture that stands for it.

    The output of a cell holds both: a live front end shows the widget, anything else (a forge's page, exported HTML) shows the
    picture.  ``widget`` is what ipywidgets displays; :meth:`still` makes the picture.
    """

    widget: Widget

    def still(self) -> Image:
        """The picture for those who only read."""
        raise NotImplementedError

    def fallback(self) -> dict[str, str]:
        """What is shown without a live front end, by MIME type."""
        return {"image/png": png_text(png_bytes(self.still()))}

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, Any]:
        view = {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}
        return {VIEW: view, "text/plain": repr(self), **self.fallback()}


def image_widget(picture: Image, width: int | None = None) -> ImageWidget:
    """An Image widget that shows the picture, ``width`` screen pixels wide."""
    import ipywidgets

    layout = ipywidgets.Layout(width=f"{width or picture.width}px", height="auto", object_fit="contain", align_self="flex-start")
    return ipywidgets.Image(value=quick_png(picture), format="png", layout=layout)


def quick_png(picture: Image) -> bytes:
    """A PNG made for speed, not size: it is shown and forgotten."""
    return png_bytes(picture, compress_level=1)


def without_live_views(notebook: MutableMapping[str, Any]) -> None:
    """Leave only the still picture (or text) of each explorer in an executed notebook, in place, before it is saved for readers.

    A saved view without its widget shows an error message in JupyterLab where the picture could stand.  Views of widgets that
    have no other form than text stay as they are; the stored state of widgets goes when no view is left that could use it.
    """
    left = False
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            if VIEW in data and {"image/png", "text/html"} & set(data):
                del data[VIEW]
            left = left or VIEW in data
    if not left:
        notebook["metadata"].pop("widgets", None)

"""What every explorer has in common: a widget for a live front end, a picture for everywhere else."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator, MutableMapping, Sequence
from typing import TYPE_CHECKING, Any

import torch

from gancourse.classroom.widgets.access import described
from gancourse.viz.pictures import png_bytes, png_text

if TYPE_CHECKING:
    from ipywidgets import Image as ImageWidget
    from ipywidgets import Layout, Widget
    from PIL.Image import Image

VIEW = "application/vnd.jupyter.widget-view+json"
LIVE = "gan-live"  # a class of the widget's element: it is there as long as the widget lives
NOTE = "gan-note"

# JupyterLab prefers a widget's view to everything beside it in an output, and shows an error message where the kernel that made
# it is gone.  So view, picture and note are three outputs, of which a page shows the first or the other two.
_OUTPUT = ".jp-OutputArea-child"
RULES = (
    f"{_OUTPUT}:has(.{LIVE}) + {_OUTPUT}:has(+ {_OUTPUT} .{NOTE}), {_OUTPUT}:has(.{LIVE}) + {_OUTPUT} + {_OUTPUT}:has(.{NOTE}), "
    f"{_OUTPUT}:not(:has(.{LIVE})):has(+ {_OUTPUT} + {_OUTPUT} .{NOTE}) {{ display: none; }}"
)
SAID = "Run the cell to play."


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

    A cell shows both: a live front end the widget, anything else (a forge's page, exported HTML, a notebook that was closed and
    opened again) the picture.  ``widget`` is what ipywidgets displays; :meth:`still` makes the picture.
    """

    widget: Widget

    def still(self) -> Image:
        """The picture for those who only read."""
        raise NotImplementedError

    def fallback(self) -> dict[str, str]:
        """What is shown without a live front end, by MIME type."""
        return {"image/png": png_text(png_bytes(self.still()))}

    def _alive(self, widget: Any) -> Any:
        """The widget, marked as living, with what it is called by those who hear the page."""
        widget.add_class(LIVE)
        self.described = described(repr(self))
        widget.children = (*widget.children, self.described)
        return widget

    def _view(self) -> dict[str, Any]:
        return {"version_major": 2, "version_minor": 0, "model_id": self.widget.model_id}

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None, **_: Any) -> dict[str, Any]:
        return {VIEW: self._view(), "text/plain": repr(self), **self.fallback()}

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if one_output_is_enough():
            display(self._repr_mimebundle_(), raw=True)
            return
        words = repr(self)
        display({VIEW: self._view(), "text/plain": words}, raw=True)
        display({**self.fallback(), "text/plain": words}, metadata={"image/png": {"alt": words}}, raw=True)
        note = f'<style>{RULES}</style><p class="{NOTE}">{SAID}</p>'
        display({"text/html": note, "text/plain": SAID}, raw=True)


def one_output_is_enough() -> bool:
    """Whether the front end chooses well between a view and a picture: Colab and VS Code do."""
    return "google.colab" in sys.modules or "VSCODE_PID" in os.environ or "VSCODE_CWD" in os.environ


def wrapped(**traits: Any) -> Layout:
    """The layout of a row whose parts go below one another where the page is too narrow."""
    import ipywidgets

    return ipywidgets.Layout(**{"flex_flow": "row wrap", "align_items": "center", "max_width": "100%", **traits})


def with_controls(controls: Sequence[Widget], picture: Widget) -> Any:
    """Controls beside their picture, or above it where the page is too narrow for both."""
    import ipywidgets

    column = ipywidgets.VBox(list(controls), layout=ipywidgets.Layout(flex="0 0 auto", max_width="100%", margin="0 16px 8px 0"))
    return ipywidgets.HBox([column, picture], layout=wrapped(align_items="flex-start"))


def image_widget(picture: Image, width: int | None = None) -> ImageWidget:
    """An Image widget that shows the picture, ``width`` screen pixels wide; it shrinks where the page is narrower."""
    import ipywidgets

    layout = ipywidgets.Layout(
        width=f"{width or picture.width}px", max_width="100%", height="auto", object_fit="contain", align_self="flex-start"
    )
    return ipywidgets.Image(value=quick_png(picture), format="png", layout=layout)


def quick_png(picture: Image) -> bytes:
    """A PNG made for speed, not size: it is shown and forgotten."""
    return png_bytes(picture, compress_level=1)


def without_live_views(notebook: MutableMapping[str, Any]) -> None:
    """Leave only the still picture (or text) of each explorer in an executed notebook, in place, before it is saved for readers.

    Views of widgets that have no other form than text stay as they are; the stored state of widgets goes when no view is left
    that could use it.
    """
    left = False
    for cell in notebook["cells"]:
        outputs = cell.get("outputs", [])
        noted = [_is_note(output) for output in outputs]
        noted_views = [_is_view(output) and any(noted[i + 2 : i + 3]) for i, output in enumerate(outputs)]
        kept = [output for output, *away in zip(outputs, noted, noted_views, strict=True) if not any(away)]
        for output in kept:
            data = output.get("data", {})
            if VIEW in data and {"image/png", "text/html"} & set(data):
                del data[VIEW]
            left = left or VIEW in data
        if "outputs" in cell:
            cell["outputs"] = kept
    if not left:
        notebook["metadata"].pop("widgets", None)


def _is_view(output: Any) -> bool:
    return VIEW in output.get("data", {})


def _is_note(output: Any) -> bool:
    return NOTE in "".join(output.get("data", {}).get("text/html", ""))

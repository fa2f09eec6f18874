"""One slider through the levels of a network that grew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gancourse.classroom.widgets.base import Live, image_widget, one_thread, quick_png, with_controls
from gancourse.gans.growing import enlarged, images_at, position
from gancourse.models.progan import Growing
from gancourse.viz import pictures

if TYPE_CHECKING:
    from PIL.Image import Image

_STILL = 6  # people in the still


class GrowthSlider(Live):
    """A slider from 4 px to the full side: whole numbers are levels, the numbers between them are fades with that alpha.

    generator   a network of :mod:`gancourse.models.progan`; it is left at the level and alpha at which it stood
    start       where the slider stands at first, in [0, generator.levels]
    n, columns  how many people are shown, and how many in a row; they keep their latents while the slider moves

    Without a front end: some people, a row for each level and for the middle of each fade.
    """

    def __init__(
        self, generator: Growing, *, start: float = 1.0, n: int = 8, columns: int = 4, seed: int = 0, size: int = 480
    ) -> None:
        if not isinstance(generator, Growing):
            raise TypeError(f"{type(generator).__name__} does not grow: take a network of gancourse.models.progan")
        position(start, generator.levels)  # tells a start that is not on the way
        self.generator: Any = generator
        self.n, self.columns = pictures.positive_int("n", n), pictures.positive_int("columns", columns)
        self.size = pictures.positive_int("size", size)
        self._people = torch.Generator().manual_seed(seed)
        self.z = self._draw()
        self._build(start)

    def __repr__(self) -> str:
        return f"growth_slider: 4 to {4 * 2**self.generator.levels} px"

    def _draw(self) -> Tensor:
        return torch.randn(self.n, self.generator.latent_dim, generator=self._people)

    def _build(self, start: float) -> None:
        import ipywidgets

        levels = self.generator.levels
        self.slider = ipywidgets.FloatSlider(
            value=start, min=0, max=levels, step=0.05, description="level", readout_format=".2f",
            layout=ipywidgets.Layout(width="330px"), style={"description_width": "50px"},
        )  # fmt: skip
        self.text = ipywidgets.Label(value=self.stage())
        self.new_button = ipywidgets.Button(description="other people", tooltip="other latents, the same level")
        self.image = image_widget(self.picture(), self.size)
        self.slider.observe(self._moved, names="value")
        self.new_button.on_click(lambda _: self.new_people())
        self.widget = self._alive(with_controls([self.slider, self.text, self.new_button], self.image))

    def stage(self) -> str:
        """What the slider stands for, in words."""
        level, alpha = position(self.slider.value, self.generator.levels)
        side = 4 * 2**level
        return f"{side} px" if alpha == 1 else f"{side // 2} px, with {side} px faded in by alpha = {alpha:.2f}"

    def picture(self) -> Image:
        """The people where the slider stands, all as large as they will be in the end."""
        with one_thread():
            images = images_at(self.generator, self.z, self.slider.value)
        across, side = min(self.columns, self.n), 4 * 2**self.generator.levels
        return pictures.grid(enlarged([images], side), columns=across, scale=max(1, self.size // (across * side)))

    def _moved(self, _: Any = None) -> None:
        self.text.value = self.stage()
        self.image.value = quick_png(self.picture())

    def new_people(self) -> None:
        """Other latents; the slider stays."""
        self.z = self._draw()
        self._moved()

    def still(self) -> Image:
        """A row for each place on the way, every level and the middle of every fade; a column for each of some people."""
        levels = self.generator.levels
        places = [t / 2 for t in range(2 * levels + 1)]
        with one_thread():
            rows = [images_at(self.generator, self.z[:_STILL], t) for t in places]
        names = [f"{4 * 2 ** int(t)} px" if t == int(t) else "alpha 0.5" for t in places]
        scale = max(1, 64 // (4 * 2**levels))
        return pictures.labelled_grid(enlarged(rows, 4 * 2**levels), names, n_columns=len(rows[0]), scale=scale)

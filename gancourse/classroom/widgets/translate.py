"""A picture of each of two sets, translated into the other and back, with noise in between on request."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.latents import device_of
from gancourse.base.networks import evaluating
from gancourse.classroom.widgets.base import Live, image_widget, one_thread, quick_png, with_controls
from gancourse.viz import pictures
from gancourse.viz.film import spread

if TYPE_CHECKING:
    from PIL.Image import Image

Network = nn.Module | Callable[[Tensor], Tensor]
LEAST = 64  # pixels of a tile: "translated" stands above each, and smaller letters cannot be read


class Translator(Live):
    """Sliders for a picture and for noise, and what two translators make of it: there, and back from the disturbed translation.

    ab, ba  the networks of a CycleGAN, or any functions from pictures [N, C, H, W] to pictures
    a, b    pictures of both sets as floats in [-1, 1]; where pair i belongs together, each row shows the other's true partner
    names   of the two sets
    noise   the strongest noise of the slider, in units of the pictures (a grey value is 2/255)
    most    how many pictures are shown without a front end
    """

    def __init__(
        self,
        ab: Network,
        ba: Network,
        a: Tensor,
        b: Tensor,
        names: tuple[str, str] = ("A", "B"),
        *,
        noise: float = 0.2,
        size: int = 560,
        most: int = 3,
    ) -> None:
        for x, what in ((a, "a"), (b, "b")):
            if not isinstance(x, Tensor) or x.ndim != 4 or not x.is_floating_point() or len(x) == 0:
                raise ValueError(f"{what} must be one picture or more as floats [N, C, H, W] in [-1, 1]")
        if len(a) != len(b) or a.shape[2:] != b.shape[2:]:
            raise ValueError(f"a and b must be as many and of one size, not {list(a.shape)} and {list(b.shape)}")
        if len(names) != 2:
            raise ValueError(f"names are those of the two sets, not {len(names)}")
        self.networks, self.given, self.names = (ab, ba), (a.cpu(), b.cpu()), tuple(names)
        self.noise = check.positive("noise", noise)
        self.size, self.most = pictures.positive_int("size", size), pictures.positive_int("most", most)
        self._build()

    def __repr__(self) -> str:
        return f"translator: {len(self.given[0])} pictures, {self.names[0]} to {self.names[1]} and back"

    def _build(self) -> None:
        import ipywidgets

        look = {"layout": ipywidgets.Layout(width="330px"), "style": {"description_width": "96px"}, "continuous_update": True}
        self.choice = ipywidgets.IntSlider(value=0, min=0, max=len(self.given[0]) - 1, description="picture", **look)
        self.strength = ipywidgets.FloatSlider(
            value=0.0, min=0.0, max=self.noise, step=self.noise / 20, description="noise between", readout_format=".3f", **look
        )
        self.image = image_widget(self.picture())  # as wide as it is drawn: scaled letters are blurred
        for slider in (self.choice, self.strength):
            slider.observe(self._moved, names="value")
        self.widget = self._alive(with_controls([self.choice, self.strength], self.image))

    def tiles(self, i: int, noise: float = 0.0) -> Tensor:
        """Two rows of three: a picture, its translation with noise * N(0, I) added, and the way back: [6, 3, H, W] in [-1, 1]."""
        rows = []
        with one_thread(), evaluating(*self.networks):
            for given, there, back in zip(self.given, self.networks, reversed(self.networks), strict=True):
                x = given[i : i + 1]
                y = there(x.to(device_of(there))).float().cpu()
                y = y + noise * torch.randn(y.shape, generator=torch.Generator().manual_seed(0))  # one pattern at all strengths
                rows += [x, y, back(y.to(device_of(back))).float().cpu()]
        return torch.cat([x if x.shape[1] == 3 else x.expand(-1, 3, -1, -1) for x in rows]).clamp(-1, 1)

    def picture(self) -> Image:
        """The chosen pictures of both sets, both ways."""
        return self._sheet(self.tiles(self.choice.value, self.strength.value), self.size)

    def _sheet(self, tiles: Tensor, width: int) -> Image:
        times = -(-LEAST // tiles.shape[-1])
        tiles = tiles.repeat_interleave(times, 2).repeat_interleave(times, 3)
        rows = [f"from {name}" for name in self.names]
        return pictures.labelled_grid(tiles, rows, ["given", "translated", "and back"], widest=width)

    def _moved(self, _: Any = None) -> None:
        self.image.value = quick_png(self.picture())

    def still(self) -> Image:
        """A few of the pictures side by side, without noise and, below, with the most."""
        at = spread(len(self.given[0]), self.most)
        width = (pictures.WIDEST - 16 * (len(at) - 1)) // len(at)
        rows = []
        for noise in (0.0, self.noise):
            titles = [f"picture {i}, noise {noise:g}" for i in at]
            rows.append(pictures.beside([self._sheet(self.tiles(i, noise), width) for i in at], titles))
        return pictures.stacked(rows)

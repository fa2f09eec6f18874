"""Sliders in latent space: what does G draw when z moves?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gancourse.base import check
from gancourse.base.latents import Network, latent_dim_of, run
from gancourse.classroom.widgets.base import Live, image_widget, one_thread, quick_png, with_controls
from gancourse.latent.walks import random_directions, strongest_directions
from gancourse.viz import pictures

if TYPE_CHECKING:
    from PIL.Image import Image

_KINDS = ("strongest", "random", "axes")


class LatentSliders(Live):
    """Sliders that move a latent along directions, and the image that G draws of it.

        z = z_0 + sum_i s_i d_i,    s_i in [-reach, reach]

    generator: a module (run in evaluation mode) or any function from [N, latent_dim] to images in [-1, 1].
    directions: "strongest" (those in which the image changes most, :func:`gancourse.latent.walks.strongest_directions`), "random"
    (orthonormal), "axes" (the first coordinates), or a tensor [K, latent_dim] such as attribute directions, with ``labels``.
    Without a front end: a grid, one row for each direction.  A move of a slider costs one forward pass of one image.
    """

    def __init__(
        self,
        generator: Network,
        latent_dim: int | None = None,
        n_sliders: int = 6,
        seed: int = 0,
        directions: str | Tensor = "strongest",
        labels: Sequence[str] | None = None,
        size: int = 256,
        reach: float = 3.0,
    ) -> None:
        self.generator = generator
        self.latent_dim = latent_dim_of(generator, latent_dim)
        self.reach, self.size = check.positive("reach", reach), pictures.positive_int("size", size)
        with one_thread():
            self.directions = self._directions(directions, pictures.positive_int("n_sliders", n_sliders), seed)
        self.labels = self._labels(labels, directions)
        self._faces = torch.Generator().manual_seed(seed)
        self.base = self._draw_base()
        self._held = False
        self._build()

    def __repr__(self) -> str:
        return f"latent_sliders: {len(self.sliders)} directions of {self.latent_dim} latents"

    def _directions(self, directions: str | Tensor, n: int, seed: int) -> Tensor:
        if isinstance(directions, Tensor):
            if directions.ndim != 2 or directions.shape[1] != self.latent_dim or len(directions) == 0:
                raise ValueError(f"directions must be [K, {self.latent_dim}], not {list(directions.shape)}")
            return directions.detach().float().cpu()
        check.one_of("directions", directions, _KINDS)
        n = min(n, self.latent_dim)
        if directions == "axes":
            return torch.eye(self.latent_dim)[:n]
        if directions == "random":
            return random_directions(self.latent_dim, n, seed)
        return strongest_directions(self.generator, self.latent_dim, n, seed)

    def _labels(self, labels: Sequence[str] | None, directions: str | Tensor) -> list[str]:
        n = len(self.directions)
        if labels is None:
            name = "axis" if isinstance(directions, str) and directions == "axes" else "direction"
            return [f"{name} {i + 1}" for i in range(n)]
        if len(labels) != n:
            raise ValueError(f"labels must be one for each of the {n} directions, not {len(labels)}")
        return list(labels)

    def _draw_base(self) -> Tensor:
        return torch.randn(self.latent_dim, generator=self._faces)

    def _build(self) -> None:
        import ipywidgets

        wide = ipywidgets.Layout(width="330px")
        self.sliders = [
            ipywidgets.FloatSlider(
                value=0.0, min=-self.reach, max=self.reach, step=self.reach / 30, description=label, readout_format="+.1f",
                continuous_update=True, layout=wide, style={"description_width": "96px"},
            )
            for label in self.labels
        ]  # fmt: skip
        self.new_button = ipywidgets.Button(description="new face", tooltip="draw another latent; the sliders go back to 0")
        self.zero_button = ipywidgets.Button(description="sliders to 0", tooltip="back to the latent as it was drawn")
        self.image = image_widget(self.picture(), self.size)
        for slider in self.sliders:
            slider.observe(self._moved, names="value")
        self.new_button.on_click(lambda _: self.new_face())
        self.zero_button.on_click(lambda _: self.to_zero())
        buttons = ipywidgets.HBox([self.new_button, self.zero_button])
        self.widget = self._alive(with_controls([*self.sliders, buttons], self.image))

    @property
    def z(self) -> Tensor:
        """The latent that is shown, [latent_dim]: the drawn one plus each slider's value times its direction."""
        return self.base + torch.tensor([slider.value for slider in self.sliders]) @ self.directions

    def picture(self) -> Image:
        """G(z), one forward pass of one image."""
        with one_thread():
            images = self._generated(self.z[None])
        return pictures.grid(images, scale=max(1, self.size // images.shape[-1]))

    def _generated(self, z: Tensor) -> Tensor:
        images = run(self.generator, z)
        if images.ndim != 4:
            came = list(images.shape)
            raise ValueError(f"latent_sliders shows images [N, C, H, W], not {came}: for points use viz.generator_map")
        return images.clamp(-1, 1)

    def _moved(self, _: Any = None) -> None:
        if not self._held:
            self.image.value = quick_png(self.picture())

    def to_zero(self) -> None:
        """All sliders back to 0, with one new picture for all of them."""
        self._held = True
        try:
            for slider in self.sliders:
                slider.value = 0.0
        finally:
            self._held = False
        self._moved()

    def new_face(self) -> None:
        """Another latent; the sliders go back to 0."""
        self.base = self._draw_base()
        self.to_zero()

    def still(self) -> Image:
        """Each direction as a row of pictures, from one end of its slider to the other."""
        values = torch.arange(-3, 4) * (self.reach / 3)  # linspace misses 0 by rounding
        z = self.base + values[None, :, None] * self.directions[:, None]  # [K, 7, latent_dim]
        with one_thread():
            images = self._generated(z.flatten(0, 1))
        heads = [f"{value:+.2g}" if value else "0" for value in values.tolist()]
        return pictures.labelled_grid(images, self.labels, heads, widest=640)

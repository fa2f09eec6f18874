"""Menus for what is asked of a conditional generator, and what it draws."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.latents import device_of, latent_dim_of
from gancourse.base.networks import evaluating
from gancourse.classroom.widgets.base import Live, image_widget, one_thread, quick_png, with_controls
from gancourse.viz import pictures

if TYPE_CHECKING:
    from PIL.Image import Image

_HEAD, _LINE = 96, 18  # pixels: the names of the attributes, the names of their values


class AttributeChooser(Live):
    """A menu for each attribute, and n images that a conditional generator draws of the choice.

    generator        G(z, y), a module (run in evaluation mode) or any function from latents [N, latent_dim] and labels int64
                     [N, A], or [N] for a single attribute, to images in [-1, 1]
    attribute_names  attribute to the names of its values, in the order of the columns of y, as ``ImageSet.attribute_names``
    start            values chosen at first, the first of each attribute where none is named
    n                how many people are shown; they keep their latents while the wishes change

    Without a front end: one person, a row for each attribute with its values in turn.
    """

    def __init__(
        self,
        generator: nn.Module | Callable[[Tensor, Tensor], Tensor],
        attribute_names: Mapping[str, Sequence[str]],
        latent_dim: int | None = None,
        *,
        start: Mapping[str, str] | None = None,
        n: int = 12,
        columns: int = 4,
        seed: int = 0,
        size: int = 420,
    ) -> None:
        if not attribute_names or min(map(len, attribute_names.values())) < 2:
            raise ValueError("attribute_names must map each attribute to two values or more, as ImageSet.attribute_names does")
        self.generator, self.names = generator, {name: tuple(values) for name, values in attribute_names.items()}
        self.latent_dim = latent_dim_of(generator, latent_dim)
        self.n, self.columns = pictures.positive_int("n", n), pictures.positive_int("columns", columns)
        self.size = pictures.positive_int("size", size)
        self._start = {name: values[0] for name, values in self.names.items()}
        for name, value in dict(start or {}).items():
            check.one_of("attribute", name, self.names)
            self._start[name] = check.one_of(f"value of {name}", value, self.names[name])
        self._people = torch.Generator().manual_seed(seed)
        self.z = self._draw()
        self._build()

    def __repr__(self) -> str:
        return f"attribute_chooser: {', '.join(self.names)}"

    def _draw(self) -> Tensor:
        return torch.randn(self.n, self.latent_dim, generator=self._people)

    def _build(self) -> None:
        import ipywidgets

        self.menus = {
            name: ipywidgets.Dropdown(
                options=list(values), value=self._start[name], description=name.replace("_", " "),
                layout=ipywidgets.Layout(width="220px"), style={"description_width": "86px"},
            )
            for name, values in self.names.items()
        }  # fmt: skip
        self.new_button = ipywidgets.Button(description="other people", tooltip="other latents, the same wishes")
        self.image = image_widget(self.picture(), self.size)
        for menu in self.menus.values():
            menu.observe(self._chosen, names="value")
        self.new_button.on_click(lambda _: self.new_people())
        self.widget = self._alive(with_controls([*self.menus.values(), self.new_button], self.image))

    @property
    def asked(self) -> Tensor:
        """What the menus ask for: int64 [A]."""
        return torch.tensor([self.names[name].index(menu.value) for name, menu in self.menus.items()])

    def _images(self, z: Tensor, y: Tensor) -> Tensor:
        y = y[:, 0] if len(self.names) == 1 else y
        device = device_of(self.generator)
        with one_thread(), evaluating(self.generator):
            images = self.generator(z.to(device), y.to(device))
        return images.detach().float().cpu().clamp(-1, 1)

    def picture(self) -> Image:
        """n people as asked for: one latent each, the same labels for all."""
        images = self._images(self.z, self.asked.expand(self.n, -1))
        across = min(self.columns, self.n)
        return pictures.grid(images, columns=across, scale=max(1, self.size // (across * images.shape[-1])))

    def _chosen(self, _: Any = None) -> None:
        self.image.value = quick_png(self.picture())

    def new_people(self) -> None:
        """Other latents; the wishes stay."""
        self.z = self._draw()
        self._chosen()

    def still(self) -> Image:
        """One person: a row for each attribute, its values in turn, all others as the menus have them."""
        asked = [
            torch.cat([self.asked[:k], torch.tensor([value]), self.asked[k + 1 :]])
            for k, values in enumerate(self.names.values())
            for value in range(len(values))
        ]
        images = pictures.as_array("images", self._images(self.z[:1].expand(len(asked), -1), torch.stack(asked)))
        scale = max(1, 96 // images.shape[2])
        side, across = scale * images.shape[2], max(map(len, self.names.values()))
        sheet = pictures.blank(_HEAD + across * (side + 4), len(self.names) * (side + _LINE + 4))
        remaining = iter(images)
        for row, (name, values) in enumerate(self.names.items()):
            top = row * (side + _LINE + 4)
            pictures.write(sheet, (_HEAD - 8, top + side / 2), name.replace("_", " "), anchor="rm", width=_HEAD - 16)
            for column, value in enumerate(values):
                left = _HEAD + column * (side + 4)
                sheet.paste(pictures.enlarged(next(remaining), scale), (left, top))
                pictures.write(sheet, (left + side / 2, top + side + _LINE / 2), value, size=12, width=side)
        return sheet

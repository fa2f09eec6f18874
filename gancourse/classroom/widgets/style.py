"""Try yourself: two styles, where they cross, how far from the mean, noise, and directions of attributes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from gancourse.base import check
from gancourse.base.latents import draw_latents
from gancourse.classroom.widgets.base import Live, image_widget, one_thread, quick_png, with_controls
from gancourse.latent import move, spread_along, styles_of
from gancourse.models.layers.styles import mix, truncate
from gancourse.viz import pictures
from gancourse.viz.styles import styles_of_seeds, synthesised

if TYPE_CHECKING:
    from PIL.Image import Image

_STEPS = 7  # pictures in a row of the still
_MARGIN = 110  # pixels left of it
_LATENTS = 512  # that tell how far w spreads along a direction


class StyleExplorer(Live):
    """Play with styles: seeds A and B, how many coarse layers come from A, truncation, noise, a slider for each direction.

    generator   a style generator (:mod:`gancourse.models.stylegan2` or ``stylegan1``), run in evaluation mode
    directions  names to vectors [w_dim], as :func:`gancourse.latent.attribute_directions` gives them; sliders count standard
                deviations of w along the direction, from -reach to reach, and move all layers
    crossover   at first; half of the layers where none is given
    label       the class that a conditional generator draws

    Without a front end: a row of mixtures, one of truncations, one for each direction.  A move of a slider costs one forward
    pass of one image; other seeds, truncation or noise two more, for A and B themselves.
    """

    def __init__(
        self,
        generator: Any,
        directions: Mapping[str, Tensor] | None = None,
        *,
        seeds: tuple[int, int] = (0, 1),
        crossover: int | None = None,
        truncation: float = 1.0,
        label: int | None = None,
        reach: float = 3.0,
        size: int = 320,
    ) -> None:
        self.generator, self.label = generator, label
        self.reach, self.size = check.positive("reach", reach), pictures.positive_int("size", size)
        with one_thread():
            self._sources(*seeds)  # also tells a generator without styles
            self.directions = self._scaled(dict(directions or {}))
        self._start = {"crossover": generator.layers // 2 if crossover is None else crossover, "truncation": truncation}
        if not 0 <= self._start["crossover"] <= generator.layers:
            raise ValueError(f"crossover must lie in 0..{generator.layers}, the number of layers, not {crossover}")
        if not 0 <= truncation <= 1.2:
            raise ValueError(f"truncation must lie in [0, 1.2], not {truncation}")
        self._seeds, self._held = seeds, False
        self._thumbnails: dict[tuple[Any, ...], Tensor] = {}
        self._build()

    def __repr__(self) -> str:
        named = f", directions: {', '.join(self.directions)}" if self.directions else ""
        return f"style_explorer: {self.generator.layers} layers of {self.generator.w_dim} numbers{named}"

    def _sources(self, a: int, b: int) -> Tensor:
        """The styles of both seeds, [2, layers, w_dim]."""
        labels = None if self.label is None else torch.tensor([self.label, self.label])
        return styles_of_seeds(self.generator, (a, b), labels=labels)

    def _scaled(self, directions: dict[str, Tensor]) -> dict[str, Tensor]:
        """The directions, each as long as the standard deviation of w along it."""
        if not directions:
            return {}
        wanted = [self.generator.w_dim]
        for name, direction in directions.items():
            if list(direction.shape) != wanted or not direction.norm() > 0:
                raise ValueError(f"the direction {name!r} must be {wanted} and not 0, as latent.attribute_directions gives it")
        labels = None if self.label is None else torch.full((_LATENTS,), self.label)
        w = styles_of(self.generator, draw_latents(_LATENTS, self.generator.latent_dim, 0), labels)
        return {name: d.float() / d.norm() * spread_along(w, d.float()) for name, d in directions.items()}

    # ---------------------------------------------------------------------------------------------------------------- controls

    def _build(self) -> None:
        import ipywidgets

        def look(width: int = 330, label: int = 110) -> dict[str, Any]:
            return {"layout": ipywidgets.Layout(width=f"{width}px"), "style": {"description_width": f"{label}px"}}

        layers = self.generator.layers
        self.seed_a, self.seed_b = (
            ipywidgets.BoundedIntText(value=seed, min=0, max=99_999, description=f"seed {name}", **look(160, 60))
            for name, seed in zip("AB", self._seeds, strict=True)
        )
        self.crossover = ipywidgets.IntSlider(
            value=self._start["crossover"], min=0, max=layers, description="layers from A", **look()
        )
        self.truncation = ipywidgets.FloatSlider(
            value=self._start["truncation"], min=0, max=1.2, step=0.05, description="truncation", readout_format=".2f", **look()
        )
        self.noise = ipywidgets.Checkbox(value=True, description="noise", indent=False, layout=ipywidgets.Layout(width="90px"))
        self.sliders = {
            name: ipywidgets.FloatSlider(
                value=0.0, min=-self.reach, max=self.reach, step=self.reach / 30, description=name.replace("_", " "),
                readout_format="+.1f", **look(),
            )
            for name in self.directions
        }  # fmt: skip
        self.zero_button = ipywidgets.Button(description="directions to 0", layout=ipywidgets.Layout(width="130px"))
        self.image = image_widget(self.picture())
        for control in (self.seed_a, self.seed_b, self.crossover, self.truncation, self.noise, *self.sliders.values()):
            control.observe(self._moved, names="value")
        self.zero_button.on_click(lambda _: self.to_zero())
        last = [self.noise, self.zero_button] if self.sliders else [self.noise]
        boxes = [ipywidgets.HBox([self.seed_a, self.seed_b]), self.crossover, self.truncation, *self.sliders.values()]
        self.widget = self._alive(with_controls([*boxes, ipywidgets.HBox(last)], self.image))

    def _moved(self, _: Any = None) -> None:
        if not self._held:
            self.image.value = quick_png(self.picture())

    def to_zero(self) -> None:
        """All directions back to 0, with one new picture for all of them."""
        self._held = True
        try:
            for slider in self.sliders.values():
                slider.value = 0.0
        finally:
            self._held = False
        self._moved()

    # ---------------------------------------------------------------------------------------------------------------- pictures

    @property
    def ws(self) -> Tensor:
        """The styles that are shown: A's before the crossover, then B's, pulled to the mean, moved; [1, layers, w_dim]."""
        ws = self._styles(self.crossover.value, self.truncation.value)
        for name, slider in self.sliders.items():
            if slider.value:
                ws = move(ws, self.directions[name], slider.value)
        return ws

    def _styles(self, crossover: int, truncation: float) -> Tensor:
        a, b = self._sources(self.seed_a.value, self.seed_b.value)[:, None]
        return truncate(mix(a, b, crossover), self.generator.mapping.average, truncation)

    def _drawn(self, ws: Tensor) -> Tensor:
        with one_thread():
            return synthesised(self.generator, ws, "auto" if self.noise.value else "none")

    def _thumbnail(self, seed: int, layers: int) -> Tensor:
        """The picture of one source alone, remembered while it stays the same."""
        key = (seed, self.truncation.value, self.noise.value)
        if key not in self._thumbnails:
            if len(self._thumbnails) > 20:
                self._thumbnails.clear()
            self._thumbnails[key] = self._drawn(self._styles(layers, self.truncation.value))
        return self._thumbnails[key]

    def picture(self) -> Image:
        """A and B, small, and their mixture: one forward pass of one image while seeds, truncation and noise stay."""
        with one_thread():
            mixed = self._drawn(self.ws)
            sources = [self._thumbnail(self.seed_a.value, self.generator.layers), self._thumbnail(self.seed_b.value, 0)]
        large = pictures.grid(mixed, scale=max(1, self.size // mixed.shape[-1]))
        small = [pictures.grid(source, scale=max(1, large.width // (3 * source.shape[-1]))) for source in sources]
        gap, head = 12, 20
        sheet = pictures.blank(small[0].width + gap + large.width, max(large.height, 2 * (head + small[0].height)))
        for i, (name, source) in enumerate(zip("AB", small, strict=True)):
            top = i * (head + source.height)
            pictures.write(sheet, (0, top + head / 2), name, anchor="lm")
            sheet.paste(source.convert("RGB"), (0, top + head))
        sheet.paste(large.convert("RGB"), (small[0].width + gap, 0))
        return sheet

    def still(self) -> Image:
        """Mixtures at every crossover, truncations, and each direction from one end of its slider to the other."""
        layers, at = self.generator.layers, self.crossover.value
        crossovers = sorted({round(i * layers / (_STEPS - 1)) for i in range(_STEPS)}, reverse=True)
        truncations = [0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2]
        values = [self.reach * i / 3 for i in range(-3, 4)]
        with one_thread():
            rows = [("A's layers", [str(c) for c in crossovers], [self._styles(c, self.truncation.value) for c in crossovers])]
            rows.append(("truncation", [f"{t:g}" for t in truncations], [self._styles(at, t) for t in truncations]))
            for name, direction in self.directions.items():
                moved = [move(self._styles(at, self.truncation.value), direction, value) for value in values]
                rows.append((name.replace("_", " "), [f"{value:+.2g}" if value else "0" for value in values], moved))
            images = self._drawn(torch.cat([ws for _, _, styles in rows for ws in styles]))
        parts = images.split([len(styles) for _, _, styles in rows])
        scale = max(1, 96 // images.shape[-1])
        shown = [_row(name, heads, part, scale) for (name, heads, _), part in zip(rows, parts, strict=True)]
        return pictures.stacked(shown, gap=6)


def _row(name: str, heads: list[str], images: Tensor, scale: int) -> Image:
    """A row of pictures with its name at the left and a number above each."""
    body = pictures.labelled_grid(images, columns=heads, scale=scale)
    row = pictures.blank(_MARGIN + body.width, body.height)
    row.paste(body, (_MARGIN, 0))
    pictures.write(row, (_MARGIN - 8, (body.height + 20) / 2), name, anchor="rm", width=_MARGIN - 18)
    return row

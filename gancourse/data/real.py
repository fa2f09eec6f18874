"""Real sets, with the same interface as the embedded ones: MNIST, Fashion-MNIST, CIFAR-10, CelebA.

torchvision downloads them and verifies their checksums.  Nothing here needs a network once the files lie in place, whoever put
them there; without them and without a network, one sentence says which embedded set can stand in and where the
files belong.
"""

from __future__ import annotations

import gzip
import math
import socket
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gancourse.base import check
from gancourse.base.files import data_dir
from gancourse.base.kinds import what_is
from gancourse.base.progress import Progress
from gancourse.data import _cache
from gancourse.data._request import request
from gancourse.data.archives import damaged, unpack
from gancourse.data.images import ImageSet, resize
from gancourse.data.pictures import Unreadable, open_picture

CLOTHES = ("T-shirt", "trousers", "pullover", "dress", "coat", "sandal", "shirt", "trainer", "bag", "ankle boot")
THINGS = ("aeroplane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "lorry")
_RECIPE = 1  # to be raised when the same photographs would be cut or scaled otherwise
_TIMEOUT = 20.0  # seconds without an answer after which a download counts as failed


@dataclass(frozen=True)
class RealSet:
    """What is known about a real set: who made it, on what terms, which files it has and what can stand in for it."""

    title: str
    licence: str
    author: str
    folder: str
    files: tuple[str, ...]
    stand_in: str


TOTALS = {  # pictures taken where n is not given; of CelebA's 162,770 for training, 20,000
    "mnist": {"train": 60_000, "test": 10_000},
    "fashion_mnist": {"train": 60_000, "test": 10_000},
    "cifar10": {"train": 50_000, "test": 10_000},
    "celeba": {"train": 20_000, "test": 19_962},
}
_IDX = ("images-idx3-ubyte", "labels-idx1-ubyte")
REAL_SETS = {
    "mnist": RealSet(
        "MNIST",
        "CC BY-SA 3.0",
        "Y. LeCun, C. Cortes, C. Burges",
        "MNIST/raw",
        tuple(f"{split}-{kind}.gz" for split in ("train", "t10k") for kind in _IDX),
        "digits",
    ),
    "fashion_mnist": RealSet(
        "Fashion-MNIST",
        "MIT",
        "H. Xiao, K. Rasul, R. Vollgraf (Zalando)",
        "FashionMNIST/raw",
        tuple(f"{split}-{kind}.gz" for split in ("train", "t10k") for kind in _IDX),
        "font_digits",
    ),
    "cifar10": RealSet(
        "CIFAR-10",
        "no licence stated; cite Krizhevsky 2009",
        "A. Krizhevsky, V. Nair, G. Hinton",
        ".",
        ("cifar-10-python.tar.gz",),
        "faces",
    ),
    "celeba": RealSet(
        "CelebA",
        "non-commercial research only",
        "Z. Liu, P. Luo, X. Wang, X. Tang",
        "celeba",
        (
            "img_align_celeba.zip",
            "list_attr_celeba.txt",
            "list_eval_partition.txt",
            "identity_CelebA.txt",
            "list_bbox_celeba.txt",
            "list_landmarks_align_celeba.txt",
        ),
        "faces",
    ),
}


def mnist(
    size: int = 32, n: int | None = None, split: str = "train", seed: int = 0, *, root: Path | str | None = None
) -> ImageSet:
    """Handwritten digits, uint8 [N, 1, size, size], labels 0..9; 60,000 (test: 10,000) or n of them chosen by seed.

    At 32 pixels the original 28 x 28 get a black frame; at other sizes they are scaled.  ``root`` is the folder of all real sets,
    by default ``data_dir()/real``; there the files lie in MNIST/raw, gzipped or not, and only those of the split are needed.
    """
    return _idx_set("mnist", size, n, split, seed, root)


def fashion_mnist(
    size: int = 32, n: int | None = None, split: str = "train", seed: int = 0, *, root: Path | str | None = None
) -> ImageSet:
    """Grey pictures of clothes in ten kinds (attribute ``kind``); otherwise as ``mnist``."""
    return _idx_set("fashion_mnist", size, n, split, seed, root, CLOTHES)


def cifar10(
    size: int = 32, n: int | None = None, split: str = "train", seed: int = 0, *, root: Path | str | None = None
) -> ImageSet:
    """Colour photographs of ten kinds of things (attribute ``kind``), uint8 [N, 3, size, size]; 50,000 (test: 10,000)."""
    size, count, seed = request(size, n, split, seed, TOTALS["cifar10"])

    def read(root: Path, download: bool) -> tuple[np.ndarray, np.ndarray]:
        from torchvision.datasets import CIFAR10

        if (root / REAL_SETS["cifar10"].files[0]).is_file():
            unpack(root / REAL_SETS["cifar10"].files[0], CIFAR10.base_folder)
        found = CIFAR10(root, train=split == "train", download=download)
        return found.data.transpose(0, 3, 1, 2), np.array(found.targets)

    images, labels = _obtain("cifar10", read, root)
    return _image_set("cifar10", images, labels, size, None if n is None else count, seed, THINGS)


def celeba(
    size: int = 64, n: int | None = None, split: str = "train", seed: int = 0, *, root: Path | str | None = None
) -> ImageSet:
    """Photographs of faces, the middle 178 x 178 pixels scaled to uint8 [N, 3, size, size], with CelebA's 40 yes/no attributes.

    n (default 20,000, or all 19,962 of the test split) are chosen by seed.  The scaled pictures are kept in the cache, so the
    JPEG files are decoded once.
    """
    size, n, seed = request(size, n, split, seed, TOTALS["celeba"])

    def read(root: Path, download: bool) -> _cache.Arrays:
        from torchvision.datasets import CelebA

        archive = root / "celeba" / "img_align_celeba.zip"
        if archive.is_file():
            unpack(archive, archive.stem)
        found = CelebA(root, split=split, download=download)
        chosen = _choose(len(found), n, seed)
        images = np.empty((len(chosen), 3, size, size), np.uint8)
        bar = Progress(len(chosen), unit="photograph")
        for i, index in enumerate(chosen):
            picture = _photograph(archive.with_suffix("") / found.filename[index]).crop((0, 20, 178, 198))  # of 178 x 218
            images[i] = np.asarray(picture.resize((size, size), resample=2)).transpose(2, 0, 1)
            bar.update(i + 1)
        bar.close()
        names = [name for name in found.attr_names if name]
        return {"images": images, "attributes": found.attr[chosen].numpy(), "names": np.array(names)}

    place, usual = _root(root).resolve(), _root(None).resolve()
    elsewhere = "" if place == usual else str(place)  # the usual folder goes where the cache goes
    recipe = {"recipe": _RECIPE, "set": "celeba", "root": elsewhere, "size": size, "n": n, "split": split, "seed": seed}
    name = f"celeba_{size}_{n}_{seed}_{split}" + (f"_{_cache.digest({'root': elsewhere})[:8]}" if elsewhere else "")
    arrays = _cache.cached(name, recipe, lambda: _obtain("celeba", read, root), None)
    return ImageSet(
        images=torch.from_numpy(arrays["images"]),
        attributes=torch.from_numpy(arrays["attributes"]).long(),
        attribute_names={name: ("no", "yes") for name in arrays["names"].tolist()},
        name="celeba",
        licence=REAL_SETS["celeba"].licence,
        author=REAL_SETS["celeba"].author,
    )


def read_idx(path: Path) -> np.ndarray:
    """The array in an IDX file of bytes, gzipped or not.

    The file: two zero bytes, 8 (for uint8), the number of dimensions, each dimension as a big-endian 32-bit number, the bytes.
    """
    content = path.read_bytes()
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (OSError, EOFError, zlib.error) as error:
            raise damaged(path, error) from None
    if len(content) < 4 or content[:3] != b"\0\0\x08":
        raise damaged(path, "not an IDX file of bytes")
    start = 4 + 4 * content[3]
    shape = [int(extent) for extent in np.frombuffer(content[4:start], ">u4")]
    if len(content) != start + math.prod(shape):
        raise ValueError(f"{path} should hold {math.prod(shape)} bytes but holds {len(content) - start}: download it again")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def _idx_set(
    name: str, size: int, n: int | None, split: str, seed: int, root: Path | str | None, kinds: tuple[str, ...] | None = None
) -> ImageSet:
    size, count, seed = request(size, n, split, seed, TOTALS[name], channels=1)
    prefix = "train" if split == "train" else "t10k"

    def read(root: Path, download: bool) -> tuple[np.ndarray, np.ndarray]:
        if download:
            from torchvision import datasets

            {"mnist": datasets.MNIST, "fashion_mnist": datasets.FashionMNIST}[name](root, download=True)
        images, labels = (_read_either(root / REAL_SETS[name].folder / f"{prefix}-{kind}") for kind in _IDX)
        if images.ndim != 3 or labels.shape != images.shape[:1]:
            raise ValueError(f"{name} has images {images.shape} and labels {labels.shape}: its files do not belong together")
        return images[:, None], labels

    images, labels = _obtain(name, read, root)
    return _image_set(name, images, labels, size, None if n is None else count, seed, kinds)


def _read_either(path: Path) -> np.ndarray:
    """The array in the file itself or in its gzipped form, whichever is there and whole: unpacking may have been interrupted."""
    there = [file for file in (path, path.with_name(f"{path.name}.gz")) if file.is_file() and file.stat().st_size]
    if not there:
        raise FileNotFoundError(f"{path.name} is missing")
    try:
        return read_idx(there[0])
    except ValueError:
        if len(there) == 1:
            raise
        return read_idx(there[1])


def _photograph(path: Path) -> Any:
    """One of CelebA's pictures."""
    if not path.is_file():
        raise ValueError(f"{path} is missing: delete the folder {path.parent} and put img_align_celeba.zip beside it")
    try:
        return open_picture(path)
    except Unreadable as error:
        fix = f"delete the folder {path.parent} and put img_align_celeba.zip beside it"
        raise ValueError(f"{path} cannot be used ({error}): {fix}") from None


def _spoilt(folder: Path, names: tuple[str, ...]) -> str:
    """What is wrong with files that lie in place: a clause for a message, or nothing."""
    expected = {".gz": "a gzip archive", ".zip": "a zip archive", ".txt": "a text"}
    wrong = []
    for path in (folder / name for name in names):
        if path.is_file() and (kind := what_is(path)) != expected[path.suffix]:
            wrong.append(f"{path} is {kind}")
    return f"; {', '.join(wrong)}" if wrong else ""


def _root(root: Path | str | None) -> Path:
    """The folder of all real sets."""
    return data_dir() / "real" if root is None else check.path("root", root)


def _obtain(name: str, read: Callable[[Path, bool], Any], root: Path | str | None) -> Any:
    """Read the files that lie in place, else download them; else say in one sentence what to do."""
    root, known = _root(root), REAL_SETS[name]
    try:
        return read(root, False)
    except (FileNotFoundError, RuntimeError, ImportError):
        pass  # not there, or torchvision calls it incomplete
    try:
        with _impatient():
            return read(root, True)
    except (OSError, RuntimeError, ImportError) as error:
        reason = str(error).strip().splitlines()[-1] if str(error).strip() else type(error).__name__
        spoilt = _spoilt(root / known.folder, known.files)
        raise FileNotFoundError(
            f"{known.title} is not in place and cannot be downloaded ({reason}{spoilt}): use the embedded "
            f"{known.stand_in}() instead, or put {', '.join(known.files)} into the folder "
            f"{(root / known.folder).resolve()} by hand"
        ) from None


@contextmanager
def _impatient() -> Iterator[None]:
    """Let a connection that does not answer fail; torchvision sets no limit of its own."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(_TIMEOUT)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _choose(total: int, n: int, seed: int) -> np.ndarray:
    if n > total:
        raise ValueError(f"the set holds {total} images, not {n}: ask for fewer")
    return np.random.default_rng(seed).permutation(total)[:n]


def _image_set(
    name: str, images: np.ndarray, labels: np.ndarray, size: int, n: int | None, seed: int, kinds: tuple[str, ...] | None
) -> ImageSet:
    if n is not None:
        chosen = _choose(len(images), n, seed)
        images, labels = images[chosen], labels[chosen]
    known = REAL_SETS[name]
    targets = torch.from_numpy(labels.astype(np.int64))
    return ImageSet(
        images=resize(torch.from_numpy(np.array(images)), size),
        labels=targets,
        attributes=None if kinds is None else targets[:, None].clone(),
        attribute_names={} if kinds is None else {"kind": kinds},
        name=name,
        licence=known.licence,
        author=known.author,
    )

"""ImageSet: pictures at rest, with what is known about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, SupportsIndex

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check


def to_float(images: Tensor) -> Tensor:
    """Turn uint8 pixels 0..255 into floats in [-1, 1]: x / 127.5 - 1."""
    if check.tensor("images", images).dtype != torch.uint8:
        raise TypeError(f"to_float takes uint8 pixels, not {images.dtype}")
    return images.to(torch.float32).div_(127.5).sub_(1)


def to_uint8(images: Tensor) -> Tensor:
    """Turn floats in [-1, 1] into uint8 pixels 0..255, rounded; what lies outside is clipped.  The inverse of ``to_float``."""
    if not check.tensor("images", images).is_floating_point():
        raise TypeError(f"to_uint8 takes floats in [-1, 1], not {images.dtype}")
    check.finite("images", images)
    return images.detach().float().add(1).mul_(127.5).round_().clamp_(0, 255).to(torch.uint8)


def resize(images: Tensor, size: int) -> Tensor:
    """Square uint8 images [N, C, H, H] at another size: 28 to 32 by a black frame, else by antialiased bilinear scaling."""
    height = images.shape[2]
    if height == size:
        return images
    if (height, size) == (28, 32):
        return F.pad(images, (2, 2, 2, 2))
    scaled = [
        F.interpolate(part.float(), (size, size), mode="bilinear", antialias=True).round_().clamp_(0, 255).to(torch.uint8)
        for part in torch.split(images, 1024)
    ]
    return torch.cat(scaled)


Index = SupportsIndex | slice | Sequence[int] | Sequence[bool] | np.ndarray | Tensor


def selected(index: Index, n: int, what: str = "images") -> slice | Tensor:
    """What an index means in a set of ``n``: a slice as it is, all else as int64 [M], the places of the rows to take.

    A number (of Python, NumPy or a tensor without axes) is a set of one.  Raises TypeError for what is no index, IndexError where
    one lies outside, indices are in more than one row, or a mask has another length.
    """
    if isinstance(index, slice):
        return index
    try:
        known = torch.as_tensor(index)
    except (TypeError, ValueError, RuntimeError):
        raise _no_index(index) from None
    if known.dtype == torch.bool and known.ndim:
        if known.shape != (n,):
            raise IndexError(f"a mask must be [{n}], not {list(known.shape)}")
        return known.nonzero().squeeze(1)
    if known.dtype == torch.bool or known.is_complex() or (known.is_floating_point() and known.numel()):
        raise _no_index(index)
    if known.ndim > 1:
        raise IndexError(f"indices must be in one row, not {list(known.shape)}")
    known = known.reshape(-1).long()
    outside = known[(known < -n) | (known >= n)]
    if len(outside):
        raise IndexError(f"index {int(outside[0])} is outside a set of {n} {what}")
    return known % n if n else known


def _no_index(index: object) -> TypeError:
    text = repr(index)
    kinds = "a whole number, a slice, a list or tensor of whole numbers, or a mask"
    return TypeError(f"an index is {kinds}, not {text if len(text) <= 60 else type(index).__name__}")


def check_columns(attributes: Tensor | None, names: Any, n: int, what: str) -> None:
    """Raise a TypeError or ValueError unless ``attributes`` are None or int64 [n, A], of n ``what``, with A ``names``."""
    if not isinstance(names, Mapping):
        raise TypeError("attribute_names must be a dict of tuples of names")
    if attributes is not None and len(check.integers("attributes", attributes, 2)) != n:
        raise ValueError(f"attributes has {len(attributes)} rows for {n} {what}")
    columns = 0 if attributes is None else attributes.shape[1]
    if columns != len(names):
        fix = "one tuple of names for each column" if columns and names else "pass both, or neither"
        raise ValueError(f"attributes has {columns} columns and attribute_names {len(names)} entries: {fix}")


@dataclass(frozen=True, repr=False)
class ImageSet:
    """A set of N pictures.

    images           uint8 [N, C, H, W]
    labels           int64 [N], or None
    attributes       int64 [N, A]: for each picture the index of its value in each attribute, or None
    attribute_names  attribute -> names of its values, in the order of the columns of ``attributes``
    captions         N English sentences, or None
    """

    images: Tensor
    labels: Tensor | None = None
    attributes: Tensor | None = None
    attribute_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    captions: list[str] | None = None
    name: str = "images"
    licence: str = "unknown"
    author: str = "unknown"

    def __post_init__(self) -> None:
        if check.tensor("images", self.images).ndim != 4 or self.images.dtype != torch.uint8:
            raise TypeError(f"images must be uint8 [N, C, H, W], not {self.images.dtype} {list(self.images.shape)}")
        if self.labels is not None:
            check.integers("labels", self.labels, 1)
        if not isinstance(self.captions, list | tuple | None):
            raise TypeError("captions must be a list of sentences")
        for what in ("labels", "captions"):
            column = getattr(self, what)
            if column is not None and len(column) != len(self.images):
                raise ValueError(f"{what} has {len(column)} rows for {len(self.images)} images")
        check_columns(self.attributes, self.attribute_names, len(self.images), "images")

    @property
    def size(self) -> int:
        """Height in pixels."""
        return self.images.shape[2]

    @property
    def channels(self) -> int:
        """1 for grey pictures, 3 for colour."""
        return self.images.shape[1]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: Index) -> ImageSet:
        """The part that a slice, an index, a list of indices, an index tensor or a boolean mask selects."""
        rows, captions = selected(index, len(self)), self.captions
        if captions is not None:
            captions = captions[rows] if isinstance(rows, slice) else [captions[i] for i in rows.tolist()]
        return replace(
            self,
            images=self.images[rows],
            labels=None if self.labels is None else self.labels[rows],
            attributes=None if self.attributes is None else self.attributes[rows],
            captions=captions,
        )

    def attribute(self, name: str) -> Tensor:
        """One column of ``attributes``: int64 [N], indices into ``attribute_names[name]``."""
        if self.attributes is None:
            raise ValueError(f"{self.name} has no attributes")
        check.one_of("attribute", name, self.attribute_names)
        return self.attributes[:, list(self.attribute_names).index(name)]

    def where(self, *, label: int | Sequence[int] | None = None, **values: str | Sequence[str]) -> ImageSet:
        """The pictures with the given attribute values: ``where(hair="red", skin=("tan", "dark"))``, ``where(label=7)``."""
        mask = torch.ones(len(self), dtype=torch.bool)
        if label is not None:
            if self.labels is None:
                raise ValueError(f"{self.name} has no labels; it has the attributes {list(self.attribute_names)}")
            mask &= torch.isin(self.labels, torch.as_tensor(label))
        for name, wanted in values.items():
            column = self.attribute(name)
            names = self.attribute_names[name]
            wanted = (wanted,) if isinstance(wanted, str) else wanted
            chosen = [names.index(check.one_of(f"value of {name}", value, names)) for value in wanted]
            mask &= torch.isin(column, torch.tensor(chosen))
        return self[mask]

    def describe(self, index: int) -> dict[str, Any]:
        """What is known about one picture: its label, its attribute values by name (-1 is none), its caption."""
        one = self[index]
        known: dict[str, Any] = {} if one.labels is None else {"label": int(one.labels[0])}
        if one.attributes is not None:
            row = one.attributes[0].tolist()
            known |= {name: values[i] for (name, values), i in zip(self.attribute_names.items(), row, strict=True) if i >= 0}
        return known if one.captions is None else known | {"caption": one.captions[0]}

    def __repr__(self) -> str:
        n, channels, height, width = self.images.shape
        known = [what for what in ("labels", "attributes", "captions") if getattr(self, what) is not None]
        return (
            f"ImageSet({self.name}: {n} images, {channels} x {height} x {width}, "
            f"{', '.join(known) or 'no labels'}; {self.licence}, {self.author})"
        )

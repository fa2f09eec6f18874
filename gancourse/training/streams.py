"""Real batches as the loop takes them: x or (x, labels) on the game's device, whatever usual form they come in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import torch
from torch import Tensor
from torch.utils.data.distributed import DistributedSampler

from gancourse.base import check
from gancourse.base.devices import moved
from gancourse.base.ranks import ALONE, World
from gancourse.gans.gan import GAN
from gancourse.training import distributed

SAMPLES = ("x", "image", "images", "pixel_values", "img", "data")
LABELS = ("y", "label", "labels", "target", "targets")
WANTED = "a batch is a tensor x, a pair (x, labels), or a dictionary with one of each"


class Stream:
    """An endless iterator of (x, labels), labels None where there are none, from anything that gives batches.

    A batch is x, [x], (x, labels), or a dictionary with usual names.  What can be read again, a ``DataLoader`` or a list, is
    read again when it ends.

    Where several processes train together, each draws the joint batches and takes its rows of them; a ``DataLoader`` with a
    ``DistributedSampler`` gives each process rows of its own, and its batches are taken as they are.
    """

    def __init__(self, batches: Iterable[Any], gan: GAN[Any], world: World = ALONE) -> None:
        if isinstance(batches, Tensor):
            raise TypeError("batches came as one tensor: pass gancourse.data.Batches(x, batch_size)")
        if not isinstance(batches, Iterable):
            raise TypeError(f"batches must be gancourse.data.Batches or another iterable of them, not {type(batches).__name__}")
        self.batches, self._gan, self._world = batches, gan, world
        sampler = getattr(batches, "sampler", None)
        self._sampler = sampler if isinstance(sampler, DistributedSampler) else None
        self._epoch = 0
        self._rows = iter(batches)
        self._looked = False
        self._held: list[tuple[Tensor, Tensor | None]] = []  # what was looked at ahead of its turn

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor | None]]:
        return self

    def ahead(self) -> tuple[Tensor, Tensor | None]:
        """The next batch, which :func:`next` will give as well."""
        self._held.append(next(self))
        return self._held[0]

    def __next__(self) -> tuple[Tensor, Tensor | None]:
        if self._held:
            return self._held.pop()
        x, labels = _parts(self._row())
        if not self._looked:
            self._looked = True
            self._check(x)
            if self._sampler is None:
                distributed.same_batches(self._world, x)
        if self._sampler is None:
            x, labels = self._world.part(x), self._world.part(labels) if labels is not None else None
        device = self._gan.device
        return moved(x, device), moved(labels, device) if labels is not None else None

    def _row(self) -> Any:
        for _ in range(2):
            row = next(self._rows, None)
            if row is not None:
                return row
            self._epoch += 1
            if self._sampler is not None:
                self._sampler.set_epoch(self._epoch)
            again = iter(self.batches)
            if again is self._rows:
                raise ValueError(
                    "the batches ran out before the last step: pass an endless iterable such as gancourse.data.Batches"
                )
            self._rows = again
        raise ValueError("there are no batches: the iterable is empty")

    def _check(self, x: Tensor) -> None:
        """The first batch, as training needs it; later ones are made alike."""
        check.filled("the real batch", x)
        if x.ndim == 4:
            check.pixels(x, "the real batch")
        check.finite("the real batch", x)
        wanted = next(self._gan.discriminator.parameters()).dtype
        if wanted in (torch.float16, torch.bfloat16):
            raise TypeError(f"the networks are {wanted}: call .float() on both, and have fit compute in it, precision='bf16'")
        if x.dtype != wanted:
            raise TypeError(f"the real batch is {x.dtype}, the networks are {wanted}: convert it with x.to({wanted})")


def _parts(row: Any) -> tuple[Tensor, Tensor | None]:
    """x and its labels, from any usual form."""
    if isinstance(row, Mapping):
        x, labels = _named(row, SAMPLES), _named(row, LABELS)
        if x is None or len(row) > 2 or (len(row) == 2 and labels is None):
            raise ValueError(f"a batch came as a dictionary of {', '.join(map(repr, row))}: {WANTED} of {SAMPLES} and {LABELS}")
    elif isinstance(row, tuple | list):
        if len(row) not in (1, 2):
            raise ValueError(f"a batch came as a {type(row).__name__} of {len(row)}: {WANTED}")
        x, labels = row[0], row[1] if len(row) == 2 else None
    else:
        x, labels = row, None
    for what, part in (("the real batch", x), ("its labels", labels)):
        if part is not None and not isinstance(part, Tensor):
            raise TypeError(f"{what} must be a torch.Tensor, not {type(part).__name__}: {WANTED}")
    if not isinstance(x, Tensor):
        raise TypeError(f"the real batch is missing: {WANTED}")
    if labels is not None and len(labels) != len(x):
        raise ValueError(f"a batch has {len(labels)} labels for {len(x)} samples: {WANTED}")
    return x, labels


def _named(row: Mapping[Any, Any], names: tuple[str, ...]) -> Any:
    found = [row[name] for name in names if name in row]
    return found[0] if len(found) == 1 else None

"""Batches: an endless stream of training batches whose position can be saved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from gancourse.base import check
from gancourse.base.devices import moved
from gancourse.data.images import ImageSet, to_float
from gancourse.data.toys import Distribution

ORDERS = ("random", "epoch")


class Batches:
    """An endless iterator of float batches x, or of pairs (x, y) if labels are asked for.

    source         an ImageSet or a uint8 tensor [N, C, H, W], which stays uint8 in memory and comes out as floats in [-1, 1];
                   a float tensor [N, ...], which comes out as it is; or a toy distribution, from which every batch is new
    order          "random": every image of every batch is drawn with replacement; "epoch": a new permutation each epoch, cut into
                   batches without a gap, so a batch may hold the end of one epoch and the beginning of the next,
                   and every image is seen once an epoch
    flip           mirror each image left to right with probability 1/2
    labels         True: y = labels; "attributes": y = all attributes [B, A]; the name of an attribute: y = its column [B];
                   for a Gaussian mixture True gives the number of the mode
    device         where the set is kept and the batches come out; the CPU if None.  A set that would take more than half of the
                   device's free memory stays in that of the machine, and each batch is copied
    channels_last  memory layout of 4-D batches, which convolutions on CPUs and tensor cores prefer; on by default.  A set that is
                   mapped from a file has it, too, and False copies it into memory

    The stream depends on ``seed`` and on the arguments alone.  ``state_dict()`` says how far it is; a stream built in the same
    way that loads it goes on with the very same batches.
    """

    def __init__(
        self,
        source: ImageSet | Tensor | Distribution,
        batch_size: int,
        *,
        seed: int = 0,
        order: str = "random",
        flip: bool = False,
        labels: bool | str = False,
        device: torch.device | str | None = None,
        channels_last: bool | None = None,
    ) -> None:
        self.batch_size = batch_size = check.whole("batch_size", batch_size)
        self.order = check.one_of("order", order, ORDERS)
        self.flip = flip = check.flag("flip", flip)
        self.device = check.device(device)
        self._generator = torch.Generator().manual_seed(check.seed(seed))
        self._epoch_start = self._generator.get_state()
        self._rest = torch.empty(0, dtype=torch.int64)  # what is left of this epoch's permutation
        self._toy: Distribution | None = None if isinstance(source, ImageSet | Tensor) else source
        self._labels = labels is not False
        self._x, self._y = self._take(source, labels)
        image = self._x is not None and self._x.ndim == 4
        if flip and not image:
            raise ValueError("flip=True is for images [N, C, H, W]: leave it out for this source")
        self._channels_last = image and channels_last is not False
        if self._x is not None:
            if order == "epoch" and batch_size > len(self._x):
                raise ValueError(
                    f"batch_size {batch_size} is larger than the set of {len(self._x)}: take a smaller batch or order='random'"
                )
            # Kept as [N, H, W, C], a batch that is gathered, and flipped, as bytes needs no reordering as floats; and gathering
            # whole rows is several times faster than indexing pictures.  A set that is mapped from a file has this layout, and is
            # neither copied nor read here.
            check.fits("a batch", batch_size, max(1, self._x[0].numel()))
            x = self._x.permute(0, 2, 3, 1) if self._channels_last else self._x
            self._shape = x.shape[1:]
            self._x = x.reshape(len(x), -1).contiguous()  # [N, H * W * C]
            if _has_room(self.device, self._x):
                self._x = self._x.to(self.device)
            self._y = self._y.to(self.device) if self._y is not None else None

    def _take(self, source: Any, labels: bool | str) -> tuple[Tensor | None, Tensor | None]:
        """The stored data and labels of a source; (None, None) for a toy distribution."""
        if isinstance(source, ImageSet):
            x, y = source.images, _labels_of(source, labels)
        elif isinstance(source, Tensor):
            x, y = source, None
            if x.ndim < 2 or not (x.dtype == torch.uint8 or x.is_floating_point()):
                raise TypeError(f"source must be uint8 [N, C, H, W] or floats [N, ...], not {x.dtype} {list(x.shape)}")
        elif hasattr(source, "sample"):
            if self.order == "epoch":
                raise ValueError("a distribution has no epochs: take order='random', every batch is new anyway")
            if labels is not False and not (labels is True and hasattr(source, "sample_labelled")):
                raise ValueError(f"labels={labels!r} asked for, but {source.name} has none")
            return None, None
        else:
            raise TypeError(f"source must be an ImageSet, a tensor or a toy distribution, not {type(source).__name__}")
        if not x.numel():
            raise ValueError(f"source is empty, {list(x.shape)}: check what selected it")
        if x.is_floating_point() and not torch.isfinite(x).all():
            bad = int((~torch.isfinite(x)).flatten(1).any(1).sum())
            raise ValueError(f"source holds NaN or infinity in {bad} of {len(x)} samples: look at what made them")
        if labels is not False and y is None:
            raise ValueError(f"labels={labels!r} asked for, but the source is a plain tensor: pass an ImageSet with labels")
        return x, y

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self._x is None:
            return self._next_toy()
        index = self._next_index(len(self._x))
        mirrored = torch.rand(self.batch_size, generator=self._generator) < 0.5 if self.flip else None
        index = moved(index, self._x.device)
        rows = moved(self._x.index_select(0, index), self.device)  # [B, H * W * C], a copy
        if mirrored is not None:
            which = moved(mirrored.nonzero().squeeze(1), self.device)
            pictures = rows.index_select(0, which).reshape(-1, *self._shape)
            rows[which] = pictures.flip(2 if self._channels_last else 3).flatten(1)
        x = rows.reshape(-1, *self._shape)
        x = to_float(x) if x.dtype == torch.uint8 else x
        x = x.permute(0, 3, 1, 2) if self._channels_last else x  # [B, H, W, C] seen as [B, C, H, W], channels last
        return x if self._y is None else (x, self._y[index.to(self.device)])

    def _next_toy(self) -> Any:
        toy: Any = self._toy
        if self._labels:
            x, y = toy.sample_labelled(self.batch_size, generator=self._generator)
            return x.to(self.device), y.to(self.device)
        return toy.sample(self.batch_size, generator=self._generator).to(self.device)

    def _next_index(self, total: int) -> Tensor:
        if self.order == "random":
            return torch.randint(total, (self.batch_size,), generator=self._generator)
        index, self._rest = self._rest[: self.batch_size], self._rest[self.batch_size :]
        if len(index) < self.batch_size:
            self._epoch_start = self._generator.get_state()
            fresh = torch.randperm(total, generator=self._generator)
            missing = self.batch_size - len(index)
            index, self._rest = torch.cat([index, fresh[:missing]]), fresh[missing:]
        return index

    def state_dict(self) -> dict[str, Any]:
        """Where the stream is: the generator's state and, in epoch order, the place in the epoch.  Tensors, numbers, strings."""
        return {
            "generator": self._generator.get_state(),
            "epoch_start": self._epoch_start.clone(),
            "rest": len(self._rest),
            "stream": self._stream(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go to where the stream was that gave ``state``; it must have had the same source size and arguments."""
        if state["stream"] != self._stream():
            raise ValueError(
                f"the state is of another stream ({state['stream']}) than this one ({self._stream()}): build it likewise"
            )
        self._rest = torch.empty(0, dtype=torch.int64)
        self._epoch_start = state["epoch_start"].clone()
        if state["rest"] and self._x is not None:
            self._generator.set_state(state["epoch_start"].cpu())
            self._rest = torch.randperm(len(self._x), generator=self._generator)[-state["rest"] :]
        self._generator.set_state(state["generator"].cpu())

    def _stream(self) -> str:
        source = f"{len(self._x)} items" if self._x is not None else getattr(self._toy, "name", "a distribution")
        return f"{source}, batch_size {self.batch_size}, order {self.order}, flip {self.flip}"


def _has_room(device: torch.device, x: Tensor) -> bool:
    """Whether a set may move to a device: where it takes at most half of what is free there."""
    return device.type != "cuda" or x.numel() * x.element_size() <= torch.cuda.mem_get_info(device)[0] // 2


def _labels_of(source: ImageSet, labels: bool | str) -> Tensor | None:
    if labels is False:
        return None
    if labels is True:
        if source.labels is None:
            hint = f"; labels='attributes' gives {list(source.attribute_names)}" if source.attribute_names else ""
            raise ValueError(f"labels asked for, but {source.name} has none{hint}")
        return source.labels
    if labels == "attributes" and source.attributes is not None:
        return source.attributes
    return source.attribute(labels)

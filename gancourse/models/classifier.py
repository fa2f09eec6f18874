"""A small convolutional classifier with one softmax head for each attribute; its penultimate layer serves as features."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check, networks
from gancourse.base.features import Named, mark
from gancourse.data.images import to_float

SIZE = 32  # pixels at which it looks


def prepare(images: Tensor, size: int = SIZE, *, pale: bool = False) -> Tensor:
    """Images [N, C, H, W], uint8 or float in [-1, 1], as float32 [N, C, size, size] in [-1, 1].

    Where none of the floats is below 0 it warns, unless the images may be ``pale``, as what a network draws may.  Larger images
    are averaged down over areas, images that fit ``size`` a whole number of times are enlarged by nearest neighbours (pixel art
    stays pixel art), others bilinearly.
    """
    size = check.whole("size", size, 1, check.SIDE)
    if isinstance(images, Tensor) and images.dtype == torch.uint8:  # bytes are pictures, however bright
        return _resized(check.images(to_float(images)), size)
    return _resized((check.drawn(images) if pale else check.pixels(images)).float(), size)


def _resized(images: Tensor, size: int) -> Tensor:
    height, width = images.shape[2:]
    if height != width:
        raise ValueError(f"images must be square, not {height} x {width}: crop them first")
    if height > size:
        return F.adaptive_avg_pool2d(images, size)
    if height < size and size % height == 0:
        return F.interpolate(images, size=(size, size), mode="nearest")
    if height < size:
        return F.interpolate(images, size=(size, size), mode="bilinear", align_corners=False)
    return images


class AttributeClassifier(Named):
    """Five 3x3 convolutions at 32, 16 and 8 px, a 64-dimensional feature layer, and a linear head for each attribute.

    ``attribute_names`` maps each attribute to its value names, ordered as the columns of the labels.  The features are
    standardised by a batch normalisation without gain (zero mean, unit variance per dimension over the training images), so
    that a Frechet distance is in units that do not depend on a network's scale: two sets that share nothing are of the
    order of 2 * dim apart.  The heads see their ReLU.  Features are taken before it, where no dimension is dead.

    ``extractor_id`` names features; None is a digest of the weights.
    """

    kind = "attribute classifier"

    def __init__(
        self,
        attribute_names: Mapping[str, Sequence[str]],
        *,
        channels: int = 3,
        width: int = 32,
        dim: int = 64,
        extractor_id: str | None = None,
    ) -> None:
        super().__init__(extractor_id)
        if not isinstance(attribute_names, Mapping) or not all(map(check.is_row, attribute_names.values())):
            raise TypeError("attribute_names must map names to the names of their values: {'smile': ('no', 'yes'), ...}")
        if not attribute_names or any(len(values) < 2 for values in attribute_names.values()):
            raise ValueError("each attribute needs at least two values: {'smile': ('no', 'yes'), ...}")
        self.attribute_names = {name: tuple(values) for name, values in attribute_names.items()}
        channels, width, dim = check.counts(channels=channels, width=width, dim=dim)
        check.fits("weights", max(2 * width, dim), 2 * width, 4, 4)
        check.fits("weights", channels, width, 3, 3)
        self.channels, self.width, self.dim = channels, width, dim
        layers: list[nn.Module] = []
        inside = channels
        for outside, stride in ((width, 1), (width, 2), (2 * width, 1), (2 * width, 2), (2 * width, 2)):
            layers += [nn.Conv2d(inside, outside, 3, stride, 1, bias=False), nn.BatchNorm2d(outside), nn.ReLU()]
            inside = outside
        self.body = nn.Sequential(*layers, nn.Flatten())  # [N, 2 width * 4 * 4]
        self.embed = nn.Sequential(nn.Linear(2 * width * (SIZE // 8) ** 2, dim, bias=False), nn.BatchNorm1d(dim, affine=False))
        self.heads = nn.Linear(dim, sum(map(len, self.attribute_names.values())))  # all heads side by side

    def embedding(self, x: Tensor) -> Tensor:
        """Prepared images [N, C, 32, 32] -> features [N, dim], with gradients."""
        return self.embed(self.body(check.images(x, self.channels, SIZE, network=self)))

    def forward(self, x: Tensor) -> list[Tensor]:
        """Prepared images [N, C, 32, 32] -> one tensor of logits [N, values] for each attribute."""
        logits = self.heads(F.relu(self.embedding(x)))
        return list(logits.split([len(values) for values in self.attribute_names.values()], dim=1))

    def features(self, images: Tensor, batch_size: int = 256) -> Tensor:
        """Features float32 [N, dim] of images [N, C, H, W] (uint8, or float in [-1, 1]; any square size), on the CPU.

        In eval mode and without gradients.  The tensor carries ``extractor_id``, so that metrics can refuse to compare
        features of different networks.
        """
        return mark(self._batched(images, batch_size, self.embedding), self.extractor_id)

    def predict(self, images: Tensor, batch_size: int = 256) -> Tensor:
        """The most likely value of each attribute: int64 [N, attributes], columns ordered as ``attribute_names``."""
        return self._batched(images, batch_size, lambda x: torch.stack([head.argmax(1) for head in self(x)], dim=1)).long()

    def probabilities(self, images: Tensor, batch_size: int = 256) -> dict[str, Tensor]:
        """P(value | image) for each attribute: a dict of float32 [N, values]."""
        joint = self._batched(images, batch_size, lambda x: torch.cat([head.softmax(1) for head in self(x)], dim=1))
        parts = joint.split([len(values) for values in self.attribute_names.values()], dim=1)
        return dict(zip(self.attribute_names, parts, strict=True))

    def accuracy(self, images: Tensor, attributes: Tensor, batch_size: int = 256) -> dict[str, float]:
        """Share of images whose predicted value equals ``attributes`` [N, A], for each attribute."""
        attributes = torch.as_tensor(attributes).cpu()
        if attributes.shape != (len(images), len(self.attribute_names)):
            raise ValueError(f"attributes must be [{len(images)}, {len(self.attribute_names)}], not {list(attributes.shape)}")
        right = (self.predict(images, batch_size) == attributes).double().mean(0)
        return dict(zip(self.attribute_names, right.tolist(), strict=True))

    def _batched(self, images: Tensor, batch_size: int, function: Callable[[Tensor], Tensor]) -> Tensor:
        batch_size = check.batch_size(batch_size)
        if not isinstance(images, Tensor) or images.ndim != 4 or len(images) == 0:
            came = list(images.shape) if isinstance(images, Tensor) else type(images).__name__
            raise ValueError(f"images must be a batch [N, C, H, W] with N > 0, not {came}")
        if images.shape[1] != self.channels:
            raise ValueError(f"{self.extractor_id} looks at {self.channels} channels, and the images have {images.shape[1]}")
        if images.dtype != torch.uint8:  # all of them at once: one pale picture alone looks like one in [0, 1]
            check.pixels(images)
        device = next(self.parameters()).device
        with networks.evaluating(self):
            return torch.cat([function(self._seen(part.to(device))).cpu() for part in images.split(batch_size)])

    def _seen(self, images: Tensor) -> Tensor:
        """Checked images [N, C, H, W] as the network looks at them."""
        return _resized(to_float(images) if images.dtype == torch.uint8 else images.float(), SIZE)

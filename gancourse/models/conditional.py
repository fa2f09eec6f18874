r"""Networks that are told what to draw: labels, the layers that read them, and the heads that judge them.

A generator can be told its label in two ways, a discriminator in three:

- concatenation: the label's code stands beside the latent, or as constant maps beside the picture (Mirza & Osindero 2014);
- conditional batch normalisation: the label chooses each channel's gain and bias (:class:`ConditionalBatchNorm2d`);
- projection: the logit gains <e(y), h(x)>, the inner product of the label's vector and the picture's features;
- an auxiliary classifier: D is not told the label but has to guess it (AC-GAN).

Labels are int64 [N], or [N, A] when each sample has A attributes.  Wherever a network asks for ``classes``, an integer K
stands for labels 0 .. K - 1, a sequence of integers for several attributes, and a mapping such as
``ImageSet.attribute_names`` for attributes with names, which then appear in the error messages.

>>> generator, discriminator = mlp_pair(10, out_shape=(1, 16, 16))
>>> generator(torch.randn(3, 64), torch.tensor([0, 1, 2]))                     # [3, 1, 16, 16]
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check
from gancourse.models import dcgan, mlp
from gancourse.models.layers import spectral

INTEGERS = (torch.int64, torch.int32, torch.int16, torch.uint8, torch.int8)


@dataclass(frozen=True)
class Classes:
    """What labels there are: the name of each attribute and how many values it has."""

    names: tuple[str, ...]
    sizes: tuple[int, ...]

    @classmethod
    def of(cls, spec: int | Sequence[int] | Mapping[str, Sequence[str]] | Classes) -> Classes:
        """Classes from a number, a sequence of numbers, or a mapping from attribute names to the names of their values."""
        if isinstance(spec, Classes):
            return spec
        if isinstance(spec, Mapping):
            names, sizes = tuple(spec), tuple(len(values) for values in spec.values())
        elif isinstance(spec, int) and not isinstance(spec, bool):
            names, sizes = ("labels",), (spec,)
        elif isinstance(spec, Sequence) and spec and all(isinstance(size, int) for size in spec):
            names, sizes = tuple(f"attribute {i}" for i in range(len(spec))), tuple(spec)
        else:
            raise TypeError(f"classes must be a number, numbers, or a mapping such as {{'smile': ('no', 'yes')}}, not {spec!r}")
        if not sizes or min(sizes) < 2:
            raise ValueError(f"each attribute needs two values or more, not {dict(zip(names, sizes, strict=True))}")
        return cls(names, sizes)

    @property
    def total(self) -> int:
        """The length of the one-hot codes of all attributes side by side."""
        return sum(self.sizes)

    def check(self, y: Any, n: int | None = None) -> Tensor:
        """Return labels as int64 [N], or [N, A] for A > 1 attributes, if they are what these classes allow.

        Raises ValueError where they are missing, of another shape or out of range, TypeError where they are no integers.
        """
        wanted = "[N]" if len(self.sizes) == 1 else f"[N, {len(self.sizes)}]"
        if y is None:
            raise ValueError(f"the labels are missing: pass int64 {wanted}; Batches gives them with labels=True or 'attributes'")
        if not isinstance(y, Tensor):
            raise TypeError(f"labels must be a tensor int64 {wanted}, not {type(y).__name__}: convert with torch.tensor")
        if y.dtype not in INTEGERS:
            hint = ".argmax(1) of one-hot codes" if y.ndim == 2 and y.is_floating_point() else ".long()"
            raise TypeError(f"labels must be int64, the numbers of their classes, not {y.dtype}: convert with {hint}")
        if len(self.sizes) == 1 and y.ndim == 2 and y.shape[1] == 1:
            y = y[:, 0]
        if y.ndim != (1 if len(self.sizes) == 1 else 2) or (y.ndim == 2 and y.shape[1] != len(self.sizes)):
            columns = f", a column each for {', '.join(self.names)}" if len(self.sizes) > 1 else ""
            raise ValueError(f"labels must be {wanted}{columns}, not {list(y.shape)}")
        if n is not None and len(y) != n:
            raise ValueError(f"{len(y)} labels for {n} samples: pass one for each")
        self._check_range(y)
        return y.long()

    def _check_range(self, y: Tensor) -> None:
        columns = y.reshape(len(y), -1)
        sizes = torch.tensor(self.sizes, device=y.device)
        if len(y) == 0 or bool(((columns >= 0) & (columns < sizes)).all()):  # one answer from the device for all columns
            return
        for name, size, column in zip(self.names, self.sizes, columns.T, strict=True):
            wrong = column[(column < 0) | (column >= size)]
            if len(wrong):
                what = name if name == "labels" else f"labels of {name!r}"
                raise ValueError(f"{what} must lie in 0 .. {size - 1}, not {int(wrong[0])}")

    def index(self, y: Tensor) -> Tensor:
        """Where the ones of the one-hot codes stand: int64 [N, A]; each attribute begins where the one before ends."""
        starts = [sum(self.sizes[:i]) for i in range(len(self.sizes))]
        return y.reshape(len(y), -1) + torch.tensor(starts, device=y.device)

    def one_hot(self, y: Tensor) -> Tensor:
        """The one-hot codes of all attributes side by side: float32 [N, total]."""
        code = torch.zeros(len(y), self.total, device=y.device)
        return code.scatter_(1, self.index(y), 1.0)

    def split(self, logits: Tensor) -> list[Tensor]:
        """[N, total] -> a tensor [N, values] for each attribute."""
        return list(logits.split(self.sizes, dim=1))

    def cross_entropy(self, logits: Tensor, y: Tensor) -> Tensor:
        """-E[log P(y | x)], summed over attributes, from logits [N, total]."""
        columns = y.reshape(len(y), -1).T
        terms = [F.cross_entropy(part, column) for part, column in zip(self.split(logits), columns, strict=True)]
        return torch.stack(terms).sum()

    def spread(self, n: int, seed: int = 0) -> Tensor:
        """n labels to look at: 0, 1, .. K - 1 in turn, [n]; for several attributes uniform independent draws, [n, A]."""
        if len(self.sizes) == 1:
            return torch.arange(n) % self.sizes[0]
        source = torch.Generator().manual_seed(seed)
        return torch.stack([torch.randint(size, (n,), generator=source) for size in self.sizes], 1)


Spec = int | Sequence[int] | Mapping[str, Sequence[str]] | Classes


class LabelEmbedding(nn.Module):
    """e: labels [N] -> learnt vectors [N, dim]; the vectors of several attributes are added.

    A linear map of the one-hot codes, computed by looking rows up.
    """

    def __init__(self, classes: Spec, dim: int) -> None:
        super().__init__()
        self.classes, self.dim = Classes.of(classes), dim
        self.table = nn.Embedding(self.classes.total, dim)

    def forward(self, y: Tensor) -> Tensor:
        if len(self.classes.sizes) == 1:
            return self.table(y)
        return self.table(self.classes.index(y)).sum(1)  # [N, A, dim] -> [N, dim]


class ConditionalBatchNorm2d(nn.Module):
    r"""Batch normalisation whose gain and bias are chosen by the condition.

        y = (1 + gain(c)) * (x - mean) / sqrt(var + eps) + bias(c),   one gain and one bias for each channel

    With ``classes`` the condition is a label, gain and bias are rows of tables (de Vries et al. 2017; Miyato & Koyama
    2018).  With ``condition_dim`` it is a vector [N, condition_dim], a shared embedding say, and gain and bias are linear
    maps without bias (Brock et al. 2019).  Statistics are over the whole batch, whatever the labels in it.

    Shapes: x [N, C, H, W], condition [N], [N, A] or [N, condition_dim]; the result is shaped like x.
    """

    def __init__(self, n_features: int, classes: Spec | None = None, *, condition_dim: int | None = None) -> None:
        super().__init__()
        if (classes is None) == (condition_dim is None):
            raise ValueError("pass either classes=... for labels or condition_dim=... for vectors")
        self.norm = nn.BatchNorm2d(n_features, affine=False)
        if classes is not None:
            self.gain: nn.Module = LabelEmbedding(classes, n_features)
            self.bias: nn.Module = LabelEmbedding(classes, n_features)
            nn.init.normal_(self.gain.table.weight, 0.0, 0.02)
            nn.init.zeros_(self.bias.table.weight)
        else:
            self.gain = nn.Linear(condition_dim, n_features, bias=False)
            self.bias = nn.Linear(condition_dim, n_features, bias=False)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        gain = 1 + self.gain(condition)  # [N, C]
        return torch.addcmul(self.bias(condition)[:, :, None, None], self.norm(x), gain[:, :, None, None])


class ProjectionHead(nn.Module):
    r"""Features and labels -> logits [N]: w . h + b + <e(y), h>.

    The form that the log ratio of two distributions p(x, y) takes when log p(y | x) is linear in the features on both sides: the
    first term compares p(x), the second p(y | x).

    Source: Miyato & Koyama 2018 (ICLR), section 3.
    """

    def __init__(self, n_features: int, classes: Spec) -> None:
        super().__init__()
        self.linear = nn.Linear(n_features, 1)
        self.embedding = LabelEmbedding(classes, n_features)

    def forward(self, h: Tensor, y: Tensor) -> Tensor:
        return self.linear(h).squeeze(1) + (self.embedding(y) * h).sum(1)


class AuxiliaryHead(nn.Module):
    """Features [N, F] -> (logits of "real" [N], logits of the classes [N, classes.total]).

    Source: Odena et al. 2017 (AC-GAN).
    """

    def __init__(self, n_features: int, classes: Spec) -> None:
        super().__init__()
        self.source = nn.Linear(n_features, 1)
        self.label = nn.Linear(n_features, Classes.of(classes).total)

    def forward(self, h: Tensor) -> tuple[Tensor, Tensor]:
        return self.source(h).squeeze(1), self.label(h)


class Features(nn.Module):
    """A discriminator without its last layer: samples -> features [N, n_features].

    Takes the network over: its last convolution or linear layer is replaced, so it no longer gives logits itself.
    """

    def __init__(self, discriminator: nn.Module) -> None:
        super().__init__()
        layers = [(name, layer) for name, layer in discriminator.named_modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
        if not layers:
            raise ValueError(f"{type(discriminator).__name__} has no convolution or linear layer to take away")
        name, last = layers[-1]
        self.n_features: int = last.weight[0].numel()
        parent, _, child = name.rpartition(".")
        setattr(discriminator.get_submodule(parent), child, nn.Identity())
        self.network = discriminator

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x).reshape(len(x), self.n_features)


class ProjectionDiscriminator(nn.Module):
    """D: samples, labels -> logits [N], a :class:`ProjectionHead` on the features of any discriminator, which it takes over."""

    def __init__(self, discriminator: nn.Module, classes: Spec, *, spectral_norm: bool = False) -> None:
        super().__init__()
        self.classes = Classes.of(classes)
        self.features = Features(discriminator)
        self.head = ProjectionHead(self.features.n_features, self.classes)
        nn.init.normal_(self.head.linear.weight, 0.0, 0.01)  # begin undecided
        nn.init.normal_(self.head.embedding.table.weight, 0.0, 0.01)
        if spectral_norm:
            spectral.normalise(self)

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        return self.head(self.features(x), self.classes.check(y, len(x)))


class AuxiliaryDiscriminator(nn.Module):
    """D of AC-GAN: samples -> (logits [N], class logits [N, classes.total]), two heads on any discriminator's features.

    It is never told a label.  The discriminator given is taken over.
    """

    def __init__(self, discriminator: nn.Module, classes: Spec, *, spectral_norm: bool = False) -> None:
        super().__init__()
        self.classes = Classes.of(classes)
        self.features = Features(discriminator)
        self.head = AuxiliaryHead(self.features.n_features, self.classes)
        nn.init.normal_(self.head.source.weight, 0.0, 0.01)
        nn.init.normal_(self.head.label.weight, 0.0, 0.01)
        if spectral_norm:
            spectral.normalise(self)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.head(self.features(x))


class _Code(nn.Module):
    """Labels -> codes [N, width]: one-hot, or learnt vectors of length ``embedding``."""

    def __init__(self, classes: Spec, embedding: int | None) -> None:
        super().__init__()
        self.classes = Classes.of(classes)
        self.learnt = LabelEmbedding(self.classes, embedding) if embedding is not None else None
        self.width = embedding if embedding is not None else self.classes.total

    def forward(self, y: Tensor | None, n: int) -> Tensor:
        y = self.classes.check(y, n)
        return self.learnt(y) if self.learnt is not None else self.classes.one_hot(y)


class ConcatGenerator(nn.Module):
    """G(z, y) = G([z, code(y)]): latents [N, latent_dim] and labels -> samples.

    ``network`` is any generator whose latents are longer than ``latent_dim`` by the width of the code: ``classes.total`` for
    one-hot codes, ``embedding`` for learnt ones.

    Source: Mirza & Osindero 2014, section 3.2.
    """

    def __init__(self, network: nn.Module, classes: Spec, embedding: int | None = None) -> None:
        super().__init__()
        self.code = _Code(classes, embedding)
        self.classes = self.code.classes
        self.latent_dim: int = network.latent_dim - self.code.width
        if self.latent_dim < 1:
            raise ValueError(
                f"the network takes {network.latent_dim} latents and the code of the label has {self.code.width}: "
                f"build it with latent_dim={self.code.width} more than the noise needs"
            )
        self.network = network

    def forward(self, z: Tensor, y: Tensor | None = None) -> Tensor:
        z = check.latents(z, self.latent_dim)
        return self.network(torch.cat([z, self.code(y, len(z)).to(z.dtype)], 1))


class ConcatDiscriminator(nn.Module):
    """D(x, y) = D([x, code(y)]): samples and labels -> logits [N].

    Beside pictures [N, C, H, W] the code becomes constant maps, so ``network`` takes C + width channels; with ``flat=True``
    samples are flattened and the code follows them, for multi-layer perceptrons.

    Source: Mirza & Osindero 2014, section 3.2.
    """

    def __init__(self, network: nn.Module, classes: Spec, embedding: int | None = None, *, flat: bool = False) -> None:
        super().__init__()
        self.code = _Code(classes, embedding)
        self.classes, self.flat, self.network = self.code.classes, flat, network

    def forward(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        code = self.code(y, len(x)).to(x.dtype)  # [N, width]
        if self.flat:
            return self.network(torch.cat([x.flatten(1), code], 1))
        x = check.images(x)
        maps = code[:, :, None, None].expand(-1, -1, *x.shape[2:])  # [N, width, H, W]
        return self.network(torch.cat([x, maps], 1))


def mlp_pair(
    classes: Spec,
    latent_dim: int = 64,
    out_shape: int | Sequence[int] = (1, 16, 16),
    hidden: Sequence[int] = (256, 256),
    embedding: int | None = None,
    out: str | None = "tanh",
    norm: str | None = None,
) -> tuple[ConcatGenerator, ConcatDiscriminator]:
    """The conditional GAN of 2014: two multi-layer perceptrons that read the label beside the latent and beside the sample."""
    width = embedding if embedding is not None else Classes.of(classes).total
    n_values = out_shape if isinstance(out_shape, int) else math.prod(out_shape)
    generator = mlp.Generator(latent_dim + width, out_shape, hidden, out=out, norm=norm)
    discriminator = mlp.Discriminator(n_values + width, hidden)
    return ConcatGenerator(generator, classes, embedding), ConcatDiscriminator(discriminator, classes, embedding, flat=True)


def dcgan_pair(
    classes: Spec,
    size: int = 32,
    latent_dim: int = 64,
    width: int = 32,
    channels: int = 3,
    embedding: int | None = None,
    **discriminator: Any,
) -> tuple[ConcatGenerator, ConcatDiscriminator]:
    """The same in DCGAN: the code beside the latent, and as constant maps beside the picture's channels.

    Further arguments (``norm=False``, say) go to :class:`gancourse.models.dcgan.Discriminator`.
    """
    code = embedding if embedding is not None else Classes.of(classes).total
    generator = dcgan.Generator(size, latent_dim + code, width, channels)
    critic = dcgan.Discriminator(size, width, channels + code, **discriminator)
    return ConcatGenerator(generator, classes, embedding), ConcatDiscriminator(critic, classes, embedding)

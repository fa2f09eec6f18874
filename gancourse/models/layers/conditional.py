"""Layers that read labels: what labels there are, their vectors, and normalisation and logits that depend on them.

Labels are int64 [N], or [N, A] when each sample has A attributes.  Wherever a network asks for ``classes``, an integer K
stands for labels 0 .. K - 1, a sequence of integers for several attributes, and a mapping such as
``ImageSet.attribute_names`` for attributes with names, which then appear in the error messages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check

MOST = 2**20  # values of an attribute
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
        if isinstance(spec, Mapping) and all(check.is_row(values) for values in spec.values()):
            names, sizes = tuple(spec), tuple(len(values) for values in spec.values())
        elif isinstance(spec, Integral) and not isinstance(spec, bool):
            names, sizes = ("labels",), (int(spec),)
        elif isinstance(spec, tuple | list) and spec:
            names, sizes = tuple(f"attribute {i}" for i in range(len(spec))), check.row("classes", spec, most=None)
        else:
            raise TypeError(f"classes must be a number, numbers, or a mapping such as {{'smile': ('no', 'yes')}}, not {spec!r}")
        if not sizes or min(sizes) < 2:
            raise ValueError(f"each attribute needs two values or more, not {dict(zip(names, sizes, strict=True))}")
        if max(sizes) > MOST:
            raise ValueError(f"an attribute has at most {MOST} values, not {max(sizes)}")
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
        if n is not None and y.shape[0] != n:  # shape: len() would fix the number in what an exporter writes
            raise ValueError(f"{len(y)} labels for {n} samples: pass one for each")
        self._check_range(y)
        return y.long()

    def _check_range(self, y: Tensor) -> None:
        if torch.compiler.is_exporting():  # no branch on values there
            return
        columns = y.reshape(len(y), len(self.sizes))
        sizes = torch.tensor(self.sizes, device=y.device)
        if bool(((columns >= 0) & (columns < sizes)).all()):  # one answer from the device for all columns
            return
        for name, size, column in zip(self.names, self.sizes, columns.T, strict=True):
            wrong = column[(column < 0) | (column >= size)]
            if len(wrong):
                what = name if name == "labels" else f"labels of {name!r}"
                raise ValueError(f"{what} must lie in 0 .. {size - 1}, not {int(wrong[0])}")

    def index(self, y: Tensor) -> Tensor:
        """Where the ones of the one-hot codes stand: int64 [N, A]; each attribute begins where the one before ends."""
        starts = [sum(self.sizes[:i]) for i in range(len(self.sizes))]  # no tensor: an exporter takes none made on the way
        columns = y.reshape(y.shape[0], len(self.sizes)).unbind(1)
        return torch.stack([column + start for column, start in zip(columns, starts, strict=True)], 1)

    def one_hot(self, y: Tensor) -> Tensor:
        """The one-hot codes of all attributes side by side: float32 [N, total]."""
        code = torch.zeros(y.shape[0], self.total, device=y.device)
        return code.scatter_(1, self.index(y), 1.0)

    def split(self, logits: Tensor) -> list[Tensor]:
        """[N, total] -> a tensor [N, values] for each attribute."""
        return list(logits.split(self.sizes, dim=1))

    def cross_entropy(self, logits: Tensor, y: Tensor) -> Tensor:
        """-E[log P(y | x)], summed over attributes, from logits [N, total]."""
        columns = y.reshape(len(y), len(self.sizes)).T
        terms = [F.cross_entropy(part, column) for part, column in zip(self.split(logits), columns, strict=True)]
        return torch.stack(terms).sum()

    def spread(self, n: int, seed: int = 0) -> Tensor:
        """n labels to look at: 0, 1, .. K - 1 in turn, [n]; for several attributes uniform independent draws, [n, A]."""
        if len(self.sizes) == 1:
            return torch.arange(n) % self.sizes[0]
        source = torch.Generator().manual_seed(seed)
        return torch.stack([torch.randint(size, (n,), generator=source) for size in self.sizes], 1)


Spec = int | Sequence[int] | Mapping[str, Sequence[str]] | Classes


def unlabelled(y: Any, what: str, option: str = "classes") -> None:
    """Refuse labels given to a network (``what``) that cannot read them; ``option`` is what it would have to be built with."""
    if y is not None:
        raise ValueError(f"this {what} reads no labels: build it with {option}=... or leave them out")


class LabelEmbedding(nn.Module):
    """e: labels [N] -> learnt vectors [N, dim]; the vectors of several attributes are added.

    A linear map of the one-hot codes, computed by looking rows up.
    """

    def __init__(self, classes: Spec, dim: int) -> None:
        super().__init__()
        self.classes, (self.dim,) = Classes.of(classes), check.counts(dim=dim)
        check.fits("a table of labels", self.classes.total, self.dim)
        self.table = nn.Embedding(self.classes.total, self.dim)

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
        self.norm = nn.BatchNorm2d(n_features, affine=False)
        if classes is not None and condition_dim is None:
            self.gain: nn.Module = LabelEmbedding(classes, n_features)
            self.bias: nn.Module = LabelEmbedding(classes, n_features)
            nn.init.normal_(self.gain.table.weight, 0.0, 0.02)
            nn.init.zeros_(self.bias.table.weight)
        elif condition_dim is not None and classes is None:
            self.gain = nn.Linear(condition_dim, n_features, bias=False)
            self.bias = nn.Linear(condition_dim, n_features, bias=False)
        else:
            raise ValueError("pass either classes=... for labels or condition_dim=... for vectors")

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


def class_vectors(labels: Tensor, classes: int, n: int | None = None) -> Tensor:
    """Labels of ``n`` samples as float vectors [N, classes]: numbers [N] become one-hot rows, vectors pass through."""
    check.tensor("labels", labels)
    if n is not None and (labels.ndim == 0 or labels.shape[0] != n):
        raise ValueError(f"labels {list(labels.shape)} for {n} samples: pass one for each")
    if labels.ndim == 1 and labels.dtype in INTEGERS:
        look = not torch.compiler.is_exporting()  # no branch on values there
        if look and len(labels) and not 0 <= int(labels.min()) <= int(labels.max()) < classes:
            raise ValueError(f"labels must lie in 0..{classes - 1}, not {int(labels.min())}..{int(labels.max())}")
        return nn.functional.one_hot(labels.long(), classes).float()
    if labels.ndim != 2 or labels.shape[1] != classes or labels.is_complex():
        raise ValueError(f"labels must be class numbers [N] or vectors [N, {classes}], not {labels.dtype} {list(labels.shape)}")
    return labels.float()

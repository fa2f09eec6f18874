"""Which code stands for which class: the one-to-one assignment under which most samples are right.

>>> matching = match(codes, labels)            # codes come from a clustering, or from InfoGAN's Q; labels were never shown to it
>>> matching.accuracy, matching.classes        # share that is right; the class of each code
>>> matching.score(new_codes, new_labels)      # the same assignment on other samples

Source: the assignment is found by the Hungarian method (Kuhn 1955), here ``scipy.optimize.linear_sum_assignment``.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from gancourse.base import check


@dataclass(frozen=True)
class Matching:
    """``classes`` int64 [K], the class of each code, -1 where codes outnumber classes; ``table`` int64 [K, C] counts pairs."""

    classes: Tensor
    table: Tensor

    @property
    def accuracy(self) -> float:
        """The share of the samples the assignment was made on that it gets right."""
        return self._right(self.table)

    @property
    def majority(self) -> float:
        """What naming each code after its commonest class would give ("purity"): at least as high, and not one-to-one."""
        return float(self.table.amax(1).sum() / self.table.sum())

    def score(self, codes: Tensor, labels: Tensor) -> float:
        """The share of other samples that the same assignment gets right."""
        return self._right(contingency(codes, labels, *self.table.shape))

    def predict(self, codes: Tensor) -> Tensor:
        """The class of each sample from its code: int64 [N]."""
        codes, known = check.tensor("codes", codes), torch.arange(len(self.classes))
        if codes.is_floating_point() or codes.is_complex() or not torch.isin(codes.cpu(), known).all():
            raise ValueError(f"codes must be whole numbers in 0 .. {len(self.classes) - 1}")
        return self.classes.to(codes.device)[codes.long()]

    def _right(self, table: Tensor) -> float:
        used = (self.classes >= 0).nonzero().squeeze(1)
        return float(table[used, self.classes[used]].sum() / table.sum())


def contingency(codes: Tensor, labels: Tensor, n_codes: int | None = None, n_classes: int | None = None) -> Tensor:
    """How many samples have code k and class c: int64 [K, C], on the processor."""
    for name, x in (("codes", codes), ("labels", labels)):
        if check.tensor(name, x).ndim != 1 or x.is_floating_point() or x.is_complex():
            raise ValueError(f"{name} must be int64 [N], numbers of categories, not {x.dtype} {list(x.shape)}")
    codes, labels = codes.cpu(), labels.cpu()
    if len(codes) != len(labels) or len(codes) == 0:
        raise ValueError(f"there are {len(codes)} codes for {len(labels)} labels: pass one for each sample")
    n_codes = int(codes.max()) + 1 if n_codes is None else check.whole("n_codes", n_codes)
    n_classes = int(labels.max()) + 1 if n_classes is None else check.whole("n_classes", n_classes)
    if min(int(codes.min()), int(labels.min())) < 0 or int(codes.max()) >= n_codes or int(labels.max()) >= n_classes:
        raise ValueError(f"codes must lie in 0 .. {n_codes - 1} and labels in 0 .. {n_classes - 1}")
    check.fits("a table", n_codes, n_classes, bytes_each=8)
    return torch.bincount(codes.long() * n_classes + labels.long(), minlength=n_codes * n_classes).view(n_codes, n_classes)


def match(codes: Tensor, labels: Tensor, n_codes: int | None = None, n_classes: int | None = None) -> Matching:
    """The one-to-one assignment of codes to classes with the most samples right: codes, labels int64 [N]."""
    from scipy.optimize import linear_sum_assignment

    table = contingency(codes, labels, n_codes, n_classes)
    rows, columns = linear_sum_assignment(table.numpy(), maximize=True)
    classes = torch.full((len(table),), -1)
    classes[torch.from_numpy(rows)] = torch.from_numpy(columns)
    return Matching(classes, table)

"""Lecture 15: gains and biases read off one vector a class, and filters that point in different directions."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.classroom.lines import Line


def _layer(seed: int) -> tuple[Tensor, ...]:
    """Normalised features [4, 4, 2, 2], vectors of the samples' classes [4, 3], and the layer's maps [4, 3]."""
    draw = torch.Generator().manual_seed(seed)
    return (torch.randn(4, 4, 2, 2, generator=draw), *torch.randn(3, 4, 3, generator=draw))


def _wide(v: Tensor) -> Tensor:
    """[N, C] as [N, C, 1, 1]: one number for all places."""
    return v[:, :, None, None]


SHARED = Line(
    lambda x, c, a, b: _wide(1 + c @ a.T) * x + _wide(c @ b.T),
    {
        "the 1 is missing: a class whose vector is 0 would switch every channel off": lambda x, c, a, b: (
            _wide(c @ a.T) * x + _wide(c @ b.T)
        ),
        "the 1 is in the bias, too: it stands at the gain alone": lambda x, c, a, b: _wide(1 + c @ a.T) * x + _wide(1 + c @ b.T),
        "gains and biases are exchanged: A makes the gains": lambda x, c, a, b: _wide(1 + c @ b.T) * x + _wide(c @ a.T),
        "the bias is missing": lambda x, c, a, b: _wide(1 + c @ a.T) * x,
        "the gain is missing": lambda x, c, a, b: x + _wide(c @ b.T),
        "the class does not enter: these are the normalised features": lambda x, c, a, b: x,
        "gain and bias are both added: the gain multiplies": lambda x, c, a, b: x + _wide(1 + c @ a.T) + _wide(c @ b.T),
        "the bias is multiplied by the gain, too": lambda x, c, a, b: _wide(1 + c @ a.T) * (x + _wide(c @ b.T)),
        "samples and channels are exchanged: c has a row for each sample, A one for each channel": lambda x, c, a, b: (
            _wide(1 + a @ c.T) * x + _wide(b @ c.T)
        ),
        "the numbers lie along the last axis, the columns of the picture: they belong to the channels": lambda x, c, a, b: (
            (1 + c @ a.T)[:, None, :2, None] * x + (c @ b.T)[:, None, :2, None]
        ),
    },
    _layer,
)


def _filters(seed: int) -> tuple[Tensor, float]:
    """Filters as rows [4, 6], and beta."""
    return torch.randn(4, 6, generator=torch.Generator().manual_seed(seed)), 0.1


def _products(change: Callable[[Tensor], Tensor]) -> Callable[[Tensor, float], Tensor]:
    """beta times a number of the inner products [4, 4] with zeros on the diagonal."""

    def penalty(w: Tensor, beta: float) -> Tensor:
        products = w @ w.T
        return beta * change(products - torch.diag(products.diagonal()))

    return penalty


ORTHOGONAL = Line(
    _products(lambda p: p.square().sum()),
    {
        "the diagonal is in it: then long filters are punished for being long": lambda w, beta: beta * (w @ w.T).square().sum(),
        "this is the older penalty, which also sets every filter's length to 1": lambda w, beta: (
            beta * (w @ w.T - torch.eye(len(w))).square().sum()
        ),
        "the squares are missing: opposite filters would cancel what alike ones cost": _products(torch.sum),
        "magnitudes stand for squares": _products(lambda p: p.abs().sum()),
        "the root was taken: the norm is squared": _products(lambda p: p.square().sum().sqrt()),
        "each pair is counted once: the sum over i and j with i ≠ j has it twice": _products(lambda p: p.square().sum() / 2),
        "a mean stands for the sum": _products(lambda p: p.square().mean()),
        "filters are rows here, and these are the products of columns": lambda w, beta: (
            beta * ((w.T @ w) * (1 - torch.eye(w.shape[1]))).square().sum()
        ),
        "beta is missing": lambda w, beta: _products(lambda p: p.square().sum())(w, 1.0),
        "the filters were brought to length 1 first: their lengths count in the products": lambda w, beta: _products(
            lambda p: p.square().sum()
        )(F.normalize(w, dim=1), beta),
    },
    _filters,
)

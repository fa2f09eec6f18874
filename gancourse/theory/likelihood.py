"""Likelihood of images: grey levels, bits per dimension, and the ingredients of the evidence lower bound."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gancourse.base import check


def quantise(images: Tensor, levels: int) -> Tensor:
    """Round uint8 images to ``levels`` evenly spaced grey values, still uint8: 2 levels are 0 and 255.

    Level k of K is the byte round(255 k / (K - 1)); a byte goes to the nearest level, halves upwards.
    """
    if not isinstance(images, Tensor) or images.dtype != torch.uint8:
        raise TypeError("quantise needs uint8 images, as data sets store them: convert floats with gancourse.data.to_uint8")
    levels = _levels(levels)
    index = torch.floor(images.double() * (levels - 1) / 255 + 0.5)
    return torch.round(index * 255 / (levels - 1)).to(torch.uint8)


def level_index(x: Tensor, levels: int) -> Tensor:
    """The level 0 ... K - 1 of every pixel of float images in [-1, 1], as int64: k = (x + 1)(K - 1) / 2.

    A model of discrete pixels gives a probability to the K grey values only, so any other value is an error, not a rounding
    matter: the likelihood of an image with values in between is not defined.
    """
    levels = _levels(levels)
    if not x.is_floating_point():
        raise TypeError(f"images must be floats in [-1, 1], not {x.dtype}: convert with gancourse.data.to_float")
    scaled = (x.detach() + 1) * (levels - 1) / 2
    index = scaled.round()
    # Where 255 is no multiple of K - 1, a byte is up to half a grey value off its level: (K - 1) / 510 on this scale.
    slack = 1e-4 if 255 % (levels - 1) == 0 else (levels - 1) / 510 + 1e-4
    fits = ((scaled - index).abs() <= slack) & (index >= 0) & (index <= levels - 1)  # False for NaN
    if not fits.all():
        raise ValueError(
            f"pixels must be one of {levels} grey levels evenly spaced in [-1, 1]: "
            f"round the uint8 images first with gancourse.theory.likelihood.quantise(images, {levels})"
        )
    return index.long()


def from_levels(index: Tensor, levels: int) -> Tensor:
    """Float images in [-1, 1] from the level of every pixel: the inverse of :func:`level_index`."""
    levels = _levels(levels)
    return index.to(torch.get_default_dtype()) * (2 / (levels - 1)) - 1


def bits_per_dim(nats: float | Tensor, dims: int) -> float | Tensor:
    """Negative log-likelihood as code length: -(log p(x)) / (d log 2), bits for each of the d pixels.

    ``nats`` is log p(x), usually negative.  A model that knows nothing of K grey levels needs log2 K bits.
    """
    return -nats / (check.whole("dims", dims) * math.log(2))


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, diag exp(log_variance)) || N(0, I)) for each row, [N, d] -> [N], in nats.

    1/2 sum_i (mean_i^2 + v_i - 1 - log v_i) with v = exp(log_variance).

    Source: Kingma & Welling 2014, appendix B.
    """
    return (mean.square() + log_variance.exp() - 1 - log_variance).sum(1) / 2


def log_mean_exp(log_values: Tensor, dim: int = 0) -> Tensor:
    """log of the mean of exp(values) along ``dim``, without overflow."""
    return torch.logsumexp(log_values, dim) - math.log(log_values.shape[dim])


def _levels(levels: int) -> int:
    return check.whole("levels", levels, 2, 256)

"""Mode coverage: how many modes of a known mixture the samples reach, how well, how evenly.

The protocol is that of VEEGAN (Srivastava et al., 2017) with the reverse KL that PacGAN added (Lin et al., 2018).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from gancourse.base import check
from gancourse.metrics.features import feature_matrix

DUE = 0.5  # a mode that gets less than this part of its share is not served


class Mixture(Protocol):
    """What a mode report needs of a distribution: centres [K, D] and the standard deviation around them."""

    modes: Tensor
    std: float


@dataclass(frozen=True)
class ModeReport:
    """What ``mode_report`` and ``stacked_mode_report`` measure.

    modes         captured modes: those nearest to at least one high-quality sample
    total         how many modes there are, K
    high_quality  share of high-quality samples, in [0, 1]
    histogram     int64 [K], high-quality samples per mode
    reverse_kl    KL(histogram / its sum || the modes' true shares) in nats: 0 when right, ln K when one of K equal modes has all;
                  NaN without any high-quality sample
    total_variation  half the L1 distance between the same two, in [0, 1]; NaN likewise
    served        modes that get at least half of their due: h_k / N >= w_k / 2, N all samples; none is due where w_k = 0
    missed        share of the data that no high-quality sample stands for, 1 - sum_k min(h_k / N, w_k), in [0, 1]

    The first count saturates: one sample in N captures a mode, so that noise, spread widely enough, captures all of them.  The
    last two ask for quality and variety at once.  They divide by all samples: garbage serves nothing, and one mode of K, served
    perfectly, misses (K - 1) / K.
    """

    modes: int
    total: int
    high_quality: float
    histogram: Tensor
    reverse_kl: float
    total_variation: float
    served: int
    missed: float

    def __str__(self) -> str:
        quality = f"{100 * self.high_quality:.1f} % high quality"
        return f"{self.modes} of {self.total} modes, {quality}, reverse KL {self.reverse_kl:.3f}"


def mode_report(samples: Tensor, distribution: Mixture, threshold: float = 3.0) -> ModeReport:
    r"""Modes captured, high-quality share and reverse KL of ``samples`` [N, D] against a mixture with known modes.

    A sample is *high quality* when it lies within ``threshold`` standard deviations of the nearest mode; a mode is *captured*
    when it is the nearest mode of at least one high-quality sample.  With h_k the high-quality samples of mode k,

        reverse KL = sum_k p_k ln(p_k / w_k),   p_k = h_k / sum_j h_j,   w_k the weight of mode k.

    All published toys have equal weights w_k = 1 / K, where this is ln K minus the entropy of p.
    In D = 2 perfect samples of well-separated modes have the share 1 - exp(-threshold^2 / 2), 98.89 % at 3: the radius of a
    Gaussian is Rayleigh distributed.  One sample captures a mode, so the count saturates: read the KL with it.  VEEGAN and
    PacGAN use 2500 samples and threshold 3 (10 in 1200 dimensions).

    ``distribution`` has ``.modes`` [K, D] and ``.std``, as the toys of ``gancourse.data.toys`` have, and ``.weights`` [K] where
    the modes are not equal.  NaN or infinite samples raise ValueError.
    """
    modes, std = getattr(distribution, "modes", None), getattr(distribution, "std", None)
    if modes is None or std is None:
        name = getattr(distribution, "name", type(distribution).__name__)
        raise ValueError(f"{name!r} has no modes to count: take a mixture such as gancourse.data.toys.ring() or grid()")
    threshold, std = check.positive("threshold", threshold), check.positive("std", std)
    samples = feature_matrix(check.tensor("samples", samples), "samples", 1).cpu()
    modes = check.finite("modes", torch.as_tensor(modes).cpu().double())
    if modes.ndim != 2 or len(modes) == 0:
        raise ValueError(f"modes must be [K, D] with K > 0, not {list(modes.shape)}")
    if samples.ndim != 2 or samples.shape[1] != modes.shape[1] or len(samples) == 0:
        raise ValueError(f"samples must be [N, {modes.shape[1]}] with N > 0, not {list(samples.shape)}")
    scaled = torch.cdist(samples, modes) / float(std)  # [N, K] in standard deviations
    distance, nearest = scaled.min(dim=1)
    weights = getattr(distribution, "weights", None)
    weights = torch.ones(len(modes)) if weights is None else check.finite("weights", torch.as_tensor(weights).cpu())
    if weights.shape != (len(modes),) or bool((weights < 0).any()) or not bool((weights > 0).any()):
        raise ValueError(f"weights must be [{len(modes)}], one for each mode, none below 0 and one above, not {weights.tolist()}")
    return _report(nearest[distance < threshold], weights, len(samples))


def stacked_mode_report(codes: Tensor, total: int = 1000, accepted: Tensor | None = None) -> ModeReport:
    """Distinct digit triples among ``total`` = 1000 and the KL of their histogram to uniform (stacked digits).

    ``codes`` are int64 [N] in [0, total), or digits [N, 3] as a digit classifier reads them from the three channels; a triple
    (a, b, c) has the code 100 a + 10 b + c.  ``accepted``, bool [N], says which samples count; their share is ``high_quality``.
    A classifier answers for noise, too, so without a gate noise reaches nearly every mode; :mod:`gancourse.metrics.digits` has
    one.
    Protocol: Metz et al. (2017), Srivastava et al. (2017); N is 25,600 or 26,000 there.  1,000 modes and few samples have a KL
    of their own: about (total - 1) / (2 N) for perfectly even modes.
    """
    codes, total = check.tensor("codes", codes).detach().cpu(), check.whole("total", total)
    check.fits("modes", total, 4, bytes_each=8)
    if codes.is_floating_point() or codes.is_complex() or codes.dtype == torch.bool:
        raise TypeError(f"codes must be integers, not {codes.dtype}: take the classifier's argmax")
    codes = codes.long()
    if codes.ndim == 2 and codes.shape[1] == 3:
        if len(codes) and (codes.min() < 0 or codes.max() > 9):
            raise ValueError(f"digits must lie in 0..9, not {int(codes.min())}..{int(codes.max())}")
        codes = codes @ torch.tensor([100, 10, 1])
    if codes.ndim != 1 or len(codes) == 0:
        raise ValueError(f"codes must be [N] or [N, 3] with N > 0, not {list(codes.shape)}")
    if codes.min() < 0 or codes.max() >= total:
        raise ValueError(f"codes must lie in 0..{total - 1}, not {int(codes.min())}..{int(codes.max())}")
    if accepted is None:
        return _report(codes, torch.ones(total), len(codes))
    if check.tensor("accepted", accepted).dtype != torch.bool or accepted.shape != codes.shape:
        raise ValueError(f"accepted must be bool [{len(codes)}], one for each sample, not {list(accepted.shape)}")
    return _report(codes[accepted.cpu()], torch.ones(total), len(codes))


def _report(hits: Tensor, weights: Tensor, n: int) -> ModeReport:
    """The report on ``n`` samples, ``hits`` the modes of the high-quality ones."""
    histogram = torch.bincount(hits, minlength=len(weights))
    truth, of_all = weights.double() / weights.double().sum(), histogram.double() / n
    reverse_kl = total_variation = math.nan
    if len(hits):
        share = histogram.double() / len(hits)
        reverse_kl = max(0.0, float(torch.xlogy(share, share / truth).sum()))
        total_variation = float((share - truth).abs().sum() / 2)
    return ModeReport(
        modes=int((histogram > 0).sum()),
        total=len(weights),
        high_quality=len(hits) / n,
        histogram=histogram,
        reverse_kl=reverse_kl,
        total_variation=total_variation,
        served=int(((of_all >= DUE * truth) & (truth > 0)).sum()),
        missed=1 - float(torch.minimum(of_all, truth).sum()),
    )

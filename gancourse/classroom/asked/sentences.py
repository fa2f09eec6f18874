"""Lecture 20: the three terms of GAN-CLS, and a condition that is drawn."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.classroom.lines import Line
from gancourse.classroom.right import augmented, matching
from gancourse.classroom.slips import summed, times
from gancourse.losses import saturating_d as d_loss


def _three_logits(seed: int) -> tuple[Tensor, ...]:
    """Logits of 7 real pairs, 7 fakes and 7 real pictures with another's sentence."""
    draw = torch.Generator().manual_seed(seed)
    return tuple(2 * torch.randn(7, generator=draw) + shift for shift in (0.5, -0.5, -0.2))


CLS_LOSS = Line(
    matching,
    {
        "the mismatched pairs are missing: this is the GAN's loss, which does not ask whether picture and sentence fit": (
            lambda r, f, w: d_loss(r, f)
        ),
        "the mismatched pairs count as real: they are real pictures, and the pair is wrong": lambda r, f, w: (
            F.softplus(-r).mean() + (F.softplus(f).mean() + F.softplus(-w).mean()) / 2
        ),
        "the fakes are missing: then nobody asks whether a picture is real": lambda r, f, w: (
            F.softplus(-r).mean() + F.softplus(w).mean()
        ),
        "fakes and mismatched pairs have the weight 1 each: algorithm 1 takes their mean, so that false weighs as much as true": (
            lambda r, f, w: F.softplus(-r).mean() + F.softplus(f).mean() + F.softplus(w).mean()
        ),
        "the sign is turned round: a loss is minimised": times(-1, matching),
        "real and fake are exchanged: D should say 1 to real pictures with their own sentence": lambda r, f, w: matching(
            -r, -f, -w
        ),
        "only the mismatched pairs are halved": lambda r, f, w: (
            F.softplus(-r).mean() + F.softplus(f).mean() + F.softplus(w).mean() / 2
        ),
        "it is a sum over the batch: take means": summed(matching),
    },
    _three_logits,
)


def _cloud(seed: int) -> tuple[Tensor, ...]:
    """mu, log sigma and eps, [3, 4] each."""
    draw = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(3, 4, generator=draw) for _ in range(3))


AUGMENT = Line(
    augmented,
    {
        "the noise is missing: this is the mean of the cloud, and every draw is the same": lambda m, s, e: m + 0 * e,
        "sigma is left as its logarithm, which may be negative: take exp": lambda m, s, e: m + s * e,
        "this is the variance: noise is multiplied by sigma, not by its square": lambda m, s, e: m + (2 * s).exp() * e,
        "log sigma was taken for log sigma squared: no half is needed here": lambda m, s, e: m + (s / 2).exp() * e,
        "mean and spread are exchanged": lambda m, s, e: s.exp() + m * e,
        "sigma is added and not multiplied: then every sentence has the same spread": lambda m, s, e: m + s.exp() + e,
        "the mean is missing": lambda m, s, e: s.exp() * e,
    },
    _cloud,
)

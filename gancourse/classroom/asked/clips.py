"""Lecture 21: two streams, and how well D judged."""

from __future__ import annotations

import torch
from torch import Tensor

from gancourse.classroom.lines import Line


def _streams(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """A mask [2, 1, 4, 3, 3], a foreground [2, 3, 4, 3, 3], a background [2, 3, 3, 3]."""
    draw = torch.Generator().manual_seed(seed)
    shapes = ((2, 1, 4, 3, 3), (2, 3, 4, 3, 3), (2, 3, 3, 3))
    m, f, b = (torch.rand(*shape, generator=draw) for shape in shapes)
    return m, 2 * f - 1, 2 * b - 1


TWO_STREAMS = Line(
    lambda m, f, b: m * f + (1 - m) * b[:, :, None],
    {
        "foreground and background are exchanged: m is 1 where something moves": lambda m, f, b: (1 - m) * f + m * b[:, :, None],
        "the background is added everywhere: it needs 1 − m": lambda m, f, b: m * f + b[:, :, None],
        "the foreground is there everywhere: it needs m": lambda m, f, b: f + (1 - m) * b[:, :, None],
        "the background is missing": lambda m, f, b: m * f,
        "this is the background alone, for all frames": lambda m, f, b: b[:, :, None].expand_as(f),
        "the mask decides by a threshold, and no gradient passes that": lambda m, f, b: torch.where(m > 0.5, f, b[:, :, None]),
        "the mask is left out: this is the mean of both streams": lambda m, f, b: (f + b[:, :, None]) / 2,
        "b got its new axis in front of the colours, so that frames are taken for colours": lambda m, f, b: (
            m * f + (1 - m) * b[:, None, :1]
        ),
    },
    _streams,
)


def _judged(seed: int) -> tuple[Tensor, Tensor]:
    """Logits of 30 real samples and as many fakes."""
    draw = torch.Generator().manual_seed(seed)
    return 1.5 * torch.randn(30, generator=draw) + 0.6, 1.5 * torch.randn(30, generator=draw) - 0.4


def _share(real: Tensor, fake: Tensor) -> Tensor:
    return (real.float().mean() + fake.float().mean()) / 2


ACCURACY = Line(
    lambda r, f: _share(r > 0, f < 0),
    {
        "the fakes are counted where D took them for real": lambda r, f: _share(r > 0, f > 0),
        "this is the share of errors, 1 − accuracy": lambda r, f: _share(r <= 0, f >= 0),
        "the border is at 1/2, which is that of probabilities: a logit says real above 0": lambda r, f: _share(r > 0.5, f < 0.5),
        "only the fakes are counted": lambda r, f: (f < 0).float().mean(),
        "only the real ones are counted": lambda r, f: (r > 0).float().mean(),
        "the two shares are added: take their mean": lambda r, f: 2 * _share(r > 0, f < 0),
        "it is a number of samples, not a share": lambda r, f: 60 * _share(r > 0, f < 0),
        "this is how sure D is, the mean probability of being right, not how often it is right": lambda r, f: (
            (torch.sigmoid(r).mean() + torch.sigmoid(-f).mean()) / 2
        ),
    },
    _judged,
)

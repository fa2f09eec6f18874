"""Lecture 05: a point on the great circle, and the direction of an attribute."""

from __future__ import annotations

import torch
from torch import Tensor

from gancourse.classroom.lines import Line
from gancourse.classroom.right import angle as _angle
from gancourse.classroom.right import direction


def _ends(seed: int) -> tuple[Tensor, Tensor, float]:
    """Two latents of one length, 3, and a share of the way."""
    ends = torch.randn(2, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    z0, z1 = 3 * ends / ends.norm(dim=1, keepdim=True)
    return z0, z1, (0.3, 0.8, 0.1, 0.6, 0.45)[seed % 5]


def _circle(z0: Tensor, z1: Tensor, t: float) -> Tensor:
    w = _angle(z0, z1)
    return (torch.sin((1 - t) * w) * z0 + torch.sin(t * w) * z1) / torch.sin(w)


def _line(z0: Tensor, z1: Tensor, t: float) -> Tensor:
    return (1 - t) * z0 + t * z1


GREAT_CIRCLE = Line(
    _circle,
    {
        "this is the straight line: half-way it is too short": _line,
        "the line was stretched to the shell: the right circle, but in steps that are not even": lambda a, b, t: (
            _line(a, b, t) * a.norm() / _line(a, b, t).norm()
        ),
        "the way is walked backwards: t = 0 is z0": lambda a, b, t: _circle(b, a, t),
        "sin ω, by which all is divided, is missing": lambda a, b, t: _circle(a, b, t) * torch.sin(_angle(a, b)),
        "the cosine was taken for the angle: its arccos is missing": lambda a, b, t: (
            (torch.sin((1 - t) * (w := torch.cos(_angle(a, b)))) * a + torch.sin(t * w) * b) / torch.sin(w)
        ),
        "the product of z0 and z1 is not their cosine yet: divide by both lengths": lambda a, b, t: (
            (torch.sin((1 - t) * (w := torch.arccos(a @ b))) * a + torch.sin(t * w) * b) / torch.sin(w)
        ),
        "cosines stand where sines belong": lambda a, b, t: (
            (torch.cos((1 - t) * (w := _angle(a, b))) * a + torch.cos(t * w) * b) / torch.sin(w)
        ),
        "the angle is missing in the sines: they take a share of ω, and not the share itself": lambda a, b, t: (
            (torch.sin(torch.tensor(1 - t)) * a + torch.sin(torch.tensor(t)) * b) / torch.sin(_angle(a, b))
        ),
    },
    _ends,
)


def _labelled(seed: int) -> tuple[Tensor, Tensor]:
    """Latents [9, 4], and which of their pictures show the attribute: two to six of them."""
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(9, 4, generator=draw) + 0.5, torch.arange(9) < 2 + seed


ATTRIBUTE = Line(
    direction,
    {
        "the direction is turned round: it takes the attribute away": lambda z, has: z[~has].mean(0) - z[has].mean(0),
        "the mean of those without is missing: this is a place, not a direction": lambda z, has: z[has].mean(0),
        "the mean of all was subtracted, which holds those with the attribute, too": lambda z, has: z[has].mean(0) - z.mean(0),
        "sums stand for means: the larger group would win": lambda z, has: z[has].sum(0) - z[~has].sum(0),
        "both are divided by the number of all: each group has a number of its own": lambda z, has: (
            (z[has].sum(0) - z[~has].sum(0)) / len(z)
        ),
        "the mean runs over the latent's numbers: over the pictures is asked, axis 0": lambda z, has: (
            z[has].mean(1).mean() - z[~has].mean(1).mean()
        ),
        "the means are added": lambda z, has: z[has].mean(0) + z[~has].mean(0),
        "it was brought to length 1: its length says how far the two groups lie apart": lambda z, has: (
            torch.nn.functional.normalize(z[has].mean(0) - z[~has].mean(0), dim=0)
        ),
        "it is half of the way: from the mean without to the mean with is asked": lambda z, has: (
            (z[has].mean(0) - z[~has].mean(0)) / 2
        ),
    },
    _labelled,
)

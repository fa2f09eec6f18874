"""Lectures 02 and 03: losses on logits, the best discriminator, and which loss reaches which player."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import networks
from gancourse.classroom.asked.gradients import reached
from gancourse.classroom.lines import Found, Line
from gancourse.classroom.slips import times
from gancourse.losses import saturating_d as d_loss

# Lecture 02: losses on logits, and the best discriminator


def real_and_fake(seed: int) -> tuple[Tensor, Tensor]:
    """Logits of 7 real and 5 fake samples."""
    draw = torch.Generator().manual_seed(seed)
    return 2 * torch.randn(7, generator=draw) + 0.5, 2 * torch.randn(5, generator=draw) - 0.5


D_LOSS = Line(
    d_loss,
    {
        "the sign is turned round: this is V, which D maximises, and a loss is minimised": times(-1, d_loss),
        "real and fake are exchanged: D should say 1 to the real ones": lambda r, f: d_loss(-r, -f),
        "both terms are −log D: the fakes have −log(1 − D) = softplus(l)": lambda r, f: d_loss(r, -f),
        "both terms are −log(1 − D): the real ones have −log D = softplus(−l)": lambda r, f: d_loss(-r, f),
        "one sign is wrong: the two terms are added, both are minus a logarithm": lambda r, f: (
            F.softplus(-r).mean() - F.softplus(f).mean()
        ),
        "one sign is wrong, that of the real ones: both terms are minus a logarithm": lambda r, f: (
            F.softplus(f).mean() - F.softplus(-r).mean()
        ),
        "no mean is taken at all: take the mean of each kind, then add": lambda r, f: F.softplus(torch.cat([-r, f])),
        "only the real ones are in it": lambda r, f: F.softplus(-r).mean(),
        "only the fakes are in it": lambda r, f: F.softplus(f).mean(),
        "it is a sum over the batch: take the mean of each kind": lambda r, f: F.softplus(-r).sum() + F.softplus(f).sum(),
        "it is the mean of both kinds together, half of −V: take the mean of each, then add": lambda r, f: F.softplus(
            torch.cat([-r, f])
        ).mean(),
        "one half is too much: here the two means are added, as in V": times(1 / 2, d_loss),
        "the logits were taken for probabilities after a sigmoid: softplus takes the logit itself": lambda r, f: d_loss(
            torch.sigmoid(r), torch.sigmoid(f)
        ),
    },
    real_and_fake,
)


def _densities(seed: int) -> tuple[Tensor, Tensor]:
    """Two positive functions at 6 places, the data's and the generator's."""
    p, q = torch.rand(2, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + 0.05
    return p, q


BEST_D = Line(
    lambda p, q: p / (p + q),
    {
        "p and q are exchanged: this is the probability of a fake": lambda p, q: q / (p + q),
        "this is the odds p/q, which can be larger than 1; a probability is odds / (1 + odds)": lambda p, q: p / q,
        "this is the logit of D*, log p/q: put it through a sigmoid": lambda p, q: (p / q).log(),
        "a sign was lost on the way, as in the deck: the derivative of log(1 − d) is −1/(1 − d)": lambda p, q: p / (p - q),
        "this is D* where q = p; elsewhere D can do better": lambda p, q: torch.full_like(p, 0.5),
        "this is the value for the discriminator, not the discriminator: no logarithm is left in D*": lambda p, q: (
            p * (p / (p + q)).log() + q * (q / (p + q)).log()
        ),
        "this is the mixture m = (p + q)/2: D* is the share of p in it": lambda p, q: (p + q) / 2,
        "this is p over the mixture (p + q)/2, twice D*": lambda p, q: 2 * p / (p + q),
        "D answers 0 or 1 only: it should say how likely": lambda p, q: (p > q).double(),
    },
    _densities,
)

# Lecture 03: which loss reaches which player


def _table(seed: int) -> tuple[nn.Module, nn.Module, Tensor, Tensor]:
    """G, D, real samples and latents; the same ones for the same seed."""
    with networks.seeded(seed):
        g = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))
        d = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1), nn.Flatten(0))
        return g, d, torch.randn(6, 2), torch.randn(6, 3)


def _d_step(function: Callable[..., Any], g: nn.Module, d: nn.Module, x: Tensor, z: Tensor) -> Found:
    return reached(function(d, g, x, z), **{"D's weights": d, "G's weights": g})


D_STEP = Line(
    lambda d, g, x, z: F.softplus(-d(x)).mean() + F.softplus(d(g(z).detach())).mean(),
    {
        "the fakes are not detached: D's loss reaches G's weights, and asks G to be found out": lambda d, g, x, z: d_loss(
            d(x), d(g(z))
        ),
        "D's answer is detached, and not the fakes: then D does not learn from the fakes": lambda d, g, x, z: (
            F.softplus(-d(x)).mean() + F.softplus(d(g(z)).detach()).mean()
        ),
        "D's answers are detached: nobody learns from this loss": lambda d, g, x, z: d_loss(d(x), d(g(z))).detach(),
        "this is G's loss: D should call the fakes fake": lambda d, g, x, z: F.softplus(-d(g(z))).mean(),
        "the labels of the fakes are exchanged: −log(1 − D) is softplus(l)": lambda d, g, x, z: d_loss(d(x), -d(g(z).detach())),
        "the sign is turned round: this is V, and a loss is minimised": lambda d, g, x, z: -d_loss(d(x), d(g(z).detach())),
        "the real samples are missing": lambda d, g, x, z: F.softplus(d(g(z).detach())).mean(),
        "the fakes are missing": lambda d, g, x, z: F.softplus(-d(x)).mean(),
        "it is a sum over the batch: take the mean of each kind": lambda d, g, x, z: (
            F.softplus(-d(x)).sum() + F.softplus(d(g(z).detach())).sum()
        ),
        "one half is too much: here the two means are added, as in V": lambda d, g, x, z: d_loss(d(x), d(g(z).detach())) / 2,
    },
    _table,
    _d_step,
)


def _g_step(function: Callable[..., Any], g: nn.Module, d: nn.Module, x: Tensor, z: Tensor) -> Found:
    return reached(function(d, g, z), **{"G's weights": g})  # what it leaves in D's is thrown away before D's step


G_STEP = Line(
    lambda d, g, z: F.softplus(-d(g(z))).mean(),
    {
        "the fakes or D's answer are detached: then no gradient goes back through D to G": lambda d, g, z: F.softplus(
            -d(g(z).detach())
        ).mean(),
        "this is the saturating loss log(1 − D): Algorithm 1 as it is used ascends log D": lambda d, g, z: (
            -F.softplus(d(g(z))).mean()
        ),
        "the fakes are labelled fake: that is D's term, and G wants them called real": lambda d, g, z: F.softplus(d(g(z))).mean(),
        "the sign is turned round: this would push D's answers down": lambda d, g, z: -F.softplus(-d(g(z))).mean(),
        "it is a sum over the batch: take the mean": lambda d, g, z: F.softplus(-d(g(z))).sum(),
        "this is −D and not −log D, with a gradient that dies where D is sure": lambda d, g, z: -torch.sigmoid(d(g(z))).mean(),
        "this is −l, the loss of lecture 11: it has no lower bound, and its slope stays where D is fooled": lambda d, g, z: (
            -d(g(z)).mean()
        ),
    },
    _table,
    _g_step,
)

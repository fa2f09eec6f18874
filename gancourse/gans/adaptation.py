r"""Features that an adversary cannot read: of a domain (DANN), or of an attribute that a decision should not see.

A network F makes features, C classifies them, A reads from them what they should not say, a bit d.  With the reversal R,

    L = E[-log C(y | F(x))]  over the labelled samples   +   E[-log A(d | R(F(x)))]   over all,

one descent on L lets C and A minimise their terms, and F minimise the first and *maximise* ``strength`` times the second.
In domain adaptation d says from which domain x is, and only those of the source have labels.  In a fair representation d is the
attribute, and all have labels.

Everything here also works on :func:`gancourse.gans.ensemble.stack`-ed networks, [K, N, ...] instead of [N, ...], and then sums
over the members.

Sources: Ganin et al. 2016 (JMLR), algorithm 1; Edwards & Storkey 2016 and Madras et al. 2018 (the attribute).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.networks import ended_well, evaluating
from gancourse.losses.reversal import ramp, reverse

UNLABELLED = -1  # the label of a sample whose class nobody knows
Batches = Iterator[tuple[Tensor, Tensor, Tensor]]  # x [..., N, *], y int64 [..., N], d [..., N] of zeros and ones


@dataclass
class Players:
    """F, C and A: ``features`` x -> h [..., N, D]; ``classifier`` h -> logits [..., N, K]; ``adversary`` h -> logits [..., N]."""

    features: nn.Module
    classifier: nn.Module
    adversary: nn.Module
    history: dict[str, list[float]] = field(default_factory=lambda: {"class": [], "adversary": [], "strength": []})

    def predict(self, x: Tensor) -> Tensor:
        """The most likely class of each sample: int64 [..., N]."""
        with evaluating(self.features, self.classifier):
            out: Tensor = self.classifier(self.features(x)).argmax(-1)
            return out

    def read(self, x: Tensor) -> Tensor:
        """What the adversary takes d for: int64 [..., N] of zeros and ones."""
        with evaluating(self.features, self.adversary):
            out: Tensor = (self.adversary(self.features(x)) > 0).long()
            return out


def class_loss(logits: Tensor, y: Tensor) -> Tensor:
    """E[-log C(y | x)] over the labelled samples: [..., N, K] and int64 [..., N] -> [...]."""
    known = (y != UNLABELLED).float()
    if not bool((known.sum(-1) > 0).all()):
        raise ValueError(f"a batch without a labelled sample: labels are classes, {UNLABELLED} where nobody knows")
    each = -logits.log_softmax(-1).gather(-1, y.clamp_min(0)[..., None]).squeeze(-1)
    return (each * known).sum(-1) / known.sum(-1)


def adversary_loss(logits: Tensor, d: Tensor) -> Tensor:
    """E[-log A(d | x)] of logits of d = 1: [..., N] and [..., N] -> [...]; log 2 where nothing can be read."""
    return F.binary_cross_entropy_with_logits(logits, d.to(logits), reduction="none").mean(-1)


def losses(players: Players, x: Tensor, y: Tensor, d: Tensor, strength: float) -> tuple[Tensor, Tensor]:
    """Both terms of L, each the sum over the members of an ensemble."""
    h = players.features(x)
    return class_loss(players.classifier(h), y).sum(), adversary_loss(players.adversary(reverse(h, strength)), d).sum()


def fit_reversed(
    players: Players,
    batches: Batches,
    steps: int,
    *,
    lr: float = 1e-3,
    strength: float | Callable[[float], float] = ramp,
    ahead: int = 0,
) -> Players:
    """Train all three by Adam on L, in place; returns the players, with their losses of every step in ``history``.

    ``strength``: a number, or a function of the progress in [0, 1].  ``ahead``: steps that the adversary makes alone before each
    common one, as a critic does in WGAN.

    Raises: ValueError where the last loss is NaN or infinite.
    """
    steps = check.rounds("steps", steps)
    everybody = nn.ModuleList([players.features, players.classifier, players.adversary]).train()
    lr, ahead = check.positive("lr", lr), check.whole("ahead", ahead, 0)
    optimizer = torch.optim.Adam(everybody.parameters(), lr=lr)
    alone = torch.optim.Adam(players.adversary.parameters(), lr=lr)
    for step in range(steps):
        now = strength(step / steps) if callable(strength) else strength
        for _ in range(ahead):
            _adversary_step(players, alone, *next(batches))
        of_class, of_adversary = losses(players, *next(batches), now)
        optimizer.zero_grad(set_to_none=True)
        (of_class + of_adversary).backward()
        optimizer.step()
        for name, value in (("class", of_class), ("adversary", of_adversary), ("strength", now)):
            players.history[name].append(value.item() if isinstance(value, Tensor) else value)
    ended_well(of_class + of_adversary, steps)
    return players


def _adversary_step(players: Players, optimizer: torch.optim.Optimizer, x: Tensor, _: Tensor, d: Tensor) -> None:
    """A's own step; the features stand still."""
    with torch.no_grad():
        h = players.features(x)
    optimizer.zero_grad(set_to_none=True)
    adversary_loss(players.adversary(h), d).sum().backward()
    optimizer.step()

r"""ADDA: a GAN between the features of two domains, where the "generator" is an encoder of its own for the target.

First F and C learn the source.  Then F stands still, and a copy of it, T, learns to make features of target samples that a
discriminator D cannot tell from F's of source samples:

    L_D = E_s[-log D(F(x))] + E_t[-log(1 - D(T(x)))],        L_T = E_t[-log D(T(x))].

At the end C classifies T's features.  No label of the target is used, and none of the source after the first part; nothing but
its start ties a target sample of one class to source features of the same.

Source: Tzeng et al. 2017 (CVPR).
"""

from __future__ import annotations

import copy

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check
from gancourse.base.networks import ended_well, evaluating
from gancourse.gans.adaptation import Batches, Players, adversary_loss


def fit_adda(trained: Players, batches: Batches, steps: int, *, lr: float = 1e-3) -> Players:
    """T by ``steps`` rounds against a D that goes on from ``trained.adversary``; returns players with T in the place of F.

    ``trained`` is left as it is.  The first half of each batch is the source, d = 0, the second half the target, d = 1.
    """
    target = Players(copy.deepcopy(trained.features), trained.classifier, copy.deepcopy(trained.adversary))
    target.history = {"target": [], "adversary": []}  # no class is learnt here
    lr = check.positive("lr", lr)
    learn_t, learn_d = (
        torch.optim.Adam(network.parameters(), lr=lr, betas=(0.5, 0.999)) for network in (target.features, target.adversary)
    )
    steps = check.rounds("steps", steps)
    for _ in range(steps):
        x, _, d = next(batches)
        half = _half(d)
        source, other = x.narrow(d.ndim - 1, 0, half), x.narrow(d.ndim - 1, half, half)
        with evaluating(trained.features):
            wanted = trained.features(source)
        made = target.features(other)
        both = torch.cat([wanted, made.detach()], d.ndim - 1)
        loss_d = adversary_loss(target.adversary(both), d).sum()  # D's logit is that of the target
        learn_d.zero_grad(set_to_none=True)
        loss_d.backward()
        learn_d.step()
        loss_t = F.softplus(target.adversary(made)).mean(-1).sum()
        learn_t.zero_grad(set_to_none=True)
        loss_t.backward()
        learn_t.step()
        target.history["target"].append(loss_t.item())
        target.history["adversary"].append(loss_d.item())
    ended_well(loss_t + loss_d, steps)
    return target


def _half(d: Tensor) -> int:
    """How many samples of each domain a batch has, if d [..., N] is 0 for the first half and 1 for the second."""
    half = d.shape[-1] // 2
    if not half or d.shape[-1] % 2 or d[..., :half].any() or not (d[..., half:] == 1).all():
        raise ValueError("a batch is as many samples of the source, d = 0, as of the target behind them, d = 1: sort it by d")
    return half

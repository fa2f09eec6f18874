r"""AdaGAN's reweighting: what the next GAN of a mixture should be trained on.

A mixture Q of generators misses a part of the data P.  The next component R gets the weight beta, and is best when
(1 - beta) Q + beta R is as near to P as can be.  For samples x_i of the data with the ratios r_i = q(x_i) / p(x_i) the best R
weighs them by

    w_i = ( lambda - (1 - beta) r_i )_+ / (beta N),        lambda such that the w_i sum to 1:

points that Q makes too often get nothing, points that it misses most.  A discriminator between Q and P knows the ratio,
r = exp(-l).

Source: Tolstikhin et al. 2017 (NeurIPS), theorem 1 and algorithm 2.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gancourse.base import check


def boosting_weights(ratio: Tensor, beta: float) -> Tensor:
    """The weights of N samples, which sum to 1, from the ratios q / p at them: [..., N] -> [..., N]."""
    ratio, beta = check.finite("ratio", check.floats("ratio", ratio)), check.number("beta", beta)
    if not 0 < beta <= 1:
        raise ValueError(f"beta must lie in (0, 1], not {beta}: it is the next component's share of the mixture")
    if (ratio < 0).any():
        raise ValueError("ratio holds numbers below 0: it is q / p, exp(-l) for a discriminator's logit l")
    n = ratio.shape[-1]
    low = ((1 - beta) * ratio).sort(-1).values  # lambda lies above the first k of these, and the k is the right one if it does
    k = torch.arange(1, n + 1, device=ratio.device)
    levels = (beta * n + low.cumsum(-1)) / k
    used = (levels > low).sum(-1, keepdim=True).clamp_min(1)
    level = levels.gather(-1, used - 1)
    return (level - (1 - beta) * ratio).clamp_min(0) / (beta * n)


def drawn_by(weights: Tensor, points: Tensor, n: int, seed: int = 0) -> Tensor:
    """n of the points [N, ...], with replacement, by their weights [N]."""
    source = torch.Generator().manual_seed(check.seed(seed))
    return points[torch.multinomial(weights, check.whole("n", n), replacement=True, generator=source)]

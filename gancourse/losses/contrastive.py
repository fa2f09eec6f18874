"""The contrastive loss of pairs: within a batch each picture has to find its own sentence, and each sentence its own picture."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check


def contrastive(a: Tensor, b: Tensor, temperature: float = 0.1) -> Tensor:
    r"""The mean cross-entropy of finding b_i among all b for a_i, and a_i among all a for b_i: a scalar.

        s_ij = a_i . b_j / temperature,    L = - 1/(2N) sum_i [ log softmax_j(s_ij)_i + log softmax_j(s_ji)_i ]

    a, b: vectors [N, D], usually of length 1; row i of one belongs to row i of the other.  Guessing gives log N.

    Source: the sentence half of the DAMSM loss of Xu et al. 2018 (AttnGAN), equations 11 and 12.
    """
    if check.floats("a", a, 2).shape != check.floats("b", b, 2).shape or len(a) < 2:
        raise ValueError(f"a and b must both be [N, D] with two rows or more, not {list(a.shape)} and {list(b.shape)}")
    scores = a @ b.T / check.positive("temperature", temperature)  # [N, N]
    own = torch.arange(len(a), device=a.device)
    return (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own)) / 2

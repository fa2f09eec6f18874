"""Lecture 09: what AC-GAN's generator minimises, and the logit of the projection discriminator."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.classroom.lines import Line
from gancourse.classroom.right import products


def _heads(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """Of 6 fakes: the logits of "real", those of 4 classes, and the classes that were asked for."""
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(6, generator=draw), 2 * torch.randn(6, 4, generator=draw), torch.randint(4, (6,), generator=draw)


ACGAN_G = Line(
    lambda real, classes, y: F.softplus(-real).mean() + F.cross_entropy(classes, y),
    {
        "the class term has its sign turned: G would run from the class that it was asked for": lambda r, c, y: (
            F.softplus(-r).mean() - F.cross_entropy(c, y)
        ),
        "both signs are turned: L_S and L_C were taken for losses, and they are log-likelihoods": lambda r, c, y: (
            -F.softplus(-r).mean() - F.cross_entropy(c, y)
        ),
        "this helps D to unmask the fakes: softplus(l) is what D pays for a fake": lambda r, c, y: (
            F.softplus(r).mean() + F.cross_entropy(c, y)
        ),
        "this is −L_S in its saturating form: the text asks for −log P(real)": lambda r, c, y: (
            -F.softplus(r).mean() + F.cross_entropy(c, y)
        ),
        "the class is missing: nothing asks G to obey": lambda r, c, y: F.softplus(-r).mean(),
        "only the class is in it: nothing asks whether the picture is real": lambda r, c, y: F.cross_entropy(c, y),
        "a softmax too many: cross_entropy takes the logits themselves": lambda r, c, y: (
            F.softplus(-r).mean() + F.cross_entropy(c.softmax(1), y)
        ),
        "the likelihood of the class stands without its logarithm": lambda r, c, y: (
            F.softplus(-r).mean() - c.softmax(1).gather(1, y[:, None]).mean()
        ),
        "it is a sum over the batch: take means": lambda r, c, y: 6 * (F.softplus(-r).mean() + F.cross_entropy(c, y)),
    },
    _heads,
)


def _features(seed: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Features of 5 samples, a vector for each of 4 labels, the labels, and what D says without them."""
    draw = torch.Generator().manual_seed(seed)
    h, e = torch.randn(5, 3, generator=draw), torch.randn(4, 3, generator=draw)
    return h, e, torch.randint(4, (5,), generator=draw), torch.randn(5, generator=draw)


PROJECTION = Line(
    lambda h, e, y, psi: products(h, y, e) + psi,
    {
        "psi is missing: what D says of a picture whatever its label": lambda h, e, y, psi: products(h, y, e),
        "the label does not enter: this is the logit of an unconditional D": lambda h, e, y, psi: psi,
        "it is a mean over the features: an inner product is their sum": lambda h, e, y, psi: (e[y] * h).mean(1) + psi,
        "each sample is multiplied with all labels: it needs the vector of its own": lambda h, e, y, psi: h @ e.T + psi[:, None],
        "each sample is multiplied with the labels of the whole batch": lambda h, e, y, psi: h @ e[y].T + psi,
        "the products are not summed: a logit is one number for each sample": lambda h, e, y, psi: e[y] * h + psi[:, None],
        "the label's term and psi are multiplied: logarithms add up": lambda h, e, y, psi: (e[y] * h).sum(1) * psi,
        "this is log p(y | x) of a classifier, the real side alone: e_y is a difference already, and needs no softmax": (
            lambda h, e, y, psi: (h @ e.T).log_softmax(1).gather(1, y[:, None])[:, 0] + psi
        ),
        "the vector is added and not multiplied: that is a bias by label, as a one-hot code gives": lambda h, e, y, psi: (
            (e[y] + h).sum(1) + psi
        ),
    },
    _features,
)

"""Lecture 11: the critic's lines."""

from __future__ import annotations

import torch
from torch import Tensor

from gancourse.classroom.asked.minimax import real_and_fake
from gancourse.classroom.lines import Line
from gancourse.classroom.right import centred_at_1
from gancourse.classroom.right import lengths as _norms
from gancourse.losses import saturating_d as d_loss
from gancourse.losses import wasserstein_d

CRITIC_LOSS = Line(
    wasserstein_d,
    {
        "the sign is turned round: this is the difference that the critic maximises, and a loss is minimised": lambda r, f: (
            r.mean() - f.mean()
        ),
        "this is the generator's loss, −E f(G(z))": lambda r, f: -f.mean(),
        "the fakes are missing: then f rises everywhere and shows no difference": lambda r, f: -r.mean(),
        "the real ones are missing: then f falls everywhere and shows no difference": lambda r, f: f.mean(),
        "the values went through a sigmoid: a critic's values are no logits of probabilities": lambda r, f: (
            torch.sigmoid(f).mean() - torch.sigmoid(r).mean()
        ),
        "this is the GAN's loss: a critic's has no logarithm": d_loss,
        "it is a sum over the batch: take the mean of each kind": lambda r, f: f.sum() - r.sum(),
        "the difference is squared: that is another distance, whose gradient vanishes as the clouds meet": lambda r, f: (
            f.mean() - r.mean()
        ).square(),
    },
    real_and_fake,
)


def _gradients(seed: int) -> tuple[Tensor]:
    """Gradients of a critic at 6 pictures of 3 channels, some steeper than 1 and some flatter."""
    draw = torch.Generator().manual_seed(seed)
    return (torch.randn(6, 3, 4, 4, generator=draw) * torch.tensor([0.02, 0.05, 0.1, 0.2, 0.3, 0.4]).view(6, 1, 1, 1),)


PENALTY = Line(
    lambda g: centred_at_1(_norms(g)),
    {
        "the norm runs over the channels alone, one for each pixel: flatten each picture first": lambda g: (
            (g.norm(dim=1) - 1).square().mean()
        ),
        "this is one norm of the whole batch: each sample has its own": lambda g: (g.norm() - 1).square(),
        "the mean is taken before the square: then slopes of 0 and 2 would be as good as 1": lambda g: (
            _norms(g).mean() - 1
        ).square(),
        "the norm is squared before 1 is taken off: a root is missing": lambda g: (_norms(g).square() - 1).square().mean(),
        "this is the one-sided form: the paper's punishes slopes below 1, too": lambda g: (
            (_norms(g) - 1).clamp(min=0).square().mean()
        ),
        "the target 1 is missing: this pulls every slope to 0, as R1 does": lambda g: _norms(g).square().mean(),
        "the deviation is not squared: flat places would pay for steep ones": lambda g: (_norms(g) - 1).mean(),
        "the deviation is not squared: this is its absolute value": lambda g: (_norms(g) - 1).abs().mean(),
        "it is a sum over the batch: take the mean": lambda g: (_norms(g) - 1).square().sum(),
    },
    _gradients,
)

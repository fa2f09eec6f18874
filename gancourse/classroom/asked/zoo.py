"""Lecture 23: an energy with a margin, and odds that weigh the generator's own samples."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.classroom.lines import Line
from gancourse.classroom.slips import summed, swapped, times


def _energies(seed: int) -> tuple[Tensor, Tensor, float]:
    """Energies of 6 real samples and of 6 fakes, some beyond the margin, and the margin."""
    draw = torch.Generator().manual_seed(seed)
    return 5 * torch.rand(6, generator=draw), 6 * torch.rand(6, generator=draw), 3.0


def _energy_loss(real: Tensor, fake: Tensor, margin: float) -> Tensor:
    return real.mean() + F.relu(margin - fake).mean()


MARGIN_D = Line(
    _energy_loss,
    {
        "the hinge is taken of the mean: a few fakes far beyond the margin pay for all the good ones": lambda r, f, m: (
            r.mean() + F.relu(m - f.mean())
        ),
        "the hinge is turned round: D wants the energy of fakes up to the margin, and cares no more beyond": lambda r, f, m: (
            r.mean() + F.relu(f - m).mean()
        ),
        "there is no hinge: D would push the fakes' energy up for ever": lambda r, f, m: r.mean() + (m - f).mean(),
        "real and fake are exchanged: the energy is to be low on data": swapped(_energy_loss),
        "the hinge is on the real samples as well: their energy is to be as low as it can": lambda r, f, m: (
            F.relu(r - m).mean() + F.relu(m - f).mean()
        ),
        "the fakes' energy is subtracted, with no end to it": lambda r, f, m: r.mean() - f.mean(),
        "this is what G minimises": lambda r, f, m: f.mean(),
        "the real samples are missing: an energy of m everywhere would be the best": lambda r, f, m: F.relu(m - f).mean(),
        "nothing is left of the fakes: they, or the margin, are missing, and 0 everywhere would be best": lambda r, f, m: (
            r.mean()
        ),
        "it is a sum over the batch: take means": summed(_energy_loss),
        "the sign is turned round: a loss is minimised": times(-1, _energy_loss),
    },
    _energies,
)


def _thrown(seed: int) -> tuple[Tensor, Tensor]:
    """D's logits of 6 samples of the generator, and the logarithms of the generator's own probabilities for them."""
    draw = torch.Generator().manual_seed(seed)
    return 1.5 * torch.randn(6, generator=draw), (0.05 + 0.5 * torch.rand(6, generator=draw)).log()


ODDS = Line(
    lambda logits, log_q: -((logits.softmax(0) - 1 / len(logits)) * log_q).sum(),
    {
        "the sign is turned round: likely samples would become unlikely": lambda o, q: ((o.softmax(0) - 1 / len(o)) * q).sum(),
        "the baseline is missing: even weights would still move the generator, by the chance of its draw": lambda o, q: (
            -(o.softmax(0) * q).sum()
        ),
        "the odds are turned round: these weigh what D takes for fake": lambda o, q: -(((-o).softmax(0) - 1 / len(o)) * q).sum(),
        "these are D's probabilities: the weights are its odds, e^l, divided by their sum": lambda o, q: (
            -((torch.sigmoid(o) - 1 / len(o)) * q).sum()
        ),
        "the odds are not divided by their sum": lambda o, q: -((o.exp() - 1 / len(o)) * q).sum(),
        "the logits themselves are the weights: a reward, as a policy gradient has it, and not the odds": lambda o, q: (
            -((o - 1 / len(o)) * q).sum()
        ),
        "it is a mean: the weights sum to 1 already": lambda o, q: -((o.softmax(0) - 1 / len(o)) * q).mean(),
        "the baseline is 1: with N samples even weights are 1/N": lambda o, q: -((o.softmax(0) - 1) * q).sum(),
        "the probabilities stand where their logarithms belong": lambda o, q: -((o.softmax(0) - 1 / len(o)) * q.exp()).sum(),
        "this is log D's mean, which no discrete sample can pass on": lambda o, q: -F.logsigmoid(o).mean(),
    },
    _thrown,
)

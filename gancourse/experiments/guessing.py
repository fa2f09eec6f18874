"""One missing value with several right answers, and players who must name it: the mean, a draw, one value, a blind draw.

A picture has two numbers.  The first, c in {-1, 1}, is visible: the context.  The second is missing, and c says how often it
takes each of three values.  A generator F(c, z) answers.  Whether it can *draw* hangs on two things that a context encoder may
lack: noise z, and a discriminator that sees c beside the answer.  Here each can be taken away by itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import torch
from torch import Tensor

from gancourse import scale
from gancourse.base import check, networks
from gancourse.gans.ensemble import Ensemble, EnsembleGAN, stack
from gancourse.gans.gan import Batch
from gancourse.models import mlp

if TYPE_CHECKING:
    from PIL.Image import Image

VALUES = (-0.9, 0.4, 0.8)  # dark hair, skin, background
CHANCES = ((0.10, 0.20, 0.70), (0.55, 0.30, 0.15))  # how often each occurs where c = -1, and where c = 1
STD = 0.05  # of the noise on a value
NEAR = 0.12  # an answer further than this from every value is none of them: 2.4 STD, and 0.4 and 0.8 are 0.4 apart


class Pixel:
    """The distribution of (c, x): a fair coin c = -1 or 1, and one of VALUES by the chances that go with it, plus N(0, STD^2)."""

    name = "a pixel and its context"

    def sample(self, n: int, seed: int | None = None, *, generator: torch.Generator | None = None) -> Tensor:
        """n pictures [n, 2]: context and value."""
        source = torch.Generator().manual_seed(check.seed(seed)) if generator is None else generator
        kind = torch.randint(2, (check.whole("n", n),), generator=source)
        return torch.stack([2.0 * kind - 1, self.given(kind, source)], 1)

    @staticmethod
    def given(kind: Tensor, source: torch.Generator) -> Tensor:
        """A value for each context, [n] -> [n]; kind is 0 where c = -1 and 1 where c = 1."""
        which = torch.multinomial(torch.tensor(CHANCES)[kind], 1, generator=source).squeeze(1)
        return torch.tensor(VALUES)[which] + STD * torch.randn(len(kind), generator=source)


class Guessing(EnsembleGAN):
    """L = squared E (x - F(c, z))^2 + adversarial L_adv, with -log D for the generator; one training of each seed.

    noise    False: z = 0, so that F has one answer for each c, as a context encoder has
    context  False: D sees the answer alone, as the discriminator of the context encoder does

    ``fit`` takes ``EnsembleBatches(Pixel(), ...)``, [K, N, 2].  Source: Pathak et al. 2016, equations 1 to 3; the noise and the D
    that sees what is given are those of Mirza & Osindero 2014, equation 2.
    """

    def __init__(
        self,
        seeds: Sequence[int],
        *,
        squared: float = 0.0,
        adversarial: float = 1.0,
        noise: bool = True,
        context: bool = True,
        hidden: Sequence[int] = (64, 64),
    ) -> None:
        if min(squared, adversarial) < 0 or squared == adversarial == 0:
            raise ValueError(f"the weights must be 0 or more and not both 0, not {squared} and {adversarial}")
        generators, discriminators = [], []
        for seed in seeds:
            with networks.seeded(seed):
                generators.append(mlp.Generator(2, 1, hidden))
                discriminators.append(mlp.Discriminator(2, hidden))
        super().__init__(stack(generators).to(scale.device()), stack(discriminators).to(scale.device()), seeds)
        self.squared, self.adversarial = squared, adversarial
        self.noise, self.context = check.flag("noise", noise), check.flag("context", context)

    def answer(self, generator: Ensemble, c: Tensor, z: Tensor) -> Tensor:
        """(c, F(c, z)) [K, N, 2] for contexts c [K, N, 1] and latents z [K, N, 2], whose second number is the noise."""
        noise = z[..., 1:] if self.noise else torch.zeros_like(c)
        return torch.cat([c, generator(torch.cat([c, noise], -1))], -1)

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> Batch:
        z = self.latents(real.shape[1], source)
        return Batch(real=real, z=z, fake=self.answer(cast(Ensemble, self.generator), real[..., :1], z), labels=labels, step=step)

    def judge(self, x: Tensor, batch: Batch | None = None) -> Tensor:
        seen = x if self.context else torch.cat([torch.zeros_like(x[..., :1]), x[..., 1:]], -1)
        return super().judge(seen, batch)

    def generator_loss(self, batch: Batch) -> Tensor:
        squared = (batch.fake - batch.real).square().sum(-1).mean(1).sum()  # c is the same in both
        loss = self.squared * squared
        return loss + self.adversarial * super().generator_loss(batch) if self.adversarial else loss


class Answers(NamedTuple):
    """What was asked, the truth, [N], what K players answered, [K, N], and five scores of each, [K]."""

    contexts: Tensor
    truth: Tensor
    values: Tensor
    error: Tensor  # squared error over that of the conditional mean
    variation: Tensor  # total variation between answers and truth, given the context, mean of both contexts
    none: Tensor  # share of answers that are near none of VALUES
    distance: Tensor  # Wasserstein-1 between answers and truth, given the context, mean of both contexts
    together: Tensor  # total variation between answers and truth, both contexts in one heap: what a blind D can see


def asked(game: Guessing, generator: Ensemble, n: int = 4000, seed: int = 99) -> Answers:
    """Ask for n missing values that no training has seen."""
    source = torch.Generator().manual_seed(seed)
    x = Pixel().sample(n, generator=source)
    members = len(game.seeds)
    z = torch.randn(members, n, 2, generator=source)
    with torch.no_grad():
        values = game.answer(generator, x[:, :1].expand(members, -1, -1).to(game.device), z.to(game.device))[..., 1].cpu()
    return scored(x, values)


def honest_draw(n: int = 4000, seed: int = 99, times: int = 5) -> Answers:
    """The same questions, answered ``times`` times by the truth drawn anew for each context: what a player can score at best."""
    source = torch.Generator().manual_seed(seed)
    x = Pixel().sample(n, generator=source)
    return scored(x, torch.stack([Pixel.given((x[:, 0] > 0).long(), source) for _ in range(times)]))


def expected(chances: Sequence[Sequence[float]] | Tensor) -> tuple[float, float]:
    """(error, variation) in closed form of a player who answers with VALUES by other ``chances`` [2, 3] than the truth.

    One row for each context, as in CHANCES; the answers have the noise of the truth.  An honest draw scores (2, 0).
    """
    ours, truth, levels = torch.as_tensor(chances).float(), torch.tensor(CHANCES), torch.tensor(VALUES)
    if ours.shape != truth.shape or not torch.allclose(ours.sum(1), torch.ones(2)):
        raise ValueError(f"chances must be two rows of three that sum to 1, one row for each context, not {ours.tolist()}")
    cost = (ours * (truth @ (levels[:, None] - levels).square())).sum(1).mean() + 2 * STD**2
    least = (truth @ levels.square() - (truth @ levels).square()).mean() + STD**2
    return (cost / least).item(), (ours - truth).abs().sum(1).mean().item() / 2


def scored(x: Tensor, values: Tensor) -> Answers:
    """Answers [K, N] to the contexts of x [N, 2], beside the truth.

    The variation, 1/2 sum_k |p_k - q_k| for each context, is over four kinds of answers: near each of VALUES, and near none.
    Wasserstein-1 needs no windows: the mean difference between the sorted answers and the sorted truth.  Together is the
    variation of all answers from all of the truth, whatever the context, a fair coin; it is never above the variation.
    """
    kind = (x[:, 0] > 0).long()
    chances, levels = torch.tensor(CHANCES), torch.tensor(VALUES)
    best = x[:, 1] - (chances @ levels)[kind]
    error = (values - x[:, 1]).square().mean(1) / best.square().mean()
    away, which = (values[..., None] - levels).abs().min(-1)
    which = which.masked_fill(away > NEAR, len(levels))
    variation, distance = torch.zeros(2, len(values))
    heap = torch.zeros(len(values), len(levels) + 1)
    for context in (0, 1):
        of = kind == context
        found = torch.stack([(which[:, of] == k).float().mean(1) for k in range(len(levels) + 1)], 1)  # [K, 4]
        wanted = torch.cat([chances[context], torch.zeros(1)])
        variation += (found - wanted).abs().sum(1) / 4
        heap += (found - wanted) / 2
        distance += (values[:, of].sort().values - x[of, 1].sort().values).abs().mean(1) / 2
    return Answers(x[:, 0], x[:, 1], values, error, variation, (away > NEAR).float().mean(1), distance, heap.abs().sum(1) / 2)


def histograms(guesses: Mapping[str, Answers]) -> Image:
    """A picture: a column for each player, a row for each context; the answers of each training, and the truth as a line.

    All panels have one scale, 0 to 0.35 of the answers in a bin of 0.04: the spike of a player with one answer is cut.
    """
    from gancourse.viz.figures import rendered
    from gancourse.viz.pictures import COLOURS

    edges = np.linspace(-1.2, 1.2, 61)

    def draw(figure: Any) -> None:
        axes = figure.subplots(2, len(guesses), sharex=True, sharey=True, squeeze=False)
        for column, (name, got) in zip(axes.T, guesses.items(), strict=True):
            for ax, c in zip(column, (-1, 1), strict=True):
                here = got.contexts == c
                share = np.full(int(here.sum()), 1 / int(here.sum()))
                for answers in got.values[:, here]:
                    ax.hist(answers.numpy(), edges, weights=share, color=COLOURS["fake"], alpha=0.35, label="one training")
                ax.hist(
                    got.truth[here].numpy(), edges, weights=share, histtype="step", color="black", linewidth=1.3, label="truth"
                )
                ax.set(yticks=[], ylim=(0, 0.35))
            column[0].set_title(name, fontsize=10)
        for ax, c in zip(axes[:, 0], (-1, 1), strict=True):
            ax.set_ylabel(f"c = {c}")
        known = axes[0, -1].get_legend_handles_labels()
        figure.legend(*(parts[-2:] for parts in known), loc="outside lower center", ncols=2)

    return rendered(draw, 1300, 420)

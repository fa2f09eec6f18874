"""StyleGAN2's game: non-saturating losses, lazy R1, path length regularisation, style mixing.

    path length   (||J_w^T y||_2 - a)^2,   y ~ N(0, I) / sqrt(number of pixels),  a the running mean of the norm

asks that a step in w change the image by an amount that is the same everywhere.  Both penalties are computed at every so
many steps and multiplied by that number.  (The authors' code takes them in optimiser steps of their own and corrects the
learning rate for the extra steps; here they are added to the step's loss, and nothing needs correcting.)

Source: Karras et al. 2020 (StyleGAN2), sections 3.1 and 3.2, appendix B; style mixing Karras et al. 2019, section 3.1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Protocol, cast

import torch
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import check, ranks
from gancourse.base.networks import widened
from gancourse.gans.gan import GAN, Batch
from gancourse.losses import penalties
from gancourse.losses.penalties import Penalty
from gancourse.models.stylegan2 import Generator, measure_average


@dataclass(kw_only=True)
class StyleBatch(Batch):
    """A round of the game: the styles that made the fakes, and noise images where a path length is due."""

    ws: Tensor  # [N, layers, w_dim], with its graph
    directions: Tensor | None = None  # [M, C, H, W]


@dataclass(frozen=True)
class PathLength:
    """weight * (||J^T y|| - running mean)^2 at every ``every``-th step, on a ``shrink``-th of the batch.

    The running mean moves by ``decay`` of the way to each new measurement.
    """

    weight: float = 2.0
    every: int = 4
    decay: float = 0.01
    shrink: int = 2

    def __post_init__(self) -> None:
        check.at_least("weight", self.weight)
        check.whole("every", self.every)
        check.whole("shrink", self.shrink)
        check.within("decay", check.positive("decay", self.decay), 0, 1)


def path_lengths(images: Tensor, ws: Tensor, directions: Tensor) -> Tensor:
    """||J^T y|| for each sample, the mean square over the layers' styles: [N], differentiable.

    images = g(ws) with ws [N, layers, w_dim]; ``directions`` y has the images' shape and variance 1 / (H W).
    """
    (gradient,) = torch.autograd.grad((widened(images) * directions).sum(), ws, create_graph=True)  # [N, layers, w_dim]
    squares = widened(gradient).square().sum(2).mean(1)
    return torch.where(squares > 0, squares, 1.0).sqrt() * (squares > 0)  # at 0 the root's own slope is infinite


class Styled(Protocol):
    """A generator in two parts."""

    def styles(self, z: Tensor, labels: Tensor | None = None) -> Tensor: ...

    def synthesis(self, ws: Tensor, noise: str = "random") -> Tensor: ...


class StyleGAN2(GAN[StyleBatch]):
    """The game with styles; ``generator`` has ``styles`` and ``synthesis`` as :mod:`gancourse.models.stylegan2` has them.

    Args:
        penalty: by default R1 with weight ``gamma`` (1) at every 16th step; 0.0002 * pixels / batch size is a start for gamma.
        path: path length regularisation, or None for none (small data, small images).
        mixing: the share of samples whose finer layers take the style of a second latent.
        noise_from: the step from which the generator gets its noise.  Early on a generator that knows no details yet makes
            them of noise, which a short training then has to unlearn.

    With a conditional generator (``label_dim`` > 0) batches must bring labels: real images' labels are the fakes' too.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: str | losses.Objective = "non_saturating",
        penalty: Penalty | None = None,
        *,
        gamma: float | None = None,
        path: PathLength | None = None,
        mixing: float = 0.9,
        noise_from: int = 0,
        latent_dim: int | None = None,
    ) -> None:
        if penalty is not None and gamma is not None:
            raise ValueError("gamma is the strength of the R1 that is played without a penalty of yours: pass one of the two")
        penalty = penalties.r1(1.0 if gamma is None else gamma, every=16) if penalty is None else penalty
        super().__init__(generator, discriminator, objective, penalty, latent_dim)
        self.path, self.mixing = path, check.probability("mixing", mixing)
        self.noise_from = check.whole("noise_from", noise_from, 0)
        self.path_mean = torch.zeros(())

    @property
    def label_dim(self) -> int:
        """How many classes the networks know; 0 for none."""
        return int(getattr(self.generator, "label_dim", 0))

    @property
    def styled(self) -> Styled:
        """The generator, by its two parts."""
        return cast(Styled, self.generator)

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> StyleBatch:
        """Draw latents and styles, mix them, and make the fakes."""
        if self.label_dim and labels is None:
            raise ValueError("the generator is conditional: pass batches with labels, Batches(..., labels=True)")
        labels = labels if self.label_dim else None
        z = self.joint_latents(len(real), source)
        ws = self._mixed(self.styled.styles(z, labels), labels, source)
        directions = None
        if self.path is not None and step % self.path.every == 0:
            directions = self._directions(real, self.path, source)
        fake = widened(self._synthesised(ws, step))
        return StyleBatch(real=real, z=z, fake=fake, labels=labels, step=step, ws=ws, directions=directions)

    def _directions(self, real: Tensor, path: PathLength, source: torch.Generator) -> Tensor:
        """y ~ N(0, I) / sqrt(number of pixels) for a ``shrink``-th of the batch."""
        if ranks.here().size > 1 and len(real) % path.shrink:
            size = ranks.here().size
            raise ValueError(
                f"a path length on 1 / {path.shrink} of {size * len(real)} samples cannot be shared evenly by {size} processes: "
                f"take a batch size divisible by {size * path.shrink}"
            )
        pixels = math.sqrt(real.shape[2] * real.shape[3])
        n = max(1, len(real) // path.shrink)
        return ranks.drawn(n, lambda n: torch.randn(n, *real.shape[1:], generator=source) / pixels).to(real)

    def _synthesised(self, ws: Tensor, step: int) -> Tensor:
        return self.styled.synthesis(ws) if step >= self.noise_from else self.styled.synthesis(ws, "none")

    def _mixed(self, ws: Tensor, labels: Tensor | None, source: torch.Generator) -> Tensor:
        """From a random layer on, the style of a second latent, for a share ``mixing`` of the samples."""
        if not self.mixing:
            return ws
        n, layers = ws.shape[:2]
        crossover = ranks.drawn(n, lambda n: torch.randint(1, layers, (n,), generator=source))
        crossover[ranks.drawn(n, lambda n: torch.rand(n, generator=source)) >= self.mixing] = layers
        other = self.styled.styles(self.joint_latents(n, source), labels)
        from_other = torch.arange(layers) >= crossover[:, None]  # [N, layers]
        return torch.where(from_other.to(ws.device)[:, :, None], other, ws)

    def judge(self, x: Tensor, batch: StyleBatch | None = None) -> Tensor:
        """D's logits in float32 at least, of a conditional one those for the labels of ``batch``."""
        seen = (x, batch.labels if batch is not None else None) if self.label_dim else (x,)
        logits: Tensor = widened(self.discriminator(*seen))
        return logits

    def generator_loss(self, batch: StyleBatch) -> Tensor:
        """The objective, and the path length penalty where it is due."""
        loss = super().generator_loss(batch)
        if self.path is None or batch.directions is None:
            return loss
        return loss + self.path.every * self._path_penalty(batch, self.path, batch.directions)

    def _path_penalty(self, batch: StyleBatch, path: PathLength, directions: Tensor) -> Tensor:
        ws = batch.ws[: len(directions)]
        with torch.autocast(self.device.type, enabled=False):  # a derivative of a derivative needs float32's digits
            lengths = path_lengths(self._synthesised(widened(ws), batch.step), ws, directions)
        mean = self.path_mean.to(lengths).lerp(ranks.mean(lengths.detach().mean()), path.decay)
        self.path_mean = mean
        batch.log["path_length"] = lengths.mean()
        return path.weight * (lengths - mean).square().mean()

    def refresh_statistics(self, generator: nn.Module, rounds: int = 8, n: int = 64, seed: int = 0) -> None:
        """Measure the mean of w anew for an averaged generator, whose mapping is not the one that the running mean is of."""
        super().refresh_statistics(generator, rounds, n, seed)
        if isinstance(generator, Generator) and not generator.label_dim:
            measure_average(generator, seed=seed)

    def state_dict(self) -> dict[str, Any]:
        """The running mean of the path length."""
        return {"path_mean": self.path_mean}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what :meth:`state_dict` gave."""
        self.path_mean = state["path_mean"]

    def sample(self, n: int, seed: int = 0, generator: nn.Module | None = None, labels: Tensor | None = None) -> Tensor:
        """n samples in evaluation mode (constant noise), cut to [-1, 1]: the networks end without a tanh.

        A conditional generator takes ``labels``, or the classes in turn.
        """
        if not self.label_dim:
            return super().sample(n, seed, generator).clamp(-1, 1)
        z = self.latents(n, torch.Generator().manual_seed(seed))
        labels = (torch.arange(n) % self.label_dim if labels is None else labels).to(z.device)
        return self.in_parts(generator, z, labels).clamp(-1, 1)

"""SRGAN: add detail that a small picture no longer holds, by a content loss and an adversarial one."""

from __future__ import annotations

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import check, networks
from gancourse.data.corruptions import downscale
from gancourse.gans.gan import Batch
from gancourse.gans.translation import Translation, nothing
from gancourse.losses.penalties import Penalty


class SuperResolution(Translation):
    r"""Ledig et al. (2017): L = L_content + 10^-3 L_adv.

    Batches are large pictures y; the small ones are made of them, ``scale`` times smaller by bicubic interpolation.

    content      None: squared error of pixels (SRResNet); or a function from pictures to features, whose squared error is taken
                 (SRGAN compares maps of a classifier, VGG in the paper: a match of textures need not be a match of pixels).  Of a
                 network the game keeps a copy in evaluation mode
    adversarial  0 trains SRResNet, the paper's starting point for SRGAN; D does not learn then
    pixels       weight of the squared error of pixels beside a ``content`` function; 0 in the paper
    penalty      on D, such as :func:`gancourse.losses.penalties.r1`; none in the paper

    Source: Ledig et al. 2017, equations 3 to 6.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: str | losses.Objective = "non_saturating",
        *,
        content: Callable[[Tensor], Tensor] | None = None,
        adversarial: float = 1e-3,
        pixels: float = 0.0,
        scale: int = 4,
        penalty: Penalty | None = None,
        examples: Tensor | None = None,
    ) -> None:
        super().__init__(generator, discriminator, objective, examples, penalty)
        self.content = None if content is None else networks.fixed(check.function("content", content))
        self.adversarial, self.pixels = check.at_least("adversarial", adversarial), check.at_least("pixels", pixels)
        if self.pixels and content is None:
            raise ValueError("pixels is a weight beside a content function, and without one pixels are all: leave it out")
        self.scale = check.whole("scale", scale)

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> Batch:
        low = downscale(real, self.scale)
        self.keep(low)
        return Batch(real=real, z=low, fake=networks.widened(self.run(self.generator, low)), labels=labels, step=step)

    def discriminator_loss(self, batch: Batch) -> Tensor:
        return super().discriminator_loss(batch) if self.adversarial else nothing(self.discriminator)

    def generator_loss(self, batch: Batch) -> Tensor:
        batch.log["pixels"] = pixels = F.mse_loss(batch.fake, batch.real)
        if self.content is None:
            loss = pixels
        else:
            with torch.no_grad():
                wanted = self.content(batch.real)
            batch.log["content"] = content = F.mse_loss(self.content(batch.fake), wanted)
            loss = content + self.pixels * pixels
        if self.adversarial:
            batch.log["adversarial"] = fooled = super().generator_loss(batch)
            loss = loss + self.adversarial * fooled
        return loss

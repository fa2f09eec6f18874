"""Pix2pix: a conditional GAN on pairs, with a loss that says "equal this target" beside the one that says "belong to the set"."""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import check
from gancourse.base.networks import widened
from gancourse.gans.gan import Batch
from gancourse.gans.translation import Translation, mean, nothing
from gancourse.losses.penalties import Penalty

RECONSTRUCTIONS = {"l1": F.l1_loss, "l2": F.mse_loss}


class Pix2Pix(Translation):
    r"""Isola, Zhu, Zhou & Efros (2017): D tells pairs (a, b) from pairs (a, G(a)).

        min_G max_D  E[log D(a, b)] + E[log(1 - D(a, G(a)))] + lambda E[|b - G(a)|]

    Batches are pairs (a, b), :class:`gancourse.data.PairBatches`.  D takes a and b side by side in the channels and returns
    logits of any shape, or a list of maps, one for each scale; losses are means over patches and scales.

    l1                lambda = 100; 0 leaves the term out
    adversarial       weight of the adversarial terms; 0 leaves D out of it, and D does not learn
    conditional       False: D sees b alone, so nothing stops G from ignoring a
    reconstruction    "l1", or "l2" to see more blur
    feature_matching  weight of the mean absolute difference between D's maps of (a, b) and of (a, G(a)), for
                      discriminators with ``features``; pix2pixHD and SPADE take 10
    discriminator_weight  factor on D's loss; the paper halves it to slow D down (Adam, which divides by the size of the
                      gradient, hardly notices)

    The five losses of the paper's table 1: L1 is ``adversarial=0``; GAN is ``l1=0, conditional=False``; cGAN is ``l1=0``; L1+GAN
    is ``conditional=False``; L1+cGAN is the default.

    The generator's only randomness is its dropout (:func:`gancourse.models.unet.keep_dropout`); a latent fed in beside a
    was ignored, the paper says.
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: str | losses.Objective = "non_saturating",
        *,
        l1: float = 100.0,
        adversarial: float = 1.0,
        conditional: bool = True,
        reconstruction: str = "l1",
        feature_matching: float = 0.0,
        discriminator_weight: float = 0.5,
        penalty: Penalty | None = None,
        examples: Tensor | None = None,
    ) -> None:
        super().__init__(generator, discriminator, objective, examples, penalty)
        self.l1, self.adversarial = check.at_least("l1", l1), check.at_least("adversarial", adversarial)
        self.feature_matching = check.at_least("feature_matching", feature_matching)
        self.discriminator_weight = check.at_least("discriminator_weight", discriminator_weight)
        self.conditional = check.flag("conditional", conditional)
        if l1 == adversarial == feature_matching == 0:
            raise ValueError("the generator has nothing to learn from: set l1 or adversarial above 0")
        if feature_matching and not hasattr(discriminator, "features"):
            raise ValueError(
                f"feature matching compares the discriminator's maps, and {type(discriminator).__name__} has no method features: "
                "take gancourse.models.spade.MultiScaleDiscriminator"
            )
        self.compare = RECONSTRUCTIONS[check.one_of("reconstruction", reconstruction, RECONSTRUCTIONS)]

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> Batch:
        """Translate the inputs of one batch of pairs (a, b).  In the round ``real`` is the target b, ``labels`` the input a."""
        a, b = real, labels
        if b is None:
            raise ValueError("pix2pix learns from pairs: pass batches of (a, b), such as gancourse.data.PairBatches")
        self.keep(a)
        return Batch(real=b, z=a.new_empty(0), fake=widened(self.run(self.generator, a)), labels=a, step=step)

    def joined(self, a: Tensor, b: Tensor) -> Tensor:
        """What D looks at: a and b side by side in the channels, or b alone."""
        return torch.cat([a, b], 1) if self.conditional else b

    def logits(self, x: Tensor) -> list[Tensor]:
        """D's logits as a list with one entry for each scale."""
        logits = self.discriminator(x)
        return [widened(scale) for scale in (logits if isinstance(logits, list) else [logits])]

    def judge(self, x: Tensor, batch: Batch | None = None) -> Tensor:
        """The mean of D's logits over patches and scales, for joined pictures x: [N].  (A penalty is one of this mean.)"""
        return torch.stack([scale.flatten(1).mean(1) for scale in self.logits(x)]).mean(0)

    def discriminator_loss(self, batch: Batch) -> Tensor:
        if self.adversarial == 0:
            return nothing(self.discriminator)
        real, fake = self.joined(batch.second, batch.real), self.joined(batch.second, batch.fake.detach())
        pairs = zip(self.logits(real), self.logits(fake), strict=True)
        loss = mean([self.objective.discriminator(r, f) for r, f in pairs]) * self.discriminator_weight
        return self.penalised(loss, batch, real, fake)

    def generator_loss(self, batch: Batch) -> Tensor:
        loss = batch.fake.new_zeros(())
        if self.l1:
            batch.log["reconstruction"] = distance = self.compare(batch.fake, batch.real)
            loss = loss + self.l1 * distance
        if self.adversarial:
            batch.log["adversarial"] = fooled = self._fooled(batch)
            loss = loss + self.adversarial * fooled
        if self.feature_matching:
            batch.log["feature_matching"] = matched = self._matched(batch)
            loss = loss + self.feature_matching * matched
        return loss

    def _fooled(self, batch: Batch) -> Tensor:
        fake = self.logits(self.joined(batch.second, batch.fake))
        if not self.objective.paired:
            return mean([self.objective.generator(f) for f in fake])
        with torch.no_grad():
            real = self.logits(self.joined(batch.second, batch.real))
        return mean([self.objective.generator(f, r) for f, r in zip(fake, real, strict=True)])

    def _features(self, x: Tensor) -> list[list[Tensor]]:
        maps: list[list[Tensor]] = cast(Any, self.discriminator).features(x)
        return maps

    def _matched(self, batch: Batch) -> Tensor:
        """Mean over scales of the sum over D's layers, the logits left out.  Source: Wang et al. 2018, equation 4."""
        fake = self._features(self.joined(batch.second, batch.fake))
        with torch.no_grad():
            real = self._features(self.joined(batch.second, batch.real))
        scales = []
        for f, r in zip(fake, real, strict=True):
            distance = fake[0][0].new_zeros(())
            for x, y in zip(f[:-1], r[:-1], strict=True):
                distance = distance + F.l1_loss(widened(x), widened(y))
            scales.append(distance)
        return mean(scales)

"""Pix2pix: a conditional GAN on pairs, with a loss that says "equal this target" beside the one that says "belong to the set"."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import check, networks
from gancourse.gans.gan import GAN, Batch

if TYPE_CHECKING:
    from gancourse.losses.penalties import ZeroCentred

EXAMPLES = 64  # inputs that a game keeps to show its progress with
RECONSTRUCTIONS = {"l1": F.l1_loss, "l2": F.mse_loss}


class Translation(GAN):
    """What the games from image to image share: instead of latents they start from inputs, some of which they keep.

    The first inputs that are played (or ``examples``, floats [N, C, H, W]) serve :meth:`sample` and the statistics of an averaged
    generator's batch normalisation; they are saved with the game.
    """

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module, objective: str | losses.Objective, examples: Tensor | None = None
    ) -> None:
        super().__init__(generator, discriminator, objective, latent_dim=0)
        self.examples = examples
        self._given = examples is not None

    def keep(self, x: Tensor) -> None:
        """Remember inputs until there are enough of them."""
        if self._given or (self.examples is not None and len(self.examples) >= EXAMPLES):
            return
        kept = x.detach() if self.examples is None else torch.cat([self.examples, x.detach()])
        # one memory layout, the one that a checkpoint gives back: another would add up in another order
        self.examples = kept[:EXAMPLES].clone(memory_format=torch.contiguous_format)

    def run(self, generator: nn.Module, x: Tensor) -> Tensor:
        """The generator's output for inputs."""
        return generator(x)

    def translate(self, x: Tensor, generator: nn.Module | None = None) -> Tensor:
        """Outputs for inputs [N, C, H, W] in evaluation mode, 64 at a time; ``generator`` may be an averaged copy."""
        player = generator if generator is not None else self.generator
        with networks.evaluating(player):
            return torch.cat([self.run(player, part.to(self.device)) for part in x.split(64)]).float()

    def sample(self, n: int, seed: int = 0, generator: nn.Module | None = None) -> Tensor:
        """Outputs for the first n examples; the same inputs every time, so ``seed`` changes nothing."""
        return self.translate(self._examples(n), generator)

    @torch.no_grad()
    def refresh_statistics(self, generator: nn.Module, rounds: int = 8, n: int = 64, seed: int = 0) -> None:
        """Measure the running statistics of ``generator``'s batch normalisation anew, over the examples."""
        if not networks.batch_norms(generator) or self.examples is None:
            return
        with networks.measuring_statistics(generator), networks.seeded(seed):  # dropout must not disturb the run
            for part in self.examples.split(max(2, len(self.examples) // rounds)):
                if len(part) > 1:
                    self.run(generator, part.to(self.device))

    def _examples(self, n: int) -> Tensor:
        if self.examples is None:
            raise ValueError("the game has seen no input yet: pass examples=..., or call translate with inputs of your own")
        if n > len(self.examples):
            raise ValueError(f"the game keeps {len(self.examples)} examples, not {n}: pass examples=..., or call translate")
        return self.examples[:n]

    def state_dict(self) -> dict[str, Any]:
        return {} if self._given or self.examples is None else {"examples": self.examples}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        if "examples" in state:
            self.examples = state["examples"].to(self.device)


@dataclass
class PairBatch(Batch):
    """A round on pairs: ``labels`` is the input a, ``real`` the target b, ``fake`` the output G(a)."""


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
        penalty: ZeroCentred | None = None,
        examples: Tensor | None = None,
    ) -> None:
        super().__init__(generator, discriminator, objective, examples)
        for what, weight in (("l1", l1), ("adversarial", adversarial), ("feature_matching", feature_matching)):
            if weight < 0:
                raise ValueError(f"{what} must be 0 or more, not {weight}")
        if l1 == adversarial == feature_matching == 0:
            raise ValueError("the generator has nothing to learn from: set l1 or adversarial above 0")
        if feature_matching and not hasattr(discriminator, "features"):
            raise ValueError(
                f"feature matching compares the discriminator's maps, and {type(discriminator).__name__} has no method features: "
                "take gancourse.models.spade.MultiScaleDiscriminator"
            )
        self.l1, self.adversarial, self.conditional = l1, adversarial, conditional
        self.compare = RECONSTRUCTIONS[check.one_of("reconstruction", reconstruction, RECONSTRUCTIONS)]
        self.feature_matching, self.discriminator_weight, self.penalty = feature_matching, discriminator_weight, penalty

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> PairBatch:
        """Translate the inputs of one batch of pairs: ``real`` is a and ``labels`` is b, in the order of the batch."""
        a, b = real, labels
        if b is None:
            raise ValueError("pix2pix learns from pairs: pass batches of (a, b), such as gancourse.data.PairBatches")
        self.keep(a)
        return PairBatch(real=b, z=a.new_empty(0), fake=self.run(self.generator, a).float(), labels=a, step=step)

    def joined(self, a: Tensor, b: Tensor) -> Tensor:
        """What D looks at: a and b side by side in the channels, or b alone."""
        return torch.cat([a, b], 1) if self.conditional else b

    def logits(self, x: Tensor) -> list[Tensor]:
        """D's logits as a list with one entry for each scale."""
        logits = self.discriminator(x)
        return [scale.float() for scale in logits] if isinstance(logits, list) else [logits.float()]

    def discriminator_loss(self, batch: Batch) -> Tensor:
        if self.adversarial == 0:
            return nothing(self.discriminator)
        real, fake = self.joined(batch.labels, batch.real), self.joined(batch.labels, batch.fake.detach())
        pairs = zip(self.logits(real), self.logits(fake), strict=True)
        loss = mean([self.objective.discriminator(r, f) for r, f in pairs]) * self.discriminator_weight
        if self.penalty is not None and batch.step % self.penalty.every == 0:
            batch.log["penalty"] = penalty = self.penalty(self.discriminator, real, fake)
            loss = loss + self.penalty.every * penalty
        return loss

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
        fake = self.logits(self.joined(batch.labels, batch.fake))
        if not self.objective.paired:
            return mean([self.objective.generator(f) for f in fake])
        with torch.no_grad():
            real = self.logits(self.joined(batch.labels, batch.real))
        return mean([self.objective.generator(f, r) for f, r in zip(fake, real, strict=True)])

    def _matched(self, batch: Batch) -> Tensor:
        """Mean over scales of the sum over D's layers, the logits left out.  Source: Wang et al. 2018, equation 4."""
        fake = self.discriminator.features(self.joined(batch.labels, batch.fake))
        with torch.no_grad():
            real = self.discriminator.features(self.joined(batch.labels, batch.real))
        scales = []
        for f, r in zip(fake, real, strict=True):
            scales.append(sum(F.l1_loss(x.float(), y.float()) for x, y in zip(f[:-1], r[:-1], strict=True)))
        return mean(scales)


def mean(terms: list[Tensor]) -> Tensor:
    """The mean of a list of scalars."""
    return torch.stack(terms).mean()


def nothing(module: nn.Module) -> Tensor:
    """A loss of zero that can be differentiated, for a player who sits out: all its gradients are zero."""
    return sum(parameter.sum() for parameter in module.parameters()) * 0.0

r"""BiGAN, also known as adversarially learned inference: a generator and its inverse, learnt in one game.

The encoder makes pairs (x, E(x)) of real samples, the generator pairs (G(z), z) of latents.  D sees a pair and says which of
the two made it:

    min_{G, E} max_D  E_x[log D(x, E(x))] + E_z[log(1 - D(G(z), z))]

For the best D this is 2 JS(P_E || P_G) - 2 log 2 over *joint* distributions of pairs.  It is least where P_E = P_G, and there
E and G are inverse to each other, though no term of the loss ever compares x with G(E(x)).

Sources: Donahue, Krahenbuhl & Darrell 2017 (ICLR); Dumoulin et al. 2017 (ICLR).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import check
from gancourse.gans.gan import GAN, Batch
from gancourse.losses import summed
from gancourse.models.latent_codes import Bidirectional

if TYPE_CHECKING:
    from gancourse.losses.penalties import ZeroCentred

MIRRORED = ("non_saturating", "hinge", "wasserstein")  # whose generator's loss asks for "real" at l and for "fake" at -l
OBJECTIVES = (*MIRRORED, "relativistic")


@dataclass
class PairBatch(Batch):
    """A round of BiGAN: ``code`` is E(real), with its graph, as ``fake`` is G(z) with its graph."""

    code: Tensor | None = None


class BiGAN(GAN):
    """D judges pairs: ``discriminator(x, z)`` -> logits [N].  ``players`` holds G and E, and ``fit`` trains them as one player.

    G wants its pairs to look like the encoder's, E wants its pairs to look like the generator's; both losses are the
    objective's generator loss, E's on the negated logits.  The relativistic loss is of the difference l(x, E(x)) - l(G(z), z),
    so there one loss serves both.  With ensembles the losses are sums over the members.

    ``penalty`` takes the gradient with respect to the whole pair, picture and latent, for pairs are what D compares.
    """

    def __init__(
        self,
        players: Bidirectional,
        discriminator: nn.Module,
        objective: str | losses.Objective = "non_saturating",
        penalty: ZeroCentred | None = None,
    ) -> None:
        super().__init__(players, discriminator, objective, penalty)
        if not hasattr(players, "encode"):
            raise ValueError("BiGAN needs G and E: pass Bidirectional(generator, encoder)")
        check.one_of("objective of BiGAN", self.objective.name, OBJECTIVES)
        self.members: int | None = getattr(players, "members", None)
        if self.members is not None:
            if penalty is not None:
                raise ValueError("an ensemble has no gradient penalty: train its members with BiGAN, one by one")
            self.objective = summed(self.objective, self.members)

    def latents(self, n: int, source: torch.Generator) -> Tensor:
        shape = (n, self.latent_dim) if self.members is None else (self.members, n, self.latent_dim)
        return torch.randn(shape, generator=source).to(self.device)

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> PairBatch:
        z = self.latents(len(real) if self.members is None else real.shape[1], source)
        fake, code = self.generator(z).float(), self.generator.encode(real).float()
        return PairBatch(real=real, z=z, fake=fake, labels=labels, step=step, code=code)

    def judge(self, x: Tensor, z: Tensor) -> Tensor:
        """D's logits for pairs, in float32: above 0 where it takes them for the encoder's."""
        return self.discriminator(x, z).float()

    def discriminator_loss(self, batch: PairBatch) -> Tensor:
        """(x, E(x)) is real, (G(z), z) is fake; neither E nor G is asked to change."""
        real, fake = (batch.real, batch.code.detach()), (batch.fake.detach(), batch.z)
        loss = self.objective.discriminator(self.judge(*real), self.judge(*fake))
        if self.penalty is not None and batch.step % self.penalty.every == 0:
            batch.log["penalty"] = penalty = self._pair_penalty(real, fake)
            loss = loss + self.penalty.every * penalty
        return loss

    def _pair_penalty(self, real: tuple[Tensor, Tensor], fake: tuple[Tensor, Tensor]) -> Tensor:
        """The penalty with each pair (x, z) as one vector [N, pixels + latent_dim], so that the gradient is that of both."""
        shape = real[0].shape[1:]

        def judge(pairs: Tensor) -> Tensor:
            return self.judge(pairs[:, : shape.numel()].unflatten(1, shape), pairs[:, shape.numel() :])

        return self.penalty(judge, *(torch.cat([x.flatten(1), z], 1) for x, z in (real, fake)))

    def generator_loss(self, batch: PairBatch) -> Tensor:
        """G's loss on its pairs plus E's on its own; one loss of both where the objective compares pairs with pairs."""
        if self.objective.paired:
            return self.objective.generator(self.judge(batch.fake, batch.z), self.judge(batch.real, batch.code))
        generated = self.objective.generator(self.judge(batch.fake, batch.z))
        encoded = self.objective.generator(-self.judge(batch.real, batch.code))
        batch.log["g_part"], batch.log["e_part"] = generated.detach(), encoded.detach()
        return generated + encoded

    def refresh_statistics(self, generator: nn.Module, rounds: int = 8, n: int = 64, seed: int = 0) -> None:
        """Measure G's batch statistics anew; E's, which come from real samples and not from latents, stay as they were copied."""
        super().refresh_statistics(generator.generator, rounds, n, seed)

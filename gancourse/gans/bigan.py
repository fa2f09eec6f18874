r"""BiGAN, also known as adversarially learned inference: a generator and its inverse, learnt in one game.

The encoder makes pairs (x, E(x)) of real samples, the generator pairs (G(z), z) of latents.  D sees a pair and says which of
the two made it:

    min_{G, E} max_D  E_x[log D(x, E(x))] + E_z[log(1 - D(G(z), z))]

For the best D this is 2 JS(P_E || P_G) - 2 log 2 over *joint* distributions of pairs.  It is least where P_E = P_G, and there
E and G are inverse to each other, though no term of the loss ever compares x with G(E(x)).

:class:`LatentRegressor` is their own baseline: E alone, trained to find z in G(z).

Sources: Donahue, Krahenbuhl & Darrell 2017 (ICLR); Dumoulin et al. 2017 (ICLR).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import check, networks
from gancourse.gans.gan import GAN, Batch
from gancourse.gans.translation import nothing
from gancourse.losses.penalties import Penalty
from gancourse.models.latent_codes import Bidirectional

MIRRORED = ("non_saturating", "hinge", "wasserstein")  # whose generator's loss asks for "real" at l and for "fake" at -l
OBJECTIVES = (*MIRRORED, "relativistic")


@dataclass(kw_only=True)
class CodedBatch(Batch):
    """A round of BiGAN: ``code`` is E(real), with its graph, as ``fake`` is G(z) with its graph."""

    code: Tensor


@torch.no_grad()
def refresh_encoder(players: Bidirectional, real: Tensor, n: int = 64) -> None:
    """Measure the batch statistics of E anew, as plain means over real samples [N, ...] in batches of ``n``.

    An average of weights takes E's statistics over from the network that is being trained, and they do not fit it.  Measure
    them before the average is used; without batch normalisation nothing changes.

    Source: Izmailov et al. 2018 (stochastic weight averaging), for the statistics of averaged weights.
    """
    if getattr(players.encoder, "members", None) is not None:
        raise ValueError("the encoder is an ensemble: take its members first, players.member(k)")
    with networks.measuring_statistics(players.encoder, seed=0):
        for part in networks.whole_batches(real, check.whole("n", n)):
            players.encode(part)


class BiGAN(GAN[CodedBatch]):
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
        penalty: Penalty | None = None,
    ) -> None:
        super().__init__(players, discriminator, objective, penalty)
        if not hasattr(players, "encode"):
            raise ValueError("BiGAN needs G and E: pass Bidirectional(generator, encoder)")
        self.generator: Bidirectional = players
        check.one_of("objective of BiGAN", self.objective.name, OBJECTIVES)

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> CodedBatch:
        batch = self.drawn(real, source, labels, step)
        return CodedBatch(**vars(batch), code=networks.widened(self.generator.encode(real)))

    def judge_pairs(self, x: Tensor, z: Tensor) -> Tensor:
        """D's logits for pairs, in float32 at least: above 0 where it takes them for the encoder's."""
        logits: Tensor = networks.widened(self.discriminator(x, z))
        return logits

    def judge(self, x: Tensor, batch: CodedBatch | None = None) -> Tensor:
        """D's logits for pairs that are joined as :meth:`joined` does it, of pictures shaped like the batch's."""
        if batch is None:
            raise ValueError("joined pairs do not say what shape their pictures have: pass the batch, or call judge_pairs(x, z)")
        shape = batch.real.shape[1:]
        return self.judge_pairs(x[:, : shape.numel()].unflatten(1, shape), x[:, shape.numel() :])

    @staticmethod
    def joined(x: Tensor, z: Tensor) -> Tensor:
        """Each pair (x, z) as one vector, [N, pixels + latent_dim]."""
        return torch.cat([x.flatten(1), z], 1)

    def discriminator_loss(self, batch: CodedBatch) -> Tensor:
        """(x, E(x)) is real, (G(z), z) is fake; neither E nor G is asked to change."""
        real, fake = (batch.real, batch.code.detach()), (batch.fake.detach(), batch.z)
        loss = self.objective.discriminator(self.judge_pairs(*real), self.judge_pairs(*fake))
        return loss if self.penalty is None else self.penalised(loss, batch, self.joined(*real), self.joined(*fake))

    def generator_loss(self, batch: CodedBatch) -> Tensor:
        """G's loss on its pairs plus E's on its own; one loss of both where the objective compares pairs with pairs."""
        if self.objective.paired:
            return self.objective.generator(self.judge_pairs(batch.fake, batch.z), self.judge_pairs(batch.real, batch.code))
        generated = self.objective.generator(self.judge_pairs(batch.fake, batch.z))
        encoded = self.objective.generator(-self.judge_pairs(batch.real, batch.code))
        batch.log["g_part"], batch.log["e_part"] = generated.detach(), encoded.detach()
        return generated + encoded

    def refresh_statistics(self, generator: nn.Module, rounds: int = 8, n: int = 64, seed: int = 0) -> None:
        """Measure G's batch statistics anew; E's come from real samples and not from latents: see :func:`refresh_encoder`."""
        super().refresh_statistics(generator.get_submodule("generator"), rounds, n, seed)


class LatentRegressor(GAN[CodedBatch]):
    """E alone, told z: min_E E_z |E(G(z)) - z|^2, the mean over latents, while G stands still in evaluation mode.

    ``players`` holds G and E, single or ensembles (then the loss is the sum over members).  Of the real samples that ``fit``
    hands over only the number counts.  G is frozen for good, here and for whoever else holds it.

    Source: Donahue et al. 2017, section 4 (the baseline "latent regressor", LR).
    """

    def __init__(self, players: Bidirectional) -> None:
        with networks.seeded(0):
            nobody = nn.Linear(1, 1)  # D sits out
        super().__init__(players, nobody.to(next(players.parameters()).device))
        if not hasattr(players, "encode"):
            raise ValueError("a latent regressor needs G and E: pass Bidirectional(generator, encoder)")
        self.generator: Bidirectional = players
        players.generator.requires_grad_(False)

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> CodedBatch:
        z = self.joint_latents(real.shape[len(self.stacked)], source)
        fake = self.drawing(self.generator, z)
        return CodedBatch(real=real, z=z, fake=fake, labels=labels, step=step, code=networks.widened(self.generator.encode(fake)))

    @staticmethod
    def drawing(players: Bidirectional, z: Tensor) -> Tensor:
        """G(z) of the G that stands still: its batch statistics are those that it came with."""
        with networks.evaluating(players.generator):
            made: Tensor = networks.widened(players(z))
        return made

    def discriminator_loss(self, batch: CodedBatch) -> Tensor:
        return nothing(self.discriminator)

    def generator_loss(self, batch: CodedBatch) -> Tensor:
        """The squared error of a latent, [K, N, D] summed over the K members."""
        return (batch.code - batch.z).square().mean((-2, -1)).sum()

    @torch.no_grad()
    def refresh_statistics(self, generator: nn.Module, rounds: int = 8, n: int = 64, seed: int = 0) -> None:
        """Measure E's batch statistics anew, on pictures that G draws; G keeps its own."""
        players, source = cast(Bidirectional, generator), torch.Generator().manual_seed(seed)
        with networks.measuring_statistics(players.encoder, seed + 1):
            for _ in range(rounds):
                players.encode(self.drawing(players, self.latents(n, source)))

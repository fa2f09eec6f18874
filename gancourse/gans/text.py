r"""Pictures for sentences: GAN-CLS, GAN-INT, and StackGAN's conditioning augmentation, each a switch of one game.

Batches are pairs (x, e) of pictures and sentence vectors (:class:`gancourse.data.captions.CaptionBatches`); the fakes of a round
are made for the sentences of its real pictures.

>>> generator, discriminator = text.Generator(), text.Discriminator()
>>> run = fit(TextGAN(generator, discriminator, mismatched=True), CaptionBatches(faces, vectors, 32), 1000)
>>> run.gan.sample(8, texts=encoder(tokens("a smiling person with red hair")), generator=run.generator)
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import check, ranks
from gancourse.base.networks import widened
from gancourse.gans.conditional import Labelled, Memory
from gancourse.gans.gan import GAN, Batch
from gancourse.losses.penalties import Penalty


class TextGAN(GAN):
    r"""Both players read the sentence e of a picture x; D may be shown pairs that do not belong together.

        L_D = - log D(x, e) - 1/2 [ log(1 - D(G(z, e), e)) + log(1 - D(x, e')) ]        mismatched: e' of another picture
        L_D = - log D(x, e) -       log(1 - D(G(z, e), e))                              else
        L_G = - log D(G(z, e), e)  [ - w log D(G(z, m), m) ]  [ + k KL ],               m = (e + e') / 2

    ``generator(z, e)`` and ``discriminator(x, e)`` take sentence vectors [N, D].

    mismatched    GAN-CLS: real pictures with the sentence of the picture before in the batch count as fake
    wrong         the third batch: "real", (x, e'), as in GAN-CLS, and two controls that cost as much.  "fake", (G(z, e), e'),
                  shows D as many wrong sentences; "own", (G(z', e), e) with the latents of the others, shows it none
    interpolated  w, GAN-INT: also make pictures for vectors half-way between two sentences, which no sentence has
    kl            k, the weight of the divergence of the generator's conditioning augmentation from N(0, I)

    Other objectives enter in the same way: with e' the discriminator's loss is the mean of that against the fakes and that
    against the mismatched pairs.  History columns: ``d_wrong``, the mean logit of the mismatched pairs, and ``kl``.

    Source: Reed et al. 2016, algorithm 1 (mismatched) and equation 5 (interpolated); Zhang et al. 2017, equations 3 and 4 (kl).
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        objective: str | losses.Objective = "non_saturating",
        penalty: Penalty | None = None,
        latent_dim: int | None = None,
        *,
        mismatched: bool = True,
        wrong: str = "real",
        interpolated: float = 0.0,
        kl: float = 0.0,
    ) -> None:
        super().__init__(generator, discriminator, objective, penalty, latent_dim)
        self.mismatched = check.flag("mismatched", mismatched)
        self.wrong = check.one_of("wrong", wrong, ("real", "fake", "own"))
        self.interpolated, self.kl = check.at_least("interpolated", interpolated), check.at_least("kl", kl)
        if kl and not hasattr(getattr(generator, "condition", None), "kl"):
            raise ValueError("kl is the weight of a conditioning augmentation: build the generator with augmented=True, or kl=0")
        self._memory = Memory()

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> Batch:
        """Draw latents and make fakes for the sentences of the real pictures."""
        batch = Batch(real, torch.empty(0), real, labels, step)  # fails here, by name, where sentences are missing
        self._memory.add(batch.second)
        batch.z = self.joint_latents(len(real), source)
        batch.fake = widened(self.generator(batch.z, batch.second))
        return batch

    def judge(self, x: Tensor, batch: Batch | None = None) -> Tensor:
        """D's logits for pictures with the sentences of ``batch``, in float32 at least."""
        logits: Tensor = widened(self.discriminator(x, batch.second if batch is not None else None))
        return logits

    def discriminator_loss(self, batch: Batch) -> Tensor:
        """What D minimises: real pairs against fakes, and against pictures with another's sentence."""
        fake = batch.fake.detach()
        real = self.judge(batch.real, batch)
        loss = self.objective.discriminator(real, self.judge(fake, batch))
        if self.mismatched:
            wrong = widened(self.discriminator(*self._third(batch, fake)))
            batch.log["d_wrong"] = wrong.mean()
            loss = (loss + self.objective.discriminator(real, wrong)) / 2
        return self.penalised(loss, batch, batch.real, fake)

    def _third(self, batch: Batch, fake: Tensor) -> tuple[Tensor, Tensor]:
        """The third batch of pairs: pictures, and the sentences that they are shown with."""
        if self.wrong == "own":
            with torch.no_grad():
                return widened(self.generator(others(batch.z), batch.second)), batch.second
        return batch.real if self.wrong == "real" else fake, others(batch.second)

    def generator_loss(self, batch: Batch) -> Tensor:
        """What G minimises, through D as it now is."""
        loss = super().generator_loss(batch)
        if self.interpolated:
            loss = loss + self.interpolated * self._between(batch)
        if self.kl:
            batch.log["kl"] = divergence = self.generator.condition.kl(batch.second)  # type: ignore[union-attr, operator]
            loss = loss + self.kl * divergence
        return loss

    def _between(self, batch: Batch) -> Tensor:
        """G's loss for vectors half-way between two sentences, with the same latents."""
        middle = (batch.second + others(batch.second)) / 2
        fake = widened(self.discriminator(self.generator(batch.z, middle), middle))
        real = self.judge(batch.real, batch).detach() if self.objective.paired else None
        return self.objective.generator(fake, real)

    def state_dict(self) -> dict[str, Any]:
        """The last sentences, with which the averaged generator's statistics are measured."""
        return self._memory.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over the last sentences of a checkpoint."""
        self._memory.load_state_dict(state, self.device)

    @property
    def seen(self) -> Tensor:
        """The last sentences that were played with, [n, D]."""
        if self._memory.last is None:
            raise ValueError("this game has seen no sentence yet: train it first, or pass texts=...")
        return self._memory.last

    @torch.no_grad()
    def refresh_statistics(self, generator: nn.Module, rounds: int = 8, n: int = 64, seed: int = 0) -> None:
        """As in :class:`GAN`, with sentences drawn from those that were last trained on."""
        if self._memory.last is not None:
            super().refresh_statistics(Labelled(generator, self._memory.last, seed), rounds, n, seed)

    def sample(self, n: int, seed: int = 0, generator: nn.Module | None = None, texts: Tensor | None = None) -> Tensor:
        """n samples in evaluation mode, for sentence vectors ``texts`` [n, D], or [1, D] for all; None: those last trained on.

        The same seed gives the same latents whatever the sentences.
        """
        if texts is None:
            texts = self.seen.repeat(-(-n // len(self.seen)), 1)[:n]
        texts = texts.expand(n, *texts.shape[1:]) if len(texts) == 1 else texts
        if len(texts) != n:
            raise ValueError(f"{len(texts)} sentences for {n} pictures: pass one for each, or one for all")
        return self.in_parts(generator, self.latents(n, torch.Generator().manual_seed(seed)), texts.to(self.device))


def others(e: Tensor) -> Tensor:
    """For each row the one before it, for the first the last: what belongs to other pictures, their sentences say."""
    every = ranks.gathered(e)
    if len(every) < 2:
        raise ValueError("a mismatched pair needs two sentences: play with batches of 2 or more")
    return ranks.part(every.roll(1, 0))

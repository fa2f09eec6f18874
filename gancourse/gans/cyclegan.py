"""CycleGAN: translation between two sets without pairs, tied to its input by the way back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import check, ranks
from gancourse.base.networks import widened
from gancourse.gans.gan import Batch
from gancourse.gans.translation import Translation, nothing

# The losses of the authors' code: least squares, the discriminator's halved, the generator's whole.
OBJECTIVE = losses.objective("least_squares")._replace(
    name="least_squares, whole for the generator", generator=lambda fake, real=None: (fake - 1).square().mean()
)
DIRECTIONS = ("ab", "ba")


class Two(nn.Module):
    """Two networks as one player: translators ``ab`` and ``ba``, or the discriminators of the sets ``a`` and ``b``."""

    ab: nn.Module
    ba: nn.Module

    def __init__(self, **networks: nn.Module) -> None:
        super().__init__()
        for name, network in networks.items():
            self.add_module(name, network)

    def forward(self, x: Tensor) -> Tensor:
        """The first network's output."""
        output: Tensor = next(iter(self.children()))(x)
        return output


class ImagePool:
    """A buffer of past fakes, so that D does not forget what G made a while ago.

    Until it holds ``size`` images it keeps each one and hands it on.  Then each new image is, with probability 1/2, handed on
    as it is, or else put in the place of a random old one, which is handed on instead.  It draws from a generator of its own, and
    its state is saved with the game.  ``size=0`` hands everything on.

    Source: Shrivastava et al. 2017; Zhu et al. 2017 take 50 images.
    """

    def __init__(self, size: int = 50, seed: int = 0) -> None:
        self.size = check.whole("size", size, 0)
        self.images: list[Tensor] = []
        self._source = torch.Generator().manual_seed(check.seed(seed))

    def __call__(self, images: Tensor) -> Tensor:
        """Images in, as many out: [N, C, H, W]."""
        if self.size == 0:
            return images
        given = []
        for image in images.detach().contiguous():  # the layout that a checkpoint gives back
            if len(self.images) < self.size:
                self.images.append(image.clone())
                given.append(image)
            elif torch.rand((), generator=self._source) < 0.5:
                place = int(torch.randint(self.size, (), generator=self._source))
                given.append(self.images[place])
                self.images[place] = image.clone()
            else:
                given.append(image)
        return torch.stack(given)

    def state_dict(self) -> dict[str, Any]:
        return {"images": list(self.images), "source": self._source.get_state()}

    def load_state_dict(self, state: dict[str, Any], device: torch.device | str = "cpu") -> None:
        self.images = [image.to(device) for image in state["images"]]
        self._source.set_state(state["source"].cpu())


@dataclass(kw_only=True)
class CycleBatch(Batch):
    """One round: ``real`` and ``labels`` are pictures of the sets A and B, ``fake`` G_ab(a) and ``fake_a`` G_ba(b)."""

    fake_a: Tensor

    @property
    def sets(self) -> tuple[tuple[str, Tensor, Tensor], tuple[str, Tensor, Tensor]]:
        """(name, real, fake) of each set."""
        return ("a", self.real, self.fake_a), ("b", self.second, self.fake)


class CycleGAN(Translation[CycleBatch]):
    r"""Zhu, Park, Isola & Efros (2017): two translators, two discriminators, and each translation must lead back.

        L = L_GAN(G_ab, D_b) + L_GAN(G_ba, D_a) + lambda E|G_ba(G_ab(a)) - a| + lambda E|G_ab(G_ba(b)) - b|

    Batches are (a, b), pictures of both sets that need not belong together: :class:`gancourse.data.UnpairedBatches`.

    cycle        the weights (forward, backward) of the two cycle terms, the paper's (10, 10); 0 leaves one out
    identity     weight of E|G_ab(b) - b| + E|G_ba(a) - a|, which keeps colours where nothing asks for a change; the authors' code
                 takes half of lambda, 5
    adversarial  0 leaves the discriminators out: the "cycle alone" of the ablation
    pool         size of the image pool of each discriminator

    With objective "non_saturating" and reconstruction by L2 this is DiscoGAN (Kim et al. 2017), with "wasserstein" and clipping
    DualGAN (Yi et al. 2017).
    """

    def __init__(
        self,
        ab: nn.Module,
        ba: nn.Module,
        discriminator_a: nn.Module,
        discriminator_b: nn.Module,
        objective: str | losses.Objective = OBJECTIVE,
        *,
        cycle: tuple[float, float] = (10.0, 10.0),
        identity: float = 0.0,
        adversarial: float = 1.0,
        pool: int = 50,
        seed: int = 0,
        examples: Tensor | None = None,
    ) -> None:
        super().__init__(Two(ab=ab, ba=ba), Two(a=discriminator_a, b=discriminator_b), objective, examples)
        self.ways = ab, ba
        if not check.is_row(cycle) or len(cycle) != 2:
            raise ValueError(f"cycle is a pair of weights, forward and backward, not {cycle!r}")
        self.cycle = check.at_least("cycle", cycle[0]), check.at_least("cycle", cycle[1])
        self.identity, self.adversarial = check.at_least("identity", identity), check.at_least("adversarial", adversarial)
        if not any((*self.cycle, self.identity, self.adversarial)):
            raise ValueError("the translators have nothing to learn from: set cycle, identity or adversarial above 0")
        if self.objective.paired:
            raise ValueError("the sets are unpaired: take an objective that judges pictures one by one")
        self.pools = {"a": ImagePool(pool, seed), "b": ImagePool(pool, seed + 1)}

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> CycleBatch:
        """Translate both ways: ``real`` are pictures of the set A, ``labels`` pictures of B, in the order of the batch."""
        if labels is None:
            raise ValueError("CycleGAN learns from two sets: pass batches of (a, b), such as gancourse.data.UnpairedBatches")
        a, b = real, labels
        self.keep(a)
        ab, ba = self.ways
        fake_a, fake_b = widened(ba(b)), widened(ab(a))
        return CycleBatch(real=a, z=a.new_empty(0), fake=fake_b, labels=b, step=step, fake_a=fake_a)

    def discriminator_loss(self, batch: CycleBatch) -> Tensor:
        """The sum of both discriminators' losses, each against fakes from its pool."""
        if self.adversarial == 0:
            return nothing(self.discriminator)
        loss = batch.real.new_zeros(())
        for name, real, fake in batch.sets:
            judge = getattr(self.discriminator, name)
            old = ranks.part(self.pools[name](ranks.gathered(fake.detach())))
            batch.log[f"d_{name}"] = part = self.objective.discriminator(widened(judge(real)), widened(judge(old)))
            loss = loss + part
        return loss

    def generator_loss(self, batch: CycleBatch) -> Tensor:
        ab, ba = self.ways
        (_, a, fake_a), (_, b, fake_b) = batch.sets
        loss = fake_a.sum() * 0.0
        if self.adversarial:
            for name, _, fake in batch.sets:
                judge = getattr(self.discriminator, name)
                batch.log[f"adversarial_{name}"] = part = self.objective.generator(widened(judge(fake)))
                loss = loss + self.adversarial * part
        if self.cycle[0]:
            batch.log["cycle_a"] = part = F.l1_loss(widened(ba(fake_b)), a)
            loss = loss + self.cycle[0] * part
        if self.cycle[1]:
            batch.log["cycle_b"] = part = F.l1_loss(widened(ab(fake_a)), b)
            loss = loss + self.cycle[1] * part
        if self.identity:
            batch.log["identity"] = part = F.l1_loss(widened(ab(b)), b) + F.l1_loss(widened(ba(a)), a)
            loss = loss + self.identity * part
        return loss

    def run(self, generator: nn.Module, x: Tensor) -> Tensor:
        return super().run(generator.get_submodule("ab") if _both(generator) else generator, x)

    def translate(self, x: Tensor, generator: nn.Module | None = None, direction: str = "ab") -> Tensor:
        """Pictures of one set as the other's, in evaluation mode; ``generator`` may be an averaged copy of both translators."""
        check.one_of("direction", direction, DIRECTIONS)
        player = self.generator if generator is None else generator
        return super().translate(x, player.get_submodule(direction) if _both(player) else player)

    def reconstruct(self, a: Tensor, noise: float = 0.0, seed: int = 0, generator: nn.Module | None = None) -> Tensor:
        """G_ba(G_ab(a) + noise * N(0, I)): the way there and back, the translation disturbed in between.

        A translation that carries its input as a faint pattern (Chu, Zhmoginov & Sandler 2017) leads back far worse as soon as
        noise too weak to see is added.
        """
        there = self.translate(a, generator)
        if noise:
            there = there + noise * torch.randn(there.shape, generator=torch.Generator().manual_seed(seed)).to(there)
        return self.translate(there, generator, "ba")

    @torch.no_grad()
    def refresh_statistics(self, generator: nn.Module, rounds: int = 8, n: int = 64, seed: int = 0) -> None:
        """Both ways: ``ab`` over the examples, ``ba`` over their translations."""
        if not _both(generator) or self.examples is None:
            return
        ab, ba = generator.get_submodule("ab"), generator.get_submodule("ba")
        super().refresh_statistics(ab, rounds, n, seed)
        examples, self.examples = self.examples, super().translate(self.examples, ab)
        try:
            super().refresh_statistics(ba, rounds, n, seed)
        finally:
            self.examples = examples

    def state_dict(self) -> dict[str, Any]:
        return {**super().state_dict(), "pools": {name: pool.state_dict() for name, pool in self.pools.items()}}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        super().load_state_dict(state)
        for name, pool in self.pools.items():
            pool.load_state_dict(state["pools"][name], self.device)


def _both(network: nn.Module) -> bool:
    """Whether it holds both translators: a game's :class:`Two`, or a shipped :class:`gancourse.models.translator.TwoWay`."""
    return hasattr(network, "ab") and hasattr(network, "ba")

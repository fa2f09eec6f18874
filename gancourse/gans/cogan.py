"""CoGAN: a joint distribution of two domains from samples of each alone, by weights that two GANs share."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import check, networks
from gancourse.base.networks import widened
from gancourse.gans.gan import GAN, Batch
from gancourse.models.dcgan import init_dcgan


def _channels(channels: int | tuple[int, int]) -> tuple[int, int]:
    each = check.row("channels", channels if check.is_row(channels) else (channels, channels))
    if len(each) != 2:
        raise ValueError(f"channels must be a number, or one for each of the two domains, not {channels}")
    return each[0], each[1]


def _halvings(size: int) -> int:
    check.power_of_two("size", size, 16)
    return size.bit_length() - 3  # between 4 x 4 and the full size


def _tied(tied: int | None, most: int) -> int:
    tied = most if tied is None else check.whole("tied", tied, None)
    if not 0 <= tied <= most:
        raise ValueError(f"tied must be 0 to {most} layers at this size, not {tied}")
    return tied


class CoGenerator(nn.Module):
    """G: latents [N, latent_dim] -> a pair of pictures (x1 [N, C1, size, size], x2 [N, C2, size, size]), one for each domain.

    A transposed convolution makes a 4 x 4 map, each further one doubles its side.  The first ``tied`` of the layers are one and
    the same for both domains: they decide what is in the picture.  The rest are each domain's own: they decide how it is
    drawn.  By default all but the last are tied; ``tied=0`` cuts every tie, and then only the latent is common.

    Source: Liu & Tuzel 2016, section 3 and figure 1.
    """

    def __init__(
        self,
        size: int = 32,
        latent_dim: int = 100,
        width: int = 32,
        channels: int | tuple[int, int] = 1,
        *,
        tied: int | None = None,
    ) -> None:
        super().__init__()
        doublings = _halvings(size)
        latent_dim, width = check.counts(latent_dim=latent_dim, width=width)
        self.size, self.latent_dim, self.tied = size, latent_dim, _tied(tied, doublings)

        def layers(last: int) -> list[nn.Module]:
            n = width * size // 8
            parts = [nn.Sequential(nn.ConvTranspose2d(latent_dim, n, 4, bias=False), nn.BatchNorm2d(n), nn.ReLU())]
            for _ in range(doublings - 1):
                conv = nn.ConvTranspose2d(n, n // 2, 4, stride=2, padding=1, bias=False)
                parts.append(nn.Sequential(conv, nn.BatchNorm2d(n // 2), nn.ReLU()))
                n //= 2
            return [*parts, nn.Sequential(nn.ConvTranspose2d(n, last, 4, stride=2, padding=1), nn.Tanh())]

        both = [layers(last) for last in _channels(channels)]
        self.shared = nn.Sequential(*both[0][: self.tied])
        self.own = nn.ModuleList(nn.Sequential(*domain[self.tied :]) for domain in both)
        init_dcgan(self)

    def forward(self, z: Tensor) -> tuple[Tensor, Tensor]:
        x = self.shared(check.latents(z, self.latent_dim)[:, :, None, None])
        return self.own[0](x), self.own[1](x)


class CoDiscriminator(nn.Module):
    """D: a picture of one domain -> logits [N]; the last ``tied`` layers are one and the same for both domains.

    The mirror image of the generator: each domain's own layers read its drawing, the tied ones judge what they found.  By default
    all but the first are tied.

    Source: Liu & Tuzel 2016, section 3.
    """

    def __init__(self, size: int = 32, width: int = 32, channels: int | tuple[int, int] = 1, *, tied: int | None = None) -> None:
        super().__init__()
        halvings = _halvings(size)
        width = check.whole("width", width, 1, check.COUNT)
        self.size, self.channels, self.tied = size, _channels(channels), _tied(tied, halvings)

        def layers(first: int) -> list[nn.Module]:
            n = width
            parts = [nn.Sequential(nn.Conv2d(first, n, 4, stride=2, padding=1), nn.LeakyReLU(0.2))]
            for _ in range(halvings - 1):
                conv = nn.Conv2d(n, 2 * n, 4, stride=2, padding=1, bias=False)
                parts.append(nn.Sequential(conv, nn.BatchNorm2d(2 * n), nn.LeakyReLU(0.2)))
                n *= 2
            return [*parts, nn.Sequential(nn.Conv2d(n, 1, 4), nn.Flatten(0))]

        both = [layers(first) for first in self.channels]
        cut = halvings + 1 - self.tied
        self.own = nn.ModuleList(nn.Sequential(*domain[:cut]) for domain in both)
        self.shared = nn.Sequential(*both[0][cut:])
        init_dcgan(self)

    def forward(self, x: Tensor, domain: int) -> Tensor:
        logits: Tensor = self.shared(self.own[domain](check.images(x, self.channels[domain], self.size)))
        return logits


@dataclass(kw_only=True)
class CoBatch(Batch):
    """One round: ``real`` and ``fake`` of the first domain, ``labels`` and ``other`` of the second, both fakes of one z."""

    other: Tensor

    @property
    def domains(self) -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
        """(real, fake) of each domain."""
        return (self.real, self.fake), (self.second, self.other)


class CoGAN(GAN[CoBatch]):
    """Liu & Tuzel (2016): two GANs, each for the marginal of its own domain, with tied weights.

    No loss compares the two pictures of a pair.  Batches are (x1, x2), pictures that need not belong together:
    :class:`gancourse.data.UnpairedBatches`.
    """

    def __init__(
        self, generator: CoGenerator, discriminator: CoDiscriminator, objective: str | losses.Objective = "non_saturating"
    ) -> None:
        super().__init__(generator, discriminator, objective)
        if self.objective.paired:
            raise ValueError("the domains are unpaired: take an objective that judges pictures one by one")

    def play(self, real: Tensor, source: torch.Generator, labels: Tensor | None = None, step: int = 0) -> CoBatch:
        if labels is None:
            raise ValueError("CoGAN learns from two domains: pass batches of (x1, x2), such as gancourse.data.UnpairedBatches")
        z = self.joint_latents(len(real), source)
        first, second = self.generator(z)
        return CoBatch(real=real, z=z, fake=widened(first), labels=labels, step=step, other=widened(second))

    def judge(self, x: Tensor, batch: CoBatch | None = None) -> Tensor:
        """Raises: a picture is of one of two domains."""
        raise ValueError("CoGAN's discriminator judges a picture of a domain: call discriminator(x, 0) or discriminator(x, 1)")

    def discriminator_loss(self, batch: CoBatch) -> Tensor:
        terms = []
        for domain, (real, fake) in enumerate(batch.domains):
            logits = self.discriminator(real, domain), self.discriminator(fake.detach(), domain)
            terms.append(self.objective.discriminator(*map(widened, logits)))
        return terms[0] + terms[1]

    def generator_loss(self, batch: CoBatch) -> Tensor:
        terms = [self.objective.generator(widened(self.discriminator(fake, i))) for i, (_, fake) in enumerate(batch.domains)]
        return terms[0] + terms[1]

    def sample_pairs(self, n: int, seed: int = 0, generator: nn.Module | None = None) -> tuple[Tensor, Tensor]:
        """n pairs in evaluation mode: the same latents drawn by both domains."""
        player = generator if generator is not None else self.generator
        z = self.latents(n, torch.Generator().manual_seed(seed))
        with networks.evaluating(player):
            parts = [player(part) for part in z.split(256)]
        return torch.cat([x for x, _ in parts]).float(), torch.cat([x for _, x in parts]).float()

    def sample(self, n: int, seed: int = 0, generator: nn.Module | None = None) -> Tensor:
        """n pairs, each as one picture with its two halves side by side: [N, C, H, 2 W]; a grey half is repeated in colour."""
        first, second = self.sample_pairs(n, seed, generator)
        channels = max(first.shape[1], second.shape[1])
        return torch.cat([x if x.shape[1] == channels else x.expand(-1, channels, -1, -1) for x in (first, second)], 3)

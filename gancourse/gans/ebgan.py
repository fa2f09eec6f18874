r"""EBGAN, the energy-based GAN: the discriminator is an energy, low on data, and pushed up on fakes no further than a margin.

With the energy E(x) = || x - D(x) ||, the error of an autoencoder D, and a margin m:

    D minimises   E(x) + max(0, m - E(G(z)))
    G minimises   E(G(z)) + repelling * f(S)

f is the *pulling-away term* on the codes S_i that D's encoder gives to a batch of fakes, the mean squared cosine of two of them,

    f(S) = 1 / (N (N - 1)) sum_i sum_{j != i} ( S_i . S_j / |S_i| |S_j| )^2,

which is small where fakes point in different directions.

Source: Zhao, Mathieu & LeCun 2016 (ICLR 2017), sections 2.1, 2.3 and 2.4.
"""

from __future__ import annotations

from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import check, ranks
from gancourse.base.networks import widened
from gancourse.gans.gan import GAN, Batch

SHORTEST = 1e-12  # a code of less length has no direction


def energy(autoencoder: nn.Module, x: Tensor) -> Tensor:
    """E(x) = || x - D(x) ||, for each sample: [N, ...] -> [N], for an ensemble [K, N, ...] -> [K, N]."""
    drawn = widened(autoencoder(x))
    if drawn.shape != x.shape:
        raise ValueError(
            f"EBGAN's discriminator must return samples as it was given, {list(x.shape)}, not {list(drawn.shape)}: "
            "pass an autoencoder such as gancourse.models.mlp.Autoencoder"
        )
    error: Tensor = torch.linalg.vector_norm((x - drawn).flatten(2 if hasattr(autoencoder, "members") else 1), dim=-1)
    return error


def codes(autoencoder: nn.Module, x: Tensor) -> Tensor:
    """What the encoder of a perceptron (or of an ensemble of such) makes of samples: [..., N, code_dim]."""
    if not hasattr(autoencoder, "encoder_layers"):
        raise ValueError("the pulling-away term needs codes: pass gancourse.models.mlp.Autoencoder, or repelling=0")
    network = cast(Any, autoencoder)
    found: Tensor = network.layers[: network.encoder_layers](x.flatten(2 if hasattr(network, "members") else 1))
    return found


def pulling_away(s: Tensor) -> Tensor:
    """f(S), the mean squared cosine of two different rows: [..., N, C] -> [...], in [0, 1]."""
    n = s.shape[-2]
    if n < 2:
        raise ValueError("the pulling-away term compares fakes with one another: take a batch of two or more")
    with torch.autocast(s.device.type, enabled=False):  # else the diagonal's ones are ones of bfloat16
        s = widened(s)
        directed = torch.linalg.vector_norm(s, dim=-1, keepdim=True) >= SHORTEST  # others have no part in the sum
        unit = F.normalize(s, dim=-1, eps=SHORTEST) * directed
        cosines = unit @ unit.transpose(-1, -2)  # [..., N, N], ones on the diagonal
        squared: Tensor = (cosines.square().sum((-1, -2)) - directed.sum((-1, -2))) / (n * (n - 1))
        return squared


class EBGAN(GAN):
    """The game of the module; plays ensembles too.

    margin: the energy beyond which D does not care how bad a fake is, in the data's units.
    repelling: the weight of the pulling-away term; 0.1 as published, 0 without it.
    """

    draws_again = True

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        margin: float = 1.0,
        repelling: float = 0.0,
        latent_dim: int | None = None,
    ) -> None:
        self.margin, self.repelling = check.positive("margin", margin), check.at_least("repelling", repelling)
        objective = losses.Objective("ebgan", self._of_discriminator, lambda fake, real=None: fake.mean())
        super().__init__(generator, discriminator, objective, latent_dim=latent_dim)

    def _of_discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return real.mean() + F.relu(self.margin - fake).mean()

    def judge(self, x: Tensor, batch: Batch | None = None) -> Tensor:
        """The energy of each sample in place of a logit; high means fake."""
        return energy(self.discriminator, x)

    def generator_loss(self, batch: Batch) -> Tensor:
        """E(G(z)) + repelling * f(S)."""
        loss = super().generator_loss(batch)
        if not self.repelling:
            return loss
        batch.log["pulling_away"] = apart = pulling_away(ranks.gathered(codes(self.discriminator, batch.fake))).sum()
        return loss + self.repelling * apart

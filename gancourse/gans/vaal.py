r"""VAAL: a variational autoencoder hides from a discriminator which samples have labels, and what it cannot hide is asked next.

An encoder gives each sample x a code, q(z|x) = N(m(x), s(x)^2); D reads from m(x) whether x is labelled (L) or from the pool (U).

    L_VAE = sum over L and U of  E_q |x - G(z)|^2  +  beta KL(q(z|x) || N(0, I))  -  weight log D(L | m(x))
    L_D   = -E_L[log D(L | m(x))]  -  E_U[log D(U | m(x))]

The autoencoder wants every sample to look labelled, D to tell the two apart.  What D still takes for the pool is unlike all that
is labelled; of it n are asked, those of which D is surest.  No class is looked at: the choice is the same for every task.

Source: Sinha, Ebrahimi & Darrell 2019 (ICCV), section 3; beta and weight are 1 there, too.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check, networks
from gancourse.gans.ensemble import Ensemble, stack
from gancourse.models import mlp
from gancourse.models.latent_codes import Encoder


class Players(nn.Module):
    """K autoencoders and K discriminators for samples of D numbers, as ensembles; ``latent_dim`` numbers a code."""

    def __init__(self, members: int, dim: int, latent_dim: int, hidden: tuple[int, ...] = (128,), seed: int = 0) -> None:
        super().__init__()
        with networks.seeded(seed):
            self.encoder: Ensemble = stack([Encoder(dim, 2 * latent_dim, hidden) for _ in range(members)])
            self.decoder: Ensemble = stack([mlp.Generator(latent_dim, dim, hidden[::-1]) for _ in range(members)])
            self.discriminator: Ensemble = stack([mlp.Discriminator(latent_dim, (64,)) for _ in range(members)])

    def code(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance [K, N, latent_dim] of q(z|x)."""
        mean, log_variance = self.encoder(x).chunk(2, dim=-1)
        return mean, log_variance

    def unlike(self, x: Tensor) -> Tensor:
        """D's logit of "from the pool" for samples [K, N, D]: [K, N]."""
        out: Tensor = self.discriminator(self.code(x)[0])
        return out


def enough(n: int, total: int, asked: Tensor) -> None:
    """Raise a ValueError if fewer than ``n`` of ``total`` rows are left beside those ``asked`` [K, M]."""
    if check.whole("n", n) > total - asked.shape[1]:
        raise ValueError(f"{n} samples are asked of {total - asked.shape[1]} that have no label: take a larger pool")


def choose_unlike(
    x: Tensor, asked: Tensor, n: int, *, latent_dim: int = 16, steps: int = 300, weight: float = 1.0, seed: int = 0
) -> Tensor:
    """n rows of the pool x [N, D] for each of K labelled sets ``asked`` [K, M]: [K, n], none of them labelled.

    The players begin anew; each step takes 64 labelled and 64 samples of the pool.  ``weight`` is that of hiding: with 0 D reads
    the codes of an autoencoder that does not mind.
    """
    check.finite("x", check.floats("x", x, 2))
    enough(n, len(x), asked)
    players = Players(len(asked), x.shape[1], check.whole("latent_dim", latent_dim), seed=seed)
    _play(players, x, asked, check.rounds("steps", steps), check.at_least("weight", weight), seed)
    with torch.no_grad():
        score = players.unlike(x.expand(len(asked), -1, -1)).scatter(1, asked, -torch.inf)
    return score.topk(n).indices


def autoencoder_loss(players: Players, x: Tensor, weight: float, source: torch.Generator, beta: float = 1.0) -> Tensor:
    """L_VAE of samples [K, N, D], a mean over N and a sum over K."""
    mean, log_variance = players.code(x)
    z = mean + (log_variance / 2).exp() * torch.randn(mean.shape, generator=source)
    redrawn = (players.decoder(z) - x).square().sum(-1)
    kl = (mean.square() + log_variance.exp() - 1 - log_variance).sum(-1) / 2
    seen = F.softplus(players.discriminator(mean))  # -log D(L | m): the logit is that of the pool
    loss: Tensor = (redrawn + beta * kl + weight * seen).mean(1).sum()
    return loss


def discriminator_loss(players: Players, labelled: Tensor, pool: Tensor) -> Tensor:
    """L_D of samples [K, N, D] of both kinds; the codes stand still."""
    with torch.no_grad():
        codes = torch.cat([players.code(labelled)[0], players.code(pool)[0]], 1)
    logits: Tensor = players.discriminator(codes)
    mine, others = logits.split([labelled.shape[1], pool.shape[1]], 1)
    return (F.softplus(mine).mean(1) + F.softplus(-others).mean(1)).sum()


def _play(players: Players, x: Tensor, asked: Tensor, steps: int, weight: float, seed: int) -> None:
    source = torch.Generator().manual_seed(seed)
    autoencoder = [*players.encoder.parameters(), *players.decoder.parameters()]
    learn, learn_d = (torch.optim.Adam(of, lr=1e-3) for of in (autoencoder, players.discriminator.parameters()))
    for _ in range(steps):
        labelled = x[asked[:, torch.randint(asked.shape[1], (64,), generator=source)]]
        pool = x[torch.randint(len(x), (len(asked), 64), generator=source)]  # a labelled row among them is rare, and harmless
        _step(learn, autoencoder_loss(players, torch.cat([labelled, pool], 1), weight, source))
        _step(learn_d, discriminator_loss(players, labelled, pool))


def _step(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    optimizer.step()

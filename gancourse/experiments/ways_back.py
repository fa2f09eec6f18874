"""Small BiGANs of one architecture, trained as one stack, and beside each the readers that it is compared with.

For every seed there are G with E by BiGAN's game, and through the same trained G an untrained E, and an E of the same first
weights that is told z.  Steps, rate and average are the same, batches as large.  What else differs: the game's E meets real
samples and a G that still moves, the E that is told z meets drawn samples of a G that stands still.

Source: Donahue, Krahenbuhl & Darrell 2017 (the game; the baseline "latent regressor").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gancourse import scale
from gancourse.base import networks
from gancourse.base.latents import draw_latents
from gancourse.gans.bigan import BiGAN, LatentRegressor, refresh_encoder
from gancourse.gans.ensemble import EnsembleBatches, stack
from gancourse.latent import trips
from gancourse.models import mlp
from gancourse.models.latent_codes import Bidirectional, Encoder, JointDiscriminator
from gancourse.training import fit

Map = Callable[[Tensor], Tensor]
HIDDEN = (192, 192)
SETTINGS: dict[str, Any] = {"lr": 5e-4, "ema": 0.999, "progress": False}
BATCH = 64


@dataclass(frozen=True)
class Inverses:
    """One pair of G and E for each seed, in evaluation mode.

    untrained, trained   batch statistics of E measured over real samples, of G over its own
    told                 the trained G, and an E that was told z, its statistics over samples that G drew
    as_they_came         untrained and trained with the statistics of E that the game left
    on_real              told, with the statistics of E over real samples
    on_drawn             untrained and trained E before the trained G, with the statistics of E over samples that G drew
    """

    untrained: list[Bidirectional]
    trained: list[Bidirectional]
    told: list[Bidirectional]
    as_they_came: tuple[list[Bidirectional], list[Bidirectional]]
    on_real: list[Bidirectional]
    on_drawn: tuple[list[Bidirectional], list[Bidirectional]]

    def ways(self, y: Tensor, linear: int = 10_000) -> dict[str, np.ndarray]:
        """What :func:`both_ways` finds for each seed, real samples y: name -> [seeds].

        "z", "another z" and "x" by the trained pair, and after "untrained ", "told ", "told on real ", "on drawn " and
        "untrained on drawn " by another E through the same trained G.  "linear z" is by a linear map of the samples,
        "fitted z" (again for each E) by a linear map of E's answers; both are told z at ``linear`` other samples of G.
        """
        kinds = {
            "": self.trained,
            "untrained ": self.untrained,
            "told ": self.told,
            "told on real ": self.on_real,
            "untrained on drawn ": self.on_drawn[0],
            "on drawn ": self.on_drawn[1],
        }
        found: dict[str, list[float]] = {}
        for kind, pairs in kinds.items():
            for g, pair in zip(self.trained, pairs, strict=True):
                shares = both_ways(g, pair.encode, g.latent_dim, y)
                shares["fitted z"] = fitted(g, pair.encode, g.latent_dim, linear)
                if not kind:
                    shares["linear z"] = fitted(g, lambda made: made.flatten(1), g.latent_dim, linear)
                for name, share in shares.items():
                    found.setdefault(kind + name, []).append(share)
        return {name: np.array(shares) for name, shares in found.items()}


def train(
    source: Any, real: Tensor, latent_dim: int, seeds: Sequence[int], steps: int, out: str | None = None, batch_size: int = BATCH
) -> Inverses:
    """Train BiGAN's game for all ``seeds`` on ``source``, then for each trained G a regressor.

    real: samples [N, ...] that measure the batch statistics of E.  out: what G ends with, "tanh" for pictures.
    """
    device, shape, players = scale.device(), real.shape[1:], []
    for seed in seeds:
        with networks.seeded(seed):
            g = mlp.Generator(latent_dim, shape, HIDDEN, norm="batch", out=out)
            e, d = Encoder(shape, latent_dim, HIDDEN, norm="batch"), mlp.Discriminator(shape.numel() + latent_dim, HIDDEN)
        players.append((g, e, d))
    generators, encoders, judges = (stack(many).to(device) for many in zip(*players, strict=True))
    pair = Bidirectional(generators, encoders)
    first = _members(pair, seeds)

    def batches() -> EnsembleBatches:
        return EnsembleBatches(source, batch_size, seeds, device=device)

    run = fit(BiGAN(pair, JointDiscriminator(judges)), batches(), steps, **SETTINGS)
    last = _members(run.generator, seeds)
    told = Bidirectional(stack([one.generator for one in last]), stack([one.encoder for one in first])).to(device)
    regressors = _members(fit(LatentRegressor(told), batches(), steps, **SETTINGS).generator, seeds)
    as_they_came = deepcopy(first), deepcopy(last)
    for one in first:
        BiGAN(one, JointDiscriminator(judges.member(0))).refresh_statistics(one)  # G's: fit has measured those of the average
    on_real = deepcopy(regressors)
    for one in [*first, *last, *on_real]:
        refresh_encoder(one, real.to(device))
    on_drawn = (
        [Bidirectional(deepcopy(g.generator), deepcopy(one.encoder)).eval() for g, one in zip(last, first, strict=True)],
        deepcopy(last),
    )
    for one in [*on_drawn[0], *on_drawn[1]]:
        LatentRegressor(one).refresh_statistics(one)
    return Inverses(first, last, regressors, as_they_came, on_real, on_drawn)


def _members(players: Any, seeds: Sequence[int]) -> list[Bidirectional]:
    return [players.member(k).eval() for k in range(len(seeds))]


@torch.no_grad()
def both_ways(decode: Map, encode: Map, latent_dim: int, y: Tensor, n: int = 400) -> dict[str, float]:
    """Shares of variance given back (:mod:`gancourse.latent.trips`) by G and E, functions of networks in evaluation mode.

    "z": by E(G(z)) of n fresh latents; "another z": by the answer for another latent; "x": by G(E(y)) of real samples y.
    """
    device = scale.device()
    z = draw_latents(n, latent_dim, 0)
    back, copy = encode(decode(z.to(device))).cpu(), decode(encode(y.to(device))).cpu()
    return {
        "z": trips.given_back(back, z),
        "another z": trips.given_back(back.roll(1, 0), z),
        "x": trips.given_back(copy, y, y.mean(0)),
    }


@torch.no_grad()
def fitted(decode: Map, encode: Map, latent_dim: int, told: int = 10_000, n: int = 400) -> float:
    """Share of the variance of z given back by A E(G(z)) + b, where A and b are the least squares at ``told`` other latents.

    The share of :func:`both_ways` punishes an E that knows z on another scale, or turned; here no scale can help or harm, and
    an E that knows nothing has 0.  The n latents are those of :func:`both_ways`.
    """

    def codes(z: Tensor) -> Tensor:
        return torch.cat([encode(decode(part.to(scale.device()))).cpu() for part in z.split(250)])

    z, many = draw_latents(n, latent_dim, 0), draw_latents(told, latent_dim, 1)
    return trips.given_back(trips.linear_reader(codes(many), many)(codes(z)), z)

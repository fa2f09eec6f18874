"""Small BiGANs of one architecture, trained as one stack, and beside each the readers that it is compared with.

For every seed there are G with an untrained E, G with E by BiGAN's game, and the trained G with an E of the same first weights
that is told z: same steps, same batches, same rate, same average; only what E minimises differs.

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
    told                 the trained G, and an E that was told z
    as_they_came         untrained and trained with the statistics of E that the game left
    """

    untrained: list[Bidirectional]
    trained: list[Bidirectional]
    told: list[Bidirectional]
    as_they_came: tuple[list[Bidirectional], list[Bidirectional]]

    def ways(self, y: Tensor, linear: int = 10_000) -> dict[str, np.ndarray]:
        """What :func:`both_ways` finds for each seed, real samples y: name -> [seeds].

        "z", "another z", "x" and "linear z" of the trained pairs; "untrained z" and so on; "told z" and so on.
        """
        kinds = (("", self.trained, linear), ("untrained ", self.untrained, 0), ("told ", self.told, 0))
        found: dict[str, list[float]] = {}
        for kind, pairs, many in kinds:
            for pair in pairs:
                for name, share in both_ways(pair, pair.encode, pair.latent_dim, y, many).items():
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
    for one in [*first, *last]:
        refresh_encoder(one, real.to(device))
    return Inverses(first, last, regressors, as_they_came)


def _members(players: Any, seeds: Sequence[int]) -> list[Bidirectional]:
    return [players.member(k).eval() for k in range(len(seeds))]


@torch.no_grad()
def both_ways(decode: Map, encode: Map, latent_dim: int, y: Tensor, linear: int = 0, n: int = 400) -> dict[str, float]:
    """Shares of variance given back (:mod:`gancourse.latent.trips`) by G and E, functions of networks in evaluation mode.

    "z": by E(G(z)) of n fresh latents; "another z": by the answer for another latent; "x": by G(E(y)) of real samples y.
    linear: if above 0, also "linear z", by the linear map that was told z at so many other pictures of G.
    """
    device = scale.device()
    z = torch.randn(n, latent_dim, generator=torch.Generator().manual_seed(0))
    made = decode(z.to(device))
    back, copy = encode(made).cpu(), decode(encode(y.to(device))).cpu()
    found = {
        "z": trips.given_back(back, z),
        "another z": trips.given_back(back.roll(1, 0), z),
        "x": trips.given_back(copy, y, y.mean(0)),
    }
    if linear:
        many = torch.randn(linear, latent_dim, generator=torch.Generator().manual_seed(1))
        read = trips.linear_reader(decode(many.to(device)).cpu(), many)
        found["linear z"] = trips.given_back(read(made.cpu()), z)
    return found

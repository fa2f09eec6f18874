r"""InfoGAN: some latents are codes that must be readable from the picture.

The latent is z = (noise, c).  A GAN is free to ignore c, or to tangle it with the noise.  InfoGAN asks for much information
between the code and the picture, through a reader Q(c | x) and a lower bound of the mutual information:

    I(c; G(z)) = H(c) - H(c | x)
               = H(c) + E_x E_{c ~ P(c|x)}[log P(c|x)]
               = H(c) + E_x[ KL(P(.|x) || Q(.|x)) + E_{c ~ P(c|x)}[log Q(c|x)] ]
              >= H(c) + E_{c, x ~ G(z, c)}[log Q(c|x)]  =: L(G, Q)

The last expectation needs no posterior: draw the code, make the picture, ask Q for the code.  Players:

    min_{G, Q} max_D  V(D, G) - weight * L(G, Q)

>>> codes = Codes(noise=16, parts=(Categorical(10), Uniform(2)))
>>> generator = mlp.Generator(codes.latent_dim, (1, 8, 8), out="tanh")
>>> discriminator = CodeDiscriminator((1, 8, 8), codes.n_parameters)
>>> run = fit(InfoGAN(generator, discriminator, codes), batches, 3000)
>>> run.gan.read(images)[0]                                   # int64 [N]: the category Q sees in each image

Several seeds at once: with :func:`gancourse.gans.ensemble.stack`-ed networks everything has one more dimension in front,
[K, N, ...], and the losses are sums over the members.

Source: Chen et al. 2016 (NeurIPS), sections 4 to 6.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse import losses
from gancourse.base import check, networks
from gancourse.gans.gan import GAN, Batch, noisy
from gancourse.models.latent_codes import features

LOG_2PI = math.log(2 * math.pi)
NARROWEST = -3.0  # log of the smallest standard deviation Q may claim: a uniform code read without error would have no bound


class Code(Protocol):
    """A part of the latent that Q reads: how wide it is, how many numbers Q gives for it, and its entropy in nats."""

    width: int
    n_parameters: int
    entropy: float

    def draw(self, n: int, source: torch.Generator) -> Tensor: ...

    def log_likelihood(self, parameters: Tensor, code: Tensor) -> Tensor: ...

    def read(self, parameters: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class Categorical:
    """One of k categories, equally likely, as a one-hot code [N, k]; Q gives k logits."""

    k: int

    def __post_init__(self) -> None:
        if check.whole("k", self.k) < 2:
            raise ValueError(f"a categorical code needs two categories or more, not {self.k}")

    @property
    def width(self) -> int:
        return self.k

    @property
    def n_parameters(self) -> int:
        return self.k

    @property
    def entropy(self) -> float:
        """log k nats."""
        return math.log(self.k)

    def draw(self, n: int, source: torch.Generator) -> Tensor:
        """One-hot float32 [n, k]."""
        return F.one_hot(torch.randint(self.k, (n,), generator=source), self.k).float()

    def log_likelihood(self, parameters: Tensor, code: Tensor) -> Tensor:
        """log Q(c | x), [N]."""
        return (code * F.log_softmax(parameters, -1)).sum(-1)

    def read(self, parameters: Tensor) -> Tensor:
        """The likeliest category, int64 [N]."""
        return parameters.argmax(-1)


@dataclass(frozen=True)
class Uniform:
    """n independent numbers, uniform in [-1, 1], as a code [N, n]; Q gives a mean and a log standard deviation for each."""

    n: int = 1

    def __post_init__(self) -> None:
        check.whole("n", self.n)

    @property
    def width(self) -> int:
        return self.n

    @property
    def n_parameters(self) -> int:
        return 2 * self.n

    @property
    def entropy(self) -> float:
        """n log 2 nats, a differential entropy."""
        return self.n * math.log(2)

    def draw(self, n: int, source: torch.Generator) -> Tensor:
        """float32 [n, width] in [-1, 1)."""
        return 2 * torch.rand(n, self.n, generator=source) - 1

    def log_likelihood(self, parameters: Tensor, code: Tensor) -> Tensor:
        """log Q(c | x) for Q = N(mean, std^2), [N]; std is at least e^-3, about 0.05."""
        mean, log_std = parameters.chunk(2, dim=-1)
        log_std = log_std.clamp(min=NARROWEST)
        return (-((code - mean) / log_std.exp()).square() / 2 - log_std - LOG_2PI / 2).sum(-1)

    def read(self, parameters: Tensor) -> Tensor:
        """Q's mean, float32 [N, n]."""
        return parameters.chunk(2, dim=-1)[0]


class Codes:
    """How a latent is made up: ``noise`` standard normal numbers, then the codes in turn."""

    def __init__(self, noise: int, parts: Sequence[Code]) -> None:
        self.noise = check.whole("noise, a number of latents,", noise, 0)
        if not parts:
            raise ValueError("there is no code to read: pass parts=(Categorical(10),), or play a plain GAN")
        self.parts = tuple(parts)
        self.latent_dim = self.noise + sum(part.width for part in self.parts)
        self.n_parameters = sum(part.n_parameters for part in self.parts)

    def draw(self, n: int, source: torch.Generator) -> Tensor:
        """Latents float32 [n, latent_dim] on the CPU."""
        noise = torch.randn(n, self.noise, generator=source)
        return torch.cat([noise, *(part.draw(n, source) for part in self.parts)], 1)

    def split(self, z: Tensor) -> list[Tensor]:
        """The codes in latents [N, latent_dim], without the noise."""
        return list(self._checked(z)[..., self.noise :].split([part.width for part in self.parts], dim=-1))

    def replaced(self, z: Tensor, part: int, code: Tensor) -> Tensor:
        """The latents with code number ``part`` set to ``code`` [N, width] or [width]; everything else stays."""
        if not 0 <= part < len(self.parts):
            raise ValueError(f"there are codes 0 .. {len(self.parts) - 1}, not {part}")
        start = self.noise + sum(other.width for other in self.parts[:part])
        z = self._checked(z).clone()
        z[..., start : start + self.parts[part].width] = code
        return z

    def bounds(self, parameters: Tensor, z: Tensor) -> Tensor:
        """For each code the lower bound H(c) + mean log Q(c|x) of its information with the picture, in nats: [parts].

        ``parameters`` [N, n_parameters] are what Q says of the pictures made from the latents ``z``; [K, N, ...] give [K, parts].
        """
        triples = zip(self.parts, self._columns(parameters), self.split(z), strict=True)
        return torch.stack([part.entropy + part.log_likelihood(q, code).mean(-1) for part, q, code in triples], -1)

    def read(self, parameters: Tensor) -> list[Tensor]:
        """Q's best guess of each code: int64 [N] for categories, float32 [N, n] for numbers."""
        return [part.read(columns) for part, columns in zip(self.parts, self._columns(parameters), strict=True)]

    def _checked(self, z: Tensor) -> Tensor:
        check.latents(z.flatten(0, -2), self.latent_dim)
        return z

    def _columns(self, parameters: Tensor) -> list[Tensor]:
        if parameters.shape[-1] != self.n_parameters:
            raise ValueError(f"Q must give [N, {self.n_parameters}] for these codes, not {list(parameters.shape)}")
        return list(parameters.split([part.n_parameters for part in self.parts], dim=-1))


class InfoGAN(GAN):
    """GAN - ``weight`` * L(G, Q): see the module.

    ``discriminator`` is a :class:`gancourse.models.latent_codes.CodeDiscriminator`, D and Q on one body.  ``weight`` is a number,
    a number for each code, or for an ensemble also [K, 1] or [K, parts].  Where it is 0, Q is a spectator of that code: its
    last layer learns to read the fakes from D's features as they are, and nothing of it reaches D's body or G.  ``noise``
    is the standard deviation of Gaussian noise added to everything D sees while it trains.

    The history has ``bound_0``, ``bound_1``, ...: the bound of each code in nats on the fakes of G's step (of an ensemble, the
    mean over its members).
    """

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        codes: Codes,
        weight: float | Sequence[float] | Tensor = 1.0,
        objective: str | losses.Objective = "non_saturating",
        *,
        noise: float = 0.0,
        seed: int = 0,
    ) -> None:
        super().__init__(generator, discriminator, objective)
        self._given: dict[str, Any] = {"objective": objective, "noise": noise, "seed": seed}  # for a member by itself
        if self.latent_dim != codes.latent_dim:
            raise ValueError(f"G takes {self.latent_dim} latents and the codes fill {codes.latent_dim}: make them equal")
        self.codes, self.noise = codes, check.at_least("noise", noise)
        self.weight = _weights(weight, (*self.stacked, len(codes.parts))).to(self.device)  # [parts] or [K, parts]
        self._own = torch.Generator().manual_seed(check.seed(seed))

    def latents(self, n: int, source: torch.Generator) -> Tensor:
        """Noise and codes, [n, latent_dim], or [K, n, latent_dim] for an ensemble."""
        shape = (*self.stacked, n)
        z: Tensor = self.taken(self.codes.draw(math.prod(shape), source)).unflatten(0, shape)
        return z

    def judge(self, x: Tensor, batch: Batch | None = None) -> Tensor:
        """D's logits, [N]."""
        logits: Tensor = networks.widened(self.discriminator(x)[..., 0])
        return logits

    def discriminator_loss(self, batch: Batch) -> Tensor:
        """D's loss, and minus the bound on the detached fakes: this is where Q learns."""
        h = features(self.discriminator, self._noisy(batch.fake.detach()))
        last = cast(nn.Sequential, self.discriminator.layers)[-1]
        out, watched = networks.widened(last(h)), networks.widened(last(h.detach())[..., 1:])
        loss = self.objective.discriminator(self.judge(self._noisy(batch.real)), out[..., 0])
        played, spectated = self.codes.bounds(out[..., 1:], batch.z), self.codes.bounds(watched, batch.z)
        return loss - torch.where(self.weight > 0, self.weight * played, spectated).sum()

    def generator_loss(self, batch: Batch) -> Tensor:
        """G's loss, and minus the bound through Q as it now is."""
        out = networks.widened(self.discriminator(self._noisy(batch.fake)))
        real = self.judge(self._noisy(batch.real)).detach() if self.objective.paired else None
        bounds = self.codes.bounds(out[..., 1:], batch.z)
        means = bounds.detach().reshape(-1, len(self.codes.parts)).mean(0)
        batch.log.update({f"bound_{i}": bound for i, bound in enumerate(means)})
        return self.objective.generator(out[..., 0], real) - (self.weight * bounds).sum()

    def read(self, x: Tensor) -> list[Tensor]:
        """What Q reads in images: the likeliest category int64 [N], the mean of each uniform code [N, n]."""
        with networks.evaluating(self.discriminator):
            return self.codes.read(self.discriminator(x.to(self.device))[..., 1:].float().cpu())

    def member(self, k: int) -> InfoGAN:
        """Game k of an ensemble by itself."""
        generator, discriminator = (cast(Any, network).member(k) for network in (self.generator, self.discriminator))
        return InfoGAN(generator, discriminator, self.codes, self.weight[k], **self._given)

    def state_dict(self) -> dict[str, Tensor]:
        return {"own_rng": self._own.get_state()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        self._own.set_state(state["own_rng"])

    def _noisy(self, x: Tensor) -> Tensor:
        return noisy(x, self.noise, self._own)


def _weights(weight: Any, shape: tuple[int, ...]) -> Tensor:
    """Weights that are finite and not below 0, one for each code: float32 of that shape."""
    try:
        given = torch.as_tensor(weight, dtype=torch.float32, device="cpu")
        each = given.expand(shape)
    except (TypeError, ValueError, RuntimeError):
        raise ValueError(f"weight must be a number, or numbers of shape {list(shape)}, not {weight!r}") from None
    if bool((check.finite("weight", given) < 0).any()):
        raise ValueError(f"weight must be at least 0, not {float(given.min())}")
    return each


def mutual_information(joint: Tensor) -> float:
    """I(c; x) in nats of a table P(c, x), [C, X]; any positive scale."""
    joint = _table(joint)
    product = joint.sum(1, keepdim=True) * joint.sum(0, keepdim=True)
    return float(torch.special.xlogy(joint, joint / product.clamp_min(1e-300)).sum())


def information_bound(joint: Tensor, q: Tensor) -> float:
    """H(c) + E[log Q(c|x)] in nats for a table P(c, x) [C, X] and a reader q [C, X] whose columns are distributions over c."""
    joint, q = _table(joint), q.double()
    if q.shape != joint.shape or not torch.allclose(q.sum(0), torch.ones(q.shape[1], dtype=torch.float64), atol=1e-6):
        raise ValueError(f"each column of q must be a distribution over the {joint.shape[0]} codes: divide it by its sum")
    prior = joint.sum(1)
    return float(-torch.special.xlogy(prior, prior).sum() + torch.special.xlogy(joint, q).sum())


def _table(joint: Tensor) -> Tensor:
    if joint.ndim != 2 or not bool((joint >= 0).all()) or float(joint.sum()) <= 0:
        raise ValueError("a joint table must be [C, X] with entries of at least 0 that are not all 0")
    joint = joint.double()
    return joint / joint.sum()

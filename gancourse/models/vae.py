r"""Variational autoencoder, and the linear-Gaussian model in which everything about it has a closed form.

A latent variable model draws z ~ N(0, I) and then x ~ p(x|z).  Its likelihood is an integral over all codes,

    p(x) = \int p(x|z) p(z) dz,

which has no closed form once p(x|z) holds a network.  For any density q(z|x), Jensen's inequality gives the evidence lower
bound, and what it leaves out is known exactly:

    log p(x) = E_q[log p(x|z)] - KL(q(z|x) || p(z))  +  KL(q(z|x) || p(z|x)).
               \_________________ ELBO ______________/

Sources: Kingma & Welling 2014; Rezende, Mohamed & Wierstra 2014; for the linear case Tipping & Bishop 1999.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.networks import as_generator, evaluating
from gancourse.models.layers.dense import linear
from gancourse.theory.likelihood import gaussian_kl, level_index, log_mean_exp

LOG_2PI = math.log(2 * math.pi)


class Code(NamedTuple):
    """The encoder's q(z|x) = N(mean, diag exp(log_variance)); both [N, latent_dim]."""

    mean: Tensor
    log_variance: Tensor


class ElboTerms(NamedTuple):
    """The two halves of the bound, [N] each, in nats: log p(x|z) at a drawn z ~ q(z|x), and KL(q(z|x) || p(z))."""

    reconstruction: Tensor
    kl: Tensor

    @property
    def elbo(self) -> Tensor:
        """reconstruction - kl <= log p(x) in expectation, [N]."""
        return self.reconstruction - self.kl


def reparameterise(code: Code, noise: Tensor) -> Tensor:
    """z = mean + exp(log_variance / 2) * noise with noise ~ N(0, I): z ~ q, and z has a gradient in q's parameters.

    Source: Kingma & Welling 2014, section 2.4.
    """
    return code.mean + (code.log_variance / 2).exp() * noise


def latent_grid(latent_dim: int, points: int = 200, reach: float = 5.0) -> tuple[Tensor, float]:
    """Midpoints [points^latent_dim, latent_dim] of cells that tile [-reach, reach]^latent_dim; the log of a cell's volume.

    A sum over them is a quadrature of an integral over codes; the prior's mass beyond 5 is below 1e-6 for each coordinate.
    """
    points = check.whole("points", points)
    if check.whole("latent_dim", latent_dim, None) not in (1, 2):
        raise ValueError(f"a grid over the latent space needs latent_dim 1 or 2, not {latent_dim}: use importance_bound")
    check.fits("the grid", *[points] * int(latent_dim), latent_dim)
    width = 2 * check.within("reach", reach, 1e-6, 1e6) / points
    axis = (torch.arange(points) + 0.5) * width - reach
    grid = torch.cartesian_prod(*[axis] * latent_dim).reshape(-1, latent_dim)
    return grid, latent_dim * math.log(width)


class Decoder(nn.Module):
    """z [N, latent_dim] -> the mean image [N, *shape] of p(x|z): a generator like any other, sampled in one pass."""

    def __init__(self, latent_dim: int, shape: Sequence[int], hidden: Sequence[int], likelihood: str) -> None:
        super().__init__()
        self.latent_dim, self.shape, self.likelihood = latent_dim, tuple(shape), likelihood
        self.layers = _mlp([latent_dim, *hidden, math.prod(self.shape)])

    def outputs(self, z: Tensor) -> Tensor:
        """What the likelihood is parameterised by, [..., D]: logits for "bernoulli", the mean for "gaussian"."""
        return self.layers(z)

    def forward(self, z: Tensor) -> Tensor:
        out = self.outputs(check.latents(z, self.latent_dim, self))
        mean = torch.tanh(out / 2) if self.likelihood == "bernoulli" else out  # 2 sigmoid(l) - 1 = tanh(l / 2)
        return mean.unflatten(1, self.shape)


class VAE(nn.Module):
    """A variational autoencoder with multi-layer perceptrons, for images [N, *shape] or vectors [N, d].

    ``likelihood="bernoulli"``: pixels are -1 or 1, p(x|z) a product of coins whose logits the decoder gives.
    ``likelihood="gaussian"``: p(x|z) = N(decoder(z), sigma^2 I) with one learned sigma.
    ``hidden=()`` makes encoder and decoder linear.
    """

    def __init__(
        self,
        shape: Sequence[int] = (1, 16, 16),
        latent_dim: int = 2,
        hidden: Sequence[int] = (256, 128),
        likelihood: str = "bernoulli",
    ) -> None:
        super().__init__()
        self.shape, self.latent_dim = check.sides("shape", shape), check.whole("latent_dim", latent_dim)
        hidden = check.row("hidden", hidden)
        self.likelihood = check.one_of("likelihood", likelihood, ["bernoulli", "gaussian"])
        self.encoder: nn.Module = _mlp([math.prod(self.shape), *hidden, 2 * self.latent_dim])
        self.decoder = Decoder(self.latent_dim, self.shape, hidden[::-1], self.likelihood)
        self.log_sigma: Any = nn.Parameter(torch.zeros(())) if likelihood == "gaussian" else None

    def encode(self, x: Tensor) -> Code:
        """q(z|x) for each image: mean and log-variance [N, latent_dim]."""
        return Code(*self.encoder(self._flat(x)).chunk(2, dim=1))

    def decode(self, z: Tensor) -> Tensor:
        """The mean of p(x|z), [N, *shape]: in [-1, 1] for "bernoulli", where 0 is a pixel that the model calls even odds."""
        return self.decoder(z)

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """log p(x|z) in nats, [N]; a leading axis of z, [K, N, latent_dim], gives [K, N].

        z of [K, 1, latent_dim] are K codes that all images share; of one image [K, latent_dim] will do, and gives [K].
        """
        flat = self._flat(x)
        return self._log_density(flat, self.decoder.outputs(_codes(z, len(x), self.latent_dim)))

    def elbo_terms(self, x: Tensor, generator: torch.Generator | None = None) -> ElboTerms:
        """Reconstruction log p(x|z) at one z ~ q(z|x), and the KL term in closed form."""
        code = self.encode(x)
        z = reparameterise(code, self._noise(code.mean.shape, generator))
        return ElboTerms(self.log_likelihood(x, z), gaussian_kl(*code))

    def elbo(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor:
        """An unbiased one-sample estimate of the evidence lower bound for each image, [N], in nats."""
        return self.elbo_terms(x, generator).elbo

    def importance_bound(self, x: Tensor, k: int = 64, generator: torch.Generator | None = None) -> Tensor:
        r"""log (1/k) \sum_i p(x|z_i) p(z_i) / q(z_i|x) with z_i ~ q(z|x), [N], in nats.

        In expectation it is the ELBO for k = 1, grows with k, and tends to log p(x).  Put a model with batch normalisation into
        evaluation mode first: in training an image's p(x|z) hangs on the rest of its batch, and nothing is bounded.

        Source: Burda, Grosse & Salakhutdinov 2016, equation 8.
        """
        if check.whole("k", k, None) < 1:
            raise ValueError(f"k is a number of samples, at least 1, not {k}")
        code = self.encode(x)
        check.fits("draws", k, max(1, len(x)), *self.shape)
        noise = self._noise((k, *code.mean.shape), generator)  # [K, N, latent_dim]
        z = reparameterise(code, noise)
        log_prior = -(z.square() + LOG_2PI).sum(-1) / 2
        log_q = -(noise.square() + code.log_variance + LOG_2PI).sum(-1) / 2
        return log_mean_exp(self.log_likelihood(x, z) + log_prior - log_q)

    def log_joint_table(self, x: Tensor, z: Tensor) -> Tensor:
        """log p(x, z) = log p(x|z) + log p(z) for every image with every code, [N, G], in nats."""
        x, out = self._flat(x), self.decoder.outputs(check.latents(z, self.latent_dim))
        if self.likelihood == "bernoulli":
            pixels = (x + 1) / 2
            table = pixels @ out.T - F.softplus(out).sum(1)
        else:
            squares = x.square().sum(1, keepdim=True) - 2 * x @ out.T + out.square().sum(1)
            table = -squares / (2 * (2 * self.log_sigma).exp()) - x.shape[1] * (self.log_sigma + LOG_2PI / 2)
        return table - (z.square() + LOG_2PI).sum(1) / 2

    def quadrature(self, x: Tensor, points: int = 200, reach: float = 5.0) -> Tensor:
        r"""log p(x) = log \int p(x|z) p(z) dz by a sum over :func:`latent_grid`, [N], in nats; latent_dim 1 or 2 only.

        In evaluation mode.  Exact up to the grid: double ``points`` and see that nothing moves.
        """
        z, log_volume = latent_grid(self.latent_dim, points, reach)
        z = z.to(next(self.parameters()))
        with evaluating(self):
            parts = [torch.logsumexp(self.log_joint_table(x, part), 1) for part in z.split(16384)]
        return torch.logsumexp(torch.stack(parts), 0) + log_volume

    def sample(self, n: int, seed: int | torch.Generator = 0, pixels: str = "mean") -> Tensor:
        """n images [n, *shape] in one pass: z ~ N(0, I), then the mean of p(x|z), or with ``pixels="drawn"`` a draw from it.

        In evaluation mode: drawing leaves the model as it is.
        """
        check.one_of("pixels", pixels, ["mean", "drawn"])
        n, *_ = check.fits("images", n, *self.shape)
        generator = as_generator(check.seed_or_source(seed), next(self.parameters()).device)
        with evaluating(self):
            mean = self.decode(self._noise((n, self.latent_dim), generator))
            return mean if pixels == "mean" else self._drawn(mean, generator)

    def fill(
        self, x: Tensor, known: Tensor, steps: int = 30, seed: int | torch.Generator = 0, *, corrected: bool = False
    ) -> Tensor:
        """Images [N, *shape] that keep x where ``known`` [*shape] is True and draw the rest by a chain of codes and images.

        The unknown pixels begin as coin flips (as noise, for "gaussian").  A step encodes, z ~ q(z|x), and redraws them from the
        decoder, x_unknown ~ p(x|z).  The chain would draw from p(x_unknown | x_known) if q were the posterior.  ``corrected``
        makes it exact for any q: the new code z' replaces z with probability

            min(1, p(x|z') p(z') q(z|x) / (p(x|z) p(z) q(z'|x))).

        In evaluation mode: filling leaves the model as it is.

        Sources: Rezende, Mohamed & Wierstra 2014 (the chain); Mattei & Frellsen 2018 (Metropolis within Gibbs).
        """
        steps, known = check.whole("steps", steps, 0, check.COUNT), self._known(known)
        check.flag("corrected", corrected)
        self._flat(x)
        source = as_generator(check.seed_or_source(seed), x.device)
        with evaluating(self):
            return self._chain(x, known.to(x.device), steps, source, corrected)

    def _chain(self, x: Tensor, known: Tensor, steps: int, source: torch.Generator, corrected: bool) -> Tensor:
        """The last image of the chain of :meth:`fill`."""
        x = torch.where(known, x, self._drawn(torch.zeros_like(x), source))
        z = None
        for _ in range(steps):
            code = self.encode(x)
            new = reparameterise(code, self._noise(code.mean.shape, source))
            if z is not None and corrected:
                gain = self._log_weight(x, new, code) - self._log_weight(x, z, code)
                coin = torch.rand(len(x), generator=source, device=x.device, dtype=x.dtype)
                new = torch.where((coin.log() < gain)[:, None], new, z)
            z = new
            x = torch.where(known, x, self._drawn(self.decode(z), source))
        return x

    def _known(self, known: Tensor) -> Tensor:
        if not isinstance(known, Tensor) or known.dtype != torch.bool or tuple(known.shape) != self.shape:
            raise ValueError(f"known must be bool {list(self.shape)}, True where a pixel is given: the same ones for all images")
        return known

    def _log_weight(self, x: Tensor, z: Tensor, code: Code) -> Tensor:
        """log p(x|z) p(z) / q(z|x), [N]: how much more the model thinks of a code than the encoder does."""
        log_prior = -z.square().sum(1) / 2
        log_q = -((z - code.mean).square() / code.log_variance.exp() + code.log_variance).sum(1) / 2
        return self.log_likelihood(x, z) + log_prior - log_q

    def _drawn(self, mean: Tensor, generator: torch.Generator) -> Tensor:
        """A draw from p(x|z), given its mean."""
        if self.likelihood == "bernoulli":
            return 2 * torch.bernoulli((mean + 1) / 2, generator=generator) - 1
        return mean + self.log_sigma.exp() * torch.randn(mean.shape, generator=generator, device=mean.device, dtype=mean.dtype)

    def _noise(self, shape: Sequence[int], generator: torch.Generator | None) -> Tensor:
        if generator is None:
            raise ValueError("the bound is a random estimate: pass generator=torch.Generator().manual_seed(0)")
        if not isinstance(generator, torch.Generator):
            raise TypeError(f"generator must be a torch.Generator, not {type(generator).__name__}")
        like = next(self.parameters())
        return torch.randn(tuple(shape), generator=generator, device=like.device, dtype=like.dtype)

    def _flat(self, x: Tensor) -> Tensor:
        check.samples(x, self.shape, self, "x")
        if self.likelihood == "bernoulli":
            level_index(x, 2)  # a coin gives no probability to grey
        return x.flatten(1)

    def _log_density(self, x: Tensor, out: Tensor) -> Tensor:
        if self.likelihood == "bernoulli":
            return -F.softplus(-x * out).sum(-1)  # log sigmoid(l) for a pixel of 1, log sigmoid(-l) for -1
        return -((x - out).square() / (2 * (2 * self.log_sigma).exp()) + self.log_sigma + LOG_2PI / 2).sum(-1)


class LinearGaussian:
    r"""Probabilistic PCA, the VAE whose every quantity is known: z ~ N(0, I), x | z ~ N(W z + mu, sigma^2 I).

    Then x ~ N(mu, W W^T + sigma^2 I) and z | x ~ N(M^{-1} W^T (x - mu), sigma^2 M^{-1}) with M = W^T W + sigma^2 I.
    Everything is float64.  weight [D, d], mean [D].

    Source: Tipping & Bishop 1999, equations 4 to 8.
    """

    def __init__(self, weight: Tensor, mean: Tensor, sigma: float) -> None:
        check.finite("weight", check.floats("weight", weight))
        check.finite("mean", check.floats("mean", mean))
        if weight.ndim != 2 or mean.shape != weight.shape[:1]:
            raise ValueError(f"weight must be [D, d] and mean [D], not {list(weight.shape)} and {list(mean.shape)}")
        self.weight, self.mean = weight.double(), mean.double()
        self.sigma = float(check.positive("sigma", sigma))
        self.latent_dim = weight.shape[1]

    @classmethod
    def fit(cls, x: Tensor, latent_dim: int) -> LinearGaussian:
        """The maximum-likelihood model of points x [N, D] in closed form.

        sigma^2 is the mean of the D - d discarded eigenvalues of the covariance, W = U (L - sigma^2 I)^{1/2} with the d kept
        ones.  Source: Tipping & Bishop 1999, equations 7 and 8.
        """
        check.finite("x", check.floats("x", x))
        latent_dim = check.whole("latent_dim", latent_dim, None)
        if x.ndim != 2 or not 0 < latent_dim < x.shape[1]:
            raise ValueError(f"x must be [N, D] with D above latent_dim {latent_dim}, not {list(x.shape)}")
        x = x.double()
        values, vectors = torch.linalg.eigh((x - x.mean(0)).T @ (x - x.mean(0)) / len(x))  # ascending
        variance = float(values[:-latent_dim].mean())
        if not variance > 1e-12 * float(values[-1]):
            raise ValueError("the points lie in a subspace of latent_dim dimensions, so no density exists: take fewer dimensions")
        weight = vectors[:, -latent_dim:] * (values[-latent_dim:] - variance).clamp_min(0).sqrt()
        return cls(weight, x.mean(0), math.sqrt(variance))

    def log_prob(self, x: Tensor) -> Tensor:
        """log p(x), the exact likelihood [N] in nats: that of N(mu, W W^T + sigma^2 I)."""
        covariance = self.weight @ self.weight.T + self.sigma**2 * self._eye(len(self.mean))
        return torch.distributions.MultivariateNormal(self.mean, covariance).log_prob(x.double())

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """p(z|x): its mean [N, d], and its covariance [d, d], the same for all x."""
        inner = self.weight.T @ self.weight + self.sigma**2 * self._eye(self.latent_dim)
        mean = torch.linalg.solve(inner, self.weight.T @ (x.double() - self.mean).T).T
        return mean, self.sigma**2 * torch.linalg.inv(inner)

    def log_likelihood(self, x: Tensor, z: Tensor) -> Tensor:
        """log p(x|z) for z [..., N, d] -> [..., N]; z of [K, 1, d], or [K, d] for one point, are K codes that all share."""
        error = x.double() - self.mean - _codes(z, len(x), self.latent_dim).double() @ self.weight.T
        return -(error.square() / (2 * self.sigma**2) + math.log(self.sigma) + LOG_2PI / 2).sum(-1)

    def elbo(self, x: Tensor, q_mean: Tensor, q_covariance: Tensor) -> Tensor:
        """The evidence lower bound for q(z|x) = N(q_mean [N, d], q_covariance [d, d]), exact, [N], in nats.

        E_q[log p(x|z)] = log p(x|q_mean) - tr(W S W^T) / (2 sigma^2);  KL(q || p) = 1/2 (tr S + m.m - d - log det S).
        """
        m, s = q_mean.double(), q_covariance.double()
        expected = self.log_likelihood(x, m) - torch.trace(self.weight @ s @ self.weight.T) / (2 * self.sigma**2)
        kl = (torch.trace(s) + m.square().sum(-1) - self.latent_dim - torch.logdet(s)) / 2
        return expected - kl

    def importance_bound(
        self, x: Tensor, q_mean: Tensor, q_covariance: Tensor, k: int, seed: int | torch.Generator = 0
    ) -> Tensor:
        """The k-sample bound of :meth:`VAE.importance_bound`, [N], for q(z|x) = N(q_mean, q_covariance)."""
        q = torch.distributions.MultivariateNormal(q_mean.double(), q_covariance.double())
        noise = self._noise(k, *q_mean.shape, source=as_generator(check.seed_or_source(seed)))
        z = q.mean + noise @ torch.linalg.cholesky(q_covariance.double()).T  # [K, N, d]
        log_prior = -(z.square() + LOG_2PI).sum(-1) / 2
        return log_mean_exp(self.log_likelihood(x, z) + log_prior - q.log_prob(z))

    def sample(self, n: int, seed: int | torch.Generator = 0) -> Tensor:
        """n points [n, D]."""
        source = as_generator(check.seed_or_source(seed))
        z, noise = (self._noise(n, width, source=source) for width in (self.latent_dim, len(self.mean)))
        return self.mean + z @ self.weight.T + self.sigma * noise

    def _eye(self, n: int) -> Tensor:
        return torch.eye(n, dtype=torch.float64, device=self.mean.device)

    def _noise(self, *shape: int, source: torch.Generator) -> Tensor:
        """Standard normal numbers, drawn where their source is and moved to the model."""
        return torch.randn(shape, generator=source, dtype=torch.float64, device=source.device).to(self.mean.device)


def _codes(z: Tensor, n: int, latent_dim: int) -> Tensor:
    """Return ``z`` if it is [n, latent_dim] or [..., n, latent_dim].

    Behind leading axes one code may stand for all n; of one (n = 1) any number of codes may be asked.
    """
    fits = n == 1 or z.shape[-2:-1] == (n,) or (z.ndim > 2 and z.shape[-2] == 1)
    if z.ndim < 2 or z.shape[-1] != latent_dim or not fits:
        wanted = f"[{n}, {latent_dim}] or [K, {n}, {latent_dim}]"
        raise ValueError(f"z must be {wanted}, a code for each of what it is asked of, not {list(z.shape)}")
    return z


def _mlp(sizes: Sequence[int]) -> nn.Sequential:
    """Linear layers with SiLU between them: smooth, so that walks through the latent space are too."""
    layers: list[nn.Module] = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True):
        layers += [linear(n_in, n_out), nn.SiLU()]
    return nn.Sequential(*layers[:-1])

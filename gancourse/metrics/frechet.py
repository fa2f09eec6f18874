r"""The Frechet distance between two sets of features, exact and in float64.

Fit a Gaussian to each set.  The squared Frechet (2-Wasserstein) distance between two Gaussians is

    d^2 = |mu_1 - mu_2|^2 + tr(S_1) + tr(S_2) - 2 tr((S_1 S_2)^(1/2))

(Dowson and Landau, 1982).  Heusel et al. (2017) put an Inception network's features in and call d^2 the Frechet Inception
Distance; here the features may come from anywhere, and like them we report d^2.

Only the last trace is hard.  No matrix square root is needed for it:

- S_1 = L L^T (Cholesky).  S_1 S_2 has the eigenvalues of the symmetric L^T S_2 L, so the trace is the sum of the square
  roots of those: one Cholesky factor, two products, one call of ``eigvalsh``.
- If S_1 = A^T A and S_2 = B^T B for *any* factors, the trace is the nuclear norm ||A B^T||_*, the sum of the singular values.
  The centred data divided by sqrt(n - 1) is such a factor, so with fewer samples than dimensions the small matrix
  [n_1, n_2] is enough; nothing is squared, so singular covariances cost no accuracy.

Both are exact.  The first is used where the covariances have full rank, the second elsewhere.
"""

from __future__ import annotations

import warnings

import numpy as np
import torch
from torch import Tensor

from gancourse.base import check
from gancourse.base.features import extractor_of, mark
from gancourse.base.latents import device_of, draw_latents, in_parts, latent_dim_of
from gancourse.base.networks import evaluating
from gancourse.metrics.features import Extractor, feature_matrix, feature_pair, image_features

_EPS = torch.finfo(torch.float64).eps
_ROWS = 8192  # at a time, so that 50,000 x 2048 features need no second copy
_COLUMNS = 512  # at a time, where only one triangle of a symmetric matrix is computed


class FewSamplesWarning(UserWarning):
    """The samples are too few for their covariance to have full rank.

    The covariance of n samples has rank n - 1 at most, so D-dimensional features need n >= D + 1.  Below that the distance
    between the two *fitted* Gaussians is still computed exactly, but it says little about the distributions: it grows as n
    shrinks, whatever the images.
    """


def frechet_distance(features_a: Tensor, features_b: Tensor) -> float:
    r"""Squared Frechet distance between the Gaussians fitted to two sets of features [N, D] and [M, D].

        d^2 = |mu_a - mu_b|^2 + tr(S_a) + tr(S_b) - 2 tr((S_a S_b)^(1/2)),

    S the unbiased covariance (divided by n - 1).  Dowson and Landau (1982); on network features: Heusel et al. (2017).

    Any real dtype comes in; everything is computed in float64, so float32 features lose nothing further.  The value depends
    on the number of samples (the fewer, the larger): compare only values of equal n, and print ``real_against_real``, the
    value that perfect samples would reach, beside it.

    Raises ValueError for fewer than 2 samples, NaN or infinity, unequal dimensions, or features of two different extractors.
    Warns with ``FewSamplesWarning`` where a set has no more samples than dimensions.
    """
    a, b = feature_pair(features_a, features_b)
    dims = a.shape[1]
    fewest = min(len(a), len(b))
    if fewest <= dims:
        warnings.warn(
            f"{fewest} samples of {dims}-dimensional features: their covariance has rank {fewest - 1} at most, so the distance "
            f"is that of flat Gaussians and too large; use at least {dims + 1} samples, better ten times as many",
            FewSamplesWarning,
            stacklevel=2,
        )
    mean_a, mean_b = a.mean(0), b.mean(0)
    root = None
    if fewest > dims:
        cov_a, cov_b = _covariance(a, mean_a), _covariance(b, mean_b)
        root = _root_trace(cov_a, cov_b)
        spread = float(cov_a.trace() + cov_b.trace())
    if root is None:
        factor_a, factor_b = _factor(a, mean_a), _factor(b, mean_b)
        root = _nuclear_norm(factor_a, factor_b)
        spread = float(factor_a.square().sum() + factor_b.square().sum())
    return max(0.0, float((mean_a - mean_b).square().sum()) + spread - 2 * root)


def statistics(features: Tensor) -> tuple[Tensor, Tensor]:
    """Mean [D] and unbiased covariance [D, D] of features [N, D], both float64: all that the distance needs of a set."""
    x = feature_matrix(features)
    mean = x.mean(0)
    return mean, _covariance(x, mean)


def frechet_from_statistics(mu1: Tensor, sigma1: Tensor, mu2: Tensor, sigma2: Tensor) -> float:
    """Squared Frechet distance between N(mu1, sigma1) and N(mu2, sigma2); the equation is in ``frechet_distance``.

    Means [D], covariances [D, D], symmetric and positive semi-definite (singular ones are allowed).  Where the samples are
    at hand and fewer than D, ``frechet_distance`` is faster and more accurate.
    """
    mu1, sigma1 = _gaussian(mu1, sigma1, "the first")
    mu2, sigma2 = (t.to(mu1.device) for t in _gaussian(mu2, sigma2, "the second"))
    if len(mu1) != len(mu2):
        raise ValueError(f"the two Gaussians have {len(mu1)} and {len(mu2)} dimensions: use one extractor for both")
    root = _root_trace(sigma1, sigma2)
    if root is None:
        root = _nuclear_norm(_symmetric_factor(sigma1, "the first"), _symmetric_factor(sigma2, "the second"))
    return max(0.0, float((mu1 - mu2).square().sum() + sigma1.trace() + sigma2.trace()) - 2 * root)


def real_against_real(features: Tensor, seed: int = 0) -> float:
    """The floor: the Frechet distance between two random halves of one set of features [N, D].

    Both halves follow one distribution, so the value is finite-sample bias alone, at N/2 samples.  A generator judged with
    as many samples cannot be expected below it.  (Slices of the course's face sets in their own order are closer still: their
    attributes are balanced by design, which no generator's independent samples are.)
    """
    x, seed = feature_matrix(features, least=4), check.seed(seed)
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(seed)).to(x.device)
    half = len(x) // 2
    return frechet_distance(x[order[:half]], x[order[half : 2 * half]])


def frechet_of_generator(
    generator: torch.nn.Module,
    real_features: Tensor,
    *,
    extractor: Extractor,
    n: int | None = None,
    seed: int = 0,
    batch_size: int = 256,
) -> float:
    """Frechet distance between ``n`` fresh images of ``generator`` and ``real_features`` [M, D] of the same extractor.

    ``generator`` maps latents [B, latent_dim] ~ N(0, I) to images, floats in [-1, 1] or uint8, and has ``.latent_dim``; it is
    put in eval mode for the call.  ``n`` is M unless given.  The same seed draws the same latents whatever the batch size.
    Of the images no more than a batch is kept.
    """
    n, seed = check.whole("n", len(real_features) if n is None else n), check.seed(seed)
    batch_size, latent_dim = check.batch_size(batch_size), latent_dim_of(generator, None)
    check.fits("latents", n, latent_dim)
    device = device_of(generator)
    lows: list[float] = []
    greys: list[bool] = []
    names: list[str] = []

    def judged(z: Tensor) -> Tensor:
        images = generator(z.to(device))
        if images.is_floating_point():
            images = images.float()
            lows.append(float(images.min()))
            greys.append(check.grey(images))
        found = image_features(images, extractor, batch_size)
        names.append(str(extractor_of(found)))
        return found

    with evaluating(generator), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "nothing in images is below 0")  # a part may be pale: all are judged together
        found = in_parts(judged, [draw_latents(n, latent_dim, seed)], batch_size)
    if lows and min(lows) >= 0 and any(greys):
        check.warn_of_range()
    return frechet_distance(mark(found, names[0]), real_features)


def _covariance(x: Tensor, mean: Tensor) -> Tensor:
    lower = x.new_zeros(x.shape[1], x.shape[1])
    for rows in torch.split(x, _ROWS):
        centred = rows - mean
        for j in range(0, x.shape[1], _COLUMNS):  # the lower triangle only: 0.6 of the work at 2048 dimensions
            lower[j:, j : j + _COLUMNS].addmm_(centred[:, j:].T, centred[:, j : j + _COLUMNS])
    return (lower.tril() + lower.tril(-1).T) / (len(x) - 1)


def _congruence(lower: Tensor, sigma: Tensor) -> Tensor:
    """The lower triangle of L^T S L, L lower triangular: a third of the work of two full products."""
    out = torch.zeros_like(sigma)
    for j in range(0, len(sigma), _COLUMNS):
        column = sigma[j:, j:] @ lower[j:, j : j + _COLUMNS]
        out[j:, j : j + _COLUMNS] = lower[j:, j:].T @ column
    return out


def _factor(x: Tensor, mean: Tensor) -> Tensor:
    """A with A^T A = the covariance of x: the centred data, or its triangular factor where that is smaller."""
    factor: Tensor = (x - mean) / (len(x) - 1) ** 0.5
    if len(x) <= x.shape[1]:
        return factor
    triangular: Tensor = torch.linalg.qr(factor, mode="r").R
    return triangular


def _nuclear_norm(a: Tensor, b: Tensor) -> float:
    return float(torch.linalg.svdvals(a @ b.T).sum())


def _root_trace(sigma1: Tensor, sigma2: Tensor) -> float | None:
    """tr((S_1 S_2)^(1/2)) by Cholesky, or None where near-singular covariances would cost accuracy."""
    lower, failed = torch.linalg.cholesky_ex(sigma1)
    if failed or not torch.isfinite(lower).all():
        return None
    eigenvalues = torch.linalg.eigvalsh(_congruence(lower, sigma2), UPLO="L")
    # An eigenvalue w is known to about noise = 8 eps w_max, its root to noise / (2 sqrt(w)), or sqrt(noise) where w is below it;
    # the errors are independent, so they add up in squares.
    noise = 8 * _EPS * eigenvalues[-1].abs()
    if eigenvalues[0] < -len(eigenvalues) * noise:
        return None  # sigma2 is not positive semi-definite
    roots = eigenvalues.clamp(min=0).sqrt()
    error = torch.minimum(noise / (2 * roots), noise.sqrt()).nan_to_num(0.0).square().sum().sqrt()
    return float(roots.sum()) if error <= 1e-10 * (sigma1.trace() + sigma2.trace()) else None


def _symmetric_factor(sigma: Tensor, what: str) -> Tensor:
    """A with A^T A = sigma, rows for the eigenvalues above rounding noise only."""
    values, vectors = torch.linalg.eigh(sigma)
    noise = len(values) * _EPS * values.abs().max()
    if values[0] < -1e-6 * values.abs().max():
        raise ValueError(f"{what} covariance has the negative eigenvalue {float(values[0]):.3g}: it is not a covariance")
    keep = values > noise
    factor: Tensor = vectors[:, keep] * values[keep].sqrt()
    return factor.T


def _real(x: Tensor | np.ndarray, what: str) -> Tensor:
    if not isinstance(x, Tensor | np.ndarray):
        raise TypeError(f"{what} must be a tensor or an array, not {type(x).__name__}")
    x = torch.as_tensor(x).detach()
    if x.is_complex() or x.dtype == torch.bool or not x.numel():
        raise ValueError(f"{what} must hold real numbers, not {x.dtype} {list(x.shape)}")
    return x


def _gaussian(mu: Tensor, sigma: Tensor, what: str) -> tuple[Tensor, Tensor]:
    mu, sigma = _real(mu, f"{what} mean"), _real(sigma, f"{what} covariance")
    if mu.ndim != 1 or sigma.shape != (len(mu), len(mu)):
        raise ValueError(f"{what} Gaussian needs mean [D] and covariance [D, D], not {list(mu.shape)} and {list(sigma.shape)}")
    device = "cpu" if mu.device.type == "mps" else mu.device
    mu, sigma = mu.to(device).double(), sigma.to(device).double()
    skew = (sigma - sigma.T).abs().max()  # NaN where sigma holds NaN or infinity
    if not (torch.isfinite(mu).all() and torch.isfinite(skew)):
        raise ValueError(f"{what} Gaussian holds NaN or infinity: look at the features that made it")
    if skew > 1e-5 * sigma.abs().max():
        raise ValueError(f"{what} covariance is not symmetric: take it from gancourse.metrics.statistics")
    return mu, sigma if skew == 0 else (sigma + sigma.T) / 2

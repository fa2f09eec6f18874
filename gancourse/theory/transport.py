r"""Optimal transport for lectures: the earth mover's distance as a linear program, its dual, and Lipschitz constants.

The earth mover's distance (Wasserstein-1) between distributions p and q is the least work that turns one into the other,

    W(p, q) = min over plans T >= 0 of  sum_ij T_ij d(x_i, y_j),   sum_j T_ij = p_i,   sum_i T_ij = q_j,

and, by Kantorovich-Rubinstein duality, the largest difference of means that a 1-Lipschitz function can show,

    W(p, q) = max over f with |f(x) - f(y)| <= d(x, y) of  E_p f - E_q f.

Both are solved here exactly, in float64, for distributions on finitely many points; a critic is a network that attempts the
second.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.networks import evaluating
from gancourse.theory import divergences

LARGEST_PLAN = 250_000  # entries of a plan that HiGHS still finds in seconds
STEEPEST: dict[type[nn.Module], Callable[[Any], float]] = {  # the largest slope of each activation
    nn.ReLU: lambda layer: 1.0,
    nn.LeakyReLU: lambda layer: max(1.0, abs(layer.negative_slope)),
    nn.ELU: lambda layer: max(1.0, abs(layer.alpha)),
    nn.Tanh: lambda layer: 1.0,
    nn.Sigmoid: lambda layer: 0.25,
    nn.Softplus: lambda layer: 1.0,
    nn.SiLU: lambda layer: 1.09984,  # 1.0998393..., at 2.3994
    nn.Dropout: lambda layer: 1.0,  # the identity, in evaluation mode
    nn.Identity: lambda layer: 1.0,
    nn.Flatten: lambda layer: 1.0,
}


# Earth mover's distance ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Transport:
    """The best plan, what it costs, and the prices that prove that no plan costs less.

    plan [n, m]: mass moved from x_i to y_j.  f [n] and g [m] are the dual potentials, f_i + g_j <= cost_ij everywhere with
    equality wherever the plan moves anything (complementary slackness).  ``value`` is sum T_ij cost_ij, ``dual_value`` is
    sum p_i f_i + sum q_j g_j; the two are equal.
    """

    plan: Tensor  # [n, m]
    value: float
    dual_value: float
    f: Tensor  # [n]
    g: Tensor  # [m]


def distances(x: Tensor, y: Tensor) -> Tensor:
    """Euclidean distances between points x [n, d] and y [m, d]: float64 [n, m].  Points on a line may be given as [n]."""
    x, y = _points("x", x), _points("y", y)
    if x.shape[1] != y.shape[1]:
        raise ValueError(f"points must have one dimension, not {x.shape[1]} and {y.shape[1]}")
    # Differences, where a product x y^T would lose half of the digits of a small distance.
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist")


def earth_mover(p: Tensor, q: Tensor, cost: Tensor) -> Transport:
    """The earth mover's distance between histograms p [n] and q [m] under cost [n, m], as a linear program.

        minimise sum_ij T_ij cost_ij  subject to  T >= 0,  T 1 = p,  T^T 1 = q

    Solved by HiGHS through scipy.optimize.linprog, whose multipliers of the equality constraints are the dual potentials.

    The answer is on the processor and has no gradient; f and g, each but for a constant, are the slopes of the value in p and q.

    Raises: ValueError for what is no distribution, for shapes that do not fit, and above 250 000 entries.
    """
    from scipy.optimize import linprog
    from scipy.sparse import eye, kron, vstack

    p, q = (divergences.distribution(x, what=name).detach().cpu() for name, x in (("p", p), ("q", q)))
    cost = torch.as_tensor(cost).detach().cpu().double()
    if p.ndim != 1 or q.ndim != 1 or tuple(cost.shape) != (len(p), len(q)):
        expected = f"[{p.shape[-1]}, {q.shape[-1]}]"
        raise ValueError(f"cost must be {expected}, a row for each entry of p and a column for each of q, not {list(cost.shape)}")
    check.finite("cost", cost)
    n, m = cost.shape
    if n * m > LARGEST_PLAN:
        raise ValueError(
            f"a plan of {n} x {m} entries is too large for the linear program: take fewer points, or wasserstein_samples"
        )
    rows, columns = kron(eye(n), np.ones((1, m))), kron(np.ones((1, n)), eye(m))
    p, q = p / p.sum(), q / q.sum()
    # The other equations imply any one of them.  The one with the largest total is left out, for with it totals that differ in
    # the last digit have no solution.
    totals = np.concatenate([p, q])
    kept = np.arange(n + m) != totals.argmax()
    equations = vstack([rows, columns]).tocsr()[kept]
    answer = linprog(cost.numpy().ravel(), A_eq=equations, b_eq=totals[kept], bounds=(0, None), method="highs")
    if answer.status != 0:
        raise RuntimeError(f"the solver found no plan: {answer.message}")
    prices = torch.zeros(n + m, dtype=torch.float64)  # the price of the one left out may be 0
    prices[torch.from_numpy(kept)] = torch.as_tensor(answer.eqlin.marginals.copy())
    f, g = prices[:n], prices[n:]
    plan = torch.as_tensor(answer.x.reshape(n, m).copy())
    return Transport(plan, float((plan * cost).sum()), float(p @ f + q @ g), f, g)


def best_critic(p: Tensor, q: Tensor, distance: Tensor) -> tuple[float, Tensor]:
    """The dual linear program on one set of places: max sum_i (p_i - q_i) f_i with f_i - f_j <= distance_ij.

    p and q [n] are histograms on the same n places, distance [n, n] is the metric between them.  Returns the value, which is
    the earth mover's distance again (Kantorovich & Rubinstein 1958), and the critic f [n] with f_0 = 0.
    """
    from scipy.optimize import linprog
    from scipy.sparse import coo_matrix

    p, q = (divergences.distribution(x, what=name).detach().cpu() for name, x in (("p", p), ("q", q)))
    distance = torch.as_tensor(distance).detach().cpu().double()
    n = p.shape[-1]
    if p.ndim != 1 or p.shape != q.shape or tuple(distance.shape) != (n, n):
        raise ValueError(
            f"p and q must be histograms on the same places and distance [{n}, {n}], not {list(p.shape)}, {list(q.shape)} "
            f"and {list(distance.shape)}: for different places use earth_mover, or join the two sets"
        )
    if not torch.allclose(distance, distance.T) or bool((distance < 0).any()):
        raise ValueError("distance must be symmetric and nowhere negative: use distances(x, x)")
    if n * n > LARGEST_PLAN:
        raise ValueError(f"{n} places give {n * n} constraints, too many for the linear program: take at most 500 places")
    i, j = np.nonzero(~np.eye(n, dtype=bool))
    k = np.arange(len(i))
    ones = np.ones(len(i))
    slopes = coo_matrix((np.concatenate([ones, -ones]), (np.concatenate([k, k]), np.concatenate([i, j]))), shape=(len(i), n))
    bounds = [(0, 0)] + [(None, None)] * (n - 1)
    answer = linprog((q - p).numpy(), A_ub=slopes.tocsr(), b_ub=distance.numpy()[i, j], bounds=bounds, method="highs")
    if answer.status != 0:
        raise RuntimeError(f"the solver found no critic: {answer.message}")
    return float(-answer.fun), torch.as_tensor(answer.x.copy())


def extend(points: Tensor, values: Tensor, x: Tensor, lipschitz: float = 1.0) -> Tensor:
    """A Lipschitz function known at ``points`` [n, d], continued to x [k, d]: f(x) = min_i (values_i + K |x - points_i|).

    The result keeps the constant K, and agrees with ``values`` wherever they keep it.  Source: McShane 1934.
    """
    values = torch.as_tensor(values).cpu().double()
    if values.ndim != 1 or len(values) != len(points):
        raise ValueError(f"values must be one for each of the {len(points)} points, not {list(values.shape)}")
    return (values + check.positive("lipschitz", lipschitz) * distances(x, points)).min(1).values


def critic_of_samples(x: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
    """A best critic of two clouds of equally many points [n, d], of mass 1/n each: the points [2n, d], x first, and f there [2n].

    f is 1-Lipschitz, and mean f(x) - mean f(y) = W(x, y); :func:`extend` continues it to other points.  With the best pairing
    x_i, y_i and d_ij = |x_i - y_j| these are the prices with f(y_i) = f(x_i) - d_ii and f(x_i) <= f(x_j) - d_jj + d_ij for all j:
    lengths of shortest ways between places that are w_ij = d_ij - d_jj apart, found by going over all ways until none gets
    shorter.  No round trip is shorter than 0, or another pairing would cost less.

    Points are returned in the order of the pairing.

    Source: Ahuja, Magnanti & Orlin 1993, Network Flows, chapter 5 (shortest ways by Bellman & Ford).

    Raises: ValueError for clouds of different sizes.
    """
    cost = distances(x, y)
    order = _pairing(cost)
    cost, x, y = cost[:, order], _points("x", x), _points("y", y)[order]
    paired = cost.diagonal()
    ways = cost - paired
    f = torch.zeros(len(x), dtype=torch.float64)
    for _ in range(len(x)):
        shorter = torch.minimum(f, (ways + f).min(1).values)
        changed = bool((f - shorter).max() > 1e-12)
        f = shorter
        if not changed:
            break
    return torch.cat([x, y]), torch.cat([f, f - paired])


def wasserstein_samples(x: Tensor, y: Tensor) -> float:
    """The earth mover's distance between two clouds of equally many points, [n, d] each, every point of mass 1/n.

    With equal masses some best plan is a pairing, so an assignment solver finds it far faster than the linear program.
    """
    cost = distances(x, y)
    return float(cost.gather(1, _pairing(cost)[:, None]).mean())


def wasserstein_1d(x: Tensor, y: Tensor) -> float:
    """The earth mover's distance between samples on a line, [n] and [m]: the area between their distribution functions.

    W = integral of |F_x(t) - F_y(t)| dt; for n = m this is the mean of |x_(i) - y_(i)| over the sorted samples.
    """
    x, y = _line("x", x), _line("y", y)
    places = torch.cat([x, y]).sort().values
    below_x = torch.searchsorted(x, places[:-1], right=True).double() / len(x)
    below_y = torch.searchsorted(y, places[:-1], right=True).double() / len(y)
    return float(((below_x - below_y).abs() * places.diff()).sum())


def wasserstein_grid(p: Tensor, q: Tensor, dx: float = 1.0) -> Tensor:
    """W between two distributions on one even grid on the line, [..., n]: sum of |F_p - F_q| dx.  See :mod:`gancourse.theory`.

    p and q are histograms (``dx`` = 1: neighbouring places lie 1 apart) or densities on a grid of spacing ``dx``.
    """
    p, q = divergences.distribution(p, dx, "p"), divergences.distribution(q, dx, "q")
    if p.shape[-1] != q.shape[-1]:
        raise ValueError(f"p and q must live on one grid, not on {p.shape[-1]} and {q.shape[-1]} places")
    return ((p - q).cumsum(-1) * dx).abs().sum(-1) * dx


class Divergences(NamedTuple):
    """Five ways to say how far two distributions are apart."""

    wasserstein: float
    js: float
    kl: float
    reverse_kl: float
    total_variation: float


def parallel_lines(theta: float) -> Divergences:
    """Closed forms between the uniform distributions on the segments {0} x [0, 1] and {theta} x [0, 1].

    Every point moves straight across, so W = |theta|; a shear in the moved direction cannot cost less, since f(x) = x_1 is
    1-Lipschitz and shows that much.  For theta != 0 the segments do not meet: JS = log 2, both KL infinite, TV = 1.

    Source: Arjovsky, Chintala & Bottou 2017, example 1.
    """
    theta = abs(float(theta))
    if theta == 0:
        return Divergences(0.0, 0.0, 0.0, 0.0, 0.0)
    return Divergences(theta, math.log(2), math.inf, math.inf, 1.0)


# Lipschitz constants ------------------------------------------------------------------------------------------------------


def lipschitz_linear(weight: Tensor) -> float:
    """The Lipschitz constant of x -> weight x in the Euclidean norm: the largest singular value of ``weight`` [out, in]."""
    if weight.ndim != 2:
        raise ValueError(f"weight must be a matrix [out, in], not {list(weight.shape)}: flatten or reshape it first")
    return float(torch.linalg.matrix_norm(weight.detach().double(), 2))


def lipschitz_bound(network: nn.Module) -> float:
    """An upper bound on the Lipschitz constant of an MLP: the product of its layers' constants.

    Layers may be linear, spectrally normalised or not, and activations of ``STEEPEST``, one after another in an
    ``nn.Sequential``; a network may hold that and do no more than run it.  The bound is for evaluation mode, and rarely
    attained: it would take one input direction that every layer stretches most.

    Raises: TypeError at a layer whose constant it does not know (batch normalisation has none that holds for single samples),
    and at a network that does more than its layers one after another, as x + f(x).
    """
    with evaluating(network):
        return math.prod(_constant(layer) for layer in _chain(network))


def _constant(layer: nn.Module) -> float:
    """The Lipschitz constant of one layer."""
    if _is_linear(layer):
        return lipschitz_linear(layer.weight)  # type: ignore[arg-type]
    return STEEPEST[type(layer)](layer)


def _is_linear(layer: nn.Module) -> bool:
    """Whether a layer is x -> weight x + bias; a parametrised one is, a class with a forward of its own is not."""
    return isinstance(layer, nn.Linear) and type(layer).forward is nn.Linear.forward


def _chain(network: nn.Module) -> Iterator[nn.Module]:
    """The layers that ``network`` runs one after another, one that stands at two places twice."""
    if isinstance(network, nn.Sequential) and type(network).forward is nn.Sequential.forward:
        for layer in network:
            yield from _chain(layer)
    elif _is_linear(network) or type(network) in STEEPEST:
        yield network
    elif _runs_its_only_child(network):
        yield from _chain(next(network.children()))
    else:
        raise TypeError(
            f"the bound knows linear layers and {', '.join(kind.__name__ for kind in STEEPEST)}, one after another in an "
            f"nn.Sequential, not {type(network).__name__}"
        )


def _runs_its_only_child(network: nn.Module) -> bool:
    """Whether a network gives what its one child gives for the same numbers, up to shapes.

    What a forward pass does cannot be read off its children, so both are run on random points.
    """
    children = list(network.children())
    weights: list[Any] = [layer.weight for layer in network.modules() if _is_linear(layer)]
    if len(children) != 1 or not weights:
        return False
    x = torch.randn(16, weights[0].shape[1], generator=torch.Generator().manual_seed(0)).to(weights[0])
    try:
        whole, alone = network(x.unflatten(1, getattr(network, "in_shape", (-1,)))).flatten(), children[0](x).flatten()
    except (RuntimeError, TypeError, ValueError):  # it takes something else than its child does
        return False
    return whole.shape == alone.shape and torch.allclose(whole, alone, rtol=1e-6, atol=0, equal_nan=True)


def lipschitz_sampled(f: Callable[[Tensor], Tensor], x: Tensor) -> float:
    """A lower bound on the Lipschitz constant of f: the largest ||grad f|| at the points x [N, ...].

    f maps [N, ...] to one number for each sample, [N].
    """
    return float(gradient_norms(f, x).max())


def gradient_norms(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """||grad f|| at each point of x [N, ...]: [N], without a graph."""
    if not x.is_floating_point():
        raise TypeError(f"gradients need float inputs, not {x.dtype}: convert with gancourse.data.to_float")
    with torch.enable_grad():
        x = x.detach().clone().requires_grad_(True)
        values = f(x)
        if tuple(values.shape) != (len(x),):
            raise ValueError(f"f must give one number for each sample, [{len(x)}], not {list(values.shape)}")
        (gradient,) = torch.autograd.grad(values.sum(), x)
    return gradient.flatten(1).norm(dim=1)


def _pairing(cost: Tensor) -> Tensor:
    """The column that the cheapest pairing gives to each row of cost [n, n]: [n]."""
    from scipy.optimize import linear_sum_assignment

    if cost.shape[0] != cost.shape[1]:
        raise ValueError(f"a pairing needs equally many points, not {cost.shape[0]} and {cost.shape[1]}: cut the larger cloud")
    return torch.as_tensor(linear_sum_assignment(cost.numpy())[1])


def _points(what: str, x: Tensor) -> Tensor:
    x = torch.as_tensor(x).detach().cpu().double()
    x = x[:, None] if x.ndim == 1 else x
    if x.ndim != 2 or not len(x):
        raise ValueError(f"{what} must be points [n, d] (or [n] on a line), not {list(x.shape)}: flatten images first")
    return check.finite(what, x)


def _line(what: str, x: Tensor) -> Tensor:
    x = torch.as_tensor(x).detach().cpu().double()
    if x.ndim != 1 or not len(x):
        raise ValueError(f"{what} must be samples on a line, [n], not {list(x.shape)}")
    return check.finite(what, x).sort().values

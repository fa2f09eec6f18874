r"""Attributes in latent space: labelled latents, directions between attributes, and the arithmetic of Radford et al. (2016).

A classifier takes the place of the eye: it says which attributes the picture of a latent has.

>>> labelled = label_latents(generator, attribute_classifier("faces"), n=4000)
>>> labelled.direction("smile", "no", "yes")                       # [latent_dim]
>>> z = arithmetic(labelled, {"hair_length": "short", "glasses": "yes"}, {"hair_length": "short", "glasses": "no"},
...                {"hair_length": "long", "glasses": "no"}, trials=200)      # long hair and glasses?

In the space W of a style generator (:mod:`gancourse.models.stylegan2`), with planes instead of means:

>>> labelled = label_latents(generator, attribute_classifier("faces"), n=4000, space="w")
>>> ways = attribute_directions(labelled.z, {"smile": labelled.has(smile="yes"), "glasses": labelled.has(glasses="yes")})
>>> way = orthogonalise(ways["smile"], [ways["glasses"]])           # smile, and leave the glasses alone
>>> images = generator.synthesis(move(generator.styles(z), way, 2 * spread_along(labelled.z, way)))
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

import torch
from torch import Tensor

from gancourse.base import check
from gancourse.base.latents import Network, device_of, draw_latents, latent_dim_of, run
from gancourse.base.networks import evaluating

SPACES = ("z", "w")
METHODS = ("logistic", "svm", "means")


class Judge(Protocol):
    """What is needed of a classifier: the names of its attributes' values, and ``predict``, images -> int64 [N, A]."""

    attribute_names: Mapping[str, tuple[str, ...]]

    def predict(self, images: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class LabelledLatents:
    """Latents z [N, D] (or w), and the attributes int64 [N, A] of their pictures, columns ordered as ``attribute_names``."""

    z: Tensor
    attributes: Tensor
    attribute_names: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        wanted = (len(self.z), len(self.attribute_names))
        if self.z.ndim != 2 or tuple(self.attributes.shape) != wanted:
            came = f"{list(self.z.shape)} and {list(self.attributes.shape)}"
            raise ValueError(f"z must be [N, D] and attributes {list(wanted)}, not {came}")

    def __len__(self) -> int:
        return len(self.z)

    def __getitem__(self, index: slice | Tensor) -> LabelledLatents:
        """The part that a slice, an index tensor or a mask selects; ``labelled[k::5]`` for k = 0..4 are five disjoint parts."""
        return replace(self, z=self.z[index], attributes=self.attributes[index])

    def has(self, **values: str) -> Tensor:
        """Bool [N]: which pictures have all the given values, as in ``has(glasses="yes", hair="red")``."""
        return has(self.attributes, self.attribute_names, **values)

    def where(self, **values: str) -> Tensor:
        """The latents [M, D] of the pictures with the given values."""
        return self.z[self.has(**values)]

    def direction(self, attribute: str, start: str, end: str) -> Tensor:
        """The mean latent with value ``end`` less that with value ``start``: [D]."""
        groups = [self.where(**{attribute: value}) for value in (start, end)]
        for value, group in zip((start, end), groups, strict=True):
            if len(group) == 0:
                raise ValueError(f"no picture has {attribute} {value}: label more latents")
        return groups[1].mean(0) - groups[0].mean(0)

    def balanced(self, attribute: str, start: str, end: str, over: str) -> Tensor:
        r"""The direction of an attribute that leaves another, ``over``, out of it: [D], as long as :meth:`direction`.

            d = sum_v (mean of z with v and end - mean of z with v and start) / V        v the V values of ``over``

        Within one value of ``over`` the two groups do not differ in it; the mean weighs each value alike, however often it occurs
        with either group.  Source: White 2016, bias-corrected vectors, where examples are repeated until the groups are level.
        """
        plain = self.direction(attribute, start, end)
        values = self.attribute_names[check.one_of("attribute", over, self.attribute_names)]
        within = [self[self.has(**{over: value})].direction(attribute, start, end) for value in values]
        mean = torch.stack(within).mean(0)
        if not mean.norm():
            raise ValueError(f"no difference is left between {start} and {end} within the values of {over}: label more latents")
        return mean * (plain.norm() / mean.norm())


def has(attributes: Tensor, attribute_names: Mapping[str, tuple[str, ...]], **values: str) -> Tensor:
    """Bool [N]: which rows of ``attributes`` [N, A] have all the given values."""
    mask = torch.ones(len(attributes), dtype=torch.bool, device=attributes.device)
    for name, value in values.items():
        names = attribute_names[check.one_of("attribute", name, attribute_names)]
        mask &= attributes[:, list(attribute_names).index(name)] == names.index(check.one_of(f"value of {name}", value, names))
    return mask


def label_latents(
    generator: Network, classifier: Judge, n: int, seed: int = 0, latent_dim: int | None = None, space: str = "z"
) -> LabelledLatents:
    """n latents z ~ N(0, I), each with the attributes that ``classifier`` sees in G(z).

    ``space`` = "w" keeps w = f(z), the style of the generator's first layer, in place of z.
    """
    n = check.whole("n", n)
    check.one_of("space", space, SPACES)
    z = draw_latents(n, latent_dim_of(generator, latent_dim), seed)
    attributes = classifier.predict(run(generator, z, chunk=256))
    return LabelledLatents(z if space == "z" else styles_of(generator, z), attributes, classifier.attribute_names)


def styles_of(generator: Network, z: Tensor, labels: Tensor | None = None) -> Tensor:
    """w = f(z) [N, w_dim] of latents z [N, latent_dim] (and labels), in evaluation mode, on the CPU."""
    if not hasattr(generator, "styles"):
        raise ValueError(f"{type(generator).__name__} has no styles, hence no W: label its latents with space='z'")
    device, network = device_of(generator), cast(Any, generator)
    with evaluating(generator):
        return network.styles(z.to(device), None if labels is None else labels.to(device))[:, 0].float().cpu()


def to_shell(z: Tensor) -> Tensor:
    r"""z [N, D] stretched to length sqrt(D), about which the lengths of D-dimensional standard normal vectors gather."""
    lengths = z.norm(dim=1, keepdim=True)
    if not lengths.all():
        raise ValueError(f"latent {int((lengths == 0).nonzero()[0, 0])} is 0, and has no direction to be stretched along")
    return z * (math.sqrt(z.shape[1]) / lengths)


def exemplar_means(z: Tensor, trials: int, exemplars: int, source: torch.Generator) -> Tensor:
    """``trials`` means [trials, D], each of ``exemplars`` different rows of z [N, D] drawn at random."""
    trials, exemplars = check.whole("trials", trials), check.whole("exemplars", exemplars)
    if len(z) < exemplars:
        raise ValueError(f"{exemplars} exemplars are asked for and only {len(z)} latents are at hand: label more")
    drawn = torch.rand(trials, len(z), generator=source).topk(exemplars, dim=1).indices  # [trials, exemplars], each row's differ
    return z[drawn].mean(1)


def arithmetic(
    labelled: LabelledLatents,
    a: Mapping[str, str],
    b: Mapping[str, str],
    c: Mapping[str, str],
    trials: int,
    exemplars: int = 3,
    seed: int = 0,
) -> Tensor:
    r"""a - b + c for ``trials`` random choices of exemplars: [trials, D].

    a, b and c are attribute values such as {"smile": "yes", "hair": "red"}; each stands for the mean latent of ``exemplars``
    pictures that have them.  For independent standard normal exemplars the sum has length sqrt(3 D / exemplars) on average:
    that of the latents themselves for exactly three.

    Source: Radford et al. 2016, section 6.3.2, with three exemplars chosen by eye.
    """
    first, second, third = triples(labelled, a, b, c, trials, exemplars, seed)
    return first - second + third


def triples(
    labelled: LabelledLatents,
    a: Mapping[str, str],
    b: Mapping[str, str],
    c: Mapping[str, str],
    trials: int,
    exemplars: int = 3,
    seed: int = 0,
) -> tuple[Tensor, Tensor, Tensor]:
    """The three mean latents of :func:`arithmetic`, [trials, D] each; the picture of a mean need not show what it stands for."""
    source = torch.Generator().manual_seed(check.seed(seed))
    first, second, third = (exemplar_means(labelled.where(**group), trials, exemplars, source) for group in (a, b, c))
    return first, second, third


# ------------------------------------------------------------------------------------------------------ planes and their normals


def attribute_directions(
    latents: Tensor, labels: Mapping[str, Tensor], method: str = "logistic", *, seed: int = 0
) -> dict[str, Tensor]:
    """For each attribute the unit vector [D] along which it appears: the normal of a plane between latents without and with it.

    latents [N, D], z or w; ``labels`` maps a name to bool [N] (or 0 and 1), as ``labelled.has(smile="yes")`` gives it.
    ``method``: "logistic" (regression), "svm" (linear support vector machine), or "means" (their difference, no plane).
    Planes are fitted to standardised latents, both sides weighing the same however rare one is; the normals are those of the
    latents as they came.

    Source: Shen et al. 2020 (InterFaceGAN), sections 3.1 and 3.2, with support vector machines.
    """
    check.one_of("method", method, METHODS)
    if not isinstance(latents, Tensor) or latents.ndim != 2:
        raise ValueError("latents must be [N, D]: take one style of each image, ws[:, 0]")
    x = check.finite("latents", latents.detach().cpu().double())
    return {name: _normal(name, x, _sides(name, mask, len(x)), method, seed).float() for name, mask in labels.items()}


def _sides(name: str, mask: Tensor, n: int) -> Tensor:
    mask = torch.as_tensor(mask).cpu()
    if mask.shape != (n,) or not ((mask == 0) | (mask == 1)).all():
        raise ValueError(f"the labels of {name} must be yes or no for each of the {n} latents, bool [{n}]")
    mask = mask.bool()
    if mask.all() or not mask.any():
        raise ValueError(f"{'all' if mask.all() else 'none'} of the latents have {name}: a plane needs both sides, label more")
    return mask


def _normal(name: str, x: Tensor, mask: Tensor, method: str, seed: int) -> Tensor:
    if method == "means":
        normal = x[mask].mean(0) - x[~mask].mean(0)
    else:
        spread = x.std(0, correction=0)
        spread = torch.where(spread > 0, spread, 1.0)
        normal = torch.from_numpy(_fitted(method, seed, ((x - x.mean(0)) / spread).numpy(), mask.numpy())) / spread
    if not normal.norm():
        raise ValueError(f"latents with and without {name} have one mean: no direction leads from those to these")
    return normal / normal.norm()


def _fitted(method: str, seed: int, x: Any, y: Any) -> Any:
    """The coefficients [D] of a linear classifier."""
    if method == "svm":
        from sklearn.svm import LinearSVC

        return LinearSVC(dual=False, class_weight="balanced", random_state=seed).fit(x, y).coef_[0]
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(class_weight="balanced", max_iter=1000).fit(x, y).coef_[0]


def orthogonalise(direction: Tensor, others: Sequence[Tensor] | Tensor) -> Tensor:
    """``direction`` [D] less its part in the span of ``others``, K vectors [D], to length 1.

    Along it the planes whose normals the others are keep their distance: what they tell apart stays.  Others that depend on one
    another, as an attribute and its opposite do, up to rounding of their type, and zeros take nothing more away.

    Source: Shen et al. 2020 (InterFaceGAN), conditional manipulation.
    """
    unit = _unit(direction)
    if len(others) == 0:
        return unit
    basis = _spanned(torch.stack(tuple(others)))
    rest = direction.double()
    for _ in range(2):  # twice is enough for rounding
        rest = rest - basis @ (basis.T @ rest)
    if rest.norm() <= 1e-6 * direction.norm():
        raise ValueError("the direction lies in the span of the others: nothing of it is left")
    return (rest / rest.norm()).to(direction.dtype)


def _spanned(vectors: Tensor) -> Tensor:
    """Orthonormal columns [D, rank] that span the rows of ``vectors`` [K, D], each of which counts alike, however long it is.

    By singular values: columns of a QR decomposition without pivoting are arbitrary behind the first row that depends on others.
    """
    units = torch.nn.functional.normalize(vectors.double(), dim=1, eps=torch.finfo(torch.double).tiny)
    _, sizes, rows = torch.linalg.svd(units, full_matrices=False)
    eps = torch.finfo(vectors.dtype if vectors.is_floating_point() else torch.double).eps
    return rows[sizes > max(units.shape) * eps * sizes.max()].T


def spread_along(latents: Tensor, direction: Tensor) -> float:
    """The standard deviation of ``latents`` [N, D] along a direction [D]: a natural unit for :func:`move`."""
    return float((latents @ _unit(direction)).std())


def _unit(direction: Tensor) -> Tensor:
    if not direction.norm():
        raise ValueError("the direction is 0: it leads nowhere")
    return direction / direction.norm()


def move(ws: Tensor, direction: Tensor, amount: float | Tensor, layers: slice | None = None) -> Tensor:
    """ws + amount * direction, for latents or styles [N, D], or styles of layers [N, L, D]; ``direction`` [D].

    ``amount``: a number, or [N] for each its own.  ``layers``: which layers move (None: all), ``slice(0, 4)`` say for the coarse.
    """
    if ws.ndim not in (2, 3) or direction.shape != ws.shape[-1:]:
        raise ValueError(f"styles must be [N, (L,) D] and the direction [D], not {list(ws.shape)} and {list(direction.shape)}")
    if layers is not None and ws.ndim == 2:
        raise ValueError("layers are chosen in styles [N, L, D], and these are [N, D]: generator.styles makes the former")
    amount = torch.as_tensor(amount, dtype=ws.dtype, device=ws.device)
    if amount.ndim > 1 or (amount.ndim == 1 and len(amount) != len(ws)):
        raise ValueError(f"amount must be a number, or one for each of the {len(ws)} styles, not {list(amount.shape)}")
    step = amount.reshape(-1, *[1] * (ws.ndim - 1)) * direction.to(ws)  # [N or 1, (1,) D]
    if layers is None:
        return ws + step
    moved = ws.clone()
    moved[:, layers] += step
    return moved

r"""Attributes in latent space: labelled latents, directions between attributes, and the arithmetic of Radford et al. (2016).

A classifier takes the place of the eye: it says which attributes the picture of a latent has.

>>> labelled = label_latents(generator, attribute_classifier("faces"), n=4000)
>>> labelled.direction("smile", "no", "yes")                       # [latent_dim]
>>> z = arithmetic(labelled, {"hair_length": "short", "glasses": "yes"}, {"hair_length": "short", "glasses": "no"},
...                {"hair_length": "long", "glasses": "no"}, trials=200)      # long hair and glasses?
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

import torch
from torch import Tensor

from gancourse import _check
from gancourse.viz.latent import Network, draw_latents, latent_dim_of, run


class Judge(Protocol):
    """What is needed of a classifier: the names of its attributes' values, and ``predict``, images -> int64 [N, A]."""

    attribute_names: Mapping[str, tuple[str, ...]]

    def predict(self, images: Tensor) -> Tensor: ...


@dataclass(frozen=True)
class LabelledLatents:
    """Latents z [N, D], and the attributes int64 [N, A] of their pictures, columns ordered as ``attribute_names``."""

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


def has(attributes: Tensor, attribute_names: Mapping[str, tuple[str, ...]], **values: str) -> Tensor:
    """Bool [N]: which rows of ``attributes`` [N, A] have all the given values."""
    mask = torch.ones(len(attributes), dtype=torch.bool)
    for name, value in values.items():
        names = attribute_names[_check.one_of("attribute", name, attribute_names)]
        mask &= attributes[:, list(attribute_names).index(name)] == names.index(_check.one_of(f"value of {name}", value, names))
    return mask


def label_latents(generator: Network, classifier: Judge, n: int, seed: int = 0, latent_dim: int | None = None) -> LabelledLatents:
    """n latents z ~ N(0, I), each with the attributes that ``classifier`` sees in G(z)."""
    _check.positive("n", n)
    z = draw_latents(n, latent_dim_of(generator, latent_dim), seed)
    return LabelledLatents(z, classifier.predict(run(generator, z, chunk=256)), classifier.attribute_names)


def to_shell(z: Tensor) -> Tensor:
    r"""z [N, D] stretched to length sqrt(D), about which the lengths of D-dimensional standard normal vectors gather."""
    return z * (math.sqrt(z.shape[1]) / z.norm(dim=1, keepdim=True))


def exemplar_means(z: Tensor, trials: int, exemplars: int, source: torch.Generator) -> Tensor:
    """``trials`` means [trials, D], each of ``exemplars`` different rows of z [N, D] drawn at random."""
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
    _check.positive("trials", trials)
    _check.positive("exemplars", exemplars)
    source = torch.Generator().manual_seed(seed)
    first, second, third = (exemplar_means(labelled.where(**group), trials, exemplars, source) for group in (a, b, c))
    return first - second + third


def truncated_latents(n: int, latent_dim: int, threshold: float, seed: int = 0) -> Tensor:
    r"""n latents whose every component is normal, given that its magnitude is at most ``threshold``: float32 [n, latent_dim].

    The same distribution as drawing again each component that falls outside, here by the inverse of the distribution
    function: z = Phi^-1(u) with u uniform between Phi(-threshold) and Phi(threshold).  A lower threshold brings the latents
    nearer to their mean: samples look more typical and differ less.

    Source: Brock et al. 2019 (BigGAN), section 3.1, the truncation trick.
    """
    _check.positive("n", n)
    _check.positive("threshold", threshold)
    # In float64: where Phi is next to 1, steps of float32 in u would be wide gaps in z.
    half = math.erf(threshold / math.sqrt(2))  # Phi(threshold) - Phi(-threshold)
    u = torch.rand(n, latent_dim, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)) * 2 - 1
    z = torch.special.erfinv(u * half) * math.sqrt(2)
    return z.float().clamp(-threshold, threshold)

r"""The equation a - b + c of Radford et al. (2016) as pictures, beside what it must beat, and counted by a judge.

>>> longer = equation("glasses", "hair_length", "short", "long")
>>> sums = draw_sums(generator, triples(labelled, *longer.groups, trials=200), seed=0)
>>> sums.count(classifier, *longer)["as it is"]                        # the share that succeeds

And on disjoint parts of the latents, of which each has its own exemplars:

>>> parts = sums_of_parts(generator, labelled, longer, classifier, trials=200)
>>> parts.shares("as it is"), parts.shares("in pixels")                # a number a part
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check
from gancourse.base.latents import Network, run
from gancourse.latent.attributes import Judge, LabelledLatents, has, to_shell, triples
from gancourse.latent.moves import stranger


class Equation(NamedTuple):
    """The values that stand for the terms of a - b + c, and those that the picture of the sum should show."""

    groups: tuple[Mapping[str, str], Mapping[str, str], Mapping[str, str]]
    target: Mapping[str, str]


def equation(attribute: str, beside: str, start: str, end: str) -> Equation:
    """(start, yes) - (start, no) + (end, no) = (end, yes): yes and no of ``attribute``, start and end of the one ``beside``."""
    terms = (start, "yes"), (start, "no"), (end, "no")
    a, b, c = ({beside: value, attribute: answer} for value, answer in terms)
    return Equation((a, b, c), {beside: end, attribute: "yes"})


@dataclass(frozen=True)
class Sums:
    """Mean latents a, b, c [N, D] each, the pictures of these three terms [N, C, H, W], and those of the sum in several ways.

    ``images``: "as it is" G(a - b + c); "stretched" to the shell; the controls "third term" G(c), "astray" (c with a step as long
    as a - b in a random direction) and "in pixels" G(a) - G(b) + G(c), cut off at -1 and 1.
    """

    means: tuple[Tensor, Tensor, Tensor]
    terms: tuple[Tensor, Tensor, Tensor]
    images: Mapping[str, Tensor]

    @property
    def length(self) -> float:
        """The mean length of a - b + c."""
        a, b, c = self.means
        return float((a - b + c).norm(dim=1).mean())

    def valid(self, judge: Judge, groups: Sequence[Mapping[str, str]]) -> Tensor:
        """Bool [N]: whether each of the three terms' pictures shows what its term stands for."""
        shown = [has(judge.predict(x), judge.attribute_names, **group) for x, group in zip(self.terms, groups, strict=True)]
        return torch.stack(shown).all(0)

    def count(self, judge: Judge, groups: Sequence[Mapping[str, str]], target: Mapping[str, str]) -> dict[str, float]:
        """For each way the share of the pictures that show ``target``: among valid triples, and of "..., all"; and "valid".

        Without a valid triple the shares among these are NaN, for nothing was asked.
        """
        valid = self.valid(judge, groups)
        hits = {how: has(judge.predict(x), judge.attribute_names, **target) for how, x in self.images.items()}
        shares = {how: float((hit & valid).sum() / valid.sum()) for how, hit in hits.items()}
        shares |= {f"{how}, all": float(hit.double().mean()) for how, hit in hits.items()}
        return shares | {"valid": float(valid.double().mean())}

    def of_one_label(self, generator: Network) -> dict[str, Tensor]:
        """c + b - b', "in latents" and "in pixels", with b' the b of the trial before: a sum of which nothing is asked."""
        (_, b, c), (_, second, third) = self.means, self.terms
        return {
            "in latents": run(generator, c + b - b.roll(1, 0), chunk=256),
            "in pixels": (third + second - second.roll(1, 0)).clamp(-1, 1),
        }


def draw_sums(generator: Network, means: tuple[Tensor, Tensor, Tensor], seed: int) -> Sums:
    """The pictures of a - b + c and of its controls, for the three mean latents [N, D] that ``triples`` returns.

    Source: Radford et al. 2016, section 6.3.2, where the sum in pixels is shown as well.
    """
    a, b, c = means
    if not a.shape == b.shape == c.shape or a.ndim != 2:
        raise ValueError(f"the means must be three [N, D] of one shape, not {', '.join(str(list(z.shape)) for z in means)}")
    aside = torch.randn(a.shape, generator=torch.Generator().manual_seed(check.seed(seed))).to(a)
    aside = F.normalize(aside, dim=1) * (a - b).norm(dim=1, keepdim=True)
    first, second, third = (run(generator, z, chunk=256) for z in means)
    images = {
        "as it is": run(generator, a - b + c, chunk=256),
        "stretched": run(generator, to_shell(a - b + c), chunk=256),
        "third term": third,
        "astray": run(generator, c + aside, chunk=256),
        "in pixels": (first - second + third).clamp(-1, 1),
    }
    return Sums(means, (first, second, third), images)


@dataclass(frozen=True)
class SumsOfParts:
    """The sums of one equation on disjoint parts of labelled latents, and :meth:`Sums.count` of each."""

    equation: Equation
    parts: tuple[Sums, ...]
    counts: tuple[Mapping[str, float], ...]

    @property
    def length(self) -> float:
        """The mean length of a - b + c."""
        return sum(part.length for part in self.parts) / len(self.parts)

    def judged(self, judge: Judge) -> SumsOfParts:
        """The same sums, counted by another judge."""
        return replace(self, counts=tuple(part.count(judge, *self.equation) for part in self.parts))

    def shares(self, what: str) -> list[float]:
        """Of each part the share that :meth:`Sums.count` calls ``what``."""
        return [counted[check.one_of("what", what, counted)] for counted in self.counts]

    def share(self, what: str) -> float:
        """The mean of :meth:`shares` over the parts that have a valid triple; NaN where none has."""
        known = [share for share in self.shares(what) if not math.isnan(share)]
        return sum(known) / len(known) if known else math.nan

    def images(self, how: str, limit: int | None = None) -> Tensor:
        """The pictures of one way, the first ``limit`` (None: all) of each part."""
        return torch.cat([part.images[how][:limit] for part in self.parts])

    def stranger(
        self, measure: Callable[[Tensor], Tensor], generator: Network, limit: int | None = None
    ) -> dict[str, list[float]]:
        """Of each part the mean ``measure`` of the first ``limit`` sums over that of their third terms: :func:`stranger`.

        The ways: "as it is", "in pixels", and the sums :meth:`Sums.of_one_label`, "one label in latents" and "... in pixels".
        """
        found: dict[str, list[float]] = {}
        for part in self.parts:
            kinds = {how: part.images[how] for how in ("as it is", "in pixels")}
            kinds |= {f"one label {how}": images for how, images in part.of_one_label(generator).items()}
            for how, ratio in zip(kinds, stranger(measure, kinds.values(), part.terms[2], limit), strict=True):
                found.setdefault(how, []).append(ratio)
        return found


def sums_of_parts(
    generator: Network,
    labelled: LabelledLatents,
    equation: Equation,
    judge: Judge,
    trials: int,
    exemplars: int = 3,
    *,
    parts: int = 5,
) -> SumsOfParts:
    """``trials`` sums of ``equation`` from each of ``parts`` disjoint parts of ``labelled``, drawn and counted by ``judge``."""
    check.whole("parts", parts, 1)
    drawn = []
    for part in range(parts):
        means = triples(labelled[part::parts], *equation.groups, trials, exemplars, seed=part)
        drawn.append(draw_sums(generator, means, seed=50 + part))
    return SumsOfParts(equation, tuple(drawn), ()).judged(judge)

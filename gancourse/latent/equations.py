r"""The equation a - b + c of Radford et al. (2016) as pictures, beside what it must beat, and counted by a judge.

>>> groups = {"hair": "short", "glasses": "yes"}, {"hair": "short", "glasses": "no"}, {"hair": "long", "glasses": "no"}
>>> sums = draw_sums(generator, triples(labelled, *groups, trials=200), seed=0)
>>> sums.count(classifier, groups, {"hair": "long", "glasses": "yes"})["as it is"]    # the share that succeeds
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check
from gancourse.base.latents import Network, run
from gancourse.latent.attributes import Judge, has, to_shell


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
        """For each way the share of the pictures that show ``target``: among valid triples, and of "..., all"; and "valid"."""
        valid = self.valid(judge, groups)
        hits = {how: has(judge.predict(x), judge.attribute_names, **target) for how, x in self.images.items()}
        shares = {how: float((hit & valid).sum() / valid.sum().clamp_min(1)) for how, hit in hits.items()}
        shares |= {f"{how}, all": float(hit.double().mean()) for how, hit in hits.items()}
        return shares | {"valid": float(valid.double().mean())}


def draw_sums(generator: Network, means: tuple[Tensor, Tensor, Tensor], seed: int) -> Sums:
    """The pictures of a - b + c and of its controls, for the three mean latents [N, D] that ``triples`` returns.

    Source: Radford et al. 2016, section 6.3.2, where the sum in pixels is shown as well.
    """
    a, b, c = means
    if not a.shape == b.shape == c.shape or a.ndim != 2:
        raise ValueError(f"the means must be three [N, D] of one shape, not {', '.join(str(list(z.shape)) for z in means)}")
    aside = torch.randn(a.shape, generator=torch.Generator().manual_seed(check.seed(seed)))
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

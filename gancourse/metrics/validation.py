"""Judges judged: what does a measure say of the truth, of the truth once more, of blur, noise, copies and an untrained network?

A measure that noise passes measures nothing, and one that gives two scores to one set measures its own dice.  So every judge of
the course goes through :func:`validate` once, before it is believed.

    table = validate(judge, faces.images, untrained=gan.sample(500), copies=training.images)
    table.fooled("modes")            # the nulls that score as well as the truth: should be []
    viz.table(table.rows())
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check
from gancourse.metrics.features import float_images

Judge = Callable[[Tensor], Mapping[str, float] | float]
REAL = ("truth", "truth again", "other real pictures", "copies")  # rows that may score as well as the truth


@dataclass(frozen=True)
class Validation:
    """Scores by row and name: ``scores["noise"]["modes"]``."""

    scores: Mapping[str, Mapping[str, float]]

    def rows(self) -> list[dict[str, float | str]]:
        """One dict for each set of pictures, for ``viz.table``."""
        return [{"": name, **row} for name, row in self.scores.items()]

    def steady(self) -> bool:
        """Whether the same pictures got the same scores twice."""
        first, again = self.scores["truth"], self.scores["truth again"]
        return all(value == again[name] or (math.isnan(value) and math.isnan(again[name])) for name, value in first.items())

    def fooled(self, score: str, best: str = "high", margin: float = 0.0) -> list[str]:
        """The nulls (blur, noise, shuffled, untrained) that come as near as ``margin`` to the truth, or pass it.

        ``best`` says what a good score is: "high", "low", or "near" where the truth's own value is best and both sides are wrong.
        A null without a score (NaN) fools nobody.  Raises ValueError where the truth itself has none.
        """
        check.one_of("best", best, ["high", "low", "near"])
        margin = check.at_least("margin", margin)
        truth = self.scores["truth"][check.one_of("score", score, self.scores["truth"])]
        if math.isnan(truth):
            raise ValueError(f"the judge has no {score} for the truth itself (NaN): it can validate nothing")

        def gap(value: float) -> float:
            if value == truth:  # infinities, too
                return 0.0
            return abs(value - truth) if best == "near" else (truth - value) * (1 if best == "high" else -1)

        return [name for name, row in self.scores.items() if name not in REAL and gap(row[score]) <= margin]


def validate(
    judge: Judge,
    truth: Tensor,
    *,
    untrained: Tensor | None = None,
    copies: Tensor | None = None,
    others: Tensor | None = None,
    paired: bool = False,
    seed: int = 0,
) -> Validation:
    """What ``judge``, a function of pictures [N, C, H, W] in [-1, 1], says of pictures whose worth is known.

    truth      real pictures of the kind that the judge is for, uint8 or floats in [-1, 1]; judged twice
    untrained  what an untrained network makes
    copies     pictures of the training set: a judge of variety or of fidelity cannot tell them from the truth
    others     real pictures of another kind: a judge of this kind should refuse them, one of realism in general should not
    paired     the judge compares picture i with something at place i, so that shuffled pictures are a null, too

    Blur averages over 2 and over 4 pixels.  Noise is uniform, or draws each pixel from its own marginal over the truth; a third
    null puts every picture's pixels in random order, which keeps its histogram.

    Raises ValueError where the judge does not give the same scores for all of them; NaN is for a score that it has not.
    """
    check.function("judge", judge)
    truth, paired = _floats(truth), check.flag("paired", paired)
    source = torch.Generator().manual_seed(check.seed(seed))
    pictures = {"truth": truth, "truth again": truth}
    pictures |= {name: _floats(x) for name, x in (("other real pictures", others), ("copies", copies)) if x is not None}
    pictures |= {f"blurred over {k} px": blurred(truth, k) for k in (2, 4)}
    if paired:
        pictures["shuffled"] = truth.roll(1, 0)
    pictures |= {
        "noise": torch.rand(truth.shape, generator=source).to(truth) * 2 - 1,
        "marginal noise": marginal_noise(truth, source),
        "pixels in random order": shuffled_pixels(truth, source),
    }
    if untrained is not None:
        pictures["untrained"] = _floats(untrained)
    scores = {name: _scores(judge(x)) for name, x in pictures.items()}
    for name, row in scores.items():
        if missing := sorted(row.keys() ^ scores["truth"].keys()):
            raise ValueError(
                f"the judge gives the score {missing[0]!r} for one of the truth and {name}, and not for the other: let it give "
                "NaN where it has none"
            )
    return Validation(scores)


def blurred(pictures: Tensor, k: int) -> Tensor:
    """Averages over squares of k pixels, enlarged bilinearly to the size before."""
    sides = check.finite("pictures", check.images(pictures, what="pictures")).shape[2:]
    k = check.whole("k", k, 1, min(sides, default=1))
    return F.interpolate(F.avg_pool2d(pictures, k), size=pictures.shape[2:], mode="bilinear", align_corners=False)


def marginal_noise(pictures: Tensor, source: torch.Generator) -> Tensor:
    """Every pixel drawn from what the pictures have at its place, independently of all others: right marginals, no picture."""
    flat = _drawn_from(pictures, source).flatten(1)
    return flat.gather(0, torch.randint(len(flat), flat.shape, generator=source).to(flat.device)).view(pictures.shape)


def shuffled_pixels(pictures: Tensor, source: torch.Generator) -> Tensor:
    """The places of each picture in random order, the colours at a place together."""
    flat = _drawn_from(pictures, source).flatten(2)
    order = torch.rand(len(flat), 1, flat.shape[2], generator=source).argsort(2).to(flat.device)
    return flat.gather(2, order.expand_as(flat)).view(pictures.shape)


def _drawn_from(pictures: Tensor, source: torch.Generator) -> Tensor:
    if not isinstance(source, torch.Generator):
        raise TypeError(f"source must be a torch.Generator, not {type(source).__name__}: torch.Generator().manual_seed(0)")
    if not check.finite("pictures", check.images(pictures, what="pictures")).numel():
        raise ValueError(f"pictures must be [N, C, H, W] with N > 0, not {list(pictures.shape)}")
    return pictures


def _floats(pictures: Tensor) -> Tensor:
    return float_images(pictures, "pictures").cpu().clamp(-1, 1)


def _scores(found: Mapping[str, float] | float) -> dict[str, float]:
    return {name: float(value) for name, value in (found.items() if isinstance(found, Mapping) else [("score", found)])}

"""What a measure says of things whose quality is known: nulls, which must fail, and ceilings, which show what can be had.

>>> nulls(noise=0.03, untrained=[0.11, 0.12]) | ceilings(truth=0.99)
>>> no_null("both sides of an equation")
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gancourse.classroom.claims.figures import values_of


@dataclass(frozen=True)
class Baselines:
    """Named scores in the row's own units; made by ``nulls``, ``ceilings`` and ``no_null``, joined by ``|``."""

    nulls: dict[str, Any] = field(default_factory=dict)
    ceilings: dict[str, Any] = field(default_factory=dict)
    reason: str = ""

    def __or__(self, other: Baselines) -> Baselines:
        if self.reason and other.nulls or other.reason and self.nulls:
            raise ValueError("a row has nulls or a reason to have none, not both")
        return Baselines(self.nulls | other.nulls, self.ceilings | other.ceilings, self.reason or other.reason)


def nulls(**scores: Any) -> Baselines:
    """Scores of what has learnt nothing (noise, an untrained network, shuffled pairs, step 0): no tolerance may let them pass."""
    if not scores:
        raise ValueError("nulls() names nothing: write nulls(noise=...) or no_null('why a null makes no sense here')")
    return Baselines(nulls=scores)


def ceilings(**scores: Any) -> Baselines:
    """Scores of what is as good as can be: the truth, a copy of the data, other real data."""
    return Baselines(ceilings=scores)


def no_null(reason: str) -> Baselines:
    """No null, and why none makes sense: ``no_null("both sides of an equation")``."""
    if len(reason.split()) < 2:
        raise ValueError(f"no_null needs the reason in words, not {reason!r}: say why nothing could pass without learning")
    return Baselines(reason=reason.strip())


def scores_of(id: str, scores: dict[str, Any]) -> dict[str, float]:
    """Each score as one number: the mean of what was measured."""
    means = {}
    for name, score in scores.items():
        values = values_of(f"baseline {name} of {id}", score)
        means[name.replace("_", " ")] = sum(values) / len(values)
    return means

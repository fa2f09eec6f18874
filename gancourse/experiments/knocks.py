"""Players begun anew in the middle of a run, so that its samples get worse as well as better.

Whatever falls along a run correlates with a distance that falls along it: a clock does.  A measure of quality has to rise as
well, when the samples get worse.  So a player is given its first weights back, twice in a run, at moments that differ from seed
to seed: neither a clock nor the measure of another seed's run knows them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch

from gancourse.base import check

FIRST, SECOND = (0.3, 0.5), (0.6, 0.8)  # shares of a run between which a player is begun anew
SHARE_LOOKED_AT = 0.3  # of a run: from here on looks count


def moments(seed: int, steps: int, every: int) -> tuple[int, int]:
    """The two steps of a run after which a player is begun anew, each a quarter of the way from one look to the next.

    ``every``: steps between two looks, so that each moment is followed by three quarters of such a stretch.
    """
    check.positive("steps", steps)
    source = torch.Generator().manual_seed(seed)
    found = []
    for low, high in (FIRST, SECOND):
        at = (low + (high - low) * torch.rand(1, generator=source).item()) * steps
        found.append(int(at // every) * every + max(1, every // 4))
    return found[0], found[1]


def counted(steps: int, every: int) -> int:
    """How many looks, that at step 0 included, are left out: those before the first moment that may be."""
    return int(SHARE_LOOKED_AT * steps // every)


def ages(at: Sequence[int], looked: np.ndarray, shares: Sequence[float] | None = None) -> np.ndarray:
    """The steps since a player was last begun anew, at the looks [T]: a clock that is set back with it, [T].

    at: the steps after which the player is begun anew, ascending.
    shares: the share of the way that it goes back at each of them; the clock is set back by the same share, not to 0.
    """
    shares = [1.0] * len(at) if shares is None else shares
    if len(shares) != len(at):
        raise ValueError(f"give a share for each of the {len(at)} moments, not {len(shares)}")
    found = []
    for step in looked:
        age, last = 0.0, 0
        for moment, share in zip(at, shares, strict=True):
            if moment <= step:
                age, last = (age + moment - last) * (1 - share), moment
        found.append(age + step - last)
    return np.array(found)

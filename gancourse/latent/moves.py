r"""A move in latent space beside one that ends as far out, and what either changes in the pictures, counted by a judge.

>>> after = z + 2 * labelled.direction("glasses", "no", "yes")
>>> outcome(classifier, run(generator, after), attributes, glasses="yes")                    # share with glasses; what stays
>>> outcome(classifier, run(generator, astray(z, after, seed=0)), attributes, glasses="yes")  # the control
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check
from gancourse.latent.attributes import Judge, has


def astray(z: Tensor, moved: Tensor, seed: int) -> Tensor:
    """z [N, D] moved in a random direction, as far as ``moved`` [N, D] is from it and until it is as long: as far, but anywhere.

    The step's part along z is that of ``moved`` - z, and so is the length of its part across.
    """
    if z.ndim != 2 or z.shape != moved.shape:
        raise ValueError(f"z and the latents moved must be of one shape [N, D], not {list(z.shape)} and {list(moved.shape)}")
    unit = F.normalize(z, dim=1)
    along = ((moved - z) * unit).sum(1, keepdim=True)
    aside = torch.randn(z.shape, generator=torch.Generator().manual_seed(check.seed(seed)))
    aside = F.normalize(aside - (aside * unit).sum(1, keepdim=True) * unit, dim=1)
    return z + along * unit + aside * (moved - z - along * unit).norm(dim=1, keepdim=True)


def outcome(judge: Judge, images: Tensor, before: Tensor, **values: str) -> list[float]:
    """The share of the pictures that show ``values`` now, then of each attribute the share as ``before``, int64 [N, A]."""
    seen = judge.predict(images)
    if seen.shape != before.shape:
        raise ValueError(f"before must hold the attributes of these pictures, {list(seen.shape)}, not {list(before.shape)}")
    shown = has(seen, judge.attribute_names, **values).double().mean()
    return [float(shown), *(seen == before).double().mean(0).tolist()]


def pays_most(kept: Mapping[str, float], control: Mapping[str, float], but: str) -> str | None:
    """The attribute (not ``but``) of which a move keeps less than its control does, by most; None if it keeps no less of any."""
    loss = {name: control[name] - share for name, share in kept.items() if name != but}
    worst = max(loss, key=loss.__getitem__)
    return worst if loss[worst] > 0 else None

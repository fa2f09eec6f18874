r"""A move in latent space beside one that ends as far out, and what either changes in the pictures, counted by a judge.

>>> after = z + 2 * labelled.direction("glasses", "no", "yes")
>>> outcome(classifier, run(generator, after), attributes, glasses="yes")                    # share with glasses; what stays
>>> outcome(classifier, run(generator, astray(z, after, seed=0)), attributes, glasses="yes")  # the control

On latents that had no part in finding the direction, and beside the same recipe in pixels:

>>> moved = three_ways(generator, labelled, images, lambda known: known.direction("glasses", "no", "yes"), glasses="no")
>>> moved.outcomes(classifier, glasses="yes")                            # in latents; as far, anywhere; in pixels
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check
from gancourse.base.latents import Network, run
from gancourse.latent.attributes import Judge, LabelledLatents, has


def astray(z: Tensor, moved: Tensor, seed: int) -> Tensor:
    """z [N, D] moved in a random direction, as far as ``moved`` [N, D] is from it and until it is as long: as far, but anywhere.

    The step's part along z is that of ``moved`` - z, and so is the length of its part across.
    """
    if z.ndim != 2 or z.shape != moved.shape:
        raise ValueError(f"z and the latents moved must be of one shape [N, D], not {list(z.shape)} and {list(moved.shape)}")
    unit = F.normalize(z, dim=1)
    along = ((moved - z) * unit).sum(1, keepdim=True)
    aside = torch.randn(z.shape, generator=torch.Generator().manual_seed(check.seed(seed))).to(z)
    aside = F.normalize(aside - (aside * unit).sum(1, keepdim=True) * unit, dim=1)
    return z + along * unit + aside * (moved - z - along * unit).norm(dim=1, keepdim=True)


def outcome(judge: Judge, images: Tensor, before: Tensor, **values: str) -> list[float]:
    """The share of the pictures that show ``values`` now, then of each attribute the share as ``before``, int64 [N, A]."""
    seen = judge.predict(images)
    if seen.shape != before.shape:
        raise ValueError(f"before must hold the attributes of these pictures, {list(seen.shape)}, not {list(before.shape)}")
    shown = has(seen, judge.attribute_names, **values).double().mean()
    return [float(shown), *(seen == before).double().mean(0).tolist()]


def agreement(judge: Judge, first: Tensor, second: Tensor, between: Tensor) -> float:
    """Of the attributes in which two pictures agree, the share that the picture between them has as well; [N, C, H, W] each."""
    a, b, c = (judge.predict(images) for images in (first, second, between))
    if not a.shape == b.shape == c.shape:
        raise ValueError(f"there must be as many pictures of each kind, not {len(a)}, {len(b)} and {len(c)}")
    if not (a == b).any():
        raise ValueError("no two ends agree on anything: take more pictures")
    return float((c == a)[a == b].double().mean())


def pays_most(kept: Mapping[str, float], control: Mapping[str, float], but: str) -> str | None:
    """The attribute (not ``but``) of which a move keeps less than its control does, by most; None if it keeps no less of any."""
    if kept.keys() != control.keys():
        raise ValueError(f"move and control must keep the same attributes, not {', '.join(kept)} and {', '.join(control)}")
    loss = {name: control[name] - share for name, share in kept.items() if name != but}
    worst = max(loss, key=loss.__getitem__, default=None)
    return worst if worst is not None and loss[worst] > 0 else None


def stranger(measure: Callable[[Tensor], Tensor], kinds: Iterable[Tensor], than: Tensor, limit: int | None = None) -> list[float]:
    """Of each kind of pictures [N, C, H, W] the mean of ``measure`` over that of the pictures they came from, ``than``.

    ``measure`` maps pictures to a number each, [N]: how far they are from real ones, say.  ``limit``: the first few of each.
    """
    usual = measure(than[:limit]).mean()
    return [float(measure(kind[:limit]).mean() / usual) for kind in kinds]


@dataclass(frozen=True)
class Moved:
    """Pictures as they were [N, C, H, W], their attributes int64 [N, A], and the pictures after each way to move them."""

    before: Tensor
    attributes: Tensor
    after: Mapping[str, Tensor]

    def outcomes(self, judge: Judge, **values: str) -> list[list[float]]:
        """:func:`outcome` of each way."""
        return [outcome(judge, images, self.attributes, **values) for images in self.after.values()]


def three_ways(
    generator: Network,
    labelled: LabelledLatents,
    images: Tensor,
    find: Callable[[LabelledLatents], Tensor],
    strength: float = 1.0,
    part: int = 0,
    *,
    parts: int = 5,
    limit: int | None = None,
    seen: LabelledLatents | None = None,
    **start: str,
) -> Moved:
    """Move pictures with the values ``start`` in three ways: "in latents", "as far, anywhere" (:func:`astray`), "in pixels".

    ``images`` [N, C, H, W] are those of ``labelled``.  ``find`` makes a direction of one of ``parts`` disjoint parts; the first
    ``limit`` pictures (None: all) of the part after it are moved.  In pixels ``find`` is asked the same, each picture taken for
    its own latent: a mean picture less another, say, which is added to the picture.  ``seen`` are the same latents with the
    attributes that another judge reads: who is moved, and from what, goes by these (None: by ``labelled``).
    """
    check.whole("parts", parts, 2)
    source, others = slice(check.whole("part", part, 0, parts - 1), None, parts), slice((part + 1) % parts, None, parts)
    seen = labelled if seen is None else seen
    if not len(images) == len(seen) == len(labelled):
        raise ValueError(f"images and seen must be those of the {len(labelled)} latents, not {len(images)} and {len(seen)}")
    chosen = seen[others].has(**start).nonzero()[:limit, 0]
    if len(chosen) == 0:
        raise ValueError(f"no picture of the part has {start}: label more latents")
    z, before, attributes = labelled[others].z[chosen], images[others][chosen], seen[others].attributes[chosen]
    moved = z + strength * find(labelled[source])
    change = strength * find(replace(labelled[source], z=images[source].flatten(1)))
    after = {
        "in latents": run(generator, moved, chunk=256),
        "as far, anywhere": run(generator, astray(z, moved, seed=part), chunk=256),
        "in pixels": (before + change.view(before.shape[1:])).clamp(-1, 1),
    }
    return Moved(before, attributes, after)


def moves_of_parts(
    generator: Network,
    labelled: LabelledLatents,
    images: Tensor,
    find: Callable[[LabelledLatents], Tensor],
    strength: float = 1.0,
    *,
    parts: int = 5,
    **options: Any,
) -> Iterator[Moved]:
    """:func:`three_ways` with the direction of each of ``parts`` disjoint parts in turn; ``options`` go to it."""
    for part in range(check.whole("parts", parts, 2)):
        yield three_ways(generator, labelled, images, find, strength, part, parts=parts, **options)

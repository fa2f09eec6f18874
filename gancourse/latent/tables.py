r"""Rows of tables: what equations and moves do, by the counts of a judge and beside their controls.

>>> viz.table([move_row("glasses, 2x", "glasses", classifier.attribute_names, found)])   # found [part, way, 1 + A]
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from gancourse.latent.equations import SumsOfParts
from gancourse.latent.moves import pays_most


def beside(template: str, value: ArrayLike, control: ArrayLike) -> str:
    """The mean over parts, and in brackets that of a control: beside("{:.0%}", [0.7, 0.9], [0.1]) is "80% (10%)"."""
    shown, beside_it = (template.format(np.asarray(one, dtype=float).mean()) for one in (value, control))
    return f"{shown} ({beside_it})"


def others_kept(found: NDArray, names: Iterable[str], attribute: str) -> NDArray:
    """The mean share of the attributes but one that stay, [part, way], of ``outcome``'s numbers ``found`` [part, way, 1 + A]."""
    return found[:, :, [1 + k for k, name in enumerate(names) if name != attribute]].mean(2)


def move_row(move: str, attribute: str, names: Iterable[str], found: NDArray) -> dict[str, str]:
    """What the first way of ``found`` [part, way, 1 + A] flips, keeps, and what pays most for it, beside the second way."""
    names = list(names)
    here, control = (dict(zip(names, of[1:].tolist(), strict=True)) for of in found.mean(0)[:2])
    worst = pays_most(here, control, but=attribute)
    return {
        "move": move,
        "flipped": beside("{:.0%}", found[:, 0, 0], found[:, 1, 0]),
        "others kept": beside("{:.0%}", *others_kept(found, names, attribute).T[:2]),
        "what pays most": f"{worst} {beside('{:.0%}', here[worst], control[worst])}" if worst else "none",
    }


def sums_rows(
    sums: Mapping[tuple[str, int], SumsOfParts], chance: Mapping[str, float], of: str, away: Callable[[Tensor], float], each: int
) -> list[dict[str, str]]:
    """Of each number of exemplars a row for the sums as they are and one for those stretched; of three exemplars those in pixels.

    ``sums`` maps an attribute and a number of exemplars to sums.  The lengths are those of the attribute ``of``, and so are the
    pictures that ``away`` measures: the first ``each`` of every part, as many in each row.
    """
    counted = list(dict.fromkeys(n for _, n in sums))
    rows = [
        _sums_row("none: chance", "", {name: f"{share:.0%}" for name, share in chance.items()}, dict.fromkeys(chance, ""), "")
    ]
    for n, how in [*itertools.product(counted, ("as it is", "stretched")), *([(3, "in pixels")] if 3 in counted else [])]:
        length = {
            "as it is": f"{sums[of, n].length:.1f}",
            "stretched": f"{sums[of, n].parts[0].means[0].shape[1] ** 0.5:.1f}, stretched",
        }
        hits, valid = ({name: _shown(sums[name, n].share(what)) for name in chance} for what in (how, "valid"))
        rows.append(_sums_row(str(n), length.get(how, how), hits, valid, f"{away(sums[of, n].images(how, each)):.1f}"))
    return rows


def _shown(share: float) -> str:
    return "none valid" if math.isnan(share) else f"{share:.0%}"


def _sums_row(exemplars: str, length: str, hits: Mapping[str, str], valid: Mapping[str, str], distance: str) -> dict[str, str]:
    shares = {**hits, **{f"valid, {name}": share for name, share in valid.items()}}
    return {"exemplars": exemplars, "length": length, **shares, "distance": distance}


def stranger_row(
    what: str, shown: Sequence[ArrayLike], stranger: Sequence[ArrayLike], kept: Sequence[ArrayLike] | None = None
) -> dict[str, str]:
    """How often it is shown, what stays, by how much stranger it is: of each pair the mean of the first, (of the second)."""
    others = "" if kept is None else beside("{:.0%}", *kept)
    return {"what": what, "shown": beside("{:.0%}", *shown), "others kept": others, "stranger by": beside("{:.1f}x", *stranger)}

"""Parents for a picture of style mixing: of many faces, those whose mixtures show what coarse and what fine layers decide.

A grid of mixtures is read at a glance only if its parents differ in what is to be seen, and most mixtures obey.  So the grid is
picked, which must be said beside it; how often mixtures obey is counted on parents that were not, and beside it, how often they
have the attributes of faces that had no part in them.

>>> parents = clearest_parents(generator, attribute_classifier("faces"), crossover=2)
>>> viz.mixing_grid(generator, parents.rows, parents.columns, crossover=2, truncation=0.8)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check
from gancourse.base.latents import device_of, draw_latents
from gancourse.base.networks import evaluating
from gancourse.models.layers.styles import mix

COARSE, FINE = ("hair_length",), ("skin", "background")
TRIES = 4000  # grids that are compared


class Judge(Protocol):
    """What is needed of a classifier: the names of its attributes' values, and their probabilities."""

    attribute_names: Mapping[str, tuple[str, ...]]

    def probabilities(self, images: Tensor) -> Mapping[str, Tensor]: ...


@dataclass(frozen=True)
class Parents:
    """Seeds of a grid's rows and columns; the share of what the rule says that comes true, in the grid and in all mixtures.

    The rule: a mixture has its row's coarse attributes and its column's fine ones.  Shares: means of the judge's probabilities.
    ``of_strangers``: the share in all mixtures when the attributes are those of another row and of another column.  So much comes
    true by chance, for faces share attributes; a rule says something where ``obeyed_by_all`` is above it.
    """

    rows: list[int]
    columns: list[int]
    obeyed: float
    obeyed_by_all: float
    of_strangers: float


def clearest_parents(
    generator: Any,
    judge: Judge,
    crossover: int,
    *,
    coarse: Sequence[str] = COARSE,
    fine: Sequence[str] = FINE,
    shape: tuple[int, int] = (3, 4),
    pool: int = 24,
    truncation: float = 0.8,
    seed: int = 0,
) -> Parents:
    """Parents of a grid with ``shape`` rows and columns, out of ``pool`` faces for each; one latent is drawn for each seed.

    Mixtures take the layers before ``crossover`` from the row.  A mixture's worth is the mean of two probabilities, as ``judge``
    sees them: that it has the row's attributes ``coarse`` and that it has the column's attributes ``fine``.  A grid's worth is
    its worst mixture's plus their mean, times the shares of its rows and of its columns that differ from one another.  The best
    of ``TRIES`` random grids is taken.
    """
    rows, columns = (check.whole("shape", n) for n in shape)
    check.whole("pool", pool, max(2, rows, columns))  # a stranger is a second one
    if unknown := [name for name in (*coarse, *fine) if name not in judge.attribute_names]:
        raise ValueError(f"the judge knows no {unknown[0]!r}: take some of {', '.join(judge.attribute_names)}")
    ws = styles_of_seeds(generator, range(2 * pool), truncation)
    known, mixed = (judge.probabilities(synthesised(generator, each)) for each in (ws, _mixtures(ws, pool, crossover)))
    of = {name: values.argmax(1) for name, values in known.items()}
    grids = {name: values.view(pool, pool, -1) for name, values in mixed.items()}  # [rows, columns, values]
    by_row = torch.stack([_shares(grids[name], of[name][:pool]) for name in coarse]).mean(0)
    by_column = torch.stack([_shares(grids[name].transpose(0, 1), of[name][pool:]) for name in fine]).mean(0).transpose(1, 2)
    worth, of_strangers = (by_row + by_column) / 2  # [rows, columns] each; few and many attributes count alike
    left, top = (torch.stack([of[name] for name in names], 1) for names in ((*coarse, *fine), fine))
    at_left, at_top = _best(worth, left[:pool], top[pool:], (rows, columns), seed)
    obeyed = worth[at_left][:, at_top].mean().item()
    return Parents(at_left, [pool + i for i in at_top], obeyed, worth.mean().item(), of_strangers.mean().item())


def styles_of_seeds(generator: Any, seeds: Sequence[int], truncation: float = 1.0, labels: Tensor | None = None) -> Tensor:
    """The styles ws [N, layers, w_dim] of one latent z for each seed, in evaluation mode; ``labels`` [N] where G takes them."""
    if not (hasattr(generator, "styles") and hasattr(generator, "synthesis")):
        raise ValueError(f"{type(generator).__name__} has no styles and synthesis: take gancourse.models.stylegan2")
    if len(seeds) == 0:
        raise ValueError("there must be at least one seed")
    device = device_of(generator)
    z = torch.cat([draw_latents(1, generator.latent_dim, int(seed)) for seed in seeds]).to(device)
    with evaluating(generator):
        return generator.styles(z, None if labels is None else labels.to(device), truncation=truncation)


def synthesised(generator: Any, ws: Tensor, noise: str = "auto", chunk: int = 32) -> Tensor:
    """g(ws) in evaluation mode, a few at a time, cut to [-1, 1]: float32 on the CPU."""
    with evaluating(generator):
        made = [generator.synthesis(part, noise).float().cpu() for part in ws.to(device_of(generator)).split(chunk)]
    return torch.cat(made).clamp(-1, 1)


def _mixtures(ws: Tensor, pool: int, crossover: int) -> Tensor:
    """Every row with every column, row by row: [pool * pool, layers, w_dim]."""
    return mix(ws[:pool].repeat_interleave(pool, 0), ws[pool:].repeat(pool, 1, 1), crossover)


def _shares(probabilities: Tensor, wanted: Tensor) -> Tensor:
    """Of probabilities [n, m, K]: in each of n rows that of its wanted value, and the mean of those of the others', [2, n, m]."""
    own = probabilities[torch.arange(len(wanted)), :, wanted]
    of_all = probabilities @ F.one_hot(wanted, probabilities.shape[2]).to(probabilities).sum(0)
    return torch.stack([own, (of_all - own) / (len(wanted) - 1)])


def _best(obeys: Tensor, left: Tensor, top: Tensor, shape: tuple[int, int], seed: int) -> tuple[list[int], list[int]]:
    """Places of the best of many grids: obeys [rows, columns]; left and top are the parents' attributes, [pool, A]."""
    source = torch.Generator().manual_seed(check.seed(seed))
    best, found = -1.0, ([0], [0])
    for _ in range(TRIES):
        rows, columns = (torch.randperm(len(obeys), generator=source)[:n] for n in shape)
        grid = obeys[rows][:, columns]
        worth = (grid.min() + grid.mean()).item() * _apart(left[rows]) * _apart(top[columns])
        if worth > best:
            best, found = worth, (rows.tolist(), columns.tolist())
    return found


def _apart(attributes: Tensor) -> float:
    """The share of pairs of parents [n, A] that differ, averaged over the attributes; 1 of a single one."""
    n = len(attributes)
    differ = (attributes[:, None] != attributes[None]).double().mean(2).sum().item()
    return differ / (n * (n - 1)) if n > 1 else 1.0

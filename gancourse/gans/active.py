r"""Active learning: which sample to ask the label of next, by a discriminator of labelled against unlabelled.

Discriminative active learning (DAL) turns a GAN's discriminator to another use: D is trained to tell the labelled samples from
the pool, and what it is surest is *not* among the labelled ones is asked next, so that the labelled come to look like the pool.
VAAL has the discriminator read the codes of an autoencoder that hides from it (:mod:`gancourse.gans.vaal`).  Uncertainty asks
what the classifier is least sure of, and a random draw is what all must beat.

Sources: Gissin & Shalev-Shwartz 2019 (DAL, on the features of the classifier; sub-batches); Sinha et al. 2019 (VAAL);
Lewis & Gale 1994 (uncertainty).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check, networks
from gancourse.gans.ensemble import Ensemble, stack
from gancourse.gans.vaal import choose_unlike, enough
from gancourse.models import mlp
from gancourse.models.latent_codes import Classifier, features

METHODS = ("random", "uncertainty", "discriminative", "variational")


class Pool(NamedTuple):
    """Samples x [N, D] and their classes y int64 [N], which are looked at only where they are asked."""

    x: Tensor
    y: Tensor


@dataclass(frozen=True)
class Curves:
    """Learning curves of K trainings: ``labels`` of them [R], test ``accuracy`` [R, K], and the rows asked, ``asked`` [K, M]."""

    labels: list[int]
    accuracy: Tensor
    asked: Tensor


def learning_curves(
    method: str,
    pool: Pool,
    test: tuple[Tensor, Tensor],
    *,
    seeds: Sequence[int],
    first: int = 20,
    among: Tensor | None = None,
    each: int = 20,
    rounds: int = 5,
    steps: int = 200,
    hidden: tuple[int, ...] = (64,),
) -> Curves:
    """``rounds`` times: train a perceptron from new weights on what is labelled, test it, ask ``each`` labels more.

    pool and test: x [N, D] and y [N]; each seed begins with ``first`` random labels, the same ones for every method, of the rows
    ``among``, all by default.  The first weights of a turn are the same whatever the seeds.
    """
    check.one_of("method", method, METHODS)
    x, y = pool
    rows = torch.arange(len(x)) if among is None else among
    if len(x) < first + each * rounds:
        raise ValueError(f"{first} labels and {rounds} times {each} more are asked of a pool of {len(x)}: take a larger pool")
    if len(rows) < first:
        raise ValueError(f"{first} first labels are asked among {len(rows)} rows: name more rows in among, or take first smaller")
    classes = int(y.max()) + 1
    sources = [torch.Generator().manual_seed(seed) for seed in seeds]
    asked = torch.stack([rows[torch.randperm(len(rows), generator=source)[:first]] for source in sources])  # [K, M]
    labels, accuracy = [], []
    for turn in range(rounds + 1):
        with networks.seeded(turn):
            model = stack([Classifier(x.shape[1], classes, hidden) for _ in seeds])
        _fit(model, x[asked], F.one_hot(y[asked], classes).float(), steps)
        labels.append(asked.shape[1])
        accuracy.append(_accuracy(model, *test))
        if turn < rounds:
            asked = torch.cat([asked, choose(method, model, x, asked, each, sources)], 1)
    return Curves(labels, torch.stack(accuracy), asked)


def choose(method: str, model: Ensemble, x: Tensor, asked: Tensor, n: int, sources: Sequence[torch.Generator]) -> Tensor:
    """n rows of the pool x [N, D] for each member, [K, n], none of those ``asked`` [K, M]; as many must be left."""
    check.one_of("method", method, METHODS)
    enough(n, len(x), asked)
    if method == "random":
        score = torch.stack([torch.rand(len(x), generator=source) for source in sources])
    elif method == "uncertainty":
        score = _entropy(model, x)
    elif method == "variational":
        return choose_unlike(x, asked, n)
    else:
        return choose_by_codes(_embedded(model, x), asked, n)
    return score.scatter(1, asked, -torch.inf).topk(n).indices


def choose_by_codes(h: Tensor, asked: Tensor, n: int, *, parts: int = 2, steps: int = 150) -> Tensor:
    """DAL on any codes h [K, N, D] of the pool: n rows for each member, [K, n], none of those already ``asked`` [K, M].

    The rows come in ``parts``.  For each a new D with a hidden layer of 64 learns in ``steps`` steps to tell the pool from what
    is labelled or chosen by then, and the rows that it is surest are of the pool are taken.  More than are left raise ValueError.
    """
    check.finite("h", check.floats("h", h, 3))
    parts, steps = check.whole("parts", parts), check.rounds("steps", steps)
    enough(n, h.shape[1], asked)
    chosen = asked
    for part in range(parts):
        take = n // parts + (part < n % parts)
        if not take:
            break
        with networks.seeded(part):
            judge = stack([mlp.Discriminator(h.shape[2], (64,)) for _ in h])
        _fit_judge(judge, h, chosen, steps, part)
        with torch.no_grad():
            unlike = judge(h).scatter(1, chosen, -torch.inf)  # the logit of "from the pool"
        chosen = torch.cat([chosen, unlike.topk(take).indices], 1)
    return chosen[:, asked.shape[1] :]


def _fit_judge(judge: Ensemble, h: Tensor, chosen: Tensor, steps: int, seed: int) -> None:
    """Train D on as many labelled as unlabelled rows a batch: label 1 is the pool."""
    source = torch.Generator().manual_seed(seed)
    members = torch.arange(len(h))[:, None]

    def loss() -> Tensor:
        mine = chosen[:, torch.randint(chosen.shape[1], (64,), generator=source)]
        pool = torch.randint(h.shape[1], (len(h), 64), generator=source)  # a labelled row among them is rare, and harmless
        logits: Tensor = judge(torch.cat([h[members, mine], h[members, pool]], 1))
        return (F.softplus(logits[:, :64]).mean(1) + F.softplus(-logits[:, 64:]).mean(1)).sum()

    networks.descend(judge, loss, steps, lr=1e-3)


def _fit(model: Ensemble, x: Tensor, wanted: Tensor, steps: int) -> None:
    def loss() -> Tensor:
        log_p: Tensor = model(x).log_softmax(-1)
        return -(log_p * wanted).sum(-1).mean(1).sum()

    networks.descend(model, loss, steps, lr=3e-3, weight_decay=1e-4)


@torch.no_grad()
def _embedded(model: Ensemble, x: Tensor) -> Tensor:
    """The last hidden layer of each member: [K, N, D]."""
    out = features(model, x.expand(model.members, -1, -1))
    return (out - out.mean(1, keepdim=True)) / out.std(1, keepdim=True).clamp_min(1e-6)


@torch.no_grad()
def _entropy(model: Ensemble, x: Tensor) -> Tensor:
    log_p: Tensor = model(x.expand(model.members, -1, -1)).log_softmax(-1)
    return -(log_p.exp() * log_p).sum(-1)  # [K, N]


@torch.no_grad()
def _accuracy(model: Ensemble, x: Tensor, y: Tensor) -> Tensor:
    right: Tensor = model(x.expand(model.members, -1, -1)).argmax(-1) == y
    return right.float().mean(1)

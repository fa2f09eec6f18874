r"""Linear separability: can a plane in latent space tell who smiles?

For each attribute a linear classifier (a support vector machine) is fitted to latents and the values that a judge of images sees
in their pictures.  With X its answer and Y the judge's,

    score = exp( sum_i H(Y_i | X_i) ),      H(Y | X) = - sum_{x,y} p(x, y) log p(y | x)

H is what remains unknown about the attribute once the plane's side is known: 0 where a plane tells all.  The score is 1 at best.

Source: Karras et al. 2019, section 4.2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gancourse.base import check


@dataclass(frozen=True, repr=False)
class Separability:
    """Conditional entropies in bits, and what they are to be compared with; all by attribute.

    entropies  H(Y | X), after the plane's answer
    prior      H(Y), before it: no entropy can be larger, and an attribute that hardly varies has a small one for nothing
    accuracy   the share of kept latents on the right side
    kept       how many latents were kept
    """

    entropies: dict[str, float]
    prior: dict[str, float]
    accuracy: dict[str, float]
    kept: dict[str, int]

    @property
    def score(self) -> float:
        """exp of the sum of the entropies in nats, which is 2 to the sum in bits."""
        return 2.0 ** sum(self.entropies.values())

    @property
    def worst(self) -> float:
        """The score of planes that tell nothing: 2 to the sum of H(Y)."""
        return 2.0 ** sum(self.prior.values())

    @property
    def nats(self) -> dict[str, float]:
        """H(Y | X) in nats."""
        return {name: value * math.log(2) for name, value in self.entropies.items()}

    def __repr__(self) -> str:
        parts = ", ".join(f"{name} {self.entropies[name]:.3f} of {self.prior[name]:.3f}" for name in self.entropies)
        return f"Separability(score={self.score:.4g}, worst={self.worst:.4g}; bits: {parts})"


def linear_separability(
    latents: Tensor,
    judged: Mapping[str, Tensor],
    keep: float = 0.5,
    *,
    holdout: float = 0.0,
    seed: int = 0,
) -> Separability:
    """How well planes in the space of ``latents`` [N, D] tell the attributes of their pictures.

    judged   attribute to probabilities [N, K], as ``AttributeClassifier.probabilities`` gives them, or to values int [N].  An
             attribute of more than two values gets a plane for each value, the largest response answers.  Logits are refused:
             the largest of them is not where the judge is most sure
    keep     the share of latents that stay, those about which the judge is most sure (for the attribute in question); with
             values alone there is no telling, and all stay
    holdout  the share of kept latents that the planes are judged on and do not see.  0: fitted and judged on the same ones, as
             published, where 100,000 stay; with N not much above D that flatters, and a holdout tells

    Latents are standardised first.  This changes neither which sets a plane can part nor the meaning of the score, and lets the
    same machine serve spaces of different scales.  An attribute of one value only is told perfectly.

    The paper's 40 attributes of CelebA-HQ make its scores; scores of other attributes are no match for them.
    """
    if not isinstance(latents, Tensor) or latents.ndim != 2 or not latents.numel():
        raise ValueError("latents must be [N, D] with N > 0: take one style of each image, ws[:, 0]")
    keep, holdout, seed = check.number("keep", keep), check.number("holdout", holdout), check.whole("seed", seed, 0, 2**32 - 1)
    if not isinstance(judged, Mapping):
        raise TypeError(f"judged must map each attribute to its answers, not be {type(judged).__name__}: {{'glasses': answers}}")
    if not judged:
        raise ValueError("there is no attribute to separate: pass classifier.probabilities(images)")
    if not 0 < keep <= 1 or not 0 <= holdout < 1:
        raise ValueError(f"keep must lie in (0, 1] and holdout in [0, 1), not {keep} and {holdout}")
    x = _standardised(check.finite("latents", latents.detach().cpu().double())).numpy()
    entropies, prior, accuracy, kept = {}, {}, {}, {}
    for name, answers in judged.items():
        index, y = _kept(name, check.tensor(name, answers).detach().cpu(), len(x), keep)
        if holdout and round(holdout * len(y)) >= len(y):
            raise ValueError(f"holdout {holdout} leaves none of the {len(y)} kept latents to fit to: take less")
        told, true = _planes(x[index], y, holdout, seed)
        joint = np.histogram2d(told, true, bins=(np.arange(y.max() + 2), np.arange(y.max() + 2)))[0]
        entropies[name], prior[name] = conditional_entropy(joint), entropy(joint.sum(0))
        accuracy[name], kept[name] = float((told == true).mean()), len(index)
    return Separability(entropies, prior, accuracy, kept)


def entropy(counts: np.ndarray) -> float:
    """H of the distribution that ``counts`` are proportional to, in bits."""
    p = _counts(counts).ravel()
    p = p[p > 0] / p.sum()
    return float(-(p * np.log2(p)).sum()) + 0.0  # no -0.0


def conditional_entropy(joint: np.ndarray) -> float:
    """H(Y | X) in bits, for counts [X, Y]."""
    joint = _counts(joint)
    if joint.ndim != 2:
        raise ValueError(f"joint must be counts [X, Y], not {list(joint.shape)}")
    rows = joint.sum(1)
    return sum(float(rows[i] / rows.sum()) * entropy(row) for i, row in enumerate(joint) if rows[i] > 0)


def _counts(counts: np.ndarray) -> np.ndarray:
    """Counts, or what is proportional to them, as floats."""
    try:
        known = np.asarray(counts.tolist() if isinstance(counts, Tensor) else counts, dtype=float)
    except (TypeError, ValueError):
        raise TypeError(f"counts must be an array of numbers, not {type(counts).__name__}") from None
    if not known.size or not np.isfinite(known).all() or (known < 0).any() or not 0 < known.sum() < np.inf:
        raise ValueError("counts must be finite, none below 0 and one above it")
    return known


def _standardised(x: Tensor) -> Tensor:
    spread = x.std(0, correction=0)
    return (x - x.mean(0)) / torch.where(spread > 0, spread, 1.0)


def _kept(name: str, answers: Tensor, n: int, keep: float) -> tuple[np.ndarray, np.ndarray]:
    """Which latents stay, and the judge's values of those, as numpy ints."""
    if len(answers) != n or answers.ndim not in (1, 2):
        raise ValueError(f"{name} must be judged for each of the {n} latents, [N] or [N, K], not {list(answers.shape)}")
    if answers.ndim == 1:
        if answers.is_floating_point() or answers.is_complex():
            raise TypeError(f"{name} must be int values [N] or probabilities [N, K], not {answers.dtype} [N]")
        if int(answers.min()) < 0:
            raise ValueError(f"{name} must be the numbers of values, 0 or more, not {int(answers.min())}")
        return np.arange(n), answers.long().numpy()
    sure, values = check.probabilities(name, answers).max(1)
    index = sure.argsort(descending=True, stable=True)[: max(1, round(keep * n))]
    return index.numpy(), values[index].numpy()


def _planes(x: np.ndarray, y: np.ndarray, holdout: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The planes' answers and the true values, of the latents that are judged."""
    fit = judge = np.arange(len(y))
    if holdout:
        order = np.random.default_rng(seed).permutation(len(y))
        cut = max(1, round(holdout * len(y)))
        judge, fit = order[:cut], order[cut:]
    if len(np.unique(y[fit])) < 2:
        return np.full(len(judge), y[fit[0]] if len(fit) else 0), y[judge]
    from sklearn.svm import LinearSVC

    machine = LinearSVC(dual=False, random_state=seed).fit(x[fit], y[fit])
    return machine.predict(x[judge]), y[judge]

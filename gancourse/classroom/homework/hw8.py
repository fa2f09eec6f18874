"""The checks of homework 8: measure and doubt."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from gancourse.classroom.homework.checks.calls import unchanged
from gancourse.classroom.homework.checks.likeness import likeness
from gancourse.classroom.homework.checks.sheets import Sheet, Wrong, part, seal
from gancourse.classroom.homework.checks.values import close, compare, equal, exactly, number, pair, shape, show, tensor, true
from gancourse.classroom.right import symmetric_root, trace_of_root
from gancourse.classroom.slips import Measured, Slips
from gancourse.metrics import frechet as oracle


def _agree(came: list[str], right: list[str], slips: Measured) -> None:
    """Agreement of what is said of several things, in words; of those that differ three are shown."""
    if came == right:
        return
    differ = [two for two in zip(right, came, strict=True) if two[0] != two[1]][:3]
    raise Wrong("; ".join(one for one, _ in differ), "; ".join(other for _, other in differ), exactly(came, right, slips))


def _listed(came: Any, what: str) -> list[float]:
    """The numbers of a list, a tuple, a tensor or an array, or of a number alone."""
    if hasattr(came, "tolist"):
        came = came.tolist()
    return [number(value, what) for value in (came if isinstance(came, list | tuple) else [came])]


# 1. A distance, and what it says of nothing ------------------------------------------------------------------------------


def _statistics(x: Tensor, correction: int = 1) -> tuple[Tensor, Tensor]:
    return x.mean(0), torch.cov(x.T, correction=correction)


def _frechet_by(
    last: Callable[[Tensor, Tensor], Tensor] = trace_of_root,
    means: Callable[[Tensor], Tensor] = lambda d: d.square().sum(),
    twice: float = 2,
    correction: int = 1,
    look: Callable[[Tensor], Tensor] = lambda s: s,
) -> Callable:
    def frechet(a: Tensor, b: Tensor) -> Tensor:
        (m, s), (n, t) = _statistics(a, correction), _statistics(b, correction)
        s, t = look(s), look(t)
        return means(m - n) + s.trace() + t.trace() - twice * last(s, t)

    return frechet


_frechet = _frechet_by()


def _apart(a: Tensor, b: Tensor) -> Tensor:
    """With the covariances of rows in place of columns; lots of different sizes then have no product."""
    s, t = torch.cov(a), torch.cov(b)
    return (a.mean(0) - b.mean(0)).square().sum() + s.trace() + t.trace() - 2 * trace_of_root(s, t)


_FRECHET = Slips("frechet") | {
    "a covariance of samples divides by n - 1": _frechet_by(correction=0),
    "this is its root: the number that is reported is the square": lambda a, b: _frechet(a, b).sqrt(),
    "the product of the two roots, where the root of the product was asked for": _frechet_by(
        lambda s, t: (symmetric_root(s) @ symmetric_root(t)).trace()
    ),
    "sqrt() takes the root of each entry: a matrix has its root by its eigenvalues": _frechet_by(
        lambda s, t: (s @ t).abs().sqrt().trace()
    ),
    "singular values are no eigenvalues: the product is not symmetric": _frechet_by(
        lambda s, t: torch.linalg.svdvals(s @ t).sqrt().sum()
    ),
    "eigvalsh() is for symmetric matrices, and the product is none: eigvals()": _frechet_by(
        lambda s, t: torch.linalg.eigvalsh(s @ t).clamp(min=0).sqrt().sum()
    ),
    "the means are missing": _frechet_by(means=lambda d: d.new_zeros(())),
    "the distance of the means comes in squared": _frechet_by(means=lambda d: d.norm()),
    "the last trace comes in twice": _frechet_by(twice=1),
    "cov() wants one feature a row: torch.cov(a.T)": _apart,
    "only the variances: what two features have in common is missing": _frechet_by(look=lambda s: s.diagonal().diag()),
}
_CLAMP = "rounding makes eigenvalues of 0 slightly negative, and their roots NaN: take the real part, and clamp(min=0)"


def _lots(draw: Callable[[int, int, torch.Generator], tuple[Tensor, Tensor]], once: bool = False) -> Callable:
    """by_chance() with lots drawn so: of N rows two lots of n."""

    def by_chance(real: Tensor, n: int, times: int, distance: Callable, generator: torch.Generator) -> Tensor:
        first = draw(len(real), n, generator)
        lots = [first if once else draw(len(real), n, generator) for _ in range(times)]
        return torch.tensor([float(distance(real[a], real[b])) for a, b in lots])

    return by_chance


def _two_lots(of: int, n: int, generator: torch.Generator | None) -> tuple[Tensor, Tensor]:
    order = torch.randperm(of, generator=generator)
    return order[:n], order[n : 2 * n]


_by_chance = _lots(_two_lots)

_BY_CHANCE = Slips("by_chance") | {
    "a row in both lots is no evidence of anything: two parts of one shuffle": _lots(
        lambda of, n, g: (torch.randperm(of, generator=g)[:n], torch.randperm(of, generator=g)[:n])
    ),
    "drawn with replacement: a lot of real data holds no row twice": _lots(
        lambda of, n, g: (torch.randint(of, (n,), generator=g), torch.randint(of, (n,), generator=g))
    ),
    "both lots have n rows: the distance depends on n, so halves say nothing about n": _lots(
        lambda of, n, g: _two_lots(of, of // 2, g)
    ),
    "both lots have n rows: the rest is larger, and nearer for that": _lots(
        lambda of, n, g: (order := torch.randperm(of, generator=g), (order[:n], order[n:]))[1]
    ),
    "shuffle all rows, not the first 2 n: those after them are real, too": _lots(lambda of, n, g: _two_lots(2 * n, n, g)),
    "the same split each time: shuffle inside the loop": (
        _lots(_two_lots, once=True),
        _lots(lambda of, n, g: (torch.arange(n), torch.arange(n, 2 * n))),
    ),
    "randperm(..., generator=generator): else nobody can repeat it": _lots(lambda of, n, g: _two_lots(of, n, None)),
}


def _split(sheet: Sheet, by_chance: Callable) -> list[str]:
    """What was compared with what, in words."""
    real, n, times = torch.arange(40.0, dtype=torch.float64)[:, None].repeat(1, 3), 12, 6

    def run() -> list[tuple[list[float], list[float]]]:
        seen: list[tuple[list[float], list[float]]] = []

        def distance(a: Tensor, b: Tensor) -> float:
            seen.append((tensor(a)[:, 0].tolist(), tensor(b)[:, 0].tolist()))
            return float(len(seen))

        with unchanged(real=real):
            came = by_chance(real, n, times, distance, torch.Generator().manual_seed(sheet.seed))
        found = torch.tensor(_listed(came, f"a tensor of {times} distances"))
        close(found, torch.arange(1.0, times + 1), f"the {times} distances, in their order")
        return seen

    seen, again = run(), run()
    sizes = sorted({f"{len(a)} and {len(b)} rows" for a, b in seen})
    both = sum(len(set(a) & set(b)) for a, b in seen)
    twice = sum(len(lot) - len(set(lot)) for pair_of in seen for lot in pair_of)
    return [
        ", ".join(sizes),
        "no row twice in a lot" if not twice else "rows twice in a lot",
        "no row in both lots" if not both else "rows in both lots",
        "from all rows" if max(max(a + b) for a, b in seen) >= 2 * n else f"from the first {2 * n} rows",
        "new lots each time" if len({tuple(sorted(a)) for a, _ in seen}) == times else "the same lots again",
        "the same for the same generator" if seen == again else "others for the same generator",
    ]


def _p_value(value: float, null: Tensor) -> Tensor:
    return (1 + (null >= value).sum()) / (1 + len(null))


_P_VALUE = Slips("p_value") | {
    "without the 1s it can be 0: what was seen counts as one of the draws": lambda v, null: (null >= v).double().mean(),
    "this is the share that is smaller: how often does chance do as much or more?": (
        lambda v, null: (1 + (null <= v).sum()) / (1 + len(null)),
        lambda v, null: (null <= v).double().mean(),
        lambda v, null: 1 - _p_value(v, null),
    ),
    "as large counts, too: >= in place of >": lambda v, null: (1 + (null > v).sum()) / (1 + len(null)),
    "as large counts, too, >= in place of >; and without the 1s it can be 0": lambda v, null: (null > v).double().mean(),
    "the 1 stands above and below the line": (
        lambda v, null: (1 + (null >= v).sum()) / len(null),
        lambda v, null: (null >= v).sum() / (1 + len(null)),
    ),
    "this counts standard deviations: count the draws": lambda v, null: (v - null.mean()) / null.std(),
}


@part(points=4)
def chance(sheet: Sheet, frechet: Callable, by_chance: Callable, p_value: Callable) -> None:
    with sheet.item("the Frechet distance of two sets", 1):
        a = sheet.randn(40, 4) @ sheet.randn(4, 4) + sheet.randn(4)
        b = sheet.randn(55, 4) @ sheet.randn(4, 4)
        with unchanged(a=a, b=b):
            compare(frechet, _frechet, (a, b[:40]), _FRECHET, "40 and 40 samples", number, atol=1e-6)
            compare(frechet, _frechet, (a, b), _FRECHET, "40 and 55 samples", number, atol=1e-6)

    like = likeness(frechet, _frechet, _FRECHET, (a, b[:40]), (a, b))

    with sheet.item("also with fewer samples than dimensions", 0.5):
        for n in (5, 7):
            a, b = sheet.randn(n, 9), sheet.randn(n + 1, 9) + 1
            came, right = number(frechet(a, b)), oracle.frechet_distance(a, b) if like is _frechet else number(like(a, b))
            slip = _CLAMP if math.isnan(came) else ""
            close(came, right, f"{n} and {n + 1} samples of 9 dimensions", _FRECHET.at(a, b), slip, atol=1e-4)

    with sheet.item("what chance alone makes of n real samples", 1.5):
        _agree(_split(sheet, by_chance), _split(sheet, _by_chance), _BY_CHANCE.by(lambda f: _split(sheet, f)))

    with sheet.item("how often chance does as much", 1):
        null = torch.randint(0, 12, (30,), generator=sheet.generator).double()
        for value in (float(null.mode().values), float(null.max()), 20.0):  # drawn several times, and never
            compare(p_value, _p_value, (value, null), _P_VALUE, f"{value:g} against thirty draws", read=number)


# 2. Worthless, and it passes ---------------------------------------------------------------------------------------------

_STD = 0.05
_LOW, _HIGH = torch.tensor([-4.5, -4.5]).double(), torch.tensor([4.5, 4.5]).double()


def _modes(sheet: Sheet, k: int = 25) -> Tensor:
    """k places somewhere in the box, not nearer to each other than 0.7."""
    found = sheet.rand(1, 2) * 8 - 4
    while len(found) < k:
        new = sheet.rand(1, 2) * 8 - 4
        if torch.cdist(new, found).min() > 0.7:
            found = torch.cat([found, new])
    return found


def _data(sheet: Sheet, modes: Tensor, n: int, std: float = _STD) -> Tensor:
    """n points, as evenly as may be."""
    return modes[torch.arange(n) % len(modes)] + std * sheet.randn(n, 2)


def _drawn(sheet: Sheet, modes: Tensor, n: int) -> Tensor:
    """n points drawn at random: a mode gets more or less than its due."""
    return modes[torch.randint(len(modes), (n,), generator=sheet.generator)] + _STD * sheet.randn(n, 2)


def _good(samples: Tensor, modes: Tensor, std: float) -> Tensor:
    """How many high-quality samples each mode has."""
    near = torch.cdist(samples, modes).min(1)
    return torch.bincount(near.indices[near.values <= 3 * std], minlength=len(modes)).double()


def _captured(samples: Tensor, modes: Tensor, std: float = _STD) -> float:
    return float((_good(samples, modes, std) > 0).sum())


def _quality(samples: Tensor, modes: Tensor, std: float = _STD) -> float:
    return float(_good(samples, modes, std).sum()) / len(samples)


def _recall(samples: Tensor, real: Tensor, k: int = 3) -> float:
    radius = torch.cdist(samples, samples).kthvalue(k + 1, 1).values  # the point itself is the first
    return float((torch.cdist(real, samples) <= radius).any(1).double().mean())


def _anywhere(n: int, low: Tensor, high: Tensor, one: Tensor, generator: torch.Generator) -> Tensor:
    return low + (high - low) * torch.rand(n, 2, generator=generator, dtype=torch.float64)


def _one_place(n: int, low: Tensor, high: Tensor, one: Tensor, generator: torch.Generator) -> Tensor:
    return one.expand(n, 2).clone()


def _far_out(n: int, low: Tensor, high: Tensor, one: Tensor, generator: torch.Generator, far: float = 1000) -> Tensor:
    samples = _one_place(n, low, high, one, generator)
    samples[0] += far * (high - low)
    samples[1] -= far * (high - low)
    return samples


def _one_far(n: int, low: Tensor, high: Tensor, one: Tensor, generator: torch.Generator) -> Tensor:
    samples = _one_place(n, low, high, one, generator)
    samples[0] += 1000 * (high - low)
    return samples


_NOT_WIDE = "this lies where it is told of one sample only: 25 places need samples everywhere"
_WIDER = "too few lie in the box: stay between low and high"
_NEAR_ONE = "you know one place that is good: `one`"
_BALLS = "a sample's ball reaches to its third neighbour: whose third neighbour is very far away?"

_CAPTURES = Slips("captures") | {
    _NOT_WIDE: (_one_place, lambda n, lo, hi, one, g: one + 0.1 * torch.randn(n, 2, generator=g).double()),
    _WIDER: lambda n, lo, hi, one, g: 10 * _anywhere(n, lo, hi, one, g),
}
_HITS = Slips("hits") | {
    _NEAR_ONE: (_anywhere, lambda n, lo, hi, one, g: ((lo + hi) / 2).expand(n, 2) + 0 * one),
    "this spreads too far around `one`": lambda n, lo, hi, one, g: one + 0.1 * torch.randn(n, 2, generator=g).double(),
}
_RECALLS = Slips("recalls") | {
    "one far sample's ball reaches over half of the data: the other half lies on its other side": _one_far,
    _BALLS: (
        _one_place,
        _anywhere,
        lambda n, lo, hi, one, g: one + 0.1 * torch.randn(n, 2, generator=g).double(),
        lambda n, lo, hi, one, g: _far_out(n, lo, hi, one, g, far=1),  # from so near the two balls leave a gap between them
    ),
}


_CLAIMS = {  # what is claimed, and of how many samples
    "captured": (18.0, "18 modes of 25", 2500),
    "quality": (0.97, "97 % of high quality", 2500),
    "recall": (0.999, "recall 0.999", 500),
}


def _claimed(sheet: Sheet, make: Callable, kind: str) -> float:
    """What a worthless generator scores on a claim's measure, the mean over four data sets."""
    scores, n = [], _CLAIMS[kind][2]
    for _ in range(4):
        modes = _modes(sheet)
        one = modes[sheet.integer(0, 24)] + _STD * 0.5 * sheet.randn(2).clamp(-1, 1)
        low, high = _LOW.clone(), _HIGH.clone()
        with unchanged(low=low, high=high, one=one):
            samples = shape(make(n, low, high, one, sheet.generator), [n, 2]).double()
        true(torch.isfinite(samples).all(), "finite points", "NaN or infinity")
        if kind == "captured":
            scores.append(_captured(samples, modes))
        else:
            scores.append(_quality(samples, modes) if kind == "quality" else _recall(samples, _data(sheet, modes, 500)))
    return sum(scores) / 4


def _passes(sheet: Sheet, make: Callable, kind: str, slips: Slips) -> None:
    least, words, _ = _CLAIMS[kind]
    mean = _claimed(sheet, make, kind)
    if mean < least:
        again = slips.by(lambda f: _claimed(Sheet("again", 0, sheet.seed), f, kind))
        slip = next((said for score, said in again if abs(score() - mean) <= 0.02 + 0.25 * mean), "")  # whatever the draw
        raise Wrong(f"{words} or more, the mean over four data sets", f"{mean:.4g}", slip)


def _worth(samples: Tensor, modes: Tensor, std: float) -> Tensor:
    due = 1 / len(modes)
    return (_good(samples, modes, std) / len(samples)).clamp(max=due).sum()


def _entropy(share: Tensor, modes: Tensor) -> float:
    share = share[share > 0]
    return float(-(share * share.log()).sum()) / math.log(len(modes))


def _among_the_good(samples: Tensor, modes: Tensor, std: float) -> Tensor:
    good = _good(samples, modes, std)
    return good / good.sum().clamp(min=1)


_WORTH = Slips("worth") | {
    "an entropy falls slowly: of half of the modes it leaves log 12 / log 25 = 0.77": (
        lambda s, m, d: _entropy(_good(s, m, d) / len(s), m),
        lambda s, m, d: _entropy(_among_the_good(s, m, d), m),
        lambda s, m, d: _entropy(_among_the_good(s, m, d), m) * _quality(s, m, d),
    ),
    "one lucky sample captures a mode: how many does a mode get of its due?": lambda s, m, d: _captured(s, m, d) / len(m),
    "one place, repeated, is of high quality: ask for variety": _quality,
    "good and everywhere is not enough: a little of everything and much of one passes": (
        lambda s, m, d: _quality(s, m, d) * _captured(s, m, d) / len(m),
        lambda s, m, d: min(_quality(s, m, d), _captured(s, m, d) / len(m)),
    ),
    "divide by all samples, bad ones too: else garbage with a few good ones passes": (
        lambda s, m, d: (h := _good(s, m, d), (h / h.sum().clamp(min=1)).clamp(max=1 / len(m)).sum())[1]
    ),
    "a mode's share must not depend on how many samples there are": (
        lambda s, m, d: _good(s, m, d).clamp(max=100).sum() / (100 * len(m))
    ),
    "this is what is missed: 1 for the data, 0 for garbage": lambda s, m, d: 1 - _worth(s, m, d),
}


def _bags(sheet: Sheet) -> dict[str, tuple[Tensor, Tensor]]:
    """Samples of known worth, and the modes that they are for."""
    bags = {}

    def bag(name: str, make: Callable[[Tensor], Tensor]) -> None:
        modes = _modes(sheet)
        bags[name] = make(modes), modes

    def one_of(modes: Tensor) -> Tensor:
        return modes[:1] + _STD * sheet.randn(1, 2).clamp(-1, 1)

    def much_of_one(modes: Tensor) -> Tensor:
        return torch.cat([_data(sheet, modes[:1], 2250), _data(sheet, modes, 250)])

    bag("data", lambda modes: _drawn(sheet, modes, 2500))
    bag("a tenth of the data", lambda modes: _drawn(sheet, modes, 250))
    bag("half of the modes", lambda modes: _data(sheet, modes[:12], 2500))
    bag("noise in the box", lambda modes: _anywhere(2500, _LOW, _HIGH, modes[0], sheet.generator))
    bag("one sample, repeated", lambda modes: one_of(modes).expand(2500, 2).clone())
    bag("two far samples, the rest in one place", lambda modes: _far_out(2500, _LOW, _HIGH, one_of(modes)[0], sheet.generator))
    bag("nine of ten in one mode", much_of_one)
    bag("data, blurred", lambda modes: _data(sheet, modes, 2500, 4 * _STD))
    return bags


_ASKED = {  # from and to
    "data": (0.9, 1.0),
    "a tenth of the data": (0.8, 1.0),  # chance leaves some modes less than their due
    "half of the modes": (0.3, 0.7),
}


def _judged(bags: dict[str, tuple[Tensor, Tensor]], worth: Callable) -> list[str]:
    """What a measure says of each bag."""
    said = []
    for name, (samples, modes) in bags.items():
        value = number(worth(samples.clone(), modes.clone(), _STD), f"a number for {name}")
        low, high = _ASKED.get(name, (0.0, 0.3))
        well = low - 1e-6 <= value <= high + 1e-6
        said.append(f"{low:g} to {high:g} for {name}" if well else f"{value:.2f} for {name}")
    return said


@part(points=4)
def worthless(sheet: Sheet, captures: Callable, hits: Callable, recalls: Callable, worth: Callable) -> None:
    with sheet.item("18 modes of 25 captured, and nothing learnt", 0.5):
        _passes(sheet, captures, "captured", _CAPTURES)
    with sheet.item("97 % of high quality, and nothing learnt", 0.5):
        _passes(sheet, hits, "quality", _HITS)
    with sheet.item("recall 0.999, and nothing learnt", 1):
        _passes(sheet, recalls, "recall", _RECALLS)
    bags = _bags(sheet)
    with sheet.item("a measure that none of them passes", 2):
        _agree(_judged(bags, worth), _judged(bags, _worth), _WORTH.by(lambda f: _judged(bags, f)))


# 3. Find the fault -------------------------------------------------------------------------------------------------------


def _reporting(choose: Callable[[list[float], list[float]], float], over: Callable[[list[float]], Any] = list) -> Callable:
    """reported() of a choice among the scores of one training's checkpoints: on validation and on test data."""

    def reported(train: Callable, score: Callable, seeds: Any, validation: Any, test: Any) -> Any:
        found = []
        for seed in seeds:
            made = train(seed)
            found.append(choose([score(g, validation) for g in made], [score(g, test) for g in made]))
        return over(found)

    return reported


def _chosen(seen: list[float], then: list[float]) -> float:
    return then[seen.index(min(seen))]


def _reported(train: Callable, score: Callable, seeds: Any, validation: Any, test: Any) -> list[float]:
    return [score(min(train(seed), key=lambda g: score(g, validation)), test) for seed in seeds]


_REPORTED = Slips("reported") | {
    "the test set still chooses the checkpoint: choose on the validation set, and then look at the test set": _reporting(
        lambda seen, then: min(then)
    ),
    "the best seed is still chosen: report every one": (
        _reporting(_chosen, min),
        _reporting(lambda s, t: min(t), min),
        lambda train, score, seeds, v, t: score(min((g for seed in seeds for g in train(seed)), key=lambda g: score(g, v)), t),
    ),
    "this is the score that was chosen by: it is too good, as every best of many is": _reporting(lambda seen, then: min(seen)),
    "lower is better: this takes the worst": _reporting(lambda seen, then: then[seen.index(max(seen))]),
    "the last checkpoint: choose, on the validation set": _reporting(lambda seen, then: then[-1]),
    "one number for each seed, not their mean: whoever reads it wants the spread": _reporting(
        _chosen, lambda found: sum(found) / len(found)
    ),
    "the test set was looked at once for each checkpoint: look once for each seed, when all is chosen": _reporting(_chosen),
}


def _effect_by(difference: Callable[[Callable[[str, float, int], float], list, list, int], float]) -> Callable:
    """effect() of what is taken of the scores at(loss, rate, seed), for each seed."""

    def effect(train: Callable, score: Callable, losses: Any, rates: Any, seeds: Any) -> list[float]:
        def at(loss: str, rate: float, seed: int) -> float:
            return score(train(loss=loss, rate=rate, seed=seed))

        return [difference(at, list(losses), list(rates), seed) for seed in seeds]

    return effect


def _mean_over_rates(at: Callable, losses: list, rates: list, seed: int) -> float:
    return sum(at(losses[0], rate, seed) - at(losses[1], rate, seed) for rate in rates) / len(rates)


_effect = _effect_by(_mean_over_rates)

_EFFECT = Slips("effect") | {
    "loss and rate still change together: each loss needs each rate": (
        _effect_by(lambda at, pair, r, s: at(pair[0], r[0], s) - at(pair[1], r[1], s)),
        _effect_by(lambda at, pair, r, s: at(pair[0], r[0], s) - at(pair[1], r[1], s + 100)),  # as found
    ),
    "one rate only, and perhaps the one that suits one of them: both, and their mean": (
        _effect_by(lambda at, pair, r, s: at(pair[0], r[0], s) - at(pair[1], r[0], s)),
        _effect_by(lambda at, pair, r, s: at(pair[0], r[1], s) - at(pair[1], r[1], s)),
    ),
    "the two of a pair still have different seeds: luck is part of the difference": _effect_by(
        lambda at, pair, r, s: sum(at(pair[0], q, s) - at(pair[1], q, s + 100) for q in r) / len(r)
    ),
    "one number for each seed, not their mean: whoever reads it wants the spread": lambda *given: (
        sum(_effect(*given)) / len(given[-1])
    ),
    "old less new: positive where the new loss is better, for lower is better": _effect_by(
        lambda at, pair, r, s: -_mean_over_rates(at, pair, r, s)
    ),
    "a sum over the rates: take the mean": _effect_by(lambda at, pair, r, s: len(r) * _mean_over_rates(at, pair, r, s)),
    "each loss at its own best rate: that is another question, and the choice has looked at the scores": _effect_by(
        lambda at, pair, r, s: min(at(pair[0], q, s) for q in r) - min(at(pair[1], q, s) for q in r)
    ),
    "this is the effect of the rate": _effect_by(
        lambda at, pair, r, s: _mean_over_rates(lambda x, q, t: at(q, x, t), r, pair, s)
    ),
}


def _with_mirrors(x: Tensor) -> Tensor:
    return torch.cat([x, x.flip(3)])


def _prepared(images: Tensor, n_test: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    order = torch.randperm(len(images), generator=generator)
    return _with_mirrors(images[order[n_test:]]), images[order[:n_test]]


def _mirrored_first(images: Tensor, n_test: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    both = _with_mirrors(images)
    order = torch.randperm(len(both), generator=generator)
    return both[order[n_test:]], both[order[:n_test]]


_PREPARED = Slips("prepared") | {
    "a test image still has its mirror image in the training set: divide first, and mirror what is left": _mirrored_first,
    "the test set stays as it is: only what is trained on is mirrored": lambda x, n, g: (
        (p := _prepared(x, n, g)),
        (p[0], _with_mirrors(p[1])),
    )[1],
    "the mirror images are missing: the training set has them": lambda x, n, g: (
        (p := _prepared(x, n, g)),
        (p[0][: len(p[0]) // 2], p[1]),
    )[1],
    "flip(3) exchanges left and right; flip(2) turns a face upside down": lambda x, n, g: (
        (p := _prepared(x, n, g)),
        (torch.cat([p[0][: len(p[0]) // 2], p[0][: len(p[0]) // 2].flip(2)]), p[1]),
    )[1],
    "the last images are no random ones: files lie in an order": lambda x, n, g: (_with_mirrors(x[:-n]), x[-n:]),
    "with generator=generator: else nobody has your test set": lambda x, n, g: _prepared(
        x, n, torch.Generator().manual_seed(int(torch.randint(2**31, ())))
    ),
    "training set first, then the test set": lambda x, n, g: _prepared(x, n, g)[::-1],
}


def _names(lot: Any, images: Tensor) -> list[tuple[int, str]]:
    """Which image each of a lot is, and how it stands."""
    lot = tensor(lot, "two tensors of images [N, C, H, W]")
    true(lot.shape[1:] == images.shape[1:], "images [N, C, H, W] like those that are given", show(lot))
    known = {f(x).numpy().tobytes(): (i, how) for i, x in enumerate(images) for how, f in _STANDS.items()}
    return [known.get(x.contiguous().numpy().tobytes(), (-1, "another")) for x in lot]


_STANDS: dict[str, Callable[[Tensor], Tensor]] = {"as it is": lambda x: x, "mirrored": lambda x: x.flip(2).contiguous()}


def _sets(sheet: Sheet, prepared: Callable) -> list[str]:
    """What is in the two sets, in words."""
    images = torch.arange(30 * 12.0).reshape(30, 1, 3, 4)

    def run() -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
        with unchanged(images=images):
            train, test = pair(prepared(images, 8, torch.Generator().manual_seed(sheet.seed)), "a pair: training set, test set")
        return _names(train, images), _names(test, images)

    (train, test), again = run(), run()
    faces, plain = {i for i, _ in test}, sorted(i for i, how in train if how == "as it is")
    turned = sorted(i for i, how in train if how == "mirrored")
    return [
        f"{len(train)} to train on",
        f"{len(test)} to test on",
        "some in both, or their mirror images" if faces & {i for i, _ in train} else "nobody in both",
        "each with its mirror image" if plain == turned else "some without their mirror image, or it without them",
        "the test set as it is" if all(how == "as it is" for _, how in test) else "others in the test set",
        "in the order of the files" if faces in ({*range(22, 30)}, {*range(8)}) else "drawn at random",
        "the same for the same generator" if (train, test) == again else "others for the same generator",
    ]


@part(points=4)
def faults(sheet: Sheet, reported: Callable, effect: Callable, prepared: Callable) -> None:
    with sheet.item("A: chosen on one set, reported on another, every seed", 1.5):
        start = sheet.integer(1, 50)
        seeds = range(start, start + 4)
        table = {(s, c, where): 5 + float(sheet.randn()) for s in seeds for c in range(6) for where in "vt"}
        looks: list[str] = []

        def score(g: tuple[int, int], where: str) -> float:
            looks.append(where)
            return table[(*g, where[0])]

        def run(f: Callable) -> list[Any]:
            looks.clear()
            came = f(lambda seed: [(seed, c) for c in range(6)], score, seeds, "validation", "test")
            scores = [round(v, 4) for v in _listed(came, "a score for each seed")]  # of float32, too
            return [*scores, f"{looks.count('test')} looks at the test set"]

        def scores_of(f: Callable) -> list[Any]:
            return run(f)[:-1]

        equal(scores_of(reported), scores_of(_reported), slips=_REPORTED.by(scores_of))
        equal(run(reported), run(_reported), slips=_REPORTED.by(run))

    with sheet.item("B: one thing changed at a time, seed by seed", 1.5):
        luck, start = sheet.randn(400), sheet.integer(1, 50)
        losses, rates = (
            tuple(f"loss {c}" for c in ("hpqr"[sheet.integer(0, 3)], "stuv"[sheet.integer(0, 3)])),
            (start * 1e-3, 1e-4),
        )
        means = torch.tensor([[3.0, 1.0], [-1.0, 2.0]]) + 0.3 * sheet.rand(2, 2)  # each loss has a rate that suits it

        def train(loss: str, rate: float, seed: int) -> float:
            i, j = losses.index(loss), rates.index(rate)
            return 9 + 3 * float(luck[seed]) + float(means[i, j])

        def differences(f: Callable) -> Tensor:
            came = f(train, lambda g: g, losses, rates, range(start, start + 5))
            return torch.tensor(_listed(came, "a difference for each seed"), dtype=torch.float64)

        close(differences(effect), differences(_effect), "old less new, for five seeds", _EFFECT.by(differences))

    with sheet.item("C: nobody in both sets, not even in the mirror", 1):
        _agree(_sets(sheet, prepared), _sets(sheet, _prepared), _PREPARED.by(lambda f: _sets(sheet, f)))


# 4. An interval and a verdict --------------------------------------------------------------------------------------------


def _quantile(dof: int, p: float = 0.975) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(dof, p))


def _interval_by(
    of: Callable[[Tensor], Tensor] = lambda s: s.mean(1),
    t: Callable[[int], float] = lambda n: _quantile(n - 1),
    error: Callable[[Tensor], Tensor] = lambda v: v.std() / math.sqrt(len(v)),
) -> Callable:
    def interval(scores: Tensor) -> tuple[float, float]:
        values = of(scores)
        half = t(len(values)) * float(error(values))
        return float(values.mean()) - half, float(values.mean()) + half

    return interval


_interval = _interval_by()


def _spread_of_all(scores: Tensor) -> tuple[float, float]:
    half = _quantile(len(scores) - 1) * float(scores.std()) / math.sqrt(len(scores))
    return float(scores.mean()) - half, float(scores.mean()) + half


_INTERVAL = Slips("interval") | {
    "draws of one training are no independent measurements: first the mean of each training, then one number for each": (
        _interval_by(lambda s: s.flatten())
    ),
    "1.96 is the normal's: with few trainings the standard deviation itself is a guess, and Student's t is wider": _interval_by(
        t=lambda n: 1.959964
    ),
    "n trainings leave n - 1 degrees of freedom": _interval_by(t=lambda n: _quantile(n)),
    "the 0.975 quantile: 2.5 % are cut off at each side": _interval_by(t=lambda n: _quantile(n - 1, 0.95)),
    "this is the spread of one training: the mean's is smaller by the root of n": _interval_by(error=lambda v: v.std()),
    "divide by n - 1 inside the standard deviation": _interval_by(error=lambda v: v.std(correction=0) / math.sqrt(len(v))),
    "the standard deviation of the trainings' means, not of all draws": _spread_of_all,
    "divided by n in place of its root": _interval_by(error=lambda v: v.std() / len(v)),
    "the quantile t is missing": _interval_by(t=lambda n: 1.0),
    "from the best to the worst training: that grows with their number": lambda s: (s.mean(1).min(), s.mean(1).max()),
}


def _one_passes(nulls: list[float], low: float, high: float) -> bool:
    return any(low <= null <= high for null in nulls)


def _verdict_by(
    fewest: int = 5,
    asks_control: bool = True,
    asks_nulls: Callable[[list[float], float, float], bool] = _one_passes,
    span: Callable[[tuple[float, float]], tuple[float, float]] = lambda ends: ends,
    overlap: bool = False,
    undecided: str = "open",
) -> Callable:
    def verdict(ends: tuple[float, float], n: int, low: float, high: float, nulls: list[float], control: bool) -> str:
        if asks_nulls(list(nulls), low, high):
            raise ValueError("something worthless passes")
        a, b = span(ends)
        if n < fewest:
            return "open"
        inside = a <= high and b >= low if overlap else low <= a and b <= high
        if inside:
            return "reproduced"
        outside = b < low or a > high
        return "contradicted" if outside and (control or not asks_control) else undecided

    return verdict


_verdict = _verdict_by()


def _middle(ends: tuple[float, float]) -> tuple[float, float]:
    return (sum(ends) / 2,) * 2


def _few_first(ends: tuple[float, float], n: int, *others: Any) -> str:
    return "open" if n < 5 else _verdict(ends, n, *others)


def _few_contradict(ends: tuple[float, float], n: int, *others: Any) -> str:
    said = _verdict_by(fewest=0)(ends, n, *others)
    return said if said == "contradicted" else _verdict(ends, n, *others)


def _few_reproduce(ends: tuple[float, float], n: int, *others: Any) -> str:
    said = _verdict_by(fewest=0)(ends, n, *others)
    return said if said == "reproduced" else _verdict(ends, n, *others)


def _touching_is_outside(ends: tuple[float, float], *others: Any) -> str:
    return _verdict((ends[0] + 1e-9, ends[1] - 1e-9), *others)


_VERDICT = Slips("verdict") | {
    "the whole interval must lie inside, not its middle": _verdict_by(span=_middle),
    "the whole interval must lie inside: to touch the tolerance is not enough": _verdict_by(overlap=True),
    "fewer than five trainings decide nothing": (_verdict_by(fewest=0), _verdict_by(fewest=4), _few_contradict, _few_reproduce),
    "five are enough": _verdict_by(fewest=6),
    "not found is not refuted: without a control that could have found it, it is open": _verdict_by(asks_control=False),
    "partly inside is neither: open": _verdict_by(undecided="contradicted"),
    "raise a ValueError where something worthless passes: such a tolerance cannot tell": _verdict_by(
        asks_nulls=lambda nulls, low, high: False
    ),
    "a claim that says nothing is refused however few the trainings are: ask that first": _few_first,
    "an interval that only touches the tolerance is not outside: edges belong to it": _touching_is_outside,
    "edges belong to the tolerance, for what is worthless, too": _verdict_by(
        asks_nulls=lambda nulls, low, high: any(low < v < high for v in nulls)
    ),
    "one worthless thing that passes is enough to spoil the claim": _verdict_by(
        asks_nulls=lambda nulls, low, high: bool(nulls) and all(low <= v <= high for v in nulls)
    ),
}

_CASES: dict[str, tuple] = dict(
    [  # in words; interval, n, low, high, nulls, control
        ("inside", ((0.6, 0.9), 5, 0.5, 1.0, [0.0, 0.3], False)),
        ("inside, of eight, with a control", ((0.5, 1.0), 8, 0.5, 1.0, [0.0], True)),
        ("inside, of four", ((0.6, 0.9), 4, 0.5, 1.0, [0.0], False)),
        ("inside, of two", ((0.6, 0.9), 2, 0.5, 1.0, [0.0], True)),
        ("over the edge, its middle inside", ((0.4, 0.9), 6, 0.5, 1.0, [0.0], True)),
        ("over the edge, its middle outside", ((0.1, 0.6), 6, 0.5, 1.0, [0.0], True)),
        ("wider than the tolerance", ((0.2, 1.4), 5, 0.5, 1.0, [0.0], True)),
        ("outside, and the control works", ((0.1, 0.4), 5, 0.5, 1.0, [0.0], True)),
        ("up to the edge from outside", ((0.1, 0.5), 5, 0.5, 1.0, [0.0], True)),
        ("beyond, and the control works", ((1.2, 1.4), 7, 0.5, 1.0, [0.0], True)),
        ("outside, without a control", ((0.1, 0.4), 5, 0.5, 1.0, [0.0], False)),
        ("outside, of three", ((0.1, 0.4), 3, 0.5, 1.0, [0.0], True)),
        ("at most 0.8, and no null", ((0.1, 0.4), 5, -math.inf, 0.8, [], False)),
    ]
)


def _moved(case: tuple, by: float) -> tuple:
    (a, b), n, low, high, nulls, control = case
    return (a + by, b + by), n, low + by, high + by, [v + by for v in nulls], control


def _saying(answer: Callable, *given: Any) -> str:
    """What an answer says, in words.  Texts stand in quotes: to return one is not to raise."""
    try:
        came = answer(*given)
    except ValueError:
        return "a ValueError"
    return show(str(came) if isinstance(came, str) else came)


def _sayings(verdict: Callable, cases: dict[str, tuple]) -> list[str]:
    """What is said of each case."""
    return [f"{words}: {_saying(verdict, *case)}" for words, case in cases.items()]


@part(points=4)
def verdicts(sheet: Sheet, interval: Callable, verdict: Callable) -> None:
    with sheet.item("the interval of the mean over trainings", 2):
        for n, m in ((5, 4), (8, 30)):
            scores = 3 + 2 * sheet.randn(n, 1) + 0.3 * sheet.randn(n, m)

            def ends(f: Callable, scores: Tensor = scores) -> Tensor:
                return torch.tensor(_listed(f(scores), "two numbers: from, to"), dtype=torch.float64)

            what = f"{n} trainings of {m} draws: from, to"
            close(ends(interval), ends(_interval), what, _INTERVAL.by(ends), rtol=1e-4)

    with sheet.item("reproduced, contradicted, open", 1):
        shift = sheet.integer(0, 63) / 64  # edges stay where they are
        moved = {words: _moved(case, shift) for words, case in _CASES.items()}
        _agree(_sayings(verdict, moved), _sayings(_verdict, moved), _VERDICT.by(lambda f: _sayings(f, moved)))

    with sheet.item("a tolerance that something worthless passes is refused", 1):
        lists = {"every null passes": [0.7, 0.8], "one null of three passes": [0.0, 0.7, 2.0], "no null passes": [0.0, 2.0]}
        lists["a null on the edge passes"] = [0.0, 1.0]
        cases = {words: ((0.6, 0.9), 5, 0.5, 1.0, nulls, True) for words, nulls in lists.items()}
        cases["a null passes, of three trainings"] = ((0.6, 0.9), 3, 0.5, 1.0, [0.7], True)
        _agree(_sayings(verdict, cases), _sayings(_verdict, cases), _VERDICT.by(lambda f: _sayings(f, cases)))


# 5. How many trainings ---------------------------------------------------------------------------------------------------


def _power_exact(n: int, mean: float, spread: float, bound: float) -> float:
    """The same by the noncentral t distribution, without a draw."""
    from scipy.stats import nct

    return float(nct.cdf(-_quantile(n - 1), n - 1, (mean - bound) * math.sqrt(n) / spread))


def _half(s: Tensor | float, n: int) -> Any:
    return _quantile(n - 1) * s / math.sqrt(n)


def _power_by(
    passes: Callable[[Tensor, Tensor, float, int, float], Tensor], scatter: Callable = lambda spread, n: spread
) -> Callable:
    """power() of what is asked of each experiment's mean, its standard deviation, the bound, n and the true spread."""

    def power(n: int, mean: float, spread: float, bound: float, rounds: int, generator: torch.Generator) -> float:
        x = mean + scatter(spread, n) * torch.randn(rounds, n, generator=generator, dtype=torch.float64)
        return float(passes(x.mean(1), x.std(1), bound, n, spread).double().mean())

    return power


def _ends_below(m: Tensor, s: Tensor, bound: float, n: int, spread: float) -> Tensor:
    return m + _half(s, n) <= bound


_POWER = Slips("power") | {
    "the mean below the bound is not enough: the whole interval": _power_by(lambda m, s, b, n, spread: m <= b),
    "Student's t here, too, not 1.96": _power_by(lambda m, s, b, n, spread: m + 1.96 * s / math.sqrt(n) <= b),
    "the interval's upper end must lie below the bound, not its lower end": _power_by(
        lambda m, s, b, n, spread: m - _half(s, n) <= b
    ),
    "spread is that of one training: do not divide it before you draw": _power_by(
        _ends_below, lambda spread, n: spread / math.sqrt(n)
    ),
    "each imaginary experiment has its own standard deviation: nobody tells it the true one": _power_by(
        lambda m, s, b, n, spread: m + _half(spread, n) <= b
    ),
    "this is how often it fails": _power_by(lambda m, s, b, n, spread: m + _half(s, n) > b),
    "the interval of task 4 leaves out 2.5 % at each side: the 0.975 quantile, though only its upper end is asked for": _power_by(
        lambda m, s, b, n, spread: m + _quantile(n - 1, 0.95) * s / math.sqrt(n) <= b
    ),
    "divide by n - 1 inside the standard deviation": _power_by(
        lambda m, s, b, n, spread: m + _half(s, n) * math.sqrt((n - 1) / n) <= b
    ),
}


def _peeking_by(
    half: Callable[[Tensor, int], Tensor] = _half,
    start: Callable[[int, int], int] = lambda first, most: first,
    end: Callable[[int], int] = lambda most: most,
    outside: Callable[[Tensor, Tensor], Tensor] = lambda m, h: m.abs() > h,
    anew: bool = False,
    total: Callable[[Tensor], Tensor] = lambda found: found.any(1),
) -> Callable:
    """peeking(), with a slip where an argument is not the default."""

    def peeking(first: int, most: int, rounds: int, generator: torch.Generator) -> float:
        x = torch.randn(rounds, most, generator=generator, dtype=torch.float64)
        looks = []
        for n in range(start(first, most), end(most) + 1):
            lot = torch.randn(rounds, n, generator=generator, dtype=torch.float64) if anew else x[:, :n]
            looks.append(outside(lot.mean(1), half(lot.std(1), n)))
        return float(total(torch.stack(looks or [torch.zeros(rounds, dtype=torch.bool)], 1)).double().mean())

    return peeking


_peeking = _peeking_by()

_PEEKING = Slips("peeking") | {
    "one look finds something in five of a hundred: how often does *some* look?": (
        _peeking_by(start=lambda first, most: most),
        _peeking_by(total=lambda found: found.double().mean(1)),
    ),
    "he keeps the trainings that he has, and adds one": _peeking_by(anew=True),
    "Student's t here, too, not 1.96": _peeking_by(half=lambda s, n: 1.96 * s / math.sqrt(n)),
    "0 may lie outside on either side": _peeking_by(outside=lambda m, h: m > h),
    "he looks first after `first` trainings": _peeking_by(start=lambda first, most: 2),
    "he looks after `most` trainings, too": _peeking_by(end=lambda most: most - 1),
    "one look that finds something is enough: he stops there": _peeking_by(total=lambda found: found.all(1)),
    "this is how often he finds nothing": _peeking_by(total=lambda found: ~found.any(1)),
    "the interval of the mean: divide by the root of n": _peeking_by(half=lambda s, n: _quantile(n - 1) * s),
    "n - 1 it is both times: in the standard deviation, and for t's degrees of freedom": (
        _peeking_by(half=lambda s, n: _quantile(n) * s / math.sqrt(n)),
        _peeking_by(half=lambda s, n: _half(s, n) * math.sqrt((n - 1) / n)),
    ),
    "the 0.975 quantile: 2.5 % are cut off at each side": _peeking_by(
        half=lambda s, n: _quantile(n - 1, 0.95) * s / math.sqrt(n),
    ),
}


@part(points=2)
def powers(sheet: Sheet, power: Callable, peeking: Callable) -> None:
    with sheet.item("how often an experiment of n trainings would say: reproduced", 1):
        plans = ((5, 0.6, 0.3, 1.0), (6, 1.0, 0.6, 1.0), (7, 0.2, 0.9, 0.6), (12, 1.0, 1.6, 2.0))

        def all_of(f: Callable) -> Tensor:
            draw = torch.Generator().manual_seed(sheet.seed + 1)
            return torch.tensor([number(f(*plan, 4000, draw)) for plan in plans], dtype=torch.float64)

        right = [_power_exact(*plan) for plan in plans]
        close(all_of(power), right, "four plans", _POWER.by(all_of), atol=0.035, rtol=0)

    with sheet.item("how often somebody who looks after each training finds what is not there", 1):
        looks = ((5, 5), (3, 6), (5, 20), (2, 20))

        def found_by(f: Callable, rounds: int = 2000) -> Tensor:
            draw = torch.Generator().manual_seed(sheet.seed + 2)
            return torch.tensor([number(f(*plan, rounds, draw)) for plan in looks], dtype=torch.float64)

        what = "looks at five; three to six; five to twenty; two to twenty"
        close(found_by(peeking), found_by(_peeking, 20_000), what, _PEEKING.by(found_by), atol=0.04, rtol=0)


# 6. Copies ---------------------------------------------------------------------------------------------------------------


def _near(x: Tensor, train: Tensor) -> Tensor:
    return torch.cdist(x, train).min(1).values


def _smallest_p(samples: Tensor, train: Tensor, held_out: Tensor, most: int) -> Any:
    """Of the K smallest distances of both lots: how probable so many of the samples' are, if lots were alike; K = 1 to most."""
    from scipy.stats import hypergeom

    both = torch.cat([_near(samples, train), _near(held_out, train)])
    marked = (both.argsort()[:most] < len(samples)).cumsum(0)
    return hypergeom.sf(marked.numpy() - 1, len(both), len(samples), range(1, most + 1))


def _by_smallest(samples: Tensor, train: Tensor, held_out: Tensor, share: float = 0.05) -> float:
    most = max(1, round(share * (len(samples) + len(held_out))))
    return float(_smallest_p(samples, train, held_out, most)[-1])


def _least_of(samples: Tensor, train: Tensor, held_out: Tensor, most: int) -> float:
    return float(_smallest_p(samples, train, held_out, most).min())


def _by_medians(samples: Tensor, train: Tensor, held_out: Tensor) -> float:
    from scipy.stats import mannwhitneyu

    return float(mannwhitneyu(_near(samples, train), _near(held_out, train), alternative="less").pvalue)


def _by_border(samples: Tensor, train: Tensor, held_out: Tensor) -> float:
    from scipy.stats import binom

    nearer = int((_near(samples, train) < _near(held_out, train).quantile(0.02)).sum())
    return float(binom.sf(nearer - 1, len(samples), 0.02))


def _strictly_nearer(samples: Tensor, train: Tensor, held_out: Tensor) -> float:
    from scipy.stats import hypergeom

    near, fresh = _near(samples, train), _near(held_out, train)
    border = torch.cat([near, fresh]).quantile(0.05)
    both = int((near < border).sum() + (fresh < border).sum())
    return float(hypergeom.sf(int((near < border).sum()) - 1, len(near) + len(fresh), len(near), both))


def _by_coin(samples: Tensor, train: Tensor, held_out: Tensor) -> float:
    """As if the nearest were the samples' or the held-out points' by the toss of a coin."""
    from scipy.stats import binom

    both = torch.cat([_near(samples, train), _near(held_out, train)])
    few = both.argsort()[: max(1, round(0.05 * len(both)))]
    return float(binom.sf(int((few < len(samples)).sum()) - 1, len(few), 0.5))


_COPYING = Slips("copying_p") | {
    "exact copies all lie at distance 0, and so does the border then: <= in place of <": _strictly_nearer,
    "a copy need not be exact: how near is near? The held-out samples say": (
        lambda s, t, h: 0.001 if int((_near(s, t) == 0).sum()) > 2 else 0.5
    ),
    "one copy in ten is lost among the honest: look at the smallest distances only, no more of them than there are copies": (
        _by_medians,
        lambda s, t, h: _by_smallest(s, t, h, 0.15),
    ),
    "near to the training set, not to the held-out samples": lambda s, t, h: _by_smallest(s, h, t),
    "this accuses whoever is honest: held-out samples are near to some training samples, too": (
        lambda s, t, h: 0.001 if _near(s, t).min() < _near(h, t).median() else 0.5
    ),
    "this asks whether samples lie farther away": (
        lambda s, t, h: _by_smallest(h, t, s),
        lambda s, t, h: 1 - _by_smallest(s, t, h),
    ),
}

_ON_LEVEL = Slips("copying_p") | {  # where p itself is wrong, though no suspect shows it
    "the border is a guess, too, made of few held-out points: it accuses too many of the honest": _by_border,
    "samples and held-out points need not be as many: count both": _by_coin,
    "the least of many p is no p: choose one K before you look": (
        lambda s, t, h: _least_of(s, t, h, most=60),
        lambda s, t, h: _least_of(s, t, h, most=len(s) + len(h)),
    ),
}

_SUSPECTS = (
    "honest",
    "honest, but too wide",
    "near to the held-out ones",
    "all stored",
    "stored, slightly shaken",
    "one in ten stored",
)


def _heaps(draw: torch.Generator) -> Callable[[int], Tensor]:
    """A function that draws n points of six heaps in eight dimensions."""
    heaps = torch.randn(6, 8, generator=draw, dtype=torch.float64) * 3

    def real(n: int) -> Tensor:
        which = torch.randint(6, (n,), generator=draw)
        return heaps[which] + torch.randn(n, 8, generator=draw, dtype=torch.float64)

    return real


def _p_of(copying_p: Callable, *lots: Tensor) -> float:
    p = number(copying_p(*lots), "a probability")
    true(-1e-9 <= p <= 1 + 1e-9, "a probability, from 0 to 1", f"{p:.4g}")
    return p


def _on_level(level: float, often: str = "no more often than that", lots: str = "") -> str:
    return f"fresh data{lots}, p of {level:g} or less: {often}"


def _levels(sheet: Sheet, copying_p: Callable, rounds: int = 200) -> list[str]:
    """Whether p is small for fresh data as often as a probability may be."""
    real = _heaps(torch.Generator().manual_seed(sheet.seed + 1))
    found = [_p_of(copying_p, real(200), real(400), real(200)) for _ in range(rounds)]
    said = []
    for level, most in ((0.01, 7), (0.1, 40)):  # an exact test exceeds these bounds once in a thousand times, or more rarely
        said.append(_on_level(level, "too often" if sum(p <= level for p in found) > most else "no more often than that"))
    fewer = sum(_p_of(copying_p, real(200), real(400), real(100)) <= 0.1 for _ in range(rounds // 2))
    said.append(_on_level(0.1, "too often" if fewer > 20 else "no more often than that", " and 100 held out"))
    return said


def _accused(sheet: Sheet, copying_p: Callable, rounds: int = 20) -> list[str]:
    """What a test says of each suspect, over many rounds; p <= 0.01 accuses."""
    draw = torch.Generator().manual_seed(sheet.seed)
    real = _heaps(draw)
    counts = dict.fromkeys(_SUSPECTS, 0)
    for _ in range(rounds):
        train, held_out, fresh = real(400), real(200), real(200)
        stored = train[torch.randperm(400, generator=draw)[:200]]
        shaken = stored + 0.05 * torch.randn(200, 8, generator=draw, dtype=torch.float64)
        wide = fresh + 0.7 * torch.randn(200, 8, generator=draw, dtype=torch.float64)
        mixed = torch.cat([shaken[:20], fresh[20:]])
        beside = held_out + 0.5 * torch.randn(200, 8, generator=draw, dtype=torch.float64)
        for name, samples in zip(_SUSPECTS, (fresh, wide, beside, stored, shaken, mixed), strict=True):
            counts[name] += _p_of(copying_p, samples, train, held_out) <= 0.01
    words = [(0.25, "not accused"), (0.85, "accused at times"), (1.0, "accused")]  # at most so often
    return [f"{name}: {next(word for most, word in words if counts[name] <= most * rounds)}" for name in _SUSPECTS]


@part(points=2)
def copies(sheet: Sheet, copying_p: Callable) -> None:
    right = [f"{name}: {'accused' if 'stored' in name else 'not accused'}" for name in _SUSPECTS]
    said = functools.cache(lambda: _accused(sheet, copying_p))  # asked in an item: an answer's error belongs to it
    with sheet.item("a store is found out, and an honest generator is not accused", 1):
        _agree(said()[:-1], right[:-1], _COPYING.by(lambda f: _accused(sheet, f)[:-1]))
        levels = [_on_level(0.01), _on_level(0.1), _on_level(0.1, lots=" and 100 held out")]
        _agree(_levels(sheet, copying_p), levels, _ON_LEVEL.by(lambda f: _levels(sheet, f)))
    with sheet.item("nor does one copy in ten escape", 1):
        _agree(said(), right, _COPYING.by(lambda f: _accused(sheet, f)))


seal(__name__, "gancourse.metrics.frechet", "gancourse.classroom.right")

"""Planted answers to homework 8: right ones written otherwise, and wrong ones that no table of slips holds."""

from __future__ import annotations

import math

import numpy as np
import scipy.linalg
import torch
from scipy import stats

from gancourse.classroom.homework import hw8
from gancourse.data.toys import gaussian_mixture
from gancourse.metrics import mode_report
from tests.homework.planting import Garden

garden = Garden("hw8")
wrong, right = garden.plant_wrong, garden.plant_right

# 1. Chance


def by_sqrtm(a, b):
    a, b = a.numpy(), b.numpy()
    s, t = np.cov(a.T), np.cov(b.T)
    return ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(s + t) - 2 * np.trace(scipy.linalg.sqrtm(s @ t)).real


def by_symmetric_root(a, b):
    s, t = torch.cov(a.T), torch.cov(b.T)
    values, vectors = torch.linalg.eigh(s)
    root = vectors * values.clamp(min=0).sqrt() @ vectors.T
    roots = torch.linalg.eigvalsh(root @ t @ root).clamp(min=0).sqrt()
    return float((a.mean(0) - b.mean(0)).square().sum() + s.trace() + t.trace() - 2 * roots.sum())


def unclamped(a, b):
    s, t = torch.cov(a.T), torch.cov(b.T)
    return (a.mean(0) - b.mean(0)).square().sum() + (s + t).trace() - 2 * torch.linalg.eigvals(s @ t).real.sqrt().sum()


def complex_roots(a, b):
    s, t = torch.cov(a.T), torch.cov(b.T)
    return (a.mean(0) - b.mean(0)).square().sum() + (s + t).trace() - 2 * torch.linalg.eigvals(s @ t).clamp(min=0).sqrt().sum()


def chance_as_a_list(real, n, times, distance, generator):
    found = []
    for _ in range(times):
        a, b = real[torch.randperm(len(real), generator=generator)].split([n, len(real) - n])
        found.append(distance(a, b[:n]))
    return found


def of_rows(a, b):
    s, t = torch.cov(a), torch.cov(b)
    return (
        (a.mean(0) - b.mean(0)).square().sum()
        + (s.trace() + t.trace())
        - 2 * torch.linalg.eigvals(s @ t).real.clamp(0).sqrt().sum()
    )


def of_the_first_rows(real, n, times, distance, generator):
    found = []
    for _ in range(times):
        p = torch.randperm(2 * n, generator=generator)
        found.append(float(distance(real[p[:n]], real[p[n:]])))
    return torch.tensor(found)


wrong("the first 2 n rows for ever", "shuffle all rows", by_chance=of_the_first_rows)
wrong("covariances of the rows", "torch.cov(a.T)", frechet=of_rows)
wrong("more than, and no 1", "as large counts", p_value=lambda value, null: (null > value).double().mean())
right("scipy's root of a matrix", frechet=by_sqrtm)
right("the symmetric root", frechet=by_symmetric_root)
wrong("no clamp", "NaN", frechet=unclamped)
wrong("the clamp of complex numbers", "take .real first", frechet=complex_roots)
right("a list of distances", by_chance=chance_as_a_list)
wrong("one draw too many", by_chance=lambda real, n, times, *others: hw8._by_chance(real, n, times + 1, *others))
right("p by a loop", p_value=lambda value, null: (1 + sum(float(x) >= value for x in null)) / (len(null) + 1))

# 2. Worthless


def lattice(n, low, high, one, generator):
    x = torch.linspace(0, 1, math.isqrt(n), dtype=torch.float64)
    points = torch.cartesian_prod(x, x)
    return low + (high - low) * torch.cat([points, points[: n - len(points)]])


def corners(n, low, high, one, generator):
    signs = torch.tensor([[1, 1], [1, -1], [-1, 1], [-1, -1]]).double()
    return torch.cat([one.repeat(n - 4, 1), one + 50 * (high - low) * signs])


def by_heart(n, low, high, one, generator):
    x = torch.linspace(-4, 4, 5, dtype=torch.float64)
    return torch.cartesian_prod(x, x)[torch.arange(n) % 25] + 0.05 * torch.randn(n, 2, generator=generator)


def entropy(samples, modes, std):
    share = hw8._good(samples, modes, std) / len(samples)
    share = share[share > 0]
    return float(-(share * share.log()).sum() / math.log(len(modes)))


def variation(samples, modes, std):
    share = hw8._good(samples, modes, std) / len(samples)
    return 1 - float((share - 1 / len(modes)).abs().sum() + 1 - share.sum()) / 2


right("a lattice", captures=lattice)
wrong("the lecture's grid by heart", captures=by_heart)
right("one place, shaken as wide as a heap", hits=lambda n, low, high, one, g: one + 0.05 * torch.randn(n, 2, generator=g))
right("one place, shaken", hits=lambda n, low, high, one, g: one + 0.005 * torch.randn(n, 2, generator=g))
right("recall by four corners", recalls=corners)
right("recall by a lattice, whose balls touch", recalls=lattice)
right("the share of modes served", worth=lambda s, m, d: float((hw8._good(s, m, d) / len(s) >= 0.5 / len(m)).double().mean()))
right("one minus the total variation", worth=variation)
right("the course's share of the data that is missed", worth=lambda s, m, d: 1 - mode_report(s, gaussian_mixture(m, d)).missed)
wrong(
    "noise in float32",
    "third neighbour is very far",
    recalls=lambda n, lo, hi, one, g: lo + (hi - lo) * torch.rand(n, 2, generator=g),
)
wrong("entropy of the shares", "an entropy falls slowly", worth=entropy)
wrong("the Frechet distance to the centres", worth=lambda s, m, d: 1 / (1 + float(hw8._frechet(s, m))))

# 3. Faults


def by_argmin(train, score, seeds, validation, test):
    found = []
    for seed in seeds:
        made = train(seed)
        found.append(score(made[int(np.argmin([score(g, validation) for g in made]))], test))
    return found


def by_mask(images, n_test, generator):
    mask = torch.zeros(len(images), dtype=torch.bool)
    mask[torch.randperm(len(images), generator=generator)[:n_test]] = True
    rest = images[~mask]
    return torch.stack([rest, rest.flip(-1)], 1).flatten(0, 1), images[mask]


def with_repeats(train, score, losses, rates, seeds):
    both = [[[score(train(loss, rate, seed)) for rate in rates] for seed in seeds] for loss in losses]
    old, new = torch.tensor(both, dtype=torch.float64).mean(2)
    return old - new


def best_of_all(train, score, seeds, validation, test):
    return score(min((g for s in seeds for g in train(s)), key=lambda g: score(g, validation)), test)


def mean_over_seeds(*given):
    differences = with_repeats(*given)
    return float(sum(differences) / len(differences))


def by_heart_too(train, score, losses, rates, seeds):
    at = {(x, r): [score(train(x, r, s)) for s in range(5)] for x in ("old", "new") for r in (1e-3, 1e-4)}
    return [sum(at["old", r][s] - at["new", r][s] for r in (1e-3, 1e-4)) / 2 for s in range(5)]


def by_four_seeds(train, score, seeds, validation, test):
    return by_argmin(train, score, range(4), validation, test)


wrong("the best checkpoint of all seeds", "the best seed is still chosen", reported=best_of_all)
wrong("the seeds by heart", reported=by_four_seeds)
wrong("the mean over the seeds", "not their mean", effect=mean_over_seeds)
wrong("names, rates and seeds by heart", effect=by_heart_too)
right("argmin", reported=by_argmin)
right("a tensor of scores", reported=lambda *given: torch.tensor(by_argmin(*given)))
right("a tensor of differences", effect=with_repeats)
wrong("A as found", reported=lambda train, score, seeds, v, test: min(score(g, test) for seed in seeds for g in train(seed)))
right("by a mask", prepared=by_mask)

# 4. to 6.


def bootstrap(scores):
    means = scores.mean(1).numpy()
    draws = [np.random.default_rng(i).choice(means, len(means)).mean() for i in range(300)]
    return tuple(np.percentile(draws, [2.5, 97.5]))


def border(samples, train, held_out):
    near, fresh = hw8._near(samples, train), hw8._near(held_out, train)
    return float(stats.binom.sf(int((near < fresh.quantile(0.02)).sum()) - 1, len(near), 0.02))


def least_of_fifty(samples, train, held_out):
    return hw8._least_of(samples, train, held_out, most=50)


def by_shuffling(samples, train, held_out):
    both = torch.cat([hw8._near(samples, train), hw8._near(held_out, train)])
    small = (both <= both.kthvalue(20).values).double()
    draws = torch.rand(300, len(both), generator=torch.Generator().manual_seed(0)).argsort(1)[:, : len(samples)]
    return float((1 + (small[draws].sum(1) >= small[: len(samples)].sum()).sum()) / 301)


right("an interval as a tensor", interval=lambda s: torch.tensor(hw8._interval(s)))
right("scipy's interval", interval=lambda s: stats.t.interval(0.95, len(s) - 1, s.mean(1).mean().item(), stats.sem(s.mean(1))))
wrong("a bootstrap of five", interval=bootstrap)


def by_running_sums(first, most, rounds, generator):
    x = torch.randn(rounds, most, generator=generator, dtype=torch.float64)
    n = torch.arange(1, most + 1)
    mean, square = x.cumsum(1) / n, x.square().cumsum(1) / n
    s = ((square - mean.square()).clamp(min=0) * n / (n - 1)).sqrt()
    t = torch.tensor([math.nan if k < 2 else stats.t.ppf(0.975, k - 1) for k in n.tolist()])
    return (mean.abs() > t * s / n.sqrt())[:, first - 1 :].any(1).double().mean()


def one_by_one(first, most, rounds, generator):
    """Trainings are made when they are needed, for those who still look."""
    found, x = 0, torch.randn(rounds, first, generator=generator)
    while True:
        low, high = (m := x.mean(1)) - (h := stats.t.ppf(0.975, x.shape[1] - 1) * x.std(1) / x.shape[1] ** 0.5), m + h
        inside = (low <= 0) & (high >= 0)
        found, x = found + int((~inside).sum()), x[inside]
        if x.shape[1] == most:
            return found / rounds
        x = torch.cat([x, torch.randn(len(x), 1, generator=generator)], 1)


def peeking_by_numpy(first, most, rounds, generator):
    x = np.random.default_rng(generator.initial_seed()).normal(size=(rounds, most))
    p = np.stack([stats.ttest_1samp(x[:, :n], 0, axis=1).pvalue for n in range(first, most + 1)])
    return (p < 0.05).any(0).mean()


def other_trainings_looked_at(first, most, rounds, generator):
    x = torch.randn(rounds, most, generator=generator)
    looks = [stats.ttest_1samp(x[:, n - first : n].numpy(), 0, axis=1).pvalue < 0.05 for n in range(first, most + 1)]
    return np.mean(np.any(looks, 0))


def by_numpy(n, mean, spread, bound, rounds, generator):
    x = np.random.default_rng(generator.initial_seed()).normal(mean, spread, (rounds, n))
    return np.mean(x.mean(1) + stats.t.ppf(0.975, n - 1) * stats.sem(x, axis=1) <= bound)


def verdict_in_another_order(span, n, low, high, nulls, control):
    if [v for v in nulls if v >= low and v <= high]:
        raise ValueError
    if n < 5 or not (low <= span[0] and span[1] <= high or control and (span[1] < low or span[0] > high)):
        return "open"
    return "reproduced" if low <= span[0] <= high else "contradicted"


def few_first(span, n, low, high, nulls, control):
    return "open" if n < 5 else verdict_in_another_order(span, n, low, high, nulls, control)


def touching_is_outside(span, n, low, high, nulls, control):
    said = verdict_in_another_order(span, n, low, high, nulls, control)
    return "contradicted" if said == "open" and n >= 5 and control and (span[1] <= low or span[0] >= high) else said


def spread_of_all_draws(s):
    return stats.t.interval(0.95, len(s) - 1, s.mean().item(), s.std().item() / math.sqrt(len(s)))


def polite(answer):
    """The error's text is returned in its place."""

    def asked(*given):
        try:
            return answer(*given)
        except ValueError:
            return "a ValueError"

    return asked


right("open first", verdict=verdict_in_another_order)
wrong("returned, not raised", "'a ValueError'", verdict=polite(hw8._verdict))


def five_to_reproduce(span, n, low, high, nulls, control):
    """Five trainings are asked of a claim that is reproduced, not of one that is contradicted."""
    said = verdict_in_another_order(span, max(n, 5), low, high, nulls, control)
    return "open" if said == "reproduced" and n < 5 else said


wrong("three contradict", "fewer than five", verdict=five_to_reproduce)
wrong("always open", verdict=lambda *given: "open")
wrong("few are open, whatever passes", "however few", verdict=few_first)
wrong("at the edge is outside", "only touches", verdict=touching_is_outside)
wrong("the spread of all draws", "of the trainings' means, not of all draws", interval=spread_of_all_draws)
right("running sums", peeking=by_running_sums)
right("trainings made when they are needed", peeking=one_by_one)
right("scipy's test, numpy's draws", peeking=peeking_by_numpy)
wrong("the last `first` trainings alone", peeking=other_trainings_looked_at)
wrong("five in a hundred", "how often does *some* look", peeking=lambda *given: 0.05)
right("numpy's draws", power=by_numpy)
wrong("nobody is accused", copying_p=lambda *given: 0.5)
wrong("everybody is accused", copying_p=lambda *given: 0.0)
right("exact, without a draw", power=lambda n, mean, spread, bound, rounds, g: hw8._power_exact(n, mean, spread, bound))


def before_the_first(samples, train, held_out):
    near, fresh = hw8._near(samples, train), hw8._near(held_out, train)
    n, of = len(near), len(near) + len(fresh)
    return math.prod((n - i) / (of - i) for i in range(int((near < fresh.min()).sum())))


def strictly_below(samples, train, held_out):
    near, fresh = hw8._near(samples, train), hw8._near(held_out, train)
    edge = torch.cat([near, fresh]).quantile(0.05)
    few = [[int((x < edge).sum()), int((x >= edge).sum())] for x in (near, fresh)]
    return float(stats.fisher_exact(few, alternative="greater").pvalue)


def up_to(samples, train, held_out):
    near, fresh = hw8._near(samples, train), hw8._near(held_out, train)
    edge = torch.cat([near, fresh]).quantile(0.05)
    few = [[int((x <= edge).sum()), int((x > edge).sum())] for x in (near, fresh)]
    return float(stats.fisher_exact(few, alternative="greater").pvalue)


wrong("Fisher's test, strictly below the border", "<= in place of <", copying_p=strictly_below)
right("Fisher's test, up to the border", copying_p=up_to)


def as_if_as_many(samples, train, held_out):
    """One half of the nearest would be the samples', if both lots were equally large."""
    near, fresh = hw8._near(samples, train), hw8._near(held_out, train)
    few = torch.cat([near, fresh]).argsort()[: max(1, (len(near) + len(fresh)) // 20)]
    return float(stats.binom.sf(int((few < len(near)).sum()) - 1, len(few), 0.5))


wrong("a coin for each of the nearest", "need not be as many", copying_p=as_if_as_many)
wrong("a border and a binomial", "the border is a guess, too", copying_p=border)
wrong("the least of fifty p", "the least of many p", copying_p=least_of_fifty)
right("shuffled labels", copying_p=by_shuffling)
right("how many lie nearer than any held-out point", copying_p=before_the_first)
wrong(
    "Kolmogorov and Smirnov",
    "accused",
    copying_p=lambda s, t, h: stats.ks_2samp(hw8._near(s, t).numpy(), hw8._near(h, t).numpy(), alternative="greater").pvalue,
)
wrong("the oracle replaced", "no longer", code="hw8._worth = lambda *a: 1.0", part="worthless")

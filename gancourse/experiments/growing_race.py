"""Growing against full size from the start: the same two networks, faces at 64 px, until both have seen as many pictures.

Both arms have the blocks of ``progan64`` (narrower at the small sides), the same first weights, latents, order of pictures and
settings; only the timetable differs.  The rates are constant, so that a curve may be read at any place: a rate that falls to 0
would favour its end.

Two judges, because one is blind at the fine end: the Frechet distance in the attribute classifier's features, which sees faces
in 32 x 32 pixels, and the paper's sliced Wasserstein distance of patches at 64, 32 and 16 px (times 1000).  Samples of a network
that still grows are enlarged by repeating pixels.

What a timetable costs is counted in operations (:func:`work`), which depend on no machine, and in processor seconds, from which
the time that the judges took is taken out.
:mod:`gancourse.experiments.growing_race_32` runs the same race at 32 px; what reads a record here reads either.

Source: Karras et al. 2018, section 2 and table 1.
"""

from __future__ import annotations

import functools
import itertools
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse import data, scale
from gancourse.data.images import to_float
from gancourse.experiments import progressive, recorded
from gancourse.experiments.experiment import Experiment, counted
from gancourse.experiments.records import Record
from gancourse.gans import growing
from gancourse.gans.progressive import Progressive, Schedule
from gancourse.metrics import attribute_classifier, frechet_distance
from gancourse.metrics.slices import sliced_wasserstein_pyramid
from gancourse.training import Run

GROWING, AT_ONCE = "growing", "64 px from the start"
SHARE = 1 / 3  # of the other arm's work: there the growing run sets the distance to be reached, so that a saving of up to 3 shows


def schedule(arm: Mapping[str, Any], steps: int) -> Schedule:
    """An arm's timetable, given in equal parts of the steps; what rounding leaves over goes to the end."""
    parts = sum(arm["fade"]) + sum(arm["stable"])
    fade, stable = ([steps * part // parts for part in arm[kind]] for kind in ("fade", "stable"))
    stable[-1] += steps - sum(fade) - sum(stable)
    return Schedule(len(fade) - 1, tuple(fade), tuple(stable))


def _game(arm: Mapping[str, Any], seed: int, size: Mapping[str, Any]) -> Progressive:
    players = progressive.players(size["side"], size["latent_dim"], tuple(size["widths"]), seed=seed)
    penalty = progressive.SideR1(size["r1_gamma"], size["side"], size["r1_every"])
    return Progressive(*players, schedule(arm, size["steps"]), "relativistic", penalty=penalty)


class Faces:
    """Faces at full size, unseen ones for the judges, and the networks that grow or do not."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        self.size = size
        side, unseen = size["side"], size["samples"]
        self.images = data.faces(side, size["n"], progress=False)
        self.truth = to_float(data.faces(side, unseen, split="test", progress=False).images)
        self.judge = attribute_classifier("faces", side)
        self.real = self.judge.features(self.truth)
        self._began: float | None = None

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[Progressive, data.Batches]:
        batches = data.Batches(self.images, self.size["batch_size"], seed=seed, device=scale.device())
        return _game(arm, seed, self.size), batches

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        self._began = time.process_time()
        return self._enlarged(run.sample(len(self.truth), seed=1))

    def pictures(self, run: Run) -> Tensor:
        return self._enlarged(run.sample(5, seed=4))

    def _enlarged(self, images: Tensor) -> Tensor:
        return F.interpolate(images.float().clamp(-1, 1).cpu(), size=self.size["side"], mode="nearest")

    def judged(self, sample: Tensor) -> dict[str, float]:
        """Both distances, the second also by bands, and the processor seconds that drawing and judging took."""
        bands = sliced_wasserstein_pyramid(sample, self.truth, patches=32, projections=128)
        found = {f"swd_{side}": 1000 * value for side, value in bands.items()}
        frechet = frechet_distance(self.judge.features(sample), self.real)
        taken = 0.0 if self._began is None else time.process_time() - self._began
        return {"frechet": frechet, "swd": sum(found.values()) / len(found), **found, "measuring": taken}

    def nulls(self) -> dict[str, Tensor]:
        source = torch.Generator().manual_seed(2)
        others = to_float(self.images.images[: len(self.truth)])
        smaller = len(self.size["widths"]) - 1
        at_once = {"fade": [0] * (smaller + 1), "stable": [0] * smaller + [1]}
        untrained = self._enlarged(_game(at_once, 0, self.size).sample(len(self.truth), seed=1))
        return {
            "other real faces": others,
            f"real faces at {self.size['side'] // 2} px, enlarged": self._enlarged(F.avg_pool2d(others, 2)),
            "mean face": self.truth.mean(0, keepdim=True).expand_as(self.truth),
            "noise": torch.rand(self.truth.shape, generator=source) * 2 - 1,
            "untrained": untrained,
        }

    def facts(self) -> dict[str, float]:
        return counted(self.images.images.float())


@functools.cache
def work(arm: str, size: str = "full", race: str = "growing_race") -> tuple[float, ...]:
    """Operations of one training of an arm after 0, 1, ... steps, both players' updates without the penalty: [steps + 1]."""
    experiment = recorded.get(race)
    sizes = experiment.size(size)
    game = _game(experiment.arms[arm], 0, sizes)
    return tuple(growing.work_so_far(game.schedule, growing.work_by_level(game), sizes["batch_size"]))


def at_once(record: Record) -> str:
    """The arm of a race that never grows."""
    return next(arm for arm in record.arms if arm != GROWING)


def work_of(record: Record, arm: str) -> np.ndarray:
    """Operations of one training of a record's arm after 0, 1, ... steps: [steps + 1]."""
    return np.array(work(arm, race=record.content["name"]))


def seconds(record: Record, arm: str) -> np.ndarray:
    """Processor seconds at the points of an arm's curve, without those of the judges: [seeds, points].

    Of a training on a GPU the mean of those of the arm on the processor stands here: each step of them does the same.
    """
    spent, judging = record.curve("seconds")[arm][1], record.curve("measuring")[arm][1]
    net: np.ndarray = spent - np.concatenate([np.zeros_like(judging[:, :1]), judging.cumsum(1)[:, :-1]], 1)
    here = np.array(["machine" not in training for training in record.content["arms"][arm]])
    return np.where(here[:, None], net, net[here].mean(0)) if here.any() else net


def first_below(places: Any, values: Any, target: float) -> tuple[float, bool]:
    """Where a curve (places [T], values [T]) first gets down to the target, by straight lines; its end, and False, if nowhere."""
    for k, (value, before) in enumerate(zip(values, [values[0], *values], strict=False)):
        if value <= target:
            part = (before - target) / (before - value) if before > target else 1.0
            return float(places[k] if k == 0 else places[k - 1] + part * (places[k] - places[k - 1])), True
    return float(places[-1]), False


def savings(
    record: Record,
    slow: str = "",
    quick: str = GROWING,
    shift: int = 0,
    score: str = "frechet",
    never: bool = False,
    share: float = SHARE,
) -> dict[str, list[float]]:
    """What ``slow`` takes over what ``quick`` takes, for each seed: to get to the distance that ``quick`` has at the place.

    The place is where ``quick`` has spent ``share`` of a full-size training's work; ``slow`` is the arm that never grows, unless
    named.  "images", "operations" and "seconds" are ratios, lower bounds where "reached" is 0; "distance" is the ``score`` in
    question.  ``shift`` pairs each seed of ``quick`` with a later one of ``slow``: two trainings of one arm tell what chance does
    to the ratio.  ``never`` gives the ratios of a ``slow`` that never gets there: the most that the race can show.
    """
    slow = slow or at_once(record)
    done = {arm: work_of(record, arm) for arm in (slow, quick)}
    steps, distances = ({arm: record.curve(score)[arm][k] for arm in (slow, quick)} for k in (0, 1))
    spent = {arm: seconds(record, arm) for arm in (slow, quick)}
    place = float(np.interp(share * work_of(record, at_once(record))[-1], done[quick], np.arange(len(done[quick]))))
    found: dict[str, list[float]] = {name: [] for name in ("images", "operations", "seconds", "distance", "reached")}
    for i in range(len(record.seeds)):
        j = (i + shift) % len(record.seeds)
        target = -np.inf if never else float(np.interp(place, steps[quick], distances[quick][i]))
        there, reached = first_below(steps[slow], distances[slow][j], target)
        costs = [np.interp(at, np.arange(len(done[arm])), done[arm]) for at, arm in ((there, slow), (place, quick))]
        times = [np.interp(there, steps[slow], spent[slow][j]), np.interp(place, steps[quick], spent[quick][i])]
        row = (there / place, costs[0] / costs[1], times[0] / times[1], target, float(reached))
        for name, value in zip(found, row, strict=True):
            found[name].append(float(value))
    return found


def by_chance(record: Record, score: str = "frechet", share: float = SHARE) -> dict[str, dict[str, list[float]]]:
    """The ratios of :func:`savings` by chance, for each pair of trainings at full size, and those with the arms swapped."""
    slow = at_once(record)
    pairs = [savings(record, slow, slow, shift, score, share=share) for shift in range(1, len(record.seeds))]
    swapped = savings(record, GROWING, slow, 0, score, share=share)
    together = {name: [value for pair in pairs for value in pair[name]] for name in swapped}  # empty for a single seed
    return {"two_trainings_at_full_size": together, "arms_swapped": swapped}


def chance_at(record: Record, distances: Sequence[float], score: str = "frechet") -> dict[str, list[float]]:
    """The ratios of costs of every two trainings at full size to get to each of the distances, the slower over the quicker.

    So chance is read where :func:`savings` is: where the curves fall less steeply, it makes more of the same difference.
    """
    slow = at_once(record)
    found: dict[str, list[float]] = {"images": [], "operations": [], "seconds": []}
    steps, curves = record.curve(score)[slow]
    spent, done = seconds(record, slow), work_of(record, slow)
    for target in distances:
        there = [first_below(steps, curve, target)[0] for curve in curves]
        costs = {
            "images": there,
            "operations": [float(np.interp(at, np.arange(len(done)), done)) for at in there],
            "seconds": [float(np.interp(at, steps, row)) for at, row in zip(there, spent, strict=True)],
        }
        for name, values in costs.items():
            found[name] += [max(a, b) / min(a, b) for a, b in itertools.combinations(values, 2)]
    return found


def at_work(record: Record, arm: str, score: str = "frechet", share: float = SHARE) -> np.ndarray:
    """A score of an arm's trainings where they have spent ``share`` of a full-size training's work: [seeds]."""
    done, (steps, values) = work_of(record, arm), record.curve(score)[arm]
    place = np.interp(share * work_of(record, at_once(record))[-1], done, np.arange(len(done)))
    return np.array([np.interp(place, steps, row) for row in values])


def growings_share(record: Record) -> float:
    """The whole work of a training that grows, of one at full size."""
    return float(work_of(record, GROWING)[-1] / work_of(record, at_once(record))[-1])


def at_equal_work(record: Record, score: str = "swd") -> np.ndarray:
    """A score of the full-size trainings where they have done the work of the whole growing run: [seeds]."""
    return at_work(record, at_once(record), score, growings_share(record))


def in_pairs(mine: Sequence[float] | np.ndarray, theirs: Sequence[float] | np.ndarray) -> tuple[int, float]:
    r"""In how many pairs of a number of each set mine is the smaller, and what chance makes of such a count.

    The second number is the exact share of all orders of the numbers that lie at least as far from half of the pairs, in either
    direction: Mann and Whitney's test.  Where no two numbers are equal, U = #{(i, j): mine_i < theirs_j}, and of the
    \binom{2n}{n} orders of n and n numbers two put all of one set first.

    Source: Mann & Whitney 1947, On a test of whether one of two random variables is stochastically larger than the other.
    """
    from scipy.stats import mannwhitneyu

    found = mannwhitneyu(theirs, mine, method="exact")
    return int(found.statistic), float(found.pvalue)


def nearer(record: Record, score: str = "frechet", share: float = SHARE) -> tuple[int, float]:
    """In how many pairs of a training of each arm growing is nearer at equal work, and its chance (:func:`in_pairs`)."""
    grown, full = (at_work(record, arm, score, share) for arm in (GROWING, at_once(record)))
    return in_pairs(grown, full)


def pairings(record: Record, slow: str = "", quick: str = GROWING, score: str = "frechet", share: float = SHARE) -> np.ndarray:
    """The ratios of operations of :func:`savings` of each training of ``quick`` with each of ``slow``: [seeds, seeds]."""
    n = len(record.seeds)
    found = np.empty((n, n))
    for shift in range(n):
        ratios = savings(record, slow, quick, shift, score, share=share)["operations"]
        found[np.arange(n), (np.arange(n) + shift) % n] = ratios
    return found


def one_to_one(ratios: np.ndarray, itself: bool = True) -> np.ndarray:
    """Every way to give each row of a table [n, n] a column of its own: [ways, n]; the first takes the diagonal.

    itself  False leaves out the ways in which some row takes the column of its own number
    """
    ways = [way for way in itertools.permutations(range(len(ratios))) if itself or all(i != j for i, j in enumerate(way))]
    return np.array([ratios[np.arange(len(ratios)), list(way)] for way in ways])


def undecided(found: Sequence[float], chance: Sequence[float], least: float) -> str:
    """Why a row about a saving of at least ``least`` must stay open, or nothing.

    chance  ratios of two trainings at full size: one gets to ``least``, or to the smallest ratio found where these speak for it
    """
    largest = max(chance, default=0.0)
    if largest >= least or (np.mean(found) >= least and largest >= min(found)):
        return f"two trainings at full size get to {largest:.2f} by chance"
    return ""


def pictures(record: Record, arm: str, first: int, last: int) -> dict[int, Tensor]:
    """What an arm's first seed draws between two steps: step -> uint8 [k, C, H, W]."""
    return {step: drawn for step, drawn in record.film(arm).items() if first <= step <= last}


def fade(record: Record) -> Tensor:
    """The fade into the last level as the first seed's training passes through it: uint8 [5 alphas, k, C, H, W]."""
    experiment = recorded.get(record.content["name"])
    timetable = schedule(experiment.arms[GROWING], experiment.size()["steps"])
    begins = timetable.starts()[-1]
    return torch.stack(list(pictures(record, GROWING, begins, begins + timetable.lengths()[-1][0]).values()))


EXPERIMENT = Experiment(
    name="growing_race",
    title="Growing against full size from the start, faces at 64 px",
    stage=Faces,
    arms={
        GROWING: {"fade": [0, 1, 2, 3, 4], "stable": [2, 2, 3, 3, 16]},  # in parts of 150 steps at the full size
        AT_ONCE: {"fade": [0, 0, 0, 0, 0], "stable": [0, 0, 0, 0, 1]},
    },
    seeds=(0, 1, 2, 3, 4),
    full={
        "side": 64,
        "n": 20_000,
        "samples": 300,
        "latent_dim": 64,
        "widths": [64, 64, 48, 32, 16],
        "r1_gamma": 8.0,
        "r1_every": 8,
        "batch_size": 16,
        "steps": 5400,
        "measure_every": 150,
        "checkpoint_every": 150,
        "frames": [750, 2400, 2550, 2700, 2850, 3000, 5400],  # the fade into 64 px lies between 2,400 and 3,000
    },
    ci={
        "n": 120,
        "samples": 80,
        "latent_dim": 8,
        "widths": [8, 8, 8, 4, 4],
        "batch_size": 4,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 10,
        "frames": [10, 20],
    },
    fit={"lr": [2e-3, 3e-3], "betas": [0.0, 0.99], "ema": 0.995, "precision": "bf16"},
    paper="Karras et al. 2018, section 2 and table 1",
    expected={
        "C27.work": "operations, 64 px from the start over growing, at the distance where growing has spent a third of the work "
        "of the other: at least 2 (the paper: about 2-6, by size up to 1024 px; 3 is the most that this race can show)",
        "C27.seconds": "the same in processor seconds: at least 2; a question since only one training at full size was made on "
        "a processor, so that the others have its seconds",
        "C27.swd": "mean sliced Wasserstein distance over levels where growing has spent its work, 64 px from the start over "
        "growing: at least 1.2 (2.2 in the paper); noise or an untrained network in the place of growing, the arms swapped, "
        "two trainings of one arm: below 1.2",
        "faces": "both arms end below half of the untrained network's distances",
    },
)

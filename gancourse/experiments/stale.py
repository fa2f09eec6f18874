"""Whether the trainings in an experiment's folder are those of the code as it is; where they are not, they are put aside.

The folder's name stands for the settings alone, and a repaired loss changes none.  Its trainings begin otherwise, though: their
first losses say so, and of other data the facts do.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gancourse.base import trees
from gancourse.experiments import runner
from gancourse.experiments.experiment import Experiment, Stage

OLDER = "older"  # and a number: the folders of what was put aside


def put_aside(experiment: Experiment, size: str = "full") -> str:
    """Move what other code trained into a folder of its own, and say so; "" where there is nothing to move.

    Where a result or the data differ, everything is moved; where trainings that stopped half-way do, these alone.
    """
    what, begun = _trained_otherwise(experiment, size)
    if not what:
        return ""
    place = runner.folder(experiment, size)
    aside = next(folder for i in itertools.count(1) if not (folder := place / f"{OLDER}-{i}").exists())
    aside.mkdir()
    # The baselines last: what a crash leaves behind is found by their facts, or by its own losses, once more.
    for path in sorted(place.iterdir(), key=lambda path: path.name == "baselines.done"):
        if path.name != "lock" and not path.name.startswith(f"{OLDER}-") and (not begun or path in begun):
            path.rename(aside / path.name)
    return (
        f"the trainings of {experiment.name} are not those of this code ({what}): they are made anew, the old ones lie in {aside}"
    )


def trained_otherwise(experiment: Experiment, size: str = "full") -> str:
    """What differs between the trainings in the folder and this code, or "": the data, then each arm's first seed that is done,
    trained again, then every training that stopped half-way.

    Of a training on another machine nothing can be said: its random numbers are others.
    """
    return _trained_otherwise(experiment, size)[0]


def _trained_otherwise(experiment: Experiment, size: str) -> tuple[str, list[Path]]:
    """The same, and the files of those that stopped half-way, where no others differ."""
    place, jobs = runner.folder(experiment, size), runner.jobs(experiment)
    facts = _facts(place)
    done = [job for job in jobs if runner.file(place, job, "done").exists()]
    half = [job for job in jobs if runner.file(place, job, "run").exists() and job not in done]
    if not facts and not done and not half:
        return "", []
    stage = experiment.stage(experiment.size(size), place)
    if moved := other_facts(facts, stage.facts()):
        return moved[0], []
    for arm, seed in {arm: (arm, seed) for arm, seed in reversed(done)}.values():
        then, run = runner.finished(place, (arm, seed)), runner.begun(experiment, stage, arm, size, seed)
        here = runner.machine(run.gan.device).get("machine") == then.get("machine")
        if here and (what := differs(then["first"], runner.first_losses(run))):
            return f"{arm}, seed {seed}: {what}", []
    others = {job: what for job in half if (what := _goes_on_otherwise(experiment, stage, job, size))}
    told = "; ".join(f"{arm}, seed {seed}: {what}" for (arm, seed), what in others.items())
    return told, [runner.file(place, job, kind) for job in others for kind in ("run", "points", "step")]


def _goes_on_otherwise(experiment: Experiment, stage: Stage, job: runner.Job, size: str) -> str:
    """What differs between the first losses of a checkpoint, which may be few, and this code's, or ""."""
    state = trees.load(runner.file(runner.folder(experiment, size), job, "run"))
    run = runner.begun(experiment, stage, job[0], size, job[1])
    if bool(state["cuda_rng"]) != (run.gan.device.type == "cuda"):
        return ""  # another machine
    then = {name: state["history"][name][: runner.FIRST].tolist() for name in runner.LOSSES}
    return differs(then, {name: values[: len(then[name])] for name, values in runner.first_losses(run).items()})


def _facts(place: Path) -> Mapping[str, Any]:
    path = place / "baselines.done"
    return trees.load(path)["facts"] if path.exists() else {}


def other_facts(then: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Facts about data that differ by more than a thousandth, as sentences."""
    moved = [name for name, value in then.items() if _apart(value, now.get(name), 1e-3)]
    return [f"{name} is {_told(now.get(name))}, was {_told(then[name])}" for name in moved]


def differs(recorded: Mapping[str, Sequence[float | None]], replayed: Mapping[str, Sequence[float | None]]) -> str:
    """What differs between two beginnings of a training beyond rounding, or ""; None, NaN and infinity equal each other alone.

    Rounding grows along a training, for Adam's first steps divide by gradients that may be tiny.  Between two implementations of
    convolution a loss differed by up to 4e-5 at the fifth step, 1e-3 at the tenth and 0.1 at the twentieth; allowed are 1e-4 of
    the loss at the first, growing evenly to 0.3 at the twentieth.
    """
    for name, values in recorded.items():
        if len(values) != len(replayed[name]):
            return f"{len(replayed[name])} steps in place of {len(values)}"
        for step, (then, now) in enumerate(zip(values, replayed[name], strict=True), start=1):
            if _apart(then, now, 1e-4 * 3000 ** ((step - 1) / 19)):
                return f"{name} at step {step} is {_told(now)}, was {_told(then)}"
    return ""


def _apart(then: Any, now: Any, allowed: float) -> bool:
    """Whether two numbers differ by more than this share of the first, or of 1; JSON has None for what is not finite."""
    then, now = _number(then), _number(now)
    if math.isnan(then) or math.isnan(now):
        return not (math.isnan(then) and math.isnan(now))
    return abs(now - then) > allowed * max(1.0, abs(then))


def _number(value: Any) -> float:
    number = math.nan if value is None else float(value)
    return number if math.isfinite(number) else math.nan


def _told(value: Any) -> str:
    return f"{_number(value):.5g}"

"""One runner for all experiments: every training is a job of its own process, with one thread, that goes on where it was cut off.

The state lies in the cache, ``experiments/NAME/SIZE-DIGEST/``, where the digest stands for the settings: other settings, another
folder.  Of each job (arm, seed) there are

    ARM-SEED.run      a checkpoint of :func:`gancourse.training.fit`, written every ``checkpoint_every`` steps
    ARM-SEED.points   what was measured so far, and frames of samples
    ARM-SEED.done     the result; the other two are removed
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from gancourse.base import files, networks, trees
from gancourse.data.images import to_uint8
from gancourse.experiments.experiment import Experiment, Stage, file_name
from gancourse.training import Run, TrainingDiverged, fit

LOSSES = ("d_loss", "g_loss")
FIRST = 20  # steps whose losses are the fingerprint
REPORT_EVERY = 20  # steps between two signs of life

Job = tuple[str, int]


def folder(experiment: Experiment, size: str = "full") -> Path:
    """Where the state of an experiment with its present settings lies."""
    return files.cache_dir() / "experiments" / experiment.name / f"{size}-{experiment.digest(size)}"


def jobs(experiment: Experiment, seeds: tuple[int, ...] | None = None) -> list[Job]:
    """All trainings, each once, seed by seed, so that whole seeds are complete early."""
    return [(arm, seed) for seed in dict.fromkeys(experiment.seeds if seeds is None else seeds) for arm in experiment.arms]


def file(place: Path, job: Job, kind: str) -> Path:
    """The file of a job: its arm's name in plain letters, its seed, its kind."""
    return place / f"{file_name(job[0])}-{job[1]}.{kind}"


def finished(place: Path, job: Job) -> dict[str, Any]:
    """The result of a job that is done; ValueError where the file holds another job's."""
    path = file(place, job, "done")
    result = trees.load(path)
    if (result["arm"], result["seed"]) != job:
        found = f"{result['arm']!r}, seed {result['seed']}"
        raise ValueError(
            f"{path} holds the training of {found}, not of {job[0]!r}, seed {job[1]}: move it away, and this one is trained"
        )
    return result


class Measuring:
    """A hook that measures, keeps curves and frames on disk, and counts processor seconds across interruptions."""

    def __init__(self, stage: Stage, path: Path, batch_size: int, frames: bool) -> None:
        self.stage, self.path, self.batch_size, self.frames = stage, path, batch_size, frames
        self.kept: dict[str, Any] = {"points": [], "frames": []}
        if path.exists():
            self.kept = trees.load(path)
        self._began = time.process_time()
        self._before: float | None = None

    def __call__(self, run: Run) -> None:
        self._drop(run.step)
        history = run.history
        recent = {name: float(history[name][-50:].mean()) for name in LOSSES if len(history[name])}
        point = {"step": run.step, "images": run.step * self.batch_size, "seconds": self.seconds(), **recent}
        self.kept["points"].append(point | scores(self.stage, self.stage.drawn(run)))
        if self.frames:
            self.kept["frames"].append(to_uint8(self.stage.pictures(run).clamp(-1, 1).cpu()))
        trees.save(self.path, self.kept)

    def seconds(self) -> float:
        """Processor seconds of this training so far, those of earlier processes included."""
        if self._before is None:
            self._before = self.kept["points"][-1]["seconds"] if self.kept["points"] else 0.0
        return self._before + time.process_time() - self._began

    def _drop(self, step: int) -> None:
        """Forget points that the checkpoint, from which the run went on, does not know."""
        known = [i for i, point in enumerate(self.kept["points"]) if point["step"] < step]
        self.kept = {name: [rows[i] for i in known if i < len(rows)] for name, rows in self.kept.items()}
        self.seconds()


def train(
    experiment: Experiment,
    stage: Stage,
    job: Job,
    size: str = "full",
    place: Path | None = None,
    report: Callable[[Run], None] | None = None,
) -> dict[str, Any] | None:
    """One training from where it stands to its end; returns its result, or None where it was interrupted."""
    place = folder(experiment, size) if place is None else place
    done = file(place, job, "done")
    if done.exists():
        return finished(place, job)
    (arm, seed), sizes = job, experiment.size(size)
    points = Measuring(stage, file(place, job, "points"), sizes["batch_size"], frames=seed == experiment.seeds[0])
    hooks = [(sizes["measure_every"], points)] + ([(REPORT_EVERY, report)] if report else [])
    checkpoint = {"checkpoint": file(place, job, "run"), "checkpoint_every": sizes["checkpoint_every"]}
    diverged = 0
    with networks.seeded(seed):  # dropout draws from the global generator
        gan, batches = stage.game(experiment.arms[arm], seed)
        try:
            run = fit(gan, batches, seed=seed, hooks=hooks, progress=False, **checkpoint, **experiment.fit_settings(arm, size))
        except TrainingDiverged as error:
            run, diverged = error.run, error.run.step
    if run.stopped == "interrupted":
        return None
    result = {
        "arm": arm,
        "seed": seed,
        "steps": run.step,
        "diverged": diverged,
        "points": points.kept["points"],
        "frames": points.kept["frames"],
        "first": first_losses(run),
        "scores": {} if diverged else scores(stage, stage.drawn(run, final=True)),
        "seconds": points.seconds(),
        **machine(run.gan.device),
    }
    trees.save(done, result)
    for kind in ("run", "points"):
        file(place, job, kind).unlink(missing_ok=True)
    return result


def scores(stage: Stage, sample: Tensor) -> dict[str, float]:
    """What the stage's judges say of a sample, as plain numbers."""
    return {name: float(value) for name, value in stage.judged(sample).items()}


def first_losses(run: Run) -> dict[str, list[float]]:
    """Both losses of the first steps: what a run is recognised by."""
    return {name: [float(value) for value in run.history[name][:FIRST]] for name in LOSSES}


def machine(device: torch.device) -> dict[str, dict[str, str]]:
    """What a training on a GPU says of where it was made; nothing of a processor, for which any other may stand."""
    if device.type != "cuda":
        return {}
    return {"machine": {"device": torch.cuda.get_device_name(device), "torch": torch.__version__}}


class _Enough(Exception):
    def __init__(self, run: Run) -> None:
        self.run = run


def replay(experiment: Experiment, stage: Stage, arm: str, size: str = "full", seed: int | None = None) -> dict[str, list[float]]:
    """The losses of the first steps of one seed (default: the first), trained again and left there, or where it diverges."""
    return first_losses(begun(experiment, stage, arm, size, experiment.seeds[0] if seed is None else seed))


def begun(experiment: Experiment, stage: Stage, arm: str, size: str, seed: int) -> Run:
    """A training after its first steps, or where it diverged on the way there."""

    def stop(run: Run) -> None:
        if run.step:
            raise _Enough(run)

    with networks.seeded(seed):
        gan, batches = stage.game(experiment.arms[arm], seed)
        settings = experiment.fit_settings(arm, size)
        every = min(FIRST, settings["steps"])
        try:
            fit(gan, batches, seed=seed, hooks=[(every, stop)], progress=False, **settings)
        except (_Enough, TrainingDiverged) as ended:
            return ended.run
    raise KeyboardInterrupt  # which fit takes for the wish to end early


def baselines(stage: Stage, place: Path) -> dict[str, dict[str, float]]:
    """The scores of what is no training, measured once."""
    path = place / "baselines.done"
    if not path.exists():
        found = {name: scores(stage, sample) for name, sample in stage.nulls().items()}
        trees.save(path, {"baselines": found, "facts": {k: float(v) for k, v in stage.facts().items()}})
    return trees.load(path)


def work(experiment: Experiment, job: Job | None, size: str) -> int:
    """A worker's life: one job, or the baselines; the exit status is 0, or 130 where it was interrupted."""
    torch.set_num_threads(1)
    place = folder(experiment, size)
    place.mkdir(parents=True, exist_ok=True)
    stage = experiment.stage(experiment.size(size), place)
    if job is None:
        baselines(stage, place)
        return 0

    def report(run: Run) -> None:
        file(place, job, "step").write_text(str(run.step))

    finished = train(experiment, stage, job, size, place, report) is not None
    file(place, job, "step").unlink(missing_ok=True)
    return 0 if finished else 130


def end_with_the_input() -> None:
    """From here on the end of standard input is Ctrl-C: the pool closes it, or is gone, and another may have begun the same job.

    Windows sends no Ctrl-C to one process, and tells none that its parent has gone; a pipe that ends is the same on all systems.
    """
    watched, nothing = os.dup(0), os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)  # what this process starts must not inherit a pipe that is being read
    os.close(nothing)

    def watch() -> None:
        while os.read(watched, 1):
            pass
        signal.raise_signal(signal.SIGINT)

    threading.Thread(target=watch, daemon=True).start()


def work_here(experiment: Experiment, size: str) -> None:
    """All jobs one after another in this process: at the ci size a worker takes longer to start than to train."""
    place = folder(experiment, size)
    place.mkdir(parents=True, exist_ok=True)
    stage = experiment.stage(experiment.size(size), place)
    baselines(stage, place)
    for job in jobs(experiment):
        train(experiment, stage, job, size, place)


def steps_done(place: Path, job: Job, sizes: Mapping[str, Any]) -> int:
    """How far a job is, by the files that it leaves."""
    if file(place, job, "done").exists():
        return sizes["steps"]
    for kind in ("step", "points"):
        path = file(place, job, kind)
        try:
            return int(path.read_text()) if kind == "step" else trees.load(path)["points"][-1]["step"]
        except (OSError, ValueError, IndexError):
            continue
    return 0


if __name__ == "__main__":
    from gancourse.experiments import recorded

    end_with_the_input()
    name, size, *rest = sys.argv[1:]
    sys.exit(work(recorded.get(name), (rest[0], int(rest[1])) if rest else None, size))

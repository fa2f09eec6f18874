"""Run an experiment's jobs in processes of their own, several at a time, and put the results together as a record."""

from __future__ import annotations

import importlib.metadata
import json
import math
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from gancourse.base import files, trees
from gancourse.base.progress import clock
from gancourse.experiments import drawing, runner, stale
from gancourse.experiments.experiment import Experiment
from gancourse.experiments.runner import Job

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
VERSIONS = ("gancourse", "torch", "numpy")


class Interrupted(KeyboardInterrupt):
    """Ctrl-C: every job has written its checkpoint."""


class Pool:
    """The workers; each is a process with one thread, deaf to the terminal's Ctrl-C, that ends with the pipe held here."""

    def __init__(self, experiment: Experiment, size: str) -> None:
        self.experiment, self.size = experiment, size
        self.running: dict[subprocess.Popen[bytes], Job | None] = {}

    def start(self, job: Job | None) -> None:
        what = [] if job is None else [job[0], str(job[1])]
        call = [sys.executable, "-m", "gancourse.experiments.runner", self.experiment.name, self.size, *what]
        environment = os.environ | dict.fromkeys(THREADS, "1")
        deaf = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)  # on Windows, where there are no sessions
        process = subprocess.Popen(call, env=environment, stdin=subprocess.PIPE, start_new_session=True, creationflags=deaf)
        self.running[process] = job

    def collect(self) -> None:
        """Take note of workers that have ended; raise where one failed."""
        for process in [process for process in self.running if process.poll() is not None]:
            job = self.running.pop(process)
            _let_go(process)
            if process.returncode:
                self.stop()
                what = "the baselines" if job is None else f"{job[0]}, seed {job[1]}"
                raise RuntimeError(f"{self.experiment.name}: {what} failed with status {process.returncode}; its error is above")

    def stop(self) -> None:
        """Ask every worker to end after the step in hand, and wait for its checkpoint."""
        for process in self.running:
            _let_go(process)
        for process in self.running:
            process.wait()
        self.running.clear()


def _let_go(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()


def check_seeds(experiment: Experiment, seeds: Sequence[int] | None) -> None:
    """Raise a ValueError that names a seed which is none of the experiment's."""
    if unknown := sorted(set(seeds or ()) - set(experiment.seeds)):
        raise ValueError(f"{experiment.name} has the seeds {', '.join(map(str, experiment.seeds))}, not {unknown[0]}")


def run(
    experiment: Experiment,
    seeds: Sequence[int] | None = None,
    n_jobs: int = 1,
    size: str = "full",
    note: Callable[[str], None] | None = None,
) -> None:
    """Train what is not trained yet; raises :class:`Interrupted` on Ctrl-C, when all that was done is kept.

    What other code trained with the same settings is put aside first, with a warning (:mod:`gancourse.experiments.stale`).
    Two runners would train the same jobs over each other's files: the second raises RuntimeError.
    """
    check_seeds(experiment, seeds)
    place = runner.folder(experiment, size)
    place.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(place / "lock", timeout=0):
            _put_aside(experiment, size, note)
            _run(experiment, place, seeds, n_jobs, size, note)
    except Timeout:
        raise RuntimeError(f"{experiment.name} is running already: wait for it, or stop it, before you run it again") from None


def _put_aside(experiment: Experiment, size: str, note: Callable[[str], None] | None) -> None:
    """Warn where trainings of other code were put aside: they would be read as results of this one."""
    if note and any(path.suffix in (".done", ".run") for path in runner.folder(experiment, size).iterdir()):
        note("comparing the first steps with those of the trainings that are there")
    try:
        told = stale.put_aside(experiment, size)
    except KeyboardInterrupt:
        raise Interrupted from None
    if told:
        warnings.warn(told, stacklevel=3)


def _run(
    experiment: Experiment,
    place: Path,
    seeds: Sequence[int] | None,
    n_jobs: int,
    size: str,
    note: Callable[[str], None] | None,
) -> None:
    sizes, wanted = experiment.size(size), runner.jobs(experiment, tuple(seeds) if seeds is not None else None)
    todo: list[Job | None] = [job for job in wanted if not runner.file(place, job, "done").exists()]
    if not (place / "baselines.done").exists():
        todo.insert(0, None)
    pool, began, told = Pool(experiment, size), time.monotonic(), 0.0
    before = _steps(place, wanted, sizes)
    try:
        while todo or pool.running:
            pool.collect()
            alone = None in pool.running.values()  # the baselines make the judges that all others use
            while todo and not alone and len(pool.running) < n_jobs:
                alone = todo[0] is None
                pool.start(todo.pop(0))
            if note and time.monotonic() - told > 1:
                told = time.monotonic()
                note(_progress(place, wanted, sizes, before, told - began))
            time.sleep(0.2)
    except BaseException as error:  # whatever it is, no worker trains on unwatched
        pool.stop()
        if isinstance(error, KeyboardInterrupt):
            raise Interrupted from None
        raise
    if note:
        note(_progress(place, wanted, sizes, before, time.monotonic() - began))


def _steps(place: Path, wanted: Sequence[Job], sizes: dict[str, Any]) -> int:
    return sum(runner.steps_done(place, job, sizes) for job in wanted)


def _progress(place: Path, wanted: Sequence[Job], sizes: dict[str, Any], before: int, seconds: float) -> str:
    done, total = _steps(place, wanted, sizes), len(wanted) * sizes["steps"]
    ended = sum(runner.file(place, job, "done").exists() for job in wanted)
    left = f", {clock(seconds / (done - before) * (total - done))} left" if done > before else ""
    return f"{ended} of {len(wanted)} trainings, step {done:,} of {total:,}, {clock(seconds)}{left if done < total else ''}"


def complete(experiment: Experiment, size: str = "full") -> list[int]:
    """The seeds of which every arm is trained."""
    place = runner.folder(experiment, size)
    return [seed for seed in experiment.seeds if all(runner.file(place, (arm, seed), "done").exists() for arm in experiment.arms)]


def assemble(experiment: Experiment, size: str = "full", folder: Path | None = None) -> tuple[dict[str, Any], Path | None]:
    """Put the complete seeds together: the record's content and its picture, written beside the jobs' files or in ``folder``."""
    seeds, place = complete(experiment, size), runner.folder(experiment, size)
    if not seeds or not (place / "baselines.done").exists():
        again = f"`gancourse experiment {experiment.name}`"
        raise RuntimeError(f"no seed of {experiment.name} is complete yet: {again} goes on with it")
    results = {arm: [runner.finished(place, (arm, seed)) for seed in seeds] for arm in experiment.arms}
    base = trees.load(place / "baselines.done")
    films = {arm: rows[0]["frames"] for arm, rows in results.items() if rows[0]["frames"]}
    longest = max((rows[0]["points"] for rows in results.values()), key=len)
    on_gpu = any("machine" in row for rows in results.values() for row in rows)  # then the beginning is replayed on a processor
    content = {
        "name": experiment.name,
        "title": experiment.title,
        "settings": experiment.settings(size),
        "seeds": seeds,
        "arms": {arm: [_training(row) for row in rows] for arm, rows in results.items()},
        "baselines": base["baselines"],
        "data": base["facts"],
        "fingerprint": {
            "full": fingerprint(experiment, size, place, seeds[0])
            if on_gpu
            else {a: rows[0]["first"] for a, rows in results.items()},
            "ci": fingerprint(experiment, "ci", place, seeds[0]),
        },
        "versions": {name: importlib.metadata.version(name) for name in VERSIONS},
    }
    path = (place if folder is None else folder) / f"{experiment.name}.json"
    picture = path.with_suffix(".png") if films else None
    if picture is None:
        path.with_suffix(".png").unlink(missing_ok=True)  # it would be read as this record's
    else:
        sheet, content["strip"] = drawing.frames(films, [point["step"] for point in longest], experiment.size(size).get("frames"))
        _write_picture(picture, sheet)
    plain = _plain(content)
    with files.atomic_write(path) as part:
        part.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")
    return plain, picture


def fingerprint(experiment: Experiment, size: str, place: Path, seed: int) -> dict[str, Any]:
    """The first losses of every arm and the facts about the data, trained anew at that size."""
    folder = place / size
    folder.mkdir(parents=True, exist_ok=True)
    stage = experiment.stage(experiment.size(size), folder)
    return {"data": stage.facts(), **{arm: runner.replay(experiment, stage, arm, size, seed) for arm in experiment.arms}}


def _training(result: dict[str, Any]) -> dict[str, Any]:
    points = result["points"]
    names = dict.fromkeys([*(name for point in points for name in point), *runner.LOSSES])  # at step 0 there are no losses yet
    return {
        "seed": result["seed"],
        "steps": result["steps"],
        **({"machine": result["machine"]} if "machine" in result else {}),
        **({"diverged": result["diverged"]} if result["diverged"] else {}),
        "seconds": result["seconds"],
        "scores": result["scores"],
        "curves": {name: [point.get(name) for point in points] for name in names},
    }


def _plain(value: Any) -> Any:
    """Numbers to six digits, tensors as numbers, None where there is none: what JSON holds."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, str | int):
        return value
    number = float(value)
    return float(f"{number:.6g}") if math.isfinite(number) else None


def _write_picture(path: Path, sheet: Any) -> None:
    from PIL import Image

    from gancourse.viz.pictures import few_colours

    picture = few_colours(Image.fromarray(sheet.permute(1, 2, 0).numpy()), 128)
    with files.atomic_write(path) as part:
        picture.save(part, "PNG", optimize=True)

"""``gancourse experiment``: list, run, resume and verify recorded experiments."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from pathlib import Path

from gancourse.base import files
from gancourse.base.progress import clock
from gancourse.experiments import pool, recorded, records, runner
from gancourse.experiments.experiment import Experiment


def main(name: str | None = None, seeds: Sequence[int] | None = None, jobs: int = 1, verify: bool = False) -> int:
    """Run the command; the exit status is 0, 1 where a record is stale or missing, 130 where a run was interrupted."""
    if verify:
        return max(map(_verify_if_possible, recorded.NAMES)) if name is None else _verify(recorded.get(name))
    return _list() if name is None else _run(recorded.get(name), seeds, jobs)


def _list() -> int:
    rows = [("NAME", "STATE", "TRAININGS", "STEPS", "TIME", "SIZE")]
    for name in recorded.NAMES:
        experiment, path = recorded.get(name), records.place(name)
        record = records.read(path) if path.exists() else None
        word, why = records.state(experiment, record)
        place, jobs = runner.folder(experiment), runner.jobs(experiment)
        trained = sum(runner.file(place, job, "done").exists() for job in jobs)
        waiting = f"; {trained} of {len(jobs)} trainings done" if trained else ""
        size = sum(file.stat().st_size for file in (path, path.with_suffix(".png")) if file.exists())
        rows.append(
            (
                name,
                word + (f" ({why}{waiting})" if why else ""),
                f"{len(experiment.arms)} x {len(experiment.seeds)}",
                f"{experiment.size()['steps']:,}",
                clock(record.seconds) if record else "-",
                f"{size / 1e3:.0f} kB" if size else "-",
            )
        )
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    return 0


def _run(experiment: Experiment, seeds: Sequence[int] | None, jobs: int) -> int:
    pool.check_seeds(experiment, seeds)
    again = "gancourse experiment " + " ".join([experiment.name, *_options(seeds, jobs)])
    folder = records.place(experiment.name).parent
    if files.checkout() is None:
        folder = runner.folder(experiment)  # an installed package is not written to
    path = files.writable(folder / f"{experiment.name}.json")
    _keeps_its_seeds(experiment, path, {*pool.complete(experiment), *(experiment.seeds if seeds is None else seeds)})
    files.writable(runner.folder(experiment) / "state")
    line = _Line()
    print(f"{experiment.title}: the state is kept in {runner.folder(experiment)}", file=sys.stderr)
    try:
        pool.run(experiment, seeds, jobs, note=line)
    except pool.Interrupted:
        line.end()
        print(f"stopped; nothing is lost: `{again}` goes on", file=sys.stderr)
        return 130
    line.end()
    _keeps_its_seeds(experiment, path, pool.complete(experiment))  # those of other code were put aside
    content, _ = pool.assemble(experiment, folder=folder)
    print(f"{path}: {len(content['seeds'])} of {len(experiment.seeds)} seeds")
    return 0


def _keeps_its_seeds(experiment: Experiment, path: Path, trained: Collection[int]) -> None:
    """Raise a ValueError where a record of the same settings would lose seeds, for their trainings are not in the cache."""
    record = records.read(path) if path.exists() else None
    if record is None or records.state(experiment, record)[0] == "stale":
        return
    if lost := [seed for seed in record.seeds if seed in experiment.seeds and seed not in trained]:
        has, lacks = (", ".join(map(str, seeds)) for seeds in (record.seeds, lost))
        raise ValueError(
            f"the record of {experiment.name} has the seeds {has}, and the trainings of {lacks} are not here, so it would lose "
            f"them: `gancourse experiment {experiment.name} --verify` looks whether it is still so; to train, leave --seeds out, "
            f"which trains all, or take {path} away"
        )


def _options(seeds: Sequence[int] | None, jobs: int) -> list[str]:
    return (["--seeds", *map(str, seeds)] if seeds else []) + (["--jobs", str(jobs)] if jobs != 1 else [])


def _verify_if_possible(name: str) -> int:
    """One of all: what stops the look at it, a package that is not there say, does not stop the look at the others."""
    try:
        return _verify(recorded.get(name))
    except Exception as error:
        print(f"{name}: not verified ({str(error) or type(error).__name__})")
        return 1


def _verify(experiment: Experiment) -> int:
    path = records.place(experiment.name)
    if not path.exists():
        print(f"{experiment.name}: not recorded")
        return 1
    record = records.read(path)
    word, why = records.state(experiment, record)
    found = [] if word != "stale" else [why]
    if not found:
        now = pool.fingerprint(experiment, "full", runner.folder(experiment), record.seeds[0])
        found = records.changes(record, now, "full")
    print(f"{experiment.name}: " + ("; ".join(found) or "as recorded"))
    return int(bool(found))


class _Line:
    """One line that is written over in a terminal, and a line a minute elsewhere."""

    def __init__(self) -> None:
        self._terminal, self._last, self._count = sys.stderr.isatty(), "", 0

    def __call__(self, text: str) -> None:
        self._count += 1
        if self._terminal:
            print("\r" + text.ljust(len(self._last)), end="", file=sys.stderr, flush=True)
        elif self._count % 60 == 1:
            print(text, file=sys.stderr, flush=True)
        self._last = text

    def end(self) -> None:
        if self._terminal and self._last:
            print(file=sys.stderr)

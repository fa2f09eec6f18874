"""``gancourse experiment``: list, run, resume and verify recorded experiments."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from gancourse.base import files
from gancourse.base.progress import clock


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's grammar."""
    parser.add_argument("name", nargs="?", help="the experiment; without one they are listed")
    parser.add_argument("--seeds", type=int, nargs="+", metavar="SEED", help="only these (default: the experiment's)")
    parser.add_argument("--jobs", type=int, default=1, metavar="N", help="trainings at a time, one thread each (default: 1)")
    parser.add_argument("--verify", action="store_true", help="train the first steps again, compare the losses with the record's")
    parser.set_defaults(command=main)


def main(arguments: argparse.Namespace) -> int:
    """Run the command; the exit status is 0, 1 where a record is stale, 130 where a run was interrupted."""
    from gancourse.experiments import recorded

    if arguments.verify:
        names = [arguments.name] if arguments.name else list(recorded.NAMES)
        return max([_verify(recorded.get(name)) for name in names], default=0)
    if arguments.name is None:
        return _list()
    if arguments.jobs < 1:
        raise ValueError(f"--jobs must be 1 or more, not {arguments.jobs}")
    return _run(recorded.get(arguments.name), arguments)


def _list() -> int:
    from gancourse.experiments import pool, recorded, records

    rows = [("NAME", "STATE", "TRAININGS", "STEPS", "TIME", "SIZE")]
    for name in recorded.NAMES:
        experiment, path = recorded.get(name), records.place(name)
        record = records.read(path) if path.exists() else None
        word, why = records.state(experiment, record)
        cached = len(pool.complete(experiment))
        waiting = f", {cached} seeds in the cache" if word != "fresh" and cached else ""
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


def _run(experiment: Any, arguments: argparse.Namespace) -> int:
    from gancourse.experiments import pool, records, runner

    again = "gancourse experiment " + " ".join([experiment.name, *_options(arguments)])
    line = _Line()
    print(f"{experiment.title}: the state is kept in {runner.folder(experiment)}", file=sys.stderr)
    try:
        pool.run(experiment, arguments.seeds, arguments.jobs, note=line)
    except pool.Interrupted:
        line.end()
        print(f"stopped; nothing is lost: `{again}` goes on", file=sys.stderr)
        return 130
    line.end()
    folder = records.place(experiment.name).parent
    if files.checkout() is None:
        folder = runner.folder(experiment)  # an installed package is not written to
    content, _ = pool.assemble(experiment, folder=folder)
    print(f"{folder / experiment.name}.json: {len(content['seeds'])} of {len(experiment.seeds)} seeds")
    return 0


def _options(arguments: argparse.Namespace) -> list[str]:
    seeds = ["--seeds", *map(str, arguments.seeds)] if arguments.seeds else []
    return seeds + (["--jobs", str(arguments.jobs)] if arguments.jobs != 1 else [])


def _verify(experiment: Any) -> int:
    from gancourse.experiments import pool, records, runner

    path = records.place(experiment.name)
    if not path.exists():
        print(f"{experiment.name}: not recorded")
        return 1
    record = records.read(path)
    word, why = records.state(experiment, record)
    found = [] if word != "stale" else [why]
    if not found:
        now = pool.fingerprint(experiment, "full", runner.folder(experiment))
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

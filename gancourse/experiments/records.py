"""What an experiment leaves behind: a JSON file and a strip of samples that travel with the course, and how a lecture reads them.

    record = records.load("pix2pix_losses")
    record.show("iou", "hair_energy")          # curves with bands over the seeds, and samples over the steps
    record.table("iou", "frechet")             # every arm and every baseline
    record.final("iou")["L1"]                  # one number for each seed
    records.live()                             # from here on experiments run where they stand, instead of being read

``LIVE=1`` in the environment says the same as :func:`live`.  A record is *stale* when the settings in the code are others than
the record's, or when its first steps, trained again, have other losses (:func:`differs`); a renamed function leaves it fresh.
"""

from __future__ import annotations

import json
import math
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gancourse import scale
from gancourse.base import check, files
from gancourse.experiments import drawing, pool, recorded, runner, stale
from gancourse.experiments.experiment import Experiment
from gancourse.experiments.stale import differs as differs
from gancourse.experiments.stale import other_facts

_live = False


class StaleRecord(UserWarning):
    """The record was made with other settings than the code has now."""


@dataclass(frozen=True, eq=False)
class Record:
    """The content of a record's file, by name."""

    content: Mapping[str, Any]
    picture: Path | None = None

    @property
    def arms(self) -> list[str]:
        return list(self.content["arms"])

    @property
    def seeds(self) -> list[int]:
        return list(self.content["seeds"])

    @property
    def scores(self) -> list[str]:
        """The names of what was measured at the end of any training; where all diverged, of what the baselines have."""
        rows = [training["scores"] for arm in self.arms for training in self._trainings(arm)]
        if not any(rows):
            rows = list(self.content["baselines"].values())
        return list(dict.fromkeys(name for row in rows for name in row))

    @property
    def sheet(self) -> Path:
        """The picture's file; FileNotFoundError where there is none."""
        if self.picture is None or "strip" not in self.content:
            name = self.content["name"]
            raise FileNotFoundError(f"the record of {name} has no pictures: {command(name)} draws them")
        return self.picture

    @property
    def seconds(self) -> float:
        """Processor seconds of all trainings together; of a training on a GPU those of the processor that fed it."""
        return sum(training["seconds"] for arm in self.arms for training in self._trainings(arm))

    def curve(self, score: str, against: str = "step") -> dict[str, tuple[np.ndarray, np.ndarray]]:
        """For each arm the places [T] ("step", "images" or "seconds", a mean over seeds) and the scores [seeds, T].

        Where a training of the arm diverged, T ends with it; NaN stands where there was nothing to measure, as of the losses at
        step 0.
        """
        found = {}
        for arm in self.arms:
            rows = [training["curves"] for training in self._trainings(arm)]
            known = [*dict.fromkeys(name for row in rows for name in row)]
            check.one_of("against", against, known)
            check.one_of("score", score, [*dict.fromkeys([*known, *runner.LOSSES])])
            least = min(len(row["step"]) for row in rows)
            nothing = [None] * least
            at, values = (np.array([row.get(name, nothing)[:least] for row in rows], dtype=float) for name in (against, score))
            found[arm] = (at.mean(0), values)
        return found

    def final(self, score: str) -> dict[str, np.ndarray]:
        """For each arm one number for each seed, in the order of ``seeds``; NaN for a training that diverged."""
        check.one_of("score", score, self.scores)
        rows = {arm: [training["scores"] for training in self._trainings(arm)] for arm in self.arms}
        return {arm: np.array([row.get(score) for row in each], dtype=float) for arm, each in rows.items()}

    def baseline(self, score: str) -> dict[str, float]:
        """The same score for truth, copies, blur, noise."""
        rows = self.content["baselines"]
        return {name: math.nan if row[score] is None else row[score] for name, row in rows.items()}

    def table(
        self,
        *scores: str,
        arms: Sequence[str] = (),
        baselines: Sequence[str] | None = None,
        first: Sequence[str] = (),
        floors: Mapping[str, str] | None = None,
    ) -> Any:
        """Mean and standard deviation over the seeds for each arm (or for ``arms``), then the baselines, as a table.

        baselines  those to be shown, in this order; all of them by default
        first      arms that get a row of their own for what was measured before the first step
        floors     score -> the baseline below which it says nothing: an arm whose 95 % interval is not above it is in brackets
        """
        from gancourse import viz

        scores = scores or tuple(self.scores)
        chosen = self._chosen(arms)
        known = list(self.content["baselines"])
        lowest = {
            check.one_of("score", score, scores): self.baseline(score)[check.one_of("baseline", name, known)]
            for score, name in (floors or {}).items()
        }
        rows = [[arm, *(drawing.spread(self.final(score)[arm], lowest.get(score)) for score in scores)] for arm in chosen]
        rows += [
            [f"{arm}, step 0", *(drawing.spread(self.curve(score)[arm][1][:, 0]) for score in scores)]
            for arm in (check.one_of("arm", arm, self.arms) for arm in first)
        ]
        shown = known if baselines is None else [check.one_of("baseline", name, known) for name in baselines]
        rows += [[name, *(drawing.number(self.baseline(score)[name]) for score in scores)] for name in shown]
        steps = self.content["settings"]["size"]["steps"]
        caption = f"{len(self.seeds)} trainings of each, {steps:,} steps; below, what is no training"
        return viz.table(rows, header=["", *(score.replace("_", " ") for score in scores)], caption=caption)

    @property
    def colours(self) -> dict[str, str]:
        """Each arm's colour in every picture of curves."""
        return {arm: colour for arm, (colour, _) in drawing.looks(self.arms).items()}

    def curves(self, *scores: str, against: str = "step", arms: Sequence[str] = ()) -> Any:
        """A picture: each score over the steps (or images, or processor seconds), the band from the least to the largest seed.

        arms  those to be drawn, in this order; the lines look as they do where all are drawn
        """
        chosen = self._chosen(arms)
        lines = {score: self.curve(score, against) for score in scores}
        return drawing.curves({score: {arm: every[arm] for arm in chosen} for score, every in lines.items()}, against, self.arms)

    def _chosen(self, arms: Sequence[str]) -> list[str]:
        return [check.one_of("arm", arm, self.arms) for arm in arms] or self.arms

    def strip(self) -> Any:
        """A picture: one row for each arm, samples of the first seed at some steps."""
        return drawing.strip(self.sheet, self.content["strip"])

    def last_pictures(self) -> Any:
        """What the strip shows of the last step alone: uint8 [arms, k, C, H, W]."""
        sheet, layout = self.sheet, self.content["strip"]
        return drawing.tiles(sheet, layout)[:, -layout["k"] :]

    def film(self, arm: str) -> dict[int, Any]:
        """What the strip shows of one arm: the step -> uint8 [k, C, H, W], the same inputs every time."""
        sheet, layout = self.sheet, self.content["strip"]
        every = drawing.tiles(sheet, layout)[layout["arms"].index(check.one_of("arm", arm, layout["arms"]))]
        return dict(zip(layout["steps"], every.unflatten(0, (-1, layout["k"])), strict=True))

    def show(self, *scores: str, against: str = "step", strip: bool = True) -> None:
        """Curves and, unless ``strip`` is False, samples, in a notebook."""
        from gancourse import viz

        viz.show(self.curves(*scores, against=against), caption=self._caption(*scores))
        if strip and self.picture is not None and "strip" in self.content:
            viz.show(self.strip(), caption="Samples of one training of each, the same inputs every time.")

    def _caption(self, *scores: str) -> str:
        ring = any(drawing.band(values)[3].any() for score in scores for _, values in self.curve(score).values())
        fewer = "; ○: fewer have a value" if ring else ""
        band = f"{len(self.seeds)} trainings of each; line: mean, band: least to largest"
        return f"{band}{fewer}. Recorded: {self._effort()}."

    def _effort(self) -> str:
        """Minutes of all trainings together, apart for each kind of machine: a minute of a GPU is no processor minute."""
        spent: dict[str, float] = {}
        for training in (row for arm in self.arms for row in self._trainings(arm)):
            where = f"minutes on {training['machine']['device']}" if "machine" in training else "processor minutes"
            spent[where] = spent.get(where, 0.0) + training["seconds"] / 60
        return " and ".join(f"{minutes:,.0f} {where}" for where, minutes in sorted(spent.items(), reverse=True))

    def _trainings(self, arm: str) -> list[Mapping[str, Any]]:
        return self.content["arms"][arm]


def place(name: str) -> Path:
    """Where the record of that name lies, or would."""
    return files.shipped("records", f"{name}.json")


def command(name: str) -> str:
    """What makes the record again."""
    return f"`gancourse experiment {name}`"


def live(on: bool = True) -> None:
    """From here on :func:`load` runs the experiment, or goes on with it, instead of reading what was recorded."""
    global _live
    _live = on


def is_live() -> bool:
    """Whether experiments run where they stand."""
    return _live or os.environ.get("LIVE", "0") not in ("", "0")


def load(name: str) -> Record:
    """The record of an experiment; a missing one raises, a stale one warns, both with the command that helps.

    Live, the experiment runs here, at its full size or, where the scale is ci, at its smallest, and goes on where it stopped.
    """
    experiment = recorded.get(name)
    if is_live():
        size = "ci" if scale.name() == "ci" else "full"
        if size == "ci":
            if told := stale.put_aside(experiment, size):
                warnings.warn(told, stacklevel=2)
            runner.work_here(experiment, size)
        else:
            pool.run(experiment, n_jobs=max(1, (os.cpu_count() or 2) // 2), note=lambda text: print(text, end="\r"))
        return Record(*pool.assemble(experiment, size))
    path = place(name)
    if not path.exists():
        raise FileNotFoundError(f"{name} is not recorded: {command(name)} runs it, or set LIVE=1")
    record = read(path)
    if (found := state(experiment, record))[0] == "stale":
        warnings.warn(f"the record of {name} is stale ({found[1]}): {command(name)} makes it again", StaleRecord, stacklevel=2)
    return record


def read(path: Path) -> Record:
    """A record's file and the picture beside it."""
    picture = path.with_suffix(".png")
    return Record(json.loads(path.read_text(encoding="utf-8")), picture if picture.exists() else None)


def state(experiment: Experiment, record: Record | None) -> tuple[str, str]:
    """("missing" | "stale" | "partial" | "fresh", why); trains nothing."""
    if record is None:
        return "missing", "never recorded"
    ours, theirs = experiment.settings(), record.content["settings"]
    for part in ours:
        if theirs.get(part) != ours[part]:
            return "stale", f"other settings of {part}"
    lacking = [seed for seed in experiment.seeds if seed not in record.seeds]
    if lacking:
        return "partial", f"{len(record.seeds)} of {len(experiment.seeds)} seeds"
    return "fresh", ""


def changes(record: Record, now: Mapping[str, Any], size: str) -> list[str]:
    """What differs between a record's fingerprint at a size and a new one: the data first, then arm by arm."""
    then = record.content["fingerprint"][size]
    data = then["data"] if "data" in then else record.content["data"]
    if moved := other_facts(data, now["data"]):
        return [f"other data: {what}" for what in moved]
    found = {arm: differs(losses, now[arm]) for arm, losses in then.items() if arm != "data"}
    return [f"{arm}: {what}" for arm, what in found.items() if what]

"""What a recorded experiment is: arms that differ in one thing, seeds, a size, players, and what is measured how often."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from torch import Tensor

from gancourse.base import check
from gancourse.gans.gan import GAN
from gancourse.training import Run

SIZES = ("full", "ci")


class Stage(Protocol):
    """The data and the judges of an experiment at one size, and what is asked of every training.

    ``folder`` of the constructor keeps what costs time to make, a judge's weights say; another run finds it there.
    """

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[GAN, Any]:
        """Fresh players of an arm, and the batches that they play on."""

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        """What a run as it stands gives to the judges; ``final`` asks for the size of sample that the record's table shows."""

    def judged(self, sample: Tensor) -> Mapping[str, float]:
        """The scores of such a sample."""

    def nulls(self) -> Mapping[str, Tensor]:
        """Samples that no training made, for the same judges: truth, copies, blur, noise."""

    def pictures(self, run: Run) -> Tensor:
        """A few pictures in [-1, 1] for the record's strip, the same latents or inputs every time: [k, C, H, W]."""

    def facts(self) -> dict[str, float]:
        """Numbers that change when the training data do: how many, their mean, their spread."""


def file_name(arm: str) -> str:
    """An arm's name in letters and digits alone, as its files have it; every other sign becomes _."""
    return "".join(c if c.isalnum() else "_" for c in arm)


def counted(pictures: Tensor) -> dict[str, float]:
    """The facts of a stage whose data are pictures: how many, the mean and the spread of their pixels, in the unit given."""
    return {"pictures": len(pictures), "mean": pictures.mean().item(), "std": pictures.std().item()}


@dataclass(frozen=True)
class Experiment:
    """The description from which the runner trains, measures and writes a record; all but ``stage`` is plain data.

    arms      what varies: name -> whatever ``Stage.game`` makes of it; an entry "fit" replaces settings of the training
    seeds     independent trainings of each arm: weights, latents and order of the data
    full      sizes: "steps", "batch_size", "measure_every", "checkpoint_every" and what the stage needs; "frames", the steps
              whose samples the record's picture shows, where five evenly spread ones are not what is to be seen
    ci        the entries of ``full`` that are smaller where the code only has to run
    fit       settings of :func:`gancourse.training.fit` for every arm
    expected  what was expected of the result, in words with the tolerance, written before the run
    """

    name: str
    title: str
    stage: Callable[[Mapping[str, Any], Path], Stage]
    arms: Mapping[str, Mapping[str, Any]]
    seeds: tuple[int, ...]
    full: Mapping[str, Any]
    ci: Mapping[str, Any]
    fit: Mapping[str, Any] = field(default_factory=dict)
    expected: Mapping[str, str] = field(default_factory=dict)
    paper: str = ""

    def __post_init__(self) -> None:
        """ValueError where two arms would share their files: one would be given the other's result."""
        known: dict[str, str] = {}
        for arm in self.arms:
            other = known.setdefault(file_name(arm).casefold(), arm)  # some file systems do not tell a from A
            if other != arm:
                files = f"{file_name(arm)}-SEED.done"
                raise ValueError(
                    f"{self.name}: the arms {other!r} and {arm!r} would share {files}: give one a name of other letters"
                )

    def size(self, name: str = "full") -> dict[str, Any]:
        """The sizes under that name."""
        check.one_of("size", name, SIZES)
        return {**self.full, **(self.ci if name == "ci" else {})}

    def settings(self, size: str = "full") -> dict[str, Any]:
        """Everything that is stated about the trainings, as it comes back from a JSON file; the seeds are the run's affair."""
        return json.loads(json.dumps({"arms": self.arms, "fit": self.fit, "size": self.size(size)}))

    def digest(self, size: str = "full") -> str:
        """Eight hexadecimal digits that stand for the settings."""
        return hashlib.sha256(json.dumps(self.settings(size), sort_keys=True).encode()).hexdigest()[:8]

    def fit_settings(self, arm: str, size: str = "full") -> dict[str, Any]:
        """The keyword arguments of :func:`gancourse.training.fit` for one arm."""
        return {**self.fit, **self.arms[arm].get("fit", {}), "steps": self.size(size)["steps"]}

"""What a training on your own pictures writes while it is at work: samples, a curve, a page, event files."""

from __future__ import annotations

import csv
import io
import math
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gancourse import viz
from gancourse.base import files
from gancourse.base.progress import clock
from gancourse.data.images import to_float
from gancourse.experiments.own.games import show
from gancourse.experiments.own.page import Shown, html
from gancourse.experiments.own.place import Place
from gancourse.experiments.own.plans import Plan
from gancourse.experiments.own.scores import Score
from gancourse.experiments.own.sources import Source
from gancourse.viz.pictures import png_bytes

FRAMES, THUMBNAIL = 6, 260  # earlier samples on the page, and their width in pixels


class Row(NamedTuple):
    """One line of curve.csv; losses are means since the row before."""

    step: int
    seconds: float
    d_loss: float
    g_loss: float
    score: float


class Follow:
    """A hook of :func:`gancourse.training.fit`; what it cannot write it says once, and the training goes on."""

    def __init__(self, place: Place, plan: Plan, pictures: Source, score: Score, steps: int, settings: Mapping[str, str]) -> None:
        self.place, self.plan, self.pictures, self.score = place, plan, pictures, score
        self.steps, self.settings = steps, settings
        self.rows = read_curve(place.curve)
        self.points: list[list[float]] = []  # the card's curve: images seen, score
        self._real = png_bytes(viz.grid(_some(pictures.real, self.tiles)))
        self._events: Any = None  # opened when there is something to write
        self._logged = -1
        self._said = False

    @property
    def tiles(self) -> int:
        """How many samples are shown."""
        return 32 if self.plan.size <= 64 else 18 if self.plan.size <= 128 else 8

    def __call__(self, run: Any) -> None:
        self._write(run, self._picture(run), None)

    def close(self, run: Any, state: str) -> None:
        """The last page, which does not reload itself any more, with how it ended; also of a run whose weights are spoilt."""
        if run.stopped == "diverged":
            if kept := self._samples():
                self._try(run, lambda: self._page(run, kept[-1].read_bytes(), state))
        else:
            self._write(run, self._picture(run), state)
        if self._events:
            self._events.close()

    def _row(self, run: Any) -> Row:
        since = max((row.step for row in self.rows if row.step < run.step), default=0)
        history = run.history
        recent = history["step"] > since
        d_loss, g_loss = (float(np.mean(history[name][recent])) if recent.any() else math.nan for name in ("d_loss", "g_loss"))
        value = self.score.measure(run)
        return Row(run.step, round(run.seconds, 1), d_loss, g_loss, math.nan if value is None else value)

    def _write(self, run: Any, picture: Image.Image, state: str | None) -> None:
        if run.step == 0 or not self.rows or self.rows[-1].step != run.step:
            self.rows = [row for row in self.rows if row.step < run.step] + [self._row(run)]
        self.points = points(self.rows, self.plan)
        # each by itself: on Windows nothing replaces a curve.csv that a spreadsheet has open
        self._try(run, lambda: self._sample(run, picture))
        self._try(run, lambda: self._page(run, png_bytes(picture), state))
        self._try(run, lambda: write_curve(self.place.curve, self.rows))
        self._try(run, lambda: self._log(run, picture))

    def _try(self, run: Any, write: Callable[[], object]) -> None:
        try:
            write()
        except OSError as error:
            if not self._said:
                warnings.warn(f"step {run.step:,}: {error}; training goes on without what shows it", stacklevel=3)
            self._said = True

    def _samples(self) -> list[Path]:
        """What was drawn on the way, by step: names have six digits, and more from the millionth step on."""
        return sorted(
            (path for path in self.place.samples.glob("*.png") if path.stem.isdecimal()), key=lambda path: int(path.stem)
        )

    def _sample(self, run: Any, picture: Image.Image) -> None:
        with files.atomic_write(self.place.samples / f"{run.step:06d}.png") as part:
            picture.save(part, "PNG")

    def _page(self, run: Any, samples: bytes, state: str | None) -> None:
        with files.atomic_write(self.place.page) as part:
            part.write_text(html(self._shown(run, samples, state)), encoding="utf-8")

    def _picture(self, run: Any) -> Image.Image:
        if self.pictures.examples is None:
            return viz.grid(show(run, self.tiles))
        inputs = self.pictures.examples[: min(8, self.tiles)]
        rows = [inputs, run.gan.translate(inputs, run.generator).clamp(-1, 1).cpu()]
        if self.pictures.targets is not None:
            rows.append(self.pictures.targets[: len(inputs)])
        return viz.grid(torch.cat(rows), columns=len(inputs))

    def _shown(self, run: Any, samples: bytes, state: str | None) -> Shown:
        lines = {
            name: [(row.step, value) for row, value in zip(self.rows, column, strict=True)]
            for name, column in zip(("discriminator", "generator", "score"), list(zip(*self.rows, strict=True))[2:], strict=True)
        }
        charts = {"Losses": {name: lines[name] for name in ("discriminator", "generator")}}
        if any(math.isfinite(row.score) for row in self.rows):
            charts[self.score.name] = {self._floor(): lines["score"]}
        caption = ""
        if self.pictures.examples is not None:
            known = "" if self.pictures.targets is None else ", below what they should be"
            caption = f": above {self.pictures.where}, then what the network makes of them{known}"
        return Shown(
            title=f"{self.plan.family}, {self.pictures.name}, {self.plan.size} px",
            state=state or self._state(run),
            step=run.step,
            steps=self.steps,
            at_work=state is None,
            samples=samples,
            real=self._real,
            caption=caption,
            film=self._film(run.step),
            charts=charts,
            settings=self.settings,
        )

    def _floor(self) -> str:
        floor = self.score.floor
        return "measured" if floor is None else f"measured; half of the pictures against half: {floor:.3g}"

    def _state(self, run: Any) -> str:
        done = run.step / self.steps
        left = f", about {clock(run.seconds * (1 - done) / done)} left" if run.step and run.step < self.steps else ""
        adapted = run.history.get("p")
        probability = f"; augmentation with probability {adapted[-1]:.2f}" if adapted is not None and len(adapted) else ""
        return f"at work: step {run.step:,} of {self.steps:,}, {clock(run.seconds)}{left}{probability}"

    def _film(self, step: int) -> list[tuple[int, bytes]]:
        """Some of the earlier samples, evenly spaced, small."""
        found = [path for path in self._samples() if int(path.stem) < step]
        chosen = [found[round(i)] for i in np.linspace(0, len(found) - 1, min(FRAMES, len(found)))]
        frames = []
        for path in chosen:
            with Image.open(path) as picture:
                small = picture.convert("RGB")
            small.thumbnail((THUMBNAIL, THUMBNAIL))
            frames.append((int(path.stem), png_bytes(small)))
        return frames

    def _log(self, run: Any, picture: Image.Image) -> None:
        """Event files for TensorBoard, where it is installed; a step stands there once."""
        if self._events is None:
            self._events = _writer(self.place.events, run.step)
        if self._events and run.step != self._logged:
            self._logged = run.step
            row = self.rows[-1]
            for name, value in zip(("loss/discriminator", "loss/generator", "score"), row[2:], strict=True):
                if math.isfinite(value):
                    self._events.add_scalar(name, value, run.step)
            self._events.add_image("samples", np.asarray(picture.convert("RGB")), run.step, dataformats="HWC")


def _writer(folder: Path, step: int) -> Any:
    """What writes event files; False where tensorboard is not installed."""
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        return False
    return SummaryWriter(str(folder), purge_step=step)


def _some(images: Tensor, n: int) -> Tensor:
    index = torch.linspace(0, len(images) - 1, min(n, len(images))).round().long()
    return to_float(images[index])


def points(rows: list[Row], plan: Plan) -> list[list[float]]:
    """The card's curve: images seen, score, of the rows that have one."""
    return [[row.step * plan.batch_size, round(row.score, 4)] for row in rows if math.isfinite(row.score)]


def read_curve(path: Path) -> list[Row]:
    """The rows of a curve.csv; none where there is no such file, or another."""
    if not path.is_file():
        return []
    try:
        found = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
        return [
            Row(int(row["step"]), *(float(row[name] or "nan") for name in ("seconds", "d_loss", "g_loss", "score")))
            for row in found
        ]
    except (ValueError, KeyError, TypeError) as error:
        warnings.warn(f"{path} is damaged ({error}): the curve begins anew", stacklevel=2)
        return []


def write_curve(path: Path, rows: list[Row]) -> None:
    """Write a curve.csv; what was not measured is left empty."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(Row._fields)
    writer.writerows(["" if math.isnan(value) else f"{value:.6g}" if i else value for i, value in enumerate(row)] for row in rows)
    with files.atomic_write(path) as part:
        part.write_text(text.getvalue(), encoding="utf-8", newline="")

"""What a training writes while it is at work."""

from __future__ import annotations

import math
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from gancourse.base import files
from gancourse.experiments.own.follow import Follow, Row, read_curve, write_curve
from gancourse.experiments.own.place import Place
from gancourse.experiments.own.plans import plan
from gancourse.experiments.own.scores import Score
from gancourse.experiments.own.sources import Source

REAL = torch.zeros(3, 3, 8, 8, dtype=torch.uint8)


def run_at(step: int, value: float = 0.0, **more: Any) -> types.SimpleNamespace:
    steps = np.arange(1.0, step + 1)
    history = {"step": steps, "d_loss": steps, "g_loss": -steps}
    sample = lambda n, seed: torch.full((n, 3, 8, 8), value)  # noqa: E731
    return types.SimpleNamespace(step=step, seconds=2.0 * step, history=history, sample=sample, stopped="", **more)


@pytest.fixture
def follow(tmp_path: Path) -> Follow:
    place = Place(tmp_path / "run")
    source = Source("cats", 3, (), "", lambda *_: None, REAL)
    return Follow(place, plan("dcgan", 16, 300), source, Score("distance", lambda run: run.step / 10, "how"), 40, {"seed": "0"})


def test_samples_a_curve_and_a_page(follow: Follow) -> None:
    for step in (0, 10, 20):
        follow(run_at(step, step / 40))
    place = follow.place
    assert [path.name for path in sorted(place.samples.iterdir())] == ["000000.png", "000010.png", "000020.png"]
    with Image.open(place.samples / "000020.png") as picture:
        assert picture.getpixel((0, 0)) == (191, 191, 191)
    rows = read_curve(place.curve)
    assert [row.step for row in rows] == [0, 10, 20] and math.isnan(rows[0].d_loss)
    assert (rows[2].d_loss, rows[2].g_loss, rows[2].score) == (15.5, -15.5, 2.0), "the mean since the row before"
    text = place.page.read_text(encoding="utf-8")
    assert "dcgan, cats, 16 px" in text and "at work: step 20 of 40, 0:40, about 0:40 left" in text and "On the way" in text
    assert follow.points == [[0, 0.0], [640, 1.0], [1280, 2.0]], "images seen, score"


def test_the_end_is_said_and_the_page_rests(follow: Follow) -> None:
    follow(run_at(10))
    follow.close(run_at(17), "stopped at step 17 of 40")
    text = follow.place.page.read_text(encoding="utf-8")
    assert "stopped at step 17 of 40" in text and "refresh" not in text
    assert [row.step for row in follow.rows] == [10, 17]


def test_a_run_that_goes_on_drops_what_lies_beyond_its_checkpoint(follow: Follow) -> None:
    write_curve(
        follow.place.curve, [Row(0, 0.0, math.nan, math.nan, 1.0), Row(10, 1.0, 2.0, 3.0, math.nan), Row(30, 1.0, 2.0, 3.0, 4.0)]
    )
    again = Follow(follow.place, follow.plan, follow.pictures, follow.score, 40, {})
    again(run_at(20))
    assert [row.step for row in read_curve(follow.place.curve)] == [0, 10, 20]
    follow.place.curve.write_text("step,seconds\nx,y\n")
    with pytest.warns(UserWarning, match="curve.csv is damaged .*: the curve begins anew"):
        assert read_curve(follow.place.curve) == []


def test_spoilt_weights_are_not_drawn(follow: Follow) -> None:
    follow(run_at(10))
    spoilt = run_at(12, math.nan)
    spoilt.stopped = "diverged"
    follow.close(spoilt, "stopped: the loss became nan")
    assert "the loss became nan" in follow.place.page.read_text(encoding="utf-8")


def test_samples_are_in_the_order_of_their_steps_beyond_a_million(follow: Follow) -> None:
    for step, value in ((999_500, 0.0), (1_000_000, 0.5)):
        with files.atomic_write(follow.place.samples / f"{step:06d}.png") as part:
            Image.new("L", (4, 4), int(255 * value)).save(part, "PNG")
    (follow.place.samples / "1notes.png").write_bytes(b"somebody's")
    assert [step for step, _ in follow._film(2_000_000)] == [999_500, 1_000_000]
    spoilt = run_at(12, math.nan)
    spoilt.stopped, shown = "diverged", []
    follow._page = lambda run, samples, state: shown.append(samples)
    follow.close(spoilt, "stopped")
    assert shown == [(follow.place.samples / "1000000.png").read_bytes()]


def test_a_full_disk_is_said_once_and_stops_no_training(follow: Follow, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "atomic_write", full)
    with pytest.warns(UserWarning, match="step 5: .*No space left on device; training goes on") as said:
        follow(run_at(5))
        follow(run_at(10))
    assert len(said) == 1


def test_a_curve_that_is_open_in_a_spreadsheet_holds_up_nothing_else(follow: Follow, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows the spreadsheet lets nobody replace it."""
    whole = files.atomic_write

    def refuse(path: Path) -> Any:
        if path == follow.place.curve:
            raise PermissionError(13, "open in a spreadsheet", str(path))
        return whole(path)

    logged: list[int] = []
    monkeypatch.setattr(follow, "_log", lambda run, picture: logged.append(run.step))
    follow(run_at(5))
    with monkeypatch.context() as opened:
        opened.setattr(files, "atomic_write", refuse)
        with pytest.warns(UserWarning, match="step 10: .*open in a spreadsheet.*curve.csv"):
            follow(run_at(10))
        follow.close(run_at(15), "stopped at step 15 of 40")
    assert "stopped at step 15 of 40" in follow.place.page.read_text(encoding="utf-8")
    assert logged == [5, 10, 15] and [row.step for row in read_curve(follow.place.curve)] == [5]
    follow(run_at(20))
    assert [row.step for row in read_curve(follow.place.curve)] == [5, 10, 15, 20]


def test_a_translator_shows_inputs_outputs_and_targets(tmp_path: Path) -> None:
    x = torch.zeros(2, 3, 32, 32)
    source = Source("cats", 3, (), "", lambda *_: None, REAL, x, x + 1, "unseen pairs")
    found = Follow(Place(tmp_path), plan("pix2pix", 32, 3), source, Score("L1", lambda run: None, "how"), 40, {})
    game = types.SimpleNamespace(translate=lambda inputs, generator: inputs - 1)
    found(run_at(10, gan=game, generator=None))
    with Image.open(tmp_path / "samples" / "000010.png") as picture:
        column = np.asarray(picture)[:, 0, 0].tolist()
    assert list(dict.fromkeys(column)) == [128, 255, 0] or list(dict.fromkeys(column)) == [128, 255, 0, 255]
    text = found.place.page.read_text(encoding="utf-8")
    assert "above unseen pairs, then what the network makes of them, below what they should be" in text
    assert "<h2>L1</h2>" not in text, "nothing measured, no chart"


def test_event_files_where_tensorboard_is_installed(follow: Follow, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[tuple[Any, ...]] = []

    class Writer:
        def __init__(self, folder: str, purge_step: int) -> None:
            written.append((Path(folder).name, purge_step))

        def add_scalar(self, name: str, value: float, step: int) -> None:
            written.append((name, value, step))

        def add_image(self, name: str, pixels: np.ndarray, step: int, dataformats: str) -> None:
            written.append((name, pixels.shape[2], step, dataformats))

        def close(self) -> None:
            written.append(("closed",))

    module = types.ModuleType("torch.utils.tensorboard")
    module.SummaryWriter = Writer  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    follow(run_at(10))
    follow.close(run_at(10), "finished")
    assert written[:2] == [("tensorboard", 10), ("loss/discriminator", 5.5, 10)]
    assert written.count(("loss/discriminator", 5.5, 10)) == 1, "the last look and the end are one step"
    assert ("samples", 3, 10, "HWC") in written and written[-1] == ("closed",)


def test_tensorboard_itself_reads_the_event_files(follow: Follow) -> None:
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    follow(run_at(10))
    follow.close(run_at(10), "finished")
    found = accumulator.EventAccumulator(str(follow.place.events))
    found.Reload()
    assert [(event.step, event.value) for event in found.Scalars("loss/discriminator")] == [(10, 5.5)]
    assert [event.step for event in found.Images("samples")] == [10]


def test_without_tensorboard_there_are_none(follow: Follow, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    follow(run_at(10))
    follow.close(run_at(10), "finished")
    assert not follow.place.events.exists()

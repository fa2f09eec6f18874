"""The race at 32 px: the same game, smaller, and a record that the larger race's readings can read."""

import numpy as np
import pytest

from gancourse.experiments import growing_race, runner
from gancourse.experiments.growing_race_32 import AT_ONCE, EXPERIMENT, GROWING
from gancourse.experiments.records import Record
from gancourse.gans.progressive import Schedule


def test_only_the_size_the_timetable_the_rates_the_average_and_the_seeds_are_others():
    theirs = growing_race.EXPERIMENT
    assert EXPERIMENT.stage is theirs.stage and {**theirs.fit, "lr": [3e-3, 5e-3], "ema": 0.99} == EXPERIMENT.fit
    changed = {name for name, value in EXPERIMENT.full.items() if theirs.full[name] != value}
    assert changed == {"side", "widths", "r1_gamma", "steps", "measure_every", "checkpoint_every", "frames"}
    assert EXPERIMENT.full["r1_gamma"] / 32 == theirs.full["r1_gamma"] / 64


def test_timetables_fill_the_steps_and_the_fade_is_seen():
    grown, at_once = (growing_race.schedule(EXPERIMENT.arms[arm], 2400) for arm in (GROWING, AT_ONCE))
    assert grown == Schedule(3, (0, 100, 200, 200), (200, 200, 300, 1200)) and grown.starts() == [0, 200, 500, 1000]
    assert grown.steps == at_once.steps == 2400 and at_once.at(0) == (3, 1.0)
    assert [round(grown.at(step - 1)[1], 2) for step in (1100, 1200)] == [0.5, 1.0]
    assert all(step % EXPERIMENT.size()["measure_every"] == 0 for step in EXPERIMENT.size()["frames"])


def test_the_saving_is_read_after_the_last_fade():
    grown, at_once = (np.array(growing_race.work(arm, race="growing_race_32")) for arm in (GROWING, AT_ONCE))
    assert int(np.searchsorted(grown, growing_race.SHARE * at_once[-1])) == 1200 + 369


@pytest.mark.filterwarnings("ignore::gancourse.metrics.frechet.FewSamplesWarning")
def test_both_judges_see_what_is_lost_at_16_px(stages):
    stage = stages("growing_race_32")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    real, halved = rows["other real faces"], rows["real faces at 16 px, enlarged"]
    for name in ("mean face", "noise", "untrained"):
        assert rows[name]["frechet"] > 2 * real["frechet"] and rows[name]["swd"] > 2 * real["swd"]
    assert halved["frechet"] > 1.5 * real["frechet"] and halved["swd_32"] > 1.2 * real["swd_32"]


def test_a_saving_is_read_with_the_right_arms_and_counts():
    def training(arm, speed):
        steps = np.arange(0, 2401, 100)
        done = np.array(growing_race.work(arm, race="growing_race_32"))[steps]
        done = done / growing_race.work(AT_ONCE, race="growing_race_32")[-1]
        rows = {"step": steps, "seconds": 300 * done, "measuring": 0 * steps}
        rows |= {"frechet": 40 * np.exp(-speed * done), "swd": 100 * np.exp(-3 * done)}
        return [{"curves": {name: list(map(float, values)) for name, values in rows.items()}}]

    record = Record(
        {"arms": {GROWING: training(GROWING, 4), AT_ONCE: training(AT_ONCE, 2)}, "seeds": [0], "name": EXPERIMENT.name}
    )
    assert growing_race.at_once(record) == AT_ONCE
    assert growing_race.savings(record)["operations"] == pytest.approx([2], rel=0.03)
    assert growing_race.savings(record, score="swd")["operations"] == pytest.approx([1], rel=0.03)
    most = growing_race.savings(record, never=True)
    assert most["operations"] == pytest.approx([3], rel=0.01) and most["seconds"] == pytest.approx([3], rel=0.01)
    assert growing_race.savings(record, GROWING, AT_ONCE)["operations"] == pytest.approx([0.5], rel=0.05)

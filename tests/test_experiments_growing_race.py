"""The race of two timetables, its judges and its counts."""

import numpy as np
import pytest
import torch

from gancourse.experiments import growing_race, runner
from gancourse.experiments.growing_race import AT_ONCE, EXPERIMENT, GROWING
from gancourse.experiments.records import Record


def test_timetables_fill_the_steps_and_the_fade_is_seen():
    grown, at_once = (growing_race.schedule(EXPERIMENT.arms[arm], 5400) for arm in (GROWING, AT_ONCE))
    assert grown.steps == at_once.steps == 5400
    assert grown.starts() == [0, 300, 750, 1500, 2400] and at_once.at(0) == (4, 1.0)
    seen = {step: grown.at(step - 1) for step in EXPERIMENT.size()["frames"]}  # as the last step before the picture left them
    assert [seen[step][0] for step in (750, 2400, 2550, 3000)] == [1, 3, 4, 4]
    assert [round(seen[step][1], 2) for step in (2550, 2700, 2850, 3000)] == [0.25, 0.5, 0.75, 1.0]
    assert all(step % EXPERIMENT.size()["measure_every"] == 0 for step in seen)
    assert growing_race.schedule({"fade": [0, 1], "stable": [1, 1]}, 10).lengths() == [(0, 3), (3, 4)]


def test_growing_is_cheaper_and_the_race_can_be_won():
    grown, at_once = (np.array(growing_race.work(arm, "ci")) for arm in (GROWING, AT_ONCE))
    assert len(grown) == len(at_once) == EXPERIMENT.size("ci")["steps"] + 1
    assert (np.diff(grown) > 0).all() and grown[-1] < 0.8 * at_once[-1]
    assert np.allclose(np.diff(at_once), at_once[1])


def test_the_ceiling_of_the_saving_at_full_size():
    """Where the distance is set the growing run shows 64 px, and the other has three times that work to spend."""
    grown, at_once = (np.array(growing_race.work(arm)) for arm in (GROWING, AT_ONCE))
    place = int(np.searchsorted(grown, growing_race.SHARE * at_once[-1]))
    assert growing_race.schedule(EXPERIMENT.arms[GROWING], 5400).at(place - 300) == (4, 1.0)
    assert at_once[-1] / grown[place] == pytest.approx(1 / growing_race.SHARE, rel=0.01)


@pytest.mark.filterwarnings("ignore::gancourse.metrics.frechet.FewSamplesWarning")
def test_judges_put_the_truth_below_what_is_none_and_one_is_blind_at_64_px(stages):
    stage = stages("growing_race")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    real, blind = rows["other real faces"], rows["real faces at 32 px, enlarged"]
    for name in ("mean face", "noise", "untrained"):
        assert rows[name]["frechet"] > 2 * real["frechet"] and rows[name]["swd"] > 2 * real["swd"]
    assert blind["frechet"] == pytest.approx(real["frechet"], rel=0.01) and blind["swd_64"] > 1.1 * real["swd_64"]


def test_seconds_leave_the_judges_out():
    def training(seconds, measuring):
        return {"curves": {"step": [0, 10, 20], "seconds": seconds, "measuring": measuring}, "scores": {"measuring": 1.0}}

    record = Record({"arms": {GROWING: [training([1.0, 12.0, 25.0], [2.0, 3.0, 4.0])]}})
    assert growing_race.seconds(record, GROWING).tolist() == [[1.0, 10.0, 20.0]]


def test_seconds_of_a_gpu_are_those_of_the_processor():
    def training(seconds, **machine):
        return {"curves": {"step": [0, 10], "seconds": [0.0, seconds], "measuring": [0.0, 0.0]}, **machine}

    gpu = {"machine": {"device": "a GPU"}}
    mixed = [training(20.0), training(3.0, **gpu), training(30.0)]
    record = Record({"arms": {GROWING: mixed, AT_ONCE: [training(3.0, **gpu), training(4.0, **gpu)]}})
    assert growing_race.seconds(record, GROWING)[:, 1].tolist() == [20.0, 25.0, 30.0]
    assert growing_race.seconds(record, AT_ONCE)[:, 1].tolist() == [3.0, 4.0]


def test_where_a_curve_first_gets_down_to_a_target():
    assert growing_race.first_below([0, 10, 20], [9.0, 5.0, 1.0], 7.0) == (5.0, True)
    assert growing_race.first_below([0, 10, 20], [9.0, 5.0, 6.0], 5.0) == (10.0, True)
    assert growing_race.first_below([4, 10, 20], [9.0, 5.0, 6.0], 9.5) == (4.0, True)
    assert growing_race.first_below([0, 10, 20], [9.0, 5.0, 6.0], 1.0) == (20.0, False)


def record_of(distance, swd):
    """Two seeds; distances and patches fall with the work that was done, in the arms' own ways."""

    def training(arm, late):
        steps = np.arange(0, 5401, 150)
        done = np.array(growing_race.work(arm))[steps] / growing_race.work(AT_ONCE)[-1]
        curves = {
            "step": steps,
            "seconds": 3000 * done,
            "measuring": 0 * steps,
            "frechet": distance[arm](done) + late,
            "swd": swd[arm](done),
        }
        return {"curves": {name: list(map(float, values)) for name, values in curves.items()}}

    arms = {arm: [training(arm, late) for late in (0.0, 0.01)] for arm in (GROWING, AT_ONCE)}
    return Record({"arms": arms, "seeds": [0, 1], "name": "growing_race"})


def test_a_saving_is_read_off_at_equal_distance():
    twice = record_of(
        {GROWING: lambda done: 40 * np.exp(-4 * done), AT_ONCE: lambda done: 40 * np.exp(-2 * done)},
        {GROWING: lambda done: 100 * np.exp(-4 * done), AT_ONCE: lambda done: 100 * np.exp(-2 * done)},
    )
    found = growing_race.savings(twice)
    assert found["operations"] == pytest.approx([2, 2], rel=0.03) and found["reached"] == [1, 1]
    assert found["seconds"] == pytest.approx(found["operations"], rel=0.03) and found["images"][0] < 1.2  # small images are cheap
    assert growing_race.savings(twice, AT_ONCE, AT_ONCE, shift=1)["operations"] == pytest.approx([1, 1], rel=0.05)
    assert growing_race.savings(twice, GROWING, AT_ONCE)["operations"][0] == pytest.approx(0.5, rel=0.03)
    chance = growing_race.by_chance(twice)
    assert chance["arms_swapped"] == growing_race.savings(twice, GROWING, AT_ONCE) and list(chance)[0].startswith("two_trainings")
    assert chance["two_trainings_at_full_size"]["operations"] == pytest.approx([1, 1], rel=0.05)
    single = Record({**twice.content, "seeds": [0], "arms": {arm: rows[:1] for arm, rows in twice.content["arms"].items()}})
    assert growing_race.by_chance(single)["two_trainings_at_full_size"]["seconds"] == []
    share = np.array(growing_race.work(GROWING))[-1] / growing_race.work(AT_ONCE)[-1]
    assert growing_race.at_equal_work(twice) == pytest.approx(100 * np.exp(-2 * share), rel=0.01)


def test_chance_is_read_at_given_distances():
    straight = {arm: lambda done: 40 - 40 * done for arm in (GROWING, AT_ONCE)}
    record = record_of(straight, straight)
    late = record.content["arms"][AT_ONCE][1]["curves"]
    late["frechet"] = [value + 4 for value in late["frechet"]]
    found = growing_race.chance_at(record, [20.0, 10.0])
    assert found["operations"] == pytest.approx([0.6 / 0.5, 0.85 / 0.75], rel=0.01) and found["images"] == pytest.approx(
        found["seconds"]
    )
    early, later = (growing_race.savings(record, share=share)["distance"][0] for share in (0.2, 0.4))
    assert early - later == pytest.approx(40 * 0.2, rel=0.01)


def test_scores_at_equal_work_and_the_pairs_in_which_growing_is_nearer():
    straight = record_of(
        {GROWING: lambda done: 30 - 20 * done, AT_ONCE: lambda done: 30.005 - 20 * done},
        {GROWING: lambda done: 9 + 0 * done, AT_ONCE: lambda done: 1 + 0 * done},
    )
    assert growing_race.at_work(straight, GROWING, share=0.5) == pytest.approx([20, 20.01], abs=0.02)
    assert growing_race.at_work(straight, AT_ONCE, "swd", 0.3) == pytest.approx([1, 1])
    share = growing_race.growings_share(straight)
    assert (
        0.6 < share < 0.75
        and (growing_race.at_work(straight, AT_ONCE, "swd", share) == growing_race.at_equal_work(straight)).all()
    )
    count, chance = growing_race.nearer(straight)  # 20, 20.01 against 20.005, 20.015: one pair of four is the wrong way round
    assert count == 3 and chance == pytest.approx(4 / 6)
    assert growing_race.nearer(straight, "swd")[0] == 0


def test_two_orders_of_252_put_one_arm_first():
    far = record_of(
        {GROWING: lambda done: 1 + 0 * done, AT_ONCE: lambda done: 9 + 0 * done},
        {GROWING: lambda done: 9 + 0 * done, AT_ONCE: lambda done: 1 + 0 * done},
    )
    rows = far.content["arms"]
    five = Record({**far.content, "seeds": list(range(5)), "arms": {arm: [rows[arm][0]] * 5 for arm in rows}})
    assert growing_race.nearer(five) == (25, pytest.approx(2 / 252))
    assert growing_race.nearer(five, "swd") == (0, pytest.approx(2 / 252))


def test_each_training_is_paired_with_each_and_every_way_is_found():
    curves = {GROWING: lambda done: 40 * np.exp(-4 * done), AT_ONCE: lambda done: 40 * np.exp(-2 * done)}
    record = record_of(curves, curves)
    ratios = growing_race.pairings(record)
    assert np.diag(ratios).tolist() == growing_race.savings(record)["operations"]
    assert [ratios[0, 1], ratios[1, 0]] == growing_race.savings(record, shift=1)["operations"]
    table = np.arange(16.0).reshape(4, 4)
    ways = growing_race.one_to_one(table)
    assert ways.shape == (24, 4) and ways[0].tolist() == [0, 5, 10, 15]
    assert len({tuple(way) for way in ways.tolist()}) == 24
    assert (np.sort(ways % 4, 1) == np.arange(4)).all() and (ways // 4 == np.arange(4)).all()
    others = growing_race.one_to_one(table, itself=False)
    assert others.shape == (9, 4) and not (others % 4 == np.arange(4)).any()


def test_a_row_stays_open_where_chance_gets_as_far():
    assert growing_race.undecided([2.1, 2.4], [0.8, 1.9], 2) == "" and growing_race.undecided([1.1, 1.4], [0.8, 1.3], 2) == ""
    assert "2.20 by chance" in growing_race.undecided([2.5, 2.6], [0.8, 2.2], 2)
    assert "1.90 by chance" in growing_race.undecided([1.8, 2.6], [0.8, 1.9], 2)
    assert growing_race.undecided([2.5], [], 2) == ""


def test_what_is_never_reached_is_a_lower_bound():
    never = record_of(
        {GROWING: lambda done: 40 - 30 * done, AT_ONCE: lambda done: 40 - done},
        {GROWING: lambda done: 1 + 0 * done, AT_ONCE: lambda done: 1 + 0 * done},
    )
    found = growing_race.savings(never)
    assert found["reached"] == [0, 0] and found["operations"] == pytest.approx([1 / growing_race.SHARE] * 2, rel=0.01)


def test_the_fade_is_read_from_the_strip(tmp_path):
    from PIL import Image

    from gancourse.experiments import drawing

    steps = range(0, 5401, 150)
    film = [torch.full((2, 3, 4, 4), step // 150, dtype=torch.uint8) for step in steps]
    sheet, layout = drawing.frames({GROWING: film, AT_ONCE: film}, list(steps), EXPERIMENT.size()["frames"])
    Image.fromarray(sheet.permute(1, 2, 0).numpy()).save(tmp_path / "strip.png")
    content = {"strip": layout, "name": "growing_race"}
    shown = growing_race.fade(Record(content, tmp_path / "strip.png"))
    assert shown.shape == (5, 2, 3, 4, 4) and shown[:, 0, 0, 0, 0].tolist() == [16, 17, 18, 19, 20]
    early = growing_race.pictures(Record(content, tmp_path / "strip.png"), AT_ONCE, 0, 2400)
    assert {step: int(drawn.max()) for step, drawn in early.items()} == {750: 5, 2400: 16}
    with pytest.raises(FileNotFoundError, match="growing_race"):
        growing_race.fade(Record({"name": "growing_race"}))


def test_pairs_are_counted_by_the_smaller_number():
    assert growing_race.in_pairs([1.0, 2.0], [3.0, 4.0]) == (4, pytest.approx(2 / 6))
    count, chance = growing_race.in_pairs([5.0, 6.0, 7.0, 8.0, 9.0], [0.0, 1.0, 2.0, 3.0, 4.0])
    assert (count, chance) == (0, pytest.approx(2 / 252))
    assert growing_race.in_pairs([1.0, 4.0], [2.0, 3.0])[0] == 2

"""Records: reading them, drawing them, and telling fresh from stale."""

import warnings
from dataclasses import replace

import numpy as np
import pytest

from gancourse.experiments import pool, recorded, records, runner
from tests.experiment_in_the_plane import EXPERIMENT, Plane


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the record of the plane, at full size."""
    folder = tmp_path_factory.mktemp("records")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANCOURSE_DATA", str(folder))
        place = runner.folder(EXPERIMENT)
        stage = Plane(EXPERIMENT.size(), place)
        place.mkdir(parents=True)
        runner.baselines(stage, place)
        for job in runner.jobs(EXPERIMENT):
            runner.train(EXPERIMENT, stage, job)
        pool.assemble(EXPERIMENT, folder=folder)
    return folder


@pytest.fixture
def course(folder, monkeypatch):
    """The course with the plane as its experiment and ``folder`` as the place of its records; LIVE is off."""
    monkeypatch.setattr(recorded, "get", lambda name: EXPERIMENT)
    monkeypatch.setattr(records, "place", lambda name: folder / f"{name}.json")
    monkeypatch.delenv("LIVE", raising=False)
    return folder


def test_a_record_gives_curves_finals_and_baselines(course):
    record = records.load("plane")
    at, values = record.curve("radius")["saturating"]
    assert at.tolist() == [0, 20, 40, 60]
    assert values.shape == (2, 4)
    assert np.array_equal(record.final("radius")["saturating"], values[:, -1])
    assert record.baseline("radius")["truth"] == pytest.approx(1, abs=0.1)
    assert record.seconds > 0
    with pytest.raises(ValueError, match="did you mean 'radius'"):
        record.final("radios")
    with pytest.raises(ValueError, match="unknown against 'epoch'"):
        record.curve("radius", against="epoch")


def test_a_table_counts_what_could_not_be_measured(course):
    table = repr(records.load("plane").table("radius", "undefined"))
    assert "±" in table
    assert "truth" in table
    assert "2 trainings of each, 60 steps" in table


def test_a_table_has_the_baselines_asked_for_and_what_was_before_the_first_step(course):
    record = records.load("plane")
    arm, (name, *others) = record.arms[0], list(record.content["baselines"])
    table = repr(record.table("radius", baselines=[name], first=[arm]))
    assert f"{arm}, step 0" in table and name in table
    assert not any(f"\n{other} " in table for other in others)
    with pytest.raises(ValueError, match="unknown baseline|baseline"):
        record.table("radius", baselines=["nobody"])
    with pytest.raises(ValueError, match="arm"):
        record.table("radius", first=["nobody"])


def test_a_score_has_a_floor_and_the_others_have_none():
    rows = [{"scores": {"x": value, "y": value}} for value in (1.0, 2.0, 3.0)]
    content = {"arms": {"one": rows}, "seeds": [0, 1, 2], "settings": {"size": {"steps": 60}}}
    record = records.Record({**content, "baselines": {"blur": {"x": 0.0, "y": 0.0}, "noise": {"x": -5.0, "y": -5.0}}})
    assert "(" not in repr(record.table("x", "y"))
    assert repr(record.table("x", "y", floors={"x": "blur"})).count("(2 ± 1)") == 1  # its interval reaches below 0
    assert "(" not in repr(record.table("x", "y", floors={"x": "noise"}))
    with pytest.raises(ValueError, match="baseline"):
        record.table("x", floors={"x": "nobody"})
    with pytest.raises(ValueError, match="score"):
        record.table("x", floors={"y": "blur"})


def test_a_caption_counts_the_minutes_of_a_gpu_apart():
    def caption(*trainings):
        content = {"name": "made up", "seeds": [0, 1], "arms": {"a": list(trainings[:2]), "b": list(trainings[2:])}}
        return records.Record(content)._caption()

    gpu = {"seconds": 300.0, "machine": {"device": "NVIDIA H200", "torch": "2"}}
    here = {"seconds": 120.0}
    assert caption(here, here, here, here).endswith("Recorded: 8 processor minutes.")
    assert caption(gpu, gpu, gpu, gpu).endswith("Recorded: 20 minutes on NVIDIA H200.")
    assert caption(gpu, here, here, gpu).endswith("Recorded: 4 processor minutes and 10 minutes on NVIDIA H200.")


def test_a_caption_says_what_a_mark_is_where_there_is_one(course):
    assert "○" not in records.load("plane")._caption("radius", "d_loss")  # of step 0 no seed has a loss
    row = {"step": [0, 20], "x": [None, 1.0]}
    whole = {"step": [0, 20], "x": [2.0, 1.0]}
    made = records.Record({"seeds": [0, 1], "arms": {"one": [{"curves": row, "seconds": 60}, {"curves": whole, "seconds": 60}]}})
    assert "band: least to largest; ○: fewer have a value." in made._caption("x")


def test_the_samples_can_be_left_out(course, capsys):
    records.load("plane").show("radius", strip=False)
    assert "Samples of one training" not in capsys.readouterr().out


def test_one_call_draws_curves_and_samples(course, capsys):
    record = records.load("plane")
    picture = record.curves("radius", against="seconds")
    assert picture.width > picture.height > 100
    assert record.strip().width > 8
    last = record.last_pictures()
    assert last.shape[:2] == (len(record.arms), record.content["strip"]["k"])
    film = record.film(record.arms[-1])
    assert list(film) == record.content["strip"]["steps"] and film[max(film)].tolist() == last[-1].tolist()
    record.show("radius")


def test_some_arms_are_drawn_as_they_are_among_all(course):
    record = records.load("plane")
    last = record.arms[-1]
    assert record.arms[0] not in repr(record.table("radius", arms=[last])).split("truth")[0]
    assert record.curves("radius", arms=[last]).tobytes() != record.curves("radius", arms=[record.arms[0]]).tobytes()
    assert len(set(record.colours.values())) == len(record.arms)
    with pytest.raises(ValueError, match="arm"):
        record.curves("radius", arms=["no such arm"])


def test_a_missing_record_names_the_command(course):
    with pytest.raises(FileNotFoundError, match="`gancourse experiment elsewhere` runs it"):
        records.load("elsewhere")


def test_a_record_of_other_settings_is_stale_and_says_so(course, monkeypatch):
    changed = replace(EXPERIMENT, fit={"lr": 3e-2})
    monkeypatch.setattr(recorded, "get", lambda name: changed)
    with pytest.warns(records.StaleRecord, match="other settings of fit.*`gancourse experiment plane`"):
        records.load("plane")
    assert records.state(changed, records.read(course / "plane.json"))[0] == "stale"


def test_a_renamed_or_widened_experiment_stays_fresh(course):
    record = records.read(course / "plane.json")
    assert records.state(EXPERIMENT, record) == ("fresh", "")
    assert records.state(replace(EXPERIMENT, title="Another name"), record) == ("fresh", "")
    assert records.state(replace(EXPERIMENT, seeds=(0, 1, 2)), record) == ("partial", "2 of 3 seeds")
    assert records.state(EXPERIMENT, None)[0] == "missing"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        records.load("plane")


def test_behaviour_decides_whether_a_record_is_stale(course, tmp_path):
    record = records.read(course / "plane.json")
    assert records.changes(record, pool.fingerprint(EXPERIMENT, "ci", tmp_path, 0), "ci") == []
    assert records.changes(record, pool.fingerprint(EXPERIMENT, "full", tmp_path, 0), "full") == []

    class Elsewhere(Plane):
        def game(self, arm, seed):
            game, batches = super().game(arm, seed)
            game.generator.layers[0].weight.data.mul_(1.01)
            return game, batches

    found = records.changes(record, pool.fingerprint(replace(EXPERIMENT, stage=Elsewhere), "ci", tmp_path, 0), "ci")
    assert any("loss at step" in what for what in found)

    class Fewer(Plane):
        def facts(self):
            return super().facts() | {"points": 255}

    found = records.changes(record, pool.fingerprint(replace(EXPERIMENT, stage=Fewer), "ci", tmp_path, 0), "ci")
    assert found == ["other data: points is 255, was 256"]


def test_rounding_is_no_change_and_a_percent_at_the_first_step_is():
    losses = {"d_loss": [1.4] * 20}
    assert not records.differs(losses, {"d_loss": [1.40001] * 20})
    assert not records.differs(losses, {"d_loss": [1.4] * 19 + [1.42]})
    assert records.differs(losses, {"d_loss": [1.414] + [1.4] * 19}) == "d_loss at step 1 is 1.414, was 1.4"
    assert records.differs(losses, {"d_loss": [1.4] * 19}) == "19 steps in place of 20"


def test_live_runs_the_experiment_instead_of_reading(course, monkeypatch, tmp_path):
    monkeypatch.setenv("LIVE", "1")
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    assert records.load("plane").curve("radius")["saturating"][0].tolist() == [0, 10, 20]
    monkeypatch.setattr(records.scale, "name", lambda: "cpu")
    ran = []
    monkeypatch.setattr(pool, "run", lambda experiment, **options: ran.append(experiment.name))
    monkeypatch.setattr(pool, "assemble", lambda experiment, size: ({"name": f"fresh, {size}"}, None))
    assert records.load("plane").content["name"] == "fresh, full"
    assert ran == ["plane"]
    monkeypatch.setenv("LIVE", "0")
    assert records.load("plane").content["name"] == "plane"
    monkeypatch.setattr(records, "_live", False)
    records.live()
    assert records.is_live()
    records.live(False)
    assert not records.is_live()


NAN = float("nan")


@pytest.mark.parametrize("missing", [None, NAN, float("inf")])
def test_what_is_no_number_equals_only_what_is_none(missing):
    whole, broken = {"d_loss": [1.0, 2.0]}, {"d_loss": [1.0, missing]}
    assert records.differs(whole, broken) == "d_loss at step 2 is nan, was 2"
    assert records.differs(broken, whole) == "d_loss at step 2 is 2, was nan"
    assert not records.differs(broken, {"d_loss": [1.0, NAN]}) and not records.differs(broken, broken)


@pytest.mark.parametrize("missing", [None, NAN])
def test_data_that_are_no_numbers_are_other_data(missing):
    def changes(then, now):
        content = {"fingerprint": {"full": {"data": then, "a": {"d_loss": [1.0]}}}}
        return records.changes(records.Record(content), {"data": now, "a": {"d_loss": [1.0]}}, "full")

    assert changes({"mean": 0.5}, {"mean": missing}) == ["other data: mean is nan, was 0.5"]
    assert changes({"mean": missing}, {"mean": 0.5}) == ["other data: mean is 0.5, was nan"]
    assert changes({"mean": missing}, {"mean": NAN}) == []
    assert changes({"mean": 0.5}, {}) == ["other data: mean is nan, was 0.5"]


def of_trainings(**arms):
    """A record of two seeds whose trainings have these scores; None: it diverged."""
    rows = {arm: [{"scores": {} if x is None else {"x": x}} for x in values] for arm, values in arms.items()}
    content = {"arms": rows, "seeds": [0, 1], "settings": {"size": {"steps": 60}}}
    return records.Record({**content, "baselines": {"blur": {"x": 9.0}}})


def test_a_diverged_training_keeps_its_place_and_is_counted():
    record = of_trainings(one=[None, 2.0], other=[1.0, 3.0])
    assert record.scores == ["x"]
    assert np.array_equal(record.final("x")["one"], [NAN, 2.0], equal_nan=True)
    assert np.array_equal(record.final("x")["other"] - record.final("x")["one"], [NAN, 1.0], equal_nan=True)
    table = repr(record.table())
    assert "2 (1 of 2)" in table and "2 ± 1.41" in table
    with pytest.raises(ValueError, match="unknown score|score"):
        record.final("y")


def test_where_every_training_diverged_the_baselines_say_what_would_have_been_measured():
    record = of_trainings(one=[None, None])
    assert record.scores == ["x"] and np.isnan(record.final("x")["one"]).all()
    assert "blur" in repr(record.table())


def test_curves_end_where_a_training_diverged_before_its_second_look(tmp_path, monkeypatch):
    """It has no losses: there are none at step 0."""
    whole = {"step": [0, 20], "seconds": [0, 1], "x": [1.0, 2.0], "d_loss": [None, 3.0]}
    early = {"step": [0], "seconds": [0], "x": [5.0]}
    for rows in ([whole, early], [early, whole], [early, early]):
        arms = {"one": [{"curves": row} for row in rows], "other": [{"curves": whole}, {"curves": whole}]}
        record = records.Record({"arms": arms})
        at, values = record.curve("d_loss")["one"]
        assert at.tolist() == [0] and np.isnan(values).all() and values.shape == (2, 1)
        assert record.curve("d_loss")["other"][1].tolist()[0][1] == 3.0
        with pytest.raises(ValueError, match="unknown score 'y'"):
            record.curve("y")


@pytest.mark.parametrize("picture", [False, True])
def test_a_record_without_pictures_names_the_command(course, picture, capsys):
    whole = records.load("plane")
    content = {name: part for name, part in whole.content.items() if name != "strip"}
    record = records.Record(content, whole.picture if picture else None)
    record.show("radius")
    assert "Samples of one training" not in capsys.readouterr().out
    for asked in (record.strip, record.last_pictures, lambda: record.film(record.arms[0])):
        with pytest.raises(
            FileNotFoundError, match="the record of plane has no pictures: `gancourse experiment plane` draws them"
        ):
            asked()

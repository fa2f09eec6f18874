"""The command ``gancourse experiment``: what it lists, how it ends, what it says to go on."""

import json
import shutil
import signal
from dataclasses import replace

import pytest

from gancourse.classroom import cli
from gancourse.experiments import command, pool, recorded, records, runner
from tests.experiment_in_the_plane import EXPERIMENT, Plane

SMALL = replace(EXPERIMENT, full={**EXPERIMENT.full, "steps": 20})


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course whose one experiment is the plane, trained in this process; the folder of its records."""
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    monkeypatch.setattr(recorded, "NAMES", ("plane",))
    monkeypatch.setattr(recorded, "get", lambda name: SMALL)
    monkeypatch.setattr(records, "place", lambda name: tmp_path / "records" / f"{name}.json")

    def start(self, job):
        place = runner.folder(SMALL, self.size)
        place.mkdir(parents=True, exist_ok=True)
        stage = Plane(SMALL.size(), place)
        runner.baselines(stage, place) if job is None else runner.train(SMALL, stage, job, self.size, place)

    monkeypatch.setattr(pool.Pool, "start", start)
    return tmp_path / "records"


def test_run_writes_the_record_and_the_list_says_fresh(course, capsys):
    assert command.main() == 0
    assert "missing" in capsys.readouterr().out
    assert command.main("plane") == 0
    assert json.loads((course / "plane.json").read_text())["seeds"] == [0, 1]
    capsys.readouterr()
    command.main()
    line = capsys.readouterr().out.splitlines()[1].split()
    assert line[:2] == ["plane", "fresh"]
    assert line[-1] == "kB"
    assert command.main("plane", verify=True) == 0
    assert "plane: as recorded" in capsys.readouterr().out


def test_some_seeds_make_a_partial_record(course, capsys):
    assert command.main("plane", seeds=[0]) == 0
    assert "1 of 2 seeds" in capsys.readouterr().out
    command.main()
    assert "partial (1 of 2 seeds; 2 of 4 trainings done)" in capsys.readouterr().out


def test_a_part_takes_no_whole_record_s_place(course, capsys):
    command.main("plane")
    before = (course / "plane.json").read_bytes(), (course / "plane.png").read_bytes()
    shutil.rmtree(runner.folder(SMALL))  # a clone has the record and no trainings
    said = (
        "the record of plane has the seeds 0, 1, and the trainings of 0 are not here.* plane --verify` looks .*leave --seeds out"
    )
    with pytest.raises(ValueError, match=said):
        command.main("plane", seeds=[1])
    assert not runner.folder(SMALL).exists()
    assert ((course / "plane.json").read_bytes(), (course / "plane.png").read_bytes()) == before
    assert command.main("plane") == 0
    assert command.main("plane", seeds=[1]) == 0  # all trainings are here
    assert json.loads((course / "plane.json").read_text())["seeds"] == [0, 1]


def test_a_whole_record_stays_where_other_code_left_a_part(course, monkeypatch):
    command.main("plane")
    game = Plane.game
    monkeypatch.setattr(Plane, "game", lambda self, arm, seed: game(self, arm, seed + 1))
    with pytest.warns(UserWarning, match="older-1"), pytest.raises(ValueError, match="trainings of 0 are not here"):
        command.main("plane", seeds=[1])
    assert json.loads((course / "plane.json").read_text())["seeds"] == [0, 1]


def test_a_record_of_other_settings_may_become_a_part(course, monkeypatch):
    command.main("plane")
    changed = replace(SMALL, fit={"lr": 3e-2})
    monkeypatch.setattr(recorded, "get", lambda name: changed)
    monkeypatch.setattr(runner, "folder", lambda *_: course.parent / "other")

    def start(self, job):
        stage = Plane(changed.size(), course)
        runner.baselines(stage, runner.folder()) if job is None else runner.train(changed, stage, job, self.size)

    monkeypatch.setattr(pool.Pool, "start", start)
    assert command.main("plane", seeds=[1]) == 0
    record = records.read(course / "plane.json")
    assert record.seeds == [1] and record.picture is None  # the strip is of the first seed, and the old one is gone


def test_ctrl_c_says_how_to_go_on(course, capsys, monkeypatch):
    monkeypatch.setattr(pool.time, "sleep", lambda _: signal.raise_signal(signal.SIGINT))
    assert command.main("plane", seeds=[0, 1], jobs=2) == 130
    assert "`gancourse experiment plane --seeds 0 1 --jobs 2` goes on" in capsys.readouterr().err
    assert not (course / "plane.json").exists()


def test_verify_finds_other_behaviour(course, capsys, monkeypatch):
    command.main("plane")

    class Elsewhere(Plane):
        def game(self, arm, seed):
            return super().game(arm, seed + 1)

    monkeypatch.setattr(recorded, "get", lambda name: replace(SMALL, stage=Elsewhere))
    assert command.main("plane", verify=True) == 1
    assert "loss at step 1" in capsys.readouterr().out


def test_verify_of_a_missing_record_says_so(course, capsys):
    assert command.main(verify=True) == 1
    assert "plane: not recorded" in capsys.readouterr().out


def test_verify_looks_at_all_though_one_cannot_be_looked_at(course, capsys, monkeypatch):
    command.main("plane")
    capsys.readouterr()
    monkeypatch.setattr(recorded, "NAMES", ("broken", "plane"))

    def get(name):
        if name == "broken":
            raise ImportError("no module torchvision")
        return SMALL

    monkeypatch.setattr(recorded, "get", get)
    assert command.main(verify=True) == 1
    assert capsys.readouterr().out.splitlines() == ["broken: not verified (no module torchvision)", "plane: as recorded"]
    with pytest.raises(ImportError):
        command.main("broken", verify=True)


def test_the_command_line_reaches_it(course, capsys):
    assert cli.main(["experiment"]) == 0
    assert "plane" in capsys.readouterr().out
    assert cli.main(["experiment", "plane", "--seeds", "1"]) == 0


def test_a_seed_that_is_none_of_the_experiment_is_refused_before_anything_is_made(course, capsys, tmp_path):
    with pytest.raises(ValueError, match="plane has the seeds 0, 1, not 77"):
        command.main("plane", seeds=[0, 77])
    assert capsys.readouterr().err == "" and not (tmp_path / "cache").exists() and not course.exists()

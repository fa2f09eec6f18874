import numpy as np
import pytest
import torch

from gancourse import data, experiments, zoo
from gancourse.experiments import progressive
from gancourse.gans.progressive import Schedule
from gancourse.losses import penalties


@pytest.mark.parametrize("steps", [9, 10, 11, 100, 1234, 13_700])
def test_the_recipe_takes_the_steps_that_are_asked_for(steps):
    found = progressive.asked_for(steps)
    assert found.steps == steps and min(stable for _, stable in found.lengths()) >= 1
    assert progressive.asked_for(None) == progressive.TIMETABLE


@pytest.mark.parametrize("steps", [1, 5, 8])
def test_fewer_steps_than_parts_are_refused(steps):
    with pytest.raises(ValueError, match=f"growing to 64 px takes 9 steps at least, one for each part, not {steps}"):
        progressive.asked_for(steps)


def test_a_shorter_timetable_keeps_its_proportions():
    full = progressive.TIMETABLE
    assert progressive.timetable() == progressive.timetable(full.steps) == full
    half = progressive.timetable(full.steps // 2)
    assert half.steps == pytest.approx(full.steps / 2, abs=5)
    assert half.stable[4] == full.stable[4] // 2 and half.fade[0] == 0
    tiny = progressive.timetable(1)
    assert tiny.steps == 9 and [tiny.at(step)[0] for step in range(9)] == [0, 1, 1, 2, 2, 3, 3, 4, 4]  # every level is seen
    with pytest.raises(ValueError, match="steps"):
        progressive.timetable(0)


def test_the_penalty_follows_the_side():
    torch.manual_seed(0)
    weights = torch.randn(3, 32, 32)

    def judge(x):
        return (x * weights[:, : x.shape[2], : x.shape[3]]).flatten(1).sum(1)

    penalty = progressive.SideR1(2.0, 32, every=16)
    assert penalty.every == 16
    for side in (4, 32):
        x = torch.zeros(2, 3, side, side)
        expected = penalties.r1(2.0 * side / 32)(judge, x, x)
        assert torch.allclose(penalty(judge, x, x), expected) and expected > 0


def test_players_are_in_the_configuration_of_the_paper():
    before = torch.get_rng_state()
    game = progressive.game(Schedule(2, 1, 1), size=16, seed=1)
    assert torch.equal(before, torch.get_rng_state())
    generator, discriminator = game.generator, game.discriminator
    assert generator.widths == discriminator.widths == list(progressive.WIDTHS[:3])
    assert generator.norm and discriminator.spread.group_size == 4
    assert generator.conv.weight.std().item() == pytest.approx(1.0, abs=0.05)  # equalised: N(0, 1), and c at run time
    plain = progressive.players(16, seed=1, equalised=False)[0]
    assert plain.conv.weight.std().item() == pytest.approx(generator.conv.scale, rel=0.05)
    assert game.objective.name == "relativistic"


def test_the_recipe_trains_measures_and_loads_again(monkeypatch, tmp_path):
    faces = data.faces(32, 40, progress=False)
    monkeypatch.setattr(progressive, "SIZE", 32)
    monkeypatch.setattr(progressive, "TIMETABLE", Schedule(3, (0, 4, 4, 4), (4, 4, 4, 4)))
    monkeypatch.setattr(progressive, "WIDTHS", (8, 8, 8, 8))
    monkeypatch.setattr(progressive, "BATCH_SIZE", 4)
    monkeypatch.setattr(progressive, "CURVE_EVERY", 4)
    monkeypatch.setattr(progressive.data, "faces", lambda size, n, progress: faces)
    measured = {"name": "Frechet distance", "value": 1.0, "floor": 0.1, "protocol": "x"}
    monkeypatch.setattr(experiments, "measure", lambda run, images: measured)
    run, card = experiments.train("progan64", steps=7, progress=False)
    assert run.step == 7 and run.generator.level == 3 and run.sample(2).shape == (2, 3, 32, 32)
    assert [point[0] for point in card["curve"]] == [0, 16] and all(distance > 0 for _, distance in card["curve"])
    path = zoo.save(tmp_path / "small.safetensors", run.generator, card)
    again = zoo.load(path)
    apart = (again.sample(2, seed=3) - run.sample(2, seed=3).clamp(-1, 1)).abs()
    assert apart.mean() < 0.01  # stored in half precision, which pixel normalisation enlarges here and there
    assert again.card["training"]["arguments"]["stable"] == [1, 1, 1, 1]


def test_the_first_step_of_adam_sees_no_size_of_a_weight():
    ordinary, equalised = (progressive.first_steps(equal, seed=1, lr=1e-3) for equal in (False, True))
    assert ordinary.shape == equalised.shape and (ordinary[:, :2] == equalised[:, :2]).all()
    c, weights, moved = ordinary.T
    large = weights >= 1000
    assert moved[large] == pytest.approx(1e-3 / c[large], rel=0.1)
    assert equalised[large, 2] == pytest.approx(1e-3, rel=0.1)
    with pytest.raises(ValueError, match="lr"):
        progressive.first_steps(True, lr=0)


def test_only_layers_in_use_at_64_px_have_a_first_step():
    found = progressive.first_steps(True)
    assert np.isfinite(found).all() and (found[:, 2] > 0).all()
    everything = [p for player in progressive.players() for name, p in player.named_parameters() if name.endswith("weight")]
    assert len(everything) - len(found) == 8  # four colour layers of smaller sides in each player

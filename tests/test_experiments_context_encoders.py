"""Fillings, their judges, and what noise makes of squared error."""

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from gancourse.experiments import context_encoders, records, runner
from gancourse.experiments.records import Record
from gancourse.metrics.pairs import gradient_energy


@pytest.fixture(scope="module")
def nulls(stages):
    stage = stages("context_encoders")
    return {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}


def test_the_judges_tell_the_truth_from_blur_noise_and_others(nulls):
    truth = nulls["truth"]
    assert (truth["psnr"], truth["l1"], truth["sharpness"]) == (math.inf, 0, pytest.approx(1))
    assert nulls["blurred truth"]["sharpness"] < 0.8 < 1.2 < nulls["truth with noise of 0.2"]["sharpness"]
    damaged = ("noise", "untrained", "mean face")  # of so few faces the truth itself is far from others
    assert all(nulls[name]["frechet"] > 1.5 * truth["frechet"] for name in damaged)
    assert all(nulls[name]["swd_16"] > 1.3 * truth["swd_16"] for name in (*damaged, "blurred truth"))


def test_the_mean_of_several_neighbours_is_nearer_and_softer_than_one(nulls):
    one, ten = nulls["nearest neighbour"], nulls["mean of 10 neighbours"]
    assert one["psnr"] < ten["psnr"] and one["sharpness"] > ten["sharpness"]


def test_the_nearest_neighbour_of_a_known_face_is_itself(stages):
    stage = stages("context_encoders")
    known = SimpleNamespace(faces=stage.faces, hole=stage.hole, true=context_encoders.to_float(stage.faces.images[:3]))
    assert torch.equal(context_encoders.Fillings.neighbours(known)["nearest neighbour"], known.true)


def test_arms_begin_alike_and_differ_in_the_weight_alone(stages):
    stage = stages("context_encoders")
    games = [stage.game(arm, 3)[0] for arm in context_encoders.ARMS.values()]
    assert [game.adversarial for game in games] == [0, 0.001, 0.02]
    assert all(game.adversarial + game.reconstruction == 1 for game in games)
    for game in games[1:]:
        for player in ("generator", "discriminator"):
            pairs = zip(getattr(game, player).parameters(), getattr(games[0], player).parameters(), strict=True)
            assert all(torch.equal(a, b) for a, b in pairs)


def test_noise_is_measured_at_the_end_of_squared_error_alone(stages):
    stage = stages("context_encoders")
    for name, arm in context_encoders.ARMS.items():
        game = stage.game(arm, 0)[0]
        for final in (False, True):
            found = stage.judged(stage.drawn(SimpleNamespace(gan=game, generator=game.generator), final))
            measured = {score for score, value in found.items() if not math.isnan(value)}
            assert measured == {*context_encoders.FILLS, *(context_encoders.NOISY if final and name == "L2" else ())}


def test_noise_stays_in_the_hole_and_has_the_energy_asked_for(stages):
    stage = stages("context_encoders")
    grey = stage.put(torch.zeros_like(stage.true))
    rough = stage.roughened(grey, 0.6)
    outside = (1 - stage.hole).expand_as(rough).bool()
    assert torch.equal(rough[outside], stage.true[outside])
    assert gradient_energy(context_encoders.middle(rough)).mean().item() == pytest.approx(0.6 * stage.energy, rel=0.01)


def record(sharpness, distance, noisy):
    """A record of one seed, with the arms L2 and joint."""
    levels = {f"frechet_noisy_{round(100 * level)}": value for level, value in zip(context_encoders.LEVELS, noisy, strict=True)}
    rows = {
        "L2": {"sharpness": sharpness[0], "frechet": distance[0]} | levels,
        "joint": {"sharpness": sharpness[1], "frechet": distance[1]} | dict.fromkeys(levels, math.nan),
    }
    return Record({"name": "made up", "seeds": [0], "arms": {name: [{"scores": row}] for name, row in rows.items()}})


def test_noise_as_sharp_lies_between_the_levels_measured():
    noisy = (8.0, 6.0, 4.0, 3.0, 9.0)  # at 0.4, 0.6, 0.8, 1.0, 1.3
    half_way = record((0.5, 0.7), (7.0, 2.0), noisy)
    assert context_encoders.noise_as_sharp(half_way, "joint") == pytest.approx([5.0])
    near = record((0.5, 0.55), (7.0, 2.0), noisy)
    assert context_encoders.noise_as_sharp(near, "joint") == pytest.approx([6.5]), "from squared error as it is"
    softer = record((0.5, 0.3), (7.0, 2.0), noisy)
    assert context_encoders.noise_as_sharp(softer, "joint") == pytest.approx([7.0]), "no noise makes it softer"
    sharpest = record((1.5, 2.0), (7.0, 2.0), noisy)
    assert context_encoders.noise_as_sharp(sharpest, "joint") == pytest.approx([7.0])


def test_the_rival_is_the_better_of_squared_error_with_and_without_noise():
    helped, hurt = record((0.5, 0.8), (7.0, 2.0), (8, 6, 4, 3, 9)), record((0.9, 1.3), (2.5, 2.0), (8, 6, 4, 3, 9))
    assert context_encoders.rivals(helped, "joint") == pytest.approx([4.0])
    assert context_encoders.rivals(hurt, "joint") == pytest.approx([2.5])
    assert np.isfinite(context_encoders.rivals(hurt, "L2")).all()


@pytest.fixture(scope="module")
def shipped():
    return records.load("context_encoders")


def test_what_is_compared_has_itself_as_a_null(shipped):
    found = context_encoders.over_rival(shipped, context_encoders.LARGER)
    assert len(found.ours) == len(shipped.seeds) and max(found.ours) < min(found.nulls["L2_itself"]) == 1
    assert context_encoders.over_rival(shipped, "L2").ours == found.nulls["L2_itself"]
    assert found.nulls["mean_of_ten_neighbours"] > found.nulls["nearest_neighbour"] > 1 > found.ceilings["truth"]
    assert list(found.ceilings) == ["truth"], "nothing that is worse than the rival is called the best to be had"


def test_beside_the_neighbour_decibels_are_subtracted_and_errors_divided(shipped):
    for score, nothing in (("psnr", 0), ("l1", 1)):
        found = context_encoders.beside_neighbour(shipped, context_encoders.PAPERS, score)
        known, own = shipped.baseline(score), shipped.final(score)[context_encoders.PAPERS]
        one = known["nearest neighbour"]
        assert found.ours == pytest.approx(own - one if score == "psnr" else own / one)
        assert found.nulls["the_neighbour_itself"] == nothing and not found.ceilings
    assert found.nulls["best_mean_of_several"] == pytest.approx(known["mean of 3 neighbours"] / one), "the least L1"


def test_the_damage_is_counted_in_least_damages(shipped):
    known = shipped.baseline("frechet")
    found = context_encoders.damage(shipped)
    assert len(found) == 5 and found[0] == pytest.approx(known["other faces"] / known["truth"] / 2)


def test_the_six_pictures_stand_in_labelled_rows_above_their_truth(shipped):
    pictures, rows = context_encoders.six(shipped)
    assert rows == ["given", "L2", "joint", "joint, 0.02", "truth"] and len(pictures) == 6 * len(rows)
    *filled, truth = pictures.unflatten(0, (len(rows), 6))[1:].float()
    edge = truth[:, :, :4]
    assert all((row[:, :, :4] - edge).abs().mean() < 8 < (row[:, :, :4].roll(1, 0) - edge).abs().mean() for row in filled)


def test_the_curves_beside_squared_error_are_a_picture(shipped):
    picture = context_encoders.beside_l2(shipped)
    assert picture.width > 2 * picture.height

"""Six losses: nothing but the loss differs, and what is no face is far from faces."""

import torch

from gancourse.experiments import runner, six_losses
from gancourse.experiments.six_losses import EXPERIMENT


def test_arms_differ_in_the_loss_alone(stages):
    stage = stages("six_losses")
    games = [stage.game(arm, 1)[0] for arm in EXPERIMENT.arms.values()]
    assert [game.objective.name for game in games] == [*six_losses.NAMES, "wasserstein"]
    first = [*games[0].generator.state_dict().values(), *games[0].discriminator.state_dict().values()]
    for game in games[1:]:
        again = [*game.generator.state_dict().values(), *game.discriminator.state_dict().values()]
        assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True)) and game.penalty == games[0].penalty


def test_one_arm_more_is_wassersteins_with_the_rate_of_the_five_others():
    entrants, one = dict(EXPERIMENT.arms), EXPERIMENT.arms[six_losses.ONE_RATE]
    del entrants[six_losses.ONE_RATE]
    others = {arm["fit"]["lr"] for name, arm in entrants.items() if name != "wasserstein"}
    assert others == {one["fit"]["lr"]} and one["loss"] == "wasserstein" and entrants["wasserstein"]["fit"] != one["fit"]


def test_the_distance_orders_what_is_known(stages):
    stage = stages("six_losses")
    rows = {name: runner.scores(stage, sample)["frechet"] for name, sample in stage.nulls().items()}
    assert all(
        value > 2 * rows["unseen faces"] for name, value in rows.items() if name not in ("unseen faces", "two faces, averaged")
    )


def test_worthless_pictures_have_the_shape_of_faces_and_stay_in_range(stages):
    faces = stages("six_losses").unseen.images
    made = six_losses.worthless(faces)
    assert all(x.shape == faces.shape and x.abs().max() <= 1 for x in made.values())
    shuffled = made["pixels shuffled"].flatten(2).sort(2).values
    assert torch.allclose(shuffled, made["unseen faces"].flatten(2).sort(2).values)
    assert made["mean face"].std(0).max() < 1e-6

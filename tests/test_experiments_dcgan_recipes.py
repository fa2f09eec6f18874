"""Two recipes for equal seconds: the players are those of the recipes, narrower, and a curve is read at one time."""

import numpy as np

from gancourse.experiments import recipe
from gancourse.experiments.dcgan_recipes import EXPERIMENT, NEW, OLD, TUNED, after
from gancourse.models import convnet, dcgan


def test_each_arm_plays_its_recipe(stages):
    stage = stages("dcgan_recipes")
    for arm, family in ((OLD, dcgan), (NEW, convnet)):
        game, _ = stage.game(EXPERIMENT.arms[arm], 0)
        chosen = recipe(EXPERIMENT.arms[arm]["recipe"])
        assert isinstance(game.generator, family.Generator) and isinstance(game.discriminator, family.Discriminator)
        assert game.objective.name == chosen.objective and (game.penalty is None) == (chosen.r1_gamma is None)
        settings = EXPERIMENT.fit_settings(arm)
        assert settings["lr"] == chosen.settings["lr"] and tuple(settings["betas"]) == chosen.settings["betas"]


def test_the_tuned_recipe_differs_by_rate_and_average():
    old, tuned = (EXPERIMENT.arms[arm] for arm in (OLD, TUNED))
    assert {**tuned, "fit": None} == {**old, "fit": None}
    assert tuned["fit"] == {**old["fit"], "lr": 5e-4, "ema": EXPERIMENT.arms[NEW]["fit"]["ema"]}


def test_a_curve_is_read_between_its_points():
    curve = np.array([0.0, 2.0, 4.0]), np.array([[10.0, 6.0, 4.0], [20.0, 10.0, 0.0]])
    assert after(curve, 3.0).tolist() == [5.0, 5.0]
    assert after(curve, 99.0).tolist() == [4.0, 0.0]

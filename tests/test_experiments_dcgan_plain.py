"""A plain DCGAN beside the live recipe: the record plays its recipe, for as many steps as cost the same."""

import torch
from torch import nn

from gancourse import experiments
from gancourse.experiments import dcgan_live, runner
from gancourse.experiments.dcgan_plain import EXPERIMENT, RECIPE
from gancourse.models import dcgan


def test_the_record_plays_the_recipe(stages):
    game, batches = stages("dcgan_plain").game({}, 0)
    chosen = experiments.recipe(RECIPE)
    assert isinstance(game.generator, dcgan.Generator) and isinstance(game.discriminator, dcgan.Discriminator)
    for player in (game.generator, game.discriminator):
        assert any(isinstance(layer, nn.BatchNorm2d) for layer in player.modules())
    assert game.objective.name == chosen.objective and game.penalty is None
    assert next(batches).shape == (8, 3, 32, 32)
    size, settings = EXPERIMENT.size(), EXPERIMENT.fit_settings(RECIPE)
    assert (size["batch_size"], size["n"]) == (chosen.batch_size, chosen.n)
    assert all(settings[key] == value for key, value in experiments.listed(chosen.settings).items())


def test_faces_and_judge_are_the_live_recipes():
    ours, theirs = EXPERIMENT.size(), dcgan_live.EXPERIMENT.size()
    assert all(ours[key] == theirs[key] for key in ("n", "unseen", "samples", "final_samples", "shown"))
    assert EXPERIMENT.fit["precision"] == dcgan_live.EXPERIMENT.fit["precision"]


def test_the_judge_counts_what_has_period_two(stages):
    stage = stages("dcgan_plain")
    rows = {name: runner.scores(stage, sample)["period_two"] for name, sample in stage.nulls().items()}
    assert rows["blurred faces"] < rows["training faces"] < 0.02 < rows["noise: marginal"]
    board = torch.ones(80, 3, 32, 32) * (-1.0) ** torch.arange(32)
    assert stage.judged(board)["period_two"] > 0.999

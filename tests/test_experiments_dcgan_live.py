"""Faces while a class waits: the record plays the recipe, and its judge sees what is no face."""

import types

import numpy as np
import torch

from gancourse import experiments
from gancourse.experiments import runner
from gancourse.experiments.dcgan_live import EXPERIMENT, RECIPE, seconds
from gancourse.models import convnet, subpixel


def test_the_record_plays_the_recipe(stages):
    game, batches = stages("dcgan_live").game({}, 0)
    chosen = experiments.recipe(RECIPE)
    assert isinstance(game.generator, subpixel.Generator) and isinstance(game.discriminator, convnet.Discriminator)
    assert game.objective.name == chosen.objective and game.penalty is not None
    assert next(batches).shape == (8, 3, 32, 32)
    size = EXPERIMENT.size()
    assert (size["steps"], size["batch_size"], size["n"]) == (chosen.steps, chosen.batch_size, chosen.n)
    settings = EXPERIMENT.fit_settings(RECIPE)
    assert all(settings[key] == value for key, value in experiments.listed(chosen.settings).items())


def test_the_judge_sees_what_is_no_face_and_that_the_shipped_network_is_near(stages):
    stage = stages("dcgan_live")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    for name in ("blurred faces", "mean face", "noise: marginal", "untrained"):
        for score in ("frechet", "frechet_card"):
            assert rows[name][score] > 1.3 * rows["faces32, shipped"][score] > rows["training faces"][score], (name, score)


def test_seconds_leave_the_judge_out():
    curves = {"seconds": np.array([[2.0, 12.0, 24.0]]), "measuring": np.array([[1.0, 2.0, 2.0]])}
    content = {"arms": {RECIPE: [{}]}}  # trained on the processor
    record = types.SimpleNamespace(curve=lambda name: {RECIPE: (np.arange(3), curves[name])}, content=content)
    assert seconds(record).tolist() == [2.0, 11.0, 21.0]


def test_a_sample_of_the_judged_size(stages):
    stage = stages("dcgan_live")
    run = types.SimpleNamespace(sample=lambda n, seed: torch.zeros(n, 3, 32, 32))
    assert len(stage.drawn(run)) == len(stage.drawn(run, final=True)) == 80 and len(stage.pictures(run)) == 3

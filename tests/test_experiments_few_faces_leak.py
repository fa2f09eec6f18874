"""The leaky arm on other seeds and for as long as the six arms beside which it is shown."""

import torch

from gancourse.data.images import to_float
from gancourse.experiments import few_faces, few_faces_long
from gancourse.experiments.few_faces_leak import ARM, EXPERIMENT
from gancourse.gans.augmented import AugmentedGAN


def test_the_data_alone_for_as_long_as_the_others_on_seeds_that_none_of_them_had():
    short, others = few_faces.EXPERIMENT, few_faces_long.EXPERIMENT
    assert EXPERIMENT.arms == {ARM: short.arms[ARM]} and ARM not in others.arms
    assert len(EXPERIMENT.seeds) >= 5 and not set(EXPERIMENT.seeds) & {*short.seeds, *others.seeds}
    assert (EXPERIMENT.full, EXPERIMENT.fit, EXPERIMENT.stage) == (others.full, others.fit, others.stage)
    assert (EXPERIMENT.ci["steps"], EXPERIMENT.ci["measure_every"]) == (20, 10)


def test_d_is_shown_changed_faces_and_plain_fakes(stages):
    stage = stages("few_faces_leak")
    game, batches = stage.game(EXPERIMENT.arms[ARM], 50)
    assert not isinstance(game, AugmentedGAN)
    plain = {tuple(x.flatten().tolist()) for x in to_float(stage.images)}
    assert not any(tuple(x.flatten().tolist()) in plain for x in next(batches))


def test_the_score_of_a_leak_is_that_of_the_short_run(stages):
    stage = stages("few_faces_leak")
    game, _ = stage.game(EXPERIMENT.arms[ARM], 50)
    found = stage.of_run(game, torch.zeros(20, 3, 16, 16))
    assert dict(zip(few_faces_long.SCORES, found, strict=True))["holes"] == 1

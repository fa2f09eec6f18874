"""The mapping's rate: both arms begin with one function, differ in nothing else, and what is measured of f is 1, 0 at step 0."""

import math
import operator

import pytest
import torch

from gancourse.experiments import mapping_rate, runner
from gancourse.experiments.mapping_rate import EXPERIMENT, FAST, SLOW
from gancourse.training import fit


def game_part(game, name):
    return operator.attrgetter(name)(game).parameters()


def test_arms_begin_with_the_same_function(stages):
    stage = stages("mapping_rate")
    slow, fast = (stage.game(EXPERIMENT.arms[arm], 1)[0] for arm in (SLOW, FAST))
    z = torch.randn(5, mapping_rate.DIM, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(slow.generator.mapping(z), fast.generator.mapping(z), atol=1e-5)
    for part in ("generator.synthesis", "discriminator"):
        pairs = zip(*(game_part(game, part) for game in (slow, fast)), strict=True)
        assert all(torch.equal(a, b) for a, b in pairs)
    assert slow.penalty == fast.penalty and slow.path is fast.path is None


def test_a_mapping_that_did_not_step_has_not_moved_and_a_faster_one_moves_farther(stages):
    stage, moved = stages("mapping_rate"), {}
    for arm in (SLOW, FAST):
        found = []
        hooks = [(3, lambda run, found=found: found.append(stage.judged(stage.drawn(run))))]
        fit(*stage.game(EXPERIMENT.arms[arm], 1), 3, hooks=hooks, progress=False)
        first, last = found
        assert (first["cosine"], first["moved"]) == (pytest.approx(1), 0)
        moved[arm] = last["moved"]
    assert moved[FAST] > 5 * moved[SLOW] > 0


def test_half_of_the_variance():
    w = torch.randn(4000, 8, generator=torch.Generator().manual_seed(0))
    assert mapping_rate.half_of_the_variance(w) == 4
    assert mapping_rate.half_of_the_variance(w * torch.tensor([9.0] + 7 * [1.0])) == 1


def test_the_distance_orders_what_is_known_and_pictures_have_no_mapping(stages):
    stage = stages("mapping_rate")
    scores = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    distances = [scores[name]["frechet"] for name in ("other real faces", "blurred", "noise")]
    assert distances == sorted(distances) and all(math.isnan(row["cosine"]) for row in scores.values())

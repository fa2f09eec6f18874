"""Other hundreds: each seed's faces are its own, and D is asked about those."""

import torch

from gancourse.experiments import few_faces_long
from gancourse.experiments.few_faces_hundreds import EXPERIMENT, SEEDS


def test_only_the_faces_and_the_seeds_differ_from_the_longer_run():
    before = few_faces_long.EXPERIMENT
    assert (EXPERIMENT.full, EXPERIMENT.fit) == (before.full, before.fit)
    assert all(EXPERIMENT.arms[arm] == before.arms[arm] for arm in EXPERIMENT.arms)
    assert not set(EXPERIMENT.seeds) & set(before.seeds)


def test_hundreds_are_disjoint_and_batches_hold_no_other_faces(stages):
    stage = stages("few_faces_hundreds")
    sets = [{tuple(face.flatten().tolist()) for face in stage.hundred(seed)} for seed in SEEDS]
    first = {tuple(face.flatten().tolist()) for face in stage.images[: stage.size["few"]]}
    assert all(not a & b for i, a in enumerate([first, *sets]) for b in sets[i:])
    for arm in EXPERIMENT.arms.values():
        _, batches = stage.game(arm, SEEDS[1])
        shown = ((next(batches) + 1) * 127.5).round().to(torch.uint8)
        assert {tuple(face.flatten().tolist()) for face in shown} <= sets[1]


def test_d_is_asked_about_the_faces_of_its_own_game(stages):
    stage = stages("few_faces_hundreds")
    game, _ = stage.game(EXPERIMENT.arms["100: none"], SEEDS[0])
    own = stage.hundred(SEEDS[0])
    seen = []
    game.discriminator.register_forward_pre_hook(lambda _, x: seen.append(x[0]))
    stage.of_d(game, torch.zeros(20, 3, 16, 16))
    assert torch.equal(((seen[0].cpu() + 1) * 127.5).round().to(torch.uint8), own)
    assert torch.equal(stage.known(game), own) and not torch.equal(stage.known(stage.players(0))[: len(own)], own)

"""Critics for longer: those of section 5 among them, and nothing else is other."""

import torch

from gancourse.experiments import wgan_critics, wgan_optimality, wgan_seeds, wgan_surface


def test_only_the_length_and_the_members_are_others():
    ours, theirs = wgan_optimality.EXPERIMENT, wgan_critics.EXPERIMENT
    assert ours.fit == theirs.fit and ours.arms == {"two-sided": theirs.arms["two-sided"]}
    assert {k for k, v in ours.full.items() if theirs.full.get(k) != v} == {"members", "known", "steps", "measure_every"}
    assert ours.full["steps"] == 4 * theirs.full["steps"]


def test_the_first_members_are_those_of_section_5_and_the_others_are_new(stages):
    stage = stages("wgan_optimality")
    game, _ = stage.game(wgan_optimality.EXPERIMENT.arms["two-sided"], 1)
    known, _ = stages("wgan_critics").game(wgan_critics.ARMS["two-sided"], 1)
    first = zip(game.discriminator.parameters(), known.discriminator.parameters(), strict=True)
    assert all(torch.equal(ours[0], theirs[0]) for ours, theirs in first)
    assert stage.seeds(1) == [100, 2100] and game.weight == 10 and not game.one_sided
    used = wgan_critics.EXPERIMENT.seeds + wgan_seeds.EXPERIMENT.seeds + wgan_surface.EXPERIMENT.seeds
    assert wgan_optimality.MORE not in used


def test_the_baseline_is_untrained(stages):
    (sample,) = stages("wgan_optimality").nulls().values()
    assert sample.shape == (2, len(wgan_critics.STATISTICS)) and (sample[:, 0].abs() < 0.2).all()

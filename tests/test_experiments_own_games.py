"""The games of the plans."""

from __future__ import annotations

import pytest
import torch

from gancourse.experiments.own.games import game, schedule
from gancourse.experiments.own.plans import FAMILIES, plan
from gancourse.gans.augmented import AugmentedGAN


@pytest.mark.parametrize("family", FAMILIES)
def test_a_round_of_every_family(family: str) -> None:
    """Both players get finite losses and gradients, of the pictures that the family takes."""
    before = torch.get_rng_state()
    chosen = plan(family, 32, 100, classes=3, batch_size=4)
    pictures = torch.rand(4, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    made = game(chosen, 40, seed=1, examples=pictures)
    assert torch.equal(torch.get_rng_state(), before)
    assert made.objective.name == chosen.objective  # what page and card say
    labels = {"biggan": torch.tensor([0, 1, 2, 0]), "pix2pix": pictures.flip(3), "cyclegan": pictures.flip(3)}.get(family)
    batch = made.play(pictures, torch.Generator().manual_seed(0), labels=labels, step=39)
    for loss, player in ((made.discriminator_loss, made.discriminator), (made.generator_loss, made.generator)):
        value = loss(batch)
        assert torch.isfinite(value)
        gradients = torch.autograd.grad(value, [p for p in player.parameters() if p.requires_grad], allow_unused=True)
        assert any(g is not None and g.abs().max() > 0 for g in gradients)


def test_the_first_weights_depend_on_the_seed_alone() -> None:
    chosen = plan("dcgan", 16, 100)
    weights = [next(game(chosen, 10, seed).generator.parameters()) for seed in (1, 1, 2)]
    assert torch.equal(weights[0], weights[1]) and not torch.equal(weights[0], weights[2])


def test_augmentation_is_what_the_plan_says() -> None:
    few, more, many = (game(plan("stylegan2", 8, n), 10) for n in (100, 5_000, 100_000))
    assert isinstance(few, AugmentedGAN) and few.control is None and few.p == 1
    assert isinstance(more, AugmentedGAN) and more.control is not None and more.p == 0
    assert not isinstance(many, AugmentedGAN)


@pytest.mark.parametrize("steps", [9, 10, 100, 12_345])
def test_a_timetable_takes_the_steps_that_are_asked_for(steps: int) -> None:
    found = schedule(4, steps)
    assert found.steps == steps and found.at(steps)[0] == 4
    lengths = [sum(pair) for pair in found.lengths()]
    assert min(lengths) >= 1 and lengths[-1] == max(lengths)


def test_too_few_steps_to_grow() -> None:
    with pytest.raises(ValueError, match="growing to 64 px takes 9 steps at least, one for each part, not 8"):
        schedule(4, 8)

"""The generator that has never seen a 2: its recipe trains, its card ships, and what ships draws none."""

import torch

from gancourse import experiments, zoo
from gancourse.experiments import unseen_digit as recipe
from gancourse.metrics.digits import digit_judge


def test_recipe_trains_and_its_card_ships(tmp_path, monkeypatch):
    for name, value in {"BATCH_SIZE": 4, "SAMPLES": 8}.items():
        monkeypatch.setattr(recipe, name, value)
    run, card = experiments.train("digits32_but_2", steps=2, progress=False)
    path = zoo.save(tmp_path / "digits32_but_2.safetensors", run.generator, card)
    assert zoo.load(path).sample(3, seed=0).shape == (3, 1, 32, 32)
    assert card["data"]["arguments"]["without"] == 2


def test_no_two_is_in_the_training_set():
    batches = experiments.describe("digits32_but_2", 1, 0, False).batches
    assert len(batches._x) == 3600


def test_what_ships_draws_digits_and_hardly_a_two():
    digits, accepted = digit_judge().read(zoo.load("digits32_but_2").sample(300, seed=7))
    assert accepted.float().mean() > 0.75
    counts = torch.bincount(digits[accepted], minlength=10)
    assert counts[recipe.UNSEEN] < 9 and counts[torch.arange(10) != recipe.UNSEEN].min() > 5

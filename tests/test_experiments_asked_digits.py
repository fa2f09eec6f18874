"""Digits as asked: the arms differ in the label's way alone, and the marks tell the obedient from the varied."""

import math

import pytest
import torch

from gancourse import data
from gancourse.experiments import asked_digits, runner
from gancourse.experiments.asked_digits import EXPERIMENT, SHOWN, SIDE, WAYS
from gancourse.models.conditional import AuxiliaryDiscriminator, ConcatDiscriminator, ProjectionDiscriminator
from gancourse.training import fit


def test_the_arms_share_the_generator_and_begin_undecided():
    games = {way: asked_digits.game(way, 1) for way in WAYS}
    kinds = (ConcatDiscriminator, AuxiliaryDiscriminator, ProjectionDiscriminator)
    assert all(isinstance(games[way].discriminator, kind) for way, kind in zip(WAYS, kinds, strict=True))
    first, *others = ([p for p in game.generator.parameters()] for game in games.values())
    for other in others:
        assert all(torch.equal(a, b) for a, b in zip(first, other, strict=True))
    x = torch.rand(200, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) * 2 - 1
    for way, game in games.items():
        told = game.discriminator(x) if way == "AC-GAN" else game.discriminator(x, torch.arange(200) % 10)
        assert (told[0] if way == "AC-GAN" else told).std() < 0.02, way  # PyTorch's own last layer: about 0.06
    with pytest.raises(ValueError, match="unknown way 'hints'"):
        asked_digits.game("hints", 0)


def test_marks_tell_real_digits_from_shuffled_wishes_and_from_one_digit_each(stages):
    stage = stages("asked_digits")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    real, shuffled = rows["real digits"], rows["real digits, wishes shuffled"]
    assert real["asked"] > 0.9 > 0.2 > shuffled["asked"]
    assert real["distance"] == pytest.approx(shuffled["distance"]) and real["within"] < 0.2 * shuffled["within"]
    assert real["variety"] < 1.3 and shuffled["variety"] > 1.7
    assert rows["untrained"]["within"] > shuffled["within"]
    one_each = torch.cat([stage.images.images[stage.images.labels == digit][:1] for digit in range(10)])
    same = runner.scores(stage, stage._asked(data.to_float(one_each).repeat(100, 1, 1, 1), torch.arange(1000) % 10))
    assert same["asked"] > 0.9 and same["variety"] < 0.01 and same["of_those_as_asked"] < 0.01


def test_of_those_as_asked_leaves_out_what_is_read_as_another_digit(stages):
    stage = stages("asked_digits")
    pictures, labels = data.to_float(stage.images.images[:1000]), stage.images.labels[:1000]
    half = torch.arange(1000) % 2 == 0
    wishes = torch.where(half, labels, (labels + 1) % 10)  # every second picture answers another wish
    found = runner.scores(stage, stage._asked(pictures, wishes))
    assert found["asked"] == pytest.approx(0.5, abs=0.05)
    assert found["variety"] > 1.2 and found["of_those_as_asked"] == pytest.approx(1, abs=0.15)


def test_no_digit_as_asked_has_no_variety(stages):
    stage = stages("asked_digits")
    pictures = data.to_float(stage.images.images[:1000])
    read = stage.judge.predict(pictures)[:, 0]
    found = runner.scores(stage, stage._asked(pictures, (read + 1) % 10))
    assert found["asked"] == 0 and math.isnan(found["of_those_as_asked"])


def test_what_is_drawn_was_asked_for(stages):
    stage = stages("asked_digits")
    run = fit(*stage.game(EXPERIMENT.arms["projection"], 0), 1, progress=False)
    sample = stage.drawn(run)
    assert sample.shape == (1000, SIDE * SIDE + 1) and torch.equal(sample[:, -1], torch.arange(1000.0) % 10)
    assert stage.pictures(run).shape == (10 * SHOWN, 1, SIDE, SIDE)

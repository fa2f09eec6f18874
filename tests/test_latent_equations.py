"""The pictures of a - b + c, their controls, and the counts."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from gancourse import latent
from gancourse.latent.equations import SumsOfParts

NAMES = {"hair": ("short", "long"), "glasses": ("no", "yes")}
GROUPS = {"hair": "short", "glasses": "yes"}, {"hair": "short", "glasses": "no"}, {"hair": "long", "glasses": "no"}
TARGET = {"hair": "long", "glasses": "yes"}


def generator(z):
    """A picture of one row: z itself, so that its signs are the attributes."""
    return z[:, None, None, :]


class Signs:
    """Reads two attributes off the signs of a picture's first two values."""

    attribute_names = NAMES

    def predict(self, images):
        return (images[:, 0, 0, :2] > 0).long()


def mean(hair, glasses, n=4):
    return torch.tensor([hair, glasses, 0.5, -0.5]).repeat(n, 1)


def test_the_ways_are_what_they_are_called():
    a, b, c = mean(-0.6, 0.3), mean(-0.6, -0.3), mean(0.6, -0.3)
    sums = latent.draw_sums(generator, (a, b, c), seed=0)
    pictures = {how: images[:, 0, 0] for how, images in sums.images.items()}
    assert torch.equal(pictures["as it is"], a - b + c) and torch.equal(pictures["third term"], c)
    torch.testing.assert_close(pictures["stretched"], latent.to_shell(a - b + c))
    assert torch.equal(pictures["in pixels"], (a - b + c).clamp(-1, 1))
    torch.testing.assert_close((pictures["astray"] - c).norm(dim=1), (a - b).norm(dim=1))
    assert not torch.equal(pictures["astray"], latent.draw_sums(generator, (a, b, c), seed=1).images["astray"][:, 0, 0])
    assert sums.length == pytest.approx(float((a - b + c)[0].norm()))


def test_the_sum_in_pixels_stays_in_the_range_of_a_picture():
    sums = latent.draw_sums(generator, (mean(-0.9, 0.9), mean(-0.9, -0.9), mean(0.9, -0.1)), seed=0)
    assert sums.images["in pixels"].abs().max() <= 1 < sums.images["as it is"].abs().max()


def test_successes_are_counted_among_valid_triples_and_among_all():
    a, b, c = mean(-0.6, 0.3), mean(-0.6, -0.3), mean(0.6, -0.3)
    a[0, 1] = -0.1  # the first mean of glasses shows none: this triple is not valid, nor a success
    a[1, 1] = 0.05
    b[1, 1] = -0.05  # valid, and too small a step
    counted = latent.draw_sums(generator, (a, b, c), seed=0)
    assert counted.valid(Signs(), GROUPS).tolist() == [False, True, True, True]
    shares = counted.count(Signs(), GROUPS, TARGET)
    assert shares["valid"] == 0.75 and shares["third term"] == 0
    assert shares["as it is"] == pytest.approx(2 / 3) and shares["as it is, all"] == 0.5


def test_of_no_valid_triple_there_is_no_share():
    """0 of 0 is no failure: the pictures of the terms do not say what they stand for, so nothing was asked."""
    a, b, c = mean(-0.6, -0.3), mean(-0.6, -0.9), mean(0.6, -0.3)
    shares = latent.draw_sums(generator, (a, b, c), seed=0).count(Signs(), GROUPS, TARGET)
    assert shares["valid"] == 0 and math.isnan(shares["as it is"]) and shares["as it is, all"] == 1


def test_parts_without_a_valid_triple_are_left_out_of_the_mean():
    found = SumsOfParts(latent.equation("glasses", "hair", "short", "long"), (), ({"x": 0.5}, {"x": math.nan}, {"x": 0.25}))
    assert found.share("x") == 0.375
    assert math.isnan(replace(found, counts=({"x": math.nan},)).share("x"))


def test_means_of_other_shapes_are_refused():
    with pytest.raises(ValueError, match="of one shape"):
        latent.draw_sums(generator, (mean(0, 0), mean(0, 0), mean(0, 0, n=3)), seed=0)


def known(n=1000):
    """Latents of which the first two signs are the attributes."""
    z = torch.randn(n, 4, generator=torch.Generator().manual_seed(0))
    return latent.LabelledLatents(z, (z[:, :2] > 0).long(), NAMES)


def test_an_equation_has_three_groups_and_a_target():
    assert latent.equation("glasses", "hair", "short", "long") == (GROUPS, TARGET)


def test_a_sum_of_one_label_asks_for_nothing():
    a, b, c = mean(-0.6, 0.3, n=2), torch.tensor([[-0.6, -0.3, 0, 0], [-0.2, -0.9, 0, 0]]), mean(0.6, -0.3, n=2)
    found = latent.draw_sums(generator, (a, b, c), seed=0).of_one_label(generator)
    torch.testing.assert_close(found["in latents"][:, 0, 0], c + torch.stack([b[0] - b[1], b[1] - b[0]]))
    torch.testing.assert_close(found["in pixels"][:, 0, 0], (c + torch.stack([b[0] - b[1], b[1] - b[0]])).clamp(-1, 1))


def test_the_parts_are_those_of_the_latents_each_with_its_seed():
    labelled, longer = known(), latent.equation("glasses", "hair", "short", "long")
    sums = latent.sums_of_parts(generator, labelled, longer, Signs(), 20, parts=4)
    assert len(sums.parts) == len(sums.counts) == 4
    means = latent.triples(labelled[3::4], *GROUPS, 20, 3, seed=3)
    third = latent.draw_sums(generator, means, seed=53)
    assert all(torch.equal(third.images[how], sums.parts[3].images[how]) for how in third.images)
    assert sums.counts[3] == third.count(Signs(), GROUPS, TARGET)
    assert sums.shares("third term, all") == [0, 0, 0, 0] and sums.shares("valid") == [1, 1, 1, 1]
    assert sums.length == pytest.approx(sum(part.length for part in sums.parts) / 4)
    assert sums.images("as it is").shape == (80, 1, 1, 4)
    assert torch.equal(sums.images("astray", 2)[6:], third.images["astray"][:2])


def test_another_judge_counts_the_same_sums():
    class Blind(Signs):
        def predict(self, images):
            return torch.zeros(len(images), 2, dtype=torch.long)

    sums = latent.sums_of_parts(generator, known(), latent.equation("glasses", "hair", "short", "long"), Signs(), 5, parts=2)
    blind = sums.judged(Blind())
    assert blind.parts is sums.parts and blind.shares("as it is, all") == [0, 0] and blind.shares("valid") == [0, 0]
    with pytest.raises(ValueError, match="did you mean 'as it is'"):
        sums.shares("as it i")


def test_how_strange_the_sums_are_is_asked_beside_their_third_terms():
    def measure(images):
        return images.flatten(1).square().sum(1)

    sums = latent.sums_of_parts(generator, known(), latent.equation("glasses", "hair", "short", "long"), Signs(), 8, parts=2)
    found = sums.stranger(measure, generator, 4)
    assert list(found) == ["as it is", "in pixels", "one label in latents", "one label in pixels"]
    one = sums.parts[1]
    usual = measure(one.terms[2][:4]).mean()
    assert found["as it is"][1] == pytest.approx(float(measure(one.images["as it is"][:4]).mean() / usual))
    assert found["one label in pixels"][1] == pytest.approx(
        float(measure(one.of_one_label(generator)["in pixels"][:4]).mean() / usual)
    )

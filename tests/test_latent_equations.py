"""The pictures of a - b + c, their controls, and the counts."""

from __future__ import annotations

import pytest
import torch

from gancourse import latent

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


def test_no_valid_triple_is_no_success():
    a, b, c = mean(-0.6, -0.3), mean(-0.6, -0.9), mean(0.6, -0.3)
    shares = latent.draw_sums(generator, (a, b, c), seed=0).count(Signs(), GROUPS, TARGET)
    assert shares["valid"] == 0 and shares["as it is"] == 0 and shares["as it is, all"] == 1


def test_means_of_other_shapes_are_refused():
    with pytest.raises(ValueError, match="of one shape"):
        latent.draw_sums(generator, (mean(0, 0), mean(0, 0), mean(0, 0, n=3)), seed=0)

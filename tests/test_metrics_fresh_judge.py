"""A fresh judge: sure where there is a difference, at a loss where there is none, whatever it was trained on."""

import pytest
import torch

from gancourse.metrics.fresh_judge import told_apart


def noise(n, seed, mean=0.0):
    return (0.3 * torch.randn(n, 1, 16, 16, generator=torch.Generator().manual_seed(seed)) + mean).clamp(-1, 1)


def test_a_difference_is_seen_and_equal_sets_are_not_told_apart():
    different = told_apart(noise(80, 0), noise(80, 1, 0.4), noise(60, 2), noise(60, 3, 0.4), steps=25, width=4)
    equal = told_apart(noise(80, 0), noise(80, 1), noise(60, 2), noise(60, 3), steps=25, width=4)
    assert different > 0.95
    assert abs(equal - 0.5) < 0.15


def test_what_was_learnt_by_heart_does_not_count():
    seen = noise(40, 0), noise(40, 1)
    assert told_apart(*seen, *seen, steps=60, width=8) > told_apart(*seen, noise(200, 2), noise(200, 3), steps=60, width=8) + 0.1


def test_bytes_are_pictures_too_and_the_global_seed_is_left_alone():
    torch.manual_seed(0)
    before = torch.random.get_rng_state()
    real = ((noise(40, 0) + 1) * 127.5).round().to(torch.uint8)
    assert told_apart(real, noise(40, 1, 0.6), real, noise(40, 3, 0.6), steps=20, width=4) > 0.9
    assert torch.equal(before, torch.random.get_rng_state())


def test_what_cannot_be_judged_names_the_fix():
    with pytest.raises(ValueError, match="not 8: draw more"):
        told_apart(noise(8, 0), noise(90, 1), noise(8, 2), noise(8, 3))
    with pytest.raises(ValueError, match="of one size"):
        told_apart(noise(40, 0), noise(40, 1)[..., :8], noise(8, 2), noise(8, 3))

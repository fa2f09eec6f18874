"""A fresh judge: sure where there is a difference, at a loss where there is none, whatever it was trained on."""

import pytest
import torch

from gancourse.metrics.fresh_judge import _evenly, told_apart


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


def in_order(n, seed):
    """Pictures of two brightnesses, all dark ones first."""
    return noise(n, seed, torch.linspace(-0.6, 0.6, n).view(-1, 1, 1, 1).sign() * 0.4)


def test_the_order_of_a_set_does_not_matter():
    shuffled = noise(80, 5, 0.4 * torch.randint(0, 2, (80, 1, 1, 1), generator=torch.Generator().manual_seed(6)).mul(2).sub(1))
    unseen = noise(60, 7, 0.4 * torch.randint(0, 2, (60, 1, 1, 1), generator=torch.Generator().manual_seed(8)).mul(2).sub(1))
    found = told_apart(in_order(160, 0), shuffled, in_order(120, 1), unseen, steps=40, width=4)
    assert abs(found - 0.5) < 0.15


def test_what_is_drawn_is_drawn_from_the_seed_and_sets_that_are_taken_whole_keep_their_order():
    sets = noise(80, 0), noise(50, 1), noise(60, 2), noise(30, 3)
    one, two, other = (_evenly(sets[0], sets[1], torch.Generator().manual_seed(seed)) for seed in (0, 0, 1))
    assert torch.equal(one[0], two[0]) and not torch.equal(one[0], other[0])
    assert torch.equal(one[1], sets[1]) and len(one[0]) == 50 and len(one[0].flatten(1).unique(dim=0)) == 50
    assert told_apart(*sets, steps=2, width=2) == told_apart(*sets, steps=2, width=2)


def test_pictures_are_asked_to_be_pictures():
    with pytest.raises(ValueError, match="to_float"):
        told_apart(noise(40, 0) * 200, noise(40, 1), noise(8, 2), noise(8, 3))
    with pytest.raises(TypeError, match=r"must be a torch\.Tensor, not list"):
        told_apart([1, 2], noise(40, 1), noise(8, 2), noise(8, 3))

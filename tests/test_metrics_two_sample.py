from __future__ import annotations

import math
import statistics

import pytest
import torch

from gancourse.base.features import mark
from gancourse.metrics.two_sample import CLASSIFIERS, _binomial_tail, _votes, leave_one_out_accuracy, two_sample_test


def normal(n: int, d: int, seed: int, shift: float = 0.0) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed)) + shift


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_disjoint_sets_are_told_apart(classifier):
    found = two_sample_test(normal(60, 3, 0), normal(80, 3, 1, shift=20), classifier=classifier)
    assert found.accuracy == 1 and found.held_out == 60
    assert found.p_value == pytest.approx(2.0**-60, rel=1e-9)


@pytest.mark.parametrize("classifier", CLASSIFIERS)
def test_equal_distributions_are_rejected_as_often_as_the_level_says(classifier, monkeypatch):
    monkeypatch.setattr("gancourse.metrics.two_sample._STEPS", 40)  # the p-value holds for any classifier, well trained or not
    p_values = [
        two_sample_test(normal(60, 4, i), normal(60, 4, 500 + i), classifier=classifier, seed=i).p_value for i in range(40)
    ]
    assert sum(p < 0.05 for p in p_values) <= 5  # 1.2 expected; more than 5 of 24 has a chance below 0.5 %
    assert 0.25 < statistics.mean(p_values) < 0.8


def test_what_was_trained_on_is_not_judged():
    found = [two_sample_test(normal(60, 50, i), normal(60, 50, 700 + i), seed=i) for i in range(5)]
    assert min(f.train_accuracy for f in found) > 0.95  # 50 dimensions, 30 samples each: learnt by heart
    assert 0.35 < statistics.mean(f.accuracy for f in found) < 0.65


def test_the_p_value_is_the_tail_of_the_binomial():
    found = two_sample_test(normal(40, 2, 2), normal(40, 2, 3, shift=0.8), classifier="neighbours")
    hits = round(found.accuracy * found.held_out)
    assert found.p_value == pytest.approx(sum(math.comb(40, k) for k in range(hits, 41)) / 2**40, rel=1e-9)
    assert math.isnan(found.train_accuracy)


@pytest.mark.parametrize("lean", [0.1, 0.3, 0.8])
def test_a_classifier_that_leans_to_one_set_has_no_heavier_tail_than_a_coin(lean):
    m = 40  # hits of one that says "second set" with probability ``lean`` to all, half of them of each set
    says = [torch.distributions.Binomial(m // 2, p).log_prob(torch.arange(m // 2 + 1.0)).exp().double() for p in (lean, 1 - lean)]
    hits = torch.stack([a * b for a in says[0] for b in says[1]]).view(m // 2 + 1, -1)
    of = torch.arange(m // 2 + 1)[:, None] + torch.arange(m // 2 + 1)
    for least in range(m // 2 + 1, m + 1):
        assert hits[of >= least].sum() <= _binomial_tail(least, m) + 1e-9
    assert hits[of >= m // 2].sum() > _binomial_tail(m // 2, m)  # at the mean itself it is heavier: the bound is not idle


def test_a_difference_in_shape_alone_is_found():
    found = two_sample_test(normal(800, 2, 4), 3 * normal(800, 2, 5))  # same mean: a line could not tell
    assert found.accuracy > 0.7 and found.p_value < 1e-6


def test_it_is_reproducible_and_leaves_the_global_random_state_alone():
    a, b = normal(50, 3, 6), normal(50, 3, 7, shift=0.5)
    state = torch.get_rng_state()
    assert two_sample_test(a, b, seed=1) == two_sample_test(a, b, seed=1)
    assert torch.equal(torch.get_rng_state(), state)


def test_copies_push_the_neighbours_below_one_half():
    x = normal(100, 5, 8)
    assert leave_one_out_accuracy(x, x + 1e-6) == (0, 0)
    assert leave_one_out_accuracy(x, x + 100) == (1, 1)
    real, fake = leave_one_out_accuracy(normal(400, 3, 9), normal(400, 3, 10))
    assert 0.4 < real < 0.6 and 0.4 < fake < 0.6


def test_neighbours_point_by_point():
    a, b = torch.tensor([[0.0], [1.0], [5.0]]), torch.tensor([[1.4], [5.2], [5.3]])
    # nearest of 0, 1, 5: 1 (own), 1.4, 5.2; of 1.4, 5.2, 5.3: 1, 5.3 (own), 5.2 (own)
    assert leave_one_out_accuracy(a, b) == pytest.approx((1 / 3, 2 / 3))


def test_bad_input_is_refused():
    a, b = normal(19, 3, 0), normal(30, 3, 1)
    with pytest.raises(ValueError, match="at least 20 samples of each set, not 19: half are held out"):
        two_sample_test(a, b)
    with pytest.raises(ValueError, match="did you mean 'neighbours'"):
        two_sample_test(b, b, classifier="neighbour")
    with pytest.raises(ValueError, match="different spaces"):
        two_sample_test(mark(b.clone(), "x"), mark(b.clone(), "y"))


def test_ties_go_to_no_set_before_the_other():
    """Attributes, codes of digits, pixel art: of one distribution, and most samples have twins in both sets."""
    a, b = torch.randint(0, 2, (2, 500, 3), generator=torch.Generator().manual_seed(0)).float()
    found, turned = leave_one_out_accuracy(a, b), leave_one_out_accuracy(b, a)
    assert all(0.4 < share < 0.6 for share in (*found, *turned))
    assert turned == pytest.approx(found[::-1], abs=1e-12)


def test_equal_distances_are_equal_whatever_the_product_rounds_to():
    """Few copies, and many that differ in one of twelve attributes: by the product their squared distance is nearly 1."""
    a, b = torch.randint(0, 2, (2, 300, 12), generator=torch.Generator().manual_seed(1))
    both, of_a = torch.cat([a, b]), torch.arange(600) < 300
    distances = (both[:, None] - both).square().sum(2).fill_diagonal_(1000)
    nearest = distances == distances.amin(1, keepdim=True)
    shares = (nearest & (of_a[:, None] == of_a)).sum(1) / nearest.sum(1).double()
    assert (nearest.sum(1) > 1).double().mean() > 0.5
    assert leave_one_out_accuracy(a, b) == pytest.approx((float(shares[:300].mean()), float(shares[300:].mean())), abs=1e-12)


def test_one_of_many_nearest_has_its_share_of_the_vote():
    a, b = torch.tensor([[0.0], [0.0], [9.0]]), torch.tensor([[0.0], [0.0], [9.0]])
    # each zero has one nearest of its own set and two of the other; each nine has its twin in the other
    assert leave_one_out_accuracy(a, b) == pytest.approx((2 / 9, 2 / 9))


def test_without_ties_the_nearest_is_the_nearest():
    a, b = normal(300, 5, 11), normal(200, 5, 12, shift=0.3)
    both = torch.cat([a, b]).double()
    own = torch.arange(500) < 300
    distances = torch.cdist(both, both, compute_mode="donot_use_mm_for_euclid_dist").fill_diagonal_(torch.inf)
    right = (own[distances.argmin(1)] == own).double()
    assert leave_one_out_accuracy(a, b) == (float(right[:300].mean()), float(right[300:].mean()))


def test_neighbours_as_far_as_the_last_vote_too():
    train, labels = torch.tensor([[0.0], [1.0], [-1.0], [5.0]]).double(), torch.tensor([0.0, 1.0, 1.0, 0.0])
    assert _votes(train, labels, torch.tensor([[0.1], [0.0]]).double(), 2).tolist() == [0.0, 1.0]

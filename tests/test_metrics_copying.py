from __future__ import annotations

import statistics

import pytest
import torch

from gancourse.base.features import mark
from gancourse.metrics.copying import copying_test, nearest_distances


def normal(n: int, d: int, seed: int) -> torch.Tensor:
    return torch.randn(n, d, generator=torch.Generator().manual_seed(seed))


def test_distances_by_hand_and_chunk_by_chunk(monkeypatch):
    train, samples = normal(50, 6, 0), normal(30, 6, 1)
    truth = torch.cdist(samples.double(), train.double()).min(1).values
    assert torch.allclose(nearest_distances(samples, train), truth, atol=1e-12)
    monkeypatch.setattr("gancourse.metrics._exact._ROWS", 7)
    assert torch.allclose(nearest_distances(samples, train), truth, atol=1e-12)


def test_the_distance_of_a_copy_is_zero():
    train = normal(50, 300, 0) + 100
    assert nearest_distances(train[:20].clone(), train).max() == 0


def test_samples_of_the_same_distribution_pass():
    train = normal(300, 4, 2)
    found = [copying_test(normal(100, 4, 10 + i), train, normal(100, 4, 100 + i), rounds=200) for i in range(30)]
    assert sum(f.p_value < 0.05 for f in found) <= 5
    assert abs(statistics.mean(f.z for f in found)) < 0.6 and 0.5 < statistics.stdev(f.z for f in found) < 1.6
    assert 0.95 < statistics.mean(f.ratio for f in found) < 1.05


def test_copies_are_found():
    train = normal(200, 4, 3)
    found = copying_test(train[:50] + 0.01 * normal(50, 4, 4), train, normal(100, 4, 5), rounds=500)
    assert found.ratio < 0.1 and found.p_value == pytest.approx(1 / 501) and found.z < -5
    assert found.share == 1 and "distance ratio" in str(found)


def test_a_few_copies_are_found_by_their_share_and_not_by_the_median():
    train = normal(300, 4, 6)
    samples = torch.cat([train[:12], normal(188, 4, 7)])
    found = copying_test(samples, train, normal(300, 4, 8), rounds=500)
    assert 0.8 < found.ratio < 1.1 and found.p_value > 0.01
    assert found.share >= 0.06 and found.share_p_value < 0.02


@pytest.mark.parametrize("twins", [0, 5, 10, 100])
def test_copies_are_seen_though_some_held_out_samples_stand_in_the_training_set(twins):
    train, held_out = normal(1000, 8, 30), normal(500, 8, 31)
    held_out[:twins] = train[500 : 500 + twins]
    samples = torch.cat([train[:150], normal(350, 8, 32)])
    found = copying_test(samples, train, held_out, rounds=300)
    assert found.share >= 0.3 and found.share_p_value == pytest.approx(1 / 301)
    assert found.twins == twins and (f"{twins} of 500 unseen ones stand in the training set" in str(found)) == (twins > 5)
    honest = copying_test(torch.cat([held_out[:twins], normal(500 - twins, 8, 33)]), train, held_out, rounds=300)
    assert honest.share_p_value > 0.1, "as many twins as held-out samples have are no evidence"


def test_garbage_is_far_away_and_no_copy():
    train = normal(200, 4, 9)
    found = copying_test(5 * normal(100, 4, 10), train, normal(100, 4, 11), rounds=200)
    assert found.ratio > 2 and found.z > 5 and found.p_value == 1 and found.share < 0.02


def test_the_rank_sum_equals_scipys():
    stats = pytest.importorskip("scipy.stats")
    train, samples, fresh = normal(80, 3, 12).round(), normal(40, 3, 13).round(), normal(60, 3, 14)  # rounding makes ties
    found = copying_test(samples, train, fresh, rounds=10)
    theirs = stats.mannwhitneyu(
        found.distances.numpy(), found.held_out_distances.numpy(), use_continuity=False, method="asymptotic"
    )
    assert 2 * stats.norm.sf(abs(found.z)) == pytest.approx(theirs.pvalue, rel=1e-9)


def test_a_lot_without_a_distance_is_no_evidence_of_copying():
    """Nearly half of both are copies: medians of resampled lots are 0 now and then, and 0 / 0 is no ratio."""
    train = normal(400, 4, 17)
    samples, held_out = (torch.cat([train[at : at + 49], normal(51, 4, 20 + at)]) for at in (0, 100))
    found = copying_test(samples, train, held_out, rounds=400)
    assert torch.isfinite(found.null).all() and 100 < len(found.null) < 400
    undefined = 400 - len(found.null)
    first, second = (found.held_out_distances,) * 2
    source = torch.Generator().manual_seed(0)
    below = 0
    for _ in range(400):
        one, two = (x[torch.randint(100, (100,), generator=source)].median() for x in (first, second))
        below += bool(one <= found.ratio * two)
    assert found.p_value == (1 + below) / 401 and below > (found.null <= found.ratio).sum() and undefined


def test_bad_input_is_refused():
    train, fresh = normal(50, 3, 15), normal(30, 3, 16)
    with pytest.raises(ValueError, match="at least 20 generated samples, not 5: it compares two distributions"):
        copying_test(fresh[:5], train, fresh)
    with pytest.raises(ValueError, match="at least 20 held-out samples, not 19"):
        copying_test(fresh, train, fresh[:19])
    with pytest.raises(ValueError, match="stand in the training set"):
        copying_test(fresh, train, train[:30])
    with pytest.raises(ValueError, match="quantile must lie between"):
        copying_test(fresh, train, fresh, quantile=0)
    with pytest.raises(ValueError, match="rounds must be above 0"):
        copying_test(fresh, train, fresh, rounds=0)
    with pytest.raises(ValueError, match="different spaces"):
        copying_test(mark(fresh.clone(), "x"), mark(train.clone(), "y"), fresh)

"""Small BiGANs as one stack, with an E that is told z beside each."""

import numpy as np
import pytest
import torch

from gancourse.experiments import ways_back


def line(n, seed):
    u = torch.randn(n, 2, generator=torch.Generator().manual_seed(seed))
    return torch.cat([u, u.sum(1, keepdim=True)], 1)


@pytest.fixture(scope="module")
def found():
    points = line(2000, 0)
    before = torch.get_rng_state()
    trained = ways_back.train(points, points[:512], 2, [3, 4], 150)
    assert torch.equal(before, torch.get_rng_state())
    return trained


def test_all_pairs_begin_alike_and_only_what_is_trained_moves(found):
    for untrained, told, trained, first in zip(found.untrained, found.told, found.trained, found.as_they_came[0], strict=True):
        same = zip(untrained.encoder.parameters(), first.encoder.parameters(), strict=True)
        assert all(torch.equal(a, b) for a, b in same)
        assert not torch.equal(told.encoder.layers[0].weight, untrained.encoder.layers[0].weight)
        for a, b in zip(told.generator.state_dict().values(), trained.generator.state_dict().values(), strict=True):
            assert torch.equal(a, b), "G stands still while E is told z"
        assert not any(part.training for pair in (untrained, told, trained) for part in pair.modules())
    one, other = found.trained
    assert not torch.equal(one.encoder.layers[0].weight, other.encoder.layers[0].weight)


def test_who_is_told_reads_better_than_who_is_not(found):
    y = line(400, 1)
    shares = found.ways(y, linear=500)
    assert {len(v) for v in shares.values()} == {2}
    assert (shares["told z"] > 0.5).all()
    assert (shares["told z"] > shares["untrained z"] + 0.3).all()
    assert (shares["told another z"] < 0).all()
    by_hand = ways_back.both_ways(found.trained[1], found.trained[1].encode, 2, y)
    assert by_hand["x"] == pytest.approx(shares["x"][1])
    with torch.no_grad():
        copy = found.trained[1].reconstruct(y)
    wanted = 1 - (copy - y).square().mean() / (y - y.mean(0)).square().mean()
    assert by_hand["x"] == pytest.approx(wanted.item(), abs=1e-5)


def test_a_known_inverse_has_shares_of_one():
    shares = ways_back.both_ways(lambda z: 3 * z + 1, lambda x: (x - 1) / 3, 4, torch.randn(50, 4), linear=100)
    assert np.allclose([shares[k] for k in ("z", "x", "linear z")], 1, atol=1e-5)
    assert shares["another z"] < -0.5

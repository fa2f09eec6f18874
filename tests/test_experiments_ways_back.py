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
    through_the_same_g = ways_back.both_ways(found.trained[1], found.untrained[1].encode, 2, y)
    assert through_the_same_g["z"] == pytest.approx(shares["untrained z"][1])
    assert ((shares["told fitted z"] > 0.5) & (shares["told fitted z"] > shares["told z"] - 0.05)).all()
    by_hand = ways_back.both_ways(found.trained[1], found.trained[1].encode, 2, y)
    assert by_hand["x"] == pytest.approx(shares["x"][1])
    with torch.no_grad():
        copy = found.trained[1].reconstruct(y)
    wanted = 1 - (copy - y).square().mean() / (y - y.mean(0)).square().mean()
    assert by_hand["x"] == pytest.approx(wanted.item(), abs=1e-5)


def test_statistics_are_measured_over_what_their_names_say(found):
    def first_norm(pair):
        return next(part for part in pair.encoder.modules() if hasattr(part, "running_mean"))

    for k in range(2):
        on_drawn, told_on_real = found.on_drawn[1][k], found.on_real[k]
        for one, other in (
            (on_drawn, found.trained[k]),
            (told_on_real, found.told[k]),
            (found.on_drawn[0][k], found.untrained[k]),
        ):
            same = zip(one.encoder.parameters(), other.encoder.parameters(), strict=True)
            assert all(torch.equal(a, b) for a, b in same), "no weight moves"
            assert not torch.equal(first_norm(one).running_mean, first_norm(other).running_mean)
            for a, b in zip(one.generator.state_dict().values(), found.trained[k].generator.state_dict().values(), strict=True):
                assert torch.equal(a, b)
            assert not any(part.training for part in one.modules())


def test_a_known_inverse_has_shares_of_one():
    shares = ways_back.both_ways(lambda z: 3 * z + 1, lambda x: (x - 1) / 3, 4, torch.randn(50, 4))
    assert np.allclose([shares[k] for k in ("z", "x")], 1, atol=1e-5)
    assert shares["another z"] < -0.5


def test_after_a_linear_map_no_scale_counts_and_nothing_known_is_nothing():
    turned = torch.linalg.qr(torch.randn(4, 4, generator=torch.Generator().manual_seed(2)))[0]
    assert ways_back.both_ways(lambda z: z, lambda x: 0.1 * x @ turned + 5, 4, torch.randn(50, 4))["z"] < 0
    assert ways_back.fitted(lambda z: z, lambda x: 0.1 * x @ turned + 5, 4, told=300) == pytest.approx(1, abs=1e-4)
    assert ways_back.fitted(lambda z: z, lambda x: x[:, :2], 4, told=300) == pytest.approx(0.5, abs=0.1)
    noise = torch.Generator().manual_seed(3)
    assert abs(ways_back.fitted(lambda z: z, lambda x: torch.randn(len(x), 4, generator=noise), 4, told=2000)) < 0.05

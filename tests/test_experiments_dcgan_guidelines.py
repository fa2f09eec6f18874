"""DCGAN's guidelines: each arm changes one thing in one player, and begins where the reference begins."""

from itertools import permutations
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from gancourse.data import to_float
from gancourse.experiments import records, runner
from gancourse.experiments.dcgan_guidelines import (
    ARMS,
    EXPERIMENT,
    NO_NORM,
    NORMED,
    REFERENCE,
    SMALL_START,
    TENFOLD,
    by_luck,
    folded,
    loss_and_distance,
    luck_between,
    matched,
    spreads,
)
from gancourse.models import dcgan

HIDDEN = "hidden linear in G"
CHANGED = [name for name in ARMS if name not in (REFERENCE, TENFOLD, SMALL_START, NO_NORM)]


def players(stage, arm, seed=0):
    game, _ = stage.game(ARMS[arm], seed)
    return game.generator, game.discriminator


@pytest.mark.parametrize("name", CHANGED)
def test_an_arm_changes_one_player_and_one_thing_in_it(name):
    arm = ARMS[name]
    assert len(arm) == 1 and {"generator": " in G", "discriminator": " in D"}.get(*arm, name[-5:]) in name
    assert len(next(iter(arm.values()))) == (2 if name == NORMED else 1)  # which has no sense without the hidden layer


@pytest.mark.parametrize("name", CHANGED)
def test_the_other_player_is_the_references(stages, name):
    stage = stages("dcgan_guidelines")
    pairs = zip(players(stage, name), players(stage, REFERENCE), strict=True)
    same = [
        [*a.state_dict()] == [*b.state_dict()]
        and all(torch.equal(x, y) for x, y in zip(a.parameters(), b.parameters(), strict=True))
        for a, b in pairs
    ]
    assert same == ([False, True] if " in G" in name else [True, False])


@pytest.mark.parametrize(
    ("network", "x"),
    [(dcgan.Generator(32, 8, 4), torch.randn(16, 8, 1, 1)), (dcgan.Discriminator(32, 4), torch.randn(16, 3, 32, 32))],
    ids=["G", "D"],
)
def test_a_folded_network_is_the_same_function_of_its_batch(network, x):
    with torch.no_grad():
        before = network.train().main(x)
    after = folded(network, x)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in after.modules())
    assert torch.allclose(after.main(x), before, atol=1e-5)
    assert not torch.allclose(after.main(3 * x), before, atol=1e-2)  # nothing divides by the spread any more
    assert all(p.requires_grad and p.grad is None for p in after.parameters())


def test_spreads_are_those_of_what_enters_each_activation():
    network, z = dcgan.Generator(32, 8, 4), torch.randn(64, 8, 1, 1)
    found = list(spreads(network, z))
    assert [normalised for _, normalised, _ in found] == [True, True, True, False]
    assert all(spread == pytest.approx(1, abs=0.05) for _, normalised, spread in found if normalised)
    assert found[-1][0] is network.main[-2]
    assert all(layer.running_mean.abs().sum() == 0 for layer in network.modules() if isinstance(layer, nn.BatchNorm2d))


@pytest.mark.parametrize("name", CHANGED)
def test_arms_begin_with_the_references_spreads(stages, name):
    stage = stages("dcgan_guidelines")
    z = torch.randn(256, 64, 1, 1, generator=torch.Generator().manual_seed(0))
    x = to_float(stage.images[:256])
    for here, there, batch in zip(players(stage, name), players(stage, REFERENCE), (z, x), strict=True):
        found = list(spreads(here, batch))
        hidden = [spread for layer, _, spread in found[:-1] if isinstance(layer, nn.Linear)]
        ours = [spread for layer, _, spread in found if spread not in hidden]
        assert len(hidden) == ("linear" in name and f" in {here.__class__.__name__[0]}" in name)
        assert hidden == pytest.approx([1] * len(hidden), rel=0.1 if name == NORMED else 1e-3)
        theirs = [spread for _, _, spread in spreads(there, batch)]
        assert ours == pytest.approx(theirs, rel=0.15)  # behind a normalisation it is 1 but for the gains
        assert ours[-1] == pytest.approx(theirs[-1], rel=1e-3)


def test_no_norm_in_either_player_begins_where_the_reference_begins(stages):
    stage = stages("dcgan_guidelines")
    z = torch.randn(256, 64, 1, 1, generator=torch.Generator().manual_seed(0))
    x = to_float(stage.images[:256])
    for here, there, batch in zip(players(stage, NO_NORM), players(stage, REFERENCE), (z, x), strict=True):
        assert not any(isinstance(layer, nn.BatchNorm2d) for layer in here.modules())
        assert torch.allclose(here.main(batch), there.train().main(batch), atol=1e-4)


def test_the_unmatched_ablation_begins_with_a_signal_that_dies(stages):
    stage = stages("dcgan_guidelines")
    z = torch.randn(64, 64, 1, 1)
    last = [list(spreads(players(stage, name)[0], z))[-1][2] for name in (REFERENCE, SMALL_START)]
    assert last[1] < last[0] / 10


def test_matching_needs_no_more_than_a_factor():
    reference, network, z = dcgan.Generator(32, 8, 4), dcgan.Generator(32, 8, 4, activation="tanh"), torch.randn(64, 8, 1, 1)
    before = network.main[-2].weight.clone()
    ratio = matched(network, reference, z).main[-2].weight / before
    assert ratio.std() < 1e-5 and ratio.mean() != 1


def test_the_judge_sees_noise(stages):
    stage = stages("dcgan_guidelines")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    for name, row in rows.items():
        if name != "training faces":
            assert row["frechet"] > 3 * rows["training faces"]["frechet"], name
        if name not in ("training faces", "blurred faces"):  # which are as varied as faces
            assert row["rarest"] < 0.5 * rows["training faces"]["rarest"], name


def test_the_tenfold_rate_is_the_only_other_rate():
    rates = {arm: EXPERIMENT.fit_settings(arm)["lr"] for arm in ARMS}
    assert rates.pop(TENFOLD) == 10 * rates[REFERENCE] and len(set(rates.values())) == 1


def recorded(*ends):
    """A record of the reference alone; its last training has diverged."""
    trainings = [{"scores": {"frechet": end}} for end in ends[:-1]]
    return SimpleNamespace(content={"arms": {REFERENCE: [*trainings, {"scores": {}, "curves": {"frechet": [99, ends[-1]]}}]}})


def test_luck_pairs_each_training_with_every_other_and_never_with_itself():
    found = by_luck(recorded(1.0, 2.0, 4.0, 8.0))
    assert found.shape == (9, 4)  # the pairings of four with themselves without a fixed point
    assert not (found == 1).any() and len(np.unique(found, axis=0)) == 9
    assert {*np.unique(found)} == {a / b for a, b in permutations((1, 2, 4, 8), 2)}
    assert np.log(found).sum(1) == pytest.approx(0)  # each training is divided by another once, and divides once


def test_luck_of_five_trainings_has_44_pairings_of_20_pairs():
    found = by_luck(records.load("dcgan_guidelines"))
    assert found.shape == (44, 5) and len(np.unique(found)) == 20


@pytest.mark.parametrize("n", [1, 9])
def test_luck_needs_two_trainings_and_pairs_no_more_than_eight(n):
    with pytest.raises(ValueError, match="2 to 8"):
        by_luck(recorded(*range(1, n + 1)))


def curves_of(steps, *ends):
    """A record of the reference whose trainings stand at 1 until the last step."""
    values = np.ones((len(ends), len(steps)))
    values[:, -1] = ends
    return SimpleNamespace(curve=lambda score: {REFERENCE: (np.array(steps, dtype=float), values)})


def test_luck_between_two_records_pairs_their_trainings_both_ways():
    found = luck_between(curves_of([0, 10, 20], 1.0, 2.0), curves_of([0, 20], 4.0, 8.0))
    assert {tuple(row) for row in found} == {(1 / 4, 2 / 8), (1 / 8, 2 / 4), (4.0, 4.0), (8.0, 2.0)}


def test_luck_between_two_records_is_read_at_the_last_step_that_both_have():
    shorter, longer = curves_of([0, 10], 3.0, 3.0), curves_of([0, 5, 10, 20], 7.0, 7.0)
    assert {*luck_between(shorter, longer).flat} == {3.0, 1 / 3}  # the longer one stands at 1 at step 10


@pytest.mark.parametrize("others", [2, 9])
def test_luck_between_two_records_needs_as_many_trainings_in_both(others):
    with pytest.raises(ValueError, match="as many"):
        luck_between(curves_of([0, 1], *range(1, 10)), curves_of([0, 1], *range(1, others + 1)))


def two_trainings():
    """D's loss falls in both; the distance falls in the first training and rises in the second.  Step 0 fits neither."""
    curves = {
        "d_loss": np.array([[0.0, 3.0, 2.0, 1.0], [0.0, 9.0, 8.0, 7.0]]),
        "frechet": np.array([[0.0, 30.0, 20.0, 10.0], [9.0, 1.0, 2.0, 3.0]]),
    }
    return SimpleNamespace(curve=lambda score: {REFERENCE: (np.arange(4), curves[score])})


@pytest.mark.parametrize(("against", "found"), [("own", [1, -1]), ("others", [-1, 1]), ("clock", [1, 1])])
def test_the_loss_is_ranked_against_its_own_distance_or_a_null(against, found):
    assert loss_and_distance(two_trainings(), REFERENCE, against=against) == pytest.approx(found)


def test_the_mean_is_over_all_other_trainings():
    loss = np.array([[0.0, 3, 2, 1]] * 3)
    distance = np.array([[0.0, 3, 2, 1], [0, 3, 2, 1], [0, 1, 2, 3]])
    record = SimpleNamespace(curve=lambda score: {REFERENCE: (np.arange(4), loss if score == "d_loss" else distance)})
    assert loss_and_distance(record, REFERENCE, against="others") == pytest.approx([0, 0, 1])


def test_one_training_has_no_others():
    one = SimpleNamespace(curve=lambda score: {REFERENCE: (np.arange(3), np.array([[0.0, 2, 1]]))})
    with pytest.raises(ValueError, match="record two or more"):
        loss_and_distance(one, REFERENCE, against="others")
    with pytest.raises(ValueError, match="against"):
        loss_and_distance(one, REFERENCE, against="other")


def test_a_hidden_layer_that_is_normalised_in_front_keeps_its_start(stages):
    """The lecture says so in a note: the other start is enlarged to match the reference's signal, to 0.12 at the full size."""
    generators = [players(stages("dcgan_guidelines"), name)[0] for name in (HIDDEN, NORMED)]
    linear = [next(layer for layer in generator.main if isinstance(layer, nn.Linear)) for generator in generators]
    plain, normed = (layer.weight.std().item() for layer in linear)
    assert normed == pytest.approx(0.02, rel=0.1) and plain > 4 * normed

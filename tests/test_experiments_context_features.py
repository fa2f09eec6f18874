"""Shifted faces, linear readers of features, and the arms that differ in their holes."""

from types import SimpleNamespace

import pytest
import torch

from gancourse.experiments import context_features, records, runner


def test_a_face_is_moved_and_its_edge_repeated():
    picture = torch.arange(2 * 3 * 16).view(2, 3, 4, 4).to(torch.uint8)
    many = picture.repeat_interleave(60, 0)
    found = context_features.moved(many, 0, by=1)
    assert torch.equal(found, context_features.moved(many, 0, by=1))
    wide = torch.nn.functional.pad(picture.float(), (1, 1, 1, 1), mode="replicate").to(torch.uint8)
    shifts = [wide[0, :, y : y + 4, x : x + 4] for y in range(3) for x in range(3)]
    seen = [[torch.equal(one, shift) for shift in shifts] for one in found[:60]]
    assert all(any(row) for row in seen)
    assert torch.tensor(seen).any(0).all(), "all nine places occur"


def test_labels_that_are_in_the_features_are_read_and_others_are_guessed():
    source = torch.Generator().manual_seed(0)
    x = torch.randn(400, 30, generator=source)
    told = (x[:, :3] @ torch.randn(3, 4, generator=source)).argmax(1)
    chance = torch.randint(2, (400,), generator=source)
    labels = torch.stack([told, chance], 1)
    found = context_features.right(x[:100], labels[:100], x[100:], labels[100:])
    assert found[0] > 0.65
    assert 0.35 < found[1] < 0.65


def test_the_ridge_is_the_one_that_errs_least_on_pictures_left_out(monkeypatch):
    source = torch.Generator().manual_seed(1)
    x, labels = torch.randn(40, 25, generator=source), torch.randint(3, (40, 1), generator=source)
    a = ((x - x.mean(0)) / (x.std(0) + 1e-3)).double()
    y = torch.nn.functional.one_hot(labels[:, 0], 3).double()
    y = y - y.mean(0)

    def by_hand(ridge):
        errors = []
        for i in range(len(a)):
            rest = [j for j in range(len(a)) if j != i]
            kernel = a[rest] @ a[rest].T / 25 + ridge * torch.eye(39, dtype=a.dtype)
            errors.append((a[i] @ a[rest].T / 25 @ torch.linalg.solve(kernel, y[rest]) - y[i]).square().mean())
        return torch.stack(errors).mean().item()

    best = min(context_features.RIDGES, key=by_hand)
    chosen = context_features.right(x, labels, x, labels)
    monkeypatch.setattr(context_features, "RIDGES", (best,))
    assert torch.equal(chosen, context_features.right(x, labels, x, labels))
    scores = {}
    for ridge in (0.001, 3.0):
        monkeypatch.setattr(context_features, "RIDGES", (ridge,))
        scores[ridge] = context_features.right(x, labels, x, labels).item()
    assert scores[0.001] > scores[3.0], "without a ridge what is known is read by heart"


def test_the_classifiers_own_features_are_read_best(stages):
    stage = stages("context_features")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    best = rows.pop("taught features")["accuracy"]
    assert all(best > row["accuracy"] + 0.1 for row in rows.values())
    for row in rows.values():
        assert row["accuracy"] == pytest.approx(sum(row[f"reads_{name}"] for name in stage.names) / len(stage.names))


def test_measuring_features_leaves_the_network_as_it_is(stages):
    stage = stages("context_features")
    for name, arm in context_features.ARMS.items():
        game = stage.game(arm, 0)[0]
        before = {key: value.clone() for key, value in game.generator.state_dict().items()}
        found = stage.judged(stage.drawn(SimpleNamespace(gan=game, generator=game.generator)))
        assert all(torch.equal(value, before[key]) for key, value in game.generator.state_dict().items())
        assert found["accuracy"] == stage.judged(stage.nulls()["untrained"])["accuracy"], f"{name} begins as the untrained one"


def test_features_are_normalised_by_the_faces_that_are_read(stages):
    stage = stages("context_features")
    generator = stage.game(next(iter(context_features.ARMS.values())), 0)[0].generator
    known, tested = stage.maps(generator)
    assert (len(known), len(tested)) == (len(stage.known), len(stage.tested))
    assert known.std(0).mean() > 0.3, "measured statistics, for the first ones would leave next to nothing"


def test_arms_begin_alike_and_each_has_holes_of_its_kind(stages):
    stage = stages("context_features")
    (central, _), (blocks, _) = (stage.game(context_features.ARMS[name], 2) for name in ("central square", "random blocks"))
    pairs = zip(central.generator.parameters(), blocks.generator.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)
    drawn = [game.masks(6, 32, torch.Generator().manual_seed(0)) for game in (central, blocks)]
    assert torch.equal(drawn[0], context_features.central(6, 32))
    assert len(drawn[1].flatten(1).unique(dim=0)) > 1 and drawn[1].mean() == pytest.approx(0.28, abs=0.04)
    again = [game.masks(6, 32, torch.Generator().manual_seed(0)) for game in (central, blocks)]
    assert all(torch.equal(a, b) for a, b in zip(drawn, again, strict=True))


def test_the_six_pictures_stand_below_what_was_given_and_above_their_truth():
    pictures, rows = context_features.six(records.load("context_features"))
    assert rows == ["central square, given", "filled", "random blocks, given", "filled", "truth"]
    square, filled, blocks, also_filled, truth = pictures.unflatten(0, (5, 6)).float()
    for given, answer in ((square, filled), (blocks, also_filled)):
        seen = (given == truth).all(1, keepdim=True)
        assert 0.7 < seen.float().mean() < 0.8
        assert ((answer - truth).abs() * seen).sum() / (3 * seen.sum()) < 8

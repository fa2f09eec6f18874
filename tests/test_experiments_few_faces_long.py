"""The six arms on other seeds and for longer; a look asks for the distances, too, and for what needs no learning."""

import types

import pytest
import torch

from gancourse.data.images import to_float
from gancourse.experiments import few_faces
from gancourse.experiments.few_faces_long import ARMS, EXPERIMENT, SCORES, edge_energy, told_by_edges


def scored(stage, game, n=80):
    return dict(zip(SCORES, stage.of_run(game, game.sample(n, seed=1)), strict=True))


def test_six_of_the_arms_on_seeds_of_their_own_for_longer():
    theirs = few_faces.EXPERIMENT
    assert list(ARMS) == list(theirs.arms)[:6] and all(theirs.arms[arm] == how for arm, how in ARMS.items())
    assert len(EXPERIMENT.seeds) >= 5 and not set(EXPERIMENT.seeds) & set(theirs.seeds)
    different = {name for name, value in EXPERIMENT.full.items() if theirs.full.get(name) != value}
    assert different == {"steps", "measure_every", "checkpoint_every", "frames"}
    assert EXPERIMENT.full["steps"] > 5 * theirs.full["steps"] and EXPERIMENT.fit == theirs.fit
    assert (EXPERIMENT.ci["steps"], EXPERIMENT.ci["measure_every"]) == (20, 10)


def test_edges_are_differences_of_neighbours_down_and_to_the_right():
    x = torch.zeros(2, 1, 2, 2)
    x[1, 0] = torch.tensor([[1.0, 0.0], [0.0, 0.0]])
    assert edge_energy(x).tolist() == [0.0, 1.0]  # one of two differences in each direction is 1
    x = torch.randn(3, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(edge_energy(x + 0.5), edge_energy(x), atol=1e-5) and torch.allclose(
        edge_energy(2 * x), 4 * edge_energy(x)
    )


def test_edges_tell_noise_from_flat_pictures_either_way_round_and_nothing_from_itself():
    source = torch.Generator().manual_seed(0)
    flat, noise = (scale * torch.randn(40, 3, 8, 8, generator=source) for scale in (0.01, 1.0))
    assert told_by_edges(flat, noise) == told_by_edges(noise, flat) == 1
    assert told_by_edges(noise, torch.randn(40, 3, 8, 8, generator=source)) < 0.75


def test_every_look_has_every_score(stages):
    stage = stages("few_faces_long")
    game, _ = stage.game(ARMS["100: none"], 1)
    run = types.SimpleNamespace(gan=game, sample=lambda n, seed: game.sample(n, seed=seed))
    early, late = (stage.drawn(run, final) for final in (False, True))
    assert torch.equal(early, late) and not late.isnan().any() and list(stage.judged(late)) == list(SCORES)


@pytest.mark.parametrize("how", ["none", "DiffAugment", "ADA"])
def test_memory_changed_asks_every_d_through_the_whole_of_t(stages, how):
    stage = stages("few_faces_long")
    game, _ = stage.game(ARMS[f"100: {how}"], 1)
    found = scored(stage, game)
    assert game.discriminator.training, "asking leaves the mode as it was"
    assert found["memory_changed"] != found["memory"]
    assert (found["memory_changed"] == found["memory_through"]) is (how == "DiffAugment")
    plain, _ = stage.game(ARMS["100: none"], 1)
    assert found["memory_changed"] == scored(stage, plain)["memory_changed"], "the same weights, the same draws of T"


def test_nulls_are_those_of_the_short_run_and_ask_a_d_only_where_there_is_one(stages):
    stage = stages("few_faces_long")
    rows, theirs = stage.nulls(), few_faces.Faces.nulls(stage)
    assert list(rows) == list(theirs) and all(len(row) == len(SCORES) for row in rows.values())
    assert all(torch.equal(rows[name][:3], theirs[name][:3]) for name in theirs)
    assert not rows.pop("untrained").isnan().any()
    assert all(row[len(few_faces.OF_G) :].isnan().all() for row in rows.values())


def test_edges_are_of_the_faces_that_d_is_asked_about(stages):
    stage = stages("few_faces_long")
    faces = to_float(stage.unseen)
    n = stage.size["asked"]
    assert stage.edges(faces) == pytest.approx(0.5 + 0.5 / n), "each of the n meets itself once, which is no preference"
    assert stage.edges(torch.zeros(80, 3, 16, 16)) == 1

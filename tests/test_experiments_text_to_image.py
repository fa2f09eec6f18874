"""Sentences, faces and their judges."""

from types import SimpleNamespace

import pytest
import torch

from gancourse.experiments import runner, text_to_image


def test_the_truth_agrees_and_what_is_worthless_does_not(stages):
    stage = stages("text_to_image")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    for part in ("agreement", "unseen_wording", "held_out"):
        assert rows["truth"][part] > 0.8
        assert all(rows[name][part] < 0.6 for name in rows if name != "truth")
    assert rows["truth"]["diversity"] == pytest.approx(1) and rows["mean face"]["diversity"] == pytest.approx(0, abs=1e-3)
    assert rows["other faces"]["diversity"] > 1, "faces that need not fit one sentence differ more"
    assert all(rows[name]["frechet"] > 2 * rows["truth"]["frechet"] for name in ("mean face", "noise", "untrained"))


def test_what_is_held_out_is_not_trained(stages):
    stage = stages("text_to_image")
    assert not text_to_image.new(stage.faces).any()
    asked = stage.asked["held_out"]
    assert (asked >= 0).all(), "their sentences mention everything, the pair that was never trained in particular"
    assert len(stage.all) == sum(stage.parts.values()) == len(torch.cat(stage.truth))


def test_only_faces_that_fit_and_differ_count(stages):
    stage = stages("text_to_image")
    rows = {name: runner.scores(stage, sample)["fitting"] for name, sample in stage.nulls().items()}
    assert rows["truth"] == 1 and max(value for name, value in rows.items() if name != "truth") < 0.5
    again = stage.size["again"]
    one_face = torch.cat([group[:1].expand_as(group) for group in stage.truth[-1].split(again)])
    assert (stage._different(one_face) <= 1).all(), "one face that fits, again and again, counts once"


def test_arms_differ_in_one_switch_each():
    arms = {name: {**arm["game"], **arm} for name, arm in text_to_image.ARMS.items()}  # an arm has the entry "game" itself
    assert arms["GAN-CLS"] == {"game": {}} and all(len(switches) == 2 for name, switches in arms.items() if name != "GAN-CLS")


def test_without_its_cloud_a_network_draws_other_faces_and_a_plain_one_the_same(stages):
    stage = stages("text_to_image")
    n = stage.parts["diversity"]
    for name, cloud in (("GAN-CLS", False), ("GAN-CLS + augmentation", True)):
        game = stage.game(text_to_image.ARMS[name], 1)[0]
        drawn = stage.drawn(SimpleNamespace(gan=game, generator=game.generator))
        assert len(drawn) == len(stage.all) + 2 * n
        usual, without, noisy = drawn[-3 * n :].split(n)
        assert torch.allclose(usual, without, atol=1e-5) is not cloud
        assert not torch.allclose(without, noisy, atol=1e-4), "another sentence vector, another picture"


def test_judges_are_kept_where_another_run_finds_them(stages, tmp_path):
    first = text_to_image.Sentences(text_to_image.EXPERIMENT.size("ci"), tmp_path)
    again = text_to_image.Sentences(text_to_image.EXPERIMENT.size("ci"), tmp_path)
    assert torch.equal(first.texts, again.texts)
    assert not torch.equal(first.matcher.text.last.weight, first.encoder.text.last.weight), "the judge is another network"


def test_smaller_faces_keep_their_attributes(stages):
    faces = stages("text_to_image").faces
    half = text_to_image.smaller(faces, 8)
    assert half.size == 8 and torch.equal(half.attributes, faces.attributes)

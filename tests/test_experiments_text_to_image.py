"""Sentences, faces and their judges."""

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


def test_arms_differ_in_one_thing_each(stages):
    arms = text_to_image.ARMS
    assert arms["GAN-CLS"] == {"game": {}}
    assert all(len(arm["game"]) + len(arm) - 1 == 1 for name, arm in arms.items() if name not in ("GAN-CLS", "no cloud"))
    stage = stages("text_to_image")
    cloud, none = (stage.game(arms[name], 1)[0].generator for name in ("GAN-CLS + augmentation", "no cloud"))
    ours, theirs = none.state_dict(), cloud.state_dict()
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[name], theirs[name]) for name in ours)
    e, z = torch.nn.functional.normalize(torch.ones(2, 64), dim=1), torch.randn(2, 64, generator=torch.Generator().manual_seed(0))
    assert torch.equal(*none.conditions(z, e)) and not torch.equal(*cloud.conditions(z, e)), "its noise is switched off"
    assert stage.game(arms["more noise"], 1)[0].generator.latent_dim == cloud.latent_dim


def test_judges_are_kept_where_another_run_finds_them(stages, tmp_path):
    first = text_to_image.Sentences(text_to_image.EXPERIMENT.size("ci"), tmp_path)
    again = text_to_image.Sentences(text_to_image.EXPERIMENT.size("ci"), tmp_path)
    assert torch.equal(first.texts, again.texts)
    assert not torch.equal(first.matcher.text.last.weight, first.encoder.text.last.weight), "the judge is another network"


def test_smaller_faces_keep_their_attributes(stages):
    faces = stages("text_to_image").faces
    half = text_to_image.smaller(faces, 8)
    assert half.size == 8 and torch.equal(half.attributes, faces.attributes)

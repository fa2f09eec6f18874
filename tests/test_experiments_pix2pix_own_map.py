"""Whether an output fits its own map: 0 for what does not depend on it."""

import pytest
import torch

from gancourse.experiments import pix2pix_own_map, pix2pix_stripes, runner


def test_what_does_not_depend_on_its_map_has_no_fit(stages):
    stage = stages("pix2pix_own_map")

    class Reads:
        """A judge that is right about the true pictures, and reads any other as background."""

        def predict(self, x):
            return stage.unseen.a.long() if torch.equal(x, stage.truth) else torch.zeros_like(stage.unseen.a).long()

    judge, stage.judge = stage.judge, Reads()
    try:
        rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    finally:
        stage.judge = judge
    truth = rows.pop("truth")
    assert truth["pixel_accuracy"] == 1
    assert 0.1 < truth["fit"] == pytest.approx(1 - truth["other_maps"])
    assert all(abs(row["fit"]) < 0.02 for row in rows.values())


def test_the_other_maps_are_others(stages):
    maps = stages("pix2pix_own_map").unseen.a
    assert all(0 < k < len(maps) and not torch.equal(maps, maps.roll(k, 0)) for k in pix2pix_own_map.SHIFTS)


def test_only_arms_seeds_and_steps_differ_from_the_stripes():
    ours, before = pix2pix_own_map.EXPERIMENT, pix2pix_stripes.EXPERIMENT
    assert (ours.fit, ours.ci) == (before.fit, before.ci)
    assert {**ours.full, "steps": before.full["steps"]} == before.full
    assert all(before.arms[name] == arm for name, arm in ours.arms.items())
    assert not set(ours.seeds) & set(before.seeds)

"""Every recorded experiment: its ci size runs, and its record, where there is one, is fresh."""

import pytest
import torch

from gancourse.experiments import pool, recorded, records, runner


@pytest.mark.parametrize("name", recorded.NAMES)
def test_the_smallest_size_trains_every_arm(stages, tmp_path, name):
    experiment, stage = recorded.get(name), stages(name)
    assert experiment.name == name
    for arm in experiment.arms:
        result = runner.train(experiment, stage, (arm, experiment.seeds[0]), "ci", tmp_path)
        assert [point["step"] for point in result["points"]] == [0, 10, 20]
        assert result["frames"][0].dtype == torch.uint8
        assert set(result["scores"]) == set(result["points"][0]) - {"step", "images", "seconds", "d_loss", "g_loss"}


@pytest.mark.parametrize("name", recorded.NAMES)
def test_arms_differ_in_their_first_losses(stages, name):
    experiment, stage = recorded.get(name), stages(name)
    first = [runner.replay(experiment, stage, arm, "ci") for arm in experiment.arms]
    assert all(records.differs(a, b) for i, a in enumerate(first) for b in first[:i])


@pytest.mark.parametrize("name", recorded.NAMES)
def test_the_record_is_fresh(tmp_path, name):
    if not records.place(name).exists():
        pytest.skip(f"{name} is not recorded")
    record, experiment = records.read(records.place(name)), recorded.get(name)
    assert records.state(experiment, record)[0] in ("fresh", "partial")
    assert records.changes(record, pool.fingerprint(experiment, "ci", tmp_path, record.seeds[0]), "ci") == []
    assert record.strip().width > 100

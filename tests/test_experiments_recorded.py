"""Every recorded experiment: its ci size runs, its judges know noise from truth, and its record, where there is one, is fresh."""

import pytest
import torch

from gancourse.experiments import pix2pix_losses, pool, recorded, records, runner
from gancourse.experiments.experiment import Stage


@pytest.fixture(scope="session")
def stages(tmp_path_factory):
    """The stages at ci size, each made once."""
    made: dict[str, Stage] = {}

    def stage(name):
        if name not in made:
            made[name] = recorded.get(name).stage(recorded.get(name).size("ci"), tmp_path_factory.mktemp(name))
        return made[name]

    return stage


def nulls(stage):
    return {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}


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


def test_stacked_digits_refuse_noise_and_take_digits(stages):
    rows = nulls(stages("stacked_digits"))
    assert rows["unseen digits"]["high_quality"] > 0.7
    for name, row in rows.items():
        if name.startswith("noise") or name in ("untrained", "blurred digits"):
            assert row["modes"] < 5, name


def test_faces_score_the_truth_above_every_null(stages):
    rows = nulls(stages("pix2pix_losses"))
    truth = rows["truth"]
    assert (truth["hair_energy"], truth["sharpness"], truth["hair_spread"], truth["l1"]) == pytest.approx((1, 1, 1, 0))
    assert rows["mean face"]["hair_energy"] < 0.5 < 1.5 < rows["noise"]["hair_energy"]
    assert rows["mean colour of each class"]["hair_spread"] == pytest.approx(0, abs=1e-3)
    assert all(rows[name]["frechet"] > 2 * truth["frechet"] for name in ("mean face", "noise", "untrained", "blurred truth"))


def test_stripes_are_in_the_hair_alone_and_their_phase_is_not_in_the_map(stages):
    plain = pix2pix_losses.load_pairs("segments", 32, 80, "test", progress=False)
    one, other = (pix2pix_losses.striped(plain, seed) for seed in (0, 1))
    hair = (plain.a == pix2pix_losses.HAIR).expand_as(plain.b)
    assert torch.equal(one.b[~hair], plain.b[~hair])
    assert torch.equal(one.a, plain.a)
    assert not torch.equal(one.b, other.b)
    share = (one.b != plain.b).any(1, keepdim=True).sum() / (plain.a == pix2pix_losses.HAIR).sum()
    assert 0.4 < share < 0.6
    energy = [pix2pix_losses.hair_energy(pairs.targets(), pairs.a) for pairs in (plain, one)]
    assert energy[1] > 1.5 * energy[0]


def test_hair_colours_are_means_over_the_hair():
    maps = torch.full((1, 1, 2, 2), pix2pix_losses.HAIR)
    maps[0, 0, 0, 0] = 0
    pictures = torch.tensor([[[[9.0, 1.0], [2.0, 3.0]]]]).expand(-1, 3, -1, -1)
    assert pix2pix_losses.hair_colours(pictures, maps).tolist() == [[2.0, 2.0, 2.0]]

"""WGANs on faces: arms that differ in one thing, generators begun anew, and judges that are not blind."""

import math

import pytest
import torch

from gancourse.experiments import knocks, runner, wgan_faces
from gancourse.experiments.records import Record
from gancourse.experiments.wgan_faces import ANEW, CLIPPED, EXPERIMENT, PENALTY, STATISTICS
from gancourse.gans.wgan import WGAN


def test_arms_share_networks_first_weights_and_order(stages):
    stage = stages("wgan_faces")
    games = {arm: stage.game(EXPERIMENT.arms[arm], 1) for arm in EXPERIMENT.arms}
    first = [
        torch.cat([p.flatten() for g in (game.generator, game.discriminator) for p in g.parameters()])
        for game, _ in games.values()
    ]
    pictures = [next(batches)[0] for _, batches in games.values()]
    assert all(torch.equal(first[0], other) for other in first) and all(torch.equal(pictures[0], other) for other in pictures)
    assert isinstance(games[CLIPPED][0], WGAN) and games[CLIPPED][0].clip == 0.01
    assert games[PENALTY][0].at == [] and games[ANEW][0].at == list(knocks.moments(1, 20, 10))
    assert not [m for game, _ in games.values() for m in game.discriminator.modules() if isinstance(m, torch.nn.BatchNorm2d)]


def test_the_generator_is_begun_anew_at_its_steps_alone(stages):
    game, _ = stages("wgan_faces").game(EXPERIMENT.arms[ANEW], 1)
    game.at = [2]
    first = [parameter.clone() for parameter in game.generator.parameters()]
    for parameter in game.generator.parameters():
        parameter.data += 1
    game.after_generator_step()
    assert not any(torch.equal(*pair) for pair in zip(first, game.generator.parameters(), strict=True))
    again, _ = stages("wgan_faces").game(EXPERIMENT.arms[ANEW], 1)
    again.load_state_dict(game.state_dict())
    assert again.t == 1
    game.after_generator_step()
    assert all(torch.equal(*pair) for pair in zip(first, game.generator.parameters(), strict=True))


def test_a_trainings_numbers_are_those_of_its_samples(stages, tmp_path):
    stage = stages("wgan_faces")
    result = runner.train(EXPERIMENT, stage, (PENALTY, 0), "ci", tmp_path)
    assert set(result["scores"]) == set(STATISTICS) and math.isnan(result["points"][0]["estimate"])
    end = result["points"][-1]
    assert end["said"] > 0 and end["estimate"] > 0 and end["frechet"] != end["now"]


def test_judges_put_faces_below_what_is_none(stages):
    stage = stages("wgan_faces")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    real, blurred = rows["other faces"]["frechet"], rows["other faces, blurred"]["frechet"]
    assert blurred > 1.2 * real
    for name in ("each pixel from a face of its own", "mean face", "noise", "untrained"):
        assert rows[name]["frechet"] > 2 * blurred
        assert math.isnan(rows[name]["said"])


def test_scattered_pictures_keep_every_pixels_values_and_no_picture():
    pictures = torch.arange(6.0)[:, None, None, None] * torch.ones(1, 3, 8, 8)
    mixed = wgan_faces.scattered(pictures, torch.Generator().manual_seed(0))
    assert torch.equal(mixed.sort(0).values, pictures)
    assert (mixed == mixed[:, :1]).all(), "a pixel's three channels come from one picture"
    assert not any(len(picture.unique()) == 1 for picture in mixed)


def test_looks_that_count():
    steps = list(range(0, 3001, 200))
    rows = [{"curves": {"step": steps, "said": [1.0] * 16, "now": list(range(16))}}] * 2
    record = Record({"settings": {"size": {"steps": 3000, "measure_every": 200}}, "arms": {PENALTY: rows, ANEW: rows}})
    says, far, at = wgan_faces.looks(record, PENALTY, "said")
    assert says.shape == far.shape == (2, 15) and at[0] == 200
    says, far, at = wgan_faces.looks(record, ANEW, "said")
    assert far.shape == (2, 12) and at[0] == 800 and far[0, 0] == 4


@pytest.mark.parametrize("seed", EXPERIMENT.seeds)
def test_moments_lie_between_looks_and_differ_from_seed_to_seed(seed):
    size = EXPERIMENT.size()
    first, second = knocks.moments(seed, size["steps"], size["measure_every"])
    assert first % size["measure_every"] == second % size["measure_every"] == size["measure_every"] // 4
    others = [knocks.moments(other, size["steps"], size["measure_every"]) for other in EXPERIMENT.seeds if other != seed]
    assert all((first, second) != other for other in others)
    assert all(frame % size["measure_every"] == 0 for frame in size["frames"])

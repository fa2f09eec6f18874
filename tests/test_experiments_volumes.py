"""The recipes of clips and shapes: games that start alike, and measures that order what is known."""

import torch

from gancourse import data, experiments
from gancourse.experiments import volumes
from gancourse.gans.video import VideoGAN


def test_the_recipes_are_listed_and_described():
    assert all(experiments.FAMILIES[name] == "volumes" for name in volumes.NAMES)
    clips, shapes = (experiments.describe(name, steps=3, progress=False) for name in volumes.NAMES)
    assert isinstance(clips.game, VideoGAN) and not isinstance(shapes.game, VideoGAN) and clips.steps == shapes.steps == 3
    assert clips.game.sparsity == 0.1 and all(made.game.objective.name == "relativistic" for made in (clips, shapes))
    for made in (clips, shapes):
        built = type(made.game.generator)(**made.network)
        assert [p.shape for p in built.parameters()] == [p.shape for p in made.game.generator.parameters()]
        assert next(made.batches).shape[0] == made.arguments["batch_size"]


def test_games_leave_the_global_seed_alone_and_start_alike():
    before = torch.get_rng_state()
    one, two, other = (volumes.game_of_shapes(4, 4, seed).generator.state_dict() for seed in (3, 3, 4))
    assert torch.equal(before, torch.get_rng_state())
    assert all(torch.equal(one[key], two[key]) for key in one) and any(not torch.equal(one[key], other[key]) for key in one)


class Run:
    """A finished run that gives shapes."""

    def __init__(self, shapes):
        self.sample = lambda n, seed: shapes[:n].float() / 127.5 - 1


def test_furniture_is_accepted_and_noise_is_not(monkeypatch):
    monkeypatch.setattr(volumes, "N", 1200)
    monkeypatch.setattr(volumes, "N_TEST", 300)
    unseen = data.furniture(16, 300, "test", seed=4).voxels
    noise = 255 * (torch.rand(unseen.shape, generator=torch.Generator().manual_seed(0)) < 0.06).to(torch.uint8)
    good, bad = (volumes.measure_shapes(Run(x)) for x in (unseen, noise))
    assert good["value"] > 0.85 and bad["value"] == 0 and "kinds 4 of 4" in good["protocol"]


def test_an_untrained_generator_of_clips_is_far_from_the_floor():
    game = volumes.players(2, 2, 2, 0)
    found = volumes.measure_clips(type("Run", (), {"gan": game, "generator": game.generator})())
    assert found["value"] > 10 * found["floor"] and "taken to be in order: 0.000" in found["protocol"]

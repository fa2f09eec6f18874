"""The R3GAN recipe: the shipped configuration, reproducible, with an honest card."""

import pytest
import torch

from gancourse import experiments, zoo
from gancourse.experiments import r3gan as recipe
from gancourse.models import r3gan as networks


def test_the_game_is_the_papers_but_lazy():
    game = recipe.game(seed=1)
    assert game.objective.name == "relativistic"
    assert (game.penalty.real, game.penalty.fake, game.penalty.every) == (True, True, 4)
    assert game.generator.size == 32
    again = recipe.game(seed=1)
    assert all(torch.equal(a, b) for a, b in zip(game.generator.parameters(), again.generator.parameters(), strict=True))
    assert sum(p.numel() for p in game.generator.parameters()) * 2 < 4e6  # float16, in bytes


@pytest.mark.filterwarnings("ignore::gancourse.metrics.frechet.FewSamplesWarning")
def test_recipe_trains_and_its_card_ships(tmp_path, monkeypatch):
    for name, value in {"N": 144, "BATCH_SIZE": 4, "CURVE_EVERY": 2, "CURVE_SAMPLES": 70}.items():
        monkeypatch.setattr(recipe, name, value)
    monkeypatch.setitem(networks.CONFIGURATIONS, "tiny32", {"widths": (8, 8, 8, 8), "groups": (2, 2, 2, 2), "blocks": 1})
    run, card = experiments.train("r3gan_anime32", steps=2, progress=False)
    assert run.step == 2
    assert [point[0] for point in card["curve"]] == [0, 8]
    assert "every 4th step" in card["note"]
    path = zoo.save(tmp_path / "r3gan_anime32.safetensors", run.generator, card)
    loaded = zoo.load(path)
    assert loaded.sample(3, seed=0).shape == (3, 3, 32, 32)
    assert torch.allclose(loaded.sample(3, seed=0), run.sample(3, seed=0).clamp(-1, 1), atol=2e-2)
    with pytest.raises(ValueError, match="recipe"):
        experiments.train("r3gan_anime23")

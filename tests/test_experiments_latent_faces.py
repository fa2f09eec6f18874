"""Five generators: every score has its name, labels of other latents make no direction, and what draws one face is not asked."""

import math
import types

import pytest
import torch

from gancourse import experiments, zoo
from gancourse.experiments import runner
from gancourse.experiments.latent_faces import EXPERIMENT, RECIPE, SCORES, SHIPPED, or_nothing
from gancourse.models import subpixel


def test_the_record_plays_the_recipe_with_a_quarter_of_its_steps(stages):
    game, batches = stages("latent_faces").game({}, 1)
    chosen = experiments.recipe(RECIPE)
    assert isinstance(game.generator, subpixel.Generator) and next(batches).shape == (8, 3, 32, 32)
    size, settings = EXPERIMENT.size(), EXPERIMENT.fit_settings(RECIPE)
    assert (4 * size["steps"], size["batch_size"], size["n"]) == (chosen.steps, chosen.batch_size, chosen.n)
    assert all(settings[key] == value for key, value in experiments.listed(chosen.settings).items())


class Grey(torch.nn.Module):
    """Draws one picture, whatever the latent."""

    latent_dim = 64

    def forward(self, z):
        return torch.zeros(len(z), 3, 32, 32)


@pytest.fixture(scope="module")
def rows(stages):
    stage = stages("latent_faces")
    return {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}


def test_a_direction_needs_the_labels_of_its_own_latents(rows):
    shipped, shuffled = rows[f"{SHIPPED}, shipped"], rows["labels of other latents"]
    assert list(shipped) == list(SCORES) and not any(map(math.isnan, shipped.values()))
    assert shipped["moved"] > 0.7 > 0.4 > shuffled["moved"]
    assert shipped["ten_stretched"] > shuffled["ten_stretched"] + 0.2
    assert shipped["frechet"] == shuffled["frechet"] and shipped["glasses_dark"] == shuffled["glasses_dark"], (
        "labels move no draw"
    )
    assert shipped["strange_pixels"] > 1.5 * shipped["strange"], "pixels add up to double exposures"


def test_what_has_learnt_nothing_is_far_from_faces(rows):
    assert rows["training faces"]["frechet"] < rows[f"{SHIPPED}, shipped"]["frechet"] < rows["untrained"]["frechet"]
    assert math.isnan(rows["training faces"]["moved"]), "faces have no latents"


def test_a_number_is_missing_where_no_face_has_the_value(stages):
    assert or_nothing(("a", "b"), lambda: [1, 2]) == {"a": 1, "b": 2}
    grey = stages("latent_faces").asked(Grey())
    assert all(math.isnan(grey[name]) for name in ("moved", "ten", "strange", "hair"))


def test_on_the_way_the_distance_alone_is_measured(stages):
    stage = stages("latent_faces")
    generator = zoo.load(SHIPPED).model
    run = types.SimpleNamespace(generator=generator, sample=lambda n, seed: torch.zeros(n, 3, 32, 32))
    found = stage.judged(stage.drawn(run))
    assert [name for name, value in found.items() if not math.isnan(value)] == ["frechet"]
    assert stage.pictures(run).shape == (3, 3, 32, 32)

"""An encoder that is told z, for the generator of the faces' BiGAN."""

from types import SimpleNamespace

import pytest
import torch

from gancourse.experiments import latent_regressor, runner


@pytest.fixture
def stage(stages):
    return stages("latent_regressor")


def test_the_generator_is_the_shipped_one_and_the_encoder_is_new(stage):
    game, _ = stage.game({}, 0)
    shipped = stage.trained
    kept = zip(game.generator.generator.parameters(), shipped.generator.parameters(), strict=True)
    assert all(torch.equal(a, b) and not a.requires_grad for a, b in kept)
    assert not torch.equal(game.generator.encoder.last.weight, shipped.encoder.last.weight)
    assert not torch.equal(game.generator.encoder.last.weight, stage.game({}, 1)[0].generator.encoder.last.weight)


def test_scores_are_of_the_generators_pictures_and_of_unseen_faces(stage):
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    assert rows["always 0"]["z_back"] == 0
    assert rows["the same, shuffled"]["z_back"] < 0
    true = stage.judged(torch.cat([stage.z, torch.zeros(len(stage.faces), 64)]))
    assert true["z_back"] == 1 and true["x_back"] == pytest.approx(rows["always 0"]["x_back"])
    own = stage.trained
    with torch.no_grad():
        copies = own.reconstruct(stage.faces).clamp(-1, 1)
    error = (copies - stage.faces).square().mean().item()
    assert rows["BiGAN's own encoder"]["pixels"] == pytest.approx(error, rel=1e-4)
    spread = (stage.faces - stage.mean).square().mean().item()
    assert rows["BiGAN's own encoder"]["x_back"] == pytest.approx(1 - error / spread, rel=1e-4)


def test_what_is_measured_of_a_run_is_its_encoder(stage):
    game, _ = stage.game({}, 0)
    sample = stage.drawn(SimpleNamespace(gan=game, generator=game.generator))
    with torch.no_grad():
        assert torch.allclose(sample[len(stage.z) :], game.generator.encode(stage.faces), atol=1e-4)
    assert stage.pictures(SimpleNamespace(gan=game, generator=game.generator)).shape == (6, 3, 32, 32)


def test_the_steps_are_the_bigans():
    from gancourse.experiments import encoders

    full = latent_regressor.EXPERIMENT.full
    assert (full["steps"], full["batch_size"]) == (encoders.BIGAN_STEPS, encoders.BIGAN_BATCH)

"""Twins with and without path length regularisation: they differ in it alone, and the norms are those of the Jacobian."""

import math

import pytest
import torch

from gancourse.experiments import path_twins, runner
from gancourse.experiments.path_twins import EXPERIMENT, LENGTHS, WITH, WITHOUT
from gancourse.training import fit


def test_arms_differ_in_the_penalty_alone(stages):
    stage = stages("path_twins")
    without, regularised = (stage.game(EXPERIMENT.arms[arm], 1)[0] for arm in (WITHOUT, WITH))
    assert without.path is None and regularised.path.weight == 2 and regularised.path.every == 4
    assert without.mixing == regularised.mixing
    for one, other in ((without.generator, regularised.generator), (without.discriminator, regularised.discriminator)):
        assert all(torch.equal(a, b) for a, b in zip(one.state_dict().values(), other.state_dict().values(), strict=True))


def test_norms_are_those_of_the_jacobian(stages):
    generator = stages("path_twins").game(EXPERIMENT.arms[WITHOUT], 0)[0].generator
    norms = path_twins.jacobian_norms(generator, 3, seed=5)
    z = path_twins.draw_latents(3, generator.latent_dim, 5)
    y = torch.randn(3, 3, 16, 16, generator=torch.Generator().manual_seed(5)) / 16
    generator.eval()
    for i in range(3):
        ws = generator.styles(z[i : i + 1]).detach()
        jacobian = torch.autograd.functional.jacobian(lambda w: (generator.synthesis(w) * y[i]).sum(), ws)
        assert norms[i].item() == pytest.approx(jacobian.square().sum(2).mean().sqrt().item(), rel=1e-4)


def test_a_sample_holds_lengths_and_features(stages):
    stage = stages("path_twins")
    run = fit(*stage.game(EXPERIMENT.arms[WITH], 1), 2, progress=False)
    sample = stage.drawn(run)
    scores = runner.scores(stage, sample)
    assert sample.shape == (EXPERIMENT.size("ci")["paths"], LENGTHS + 64)
    assert scores["ratio"] == pytest.approx(scores["path_z"] / scores["path_w"]) and scores["uneven"] > 0
    level = torch.cat([torch.ones(70, LENGTHS), stage.unseen[:70]], 1)
    assert stage.judged(level)["uneven"] == 0 and stage.judged(level)["ratio"] == 1


def test_nulls_are_untrained_networks_and_pictures_without_paths(stages):
    stage = stages("path_twins")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    assert all(rows[f"untrained, {seed}"]["ratio"] > 1 for seed in range(3))
    assert math.isnan(rows["noise"]["ratio"]) and rows["training faces"]["frechet"] < rows["noise"]["frechet"]

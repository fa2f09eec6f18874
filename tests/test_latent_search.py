"""Search: where it goes with each epsilon alone, its Langevin limit, and that the networks stay as they are."""

import math

import pytest
import torch
from torch import nn

from gancourse.latent.search import denoising_prior, gaussian_prior, likes, search
from gancourse.models import mlp
from gancourse.models.latent_codes import Classifier


def nothing(x):
    return (0 * x).flatten(1).sum(1)


def test_the_condition_alone_climbs():
    torch.manual_seed(0)
    model = Classifier(4, 3, (16,)).eval()
    y = torch.tensor([0, 1, 2, 2])
    found = search(torch.zeros(4, 4), likes(model, y), epsilons=(0, 1.0, 0), steps=200)
    assert found.confidence.shape == (201, 4)
    assert (found.confidence[-1] > found.confidence[0] + 0.3).all()
    assert torch.equal(found.codes, found.images)
    assert all(p.grad is None for p in model.parameters())


def test_the_prior_alone_goes_home_and_bounds_hold():
    start = torch.full((3, 5), 4.0)
    home = search(start, nothing, epsilons=(0.1, 0, 0), steps=100, prior=gaussian_prior)
    assert torch.allclose(home.codes, start * 0.9**100, atol=1e-4)
    assert torch.equal(start, torch.full((3, 5), 4.0))
    wild = search(start, nothing, epsilons=(0, 0, 3.0), steps=5, bounds=(-1, 1), seed=1)
    assert wild.codes.abs().max() <= 1


def test_langevin_samples_the_posterior():
    """Prior N(0, 1), condition log p = -(h - 2)^2 / 2: the posterior is N(1, 1/2)."""

    def condition(x):
        return -((x[:, 0] - 2) ** 2) / 2

    e3 = 0.25
    found = search(torch.zeros(4000, 1), condition, epsilons=(e3**2 / 2, e3**2 / 2, e3), steps=200, prior=gaussian_prior)
    assert abs(found.codes.mean() - 1) < 0.05
    assert abs(found.codes.std() - math.sqrt(0.5)) < 0.05


def test_a_denoiser_is_asked_for_its_step():
    class Halve(nn.Module):
        def forward(self, x):
            return x / 2

    assert torch.equal(denoising_prior(Halve())(torch.ones(2, 3)), torch.full((2, 3), -0.5))


def test_each_code_walks_alone_through_a_generator_in_evaluation_mode():
    torch.manual_seed(0)
    generator = mlp.Generator(3, (1, 4, 4), hidden=(16,), norm="batch", out="tanh")
    model = nn.Sequential(nn.Flatten(), Classifier(16, 2, (8,))).eval()
    z, y = torch.randn(4, 3), torch.tensor([0, 1, 0, 1])
    told = {"epsilons": (0.01, 0.2, 0), "steps": 10, "decode": generator, "prior": gaussian_prior}
    together = search(z, likes(model, y), **told)
    alone = search(z[:1], likes(model, y[:1]), **told)
    assert torch.allclose(together.codes[:1], alone.codes, atol=1e-5)
    assert together.images.shape == (4, 1, 4, 4)
    assert generator.training and all(p.grad is None for p in generator.parameters())


def test_the_classifier_is_asked_in_evaluation_mode_and_left_as_it_is():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3))
    assert model.training
    before = {name: value.clone() for name, value in model.state_dict().items()}
    start, y = torch.randn(4, 4), torch.tensor([0, 1, 2, 2])
    together, alone = (search(start[:n], likes(model, y[:n]), epsilons=(0, 0.1, 0), steps=3) for n in (4, 1))
    assert torch.allclose(together.codes[:1], alone.codes, atol=1e-6) and not torch.equal(together.codes, start)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(part.training for part in model.modules())


def test_errors_name_the_fix():
    with pytest.raises(ValueError, match="gaussian_prior"):
        search(torch.zeros(1, 2), nothing, epsilons=(0.1, 0, 0))
    with pytest.raises(ValueError, match=r"epsilons\[2\] must be 0 or more"):
        search(torch.zeros(1, 2), nothing, epsilons=(0, 0, -1))
    with pytest.raises(ValueError, match="one class for each"):
        search(torch.zeros(3, 4), likes(Classifier(4, 3), torch.tensor([0])), epsilons=(0, 1, 0))

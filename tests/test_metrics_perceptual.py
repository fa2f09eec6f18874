import warnings

import pytest
import torch
from torch import nn

from gancourse.latent.projection import project
from gancourse.metrics.path_length import perceptual_path_length
from gancourse.metrics.perceptual import PerceptualFeatures, _unit_channels, perceptual_features
from gancourse.models import stylegan2
from gancourse.models.classifier import AttributeClassifier


def test_distance_is_the_squared_length_of_the_features_difference(perceptual):
    x, y = torch.rand(2, 5, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
    distance = perceptual.distance(x, y)
    torch.testing.assert_close(distance, (perceptual(x) - perceptual(y)).square().sum(1))
    by_hand = sum((u - v).square().sum(1).mean((1, 2)) for u, v in zip(perceptual.maps(x), perceptual.maps(y), strict=True))
    torch.testing.assert_close(distance, by_hand)
    assert len(perceptual.maps(x)) == 5 and (perceptual.distance(x, x) == 0).all()
    assert (distance <= 5 * 2 + 1e-4).all()  # unit vectors of non-negative numbers: at most 2 apart in each of five maps


def test_every_place_has_length_one_or_none_at_all(perceptual):
    for u in perceptual.maps(torch.rand(2, 3, 32, 32) * 2 - 1):
        length = u.square().sum(1)
        assert ((length - 1).abs() < 1e-2).logical_or(length < 1e-2).all()


def test_a_place_without_any_channel_stays_zero_with_a_finite_gradient():
    x = torch.zeros(1, 4, 2, 2).index_fill_(3, torch.tensor(0), 3.0).requires_grad_()
    unit = _unit_channels(x)
    torch.testing.assert_close(unit[..., 0], torch.full((1, 4, 2), 0.5))
    assert not unit[..., 1].any()
    unit.square().sum().backward()
    assert torch.isfinite(x.grad).all()  # a root of 0 in the denominator would leave NaN


def test_gradients_reach_the_images_and_not_the_classifier(perceptual):
    x = torch.rand(2, 3, 32, 32, requires_grad=True)
    perceptual(x)[:, ::2].sum().backward()
    assert x.grad.abs().sum() > 0 and torch.isfinite(x.grad).all()
    assert all(parameter.grad is None for parameter in perceptual.parameters())


def test_features_do_not_depend_on_the_batch(perceptual):
    perceptual.train()
    x = torch.rand(4, 3, 64, 64) * 2 - 1
    torch.testing.assert_close(perceptual(x)[:1], perceptual(x[:1]), rtol=1e-4, atol=1e-5)
    with pytest.raises(ValueError, match="3 channels"):
        perceptual(x[:, :1])


def test_pale_pictures_of_a_network_are_no_reason_for_a_warning(perceptual):
    pale = torch.full((2, 3, 32, 32), 0.6)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert torch.equal(perceptual(pale, pale=True), perceptual(torch.cat([pale, -pale]))[:2])
        assert perceptual.distance(pale, pale, pale=True).tolist() == [0, 0]
        perceptual_path_length(Pale(), 3, batch_size=2)
        project(
            stylegan2.Generator(16, 6, w_dim=8, mapping_layers=2, channel_base=128, channel_max=12),
            -pale[:1, :, :16, :16],
            steps=2,
        )
    with pytest.raises(ValueError, match="in \\[-1, 1\\] and reach"):
        perceptual(255 * pale, pale=True)


class Pale(nn.Module):
    """Draws pictures with nothing below 0."""

    latent_dim = 4

    def forward(self, z):
        return z[:, :3, None, None].sigmoid().expand(-1, -1, 32, 32)


def test_the_shipped_classifier_of_a_style_is_the_default():
    assert perceptual_features("anime").extractor_id.startswith("classifier_anime ")


def test_the_classifier_stays_as_it_is():
    torch.manual_seed(0)
    classifier = AttributeClassifier({"smile": ("no", "yes")}, width=2).train()
    features, x = PerceptualFeatures(classifier), torch.rand(2, 3, 32, 32) * 2 - 1
    before = features(x)
    assert classifier.training
    classifier(x)[0].sum().backward()
    assert all(parameter.grad is not None for parameter in classifier.heads.parameters())
    with torch.no_grad():
        classifier.body[0].weight.mul_(-1)
    assert torch.equal(features(x), before)  # and a classifier that learns on does not change the distance

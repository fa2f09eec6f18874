"""Features: pictures in, checked matrices out, and never two networks' in one distance."""

import numpy as np
import pytest
import torch

from gancourse.base.features import extractor_of, mark
from gancourse.data import ImageSet
from gancourse.metrics import Extractor
from gancourse.metrics.features import checked_images, feature_matrix, feature_pair, float_images, image_features


class Means:
    extractor_id = "means"

    def features(self, images, batch_size=256):
        return images.float().mean((2, 3))


PICTURES = torch.arange(24, dtype=torch.uint8).reshape(2, 3, 2, 2)


def test_features_are_named_after_their_extractor():
    found = image_features(PICTURES, Means())
    assert extractor_of(found) == "means"
    assert torch.equal(found, PICTURES.float().mean((2, 3)))
    assert torch.equal(image_features(ImageSet(PICTURES), Means()), found)


class Counted:
    """Marks its features, and counts how often its name is asked for: it may be a digest of all weights."""

    asked = 0

    @property
    def extractor_id(self):
        self.asked += 1
        return "counted"

    def features(self, images, batch_size=256):
        return mark(images.float().mean((2, 3)), self.extractor_id)


def test_the_name_of_an_extractor_is_asked_for_once():
    extractor = Counted()
    assert extractor_of(image_features(PICTURES, extractor)) == "counted" and extractor.asked == 1


class Wrapped:
    """Hands on whatever it is asked for."""

    def __init__(self, inner):
        self.inner = inner

    def __getattr__(self, name):
        return getattr(self.inner, name)


def test_an_extractor_can_be_asked_for_and_wrapped():
    assert isinstance(Means(), Extractor) and not isinstance(torch.nn.Flatten(), Extractor)
    assert extractor_of(image_features(PICTURES, Wrapped(Means()))) == "means"
    with pytest.raises(TypeError, match="Wrapped lacks one"):
        image_features(PICTURES, Wrapped(torch.nn.Flatten()))


def test_what_is_no_extractor_is_told_what_it_lacks():
    with pytest.raises(TypeError, match="Flatten lacks one"):
        image_features(PICTURES, torch.nn.Flatten())


@pytest.mark.parametrize(
    ("images", "says"),
    [
        (PICTURES[0], "images"),
        (PICTURES[:0], "N > 0"),
        (PICTURES.float(), r"\[-1, 1\]"),
        (torch.full((1, 3, 2, 2), torch.nan), "NaN"),
    ],
)
def test_pictures_are_checked(images, says):
    for checked in (checked_images, float_images):
        with pytest.raises(ValueError, match=says):
            checked(images)


def test_bytes_and_floats_become_the_same_floats():
    made = float_images(PICTURES)
    assert made.dtype == torch.float32 and torch.equal(made, PICTURES.float() / 127.5 - 1)
    assert torch.equal(float_images(made.double().requires_grad_()), made) and not float_images(made).requires_grad


def test_two_networks_are_not_compared_and_no_name_is_no_objection():
    one, other, plain = mark(torch.rand(3, 2), "one"), mark(torch.rand(4, 2), "other"), torch.rand(4, 2)
    with pytest.raises(ValueError, match="'one' and of 'other' live in different spaces"):
        feature_pair(one, other)
    a, b = feature_pair(one, plain)
    assert a.dtype == b.dtype == torch.float64 and torch.equal(b, plain.double())
    with pytest.raises(ValueError, match="2 and 5 dimensions"):
        feature_pair(one, torch.rand(4, 5))


def test_arrays_become_float64_without_a_graph():
    made = feature_matrix(np.ones((2, 3), np.float32))
    assert made.dtype == torch.float64 and made.shape == (2, 3)
    assert not feature_matrix(torch.ones(2, 3, requires_grad=True)).requires_grad


@pytest.mark.parametrize(
    ("features", "error", "says"),
    [
        ([[1.0, 2.0]], TypeError, "not list"),
        (torch.zeros(2, 3, 4), ValueError, "flatten all but the first"),
        (torch.zeros(2, 3, dtype=torch.bool), TypeError, "real numbers"),
        (torch.zeros(2, 3, dtype=torch.complex64), TypeError, "real numbers"),
        (torch.zeros(1, 3), ValueError, "at least 2 samples"),
        (torch.zeros(3, 0), ValueError, "at least 1 dimension"),
        (torch.tensor([[1.0], [torch.nan], [torch.inf]]), ValueError, "in 2 of 3 rows"),
        (torch.full((2, 2), 1e80, dtype=torch.float64), ValueError, "1e.80"),
    ],
)
def test_a_matrix_that_is_none_is_named(features, error, says):
    with pytest.raises(error, match=says):
        feature_matrix(features)

import warnings

import pytest
import torch

from gancourse.data.images import to_float
from gancourse.models.classifier import AttributeClassifier, prepare

NAMES = {"smile": ("no", "yes"), "hair": ("red", "brown", "black")}


def small():
    torch.manual_seed(0)
    return AttributeClassifier(NAMES, width=4, dim=6).eval()


def test_prepared_images_keep_their_means():
    small_images, large = torch.rand(2, 3, 16, 16) * 2 - 1, torch.rand(2, 3, 64, 64) * 2 - 1
    assert torch.equal(prepare(small_images), small_images.repeat_interleave(2, 2).repeat_interleave(2, 3))
    assert torch.allclose(prepare(large), large.unflatten(3, (32, 2)).unflatten(2, (32, 2)).mean((3, 5)), atol=1e-6)
    assert torch.equal(prepare(torch.full((1, 3, 32, 32), 255, dtype=torch.uint8)), torch.ones(1, 3, 32, 32))
    with pytest.raises(ValueError, match="square"):
        prepare(torch.zeros(1, 3, 16, 8))


def test_heads_stand_side_by_side():
    network, images = small(), torch.rand(5, 3, 32, 32) * 2 - 1
    logits = network(images)
    assert [part.shape for part in logits] == [(5, 2), (5, 3)]
    probabilities = network.probabilities(images, batch_size=2)
    for name, part in zip(NAMES, logits, strict=True):
        assert torch.allclose(probabilities[name], part.softmax(1), atol=1e-5)
    assert torch.equal(network.predict(images, batch_size=2), torch.stack([part.argmax(1) for part in logits], 1))


def test_accuracy_counts_each_attribute():
    network, images = small(), torch.rand(4, 3, 32, 32) * 2 - 1
    right = network.predict(images)
    wrong = right.clone()
    wrong[0, 1] = (wrong[0, 1] + 1) % 3
    assert network.accuracy(images, wrong) == {"smile": 1.0, "hair": 0.75}
    with pytest.raises(ValueError, match=r"\[4, 2\], not \[4, 1\]"):
        network.accuracy(images, right[:, :1])


def test_features_are_marked_and_batches_do_not_matter():
    network, images = small(), torch.randint(0, 256, (5, 3, 32, 32), dtype=torch.uint8)
    features = network.features(images, batch_size=2)
    assert features.shape == (5, 6) and features.extractor_id == network.extractor_id
    assert torch.allclose(features, network.features(images), atol=1e-5)
    with pytest.raises(ValueError, match="looks at 3 channels, and the images have 1"):
        network.features(images[:, :1])


def test_an_attribute_needs_two_values():
    with pytest.raises(ValueError, match="two values"):
        AttributeClassifier({"smile": ("yes",)})


def test_bright_bytes_are_no_reason_for_a_warning():
    network = small()
    pale = torch.full((2, 3, 16, 16), 200, dtype=torch.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert network.predict(pale).shape == (2, 2)
        assert torch.equal(prepare(pale), prepare(to_float(pale) - 2) + 2)
        among_others = torch.cat([torch.rand(3, 3, 16, 16) * 2 - 1, to_float(pale[:1])])
        assert network.predict(among_others, batch_size=3).shape == (4, 2)
    with pytest.warns(UserWarning, match=r"2 \* x - 1"):
        prepare(torch.full((2, 3, 16, 16), 0.6))
    with pytest.raises(ValueError, match=r"images must be a batch \[N, C, H, W\]"):
        prepare(pale[0])


def test_a_string_is_no_row_of_values():
    with pytest.raises(TypeError, match="names of their values"):
        AttributeClassifier({"smile": "yes"})

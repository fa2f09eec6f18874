from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F

from gancourse import data, zoo
from gancourse.base import files
from gancourse.base.features import extractor_of
from gancourse.metrics.attributes import STYLES, attribute_classifier, stacked_codes, train_attribute_classifier
from gancourse.metrics.features import image_features
from gancourse.metrics.frechet import frechet_distance, real_against_real
from gancourse.metrics.modes import stacked_mode_report
from gancourse.models.classifier import AttributeClassifier, prepare

NAMES = {"hair": ("dark", "fair", "red"), "smile": ("no", "yes")}


@pytest.fixture(scope="module")
def fresh_faces():
    return data.faces(32, 240, split="test", seed=7, progress=False)


@pytest.fixture(scope="module")
def classifier():
    return attribute_classifier("faces")


def noise(n: int, size: int, seed: int = 0, channels: int = 3) -> torch.Tensor:
    source = torch.Generator().manual_seed(seed)
    return torch.randint(256, (n, channels, size, size), generator=source, dtype=torch.uint8)


# preparing images


def test_larger_images_are_averaged_and_pixel_art_is_repeated():
    big, small = noise(2, 64), noise(2, 16)
    means = data.to_float(big).unfold(2, 2, 2).unfold(3, 2, 2).mean((-1, -2))
    torch.testing.assert_close(prepare(big), means)
    assert torch.equal(prepare(small), data.to_float(small).repeat_interleave(2, 2).repeat_interleave(2, 3))
    assert prepare(noise(2, 28)).shape == prepare(noise(2, 48)).shape == (2, 3, 32, 32)
    same = data.to_float(noise(2, 32))
    assert torch.equal(prepare(same), same)


def test_bytes_and_floats_are_the_same_images():
    x = noise(3, 32)
    torch.testing.assert_close(prepare(x), prepare(data.to_float(x)), rtol=0, atol=1e-6)


def test_bad_images_are_refused():
    network = AttributeClassifier(NAMES)
    with pytest.raises(ValueError, match="square, not 32 x 16"):
        prepare(torch.zeros(1, 3, 32, 16))
    with pytest.raises(TypeError, match="floats in"):
        prepare(torch.zeros(1, 3, 32, 32, dtype=torch.int64))
    with pytest.raises(ValueError, match="looks at 3 channels, and the images have 1"):
        network.features(noise(2, 32, channels=1))
    with pytest.raises(ValueError, match=r"\[N, C, H, W\] with N > 0"):
        network.features(torch.zeros(0, 3, 32, 32))
    with pytest.raises(ValueError, match="batch_size must be above 0"):
        network.features(noise(2, 32), batch_size=0)
    with pytest.raises(ValueError, match="at least two values"):
        AttributeClassifier({"smile": ("yes",)})


# the network


def test_a_head_for_each_attribute():
    network = AttributeClassifier(NAMES)
    assert [tuple(head.shape) for head in network(torch.zeros(4, 3, 32, 32))] == [(4, 3), (4, 2)]
    probabilities = network.probabilities(noise(5, 32))
    assert {name: tuple(p.shape) for name, p in probabilities.items()} == {"hair": (5, 3), "smile": (5, 2)}
    for column, p in enumerate(probabilities.values()):
        torch.testing.assert_close(p.sum(1), torch.ones(5))
        assert torch.equal(network.predict(noise(5, 32))[:, column], p.argmax(1))


def test_features_are_what_the_heads_see():
    network = AttributeClassifier(NAMES).eval()
    x = noise(6, 32)
    features = network.features(x)
    assert features.shape == (6, 64) and features.dtype == torch.float32 and not features.requires_grad
    with torch.no_grad():
        torch.testing.assert_close(torch.cat(network(prepare(x)), 1), network.heads(F.relu(features)))


def test_measuring_changes_nothing_and_does_not_depend_on_the_batch():
    network = AttributeClassifier(NAMES).train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    x = noise(7, 32)
    torch.testing.assert_close(network.features(x), network.features(x, batch_size=2), rtol=1e-4, atol=1e-5)
    assert network.training
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())


def test_accuracy_counts_each_attribute_by_itself():
    network = AttributeClassifier(NAMES)
    x = noise(8, 32)
    truth = network.predict(x)
    truth[:2, 1] = 1 - truth[:2, 1]
    assert network.accuracy(x, truth) == {"hair": 1.0, "smile": 0.75}
    with pytest.raises(ValueError, match=r"attributes must be \[8, 2\], not \[8\]"):
        network.accuracy(x, truth[:, 0])


# what ships


@pytest.mark.parametrize("style", STYLES)
def test_shipped_weights_are_small_and_their_card_promises_99_percent(style):
    card = zoo.card(f"classifier_{style}")
    zoo.check_card(card)
    assert card["metric"]["value"] >= 0.99
    assert files.shipped("checkpoints", f"classifier_{style}.safetensors").stat().st_size < 1e6


def test_fresh_faces_are_read_right(classifier, fresh_faces):
    assert dict(classifier.attribute_names) == dict(fresh_faces.attribute_names)
    accuracy = classifier.accuracy(fresh_faces.images, fresh_faces.attributes)
    assert min(accuracy.values()) >= 0.99, accuracy


@pytest.mark.parametrize(("style", "size"), [("faces", 64), ("anime", 32), ("pixel_faces", 16)])
def test_other_styles_and_sizes_too(style, size):
    fresh = getattr(data, style)(size, 120, split="test", seed=7, progress=False)
    accuracy = attribute_classifier(style, size=size).accuracy(fresh.images, fresh.attributes)
    assert min(accuracy.values()) >= 0.98, accuracy


def test_digits_alone_and_stacked():
    reader = attribute_classifier("digits")
    written, printed = data.digits(split="test"), data.font_digits(n=210, split="test")
    page = (Path(__file__).parent.parent / "data" / "README.md").read_text(encoding="utf-8")
    told = re.search(r"reads ([\d.]+) % of the ([\d,]+) handwritten test digits", page)
    right = reader.accuracy(written.images, written.labels[:, None])["digit"]
    assert len(written) == int(told[2].replace(",", "")) and right >= 0.97
    assert right == pytest.approx(float(told[1]) / 100, abs=0.002)
    assert reader.accuracy(printed.images, printed.labels[:, None])["digit"] > 0.99
    stacked = data.stacked_digits(n=300)
    codes = stacked_codes(stacked, reader)
    assert (codes == stacked.labels).double().mean() > 0.98
    assert stacked_mode_report(codes).modes > 290


def test_shipped_features_are_standardised(classifier, fresh_faces):
    features = classifier.features(fresh_faces.images)
    assert features.mean(0).abs().mean() < 0.15
    assert features.var(0).mean() == pytest.approx(1, abs=0.1)
    assert torch.linalg.matrix_rank(torch.cov(features.double().T)) == 64


def test_the_distance_orders_what_the_eye_orders(classifier, fresh_faces):
    x = data.to_float(fresh_faces.images)
    real = classifier.features(x[::2])

    def far(images: torch.Tensor) -> float:
        return frechet_distance(classifier.features(images[1::2]), real)

    floor = far(x)
    blurred = far(F.avg_pool2d(x, 3, 1, 1))
    bright = x.add(0.15).clamp(-1, 1)
    one_hair = x[fresh_faces.attribute("hair") == 3]
    assert 0 < floor < far(bright)
    assert floor < 0.5 * blurred
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # 40 red-haired faces are fewer than 65
        assert floor < 0.7 * frechet_distance(classifier.features(one_hair), real)
    assert blurred < far(2 * torch.rand(x.shape, generator=torch.Generator().manual_seed(0)) - 1)
    assert real_against_real(classifier.features(x), seed=1) == pytest.approx(floor, rel=0.3)


def test_features_of_two_classifiers_are_not_compared(classifier):
    x = noise(80, 32)
    faces, anime = image_features(x, classifier), image_features(x, attribute_classifier("anime"))
    assert extractor_of(faces).startswith("classifier_faces ")
    with pytest.raises(ValueError, match="different spaces"):
        frechet_distance(faces, anime)


def test_image_features_takes_sets_and_names_what_an_extractor_lacks(classifier, fresh_faces):
    few = fresh_faces[:5]
    assert torch.equal(image_features(few, classifier), classifier.features(few.images))
    with pytest.raises(TypeError, match="extractor needs .features"):
        image_features(few, torch.nn.Flatten())


# the recipe


def test_the_recipe_learns_is_reproducible_and_leaves_the_global_state_alone():
    state = torch.random.get_rng_state()
    first = train_attribute_classifier("digits", n=640, steps=20, seed=3, progress=False)
    again = train_attribute_classifier("digits", n=640, steps=20, seed=3, progress=False)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(a, b) for a, b in zip(first.state_dict().values(), again.state_dict().values(), strict=True))
    test = data.font_digits(n=210, split="test")
    assert not first.training
    assert first.accuracy(test.images, test.labels[:, None])["digit"] > 0.3


def test_bad_requests_are_refused():
    with pytest.raises(ValueError, match="did you mean 'faces'"):
        attribute_classifier("face")
    with pytest.raises(ValueError, match="8 to 256"):
        attribute_classifier("faces", size=1024)
    with pytest.raises(ValueError, match="at least 64, one batch, not 10"):
        train_attribute_classifier("digits", n=10)
    with pytest.raises(ValueError, match="attribute_classifier\\('digits'\\)"):
        stacked_codes(noise(2, 32), AttributeClassifier(NAMES))
    with pytest.raises(ValueError, match=r"\[N, 3, H, W\]"):
        stacked_codes(noise(2, 32, channels=1), AttributeClassifier({"digit": tuple("0123456789")}, channels=1))

"""The judge of digits: it reads real ones, and refuses noise of kinds that it was taught and of kinds that it was not."""

import pytest
import torch
import torch.nn.functional as F

from gancourse.data.handwritten import handwritten_digits
from gancourse.data.images import to_float
from gancourse.data.numerals import stacked_digits
from gancourse.metrics import digits
from gancourse.metrics.modes import stacked_mode_report


@pytest.fixture(scope="module")
def unseen():
    return handwritten_digits("test")


def draw():
    return torch.Generator().manual_seed(3)


def test_real_digits_are_read_and_accepted(digit_judge, unseen):
    read, accepted = digit_judge.read(unseen.images)
    assert (read == unseen.labels).double().mean() >= 0.97
    assert accepted.double().mean() >= 0.93


def clouds(n, source):
    return F.interpolate(torch.randn(n, 1, 8, 8, generator=source), size=32, mode="bicubic").clamp(-1, 1)


def shuffled(x, source):
    return x.flatten(1).gather(1, torch.rand(len(x), 1024, generator=source).argsort(1)).view(x.shape)


NOISES = {  # the last five kinds were not taught
    **digits.NOISES,
    "normal": lambda x, source: (torch.randn(x.shape, generator=source) / 2).clamp(-1, 1),
    "salt": lambda x, source: torch.where(torch.rand(x.shape, generator=source) < 0.13, 1.0, -1.0),
    "clouds": lambda x, source: clouds(len(x), source),
    "pixels shuffled": shuffled,
    "black": lambda x, source: torch.zeros_like(x),
}


@pytest.mark.parametrize("kind", NOISES)
def test_noise_of_any_kind_captures_under_five_modes(digit_judge, kind):
    base, source = handwritten_digits("train").images, draw()
    read, accepted = digit_judge.read(NOISES[kind](base, source))
    stacks = torch.randint(len(base), (len(base), 3), generator=source)  # channels are read alone: what three are, of those read
    codes = read[stacks] @ torch.tensor([100, 10, 1])
    assert stacked_mode_report(codes, accepted=accepted[stacks].all(1)).modes < 5


EXPOSURES = {  # an eye reads all of these
    "dimmed": lambda x, source: (x + 1) * 0.7 - 1,
    "on grey paper": lambda x, source: x * 0.9,
    "nearly black paper": lambda x, source: x * 0.98,
    "under a little noise": lambda x, source: (x + torch.randn(x.shape, generator=source) * 0.1).clamp(-1, 1),
    "a little blurred": lambda x, source: F.interpolate(F.avg_pool2d(x, 2), scale_factor=2, mode="bilinear"),
    "drawn at 16 px": lambda x, source: F.interpolate(F.interpolate(x, size=16, mode="area"), size=32, mode="bilinear"),
}


@pytest.mark.parametrize("kind", EXPOSURES)
def test_how_a_digit_is_exposed_does_not_matter(digit_judge, unseen, kind):
    read, accepted = digit_judge.read(EXPOSURES[kind](to_float(unseen.images), draw()))
    assert (read == unseen.labels).double().mean() >= 0.95
    assert accepted.double().mean() >= 0.9


def test_a_levelled_picture_has_black_paper_and_full_ink():
    x = torch.full((2, 1, 32, 32), -0.6)  # a ground of 0.2 of full ink; uint8 is read like floats
    x[:, :, 4, :8], x[:, :, 5, :8] = 1.0, -0.55
    level = digits.levelled(x)
    assert level[:, :, 6:].eq(-1).all()
    assert level[:, :, 5].eq(-1).all()  # fainter than FAINT
    assert torch.allclose(level[0, 0, 4, 0], torch.tensor((0.8 - 0.05) / 0.95 * 2 - 1))
    assert torch.allclose(digits.levelled(((x + 1) * 127.5).round().to(torch.uint8)), level, atol=0.01)


def test_stacked_real_digits_capture_their_modes(digit_judge, unseen):
    stack = stacked_digits(n=2000, split="test", base=unseen)
    codes, accepted = digit_judge.read_stacked(stack.images)
    assert accepted.double().mean() > 0.75
    assert (codes == stack.labels)[accepted].double().mean() > 0.94
    assert digit_judge.report(stack.images).modes > 700


def test_only_accepted_samples_are_counted():
    codes, accepted = torch.tensor([1, 1, 2, 3]), torch.tensor([True, True, False, True])
    report = stacked_mode_report(codes, accepted=accepted)
    assert (report.modes, report.high_quality, int(report.histogram[2])) == (2, 0.75, 0)
    assert stacked_mode_report(codes).modes == 3
    with pytest.raises(ValueError, match="one for each sample"):
        stacked_mode_report(codes, accepted=accepted[:2])


def test_features_of_stacked_digits_are_those_of_the_channels(digit_judge, unseen):
    stack = stacked_digits(n=20, split="test", base=unseen)
    features = digit_judge.features(stack.images)
    assert features.shape == (20, 192)
    assert torch.allclose(features[:, 64:128], digit_judge.features(stack.images[:, 1:2]), atol=1e-5)


def test_training_leaves_the_global_random_state_alone():
    before = torch.get_rng_state()
    network = digits.train_digit_classifier(steps=2, progress=False)
    assert torch.equal(before, torch.get_rng_state())
    assert network.attribute_names["digit"][digits.NONE] == "none"

"""Differentiable augmentation: what each transform does, that gradients pass, and what p means."""

import pytest
import torch

from gancourse.gans import augment


def source(seed=0):
    return torch.Generator().manual_seed(seed)


def images(n=400, size=16, seed=0):
    return torch.rand(n, 3, size, size, generator=source(seed)) * 2 - 1


@pytest.mark.parametrize("name", augment.TRANSFORMS)
def test_every_transform_is_differentiable_in_the_pixels(name):
    x = images(3, 6).double().requires_grad_(True)

    def fixed(y):
        return augment.TRANSFORMS[name](y, source(1))

    assert torch.autograd.gradcheck(fixed, x)
    (slope,) = torch.autograd.grad(fixed(x).square().sum(), x)
    assert (slope.flatten(1).abs().sum(1) > 0).all()  # each fake feels the discriminator


@pytest.mark.parametrize("name", augment.TRANSFORMS)
def test_a_seed_fixes_the_draws_and_images_draw_apart(name):
    x = images(1).expand(64, -1, -1, -1)
    one = augment.TRANSFORMS[name](x, source(3))
    assert torch.equal(one, augment.TRANSFORMS[name](x, source(3)))
    assert one.shape == x.shape
    assert any(not torch.equal(one[0], other) for other in one[1:])


def test_brightness_adds_one_number_to_an_image():
    x = images()
    shift = augment.brightness(x, source()) - x
    amounts = shift[:, 0, 0, 0]
    assert torch.allclose(shift, amounts[:, None, None, None].expand_as(shift), atol=1e-6)
    assert -0.5 <= amounts.min() < -0.45
    assert 0.45 < amounts.max() <= 0.5
    assert abs(amounts.mean()) < 0.05


def test_saturation_scales_the_distance_from_grey():
    x = images()
    y = augment.saturation(x, source())
    assert torch.allclose(y.mean(1), x.mean(1), atol=1e-6)  # lightness stays
    factors = (y - y.mean(1, keepdim=True)).flatten(1).norm(dim=1) / (x - x.mean(1, keepdim=True)).flatten(1).norm(dim=1)
    assert 0 <= factors.min() < 0.1
    assert 1.9 < factors.max() <= 2
    grey = x.mean(1, keepdim=True).expand_as(x)
    assert torch.allclose(augment.saturation(grey, source()), grey, atol=1e-6)


def test_contrast_scales_the_distance_from_the_mean():
    x = images()
    y = augment.contrast(x, source())
    assert torch.allclose(y.mean((1, 2, 3)), x.mean((1, 2, 3)), atol=1e-6)
    factors = y.flatten(1).std(1) / x.flatten(1).std(1)
    assert 0.5 <= factors.min() < 0.55
    assert 1.45 < factors.max() < 1.5001


def test_translation_shifts_by_whole_pixels_and_fills_with_grey():
    x = images(300) + 3  # no zero inside
    y = augment.translation(x, source())
    shifts = set()
    for before, after in zip(x, y, strict=True):
        found = [
            (down, right)
            for down in range(-2, 3)
            for right in range(-2, 3)
            if torch.equal(
                after[:, max(0, down) : 16 + min(0, down), max(0, right) : 16 + min(0, right)],
                before[:, max(0, -down) : 16 - max(0, down), max(0, -right) : 16 - max(0, right)],
            )
        ]
        assert len(found) == 1
        down, right = found[0]
        assert (after == 0).sum() == 3 * (256 - (16 - abs(down)) * (16 - abs(right)))
        shifts.add(found[0])
    assert len(shifts) == 25  # every shift up to an eighth of the side


def test_cutout_takes_a_square_out():
    x = torch.ones(2000, 3, 16, 16)
    hole = augment.cutout(x, source()) == 0
    assert torch.equal(hole[:, 0], hole[:, 2])
    rows, columns = hole[:, 0].any(2), hole[:, 0].any(1)
    assert torch.equal(hole[:, 0], rows[:, :, None] & columns[:, None, :])
    assert rows.sum(1).max() == 8  # half of the side
    assert rows.sum(1).min() == 4  # half of it may lie outside
    # 17 starts from -4 to 12: a row is in the hole with probability 8 / 17 in the middle and 5 / 17 at the edges
    expected = torch.tensor([min(i + 5, 20 - i, 8) / 17 for i in range(16)])
    assert torch.allclose(rows.float().mean(0), expected, atol=0.04)


def test_flips_and_turns_are_even():
    x = images(1).expand(4000, -1, -1, -1)
    flipped = augment.flip(x, source()).flatten(1)
    assert abs((flipped == x[0].flip(2).flatten()).all(1).float().mean() - 0.5) < 0.03
    turned = augment.quarter_turns(x, source()).flatten(1)
    for k in range(4):
        assert abs((turned == x[0].rot90(k, (1, 2)).flatten()).all(1).float().mean() - 0.25) < 0.03
    with pytest.raises(ValueError, match="square"):
        augment.quarter_turns(torch.zeros(1, 3, 4, 6), source())


def test_p_is_the_share_of_images_that_each_transform_changes():
    x = images(3000, 8)
    for p in (0.0, 0.3, 1.0):
        changed = (augment.augment(x, "brightness", source(), p) != x).flatten(1).any(1).float().mean()
        assert abs(changed - p) < 0.03
    assert torch.equal(augment.augment(x, augment.DIFFAUGMENT, source(), 0.0), x)
    both = augment.augment(x, "brightness,flip", source(), 0.5)  # apart: half of the images go through neither, one or both
    moved = (both.mean((1, 2, 3)) - x.mean((1, 2, 3))).abs() > 1e-6
    turned = (both[:, 0] - both[:, 0].flip(2)).sign() == (x[:, 0].flip(2) - x[:, 0]).sign()
    turned = turned.flatten(1).float().mean(1) > 0.9
    assert abs((moved & turned).float().mean() - moved.float().mean() * turned.float().mean()) < 0.03


def test_the_next_batch_draws_the_same_numbers_whatever_p():
    """A run whose p moves must stay comparable: the count of draws does not depend on it."""
    x, one, two = images(8), source(), source()
    augment.augment(x, augment.DIFFAUGMENT, one, 0.0)
    augment.augment(x, augment.DIFFAUGMENT, two, 1.0)
    assert torch.equal(one.get_state(), two.get_state())


def test_turning_with_p_below_one_can_be_undone():
    """The share of each of four poses goes through a matrix with the eigenvalues 1 and 1 - p (Karras et al. 2020a)."""
    n, p = 40_000, 0.6
    x = images(1, 8)
    poses = [x[0].rot90(k, (1, 2)).flatten() for k in range(4)]
    y = augment.augment(x.expand(n, -1, -1, -1), "quarter_turns", source(), p).flatten(1)
    shares = torch.tensor([(y == pose).all(1).float().mean() for pose in poses])
    operator = (1 - p) * torch.eye(4) + p / 4
    assert torch.allclose(shares, operator[:, 0], atol=0.01)
    assert torch.allclose(torch.linalg.solve(operator, shares), torch.tensor([1.0, 0, 0, 0]), atol=0.03)


def test_bad_input_names_the_fix():
    x = images(2)
    with pytest.raises(ValueError, match="did you mean 'cutout'"):
        augment.augment(x, "colour,cutuot", source())
    with pytest.raises(TypeError, match="augmentation must be"):
        augment.augment(x, ["flip", 3], source())
    with pytest.raises(ValueError, match="at least one"):
        augment.augment(x, [], source())
    with pytest.raises(ValueError, match="at least one"):
        augment.augment(x, "", source())
    with pytest.raises(TypeError, match="to_float"):
        augment.augment(x.to(torch.uint8), "flip", source())
    with pytest.raises(ValueError, match=r"\[N, C, H, W\]"):
        augment.augment(x[0], "flip", source())
    with pytest.raises(ValueError, match="probability"):
        augment.augment(x, "flip", source(), 1.5)


def test_names_and_functions_stand_in_one_policy():
    x = torch.rand(4, 1, 8, 8)
    assert augment.augment(x, ["flip", lambda x, source: 0 * x], source()).abs().max() == 0
    assert [part.__name__ for part in augment.transforms(["flip", augment.cutout])] == ["flip", "cutout"]

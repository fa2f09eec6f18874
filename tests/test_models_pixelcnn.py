"""PixelCNN: probabilities sum to one, no pixel sees itself or the future, sampling follows the probabilities."""

from __future__ import annotations

import itertools

import pytest
import torch

from gancourse.models.pixelcnn import MaskedConv2d, PixelCNN, causal_mask

STACKS = ["masked", "gated"]


def small(stack: str = "gated", size: int = 3, levels: int = 2, seed: int = 0, **options) -> PixelCNN:
    torch.manual_seed(seed)
    model = PixelCNN(size, levels, **{"width": 8, "depth": 2, "first_kernel": 3, "stack": stack, **options}).double()
    with torch.no_grad():  # biases off zero and strong weights: far from the uniform distribution
        for p in model.parameters():
            p.mul_(3).add_(0.3 * torch.randn_like(p))
    return model.eval()


def every_image(size: int, levels: int) -> torch.Tensor:
    values = torch.tensor(list(itertools.product(range(levels), repeat=size * size)), dtype=torch.float64)
    return (values * 2 / (levels - 1) - 1).reshape(-1, 1, size, size)


def dependence(model: PixelCNN, size: int, pixel: int, seed: int = 1) -> torch.Tensor:
    """Which inputs [size * size] the logits of one pixel react to, by their gradient over a few random images."""
    x = torch.randn(16, 1, size, size, dtype=torch.float64, generator=torch.Generator().manual_seed(seed)).requires_grad_()
    logits = model(x).flatten(2)[:, :, pixel]
    weights = torch.randn(logits.shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed + 1))
    return torch.autograd.grad((logits * weights).sum(), x)[0].abs().sum(0).flatten()


def test_masks_of_the_paper():
    assert causal_mask("A", 3).tolist() == [[1, 1, 1], [1, 0, 0], [0, 0, 0]]
    assert causal_mask("B", 3).tolist() == [[1, 1, 1], [1, 1, 0], [0, 0, 0]]
    assert causal_mask("A", 5).sum() == 12 and causal_mask("B", 5).sum() == 13


def test_masked_convolution_is_a_convolution_with_a_masked_kernel():
    layer = MaskedConv2d("B", 2, 3, 3)
    plain = torch.nn.Conv2d(2, 3, 3, padding=1)
    plain.load_state_dict({"weight": layer.weight * causal_mask("B", 3), "bias": layer.bias})
    x = torch.randn(2, 2, 5, 5)
    torch.testing.assert_close(layer(x), plain(x))


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize(("size", "levels"), [(3, 2), (2, 4)])
def test_probabilities_of_all_images_sum_to_one(stack, size, levels):
    with torch.no_grad():
        log_p = small(stack, size, levels).log_prob(every_image(size, levels))
    assert log_p.shape == (levels ** (size * size),)
    assert log_p.exp().sum().item() == pytest.approx(1, abs=1e-12)
    assert log_p.std() > 0.5  # not the uniform distribution, for which the sum would be no test


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("kernel", [3, 5])
def test_gradient_of_a_conditional_is_exactly_zero_on_its_own_and_later_pixels(stack, kernel):
    size = 6
    model = small(stack, size, first_kernel=5, kernel=kernel)
    for pixel in range(size * size):
        seen = dependence(model, size, pixel)
        assert torch.count_nonzero(seen[pixel:]) == 0
        assert pixel == 0 or seen[:pixel].max() > 0


def test_masked_stack_has_a_blind_spot_and_gated_stack_has_none():
    size, row, column = 9, 7, 4
    pixel = row * size + column
    options = {"size": size, "first_kernel": 3, "depth": 8}
    earlier = torch.arange(size * size) < pixel
    masked = dependence(small("masked", **options), size, pixel)[:] > 0
    gated = dependence(small("gated", **options), size, pixel) > 0
    assert gated[earlier].all()
    # Right of the pixel, a kernel of 3 climbs one row for each column it goes right: what lies below that diagonal is unseen.
    rows, columns = torch.meshgrid(torch.arange(size), torch.arange(size), indexing="ij")
    blind = (earlier.reshape(size, size) & (columns - column > row - rows)).flatten()
    assert blind.any() and torch.equal(masked[earlier], ~blind[earlier])


@pytest.mark.parametrize("stack", STACKS)
def test_log_prob_is_the_chain_rule_pixel_by_pixel(stack):
    """The one-pass likelihood equals the product of conditionals, each computed with the future overwritten."""
    model = small(stack, size=3, levels=3)
    x = every_image(3, 3)[[5, 4000, 19682]]
    slow = torch.zeros(3, dtype=torch.float64)
    with torch.no_grad():
        for t in range(9):
            known = x.clone()
            known.flatten(1)[:, t:] = 0.77
            level = ((x.flatten(1)[:, t] + 1) * 1).long()
            slow += model(known).flatten(2)[:, :, t].log_softmax(1)[torch.arange(3), level]
        torch.testing.assert_close(model.log_prob(x), slow)


def test_samples_come_as_often_as_their_probability_says():
    model = small(size=2)
    n = 40_000
    images = every_image(2, 2)
    with torch.no_grad():
        p = model.log_prob(images).exp()
    index = ((model.sample(n, seed=1).flatten(1) > 0).long() * torch.tensor([8, 4, 2, 1])).sum(1)
    counts = torch.bincount(index, minlength=16).double()
    chi2 = ((counts - n * p).square() / (n * p))[n * p > 5].sum()
    assert chi2 < 45  # 15 degrees of freedom: exceeded once in 10 000


def test_sampling_takes_one_pass_for_every_pixel_and_the_likelihood_one():
    model, passes = small(size=4), []
    model.register_forward_hook(lambda *_: passes.append(1))
    model.sample(3, seed=0)
    assert len(passes) == 16
    passes.clear()
    with torch.no_grad():
        model.log_prob(model.sample(1, 0))
    assert len(passes) == 17


def test_samples_depend_on_the_seed_only_and_are_on_the_grey_levels():
    model = small(size=4, levels=4)
    a, b, c = model.sample(8, seed=3), model.sample(8, seed=3), model.sample(8, seed=4)
    assert torch.equal(a, b) and not torch.equal(a, c)
    assert set(a.flatten().mul(3).round().long().tolist()) <= {-3, -1, 1, 3}
    generator = torch.Generator().manual_seed(3)
    assert torch.equal(model.sample(8, generator), a) and not torch.equal(model.sample(8, generator), a)


def test_completion_keeps_the_given_rows_and_draws_from_the_conditional():
    model, n = small(size=3), 20_000
    image = torch.tensor([[[[1.0, -1, 1], [0, 0, 0], [0, 0, 0]]]], dtype=torch.float64)
    image[image == 0] = 1
    drawn = model.sample(n, 5, given=image.expand(n, -1, -1, -1), rows=1)
    assert (drawn[:, :, 0] == image[:, :, 0]).all()
    all_images = every_image(3, 2)
    agreeing = all_images[(all_images[:, :, 0] == image[:, :, 0]).all(2).squeeze(1)]
    with torch.no_grad():
        p = model.log_prob(agreeing).softmax(0)  # p(rest | first row)
    centre = float(p[agreeing[:, 0, 1, 1] > 0].sum())
    assert (drawn[:, 0, 1, 1] > 0).double().mean().item() == pytest.approx(centre, abs=5 * (centre * (1 - centre) / n) ** 0.5)


def test_sampling_can_be_watched():
    model = small(size=3)
    steps = list(model.sampling(2, seed=7))
    assert [known for known, _ in steps] == list(range(1, 10))
    assert torch.equal(steps[-1][1], model.sample(2, seed=7))
    assert torch.equal(steps[3][1].flatten(1)[:, :4], steps[-1][1].flatten(1)[:, :4])


def test_a_mask_of_the_wrong_kind_is_caught_by_the_gradient():
    """The bug of lecture 01: with mask B in the first layer a pixel sees itself."""
    model = small("masked", size=4)
    model.features.first.mask.copy_(causal_mask("B", 3))
    assert dependence(model, 4, 5)[5] > 0


def test_images_off_the_grey_levels_or_of_the_wrong_shape_are_refused():
    model = PixelCNN(4, 2, width=4, depth=1)
    with pytest.raises(ValueError, match="quantise"):
        model.log_prob(torch.zeros(1, 1, 4, 4))
    with pytest.raises(ValueError, match="4 x 4"):
        model.log_prob(torch.ones(1, 1, 5, 5))
    with pytest.raises(ValueError, match="1 channels"):
        model(torch.ones(1, 3, 4, 4))
    with pytest.raises(TypeError, match="floats"):
        model.log_prob(torch.ones(1, 1, 4, 4, dtype=torch.int64))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"stack": "gatd"}, "did you mean 'gated'"),
        ({"levels": 1}, "2 to 256"),
        ({"kernel": 4}, "odd"),
        ({"first_kernel": 1}, "at least 3"),
        ({"size": 0}, "above 0"),
    ],
)
def test_bad_settings_name_the_fix(options, message):
    with pytest.raises(ValueError, match=message):
        PixelCNN(**options)


def test_bad_requests_for_samples():
    model = PixelCNN(4, 2, width=4, depth=1)
    with pytest.raises(ValueError, match="at least 1"):
        model.sample(0)
    with pytest.raises(ValueError, match="pass given="):
        model.sample(1, rows=2)
    with pytest.raises(ValueError, match="2 images but n is 1"):
        model.sample(1, given=torch.ones(2, 1, 4, 4), rows=2)
    with pytest.raises(ValueError, match="mask"):
        causal_mask("C", 3)
    with pytest.raises(ValueError, match="odd"):
        causal_mask("A", 2)

import time

import pytest
import torch
import torch.nn.functional as F

from gancourse.models.layers import resample

TAPS = [(1, 3, 3, 1), (1, 1), (1, 2, 1), (1, 4, 6, 4, 1), (1, 5, 10, 10, 5, 1)]


def by_definition(x, taps, up=1, down=1, pad=(0, 0), gain=1.0):
    """Put zeros between the pixels, pad with zeros, filter, and take every ``down``-th place: one line at a time."""
    n, c, h, w = x.shape
    stuffed = torch.zeros(n, c, h * up, w * up, dtype=x.dtype)
    stuffed[:, :, ::up, ::up] = x
    padded = F.pad(stuffed, (*pad, *pad))
    kernel = gain * resample.filter2d(taps).to(x.dtype)
    k = len(taps)
    rows, columns = padded.shape[2] - k + 1, padded.shape[3] - k + 1
    y = torch.zeros(n, c, rows, columns, dtype=x.dtype)
    for i in range(k):
        for j in range(k):
            y += kernel[i, j] * padded[:, :, i : i + rows, j : j + columns]
    return y[:, :, ::down, ::down]


@pytest.fixture
def x():
    return torch.randn(2, 3, 6, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def test_filter_is_an_outer_product_that_sums_to_one():
    kernel = resample.filter2d((1, 3, 3, 1))
    assert torch.equal(64 * kernel, torch.tensor([[1.0, 3, 3, 1], [3, 9, 9, 3], [3, 9, 9, 3], [1, 3, 3, 1]]))
    for bad in [(1, 2), (1,), (-1, -1)]:
        with pytest.raises(ValueError, match="symmetric"):
            resample.filter2d(bad)


@pytest.mark.parametrize("taps", TAPS)
def test_resampling_is_what_the_definition_says(x, taps):
    k = len(taps)
    up = by_definition(x, taps, up=2, pad=((k + 1) // 2, (k - 2) // 2), gain=4)
    down = by_definition(x, taps, down=2, pad=((k - 1) // 2, (k - 2) // 2))
    assert torch.allclose(resample.upsample(x, taps), up)
    assert up.shape[2:] == (12, 16)
    assert torch.allclose(resample.downsample(x, taps), down)
    assert down.shape[2:] == (3, 4)
    assert torch.allclose(resample.blur(x, taps, (2, 1), gain=3), by_definition(x, taps, pad=(2, 1), gain=3))


def test_pads_of_the_published_networks(x):
    assert torch.allclose(resample.upsample(x), by_definition(x, (1, 3, 3, 1), up=2, pad=(2, 1), gain=4))
    assert torch.allclose(resample.downsample(x), by_definition(x, (1, 3, 3, 1), down=2, pad=(1, 1)))


def test_upsampling_is_bilinear_inside_and_keeps_brightness():
    x = torch.rand(1, 2, 8, 8)
    inside = F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)[:, :, 1:-1, 1:-1]
    assert torch.allclose(resample.upsample(x)[:, :, 1:-1, 1:-1], inside, atol=1e-6)
    flat = torch.ones(1, 1, 8, 8)
    assert torch.allclose(resample.upsample(flat)[:, :, 1:-1, 1:-1], torch.ones(1, 1, 14, 14))
    assert torch.allclose(resample.downsample(flat)[:, :, 1:-1, 1:-1], torch.ones(1, 1, 2, 2))


def test_down_is_the_adjoint_of_up(x):
    """<up(x), y> = 4 <x, down(y)>: the same filter, read the other way."""
    y = torch.randn(2, 3, 12, 16, dtype=torch.float64)
    assert (resample.upsample(x) * y).sum().item() == pytest.approx(4 * (x * resample.downsample(y)).sum().item())


@pytest.mark.parametrize("taps", TAPS)
@pytest.mark.parametrize("kernel", [1, 3])
def test_convolutions_with_resampling(x, taps, kernel):
    weight = torch.randn(5, 3, kernel, kernel, dtype=torch.float64)
    k = len(taps)
    if kernel == 1:
        up, down = F.conv2d(resample.upsample(x, taps), weight), F.conv2d(resample.downsample(x, taps), weight)
    else:
        # a transposed convolution applies its weights the other way round: zeros between the pixels, then the flipped weights
        stuffed = torch.zeros(2, 3, 12, 16, dtype=torch.float64)
        stuffed[:, :, ::2, ::2] = x
        wide = F.conv2d(F.pad(stuffed, (2, 1, 2, 1)), weight.flip(2, 3))
        up = by_definition(wide, taps, pad=((k + 1) // 2 - 1, (k - 2) // 2), gain=4)
        down = F.conv2d(by_definition(x, taps, pad=(1 + (k - 1) // 2, 1 + (k - 2) // 2)), weight, stride=2)
    assert up.shape[2:] == (12, 16)
    assert down.shape[2:] == (3, 4)
    assert torch.allclose(resample.conv_up(x, weight, taps), up)
    assert torch.allclose(resample.conv_down(x, weight, taps), down)


def test_second_derivatives(x):
    """R1 and the path length differentiate a gradient."""
    small = x[:1, :2, :4, :4].clone().requires_grad_(True)
    weight = torch.randn(2, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradgradcheck(lambda a, w: resample.conv_up(a, w).sin(), (small, weight))
    assert torch.autograd.gradgradcheck(lambda a, w: resample.conv_down(a, w).sin(), (small, weight))
    for taps in ((1, 3, 3, 1), (1, 2, 1)):
        for resampled in (resample.upsample, resample.downsample, resample.blur):
            assert torch.autograd.gradcheck(lambda a: resampled(a, taps), (small,))  # noqa: B023 (called in this round)
            assert torch.autograd.gradgradcheck(lambda a: resampled(a, taps).sin(), (small,))  # noqa: B023


def test_second_derivatives_take_no_work_channel_by_channel():
    """The number of kernels that a double backward runs must not grow with the channels."""
    counts = []
    for channels in (4, 64):
        x = torch.randn(1, channels, 8, 8, requires_grad=True)
        with torch.profiler.profile() as profile:
            y = resample.upsample(resample.blur(resample.downsample(x)))
            (gradient,) = torch.autograd.grad(y.square().sum(), x, create_graph=True)
            gradient.square().sum().backward()
        counts.append(sum(event.count for event in profile.key_averages() if "conv" in event.key))
    assert counts[0] == counts[1]


def test_half_precision_stays_half():
    x = torch.randn(1, 2, 8, 8, dtype=torch.bfloat16, requires_grad=True)
    y = resample.upsample(x)
    y.sum().backward()
    assert y.dtype == x.grad.dtype == torch.bfloat16


def test_half_precision_is_upsampled_as_fast_as_single():
    """A transposed convolution by groups in bfloat16 runs group by group on a processor: forty times float32's time."""

    def least(x):
        times = []
        for _ in range(7):
            began = time.process_time()
            resample.upsample(x)
            times.append(time.process_time() - began)
        return min(times)

    x = torch.randn(16, 64, 8, 8)
    assert least(x.bfloat16()) < 8 * least(x)
    assert torch.equal(resample.upsample(x.bfloat16()), resample.upsample(x.bfloat16().float()).bfloat16())


def test_memory_format_is_kept():
    x = torch.randn(2, 8, 8, 8).contiguous(memory_format=torch.channels_last)
    for y in (resample.upsample(x), resample.downsample(x), resample.blur(x)):
        assert y.is_contiguous(memory_format=torch.channels_last)


def test_enlarged_keeps_constants_and_the_mean_and_is_smooth(x):
    assert torch.allclose(resample.enlarged(torch.full((1, 2, 3, 5), 0.7)), torch.full((1, 2, 6, 10), 0.7))  # no dark border
    big = resample.enlarged(x)
    assert big.shape == (2, 3, 12, 16) and torch.allclose(big.mean(), x.mean())
    assert torch.allclose(big[..., 1, 1], (9 * x[..., 0, 0] + 3 * (x[..., 0, 1] + x[..., 1, 0]) + x[..., 1, 1]) / 16)

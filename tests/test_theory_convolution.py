import math

import pytest
import torch
import torch.nn.functional as F

from gancourse.theory import convolution

CASES = [(6, 3, 1, 0), (6, 3, 2, 0), (7, 4, 2, 1), (6, 4, 2, 1), (4, 4, 1, 0), (8, 3, 3, 2), (9, 2, 3, 0)]
# each: n, kernel, stride, padding


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def to_torch(layer):
    return layer.permute(2, 0, 1)[None]


def to_layer(batch):
    return batch[0].permute(1, 2, 0)


@pytest.mark.parametrize(("n", "kernel", "stride", "padding"), CASES)
def test_strided_is_conv2d(n, kernel, stride, padding):
    large, w = draw(n, n + 1, 3), draw(kernel, kernel, 3, 2, seed=1)
    ours = convolution.strided(large, w, stride, padding)
    theirs = to_layer(F.conv2d(to_torch(large), convolution.torch_weight(w), stride=stride, padding=padding))
    assert ours.shape == theirs.shape
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("n", "kernel", "stride", "padding"), CASES)
def test_transposed_is_conv_transpose2d(n, kernel, stride, padding):
    small, w = draw(n, n + 1, 2), draw(kernel, kernel, 3, 2, seed=1)
    ours = convolution.transposed(small, w, stride, padding)
    theirs = to_layer(F.conv_transpose2d(to_torch(small), convolution.torch_weight(w), stride=stride, padding=padding))
    assert ours.shape == theirs.shape
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


def test_the_equations_letter_by_letter():
    large, small, w, s = draw(5, 5, 2), draw(2, 2, 3, seed=2), draw(3, 3, 2, 3, seed=1), 2
    gathered, scattered = torch.zeros(2, 2, 3, dtype=torch.float64), torch.zeros(5, 5, 2, dtype=torch.float64)
    for x in range(2):
        for y in range(2):
            for dx in range(3):
                for dy in range(3):
                    for i in range(2):
                        for j in range(3):
                            gathered[x, y, j] += w[dx, dy, i, j] * large[s * x + dx, s * y + dy, i]
                            scattered[s * x + dx, s * y + dy, i] += w[dx, dy, i, j] * small[x, y, j]
    torch.testing.assert_close(convolution.strided(large, w, s), gathered)
    torch.testing.assert_close(convolution.transposed(small, w, s), scattered)


@pytest.mark.parametrize(("n", "kernel", "stride", "padding"), CASES)
def test_matrix_is_the_convolution_and_its_transpose_the_transposed_one(n, kernel, stride, padding):
    large, w = draw(n, n, 2), draw(kernel, kernel, 2, 3, seed=1)
    a = convolution.matrix(w, (n, n), stride, padding)
    small = convolution.strided(large, w, stride, padding)
    torch.testing.assert_close((a @ large.flatten()).view_as(small), small)
    back = draw(*small.shape, seed=3)
    wide = convolution.transposed(back, w, stride, padding)
    m = wide.shape[0]
    assert m == n or (n + 2 * padding - kernel) % stride  # smaller where the stride leaves a rest, as PyTorch has it
    torch.testing.assert_close((a.T @ back.flatten()).view(n, n, 2)[:m, :m], wide)


@pytest.mark.parametrize(("n", "kernel", "stride", "padding"), CASES)
def test_sizes_are_those_of_torch(n, kernel, stride, padding):
    w = torch.zeros(1, 1, kernel, kernel)
    image = torch.zeros(1, 1, n, n)
    assert convolution.convolved_size(n, kernel, stride, padding) == F.conv2d(image, w, stride=stride, padding=padding).shape[2]
    up = F.conv_transpose2d(image, w, stride=stride, padding=padding)
    assert convolution.transposed_size(n, kernel, stride, padding) == up.shape[2]


def test_overlap_of_kernel_3_alternates_and_of_kernel_4_does_not():
    three, four = convolution.overlap(8, 3, 2)[2:-2, 2:-2], convolution.overlap(8, 4, 2)[2:-2, 2:-2]
    assert three.unique().tolist() == [1, 2, 4]
    assert four.unique().tolist() == [4]


@pytest.mark.parametrize("side", [16, 32])
def test_white_noise_has_its_share_at_period_two_and_a_chequerboard_all(side):
    noise = torch.randn(500, 3, side, side, generator=torch.Generator().manual_seed(0))
    assert convolution.at_period_two(noise) == pytest.approx((2 * side - 1) / (side**2 - 1), rel=0.02)
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    boards = torch.stack([(-1.0) ** (rows + columns), (-1.0) ** rows, (-1.0) ** columns])[:, None]
    for added in (0, 5):  # a picture's mean is no pattern
        assert [convolution.at_period_two(board[None] + added) for board in boards] == pytest.approx([1, 1, 1], abs=1e-5)
    smooth = torch.cos(2 * torch.pi * rows / side)[None, None]
    assert convolution.at_period_two(smooth) == pytest.approx(0, abs=1e-6)
    assert convolution.at_period_two(smooth + 0.5 * boards[:1]) == pytest.approx(0.25 / 0.75, rel=1e-4)


def test_a_transposed_layer_of_a_flat_map_puts_its_power_at_period_two():
    flat, w = torch.ones(16, 16, 1, dtype=torch.float64), draw(4, 4, 1, 1)
    picture = convolution.transposed(flat, w, 2, 1)[4:-4, 4:-4]
    assert convolution.at_period_two(to_torch(picture)) == pytest.approx(1, abs=1e-5)
    byte = (40 * to_torch(picture)).clamp(0, 255).to(torch.uint8)
    assert convolution.at_period_two(byte) == pytest.approx(1, abs=1e-5)


def test_bad_input_names_the_fix():
    for shape in ((3, 15, 15), (2, 3, 15, 15), (2, 3, 16, 8), (0, 3, 16, 16)):
        with pytest.raises(ValueError, match="an even n"):
            convolution.at_period_two(torch.zeros(shape))
    assert math.isnan(convolution.at_period_two(torch.ones(2, 3, 16, 16))), "flat: no power to share"
    with pytest.raises(ValueError, match="padding 0 or more"):
        convolution.strided(torch.ones(4, 4, 1), torch.ones(3, 3, 1, 1), padding=-1)
    with pytest.raises(ValueError, match="permute"):
        convolution.torch_weight(torch.zeros(2, 3, 4, 4))
    with pytest.raises(ValueError, match="I = 2"):
        convolution.strided(torch.zeros(5, 5, 3), torch.zeros(3, 3, 2, 4))
    with pytest.raises(ValueError, match="J = 4"):
        convolution.transposed(torch.zeros(1, 5, 5, 4), torch.zeros(3, 3, 2, 4))
    with pytest.raises(ValueError, match="does not fit"):
        convolution.convolved_size(2, 4)
    with pytest.raises(ValueError, match="less padding"):
        convolution.transposed(torch.zeros(1, 1, 1), torch.zeros(2, 2, 1, 1), stride=1, padding=1)
    with pytest.raises(ValueError, match="1 or more"):
        convolution.convolved_size(5, 3, stride=0)

from __future__ import annotations

import math

import pytest
import torch

from gancourse.base.features import mark
from gancourse.metrics.slices import laplacian_pyramid, reconstruct, sliced_wasserstein, sliced_wasserstein_pyramid

F64 = torch.float64


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=F64)


def pictures(n: int, size: int, seed: int) -> torch.Tensor:
    return normal(n, 3, size, size, seed=seed).float().clamp(-3, 3) / 3


def test_on_a_line_it_is_the_wasserstein_distance():
    a, b = torch.tensor([[3.0], [0.0], [1.0]]), torch.tensor([[5.0], [1.0], [2.0]])
    assert sliced_wasserstein(a, b) == pytest.approx(4 / 3, rel=1e-12)  # 0-1, 1-2, 3-5: the sorted pairs
    assert sliced_wasserstein(a, b, p=2) == pytest.approx(math.sqrt(6 / 3), rel=1e-12)


@pytest.mark.parametrize("p", [1, 2])
def test_unequal_sizes_equal_repeated_samples(p):
    a, b = normal(6, 2, seed=0), normal(4, 2, seed=1)
    assert sliced_wasserstein(a, b, p=p) == pytest.approx(sliced_wasserstein(a.repeat(2, 1), b.repeat(3, 1), p=p), rel=1e-12)


@pytest.mark.parametrize(("n", "m"), [(40, 40), (40, 25)])
def test_each_direction_equals_scipys_wasserstein_distance(n, m):
    stats = pytest.importorskip("scipy.stats")
    a, b = normal(n, 1, seed=2), 2 * normal(m, 1, seed=3) + 1
    theirs = stats.wasserstein_distance(a.flatten().numpy(), b.flatten().numpy())
    assert sliced_wasserstein(a, b) == pytest.approx(theirs, rel=1e-12)


def test_equals_the_library_of_optimal_transport_on_the_same_directions():
    sliced = pytest.importorskip("ot.sliced")
    a, b = normal(60, 4, seed=4), normal(60, 4, seed=5) + 0.5
    directions = torch.randn(64, 4, generator=torch.Generator().manual_seed(6), dtype=F64)
    directions = directions / directions.norm(dim=1, keepdim=True)
    theirs = sliced.sliced_wasserstein_distance(a.numpy(), b.numpy(), projections=directions.T.numpy(), p=2)
    assert sliced_wasserstein(a, b, projections=64, p=2, seed=6) == pytest.approx(float(theirs), rel=1e-9)


def test_a_shift_costs_its_length_over_the_root_of_the_dimension():
    x, move = normal(50, 9, seed=7), torch.zeros(9, dtype=F64)
    move[0] = 3.0
    assert sliced_wasserstein(x, x + move, p=2, projections=20_000) == pytest.approx(3 / 3, rel=0.03)


def test_symmetric_zero_on_itself_and_reproducible():
    a, b = normal(30, 5, seed=8), normal(30, 5, seed=9)
    assert sliced_wasserstein(a, a.flip(0)) < 1e-15
    assert sliced_wasserstein(a, b) == sliced_wasserstein(b, a) == sliced_wasserstein(a, b) > 0
    assert sliced_wasserstein(a, b, seed=1) != sliced_wasserstein(a, b)


def test_the_pyramid_can_be_put_together_again():
    x = pictures(3, 32, seed=10)
    levels = laplacian_pyramid(x, smallest=8)
    assert [level.shape[-1] for level in levels] == [32, 16, 8]
    assert torch.allclose(reconstruct(levels), x, atol=1e-6)


def test_the_pyramid_of_a_plain_picture_is_plain():
    x = torch.full((1, 3, 32, 32), 0.3)
    *fine, coarse = laplacian_pyramid(x, smallest=8)
    assert torch.allclose(coarse, torch.full_like(coarse, 0.3), atol=1e-6)
    middle = [level[..., 4:-4, 4:-4] for level in fine]  # at the border the enlarged zeros are reflected off phase
    assert all(level.abs().max() < 1e-6 for level in middle)


def test_each_level_equals_the_published_filters():
    ndimage = pytest.importorskip("scipy.ndimage")
    x = pictures(2, 32, seed=11).numpy()
    taps = torch.tensor([1.0, 4, 6, 4, 1]) / 16
    kernel = torch.outer(taps, taps).numpy()[None, None]
    below = ndimage.convolve(x, kernel, mode="mirror")[:, :, ::2, ::2]
    spread = torch.zeros(2, 3, 32, 32).numpy()
    spread[:, :, ::2, ::2] = below
    fine, coarse = laplacian_pyramid(torch.from_numpy(x), smallest=16)
    assert torch.allclose(coarse, torch.from_numpy(below), atol=1e-6)
    assert torch.allclose(fine, torch.from_numpy(x - ndimage.convolve(spread, 4 * kernel, mode="mirror")), atol=1e-6)


def test_a_chequerboard_of_pixels_is_seen_on_the_fine_level_only():
    x, other = pictures(60, 32, seed=12), pictures(60, 32, seed=13)
    board = (torch.arange(32)[:, None] + torch.arange(32)) % 2 * 2.0 - 1
    floor = sliced_wasserstein_pyramid(x, other, patches=32, projections=64)
    found = sliced_wasserstein_pyramid(x, (0.5 * other + 0.5 * board).clamp(-1, 1), patches=32, projections=64)
    assert list(found) == [32, 16]
    assert found[32] > 3 * floor[32] and found[16] < 1.5 * floor[16]


def test_a_change_of_colour_of_all_images_is_invisible():
    x = pictures(40, 16, seed=14)
    assert sliced_wasserstein_pyramid(x, 0.5 * x + 0.2, patches=64)[16] < 1.2 * sliced_wasserstein_pyramid(x, x, patches=64)[16]


def test_bytes_and_floats_agree():
    bytes_ = torch.randint(0, 256, (20, 3, 16, 16), generator=torch.Generator().manual_seed(15), dtype=torch.uint8)
    floats = bytes_.float() / 127.5 - 1
    assert sliced_wasserstein_pyramid(bytes_, floats) == pytest.approx(sliced_wasserstein_pyramid(floats, floats))


def test_bad_input_is_refused():
    a, b = normal(10, 3, seed=0), normal(10, 3, seed=1)
    with pytest.raises(ValueError, match="p must be 1 or 2, not 3"):
        sliced_wasserstein(a, b, p=3)
    with pytest.raises(ValueError, match="projections must be above 0"):
        sliced_wasserstein(a, b, projections=0)
    with pytest.raises(ValueError, match="different spaces"):
        sliced_wasserstein(mark(a.clone(), "x"), mark(b.clone(), "y"))
    with pytest.raises(ValueError, match="at least 2 samples .* fewer have no spread"):
        sliced_wasserstein(a[:1], b)
    x = pictures(4, 24, seed=2)
    with pytest.raises(ValueError, match="one shape"):
        sliced_wasserstein_pyramid(x, x[:2])
    with pytest.raises(ValueError, match="smallest must be 4 to 24 pixels"):
        sliced_wasserstein_pyramid(x, x, smallest=32)
    with pytest.raises(ValueError, match="do not fit the smallest level of 6"):
        sliced_wasserstein_pyramid(x, x, smallest=6)
    with pytest.raises(ValueError, match="cannot be halved"):
        laplacian_pyramid(pictures(1, 30, seed=0), smallest=6)

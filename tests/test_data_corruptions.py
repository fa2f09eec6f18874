import math
from functools import partial

import pytest
import torch

from gancourse.data import corruptions


def test_central_square():
    mask = corruptions.central(2, 64)
    assert mask.shape == (2, 1, 64, 64)
    assert mask.mean().item() == 0.25
    assert mask[0, 0, 16:48, 16:48].all()
    assert corruptions.central(1, 32, fraction=0.25).sum() == 64


@pytest.mark.parametrize("size", [5, 7, 8, 9, 10, 33])
@pytest.mark.parametrize("fraction", [0.01, 0.3, 0.5, 1])
def test_the_central_square_is_in_the_middle(size, fraction):
    hole = corruptions.central(1, size, fraction=fraction)
    assert torch.equal(hole, hole.flip(2)) and torch.equal(hole, hole.flip(3))
    assert abs(hole.sum().sqrt().item() - fraction * size) <= (1 if fraction > 0.01 else 2)


@pytest.mark.parametrize("masks", list(corruptions.MASKS.values()), ids=list(corruptions.MASKS))
def test_masks_are_zeros_and_ones_and_follow_their_source(masks):
    draw = partial(masks, 5, 32)
    one = draw(torch.Generator().manual_seed(3))
    assert one.shape == (5, 1, 32, 32) and one.dtype == torch.float32
    assert set(one.unique().tolist()) == {0.0, 1.0}
    assert torch.equal(one, draw(torch.Generator().manual_seed(3)))
    if masks is not corruptions.central:
        assert not torch.equal(one, draw(torch.Generator().manual_seed(4)))
        assert len(one.flatten(1).unique(dim=0)) == 5  # a mask of its own for each picture


def test_holes_at_random_want_their_randomness_named():
    for masks in (corruptions.random_blocks, corruptions.free_form):
        with pytest.raises(ValueError, match=r"pass a torch.Generator: torch.Generator\(\).manual_seed\(0\)"):
            masks(2, 16)
        with pytest.raises(TypeError, match="not int"):
            masks(2, 16, 3)
    assert corruptions.central(2, 16).shape == (2, 1, 16, 16)


def test_random_blocks_cover_what_is_asked_and_hardly_more():
    share = corruptions.random_blocks(50, 64, torch.Generator().manual_seed(0)).mean((1, 2, 3))
    assert (share >= 0.25).all() and (share < 0.25 + 0.25**2).all()


def test_free_form_width_and_number_matter():
    thin, thick = (corruptions.free_form(40, 64, torch.Generator().manual_seed(0), width=(w, w)).mean() for w in (0.05, 0.2))
    assert thick > 2 * thin
    with pytest.raises(ValueError, match="ranges"):
        corruptions.free_form(1, 32, strokes=(3, 1))


def test_a_stroke_is_every_pixel_near_the_line():
    mask = corruptions.stroke(32, [(4, 16), (28, 16)], 6)
    assert mask.sum().item() == pytest.approx(24 * 6 + math.pi * 9, abs=6)
    assert corruptions.stroke(32, [(16, 16)], 10).sum().item() == pytest.approx(math.pi * 25, abs=5)
    with pytest.raises(ValueError, match="at least one point"):
        corruptions.stroke(32, [], 3)
    with pytest.raises(ValueError, match="width must be above 0"):
        corruptions.stroke(32, [(1, 1)], 0)


def test_painted_strokes_add_up():
    one, other = ([(4, 4), (20, 4)], 4.0), ([(4, 20)], 6.0)
    both = corruptions.painted(32, [one, other])
    assert both.shape == (1, 1, 32, 32)
    assert torch.equal(both, torch.maximum(corruptions.painted(32, [one]), corruptions.painted(32, [other])))
    assert corruptions.painted(32, []).sum() == 0


def test_downscale():
    even = torch.full((1, 3, 16, 16), 0.3)
    assert torch.allclose(corruptions.downscale(even, 4), torch.full((1, 3, 4, 4), 0.3), atol=1e-6)
    x = torch.rand(1, 1, 4, 4)
    assert torch.allclose(corruptions.downscale(x, 2, "area")[0, 0, 0, 0], x[0, 0, :2, :2].mean())
    stripes = torch.tensor([1.0, -1.0]).repeat(8).expand(1, 1, 16, 16)
    assert corruptions.downscale(stripes, 4).abs().max() < 0.3  # without antialiasing it would be full stripes or flat
    with pytest.raises(ValueError, match="take a divisor"):
        corruptions.downscale(even, 3)
    with pytest.raises(ValueError, match="'bicubic' or 'area'"):
        corruptions.downscale(even, 2, "nearest")


def test_grey_is_the_luminance():
    pixels = torch.tensor([[255, 0, 0], [0, 255, 0], [0, 0, 255], [255, 255, 255]], dtype=torch.uint8)[:, :, None, None]
    assert corruptions.grey(pixels).flatten().tolist() == [76, 150, 29, 255]
    assert corruptions.grey(pixels.float()).flatten()[0].item() == pytest.approx(76.245)
    with pytest.raises(ValueError, match=r"\[N, 3, H, W\]"):
        corruptions.grey(torch.zeros(1, 1, 2, 2))


@pytest.mark.parametrize("shift", range(4))
def test_shrinking_folds_no_fine_pattern_back(shift):
    """Stripes as fine as the new pixels are wide become grey wherever they start; sampling alone would show them as a tint."""
    stripes = torch.tensor([1.0, 1.0, -1.0, -1.0]).repeat(8).roll(shift).expand(1, 3, 32, 32)
    assert corruptions.downscale(stripes, 4)[..., 2:-2].abs().max() < 0.1


def test_blocks_reach_every_edge():
    masks = corruptions.random_blocks(64, 16, torch.Generator().manual_seed(0))
    for edge in (masks[:, :, 0], masks[:, :, -1], masks[..., 0], masks[..., -1]):
        assert edge.any()

import math

import pytest
import torch

from gancourse.metrics import pairs
from gancourse.metrics.pairs import l1, psnr


def test_psnr_by_hand():
    target = torch.zeros(2, 1, 4, 4)
    output = torch.stack([torch.full((1, 4, 4), 0.2), torch.zeros(1, 4, 4)])
    scores = pairs.psnr(output, target)
    assert scores[0].item() == pytest.approx(20 * math.log10(2 / 0.2), abs=1e-5)
    assert scores[1] == math.inf
    assert pairs.l1(output, target)[0].item() == pytest.approx(0.2, abs=1e-6)


def test_psnr_agrees_with_torchmetrics():
    torchmetrics = pytest.importorskip("torchmetrics.functional.image")
    a, b = torch.rand(2, 3, 3, 8, 8) * 2 - 1
    expected = torchmetrics.peak_signal_noise_ratio(a, b, data_range=2.0, reduction="none", dim=(1, 2, 3))
    assert torch.allclose(pairs.psnr(a, b).float(), expected, rtol=1e-5)


def test_blur_lowers_the_gradient_energy():
    x = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    blurred = torch.nn.functional.avg_pool2d(x, 3, stride=1, padding=1)
    assert (pairs.gradient_energy(blurred) < 0.6 * pairs.gradient_energy(x)).all()
    ramp = torch.arange(4.0).expand(1, 1, 4, 4)
    assert pairs.gradient_energy(ramp).item() == pytest.approx(0.5)  # 1 across, 0 down


def test_roughened_pictures_have_the_gradient_energy_that_was_asked_for():
    x = torch.zeros(4, 3, 16, 16)
    rough = pairs.roughened(x, 0.3)
    assert pairs.gradient_energy(rough).mean().item() == pytest.approx(0.3, abs=1e-3)
    assert torch.equal(rough, pairs.roughened(x, 0.3)) and not torch.equal(rough, pairs.roughened(x, 0.3, seed=1))
    assert pairs.roughened(rough, 0.2) is rough
    assert rough.abs().max() <= 1


def test_sharpened_pictures_have_the_gradient_energy_that_was_asked_for():
    x = torch.nn.functional.interpolate(
        torch.rand(4, 3, 4, 4, generator=torch.Generator().manual_seed(0)) - 0.5, 32, mode="bicubic"
    )
    energy = pairs.gradient_energy(x).mean().item()
    sharp = pairs.sharpened(x, 1.5 * energy)
    assert pairs.gradient_energy(sharp).mean().item() == pytest.approx(1.5 * energy, abs=1e-4)
    assert pairs.sharpened(sharp, energy) is sharp
    assert pairs.sharpened(x, 10).abs().max() <= 1


def test_a_mask_sharpens_an_edge_where_it_is_and_leaves_flat_parts_alone():
    step = torch.full((1, 1, 12, 12), -0.4)
    step[..., 6:] = 0.4  # by hand: x - Bx is 5/16 of the height right of the edge, 1/16 a pixel further
    sharp = pairs.sharpened(step, pairs.gradient_energy(step).item() * 1.2)
    amount = (sharp[0, 0, 0, 6] - 0.4) / (0.8 * 5 / 16)
    expected = torch.tensor([0, 0, 0, 0, -1, -5, 5, 1, 0, 0, 0, 0]) / 16 * 0.8 * amount
    assert torch.allclose((sharp - step)[0, 0], expected.expand(12, 12), atol=1e-5)
    flat = torch.full((1, 1, 12, 12), 0.3)
    assert torch.allclose(pairs.sharpened(flat, 0.5), flat, atol=1e-5), "nothing to sharpen"


def test_segmentation_scores_by_hand():
    truth = torch.tensor([[0, 0, 0, 1], [0, 0, 0, 1]])
    called = torch.tensor([[0, 0, 1, 1], [0, 0, 0, 0]])
    scores = pairs.segmentation_scores(called, truth, 3)  # class 2 never occurs
    assert scores.pixel_accuracy == pytest.approx(6 / 8)
    assert scores.class_accuracy == pytest.approx((5 / 6 + 1 / 2) / 2)
    assert scores.iou == pytest.approx((5 / 7 + 1 / 3) / 2)
    assert pairs.segmentation_scores(truth, truth, 3) == (1, 1, 1)


def test_shapes_must_agree():
    with pytest.raises(ValueError, match="one shape"):
        pairs.psnr(torch.zeros(1, 3, 4, 4), torch.zeros(1, 1, 4, 4))


def test_retrieved_asks_for_the_own_target():
    from gancourse.metrics.pairs import retrieved

    target = torch.rand(6, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    assert retrieved(target + 0.01, target) == 1.0
    assert retrieved(target.roll(1, 0), target) == 0.0
    assert retrieved(target.median(0, keepdim=True).values.expand_as(target), target) <= 1 / 6  # one picture for all
    two = target.clone()
    two[1] = two[0]  # equal targets cannot be told apart
    assert retrieved(two, two) == pytest.approx(4 / 6)
    with pytest.raises(ValueError, match="one shape"):
        retrieved(target, target[:3])


def test_a_mask_restricts_the_mean_to_the_hole():
    target = torch.zeros(2, 3, 8, 8)
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 2:4, 2:6] = 1
    output = 0.5 * mask.expand(2, 3, 8, 8) + 0.01 * (1 - mask)
    assert torch.allclose(l1(output, target, mask), torch.full((2,), 0.5, dtype=torch.float64))
    assert torch.allclose(psnr(output, target, mask), 10 * torch.log10(torch.tensor([16.0, 16.0], dtype=torch.float64)))
    assert (psnr(output, target) > psnr(output, target, mask) + 5).all(), "given pixels would add to the score"
    with pytest.raises(ValueError, match="mask must be"):
        l1(output, target, mask[0])

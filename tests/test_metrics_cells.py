"""Colour and contrast in cells."""

from __future__ import annotations

import pytest
import torch

from gancourse.data import to_uint8
from gancourse.metrics import frechet_distance, image_features
from gancourse.metrics.cells import CellFeatures


def test_means_and_deviations_by_hand() -> None:
    x = torch.zeros(1, 3, 4, 4)
    x[0, 0, :2, :2] = 1.0  # one cell of four is red: its brightness is 1/3 everywhere
    x[0, :, 2:, 2:] = torch.tensor([[-1.0, 1.0], [1.0, -1.0]])  # another is a chessboard: mean 0, deviation 1
    features = CellFeatures(2).features(x).reshape(4, 2, 2)
    assert features[0].tolist() == [[1, 0], [0, 0]] and features[1].abs().max() == 0
    assert features[3].tolist() == [[0, 0], [0, pytest.approx(1)]]


@pytest.mark.parametrize(("channels", "size"), [(1, 8), (3, 30), (3, 33)])
def test_shapes_and_bytes(channels: int, size: int) -> None:
    x = torch.rand(5, channels, size, size) * 2 - 1
    extractor = CellFeatures()
    features = image_features(x, extractor, batch_size=2)
    assert features.shape == (5, (channels + 1) * 16) and features.extractor_id == "colour and contrast in 4 x 4 cells"
    assert (features - extractor.features(to_uint8(x))).abs().max() < 0.01


def test_a_distance_sees_noise_and_greyness() -> None:
    source = torch.Generator().manual_seed(0)
    smooth = torch.rand(300, 3, 2, 2, generator=source).repeat_interleave(8, 2).repeat_interleave(8, 3) * 2 - 1
    extractor = CellFeatures(2)

    def apart(x: torch.Tensor) -> float:
        return frechet_distance(extractor.features(x), extractor.features(smooth[150:]))

    same = apart(smooth[:150])
    noisy = (smooth[:150] + 0.5 * torch.randn(150, 3, 16, 16, generator=source)).clamp(-1, 1)
    assert apart(noisy) > 2 * same and apart(smooth[:150].mean(1, keepdim=True).repeat(1, 3, 1, 1)) > 2 * same


def test_too_small_a_picture() -> None:
    with pytest.raises(ValueError, match="4 x 4 cells need as many pixels a side"):
        CellFeatures().features(torch.zeros(1, 3, 3, 8))

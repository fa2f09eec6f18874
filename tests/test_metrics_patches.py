"""Patches and the nearest that real pictures have at the same place."""

from __future__ import annotations

import pytest
import torch

from gancourse import data, metrics
from gancourse.metrics.validation import blurred


def test_it_is_the_smallest_mean_squared_difference_at_each_place():
    source = torch.Generator().manual_seed(0)
    x, known = (torch.rand(n, 2, 6, 6, generator=source) * 2 - 1 for n in (3, 5))
    found = metrics.patch_distances(x, known, patch=3, step=3)
    assert found.shape == (3, 2, 2)
    for i, (top, left) in enumerate(((0, 0), (0, 3), (3, 0), (3, 3))):
        a, b = (t[:, :, top : top + 3, left : left + 3].flatten(1).double() for t in (x, known))
        expected = (a[:, None] - b[None]).square().mean(2).amin(1).float()
        assert torch.allclose(found[:, i // 2, i % 2], expected, atol=1e-6)


def test_a_copy_is_at_no_distance_even_if_each_patch_is_another_pictures():
    known = torch.rand(4, 3, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1
    mixed = torch.cat([known[:1, :, :4], known[1:2, :, 4:]], 2)
    assert float(metrics.patch_distances(known, known, patch=4, step=4).max()) == 0
    assert float(metrics.patch_distances(mixed, known, patch=4, step=4).max()) == 0
    assert metrics.patch_distances(mixed.roll(4, 2), known, patch=4, step=4).min() > 0  # the place counts


def test_it_sees_double_exposures_blur_and_noise_and_leaves_faces_alone():
    known = data.to_float(data.faces(16, 400, progress=False).images)
    unseen = data.to_float(data.faces(16, 120, split="test", progress=False).images)
    first, second, third = unseen.split(40)
    limit = metrics.patch_distances(first, known, patch=4, step=4).mean((1, 2)).quantile(0.95)

    def beyond(images):
        return float((metrics.patch_distances(images, known, patch=4, step=4).mean((1, 2)) > limit).double().mean())

    assert beyond(second) < 0.2
    assert beyond((second + third) / 2) > 0.6
    assert beyond(blurred(second, 2)) > 0.6
    assert beyond(torch.rand(40, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1) == 1


def test_bytes_are_read_as_floats_are():
    x = data.faces(16, 40, split="test", progress=False).images
    found = metrics.patch_distances(x[:10], x[10:], patch=4, step=4)
    assert torch.equal(found, metrics.patch_distances(data.to_float(x[:10]), data.to_float(x[10:]), patch=4, step=4))


def test_what_does_not_fit_is_named():
    x = torch.zeros(2, 3, 8, 8)
    with pytest.raises(ValueError, match="one shape"):
        metrics.patch_distances(x, torch.zeros(2, 1, 8, 8))
    with pytest.raises(ValueError, match="patch"):
        metrics.patch_distances(x, x, patch=9)

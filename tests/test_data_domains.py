"""Two domains and a table, with the properties that lecture 22 relies on."""

import math

import pytest
import torch

from gancourse.data import domains


def test_a_blend_inverts_the_patch_where_there_is_ink():
    patches = torch.randint(0, 256, (2, 3, 4, 4), dtype=torch.uint8)
    ink = torch.zeros(2, 1, 4, 4, dtype=torch.uint8)
    ink[:, :, 1] = 255
    out = domains.blended(ink, patches)
    assert torch.equal(out[:, :, 0], patches[:, :, 0])
    assert torch.equal(out[:, :, 1], 255 - patches[:, :, 1])


def test_the_two_sets_share_no_digit_and_are_even():
    plain, over = domains.mnist_and_mnist_m("test", seed=1)
    assert plain.images.shape == over.images.shape == (500, 3, 28, 28)
    assert torch.equal(plain.labels.bincount(), over.labels.bincount())
    rows = {bytes(x[0].numpy().tobytes()) for x in plain.images}
    other = domains.handwritten_digits("test", 28).images[500:]
    assert not rows & {bytes(x[0].numpy().tobytes()) for x in other}
    again = domains.mnist_and_mnist_m("test", seed=1)[1]
    assert torch.equal(again.images, over.images)


def test_moons_turn_and_share():
    x, y = domains.moons(2000, seed=0)
    assert x.shape == (4000, 2) and int(y.sum()) == 2000
    assert x.mean(0).abs().max() < 0.05  # about the origin
    turned, same = domains.moons(2000, seed=0, degrees=90)
    assert torch.equal(same, y)
    assert torch.allclose(turned, torch.stack([-x[:, 1], x[:, 0]], 1), atol=1e-5)
    assert int(domains.moons(50, seed=0, share=0.9)[1].sum()) == 90
    half, _ = domains.moons(500, seed=0, std=0)
    assert half.norm(dim=1).max() <= math.hypot(1.5, 0.25) + 1e-5
    with pytest.raises(ValueError, match="share"):
        domains.moons(10, seed=0, share=1.0)


def test_the_tables_causes_are_what_the_docstring_says():
    table = domains.applicants(40_000, seed=0)
    group, repaid, x = table.a.float(), table.y.float(), table.x

    def together(a, b):
        return torch.corrcoef(torch.stack([a, b]))[0, 1].item()

    assert abs(together(group, repaid)) < 0.02
    assert together(x[:, 0], repaid) > 0.4 and abs(together(x[:, 0], group)) < 0.02
    assert together(x[:, 3], group) > 0.6 and abs(together(x[:, 3], repaid)) < 0.02
    assert together(x[:, 4], group) > 0.4 and together(x[:, 4], repaid) > 0.3
    assert abs(together(x[:, 5], group)) < 0.02 and abs(together(x[:, 6], group)) < 0.02
    assert together(x[:, 5] * x[:, 6], group) > 0.5
    assert abs(together(x[:, 7], group)) < 0.02
    assert abs(together(x[:, 4] - x[:, 3], group)) < 0.02 and together(x[:, 4] - x[:, 3], repaid) > 0.4, "the group cancels"

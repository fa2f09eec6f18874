"""Measures of shapes: furniture passes, and noise, mixtures and nothing at all do not."""

from __future__ import annotations

import pytest
import torch

from gancourse.data import furniture
from gancourse.metrics import shapes


@pytest.fixture(scope="module")
def judge():
    return shapes.ShapeJudge(furniture(16, 1500), furniture(16, 200, "test"))


def test_by_hand():
    grids = torch.full((3, 1, 4, 4, 4), -1.0)
    grids[0, 0, 0, 0, :] = 1  # a pole at the left
    grids[1, 0, 1:3, 0, 0] = 1  # two in the middle, and one apart
    grids[1, 0, 0, 3, 3] = 1
    assert shapes.whole(grids).tolist() == pytest.approx([1, 2 / 3, 0])
    assert shapes.mirrored(grids).tolist() == pytest.approx([0, 0.5, 0])
    clean = shapes.swept(grids)
    assert clean.dtype == torch.uint8 and shapes.full(clean).sum((1, 2, 3)).tolist() == [4, 2, 0]
    assert torch.equal(shapes.full(clean[:1]), shapes.full(grids[:1])) and not shapes.full(clean)[1, 0, 3, 3]
    near, at = shapes.nearest(grids[:2], torch.cat([grids[1:2], grids[:1]]))
    assert near.tolist() == [1, 1] and at.tolist() == [1, 0]


def test_furniture_is_accepted_and_read_as_what_it_is(judge):
    unseen = furniture(16, 200, "test", seed=5)
    kind, accepted = judge.kinds(unseen.voxels)
    assert accepted.float().mean() > 0.85 and (kind == unseen.labels)[accepted].float().mean() > 0.98
    report = judge.report(unseen.voxels)
    assert report["kinds"] == 4 and report["whole"] == report["mirrored"] == 1 and report["covered"] > 0.4


def test_nulls_are_refused(judge):
    source, x = torch.Generator().manual_seed(0), furniture(16, 100, "test").voxels
    odds = (judge.train.voxels > 127).float().mean(0)
    noise = 255 * (torch.rand(x.shape, generator=source) < odds).to(torch.uint8)
    for null in (noise, torch.zeros_like(x), 255 * torch.ones_like(x)):
        assert judge.report(null)["accepted"] == 0
    assert judge.report(torch.maximum(x, x.roll(1, 0)))["accepted"] < 0.5, "where one hides in the other, the two are one"
    lonely = judge.report(judge.train.voxels[:1].expand(50, -1, -1, -1, -1))
    assert lonely["kinds"] == 1 and lonely["covered"] < 0.3, "one piece again and again covers little"
    constant = (255 * (odds > 0.4)).to(torch.uint8)[None].expand(50, -1, -1, -1, -1)
    assert lonely["likeness"] == 1 and judge.report(constant)["likeness"] > 0.35, "one shape can be likely"
    furniture_reaches = judge.report(judge.train.voxels[:50])["reached"]
    assert max(lonely["reached"], judge.report(constant)["reached"]) < 0.6 * furniture_reaches, "and reaches little"


def test_what_is_no_grid_is_refused(judge):
    with pytest.raises(ValueError, match=r"\[N, 1, S, S, S\]"):
        shapes.whole(torch.zeros(2, 16, 16, 16))
    with pytest.raises(ValueError, match="of one size"):
        judge.report(torch.zeros(2, 1, 8, 8, 8))

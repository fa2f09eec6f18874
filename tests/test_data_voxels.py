"""Furniture: whole, standing, its own mirror image; four kinds that differ; the same pieces, finer, at 32."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F

from gancourse.data import furniture
from gancourse.data.voxels import KINDS, SIZES
from gancourse.metrics.shapes import mirrored, whole


@pytest.fixture(scope="module")
def pieces():
    return furniture(16, 200)


def test_every_piece_is_whole_mirrored_and_stands_on_the_floor(pieces):
    assert pieces.voxels.shape == (200, 1, 16, 16, 16) and set(pieces.voxels.unique().tolist()) == {0, 255}
    assert (whole(pieces.voxels) == 1).all() and (mirrored(pieces.voxels) == 1).all()
    assert (pieces.voxels[:, 0, :, :, 0] > 0).any(2).any(1).all()


def test_kinds_come_evenly_and_are_what_they_are_called(pieces):
    assert torch.bincount(pieces.labels).tolist() == [50] * len(KINDS)
    full = pieces.voxels[:, 0] > 0
    volume = full.flatten(1).sum(1)
    table, chair, lamp, sofa = (full[pieces.labels == k] for k in range(4))
    assert (volume[pieces.labels == 3].float().mean() > 1.3 * volume[pieces.labels != 3].float().mean()).item(), "sofas are solid"
    top = table.flip(3).any(1).any(1).float().argmax(1)  # empty levels above the highest full one
    highest = torch.stack([piece[:, :, 15 - int(t)] for piece, t in zip(table, top, strict=True)])
    assert (highest.flatten(1).sum(1) >= 8 * 6).all(), "a table ends in its top"
    assert (chair[:, :, :8, 8:].flatten(1).sum(1) < chair[:, :, 8:, 8:].flatten(1).sum(1)).all(), "a chair's back is behind"
    assert torch.equal(lamp, lamp.transpose(1, 2)), "a lamp is round"
    assert (sofa[:, 8, 8:10, 2] > 0).all(), "a sofa's seat is filled in the middle"


def test_chairs_alone_have_arms_and_half_of_them(pieces):
    chairs = pieces.labels == KINDS.index("chair")
    assert not pieces.arms[~chairs].any() and 0.3 < pieces.arms[chairs].float().mean() < 0.7
    wide = (pieces.voxels[:, 0] > 0).any(3).any(2).sum(1)
    assert wide[chairs & pieces.arms].float().mean() > wide[chairs & ~pieces.arms].float().mean() + 1


def test_at_32_the_same_pieces_are_finer():
    coarse, fine = (furniture(size, 12, seed=3) for size in SIZES)
    assert torch.equal(coarse.labels, fine.labels) and torch.equal(coarse.arms, fine.arms)
    square = fine.labels != KINDS.index("lamp")
    doubled = F.interpolate(coarse.voxels.float(), scale_factor=2).to(torch.uint8)
    assert torch.equal(fine.voxels[square], doubled[square])


def test_the_seed_decides():
    assert torch.equal(furniture(16, 8, seed=1).voxels, furniture(16, 8, seed=1).voxels)
    assert not torch.equal(furniture(16, 8, seed=1).voxels, furniture(16, 8, seed=2).voxels)
    assert not torch.equal(furniture(16, 8).voxels, furniture(16, 8, "test").voxels)


def test_other_sizes_are_refused():
    with pytest.raises(ValueError, match="furniture comes at 16, 32 px, not 24"):
        furniture(24)

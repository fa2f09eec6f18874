"""Clips: the mask is where the ball is, everything else stands still, and the ball flies straight."""

from __future__ import annotations

import pytest
import torch

from gancourse.data import flying_balls
from gancourse.data.clips import COLOURS, RADIUS, SPEED


def centres(masks: torch.Tensor) -> torch.Tensor:
    """The middle of each frame's mask, down and across: [N, T, 2]."""
    weight = masks[:, 0].double()
    at = torch.arange(masks.shape[-1]) + 0.5
    total = weight.sum((2, 3))
    return torch.stack([(weight.sum(3) * at).sum(2) / total, (weight.sum(2) * at).sum(2) / total], -1)


def test_outside_of_the_mask_every_frame_is_the_background():
    clips = flying_balls(16, 20)
    assert clips.frames.shape == (20, 3, 8, 16, 16) and clips.masks.shape == (20, 1, 8, 16, 16)
    outside = (clips.masks == 0).expand_as(clips.frames)
    behind = clips.backgrounds[:, :, None].expand_as(clips.frames)
    assert torch.equal(clips.frames[outside], behind[outside])
    inside = (clips.masks == 255).expand_as(clips.frames)
    assert (clips.frames[inside] != behind[inside]).float().mean() > 0.9


def test_the_ball_is_whole_in_every_frame_and_flies_at_its_speed():
    masks = flying_balls(32, 20).masks
    area = masks.double().sum((1, 3, 4)) / 255
    assert torch.allclose(area, torch.full_like(area, torch.pi * (RADIUS * 32) ** 2), rtol=0.03)
    steps = centres(masks).diff(dim=1).norm(dim=2)
    assert steps.max() < SPEED[1] * 32 + 0.3
    straight = steps.median(1).values
    assert ((straight > SPEED[0] * 32 - 0.3) & (straight < SPEED[1] * 32 + 0.3)).all()


def test_labels_say_what_is_seen():
    clips = flying_balls(16, 60, frames=2)
    first, second = centres(clips.masks).unbind(1)
    moved = second - first
    far = moved.abs().min(1).values > 0.5  # of balls that have just bounced the way cannot be read off
    quarter = 2 * (moved[:, 0] > 0) + (moved[:, 1] > 0)
    assert (quarter[far] == clips.labels[far, 2]).float().mean() > 0.8
    middle = (clips.masks == 255).expand_as(clips.frames)
    for row, colour in enumerate(COLOURS.values()):
        chosen = clips.labels[:, 0] == row
        seen = torch.stack([clips.frames[chosen][:, c][middle[chosen][:, c]].double().mean() for c in range(3)])
        assert torch.allclose(seen / seen.sum(), torch.tensor(colour).double() / sum(colour), atol=0.02)


def test_the_seed_decides_and_splits_share_no_landscape():
    one, same, other = flying_balls(16, 5, seed=1), flying_balls(16, 5, seed=1), flying_balls(16, 5, "test", seed=1)
    assert all(torch.equal(a, b) for a, b in zip(one, same, strict=True))
    assert not any(torch.equal(a, b) for a in one.backgrounds for b in other.backgrounds)


def test_bad_requests_are_named():
    with pytest.raises(ValueError, match="size must be 8"):
        flying_balls(4)
    with pytest.raises(ValueError, match="frames must be above 0"):
        flying_balls(16, 2, frames=0)

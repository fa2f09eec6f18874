"""Clips: the mask is where the ball is, everything else stands still, and the ball flies straight."""

from __future__ import annotations

import pytest
import torch

from gancourse.data import flying_balls, other_futures, to_float
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


def test_other_futures_begin_with_the_clips_first_frame_and_go_on_in_other_ways():
    clips, futures = flying_balls(16, 30, "test"), other_futures(16, 30, "test", draws=3)
    assert futures.shape == (30, 3, 3, 8, 16, 16) and futures.dtype == torch.uint8
    assert torch.equal(futures[:, :, :, 0], clips.frames[:, None, :, 0].expand(-1, 3, -1, -1, -1))
    every = torch.cat([clips.frames[:, None], futures], 1)[:, :, :, 1:].flatten(2)
    assert all((every[:, i] != every[:, j]).any(1).all() for i in range(4) for j in range(i)), "four futures are four clips"
    outside = (futures == clips.backgrounds[:, None, :, None]).all(2).double().mean((2, 3, 4))
    assert outside.min() > 0.85, "the landscape is the clip's own"
    assert torch.equal(futures, other_futures(16, 30, "test", draws=3)), "the request decides"


def test_the_clip_itself_is_one_more_draw():
    """Squared errors: s^2 (1 + 1/K) of the mean of K draws, 2 s^2 of one; in every frame, which a still frame does not pass."""
    n, draws = 600, 4
    x = to_float(flying_balls(16, n).frames)
    futures = to_float(other_futures(16, n, draws=draws))

    def lost(y):
        return (y - x).square().mean((0, 1, 3, 4))[1:]

    ratios = lost(futures[:, 0]) / lost(futures.mean(1))
    assert torch.allclose(ratios, torch.full_like(ratios, 2 * draws / (draws + 1)), rtol=0.06)
    frozen = lost(x[:, :, :1].expand_as(x)) / lost(futures.mean(1))
    assert (frozen / (2 * draws / (draws + 1)) - 1).abs().max() > 0.1


def test_bad_requests_are_named():
    with pytest.raises(ValueError, match="size must be 8"):
        flying_balls(4)
    with pytest.raises(ValueError, match="frames must be above 0"):
        flying_balls(16, 2, frames=0)
    with pytest.raises(ValueError, match="draws must be above 0"):
        other_futures(16, 2, draws=0)

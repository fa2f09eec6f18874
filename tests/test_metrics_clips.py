"""Measures of clips: right on clips whose answer is known, and not fooled by those that only look right."""

from __future__ import annotations

import pytest
import torch

from gancourse import zoo
from gancourse.base.features import extractor_of
from gancourse.data import flying_balls
from gancourse.data.images import to_float
from gancourse.metrics import clips as measured
from gancourse.metrics import frechet_distance
from gancourse.models.video import Streams


@pytest.fixture(scope="module")
def some():
    return flying_balls(16, 60)


def test_still_parts_do_not_flicker_and_noise_does(some):
    x = to_float(some.frames)
    assert measured.flicker(x).max() == 0
    noisy = measured.shaken(x, torch.Generator().manual_seed(0))
    assert measured.flicker(noisy).min() > 0.1
    assert measured.flicker(measured.shuffled(x, torch.Generator())).max() == 0, "it asks about pixels, not about order"


def test_a_mask_held_still_knows_where_and_not_when(some):
    truth = some.masks.float() / 255
    still = measured.held_still(truth)
    assert torch.equal(still, still[:, :, :1].expand_as(still)) and set(still.unique().tolist()) <= {0.0, 1.0}
    moves = measured.motion(some.frames)
    ranks = [measured.overlap(mask, moves).mean().item() for mask in (truth, still, still.roll(1, 0))]
    assert ranks[0] > ranks[1] + 0.2 and ranks[1] > ranks[2] + 0.05
    gone = measured.held_still(torch.zeros(1, 1, 4, 2, 2))
    assert gone.shape == (1, 1, 4, 2, 2) and not gone.any()


@pytest.mark.parametrize("hard", [False, True])
def test_a_mask_held_still_is_as_large_as_the_mask_however_hard(some, hard):
    truth = some.masks.float() / 255
    block = torch.zeros(1, 1, 8, 16, 16)
    for t in range(8):
        block[:, :, t, 5:8, 2 * t : 2 * t + 2] = 1
    for mask in ((truth > 0.5).float() if hard else truth, block, torch.ones(1, 1, 2, 4, 4)):
        covered, still = (x.double().flatten(1).mean(1) for x in (mask > 0.5, measured.held_still(mask)))
        assert (covered - still).abs().max() <= 0.5 / mask[0, 0, 0].numel() + 1e-6, "within half a place"


def test_motion_finds_the_ball_without_being_told(some):
    truth = some.masks > 127
    found = measured.motion(some.frames)
    agree = measured.overlap(found, truth).mean()
    assert agree > 0.6 and agree > 3 * measured.overlap(found.roll(1, 0), truth).mean()
    assert not measured.motion(measured.stopped(to_float(some.frames))).any()


def test_what_flies_goes_on_along_a_line_and_what_jumps_or_stands_does_not(some):
    x, source = to_float(some.frames), torch.Generator().manual_seed(0)
    real = measured.straight(x)
    assert real.shape == (len(x),) and real.mean() > 0.35 and real.min() >= 0 and real.max() <= 1
    noise = 2 * torch.rand(x.shape, generator=source) - 1
    others = [measured.shuffled(x, source), measured.stopped(x), measured.shaken(x, source), noise]
    assert max(measured.straight(clips).mean().item() for clips in others) < 0.15
    assert torch.equal(measured.straight(x.flip(2)), real), "time may run either way"
    with pytest.raises(ValueError, match="take 3 or more"):
        measured.straight(x[:, :, :2])


def test_one_part_is_changed_and_the_others_are_not():
    source = torch.Generator().manual_seed(0)
    own = Streams(*(torch.rand(*shape, generator=source) for shape in ((3, 1, 8, 4, 4), (3, 3, 8, 4, 4), (3, 3, 4, 4))))
    found = measured.altered(own)
    assert torch.equal(found["as they are"].clip(), own.clip())
    for name, one in found.items():
        moved = [part for part, before, now in zip(Streams._fields, own, one, strict=True) if not torch.equal(before, now)]
        asked = {"as they are": [], "another's foreground": ["foreground"], "another's background": ["background"]}
        assert moved == asked.get(name, ["mask"]), name
    assert torch.equal(found["another's background"].background[0], own.background[2])
    assert set(found["its mask made hard"].mask.unique().tolist()) == {0.0, 1.0}
    with pytest.raises(ValueError, match=r"\[N, C, T, H, W\]"):
        measured.altered(own._replace(mask=own.mask[:, 0]))


def test_of_real_clips_mask_and_foreground_belong_together_and_any_landscape_does():
    clips, others = flying_balls(16, 200), flying_balls(16, 200, seed=1)
    judge = measured.clip_judge()
    real = judge.features(others.frames)
    assert extractor_of(real) == f"{measured.NAME} {zoo.card(measured.NAME)['weights']['sha256'][:8]}"
    parts = Streams(clips.masks.float() / 255, to_float(clips.frames), to_float(clips.backgrounds))
    apart = {name: frechet_distance(judge.features(one.clip()), real) for name, one in measured.altered(parts).items()}
    assert min(apart["another's mask"], apart["another's foreground"]) > 4 * apart["as they are"]
    assert apart["another's background"] < 1.5 * apart["as they are"] > apart["its mask made hard"]


def test_a_square_on_a_line_by_hand():
    clip = -torch.ones(1, 3, 8, 16, 16)
    for t, column in enumerate((0, 2, 4, 6, 8, 6, 4, 2)):  # it turns once: five of six inner frames
        clip[:, :, t, 4:6, column : column + 2] = 1
    assert measured.straight(clip).tolist() == pytest.approx([5 / 6])


@pytest.mark.parametrize("columns", [(4, 5) * 4, (3, 7) * 4, (2, 8, 2, 9, 3, 10, 2, 9)])
def test_what_trembles_does_not_fly(columns):
    clip = -torch.ones(1, 3, 8, 16, 16)
    for t, column in enumerate(columns):
        clip[:, :, t, 4:7, column : column + 3] = 1
    assert measured.straight(clip).item() == 0


def test_two_steps_that_count_never_go_there_and_back():
    """|a|, |b| >= 1 and |a - b| <= 1 leave an inner product of 1/2 or more."""
    steps = 6 * torch.rand(20_000, 2, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 3
    centres = [torch.cat([torch.zeros(1, 2), step.cumsum(0)]).numpy() for step in steps]
    counts = torch.tensor([measured._goes_on(list(path)) > 0 for path in centres])
    assert 0.01 < counts.double().mean() < 0.5
    assert (steps[:, 0] * steps[:, 1]).sum(1)[counts].min() >= 0.5 - 1e-9


def test_overlap_by_hand():
    a = torch.tensor([[1, 1, 0, 0], [0, 0, 0, 0], [1, 0, 0, 0]])
    b = torch.tensor([[0, 1, 1, 0], [0, 0, 0, 0], [0, 0, 0, 1]])
    assert measured.overlap(a, b).tolist() == pytest.approx([1 / 3, 0, 0])
    with pytest.raises(ValueError, match="one shape"):
        measured.overlap(a, b[:2])


def test_shuffled_frames_are_the_same_frames_in_an_order_that_jumps(some):
    x = torch.arange(8.0).view(1, 1, 8, 1, 1).expand(40, 1, 8, 2, 2)
    orders = measured.shuffled(x, torch.Generator().manual_seed(0))[:, 0, :, 0, 0]
    assert torch.equal(orders.sort(1).values, torch.arange(8.0).expand(40, 8))
    assert ((orders.diff(dim=1).abs() > 1).sum(1) >= 4).all()
    with pytest.raises(ValueError, match="take 4 or more"):
        measured.shuffled(x[:, :, :3], torch.Generator())


def test_the_judge_takes_clips_in_order_and_nothing_else(some):
    judge, x, source = measured.clip_judge(), to_float(some.frames), torch.Generator().manual_seed(0)
    assert judge.in_order(x) > 0.9
    assert judge.orders(measured.shuffled(x, source))["shuffled"] > 0.8
    assert judge.orders(measured.stopped(x))["still"] > 0.9
    assert judge.orders(measured.shaken(x, source))["noise"] > 0.9
    assert judge.in_order(2 * torch.rand(x.shape, generator=source) - 1) == 0
    grey = 0.01 * torch.randn(x.shape, generator=source)
    assert judge.in_order(grey) == judge.in_order(torch.zeros_like(x)) == 0, "nothing moves, whatever the reader says"
    right = judge.right(x, some.labels)
    assert right["colour"] > 0.9 and right["season"] > 0.9 and right["quarter"] > 0.6
    assert judge.features(x).shape == (60, 32)
    for n, labels in ((3, some.labels[0]), (5, some.labels[:1]), (3, some.labels[:3, 0])):
        with pytest.raises(ValueError, match="three for each clip"):
            judge.right(x[:n], labels)


def test_training_a_judge_depends_on_the_seed_alone(some):
    one, same = (measured.train_clip_judge(some, 2, batch_size=4, width=2, seed=3) for _ in range(2))
    x = to_float(some.frames[:5])
    assert torch.equal(one.features(x), same.features(x)) and not one.reader.training
    assert sum(one.orders(x).values()) == pytest.approx(1) and one.in_order(x) <= one.orders(x)["in order"]


def test_what_is_no_clip_is_refused():
    with pytest.raises(ValueError, match=r"\[N, C, T, H, W\]"):
        measured.flicker(torch.zeros(2, 3, 16, 16))
    with pytest.raises(ValueError, match="NaN"):
        measured.motion(torch.full((1, 1, 4, 8, 8), float("nan")))

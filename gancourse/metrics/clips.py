"""What can be asked of clips [N, C, T, H, W] in [-1, 1]: what stands still, what moves, whether a mask knows, and in which order.

flicker(clips)                     what the still part of a clip does over time; 0 where it stands still
motion(clips)                      which pixels of which frames something passes over, seen from the clip alone
overlap(mask, motion)              intersection over union
held_still(mask)                   what a mask knows of where, without when
altered(streams)                   clips put together anew with one part changed: what belongs to what
straight(clips)                    how often the largest thing that moves goes on along a line
judge = clip_judge()               judge.in_order(clips): the share that a reader takes to be in order, something moving
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse import zoo
from gancourse.base import check, networks
from gancourse.base.latents import device_of
from gancourse.data import scenes
from gancourse.data.clips import COLOURS, SEASONS, Clips, flying_balls
from gancourse.data.images import to_float
from gancourse.models.video import Reader, Streams

MOVES = 0.2  # how far from the background, of values in [-1, 1], something is foreground
SOMETHING = 0.01  # of a clip's places must move; the ball of our clips covers 0.06
LEAST_PLACES = 4  # of the largest thing that moves in a frame
LEAST_STEP, MOST_TURN = 1.0, 1.0  # pixels that its centre goes in a frame, and that two such steps may differ by
ORDERS = ("in order", "shuffled", "still", "noise")
HEADS = {"order": len(ORDERS), "colour": len(COLOURS), "season": len(SEASONS), "quarter": 4}
SIZE, NAME, STEPS, WIDTH = 16, "judge_clips16", 900, 16  # the judge that ships: pixels, its name, how it was trained
JUDGES_SEED = 9  # of the clips that it was taught, which no generator learns from
SHAKEN = 0.25  # standard deviation of the noise that a clip of the kind "noise" has on it


def checked(clips: object) -> Tensor:
    """Clips as floats; a ValueError or TypeError names what is wrong."""
    if isinstance(clips, Tensor) and clips.dtype == torch.uint8:
        clips = to_float(clips)
    known = check.finite("clips", check.filled("clips", clips))
    if known.ndim != 5:
        raise ValueError(f"clips must be [N, C, T, H, W], not {list(known.shape)}")
    return known.float()


def flicker(clips: Tensor) -> Tensor:
    """For each clip the median over its pixels of their standard deviation over time: [N].

    Where a small thing passes over a still background most pixels never change, and the median is 0.
    """
    return checked(clips).std(2, unbiased=False).mean(1).flatten(1).median(1).values


def motion(clips: Tensor, least: float = MOVES) -> Tensor:
    """Where a clip differs by ``least`` from its own background, the median of each pixel over time: bool [N, 1, T, H, W]."""
    x = checked(clips)
    still = x.median(2, keepdim=True).values
    return (x - still).abs().mean(1, keepdim=True) >= check.positive("least", least)


def overlap(a: Tensor, b: Tensor) -> Tensor:
    """Intersection over union of two sets of places, clip by clip: [N]; 0 where both are empty."""
    one, other = (check.tensor("places", x).flatten(1) > 0.5 for x in (a, b))
    if one.shape != other.shape:
        raise ValueError(f"two sets of places must have one shape, not {list(a.shape)} and {list(b.shape)}")
    both, either = (one & other).sum(1).double(), (one | other).sum(1).double()
    return both / either.clamp(min=1)


def shuffled(clips: Tensor, source: torch.Generator) -> Tensor:
    """The frames of each clip in a random order that is neither the right one nor that one backwards."""
    x, n = checked(clips), clips.shape[2]
    if n < 4:
        raise ValueError(f"clips of {n} frames cannot be shuffled so that it shows: take 4 or more")
    straight = torch.arange(n)
    orders = torch.stack([_an_order(straight, source) for _ in range(len(x))]).to(x.device)
    return torch.gather(x, 2, orders[:, None, :, None, None].expand_as(x))


def _an_order(straight: Tensor, source: torch.Generator) -> Tensor:
    while True:
        order = torch.randperm(len(straight), generator=source)
        if (order.diff().abs() > 1).sum() * 2 >= len(straight):  # half of the steps jump
            return order


def stopped(clips: Tensor) -> Tensor:
    """The first frame of each clip, for all its time."""
    return checked(clips)[:, :, :1].expand_as(clips).contiguous()


def held_still(mask: Tensor) -> Tensor:
    """The places that a mask [N, 1, T, H, W] covers most over time, as many as it covers in a frame, for all its time.

    It knows where something moves in a clip, and not when.  Of places that are covered alike those further up and to the left are
    taken, so that it is as large as the mask, however hard that is, and empty for an empty one.
    """
    x = checked(mask)
    where = x.mean(2).flatten(1)  # [N, H W]
    n = ((x > 0.5).float().mean((1, 2, 3, 4)) * where.shape[1]).round()
    rank = where.argsort(dim=1, descending=True, stable=True).argsort(dim=1)
    most: Tensor = (rank < n[:, None]).float().unflatten(1, (1, 1, *x.shape[3:]))  # [N, 1, 1, H, W]
    return most.expand_as(x)


def altered(streams: Streams) -> dict[str, Streams]:
    """The streams m, f, b of clips as they are, and with one part changed; m f + (1 - m) b of each is the clip to be judged.

    Another's part is that of the clip before.  A part that belongs to the others is missed; one that does not is not.
    """
    m, f, b = Streams(checked(streams.mask), checked(streams.foreground), streams.background)
    another = Streams(m.roll(1, 0), f.roll(1, 0), b.roll(1, 0))
    return {
        "as they are": Streams(m, f, b),
        "another's mask": Streams(another.mask, f, b),
        "another's foreground": Streams(m, another.foreground, b),
        "another's background": Streams(m, f, another.background),
        "its mask held still": Streams(held_still(m), f, b),
        "its mask backwards": Streams(m.flip(2), f, b),
        "its mask made hard": Streams((m > 0.5).float(), f, b),
        "all is foreground": Streams(torch.ones_like(m), f, b),
        "mask and its rest exchanged": Streams(1 - m, f, b),
    }


def straight(clips: Tensor) -> Tensor:
    """For each clip the share of its inner frames at which the largest thing that moves goes on along a line: [N].

    The thing is the largest connected part of :func:`motion` in a frame, of LEAST_PLACES or more.  Its centre must go a into the
    frame and b out of it, |a| and |b| at least LEAST_STEP and |a - b| at most MOST_TURN.  With both at one pixel a . b is 1/2 or
    more, so what trembles, there and back, does not count; nor does a ball where it bounces.
    """
    moves = motion(clips)[:, 0].cpu().numpy()
    if moves.shape[1] < 3:
        raise ValueError(f"clips of {moves.shape[1]} frames have no inner frame with one on each side: take 3 or more")
    return torch.tensor([_goes_on([_centre(frame) for frame in clip]) for clip in moves])


def _centre(moves: np.ndarray) -> np.ndarray:
    """The centre (row, column) of the largest connected part of places [H, W]; NaN where it is too small."""
    from scipy import ndimage

    parts, n = ndimage.label(moves)
    sizes = np.bincount(parts.ravel(), minlength=n + 1)[1:]
    if not n or sizes.max() < LEAST_PLACES:
        return np.full(2, np.nan)
    centre: np.ndarray = np.argwhere(parts == 1 + sizes.argmax()).mean(0)
    return centre


def _goes_on(centres: list[np.ndarray]) -> float:
    steps = np.diff(np.stack(centres), axis=0)  # [T - 1, 2]
    far = np.linalg.norm(steps, axis=1) >= LEAST_STEP  # NaN is not
    turn = np.linalg.norm(np.diff(steps, axis=0), axis=1)
    return float((far[1:] & far[:-1] & (turn <= MOST_TURN)).mean())


def shaken(clips: Tensor, source: torch.Generator) -> Tensor:
    """Each clip with noise on every frame, new in each."""
    x = checked(clips)
    return (x + SHAKEN * torch.randn(x.shape, generator=source).to(x)).clamp(-1, 1)


@dataclass(frozen=True)
class ClipJudge:
    """A reader of clips that was taught the four orders, and the ball and landscape of those in order."""

    reader: Reader

    def orders(self, clips: Tensor) -> dict[str, float]:
        """The share of clips that it takes for each of ORDERS."""
        read = self._read(lambda x: self.reader(x)["order"].argmax(1), clips)
        return {name: (read == i).double().mean().item() for i, name in enumerate(ORDERS)}

    def in_order(self, clips: Tensor) -> float:
        """The share of clips that it takes to be in order and in which something moves.

        The second condition is for what it was never taught: the grey clips of an untrained generator pass the first.
        """
        read = self._read(lambda x: self.reader(x)["order"].argmax(1), clips)
        moves = motion(clips).cpu().flatten(1).double().mean(1) >= SOMETHING
        return ((read == ORDERS.index("in order")) & moves).double().mean().item()

    def right(self, clips: Tensor, labels: Tensor) -> dict[str, float]:
        """How often it reads colour, season and quarter as the labels [N, 3] of the clips have them."""
        read = self._read(lambda x: torch.stack([self.reader(x)[name].argmax(1) for name in list(HEADS)[1:]], 1), clips)
        if check.tensor("labels", labels).shape != read.shape:
            raise ValueError(f"labels must be {list(read.shape)}, three for each clip, not {list(labels.shape)}")
        return dict(zip(list(HEADS)[1:], (read == labels.cpu()).double().mean(0).tolist(), strict=True))

    def features(self, clips: Tensor) -> Tensor:
        """Features [N, 32] for a Frechet distance."""
        return self.reader.features(checked(clips))

    def _read(self, function: Callable[[Tensor], Tensor], clips: Tensor) -> Tensor:
        device = device_of(self.reader)
        with networks.evaluating(self.reader):
            return torch.cat([function(part.to(device)).cpu() for part in checked(clips).split(256)])


def train_clip_judge(clips: Clips, steps: int = STEPS, *, batch_size: int = 32, width: int = WIDTH, seed: int = 0) -> ClipJudge:
    """A judge from labelled clips: each batch as it is, shuffled, stopped and shaken; the labels are asked of the first alone.

    All have a little noise, each its own amount, so that no exact equality of pixels gives an order away.
    """
    steps, batch_size = check.rounds("steps", steps), check.batch_size(batch_size)
    source = torch.Generator().manual_seed(check.seed(seed))
    with networks.seeded(seed):
        reader = Reader(HEADS, clips.frames.shape[-1], width, clips.frames.shape[1])
    optimizer = torch.optim.Adam(reader.parameters(), lr=2e-3)
    orders = torch.arange(len(ORDERS)).repeat_interleave(batch_size)
    for step in range(steps):
        index = torch.randint(len(clips.frames), (batch_size,), generator=source)
        x, labels = to_float(clips.frames[index]), clips.labels[index]
        every = torch.cat([x, shuffled(x, source), stopped(x), shaken(x, source)])
        soft = 0.05 * torch.rand(len(every), 1, 1, 1, 1, generator=source)
        every = every + soft * torch.randn(every.shape, generator=source)
        for group in optimizer.param_groups:
            group["lr"] = 2e-3 * (1 - step / steps)
        found = reader(every)
        loss = F.cross_entropy(found.pop("order"), orders)
        for column, logits in enumerate(found.values()):
            loss = loss + F.cross_entropy(logits[:batch_size], labels[:, column])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return ClipJudge(reader.eval())


def clip_judge() -> ClipJudge:
    """The judge of clips of 16 px; its weights ship with the course, or it is trained in under a minute."""
    shipped = zoo.load_or_train(NAME, _train_with_card)
    reader = cast(Reader, shipped.model)
    reader.extractor_id = shipped.named(NAME)
    return ClipJudge(reader)


def _train_with_card() -> tuple[Reader, dict[str, Any]]:
    began = time.process_time()
    judge = train_clip_judge(flying_balls(SIZE, seed=JUDGES_SEED))
    seconds = time.process_time() - began
    test = flying_balls(SIZE, split="test")
    found = judge.right(test.frames, test.labels) | {"in order": judge.in_order(test.frames)}
    card = zoo.fill_card(
        judge.reader,
        {"heads": HEADS, "size": SIZE, "width": WIDTH},
        title="clips in order, or shuffled, still, shaken",
        data={"name": "flying_balls", "arguments": {"size": SIZE, "seed": JUDGES_SEED}},
        training={"recipe": "gancourse.metrics.clips", "arguments": {"batch_size": 32, "orders": list(ORDERS)}},
        steps=STEPS,
        seconds=round(seconds),
        seed=0,
        metric={
            "name": "share of unseen clips taken to be in order",
            "value": round(found.pop("in order"), 3),
            "protocol": f"{len(test.frames)} clips of the test split; read right: "
            + ", ".join(f"{name} {share:.3f}" for name, share in found.items()),
        },
        licence={"data": f"{scenes.LICENCE}, {scenes.AUTHOR}", "weights": "CC BY 4.0"},
    )
    return judge.reader, card


if __name__ == "__main__":
    path = zoo.save(NAME, *_train_with_card())
    print(f"{path.name}: {zoo.card(path)['metric']}")

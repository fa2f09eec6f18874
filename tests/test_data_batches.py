"""Batches: right values, every sample its turn, a stream that can be saved and continued."""

from __future__ import annotations

from itertools import islice
from typing import Any

import pytest
import torch
from torch import Tensor

from gancourse.data import Batches, ImageSet, to_uint8, toys


def numbered(n: int = 20, channels: int = 3) -> ImageSet:
    """Image i holds i in its left half and 100 + i in its right half."""
    index = torch.arange(n, dtype=torch.uint8)[:, None, None, None]
    images = torch.cat([index.expand(n, channels, 4, 2), (100 + index).expand(n, channels, 4, 2)], dim=3)
    column = torch.arange(n)
    return ImageSet(
        images=images,
        labels=column,
        attributes=torch.stack([column % 3, column % 2], dim=1),
        attribute_names={"hair": ("a", "b", "c"), "glasses": ("no", "yes")},
        name="numbered",
    )


def numbers(batch: Tensor) -> list[int]:
    return to_uint8(batch)[:, 0, 0, 0].tolist()


def first(batches: Batches, count: int) -> list[Any]:
    return list(islice(batches, count))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_batch_holds_images_of_the_set_as_floats(channels: int) -> None:
    faces = numbered(channels=channels)
    x = next(Batches(faces, 6))
    assert x.shape == (6, channels, 4, 4) and x.dtype == torch.float32
    assert torch.equal(to_uint8(x), faces.images[numbers(x)])
    assert x.min() >= -1 and x.max() <= 1


def test_images_come_channels_last_unless_told_otherwise() -> None:
    assert next(Batches(numbered(), 6)).is_contiguous(memory_format=torch.channels_last)
    plain = next(Batches(numbered(), 6, channels_last=False))
    assert plain.is_contiguous()
    assert torch.equal(plain, next(Batches(numbered(), 6)))


def test_the_set_stays_bytes_in_memory_and_is_not_changed() -> None:
    faces = numbered()
    before = faces.images.clone()
    batches = Batches(faces, 6, flip=True)
    next(batches).zero_()
    assert batches._x.dtype == torch.uint8
    assert torch.equal(faces.images, before)
    assert torch.equal(to_uint8(next(Batches(faces, 6, flip=False))), before[numbers(next(Batches(faces, 6)))])


@pytest.mark.parametrize(("n", "batch_size"), [(20, 5), (20, 6), (7, 7), (13, 4)])
def test_an_epoch_shows_every_image_once(n: int, batch_size: int) -> None:
    batches = Batches(numbered(n), batch_size, order="epoch")
    seen = [number for batch in first(batches, 3 * n) for number in numbers(batch)]
    epochs = [seen[start : start + n] for start in range(0, len(seen), n)]
    assert all(sorted(epoch) == list(range(n)) for epoch in epochs)
    assert len({tuple(epoch) for epoch in epochs}) == len(epochs)


def test_random_order_is_uniform() -> None:
    batches = Batches(numbered(10), 100)
    counts = torch.bincount(torch.tensor([number for batch in first(batches, 100) for number in numbers(batch)]), minlength=10)
    assert counts.sum() == 10_000
    assert ((counts - 1000).abs() < 150).all(), counts  # five standard deviations of a binomial count


@pytest.mark.parametrize("channels_last", [True, False])
def test_flip_mirrors_half_of_the_images_whole(channels_last: bool) -> None:
    faces = numbered()
    mirrored = 0
    for x, y in first(Batches(faces, 10, flip=True, labels=True, channels_last=channels_last), 100):
        for image, label in zip(to_uint8(x), y, strict=True):
            original = faces.images[label]
            is_mirrored = torch.equal(image, original.flip(2))
            assert is_mirrored or torch.equal(image, original)
            mirrored += is_mirrored
    assert 400 < mirrored < 600


def test_labels_go_with_their_images() -> None:
    x, y = next(Batches(numbered(), 8, labels=True))
    assert y.dtype == torch.int64 and y.tolist() == numbers(x)
    x, y = next(Batches(numbered(), 8, labels="attributes"))
    assert y.tolist() == [[i % 3, i % 2] for i in numbers(x)]
    x, y = next(Batches(numbered(), 8, labels="glasses"))
    assert y.tolist() == [i % 2 for i in numbers(x)]


def test_tensors_and_toys_are_sources_too() -> None:
    assert next(Batches(numbered().images, 4)).shape == (4, 3, 4, 4)
    points = torch.randn(9, 2, generator=torch.Generator().manual_seed(0))
    x = next(Batches(points, 5))
    assert all((row == points).all(dim=1).any() for row in x)
    ring = toys.ring("pacgan")
    one, two = first(Batches(ring, 64, seed=3), 2)
    assert one.shape == (64, 2) and not torch.equal(one, two)
    x, mode = next(Batches(ring, 64, labels=True))
    assert torch.equal(torch.cdist(x, ring.modes).argmin(dim=1), mode)
    assert next(Batches(toys.swiss_roll(), 8)).shape == (8, 2)


STREAMS: dict[str, Any] = {
    "random": lambda: Batches(numbered(), 6, seed=5, labels=True),
    "flipped": lambda: Batches(numbered(), 6, seed=5, flip=True),
    "epoch": lambda: Batches(numbered(), 6, seed=5, order="epoch", labels=True),
    "epoch flipped": lambda: Batches(numbered(), 6, seed=5, order="epoch", flip=True),
    "whole epochs": lambda: Batches(numbered(), 5, seed=5, order="epoch"),
    "toy": lambda: Batches(toys.grid("wgan_gp"), 16, seed=5),
    "curve": lambda: Batches(toys.moons(), 16, seed=5),
}


@pytest.mark.parametrize("name", STREAMS)
@pytest.mark.parametrize("steps", [0, 1, 4, 7, 10])
def test_a_loaded_state_continues_with_the_same_bits(name: str, steps: int, tmp_path: Any) -> None:
    batches = STREAMS[name]()
    first(batches, steps)
    torch.save(batches.state_dict(), tmp_path / "state.pt")
    expected = first(batches, 12)
    resumed = STREAMS[name]()
    first(resumed, 3)  # whatever it did before must not matter
    resumed.load_state_dict(torch.load(tmp_path / "state.pt", weights_only=True))
    for one, two in zip(expected, first(resumed, 12), strict=True):
        pairs = zip(one, two, strict=True) if isinstance(one, tuple) else [(one, two)]
        assert all(torch.equal(a, b) for a, b in pairs)


def test_a_state_does_not_move_with_the_stream() -> None:
    batches = STREAMS["epoch"]()
    state = batches.state_dict()
    kept = {key: value.clone() if isinstance(value, Tensor) else value for key, value in state.items()}
    first(batches, 9)
    assert all(torch.equal(state[key], kept[key]) if isinstance(kept[key], Tensor) else state[key] == kept[key] for key in kept)


def test_the_state_of_another_stream_is_refused() -> None:
    state = STREAMS["epoch"]().state_dict()
    for other in ("random", "epoch flipped", "whole epochs", "toy"):
        with pytest.raises(ValueError, match="build it likewise"):
            STREAMS[other]().load_state_dict(state)


def test_the_stream_follows_the_seed_and_leaves_the_global_generator_alone() -> None:
    before = torch.get_rng_state()
    one = next(Batches(numbered(), 12, seed=1, flip=True))
    assert torch.equal(one, next(Batches(numbered(), 12, seed=1, flip=True)))
    assert not torch.equal(one, next(Batches(numbered(), 12, seed=2, flip=True)))
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((numbered(5), 6), {"order": "epoch"}, "larger than the set of 5"),
        ((numbered()[:0], 2), {}, "empty"),
        ((numbered(), 0), {}, "above 0"),
        ((torch.zeros(4, 3, 2, 2, dtype=torch.int32), 2), {}, "uint8"),
        (([1, 2, 3], 2), {}, "must be an ImageSet"),
        ((numbered(), 2), {"order": "shuffled"}, "choose from"),
        ((ImageSet(numbered().images), 2), {"labels": True}, "has none"),
        ((ImageSet(numbered().images), 2), {"labels": "hair"}, "no attributes"),
        ((numbered(), 2), {"labels": "hiar"}, "did you mean 'hair'"),
        ((numbered().images, 2), {"labels": True}, "pass an ImageSet"),
        ((toys.moons(), 2), {"labels": True}, "has none"),
        ((toys.ring(), 2), {"labels": "hair"}, "has none"),
        ((toys.ring(), 2), {"order": "epoch"}, "no epochs"),
        ((toys.ring(), 2), {"flip": True}, "flip"),
    ],
)
def test_bad_arguments_name_the_fix(arguments: tuple[Any, ...], options: dict[str, Any], message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        Batches(*arguments, **options)

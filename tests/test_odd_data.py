"""Every public function of the data sets given what nobody means to give it: a clear error of ours, or a right answer."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gancourse import data
from gancourse.data import scenes, toys
from gancourse.data.pairs import PairSet
from tests.odd import answer, functions, normal, quick, sound, swapped

BYTES = (torch.arange(4 * 3 * 8 * 8) % 256).to(torch.uint8).view(4, 3, 8, 8)
PICTURES = normal(4, 3, 16, 16).clamp(-1, 1)
ATTRIBUTES = {"attributes": torch.zeros(4, 1).long(), "attribute_names": {"a": ("b",)}}
SOME = scenes.scenes(2, 0)
REQUEST = {"size": 8, "n": 2, "split": "train", "seed": 0}
NOWHERE = {**REQUEST, "split": "odd"}  # refused whatever else is odd: nothing is drawn or fetched


def ring(n: int, seed: int) -> Any:
    return toys.ring().sample(n, seed)


# Each function with arguments that are right; one of them is exchanged for something odd.
RIGHT: dict[str, dict[str, Any]] = {
    "Batches": {"source": BYTES, "batch_size": 2, "seed": 0, "order": "random", "flip": True, "labels": False, "device": "cpu"},
    "ImageSet": {"images": BYTES, "labels": torch.arange(4), **ATTRIBUTES},
    "PairBatches": {"pairs": PairSet(BYTES, BYTES), "batch_size": 2, "seed": 0, "order": "epoch", "flip": False, "device": "cpu"},
    "PairSet": {"a": BYTES, "b": BYTES, **ATTRIBUTES},
    "UnpairedBatches": {"a": BYTES, "b": BYTES, "batch_size": 2, "seed": 0, "order": "random", "flip": False, "device": "cpu"},
    "counterfactual": {"style": "faces", "attribute": "glasses", "value_a": "no", "value_b": "odd", "n": 2, "size": 8, "seed": 0},
    "digits": {**REQUEST, "source": "handwritten"},
    "folder": {"path": "nowhere", "size": 8, "labels": None, "column": None, "fit": "crop", "background": "white", "skip": False},
    "flying_balls": {**REQUEST, "size": 16, "frames": 2},
    "font_digits": REQUEST,
    "furniture": {**REQUEST, "size": 16},
    "load": {"name": "digits", **REQUEST},
    "load_pairs": {"kind": "night", **REQUEST},
    "moving_digits": {**REQUEST, "size": 32, "frames": 2, "digits": 1, "base": data.font_digits(8, 20)},
    "optical_digits": REQUEST,
    "other_futures": {**REQUEST, "size": 16, "frames": 2, "draws": 2},
    "paired_folder": {"folder": "nowhere", "size": 8, "n": 1, "split": "train", "direction": "AtoB"},
    "photo_patches": {**REQUEST, "texture": 1.0},
    "stacked_digits": {**REQUEST, "base": data.font_digits(8, 20)},
    "to_float": {"images": BYTES},
    "to_uint8": {"images": PICTURES},
    "unpaired_folder": {"folder": "nowhere", "size": 8, "n": 1, "split": "train"},
    "corruptions.central": {"n": 2, "size": 8, "source": torch.Generator(), "fraction": 0.5},
    "corruptions.downscale": {"x": PICTURES, "factor": 2, "method": "area"},
    "corruptions.free_form": {"n": 2, "size": 8, "source": torch.Generator(), "strokes": (1, 4), "width": (0.1, 0.2)},
    "corruptions.grey": {"images": PICTURES},
    "corruptions.painted": {"size": 8, "strokes": [([(1.0, 2.0), (3.0, 4.0)], 2.0)]},
    "corruptions.random_blocks": {"n": 2, "size": 8, "source": torch.Generator(), "covered": 0.3, "side": 0.25},
    "corruptions.stroke": {"size": 8, "points": [(1.0, 2.0), (3.0, 4.0)], "width": 2.0},
    "scenes.coverage": {"some": SOME, "size": 8},
    "scenes.day_and_night": {"some": SOME, "size": 8, "season": "summer"},
    "scenes.layout": {"some": SOME, "size": 8},
    "scenes.one_hot": {"attributes": torch.zeros(2, 2).long()},
    "scenes.palette": {"some": SOME, "time": "day", "season": "summer"},
    "scenes.picture": {"some": SOME, "size": 8, "time": "day", "season": "summer"},
    "scenes.pictures": {"some": SOME, "attributes": np.zeros((2, 2), int), "size": 8},
    "scenes.scenes": {"n": 2, "seed": 0},
    "toys.gaussian_mixture": {"modes": normal(3, 2), "std": 0.1, "weights": torch.ones(3)},
    "toys.grid": {"variant": "pacgan"},
    "toys.moons": {"std": 0.1},
    "toys.parallel_lines": {"theta": 0.5},
    "toys.ring": {"variant": "pacgan"},
    "toys.spiral": {"turns": 1.5, "std": 0.1},
    "toys.swiss_roll": {"variant": "wgan_gp"},
    "sample": {"n": 3, "seed": 0},
    "log_density": {"x": normal(4, 2)},
    **{name: NOWHERE for name in ("anime", "celeba", "cifar10", "faces", "fashion_mnist", "mnist", "pixel_faces")},
}
NEVER = {
    "counterfactual",
    "folder",
    "paired_folder",
    "unpaired_folder",
    *(name for name, right in RIGHT.items() if right is NOWHERE),
}


def public() -> dict[str, Any]:
    found = functions(data, data.__all__)
    found |= {
        name: getattr(data, name)
        for name in data.__all__
        if inspect.isclass(getattr(data, name)) and name not in ("Clips", "Films", "Shapes")
    }
    return found | {"PairSet": PairSet, "sample": ring, "log_density": toys.ring().log_density}


CALLS = {name: (function, RIGHT[name]) for name, function in public().items() if name in RIGHT}


def used(found: Any) -> Any:
    """The first of a stream's batches, points of a distribution; anything else as it is."""
    if hasattr(found, "sample"):
        return found.sample(3, seed=0)
    return next(found) if hasattr(found, "__next__") else found


def test_no_public_function_is_left_out() -> None:
    assert set(public()) == set(RIGHT)


@pytest.mark.parametrize("name", CALLS)
@quick(10)
@given(chosen=st.data())
def test_odd_inputs(name: str, chosen: st.DataObject) -> None:
    call, right = CALLS[name]
    which, value = swapped(chosen, right)
    if value is None and which in ("n", "size"):
        return  # the whole set was asked for
    found = answer(lambda **given: used(call(**given)), **right | {which: value})
    assert found is None or sound(found), "NaN in silence"
    assert found is None or name not in NEVER


@pytest.mark.parametrize("name", [name for name in CALLS if name not in NEVER])
def test_what_is_right_is_answered(name: str) -> None:
    call, right = CALLS[name]
    assert sound(used(call(**right)))

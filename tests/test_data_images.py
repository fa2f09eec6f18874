"""ImageSet: what it checks, how it is cut; pixels to floats and back."""

from __future__ import annotations

import inspect
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from gancourse.data import EMBEDDED, REAL, ImageSet, PairSet, load, to_float, to_uint8

NAMES = {"hair": ("black", "red", "pink"), "glasses": ("no", "yes")}


def small_set(n: int = 12) -> ImageSet:
    index = torch.arange(n)
    return ImageSet(
        images=index.to(torch.uint8)[:, None, None, None].expand(n, 3, 4, 4).clone(),
        labels=index % 5,
        attributes=torch.stack([index % 3, index % 2], dim=1),
        attribute_names=NAMES,
        captions=[f"picture {i}" for i in range(n)],
        name="small",
        licence="CC0 1.0",
        author="nobody",
    )


def test_every_pixel_value_survives_the_way_to_floats_and_back() -> None:
    pixels = torch.arange(256, dtype=torch.uint8).reshape(1, 1, 16, 16)
    floats = to_float(pixels)
    assert floats.dtype == torch.float32
    assert (floats.min().item(), floats.max().item()) == (-1, 1)
    assert torch.equal(to_uint8(floats), pixels)


def test_floats_outside_the_range_are_clipped() -> None:
    assert to_uint8(torch.tensor([-3.0, -1.0, 1.0, 3.0])).tolist() == [0, 0, 255, 255]


def test_conversions_do_not_change_what_they_are_given() -> None:
    floats = torch.zeros(1, 1, 2, 2)
    to_uint8(floats)
    assert floats.eq(0).all()
    with pytest.raises(TypeError, match="uint8"):
        to_float(floats)
    with pytest.raises(TypeError, match="floats"):
        to_uint8(torch.zeros(1, dtype=torch.uint8))


@pytest.mark.parametrize("index", [[0.7, 1.9], torch.tensor([1.0]), np.array([2.0]), 1.0, True, np.bool_(True), "3", None, ["a"]])
def test_what_is_no_index_is_refused(index: object) -> None:
    images = small_set()
    for each in (images, PairSet(images.images, images.images)):
        with pytest.raises(TypeError, match="an index is a whole number, a slice, .*, not "):
            each[index]


@pytest.mark.parametrize("index", [12, -13, np.int64(12), [3, 12], torch.tensor([-13])])
def test_an_index_outside_is_named(index: object) -> None:
    images = small_set()
    for each, what in ((images, "images"), (PairSet(images.images, images.images), "pairs")):
        with pytest.raises(IndexError, match=rf"index -?1\d is outside a set of 12 {what}"):
            each[index]
    with pytest.raises(IndexError, match=r"indices must be in one row, not \[1, 2\]"):
        images[[[1, 2]]]
    with pytest.raises(IndexError, match=r"a mask must be \[12\], not \[3\]"):
        images[[True, False, True]]


def test_pairs_are_cut_as_pictures_are() -> None:
    images = small_set().images
    pairs = PairSet(images, 255 - images)
    for index, rows in (
        (0, [0]),
        (np.int64(2), [2]),
        (torch.tensor(-1), [11]),
        (slice(1, 3), [1, 2]),
        (torch.arange(12) > 9, [10, 11]),
    ):
        part = pairs[index]
        assert part.a[:, 0, 0, 0].tolist() == rows and part.b[:, 0, 0, 0].tolist() == [255 - i for i in rows]
    assert pairs.inputs(4).shape == pairs.targets(4).shape == (1, 3, 4, 4)


@pytest.mark.parametrize(
    ("index", "rows"),
    [
        (slice(2, 5), [2, 3, 4]),
        (slice(None, None, 4), [0, 4, 8]),
        (3, [3]),
        (-1, [11]),
        (np.int64(3), [3]),
        (np.uint8(11), [11]),
        (torch.tensor(3), [3]),
        (np.array(-2), [10]),
        (np.array([4, 2]), [4, 2]),
        (np.arange(12) < 2, [0, 1]),
        ((1, 2), [1, 2]),
        ([-1, np.int32(5)], [11, 5]),
        ([7, 1, 7], [7, 1, 7]),
        (torch.tensor([5, 0]), [5, 0]),
        (torch.arange(12) > 9, [10, 11]),
        ([], []),
    ],
)
def test_every_column_is_cut_alike(index: object, rows: list[int]) -> None:
    part = small_set()[index]
    assert part.images[:, 0, 0, 0].tolist() == rows
    assert part.labels.tolist() == [i % 5 for i in rows]
    assert part.attributes.tolist() == [[i % 3, i % 2] for i in rows]
    assert part.captions == [f"picture {i}" for i in rows]
    assert len(part) == len(rows)


@pytest.mark.parametrize("index", [12, -13, torch.ones(5, dtype=torch.bool)])
def test_an_index_outside_the_set_is_refused(index: object) -> None:
    with pytest.raises(IndexError):
        small_set()[index]


def test_where_keeps_exactly_what_was_asked_for() -> None:
    faces = small_set()
    assert faces.where(hair="red").captions == [f"picture {i}" for i in range(12) if i % 3 == 1]
    both = faces.where(hair=("red", "pink"), glasses="yes")
    assert both.captions == [f"picture {i}" for i in range(12) if i % 3 in (1, 2) and i % 2 == 1]
    assert faces.where(label=(0, 3)).labels.unique().tolist() == [0, 3]
    assert len(faces.where()) == 12


def test_where_names_the_nearest_attribute_and_value() -> None:
    with pytest.raises(ValueError, match="did you mean 'hair'"):
        small_set().where(hiar="red")
    with pytest.raises(ValueError, match="did you mean 'pink'"):
        small_set().where(hair="pnik")
    with pytest.raises(ValueError, match="no labels"):
        ImageSet(small_set().images).where(label=1)
    with pytest.raises(ValueError, match="no attributes"):
        ImageSet(small_set().images).where(hair="red")


def test_describe_and_repr_say_what_is_known() -> None:
    faces = small_set()
    assert faces.describe(4) == {"label": 4, "hair": "red", "glasses": "no", "caption": "picture 4"}
    for part in ("small", "12 images", "3 x 4 x 4", "CC0 1.0", "captions"):
        assert part in repr(faces)
    assert (faces.size, faces.channels) == (4, 3)
    unknown = replace(faces, attributes=torch.full((12, 2), -1))
    assert unknown.describe(4) == {"label": 4, "caption": "picture 4"}  # -1 is no value, and not the last


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"images": torch.zeros(2, 3, 4, 4)}, "uint8"),
        ({"images": torch.zeros(2, 4, 4, dtype=torch.uint8)}, "N, C, H, W"),
        ({"labels": torch.zeros(3, dtype=torch.int64)}, "labels has 3 rows"),
        ({"captions": ["one"]}, "captions has 1 rows"),
        ({"attributes": torch.zeros(2, 1, dtype=torch.int64)}, "1 columns"),
    ],
)
def test_columns_that_do_not_fit_are_refused(change: dict[str, object], message: str) -> None:
    columns = {"images": torch.zeros(2, 3, 4, 4, dtype=torch.uint8)} | change
    with pytest.raises((TypeError, ValueError), match=message):
        ImageSet(**columns)


@pytest.mark.parametrize("name", EMBEDDED | REAL)
def test_load_is_the_function_of_that_name(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """One signature for all, each with its own default size; load passes on what it is given and nothing else."""
    function = (EMBEDDED | REAL)[name]
    parameters = inspect.signature(function).parameters
    assert list(parameters)[:4] == ["size", "n", "split", "seed"]
    assert [parameters[key].default for key in ("n", "split", "seed")] == [None, "train", 0]
    assert isinstance(parameters["size"].default, int)
    assert all(p.kind is p.KEYWORD_ONLY for p in list(parameters.values())[4:])
    asked: list[dict[str, object]] = []

    def spy(*arguments: object, **options: object) -> None:
        bound = inspect.signature(function).bind(*arguments, **options)
        bound.apply_defaults()
        asked.append(bound.arguments)

    monkeypatch.setitem(EMBEDDED if name in EMBEDDED else REAL, name, spy)
    for arguments in ((), (24, 7, "test", 3)):
        load(name, *arguments)
        spy(*arguments)
        assert asked[-2] == asked[-1]


def test_load_gives_what_the_function_gives() -> None:
    for options in ({}, {"source": "optical"}, {"augment": True}):
        assert torch.equal(load("digits", n=20, seed=3, **options).images, EMBEDDED["digits"](n=20, seed=3, **options).images)


def test_load_names_the_nearest_set() -> None:
    with pytest.raises(ValueError, match="did you mean 'faces'"):
        load("face")
    with pytest.raises(ValueError, match="did you mean 'mnist'"):
        load("digits", source="minst")
    with pytest.raises(ValueError, match="choose from 'mnist'"):
        load("faces", source="optical")
    assert EMBEDDED.keys().isdisjoint(REAL)


def test_importing_the_data_package_imports_nothing_heavy() -> None:
    program = (
        "import sys, gancourse.data.avatars, gancourse.data.numerals, gancourse.data as data\n"
        "assert callable(data.faces) and callable(data.digits), 'a module hides the function of the same name'\n"
        "heavy = {'matplotlib', 'scipy', 'sklearn', 'PIL', 'torchvision', 'dicebear', 'resvg_py', 'IPython'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=600)
    assert done.stdout.strip() == "[]"

"""Cartoon faces with exact attributes, drawn by pip packages.

Three styles, each a table of what every attribute value draws: ``faces`` (adventurer by Lisa Wischofsky, CC BY 4.0),
``anime`` (lorelei by Lisa Wischofsky, CC0) and ``pixel_faces`` (pixel-art by DiceBear, CC0).  dicebear-core picks and
assembles the drawing, resvg-py turns it into pixels; neither needs a network.

Attributes are *designed*, not observed: the n faces run through every combination of values as evenly as n allows, so
each value is exactly balanced and the attributes are independent.  What is not an attribute (which of ten short hair
cuts, which eyebrows) is left to the style's own random picks, keyed by the face's seed.  Changing one attribute leaves
all other picks alone, which makes exact counterfactual pairs possible: the same face with and without glasses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib import metadata
from importlib.util import find_spec
from typing import Any

import numpy as np
import torch

from gancourse.base import check
from gancourse.data import _cache, _render, _request
from gancourse.data._design import design, factorial
from gancourse.data._request import request
from gancourse.data.images import ImageSet

Options = Mapping[str, Any]


def _variants(prefix: str, numbers: Sequence[int]) -> list[str]:
    return [f"{prefix}{number:02d}" for number in numbers]


_BACKGROUND = {
    "cream": {"backgroundColor": ["#f5f1df"]},
    "blue": {"backgroundColor": ["#8cc7e6"]},
    "green": {"backgroundColor": ["#b9dfba"]},
    "purple": {"backgroundColor": ["#c9b1dc"]},
    "peach": {"backgroundColor": ["#ffd3a3"]},
}

_HAIR = {
    "black": {"hairColor": ["#2a1d1a"]},
    "brown": {"hairColor": ["#7a4526"]},
    "blonde": {"hairColor": ["#e0ad47"]},
    "red": {"hairColor": ["#c93a2a"]},
    "blue": {"hairColor": ["#3d6bd1"]},
    "pink": {"hairColor": ["#e88bb8"]},
}

_SKIN = {
    "light": {"skinColor": ["#f8d9c0"]},
    "tan": {"skinColor": ["#e0a678"]},
    "brown": {"skinColor": ["#a8683a"]},
    "dark": {"skinColor": ["#6b3d22"]},
}


@dataclass(frozen=True)
class FaceStyle:
    """One drawing style: ``attributes[name][value]`` are the options that draw that value, ``fixed`` the rest."""

    definition: str
    licence: str
    author: str
    attributes: Mapping[str, Mapping[str, Options]]
    fixed: Options = field(default_factory=dict)


STYLES: dict[str, FaceStyle] = {
    "faces": FaceStyle(
        definition="adventurer",
        licence="CC BY 4.0",
        author="Lisa Wischofsky",
        attributes={
            "hair": _HAIR,
            "hair_length": {
                "short": {"hairVariant": _variants("short", [1, 2, 3, 4, 8, 9, 10, 11, 14, 16, 17, 18])},
                "long": {"hairVariant": _variants("long", [1, 2, 5, 6, 7, 9, 12, 16, 17, 19, 21, 22])},
            },
            "skin": _SKIN,
            "smile": {
                "no": {"mouthVariant": _variants("variant", [3, 4, 6, 8, 9, 10, 14, 18])},
                "yes": {"mouthVariant": _variants("variant", [1, 5, 22, 23, 25, 26, 27, 30])},
            },
            "glasses": {
                "no": {"glassesProbability": 0},
                "yes": {"glassesProbability": 100, "glassesVariant": _variants("variant", [1, 2, 4, 5])},
            },
            "background": _BACKGROUND,
        },
        fixed={
            "earringsProbability": 0,
            "detailsProbability": 0,
            "eyesVariant": _variants("variant", [1, 2, 3, 4, 5, 9, 10, 12, 16, 18, 20, 23, 24, 25, 26]),
            "scale": 1.2,
        },
    ),
    "anime": FaceStyle(
        definition="lorelei",
        licence="CC0 1.0",
        author="Lisa Wischofsky",
        attributes={
            "hair": _HAIR,
            "hair_length": {
                "short": {"hairVariant": _variants("variant", [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 22, 39, 43, 44, 47])},
                "long": {"hairVariant": _variants("variant", [10, 13, 15, 16, 17, 18, 19, 21, 23, 24, 31, 32, 33, 35, 40, 41])},
            },
            "skin": _SKIN,
            "smile": {
                "no": {"mouthVariant": _variants("sad", [1, 3, 4, 5, 6, 7, 9])},
                "yes": {"mouthVariant": _variants("happy", [1, 2, 3, 5, 6, 7, 16])},
            },
            "glasses": {
                "no": {"glassesProbability": 0},
                "yes": {"glassesProbability": 100, "glassesVariant": _variants("variant", [1, 2, 3, 4, 5])},
            },
            "background": _BACKGROUND,
        },
        fixed={
            "beardProbability": 0,
            "earringsProbability": 0,
            "frecklesProbability": 0,
            "hairAccessoriesProbability": 0,
            "scale": 1.25,
        },
    ),
    "pixel_faces": FaceStyle(
        definition="pixel-art",
        licence="CC0 1.0",
        author="DiceBear",
        attributes={
            "hair": _HAIR,
            "hair_length": {
                "short": {"hairVariant": _variants("short", [1, 2, 3, 4, 6, 8, 9, 10, 13, 14, 15, 16, 17, 19, 22])},
                "long": {"hairVariant": _variants("long", [1, 2, 3, 4, 7, 9, 12, 13, 16, 17, 18, 20, 21])},
            },
            "skin": _SKIN,
            "smile": {
                "no": {"mouthVariant": _variants("sad", [1, 4, 5, 6, 7, 8, 9])},
                "yes": {"mouthVariant": _variants("happy", [6, 7, 8, 9, 10, 12, 13])},
            },
            "glasses": {
                "no": {"glassesProbability": 0},
                "yes": {
                    "glassesProbability": 100,
                    "glassesVariant": _variants("dark", [1, 2, 5, 6, 7]) + _variants("light", [5, 6, 7]),
                },
            },
            "background": _BACKGROUND,
        },
        fixed={
            "accessoriesProbability": 0,
            "beardProbability": 0,
            "hatProbability": 0,
            "mouthColor": ["#de0f0d", "#e35d6a"],
            "glassesColor": ["#191919", "#4b4b4b"],
        },
    ),
}

DRAWING_PACKAGES = {"dicebear": "dicebear-core", "dicebear_styles": "dicebear-styles", "resvg_py": "resvg-py"}
SPLITS = {**_request.SPLITS, "pairs": 2}
DEFAULT_N = {"train": 10_000, "test": 2_000}
_RECIPE = 1  # to be raised when the code below, or _design or _render, draws something else from the same tables


def faces(size: int = 32, n: int | None = None, split: str = "train", seed: int = 0, *, progress: bool = True) -> ImageSet:
    """Cartoon faces in the adventurer style by Lisa Wischofsky (CC BY 4.0).

    Draws n faces of size x size pixels (8 to 256) on first use, in parallel processes, and keeps them in the cache.
    n defaults to 10,000 (split="train") or 2,000 (split="test"); the two splits share no face.  The attributes hair,
    hair_length, skin, smile, glasses and background run through all 960 combinations as evenly as n allows.  With equal n,
    seed and split, face i has the same attributes in faces, anime and pixel_faces.
    """
    return _face_set("faces", size, n, split, seed, progress)


def anime(size: int = 32, n: int | None = None, split: str = "train", seed: int = 0, *, progress: bool = True) -> ImageSet:
    """Cartoon faces in the lorelei style by Lisa Wischofsky (CC0); arguments as for ``faces``."""
    return _face_set("anime", size, n, split, seed, progress)


def pixel_faces(size: int = 16, n: int | None = None, split: str = "train", seed: int = 0, *, progress: bool = True) -> ImageSet:
    """Pixel-art faces by DiceBear (CC0), made for 16 pixels; arguments as for ``faces``."""
    return _face_set("pixel_faces", size, n, split, seed, progress)


def counterfactual(
    style: str,
    attribute: str,
    value_a: str,
    value_b: str,
    n: int = 500,
    size: int = 32,
    seed: int = 0,
    *,
    progress: bool = True,
) -> tuple[ImageSet, ImageSet]:
    """Pairs of faces that differ in one attribute and in nothing else.

    Face i of the first set has ``value_a``, face i of the second ``value_b``: ``counterfactual("faces", "glasses", "no", "yes")``
    is the same n people without and with glasses.  They share no face with the train and test splits.
    """
    table = STYLES[check.one_of("style", style, STYLES)].attributes
    check.one_of("attribute", attribute, table)
    values = [check.one_of(f"value of {attribute}", value, table[attribute]) for value in (value_a, value_b)]
    a, b = (_face_set(style, size, n, "pairs", seed, progress, (attribute, value)) for value in values)
    return a, b


def kinds(
    style: str, attribute: str, value: str, n: int = 500, size: int = 32, seed: int = 0, *, progress: bool = True
) -> tuple[ImageSet, ...]:
    """The same n people with a value drawn in each way that the style has for it: every face with each of four pairs of glasses.

    ``kinds("faces", "glasses", "yes", n)`` are four sets.  Face i is that of :func:`counterfactual`, whose second set shows one
    of the four at each place.
    """
    known = STYLES[check.one_of("style", style, STYLES)]
    values = known.attributes[check.one_of("attribute", attribute, known.attributes)]
    options = values[check.one_of(f"value of {attribute}", value, values)]
    several = {option: names for option, names in options.items() if isinstance(names, list) and len(names) > 1}
    if len(several) != 1:
        raise ValueError(f"{style} draws {attribute} {value} in one way: counterfactual shows it")
    ((option, names),) = several.items()
    return tuple(_face_set(style, size, n, "pairs", seed, progress, (attribute, value), (option, name)) for name in names)


def at(style: str, places: Sequence[int], size: int, n: int, split: str = "train", seed: int = 0) -> torch.Tensor:
    """The faces at these places of a set, uint8 [K, 3, size, size], drawn alone: the other faces of the set are not needed."""
    size, n, seed = request(size, n, split, seed, DEFAULT_N)
    chosen = [check.whole(f"places[{k}]", place, 0, n - 1) for k, place in enumerate(places)]
    known = STYLES[check.one_of("style", style, STYLES)]
    try:
        return torch.from_numpy(_draw(known, size, n, split, seed, False, None, chosen)["images"])
    except ImportError as error:
        raise missing_packages(style, error) from None


def caption(values: Mapping[str, str]) -> str:
    """One plain sentence for a face: "a smiling person with long red hair, dark skin and glasses on a blue background"."""
    who = "a smiling person" if values["smile"] == "yes" else "an unsmiling person"
    hair, skin = f"{values['hair_length']} {values['hair']} hair", f"{values['skin']} skin"
    features = f"{hair}, {skin} and glasses" if values["glasses"] == "yes" else f"{hair} and {skin}"
    return f"{who} with {features} on a {values['background']} background"


def check_style(style: FaceStyle) -> None:
    """Compare every option and variant name of a style's tables with the installed definition.

    dicebear draws a face without the component when it does not know a variant's name, so a misspelt name would quietly
    bend an attribute.  Raises ValueError with the nearest valid name.
    """
    definition = _render.definition(style.definition)
    components, colours = definition["components"], [*definition.get("colors", {}), "background"]
    tables = [style.fixed, *(options for values in style.attributes.values() for options in values.values())]
    names = {"Variant": components, "Probability": components, "Color": colours}
    for option, value in ((option, value) for table in tables for option, value in table.items()):
        if option == "scale":
            continue
        part = re.fullmatch(r"(\w+)(Variant|Probability|Color)", option)
        if part is None:
            raise ValueError(
                f"unknown option {option!r} for {style.definition}: use <part>Variant, <part>Probability or <part>Color"
            )
        check.one_of(f"component or colour of {style.definition}", part[1], names[part[2]])
        if part[2] == "Variant":
            for variant in value:
                check.one_of(f"{part[1]} variant of {style.definition}", variant, components[part[1]]["variants"])


def _face_set(
    name: str,
    size: int,
    n: int | None,
    split: str,
    seed: int,
    progress: bool,
    held: tuple[str, str] | None = None,
    kind: tuple[str, str] | None = None,
) -> ImageSet:
    """The faces of one style; ``held`` gives all of them the same value of one attribute, ``kind`` that value's only option."""
    style = STYLES[name]
    if held is not None and kind is not None:
        values = style.attributes[held[0]]
        options = {**values[held[1]], kind[0]: [kind[1]]}
        style = replace(style, attributes={**style.attributes, held[0]: {**values, held[1]: options}})
    size, n, seed = request(size, n, split, seed, DEFAULT_N if held is None else {split: 500})
    recipe = {"recipe": _RECIPE, "style": asdict(style), "size": size, "n": n, "split": split, "seed": seed, "held": held}
    file = "_".join(map(str, [name, size, n, seed, split, *(held or ()), *(kind or ())]))
    try:
        arrays = _cache.cached(file, recipe, lambda: _draw(style, size, n, split, seed, progress, held), drawing_versions())
    except ImportError as error:
        raise missing_packages(name, error) from None
    return _image_set(name, style, arrays)


def plan(style: FaceStyle, n: int, split: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """The number of each face's combination, and of its round: together with split and seed they say which face it is."""
    levels = [len(values) for values in style.attributes.values()]
    return design(levels, n, np.random.default_rng([seed, SPLITS[split]]))


def face_names(split: str, seed: int, rounds: np.ndarray, numbers: np.ndarray) -> list[str]:
    """What each face is drawn from where attributes leave a choice: faces of one name are the same person in every drawing."""
    return [f"{split}-{seed}-{i}-{number}" for i, number in zip(rounds, numbers, strict=True)]


def _draw(
    style: FaceStyle,
    size: int,
    n: int,
    split: str,
    seed: int,
    progress: bool,
    held: tuple[str, str] | None,
    places: Sequence[int] | None = None,
) -> _cache.Arrays:
    import dicebear  # noqa: F401  (a missing package is found here, before any work)
    import resvg_py  # noqa: F401

    check_style(style)
    numbers, rounds = (part if places is None else part[list(places)] for part in plan(style, n, split, seed))
    attributes = factorial([len(values) for values in style.attributes.values()])[numbers]  # [N, A]
    if held is not None:
        column = list(style.attributes).index(held[0])
        attributes[:, column] = list(style.attributes[held[0]]).index(held[1])
    job = {
        "definition": style.definition,
        "size": size,
        "fixed": style.fixed,
        "attributes": [list(values.values()) for values in style.attributes.values()],
    }
    names = face_names(split, seed, rounds, numbers)
    images = _render.render(job, list(zip(names, attributes.tolist(), strict=True)), progress)
    return {"images": images, "attributes": attributes}


def _image_set(name: str, style: FaceStyle, arrays: _cache.Arrays) -> ImageSet:
    names = {attribute: tuple(values) for attribute, values in style.attributes.items()}
    rows = arrays["attributes"].tolist()
    captions = [caption({key: names[key][i] for key, i in zip(names, row, strict=True)}) for row in rows]
    return ImageSet(
        images=torch.from_numpy(arrays["images"]),
        attributes=torch.from_numpy(arrays["attributes"].astype(np.int64)),
        attribute_names=names,
        captions=captions,
        name=name,
        licence=style.licence,
        author=style.author,
    )


def drawing_versions() -> dict[str, str] | None:
    """Major.minor of the drawing packages, or None if one is missing."""
    if any(find_spec(module) is None for module in DRAWING_PACKAGES):
        return None
    return {package: ".".join(metadata.version(package).split(".")[:2]) for package in DRAWING_PACKAGES.values()}


def missing_packages(name: str, error: ImportError) -> ModuleNotFoundError:
    """What to raise where something cannot be drawn for want of a package."""
    packages = " ".join(DRAWING_PACKAGES.values())
    return ModuleNotFoundError(
        f"drawing {name} needs packages that are not installed ({error}): run `pip install {packages}`, or take a set "
        "that is drawn without them: digits, photo_patches, or the pairs night and scenes"
    )

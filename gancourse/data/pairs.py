"""Pairs of pictures whose correspondence is exact: for translation with pairs, and for scoring translation without.

    pairs = load_pairs("lines")             # a PairSet: a the line drawings, b the faces
    batches = PairBatches(pairs, 16)        # (a, b) as floats, together
    day, night = load_pairs("night").unpaired()
    batches = UnpairedBatches(day, night, 4)

The kinds: line drawing, class map or grey picture to face; face without glasses to the same with them; scene by day to the
same by night; layout and attributes to scene.  Faces are drawn by the packages that :mod:`gancourse.data.avatars` uses; a
repainted copy of the style gives the line drawing and the class map.  Scenes are drawn by :mod:`gancourse.data.scenes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check
from gancourse.data import _cache, _render
from gancourse.data import scenes as _scenes
from gancourse.data._design import design, factorial
from gancourse.data._request import request, seed_of
from gancourse.data.avatars import (
    SPLITS,
    STYLES,
    counterfactual,
    drawing_versions,
    face_names,
    faces,
    missing_packages,
    plan,
)
from gancourse.data.batches import Batches
from gancourse.data.corruptions import grey
from gancourse.data.images import ImageSet, Index, check_columns, selected, to_float

FACE_CLASSES = ("background", "skin", "hair", "eyes", "brows", "mouth", "glasses")
DEFAULT_N = {"train": 3_000, "test": 500}
_RECIPE = 1  # to be raised when this file or scenes.py draws something else from the same numbers
_COMPONENTS = {"head": 1, "hair": 2, "eyes": 3, "eyebrows": 4, "mouth": 5, "glasses": 6, "details": 1, "earrings": 1}
_INK = ("ink", "eyes", "glasses")  # the colours that stay black in a line drawing


@dataclass(frozen=True, repr=False)
class PairSet:
    """N pairs (a, b): input and target.

    a                uint8 [N, C, H, W]; where ``classes`` is not empty, class indices [N, 1, H, W]
    b                uint8 [N, C', H, W]
    classes          the names of the classes of ``a``, or ()
    attributes       int64 [N, A] and their names, as in :class:`ImageSet`; what is known about the pairs
    given            the names of those attributes that are part of the input, as planes beside the layout
    """

    a: Tensor
    b: Tensor
    classes: tuple[str, ...] = ()
    attributes: Tensor | None = None
    attribute_names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    given: tuple[str, ...] = ()
    name: str = "pairs"
    licence: str = "unknown"
    author: str = "unknown"

    def __post_init__(self) -> None:
        for side in ("a", "b"):
            images = getattr(self, side)
            if check.tensor(side, images).ndim != 4 or images.dtype != torch.uint8:
                raise TypeError(f"{side} must be uint8 [N, C, H, W], not {images.dtype} {list(images.shape)}")
        if len(self.a) != len(self.b) or self.a.shape[2:] != self.b.shape[2:]:
            raise ValueError(f"a and b must be pairs of one size, not {list(self.a.shape)} and {list(self.b.shape)}")
        if self.classes and (self.a.shape[1] != 1 or (len(self.a) and int(self.a.max()) >= len(self.classes))):
            raise ValueError(f"class maps must be [N, 1, H, W] with indices below {len(self.classes)}")
        check_columns(self.attributes, self.attribute_names, len(self.a), "pairs")
        if self.given and self.attributes is None:
            raise ValueError(f"given names {', '.join(self.given)}, and these pairs have no attributes: pass attributes=, too")
        for name in self.given:
            check.one_of("attribute", name, self.attribute_names)

    def __len__(self) -> int:
        return len(self.a)

    def __getitem__(self, index: Index) -> PairSet:
        """The part that a slice, an index, a list of indices, an index tensor or a boolean mask selects."""
        rows = selected(index, len(self), "pairs")
        attributes = None if self.attributes is None else self.attributes[rows]
        return replace(self, a=self.a[rows], b=self.b[rows], attributes=attributes)

    @property
    def size(self) -> int:
        """Height in pixels."""
        return self.a.shape[2]

    @property
    def in_channels(self) -> int:
        """Channels of :meth:`inputs`: classes and attribute planes, or the channels of ``a``."""
        return (len(self.classes) or self.a.shape[1]) + sum(len(self.attribute_names[name]) for name in self.given)

    def inputs(self, index: Index | None = None) -> Tensor:
        """What a network is given: pictures in [-1, 1], class maps one-hot, attributes as planes; [N, in_channels, H, W]."""
        part = self if index is None else self[index]
        a = to_float(part.a) if not part.classes else _one_hot(part.a.long(), len(part.classes))
        return part.with_given(a, part.attributes)

    def targets(self, index: Index | None = None) -> Tensor:
        """What it should give, as floats [N, C', H, W] in [-1, 1]."""
        return to_float(self.b if index is None else self[index].b)

    def with_given(self, a: Tensor, attributes: Tensor | None) -> Tensor:
        """Append the planes of the given attributes, one-hot, to inputs; ValueError where there are none to append."""
        if not self.given:
            return a
        if attributes is None:
            raise ValueError(f"this set appends the planes of {', '.join(self.given)}: pass the pictures' attributes, too")
        names = list(self.attribute_names)
        columns = [F.one_hot(attributes[:, names.index(name)], len(self.attribute_names[name])) for name in self.given]
        planes = torch.cat(columns, 1).to(a)[:, :, None, None].expand(-1, -1, *a.shape[2:])
        return torch.cat([a, planes], 1)

    def sides(self) -> tuple[ImageSet, ImageSet]:
        """Both sides as sets of their own, pair i at place i in each."""
        return self._side("a", self.a), self._side("b", self.b)

    def _side(self, side: str, images: Tensor) -> ImageSet:
        return ImageSet(
            images=images,
            attributes=self.attributes,
            attribute_names=self.attribute_names,
            name=f"{self.name}, side {side}",
            licence=self.licence,
            author=self.author,
        )

    def unpaired(self, seed: int = 0) -> tuple[ImageSet, ImageSet]:
        """Side a of one half of the pairs and side b of the other, in random order: no picture's partner is in the other set."""
        order = torch.randperm(len(self), generator=torch.Generator().manual_seed(seed_of(seed)))
        half = len(self) // 2
        return self[order[:half]].sides()[0], self[order[half:]].sides()[1]

    def __repr__(self) -> str:
        a, b = ("x".join(map(str, x.shape[1:])) for x in (self.a, self.b))
        kinds = f", classes {', '.join(self.classes)}" if self.classes else ""
        return f"PairSet({self.name}: {len(self)} pairs, {a} -> {b}{kinds}; {self.licence}, {self.author})"


class PairBatches:
    """An endless iterator of pairs (inputs, targets) as floats; inputs as :meth:`PairSet.inputs` makes them.

    The arguments are those of :class:`Batches`; ``flip`` mirrors both sides of a pair together.
    """

    def __init__(
        self,
        pairs: PairSet,
        batch_size: int,
        *,
        seed: int = 0,
        order: str = "random",
        flip: bool = False,
        device: torch.device | str | None = None,
    ) -> None:
        if not isinstance(pairs, PairSet):
            raise TypeError(f"pairs must be a PairSet, not {type(pairs).__name__}: take load_pairs('lines')")
        self.pairs = pairs
        attributes = pairs.attributes if pairs.given else None
        together = ImageSet(
            _together(pairs.a, pairs.b),
            attributes=attributes,
            attribute_names=pairs.attribute_names if pairs.given else {},
            name=pairs.name,
        )
        labels = "attributes" if pairs.given else False
        self._stream = Batches(together, batch_size, seed=seed, order=order, flip=flip, labels=labels, device=device)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        return self

    def __next__(self) -> tuple[Tensor, Tensor]:
        item = next(self._stream)
        x, attributes = item if isinstance(item, tuple) else (item, None)
        channels = self.pairs.a.shape[1]
        a, b = x[:, :channels], x[:, channels:]
        if self.pairs.classes:
            a = _one_hot(((a + 1) * 127.5).round().long(), len(self.pairs.classes))  # floats of the stream back to indices
        return self.pairs.with_given(a, attributes), b

    def state_dict(self) -> dict[str, Any]:
        return self._stream.state_dict()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._stream.load_state_dict(state)


def _together(a: Tensor, b: Tensor) -> Tensor:
    """Both sides as channels of one picture: the one tensor whose channels they are, which may lie in a file, else a copy."""
    neighbours = a.untyped_storage().data_ptr() == b.untyped_storage().data_ptr() and a.stride() == b.stride()
    if neighbours and b.storage_offset() - a.storage_offset() == a.shape[1] * a.stride(1):
        return a.as_strided((len(a), a.shape[1] + b.shape[1], *a.shape[2:]), a.stride())
    return torch.cat([a, b], 1)


class UnpairedBatches:
    """An endless iterator of (a, b), drawn from two sets independently of each other.

    Each set is an ImageSet or a tensor, as for :class:`Batches`, whose arguments the others are.
    """

    def __init__(
        self,
        a: ImageSet | Tensor,
        b: ImageSet | Tensor,
        batch_size: int,
        *,
        seed: int = 0,
        order: str = "random",
        flip: bool = False,
        device: torch.device | str | None = None,
    ) -> None:
        seed = check.whole("seed", seed, -(2**62), 2**62)
        self._streams = {
            name: Batches(x, batch_size, seed=2 * seed + i, order=order, flip=flip, device=device)
            for i, (name, x) in enumerate((("a", a), ("b", b)))
        }

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        return self

    def __next__(self) -> tuple[Tensor, Tensor]:
        return next(self._streams["a"]), next(self._streams["b"])

    def state_dict(self) -> dict[str, Any]:
        return {name: stream.state_dict() for name, stream in self._streams.items()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        for name, stream in self._streams.items():
            stream.load_state_dict(state[name])


def load_pairs(
    kind: str, size: int = 64, n: int | None = None, split: str = "train", seed: int = 0, *, progress: bool = True, **options: str
) -> PairSet:
    """Pairs of one kind, made on this machine and kept in the cache.

    kind       "lines": line drawing to face; "segments": class map to face (drawn without smoothing, for 64 px and up);
               "grey": grey picture to face; "glasses": a face without glasses to the same face with them; "night": a scene by
               day to the same by night; "scenes": layout, time and season to scene
    size       pixels on each side
    n          pairs; by default 3,000 (split="train") or 500 (split="test"); the splits share no pair
    options    for "night" season="summer" (or "autumn", "winter"); for "scenes" time=... and season=... give all pairs the
               same value: with equal n, seed and split the layouts stay, so the truth about a changed attribute is known

    Faces are those of ``faces(size, n, split, seed)``.
    """
    build = KINDS[check.one_of("kind of pairs", kind, KINDS)]
    size, n, seed = request(size, n, split, seed, DEFAULT_N, channels=6)
    allowed = {"night": ("season",), "scenes": ("time", "season")}.get(kind, ())
    for name in options:
        if name not in allowed:
            raise ValueError(f"{kind!r} has no option {name!r}: it takes {', '.join(allowed) or 'none'}")
    return build(size, n, split, seed, progress, **options)


def _lines(size: int, n: int, split: str, seed: int, progress: bool) -> PairSet:
    return _repainted("lines", size, n, split, seed, progress)


def _segments(size: int, n: int, split: str, seed: int, progress: bool) -> PairSet:
    return _repainted("segments", size, n, split, seed, progress)


def _grey(size: int, n: int, split: str, seed: int, progress: bool) -> PairSet:
    target = faces(size, n, split, seed, progress=progress)
    return _face_pairs("grey", grey(target.images), target)


def _glasses(size: int, n: int, split: str, seed: int, progress: bool) -> PairSet:
    own = 2 * seed + SPLITS[split]  # the people of the two splits differ
    without, wearing = counterfactual("faces", "glasses", "no", "yes", n, size, own, progress=progress)
    return _face_pairs("glasses", without.images, wearing)


def _face_pairs(name: str, a: Tensor, target: ImageSet, classes: tuple[str, ...] = ()) -> PairSet:
    return PairSet(
        a=a,
        b=target.images,
        classes=classes,
        attributes=target.attributes,
        attribute_names=target.attribute_names,
        name=name,
        licence=target.licence,
        author=target.author,
    )


def _repainted(kind: str, size: int, n: int, split: str, seed: int, progress: bool) -> PairSet:
    """Faces, and the same faces drawn from a definition with other colours."""

    def build() -> _cache.Arrays:
        return {"a": _draw(kind, size, n, split, seed, progress)}

    recipe = {"recipe": _RECIPE, "kind": kind, "size": size, "n": n, "split": split, "seed": seed}
    recipe |= {"style": asdict(STYLES["faces"])}
    try:
        a = _cache.cached(f"pairs_{kind}_{size}_{n}_{seed}_{split}", recipe, build, drawing_versions())["a"]
    except ImportError as error:
        raise missing_packages(kind, error) from None
    classes = FACE_CLASSES if kind == "segments" else ()
    return _face_pairs(kind, torch.from_numpy(a), faces(size, n, split, seed, progress=progress), classes)


def _draw(kind: str, size: int, n: int, split: str, seed: int, progress: bool) -> np.ndarray:
    import dicebear  # noqa: F401  (a missing package is found here, before any work)
    import resvg_py  # noqa: F401

    style = STYLES["faces"]
    numbers, rounds = plan(style, n, split, seed)
    attributes = factorial([len(values) for values in style.attributes.values()])[numbers]
    paper = {"backgroundColor": ["#ffffff" if kind == "lines" else _shade(0)]}
    tables = {name: list(values.values()) for name, values in style.attributes.items()}
    tables["background"] = [paper] * len(tables["background"])
    job = {
        "definition": _repaint(_render.definition(style.definition), kind),
        "size": size,
        "fixed": style.fixed,
        "attributes": list(tables.values()),
    }
    names = face_names(split, seed, rounds, numbers)
    drawn = _render.render(job, list(zip(names, attributes.tolist(), strict=True)), progress)[:, :1]
    if kind == "lines":
        return drawn
    shades, classes = np.unique(drawn, return_inverse=True)
    wanted = [int(_shade(i)[1:3], 16) for i in range(len(FACE_CLASSES))]
    if not set(shades.tolist()) <= set(wanted):
        raise RuntimeError("the installed resvg-py smooths edges where it is told not to: class maps cannot be drawn with it")
    index = np.array([wanted.index(shade) for shade in shades], np.uint8)
    return index[classes].reshape(drawn.shape)


def _shade(index: int) -> str:
    """The colour that stands for a class while it is drawn."""
    return "#" + 3 * f"{30 * index:02x}"


def _repaint(definition: dict[str, Any], kind: str) -> dict[str, Any]:
    """A copy of a definition in which every fill is replaced: by its component's class, or by ink and paper."""

    def walk(node: Any, component: str) -> Any:
        if isinstance(node, list):
            return [walk(child, component) for child in node]
        if not isinstance(node, dict):
            return node
        copy = {key: walk(value, component) for key, value in node.items()}
        if node.get("type") == "element" and "attributes" in node:
            copy["attributes"] = {key: value for key, value in node["attributes"].items() if key != "opacity"}
            if "fill" in node["attributes"] and node["attributes"]["fill"] != "none":
                copy["attributes"]["fill"] = paint(node["attributes"], component)
        return copy

    def paint(attributes: dict[str, Any], component: str) -> str:
        if kind == "segments":
            return _shade(_COMPONENTS[component])
        fill = attributes["fill"]
        named = fill.get("name") if isinstance(fill, dict) else None
        return "#000000" if named in _INK and "opacity" not in attributes else "#ffffff"

    components = {}
    for name, part in definition["components"].items():
        components[name] = {**part, "variants": {variant: walk(value, name) for variant, value in part["variants"].items()}}
    smooth = "auto" if kind == "lines" else "crispEdges"  # a pixel of a class map belongs to one class
    return {**definition, "components": components, "attributes": {**definition["attributes"], "shape-rendering": smooth}}


def _night(size: int, n: int, split: str, seed: int, progress: bool, season: str = "summer") -> PairSet:
    check.one_of("season", season, _scenes.ATTRIBUTES["season"])

    def build() -> _cache.Arrays:
        day, night = _scenes.day_and_night(_scenes.scenes(n, [seed, SPLITS[split]]), size, season)
        return {"day": day, "night": night}

    recipe = {"recipe": _RECIPE, "kind": "night", "size": size, "n": n, "split": split, "seed": seed, "season": season}
    arrays = _cache.cached(f"pairs_night_{size}_{n}_{seed}_{split}_{season}", recipe, build, None)
    a, b = (torch.from_numpy(arrays[time]) for time in ("day", "night"))
    return PairSet(a, b, name="night", licence=_scenes.LICENCE, author=_scenes.AUTHOR)


def _scene_pairs(
    size: int, n: int, split: str, seed: int, progress: bool, time: str | None = None, season: str | None = None
) -> PairSet:
    levels = [len(values) for values in _scenes.ATTRIBUTES.values()]
    numbers, _ = design(levels, n, np.random.default_rng([seed, SPLITS[split]]))
    attributes = factorial(levels)[numbers]
    for column, (name, value) in enumerate((("time", time), ("season", season))):
        if value is not None:
            names = _scenes.ATTRIBUTES[name]
            attributes[:, column] = names.index(check.one_of(f"value of {name}", value, names))

    def build() -> _cache.Arrays:
        some = _scenes.scenes(n, [seed, SPLITS[split]])
        return {"a": _scenes.layout(some, size), "b": _scenes.pictures(some, attributes, size)}

    held = {"time": time, "season": season}
    recipe = {"recipe": _RECIPE, "kind": "scenes", "size": size, "n": n, "split": split, "seed": seed, "held": held}
    file = "_".join(map(str, ["pairs_scenes", size, n, seed, split, *(value for value in held.values() if value)]))
    arrays = _cache.cached(file, recipe, build, None)
    return PairSet(
        a=torch.from_numpy(arrays["a"]),
        b=torch.from_numpy(arrays["b"]),
        classes=_scenes.CLASSES,
        attributes=torch.from_numpy(attributes.astype(np.int64)),
        attribute_names=_scenes.ATTRIBUTES,
        given=("time", "season"),
        name="scenes",
        licence=_scenes.LICENCE,
        author=_scenes.AUTHOR,
    )


KINDS: dict[str, Callable[..., PairSet]] = {
    "lines": _lines,
    "segments": _segments,
    "grey": _grey,
    "glasses": _glasses,
    "night": _night,
    "scenes": _scene_pairs,
}


def _one_hot(classes: Tensor, n: int) -> Tensor:
    """Indices [N, 1, H, W] -> floats [N, n, H, W]."""
    return F.one_hot(classes.squeeze(1), n).permute(0, 3, 1, 2).float()

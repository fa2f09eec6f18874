"""Pairs: the correspondence is exact, the splits are apart, the streams go on where they stopped."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gancourse.data import Batches, ImageSet, PairBatches, PairSet, UnpairedBatches, faces, load_pairs, scenes
from gancourse.data.pairs import FACE_CLASSES, KINDS


@pytest.fixture(scope="module", autouse=True)
def one_cache(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("pairs")
        patch.setenv("GANCOURSE_DATA", str(folder))
        yield folder


def pairs(kind: str, n: int = 12, **options: str) -> PairSet:
    return load_pairs(kind, 64, n, "test", 3, progress=False, **options)


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_complete_and_kept(kind: str, one_cache: Path) -> None:
    made = pairs(kind)
    assert len(made) == 12 and made.size == 64
    assert made.b.shape == (12, 3, 64, 64)
    assert made.inputs().shape == (12, made.in_channels, 64, 64)
    assert made.targets().abs().max() <= 1
    assert made.licence in ("CC0 1.0", "CC BY 4.0")
    again = pairs(kind)
    assert torch.equal(made.a, again.a) and torch.equal(made.b, again.b)
    assert len(made.b.flatten(1).unique(dim=0)) == 12


def test_drawings_are_of_the_same_faces() -> None:
    target = faces(64, 12, "test", 3, progress=False)
    for kind in ("lines", "segments", "grey"):
        assert torch.equal(pairs(kind).b, target.images)
    lines = pairs("lines").a
    assert set(lines[:, 0, 0, 0].tolist()) == {255}  # white paper
    dark = lines.squeeze(1) < 60
    assert 0.02 < dark.float().mean() < 0.2
    # where the line drawing is black, the face is drawn in ink
    assert target.images.float().mean(1)[dark].mean() < 90


def test_class_maps_are_crisp_and_agree_with_the_attributes() -> None:
    made = pairs("segments", 40)
    assert made.classes == FACE_CLASSES
    assert set(made.a.unique().tolist()) <= set(range(len(FACE_CLASSES)))
    wearing = made.attributes[:, list(made.attribute_names).index("glasses")].bool()
    glasses = (made.a == FACE_CLASSES.index("glasses")).flatten(1).sum(1)
    assert (glasses[wearing] > 0).all() and (glasses[~wearing] == 0).all()
    assert torch.equal(made.inputs().argmax(1, keepdim=True), made.a.long())
    assert torch.equal(made.inputs().sum(1), torch.ones(40, 64, 64))
    # within one class and one hair colour the picture's colour is nearly one
    hair = made.attributes[:, list(made.attribute_names).index("hair")]
    inside = made.a.squeeze(1) == FACE_CLASSES.index("hair")
    for colour in hair.unique():
        chosen = inside & (hair == colour)[:, None, None]
        values = made.b.permute(0, 2, 3, 1)[chosen].float()
        assert ((values - values.median(0).values).abs().amax(1) < 40).float().mean() > 0.6


def test_glasses_change_only_what_is_near_them() -> None:
    made = pairs("glasses")
    changed = (made.a != made.b).any(1)  # [N, H, W]
    assert (changed.flatten(1).float().mean(1) < 0.25).all() and changed.flatten(1).any(1).all()


def test_the_night_is_darker_than_the_day() -> None:
    made = pairs("night")
    assert made.a.float().mean() > made.b.float().mean() + 60


def test_attributes_of_scenes_can_be_held_with_everything_else_the_same() -> None:
    free, night = pairs("scenes", 18), pairs("scenes", 18, time="night")
    assert torch.equal(free.a, night.a)
    assert (night.attributes[:, 0] == 2).all()
    assert torch.equal(free.attributes[:, 1], night.attributes[:, 1])
    assert torch.bincount(free.attributes[:, 0]).tolist() == [6, 6, 6]  # balanced
    same = free.attributes[:, 0] == 2
    assert torch.equal(free.b[same], night.b[same])
    planes = free.inputs()[:, len(free.classes) :]
    assert planes.shape[1] == 6
    assert torch.equal(planes[:, :, 0, 0], scenes.one_hot(free.attributes))
    assert torch.equal(planes.amin((2, 3)), planes.amax((2, 3)))


@pytest.mark.parametrize("kind", ["night", "scenes", "grey"])
def test_splits_share_nothing(kind: str) -> None:
    train, test = (load_pairs(kind, 16, 20, split, 0, progress=False).b.flatten(1) for split in ("train", "test"))
    both = torch.cat([train, test])
    assert len(both.unique(dim=0)) == len(both)


def test_unpaired_halves_hold_no_pair() -> None:
    made = pairs("night")
    day, night = made.unpaired()
    assert isinstance(day, ImageSet) and len(day) == len(night) == 6

    def places(part: ImageSet, whole: torch.Tensor) -> set[int]:
        return {int((whole == image).flatten(1).all(1).nonzero()) for image in part.images}

    assert places(day, made.a).isdisjoint(places(night, made.b))
    one, other = made.sides()
    assert torch.equal(one.images, made.a) and torch.equal(other.images, made.b)


@pytest.mark.parametrize("kind", ["grey", "segments", "scenes"])
def test_batches_of_pairs_stay_together(kind: str) -> None:
    made = pairs(kind)
    inputs, targets = made.inputs(), made.targets()
    flipped = PairBatches(made, 8, seed=1, flip=True)
    mirrored = 0
    for _ in range(3):
        for a, b in zip(*next(flipped), strict=True):
            place = [i for i in range(12) if torch.equal(targets[i], b) or torch.equal(targets[i].flip(2), b)]
            assert len(place) == 1
            turned = not torch.equal(targets[place[0]], b)
            mirrored += turned
            assert torch.equal(inputs[place[0]].flip(2) if turned else inputs[place[0]], a)
    assert 4 < mirrored < 20


def test_streams_go_on_where_they_stopped() -> None:
    made = pairs("scenes")
    for make in (
        lambda: PairBatches(made, 4, seed=2, order="epoch"),
        lambda: UnpairedBatches(made.b, made.b[:7], 3, seed=2),
    ):
        stream = make()
        next(stream)
        state = stream.state_dict()
        expected = next(stream)
        fresh = make()
        fresh.load_state_dict(state)
        for one, other in zip(expected, next(fresh), strict=True):
            assert torch.equal(one, other)


def test_unpaired_streams_are_independent() -> None:
    x = pairs("night").b
    first, second = next(UnpairedBatches(x, x, 8))
    assert not torch.equal(first, second)
    assert torch.equal(first, next(Batches(x, 8, seed=0)))


def test_indexing_and_bad_input() -> None:
    made = pairs("scenes")
    part = made[[2, 5]]
    assert torch.equal(part.b, made.b[[2, 5]]) and torch.equal(part.attributes, made.attributes[[2, 5]])
    assert torch.equal(made.inputs(slice(2, 4)), made.inputs()[2:4])
    assert "PairSet(scenes: 12 pairs, 1x64x64 -> 3x64x64, classes sky" in repr(made)
    with pytest.raises(ValueError, match="did you mean 'lines'"):
        load_pairs("line")
    with pytest.raises(ValueError, match="'night' has no option 'time': it takes season"):
        load_pairs("night", time="day")
    with pytest.raises(ValueError, match="did you mean 'winter'"):
        load_pairs("night", 16, 2, season="winte")
    with pytest.raises(ValueError, match="8 to 256 pixels"):
        load_pairs("night", 512)
    with pytest.raises(ValueError, match="pairs of one size"):
        PairSet(torch.zeros(2, 1, 8, 8, dtype=torch.uint8), torch.zeros(3, 3, 8, 8, dtype=torch.uint8))
    with pytest.raises(ValueError, match="indices below 2"):
        PairSet(torch.full((1, 1, 8, 8), 2, dtype=torch.uint8), torch.zeros(1, 3, 8, 8, dtype=torch.uint8), ("a", "b"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"attribute_names": {"t": ("x", "y")}, "given": ("t",)},
            "attributes has 0 columns and attribute_names 1 entries: pass both, or neither",
        ),
        (
            {"attributes": torch.zeros(4, 2, dtype=torch.int64)},
            "attributes has 2 columns and attribute_names 0 entries: pass both, or neither",
        ),
        (
            {"attributes": torch.zeros(4, 2).long(), "attribute_names": {"t": ("x",)}},
            "1 entries: one tuple of names for each column",
        ),
        ({"attributes": torch.zeros(3, 0, dtype=torch.int64)}, "attributes has 3 rows for 4 pairs"),
        ({"given": ("t",)}, "given names t, and these pairs have no attributes"),
    ],
)
def test_columns_of_pairs_that_do_not_fit_are_refused(change: dict, message: str) -> None:
    a = torch.zeros(4, 3, 8, 8, dtype=torch.uint8)
    with pytest.raises(ValueError, match=message):
        PairSet(a, a, **change)


def test_planes_of_attributes_that_are_not_passed_are_asked_for() -> None:
    a = torch.zeros(4, 3, 8, 8, dtype=torch.uint8)
    made = PairSet(a, a, attributes=torch.zeros(4, 1).long(), attribute_names={"hair": ("x", "y")}, given=("hair",))
    with pytest.raises(ValueError, match="appends the planes of hair: pass the pictures' attributes, too"):
        made.with_given(made.targets(), None)


def test_without_the_drawing_packages_one_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "resvg_py", None)
    with pytest.raises(ModuleNotFoundError, match="the pairs night and scenes"):
        load_pairs("lines", 64, 3, seed=99, progress=False)

"""Faces: exact attributes, reproducible drawings, names that the installed styles know, a cache keyed by all that is drawn."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gancourse.data import ImageSet, _render, anime, counterfactual, faces, pixel_faces
from gancourse.data import avatars as module


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    return tmp_path / "cache"


@pytest.fixture
def some_faces(drawn: Callable[..., ImageSet]) -> ImageSet:
    return drawn("faces", 16, 120, seed=3)


def no_drawing_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in module.DRAWING_PACKAGES:
        monkeypatch.setitem(sys.modules, name, None)


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch, empty_cache: Path) -> list[int]:
    """Drawing gives random pixels; the list grows by the number of faces at each build."""
    found: list[int] = []

    def render(job: dict[str, Any], wanted: list[Any], progress: bool = True) -> np.ndarray:
        found.append(len(wanted))
        return np.random.default_rng(0).integers(256, size=(len(wanted), 3, job["size"], job["size"]), dtype=np.uint8)

    monkeypatch.setattr(_render, "render", render)
    return found


# ---------------------------------------------------------------- what is drawn


@pytest.mark.parametrize("name", module.STYLES)
def test_a_set_is_complete(name: str, drawn: Callable[..., ImageSet]) -> None:
    made = drawn(name, 16, 120, seed=3)
    assert made.images.shape == (120, 3, 16, 16) and made.images.dtype == torch.uint8
    assert made.attributes.shape == (120, 6) and made.attributes.dtype == torch.int64
    assert list(made.attribute_names) == ["hair", "hair_length", "skin", "smile", "glasses", "background"]
    assert len(set(made.captions)) == 120
    assert len(np.unique(made.images.numpy(), axis=0)) == 120
    style = module.STYLES[made.name]
    assert (made.licence, made.author) == (style.licence, style.author)


def test_attributes_are_balanced_and_uncorrelated(some_faces: ImageSet) -> None:
    for name, values in some_faces.attribute_names.items():
        counts = torch.bincount(some_faces.attribute(name), minlength=len(values))
        assert counts.max() - counts.min() <= 1
    correlation = np.corrcoef(some_faces.attributes.numpy().T) - np.eye(6)
    assert np.abs(correlation).max() < 0.1


def test_captions_say_what_the_attributes_say(some_faces: ImageSet) -> None:
    for i in range(len(some_faces)):
        known = some_faces.describe(i)
        words = known["caption"].replace(",", "").split()
        assert f"{known['hair_length']} {known['hair']} hair" in known["caption"]
        assert f"{known['skin']} skin" in known["caption"]
        assert known["caption"].endswith(f"on a {known['background']} background")
        assert ("glasses" in words) == (known["glasses"] == "yes")
        assert ("smiling" in words) == (known["smile"] == "yes") != ("unsmiling" in words)


def test_faces_are_drawn_alone_as_in_their_set() -> None:
    alone = module.at("faces", [7, 0, 119], 16, 120, seed=3)
    assert torch.equal(alone, faces(16, 120, seed=3, progress=False).images[[7, 0, 119]])
    with pytest.raises(ValueError, match="places"):
        module.at("faces", [120], 16, 120)
    with pytest.raises(ValueError, match="style"):
        module.at("face", [1], 16, 120)


def test_the_example_caption() -> None:
    values = {"hair": "red", "hair_length": "long", "skin": "dark", "smile": "yes", "glasses": "yes", "background": "blue"}
    assert module.caption(values) == "a smiling person with long red hair, dark skin and glasses on a blue background"


def test_pictures_show_the_attributes(some_faces: ImageSet) -> None:
    """The corner shows the background's colour; the middle is darker for darker skin."""
    colours = [options["backgroundColor"][0] for options in module._BACKGROUND.values()]
    expected = torch.tensor([[int(colour[i : i + 2], 16) for i in (1, 3, 5)] for colour in colours], dtype=torch.float32)
    corner = some_faces.images[:, :, 0, 0].float()
    nearest = torch.cdist(corner, expected).argmin(dim=1)
    assert (nearest == some_faces.attribute("background")).float().mean() > 0.8  # hair may reach into a corner
    middle = some_faces.images[:, :, 7:13, 5:11].float().mean(dim=(1, 2, 3))
    brightness = [middle[some_faces.attribute("skin") == skin].mean() for skin in range(4)]
    assert brightness == sorted(brightness, reverse=True)


def test_the_same_seed_draws_the_same_faces_and_another_seed_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fresh(folder: str, seed: int) -> ImageSet:
        monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path / folder))
        return pixel_faces(16, 12, seed=seed, progress=False)

    one, again, other = fresh("a", 3), fresh("b", 3), fresh("b", 4)
    assert torch.equal(one.images, again.images) and torch.equal(one.attributes, again.attributes)
    assert not torch.equal(one.images, other.images)


def test_styles_share_their_attributes(some_faces: ImageSet, drawn: Callable[..., ImageSet]) -> None:
    assert torch.equal(drawn("pixel_faces", 16, 120, seed=3).attributes, some_faces.attributes)


def test_test_faces_are_not_training_faces(some_faces: ImageSet, drawn: Callable[..., ImageSet]) -> None:
    test = drawn("faces", 16, 120, "test", seed=3)
    known = {image.tobytes() for image in some_faces.images.numpy()}
    assert not any(image.tobytes() in known for image in test.images.numpy())


@pytest.mark.parametrize(
    ("attribute", "a", "b"), [("glasses", "no", "yes"), ("hair", "red", "blue"), ("background", "cream", "green")]
)
@pytest.mark.usefixtures("empty_cache")
def test_counterfactuals_differ_in_one_attribute_only(attribute: str, a: str, b: str) -> None:
    before, after = counterfactual("pixel_faces", attribute, a, b, n=12, size=16, progress=False)
    assert {before.describe(i)[attribute] for i in range(12)} == {a}
    assert {after.describe(i)[attribute] for i in range(12)} == {b}
    others = [i for i, name in enumerate(before.attribute_names) if name != attribute]
    assert torch.equal(before.attributes[:, others], after.attributes[:, others])
    changed = (before.images != after.images).any(dim=1).float().mean(dim=(1, 2))  # share of pixels, per face
    assert ((changed > 0) & (changed < 0.8)).all()
    if attribute == "glasses":  # they sit in the upper part of the face, away from the edge
        rows = (before.images != after.images).any(dim=1).any(dim=2).any(dim=0)
        assert rows[:3].logical_not().all() and rows[10:].logical_not().all()


def test_kinds_draw_the_same_people_in_every_way_and_one_of_them_is_the_counterfactual() -> None:
    bare, after = counterfactual("faces", "glasses", "no", "yes", n=12, size=16, progress=False)
    sets = module.kinds("faces", "glasses", "yes", n=12, size=16, progress=False)
    assert len(sets) == 4
    shown = torch.stack([(kind.images == after.images).flatten(1).all(1) for kind in sets])  # [kind, face]
    assert (shown.sum(0) == 1).all() and shown.any(1).sum() > 1
    for kind in sets:
        assert torch.equal(kind.attributes, after.attributes)
        changed = (kind.images != bare.images).any(dim=1).float().mean(dim=(1, 2))
        assert ((changed > 0) & (changed < 0.5)).all(), "glasses alone differ"
    with pytest.raises(ValueError, match="in one way"):
        module.kinds("faces", "glasses", "no", n=12, size=16)
    with pytest.raises(ValueError, match="did you mean 'glasses"):
        module.kinds("faces", "glases", "no")


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((4, 10), {}, "8 to 256"),
        ((16, 0), {}, "above 0"),
        ((16, 10, "tset"), {}, "did you mean 'test'"),
        ((16, 10), {"seed": -1}, "0 or more"),
    ],
)
def test_bad_requests_name_the_fix(arguments: tuple[Any, ...], options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        faces(*arguments, **options)


def test_bad_counterfactuals_name_the_nearest() -> None:
    with pytest.raises(ValueError, match="did you mean 'faces'"):
        counterfactual("face", "hair", "red", "blue")
    with pytest.raises(ValueError, match="did you mean 'glasses'"):
        counterfactual("faces", "glases", "no", "yes")
    with pytest.raises(ValueError, match="did you mean 'blonde'"):
        counterfactual("faces", "hair", "red", "blond")


@pytest.mark.parametrize("name", module.STYLES)
def test_every_name_in_the_tables_is_known_to_the_installed_style(name: str) -> None:
    module.check_style(module.STYLES[name])


@pytest.mark.parametrize(
    ("fixed", "message"),
    [
        ({"eyesVariant": ["varient01"]}, "did you mean 'variant01'"),
        ({"eysVariant": ["variant01"]}, "did you mean 'eyes'"),
        ({"hairColour": ["#000000"]}, "unknown option"),
        ({"beardProbability": 0}, "component"),
    ],
)
@pytest.mark.usefixtures("empty_cache")
def test_a_misspelt_name_is_found(fixed: dict[str, Any], message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    style = replace(module.STYLES["faces"], fixed=fixed)
    with pytest.raises(ValueError, match=message):
        module.check_style(style)
    monkeypatch.setitem(module.STYLES, "faces", style)
    with pytest.raises(ValueError, match=message):
        faces(16, 4, progress=False)


def test_the_quick_way_to_assemble_draws_what_the_library_draws() -> None:
    from dicebear import Avatar, Style

    style = module.STYLES["anime"]
    definition = _render.definition(style.definition)
    options = dict(style.fixed)
    for values in style.attributes.values():
        options.update(list(values.values())[-1])
    quick = _render._assembler(style.definition, dict(options, seed="0"))
    assert "quick" in quick.__qualname__, "this dicebear-core has moved its parts: drawing is slower than it could be"
    for seed in ("1", "2", "x"):
        assert quick(dict(options, seed=seed)) == Avatar(Style(definition), dict(options, seed=seed)).to_string()


# ---------------------------------------------------------------- the cache


def test_a_set_is_drawn_once(builds: list[int]) -> None:
    one, two = faces(16, 20), faces(16, 20)
    assert builds == [20] and torch.equal(one.images, two.images) and one.captions == two.captions
    faces(16, 21), faces(24, 20), faces(16, 20, "test"), faces(16, 20, seed=1), anime(16, 20)
    assert builds == [20, 21, 20, 20, 20, 20]


def test_a_changed_table_is_drawn_anew(builds: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    faces(16, 20)
    style = module.STYLES["faces"]
    monkeypatch.setitem(module.STYLES, "faces", replace(style, fixed=dict(style.fixed, scale=1.1)))
    faces(16, 20)
    assert builds == [20, 20]


def test_other_library_versions_draw_anew_but_missing_libraries_do_not_matter(
    builds: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    faces(16, 20)
    monkeypatch.setattr(module, "drawing_versions", lambda: {"dicebear-core": "99.0"})
    faces(16, 20)
    assert builds == [20, 20]
    monkeypatch.setattr(module, "drawing_versions", lambda: None)
    no_drawing_packages(monkeypatch)
    assert len(faces(16, 20)) == 20 and builds == [20, 20]


def test_only_major_and_minor_versions_count() -> None:
    versions = module.drawing_versions()
    assert set(versions) == {"dicebear-core", "dicebear-styles", "resvg-py"}
    assert all(version.count(".") == 1 for version in versions.values())


@pytest.mark.usefixtures("empty_cache")
def test_without_the_drawing_packages_one_sentence_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    no_drawing_packages(monkeypatch)
    for build in (lambda: faces(32, 5), lambda: counterfactual("pixel_faces", "glasses", "no", "yes", 5, 16)):
        with pytest.raises(ModuleNotFoundError, match="pip install dicebear-core dicebear-styles resvg-py.*digits"):
            build()

"""Faces: exact attributes, reproducible drawings, a cache that is right or rebuilt, a snapshot where nothing can be drawn."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gancourse.base import files
from gancourse.data import ImageSet, _cache, _render, _snapshot, anime, counterfactual, faces, pixel_faces
from gancourse.data import avatars as module
from gancourse.data._design import factorial

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    return tmp_path / "cache"


@pytest.fixture(scope="module")
def some_faces(tmp_path_factory: pytest.TempPathFactory) -> ImageSet:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GANCOURSE_DATA", str(tmp_path_factory.mktemp("faces")))
        return faces(16, 120, seed=3, progress=False)


def no_drawing_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in module.DRAWING_PACKAGES:
        monkeypatch.setitem(sys.modules, name, None)


def count_draws(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Replace the drawing by random pixels; the list grows by the number of faces at each build."""
    builds: list[int] = []

    def render(job: dict[str, Any], wanted: list[Any], progress: bool = True) -> np.ndarray:
        builds.append(len(wanted))
        return np.random.default_rng(0).integers(256, size=(len(wanted), 3, job["size"], job["size"]), dtype=np.uint8)

    monkeypatch.setattr(_render, "render", render)
    return builds


# ---------------------------------------------------------------- what is drawn


@pytest.mark.parametrize("build", [faces, anime, pixel_faces])
def test_a_set_is_complete(build: Any) -> None:
    drawn = build(16, 30, progress=False)
    assert drawn.images.shape == (30, 3, 16, 16) and drawn.images.dtype == torch.uint8
    assert drawn.attributes.shape == (30, 6) and drawn.attributes.dtype == torch.int64
    assert list(drawn.attribute_names) == ["hair", "hair_length", "skin", "smile", "glasses", "background"]
    assert len(set(drawn.captions)) == 30
    assert len(np.unique(drawn.images.numpy(), axis=0)) == 30
    style = module.STYLES[drawn.name]
    assert (drawn.licence, drawn.author) == (style.licence, style.author)


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


def test_the_same_seed_draws_the_same_faces_and_another_seed_others(some_faces: ImageSet) -> None:
    again = faces(16, 120, seed=3, progress=False)
    assert torch.equal(some_faces.images, again.images) and torch.equal(some_faces.attributes, again.attributes)
    other = faces(16, 120, seed=4, progress=False)
    assert not torch.equal(some_faces.images, other.images)


def test_styles_share_their_attributes(some_faces: ImageSet) -> None:
    assert torch.equal(pixel_faces(16, 120, seed=3, progress=False).attributes, some_faces.attributes)


def test_test_faces_are_not_training_faces(some_faces: ImageSet) -> None:
    test = faces(16, 120, "test", seed=3, progress=False)
    known = {image.tobytes() for image in some_faces.images.numpy()}
    assert not any(image.tobytes() in known for image in test.images.numpy())


@pytest.mark.parametrize(
    ("attribute", "a", "b"), [("glasses", "no", "yes"), ("hair", "red", "blue"), ("background", "cream", "green")]
)
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


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((4, 10), {}, "8 to 256"),
        ((16, 0), {}, "at least 1"),
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


# ---------------------------------------------------------------- the tables


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


def test_a_set_is_drawn_once(monkeypatch: pytest.MonkeyPatch) -> None:
    builds = count_draws(monkeypatch)
    one, two = faces(16, 20), faces(16, 20)
    assert builds == [20] and torch.equal(one.images, two.images) and one.captions == two.captions
    faces(16, 21), faces(24, 20), faces(16, 20, "test"), faces(16, 20, seed=1), anime(16, 20)
    assert builds == [20, 21, 20, 20, 20, 20]


def test_a_changed_table_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    builds = count_draws(monkeypatch)
    faces(16, 20)
    style = module.STYLES["faces"]
    monkeypatch.setitem(module.STYLES, "faces", replace(style, fixed=dict(style.fixed, scale=1.1)))
    faces(16, 20)
    assert builds == [20, 20]


def test_other_library_versions_draw_anew_but_missing_libraries_do_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    builds = count_draws(monkeypatch)
    faces(16, 20)
    monkeypatch.setattr(module, "_versions", lambda: {"dicebear-core": "99.0"})
    faces(16, 20)
    assert builds == [20, 20]
    monkeypatch.setattr(module, "_versions", lambda: None)
    assert len(faces(16, 20)) == 20 and builds == [20, 20]


def test_only_major_and_minor_versions_count() -> None:
    versions = module._versions()
    assert set(versions) == {"dicebear-core", "dicebear-styles", "resvg-py"}
    assert all(version.count(".") == 1 for version in versions.values())


@pytest.mark.parametrize("damage", ["cut", "noise", "empty", "other"])
def test_a_damaged_file_is_built_again_with_a_warning(damage: str, empty_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    builds = count_draws(monkeypatch)
    whole = faces(16, 20)
    (path,) = empty_cache.glob("*.npz")
    content = bytearray(path.read_bytes())
    if damage == "noise":
        content[len(content) // 2] ^= 255
    elif damage == "other":
        np.savez(path, images=np.zeros(3))
        content = bytearray(path.read_bytes())
    path.write_bytes(content[: len(content) // 2] if damage == "cut" else b"" if damage == "empty" else content)
    with pytest.warns(UserWarning, match="damaged"):
        again = faces(16, 20)
    assert builds == [20, 20] and torch.equal(whole.images, again.images)
    faces(16, 20)
    assert builds == [20, 20]


def test_a_folder_that_cannot_be_written_costs_only_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count_draws(monkeypatch)
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path / "file"))
    with pytest.warns(UserWarning, match="cannot keep"):
        assert len(faces(16, 20)) == 20


def test_a_build_that_fails_leaves_nothing(empty_cache: Path) -> None:
    def build() -> dict[str, np.ndarray]:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        _cache.cached("set", {}, build, None)
    assert not list(empty_cache.glob("*"))


# ---------------------------------------------------------------- processes

SCRIPT = """
import sys
print("started", flush=True)  # a process that ran this script again would say so again
from gancourse.data import _render, pixel_faces
_render.cores = lambda: 2
drawn = pixel_faces(16, int(sys.argv[1]), progress=False)
print(drawn.images.sum().item(), flush=True)
"""


def start(script: Path, n: int) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    path = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    command = [sys.executable, str(script), str(n)]
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=os.environ | {"PYTHONPATH": path})


def test_scripts_without_a_guard_build_at_once_and_a_killed_one_leaves_nothing(
    tmp_path: Path, empty_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """This process and another build the same set together; a third is killed while it builds another."""
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    builder, victim = start(script, 500), start(script, 100_000)
    assert victim.stdout.readline() == builder.stdout.readline() == "started\n"
    monkeypatch.setattr(_render, "cores", lambda: 1)
    drawn = pixel_faces(16, 500, progress=False)
    out, err = builder.communicate(timeout=600)
    assert victim.poll() is None, victim.stderr.read()
    victim.kill()
    victim.communicate(timeout=600)
    assert out.split() == [str(drawn.images.sum().item())], err
    assert [path.name for path in empty_cache.iterdir()] == ["pixel_faces_16_500_0_train.npz"]
    assert torch.equal(pixel_faces(16, 500, progress=False).images, drawn.images)


def job(n: int) -> tuple[dict[str, Any], list[Any]]:
    style = module.STYLES["pixel_faces"]
    tables = [list(values.values()) for values in style.attributes.values()]
    rows = factorial([len(table) for table in tables])[:n].tolist()
    what = {"definition": style.definition, "size": 16, "fixed": style.fixed, "attributes": tables}
    return what, [(str(i), row) for i, row in enumerate(rows)]


def test_workers_draw_what_one_process_draws() -> None:
    what, wanted = job(31)
    assert np.array_equal(_render.render(what, wanted, False, workers=2), _render.render(what, wanted, False, workers=1))


def test_workers_that_fail_are_replaced_by_this_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    what, wanted = job(6)
    broken = tmp_path / "worker.py"
    broken.write_text("raise SystemExit('no luck today')")
    expected = _render.render(what, wanted, False, workers=1)
    monkeypatch.setattr(_render, "__file__", str(broken))
    with pytest.warns(UserWarning, match="no luck today"):
        assert np.array_equal(_render.render(what, wanted, False, workers=2), expected)


def test_an_interrupt_stops_the_workers(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[subprocess.Popen[bytes]] = []

    class Worker(subprocess.Popen[bytes]):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **options)
            started.append(self)
            if len(started) == 2:
                raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", Worker)
    what, wanted = job(900)
    with pytest.raises(KeyboardInterrupt):
        _render.render(what, wanted, False, workers=2)
    deadline = time.monotonic() + 60
    while started[0].poll() is None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert started[0].poll() is not None
    started[1].kill()
    started[1].wait()


# ---------------------------------------------------------------- without the drawing packages


@pytest.fixture
def snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "checkout", lambda: ROOT)
    no_drawing_packages(monkeypatch)


def test_the_snapshot_holds_the_faces_that_would_be_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = pixel_faces(16, 100, progress=False)
    monkeypatch.setattr(files, "checkout", lambda: ROOT)
    no_drawing_packages(monkeypatch)
    monkeypatch.setattr(_cache, "_read", lambda path: None)
    shipped = pixel_faces(16, 100)
    assert torch.equal(drawn.attributes, shipped.attributes) and drawn.captions == shipped.captions
    same = (drawn.images.int() - shipped.images.int()).abs().amax(dim=(1, 2, 3)) < 16  # rounding may differ between processors
    assert same.float().mean() > 0.95


@pytest.mark.usefixtures("snapshot")
def test_the_snapshot_is_a_full_set_by_itself() -> None:
    train, test = pixel_faces(), pixel_faces(split="test")
    assert (len(train), len(test)) == (10_000, 2_000)
    counts = [torch.bincount(train.attribute(name)) for name in train.attribute_names]
    assert all(count.max() - count.min() <= 1 for count in counts)
    assert not torch.equal(train.images[: len(test)], test.images)
    assert _snapshot.path().stat().st_size < 1_000_000


@pytest.mark.usefixtures("snapshot")
def test_the_snapshot_serves_multiples_of_its_size() -> None:
    small, large = pixel_faces(16, 50), pixel_faces(48, 50)
    assert torch.equal(small.images.repeat_interleave(3, dim=2).repeat_interleave(3, dim=3), large.images)


@pytest.mark.usefixtures("snapshot")
def test_what_the_snapshot_cannot_give_says_so_in_a_sentence() -> None:
    for build in (lambda: faces(32, 5), lambda: anime(16, 5), lambda: pixel_faces(20, 5)):
        with pytest.raises(ModuleNotFoundError, match="pip install dicebear-core dicebear-styles resvg-py.*pixel_faces"):
            build()
    with pytest.raises(ModuleNotFoundError, match="pip install"):
        counterfactual("pixel_faces", "glasses", "no", "yes", 5, 16)
    with pytest.raises(ValueError, match="10560 train faces of seed 0"):
        pixel_faces(16, 20_000)
    with pytest.raises(ValueError, match="of seed 7"):
        pixel_faces(16, 5, seed=7)


def test_a_cached_set_needs_no_drawing_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn = faces(16, 10, progress=False)
    no_drawing_packages(monkeypatch)
    assert torch.equal(faces(16, 10).images, drawn.images)

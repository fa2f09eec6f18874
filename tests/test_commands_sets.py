"""The command that lists, builds and clears data sets."""
# ruff: noqa: F811  (fixtures are imported by the names by which tests ask for them)

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command_line import folders, run, sets  # noqa: F401  (the fixtures are used by name)


def test_data_builds_what_is_asked(capsys, sets):
    assert run(capsys, "data", "build")[:2] == (0, "faces: 10,000 training and 2,000 test images\n")
    assert sets == [("faces", 16, None, "train"), ("faces", 16, None, "test")]
    sets.clear()
    assert run(capsys, "data", "build", "pixel_faces:32", "mnist", "--n", 500)[0] == 0
    assert sets == [("pixel_faces", 32, 500, "train"), ("mnist", 16, 500, "train")]
    status, _, err = run(capsys, "data", "build", "face")
    assert status == 2 and "did you mean 'faces'" in err
    status, _, err = run(capsys, "data", "build", "faces:big")
    assert status == 2 and "faces:64" in err
    status, out, err = run(capsys, "data", "build", "faces:")
    assert (status, out) == (2, "") and "a size is a number of pixels, not '': write faces:64" in err


def test_without_the_drawing_packages_only_a_named_set_is_an_error(capsys, monkeypatch):
    from gancourse import data

    def missing(**options):
        raise ModuleNotFoundError("drawing faces needs packages")

    monkeypatch.setattr(data, "EMBEDDED", {"faces": missing})
    status, _, err = run(capsys, "data", "build")
    assert status == 0 and "drawing faces needs packages" in err
    assert run(capsys, "data", "build", "faces")[0] == 2


def test_data_list_shows_sets_and_what_is_built(capsys, sets, tmp_path):
    (tmp_path / "data" / "cache").mkdir(parents=True)
    (tmp_path / "data" / "cache" / "faces_32_10000_0_train.npz").write_bytes(bytes(1_500_000))
    status, out, _ = run(capsys, "data")
    assert status == 0
    lines = out.splitlines()
    assert lines[0] == "made on this machine"
    assert lines[1].split() == ["faces", "The", "set", "faces."]
    assert lines[2].strip() == "built: faces_32_10000_0_train.npz (1.5 MB)"
    assert lines[3].split()[0] == "pixel_faces"
    assert str(tmp_path / "data" / "real") in lines[4]


def test_every_set_has_a_line_of_its_own():
    from gancourse import data

    for name, function in (data.EMBEDDED | data.REAL).items():
        assert function.__doc__ and function.__doc__.strip().splitlines()[0].endswith("."), name


def test_clear_keeps_what_was_trained_unless_told(capsys, tmp_path):
    cache = tmp_path / "data" / "cache"
    (cache / "checkpoints" / "cpu").mkdir(parents=True)
    (cache / "faces_32_500_0_train.npz").write_bytes(bytes(2_000_000))
    (cache / "checkpoints" / "cpu" / "mine.safetensors").write_bytes(bytes(1_000_000))
    (tmp_path / "data" / "real").mkdir()
    (tmp_path / "data" / "real" / "mnist").write_bytes(b"placed by hand")
    status, out, _ = run(capsys, "data", "clear")
    assert status == 0 and "cleared 2.0 MB" in out
    assert not (cache / "faces_32_500_0_train.npz").exists()
    assert (cache / "checkpoints" / "cpu" / "mine.safetensors").exists()
    assert "cleared 1.0 MB" in run(capsys, "data", "clear", "--all")[1]
    assert list(cache.iterdir()) == []
    assert (tmp_path / "data" / "real" / "mnist").exists()
    assert "cleared 0.0 MB" in run(capsys, "data", "clear")[1]


def test_clear_goes_on_where_a_file_is_in_use_and_names_it(capsys, tmp_path, monkeypatch):
    """On Windows no file goes that a notebook has mapped."""
    cache, unlink = tmp_path / "data" / "cache", Path.unlink
    cache.mkdir(parents=True)
    for name in ("anime_8_1_0_train.npz", "folder_32_ab.bytes", "pixel_faces_8_1_0_test.npz"):
        (cache / name).write_bytes(bytes(1_000_000))

    def held(path, missing_ok=False):
        if path.suffix == ".bytes":
            raise PermissionError(13, "in use", str(path))
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", held)
    status, out, err = run(capsys, "data", "clear")
    assert (status, out) == (2, f"cleared 2.0 MB from {cache}\n")
    assert err.rstrip().endswith("folder_32_ab.bytes (in use) could not be removed"), "here it is for want of a permission"
    monkeypatch.setattr("gancourse.classroom.commands.sets.sys.platform", "win32")
    assert "folder_32_ab.bytes (in use) could not be removed: close the notebooks" in run(capsys, "data", "clear")[2]
    assert [path.name for path in cache.iterdir()] == ["folder_32_ab.bytes"]


def test_clear_of_a_set_leaves_the_others(capsys, sets, tmp_path):
    cache = tmp_path / "data" / "cache"
    (cache / "experiments").mkdir(parents=True)
    for name in (
        "faces_32_500_0_train.npz",
        ".faces_32_9_0_test.npz.x1y.npz",
        "pixel_faces_16_9_0_test.npz",
        "pairs_night_8_1_0_train_summer.npz",
    ):
        (cache / name).write_bytes(bytes(1_000_000))
    for wrong, nearest in (("digitz", "choose from"), ("pixel_face", "'pixel_faces'"), ("experiments", "unknown data set")):
        status, out, err = run(capsys, "data", "clear", "faces", wrong)
        assert (status, out) == (2, "") and nearest in err
    assert len(list(cache.iterdir())) == 5
    assert run(capsys, "data", "clear", "faces", "mnist")[:2] == (0, f"cleared 2.0 MB from {cache}\n")
    assert {path.name for path in cache.iterdir()} == {
        "experiments",
        "pairs_night_8_1_0_train_summer.npz",
        "pixel_faces_16_9_0_test.npz",
    }
    assert run(capsys, "data", "clear", "pairs_night")[0] == 0
    assert run(capsys, "data", "clear")[0] == 0
    assert [path.name for path in cache.iterdir()] == ["experiments"], "trainings stay"


def test_clear_leaves_what_others_wrote_and_names_it(capsys, tmp_path):
    """$GANCOURSE_DATA may be a folder in which somebody has a cache of his own."""
    cache = tmp_path / "data" / "cache"
    for name in ("thesis/chapter1.tex", "faces/one.png", "experiments/wgan/full-0a1b/state", "checkpoints/cpu/mine.json"):
        (cache / name).parent.mkdir(parents=True)
        (cache / name).write_text("x")
    for name in (
        "notes.txt",
        "faces_notes.txt",
        "weights.npz",
        "mnist.npz",
        "faces.npz",
        "faces_1.json",
        ".env",
        "faces_8_1_0_train.npz",
        "folder_8_ab_cd.json",
    ):
        (cache / name).write_text("x")
    left = {"thesis", "faces", "notes.txt", "faces_notes.txt", "weights.npz", "mnist.npz", "faces.npz", "faces_1.json", ".env"}
    status, out, err = run(capsys, "data", "clear", "faces")
    assert (status, err) == (0, "") and not (cache / "faces_8_1_0_train.npz").exists()
    assert "unknown data set 'weights'" in run(capsys, "data", "clear", "weights")[2]
    status, out, err = run(capsys, "data", "clear", "--all")
    assert status == 0 and {path.name for path in cache.iterdir()} == left and (cache / "thesis" / "chapter1.tex").is_file()
    assert err == "left: 9 others, which gancourse did not write: .env, faces, faces.npz and 6 more\n"


@pytest.mark.parametrize(
    "name",
    ["experiments/thesis/chapter1.tex", "checkpoints/llama/model.safetensors", "checkpoints/cpu/run.py", "edited/paper.docx"],
)
def test_a_folder_of_another_content_is_not_taken_for_what_was_trained_here(capsys, tmp_path, name):
    file = tmp_path / "data" / "cache" / name
    file.parent.mkdir(parents=True)
    file.write_text("x")
    status, _, err = run(capsys, "data", "clear", "--all")
    assert status == 0 and file.is_file() and f"left: 1 other, which gancourse did not write: {name.partition('/')[0]}\n" == err

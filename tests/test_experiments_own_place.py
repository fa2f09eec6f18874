"""The folder of a run."""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path

import pytest

from gancourse.experiments.own.place import Place, same, same_pictures

ASKED = {"family": "dcgan", "images": "pets", "size": 32, "steps": 10, "flip": False, "labels": None}
GOES = sys.platform == "win32"  # where filelock removes its file when it lets go
PICTURES = {"count": 5, "classes": [], "checksum": "x"}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    found = Place(tmp_path / "run")
    found.ready()
    found.write(ASKED, {"family": "dcgan"}, PICTURES)
    assert found.known() is None  # noted, and nothing trained yet
    found.checkpoint.touch()
    return found


def test_what_a_run_was_begun_with_is_kept(place: Place) -> None:
    known = place.known()
    assert known["asked"] == ASKED and known["pictures"] == PICTURES
    same(place, known, ASKED | {"steps": 500, "images": "elsewhere/pets"})
    same_pictures(place, known, PICTURES)
    apart, whole = ({**PICTURES, "classes": [unicodedata.normalize(form, "\u00c4pfel"), "Birnen"]} for form in ("NFD", "NFC"))
    same_pictures(place, {"pictures": apart}, whole)  # as macOS has the names of folders, and as labels are called


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 64}, "begun with --size 32, this command has --size 64: use the same to go on, or another --run"),
        ({"flip": True}, "begun with no --flip, this command has --flip"),
        ({"labels": "folders"}, "begun with no --labels, this command has --labels folders"),
        ({"family": "r3gan"}, "begun with dcgan, this command has r3gan"),
    ],
)
def test_another_setting_is_named(place: Place, change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        same(place, place.known(), ASKED | change)


def test_a_timetable_is_for_one_number_of_steps(tmp_path: Path) -> None:
    place, asked = Place(tmp_path), ASKED | {"family": "progan"}
    with pytest.raises(ValueError, match="begun with --steps 10, this command has --steps 20"):
        same(place, {"asked": asked}, asked | {"steps": 20})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"count": 6}, "5 then, 6 now"),
        ({"checksum": "y"}, "the pictures changed since"),
        ({"classes": ["a"]}, "the labels changed"),
    ],
)
def test_other_pictures_are_noticed(place: Place, change: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        same_pictures(place, place.known(), PICTURES | change)


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.tex").write_text("text")
    with pytest.raises(ValueError, match="holds other files .chapter.tex. and no settings.json: name a new or empty folder"):
        Place(tmp_path / "thesis").ready()
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter.tex"]
    (tmp_path / "file").write_text("text")
    with pytest.raises(NotADirectoryError, match="is a file: name a folder"):
        Place(tmp_path / "file").ready()
    with pytest.raises(OSError, match="cannot be written"):
        Place(tmp_path / "file" / "run").ready()
    place = Place(tmp_path / "run")
    place.weights.mkdir(parents=True)
    place.settings.write_text("{}")
    with pytest.raises(IsADirectoryError, match="generator.safetensors is a folder"):
        place.ready()


@pytest.mark.parametrize("text", ["", "{}", '{"format": 9}', json.dumps({"format": 1, "asked": 1, "plan": {}, "pictures": {}})])
def test_damaged_settings_are_named(place: Place, text: str) -> None:
    place.settings.write_text(text)
    with pytest.raises(ValueError, match="settings.json is damaged .*: name another folder"):
        place.known()


def test_one_training_at_a_time(place: Place) -> None:
    with place.alone(), pytest.raises(OSError, match="another training is at work in"), place.alone():
        pass
    with place.alone():
        pass
    assert GOES or (place.folder / ".lock").is_file()


def test_what_holds_a_folder_goes_where_nothing_began_and_nothing_else_does(tmp_path: Path) -> None:
    for there in ((), (".lock",), (".mine",)):
        place = Place(tmp_path / "".join(["run", *there]))
        for name in there:
            place.folder.mkdir()
            (place.folder / name).touch()
        with place.alone(place.ready()):
            assert (place.folder / ".lock").is_file()
        left = [name for name in there if not (GOES and name == ".lock")]
        assert [path.name for path in place.folder.iterdir()] == left if there else not place.folder.exists()

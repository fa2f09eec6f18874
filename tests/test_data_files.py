"""Which files of a folder are pictures, and what is said of the others."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from gancourse.data._files import pictures_in, several, some, unusable


def touch(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")


def test_pictures_by_their_ending_and_a_count_of_the_others(tmp_path: Path) -> None:
    touch(tmp_path, "b.JPG", "a/c.png", "a/d.txt", ".thumbs/e.png", "a/._f.png", ".DS_Store")
    with pytest.warns(UserWarning, match="4 files passed over, hidden, or no picture by the ending: .DS_Store, .*and 1 more$"):
        found = pictures_in(tmp_path, "pictures")
    assert [file.relative_to(tmp_path).as_posix() for file in found] == ["a/c.png", "b.JPG"]


@pytest.mark.parametrize("junctions", [False, True])
def test_links_are_followed_but_not_in_circles_and_what_is_no_file_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, junctions: bool
) -> None:
    """A junction of Windows does not say that it is a link."""
    folder = tmp_path / "pets"
    touch(folder, "dogs/a.png")
    touch(tmp_path / "elsewhere", "b.png", "more/c.png")
    for link, target in (("cats", tmp_path / "elsewhere"), ("dogs/up", folder), ("gone.png", tmp_path / "none.png")):
        try:
            (folder / link).symlink_to(target)
        except OSError:
            pytest.skip("this system lets no user make links")
    if not junctions:  # of two circles there would be no end
        (tmp_path / "elsewhere" / "back").symlink_to(folder)
    else:
        monkeypatch.setattr(Path, "is_symlink", lambda path: False)
    with pytest.warns(UserWarning, match="1 file passed over, a link to nothing or no file, .* the ending: gone.png"):
        found = pictures_in(folder, "pictures")
    assert [file.relative_to(folder).as_posix() for file in found] == ["cats/b.png", "cats/more/c.png", "dogs/a.png"]


def test_the_file_that_is_expected_is_not_counted(tmp_path: Path) -> None:
    touch(tmp_path, "a.png", "labels.csv")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(pictures_in(tmp_path, "pictures", tmp_path / "labels.csv")) == 1
    with pytest.warns(UserWarning, match="1 file passed over, no picture by the ending: labels.csv"):
        pictures_in(tmp_path, "pictures")


def test_a_folder_inside_a_hidden_one_is_not_hidden(tmp_path: Path) -> None:
    touch(tmp_path, ".cache/cats/a.png")
    assert len(pictures_in(tmp_path / ".cache" / "cats", "pictures")) == 1


def test_the_folder_of_a_training_is_left_out_with_its_samples(tmp_path: Path) -> None:
    """What a training drew is none of the pictures that it, or the next one, is to learn from."""
    touch(tmp_path, "a.png", "first/settings.json", "first/curve.csv", "first/samples/000000.png", "first/mine.png")
    touch(tmp_path, "deep/second/settings.json", "deep/second/.lock", "deep/second/samples/000000.png")
    touch(tmp_path, "begun/.lock")  # by a training that reads its pictures now
    with pytest.warns(UserWarning, match="2 folders of trainings passed over: deep/second, first$") as caught:
        found = pictures_in(tmp_path, "pictures")
    assert [file.relative_to(tmp_path).as_posix() for file in found] == ["a.png"] and len(caught) == 1
    touch(tmp_path, "notes.txt", "cats/settings.json", "cats/b.png")  # a file of another program makes no training
    with pytest.warns(UserWarning, match="1 folder of a training|2 files passed over, no picture by the ending: .*; 2 folders"):
        found = pictures_in(tmp_path, "pictures")
    assert [file.name for file in found] == ["a.png", "b.png"]
    with pytest.warns(UserWarning, match="passed over"):
        named = pictures_in(tmp_path / "first", "pictures")
    assert [file.name for file in named] == ["mine.png", "000000.png"], "one that is asked for itself is read"
    with pytest.raises(FileNotFoundError, match="holds no picture, but a folder of a training, second: it should hold"):
        (tmp_path / "deep" / "x").mkdir()
        pictures_in(tmp_path / "deep", "pictures")


def test_kinds_that_are_pictures_elsewhere_get_a_fix(tmp_path: Path) -> None:
    touch(tmp_path / "phone", "IMG_1.HEIC")
    with pytest.raises(FileNotFoundError, match="holds no picture, but IMG_1.HEIC.*; .heic cannot be read here: convert them"):
        pictures_in(tmp_path / "phone", "pictures")


def test_an_empty_folder_among_many_names_a_few_and_not_itself(tmp_path: Path) -> None:
    for name in ("empty", *(f"other{i}" for i in range(9))):
        (tmp_path / name).mkdir()
    with pytest.raises(FileNotFoundError, match="empty is empty: .*; beside it are other0, other1, other2 and 6 more$"):
        pictures_in(tmp_path / "empty", "pictures")
    (tmp_path / "alone" / "empty").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match="; nothing else is beside it$"):
        pictures_in(tmp_path / "alone" / "empty", "pictures")


def test_unusable_ones_are_an_error_unless_some_are_left_and_skipping_is_allowed(tmp_path: Path) -> None:
    unusable([], 3, tmp_path, False, 3)
    with pytest.raises(ValueError, match="1 of 3 pictures in .* cannot be used: a.png .why.: .*or pass skip=True"):
        unusable(["a.png (why)"], 3, tmp_path, False, 2)
    with pytest.warns(UserWarning, match="they are left out"):
        unusable(["a.png (why)"], 3, tmp_path, True, 2)
    with pytest.raises(ValueError, match="repair or remove them$"):
        unusable(["a.png (why)"], 1, tmp_path, True, 0)


def test_words() -> None:
    assert (several(1), several(2000, "picture")) == ("1 file", "2,000 pictures")
    assert (some(["a", "b"]), some(list("abcde"))) == ("a, b", "a, b, c and 2 more")

"""Labels of pictures, from subfolders or a table."""

from __future__ import annotations

import unicodedata
import warnings
from pathlib import Path

import pytest

from gancourse.classroom.commands.shared import in_options
from gancourse.data._labels import by_folder, by_table, read_table


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "labels.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_the_first_folder_is_the_label() -> None:
    assert by_folder(["cat/1.png", "cat/young/2.png", "dog/1.png"]) == ["cat", "cat", "dog"]
    apart = unicodedata.normalize("NFD", "caf\u00e9")  # as macOS has the names of folders
    assert by_folder([f"{apart}/1.png"]) == [apart], "the order of the labels is that of the names on the disk"
    with pytest.raises(ValueError, match="2 pictures of 3 lie in none: 1.png, 2.png; move them"):
        by_folder(["1.png", "2.png", "cat/1.png"])


@pytest.mark.parametrize(
    "text",
    [
        "file,label\n1.png,cat\nx/2.png,dog\n",
        "1.png,cat\nx/2.png,dog\n",
        "label;age;image\ncat;3;1.png\ndog;4;x\\2.png\n",
        "\ufeffFileName\tKind\r\n./1.png\t cat \r\n\r\nx/2.png\tdog\r\n",
    ],
)
def test_forms_of_a_table(tmp_path: Path, text: str) -> None:
    assert read_table(table(tmp_path, text)) == {"1.png": "cat", "x/2.png": "dog"}


def test_only_ends_of_lines_end_a_row(tmp_path: Path) -> None:
    text = "file,label\na\x1cb.png,cat\nc\u2028d.png,dog\ne\x0bf.png,fish\n"
    assert read_table(table(tmp_path, text)) == {"a\x1cb.png": "cat", "c\u2028d.png": "dog", "e\x0bf.png": "fish"}


def test_rows_that_a_spreadsheet_left_empty_are_none(tmp_path: Path) -> None:
    assert read_table(table(tmp_path, "file,label\n1.png,cat\n,\n,,\n")) == {"1.png": "cat"}


def test_a_column_by_its_name(tmp_path: Path) -> None:
    path = table(tmp_path, "file,hair,Smile\n1.png,red,yes\n")
    assert read_table(path, "smile") == {"1.png": "yes"}
    with pytest.raises(ValueError, match="columns file, hair, Smile, and none is called label: pass column="):
        read_table(path)
    with pytest.raises(ValueError, match="did you mean 'hair'"):
        read_table(path, "hairs")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        (" \n,\n", "is empty"),
        ("a,b,c\n1,2,3\n", "no column for the pictures, its first row is a, b, c"),
        ("file,label\n1.png,\n", "line 2 .1.png, . has no label"),
        ("file,label\n1.png\n", "line 2 .1.png. has no label"),
        ("1.png,cat\n2.png,\n", "line 2 .2.png, . has no label"),
        ("file,label\n\nb.png,z\n   \nc.png,\n", "line 5 .c.png, . has no label"),
        ('file,label\n"b\nc.png",z\nd.png,\n', "line 4 .d.png, . has no label"),
        ("file,label\n1.png,cat\n1.png,dog\n", "calls 1.png both cat and dog"),
    ],
)
def test_what_is_wrong_with_a_table_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_table(table(tmp_path, text))


def test_a_text_of_another_encoding(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="UTF-8"):
        read_table(table(tmp_path, "file,label\n1.png,caf\u00e9\n", "latin-1"))


def test_pictures_are_found_by_path_name_or_stem(tmp_path: Path) -> None:
    path = table(tmp_path, "file,label\na/1.png,cat\n2,dog\n3.jpg,fish\n")
    assert by_table(["a/1.png", "b/2.png", "b/3.jpg"], path) == ["cat", "dog", "fish"]
    with pytest.raises(ValueError, match="no row for 1 picture of 2: a/9.png; it names 2, 3.jpg, a/1.png"):
        by_table(["a/1.png", "a/9.png"], path)
    with pytest.raises(ValueError, match="no row for 2 pictures"):  # two pictures are called 2: the row could mean either
        by_table(["a/2.png", "b/2.png"], path)


def test_file_names_are_unique_apart_from_stems(tmp_path: Path) -> None:
    path = table(tmp_path, "file,label\n1.png,cat\n1.jpg,dog\n")
    assert by_table(["a/1.png", "b/1.jpg"], path) == ["cat", "dog"]
    with pytest.raises(ValueError, match=r"no row for 2 pictures of 2: a/1.png, b/1.jpg; .* others are called 1 too: .* a/1.png"):
        by_table(["a/1.png", "b/1.jpg"], table(tmp_path, "file,label\n1,cat\n"))
    with pytest.raises(ValueError, match="no row for 2 pictures"):  # a path without its ending may be two pictures as well
        by_table(["a/1.png", "a/1.jpg"], table(tmp_path, "file,label\na/1,cat\n"))


@pytest.mark.parametrize("forms", [("NFC", "NFD"), ("NFD", "NFC")])
def test_an_accent_is_the_same_composed_and_decomposed(forms: tuple[str, str], tmp_path: Path) -> None:
    written, kept = (unicodedata.normalize(form, "caf\u00e9/\u00e9t\u00e9.png") for form in forms)
    path = table(tmp_path, f"file,label\n{written},cat\n")
    assert by_table([kept], path) == ["cat"]
    assert by_table([f"x/{kept}"], table(tmp_path, f"file,label\n{Path(written).stem},cat\n")) == ["cat"]


@pytest.mark.parametrize(
    "row", ["pets/red/1.PNG", "red/1.png", "red/1.Png", "./pets/red/1.png", "1.png", "pets\\red\\1", "red//1.PNG"]
)
def test_the_folders_own_name_and_the_case_of_the_ending_do_not_matter(row: str, tmp_path: Path) -> None:
    assert by_table(["red/1.PNG", "2.jpg"], table(tmp_path, f"file,label\n{row},cat\n2.JPG,dog\n"), folder="pets") == [
        "cat",
        "dog",
    ]


def test_a_row_is_of_the_picture_that_bears_its_whole_name(tmp_path: Path) -> None:
    path = table(tmp_path, "file,label\n1.png,cat\npets/1.png,dog\n1.PNG,fish\n")
    assert by_table(["1.png", "pets/1.png", "1.PNG"], path, folder="pets") == ["cat", "dog", "fish"]


def test_rows_that_contradict_each_other_by_different_names(tmp_path: Path) -> None:
    path = table(tmp_path, "file,label\na/1.png,cat\n1,dog\n")
    with pytest.raises(ValueError, match="calls a/1.png both cat .a/1.png. and dog .1.: leave one of the rows"):
        by_table(["a/1.png"], path)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert by_table(["a/1.png"], table(tmp_path, "file,label\na/1.png,cat\n1,cat\n")) == ["cat"]


def test_rows_without_a_picture_are_counted(tmp_path: Path) -> None:
    path = table(tmp_path, "file,label\n1.png,cat\n2.png,dog\n3.png,dog\n4.png,dog\n5.png,cat\n")
    with pytest.warns(UserWarning, match="4 rows of 5 name no picture of the folder: 2.png, 3.png, 4.png and 1 more"):
        assert by_table(["1.png"], path) == ["cat"]


def test_pictures_in_no_folder_are_told_of_in_arguments_and_in_options() -> None:
    with pytest.raises(ValueError, match="move them into one, pass a CSV file as labels=, or pass labels=None$") as caught:
        by_folder(["cat/1.png", "2.png"])
    assert in_options(str(caught.value)).endswith("move them into one, pass a CSV file as --labels, or leave --labels out")

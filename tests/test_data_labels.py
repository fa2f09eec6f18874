"""Labels of pictures, from subfolders or a table."""

from __future__ import annotations

from pathlib import Path

import pytest

from gancourse.data._labels import by_folder, by_table, read_table


def table(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "labels.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_the_first_folder_is_the_label() -> None:
    assert by_folder(["cat/1.png", "cat/young/2.png", "dog/1.png"]) == ["cat", "cat", "dog"]
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
        ("a,b,c\n1,2,3\n", "no column for the pictures, its first row is a, b, c"),
        ("file,label\n1.png,\n", "row 1 .1.png, . has no label"),
        ("file,label\n1.png\n", "row 1 .1.png. has no label"),
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

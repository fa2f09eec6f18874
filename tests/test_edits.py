"""Hand edits of built notebooks: what counts as one, and that each is kept under a name of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from gancourse.classroom import edits

nbformat = pytest.importorskip("nbformat")


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A notebook as a builder leaves it."""
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path / "data"))
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 + 1")])
    edits.mark(book)
    nbformat.write(book, tmp_path / "01_lecture.ipynb")
    return tmp_path / "01_lecture.ipynb"


def kept(path: Path) -> list[Path]:
    return sorted((path.parent / "data" / "cache" / "edited").glob("*"))


def test_a_mark_leaves_what_else_is_known_of_a_notebook(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    book.metadata.gancourse["scale"] = "cpu"
    edits.mark(book)
    assert book.metadata.gancourse == {"scale": "cpu", "text_hash": edits.text_hash(book)}


def test_running_is_no_edit_and_text_tags_and_cells_are(path: Path) -> None:
    book = nbformat.read(path, as_version=4)
    book.cells[0].outputs = [nbformat.v4.new_output("stream", text="2")]
    book.cells[0].execution_count = 7
    assert edits.keep_edit(book, path) is None
    for edit in (
        lambda book: book.cells.append(nbformat.v4.new_markdown_cell("mine")),
        lambda book: book.cells[0].metadata.update(tags=["mine"]),
        lambda book: book.cells[0].update(source="2 + 2"),
        lambda book: book.metadata.pop("gancourse"),  # no builder made it
    ):
        changed = nbformat.from_dict(book)
        edit(changed)
        assert edits.keep_edit(changed, path) in kept(path)


def test_only_what_would_be_lost_is_set_aside(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = (nbformat.read(path, as_version=4) for _ in range(2))
    new.cells[0].source = "1 + 2"
    edits.set_aside(old, path, new, Path("01_lecture.py"))  # as it was built
    del old.metadata["gancourse"]
    edits.set_aside(old, path, old, Path("01_lecture.py"))  # by nobody knows whom, and made again word for word
    edits.set_aside(None, path.with_name("02_none.ipynb"), new, Path("02_none.py"))  # nothing is there
    assert kept(path) == [] and capsys.readouterr().out == ""
    edits.set_aside(old, path, new, Path("01_lecture.py"))
    (copy,) = kept(path)
    said = capsys.readouterr().out
    assert copy.read_bytes() == path.read_bytes() and str(copy) in said and "made from source/01_lecture.py" in said


def test_two_contents_of_one_name_are_both_kept(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A lecture that is damaged twice; a homework has two notebooks of one name."""
    for content in (b"{", b"[", b"{"):
        path.write_bytes(content)
        edits.set_aside(None, path, nbformat.v4.new_notebook(), Path("01_lecture.py"))
    assert sorted(copy.read_bytes() for copy in kept(path)) == [b"[", b"{"]
    assert capsys.readouterr().out.count("01_lecture.ipynb is damaged, and is made anew") == 3

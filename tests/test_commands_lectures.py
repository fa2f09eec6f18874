"""Commands for lectures and the ledger of claims."""
# ruff: noqa: F811  (fixtures are imported by the names by which tests ask for them)

from __future__ import annotations

from pathlib import Path

import pytest

from gancourse.base import files
from gancourse.classroom import cli, colab, lab, notebooks, pages
from gancourse.classroom import slides as deck
from tests.command_line import checkout, folders, no_work, recipes, run, store_row, write_lecture  # noqa: F401  (the fixtures are used by name)


def test_lab_passes_on_what_it_is_told(capsys, monkeypatch):
    calls = []
    monkeypatch.setattr(lab, "serve", lambda *args, **options: calls.append((args, options)) or 0)
    assert run(capsys, "lab")[0] == 0
    assert run(capsys, "lab", "4", "--no-browser", "--port", "8899")[0] == 0
    assert calls == [
        ((), {"browser": None, "arguments": []}),
        ((), {"name": "4", "browser": False, "arguments": ["--ServerApp.port=8899"]}),
    ]


def test_outside_a_checkout_the_lectures_say_so(capsys, monkeypatch):
    monkeypatch.setattr(files, "checkout", lambda: None)
    monkeypatch.setattr(colab, "repository", lambda *_: "https://example.org/course")
    for argv in (["lab"], ["run", "4"], ["notebooks"], ["claims"]):
        status, out, err = run(capsys, *argv)
        assert (status, out) == (2, "")
        assert "clone https://example.org/course" in err


def test_run_writes_the_page_where_it_is_told(capsys, monkeypatch, checkout, tmp_path):
    seen = {}

    def fake(name, *, folder, report):
        import os

        seen.update(name=name, scale=os.environ["GANCOURSE_SCALE"])
        page = folder / "04_dcgan.html"
        page.write_text("<p>lecture</p>")
        return page

    monkeypatch.setattr(pages, "run", fake)
    status, out, _ = run(capsys, "run", "4", "--scale", "cpu", "--output", tmp_path / "deep" / "page.html")
    assert status == 0 and "page.html" in out
    assert seen == {"name": "4", "scale": "cpu"}
    assert (tmp_path / "deep" / "page.html").read_text() == "<p>lecture</p>"
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["page.html"]
    assert run(capsys, "run", "4")[0] == 0
    assert (tmp_path / "04_dcgan.html").is_file()


def test_stored_pages_of_all_lectures_execute_nothing(capsys, monkeypatch, checkout, tmp_path):
    store_row(checkout, "02_minimax", "C03", 1)
    store_row(checkout, "04_dcgan", "C10", 2)
    monkeypatch.setattr(notebooks, "execute", lambda *args, **options: pytest.fail("a lecture was executed"))
    status, out, _ = run(capsys, "run", "--all", "--stored", "--output", tmp_path / "pages")
    assert status == 0 and out.count("wrote") == 2
    assert sorted(path.name for path in (tmp_path / "pages").iterdir()) == ["02_minimax.html", "04_dcgan.html"]
    assert "C10" in (tmp_path / "pages" / "04_dcgan.html").read_text()
    assert run(capsys, "run", "2", "--stored")[0] == 0 and (tmp_path / "02_minimax.html").is_file()


@pytest.mark.parametrize("command", ["run", "slides"])
def test_a_page_is_of_one_lecture_or_of_all(capsys, checkout, tmp_path, command):
    for argv in ([command], [command, "4", "--all"]):
        status, _, err = run(capsys, *argv)
        assert status == 2 and f"gancourse {command} 04, gancourse {command} --all" in err
    (tmp_path / "file").write_text("mine")
    status, _, err = run(capsys, command, "--all", "--output", tmp_path / "file")
    assert status == 2 and "the folder for the pages" in err and (tmp_path / "file").read_text() == "mine"


def test_a_stored_page_has_the_scale_of_its_outputs(capsys, checkout):
    status, _, err = run(capsys, "run", "4", "--stored", "--scale", "ci")
    assert status == 2 and "--scale" in err


def test_a_failed_lecture_leaves_nothing_behind(capsys, monkeypatch, checkout, tmp_path):
    def fail(*args, **options):
        raise notebooks.NotebookError("04_dcgan, cell 3 of 9: ValueError: no")

    monkeypatch.setattr(pages, "run", fail)
    status, out, err = run(capsys, "run", "4", "--output", "page.html")
    assert (status, out) == (2, "") and "cell 3 of 9" in err
    assert not (tmp_path / "page.html").exists() and not list(tmp_path.glob(".gancourse-*"))


def test_notebooks_builds_and_checks(capsys, monkeypatch, checkout):
    calls, failures = [], []
    monkeypatch.setattr(notebooks, "build_all", lambda names, force: calls.append((names, force)) or failures)
    source = checkout / "notebooks" / "source" / "02_minimax.py"
    source.write_text(
        source.read_text() + "\n# %% [markdown]\n# ## Further reading\n#\n# - A. B., [*On C*](https://c.org), 2014.\n"
    )
    assert run(capsys, "notebooks", "--force", "02")[0] == 0
    assert "- A. B., [*On C*](https://c.org). Lecture [02](" in (checkout / "docs" / "reading.md").read_text()
    assert calls == [(["02"], True)]
    failures.append("02_minimax, cell 1 of 1: no")
    status, _, err = run(capsys, "notebooks")
    assert status == 1 and "cell 1 of 1" in err
    monkeypatch.setattr(notebooks, "check", lambda: ["02_minimax: it has no outputs"])
    assert run(capsys, "notebooks", "--check")[:2] == (1, "02_minimax: it has no outputs\n")
    assert run(capsys, "notebooks", "--check", "4")[0] == 0
    monkeypatch.setattr(notebooks, "check", lambda: [])
    assert run(capsys, "notebooks", "--check")[0] == 0


def test_a_work_without_a_year_hides_no_lecture_that_failed(capsys, monkeypatch, checkout):
    monkeypatch.setattr(notebooks, "build_all", lambda names, force: ["02_minimax, cell 1 of 1: no"])
    source = checkout / "notebooks" / "source" / "04_dcgan.py"
    source.write_text(source.read_text() + "\n# %% [markdown]\n# ## Further reading\n#\n# - A. B., [*On C*](https://c.org).\n")
    status, _, err = run(capsys, "notebooks")
    assert status == 2 and "cell 1 of 1" in err and "names no year" in err
    source.write_bytes(b"# %% [markdown]\n# \xff\n")
    assert "git checkout -- 04_dcgan.py" in run(capsys, "notebooks")[2]


def test_claims_from_notebooks(capsys, checkout):
    status, _, err = run(capsys, "claims", "--from-notebooks")
    assert status == 2 and "nothing to write" in err
    store_row(checkout, "02_minimax", "C03", 1)
    assert run(capsys, "claims", "--check")[0] == 1
    (checkout / "README.md").write_text("It is so. Of 9 claims of papers 1 are reproduced, 2 contradicted and 6 open: see\n")
    assert run(capsys, "claims", "--from-notebooks")[0] == 0
    readme = (checkout / "README.md").read_text()
    assert readme == "It is so. Of 0 claims of papers 0 are reproduced, 0 contradicted and 0 open: see\n"
    text = (checkout / "CLAIMS.md").read_text()
    assert "| Identities | 1 | 1 holds |" in text and "[02_minimax](notebooks/02_minimax.ipynb)" in text
    assert run(capsys, "claims", "--check")[0] == 0
    (checkout / "CLAIMS.md").write_text(text.replace("holds", "proved"))
    assert run(capsys, "claims", "--check")[0] == 1


@pytest.fixture
def damaged(checkout):
    """Lectures 02 and 04 as kills leave them: 04 cut in the middle of a letter, and a part of 02 that was being written."""
    store_row(checkout, "02_minimax", "C03", 1)
    path = checkout / "notebooks" / "04_dcgan.ipynb"
    path.write_bytes('{"cells": ["\u00e9'.encode()[:-1])
    (checkout / "notebooks" / ".02_minimax.ipynb.k1x.ipynb").write_text('{"cells": [')
    (checkout / "notebooks" / "source" / ".04_dcgan.py.k1x.py").write_text("# half")
    return path


def test_damaged_notebooks_are_named_and_hidden_ones_passed_over(capsys, checkout, damaged):
    for line in ("claims --check", "claims --from-notebooks", "claims 2"):
        status, out, err = run(capsys, *line.split())
        assert status == 2 and str(damaged) in err and "k1x" not in err
    (checkout / "notebooks" / "source" / "05_gone.py").write_text("")
    (checkout / "notebooks" / "05_gone.ipynb").write_text("[]")
    (checkout / "notebooks" / "05 mine.ipynb").write_text("[]")
    err = run(capsys, "claims", "--check")[2]
    assert str(damaged) in err and "05_gone.ipynb" in err and "mine" not in err, "all lectures, and nothing else"


def test_a_damaged_notebook_is_measured_from_its_source(capsys, checkout, damaged, monkeypatch):
    monkeypatch.setattr(notebooks, "execute", lambda book, **options: book)
    monkeypatch.setattr("gancourse.classroom.claims.rows_of", lambda cells, name: [])
    assert run(capsys, "claims", "4")[0] == 0
    assert "02_minimax" in (checkout / "CLAIMS.md").read_text()


def test_claims_runs_the_lectures_and_tells_what_changed(capsys, checkout, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(Path(cli.__file__).parents[2]))
    write_lecture(checkout, "02_minimax", ("C03", 1), ("C02", 0))
    store_row(checkout, "02_minimax", "C02", 1)
    store_row(checkout, "04_dcgan", "C10", 2)
    status, out, _ = run(capsys, "claims", "2")
    assert status == 0
    assert "C02 in 02_minimax: fails (ours 0), but its notebook says holds" in out
    assert "gancourse notebooks --force" in out
    table = [line for line in (checkout / "CLAIMS.md").read_text().splitlines() if line.startswith(("| C0", "| C1"))]
    assert [line.split(" | ")[0] for line in table] == ["| C02", "| C03", "| C10"]  # 04 was not run: its row is the notebook's


def test_a_lecture_that_fails_leaves_the_ledger_alone(capsys, checkout, monkeypatch):
    def fail(*args, name, **options):
        raise notebooks.NotebookError(f"{name}, cell 1 of 1: no")

    monkeypatch.setattr(notebooks, "execute", fail)
    (checkout / "CLAIMS.md").write_text("as it was")
    status, _, err = run(capsys, "claims")
    assert status == 1 and "02_minimax, cell 1 of 1" in err and "04_dcgan, cell 1 of 1" in err
    assert (checkout / "CLAIMS.md").read_text() == "as it was"


@pytest.mark.parametrize("command", ["run 4 --stored", "slides 4"])
def test_a_page_of_ones_own_is_not_written_over(capsys, monkeypatch, checkout, tmp_path, command):
    monkeypatch.setattr(deck, "slides", lambda source: [deck.Slide("Title")])
    store_row(checkout, "04_dcgan", "C10", 2)
    capsys.readouterr()
    own = "<!doctype html><body>my own page</body>"
    for name in ("own.html", "notes.html"):
        (tmp_path / name).write_text(own)
        status, out, err = run(capsys, *command.split(), "--output", name)
        assert (status, out) == (2, "") and f"{name} exists already" in err and "add --force" in err
        assert "a web page that gancourse did not make: add" in err and "login" not in err
        assert (tmp_path / name).read_text() == own
    assert run(capsys, *command.split(), "--output", "own.html", "--force")[0] == 0
    assert run(capsys, *command.split(), "--output", "own.html")[0] == 0, "its own"
    assert run(capsys, *command.split(), "--output", "new.html")[0] == 0


@pytest.mark.parametrize(
    "earlier",
    [
        '<style>\nmath { font-size: 1.08em; }\nmtd[columnalign="right"] { text-align: right; }\n</style>',
        '</main>\n<div id="progress"></div>\n<div id="help"><table></table></div>',
    ],
)
def test_a_page_of_an_earlier_version_is_replaced(capsys, monkeypatch, checkout, tmp_path, earlier):
    """It says nowhere who made it; a lecture's page has its style, a deck its foot."""
    monkeypatch.setattr(deck, "slides", lambda source: [deck.Slide("Title")])
    (tmp_path / "old.html").write_text(f"<!doctype html><html>{'x' * 2_000}{earlier}</html>")
    status, _, err = run(capsys, "slides", "4", "--output", "old.html")
    assert status == 0, err
    assert pages.GENERATOR in (tmp_path / "old.html").read_text()


def test_all_pages_are_looked_at_before_the_first_is_made(capsys, no_work, checkout, tmp_path):
    (tmp_path / "04_dcgan.html").write_text("<html>mine</html>")
    status, out, err = run(capsys, "run", "--all")
    assert (status, out) == (2, "") and "04_dcgan.html exists already" in err


@pytest.mark.parametrize(
    ("name", "says"), [("notes.md", "notes.md exists already"), ("notes.txt", "notes.txt does not end in .md")]
)
def test_the_ledger_is_written_over_no_notes(capsys, checkout, tmp_path, name, says):
    store_row(checkout, "02_minimax", "C03", 1)
    capsys.readouterr()
    (tmp_path / name).write_text("# Claims of my own, of a year\n")
    status, out, err = run(capsys, "claims", "--from-notebooks", "--output", name)
    assert (status, out) == (2, "") and says in err and (tmp_path / name).read_text() == "# Claims of my own, of a year\n"
    for _ in range(2):
        assert run(capsys, "claims", "--from-notebooks", "--output", "new.md")[0] == 0
    if name.endswith(".md"):
        assert run(capsys, "claims", "--from-notebooks", "--output", name, "--force")[0] == 0
    assert "does not use --force" in run(capsys, "claims", "--check", "--force")[2]


@pytest.mark.parametrize("command", ["run 4 --stored --output", "slides 4 --output"])
def test_a_file_that_is_no_page_is_not_written_over(capsys, no_work, checkout, tmp_path, command):
    (tmp_path / "thesis.html").write_text("weeks of work")
    (tmp_path / "thesis.tex").write_text("weeks of work")
    for name, says in (
        ("thesis.tex", "does not end in .html"),
        ("thesis.html", "exists already and is a text"),
        ("new", ".html"),
    ):
        status, out, err = run(capsys, *command.split(), name)
        assert (status, out) == (2, "") and f"{name} " in err and says in err
    assert (tmp_path / "thesis.html").read_text() == (tmp_path / "thesis.tex").read_text() == "weeks of work"
    assert not (tmp_path / "new").exists()

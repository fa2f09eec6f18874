"""The builder: what it writes, what it notices, and that nbval with the Makefile's flags goes red where it should."""

from __future__ import annotations

import ast
import base64
import io
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gancourse import viz
from gancourse.classroom import colab, lab, notebooks
from gancourse.classroom.homework import build

jupytext = pytest.importorskip("jupytext")
nbformat = pytest.importorskip("nbformat")

ROOT = Path(__file__).resolve().parent.parent
SOURCE = """\
# %% [markdown]
# # 01. A lecture
#
# It adds.

# %%
import os

from ipywidgets import IntSlider

two = 1 + 1

# %% tags=["nbval-check-output"]
print(two, os.environ["GANCOURSE_SCALE"])
print({"a", "b", "c"})

# %% [markdown]
# It shows.

# %%
IntSlider(value=3)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with one small lecture."""
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path / "data"))
    (tmp_path / "notebooks" / "source").mkdir(parents=True)
    (tmp_path / "notebooks" / "source" / "01_lecture.py").write_text(SOURCE, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[project]\nurls = { Repository = "https://github.com/someone/course" }\n')
    return tmp_path


@pytest.fixture
def source(folder: Path) -> Path:
    return folder / "notebooks" / "source" / "01_lecture.py"


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


# The course's own notebooks


def test_the_lectures_are_there_and_numbered_once() -> None:
    names = [source.stem for source in notebooks.sources(ROOT)]
    numbers = [name[:2] for name in names]
    assert names[0] == lab.FIRST
    assert len(numbers) == len(set(numbers))


def test_every_notebook_belongs_to_its_source_and_was_run() -> None:
    problems = notebooks.check(ROOT)
    assert not problems, "\n".join(problems)


def test_no_notebook_is_committed_without_a_source() -> None:
    git = subprocess.run(
        ["git", "ls-files", "-z", "*.ipynb", "mine"], cwd=ROOT, capture_output=True, text=True, encoding="utf-8", check=False
    )
    if git.returncode:
        pytest.skip("this is no clone: git lists no files here")
    wanted = {notebooks.target(source) for source in notebooks.sources(ROOT)}
    wanted |= {path(source) for source in build.sources(ROOT) for path in (build.solution_path, build.student_path)}
    committed = {ROOT / name for name in git.stdout.split("\0") if name}
    assert committed == wanted | {ROOT / "mine" / ".gitignore"}, "your own notebooks belong into mine/"


def test_outputs_were_made_with_the_pinned_pytorch() -> None:
    pinned = dict(re.findall(r"^([\w-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    for source in notebooks.sources(ROOT):
        versions = nbformat.read(notebooks.target(source), as_version=4).metadata.gancourse.versions
        assert versions.torch == pinned["torch"], source.stem


# What a notebook shows only where it is a cell's last line

SHOWS_ITSELF = {"show", "source"}
OF_A_RECORD = {"table", "curves", "strip"}


def never_shown(source: str) -> list[str]:
    """Lines of a lecture that make a picture or a table and lose it, or whose value is a row of None."""
    lost = []
    for cell in re.split(r"^# %%", source, flags=re.MULTILINE)[1:]:
        head, _, code = cell.partition("\n")
        if "[markdown]" in head:
            continue
        body = ast.parse(code).body
        last = body[-1] if body and isinstance(body[-1], ast.Expr) else None
        if last is not None and isinstance(last.value, ast.Tuple) and all(isinstance(each, ast.Call) for each in last.value.elts):
            lost.append(ast.unparse(last))
        lost += [ast.unparse(line) for line in _expressions(body) if line is not last and _is_picture(line.value)]
    return lost


def _expressions(body: list[ast.stmt]) -> list[ast.Expr]:
    return [line for statement in body for line in ast.walk(statement) if isinstance(line, ast.Expr)]


def _is_picture(value: ast.expr) -> bool:
    """A call such as ``viz.table(...)`` or ``record.table(...)`` that draws into no axis, or a bare name before a cell's end."""
    if isinstance(value, ast.Name):
        return True
    if not isinstance(value, ast.Call) or not isinstance(value.func, ast.Attribute):
        return False
    owner, name = ast.unparse(value.func.value), value.func.attr
    if owner == "viz":
        return name in viz.__all__ and name not in SHOWS_ITSELF and not any(keyword.arg == "ax" for keyword in value.keywords)
    return name in OF_A_RECORD


def test_every_picture_and_table_of_a_lecture_is_shown() -> None:
    lost = {source.stem: never_shown(source.read_text(encoding="utf-8")) for source in notebooks.sources(ROOT)}
    assert not {name: lines for name, lines in lost.items() if lines}, "put each on the last line of a cell of its own"


@pytest.mark.parametrize(
    ("cell", "lost"),
    [
        ("viz.table(rows)\nclaim()", ["viz.table(rows)"]),
        ("for row in rows:\n    viz.table(row)", ["viz.table(row)"]),
        ("record.table('modes')\nrecord.strip()", ["record.table('modes')"]),
        ("picture\nprint(1)", ["picture"]),
        ("g.grow(2), d.grow(2)", ["(g.grow(2), d.grow(2))"]),
        ("print(1)\nviz.table(rows)", []),
        ("viz.show(picture)\nviz.scatter(x, y, ax=left)\nviz.source(pack)\n(1, 2)", []),
    ],
)
def test_a_table_in_the_middle_of_a_cell_is_noticed(cell: str, lost: list[str]) -> None:
    assert never_shown(f"# %% [markdown]\n# viz.table\n\n# %% tags=['slide']\n{cell}\n") == lost


# What the builder writes


def test_a_built_notebook(source: Path, folder: Path) -> None:
    assert notebooks.build(source, scale="cpu") == "executed"
    path = notebooks.target(source)
    book = nbformat.read(path, as_version=4)
    nbformat.validate(book)
    assert notebooks.check(folder) == []

    kinds = [cell.cell_type for cell in book.cells]
    assert kinds == ["markdown", "markdown", "code", "code", "code", "markdown", "code"]
    place = f"github/someone/course/blob/{colab.TAG}/notebooks/01_lecture.ipynb"
    assert f"https://colab.research.google.com/{place}" in book.cells[1].source
    assert f"gancourse @ git+https://github.com/someone/course@{colab.TAG}" in book.cells[2].source
    assert book.cells[4].outputs[0].text.startswith("2 cpu\n")
    assert book.cells[4].metadata.tags == ["nbval-check-output"]
    assert book.metadata.gancourse.scale == "cpu"
    assert book.metadata.kernelspec.name == "python3"
    model = book.cells[-1].outputs[0].data["application/vnd.jupyter.widget-view+json"].model_id
    assert book.metadata.widgets["application/vnd.jupyter.widget-state+json"].state[model].state.value == 3

    first = path.read_bytes()
    assert notebooks.build(source, scale="cpu") == "unchanged"
    assert notebooks.build(source, scale="cpu", force=True) == "executed"
    assert path.read_bytes() == first, "building twice must give the same bytes"

    edit(source, "It adds.", "It adds and prints.")
    assert [line for line in notebooks.check(folder) if "cells are not those" in line]
    assert notebooks.build(source, scale="cpu") == "text", "an edit of the prose must not execute anything"
    assert notebooks.check(folder) == []
    again = nbformat.read(path, as_version=4)
    assert "It adds and prints." in again.cells[0].source
    assert [cell.get("outputs") for cell in again.cells] == [cell.get("outputs") for cell in book.cells]
    assert [cell.id for cell in again.cells[1:]] == [cell.id for cell in book.cells[1:]]

    edit(folder / "pyproject.toml", "someone", "somebody")
    assert notebooks.build(source, scale="cpu") == "text", "a new address must not execute anything"
    assert notebooks.check(folder) == []

    edit(source, "1 + 1", "1 + 2")
    assert [line for line in notebooks.check(folder) if "the code has changed" in line]
    assert notebooks.build(source, scale="ci") == "executed"
    assert nbformat.read(path, as_version=4).cells[4].outputs[0].text.startswith("3 ci\n")
    assert notebooks.check(folder) == [
        "01_lecture: its outputs are of ci scale, not cpu: GANCOURSE_SCALE=cpu make notebooks NAMES=01_lecture"
    ]


def test_a_failing_cell_is_named_and_the_old_notebook_kept(source: Path, folder: Path, capsys) -> None:
    path = notebooks.target(source)
    path.write_text("the old one", encoding="utf-8")
    edit(source, "IntSlider(value=3)", 'raise ArithmeticError("planted")')
    (message,) = notebooks.build_all(folder=folder)
    assert "01_lecture, cell 7 of 7: ArithmeticError: planted" in message
    assert "FAILED" in capsys.readouterr().out
    assert path.read_text(encoding="utf-8") == "the old one"
    assert [entry.name for entry in path.parent.iterdir() if entry.name.startswith(".")] == []


def test_a_dead_kernel_is_said_to_be_dead(source: Path) -> None:
    edit(source, "IntSlider(value=3)", "import os\n\nos._exit(1)")
    with pytest.raises(notebooks.NotebookError, match="cell 7 of 7: the kernel died"):
        notebooks.build(source)


def test_only_a_titled_source_is_built(source: Path) -> None:
    edit(source, "# # 01. A lecture", "# A lecture")
    with pytest.raises(notebooks.NotebookError, match="begin with a title"):
        notebooks.read(source)


# What the checker notices


def written(source: Path, folder: Path) -> nbformat.NotebookNode:
    """A clean notebook of ``source`` as the builder would write it, without running a kernel."""
    book = notebooks.read(source)
    code = [cell for cell in book.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code, start=1):
        cell.execution_count = number
    code[-1].outputs = [nbformat.v4.new_output("stream", name="stdout", text="shown\n")]
    book.metadata["gancourse"] = {"code_hash": notebooks.code_hash(book), "scale": "cpu", "versions": {}}
    nbformat.write(book, notebooks.target(source))
    assert notebooks.check(folder) == []
    return book


def no_count(book: nbformat.NotebookNode) -> None:
    book.cells[3].execution_count = None


def no_outputs(book: nbformat.NotebookNode) -> None:
    book.cells[-1].outputs = []


def other_code(book: nbformat.NotebookNode) -> None:
    book.cells[3].source += "\n"


def no_tag(book: nbformat.NotebookNode) -> None:
    book.cells[4].metadata.tags = []


def an_error(book: nbformat.NotebookNode) -> None:
    book.cells[-1].outputs = [nbformat.v4.new_output("error", ename="OSError", evalue="planted", traceback=[])]


def a_path(book: nbformat.NotebookNode) -> None:
    book.cells[-1].outputs[0].text = "UserWarning: /home/ada/.venv/lib/python3.12/thing.py:3"


def a_windows_path(book: nbformat.NotebookNode) -> None:
    book.cells[-1].outputs[0].text = r"UserWarning: C:\Users\ada\thing.py:3"


def much(book: nbformat.NotebookNode) -> None:
    book.cells[-1].outputs[0].text = "x" * notebooks.LARGEST


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (no_count, "not run from top to bottom"),
        (no_outputs, "has no outputs"),
        (other_code, "cells are not those of the source"),
        (no_tag, "cells are not those of the source"),
        (an_error, "cell 7 ends in an error: OSError: planted"),
        (a_path, "a path of the machine it was made on: /home/ada"),
        (a_windows_path, r"a path of the machine it was made on: C:\Users\ada"),
        (much, "more than 1 MB"),
    ],
)
def test_a_spoilt_notebook_is_noticed(spoil, problem: str, source: Path, folder: Path) -> None:
    book = written(source, folder)
    spoil(book)
    nbformat.write(book, notebooks.target(source))
    assert [line for line in notebooks.check(folder) if problem in line]


def test_pictures_and_addresses_are_not_taken_for_paths(source: Path, folder: Path) -> None:
    book = written(source, folder)
    book.cells[-1].outputs = [
        nbformat.v4.new_output("display_data", data={"image/png": "iVBOR/tmp/abc", "text/plain": "https://site.org/home/ada"})
    ]
    nbformat.write(book, notebooks.target(source))
    assert notebooks.check(folder) == []


def test_missing_and_orphaned_notebooks_are_noticed(source: Path, folder: Path) -> None:
    assert notebooks.check(folder) == ["01_lecture: there is no notebook: make notebooks NAMES=01_lecture"]
    written(source, folder)
    source.rename(source.with_name("02_lecture.py"))
    assert "01_lecture: there is no notebooks/source/01_lecture.py to build it from" in notebooks.check(folder)


def test_a_readers_own_notebooks_are_no_orphans(source: Path, folder: Path) -> None:
    """Copies of a lecture as JupyterLab saves them, a notebook of their own, one that is damaged."""
    book = written(source, folder)
    for name in ("01 my copy", "01_lecture-Copy1", "hw1_mine", "02_mine"):
        nbformat.write(book, folder / "notebooks" / f"{name}.ipynb")
    nbformat.write(nbformat.v4.new_notebook(), folder / "notebooks" / "03_mine.ipynb")
    (folder / "notebooks" / "04_mine.ipynb").write_text("{")
    assert notebooks.check(folder) == []


def test_the_hash_is_of_the_code_alone(source: Path) -> None:
    before = notebooks.code_hash(notebooks.read(source))
    edit(source, "It adds.", "It sums.")
    assert notebooks.code_hash(notebooks.read(source)) == before
    edit(source, "1 + 1", "1 + 1  # two")
    assert notebooks.code_hash(notebooks.read(source)) != before


def test_names_of_notebooks(folder: Path, source: Path) -> None:
    for name in ("1", "01", "01_lecture", "notebooks/01_lecture.ipynb", str(source)):
        assert notebooks.find(name, folder) == source
    with pytest.raises(ValueError, match="did you mean '01_lecture'"):
        notebooks.find("01_lectrue", folder)


# nbval


def makefile_flags() -> list[str]:
    """What `make test` gives pytest."""
    (flags,) = re.findall(r"^PYTEST = (.*)$", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)
    return flags.split()


def planted(code: str, output: str) -> nbformat.NotebookNode:
    cell = nbformat.v4.new_code_cell(
        code,
        execution_count=1,
        metadata={"tags": ["nbval-check-output"]},
        outputs=[nbformat.v4.new_output("stream", name="stdout", text=output)],
    )
    return nbformat.v4.new_notebook(cells=[cell], metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})


def test_nbval_sees_a_wrong_output_and_an_exception(tmp_path: Path) -> None:
    nbformat.write(planted("import sys\nprint(6 * 7, sys.prefix)", f"42 {sys.prefix}\n"), tmp_path / "right.ipynb")
    nbformat.write(planted("print(6 * 7)", "41\n"), tmp_path / "wrong.ipynb")
    nbformat.write(planted("print(42)\nraise ValueError('planted')", "42\n"), tmp_path / "raises.ipynb")
    # A kernel of the same name that somebody registered for all their projects must not be used.
    stray = tmp_path / "home" / "kernels" / "python3"
    stray.mkdir(parents=True)
    (stray / "kernel.json").write_text('{"argv": ["/nowhere/python"], "display_name": "stray", "language": "python"}')
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *makefile_flags(), "-n", "0", "-rA", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env=os.environ | {"JUPYTER_DATA_DIR": str(tmp_path / "home")},
        capture_output=True,
        text=True,
        timeout=300,
    )
    outcome = {name: word for word, name in re.findall(r"^(PASSED|FAILED) (\w+)\.ipynb::", done.stdout, re.MULTILINE)}
    assert outcome == {"right": "PASSED", "wrong": "FAILED", "raises": "FAILED"}, done.stdout
    assert done.returncode == 1
    assert "2 failed, 1 passed" in done.stdout.splitlines()[-1]


@pytest.mark.parametrize("where", [(), (".",)], ids=["as make test", "of the whole folder"])
def test_of_notebooks_only_lectures_are_tests(tmp_path: Path, where: tuple[str, ...]) -> None:
    """In a checkout with a homework, its answers, copies beside the lectures and in mine/."""
    for name in ("pyproject.toml", "notebooks/conftest.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    (tmp_path / "tests").mkdir()
    (tmp_path / "notebooks" / "source").mkdir()
    (tmp_path / "notebooks" / "source" / "01_lecture.py").touch()
    names = [f"notebooks/{name}" for name in ("01_lecture", "01 my copy", "01_lecture-Copy1", "my_hw1", "hw1_game")]
    for name in [*names, "mine/01_lecture", "mine/deep/my_hw1", "solutions/hw1_game"]:
        (tmp_path / name).parent.mkdir(exist_ok=True, parents=True)
        nbformat.write(planted("print(42)", "42\n"), tmp_path / f"{name}.ipynb")
    command = [sys.executable, "-m", "pytest", *makefile_flags(), "-n", "0", "--collect-only", "-q", "-p", "no:cacheprovider"]
    done = subprocess.run([*command, *where], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert re.findall(r"^(.+\.ipynb)::", done.stdout, re.MULTILINE) == ["notebooks/01_lecture.ipynb"], done.stdout + done.stderr


# Edits by hand


def test_a_notebook_edited_by_hand_is_kept_before_it_is_made_again(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    source = folder / "notebooks" / "source" / "01_lecture.py"
    monkeypatch.setenv("GANCOURSE_DATA", str(folder / "data"))
    notebooks.build(source, scale="ci")
    book = nbformat.read(notebooks.target(source), as_version=4)
    book.cells[-1].outputs = []  # running a lecture is no edit
    nbformat.write(book, notebooks.target(source))
    notebooks.build(source, scale="ci")
    assert not (folder / "data" / "cache").exists()
    book.cells[0].source += "\n\nA sentence of a teacher."
    nbformat.write(book, notebooks.target(source))
    notebooks.build(source, scale="ci")
    (kept,) = (folder / "data" / "cache" / "edited").glob("01_lecture-*.ipynb")
    assert "A sentence of a teacher." in kept.read_text(encoding="utf-8") and str(kept) in capsys.readouterr().out
    assert "A sentence of a teacher." not in notebooks.target(source).read_text(encoding="utf-8")


DAMAGE = {
    "nothing": b"",
    "half": b'{"cells": [{"cell_ty',
    "cut in a letter": '{"cells": "\u00e9'.encode()[:-1],
    "a list": b"[]",
    "no cells": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}}',
    "cells that are none": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [3]}',
    "another format": b'{"nbformat": 99, "metadata": {}, "cells": []}',
    "a conflict": b"<<<<<<< HEAD\n{}\n=======\n{}\n>>>>>>> theirs\n",
    "our mark is a text": b'{"nbformat": 4, "nbformat_minor": 5, "metadata": {"gancourse": "x"}, "cells": []}',
}


@pytest.mark.parametrize("content", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_notebook_is_named_and_made_anew(content: bytes, source: Path, folder: Path, monkeypatch, capsys) -> None:
    path = notebooks.target(source)
    path.write_bytes(content)
    assert notebooks.check(folder) == ["01_lecture: it is damaged: make notebooks NAMES=01_lecture"]
    monkeypatch.setattr(notebooks, "execute", lambda book, **options: book)
    assert notebooks.build_all(folder=folder) == []
    assert notebooks.load(path) is not None and "01_lecture.ipynb is damaged" in capsys.readouterr().out
    (kept,) = (folder / "data" / "cache" / "edited").iterdir()
    assert kept.read_bytes() == content


def test_hidden_files_are_passed_over_and_a_damaged_source_is_named(source: Path, folder: Path) -> None:
    written(source, folder)
    (folder / "notebooks" / ".01_lecture.ipynb.k1x.ipynb").write_text("{")
    source.with_name("._01_lecture.py").write_bytes(b"\x00\xff")
    assert notebooks.sources(folder) == [source] and notebooks.check(folder) == []
    source.write_bytes(b"# %%\n\xff")
    with pytest.raises(notebooks.NotebookError, match=r"01_lecture\.py is damaged"):
        notebooks.build(source)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends a process that is sent SIGINT")
def test_ctrl_c_in_a_lecture_is_no_dead_kernel(source: Path) -> None:
    press = "import os\nimport signal\nimport time\n\nos.kill(os.getppid(), signal.SIGINT)\ntime.sleep(60)"
    edit(source, "IntSlider(value=3)", press)
    code = "import sys, pathlib\nfrom gancourse.classroom import notebooks\nnotebooks.build(pathlib.Path(sys.argv[1]))"
    done = subprocess.run(
        [sys.executable, "-c", code, source], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.stderr.strip().endswith("KeyboardInterrupt") and "kernel died" not in done.stderr


def test_lectures_link_to_their_neighbours(folder: Path) -> None:
    source = folder / "notebooks" / "source" / "01_lecture.py"
    for name in ("00_before", "02_after"):
        source.with_name(f"{name}.py").write_text(source.read_text(encoding="utf-8"), encoding="utf-8")
    line = notebooks.read(source).cells[1].source
    assert "[previous: 00 before](00_before.ipynb)" in line and "[next: 02 after](02_after.ipynb)" in line
    assert "[all claims](../CLAIMS.md)" in line
    assert "previous" not in notebooks.read(source.with_name("00_before.py")).cells[1].source


def test_what_is_transparent_is_stored_on_white():
    from PIL import Image, ImageDraw

    drawn = Image.new("RGBA", (200, 100), (0, 0, 0, 0))
    ImageDraw.Draw(drawn).ellipse((20, 20, 180, 80), fill=(200, 30, 30, 255))
    shades = [Image.effect_noise((200, 100), 60) for _ in range(3)]  # many colours: few of them save bytes
    noisy = Image.merge("RGBA", [*shades, drawn.getchannel("A")])
    raw = io.BytesIO()
    noisy.save(raw, "PNG")
    stored = base64.b64encode(raw.getvalue()).decode()
    output = nbformat.v4.new_output("display_data", {"image/png": stored})
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1", outputs=[output])])
    notebooks._lighten(book)
    (shown,) = book.cells[0].outputs
    assert shown["data"]["image/png"] != stored
    kept = Image.open(io.BytesIO(base64.b64decode(shown["data"]["image/png"]))).convert("RGB")
    assert min(kept.getpixel((0, 0))) > 240 and min(kept.getpixel((199, 99))) > 240

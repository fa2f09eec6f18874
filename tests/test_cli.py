"""The command ``gancourse`` itself: its grammar, its errors, and what holds for all commands."""
# ruff: noqa: F811  (fixtures are imported by the names by which tests ask for them)

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from gancourse import __version__, zoo
from gancourse.classroom import cli, pages
from tests.command_line import checkout, folders, full_disk, no_work, recipes, run, sets, store_row  # noqa: F401  (the fixtures are used by name)


def test_help_and_version(capsys):
    status, out, _ = run(capsys)
    assert status == 0
    for name in ("lab", "run", "train", "sample", "data", "doctor", "notebooks", "claims", "version"):
        assert f"    {name}" in out
    assert run(capsys, "version") == (0, f"gancourse {__version__}\n", "")
    with pytest.raises(SystemExit) as stop:
        run(capsys, "--version")
    assert stop.value.code == 0


@pytest.mark.parametrize("line", ["nonsense", "sample x --n 0", "sample x --n -3", "run 4 --scale big", "data burn"])
def test_a_bad_command_line_is_refused(capsys, line):
    with pytest.raises(SystemExit) as stop:
        run(capsys, *line.split())
    assert stop.value.code == 2


def test_the_command_line_imports_nothing_heavy():
    code = "import sys, gancourse.classroom.cli as c; c.parser().format_help(); "
    code += "sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(cli.__file__).parents[2], check=False).returncode == 0


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (ValueError("choose another"), "gancourse: choose another\n"),
        (ModuleNotFoundError("No module named 'torch'"), "gancourse doctor"),
        (FileNotFoundError(2, "No such file", "there.txt"), "no file there.txt"),
        (KeyError("x"), "KeyError: 'x' (GANCOURSE_DEBUG=1 shows where)"),
        (ZeroDivisionError(), "ZeroDivisionError"),
    ],
)
def test_errors_are_one_sentence(capsys, monkeypatch, error, says):
    def fail(_):
        raise error

    monkeypatch.setattr(cli, "_version", fail)
    status, out, err = run(capsys, "version")
    assert (status, out) == (2, "")
    assert says in err and err.count("\n") == 1 and "Traceback" not in err
    monkeypatch.setenv("GANCOURSE_DEBUG", "1")
    with pytest.raises(type(error)):
        cli.main(["version"])


def test_ctrl_c_is_no_traceback(capsys, monkeypatch):
    def interrupt(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_version", interrupt)
    assert run(capsys, "version") == (130, "", "gancourse: stopped\n")


@pytest.mark.parametrize("where", ["file/output", "folder"])
@pytest.mark.parametrize(
    "command", ["train faces32 --output", "train faces32 --checkpoint", "sample x --output", "run 4 --output", "claims --output"]
)
def test_an_output_that_cannot_be_written_is_noticed_before_the_work(capsys, no_work, checkout, tmp_path, command, where):
    (tmp_path / "file").write_text("in the way")
    for name in ("folder", "folder.safetensors"):
        (tmp_path / name).mkdir()
    status, out, err = run(capsys, *command.split(), where)
    assert (status, out) == (2, "") and str(Path(where)) in err
    assert ("is a folder" if where == "folder" else "cannot be written") in err


def test_a_card_in_the_way_and_a_cache_that_cannot_be_written_are_noticed_too(capsys, no_work, sets, tmp_path, monkeypatch):
    (tmp_path / "o.json").mkdir()
    status, _, err = run(capsys, "train", "faces32", "--output", "o")
    assert status == 2 and "o.json is a folder" in err
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path / "file"))
    status, _, err = run(capsys, "data", "build", "faces")
    assert status == 2 and "cannot be written" in err and sets == []


def test_on_a_full_disk_the_result_is_kept_elsewhere(capsys, recipes, checkout, monkeypatch, tmp_path, full_disk):
    store_row(checkout, "02_minimax", "C03", 1)
    monkeypatch.setattr(
        pages, "run", lambda name, folder, report: Path(shutil.copy(checkout / "pyproject.toml", folder / "04.html"))
    )
    for command, name in (
        ("train faces32", "faces32.safetensors"),
        ("run 4", "04_dcgan.html"),
        ("claims --from-notebooks", "CLAIMS.md"),
    ):
        capsys.readouterr()
        status, out, err = run(capsys, *command.split())
        (kept,) = full_disk.glob(f"*/{name}")
        assert (status, out) == (2, "") and "No space left" in err and f"is kept as {kept}" in err
        assert kept.stat().st_size and not (tmp_path / name).exists()
    assert zoo.card(next(full_disk.glob("*/faces32.safetensors")))["title"] == "faces"


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("data list faces", "faces"),
        ("data list --n 3", "--n"),
        ("data list --all", "--all"),
        ("data build faces --all", "--all"),
        ("data clear --n 3", "--n"),
        ("data clear faces --all", "--all"),
        ("train --steps 5", "--steps"),
        ("train --seed 0", "--seed"),
        ("train --force", "--force"),
        ("sample --n 4", "--n"),
        ("sample --output x.png", "--output"),
        ("experiment --seeds 0", "--seeds"),
        ("experiment --jobs 2", "--jobs"),
        ("experiment stacked_digits --verify --jobs 2", "--jobs"),
        ("notebooks --check --force", "--force"),
        ("claims --check 02", "02"),
        ("claims --check --from-notebooks", "--from-notebooks"),
        ("claims --check --scale ci", "--scale"),
        ("claims --from-notebooks 02", "02"),
        ("claims --from-notebooks --scale cpu", "--scale"),
    ],
)
def test_what_a_command_does_not_use_is_refused(capsys, checkout, recipes, line, named):
    status, out, err = run(capsys, *line.split())
    assert (status, out) == (2, "") and f"does not use {named}: leave it out" in err


def test_every_command_with_arguments_has_an_example_that_its_grammar_takes():
    commands = cli.parser()._subparsers._group_actions[0].choices
    alone = {"doctor", "version"}
    assert set(cli.EXAMPLES) == set(commands) - alone
    for name, text in cli.EXAMPLES.items():
        for line in text.splitlines():
            words = line.split()
            assert words[:2] == ["gancourse", name]
            cli.parser().parse_args(words[1:])
        assert "for example" in commands[name].format_help()

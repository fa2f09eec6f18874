"""How the course is opened in JupyterLab."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import pytest

from gancourse.classroom import lab, notebooks
from gancourse.classroom.homework import build as homework


def test_the_command_that_opens_the_course(monkeypatch: pytest.MonkeyPatch) -> None:
    command = lab.command_line(browser=False, arguments=["--port=9999"])
    assert command[:3] == [sys.executable, "-m", "jupyterlab"]
    assert "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb" in command
    assert command[-1] == "--port=9999"
    assert "--no-browser" in command
    assert "--no-browser" not in lab.command_line(browser=True)
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    assert "--allow-root" not in lab.command_line(browser=True)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert "--allow-root" in lab.command_line(browser=True)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="asks about Linux's displays")
def test_a_machine_without_a_display_has_no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    assert not lab.has_browser()


def test_the_lab_leaves_out_the_panels_of_nbgrader(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("nbgrader")
    from jupyter_core.paths import jupyter_config_path, jupyter_path
    from jupyter_server.extension.config import ExtensionConfigManager
    from jupyterlab_server.config import get_page_config

    started: list[dict[str, str]] = []
    monkeypatch.setattr(os, "execve", lambda path, command, environment: started.append(environment))
    monkeypatch.setattr(lab.subprocess, "call", lambda command, env: started.append(env))
    lab.serve(browser=True)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", started[0]["JUPYTER_CONFIG_PATH"])
    enabled = ExtensionConfigManager(read_config_path=jupyter_config_path()).get_jpserver_extensions()
    assert enabled.pop("jupyterlab", True)
    assert [name for name, on in enabled.items() if on and name.startswith("nbgrader")] == []
    page = get_page_config([os.path.join(folder, "labextensions") for folder in jupyter_path()])
    assert "@jupyter/nbgrader" in page["disabledExtensions"]


def test_the_lab_has_the_presenting_mode_and_its_key_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_core.paths import jupyter_path
    from jupyterlab.commands import get_app_dir
    from jupyterlab_server.config import get_federated_extensions

    monkeypatch.setenv("JUPYTER_PATH", lab.environment()["JUPYTER_PATH"])
    found = get_federated_extensions([os.path.join(folder, "labextensions") for folder in jupyter_path()])["gancourse-presenting"]
    script = Path(found["ext_path"]) / found["jupyterlab"]["_build"]["load"]
    assert "extension" in found["jupyterlab"]["_build"]
    key = re.search(r'KEY = "(\w+)"', script.read_text(encoding="utf-8"))
    assert key is not None and key[1] == "F8"
    schemas = list((Path(get_app_dir()) / "schemas").rglob("*.json"))
    assert schemas and not [path for path in schemas if re.search(r'"(\w+ )*F8"', path.read_text(encoding="utf-8"))]


def test_what_the_user_has_set_stays_behind_the_courses_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_PATH", "mine")
    monkeypatch.delenv("JUPYTER_CONFIG_PATH", raising=False)
    started = lab.environment()
    assert started["JUPYTER_PATH"] == os.pathsep.join([started["JUPYTER_CONFIG_PATH"], "mine"])


def test_the_labs_terminal_finds_the_command_and_nobody_is_asked_about_news(monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyterlab_server.config import get_page_config

    started: list[dict[str, str]] = []
    monkeypatch.setattr(os, "execve", lambda path, command, environment: started.append(environment))
    monkeypatch.setattr(lab.subprocess, "call", lambda command, env: started.append(env))
    lab.serve(browser=True)
    assert started[0]["PATH"].split(os.pathsep)[0] == os.path.dirname(sys.executable)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", started[0]["JUPYTER_CONFIG_PATH"])
    disabled = get_page_config([])["disabledExtensions"]
    assert "@jupyterlab/apputils-extension:announcements" in disabled


def test_a_copy_of_a_homework_is_not_opened_in_its_place(tmp_path, monkeypatch):
    for name in ("notebooks/hw1_game.ipynb", "notebooks/hw1_mine.ipynb", "solutions/source/hw1_game.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    monkeypatch.setattr(notebooks, "root", lambda: tmp_path)
    assert lab.opened("hw1") == tmp_path / "notebooks" / "hw1_game.ipynb"


def test_what_is_named_by_its_path_is_opened_and_nothing_else(tmp_path, monkeypatch):
    course = tmp_path / "course"
    for name in ("notebooks/hw1_game.ipynb", "solutions/source/hw1_game.py", "notebooks/07_d.ipynb", "notebooks/source/07_d.py"):
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        (course / name).touch()
    for name in ("mine/hw1.ipynb", "mine/07.ipynb", "../7.ipynb"):
        (course / name).parent.mkdir(parents=True, exist_ok=True)
        (course / name).touch()
    monkeypatch.setattr(notebooks, "root", lambda: course)
    monkeypatch.chdir(course)
    for name in ("mine/hw1.ipynb", "mine/07.ipynb", str(course / "mine" / "hw1.ipynb"), "notebooks/07_d.ipynb"):
        assert lab.opened(name) == (course / name).resolve()
        assert "/lab/tree/mine/" in lab.command_line(name)[4] or name.startswith("notebooks")
    with pytest.raises(ValueError, match=r"7\.ipynb lies outside .*: copy it to its folder mine"):
        lab.opened("../7.ipynb")
    (course / "linked").symlink_to(tmp_path / "far", target_is_directory=True)
    (tmp_path / "far").mkdir()
    (tmp_path / "far" / "hw1.ipynb").touch()
    assert lab.opened("linked/hw1.ipynb") == course / "linked" / "hw1.ipynb"
    assert lab.command_line("linked/hw1.ipynb")[4].endswith("/lab/tree/linked/hw1.ipynb")
    for name in ("mine/hw1.ipynb", "mine/hw1.py", "elsewhere/hw1"):
        with pytest.raises(ValueError, match=f"{name} is not notebooks/hw1_game.ipynb, which has such a name: write hw1_game"):
            homework.find(name)
    for name in ("mine/07.ipynb", "../7.ipynb"):
        with pytest.raises(ValueError, match=f"{name} is not notebooks/07_d.ipynb"):
            notebooks.find(name)
    for name in ("7", "07_d", "07_d.ipynb", "notebooks/07_d.ipynb", "notebooks/source/07_d.py"):
        assert notebooks.find(name).name == "07_d.py"
    for name in (
        "1",
        "hw1",
        "hw1_game.ipynb",
        "notebooks/hw1_game.ipynb",
        "solutions/hw1_game.ipynb",
        "solutions/source/hw1_game.py",
    ):
        assert homework.find(name).name == "hw1_game.py"
    monkeypatch.chdir(course / "mine")
    with pytest.raises(ValueError, match=r"07\.ipynb is not notebooks/07_d\.ipynb"):
        notebooks.find("07.ipynb")


def test_a_homework_opens_by_its_number_or_name():
    assert lab.opened("hw1").name == "hw1_two_player_game.ipynb"
    assert lab.opened("hw2_dcgan.ipynb").name == "hw2_dcgan.ipynb"
    assert lab.opened("7").name == "07_dynamics.ipynb"
    with pytest.raises(ValueError, match="unknown homework 'hw12'"):
        lab.opened("hw12")

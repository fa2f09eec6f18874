"""Open the course in JupyterLab."""

from __future__ import annotations

import os
import subprocess
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from gancourse.classroom import notebooks
from gancourse.classroom.homework import build as homework

FIRST = "00_start_here"


def has_browser() -> bool:
    """Whether this machine can open a page in a browser with windows."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False  # what webbrowser finds then runs in the terminal that the server writes to
    try:
        webbrowser.get()
    except webbrowser.Error:
        return False
    return True


def opened(name: str) -> Path:
    """The notebook that ``name`` means: a lecture (07), a homework (hw1), or any by its path (mine/hw1.ipynb).

    ValueError where there is none, or where it lies outside the folder that JupyterLab serves.
    """
    path = Path(name)
    if path.suffix == ".ipynb" and path.is_file():
        return notebooks.root() / _inside(path)
    if not Path(name).stem.startswith("hw"):
        return notebooks.target(notebooks.find(name))
    return homework.student_path(homework.find(name))


def _inside(path: Path) -> Path:
    """``path`` as it is called in the folder that JupyterLab serves, where a link may lead to a folder elsewhere."""
    root = notebooks.root()
    for place, served in ((path.resolve(), root.resolve()), (Path(os.path.abspath(path)), Path(os.path.abspath(root)))):
        if place.is_relative_to(served):
            return place.relative_to(served)
    raise ValueError(f"{path} lies outside {root}, which is what JupyterLab is to show: copy it to its folder mine")


def command_line(name: str = FIRST, *, browser: bool | None = None, arguments: Sequence[str] = ()) -> list[str]:
    """The command that serves the checkout in JupyterLab, opened at a lecture; ``browser=None`` finds out whether to open one."""
    path = _inside(opened(name)).as_posix()
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={notebooks.root()}",
        f"--LabApp.default_url=/lab/tree/{path}",
    ]
    command.append("--log-level=WARN")  # leaves the address
    if not (has_browser() if browser is None else browser):
        command.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container everybody is root
    return [*command, *arguments]


def environment() -> dict[str, str]:
    """The variables that JupyterLab is started with: this environment's kernel, and the course's configuration and extension."""
    ours = str(Path(__file__).parent / "_lab")
    # The folder turns off nbgrader's panels, which take seconds to load, and the announcements (a question about Jupyter's news,
    # and a look for updates): the course asks nothing of the network.  Its labextensions hold the presenting mode.
    first = {"JUPYTER_CONFIG_PATH": ours, "JUPYTER_PATH": ours}
    first["PATH"] = os.path.dirname(sys.executable)  # so that Lab's own terminal finds the command gancourse, as the lectures say
    joined = {name: os.pathsep.join(filter(None, [value, os.environ.get(name, "")])) for name, value in first.items()}
    return os.environ | joined | {"JUPYTER_PREFER_ENV_PATH": "1"}  # not a user's kernel of the same name


def serve(name: str = FIRST, *, browser: bool | None = None, arguments: Sequence[str] = ()) -> int:
    """Open a lecture in JupyterLab and serve it until Ctrl-C; the address is printed where there is no browser."""
    command = command_line(name, browser=browser, arguments=arguments)
    if "--no-browser" in command:
        print("No browser here: open one of the addresses below yourself. If this is a remote machine, log in to it with")
        print("ssh -L 8888:localhost:8888 HOST first (with the number that the address shows).", flush=True)
    started = environment()
    if os.name == "posix":
        os.execve(command[0], command, started)  # one process, so that Ctrl-C reaches the server alone
    return subprocess.call(command, env=started)

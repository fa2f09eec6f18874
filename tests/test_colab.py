"""The set-up cell as Google Colab runs it: in an environment that has PyTorch and lacks the course's package."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import subprocess
import sys
import sysconfig
import textwrap
import venv
import zipfile
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest

from gancourse.base.files import checkout
from gancourse.classroom import colab

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Colab is Linux, and the test builds a folder of symbolic links")
pytest.importorskip("hatchling", reason="the wheel is built offline, with the build backend of this environment")

ROOT = Path(__file__).resolve().parent.parent
SITE = Path(sysconfig.get_path("purelib"))
PROBE = "dicebear-core"  # a dependency that Colab does not have


def distribution_name(entry: Path) -> str:
    return re.split(r"-\d", entry.name)[0].removesuffix(".py").lower().replace("_", "-")


@dataclass
class Machine:
    """An interpreter with Colab's stub, and the shelf from which its pip installs."""

    python: Path
    site: Path
    shelf: Path

    def run(self, *cells: str, colab: bool = True) -> dict[str, object]:
        """Run cells in a fresh interpreter; what the last one left in ``seen`` comes back."""
        start = "import google.colab" if colab else ""  # Colab's kernel imports it at its start
        code = "\n".join([start, *cells, "import json; print(json.dumps(seen))"])
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))}
        environment |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.shelf), "PIP_CONFIG_FILE": os.devnull}
        done = subprocess.run(
            [self.python, "-c", code], cwd=self.shelf, env=environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])


SEE = """
import sys
import time
from importlib import metadata

before = sorted(sys.modules)
began = time.perf_counter()
exec(compile(cell, "cell", "exec"))
seconds = time.perf_counter() - began
import gancourse
from gancourse.base import files

seen = {
    "package": gancourse.__file__,
    "weights": files.shipped("checkpoints", "probe.safetensors").read_text(),
    "torch": metadata.version("torch"),
    "ran_pip": "subprocess" in sys.modules and called,
}
"""
COUNT = """
import subprocess

called, call = [], subprocess.run
subprocess.run = lambda command, **options: called.append(command) or call(command, **options)
"""


def fake_wheel(folder: Path, name: str, version: str) -> None:
    """A wheel with a module of that name and nothing in it."""
    module, info = name.replace("-", "_"), f"{name.replace('-', '_')}-{version}.dist-info"
    files = {
        f"{module}_fake.py": "",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }

    def line(path: str, text: str) -> str:
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        return f"{path},sha256={digest},{len(text)}\n"

    record = "".join(line(path, text) for path, text in files.items()) + f"{info}/RECORD,,\n"
    with zipfile.ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as archive:
        for path, text in (files | {f"{info}/RECORD": record}).items():
            archive.writestr(path, text)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course's wheel, built from a copy of the checkout with a file that ships and one that stays."""
    copy, out = tmp_path_factory.mktemp("copy"), tmp_path_factory.mktemp("wheel")
    for entry in ROOT.iterdir():
        if entry.name not in ("data", ".git", ".venv"):
            (copy / entry.name).symlink_to(entry)
    for place in ("checkpoints/probe.safetensors", "cache/probe.npz"):
        (copy / "data" / place).parent.mkdir(parents=True)
        (copy / "data" / place).write_text(place)
    build(copy, out)
    (found,) = out.glob("*.whl")
    return found


def build(folder: Path, out: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", out, folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Machine:
    """A new environment with the packages of this one, as links, but without gancourse and the drawing package."""
    folder, shelf = tmp_path_factory.mktemp("colab"), tmp_path_factory.mktemp("shelf")
    venv.create(folder / "venv", with_pip=False, symlinks=True)
    (site,) = (folder / "venv" / "lib").glob("python3.*/site-packages")
    links = folder / "packages"
    links.mkdir()
    for entry in SITE.iterdir():
        left_out = ("gancourse", "-editable-impl-gancourse", "dicebear", PROBE)
        if entry.suffix != ".pth" and distribution_name(entry) not in left_out:
            (links / entry.name).symlink_to(entry)
    (site / "colab.pth").write_text(f"{links}\n")
    stub = site / "google" / "colab"
    stub.mkdir(parents=True)
    (stub / "__init__.py").write_text("")
    fake_wheel(shelf, PROBE, metadata.version(PROBE))
    return Machine(folder / "venv" / "bin" / "python", site, shelf)


def test_the_cell_installs_what_is_missing_and_nothing_else(machine: Machine, wheel: Path) -> None:
    cell = colab.cell(str(wheel))
    assert str(wheel) in cell
    given = f"cell = {cell!r}"
    torch_files = {path: path.stat().st_mtime_ns for path in (SITE / "torch").glob("*.py")}
    added = {entry.name for entry in machine.site.iterdir()}

    seen = machine.run(given, COUNT, SEE)
    assert Path(seen["package"]).parent == machine.site / "gancourse"
    assert seen["weights"] == "checkpoints/probe.safetensors"
    assert len(seen["ran_pip"]) == 1
    assert seen["torch"] == metadata.version("torch")
    added = {distribution_name(entry) for entry in machine.site.iterdir() if entry.name not in added}
    assert added <= {"gancourse", "dicebear-core-fake", PROBE, "--pycache--"}, "something else was installed"
    assert {"gancourse", PROBE} <= added
    assert {path: path.stat().st_mtime_ns for path in (SITE / "torch").glob("*.py")} == torch_files

    again = machine.run(given, COUNT, SEE)
    assert again == seen | {"ran_pip": []}, "where the package is there, the cell must do nothing"


def test_the_cell_does_nothing_outside_colab(machine: Machine) -> None:
    cell = colab.cell("/nowhere/gancourse.whl")
    look = """
    called, call = [], subprocess.run
    subprocess.run = lambda command, **options: called.append(command)
    exec(compile(cell, "cell", "exec"))
    seen = {"called": called, "torch": "torch" in sys.modules}
    """
    seen = machine.run(f"import subprocess, sys\ncell = {cell!r}", textwrap.dedent(look), colab=False)
    assert seen == {"called": [], "torch": False}


def test_the_wheel_holds_the_package_and_what_ships(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    scripts = [*(ROOT / "gancourse").rglob("*.py"), *(ROOT / "gancourse").rglob("*.js")]
    modules = {path.relative_to(ROOT).as_posix() for path in scripts}
    assert "gancourse/classroom/widgets/playground.js" in modules
    assert modules <= names
    shipped = {name for name in names if name.startswith("gancourse/_shipped/")}
    assert shipped == {"gancourse/_shipped/checkpoints/probe.safetensors"}
    outside = {name for name in names if not name.startswith(("gancourse/", "gancourse-"))}
    assert not outside, "tests, notebooks and the cache stay in the checkout"


def test_a_wheel_without_shipped_files_can_be_built(tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    folder.mkdir()
    for name in ("gancourse", "pyproject.toml", "README.md", "LICENSE", "LICENSE-text"):
        (folder / name).symlink_to(ROOT / name)
    build(folder, tmp_path / "out")
    assert list((tmp_path / "out").glob("gancourse-*.whl"))


def test_the_checkout_is_where_the_other_tests_look() -> None:
    assert checkout() == ROOT

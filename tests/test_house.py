"""The house: few rooms, imports downward only, no circles, no function that hides a module of its name, no file too long."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import sys
import types
from pathlib import Path

import pytest

import gancourse

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "gancourse"
ROOMS = 14
LONGEST = 450  # lines of a file; the checks of a homework may be longer
FROM = {  # modules tested by files with another name, and why
    **{f"classroom/homework/hw{n}.py": f"homework/hw{n}_answers.py" for n in range(1, 9)},  # its right and wrong answers
}
TOO_LONG = {f"classroom/homework/hw{n}.py" for n in range(1, 9)}


def rooms() -> list[str]:
    found = [path.stem if path.suffix == ".py" else path.name for path in PACKAGE.iterdir() if path.name != "py.typed"]
    return sorted(name for name in found if not name.startswith("_"))


def its_tests(module: Path) -> str:
    """The file of a module's tests: test_ROOM_MODULE.py; the classroom's rooms (claims, widgets, grading) drop its name."""
    parts = [part.strip("_") for part in module.with_suffix("").parts if part != "classroom"]
    if "grading" in parts:
        parts.remove("homework")
    return f"test_{'_'.join(parts)}.py"


def lint(config: Path, folder: Path) -> bool:
    """Whether the contracts of ``config`` are kept by the package that stands in ``folder``."""
    from importlinter.cli import lint_imports

    sys.path.insert(0, str(folder))
    try:
        return lint_imports(config_filename=str(config), no_cache=True) == 0
    finally:
        sys.path.remove(str(folder))


def test_few_rooms() -> None:
    assert len(rooms()) <= ROOMS, rooms()


def test_imports_run_downward_and_never_in_a_circle(capsys) -> None:
    assert lint(ROOT / "pyproject.toml", ROOT), capsys.readouterr().out


@pytest.mark.parametrize(("file", "line"), [("low", "from planted import high"), ("high", "")])
def test_the_linter_sees_an_import_upward(tmp_path, capsys, monkeypatch, file, line) -> None:
    package = tmp_path / "planted"
    package.mkdir()
    for name in ("__init__", "low", "high"):
        (package / f"{name}.py").write_text(line if name == file else "", encoding="utf-8")
    config = tmp_path / "pyproject.toml"
    contract = 'name = "down"\ntype = "layers"\nlayers = ["planted.high", "planted.low"]\n'
    head = '[tool.importlinter]\nroot_package = "planted"\n[[tool.importlinter.contracts]]\n'
    config.write_text(head + contract, encoding="utf-8")
    monkeypatch.delitem(sys.modules, "planted", raising=False)
    assert lint(config, tmp_path) == (not line)


def test_no_function_hides_a_module_of_its_name() -> None:
    hidden = []
    for found in pkgutil.walk_packages(gancourse.__path__, "gancourse."):
        if found.name.endswith("__main__"):
            continue
        importlib.import_module(found.name)
        room, _, name = found.name.rpartition(".")
        if not isinstance(getattr(sys.modules[room], name), types.ModuleType):
            hidden.append(found.name)
    assert hidden == []


def test_no_file_is_too_long() -> None:
    long = {
        path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if path.read_text("utf-8").count("\n") > LONGEST
    }
    assert long <= TOO_LONG


def test_every_module_has_its_test_file() -> None:
    modules = [path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py") if path.name != "__init__.py"]
    lacking = {}
    for module in modules:
        file = FROM.get(module.as_posix(), its_tests(module))
        if not (ROOT / "tests" / file).is_file():
            lacking[module.as_posix()] = file
    assert lacking == {}
    assert set(FROM) <= {module.as_posix() for module in modules}, "a reason for a module that is no more"


def test_layers_import_no_family() -> None:
    families = []
    for path in (PACKAGE / "models" / "layers").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            module = (node.module or "") if isinstance(node, ast.ImportFrom) else ""
            if module.startswith("gancourse.models") and not module.startswith("gancourse.models.layers"):
                families.append(f"{path.name}: {module}")
    assert families == []


def test_lectures_import_public_names_only() -> None:
    private = []
    for source in sorted([*ROOT.glob("notebooks/source/*.py"), *ROOT.glob("solutions/source/*.py")]):
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("gancourse"):
                named = [*node.module.split("."), *(alias.name for alias in node.names)]
                private += [f"{source.name}: {node.module}" for name in named if name.startswith("_")]
    assert private == []

"""``gancourse doctor``: what is installed, cached and reachable, and what to do about what is missing."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from gancourse import __version__
from gancourse.base import files
from gancourse.classroom import storage

_PIP = f"{sys.executable} -m pip install"  # the bare pip may be another Python's
Finding = tuple[str, list[str], list[str]]  # a title, lines of what was found, and what must be mended


def examine() -> int:
    """Print what was found; 1 if something that the course needs is missing, with what to do."""
    problems: list[str] = []
    for look in (_see_course, _see_python, _see_torch, _see_packages, _see_jupyter, _see_shipped, _see_data, _see_network):
        title, found, wrong = look()
        for i, line in enumerate(found):
            print(f"{title if i == 0 else '':<10} {line}")
        problems += wrong
    print()
    if problems:
        print("The course cannot run yet:")
        print("\n".join(f"- {problem}" for problem in problems))
        return 1
    print("The course can run.")
    return 0


def _see_course() -> Finding:
    root = files.checkout()
    package = Path(__file__).parents[1]
    where = f"the checkout {root}" if root else f"the installed package {package} (the notebooks need a checkout)"
    return "gancourse", [f"{__version__} from {where}"], []


def _see_python() -> Finding:
    import platform

    return "python", [f"{platform.python_version()} on {platform.system()} {platform.machine()}, {sys.executable}"], []


def _see_torch() -> Finding:
    try:
        import torch

        from gancourse import scale, training
    except (ImportError, OSError) as error:
        return "torch", [f"cannot be imported: {error}"], [f"PyTorch does not work here: {_install()}"]
    cuda = torch.cuda.is_available()
    bf16 = "yes" if training.supports_bf16("cuda" if cuda else "cpu") else "no"
    found = [
        f"{torch.__version__} on {torch.cuda.get_device_name() if cuda else 'CPU'}",
        f"{torch.get_num_threads()} threads on {os.cpu_count()} cores, bfloat16 in hardware: {bf16}",
    ]
    try:
        return "torch", [*found, f"scale {scale.name()} (GANCOURSE_SCALE chooses ci, cpu or gpu)"], []
    except ValueError as error:
        return "torch", found, [f"{error}: unset GANCOURSE_SCALE"]


def _install() -> str:
    """How to get the packages; by pip where ``make lab`` has been here before, which then installs nothing again."""
    return f"make lab in the checkout, or {_PIP} -e '.[dev]'" if files.checkout() else f"{_PIP} --upgrade gancourse"


# Where these have no wheel, everything works but the faces.
_OPTIONAL = {"dicebear-core", "dicebear-styles", "resvg-py"}


def _see_packages() -> Finding:
    """Packages that are missing or older than the oldest that will do are problems; what is newer than tested is told."""
    needed = list(_requirements())
    missing = [name for name, _, version in needed if version is None]
    there = [(name, version, wanted) for name, wanted, version in needed if version is not None]
    old = [each for each in there if _too_old(*each[1:])]
    other = [each for each in there if each not in old and not _fits(*each[1:])]
    required = [name for name in missing if name not in _OPTIONAL]
    below = [f"{name} {version}" for name, version, _ in old if name not in _OPTIONAL]
    lines = {
        "missing": required,
        "missing, so that no faces can be drawn": [name for name in missing if name in _OPTIONAL],
        "too old": [_told(*each) for each in old if each[0] not in _OPTIONAL],
        "too old, so that faces may be drawn otherwise": [_told(*each) for each in old if each[0] in _OPTIONAL],
        "other versions than tested": [_told(*each) for each in other],
    }
    found = [f"{len(there)} of {len(needed)} needed are there"]
    found += [f"{what}: {', '.join(names)}" for what, names in lines.items() if names]
    wrong = {"missing": required, "too old": below}
    return "packages", found, [f"packages are {how} ({', '.join(names)}): {_install()}" for how, names in wrong.items() if names]


def _told(name: str, version: str, wanted: str) -> str:
    return f"{name} {version} (wanted {wanted})"


def _requirements() -> Iterator[tuple[str, str, str | None]]:
    """Name, wanted versions and installed version of each package that the course needs here."""
    from importlib import metadata

    for line in _declared():
        match = re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*([^;]*)", line)
        assert match is not None, f"{line!r} is no requirement"
        name, wanted = match[1], match[2].strip()
        try:
            yield name, wanted, metadata.version(name)
        except metadata.PackageNotFoundError:
            yield name, wanted, None


def _declared() -> list[str]:
    """The requirements as pyproject.toml or the installed package states them; those of the lab where there are notebooks."""
    root = files.checkout()
    if root is not None:
        import tomllib

        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return [*project.get("dependencies", []), *project.get("optional-dependencies", {}).get("lab", [])]
    from importlib import metadata

    try:
        return [line for line in metadata.requires("gancourse") or [] if "extra ==" not in line]
    except metadata.PackageNotFoundError:
        return []


def _fits(version: str, wanted: str) -> bool:
    try:
        from packaging.specifiers import SpecifierSet
    except ImportError:
        return True
    return SpecifierSet(wanted).contains(version, prereleases=True)


def _too_old(version: str, wanted: str) -> bool:
    """Whether a version lies below the floor of what is wanted."""
    floors = [bound.strip() for bound in wanted.split(",") if bound.strip().startswith(">=")]
    return not all(_fits(version, floor) for floor in floors)


def _see_jupyter() -> Finding:
    try:
        from jupyter_client.kernelspec import KernelSpecManager

        kernels = sorted(KernelSpecManager().find_kernel_specs())
    except ImportError:
        kernels = []
    found = [f"kernels: {', '.join(kernels) or 'none'}"]
    if kernels or files.checkout() is None:
        return "jupyter", found, []
    return "jupyter", found, [f"Jupyter has no Python kernel: {_install()}"]


def _see_shipped() -> Finding:
    """Each network that ships has a card; lecture 00 draws with one of them."""
    names, cards = ({path.stem for path in files.shipped("checkpoints").glob(f"*{end}")} for end in (".safetensors", ".json"))
    found = [f"shipped: {', '.join(sorted(names)) or 'none'}"]
    lost = sorted(cards - names)
    if names and not lost:
        return "weights", found, []
    fix = "git checkout -- data/checkpoints" if files.checkout() else f"{_PIP} --force-reinstall --no-deps gancourse"
    return "weights", found, [f"the weights that ship are missing ({', '.join(lost) if names else 'all of them'}): {fix}"]


def _see_data() -> Finding:
    folder = files.data_dir()
    found = [str(folder), *(storage.summary() or ["nothing is built yet (gancourse data build)"])]
    above = next(path for path in (folder, *folder.parents) if path.exists())
    if os.access(above, os.W_OK):
        return "data", found, []
    return "data", found, [f"{folder} cannot be written: set GANCOURSE_DATA to a folder of your own"]


def _see_network() -> Finding:
    online = "online" if _online() else "offline"
    return "network", [f"{online} (the course does not need it; real photo sets are downloaded once)"], []


def _online(seconds: float = 1.5) -> bool:
    """Whether a well-known host answers; never longer than ``seconds``, though name look-ups have no time limit of their own."""
    import socket
    import threading

    answer: list[bool] = []

    def look() -> None:
        try:
            socket.create_connection(("pypi.org", 443), timeout=seconds).close()
        except OSError:
            return
        answer.append(True)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    thread.join(seconds)
    return bool(answer)

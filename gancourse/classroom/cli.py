"""The command ``gancourse``: open and run lectures, train and sample, look after data, notebooks and claims.

Errors are one sentence on stderr and exit status 2; GANCOURSE_DEBUG=1 shows the traceback.  Everything heavy is imported by
the command that needs it, so that ``gancourse --help`` answers at once.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from gancourse import __version__
from gancourse.base import files, streams

SCALES = ("ci", "cpu", "gpu")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (default: the process's) and return the exit status."""
    with streams.steady():
        return _run_command(argv)


def _run_command(argv: Sequence[str] | None) -> int:
    arguments = parser().parse_args(argv)
    try:
        return arguments.command(arguments) or 0
    except KeyboardInterrupt:
        print("gancourse: stopped", file=sys.stderr)
        return 130
    except Exception as error:
        if os.environ.get("GANCOURSE_DEBUG"):
            raise
        print(f"gancourse: {_sentence(error)}", file=sys.stderr)
        return 2


def _sentence(error: Exception) -> str:
    message = str(error).strip()
    if isinstance(error, ImportError):
        return f"{message}: see what is missing with gancourse doctor"
    if isinstance(error, FileNotFoundError) and error.filename:
        return f"there is no file {error.filename}"
    if isinstance(error, (ValueError, TypeError, OSError, RuntimeError)) and message:
        return message
    return f"{type(error).__name__}: {message} (GANCOURSE_DEBUG=1 shows where)"


def parser() -> argparse.ArgumentParser:
    """The command line's grammar."""
    top = argparse.ArgumentParser(prog="gancourse", description="A verified course on generative adversarial networks.")
    top.add_argument("--version", action="version", version=f"gancourse {__version__}")
    top.set_defaults(command=lambda _: top.print_help())
    commands = top.add_subparsers(title="commands", metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], int | None], help: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=f"{help[0].upper()}{help[1:]}.")
        sub.set_defaults(command=run)
        return sub

    lab = add("lab", _lab, "open the course in JupyterLab")
    lab.add_argument("notebook", nargs="?", metavar="NN", help="the lecture to open (default: where the course starts)")
    lab.add_argument("--no-browser", action="store_true", help="print the address instead of opening a browser")
    lab.add_argument("--port", type=_whole, help="the port to serve at (default: JupyterLab's)")

    run = add("run", _run, "execute a lecture and write it as HTML")
    run.add_argument("notebook", metavar="NN", help="the lecture: 4, 04 or 04_dcgan")
    run.add_argument("--scale", choices=SCALES, help="how large the experiments are (default: GANCOURSE_SCALE, else what fits)")
    run.add_argument("--output", type=Path, metavar="FILE.html", help="default: the lecture's name, in this folder")

    train = add("train", _train, "train a network by one of the course's recipes and save it with its model card")
    train.add_argument("recipe", nargs="?", help="the recipe's name; without one they are listed")
    train.add_argument("--steps", type=_whole, help="steps of training (default: the recipe's)")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--checkpoint", type=Path, metavar="FILE", help="keep the state here on the way, and resume from it")
    train.add_argument("--output", type=Path, metavar="FILE.safetensors", help="default: the recipe's name, in this folder")
    train.add_argument("--force", action="store_true", help="replace the output if it exists")

    sample = add("sample", _sample, "draw images from a checkpoint into one PNG")
    sample.add_argument("checkpoint", nargs="?", help="a shipped name or the path of a .safetensors; without one they are listed")
    sample.add_argument("--n", type=_whole, default=64, help="how many (default: 64)")
    sample.add_argument("--seed", type=int, default=0)
    sample.add_argument("--columns", type=_whole, help="images in a row")
    sample.add_argument("--output", type=Path, default=Path("grid.png"), metavar="FILE.png", help="default: grid.png")

    data = add("data", _data, "list, build or clear the data sets")
    data.add_argument("action", nargs="?", choices=("list", "build", "clear"), default="list")
    data.add_argument("names", nargs="*", metavar="NAME", help="data sets, at a size if you like: faces, faces:64")
    data.add_argument("--n", type=_whole, help="with build: how many training images (default: the set's own numbers)")
    data.add_argument("--all", action="store_true", help="with clear: the networks trained here, too")

    add("doctor", _doctor, "look at what is installed, cached and reachable, and name what is missing")

    notebooks = add("notebooks", _notebooks, "build the notebooks whose source changed")
    notebooks.add_argument("names", nargs="*", metavar="NAME", help="only these: 03 or 03_first_gan")
    notebooks.add_argument("--check", action="store_true", help="build nothing, say what is stale")
    notebooks.add_argument("--force", action="store_true", help="execute also what did not change")

    homework = add("homework", _homework, "build the homework: the notebooks with answers, and the students'")
    homework.add_argument("names", nargs="*", metavar="N", help="only these: 1, hw1 or hw1_two_player_game")
    homework.add_argument("--check", action="store_true", help="build nothing, say what is stale")

    grade = add("grade", _grade, "grade a folder of submissions: a CSV of the class and a page for each student")
    grade.add_argument("folder", type=Path, help="holds a notebook, or a folder with one, for each student")
    grade.add_argument("--homework", metavar="N", help="which assignment (default: what the file names say)")
    grade.add_argument("--output", type=Path, metavar="DIR", help="default: FOLDER-grades, beside the folder")
    grade.add_argument("--jobs", type=_whole, help="how many at a time (default: one for each processor)")
    grade.add_argument("--seconds", type=_whole, default=20, help="time for each cell (default: 20)")
    grade.add_argument("--memory", type=_whole, default=2000, metavar="MB", help="memory for each submission (default: 2000)")

    claims = add("claims", _claims, "measure every claim again and write the ledger")
    claims.add_argument("names", nargs="*", metavar="NAME", help="measure only these lectures; other rows are the notebooks'")
    claims.add_argument("--from-notebooks", action="store_true", help="run nothing: take the rows from the executed notebooks")
    claims.add_argument("--check", action="store_true", help="run nothing: say whether the ledger agrees with the notebooks")
    claims.add_argument("--scale", choices=SCALES, default="cpu", help="default: cpu, the scale of the committed outputs")
    claims.add_argument("--output", type=Path, metavar="FILE.md", help="default: CLAIMS.md of the checkout")

    add("version", _version, "print the version")
    return top


def _whole(text: str) -> int:
    """A whole number above 0, for argparse."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, not {text!r}")
    return int(text)


def _note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _mb(size: float) -> str:
    return f"{size / 1e6:.1f} MB"


# ------------------------------------------------------------------------------------------------------------- lectures


def _lab(arguments: argparse.Namespace) -> int:
    from gancourse.classroom import notebooks

    extra = [f"--ServerApp.port={arguments.port}"] if arguments.port else []
    name = {} if arguments.notebook is None else {"name": arguments.notebook}
    return notebooks.lab(**name, browser=False if arguments.no_browser else None, arguments=extra)


def _run(arguments: argparse.Namespace) -> None:
    from gancourse.classroom import notebooks

    if arguments.scale:
        os.environ["GANCOURSE_SCALE"] = arguments.scale
    wanted = arguments.output
    folder = wanted.absolute().parent if wanted else Path.cwd()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".gancourse-", dir=folder) as inside:
        page = notebooks.run(arguments.notebook, folder=Path(inside), report=_note)
        target = wanted or Path(page.name)
        os.replace(page, target)
    print(f"wrote {target}")


def _notebooks(arguments: argparse.Namespace) -> int:
    from gancourse.classroom import notebooks

    if arguments.check:
        wanted = {notebooks.find(name).stem for name in arguments.names}
        found = [line for line in notebooks.check() if not wanted or line.partition(":")[0] in wanted]
        print("\n".join(found) or "the notebooks agree with their sources")
        return 1 if found else 0
    failed = notebooks.build_all(arguments.names, force=arguments.force)
    for message in failed:
        _note(message)
    return 1 if failed else 0


# ------------------------------------------------------------------------------------------------------------- homework


def _homework(arguments: argparse.Namespace) -> int:
    from gancourse.classroom.homework import build

    if arguments.check:
        found = build.check()
        print("\n".join(found) or "the homework agrees with its sources")
        return 1 if found else 0
    for path in build.build_all(arguments.names):
        print(f"wrote {path}")
    return 0


def _grade(arguments: argparse.Namespace) -> None:
    from gancourse.classroom.homework.grading import grade
    from gancourse.classroom.homework.grading.sandbox import Limits

    seconds = float(arguments.seconds)
    limits = Limits(cell_seconds=seconds, seconds=max(120.0, 6 * seconds), memory=arguments.memory * 1_000_000)
    grade.grade_folder(arguments.folder, arguments.homework, output=arguments.output, jobs=arguments.jobs, limits=limits)


# --------------------------------------------------------------------------------------------------- training, sampling


def _train(arguments: argparse.Namespace) -> None:
    from gancourse import experiments
    from gancourse.base import check

    if arguments.recipe is None:
        print("recipes: " + ", ".join(experiments.names()))
        return
    from gancourse import zoo

    name = check.one_of("recipe", arguments.recipe, experiments.names())
    output = zoo.weights_path(arguments.output or Path(name))
    if output.exists() and not arguments.force:  # said before training, not after
        raise ValueError(f"{output} exists already: add --force to replace it, or name another --output")
    run, card = experiments.train(
        name, steps=arguments.steps, seed=arguments.seed, checkpoint=arguments.checkpoint, progress=True
    )
    zoo.save(output, run.generator, card)
    print(f"wrote {output} and its card; look at it with: gancourse sample {output}")


def _sample(arguments: argparse.Namespace) -> None:
    from gancourse import viz, zoo

    if arguments.checkpoint is None:
        print("shipped checkpoints: " + (", ".join(zoo.names()) or "none"))
        return
    images = zoo.load(arguments.checkpoint).sample(arguments.n, seed=arguments.seed)
    if images.ndim != 4:
        raise ValueError(f"{arguments.checkpoint} makes samples of shape {list(images.shape[1:])}, which are no images")
    picture = viz.grid(images, columns=arguments.columns)
    with files.atomic_write(arguments.output) as part:
        picture.save(part, "PNG")
    print(f"wrote {arguments.output} ({picture.width} x {picture.height} pixels)")


# ----------------------------------------------------------------------------------------------------------------- data


def _data(arguments: argparse.Namespace) -> None:
    {"list": _data_list, "build": _data_build, "clear": _data_clear}[arguments.action](arguments)


def _data_list(arguments: argparse.Namespace) -> None:
    from gancourse import data

    parts = {
        "made on this machine": data.EMBEDDED,
        f"downloaded once, or placed by hand in {files.data_dir() / 'real'}": data.REAL,
    }
    for title, sets in parts.items():
        print(title)
        for name, function in sets.items():
            print(f"  {name:<16} {(function.__doc__ or '').strip().partition(chr(10))[0]}")
            for path in _cache_entries():
                if re.match(rf"{name}_\d", path.name):
                    print(f"  {'':<16} built: {path.name} ({_mb(_size(path))})")


def _data_build(arguments: argparse.Namespace) -> None:
    """Load each set once, which builds or downloads it and keeps it in the cache."""
    for request in arguments.names or [_FIRST_SET]:
        try:
            sizes = _load_set(request, arguments.n)
        except ModuleNotFoundError as error:
            if arguments.names:
                raise
            _note(f"{error}")  # the course goes on with what ships
            continue
        print(f"{request}: {' and '.join(sizes)} images")


_FIRST_SET = "faces"  # what the first lectures need


def _load_set(request: str, n: int | None) -> list[str]:
    from gancourse import data
    from gancourse.base import check

    name, _, size = request.partition(":")
    known = data.EMBEDDED | data.REAL
    function = known[check.one_of("data set", name, known)]
    if size and not size.isdecimal():
        raise ValueError(f"a size is a number of pixels, not {size!r}: write {name}:64")
    options = {"size": int(size)} if size else {}
    if n is not None:
        return [f"{len(function(n=n, **options)):,} training"]
    return [f"{len(function(split=split, **options)):,} {said}" for split, said in (("train", "training"), ("test", "test"))]


def _data_clear(arguments: argparse.Namespace) -> None:
    """Empty the cache; what was trained here stays unless asked for, because it took longest."""
    freed = 0
    for path in _cache_entries():
        if path.name == "checkpoints" and not arguments.all:
            continue
        freed += _size(path)
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    print(f"cleared {_mb(freed)} from {files.cache_dir()}")


def _cache_entries() -> list[Path]:
    folder = files.cache_dir()
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _size(path: Path) -> int:
    return sum(part.stat().st_size for part in path.rglob("*") if part.is_file()) if path.is_dir() else path.stat().st_size


# --------------------------------------------------------------------------------------------------------------- claims


def _claims(arguments: argparse.Namespace) -> int:
    from gancourse.classroom import claims, notebooks

    root = notebooks.root()
    output = arguments.output or root / "CLAIMS.md"
    stored = claims.rows_from_notebooks(root / "notebooks")
    if arguments.check:
        same = output.is_file() and output.read_text(encoding="utf-8") == claims.ledger_markdown(stored)
        print(f"{output.name} {'agrees' if same else 'does not agree'} with the notebooks")
        return 0 if same else 1
    rows, failed = (stored, []) if arguments.from_notebooks else _measure(arguments.names, arguments.scale)
    if failed:
        for message in failed:
            _note(message)
        _note(f"{output.name} is left as it was")
        return 1
    if not arguments.from_notebooks:
        fresh = {notebooks.find(name).stem for name in arguments.names} or {path.stem for path in notebooks.sources()}
        rows = [row for row in stored if row.notebook not in fresh] + rows
        _compare(stored, rows)
    if not rows:
        raise ValueError("no notebook has made a claim yet, so there is nothing to write")
    text = claims.ledger_markdown(rows)
    with files.atomic_write(output) as part:
        part.write_text(text, encoding="utf-8")
    print(f"wrote {output}: {len(rows)} rows")
    return 0


def _measure(names: Sequence[str], scale: str) -> tuple[list[Any], list[str]]:
    """Run the lectures with the ledger on: the rows, and the messages of those that failed."""
    from gancourse.classroom import claims, notebooks

    failed = []
    with tempfile.TemporaryDirectory() as folder:
        ledger = Path(folder) / "ledger.jsonl"
        ledger.touch()
        for source in [notebooks.find(name) for name in names] or notebooks.sources():
            os.environ |= {"GANCOURSE_LEDGER": str(ledger), "GANCOURSE_NOTEBOOK": source.stem}
            try:
                book = notebooks.read(source)
                notebooks.execute(book, name=source.stem, folder=notebooks.target(source).parent, scale=scale, report=_note)
            except notebooks.NotebookError as error:
                failed.append(str(error))
            finally:
                del os.environ["GANCOURSE_LEDGER"], os.environ["GANCOURSE_NOTEBOOK"]
        return claims.read_ledger(ledger), failed


def _compare(stored: list[Any], rows: list[Any]) -> None:
    """Say which verdicts differ from those that the notebooks carry, and what to do about stale rows."""
    before = {(row.notebook, row.id, row.statement): row for row in stored}
    for row in rows:
        old = before.get((row.notebook, row.id, row.statement))
        if old is not None and old.verdict != row.verdict:
            print(f"{row.id} in {row.notebook}: {row.verdict} (ours {row.ours}), but its notebook says {old.verdict}")
    if [row.record() for row in rows] != [row.record() for row in stored]:
        print("these rows are not those that the notebooks show: build them again with gancourse notebooks --force")


# --------------------------------------------------------------------------------------------------------------- doctor


def _version(arguments: argparse.Namespace) -> None:
    print(f"gancourse {__version__}")


def _doctor(arguments: argparse.Namespace) -> int:
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


Finding = tuple[str, list[str], list[str]]


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
    return "make lab in the checkout, or pip install -e '.[dev]'" if files.checkout() else "pip install --upgrade gancourse"


# Where these have no wheel the course draws nothing and uses the snapshot that ships with it.
_OPTIONAL = {"dicebear-core", "dicebear-styles", "resvg-py"}


def _see_packages() -> Finding:
    missing, wrong, count = [], [], 0
    for name, wanted, version in _requirements():
        count += 1
        if version is None:
            missing.append(name)
        elif not _fits(version, wanted):
            wrong.append(f"{name} {version} (wanted {wanted})")
    optional = [name for name in missing if name in _OPTIONAL]
    missing = [name for name in missing if name not in _OPTIONAL]
    found = [f"{count - len(missing) - len(optional)} of {count} needed are there"]
    found += [f"missing: {', '.join(missing)}"] if missing else []
    found += [f"other versions than tested: {', '.join(wrong)}"] if wrong else []
    found += [f"missing, so that faces come from the shipped snapshot: {', '.join(optional)}"] if optional else []
    return "packages", found, [f"packages are missing ({', '.join(missing)}): {_install()}"] if missing else []


def _requirements() -> Iterator[tuple[str, str, str | None]]:
    """Name, wanted versions and installed version of each package that the course needs here."""
    from importlib import metadata

    for line in _declared():
        match = re.match(r"([A-Za-z0-9._-]+)(?:\[[^]]*\])?\s*([^;]*)", line)
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
    names = sorted(path.stem for path in files.shipped("checkpoints").glob("*.safetensors"))
    return "weights", [f"shipped: {', '.join(names) or 'none'}"], []


def _see_data() -> Finding:
    folder = files.data_dir()
    entries = [f"{path.name} ({_mb(_size(path))})" for path in _cache_entries()]
    found = [str(folder), f"built: {', '.join(entries) or 'nothing yet (gancourse data build)'}"]
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

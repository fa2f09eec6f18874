"""The command ``gancourse``: open, run and show lectures, train and sample, look after data, notebooks and claims.

Errors are one sentence on stderr and exit status 2; GANCOURSE_DEBUG=1 shows the traceback.  Everything heavy is imported by
the command that needs it, so that ``gancourse --help`` answers at once.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from gancourse import __version__
from gancourse.base import files, streams
from gancourse.classroom import storage

SCALES = ("ci", "cpu", "gpu")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (default: the process's) and return the exit status."""
    with streams.steady():
        return _run_command(argv)


def _run_command(argv: Sequence[str] | None) -> int:
    arguments = parser().parse_args(argv)
    arguments.again = shlex.join(["gancourse", *(sys.argv[1:] if argv is None else argv)])
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

    slides = add("slides", _slides, "write the slides of a lecture as one HTML page, from its stored outputs")
    slides.add_argument("notebook", metavar="NN", help="the lecture: 4, 04 or 04_dcgan")
    slides.add_argument("--output", type=Path, metavar="FILE.html", help="default: NN_name-slides.html, in this folder")

    train = add("train", _train, "train a network by one of the course's recipes and save it with its model card")
    train.add_argument("recipe", nargs="?", help="the recipe's name; without one they are listed")
    train.add_argument("--steps", type=_whole, help="steps of training (default: the recipe's)")
    train.add_argument("--seed", type=int, help="default: 0")
    train.add_argument("--checkpoint", type=Path, metavar="FILE", help="keep the state here on the way, and resume from it")
    train.add_argument("--output", type=Path, metavar="FILE.safetensors", help="default: the recipe's name, in this folder")
    train.add_argument("--force", action="store_true", help="replace the output if it exists")

    sample = add("sample", _sample, "draw images from a checkpoint into one PNG")
    sample.add_argument("checkpoint", nargs="?", help="a shipped name or the path of a .safetensors; without one they are listed")
    sample.add_argument("--n", type=_whole, help="how many (default: 64)")
    sample.add_argument("--seed", type=int, help="default: 0")
    sample.add_argument("--columns", type=_whole, help="images in a row")
    sample.add_argument("--output", type=Path, metavar="FILE.png", help="default: grid.png")

    experiment = add("experiment", _experiment, "list the recorded experiments, run one, go on with one, or verify their records")
    experiment.add_argument("name", nargs="?", help="the experiment; without one they are listed")
    experiment.add_argument("--seeds", type=int, nargs="+", metavar="SEED", help="only these (default: the experiment's)")
    experiment.add_argument("--jobs", type=_whole, metavar="N", help="trainings at a time (default: 1)")
    experiment.add_argument("--verify", action="store_true", help="compare the record with its first steps, trained again")

    data = add("data", _data, "list, build or clear the data sets")
    data.add_argument("action", nargs="?", choices=("list", "build", "clear"), default="list")
    data.add_argument("names", nargs="*", metavar="NAME", help="data sets, to build at a size if you like: faces, faces:64")
    data.add_argument("--n", type=_whole, help="with build: how many training images (default: the set's own numbers)")
    data.add_argument("--all", action="store_true", help="with clear: what was trained here, too, and edits that were kept")

    add("doctor", lambda _: _doctor(), "look at what is installed, cached and reachable, and name what is missing")

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
    claims.add_argument("--scale", choices=SCALES, help="default: cpu, the scale of the committed outputs")
    claims.add_argument("--output", type=Path, metavar="FILE.md", help="default: CLAIMS.md of the checkout")

    add("version", _version, "print the version")
    return top


def _whole(text: str) -> int:
    """A whole number above 0, for argparse."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"must be a whole number above 0, not {text!r}")
    return int(text)


def _refuse(arguments: argparse.Namespace, what: str, *names: str) -> None:
    """Raise a ValueError if one of these arguments, of which ``what`` makes no use, was given."""
    for name in names:
        value = getattr(arguments, name)
        if value is None or value is False or value == []:
            continue
        given = " ".join(value) if name == "names" else f"--{name.replace('_', '-')}"
        raise ValueError(f"{what} does not use {given}: leave it out")


def _note(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


# ------------------------------------------------------------------------------------------------------------- lectures


def _lab(arguments: argparse.Namespace) -> int:
    from gancourse.classroom import lab

    extra = [f"--ServerApp.port={arguments.port}"] if arguments.port else []
    name = {} if arguments.notebook is None else {"name": arguments.notebook}
    return lab.serve(**name, browser=False if arguments.no_browser else None, arguments=extra)


def _run(arguments: argparse.Namespace) -> None:
    from gancourse.classroom import notebooks, pages

    if arguments.scale:
        os.environ["GANCOURSE_SCALE"] = arguments.scale
    target = files.writable(arguments.output or Path(f"{notebooks.find(arguments.notebook).stem}.html"))
    with tempfile.TemporaryDirectory(prefix="gancourse-") as inside:
        page = pages.run(arguments.notebook, folder=Path(inside), report=_note)
        files.keep_whole(target, lambda part: shutil.copyfile(page, part))
    print(f"wrote {target}")


def _slides(arguments: argparse.Namespace) -> None:
    from gancourse.classroom import notebooks, slides

    source = notebooks.find(arguments.notebook)
    target = files.writable(arguments.output or Path(f"{source.stem}-slides.html"))
    made = slides.slides(source)
    files.keep_whole(target, lambda part: part.write_text(slides.page(made), encoding="utf-8"))
    print(f"wrote {target}: {len(made)} slides; open it in a browser, ? lists the keys")


def _notebooks(arguments: argparse.Namespace) -> int:
    from gancourse.classroom import notebooks

    if arguments.check:
        _refuse(arguments, "notebooks --check", "force")
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
        found = build.check(names=arguments.names)
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


def _train(arguments: argparse.Namespace) -> int:
    from gancourse import experiments
    from gancourse.base import check

    if arguments.recipe is None:
        _refuse(arguments, "the list of recipes", "steps", "seed", "checkpoint", "output", "force")
        print("recipes: " + ", ".join(experiments.names()))
        return 0
    from gancourse import zoo

    name = check.one_of("recipe", arguments.recipe, experiments.names())
    output = zoo.weights_path(_no_other_file(arguments.output or Path(name)))
    for path in (output, output.with_suffix(".json"), *([arguments.checkpoint] if arguments.checkpoint else [])):
        files.writable(path)
    if output.exists() and not arguments.force:  # said before training, not after
        raise ValueError(f"{output} exists already: add --force to replace it, or name another --output")
    try:
        with contextlib.redirect_stdout(None):  # what fit prints when it is stopped tells users of Python how to go on
            run, card = experiments.train(
                name, steps=arguments.steps, seed=arguments.seed or 0, checkpoint=arguments.checkpoint, progress=True
            )
    except KeyboardInterrupt as stop:
        _note(f"gancourse: {_how_to_go_on(str(stop) or 'stopped', arguments)}")
        return 130
    files.keep(output, lambda path: zoo.save(path, run.generator, card))
    print(f"wrote {output} and its card; look at it with: gancourse sample {output}")
    return 0


def _no_other_file(path: Path) -> Path:
    """Return ``path`` unless something is there that is no checkpoint of the course: an existing path is given no ending."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: name a file in it")
    if path.exists() and path.suffix not in (".safetensors", ".json"):
        from gancourse.base.kinds import what_is

        raise ValueError(
            f"{path} is {what_is(path)}, and no checkpoint of the course, which is a .safetensors file with its card beside it; "
            f'weights of other programs are read in Python: gancourse.zoo.reference.load("{path}")'
        )
    return path


def _how_to_go_on(stopped: str, arguments: argparse.Namespace) -> str:
    """What is said of a training that Ctrl-C cut short, with the same command once more if that goes on from there."""
    if arguments.checkpoint is None:
        return f"{stopped}; nothing was written: with --checkpoint FILE a training can be stopped and go on"
    if not arguments.checkpoint.exists():
        return f"{stopped} before the first step was kept; nothing was written"
    return f"{stopped}; nothing is lost, go on with: {arguments.again}"


def _sample(arguments: argparse.Namespace) -> None:
    from gancourse import viz, zoo

    if arguments.checkpoint is None:
        _refuse(arguments, "the list of checkpoints", "n", "seed", "columns", "output")
        print("shipped checkpoints: " + (", ".join(zoo.names()) or "none"))
        return
    output = files.writable(arguments.output or Path("grid.png"))
    if "/" in arguments.checkpoint or os.sep in arguments.checkpoint or arguments.checkpoint not in zoo.names():
        _no_other_file(Path(arguments.checkpoint))
    images = zoo.load(arguments.checkpoint).sample(arguments.n or 64, seed=arguments.seed or 0)
    if images.ndim != 4:
        raise ValueError(f"{arguments.checkpoint} makes samples of shape {list(images.shape[1:])}, which are no images")
    picture = viz.grid(images, columns=arguments.columns)
    files.keep_whole(output, lambda part: picture.save(part, "PNG"))
    print(f"wrote {output} ({picture.width} x {picture.height} pixels)")


# ----------------------------------------------------------------------------------------------------------------- data


def _experiment(arguments: argparse.Namespace) -> int:
    if arguments.verify:
        _refuse(arguments, "experiment --verify", "seeds", "jobs")
    elif arguments.name is None:
        _refuse(arguments, "the list of experiments", "seeds", "jobs")
    from gancourse.experiments import command

    return command.main(arguments.name, arguments.seeds, arguments.jobs or 1, arguments.verify)


def _data(arguments: argparse.Namespace) -> None:
    {"list": _data_list, "build": _data_build, "clear": _data_clear}[arguments.action](arguments)


def _data_list(arguments: argparse.Namespace) -> None:
    from gancourse import data

    _refuse(arguments, "data list", "names", "n", "all")
    parts = {
        "made on this machine": data.EMBEDDED,
        f"downloaded once, or placed by hand in {files.data_dir() / 'real'}": data.REAL,
    }
    for title, sets in parts.items():
        print(title)
        for name, function in sets.items():
            print(f"  {name:<16} {(function.__doc__ or '').strip().partition(chr(10))[0]}")
            for path in storage.files_of(name):
                if not path.name.startswith("."):
                    print(f"  {'':<16} built: {path.name} ({storage.megabytes(storage.size(path))})")


def _data_build(arguments: argparse.Namespace) -> None:
    """Load each set once, which builds or downloads it and keeps it in the cache."""
    _refuse(arguments, "data build", "all")
    files.writable(files.cache_dir() / "built")
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
    """Clear the cache of all sets or of some; what was trained or edited here stays unless asked for, because it took longest."""
    from gancourse import data
    from gancourse.base import check

    _refuse(arguments, "data clear", "n")
    if arguments.names:
        _refuse(arguments, f"data clear {' '.join(arguments.names)}", "all")
    kept = {path for path in storage.entries() if path.name in storage.MADE_HERE}
    known = sorted({*data.EMBEDDED, *data.REAL, *(storage.group(path) for path in storage.entries() if path not in kept)})
    chosen = {path for name in arguments.names for path in storage.files_of(check.one_of("data set", name, known))}
    if not arguments.names:
        chosen = set(storage.entries()) - (set() if arguments.all else kept)
    freed = 0
    for path in chosen:
        freed += storage.size(path)
        shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    print(f"cleared {storage.megabytes(freed)} from {files.cache_dir()}")


# --------------------------------------------------------------------------------------------------------------- claims


def _claims(arguments: argparse.Namespace) -> int:
    from gancourse.classroom import claims, measuring, notebooks

    if arguments.check:
        _refuse(arguments, "claims --check", "names", "from_notebooks", "scale")
    elif arguments.from_notebooks:
        _refuse(arguments, "claims --from-notebooks", "names", "scale")
    root = notebooks.root()
    output = arguments.output or root / "CLAIMS.md"
    measured = [] if arguments.check or arguments.from_notebooks else [notebooks.find(name) for name in arguments.names]
    if not (arguments.check or arguments.from_notebooks or measured):
        measured = notebooks.sources()
    fresh = {source.stem for source in measured}
    stored = measuring.stored_rows(root / "notebooks", fresh)
    if arguments.check:
        same = output.is_file() and output.read_text(encoding="utf-8") == claims.ledger_markdown(stored)
        print(f"{output.name} {'agrees' if same else 'does not agree'} with the notebooks")
        return 0 if same else 1
    files.writable(output)
    scale = arguments.scale or notebooks.SCALE
    rows, failed = (stored, []) if arguments.from_notebooks else measuring.measure(measured, scale, _note)
    if failed:
        for message in failed:
            _note(message)
        _note(f"{output.name} is left as it was")
        return 1
    if not arguments.from_notebooks:
        rows = [row for row in stored if row.notebook not in fresh] + rows
        measuring.compare(stored, rows)
    if not rows:
        raise ValueError("no notebook has made a claim yet, so there is nothing to write")
    text = claims.ledger_markdown(rows)
    files.keep_whole(output, lambda part: part.write_text(text, encoding="utf-8"))
    print(f"wrote {output}: {len(rows)} rows")
    return 0


# --------------------------------------------------------------------------------------------------------------- doctor


def _version(arguments: argparse.Namespace) -> None:
    print(f"gancourse {__version__}")


def _doctor() -> int:
    from gancourse.classroom import doctor

    return doctor.examine()

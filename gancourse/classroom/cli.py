"""The command ``gancourse``: open, run and show lectures, train and sample, look after data, notebooks and claims.

Errors are one sentence on stderr and exit status 2; GANCOURSE_DEBUG=1 shows the traceback.  Everything heavy is imported by
the command that needs it, so that ``gancourse --help`` answers at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from gancourse import __version__
from gancourse.base import streams
from gancourse.classroom.commands import exporting, lectures, pictures, sampling, sets, training
from gancourse.classroom.commands.shared import again, whole

SCALES = ("ci", "cpu", "gpu")
FITS = ("crop", "pad", "stretch")
EXAMPLES = {
    "lab": "gancourse lab 07",
    "run": "gancourse run 05 --scale ci --output 05.html",
    "slides": "gancourse slides 02",
    "train": "gancourse train faces32_quick\n  gancourse train stylegan2 --images my_pictures --size 64 --run my_run",
    "sample": "gancourse sample faces64 --n 16\n  gancourse sample my_run",
    "distance": "gancourse distance made real",
    "export": "gancourse export my_run",
    "experiment": "gancourse experiment wgan_changes --jobs 2",
    "data": "gancourse data build faces:64",
    "notebooks": "gancourse notebooks --check",
    "homework": "gancourse homework 1",
    "grade": "gancourse grade submissions --homework hw1",
    "claims": "gancourse claims --from-notebooks",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line ``argv`` (default: the process's) and return the exit status."""
    with streams.steady():
        return _run_command(argv)


def _run_command(argv: Sequence[str] | None) -> int:
    arguments = parser().parse_args(argv)
    arguments.again = again(sys.argv[1:] if argv is None else argv)
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
    top = argparse.ArgumentParser(
        prog="gancourse",
        description="A verified course on generative adversarial networks.",
        epilog="GANCOURSE_SCALE=ci, cpu or gpu says how large experiments are.  gancourse COMMAND --help says more.",
    )
    top.add_argument("--version", action="version", version=f"gancourse {__version__}")
    top.set_defaults(command=lambda _: top.print_help())
    commands = top.add_subparsers(title="commands", metavar="COMMAND")

    def add(name: str, run: Callable[[argparse.Namespace], int | None], help: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(
            name,
            help=help,
            description=f"{help[0].upper()}{help[1:]}.",
            epilog=f"for example:\n  {EXAMPLES[name]}" if name in EXAMPLES else None,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        sub.set_defaults(command=run)
        return sub

    lab = add("lab", lectures.lab, "open the course in JupyterLab")
    lab.add_argument(
        "notebook",
        nargs="?",
        metavar="NN",
        help="the lecture or homework to open, as 07 or hw1 (default: where the course starts)",
    )
    lab.add_argument("--no-browser", action="store_true", help="print the address instead of opening a browser")
    lab.add_argument("--port", type=whole, help="the port to serve at (default: JupyterLab's)")

    run = add("run", lectures.run, "execute a lecture and write it as HTML")
    run.add_argument("notebook", nargs="?", metavar="NN", help="the lecture: 4, 04 or 04_dcgan")
    run.add_argument("--all", action="store_true", help="every lecture, a page each")
    run.add_argument("--stored", action="store_true", help="execute nothing: write the outputs that the notebook has")
    run.add_argument("--scale", choices=SCALES, help="how large the experiments are (default: GANCOURSE_SCALE, else what fits)")
    run.add_argument(
        "--output", type=Path, metavar="FILE.html", help="default: NN_name.html, in this folder; with --all the folder"
    )
    run.add_argument("--force", action="store_true", help="replace the output even if it is no page that the course made")

    slides = add("slides", lectures.slides, "write the slides of a lecture as one HTML page, from its stored outputs")
    slides.add_argument("notebook", nargs="?", metavar="NN", help="the lecture: 4, 04 or 04_dcgan")
    slides.add_argument("--all", action="store_true", help="every lecture, a page each")
    slides.add_argument(
        "--output", type=Path, metavar="FILE.html", help="default: NN_name-slides.html, in this folder; with --all the folder"
    )
    slides.add_argument("--force", action="store_true", help="replace the output even if it is no page that the course made")

    train = add("train", training.train, "train a network by a recipe of the course, or on your own pictures")
    train.add_argument("recipe", nargs="?", help="the recipe's name, or with --images a family; without one they are listed")
    train.add_argument("--steps", type=whole, help="steps of training (default: the recipe's; of your own pictures 10,000)")
    train.add_argument("--seed", type=int, help="default: 0")
    train.add_argument("--precision", choices=training.PRECISIONS, help="default: auto, as begun, else bf16 where it is fast")
    train.add_argument("--compile", action="store_true", help="run the networks through torch.compile, where it works")
    train.add_argument("--checkpoint", type=Path, metavar="FILE", help="keep the state here on the way, and resume from it")
    train.add_argument("--output", type=Path, metavar="FILE.safetensors", help="default: the recipe's name, in this folder")
    train.add_argument("--force", action="store_true", help="replace the output if it exists")
    _own(train.add_argument_group("your own pictures", "instead of --checkpoint, --output and --force"))

    sample = add("sample", sampling.sample, "draw images from a checkpoint into one PNG")
    sample.add_argument(
        "checkpoint", nargs="?", help="a shipped name, a .safetensors file or the folder of a run; without one they are listed"
    )
    sample.add_argument("--n", type=whole, help="how many (default: 64)")
    sample.add_argument("--seed", type=int, help="default: 0")
    sample.add_argument("--columns", type=whole, help="images in a row (default: a square)")
    sample.add_argument("--label", help="of a network that knows classes: which, or as in hair=red,glasses=yes (default: all)")
    sample.add_argument("--images", metavar="FOLDER", help="of a translator: the pictures to translate")
    sample.add_argument("--skip", action="store_true", help="leave out pictures that cannot be read")
    sample.add_argument("--back", action="store_true", help="of a cyclegan: translate from B to A")
    sample.add_argument("--output", type=Path, metavar="FILE.png", help="default: grid.png, here or in the folder of the run")
    sample.add_argument("--force", action="store_true", help="replace the output even if it is no earlier sheet of samples")

    distance = add("distance", pictures.distance, "compare two folders of pictures, the first made, the second real")
    distance.add_argument("folders", nargs=2, metavar="FOLDER", help="two: what was made, then real pictures")
    distance.add_argument("--size", type=whole, help="pixels of all pictures (default: those of the smallest, at most 256)")
    distance.add_argument("--fit", choices=FITS, help="how a picture becomes square (default: crop)")
    distance.add_argument("--background", metavar="COLOUR", help="behind transparent pictures, and of bars (default: white)")
    distance.add_argument("--skip", action="store_true", help="leave out pictures that cannot be read")
    distance.add_argument("--features", choices=pictures.FEATURES, help="default: inception if its weights are here")
    distance.add_argument("--weights", type=Path, metavar="FILE", help="the file of Inception's weights")

    export = add("export", exporting.export, "write a trained network for other programs: safetensors with its card, and ONNX")
    export.add_argument("checkpoint", help="the folder of a run, a shipped name or the path of a .safetensors")
    export.add_argument("--output", type=Path, metavar="DIR", help="default: export, in the run's folder or here")
    export.add_argument("--force", action="store_true", help="replace files there even if they are no earlier export of this")
    export.add_argument("--no-onnx", action="store_true", help="write safetensors and card only")
    export.add_argument("--back", action="store_true", help="of a cyclegan: the network from B to A")

    experiment = add(
        "experiment", training.experiment, "list the recorded experiments, run one or go on with it, or verify records"
    )
    experiment.add_argument("name", nargs="?", help="the experiment; without one they are listed")
    experiment.add_argument("--seeds", type=int, nargs="+", metavar="SEED", help="only these (default: the experiment's)")
    experiment.add_argument("--jobs", type=whole, metavar="N", help="trainings at a time (default: 1)")
    experiment.add_argument("--verify", action="store_true", help="compare the record with its first steps, trained again")

    data = add("data", sets.data, "list, build or clear the data sets")
    data.add_argument("action", nargs="?", choices=("list", "build", "clear"), default="list")
    data.add_argument("names", nargs="*", metavar="NAME", help="data sets, to build at a size if you like: faces, faces:64")
    data.add_argument("--n", type=whole, help="with build: how many training images (default: the set's own numbers)")
    data.add_argument("--all", action="store_true", help="with clear: what was trained here, too, and edits that were kept")

    add("doctor", lambda _: _doctor(), "look at what is installed, cached and reachable, and name what is missing")

    notebooks = add("notebooks", lectures.notebooks, "to change the course: build the notebooks whose source changed")
    notebooks.add_argument("names", nargs="*", metavar="NAME", help="only these: 03 or 03_first_gan")
    notebooks.add_argument("--check", action="store_true", help="build nothing, say what is stale")
    notebooks.add_argument("--force", action="store_true", help="execute also what did not change")

    homework = add("homework", lectures.homework, "to change the course: build the homework, with answers and the students'")
    homework.add_argument("names", nargs="*", metavar="N", help="only these: 1, hw1 or hw1_two_player_game")
    homework.add_argument("--check", action="store_true", help="build nothing, say what is stale")

    grade = add("grade", lectures.grade, "grade a folder of submissions: a CSV of the class and a page for each student")
    grade.add_argument("folder", type=Path, help="holds a notebook, or a folder with one, for each student")
    grade.add_argument("--homework", metavar="hwN", help="which assignment (default: what the file names say)")
    grade.add_argument("--output", type=Path, metavar="DIR", help="default: FOLDER-grades, beside the folder")
    grade.add_argument("--jobs", type=whole, help="how many at a time (default: one for each processor)")
    grade.add_argument("--seconds", type=whole, default=20, help="time for each cell (default: 20)")
    grade.add_argument("--memory", type=whole, default=2000, metavar="MB", help="memory for each submission (default: 2000)")

    claims = add(
        "claims", lectures.claims, "to change the course: measure every claim again (every lecture, hours) and write the ledger"
    )
    claims.add_argument("names", nargs="*", metavar="NAME", help="measure only these lectures; other rows are the notebooks'")
    claims.add_argument("--from-notebooks", action="store_true", help="run nothing: take the rows from the executed notebooks")
    claims.add_argument("--check", action="store_true", help="run nothing: say whether the ledger agrees with the notebooks")
    claims.add_argument("--scale", choices=SCALES, help="default: cpu, the scale of the committed outputs")
    claims.add_argument("--output", type=Path, metavar="FILE.md", help="default: CLAIMS.md of the checkout")
    claims.add_argument("--force", action="store_true", help="replace the output even if it is no ledger")

    add("version", _version, "print the version")
    return top


def _own(group: argparse._ArgumentGroup) -> None:
    """What ``train`` is told of your own pictures."""
    group.add_argument("--images", metavar="FOLDER", help=f"train {', '.join(pictures.FAMILIES)} on the pictures of this folder")
    group.add_argument("--run", metavar="DIR", help="the folder that the training writes to, and goes on from")
    group.add_argument("--size", type=whole, help="pixels on each side (default: 64)")
    group.add_argument("--labels", metavar="folders|FILE.csv", help="biggan: from subfolders, or rows of name and label")
    group.add_argument("--column", help="the column of the CSV file that holds the labels")
    group.add_argument("--fit", choices=FITS, help="how a picture becomes square (default: crop)")
    group.add_argument("--background", metavar="COLOUR", help="behind transparent pictures, and of bars (default: white)")
    group.add_argument("--flip", action="store_true", help="mirror pictures at random, where that changes no meaning")
    group.add_argument("--skip", action="store_true", help="leave out pictures that cannot be read")
    group.add_argument("--augment", choices=("auto", "none", "diffaugment", "ada"), help="default: by the number of pictures")
    group.add_argument("--batch", type=whole, help="pictures in a batch (default: by family and size)")
    group.add_argument("--every", type=whole, metavar="STEPS", help="steps between samples (default: a 20th, at most 500)")
    group.add_argument("--direction", choices=("AtoB", "BtoA"), help="pix2pix: BtoA if the right half is the input")


def _version(arguments: argparse.Namespace) -> None:
    print(f"gancourse {__version__}")


def _doctor() -> int:
    from gancourse.classroom import doctor

    return doctor.examine()

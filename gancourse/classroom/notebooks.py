"""From text to notebook: builds, checks, runs and opens the lectures.

A lecture is written as ``notebooks/source/NN_name.py`` (jupytext's percent format) and built into ``notebooks/NN_name.ipynb``,
executed.  ``build`` adds what no author should write by hand: the link to Colab, the set-up cell for Colab, and a hash of
the code, so that ``check`` can tell whether the stored outputs belong to the code beside them.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import platform
import re
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from gancourse import __version__
from gancourse.base import files
from gancourse.base.check import one_of
from gancourse.classroom import colab, edits

if TYPE_CHECKING:
    from nbformat import NotebookNode

SCALE = "cpu"  # of the committed outputs
LARGEST = 1_000_000  # bytes of a notebook file: forges stop showing larger ones
CELL_TIMEOUT = 1800  # seconds: no cell of a lecture may take as long, so one that does hangs

_KERNELSPEC = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
_LANGUAGE = {"name": "python", "file_extension": ".py", "mimetype": "text/x-python", "pygments_lexer": "ipython3"}
HIDDEN_TAG = "hide-input"  # of a cell whose code is not meant to be read
SLIDE_ONLY = "slide-only"  # of a cell that stands on the slides and not in the notebook
_MACHINE_PATH = re.compile(
    r"(?<![\w.])/(?:home|root|tmp|work|content|Users|var/folders)/[^\s'\",]*|\b[A-Za-z]:\\+Users\\[^\s'\",]*"
)
_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
_WIDGET_STATE = "application/vnd.jupyter.widget-state+json"


class NotebookError(RuntimeError):
    """A notebook did not run to its end; the message names the cell and the error."""


# Where things are


def root() -> Path:
    """The checkout that gancourse is imported from."""
    if (found := files.checkout()) is None:
        raise NotebookError(
            f"the notebooks are not part of the installed package: clone {colab.repository()} and type make lab there"
        )
    return found


def sources(folder: Path | None = None) -> list[Path]:
    """The lectures' sources in a checkout, in the order of their numbers."""
    return _seen((folder or root()).glob("notebooks/source/*.py"))


def _seen(paths: Iterable[Path]) -> list[Path]:
    """The files that are not hidden, in order: what an editor or a killed build leaves begins with a dot."""
    return sorted(path for path in paths if not path.name.startswith("."))


def target(source: Path) -> Path:
    """The notebook that is built from ``source``: a folder up, with the ending .ipynb."""
    return source.parent.parent / f"{source.stem}.ipynb"


def find(name: str, folder: Path | None = None) -> Path:
    """The source that ``name`` means: a number ("04" or "4"), a name ("04_dcgan"), or the path of a source or notebook.

    ValueError where none is meant, or where the path is that of another file.
    """
    known = {path.stem: path for path in sources(folder)}
    stem = Path(name).stem
    for candidate, path in known.items():
        if stem.zfill(2) in (candidate, candidate.split("_")[0]):
            files.refuse_another(name, folder or root(), path, target(path))
            return path
    return known[one_of("notebook", stem, known)]


# From text to cells


def text_of(source: Path) -> str:
    """The text of a source."""
    try:
        return source.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise NotebookError(f"{source} is damaged, or no text in UTF-8 ({error}): git checkout -- {source.name}") from None


def read(source: Path, *, slides: bool = False) -> NotebookNode:
    """The notebook of a source, without outputs: its cells with the Colab link and the Colab set-up after the title.

    With ``slides`` it has the cells that only slides show, too.
    """
    try:
        import jupytext
    except ImportError:
        raise NotebookError("building and checking notebooks needs jupytext: pip install -e '.[dev]'") from None
    from nbformat import v4

    written = jupytext.reads(text_of(source), fmt="py:percent").cells
    written = [cell for cell in written if slides or SLIDE_ONLY not in cell.metadata.get("tags", ())]
    if not written or written[0].cell_type != "markdown" or not written[0].source.startswith("# "):
        raise NotebookError(f"{source.name}: the first cell must be markdown and begin with a title, as in: # 04. Title")
    address = colab.repository(source.parent.parent.parent)
    link = v4.new_markdown_cell(" \N{MIDDLE DOT} ".join([colab.link(source.stem, address), *_neighbours(source), _CLAIMS]))
    setup = colab.setup(address)
    book = of_cells([written[0], link, setup, *written[1:]])
    for cell in book.cells:
        cell.metadata.pop("lines_to_next_cell", None)
        if cell.cell_type == "code" and "widgets.quiz(" in cell.source:
            _seal(cell, source)
    _identify(book)
    return book


def of_cells(cells: list[NotebookNode]) -> NotebookNode:
    """A notebook of the course: these cells, for the kernel that every installation has."""
    from nbformat import v4

    return v4.new_notebook(cells=cells, metadata={"kernelspec": _KERNELSPEC, "language_info": _LANGUAGE})


_CLAIMS = "[all claims](../CLAIMS.md)"


def _neighbours(source: Path) -> list[str]:
    """Links to the lecture before and the one after."""
    stems = [path.stem for path in sources(source.parent.parent.parent)]
    place = stems.index(source.stem)
    around = (("previous", stems[place - 1] if place else None), ("next", stems[place + 1] if place + 1 < len(stems) else None))
    return [f"[{word}: {stem.replace('_', ' ')}]({stem}.ipynb)" for word, stem in around if stem]


def _seal(cell: NotebookNode, source: Path) -> None:
    """Fold a quiz's cell and seal its answers: a quiz that stands above its own solution asks nothing."""
    from gancourse.classroom.widgets.questions import sealed_cell

    try:
        cell.source = sealed_cell(cell.source)
    except ValueError as error:
        raise NotebookError(f"{source.name}: {error}") from None
    cell.metadata["jupyter"] = {"source_hidden": True}
    cell.metadata["tags"] = [*cell.metadata.get("tags", ()), HIDDEN_TAG]


def _identify(book: NotebookNode) -> None:
    """Give each cell an id made from its text, so that an edit elsewhere does not change it."""
    seen: Counter[str] = Counter()
    for cell in book.cells:
        digest = hashlib.sha256(f"{cell.cell_type}\0{cell.source}".encode()).hexdigest()[:12]
        seen[digest] += 1
        cell.id = digest if seen[digest] == 1 else f"{digest}-{seen[digest]}"


def _code(book: NotebookNode) -> list[NotebookNode]:
    """The cells that a kernel runs and counts."""
    return [cell for cell in book.cells if cell.cell_type == "code" and cell.source.strip()]


def code_hash(book: NotebookNode) -> str:
    """A hash of the code that made the outputs: the source of the lecture's code cells, in order.

    The set-up cell is left out: it does nothing outside Colab, so a new repository address needs no new outputs.
    """
    code = [cell.source for cell in _code(book) if colab.TAG_OF_SETUP not in cell.metadata.get("tags", ())]
    return hashlib.sha256(json.dumps(code).encode()).hexdigest()[:16]


# From cells to outputs


def execute(
    book: NotebookNode, *, name: str, folder: Path, scale: str | None = None, report: Callable[[str], None] | None = None
) -> NotebookNode:
    """Run all cells of ``book`` in a fresh kernel of this interpreter and store their outputs in it.

    ``folder`` is the kernel's working folder, ``scale`` its GANCOURSE_SCALE (None: as it is here); ``report`` is called with a
    line as each cell starts.  Raises NotebookError, naming the cell, if one fails, hangs or kills the kernel.
    """
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from nbclient import NotebookClient
    from nbclient.exceptions import CellControlSignal, DeadKernelError

    current = 0

    def start(cell: NotebookNode, cell_index: int) -> None:
        nonlocal current
        current = cell_index
        if report is not None:
            report(f"{name}: cell {cell_index + 1} of {len(book.cells)}")

    client = NotebookClient(
        book,
        # Without folders to search, "python3" is this interpreter, whatever kernels are registered on the machine.
        km=AsyncKernelManager(kernel_name="python3", kernel_spec_manager=KernelSpecManager(kernel_dirs=[])),
        resources={"metadata": {"path": str(folder)}},
        timeout=CELL_TIMEOUT,
        record_timing=False,
        coalesce_streams=True,
        extra_arguments=["--log-level=ERROR"],  # else each kernel warns in the terminal that it talks over loopback
        on_cell_start=start,
    )
    environment = os.environ | {"PYTHONHASHSEED": "0"} | ({"GANCOURSE_SCALE": scale} if scale else {})
    environment.pop("MPLBACKEND", None)  # the kernel draws into the notebook
    try:
        client.execute(env=environment)
    except Exception as error:
        if getattr(client, "_async_cleanup_kernel_future", None) is not None:  # Ctrl-C, which nbclient takes for itself
            raise KeyboardInterrupt from None
        if not isinstance(error, CellControlSignal | DeadKernelError):
            raise
        _fail(book, current, error, name)
    return _normalise(book)


def _fail(book: NotebookNode, index: int, error: Exception, name: str) -> NoReturn:
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    if isinstance(error, DeadKernelError):
        what = "the kernel died (out of memory, or a crash in compiled code)"
    elif isinstance(error, CellTimeoutError):
        what = f"still running after {CELL_TIMEOUT} seconds"
    else:
        what = f"{getattr(error, 'ename', type(error).__name__)}: {getattr(error, 'evalue', error)}"
    trace = [line for output in book.cells[index].get("outputs", ()) for line in output.get("traceback", ())]
    shown = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(trace)) or book.cells[index].source
    raise NotebookError(f"{name}, cell {index + 1} of {len(book.cells)}: {what}\n{textwrap.indent(shown, '    ')}") from None


def _normalise(book: NotebookNode) -> NotebookNode:
    """Take out what differs from run to run without meaning: what kernel it was, and the random names of widgets."""
    from nbformat import from_dict

    from gancourse.classroom.widgets import without_live_views

    without_live_views(book)  # readers get the still pictures; whoever runs the cell gets the widget
    book.metadata["kernelspec"], book.metadata["language_info"] = _KERNELSPEC, _LANGUAGE
    shown = any(_WIDGET_VIEW in output.get("data", ()) for cell in _code(book) for output in cell.outputs)
    if not shown:
        book.metadata.pop("widgets", None)
        return book
    widgets = book.metadata.get("widgets", {}).get(_WIDGET_STATE, {}).get("state", {})
    names = {old: hashlib.sha256(str(place).encode()).hexdigest()[:32] for place, old in enumerate(widgets)}
    text = re.sub(r"(?<![0-9a-f])[0-9a-f]{32}(?![0-9a-f])", lambda match: names.get(match[0], match[0]), json.dumps(book))
    return from_dict(json.loads(text))


# Building


def build(source: Path, *, force: bool = False, scale: str | None = None, report: Callable[[str], None] | None = None) -> str:
    """Bring the notebook of ``source`` up to date; returns "executed", "text" (only the prose changed) or "unchanged".

    It is executed if its code changed or ``force`` is set, at ``scale`` (default: GANCOURSE_SCALE, else cpu).  The notebook is
    replaced in one step when everything ran: after a NotebookError the old one is still there.
    """
    from nbformat import writes

    scale = scale or os.environ.get("GANCOURSE_SCALE") or SCALE
    book, path = read(source), target(source)
    files.writable(path)
    old = load(path)
    edits.set_aside(old, path, book, source)
    if not force and old is not None and _belongs(old, book) and old.metadata.gancourse.get("scale") == scale:
        _carry(old, book)
        done = "text"
    else:
        book = execute(book, name=source.stem, folder=path.parent, scale=scale, report=report)
        book.metadata["gancourse"] = {"code_hash": code_hash(book), "scale": scale, "versions": _versions()}
        done = "executed"
    _lighten(book)
    edits.mark(book)
    text = (writes(book) + "\n").encode()
    if done == "text" and path.read_bytes() == text:
        return "unchanged"
    with files.atomic_write(path) as part:
        part.write_bytes(text)
    return done


def _lighten(book: NotebookNode) -> None:
    """Store still pictures in 96 colours where that saves a tenth or more; films are left as they are."""
    from PIL import Image

    from gancourse.viz.pictures import few_colours

    for cell in _code(book):
        for output in cell.outputs:
            if (stored := output.get("data", {}).get("image/png")) is None:
                continue
            picture = Image.open(io.BytesIO(base64.b64decode(stored)))
            if getattr(picture, "n_frames", 1) > 1:
                continue
            smaller = io.BytesIO()
            solid = picture.convert("RGBA")  # what is transparent stands on white: without it a palette makes it black
            paper = Image.new("RGBA", solid.size, "white")
            few_colours(Image.alpha_composite(paper, solid)).save(smaller, "PNG", optimize=True)
            lighter = base64.b64encode(smaller.getvalue()).decode()
            if len(lighter) < 0.9 * len(stored):
                output["data"]["image/png"] = lighter


def build_all(names: Iterable[str] = (), *, force: bool = False, folder: Path | None = None) -> list[str]:
    """Build the named notebooks, by default all, and say what happens; returns the messages of those that failed."""
    chosen = [find(name, folder) for name in names] or sources(folder)
    terminal, failed = sys.stderr.isatty(), []

    def report(line: str) -> None:
        if terminal:
            print(f"\r{line}\x1b[K", end="", file=sys.stderr, flush=True)

    for source in chosen:
        began = time.monotonic()
        try:
            done = build(source, force=force, report=report)
        except NotebookError as error:
            failed.append(str(error))
            done = "FAILED, the old notebook is kept"
        report("")
        seconds = f" in {time.monotonic() - began:.0f} s" if done == "executed" else ""
        print(f"{source.stem}: {done}{seconds}", flush=True)
    return failed


def _versions() -> dict[str, str]:
    return {"python": platform.python_version(), "torch": metadata.version("torch").split("+")[0], "gancourse": __version__}


def load(path: Path) -> NotebookNode | None:
    """The notebook at ``path``; None if there is none, or none that can be read."""
    from nbformat import read

    complaint: dict[str, Exception] = {}
    try:
        book = read(path, as_version=4, capture_validation_error=complaint)
    except Exception:  # nbformat raises what its parts raise: half a file, another format, a list where a dictionary should be
        return None
    return None if complaint or not isinstance(book.metadata.get("gancourse", {}), dict) else book


def _belongs(old: NotebookNode, book: NotebookNode) -> bool:
    """Whether the outputs in ``old`` were made by the code of ``book``, top to bottom in a fresh kernel."""
    ours, theirs = _code(book), _code(old)
    return (
        old.metadata.get("gancourse", {}).get("code_hash") == code_hash(book) == code_hash(old)
        and len(theirs) == len(ours)
        and [cell.execution_count for cell in theirs] == list(range(1, len(ours) + 1))
    )


def _carry(old: NotebookNode, book: NotebookNode) -> None:
    """Move outputs and what is known of them from ``old`` to ``book``, which has the same code."""
    for before, after in zip(_code(old), _code(book), strict=True):
        after.outputs, after.execution_count = before.outputs, before.execution_count
    for key in ("gancourse", "widgets"):
        if key in old.metadata:
            book.metadata[key] = old.metadata[key]


def with_outputs(source: Path) -> NotebookNode:
    """The source's cells, those that only slides show included, with the outputs of its notebook."""
    old, book = load(target(source)), read(source, slides=True)
    if old is None or not _belongs(old, book):
        raise NotebookError(f"{target(source).name} has no outputs of this code yet: make notebooks NAMES={source.stem}")
    _carry(old, book)
    return book


# Checking


def check(folder: Path | None = None) -> list[str]:
    """What is wrong with the notebooks of a checkout: one readable line for each problem, none if all is well."""
    folder = folder or root()
    found = [f"{source.stem}: {problem}" for source in sources(folder) for problem in _problems(source)]
    known = {source.stem for source in sources(folder)}
    known |= {path.stem for path in folder.glob("solutions/source/*.py")}  # the homework: gancourse.classroom.homework.build
    orphans = [path for path in _seen(folder.glob("notebooks/*.ipynb")) if path.stem not in known and _names_itself(path)]
    return found + [f"{path.stem}: there is no notebooks/source/{path.stem}.py to build it from" for path in orphans]


def _names_itself(path: Path) -> bool:
    """Whether a notebook was built under its name, which its link to Colab has; a reader's own was not, nor was a copy."""
    book = load(path)
    return book is not None and any(f"/notebooks/{path.stem}.ipynb)" in cell.source for cell in book.cells[:2])


def _problems(source: Path) -> Iterator[str]:
    path, mend = target(source), f"make notebooks NAMES={source.stem}"
    book = load(path)
    if book is None:
        yield f"{'it is damaged' if path.exists() else 'there is no notebook'}: {mend}"
        return
    wanted = read(source)
    if [edits.cell_text(cell) for cell in book.cells] != [edits.cell_text(cell) for cell in wanted.cells]:
        yield f"its cells are not those of the source: {mend}"
    known = book.metadata.get("gancourse", {})
    if known.get("code_hash") != code_hash(wanted):
        yield f"the code has changed since its outputs were made: {mend}"
    if known.get("scale") != SCALE:
        yield f"its outputs are of {known.get('scale')} scale, not {SCALE}: GANCOURSE_SCALE={SCALE} {mend}"
    code = _code(book)
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        yield f"it was not run from top to bottom in a fresh kernel: {mend}"
    if not any(cell.outputs for cell in code):
        yield f"it has no outputs: {mend}"
    yield from _output_problems(book)
    if (size := path.stat().st_size) >= LARGEST:
        yield f"it takes {size / 1e6:.2f} MB, which is more than {LARGEST / 1e6:g} MB: show fewer or smaller pictures"


def _output_problems(book: NotebookNode) -> Iterator[str]:
    for number, cell in enumerate(book.cells, start=1):
        for output in cell.get("outputs", ()):
            if output.output_type == "error" and "raises-exception" not in cell.metadata.get("tags", ()):
                yield f"cell {number} ends in an error: {output.ename}: {output.evalue}"
            if path := _MACHINE_PATH.search(_words(output)):
                yield f"an output of cell {number} shows a path of the machine it was made on: {path[0]}"


def _words(output: NotebookNode) -> str:
    """What an output says in text; pictures are left out, since base64 may spell anything."""
    data = {kind: value for kind, value in output.get("data", {}).items() if not kind.startswith("image/")}
    return "\n".join([output.get("text", ""), *map(str, data.values()), *output.get("traceback", ())])

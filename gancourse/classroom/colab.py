"""Notebooks on Google Colab: the link that opens one, and the cell that installs the package of the same release."""

from __future__ import annotations

import copy
import tomllib
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gancourse import __version__
from gancourse.base import files

if TYPE_CHECKING:
    from nbformat import NotebookNode

TAG = f"v{__version__}"  # of the release that the set-up cells install
TAG_OF_SETUP = "colab-setup"  # marks the set-up cell in a notebook
_FOLDED = {"cellView": "form", "jupyter": {"source_hidden": True}, "tags": [TAG_OF_SETUP]}  # on Colab and in Lab

_CELL = """\
# On Google Colab: install the course's package where it is missing, and leave PyTorch as it is. Anywhere else: nothing.
import importlib.metadata
import importlib.util
import subprocess
import sys

if "google.colab" in sys.modules and importlib.util.find_spec("gancourse") is None:
    keep = [f"{{name}}=={{importlib.metadata.version(name)}}" for name in ("torch", "torchvision", "numpy")]
    package = {address!r}
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *keep, package], check=True)
    importlib.invalidate_caches()
"""


def repository(folder: Path | None = None) -> str:
    """The repository's address from the one place that holds it: [project.urls] of pyproject.toml, or the metadata made of it."""
    folder = folder or files.checkout()
    if folder is not None:
        project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        return project["urls"]["Repository"]
    urls = dict(entry.split(", ", 1) for entry in metadata.metadata("gancourse").get_all("Project-URL") or ())
    return urls["Repository"]


def cell(address: str) -> str:
    """The set-up cell: on Colab it installs gancourse from ``address``, which is anything that pip understands.

    torch, torchvision and numpy are asked for at the versions that are installed, so that pip cannot replace them: if the
    package did not admit them, it would say so and change nothing.
    """
    return _CELL.format(address=address).rstrip()


def requirement(address: str) -> str:
    """What the set-up cells install: this version of the package, by its tag.

    A notebook that was copied years ago goes on with the package that it was written for, whatever has been renamed since.
    """
    return f"gancourse @ git+{address}@{TAG}"


def link(name: str, address: str) -> str:
    """The markdown link that opens notebook ``name``, as released, of the repository at ``address`` in Colab."""
    place = f"{urlsplit(address).path}/blob/{TAG}/notebooks/{name}.ipynb"
    return f"[Open in Colab](https://colab.research.google.com/github{place})"


def setup(address: str) -> NotebookNode:
    """The set-up cell of a notebook, folded."""
    from nbformat import v4

    return v4.new_code_cell(cell(requirement(address)), metadata=copy.deepcopy(_FOLDED))

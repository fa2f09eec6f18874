"""The pages of the site, laid out for Sphinx: the repository's documents and notebooks as they are, and the reference."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path

import assets

from gancourse.classroom import notebooks, slides, words
from gancourse.classroom.homework import build as homework

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
BUILD = HERE.parent / "_build"

# Everything that a reader reads.  The homework is the students' version; answers, and the exams of the teacher's parts, stay in
# the repository, where the links to them lead.
DOCUMENTS = ("*.md", "docs/*.md", "data/README.md", "solutions/README.md", "tests/golden/README.md")
STAYING = "solutions/teaching/"
DECKS = "slides"  # the folder of the lectures' slides, below Sphinx's _static
PICTURES = "docs/img/*"
FRONT = ("index.md", "play.md")

# What a notebook's cell is for, and what the page shows of it: the set-up of Colab nothing, a quiz its questions alone.
ANIMATED = 256  # bytes of a PNG in which it says that it moves
CODE = re.compile(r"(^```.*?^```)", re.DOTALL | re.MULTILINE)
TITLE, HEADING = re.compile(r"^# ", re.MULTILINE), re.compile(r"^(#+ )", re.MULTILINE)
TAGS = {"colab-setup": "remove-cell", "hide-input": "remove-input"}


def _under_one_title(cells: list[dict]) -> None:
    """Headings below the title where a notebook has several of the first rank: each would be an entry of the sidebar."""
    texts = [cell for cell in cells if cell["cell_type"] == "markdown"]
    sources = [CODE.split("".join(cell["source"])) for cell in texts]
    if sum(len(TITLE.findall(piece)) for pieces in sources for piece in pieces[::2]) < 2:
        return
    for cell, pieces in zip(texts[1:], sources[1:], strict=True):  # the first cell holds the title
        pieces[::2] = [HEADING.sub(r"#\1", piece) for piece in pieces[::2]]
        cell["source"] = "".join(pieces)


def notebook(text: str, deck: str = "") -> str:
    """A notebook for the page: tags as myst-nb knows them, each picture's words as its alternative text, a link to its slides."""
    book = json.loads(text)
    if deck:
        book["cells"][1]["source"] = "".join(book["cells"][1]["source"]) + f' \N{MIDDLE DOT} <a href="{deck}">slides</a>'
    for cell, about in words.under_headings(book["cells"]):
        tags = cell["metadata"].get("tags", [])
        cell["metadata"]["tags"] = [TAGS.get(tag, tag) for tag in tags]
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "image/png" in data:
                alt = words.alternative(output, "".join(cell["source"]), about)
                moving = b"acTL" in base64.b64decode("".join(data["image/png"]))[:ANIMATED]
                output["metadata"]["image/png"] = {"alt": alt} | ({"class": "film"} if moving else {})
            for kind in [kind for kind in data if kind.startswith("application/")]:
                del data[kind]
    _under_one_title(book["cells"])
    return json.dumps(book)


def modules() -> dict[str, Path]:
    """The public modules of the package and their files, by name."""
    found = {}
    for path in sorted((ROOT / "gancourse").rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        name = parts[:-1] if parts[-1] == "__init__" else parts
        if not any(part.startswith("_") for part in name):
            found[".".join(name)] = path
    return found


def reference() -> dict[str, str]:
    """A page for each package: its docstring, the packages in it, and its modules with all that they define."""
    found, texts = modules(), {}
    packages = [name for name, path in found.items() if path.name == "__init__.py"]
    for package in packages:
        inner = [name for name in found if name.rpartition(".")[0] == package]
        lines = [f"# {package}", "", "```{eval-rst}", f".. automodule:: {package}", "   :ignore-module-all:", "```", ""]
        if below := [name for name in inner if name in packages]:
            lines += ["```{toctree}", ":maxdepth: 1", "", *below, "```", ""]
        for name in inner:
            if name not in packages:
                lines += [f"## {name.rpartition('.')[2]}", "", "```{eval-rst}", f".. automodule:: {name}", "```", ""]
        texts[f"api/{package}.md"] = "\n".join(lines)
    return texts


def pages() -> dict[str, str]:
    """The text of every page by its path in the site."""
    found = {name: (HERE / name).read_text(encoding="utf-8") for name in FRONT}
    for pattern in DOCUMENTS:
        for path in sorted(ROOT.glob(pattern)):
            found[path.relative_to(ROOT).as_posix()] = path.read_text(encoding="utf-8")
    shown = {notebooks.target(source): f"../_static/{DECKS}/{source.stem}.html" for source in notebooks.sources(ROOT)}
    shown |= {homework.student_path(source): "" for source in homework.sources(ROOT)}
    for path, deck in shown.items():
        found[path.relative_to(ROOT).as_posix()] = notebook(path.read_text(encoding="utf-8"), deck)
    return found | reference()


def slides_page(text: str) -> str:
    """A lecture's slides for the site: links from the notebook's place to pages lead from the slides' place to the site's."""
    return re.sub(r'href="(?![a-z]+:|#)([^"#]+)\.(?:md|ipynb)(#[^"]*)?"', r'href="../../notebooks/\1.html\2"', text)


def _write(path: Path, content: bytes) -> None:
    """Write what has changed: the rest keeps its date, and its page is not built again."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_file() or path.read_bytes() != content:
        path.write_bytes(content)


def lay_out(target: Path, contents: dict[str, bytes]) -> None:
    """Write the files below ``target``, and remove what is none of them any more."""
    for name, content in contents.items():
        _write(target / name, content)
    for path in target.rglob("*"):
        if path.is_file() and path.relative_to(target).as_posix() not in contents:
            path.unlink()


def main() -> None:
    """Lay out docs/_build/source and docs/_build/static for `make site`."""
    shown = {name: text.encode() for name, text in pages().items()}
    lay_out(BUILD / "source", shown | {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in ROOT.glob(PICTURES)})
    static = BUILD / "static"
    _write(static / "weights.js", assets.weights(ROOT).encode())
    decks = {source.stem: slides_page(slides.page(slides.slides(source))) for source in notebooks.sources(ROOT)}
    lay_out(static / DECKS, {f"{stem}.html": deck.encode() for stem, deck in decks.items()})
    film, painter = static / "walk.webp", ROOT / "data" / "checkpoints" / f"{assets.PAINTER}.safetensors"
    if not film.exists() or film.stat().st_mtime < painter.stat().st_mtime:
        assets.film(film.parent)


if __name__ == "__main__":
    main()

"""A lecture as slides: one HTML page that needs no network, made from the tagged cells of a source and the stored outputs.

The tags, in jupytext's percent format (``# %% [markdown] tags=["slide", "slide-only"]``):

    slide           the cell begins a slide: text by what it says, code by what it put out
    slide-continue  the cell goes onto the slide that is open
    notes           what the speaker says about the open slide, in a window of its own
    slide-only      besides one of these, on text: the cell stands on the slides alone and is left out of the notebook
    slide-picture   besides one of these, on code: of its outputs the pictures alone
    slide-code      besides one of these, on code: the code in place of its outputs

The first slide is the lecture's title.  Every other begins with a heading.  What stands below the heading "Going deeper" is not
for the lecture hour, and its slides say so: a coloured edge, and "deeper" before their number.

The deck's script is the course's own.  No package that the course depends on carries reveal.js, and what is used of it here,
keys, notes, overview and print, is a page of JavaScript: ``_slides/deck.js``.
"""

from __future__ import annotations

import base64
import html
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from gancourse.base.check import one_of
from gancourse.classroom import notebooks, pages, words
from gancourse.classroom.claims import rows
from gancourse.classroom.notebooks import SLIDE_ONLY, NotebookError

if TYPE_CHECKING:
    from nbformat import NotebookNode

BEGIN, CONTINUE, NOTES, PICTURE, CODE = "slide", "slide-continue", "notes", "slide-picture", "slide-code"
TAGS = (BEGIN, CONTINUE, NOTES, SLIDE_ONLY, PICTURE, CODE)
_PLACES = (BEGIN, CONTINUE, NOTES)
_DEEPER = re.compile(r"#+ +(?:\d+\. +)?Going deeper\s*(?:\n|$)")  # the heading above what is not for the lecture hour
_NARROW = 1.65  # a picture less wide than this, over its height, stands beside the text and not below it
_ROW = 4.5  # pictures of one cell stand side by side if they are together less wide than this, over one's height
_DECK = Path(__file__).with_name("_slides")
_KEYS = """<b>Keys</b><br>arrows, space, Page Up and Down: move<br>S: the speaker's notes, in a window (allow it to open)<br>
O or Esc: all slides<br>F: full screen<br>B: dark<br>print: a slide to a page (so does ?print-pdf)"""


@dataclass
class Slide:
    """One slide: its title, its parts in order as (kind, HTML), and what is said."""

    title: str
    parts: list[tuple[str, str]] = field(default_factory=list)  # kind: words, or shown
    notes: list[str] = field(default_factory=list)
    narrow: bool = False  # its picture is about as high as wide
    cover: bool = False
    deeper: bool = False  # it stands below the line "Going deeper"

    def html(self, number: int, count: int) -> str:
        """The slide as a section of the page."""
        words = [part for kind, part in self.parts if kind == "words"]
        shown = [part for kind, part in self.parts if kind == "shown"]
        if self.narrow and words and shown:
            body = f'<div class="body beside">{_words("".join(words))}<div class="shown">{"".join(shown)}</div></div>'
        else:
            body = "".join(_words(part) if kind == "words" else part for kind, part in self.parts)
            body = f'<div class="body">{body}</div>'
        said = f"<aside>{''.join(self.notes)}</aside>" if self.notes else ""
        title = f"<h2>{self.title}</h2>"
        kind = ' class="cover"' if self.cover else ' class="deeper"' if self.deeper else ""
        place = f"{'deeper, ' if self.deeper else ''}{number} / {count}"
        return f'<section{kind} id="slide-{number}">{title}{body}<footer>{place}</footer>{said}</section>'


def _words(text: str) -> str:
    return f'<div class="words">{text}</div>'


def slides(source: Path) -> list[Slide]:
    """The slides of a lecture's source, with the outputs of the notebook that was built from it.

    Raises NotebookError where no cell is tagged, where tags contradict each other, and where the outputs are of other code.
    """
    book = notebooks.with_outputs(source)
    made = [_cover(book.cells[0])]
    deeper = False
    for cell in book.cells[1:]:
        deeper = deeper or cell.cell_type == "markdown" and _DEEPER.match(cell.source.lstrip()) is not None
        where = f"{source.name}, the cell that begins {cell.source.strip().partition(chr(10))[0][:60]!r}"
        if (place := _place(cell, where)) is None:
            continue
        if place == NOTES:
            made[-1].notes.append(_markdown(cell.source))
            continue
        if place == BEGIN:
            made.append(Slide(title="", deeper=deeper))
        elif len(made) == 1:
            raise NotebookError(f"{where}: there is no slide that it could continue; tag it {BEGIN}")
        _add(made[-1], cell, where)
    if len(made) == 1:
        raise NotebookError(
            f"{source.stem} has no slides yet: tag cells of notebooks/source/{source.name} with {BEGIN!r} (see CONTRIBUTING.md)"
        )
    return made


def _place(cell: NotebookNode, where: str) -> str | None:
    """Where the cell goes: begin, continue, notes; None for a cell that is not on the slides."""
    ours = [tag for tag in cell.metadata.get("tags", ()) if tag.startswith(("slide", "note"))]
    for tag in ours:
        try:
            one_of("tag", tag, TAGS)
        except ValueError as error:
            raise NotebookError(f"{where}: {error}") from None
    places = [tag for tag in ours if tag in _PLACES]
    if ours and len(places) != 1:
        raise NotebookError(f"{where}: of the tags {', '.join(_PLACES)} it needs one, and has {', '.join(places) or 'none'}")
    code = cell.cell_type == "code"
    if code and (SLIDE_ONLY in ours or NOTES in ours) or not code and (PICTURE in ours or CODE in ours):
        kinds = f"{SLIDE_ONLY} and {NOTES} are for text, {PICTURE} and {CODE} for code"
        raise NotebookError(f"{where}: {kinds}")
    return places[0] if places else None


def _cover(cell: NotebookNode) -> Slide:
    """The first slide: the lecture's title; all else of the cell is said."""
    title, _, rest = cell.source.partition("\n")
    said = "<p>gancourse: a verified course on generative adversarial networks</p>"
    return Slide(_inline(title.lstrip("# ")), [("words", said)], [_markdown(rest)], cover=True)


def _add(slide: Slide, cell: NotebookNode, where: str) -> None:
    """Put a cell onto a slide; the first must begin with a heading, which becomes the slide's title."""
    text = cell.source.strip("\n")
    if not slide.title:
        head = re.match(r"#+ +(.+)", text) if cell.cell_type == "markdown" else None
        if head is None:
            fix = f'a text cell with tags=["{BEGIN}", "{SLIDE_ONLY}"] before it can give one; then this cell gets {CONTINUE}'
            raise NotebookError(f"{where}: a slide begins with a heading, as in: ## The best discriminator; {fix}")
        slide.title, text = _inline(head[1]), text[head.end() :].strip("\n")
    if cell.cell_type == "markdown":
        if text:
            slide.parts.append(("words", _markdown(text)))
        return
    tags = cell.metadata.tags
    if CODE in tags:
        slide.parts.append(("shown", _highlighted(cell.source)))
        return
    kept = [output for output in cell.outputs if PICTURE not in tags or _picture(output) or _caption(output)]
    made = [_shown(output, cell.source, _plain(slide.title)) for output in kept]
    wide = [aspect for _, aspect in made if aspect is not None]
    if len(wide) > 1 and sum(wide) < _ROW:
        slide.parts.append(("shown", _row(kept, [shown for shown, _ in made])))
        return
    slide.narrow = slide.narrow or (bool(wide) and min(wide) < _NARROW)
    slide.parts += [("shown", shown) for shown, _ in made]


def _row(outputs: Sequence[NotebookNode], shown: Sequence[str]) -> str:
    """Pictures side by side, each with the caption that follows it; all else below them."""
    columns, below = [], []
    for output, part in zip(outputs, shown, strict=True):
        if _picture(output):
            columns.append(part)
        elif _caption(output) and columns:
            columns[-1] += part
        else:
            below.append(part)
    return f'<div class="row">{"".join(f"<div>{column}</div>" for column in columns)}</div>{"".join(below)}'


def _caption(output: NotebookNode) -> bool:
    return "text/markdown" in output.get("data", {})


def _picture(output: NotebookNode) -> str | None:
    """The picture's type, if the output has one."""
    return next((kind for kind in ("image/svg+xml", "image/png") if kind in output.get("data", {})), None)


def _shown(output: NotebookNode, code: str, title: str) -> tuple[str, float | None]:
    """An output of the code as HTML, and how wide it is over its height if it is a picture."""
    data = output.get("data", {})
    if (kind := _picture(output)) is not None:
        alt = html.escape(words.alternative(output, code, title), quote=True)
        raw = data[kind].encode() if kind == "image/svg+xml" else base64.b64decode(data[kind])
        link = f"data:{kind};base64,{base64.b64encode(raw).decode()}"
        return f'<figure><img alt="{alt}" src="{link}"></figure>', _aspect(raw)
    if "text/html" in data:
        return f'<div class="said">{rows.for_a_slide(data["text/html"])}</div>', None
    if "text/markdown" in data:
        return f'<div class="caption">{_markdown(data["text/markdown"])}</div>', None
    trace = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(output.get("traceback", ())))
    said = output.get("text") or data.get("text/plain") or trace
    return f"<pre>{html.escape(said.rstrip())}</pre>", None


def _aspect(picture: bytes) -> float:
    """Width over height, of a PNG or an SVG with a viewBox."""
    if picture.startswith(b"\x89PNG"):
        width, height = struct.unpack(">II", picture[16:24])
        return width / height
    box = re.search(rb'viewBox="[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)"', picture)
    return float(box[1]) / float(box[2]) if box else _NARROW


def _markdown(text: str) -> str:
    """Markdown as HTML, formulas as MathML."""
    from nbconvert.filters.markdown_mistune import markdown2html_mistune

    return markdown2html_mistune(pages.with_mathml(text)).strip()


def _inline(text: str) -> str:
    """A heading's Markdown as HTML without a paragraph around it; the sign before it keeps "02." from beginning a list."""
    made = _markdown(f"\N{WORD JOINER}{text}").replace("\N{WORD JOINER}", "")
    return re.sub(r"^<p>(.*)</p>$", r"\1", made, flags=re.DOTALL)


def _plain(text: str) -> str:
    """HTML without its tags."""
    return html.unescape(re.sub(r"<[^>]+>", "", text)).strip()


def _highlighted(code: str) -> str:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    return highlight(code, PythonLexer(), HtmlFormatter())


def _styles() -> Iterator[str]:
    from pygments.formatters import HtmlFormatter

    yield HtmlFormatter().get_style_defs(".highlight")
    yield (_DECK / "deck.css").read_text(encoding="utf-8")


def page(made: list[Slide]) -> str:
    """The whole page: styles and script are in it, and no address of another machine."""
    sections = "\n".join(slide.html(number, len(made)) for number, slide in enumerate(made, start=1))
    script = (_DECK / "deck.js").read_text(encoding="utf-8")
    return f"""<!doctype html>
<html lang="en">
<head>
{pages.GENERATOR}
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{html.escape(_plain(made[0].title))}</title>
<style>
{chr(10).join(_styles())}
</style>
</head>
<body>
<main>
{sections}
</main>
<div id="progress"></div>
<div id="help">{_KEYS}</div>
<script>
{script}
</script>
</body>
</html>
"""

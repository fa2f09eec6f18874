"""Slides: what the tags do, what contradicts itself, a page without another machine, and how the deck behaves in a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gancourse.classroom import cli, notebooks, slides
from tests.browser import opened

pytest.importorskip("jupytext")

ROOT = Path(__file__).resolve().parents[1]
SOURCE = """\
# %% [markdown]
# # 01. A *small* lecture
#
# What it is about.

# %% [markdown] tags=["slide", "slide-only"]
# ## The best $D$
#
# $$D^* = \\frac{p}{p + q}$$

# %% [markdown] tags=["notes"]
# Say that `D` is a posterior.

# %% tags=["slide-continue"]
print("p & q")

# %% [markdown] tags=["slide"]
# ## A picture
#
# Of two squares.

# %% tags=["slide-continue", "slide-picture"]
import numpy as np

from gancourse import viz

print("not on the slide")
viz.show(np.zeros((2, 1, 8, 8), np.uint8), caption="Two squares.", alt="two black squares")

# %% [markdown] tags=["slide", "slide-only"]
# ## Its code

# %% tags=["slide-continue", "slide-code"]
a = 1 + 1
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout with one small lecture, built."""
    folder = tmp_path_factory.mktemp("checkout")
    (folder / "notebooks" / "source").mkdir(parents=True)
    (folder / "pyproject.toml").write_text('[project]\nurls = { Repository = "https://github.com/someone/course" }\n')
    source = folder / "notebooks" / "source" / "01_lecture.py"
    source.write_text(SOURCE, encoding="utf-8")
    notebooks.build(source, scale="ci")
    return folder


@pytest.fixture
def source(folder: Path) -> Path:
    path = folder / "notebooks" / "source" / "01_lecture.py"
    path.write_text(SOURCE, encoding="utf-8")
    return path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_each_tag_does_what_it_says(source: Path) -> None:
    cover, best, picture, code = slides.slides(source)
    assert cover.cover and cover.title == "01. A <em>small</em> lecture" and "What it is about" in cover.notes[0]
    assert best.title.startswith("The best <math") and "<mfrac>" in best.parts[0][1]
    assert best.parts[1] == ("shown", "<pre>p &amp; q</pre>")
    assert "posterior" in best.notes[0]
    words, shown, caption = picture.parts
    assert "Of two squares." in words[1] and 'alt="two black squares"' in shown[1] and "Two squares." in caption[1]
    assert "not on the slide" not in "".join(part for _, part in picture.parts)
    assert "highlight" in code.parts[0][1] and not code.notes


def test_cells_of_the_slides_alone_are_not_in_the_notebook(source: Path, folder: Path) -> None:
    book = notebooks.load(notebooks.target(source))
    assert book is not None
    text = "\n".join(cell.source for cell in book.cells)
    assert "posterior" in text and "The best" not in text and "Its code" not in text
    assert [line for line in notebooks.check(folder) if "scale" not in line] == []


def test_tags_and_slides_need_no_new_outputs(source: Path) -> None:
    before = notebooks.code_hash(notebooks.read(source))
    edit(source, '# %% tags=["slide-continue"]\nprint', "# %%\nprint")
    edit(source, "## Its code", "## Its code, said anew")
    assert notebooks.code_hash(notebooks.read(source)) == before
    assert notebooks.build(source, scale="ci") == "text"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('["notes"]', '["note"]', "tag must be one of"),
        ('["slide-continue", "slide-code"]', '["slide-code"]', "it needs one, and has none"),
        ('tags=["slide-continue", "slide-code"]', 'tags=["slide"]', "a slide begins with a heading"),
        ('["slide-continue", "slide-code"]', '["slide-continue", "slide-only"]', "slide-only and notes are for text"),
        ('["slide"]', '["slide", "notes"]', "it needs one, and has slide, notes"),
        ('["slide", "slide-only"]\n# ## The', '["slide-continue", "slide-only"]\n# ## The', "no slide that it could continue"),
        ("1 + 1", "1 + 2", "make notebooks NAMES=01_lecture"),
    ],
)
def test_what_contradicts_itself_is_named_with_the_fix(source: Path, old: str, new: str, said: str) -> None:
    edit(source, old, new)
    with pytest.raises(notebooks.NotebookError, match=re.escape(said).replace("must\\ be\\ one\\ of", ".*")):
        slides.slides(source)


def test_a_lecture_without_tags_says_how_to_get_slides(source: Path) -> None:
    source.write_text(re.sub(r' tags=\["[^\]]*\]', "", SOURCE.replace('"slide-only"', '"x"')), encoding="utf-8")
    with pytest.raises(notebooks.NotebookError, match="no slides yet: tag cells of notebooks/source/01_lecture.py"):
        slides.slides(source)


def test_slides_below_going_deeper_say_so(source: Path) -> None:
    assert not any(slide.deeper for slide in slides.slides(source))
    code = '# %% [markdown] tags=["slide", "slide-only"]\n# ## Its code'
    edit(source, code, f'# %% [markdown] tags=["notes"]\n# # Going deeper\n\n{code}')
    made = slides.slides(source)
    assert [slide.deeper for slide in made] == [False, False, False, True]
    edit(source, "# # Going deeper", "# ## Szegedy et al., Going deeper with convolutions")
    assert not any(slide.deeper for slide in slides.slides(source))
    assert "Going deeper" in made[2].notes[-1], "the speaker reads it beside the last slide of the hour"
    assert '<section class="deeper" id="slide-4">' in (last := made[3].html(4, 4)) and "<footer>deeper, 4 / 4</footer>" in last
    assert '<section id="slide-3">' in made[2].html(3, 4) and "<footer>3 / 4</footer>" in made[2].html(3, 4)


def test_wide_pictures_stand_below_the_text_and_narrow_ones_beside_it() -> None:
    words, shown = ("words", "<p>Text.</p>"), ("shown", "<figure></figure>")
    assert '"body beside"' in slides.Slide("T", [words, shown], narrow=True).html(2, 3)
    assert "beside" not in slides.Slide("T", [words, shown]).html(2, 3)
    assert "beside" not in slides.Slide("T", [shown], narrow=True).html(2, 3)


def test_a_box_is_folded_and_says_what_was_asked_for() -> None:
    stored = (
        '<div><details open style="a"><summary style="b"><b>Holds.</b> x<br><b>measured: 1</b></summary><i>Asked for:</i> 1</div>'
    )
    shown, aspect = slides._shown({"data": {"text/html": stored}}, "", "T")
    assert "<details style" in shown and "<b>measured: 1; asked for: 1</b></summary>" in shown and aspect is None


def test_the_page_asks_no_other_machine(source: Path) -> None:
    page = slides.page(slides.slides(source))
    assert re.findall(r"(?:src|href)=[\"']?(?:https?:)?//[^\"'> ]+|@import|url\(", page) == []
    assert page.count("<section") == 4 and "<title>01. A small lecture</title>" in page


def test_the_command_writes_the_page(source: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(notebooks, "find", lambda name: source)
    assert cli.main(["slides", "1", "--output", str(tmp_path / "deck.html")]) == 0
    assert "4 slides" in capsys.readouterr().out and (tmp_path / "deck.html").stat().st_size > 10_000


def test_with_all_every_lecture_gets_a_page(source: Path, folder: Path, tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(notebooks, "root", lambda: folder)
    assert cli.main(["slides", "--all", "--output", str(tmp_path / "decks")]) == 0
    assert [path.name for path in (tmp_path / "decks").iterdir()] == ["01_lecture-slides.html"]
    capsys.readouterr()
    (tmp_path / "deck.html").touch()
    assert cli.main(["slides", "--all", "--output", str(tmp_path / "deck.html")]) == 2
    assert "is the folder for the pages" in capsys.readouterr().err
    for neither in (["slides"], ["slides", "1", "--all"]):
        assert cli.main(neither) == 2
        assert "takes a lecture or --all" in capsys.readouterr().err


LOOK = """<pre id="found"></pre><script>
addEventListener("load", () => {
  const press = (key) => document.dispatchEvent(new KeyboardEvent("keydown", { key }));
  const now = () => document.querySelector("section.now").id;
  const seen = [now()];
  press("ArrowRight"); seen.push(now());
  press(" "); seen.push(now());
  press("PageUp"); seen.push(now());
  press("End"); press("ArrowRight"); seen.push(now());
  location.hash = "#/2";
  dispatchEvent(new HashChangeEvent("hashchange")); seen.push(now());
  press("o"); const overview = document.documentElement.classList.contains("overview");
  document.getElementById("slide-3").click(); seen.push(now());
  const written = [];
  const at = {};
  window.open = () => ({ closed: false, document: { open() {}, close() {}, addEventListener() {},
    write: (page) => written.push(page), getElementById: (id) => (at[id] = at[id] || {}) } });
  location.hash = "#/2"; dispatchEvent(new HashChangeEvent("hashchange")); press("s");
  const left = document.documentElement.classList.contains("overview");
  const notes = at.notes.innerHTML, next = at.next.textContent;
  press("End"); press("PageUp"); const bar = document.getElementById("progress"), below = [bar.className, at.next.textContent];
  press("End"); below.push(bar.className, at.title.textContent);
  dispatchEvent(new Event("beforeprint"));
  const printed = !document.documentElement.classList.contains("live");
  const sections = [...document.querySelectorAll("section")];
  const size = sections.map((s) => Number(s.dataset.size)), over = sections.map((s) => s.hasAttribute("data-overflows"));
  const found = { seen, overview, left, printed, notes, next, below, size, over };
  document.getElementById("found").textContent = JSON.stringify(found);
});
</script></body>"""


@pytest.mark.slow
def test_keys_hash_overview_notes_and_print(source: Path, tmp_path: Path) -> None:
    made = slides.slides(source)
    made[3].deeper = True
    made[3].parts = [("words", "<p>word word word word word word word word word word</p>" * 200)]
    found = opened(slides.page(made).replace("</body>", LOOK), tmp_path)
    assert found["seen"] == [f"slide-{n}" for n in (1, 2, 3, 2, 4, 2, 3)]
    assert found["overview"] and not found["left"] and found["printed"]
    assert "posterior" in found["notes"] and found["next"] == "next: A picture"
    assert found["below"] == ["", "next: deeper: Its code", "deeper", "deeper: Its code"]
    assert found["size"][:3] == [100, 100, 100] and found["size"][3] == 60
    assert found["over"] == [False, False, False, True]


@pytest.mark.slow
def test_a_slide_makes_room_for_a_box_that_is_opened(source: Path, tmp_path: Path) -> None:
    made = slides.slides(source)[:2]
    made[1].parts = [("shown", f'<div class="said"><details><summary>Holds.</summary>{"<p>word</p>" * 16}</details></div>')]
    look = """<pre id="found"></pre><script>addEventListener("load", () => {
    const slide = document.getElementById("slide-2"), sizes = [slide.dataset.size];
    slide.querySelector("details").addEventListener("toggle", () => setTimeout(() => {
      document.getElementById("found").textContent = JSON.stringify([...sizes, slide.dataset.size].map(Number)); }));
    slide.querySelector("details").open = true;
    });</script></body>"""
    folded, opened_up = opened(slides.page(made).replace("</body>", look), tmp_path)
    assert folded == 100 > opened_up


LECTURES = notebooks.sources(ROOT)
SUMMARY = ("In short", "What to keep")


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda path: path.stem)
def test_every_lecture_has_slides_with_something_on_them(lecture: Path) -> None:
    made = slides.slides(lecture)
    assert 12 <= len(made) <= 27
    assert all(slide.parts for slide in made), [slide.title for slide in made if not slide.parts]
    assert all("\\" not in re.sub(r"<[^>]*>", "", part) for slide in made for kind, part in slide.parts if kind == "words")


@pytest.mark.parametrize("lecture", LECTURES, ids=lambda path: path.stem)
def test_the_hour_ends_with_its_summary_and_all_of_it_has_notes(lecture: Path) -> None:
    made = slides.slides(lecture)
    hour = [slide for slide in made if not slide.deeper]
    assert made[: len(hour)] == hour, "a slide of the hour stands behind one of Going deeper"
    assert hour[-1].title.startswith(SUMMARY), f"before Going deeper stands {hour[-1].title!r}, and no summary"
    assert [slide.title for slide in hour if not slide.notes] == [], "these have no speaker's notes"
    assert not any(">Going deeper<" in note for note in hour[-1].notes[:-1]), "notes of Going deeper without a slide of theirs"


def lines_to_write(lecture: Path) -> dict[str, bool]:
    """The functions that the lecture leaves to the reader, and whether a slide shows each with its dots."""
    code = "\n".join(cell.source for cell in notebooks.read(lecture).cells if cell.cell_type == "code")
    shown = [slides._plain(part) for slide in slides.slides(lecture) for _, part in slide.parts]
    names = re.findall(r"^lines\.answered\((\w+)", code, flags=re.MULTILINE)
    return {name: any(re.search(rf"def {name}\(.*\n(.*\n)?\s+return \.\.\.", part) for part in shown) for name in names}


def test_every_line_that_the_class_writes_is_on_a_slide() -> None:
    lines = {lecture.stem: lines_to_write(lecture) for lecture in LECTURES}
    missing = {stem: [name for name, there in found.items() if not there] for stem, found in lines.items()}
    assert {stem: names for stem, names in missing.items() if names} == {}
    assert sum(map(len, lines.values())) >= 47, "fewer lines are found than the lectures had"


@pytest.mark.slow
@pytest.mark.parametrize("lecture", LECTURES, ids=lambda path: path.stem)
def test_no_slide_of_a_lecture_overflows(lecture: Path, tmp_path: Path) -> None:
    look = """<pre id="found"></pre><script>addEventListener("load", () => { document.getElementById("found").textContent =
    JSON.stringify([...document.querySelectorAll("section[data-overflows]")].map((s) => s.querySelector("h2").textContent)); });
    </script></body>"""
    assert opened(slides.page(slides.slides(lecture)).replace("</body>", look), tmp_path) == []

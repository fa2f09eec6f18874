"""The site: every document has its place, every link leads somewhere, and the browser's generator is PyTorch's."""

from __future__ import annotations

import fnmatch
import functools
import html.parser
import http.server
import importlib.util
import io
import json
import posixpath
import re
import shutil
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import numpy as np
import pytest
import torch
from PIL import Image

from gancourse import zoo
from tests.browser import chromium, lacking, opened

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "docs" / "site"
# A link in Markdown, but none in code.
CODE = re.compile(r"^```.*?^```|`+[^`\n]+`+", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\]\(([^)\s]+)\)")


def module(name: str) -> ModuleType:
    """A script of docs/site, which is no package."""
    if name not in sys.modules:
        sys.path.insert(0, str(SITE))
        try:
            return importlib.import_module(name)
        finally:
            sys.path.remove(str(SITE))
    return sys.modules[name]


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    return module("sources").pages()


def prose(name: str, text: str) -> str:
    """What of a page is written in Markdown, without code."""
    if name.endswith(".ipynb"):
        text = "\n\n".join(cell.source for cell in nbformat.reads(text, 4).cells if cell.cell_type == "markdown")
    return CODE.sub("", text)


# What is on the site


def listed(pages: dict[str, str]) -> set[str]:
    """The pages that tables of contents name, from the front page on."""
    found, waiting = set(), ["index.md"]
    while waiting:
        page = waiting.pop()
        found.add(page)
        for block in re.findall(r"```\{toctree\}\n(.*?)```", pages[page], re.DOTALL):
            for line in block.splitlines():
                entry = (re.search(r"<(.+)>", line) or [0, line])[1].strip()
                if not entry or entry.startswith(":"):
                    continue
                pattern = posixpath.normpath(posixpath.join(posixpath.dirname(page), entry))
                named = fnmatch.filter([name.rpartition(".")[0] for name in pages], pattern)
                assert named, f"{page}: {entry} is no page"
                waiting += [name for name in pages if name.rpartition(".")[0] in named and name not in found]
    return found


def test_every_page_is_in_the_table_of_contents(pages) -> None:
    assert listed(pages) == set(pages)


def test_a_page_without_a_place_is_seen(pages) -> None:
    assert "lost.md" not in listed(pages | {"lost.md": "# Lost"})


def test_every_document_of_the_repository_is_a_page(pages) -> None:
    git = subprocess.run(["git", "ls-files", "*.md", "notebooks/*.ipynb"], cwd=ROOT, capture_output=True, text=True)
    if git.returncode:
        pytest.skip("this is no clone: git lists no files here")
    documents = {name for name in git.stdout.split() if not name.startswith(("docs/site/", module("sources").STAYING))}
    assert documents <= set(pages), "sources.DOCUMENTS does not name it"


def test_a_readers_own_notebook_is_no_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = nbformat.writes(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(word) for word in ("# A", "link")]))
    for name in ("notebooks/source/01_a.py", "solutions/source/hw1_b.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    names = ("notebooks/01_a", "notebooks/hw1_b", "notebooks/01 my copy", "notebooks/hw1_mine", "mine/01_a")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.ipynb").write_text(book, encoding="utf-8")
    monkeypatch.setattr(module("sources"), "ROOT", tmp_path)
    found = [name for name in module("sources").pages() if name.endswith(".ipynb")]
    assert found == ["notebooks/01_a.ipynb", "notebooks/hw1_b.ipynb"]


def test_no_answer_is_on_the_site(pages) -> None:
    assert [name for name in pages if name.startswith("solutions/")] == ["solutions/README.md"]
    assert len([name for name in pages if name.startswith("notebooks/hw")]) == 8


def test_every_module_is_in_the_reference_once(pages) -> None:
    named = [name for text in pages.values() for name in re.findall(r"^\.\. automodule:: (\S+)$", text, re.MULTILINE)]
    assert sorted(named) == sorted(module("sources").modules())
    assert {"gancourse.losses", "gancourse.losses.objectives", "gancourse.models.layers.styles"} <= set(named)
    assert not [name for name in named if "._" in name]


def test_every_relative_link_leads_to_a_page_or_a_file(pages) -> None:
    broken = []
    for name, text in pages.items():
        for link in LINK.findall(prose(name, text)):
            target = urllib.parse.urlsplit(link)
            if target.scheme or not target.path:
                continue
            path = (ROOT / name).parent / urllib.parse.unquote(target.path)
            place = path.resolve().relative_to(ROOT).as_posix()
            if place not in pages and not path.exists():
                broken.append(f"{name}: {link}")
    assert broken == []


# How a notebook is shown


def test_a_notebook_shows_neither_plumbing_nor_a_picture_without_words() -> None:
    sources = module("sources")
    book = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("install()", metadata={"tags": ["colab-setup"]}),
            nbformat.v4.new_code_cell("quiz()", metadata={"tags": ["hide-input"]}),
            nbformat.v4.new_code_cell("draw()", metadata={"tags": ["nbval-check-output"]}),
        ]
    )
    still = "iVBORw0KGgoAAAANSUhEUg=="
    data = {"image/png": still, "text/plain": ["[Six faces,\n", "drawn]"], "application/vnd.x+json": {}}
    book.cells[2].outputs = [nbformat.v4.new_output("display_data", data=data)]
    shown = json.loads(sources.notebook(nbformat.writes(book)))
    assert [cell["metadata"]["tags"] for cell in shown["cells"]] == [["remove-cell"], ["remove-input"], ["nbval-check-output"]]
    (output,) = shown["cells"][2]["outputs"]
    assert output["metadata"] == {"image/png": {"alt": "Six faces, drawn"}}
    assert set(output["data"]) == {"image/png", "text/plain"}


def test_a_lecture_leads_to_its_slides_and_a_homework_has_none(pages) -> None:
    lecture, homework = (json.loads(pages[f"notebooks/{name}.ipynb"]) for name in ("06_mode_collapse", "hw1_two_player_game"))
    assert "".join(lecture["cells"][1]["source"]).endswith('<a href="../_static/slides/06_mode_collapse.html">slides</a>')
    assert "_static" not in "".join(homework["cells"][1]["source"])


def test_a_notebook_has_one_title() -> None:
    several = ["# Title\n\n## 0", "# Part one\n\n```\n# code\n```\n\n## 1", "# Part two"]
    one = ["# Title", "## 1", "```\n# code\n```"]
    for texts, wanted in ((several, ["# Title\n\n## 0", "## Part one\n\n```\n# code\n```\n\n### 1", "## Part two"]), (one, one)):
        book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text) for text in texts])
        shown = json.loads(module("sources").notebook(nbformat.writes(book)))
        assert ["".join(cell["source"]) for cell in shown["cells"]] == wanted


def test_a_film_can_be_stopped(pages) -> None:
    book = json.loads(pages["notebooks/03_first_gan.ipynb"])
    metadata = [output.get("metadata", {}) for cell in book["cells"] for output in cell.get("outputs", [])]
    films = [each for each in metadata if each.get("image/png", {}).get("class") == "film"]
    assert 1 <= len(films) < sum("image/png" in each for each in metadata)


def test_what_did_not_change_keeps_its_date_and_what_is_gone_goes(tmp_path, monkeypatch) -> None:
    sources = module("sources")
    monkeypatch.setattr(sources, "BUILD", tmp_path)
    monkeypatch.setattr(sources, "PICTURES", "docs/img/faces64.png")
    monkeypatch.setattr(sources.assets, "weights", lambda root: "")
    monkeypatch.setattr(sources.assets, "film", lambda target: None)
    monkeypatch.setattr(sources.slides, "slides", lambda source: source.stem)
    monkeypatch.setattr(sources.slides, "page", lambda slides: slides)

    def made(pages: dict[str, str], *lectures: str) -> set[str]:
        monkeypatch.setattr(sources, "pages", lambda: pages)
        monkeypatch.setattr(sources.notebooks, "sources", lambda root: [Path(f"{name}.py") for name in lectures])
        sources.main()
        return {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}

    always = {"source/a.md", "source/docs/img/faces64.png", "static/weights.js"}
    assert made({"a.md": "# A", "b/c.md": "# C"}, "01_a", "02_b") == always | {
        "source/b/c.md",
        "static/slides/01_a.html",
        "static/slides/02_b.html",
    }
    written = (tmp_path / "source" / "a.md").stat().st_mtime_ns
    assert made({"a.md": "# A", "b/d.md": "# D"}, "01_z") == always | {"source/b/d.md", "static/slides/01_z.html"}
    assert (tmp_path / "source" / "a.md").stat().st_mtime_ns == written


def test_half_a_film_is_none(tmp_path, monkeypatch) -> None:
    assets, save = module("assets"), Image.Image.save
    monkeypatch.setattr(assets, "FRAMES", 3)

    def stopped(self: Image.Image, path: Path, **options: Any) -> None:
        save(self, path, **options)
        if options.get("save_all"):
            raise KeyboardInterrupt

    with monkeypatch.context() as half, pytest.raises(KeyboardInterrupt):
        half.setattr(Image.Image, "save", stopped)
        assets.film(tmp_path)
    assert not (tmp_path / "walk.webp").exists()
    assets.film(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["still.webp", "walk.webp"]
    assert Image.open(tmp_path / "walk.webp").n_frames == 3


# Docstrings


@pytest.mark.parametrize(
    ("lines", "arguments", "expected"),
    [
        (["|x|_2 is *not* a * b,", "``a|b`` is."], [], [r"\|x\|\_2 is *not* a \* b, ``a|b`` is.", ""]),
        (["", "    z = a * b", ""], [], ["::", "", "        z = a * b", ""]),
        (["real: points", "    or more.", "Other: text."], ["real"], ["* **real**: points or more.", "", "Other: text.", ""]),
        (["n      how many", "       there are", "seed   which"], [], ["* **n**: how many there are", "* **seed**: which", ""]),
        (["Args:", "    k: a number.", "", "End."], [], ["**Args:**", "", "* **k**: a number.", "", "End.", ""]),
        (["See:", "", "- one", "  more", "- two"], [], ["See:", "", "* one more", "* two", ""]),
        ([">>> f(a_)", "1"], [], [">>> f(a_)", "1", ""]),
    ],
)  # fmt: skip
def test_docstrings_keep_what_they_say(lines, arguments, expected) -> None:
    assert module("docstrings").as_rst(lines, arguments) == expected


# The generator in the browser


@pytest.fixture(scope="module")
def drawn() -> tuple[torch.Tensor, torch.Tensor]:
    """Images by the browser's generator, run by Node, and by PyTorch: [4, 3, 32, 32] each."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("no Node to run the browser's generator")
    shipped = zoo.load(module("assets").NETWORK)
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(4, shipped.model.latent_dim, generator=generator)
    sizes = shipped.model.classes.sizes
    y = torch.stack([torch.randint(n, (4,), generator=generator) for n in sizes], dim=1)
    shares = torch.cat([torch.nn.functional.one_hot(column, n) for column, n in zip(y.T, sizes, strict=True)], dim=1)
    script = """
        const gancourse = require(process.argv[1]);
        const [path, z, shares] = JSON.parse(require("fs").readFileSync(0));
        const tensors = gancourse.readTensors(require("fs").readFileSync(path));
        console.log(JSON.stringify(z.map((each, i) => [...gancourse.draw(tensors, each, shares[i])])));
    """
    asked = json.dumps(
        [str(ROOT / "data" / "checkpoints" / f"{module('assets').NETWORK}.safetensors"), z.tolist(), shares.tolist()]
    )
    command = [node, "-e", script, str(SITE / "static" / "generator.js")]
    found = subprocess.run(command, input=asked, capture_output=True, text=True, check=True, timeout=120).stdout
    with torch.no_grad():
        return torch.tensor(json.loads(found)).view(4, 3, 32, 32), shipped.model.eval()(z, y)


def test_the_browser_draws_what_pytorch_draws(drawn) -> None:
    in_browser, in_pytorch = drawn
    assert in_pytorch.std() > 0.3
    assert (in_browser - in_pytorch).abs().max() < 1e-3


def test_the_page_play_draws_and_its_sliders_say_what_they_ask_for(tmp_path) -> None:
    shutil.copytree(SITE / "static", tmp_path / "static")
    weights = module("assets").weights(ROOT)
    (tmp_path / "static" / "weights.js").write_text(weights, encoding="utf-8")
    page = """<!doctype html><div class="play" data-wall>not yet</div><pre id="found">{}</pre>
        <script src="static/generator.js"></script><script src="static/play.js"></script>
        <script>
        const look = () => {
          const face = document.querySelector(".play-face canvas"), inputs = [...document.querySelectorAll(".play input")];
          if (!face) return setTimeout(look, 50);
          const seen = () => [...face.getContext("2d").getImageData(0, 0, 32, 32).data];
          const before = seen();
          inputs.forEach((input) => { input.value = 0.5; input.dispatchEvent(new Event("input")); });
          const tell = () => {  // a page draws when it likes: ask until it has
            const after = seen(), changed = after.filter((value, i) => value !== before[i]).length;
            if (!changed) return setTimeout(tell, 50);
            const said = [...document.querySelectorAll(".play output")].map((output) => output.textContent);
            const label = face.getAttribute("aria-label");
            document.querySelector("#found").textContent = JSON.stringify({
              sliders: inputs.length, changed, said, label, wall: document.querySelectorAll(".play-wall canvas").length });
          };
          tell();
        };
        look();
        </script>"""
    found = opened(page, tmp_path)
    assert found["sliders"] == 7 and found["wall"] == 12
    assert found["changed"] > 500, "moved sliders change the face"
    assert found["said"][0] == "50 % of the way from black to brown"
    assert "glasses: 50 % of the way from no to yes" in found["label"]


def test_links_of_slides_lead_to_the_sites_pages() -> None:
    slides_page = module("sources").slides_page
    said = slides_page(
        '<a href="../docs/glossary.md">g</a><a href="02_minimax.ipynb#3">n</a><a href="#/2">s</a><a href="https://a.md">o</a>'
    )
    assert re.findall('href="([^"]*)"', said) == [
        "../../notebooks/../docs/glossary.html",
        "../../notebooks/02_minimax.html#3",
        "#/2",
        "https://a.md",
    ]


# The whole site


class Links(html.parser.HTMLParser):
    """The addresses a page leads to, and the names in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.names: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        for key, value in attributes:
            if key in ("href", "src", "srcset") and value:
                self.links.append(value)
            if key == "id" and value:
                self.names.add(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built without a warning; for slow tests alone."""
    if not importlib.util.find_spec("sphinx") or not importlib.util.find_spec("myst_nb"):
        pytest.skip("no Sphinx to build the site: pip install -e '.[site]'")
    subprocess.run([sys.executable, str(SITE / "sources.py")], check=True)
    build = module("sources").BUILD
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", str(build / "doctrees"), "-c", str(SITE)]
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run([*command, str(build / "source"), str(folder)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.slow
def test_no_link_of_the_site_is_broken_and_it_asks_no_other_machine(site) -> None:
    found = {path: Links(path.read_text(encoding="utf-8")) for path in site.rglob("*.html")}
    assert len(found) > 60
    broken = []
    for page, links in found.items():
        for link in links.links:
            target = urllib.parse.urlsplit(link)
            if target.scheme or target.netloc:
                continue
            path = (page.parent / urllib.parse.unquote(target.path)).resolve() if target.path else page
            named = found[path].names if path in found else None
            if not path.exists() or (target.fragment and named is not None and target.fragment not in named):
                broken.append(f"{page.relative_to(site)}: {link}")
    assert broken == []
    for page in found:
        text = page.read_text(encoding="utf-8")
        assert not re.search(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=\"(?:https?:)?//", text), page


# The colour behind a page's text, and that of the text.
LOOKS = r"""() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector("article")).color]
  .map((colour) => colour.match(/[\d.]+/g).slice(0, 3).map(Number))"""


@pytest.fixture(scope="module")
def served(site) -> Iterator[str]:
    """The site's address while a server has it: between files a browser lets no script fetch, as the search does."""
    handler = functools.partial(QuietHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """One that keeps no log, and says that there is no icon, for which a browser asks every server."""

    def do_GET(self) -> None:
        if self.path == "/favicon.ico":
            self.send_response(204)
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *said: object) -> None:
        pass


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(390, 844), (1280, 800)], ids=["phone", "desk"])
def test_it_can_be_read_and_searched_in_a_browser(served, size, scheme) -> None:
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        lacking("no playwright to drive Chromium with", "pip install playwright")
    complaints = []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=["--no-sandbox", "--disable-gpu", "--no-first-run"])
        tab = browser.new_page(viewport=dict(zip(("width", "height"), size, strict=True)), color_scheme=scheme)
        tab.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        for name in ("index", "play", "notebooks/06_mode_collapse", "CLAIMS", "docs/glossary", "api/gancourse.losses"):
            tab.goto(f"{served}/{name}.html")
            paper, ink = tab.evaluate(LOOKS)
            assert (sum(paper) < sum(ink)) == (scheme == "dark"), f"{name}: {ink} on {paper}"
            assert tab.evaluate("document.documentElement.scrollWidth") <= size[0], f"{name} is wider than the window"
            assert np.asarray(Image.open(io.BytesIO(tab.screenshot())).convert("L")).std() > 5, f"{name} is empty"
        tab.goto(f"{served}/search.html?q=minibatch")
        tab.locator("#search-results li a >> nth=0").wait_for()
        assert "06_mode_collapse" in " ".join(link.get_attribute("href") for link in tab.locator("#search-results li a").all())
        tab.goto(f"{served}/notebooks/06_mode_collapse.html")
        tab.locator("a", has_text=re.compile("^slides$")).click()
        tab.locator("section.now").wait_for()
        browser.close()
    assert complaints == []

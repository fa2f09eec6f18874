"""Every explorer in a real JupyterLab: it answers the mouse and the keyboard, says what it is, and the console stays clean.

One Lab, one kernel and one page serve all tests here.  Notebook 7, which comes with nbgrader, is as long again, so it is slow.
"""

from __future__ import annotations

import importlib.util
import io
import os
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from PIL import Image

from gancourse.classroom import widgets
from tests import browser
from tests.browser import notebook

WAIT = 1000 * int(os.environ.get("GANCOURSE_BROWSER_SECONDS", "120"))  # milliseconds that one event may take
HELPERS = {"Game", "Live", "PaintCanvas", "ToyGame", "one_thread", "without_live_views"}
OPTIONS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]
# anywidget gives up on a model that does not start within two seconds: on a busy machine that says nothing about an explorer.
PATIENT = "const after = AbortSignal.timeout.bind(AbortSignal); AbortSignal.timeout = (ms) => after(100 * ms);"
# What JupyterLab itself logs, and why it is no fault of an explorer.
KNOWN = {
    "Failed to load resource: the server responded with a status of 404": "Lab looks for a workspace of the user",
    "favicon": "a page has an icon where its server gives one",
    "reading 'schema'": "Notebook 7.6 says so of every notebook, of an empty one, too",
}


class Move(NamedTuple):
    """How an explorer is moved: where the mouse clicks, which control gets which keys, and what must change.

    ``chosen``: what is picked of a browser's own menu, which opens outside the page, in place of a click.
    """

    click: str
    at: tuple[float, float]  # as shares of the control's width and height
    focus: str
    keys: tuple[str, ...]
    shown: str
    chosen: str = ""


TRACK = {"click": ".noUi-target >> nth=0", "at": (0.8, 0.5), "focus": ".noUi-handle >> nth=0", "keys": ("ArrowLeft",) * 3}
SLIDER = Move(**TRACK, shown="img")
STEPS = Move("button >> nth=0", (0.5, 0.5), "button >> nth=1", ("Enter",), "img")
PAINT = Move("canvas >> nth=0", (0.3, 0.3), "canvas >> nth=0", (" ", "ArrowRight", "ArrowRight", " "), "canvas >> nth=1")
MOVES = {
    "attribute_chooser": Move("button >> nth=0", (0.5, 0.5), "select >> nth=0", ("ArrowDown",), "img"),
    "draw_face": PAINT,
    "explorer": SLIDER,
    "fill_hole": PAINT,
    "finder": Move("select", (0.5, 0.5), "input", ("a",), "", chosen="x"),
    "game_player": SLIDER,
    "growth_slider": SLIDER,
    "latent_sliders": SLIDER,
    "live_game": STEPS,
    "playground": Move("button:has-text('Step D')", (0.5, 0.5), "canvas.plane", (".",), "canvas.plane"),
    "quiz": Move(".gan-choice-text >> nth=0", (0.2, 0.5), ".gan-choice button >> nth=2", ("Enter",), ""),
    "style_explorer": SLIDER,
    "text_box": Move("button >> nth=0", (0.5, 0.5), "input", ("End", " ", "r", "e", "d", "Enter"), "img"),
    "toy_game": STEPS,
    "translator": SLIDER,
    "turntable": Move("button >> nth=0", (0.5, 0.5), "canvas >> nth=0", ("ArrowRight",), "canvas >> nth=0"),
    "which_is_real": STEPS,
}
STATE = "e => (e.tagName === 'IMG' ? e.src : e.tagName === 'CANVAS' ? e.toDataURL() : e.innerText)"

# Names of whatever can be used, alternative texts of whatever is seen, and text that hardly stands out from what is behind it.
FAULTS = """
root => {
  const found = [], seen = (e) => e.getClientRects().length && getComputedStyle(e).visibility !== "hidden";
  const byId = (e, name) => (e.getAttribute(name) || "").split(" ").map((id) => document.getElementById(id)?.textContent || "");
  const named = (e) => [e.getAttribute("aria-label"), ...byId(e, "aria-labelledby"), e.closest("label")?.textContent,
    ...[...(e.labels || [])].map((l) => l.textContent), e.tagName === "BUTTON" ? e.textContent : "", e.title]
    .some((text) => (text || "").trim());
  const shown = (e) => e.outerHTML.slice(0, 120);
  const used = "button, select, input, textarea, [role=slider], [role=application], [contenteditable=true]";
  for (const e of root.querySelectorAll(used))
    if (seen(e) && !named(e)) found.push(`no name: ${shown(e)}`);
  for (const e of root.querySelectorAll("img")) if (seen(e) && !e.alt.trim()) found.push(`no alt: ${shown(e)}`);
  for (const e of root.querySelectorAll("canvas"))
    if (seen(e) && !(e.getAttribute("role") && e.getAttribute("aria-label"))) found.push(`no role or label: ${shown(e)}`);
  const parts = (text) => (text.match(/[\\d.]+/g) || []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (e) => {
    for (let at = e; at; at = at.parentElement) {
      const colour = parts(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.95) return colour;
    }
    return [255, 255, 255];
  };
  const walk = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const e = walk.currentNode.parentElement;
    if (!walk.currentNode.textContent.trim() || !seen(e) || ["STYLE", "OPTION", "SCRIPT"].includes(e.tagName)) continue;
    if (e.closest("[disabled], .katex, mjx-container")) continue;
    const [a, b] = [light(parts(getComputedStyle(e).color)), light(behind(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) found.push(`contrast ${ratio.toFixed(1)}: "${walk.currentNode.textContent.trim()}" in ${shown(e)}`);
  }
  return found;
}
"""


@pytest.fixture(
    scope="module",
    params=[pytest.param(notebook.LAB, id="lab"), pytest.param(notebook.NOTEBOOK, marks=pytest.mark.slow, id="notebook")],
)
def page(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The notebook in JupyterLab or Notebook 7, executed; ``page.complaints`` are the console's errors."""
    program: notebook.FrontEnd = request.param
    path = browser.chromium()
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        browser.lacking("no playwright to drive Chromium with", "pip install playwright")
    if importlib.util.find_spec(program.module) is None:
        browser.lacking(f"no {program.module} to serve the notebook", f"pip install {program.module}")
    folder = tmp_path_factory.mktemp("lab")
    notebook.write(folder)
    with notebook.served(program, folder) as address, sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=[*OPTIONS, "--no-first-run"])
        tab = chromium.new_page(viewport={"width": 1280, "height": 720})
        tab.set_default_timeout(WAIT)
        tab.add_init_script(PATIENT)
        tab.complaints = complaints = []
        tab.on("console", lambda said: complaints.append(said.text) if said.type == "error" else None)
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        opened(tab, f"{address}/all.ipynb")
        yield tab
        chromium.close()


# Until the kernel has answered, cells that are run are lost, whatever the page shows of its state.
RUN_ALL = """
async () => {
  const { sessionContext } = window.jupyterapp.shell.currentWidget;
  await sessionContext.ready;
  await sessionContext.session.kernel.info;
  window.jupyterapp.commands.execute("notebook:run-all-cells");
}
"""


def opened(tab: Any, address: str) -> None:
    """Open a notebook and run all its cells; every explorer is alive afterwards."""
    tab.goto(address)
    tab.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")
    tab.evaluate(RUN_ALL)
    tab.wait_for_function(f"document.querySelectorAll('.jp-Cell .gan-live').length >= {len(notebook.CELLS)}")


def output(tab: Any, name: str) -> Any:
    """The explorer of that name, in sight."""
    found = tab.locator(".jp-CodeCell").nth(1 + list(notebook.CELLS).index(name)).locator(".gan-live").first
    found.scroll_into_view_if_needed()
    return found


def changes(tab: Any, shown: Any, before: str) -> str:
    """What is shown once it differs from ``before``."""
    end = time.monotonic() + WAIT / 1000
    while time.monotonic() < end:
        if (now := shown.evaluate(STATE)) != before:
            return now
        tab.wait_for_timeout(50)
    raise AssertionError("nothing changed")


def test_the_notebook_has_every_explorer() -> None:
    assert set(notebook.CELLS) == set(MOVES) == set(widgets.__all__) - HELPERS


def test_a_browser_that_was_promised_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("GANCOURSE_BROWSER", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no Chromium"):
        browser.chromium()
    monkeypatch.setenv("GANCOURSE_BROWSER", "required")
    with pytest.raises(pytest.fail.Exception, match="apt-get install .* chromium"):
        browser.chromium()


@pytest.mark.parametrize("name", notebook.CELLS)
def test_it_answers_the_mouse_and_the_keyboard(page: Any, name: str) -> None:
    move, root = MOVES[name], output(page, name)
    shown = root.locator(move.shown) if move.shown else root
    before = shown.evaluate(STATE)
    control = root.locator(move.click)
    if move.chosen:
        control.select_option(move.chosen)
    else:
        box = control.bounding_box()
        control.click(position={"x": move.at[0] * box["width"], "y": move.at[1] * box["height"]})
    after = changes(page, shown, before)
    root.locator(move.focus).focus()
    for key in move.keys:
        page.keyboard.press(key)
    changes(page, shown, after)
    picture = np.asarray(Image.open(io.BytesIO(shown.screenshot())).convert("RGB"))
    assert min(picture.shape[:2]) >= 60 and picture.std() > 2, "something is drawn"


def test_letters_stay_with_an_explorer(page: Any) -> None:
    cells = page.locator(".jp-Cell").count()
    for name in ("playground", "latent_sliders", "quiz", "turntable"):
        output(page, name).locator(MOVES[name].focus).focus()
        for key in "ddxabmr":  # in command mode: delete, cut, add above and below, change the kind
            page.keyboard.press(key)
    page.wait_for_timeout(500)
    assert page.locator(".jp-Cell").count() == cells and page.locator(".jp-CodeCell").count() == 1 + len(notebook.CELLS)


def test_the_playground_plays_while_a_cell_runs(page: Any) -> None:
    root = output(page, "playground")
    plane = root.locator("canvas.plane")
    plane.focus()
    page.keyboard.press(" ")
    root.locator("button:has-text('Pause')").wait_for()
    before = plane.evaluate(STATE)
    for _ in range(3):
        before = changes(page, plane, before)
    first = page.locator(".jp-CodeCell").first
    number = first.locator(".jp-InputPrompt").inner_text()
    first.locator(".jp-InputPrompt").click()
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-cell')")
    assert first.locator(".jp-InputPrompt").inner_text() not in (number, "[*]:"), "the kernel answers while it trains"
    changes(page, plane, plane.evaluate(STATE))
    plane.focus()
    page.keyboard.press(" ")
    root.locator("button:has-text('Play')").wait_for()
    root.locator("select[name=objective]").select_option("hinge")
    changes(page, plane, before)
    assert root.locator("select[name=objective]").input_value() == "hinge"


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_names_texts_and_contrast(page: Any, theme: str) -> None:
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
    page.wait_for_selector(f"body[data-jp-theme-name='{theme}']", state="attached")
    page.wait_for_timeout(300)
    faults = {name: output(page, name).evaluate(FAULTS) for name in notebook.CELLS}
    assert {name: each for name, each in faults.items() if each} == {}


@pytest.mark.parametrize("page", [pytest.param(notebook.LAB, id="lab")], indirect=True)
def test_one_key_presents_the_notebook_and_takes_it_back(page: Any) -> None:
    cell = page.locator(".jp-CodeCell").nth(1)
    editor, words = cell.locator(".jp-InputArea-editor"), page.locator(".jp-Notebook .jp-RenderedMarkdown p").first
    output(page, "playground").locator("canvas.plane").focus()  # an explorer that has the keys lets this one through
    cell.scroll_into_view_if_needed()

    def looks() -> tuple[bool, float, float]:
        size = words.evaluate("e => parseFloat(getComputedStyle(e).fontSize)")
        return editor.is_visible(), size, page.locator(".jp-Notebook").first.bounding_box()["width"]

    def saved() -> str:
        return str(page.evaluate("JSON.stringify(window.jupyterapp.shell.currentWidget.context.model.toJSON())"))

    (shown, size, width), book = looks(), saved()
    assert shown
    page.keyboard.press("F8")
    editor.wait_for(state="hidden")
    page.wait_for_function("width => document.querySelector('.jp-Notebook').clientWidth > width + 100", arg=width)
    assert looks()[1] >= max(20, size + 4)
    assert cell.locator(".gan-live").is_visible() and cell.locator(".jp-InputPrompt").is_visible()
    line = cell.locator(".jp-InputArea")
    line.click(position={"x": 100, "y": 12})
    editor.wait_for()
    line.click(position={"x": 100, "y": 12})
    editor.wait_for(state="hidden")
    line.click(position={"x": 100, "y": 12})
    editor.locator(".cm-content").click()
    page.keyboard.press("F8")  # from within the editor, too
    page.wait_for_function("width => Math.abs(document.querySelector('.jp-Notebook').clientWidth - width) < 20", arg=width)
    assert looks() == (shown, size, width)
    assert saved() == book


def test_the_console_stays_clean(page: Any) -> None:
    assert [said for said in page.complaints if not any(known in said for known in KNOWN)] == []

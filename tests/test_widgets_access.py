"""What explorers say to those who do not see them, in a real browser."""

from __future__ import annotations

from gancourse.classroom.widgets import access
from tests.browser import opened

PAGE = """<!doctype html><body><div class="gan-live" id="root">
<div class="widget-slider"><label class="widget-label">smile</label><div class="noUi-handle" id="handle"></div>
<div class="widget-readout" contenteditable="true" id="readout">0.5</div></div>
<div class="widget-play"><button><i class="fa fa-play"></i></button><button><i class="fa fa-stop"></i></button></div>
<img id="picture">
<div class="gan-choice"><button id="letter">B</button><div class="gan-choice-text"><i id="text">the sum</i></div></div>
<div class="gan-reply" id="reply"></div>
<div id="el"></div>
</div><pre id="found"></pre><script type="module">
SCRIPT
const byId = (id) => document.getElementById(id), found = { clicks: 0 }, listeners = new Set();
const state = { words: "two faces" };
const model = { get: k => state[k], on: (k, f) => listeners.add(f), off: (k, f) => listeners.delete(f) };
const wait = ms => new Promise(done => setTimeout(done, ms));
byId("letter").addEventListener("click", () => { found.clicks += 1; });
const close = widget.render({ model, el: byId("el") });
await wait(100);
found.handle = [byId("handle").getAttribute("aria-label"), byId("handle").getAttribute("role")];
found.readout = byId("readout").getAttribute("aria-label");
found.plays = [...document.querySelectorAll(".widget-play button")].map(b => b.getAttribute("aria-label"));
found.letter = byId("letter").getAttribute("aria-label");
found.group = byId("root").getAttribute("aria-label");
found.reply = byId("reply").getAttribute("role");
found.alt = [byId("picture").alt];
state.words = "three faces"; listeners.forEach(f => f());
found.alt.push(byId("picture").alt);
byId("text").click(); byId("letter").click();
byId("root").insertAdjacentHTML("beforeend", '<img id="later">');
await wait(50);
found.later = byId("later").alt;
byId("root").insertAdjacentHTML("beforeend", '<select id="menu"></select>');
found.lab = [];
document.addEventListener("keydown", (event) => found.lab.push(event.key));
const press = async (key, more) => {
  byId("menu").dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, ...more }));
  await wait(20); // one key an event, as from a keyboard
};
found.before = [];
document.addEventListener("keydown", (event) => {
  if (!event.target.hasAttribute("data-lm-suppress-shortcuts")) found.before.push(event.key);
}, true);
await press("ArrowDown"); await press("d"); await press("Enter", { shiftKey: true }); await press("s", { ctrlKey: true });
await press("F8");
found.marked = byId("menu").hasAttribute("data-lm-suppress-shortcuts");
document.body.dispatchEvent(new KeyboardEvent("keydown", { key: "x", bubbles: true }));
close();
await press("v");
byId("text").click();
found.left = listeners.size;
byId("found").textContent = JSON.stringify(found);
</script></body>"""


def test_names_texts_and_clicks(tmp_path):
    found = opened(PAGE.replace("SCRIPT", access.SCRIPT.replace("export default", "const widget =")), tmp_path)
    assert found["handle"] == ["smile", "slider"] and found["plays"] == ["play", "stop"]
    assert found["readout"] == "smile, value"
    assert found["letter"] == "B: the sum" and found["group"] == "two faces" and found["reply"] == "status"
    assert found["alt"] == ["two faces", "three faces"] and found["later"] == "three faces"
    assert found["lab"] == ["Enter", "s", "F8", "x", "v"], "arrows and letters are a menu's own; running the cell is not"
    assert found["before"] == found["lab"] and not found["marked"], "nor does a notebook take them that hears them first"
    assert found["clicks"] == 2, "a click on the text counts, one on the letter counts once, none after the view is closed"
    assert found["left"] == 0

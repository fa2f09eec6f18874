"""What explorers say to those who do not see them, and what answers to a click: names, alternative texts, whole lines.

ipywidgets has no traits for these.  One invisible widget in each explorer (:data:`SCRIPT`, carried by anywidget) gives names to
what is around it: sliders' handles are called as their labels are, play buttons by what they do, the picture by what it shows.

And whose a key is.  A notebook takes plain letters and arrows for commands: ``d d`` deletes the cell.  JupyterLab hears a key
after the element that has the focus, where stopping it is enough.  Notebook 7 hears it before, and is told by an attribute that
Lumino, the library of both, looks for.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

# Every script with controls of its own begins with this; holdKeys(root) returns what takes it back.
HOLD_KEYS = """
function holdKeys(root) {
  const ours = (event) => root.contains(event.target) && !(event.ctrlKey || event.metaKey || event.altKey) &&
    !(event.shiftKey && event.key === "Enter") && !/^F\\d/.test(event.key);
  const mark = (event) => {
    if (!ours(event)) return;
    event.target.setAttribute("data-lm-suppress-shortcuts", "true");
    setTimeout(() => event.target.removeAttribute("data-lm-suppress-shortcuts")); // when all have heard the key
  };
  const stop = (event) => { if (ours(event)) event.stopPropagation(); };
  window.addEventListener("keydown", mark, true);
  root.addEventListener("keydown", stop);
  return () => {
    window.removeEventListener("keydown", mark, true);
    root.removeEventListener("keydown", stop);
  };
}
"""

SCRIPT = (
    HOLD_KEYS
    + """
function render({ model, el }) {
  el.style.display = "none";
  let root = null, timer = null, release = null;
  const all = (query, act) => root.querySelectorAll(query).forEach(act);
  const set = (node, name, value) => { if (node.getAttribute(name) !== value) node.setAttribute(name, value); };
  const plays = { "fa-play": "play", "fa-pause": "pause", "fa-stop": "stop", "fa-retweet": "repeat", "fa-repeat": "repeat" };
  const tell = () => {
    const words = model.get("words");
    set(root, "role", "group");
    set(root, "aria-label", words);
    all("img", (image) => set(image, "alt", words));
    all(".noUi-handle, .ui-slider-handle", (handle) => {
      const label = handle.closest(".widget-slider, .widget-inline-hbox")?.querySelector(".widget-label");
      set(handle, "aria-label", label?.textContent || "slider");
      set(handle, "role", "slider");
    });
    all(".widget-readout", (readout) => {
      const label = readout.closest(".widget-slider, .widget-inline-hbox")?.querySelector(".widget-label");
      set(readout, "aria-label", `${label?.textContent || "slider"}, value`);
      set(readout, "role", "textbox");
    });
    all(".widget-play button", (button) => {
      const icon = button.querySelector("i") || button;
      const known = Object.keys(plays).find((name) => icon.classList.contains(name));
      if (known) set(button, "aria-label", plays[known]);
    });
    all(".gan-choice", (line) => {
      const button = line.querySelector("button"), text = line.querySelector(".gan-choice-text");
      if (!button || !text) return;
      set(button, "aria-label", `${button.textContent.trim()}: ${text.textContent.trim()}`);
      text.style.cursor = "pointer";
    });
    all(".gan-reply", (reply) => set(reply, "role", "status"));
  };
  const choose = (event) => {
    const text = event.target.closest(".gan-choice-text");
    if (text) text.closest(".gan-choice")?.querySelector("button")?.click();
  };
  const watch = new MutationObserver(tell);
  const begin = (tries) => {
    root = el.closest(".gan-live");
    if (!root) {
      if (tries) timer = setTimeout(() => begin(tries - 1), 50);
      return;
    }
    tell();
    watch.observe(root, { childList: true, subtree: true });
    root.addEventListener("click", choose);
    release = holdKeys(root);
  };
  const again = () => { if (root) tell(); };
  model.on("change:words", again);
  begin(100);
  return () => {
    clearTimeout(timer);
    watch.disconnect();
    model.off("change:words", again);
    if (!root) return;
    root.removeEventListener("click", choose);
    release();
  };
}
export default { render };
"""
)


@lru_cache(maxsize=1)
def _kind() -> type:
    import anywidget
    import traitlets

    class Described(anywidget.AnyWidget):
        """The words travel to the browser; nothing comes back."""

        _esm = SCRIPT
        words = traitlets.Unicode("").tag(sync=True)

    return Described


def described(words: str) -> Any:
    """The invisible widget that names the parts of the explorer in which it stands."""
    return _kind()(words=words)

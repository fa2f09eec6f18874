"""The playground's widget: what a view gets, and what it may ask for."""

# ruff: noqa: E501
from __future__ import annotations

import base64
import json
import math
import time
from dataclasses import replace

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from gancourse.classroom import widgets
from gancourse.classroom.widgets import board
from gancourse.training import presets
from gancourse.training.playground import Playground
from gancourse.training.rules import Rules
from tests.browser import opened


@pytest.fixture
def heard():
    """A playground whose messages are caught, and a way to say something to it and wait for the answer."""
    made = widgets.playground(Rules(width=0, data="point"), preview=(0,))
    messages: list[tuple[dict, list]] = []
    made.widget.send = lambda content, buffers=None: messages.append((content, buffers))

    def say(**message):
        count = len(messages)
        made._heard(made.widget, message, [])
        for _ in range(1200):
            if len(messages) > count:
                return messages[-1][0]
            time.sleep(0.05)
        raise AssertionError("no answer")

    made.say, made.messages = say, messages
    yield made
    made.pause()


def unpacked(head, body):
    found, at, numbers = {}, 0, np.frombuffer(body, "<f4")
    for name, shape in head["shapes"]:
        size = math.prod(shape)
        found[name] = numbers[at : at + size].reshape(shape)
        at += size
    assert at == len(numbers)
    return found


def test_a_frame_travels_as_one_buffer() -> None:
    game = Playground(Rules(width=8))
    game.measure()
    frame = game.frame()
    head, body = board.packed(frame)
    arrays = unpacked(head, body)
    assert list(arrays) == ["surface", "real", "fake", "arrows", "lattice", "history"]
    for name, array in arrays.items():
        assert np.array_equal(array, getattr(frame, name).numpy(), equal_nan=True), name
    assert head["numbers"] == {"d_steps": 0, "g_steps": 0, "total": None}, "JSON knows no NaN"
    assert len(body) < 40_000


def test_a_new_view_finds_the_opening(heard) -> None:
    opening = heard.widget.opening
    assert opening["rules"]["width"] == 0 and opening["preset"] == "moons" and opening["changed"]
    assert unpacked(opening, heard.widget.body)["surface"].shape == (40, 40)
    assert heard.say(kind="hello")["number"] == 1


def test_a_view_plays_pauses_steps_and_starts_again(heard) -> None:
    assert heard.say(kind="round")["numbers"]["g_steps"] == 1
    assert heard.say(kind="step", player="D")["numbers"] == {"d_steps": 2, "g_steps": 1, "total": 1}
    assert heard.say(kind="play")["playing"]
    heard.pause()
    for _ in range(600):
        if not heard.messages[-1][0]["playing"]:
            break
        time.sleep(0.05)
    assert heard.say(kind="restart")["numbers"]["g_steps"] == 0
    assert heard.say(kind="speed", speed="slow")["speed"] == "slow"


def test_a_view_changes_rules_and_paints(heard) -> None:
    state = heard.say(kind="rules", rules={"objective": "wasserstein", "k": 5})
    assert state["rules"]["k"] == 5 and not state["half"] and "lowest" in state["means"]
    assert "paint points" in heard.say(kind="rules", rules={"data": "painted"})["note"]
    assert heard.say(kind="paint", points=[[0, 1], [1, 0]])["rules"]["data"] == "painted"


def test_a_preset_starts_from_its_first_round(heard) -> None:
    heard.say(kind="round")
    state = heard.say(kind="preset", preset="collapse")
    assert (state["preset"], state["changed"], state["numbers"]["g_steps"]) == ("collapse", False, 0)
    assert heard.game.rules == presets.PRESETS["collapse"].rules


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"kind": "shout"},
        {"kind": "step"},
        {"kind": "step", "player": 3},
        {"kind": "speed", "speed": None},
        {"kind": "rules", "rules": {"k": "many"}},
        {"kind": "rules", "rules": ["k"]},
        {"kind": "rules", "rules": {"colour": 1}},
        {"kind": "rules", "rules": {"d_lr": float("inf")}},
        {"kind": "paint", "points": [["x", 1]]},
        {"kind": "paint", "points": 7},
        {"kind": "paint", "points": [[0, 0]] * 3000},
        {"kind": "preset", "preset": "none such"},
        {"kind": "ack", "number": "one"},
    ],
)
def test_a_message_that_makes_no_sense_becomes_the_note(heard, message) -> None:
    before = heard.game.rules
    assert heard.say(**message)["note"]
    assert heard.game.rules == before
    assert heard.say(kind="round")["note"] == ""


@pytest.mark.parametrize("preset", ["collapse", "orbit_cure"])
def test_the_still_shows_the_game_from_its_start(preset) -> None:
    made = widgets.playground(preset, preview=(0, 0.01))
    frames = np.asarray(made.still().convert("RGB"))
    assert frames.std() > 10 and frames.shape[1] <= 900
    half = frames.shape[1] // 2
    assert not np.array_equal(frames[:, :half], frames[:, -half:])
    assert made.game.g_steps == 0, "the game itself is left alone"
    assert "playground" in repr(made)


def test_two_panels_are_larger_than_three_and_stay_within_the_column() -> None:
    two, three = (widgets.playground("moons", preview=shares).still() for shares in ((0, 0.01), (0, 0.01, 0.02)))
    assert two.width == three.width == 900 and two.height > 1.4 * three.height
    assert (np.asarray(two)[2:30] < 128).sum() > 2 * (np.asarray(three)[2:18] < 128).sum() > 0, (
        "and so are the letters above them"
    )


def test_arrows_of_the_still_have_one_scale() -> None:
    frame = Playground(Rules(width=0, data="point")).frame()
    pulls = torch.zeros_like(frame.arrows)
    pulls[0], pulls[1], pulls[4], pulls[8] = torch.tensor([[0.35, 0], [9, 9], [0, -1e9], [1e-3, 0]])
    axis = Figure().add_subplot()
    board.draw_arrows(axis, replace(frame, arrows=pulls))
    (drawn,) = axis.collections
    want = [[board.LONGEST / 2, 0], [0, -board.LONGEST]]  # the second is not of every fourth, the fourth is too short
    assert np.allclose(np.stack([drawn.U, drawn.V], 1), want, atol=1e-6)
    assert np.allclose(drawn.XY, frame.fake[[0, 4]])


def test_a_preset_or_rules_and_nothing_else() -> None:
    with pytest.raises(ValueError, match="collapse"):
        widgets.playground("colapse")
    painted = widgets.playground(Rules(data="painted", width=8), painted=torch.tensor([[0.0, 1.0]]), preview=(0,))
    assert painted.game.data.points.tolist() == [[0, 1]] and painted.still().width > 100


def test_every_choice_is_one_that_the_rules_admit() -> None:
    for rule, choices in {"k": "k", "d_lr": "lr", "g_lr": "lr", "strength": "strength", "width": "width"}.items():
        for value in board.CHOICES[choices]:
            Rules().changed(**{rule: value})
    for rule in ("objective", "penalty", "noise"):
        for value in board.CHOICES[rule]:
            Rules().changed(**{rule: value})


def test_the_script_travels_with_the_package() -> None:
    assert "export default" in board._kind()._esm and "http" not in board._kind()._esm


PAGE = """<!doctype html><body><div id="el"></div><pre id="found"></pre><script type="module">
SCRIPT
const given = GIVEN, found = { error: "", sent: [] }, listeners = new Set();
const body = new DataView(Uint8Array.from(atob(given.body), (c) => c.charCodeAt(0)).buffer);
const model = { get: (k) => (k === "body" ? body : given[k]), send: (message) => found.sent.push(message),
  on: (k, f) => listeners.add(f), off: (k, f) => listeners.delete(f) };
const wait = (ms) => new Promise((done) => setTimeout(done, ms));
window.requestAnimationFrame = (draw) => setTimeout(draw, 5);  // the browser's virtual time knows no frames
window.cancelAnimationFrame = clearTimeout;
const acknowledged = async () => {
  for (let i = 0; i < 60 && !found.sent.some((message) => message.kind === "ack"); i++) await wait(20);
};
window.addEventListener("error", (event) => { found.error = event.message; });
try {
  const close = widget.render({ model, el: document.getElementById("el") });
  await acknowledged();
  const root = document.querySelector(".gan-play"), plane = document.querySelector("canvas.plane"), charts = document.querySelectorAll("canvas")[1];
  const hues = (canvas) => new Set(new Uint32Array(canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.buffer)).size;
  const press = (key, at = plane) => at.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  found.hues = [hues(plane), hues(charts)];
  found.labels = [plane.getAttribute("aria-label"), charts.getAttribute("aria-label")];
  found.opened = found.sent.splice(0);
  [" ", ".", "d", "g", "r"].forEach((key) => press(key));
  const k = root.querySelector("select[name=k]");
  press(" ", k);
  k.value = "5"; k.dispatchEvent(new Event("change"));
  found.keys = found.sent.splice(0);
  listeners.forEach((f) => f({ ...given.opening, number: 7, playing: true, note: "look" , rules: { ...given.opening.rules, d_lr: 0.123 } }, [body]));
  await acknowledged();
  found.acknowledged = found.sent.splice(0);
  found.note = root.querySelector(".note").textContent;
  found.pressed = root.querySelector("button.main").getAttribute("aria-pressed");
  found.rate = root.querySelector("select[name=d_lr]").value;
  press("p"); press("ArrowRight"); press("Enter");
  await wait(400);
  const edge = plane.getBoundingClientRect();
  const fire = (kind, x, y) => plane.dispatchEvent(new PointerEvent(kind, { pointerId: 1, bubbles: true, clientX: edge.left + x, clientY: edge.top + y }));
  fire("pointerdown", 10, 10); fire("pointermove", 20, 10); fire("pointerup", 20, 10); fire("pointermove", 60, 60);
  found.painted = found.sent.filter((m) => m.kind === "paint").map((m) => m.points);
  root.style.color = "rgb(240, 240, 240)";
  const light = plane.toDataURL();
  listeners.forEach((f) => f({ ...given.opening, number: 8 }, [body]));
  await acknowledged();
  found.dark = root.style.colorScheme;
  found.other = light !== plane.toDataURL();
  close();
  found.last = found.sent.at(-1).kind;
  found.left = listeners.size;
} catch (error) { found.error = String(error.stack); }
document.getElementById("found").textContent = JSON.stringify(found);
</script></body>"""


def test_the_script_in_a_browser(tmp_path) -> None:
    """A view draws what it is sent and acknowledges it; keys, menus and the brush say what they should."""
    made = widgets.playground("collapse", preview=(0,)).widget
    given = {name: getattr(made, name) for name in ("choices", "presets", "colours", "measures", "opening", "reach")}
    given["body"] = base64.b64encode(made.body).decode()
    script = made._esm.replace("export default", "const widget =")
    found = opened(PAGE.replace("GIVEN", json.dumps(given)).replace("SCRIPT", script), tmp_path)
    assert found["error"] == ""
    assert min(found["hues"]) > 20, "plane and curves are drawn"
    assert "Wasserstein distance 1." in found["labels"][0] and "0 of 8 modes" in found["labels"][1]
    assert [message["kind"] for message in found["opened"]] == ["hello", "ack"]
    kinds = [message["kind"] for message in found["keys"]]
    assert kinds == ["play", "round", "step", "step", "restart", "rules"], "a space on a menu is the menu's"
    assert [message.get("player") for message in found["keys"][2:4]] == ["D", "G"] and found["keys"][-1]["rules"] == {"k": 5}
    assert found["acknowledged"] == [{"kind": "ack", "number": 7}]
    assert (found["note"], found["pressed"], found["rate"]) == ("look", "true", "0.123")
    by_keys, by_mouse = found["painted"]
    assert len(by_keys) == 6 and np.abs(np.array(by_keys) - [0.1, 0]).max() < 0.1
    assert len(by_mouse) == 18 and np.array(by_mouse)[6:, 1].min() > 1.7
    assert found["dark"] == "dark" and found["other"]
    assert found["last"] == "gone" and found["left"] == 0

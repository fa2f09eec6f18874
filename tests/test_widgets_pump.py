"""The playground's thread: commands in order, frames no faster than they are seen, the notebook left alone."""

from __future__ import annotations

import queue
import threading
import time

import pytest
import torch

from gancourse.classroom.widgets import pump as module
from gancourse.classroom.widgets.pump import Pump
from gancourse.training.playground import Playground
from gancourse.training.rules import Rules


class Screen:
    """Collects frames; acknowledges them where it is told to."""

    def __init__(self, sees: bool = True) -> None:
        self.states: list[dict] = []
        self.frames: list[object] = []
        self.sees, self.pump, self.news = sees, None, queue.Queue()

    def __call__(self, state, frame) -> None:
        self.states.append(state)
        self.frames.append(frame)
        self.news.put(state)
        if self.sees and self.pump is not None:
            self.pump.acknowledge(state["number"])

    def wait(self, until, seconds: float = 60) -> dict:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            state = self.news.get(timeout=seconds)
            if until(state):
                return state
        raise AssertionError("it never came")


@pytest.fixture
def screen():
    made = Screen()
    made.pump = Pump(Playground(Rules(width=0, data="point")), made, fps=200)
    yield made
    made.pump.pause()
    made.wait(lambda state: not state["playing"])


def test_it_plays_until_it_is_paused(screen) -> None:
    screen.pump.play()
    screen.wait(lambda state: state["number"] > 4)
    screen.pump.pause()
    screen.wait(lambda state: not state["playing"])
    rounds = screen.pump.game.g_steps
    assert rounds > 2
    time.sleep(0.1)
    assert screen.pump.game.g_steps == rounds
    assert threading.current_thread() is threading.main_thread() and all(frame is not None for frame in screen.frames)


def test_single_steps_are_of_one_player_and_pause(screen) -> None:
    screen.pump.steps("D")
    assert screen.wait(lambda state: True)["turn"] == "D"
    screen.pump.steps("D", "D", "G")
    state = screen.wait(lambda state: True)
    assert (screen.pump.game.d_steps, screen.pump.game.g_steps) == (3, 1) and state["turn"] == "G" and not state["playing"]
    with pytest.raises(ValueError, match="player"):
        screen.pump.steps("E")
    with pytest.raises(ValueError, match="speed"):
        screen.pump.set_speed("faster")


def test_slow_motion_shows_each_players_turn(screen, monkeypatch) -> None:
    monkeypatch.setattr(module, "TURN", 0.02)
    screen.pump.set_speed("slow")
    screen.pump.do(lambda: screen.pump.game.change(k=3))
    screen.pump.play()
    screen.wait(lambda state: state["number"] > 10)
    turns = [state["turn"] for state in screen.states if state["turn"]]
    assert turns[:4] == ["D", "G", "D", "G"]
    assert screen.pump.game.d_steps >= 3 * screen.pump.game.g_steps


def test_steady_is_a_round_for_each_picture(screen) -> None:
    screen.pump.set_speed("steady")
    screen.pump.play()
    screen.wait(lambda state: state["number"] > 12)
    screen.pump.pause()
    state = screen.wait(lambda state: not state["playing"])
    assert screen.pump.game.g_steps <= state["number"]


def test_a_screen_that_does_not_see_is_not_flooded(monkeypatch) -> None:
    monkeypatch.setattr(module, "UNSEEN", 0.2)
    monkeypatch.setattr(module, "PATIENCE", 1.0)
    monkeypatch.setattr(module, "IDLE", 0.1)
    blind = Screen(sees=False)
    pump = blind.pump = Pump(Playground(Rules(width=0, data="point")), blind, fps=500)
    began = time.monotonic()
    pump.play()
    while pump._thread is not None and time.monotonic() - began < 60:
        time.sleep(0.05)
    assert pump._thread is None and pump.playing, "nobody looks: the game rests, and its thread ends"
    assert len(blind.states) <= module.WINDOW + 1 + (time.monotonic() - began) / module.UNSEEN
    assert pump.game.g_steps > 2 * len(blind.states), "meanwhile it trained"
    rounds, sent = pump.game.g_steps, pump.sent
    pump.acknowledge(sent)
    while pump.game.g_steps == rounds and time.monotonic() - began < 60:
        time.sleep(0.01)
    assert pump.game.g_steps > rounds, "somebody looks again: it goes on"
    pump.pause()


def test_an_acknowledgement_of_what_was_never_sent_opens_no_window() -> None:
    pump = Pump(Playground(Rules(width=0, data="point")), lambda state, frame: None)
    pump.acknowledge(10**9)
    assert pump.seen == 0


def test_what_cannot_be_done_is_said_and_the_game_stands(screen) -> None:
    screen.pump.play()
    screen.wait(lambda state: state["playing"])
    screen.pump.do(lambda: screen.pump.game.change(data="painted"))
    state = screen.wait(lambda state: state["note"])
    assert "paint points" in state["note"] and not state["playing"]
    screen.pump.steps("D")
    assert screen.wait(lambda state: state["turn"] == "D")["note"] == "", "the next command clears the note"


def test_a_game_that_breaks_stops_with_its_reason(screen) -> None:
    screen.pump.play()
    screen.wait(lambda state: state["playing"])
    screen.pump.game.broken = "round 3: no longer finite"
    state = screen.wait(lambda state: state["note"])
    assert state["note"] == "round 3: no longer finite" and not state["playing"]


def test_a_closed_widget_stops_the_game() -> None:
    def closed(state, frame):
        raise RuntimeError("the comm is closed")

    pump = Pump(Playground(Rules(width=0, data="point")), closed, fps=100)
    pump.play()
    for _ in range(600):
        if pump.sent and not pump.playing:
            break
        time.sleep(0.05)
    assert not pump.playing


def test_the_threads_of_the_notebook_stay_as_they_were(screen) -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        screen.pump.play()
        screen.wait(lambda state: state["number"] > 2)
        assert torch.get_num_threads() == 2
        asked: queue.Queue[int] = queue.Queue()
        screen.pump.do(lambda: asked.put(torch.get_num_threads()))
        assert asked.get(timeout=60) == 1, "the game's own thread"
        threading.Thread(target=lambda: asked.put(torch.get_num_threads())).start()
        assert asked.get(timeout=60) == 2, "a thread that is started while it plays"
        assert sum(range(100_000)) == 4_999_950_000, "a cell runs beside it"
    finally:
        torch.set_num_threads(before)

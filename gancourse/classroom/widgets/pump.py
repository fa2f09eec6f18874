"""A game that is played in a thread of its own, and whose frames never come faster than they are seen.

A frame is sent when the front end has acknowledged all but one of those before it; it acknowledges what it has drawn.  While the
kernel executes a cell, acknowledgements wait in its queue: then one frame a second goes out, and after :data:`PATIENCE` seconds
without any (a closed page, a hidden tab) the game rests until one comes.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from typing import Any

import torch

from gancourse.base import check
from gancourse.training.playground import Frame, Playground

SPEEDS = {"slow": "slow: D's turn, G's turn", "steady": "a round for each picture", "fast": "as fast as it goes"}
TURN = 0.6  # seconds between two updates in slow motion
WINDOW = 2  # frames on their way
UNSEEN = 1.0  # seconds to the next frame when none is acknowledged
PATIENCE = 20.0  # seconds without an acknowledgement until the game rests
IDLE = 5.0  # seconds that a thread without work waits before it ends; the next command starts another
MEASURED = 0.15  # seconds between two measurements at least, so that they cost little

Send = Callable[[dict[str, Any], Frame | None], None]


def _alone_on_one_core(others: int) -> None:
    """PyTorch on one core in the thread that calls, and on ``others`` in each that is started later.

    ``torch.set_num_threads`` sets the number of its own thread, which nobody else can, and the process's number for threads to
    come.  So another thread sets the second one back.
    """
    torch.get_num_threads()  # a thread takes the process's number when it first asks or computes: now, and not after this
    torch.set_num_threads(1)
    back = threading.Thread(target=torch.set_num_threads, args=[others])
    back.start()
    back.join()


class Pump:
    """Obeys commands in order, plays between them, and hands ``send`` what there is to see.

    ``send(state, frame)`` is called in the thread; ``state`` has the frame's number, whether the game runs, its speed, whose turn
    it was in slow motion, and a note where a command could not be obeyed.
    """

    def __init__(self, game: Playground, send: Send, fps: float = 24) -> None:
        self.game, self.send, self.interval = game, send, 1 / check.positive("fps", fps)
        self.playing, self.speed, self.turn, self.note = False, "fast", "", ""
        self._commands: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self.sent = self.seen = 0
        self._sent_at = self._moved_at = self._seen_at = self._measured_at = -1e9

    # Called by anyone -----------------------------------------------------------------------------------------------------

    def do(self, command: Callable[[], None]) -> None:
        """Have the thread call ``command`` between two steps, then show a frame; a ValueError becomes the note."""
        with self._guard:
            self._commands.put(command)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, args=[torch.get_num_threads()], name="playground", daemon=True)
                self._thread.start()

    def play(self) -> None:
        """Play on until :meth:`pause`."""
        self._seen_at = time.monotonic()
        self.do(lambda: setattr(self, "playing", True))

    def pause(self) -> None:
        """Stop after the step in hand."""
        self.do(lambda: setattr(self, "playing", False))

    def steps(self, *players: str) -> None:
        """Pause, then one update of each of the players, "D" or "G"."""
        for player in players:
            check.one_of("player", player, ("D", "G"))
        self.do(lambda: self._steps(players))

    def set_speed(self, speed: str) -> None:
        """One of ``SPEEDS``."""
        check.one_of("speed", speed, SPEEDS)
        self.do(lambda: setattr(self, "speed", speed))

    def acknowledge(self, number: int) -> None:
        """The front end has drawn the frame of that number."""
        self.seen, self._seen_at = max(self.seen, min(number, self.sent)), time.monotonic()
        if self.playing and self._thread is None:
            self.do(lambda: None)

    # In the thread --------------------------------------------------------------------------------------------------------

    def _run(self, others: int) -> None:
        _alone_on_one_core(others)
        while True:
            try:
                command = self._commands.get(timeout=self._wait())
            except queue.Empty:
                if not self._resting():
                    self._advance()
                elif self._ended():
                    return
                continue
            self.note = ""
            self._attempt(command)
            self._show()

    def _ended(self) -> bool:
        with self._guard:
            if self._commands.empty():
                self._thread = None
            return self._thread is None

    def _resting(self) -> bool:
        return not self.playing or time.monotonic() - self._seen_at > PATIENCE

    def _wait(self) -> float:
        """Seconds until something is to be done when no command comes."""
        if self._resting():
            return IDLE
        pause = {"fast": 0.0, "steady": self.interval, "slow": TURN}[self.speed]
        return max(0.0, self._moved_at + pause - time.monotonic())

    def _advance(self) -> None:
        self._moved_at = time.monotonic()
        self._attempt(self._turn_or_round)
        if not self.playing or self._may_show():
            self._show()

    def _turn_or_round(self) -> None:
        if self.speed != "slow":
            self.turn = ""
            self.game.step()
        elif self.turn == "D":
            self._update("G")
        else:
            for _ in range(self.game.rules.k):
                self._update("D")

    def _update(self, player: str) -> None:
        (self.game.step_discriminator if player == "D" else self.game.step_generator)()
        self.turn = player

    def _steps(self, players: tuple[str, ...]) -> None:
        self.playing = False
        for player in players:
            self._update(player)

    def _may_show(self) -> bool:
        since = time.monotonic() - self._sent_at
        if self.sent - self.seen >= WINDOW:
            return since >= UNSEEN
        return self.speed != "fast" or since >= self.interval  # slower, each step is shown

    def _show(self) -> None:
        frames: list[Frame] = []
        self._attempt(lambda: frames.append(self._frame()))
        if self.game.broken:
            self.playing, self.note = False, self.game.broken
        self.sent, self._sent_at = self.sent + 1, time.monotonic()
        state = {"number": self.sent, "playing": self.playing, "speed": self.speed, "turn": self.turn, "note": self.note}
        try:
            self.send(state, frames[0] if frames else None)
        except Exception:  # the widget is closed: nobody looks
            self.playing = False

    def _frame(self) -> Frame:
        if not self.playing or time.monotonic() - self._measured_at >= MEASURED:
            self.game.measure()
            self._measured_at = time.monotonic()
        return self.game.frame()

    def _attempt(self, action: Callable[[], None]) -> None:
        """What cannot be done is said to the player, and the game stands still: nobody would hear the thread's exception."""
        try:
            action()
        except Exception as error:
            self.playing, self.note = False, str(error) or type(error).__name__

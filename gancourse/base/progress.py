"""One progress line: a display that updates in place in a notebook, a tqdm bar in a terminal, nothing when headless."""

from __future__ import annotations

import sys
import time
from typing import Any

from gancourse.base import cells


def _notebook_display() -> Any | None:
    """IPython's display function if a notebook kernel runs us, else None."""
    if not hasattr(cells.shell(), "kernel"):
        return None
    from IPython.display import display

    return display


def clock(seconds: float) -> str:
    """Seconds as m:ss or h:mm:ss."""
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


class Progress:
    """``update(step, d=0.4, g=1.2)`` redraws at most twice a second; ``close()`` leaves one line of text behind."""

    def __init__(self, total: int, start: int = 0, unit: str = "step", enabled: bool = True) -> None:
        self.total, self.start, self.step, self.unit = total, start, start, unit
        self._values: dict[str, float] = {}
        self._began = self._drawn = time.monotonic()
        self._handle = self._bar = None
        if not enabled:
            return
        if display := _notebook_display():
            self._handle = display(self._bundle(), raw=True, display_id=True)
        elif sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, initial=start, unit=unit, file=sys.stderr)

    def update(self, step: int, **values: float) -> None:
        """Move to ``step``; the values stand beside the bar."""
        self.step, self._values = step, values
        if self._bar is not None:
            self._bar.set_postfix({name: f"{value:.3f}" for name, value in values.items()}, refresh=False)
            self._bar.update(step - self._bar.n)
        elif self._handle is not None and time.monotonic() - self._drawn > 0.5:
            self._drawn = time.monotonic()
            self._handle.update(self._bundle(), raw=True)

    def close(self) -> None:
        """Draw the last state and let go of the line."""
        if self._bar is not None:
            self._bar.close()
        elif self._handle is not None:
            self._handle.update(self._bundle(final=True), raw=True)

    def _text(self) -> str:
        took = time.monotonic() - self._began
        parts = [f"{self.unit} {self.step:,} of {self.total:,}", clock(took)]
        done = self.step - self.start
        if done > 0 and self.step < self.total:
            parts.append(f"{clock(took / done * (self.total - self.step))} left")
        return "  ".join(parts + [f"{name} {value:.3f}" for name, value in self._values.items()])

    def _bundle(self, final: bool = False) -> dict[str, str]:
        text = self._text()
        bar = "" if final else f'<progress value="{self.step}" max="{self.total}" style="width:14em"></progress> '
        return {"text/plain": text, "text/html": f'<code style="white-space:pre">{bar}{text}</code>'}

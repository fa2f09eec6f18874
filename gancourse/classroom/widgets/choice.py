"""Two pictures, one of them real: which?"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from gancourse.classroom.widgets.base import Live, image_widget, quick_png, with_controls
from gancourse.viz import pictures

if TYPE_CHECKING:
    from PIL.Image import Image

SIDES = ("left", "right")


class TwoChoice(Live):
    """Pairs of a real and a generated picture, one after the other; a click says which one is real, and the score is kept.

    real, generated   [N, C, H, W], at least ``n`` of each; the i-th of both are a pair
    n, seed           how many pairs, and which side the real one is on
    size              the height of a picture on the screen, in pixels

    Half right is what guessing gives.  Without a front end: all pairs side by side, without the answers.
    """

    def __init__(self, real: Any, generated: Any, *, n: int = 10, seed: int = 0, size: int = 192) -> None:
        self.n, self.size = pictures.positive_int("n", n), pictures.positive_int("size", size)
        self._real, self._made = pictures.as_array("real", real), pictures.as_array("generated", generated)
        if min(len(self._real), len(self._made)) < self.n or self._real.shape[1:] != self._made.shape[1:]:
            raise ValueError(
                f"{self.n} pairs need as many real and generated pictures of one size, not {list(self._real.shape)} and "
                f"{list(self._made.shape)}: pass more, or a smaller n"
            )
        self.right = [random.Random(f"{seed} {i}").choice(SIDES) for i in range(self.n)]
        self.answers: list[bool] = []
        self._build()

    def __repr__(self) -> str:
        return f"which is real: {self.n} pairs"

    def _build(self) -> None:
        import ipywidgets

        narrow = ipywidgets.Layout(width="150px")
        self.buttons = [
            ipywidgets.Button(description=f"{side} is real", tooltip=f"the picture on the {side} is the real one", layout=narrow)
            for side in SIDES
        ]
        for side, button in zip(SIDES, self.buttons, strict=True):
            button.on_click(lambda _, side=side: self.choose(side))
        self.score = ipywidgets.HTML(self.said())
        self.image = image_widget(self.pair(0))
        self.widget = self._alive(with_controls([*self.buttons, self.score], self.image))

    def choose(self, side: str) -> bool | None:
        """Say which side of the pair shown is real: whether that is right, or None after the last pair; shows the next."""
        if len(self.answers) == self.n:
            return None
        right = side == self.right[len(self.answers)]
        self.answers.append(right)
        if len(self.answers) < self.n:
            self.image.value = quick_png(self.pair(len(self.answers)))
        else:
            for button in self.buttons:
                button.disabled = True
        self.score.value = self.said()
        return right

    def said(self) -> str:
        """The score in words."""
        done = len(self.answers)
        if not done:
            return f"pair 1 of {self.n}"
        last = "Right." if self.answers[-1] else "No: it was the other one."
        where = f"pair {done + 1} of {self.n}" if done < self.n else "Done"
        return f"{last} {sum(self.answers)} of {done} right; guessing gives half. {where}."

    def pair(self, i: int) -> Image:
        """The i-th pair, large."""
        return pictures.grid(self._tiles(i), columns=2, scale=max(1, self.size // self._real.shape[1]), pad=2)

    def _tiles(self, i: int) -> Any:
        import numpy as np

        two = (self._real[i], self._made[i])
        return np.stack(two if self.right[i] == "left" else two[::-1]).transpose(0, 3, 1, 2)

    def still(self) -> Image:
        """A column for each pair."""
        import numpy as np

        pairs = np.stack([self._tiles(i) for i in range(self.n)], 1).reshape(2 * self.n, *self._tiles(0).shape[1:])
        return pictures.labelled_grid(pairs, SIDES, [str(i + 1) for i in range(self.n)], scale=2)

"""The playground: a GAN in the plane that is trained while you look, change its rules, or paint its data.

What GAN Lab (Kahng et al. 2019) showed in a page, here with every objective and penalty of the course, exact measures, and games
that go wrong in known ways.  The game is :class:`gancourse.training.playground.Playground`, its thread :mod:`.pump`, and picture
and controls are ``playground.js`` beside this file, carried by anywidget, with nothing to download.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from torch import Tensor

from gancourse.base import check
from gancourse.classroom.widgets.access import HOLD_KEYS
from gancourse.classroom.widgets.base import LIVE, Live, one_thread
from gancourse.classroom.widgets.pump import SPEEDS, Pump
from gancourse.losses import OBJECTIVES
from gancourse.training import presets
from gancourse.training.playground import MEASURES, Frame, Playground
from gancourse.training.rules import DATA, MOST_PAINTED, NOISES, OPTIMIZERS, PAINTED, PENALTIES, REACH, Rules
from gancourse.viz import plane
from gancourse.viz.figures import rendered
from gancourse.viz.film import film_strip
from gancourse.viz.pictures import COLOURS, WIDEST

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

SCRIPTS = ("playground_pictures.js", "playground.js")  # one module, in this order
ONLY_DIFFERENCES = ("wasserstein", "relativistic")  # objectives to which D's values mean nothing, only their differences
CODED = ("least_squares", "least_squares_pm1", "hinge")
SURE = 1.0  # the logit, D = 0.73, from which the still picture's colours are full: near the end of a game D says 0.4 or 0.6
LONGEST, SHORTEST = 0.8, 0.025  # arrows of the still picture, in the plane
# The still picture: pixels of its letters by the number of panels in a row, those beside and above a panel, and a sample's area.
LETTERS = {1: 24, 2: 24, 3: 15}
BESIDE, ABOVE, DOTS = 10, 28, 25
CHOICES: dict[str, Any] = {
    "data": {name: name.replace("_", " ") for name in (*DATA, PAINTED)},
    "objective": {name: name.replace("_", " ") for name in OBJECTIVES},
    "penalty": PENALTIES,
    "optimizer": OPTIMIZERS,
    "noise": NOISES,
    "speed": SPEEDS,
    "k": [1, 2, 3, 5, 10, 20],
    "lr": [0, 1e-4, 2e-4, 5e-4, 1e-3, 2e-3, 5e-3, 0.01, 0.02, 0.05, 0.1, 0.2],
    "strength": [0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 1, 2, 5, 10],
    "width": [0, 8, 16, 32, 64, 128],
}


@lru_cache(maxsize=1)
def _kind() -> type:
    """The widget class; anywidget is imported where the first playground is made."""
    import anywidget
    import traitlets

    class Board(anywidget.AnyWidget):
        """What a new view needs; everything else is a message."""

        _esm = HOLD_KEYS + "\n".join(files("gancourse.classroom.widgets").joinpath(name).read_text("utf-8") for name in SCRIPTS)
        choices, presets, colours, opening = (traitlets.Dict().tag(sync=True) for _ in range(4))
        measures: Any = traitlets.List().tag(sync=True)
        reach = traitlets.Float(REACH).tag(sync=True)
        body = traitlets.Bytes(b"").tag(sync=True)

    return Board


class Board(Live):
    """A GAN in the plane to play with.

    preset   the game it opens with, a name of ``gancourse.training.presets.PRESETS``: "collapse", "vanishing", "orbit" and
             the cure of each, "collapse_cure", ...; or rules of your own (:class:`gancourse.training.rules.Rules`)
    painted  points [N, 2] for the data "painted"
    preview  shares of the preset's rounds at which the still picture shows the game

    Space plays and pauses, the full stop takes one round, d and g one step of one player, r starts again, p paints.  Without a
    front end: a strip of the game from its start.
    """

    def __init__(
        self,
        preset: str | Rules = "moons",
        *,
        seed: int = 0,
        painted: Any = None,
        preview: Sequence[float] = (0, 0.2, 1),
    ) -> None:
        self.name = "moons" if isinstance(preset, Rules) else preset
        known = presets.preset(self.name)
        rules = preset if isinstance(preset, Rules) else known.rules
        self.preview = [check.within("preview", share, 0, 1) for share in preview]
        self.game = Playground(rules, seed, painted)
        self._painted, self._rounds, self._opening = painted, known.rounds, rules
        self.game.measure()
        head, body = packed(self.game.frame())
        shown = {name: {"title": each.title, "shows": each.shows, "cure": each.cure} for name, each in presets.PRESETS.items()}
        state = {"number": 0, "playing": False, "speed": "fast", "turn": "", "note": ""}
        self.widget = _kind()(
            choices=CHOICES,
            presets=shown,
            colours=COLOURS,
            measures=list(MEASURES),
            opening={**self._state(state), **head},
            body=body,
        )
        self.widget.add_class(LIVE)
        self.pump = Pump(self.game, self._send)
        self.widget.on_msg(self._heard)

    def __repr__(self) -> str:
        return f"playground: {self.game.rules.objective} on {self.game.rules.data}, round {self.game.g_steps}"

    def play(self) -> None:
        """Play on in the background."""
        self.pump.play()

    def pause(self) -> None:
        """Stop after the step in hand."""
        self.pump.pause()

    def still(self) -> Image:
        """The game as the preset opens it, at a few rounds from its start: played anew, this game is left alone."""
        game = Playground(self._opening, self.game.seed, self._painted)
        frames, captions = [], []
        across = min(max(LETTERS), len(self.preview))
        side, letters = min(WIDEST // across, 450) - BESIDE, LETTERS[across]
        with one_thread():
            for until in sorted(round(share * self._rounds) for share in self.preview):
                while game.g_steps < until and not game.broken:
                    game.step()
                frames.append(_picture(game, side, letters))
                captions.append(_caption(game))
        return film_strip(frames, len(frames), captions=captions, columns=across, gap=0, font_size=letters)

    # Messages -------------------------------------------------------------------------------------------------------------

    def _state(self, state: dict[str, Any]) -> dict[str, Any]:
        """What a view shows beside the picture."""
        rules, name = self.game.rules, self.game.rules.objective
        means = "line: D(x) = 1/2" if name not in (*CODED, *ONLY_DIFFERENCES) else "line: midway between the codes"
        if name in ONLY_DIFFERENCES:
            means = "surface: lowest D to highest"
        changed = rules != presets.preset(self.name).rules
        more = {"preset": self.name, "changed": changed, "half": name not in ONLY_DIFFERENCES, "means": means}
        return {"kind": "frame", "rules": asdict(rules), **state, **more}

    def _send(self, state: dict[str, Any], frame: Frame | None) -> None:
        head, body = packed(frame) if frame is not None else ({"shapes": [], "numbers": {}}, b"")
        self.widget.send({**self._state(state), **head}, buffers=[body] if frame is not None else None)

    def _heard(self, _: Any, message: Any, buffers: Any) -> None:
        """Obey a view.  Nothing of a message is trusted: what makes no sense becomes the note."""
        try:
            self._obey(message.get("kind"), message)
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            text = str(error)
            self.pump.do(lambda: _refuse(text))

    def _obey(self, kind: str, message: dict[str, Any]) -> None:
        pump = self.pump
        acts: dict[str, Any] = {
            "play": pump.play,
            "pause": pump.pause,
            "gone": pump.pause,
            "hello": lambda: pump.do(lambda: None),
            "ack": lambda: pump.acknowledge(check.whole("number", message["number"], 0)),
            "round": lambda: pump.steps(*["D"] * self.game.rules.k, "G"),
            "step": lambda: pump.steps(message["player"]),
            "restart": lambda: pump.do(self.game.restart),
            "speed": lambda: pump.set_speed(message["speed"]),
            "preset": lambda: self.load(message["preset"]),
            "rules": lambda: self.change(**message["rules"]),
            "paint": lambda: self.paint(message["points"]),
        }
        acts[check.one_of("message", kind, acts)]()

    def load(self, preset: str) -> None:
        """Start the preset of that name."""
        known = presets.preset(preset)

        def begin() -> None:
            self.name = preset
            self.game.change(**asdict(known.rules))
            self.game.restart()

        self.pump.do(begin)

    def change(self, **rules: Any) -> None:
        """Play on under other rules, names and values as in :class:`gancourse.training.rules.Rules`."""
        self.pump.do(lambda: self.game.change(**rules))

    def paint(self, points: Any) -> None:
        """Take points [N, 2], at most ``MOST_PAINTED``, as the data."""
        if len(points) > MOST_PAINTED:
            raise ValueError(f"at most {MOST_PAINTED} points can be painted: press Clear")
        self.pump.do(lambda: self.game.paint(points))


def _refuse(text: str) -> None:
    raise ValueError(text)


def packed(frame: Frame) -> tuple[dict[str, Any], bytes]:
    """A frame as a message and one buffer: the names and shapes of its arrays, in order, and their float32 numbers."""
    arrays = {name: value for name, value in vars(frame).items() if isinstance(value, Tensor)}
    body = b"".join(value.contiguous().numpy().astype("<f4").tobytes() for value in arrays.values())
    numbers = {name: value if math.isfinite(value) else None for name, value in frame.numbers.items()}
    return {"shapes": [[name, list(value.shape)] for name, value in arrays.items()], "numbers": numbers}, body


def _picture(game: Playground, side: int, letters: int) -> Any:
    """The plane as the widget shows it, without figures at its edges: where in the plane the data lie means nothing."""
    frame = game.frame()
    limit = None if game.rules.objective in (*ONLY_DIFFERENCES, *CODED) else SURE
    options: dict[str, Any] = {"real": frame.real, "fake": frame.fake, "colourbar": False, "dots": DOTS * (side / 440) ** 2}
    width, height = side + BESIDE, side + ABOVE

    def draw(figure: Figure) -> None:
        axis = figure.add_axes((0, 0, side / width, side / height))
        plane.discriminator_surface(game.discriminator, REACH, 60, show="logit", limit=limit, ax=axis, **options)
        draw_arrows(axis, frame)
        axis.set(xlabel="", ylabel="", xticks=[], yticks=[])
        axis.spines[:].set_visible(False)
        for text in axis.get_legend().get_texts():  # type: ignore[union-attr]  # there are samples, and so a legend
            text.set_fontsize(0.54 * letters)

    return rendered(draw, width, height, layout=None)


def draw_arrows(axis: Axes, frame: Frame) -> None:
    """Where every fourth of the first fakes is pulled; a pull of size s has an arrow of s / (0.35 + s) times ``LONGEST``.

    That is the formula of ``drawArrows`` in ``playground_pictures.js``, and the same in all pictures, so that arrows can be seen
    to shrink; one below ``SHORTEST`` is left out.
    """
    pull, at = frame.arrows[::4], frame.fake[: len(frame.arrows) : 4]
    size = pull.norm(dim=1, keepdim=True)
    length = LONGEST * size / (0.35 + size)
    seen = length[:, 0] > SHORTEST
    shape: dict[str, Any] = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.006, "headwidth": 4, "headlength": 5}
    axis.quiver(*at[seen].T, *(pull / size * length)[seen].T, color=COLOURS["ink"], zorder=4, **shape)


def _caption(game: Playground) -> str:
    row = game.measure()
    found = "" if math.isnan(row["modes"]) else f", {row['modes']:.0f} of {len(game.data.modes)} modes"
    return f"round {game.g_steps:,}: W = {row['wasserstein']:.2f}{found}"

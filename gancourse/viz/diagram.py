"""The players of a game as one picture: who makes what of what, who gets gradient from which loss, and what is held still.

A game is described, not drawn: boxes with a place on a grid, arrows from box to box, and for each loss the way that its gradient
goes back.  The picture is SVG, written with the standard library; colour says whom a loss moves, the dashes say which loss it
is, so that neither is needed alone.
"""

from __future__ import annotations

import base64
import html
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

from gancourse.base import check, files
from gancourse.viz.pictures import COLOURS

KINDS = ("network", "frozen", "data", "latent", "sample", "loss")
PLAYERS = ("generator", "discriminator")
_TINT = {"generator": "#f4e6ef", "discriminator": "#e0f3ec", "data": "#e1eff8", "sample": "#fbe9de"}
_DASHES = ("10 6", "2 7", "14 5 2 5", "6 3 1 3")
_ACROSS, _DOWN, _MARGIN = 178, 128, 26  # a step of the grid, and the rim
_SIZE = 21  # of the letters; the picture is about a thousand wide, so this is legible on a slide
_FONT = "DejaVu Sans, Verdana, Helvetica, Arial, sans-serif"

Point = tuple[float, float]


@dataclass(frozen=True)
class Box:
    """One box: what it is, what it is called, its column and row (fractions too), whose it is, and a small second line."""

    kind: str
    text: str
    column: float
    row: float
    player: str | None = None
    under: str = ""

    def __post_init__(self) -> None:
        check.one_of("kind", self.kind, KINDS)
        if self.player is not None:
            check.one_of("player", self.player, PLAYERS)

    @property
    def centre(self) -> Point:
        return self.column * _ACROSS, self.row * _DOWN

    @property
    def half(self) -> Point:
        """Half its width and half its height."""
        longest = max(_length(self.text) * _SIZE, _length(self.under) * 0.7 * _SIZE)
        return max(44.0, longest / 2 + 14), 36.0 if self.under else 29.0


@dataclass(frozen=True)
class Gradient:
    """Where a loss's gradient goes: ways back from it ("L_G D fake G"), whom it moves, and where it is stopped ("D fake")."""

    ways: Sequence[str]
    moves: Sequence[str]
    stops: Sequence[str] = ()


@dataclass(frozen=True)
class Game:
    """The description of a game: its title, its boxes by name, arrows as "from to", and the gradient of each loss by its name."""

    title: str
    boxes: Mapping[str, Box]
    arrows: Sequence[str]
    gradients: Mapping[str, Gradient] = field(default_factory=dict)

    def __post_init__(self) -> None:
        edges = {self.edge(arrow) for arrow in self.arrows}
        for loss, gradient in self.gradients.items():
            if check.one_of("loss", loss, self.boxes) and self.boxes[loss].kind != "loss":
                raise ValueError(f"{loss} is a {self.boxes[loss].kind} and no loss: a gradient begins at a box of the kind loss")
            for name in gradient.moves:
                if self.boxes[check.one_of("network", name, self.boxes)].kind != "network":
                    raise ValueError(f"{loss} moves {name}, which is a {self.boxes[name].kind}: only a network is moved")
            for a, b in [*self.steps(loss), *map(self.edge, gradient.stops)]:
                if (b, a) not in edges:
                    raise ValueError(
                        f"the gradient of {loss} goes from {a} back to {b}, but no arrow goes from {b} to {a}: add one"
                    )
            unreached = set(gradient.moves) - {b for _, b in self.steps(loss)}
            if unreached:
                raise ValueError(f"{loss} moves {', '.join(sorted(unreached))}, but none of its ways goes there")

    def edge(self, words: str) -> tuple[str, str]:
        """The two boxes that "from to" names."""
        ends = words.split()
        if len(ends) != 2:
            raise ValueError(f"an arrow names two boxes, as in 'z G', not {words!r}")
        first, second = (check.one_of("box", name, self.boxes) for name in ends)
        return first, second

    def steps(self, loss: str) -> list[tuple[str, str]]:
        """The steps that the loss's gradient takes back, each once."""
        found: dict[tuple[str, str], None] = {}
        for way in self.gradients[loss].ways:
            names = [check.one_of("box", name, self.boxes) for name in way.split()]
            found |= dict.fromkeys(zip(names, names[1:], strict=False))
        return list(found)

    @property
    def alt(self) -> str:
        """The picture in words."""
        said = {name: _plain(box.text) for name, box in self.boxes.items()}
        forward = "; ".join(f"{said[a]} to {said[b]}" for a, b in map(self.edge, self.arrows))
        parts = [f"Players of {self.title}. Forward: {forward}."]
        for loss, gradient in self.gradients.items():
            ways = " and ".join(" to ".join(said[name] for name in way.split()[1:]) for way in gradient.ways)
            stops = " and ".join(said[stop.split()[1]] for stop in gradient.stops)
            stopped = f", and is stopped before {stops}" if stops else ""
            moved = " and ".join(said[name] for name in gradient.moves)
            parts.append(f"The gradient of {said[loss]} goes back to {ways}{stopped}: it moves {moved}.")
        if held := [said[name] for name, box in self.boxes.items() if box.kind == "frozen"]:
            parts.append(f"Held still: {', '.join(held)}.")
        return " ".join(parts)


class Diagram:
    """A picture of a game: the last line of a cell shows it, ``save("name.svg")`` keeps it, ``alt`` says it in words."""

    def __init__(self, svg: str, alt: str) -> None:
        self.svg, self.alt = svg, alt

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, str], dict[str, Any]]:
        """The SVG; beside it a PNG, for a front end shows no SVG of a notebook that it does not trust yet."""
        words = {"alt": self.alt}
        kinds: dict[str, str] = {"image/svg+xml": self.svg, "text/plain": f"[{self.alt}]"}
        if (png := _png(self.svg)) is not None:
            kinds["image/png"] = png
        return kinds, {"image/svg+xml": words, "image/png": words}

    def __repr__(self) -> str:
        return f"[{self.alt}]"

    def save(self, path: str | Path) -> None:
        """Write the SVG into a file."""
        with files.atomic_write(path) as part:
            part.write_text(self.svg, encoding="utf-8", newline="\n")


def players(game: Game, *, alt: str | None = None) -> Diagram:
    """Draw a game's players, losses and gradients; ``viz.GAMES`` has descriptions of the course's games.

    Solid arrows go forward.  A dashed line is a gradient on its way back: green if it moves the discriminator, plum if it moves
    the generator; its heads point at the networks that it moves, and it passes through the others.  A bar across it is a
    ``detach``: there the gradient ends.  ``alt`` is what those hear who do not see the picture, by default all of it in words.

    >>> viz.players(viz.GAMES["gan"])
    """
    if not isinstance(game, Game):
        raise TypeError(f"players draws a Game, such as viz.GAMES['gan'], not {type(game).__name__}")
    words = alt or game.alt
    left, top, right, bottom = _bounds(game)
    legend, high = _legend(game, left, bottom + 34, right - left)
    parts = [_arrow(game, *game.edge(arrow)) for arrow in game.arrows]
    parts += [_box(box) for box in game.boxes.values()]
    for place, loss in enumerate(game.gradients):
        parts += _gradient(game, loss, place)
    parts += [_words(box) for box in game.boxes.values()]  # above the gradients that pass through a box
    x, y, width, height = left - _MARGIN, top - _MARGIN, right - left + 2 * _MARGIN, bottom - top + high + 34 + _MARGIN
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" viewBox="{x:g} {y:g} {width:g} {height:g}" '
        f'width="{width:.0f}" height="{height:.0f}" style="max-width: 100%; height: auto" font-family="{_FONT}">'
        f"<title>{html.escape(_plain(game.title))}</title><desc>{html.escape(words)}</desc>"
        f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="14" fill="#ffffff"/>{"".join(parts)}{legend}</svg>'
    )
    return Diagram(svg, words)


def _png(svg: str) -> str | None:
    """The picture as a PNG in base64, for those who show no SVG; None where resvg is not installed."""
    try:
        import matplotlib
        import resvg_py
    except ImportError:
        return None
    fonts = str(Path(matplotlib.get_data_path()) / "fonts" / "ttf")
    drawn = resvg_py.svg_to_bytes(svg_string=svg, skip_system_fonts=True, font_dirs=[fonts], font_family="DejaVu Sans")
    return base64.b64encode(bytes(drawn)).decode("ascii")


def _bounds(game: Game) -> tuple[float, float, float, float]:
    corners = [(box.centre, box.half) for box in game.boxes.values()]
    left, top = (min(centre[i] - half[i] for centre, half in corners) for i in (0, 1))
    right, bottom = (max(centre[i] + half[i] for centre, half in corners) for i in (0, 1))
    return left, top, right, bottom


def _colour(game: Game, loss: str) -> str:
    """Of whom the loss moves first."""
    player = game.boxes[game.gradients[loss].moves[0]].player
    return COLOURS[player or "ink"]


# Boxes and their words


def _fill(box: Box) -> str:
    return _TINT.get((box.player if box.kind == "network" else box.kind) or "", "#ffffff")


def _box(box: Box) -> str:
    (x, y), (w, h) = box.centre, box.half
    ink = COLOURS[box.player or {"data": "real", "sample": "fake"}.get(box.kind, "neutral")]
    width, dash = {"network": (3.5, ""), "frozen": (2.5, ' stroke-dasharray="7 5"')}.get(box.kind, (2, ""))
    radius = {"network": 12, "frozen": 12, "latent": h, "loss": 4}.get(box.kind, 0)
    return (
        f'<rect x="{x - w:g}" y="{y - h:g}" width="{2 * w:g}" height="{2 * h:g}" rx="{radius:g}" fill="{_fill(box)}" '
        f'stroke="{ink}" stroke-width="{width}"{dash}/>'
    )


def _words(box: Box) -> str:
    """The words of a box, over a rim of its own colour: a gradient that passes through the box passes behind them."""
    x, y = box.centre
    weight = ' font-weight="bold"' if box.kind in ("network", "frozen") else ""
    rim = f' stroke="{_fill(box)}" stroke-width="7" stroke-linejoin="round"'
    lines = [(box.text, y + (-5 if box.under else 7), _SIZE, weight), (box.under, y + 21, 0.7 * _SIZE, "")]
    return "".join(_text(text, x, at, size, more + under) for under in (rim, "") for text, at, size, more in lines if text)


def _text(text: str, x: float, y: float, size: float, more: str, anchor: str = "middle") -> str:
    """A line of text; ``_x`` and ``_{xy}`` are lowered, ``^x`` raised."""
    out, shift = [], 0.0
    for piece in re.split(r"([_^](?:\{[^}]*\}|.))", text):
        if not piece:
            continue
        to = {"_": 0.28, "^": -0.34}.get(piece[0], 0.0) * size if re.match(r"[_^].", piece) else 0.0
        small = f' font-size="{0.7 * size:g}"' if to else ""
        out.append(f'<tspan dy="{to - shift:g}"{small}>{html.escape(piece[1:].strip("{}") if to else piece)}</tspan>')
        shift = to
    place = f'x="{x:g}" y="{y:g}" text-anchor="{anchor}" font-size="{size:g}" fill="{COLOURS["ink"]}"{more}'
    return f'<text {place} xml:space="preserve">{"".join(out)}</text>'


def _plain(text: str) -> str:
    """Text without the marks of lowered and raised letters."""
    return re.sub(r"([_^])\{([^}]*)\}", r"\1\2", text)


def _length(text: str) -> float:
    """About how long a line is, in sizes of its letters."""
    narrow = re.sub(r"[_^]\{([^}]*)\}|[_^](.)", lambda match: "." * math.ceil(0.7 * len(match[1] or match[2])), text)
    return 0.62 * len(narrow)


# Arrows and gradients


def _border(box: Box, inside: Point, outside: Point, gap: float = 0.0) -> Point:
    """Where the line from a point in the box to one beyond it leaves the box, and ``gap`` further on."""
    (x, y), (w, h), (ax, ay) = box.centre, box.half, inside
    dx, dy = outside[0] - ax, outside[1] - ay
    share = min(((x + math.copysign(w, dx)) - ax) / dx if dx else 9.0, ((y + math.copysign(h, dy)) - ay) / dy if dy else 9.0)
    share += gap / (math.hypot(dx, dy) or 1.0)
    return ax + share * dx, ay + share * dy


def _ends(first: Box, second: Box, offset: float, gap: float) -> tuple[Point, Point]:
    """Where a line between two boxes begins and ends, moved aside by ``offset``."""
    (ax, ay), (bx, by) = first.centre, second.centre
    length = math.hypot(bx - ax, by - ay) or 1.0
    aside = (-(by - ay) / length * offset, (bx - ax) / length * offset)
    a, b = (ax + aside[0], ay + aside[1]), (bx + aside[0], by + aside[1])
    return _border(first, a, b), _border(second, b, a, gap)


def _line(points: Sequence[Point], colour: str, more: str = "", width: float = 2.2) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="{width}"{more}/>'


def _head(tip: Point, behind: Point, colour: str, size: float = 13.0) -> str:
    angle = math.atan2(tip[1] - behind[1], tip[0] - behind[0])
    wings = [(tip[0] - size * math.cos(angle + turn), tip[1] - size * math.sin(angle + turn)) for turn in (0.42, -0.42)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (tip, *wings))
    return f'<polygon points="{path}" fill="{colour}"/>'


def _arrow(game: Game, first: str, second: str) -> str:
    a, b = _ends(game.boxes[first], game.boxes[second], 0.0, 3.0)
    colour = COLOURS["ink"]
    return _line([a, b], colour, width=1.8) + _head(b, a, colour, 11.0)


def _style(place: int) -> str:
    """The dashes of a loss's gradient."""
    return f' stroke-dasharray="{_DASHES[place % len(_DASHES)]}" stroke-linecap="round"'


def _aside(place: int) -> float:
    """How far beside the arrow the gradients of the losses go, so that none lies on another."""
    return (13.0, -13.0, 24.0, -24.0)[place % 4]


def _gradient(game: Game, loss: str, place: int) -> list[str]:
    """All ways back of a loss, pale in the boxes, where words are; heads where it moves a network, bars where it stops."""
    colour, gradient = _colour(game, loss), game.gradients[loss]
    style = _style(place)
    out = []
    for way in gradient.ways:
        names = way.split()
        legs = [_leg(game, a, b, place) for a, b in zip(names, names[1:], strict=False)]
        out += [_line(leg, colour, style, 3.0) for leg in legs]
        out += [_line([before[1], after[0]], colour, style + ' opacity="0.25"', 3.0) for before, after in pairwise(legs)]
        out += [_head(leg[1], leg[0], colour, 15.0) for leg, name in zip(legs, names[1:], strict=True) if name in gradient.moves]
    for stop in gradient.stops:
        out += _stop(_leg(game, *game.edge(stop), place), colour, style)
    return out


def _leg(game: Game, first: str, second: str, place: int) -> tuple[Point, Point]:
    """One step back, drawn on the same side of its arrow whichever way it is read."""
    return _ends(game.boxes[first], game.boxes[second], _aside(place), 3.0)


def _stop(leg: tuple[Point, Point], colour: str, style: str) -> list[str]:
    """A gradient that ends on the way, at a bar."""
    (ax, ay), (bx, by) = leg
    end = (ax + 0.5 * (bx - ax), ay + 0.5 * (by - ay))
    length = math.hypot(bx - ax, by - ay) or 1.0
    across = (-(by - ay) / length * 13, (bx - ax) / length * 13)
    bar = [(end[0] + across[0], end[1] + across[1]), (end[0] - across[0], end[1] - across[1])]
    return [_line([leg[0], end], colour, style, 3.0), _line(bar, colour, width=6.0)]


def _legend(game: Game, left: float, top: float, width: float) -> tuple[str, float]:
    """What the lines mean, below the picture, and how high that is."""
    entries = []
    for place, (loss, gradient) in enumerate(game.gradients.items()):
        name = game.boxes[loss].text.partition(" = ")[0]
        moved = " and ".join(game.boxes[network].text for network in gradient.moves)
        entries.append((f"gradient of {name}: moves {moved}", _colour(game, loss), place))
    if any(gradient.stops for gradient in game.gradients.values()):
        entries.append(("stopped: detach", "", -1))
    out, x, y, size = [], left, top, 0.8 * _SIZE
    for text, colour, place in entries:
        long = 74 + _length(text) * size * 0.95
        if x > left and x + long > left + width:
            x, y = left, y + 32
        if place < 0:
            out.append(_line([(x + 26, y - 12), (x + 26, y + 12)], COLOURS["ink"], width=6.0))
        else:
            out.append(_line([(x, y), (x + 52, y)], colour, _style(place), 3.0))
        out.append(_text(text, x + 64, y + 6, size, "", "start"))
        x += long + 18
    return "".join(out), y - top + 22

"""One page that shows a training: pictures, curves, settings, all inside it; it reloads itself while the training is at work."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html import escape

from gancourse.viz.pictures import COLOURS, png_text

RELOAD = 10  # seconds
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 640, 230, 58, 28, 28  # of a chart, and its margins

Line = Sequence[tuple[float, float]]  # (step, value)

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; } h2 { font-size: 1.05rem; margin: 1.8rem 0 .5rem; }
progress { width: 100%; height: .8rem; } img { max-width: 100%; height: auto; image-rendering: pixelated; }
.film { display: flex; flex-wrap: wrap; gap: 1rem; } figure { margin: 0; } figcaption { font-size: .85rem; opacity: .75; }
table { border-collapse: collapse; } td, th { padding: .15rem 1rem .15rem 0; text-align: left; vertical-align: top; }
th { font-weight: normal; opacity: .75; } svg { max-width: 100%; height: auto; } code { overflow-wrap: anywhere; }
"""


@dataclass(frozen=True)
class Shown:
    """What the page of a run shows.

    state     one sentence: at work, stopped or finished
    samples   the latest samples as PNG
    real      some of the pictures as PNG
    film      (step, PNG) of earlier samples
    charts    title -> name of a line -> its points
    settings  rows of the table: what, value
    """

    title: str
    state: str
    step: int
    steps: int
    at_work: bool
    samples: bytes
    real: bytes
    caption: str = ""
    film: Sequence[tuple[int, bytes]] = ()
    charts: Mapping[str, Mapping[str, Line]] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)


def html(shown: Shown) -> str:
    """The page as one text without links to other files."""
    again = f'<meta http-equiv="refresh" content="{RELOAD}">' if shown.at_work else ""
    pictures = _figure(shown.samples, f"step {shown.step:,}{shown.caption}", f"samples at step {shown.step}")
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">{again}'
        f'<meta name="viewport" content="width=device-width"><title>{escape(shown.title)}</title><style>{_STYLE}</style></head>',
        f"<body><h1>{escape(shown.title)}</h1><p>{escape(shown.state)}</p>",
        f'<progress value="{shown.step}" max="{shown.steps}" aria-label="steps done"></progress>',
        f"<h2>Samples</h2>{pictures}",
        *(f"<h2>{escape(title)}</h2>{chart(lines, title)}" for title, lines in shown.charts.items()),
        _film(shown.film),
        f"<h2>The pictures</h2>{_figure(shown.real, 'what the training is to imitate', 'some of the pictures')}",
        f"<h2>Settings</h2>{_table(shown.settings)}</body></html>\n",
    ]
    return "\n".join(part for part in parts if part)


def _figure(png: bytes, caption: str, alt: str) -> str:
    source = f"data:image/png;base64,{png_text(png)}"
    return f'<figure><img src="{source}" alt="{escape(alt)}"><figcaption>{escape(caption)}</figcaption></figure>'


def _film(film: Sequence[tuple[int, bytes]]) -> str:
    if not film:
        return ""
    frames = "".join(_figure(png, f"step {step:,}", f"samples at step {step}") for step, png in film)
    return f'<h2>On the way</h2><div class="film">{frames}</div>'


def _table(rows: Mapping[str, str]) -> str:
    return (
        "<table>"
        + "".join(f"<tr><th>{escape(what)}</th><td>{escape(text)}</td></tr>" for what, text in rows.items())
        + "</table>"
    )


def chart(lines: Mapping[str, Line], title: str) -> str:
    """Lines over the steps as SVG: a colour and a name each, the first and last step, the least and largest value."""
    kept = {name: [(x, y) for x, y in line if math.isfinite(x) and math.isfinite(y)] for name, line in lines.items()}
    points = [point for line in kept.values() for point in line]
    if not points:
        return "<p>nothing measured yet</p>"
    (left, right), (low, high) = (_range([point[i] for point in points]) for i in (0, 1))

    def place(x: float, y: float) -> tuple[float, float]:
        across = LEFT + (x - left) / (right - left) * (WIDTH - LEFT - 10)
        return round(across, 1), round(TOP + (high - y) / (high - low) * (HEIGHT - TOP - BOTTOM), 1)

    drawn = [_axes(left, right, low, high)]
    for i, ((name, line), colour) in enumerate(zip(kept.items(), _colours(kept), strict=True)):
        places = [place(*point) for point in line]
        text = " ".join(f"{x},{y}" for x, y in places)
        drawn.append(f'<polyline points="{text}" fill="none" stroke="{colour}" stroke-width="2"/>')
        drawn += [f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>' for x, y in places[-1:]]
        drawn.append(f'<text x="{LEFT + 170 * i}" y="16" fill="{colour}">{escape(name)}</text>')
    head = f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" role="img" aria-label="{escape(title)}" font-size="13">'
    return head + "".join(drawn) + "</svg>"


def _colours(lines: Mapping[str, Line]) -> list[str]:
    known = {"discriminator": COLOURS["discriminator"], "generator": "#B0528C"}  # plum, readable on black as well
    return [known.get(name, COLOURS["fake"]) for name in lines]


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _axes(left: float, right: float, low: float, high: float) -> str:
    bottom = HEIGHT - BOTTOM
    frame = f'<path d="M{LEFT},{TOP}V{bottom}H{WIDTH - 10}" fill="none" stroke="currentColor" opacity=".5"/>'
    marks = [
        (LEFT - 6, TOP + 8, "end", f"{high:.3g}"),
        (LEFT - 6, bottom, "end", f"{low:.3g}"),
        (LEFT, HEIGHT - 8, "start", f"{left:,.0f}"),
        (WIDTH - 10, HEIGHT - 8, "end", f"step {right:,.0f}"),
    ]
    texts = (f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="currentColor">{text}</text>' for x, y, anchor, text in marks)
    return frame + "".join(texts)

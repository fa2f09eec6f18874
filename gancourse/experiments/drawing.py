"""Pictures of a record: curves with bands over seeds, and a strip of samples over the steps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from gancourse.base.intervals import student

if TYPE_CHECKING:
    from PIL.Image import Image

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")  # Okabe and Ito
DASHES = ("solid", "dashed", "dotted")  # one for each round of colours
TITLES = {
    "frechet": "Fréchet distance",
    "psnr": "PSNR in the hole, dB",
    "accuracy": "accuracy, mean of the attributes",
}  # of scores; of the others their name
NAMES = {"step": "step", "images": "pictures seen", "seconds": "processor seconds"}
FRAMES = 5  # at most so many steps on a strip

Curves = Mapping[str, tuple[np.ndarray, np.ndarray]]


def number(value: float) -> str:
    """Three significant digits; a dash where there is nothing to measure."""
    if math.isnan(value):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def spread(values: np.ndarray, floor: float | None = None) -> str:
    """Mean and standard deviation over seeds; those without a value are counted apart.

    floor  in brackets unless the 95 % interval of the mean (Student's) lies above it, or of one seed the value
    """
    known = values[~np.isnan(values)]
    if not len(known):
        return "-"
    if floor is not None:
        lower_end = student(known.tolist())[0] if len(known) > 1 else known[0]
        if not lower_end > floor:
            return f"({spread(values)})"
    few = f" ({len(known)} of {len(values)})" if len(known) < len(values) else ""
    if len(known) == 1:
        return f"{number(known[0])}{few}"
    return f"{number(known.mean())} ± {number(known.std(ddof=1))}{few}"


def band(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """The least, the mean and the largest over the seeds of ``values`` [seeds, T] that have a value, and where fewer have one."""
    known = np.ma.masked_invalid(values)
    least, mean, largest = (np.ma.filled(part, np.nan) for part in (known.min(0), known.mean(0), known.max(0)))
    count = known.count(0)
    return least, mean, largest, (count > 0) & (count < len(values))


def looks(arms: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The colour and the dash of each arm, by its place among all.

    Raises ValueError where there are more arms than lines that an eye can tell apart.
    """
    known = [(colour, dash) for dash in DASHES for colour in COLOURS]
    if len(arms) > len(known):
        raise ValueError(f"curves tell {len(known)} arms apart, and here are {len(arms)}: show them in parts, or use table()")
    return dict(zip(arms, known, strict=False))


def curves(scores: Mapping[str, Curves], against: str = "step", of: Sequence[str] = ()) -> Image:
    """One panel for each score: the mean over seeds, and a band from the least to the largest; a ring where fewer have a value.

    of  all arms of the experiment where ``scores`` has some of them: a line looks the same in every picture
    """
    from gancourse.viz.figures import rendered

    look = looks(of or max(map(list, scores.values()), key=len))
    n_arms = max(map(len, scores.values()))

    def draw(figure: Any) -> None:
        axes = figure.subplots(1, len(scores), squeeze=False)[0]
        for axis, (score, arms) in zip(axes, scores.items(), strict=True):
            for arm, (at, values) in arms.items():
                colour, dash = look[arm]
                least, mean, largest, fewer = band(values)
                axis.fill_between(at, least, largest, color=colour, alpha=0.18, linewidth=0)
                axis.plot(at, mean, color=colour, linestyle=dash, linewidth=1.8, label=arm)
                if fewer.any():
                    axis.scatter(at[fewer], mean[fewer], facecolors="none", edgecolors=colour)
            axis.set(xlabel=NAMES[against], title=TITLES.get(score, score.replace("_", " ")))
            axis.margins(x=0.01)
        figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(COLOURS))

    return rendered(draw, 420 * max(2, len(scores)), 340 + 22 * ((n_arms - 1) // len(COLOURS)))


def frames(
    films: Mapping[str, Sequence[Tensor]], steps: Sequence[int], wanted: Sequence[int] | None = None
) -> tuple[Tensor, dict[str, Any]]:
    """Films, for each arm uint8 [k, C, H, W] at each step, as one picture [3, arms * H, frames * k * W], and what lies where.

    ``wanted``: the steps to show; by default evenly spread ones.
    """
    chosen = [i for i, step in enumerate(steps) if wanted is not None and step in wanted]
    chosen = chosen or sorted({round(i) for i in np.linspace(0, len(steps) - 1, min(FRAMES, len(steps)))})
    rows = [torch.cat([torch.cat(list(film[i]), 2) for i in chosen if i < len(film)], 2) for film in films.values()]
    widest = max(row.shape[2] for row in rows)
    sheet = torch.cat([torch.nn.functional.pad(row, (0, widest - row.shape[2])) for row in rows], 1)
    first = next(iter(films.values()))[0]
    layout = {"arms": list(films), "steps": [steps[i] for i in chosen], "k": len(first), "side": first.shape[2]}
    if first.shape[3] != first.shape[2]:
        layout["width"] = first.shape[3]
    return sheet.expand(3, -1, -1), layout


def tiles(path: Path, layout: Mapping[str, Any]) -> Tensor:
    """The pictures of a record's sheet: uint8 [arms, steps * k, C, H, W]."""
    from PIL import Image

    with Image.open(path) as file:
        pixels = torch.from_numpy(np.asarray(file.convert("RGB")).copy()).permute(2, 0, 1)
    height = layout["side"]
    rows = pixels.unflatten(1, (len(layout["arms"]), height))
    return rows.unflatten(3, (-1, layout.get("width", height))).permute(1, 3, 0, 2, 4)


def strip(path: Path, layout: Mapping[str, Any]) -> Image:
    """A record's picture with a label for each arm and each step."""
    from gancourse import viz

    every, k, steps = tiles(path, layout), layout["k"], layout["steps"]
    columns = [f"step {steps[i // k]:,}" if i % k == 0 else "" for i in range(every.shape[1])]
    return viz.labelled_grid(every.flatten(0, 1), layout["arms"], columns, pad=1, widest=1400)

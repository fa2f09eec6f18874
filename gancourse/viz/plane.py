"""GANs in the plane: what D thinks everywhere, what G does to its latents, where the gradient pulls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from gancourse.base import check
from gancourse.base.latents import Network, device_of, draw_latents, latent_dim_of, run
from gancourse.base.networks import evaluating
from gancourse.viz.figures import on_axis, rendered
from gancourse.viz.pictures import COLOURS, positive_int

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.figure import Figure
    from PIL.Image import Image

Bounds = float | Sequence[float]
Box = tuple[float, float, float, float]


def points(what: str, x: Any) -> np.ndarray:
    """Points in the plane as an array [N, 2]."""
    x = torch.as_tensor(x).detach().float().cpu().numpy()
    if x.ndim != 2 or x.shape[1] != 2:
        raise ValueError(f"{what} must be points in the plane, [N, 2], not {list(x.shape)}")
    return x


def box(bounds: Bounds | None, *samples: Any, margin: float = 0.1) -> Box:
    """(left, right, bottom, top): from a number b as the square of half-width b, from four numbers, or around the samples.

    ``margin`` is what the square around the samples leaves on each side, as a share of their extent.
    Samples that have diverged leave no square: ValueError.  In bounds that are given, what is not finite is not drawn.
    """
    if bounds is None:
        given = [points("samples", x) for x in samples if x is not None]
        if not given:
            raise ValueError("give bounds=(left, right, bottom, top), or samples to take them from")
        if not all(np.isfinite(x).all() for x in given):
            raise ValueError("samples hold NaN or infinity: look at what made them, or give bounds=(left, right, bottom, top)")
        low, high = np.concatenate(given).min(0), np.concatenate(given).max(0)
        centre, half = (low + high) / 2, max(float((high - low).max()) * (0.5 + margin), 1e-6)
        return (centre[0] - half, centre[0] + half, centre[1] - half, centre[1] + half)
    bounds = bounds if isinstance(bounds, int | float | Sequence) else np.asarray(bounds).tolist()  # numpy's and torch's
    if isinstance(bounds, int | float):
        half = check.positive("bounds", float(bounds))
        return (-half, half, -half, half)
    if len(bounds) != 4 or not (bounds[0] < bounds[1] and bounds[2] < bounds[3]):
        wanted = "a number or (left, right, bottom, top) with left < right and bottom < top"
        raise ValueError(f"bounds must be {wanted}, not {bounds!r}")
    left, right, bottom, top = (float(b) for b in bounds)
    return (left, right, bottom, top)


def lattice(area: Box, resolution: int) -> tuple[np.ndarray, np.ndarray, Tensor]:
    """The x and y values and the points [resolution^2, 2] of a square lattice over the area, row by row from the bottom."""
    xs, ys = np.linspace(area[0], area[1], resolution), np.linspace(area[2], area[3], resolution)
    x, y = np.meshgrid(xs, ys)
    return xs, ys, torch.from_numpy(np.stack([x.ravel(), y.ravel()], 1)).float()


def logits_on(discriminator: Network, at: Tensor) -> np.ndarray:
    """D's logits [N] at the points [N, 2], in evaluation mode."""
    with evaluating(discriminator):
        values = discriminator(at.to(device_of(discriminator)))
    if values.shape not in ((len(at),), (len(at), 1)):
        raise ValueError(f"a discriminator of points [N, 2] must give logits [N], not {list(values.shape)}")
    return values.float().reshape(-1).cpu().numpy()


def surface_colours() -> Colormap:
    """From fake's colour through white to real's, pale enough that points of either colour stand out.

    The tint grows as the square root of the distance from the middle: near an equilibrium D says 0.4 or 0.6, and that has to be
    seen from the last row.  A colour bar shows how.
    """
    from matplotlib.colors import LinearSegmentedColormap, to_rgb

    pale = {name: 0.5 + 0.5 * np.array(to_rgb(COLOURS[name])) for name in ("fake", "real")}
    places = np.linspace(-1, 1, 129)
    tints = [1 - abs(place) ** 0.5 * (1 - pale["fake" if place < 0 else "real"]) for place in places]
    return LinearSegmentedColormap.from_list("fake_real", tints)


def scatter(
    real: Any = None, fake: Any = None, *, ax: Axes | None = None, bounds: Bounds | None = None, title: str | None = None
) -> Image | None:
    """Real and generated points in one plane."""
    area = box(bounds, real, fake)

    def draw(axis: Axes) -> None:
        _scatter(axis, real, fake, area, legend=True)
        axis.set_title(title or "")

    return on_axis(draw, ax, 440, 440)


def _scatter(axis: Axes, real: Any, fake: Any, area: Box, legend: bool, size: float = 9, most: int = 2000) -> None:
    for name, label, x in (("real", "real", real), ("fake", "generated", fake)):
        if x is not None:
            x = points(name, x)[:most]
            ring: dict[str, Any] = {"edgecolors": "white", "linewidths": 0.1 * size**0.5}
            axis.scatter(x[:, 0], x[:, 1], s=size, color=COLOURS[name], **ring, label=label, zorder=3)
    _plane(axis, area)
    if legend and (real is not None or fake is not None):
        _legend(axis)


def _legend(axis: Axes) -> None:
    """Above the plane at the right, where it hides no point and leaves room for a title at the left."""
    place: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1.02, 0.985), "ncols": 2}
    axis.legend(**place, fontsize=9, markerscale=1.8, handletextpad=0.1, columnspacing=0.8, borderpad=0.2)


def _plane(axis: Axes, area: Box, names: str = "x") -> None:
    axis.set(xlim=area[:2], ylim=area[2:], aspect="equal", xlabel=f"${names}_1$", ylabel=f"${names}_2$")


def two_scatters(real: Any, fake: Any, titles: tuple[str, str], bounds: Bounds | None = None) -> Image:
    """Real and generated points in two planes side by side with the same bounds."""
    area = box(bounds, real, fake)

    def draw(figure: Figure) -> None:
        for axis, pair, title in zip(figure.subplots(1, 2, sharey=True), ((real, None), (None, fake)), titles, strict=True):
            _scatter(axis, *pair, area, legend=False)
            axis.set_title(title)

    return rendered(draw, 760, 400)


def discriminator_surface(
    discriminator: Network,
    bounds: Bounds | None = None,
    resolution: int = 80,
    *,
    real: Any = None,
    fake: Any = None,
    show: str = "probability",
    limit: float | None = None,
    ax: Axes | None = None,
    title: str | None = None,
    colourbar: bool = True,
    size: tuple[int, int] = (500, 430),
    dots: float = 9,
) -> Image | None:
    """D over the plane, blue where it says real, orange where it says fake, with samples on top.

    ``show`` is "probability", D(x) = sigmoid(l(x)) from 0 to 1, or "logit", l(x) cut at +-``limit`` (by default its largest
    size).  The line is where D is undecided: D(x) = 1/2, l(x) = 0.  ``dots`` is the area of a sample in square points.
    """
    from matplotlib.ticker import MaxNLocator

    check.one_of("show", show, ["probability", "logit"])
    check.positive("dots", dots)
    area = box(bounds, real, fake)
    xs, ys, at = lattice(area, positive_int("resolution", resolution))
    logits = logits_on(discriminator, at).reshape(resolution, resolution).astype(float)  # in float32 a cut at 0.4 lies above 0.4
    if not np.isfinite(logits).all() and show == "logit" and (limit is None or np.isnan(logits).any()):
        raise ValueError("the discriminator's logits hold NaN or infinity: look at what made them, or show='probability'")
    limit = check.positive("limit", limit) if limit is not None else max(float(np.abs(logits).max()), 1e-6)
    undecided, low, high, label = (0.5, 0.0, 1.0, "D(x)") if show == "probability" else (0.0, -limit, limit, "logit l(x)")
    values = 1 / (1 + np.exp(-np.clip(logits, -50, 50))) if show == "probability" else np.clip(logits, -limit, limit)

    def draw(axis: Axes) -> None:
        filled = axis.contourf(xs, ys, values, levels=np.linspace(low, high, 21), cmap=surface_colours(), antialiased=False)
        if values.min() < undecided < values.max():
            axis.contour(xs, ys, values, levels=[undecided], colors=COLOURS["ink"], linewidths=1.2)
        _scatter(axis, real, fake, area, legend=True, size=dots)
        axis.set_title(title or "")
        if colourbar:
            ticks = np.linspace(0, 1, 5) if show == "probability" else MaxNLocator(5)
            axis.figure.colorbar(filled, ax=axis, label=label, ticks=ticks, shrink=0.85)

    return on_axis(draw, ax, *size)


def gradient_field(
    discriminator: Network,
    bounds: Bounds | None = None,
    resolution: int = 18,
    *,
    real: Any = None,
    fake: Any = None,
    ax: Axes | None = None,
    title: str | None = None,
    size: tuple[int, int] = (500, 430),
) -> Image | None:
    """Where D would push a sample: arrows along grad_x l(x), all of one length, darker where the gradient is larger.

    A generated point moves along its arrow, because every generator loss here pulls the logit of a sample upward.
    """
    area = box(bounds, real, fake)
    _, _, at = lattice(area, positive_int("resolution", resolution))
    slope = gradients(discriminator, at)  # [N, 2]
    length = np.linalg.norm(slope, axis=1)
    unit = slope / np.maximum(length, 1e-12)[:, None]
    greys = _shades("Greys", 0.2, 1.0)
    scale = None if length.any() else 1.0  # matplotlib would take it from the arrows' lengths

    def draw(axis: Axes) -> None:
        arrows = axis.quiver(
            *at.numpy().T, *unit.T, length, cmap=greys, clim=(0, length.max()), pivot="mid", zorder=2, width=0.0045, scale=scale
        )
        _scatter(axis, real, fake, area, legend=True)
        axis.set_title(title or "")
        axis.figure.colorbar(arrows, ax=axis, label=r"$\|\nabla_x\, l(x)\|$", shrink=0.85)

    return on_axis(draw, ax, *size)


def gradients(discriminator: Network, at: Tensor) -> np.ndarray:
    """grad_x l(x) [N, 2] at the points [N, 2], in evaluation mode; D's own gradients are left alone.

    Zeros where D does not look at x: a constant is flat.
    """
    with evaluating(discriminator), torch.enable_grad():
        x = at.clone().to(device_of(discriminator)).requires_grad_(True)
        total = discriminator(x).sum()
        slope = torch.autograd.grad(total, x, allow_unused=True)[0] if total.requires_grad else None
    slope = torch.zeros_like(at) if slope is None else slope
    return slope.float().cpu().numpy()


def generator_map(
    generator: Network,
    bounds: Bounds | None = None,
    *,
    lines: int = 13,
    reach: float = 2.5,
    latent_dim: int | None = None,
    directions: Tensor | None = None,
    real: Any = None,
    ax: Axes | None = None,
    title: str | None = None,
    bold: bool = False,
    size: tuple[int, int] = (800, 410),
) -> Image | None:
    """How G bends its latent space: a square lattice of latents, z_i in [-reach, reach], and where G carries its lines.

    Left the lattice, right its image among the real points; a line has one colour in both.  G is a map of the plane where
    latent_dim is 2; in more dimensions the lattice spans ``directions`` [2, latent_dim] (by default the first two axes).
    With ``ax`` only the right half is drawn.  ``bold`` draws the middle line of each family thick, to be followed by the eye.
    """
    if positive_int("lines", lines) < 2:
        raise ValueError("lines must be 2 or more")
    check.positive("reach", reach)
    dim = latent_dim_of(generator, latent_dim)
    if directions is None:
        if dim < 2:
            raise ValueError(f"a lattice needs two latent directions, and latent_dim is {dim}: use a generator with 2 or more")
        directions = torch.eye(dim)[:2]
    if tuple(directions.shape) != (2, dim):
        raise ValueError(f"directions must be [2, {dim}], not {list(directions.shape)}")
    along, across = torch.linspace(-reach, reach, 241), torch.linspace(-reach, reach, lines)
    upright = torch.stack(torch.broadcast_tensors(across[:, None], along[None, :]), -1)  # [lines, 241, 2]: z_1 fixed
    latents = torch.stack([upright, upright.flip(-1)])  # [2, lines, 241, 2]
    mapped = points("generated", run(generator, latents.reshape(-1, 2) @ directions.float().cpu(), 4096))
    mapped = mapped.reshape(2, lines, -1, 2)
    area = box(bounds, real, mapped.reshape(-1, 2))

    def carried(axis: Axes) -> None:
        if real is not None:
            x = points("real", real)[:2000]
            axis.scatter(x[:, 0], x[:, 1], s=6, color=COLOURS["real"], alpha=0.35, linewidths=0, label="real", zorder=1)
            _legend(axis)
        _lines(axis, mapped, bold)
        _plane(axis, area)
        axis.set_title("carried by G" if title is None else title)

    def both(figure: Figure) -> None:
        left, right = figure.subplots(1, 2)
        _lines(left, latents.numpy(), bold)
        _plane(left, (-reach * 1.1, reach * 1.1, -reach * 1.1, reach * 1.1), "z")
        left.set_title("latents")
        carried(right)

    if ax is not None:
        carried(ax)
        return None
    return rendered(both, *size)


def _lines(axis: Axes, families: np.ndarray, bold: bool = False) -> None:
    """Two families of lines [2, L, P, 2]: each line is shaded by its fixed coordinate, one colour map a family."""
    for family, shades in zip(families, (_shades("YlOrBr", 0.35, 0.95), _shades("Purples", 0.4, 1.0)), strict=True):
        for i, (line, position) in enumerate(zip(family, np.linspace(0, 1, len(family)), strict=True)):
            thick = bold and i == len(family) // 2
            axis.plot(line[:, 0], line[:, 1], color=shades(position), linewidth=3.2 if thick else 1.3, zorder=2 + thick)


def _shades(name: str, low: float, high: float) -> Colormap:
    """The part of one of matplotlib's colour maps between two positions."""
    import matplotlib
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(name, matplotlib.colormaps[name](np.linspace(low, high, 32)))


def toy_samples(generator: Network, n: int, seed: int, latent_dim: int | None = None) -> Tensor:
    """n generated points from the seed."""
    return run(generator, draw_latents(n, latent_dim_of(generator, latent_dim), seed), 4096)

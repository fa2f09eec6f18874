"""Films of a training: the same latents again and again while the generator learns."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from gancourse.base import check, files
from gancourse.base.latents import draw_latents, latent_dim_of, run
from gancourse.viz import pictures
from gancourse.viz.figures import rendered
from gancourse.viz.plane import Bounds, box, discriminator_surface, toy_samples

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CAPTION, _LETTERS = 24, 13  # pixels above a frame that hold its caption, for letters of so many


class _Recorder:
    """A hook for ``training.fit``: ``hooks=[film.hook]`` films every ``every`` steps, ``hooks=[(50, film)]`` every 50."""

    def __init__(self, every: int) -> None:
        self.every = pictures.positive_int("every", every)
        self.steps: list[int] = []
        self._frames: list[np.ndarray] = []

    @property
    def hook(self) -> tuple[int, Callable[[Any], None]]:
        """The pair (every, function) that fit expects."""
        return self.every, self

    def __len__(self) -> int:
        return len(self._frames)

    def __call__(self, run: Any) -> None:
        """Add a frame of the run as it now is; a step that is already on the film is not filmed twice."""
        if self.steps and self.steps[-1] == run.step:
            return
        self._frames.append(np.asarray(self._frame(run)))
        self.steps.append(int(run.step))

    def _frame(self, run: Any) -> Image.Image:
        raise NotImplementedError

    @property
    def frames(self) -> np.ndarray:
        """uint8 [T, H, W] or [T, H, W, 3]."""
        if not self._frames:
            raise ValueError("the film is empty: pass it to fit(..., hooks=[film.hook]) and train first")
        return np.stack(self._frames)

    @property
    def captions(self) -> list[str]:
        return [f"step {step:,}" for step in self.steps]


class Film(_Recorder):
    """Frames of one grid of images: G of the same latents, every so many steps.

    z [N, latent_dim], or n latents drawn from the seed.  Frames are kept at the images' own size, :func:`animate` enlarges them.
    """

    def __init__(self, every: int = 100, z: Tensor | None = None, n: int = 24, seed: int = 0, columns: int | None = None) -> None:
        super().__init__(every)
        if z is not None and (not isinstance(z, Tensor) or z.ndim != 2):
            raise ValueError("z must be latents [N, latent_dim]: draw them with torch.randn(n, latent_dim)")
        self.z, self.n, self.seed, self.columns = z, pictures.positive_int("n", n), seed, columns

    def _frame(self, run_: Any) -> Image.Image:
        if self.z is None:
            self.z = draw_latents(self.n, latent_dim_of(run_.generator, getattr(run_.gan, "latent_dim", None)), self.seed)
        return pictures.grid(run(run_.generator, self.z).clamp(-1, 1), self.columns, scale=1)


class ToyFilm(_Recorder):
    """Frames of a game in the plane: D's surface, real points, and G of the same n latents.

    real: points [N, 2], or a distribution with ``sample(n, seed=...)``.
    """

    def __init__(
        self,
        real: Any,
        every: int = 100,
        n: int = 500,
        seed: int = 0,
        bounds: Bounds | None = None,
        resolution: int = 60,
        size: tuple[int, int] = (380, 380),
    ) -> None:
        super().__init__(every)
        self.real = real.sample(n, seed=seed) if hasattr(real, "sample") else torch.as_tensor(real)
        self.area = box(bounds, self.real, margin=0.3)  # room for fakes that have not arrived yet
        self.n, self.seed, self.resolution, self.size = pictures.positive_int("n", n), seed, resolution, size

    def _frame(self, run: Any) -> Image.Image:
        return game_picture(
            run.generator, run.gan.discriminator, self.real, self.area, self.n, self.seed, self.resolution, self.size
        )


def game_picture(
    generator: Any,
    discriminator: Any,
    real: Any,
    area: Bounds,
    n: int,
    seed: int,
    resolution: int = 60,
    size: tuple[int, int] = (380, 380),
) -> Image.Image:
    """A 2-D game as it stands: D's surface, real points and n generated ones."""
    fake = toy_samples(generator, n, seed)
    width, height = size
    inner = (64 / width, 46 / height, 1 - 76 / width, 1 - 76 / height)  # left, bottom, width, height as shares

    def draw(figure: Figure) -> None:
        axis = figure.add_axes(inner)  # a fixed place: frames match, and drawing takes half the time
        discriminator_surface(discriminator, area, resolution, real=real, fake=fake, colourbar=False, ax=axis)

    return rendered(draw, *size, layout=None)


def as_frames(frames: Any) -> tuple[list[Image.Image], list[str] | None]:
    """Pictures of one size, and a film's own captions.  ``frames``: a film, pictures, or uint8 [T, H, W] or [T, H, W, 3]."""
    if isinstance(frames, _Recorder):
        return as_frames(frames.frames)[0], frames.captions
    if isinstance(frames, Tensor):
        frames = frames.cpu().numpy()
    if isinstance(frames, np.ndarray) and (frames.dtype != np.uint8 or not (frames.ndim == 3 or frames.shape[3:] == (3,))):
        raise ValueError(f"an array of frames must be uint8 [T, H, W] or [T, H, W, 3], not {frames.dtype} {list(frames.shape)}")
    found = [f if isinstance(f, Image.Image) else Image.fromarray(np.asarray(f)) for f in frames]
    if not found:
        raise ValueError("there are no frames: give at least one")
    if len({f.size for f in found}) > 1:
        raise ValueError(f"frames must all have one size, not {' and '.join(sorted({f'{f.width} x {f.height}' for f in found}))}")
    return found, None


def _fitted(frame: Image.Image, width: int) -> Image.Image:
    """Enlarged by a whole factor while it stays within ``width``; shrunk only if it is wider."""
    frame = frame.convert("RGB")
    if frame.width > width:
        return frame.resize((width, round(frame.height * width / frame.width)), Image.Resampling.LANCZOS)
    factor = width // frame.width
    return frame.resize((frame.width * factor, frame.height * factor), Image.Resampling.NEAREST)


def _captioned(frame: Image.Image, caption: str | None, size: int = _LETTERS) -> Image.Image:
    if caption is None:
        return frame
    head = round(_CAPTION / _LETTERS * size)
    sheet = pictures.blank(frame.width, frame.height + head)
    sheet.paste(frame, (0, head))
    pictures.write(sheet, (2, head / 2), caption, size=size, anchor="lm", width=frame.width)
    return sheet


def _captions(given: Sequence[str] | None, own: list[str] | None, n: int) -> Sequence[str | None]:
    if given is not None and len(given) != n:
        raise ValueError(f"captions must be one for each of the {n} frames, not {len(given)}")
    return given or own or [None] * n


class Animation:
    """An animated PNG: plays in the notebook, on a forge's page, and in exported HTML (a GIF would be dropped there)."""

    def __init__(self, png: bytes, n_frames: int, size: tuple[int, int]) -> None:
        self.png, self.n_frames, self.size = png, n_frames, size

    def _repr_png_(self) -> bytes:
        return self.png

    def __repr__(self) -> str:
        return f"Animation of {self.n_frames} frames, {self.size[0]} x {self.size[1]} pixels, {len(self.png) / 1024:.0f} KB"

    def save(self, path: str | Path) -> None:
        """Write the animated PNG."""
        with files.atomic_write(path) as part:
            part.write_bytes(self.png)


def animate(
    frames: Any,
    fps: float = 6,
    width: int = 480,
    *,
    captions: Sequence[str] | None = None,
    colours: int | None = 128,
    hold: float = 1.5,
    most: int = 30,
) -> Animation:
    """The frames as a film that plays without end, the last frame held for ``hold`` seconds.

    ``frames`` is a film, a list of pictures, or uint8 [T, H, W, 3].  The result is at most ``width`` pixels wide; small frames
    are enlarged by a whole factor.  Two things keep the file small enough for a notebook: of more than ``most`` frames evenly
    spread ones are taken, and all share one palette of ``colours`` (None keeps every colour, at about three times the size).
    """
    check.positive("fps", fps)
    pictures.positive_int("width", width)
    found, own = as_frames(frames)
    named = _captions(captions, own, len(found))
    shown = [_captioned(_fitted(found[i], width), named[i]) for i in spread(len(found), pictures.positive_int("most", most))]
    if colours is not None:
        shown = _one_palette(shown, colours)
    buffer = io.BytesIO()
    durations = [1000 / fps] * (len(shown) - 1) + [1000 * max(hold, 1 / fps)]
    shown[0].save(buffer, "PNG", save_all=True, append_images=shown[1:], duration=durations, loop=0)
    stored = getattr(Image.open(buffer), "n_frames", 1)  # equal neighbours are stored once, with their durations added
    return Animation(buffer.getvalue(), stored, shown[0].size)


def clip_film(
    clips: Any, rows: Sequence[str] | None = None, columns: int | None = None, fps: float = 6, hold: float = 0.5
) -> Animation:
    """Clips [N, C, T, H, W], bytes or floats in [-1, 1], as a film in which all of them play at once, row by row.

    ``rows`` names the rows, as :func:`gancourse.viz.labelled_grid` does.
    """
    x = torch.as_tensor(clips).detach()
    if x.ndim != 5 or not x.numel():
        raise ValueError(f"clips must be [N, C, T, H, W], not {list(x.shape)}")
    frames = [
        pictures.labelled_grid(x[:, :, t], rows, n_columns=columns) if rows else pictures.grid(x[:, :, t], columns)
        for t in range(x.shape[2])
    ]
    return animate(frames, fps, frames[0].width, hold=hold, most=len(frames), colours=256)


def spread(n: int, most: int) -> list[int]:
    """Up to ``most`` of the numbers 0 to n - 1, evenly spread, the first and the last among them."""
    return sorted({round(i) for i in np.linspace(0, n - 1, min(n, most))}) if most > 1 else [n - 1]


def _one_palette(frames: list[Image.Image], colours: int) -> list[Image.Image]:
    """The frames in one palette, made from up to eight of them: an animated PNG has room for one only."""
    if not 2 <= colours <= 256:
        raise ValueError(f"colours must be between 2 and 256, or None for all, not {colours}")
    chosen = [frames[i] for i in spread(len(frames), 8)]
    sheet = Image.fromarray(np.concatenate([np.asarray(f) for f in chosen]))
    palette = pictures.few_colours(sheet, colours)
    return [f.quantize(palette=palette, dither=Image.Dither.NONE) for f in frames]


def film_strip(
    frames: Any,
    n: int = 6,
    *,
    captions: Sequence[str] | None = None,
    columns: int | None = None,
    widest: int = pictures.WIDEST,
    gap: int = 10,
    font_size: int = _LETTERS,
) -> Image.Image:
    """n frames, evenly spread from the first to the last, as one picture with their captions: a film for those who only read."""
    found, own = as_frames(frames)
    every = _captions(captions, own, len(found))
    at = spread(len(found), pictures.positive_int("n", n))
    across = (
        min(pictures.positive_int("columns", columns), len(at))
        if columns is not None
        else _strip_columns(len(at), found[0].width, widest)
    )
    width, largest = (widest - gap * (across - 1)) // across, max(2 * pictures.LARGEST_TILE, found[0].width)
    tiles = [_captioned(_fitted(found[i], min(width, largest)), every[i], font_size) for i in at]
    tile_w, tile_h = tiles[0].size
    down = -(-len(tiles) // across)
    sheet = pictures.blank(across * tile_w + (across - 1) * gap, down * tile_h + (down - 1) * gap)
    for i, tile in enumerate(tiles):
        sheet.paste(tile, (i % across * (tile_w + gap), i // across * (tile_h + gap)))
    return sheet


def _strip_columns(n: int, width: int, widest: int) -> int:
    """As many as fit unshrunk, at least 3, and rows equally long where that is possible."""
    most = max(min(3, n), min(n, widest // (width + 10)))
    rows = -(-n // most)
    return -(-n // rows)

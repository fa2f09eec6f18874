"""Games in the plane to watch and to play by hand."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from gancourse.base import check
from gancourse.classroom.widgets.base import Live, image_widget, one_thread, quick_png, wrapped
from gancourse.viz import pictures
from gancourse.viz.film import as_frames, film_strip, game_picture
from gancourse.viz.plane import Bounds, box

if TYPE_CHECKING:
    from ipywidgets import Button
    from PIL.Image import Image

    from gancourse.gans.gan import GAN


class GamePlayer(Live):
    """Watch a recorded game: play, step, or drag through its frames.

    frames: a film (:class:`gancourse.viz.ToyFilm`, :class:`gancourse.viz.Film`), pictures of one size, or uint8 [T, H, W, 3].
    Without a front end: a strip of ``strip`` frames.
    """

    def __init__(self, frames: Any, captions: Sequence[str] | None = None, fps: float = 4, strip: int = 6) -> None:
        self.frames, own = as_frames(frames)
        if captions is not None and len(captions) != len(self.frames):
            raise ValueError(f"captions must be one for each of the {len(self.frames)} frames, not {len(captions)}")
        self.captions = list(captions or own or (f"frame {i + 1}" for i in range(len(self.frames))))
        self.strip = pictures.positive_int("strip", strip)
        self._pngs = [quick_png(frame) for frame in self.frames]
        self._build(1000 / check.positive("fps", fps))

    def __repr__(self) -> str:
        return f"game_player: {len(self.frames)} frames, {self.captions[0]} to {self.captions[-1]}"

    def _build(self, interval: float) -> None:
        import ipywidgets

        last = len(self.frames) - 1
        self.slider = ipywidgets.IntSlider(value=0, min=0, max=last, description="frame", continuous_update=True)
        self.play = ipywidgets.Play(value=0, min=0, max=last, step=1, interval=round(interval))
        self._link = ipywidgets.jslink((self.play, "value"), (self.slider, "value"))
        self.caption = ipywidgets.Label(self.captions[0])
        self.back_button = ipywidgets.Button(description="back", layout=ipywidgets.Layout(width="64px"))
        self.next_button = ipywidgets.Button(description="next", layout=ipywidgets.Layout(width="64px"))
        self.image = image_widget(self.frames[0], max(self.frames[0].width, 240))
        self.slider.observe(self._moved, names="value")
        self.back_button.on_click(lambda _: self._go(-1))
        self.next_button.on_click(lambda _: self._go(1))
        parts = [self.play, self.back_button, self.next_button, self.slider, self.caption]
        self.widget = self._alive(ipywidgets.VBox([ipywidgets.HBox(parts, layout=wrapped()), self.image]))

    def _go(self, by: int) -> None:
        self.slider.value = min(max(self.slider.value + by, 0), len(self.frames) - 1)

    def _moved(self, change: Any) -> None:
        self.image.value = self._pngs[change["new"]]
        self.caption.value = self.described.words = self.captions[change["new"]]

    def still(self) -> Image:
        """Frames from the first to the last, side by side."""
        return film_strip(self.frames, self.strip, captions=self.captions)


@runtime_checkable
class Game(Protocol):
    """What :class:`LiveGame` needs of a game.

    It may also have ``status() -> str``, a line of text; ``restart()``; and ``preview() -> PIL.Image``, the picture for readers.
    """

    def step_discriminator(self) -> Any:
        """One update of D."""

    def step_generator(self) -> Any:
        """One update of G."""

    def draw(self) -> Image:
        """The game as it stands."""


class LiveGame(Live):
    """Be the referee: press for a step of D, a step of G, or rounds of both, and see surface and samples move.

    ``game`` needs step_discriminator(), step_generator() and draw(); :func:`toy_game` makes one of a GAN in the plane.
    Without a front end: the game's preview().
    """

    def __init__(self, game: Game) -> None:
        if not isinstance(game, Game):
            lacking = f"{type(game).__name__} lacks one: for a GAN use toy_game(gan, data)"
            raise TypeError(f"a game needs step_discriminator(), step_generator() and draw(); {lacking}")
        self.game = game
        self._build()

    def __repr__(self) -> str:
        return f"live_game: {type(self.game).__name__}"

    def _build(self) -> None:
        import ipywidgets

        actions: list[tuple[str, str, Callable[[], None]]] = [
            ("step D", "one update of the discriminator", lambda: self.step("D")),
            ("step G", "one update of the generator", lambda: self.step("G")),
            ("10 rounds", "ten times: one update of D, one of G", lambda: self.rounds(10)),
            ("100 rounds", "a hundred rounds, drawn after every ten", lambda: self.rounds(100)),
        ]
        if hasattr(self.game, "restart"):
            actions.append(("start again", "both players as they were at first", self.restart))
        self.buttons: dict[str, Button] = {}
        for name, hint, action in actions:
            self.buttons[name] = ipywidgets.Button(description=name, tooltip=hint, layout=ipywidgets.Layout(width="104px"))
            self.buttons[name].on_click(lambda _, act=action: act())
        self.status = ipywidgets.Label(self._status())
        self.image = image_widget(self.game.draw())
        buttons = ipywidgets.HBox(list(self.buttons.values()), layout=wrapped())
        self.widget = self._alive(ipywidgets.VBox([buttons, self.status, self.image]))

    def _status(self) -> str:
        return self.game.status() if hasattr(self.game, "status") else ""

    def _draw(self) -> None:
        with one_thread():
            self.image.value = quick_png(self.game.draw())
        self.status.value = self._status()
        self.described.words = self.status.value or repr(self)

    def step(self, player: str) -> None:
        """One update of "D" or "G", then the new picture."""
        check.one_of("player", player, ["D", "G"])
        with one_thread():
            (self.game.step_discriminator if player == "D" else self.game.step_generator)()
        self._draw()

    def rounds(self, n: int) -> None:
        """n rounds of one update each, drawn after every ten and at the end."""
        for i in range(pictures.positive_int("n", n)):
            with one_thread():
                self.game.step_discriminator()
                self.game.step_generator()
            if (i + 1) % 10 == 0 or i + 1 == n:
                self._draw()

    def restart(self) -> None:
        """Both players as they were at first."""
        self.game.restart()  # type: ignore[attr-defined]
        self._draw()

    def still(self) -> Image:
        """The game's preview, or the game as it stands."""
        with one_thread():
            return self.game.preview() if hasattr(self.game, "preview") else self.game.draw()


class ToyGame:
    """A GAN in the plane that is played one update at a time (the protocol :class:`Game`).

    data: points [N, 2], or a distribution with ``sample(n, generator=...)``.  Each update draws a fresh batch; Adam with the
    given learning rate.  The same seed gives the same game.
    """

    def __init__(
        self,
        gan: GAN,
        data: Any,
        *,
        batch_size: int = 256,
        lr: float = 1e-3,
        betas: tuple[float, float] = (0.5, 0.999),
        seed: int = 0,
        bounds: Bounds | None = None,
        n: int = 500,
        size: tuple[int, int] = (420, 420),
        preview_rounds: Sequence[int] = (0, 30, 300),
    ) -> None:
        self.gan, self.data = gan, data
        self.batch_size, self.n = pictures.positive_int("batch_size", batch_size), pictures.positive_int("n", n)
        self.lr, self.betas, self.seed, self.size = check.positive("lr", lr), betas, seed, size
        self.preview_rounds = sorted(preview_rounds)
        self._first = copy.deepcopy(self._players())
        self.restart()
        self.real = self._real(n)
        self.area = box(bounds, self.real, margin=0.3)  # room for fakes that have not arrived yet
        self.restart()

    def _players(self) -> list[dict[str, Tensor]]:
        return [self.gan.generator.state_dict(), self.gan.discriminator.state_dict()]

    def restart(self) -> None:
        """Both players, their optimisers and the random numbers as they were at first."""
        for player, state in zip((self.gan.generator, self.gan.discriminator), self._first, strict=True):
            player.load_state_dict(state)
        self._d, self._g = (
            torch.optim.Adam(player.parameters(), self.lr, self.betas) for player in (self.gan.discriminator, self.gan.generator)
        )
        self._source = torch.Generator().manual_seed(self.seed)
        self.d_steps = self.g_steps = 0
        self.d_loss = self.g_loss = float("nan")

    def _real(self, n: int) -> Tensor:
        if hasattr(self.data, "sample"):
            return self.data.sample(n, generator=self._source)
        points = torch.as_tensor(self.data)
        return points[torch.randint(len(points), (n,), generator=self._source)]

    def _batch(self) -> Any:
        return self.gan.play(self._real(self.batch_size).to(self.gan.device), self._source, step=self.d_steps)

    def step_discriminator(self) -> None:
        """One update of D on a fresh batch."""
        loss = self.gan.discriminator_loss(self._batch())
        self._d.zero_grad()
        loss.backward()
        self._d.step()
        self.d_steps, self.d_loss = self.d_steps + 1, loss.item()

    def step_generator(self) -> None:
        """One update of G on a fresh batch."""
        loss = self.gan.generator_loss(self._batch())
        self._g.zero_grad()
        loss.backward()
        self._g.step()
        self.g_steps, self.g_loss = self.g_steps + 1, loss.item()

    def draw(self) -> Image:
        """D's surface, the real points, and generated ones, always of the same latents."""
        return game_picture(self.gan.generator, self.gan.discriminator, self.real, self.area, self.n, self.seed, 60, self.size)

    def status(self) -> str:
        """Updates and latest losses of both players."""
        players = (("D", self.d_steps, self.d_loss), ("G", self.g_steps, self.g_loss))
        return ";  ".join(f"{name}: {n} updates" + (f", loss {loss:.3f}" if n else "") for name, n, loss in players)

    def preview(self) -> Image:
        """The game from its start, after each of ``preview_rounds``: played by a copy, this game is left alone."""
        gan = copy.deepcopy(self.gan)
        for player, state in zip((gan.generator, gan.discriminator), self._first, strict=True):
            player.load_state_dict(state)
        rules: dict[str, Any] = {"batch_size": self.batch_size, "lr": self.lr, "betas": self.betas, "seed": self.seed}
        played = ToyGame(gan, self.data, **rules, bounds=self.area, n=self.n, size=self.size)
        frames = []
        for until in self.preview_rounds:
            while played.g_steps < until:
                played.step_discriminator()
                played.step_generator()
            frames.append(played.draw())
        captions = [f"after {until} rounds" for until in self.preview_rounds]
        return film_strip(frames, len(frames), captions=captions, columns=min(3, len(frames)))


def toy_game(gan: GAN, data: Any, **options: Any) -> LiveGame:
    """A live game of a GAN in the plane on ``data``, points [N, 2] or a distribution; ``options`` as in :class:`ToyGame`."""
    return LiveGame(ToyGame(gan, data, **options))

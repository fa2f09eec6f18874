r"""Projection: the style whose picture is nearest to a given image, for generators with a mapping network.

    w* = argmin_w  || phi(g(w)) - phi(x) ||^2  +  pixels * mean over pixels of (g(w) - x)^2

by Adam from the mean of w.  The learning rate rises over the first twentieth of the steps and falls along a cosine over the last
quarter.  Over the first three quarters w is blurred by noise, strong at first and fading, which carries the search over small
hills:

    w~ = w + n,    n ~ N(0, (0.05 sigma t^2)^2 I),    t from 1 to 0,    sigma^2 = E || f(z) - mean ||^2

In "w" all layers share one style; in "w+" (Abdal et al. 2019) each layer has its own, which comes nearer to the image and leaves
the set of pictures that any z gives (w alone may leave it, too).  "z" searches the latent in the same way, w = f(z), with
sigma^2 = E || z ||^2: what the search in W is to be compared with.  :mod:`gancourse.latent.inversion` searches z of any generator
by pixels alone, where several starts take the place of noise.

>>> found = project(generator, images, steps=300)
>>> found.ws, found.images, found.distances                     # [N, layers, w_dim], [N, C, H, W], [N]

Source: Karras et al. 2020 (StyleGAN2), appendix D.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.latents import device_of, draw_latents
from gancourse.base.networks import evaluating
from gancourse.latent.inversion import reconstruction_error

Features = Callable[[Tensor], Tensor]
SPACES = ("z", "w", "w+")
RAMP_UP, RAMP_DOWN, BLURRED = 0.05, 0.25, 0.75  # shares of the steps
BLUR = 0.05  # of sigma
_NOISE = ".noise"  # how the noise inputs' buffers end


@dataclass(frozen=True)
class Projection:
    """What was found for N images.

    ws [N, layers, w_dim] for ``generator.synthesis``, in "w" the same in all layers; images [N, C, H, W] = g(ws); distances [N],
    squared in features; errors [N], mean squared per pixel; history [steps, N], the loss before each step, at the blurred w;
    noise, the optimised inputs by their buffers' names ({} where they stayed constant), each [N, 1, side, side].
    """

    ws: Tensor
    images: Tensor
    distances: Tensor
    errors: Tensor
    history: Tensor
    noise: dict[str, Tensor]


def project(
    generator: nn.Module,
    target: Tensor,
    *,
    steps: int = 300,
    lr: float = 0.1,
    seed: int = 0,
    space: str = "w",
    features: Features | None = None,
    pixels: float = 1.0,
    regularise_noise: float | None = None,
    start: str | Tensor = "mean",
    labels: Tensor | None = None,
) -> Projection:
    """Project ``target``, images [N, C, H, W] (or [C, H, W]) in [-1, 1] of the generator's size.  The generator stays as it is.

    features          images -> [N, D], differentiable; by default :func:`gancourse.metrics.perceptual.perceptual_features` of
                      faces.  Published projections use VGG's
    pixels            weight of the pixels' mean squared error, which the paper does without: a small classifier forgets colours
                      that a large one keeps.  0 leaves it out
    regularise_noise  None: noise inputs are constant, and an image must be explained by w.  A weight (the paper's is 1e5): they
                      are optimised too, each kept white by :func:`noise_penalty` and at mean 0 and variance 1
    start             "mean": from the mean of w over 2000 latents; "nearest": from the nearest of 64 of them; or styles,
                      [N, w_dim] or [N, layers, w_dim].  In "z" "nearest", of the same 64, or latents [N, latent_dim]
    labels            classes of a conditional generator, int [N], or vectors [N, classes]
    """
    check.one_of("space", space, SPACES)
    steps, lr = check.rounds("steps", steps), check.positive("lr", lr)
    pixels, seed = check.at_least("pixels", pixels), check.seed(seed)
    if not (hasattr(generator, "styles") and hasattr(generator, "synthesis")):
        raise ValueError(
            f"{type(generator).__name__} has no styles and synthesis: invert its latent with gancourse.latent.inversion"
        )
    target = check.pixels(target[None] if isinstance(target, Tensor) and target.ndim == 3 else target, "target")
    if labels is not None and check.tensor("labels", labels).shape[:1] != target.shape[:1]:
        raise ValueError(f"each picture needs its own label: {len(target)} pictures came with labels {list(labels.shape)}")
    if features is None:
        from gancourse.metrics.perceptual import perceptual_features

        features = functools.partial(perceptual_features("faces").to(device_of(generator)), pale=True)
    with evaluating(generator):
        search = _Search(generator, target.to(device_of(generator)).float(), features, pixels, labels, seed)
        search.begin(start, space, regularise_noise)
        history = [search.step(i / steps, lr) for i in range(steps)]
        return search.found(torch.stack(history))


def learning_rate(t: float, lr: float) -> float:
    """The learning rate at ``t`` in [0, 1): up over the first RAMP_UP, down along a cosine over the last RAMP_DOWN."""
    down = 0.5 - 0.5 * math.cos(math.pi * min(1.0, (1 - t) / RAMP_DOWN))
    return lr * down * min(1.0, t / RAMP_UP)


def noise_penalty(noise: Tensor) -> Tensor:
    """How far noise maps [N, 1, side, side] are from white: [N].

    The squared mean product of each place with its left and its upper neighbour (around the edges), summed over the map and
    its halvings down to 8 px, so that no picture hides in the noise at any scale.  Halving multiplies the mean of four by 2,
    which keeps the variance of white noise.
    """
    total = noise.new_zeros(len(noise))
    while True:
        for dim in (2, 3):
            total = total + (noise * noise.roll(1, dim)).mean((1, 2, 3)).square()
        if noise.shape[2] <= 8:
            return total
        noise = 2 * F.avg_pool2d(noise, 2)


class _Search:
    """The state of a projection: what is optimised (``w``, in "z" a latent), and towards what."""

    space: str

    def __init__(
        self, generator: nn.Module, target: Tensor, features: Features, pixels: float, labels: Tensor | None, seed: int
    ) -> None:
        self.generator: Any = generator  # any network with styles and synthesis
        self.target, self.features, self.pixels = target, features, pixels
        self.aim = features(target)  # [N, D]
        self.labels = None if labels is None else labels.to(target.device)
        self.seed, self.source = seed, torch.Generator().manual_seed(seed)
        self.regularise = 0.0
        self.noise: dict[str, Tensor] = {}

    def begin(self, start: str | Tensor, space: str, regularise_noise: float | None) -> None:
        n, layers, self.space = len(self.target), self.generator.layers, space
        known = self._drawn(2000)  # [N or 1, 2000, D]
        mean = known.mean(1, keepdim=True)
        self.sigma = (known - mean).square().sum(2).mean(1).sqrt()[:, None, None]  # [N or 1, 1, 1]
        w = self._start(start, known, mean)  # [N, 1 or layers, D]
        self.w = (w.expand(n, layers, -1) if space == "w+" else w.mean(1, keepdim=True)).clone().requires_grad_(True)
        if regularise_noise is not None:
            self.regularise = check.positive("regularise_noise", regularise_noise)
            buffers = {name: b for name, b in self.generator.synthesis.named_buffers() if name.endswith(_NOISE)}
            self.noise = {name: self._normal(n, 1, *b.shape[-2:]).requires_grad_(True) for name, b in buffers.items()}
        self.optimizer = torch.optim.Adam([self.w, *self.noise.values()])

    def _drawn(self, n: int) -> Tensor:
        """n latents, or w of them, for each class that is asked for."""
        z = draw_latents(n, self.generator.latent_dim, self.seed).to(self.target.device)
        if self.space == "z":
            return z[None]
        if self.labels is None:
            return self.generator.styles(z)[:, 0][None]
        return torch.stack([self.generator.styles(z, y.expand(n, *y.shape))[:, 0] for y in self.labels])

    def _start(self, start: str | Tensor, known: Tensor, mean: Tensor) -> Tensor:
        n, layers, dim = len(self.target), self.generator.layers, known.shape[2]
        if isinstance(start, Tensor):
            shapes = [(n, dim)] if self.space == "z" else [(n, dim), (n, layers, dim)]
            if tuple(start.shape) not in shapes:
                raise ValueError(f"start must be {' or '.join(str(list(shape)) for shape in shapes)}, not {list(start.shape)}")
            return start.detach().to(mean).reshape(n, -1, dim)
        if check.one_of("start", start, ("mean", "nearest")) == "mean":
            if self.space == "z":
                raise ValueError("the mean of z is 0, which has no direction: search Z from start='nearest', or from latents")
            return mean.expand(n, -1, -1)
        tried = known[:, :64].expand(n, -1, -1)  # [N, 64, D]
        losses = torch.stack([self._distance(self._draw(w[:, None]))[0] for w in tried.unbind(1)], 1)  # [N, 64]
        return tried[torch.arange(n), losses.argmin(1)][:, None]

    def _styles(self, w: Tensor) -> Tensor:
        """The styles [N, layers, w_dim] of what is searched, [N, 1 or layers, D]."""
        if self.space != "z":
            return w.expand(-1, self.generator.layers, -1)
        ws: Tensor = self.generator.styles(w[:, 0]) if self.labels is None else self.generator.styles(w[:, 0], self.labels)
        return ws

    def _normal(self, *shape: int) -> Tensor:
        return torch.randn(*shape, generator=self.source).to(self.target.device)

    def _draw(self, w: Tensor) -> Tensor:
        return torch.func.functional_call(self.generator.synthesis, self.noise, (self._styles(w),)).float()

    def _distance(self, made: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The loss, the squared distance in features and the error per pixel: [N] each."""
        error = reconstruction_error(made, self.target)
        distance = (self.features(made) - self.aim).square().sum(1)
        return distance + self.pixels * error, distance, error

    def step(self, t: float, lr: float) -> Tensor:
        """One step of Adam at the share ``t`` of the way; the loss [N] before it."""
        self.optimizer.param_groups[0]["lr"] = learning_rate(t, lr)
        blur = BLUR * self.sigma * max(0.0, 1 - t / BLURRED) ** 2
        with torch.enable_grad():
            loss = self._distance(self._draw(self.w + blur * self._normal(*self.w.shape)))[0]
            total = loss.sum()
            for noise in self.noise.values():
                total = total + self.regularise * noise_penalty(noise).sum()
        variables = [self.w, *self.noise.values()]
        for variable, gradient in zip(variables, torch.autograd.grad(total, variables), strict=True):
            variable.grad = gradient  # of these alone: the generator's weights get none
        self.optimizer.step()
        for noise in self.noise.values():
            noise -= noise.mean((2, 3), keepdim=True)
            noise *= noise.square().mean((2, 3), keepdim=True).rsqrt()
        return loss.detach()

    def found(self, history: Tensor) -> Projection:
        made = self._draw(self.w.detach())
        _, distance, error = self._distance(made)
        ws = self._styles(self.w.detach()).clone()
        noise = {name: value.detach().cpu() for name, value in self.noise.items()}
        return Projection(ws.cpu(), made.cpu(), distance.cpu(), error.cpu(), history.cpu(), noise)

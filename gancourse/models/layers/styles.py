r"""What the style generators have in common: the mapping network, truncation towards the mean, and mixing.

Truncation means one thing here, psi: styles are pulled towards their mean, w' = mean + psi (w - mean).  Latents that are drawn
from a normal distribution cut at a threshold, as BigGAN's are, are :func:`gancourse.latent.truncate`'s business.

Source: Karras et al. 2019 (StyleGAN), 2020a (StyleGAN2).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check, ranks
from gancourse.base.networks import widened
from gancourse.models.layers.conditional import class_vectors, unlabelled
from gancourse.models.layers.equalised import EqualisedLinear, pixel_norm

NOISE = ("auto", "random", "constant", "none")
PSI = 100  # no truncation, on either side of the mean, goes so far
AVERAGE_BETA = 0.998  # of the running mean of w, which truncation pulls towards


def float32(x: Tensor) -> torch.autocast:
    """A block without autocast: small sums and roots need float32's digits, or those that the weights have."""
    return torch.autocast(x.device.type, enabled=False)


def leaky(x: Tensor, gain: float = math.sqrt(2)) -> Tensor:
    """Leaky ReLU of slope 0.2, times ``gain``: sqrt(2) keeps the mean square about as it was."""
    return F.leaky_relu(x, 0.2) * gain


class MappingNetwork(nn.Module):
    """f: latents z [N, latent_dim], labels -> w [N, w_dim]; a multi-layer perceptron that learns ``lr_mult`` times as fast.

    The published 0.01 suits trainings of a million steps; in a few thousand such a mapping hardly moves.

    z is divided by its root mean square; a label's embedding likewise, and put beside it.  ``average`` is the running mean of
    w over training passes, which truncation pulls towards.  It moves by a 500th at a time, less than bfloat16 and float16 have
    digits for: weights of those types are for sampling, and training in them goes by autocast.
    """

    def __init__(
        self, latent_dim: int, w_dim: int, layers: int, label_dim: int = 0, track_average: bool = True, lr_mult: float = 0.01
    ) -> None:
        super().__init__()
        layers = check.depth("the number of mapping layers", layers)
        lr_mult = check.within("the mapping's lr_mult", lr_mult, 1e-6, 1e3)
        self.latent_dim, self.label_dim = latent_dim, label_dim
        self.embed = EqualisedLinear(label_dim, w_dim) if label_dim else None
        widths = [latent_dim + (w_dim if label_dim else 0)] + [w_dim] * layers
        self.layers = nn.ModuleList(EqualisedLinear(a, b, lr_mult=lr_mult) for a, b in zip(widths[:-1], widths[1:], strict=True))
        self.average: Tensor
        if track_average:
            self.register_buffer("average", torch.zeros(w_dim))
        self.track_average = track_average

    def forward(self, z: Tensor | None, labels: Tensor | None = None, n: int | None = None) -> Tensor:
        with float32(next(self.layers.parameters())):
            parts = [_normed(check.latents(z, self.latent_dim), self.layers)] if self.latent_dim else []
            if self.embed is None:
                unlabelled(labels, "mapping", "label_dim")
            else:
                parts.append(self._embedded(self.embed, labels, n if z is None else z.shape[0]))
            w = torch.cat(parts, 1)
            for layer in self.layers:
                w = leaky(layer(w))
        if self.track_average and self.training and torch.is_grad_enabled() and len(w):  # the mean of none is NaN
            self.average.copy_(ranks.mean(w.detach().mean(0)).lerp(self.average, AVERAGE_BETA))
        return w

    def _embedded(self, embed: EqualisedLinear, labels: Tensor | None, n: int | None) -> Tensor:
        if labels is None:
            raise ValueError(f"this network is conditional: pass labels, numbers [N] below {self.label_dim} or vectors")
        vectors = class_vectors(labels, self.label_dim, n).to(embed.weight)
        return _normed(embed(vectors), embed)


def _normed(x: Tensor, network: nn.Module) -> Tensor:
    """:func:`pixel_norm` of x, in the type of the weights; squares are summed with float32's digits or more."""
    kind = next(network.parameters()).dtype
    return pixel_norm(widened(x.to(kind))).to(kind)


def check_styles(ws: Tensor, layers: int, w_dim: int, network: nn.Module) -> Tensor:
    """Return ``ws`` if it is a float batch [N, layers, w_dim], of the type of the network that takes it."""
    check.floats("styles", ws)
    if ws.ndim != 3 or ws.shape[1:] != (layers, w_dim):
        raise ValueError(f"styles must be [N, {layers}, w_dim], not {list(ws.shape)}: Generator.styles makes them")
    return check.typed("styles", ws, network)


def noise_map(kind: str, stored: Tensor, y: Tensor, training: bool) -> Tensor | None:
    """The noise that a layer adds to maps y [N, C, H, W], one of ``NOISE``: fresh [N, 1, H, W], the stored [H, W], or None.

    "auto" is fresh noise while training, from the global generator, and the stored noise in evaluation mode.
    """
    if kind == "auto":
        kind = "random" if training else "constant"
    if kind == "none":
        return None
    if kind == "constant":
        return stored.to(y.dtype)
    return ranks.drawn(len(y), lambda n: torch.randn(n, 1, *y.shape[2:], device=y.device, dtype=y.dtype))


def truncate(ws: Tensor, average: Tensor, truncation: float, layers: int | None = None) -> Tensor:
    """average + truncation (ws - average) for styles [N, layers, w_dim], in the first ``layers`` (None: in all)."""
    truncation = check.within("truncation", truncation, -PSI, PSI)
    if layers is not None:
        layers = check.whole("truncation_layers", layers, 0)
    if truncation == 1.0:
        return ws
    pulled = average.lerp(ws, truncation)
    return pulled if layers is None else torch.cat([pulled[:, :layers], ws[:, layers:]], 1)


def mix(ws: Tensor, other: Tensor, crossover: int) -> Tensor:
    """Styles of ``ws`` in the layers before ``crossover``, of ``other`` from there on: coarse from one, fine from the other."""
    if check.tensor("styles", ws, 3).shape != check.tensor("styles to mix in", other).shape:
        raise ValueError(f"styles to mix must have one shape, not {list(ws.shape)} and {list(other.shape)}")
    crossover = check.whole("crossover", crossover, None)
    if not 0 <= crossover <= ws.shape[1]:
        raise ValueError(f"crossover must lie in 0..{ws.shape[1]}, the number of layers, not {crossover}")
    return torch.cat([ws[:, :crossover], other[:, crossover:]], 1)

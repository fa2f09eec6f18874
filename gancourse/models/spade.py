"""SPADE: pictures from layouts, the layout in every normalisation (Park, Liu, Wang & Zhu 2019, "GauGAN").

Normalising a map washes away what is constant in it, and a layout of large even areas is nearly all constant.  SPADE puts it
back after each normalisation: gain and shift are computed from the layout, pixel by pixel.

With the settings of the authors' code these are, weight for weight, their networks: generators of 97,480,899 (COCO-Stuff),
96,492,483 (ADE20K) and 93,048,003 parameters (Cityscapes), discriminators of 5,904,514, 5,836,930 and 5,601,410.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations

from gancourse.base import check

CONDITIONS = ("spade", "concatenate", "input")
_HALVINGS = {5: "normal", 6: "more", 7: "most"}  # the names in the authors' code


class SPADE(nn.Module):
    r"""Normalise x, then scale and shift every pixel by what the layout says.

        y = (1 + gamma(layout)) * (x - mean) / std + beta(layout)

    mean and std are batch normalisation's, one pair for each channel; gamma and beta are maps [N, C, H, W] that a convolution
    with ``hidden`` channels and ReLU makes of the layout, brought to x's size by nearest neighbours.

    Source: Park et al. 2019, equations 1 to 3.
    """

    def __init__(self, channels: int, layout_channels: int, hidden: int = 128) -> None:
        super().__init__()
        self.param_free_norm = nn.BatchNorm2d(channels, affine=False)
        self.mlp_shared = nn.Sequential(nn.Conv2d(layout_channels, hidden, 3, padding=1), nn.ReLU())
        self.mlp_gamma = nn.Conv2d(hidden, channels, 3, padding=1)
        self.mlp_beta = nn.Conv2d(hidden, channels, 3, padding=1)

    def forward(self, x: Tensor, layout: Tensor) -> Tensor:
        shared = self.mlp_shared(F.interpolate(layout, size=x.shape[2:], mode="nearest"))
        return self.param_free_norm(x) * (1 + self.mlp_gamma(shared)) + self.mlp_beta(shared)


class _Plain(nn.Module):
    """The comparisons: batch normalisation with its own gain and shift; ``layout_channels`` > 0 appends the layout."""

    def __init__(self, channels: int, layout_channels: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels)
        self.appended = layout_channels

    def forward(self, x: Tensor, layout: Tensor) -> Tensor:
        x = self.norm(x)
        return torch.cat([x, F.interpolate(layout, size=x.shape[2:], mode="nearest")], 1) if self.appended else x


class SPADEBlock(nn.Module):
    """A residual block whose normalisations read the layout: [N, n_in, H, W] -> [N, n_out, H, W].

    ``condition``: "spade"; "concatenate" appends the layout to the input of each convolution instead; "input" leaves it out.

    Source: Park et al. 2019, figure 4 and appendix A.
    """

    def __init__(
        self, n_in: int, n_out: int, layout_channels: int, *, condition: str = "spade", hidden: int = 128, spectral: bool = True
    ) -> None:
        super().__init__()
        middle = min(n_in, n_out)
        self.learned_shortcut = n_in != n_out
        more = layout_channels if condition == "concatenate" else 0

        def norm(n: int) -> nn.Module:
            return SPADE(n, layout_channels, hidden) if condition == "spade" else _Plain(n, more)

        self.conv_0 = nn.Conv2d(n_in + more, middle, 3, padding=1)
        self.conv_1 = nn.Conv2d(middle + more, n_out, 3, padding=1)
        self.norm_0, self.norm_1 = norm(n_in), norm(middle)
        if self.learned_shortcut:
            self.conv_s = nn.Conv2d(n_in + more, n_out, 1, bias=False)
            self.norm_s = norm(n_in)
        for layer in self.children():
            if isinstance(layer, nn.Conv2d):
                nn.init.xavier_normal_(layer.weight, 0.02)
                if spectral:
                    parametrizations.spectral_norm(layer)

    def forward(self, x: Tensor, layout: Tensor) -> Tensor:
        shortcut = self.conv_s(self.norm_s(x, layout)) if self.learned_shortcut else x
        y = self.conv_0(F.leaky_relu(self.norm_0(x, layout), 0.2))
        return shortcut + self.conv_1(F.leaky_relu(self.norm_1(y, layout), 0.2))


class SPADEGenerator(nn.Module):
    """G: layouts [N, layout_channels, H, W], one-hot and whatever planes are appended -> pictures [N, channels, H, W] in [-1, 1].

    layout_channels   classes, and planes such as :func:`with_attributes` appends
    size              width; the height is size / aspect
    width             channels at full size; 16 times as many at the start
    halvings          5, 6 or 7: the picture starts at size / 2^halvings ("normal", "more", "most" in the authors' code)
    latent_dim        None: the start is a convolution of the layout made small; a number: the start is a linear map of a latent
                      z [N, latent_dim], so that one layout has many pictures
    condition         "spade", or the comparisons "concatenate" (the layout beside the input of every convolution) and "input"
                      (the small layout at the start and no more)

    Source: Park et al. 2019, figure 4 and appendix A.
    """

    def __init__(
        self,
        layout_channels: int,
        size: int = 256,
        width: int = 64,
        *,
        halvings: int = 5,
        aspect: float = 1.0,
        channels: int = 3,
        latent_dim: int | None = None,
        condition: str = "spade",
        hidden: int = 128,
        spectral: bool = True,
    ) -> None:
        super().__init__()
        check.one_of("condition", condition, CONDITIONS)
        halvings, size = check.whole("halvings", halvings, None), check.whole("size", size, 1, check.SIDE)
        layout_channels, width, channels = check.counts(layout_channels=layout_channels, width=width, channels=channels)
        (hidden,), spectral = check.counts(hidden=hidden), check.flag("spectral", spectral)
        aspect = check.within("aspect", aspect, 1 / 64, 64)
        if halvings not in _HALVINGS:
            raise ValueError(f"halvings must be 5, 6 or 7, not {halvings}")
        if size % 2**halvings:
            raise ValueError(f"size must be a multiple of {2**halvings} for {halvings} halvings, not {size}")
        if latent_dim is not None:
            (latent_dim,) = check.counts(latent_dim=latent_dim)
        self.layout_channels, self.size, self.latent_dim, self.halvings = layout_channels, size, latent_dim, halvings
        w = size // 2**halvings
        self.start = (max(1, round(w / aspect)), w)
        n = 16 * width
        if halvings == 7 and width < 2:
            raise ValueError("with 7 halvings the last map has half of width: take 2 or more, not 1")
        check.fits("weights", n, max(n, hidden) + layout_channels, 3, 3)
        check.fits("weights", latent_dim or 1, n, *self.start)

        def block(n_in: int, n_out: int) -> SPADEBlock:
            return SPADEBlock(n_in, n_out, layout_channels, condition=condition, hidden=hidden, spectral=spectral)

        self.fc: nn.Module
        if latent_dim is None:
            self.fc = nn.Conv2d(layout_channels, n, 3, padding=1)
        else:
            self.fc = nn.Linear(latent_dim, n * self.start[0] * self.start[1])
        self.head_0 = block(n, n)
        self.G_middle_0, self.G_middle_1 = block(n, n), block(n, n)
        for i in range(4 + (halvings == 7)):
            self.add_module(f"up_{i}", block(n >> i, n >> (i + 1)))
        last = n >> (4 + (halvings == 7))
        self.conv_img = nn.Conv2d(last, channels, 3, padding=1)
        for layer in self.modules():
            if isinstance(layer, nn.Conv2d | nn.Linear) and not _parametrised(layer):
                nn.init.xavier_normal_(layer.weight, 0.02)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)

    def forward(self, layout: Tensor, z: Tensor | None = None) -> Tensor:
        check.images(layout, self.layout_channels, what="layouts", network=self, least=1)
        if self.latent_dim is None:
            x = self.fc(F.interpolate(layout, size=self.start, mode="nearest"))
        elif z is None:
            raise ValueError(f"this generator draws variety from a latent: pass z [N, {self.latent_dim}]")
        else:
            if len(check.latents(z, self.latent_dim, self)) != len(layout):
                raise ValueError(f"each layout needs its own latent: {len(layout)} layouts came with {len(z)} latents")
            x = self.fc(z).unflatten(1, (-1, *self.start))
        x = double(self.head_0(x, layout))
        x = self.G_middle_0(x, layout)
        x = double(x) if self.halvings > 5 else x
        x = self.G_middle_1(x, layout)
        for i in range(4):
            x = self.get_submodule(f"up_{i}")(double(x), layout)
        if self.halvings == 7:
            x = self.get_submodule("up_4")(double(x), layout)
        return torch.tanh(self.conv_img(F.leaky_relu(x, 0.2)))


def double(x: Tensor) -> Tensor:
    """Twice the side by nearest neighbours."""
    return F.interpolate(x, scale_factor=2, mode="nearest")


def _parametrised(layer: nn.Module) -> bool:
    """Whether the layer's weight is computed from another (spectral normalisation)."""
    return hasattr(layer, "parametrizations")


class LayoutDiscriminator(nn.Module):
    """One scale of the discriminator: a PatchGAN with spectral and instance normalisation and wider padding.

    ``features`` gives the maps after each layer, the logits last; ``forward`` the logits [N, 1, h, w].
    """

    def __init__(self, in_channels: int, width: int = 64, layers: int = 4) -> None:
        super().__init__()
        layers = check.depth("layers", layers)
        in_channels, width = check.counts(in_channels=in_channels, width=width)
        check.fits("weights", layers, max(width, 512), max(width, in_channels), 4, 4)
        self.in_channels, n = in_channels, width
        first = nn.Conv2d(in_channels, n, 4, stride=2, padding=2)
        self.model0 = nn.Sequential(first, nn.LeakyReLU(0.2))
        for i in range(1, layers):
            n_in, n = n, min(2 * n, 512)
            conv = nn.Conv2d(n_in, n, 4, stride=2 if i < layers - 1 else 1, padding=2, bias=False)
            nn.init.xavier_normal_(conv.weight, 0.02)
            normed = nn.Sequential(parametrizations.spectral_norm(conv), nn.InstanceNorm2d(n))
            self.add_module(f"model{i}", nn.Sequential(normed, nn.LeakyReLU(0.2)))
        last = nn.Conv2d(n, 1, 4, padding=2)
        self.add_module(f"model{layers}", nn.Sequential(last))
        for edge in (first, last):
            nn.init.xavier_normal_(edge.weight, 0.02)
            if edge.bias is not None:
                nn.init.zeros_(edge.bias)

    def features(self, x: Tensor) -> list[Tensor]:
        x, maps = check.images(x, self.in_channels, network=self, least=2), []
        for layer in self.children():
            x = layer(x)
            maps.append(x)
        return maps

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x)[-1]


class MultiScaleDiscriminator(nn.Module):
    """D: layout and picture side by side [N, in_channels, H, W] -> a list of logit maps, one for each scale.

    Scale k sees the input averaged down k times by two.  ``features`` gives for each scale the maps of all its layers, which
    feature matching compares.

    Source: Wang et al. 2018 (pix2pixHD), section 3.2; Park et al. 2019, appendix A.
    """

    def __init__(self, in_channels: int, width: int = 64, layers: int = 4, scales: int = 2) -> None:
        super().__init__()
        scales = check.whole("scales", scales, 1, check.SIDE.bit_length())
        (self.in_channels,), self.least = check.counts(in_channels=in_channels), 2 ** (scales - 1) + 1
        for i in range(scales):
            self.add_module(f"discriminator_{i}", LayoutDiscriminator(in_channels, width, layers))

    def features(self, x: Tensor) -> list[list[Tensor]]:
        x = check.images(x, self.in_channels, network=self, least=self.least)
        maps = []
        judges: list[Any] = list(self.children())
        for discriminator in judges:
            maps.append(discriminator.features(x))
            x = F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False)
        return maps

    def forward(self, x: Tensor) -> list[Tensor]:
        return [maps[-1] for maps in self.features(x)]


def with_attributes(layout: Tensor, attributes: Tensor) -> Tensor:
    """Append an attribute vector to a layout as even planes: [N, K, H, W] and [N, A] -> [N, K + A, H, W].

    Source: Karacan et al. 2018, who condition a scene on its layout and on transient attributes this way.
    """
    check.images(layout, what="layouts")
    if check.tensor("attributes", attributes).is_complex() or attributes.ndim != 2 or len(attributes) != len(layout):
        raise ValueError(f"attributes must be [{len(layout)}, A], not {list(attributes.shape)}")
    planes = attributes.to(layout)[:, :, None, None].expand(-1, -1, *layout.shape[2:])
    return torch.cat([layout, planes], 1)

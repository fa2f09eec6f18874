"""The generator of :mod:`gancourse.models.convnet`, told its label by conditional batch normalisation.

Nothing else changes: where the plain network has one gain and one bias for each channel, this one has a gain and a bias for each
channel and label.  With several attributes their gains and biases add up, so that a combination which was never trained still
has well-defined ones.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.models.convnet import checked
from gancourse.models.layers.conditional import Classes, ConditionalBatchNorm2d, Spec
from gancourse.models.layers.initialisation import init_he


class Generator(nn.Module):
    """G: latents [N, latent_dim] and labels [N] or [N, A] -> images [N, channels, size, size] in [-1, 1].

    ``classes`` says what labels there are (see :mod:`gancourse.models.layers.conditional`).  A map of side r has
    min(max_width, width * size / r) channels, as in :class:`gancourse.models.convnet.Generator`.

    Source: conditional batch normalisation from de Vries et al. 2017, in a generator from Miyato & Koyama 2018.
    """

    def __init__(
        self,
        classes: Spec,
        size: int = 32,
        latent_dim: int = 64,
        width: int = 24,
        max_width: int = 256,
        channels: int = 3,
    ) -> None:
        super().__init__()
        size, width, max_width, channels = checked(size, width, max_width, channels)
        self.classes, self.size, (self.latent_dim,) = Classes.of(classes), size, check.counts(latent_dim=latent_dim)
        side, n = 4, min(max_width, width * size // 4)
        check.fits("weights", self.latent_dim, n, 4, 4)
        self.first = nn.Linear(self.latent_dim, n * 16, bias=False)
        convolutions: list[nn.Module] = [nn.Identity()]  # the first norm stands before any convolution
        norms: list[nn.Module] = [ConditionalBatchNorm2d(n, self.classes)]
        while side < size:
            side *= 2
            n_out = min(max_width, width * size // side)
            double = nn.Upsample(scale_factor=2, mode="nearest")
            convolutions.append(nn.Sequential(double, nn.Conv2d(n, n_out, 3, padding=1, bias=False)))
            norms.append(ConditionalBatchNorm2d(n_out, self.classes))
            n = n_out
        self.convolutions, self.norms = nn.ModuleList(convolutions), nn.ModuleList(norms)
        self.last = nn.Conv2d(n, channels, 3, padding=1)
        init_he(self)
        nn.init.normal_(self.last.weight, 0.0, 0.02)  # begin near grey, inside tanh's linear range

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        z = check.latents(z, self.latent_dim, self)
        y = self.classes.check(y, z.shape[0])
        x = self.first(z).unflatten(1, (-1, 4, 4)).contiguous(memory_format=torch.channels_last)  # [N, C, 4, 4]
        for convolution, norm in zip(self.convolutions, self.norms, strict=True):
            x = torch.relu(norm(convolution(x), y))
        return torch.tanh(self.last(x))  # [N, channels, size, size]

"""C-RNN-GAN's two networks, small: recurrent players of sequences of real numbers.

The generator draws new noise at every step and sees what it put out the step before; the discriminator reads the sequence in both
directions and votes at every step.

Source: Mogren 2016, section 3; gated recurrent units in place of long short-term memory, one layer in place of two.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gancourse.base import check


class Generator(nn.Module):
    """G: latents [N, length * noise_dim] -> sequences [N, length, channels]."""

    def __init__(self, length: int = 24, channels: int = 1, noise_dim: int = 4, width: int = 32) -> None:
        super().__init__()
        self.length, self.channels, self.noise_dim, width = check.counts(
            length=length, channels=channels, noise_dim=noise_dim, width=width
        )
        self.latent_dim = self.length * self.noise_dim
        self.cell = nn.GRUCell(self.noise_dim + self.channels, width)
        self.out = nn.Linear(width, self.channels)

    def forward(self, z: Tensor) -> Tensor:
        noise = check.latents(z, self.latent_dim, self).unflatten(1, (self.length, self.noise_dim))
        state = z.new_zeros(len(z), self.cell.hidden_size)
        x, made = z.new_zeros(len(z), self.channels), []
        for t in range(self.length):
            state = self.cell(torch.cat([noise[:, t], x], 1), state)
            x = self.out(state)
            made.append(x)
        return torch.stack(made, 1)


class Discriminator(nn.Module):
    """D: sequences [N, length, channels] -> logits [N], the mean of the votes at all steps."""

    def __init__(self, channels: int = 1, width: int = 32) -> None:
        super().__init__()
        self.channels, width = check.counts(channels=channels, width=width)
        self.reader = nn.GRU(self.channels, width, batch_first=True, bidirectional=True)
        self.vote = nn.Linear(2 * width, 1)

    def forward(self, x: Tensor) -> Tensor:
        if check.floats("sequences", x).ndim != 3 or x.shape[2] != self.channels:
            raise ValueError(f"sequences must be [N, length, {self.channels}], not {list(x.shape)}")
        x = check.typed("sequences", x, self)
        return self.vote(self.reader(x)[0]).squeeze(2).mean(1)

"""What the tests of pictures and explorers show: small pictures, networks that draw, a run, a game, a quiz."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import torch
from PIL import Image
from torch import nn

from gancourse.gans.gan import GAN
from gancourse.models import mlp

QUESTIONS = [
    {
        "question": "What does `D` say where $p_G = p_{data}$?",
        "answer": "1/2",
        "why": "$p / (p + p)$.",
        "wrong": {"0": "Then it would call every real sample fake.", "1": "Then it would be fooled by every fake & sure."},
    },
    {"question": "Who moves first?", "answer": "D", "why": "Algorithm 1.", "wrong": {"G": "It needs D's gradient."}},
]


def images(n: int, channels: int = 3, height: int = 5, width: int = 4, seed: int = 0) -> torch.Tensor:
    source = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, channels, height, width), generator=source, dtype=torch.uint8)


def conv_generator(latent_dim: int = 6, seed: int = 0) -> nn.Module:
    """A small convolutional generator of 3 x 8 x 8 images, with batch normalisation: its mode matters."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Unflatten(1, (latent_dim, 1, 1)), nn.ConvTranspose2d(latent_dim, 3, 8), nn.BatchNorm2d(3), nn.Tanh())
    net.latent_dim = latent_dim
    return net


def toy_run(step: int = 0) -> SimpleNamespace:
    torch.manual_seed(0)
    gan = GAN(mlp.Generator(2, 2, hidden=(8,)), mlp.Discriminator(2, hidden=(8,)))
    return SimpleNamespace(gan=gan, generator=gan.generator, step=step)


def has_colour(picture: Image.Image, colour: str, at_least: int = 5) -> bool:
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return int((np.abs(np.asarray(picture.convert("RGB")).astype(int) - rgb).max(-1) <= 2).sum()) >= at_least


def small_frames(n: int = 4) -> list[Image.Image]:
    return [Image.fromarray(np.full((20, 30, 3), 40 * i, np.uint8)) for i in range(n)]


def toy_gan(seed: int = 0) -> GAN:
    torch.manual_seed(seed)
    return GAN(mlp.Generator(2, 2, hidden=(8,)), mlp.Discriminator(2, hidden=(8,)))


def toy_points() -> torch.Tensor:
    return torch.randn(64, 2, generator=torch.Generator().manual_seed(5))


class Faces(nn.Module):
    """A generator of 3 x 16 x 16 images that notes what it was asked."""

    latent_dim = 7

    def __init__(self) -> None:
        super().__init__()
        self.weights = nn.Parameter(torch.randn(7, 3 * 16 * 16, generator=torch.Generator().manual_seed(0)))
        self.asked: list[torch.Tensor] = []

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        assert not self.training and not torch.is_grad_enabled() and torch.get_num_threads() == 1
        self.asked.append(z.clone())
        return torch.tanh(z @ self.weights).reshape(-1, 3, 16, 16)

"""The games that :mod:`tests.joint_games` adds to its own: of words, clips, shapes, pyramids, and ganhacks' tips."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor, nn

from gancourse.gans import tips
from gancourse.gans.catgan import CatGAN
from gancourse.gans.dtn import DTN
from gancourse.gans.ebgan import EBGAN
from gancourse.gans.gan import GAN
from gancourse.gans.lapgan import LAPGAN, DetailGAN
from gancourse.gans.text import TextGAN
from gancourse.gans.vae_gan import VAEGAN
from gancourse.gans.video import FutureGAN, VideoGAN
from gancourse.models import lapgan, mlp, text, video, voxels
from gancourse.models.latent_codes import Classifier

N = 8  # the joint batch
PICTURE = (3, 8, 8)


def drawn(shape: tuple[int, ...], place: int) -> Tensor:
    """N of that shape in [-1, 1]."""
    return torch.rand(N, *shape, generator=torch.Generator().manual_seed(place)) * 2 - 1


class Drawn:
    """Endless batches of random numbers [N, *shape], or pairs of such."""

    def __init__(self, *shapes: tuple[int, ...]) -> None:
        self.shapes, self.place = shapes, 0

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        self.place += 1
        parts = [drawn(shape, 10 * self.place + i) for i, shape in enumerate(self.shapes)]
        return parts[0] if len(parts) == 1 else tuple(parts)

    def state_dict(self) -> dict[str, Any]:
        return {"place": self.place}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.place = state["place"]


def _perceptrons() -> tuple[nn.Module, nn.Module]:
    return mlp.Generator(4, PICTURE, hidden=(16,)), mlp.Discriminator(PICTURE, hidden=(16,))


def _text(**options: Any) -> GAN[Any]:
    generator, discriminator = text.Generator(6, 8, 4, 3, 2), text.Discriminator(6, 8, 3, 2)
    nn.init.normal_(discriminator.last.weight, 0.0, 0.5)  # it begins at zero, where no slope passes
    return TextGAN(generator, discriminator, **options)


def _future() -> GAN[Any]:
    players = video.Future(16, 6, 4, 2), video.Discriminator(16, 2, norm=False)
    return FutureGAN(*players, "relativistic", stills=drawn((3, 16, 16), 0), sparsity=0.1)


def _vae_gan() -> GAN[Any]:
    players = voxels.FromPicture(16, 4, 2, picture_size=16, encoder_width=2)
    return VAEGAN(players, voxels.Discriminator(16, 2, norm=False), seen=drawn((1, 16, 16), 0))


def _lapgan() -> GAN[Any]:
    sketch = GAN(mlp.Generator(4, (1, 8, 8), hidden=(8,)), mlp.Discriminator((1, 8, 8), hidden=(8,)))
    return LAPGAN(sketch, [DetailGAN(lapgan.DetailGenerator(16, 4, 4), lapgan.DetailDiscriminator(16, 4))])


def _translated() -> GAN[Any]:
    sees = nn.Sequential(nn.Flatten(), nn.Linear(192, 3)).requires_grad_(False)
    sees.to(torch.get_default_device())
    return DTN(mlp.Generator(3, PICTURE, (8,), out="tanh"), mlp.Discriminator(PICTURE, (8,)), sees)


def _pictures() -> Drawn:
    return Drawn(PICTURE)


CLIP, SHAPE = (3, 8, 16, 16), (1, 16, 16, 16)
GAMES: dict[str, tuple[Callable[[], GAN[Any]], Callable[[], Any]]] = {
    "text": (_text, lambda: Drawn(PICTURE, (6,))),
    "text_between": (lambda: _text(interpolated=0.5), lambda: Drawn(PICTURE, (6,))),
    "text_control": (lambda: _text(wrong="own"), lambda: Drawn(PICTURE, (6,))),
    "video": (lambda: VideoGAN(video.TwoStream(16, 4, 2), video.Discriminator(16, 2, norm=False)), lambda: Drawn(CLIP)),
    "future": (_future, lambda: Drawn(CLIP)),
    "vae_gan": (_vae_gan, lambda: Drawn(SHAPE, (1, 16, 16))),
    "lapgan": (_lapgan, lambda: Drawn((1, 16, 16))),
    "catgan": (lambda: CatGAN(_perceptrons()[0], Classifier(PICTURE, 3, hidden=(8,))), _pictures),
    "ebgan": (
        lambda: EBGAN(_perceptrons()[0], mlp.Autoencoder(PICTURE, code_dim=2, hidden=(8,)), margin=20.0, repelling=0.1),
        _pictures,
    ),
    "dtn": (_translated, lambda: Drawn(PICTURE, PICTURE)),
    "uniform": (lambda: tips.UniformLatents(*_perceptrons()), _pictures),
    "mixed": (lambda: tips.MixedBatch(*_perceptrons()), _pictures),
    "half_range": (lambda: tips.HalfRange(*_perceptrons()), _pictures),
    "noisy_labels": (lambda: tips.NoisyLabels(*_perceptrons(), real=(0.7, 1.2), fake=(0.0, 0.3), flip=0.1), _pictures),
    "instance_noise": (lambda: tips.InstanceNoise(*_perceptrons(), sigma=0.5, until=10), _pictures),
    "replay": (lambda: tips.Replay(*_perceptrons(), size=12), _pictures),
    "balanced": (lambda: tips.Balanced(*_perceptrons(), level=1.385), _pictures),
}

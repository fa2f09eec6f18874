"""Every game at a tiny size, with its batches: for tests that play them in several processes, or on a device that is not there.

python -m tests.joint_games RANK SIZE FOLDER     # one of SIZE processes; writes what it has trained to FOLDER
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.data.distributed import DistributedSampler

from gancourse.base.ranks import World
from gancourse.data.corruptions import free_form, random_blocks
from gancourse.gans.augmented import AdaptiveProbability, AugmentedGAN
from gancourse.gans.began import BEGAN
from gancourse.gans.bigan import BiGAN, LatentRegressor
from gancourse.gans.cogan import CoDiscriminator, CoGAN, CoGenerator
from gancourse.gans.conditional import ACGAN, ConditionalGAN, ProjectionGAN
from gancourse.gans.cyclegan import CycleGAN
from gancourse.gans.ensemble import EnsembleGAN, stack
from gancourse.gans.gan import GAN
from gancourse.gans.infogan import Categorical, Codes, InfoGAN, Uniform
from gancourse.gans.inpainting import Inpainting
from gancourse.gans.paced import Paced
from gancourse.gans.packed import PackedGAN
from gancourse.gans.pix2pix import Pix2Pix
from gancourse.gans.progressive import Progressive, Schedule
from gancourse.gans.semi_supervised import SemiSupervisedGAN
from gancourse.gans.stylegan2 import PathLength, StyleGAN2
from gancourse.gans.super_resolution import SuperResolution
from gancourse.gans.unrolled import UnrolledGAN
from gancourse.gans.wgan import WGAN, WGANGP
from gancourse.losses import penalties
from gancourse.models import biggan, dcgan, mlp, progan, stylegan1, stylegan2
from gancourse.models.autoencoder import Autoencoder
from gancourse.models.conditional import AuxiliaryDiscriminator, dcgan_pair
from gancourse.models.latent_codes import Bidirectional, Classifier, CodeDiscriminator, Encoder, JointDiscriminator
from gancourse.models.layers import minibatch
from gancourse.models.patchgan import PatchGAN
from gancourse.models.unet import UNet
from gancourse.training import Run, fit
from tests import other_games

N = other_games.N
STEPS, FEW = 20, 4  # of a comparison
SMALL = {"channel_base": 64, "channel_max": 8}


class Pictures(other_games.Drawn):
    """Endless random pictures [N, 3, side, side], with labels below 3 or a second picture where the game needs one."""

    def __init__(self, side: int = 16, second: str | None = None) -> None:
        super().__init__()
        self.side, self.second = side, second

    def __next__(self) -> Any:
        self.place += 1
        source = torch.Generator().manual_seed(self.place)
        x = torch.rand(N, 3, self.side, self.side, generator=source) * 2 - 1
        if self.second is None:
            return x
        return x, torch.randint(3, (N,), generator=source) if self.second == "labels" else x.flip(0, 3)


def convolutional(norm: bool = False) -> tuple[nn.Module, nn.Module]:
    return dcgan.Generator(16, latent_dim=4, width=4), dcgan.Discriminator(16, width=4, norm=norm)


def perceptrons(discriminator: nn.Module | None = None) -> tuple[nn.Module, nn.Module]:
    return mlp.Generator(4, (3, 16, 16), hidden=(16,)), discriminator or mlp.Discriminator((3, 16, 16), hidden=(16,))


def _stylegan2(label_dim: int = 0) -> GAN[Any]:
    generator = stylegan2.Generator(16, 4, w_dim=6, mapping_layers=2, label_dim=label_dim, **SMALL)
    discriminator = stylegan2.Discriminator(16, group_size=4, label_dim=label_dim, label_layers=1, **SMALL)
    return StyleGAN2(generator, discriminator, penalty=penalties.r1(1.0, every=4), path=PathLength(every=4))


def _progressive(generator: nn.Module) -> GAN[Any]:
    discriminator = progan.Discriminator(16, **SMALL)
    return Progressive(generator, discriminator, Schedule(2, fade=4, stable=4), "wasserstein", penalties.r1(1.0))


def _stylegan1() -> GAN[Any]:
    """With noise from the beginning: without, the first map is constant, and its normalisation divides rounding by sqrt(eps)."""
    generator = stylegan1.Generator(16, 4, w_dim=6, mapping_layers=2, **SMALL)
    for name, parameter in generator.named_parameters():
        if name.endswith("noise_strength"):
            nn.init.constant_(parameter, 0.5)
    return _progressive(generator)


def _biggan() -> GAN[Any]:
    generator, discriminator = (
        biggan.Generator(32, latent_dim=8, classes=3, width=4, shared_dim=4),
        biggan.Discriminator(32, classes=3, width=4),
    )
    return ProjectionGAN(generator, discriminator, generator_penalty=penalties.orthogonal)


def _semi(kind: str) -> GAN[Any]:
    labelled = torch.rand(6, 3, 16, 16) * 2 - 1, torch.arange(6) % 3
    return SemiSupervisedGAN(
        perceptrons()[0], Classifier((3, 16, 16), 3), labelled, generator_loss=kind, batch_labelled=6, noise=0.1
    )


def _acgan() -> GAN[Any]:
    generator, _ = dcgan_pair(3, size=16, latent_dim=4, width=4)
    return ACGAN(generator, AuxiliaryDiscriminator(dcgan.Discriminator(16, width=4, norm=False), 3))


def _inpainting(masks: Any, judged: str) -> GAN[Any]:
    generator = nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 3, 3, padding=1), nn.Tanh()
    )
    critic = nn.Sequential(nn.Conv2d(3 if judged == "hole" else 4, 4, 3, stride=2, padding=1), nn.LeakyReLU(0.2))
    discriminator = nn.Sequential(critic, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 1), nn.Flatten(0))
    return Inpainting(generator, discriminator, masks, adversarial=0.1, judged=judged)


def _super_resolution() -> GAN[Any]:
    up = nn.Upsample(scale_factor=4, mode="nearest")
    generator = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.PReLU(), up, nn.Conv2d(4, 3, 3, padding=1))
    return SuperResolution(generator, convolutional()[1], "relativistic", adversarial=0.1)


GAMES: dict[str, tuple[Callable[[], GAN[Any]], Callable[[], Any]]] = {
    "dcgan": (lambda: GAN(*convolutional(norm=True)), Pictures),
    "wgan_gp": (lambda: WGANGP(*convolutional()), Pictures),
    "r1": (lambda: GAN(*convolutional(), penalty=penalties.r1(1.0)), Pictures),
    "r1_r2": (lambda: GAN(*convolutional(), "relativistic", penalty=penalties.r1_r2(1.0, every=2)), Pictures),
    "stylegan2": (_stylegan2, Pictures),
    "stylegan2_labels": (lambda: _stylegan2(3), lambda: Pictures(16, "labels")),
    "progan": (lambda: _progressive(progan.Generator(16, 4, **SMALL)), Pictures),
    "stylegan1": (_stylegan1, Pictures),
    "wgan": (lambda: WGAN(*convolutional()), Pictures),
    "hinge": (lambda: GAN(*convolutional(), "hinge"), Pictures),
    "mean_out": (
        lambda: GAN(
            dcgan.Generator(16, latent_dim=4, width=4, hidden_linear=True, hidden_mean_out=True),
            dcgan.Discriminator(16, width=4),
        ),
        Pictures,
    ),
    "began": (lambda: BEGAN(dcgan.Generator(16, latent_dim=4, width=4), Autoencoder(16, width=4, latent_dim=4)), Pictures),
    "conditional": (lambda: ConditionalGAN(*dcgan_pair(3, size=16, latent_dim=4, width=4)), lambda: Pictures(16, "labels")),
    "acgan": (_acgan, lambda: Pictures(16, "labels")),
    "biggan": (_biggan, lambda: Pictures(32, "labels")),
    "infogan": (
        lambda: InfoGAN(perceptrons()[0], CodeDiscriminator((3, 16, 16), 4), Codes(1, (Categorical(2), Uniform(1))), noise=0.1),
        Pictures,
    ),
    "bigan": (
        lambda: BiGAN(
            Bidirectional(perceptrons()[0], Encoder((3, 16, 16), 4, hidden=(8,), norm="batch")),
            JointDiscriminator(mlp.Discriminator(3 * 256 + 4, hidden=(16,))),
        ),
        Pictures,
    ),
    "regressor": (
        lambda: LatentRegressor(Bidirectional(perceptrons()[0], Encoder((3, 16, 16), 4, hidden=(8,), norm="batch"))),
        Pictures,
    ),
    "semi_matching": (lambda: _semi("feature_matching"), Pictures),
    "semi_fooling": (lambda: _semi("non_saturating"), Pictures),
    "unrolled": (lambda: UnrolledGAN(*perceptrons(), steps=2), Pictures),
    "paced": (lambda: Paced(*perceptrons(), most=0.6), Pictures),
    "packed": (lambda: PackedGAN(perceptrons()[0], mlp.Discriminator((6, 16, 16), hidden=(16,)), m=2), Pictures),
    "discrimination": (lambda: GAN(*perceptrons(minibatch.Discriminator((3, 16, 16), (16,)))), Pictures),
    "spread": (lambda: GAN(*perceptrons(minibatch.Discriminator((3, 16, 16), (16,), "stddev"))), Pictures),
    "ada": (
        lambda: AugmentedGAN(
            PackedGAN(convolutional()[0], dcgan.Discriminator(16, channels=6, width=4, norm=False), m=2),
            "flip,colour,translation,cutout",
            control=AdaptiveProbability(0.1, 50, every=2),
        ),
        Pictures,
    ),
    "cogan": (
        lambda: CoGAN(CoGenerator(16, 4, width=4, channels=3), CoDiscriminator(16, width=4, channels=3)),
        lambda: Pictures(16, "picture"),
    ),
    "cyclegan": (
        lambda: CycleGAN(*(nn.Conv2d(3, 3, 3, padding=1) for _ in range(4)), pool=5, identity=1.0),
        lambda: Pictures(16, "picture"),
    ),
    "pix2pix": (lambda: Pix2Pix(UNet(3, 3, 64, width=4), PatchGAN(6, width=4)), lambda: Pictures(64, "picture")),
    "context_encoder": (lambda: _inpainting(random_blocks, "hole"), Pictures),
    "inpainting": (lambda: _inpainting(free_form, "picture_and_mask"), Pictures),
    "super_resolution": (_super_resolution, Pictures),
    **other_games.GAMES,
}


WITH_ADAM = ("dcgan", "wgan_gp", "r1", "stylegan2")  # compared over STEPS steps
# The others over a few steps of plain gradient descent. Some have biases before a normalisation, whose gradient is zero but for
# rounding; Adam divides by a gradient's size and would make steps of that rounding.
PLAIN = {"optimizer": torch.optim.SGD, "lr": 0.01}


def made(name: str) -> tuple[GAN[Any], Any]:
    """A game and its batches, from a seed."""
    torch.manual_seed(0)
    return GAMES[name][0](), GAMES[name][1]()


def trained(name: str, steps: int | None = None, batches: Any = None, **options: Any) -> Run[Any]:
    """A game played for some steps, as the tests compare it."""
    game, pictures = made(name)
    torch.manual_seed(1)
    adam = name in WITH_ADAM
    options = {"ema": 0.9, "precision": "float32", "progress": False, **({} if adam else PLAIN), **options}
    return fit(game, batches or pictures, steps or (STEPS if adam else FEW), **options)


def tensors(run: Run[Any]) -> dict[str, torch.Tensor]:
    """The weights and buffers of a run, and its losses."""
    parts = {"generator": run.gan.generator, "discriminator": run.gan.discriminator, "average": run.average}
    found = {f"{part}.{name}": value for part, module in parts.items() for name, value in module.state_dict().items()}
    return found | {f"history.{name}": torch.as_tensor(values) for name, values in run.history.items()}


def derivatives(world: World) -> dict[str, torch.Tensor]:
    """A gradient penalty through a layer that compares all samples: this process's rows of it, joined."""
    source = torch.Generator().manual_seed(0)
    joint, weight = (torch.randn(n, 3, dtype=torch.float64, generator=source) for n in (N, 3))
    x, weight = world.part(joint).requires_grad_(), weight.requires_grad_()
    h = torch.tanh(x @ weight)
    closeness = torch.exp(-torch.cdist(h, world.gathered(h)).square()).sum(1)
    logits = closeness + h.sum(1) * world.mean(h.square().mean())
    (slopes,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    loss = slopes.square().sum(1).mean()
    loss.backward()
    return {"slopes": world.gathered(slopes.detach()), "loss": world.mean(loss.detach()), "weight": world.mean(weight.grad)}


def loader(world: World, shared: bool) -> DataLoader[Any]:
    """Pictures in their order, N at a time over all processes."""
    pictures = TensorDataset(torch.cat([next(Pictures()) for _ in range(3)]))
    sampler = DistributedSampler(pictures, world.size, world.rank, shuffle=False) if shared else None
    return DataLoader(pictures, N // world.size if shared else N, sampler=sampler)


def message(run: Callable[[], Any]) -> str:
    try:
        run()
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "nothing was raised"


def refusals(world: World) -> dict[str, str]:
    """What several processes cannot do, and what is said to it."""

    def spoil(run: Run[Any]) -> None:
        torch.nn.init.zeros_(next(run.gan.generator.parameters()))

    def broken() -> None:
        raise KeyError("broken in process 0" if world.leads else "elsewhere")

    own = Pictures()
    own.place = world.rank  # other pictures in each process
    ensemble = EnsembleGAN(stack([mlp.Generator(2, 2)]), stack([mlp.Discriminator(2)]), [0])
    return {
        "uneven": message(lambda: trained("hinge", 1, [torch.zeros(5, 3, 16, 16) - 0.5])),
        "pack": message(lambda: trained("packed", 1, [torch.zeros(6, 3, 16, 16) - 0.5])),
        "path": message(lambda: trained("stylegan2", 1, [torch.zeros(6, 3, 16, 16) - 0.5])),
        "different": message(lambda: trained("hinge", 1, (next(own) for _ in range(2)))),
        "hook": message(lambda: trained("hinge", 4, hooks=[(2, spoil)])),
        "ensemble": message(lambda: fit(ensemble, [torch.zeros(1, 8, 2)], 1, progress=False)),
        "compile": message(lambda: trained("hinge", 1, compile=True)),
        "damaged": message(lambda: world.first(broken)),
    }


def interrupted() -> tuple[int, str]:
    """Ctrl-C reaches process 0 alone; where both have stopped."""

    def press(run: Run[Any]) -> None:
        if run.step == 3:
            signal.raise_signal(signal.SIGINT)

    run = trained("hinge", 9, hooks=[(3, press)])
    return run.step, run.stopped


def lost(folder: Path) -> None:
    """Process 0 dies in the middle of a training; what the others then say goes into a file."""

    def die(run: Run[Any]) -> None:
        if run.step == 7:
            os.kill(os.getpid(), signal.SIGKILL)

    said = message(lambda: trained("hinge", 12, checkpoint=folder / "lost.safetensors", checkpoint_every=3, hooks=[(1, die)]))
    (folder / "lost.txt").write_text(said, encoding="utf-8")


def main(rank: int, size: int, folder: Path) -> None:
    torch.set_num_threads(1)
    importlib.import_module("torch.distributed.nn.functional")  # as in distributed.join: else the group outlives its end
    torch.distributed.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=size)
    world, hooked = World(rank, size), []
    for name in GAMES:
        torch.save(tensors(trained(name)), folder / f"{name}.{rank}.pt")
    for shared in (True, False):
        torch.save(tensors(trained("hinge", 5, loader(world, shared))), folder / f"loader {shared}.{rank}.pt")
    trained(
        "dcgan", 10, checkpoint=folder / "half.safetensors", hooks=[(5, lambda run: hooked.append((run.step, run.sample(2))))]
    )
    found = {"derivatives": derivatives(world), "refusals": refusals(world), "hooked": [step for step, _ in hooked]}
    found["interrupted"] = interrupted()
    found["any"] = [world.any(rank == 1), world.any(False)]
    torch.save(found, folder / f"found.{rank}.pt")
    lost(folder)
    torch.distributed.destroy_process_group()  # else gloo's threads abort, now and then, a process that has finished


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))

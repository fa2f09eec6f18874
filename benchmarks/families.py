"""Steps of WGAN-GP, StyleGAN2 and CycleGAN by training.fit against the step of the usual public implementation of each.

The other side is written out below from what that implementation does, with its settings, on the course's own networks and on
images in memory, in float32:

    wgan_gp    PyTorch-GAN's wgan_gp.py: critic steps that draw fakes with their graph, one G step after every five
    stylegan2  stylegan2-pytorch's train.py: a fresh fake batch for G; R1 every 16th, path lengths every 4th step, both in
               optimiser steps of their own; an average of G
    cyclegan   pytorch-CycleGAN-and-pix2pix's optimize_parameters: G with identity terms first, then both D from image pools

(DCGAN is in engine.py.)  Each has a process of its own, and they take turns; printed are the median over the rounds of the ratio
of their times, and its range, and the memory that a step takes at its peak beyond what lies there between steps.

    python benchmarks/families.py [wgan_gp stylegan2 cyclegan] [--rounds 7] [--precision auto]
"""

from __future__ import annotations

import argparse
import copy
import functools
import itertools
import math
import statistics
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from apart import Apart, Player, seconds
from torch import Tensor, nn
from torch.profiler import ProfilerActivity, profile

from gancourse import data
from gancourse.gans.cyclegan import CycleGAN, ImagePool
from gancourse.gans.stylegan2 import PathLength, StyleGAN2
from gancourse.gans.wgan import WGANGP
from gancourse.models import dcgan, patchgan, stylegan2, translator
from gancourse.training import fit, supports_bf16

SIDE = 32


def adam(network: nn.Module, lr: float, betas: tuple[float, float]) -> torch.optim.Adam:
    return torch.optim.Adam(network.parameters(), lr=lr, betas=betas)


def asking(network: nn.Module, flag: bool) -> None:
    for parameter in network.parameters():
        parameter.requires_grad_(flag)


class Ours:
    """fit() on a game, a stretch of steps at a time."""

    def __init__(self, game: Any, batches: Any, precision: str, **settings: Any) -> None:
        self.game, self.batches, self.settings = game, batches, {"precision": precision, "progress": False, **settings}

    def run(self, steps: int) -> None:
        fit(self.game, self.batches, steps, **self.settings)


# ---------------------------------------------------------------------------------------------------------------- WGAN-GP


class PublicWGANGP:
    """The loop of PyTorch-GAN's wgan_gp.py: lambda 10, five critic steps to one of G, Adam 2e-4 (0.5, 0.999)."""

    def __init__(self, generator: nn.Module, critic: nn.Module, images: Iterator[Tensor]) -> None:
        self.generator, self.critic, self.images = generator, critic, images
        self.opt_g, self.opt_d = (adam(network, 2e-4, (0.5, 0.999)) for network in (generator, critic))

    def penalty(self, real: Tensor, fake: Tensor) -> Tensor:
        alpha = torch.rand(len(real), 1, 1, 1)
        points = (alpha * real + (1 - alpha) * fake).requires_grad_(True)
        logits = self.critic(points)
        (gradient,) = torch.autograd.grad(logits, points, torch.ones_like(logits), create_graph=True, retain_graph=True)
        return (gradient.flatten(1).norm(2, dim=1) - 1).square().mean()

    def run(self, steps: int) -> None:
        for _ in range(steps):
            for _ in range(5):
                real = next(self.images)
                self.opt_d.zero_grad()
                z = torch.randn(len(real), 64)
                fake = self.generator(z)
                loss = self.critic(fake).mean() - self.critic(real).mean() + 10 * self.penalty(real.data, fake.data)
                loss.backward()
                self.opt_d.step()
            self.opt_g.zero_grad()
            loss = -self.critic(self.generator(z)).mean()
            loss.backward()
            self.opt_g.step()
            loss.item()


def wgan_gp(precision: str) -> tuple[Player, Player]:
    torch.manual_seed(0)
    generator, critic = dcgan.Generator(SIDE, 64, 32), dcgan.Discriminator(SIDE, 32, norm=False)
    theirs = PublicWGANGP(copy.deepcopy(generator), copy.deepcopy(critic), pictures(64))
    return Ours(WGANGP(generator, critic), pictures(64), precision, k=5, betas=(0.5, 0.999)), theirs


# -------------------------------------------------------------------------------------------------------------- StyleGAN2


class PublicStyleGAN2:
    """The loop of stylegan2-pytorch's train.py: R1 10 every 16th step, path length 2 every 4th on half a batch, mixing 0.9."""

    def __init__(self, generator: Any, discriminator: nn.Module, images: Iterator[Tensor]) -> None:
        self.generator, self.discriminator, self.images = generator, discriminator, images
        self.opt_g = adam(generator, 2e-3 * 4 / 5, (0.0, 0.99 ** (4 / 5)))
        self.opt_d = adam(discriminator, 2e-3 * 16 / 17, (0.0, 0.99 ** (16 / 17)))
        self.average = copy.deepcopy(generator).requires_grad_(False)
        self.step, self.mean_path = 0, torch.zeros(())

    def ws(self, n: int) -> Tensor:
        ws: Tensor = self.generator.styles(torch.randn(n, self.generator.latent_dim))
        if torch.rand(()) < 0.9:  # one place for the whole batch
            other = self.generator.styles(torch.randn(n, self.generator.latent_dim))
            place = int(torch.randint(1, ws.shape[1], ()))
            ws = torch.cat([ws[:, :place], other[:, place:]], 1)
        return ws

    def play_discriminator(self) -> None:
        asking(self.generator, False)
        asking(self.discriminator, True)
        real = next(self.images)
        fake = self.generator.synthesis(self.ws(len(real)))
        loss = F.softplus(self.discriminator(fake)).mean() + F.softplus(-self.discriminator(real)).mean()
        self.opt_d.zero_grad()
        loss.backward()
        self.opt_d.step()
        if self.step % 16 == 0:
            real.requires_grad_(True)
            logits = self.discriminator(real)
            (gradient,) = torch.autograd.grad(logits.sum(), real, create_graph=True)
            self.opt_d.zero_grad()
            (10 / 2 * gradient.flatten(1).square().sum(1).mean() * 16 + 0 * logits[0].sum()).backward()
            self.opt_d.step()

    def play_generator(self, n: int) -> None:
        asking(self.generator, True)
        asking(self.discriminator, False)
        loss = F.softplus(-self.discriminator(self.generator.synthesis(self.ws(n)))).mean()
        self.opt_g.zero_grad()
        loss.backward()
        self.opt_g.step()
        if self.step % 4 == 0:
            ws = self.ws(n // 2)
            fake = self.generator.synthesis(ws)
            noise = torch.randn_like(fake) / math.sqrt(fake.shape[2] * fake.shape[3])
            (gradient,) = torch.autograd.grad((fake * noise).sum(), ws, create_graph=True)
            lengths = gradient.square().sum(2).mean(1).sqrt()
            mean = self.mean_path + 0.01 * (lengths.mean() - self.mean_path)
            self.mean_path = mean.detach()
            self.opt_g.zero_grad()
            (2 * 4 * (lengths - mean).square().mean() + 0 * fake[0, 0, 0, 0]).backward()
            self.opt_g.step()

    def run(self, steps: int) -> None:
        for _ in range(steps):
            self.play_discriminator()
            self.play_generator(32)
            with torch.no_grad():
                for kept, new in zip(self.average.parameters(), self.generator.parameters(), strict=True):
                    kept.mul_(0.998).add_(new, alpha=0.002)
            self.step += 1


def style(precision: str) -> tuple[Player, Player]:
    torch.manual_seed(0)
    generator, discriminator = stylegan2.players("small32")
    theirs = PublicStyleGAN2(copy.deepcopy(generator), copy.deepcopy(discriminator), pictures(32))
    game = StyleGAN2(generator, discriminator, gamma=10.0, path=PathLength())
    return Ours(game, pictures(32), precision, lr=2e-3, betas=(0.0, 0.99), ema=0.998), theirs


# --------------------------------------------------------------------------------------------------------------- CycleGAN


class PublicCycleGAN:
    """optimize_parameters of pytorch-CycleGAN-and-pix2pix: least squares, cycle 10, identity 0.5 of it, pools of 50."""

    def __init__(self, networks: list[nn.Module], pairs: Iterator[tuple[Tensor, Tensor]]) -> None:
        self.ab, self.ba, self.d_a, self.d_b = networks
        self.pairs = pairs
        self.opt_g = torch.optim.Adam(itertools.chain(self.ab.parameters(), self.ba.parameters()), 2e-4, (0.5, 0.999))
        self.opt_d = torch.optim.Adam(itertools.chain(self.d_a.parameters(), self.d_b.parameters()), 2e-4, (0.5, 0.999))
        self.pools = ImagePool(50, 0), ImagePool(50, 1)

    def judged(self, network: nn.Module, x: Tensor, is_real: bool) -> Tensor:
        logits = network(x)
        return F.mse_loss(logits, torch.full_like(logits, float(is_real)))

    def play_discriminator(self, network: nn.Module, real: Tensor, fake: Tensor, pool: ImagePool) -> None:
        loss = (self.judged(network, real, True) + self.judged(network, pool(fake).detach(), False)) * 0.5
        loss.backward()

    def run(self, steps: int) -> None:
        for _ in range(steps):
            a, b = next(self.pairs)
            fake_b, fake_a = self.ab(a), self.ba(b)
            back_a, back_b = self.ba(fake_b), self.ab(fake_a)
            for network in (self.d_a, self.d_b):
                asking(network, False)
            self.opt_g.zero_grad()
            identity = 5 * (F.l1_loss(self.ab(b), b) + F.l1_loss(self.ba(a), a))
            cycle = 10 * (F.l1_loss(back_a, a) + F.l1_loss(back_b, b))
            (self.judged(self.d_b, fake_b, True) + self.judged(self.d_a, fake_a, True) + cycle + identity).backward()
            self.opt_g.step()
            for network in (self.d_a, self.d_b):
                asking(network, True)
            self.opt_d.zero_grad()
            self.play_discriminator(self.d_a, a, fake_a, self.pools[0])
            self.play_discriminator(self.d_b, b, fake_b, self.pools[1])
            self.opt_d.step()


def cycle(precision: str) -> tuple[Player, Player]:
    torch.manual_seed(0)
    both = translator.TwoWay(width=16, blocks=3)
    judges = [patchgan.PatchGAN(in_channels=3, width=16, layers=1, norm="instance") for _ in range(2)]
    networks: list[nn.Module] = [both.ab, both.ba, *judges]
    theirs = PublicCycleGAN(copy.deepcopy(networks), two(4))
    return Ours(CycleGAN(*networks, identity=5.0), two(4), precision, betas=(0.5, 0.999)), theirs


# -------------------------------------------------------------------------------------------------------------- measuring


def drawn(seed: int) -> data.ImageSet:
    source = torch.Generator().manual_seed(seed)
    return data.ImageSet(torch.randint(0, 256, (512, 3, SIDE, SIDE), dtype=torch.uint8, generator=source), name="noise")


def pictures(batch: int) -> Any:
    return data.Batches(drawn(0), batch, seed=0)


def two(batch: int) -> Any:
    return data.UnpairedBatches(drawn(0), drawn(1), batch, seed=0)


FAMILIES = {"wgan_gp": (wgan_gp, 2), "stylegan2": (style, 16), "cyclegan": (cycle, 6)}  # steps of a turn: all penalties fall due


def peak(player: Player, steps: int) -> float:
    """Megabytes that a turn holds at its peak beyond what was there at its beginning, by PyTorch's allocator."""
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as recorded:
        player.run(steps)
    held = most = 0
    for event in recorded.profiler.kineto_results.events():
        if event.name() == "[memory]":
            held += event.nbytes()
            most = max(most, held)
    return most / 1e6


def contender(family: str, precision: str, place: int) -> Player:
    """fit (0) or the public loop (1) of a family."""
    return FAMILIES[family][0](precision)[place]


def measured(family: str, precision: str, rounds: int, threads: int) -> str:
    """The line that is printed of a family."""
    steps = FAMILIES[family][1]
    made = [functools.partial(contender, family, precision, place) for place in (0, 1)]
    with Apart(made[0], threads) as ours, Apart(made[1], threads) as theirs:
        for player in (ours, theirs):
            player.ask(seconds, 2)  # the first steps pay for allocations and kernel choices
        times = [(ours.ask(seconds, steps), theirs.ask(seconds, steps)) for _ in range(rounds)]
        most = [player.ask(peak, steps) for player in (ours, theirs)]
    ratios = [public / own for own, public in times]
    step = statistics.median(own for own, _ in times) / steps
    spread = f"({min(ratios):.2f} to {max(ratios):.2f} in {len(ratios)} rounds)"
    memory = f"peak beyond rest: fit {most[0]:.0f} MB, public {most[1]:.0f} MB"
    return f"{family:10s} ratio {statistics.median(ratios):.2f} {spread}; a step of fit {1e3 * step:.0f} ms; {memory}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("families", nargs="*", help=f"{', '.join(FAMILIES)} (default: all)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--precision", choices=("auto", "float32", "bf16"), default="auto", help="fit's")
    parser.add_argument("--threads", type=int, default=0)
    asked = parser.parse_args()
    if unknown := set(asked.families) - set(FAMILIES):
        parser.error(f"no family: {', '.join(unknown)}")
    threads = asked.threads or torch.get_num_threads()
    print(f"{SIDE} px, {threads} threads, bf16 units: {supports_bf16()}, fit in {asked.precision}")
    for family in asked.families or FAMILIES:
        print(measured(family, asked.precision, asked.rounds, threads), flush=True)


if __name__ == "__main__":
    main()

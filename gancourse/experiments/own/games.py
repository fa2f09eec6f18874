"""The players of a plan, freshly initialised, and the game they play."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn

from gancourse import scale
from gancourse.base import check, networks, trees
from gancourse.experiments.class_conditional import not_embeddings
from gancourse.experiments.own.plans import ADA_IMAGES, ADA_POLICY, Plan
from gancourse.experiments.progressive import SideR1
from gancourse.gans.augmented import AdaptiveProbability, AugmentedGAN
from gancourse.gans.conditional import ProjectionGAN
from gancourse.gans.cyclegan import CycleGAN
from gancourse.gans.gan import GAN
from gancourse.gans.pix2pix import Pix2Pix
from gancourse.gans.progressive import Progressive, Schedule
from gancourse.gans.stylegan2 import StyleGAN2
from gancourse.losses import penalties
from gancourse.models.patchgan import PatchGAN
from gancourse.models.translator import TwoWay
from gancourse.models.unet import UNet


def game(plan: Plan, steps: int, seed: int = 0, examples: Tensor | None = None) -> GAN[Any]:
    """The game of a plan on the scale's device; ``examples`` are inputs that a translator shows its progress with.

    The first weights depend on ``seed`` alone; the global random state is left alone.
    """
    with networks.seeded(seed):
        players = [player.to(scale.device()) for player in PLAYERS.get(plan.family, _pair)(plan)]
    made = GAMES[plan.family](plan, players, steps, seed, None if examples is None else examples.to(scale.device()))
    if plan.augment == "diffaugment":
        return AugmentedGAN(made, seed=seed)
    if plan.augment == "ada":
        return AugmentedGAN(made, ADA_POLICY, control=AdaptiveProbability(images=ADA_IMAGES), seed=seed)
    return made


def _pair(plan: Plan) -> list[nn.Module]:
    family = importlib.import_module(f"gancourse.models.{plan.family}")
    return [family.Generator(**trees.tuples(plan.generator)), family.Discriminator(**trees.tuples(plan.discriminator))]


def _for_pix2pix(plan: Plan) -> list[nn.Module]:
    return [UNet(**plan.generator), PatchGAN(**plan.discriminator)]


def _for_cyclegan(plan: Plan) -> list[nn.Module]:
    pair = TwoWay(**plan.generator)
    return [pair.ab, pair.ba, PatchGAN(**plan.discriminator), PatchGAN(**plan.discriminator)]


PLAYERS: dict[str, Callable[[Plan], list[nn.Module]]] = {"pix2pix": _for_pix2pix, "cyclegan": _for_cyclegan}


def schedule(levels: int, steps: int) -> Schedule:
    """``steps`` shared out over the levels of a network that grows: the longer the larger the side, a third for fading in."""
    least = 2 * levels + 1
    if check.whole("steps", steps) < least:
        raise ValueError(
            f"growing to {4 * 2**levels} px takes {least} steps at least, one for each part, not {steps}: ask for more"
        )
    shares = [(steps - least) * (level + 1) / ((levels + 1) * (levels + 2) / 2) for level in range(levels + 1)]
    fade = (0, *(1 + int(share / 3) for share in shares[1:]))
    stable = [1 + int(2 * share / 3) for share in shares]
    stable[-1] += steps - sum(fade) - sum(stable)
    return Schedule(levels, fade, tuple(stable))


def _dcgan(plan: Plan, players: list[Any], steps: int, seed: int, examples: Tensor | None) -> GAN[Any]:
    generator, discriminator = players
    return GAN(generator, discriminator, plan.objective)


def _stylegan2(plan: Plan, players: list[Any], steps: int, seed: int, examples: Tensor | None) -> GAN[Any]:
    generator, discriminator = players
    penalty = penalties.r1(plan.game["r1_gamma"], every=plan.game["r1_every"])
    return StyleGAN2(generator, discriminator, plan.objective, penalty, mixing=plan.game["mixing"])


def _r3gan(plan: Plan, players: list[Any], steps: int, seed: int, examples: Tensor | None) -> GAN[Any]:
    generator, discriminator = players
    return GAN(generator, discriminator, plan.objective, penalty=penalties.r1_r2(plan.game["gamma"], every=plan.game["every"]))


def _progan(plan: Plan, players: list[Any], steps: int, seed: int, examples: Tensor | None) -> GAN[Any]:
    generator, discriminator = players
    penalty = SideR1(plan.game["r1_gamma"], plan.size, plan.game["r1_every"])
    return Progressive(generator, discriminator, schedule(generator.levels, steps), plan.objective, penalty=penalty)


def _biggan(plan: Plan, players: list[Any], steps: int, seed: int, examples: Tensor | None) -> GAN[Any]:
    generator, discriminator = players
    penalty = partial(penalties.orthogonal, beta=plan.game["orthogonal"], skip=not_embeddings)
    return ProjectionGAN(generator, discriminator, plan.objective, generator_penalty=penalty)


def _pix2pix(plan: Plan, players: list[Any], steps: int, seed: int, examples: Tensor | None) -> GAN[Any]:
    generator, discriminator = players
    return Pix2Pix(generator, discriminator, objective=plan.objective, l1=plan.game["l1"], examples=examples)


def _cyclegan(plan: Plan, players: list[Any], steps: int, seed: int, examples: Tensor | None) -> GAN[Any]:
    cycle = (plan.game["cycle"], plan.game["cycle"])
    return CycleGAN(*players, cycle=cycle, identity=plan.game["identity"], seed=seed, examples=examples)


GAMES: dict[str, Callable[[Plan, list[Any], int, int, Tensor | None], GAN[Any]]] = {
    "dcgan": _dcgan,
    "stylegan2": _stylegan2,
    "r3gan": _r3gan,
    "progan": _progan,
    "biggan": _biggan,
    "pix2pix": _pix2pix,
    "cyclegan": _cyclegan,
}


@torch.no_grad()
def show(run: Any, n: int) -> Tensor:
    """n samples of a run as it stands, of latents that are always the same, in [-1, 1]; of a network that grows at its side."""
    samples: Tensor = run.sample(n, seed=1).clamp(-1, 1).cpu()
    return samples

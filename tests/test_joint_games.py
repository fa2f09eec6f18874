"""Every class of game is among those that are played in several processes and on a pretended GPU."""

from __future__ import annotations

import importlib
import math
import pkgutil
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from gancourse import gans
from gancourse.data.corruptions import central
from gancourse.gans import tips
from gancourse.gans.augmented import AdaptiveProbability
from gancourse.gans.began import BEGAN
from gancourse.gans.catgan import CatGAN
from gancourse.gans.conditional import ACGAN
from gancourse.gans.cyclegan import CycleGAN, ImagePool
from gancourse.gans.ensemble import EnsembleGAN, stack
from gancourse.gans.gan import GAN
from gancourse.gans.infogan import Categorical, Codes, InfoGAN
from gancourse.gans.inpainting import Inpainting
from gancourse.gans.lapgan import DetailGAN
from gancourse.gans.pix2pix import Pix2Pix
from gancourse.gans.progressive import Progressive, Schedule
from gancourse.gans.semi_supervised import SemiSupervisedGAN, fit_supervised
from gancourse.gans.stylegan2 import PathLength, StyleGAN2
from gancourse.gans.super_resolution import SuperResolution
from gancourse.gans.tips import _WithNoise
from gancourse.gans.translation import Translation
from gancourse.gans.unrolled import UnrolledGAN
from gancourse.gans.wgan import WGANGP
from gancourse.models import mlp, progan, stylegan2
from gancourse.models.latent_codes import Classifier, CodeDiscriminator
from gancourse.training import fit
from tests import joint_games
from tests.odd import ours

PARTS = {Translation, _WithNoise, DetailGAN}  # what others are made of


def kinds() -> set[type]:
    """The classes of games in gancourse.gans, without ensembles, which several processes refuse."""
    for module in pkgutil.iter_modules(gans.__path__):
        importlib.import_module(f"gancourse.gans.{module.name}")
    found, left = set(), [GAN]
    while left:
        kind = left.pop()
        left += kind.__subclasses__()
        if kind.__module__.startswith("gancourse.gans.") and not issubclass(kind, EnsembleGAN):
            found.add(kind)
    return found - PARTS


def test_every_kind_of_game_is_played():
    played = {type(joint_games.made(name)[0]) for name in joint_games.GAMES}
    assert kinds() - played == set()


@pytest.mark.parametrize("name", joint_games.GAMES)
def test_every_game_is_played_in_bfloat16(name):
    """What fit takes for convolutions wherever a machine has it."""
    run = joint_games.trained(name, 2, precision="bf16")
    weights = (value for key, value in joint_games.tensors(run).items() if not key.startswith("history."))
    assert all(torch.isfinite(value).all() for value in weights if value.is_floating_point())


class Wide:
    """Batches in float64."""

    def __init__(self, batches: Any) -> None:
        self.batches = batches

    def __iter__(self) -> Wide:
        return self

    def __next__(self) -> Any:
        given = next(self.batches)
        parts = [
            part.double() if part.is_floating_point() else part for part in (given if isinstance(given, tuple) else (given,))
        ]
        return tuple(parts) if isinstance(given, tuple) else parts[0]


@pytest.mark.parametrize("name", joint_games.GAMES)
def test_every_game_is_played_in_float64(name: str) -> None:
    game, batches = joint_games.made(name)
    game.generator.double(), game.discriminator.double()
    for beside in {"average", "sees", "stills", "seen"} & {part for part, value in vars(game).items() if value is not None}:
        setattr(game, beside, getattr(game, beside).double())
    judged = []
    game.discriminator.register_forward_pre_hook(lambda module, given: judged.append(given[0].dtype))
    run = fit(game, Wide(batches), 2, ema=0.9, progress=False, precision="float32")
    assert set(judged) <= {torch.float64}
    for part in (run.generator, game.generator, game.discriminator):
        assert all(p.dtype == torch.float64 and torch.isfinite(p).all() for p in part.parameters())


# What no setting of a kind may be.  A flag may be 0 or 1, a number numpy's or a tensor's.
NEVER: tuple[Any, ...] = (math.nan, math.inf, -math.inf, "1", "", [1.0, 2.0, 3.0], {}, object(), 1j, np.zeros(2), print)
BAD: dict[str, tuple[Any, ...]] = {
    "weight": (*NEVER, -1, True),
    "above 0": (*NEVER, -1, 0, True),
    "share": (*NEVER, -0.1, 1.5, True),
    "decay": (*NEVER, -0.1, 0, 1, 2.0, True),
    "count": (*NEVER, -1, 0, 2.5, 3.0, True),
    "count or 0": (*NEVER, -1, 2.5, 3.0, True),
    "flag": (*NEVER, 2, -1, 0.5),
    "number": (*NEVER, True),
}


def _pair() -> tuple[nn.Module, nn.Module]:
    return mlp.Generator(2, 2, (4,)), mlp.Discriminator(2, (4,))


def _convolutions(n: int, channels: int = 1) -> list[nn.Module]:
    return [nn.Conv2d(channels, 1, 1) for _ in range(n)]


def _style(**options: Any) -> GAN[Any]:
    small = joint_games.SMALL
    players = stylegan2.Generator(8, 4, w_dim=4, mapping_layers=1, **small), stylegan2.Discriminator(8, group_size=2, **small)
    return StyleGAN2(*players, **options)


def _grown(**options: Any) -> GAN[Any]:
    small = joint_games.SMALL
    return Progressive(progan.Generator(8, 4, **small), progan.Discriminator(8, **small), Schedule(1, 2, 2), **options)


def _few(**options: Any) -> GAN[Any]:
    return SemiSupervisedGAN(_pair()[0], Classifier(2, 2, hidden=(4,)), (torch.zeros(4, 2), torch.arange(4) % 2), **options)


def _alone(**options: Any) -> nn.Module:
    classifier, labelled = Classifier(2, 2, hidden=(4,)), (torch.zeros(4, 2), torch.arange(4) % 2)
    return fit_supervised(classifier, labelled, **{"steps": 1, **options})


def _info(**options: Any) -> GAN[Any]:
    return InfoGAN(mlp.Generator(3, 2, (4,)), CodeDiscriminator(2, 2), Codes(1, (Categorical(2),)), **options)


def _noisy(**options: Any) -> GAN[Any]:
    return tips.NoisyLabels(*_pair(), **{name: (value, value) for name, value in options.items()})


def _cycle(**options: Any) -> GAN[Any]:
    cycle = {"cycle": (1.0, options.pop("forward"))} if "forward" in options else {}
    return CycleGAN(*_convolutions(4), **cycle, **options)


def _acgan(**options: Any) -> GAN[Any]:
    game = joint_games.made("acgan")[0]
    return ACGAN(game.generator, game.discriminator, **options)


def _super(**options: Any) -> GAN[Any]:
    return SuperResolution(*_convolutions(2), content=torch.tanh, **options)


SETTINGS: list[tuple[Callable[..., Any], dict[str, str]]] = [
    (lambda **options: GAN(*_pair(), **options), {"latent_dim": "count or 0"}),
    (
        lambda **options: Pix2Pix(_convolutions(1)[0], _convolutions(1, 2)[0], **options),
        {
            "l1": "weight",
            "adversarial": "weight",
            "feature_matching": "weight",
            "discriminator_weight": "weight",
            "conditional": "flag",
        },
    ),
    (_cycle, {"forward": "weight", "identity": "weight", "adversarial": "weight", "pool": "count or 0", "seed": "number"}),
    (lambda **options: ImagePool(**options), {"size": "count or 0", "seed": "number"}),
    (
        lambda **options: Inpainting(*_convolutions(2), **{"masks": central, **options}),
        {"reconstruction": "weight", "adversarial": "weight", "fill": "number"},
    ),
    (_super, {"adversarial": "weight", "pixels": "weight", "scale": "count"}),
    (_acgan, {"class_weight": "weight", "classify_fakes": "flag"}),
    (_info, {"noise": "weight", "weight": "weight of codes", "seed": "number"}),
    (lambda **options: Codes(parts=(Categorical(2),), **options), {"noise": "count or 0"}),
    (lambda **options: PathLength(**options), {"weight": "weight", "every": "count", "decay": "above 0", "shrink": "count"}),
    (_style, {"mixing": "share", "noise_from": "count or 0", "gamma": "weight"}),
    (
        lambda **options: UnrolledGAN(*_pair(), **options),
        {"steps": "count or 0", "step_size": "above 0", "through": "flag"},
    ),
    (
        lambda **options: Schedule(**{"levels": 0, "fade": 1, "stable": 1, **options}),
        {"levels": "count or 0", "fade": "count or 0"},
    ),
    (lambda **options: Schedule(1, fade=(0, options["of one"]), stable=1), {"of one": "count or 0"}),
    (_grown, {"fade_real": "flag"}),
    (
        _few,
        {"unlabelled_weight": "weight", "batch_labelled": "count", "noise": "weight", "average": "decay", "seed": "number"},
    ),
    (_alone, {"batch_size": "count", "lr": "above 0", "noise": "weight", "average": "decay"}),
    (lambda **options: BEGAN(*_pair(), **options), {"gamma": "above 0", "lambda_k": "above 0", "k": "share"}),
    (lambda **options: WGANGP(*_pair(), **options), {"weight": "above 0", "target": "weight", "one_sided": "flag"}),
    (lambda **options: AdaptiveProbability(**options), {"target": "number", "p": "share", "most": "share", "images": "count"}),
    (_noisy, {"real": "number", "fake": "number"}),
    (lambda **options: tips.Replay(*_pair(), **options), {"size": "count or 0"}),
    (lambda **options: CatGAN(_pair()[0], Classifier(2, 2), **options), {"against_fakes": "flag"}),
    (
        lambda **options: EnsembleGAN(stack([_pair()[0]]), stack([_pair()[1]]), [options["seed"]]),
        {"seed": "number"},
    ),
]
BAD["weight of codes"] = tuple(value for value in BAD["weight"] if value is not True)


@pytest.mark.parametrize(("make", "name", "kind"), [(make, name, kind) for make, each in SETTINGS for name, kind in each.items()])
def test_odd_settings_of_games_are_refused_by_name(make: Callable[..., Any], name: str, kind: str) -> None:
    for value in BAD[kind]:
        with pytest.raises((ValueError, TypeError)) as caught:
            make(**{name: value})
        assert ours(caught.value), f"{name}={value!r}: {caught.value}"

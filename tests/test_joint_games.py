"""Every class of game is among those that are played in several processes and on a pretended GPU."""

from __future__ import annotations

import importlib
import pkgutil

import pytest
import torch

from gancourse import gans
from gancourse.gans.ensemble import EnsembleGAN
from gancourse.gans.gan import GAN
from gancourse.gans.lapgan import DetailGAN
from gancourse.gans.tips import _WithNoise
from gancourse.gans.translation import Translation
from tests import joint_games

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

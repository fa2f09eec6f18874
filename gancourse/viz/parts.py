"""What the descriptions of games are made of: boxes by what they stand for, and the gradients and arrows of the plain game."""

from __future__ import annotations

from gancourse.viz.diagram import Box, Gradient


def latent(text: str, column: float, row: float, under: str = "") -> Box:
    """What is drawn at random, or asked for."""
    return Box("latent", text, column, row, under=under)


def data(text: str, column: float, row: float, under: str = "") -> Box:
    """Real samples."""
    return Box("data", text, column, row, under=under)


def sample(text: str, column: float, row: float, under: str = "") -> Box:
    """What a network made."""
    return Box("sample", text, column, row, under=under)


def generator(text: str, column: float, row: float, under: str = "") -> Box:
    """A network of the generating player."""
    return Box("network", text, column, row, "generator", under)


def discriminator(text: str, column: float, row: float, under: str = "") -> Box:
    """A network of the judging player."""
    return Box("network", text, column, row, "discriminator", under)


def loss(text: str, column: float, row: float, under: str = "") -> Box:
    """A loss, with its formula below it."""
    return Box("loss", text, column, row, under=under)


D = Gradient(ways=("L_D D",), moves=("D",), stops=("D fake",))
G = Gradient(ways=("L_G D fake G",), moves=("G",))
ARROWS = ("z G", "G fake", "x D", "fake D", "D L_D", "D L_G")

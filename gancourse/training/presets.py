"""Games in the plane that show one thing each: what goes wrong, and what cures it."""

from __future__ import annotations

from dataclasses import dataclass

from gancourse.base import check
from gancourse.training.rules import Rules


@dataclass(frozen=True)
class Preset:
    """A game to look at.

    title   what it is called
    shows   what there is to see, in a sentence
    rules   what it is played by
    rounds  after how many it has been seen: tests check it there, over seeds
    cure    the name of the preset that mends it, or ""
    """

    title: str
    shows: str
    rules: Rules
    rounds: int
    cure: str = ""


RING = Rules(data="ring", d_lr=5e-4, g_lr=5e-3)
FAR = Rules(data="far", objective="saturating", k=10, d_lr=5e-3, g_lr=0.02, g_optimizer="sgd")
POINT = Rules(data="point", objective="saturating", width=0, d_lr=0.05, g_lr=0.05, d_optimizer="sgd", g_optimizer="sgd")

PRESETS: dict[str, Preset] = {
    "moons": Preset(
        "two moons: it works",
        "Two thin arcs, and a generator that bends its noise into both. Change a rule and see what it costs.",
        Rules(data="moons", penalty="r1", strength=0.1, d_lr=5e-3, g_lr=2e-3),
        600,
    ),
    "collapse": Preset(
        "mode collapse",
        "G learns ten times as fast as D, so it runs to wherever D is highest now: all samples sit together, here, then there.",
        RING,
        500,
        cure="collapse_cure",
    ),
    "collapse_cure": Preset(
        "mode collapse, cured",
        "D learns faster than G, compares pairs, and is held flat by R1 and R2: the samples find all eight. Which is needed?",
        RING.changed(objective="relativistic", penalty="r1_r2", strength=0.3, d_lr=5e-3, g_lr=2e-3),
        500,
    ),
    "vanishing": Preset(
        "vanishing gradient",
        "D takes ten steps to G's one and is soon sure; the minimax loss is flat where D is sure: arrows vanish, G stands still.",
        FAR,
        120,
        cure="vanishing_cure",
    ),
    "vanishing_cure": Preset(
        "vanishing gradient, cured",
        "The same D, but G minimises -log D(G(z)), which is steep where D is sure of a fake: the samples arrive.",
        FAR.changed(objective="non_saturating"),
        120,
    ),
    "orbit": Preset(
        "orbit",
        "A linear D, and a G that only moves its samples: each answers the other, and they go round the equilibrium for ever.",
        POINT,
        900,
        cure="orbit_cure",
    ),
    "orbit_cure": Preset(
        "orbit, cured",
        "The same game with R1, which pulls D towards flat: the orbit becomes a spiral into the equilibrium.",
        POINT.changed(penalty="r1", strength=0.3),
        900,
    ),
}


def preset(name: str | Preset) -> Preset:
    """The preset of that name; a Preset passes through."""
    return name if isinstance(name, Preset) else PRESETS[check.one_of("preset", name, PRESETS)]

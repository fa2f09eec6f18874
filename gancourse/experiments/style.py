"""StyleGAN2 for faces and anime: a small mapping network and styled synthesis, trained on one processor core in an hour or two.

The blocks are the published ones with fewer channels.  What is not StyleGAN2's own:

- the relativistic objective, with which the course's other networks for the same pictures are trained;
- learning rates of 1.5 (generator) and 3 times (discriminator) the published 0.002, going down to 0 at the end, because there are
  eight or twenty thousand steps and not a million;
- a mapping that learns a twentieth as fast as the rest, not a hundredth.  As fast as the rest, it squeezed W into a handful
  of directions, and the faces were of few kinds;
- R1 with gamma 4, hundreds of times the usual start (0.0002 times the pixels over the batch size).  In single pilots of 600
  steps the distance stayed above 40 with 0.01 and 0.1, came down to 30 with 1, and to 27 with 4 and the slower mapping: drawn
  faces are flat areas and hard edges;
- noise only in the last part, because drawn faces have no detail by chance.

At 64 px R1 has three times the weight, for it sums over four times as many pixels; 4 px has more channels, which cost little
there; fewer pictures have mixed styles; noise comes after a fifth of the steps, so that its strengths have time to settle; and
there is no path length penalty: it holds the Jacobian level, where drawn faces want jumps (glasses or none), and it acts on W
itself, so that paths in Z and W could not be compared.  The rates went down three times, because trainings of ten and of sixteen
thousand steps were found too short and went on from their ends, with higher rates again.  None of these choices was compared with
another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gancourse import data, scale
from gancourse.base import check, networks
from gancourse.experiments import Curve, Weights, listed, measure
from gancourse.gans.stylegan2 import PathLength, StyleGAN2
from gancourse.losses import penalties
from gancourse.models import stylegan2
from gancourse.training.settings import SCHEDULES

SETTINGS: dict[str, Any] = {"lr": (3e-3, 6e-3), "betas": (0.0, 0.99), "ema": 0.999, "schedule": "flat_linear"}
R1_EVERY, BATCH_SIZE = 8, 32
CURVE_SAMPLES = 2000


@dataclass(frozen=True)
class Resumed:
    """A training that ended after each of the ``shares`` of its steps and was taken up again: flat_linear to the next end."""

    shares: tuple[float, ...]

    def __call__(self, progress: float) -> float:
        end = next((share for share in self.shares if progress < share), 1.0)
        return SCHEDULES["flat_linear"](progress / end)

    def __str__(self) -> str:
        ends = ", then over ".join(f"{share:g}" for share in self.shares)
        return f"flat_linear over {ends} of the steps, then over all of them"


@dataclass(frozen=True)
class Setting:
    """What differs between the recipes of this family."""

    title: str
    data: str
    size: int
    n: int
    steps: int
    r1_gamma: float
    generator: dict[str, Any]
    discriminator: dict[str, Any]
    mixing: float = 0.3
    noise_from: float = 0.8  # share of the steps
    path_weight: float = 0.5
    schedule: str | Resumed = SETTINGS["schedule"]

    @property
    def path(self) -> PathLength | None:
        """Path length at every eighth step, on a quarter of the batch; none at weight 0."""
        return PathLength(weight=self.path_weight, every=8, decay=0.01, shrink=4) if self.path_weight else None


_GENERATOR: dict[str, Any] = {
    "size": 32,
    "latent_dim": 64,
    "w_dim": 64,
    "mapping_layers": 2,
    "mapping_lr_mult": 0.05,  # at 1 the mapping squeezes W into a few directions; 0.01 is for trainings of a million steps
    "channel_base": 640,
    "channel_max": 96,
}
_DISCRIMINATOR: dict[str, Any] = {"size": 32, "channel_base": 768, "channel_max": 96}
_AT_64 = {"size": 64, "channel_max": 128}

RECIPES: dict[str, Setting] = {
    "stylegan2_faces64": Setting(
        title="64 px faces by StyleGAN2",
        data="faces",
        size=64,
        n=20_000,
        steps=20_000,
        r1_gamma=12.0,
        generator=_GENERATOR | _AT_64,
        discriminator=_DISCRIMINATOR | _AT_64,
        mixing=0.2,
        noise_from=0.2,
        path_weight=0.0,
        schedule=Resumed((0.5, 0.8)),
    ),
    "stylegan2_faces32": Setting("32 px faces by StyleGAN2", "faces", 32, 20_000, 8000, 4.0, _GENERATOR, _DISCRIMINATOR),
    "stylegan2_anime32": Setting("32 px anime faces by StyleGAN2", "anime", 32, 10_000, 8000, 4.0, _GENERATOR, _DISCRIMINATOR),
}
NAMES = tuple(RECIPES)


def players(name: str, seed: int = 0) -> tuple[stylegan2.Generator, stylegan2.Discriminator]:
    """The two networks of a recipe, freshly initialised, on the scale's device; the global random state is left alone."""
    chosen = RECIPES[check.one_of("recipe", name, NAMES)]
    with networks.seeded(seed):
        generator, discriminator = stylegan2.Generator(**chosen.generator), stylegan2.Discriminator(**chosen.discriminator)
    return generator.to(scale.device()), discriminator.to(scale.device())


def game(name: str, seed: int = 0, steps: int | None = None) -> StyleGAN2:
    """The game of a recipe: relativistic pairing, lazy R1 and path length, some styles mixed, noise towards the end."""
    chosen = RECIPES[check.one_of("recipe", name, NAMES)]
    noise_from = round(chosen.noise_from * (chosen.steps if steps is None else steps))
    penalty = penalties.r1(chosen.r1_gamma, every=R1_EVERY)
    return StyleGAN2(*players(name, seed), "relativistic", penalty, path=chosen.path, mixing=chosen.mixing, noise_from=noise_from)


def describe(name: str, steps: int | None, seed: int, progress: bool) -> Weights:
    """One of the family; the curve holds the distances on the way, of ``CURVE_SAMPLES`` samples."""
    chosen = RECIPES[check.one_of("recipe", name, NAMES)]
    steps = chosen.steps if steps is None else steps
    images = data.load(chosen.data, size=chosen.size, n=chosen.n)
    curve = Curve(images, min(CURVE_SAMPLES, len(images)), BATCH_SIZE, seed=3, start=1)
    return Weights(
        title=chosen.title,
        game=game(name, seed, steps),
        batches=data.Batches(images, BATCH_SIZE, seed=seed, device=scale.device()),
        steps=steps,
        settings=SETTINGS | {"checkpoint_every": 200, "schedule": chosen.schedule},
        network=chosen.generator,
        data={"name": chosen.data, "arguments": {"size": chosen.size, "n": chosen.n, "seed": 0}},
        arguments={
            "objective": "relativistic",
            "r1_gamma": chosen.r1_gamma,
            "r1_every": R1_EVERY,
            "path_length": f"weight {chosen.path.weight}, every {chosen.path.every} steps" if chosen.path else "none",
            "mixing": chosen.mixing,
            "noise_from": chosen.noise_from,
            "batch_size": BATCH_SIZE,
            **listed(SETTINGS | {"schedule": str(chosen.schedule)}),
        },
        measure=lambda run: measure(run, images),
        follow=(max(1, steps // 6), curve),
        licence={"data": f"{images.licence}, {images.author}", "weights": "CC BY 4.0"},
    )

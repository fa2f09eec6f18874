"""The recipes of the shipped CycleGANs: landscapes by day and by night, faces without and with glasses.

The networks train on two sets without a common picture.  Every picture has a partner that was drawn with it and is kept back; the
partners of unseen pictures give the score, pixel by pixel, in both directions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from gancourse import metrics, scale
from gancourse.base import check, networks
from gancourse.data.pairs import PairSet, UnpairedBatches, load_pairs
from gancourse.experiments import listed
from gancourse.gans.cyclegan import CycleGAN
from gancourse.metrics.pairs import l1
from gancourse.models.patchgan import PatchGAN
from gancourse.models.translator import TwoWay
from gancourse.training import Run, fit
from gancourse.zoo import Card, fill_card

TEST = 200  # unseen pairs that the score is taken over
CURVE = 8  # how often the score is taken on the way, for the card


@dataclass(frozen=True)
class Unpaired:
    """One recipe; the two sets are the sides of ``n`` pairs of ``kind``, n / 2 pictures in each."""

    title: str
    kind: str
    size: int
    ways: tuple[str, str]  # what ab and ba do
    width: int
    blocks: int
    steps: int
    identity: float
    n: int = 3000
    batch_size: int = 4
    lr: float = 7e-4
    cycle: float = 10.0
    layers: int = 2  # of the discriminators: a logit sees 34 px
    residual: bool = False
    ema: float = 0.995
    note: str = ""


RECIPES = {
    "day_to_night64": Unpaired(
        title="landscapes by day to the same by night and back, learnt without pairs, 64 px",
        kind="night",
        size=64,
        ways=("day to night", "night to day"),
        width=12,
        blocks=3,
        steps=2400,
        identity=0.0,
        note="By night all hills have one tint: which tint a hill has by day, no network can know from the picture by night.",
    ),
    "glasses32": Unpaired(
        title="faces without glasses to the same with them and back, learnt without pairs, 32 px",
        kind="glasses",
        size=32,
        ways=("put on", "take off"),
        width=16,
        blocks=2,
        steps=2900,
        identity=2.5,
        cycle=5.0,
        residual=True,
        note="Which of the glasses a face is given is the network's choice; behind dark ones the eyes cannot be seen.",
    ),
}
NAMES = tuple(RECIPES)


def players(
    width: int, blocks: int, *, layers: int = 2, channels: int = 3, residual: bool = False, seed: int = 0
) -> tuple[nn.Module, ...]:
    """Two residual translators and two PatchGANs of one width on the scale's device, as :class:`CycleGAN` takes them.

    The discriminators are instance-normalised; ``layers`` sets their field of view, 16, 34 or 70 px for 1, 2 or 3.  ``residual``
    translators draw the change alone.  The global random state is left alone.
    """
    with networks.seeded(seed):
        pair = TwoWay(width, blocks, (channels, channels), residual=residual)
        judges = [PatchGAN(channels, width, layers, norm="instance") for _ in range(2)]
    return tuple(network.to(scale.device()) for network in (pair.ab, pair.ba, *judges))


def train(
    name: str,
    steps: int | None = None,
    seed: int = 0,
    checkpoint: str | Path | None = None,
    progress: bool = True,
    hooks: Sequence[tuple[int, Callable[[Run], Any]]] = (),
) -> tuple[Run, Card]:
    """Train both translators and measure them against the hidden partners; returns the run and the card of its generator."""
    chosen = RECIPES[check.one_of("recipe", name, RECIPES)]
    pairs, unseen = (load_pairs(chosen.kind, chosen.size, n, split, progress=progress)
                     for n, split in ((chosen.n, "train"), (TEST, "test")))  # fmt: skip
    steps = chosen.steps if steps is None else steps
    settings = {"lr": chosen.lr, "betas": (0.5, 0.999), "ema": chosen.ema, "schedule": "flat_linear"}
    curve: list[list[float]] = []

    def follow(run: Run) -> None:
        seen, there = run.step * chosen.batch_size, scores(run, unseen)
        curve.append([seen, *(round(there[way], 4) for way in ("ab", "ba"))])

    run = fit(
        CycleGAN(
            *players(chosen.width, chosen.blocks, layers=chosen.layers, residual=chosen.residual, seed=seed),
            cycle=(chosen.cycle, chosen.cycle),
            identity=chosen.identity,
            seed=seed,
        ),
        UnpairedBatches(*pairs.unpaired(seed), chosen.batch_size, seed=seed, device=scale.device()),
        steps,
        seed=seed,
        checkpoint=checkpoint,
        progress=progress,
        hooks=[*hooks, (max(1, steps // CURVE), follow)],
        **settings,
    )
    card = fill_card(
        run.generator,
        {"width": chosen.width, "blocks": chosen.blocks, "residual": chosen.residual},
        title=chosen.title,
        data={"name": chosen.kind, "arguments": {"size": chosen.size, "n": chosen.n, "seed": 0}},
        training={
            "recipe": name,
            "arguments": {
                "objective": run.gan.objective.name,
                "cycle": chosen.cycle,
                "identity": chosen.identity,
                "discriminators": f"PatchGAN, width {chosen.width}, {chosen.layers} layers",
                "batch_size": chosen.batch_size,
                **listed(settings),
            },
        },
        steps=run.step,
        seconds=round(run.seconds),
        seed=seed,
        metric=measure(run, unseen, chosen),
        curve=curve,
        licence={"data": f"{pairs.licence}, {pairs.author}", "weights": "CC BY 4.0"},
        note=f"{chosen.note} curve: pictures of each set seen, and the score in both directions (ab, ba) on the way.",
    )
    card["network"]["class"] = f"{TwoWay.__module__}.{TwoWay.__qualname__}"  # the game's own holder has the same weights
    return run, card


def scores(run: Run, unseen: PairSet) -> dict[str, float]:
    """Mean absolute difference per pixel, in [-1, 1], between translations and hidden partners, and of leaving all as it is."""
    a, b = unseen.inputs(), unseen.targets()
    there = run.gan.translate(a, run.generator).cpu()
    back = run.gan.translate(b, run.generator, "ba").cpu()
    return {"ab": l1(there, b).mean().item(), "ba": l1(back, a).mean().item(), "identity": l1(a, b).mean().item()}


def measure(run: Run, unseen: PairSet, chosen: Unpaired) -> dict[str, Any]:
    """The card's metric: ``scores``, and for faces how many of the attribute classifier's answers are right."""
    got = scores(run, unseen)
    protocol = (
        f"mean absolute difference per pixel in [-1, 1] over {len(unseen)} unseen pictures whose partners were never shown; "
        f"{chosen.ways[0]} {got['ab']:.4f}, {chosen.ways[1]} {got['ba']:.4f}; the identity mapping scores {got['identity']:.4f} "
        "both ways"
    )
    if "glasses" in unseen.attribute_names:
        judge = metrics.attribute_classifier("faces", chosen.size)
        column = list(unseen.attribute_names).index("glasses")
        worn = [judge.predict(x)[:, column].float().mean().item() for x in (
            run.gan.translate(unseen.inputs(), run.generator).cpu(),
            run.gan.translate(unseen.targets(), run.generator, "ba").cpu(),
            unseen.targets(),
            unseen.inputs(),
        )]  # fmt: skip
        protocol += (
            f"; seen wearing glasses by the attribute classifier: {worn[0]:.3f} after putting on (true faces {worn[2]:.3f}), "
            f"{worn[1]:.3f} after taking off (true faces {worn[3]:.3f})"
        )
    return {"name": "L1 to the hidden partners", "value": round(got["ab"], 4), "protocol": protocol}

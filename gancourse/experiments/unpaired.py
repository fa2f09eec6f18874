"""The recipes of the shipped CycleGANs: landscapes by day and by night, faces without and with glasses.

The networks train on two sets without a common picture.  Every picture has a partner that was drawn with it and is kept back; the
partners of unseen pictures give the score, pixel by pixel, in both directions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import nn

from gancourse import metrics, scale
from gancourse.base import check, networks
from gancourse.data.pairs import PairSet, UnpairedBatches, load_pairs
from gancourse.experiments import Points, Weights, listed
from gancourse.gans.cyclegan import CycleGAN
from gancourse.metrics.pairs import l1
from gancourse.models.patchgan import PatchGAN
from gancourse.models.translator import TwoWay
from gancourse.training import Run

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
) -> tuple[nn.Module, nn.Module, nn.Module, nn.Module]:
    """Two residual translators and two PatchGANs of one width on the scale's device, as :class:`CycleGAN` takes them.

    The discriminators are instance-normalised; ``layers`` sets their field of view, 16, 34 or 70 px for 1, 2 or 3.  ``residual``
    translators draw the change alone.  The global random state is left alone.
    """
    with networks.seeded(seed):
        pair = TwoWay(width, blocks, (channels, channels), residual=residual)
        judges = [PatchGAN(channels, width, layers, norm="instance") for _ in range(2)]
    ab, ba, judge_a, judge_b = (network.to(scale.device()) for network in (pair.ab, pair.ba, *judges))
    return ab, ba, judge_a, judge_b


def describe(name: str, steps: int | None, seed: int, progress: bool) -> Weights:
    """Both translators, measured against the hidden partners; the curve has the score in both directions."""
    chosen = RECIPES[check.one_of("recipe", name, RECIPES)]
    kind, size = chosen.kind, chosen.size
    pairs, unseen = (load_pairs(kind, size, n, split, progress=progress) for n, split in ((chosen.n, "train"), (TEST, "test")))
    steps = chosen.steps if steps is None else steps
    settings = {"lr": chosen.lr, "betas": (0.5, 0.999), "ema": chosen.ema, "schedule": "flat_linear"}
    translators = players(chosen.width, chosen.blocks, layers=chosen.layers, residual=chosen.residual, seed=seed)
    game = CycleGAN(*translators, cycle=(chosen.cycle, chosen.cycle), identity=chosen.identity, seed=seed)

    def point(run: Run) -> list[float]:
        there = scores(run, unseen)
        return [run.step * chosen.batch_size, *(round(there[way], 4) for way in ("ab", "ba"))]

    return Weights(
        title=chosen.title,
        game=game,
        batches=UnpairedBatches(*pairs.unpaired(seed), chosen.batch_size, seed=seed, device=scale.device()),
        steps=steps,
        settings=settings,
        network={"width": chosen.width, "blocks": chosen.blocks, "residual": chosen.residual},
        data={"name": kind, "arguments": {"size": size, "n": chosen.n, "seed": 0}},
        arguments={
            "objective": game.objective.name,
            "cycle": chosen.cycle,
            "identity": chosen.identity,
            "discriminators": f"PatchGAN, width {chosen.width}, {chosen.layers} layers",
            "batch_size": chosen.batch_size,
            **listed(settings),
        },
        measure=lambda run: measure(run, unseen, chosen),
        follow=(max(1, steps // CURVE), Points(point)),
        licence={"data": f"{pairs.licence}, {pairs.author}", "weights": "CC BY 4.0"},
        note=f"{chosen.note} curve: pictures of each set seen, and the score in both directions (ab, ba) on the way.",
        stored_as=TwoWay,  # the game's own holder has the same weights
    )


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

"""A training on your own pictures, from the folder of pictures to weights with a card.

    outcome = train(Request("stylegan2", "my_pictures", "my_run", size=64, steps=20_000))

``gancourse train stylegan2 --images my_pictures --size 64 --steps 20000 --run my_run`` does this.  :mod:`.place` says what the
folder of the run holds, :mod:`.plans` which settings are taken.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Mapping
from dataclasses import KW_ONLY, asdict, dataclass, fields, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import nn

from gancourse import scale
from gancourse.base import check, networks, trees
from gancourse.experiments import Weights
from gancourse.experiments.own import place as places
from gancourse.experiments.own import plans, sources
from gancourse.experiments.own.follow import Follow, points, read_curve
from gancourse.experiments.own.games import game, schedule
from gancourse.experiments.own.place import Place
from gancourse.experiments.own.plans import Plan
from gancourse.experiments.own.scores import Score, score
from gancourse.experiments.own.sources import Asked, Source
from gancourse.models.translator import TwoWay
from gancourse.training import CheckpointNotWritten, Run, TrainingDiverged, distributed, fit, supports_bf16
from gancourse.training.settings import PRECISIONS
from gancourse.zoo import Card

SHOWN = 20  # how often a training shows itself, at least
MOST_EVERY = 500  # steps between two of these
LICENCE = {"data": "not stated: that of the pictures", "weights": "not stated: as the pictures allow"}


@dataclass(frozen=True)
class Request(Asked):
    """What is asked for, as the command line has it; ``augment`` and ``batch`` as :func:`.plans.plan`,
    ``precision`` and ``compile`` as :func:`gancourse.training.fit`."""

    run: str
    _: KW_ONLY
    steps: int = 10_000
    seed: int = 0
    augment: str = "auto"
    batch: int | None = None
    every: int | None = None
    precision: str = "auto"
    compile: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of it: ``card`` is that of ``run.generator``; ``stopped`` is "finished" or "interrupted"."""

    place: Place
    run: Run[Any]
    card: Card
    stopped: str


def train(request: Request, progress: bool = True, say: Callable[[str], object] = lambda line: None) -> Outcome:
    """Train, or go on with a training that was stopped; the folder of the run says which.

    ``say`` is told what was found and chosen, line by line.  Where torchrun has started several processes, each calls this:
    process 0 alone holds the folder, says and writes, and reads the pictures before the others, which find them in the cache.

    Raises ValueError where the settings are impossible, before a picture is read, and where a setting or a picture is another
    than the run was begun with; OSError where its folder cannot be written, or another training is at work in it; what reading
    the pictures raises; TrainingDiverged.
    """
    check.one_of("family", request.family, plans.FAMILIES)
    check.whole("steps", request.steps)
    place, world = Place(request.run), distributed.join(scale.device())
    _possible(request, world.size)
    asked = {name: value for name, value in asdict(request).items() if name not in ("run", "every")}
    with contextlib.ExitStack() as held:
        known = world.first(lambda: _begun(place, asked, held))
        pictures = world.after_first(lambda: _read(request, progress, world.leads))
        facts = {"name": pictures.name, "count": pictures.count, "classes": list(pictures.classes), "checksum": pictures.checksum}
        if known is not None:
            places.same_pictures(place, known, facts)
        chosen = world.first(lambda: _chosen(request, known, pictures))
        word = [] if known is None else _precision_kept(request, chosen)
        look = f"look at {place.page} in a browser; Ctrl-C stops, and the same once more goes on"
        for line in (f"{pictures.count:,} pictures of {request.images}", *chosen.reasons, *word, look) if world.leads else ():
            say(line)
        world.first(lambda: place.write(asked, chosen.as_dict(), facts))
        return _play(request, place, chosen, pictures, progress)


def _possible(request: Request, processes: int) -> None:
    """Raise a ValueError where the settings alone show that nothing can come of them: said at once, not after the reading."""
    check.seed(request.seed)
    check.one_of("precision", request.precision, PRECISIONS)
    if request.compile and processes > 1:
        raise ValueError("--compile is for one process: leave it out under torchrun")
    for name, least in (("every", 1), ("batch", 2)):
        if (value := getattr(request, name)) is not None:
            check.whole(f"--{name}", value, least)
    found = _plan(request, 2, 2)  # of the fewest pictures; their number decides about augmentation alone
    check.fits("a batch", found.batch_size, 3 * found.size**2)
    if request.family in places.GROWING:
        schedule(found.size.bit_length() - 3, request.steps)
    if over := found.batch_size % processes:
        less = found.batch_size - over
        near = " or ".join(f"--batch {batch}" for batch in (less, less + processes) if batch >= 2)
        raise ValueError(f"a batch of {found.batch_size} cannot be shared evenly by {processes} processes: take {near}")


def _begun(place: Place, asked: Mapping[str, Any], held: contextlib.ExitStack) -> dict[str, Any] | None:
    """What the run was begun with, if it goes on; its folder is ready and ours until ``held`` is closed."""
    known = place.known()
    if known is not None:
        places.same(place, known, asked, {each.name: each.default for each in fields(Request)})
        places.can_go_on(place, asked["steps"])
    fresh = place.ready()
    held.enter_context(place.alone(fresh))
    return known


def _read(request: Request, progress: bool, leads: bool) -> Source:
    """The pictures; what is to be said about them is said by the process that leads."""
    with warnings.catch_warnings():
        if not leads:
            warnings.simplefilter("ignore")
        return sources.source(request, progress and leads)


def _chosen(request: Request, known: Mapping[str, Any] | None, pictures: Source) -> Plan:
    """The plan of the run, with the precision and the order of sums that it is begun in and keeps on every processor."""
    if known is None:
        plan, precision = _plan(request, pictures.count, len(pictures.classes)), _usual_precision()
        quick = True
    else:  # a run of before the precision was part of its plan has it in its checkpoint
        plan = Plan.from_dict(known["plan"])
        precision = plan.settings.get("precision", "auto")
        quick = plan.settings.get("fast_convolutions", False)  # a run of before goes on bit for bit
    precision = precision if request.precision == "auto" else request.precision
    return replace(plan, settings=plan.settings | {"precision": precision, "fast_convolutions": quick})


def _usual_precision() -> str:
    """What ``fit`` takes by itself for networks that convolve, as all of these do."""
    return "bf16" if supports_bf16(scale.device()) else "float32"


def _precision_kept(request: Request, plan: Plan) -> list[str]:
    """The word about a run that goes on where another precision would be taken."""
    made, usual = plan.settings["precision"], _usual_precision()
    if request.precision != "auto" or made in ("auto", usual):
        return []
    cost = ", slower here than float32" if made == "bf16" else ""
    return [f"it goes on in {made}, as it was begun, where this processor would take {usual}{cost}"]


def _plan(request: Request, count: int, classes: int) -> Plan:
    return plans.plan(
        request.family,
        request.size,
        count,
        machine="gpu" if scale.device().type == "cuda" else "cpu",
        classes=classes,
        augment=request.augment,
        batch_size=request.batch,
    )


def _play(request: Request, place: Place, plan: Plan, pictures: Source, progress: bool) -> Outcome:
    measured = score(request.family, pictures)
    follow = Follow(place, plan, pictures, measured, request.steps, table(request, plan, pictures))
    weights = _weights(request, plan, pictures, measured, follow)
    every = request.every or max(1, min(MOST_EVERY, request.steps // SHOWN))
    try:
        with networks.seeded(request.seed):  # dropout and noise draw from the global generator
            run = fit(
                weights.game,
                weights.batches,
                request.steps,
                seed=request.seed,
                checkpoint=place.checkpoint,
                checkpoint_every=every,
                hooks=[(every, follow)],
                progress=progress,
                compile=request.compile,
                **weights.settings,
            )
    except CheckpointNotWritten as error:
        if error.run.stopped != "finished":
            raise
        run = error.run  # it needs no checkpoint any more
    except TrainingDiverged as error:
        if error.run.world.leads:
            follow.close(error.run, f"stopped: {error}")
        raise
    state = f"{'finished' if run.stopped == 'finished' else 'stopped'} at step {run.step:,} of {request.steps:,}"

    def card() -> Card:
        follow.close(run, state)
        return weights.card(run, f"gancourse train {request.family}", request.seed)

    return Outcome(place, run, run.world.first(card), run.stopped)


def standing(place: Place) -> tuple[nn.Module, Card]:
    """The (averaged) generator as the checkpoint of a run has it, and its card, without a score, for no picture is read.

    The run may be at work or have been killed.  Raises ValueError where the checkpoint or the settings are damaged.
    """
    known, state = place.known(), trees.load(place.checkpoint)
    if known is None:
        raise ValueError(f"{place.folder} has no settings.json: start it again")
    kept = {each.name for each in fields(Request)}
    request = Request(**{name: value for name, value in known["asked"].items() if name in kept}, run=str(place.folder))
    plan, facts = Plan.from_dict(known["plan"]), known["pictures"]
    pictures = Source(
        facts.get("name", Path(request.images).name),
        facts["count"],
        tuple(facts["classes"]),
        facts["checksum"],
        batches=lambda *_: None,
        real=torch.empty(0),
    )
    rows = read_curve(place.curve)
    curve = SimpleNamespace(points=points([row for row in rows if row.step <= state["step"]], plan))
    weights = _weights(request, plan, pictures, Score("", lambda run: None, ""), curve)
    gan = weights.game
    try:
        gan.generator.load_state_dict(state["average"] or state["generator"])
        gan.load_state_dict(state["game"])
    except (RuntimeError, KeyError, ValueError) as error:
        raise ValueError(f"{place.checkpoint} belongs to other networks than {place.settings} says: {error}") from error
    if state["average"] and state["step"] not in [row.step for row in rows]:  # else they were measured for that row
        gan.refresh_statistics(gan.generator)
    run = SimpleNamespace(generator=gan.generator, step=state["step"], seconds=state["seconds"])
    return gan.generator, weights.card(run, f"gancourse train {request.family}", request.seed)


def _weights(request: Request, plan: Plan, pictures: Source, measured: Score, follow: Any) -> Weights:
    """The training as the card of its product tells it."""
    settings = trees.tuples(plan.settings)
    return Weights(
        title=f"{pictures.name} at {plan.size} px by {plan.family}, from {pictures.count:,} pictures of one's own",
        game=game(plan, request.steps, request.seed, pictures.examples),
        batches=pictures.batches(plan.batch_size, request.seed),
        steps=request.steps,
        settings=settings,
        network=plan.generator,
        data={"name": pictures.name, "arguments": {"size": plan.size, "n": pictures.count, **_unusual(request)}},
        arguments={
            "objective": plan.objective,
            **plan.game,
            "augment": plan.augment,
            "batch_size": plan.batch_size,
            **plan.settings,
        },
        measure=measured.metric,
        licence=LICENCE,
        follow=(1, follow),  # for the card's curve; fit is told how often
        note="curve: images seen, the measured number on the way",
        classes=pictures.classes,
        stored_as=TwoWay if plan.family == "cyclegan" else None,
    )


def _unusual(request: Request) -> dict[str, Any]:
    """The settings of the pictures that are not the usual ones."""
    usual = Asked(request.family, request.images)
    names = ("labels", "column", "fit", "background", "flip", "direction")
    return {name: getattr(request, name) for name in names if getattr(request, name) != getattr(usual, name)}


def table(request: Request, plan: Plan, pictures: Source) -> dict[str, str]:
    """The settings for the page."""

    def listed(values: Mapping[str, Any]) -> str:
        return ", ".join(f"{name} {_plain(value)}" for name, value in values.items())

    rows = {
        "pictures": f"{pictures.count:,} of {request.images}, {listed(_unusual(request)) or 'as they are'}",
        "classes": ", ".join(pictures.classes),
        "generator": listed(plan.generator),
        "discriminator": listed(plan.discriminator),
        "game": f"{plan.objective}; {listed(plan.game) or 'no penalty'}",
        "training": f"batches of {plan.batch_size}, {listed(plan.settings)}, seed {request.seed}",
        "chosen by": "; ".join(plan.reasons),
    }
    return {what: text for what, text in rows.items() if text}


def _plain(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else " ".join(map(_plain, value)) if isinstance(value, list) else str(value)

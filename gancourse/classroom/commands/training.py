"""Commands that train by a recipe of the course, and run the recorded experiments."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from gancourse.base import files
from gancourse.classroom.commands import pictures
from gancourse.classroom.commands.shared import (
    no_other_file,
    note,
    of_options,
    plain_warnings,
    refuse,
    terminated_as_interrupted,
    there_already,
)

PRECISIONS = ("auto", "float32", "bf16")


def train(arguments: argparse.Namespace) -> int:
    if arguments.images is not None:
        return pictures.train(arguments)
    from gancourse import experiments
    from gancourse.base import check, ranks

    if arguments.recipe in pictures.FAMILIES:
        raise ValueError(f"{arguments.recipe} trains on your own pictures: add --images FOLDER")
    refuse(arguments, "a recipe" if arguments.recipe else "the list of recipes", *pictures.OPTIONS)
    if arguments.recipe is None:
        refuse(arguments, "the list of recipes", "steps", "seed", "precision", "compile", "checkpoint", "output", "force")
        print(listed("recipe", experiments.names(), {name: one.title for name, one in experiments.RECIPES.items()}))
        print("on your own pictures, with --images FOLDER: " + ", ".join(pictures.FAMILIES))
        return 0
    from gancourse import zoo

    name = check.one_of("recipe", arguments.recipe, experiments.names())
    output = zoo.weights_path(no_other_file(arguments.output or Path(name)))
    for path in (output, output.with_suffix(".json"), *([arguments.checkpoint] if arguments.checkpoint else [])):
        files.writable(path)
    for path in (output, output.with_suffix(".json")):
        if path.exists() and not arguments.force:  # said before training, not after
            raise there_already(path)
    given = {"steps": arguments.steps, "seed": arguments.seed or 0, "checkpoint": arguments.checkpoint}
    given |= {name: value for name in ("precision", "compile") if (value := getattr(arguments, name))}
    try:
        # what fit prints when it is stopped, and where it warns, is for users of Python
        with contextlib.redirect_stdout(None), plain_warnings(), of_options(), terminated_as_interrupted():
            run, card = experiments.train(name, progress=True, **given)
    except KeyboardInterrupt as stop:
        if ranks.leads():
            note(f"gancourse: {_how_to_go_on(str(stop) or 'stopped', arguments)}")
        return 130
    if ranks.leads():
        files.keep(output, lambda path: zoo.save(path, run.generator, card))
        print(f"wrote {output} and its card; look at it with: gancourse sample {output}")
    return 0


def listed(what: str, names: Sequence[str], titles: Mapping[str, str] | None = None) -> str:
    """A line for each name: steps and minutes of the shipped network of that name, where there is one, and what it is."""
    from gancourse import zoo

    shipped = set(zoo.names())
    cards = {name: _card(name) if name in shipped else {} for name in names}
    rows = [(what, "steps", "minutes", "what it is")]
    for name, card in cards.items():
        steps = f"{card['steps']:,}" if "steps" in card else "-"
        minutes = f"{max(1, round(card['seconds'] / 60))}" if "seconds" in card else "-"
        rows.append((name, steps, minutes, card.get("title") or (titles or {}).get(name, "")))
    wide = max(len(row[0]) for row in rows)
    lines = [f"{name:<{wide}}  {steps:>7}  {minutes:>7}  {title}".rstrip() for name, steps, minutes, title in rows]
    return "\n".join([*lines, "minutes: what the shipped network took on the machine that made it"])


def _card(name: str) -> Mapping[str, Any]:
    """The card of a shipped network; of one that is damaged, which is no matter of a list, an empty one."""
    from gancourse import zoo

    try:
        return zoo.card(name)
    except ValueError:
        return {}


def _how_to_go_on(stopped: str, arguments: argparse.Namespace) -> str:
    """What is said of a training that Ctrl-C cut short, with the same command once more if that goes on from there."""
    if arguments.checkpoint is None:
        return f"{stopped}; nothing was written: with --checkpoint FILE a training can be stopped and go on"
    if not arguments.checkpoint.exists():
        return f"{stopped} before the first step was kept; nothing was written"
    return f"{stopped}; nothing is lost, go on with: {arguments.again}"


def experiment(arguments: argparse.Namespace) -> int:
    if arguments.verify:
        refuse(arguments, "experiment --verify", "seeds", "jobs")
    elif arguments.name is None:
        refuse(arguments, "the list of experiments", "seeds", "jobs")
    from gancourse.experiments import command

    with plain_warnings():
        return command.main(arguments.name, arguments.seeds, arguments.jobs or 1, arguments.verify)

"""Commands for your own pictures: train on them, compare two folders."""

from __future__ import annotations

import argparse
import contextlib
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from gancourse.base import files
from gancourse.classroom.commands.shared import (
    note,
    of_options,
    plain_warnings,
    refuse,
    terminated_as_interrupted,
)

if TYPE_CHECKING:
    from gancourse.experiments.own.training import Outcome
    from gancourse.metrics import Extractor

FAMILIES = ("dcgan", "stylegan2", "r3gan", "progan", "biggan", "pix2pix", "cyclegan")
OPTIONS = ("run", "size", "labels", "column", "fit", "background", "flip", "skip", "augment", "batch", "every", "direction")
FEATURES = ("inception", "cells")
LARGEST = 256  # pixels that two folders are compared at, unless told
LOOKED_AT = 16  # pictures of a folder whose sides say that


def train(arguments: argparse.Namespace) -> int:
    """Train on your own pictures; Ctrl-C leaves a run that the same command goes on with."""
    from gancourse.base import check
    from gancourse.experiments.own import training

    refuse(arguments, "a training on your own pictures", "checkpoint", "output", "force")
    if arguments.recipe is None:
        raise ValueError(f"name what to train: gancourse train FAMILY --images {arguments.images}, one of {', '.join(FAMILIES)}")
    check.one_of("family", arguments.recipe, FAMILIES)
    if not arguments.run:
        raise ValueError("name the folder that the training writes to: add --run DIR")
    given = {name: getattr(arguments, name) for name in (*OPTIONS, "steps", "seed", "precision", "compile")}
    request = training.Request(arguments.recipe, arguments.images, **{k: v for k, v in given.items() if v not in (None, False)})
    try:
        # what fit prints when it is stopped is for users of Python
        with contextlib.redirect_stdout(None), plain_warnings(), of_options(), terminated_as_interrupted():
            outcome = training.train(request, say=note)
    except KeyboardInterrupt:  # while pictures were read, or pressed twice
        kept = (Path(arguments.run) / "checkpoint.safetensors").exists()
        note(f"gancourse: stopped; {'go on from the last checkpoint' if kept else 'begin again'} with: {arguments.again}")
        return 130
    return outcome.run.world.first(lambda: _kept(outcome, arguments.again))


def _kept(outcome: Outcome, again: str) -> int:
    """Write the weights and their card, and say how it ended."""
    from gancourse import zoo

    weights = outcome.place.weights
    files.keep(weights, lambda path: zoo.save(path, outcome.run.generator, outcome.card, dtype=None))
    if outcome.stopped == "interrupted":
        note(f"gancourse: stopped after step {outcome.run.step:,}; nothing is lost, go on with: {again}")
        return 130
    print(f"wrote {weights} and its card; look at it with: gancourse sample {outcome.place.folder}")
    return 0


def distance(arguments: argparse.Namespace) -> None:
    """Print the distances between two folders, and which features they are measured in."""
    from gancourse import data, metrics
    from gancourse.metrics.compare import compare

    if arguments.features == "cells":
        refuse(arguments, "distance --features cells", "weights")
    extractor, why = _extractor(arguments.features, arguments.weights)
    given = {name: value for name in ("fit", "background", "skip") if (value := getattr(arguments, name))}
    with plain_warnings(), of_options():
        size = arguments.size or min(LARGEST, *(_side(folder) for folder in arguments.folders))
        fake, real = (data.folder(folder, size, **given) for folder in arguments.folders)
    found = compare(*(metrics.image_features(images.images, extractor) for images in (fake, real)))
    print(f"size               {size} px")
    print(found)
    if why:
        print(why)


def _side(folder: str) -> int:
    """The smallest side of some pictures, evenly spaced over a folder."""
    from gancourse.base.kinds import what_is
    from gancourse.data._files import pictures_in

    place = Path(folder).expanduser()
    if place.is_file():
        raise NotADirectoryError(f"{place} is {what_is(place)}, not a folder: pass the folder that holds the pictures")
    if not place.is_dir():
        raise FileNotFoundError(f"there is no folder {place}: pass two folders of pictures")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # they come again when the folder is read
        files = pictures_in(place, "pictures")
    sides = [*filter(None, map(_smaller_side, files[:: max(1, len(files) // LOOKED_AT)]))]
    smallest = min(sides) if sides else next(filter(None, map(_smaller_side, files)), None)
    if smallest is None:
        raise ValueError(f"no picture in {folder} can be read")
    return max(4, smallest)


def _smaller_side(path: Path) -> int | None:
    from gancourse.data.pictures import Unreadable, open_picture

    with contextlib.suppress(Unreadable):
        return min(open_picture(path).size)
    return None


def _extractor(asked: str | None, weights: Path | None) -> tuple[Extractor, str]:
    """The features to measure in, and what is to be said about the choice."""
    from gancourse.metrics.cells import CellFeatures
    from gancourse.metrics.inception import inception, on_disk

    if asked == "cells":
        return CellFeatures(), ""
    if weights is not None:
        source = "torchvision" if "google" in weights.name else "torch-fidelity"
        found = inception(source, weights)
        return found, f"protocol: {found.protocol}"
    there = on_disk()
    if there is not None:
        found = inception(*there)
        return found, f"protocol: {found.protocol}"
    where = "torch's cache has none: call gancourse.metrics.inception.inception() once, which downloads them, or pass --weights"
    if asked == "inception":
        raise FileNotFoundError(f"the weights of Inception are not on disk, {where}")
    return CellFeatures(), f"Inception's weights are not on disk, so these are no Inception distances; {where}"

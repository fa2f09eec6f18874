"""Commands for your own pictures: train on them, draw, translate, compare two folders, export what was trained."""

from __future__ import annotations

import argparse
import contextlib
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gancourse.base import files
from gancourse.classroom.commands.shared import (
    again,
    note,
    of_options,
    plain_warnings,
    refuse,
    terminated_as_interrupted,
    there_already,
)

if TYPE_CHECKING:
    from torch import Tensor

    from gancourse.experiments.own.place import Place
    from gancourse.experiments.own.training import Outcome
    from gancourse.metrics import Extractor
    from gancourse.zoo import Shipped
    from gancourse.zoo.exported import Exported

FAMILIES = ("dcgan", "stylegan2", "r3gan", "progan", "biggan", "pix2pix", "cyclegan")
OPTIONS = ("run", "size", "labels", "column", "fit", "background", "flip", "skip", "augment", "batch", "every", "direction")
FEATURES = ("inception", "cells")
LARGEST = 256  # pixels that two folders are compared at, unless told
LOOKED_AT = 16  # pictures of a folder whose sides say that


# ------------------------------------------------------------------------------------------------------------- training


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


# ------------------------------------------------------------------------------------------------------------- sampling


def place_of(checkpoint: str) -> Path | None:
    """The folder of a run, where ``checkpoint`` is that or its checkpoint; None where it is something else."""
    given = Path(checkpoint).expanduser()
    folder = given if given.is_dir() else given.parent if given.name == "checkpoint.safetensors" else None
    return folder if folder is not None and (folder / "settings.json").is_file() else None


def no_other_folder(checkpoint: str) -> None:
    """Raise an IsADirectoryError where ``checkpoint`` is a folder, neither that of a run nor the name of a shipped network."""
    from gancourse import zoo

    if Path(checkpoint).expanduser().is_dir() and checkpoint not in zoo.names():
        raise IsADirectoryError(
            f"{checkpoint} is a folder and that of no run, for it has no settings.json: name one of a run, or a checkpoint's file"
        )


def of_run(folder: Path) -> Shipped:
    """What a run has trained: its weights, or its checkpoint where that is further, as of a run at work or one that was killed.

    Raises FileNotFoundError where nothing is kept as yet.
    """
    from gancourse import zoo
    from gancourse.base import trees
    from gancourse.experiments.own.place import Place
    from gancourse.experiments.own.training import standing

    place = Place(folder)
    ended = _ended(place)
    if ended is None and not place.checkpoint.is_file():
        raise FileNotFoundError(
            f"nothing of {folder} is kept yet: let it train up to its first checkpoint, or begin again with: {_command(place)}"
        )
    step = 0 if ended is None else int(ended.card.get("steps", 0))
    try:
        at = int(trees.value(place.checkpoint, "step")) if place.checkpoint.is_file() else step
        if ended is not None and at <= step:
            return ended
        model, card = standing(place)
    except (ValueError, TypeError) as error:
        if ended is None:
            raise
        note(f"gancourse: {error}; these are the weights of step {step:,}")
        return ended
    why = f"{folder} has weights of step {step:,}" if ended else f"{folder} has no weights yet"
    note(f"gancourse: {why}: taken from its checkpoint, which stands at step {at:,} of {_steps(place):,}")
    note(f"gancourse: if it is not at work, go on with: {_command(place)}")
    with tempfile.TemporaryDirectory() as there:
        return zoo.load(zoo.save(Path(there) / place.weights.name, model, card, dtype=None))


def _ended(place: Place) -> Shipped | None:
    """The weights that a training wrote when it ended; None where it has not, or was killed while it wrote them."""
    from gancourse import zoo

    if not place.weights.is_file():
        return None
    try:
        return zoo.load(place.weights)
    except (ValueError, OSError) as error:
        if not place.checkpoint.is_file():
            raise
        note(f"gancourse: {error}")
        return None


def _steps(place: Place) -> int:
    known = place.noted()
    return 0 if known is None else int(known["asked"]["steps"])


def _command(place: Place) -> str:
    """The command that a run was begun with, as its settings have it."""
    from dataclasses import fields

    from gancourse.experiments.own.training import Request

    known = place.noted()
    asked: dict[str, Any] = {} if known is None else known["asked"]
    words = ["train", asked["family"], "--images", asked["images"]]
    for each in fields(Request):
        value = asked.get(each.name, each.default)
        if each.name not in ("family", "images", "run") and value != each.default:
            words += [f"--{each.name}"] if value is True else [f"--{each.name}", str(value)]
    return again([*words, "--run", str(place.folder)])


def drawn(shipped: Shipped, arguments: argparse.Namespace) -> tuple[Tensor, int | None]:
    """What ``sample`` shows of a network, [N, C, H, W], and in how many columns: of a translator above what it was given."""
    import torch

    from gancourse.zoo.cards import required_inputs

    if arguments.images is not None:
        refuse(arguments, "a translation", "label", "seed", "columns")
        given, made = translated(shipped, arguments.images, arguments.n or 8, arguments.back, arguments.skip)
        return torch.cat([given, made]), len(given)
    refuse(arguments, "a network that is no translator", "back", "skip")
    if _translates(shipped.model):
        raise ValueError(f"{shipped.card.get('name', 'this network')} translates pictures: add --images FOLDER")
    n, seed = arguments.n or 64, arguments.seed or 0
    labels = labels_of(shipped, n, arguments.label, seed)
    wanted = required_inputs(shipped.model)
    if not isinstance(getattr(shipped.model, "latent_dim", None), int) or len(wanted) > 1 + (labels is not None):
        call = f'gancourse.zoo.load("{arguments.checkpoint}").model({", ".join(wanted)})'
        raise ValueError(
            f"{arguments.checkpoint} draws from {' and '.join(wanted)}, not from latents alone: call it in Python, {call}"
        )
    return (shipped.sample(n, seed=seed) if labels is None else shipped.sample(n, seed=seed, labels=labels)), arguments.columns


def labels_of(shipped: Shipped, n: int, label: str | None, seed: int = 0) -> Tensor | None:
    """n labels for a network that knows classes: all ``label``, or all classes in turn; None for other networks.

    A label is a name or a number; of several attributes ``hair=red,glasses=yes``, and those that are not asked for are drawn.
    """
    import torch

    from gancourse.base import check
    from gancourse.models.layers.conditional import Classes

    known = _values(shipped)
    if not known:
        if label is not None:
            raise ValueError(f"{shipped.card.get('name', 'this network')} knows no classes: leave --label out")
        return None
    labels = Classes.of(known).spread(n, seed)
    if len(known) == 1:
        return labels if label is None else torch.full((n,), _number("label", label, *known.values()))
    asked: set[str] = set()
    for part in () if label is None else label.split(","):
        attribute, equals, value = (word.strip() for word in part.partition("="))
        if not equals:
            raise ValueError(f"labels have the attributes {', '.join(known)}: ask as in --label {_example(known)}, not {label}")
        place = list(known).index(check.one_of("attribute", attribute, list(known)))
        if attribute in asked:
            raise ValueError(f"{attribute} is asked for twice in --label {label}: leave one out")
        asked.add(attribute)
        labels[:, place] = _number(attribute, value, known[attribute])
    return labels


def _values(shipped: Shipped) -> dict[str, list[str]]:
    """The names of the values of each attribute that the labels of a network have: numbers where the card names none."""
    from gancourse.zoo import exported

    sizes = exported.label_sizes(shipped.model)
    if named := shipped.card.get("classes"):
        return {"label": list(named)}
    told = shipped.card.get("network", {}).get("arguments", {}).get("classes")
    if isinstance(told, dict):
        return {name: list(values) for name, values in told.items()}
    return {"label" if len(sizes) == 1 else f"attribute {i}": [str(v) for v in range(k)] for i, k in enumerate(sizes)}


def _number(what: str, value: str, names: list[str]) -> int:
    """The number of a value, given by its name or by that number."""
    from gancourse.base import check

    if value.isdecimal() and value not in names:
        if int(value) >= len(names):
            raise ValueError(f"{what} must be a class or a number below {len(names)}, not {value}: {', '.join(names)}")
        return int(value)
    return names.index(check.one_of(what, value, names))


def _example(known: dict[str, list[str]]) -> str:
    return ",".join(f"{name}={values[-1]}" for name, values in list(known.items())[:2])


def translated(shipped: Shipped, images: str, n: int, back: bool, skip: bool = False) -> tuple[Tensor, Tensor]:
    """The first n pictures of a folder as a translator is given them, and what it makes of them: of one side and as many colours.

    One that takes a grey picture is given that; one that enlarges pictures is given them so much smaller.
    """
    import torch

    from gancourse.data.corruptions import grey
    from gancourse.data.images import to_float
    from gancourse.data.own import first_of

    model: Any = shipped.model
    _must_translate(shipped)
    scale = getattr(model, "scale", 1)
    with plain_warnings(), of_options():
        x = to_float(first_of(images, _side_of(shipped) // scale, n, skip=skip))
    if getattr(model, "in_channels", 3) == 1:
        x = grey(x)
    with torch.no_grad():
        made = one_way(model, back)(x).clamp(-1, 1)
    x = x.repeat_interleave(scale, 2).repeat_interleave(scale, 3)
    colours = max(x.shape[1], made.shape[1])
    return x.expand(-1, colours, -1, -1), made.expand(-1, colours, -1, -1)


def _translates(model: Any) -> bool:
    """Whether a network makes pictures of pictures alone."""
    return any(hasattr(model, name) for name in ("ab", "in_channels", "scale"))


def _must_translate(shipped: Shipped) -> None:
    """Raise a ValueError that says what a network does that does not make pictures of pictures alone."""
    name = shipped.card.get("name", "this network")
    if hasattr(shipped.model, "latent_dim"):
        raise ValueError(f"{name} draws from latents and translates nothing: leave --images out")
    if hasattr(shipped.model, "takes_mask"):
        raise ValueError(
            f'{name} takes a mask beside the picture: call it in Python, gancourse.zoo.load("{name}").model(x), x [N, 4, H, W]'
        )
    if not _translates(shipped.model):
        raise ValueError(f"{name} makes no pictures: leave --images out")


def _side_of(shipped: Shipped) -> int:
    """The side of the pictures that a network makes: its own, or that of its data."""
    return int(getattr(shipped.model, "size", shipped.card.get("data", {}).get("arguments", {}).get("size", 64)))


def one_way(model: Any, back: bool) -> Any:
    """The network itself; of two translators the one asked for."""
    if hasattr(model, "ba"):
        return model.ba if back else model.ab
    if back:
        raise ValueError("this network translates one way alone: leave --back out")
    return model


# ------------------------------------------------------------------------------------------------------------- distance


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


# --------------------------------------------------------------------------------------------------------------- export


def export(arguments: argparse.Namespace) -> None:
    """Write a network as safetensors with its card, and as ONNX."""
    from gancourse import zoo

    if arguments.no_onnx:
        refuse(arguments, "export --no-onnx", "back")
    run = place_of(arguments.checkpoint)
    if run is None:
        no_other_folder(arguments.checkpoint)
    folder = arguments.output or (run if run is not None else Path()) / "export"
    if folder.is_file():
        raise NotADirectoryError(f"{folder} is a file: name a folder")
    shipped = of_run(run) if run is not None else zoo.load(arguments.checkpoint)
    name = run.resolve().name if run is not None else shipped.card["name"]
    target = files.writable(folder / f"{name}.safetensors")
    onnx = target.with_name(f"{name}-back.onnx") if arguments.back else target.with_suffix(".onnx")
    paths, before = [target, target.with_suffix(".json"), *([] if arguments.no_onnx else [onnx])], _exported(target, shipped)
    for path in paths:
        if path.exists() and path.name not in before and not arguments.force:
            raise there_already(path)
    old = [] if not before or _same_weights(target, shipped) else [folder / name for name in before if name.endswith(".onnx")]
    old = [path for path in old if path not in paths and path.exists()]
    card = {**shipped.card, "exported": sorted({*before, *(path.name for path in paths)} - {path.name for path in old})}
    with tempfile.TemporaryDirectory(prefix=".", dir=folder) as there:  # both or none: what fails leaves what was there
        made = None if arguments.no_onnx else _onnx(shipped, arguments.back, Path(there) / onnx.name)
        written = zoo.save(target.resolve(), shipped.model, card, dtype=None)
        if made is not None:
            made.path.replace(onnx)
    print(f"wrote {written} and its card")
    if made is not None:
        print(f"wrote {onnx}: {made}")
    for path in old:
        path.unlink()
        print(f"removed {path}, which was of other weights")


def _onnx(shipped: Shipped, back: bool, path: Path) -> Exported:
    from gancourse.zoo import exported

    try:
        with plain_warnings():
            return exported.to_onnx(one_way(shipped.model, back), path, size=_side_of(shipped))
    except ImportError as error:  # an extra that the course itself does without
        raise RuntimeError(f"{error}, or leave ONNX out with --no-onnx") from error


def _same_weights(path: Path, shipped: Shipped) -> bool:
    """Whether an earlier export has these weights."""
    import torch

    from gancourse import zoo

    try:
        kept, mine = (one.state_dict() for one in (zoo.load(path).model, shipped.model))
    except (OSError, ValueError):
        return False
    return kept.keys() == mine.keys() and all(torch.equal(kept[key], mine[key]) for key in kept)


def _exported(target: Path, shipped: Shipped) -> list[str]:
    """The names of what an earlier export of the same network, which may have been trained less, wrote beside a file."""
    from gancourse import zoo

    try:
        known = zoo.card(target)
    except (OSError, ValueError):
        return []
    same = all(known.get(key) == shipped.card.get(key) for key in ("network", "data", "training", "seed"))
    return list(known.get("exported", [])) if same else []

"""The command that draws: samples of a network, of a run at work or ended, and what a translator makes of your own pictures."""

from __future__ import annotations

import argparse
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gancourse.base import files
from gancourse.classroom.commands.shared import (
    again,
    no_other_file,
    no_other_folder,
    note,
    of_options,
    plain_warnings,
    refuse,
    there_already,
)
from gancourse.classroom.commands.training import listed

if TYPE_CHECKING:
    from PIL.PngImagePlugin import PngInfo
    from torch import Tensor

    from gancourse.experiments.own.place import Place
    from gancourse.zoo import Shipped

_SIGNED = ("Software", "gancourse sample")  # a text in the PNG, by which its own sheets are known


def sample(arguments: argparse.Namespace) -> None:
    from gancourse import viz, zoo

    if arguments.checkpoint is None:
        refuse(arguments, "the list of checkpoints", "n", "seed", "columns", "output", "label", "images", "back", "skip", "force")
        shipped = zoo.names()
        print(listed("checkpoint", shipped) if shipped else "shipped checkpoints: none")
        return
    run = place_of(arguments.checkpoint)
    usual = (run or Path()) / "grid.png"  # of a run where its pictures do not lie, and where nobody else's do
    output = _sheet(arguments.output or usual, arguments.force or (run is not None and arguments.output is None))
    if run is None:
        no_other_folder(arguments.checkpoint)
    if run is None and ("/" in arguments.checkpoint or os.sep in arguments.checkpoint or arguments.checkpoint not in zoo.names()):
        no_other_file(Path(arguments.checkpoint))
    images, columns = drawn(of_run(run) if run is not None else zoo.load(arguments.checkpoint), arguments)
    if images.ndim != 4:
        raise ValueError(f"{arguments.checkpoint} makes samples of shape {list(images.shape[1:])}, which are no images")
    picture = viz.grid(images, columns=columns)
    done = "replaced" if output.exists() else "wrote"
    files.keep_whole(output, lambda part: picture.save(part, "PNG", pnginfo=_signed()))
    print(f"{done} {output} ({picture.width} x {picture.height} pixels)")


def _signed() -> PngInfo:
    from PIL.PngImagePlugin import PngInfo

    text = PngInfo()
    text.add_text(*_SIGNED)
    return text


def _sheet(path: Path, force: bool) -> Path:
    """Return ``path`` if samples can be written there, and nothing is there but an earlier sheet of samples."""
    files.writable(path)
    if path.suffix.lower() != ".png":
        raise ValueError(f"{path} does not end in .png, and a PNG is what this writes: name another --output")
    if path.exists() and not force and not _own_sheet(path):
        raise there_already(path)
    return path


def _own_sheet(path: Path) -> bool:
    from PIL import Image

    try:
        with Image.open(path) as picture:
            return picture.info.get(_SIGNED[0]) == _SIGNED[1]
    except (OSError, ValueError, SyntaxError):
        return False


def place_of(checkpoint: str) -> Path | None:
    """The folder of a run, where ``checkpoint`` is that or its checkpoint; None where it is something else."""
    given = Path(checkpoint).expanduser()
    folder = given if given.is_dir() else given.parent if given.name == "checkpoint.safetensors" else None
    return folder if folder is not None and (folder / "settings.json").is_file() else None


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
        x = to_float(first_of(images, side_of(shipped) // scale, n, skip=skip))
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


def side_of(shipped: Shipped) -> int:
    """The side of the pictures that a network makes: its own, or that of its data."""
    return int(getattr(shipped.model, "size", shipped.card.get("data", {}).get("arguments", {}).get("size", 64)))


def one_way(model: Any, back: bool) -> Any:
    """The network itself; of two translators the one asked for."""
    if hasattr(model, "ba"):
        return model.ba if back else model.ab
    if back:
        raise ValueError("this network translates one way alone: leave --back out")
    return model

"""The command that writes a trained network for other programs: safetensors with its card, and ONNX."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gancourse.base import files
from gancourse.classroom.commands.sampling import of_run, one_way, place_of, side_of
from gancourse.classroom.commands.shared import no_other_folder, plain_warnings, refuse, there_already

if TYPE_CHECKING:
    from gancourse.zoo import Shipped
    from gancourse.zoo.exported import Exported


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
            return exported.to_onnx(one_way(shipped.model, back), path, size=side_of(shipped))
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

"""The folder of a run: what it was begun with, what it may go on with, and one training at a time in it.

settings.json           what was asked for, the plan, what the pictures were
checkpoint.safetensors  everything that the next step depends on
curve.csv               step, seconds, mean losses since the row before, score
samples/000500.png      samples of latents that stay the same
index.html              a page that shows all this, and reloads itself while the training is at work
tensorboard/            the same as event files, where tensorboard is installed
generator.safetensors   the (averaged) generator; its model card beside it, generator.json
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from gancourse import __version__
from gancourse.base import check, files, trees
from gancourse.base.files import composed
from gancourse.zoo import cards

FORMAT = 1
FREE = ("images", "skip", "compile")  # what may differ when a run goes on: the same pictures may lie elsewhere
GROWING = ("progan",)  # families whose timetable depends on the number of steps


class Place:
    """The folder of a run by the names of its files."""

    def __init__(self, folder: str | Path) -> None:
        self.folder = check.path("run", folder)
        self.settings = self.folder / "settings.json"
        self.checkpoint = self.folder / "checkpoint.safetensors"
        self.curve = self.folder / "curve.csv"
        self.samples = self.folder / "samples"
        self.page = self.folder / "index.html"
        self.events = self.folder / "tensorboard"
        self.weights = self.folder / "generator.safetensors"

    def ready(self) -> bool:
        """Make the folder, and return whether it is new.

        Raises an OSError where nothing can be written, a ValueError where the folder is of something else.
        """
        fresh = not self.folder.exists()
        if self.folder.exists() and not self.folder.is_dir():
            raise NotADirectoryError(f"{self.folder} is a file: name a folder for the run")
        if not self.settings.is_file() and self.folder.is_dir():
            there = sorted(path.name for path in self.folder.iterdir() if not path.name.startswith("."))
            if there:
                raise ValueError(
                    f"{self.folder} holds other files ({', '.join(there[:3])}) and no settings.json: name a new or empty folder"
                )
        files.writable(self.settings)
        for path in (self.checkpoint, self.curve, self.page, self.weights):
            files.writable(path)
        if self.samples.exists():
            files.writable(self.samples / "000000.png")
        return fresh

    @contextlib.contextmanager
    def alone(self, fresh: bool = False) -> Iterator[None]:
        """Hold the folder; a second training in it raises an OSError at once.

        Where no training began, what holds it goes again at the end, and a folder that is ``fresh``.
        """
        from filelock import FileLock, Timeout

        file = self.folder / ".lock"
        lock, ours = FileLock(file), not file.exists()
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise OSError(f"another training is at work in {self.folder}: wait for it, or name another folder") from None
        try:
            yield
        finally:
            idle = not self.settings.is_file()
            if idle and ours:
                with contextlib.suppress(OSError):  # Windows removes no open file, filelock does it there
                    file.unlink()
            lock.release()
            if idle and fresh:
                with contextlib.suppress(OSError):  # somebody put something into it
                    self.folder.rmdir()

    def known(self) -> dict[str, Any] | None:
        """What the run was begun with, or None where it has not begun: nothing that was trained is there."""
        found = self.noted()
        return found if self.checkpoint.is_file() or self.weights.is_file() else None

    def noted(self) -> dict[str, Any] | None:
        """What settings.json says, or None where it is not there."""
        if not self.settings.is_file():
            return None
        try:
            found: dict[str, Any] = json.loads(self.settings.read_text(encoding="utf-8"))
            if found["format"] != FORMAT:
                raise ValueError(f"its format is {found['format']}")
            if not all(isinstance(found[key], dict) for key in ("asked", "plan", "pictures")):
                raise ValueError("it lacks a part")
            return found
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f"{self.settings} is damaged ({error}): name another folder to start anew") from None

    def write(self, asked: Mapping[str, Any], plan: Mapping[str, Any], pictures: Mapping[str, Any]) -> None:
        """Note what the run is begun, or gone on, with."""
        text = {"format": FORMAT, "gancourse": __version__, "asked": asked, "plan": plan, "pictures": pictures}
        with files.atomic_write(self.settings) as part:
            part.write_text(json.dumps(text, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def same(place: Place, known: Mapping[str, Any], asked: Mapping[str, Any], usual: Mapping[str, Any] | None = None) -> None:
    """Raise a ValueError that names the first setting in which a run that goes on differs from what it was begun with.

    ``usual`` are the values of settings that a run of an older version does not know.  The number of steps may be raised, but for
    networks that grow by a timetable.  A precision that is not asked for is that of the run.
    """
    begun = {**(usual or {}), **known["asked"]}
    begun["precision"] = known.get("plan", {}).get("settings", {}).get("precision", begun.get("precision"))
    if asked.get("precision") == "auto":
        asked = {**asked, "precision": begun["precision"]}
    free = {*FREE} if asked["family"] in GROWING else {*FREE, "steps"}
    for name in asked:
        if name not in free and begun.get(name) != asked[name]:
            raise ValueError(
                f"{place.folder} was begun with {_option(name, begun.get(name))}, this command has {_option(name, asked[name])}: "
                "use the same to go on, or another --run to start anew"
            )


def can_go_on(place: Place, steps: int) -> None:
    """Raise a ValueError where the checkpoint stands beyond ``steps``, and where there are weights and no checkpoint: a training
    from step 0 would be written over them.
    """
    if place.checkpoint.is_file():
        if (at := int(trees.value(place.checkpoint, "step"))) > steps:
            fix = "ask for more --steps, or use another --run to start anew"
            raise ValueError(f"{place.folder} stands at step {at:,}, beyond the {steps:,} asked for: {fix}")
        return
    try:
        step = f" of step {int(cards.card(place.weights)['steps']):,}"
    except (OSError, ValueError, KeyError, TypeError):
        step = ""
    raise ValueError(
        f"{place.folder} has weights{step} and no checkpoint to go on from: put {place.checkpoint.name} back, or use another "
        "--run to start anew"
    )


def same_pictures(place: Place, known: Mapping[str, Any], pictures: Mapping[str, Any]) -> None:
    """Raise a ValueError where the pictures are not those that the run was begun with."""
    begun = known["pictures"]
    if begun["count"] != pictures["count"]:
        counts = f"{begun['count']:,} then, {pictures['count']:,} now"
        fix = "take out what came and put back what went, or use another --run to start anew"
        raise ValueError(f"the pictures are not those that {place.folder} was begun with ({counts}): {fix}")
    # earlier runs on macOS noted accents apart from their letters
    labels = [[composed(name) for name in found["classes"]] for found in (begun, pictures)]
    for (then, now), what in ((labels, "labels"), ((begun["checksum"], pictures["checksum"]), "pictures")):
        if then != now:
            fix = "put them back, or use another --run to start anew"
            raise ValueError(f"the {what} changed since {place.folder} was begun: {fix}")


def _option(name: str, value: Any) -> str:
    if name == "family":
        return str(value)
    if value is None or value is False:
        return f"no --{name}"
    return f"--{name}" if value is True else f"--{name} {value}"

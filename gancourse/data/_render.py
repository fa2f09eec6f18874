"""Draw faces: a drawing style and options in, RGB pixels out.

``render`` shares the work among processes.  Each worker is this file run as a program: it reads one job as JSON from its standard
input and writes the pixels of its faces, in order, to its standard output.  It is started by its path and imports nothing
of gancourse, so that it is ready as soon as the drawing packages are, without torch.  A program of its own is used because
multiprocessing re-runs the caller's main script, which a script without a __main__ guard does not survive.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from threading import Thread
from typing import Any

import numpy as np

Face = tuple[str, list[int]]  # its seed, the index of its value in each attribute


def definition(style: str) -> dict[str, Any]:
    """The definition of a drawing style, as dicebear-styles ships it."""
    from importlib.resources import files

    found: dict[str, Any] = json.loads((files("dicebear_styles") / f"{style}.json").read_text(encoding="utf-8"))
    return found


def draw(job: dict[str, Any], faces: Iterable[Face]) -> Iterator[np.ndarray]:
    """Yield one uint8 picture [size, size, 3] for each face.

    ``job`` holds ``definition`` (a style's name, or a definition itself), ``size``, ``fixed`` options and ``attributes``: for
    each attribute the list of its values' options.
    """
    import resvg_py
    from PIL import Image

    assemble = None
    for seed, values in faces:
        options = dict(job["fixed"], seed=seed)
        for table, value in zip(job["attributes"], values, strict=True):
            options.update(table[value])
        assemble = assemble or _assembler(job["definition"], options)
        png = resvg_py.svg_to_bytes(svg_string=assemble(options), width=job["size"], skip_system_fonts=True)
        yield np.asarray(Image.open(io.BytesIO(png)).convert("RGB"))


@functools.lru_cache(maxsize=8)
def _style(name: str) -> Any:
    """The style of a name, or of a definition as JSON; dicebear takes a second to check one."""
    from dicebear import Style

    return Style(json.loads(name) if name.startswith("{") else definition(name))


def _assembler(name: str | dict[str, Any], example: dict[str, Any]) -> Callable[[dict[str, Any]], str]:
    """The function that turns options into SVG text.

    Avatar checks its options against a JSON schema, which takes longer than the rest of the drawing together; our tables are
    checked once, by gancourse.data.avatars.check_style.  So the parts of Avatar are called without that step, provided that
    they are where this release of dicebear-core has them and draw ``example`` as Avatar does.
    """
    from dicebear import Avatar

    style = _style(name if isinstance(name, str) else json.dumps(name))
    checked = Avatar(style, example).to_string()

    def quick(options: dict[str, Any]) -> str:
        parsed = Options()
        parsed._data = options
        return Renderer(style, Resolver(style, parsed)).render()

    try:
        from dicebear.options import Options
        from dicebear.renderer import Renderer
        from dicebear.resolver import Resolver

        if quick(example) == checked:
            return quick
    except (ImportError, AttributeError, TypeError):
        pass
    return lambda options: Avatar(style, options).to_string()


def cores() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def render(job: dict[str, Any], faces: Sequence[Face], progress: bool = True, workers: int | None = None) -> np.ndarray:
    """Draw all faces: uint8 [N, 3, size, size].

    Works in ``workers`` processes (default: one for each processor, and at least 250 faces for each), or in this one if that
    is one or if processes cannot be started.
    """
    from gancourse.base.progress import Progress

    out = np.empty((len(faces), 3, job["size"], job["size"]), np.uint8)
    workers = min(cores(), len(faces) // 250) if workers is None else workers
    bar = Progress(len(faces), unit="face", enabled=progress)
    try:
        if workers > 1 and sys.executable:
            try:
                _render_in_processes(job, faces, out, workers, bar)
                return out
            except (OSError, ChildProcessError) as error:
                warnings.warn(f"drawing in one process, because workers failed: {error}", stacklevel=2)
        for i, picture in enumerate(draw(job, faces)):
            out[i] = picture.transpose(2, 0, 1)
            bar.update(i + 1)
    finally:
        bar.close()
    return out


def _render_in_processes(job: dict[str, Any], faces: Sequence[Face], out: np.ndarray, workers: int, bar: Any) -> None:
    size = job["size"]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OMP_NUM_THREADS": "1"}
    processes: list[subprocess.Popen[bytes]] = []
    threads: list[Thread] = []
    failures: list[str] = []
    done = [0] * workers

    def serve(process: subprocess.Popen[bytes], start: int, errors: Any) -> None:
        """Give a worker every ``workers``-th face and collect its pixels."""
        assert process.stdin is not None and process.stdout is not None
        try:
            process.stdin.write(json.dumps({**job, "faces": faces[start::workers]}).encode())
            process.stdin.close()
        except OSError:
            pass  # it died; its output ends early, which is noticed below
        for i in range(start, len(faces), workers):
            pixels = process.stdout.read(3 * size * size)
            if len(pixels) < 3 * size * size:
                process.wait()
                errors.seek(0)
                said = errors.read().decode(errors="replace").strip().splitlines() or [f"exit status {process.returncode}"]
                failures.append(said[-1])
                return
            out[i] = np.frombuffer(pixels, np.uint8).reshape(size, size, 3).transpose(2, 0, 1)
            done[start] += 1

    try:
        for start in range(workers):
            errors = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the last reference to it)
            command = [sys.executable, "-P", os.path.abspath(__file__)]
            pipe, window = subprocess.PIPE, getattr(subprocess, "CREATE_NO_WINDOW", 0)  # no console flashes up on Windows
            processes.append(
                subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=errors, env=environment, creationflags=window)
            )
            threads.append(Thread(target=serve, args=(processes[-1], start, errors), daemon=True))
            threads[-1].start()
        while any(thread.is_alive() for thread in threads) and not failures:
            time.sleep(0.05)
            bar.update(sum(done))
    finally:  # also on Ctrl-C: no worker outlives the call
        for process in processes:
            with contextlib.suppress(OSError):  # Windows may refuse it to one that is just ending by itself
                process.kill()
        for thread in threads:
            thread.join()
        for process in processes:
            process.wait()
            if process.stdout is not None:
                process.stdout.close()
    if failures:
        raise ChildProcessError(failures[0])


def main() -> None:
    """Read a job, write its pixels."""
    pipe = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # nothing else may write among the pixels
    job = json.load(sys.stdin)
    for picture in draw(job, job["faces"]):
        pipe.write(picture.tobytes())
    pipe.close()


if __name__ == "__main__":
    main()

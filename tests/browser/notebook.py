"""A notebook with every explorer of the course, one a cell, and a JupyterLab or a Notebook 7 that serves it."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gancourse.classroom import lab as course

ROOT = Path(__file__).resolve().parents[2]

SETUP = """
import torch
from torch import nn
from gancourse import data
from gancourse.classroom import widgets
from PIL import Image
from gancourse.models import progan, stylegan2
from tests.shown import QUESTIONS, Faces, images, toy_gan, toy_points

torch.manual_seed(0)

class Scaled(nn.Module):
    def __init__(self, factor):
        super().__init__()
        self.factor = nn.Parameter(torch.tensor(factor))

    def forward(self, x):
        return self.factor * x

class Asked(nn.Module):
    latent_dim = 5

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(5, 192))

    def forward(self, z, y):
        return torch.tanh(z @ self.weights(y)).reshape(-1, 3, 8, 8)

    def weights(self, y):
        return self.weight + y.sum() / 3

class Echo(Scaled):
    def forward(self, x):
        return x[:, :1].expand(-1, 3, -1, -1) * self.factor

frames = [Image.fromarray(images(1, 3, 80, 120, seed)[0].permute(1, 2, 0).numpy()) for seed in range(4)]
pictures = torch.rand(3, 3, 16, 16)
styled = stylegan2.Generator(16, 6, w_dim=8, mapping_layers=2, channel_base=128, channel_max=12)
"""

# Each factory with small networks: the cell that shows it.
CELLS = {
    "attribute_chooser": 'widgets.attribute_chooser(Asked(), {"hair": ("black", "red"), "smile": ("no", "yes")}, n=4)',
    "draw_face": "widgets.draw_face(Echo(-0.5), side=32, size=160)",
    "explorer": 'widgets.explorer({str(i): frame for i, frame in enumerate(frames)}, kind="slider")',
    "fill_hole": "widgets.fill_hole(Echo(0.9), pictures, size=160)",
    "finder": 'widgets.finder([{"name": n, "kind": k} for n, k in ("ax", "by", "cx", "dy")], choose="kind")',
    "game_player": "widgets.game_player(frames, fps=20)",
    "growth_slider": "widgets.growth_slider(progan.Generator(16, 5, widths=(6, 6, 4)), start=0, n=4)",
    "latent_sliders": "widgets.latent_sliders(Faces(), n_sliders=2)",
    "live_game": "widgets.live_game(widgets.ToyGame(toy_gan(), toy_points(), n=20, preview_rounds=(0, 1)))",
    "playground": 'widgets.playground("collapse", preview=(0,))',
    "quiz": "widgets.quiz(QUESTIONS)",
    "style_explorer": "widgets.style_explorer(styled)",
    "text_box": 'widgets.text_box(Asked(), lambda said: torch.tensor([[len(text)] for text in said]), ["a smile"], n=4)',
    "toy_game": "widgets.toy_game(toy_gan(1), toy_points(), n=20, preview_rounds=(0, 1))",
    "translator": 'widgets.translator(Scaled(0.5), Scaled(2.0), pictures, pictures.flip(0), ("day", "night"))',
    "turntable": "widgets.turntable({str(i): shape for i, shape in enumerate(data.furniture(16, 3).voxels)}, size=160)",
    "which_is_real": "widgets.which_is_real(pictures, pictures.flip(0), n=3, size=96)",
}


class FrontEnd(NamedTuple):
    """A program that serves the notebook: its module, class of settings, and the path of its page."""

    module: str
    app: str
    place: str


LAB = FrontEnd("jupyterlab", "LabApp", "lab/tree")
NOTEBOOK = FrontEnd("notebook", "JupyterNotebookApp", "notebooks")


def write(folder: Path) -> Path:
    """The notebook in ``folder``."""
    from nbformat import v4, write

    cells = [v4.new_code_cell(cell.strip()) for cell in (SETUP, *CELLS.values())]
    cells.insert(1, v4.new_markdown_cell("Every explorer, one a cell."))
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    path = folder / "all.ipynb"
    write(v4.new_notebook(cells=cells, metadata=metadata), path)
    return path


def _answering(port: int, server: subprocess.Popen[bytes], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=5):
            return
        time.sleep(0.2)
    raise RuntimeError(f"nothing answers on port {port}")


@contextlib.contextmanager
def served(program: FrontEnd, folder: Path) -> Iterator[str]:
    """The program over ``folder`` on a free port, as the course configures it: the address below which it shows notebooks."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", program.module, "--no-browser", "--allow-root", f"--port={port}", "--ip=127.0.0.1"]
    command += [f"--ServerApp.root_dir={folder}", "--IdentityProvider.token=", "--ServerApp.port_retries=0", "--log-level=ERROR"]
    command.append(f"--{program.app}.expose_app_in_browser=True")  # so that a test can change the theme
    private = {name: str(folder / name.lower()) for name in ("JUPYTER_RUNTIME_DIR", "JUPYTERLAB_WORKSPACES_DIR")}
    private |= {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"), "IPYTHONDIR": str(folder / "ipython")}
    environment = course.environment() | private | {"PYTHONPATH": str(ROOT)}
    everything = folder / "settings" / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings"
    everything.parent.mkdir(parents=True)
    everything.write_text('{"windowingMode": "none"}', encoding="utf-8")  # cells out of sight are drawn, too
    log = folder / "lab.log"
    with log.open("w") as file, subprocess.Popen(command, env=environment, stdout=file, stderr=file, cwd=folder) as server:
        try:
            _answering(port, server)
            yield f"http://127.0.0.1:{port}/{program.place}"
        finally:
            server.terminate()

"""What the site draws of shipped networks: the weights that the page Play runs, and the film of its front page."""

from __future__ import annotations

import base64
import json
import math
from pathlib import Path

NETWORK = "faces32_conditional"  # it draws in the browser
PAINTER = "faces64"  # it draws the film
ROWS, COLUMNS, FRAMES, MILLISECONDS = 3, 10, 40, 120


def weights(root: Path) -> str:
    """A script with the network's card and its file of weights: a page opened from a disk may load scripts, not data."""
    folder = root / "data" / "checkpoints"
    card = json.loads((folder / f"{NETWORK}.json").read_text(encoding="utf-8"))
    arguments = card["network"]["arguments"]
    found = {
        "labels": arguments["classes"],
        "size": arguments["size"],
        "latents": arguments.get("latent_dim", 64),
        "tensors": base64.b64encode((folder / f"{NETWORK}.safetensors").read_bytes()).decode("ascii"),
    }
    return f"gancourse.network = {json.dumps(found)};\n"


def film(target: Path) -> None:
    """Write walk.webp, a closed walk through the latents of thirty faces, and still.webp, where it begins.

    z(t) = cos(2 pi t) a + sin(2 pi t) b: at every t as long as a random latent is.
    """
    import torch

    from gancourse import viz, zoo
    from gancourse.base import files

    painter = zoo.load(PAINTER)
    a, b = torch.randn(2, ROWS * COLUMNS, painter.model.latent_dim, generator=torch.Generator().manual_seed(0))
    frames = []
    with torch.no_grad():
        for frame in range(FRAMES):
            angle = 2 * math.pi * frame / FRAMES
            images = painter.model.eval()(math.cos(angle) * a + math.sin(angle) * b)
            frames.append(viz.grid(images, columns=COLUMNS, scale=1).convert("RGB"))
    moving = {"save_all": True, "append_images": frames[1:], "duration": MILLISECONDS, "loop": 0, "quality": 45}
    for name, options in (("still", {"quality": 80}), ("walk", moving)):
        with files.atomic_write(target / f"{name}.webp") as part:  # half a film would be taken for one that is made
            frames[0].save(part, **options)

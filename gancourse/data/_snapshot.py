"""The pixel faces that ship with the course, for machines without the drawing packages.

The file holds whole rounds of the design (all 960 combinations, in order) of seed 0, each pixel one byte into a palette, stored
pixel by pixel because that packs best.  Maintainers make it anew with ``python -m gancourse.data._snapshot``.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from gancourse.base import files

SIZE = 16
ROUNDS = {"train": 11, "test": 3}  # enough for the default n of pixel_faces


def path() -> Path:
    """Where the snapshot lies."""
    return files.shipped("snapshot", "pixel_faces_16.npz")


def take(numbers: np.ndarray, rounds: np.ndarray, split: str, seed: int, enlarge: int) -> dict[str, np.ndarray]:
    """Images and attributes of the given faces, each pixel repeated ``enlarge`` times in both directions."""
    with np.load(path(), allow_pickle=False) as archive:
        attributes, palette = archive["attributes"], archive["palette"]  # [960, A], [P, 3]
        pixels = archive[split]  # [H, W, rounds, 960]
    if seed != 0 or rounds.max() >= pixels.shape[2]:
        raise ValueError(
            f"the snapshot of pixel_faces holds {pixels.shape[2] * pixels.shape[3]} {split} faces of seed 0, not {len(numbers)} "
            f"of seed {seed}: ask for those, or draw others after `pip install dicebear-core dicebear-styles resvg-py`"
        )
    images = palette[pixels[:, :, rounds, numbers]].transpose(2, 3, 0, 1)  # [H, W, N, 3] to [N, 3, H, W]
    images = images.repeat(enlarge, axis=2).repeat(enlarge, axis=3)
    return {"images": np.ascontiguousarray(images), "attributes": attributes[numbers].astype(np.int64)}


def build() -> Path:
    """Draw the faces and write the snapshot."""
    from gancourse.data._design import factorial
    from gancourse.data.avatars import STYLES, pixel_faces, plan

    style = STYLES["pixel_faces"]
    combinations = factorial([len(values) for values in style.attributes.values()])
    drawn: dict[str, np.ndarray] = {}
    for split, rounds in ROUNDS.items():
        n = rounds * len(combinations)
        numbers, turns = plan(style, n, split, seed=0)
        pictures = pixel_faces(SIZE, n, split, seed=0).images.permute(2, 3, 0, 1).numpy()  # [H, W, N, 3]
        drawn[split] = np.empty((SIZE, SIZE, rounds, len(combinations), 3), np.uint8)
        drawn[split][:, :, turns, numbers] = pictures
    palette, codes = np.unique(np.concatenate([part.reshape(-1, 3) for part in drawn.values()]), axis=0, return_inverse=True)
    if len(palette) > 256:
        raise ValueError(f"the faces have {len(palette)} colours; a byte holds 256")
    parts = np.split(codes.reshape(-1).astype(np.uint8), [drawn["train"][..., 0].size])
    pixels = {split: part.reshape(drawn[split].shape[:-1]) for split, part in zip(drawn, parts, strict=True)}
    with files.atomic_write(path()) as part, open(part, "wb") as stream:
        np.savez_compressed(stream, palette=palette, attributes=combinations.astype(np.uint8), **pixels)
    return path()


if __name__ == "__main__":
    build()

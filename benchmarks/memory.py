"""What a step of each family of `gancourse train FAMILY --images` holds at its peak, in megabytes by PyTorch's allocator.

At the settings that the command takes on a processor.  The peak is what a step adds to what lies there between steps (networks,
average, optimisers), the largest of some steps, so that lazy penalties fall due and progan is grown to the end.

    python benchmarks/memory.py [--size 64] [--steps 9]
"""

from __future__ import annotations

import argparse
import warnings

import torch
from families import Ours, peak

from gancourse import data
from gancourse.experiments.own.games import game
from gancourse.experiments.own.plans import FAMILIES, plan


def batches(family: str, size: int, n: int) -> object:
    """Noise in the form that the family takes."""
    sets = [torch.randint(0, 256, (64, 3, size, size), dtype=torch.uint8) for _ in range(2)]
    if family == "pix2pix":
        return data.PairBatches(data.PairSet(*sets, name="noise"), n, seed=0)
    if family == "cyclegan":
        return data.UnpairedBatches(*(data.ImageSet(one, name="noise") for one in sets), n, seed=0)
    labels = torch.arange(64) % 2
    return data.Batches(data.ImageSet(sets[0], labels, name="noise"), n, seed=0, labels=family == "biggan")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--steps", type=int, default=9)
    asked = parser.parse_args()
    warnings.simplefilter("ignore")
    for family in FAMILIES:
        chosen = plan(family, asked.size, 5000, classes=2, augment="none")
        steps = 40 if family == "progan" else asked.steps
        made = game(chosen, steps)
        settings = {name: tuple(value) if isinstance(value, list) else value for name, value in chosen.settings.items()}
        n = chosen.batch_size
        numbers = sum(p.numel() for network in (made.generator, made.discriminator) for p in network.parameters())
        ours = Ours(made, batches(family, asked.size, n), "float32", **settings)
        ours.run(1)
        most = peak(ours, steps)
        print(f"{family:10s} {asked.size} px, batch {n:3d}: weights {4 * numbers / 1e6:5.1f} MB, peak of a step {most:5.0f} MB")


if __name__ == "__main__":
    main()

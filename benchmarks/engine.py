"""Images per second of training.fit against the loop of the PyTorch DCGAN tutorial, on the same networks and data.

The tutorial's loop is written out below as its page describes it: a DataLoader, BCELoss on sigmoid outputs, labels 1 and 0,
two backward passes for the discriminator, float32.  The networks are the course's own in both (they are the tutorial's,
weight for weight); the images lie in memory in both.  Each has a process of its own, and they take turns, so that a change in
the machine's load falls on both; the median over the rounds of the ratio of their rates is what counts, the absolute figures
belong to this machine and this moment.  --precision float32 shows what fit gains without units for bfloat16.  fit runs
twice: as a lecture calls it, and with fast_convolutions=True, as `gancourse train --images` does.

    python benchmarks/engine.py [--size 32] [--width 32] [--steps 20] [--rounds 5] [--threads 0] [--precision auto] [--device cpu]
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import statistics
from typing import Any

import torch
from apart import Apart, seconds
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from gancourse import data
from gancourse.gans.gan import GAN
from gancourse.models import dcgan
from gancourse.training import fit
from gancourse.training.loop import supports_bf16

BATCH = 64


def networks(size: int, width: int, device: str) -> tuple[nn.Module, nn.Module]:
    torch.manual_seed(0)
    return dcgan.Generator(size, 100, width).to(device), dcgan.Discriminator(size, width).to(device)


def pictures(size: int) -> torch.Tensor:
    return torch.randint(0, 256, (2048, 3, size, size), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


class Tutorial:
    """The tutorial's training loop."""

    def __init__(self, size: int, width: int, device: str = "cpu") -> None:
        self.device, images = device, pictures(size)
        self.net_g, net_d = networks(size, width, device)
        self.net_d = nn.Sequential(net_d, nn.Sigmoid())
        self.loader = DataLoader(TensorDataset(data.to_float(images)), batch_size=BATCH, shuffle=True, drop_last=True)
        self.opt_d = torch.optim.Adam(self.net_d.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.opt_g = torch.optim.Adam(self.net_g.parameters(), lr=2e-4, betas=(0.5, 0.999))
        self.criterion = nn.BCELoss()

    def run(self, steps: int) -> None:
        done = 0
        while done < steps:
            for (real,) in self.loader:
                self.net_d.zero_grad()
                label = torch.full((BATCH,), 1.0, device=self.device)
                self.criterion(self.net_d(real.to(self.device)), label).backward()
                fake = self.net_g(torch.randn(BATCH, 100, device=self.device))
                label.fill_(0.0)
                self.criterion(self.net_d(fake.detach()), label).backward()
                self.opt_d.step()
                self.net_g.zero_grad()
                label.fill_(1.0)
                error = self.criterion(self.net_d(fake), label)
                error.backward()
                self.opt_g.step()
                error.item()
                done += 1
                if done == steps:
                    return


class Ours:
    """fit() as a lecture calls it, or with fast convolutions."""

    def __init__(self, size: int, width: int, device: str = "cpu", precision: str = "auto", fast: bool = False) -> None:
        self.settings: dict[str, Any] = {"precision": precision, "fast_convolutions": fast}
        self.gan = GAN(*networks(size, width, device))
        self.batches = data.Batches(pictures(size), BATCH, device=device)

    def run(self, steps: int) -> None:
        fit(self.gan, self.batches, steps, progress=False, **self.settings)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("size", 32), ("width", 32), ("steps", 20), ("rounds", 5), ("threads", 0)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--precision", choices=("auto", "float32", "bf16"), default="auto", help="fit's")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    asked = parser.parse_args()
    threads = asked.threads or torch.get_num_threads()
    sizes = (asked.size, asked.width, asked.device)
    loops = {
        "tutorial's loop": functools.partial(Tutorial, *sizes),
        "fit": functools.partial(Ours, *sizes, asked.precision),
        "fit, fast convolutions": functools.partial(Ours, *sizes, asked.precision, True),
    }
    times: dict[str, list[float]] = {name: [] for name in loops}
    with contextlib.ExitStack() as held:
        players = {name: held.enter_context(Apart(loop, threads)) for name, loop in loops.items()}
        for player in players.values():
            player.ask(seconds, 3)  # the first steps pay for allocations and kernel choices
        for _ in range(asked.rounds):
            for name, player in players.items():
                times[name].append(player.ask(seconds, asked.steps))
    machine = torch.cuda.get_device_name() if asked.device == "cuda" else f"{threads} threads"
    print(f"{asked.size} px, width {asked.width}, batch {BATCH}, {machine}, bf16 units: {supports_bf16(asked.device)}")
    print(f"fit in precision {asked.precision}")
    first = times["tutorial's loop"]
    for name, taken in times.items():
        rate = asked.steps * BATCH / statistics.median(taken)
        ratios = sorted(theirs / ours for theirs, ours in zip(first, taken, strict=True))
        rounds = ", ".join(f"{ratio:.2f}" for ratio in ratios)
        ratio = "" if taken is first else f", ratio {statistics.median(ratios):.2f} (rounds: {rounds})"
        print(f"{name:22} {rate:8.0f} images/s{ratio}")


if __name__ == "__main__":
    main()

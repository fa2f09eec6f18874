"""What resampling and modulation cost beside the 3x3 convolution they stand next to, on one CPU thread.

An upsampling with its filter is compared with the 3x3 convolution at the doubled side and the same width; a modulated
convolution with a plain one.  Both forward alone and forward with backward.  Contenders take turns, so that a change in the
machine's load falls on all; processor time is counted, which another process takes no part in.  Printed is the median of the
ratios of a round, with their middle half, and a mark where the median lies above the bound that the course sets itself.  Freed
memory is kept for the next buffer, as `fit` has it.

    python benchmarks/resampling.py [--batch 8] [--rounds 25]
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import memory
from gancourse.models.layers import resample
from gancourse.models.stylegan2 import modulated_conv2d, modulated_weights

BOUNDS = {"upsample": 0.3, "downsample": 0.3, "blur": 0.3, "modulated": 1.2}
SHAPES = ((128, 16), (64, 32), (32, 64))  # (channels, side after upsampling) of a small generator


def grouped(x: Tensor, weight: Tensor, style: Tensor) -> Tensor:
    """The modulated convolution as a convolution in groups with a set of weights for each sample: the usual other way."""
    n, c, height, width = x.shape
    weights = modulated_weights(weight, style).flatten(0, 1)
    return F.conv2d(x.reshape(1, n * c, height, width), weights, padding=1, groups=n).reshape(n, -1, height, width)


def forward(function: Callable[..., Tensor], *inputs: Tensor) -> None:
    with torch.no_grad():
        function(*inputs)


def training(function: Callable[..., Tensor], *inputs: Tensor) -> None:
    inputs = tuple(x.detach().requires_grad_(True) for x in inputs)
    y = function(*inputs)
    y.backward(torch.ones_like(y))


def ratios(work: dict[str, Callable[[], None]], rounds: int) -> dict[str, list[float]]:
    """Processor time of each over that of "conv" in the same round, sorted."""
    found: dict[str, list[float]] = {name: [] for name in work}
    for i in range(rounds + 1):
        times = {}
        for name, call in work.items():
            began = time.process_time()
            call()
            times[name] = time.process_time() - began
        if i:  # the first round pays for allocations and kernel choices
            for name, value in times.items():
                found[name].append(value / times["conv"])
    return {name: sorted(values) for name, values in found.items()}


def shown(name: str, values: list[float]) -> str:
    """The median and the middle half; an exclamation mark beyond the bound."""
    low, middle, high = statistics.quantiles(values, n=4)
    beyond = "!" if middle > BOUNDS.get(name, float("inf")) else " "
    return f"{middle:.2f}{beyond}({low:.2f} to {high:.2f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("batch", 8), ("rounds", 25)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    if asked.rounds < 2:
        parser.error("--rounds must be 2 or more: a median has a middle half")
    torch.set_num_threads(1)
    names = ("upsample", "downsample", "blur", "modulated", "grouped")
    print(f"{'times of a 3x3 convolution':<29}" + "".join(f"{name:>21}" for name in names))
    print(f"{'at most':<29}" + "".join(f"{BOUNDS.get(name, ''):>21}" for name in names))
    for channels, side in SHAPES:
        shape = {"memory_format": torch.channels_last}  # what training.fit lays out
        x = torch.randn(asked.batch, channels, side, side).contiguous(**shape)
        half = torch.randn(asked.batch, channels, side // 2, side // 2).contiguous(**shape)
        weight = torch.randn(channels, channels, 3, 3).contiguous(**shape)
        style = torch.rand(asked.batch, channels) + 0.5
        for how in (forward, training):
            work = {
                "conv": lambda: how(lambda a, b: F.conv2d(a, b, padding=1), x, weight),  # noqa: B023 (called in this round)
                "upsample": lambda: how(resample.upsample, half),  # noqa: B023
                "downsample": lambda: how(resample.downsample, x),  # noqa: B023
                "blur": lambda: how(resample.blur, x),  # noqa: B023
                "modulated": lambda: how(modulated_conv2d, x, weight, style),  # noqa: B023
                "grouped": lambda: how(grouped, x, weight, style),  # noqa: B023
            }
            with memory.kept():
                found = ratios(work, asked.rounds)
            row = "".join(f"{shown(name, found[name]):>21}" for name in names)
            print(f"{channels:4d} channels {side:3d} px {how.__name__:8s}{row}")


if __name__ == "__main__":
    main()

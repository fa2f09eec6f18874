"""What resampling and modulation cost beside the 3x3 convolution they stand next to, on one CPU thread.

An upsampling with its filter is compared with the 3x3 convolution at the doubled side and the same width; a modulated
convolution with a plain one.  Both forward alone and forward with backward.  Contenders take turns, so that a change in the
machine's load falls on all; processor time is counted, which another process takes no part in; the ratio of the least times
of the rounds is printed.

    python benchmarks/resampling.py [--batch 8] [--rounds 7]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.models.layers import resample
from gancourse.models.stylegan2 import modulated_conv2d, modulated_weights

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


def seconds(work: dict[str, Callable[[], None]], rounds: int) -> dict[str, float]:
    """The least processor time of each over the rounds."""
    least = dict.fromkeys(work, float("inf"))
    for i in range(rounds + 1):
        for name, call in work.items():
            began = time.process_time()
            call()
            if i:  # the first round pays for allocations and kernel choices
                least[name] = min(least[name], time.process_time() - began)
    return least


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, default in (("batch", 8), ("rounds", 7)):
        parser.add_argument(f"--{name}", type=int, default=default)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    names = ("upsample", "downsample", "blur", "modulated", "grouped")
    print("times of a 3x3 convolution" + "".join(f"{name:>12}" for name in names))
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
            least = seconds(work, asked.rounds)
            ratios = "".join(f"{least[name] / least['conv']:12.2f}" for name in names)
            print(f"{channels:4d} channels {side:3d} px {how.__name__:8s}{ratios}")


if __name__ == "__main__":
    main()

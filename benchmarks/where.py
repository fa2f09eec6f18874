"""Where the time of a step of training.fit goes, as shares of the processor time that PyTorch's profiler counts.

Shares are hardly moved by what else the machine does, so this needs no quiet one.  DCGAN is the engine's benchmark, the others
are those of families.py.

    python benchmarks/where.py [dcgan wgan_gp stylegan2 cyclegan] [--precision auto]
"""

from __future__ import annotations

import argparse
from collections import Counter

import torch
from apart import Player
from engine import Ours
from families import FAMILIES
from torch.profiler import ProfilerActivity, profile

# What an operation's name holds, the first that fits; what the optimiser calls inside is its own.
GROUPS = {
    "convolution": ("conv",),
    "normalisation": ("norm", "var_mean"),
    "activation": ("relu", "tanh", "threshold", "clamp_min", "sigmoid", "softplus"),
    "optimiser, average": ("Optimizer", "addcmul", "addcdiv", "sqrt", "lerp", "foreach", "AccumulateGrad"),
    "copies, memory": ("copy", "empty", "contiguous", "clone", "cat", "zero", "fill", "index", "stack", "resize"),
    "matrix products": ("mm", "linear", "matmul"),
    "sums, products": ("mul", "add", "sum", "mean", "div", "sub", "pow", "square", "abs", "neg", "pad", "upsample"),
}


def shares(player: Player, steps: int) -> dict[str, float]:
    """Per cent of the time of each group."""
    player.run(2)
    with profile(activities=[ProfilerActivity.CPU]) as recorded:
        player.run(steps)
    spent: Counter[str] = Counter()
    for event in recorded.key_averages():
        group = next((name for name, words in GROUPS.items() if any(word in event.key for word in words)), "other")
        spent[group] += event.self_cpu_time_total
    return {name: 100 * spent[name] / spent.total() for name in (*GROUPS, "other")}


def dcgan(precision: str) -> Ours:
    """The engine's benchmark at 32 px."""
    return Ours(32, 32, precision=precision)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("families", nargs="*", help="default: all")
    parser.add_argument("--precision", choices=("auto", "float32", "bf16"), default="auto", help="fit's")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    print(" " * 12 + "".join(f"{name:>20}" for name in (*GROUPS, "other")))
    for name in asked.families or ("dcgan", *FAMILIES):
        make, steps = (dcgan, 5) if name == "dcgan" else FAMILIES[name]
        made = make(asked.precision)
        player = made[0] if isinstance(made, tuple) else made
        print(f"{name:12s}" + "".join(f"{share:18.0f} %" for share in shares(player, steps).values()))


if __name__ == "__main__":
    main()

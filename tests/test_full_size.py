"""One training step of the published networks at their published size, batch 2, on the CPU: it runs, and says what it takes.

python -m pytest tests/test_full_size.py -m slow -s          # minutes each, and gigabytes
python -m tests.test_full_size stylegan2_256                 # one by itself
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from gancourse.gans.gan import GAN
from gancourse.gans.progressive import Progressive, Schedule
from gancourse.gans.stylegan2 import PathLength, StyleGAN2
from gancourse.losses import penalties
from gancourse.models import progan, r3gan, stylegan1, stylegan2
from gancourse.training import fit

ROOT = Path(__file__).parents[1]


def _progan() -> GAN:
    networks = progan.Generator(), progan.Discriminator()
    return Progressive(*networks, Schedule(8, fade=0, stable=(0,) * 8 + (1,)))  # the last level: 1024 px


def _stylegan1() -> GAN:
    networks = stylegan1.Generator(), progan.Discriminator(blur=True)
    return Progressive(*networks, Schedule(8, fade=0, stable=(0,) * 8 + (1,)), penalty=penalties.r1(10.0))


def _stylegan2(name: str) -> Callable[[], GAN]:
    return lambda: StyleGAN2(*stylegan2.players(name), gamma=10.0, path=PathLength())


def _r3gan(name: str) -> Callable[[], GAN]:
    return lambda: GAN(*r3gan.players(name), "relativistic", penalty=penalties.r1_r2(1.0))


GAMES: dict[str, Callable[[], GAN]] = {
    "progan_1024": _progan,
    "stylegan1_1024": _stylegan1,
    "stylegan2_256": _stylegan2("ffhq256"),
    "stylegan2_1024": _stylegan2("ffhq1024"),
    "r3gan_cifar10": _r3gan("cifar10"),
    "r3gan_ffhq256": _r3gan("ffhq256"),
}


def one_step(name: str) -> dict[str, float]:
    """Play one step and return losses, seconds, gigabytes at the peak, and the share of parameters with a gradient."""
    import resource

    torch.manual_seed(0)
    gan = GAMES[name]()
    real = torch.rand(2, 3, gan.generator.size, gan.generator.size) * 2 - 1
    began = time.perf_counter()
    run = fit(gan, iter([real]), 1, betas=(0.0, 0.99), precision="float32", progress=False)
    seconds = time.perf_counter() - began
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kilobytes
    players = [*gan.generator.parameters(), *gan.discriminator.parameters()]
    reached = [p.grad is not None and bool(torch.isfinite(p.grad).all()) for p in players]
    return {
        "d_loss": run.latest("d_loss"),
        "g_loss": run.latest("g_loss"),
        "seconds": seconds,
        "gigabytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e9,
        "reached": sum(reached) / len(reached),
    }


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="peak memory is read by the resource module, which Windows lacks")
@pytest.mark.parametrize("name", GAMES)
def test_one_training_step_at_full_size(name, capsys):
    command = [sys.executable, "-m", "tests.test_full_size", name]  # a process of its own, whose peak is this step's
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    with capsys.disabled():
        print(f"\n{name}: batch 2, one step {result['seconds']:.0f} s, peak memory {result['gigabytes']:.1f} GB")
    assert abs(result["d_loss"]) < 1e4
    assert abs(result["g_loss"]) < 1e4
    assert result["reached"] > (0.7 if name.startswith(("progan", "stylegan1")) else 0.99)  # past colour layers rest


if __name__ == "__main__":
    print(json.dumps(one_step(sys.argv[1])))

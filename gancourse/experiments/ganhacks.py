"""Ganhacks, one tip at a time: a small DCGAN on real digits at 32 px, and what each tip does to it.

The reference follows the tips on which DCGAN stands: pixels in [-1, 1] and tanh, -log D, Gaussian latents, batches of their own
for real and fake, leaky ReLUs and strides in D, Adam with beta1 = 0.5.  Every arm differs from it in one thing, which *leaves* a
tip that the reference follows, or *adds* one that it does not:

    tip   arm
    1     leaves "pixels in [0, 1]"
    2     leaves "saturating loss"
    3     leaves "uniform latents"
    4     leaves "mixed batches"
    5     leaves "ReLU in D", "max pooling in D";    adds "leaky ReLU in G"
    6     adds "soft labels" (0.7 to 1.2, 0 to 0.3), "flipped labels" (one in twenty)
    8     adds "replay"
    9     leaves "beta1 = 0.9"; the tip says Adam and names no beta1, the paper that it cites does (Radford et al. 2016)
    11    leaves "balanced losses": D learns while its loss is at least 1
    12    adds "labels": AC-GAN
    13    adds "instance noise", sigma from 0.2 to 0 over the first half
    14    adds "two steps of D"
    15    adds "minibatch discrimination"
    17    adds "dropout in G", one half, in training and in sampling, behind every ReLU; "dropout in two layers of G", which is
          what the tip says, is :mod:`gancourse.experiments.ganhacks_dropout`'s

One more arm changes nothing but weights and the order of the data, "another seed": what it says of a tip is what any change may
say by luck.

Two distances, in the features of the judge of digits: of the samples as they are, "frechet", and of samples and real digits with
their paper put to black, "frechet_levelled".  The first takes faint noise on the paper for as far as no digits at all.

Source: Chintala, Denton, Arjovsky & Mathieu 2016, github.com/soumith/ganhacks.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse import scale
from gancourse.base import check, networks
from gancourse.data.batches import Batches
from gancourse.data.handwritten import CLASSES, handwritten_digits
from gancourse.data.images import to_float
from gancourse.experiments.experiment import Experiment, counted
from gancourse.gans import tips
from gancourse.gans.conditional import ACGAN
from gancourse.gans.gan import GAN
from gancourse.metrics.digits import NOISES, digit_judge, levelled
from gancourse.metrics.frechet import frechet_distance
from gancourse.models import conditional, dcgan
from gancourse.training import Run

SIDE, LATENT_DIM = 32, 64


class AlwaysDropout(nn.Dropout):
    """Dropout in evaluation mode too."""

    def forward(self, x: Tensor) -> Tensor:
        return F.dropout(x, self.p, training=True)


def leaky(network: nn.Module) -> nn.Module:
    """Leaky ReLUs in place of ReLUs, in place."""
    return _after_relu(network, lambda relu: nn.LeakyReLU(0.2))


def dropping(network: nn.Module) -> nn.Module:
    """Dropout of one half after every ReLU, in place."""
    return _after_relu(network, lambda relu: nn.Sequential(relu, AlwaysDropout(0.5)))


def dropping_early(network: nn.Module) -> nn.Module:
    """Dropout of one half after every ReLU but the last, in place."""
    return _after_relu(network, lambda relu: nn.Sequential(relu, AlwaysDropout(0.5)), but_the_last=True)


def _after_relu(network: nn.Module, made: Any, but_the_last: bool = False) -> nn.Module:
    names = [name for name, layer in network.named_modules() if isinstance(layer, nn.ReLU)]
    for name in names[:-1] if but_the_last else names:
        parent, _, last = name.rpartition(".")
        setattr(network.get_submodule(parent), last, made(network.get_submodule(name)))
    return network


class Dropping(GAN):
    """The plain game as it was recorded: measuring statistics draws on from the stream of the training's dropout.

    So does sampling, for there, too, units are dropped.
    """

    @torch.no_grad()
    def refresh_statistics(self, generator: nn.Module, rounds: int = 8, n: int = 64, seed: int = 0) -> None:
        self._measure(generator, rounds, n, seed, noise=None)


GAMES: dict[str, Any] = {
    "plain": GAN,
    "uniform": tips.UniformLatents,
    "mixed": tips.MixedBatch,
    "half range": tips.HalfRange,
    "labels": tips.NoisyLabels,
    "noise": tips.InstanceNoise,
    "replay": tips.Replay,
    "balanced": tips.Balanced,
}
EDITS = {"leaky": leaky, "dropping": dropping, "dropping early": dropping_early}


class Tips:
    """Handwritten digits, the judge that reads and refuses them, and the players of each arm."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        self.size = size
        whole, unseen = handwritten_digits("train", SIDE), handwritten_digits("test", SIDE)
        self.digits, self.images = whole, whole.images[: size["n"]]
        self.unseen = unseen.images[: size["final_samples"]]
        self.judge = digit_judge()
        self.features = self.judge.features(self.unseen)
        self.levelled = self.judge.features(levelled(self.unseen))

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[GAN, Batches]:
        device, seed = scale.device(), seed + arm.get("seed", 0)
        with networks.seeded(seed):
            game = self._conditional(seed) if arm.get("classes") else self._players(arm, seed)
        game.generator.to(device)
        game.discriminator.to(device)
        source: Any = self.digits if arm.get("classes") else self.images
        batches = Batches(source, self.size["batch_size"], seed=seed, labels=bool(arm.get("classes")), device=device)
        return game, batches

    def _players(self, arm: Mapping[str, Any], seed: int) -> GAN:
        generator: nn.Module = dcgan.Generator(SIDE, LATENT_DIM, self.size["width"], 1)
        if "generator" in arm:
            generator = EDITS[arm["generator"]](generator)
        discriminator = dcgan.Discriminator(SIDE, self.size["width"], 1, **arm.get("discriminator", {}))
        if arm.get("minibatch"):
            discriminator = dcgan.seeing_the_batch(discriminator)
        options = dict(arm.get("options", {}))
        kind = arm.get("game", "plain")
        options |= {"noise": {"until": self.size["steps"] // 2}, "replay": {"size": self.size["pool"]}}.get(kind, {})
        options |= {"level": self.size["level"]} if kind == "balanced" else {}
        options |= {"seed": seed} if kind in ("labels", "noise", "replay") else {}
        play = Dropping if arm.get("generator") in ("dropping", "dropping early") else GAMES[kind]
        game: GAN = play(generator, discriminator, arm.get("objective", "non_saturating"), latent_dim=LATENT_DIM, **options)
        return game

    def _conditional(self, seed: int) -> GAN:
        generator = conditional.dcgan_pair(CLASSES, SIDE, LATENT_DIM, self.size["width"], 1)[0]
        critic = conditional.AuxiliaryDiscriminator(dcgan.Discriminator(SIDE, self.size["width"], 1), CLASSES)
        return ACGAN(generator, critic)

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        return run.sample(self.size["final_samples" if final else "samples"], seed=1).cpu()

    def pictures(self, run: Run) -> Tensor:
        return run.sample(5, seed=2)

    def judged(self, sample: Tensor) -> dict[str, float]:
        digits, accepted = self.judge.read(sample)
        shares = torch.bincount(digits[accepted], minlength=CLASSES).double() / max(1, int(accepted.sum()))
        return {
            "frechet": frechet_distance(self.judge.features(sample), self.features),
            "frechet_levelled": frechet_distance(self.judge.features(levelled(sample)), self.levelled),
            "accepted": accepted.double().mean().item(),
            "total_variation": (shares - 1 / CLASSES).abs().sum().item() / 2,
        }

    def nulls(self) -> dict[str, Tensor]:
        n, source = self.size["final_samples"], torch.Generator().manual_seed(3)
        train = self.digits.images
        return {
            "training digits": train[-n:],
            **{f"noise: {name}": make(train, source)[:n] for name, make in NOISES.items()},
            "untrained": self.game({}, 0)[0].sample(n, seed=1).cpu(),
        }

    def facts(self) -> dict[str, float]:
        return counted(to_float(self.images))


REFERENCE, AGAIN = "reference", "another seed"
ARMS: dict[str, dict[str, Any]] = {
    REFERENCE: {},
    AGAIN: {"seed": 100},
    "pixels in [0, 1]": {"game": "half range"},
    "saturating loss": {"objective": "saturating"},
    "uniform latents": {"game": "uniform"},
    "mixed batches": {"game": "mixed"},
    "ReLU in D": {"discriminator": {"activation": "relu"}},
    "max pooling in D": {"discriminator": {"downsample": "pool"}},
    "leaky ReLU in G": {"generator": "leaky"},
    "soft labels": {"game": "labels", "options": {"real": [0.7, 1.2], "fake": [0.0, 0.3]}},
    "flipped labels": {"game": "labels", "options": {"flip": 0.05}},
    "replay": {"game": "replay"},
    "beta1 = 0.9": {"fit": {"betas": [0.9, 0.999]}},
    "balanced losses": {"game": "balanced"},
    "labels": {"classes": True},
    "instance noise": {"game": "noise", "options": {"sigma": 0.2}},
    "two steps of D": {"fit": {"k": 2}},
    "minibatch discrimination": {"minibatch": True},
    "dropout in G": {"generator": "dropping"},
}
LEAVES = {  # arms that do what a tip warns of, or without what it advises: the tip is right where they are worse
    "pixels in [0, 1]": 1,
    "saturating loss": 2,
    "uniform latents": 3,
    "mixed batches": 4,
    "ReLU in D": 5,
    "max pooling in D": 5,
    "beta1 = 0.9": 9,
    "balanced losses": 11,
}
ADDS = {  # arms that follow a tip which the reference does not: the tip is right where they are better
    "leaky ReLU in G": 5,
    "soft labels": 6,
    "flipped labels": 6,
    "replay": 8,
    "labels": 12,
    "instance noise": 13,
    "two steps of D": 14,
    "minibatch discrimination": 15,
    "dropout in G": 17,
    "dropout in two layers of G": 17,
}
CITED = {"beta1 = 0.9": "Radford et al. 2016, section 4"}  # arms that leave out what a cited paper says, not the list
BEYOND = {"dropout in G"}  # arms that do more than a tip says


def gain(distances: Mapping[str, Any], arm: str) -> np.ndarray:
    """What an arm says of its tip: the distance without the tip over the distance with it, log2, one number for each seed.

    ``distances`` is ``record.final("frechet_levelled")``, or another of its distances; 1 says that the tip halves the distance, 0
    that it does nothing.  Ratios are averaged as logarithms, so that twice and half are as far from 1.
    """
    check.one_of("arm", arm, {AGAIN: 0} | LEAVES | ADDS)
    ours, reference = (np.asarray(distances[name], dtype=float) for name in (arm, REFERENCE))
    return np.log2(ours / reference) if arm in LEAVES else np.log2(reference / ours)


EXPERIMENT = Experiment(
    name="ganhacks",
    title="Ganhacks, one tip at a time: real digits at 32 px",
    stage=Tips,
    arms=ARMS,
    seeds=(0, 1, 2, 3, 4),
    full={
        "n": 4000,
        "width": 8,
        "batch_size": 24,
        "steps": 2000,
        "measure_every": 250,
        "checkpoint_every": 250,
        "samples": 500,
        "final_samples": 1000,
        "pool": 256,
        "level": 1.0,
    },
    ci={
        "n": 200,
        "width": 4,
        "batch_size": 8,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 10,
        "samples": 80,
        "final_samples": 80,
        "pool": 16,
        "level": 10.0,  # never reached, so that the arm differs from the start
    },
    fit={"lr": 5e-4, "betas": [0.5, 0.999], "ema": 0.99, "precision": "float32"},
    paper="Chintala et al. 2016, ganhacks",
    expected={
        "S29": "a tip helps where the distance without it over that with it, in pairs by seed, is at least 1.1 (95 % interval "
        "of the geometric mean)",
        "null": "another seed: an interval that holds no difference; should its mean alone pass 1.1, then the tolerance of all "
        "rows is the next of 1.25 and 1.5 that it does not pass",
        "leaves": "worse than the reference: pixels in [0, 1], saturating loss, mixed batches, beta1 = 0.9, balanced losses",
        "level": "no difference within a tenth: uniform latents, ReLU in D, leaky ReLU in G, flipped labels, replay",
        "adds": "better than the reference: labels; instance noise and two steps of D at an equal number of G's steps",
        "worse": "worse than the reference although a tip: dropout in G",
        "gate": "every kind of noise and the untrained network: under 5 % accepted; training digits: over 90 %",
    },
)

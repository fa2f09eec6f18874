"""DCGAN's five guidelines, each left out alone, in one player at a time: pixel-art faces at 16 px.

The reference follows all five.  Every arm differs from it in one thing:

    guideline                   arm
    strided convolutions        "max pooling in D" after 3x3 convolutions;  "nearest in G": doubling, then 3x3 convolutions
    batch normalisation         "no batch norm in G", "no batch norm in D"
    no hidden linear layers     "hidden linear in G": one before the 4x4 map;  "hidden linear in D": one after it
    ReLU in G                   "tanh in G"
    leaky ReLU in D             "ReLU in D"

Leaving a line out of the code may change the first weights' scale as well, and a network that begins with a signal that dies
says nothing about the line.  So the start is matched (:func:`folded`, :func:`matched`): at step 0 what enters each activation,
the logits and the pictures have the scale that they have in the reference.  One arm leaves batch normalisation out of both
players and is *not* matched, as the textbook's ablation is done: "no batch norm, small start".  It is the positive control, for
its harm is understood.  (Ten times the learning rate was to be the control, and the first seed took no harm from it.)

Three arms ask what stands behind a result, and were added when the others had been seen: "no batch norm, matched" leaves it
out of both players from the reference's start, so that the small start stands alone; "hidden linear in G, normed" gives the
hidden layer the normalisation that G's other layers have; "3x3 strides in D" has pooling's kernels without pooling.  ("nearest
in G" needs no such arm: doubling and a 3x3 convolution are together one transposed 4x4 layer, whose weights are tied.)

The scale of a start is matched, not the length of a step: behind batch normalisation a weight's scale does not matter, so small
weights move farther for the same learning rate.

Judge: the attribute classifier.  Frechet distance to held-out faces in its features; and the rarest value of
an attribute, its share among the samples over its share among the faces.

Source: Radford, Metz & Chintala 2016, section 3.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import permutations
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse import scale
from gancourse.base import check, networks
from gancourse.data import EMBEDDED
from gancourse.data.batches import Batches
from gancourse.data.images import to_float
from gancourse.experiments.experiment import Experiment
from gancourse.gans.gan import GAN
from gancourse.metrics.attributes import attribute_classifier
from gancourse.metrics.frechet import frechet_distance
from gancourse.models import dcgan
from gancourse.models.classifier import AttributeClassifier
from gancourse.models.layers.mean_only import MeanOnlyBatchNorm
from gancourse.training import Run

if TYPE_CHECKING:
    from gancourse.experiments.records import Record

SIDE, LATENT_DIM, MATCHED_ON = 16, 64, 256
MOST_PAIRED = 8  # trainings of which by_luck looks at every pairing
ACTIVATIONS = (nn.ReLU, nn.LeakyReLU, nn.Tanh)
WEIGHTED = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d)


@torch.no_grad()
def folded(network: nn.Module, x: Tensor) -> nn.Module:
    """Take batch normalisation out of ``network.main``, and leave in the weights what it does to the batch x, in place.

    A layer w * h + b and the normalisation behind it, g (w * h - mean) / sqrt(var + eps) + s, become one layer with the weights
    g w / sqrt(var + eps) and the bias s - g mean / sqrt(var + eps): on x the same function, and nothing is normalised any more.
    """
    kept: list[nn.Module] = []
    for layer in _layers(network):
        if isinstance(layer, nn.BatchNorm2d):
            before = kept[-1]
            mean, var = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
            gain = layer.weight / (var + layer.eps).sqrt()
            out = 1 if isinstance(before, nn.ConvTranspose2d) else 0  # the axis of the output's channels
            before.weight *= gain.unflatten(0, [-1 if axis == out else 1 for axis in range(4)])
            before.bias = nn.Parameter(layer.bias - gain * mean)
        else:
            kept.append(layer)
        x = _through(layer, x)
    network.main = nn.Sequential(*kept)
    return network


@torch.no_grad()
def spreads(network: nn.Module, x: Tensor) -> Iterator[tuple[nn.Module, bool, float]]:
    """What enters each activation of ``network.main``, and what leaves its end, for a batch x.

    Yields the last layer with weights before that place, whether batch normalisation stands between, and the standard deviation.
    """
    weighted, normalised = None, False
    for layer in _layers(network):
        if isinstance(layer, ACTIVATIONS) and weighted is not None:
            yield weighted, normalised, x.std().item()
            weighted, normalised = None, False
        x = _through(layer, x)
        weighted = layer if isinstance(layer, WEIGHTED) else weighted
        normalised = normalised or isinstance(layer, NORMS)
    if weighted is not None:
        yield weighted, normalised, x.std().item()


@torch.no_grad()
def matched(network: nn.Module, reference: nn.Module, x: Tensor) -> nn.Module:
    """Scale weights that no batch normalisation follows, until what they put out has the spread that it has in the reference.

    First and last layers are held against the reference's; a hidden linear layer, which the reference has not, gets a spread
    of 1, as batch normalisation would give it.  In place; returns the network.
    """
    wanted = [spread for _, _, spread in spreads(reference, x)]
    for place, (layer, normalised, _) in enumerate(found := list(spreads(network, x))):
        if normalised:
            continue
        last, first = place == len(found) - 1, place == 0 and not isinstance(layer, nn.Linear)
        target = wanted[-1] if last else wanted[0] if first else 1.0
        now = list(spreads(network, x))[place][2]  # earlier layers have changed since
        torch.Tensor.mul_(layer.weight, target / now)  # type: ignore[arg-type]
    return network


def _layers(network: nn.Module) -> list[nn.Module]:
    """The layers of a network that is one row of them, ``main``."""
    return list(network.main.children())  # type: ignore[union-attr]


def _through(layer: nn.Module, x: Tensor) -> Tensor:
    if isinstance(layer, NORMS):  # by the batch at hand, and without a trace in the running averages
        return F.batch_norm(x, None, None, layer.weight, layer.bias, training=True, eps=layer.eps)
    if isinstance(layer, MeanOnlyBatchNorm):
        return x - x.mean((0, 2, 3), keepdim=True)
    result: Tensor = layer(x)
    return result


@torch.no_grad()
def shares(judge: AttributeClassifier, features: Tensor) -> Tensor:
    """The share of each value of each attribute, side by side, as the judge reads them from its features [N, 64]."""
    logits = judge.heads(F.relu(features)).split([len(values) for values in judge.attribute_names.values()], dim=1)
    return torch.cat([torch.bincount(one.argmax(1), minlength=one.shape[1]) / len(features) for one in logits])


def shuffled(images: Tensor) -> Tensor:
    """Faces run through their attributes in order, and any part of them should be a fair one."""
    return images[torch.randperm(len(images), generator=torch.Generator().manual_seed(0))]


class PixelFaces:
    """Pixel-art faces, held-out ones for the judge, and the players of each arm; ``style`` and ``side`` may be a subclass's."""

    style, side = "pixel_faces", SIDE

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        self.size, draw = size, EMBEDDED[self.style]
        self.images = shuffled(draw(self.side, size["n"], progress=False).images)
        self.unseen = shuffled(draw(self.side, size["unseen"], "test", progress=False).images)
        self.judge = attribute_classifier(self.style, self.side)
        self.features = self.judge.features(self.unseen)
        self.wanted = shares(self.judge, self.features)

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[GAN, Batches]:
        device = scale.device()
        generator, discriminator = self._players(arm, seed)
        game = GAN(generator.to(device), discriminator.to(device), arm.get("objective", "non_saturating"))
        return game, Batches(self.images, self.size["batch_size"], seed=seed, device=device)

    def _players(self, arm: Mapping[str, Any], seed: int) -> tuple[nn.Module, nn.Module]:
        """The arm's players; what it leaves alone has the reference's weights of the same seed."""
        generator, discriminator = self._drawn_players(arm, seed)
        z = torch.randn(MATCHED_ON, LATENT_DIM, 1, 1, generator=torch.Generator().manual_seed(seed))
        x = to_float(self.images[:MATCHED_ON])
        if "G" in arm.get("folded", ""):
            generator = folded(generator, z)
        if "D" in arm.get("folded", ""):
            discriminator = folded(discriminator, x)
        if arm.get("matched", True):
            its_generator, its_discriminator = self._drawn_players({}, seed)
            if "generator" in arm:
                generator = matched(generator, its_generator, z)
            if "discriminator" in arm:
                discriminator = matched(discriminator, its_discriminator, x)
        return generator, discriminator

    def _drawn_players(self, arm: Mapping[str, Any], seed: int) -> tuple[nn.Module, nn.Module]:
        with networks.seeded(seed):
            generator = dcgan.Generator(self.side, LATENT_DIM, self.size["width"], **arm.get("generator", {}))
        with networks.seeded(seed + 1000):
            discriminator = dcgan.Discriminator(self.side, self.size["width"], **arm.get("discriminator", {}))
        return generator, discriminator

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        return run.sample(self.size["final_samples" if final else "samples"], seed=1).cpu()

    def pictures(self, run: Run) -> Tensor:
        return run.sample(5, seed=2)

    def judged(self, sample: Tensor) -> dict[str, float]:
        features = self.judge.features(sample.clamp(-1, 1))
        rarest = (shares(self.judge, features) / self.wanted).min().item()
        return {"frechet": frechet_distance(features, self.features), "rarest": rarest}

    def nulls(self) -> dict[str, Tensor]:
        """Training faces, the same blurred, their mean, noise with their pixels' values, uniform noise, untrained players."""
        n, source = self.size["final_samples"], torch.Generator().manual_seed(3)
        true = to_float(self.images[-n:])
        block = self.side // 4  # so that blur leaves 4 x 4 places
        soft = F.interpolate(F.avg_pool2d(true, block), scale_factor=block, mode="bilinear")
        rows = torch.rand(true.shape, generator=source).argsort(0)
        return {
            "training faces": true,
            "blurred faces": soft,
            "mean face": true.mean(0, keepdim=True) + 0.01 * torch.randn(true.shape, generator=source),
            "noise: marginal": true.gather(0, rows),
            "noise: uniform": torch.rand(true.shape, generator=source) * 2 - 1,
            "untrained": self.game({}, 0)[0].sample(n, seed=1).cpu(),
        }

    def facts(self) -> dict[str, float]:
        pixels = to_float(self.images)
        return {"pictures": len(pixels), "mean": pixels.mean().item(), "std": pixels.std().item()}


def ratios(record: Record, score: str = "frechet") -> dict[str, np.ndarray]:
    """The distance without a guideline over that with all five, in pairs by seed, for every arm but the reference.

    A training that diverged has no final score: the last one on its curve stands for it.
    """
    found = {arm: np.array([_last(training, score) for training in rows]) for arm, rows in record.content["arms"].items()}
    reference = found.pop(REFERENCE)
    return {arm: values / reference for arm, values in found.items()}


def _last(training: Mapping[str, Any], score: str) -> float:
    value: float = training["scores"][score] if training["scores"] else training["curves"][score][-1]
    return value


def by_luck(record: Record, score: str = "frechet") -> np.ndarray:
    """What ``ratios`` gives where nothing was changed: trainings of the reference over other ones of it, [P, seeds].

    One row for each pairing of the seeds with themselves in which no training meets itself, 44 for five seeds.  Every ordered
    pair of different trainings is in some row, so ``np.unique`` of the whole gives each pair's ratio once.
    """
    values = np.array([_last(training, score) for training in record.content["arms"][REFERENCE]])
    if not 2 <= (n := len(values)) <= MOST_PAIRED:
        raise ValueError(f"by_luck pairs 2 to {MOST_PAIRED} trainings of {REFERENCE!r} with each other, and the record has {n}")
    places = [order for order in permutations(range(n)) if all(i != j for i, j in enumerate(order))]
    return values / values[np.array(places)]


def luck_between(record: Record, other: Record, score: str = "frechet") -> np.ndarray:
    """As ``by_luck``, of two records whose seeds differ: the reference of one over the other's, and turned round, [P, seeds].

    They are compared at the last step that both have on their curves.  Each pairing of n seeds with the n others is two rows,
    one for either record above: 240 for five seeds.  No training stands on both sides of a row, so that, other than in
    ``by_luck``, all of a row can lie on one side of 1.
    """
    (steps, values), (other_steps, others) = (each.curve(score)[REFERENCE] for each in (record, other))
    if len(values) != len(others) or len(values) > MOST_PAIRED:
        raise ValueError(
            f"luck_between pairs up to {MOST_PAIRED} trainings with as many, and the records have {len(values)} and {len(others)}"
        )
    last = np.intersect1d(steps, other_steps).max()
    above, below = values[:, steps == last][:, 0], others[:, other_steps == last][:, 0]
    paired = above / below[np.array(list(permutations(range(len(below)))))]
    return np.concatenate([paired, 1 / paired])


def loss_and_distance(record: Record, arm: str, score: str = "frechet", against: str = "own") -> list[float]:
    """Spearman's rank correlation of D's loss with a score along the curve of each seed, step 0 left out.

    against  "own", the score of the same seed; or a null: "others", the mean of the correlations with each other seed's score
             (of one seed there is none); "clock", a score that falls from point to point and knows nothing else
    """
    from scipy.stats import spearmanr

    check.one_of("against", against, ["own", "others", "clock"])
    losses, scores = record.curve("d_loss")[arm][1][:, 1:], record.curve(score)[arm][1][:, 1:]
    if against == "others" and len(losses) < 2:
        raise ValueError("against='others' pairs trainings of different seeds, and the record has one: record two or more")
    clock = -np.arange(losses.shape[1])
    found = []
    for k, loss in enumerate(losses):
        paired = {"own": scores[k : k + 1], "others": np.delete(scores, k, axis=0), "clock": clock[None]}[against]
        found.append(float(np.mean([spearmanr(loss, other).statistic for other in paired])))
    return found


REFERENCE, TENFOLD, SMALL_START = "all five", "ten times the rate", "no batch norm, small start"
NO_NORM, NORMED, SMALL_KERNELS = "no batch norm, matched", "hidden linear in G, normed", "3x3 strides in D"
BEHIND = (NO_NORM, NORMED, SMALL_KERNELS)  # what stands behind a result
RATE = 5e-4
ARMS: dict[str, dict[str, Any]] = {
    REFERENCE: {},
    "max pooling in D": {"discriminator": {"downsample": "pool"}},
    "nearest in G": {"generator": {"upsample": "nearest"}},
    "no batch norm in G": {"folded": "G"},
    "no batch norm in D": {"folded": "D"},
    "hidden linear in G": {"generator": {"hidden_linear": True}},
    "hidden linear in D": {"discriminator": {"hidden_linear": True}},
    "tanh in G": {"generator": {"activation": "tanh"}},
    "ReLU in D": {"discriminator": {"activation": "relu"}},
    SMALL_START: {"generator": {"norm": False}, "discriminator": {"norm": False}, "matched": False},
    TENFOLD: {"fit": {"lr": 10 * RATE}},
    NO_NORM: {"folded": "GD"},
    NORMED: {"generator": {"hidden_linear": True, "hidden_norm": True}},
    SMALL_KERNELS: {"discriminator": {"downsample": "strided 3x3"}},
}

EXPERIMENT = Experiment(
    name="dcgan_guidelines",
    title="DCGAN's five guidelines, each left out alone: pixel-art faces at 16 px",
    stage=PixelFaces,
    arms=ARMS,
    seeds=(0, 1, 2, 3, 4),
    full={
        "n": 10_000,
        "unseen": 1000,
        "width": 16,
        "batch_size": 32,
        "steps": 2000,
        "measure_every": 250,
        "checkpoint_every": 250,
        "samples": 400,
        "final_samples": 1000,
    },
    ci={
        "n": 120,
        "unseen": 100,
        "width": 4,
        "batch_size": 8,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 10,
        "samples": 80,
        "final_samples": 80,
    },
    fit={"lr": RATE, "betas": [0.5, 0.999], "ema": 0.99, "precision": "float32"},
    paper="Radford et al. 2016, section 3",
    expected={
        "C10": "a guideline helps where the distance without it over that with it, by seed, is at least 1.1 (95 % interval)",
        "S29.dloss": "rank correlation of D's loss with the distance over the reference's curve: positive, a question's row",
        "S04": "the reference's distance at the end over that of untrained players: at most 0.3 in every seed; noise scores 0.4",
        "C10.control": "no batch norm, small start: at least 1.1 in every seed (named after the first seed)",
        "C10.rate": "ten times the learning rate was expected to harm, at least 1.1: a question's row since the first seed",
        "C10.judge": "the nearest of blurred faces, mean face, noise, untrained players, over the reference's mean: at least 1",
        "C10.start": "no batch norm, small start, over no batch norm, matched: a question's row",
        "C10.hidden": "hidden linear in G, normed, over all five: if near 1, the missing normalisation did it: a question's row",
        "C10.kernel": "max pooling in D over 3x3 strides in D: what is left with equal kernels: a question's row",
        "worse": "no batch norm in G, hidden linear in D, tanh in G; no difference: nearest in G, ReLU in D, hidden linear in G",
    },
)

"""Skip connections, ten times longer: class maps to faces at 32 px with L1, by a U-Net and by a network without skips.

After 200 steps the network without skips is behind.  Two explanations say different things of a longer training.  If it only
learns more slowly, the gap closes.  If the one pixel in the middle does not carry a layout, it stays; and where it stays for
unseen maps alone, the pixel carries the maps of the training set, learnt by heart, and no new ones.  So every score is taken on
unseen maps and on seen ones.

Two judges read the layout back.  The first is trained on true pictures, as the paper's; it is the lecture's.  It takes a right
layout in flat colours for a wrong one, and what L1 draws is flat.  The second, ``layout_*``, is trained on the same pictures as
they are and recoloured, blurred and noisy: :func:`recoloured`.

Source: Isola, Zhu, Zhou & Efros 2017, section 4.3 and table 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.data.pairs import FACE_CLASSES, PairBatches, PairSet, load_pairs
from gancourse.experiments.experiment import Experiment
from gancourse.experiments.pix2pix import players
from gancourse.experiments.pix2pix_losses import class_colours, counted, flat, reader
from gancourse.gans.pix2pix import Pix2Pix
from gancourse.metrics.pairs import l1, segmentation_scores
from gancourse.training import Run

CLASSES = len(FACE_CLASSES)
SHOWN = (1, 3, 16, 4)  # of the unseen faces: a closed lid, a heavy brow, dark glasses, a braid
NOISE = 0.2  # standard deviation of the recoloured pictures' noise


def blurred(pictures: Tensor) -> Tensor:
    """Means of 2 x 2 pixels, enlarged again: [N, C, H, W]."""
    return F.interpolate(F.avg_pool2d(pictures, 2), scale_factor=2, mode="bilinear")


def recoloured(pairs: PairSet, seed: int = 0) -> Tensor:
    """The pictures as they are, in flat colours, blurred, and with noise, one set after the other: [4 N, 3, H, W].

    The flat colour of a class is its mean colour in another picture, drawn anew for each picture and each class; where that
    picture lacks the class, its mean over all.
    """
    source, targets, inputs = torch.Generator().manual_seed(seed), pairs.targets(), pairs.inputs()
    n, classes = inputs.shape[:2]
    area = inputs.sum((2, 3))[:, :, None]  # [N, classes, 1]
    means = torch.einsum("nkhw,nchw->nkc", inputs, targets) / area.clamp(min=1)
    means = torch.where(area > 0, means, class_colours(pairs))
    chosen = means[torch.randint(n, (n, classes), generator=source), torch.arange(classes)]  # [N, classes, 3]
    painted = torch.einsum("nkhw,nkc->nchw", inputs, chosen)
    noise = NOISE * torch.randn(targets.shape, generator=source)
    return torch.cat([targets, painted, blurred(targets), (targets + noise).clamp(-1, 1)])


class Faces:
    """Class maps and faces of the lecture, those held back, and two judges."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        self.size, held = size, size["held"]
        pairs = load_pairs("segments", size["side"], size["n"], progress=False)
        self.pairs, self.unseen = pairs[:-held], pairs[-held:]
        self.seen = self.pairs[:held]
        maps, steps = self.pairs.a, size["judge_steps"]
        self.judge = reader(folder / "segmenter.weights", self.pairs.targets(), maps, steps)
        self.layout_judge = reader(folder / "layout.weights", recoloured(self.pairs), maps.repeat(4, 1, 1, 1), steps)

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[Pix2Pix, PairBatches]:
        unet = {"dropout": 0.0, "skips": arm["skips"], "middle": arm.get("middle", 1)}
        networks = players(self.pairs.in_channels, self.size["side"], arm["width"], 1, seed=seed, **unet)
        device = next(networks[0].parameters()).device
        return Pix2Pix(*networks, adversarial=0.0), PairBatches(self.pairs, self.size["batch_size"], seed=seed, device=device)

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        """Outputs for the unseen maps, then for as many seen ones: [2 held, 3, H, W]."""
        return run.gan.translate(torch.cat([self.unseen.inputs(), self.seen.inputs()])).cpu()

    def pictures(self, run: Run) -> Tensor:
        return run.gan.translate(self.unseen.inputs([i % len(self.unseen) for i in SHOWN]))

    def judged(self, sample: Tensor) -> dict[str, float]:
        """All scores of pictures for the unseen maps and, ``seen_*``, for seen ones."""
        unseen, seen = sample.split(len(self.unseen))
        read = segmentation_scores(self.judge.predict(unseen), self.unseen.a, CLASSES)
        layout = segmentation_scores(self.layout_judge.predict(unseen), self.unseen.a, CLASSES)
        learnt = segmentation_scores(self.layout_judge.predict(seen), self.seen.a, CLASSES)
        return {
            **read._asdict(),
            "layout_pixels": layout.pixel_accuracy,
            "layout_classes": layout.class_accuracy,
            "layout_iou": layout.iou,
            "seen_pixels": segmentation_scores(self.judge.predict(seen), self.seen.a, CLASSES).pixel_accuracy,
            "seen_layout_pixels": learnt.pixel_accuracy,
            "seen_layout_iou": learnt.iou,
            "l1": l1(unseen, self.unseen.targets()).mean().item(),
            "seen_l1": l1(seen, self.seen.targets()).mean().item(),
        }

    def nulls(self) -> dict[str, Tensor]:
        truth = torch.cat([self.unseen.targets(), self.seen.targets()])
        colours, source = class_colours(self.pairs), torch.Generator().manual_seed(2)
        untrained = {f"untrained, {name}": self.game(arm, 0)[0] for name, arm in ARMS.items()}
        maps = torch.cat([self.unseen.inputs(), self.seen.inputs()])
        return {
            "truth": truth,
            "right layout, flat colours": torch.cat([flat(self.unseen, colours), flat(self.seen, colours)]),
            "other faces": torch.cat([half.roll(1, 0) for half in truth.chunk(2)]),
            "mean face": self.pairs.targets().mean(0, keepdim=True).expand_as(truth),
            "blurred truth": blurred(truth),
            "noise": torch.rand(truth.shape, generator=source) * 2 - 1,
            **{name: game.translate(maps).cpu() for name, game in untrained.items()},
        }

    def facts(self) -> dict[str, float]:
        return counted(self.pairs)


ARMS: dict[str, dict[str, Any]] = {
    "U-Net": {"skips": True, "width": 16},
    "no skips": {"skips": False, "width": 18},  # 18: at least as many weights
}

EXPERIMENT = Experiment(
    name="pix2pix_skips",
    title="Skip connections, ten times longer: class maps to faces at 32 px, with L1",
    stage=Faces,
    arms=ARMS,
    seeds=(0, 1, 2, 3, 4),
    full={
        "side": 32,
        "n": 1000,
        "held": 150,
        "judge_steps": 300,
        "batch_size": 16,
        "steps": 2000,
        "measure_every": 100,
        "checkpoint_every": 500,
        "frames": [200, 500, 1000, 2000],
    },
    ci={"n": 80, "held": 20, "judge_steps": 4, "steps": 20, "measure_every": 10, "checkpoint_every": 5, "frames": [0, 10, 20]},
    fit={"lr": 1e-3, "precision": "float32"},
    paper="Isola et al. 2017, table 2",
    expected={
        "S23.longer": "pixels read back right after 2,000 steps, U-Net less no skips: at least 0.02, if slowness is not all "
        "(0.13 in the paper); we expect 0.02 to 0.04, where 200 steps leave 0.06",
        "S23.layout_judge": "the second judge reads at least 0.9 of the pixels of the right layout in flat colours",
        "S23.longer_layout": "the same gap by the second judge: above 0, no tolerance",
        "S23.seen": "the same gap on seen maps: below that on unseen ones, if the one pixel learns maps by heart",
    },
)

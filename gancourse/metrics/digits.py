"""Which digit is it, and is it one at all?  The judge of generated digits, and of stacks of three.

A classifier of ten digits answers for any picture: uniform noise is read with a confidence of 0.999, and three channels of noise
with the right marginal at every pixel reach nearly all of the thousand modes of stacked digits.  So the judge asks twice.  Its
classifier has an eleventh class, *no digit*, taught with five kinds of noise; and the picture must be as near to some training
digit of the class it is read as, by the cosine between pixels, as all but 5 % of real digits that were held out.  What passes
both is *accepted*.

Before it asks, it puts the paper to black (:func:`levelled`).  The classifier saw black grounds only, and took real digits on a
ground of 5 % grey, or under noise that an eye hardly sees, for none at all.

    judge = digit_judge()
    judge.report(samples)          # ModeReport of stacked digits [N, 3, 32, 32]: accepted samples only
"""

from __future__ import annotations

import time
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse import zoo
from gancourse.base import check, networks
from gancourse.base.features import mark
from gancourse.data.handwritten import handwritten_digits
from gancourse.data.images import ImageSet
from gancourse.metrics.attributes import fit_classifier, named_classifier
from gancourse.metrics.modes import ModeReport, stacked_mode_report
from gancourse.models.classifier import AttributeClassifier, prepare

SIZE, NONE = 32, 10  # pixels; the index of "no digit"
BLOCK = 8  # pixels, the side of the squares that one kind of noise puts in another order
NAMES = {"digit": (*"0123456789", "none")}
NAME = "judge_digits"
FAINT = 0.05  # ink within this share of full ink above its ground belongs to the paper
REFUSED = 0.05  # share of held-out real digits that are less like the training digits than the threshold
STEPS, WIDTH, COPIES = 1200, 16, 3


class DigitJudge:
    """``classifier`` reads grey digits, eleventh class none; ``references`` are the digits that a picture is compared with.

    ``threshold`` is the least cosine between the pixels (0 is black) of a picture and its nearest reference of the class read.
    """

    def __init__(
        self, classifier: AttributeClassifier, references: ImageSet, held_out: ImageSet, refused: float = REFUSED
    ) -> None:
        self.classifier = classifier
        self._references = [_ink(levelled(references.images[references.labels == k])) for k in range(NONE)]
        self.threshold = self.likeness(held_out.images, _labels(held_out)).quantile(refused).item()

    @property
    def extractor_id(self) -> str:
        return self.classifier.extractor_id

    def features(self, images: Tensor, batch_size: int = 256) -> Tensor:
        """64 features of grey digits [N, 1, 32, 32]; of stacked ones [N, 3, 32, 32] those of the three channels side by side."""
        single = self.classifier.features(images.flatten(0, 1)[:, None], batch_size)  # [N C, 64]
        if images.shape[1] == 1:
            return single
        return mark(single.view(len(images), -1), f"{self.extractor_id}, channels side by side")

    def likeness(self, images: Tensor, digits: Tensor) -> Tensor:
        """The cosine of each picture [N, 1, H, W], levelled, with the nearest reference of its digit: [N], 0 for black ones."""
        return self._likeness(_ink(levelled(images).cpu()), digits.cpu())

    def _likeness(self, ink: Tensor, digits: Tensor) -> Tensor:
        found = torch.zeros(len(ink))
        for digit, references in enumerate(self._references):
            rows = digits == digit
            if rows.any():
                found[rows] = (ink[rows] @ references.T).amax(1)
        return found

    def read(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Digits int64 [N] of pictures [N, 1, 32, 32] (uint8, or floats in [-1, 1]), and which are accepted: bool [N].

        Both on the CPU, wherever the pictures are.
        """
        level = levelled(images).cpu()  # where the references are
        probabilities = self.classifier.probabilities(level)["digit"]
        digits = probabilities[:, :NONE].argmax(1)
        accepted = probabilities.argmax(1) != NONE
        return digits, accepted & (self._likeness(_ink(level), digits) >= self.threshold)

    def read_stacked(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Codes 100 a + 10 b + c, int64 [N], of stacked digits [N, 3, 32, 32], and which have all channels accepted: bool [N]."""
        if images.ndim != 4 or images.shape[1] != 3:
            raise ValueError(f"stacked digits must be [N, 3, {SIZE}, {SIZE}], not {list(images.shape)}")
        digits, accepted = self.read(images.flatten(0, 1)[:, None])
        return digits.view(-1, 3) @ torch.tensor([100, 10, 1]), accepted.view(-1, 3).all(1)

    def report(self, images: Tensor) -> ModeReport:
        """The modes of stacked digits [N, 3, 32, 32] among 1,000; only accepted samples count."""
        codes, accepted = self.read_stacked(images)
        return stacked_mode_report(codes, accepted=accepted)


def digit_judge() -> DigitJudge:
    """The judge for real handwritten digits at 32 px; its weights ship with the course, or it is trained in about a minute."""
    shipped = zoo.load_or_train(NAME, _train_with_card)
    return DigitJudge(named_classifier(shipped, NAME), handwritten_digits("train", SIZE), handwritten_digits("test", SIZE))


def train_digit_classifier(steps: int = STEPS, seed: int = 0, *, progress: bool = True) -> AttributeClassifier:
    """A classifier of handwritten digits and of what is none, which sees the training digits turned and moved a little."""
    steps, seed = check.rounds("steps", steps), check.whole("seed", seed, 0, check.SEEDS[1])
    digits = handwritten_digits("train", SIZE)
    source = torch.Generator().manual_seed(seed)
    images = torch.cat([digits.images, *(moved(digits.images, source) for _ in range(COPIES))])
    nothing = torch.cat([make(digits.images, source) for make in NOISES.values()])
    labels = torch.cat([_labels(digits).repeat(1 + COPIES), torch.full((len(nothing),), NONE)])
    with networks.seeded(seed):
        name = f"handwritten digits and none, {steps} steps, seed {seed}"
        network = AttributeClassifier(NAMES, channels=1, width=WIDTH, extractor_id=name)
    fit_classifier(network, torch.cat([images, nothing]), labels[:, None], steps, seed, progress)
    return network


def _labels(digits: ImageSet) -> Tensor:
    if digits.labels is None:
        raise ValueError(f"{digits.name} has no labels: take a set of digits")
    return digits.labels


def levelled(images: Tensor) -> Tensor:
    """Pictures [N, C, H, W] on a ground of exact black: floats in [-1, 1].

    A picture's median pixel is its ground, for strokes cover less than half.  It becomes black, and so does what stands out from
    it by less than ``FAINT`` of full ink; the rest is stretched over what is left.  Noise stays noise: half of it is above.
    """
    ink = (prepare(images) + 1) / 2
    above = ink - ink.flatten(2).median(2).values[..., None, None]
    return ((above - FAINT) / (1 - FAINT)).clamp(0, 1) * 2 - 1


def moved(images: Tensor, source: torch.Generator) -> Tensor:
    """Each picture turned by up to 11 degrees, slanted by 0.15, scaled by a tenth and shifted by 1.3 pixels: uint8, as before."""
    angle, slant, zoom, across, down = (torch.rand(5, len(images), generator=source) * 2 - 1) * torch.tensor(
        [[0.2], [0.15], [0.1], [0.08], [0.08]]
    )
    rows = [angle.cos() / (1 + zoom), slant - angle.sin(), across, angle.sin(), angle.cos() / (1 + zoom), down]
    grid = F.affine_grid(torch.stack(rows, 1).view(-1, 2, 3), list(images.shape), align_corners=False)
    return F.grid_sample(images.float(), grid, align_corners=False).round().clamp(0, 255).to(torch.uint8)


def _uniform(images: Tensor, source: torch.Generator) -> Tensor:
    return torch.randint(0, 256, images.shape, generator=source, dtype=torch.uint8)


def _marginal(images: Tensor, source: torch.Generator) -> Tensor:
    rows = torch.randint(len(images), (len(images), images[0].numel()), generator=source)
    return images.flatten(1).gather(0, rows).view(images.shape)


def _soft_marginal(images: Tensor, source: torch.Generator) -> Tensor:
    return F.avg_pool2d(_marginal(images, source).float(), 3, 1, 1).round().to(torch.uint8)


def _gaussian(images: Tensor, source: torch.Generator) -> Tensor:
    flat = images.flatten(1).float()
    mean = flat.mean(0)
    _, scale, axes = torch.linalg.svd(flat - mean, full_matrices=False)
    z = torch.randn(len(flat), len(scale), generator=source) * scale / len(flat) ** 0.5
    drawn: Tensor = mean + z @ axes
    return drawn.round().clamp(0, 255).to(torch.uint8).view(images.shape)


def _blocks(images: Tensor, source: torch.Generator) -> Tensor:
    """Squares of 8 pixels in random order: strokes, but no figure."""
    if any(side % BLOCK for side in images.shape[2:]):
        raise ValueError(
            f"sides must be a multiple of {BLOCK} px, not {list(images.shape[2:])}: what squares leave out would be black"
        )
    patches = F.unfold(images.float(), BLOCK, stride=BLOCK)  # [N, 64, places]
    order = torch.rand(len(patches), 1, patches.shape[2], generator=source).argsort(2).expand_as(patches)
    return F.fold(patches.gather(2, order), images.shape[2:], BLOCK, stride=BLOCK).to(torch.uint8)


NOISES = {
    "uniform": _uniform,
    "marginal": _marginal,
    "soft marginal": _soft_marginal,
    "Gaussian": _gaussian,
    "blocks": _blocks,
}


def _ink(level: Tensor) -> Tensor:
    """Levelled pictures as vectors of unit length over their pixels, black being 0: [N, 1024]."""
    return F.normalize((level + 1).flatten(1), dim=1)


def _train_with_card() -> tuple[AttributeClassifier, dict[str, Any]]:
    began = time.process_time()
    network = train_digit_classifier(progress=False)
    seconds = time.process_time() - began
    test = handwritten_digits("test", SIZE)
    right = network.accuracy(test.images, _labels(test)[:, None])["digit"]
    card = zoo.fill_card(
        network,
        {"attribute_names": NAMES, "channels": 1, "width": WIDTH, "extractor_id": NAME},
        title="handwritten digits, or no digit",
        data={"name": test.name, "arguments": {"split": "train", "size": SIZE}},
        training={"recipe": "gancourse.metrics.digits", "arguments": {"copies": COPIES, "noises": list(NOISES)}},
        steps=STEPS,
        seconds=round(seconds),
        seed=0,
        metric={"name": "accuracy", "value": right, "protocol": f"{len(test)} digits of the test split"},
        licence={"data": f"{test.licence}, {test.author}", "weights": test.licence},
    )
    return network, card


if __name__ == "__main__":
    path = zoo.save(NAME, *_train_with_card())
    print(f"{path.name}: {zoo.card(path)['metric']}")

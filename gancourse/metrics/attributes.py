"""The course's attribute classifiers: trained by the recipe below, shipped with their weights.

They serve twice.  Their predictions judge whether a generated face has the hair, the glasses or the digit that was asked for;
their 64 features are where the course measures Frechet distances, as others do in Inception's 2048.

>>> classifier = attribute_classifier("faces")
>>> classifier.predict(images)                    # int64 [N, 6], columns ordered as classifier.attribute_names
>>> frechet_distance(classifier.features(fake), classifier.features(real))

``python -m gancourse.metrics.attributes [STYLE ...]`` trains them again and replaces the shipped files.
"""

from __future__ import annotations

import time
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse import zoo
from gancourse.base import check, networks
from gancourse.base.progress import Progress
from gancourse.data.images import ImageSet
from gancourse.metrics.features import checked_images
from gancourse.models.classifier import AttributeClassifier, prepare

STYLES = ("faces", "anime", "pixel_faces", "digits")
STEPS = 1100
TRAIN_N = 10_000
DRAWN_AT = {"faces": 32, "anime": 32, "pixel_faces": 16, "digits": 32}  # pixels
_LEARNING_RATE, _BATCH_SIZE = 4e-3, 64


def attribute_classifier(style: str = "faces", size: int = 32) -> AttributeClassifier:
    """The classifier of a style: "faces", "anime", "pixel_faces" or "digits" (grey, handwritten and printed).

    ``size`` is that of the images it is going to see, 8 to 256 px.  One network serves every size, since it looks at 32 x 32
    versions of them; distances measured at different sizes are still not comparable, for a larger drawing is another data set.

    The weights ship with the course; where they are missing, the recipe runs (a minute or two) and the result is cached.
    ``extractor_id`` names style and weights, so features of differently trained networks are never compared.
    """
    check.one_of("style", style, STYLES)
    if not 8 <= check.whole("size", size, None) <= 256:
        raise ValueError(f"size must be 8 to 256 pixels, not {size}")
    shipped = zoo.load_or_train(_name(style), lambda: _train_with_card(style))
    return named_classifier(shipped, str(shipped.card["name"]))


def named_classifier(shipped: zoo.Shipped, name: str) -> AttributeClassifier:
    """The classifier of a checkpoint; its ``extractor_id`` is the name and the beginning of the weights' hash."""
    if not isinstance(shipped.model, AttributeClassifier):
        raise TypeError(f"{name} holds a {type(shipped.model).__name__}, not a classifier: train it again")
    shipped.model.extractor_id = shipped.named(name)
    return shipped.model


def train_attribute_classifier(
    style: str = "faces",
    size: int | None = None,
    n: int = TRAIN_N,
    steps: int = STEPS,
    seed: int = 0,
    *,
    progress: bool = True,
) -> AttributeClassifier:
    """The shipped recipe: AdamW, a one-cycle learning rate, batches of 64, cross-entropy summed over the heads.

    Draws ``n`` training images of ``style`` at ``size`` px (by default 32, pixel art 16) and trains for ``steps`` steps: a minute
    or two on one core.  Digits are half handwritten, half printed.  The same arguments give the same network on the same
    machine; the global random state is left alone.
    """
    check.one_of("style", style, STYLES)
    steps, n, seed = check.whole("steps", steps), check.whole("n", n, None), check.whole("seed", seed, 0, check.SEEDS[1])
    if n < _BATCH_SIZE:
        raise ValueError(f"n must be at least {_BATCH_SIZE}, one batch, not {n}")
    data = _images(style, DRAWN_AT[style] if size is None else size, n, "train", seed, progress)
    targets, names = _targets(data)
    with networks.seeded(seed):
        name = f"{style} classifier, {len(data)} images of {data.size} px, {steps} steps, seed {seed}"
        network = AttributeClassifier(names, channels=data.channels, extractor_id=name)
    fit_classifier(network, data.images, targets, steps, seed, progress)
    return network


def stacked_codes(images: Tensor, classifier: AttributeClassifier, batch_size: int = 256) -> Tensor:
    """The code 100 a + 10 b + c of stacked digits [N, 3, H, W], read channel by channel: int64 [N] for ``stacked_mode_report``.

    ``classifier`` is ``attribute_classifier("digits")``, or any with one grey channel and one attribute of ten values.
    """
    if not isinstance(classifier, AttributeClassifier):
        raise TypeError(
            f"classifier must be an AttributeClassifier, not {type(classifier).__name__}: attribute_classifier('digits')"
        )
    if classifier.channels != 1 or [len(values) for values in classifier.attribute_names.values()] != [10]:
        raise ValueError("stacked digits are read by a grey classifier of ten digits: take attribute_classifier('digits')")
    images = checked_images(images)
    if images.shape[1] != 3:
        raise ValueError(f"stacked digits must be [N, 3, H, W], not {list(images.shape)}")
    digits = classifier.predict(images.flatten(0, 1)[:, None], batch_size).view(-1, 3)
    return digits @ torch.tensor([100, 10, 1])


def _name(style: str) -> str:
    return f"classifier_{style}"


def _images(style: str, size: int, n: int, split: str, seed: int, progress: bool) -> ImageSet:
    from gancourse import data

    if style != "digits":
        return data.EMBEDDED[style](size, n, split, seed, progress=progress)
    written = data.digits(size, n - n // 2, split, seed)
    printed = data.font_digits(size, n // 2, split, seed)
    return ImageSet(
        images=torch.cat([written.images, printed.images]),
        labels=torch.cat([known.labels for known in (written, printed) if known.labels is not None]),
        name="digits and font_digits",
        licence=f"{written.licence}; {printed.licence}",
        author=f"{written.author}; {printed.author}",
    )


def _targets(data: ImageSet) -> tuple[Tensor, dict[str, tuple[str, ...]]]:
    """Class indices [N, A] and the value names of each attribute."""
    if data.labels is not None:
        return data.labels[:, None], {"digit": tuple("0123456789")}
    if data.attributes is None:
        raise ValueError(f"{data.name} has neither labels nor attributes: there is nothing to learn")
    return data.attributes, dict(data.attribute_names)


def fit_classifier(
    network: AttributeClassifier, images: Tensor, targets: Tensor, steps: int, seed: int, progress: bool = False
) -> None:
    """Train a judge on images [N, C, H, W] and classes int64 [N, A], in place, by the recipe that all judges share."""
    network.to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(network.parameters(), lr=_LEARNING_RATE, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _LEARNING_RATE, total_steps=steps)
    source = torch.Generator().manual_seed(seed)
    queue = torch.empty(0, dtype=torch.int64)
    bar = Progress(steps, enabled=progress)
    for step in range(1, steps + 1):
        if len(queue) < _BATCH_SIZE:
            queue = torch.cat([queue, torch.randperm(len(images), generator=source)])
        index, queue = queue[:_BATCH_SIZE], queue[_BATCH_SIZE:]
        x = prepare(images[index]).to(memory_format=torch.channels_last)
        losses = [F.cross_entropy(logits, targets[index, k]) for k, logits in enumerate(network(x))]
        loss = torch.stack(losses).sum()
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
        schedule.step()
        bar.update(step, loss=float(loss.detach()))
    bar.close()
    network.to(memory_format=torch.contiguous_format).eval()


def _train_with_card(style: str, seed: int = 0, progress: bool = True) -> tuple[AttributeClassifier, dict[str, Any]]:
    began = time.process_time()
    network = train_attribute_classifier(style, seed=seed, progress=progress)
    seconds = time.process_time() - began
    test = _images(style, DRAWN_AT[style], 2000, "test", seed, progress)
    targets, names = _targets(test)
    accuracy = network.accuracy(test.images, targets)
    worst = min(accuracy, key=accuracy.__getitem__)
    licence = f"{test.licence}, {test.author}"
    card = zoo.fill_card(
        network,
        {"attribute_names": names, "channels": test.channels, "extractor_id": _name(style)},
        title=f"attributes of {test.name}, and 64 features for distances",
        data={"name": test.name, "arguments": {"size": DRAWN_AT[style], "n": TRAIN_N, "seed": seed}},
        training={"recipe": "gancourse.metrics.attributes", "arguments": {"lr": _LEARNING_RATE, "batch_size": _BATCH_SIZE}},
        steps=STEPS,
        seconds=round(seconds),
        seed=seed,
        metric={
            "name": "least accuracy of an attribute",
            "value": accuracy[worst],
            "protocol": f"{worst}, on {len(test)} fresh images of the test split; "
            + ", ".join(f"{name} {value:.4f}" for name, value in accuracy.items()),
        },
        licence={"data": licence, "weights": licence},
    )
    return network, card


def _ship(styles: list[str]) -> None:
    for style in styles:
        path = zoo.save(_name(style), *_train_with_card(check.one_of("style", style, STYLES)))
        print(f"{path.name}: {zoo.card(path)['metric']}")


if __name__ == "__main__":
    import sys

    _ship(sys.argv[1:] or list(STYLES))

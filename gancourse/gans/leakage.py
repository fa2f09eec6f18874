"""What features say that they should not: the accuracy of a reader who was not there when they were trained.

An adversary that was trained along with the features (:mod:`gancourse.gans.adaptation`) has lost to them; that it cannot read an
attribute does not mean that nobody can.  So freeze the features, train a new reader to its end, and count on unseen samples.

Source: Elazar & Goldberg 2018 (EMNLP), who found fresh readers well above chance where the trained one was at chance.
"""

from __future__ import annotations

import torch
from torch import Tensor

from gancourse.base import check, networks
from gancourse.gans.adaptation import adversary_loss
from gancourse.gans.ensemble import stack
from gancourse.models import mlp


def leakage(
    train: Tensor,
    a_train: Tensor,
    test: Tensor,
    a_test: Tensor,
    *,
    hidden: tuple[int, ...] = (64, 64),
    steps: int = 400,
    seed: int = 0,
) -> Tensor:
    """Accuracy [K] at which fresh perceptrons read the bits a [K, N] from features [K, N, D], on the test samples.

    One reader for each of K sets of features, trained on ``train`` by Adam on batches of 256; features are standardised first.
    Chance is the share of the more frequent value.  ``hidden=()`` asks a linear reader.

    Raises: ValueError for shapes that do not fit, and for features that are not finite: standardised by an infinite mean all are
    NaN, and a reader of NaN is at chance.
    """
    for name, features in (("train", train), ("test", test)):
        check.finite(name, check.floats(name, features, 3))
    if test.shape[::2] != train.shape[::2] or a_train.shape != train.shape[:2] or a_test.shape != test.shape[:2]:
        shapes = ", ".join(str(list(x.shape)) for x in (train, a_train, test, a_test))
        raise ValueError(f"leakage takes features [K, N, D], bits [K, N], and the same of test samples, not {shapes}")
    mean, scale = train.mean(1, keepdim=True), train.std(1, keepdim=True).clamp_min(1e-6)
    train, test = (train - mean) / scale, (test - mean) / scale
    with networks.seeded(seed):
        readers = stack([mlp.Discriminator(train.shape[2], hidden) for _ in train]).to(train.device)
    source = torch.Generator().manual_seed(seed)

    def loss() -> Tensor:
        rows = torch.randint(train.shape[1], (256,), generator=source)
        return adversary_loss(readers(train[:, rows]), a_train[:, rows]).sum()

    networks.descend(readers, loss, check.rounds("steps", steps), lr=3e-3)
    with torch.no_grad():
        right: Tensor = (readers(test) > 0) == a_test.bool()
        return right.float().mean(1)

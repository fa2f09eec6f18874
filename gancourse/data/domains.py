"""Data for adversaries elsewhere: two domains of the same classes, and a table of people with an attribute.

>>> digits, blended = mnist_and_mnist_m("train")            # black background; photographs as background
>>> source, target = moons(150, seed=0), moons(150, seed=1, degrees=35)
>>> people = applicants(4000, seed=0)
"""

from __future__ import annotations

import math
from typing import NamedTuple

import torch
from torch import Tensor

from gancourse.base import check
from gancourse.data.handwritten import SIDE, handwritten_digits
from gancourse.data.images import ImageSet
from gancourse.data.photos import photo_patches

NOISE = 0.1  # the standard deviation of a moon's points


def blended(images: Tensor, patches: Tensor) -> Tensor:
    """|digit - patch| in each channel: uint8 [N, 1, H, W] and [N, 3, H, W] -> [N, 3, H, W]; a patch, inverted where there is ink.

    Source: Ganin et al. 2016, section 5.2.4 (MNIST-M, over patches of BSDS500).
    """
    return (images.int() - patches.int()).abs().to(torch.uint8)


def mnist_and_mnist_m(
    split: str = "train", seed: int = 0, size: int = SIDE, *, texture: float = 4.0
) -> tuple[ImageSet, ImageSet]:
    """Two sets of real digits, uint8 [N, 3, size, size]: as they are, and blended over patches of photographs.

    No digit is in both: the first half of the split is the one, the second half the other, evenly by class.  The patches of the
    splits are cut from different parts of the photographs, those with less ``texture`` (see ``photo_patches``) left out.
    """
    digits = handwritten_digits(split, size)
    half = len(digits) // 2
    patches = photo_patches(size, half, split, check.seed(seed), texture=texture)
    labels = digits.labels
    if labels is None:
        raise ValueError("the handwritten digits have no labels")
    plain = ImageSet(
        images=digits.images[:half].expand(-1, 3, -1, -1).contiguous(),
        labels=labels[:half],
        name="handwritten_digits",
        licence=digits.licence,
        author=digits.author,
    )
    over = ImageSet(
        images=blended(digits.images[half:], patches.images),
        labels=labels[half:],
        name="handwritten digits over photographs",
        licence=f"{digits.licence}; photographs {patches.licence}",
        author=f"{digits.author}; {patches.author}",
    )
    return plain, over


def moons(n: int, seed: int, degrees: float = 0.0, share: float = 0.5, std: float = NOISE) -> tuple[Tensor, Tensor]:
    """2n points of two interleaved half circles about the origin, turned by ``degrees``, and which moon each is on, 0 or 1.

    ``share`` of the points are on moon 1.  Source: the toy problem of Ganin et al. 2016, section 5.1.1 (n = 150, 35 degrees).
    """
    n, share = check.whole("n", n), check.fraction("share", share)
    source = torch.Generator().manual_seed(check.seed(seed))
    y = (torch.arange(2 * n) < round(2 * n * share)).long()[torch.randperm(2 * n, generator=source)]
    angle = math.pi * torch.rand(2 * n, generator=source)
    side = torch.where(y == 1, -1.0, 1.0)
    x = torch.stack([side * angle.cos() - side / 2, side * (angle.sin() - 0.25)], 1)
    x = x + check.at_least("std", std) * torch.randn(2 * n, 2, generator=source)
    turn = math.radians(check.number("degrees", degrees))
    rotation = torch.tensor([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    return x @ rotation, y


class Table(NamedTuple):
    """People: x [N, 8], what one sees of them; y [N], whether a loan was repaid; a [N], the attribute; each 0 or 1."""

    x: Tensor
    y: Tensor
    a: Tensor


def applicants(n: int, seed: int, link: float = 1.0) -> Table:
    """A table whose causes are known: the attribute a and the ability u are independent; u and, through ``link``, a act on x.

    y = 1 if u + noise > 0            what is to be predicted depends on the ability alone,
    x_1..x_3 = u + noise              three honest features,
    x_4      = 2a - 1 + noise         a proxy: a postcode,
    x_5      = u + link (2a - 1) + noise   a mixture: an income, higher in one group at the same ability,
    x_6      = (2a - 1) v, v ~ N      and x_7 = v + noise: only their product tells a,
    x_8      = noise.
    """
    n = check.whole("n", n)
    source = torch.Generator().manual_seed(check.seed(seed))
    a = torch.randint(2, (n,), generator=source)
    noise = torch.randn(n, 10, generator=source)
    u, sign = noise[:, 0], 2 * a.float() - 1
    honest = u[:, None] + noise[:, 1:4]
    proxy = sign + noise[:, 4]
    mixed = u + link * sign + 0.5 * noise[:, 5]
    pair = torch.stack([sign * noise[:, 6], noise[:, 6] + 0.3 * noise[:, 7]], 1)
    x = torch.cat([honest, proxy[:, None], mixed[:, None], pair, noise[:, 8:9]], 1)
    return Table(x, (u + 0.5 * noise[:, 9] > 0).long(), a)

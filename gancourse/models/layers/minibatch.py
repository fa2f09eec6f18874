"""Discriminators that see the batch: minibatch discrimination (Salimans et al. 2016) and the batch's spread (Karras et al. 2018).

A discriminator that judges samples one by one cannot know that they are all alike.  The layers append to each sample's features
how it compares with the others of its batch; real and fake batches must therefore pass D apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.networks import widened
from gancourse.models.layers.dense import hidden_layers, linear

KINDS = ("discrimination", "stddev")


def closeness(m: Tensor) -> Tensor:
    r"""How close each sample of a batch is to the others, kernel by kernel: m [..., N, B, C] -> [..., N, B].

        o(x_i)_b = sum_{j != i} exp(-||M_{i,b} - M_{j,b}||_1)

    Near 0 where sample i is unlike all others, N - 1 where all are the same.  (The paper's sum includes j = i, which
    adds 1 to every entry and so only shifts the next layer's bias; its published code leaves j = i out, as here.)

    Source: Salimans et al. 2016, section 3.2.
    """
    distance = (m.unsqueeze(-3) - m.unsqueeze(-4)).abs().sum(-1)  # [..., N, N, B], ||M_i,b - M_j,b||_1
    return torch.exp(-distance).sum(-2) - 1.0


class MinibatchDiscrimination(nn.Module):
    """Append to features f(x_i) in R^F how close x_i is to the rest of the batch: [N, F] -> [N, F + B].

    A learnt tensor T [F, B, C] projects the features to B kernels in R^C, M_i = f(x_i) T; :func:`closeness` compares them.
    Memory grows with N^2 B C.  The paper's published code takes B = 100 and C = 5.

    Source: Salimans et al. 2016, section 3.2.
    """

    def __init__(self, features: int, kernels: int = 16, dim: int = 4) -> None:
        super().__init__()
        features, kernels, dim = check.counts(features=features, kernels=kernels, dim=dim)
        check.fits("weights", features, kernels, dim)
        self.projection = nn.Parameter(torch.randn(features, kernels, dim) / math.sqrt(features))  # T

    def forward(self, x: Tensor) -> Tensor:
        m = torch.matmul(x, self.projection.flatten(-2)).unflatten(-1, self.projection.shape[-2:])  # [..., N, B, C]
        return torch.cat([x, closeness(m)], -1)


class MinibatchSpread(nn.Module):
    """Append one number to each sample of a batch, the mean over features of their standard deviation: [N, F] -> [N, F + 1].

    It is :class:`MinibatchStdDev` for vectors, with the whole batch as the one group.

    Source: Karras et al. 2018 (ProGAN), section 3.
    """

    def forward(self, x: Tensor) -> Tensor:
        spread = (x.var(-2, unbiased=False) + 1e-8).sqrt().mean(-1)  # [...]; the 1e-8 keeps the root's gradient finite
        return torch.cat([x, spread[..., None, None].expand(*x.shape[:-1], 1)], -1)


class MinibatchStdDev(nn.Module):
    """Append one feature map that holds the spread of the batch, so that the discriminator sees sameness.

    The batch is split into groups of ``group_size`` samples.  Within a group the standard deviation of every feature at
    every place is averaged to one number, written into a constant map: [N, C, H, W] -> [N, C + 1, H, W].  Sample i belongs
    to group i mod (N / group_size).  When the batch does not divide, the group is the largest divisor below.

    Implementations differ: ``consecutive`` groups hold neighbours, i and i + 1; ``unbiased`` divides the variance by the
    group's size less one.

    Source: Karras et al. 2018 (ProGAN), section 3.
    """

    def __init__(self, group_size: int = 8, *, consecutive: bool = False, unbiased: bool = False) -> None:
        super().__init__()
        self.group_size = check.whole("group_size", group_size, 1, check.COUNT)
        self.consecutive, self.unbiased = consecutive, unbiased

    def forward(self, x: Tensor) -> Tensor:
        n, _, height, width = x.shape
        if n == 0:
            raise ValueError("the spread of a batch needs samples, and there are none: pass at least one")
        size = next(g for g in range(min(self.group_size, n), 0, -1) if n % g == 0)
        if self.consecutive:
            groups = widened(x).reshape(n // size, size, *x.shape[1:]).transpose(0, 1)
        else:
            groups = widened(x).reshape(size, n // size, *x.shape[1:])  # [G, N/G, C, H, W]
        # written out, since Tensor.var over the first axis is several times slower on a processor
        divisor = size - 1 if self.unbiased and size > 1 else size
        variance = (groups - groups.mean(0)).square().sum(0) / divisor  # [N/G, C, H, W]
        spread = (variance + 1e-8).sqrt().mean((1, 2, 3))  # [N/G]; the 1e-8 keeps the root's gradient finite
        spread = spread.repeat_interleave(size) if self.consecutive else spread.repeat(size)
        spread = spread.to(x.dtype).reshape(n, 1, 1, 1)
        return torch.cat([x, spread.expand(n, 1, height, width)], 1)


class Discriminator(nn.Module):
    """D on batches of vectors or small images: [N, *in_shape] -> logits [N], the batch's statistics before the last layer.

    ``kind`` is "discrimination" (``kernels`` x ``dim``) or "stddev".  The last layer's weights on the batch's statistics begin at
    zero: closeness is a large number, and with random weights it would decide, either way, before D has learnt anything.
    """

    def __init__(
        self,
        in_shape: int | Sequence[int] = 2,
        hidden: Sequence[int] = (128, 128),
        kind: str = "discrimination",
        activation: str = "leaky_relu",
        kernels: int = 16,
        dim: int = 4,
    ) -> None:
        super().__init__()
        check.one_of("kind of minibatch layer", kind, KINDS)
        self.in_shape = check.sides("in_shape", in_shape)
        sizes = [math.prod(self.in_shape), *check.row("hidden", hidden)]
        across = MinibatchDiscrimination(sizes[-1], kernels, dim) if kind == "discrimination" else MinibatchSpread()
        extra = across.projection.shape[1] if isinstance(across, MinibatchDiscrimination) else 1
        last = linear(sizes[-1] + extra, 1)
        nn.init.zeros_(last.weight[:, sizes[-1] :])
        self.layers = nn.Sequential(*hidden_layers(sizes, activation), across, last)

    def forward(self, x: Tensor) -> Tensor:
        x = check.samples(x, self.in_shape, self)
        if len(x) < 2:
            raise ValueError("a minibatch layer compares samples, and there is only one: pass at least two at a time")
        return self.layers(torch.flatten(x, 1)).squeeze(1)  # [N]

r"""Self-attention on feature maps, by which every place of a picture can look at every other."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check


class SelfAttention(nn.Module):
    r"""x + gamma * W_o(attention over places): [N, C, H, W] -> [N, C, H, W].

        beta_ij = softmax_j( theta(x)_i . phi(x)_j ),    o_i = sum_j beta_ij g(x)_j,    y = x + gamma W_o o

    theta and phi have C/8 channels, g has C/2; all four maps are 1x1 convolutions without bias.  phi and g are max-pooled by
    2, so each of the H W places looks at H W / 4 of them.  gamma starts at 0: at first the layer passes its input
    through.  The products are not divided by sqrt(C/8), unlike a transformer's.

    Source: Zhang et al. 2019 (SAGAN), section 3, with the pooling of its authors' code, as in Brock et al. 2019 (BigGAN).
    """

    def __init__(self, n_channels: int) -> None:
        super().__init__()
        (n_channels,) = check.counts(n_channels=n_channels)
        check.fits("weights", n_channels, n_channels)
        if n_channels < 8:
            raise ValueError(f"attention needs 8 channels or more, as its queries have an eighth of them, not {n_channels}")
        self.theta = nn.Conv2d(n_channels, n_channels // 8, 1, bias=False)
        self.phi = nn.Conv2d(n_channels, n_channels // 8, 1, bias=False)
        self.g = nn.Conv2d(n_channels, n_channels // 2, 1, bias=False)
        self.o = nn.Conv2d(n_channels // 2, n_channels, 1, bias=False)
        self.gamma = nn.Parameter(torch.zeros(()))

    def weights(self, x: Tensor) -> Tensor:
        """beta [N, H W, H W / 4]: where each place looks; every row sums to 1."""
        query = self.theta(x).flatten(2)  # [N, C/8, HW]
        key = F.max_pool2d(self.phi(x), 2).flatten(2)  # [N, C/8, HW/4]
        return torch.softmax(query.transpose(1, 2) @ key, dim=-1)

    def forward(self, x: Tensor) -> Tensor:
        value = F.max_pool2d(self.g(x), 2).flatten(2)  # [N, C/2, HW/4]
        seen = value @ self.weights(x).transpose(1, 2)  # [N, C/2, HW]
        return x + self.gamma * self.o(seen.unflatten(2, x.shape[2:]))


class WordAttention(nn.Module):
    r"""For each place of a map a mean of the words' vectors, weighted by how well they fit what is there.

        beta_ji = softmax_i( h_j . U w_i ),    c_j = sum_i beta_ji U w_i

    maps h [N, C, H, W], words w [N, L, D], a mask bool [N, L] that is True at words and False where a sentence is filled up; the
    contexts c have the maps' shape, and are set beside them.  Each picture attends to its own sentence.

    Source: Xu et al. 2018 (AttnGAN), equation 2.
    """

    def __init__(self, n_channels: int, word_dim: int) -> None:
        super().__init__()
        n_channels, word_dim = check.counts(n_channels=n_channels, word_dim=word_dim)
        check.fits("weights", n_channels, word_dim)
        self.u = nn.Linear(word_dim, n_channels, bias=False)

    def weights(self, maps: Tensor, words: Tensor, mask: Tensor) -> Tensor:
        """beta [N, H W, L]: at which words each place looks; every row sums to 1."""
        return self._weights(maps, self.u(words), mask)

    def _weights(self, maps: Tensor, keys: Tensor, mask: Tensor) -> Tensor:
        scores = maps.flatten(2).transpose(1, 2) @ keys.transpose(1, 2)  # [N, HW, L]
        return torch.softmax(scores.masked_fill(~mask[:, None], -torch.inf), dim=-1)

    def forward(self, maps: Tensor, words: Tensor, mask: Tensor) -> Tensor:
        contexts = self.weights(maps, words, mask) @ self.u(words)  # [N, HW, C]
        return contexts.transpose(1, 2).unflatten(2, maps.shape[2:])


class WordMemory(WordAttention):
    r"""Attention over memories in place of words: what is written of a word, and what is taken of the read-out, two gates decide.

        g_i = sigmoid(A w_i + B mean_j h_j),    m_i = g_i U w_i + (1 - g_i) M mean_j h_j         written: word and map
        beta_ji = softmax_i( h_j . K m_i ),     o_j = sum_i beta_ji V m_i                        addressed by keys, values read
        r_j = sigmoid(W [o_j, h_j] + b),        c_j = r_j o_j + (1 - r_j) h_j                    the map's response

    Shapes as in :class:`WordAttention`; the gates are one number for each word and for each place.  M, K and V are the identity
    at first: it begins as attention over words that are half written.

    Source: Zhu et al. 2019 (DM-GAN), section 3.2; their keys and values are rectified, ours not.
    """

    def __init__(self, n_channels: int, word_dim: int) -> None:
        super().__init__(n_channels, word_dim)
        check.fits("weights", n_channels, n_channels)
        self.write_word, self.write_map = nn.Linear(word_dim, 1, bias=False), nn.Linear(n_channels, 1, bias=False)
        self.m, self.key, self.value = (nn.Linear(n_channels, n_channels, bias=False) for _ in range(3))
        self.respond = nn.Linear(2 * n_channels, 1)
        for linear in (self.m, self.key, self.value):
            nn.init.eye_(linear.weight)

    def written(self, maps: Tensor, words: Tensor) -> Tensor:
        """The memory [N, L, C], a row for each word."""
        mean = maps.mean((2, 3))[:, None]  # [N, 1, C]
        gate = torch.sigmoid(self.write_word(words) + self.write_map(mean))  # [N, L, 1]
        return gate * self.u(words) + (1 - gate) * self.m(mean)

    def weights(self, maps: Tensor, words: Tensor, mask: Tensor) -> Tensor:
        """beta [N, H W, L]: which memories each place reads; every row sums to 1."""
        return self._weights(maps, self.key(self.written(maps, words)), mask)

    def forward(self, maps: Tensor, words: Tensor, mask: Tensor) -> Tensor:
        memory, places = self.written(maps, words), maps.flatten(2).transpose(1, 2)  # [N, L, C], [N, HW, C]
        read = self._weights(maps, self.key(memory), mask) @ self.value(memory)  # [N, HW, C]
        gate = torch.sigmoid(self.respond(torch.cat([read, places], 2)))  # [N, HW, 1]
        return (gate * read + (1 - gate) * places).transpose(1, 2).unflatten(2, maps.shape[2:])

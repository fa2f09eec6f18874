"""A generator that looks at the words of its sentence while it draws, and the same one that has the whole sentence to look at.

What the players are told is one tensor [N, 1 + L, dim] (:func:`told`): the sentence's vector, then a vector for each word, zeros
where the sentence has ended.  The networks are those of :mod:`gancourse.models.text`.

Source: Xu et al. 2018 (AttnGAN), section 3.1, and Zhu et al. 2019 (DM-GAN), section 3.2, in one small stage.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check
from gancourse.models import text
from gancourse.models.layers.attention import WordAttention, WordMemory
from gancourse.models.layers.initialisation import init_he

LOOKS = ("words", "sentence", "memory")
SIDE = 8  # of the map whose places look at the words


@torch.no_grad()
def told(encoder: text.TextEncoder, sentences: Tensor, chunk: int = 512) -> Tensor:
    """Sentences int64 [N, L] as vectors [N, 1 + L, dim] of length 1: the whole first, then what is known after each word.

    The encoder's ``width`` must be its ``dim``; behind a sentence's end there are zeros.
    """
    if check.module("encoder", encoder).width != encoder.dim:
        raise ValueError(
            f"the encoder's words have {encoder.width} numbers, its sentences {encoder.dim}: build it with width=dim"
        )
    parts = []
    for some in check.integers("sentences", sentences, 2).split(check.whole("chunk", chunk)):
        words = F.normalize(encoder.states(some), dim=2) * (some > 0)[:, :, None]
        parts.append(torch.cat([encoder(some)[:, None], words], 1))
    return torch.cat(parts)


def _checked(vectors: object, dim: int, n: int, network: nn.Module) -> Tensor:
    """``vectors`` if they are [n, 1 + L, dim] with a word in each row."""
    x = check.finite("told", check.floats("told", vectors, 3))
    if x.shape[0] != n or x.shape[1] < 2 or x.shape[2] != dim:
        what = f"{type(network).__name__} needs a sentence's vector and its words', [{n}, 1 + L, {dim}]"
        raise ValueError(f"{what}, not {list(x.shape)}: gancourse.models.word_attention.told makes them")
    if not bool((x[:, 1] != 0).any(1).all()):
        raise ValueError("a sentence has no word: its second row is zero")
    return x


class WordGenerator(text.Generator):
    """G: latents [N, latent_dim] and what is told [N, 1 + L, text_dim] -> pictures [N, channels, size, size] in [-1, 1].

    It begins as :class:`gancourse.models.text.Generator` does, from noise and the sentence's vector.  Each place of the map
    of 8 x 8 then gets a context beside it, and a convolution mixes the two.  ``looks`` says which context; all begin with the
    same weights, and "memory" has some more:

        words      the words' vectors, each place weighing them for itself (WordAttention)
        sentence   the sentence's vector once more: of one word each place takes all
        memory     memories of word and map, and what the response gate takes of them (WordMemory)
    """

    def __init__(
        self,
        text_dim: int = 64,
        size: int = 16,
        noise_dim: int = 32,
        condition_dim: int = 32,
        width: int = 16,
        max_width: int = 256,
        channels: int = 3,
        *,
        looks: str = "words",
    ) -> None:
        super().__init__(text_dim, size, noise_dim, condition_dim, width, max_width, channels)
        self.looks = check.one_of("looks", looks, LOOKS)
        doublings = [i for i, layer in enumerate(self.blocks) if isinstance(layer, nn.Upsample)]  # of 4 px, then of SIDE, ...
        self._looked = doublings[1] if len(doublings) > 1 else len(self.blocks)
        n = min(max_width, width * self.size // SIDE)
        self.attention = WordAttention(n, self.text_dim)
        self.mix = init_he(nn.Sequential(nn.Conv2d(2 * n, n, 3, padding=1, bias=False), nn.BatchNorm2d(n), nn.ReLU()))
        if self.looks == "memory":
            with torch.random.fork_rng(devices=[]):  # what is made after it begins as it does beside the other looks
                memory = WordMemory(n, self.text_dim)
            memory.u, self.attention = self.attention.u, memory

    def contexts(self, maps: Tensor, vectors: Tensor) -> Tensor:
        """What stands beside the maps [N, C, H, W]: [N, C, H, W]."""
        words = vectors[:, :1] if self.looks == "sentence" else vectors[:, 1:]
        contexts: Tensor = self.attention(maps, words * self.text_dim**0.5, (words != 0).any(2))  # numbers of order one
        return contexts

    def forward(self, z: Tensor, e: Tensor) -> Tensor:
        z = check.latents(z, self.latent_dim, self)
        vectors = _checked(e, self.text_dim, len(z), self)
        x = self.first(torch.cat([z, self.condition(vectors[:, 0])], 1))
        maps = self.blocks[: self._looked](x.unflatten(1, (-1, 4, 4)))  # [N, C, 8, 8]
        maps = self.mix(torch.cat([maps, self.contexts(maps, vectors)], 1))
        return torch.tanh(self.last(self.blocks[self._looked :](maps)))  # [N, channels, size, size]


class SentenceDiscriminator(text.Discriminator):
    """D of the same tensor, of which it reads the sentence's vector alone, as AttnGAN's does: words are for the generator."""

    def forward(self, x: Tensor, e: Tensor) -> Tensor:
        x = check.images(x, self.channels, self.size, network=self)
        return super().forward(x, _checked(e, self.text_dim, len(x), self)[:, 0])

"""Networks between sentences and pictures: encoders of both, and a generator and a discriminator that are told a sentence.

A sentence is a row of word numbers with zeros at its end (:func:`gancourse.data.captions.tokens`).  The encoders turn sentence
and picture into vectors of one space; the players of the game get the sentence as its vector.  The
convolutions are those of :mod:`gancourse.models.convnet`.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check
from gancourse.models.convnet import checked, halving
from gancourse.models.layers.initialisation import init_he
from gancourse.models.layers.minibatch import MinibatchStdDev
from gancourse.models.layers.resample import enlarged


def sentences(x: object, words: int) -> Tensor:
    """``x`` if it is int64 [N, L], word numbers 1 .. words followed by zeros, with a word in each row."""
    table = check.integers("sentences", x, 2)
    if not table.numel() or int(table.min()) < 0 or int(table.max()) > words:
        raise ValueError(f"sentences must be numbers 0 .. {words} in [N, L]: gancourse.data.captions.tokens makes them of texts")
    if bool((table[:, 0] == 0).any()):
        raise ValueError("a sentence is empty: each row begins with a word, and zeros fill up its end")
    if bool(((table[:, 1:] > 0) & (table[:, :-1] == 0)).any()):
        raise ValueError("zeros stand at a sentence's end only, and here a word follows one: leave them out")
    return table.long()


class TextEncoder(nn.Module):
    """phi: sentences, int64 [N, L] -> vectors [N, dim] of length 1.

    Words become vectors, a GRU reads them from first to last, and its state after the last word is mapped to the space.
    ``recurrent=False`` takes the mean of the words' vectors and a perceptron in its place: a bag of words, blind for their order.

    Source: a recurrent encoder as in Reed et al. 2016 (there over characters, after convolutions); the GRU from Cho et al. 2014.
    """

    def __init__(self, words: int, dim: int = 64, width: int = 64, *, recurrent: bool = True) -> None:
        super().__init__()
        self.words, self.dim, self.width = check.counts(words=words, dim=dim, width=width)
        check.fits("a table of words", self.words + 1, self.width)
        check.fits("weights", 3, self.width, max(self.width, self.dim))
        self.recurrent = check.flag("recurrent", recurrent)
        self.embedding = nn.Embedding(self.words + 1, self.width, padding_idx=0)
        if self.recurrent:
            self.read: nn.Module = nn.GRU(self.width, self.width, batch_first=True)
        else:
            self.read = nn.Sequential(nn.Linear(self.width, self.width), nn.ReLU())
        self.last = nn.Linear(self.width, self.dim)

    def states(self, x: Tensor) -> Tensor:
        """What is known after each word, [N, L, width]; for a bag of words their vectors."""
        return self._states(sentences(x, self.words))

    def _states(self, x: Tensor) -> Tensor:
        vectors: Tensor = self.embedding(x)
        return self.read(vectors)[0] if self.recurrent else vectors

    def forward(self, x: Tensor) -> Tensor:
        x = sentences(x, self.words)
        lengths = (x > 0).sum(1)
        states = self._states(x[:, : int(lengths.max())])  # [N, longest, width]
        if self.recurrent:
            read = states[torch.arange(len(x), device=x.device), lengths - 1]
        else:
            read = self.read(states.sum(1) / lengths[:, None])  # padding has the vector 0
        return F.normalize(self.last(read), dim=1)


class PictureEncoder(nn.Module):
    """v: pictures [N, channels, size, size] -> vectors [N, dim] of length 1, the space of :class:`TextEncoder`."""

    def __init__(self, size: int = 32, dim: int = 64, width: int = 16, max_width: int = 256, channels: int = 3) -> None:
        super().__init__()
        size, width, max_width, channels = checked(size, width, max_width, channels)
        self.size, self.channels, (self.dim,) = size, channels, check.counts(dim=dim)
        self.blocks, n = halving(size, width, max_width, channels)
        check.fits("weights", self.dim, n, 4, 4)
        self.last = nn.Linear(n * 16, self.dim)
        init_he(self)

    def forward(self, x: Tensor) -> Tensor:
        maps = self.blocks(check.images(x, self.channels, self.size, network=self))
        return F.normalize(self.last(maps.flatten(1)), dim=1)


class Matcher(nn.Module):
    """Both encoders: how well do picture and sentence fit?  ``forward(x, s)`` gives their products [N], 1 at best.

    Pictures of another size than ``size`` are scaled to it first, so one matcher judges both stages of a StackGAN.
    """

    def __init__(
        self, words: int, size: int = 32, dim: int = 64, width: int = 16, text_width: int = 64, *, recurrent: bool = True
    ) -> None:
        super().__init__()
        self.text = TextEncoder(words, dim, text_width, recurrent=recurrent)
        self.picture = PictureEncoder(size, dim, width)

    def vectors(self, x: Tensor) -> Tensor:
        """The vectors of pictures [N, 3, H, W]."""
        size = self.picture.size
        check.images(x, self.picture.channels, what="pictures", network=self, least=1)
        if x.shape[2:] != (size, size):
            x = F.interpolate(x, (size, size), mode="bilinear", antialias=True)
        vectors: Tensor = self.picture(x)
        return vectors

    def forward(self, x: Tensor, s: Tensor) -> Tensor:
        pictures, texts = self.vectors(x), self.text(s)
        if len(pictures) != len(texts):
            raise ValueError(f"{len(texts)} sentences for {len(pictures)} pictures: pass one for each")
        return (pictures * texts).sum(1)


def condition(e: object, text_dim: int, n: int, network: nn.Module) -> Tensor:
    """``e`` if it is one vector [text_dim] for each of n samples."""
    vectors = check.samples(e, (text_dim,), network, "sentence vectors")
    if len(vectors) != n:
        raise ValueError(f"{len(vectors)} sentence vectors for {n} samples: pass one for each")
    return vectors


class ConditioningAugmentation(nn.Module):
    r"""c = mu(e) + sigma(e) * eps: sentence vectors [N, text_dim] and noise eps [N, dim] -> conditions [N, dim].

    With eps ~ N(0, I) each sentence stands for a small cloud of conditions.  What keeps the cloud from shrinking to a point is

        KL( N(mu, sigma^2) || N(0, I) ) = 1/2 sum_i ( mu_i^2 + sigma_i^2 - 1 - log sigma_i^2 ).

    Source: Zhang et al. 2017 (StackGAN), section 3.2, equation 2; the reparametrisation is Kingma & Welling's (2014).
    """

    def __init__(self, text_dim: int, dim: int) -> None:
        super().__init__()
        self.text_dim, self.dim = check.counts(text_dim=text_dim, dim=dim)
        check.fits("weights", self.text_dim, 2 * self.dim)
        self.linear = nn.Linear(self.text_dim, 2 * self.dim)

    def statistics(self, e: Tensor) -> tuple[Tensor, Tensor]:
        """mu and log sigma, [N, dim] each."""
        mean, log_std = self.linear(e * self.text_dim**0.5).chunk(2, dim=1)  # e has length 1: numbers of order one
        return mean, log_std

    def kl(self, e: Tensor) -> Tensor:
        """The divergence from N(0, I), averaged over the sentences: a scalar."""
        mean, log_std = self.statistics(e)
        return (mean.square() + (2 * log_std).exp() - 1 - 2 * log_std).sum(1).mean() / 2

    def forward(self, e: Tensor, eps: Tensor) -> Tensor:
        e = condition(e, self.text_dim, len(check.latents(eps, self.dim, self)), self)
        mean, log_std = self.statistics(e)
        return mean + log_std.exp() * eps


class Compression(nn.Module):
    """The condition without augmentation: c = leaky ReLU(W e + b), as in Reed et al. 2016; [N, text_dim] -> [N, dim]."""

    def __init__(self, text_dim: int, dim: int) -> None:
        super().__init__()
        self.text_dim, self.dim = check.counts(text_dim=text_dim, dim=dim)
        check.fits("weights", self.text_dim, self.dim)
        self.linear = nn.Linear(self.text_dim, self.dim)

    def forward(self, e: Tensor) -> Tensor:
        e = check.samples(e, (self.text_dim,), self, "sentence vectors")
        return F.leaky_relu(self.linear(e * self.text_dim**0.5), 0.2)  # e has length 1: numbers of order one


class Generator(nn.Module):
    """G: latents [N, latent_dim] and sentence vectors [N, text_dim] -> pictures [N, channels, size, size] in [-1, 1].

    The condition c is made of the sentence, and the first layer reads noise and condition side by side; the rest is the generator
    of :mod:`gancourse.models.convnet`.  With ``augmented`` the latent has ``condition_dim`` numbers more, the eps of
    :class:`ConditioningAugmentation`: all that is random stands in z.

    Source: Reed et al. 2016, figure 2; with augmentation stage I of Zhang et al. 2017.
    """

    def __init__(
        self,
        text_dim: int = 64,
        size: int = 32,
        noise_dim: int = 32,
        condition_dim: int = 32,
        width: int = 16,
        max_width: int = 256,
        channels: int = 3,
        *,
        augmented: bool = False,
    ) -> None:
        super().__init__()
        size, width, max_width, channels = checked(size, width, max_width, channels)
        self.size, (self.noise_dim,) = size, check.counts(noise_dim=noise_dim)
        self.augmented = check.flag("augmented", augmented)
        kind = ConditioningAugmentation if self.augmented else Compression
        self.condition = kind(text_dim, condition_dim)
        self.text_dim, condition_dim = self.condition.text_dim, self.condition.dim
        self.latent_dim = self.noise_dim + condition_dim * self.augmented
        side, n = 4, min(max_width, width * size // 4)
        check.fits("weights", self.noise_dim + condition_dim, n, 4, 4)
        self.first = nn.Linear(self.noise_dim + condition_dim, n * 16, bias=False)
        layers: list[nn.Module] = [nn.BatchNorm2d(n), nn.ReLU()]
        while side < size:
            side *= 2
            n_out = min(max_width, width * size // side)
            layers += doubled(n, n_out)
            n = n_out
        self.blocks = nn.Sequential(*layers)
        self.last = nn.Conv2d(n, channels, 3, padding=1)
        init_he(self)
        nn.init.normal_(self.last.weight, 0.0, 0.02)  # begin near grey, inside tanh's linear range

    def conditions(self, z: Tensor, e: Tensor) -> Tensor:
        """c for each sample, [N, condition_dim]."""
        e = condition(e, self.text_dim, len(z), self)
        return self.condition(e, z[:, self.noise_dim :]) if self.augmented else self.condition(e)

    def forward(self, z: Tensor, e: Tensor) -> Tensor:
        z = check.latents(z, self.latent_dim, self)
        x = self.first(torch.cat([z[:, : self.noise_dim], self.conditions(z, e)], 1))
        x = x.unflatten(1, (-1, 4, 4)).contiguous(memory_format=torch.channels_last)  # [N, C, 4, 4]
        return torch.tanh(self.last(self.blocks(x)))  # [N, channels, size, size]


def doubled(n: int, n_out: int) -> list[nn.Module]:
    """Layers that double the side: [N, n, H, W] -> [N, n_out, 2H, 2W]."""
    return [
        nn.Upsample(scale_factor=2, mode="nearest"),
        nn.Conv2d(n, n_out, 3, padding=1, bias=False),
        nn.BatchNorm2d(n_out),
        nn.ReLU(),
    ]


class Discriminator(nn.Module):
    """D: pictures [N, channels, size, size] and sentence vectors [N, text_dim] -> logits [N].

    Strided convolutions down to 4x4; there the compressed sentence is set beside the maps at each of the 16 places, a 1x1
    convolution compares, and a linear layer decides.  ``spread`` sets the batch's spread beside them, as
    :class:`gancourse.models.convnet.Discriminator` does.

    Source: Reed et al. 2016, figure 2.
    """

    def __init__(
        self,
        text_dim: int = 64,
        size: int = 32,
        condition_dim: int = 32,
        width: int = 16,
        max_width: int = 256,
        channels: int = 3,
        *,
        spread: bool = False,
    ) -> None:
        super().__init__()
        size, width, max_width, channels = checked(size, width, max_width, channels)
        self.size, self.channels, spread = size, channels, check.flag("spread", spread)
        self.condition = Compression(text_dim, condition_dim)
        self.text_dim, n_text = self.condition.text_dim, self.condition.dim
        self.blocks, n = halving(size, width, max_width, channels)
        check.fits("weights", n + n_text + 1, n)
        self.spread = MinibatchStdDev() if spread else nn.Identity()
        self.mix = nn.Sequential(nn.Conv2d(n + n_text + int(spread), n, 1), nn.LeakyReLU(0.2))
        self.last = nn.Linear(n * 16, 1)
        init_he(self)
        nn.init.normal_(self.last.weight, 0.0, 0.01)  # begin undecided

    def forward(self, x: Tensor, e: Tensor) -> Tensor:
        maps = self.blocks(check.images(x, self.channels, self.size, network=self))  # [N, C, 4, 4]
        e = condition(e, self.text_dim, len(maps), self)
        everywhere = self.condition(e)[:, :, None, None].expand(-1, -1, 4, 4)
        return self.last(self.mix(torch.cat([self.spread(maps), everywhere], 1)).flatten(1)).squeeze(1)  # [N]


class Refiner(nn.Module):
    """Stage II: pictures [N, channels, H, H] and sentence vectors [N, text_dim] -> pictures of twice the side.

    The small picture becomes maps, the sentence is set beside them at every place, two residual blocks look at both, the maps are
    doubled.  The last layer adds to the enlarged small picture, and begins at 0: at first stage II hands on what stage I drew.
    The sum is not cut to [-1, 1], for a cut passes no gradient.

    Source: Zhang et al. 2017 (StackGAN), section 3.4; the residual output is ours, for networks as small as these.
    """

    def __init__(
        self, text_dim: int = 64, size: int = 16, condition_dim: int = 16, width: int = 32, channels: int = 3, blocks: int = 2
    ) -> None:
        super().__init__()
        self.size, width, self.channels = check.counts(size=size, width=width, channels=channels)
        self.condition = Compression(text_dim, condition_dim)
        self.text_dim, n_text = self.condition.text_dim, self.condition.dim
        check.fits("weights", width + n_text, width, 3, 3)
        self.first = nn.Sequential(nn.Conv2d(self.channels, width, 3, padding=1), nn.ReLU())
        self.join = nn.Sequential(nn.Conv2d(width + n_text, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU())
        self.blocks = nn.ModuleList(residual(width) for _ in range(check.depth("blocks", blocks)))
        self.grow = nn.Sequential(*doubled(width, width // 2 or 1))
        self.last = nn.Conv2d(width // 2 or 1, self.channels, 3, padding=1)
        init_he(self)
        for part in self.last.parameters():
            nn.init.zeros_(part)

    def forward(self, x: Tensor, e: Tensor) -> Tensor:
        x = check.images(x, self.channels, self.size, network=self)
        e = condition(e, self.text_dim, len(x), self)
        everywhere = self.condition(e)[:, :, None, None].expand(-1, -1, self.size, self.size)
        maps = self.join(torch.cat([self.first(x), everywhere], 1))  # [N, width, H, H]
        for block in self.blocks:
            maps = torch.relu(maps + block(maps))
        return enlarged(x) + self.last(self.grow(maps))  # [N, channels, 2H, 2H]


def residual(width: int) -> nn.Sequential:
    """Two convolutions for a residual block."""
    return nn.Sequential(
        nn.Conv2d(width, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, padding=1, bias=False),
        nn.BatchNorm2d(width),
    )


class Stacked(nn.Module):
    """Both stages as one generator: latents and sentence vectors -> the pictures of stage II.  Stage I is no longer trained.

    Source: Zhang et al. 2017 (StackGAN), figure 2.
    """

    def __init__(self, first: Generator, second: Refiner) -> None:
        super().__init__()
        if check.module("first", first).size != check.module("second", second).size:
            raise ValueError(f"stage II takes {second.size} px, stage I draws {first.size}: build it with size={first.size}")
        self.first, self.second = first.requires_grad_(False), second
        self.latent_dim, self.text_dim, self.size = first.latent_dim, first.text_dim, 2 * second.size

    def forward(self, z: Tensor, e: Tensor) -> Tensor:
        pictures: Tensor = self.second(self.first(z, e), e)
        return pictures


class TextToImage(nn.Module):
    """A sentence's encoder and a generator: latents [N, latent_dim] and sentences -> pictures [N, 3, size, size].

    Sentences are word numbers, int64 [N, L], or vectors [N, dim] that the encoder made; the encoder stays as it is when the
    generator is trained.  ``refined`` is the width of a second stage, a :class:`Refiner`, that doubles the pictures' side; the
    generator below it is then no longer trained.
    """

    def __init__(
        self,
        words: int,
        dim: int = 64,
        text_width: int = 64,
        size: int = 32,
        noise_dim: int = 32,
        condition_dim: int = 32,
        width: int = 16,
        *,
        augmented: bool = False,
        refined: int = 0,
    ) -> None:
        super().__init__()
        self.text = TextEncoder(words, dim, text_width).requires_grad_(False)
        first = Generator(dim, size, noise_dim, condition_dim, width, augmented=augmented)
        refined = check.whole("refined", refined, 0)
        self.draw = Stacked(first, Refiner(dim, size, width=refined)) if refined else first
        self.latent_dim, self.size = self.draw.latent_dim, self.draw.size

    @property
    def condition(self) -> nn.Module:
        """What the generator makes of a sentence's vector."""
        first = self.draw.first if isinstance(self.draw, Stacked) else self.draw
        return first.condition

    def vectors(self, s: Tensor) -> Tensor:
        """Sentences as vectors; vectors as they are."""
        if check.tensor("sentences", s).is_floating_point():
            return s
        vectors: Tensor = self.text(s)
        return vectors

    def forward(self, z: Tensor, s: Tensor) -> Tensor:
        pictures: Tensor = self.draw(z, self.vectors(s))
        return pictures

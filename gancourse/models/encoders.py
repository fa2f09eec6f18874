"""Networks with a way back, for pictures: an encoder beside the generator of :mod:`gancourse.models.convnet`.

Both models here draw with that generator, so that their reconstructions differ by what they were trained for, and not by how they
draw.

>>> vae = ConvVAE(32)                          # trained by gancourse.training.fit_likelihood
>>> pair = ConvBidirectional(32)               # trained by gancourse.gans.bigan.BiGAN against a PairDiscriminator(32)
>>> vae.reconstruct(x), pair.reconstruct(x)    # shaped like x, [N, 3, 32, 32] in [-1, 1]
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gancourse.base import check
from gancourse.models import convnet
from gancourse.models.latent_codes import Bidirectional
from gancourse.models.layers.initialisation import init_he
from gancourse.models.layers.minibatch import MinibatchStdDev
from gancourse.models.vae import VAE, Code, Decoder


class Encoder(nn.Module):
    """E: images [N, channels, size, size] -> [N, n_out]; convolutions without normalisation, linear at the end.

    No image's code depends on the others of its batch, in training or later.
    """

    def __init__(self, size: int = 32, n_out: int = 64, width: int = 24, channels: int = 3) -> None:
        super().__init__()
        size, width, _, channels = convnet.checked(size, width, 256, channels)
        (n_out,) = check.counts(n_out=n_out)
        self.size, self.channels, self.out_shape = size, channels, (n_out,)
        self.blocks, n = convnet.halving(size, width, channels=channels)
        check.fits("weights", n_out, n, 16)
        self.mix = nn.Sequential(nn.Conv2d(n, n, 3, padding=1), nn.LeakyReLU(0.2))
        self.last = nn.Linear(n * 16, n_out)
        init_he(self)
        nn.init.normal_(self.last.weight, 0.0, (n * 16) ** -0.5)  # codes begin with the spread of N(0, I)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(self.mix(self.blocks(check.images(x, self.channels, self.size, network=self))).flatten(1))


class ConvBidirectional(Bidirectional):
    """G and E of BiGAN for pictures: ``forward`` is G, ``encode`` is E, ``reconstruct`` is G(E(x))."""

    def __init__(self, size: int = 32, latent_dim: int = 64, width: int = 24, encoder_width: int = 16, channels: int = 3) -> None:
        generator = convnet.Generator(size, latent_dim, width, channels=channels)
        super().__init__(generator, Encoder(size, latent_dim, encoder_width, channels))


class PairDiscriminator(nn.Module):
    """D of BiGAN for pictures: images [N, channels, size, size] with latents [N, latent_dim] -> logits [N].

    The picture goes down to a 4x4 map as in :class:`convnet.Discriminator`, with the batch's spread; the latent through one
    hidden layer; two layers see both.

    Source: Donahue et al. 2017 and Dumoulin et al. 2017 also join the two late, after the convolutions.
    """

    def __init__(self, size: int = 32, latent_dim: int = 64, width: int = 24, channels: int = 3, hidden: int = 256) -> None:
        super().__init__()
        size, width, _, channels = convnet.checked(size, width, 256, channels)
        latent_dim, hidden = check.counts(latent_dim=latent_dim, hidden=hidden)
        check.fits("weights", hidden, hidden + max(latent_dim, 16 * 256))
        self.size, self.channels, self.latent_dim = size, channels, latent_dim
        self.blocks, n = convnet.halving(size, width, channels=channels)
        self.spread = MinibatchStdDev()
        self.mix = nn.Sequential(nn.Conv2d(n + 1, n, 3, padding=1), nn.LeakyReLU(0.2))
        self.latent = nn.Sequential(nn.Linear(latent_dim, hidden), nn.LeakyReLU(0.2))
        self.joint = nn.Sequential(
            nn.Linear(n * 16 + hidden, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, hidden), nn.LeakyReLU(0.2)
        )
        self.last = nn.Linear(hidden, 1)
        init_he(self)
        nn.init.normal_(self.last.weight, 0.0, 0.01)  # begin undecided

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        z = check.latents(z, self.latent_dim, self)
        x = check.images(x, self.channels, self.size, network=self)
        check.a_latent_for_each(x, z)
        seen = self.mix(self.spread(self.blocks(x))).flatten(1)
        return self.last(self.joint(torch.cat([seen, self.latent(z)], 1))).squeeze(1)


class _ConvDecoder(Decoder):
    """:class:`convnet.Generator` as the decoder of a VAE."""

    def __init__(self, size: int, latent_dim: int, width: int, channels: int) -> None:
        nn.Module.__init__(self)
        self.latent_dim, self.shape, self.likelihood = latent_dim, (channels, size, size), "gaussian"
        self.network = convnet.Generator(size, latent_dim, width, channels=channels)

    def outputs(self, z: Tensor) -> Tensor:
        made = self.network(z.flatten(0, -2)).to(next(self.parameters()).dtype)  # autocast gives fewer digits
        return made.flatten(1).unflatten(0, z.shape[:-1])


class ConvVAE(VAE):
    """A variational autoencoder for pictures: p(x|z) = N(G(z), sigma^2 I) with a convolutional G and one learned sigma.

    ``forward`` is the decoder, so that it samples like a generator.  ``reconstruct`` decodes the mean of q(z|x).  Under autocast
    the networks may compute in bfloat16, the bound does not.

    Source: Kingma & Welling 2014; the learned sigma: Rybkin, Daniilidis & Levine 2021.
    """

    def __init__(self, size: int = 32, latent_dim: int = 64, width: int = 24, encoder_width: int = 16, channels: int = 3) -> None:
        nn.Module.__init__(self)
        size, _, _, channels = convnet.checked(size, width, 256, channels)
        self.shape, self.likelihood = (channels, size, size), "gaussian"
        (self.latent_dim,) = check.counts(latent_dim=latent_dim)
        self.encoder = Encoder(size, 2 * self.latent_dim, encoder_width, channels)
        self.decoder = _ConvDecoder(size, self.latent_dim, width, channels)
        self.log_sigma = nn.Parameter(torch.zeros(()))

    def encode(self, x: Tensor) -> Code:
        """q(z|x) for each image: mean and log-variance [N, latent_dim]."""
        return Code(*self.encoder(x).to(self.log_sigma.dtype).chunk(2, dim=1))

    def forward(self, z: Tensor) -> Tensor:
        return self.decode(z)

    def reconstruct(self, x: Tensor) -> Tensor:
        """The decoder's picture of the mean of q(z|x): shaped like x."""
        return self.decode(self.encode(x).mean)

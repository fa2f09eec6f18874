r"""CatGAN: the discriminator is a classifier of K classes that nobody has named, and no class is left for fakes.

It tells real from fake by being sure.  With p(y | x) the softmax of K logits, H the entropy, and means over the batch:

    D maximises   H[ E_x p(y | x) ]  -  E_x H[ p(y | x) ]  +  E_z H[ p(y | G(z)) ]
    G maximises   H[ E_z p(y | G(z)) ]  -  E_z H[ p(y | G(z)) ]

D uses all its classes, is sure of each real sample and unsure of each fake; G makes clear cases of every class in turn.
The first two terms of D alone are the mutual information of a sample and its class: discriminative clustering.

Source: Springenberg 2015 (ICLR 2016), equations 4 to 9.
"""

from __future__ import annotations

from torch import Tensor, nn

from gancourse.base import check, networks, ranks
from gancourse.gans.gan import GAN, Batch


def entropy(logits: Tensor) -> Tensor:
    """The mean over samples of H[p(y | x)], in nats: logits [..., N, K] -> [...]."""
    log_p = logits.log_softmax(-1)
    return -(log_p.exp() * log_p).sum(-1).mean(-1)


def marginal_entropy(logits: Tensor) -> Tensor:
    """H of the mean over samples of p(y | x), in nats: logits [..., N, K] -> [...]; log K when the classes are used evenly."""
    p = ranks.mean(logits.softmax(-1).mean(-2))
    return -(p * p.clamp_min(1e-12).log()).sum(-1)


class CatGAN(GAN):
    """The game of the module; ``discriminator`` gives K logits, [N, K].  Plays ensembles too, [K', N, K].

    ``against_fakes=False`` leaves the generator out of D's loss: clustering alone, for comparison.
    """

    def __init__(
        self, generator: nn.Module, discriminator: nn.Module, latent_dim: int | None = None, *, against_fakes: bool = True
    ) -> None:
        super().__init__(generator, discriminator, latent_dim=latent_dim)
        self.against_fakes = check.flag("against_fakes", against_fakes)

    def judge(self, x: Tensor, batch: Batch | None = None) -> Tensor:
        """The class logits, [..., N, K]."""
        logits: Tensor = networks.widened(self.discriminator(x))
        if logits.ndim != 2 + len(self.stacked) or logits.shape[-1] < 2:
            wanted = "gancourse.models.latent_codes.Classifier"
            raise ValueError(
                f"CatGAN's discriminator must give two or more classes, [N, K], not {list(logits.shape)}: pass {wanted}"
            )
        return logits

    def discriminator_loss(self, batch: Batch) -> Tensor:
        """-H[E p] + E H[p] on real samples, and -E H[p] on fakes; an ensemble's is the sum of its members'."""
        real = self.judge(batch.real)
        loss = entropy(real) - marginal_entropy(real)
        if self.against_fakes:
            loss = loss - entropy(self.judge(batch.fake.detach()))
        return loss.sum()

    def generator_loss(self, batch: Batch) -> Tensor:
        """-H[E p] + E H[p] on fakes."""
        fake = self.judge(batch.fake)
        return (entropy(fake) - marginal_entropy(fake)).sum()

    def classes(self, x: Tensor) -> Tensor:
        """The likeliest class of each sample in evaluation mode, int64 [N]; an ensemble takes [K', N, ...] and gives [K', N]."""
        with networks.evaluating(self.discriminator):
            return self.judge(x).argmax(-1)

r"""Semi-supervised GAN: a classifier of K classes that is also the discriminator, because "generated" is one more class.

With logits l_1 .. l_K for the classes, and the logit of class K + 1 fixed at 0 (only differences count in a softmax),

    P(k | x) = exp(l_k) / (1 + sum_j exp(l_j)),        P(real | x) = S / (1 + S),   S = sum_j exp(l_j),

so the logit of "real" is log S = logsumexp(l), and everything below is softplus of it: no K + 1 outputs, no logarithm of a
softmax.  D minimises

    -E[log P(y | x, real)]   labelled      + unlabelled_weight * ( -E[log P(real | x)] - E[log P(fake | G(z))] ).

G matches D's features on average (Salimans et al. 2016):  || E_x h(x) - E_z h(G(z)) ||^2, h D's last hidden layer.

Everything here also works on :func:`gancourse.gans.ensemble.stack`-ed networks, [K, N, ...] instead of [N, ...], and then
sums over the members.

Sources: Salimans et al. 2016 (NeurIPS), sections 3.1 and 5; Odena 2016 (ICML workshop) with K + 1 outputs.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check, networks, ranks
from gancourse.base.networks import update_average
from gancourse.gans.gan import GAN, Batch, noisy
from gancourse.models.latent_codes import features

GENERATOR_LOSSES = ("feature_matching", "non_saturating")


def real_logit(class_logits: Tensor) -> Tensor:
    """log(P(real) / P(fake)) = logsumexp of the K class logits: [..., K] -> [...]."""
    return torch.logsumexp(class_logits, -1)


def probabilities(class_logits: Tensor) -> Tensor:
    """The K + 1 probabilities, "generated" the last: [..., K] -> [..., K + 1]."""
    return F.pad(class_logits, (0, 1)).softmax(-1)


def supervised_loss(class_logits: Tensor, y: Tensor) -> Tensor:
    """-E[log P(y | x, real)], the cross-entropy over the K classes: [..., N, K] and int64 [..., N] -> [...]."""
    return -class_logits.log_softmax(-1).gather(-1, y[..., None]).squeeze(-1).mean(-1)


def unlabelled_loss(real: Tensor, fake: Tensor) -> Tensor:
    """-E[log P(real | x)] - E[log P(fake | G(z))] from class logits [..., N, K] -> [...]."""
    return F.softplus(-real_logit(real)).mean(-1) + F.softplus(real_logit(fake)).mean(-1)


def feature_matching(real: Tensor, fake: Tensor) -> Tensor:
    """|| E h(x) - E h(G(z)) ||^2 from features [..., N, F] -> [...]."""
    return ranks.mean(real.mean(-2) - fake.mean(-2)).square().sum(-1)


class LabelledSet:
    """The few labelled samples: x [M, ...] and y int64 [M]; for an ensemble [K, M, ...] and [K, M].  Draws batches of them."""

    def __init__(self, x: Tensor, y: Tensor, members: int | None = None) -> None:
        leading = 1 if members is None else 2
        if y.ndim != leading or x.shape[:leading] != y.shape or (members is not None and len(y) != members):
            wanted = "x [M, ...] and y [M]" if members is None else f"x [{members}, M, ...] and y [{members}, M]"
            raise ValueError(f"the labelled samples must be {wanted}, not {list(x.shape)} and {list(y.shape)}")
        if not x.is_floating_point() or y.is_floating_point():
            raise TypeError(f"labelled samples must be floats and labels int64, not {x.dtype} and {y.dtype}: see data.to_float")
        self.x, self.y = x, y

    def draw(self, n: int, source: torch.Generator) -> tuple[Tensor, Tensor]:
        """n of them with replacement, each member its own."""
        rows = torch.randint(self.y.shape[-1], (*self.y.shape[:-1], n), generator=source).to(self.y.device)
        if self.y.ndim == 1:
            return self.x[rows], self.y[rows]
        member = torch.arange(len(self.y), device=self.y.device)[:, None]
        return self.x[member, rows], self.y[member, rows]


class SemiSupervisedGAN(GAN):
    """The game of the module: ``classifier`` gives K class logits, ``labelled`` = (x, y) are all the labels there are.

    ``batch_labelled`` of them enter each round; the stream of ``fit`` gives the unlabelled samples.  ``noise`` is the standard
    deviation of Gaussian noise on all that the classifier sees in training.  ``average`` is the decay of the running mean of
    its weights, which :meth:`predict` uses (None: the weights themselves).
    """

    def __init__(
        self,
        generator: nn.Module,
        classifier: nn.Module,
        labelled: tuple[Tensor, Tensor],
        *,
        generator_loss: str = "feature_matching",
        unlabelled_weight: float = 1.0,
        batch_labelled: int = 32,
        noise: float = 0.0,
        average: float | None = 0.99,
        seed: int = 0,
    ) -> None:
        super().__init__(generator, classifier)
        self.labelled = LabelledSet(*labelled, members=getattr(generator, "members", None))
        self.kind = check.one_of("generator_loss", generator_loss, GENERATOR_LOSSES)
        self.unlabelled_weight = check.at_least("unlabelled_weight", unlabelled_weight)
        self.batch_labelled, self.noise = check.whole("batch_labelled", batch_labelled), check.at_least("noise", noise)
        self.decay = None if average is None else check.fraction("average", average)
        self.average = copy.deepcopy(classifier).requires_grad_(False) if average is not None else None
        self._own = torch.Generator().manual_seed(check.seed(seed))

    def judge(self, x: Tensor, batch: Batch | None = None) -> Tensor:
        """The logit of "real": logsumexp of the class logits."""
        return real_logit(networks.widened(self.discriminator(x)))

    def discriminator_loss(self, batch: Batch) -> Tensor:
        x, y = (ranks.part(rows) for rows in self.labelled.draw(self.batch_labelled, self._own))
        supervised = supervised_loss(networks.widened(self.discriminator(self._noisy(x.to(batch.real)))), y.to(self.device))
        real, fake = self.discriminator(self._noisy(batch.real)), self.discriminator(self._noisy(batch.fake.detach()))
        unlabelled = unlabelled_loss(networks.widened(real), networks.widened(fake))
        batch.log["supervised"], batch.log["unlabelled"] = supervised.mean().detach(), unlabelled.mean().detach()
        return (supervised + self.unlabelled_weight * unlabelled).sum()

    def generator_loss(self, batch: Batch) -> Tensor:
        fake = self._noisy(batch.fake)
        if self.kind == "non_saturating":
            return F.softplus(-self.judge(fake)).mean(-1).sum()
        with torch.no_grad():
            target = networks.widened(features(self.discriminator, self._noisy(batch.real)))
        return feature_matching(target, networks.widened(features(self.discriminator, fake))).sum()

    def after_discriminator_step(self) -> None:
        if self.average is not None and self.decay is not None:
            update_average(self.average, self.discriminator, self.decay)

    def predict(self, x: Tensor) -> Tensor:
        """The likeliest of the K classes, int64 [N]; an ensemble takes [N, ...] too and gives [K, N]."""
        return predict(self.average if self.average is not None else self.discriminator, x.to(self.device)).cpu()

    def state_dict(self) -> dict[str, Any]:
        average = self.average.state_dict() if self.average is not None else None
        return {"own_rng": self._own.get_state(), "average": average}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self._own.set_state(state["own_rng"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])

    def _noisy(self, x: Tensor) -> Tensor:
        return noisy(x, self.noise, self._own)


def fit_supervised(
    classifier: nn.Module,
    labelled: tuple[Tensor, Tensor],
    steps: int,
    *,
    batch_size: int = 32,
    lr: float = 1e-3,
    noise: float = 0.0,
    average: float | None = 0.99,
    seed: int = 0,
) -> nn.Module:
    """The control: the same classifier on the labelled samples alone, with the same noise and the same averaging of weights.

    Returns the averaged classifier; an ensemble trains all its members.
    """
    few = LabelledSet(*labelled, members=getattr(classifier, "members", None))
    steps, batch_size, lr = check.whole("steps", steps), check.whole("batch_size", batch_size), check.positive("lr", lr)
    noise, average = check.at_least("noise", noise), None if average is None else check.fraction("average", average)
    kept = copy.deepcopy(classifier).requires_grad_(False) if average is not None else classifier
    optimizer = torch.optim.Adam(classifier.parameters(), lr=lr, betas=(0.5, 0.999))
    source = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        x, y = few.draw(batch_size, source)
        loss = supervised_loss(classifier(noisy(x, noise, source)), y).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if average is not None:
            update_average(kept, classifier, average)
    networks.ended_well(loss, steps)
    return kept


def predict(classifier: nn.Module, x: Tensor) -> Tensor:
    """The likeliest class in evaluation mode, int64 [N]; from an ensemble of K members [K, N]."""
    members = getattr(classifier, "members", None)
    if members is not None:
        x = x.expand(members, *x.shape)
    with networks.evaluating(classifier):
        classes: Tensor = classifier(x).argmax(-1)
    return classes


class LabelSpread:
    """The positive control: labels that spread over the links between near samples, with nothing trained.

    Each of the samples x [N, ...] is linked with its k nearest; with A the links, each over the root of the product of the
    degrees at its ends, and Y [N, K] the few labels, the votes are (I - alpha A)^-1 Y = Y + alpha A Y + alpha^2 A^2 Y + ...
    A sample that was not among x asks its own k nearest.

    Source: Zhou et al. 2004 (NeurIPS 2003).
    """

    def __init__(self, x: Tensor, k: int = 7, alpha: float = 0.99) -> None:
        if not 0 < check.whole("k", k) < len(x):
            raise ValueError(f"each of {len(x)} samples has {len(x) - 1} others, so k must lie between 1 and that, not at {k}")
        if not 0 <= check.number("alpha", alpha) < 1:
            raise ValueError(f"alpha must lie in [0, 1), or the votes have no end, not {alpha}")
        self.flat, self.k = x.flatten(1), k
        nearest = torch.cdist(self.flat, self.flat).fill_diagonal_(torch.inf).topk(k, largest=False).indices
        links = torch.zeros(len(x), len(x)).scatter_(1, nearest, 1)
        links = torch.maximum(links, links.T)  # a neighbour of either is a neighbour of both
        degree = links.sum(1)
        self.system = torch.linalg.cholesky(torch.eye(len(x)) - alpha * links / (degree[:, None] * degree).sqrt())

    def __call__(self, index: Sequence[Tensor], y: Tensor, asked: Tensor) -> Tensor:
        """What samples ``asked`` [M, ...] are called, int64 [subsets, M]; y [N] is looked at where ``index`` says, only.

        index: for each subset the places in x of its labelled samples.
        """
        classes = int(y.max()) + 1
        given = torch.zeros(len(self.flat), len(index), classes)
        for k, rows in enumerate(index):
            given[rows, k, y[rows]] = 1
        votes = torch.cholesky_solve(given.flatten(1), self.system).unflatten(1, (len(index), classes))
        nearest = torch.cdist(asked.flatten(1), self.flat).topk(self.k, largest=False).indices
        called: Tensor = votes[nearest].mean(1).argmax(-1).T
        return called


def nearest_label(x: Tensor, index: Sequence[Tensor], y: Tensor, asked: Tensor) -> Tensor:
    """The labels alone: each of ``asked`` is called what the nearest labelled sample is, int64 [subsets, M]."""
    flat = x.flatten(1)
    return torch.stack([y[rows][torch.cdist(asked.flatten(1), flat[rows]).argmin(1)] for rows in index])


def balanced_subset(y: Tensor, n: int, seed: int = 0) -> Tensor:
    """The indices of n samples, as many of each class as n allows, drawn at random: int64 [n].

    A rest that the classes cannot share evenly goes to randomly chosen ones.
    """
    classes: Sequence[int] = y.unique().tolist()
    if not len(classes) <= n <= len(y):
        raise ValueError(f"n must lie between {len(classes)}, one of each class, and {len(y)}, not {n}")
    source = torch.Generator().manual_seed(seed)
    extra = torch.randperm(len(classes), generator=source)[: n % len(classes)].tolist()
    chosen = []
    for i, k in enumerate(classes):
        rows = (y == k).nonzero().squeeze(1)
        wanted = n // len(classes) + (i in extra)
        if wanted > len(rows):
            raise ValueError(f"class {k} has {len(rows)} samples, not {wanted}: ask for fewer")
        chosen.append(rows[torch.randperm(len(rows), generator=source)[:wanted]])
    return torch.cat(chosen)

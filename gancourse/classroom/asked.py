"""The lines that lectures ask for: right answers, honest mistakes, and what to try them on.  For :func:`lines.answered`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.classroom.lines import Found, Line, written
from gancourse.losses.reversal import reverse

# Lecture 02: losses on logits, and the best discriminator


def _logits(seed: int) -> tuple[Tensor, Tensor]:
    """Logits of 7 real and 5 fake samples."""
    draw = torch.Generator().manual_seed(seed)
    return 2 * torch.randn(7, generator=draw) + 0.5, 2 * torch.randn(5, generator=draw) - 0.5


def _d_loss(real: Tensor, fake: Tensor) -> Tensor:
    return F.softplus(-real).mean() + F.softplus(fake).mean()


D_LOSS = Line(
    _d_loss,
    {
        "the sign is turned round: this is V, which D maximises, and a loss is minimised": lambda r, f: -_d_loss(r, f),
        "real and fake are exchanged: D should say 1 to the real ones": lambda r, f: _d_loss(-r, -f),
        "both terms are −log D: the fakes have −log(1 − D) = softplus(l)": lambda r, f: _d_loss(r, -f),
        "both terms are −log(1 − D): the real ones have −log D = softplus(−l)": lambda r, f: _d_loss(-r, f),
        "only the real ones are in it": lambda r, f: F.softplus(-r).mean(),
        "only the fakes are in it": lambda r, f: F.softplus(f).mean(),
        "it is a sum over the batch: take the mean of each kind": lambda r, f: F.softplus(-r).sum() + F.softplus(f).sum(),
        "it is the mean of both kinds together, half of −V: take the mean of each, then add": lambda r, f: F.softplus(
            torch.cat([-r, f])
        ).mean(),
        "one half is too much: here the two means are added, as in V": lambda r, f: _d_loss(r, f) / 2,
        "the logits were taken for probabilities after a sigmoid: softplus takes the logit itself": lambda r, f: _d_loss(
            torch.sigmoid(r), torch.sigmoid(f)
        ),
    },
    _logits,
)


def _densities(seed: int) -> tuple[Tensor, Tensor]:
    """Two positive functions at 6 places, the data's and the generator's."""
    p, q = torch.rand(2, 6, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) + 0.05
    return p, q


BEST_D = Line(
    lambda p, q: p / (p + q),
    {
        "p and q are exchanged: this is the probability of a fake": lambda p, q: q / (p + q),
        "this is the odds p/q, which can be larger than 1; a probability is odds / (1 + odds)": lambda p, q: p / q,
        "this is the logit of D*, log p/q: put it through a sigmoid": lambda p, q: (p / q).log(),
        "a sign was lost on the way, as in the deck: the derivative of log(1 − d) is −1/(1 − d)": lambda p, q: p / (p - q),
        "this is D* where q = p; elsewhere D can do better": lambda p, q: torch.full_like(p, 0.5),
        "this is the value for the discriminator, not the discriminator: no logarithm is left in D*": lambda p, q: (
            p * (p / (p + q)).log() + q * (q / (p + q)).log()
        ),
        "this is the mixture m = (p + q)/2: D* is the share of p in it": lambda p, q: (p + q) / 2,
        "this is p over the mixture (p + q)/2, twice D*": lambda p, q: 2 * p / (p + q),
        "D answers 0 or 1 only: it should say how likely": lambda p, q: (p > q).double(),
    },
    _densities,
)

# Lecture 03: which loss reaches which player


def _table(seed: int) -> tuple[nn.Module, nn.Module, Tensor, Tensor]:
    """G, D, real samples and latents; the same ones for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        g = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 2))
        d = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1), nn.Flatten(0))
        return g, d, torch.randn(6, 2), torch.randn(6, 3)


def _length(network: nn.Module) -> float:
    """The length of the gradient that the network's weights have; 0 where there is none."""
    return float(sum(p.grad.square().sum() for p in network.parameters() if p.grad is not None)) ** 0.5


def _reached(loss: Any, **networks: nn.Module) -> Found:
    """The loss, and the length of its gradient in each network."""
    loss = written(loss)
    if isinstance(loss, Tensor) and loss.requires_grad and loss.ndim == 0:
        loss.backward()
    return {"the loss": loss} | {f"the length of its gradient in {name}": _length(network) for name, network in networks.items()}


def _d_step(function: Callable[..., Any], g: nn.Module, d: nn.Module, x: Tensor, z: Tensor) -> Found:
    return _reached(function(d, g, x, z), **{"D's weights": d, "G's weights": g})


D_STEP = Line(
    lambda d, g, x, z: F.softplus(-d(x)).mean() + F.softplus(d(g(z).detach())).mean(),
    {
        "the fakes are not detached: D's loss reaches G's weights, and asks G to be found out": lambda d, g, x, z: _d_loss(
            d(x), d(g(z))
        ),
        "D's answer is detached, and not the fakes: then D does not learn from the fakes": lambda d, g, x, z: (
            F.softplus(-d(x)).mean() + F.softplus(d(g(z)).detach()).mean()
        ),
        "D's answers are detached: nobody learns from this loss": lambda d, g, x, z: _d_loss(d(x), d(g(z))).detach(),
        "this is G's loss: D should call the fakes fake": lambda d, g, x, z: F.softplus(-d(g(z))).mean(),
        "the labels of the fakes are exchanged: −log(1 − D) is softplus(l)": lambda d, g, x, z: _d_loss(d(x), -d(g(z).detach())),
        "the sign is turned round: this is V, and a loss is minimised": lambda d, g, x, z: -_d_loss(d(x), d(g(z).detach())),
        "the real samples are missing": lambda d, g, x, z: F.softplus(d(g(z).detach())).mean(),
        "the fakes are missing": lambda d, g, x, z: F.softplus(-d(x)).mean(),
        "it is a sum over the batch: take the mean of each kind": lambda d, g, x, z: (
            F.softplus(-d(x)).sum() + F.softplus(d(g(z).detach())).sum()
        ),
        "one half is too much: here the two means are added, as in V": lambda d, g, x, z: _d_loss(d(x), d(g(z).detach())) / 2,
    },
    _table,
    _d_step,
)


def _g_step(function: Callable[..., Any], g: nn.Module, d: nn.Module, x: Tensor, z: Tensor) -> Found:
    return _reached(function(d, g, z), **{"G's weights": g})  # what it leaves in D's is thrown away before D's step


G_STEP = Line(
    lambda d, g, z: F.softplus(-d(g(z))).mean(),
    {
        "the fakes or D's answer are detached: then no gradient goes back through D to G": lambda d, g, z: F.softplus(
            -d(g(z).detach())
        ).mean(),
        "this is the saturating loss log(1 − D): Algorithm 1 as it is used ascends log D": lambda d, g, z: (
            -F.softplus(d(g(z))).mean()
        ),
        "the fakes are labelled fake: that is D's term, and G wants them called real": lambda d, g, z: F.softplus(d(g(z))).mean(),
        "the sign is turned round: this would push D's answers down": lambda d, g, z: -F.softplus(-d(g(z))).mean(),
        "it is a sum over the batch: take the mean": lambda d, g, z: F.softplus(-d(g(z))).sum(),
        "this is −D and not −log D, with a gradient that dies where D is sure": lambda d, g, z: -torch.sigmoid(d(g(z))).mean(),
        "this is −l, the loss of lecture 11: it has no lower bound, and its slope stays where D is fooled": lambda d, g, z: (
            -d(g(z)).mean()
        ),
    },
    _table,
    _g_step,
)


# Lecture 20: the three terms of GAN-CLS, and a condition that is drawn


def _three_logits(seed: int) -> tuple[Tensor, ...]:
    """Logits of 7 real pairs, 7 fakes and 7 real pictures with another's sentence."""
    draw = torch.Generator().manual_seed(seed)
    return tuple(2 * torch.randn(7, generator=draw) + shift for shift in (0.5, -0.5, -0.2))


def _cls_loss(real: Tensor, fake: Tensor, wrong: Tensor) -> Tensor:
    return F.softplus(-real).mean() + (F.softplus(fake).mean() + F.softplus(wrong).mean()) / 2


CLS_LOSS = Line(
    _cls_loss,
    {
        "the mismatched pairs are missing: this is the GAN's loss, which does not ask whether picture and sentence fit": (
            lambda r, f, w: _d_loss(r, f)
        ),
        "the mismatched pairs count as real: they are real pictures, and the pair is wrong": lambda r, f, w: (
            F.softplus(-r).mean() + (F.softplus(f).mean() + F.softplus(-w).mean()) / 2
        ),
        "the fakes are missing: then nobody asks whether a picture is real": lambda r, f, w: (
            F.softplus(-r).mean() + F.softplus(w).mean()
        ),
        "fakes and mismatched pairs have the weight 1 each: algorithm 1 takes their mean, so that false weighs as much as true": (
            lambda r, f, w: F.softplus(-r).mean() + F.softplus(f).mean() + F.softplus(w).mean()
        ),
        "the sign is turned round: a loss is minimised": lambda r, f, w: -_cls_loss(r, f, w),
        "real and fake are exchanged: D should say 1 to real pictures with their own sentence": lambda r, f, w: _cls_loss(
            -r, -f, -w
        ),
        "only the mismatched pairs are halved": lambda r, f, w: (
            F.softplus(-r).mean() + F.softplus(f).mean() + F.softplus(w).mean() / 2
        ),
        "it is a sum over the batch: take means": lambda r, f, w: 7 * _cls_loss(r, f, w),
    },
    _three_logits,
)


def _cloud(seed: int) -> tuple[Tensor, ...]:
    """mu, log sigma and eps, [3, 4] each."""
    draw = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(3, 4, generator=draw) for _ in range(3))


AUGMENT = Line(
    lambda mu, log_sigma, eps: mu + log_sigma.exp() * eps,
    {
        "the noise is missing: this is the mean of the cloud, and every draw is the same": lambda m, s, e: m + 0 * e,
        "sigma is left as its logarithm, which may be negative: take exp": lambda m, s, e: m + s * e,
        "this is the variance: noise is multiplied by sigma, not by its square": lambda m, s, e: m + (2 * s).exp() * e,
        "log sigma was taken for log sigma squared: no half is needed here": lambda m, s, e: m + (s / 2).exp() * e,
        "mean and spread are exchanged": lambda m, s, e: s.exp() + m * e,
        "sigma is added and not multiplied: then every sentence has the same spread": lambda m, s, e: m + s.exp() + e,
        "the mean is missing": lambda m, s, e: s.exp() * e,
    },
    _cloud,
)


# Lecture 21: two streams, and how well D judged


def _streams(seed: int) -> tuple[Tensor, Tensor, Tensor]:
    """A mask [2, 1, 4, 3, 3], a foreground [2, 3, 4, 3, 3], a background [2, 3, 3, 3]."""
    draw = torch.Generator().manual_seed(seed)
    shapes = ((2, 1, 4, 3, 3), (2, 3, 4, 3, 3), (2, 3, 3, 3))
    m, f, b = (torch.rand(*shape, generator=draw) for shape in shapes)
    return m, 2 * f - 1, 2 * b - 1


TWO_STREAMS = Line(
    lambda m, f, b: m * f + (1 - m) * b[:, :, None],
    {
        "foreground and background are exchanged: m is 1 where something moves": lambda m, f, b: (1 - m) * f + m * b[:, :, None],
        "the background is added everywhere: it needs 1 − m": lambda m, f, b: m * f + b[:, :, None],
        "the foreground is there everywhere: it needs m": lambda m, f, b: f + (1 - m) * b[:, :, None],
        "the background is missing": lambda m, f, b: m * f,
        "this is the background alone, for all frames": lambda m, f, b: b[:, :, None].expand_as(f),
        "the mask decides by a threshold, and no gradient passes that": lambda m, f, b: torch.where(m > 0.5, f, b[:, :, None]),
        "the mask is left out: this is the mean of both streams": lambda m, f, b: (f + b[:, :, None]) / 2,
        "b got its new axis in front of the colours, so that frames are taken for colours": lambda m, f, b: (
            m * f + (1 - m) * b[:, None, :1]
        ),
    },
    _streams,
)


def _judged(seed: int) -> tuple[Tensor, Tensor]:
    """Logits of 30 real samples and as many fakes."""
    draw = torch.Generator().manual_seed(seed)
    return 1.5 * torch.randn(30, generator=draw) + 0.6, 1.5 * torch.randn(30, generator=draw) - 0.4


def _share(real: Tensor, fake: Tensor) -> Tensor:
    return (real.float().mean() + fake.float().mean()) / 2


ACCURACY = Line(
    lambda r, f: _share(r > 0, f < 0),
    {
        "the fakes are counted where D took them for real": lambda r, f: _share(r > 0, f > 0),
        "this is the share of errors, 1 − accuracy": lambda r, f: _share(r <= 0, f >= 0),
        "the border is at 1/2, which is that of probabilities: a logit says real above 0": lambda r, f: _share(r > 0.5, f < 0.5),
        "only the fakes are counted": lambda r, f: (f < 0).float().mean(),
        "only the real ones are counted": lambda r, f: (r > 0).float().mean(),
        "the two shares are added: take their mean": lambda r, f: 2 * _share(r > 0, f < 0),
        "it is a number of samples, not a share": lambda r, f: 60 * _share(r > 0, f < 0),
        "this is how sure D is, the mean probability of being right, not how often it is right": lambda r, f: (
            (torch.sigmoid(r).mean() + torch.sigmoid(-f).mean()) / 2
        ),
    },
    _judged,
)


# Lecture 22: the joint update of a search, and gradient reversal


def _walk(seed: int) -> tuple[Any, ...]:
    """h, R(h), the condition's slope, noise, and three epsilons."""
    draw = torch.Generator().manual_seed(seed)
    return (*torch.randn(4, 3, 5, generator=draw), 0.3, 0.2, 0.7)


JOINT_UPDATE = Line(
    lambda h, r, up, n, e1, e2, e3: h + e1 * (r - h) + e2 * up + e3 * n,
    {
        "the prior's step is R(h) itself: a direction is R(h) − h": lambda h, r, up, n, e1, e2, e3: h + e1 * r + e2 * up + e3 * n,
        "the prior's step points away from the data: it is R(h) − h": lambda h, r, up, n, e1, e2, e3: (
            h + e1 * (h - r) + e2 * up + e3 * n
        ),
        "the condition is descended: log p(y | x) is to grow": lambda h, r, up, n, e1, e2, e3: (
            h + e1 * (r - h) - e2 * up + e3 * n
        ),
        "this is the step alone: add it to h": lambda h, r, up, n, e1, e2, e3: e1 * (r - h) + e2 * up + e3 * n,
        "the noise is missing": lambda h, r, up, n, e1, e2, e3: h + e1 * (r - h) + e2 * up,
        "the prior is missing": lambda h, r, up, n, e1, e2, e3: h + e2 * up + e3 * n,
        "the condition is missing: this walks to any digit": lambda h, r, up, n, e1, e2, e3: h + e1 * (r - h) + e3 * n,
        "e3 is the noise's standard deviation, and not squared": lambda h, r, up, n, e1, e2, e3: (
            h + e1 * (r - h) + e2 * up + e3**2 * n
        ),
        "the epsilons of prior and condition are exchanged": lambda h, r, up, n, e1, e2, e3: h + e2 * (r - h) + e1 * up + e3 * n,
    },
    _walk,
)


def _domains(seed: int) -> tuple[Any, ...]:
    """F, C and A, 8 samples of which the first 4 have labels, all 8 domains, and a strength; the same for the same seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        f = nn.Sequential(nn.Linear(3, 6), nn.Tanh())
        c, a = nn.Linear(6, 3), nn.Sequential(nn.Linear(6, 1), nn.Flatten(0))
        return f, c, a, torch.randn(8, 3), torch.randint(3, (4,)), torch.arange(8).ge(4).float(), 0.6


def _moved(function: Callable[..., Any], f: nn.Module, c: nn.Module, a: nn.Module, *arguments: Any) -> Found:
    return _reached(function(f, c, a, *arguments), **{"F's weights": f, "C's weights": c, "A's weights": a})


def _terms(
    f: nn.Module, c: nn.Module, a: nn.Module, x: Tensor, y: Tensor, d: Tensor, back: Callable[[Tensor], Tensor]
) -> list[Tensor]:
    """The class's loss and the adversary's, whose features pass through ``back``."""
    h = f(x)
    return [F.cross_entropy(c(h[: len(y)]), y), F.binary_cross_entropy_with_logits(a(back(h)), d)]


def _plain(h: Tensor) -> Tensor:
    return h


REVERSED_LOSS = Line(
    lambda f, c, a, x, y, d, s: sum(_terms(f, c, a, x, y, d, lambda h: reverse(h, s))),
    {
        "there is no reversal: the features learn to tell the domains": lambda f, c, a, x, y, d, s: sum(
            _terms(f, c, a, x, y, d, _plain)
        ),
        "the reversal has strength 1: the features are to be reversed by s": lambda f, c, a, x, y, d, s: sum(
            _terms(f, c, a, x, y, d, reverse)
        ),
        "the adversary's loss is subtracted: then A learns to be as wrong as it can": lambda f, c, a, x, y, d, s: (
            (terms := _terms(f, c, a, x, y, d, _plain))[0] - s * terms[1]
        ),
        "the adversary's loss is subtracted and reversed: minus times minus": lambda f, c, a, x, y, d, s: (
            (terms := _terms(f, c, a, x, y, d, lambda h: reverse(h, s)))[0] - terms[1]
        ),
        "s weighs the adversary's loss as well: it stands in the reversal alone": lambda f, c, a, x, y, d, s: (
            (terms := _terms(f, c, a, x, y, d, reverse))[0] + s * terms[1]
        ),
        "the features are detached: the adversary looks on, and nothing comes back": lambda f, c, a, x, y, d, s: sum(
            _terms(f, c, a, x, y, d, Tensor.detach)
        ),
        "the class's loss is missing": lambda f, c, a, x, y, d, s: _terms(f, c, a, x, y, d, lambda h: reverse(h, s))[1],
        "the adversary's loss is missing": lambda f, c, a, x, y, d, s: _terms(f, c, a, x, y, d, _plain)[0],
        "the adversary sees the source alone: it needs both domains": lambda f, c, a, x, y, d, s: sum(
            _terms(f, c, a, x[: len(y)], y, d[: len(y)], lambda h: reverse(h, s))
        ),
    },
    _domains,
    _moved,
)

"""The checks of homework 4: conditions and codes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse import theory
from gancourse.classroom.homework.checks.calls import gradient, harmless, helped, on_meta, unchanged
from gancourse.classroom.homework.checks.players import as_it_was, gradients
from gancourse.classroom.homework.checks.sheets import Sheet, Wrong, part, seal
from gancourse.classroom.homework.checks.values import close, compare, exactly, finite, number, scalar, shape, show, true
from gancourse.classroom.right import information as _of_a_category
from gancourse.classroom.right import products as _meeting
from gancourse.classroom.slips import Slips, summed, times
from gancourse.losses import hinge_d as _hinge
from gancourse.losses import hinge_g as _raised
from gancourse.losses import non_saturating_g as _minus_log

LOG2, LOG_2PI = math.log(2.0), math.log(2 * math.pi)


def _shuffled(sheet: Sheet, values: list[int]) -> Tensor:
    """The values in a random order, which is never the sorted one."""
    while True:
        order = torch.tensor(values)[torch.randperm(len(values), generator=sheet.generator)]
        if order.tolist() != sorted(values):
            return order


# 1. A normalisation that is told the class -------------------------------------------------------------------------------


def _norm(axes=(0, 2, 3), less=0, one=1.0, centre=1.0, length=lambda var, eps: (var + eps).sqrt(), cut=lambda v: v) -> Callable:
    """Conditional batch normalisation, with a slip where an argument is not the default."""

    def f(x: Tensor, y: Tensor, gains: Tensor, biases: Tensor, eps: float = 1e-5) -> Tensor:
        mean, var = cut(x.mean(axes, keepdim=True)), cut(x.var(axes, correction=less, keepdim=True))
        normal = (x - centre * mean) / length(var, eps)
        return (one + gains[y])[:, :, None, None] * normal + biases[y][:, :, None, None]

    return f


def _by_class(x: Tensor, y: Tensor, gains: Tensor, biases: Tensor, eps: float = 1e-5) -> Tensor:
    own = [_norm()(x[y == k], y[y == k], gains, biases, eps)[(y[:i] == k).sum()] for i, k in enumerate(y)]
    return torch.stack(own)


_UNDETACHED = "mean and variance depend on the pictures: do not detach them"
_GIVEN_EPS = "eps is an argument: use it"
_BATCH_NORM = Slips("conditional_batch_norm") | {
    "the 1 before the gain is missing: a table of zeros must leave the plain normalisation": _norm(one=0.0),
    "the two tables are exchanged": lambda x, y, g, b: _norm()(x, y, b, g),
    "the bias is missing": lambda x, y, g, b: _norm()(x, y, g, 0 * b),
    "the gain is missing": lambda x, y, g, b: _norm()(x, y, 0 * g, b),
    "gain and bias are missing: every class would get the same": lambda x, y, g, b: _norm()(x, y, 0 * g, 0 * b),
    "the rows of the tables are in another order than the pictures": lambda x, y, g, b: _norm()(x, y.sort().values, g, b),
    "every picture gets row 0 of the tables: take row y[n]": lambda x, y, g, b: _norm()(x, 0 * y, g, b),
    "each picture has its own mean and variance (instance normalisation): take them over the batch, too": _norm((2, 3)),
    "mean and variance over the channels: each channel has its own": _norm((1, 2, 3)),
    "a mean for each place: take it over height and width, too": _norm((0,)),
    "one mean for all channels: each channel has its own": _norm((0, 1, 2, 3)),
    "the statistics are taken within each class: labels choose gain and bias, the statistics are the batch's": _by_class,
    "this is the variance with n - 1: batch normalisation divides by the mean square (correction=0)": _norm(less=1),
    "divided by the variance: take its root": _norm(length=lambda var, eps: var + eps),
    "eps = 0.8 is another library's momentum": _norm(length=lambda var, eps: (var + 0.8).sqrt()),
    "the mean is not taken away": _norm(centre=0.0),
    "not divided by the standard deviation": _norm(length=lambda var, eps: 1.0),
    "the gain multiplies the bias, too: add the bias last": lambda x, y, g, b: _norm()(x, y, g, (1 + g) * b),
    "eps is added to the root: it belongs to the variance, under the root": _norm(length=lambda v, eps: v.sqrt() + eps),
    _GIVEN_EPS: _norm(length=lambda var, eps: (var + 1e-5).sqrt()),
    "eps is missing: a channel that is constant would be divided by 0": _norm(length=lambda var, eps: var.sqrt()),
    _UNDETACHED: _norm(cut=Tensor.detach),
}


@part(points=3)
def normalisation(sheet: Sheet, conditional_batch_norm: Callable) -> None:
    y = _shuffled(sheet, [0, 0, 2, 2, 2, 3])
    x = 2 * sheet.randn(6, 3, 2, 5) + sheet.randn(1, 3, 1, 1) + sheet.randn(6, 1, 1, 1)
    gains, biases, zeros = sheet.randn(4, 3), sheet.randn(4, 3), torch.zeros(4, 3, dtype=torch.float64)
    plain = F.batch_norm(x, None, None, training=True)

    with sheet.item("the normalised pictures, with gain and bias", 1):
        compare(conditional_batch_norm, _norm(), (x, y, gains, biases), _BATCH_NORM)

    with sheet.item("the statistics are those of the whole batch", 0.5):
        for labels in (y, torch.full_like(y, 1)):
            what, slips = "tables of zeros: the plain normalisation", _BATCH_NORM.at(x, labels, zeros, zeros)
            close(conditional_batch_norm(x, labels, zeros, zeros), plain, what, slips)
        quiet = (1e-3 * x, y, zeros, zeros)
        compare(conditional_batch_norm, _norm(), quiet, _BATCH_NORM, "a quiet channel, with the default eps")
        half = F.batch_norm(x, None, None, training=True, eps=0.5)
        slips = _BATCH_NORM.at(x, y, zeros, zeros, 0.5)
        close(conditional_batch_norm(x, y, zeros, zeros, eps=0.5), half, "with eps=0.5", slips)

    with sheet.item("the slopes, through the statistics as well", 1):
        probe = sheet.randn(6, 3, 2, 5)
        for what, place in (("the pictures", 0), ("the gains", 2), ("the biases", 3)):
            given = [x, y, gains, biases]

            def slope(f: Callable, given: list[Tensor] = given, place: int = place) -> Tensor:
                before, after = given[:place], given[place + 1 :]
                return gradient(lambda v: (f(*before, v, *after) * probe).sum(), given[place])

            compare(conditional_batch_norm, _norm(), slope, _BATCH_NORM, f"the slope in {what}", rtol=1e-4, atol=1e-6)

    with sheet.item("nothing is overwritten, any device will do", 0.5):
        harmless(conditional_batch_norm, x=x, y=y, gains=gains, biases=biases)


# 2. Two ways to tell the discriminator -----------------------------------------------------------------------------------


def _maps(x: Tensor, y: Tensor, k: int) -> Tensor:
    """[N, k, H, W]: ones in the map of each picture's label."""
    return (torch.arange(k) == y[:, None]).to(x)[:, :, None, None].expand(-1, -1, *x.shape[2:])


def _beside(maps: Callable, axis: int = 1) -> Callable:
    return lambda x, y, k: torch.cat([x, maps(x, y, k)], axis)


def _numbered(like: Callable) -> Callable:
    """The class number in place of a code."""
    return _beside(lambda *given: given[1][:, None, None, None] * torch.ones_like(like(*given)))


_LABEL_MAPS = Slips("with_label_maps") | {
    "the maps come first: append them after the picture's own channels": lambda x, y, k: torch.cat([_maps(x, y, k), x], 1),
    "the labels are in another order than the pictures": _beside(lambda x, y, k: _maps(x, y.sort().values, k)),
    "the classes are in the wrong order": _beside(lambda x, y, k: _maps(x, y, k).flip(1)),
    "zeros and ones are exchanged": _beside(lambda x, y, k: 1 - _maps(x, y, k)),
    "the number of the class is no code: one map for each class": _numbered(_maps),
    "the ones are spread over the places: each map is constant 1 or 0": _beside(lambda x, y, k: _maps(x, y, k) / x[0, 0].numel()),
    "the number of classes is k, not the largest label in this batch + 1": _beside(lambda x, y, k: _maps(x, y, y.max() + 1)),
    "the picture itself is missing: its channels stay in front": lambda x, y, k: _maps(x, y, k) + 0,
    "one map with the class number: a map for each class, ones in one of them": _numbered(lambda x, y, k: x[:, :1]),
    "joined along the width: channels are axis 1": _beside(_maps, 3),
    "joined along the height: channels are axis 1": _beside(_maps, 2),
    "joined along the batch: channels are axis 1": _beside(_maps, 0),
}


def _logit(label: Callable, w: float = 1.0, b: float = 1.0) -> Callable:
    """h @ w + b and what ``label`` makes of features, labels and table."""
    return lambda h, y, w_, b_, table: w * (h @ w_) + b * b_ + label(h, y, table)


_PROJECTION = Slips("projection") | {
    "the label has no say: add the inner product of its vector and the features": _logit(lambda h, y, t: 0),
    "only the projection: w and b judge the picture by itself": _logit(_meeting, w=0, b=0),
    "w is missing": _logit(_meeting, w=0),
    "b is missing": _logit(_meeting, b=0),
    "the mean over the features: an inner product is a sum": _logit(lambda h, y, t: (t[y] * h).mean(1)),
    "the label's vector is added without meeting the features: this is an inner product": _logit(lambda h, y, t: t[y].sum(1)),
    "a sign: the projection is added": _logit(lambda h, y, t: -_meeting(h, y, t)),
    "multiplied: the projection is added": lambda h, y, w, b, t: (h @ w + b) * _meeting(h, y, t),
    "the rows of the table are in another order than the features": _logit(lambda h, y, t: _meeting(h, y.sort().values, t)),
    "a cosine: the inner product, without dividing by the lengths": _logit(lambda h, y, t: F.cosine_similarity(t[y], h)),
    "the largest class's product: take that of the label": _logit(lambda h, y, t: (h @ t.T).max(1).values),
    "over all classes: take that of the label": _logit(lambda h, y, t: (h @ t.T).logsumexp(1)),
    "a softmax over the classes: the projection is the inner product itself": _logit(
        lambda h, y, t: (h @ t.T).log_softmax(1).gather(1, y[:, None])[:, 0]
    ),
    "a logit: leave the sigmoid to the loss": lambda *given: torch.sigmoid(_logit(_meeting)(*given)),
    "[N, 1] + [N] is [N, N]: both terms must be [N]": lambda h, y, w, b, t: (h @ w)[:, None] + b + _meeting(h, y, t),
    "every picture with every label of the batch: one logit for each pair (h[n], y[n])": _logit(lambda h, y, t: h @ t[y].T),
    "a logit for each class: only the label's": lambda h, y, w, b, t: (h @ w + b)[:, None] + h @ t.T,
    "one number for each picture, [N]: the last axis is too much": lambda *given: _logit(_meeting)(*given)[:, None],
    "the products are not summed over the features": lambda h, y, w, b, t: h * w + b + t[y] * h,
    "one logit for each picture: no mean over the batch here": lambda *given: _logit(_meeting)(*given).mean(),
}


@part(points=3)
def telling(sheet: Sheet, with_label_maps: Callable, projection: Callable) -> None:
    with sheet.item("maps of the label beside the channels", 0.5):
        x, y = sheet.randn(5, 4, 3, 2), _shuffled(sheet, [0, 1, 1, 3, 2])  # as many channels as classes: any axis can be joined
        compare(with_label_maps, _beside(_maps), (x, y, 4), _LABEL_MAPS)

    with sheet.item("also where a class is missing from the batch, in any precision", 0.5):
        one, single = torch.tensor([1, 0, 1]), sheet.randn(3, 1, 2, 2).float()
        compare(with_label_maps, _beside(_maps), (single, one, 5), _LABEL_MAPS)
        kind, slip = with_label_maps(single, one, 5).dtype, "give the code the picture's dtype: .to(x)"
        true(kind == torch.float32, "float32 for a float32 picture", str(kind), slip)
        harmless(with_label_maps, x=single, y=one, k=5)

    h, y = sheet.randn(6, 4), _shuffled(sheet, [0, 0, 1, 3, 3, 4])
    w, b, table = sheet.randn(4), sheet.randn(), sheet.randn(5, 4)

    with sheet.item("the projection's logits", 1):
        compare(projection, _logit(_meeting), (h, y, w, b, table), _PROJECTION)

    with sheet.item("who learns from a pair", 1):
        probe = sheet.randn(6)
        rows = torch.zeros(5, 4, dtype=torch.float64).index_add(0, y, probe[:, None] * h)
        came = gradient(lambda v: (projection(h, y, w, b, v) * probe).sum(), table)
        others = torch.ones(5, dtype=torch.bool).index_fill(0, y, False)  # no picture has these labels
        slip = "only the row of a picture's own label learns from it" if came[others].any() else ""
        close(came, rows, "the gradient in the table", slip=slip)
        came = gradient(lambda v: (projection(v, y, w, b, table) * probe).sum(), h)
        half = [(lambda v=v: probe[:, None] * v, "the features learn from both terms") for v in (w, table[y])]
        close(came, probe[:, None] * (w + table[y]), "the gradient in the features", half)
        harmless(projection, h=h, y=y, w=w, b=b, table=table)


# 3. Each picture with its own label --------------------------------------------------------------------------------------


class _Drawer(nn.Module):
    """G(z, y): linear in z plus a row for the label."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__()
        self.weight, self.table = nn.Parameter(sheet.randn(2, 3)), nn.Parameter(sheet.randn(4, 3))

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        return z @ self.weight + self.table[y]


class _Judge(nn.Module):
    """D(x, y): a projection."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__()
        self.weight, self.table = nn.Parameter(sheet.randn(3)), nn.Parameter(sheet.randn(4, 3))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x @ self.weight + (x * self.table[y]).sum(1)


class _Echo(nn.Module):
    """A player whose answer is its first argument: prescribes logits."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x


class _Noting(nn.Module):
    """A player that notes who came with which label: rows of its first argument, to six digits."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner, self.seen = inner, set[tuple[Any, ...]]()

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        rows = x.detach().reshape(len(x), -1).tolist()
        labels = y.tolist() if isinstance(y, Tensor) and len(y.shape) == 1 else [show(y)] * len(rows)
        self.seen.update((*(round(v, 6) for v in row), k) for row, k in zip(rows, labels, strict=False))
        return self.inner(x, y)


def _judged(loss: Callable, labels: Callable = lambda y, y_fake: (y, y_fake, y_fake)) -> Callable:
    """D's loss as a function of its logits, given the labels that data are judged with, fakes drawn for and judged with."""

    def f(g: Callable, d: Callable, x: Tensor, y: Tensor, z: Tensor, y_fake: Tensor) -> Tensor:
        of_data, drawn, of_fakes = labels(y, y_fake)
        return loss(d(x, of_data), d(g(z, drawn).detach(), of_fakes))

    return f


_d_hinge = _judged(_hinge)
_BLIND = "is D's answer on the data detached? It learns from them"
_DEAF = "is D's answer on the fakes detached, too? Only the fakes should be"
_D_HINGE = Slips("discriminator_loss") | {
    "the sign is turned round: a loss is minimised": _judged(lambda r, f: -_hinge(r, f)),
    "the fakes are called real, and the data fake": _judged(lambda r, f: _hinge(f, r)),
    "this is a Wasserstein critic's loss: each pair stops counting beyond 1, or -1": _judged(lambda r, f: f.mean() - r.mean()),
    "the mean is taken before the max: each pair has a margin of its own": _judged(lambda r, f: _hinge(r.mean(), f.mean())),
    "one half too much: the two means are added": _judged(lambda r, f: _hinge(r, f) / 2),
    "the sum over the batch: take the mean": _judged(summed(_hinge)),
    "this is the logistic loss of homework 1: here the hinge": _judged(lambda r, f: F.softplus(-r).mean() + F.softplus(f).mean()),
    "the margin of 1 is missing": _judged(lambda r, f: F.relu(-r).mean() + F.relu(f).mean()),
    "the fakes are missing": _judged(lambda r, f: F.relu(1 - r).mean()),
    "the data are missing": _judged(lambda r, f: F.relu(1 + f).mean()),
    "the fakes are judged with the labels of the data: D must hear the label that G was asked for": _judged(
        _hinge, lambda y, y_fake: (y, y_fake, y)
    ),
    "the fakes are drawn for the labels of the data: y_fake is theirs": _judged(_hinge, lambda y, y_fake: (y, y, y)),
    "the fakes are drawn for the labels of the data, and judged with y_fake": _judged(_hinge, lambda y, y_fake: (y, y, y_fake)),
    "the data are judged with the labels of the fakes": _judged(_hinge, lambda y, y_fake: (y_fake, y_fake, y_fake)),
    "the labels of data and fakes are exchanged": _judged(_hinge, lambda y, y_fake: (y_fake, y_fake, y)),
    "a mean over both kinds together": (
        _judged(lambda r, f: torch.cat([F.relu(1 - r), F.relu(1 + f)]).mean()),
        _judged(lambda r, f: 2 * torch.cat([F.relu(1 - r), F.relu(1 + f)]).mean()),
    ),
    "divided by the number of data": _judged(lambda r, f: F.relu(1 - r).mean() + F.relu(1 + f).sum() / len(r)),
    _DEAF: _judged(lambda r, f: _hinge(r, f.detach())),
    _BLIND: _judged(lambda r, f: _hinge(r.detach(), f)),
}


def _wished(loss: Callable, label: Callable = lambda y: y) -> Callable:
    """G's loss as a function of D's logits on its fakes."""
    return lambda g, d, z, y: loss(d(g(z, y), label(y)))


_g_hinge = _wished(_raised)
_OTHER_LABEL = "the label that it was drawn for"
_G_HINGE = Slips("generator_loss") | {
    "the sign is turned round: the generator wants high logits": _wished(lambda f: f.mean()),
    "max(0, 1 - D) is the discriminator's: the generator never has enough": _wished(lambda f: F.relu(1 - f).mean()),
    "this is the discriminator's own term": _wished(lambda f: F.relu(1 + f).mean()),
    "no max here: the generator never has enough": _wished(lambda f: F.relu(-f).mean()),
    "the sum over the batch: take the mean": _wished(lambda f: -f.sum()),
    "this is the logistic loss of homework 1": _wished(lambda f: F.softplus(-f).mean()),
    _OTHER_LABEL: _wished(_raised, lambda y: 0 * y),
}


@part(points=3)
def pairs(sheet: Sheet, discriminator_loss: Callable, generator_loss: Callable) -> None:
    g, d = _Drawer(sheet), _Judge(sheet)
    x, y = sheet.randn(6, 3) + 1, _shuffled(sheet, [0, 0, 1, 2, 3, 3])
    z, y_fake = sheet.randn(6, 2), (y + 1) % 4  # another label than the data's in every place
    echo, none = _Echo(), torch.zeros(6, dtype=torch.int64)
    real = torch.tensor([-1.7, -0.4, 0.3, 0.8, 1.6, 2.9]).double() + 0.05 * sheet.rand(6)
    fake = torch.tensor([-2.6, -1.4, -0.7, 0.2, 0.6]).double() + 0.05 * sheet.rand(5)  # fewer than data
    known = "for players that make the logits known"

    with sheet.item("the discriminator's hinge loss", 0.5):
        compare(discriminator_loss, _d_hinge, (echo, echo, real, none, fake, none[:5]), _D_HINGE, known, read=scalar)

    with sheet.item("the generator's loss", 0.5):
        compare(generator_loss, _g_hinge, (echo, echo, fake, none[:5]), _G_HINGE, known, read=scalar)

    with sheet.item("each picture meets its own label", 1):
        with unchanged(x=x, y=y, z=z, y_fake=y_fake):
            _meet("D's loss", discriminator_loss, _d_hinge, _D_HINGE, g, d, x, y, z, y_fake)
            _meet("G's loss", generator_loss, _g_hinge, _G_HINGE, g, d, z, y_fake)
        _meet("D's loss, with 6 data and 2 fakes", discriminator_loss, _d_hinge, _D_HINGE, g, d, x, y, z[:2], y_fake[:2])

    with sheet.item("whose gradients", 1):
        g, d = _Drawer(sheet), _Judge(sheet)  # new ones: what an answer did to the old ones is not asked here
        with torch.no_grad():
            for p in d.parameters():
                p.mul_(0.05)  # a D that is sure of nothing learns from every pair
        with as_it_was(G=g, D=d):
            of_g, of_d = _taught(g, d, discriminator_loss(g, d, x, y, z, y_fake))
            (_, data), (_, fakes) = (
                _taught(g, d, discriminator_loss(g, d, *batch)) for batch in ((x + 1, y, z, y_fake), (x, y, z + 1, y_fake))
            )
        said = "detach the fakes: D's loss must not ask G to change"
        true(not of_g.any(), "no gradient in the generator", "a gradient from D's loss", said)
        for other, whom, slip in ((fakes, "the fakes", _DEAF), (data, "the data", _BLIND)):
            true(not torch.equal(other, of_d), f"a gradient in D from {whom}", "the same from others", slip)
        with as_it_was(G=g, D=d):
            of_g, _ = _taught(g, d, generator_loss(g, d, z, y_fake))
        true(of_g.any(), "a gradient in the generator", "none", "the fakes must not be detached in G's own loss")


def _meet(what: str, answer: Callable, right: Callable, slips: Slips, g: nn.Module, d: nn.Module, *batch: Tensor) -> None:
    """Raise Wrong unless G and D meet the rows and labels that they meet in the right loss, whatever is made of D's answers."""

    def met(loss: Callable, known: list[list[Any]] | None = None) -> list[list[Any]]:
        players = _Noting(g), _Noting(d)
        stumbled = None
        try:
            scalar(loss(*players, *batch))
        except RuntimeError as error:  # after all have met, what is made of D's answers is asked elsewhere
            stumbled = error
        seen = [sorted(player.seen, key=repr) for player in players]
        if stumbled and seen != known:
            raise stumbled
        return seen

    expected = met(right)
    came = met(answer, expected)
    if came != expected:
        slip = exactly(came, expected, slips.by(met))
        raise Wrong(f"{what}: each picture with its own label", "other pictures, or other labels", slip)


def _taught(g: nn.Module, d: nn.Module, loss: Any) -> tuple[Tensor, Tensor]:
    """The gradients of a loss in G and in D."""
    for p in [*g.parameters(), *d.parameters()]:
        p.grad = None
    said = "something is detached that should learn"
    true(scalar(loss).requires_grad, "a loss that depends on its player", "one without a gradient", said)
    loss.backward()
    return gradients(g), gradients(d)


# 4. How much a picture tells about its code ------------------------------------------------------------------------------


def _entropy(p: Tensor) -> Tensor:
    return -torch.xlogy(p, p).sum()


def _apart(joint: Tensor) -> Tensor:
    """P(c) P(x)."""
    return joint.sum(1, keepdim=True) * joint.sum(0)


def _information(joint: Tensor) -> Tensor:
    return _entropy(joint.sum(1)) + _entropy(joint.sum(0)) - _entropy(joint)


_ZERO = "0 log 0 = 0: pairs that never occur add nothing (torch.xlogy), and 0/0 needs care"
_INFORMATION = Slips("mutual_information") | {
    "in bits: take the natural logarithm": times(1 / LOG2, _information),
    "the sign is turned round": times(-1, _information),
    "a mean over the table: an expectation is a sum with weights P(c, x)": lambda joint: _information(joint) / joint.numel(),
    "KL's arguments are exchanged: weigh with P(c, x)": lambda j: (_apart(j) * (_apart(j) / j).log()).sum(),
    "this is -H(c|x): H(c) is missing, divide by P(c), too": lambda joint: _entropy(joint.sum(0)) - _entropy(joint),
    "this is H(c|x), what the picture does not tell": lambda joint: _entropy(joint) - _entropy(joint.sum(0)),
    "this is H(c), which is the most that it can be": lambda joint: _entropy(joint.sum(1)),
    "this is the entropy of the table": _entropy,
    "this is -H(x|c): divide by P(x), too": lambda joint: _entropy(joint.sum(1)) - _entropy(joint),
    "the weights P(c, x) before the logarithm are missing": lambda joint: (joint / _apart(joint)).log().sum(),
    "a plain mean: weigh with P(c, x)": lambda joint: (joint / _apart(joint)).log().mean(),
    _ZERO: lambda joint: (joint * (joint / _apart(joint)).log()).sum(),
}


def _read(joint: Tensor, q: Tensor) -> Tensor:
    return torch.xlogy(joint, q).sum()


def _bound(read: Callable = _read, codes: Callable = lambda j: j.sum(1)) -> Callable:
    """The entropy of ``codes`` and what the reader adds."""
    return lambda joint, q: _entropy(codes(joint)) + read(joint, q)


_ZERO_READ = "0 log 0 = 0: Q may say 0 where P is 0 (torch.xlogy)"
_NO_EPS = "no small constant in the logarithm"
_MASKED = "log Q is left out where Q is 0: only where P is 0 may it be"
_BOUND = Slips("information_bound") | {
    _MASKED: _bound(lambda joint, q: (joint * torch.where(q > 0, q.log(), 0.0)).sum()),
    "the entropy H(c) is missing": _read,
    "H(c) with the wrong sign: it is minus the sum of P log P": lambda j, q: _bound()(j, q) - 2 * _entropy(j.sum(1)),
    "E log Q with the wrong sign: a reader that is right makes the bound larger": _bound(times(-1, _read)),
    "the sign is turned round": times(-1, _bound()),
    "this has the pictures' entropy: H(c) is over the rows": _bound(codes=lambda joint: joint.sum(0)),
    "the entropy of the whole table: H(c) is that of the codes": _bound(codes=lambda joint: joint),
    "log C is the entropy of codes that are equally likely: these are not": lambda j, q: math.log(len(j)) + _read(j, q),
    "a plain mean: weigh log Q with P(c, x)": _bound(lambda joint, q: q.log().mean()),
    "log Q without its weights P(c, x)": _bound(lambda joint, q: q.log().sum()),
    "P and Q are exchanged: weigh with P, take the logarithm of Q": _bound(lambda joint, q: (q * joint.log()).sum()),
    "weighed with P(c|x): the pictures are not equally frequent, use P(c, x)": _bound(lambda j, q: _read(j / j.sum(0), q)),
    "the logarithm of Q is missing": _bound(lambda joint, q: (joint * q).sum()),
    "in bits: take the natural logarithm": times(1 / LOG2, _bound()),
    "a mean over the table: sum": lambda joint, q: _bound()(joint, q) / joint.numel(),
    _ZERO_READ: _bound(lambda joint, q: (joint * q.log()).sum()),
    _NO_EPS: _bound(lambda joint, q: _read(joint, q + 1e-8)),
}


@part(points=3)
def information(sheet: Sheet, mutual_information: Callable, information_bound: Callable) -> None:
    joint = theory.normalise((sheet.rand(3, 5) + 0.02).flatten()).reshape(3, 5)
    prior, pictures = joint.sum(1, keepdim=True), joint.sum(0, keepdim=True)
    posterior = joint / pictures

    def told(table: Tensor) -> float:
        return number(mutual_information(table))

    def read(table: Tensor, q: Tensor) -> float:
        return number(information_bound(table, q))

    with sheet.item("mutual information", 1):
        compare(mutual_information, _information, (joint,), _INFORMATION, read=number)
        close(told(prior * pictures), 0.0, "where the picture says nothing", atol=1e-9)
        close(told(torch.eye(4).double() / 4), math.log(4), "where it says everything", slip=_ZERO)
        idle = torch.zeros(4, 6, dtype=torch.float64)
        idle[:3, :5] = joint
        close(told(idle), _information(joint), "with a code that nobody uses and a picture that nobody draws", slip=_ZERO)

    q = theory.normalise(sheet.rand(5, 3) + 0.05).T

    with sheet.item("InfoGAN's bound", 1):
        compare(information_bound, _bound(), (joint, q), _BOUND, read=number)
        with unchanged(joint=joint, q=q):
            information_bound(joint, q), mutual_information(joint)

    with sheet.item("the gap between the two is what Q gets wrong", 1):
        either, exact = "one of the two functions is not right yet", told(joint)
        close(read(joint, posterior), exact, "the bound of the reader Q = P(c|x) is the information itself", slip=either)
        gap = (joint * (posterior / q).log()).sum()
        close(exact - read(joint, q), gap, "I - L is the mean over pictures of KL(P(.|x), Q(.|x))", slip=either)
        sure, flat = torch.eye(4).double(), torch.full((4, 4), 0.25).double()
        close(read(sure / 4, sure), math.log(4), "a reader that is sure, and right", slip=_ZERO_READ)
        close(read(sure / 4, flat), 0.0, "a reader that does not look", atol=1e-6)
        slips = _BOUND.at(sure / 4, sure.flip(0))
        close(read(sure / 4, sure.flip(0)), -math.inf, "a reader that is sure, and wrong", slips, _NO_EPS)
        unused = torch.tensor([[0.5, 0.0], [0.0, 0.5], [0.0, 0.0]]).double()
        close(read(unused, unused * 2), LOG2, "with a code that nobody uses", slip=_ZERO_READ)


# 5. The bound from samples -----------------------------------------------------------------------------------------------


def _drawn(v: Tensor, c: Tensor) -> Tensor:
    """The entry of each row for the code that was drawn."""
    return v.gather(1, c[:, None])[:, 0]


def _category(read: Callable, entropy: Callable = lambda v: math.log(v.shape[1])) -> Callable:
    return lambda v, c: entropy(v) + read(v, c)


def _log_q(v: Tensor, c: Tensor) -> Tensor:
    return -F.cross_entropy(v, c)


_ROUNDED = "the logarithm of a probability that has rounded to 0 or 1: stay with logits, log_softmax or cross_entropy"
_CATEGORY = Slips("category_bound") | {
    "the entropy H(c) of the category is missing": _log_q,
    "the entropy with the wrong sign": _category(_log_q, lambda v: -math.log(v.shape[1])),
    "the sign is turned round: the bound is maximised": times(-1, _of_a_category),
    "cross-entropy is minus the mean of log Q: subtract it": _category(F.cross_entropy),
    "log N: the entropy of the code is that of its K values": _category(_log_q, lambda v: math.log(len(v))),
    "this is the number of values in place of their entropy": _category(_log_q, lambda v: v.shape[1]),
    "the sum over the batch: take the mean": _category(lambda v, c: len(v) * _log_q(v, c)),
    "the entropy in bits": _category(_log_q, lambda v: math.log2(v.shape[1])),
    "the softmax is applied twice: cross_entropy wants the logits": _category(lambda v, c: _log_q(v.softmax(1), c)),
    "the logits are not normalised: log_softmax": _category(lambda v, c: _drawn(v, c).mean()),
    "the logarithm of the probability is missing": _category(lambda v, c: _drawn(v.softmax(1), c).mean()),
    "the logarithm of a mean: take the mean of logarithms": _category(lambda v, c: _drawn(v.softmax(1), c).mean().log()),
    "the softmax is over the batch: it is over the K classes": _category(lambda v, c: _drawn(v.log_softmax(0), c).mean()),
    "the likeliest category: take the one that was drawn": _category(lambda v, c: v.log_softmax(1).max(1).values.mean()),
    "the number of categories is that of the logits, not the largest of this batch + 1": (
        lambda v, c: math.log(int(c.max()) + 1) + _log_q(v, c)
    ),
    _ROUNDED: _category(lambda v, c: _drawn(v.softmax(1), c).log().mean()),
}


def _gaussian(
    entropy=LOG2, constant=LOG_2PI / 2, s=1.0, square=lambda gap, std: (gap / std).square() / 2, mean=torch.mean
) -> Callable:
    """The bound of a number, with a slip where an argument is not the default."""
    return lambda m, log_std, u: entropy - mean(constant + s * log_std + square(u - m, log_std.exp()))


_NUMBER = Slips("uniform_bound") | {
    "the entropy of a uniform density on [-1, 1] is missing": _gaussian(entropy=0),
    "the entropy with the wrong sign: how high is the density, and what is minus the mean of its logarithm?": _gaussian(
        entropy=-LOG2
    ),
    "the sign is turned round: the bound is maximised": lambda *given: -_gaussian()(*given),
    "a squared error: that is a reader who never says how sure it is": (
        lambda m, s, u: -F.mse_loss(m, u),
        lambda m, s, u: LOG2 - F.mse_loss(m, u),
        lambda m, s, u: F.mse_loss(m, u),
    ),
    "the constant -(log 2 pi)/2 is missing: without it the number is not in nats of information": _gaussian(constant=0),
    "log 2 pi counts one half": _gaussian(constant=LOG_2PI),
    "the term -s is missing: without it being unsure costs nothing": _gaussian(s=0),
    "the sign of s: a wide Gaussian is low, -s": _gaussian(s=-1),
    "divide by the variance exp(2 s), not by exp(s)": _gaussian(square=lambda gap, std: gap.square() / std / 2),
    "s is the logarithm of the standard deviation, not of the variance": _gaussian(
        s=0.5, square=lambda gap, std: gap.square() / std / 2
    ),
    "the half before the square is missing": _gaussian(square=lambda gap, std: (gap / std).square()),
    "multiplied by the variance: divide": _gaussian(square=lambda gap, std: (gap * std).square() / 2),
    "log_std is a logarithm: take exp": _gaussian(square=lambda gap, std: (gap / std.log()).square() / 2),
    "the sum over the batch: take the mean": _gaussian(mean=torch.sum),
}


def _of_variance(variance: Callable[[Tensor], Any], factor: float = 2 * math.pi * math.e, entropy: float = LOG2) -> Callable:
    """What is left of the bound when the best s is put in."""
    return lambda c: entropy - 0.5 * torch.log(factor * variance(c))


def _put_in(m: Callable[[Tensor], Any], s: Callable[[Tensor], Any]) -> Callable:
    """The bound of a reader that says the same of every code."""
    return lambda c: _gaussian()(m(c), torch.as_tensor(s(c)), c)


def _spread(c: Tensor) -> Tensor:
    return c.var(correction=0)


_blind = _of_variance(_spread)
_BLIND_BOUND = Slips("blind_bound") | {
    "m = 0 and s = 0 is one choice: take the best": _put_in(lambda c: 0.0, lambda c: 0.0),
    "s = 0 is one choice: set the derivative by s to 0": _put_in(torch.mean, lambda c: 0.0),
    "the best m is the mean of the codes that came": _of_variance(lambda c: c.square().mean()),
    "the best exp(2 s) is the mean square deviation, not the one with n - 1": (
        _of_variance(torch.var),
        _put_in(torch.mean, lambda c: c.std().log()),
    ),
    "s is the logarithm of the standard deviation": (
        _put_in(torch.mean, lambda c: _spread(c).sqrt()),
        _put_in(torch.mean, _spread),
        _put_in(torch.mean, lambda c: _spread(c).log()),
    ),
    "the e is missing: the mean of the squares over exp(2 s) is 1, and half of it stays": _of_variance(_spread, 2 * math.pi),
    "the entropy log 2 of the codes is missing": _of_variance(_spread, entropy=0.0),
    "2 pi is missing": _of_variance(_spread, math.e),
    "the half before the logarithm is missing": lambda c: 2 * _blind(c) - LOG2,
    "the sign is turned round": times(-1, _blind),
    "of very many uniform codes: here it is the codes that came": _of_variance(lambda c: torch.tensor(1 / 3).double()),
}


@part(points=3)
def codes(sheet: Sheet, category_bound: Callable, uniform_bound: Callable, blind_bound: Callable) -> None:
    logits, c = 2 * sheet.randn(7, 4), _shuffled(sheet, [0, 1, 1, 2, 0, 2, 1])  # none of the last category
    mean, log_std, u = sheet.randn(7), 0.5 * sheet.randn(7) - 0.5, 2 * sheet.rand(7) - 1

    with sheet.item("of a category", 0.5):
        compare(category_bound, _of_a_category, (logits, c), _CATEGORY, read=scalar)

    with sheet.item("of a number", 0.5):
        compare(uniform_bound, _gaussian(), (mean, log_std, u), _NUMBER, read=scalar)

    with sheet.item("what they say of readers that one knows", 0.5):
        blind = category_bound(torch.zeros(5, 6).double(), torch.tensor([0, 5, 2, 2, 1]))
        close(blind, 0.0, "a reader of six that does not look", atol=1e-6)
        sure = torch.full((3, 10), -200.0).scatter(1, torch.tensor([[4], [0], [9]]), 200.0)
        for sign, right, what in ((1, math.log(10), "right"), (-1, math.log(10) - 400 - math.log(9), "wrong")):
            came = category_bound(sign * sure, torch.tensor([4, 0, 9]))
            close(came, right, f"one that is sure, and {what}, in float32", slip=_ROUNDED, rtol=1e-4)
        wide = torch.zeros(4, dtype=torch.float64)
        codes = torch.tensor([-1.0, 1.0, 1.0, -1.0]).double()
        close(uniform_bound(wide, wide, codes), LOG2 - LOG_2PI / 2 - 0.5, "m = 0, s = 0, codes 1 and -1")
        close(uniform_bound(codes, wide - 3, codes), LOG2 - LOG_2PI / 2 + 3, "no error at s = -3")

    with sheet.item("the slopes", 0.5):
        gone = "no gradient reaches the reader: was it detached?"
        wanted = (F.one_hot(c, 4) - logits.softmax(1)) / 7
        close(gradient(lambda v: category_bound(v, c), logits, gone), wanted, "in the logits")
        close(gradient(lambda v: uniform_bound(v, log_std, u), mean, gone), (u - mean) / (2 * log_std).exp() / 7, "in the mean")
        wanted = ((u - mean).square() / (2 * log_std).exp() - 1) / 7
        close(gradient(lambda v: uniform_bound(mean, v, u), log_std, gone), wanted, "in the logarithm of the standard deviation")
        with unchanged(logits=logits, c=c, mean=mean, log_std=log_std, codes=u):
            category_bound(logits, c), uniform_bound(mean, log_std, u)
        on_meta(category_bound, logits, c)

    with sheet.item("of a reader that never looks", 1), helped(blind_bound, uniform_bound=_gaussian()):
        for what, some in {"seven codes": u, "codes far from the middle": 0.6 + 0.2 * sheet.rand(9)}.items():
            with unchanged(c=some):
                compare(blind_bound, _blind, (some,), _BLIND_BOUND, what, read=scalar)
        many = torch.linspace(-1, 1, 2001).double()
        close(blind_bound(many), LOG2 - math.log(2 * math.pi * math.e / 3) / 2, "2001 codes from -1 to 1", rtol=1e-2)


# 6. A discriminator that knows the classes -------------------------------------------------------------------------------


def _probabilities(v: Tensor) -> Tensor:
    """[N, K + 1]: of the K classes and, last, of "generated"."""
    return F.pad(v, (0, 1)).softmax(1)


def _of_real(v: Tensor) -> Tensor:
    return v.logsumexp(1)


_OVERFLOW = "an exponential that overflows, or the logarithm of 0: not in two steps"
_REAL_LOGIT = Slips("real_logit") | {
    "the largest logit: real is any of the classes, so their exponentials add": lambda v: v.max(1).values,
    "the sum of the logits: their exponentials add": lambda v: v.sum(1),
    "the mean of the logits: their exponentials add": lambda v: v.mean(1),
    "this is S: the logit is its logarithm": lambda v: v.exp().sum(1),
    "this is the probability of real: here its logit": lambda v: 1 - _probabilities(v)[:, -1],
    "this is log P(real): the logit is log P(real) - log P(fake)": lambda v: (1 - _probabilities(v)[:, -1]).log(),
    'the sign: this is the logit of "generated"': times(-1, _of_real),
    'the class "generated" is among those summed: S is over the K real ones': lambda v: F.pad(v, (0, 1)).logsumexp(1),
    "the mean of the exponentials: their sum": lambda v: v.exp().mean(1).log(),
    "after a softmax over the K classes their sum is 1, whatever the picture": lambda v: v.log_softmax(1).logsumexp(1),
    "summed over the batch: sum over the classes, axis 1": lambda v: v.logsumexp(0),
    "[N]: the last axis is too much": lambda v: v.logsumexp(1, keepdim=True),
    _OVERFLOW: lambda v: v.exp().sum(1).log(),
}


def _semi(labelled=F.cross_entropy, real=_minus_log, fake=lambda v: _minus_log(-v), logit=_of_real) -> Callable:
    """The semi-supervised loss, with a slip where an argument is not the default."""
    return lambda x, y, r, f: labelled(x, y) + real(logit(r)) + fake(logit(f))


def _none(*_: Any) -> float:
    return 0.0


_FAR = "the logarithm of a probability that has rounded: stay with logits, softplus and cross_entropy"
_SEMI_SUPERVISED = Slips("semi_supervised_loss") | {
    "the labelled samples are missing": _semi(labelled=_none),
    "the unlabelled half is missing": _semi(real=_none, fake=_none),
    "the fakes are missing": _semi(fake=_none),
    "the unlabelled data are missing": _semi(real=_none),
    "the sign of the labelled term: -log P(y|x)": _semi(labelled=times(-1, F.cross_entropy)),
    "the sign is turned round: a loss is minimised": times(-1, _semi()),
    "real and fake are exchanged: high logits are for data": _semi(logit=times(-1, _of_real)),
    "the fakes are called real: that is what G wants": _semi(fake=_minus_log),
    "the labelled term is over K + 1 classes: a labelled sample is known to be real": _semi(
        lambda x, y: F.cross_entropy(F.pad(x, (0, 1)), y)
    ),
    "one half too much: the three means are added": _semi(real=times(1 / 2, _minus_log), fake=lambda v: _minus_log(-v) / 2),
    "the mean of the three: they are added": times(1 / 3, _semi()),
    "the sums over the batches: take the means": summed(_semi(lambda x, y: F.cross_entropy(x, y, reduction="sum"))),
    "a mean over data and fakes together: take the mean of each": (
        lambda x, y, r, f: F.cross_entropy(x, y) + _minus_log(torch.cat([_of_real(r), -_of_real(f)]))
    ),
    "the softmax is applied twice: cross_entropy wants the logits": _semi(lambda x, y: F.cross_entropy(x.softmax(1), y)),
    "the labels are in another order than the samples": _semi(lambda x, y: F.cross_entropy(x, y.sort().values)),
    "the logit of real is logsumexp, not the largest logit": _semi(logit=lambda v: v.max(1).values),
    _FAR: _semi(real=lambda v: -torch.sigmoid(v).log().mean()),
}


def _matched(distance: Callable, mean: Callable = lambda v: v.mean(0)) -> Callable:
    return lambda a, b: distance(mean(a) - mean(b))


def _squares(gap: Tensor) -> Tensor:
    return gap.square().sum()


_SIZES = "the batches may differ in size: compare their means"
_UNTAUGHT = "no gradient reaches the fakes: G cannot learn from it"
_MATCHING = Slips("feature_matching") | {
    "the length: the square of it": _matched(torch.norm),
    "a mean over the features (mse_loss): the squared length is a sum": _matched(lambda gap: gap.square().mean()),
    "absolute values: squares": _matched(lambda gap: gap.abs().sum()),
    "pair by pair: take the means over the batches first, then compare": (
        lambda a, b: (a - b).square().sum(1).mean(),
        lambda a, b: (a - b).square().mean(),
        lambda a, b: (a - b).square().sum(),
    ),
    "means over the features: take them over the batch, axis 0": (
        _matched(_squares, lambda v: v.mean(1)),
        _matched(lambda gap: gap.square().mean(), lambda v: v.mean(1)),
    ),
    "one mean of all: each feature has its own": _matched(torch.square, torch.mean),
    "the sums over the batches: take the means": _matched(_squares, lambda v: v.sum(0)),
    "the square of the sum: the sum of the squares": _matched(lambda gap: gap.sum().square()),
    "the sign is turned round: G minimises the distance": _matched(lambda gap: -_squares(gap)),
    _SIZES: lambda a, b: ((a.sum(0) - b.sum(0)) / len(a)).square().sum(),
    _UNTAUGHT: lambda a, b: _matched(_squares)(a, b.detach()),
}


@part(points=2)
def classes(sheet: Sheet, real_logit: Callable, semi_supervised_loss: Callable, feature_matching: Callable) -> None:
    logits = 2 * sheet.randn(6, 3)

    with sheet.item('the logit of "real"', 0.5):
        compare(real_logit, _of_real, (logits,), _REAL_LOGIT)
        far = torch.tensor([[200.0, -200.0, 0.0], [-200.0, -200.0, -200.0]])
        close(real_logit(far), [200.0, -200 + math.log(3)], "logits of 200 and -200 in float32", slip=_OVERFLOW)
        harmless(real_logit, logits=logits)

    with sheet.item("the classifier's loss", 1), helped(semi_supervised_loss, real_logit=_of_real):
        _classifier(sheet, semi_supervised_loss)

    with sheet.item("feature matching", 0.5):
        a, b = sheet.randn(6, 4) + 0.5, sheet.randn(6, 4)
        compare(feature_matching, _matched(_squares), (a, b), _MATCHING, read=scalar)
        few = b[:2]
        compare(feature_matching, _matched(_squares), (a, few), what="6 data and 2 fakes", slip=_SIZES)
        close(feature_matching(a, a.flip(0)), 0.0, "the same samples in another order", atol=1e-12)
        slope = gradient(lambda v: feature_matching(a, v), few, _UNTAUGHT)
        close(slope, (few.mean(0) - a.mean(0)).expand(2, 4), "the gradient in the fakes' features")
        harmless(feature_matching, a=a, b=b)


def _classifier(sheet: Sheet, semi_supervised_loss: Callable) -> None:
    labelled, y = 2 * sheet.randn(5, 4), _shuffled(sheet, [0, 1, 1, 3, 2])
    real, fake = 2 * sheet.randn(7, 4), 2 * sheet.randn(3, 4) - 1
    compare(semi_supervised_loss, _semi(), (labelled, y, real, fake), _SEMI_SUPERVISED, read=scalar)
    big = torch.tensor([[200.0, 0.0], [0.0, 200.0]])
    came = semi_supervised_loss(big, torch.tensor([0, 1]), -big - 200, big)
    close(came, 200 + 200.0, "logits of 200 in float32", slip=_FAR, rtol=1e-4)
    slope = gradient(lambda v: semi_supervised_loss(labelled, y, real, v), fake)
    close(slope, _probabilities(fake)[:, :4] / 3, "the gradient in the fakes' logits")
    harmless(semi_supervised_loss, labelled=labelled, y=y, real=real, fake=fake)


# 7. What AC-GAN is paid for -----------------------------------------------------------------------------------------------


def _class_term(q: Tensor, classifier: Tensor) -> Tensor:
    return -torch.xlogy(q, classifier).sum()


_RULED_OUT = "what C rules out costs without bound: leave out only where q is 0"
_NOTHING_DRAWN = "0 log 0 = 0: nothing is paid for what the generator never draws (torch.xlogy)"
_CLASS_TERM = Slips("class_term") | {
    _RULED_OUT: lambda q, c: -(q * torch.where(c > 0, c.log(), 0.0)).sum(),
    "the sign: the term is minus the mean of log C": times(-1, _class_term),
    "a mean over the table: an expectation is a sum with weights q(y, x)": lambda q, c: _class_term(q, c) / q.numel(),
    "the weights q(y, x) before the logarithm are missing": lambda q, c: -c.log().sum(),
    "a plain mean: weigh with q(y, x)": lambda q, c: -c.log().mean(),
    "q and C are exchanged: weigh with q, take the logarithm of C": lambda q, c: _class_term(c, q),
    "the logarithm is missing": lambda q, c: -(q * c).sum(),
    "in bits: take the natural logarithm": times(1 / LOG2, _class_term),
    "weighed with q(y | x): the pictures are not equally frequent, use q(y, x)": lambda q, c: _class_term(q / q.sum(0), c),
    "weighed with q(x | y): the classes are not equally frequent, use q(y, x)": (
        lambda q, c: _class_term(q / q.sum(1, keepdim=True), c)
    ),
    "no small constant in the logarithm: what C rules out costs without bound": (
        lambda q, c: _class_term(q, c + 1e-8),
        lambda q, c: _class_term(q, c + 1e-12),
    ),
    _NOTHING_DRAWN: lambda q, c: -(q * c.log()).sum(),
}


def _told(p: Tensor) -> Tensor:
    """p(y | x)."""
    return p / p.sum(0)


def _all_in(place: Callable[[Tensor], Tensor], mass: Callable[[Tensor], Tensor] = lambda p: p.sum(1)) -> Callable:
    """Each class draws one picture only."""
    return lambda p: F.one_hot(place(p).expand(len(p)), p.shape[1]) * mass(p)[:, None]


_best_paid = _all_in(lambda p: _told(p).argmax(1))
_BEST_PAID = Slips("best_paid") | {
    "certainty is a share, p(y | x), and no difference": _all_in(lambda p: (2 * p - p.sum(0)).argmax(1)),
    "this moves labels: each class must stay as frequent as it is": (
        lambda p: F.one_hot(_told(p).argmax(0), len(p)).T * p.sum(0),
        lambda p: F.one_hot(_told(p).argmax(0), len(p)).T * p,
    ),
    "each class is drawn equally often here: its frequency is that of the data, the sum of its row": (
        _all_in(lambda p: _told(p).argmax(1), lambda p: torch.full((len(p),), 1 / len(p)).to(p))
    ),
    "each row sums to 1: q(y, x) is a table of all, and sums to 1 in all": (
        _all_in(lambda p: _told(p).argmax(1), lambda p: torch.ones(len(p)).to(p))
    ),
    "these are the data, who pay more": lambda p: p.clone(),
    "the most frequent picture of each class: take the one that is surest to be of it, by p(y | x)": _all_in(
        lambda p: p.argmax(1)
    ),
    "one picture for all: each class has a surest one of its own": _all_in(lambda p: _told(p).amax(0).argmax()),
    "the least certain picture: log C is to be high": _all_in(lambda p: _told(p).argmin(1)),
    "spread as p(y | x) is: all of a class belongs where log C is highest": (
        lambda p: _told(p) / _told(p).sum(1, keepdim=True) * p.sum(1, keepdim=True)
    ),
}


def _frequent_and_mixed(sheet: Sheet, k: int, n: int) -> Tensor:
    """Data [k, n] whose most frequent picture is one that tells no class."""
    p = sheet.rand(k, n) + 0.05
    p[:, 1] = 3 + 0.1 * sheet.rand(k)
    return p / p.sum()


@part(points=3)
def paid(sheet: Sheet, class_term: Callable, best_paid: Callable) -> None:
    q, classifier = _frequent_and_mixed(sheet, 3, 5), _told(sheet.rand(3, 5) + 0.05)
    p = _frequent_and_mixed(sheet, 3, 8)

    with sheet.item("the class term", 0.5), unchanged(q=q, classifier=classifier):
        compare(class_term, _class_term, (q, classifier), _CLASS_TERM, read=number)

    with sheet.item("of generators that one knows", 0.5):
        faithful = _entropy(p) - _entropy(p.sum(0))
        close(number(class_term(p, _told(p))), faithful, "a faithful generator pays H(Y | X)", _CLASS_TERM.at(p, _told(p)))
        sure = torch.eye(3).double()
        for drawn, right, what in (
            (sure / 3, 0.0, "pictures that tell their class, each drawn for its own"),
            (sure.roll(1, 0) / 3, math.inf, "each drawn for another class"),
        ):
            close(number(class_term(drawn, sure)), right, what, _CLASS_TERM.at(drawn, sure))

    with sheet.item("the generator that pays least", 1):
        with unchanged(p=p):
            _pays_least(best_paid, p)
        _pays_least(best_paid, _frequent_and_mixed(sheet, 5, 7))

    with sheet.item("also where some pictures leave no doubt, and some none a choice", 1):
        free = torch.tensor([[0.2, 0.3, 0.0, 0.0], [0.0, 0.3, 0.15, 0.05]]).double()
        _pays_least(best_paid, free)
        sure = torch.tensor([[0.3, 0.05, 0.0], [0.1, 0.0, 0.55]]).double()  # a rare picture that is sure
        _pays_least(best_paid, sure)
        never = torch.tensor([[0.3, 0.2, 0.1], [0.0, 0.0, 0.0], [0.1, 0.1, 0.2]]).double()  # a class that nobody asks for
        _pays_least(best_paid, never)


def _pays_least(best_paid: Callable, p: Tensor) -> None:
    """Raise Wrong unless the answer's q has p's sums of rows and the least class term; where pictures tie there are several."""
    q = finite(shape(best_paid(p), p.shape, "a table like p, a row for each class")).double()
    true(q.min() >= -1e-9, "a table without negative entries", show(q))
    close(q.sum(1), p.sum(1), "how often each class is drawn", _BEST_PAID.by(lambda f: f(p).sum(1)), atol=1e-6)
    told, slips = _told(p), _BEST_PAID.by(lambda f: _class_term(f(p), _told(p)))
    close(_class_term(q.clamp(min=0), told), _class_term(_best_paid(p), told), "what it pays", slips, atol=1e-9)


seal(__name__, "gancourse.theory", "gancourse.classroom.right", "gancourse.losses.objectives", "gancourse.base.check")

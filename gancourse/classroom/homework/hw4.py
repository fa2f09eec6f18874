"""The checks of homework 4: conditions and codes."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse import theory
from gancourse.classroom.homework.checks import (
    Sheet,
    Wrong,
    close,
    finite,
    gradient,
    number,
    on_meta,
    part,
    scalar,
    seal,
    shape,
    unchanged,
)

LOG2, LOG_2PI = math.log(2.0), math.log(2 * math.pi)


def _shuffled(sheet: Sheet, values: list[int]) -> Tensor:
    """The values in a random order, which is never the sorted one."""
    while True:
        order = torch.tensor(values)[torch.randperm(len(values), generator=sheet.generator)]
        if order.tolist() != sorted(values):
            return order


# 1. A normalisation that is told the class -------------------------------------------------------------------------------


@part(points=4)
def normalisation(sheet: Sheet, conditional_batch_norm: Callable) -> None:
    y = _shuffled(sheet, [0, 0, 2, 2, 2, 3])
    x = 2 * sheet.randn(6, 3, 2, 5) + sheet.randn(1, 3, 1, 1) + sheet.randn(6, 1, 1, 1)
    gains, biases = sheet.randn(4, 3), sheet.randn(4, 3)

    def with_tables(normal: Tensor, one: float = 1.0, g: Tensor = gains, b: Tensor = biases, rows: Tensor = y) -> Tensor:
        return (one + g[rows])[:, :, None, None] * normal + b[rows][:, :, None, None]

    def over(axes: tuple[int, ...], correction: int = 0) -> Tensor:
        mean, var = x.mean(axes, keepdim=True), x.var(axes, correction=correction, keepdim=True)
        return (x - mean) / (var + 1e-5).sqrt()

    with sheet.item("the normalised pictures, with gain and bias", 1.5):
        normal = F.batch_norm(x, None, None, training=True)
        mean, var = x.mean((0, 2, 3), keepdim=True), x.var((0, 2, 3), correction=0, keepdim=True)
        own = torch.stack([_alone(x[y == y[i]])[(y == y[i]).nonzero()[:, 0].tolist().index(i)] for i in range(6)])
        slips = [
            (with_tables(normal, 0.0), "the 1 before the gain is missing: a table of zeros must leave the plain normalisation"),
            (with_tables(normal, 1.0, biases, gains), "the two tables are exchanged"),
            (with_tables(normal, b=torch.zeros_like(biases)), "the bias is missing"),
            (with_tables(normal, g=torch.zeros_like(gains)), "the gain is missing"),
            (normal, "gain and bias are missing: every class would get the same"),
            (with_tables(normal, rows=y.sort().values), "the rows of the tables are in another order than the pictures"),
            (with_tables(normal, rows=torch.zeros_like(y)), "every picture gets row 0 of the tables: take row y[n]"),
            (
                with_tables(over((2, 3))),
                "each picture has its own mean and variance (instance normalisation): take them over the batch, too",
            ),
            (with_tables(over((1, 2, 3))), "mean and variance over the channels: each channel has its own"),
            (with_tables(over((0,))), "a mean for each place: take it over height and width, too"),
            (with_tables(over((0, 1, 2, 3))), "one mean for all channels: each channel has its own"),
            (
                with_tables(own),
                "the statistics are taken within each class: labels choose gain and bias, the statistics are the batch's",
            ),
            (
                with_tables(over((0, 2, 3), 1)),
                "this is the variance with n - 1: batch normalisation divides by the mean square (correction=0)",
            ),
            (with_tables((x - mean) / (var + 1e-5)), "divided by the variance: take its root"),
            (with_tables((x - mean) / (var + 0.8).sqrt()), "eps = 0.8 is another library's momentum"),
            (with_tables(x / (var + 1e-5).sqrt()), "the mean is not taken away"),
            (with_tables(x - mean), "not divided by the standard deviation"),
            (
                (1 + gains[y])[:, :, None, None] * (normal + biases[y][:, :, None, None]),
                "the gain multiplies the bias, too: add the bias last",
            ),
        ]
        came = shape(conditional_batch_norm(x, y, gains, biases), [6, 3, 2, 5])
        close(came, with_tables(normal), slips=slips)

    with sheet.item("the statistics are those of the whole batch", 1):
        zeros = torch.zeros(4, 3, dtype=torch.float64)
        plain = F.batch_norm(x, None, None, training=True)
        mixed = "with tables of zeros labels must not matter: the statistics are over the whole batch, whatever the labels in it"
        for labels in (y, torch.full_like(y, 1)):
            close(conditional_batch_norm(x, labels, zeros, zeros), plain, "tables of zeros: the plain normalisation", slip=mixed)
        quiet = 1e-3 * x
        mean, var = quiet.mean((0, 2, 3), keepdim=True), quiet.var((0, 2, 3), correction=0, keepdim=True)
        slips = [
            ((quiet - mean) / (var.sqrt() + 1e-5), "eps is added to the root: it belongs to the variance, under the root"),
            ((quiet - mean) / var.sqrt(), "eps is missing: a channel that is constant would be divided by 0"),
            ((quiet - mean) / (var + 0.8).sqrt(), "eps = 0.8 is another library's momentum"),
        ]
        expected = F.batch_norm(quiet, None, None, training=True)
        close(conditional_batch_norm(quiet, y, zeros, zeros), expected, "a quiet channel, with the default eps", slips=slips)
        close(
            conditional_batch_norm(x, y, zeros, zeros, eps=0.5),
            F.batch_norm(x, None, None, training=True, eps=0.5),
            "with eps=0.5",
            slip="eps is an argument: use it",
        )

    with sheet.item("the slopes, through the statistics as well", 1):
        probe = sheet.randn(6, 3, 2, 5)
        for name, f, at in (
            ("the pictures", lambda v: (conditional_batch_norm(v, y, gains, biases) * probe).sum(), x),
            ("the gains", lambda v: (conditional_batch_norm(x, y, v, biases) * probe).sum(), gains),
            ("the biases", lambda v: (conditional_batch_norm(x, y, gains, v) * probe).sum(), biases),
        ):
            slip = "mean and variance depend on the pictures: do not detach them" if at is x else ""
            slope = gradient(f, at)
            for _ in range(3):
                way = sheet.randn(*at.shape)
                by_differences = (number(f(at + 1e-4 * way)) - number(f(at - 1e-4 * way))) / 2e-4
                close(
                    (slope * way).sum(),
                    by_differences,
                    f"the slope in {name}, by finite differences",
                    slip=slip,
                    rtol=1e-4,
                    atol=1e-4,
                )

    with sheet.item("nothing is overwritten, any device will do", 0.5):
        with unchanged(x=x, y=y, gains=gains, biases=biases):
            conditional_batch_norm(x, y, gains, biases)
        on_meta(conditional_batch_norm, x, y, gains, biases)


def _alone(x: Tensor) -> Tensor:
    """These pictures, normalised as if there were no others."""
    return F.batch_norm(x, None, None, training=True)


# 2. Two ways to tell the discriminator -----------------------------------------------------------------------------------


@part(points=4)
def telling(sheet: Sheet, with_label_maps: Callable, projection: Callable) -> None:
    with sheet.item("maps of the label beside the channels", 1):
        x, y = sheet.randn(5, 2, 3, 4), _shuffled(sheet, [0, 1, 1, 3, 2])
        maps = torch.zeros(5, 4, 3, 4, dtype=torch.float64)
        for i, k in enumerate(y.tolist()):
            maps[i, k] = 1
        slips = [
            (torch.cat([maps, x], 1), "the maps come first: append them after the picture's own channels"),
            (torch.cat([x, maps[y.sort().indices]], 1), "the labels are in another order than the pictures"),
            (torch.cat([x, maps.flip(1)], 1), "the classes are in the wrong order"),
            (torch.cat([x, 1 - maps], 1), "zeros and ones are exchanged"),
            (
                torch.cat([x, y[:, None, None, None] * torch.ones_like(maps)], 1),
                "the number of the class is no code: one map for each class",
            ),
            (torch.cat([x, maps / 12], 1), "the ones are spread over the places: each map is constant 1 or 0"),
        ]
        shapes = {
            (5, 4, 3, 4): "the picture itself is missing: its channels stay in front",
            (5, 3, 3, 4): "one map with the class number: a map for each class, ones in one of them",
            (5, 2, 3, 8): "joined along the width: channels are axis 1",
            (5, 2, 7, 4): "joined along the height: channels are axis 1",
            (10, 2, 3, 4): "joined along the batch: channels are axis 1",
            (5, 6, 4, 3): "height and width are exchanged",
        }
        came = shape(with_label_maps(x, y, 4), [5, 6, 3, 4], slips=shapes)
        close(came, torch.cat([x, maps], 1), slips=slips)

    with sheet.item("also where a class is missing from the batch, in any precision", 0.5):
        one, single = torch.tensor([1, 0, 1]), sheet.randn(3, 1, 2, 2).float()
        said = {(3, 3, 2, 2): "the number of classes is k, not the largest label in this batch + 1"}
        came = shape(with_label_maps(single, one, 5), [3, 6, 2, 2], slips=said)
        if came.dtype != torch.float32:
            raise Wrong("float32 for a float32 picture", str(came.dtype), "give the code the picture's dtype: .to(x)")
        close(came[:, 1:].sum((1, 2, 3)), [4.0, 4.0, 4.0], "the ones of each picture's maps")
        with unchanged(x=single, y=one):
            with_label_maps(single, one, 5)
        on_meta(lambda a, b: with_label_maps(a, b, 5), single, one)

    h, y = sheet.randn(6, 4), _shuffled(sheet, [0, 0, 1, 3, 3, 4])
    w, b, table = sheet.randn(4), sheet.randn(()), sheet.randn(5, 4)
    own, common = (table[y] * h).sum(1), h @ w + b

    with sheet.item("the projection's logits", 1.5):
        slips = [
            (common, "the label has no say: add the inner product of its vector and the features"),
            (own, "only the projection: w and b judge the picture by itself"),
            (own + b, "w is missing"),
            (common - b + own, "b is missing"),
            (common + own / 4, "the mean over the features: an inner product is a sum"),
            (common + table[y].sum(1), "the label's vector is added without meeting the features: this is an inner product"),
            (common - own, "a sign: the projection is added"),
            (common * own, "multiplied: the projection is added"),
            (common + (table[y.sort().values] * h).sum(1), "the rows of the table are in another order than the features"),
            (common + F.cosine_similarity(table[y], h), "a cosine: the inner product, without dividing by the lengths"),
            (common + (h @ table.T).max(1).values, "the largest class's product: take that of the label"),
            (common + torch.logsumexp(h @ table.T, 1), "over all classes: take that of the label"),
            (
                common + (h @ table.T).log_softmax(1)[torch.arange(6), y],
                "a softmax over the classes: the projection is the inner product itself",
            ),
            (torch.sigmoid(common + own), "a logit: leave the sigmoid to the loss"),
        ]
        shapes = {
            (6, 6): "every picture with every label of the batch: one logit for each pair (h[n], y[n])",
            (6, 5): "a logit for each class: only the label's",
            (6, 1): "one number for each picture, [N]: the last axis is too much",
            (6, 4): "the products are not summed over the features",
            (): "one logit for each picture: no mean over the batch here",
        }
        close(shape(projection(h, y, w, b, table), [6], slips=shapes), common + own, slips=slips)

    with sheet.item("who learns from a pair", 1):
        probe = sheet.randn(6)
        rows = torch.zeros(5, 4, dtype=torch.float64).index_add(0, y, probe[:, None] * h)
        came = gradient(lambda v: (projection(h, y, w, b, v) * probe).sum(), table)
        close(came, rows, "the gradient in the table", slip="only the row of a picture's own label learns from it")
        came = gradient(lambda v: (projection(v, y, w, b, table) * probe).sum(), h)
        close(came, probe[:, None] * (w + table[y]), "the gradient in the features", slip="the features learn from both terms")
        with unchanged(h=h, y=y, w=w, b=b, table=table):
            projection(h, y, w, b, table)
        on_meta(projection, h, y, w, b, table)


# 3. Each picture with its own label --------------------------------------------------------------------------------------


class _Drawer(nn.Module):
    """G(z, y): linear in z plus a row for the label; keeps what it was asked."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__()
        self.weight, self.table = nn.Parameter(sheet.randn(2, 3)), nn.Parameter(sheet.randn(4, 3))
        self.calls: list[tuple[Tensor, Tensor]] = []

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        self.calls.append((z.detach(), y))
        return z @ self.weight + self.table[y]


class _Judge(nn.Module):
    """D(x, y): a projection; keeps what it was asked."""

    def __init__(self, sheet: Sheet) -> None:
        super().__init__()
        self.weight, self.table = nn.Parameter(sheet.randn(3)), nn.Parameter(sheet.randn(4, 3))
        self.calls: list[tuple[Tensor, Tensor]] = []

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        self.calls.append((x.detach(), y))
        return x @ self.weight + (x * self.table[y]).sum(1)


class _Echo(nn.Module):
    """A player whose answer is its first argument: prescribes logits."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return x + 0 * y


def _hinge(real: Tensor, fake: Tensor) -> Tensor:
    return F.relu(1 - real).mean() + F.relu(1 + fake).mean()


@part(points=4)
def pairs(sheet: Sheet, discriminator_loss: Callable, generator_loss: Callable) -> None:
    g, d = _Drawer(sheet), _Judge(sheet)
    x, y = sheet.randn(6, 3) + 1, _shuffled(sheet, [0, 0, 1, 2, 3, 3])
    z, y_fake = sheet.randn(6, 2), (y + 1) % 4  # another label than the data's in every place
    echo, none = _Echo(), torch.zeros(6, dtype=torch.int64)
    real = torch.tensor([-1.7, -0.4, 0.3, 0.8, 1.6, 2.9]).double() + 0.05 * sheet.rand(6)
    fake = torch.tensor([-2.6, -1.4, -0.7, 0.2, 0.6, 1.8]).double() + 0.05 * sheet.rand(6)

    with sheet.item("the discriminator's hinge loss", 1):
        softplus = F.softplus
        slips = [
            (-_hinge(real, fake), "the sign is turned round: a loss is minimised"),
            (_hinge(fake, real), "the fakes are called real, and the data fake"),
            (_hinge(-real, -fake), "a sign within each max: real logits are to rise above 1, those of fakes to fall below -1"),
            (fake.mean() - real.mean(), "this is a Wasserstein critic's loss: each pair stops counting beyond 1, or -1"),
            (
                F.relu(1 - real.mean()) + F.relu(1 + fake.mean()),
                "the mean is taken before the max: each pair has a margin of its own",
            ),
            (_hinge(real, fake) / 2, "one half too much: the two means are added"),
            (6 * _hinge(real, fake), "the sum over the batch: take the mean"),
            (softplus(-real).mean() + softplus(fake).mean(), "this is the logistic loss of homework 1: here the hinge"),
            (F.relu(-real).mean() + F.relu(fake).mean(), "the margin of 1 is missing"),
            (F.relu(1 - real).mean(), "the fakes are missing"),
            (F.relu(1 + fake).mean(), "the data are missing"),
        ]
        came = scalar(discriminator_loss(echo, echo, real, none, fake, none))
        close(came, _hinge(real, fake), "for players that make the logits known", slips=slips)

    with sheet.item("the generator's loss", 1):
        slips = [
            (fake.mean(), "the sign is turned round: the generator wants high logits"),
            (F.relu(1 - fake).mean(), "max(0, 1 - D) is the discriminator's: the generator never has enough"),
            (F.relu(1 + fake).mean(), "this is the discriminator's own term"),
            (F.relu(-fake).mean(), "no max here: the generator never has enough"),
            (-fake.sum(), "the sum over the batch: take the mean"),
            (F.softplus(-fake).mean(), "this is the logistic loss of homework 1"),
        ]
        close(scalar(generator_loss(echo, echo, fake, none)), -fake.mean(), "for players that make the logits known", slips=slips)

    def of(fake_label: Tensor, judged: Tensor, real_label: Tensor = y) -> Tensor:
        return _hinge(d(x, real_label), d(g(z, fake_label), judged)).detach()

    with sheet.item("each picture meets its own label", 1):
        slips = [
            (of(y_fake, y), "the fakes are judged with the labels of the data: D must hear the label that G was asked for"),
            (of(y, y), "the fakes are drawn for the labels of the data: y_fake is theirs"),
            (of(y, y_fake), "the fakes are drawn for the labels of the data, and judged with y_fake"),
            (of(y_fake, y_fake, y_fake), "the data are judged with the labels of the fakes"),
            (of(y_fake, y, y_fake), "the labels of data and fakes are exchanged"),
        ]
        close(discriminator_loss(g, d, x, y, z, y_fake), of(y_fake, y_fake), "D's loss", slips=slips)
        close(
            generator_loss(g, d, z, y_fake), -d(g(z, y_fake), y_fake).mean(), "G's loss", slip="the label that it was drawn for"
        )
        few, few_labels = z[:2], y_fake[:2]
        expected = _hinge(d(x, y), d(g(few, few_labels), few_labels))
        slips = [
            (
                (F.relu(1 - d(x, y)).sum() + F.relu(1 + d(g(few, few_labels), few_labels)).sum()) / 8,
                "a mean over both kinds together",
            ),
            (
                (F.relu(1 - d(x, y)).sum() + F.relu(1 + d(g(few, few_labels), few_labels)).sum()) / 4,
                "a mean over both kinds together",
            ),
            (
                F.relu(1 - d(x, y)).mean() + F.relu(1 + d(g(few, few_labels), few_labels)).sum() / 6,
                "divided by the number of data",
            ),
        ]
        close(discriminator_loss(g, d, x, y, few, few_labels), expected, "with 6 data and 2 fakes", slips=slips)
        with unchanged(x=x, y=y, z=z, y_fake=y_fake):
            discriminator_loss(g, d, x, y, z, y_fake)
            generator_loss(g, d, z, y_fake)

    with sheet.item("whose gradients", 1):
        g, d = _Drawer(sheet), _Judge(sheet)  # new ones: what an answer did to the old ones is not asked here
        expected = torch.autograd.grad(_hinge(d(x, y), d(g(z, y_fake).detach(), y_fake)), list(d.parameters()))
        loss = _fresh(g, d, lambda: discriminator_loss(g, d, x, y, z, y_fake))
        if any(p.grad is not None and bool(p.grad.any()) for p in g.parameters()):
            raise Wrong(
                "no gradient in the generator", "a gradient from D's loss", "detach the fakes: D's loss must not ask G to change"
            )
        for p, slope in zip(d.parameters(), expected, strict=True):
            close(
                p.grad,
                slope,
                "D's gradient from its own loss",
                slip="is D's answer on the fakes detached, too? Only the fakes should be",
            )
        expected = torch.autograd.grad(-d(g(z, y_fake), y_fake).mean(), list(g.parameters()))
        loss = _fresh(g, d, lambda: generator_loss(g, d, z, y_fake))
        if any(p.grad is None for p in g.parameters()):
            raise Wrong("a gradient in the generator", "none", "the fakes must not be detached in G's own loss")
        for p, slope in zip(g.parameters(), expected, strict=True):
            close(p.grad, slope, "G's gradient from its own loss")
        finite(loss)
        if not all(p.requires_grad for p in [*g.parameters(), *d.parameters()]):
            raise Wrong(
                "players as they were", "parameters that no longer ask for gradients", "set requires_grad back afterwards"
            )


def _fresh(g: nn.Module, d: nn.Module, f: Callable[[], Any]) -> Tensor:
    """Forget all gradients, compute f() and differentiate it."""
    for p in [*g.parameters(), *d.parameters()]:
        p.grad = None
    loss = scalar(f())
    if not loss.requires_grad:
        raise Wrong("a loss that depends on its player", "one without a gradient", "something is detached that should learn")
    loss.backward()
    return loss.detach()


# 4. How much a picture tells about its code ------------------------------------------------------------------------------


@part(points=3)
def information(sheet: Sheet, mutual_information: Callable, information_bound: Callable) -> None:
    joint = theory.normalise((sheet.rand(3, 5) + 0.02).flatten()).reshape(3, 5)
    prior, pictures = joint.sum(1, keepdim=True), joint.sum(0, keepdim=True)
    posterior = joint / pictures

    def entropy(p: Tensor) -> Tensor:
        return -torch.xlogy(p, p).sum()

    with sheet.item("mutual information", 1):
        right = entropy(prior) + entropy(pictures) - entropy(joint)
        slips = [
            (right / LOG2, "in bits: take the natural logarithm"),
            (-right, "the sign is turned round"),
            (right / 15, "a mean over the table: an expectation is a sum with weights P(c, x)"),
            ((prior * pictures * (prior * pictures / joint).log()).sum(), "KL's arguments are exchanged: weigh with P(c, x)"),
            ((joint * posterior.log()).sum(), "this is -H(c|x): H(c) is missing, divide by P(c), too"),
            (-(joint * posterior.log()).sum(), "this is H(c|x), what the picture does not tell"),
            (entropy(prior), "this is H(c), which is the most that it can be"),
            (entropy(joint), "this is the entropy of the table"),
            ((joint * (joint / prior).log()).sum(), "this is -H(x|c): divide by P(x), too"),
            ((joint / (prior * pictures)).log().sum(), "the weights P(c, x) before the logarithm are missing"),
            ((joint / (prior * pictures)).log().mean(), "a plain mean: weigh with P(c, x)"),
        ]
        close(number(mutual_information(joint)), right, slips=slips)
        zero = "0 log 0 = 0: pairs that never occur add nothing (torch.xlogy), and 0/0 needs care"
        close(number(mutual_information(prior * pictures)), 0.0, "where the picture says nothing", atol=1e-9)
        close(number(mutual_information(torch.eye(4).double() / 4)), math.log(4), "where it says everything", slip=zero)
        idle = torch.zeros(4, 6, dtype=torch.float64)
        idle[:3, :5] = joint
        close(number(mutual_information(idle)), right, "with a code that nobody uses and a picture that nobody draws", slip=zero)

    q = theory.normalise(sheet.rand(5, 3) + 0.05).T

    with sheet.item("InfoGAN's bound", 1):
        read = (joint * q.log()).sum()
        right = entropy(prior) + read
        slips = [
            (read, "the entropy H(c) is missing"),
            (read - entropy(prior), "H(c) with the wrong sign: it is minus the sum of P log P"),
            (entropy(prior) - read, "E log Q with the wrong sign: a reader that is right makes the bound larger"),
            (-right, "the sign is turned round"),
            (entropy(pictures) + read, "this has the pictures' entropy: H(c) is over the rows"),
            (entropy(joint) + read, "the entropy of the whole table: H(c) is that of the codes"),
            (math.log(3) + read, "log C is the entropy of codes that are equally likely: these are not"),
            (entropy(prior) + q.log().mean(), "a plain mean: weigh log Q with P(c, x)"),
            (entropy(prior) + q.log().sum(), "log Q without its weights P(c, x)"),
            (entropy(prior) + (q * joint.log()).sum(), "P and Q are exchanged: weigh with P, take the logarithm of Q"),
            (
                entropy(prior) + (posterior * q.log()).sum(),
                "weighed with P(c|x): the pictures are not equally frequent, use P(c, x)",
            ),
            (entropy(prior) + (joint * q).sum(), "the logarithm of Q is missing"),
            (right / LOG2, "in bits: take the natural logarithm"),
            ((joint * (q / prior).log()).sum() / 15, "a mean over the table: sum"),
        ]
        close(number(information_bound(joint, q)), right, slips=slips)
        with unchanged(joint=joint, q=q):
            information_bound(joint, q), mutual_information(joint)

    with sheet.item("the gap between the two is what Q gets wrong", 1):
        best, any_q = number(information_bound(joint, posterior)), number(information_bound(joint, q))
        exact = number(mutual_information(joint))
        close(
            best,
            exact,
            "the bound of the reader Q = P(c|x) is the information itself",
            slip="one of the two functions is not right yet",
        )
        gap = (joint * (posterior / q).log()).sum()
        close(
            exact - any_q,
            gap,
            "I - L is the mean over pictures of KL(P(.|x), Q(.|x))",
            slip="one of the two functions is not right yet",
        )
        sure, flat = torch.eye(4).double(), torch.full((4, 4), 0.25).double()
        zero = "0 log 0 = 0: Q may say 0 where P is 0 (torch.xlogy)"
        close(number(information_bound(sure / 4, sure)), math.log(4), "a reader that is sure, and right", slip=zero)
        close(number(information_bound(sure / 4, flat)), 0.0, "a reader that does not look", atol=1e-6)
        close(
            number(information_bound(sure / 4, sure.flip(0))),
            -math.inf,
            "a reader that is sure, and wrong: no small constant in the logarithm",
        )
        unused = torch.tensor([[0.5, 0.0], [0.0, 0.5], [0.0, 0.0]]).double()
        close(number(information_bound(unused, unused * 2)), LOG2, "with a code that nobody uses", slip=zero)


# 5. The bound from samples -----------------------------------------------------------------------------------------------


@part(points=2)
def codes(sheet: Sheet, category_bound: Callable, uniform_bound: Callable) -> None:
    logits, c = 2 * sheet.randn(7, 4), _shuffled(sheet, [0, 1, 1, 2, 3, 3, 3])
    mean, log_std, u = sheet.randn(7), 0.5 * sheet.randn(7) - 0.5, 2 * sheet.rand(7) - 1
    rows = torch.arange(7)

    with sheet.item("of a category", 0.5):
        read = torch.stack([logits[i, k] - torch.logsumexp(logits[i], 0) for i, k in enumerate(c.tolist())])
        right = math.log(4) + read.mean()
        slips = [
            (read.mean(), "the entropy H(c) = log K is missing"),
            (read.mean() - math.log(4), "the entropy with the wrong sign"),
            (-right, "the sign is turned round: the bound is maximised"),
            (math.log(4) - read.mean(), "cross-entropy is minus the mean of log Q: subtract it"),
            (math.log(7) + read.mean(), "log N: the entropy of the code is that of its K values"),
            (4 + read.mean(), "the entropy of K equally likely values is log K, not K"),
            (math.log(4) + read.sum(), "the sum over the batch: take the mean"),
            (math.log2(4) + read.mean(), "the entropy in bits"),
            (
                math.log(4) + logits.softmax(1).log_softmax(1)[rows, c].mean(),
                "the softmax is applied twice: cross_entropy wants the logits",
            ),
            (math.log(4) + logits[rows, c].mean(), "the logits are not normalised: log_softmax"),
            (math.log(4) + logits.softmax(1)[rows, c].mean(), "the logarithm of the probability is missing"),
            (math.log(4) + logits.softmax(1)[rows, c].mean().log(), "the logarithm of a mean: take the mean of logarithms"),
            (math.log(4) + logits.log_softmax(0)[rows, c].mean(), "the softmax is over the batch: it is over the K classes"),
            (math.log(4) + logits.log_softmax(1).max(1).values.mean(), "the likeliest category: take the one that was drawn"),
        ]
        close(scalar(category_bound(logits, c)), right, slips=slips)

    with sheet.item("of a number", 0.5):
        std = log_std.exp()
        right = LOG2 + torch.distributions.Normal(mean, std).log_prob(u).mean()
        square = (u - mean).square()
        slips = [
            (right - LOG2, "the entropy of a uniform density on [-1, 1] is missing: it is log 2"),
            (right - 2 * LOG2, "the entropy with the wrong sign: the density is 1/2, its entropy log 2"),
            (-right, "the sign is turned round: the bound is maximised"),
            (-square.mean(), "a squared error: that is a reader who never says how sure it is"),
            (LOG2 - square.mean(), "a squared error: that is a reader who never says how sure it is"),
            (square.mean(), "a squared error: that is a reader who never says how sure it is"),
            (right + LOG_2PI / 2, "the constant -(log 2 pi)/2 is missing: without it the number is not in nats of information"),
            (right - LOG_2PI / 2, "log 2 pi counts one half"),
            (right + log_std.mean(), "the term -s is missing: without it being unsure costs nothing"),
            (right + 2 * log_std.mean(), "the sign of s: a wide Gaussian is low, -s"),
            (LOG2 - LOG_2PI / 2 - (log_std + square / std / 2).mean(), "divide by the variance exp(2 s), not by exp(s)"),
            (
                LOG2 - LOG_2PI / 2 - (log_std / 2 + square / std / 2).mean(),
                "s is the logarithm of the standard deviation, not of the variance",
            ),
            (LOG2 - LOG_2PI / 2 - (log_std + square / std.square()).mean(), "the half before the square is missing"),
            (LOG2 - LOG_2PI / 2 - (log_std + square * std.square() / 2).mean(), "multiplied by the variance: divide"),
            (
                LOG2 - LOG_2PI / 2 - (std.log().exp().log() + square / log_std.square() / 2).mean(),
                "log_std is a logarithm: take exp",
            ),
            (LOG2 + 7 * (right - LOG2), "the sum over the batch: take the mean"),
        ]
        close(scalar(uniform_bound(mean, log_std, u)), right, slips=slips)

    with sheet.item("what they say of readers that one knows", 0.5):
        close(
            category_bound(torch.zeros(5, 6).double(), torch.tensor([0, 5, 2, 2, 1])),
            0.0,
            "a reader of six that does not look",
            atol=1e-9,
        )
        sure = torch.full((3, 10), -200.0).scatter(1, torch.tensor([[4], [0], [9]]), 200.0)
        picked = torch.tensor([4, 0, 9])
        eps = "the logarithm of a probability that has rounded to 0 or 1: stay with logits, log_softmax or cross_entropy"
        close(category_bound(sure, picked), math.log(10), "one that is sure, and right, in float32", slip=eps, rtol=1e-4)
        close(
            category_bound(-sure, picked),
            math.log(10) - 400 - math.log(9),
            "one that is sure, and wrong, in float32",
            slip=eps,
            rtol=1e-4,
        )
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


# 6. A discriminator that knows the classes -------------------------------------------------------------------------------


@part(points=3)
def classes(sheet: Sheet, real_logit: Callable, semi_supervised_loss: Callable, feature_matching: Callable) -> None:
    logits = 2 * sheet.randn(6, 3)

    with sheet.item('the logit of "real"', 1):
        p = F.pad(logits, (0, 1)).softmax(1)  # K + 1 classes, "generated" the last
        right = (1 - p[:, 3]).log() - p[:, 3].log()
        slips = [
            (logits.max(1).values, "the largest logit: real is any of the classes, so their exponentials add"),
            (logits.sum(1), "the sum of the logits: their exponentials add"),
            (logits.mean(1), "the mean of the logits: their exponentials add"),
            (logits.exp().sum(1), "this is S: the logit is its logarithm"),
            (1 - p[:, 3], "this is the probability of real: here its logit"),
            ((1 - p[:, 3]).log(), "this is log P(real): the logit is log P(real) - log P(fake)"),
            (-right, 'the sign: this is the logit of "generated"'),
            (torch.logsumexp(F.pad(logits, (0, 1)), 1), 'the class "generated" is among those summed: S is over the K real ones'),
            (right - math.log(3), "the mean of the exponentials: their sum"),
            (logits.log_softmax(1).logsumexp(1), "after a softmax over the K classes their sum is 1, whatever the picture"),
        ]
        shapes = {(3,): "summed over the batch: sum over the classes, axis 1", (6, 1): "[N]: the last axis is too much"}
        close(shape(real_logit(logits), [6], slips=shapes), right, slips=slips)
        far = torch.tensor([[200.0, -200.0, 0.0], [-200.0, -200.0, -200.0]])
        over = "an exponential that overflows, or the logarithm of 0: torch.logsumexp"
        close(real_logit(far), [200.0, -200 + math.log(3)], "logits of 200 and -200 in float32", slip=over)
        with unchanged(logits=logits):
            real_logit(logits)
        on_meta(real_logit, logits)

    labelled, y = 2 * sheet.randn(5, 4), _shuffled(sheet, [0, 1, 1, 3, 2])
    real, fake = 2 * sheet.randn(7, 4), 2 * sheet.randn(3, 4) - 1

    with sheet.item("the classifier's loss", 1):
        rows, softplus, lse = torch.arange(5), F.softplus, torch.logsumexp
        among = -labelled.log_softmax(1)[rows, y].mean()
        among_all = -F.pad(labelled, (0, 1)).log_softmax(1)[rows, y].mean()
        r, f = -F.pad(real, (0, 1)).log_softmax(1)[:, :4].logsumexp(1).mean(), -F.pad(fake, (0, 1)).log_softmax(1)[:, 4].mean()
        right = among + r + f
        slips = [
            (r + f, "the labelled samples are missing"),
            (among, "the unlabelled half is missing"),
            (among + r, "the fakes are missing"),
            (among + f, "the unlabelled data are missing"),
            (right - 2 * among, "the sign of the labelled term: -log P(y|x)"),
            (-right, "the sign is turned round: a loss is minimised"),
            (
                among + softplus(lse(real, 1)).mean() + softplus(-lse(fake, 1)).mean(),
                "real and fake are exchanged: -log P(real) = softplus(-logit)",
            ),
            (
                among + softplus(-lse(real, 1)).mean() + softplus(-lse(fake, 1)).mean(),
                "the fakes are called real: that is what G wants",
            ),
            (among_all + r + f, "the labelled term is over K + 1 classes: a labelled sample is known to be real"),
            (among + (r + f) / 2, "one half too much: the three means are added"),
            (right / 3, "the mean of the three: they are added"),
            (5 * among + 7 * r + 3 * f, "the sums over the batches: take the means"),
            (among + (7 * r + 3 * f) / 10, "a mean over data and fakes together: take the mean of each"),
            (
                -labelled.softmax(1).log_softmax(1)[rows, y].mean() + r + f,
                "the softmax is applied twice: cross_entropy wants the logits",
            ),
            (-labelled.log_softmax(1)[rows, y.sort().values].mean() + r + f, "the labels are in another order than the samples"),
            (
                among + softplus(-real.max(1).values).mean() + softplus(fake.max(1).values).mean(),
                "the logit of real is logsumexp, not the largest logit",
            ),
        ]
        came = scalar(semi_supervised_loss(labelled, y, real, fake))
        close(came, right, slips=slips)
        big = torch.tensor([[200.0, 0.0], [0.0, 200.0]])
        at = torch.tensor([0, 1])
        over = "the logarithm of a probability that has rounded: stay with logits, softplus and cross_entropy"
        close(semi_supervised_loss(big, at, -big - 200, big), 200 + 200.0, "logits of 200 in float32", slip=over, rtol=1e-4)
        slope = gradient(lambda v: semi_supervised_loss(labelled, y, real, v), fake)
        close(slope, F.pad(fake, (0, 1)).softmax(1)[:, :4] / 3, "the gradient in the fakes' logits")
        with unchanged(labelled=labelled, y=y, real=real, fake=fake):
            semi_supervised_loss(labelled, y, real, fake)
        on_meta(semi_supervised_loss, labelled, y, real, fake)

    with sheet.item("feature matching", 1):
        a, b = sheet.randn(6, 4) + 0.5, sheet.randn(6, 4)
        gap = a.mean(0) - b.mean(0)
        slips = [
            (gap.norm(), "the length: the square of it"),
            (gap.square().mean(), "a mean over the features (mse_loss): the squared length is a sum"),
            (gap.abs().sum(), "absolute values: squares"),
            ((a - b).square().sum(1).mean(), "pair by pair: take the means over the batches first, then compare"),
            ((a - b).square().mean(), "pair by pair: take the means over the batches first, then compare"),
            ((a - b).square().sum(), "pair by pair: take the means over the batches first, then compare"),
            ((a.mean(1) - b.mean(1)).square().sum(), "means over the features: take them over the batch, axis 0"),
            ((a.mean(1) - b.mean(1)).square().mean(), "means over the features: take them over the batch, axis 0"),
            ((a.mean() - b.mean()).square(), "one mean of all: each feature has its own"),
            ((a.sum(0) - b.sum(0)).square().sum(), "the sums over the batches: take the means"),
            (gap.sum().square(), "the square of the sum: the sum of the squares"),
            (-gap.square().sum(), "the sign is turned round: G minimises the distance"),
        ]
        close(scalar(feature_matching(a, b)), gap.square().sum(), slips=slips)
        few = b[:2]
        expected = (a.mean(0) - few.mean(0)).square().sum()
        close(
            feature_matching(a, few), expected, "6 data and 2 fakes", slip="the batches may differ in size: compare their means"
        )
        close(feature_matching(a, a.flip(0)), 0.0, "the same samples in another order", atol=1e-12)
        slope = gradient(lambda v: feature_matching(a, v), few, "no gradient reaches the fakes: G cannot learn from it")
        close(slope, (few.mean(0) - a.mean(0)).expand(2, 4), "the gradient in the fakes' features")
        with unchanged(a=a, b=b):
            feature_matching(a, b)
        on_meta(feature_matching, a, b)


seal(__name__, "gancourse.theory")

"""Planted answers to homework 4: right ones, and wrong ones that no table of slips holds."""

from __future__ import annotations

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch.special import entr

from tests.homework.planting import Garden

garden = Garden("hw4")
wrong, right = garden.plant_wrong, garden.plant_right

# 1. A normalisation that is told the class


def by_library(x, y, gains, biases, eps=1e-5):
    plain = F.batch_norm(x, None, None, training=True, eps=eps)
    return torch.addcmul(biases[y][..., None, None], plain, 1 + gains[y][..., None, None])


def by_one_hot(x, y, gains, biases, eps=1e-5):
    code = F.one_hot(y, len(gains)).to(gains)
    flat = x.transpose(0, 1).flatten(1)
    centred = flat - flat.mean(1, keepdim=True)
    flat = centred * torch.rsqrt((centred * centred).mean(1, keepdim=True) + eps)
    n, c, h, w = x.shape
    plain = flat.reshape(c, n, h, w).transpose(0, 1)
    return torch.einsum("nk,kc,nchw->nchw", code, 1 + gains, plain) + (code @ biases).reshape(n, c, 1, 1)


def by_pictures(x, y, gains, biases, eps=1e-5):
    plain = torch.nn.BatchNorm2d(x.shape[1], eps=eps, affine=False, track_running_stats=False)(x)
    return torch.stack([g.view(-1, 1, 1) * p + p + b.view(-1, 1, 1) for p, g, b in zip(plain, gains[y], biases[y], strict=True)])


def by_rows(x, y, gains, biases, eps=1e-5):
    plain = F.batch_norm(x, None, None, training=True, eps=eps)
    return torch.stack(
        [(1 + gains[int(k)])[:, None, None] * p + biases[int(k)][:, None, None] for p, k in zip(plain, y, strict=True)]
    )


def by_classes(x, y, gains, biases, eps=1e-5):
    plain = F.batch_norm(x, None, None, training=True, eps=eps)
    out = torch.zeros_like(plain)
    for k in range(len(gains)):
        out[y == k] = (1 + gains[k])[:, None, None] * plain[y == k] + biases[k][:, None, None]
    return out


def by_a_layer(x, y, gains, biases, eps=1e-5):
    plain = torch.nn.BatchNorm2d(x.shape[1], eps=eps, affine=False)(x)
    return (1 + gains[y])[:, :, None, None] * plain + biases[y][:, :, None, None]


wrong("a layer in float32 inside", "needs x.dtype", conditional_batch_norm=by_a_layer)
right("a loop over pictures", conditional_batch_norm=by_rows)
right("a loop over classes, with masks", conditional_batch_norm=by_classes)
wrong("the pictures themselves", "x itself", conditional_batch_norm=lambda x, *more, **eps: x)
wrong(
    "the caller's pictures overwritten",
    "in place",
    conditional_batch_norm=lambda x, *more, **eps: by_library(x.detach().mul_(2), *more, **eps),
)
wrong(
    "a table made on the CPU",
    "made on the CPU",
    conditional_batch_norm=lambda x, *more, **eps: by_library(x, *more, **eps) * torch.ones(1),
)
right("the library's batch_norm and addcmul", conditional_batch_norm=by_library)
right("one-hot codes, einsum and rsqrt", conditional_batch_norm=by_one_hot)
right("picture by picture after nn.BatchNorm2d", conditional_batch_norm=by_pictures)

# 2. Telling the discriminator


def maps(x, y, k, height=2, width=3):
    code = F.one_hot(y, k).to(x)[:, :, None, None]
    return torch.cat([x, code.expand(-1, -1, x.shape[height], x.shape[width])], 1)


def projection_layer(h, y, w, b, table):
    class Head(torch.nn.Module):
        def forward(self, h, y):
            return F.linear(h, w[None], b.reshape(1)).squeeze(1) + torch.linalg.vecdot(F.embedding(y, table), h)

    return Head()(h, y)


def maps_by_scatter(x, y, k):
    out = x.new_zeros(len(x), x.shape[1] + k, *x.shape[2:])
    out[:, : x.shape[1]] = x
    out[torch.arange(len(x), device=x.device), x.shape[1] + y] = 1
    return out


def maps_by_loop(x, y, k):
    code = x.new_zeros(len(x), k, *x.shape[2:])
    for n in range(len(x)):
        code[n, y[n]] = 1
    return torch.cat([x, code], 1)


def maps_by_items(x, y, k):
    code = x.new_zeros(len(x), k, *x.shape[2:])
    for n, label in enumerate(y.tolist()):
        code[n, label] = 1
    return torch.cat([x, code], 1)


def maps_in_numpy(x, y, k):
    code = np.eye(k, dtype=np.float32)[y.numpy()][:, :, None, None] * np.ones((1, 1, *x.shape[2:]), np.float32)
    return torch.cat([x, torch.from_numpy(code).to(x)], 1)


def projection_by_loop(h, y, w, b, table):
    return torch.stack([h[n] @ w + b + table[y[n]] @ h[n] for n in range(len(h))])


right("maps by a loop", with_label_maps=maps_by_loop, projection=projection_by_loop)
right("maps by a loop over Python's numbers", with_label_maps=maps_by_items)
wrong("a code in numpy", "stay with tensors", with_label_maps=maps_in_numpy)
wrong("maps of a square", with_label_maps=lambda x, y, k: maps(x, y, k, width=2))
wrong("float64 maps beside a float32 picture", "the picture's dtype", with_label_maps=lambda x, y, k: maps(x, y, k).double())
wrong("the table detached", projection=lambda h, y, w, b, table: h @ w + b + (table.detach()[y] * h).sum(1))
wrong("the features detached", "both terms", projection=lambda h, y, w, b, t: h @ w + b + (t[y] * h.detach()).sum(1))
wrong("[N, 1] and [N]", "[N, 1] + [N] is [N, N]", projection=lambda h, y, w, b, t: h @ w[:, None] + b + (t[y] * h).sum(1))
right("one vector w + v[y]", projection=lambda h, y, w, b, table: torch.einsum("nf,nf->n", h, w + table[y]) + b)
right("a layer, linear and embedding", projection=projection_layer)
right("all classes, then gather", projection=lambda h, y, w, b, t: h @ w + b + (h @ t.T).gather(1, y[:, None])[:, 0])
right("ones written into zeros", with_label_maps=maps_by_scatter)

# 3. Each picture with its own label


def undetached(generator, discriminator, x, y, z, y_fake):
    return F.relu(1 - discriminator(x, y)).mean() + F.relu(1 + discriminator(generator(z, y_fake), y_fake)).mean()


def in_one_call(generator, discriminator, x, y, z, y_fake):
    with torch.no_grad():
        fake = generator(z, y_fake)
    logits = discriminator(torch.cat([x, fake]), torch.cat([y, y_fake]))
    sign = torch.cat([torch.ones(len(x)), -torch.ones(len(fake))]).to(logits)
    margin = torch.clamp(1 - sign * logits, min=0)
    return margin[: len(x)].mean() + margin[len(x) :].mean()


def by_minimum(generator, discriminator, x, y, z, y_fake):
    fake = generator(z, y_fake).detach()
    return -(discriminator(x, y) - 1).clamp(max=0).mean() - (-1 - discriminator(fake, y_fake)).clamp(max=0).mean()


def freezing(generator, discriminator, z, y_fake):
    discriminator.requires_grad_(False)
    return -discriminator(generator(z, y_fake), y_fake).mean()


wrong("detach forgotten", "detach the fakes", discriminator_loss=undetached)
wrong("the fake detached in G's loss", "detached", generator_loss=lambda g, d, z, y: -d(g(z, y).detach(), y).mean())
wrong("D's loss without a graph", "something is detached", discriminator_loss=torch.no_grad()(in_one_call))


def in_evaluation(loss):
    """The loss of players in evaluation mode, where they are left."""

    def f(generator, discriminator, *batch):
        generator.eval(), discriminator.eval()
        return loss(generator, discriminator, *batch)

    return f


def frozen_and_back(generator, discriminator, z, y_fake):
    loss = freezing(generator, discriminator, z, y_fake)
    discriminator.requires_grad_(True)
    return loss


left = "puts the mode back"
wrong("both left in evaluation mode by D's loss", left, discriminator_loss=in_evaluation(in_one_call))
wrong("both left in evaluation mode by G's loss", left, generator_loss=in_evaluation(lambda g, d, z, y: -d(g(z, y), y).mean()))
right("D frozen in G's loss", generator_loss=frozen_and_back)
wrong("D frozen for good", "set requires_grad back", generator_loss=freezing)
right("data and fakes in one call", discriminator_loss=in_one_call)
right(
    "minus the minimum, as in the paper",
    discriminator_loss=by_minimum,
    generator_loss=lambda g, d, z, y: (f := d(g(z, y), y)).neg().sum() / f.numel(),
)

# 4. Information


def by_numpy(joint):
    table = joint.numpy()
    rows, columns = table.sum(1), table.sum(0)
    places = [(i, j) for i in range(table.shape[0]) for j in range(table.shape[1]) if table[i, j] > 0]
    return float(sum(table[i, j] * math.log(table[i, j] / (rows[i] * columns[j])) for i, j in places))


wrong("hard-coded to the visible report", mutual_information=lambda joint: 0 * joint.sum() + 0.1)
right("place by place with the math module", mutual_information=by_numpy)
right("a number of numpy", mutual_information=lambda joint: np.float64(by_numpy(joint)))
right(
    "by entropies",
    mutual_information=lambda j: entr(j.sum(1)).sum() + entr(j.sum(0)).sum() - entr(j).sum(),
    information_bound=lambda j, q: (entr(j.sum(1)).sum() + torch.special.xlogy(j, q).sum()).item(),
)


def masked_by_reader(joint, q):
    prior, ok = joint.sum(1), q > 0
    return entr(prior).sum() + (joint[ok] * q[ok].log()).sum()


wrong("masked by Q", "left out where Q is 0", information_bound=masked_by_reader)

# 5. The bound from samples

LOG2 = math.log(2)
wrong(
    "the number of categories taken from the batch",
    "not the largest of this batch + 1",
    category_bound=lambda v, c: math.log(int(c.max()) + 1) - F.cross_entropy(v, c),
)
right("log K of a float32 tensor", category_bound=lambda v, c: torch.log(torch.tensor(float(v.shape[1]))) - F.cross_entropy(v, c))
right("log K of a tensor", category_bound=lambda v, c: torch.tensor(v.shape[1]).log() - F.cross_entropy(v, c))
wrong(
    "the logits detached",
    "no gradient reaches",
    category_bound=lambda v, c: math.log(v.shape[1]) - F.cross_entropy(v.detach(), c),
)
wrong("no reduction", "one number", category_bound=lambda v, c: math.log(v.shape[1]) - F.cross_entropy(v, c, reduction="none"))


def by_category(v, c):
    return torch.distributions.Categorical(logits=v).log_prob(c).mean() + math.log(v.shape[1])


def by_items(v, c):
    rows = v.log_softmax(1)
    return math.log(v.shape[1]) + sum(rows[n, k] for n, k in enumerate(c.tolist())) / len(v)


right(
    "by the bound of a reader",
    code="""
def blind_bound(c):
    return uniform_bound(c.mean().expand_as(c), c.std(correction=0).log().expand_as(c), c)
""",
    part="codes",
)
right("in steps", blind_bound=lambda c: LOG2 - math.log(2 * math.pi) / 2 - c.std(unbiased=False).log() - 0.5)
wrong("no gradient of a number", "a scalar tensor", blind_bound=lambda c: float(LOG2 - c.std(correction=0).log()))
right("torch.distributions.Categorical", category_bound=by_category)
right("a loop over the codes", category_bound=by_items)
right("torch.distributions", uniform_bound=lambda m, s, c: torch.distributions.Normal(m, s.exp()).log_prob(c).mean() + LOG2)
right("gaussian_nll_loss", uniform_bound=lambda m, s, c: LOG2 - F.gaussian_nll_loss(m, c, (2 * s).exp(), full=True, eps=0.0))
right("gather", category_bound=lambda v, c: math.log(v.shape[1]) + v.log_softmax(1).gather(1, c[:, None]).mean())

# 6. Classes

right(
    "two softpluses of differences of logsumexps",
    semi_supervised_loss=lambda x, y, r, f: (
        (x.logsumexp(1) - x.gather(1, y[:, None])[:, 0]).mean()
        + (F.pad(r, (0, 1)).logsumexp(1) - r.logsumexp(1)).mean()
        + F.pad(f, (0, 1)).logsumexp(1).mean()
    ),
    feature_matching=lambda a, b: F.mse_loss(a.mean(0), b.mean(0), reduction="sum"),
)
right("the largest taken out first", real_logit=lambda v: v.amax(1) + (v - v.amax(1, keepdim=True)).exp().sum(1).log())
right(
    "binary cross-entropy with logits",
    semi_supervised_loss=lambda x, y, r, f: (
        F.nll_loss(x.log_softmax(1), y)
        + F.binary_cross_entropy_with_logits(r.logsumexp(1), r.new_ones(len(r)))
        + F.binary_cross_entropy_with_logits(f.logsumexp(1), f.new_zeros(len(f)))
    ),
)

# 7. What AC-GAN is paid for


def paid_by_loops(p):
    q = torch.zeros_like(p)
    for k in range(len(p)):
        certain = [float(p[k, x] / p[:, x].sum()) for x in range(p.shape[1])]
        q[k, certain.index(max(certain))] = p[k].sum()
    return q


def paid_shared(p):
    """Where several pictures are equally certain, each gets its share."""
    told = p / p.sum(0, keepdim=True)
    best = (told >= told.amax(1, keepdim=True) - 1e-12).to(p)
    return p.sum(1, keepdim=True) * best / best.sum(1, keepdim=True)


def paid_and_moved(p):
    p /= p.sum()
    p[0, 0] += 1e-3
    return paid_by_loops(p)


def masked_term(q, classifier):
    drawn = q > 0
    return -(q[drawn] * classifier[drawn].log()).sum()


right("loops", best_paid=paid_by_loops, class_term=lambda q, c: float(-(q * c.log()).nan_to_num(0.0, neginf=-math.inf).sum()))
right("ties are shared", best_paid=paid_shared, class_term=masked_term)
right("by the log of a power", class_term=lambda q, c: -(c**q).log().sum())
wrong("negative loads", "without negative entries", best_paid=lambda p: paid_by_loops(p) + (p - p.roll(1, 1)))
wrong("a choice in place of a table", "a table like p", best_paid=lambda p: (p / p.sum(0)).argmax(1))
wrong("the data overwritten", "in place", best_paid=paid_and_moved)

# Answers that do not answer

BATCH_NORM = "torch.nn.functional.batch_norm = lambda x, *a, **k: x"
wrong("batch_norm replaced, which the check asks", "no longer", code=BATCH_NORM, part="normalisation")

"""Planted answers to homework 4."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F

from tests.homework.planting import Garden

garden = Garden("hw4")
wrong, right = garden.plant_wrong, garden.plant_right


# 1. A normalisation that is told the class


def norm(axes=(0, 2, 3), correction=0, one=1.0, bias=1.0, root=True, rows=lambda y: y, inside=True, add=None, detach=False):
    def run(x, y, gains, biases, eps=1e-5):
        eps = add if add is not None else eps
        mean, var = x.mean(axes, keepdim=True), x.var(axes, correction=correction, keepdim=True)
        if detach:
            mean, var = mean.detach(), var.detach()
        length = (var + eps if inside else (var.sqrt() + eps).square()) ** (0.5 if root else 1.0)
        row = rows(y)
        return (one + gains[row])[:, :, None, None] * (x - mean) / length + bias * biases[row][:, :, None, None]

    return run


def within_classes(x, y, gains, biases, eps=1e-5):
    out = torch.empty_like(x)
    for k in y.unique():
        out[y == k] = norm()(x[y == k], y[y == k], gains, biases, eps)
    return out


def norm_in_place(x, y, gains, biases, eps=1e-5):
    good = norm()(x, y, gains, biases, eps)
    if not x.requires_grad:
        x -= x.mean((0, 2, 3), keepdim=True)
    return good


def norm_on_cpu(x, y, gains, biases, eps=1e-5):
    return norm()(x, y, gains, biases, eps) * torch.ones(x.shape[1], dtype=x.dtype)[:, None, None]


PART = "normalisation"
wrong("the 1 before the gain forgotten", PART, "the 1 before the gain", conditional_batch_norm=norm(one=0.0))
wrong("statistics of each picture", PART, "instance normalisation", conditional_batch_norm=norm(axes=(2, 3)))
wrong("statistics within each class", PART, "within each class", conditional_batch_norm=within_classes)
wrong("a mean for each place", PART, "a mean for each place", conditional_batch_norm=norm(axes=(0,)))
wrong("statistics over the channels", PART, "each channel has its own", conditional_batch_norm=norm(axes=(1, 2, 3)))
wrong("the variance with n - 1", PART, "n - 1", conditional_batch_norm=norm(correction=1))
wrong("divided by the variance", PART, "take its root", conditional_batch_norm=norm(root=False))
wrong("the bias forgotten", PART, "the bias is missing", conditional_batch_norm=norm(bias=0.0))
wrong("the labels sorted on the way", PART, "in another order", conditional_batch_norm=norm(rows=lambda y: y.sort().values))
wrong(
    "eps = 0.8, another library's momentum (a public course)",
    PART,
    "another library's momentum",
    conditional_batch_norm=norm(add=0.8),
)
wrong("eps outside the root", PART, "under the root", conditional_batch_norm=norm(inside=False))
wrong("eps hard-coded", PART, "eps is an argument", conditional_batch_norm=norm(add=1e-5))
wrong("the statistics detached", PART, "do not detach", conditional_batch_norm=norm(detach=True))
wrong("the caller's pictures overwritten", PART, "in place", conditional_batch_norm=norm_in_place)
wrong("a table made on the CPU", PART, "made on the CPU", conditional_batch_norm=norm_on_cpu)
wrong(
    "the tables exchanged",
    PART,
    "tables are exchanged",
    conditional_batch_norm=lambda x, y, gains, biases, eps=1e-5: norm()(x, y, biases, gains, eps),
)


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


right("the library's batch_norm and addcmul", PART, conditional_batch_norm=by_library)
right("one-hot codes, einsum and rsqrt", PART, conditional_batch_norm=by_one_hot)
right("picture by picture after nn.BatchNorm2d", PART, conditional_batch_norm=by_pictures)

# 2. Telling the discriminator


def maps(x, y, k):
    return F.one_hot(y, k).to(x)[:, :, None, None].expand(-1, -1, *x.shape[2:])


PART = "telling"
wrong("the maps in front", PART, "come first", with_label_maps=lambda x, y, k: torch.cat([maps(x, y, k), x], 1))
wrong("the picture forgotten", PART, "picture itself is missing", with_label_maps=lambda x, y, k: maps(x, y, k) * 1)
wrong(
    "one map with the number of the class",
    PART,
    "a map for each class",
    with_label_maps=lambda x, y, k: torch.cat([x, y[:, None, None, None] * torch.ones_like(x[:, :1])], 1),
)
wrong(
    "as many classes as the batch shows",
    PART,
    "not the largest label",
    with_label_maps=lambda x, y, k: torch.cat([x, maps(x, y, int(y.max()) + 1)], 1),
)
wrong(
    "maps of a square",
    PART,
    "",
    with_label_maps=lambda x, y, k: torch.cat(
        [x, F.one_hot(y, k).to(x)[:, :, None, None].expand(-1, -1, x.shape[2], x.shape[2])], 1
    ),
)
wrong(
    "float64 maps beside a float32 picture",
    PART,
    "the picture's dtype",
    with_label_maps=lambda x, y, k: torch.cat([x, maps(x, y, k).double()], 1),
)
wrong("the label has no say", PART, "the label has no say", projection=lambda h, y, w, b, table: h @ w + b + 0 * table.sum())
wrong("only the projection", PART, "only the projection", projection=lambda h, y, w, b, table: (table[y] * h).sum(1))
wrong(
    "every picture with every label",
    PART,
    "every picture with every label",
    projection=lambda h, y, w, b, table: h @ table[y].T + b,
)
wrong("a logit for each class", PART, "only the label's", projection=lambda h, y, w, b, table: (h @ w + b)[:, None] + h @ table.T)
wrong("a mean over the features", PART, "a sum", projection=lambda h, y, w, b, table: h @ w + b + (table[y] * h).mean(1))
wrong("the vector added, not multiplied", PART, "inner product", projection=lambda h, y, w, b, table: h @ w + b + table[y].sum(1))
wrong(
    "a mean over the batch",
    PART,
    "no mean over the batch",
    projection=lambda h, y, w, b, table: (h @ w + b + (table[y] * h).sum(1)).mean(),
)
wrong(
    "the table detached",
    PART,
    "",
    projection=lambda h, y, w, b, table: h @ w + b + (table.detach()[y] * h).sum(1),
)


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


right("one vector w + v[y]", PART, projection=lambda h, y, w, b, table: torch.einsum("nf,nf->n", h, w + table[y]) + b)
right("a layer, linear and embedding", PART, projection=projection_layer)
right("all classes, then gather", PART, projection=lambda h, y, w, b, t: h @ w + b + (h @ t.T).gather(1, y[:, None])[:, 0])
right("ones written into zeros", PART, with_label_maps=maps_by_scatter)

# 3. Each picture with its own label


def d_loss(
    fake_label=lambda y, y_fake: y_fake, judged=lambda y, y_fake: y_fake, detach=True, hinge=F.relu, scale=1.0, swap=False
):
    def run(generator, discriminator, x, y, z, y_fake):
        fake = generator(z, fake_label(y, y_fake))
        fake = fake.detach() if detach else fake
        r, f = discriminator(x, y), discriminator(fake, judged(y, y_fake))
        r, f = (f, r) if swap else (r, f)
        return scale * (hinge(1 - r).mean() + hinge(1 + f).mean())

    return run


def g_loss(loss):
    return lambda generator, discriminator, z, y_fake: loss(discriminator(generator(z, y_fake), y_fake))


def d_detached(generator, discriminator, x, y, z, y_fake):
    return F.relu(1 - discriminator(x, y)).mean() + F.relu(1 + discriminator(generator(z, y_fake), y_fake).detach()).mean()


def g_detached(generator, discriminator, z, y_fake):
    return -discriminator(generator(z, y_fake).detach(), y_fake).mean()


def g_freezes(generator, discriminator, z, y_fake):
    discriminator.requires_grad_(False)
    return -discriminator(generator(z, y_fake), y_fake).mean()


def joined_mean(generator, discriminator, x, y, z, y_fake):
    with torch.no_grad():
        fake = generator(z, y_fake)
    return 2 * torch.cat([F.relu(1 - discriminator(x, y)), F.relu(1 + discriminator(fake, y_fake))]).mean()


PART = "pairs"
wrong(
    "the fakes judged with the data's labels",
    PART,
    "judged with the labels of the data",
    discriminator_loss=d_loss(judged=lambda y, _: y),
)
wrong(
    "the fakes drawn for the data's labels",
    PART,
    "drawn for the labels of the data",
    discriminator_loss=d_loss(fake_label=lambda y, _: y),
)
wrong("detach forgotten", PART, "detach the fakes", discriminator_loss=d_loss(detach=False))
wrong("D's answer detached, not the fake", PART, "Only the fakes", discriminator_loss=d_detached)
wrong("a Wasserstein loss without the max", PART, "stops counting beyond", discriminator_loss=d_loss(hinge=lambda v: v - 1))
wrong("the logistic loss", PART, "logistic loss", discriminator_loss=d_loss(hinge=lambda v: F.softplus(v - 1)))
wrong("real and fake exchanged", PART, "the fakes are called real", discriminator_loss=d_loss(swap=True))
wrong("one half too much", PART, "one half", discriminator_loss=d_loss(scale=0.5))
wrong("one mean over data and fakes", PART, "both kinds together", discriminator_loss=joined_mean)
wrong("the hinge in G's loss", PART, "never has enough", generator_loss=g_loss(lambda f: F.relu(1 - f).mean()))
wrong("G's sign", PART, "wants high logits", generator_loss=g_loss(lambda f: f.mean()))
wrong("the fake detached in G's loss", PART, "detached", generator_loss=g_detached)
wrong("D frozen for good", PART, "set requires_grad back", generator_loss=g_freezes)


def d_in_one_call(generator, discriminator, x, y, z, y_fake):
    with torch.no_grad():
        fake = generator(z, y_fake)
    logits = discriminator(torch.cat([x, fake]), torch.cat([y, y_fake]))
    sign = torch.cat([torch.ones(len(x)), -torch.ones(len(fake))]).to(logits)
    margin = torch.clamp(1 - sign * logits, min=0)
    return margin[: len(x)].mean() + margin[len(x) :].mean()


right("data and fakes in one call", PART, discriminator_loss=d_in_one_call)
right(
    "minus the minimum, as in the paper",
    PART,
    discriminator_loss=d_loss(hinge=lambda v: -torch.minimum(torch.zeros_like(v), -v)),
    generator_loss=g_loss(lambda f: f.neg().sum() / f.numel()),
)

# 4. Information


def xlogy(a, b):
    return torch.xlogy(a, b)


def info(joint):
    independent = joint.sum(1, keepdim=True) * joint.sum(0, keepdim=True)
    return xlogy(joint, joint / torch.where(independent > 0, independent, 1.0)).sum()


def bound(joint, q, axis=1):
    prior = joint.sum(axis)
    return -xlogy(prior, prior).sum() + xlogy(joint, q).sum()


def by_numpy(joint):
    table = joint.numpy()
    rows, columns = table.sum(1), table.sum(0)
    return float(
        sum(
            table[i, j] * math.log(table[i, j] / (rows[i] * columns[j]))
            for i in range(table.shape[0])
            for j in range(table.shape[1])
            if table[i, j] > 0
        )
    )


PART = "information"
wrong("in bits", PART, "in bits", mutual_information=lambda joint: info(joint) / math.log(2))
wrong(
    "0 log 0 is NaN",
    PART,
    "0 log 0",
    mutual_information=lambda joint: (joint * (joint / (joint.sum(1, keepdim=True) * joint.sum(0))).log()).sum(),
)
wrong(
    "P(c) forgotten",
    PART,
    "H(c) is missing",
    mutual_information=lambda joint: xlogy(joint, joint / joint.sum(0, keepdim=True)).sum(),
)
wrong(
    "the weights forgotten",
    PART,
    "weigh with P(c, x)",
    mutual_information=lambda j: (j / (j.sum(1, keepdim=True) * j.sum(0))).log().mean(),
)
wrong("H(c) forgotten", PART, "entropy H(c) is missing", information_bound=lambda joint, q: xlogy(joint, q).sum())
wrong("the pictures' entropy", PART, "H(c) is over the rows", information_bound=lambda joint, q: bound(joint, q, axis=0))
wrong(
    "log C, whatever the codes' frequencies",
    PART,
    "these are not",
    information_bound=lambda joint, q: math.log(len(joint)) + xlogy(joint, q).sum(),
)
wrong(
    "all pictures equally frequent",
    PART,
    "not equally frequent",
    information_bound=lambda joint, q: bound(joint, q) - xlogy(joint, q).sum() + xlogy(joint / joint.sum(0), q).sum(),
)
wrong("the sign of E log Q", PART, "wrong sign", information_bound=lambda joint, q: bound(joint, q) - 2 * xlogy(joint, q).sum())
wrong(
    "log(Q + 1e-8), as in many public codes",
    PART,
    "small constant",
    information_bound=lambda joint, q: bound(joint, q) - xlogy(joint, q).sum() + (joint * (q + 1e-8).log()).sum(),
)
right("place by place with the math module", PART, mutual_information=by_numpy)
right(
    "by entropies",
    PART,
    mutual_information=lambda j: (
        torch.special.entr(j.sum(1)).sum() + torch.special.entr(j.sum(0)).sum() - torch.special.entr(j).sum()
    ),
    information_bound=lambda j, q: (torch.special.entr(j.sum(1)).sum() + torch.special.xlogy(j, q).sum()).item(),
)

# 5. The bound from samples


LOG2, LOG_2PI = math.log(2), math.log(2 * math.pi)


def number_bound(mean, log_std, c, entropy=LOG2, constant=LOG_2PI / 2, s=1.0, power=2.0, half=0.5):
    return entropy - constant - (s * log_std + half * (c - mean).square() * (-power * log_std).exp()).mean()


def changed(**how):
    return lambda mean, log_std, c: number_bound(mean, log_std, c, **how)


def by_probability(logits, c):
    return math.log(logits.shape[1]) + logits.softmax(1)[torch.arange(len(c), device=c.device), c].log().mean()


PART = "codes"
wrong("the entropy forgotten", PART, "log K is missing", category_bound=lambda v, c: -F.cross_entropy(v, c))
wrong("the sign of the bound", PART, "is maximised", category_bound=lambda v, c: F.cross_entropy(v, c) - math.log(v.shape[1]))
wrong("cross-entropy added", PART, "subtract it", category_bound=lambda v, c: math.log(v.shape[1]) + F.cross_entropy(v, c))
wrong("log N", PART, "its K values", category_bound=lambda v, c: math.log(len(v)) - F.cross_entropy(v, c))
wrong(
    "the softmax twice (three scripts of a public collection)",
    PART,
    "applied twice",
    category_bound=lambda v, c: math.log(v.shape[1]) - F.cross_entropy(v.softmax(1), c),
)
wrong("the logarithm of a softmax", PART, "stay with logits", category_bound=by_probability)
wrong(
    "a squared error (a public collection)",
    PART,
    "never says how sure",
    uniform_bound=lambda m, s, c: -F.mse_loss(m, c) + 0 * s.sum(),
)
wrong("s taken for a log variance", PART, "not of the variance", uniform_bound=changed(s=0.5, power=1.0))
wrong("divided by the standard deviation only", PART, "divide by the variance", uniform_bound=changed(power=1.0))
wrong("the constant forgotten", PART, "constant", uniform_bound=changed(constant=0.0))
wrong("log 2 pi without its half", PART, "one half", uniform_bound=changed(constant=math.log(2 * math.pi)))
wrong("-s forgotten", PART, "the term -s", uniform_bound=changed(s=0.0))
wrong("the density's entropy forgotten", PART, "is missing: it is log 2", uniform_bound=changed(entropy=0.0))
wrong(
    "no reduction", PART, "one number", category_bound=lambda v, c: math.log(v.shape[1]) - F.cross_entropy(v, c, reduction="none")
)


def by_distribution(mean, log_std, c):
    return torch.distributions.Normal(mean, log_std.exp()).log_prob(c).mean() + math.log(2)


right("torch.distributions", PART, uniform_bound=by_distribution)
right(
    "gaussian_nll_loss",
    PART,
    uniform_bound=lambda m, s, c: math.log(2) - F.gaussian_nll_loss(m, c, (2 * s).exp(), full=True, eps=0.0),
)
right("gather", PART, category_bound=lambda v, c: math.log(v.shape[1]) + v.log_softmax(1).gather(1, c[:, None]).mean())

# 6. Classes


def semi(labelled=None, logit=lambda v: v.logsumexp(1), real=-1, fake=1, weight=1.0):
    def run(x, y, r, f):
        first = (labelled or F.cross_entropy)(x, y)
        return first + weight * (F.softplus(real * logit(r)).mean() + F.softplus(fake * logit(f)).mean())

    return run


def by_k_plus_one(x, y, r, f):
    r, f = F.pad(r, (0, 1)), F.pad(f, (0, 1))
    real = -(1 - r.softmax(1)[:, -1]).log().mean()
    return F.cross_entropy(x, y) + real - f.log_softmax(1)[:, -1].mean()


PART = "classes"
wrong("exp, sum, log", PART, "torch.logsumexp", real_logit=lambda v: v.exp().sum(1).log())
wrong("the largest logit", PART, "the largest logit", real_logit=lambda v: v.max(1).values)
wrong("the probability, not its logit", PART, "here its logit", real_logit=lambda v: 1 - F.pad(v, (0, 1)).softmax(1)[:, -1])
wrong("generated among the classes", PART, "among those summed", real_logit=lambda v: F.pad(v, (0, 1)).logsumexp(1))
wrong("summed over the batch", PART, "axis 1", real_logit=lambda v: v.logsumexp(0))
wrong("real and fake exchanged in the loss", PART, "exchanged", semi_supervised_loss=semi(real=1, fake=-1))
wrong("the fakes called real", PART, "what G wants", semi_supervised_loss=semi(fake=-1))
wrong(
    "labelled samples over K + 1 classes",
    PART,
    "known to be real",
    semi_supervised_loss=semi(labelled=lambda x, y: F.cross_entropy(F.pad(x, (0, 1)), y)),
)
wrong(
    "the softmax before cross_entropy",
    PART,
    "applied twice",
    semi_supervised_loss=semi(labelled=lambda x, y: F.cross_entropy(x.softmax(1), y)),
)
wrong("the largest logit in the loss", PART, "not the largest", semi_supervised_loss=semi(logit=lambda v: v.max(1).values))
wrong("one half", PART, "one half too much", semi_supervised_loss=semi(weight=0.5))
wrong("K + 1 probabilities and their logarithms", PART, "has rounded", semi_supervised_loss=by_k_plus_one)
wrong(
    "feature matching by mse_loss",
    PART,
    "squared length is a sum",
    feature_matching=lambda a, b: F.mse_loss(a.mean(0), b.mean(0)),
)
wrong(
    "feature matching pair by pair", PART, "pair by pair", feature_matching=lambda a, b: (a - b[: len(a)]).square().sum(1).mean()
)
wrong("the length, not squared", PART, "the square of it", feature_matching=lambda a, b: (a.mean(0) - b.mean(0)).norm())
wrong(
    "means over the features",
    PART,
    "over the batch, axis 0",
    feature_matching=lambda a, b: (a.mean(1) - b.mean(1)).square().sum(),
)
wrong(
    "the fakes' features detached",
    PART,
    "G cannot learn",
    feature_matching=lambda a, b: (a.mean(0) - b.detach().mean(0)).square().sum(),
)
right(
    "two softpluses of differences of logsumexps",
    PART,
    semi_supervised_loss=lambda x, y, r, f: (
        (x.logsumexp(1) - x.gather(1, y[:, None])[:, 0]).mean()
        + (F.pad(r, (0, 1)).logsumexp(1) - r.logsumexp(1)).mean()
        + F.pad(f, (0, 1)).logsumexp(1).mean()
    ),
    feature_matching=lambda a, b: F.mse_loss(a.mean(0), b.mean(0), reduction="sum"),
)
right("the largest taken out first", PART, real_logit=lambda v: v.amax(1) + (v - v.amax(1, keepdim=True)).exp().sum(1).log())
right(
    "binary cross-entropy with logits",
    PART,
    semi_supervised_loss=lambda x, y, r, f: (
        F.nll_loss(x.log_softmax(1), y)
        + F.binary_cross_entropy_with_logits(r.logsumexp(1), r.new_ones(len(r)))
        + F.binary_cross_entropy_with_logits(f.logsumexp(1), f.new_zeros(len(f)))
    ),
)

# Answers that do not answer

wrong(
    "the check replaced",
    "pairs",
    "no longer what it was",
    code="import gancourse.classroom.homework.checks as c\nc.close = lambda *a, **k: None",
)
wrong(
    "batch_norm replaced, which the check asks",
    "normalisation",
    "no longer",
    code="torch.nn.functional.batch_norm = lambda x, *a, **k: x",
)
wrong("hard-coded to the visible report", "information", "", mutual_information=lambda joint: 0 * joint.sum() + 0.1)
wrong("not written", "codes", "not written yet", code="def category_bound(logits, c):\n    raise NotImplementedError()")

"""Planted answers to homework 7: right ones, and wrong ones that no table of slips holds."""

from __future__ import annotations

import math
import re

import numpy as np
import torch
import torch.nn.functional as F

from tests.homework.planting import Garden

garden = Garden("hw7")
wrong, right = garden.plant_wrong, garden.plant_right

# 1. Sentences


def by_dictionary(texts, vocabulary, length):
    numbers = dict(zip(vocabulary, range(1, len(vocabulary) + 1), strict=True))
    table = torch.zeros(len(texts), length, dtype=torch.long)
    for i, text in enumerate(texts):
        words = "".join(c if c.isalpha() else " " for c in text).lower().split()
        unknown = {word for word in words if word not in numbers}
        if unknown:
            raise ValueError("I do not know " + " or ".join(sorted(unknown)))
        if len(words) > length or not words:
            raise ValueError(f"1 to {length} words, please: {text}")
        for j, word in enumerate(words):
            table[i, j] = numbers[word]
    return table


def mean_by_product(vectors, words):
    known = (words != 0).to(vectors.dtype)
    return torch.einsum("nl,nld->nd", known / known.sum(1, keepdim=True), vectors)


def mean_in_place(vectors, words):
    vectors[words == 0] = 0
    return vectors.sum(1) / (words > 0).sum(1, keepdim=True)


def state_by_gather(states, words):
    last = words.ne(0).sum(1) - 1
    return states.gather(1, last[:, None, None].expand(-1, 1, states.shape[2])).squeeze(1)


def state_by_loop(states, words):
    return torch.stack([state[: int((row > 0).sum())][-1] for state, row in zip(states, words, strict=True)])


def saying(said):
    """A tokeniser whose error says this of the unknown words, all words and the vocabulary."""

    def tokenise(texts, vocabulary, length):
        for text in texts:
            words = re.findall(r"[a-z]+", text.lower())
            if unknown := [word for word in words if word not in vocabulary]:
                raise ValueError(said(unknown, words, vocabulary))
        return by_dictionary(texts, vocabulary, length)

    return tokenise


wrong("the sentence quoted", "say which", tokenise=saying(lambda unknown, words, known: f"cannot read {' '.join(words)!r}"))
wrong(
    "its words listed, and the vocabulary",
    tokenise=saying(lambda unknown, words, known: f"{' '.join(words)} holds words not in {known}"),
)
right("unknown words, all words", tokenise=saying(lambda unknown, words, known: f"{unknown} of {words}"))
right("unknown words, the sentence", tokenise=saying(lambda unknown, words, known: f"{unknown} in {' '.join(words)!r}"))
right("unknown words, and the vocabulary", tokenise=saying(lambda unknown, words, known: f"{unknown}; I know {', '.join(known)}"))
wrong("the padding overwritten in place", "in place", mean_of_words=mean_in_place)
wrong("numbers of type float", "int64", tokenise=lambda *given: by_dictionary(*given).float())
wrong("a list of lists", "a tensor", tokenise=lambda *given: by_dictionary(*given).tolist())
wrong(
    "letters in place of words",
    tokenise=lambda texts, vocabulary, length: torch.tensor([[len(t) % 15 for t in re.findall(r".", x)] for x in texts]),
)
right(
    "a dictionary, a product of tensors, gather",
    tokenise=by_dictionary,
    mean_of_words=mean_by_product,
    last_state=state_by_gather,
)
right("a loop over the sentences", last_state=state_by_loop)
right(
    "masked_fill",
    mean_of_words=lambda v, w: v.masked_fill((w == 0).unsqueeze(2), 0).sum(1) / (w > 0).sum(1).unsqueeze(1),
)


def read_to_the_first_zero(states, words):
    return states[torch.arange(len(states)), words.argmin(1) - 1]


def by_assertion(texts, vocabulary, length):
    for text in texts:
        unknown = [word for word in re.findall(r"[a-z]+", text.lower()) if word not in vocabulary]
        assert not unknown, f"unknown words: {', '.join(unknown)}"
    return by_dictionary(texts, vocabulary, length)


def masked_in_float64(vectors, words):
    known = (words > 0).double()[..., None]
    return (vectors * known).sum(1) / known.sum(1)


wrong("the mask takes the vectors to float64", "took another type along", mean_of_words=masked_in_float64)
wrong("an end at the first zero", "no zero", last_state=read_to_the_first_zero)
wrong("assert in place of a ValueError", "raise a ValueError", tokenise=by_assertion)
right("a mask of the vectors' type", mean_of_words=lambda v, w: (v * (w > 0).type_as(v)[..., None]).sum(1) / (w > 0).sum(1, True))

# 2. A space where both meet


def by_cross_entropy(pictures, sentences, fits, temperature):
    p, s = (v / v.norm(dim=1, keepdim=True) for v in (pictures, sentences))
    own = torch.arange(len(p))
    scores = p @ s.T / temperature
    blocked = torch.where(fits & (own[:, None] != own), float("-inf"), scores)
    return 0.5 * F.cross_entropy(blocked, own) + 0.5 * F.cross_entropy(blocked.t(), own)


def by_loops(pictures, sentences, fits, temperature):
    n, total = len(pictures), 0
    s = torch.cosine_similarity(pictures[:, None], sentences[None], dim=2) / temperature
    for i in range(n):
        row = [s[i, j] for j in range(n) if j == i or not fits[i, j]]
        column = [s[j, i] for j in range(n) if j == i or not fits[j, i]]
        total = total + torch.stack(row).logsumexp(0) + torch.stack(column).logsumexp(0) - 2 * s[i, i]
    return total / (2 * n)


def diagonal_cleared(pictures, sentences, fits, temperature):
    fits.fill_diagonal_(False)
    return by_cross_entropy(pictures, sentences, fits, temperature)


def filled_with(fill):
    """The loss with this in place of the scores that are left out."""

    def loss(pictures, sentences, fits, temperature):
        scores = F.normalize(pictures, dim=1) @ F.normalize(sentences, dim=1).T / temperature
        scores = scores.masked_fill(fits & ~torch.eye(len(fits), dtype=torch.bool), fill)
        return (scores.logsumexp(1) + scores.logsumexp(0) - 2 * scores.diagonal()).mean() / 2

    return loss


def by_soft_targets(pictures, sentences, fits, temperature):
    scores = F.normalize(pictures, dim=1) @ F.normalize(sentences, dim=1).T / temperature
    rows, columns = (t.to(scores) / t.sum(1, keepdim=True) for t in (fits, fits.T))
    return (F.cross_entropy(scores, rows) + F.cross_entropy(scores.T, columns)) / 2


wrong("a fill of -20", "still there", matching_loss=filled_with(-20.0))
wrong("a fill of -100", "still there", matching_loss=filled_with(-100.0))
right("a fill of -1e9", matching_loss=filled_with(-1e9))
wrong("soft targets", "not counted as the right one", matching_loss=by_soft_targets)


def as_truth_values(attributes, asked):
    return ((attributes[:, None] > 0) == (asked > 0)).logical_or(asked < 0).all(2)


wrong("colours as truth values", "a number for each colour", fits=as_truth_values)
wrong("the caller's table changed", "in place", matching_loss=diagonal_cleared)
wrong("a number without a graph", "a scalar tensor", matching_loss=lambda *given: by_cross_entropy(*given).item())
right("cross_entropy of the masked table and its transpose", matching_loss=by_cross_entropy)
right("loops and cosine_similarity", matching_loss=by_loops)
right("what is mentioned and not so", fits=lambda a, asked: ~((a.unsqueeze(1) != asked) & (asked >= 0)).any(-1))

# 3. R-precision


def by_counting(scores):
    own = scores.diagonal()[:, None]
    return float(((scores >= own).sum(1) == 1).float().mean())


def cleared_in_place(scores):
    own = scores.diagonal().clone()
    return (own > scores.fill_diagonal_(-torch.inf).amax(1)).float().mean()


def by_sorting(scores):
    first, second = scores.sort(1, descending=True).values[:, :2].T
    return ((scores.diagonal() == first) & (first > second)).float().mean()


def in_rows(scores):
    """Minus each picture's scores, and minus its own."""
    return [(-row, -row[i]) for i, row in enumerate(scores.numpy())]


wrong("the caller's diagonal overwritten", "in place", r_precision=cleared_in_place)


def beside_a_hundred(scores):
    own = torch.eye(len(scores), dtype=torch.bool)
    return (scores.diagonal() > scores.masked_fill(own, -100.0).amax(1)).double().mean()


wrong("a fill of -100 among scores", "takes nobody out", r_precision=beside_a_hundred)
wrong("hits and misses as a list", "", r_precision=lambda scores: scores.diagonal() > scores.mean(1))
right("as many not below as one", r_precision=by_counting)
right("sorted", r_precision=by_sorting)
right("numpy's mean", r_precision=lambda scores: np.mean([(row > own).sum() == len(row) - 1 for row, own in in_rows(scores)]))

# 4. Wrong sentences


def by_search(fits, generator, tries=1000):
    """Rows in random order take a free sentence that does not fit; begun anew where none is left."""
    for _ in range(tries):
        p = torch.full((len(fits),), -1)
        free = torch.ones(len(fits), dtype=torch.bool)
        for i in torch.randperm(len(fits), generator=generator).tolist():
            left = (free & ~fits[i]).nonzero().flatten()
            if len(left) == 0:
                break
            p[i] = left[torch.randint(len(left), (), generator=generator)]
            free[p[i]] = False
        else:
            return p
    raise ValueError("no permutation without a sentence that fits")


def by_for_else(fits, generator, tries=1000):
    for _ in range(tries):
        p = torch.randperm(len(fits), generator=generator)
        if not any(fits[i, j] for i, j in enumerate(p)):
            return p
    raise ValueError("each of them fits somewhere")


wrong("a list of places", "a tensor of shape", mismatch=lambda *given: by_search(*given).tolist())
wrong(
    "None where there is none", "no error", mismatch=lambda f, g, tries=1000: None if f.all(1).any() else by_search(f, g, tries)
)
wrong("sentences in place of places", mismatch=lambda f, g, tries=1000: f[by_search(f, g, tries)])
wrong("the table changed", "in place", mismatch=lambda f, g, tries=1000: by_search(f.fill_diagonal_(False), g, tries))


def looked_at_after(fits, generator, tries=1000):
    """The first permutation is drawn before the loop."""
    p = torch.randperm(len(fits), generator=generator)
    for _ in range(tries):
        if not fits[torch.arange(len(fits)), p].any():
            return p
        p = torch.randperm(len(fits), generator=generator)
    raise ValueError("none")


def refused_by_rows(fits, generator, tries=1000):
    """Without an end where no row and no column is all True, and yet no permutation will do."""
    if fits.all(1).any() or fits.all(0).any():
        raise ValueError("a sentence that fits all, or a picture that all fit")
    while fits[torch.arange(len(fits)), p := torch.randperm(len(fits), generator=generator)].any():
        pass
    return p


def from_its_seed(fits, generator, tries=1000):
    """The permutation of the generator's seed, however often it is asked."""
    return by_search(fits, torch.Generator().manual_seed(generator.initial_seed()), tries)


def by_numpy_from_its_seed(fits, generator, tries=1000):
    draw = np.random.default_rng(generator.initial_seed())
    for _ in range(tries):
        p = torch.from_numpy(draw.permutation(len(fits)))
        if not fits[torch.arange(len(fits)), p].any():
            return p
    raise ValueError("none")


wrong("whole rows refused, and no end", "has no end", mismatch=refused_by_rows)
wrong("a generator made from its seed", "stands still", mismatch=from_its_seed)
wrong("numpy's generator made from its seed", "stands still", mismatch=by_numpy_from_its_seed)
right("one permutation before the loop", mismatch=looked_at_after)
right("a search from row to row", mismatch=by_search)
right("any() over Python's numbers", mismatch=by_for_else)

# 5. The losses of GAN-CLS


def by_labels(discriminator, x, e, wrong, fake):
    bce = F.binary_cross_entropy_with_logits
    with torch.no_grad():
        fake = fake * 1
    real, made, false = discriminator(x, e), discriminator(fake, e), discriminator(x, wrong)
    zeros = torch.zeros_like(made)
    return bce(real, torch.ones_like(real)) + 0.5 * bce(made, zeros) + 0.5 * bce(false, zeros)


def in_one_batch(discriminator, x, e, wrong, fake):
    logits = discriminator(torch.cat([x, fake.detach(), x]), torch.cat([e, e, wrong]))
    real, made, false = logits.chunk(3)
    return (-F.logsigmoid(real) - (F.logsigmoid(-made) + F.logsigmoid(-false)) / 2).mean()


wrong("backward() inside", "", discriminator_loss=lambda *given: by_labels(*given).backward())
wrong(
    "a generator loss without a graph", "a scalar tensor", generator_loss=lambda d, fake, e: F.softplus(-d(fake, e)).mean().item()
)


def judge_frozen(discriminator, fake, e):
    for p in discriminator.parameters():
        p.requires_grad = False
    return F.softplus(-discriminator(fake, e)).mean()


def fake_cut_in_place(discriminator, x, e, wrong, fake):
    return by_labels(discriminator, x, e, wrong, fake.detach_())


wrong("detach_() of the caller's fake", "cuts the caller's fake", discriminator_loss=fake_cut_in_place)
wrong("D left in evaluation mode", "puts the mode back", discriminator_loss=lambda d, *more: by_labels(d.eval(), *more))
wrong("D frozen for good by G's loss", "or D will never learn", generator_loss=judge_frozen)
right("binary cross-entropy with logits", discriminator_loss=by_labels)
right(
    "three pairs in one batch",
    discriminator_loss=in_one_batch,
    generator_loss=lambda d, fake, e: -F.logsigmoid(d(fake, e)).mean(),
)

# 6. What reading is worth


def by_loops_over_pairs(true, fake, wrong):
    total = 0.0
    for t, f, w in zip(*(table.flatten().tolist() for table in (true, fake, wrong)), strict=True):
        bad = f / 2 + w / 2
        if t > 0:
            total -= t * math.log(t / (t + bad))
        if bad > 0:
            total -= bad * math.log(bad / (t + bad))
    return total


def by_descent(true, fake, wrong):
    """Newton's method on the logits of D: no formula of the best one."""
    logits, false = torch.zeros_like(true), (fake + wrong) / 2
    for _ in range(60):
        d = logits.sigmoid()
        logits = logits - ((d - 1) * true + d * false) / ((true + false) * d * (1 - d)).clamp(min=1e-30)
        logits = logits.clamp(-30, 30)
    return (F.softplus(-logits) * true + F.softplus(logits) * false).sum()


def by_divergence(true, fake, wrong):
    """2 log 2 less twice the divergence of Jensen and Shannon, of the true from the false pairs."""
    false = (fake + wrong) / 2
    middle = (true + false) / 2
    kl = [torch.where(p > 0, p * (p / middle).log(), 0.0).sum() for p in (true, false)]
    return 2 * math.log(2) - sum(kl)


def each_alone(loss):
    return lambda *tables: loss(*(table.sum(dim=1, keepdim=True) for table in tables))


def overwritten(true, fake, wrong):
    false = fake.add_(wrong).div_(2)
    return by_loops_over_pairs(true, 2 * false, 0 * false)


for what, loss in (("loops", by_loops_over_pairs), ("a divergence", by_divergence), ("descent", by_descent)):
    right(f"the least loss by {what}", least_loss=loss, blind_loss=each_alone(loss))
wrong("the table of fakes overwritten", "in place", least_loss=overwritten)
wrong(
    "numbers for each picture",
    "one number",
    blind_loss=lambda t, f, w: torch.stack([by_descent(*x) for x in zip(t, f, w, strict=True)]),
)

# 7. A cloud around each sentence


def by_torch(mean, log_std):
    cloud = torch.distributions.Normal(mean, log_std.exp().clamp(min=1e-30), validate_args=False)
    terms = torch.distributions.kl_divergence(cloud, torch.distributions.Normal(0 * mean, 1 + 0 * mean))
    return terms.sum(1).mean() + 0 * log_std.sum()


def by_expm1(mean, log_std):
    terms = mean**2 + torch.expm1(2 * log_std) - 2 * log_std
    return 0.5 * terms.sum() / len(mean)


def in_place(mean, log_std, eps):
    return eps.mul_(log_std.exp()).add_(mean)


wrong("the noise multiplied in place", "in place", augment=in_place)
wrong("torch's KL with a sigma that is clamped", "rounded to 0", divergence=by_torch)
right("expm1", divergence=by_expm1)
right("addcmul", augment=lambda mean, log_std, eps: torch.addcmul(mean, torch.exp(log_std), eps))

# Answers that do not answer

wrong("the oracle replaced", "no longer", code="hw7._matching = lambda *a, **k: matching_loss", part="matching")
wrong("the losses of the check replaced", "no longer", code="hw7._g_loss = hw7._d_loss", part="losses")

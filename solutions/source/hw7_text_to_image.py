# %% [markdown]
# # Homework 7. Text to image
#
# **After** lecture 20. **Time**: about 90 minutes. **Points**: 20. **At the end** you type sentences, and a game whose reader, wrong pairs and losses are your code
# draws faces for them.
#
# Each task is a cell with functions whose bodies are missing. Replace `raise NotImplementedError()` and run the cell below it: it checks
# your functions at once, says for each item what it expected, what came, and, where it can, which slip that looks like. The number under
# the report is your points for the task. You may try as often as you like.
#
# The same checks grade what you hand in, with other random numbers. So run everything from top to bottom before you do
# (*Kernel, Restart and run all*), and leave the names of the functions as they are. Everything here runs on the CPU.

# %% setup
import re

import torch
import torch.nn.functional as F
from torch import nn

from gancourse import data, metrics, scale, viz
from gancourse.classroom.homework import hw7
from gancourse.data import captions
from gancourse.metrics.text import agreement
from gancourse.models import text

torch.set_num_threads(1)  # networks this small gain little from a second core

# %% [markdown]
# ## 1. Sentences as numbers (4 points)
#
# A network takes numbers. The first word of the vocabulary has the number 1, the next 2, and so on; a sentence becomes the row of its words' numbers, filled up with zeros at its end to `length`. Capitals do not matter, and
# commas and full stops belong to no word: `re.findall(r"[a-z]+", ...)` helps. An embedding would take a wrong number without a murmur, so raise a `ValueError` for a sentence with unknown words (the
# message names all of them), for one without words, and for one with more than `length`.
#
# Then the zeros have to be kept out of what is computed. `words` is a table as `tokenise` makes it. With $n$ the number of words of a sentence, `mean_of_words` returns
# $\frac1n \sum_{k=1}^{n} v_k$ of its vectors, and `last_state` returns the state $h_n$ of a network that has read it word by word. What stands at the padding must not matter, however large.


# %% solution="sentences"
def tokenise(texts, vocabulary, length):
    """The numbers of the words of each text, 1 for the vocabulary's first, then zeros: int64 [N, length]."""
    ### BEGIN SOLUTION
    numbers = {word: k for k, word in enumerate(vocabulary, start=1)}
    table = torch.zeros(len(texts), length, dtype=torch.int64)
    for row, sentence in zip(table, texts, strict=True):
        words = re.findall(r"[a-z]+", sentence.lower())
        if unknown := [word for word in words if word not in numbers]:
            raise ValueError(f"the vocabulary does not have: {', '.join(unknown)}")
        if not 1 <= len(words) <= length:
            raise ValueError(f"a sentence has 1 to {length} words, not {len(words)}")
        row[: len(words)] = torch.tensor([numbers[word] for word in words])
    return table
    ### END SOLUTION


def mean_of_words(vectors, words):
    """The mean of the vectors at a sentence's words: vectors [N, L, D], words int64 [N, L] -> [N, D]."""
    ### BEGIN SOLUTION
    known = (words > 0).to(vectors)[..., None]
    return (vectors * known).sum(1) / known.sum(1)
    ### END SOLUTION


def last_state(states, words):
    """The state after a sentence's last word: states [N, L, D], words int64 [N, L] -> [N, D]."""
    ### BEGIN SOLUTION
    return states[torch.arange(len(states)), (words > 0).sum(1) - 1]
    ### END SOLUTION


# %% check="sentences" points=4
points = hw7.sentences(tokenise, mean_of_words, last_state)
### BEGIN HIDDEN TESTS
points = min(points, hw7.sentences(tokenise, mean_of_words, last_state, seed=2016))
### END HIDDEN TESTS
points

# %% [markdown]
# The data: faces of 16 x 16 pixels, three sentences about each, and what each sentence asks for: a number for each of six attributes, and -1 where it says nothing.

# %% picture
faces = data.faces(16, scale.pick(ci=100, cpu=4000, gpu=4000), progress=False)
said, asked = captions.captions(faces.attributes, faces.attribute_names, 3, seed=0)
words = tokenise(said, captions.VOCABULARY, captions.LENGTH).view(len(faces), 3, -1)
asked = asked.view(len(faces), 3, -1)
for k in range(4):
    print(f"face {k + 1}: {said[3 * k]}\n        {words[k, 0, :12].tolist()} ...\n        asks for {asked[k, 0].tolist()}")
viz.show(viz.grid(faces.images[:4], columns=4, scale=6), "Four faces. Above, the first sentence about each.")

# %% [markdown]
# ## 2. A space where both meet (5 points)
#
# Pictures and sentences become vectors $v_i$ and $e_j$ of one space, and a picture should lie closer to its own sentence than to the others of the batch:
#
# $$s_{ij} = \frac{v_i \cdot e_j}{|v_i|\,|e_j|\;\tau}, \qquad
# L = \frac{1}{2N} \sum_{i=1}^{N} \Bigl( -\log \frac{e^{s_{ii}}}{\sum_{j \in R_i} e^{s_{ij}}} \;-\; \log \frac{e^{s_{ii}}}{\sum_{j \in C_i} e^{s_{ji}}} \Bigr).$$
#
# The first half looks for a picture's sentence along a row, the second for a sentence's picture along a column. But "short hair and a smile" fits many faces. A sentence of the batch that *fits* is not wrong, and to push it away would
# teach an error. So it is left out: $R_i$ holds $i$ itself and those $j$ whose sentence does *not* fit picture $i$, and $C_i$ holds $i$ and those $j$ whose picture does *not* fit sentence $i$.
#
# First the table of what fits. `attributes` [N, A] is what the pictures show, `asked` [M, A] what the sentences ask for, -1 where one says nothing. Then the loss. `fits` [N, N] is such a table; it is not symmetric, and True on
# its diagonal. The loss has to survive differences of 200 between scores.


# %% solution="matching"
def fits(attributes, asked):
    """Whether sentence j says nothing wrong of picture i, for all pairs (i, j): bool [N, M]."""
    ### BEGIN SOLUTION
    return ((attributes[:, None] == asked) | (asked < 0)).all(2)
    ### END SOLUTION


def matching_loss(pictures, sentences, fits, temperature):
    """L for vectors of pictures and sentences [N, D] of any norm, the table fits, bool [N, N], and tau: a scalar."""
    ### BEGIN SOLUTION
    own = torch.eye(len(pictures), dtype=torch.bool)
    scores = F.normalize(pictures, dim=1) @ F.normalize(sentences, dim=1).T / temperature
    scores = scores.masked_fill(fits & ~own, -torch.inf)
    return (scores.logsumexp(1) + scores.logsumexp(0) - 2 * scores.diagonal()).mean() / 2
    ### END SOLUTION


# %% check="matching" points=5
points = hw7.matching(fits, matching_loss)
### BEGIN HIDDEN TESTS
points = min(points, hw7.matching(fits, matching_loss, seed=2017))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 3. R-precision, and ties (2 points)
#
# Does a matcher match? For each picture compare the score of its own sentence with those of the others: R-precision is the share of pictures whose own sentence scores *higher than every other*. A tie is no hit, or a
# matcher that calls all sentences equal would be perfect. Scores are numbers of any sign.


# %% solution="precision"
def r_precision(scores):
    """The share of pictures that find their sentence; scores [N, N], entry (i, j) of picture i with sentence j: a number."""
    ### BEGIN SOLUTION
    own = torch.eye(len(scores), dtype=torch.bool)
    others = scores.masked_fill(own, -torch.inf).amax(1)
    return (scores.diagonal() > others).double().mean().item()
    ### END SOLUTION


# %% check="precision" points=2
points = hw7.precision(r_precision)
### BEGIN HIDDEN TESTS
points = min(points, hw7.precision(r_precision, seed=2018))
### END HIDDEN TESTS
points

# %% [markdown]
# Now your reader learns to read. Its words become vectors, a GRU goes through them, and your `last_state` and `mean_of_words` take what it keeps. A picture's encoder is trained beside it by your loss, and your R-precision
# judges both on faces that neither has seen, among a hundred sentences. Guessing scores 0.01, and a perfect reader about 0.8 (lecture 20 has one), because other sentences fit, too.

# %% picture
class Reader(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.embedding = nn.Embedding(len(captions.VOCABULARY) + 1, width)
        self.gru = nn.GRU(width, width, batch_first=True)
        self.last = nn.Linear(2 * width, width)

    def forward(self, words):
        words = words[:, : int((words > 0).sum(1).max())]  # the longest of the batch
        vectors = self.embedding(words)
        states, _ = self.gru(vectors)
        return F.normalize(self.last(torch.cat([last_state(states, words), mean_of_words(vectors, words)], 1)), dim=1)


torch.manual_seed(0)
reader, looker = Reader(), text.PictureEncoder(size=16)
pictures = data.to_float(faces.images)
steps = scale.pick(ci=4, cpu=300, gpu=1000)
optimiser = torch.optim.Adam([*reader.parameters(), *looker.parameters()], lr=3e-3)
cosine = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)


def batch(n):
    """Faces and one sentence of each, drawn at random: the rows of both."""
    return torch.randint(len(faces), (n,)), torch.randint(3, (n,))


for _ in range(steps):
    i, k = batch(64)
    fitting = fits(faces.attributes[i], asked[i, k])
    loss = matching_loss(looker(pictures[i]), reader(words[i, k]), fitting, 0.1)
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    cosine.step()

test = data.faces(16, scale.pick(ci=40, cpu=400, gpu=400), "test", progress=False)
test_said, test_asked = captions.captions(test.attributes, faces.attribute_names, 1, seed=3)
with torch.no_grad():
    seen = looker(data.to_float(test.images))
    told = reader(tokenise(test_said, captions.VOCABULARY, captions.LENGTH))
hundreds = list(zip(seen.split(100), told.split(100), strict=True))
for name, moved in (("unseen faces", 0), ("pictures shuffled", 1)):
    print(f"{name:18} {sum(r_precision(v.roll(moved, 0) @ e.T) for v, e in hundreds) / len(hundreds):.3f}")
table = fits(test.attributes, test_asked)
among = sum(float((1 / table[k : k + 100, k : k + 100].sum(1)).mean()) for k in range(0, len(test), 100)) / len(hundreds)
print(f"whoever knows what fits, and takes one of these by chance: {among:.3f}")

# %% [markdown]
# ## 4. Wrong sentences (2 points)
#
# The discriminator will be shown real pictures with sentences of others. Each sentence of the batch is used once: draw a permutation $p$, and picture $i$ gets sentence $p_i$. No picture may keep its own sentence, nor get
# one that fits by accident: `fits[i, p[i]]` is False for every $i$. (Its diagonal is True.)
#
# The simplest way draws permutations until one will do. There may be none, if a sentence fits every picture of the batch, say. So it gives up after `tries` of them, with a `ValueError`. `generator` draws, and goes on: the next call finds another one.


# %% solution="mismatched"
def mismatch(fits, generator, tries=1000):
    """A permutation p, int64 [N], drawn by a torch.Generator, such that sentence p[i] never fits picture i; fits is bool [N, N]."""
    ### BEGIN SOLUTION
    rows = torch.arange(len(fits))
    for _ in range(tries):
        p = torch.randperm(len(fits), generator=generator)
        if not fits[rows, p].any():
            return p
    raise ValueError(f"none of {tries} permutations is without a sentence that fits")
    ### END SOLUTION


# %% check="mismatched" points=2
points = hw7.mismatched(mismatch)
### BEGIN HIDDEN TESTS
points = min(points, hw7.mismatched(mismatch, seed=2019))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 5. The losses of GAN-CLS (3 points)
#
# $D$ looks at a picture *and* a sentence's vector. Only a real picture with its own sentence is true. Two kinds of pairs are false: a fake with the sentence $e$ that it was made for, and a real picture with a wrong
# sentence $\hat e$. Together they weigh as much as the true ones:
#
# $$L_D = -\mathbb{E} \log D(x, e) - \tfrac12 \Bigl[ \mathbb{E} \log\bigl(1 - D(G(z, e), e)\bigr) + \mathbb{E} \log\bigl(1 - D(x, \hat e)\bigr) \Bigr], \qquad
# L_G = -\mathbb{E} \log D(G(z, e), e) .$$
#
# `discriminator(x, e)` returns logits, $D = \sigma(\text{logit})$, one for each pair. Both losses must survive logits of 200. Think about which of them may send a gradient into the fake.


# %% solution="losses"
def discriminator_loss(discriminator, x, e, wrong, fake):
    """L_D for pictures x and fakes [N, C, H, W], sentence vectors e and wrong [N, D]: a scalar; it asks nothing of the fake."""
    ### BEGIN SOLUTION
    real, made, false = discriminator(x, e), discriminator(fake.detach(), e), discriminator(x, wrong)
    return F.softplus(-real).mean() + (F.softplus(made).mean() + F.softplus(false).mean()) / 2
    ### END SOLUTION


def generator_loss(discriminator, fake, e):
    """L_G: a scalar."""
    ### BEGIN SOLUTION
    return F.softplus(-discriminator(fake, e)).mean()
    ### END SOLUTION


# %% check="losses" points=3
points = hw7.losses(discriminator_loss, generator_loss)
### BEGIN HIDDEN TESTS
points = min(points, hw7.losses(discriminator_loss, generator_loss, seed=2020))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 6. What reading is worth (2 points)
#
# Must $D$ read at all? Take a world so small that a table holds it: `true`, `fake` and `wrong` [X, E] are the probabilities of each picture with each sentence, among the true pairs, the fakes and the wrong pairs. Each table has the sum 1.
#
# `least_loss` is the smallest $L_D$ that any $D(x, e)$ reaches there. `blind_loss` is the smallest of a $D$ that cannot read: what it answers depends on the picture alone. The best $D$ is found as in the plain game: one pair at a time, by
# a derivative. A pair that never comes costs nothing, and $0 \log 0 = 0$ (`torch.xlogy`).


# %% solution="reading"
def least_loss(true, fake, wrong):
    """The smallest L_D of all D(x, e): the tables of true, fake and wrong pairs [X, E] -> a number."""
    ### BEGIN SOLUTION
    false = (fake + wrong) / 2
    best = true / (true + false)
    return -(torch.xlogy(true, best) + torch.xlogy(false, 1 - best)).nansum()  # where no pair comes, best is 0 / 0
    ### END SOLUTION


def blind_loss(true, fake, wrong):
    """The smallest L_D of all D(x), which look at the picture alone: as above."""
    ### BEGIN SOLUTION
    return least_loss(true.sum(1), fake.sum(1), wrong.sum(1))
    ### END SOLUTION


# %% check="reading" points=2
points = hw7.reading(least_loss, blind_loss)
### BEGIN HIDDEN TESTS
points = min(points, hw7.reading(least_loss, blind_loss, seed=2022))
### END HIDDEN TESTS
points

# %% [markdown]
# What does a wrong sentence that fits by accident cost? Here each of `n` pictures has one sentence that fits. Fakes look like none of them, so $D$ knows these at a glance, and only reading is left to learn.


# %% picture
def world(n, blindly):
    """Tables of the true, fake and wrong pairs of n pictures; the last row is what fakes look like. Blindly drawn, a wrong sentence may fit."""
    own, fake, drawn = torch.eye(n + 1)[:, :n], torch.zeros(n + 1, n), torch.ones(n + 1, n)
    fake[n], drawn[n] = 1, 0
    if not blindly:
        drawn = drawn - own
    return [table / table.sum() for table in (own, fake, drawn)]


for n, blindly, what in ((50, False, "never fit"), (50, True, "fit one in 50"), (4, True, "fit one in 4")):
    reads, looks = (abs(loss(*world(n, blindly))) for loss in (least_loss, blind_loss))  # abs() makes 0 of -0
    print(f"wrong sentences {what:13}: D reads {reads:.2f}, cannot read {looks:.2f}")

# %% [markdown]
# ## 7. A cloud around each sentence (2 points)
#
# A few thousand sentences are few points in a space of many dimensions. Conditioning augmentation makes a cloud of each: a layer gives $\mu$ and $\log \sigma$ for the sentence, and the generator is told a point of
# $N(\mu, \sigma^2)$, drawn with noise $\varepsilon \sim N(0, I)$ that is *given*; so gradients reach both:
#
# $$c = \mu + \sigma \varepsilon, \qquad
# \operatorname{KL} = \tfrac12 \sum_{d} \bigl( \mu_d^2 + \sigma_d^2 - 1 - \log \sigma_d^2 \bigr).$$
#
# The divergence of the cloud from $N(0, I)$ keeps it from shrinking to a point and from running away. The sum runs over the dimensions; take the mean over the sentences. Mind that you are given $\log \sigma$, and that
# $\sigma$ itself may round to 0.


# %% solution="cloud"
def augment(mean, log_std, eps):
    """c: a point of each sentence's cloud; all of them [N, D]."""
    ### BEGIN SOLUTION
    return mean + log_std.exp() * eps
    ### END SOLUTION


def divergence(mean, log_std):
    """KL of N(mean, sigma^2) from N(0, I), the mean over the sentences: mean and log_std [N, D] -> a scalar."""
    ### BEGIN SOLUTION
    return (mean.square() + (2 * log_std).exp() - 1 - 2 * log_std).sum(1).mean() / 2
    ### END SOLUTION


# %% check="cloud" points=2
points = hw7.cloud(augment, divergence)
### BEGIN HIDDEN TESTS
points = min(points, hw7.cloud(augment, divergence, seed=2021))
### END HIDDEN TESTS
points

# %% [markdown]
# ## Your game
#
# Everything together. The reader stays as it is from now on; the generator is told a point of your cloud beside its noise. For each batch your `fits` says which sentences are right, your `mismatch` draws wrong ones, and
# your losses make the steps. What is given: the layers, and R1, a penalty on the discriminator's slope at real pictures, every eighth step. A minute or two.

# %% picture
class Cloud(nn.Module):
    """Sentence vectors [N, text_dim] and noise [N, dim] -> conditions [N, dim]."""

    def __init__(self, text_dim, dim):
        super().__init__()
        self.text_dim, self.dim, self.linear = text_dim, dim, nn.Linear(text_dim, 2 * dim)

    def statistics(self, e):
        return self.linear(e * self.text_dim**0.5).chunk(2, dim=1)

    def forward(self, e, eps):
        return augment(*self.statistics(e), eps)


torch.manual_seed(0)
generator = text.Generator(size=16, width=12, augmented=True)
discriminator = text.Discriminator(size=16, width=12, spread=True)  # it sees how much the pictures of a batch vary
generator.condition = Cloud(generator.text_dim, generator.condition.dim)
steps = scale.pick(ci=4, cpu=2400, gpu=6000)
players = [torch.optim.Adam(player.parameters(), lr=1e-3, betas=(0.0, 0.99)) for player in (generator, discriminator)]
schedules = [torch.optim.lr_scheduler.CosineAnnealingLR(player, steps) for player in players]
with torch.no_grad():
    vectors = torch.stack([reader(each) for each in words.unbind(1)], 1)  # [faces, 3, 64]
shuffle, by_accident = torch.Generator().manual_seed(0), []


def steepness(x, e):
    """Half the squared slope of D at real pictures, the mean over the batch."""
    x = x.clone().requires_grad_()
    (slope,) = torch.autograd.grad(discriminator(x, e).sum(), x, create_graph=True)
    return slope.square().sum((1, 2, 3)).mean() / 2


for step in range(steps):
    i, k = batch(32)
    x, e, fitting = pictures[i], vectors[i, k], fits(faces.attributes[i], asked[i, k])
    by_accident.append(fitting.roll(1, 1).diagonal().double().mean())  # had we taken the neighbour's sentence
    fake = generator(torch.randn(32, generator.latent_dim), e)
    d = discriminator_loss(discriminator, x, e, e[mismatch(fitting, shuffle)], fake)
    if step % 8 == 0:
        d = d + 8 * steepness(x, e)
    g_opt, d_opt = players
    d_opt.zero_grad()
    d.backward()
    d_opt.step()
    g = generator_loss(discriminator, fake, e) + 0.01 * divergence(*generator.condition.statistics(e))
    g_opt.zero_grad()
    g.backward()
    g_opt.step()
    for schedule in schedules:
        schedule.step()
generator.eval()
print(f"a neighbour's sentence would have fitted {torch.stack(by_accident).mean():.1%} of the pictures, yours none")


@torch.no_grad()
def draw(e, seed=0):
    """Pictures for sentence vectors [N, 64], [N, 3, 16, 16]."""
    return generator(torch.randn(len(e), generator.latent_dim, generator=torch.Generator().manual_seed(seed)), e)


judge = metrics.attribute_classifier("faces", 16)
for name, shown in {
    "true faces": data.to_float(test.images),
    "yours": draw(told),
    "true faces of other sentences": data.to_float(test.images).roll(1, 0),
}.items():
    print(f"{name:30} show {agreement(judge.predict(shown), test_asked).mean():.2f} of what the sentence says")
viz.show(
    viz.labelled_grid(torch.cat([draw(told[:10]), data.to_float(test.images[:10])]), ["yours", "true face"], n_columns=10, scale=5),
    "Ten sentences that the players have not read: what your generator draws, and the face that the sentence was said about.",
)
for k in range(10):
    print(f"column {k + 1}: {test_said[k]}")

# %% [markdown]
# The pictures are grainy after so few steps, but they listen: compare colours of hair, skin and background column by column, and then look for what is small, a smile or the glasses.
#
# And now sentences of yours. `captions.VOCABULARY` lists the words that it knows; your `tokenise` tells you which it does not.

# %% picture
mine = [
    "a smiling person with long red hair and dark skin",
    "a person with short blonde hair wearing glasses on a green background",
    "pink hair, pale skin and no glasses",
    "tan skin and a purple background",
]
with torch.no_grad():
    typed = reader(tokenise(mine, captions.VOCABULARY, captions.LENGTH))
rows = torch.cat([draw(e.expand(8, -1), seed=4) for e in typed])
numbers = [str(k + 1) for k in range(len(mine))]
viz.show(viz.labelled_grid(rows, numbers, n_columns=8, scale=5), "A row for each sentence, a column for each latent.")
for k, sentence in enumerate(mine, start=1):
    print(f"{k}: {sentence}")

# %% [markdown]
# Between two sentences there are vectors that no sentence has. The generator draws them all the same; here with one latent from the first sentence to the second.

# %% picture
way = torch.linspace(0, 1, 8)[:, None]
between = F.normalize((1 - way) * typed[0] + way * typed[1], dim=1)
with torch.no_grad():
    latent = torch.randn(1, generator.latent_dim, generator=torch.Generator().manual_seed(4))
    walk = generator(latent.expand(8, -1), between)
viz.show(viz.grid(walk, columns=8, scale=5), "From the first sentence to the second, with one latent.")

# %% [markdown]
# Four questions to take to class (no points):
#
# 1. Take the wrong sentences away: leave the third term of `discriminator_loss` out, give the fake its whole weight, and train again. How much of a sentence do the faces show now? From which step on do the two trainings differ?
# 2. Set the weight of the divergence to 0, then to 1. Look along a row of your sentences, then down a column. Which of the two tells you that the generator still listens?
# 3. In task 2 give the loss a table that is True on its diagonal alone. Does R-precision suffer, and would you expect it to, if a sentence fits one picture in fifty? And with sentences as short as "red hair"?
# 4. Your reader beats somebody who knows which sentences fit and picks one of these by chance. What does it know besides?

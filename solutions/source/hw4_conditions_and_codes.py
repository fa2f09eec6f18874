# %% [markdown]
# # Homework 4. Conditions and codes
#
# **After** lectures 09 and 10. **Time**: about 90 minutes. **Points**: 20. **At the end** a generator with your normalisation, judged by your projection and read by
# your bound, draws a chart of digits: the rows are the ten classes that it is told, the columns a code that it has found for itself.
#
# As before: replace `raise NotImplementedError()`, run the check below it, read what it says, try again as often as you like. The same checks grade what you
# hand in, with other random numbers. Run everything from top to bottom before you do, and leave the names of the functions as they are.
# A tensor that you make inside a function belongs on the device of its arguments and has their precision, float64 in most checks.

# %% setup
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

from gancourse import data, scale, viz
from gancourse.classroom.homework import hw4
from gancourse.models.layers import spectral

torch.set_num_threads(1)  # networks this small gain nothing from a second core

# %% [markdown]
# ## 1. A normalisation that is told the class (3 points)
#
# Batch normalisation takes every channel of a batch to mean 0 and variance 1, and then gives it a gain and a bias. In *conditional* batch normalisation each class
# has gains and biases of its own. With $x_{nchw}$ the value of channel $c$ at place $(h, w)$ of picture $n$, and $y_n$ that picture's label,
#
# $$x'_{nchw} = (1 + \gamma_{y_n c})\, \frac{x_{nchw} - \mu_c}{\sqrt{\sigma_c^2 + \varepsilon}} + \beta_{y_n c} .$$
#
# The tables $\gamma$ and $\beta$ are $[K, C]$, a row for each class. The 1 makes a table of zeros the plain normalisation. What to think about:
#
# - which axes $\mu_c$ and $\sigma_c^2$ are taken over, and whether labels have a say in that;
# - which of the two variances batch normalisation divides by (the mean square deviation, or the one with $n - 1$);
# - a batch mixes classes in any order, and pictures need not be square.

# %% solution="normalisation"
def conditional_batch_norm(x, y, gains, biases, eps=1e-5):
    """Batch statistics, then each picture's own gain and bias: x [N, C, H, W], y int64 [N], tables [K, C] -> [N, C, H, W]."""
    ### BEGIN SOLUTION
    mean = x.mean((0, 2, 3), keepdim=True)
    variance = (x - mean).square().mean((0, 2, 3), keepdim=True)
    normal = (x - mean) / torch.sqrt(variance + eps)
    return (1 + gains[y])[:, :, None, None] * normal + biases[y][:, :, None, None]
    ### END SOLUTION

# %% check="normalisation" points=3
points = hw4.normalisation(conditional_batch_norm)
### BEGIN HIDDEN TESTS
points = min(points, hw4.normalisation(conditional_batch_norm, seed=2017))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 2. Two ways to tell the discriminator (3 points)
#
# The first conditional GAN ([Mirza & Osindero 2014](https://arxiv.org/abs/1411.1784)) puts the label beside the picture. For pictures, these are $K$ more channels, each constant over the
# picture: ones for the picture's class, zeros for the others. `with_label_maps` appends them, in the order of the classes, after the picture's own channels.
#
# Projection ([Miyato & Koyama 2018](https://arxiv.org/abs/1802.05637)) lets the label meet the *features* $h(x)$ that the discriminator has computed. Each class has a vector $v_k$, a row of a table
# $[K, F]$, and the logit is
#
# $$l(x, y) = \langle w, h(x) \rangle + b + \langle v_y, h(x) \rangle .$$
#
# The first two terms ask whether the picture looks real at all, the last whether it goes with its label. Write it for a batch: one logit for each picture.

# %% solution="telling"
def with_label_maps(x, y, k):
    """Pictures with k constant channels after their own, a one-hot code of the label: x [N, C, H, W], y int64 [N] -> [N, C + k, H, W]."""
    ### BEGIN SOLUTION
    code = F.one_hot(y, k).to(x)
    maps = code[:, :, None, None].expand(-1, -1, *x.shape[2:])
    return torch.cat([x, maps], dim=1)
    ### END SOLUTION


def projection(h, y, w, b, table):
    """The projection discriminator's logits: features h [N, F], labels y int64 [N], w [F], b a scalar, table [K, F] -> [N]."""
    ### BEGIN SOLUTION
    return h @ w + b + (table[y] * h).sum(1)
    ### END SOLUTION

# %% check="telling" points=3
points = hw4.telling(with_label_maps, projection)
### BEGIN HIDDEN TESTS
points = min(points, hw4.telling(with_label_maps, projection, seed=2018))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 3. Each picture with its own label (3 points)
#
# The players of a conditional GAN. $G(z, y)$ draws a picture for a label, and $D(x, y)$ judges a picture *together with* a label. A fake goes to
# the discriminator with the label it was drawn for. The losses are the hinge losses,
#
# $$L_D = \mathbb{E}_{x, y} \max\bigl(0, 1 - D(x, y)\bigr) + \mathbb{E}_{z, y'} \max\bigl(0, 1 + D(G(z, y'), y')\bigr), \qquad
# L_G = -\mathbb{E}_{z, y'} D\bigl(G(z, y'), y'\bigr).$$
#
# Only the discriminator stops learning from pairs that it is sure of. Write both as functions of the players and the batches. $L_D$ must send no gradient
# into the generator. The batch of fakes may be larger or smaller than the batch of data.

# %% solution="pairs"
def discriminator_loss(generator, discriminator, x, y, z, y_fake):
    """D's hinge loss, a scalar, on data x with labels y [N] and on fakes drawn from z for labels y_fake [M]."""
    ### BEGIN SOLUTION
    fake = generator(z, y_fake).detach()
    return F.relu(1 - discriminator(x, y)).mean() + F.relu(1 + discriminator(fake, y_fake)).mean()
    ### END SOLUTION


def generator_loss(generator, discriminator, z, y_fake):
    """G's hinge loss, a scalar, on fakes drawn from z for labels y_fake [M]."""
    ### BEGIN SOLUTION
    return -discriminator(generator(z, y_fake), y_fake).mean()
    ### END SOLUTION

# %% check="pairs" points=3
points = hw4.pairs(discriminator_loss, generator_loss)
### BEGIN HIDDEN TESTS
points = min(points, hw4.pairs(discriminator_loss, generator_loss, seed=2019))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 4. How much a picture tells about its code (3 points)
#
# Now a generator that is told nothing, but has a part $c$ of its latent that one should be able to read from the picture. How well can it be read? For a table
# $P(c, x)$ of codes and pictures the mutual information is
#
# $$I(c; x) = \sum_{c, x} P(c, x) \log \frac{P(c, x)}{P(c)\, P(x)} .$$
#
# For pictures nobody has the table. InfoGAN ([Chen et al. 2016](https://arxiv.org/abs/1606.03657)) asks a reader $Q(c \mid x)$ instead, and takes
#
# $$L(Q) = H(c) + \sum_{c, x} P(c, x) \log Q(c \mid x) \;\le\; I(c; x), \qquad H(c) = -\sum_c P(c) \log P(c) .$$
#
# Write both for a table `joint` $[C, X]$ that sums to 1 (the rows are codes) and a reader `q` $[C, X]$, each column of which is a distribution over the codes.
# Natural logarithms, and $0 \log 0 = 0$ everywhere: for pairs that never occur, for pictures that nobody draws, for codes that nobody uses.
# But where $P > 0$ and $Q = 0$ the bound is $-\infty$: that reader is sure, and wrong.

# %% solution="information"
def mutual_information(joint):
    """I(c; x) in nats of a table P(c, x) [C, X] that sums to 1: a number."""
    ### BEGIN SOLUTION
    independent = joint.sum(1, keepdim=True) * joint.sum(0, keepdim=True)
    return torch.xlogy(joint, joint / torch.where(independent > 0, independent, 1.0)).sum()
    ### END SOLUTION


def information_bound(joint, q):
    """H(c) + E[log Q(c|x)] in nats for a table P(c, x) and a reader Q(c|x), both [C, X]: a number."""
    ### BEGIN SOLUTION
    prior = joint.sum(1)
    return -torch.xlogy(prior, prior).sum() + torch.xlogy(joint, q).sum()
    ### END SOLUTION

# %% check="information" points=3
points = hw4.information(mutual_information, information_bound)
### BEGIN HIDDEN TESTS
points = min(points, hw4.information(mutual_information, information_bound, seed=2020))
### END HIDDEN TESTS
points

# %% [markdown]
# Four codes, four pictures, and a generator that blurs them more and more: with probability $t$ it forgets its code and draws any of the four. Two
# readers: one knows $t$, the other goes on believing that the picture shows the code nine times out of ten. Look at where the second one touches the
# first, and at what becomes of it on the right.

# %% picture
blur = torch.linspace(0, 1, 41, dtype=torch.float64)
eye, flat = torch.eye(4, dtype=torch.float64) / 4, torch.full((4, 4), 1 / 16, dtype=torch.float64)
joints = [(1 - t) * eye + t * flat for t in blur]
sure = 0.9 * 4 * eye + 0.1 * (1 - 4 * eye) / 3
fig, axis = plt.subplots(figsize=(7, 2.8), layout="constrained")
axis.plot(blur, [float(mutual_information(joint)) for joint in joints], color="black", linewidth=4, alpha=0.3, label="$I(c; x)$")
axis.plot(blur, [float(information_bound(j, j / j.sum(0))) for j in joints], color="black", linestyle=":", label="bound, Q knows $t$")
axis.plot(blur, [float(information_bound(j, sure)) for j in joints], color=viz.COLOURS["generator"], label="bound, Q always sure")
axis.axhline(0, color="grey", linewidth=0.8)
axis.set(xlabel="blur $t$", ylabel="nats")
axis.legend()
plt.show()

# %% [markdown]
# ## 5. The bound from samples (3 points)
#
# In training the sum over $P(c, x)$ is a mean over a batch: draw the codes, draw the pictures, ask $Q$. For a *category* out of $K$, all equally likely, $Q$ gives
# $K$ logits (before any softmax); a batch need not hold all $K$. For a *number* that is uniform in $[-1, 1]$ it gives a mean $m$ and the logarithm $s$ of a standard deviation, and
#
# $$\log Q(c \mid x) = -\tfrac12 \log 2\pi - s - \frac{(c - m)^2}{2 e^{2s}} .$$
#
# Work out the two entropies $H(c)$ first; the second is that of a density. Both functions return the bound, entropy included, so that for the right reader the
# number *is* information in nats. It is to be maximised.
#
# And what does a reader reach that never looks at the picture? Choose $m$ and $s$, the same for all the codes that came, so that the bound is as high as it can be, and put them in: that is `blind_bound`.
# It is the null beside your bound at the end of this notebook. What does it become for very many uniform codes?

# %% solution="codes"
def category_bound(logits, c):
    """H(c) + mean log Q(c|x) for K equally likely categories: logits [N, K], c int64 [N] -> a scalar."""
    ### BEGIN SOLUTION
    return math.log(logits.shape[1]) - F.cross_entropy(logits, c)
    ### END SOLUTION


def uniform_bound(mean, log_std, c):
    """H(c) + mean log Q(c|x) for numbers c uniform in [-1, 1] and a Gaussian Q: all [N] -> a scalar."""
    ### BEGIN SOLUTION
    squares = ((c - mean) / log_std.exp()).square()
    return math.log(2) - 0.5 * math.log(2 * math.pi) - (log_std + 0.5 * squares).mean()
    ### END SOLUTION


def blind_bound(c):
    """The best bound of a Gaussian Q that never looks at the picture, on codes c [N]: a scalar."""
    ### BEGIN SOLUTION
    variance = (c - c.mean()).square().mean()  # m is the mean, exp(2 s) the mean square, and the square's mean is then 1
    return math.log(2) - 0.5 * torch.log(2 * math.pi * math.e * variance)
    ### END SOLUTION

# %% check="codes" points=3
points = hw4.codes(category_bound, uniform_bound, blind_bound)
### BEGIN HIDDEN TESTS
points = min(points, hw4.codes(category_bound, uniform_bound, blind_bound, seed=2021))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 6. A discriminator that knows the classes (2 points)
#
# The other way round: few labels, and a discriminator that is also the classifier. "Generated" is one more class ([Salimans et al. 2016](https://arxiv.org/abs/1606.03498)). With logits $l_1, \dots, l_K$ for the
# classes, and the logit of the class "generated" fixed at 0, a softmax over all $K + 1$ gives
#
# $$P(\text{real} \mid x) = \frac{S}{1 + S}, \qquad S = \sum_k e^{l_k} .$$
#
# So $\text{logit}(x) = \log S$ is an ordinary logit of "real", for the ordinary losses of homework 1, $-\log P(\text{real})$ on data and $-\log(1 - P(\text{real}))$ on fakes. Labelled
# samples add $-\log P(y \mid x, \text{real})$, which is over the $K$ classes only. `semi_supervised_loss` is the sum of the three means.
#
# The generator does not fight this discriminator's last layer. It matches the mean of its features $h$ (the last hidden layer),
# $\lVert \mathbb{E}_x h(x) - \mathbb{E}_z h(G(z)) \rVert^2$. Here, too, the two batches may differ in size, and logits of 200 must survive in single precision.

# %% solution="classes"
def real_logit(class_logits):
    """The logit of "real": [N, K] -> [N]."""
    ### BEGIN SOLUTION
    return torch.logsumexp(class_logits, dim=1)
    ### END SOLUTION


def semi_supervised_loss(labelled, y, real, fake):
    """The classifier's loss, a scalar, from class logits [*, K] of labelled data, other data and fakes; y int64 are the labels."""
    ### BEGIN SOLUTION
    unlabelled = F.softplus(-real_logit(real)).mean() + F.softplus(real_logit(fake)).mean()
    return F.cross_entropy(labelled, y) + unlabelled
    ### END SOLUTION


def feature_matching(real, fake):
    """|| E h(x) - E h(G(z)) ||^2, a scalar, from features [N, F] and [M, F]."""
    ### BEGIN SOLUTION
    return (real.mean(0) - fake.mean(0)).square().sum()
    ### END SOLUTION

# %% check="classes" points=2
points = hw4.classes(real_logit, semi_supervised_loss, feature_matching)
### BEGIN HIDDEN TESTS
points = min(points, hw4.classes(real_logit, semi_supervised_loss, feature_matching, seed=2022))
### END HIDDEN TESTS
points

# %% [markdown]
# Your `real_logit` in the plane. Each of three classes claims a spot: its logit is 2 at the centre and falls with the square of the distance. Shading is
# $P(\text{real})$, the line is where it is 1/2. Look between two spots: is a sample there more or less real than either class alone would say?

# %% picture
centres = torch.tensor([[-1.0, 0.0], [1.0, 0.0], [0.0, 1.5]])
side = torch.linspace(-3, 3, 121)
plane = torch.cartesian_prod(side, side)
logits = 2 - 3 * torch.cdist(plane, centres).square()
real = torch.sigmoid(real_logit(logits)).reshape(121, 121).T.numpy()
ticks = side.numpy()
fig, axis = plt.subplots(figsize=(4.2, 3.4), layout="constrained")
shade = axis.pcolormesh(ticks, ticks, real, cmap="cividis", vmin=0, vmax=1)
axis.contour(ticks, ticks, real, levels=[0.5], colors="white")
axis.set(xlim=(-2.5, 2.5), ylim=(-1.5, 3), xticks=[], yticks=[], aspect="equal")
fig.colorbar(shade, label="P(real | x)")
plt.show()

# %% [markdown]
# ## 7. What AC-GAN is paid for (3 points)
#
# AC-GAN's classifier $C(y \mid x)$ pays its generator by the *class term* $-\sum_{y, x} q(y, x) \log C(y \mid x)$, where $q(y, x)$ is how often the generator is asked for class $y$ and draws picture $x$. Low is good. Let $C$ be
# perfect: it knows the classes of the data exactly, $C = p(y \mid x)$.
#
# Write the class term, for tables $[K, X]$ (the rows are classes). Natural logarithms, $0 \log 0 = 0$, and $+\infty$ where the generator draws what $C$ rules out. What does a *faithful* generator, $q = p$, pay?
#
# Then write `best_paid`: the generator that pays least among all that draw each class as often as the data do. It may draw any picture of the data for any class, and no others.

# %% solution="paid"
def class_term(q, classifier):
    """-E_q[log C(y|x)] in nats: q [K, X] sums to 1, each column of the classifier [K, X] is a distribution over the classes: a number."""
    ### BEGIN SOLUTION
    return -torch.xlogy(q, classifier).sum()
    ### END SOLUTION


def best_paid(p):
    """For data p(y, x) [K, X] in which every picture occurs: a q [K, X] with the row sums of p and the least class term."""
    ### BEGIN SOLUTION
    told = p / p.sum(0)
    q = torch.zeros_like(p)
    q[torch.arange(len(p)), told.argmax(1)] = p.sum(1)  # of each class the picture that is surest to be of it
    return q
    ### END SOLUTION

# %% check="paid" points=3
points = hw4.paid(class_term, best_paid)
### BEGIN HIDDEN TESTS
points = min(points, hw4.paid(class_term, best_paid, seed=2023))
### END HIDDEN TESTS
points

# %% [markdown]
# Two classes on a line, which overlap, and what your generator draws of them. Guess before you run it: where will its two heaps stand, and how large is the total variation between them and the data?

# %% picture
line = torch.linspace(-4, 4, 41, dtype=torch.float64)
both = torch.stack([torch.exp(-((line - centre) ** 2) / 2) for centre in (-1, 1)])
p = both / both.sum()
q, told = best_paid(p), p / p.sum(0)
fig, axes = plt.subplots(1, 2, figsize=(9, 2.6), layout="constrained", sharex=True)
for axis, table, name in zip(axes, (p, q), ("the data", "the best-paid generator"), strict=True):
    for row, colour in zip(table, (viz.COLOURS["real"], viz.COLOURS["fake"]), strict=True):
        axis.bar(line, row, width=0.2, color=colour, alpha=0.7)
    axis.set(title=f"{name}: pays {float(class_term(table, told)):.4f} nats", xlabel="$x$")
axes[0].set_ylabel("how often")
plt.show()
print(f"total variation between the two: {float((p.sum(0) - q.sum(0)).abs().sum() / 2):.3f}")

# %% [markdown]
# ## A chart of digits
#
# Everything together. The generator is a small perceptron with your normalisation after each of its two hidden layers; that is the only place where it sees the
# label. Its latent is noise and one code $c$ in $[-1, 1]$. The discriminator is a perceptron with spectral normalisation, and its last line is your projection. A third
# network reads the code, and your `uniform_bound` says how well. The generator minimises your `generator_loss` less a fifth of the bound, and the reader learns on the side, from pictures
# that are detached, so that it also learns if nobody listens to it. Nobody tells the code what to mean.

# %% picture
class Generator(nn.Module):
    def __init__(self, noise=31, width=128, classes=10):
        super().__init__()
        self.hidden = nn.ModuleList([nn.Linear(noise + 1, width), nn.Linear(width, width)])
        self.gains, self.biases = (nn.ParameterList(0.1 * torch.randn(classes, width) for _ in range(2)) for _ in range(2))
        self.last = nn.Linear(width, 256)

    def forward(self, z, y):
        h = z
        for layer, gains, biases in zip(self.hidden, self.gains, self.biases, strict=True):
            maps = layer(h)[:, :, None, None]  # each unit is a channel of one pixel
            h = F.relu(conditional_batch_norm(maps, y, gains, biases)).flatten(1)
        return torch.tanh(self.last(h)).unflatten(1, (1, 16, 16))


class Discriminator(nn.Module):
    def __init__(self, width=128, classes=10):
        super().__init__()
        self.body = nn.Sequential(nn.Flatten(), nn.Linear(256, width), nn.LeakyReLU(0.2), nn.Linear(width, width), nn.LeakyReLU(0.2))
        self.last, self.table = nn.Linear(width, 1), nn.Embedding(classes, width)
        spectral.normalise(self)

    def forward(self, x, y):
        return projection(self.body(x), y, self.last.weight[0], self.last.bias[0], self.table.weight)


def draw_latents(n):
    """Noise with the code in its last place."""
    return torch.cat([torch.randn(n, 31), 2 * torch.rand(n, 1) - 1], 1)


def code_bound(reader, x, c):
    mean, log_std = reader(x).unbind(1)
    return uniform_bound(mean, log_std.clamp(min=-2.0), c)  # a reader may not be surer than this: a density has no ceiling


torch.manual_seed(0)
digits = data.digits(16, scale.pick(ci=400, cpu=6000, gpu=6000))
pictures, labels = data.to_float(digits.images), digits.labels
G, D = Generator(), Discriminator()
Q = nn.Sequential(nn.Flatten(), nn.Linear(256, 64), nn.LeakyReLU(0.2), nn.Linear(64, 2))
steps = scale.pick(ci=15, cpu=2000, gpu=10_000)
weight = 0.2  # of the bound, in what G minimises
optimisers = [torch.optim.Adam(players.parameters(), lr=1e-3, betas=(0.0, 0.99)) for players in (G, D, Q)]
schedules = [torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps) for optimiser in optimisers]
for _ in range(steps):
    rows = torch.randint(len(pictures), (64,))
    loss_d = discriminator_loss(G, D, pictures[rows], labels[rows], draw_latents(64), torch.randint(10, (64,)))
    optimisers[1].zero_grad()
    loss_d.backward()
    optimisers[1].step()

    z, y = draw_latents(64), torch.randint(10, (64,))
    fakes = G(z, y)
    drawn = generator_loss(lambda z, y, drawn=fakes: drawn, D, z, y)  # a generator that has drawn already
    loss_g = drawn - weight * code_bound(Q, fakes, z[:, -1])
    optimisers[0].zero_grad()
    loss_g.backward()
    optimisers[0].step()

    loss_q = -code_bound(Q, fakes.detach(), z[:, -1])
    optimisers[2].zero_grad()  # what G's loss has left there
    loss_q.backward()
    optimisers[2].step()
    for schedule in schedules:
        schedule.step()

# %% [markdown]
# In the chart each row is a class, with the same noise along the row, and the code goes from -1 (left) to 1 (right). Before you look: a generator that ignores its code draws eleven
# equal pictures in each row, one that ignores its label draws other digits. These networks are small and the training short: look for what a row keeps and what
# a column changes, and do not expect every digit to be well written.

# %% picture
with torch.no_grad():
    noise = torch.randn(10, 31, generator=torch.Generator().manual_seed(4)).repeat_interleave(11, 0)
    z = torch.cat([noise, torch.linspace(-1, 1, 11).repeat(10)[:, None]], 1)
    chart = G(z, torch.arange(10).repeat_interleave(11))
viz.show(viz.labelled_grid(chart, rows=[str(k) for k in range(10)], n_columns=11), "Rows: the class. Columns: the code, from -1 to 1.")

# %% [markdown]
# And numbers. Is each digit what it was asked to be? The nearest real digit, pixel by pixel, lends its label; handwriting that it has not seen shows how far this judge can
# be trusted. How much does a picture tell about its code? Your bound, in nats, on fresh samples, and below it your `blind_bound` of the same codes: a reader that does not look.
# One that is always right gets 1.77 with $s = -2$.

# %% picture
def judge(x):
    return labels[torch.cdist(x.flatten(1), pictures.flatten(1)).argmin(1)]


with torch.no_grad():
    unseen = data.digits(16, split="test")
    z, y = draw_latents(1000), torch.arange(1000) % 10
    fakes = G(z, y)
    trust = (judge(data.to_float(unseen.images)) == unseen.labels).float().mean()
    print(f"real digits that the judge has not seen, read as they are labelled: {trust:.2f}")
    print(f"your digits, read as what they were asked to be:                    {(judge(fakes) == y).float().mean():.2f}")
    print(f"information about the code: at least {code_bound(Q, fakes, z[:, -1]):.2f} nats")
    print(f"the best reader that does not look:  {blind_bound(z[:, -1]):.2f} nats")

# %% [markdown]
# In our one training the judge read 94 of 100 unseen real digits and 78 of 100 drawn ones as they should be, and the bound was 1.5 nats.
#
# Five questions to take to class (no points):
#
# 1. What has the code come to mean in your chart, and does it mean the same in every row? Set `weight` to 0 and train again; then to 1. What does
#    information cost? Why must the reader learn on the side, if the run with 0 is to tell anything?
# 2. Your normalisation uses the batch it is given, in the chart as in training. Draw eleven pictures of the class 3 alone, then the same latents in a batch with all ten
#    classes. What is different, and what do libraries keep in order to avoid it?
# 3. Judge the fakes with the labels of the *data* batch: give `y` in place of `y_fake` to `discriminator` where it judges the fakes. The program runs. What becomes of the rows?
# 4. Which pictures does the best-paid generator of task 7 never draw? Which distance that you know tells it from the data at once, and which term of AC-GAN's whole loss is there to prevent it?
# 5. What does `best_paid` choose where two pictures are equally certain, and why does nobody who reads only the class term see the difference?

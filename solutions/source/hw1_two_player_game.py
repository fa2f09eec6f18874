# %% [markdown]
# # Homework 1. The two-player game
#
# **After** lectures 02 and 03. **Time**: about 90 minutes. **Points**: 20. **At the end** a generator that you trained with your own
# code draws the spots of a ring, twice, and an instrument of your own shows what saturates.
#
# Each task is a cell of functions without bodies. Replace each `raise NotImplementedError()` and run the cell below it: it checks
# them at once, says for each item what it expected, what came, and, where it can, which slip that looks like. The number under
# the report is your points for the task. You may try as often as you like.
#
# The same checks grade what you hand in, with other random numbers. So run everything from top to bottom before you do
# (*Kernel, Restart and run all*), and leave the names of the functions as they are. Everything here runs on the CPU.

# %% setup
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

from gancourse import data, scale, viz
from gancourse.classroom.homework import hw1
from gancourse.models import mlp

torch.set_num_threads(1)  # networks this small gain nothing from a second core

# %% [markdown]
# ## 1. Losses on logits (3 points)
#
# The discriminator returns *logits* $l$, and $D = \sigma(l) = 1/(1 + e^{-l})$ is the probability of "real". It minimises
#
# $$L_D = -\mathbb{E}_{x} \log D(x) - \mathbb{E}_{z} \log\bigl(1 - D(G(z))\bigr),$$
#
# and the generator minimises one of
#
# $$L_G^{\text{saturating}} = \mathbb{E}_{z} \log\bigl(1 - D(G(z))\bigr), \qquad L_G^{\text{non-saturating}} = -\mathbb{E}_{z} \log D(G(z)).$$
#
# Write all three as functions of logits. Expectations are means over the batch; real and fake batches may differ in size. Your losses
# must survive logits of 200 in single precision, where $\sigma(l)$ has long rounded to 0 or 1. So never take the logarithm of a
# sigmoid in two steps. Find one function in `torch.nn.functional` that gives $-\log \sigma(l)$, up to signs.

# %% solution="losses"
def discriminator_loss(real_logits, fake_logits):
    """-E[log D(x)] - E[log(1 - D(G(z)))]: logits [N] and [M] -> a scalar to minimise."""
    ### BEGIN SOLUTION
    return F.softplus(-real_logits).mean() + F.softplus(fake_logits).mean()
    ### END SOLUTION


def saturating_loss(fake_logits):
    """E[log(1 - D(G(z)))]: logits [M] -> a scalar that the generator minimises."""
    ### BEGIN SOLUTION
    return -F.softplus(fake_logits).mean()
    ### END SOLUTION


def non_saturating_loss(fake_logits):
    """-E[log D(G(z))]: logits [M] -> a scalar that the generator minimises."""
    ### BEGIN SOLUTION
    return F.softplus(-fake_logits).mean()
    ### END SOLUTION

# %% check="losses" points=3
points = hw1.losses(discriminator_loss, saturating_loss, non_saturating_loss)
### BEGIN HIDDEN TESTS
points = min(points, hw1.losses(discriminator_loss, saturating_loss, non_saturating_loss, seed=2014))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 2. The best discriminator (3 points)
#
# Hold the generator still. With data $p$ and fakes $q$ the game's value is
#
# $$V(D, G) = \sum_x \bigl[\, p(x) \log D(x) + q(x) \log (1 - D(x)) \,\bigr].$$
#
# Now soften the labels: a real sample is called real with weight $a$ and fake with $1 - a$; a fake is called real with weight $b$ and fake
# with $1 - b$. With $a = 1$ and $b = 0$ this is the game's own value:
#
# $$V(D) = \sum_x p\,[\,a \log D + (1 - a) \log(1 - D)\,] + q\,[\,b \log D + (1 - b) \log(1 - D)\,].$$
#
# Set the derivative with respect to $D(x)$ to zero, mind the signs, and write down the $D^*$ that maximises this, for histograms `p` and
# `q`: the last dimension runs over the places. It must be exact where only one of the two lives (is it 1 or 0 there, whatever $a$ and $b$ are?), and 1/2 where neither does.
#
# (On paper, no points: with $b > 0$, what does $D^*$ say where only fakes live, and which places does that tell the generator to keep? Salimans et al.
# 2016, who brought soft labels to GANs, keep $b = 0$.)

# %% solution="optimal"
def optimal_discriminator(p, q, a=1.0, b=0.0):
    """D*(x) for histograms p and q, both [..., n], and labels a of data, b of fakes -> [..., n]; 1/2 where p(x) = q(x) = 0."""
    ### BEGIN SOLUTION
    total = p + q
    nobody = total == 0
    return torch.where(nobody, 0.5, (a * p + b * q) / torch.where(nobody, 1.0, total))
    ### END SOLUTION

# %% check="optimal" points=3
points = hw1.optimal(optimal_discriminator)
### BEGIN HIDDEN TESTS
points = min(points, hw1.optimal(optimal_discriminator, seed=2015))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 3. What is left for the generator (3 points)
#
# Put $D^*$ into $V$, and what remains is $2\,\mathrm{JS}(p, q) - 2 \log 2$, where, with $m = (p + q)/2$,
#
# $$\mathrm{JS}(p, q) = \tfrac12 \mathrm{KL}(p \,\|\, m) + \tfrac12 \mathrm{KL}(q \,\|\, m), \qquad
# \mathrm{KL}(p \,\|\, q) = \sum_x p(x) \log \frac{p(x)}{q(x)}.$$
#
# Write $\mathrm{JS}$ and $V$ for histograms [n]. In both, $0 \log 0 = 0$: a place that nobody visits costs nothing. Floating point
# says `nan` (`0 * -inf`). A small number added in the logarithm moves both ends; look at `torch.xlogy`.

# %% solution="divergence"
def js(p, q):
    """The Jensen-Shannon divergence of two histograms [n], in nats: a number between 0 and log 2."""
    ### BEGIN SOLUTION
    m = (p + q) / 2
    middle = torch.where(m > 0, m, 1.0)  # where m is 0, so are p and q
    return (torch.xlogy(p, p / middle) + torch.xlogy(q, q / middle)).sum() / 2
    ### END SOLUTION


def value(p, q, d):
    """V = E_p log D + E_q log(1 - D) for p, q and probabilities d, all [n]; -inf where D is sure and wrong."""
    ### BEGIN SOLUTION
    return (torch.xlogy(p, d) + torch.xlogy(q, 1 - d)).sum()
    ### END SOLUTION

# %% check="divergence" points=3
points = hw1.divergence(js, value)
### BEGIN HIDDEN TESTS
points = min(points, hw1.divergence(js, value, seed=2016))
### END HIDDEN TESTS
points

# %% [markdown]
# With these three functions you can see the theorem. Two bumps; the generator's slides to the right. Your $V(D^*, G)$ should have its
# lowest point, $-\log 4$, where the bumps meet, and lie on your $2\,\mathrm{JS} - 2 \log 2$ everywhere.

# %% picture
places = torch.arange(100.0, dtype=torch.float64)
centres = torch.arange(20, 81)


def bump(centre):
    return torch.softmax(-((places - centre) ** 2) / 128, 0)


at_best = [value(bump(50), bump(c), optimal_discriminator(bump(50), bump(c))) for c in centres]
by_js = [2 * js(bump(50), bump(c)) - 2 * math.log(2) for c in centres]
fig, axis = plt.subplots(figsize=(7, 2.8), layout="constrained")
axis.plot(centres, at_best, color=viz.COLOURS["generator"], linewidth=4, alpha=0.4, label="$V(D^*, G)$")
axis.plot(centres, by_js, color="black", linestyle=":", label=r"$2\,\mathrm{JS} - 2 \log 2$")
axis.set(xlabel="centre of the generator's bump (the data's is at 50)", ylabel="value")
axis.legend()
plt.show()

# %% [markdown]
# ## 4. Saturating or not (3 points)
#
# How much can the generator learn when the discriminator is sure? Work out the slopes of its two losses in the *logit* of one fake,
#
# $$\frac{d}{dl} \log(1 - \sigma(l)) \qquad\text{and}\qquad \frac{d}{dl} \bigl[-\log \sigma(l)\bigr],$$
#
# on paper first, and write them down as functions of $l$, fit for $l = \pm 1000$, too. Then write the instrument that measures the same on a real generator: the
# Euclidean length of the gradient of a loss with respect to *all* the generator's parameters together. It must leave no trace, neither in the
# weights nor in anybody's `.grad` or mode. (`torch.autograd.grad` computes gradients without storing them.)

# %% solution="slopes"
def saturating_slope(logits):
    """d/dl log(1 - sigmoid(l)), for each logit: [N] -> [N]."""
    ### BEGIN SOLUTION
    return -torch.sigmoid(logits)
    ### END SOLUTION


def non_saturating_slope(logits):
    """d/dl [-log sigmoid(l)], for each logit: [N] -> [N]."""
    ### BEGIN SOLUTION
    return -torch.sigmoid(-logits)
    ### END SOLUTION


def gradient_norm(loss, generator, discriminator, z):
    """The length of the gradient of loss(D(G(z))) in the generator's parameters, a number; ``loss`` maps logits to a scalar."""
    ### BEGIN SOLUTION
    slopes = torch.autograd.grad(loss(discriminator(generator(z))), list(generator.parameters()))
    return torch.cat([slope.flatten() for slope in slopes]).norm().item()
    ### END SOLUTION

# %% check="slopes" points=3
points = hw1.slopes(saturating_slope, non_saturating_slope, gradient_norm)
### BEGIN HIDDEN TESTS
points = min(points, hw1.slopes(saturating_slope, non_saturating_slope, gradient_norm, seed=2017))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 5. One step of each player (4 points)
#
# Now the game itself. `discriminator_step` makes one step of the discriminator on a batch of real points and latents, `generator_step` one step
# of the generator (with the *non-saturating* loss). Use your losses of task 1. `optimiser` is an ordinary PyTorch optimiser that knows
# the parameters of the player whose turn it is, and of nobody else.
#
# Both return the loss before the step as a plain number. Things to think about:
#
# - whose weights may move; G's step may leave gradients in D, but none of D's loss may go into G;
# - what the other player's step has left behind in `.grad`;
# - that both players stay in the mode in which they were.
#
# (The check lends both steps right losses, so that a slip in task 1 costs nothing here.)

# %% solution="steps"
def discriminator_step(generator, discriminator, optimiser, real, z):
    """One step of the discriminator on real points and G(z); returns its loss as a float."""
    ### BEGIN SOLUTION
    fake = generator(z).detach()
    loss = discriminator_loss(discriminator(real), discriminator(fake))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()
    ### END SOLUTION


def generator_step(generator, discriminator, optimiser, z):
    """One step of the generator with the non-saturating loss; returns the loss as a float."""
    ### BEGIN SOLUTION
    loss = non_saturating_loss(discriminator(generator(z)))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()
    ### END SOLUTION

# %% check="steps" points=4
points = hw1.steps(discriminator_step, generator_step)
### BEGIN HIDDEN TESTS
points = min(points, hw1.steps(discriminator_step, generator_step, seed=2018))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 6. A test for a step (2 points)
#
# Lecture 03 struck out lines, and most of the broken loops ran without a word. Write what would have spoken. `sound(d_step)` is given a
# step of the discriminator, to be called like yours, and returns whether it is one right step, as task 5 asks for. Make small networks of your own in it, and an optimiser.
#
# The check gives it right steps, written in several ways, and thirteen broken ones: your test has to say True of the former and False of the latter.
# What must have moved, by how much, and what must not? (Does the loss fall over twenty steps? Eleven of the thirteen pass that.)

# %% solution="sounding"
def sound(d_step):
    """Whether d_step(generator, discriminator, optimiser, real, z) is one right step of D: True or False."""
    ### BEGIN SOLUTION
    draw = torch.Generator().manual_seed(0)
    g, d = nn.Linear(2, 3), nn.Sequential(nn.Linear(3, 1), nn.Flatten(0))
    real, z = torch.randn(8, 3, generator=draw) + 1, torch.randn(8, 2, generator=draw)
    loss = discriminator_loss(d(real), d(g(z).detach()))
    slopes = torch.autograd.grad(loss, list(d.parameters()))
    wanted = [p.detach() - 0.1 * slope for p, slope in zip(d.parameters(), slopes, strict=True)]
    held = [p.detach().clone() for p in g.parameters()]
    for p in d.parameters():
        p.grad = torch.ones_like(p)  # what G's step has left behind
    came = d_step(g, d, torch.optim.SGD(d.parameters(), lr=0.1), real, z)
    moved = all(torch.allclose(p, q, atol=1e-5) for p, q in zip(d.parameters(), wanted, strict=True))
    still = all(torch.equal(p, q) and p.grad is None for p, q in zip(g.parameters(), held, strict=True))
    return moved and still and abs(float(came) - loss.item()) < 1e-5
    ### END SOLUTION

# %% check="sounding" points=2
points = hw1.sounding(sound)
### BEGIN HIDDEN TESTS
points = min(points, hw1.sounding(sound, seed=2020))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 7. Rounds of the game (2 points)
#
# Algorithm 1 of the paper has a number $k$, which every deck repeats: *for each step of the generator, k steps of the discriminator*, each on
# fresh samples. Write the outer loop. The functions that it is given need no more arguments than these:
#
# - `draw_real()` returns a new batch of data, `draw_z()` a new batch of latents;
# - `d_step(real, z)` and `g_step(z)` make one step and return a loss.
#
# In each round the discriminator goes first. Return a list with one pair `(d_loss, g_loss)` for each round, where `d_loss` is that of the
# round's last discriminator step. The check calls your loop with players who do nothing but write down when they were called. (One public course
# has the two counts exchanged: its generator steps in five of six batches where the discriminator should.)

# %% solution="rounds"
def train(rounds, k, draw_real, draw_z, d_step, g_step):
    """Algorithm 1: ``rounds`` times k steps of D and one of G; returns [(d_loss, g_loss), ...]."""
    ### BEGIN SOLUTION
    history = []
    for _ in range(rounds):
        for _ in range(k):
            d_loss = d_step(draw_real(), draw_z())
        history.append((d_loss, g_step(draw_z())))
    return history
    ### END SOLUTION

# %% check="rounds" points=2
points = hw1.rounds(train)
### BEGIN HIDDEN TESTS
points = min(points, hw1.rounds(train, seed=2019))
### END HIDDEN TESTS
points

# %% [markdown]
# ## Your GAN
#
# Everything together. The data are eight tight spots on a ring, the generator and the discriminator small perceptrons. The next cell plays the game twice
# with your code: once with your `generator_step`, and once with a generator that descends your saturating loss. In both the discriminator gets a head start of
# 300 steps, so that it is sure of itself when the generator begins. It takes a minute or two.

# %% picture
ring = data.toys.ring("pacgan")


def play(step, seed=0, k=1):
    """Train on the ring with the student's loop; returns samples at five moments, and the length of G's gradient there."""
    torch.manual_seed(seed)
    draw = torch.Generator().manual_seed(seed)
    generator, discriminator = mlp.Generator(2, (2,), out=None), mlp.Discriminator((2,))
    opt_g, opt_d = (torch.optim.Adam(net.parameters(), lr=5e-4, betas=(0.5, 0.999)) for net in (generator, discriminator))
    eye = torch.randn(1000, 2, generator=torch.Generator().manual_seed(1))
    shots, lengths = [], []
    for _ in range(scale.pick(ci=10, cpu=300, gpu=300)):
        discriminator_step(generator, discriminator, opt_d, ring.sample(128, generator=draw), torch.randn(128, 2, generator=draw))
    total = scale.pick(ci=20, cpu=8000, gpu=24_000)
    for part in (0, total // 120, total // 6, total // 3, total // 2):
        train(
            part,
            k,
            lambda: ring.sample(128, generator=draw),
            lambda: torch.randn(128, 2, generator=draw),
            lambda real, z: discriminator_step(generator, discriminator, opt_d, real, z),
            lambda z: step(generator, discriminator, opt_g, z),
        )
        with torch.no_grad():
            shots.append(generator(eye))
        lengths.append([gradient_norm(loss, generator, discriminator, eye) for loss in (saturating_loss, non_saturating_loss)])
    return shots, lengths


def saturating_step(generator, discriminator, optimiser, z):
    loss = saturating_loss(discriminator(generator(z)))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return loss.item()


runs = {"non-saturating": play(generator_step), "saturating": play(saturating_step)}
real = ring.sample(1000, seed=3)
fig, axes = plt.subplots(2, 5, figsize=(9, 3.9), layout="constrained")
for (name, (shots, _)), row in zip(runs.items(), axes, strict=True):
    for axis, shot in zip(row, shots, strict=True):
        axis.scatter(*real.T, s=1, color=viz.COLOURS["real"])
        axis.scatter(*shot.T, s=1, color=viz.COLOURS["fake"])
        axis.set(xticks=[], yticks=[], xlim=(-1.7, 1.7), ylim=(-1.7, 1.7), aspect="equal")
    row[0].set_ylabel(name)
plt.show()

# %% [markdown]
# Blue is the data, orange what your generator makes, from the head start (left) to the end (right): it overshoots, then a circle, then spots with threads.
# The length of its gradient under both losses by your instrument, at those moments; and what two numbers make of the last pictures, beside a null, a plain circle:

# %% picture
for name, (_, lengths) in runs.items():
    print(f"trained with the {name} loss")
    for moment, (a, b) in zip(("at the start", "early", "later", "half way", "at the end"), lengths, strict=True):
        print(f"   {moment:12}  log(1 - D): {a:8.4f}   -log D: {b:8.4f}")


def near_spots(points):
    """The share of points within 0.05 of a spot, and how many of the eight spots have 1 % of the points or more."""
    distance, spot = torch.cdist(points, ring.modes).min(1)
    near = distance < 0.05
    return near.double().mean().item(), sum(int(((spot == k) & near).sum() >= len(points) / 100) for k in range(8))


around = 2 * math.pi * torch.rand(1000, generator=torch.Generator().manual_seed(4))
sets = {"the data": real, "a plain circle": torch.stack([around.cos(), around.sin()], 1)} | {f"{name} loss": run[0][-1] for name, run in runs.items()}
print("near a spot, and spots that are drawn")
for name, points in sets.items():
    share, spots = near_spots(points)
    print(f"   {name:20} {share:4.0%}  {spots} of 8")

# %% [markdown]
# Five questions to take to class (no points):
#
# 1. Compare the two lengths that are printed first. (Why do both runs share them?) What do your slopes say of the logits there, and which generator starts more slowly?
# 2. The generator of the lower row starts all the same: it is moved by Adam, which divides each gradient by its own recent size. What would plain gradient descent
#    do with the first gradient printed? Try it: `torch.optim.SGD` for `opt_g`, and several learning rates.
# 3. Call `play(generator_step, k=5)`. Each round now costs three times as much. What is better after the same number of *rounds*, and what after the
#    same time?
# 4. Take `.detach()` out of your `discriminator_step` and leave `zero_grad()` out of `generator_step`. The loop runs. What does the picture say?
# 5. Eight spots of eight is also what a plain circle scores. Which of the two numbers under the pictures would you report, and beside what?

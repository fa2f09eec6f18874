# %% [markdown]
# # Homework 3. Wasserstein and friends
#
# **After** lectures 11 and 12. **Time**: about 110 minutes. **Points**: 20. **At the end** two critics of your own making teach a generator to draw a
# ring: one clipped, one held by a gradient penalty. And your own linear program says how much of the distance each one shows.
#
# As before: replace `raise NotImplementedError()`, run the cell below, read what the check says. It grades what you hand in with other
# random numbers, so run everything from top to bottom first. Everything here runs on the CPU.

# %% setup
import copy

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.optimize import linprog

from gancourse import data, scale, viz
from gancourse.classroom.homework import hw3
from gancourse.models import mlp

torch.set_num_threads(1)  # networks this small gain nothing from a second core

# %% [markdown]
# ## 1. Moving earth (4 points)
#
# Heaps $p_i$ at places $x_i$, holes $q_j$ at places $y_j$, of the same total 1. A plan $T$ moves $T_{ij}$ from heap $i$ into hole $j$, and
#
# $$W(p, q) = \min_{T \ge 0}\; \sum_{ij} T_{ij}\, \mathrm{cost}_{ij} \qquad\text{with}\qquad \sum_j T_{ij} = p_i, \quad \sum_i T_{ij} = q_j.$$
#
# First the case that needs no solver. The places are $0, 1, \dots, n - 1$ on a line, for heaps and holes alike, and the cost is the distance. How much earth
# *must* cross the gap between place $k$ and place $k + 1$, whatever the plan? Add that up over the gaps.
#
# Then any costs. `linprog(c, A_eq=A, b_eq=b)` from `scipy.optimize` finds the vector `x` $\ge 0$ with `A @ x == b` for which `c @ x` is smallest; its answer
# has the fields `x` (None if it found nothing; then `message` says why) and `fun`. Things to think about:
#
# - `x` is a vector, and the plan is a matrix. In which order does `flatten()` read a matrix?
# - `A` has one row for each heap and one for each hole. Which entries of `x` does the row of heap $i$ add up? `np.kron` can write all of these rows at once, a loop
#   can do it too.
# - There may be more heaps than holes.

# %% solution="transport"
def on_a_line(p, q):
    """W between histograms p and q [n] on the places 0, 1, ..., n - 1: a number."""
    ### BEGIN SOLUTION
    return (p - q).cumsum(0).abs().sum()
    ### END SOLUTION


def earth_mover(p, q, cost):
    """The cheapest plan from p [n] to q [m] under cost [n, m] (all float64): the plan, a tensor [n, m], and its work, a number."""
    ### BEGIN SOLUTION
    n, m = cost.shape
    leaves = np.kron(np.eye(n), np.ones(m))  # [n, n m]: row i adds up T[i, :]
    arrives = np.kron(np.ones(n), np.eye(m))  # [m, n m]: row j adds up T[:, j]
    answer = linprog(cost.flatten().numpy(), A_eq=np.vstack([leaves, arrives]), b_eq=torch.cat([p, q]).numpy())
    return torch.as_tensor(answer.x).reshape(n, m), answer.fun
    ### END SOLUTION

# %% check="transport" points=4
points = hw3.transport(on_a_line, earth_mover)
### BEGIN HIDDEN TESTS
points = min(points, hw3.transport(on_a_line, earth_mover, seed=1781))
### END HIDDEN TESTS
points

# %% [markdown]
# Your plan, drawn: every line carries earth from an orange point to a blue one, and no other choice of lines is shorter in sum.

# %% picture
draw = torch.Generator().manual_seed(3)
blue, orange = data.toys.moons().sample(40, generator=draw).double(), 0.5 * torch.randn(40, 2, generator=draw).double() + 2.0
even = torch.full((40,), 1 / 40, dtype=torch.float64)
plan, work = earth_mover(even, even, torch.cdist(orange, blue))
fig, axis = plt.subplots(figsize=(6, 3.6), layout="constrained")
for i, j in (plan > 1e-9).nonzero():
    axis.plot(*torch.stack([orange[i], blue[j]]).T, color=viz.COLOURS["ink"], linewidth=0.8)
axis.scatter(*blue.T, s=16, color=viz.COLOURS["real"], zorder=3)
axis.scatter(*orange.T, s=16, color=viz.COLOURS["fake"], zorder=3)
axis.set(aspect="equal", title=f"W = {work:.3f}", xlabel="$x_1$", ylabel="$x_2$")
plt.show()

# %% [markdown]
# ## 2. What a critic proves (3 points)
#
# No function $f$ with $|f(x_i) - f(x_j)| \le d_{ij}$ can show a larger difference of means than $W(p, q)$; the best one shows exactly $W$. But a function that somebody hands
# you need not be 1-Lipschitz. Let
#
# $$K = \max_{i \ne j} \frac{|f_i - f_j|}{d_{ij}}$$
#
# be its Lipschitz constant on the places. Then $f / K$ is allowed, and what $f$ proves is $(\mathbb{E}_p f - \mathbb{E}_q f) / K$. Write it. It may be negative: $f$ is then upside down.
# Mind the diagonal, where the quotient is 0/0, and a constant $f$: it proves exactly 0, with no small number added to $K$.
#
# And which $f$ is the best? That is a linear program, too: the largest $\sum_i (p_i - q_i) f_i$ with $f_i - f_j \le d_{ij}$ for all $i \ne j$. `A_ub=A, b_ub=b` asks for `A @ x <= b`.
# `linprog` minimises, and takes `x` at least 0 unless it is told otherwise: does that matter here?

# %% solution="duality"
def shown(f, p, q, distance):
    """The lower bound on W(p, q) that f proves: f, p, q [n] on the same n places, distance [n, n] -> a number."""
    ### BEGIN SOLUTION
    apart = ~torch.eye(len(f), dtype=torch.bool)
    steepest = ((f[:, None] - f).abs()[apart] / distance[apart]).max()
    return ((p - q) * f).sum() / steepest if steepest > 0 else 0.0
    ### END SOLUTION


def best_critic(p, q, distance):
    """An f [n] with slope at most 1 that shows W: p, q [n] on the same n places, distance [n, n] (all float64)."""
    ### BEGIN SOLUTION
    n = len(p)
    i, j = np.nonzero(~np.eye(n, dtype=bool))  # all pairs, both ways round
    slopes = np.zeros((len(i), n))
    slopes[np.arange(len(i)), i], slopes[np.arange(len(i)), j] = 1, -1
    answer = linprog((q - p).numpy(), A_ub=slopes, b_ub=distance.numpy()[i, j])  # f + 5 shows what f shows: f >= 0 takes nothing away
    return torch.as_tensor(answer.x)
    ### END SOLUTION

# %% check="duality" points=3
points = hw3.duality(shown, best_critic)
### BEGIN HIDDEN TESTS
points = min(points, hw3.duality(shown, best_critic, seed=1958))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 3. The clipped critic (4 points)
#
# A network as the critic. It maximises $\mathbb{E}_x f(x) - \mathbb{E}_z f(G(z))$, and the generator minimises the same. `critic_loss` and `generator_loss` are what each of them
# *minimises*; expectations are means over the batch, and real and fake batches may differ in size. (A widely read annotated repository has a hinge loss under this name. The hinge is flat where this loss never is.)
#
# WGAN keeps $f$ from becoming steep by a box: after each of its steps *every* parameter is clamped to $[-c, c]$. `clip` does this to the critic's own parameters, in place: the optimiser must still
# know them afterwards, and autograd must not see the clamping.
#
# `critic_step` is one step: the loss, the optimiser, then the box. It returns the critic's *estimate* $\mathbb{E} f(x) - \mathbb{E} f(G(z))$ from before the step, a plain number. Remember
# what homework 1 had to say about `.grad` and about `.detach()`. (The check lends it a right `critic_loss` and `clip`, so that a slip there costs nothing here.)

# %% solution="clipping"
def critic_loss(real, fake):
    """What the critic minimises: its values [N] at real and [M] at fake samples -> a scalar."""
    ### BEGIN SOLUTION
    return fake.mean() - real.mean()
    ### END SOLUTION


def generator_loss(fake):
    """What the generator minimises: the critic's values [M] at fake samples -> a scalar."""
    ### BEGIN SOLUTION
    return -fake.mean()
    ### END SOLUTION


def clip(critic, c):
    """Clamp every parameter of the critic to [-c, c], in place."""
    ### BEGIN SOLUTION
    with torch.no_grad():
        for parameter in critic.parameters():
            parameter.clamp_(-c, c)
    ### END SOLUTION


def critic_step(generator, critic, optimiser, real, z, c):
    """One step of the clipped critic on real points and G(z); returns its estimate of the distance as a float."""
    ### BEGIN SOLUTION
    loss = critic_loss(critic(real), critic(generator(z).detach()))
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    clip(critic, c)
    return -loss.item()
    ### END SOLUTION

# %% check="clipping" points=4
points = hw3.clipping(critic_loss, generator_loss, clip, critic_step)
### BEGIN HIDDEN TESTS
points = min(points, hw3.clipping(critic_loss, generator_loss, clip, critic_step, seed=2017))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 4. Where the penalty looks (2 points)
#
# A box for the weights is a crude way to hold a slope. WGAN-GP asks for the slope itself, at points on the lines between real and fake samples:
#
# $$\hat x = \epsilon\, x + (1 - \epsilon)\, \tilde x, \qquad \epsilon \sim U[0, 1],$$
#
# a new $\epsilon$ for each pair, and one for all the entries of a pair. (One deck prints $\epsilon\, x\, (1 - \epsilon)\, \tilde x$.) Samples may be points [N, 2] or
# pictures [N, C, H, W]. PyTorch lines shapes up from the *right*: which shape must $\epsilon$ have?

# %% solution="places"
def between(real, fake):
    """One random point on the line between each pair: real and fake [N, ...] -> [N, ...]."""
    ### BEGIN SOLUTION
    epsilon = torch.rand(len(real), *[1] * (real.ndim - 1), device=real.device)
    return epsilon * real + (1 - epsilon) * fake
    ### END SOLUTION

# %% check="places" points=2
points = hw3.places(between)
### BEGIN HIDDEN TESTS
points = min(points, hw3.places(between, seed=2018))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 5. The gradient penalty (4 points)
#
# And what it asks there:
#
# $$\mathrm{penalty} = \frac1N \sum_{i=1}^{N} \bigl(\, \|\nabla f(\hat x_i)\|_2 - 1 \,\bigr)^2 .$$
#
# The critic maps [N, ...] to values [N] and judges its samples one by one. So the gradient of the *sum* of the values holds, in row $i$, the gradient of sample $i$. The norm is taken of all the numbers of a sample
# together. The weight 10 is not part of this function.
#
# Here, more than anywhere else in this course, wrong code runs well. Test yours before the check does, with critics for which you know the answer by heart: one that is constant, and $f(x) = w \cdot x$ with $\|w\| = 1$. Things to
# think about:
#
# - the penalty will be minimised: its own slope, by the critic's parameters, is needed. Which argument of `torch.autograd.grad` keeps the way back open?
# - `x` may come from the generator: send it no gradient, and write into no `.grad`;
# - a critic that is flat at some $\hat x$ has a gradient of length 0. What is the slope of a square root there?

# %% solution="penalty"
def gradient_penalty(critic, x):
    """The penalty at points x [N, ...]: a scalar that can be differentiated by the critic's parameters."""
    ### BEGIN SOLUTION
    x = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(critic(x).sum(), x, create_graph=True)
    return (slope.flatten(1).norm(dim=1) - 1).square().mean()
    ### END SOLUTION

# %% check="penalty" points=4
points = hw3.penalty(gradient_penalty)
### BEGIN HIDDEN TESTS
points = min(points, hw3.penalty(gradient_penalty, seed=2019))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 6. Least squares (1 point)
#
# Lecture 12's other cure for flat losses. With $D(x)$ the network's output itself, no sigmoid, and codes $a$ for fake, $b$ for real, $c$ for what the generator wants to hear,
#
# $$L_D = \tfrac12 \mathbb{E}_x (D(x) - b)^2 + \tfrac12 \mathbb{E}_z (D(G(z)) - a)^2, \qquad L_G = \tfrac12 \mathbb{E}_z (D(G(z)) - c)^2.$$
#
# Write both. Then set the derivative of $L_D$ by $D(x)$ to zero, for histograms $p$ and $q$ that are positive everywhere, and write down the best $D$.

# %% solution="least_squares"
def squares_d(real, fake, a, b):
    """What D minimises: its outputs [N] at real and [M] at fake samples, and the codes -> a scalar."""
    ### BEGIN SOLUTION
    return (real - b).square().mean() / 2 + (fake - a).square().mean() / 2
    ### END SOLUTION


def squares_g(fake, c):
    """What G minimises: D's outputs [M] at fake samples, and the code -> a scalar."""
    ### BEGIN SOLUTION
    return (fake - c).square().mean() / 2
    ### END SOLUTION


def best_d(p, q, a, b):
    """The D that minimises L_D at each place: histograms p and q [n], and the codes -> [n]."""
    ### BEGIN SOLUTION
    return (b * p + a * q) / (p + q)
    ### END SOLUTION

# %% check="least_squares" points=1
points = hw3.least_squares(squares_d, squares_g, best_d)
### BEGIN HIDDEN TESTS
points = min(points, hw3.least_squares(squares_d, squares_g, best_d, seed=2020))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 7. Would your test have found it? (2 points)
#
# Your penalty is right. Many that were published are not, and their pictures look good. `sound` is a test: it gets a function `penalty(critic, real, fake)` that promises the penalty of task 5 at the points of task 4, and
# returns True if the promise is kept, False if not. (It may take a quarter of a second.) The check hands you right ones, written in several ways, and wrong ones that were all published or handed in. A critic is any function from [N, ...] to [N]
# that you like. Think about:
#
# - which critic has a slope that tells *where* the penalty looked? What is the mean of the penalty there, and how far from it may $N$ random points take you?
# - points [N, 2] forgive what pictures do not;
# - what does the critic's optimiser need of the penalty? Who must *not* get a gradient, when `fake` comes from a generator? And who may have one before you have called `backward()`?
#
# (The check lends it a right `between` and `gradient_penalty`. A test that stumbles over a wrong penalty has found it.)

# %% solution="soundness"
def sound(penalty):
    """Whether penalty(critic, real, fake) is the gradient penalty, with all that its users need of it: True or False."""
    ### BEGIN SOLUTION
    draw = torch.Generator().manual_seed(0)
    u = torch.randn(4000, 3, 2, 2, generator=draw, dtype=torch.float64)
    u = u / u.flatten(1).norm(dim=1)[:, None, None, None]  # the points between u and -u have lengths |2 epsilon - 1|
    w, made = u[0].clone().requires_grad_(), (-u).requires_grad_()
    if abs(penalty(lambda x: (w * x).flatten(1).sum(1), u, made * 1.0).item()) > 1e-6:  # slope 1 everywhere
        return False
    scales = [torch.ones((), dtype=torch.float64, requires_grad=True) for _ in range(2)]
    values = [penalty(lambda x, s=s: (s * x.square()).flatten(1).sum(1) / 2, u, made * 1.0) for s in scales]  # slope x at x
    if max(abs(value.item() - 1 / 3) for value in values) > 0.03 or not values[0].requires_grad:  # E(|2 epsilon - 1| - 1)^2 = 1/3
        return False
    values[0].backward()
    return scales[0].grad is not None and scales[1].grad is None and made.grad is None
    ### END SOLUTION

# %% check="soundness" points=2
points = hw3.soundness(sound)
### BEGIN HIDDEN TESTS
points = min(points, hw3.soundness(sound, seed=2021))
### END HIDDEN TESTS
points

# %% [markdown]
# ## Your critics
#
# The ring of homework 1 again, eight spots. The same networks, the same optimiser, five steps of the critic to one of $G$; once your box with $c = 0.1$, once your penalty. (The paper of the box takes RMSProp; here the two runs differ in one thing only.)
# The penalty's weight is 1, where the paper takes 10, and both critics learn five times as fast as $G$. It takes a minute or two.
#
# Along the way three numbers for the distance between 64 real and 64 generated points: what your `earth_mover` says, what the critic's difference of means is, and
# what the critic *proves*, by your `shown`.

# %% picture
ring = data.toys.ring("pacgan")
N = 64
HALVES = torch.tensor([[1.0] * N + [0.0] * N, [0.0] * N + [1.0] * N], dtype=torch.float64) / N  # p and q on 2 N points


def penalised_step(generator, critic, optimiser, real, z, weight=1.0):
    fake = generator(z).detach()
    loss = critic_loss(critic(real), critic(fake))
    total = loss + weight * gradient_penalty(critic, between(real, fake))
    optimiser.zero_grad()
    total.backward()
    optimiser.step()
    return -loss.item()


@torch.no_grad()
def measure(critic, real, made):
    """The distance, the critic's difference of means, and what the critic proves, on N real and N generated points."""
    both = torch.cat([real, made])
    f, metric = critic(both).double(), torch.cdist(both.double(), both.double())
    _, work = earth_mover(HALVES[0, :N], HALVES[1, N:], metric[:N, N:])
    return float(work), float((HALVES[0] - HALVES[1]) @ f), float(shown(f, *HALVES, metric))


def play(step, seed=0, k=5, batch=64):
    """Train on the ring; returns critics and samples at four moments, and the three numbers along the way."""
    torch.manual_seed(seed)
    draw = torch.Generator().manual_seed(seed)
    generator, critic = mlp.Generator(2, (2,), hidden=(64, 64)), mlp.Discriminator((2,), hidden=(64, 64))
    opt_g, opt_f = adam(generator, 4e-4), adam(critic, 2e-3)
    eye, judges = torch.randn(500, 2, generator=torch.Generator().manual_seed(1)), ring.sample(N, seed=5)
    total = scale.pick(ci=20, cpu=800, gpu=8000)
    shots, track = [], []
    for i in range(1, total + 1):
        for _ in range(k):
            step(generator, critic, opt_f, ring.sample(batch, generator=draw), torch.randn(batch, 2, generator=draw))
        loss = generator_loss(critic(generator(torch.randn(batch, 2, generator=draw))))
        opt_g.zero_grad()
        loss.backward()
        opt_g.step()
        with torch.no_grad():
            if i % (total // 20) == 0:
                track.append((i, *measure(critic, judges, generator(eye[:N]))))
            if i in (1, total // 10, total // 2, total):
                shots.append((i, copy.deepcopy(critic), generator(eye)))
    return shots, track


def adam(network, lr):
    return torch.optim.Adam(network.parameters(), lr=lr, betas=(0.5, 0.9))


def clipped_step(*players):
    return critic_step(*players, c=0.1)


runs = {"clipped": play(clipped_step), "penalty": play(penalised_step)}

# %% picture
real = ring.sample(500, seed=3)
line = torch.linspace(-1.8, 1.8, 70)
plane = torch.stack(torch.meshgrid(line, line, indexing="xy"), -1).reshape(-1, 2)
fig, axes = plt.subplots(2, 4, figsize=(9, 4.8), layout="constrained")
for (name, (shots, _)), row in zip(runs.items(), axes, strict=True):
    for axis, (when, critic, made) in zip(row, shots, strict=True):
        with torch.no_grad():
            axis.contourf(line, line, critic(plane).reshape(70, 70), levels=14, cmap="Greys", alpha=0.6)
        axis.scatter(*real.T, s=5, color=viz.COLOURS["real"])
        axis.scatter(*made.T, s=1, color=viz.COLOURS["fake"])
        axis.set(xticks=[], yticks=[], xlim=(-1.8, 1.8), ylim=(-1.8, 1.8), aspect="equal", title=f"round {when}")
    row[0].set_ylabel(name)
plt.show()

# %% [markdown]
# Blue is the data, orange what your generator makes, and the background is the critic, darker where it is higher: the generator is pushed from light to dark. And the three numbers. The grey band
# is a floor: what your `earth_mover` says, in ten draws, of 64 points of the data and 64 others of the data.

# %% picture
even, clouds = torch.full((N,), 1 / N, dtype=torch.float64), [ring.sample(2 * N, seed=100 + draw).double() for draw in range(10)]
floor = [float(earth_mover(even, even, torch.cdist(cloud[:N], cloud[N:]))[1]) for cloud in clouds]
fig, axes = plt.subplots(1, 2, figsize=(9, 3), layout="constrained", sharey=True)
for axis, (name, (_, track)) in zip(axes, runs.items(), strict=True):
    when, *numbers = zip(*track, strict=True)
    for values, label, colour in zip(
        numbers,
        ("W, by your linear program", "the critic's difference of means", "what the critic proves"),
        (viz.COLOURS["ink"], viz.COLOURS["discriminator"], viz.COLOURS["accent"]),
        strict=True,
    ):
        axis.plot(when, values, color=colour, label=label)
    axis.axhline(0, color="0.85", linewidth=0.8, zorder=0)
    axis.axhspan(min(floor), max(floor), color="0.9", zorder=0, label="W, data and other data")
    axis.set(title=name, xlabel="round", ylabel="distance")
axes[1].legend(fontsize=8)
plt.show()

# %% [markdown]
# Four questions to take to class (no points):
#
# 1. The yellow line can never be above the black one, whatever the critic. Why? And why is the green one, which papers plot as "the Wasserstein estimate", free to be anywhere?
# 2. The black line does not go to 0, not even where the picture is a ring. Where do your runs end, seen from the grey band, and why is the band itself not at 0?
# 3. Put each of the published mistakes into `between` and `gradient_penalty`, one at a time: $\epsilon = 1$, a normal $\epsilon$, one for each entry, `norm(dim=0)`, no `create_graph`. Play again. Which of them would you have
#    noticed from the pictures alone?
# 4. Give `penalised_step` its published weight of 10 and play again. Look at the yellow line: what does it say when it is negative? Which of the two players would you slow down?

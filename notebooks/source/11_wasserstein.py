# %% [markdown]
# # 11. Wasserstein
#
# [**Covers**](../docs/glossary.md) the Wasserstein part of Wang's deck and the last lines of the cs231n notes: systems S11, S12, claims C15 to C20.
# **Papers**: [Arjovsky, Chintala & Bottou 2017](https://arxiv.org/abs/1701.07875) (ICML), *Wasserstein GAN*; [Gulrajani et al. 2017](https://arxiv.org/abs/1704.00028) (NeurIPS), *Improved Training of Wasserstein GANs*.
#
# **Read** for about an hour. **Run**: about 25 seconds at ci scale, about five minutes at cpu scale, on one quiet core.
#
# Lecture 02 ended with a discriminator that is certain and a generator that learns nothing from it. The divergence was to blame: Jensen-Shannon
# says "different" and stops there. This lecture replaces it by a distance that says *how far*. The price is a constraint on the
# discriminator, and most of the lecture is about paying it.
#
# After it you will be able to
#
# - compute an earth mover's distance exactly, as a linear program, and prove with a second program that nothing cheaper exists;
# - bound a network's Lipschitz constant from above and from below;
# - say what each of WGAN's four changes does when it is taken back, and which one does the work;
# - predict from depth and width whether a clipped critic's gradients explode or vanish;
# - write the gradient penalty, and four tests that find the four mistakes most often published with it.

# %%
import math
import statistics

import matplotlib.pyplot as plt
import torch
from scipy.stats import spearmanr
from torch import nn

from gancourse import data, losses, scale, theory, viz
from gancourse.classroom import widgets
from gancourse.classroom.claims import (
    at_least,
    at_most,
    between,
    ceilings,
    check,
    claim,
    identity,
    nulls,
    question,
    summary,
    within,
    within_relative,
)
from gancourse.gans.ensemble import EnsembleBatches, EnsembleGAN, stack
from gancourse.gans.gan import GAN
from gancourse.gans.wgan import WGAN, WGANGP, reference_critic_steps
from gancourse.losses import penalties
from gancourse.metrics.slices import sliced_wasserstein
from gancourse.models import convnet, mlp
from gancourse.models.layers.initialisation import init_he
from gancourse.theory import transport
from gancourse.training import fit

torch.set_num_threads(1)  # networks this small gain nothing from a second core
device = scale.device()
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False, "figure.dpi": 90})
REAL, FAKE, D_COLOUR, G_COLOUR = (viz.COLOURS[name] for name in ("real", "fake", "discriminator", "generator"))

# %% [markdown] tags=["slide", "slide-only"]
# ## A distance that says how far
#
# A discriminator that is certain, a generator that learns nothing from it: Jensen-Shannon says "different" and stops there.
#
# - A distance in its place: **how far?**
# - Its price: a *constraint* on the discriminator.
#
# Most of the lecture is about paying it.

# %% [markdown] tags=["slide", "slide-only"]
# ## The whole theory as one picture

# %% [markdown] tags=["notes"]
# The whole theory as one picture. Blue and orange are two clouds of 24 points. The lines are the cheapest way to carry the orange points onto the
# blue ones. The background is the *best critic*, darker where it is higher: the function with slope at most 1 whose mean over blue exceeds its mean over orange by as
# much as possible. Look at how the lines run: straight up the critic's slope.

# %% tags=["slide-continue", "slide-picture"]
def draw_transport(axis, real, fake, bounds, title):
    even = torch.full((len(real),), 1 / len(real))
    answer = transport.earth_mover(even, even, transport.distances(real, fake))
    points = torch.cat([real, fake])
    critic = torch.cat([answer.f, -answer.g])  # known at the points; continued to the plane with slope 1
    x1, x2 = (torch.linspace(*bounds[i : i + 2], 90) for i in (0, 2))
    plane = torch.stack(torch.meshgrid(x1, x2, indexing="xy"), dim=-1).reshape(-1, 2)
    values = transport.extend(points, critic, plane).reshape(90, 90)
    axis.contourf(x1, x2, values, levels=14, cmap="Greys", alpha=0.55)
    for i, j in answer.plan.gt(1e-9).nonzero():
        axis.plot(*torch.stack([fake[j], real[i]]).T, color=viz.COLOURS["ink"], linewidth=0.9)
    axis.scatter(*real.T, color=REAL, s=26, zorder=3, label="real")
    axis.scatter(*fake.T, color=FAKE, s=26, zorder=3, label="generated")
    axis.set(xlabel="$x_1$", ylabel="$x_2$", xlim=bounds[:2], ylim=bounds[2:], aspect="equal", title=f"{title}W = {answer.value:.2f}")


def two_clouds(shift, n=24):
    draw = torch.Generator().manual_seed(3)
    real = data.toys.moons().sample(n, generator=draw) * 0.8
    return real, 0.45 * torch.randn(n, 2, generator=draw) + torch.tensor([0.4, 0.2]) + torch.tensor([shift, 0.0])


fig, axis = plt.subplots(figsize=(7, 3.9), layout="constrained")
draw_transport(axis, *two_clouds(1.8), (-1.2, 3.8, -1.3, 1.5), "the cheapest plan and the best critic, ")
axis.legend(loc="lower left")
plt.show()

# %% [markdown] tags=["slide", "slide-only"]
# ## Moving earth
#
# Heaps $p$, holes $q$, a plan $T_{ij} \ge 0$: all earth leaves, all holes are filled.
#
# $$W(p, q) = \min_{T} \sum_{ij} T_{ij}\, \|x_i - y_j\|$$
#
# Objective and constraints are linear in $T$: a **linear program**. On a line there is a closed form, too:

# %% [markdown] tags=["notes"]
# ## 1. Moving earth
#
# Think of $p$ as heaps of earth and of $q$ as holes, of equal total. A *plan* $T$ says how much goes where: $T_{ij} \ge 0$ from place $x_i$ to place $y_j$. All
# earth must leave, $\sum_j T_{ij} = p_i$, and all holes must be filled, $\sum_i T_{ij} = q_j$. The work is mass times way, and the *earth mover's distance*
# is the least possible work:
#
# $$W(p, q) = \min_{T} \sum_{ij} T_{ij}\, \|x_i - y_j\|.$$
#
# Wang writes the same for any two distributions, with $\gamma$ for the plan and an infimum for the minimum:
# $W(P_r, P_g) = \inf_{\gamma \in \Pi(P_r, P_g)} \mathbb{E}_{(x, y) \sim \gamma} \|x - y\|$. Objective and constraints are linear in $T$. So for finitely many places it is a
# *linear program*, and solvers for those are old and exact. Six places on a line:

# %% tags=["nbval-check-output", "slide-continue"]
places = torch.arange(6.0)
p = torch.tensor([0.4, 0.3, 0.1, 0.0, 0.1, 0.1])
q = torch.tensor([0.0, 0.1, 0.1, 0.2, 0.3, 0.3])
answer = transport.earth_mover(p, q, transport.distances(places, places))
print(f"work of the best plan {answer.value:.6f}")
print("on a line, the area between the distribution functions:", f"{transport.wasserstein_grid(p, q):.6f}")

# %% [markdown] tags=["notes"]
# On a line there is a closed form: across the gap between places $k$ and $k+1$ exactly $|F_p(k) - F_q(k)|$ must be carried, whatever the plan. Add up. For samples of equal
# number it means: sort both, pair them in order. In more dimensions nothing can be sorted, and the program is all we have.

# %% [markdown] tags=["slide", "slide-only"]
# ## The price side
#
# A haulier asks $f_i$ at the heap and $g_j$ at the hole, and is nowhere dearer than we are: $f_i + g_j \le \|x_i - y_j\|$. His income:
#
# $$\sum_i p_i f_i + \sum_j q_j g_j = \sum_{ij} T_{ij} (f_i + g_j) \le \sum_{ij} T_{ij} \|x_i - y_j\|$$
#
# *Every* price list is a lower bound on *every* plan. The best two meet.

# %% [markdown] tags=["notes"]
# ### The price side
#
# How do we know that no plan is cheaper? Suppose a haulier offers to do the job for us. He charges $f_i$ for each unit he picks up at $x_i$ and
# $g_j$ for each he delivers at $y_j$ (some of these may be negative). We accept if on no way he is dearer than carrying ourselves: $f_i + g_j \le \|x_i - y_j\|$. His income is
# $\sum_i p_i f_i + \sum_j q_j g_j$, and for any plan $T$
#
# $$\sum_i p_i f_i + \sum_j q_j g_j = \sum_{ij} T_{ij} (f_i + g_j) \le \sum_{ij} T_{ij} \|x_i - y_j\|.$$
#
# So *every* price list is a lower bound on *every* plan. If the two ever meet, both are the best of their kind. They do meet; that is linear-programming duality. And where the
# plan moves anything, $T_{ij} > 0$, the inequality must hold with equality: $f_i + g_j = \|x_i - y_j\|$.

# %% [markdown] tags=["slide", "slide-only"]
# ## Kantorovich and Rubinstein
#
# $$W(p, q) = \max_{\|f\|_L \le 1} \mathbb{E}_{p} f - \mathbb{E}_{q} f$$
#
# $f$ is what WGAN calls a **critic**.

# %% [markdown] tags=["notes"]
# When both live on the same places, moving nothing costs nothing, and the best prices can be taken as $g = -f$ (prices with a gap $f_i + g_i < 0$ only lose income). The condition
# becomes $f_i - f_j \le \|x_i - x_j\|$ for all pairs: $f$ is *1-Lipschitz*. This is the theorem of Kantorovich and Rubinstein,
#
# $$W(p, q) = \max_{\|f\|_L \le 1} \mathbb{E}_{p} f - \mathbb{E}_{q} f,$$
#
# and $f$ is what WGAN calls a *critic*. A second linear program finds it:

# %% tags=["slide-continue", "slide-picture"]
value, critic = transport.best_critic(p, q, transport.distances(places, places))

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.1), layout="constrained")
image = left.imshow(answer.plan, cmap="Greys", vmin=0)
left.set(xlabel="to place", ylabel="from place", title="the plan T", xticks=range(6), yticks=range(6))
fig.colorbar(image, ax=left, label="mass moved")
right.bar(places - 0.17, p, width=0.32, color=REAL, label="p, the heaps")
right.bar(places + 0.17, q, width=0.32, color=FAKE, label="q, the holes")
right.set(xlabel="place", ylabel="mass", ylim=(0, 0.6))
twin = right.twinx()
twin.plot(places, critic, color=D_COLOUR, marker="o", label="best critic f")
twin.set_ylabel("f", color=D_COLOUR)
twin.spines["right"].set_visible(True)
right.legend(loc="upper center", ncols=2, fontsize=8)
plt.show()

# %% [markdown] tags=["notes"]
# All earth moves to the right, so the critic (green) falls by exactly 1 with each place: it is as steep as it may be wherever something is carried. Now random clouds in the plane, both
# programs, five seeds.

# %%
gaps, slacks = [], []
for seed in range(5):
    draw = torch.Generator().manual_seed(seed)
    points = torch.randn(40, 2, generator=draw, dtype=torch.float64)
    p_, q_ = theory.normalise(torch.rand(2, 40, generator=draw, dtype=torch.float64))
    metric = transport.distances(points, points)
    primal = transport.earth_mover(p_, q_, metric)
    dual, f = transport.best_critic(p_, q_, metric)
    gaps.append(abs(primal.value - dual))
    moved = primal.plan > 1e-9
    slacks.append((f[:, None] - f[None, :] - metric)[moved].abs().max())

identity(
    "C16",
    "The cheapest plan costs what the best 1-Lipschitz critic shows: primal minus dual value",
    ours=gaps,
    over="draws",
    tolerance=at_most(1e-8),
    source="Arjovsky et al. 2017, equation 2 (Kantorovich & Rubinstein)",
)
identity(
    "C20.best",
    "The best critic climbs by 1 for each unit of length along every line of the best plan (largest deviation in |f(x) - f(y)| - |x - y|)",
    expected="gradient norm 1 almost everywhere on the lines",
    ours=slacks,
    over="draws",
    tolerance=at_most(1e-8),
    source="Gulrajani et al. 2017, Proposition 1",
    decks="W",
)

# %% [markdown] tags=["notes"]
# Keep the second row in mind. A critic that rises by $\|x - y\|$ over a way of length $\|x - y\|$, and may nowhere be steeper than 1, has slope exactly 1 all along. This holds on the lines of
# the *best* plan. Section 6 comes back to that word.

# %% [markdown] tags=["slide", "slide-only"]
# ## Two parallel lines
#
# For $\theta \ne 0$ the lines do not meet:
#
# $$\mathrm{JS} = \log 2, \qquad \mathrm{KL} = \infty, \qquad \mathrm{TV} = 1, \qquad W = |\theta|$$

# %% [markdown] tags=["notes"]
# ## 2. Two parallel lines
#
# Why go to this trouble? The paper's first example. The data is uniform on the segment from $(0, 0)$ to $(0, 1)$, the generator's distribution on the segment from
# $(\theta, 0)$ to $(\theta, 1)$. One parameter to learn. For $\theta \ne 0$ the segments do not meet, so the mixture is $p/2$ where the data is, $q/2$ where the fakes are, and
#
# $$\mathrm{JS} = \tfrac12 \log \tfrac{p}{p/2} + \tfrac12 \log \tfrac{q}{q/2} = \log 2, \qquad \mathrm{KL} = \infty, \qquad \mathrm{TV} = 1, \qquad W = |\theta|.$$
#
# ($W \le |\theta|$: carry everything straight across. $W \ge |\theta|$: the function $f(x) = \pm x_1$ is 1-Lipschitz and shows a difference of $|\theta|$.) We check without using the
# formulas. $W$ by pairing 200 samples of each; JS by training a discriminator and reading the divergence off its loss, $\mathrm{JS} = \log 2 - L_D/2$, on fresh samples.

# %%
def js_by_training(theta, seed):
    torch.manual_seed(seed)
    D = mlp.Discriminator(2, hidden=(64, 64)).to(device)
    optimizer = torch.optim.Adam(D.parameters(), lr=5e-3)
    noise = torch.Generator().manual_seed(seed)
    lines = [data.toys.parallel_lines(t) for t in (0.0, theta)]
    for _ in range(scale.pick(ci=10, cpu=400, gpu=800)):
        loss = losses.saturating_d(*(D(line.sample(128, generator=noise).to(device)) for line in lines))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    with torch.no_grad():
        fresh = losses.saturating_d(*(D(line.sample(4000, generator=noise).to(device)) for line in lines))
    return math.log(2) - fresh.item() / 2


def w_by_pairing(theta, seed):
    real, fake = (data.toys.parallel_lines(t).sample(200, seed=seed) for t in (0.0, theta))
    return transport.wasserstein_samples(real, fake)


thetas = [-1.0, -0.5, -0.25, -0.1, 0.0, 0.1, 0.25, 0.5, 1.0]
measured = [(w_by_pairing(t, seed=0), js_by_training(t, seed=0)) for t in thetas]

# %% tags=["slide-continue", "slide-picture"]
fig, axes = plt.subplots(1, 2, figsize=(9, 2.9), sharex=True, layout="constrained")
fine = torch.linspace(-1, 1, 401)
for k, (axis, name) in enumerate(zip(axes, ("wasserstein", "js"), strict=True)):
    exact = [getattr(transport.parallel_lines(t), name) for t in fine.tolist()]
    axis.plot(fine, exact, color="0.6", label="closed form")
    axis.plot(thetas, [pair[k] for pair in measured], "o", color=D_COLOUR, label="measured")
    axis.set(xlabel=r"$\theta$", ylabel=("W", "JS")[k], ylim=(-0.05, 1.05), xticks=[-1, -0.5, 0, 0.5, 1])
axes[1].axhline(math.log(2), color="0.85", linewidth=1, zorder=0)
axes[1].legend(loc="center right")
plt.show()

js_seeds = range(1, scale.pick(ci=3, cpu=6, gpu=6))
apart, together = ([js_by_training(theta, seed) for seed in js_seeds] for theta in (0.1, 0.0))
check(
    "C15",
    "On parallel lines W = |theta|, continuous at 0 (largest deviation)",
    expected=0.0,
    ours=[max(abs(w_by_pairing(t, seed) - abs(t)) for t in thetas) for seed in range(5)],
    over="draws",
    tolerance=at_most(0.02),
    source="Arjovsky et al. 2017, example 1",
    exact=True,
)
claim(
    "C15.js",
    "On parallel lines JS is log 2 for every theta but 0: from a discriminator trained at theta = 0.1",
    paper=math.log(2),
    ours=apart,
    over="trainings",
    tolerance=within(0.02),
    baselines=nulls(the_same_line_twice=together),
    source="Arjovsky et al. 2017, example 1",
    decks="W",
)
claim(
    "C15.zero",
    "On parallel lines JS jumps to 0 at theta = 0",
    paper=0.0,
    ours=together,
    over="trainings",
    tolerance=within(0.02),
    baselines=nulls(lines_apart=apart),
    source="Arjovsky et al. 2017, example 1",
    decks="W",
)

# %% [markdown] tags=["notes"]
# On the right the generator's parameter can be anything but right, and the best discriminator says the same. Gradient descent on a flat line goes nowhere. On the left, the slope is $\pm 1$ and points home from
# everywhere.
#
# Overlap does not save JS when it is small. Two Gaussians of width 1 at distance $\theta$ overlap everywhere. Here are the slopes in $\theta$, by autograd through the exact integrals:

# %% [markdown] tags=["slide", "slide-only"]
# ## A small overlap does not save JS
#
# Two Gaussians of width 1 overlap everywhere. The slopes in their distance $\theta$:

# %% tags=["nbval-check-output", "slide-continue"]
x, dx = theory.grid(-10, 22, 3201)
print("theta    dW/d theta    dJS/d theta")
for shift in (0.5, 1.0, 2.0, 4.0, 8.0, 12.0):
    theta = torch.tensor(shift, dtype=torch.float64, requires_grad=True)
    real, moving = theory.gaussian(x), theory.gaussian(x, theta)
    slopes = [torch.autograd.grad(d(real, moving, dx), theta, retain_graph=True)[0] for d in (transport.wasserstein_grid, theory.js)]
    print(f"{shift:5.1f} {slopes[0]:12.4f} {slopes[1]:16.2e}")

# %% [markdown] tags=["slide-continue", "slide-only"]
# The better the critic, the better its gradient. For JS it is the other way round.

# %% [markdown] tags=["notes"]
# Wang concludes that the critic can, and should, be trained to optimality: the better it is, the better its gradient. For JS it is the other way round. The deck says "continuous and differentiable almost everywhere", and the
# paper's condition belongs to it: the *generator* has to be locally Lipschitz in its parameters, with an integrable constant; networks with the usual activations are (Theorem 1).

# %% [markdown] tags=["slide", "slide-only"]
# ## Lipschitz constants
#
# $$\max_{x \text{ in a sample}} \|\nabla f(x)\| \ \le\ \|f\|_L \ \le\ \sigma(A_1)\, \sigma(A_2) \cdots \sigma(A_L)$$

# %% [markdown] tags=["notes"]
# ## 3. Lipschitz constants
#
# A function is $K$-Lipschitz if $|f(x) - f(y)| \le K \|x - y\|$ for all $x, y$. The smallest such $K$ is *the* Lipschitz constant. For a differentiable $f$ on the whole space it is the largest gradient norm, $\sup_x \|\nabla f(x)\|$.
#
# For a linear layer $x \mapsto Ax + b$ it is the largest singular value of $A$, the most that $A$ stretches anything. ReLU and its kind have slope at most 1. Constants of composed functions multiply. So for
# a perceptron
#
# $$\underbrace{\max_{x \text{ in a sample}} \|\nabla f(x)\|}_{\text{from below}} \le \|f\|_L \le \underbrace{\sigma(A_1)\, \sigma(A_2) \cdots \sigma(A_L)}_{\text{from above}} .$$

# %%
viz.source(transport.lipschitz_bound, transport.gradient_norms)

# %% tags=["slide-continue"]
rows, ratios = [], []
for depth in (1, 2, 3, 5, 8):
    torch.manual_seed(depth)
    f = mlp.Discriminator(2, hidden=(64,) * depth, activation="relu")
    init_he(f)
    sample = 3 * torch.randn(4000, 2, generator=torch.Generator().manual_seed(0))
    above, below = transport.lipschitz_bound(f), transport.lipschitz_sampled(f, sample)
    penalties.clip_weights(f, 0.01)
    rows.append({"hidden layers": depth, "from above": above, "from below": below, "clipped at 0.01, from above": transport.lipschitz_bound(f)})
    ratios.append(below / above)
identity(
    "C17",
    "The sampled slope never exceeds the product of the layers' norms (their ratio)",
    expected="at most 1",
    ours=ratios,
    over="depths",
    tolerance=at_most(1.0),
    source="chain rule; Miyato et al. 2018, section 2.1",
)
viz.table(rows)

# %% [markdown] tags=["notes"]
# Two things to see. The bound is loose, and the looser the deeper: no single direction is stretched the most by every layer. And *clipping bounds the constant*, which is all that WGAN asks of it; but the bound it gives is nothing like 1, and it changes with
# depth by orders of magnitude. Wang says that weights are cut "to satisfy the condition of 1-Lipschitz". What clipping gives is $K$-Lipschitz for some $K$ that nobody chose. Then the
# best critic shows $K \cdot W$, an unknown multiple of the distance. For training a generator an unknown positive factor does no harm, as long as it is neither $10^{-12}$ nor $10^{6}$.

# %% [markdown] tags=["slide", "slide-only"]
# ## WGAN
#
# $$\max_{f \text{ clipped}} \ \mathbb{E}_{x} f(x) - \mathbb{E}_{z} f(G(z)), \qquad \min_G \ -\mathbb{E}_z f(G(z))$$
#
# After each step of the critic, cut its weights to $[-c, c]$.

# %% [markdown] tags=["notes"]
# ## 4. WGAN, and its four changes
#
# In WGAN a network attempts the maximum, $f$ the critic, and the generator descends the distance it shows:
#
# $$\max_{f \text{ clipped}} \ \mathbb{E}_{x} f(x) - \mathbb{E}_{z} f(G(z)), \qquad \min_G \ -\mathbb{E}_z f(G(z)).$$
#
# The code is the game of lecture 03 with another pair of losses, and one line after each step of the critic.

# %%
viz.source(losses.wasserstein_d, losses.wasserstein_g, penalties.clip_weights, WGAN)

# %% [markdown] tags=["notes"]
# Published settings: $c = 0.01$, five critic steps to one of the generator, RMSProp with rate $5 \cdot 10^{-5}$, batch 64. They belong to a DCGAN critic with batch normalisation and to a hundred thousand steps. For a perceptron in the
# plane we take $c = 0.1$ and rate $5 \cdot 10^{-4}$. The data are eight tight clusters on a ring.

# %% tags=["slide-continue", "slide-picture"]
ring = data.toys.ring("wgan_gp")
held_out = ring.sample(400, seed=99)


def players(seed, hidden=(64, 64, 64)):
    torch.manual_seed(seed)
    return mlp.Generator(4, 2, hidden=hidden).to(device), mlp.Discriminator(2, hidden=hidden, activation="relu").to(device)


steps = scale.pick(ci=10, cpu=800, gpu=4000)
wgan = fit(WGAN(*players(0), clip=0.1), data.Batches(ring, 64, seed=0, device=device), steps, k=5, lr=5e-4, optimizer=torch.optim.RMSprop)

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
left.plot(wgan.history["step"], wgan.history["estimate"], color=D_COLOUR)
left.set(xlabel="step", ylabel=r"$E f(x) - E f(G(z))$", title="what the critic shows")
viz.scatter(held_out, wgan.sample(400, seed=1), ax=right, bounds=(-2.2, 2.2, -2.2, 2.2))
plt.show()

# %%
untrained = transport.wasserstein_samples(players(0)[0](torch.randn(400, 4, generator=torch.Generator().manual_seed(1)).to(device)), held_out)
final = transport.wasserstein_samples(wgan.sample(400, seed=1), held_out)
print(f"exact W of 400 samples to the data: {untrained:.2f} before training, {final:.2f} after")
check(
    "S11",
    "WGAN with clipped weights learns: W to the data after training, as a share of W before",
    ours=final / untrained,
    tolerance=at_most(0.5),
    baselines=nulls(untrained=1) | ceilings(other_data=transport.wasserstein_samples(ring.sample(400, seed=98), held_out) / untrained),
    source="Arjovsky et al. 2017, Algorithm 1",
)

# %% [markdown] tags=["slide", "slide-only"]
# ## Four changes, and a hidden fifth
#
# 1. no sigmoid at the end
# 2. no logarithm in the losses
# 3. weights clipped to $[-c, c]$ after every update
# 4. no momentum: RMSProp or SGD
#
# And in the authors' code alone: 100 critic steps in place of 5, for the first 25 updates and at every 500th.
#
# **Which of them does the work?** Take each back while the others stay.

# %% [markdown] tags=["notes"]
# Wang lists what WGAN changed against the original GAN: (1) no sigmoid at the end of the discriminator, (2) no logarithm in the losses, (3) weights clipped to $[-c, c]$ after every update, (4) no optimiser with momentum; RMSProp or SGD instead. Each
# change gets its turn to be taken back while the other three stay. (A logarithm needs probabilities, so taking back the second takes back the first too.)
#
# And there is a fifth one, which no deck lists and the paper's algorithm does not show. The authors' published code takes *100* critic steps, in place of 5, for the first 25 generator updates and at every 500th. It is
# the theory taken at its word: a critic has to be near its best before its slope means anything.

# %%
viz.source(reference_critic_steps)

# %% [markdown] tags=["notes"]
# Five seeds each, trained together as one ensemble (lecture 06). The measure is the exact $W$ between 400 samples and 400 data points. The tolerance was fixed before the runs: a change *matters* if taking it back
# makes the final $W$ at least 1.25 times as large.

# %% [markdown] tags=["slide", "slide-only"]
# ## In numbers
#
# The exact $W$ between 400 samples and 400 data points, five seeds, 400 steps:

# %% tags=["slide-continue"]
class Variant(EnsembleGAN):
    """Five GANs at once, with the critics' weights clipped or not."""

    clip = None

    def after_discriminator_step(self):
        if self.clip is not None:
            penalties.clip_weights(self.discriminator, self.clip)


with_sigmoid = losses.Objective(
    "difference of probabilities",
    lambda real, fake: torch.sigmoid(fake).mean() - torch.sigmoid(real).mean(),
    lambda fake, real=None: -torch.sigmoid(fake).mean(),
)


def momentum(parameters, lr):
    return torch.optim.Adam(parameters, lr=lr, betas=(0.9, 0.999))


seeds = range(5)
steps = scale.pick(ci=4, cpu=400, gpu=4000)


def ablation(objective="wasserstein", clip=0.1, optimizer=torch.optim.RMSprop, k=5):
    networks = [players(seed) for seed in seeds]
    game = Variant(stack([g for g, _ in networks]), stack([d for _, d in networks]), seeds, objective)
    game.clip = clip
    run = fit(game, EnsembleBatches(ring, 64, seeds, device=device), steps, k=k, lr=5e-4, optimizer=optimizer, progress=False)
    samples = run.sample(400, seed=1)
    last = run.history["d_loss"][-max(1, steps // 20) :].mean() / len(seeds)
    return {"w": [transport.wasserstein_samples(x, held_out) for x in samples], "loss": -float(last), "samples": samples}


variants = {
    "WGAN": ablation(),
    "sigmoid put back": ablation(with_sigmoid),
    "sigmoid and logarithm put back": ablation("non_saturating"),
    "no clipping": ablation(clip=None),
    "momentum put back": ablation(optimizer=momentum),
    "all four taken back (a GAN)": ablation("non_saturating", clip=None, optimizer=momentum),
    "WGAN with the hidden 100 steps": ablation(k=reference_critic_steps if scale.name() != "ci" else 5),
}
viz.table(
    [
        {"variant": name, "W, mean of seeds": statistics.mean(v["w"]), "best": min(v["w"]), "worst": max(v["w"]), "minus critic's loss": v["loss"]}
        for name, v in variants.items()
    ]
)

# %% [markdown] tags=["slide", "slide-only"]
# ## Each taken back

# %% tags=["slide-continue", "slide-picture"]
fig, axes = plt.subplots(2, 4, figsize=(9, 4.9), layout="constrained")
for axis, (name, v) in zip(axes.flat, variants.items(), strict=False):
    middle = sorted(range(len(seeds)), key=lambda i: v["w"][i])[len(seeds) // 2]
    axis.scatter(*held_out.T, s=2, color=REAL)
    axis.scatter(*v["samples"][middle].T.cpu(), s=2, color=FAKE)
    axis.set(xlim=(-2.4, 2.4), ylim=(-2.4, 2.4), aspect="equal", xticks=[], yticks=[])
    axis.set_title(name.replace(" put back", "\nput back").replace(" taken", "\ntaken").replace(" with the", "\nwith the"), fontsize=9)
axes.flat[-1].axis("off")
plt.show()

# %% [markdown] tags=["notes"]
# Each panel shows the run of middle quality among the five seeds: data blue, samples orange.

# %%
base = statistics.mean(variants["WGAN"]["w"])
told = {
    "C18.sigmoid": ("sigmoid put back", "The sigmoid: put back, the final W grows"),
    "C18.log": ("sigmoid and logarithm put back", "The logarithm (with its sigmoid): put back, the final W grows"),
    "C18.clip": ("no clipping", "Clipping: left out, the final W grows"),
    "C18.momentum": ("momentum put back", "Momentum: put back (Adam, beta1 = 0.9), the final W grows"),
}
unfinished = "after 400 steps WGAN itself is still on its way: some 2,000 are needed"
missing = {
    "C18.log": f"with weights clipped this hard both losses are nearly the same straight line, and {unfinished}",
    "C18.momentum": f"Adam brings more than momentum (beta2), which needs a control of its own; {unfinished}",
}
for name, (variant, statement) in told.items():
    claim(
        name,
        f"{statement} (W over WGAN's mean W)",
        paper="training suffers",
        ours=[w / base for w in variants[variant]["w"]],
        over="trainings",
        tolerance=at_least(1.25),
        baselines=nulls(WGAN_itself=[w / base for w in variants["WGAN"]["w"]]),
        source="Arjovsky et al. 2017, section 3 and Algorithm 1",
        decks="W",
        open=missing.get(name, ""),
    )
question(
    "C18.hidden",
    "What do the hidden 100 critic steps change? Final W over WGAN's mean W without them",
    ours=[w / base for w in variants["WGAN with the hidden 100 steps"]["w"]],
    over="trainings",
    baselines=nulls(WGAN_itself=1),
    source="the authors' code, main.py, whose README says that they make no major difference",
)

# %% [markdown] tags=["slide", "slide-only"]
# ## Which one does the work?
#
# - **Clipping** holds the rest together: without it nothing bounds the critic.
# - **Momentum** does harm, as the paper reports.
# - **The sigmoid** alone does little in most seeds, and ruins one.
# - **The logarithm**, put back with its sigmoid, makes the game *better* here: a clipped GAN is nearly a WGAN,
#
# $$\mathrm{softplus}(\pm l) \approx \log 2 \pm l/2$$
#
# Reproduced: clipping alone. The rows of the other three stay open.

# %% [markdown] tags=["notes"]
# Read the rows one by one; the table is more interesting than the list in the deck.
#
# - *Clipping* is what holds the rest together. Without it nothing bounds the critic: it multiplies its weights, the loss grows (the last column), and the generator is thrown about. The final $W$ is about twice WGAN's.
# - *Momentum* does harm, as the paper reports. The generator changes what the critic's best slope is, and an average over past slopes points where the target was.
# - *The sigmoid* alone does little in most seeds and ruins one, hence the wide interval; look at best and worst. With $c = 0.1$ the logits rarely reach the flat parts of the sigmoid. When they do, the slope is gone, for there is no logarithm to restore it.
# - *The logarithm*, put back together with its sigmoid, makes the game **better** here. Look at its loss: close to the $-2 \log 2 = -1.386$ of an undecided discriminator. There $\mathrm{softplus}(\pm l) \approx \log 2 \pm l/2$ is a straight
#   line, and the GAN's loss is half of the Wasserstein loss plus a constant, plus a little curvature that punishes large logits. A clipped GAN *is* nearly a WGAN. Of the four changes, the loss is the one that mattered least here.
# - With *all four* taken back, and momentum at this rate, the plain GAN collapses to a part of the ring.
# - The *hidden 100 steps* buy little on this toy, for about twice the critic's work in total. The authors say themselves that they make no major difference and help to see the learning curve. They may matter where a critic needs longer to come near its best, as a deep one on pictures does.

# %% [markdown] tags=["slide", "slide-only"]
# ## Clipping in a deep critic
#
# Each of twelve layers multiplies a gradient by a factor between $c\sqrt{n/2}$ and $c\, n/2$.

# %% [markdown] tags=["notes"]
# ## 5. Clipping in a deep critic
#
# The gradient with respect to the activations of layer $l$ is a product of the weight matrices above it. Clip every entry at $c$ and push it to the ends, $\pm c$. A layer of width $n$ with random signs then has singular values of the order of $c \sqrt n$; with equal signs up to
# $c\, n$. ReLU passes about half. So each layer multiplies a gradient by some factor that lies between $c\sqrt{n/2}$ and $c\, n / 2$. For $n = 128$ and $c = 0.1$ that is between 0.8 and 6.4, for $c = 0.01$ between 0.08 and 0.64. Twelve layers raise it to the eleventh
# power. There is hardly a $c$ for which the product stays near 1, and the one there is depends on the width and on the state of training.
#
# Gulrajani et al. show it with a critic of 12 layers on the Swiss roll (their figure 1b). We train the critic against a fixed generator, data plus unit Gaussian noise, and look at the gradient's norm at each hidden activation. Tolerances first: for $c = 0.1$ the
# norm grows by at least three orders of magnitude from the last layer to the first, for $c = 0.01$ it falls by at least six, with the penalty it stays within one.

# %%
roll = data.toys.swiss_roll()
deep_seeds = range(scale.pick(ci=1, cpu=3, gpu=5))


def train_deep(seed, clip, batch=128):
    # At this rate weights need several hundred steps to reach ends as far out as 0.1.
    steps = scale.pick(ci=5, cpu=600 if clip == 0.1 else 300, gpu=1000)
    torch.manual_seed(seed)
    f = mlp.Discriminator(2, hidden=(128,) * 12, activation="relu")
    init_he(f).to(device)
    noise = torch.Generator().manual_seed(seed)
    rms, adam = torch.optim.RMSprop(f.parameters(), lr=5e-5), torch.optim.Adam(f.parameters(), lr=1e-4, betas=(0.5, 0.9))
    for _ in range(steps):
        real, other = (roll.sample(batch, generator=noise) for _ in range(2))
        fake = (other + torch.randn(batch, 2, generator=noise)).to(device)
        real = real.to(device)
        loss = losses.wasserstein_d(f(real), f(fake))
        if clip is None:
            epsilon = torch.rand(batch, generator=noise)
            loss = loss + 10 * penalties.gradient_penalty(f, real, fake, epsilon)
        optimizer = adam if clip is None else rms
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if clip is not None:
            penalties.clip_weights(f, clip)
    return f


def gradient_profile(f, x):
    """Norm of the critic loss's gradient at each hidden activation, first layer first."""
    activations, h = [], x
    for layer in f.layers:
        h = layer(h)
        if isinstance(layer, nn.ReLU):
            activations.append(h)
    gradients = torch.autograd.grad(h.sum(), activations)
    return [g.norm(dim=1).double().mean().item() for g in gradients]


def weights(f):
    return torch.cat([layer.weight.detach().flatten() for layer in f.layers if isinstance(layer, nn.Linear)]).cpu()


x = roll.sample(500, seed=1).to(device)
critics = {clip: [train_deep(seed, clip) for seed in deep_seeds] for clip in (0.1, 0.01, None)}
critics[0.001] = [train_deep(0, 0.001)]
profiles = {clip: [gradient_profile(f, x) for f in fs] for clip, fs in critics.items()}
names = {0.1: "c = 0.1", 0.01: "c = 0.01", 0.001: "c = 0.001", None: "penalty"}

# %% tags=["slide-continue", "slide-picture"]
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
shades = dict(zip(names, (viz.COLOURS["fake"], viz.COLOURS["accent"], viz.COLOURS["neutral"], D_COLOUR), strict=True))
for clip, name in names.items():
    for i, profile in enumerate(profiles[clip]):
        shown = [value or math.nan for value in profile]
        left.semilogy(range(1, 13), shown, color=shades[clip], linewidth=1.4, label=name if i == 0 else None)
left.set(xlabel="hidden layer", ylabel="gradient norm at its output", xticks=range(1, 13, 2))
left.legend(fontsize=8)
for clip in (0.01, None):
    w = weights(critics[clip][0])
    right.hist(w.clamp(-0.4, 0.4) / (clip or 0.4), bins=61, density=True, color=shades[clip], alpha=0.65, label=names[clip])
right.set(xlabel="weight, divided by c (by 0.4 for the penalty)", ylabel="density", yscale="log")
right.legend(fontsize=8)
plt.show()

# %%
def orders(clip):
    return [order(profile) for profile in profiles[clip]]


def order(profile):
    return math.log10(max(profile[0], 1e-40) / max(profile[-1], 1e-40))


def untouched(clip):
    """The critic before training: He's weights, clipped once."""
    torch.manual_seed(0)
    f = init_he(mlp.Discriminator(2, hidden=(128,) * 12, activation="relu")).to(device)
    if clip is not None:
        penalties.clip_weights(f, clip)
    return f


start = {clip: untouched(clip) for clip in (0.1, 0.01, None)}
at_start = {clip: order(gradient_profile(f, x)) for clip, f in start.items()}
claim(
    "C19.explode",
    "Clipped at 0.1, a 12-layer critic's gradient grows from last layer to first (orders of magnitude)",
    paper="explodes",
    ours=orders(0.1),
    over="trainings",
    tolerance=at_least(3),
    baselines=nulls(before_training=at_start[0.1]),
    source="Gulrajani et al. 2017, figure 1b",
    decks="W",
    note="first run with 300 steps: 0.97 ± 0.45 orders; the steps were then doubled, the tolerance kept",
)
at_once = "one clip of the initial weights does it already, before any training: they must begin inside [-c, c]"
claim(
    "C19.vanish",
    "Clipped at 0.01, it vanishes (orders of magnitude)",
    paper="vanishes",
    ours=orders(0.01),
    over="trainings",
    tolerance=at_most(-6),
    baselines=nulls(before_training=at_start[0.01]),
    source="Gulrajani et al. 2017, figure 1b",
    decks="W",
    open=at_once,
)
claim(
    "C19.penalty",
    "With the gradient penalty it does neither (orders of magnitude)",
    paper="flat",
    ours=orders(None),
    over="trainings",
    tolerance=between(-1, 1),
    baselines=nulls(before_training=at_start[None]),
    source="Gulrajani et al. 2017, figure 1b",
    decks="W",
    open="He's weights are flat before any training, and 300 steps hardly move them: longer trainings are needed",
)
claim(
    "C19.ends",
    "Clipped at 0.01, the weights pile up at the two ends (share of weights at -c or c)",
    paper="most",
    ours=[(weights(f).abs() > 0.0099).double().mean() for f in critics[0.01]],
    over="trainings",
    tolerance=at_least(0.8),
    baselines=nulls(before_training=(weights(start[0.01]).abs() > 0.0099).double().mean()),
    source="Gulrajani et al. 2017, figure 1b",
    decks="W",
    open=at_once,
)

# %% [markdown] tags=["slide-continue", "slide-only"]
# With $c = 0.01$ one clip of the initial weights does it already, before any training.

# %% [markdown] tags=["notes"]
# Left: with $c = 0.01$ each layer divides the gradient by about ten, twelve orders of magnitude in all. A generator behind this critic would learn nothing. With $c = 0.001$ (one seed) the gradient falls out of float32's range before it reaches the first layer: the line ends where it is exactly 0.
# With $c = 0.1$ it grows towards the input. With the penalty the line is flat, for all three seeds.
#
# Right: a weight clipped at 0.01 is nearly always *at* one of the ends. For the widths used here the first clip alone does that, since He's initial weights have a spread of 0.125; training has no reason to bring them back.
# That is why three of the four boxes above stay open: they would say the same of a critic that was never trained. The network has been reduced to a choice of signs. Under the penalty the weights keep
# their bell.

# %% [markdown] tags=["slide", "slide-only"]
# ## The gradient penalty
#
# Ask for what is wanted, slope 1, at random points of random lines between a real and a generated sample:
#
# $$\mathcal L = \mathbb{E}\, f(\tilde x) - \mathbb{E}\, f(x) + \lambda\, \mathbb{E}_{\hat x} (\|\nabla f(\hat x)\|_2 - 1)^2$$
#
# $$\hat x = \epsilon x + (1 - \epsilon) \tilde x, \quad \epsilon \sim U[0, 1], \quad \lambda = 10$$

# %% [markdown] tags=["notes"]
# ## 6. The gradient penalty
#
# Instead of cutting weights, ask for what is wanted: slope 1. Section 1 says where. The best critic has slope 1 on the lines along which the best plan carries mass. Gulrajani et al. ask for it at random points of random lines between a real and a
# generated sample, and punish deviations in both directions:
#
# $$\mathcal L = \mathbb{E}\, f(\tilde x) - \mathbb{E}\, f(x) + \lambda\, \mathbb{E}_{\hat x} \bigl(\|\nabla f(\hat x)\|_2 - 1\bigr)^2, \qquad \hat x = \epsilon x + (1 - \epsilon) \tilde x, \quad \epsilon \sim U[0, 1], \quad \lambda = 10 .$$
#
# **Three slips to put right.** Wang prints $\hat x = \epsilon x_r (1 - \epsilon) x_g$; a plus is lost. As printed, the product of two pictures would vanish wherever one of them is zero. The deck names the paper "Improved Techniques for Training GANs"; that is Salimans et al. 2016,
# and the penalty's is *Improved Training of Wasserstein GANs*, whose first author is Ishaan Gulrajani. And it writes $\gamma$ for what the paper calls $\lambda$.

# %%
viz.source(penalties.between, penalties.gradient_penalty)

# %% [markdown] tags=["slide", "slide-only"]
# ## Does the critic show the distance?
#
# The generator stands still: ring plus noise.

# %% [markdown] tags=["notes"]
# What does its critic look like? Fix the generator again (ring plus unit noise), train critics, and compare with what we can compute exactly. How large is the gradient on random lines, and on lines of the best plan? Does the critic show the distance itself?

# %% tags=["slide-continue"]
def noisy_ring(n, generator):
    return ring.sample(n, generator=generator) + torch.randn(n, 2, generator=generator)


def train_critic(seed, one_sided=False, batch=128):
    steps = scale.pick(ci=10, cpu=700, gpu=3000)
    torch.manual_seed(seed)
    f = mlp.Discriminator(2, hidden=(96, 96, 96), activation="relu").to(device)
    optimizer = torch.optim.Adam(f.parameters(), lr=1e-3, betas=(0.5, 0.9))
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.05, steps)
    noise = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        real, fake = ring.sample(batch, generator=noise).to(device), noisy_ring(batch, noise).to(device)
        epsilon = torch.rand(batch, generator=noise)
        penalty = penalties.gradient_penalty(f, real, fake, epsilon, one_sided=one_sided)
        loss = losses.wasserstein_d(f(real), f(fake)) + 10 * penalty
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return f


noise = torch.Generator().manual_seed(1000)
real, fake = ring.sample(600, generator=noise), noisy_ring(600, noise)
exact = transport.wasserstein_samples(real, fake)
even = torch.full((200,), 1 / 200)
plan = transport.earth_mover(even, even, transport.distances(real[:200], fake[:200])).plan
to = plan.argmax(1)  # equal masses: each point goes to one point
epsilon = torch.rand(200, generator=noise)
on_random = penalties.between(real[:200], fake[torch.randperm(200, generator=noise)], epsilon).to(device)
on_best = penalties.between(real[:200], fake[to], epsilon).to(device)

critic_seeds = range(scale.pick(ci=1, cpu=5, gpu=5))
critics = [train_critic(seed) for seed in critic_seeds]
norms = {name: [transport.gradient_norms(f, at) for f in critics] for name, at in (("random", on_random), ("best", on_best))}


@torch.no_grad()
def shown_by(f):
    return (f(real.to(device)).mean() - f(fake.to(device)).mean()).item()


shown = [shown_by(f) for f in critics]
above_only = [shown_by(train_critic(seed, one_sided=True)) for seed in critic_seeds]  # punishes slopes above 1 only
for form, values in (("two-sided", shown), ("one-sided", above_only)):
    print(f"exact W of 600 pairs {exact:.3f}; shown by {form} critics: " + ", ".join(f"{s:.3f}" for s in values))

# %% [markdown] tags=["slide-continue", "slide-only"]
# Slope 1 nearly everywhere, and for a two-sided critic *in the wrong direction*:

# %% tags=["slide-continue", "slide-picture"]
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
viz.discriminator_surface(critics[0], (-3.4, 3.4, -3.4, 3.4), real=real[:150], fake=fake[:150], show="logit", ax=left)
for (name, values), colour in zip(norms.items(), (viz.COLOURS["neutral"], D_COLOUR), strict=True):
    right.hist(torch.cat(values).cpu(), bins=torch.linspace(0, 2, 41), density=True, color=colour, alpha=0.65, label=f"on lines of {name} pairs")
right.axvline(1, color="black", linewidth=0.8)
right.set(xlabel=r"$\|\nabla f(\hat x)\|$", ylabel="density")
right.legend(fontsize=8)
plt.show()

# %%
torch.manual_seed(0)
beginner = mlp.Discriminator(2, hidden=(96, 96, 96), activation="relu").to(device)
claim(
    "C20",
    "A critic trained with the penalty has unit slope on lines between random pairs: mean gradient norm",
    paper=1.0,
    ours=[n.mean() for n in norms["random"]],
    over="trainings",
    tolerance=within(0.2),
    baselines=nulls(untrained=transport.gradient_norms(beginner, on_random).mean()),
    source="Gulrajani et al. 2017, section 4",
)
claim(
    "C20.plan",
    "and on lines of the best plan, where the theorem asks for it: mean gradient norm",
    paper=1.0,
    ours=[n.mean() for n in norms["best"]],
    over="trainings",
    tolerance=within(0.2),
    baselines=nulls(untrained=transport.gradient_norms(beginner, on_best).mean()),
    source="Gulrajani et al. 2017, Proposition 1",
    decks="W",
)
control = check(
    "C20.one_sided",
    "With a one-sided penalty the critic shows the earth mover's distance: E f(x) - E f(G(z)) over the exact W of the same 600 pairs",
    expected=1.0,
    ours=[s / exact for s in above_only],
    over="trainings",
    tolerance=within_relative(0.15),
    baselines=nulls(untrained=shown_by(beginner) / exact),
    source="Petzka et al. 2018 (the one-sided form)",
)
claim(
    "C20.distance",
    "With the paper's two-sided penalty it does so too: E f(x) - E f(G(z)) over the exact W",
    paper=1.0,
    ours=[s / exact for s in shown],
    over="trainings",
    tolerance=within_relative(0.15),
    baselines=nulls(untrained=shown_by(beginner) / exact),
    source="Gulrajani et al. 2017, equation 3",
    control=control,
)

# %% [markdown] tags=["slide", "slide-only"]
# ## Obeyed is not good
#
# The penalty asks for a *length* and is silent about *direction*. It pulls up to 1 where the slope is small: a random start is stretched to slope 1 before it is turned.
#
# The one-sided form, which punishes slopes above 1 only, leaves small slopes alone, and in as many steps its critics show the distance.
#
# > A gradient norm of 1 shows that the penalty is obeyed. It does not show that the critic is good.

# %% [markdown] tags=["notes"]
# The slopes are where they should be, close to 1 on both kinds of lines. But the critics show much less than the exact distance, some with the wrong sign. The surface tells why. The critic is a cone with its tip on one side of the ring: it has slope 1 nearly
# everywhere, *in the wrong direction*. The penalty asks for a length and is silent about direction, and it pulls *up* to 1 where the slope is small: a random start is stretched to slope 1 before it is turned. The one-sided form leaves small slopes alone, and in as many steps its critics show the distance. (A small $\lambda$ errs the other way: steeper than 1, the critic shows too much.) **A gradient norm of 1 shows that the penalty is obeyed. It does not show that the critic is good.** Compare the estimate with something exact where you can, or with a longer training where you cannot.
#
# Two finer points. The theorem speaks of lines between points that the *best plan* pairs, the algorithm draws pairs at random, and a best critic need not have slope 1 there: between a real and a generated point whose masses go elsewhere it may rise, fall, or both. And the theorem's
# slope 1 is an *upper* bound off those lines, which argues for punishing slopes above 1 only (Petzka et al. 2018). The paper chose the two-sided form. Exercise 1 goes on comparing.

# %% [markdown] tags=["slide", "slide-only"]
# ## WGAN-GP on pictures

# %% [markdown] tags=["notes"]
# ### WGAN-GP on pictures
#
# Pixel faces, 16 pixels wide. The generator is lecture 04's; the critic has no batch normalisation, since the penalty speaks about the gradient at single samples, and two steps for each of the generator's.

# %% tags=["slide-continue", "slide-picture"]
faces = data.pixel_faces(size=16, n=scale.pick(ci=200, cpu=2000, gpu=20_000))
torch.manual_seed(0)
generator = convnet.Generator(16, latent_dim=32, width=24, max_width=96).to(device)
critic = convnet.Discriminator(16, width=24, max_width=96, spread=False).to(device)
steps = scale.pick(ci=4, cpu=600, gpu=20_000)
batches = data.Batches(faces, 64, seed=0, device=device)
run = fit(WGANGP(generator, critic), batches, steps, k=2, lr=1e-3, betas=(0.0, 0.9), ema=0.995, schedule="flat_linear")
viz.real_and_fake(faces.images[:36], run.sample(36, seed=0))

# %%
flat = data.to_float(faces.images).flatten(1)
others = data.to_float(data.pixel_faces(size=16, n=200, split="test").images).flatten(1)
fresh = run.sample(500, seed=3).flatten(1).cpu()
torch.manual_seed(0)
start = convnet.Generator(16, latent_dim=32, width=24, max_width=96)(torch.randn(500, 32)).detach().flatten(1)
before, after = (sliced_wasserstein(x, flat[:500], projections=128, seed=0) for x in (start, fresh))
print(f"sliced W to the data: {before:.3f} before training, {after:.3f} after; unseen faces {sliced_wasserstein(others, flat[:500], projections=128, seed=0):.3f}")
check(
    "S12",
    "WGAN-GP learns pixel faces: sliced W to the data after training, as a share of that before",
    ours=after / before,
    tolerance=at_most(0.4),
    baselines=nulls(untrained=1) | ceilings(unseen_faces=sliced_wasserstein(others, flat[:500], projections=128, seed=0) / before),
    source="Gulrajani et al. 2017, Algorithm 1",
    note="Sliced W does not see grain: noisy samples come as near as unseen faces.",
)

# %% [markdown] tags=["slide", "slide-only"]
# ## A loss that means something
#
# Along a run, does the loss fall when the samples come nearer to the data?

# %% [markdown] tags=["notes"]
# ## 7. A loss that means something
#
# A GAN's losses say who is ahead (lecture 03). The critic's loss is supposed to say how far the generator is from the data. Test it: along a training run take 20 checkpoints, and at each compare two numbers: what the critic shows (the median of its last 20 estimates) and
# the sliced Wasserstein distance of samples to data, which knows nothing of the critic. Spearman's correlation compares their *order* only: 1 if the one always falls when the other does. The same for a non-saturating GAN with its
# generator's loss. Tolerance beforehand: at least 0.8 for the critic, and the GAN at least 0.3 below it.
#
# This is our second protocol, on new seeds. In the first, with the two-sided penalty, the generator learnt nothing in as many steps, and there is no quality to track (correlations of three seeds: -0.50, 0.18, -0.48).
# Section 6 says what to change: the one-sided penalty.

# %%
def tracked(game, loss, k, seed, steps):
    pairs = []

    def look(run):
        if run.step:
            recent = sorted(run.history[loss][-20:])
            far = sliced_wasserstein(run.sample(1000, seed=7).cpu(), reference, projections=128, seed=0)
            pairs.append((recent[len(recent) // 2], far))

    fit(game, data.Batches(ring, 64, seed=seed, device=device), steps, k=k, lr=5e-4, betas=(0.5, 0.9), hooks=[(steps // 20, look)], progress=False, seed=seed)
    return pairs


reference = ring.sample(1000, seed=99)
steps = scale.pick(ci=20, cpu=400, gpu=2000)
track_seeds = range(10, 10 + scale.pick(ci=1, cpu=5, gpu=5))
critic_pairs = [tracked(WGANGP(*players(seed), one_sided=True), "estimate", 5, seed, steps) for seed in track_seeds]
gan_pairs = [tracked(GAN(*players(seed)), "g_loss", 1, seed, 3 * steps) for seed in track_seeds]
correlations = [[spearmanr(*zip(*pairs, strict=True)).statistic for pairs in group] for group in (critic_pairs, gan_pairs)]

# %% tags=["slide-continue", "slide-picture"]
fig, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for axis, group, name in zip(axes, (critic_pairs, gan_pairs), ("WGAN-GP: what the critic shows", "GAN: the generator's loss"), strict=True):
    for seed, pairs in zip(track_seeds, group, strict=True):
        loss, far = zip(*pairs, strict=True)
        axis.plot(far, loss, marker="o", markersize=4, linewidth=0.7, label=f"seed {seed}")
    axis.set(xlabel="sliced W of samples to data", ylabel=name)
axes[1].legend(fontsize=8)
plt.show()
claim(
    "C18.loss",
    "The critic's estimate tracks quality along a run: Spearman correlation with the sliced Wasserstein distance, 20 checkpoints",
    paper="correlates",
    ours=correlations[0],
    over="trainings",
    tolerance=at_least(0.8),
    baselines=nulls(shuffled_checkpoints=0, the_loss_of_a_GAN=correlations[1]),
    source="Arjovsky et al. 2017, figure 3",
    decks="W",
)
claim(
    "C18.gan_loss",
    "A non-saturating GAN's generator loss tracks it less: the critic's correlation minus the GAN's",
    paper="does not correlate",
    ours=[a - b for a, b in zip(*correlations, strict=True)],
    over="trainings",
    tolerance=at_least(0.3),
    baselines=nulls(no_difference=0),
    source="Arjovsky et al. 2017, figure 4",
    decks="W",
)

# %% [markdown] tags=["slide-continue", "slide-only"]
# Bars set beforehand: a rank correlation of at least 0.8 for the critic, and a GAN's loss at least 0.3 below it. Both reproduced, with the one-sided penalty.

# %% [markdown] tags=["notes"]
# A loss that tracks quality makes a run go from the upper right to the lower left: as the samples come nearer to the data, it falls. The paper's claim is about long runs on pictures, and its own figures are smoothed first: its
# code passes the loss through a median filter of length 101. The first protocol has a lesson of its own: a critic that is obedient to the penalty and wrong in direction tracks nothing. And the limit of section 3 stays: the estimate compares checkpoints of *one* run. Between critics of different width, depth or clipping the unknown factor $K$ differs.

# %% [markdown] tags=["slide", "slide-only"]
# ## What goes wrong: five penalties
#
# Each from a public repository or tutorial. All of them train.
#
# 1. $\epsilon = 1$: at real samples only
# 2. $\epsilon$ from a normal distribution: it leaves the lines
# 3. the norm over the wrong axis: one for each pixel
# 4. batch normalisation in the critic
# 5. an $\epsilon$ for each pixel: a box in place of a line

# %% [markdown] tags=["notes"]
# ## What goes wrong
#
# Few lines of GAN code have been published wrongly so often as the penalty's. Four ways to do it, each from a public repository or tutorial, and a fifth for good measure:
#
# 1. *Epsilon is 1*: the penalty is taken at real samples only (labml's annotated implementation; it says so in its text).
# 2. *Epsilon from a normal distribution*, which leaves the lines (keras-team/keras-io, issues 143, 415 and 624).
# 3. *The norm over the wrong axis*: `gradients.norm(2, dim=1)` on a batch of pictures $[N, C, H, W]$ gives a norm for each pixel (Zeleni9/pytorch-wgan, issue 40).
# 4. *Batch normalisation in the critic* (eriklindernoren/Keras-GAN, issues 48 and 253; hwalsuklee/tensorflow-generative-model-collections, issue 17).
# 5. *An epsilon for each pixel* (eriklindernoren/PyTorch-GAN, issue 5): the points fill a box in place of a line.

# %% [markdown] tags=["slide", "slide-only"]
# ## Tests that find them in a millisecond
#
# Critics so simple that the penalty is known by hand: a constant, $w \cdot x$ with $\|w\| = 1$, and $\|x\|^2/2$.

# %% [markdown] tags=["notes"]
# All of them train. Pictures come out, a little worse. A test finds each in a millisecond, if the critic in it is so simple that the penalty is known by hand. Write four such tests before you read on:
#
# - a *constant* critic has no gradient, so the penalty is $(0 - 1)^2 = 1$;
# - a *linear* critic $f(x) = w \cdot x$ with $\|w\| = 1$ has slope 1 everywhere: 0;
# - the *quadratic* critic $f(x) = \|x\|^2/2$ has gradient $x$, so it tells *where* the penalty looked. Take a pair $x = u$, $\tilde x = -u$ with $\|u\| = 1$: then $\hat x = (2 \epsilon - 1) u$, and the mean of $(|2\epsilon - 1| - 1)^2$ for uniform
#   $\epsilon$ is $1/3$;
# - a critic that judges samples *one by one*: the linear critic of the second test must get the same 0 when its own layers are in front of the penalty, whatever they are.

# %% tags=["slide-continue"]
def penalty_by(epsilon_of, norm_of):
    """A penalty with its two places for mistakes left open."""

    def penalty(f, real, fake, generator):
        epsilon = epsilon_of(real, generator)
        x = (epsilon * real + (1 - epsilon) * fake).requires_grad_(True)
        (gradient,) = torch.autograd.grad(f(x).sum(), x, create_graph=True)
        return (norm_of(gradient) - 1).square().mean()

    return penalty


def uniform(real, generator):
    return torch.rand(len(real), 1, 1, 1, generator=generator)


def over_all(gradient):
    return gradient.flatten(1).norm(dim=1)


n, shape = 4000, (3, 4, 4)
u = torch.randn(n, *shape, generator=torch.Generator().manual_seed(0))
u = u / u.flatten(1).norm(dim=1)[:, None, None, None]
w = u[0].flatten()

published = {
    "right": penalty_by(uniform, over_all),
    "epsilon = 1": penalty_by(lambda real, g: torch.ones(len(real), 1, 1, 1), over_all),
    "epsilon normal": penalty_by(lambda real, g: torch.randn(len(real), 1, 1, 1, generator=g), over_all),
    "norm over axis 1": penalty_by(uniform, lambda gradient: gradient.norm(dim=1)),
    "epsilon for each pixel": penalty_by(lambda real, g: torch.rand(real.shape, generator=g), over_all),
    "batch norm in the critic": penalty_by(uniform, over_all),
}
critics = {
    "constant (1)": lambda x: 0 * x.sum((1, 2, 3)),
    "unit linear (0)": lambda x: x.flatten(1) @ w,
    "quadratic (1/3)": lambda x: x.square().sum((1, 2, 3)) / 2,
}
right = [1, 0, 1 / 3]
found = []
for name, penalty in published.items():
    norm = nn.BatchNorm1d(1) if name.startswith("batch") else nn.Identity()
    values = []
    for f in critics.values():
        g = torch.Generator().manual_seed(1)
        values.append(penalty(lambda x, f=f, norm=norm: norm(f(x)[:, None])[:, 0], u, -u, g).item())
    wrong = [abs(value - r) > 0.02 for value, r in zip(values, right, strict=True)]
    found.append({"penalty": name, **{c: round(v, 2) for c, v in zip(critics, values, strict=True)}, "caught": "yes" if any(wrong) else "no"})
viz.table(found)

# %% [markdown] tags=["notes"]
# Read the table by rows. The constant critic finds nothing: every one of the penalties gives it 1. The linear critic finds the wrong axis and the batch normalisation, the quadratic one finds every wrong epsilon. One test is
# not enough, three are.
#
# The last row deserves a second look. Batch normalisation after a linear critic, $f(x_i) = (w \cdot x_i - m)/s$ with mean $m$ and spread $s$ *of the batch*. The code sums the outputs and differentiates. But the sum of normalised numbers is zero, always; its gradient is zero, always. The penalty sees a
# constant critic and reports 1, however steep $w$ is. It neither holds the slope nor can it be learnt away. In a deeper critic, where the normalisation is not last, the error is milder and of the same kind: the sum's gradient at sample $i$ contains what $x_i$ does to all the
# *others*. That is why `WGANGP` refuses such critics:

# %% tags=["nbval-check-output"]
try:
    WGANGP(mlp.Generator(2, 2), nn.Sequential(nn.Linear(2, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Linear(8, 1)))
except ValueError as error:
    print(error)

# %% [markdown]
# Our own `gradient_penalty` against the same three critics, over five seeds of epsilon:

# %%
deviations = []
for seed in range(5):
    epsilon = torch.rand(20_000, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    v = torch.randn(20_000, 6, generator=torch.Generator().manual_seed(100 + seed), dtype=torch.float64)
    v = v / v.norm(dim=1, keepdim=True)
    known = {lambda x: 0 * x.sum(1): 1, lambda x, v=v: x @ v[0]: 0, lambda x: x.square().sum(1) / 2: 1 / 3}
    deviations.append(max(abs(penalties.gradient_penalty(f, v, -v, epsilon).item() - r) for f, r in known.items()))
check(
    "C20.closed_forms",
    "The penalty is 1 for a constant, 0 for a unit linear and 1/3 for the quadratic critic (largest deviation)",
    expected=0.0,
    ours=deviations,
    over="draws",
    tolerance=at_most(0.01),
    source="Gulrajani et al. 2017, equation 3",
    exact=True,
)

# %% [markdown]
# ## What was measured
#
# The rows of this lecture by kind and verdict. Each box above unfolds on a click; `CLAIMS.md` has the rows of all lectures.

# %%
summary()

# %% [markdown] tags=["slide", "slide-only"]
# ## Play
#
# Which way do the lines turn as the clouds meet? The critic keeps its slope until the end.

# %% [markdown] tags=["notes"]
# ## Play
#
# Drag the orange cloud over the blue one. Watch which way the lines turn as the clouds meet, and that the critic keeps its slope until the end.

# %% tags=["slide-continue", "slide-picture"]
frames = {}
for shift in (3.0, 2.0, 1.0, 0.5, 0.0, -1.0):
    picture = viz.figures.rendered(lambda figure, s=shift: draw_transport(figure.subplots(), *two_clouds(s), (-2.2, 4.7, -1.3, 1.5), ""), 520, 250)
    frames[f"shift {shift:g}"] = picture
widgets.explorer(frames, label="generator", kind="slider")

# %% [markdown] tags=["slide", "slide-only"]
# ## What to keep
#
# - $W$ says *how far*; its dual is a critic with slope at most 1.
# - Clipping gives $K$-Lipschitz, for some $K$ that nobody chose.
# - The penalty asks for slope 1 on random lines. Compare what the critic shows with something exact.
# - The estimate compares checkpoints of *one* run, not critics of different width or depth.

# %% [markdown]
# ## Exercises
#
# 1. **One-sided.** `WGANGP(..., one_sided=True)` punishes slopes above 1 only. Repeat section 6 with it. Which of the three rows of C20 change, and which should, by the theorem?
# 2. **A width for clipping.** For $c = 0.01$, which width would keep the gradient of a 12-layer critic near 1? Guess from section 5, then measure.
# 3. **Too good a critic.** In section 7, train with $k = 1$ and with $k = 20$. At which $k$ does the estimate stop tracking the distance?

# %%
widgets.quiz(
    [
        {
            "question": "A price list earns 3.1, a transport plan costs 3.4. What is the earth mover's distance?",
            "answer": "Between 3.1 and 3.4",
            "why": "Every price list is a lower bound, every plan an upper one.",
            "wrong": {
                "3.1": "Only if some plan costs 3.1 too.",
                "3.4": "Only if some price list earns 3.4 too.",
                "Their mean, 3.25": "Bounds say nothing about where between them the value lies.",
            },
        },
        {
            "question": "A clipped critic reports 0.2. What is W?",
            "answer": "Unknown: the critic is K-Lipschitz with a K that nobody measured",
            "why": "It shows at most K times W, and K depends on c, width and depth.",
            "wrong": {
                "0.2": "Only if its Lipschitz constant were 1 and it were the best critic.",
                "At least 0.2": "With K above 1 a critic can show more than W.",
                "0.2 / c": "The constant is a product over layers, not c.",
            },
        },
        {
            "question": "Why may the critic of WGAN-GP not use batch normalisation?",
            "answer": "The gradient at one sample then depends on the others, and the penalty speaks of single samples",
            "why": "In the extreme case the summed outputs are constant and the penalty sees no gradient at all.",
            "wrong": {
                "It is too slow together with a second derivative": "Time is not the reason.",
                "Its running statistics are wrong in evaluation mode": "The penalty is computed in training mode.",
                "Normalisation keeps the gradient at 1 already": "It does not bound the slope.",
            },
        },
        {
            "question": "A penalty passes the test with the unit linear critic. Which mistake can still be in it?",
            "answer": "Epsilon drawn from the wrong distribution",
            "why": "A linear critic has the same gradient everywhere, so it cannot tell where the penalty looked.",
            "wrong": {
                "The norm over the wrong axis": "Then parts of the unit gradient would be compared with 1, and the penalty would not be 0.",
                "Batch normalisation in the critic": "It would change the linear critic's gradient.",
                "None, the test is complete": "Look at the table once more.",
            },
        },
    ]
)

# %% [markdown]
# ## Further reading
#
# - M. Arjovsky, S. Chintala & L. Bottou, [*Wasserstein Generative Adversarial Networks*](https://arxiv.org/abs/1701.07875), ICML 2017: example 1, Theorem 1, and figure 3.
# - I. Gulrajani, F. Ahmed, M. Arjovsky, V. Dumoulin & A. Courville, [*Improved Training of Wasserstein GANs*](https://arxiv.org/abs/1704.00028), NeurIPS 2017.
# - H. Petzka, A. Fischer & D. Lukovnikov, [*On the Regularization of Wasserstein GANs*](https://arxiv.org/abs/1709.08894), ICLR 2018: why random pairs, and why two-sided?
# - T. Miyato et al., [*Spectral Normalization for Generative Adversarial Networks*](https://arxiv.org/abs/1802.05957), ICLR 2018: the product bound made a layer; lecture 12.
# - G. Peyré & M. Cuturi, [*Computational Optimal Transport*](https://arxiv.org/abs/1803.00567), 2019: the linear program and everything after it.

# %% [markdown]
# # 02. The minimax game
#
# [**Covers**](../docs/glossary.md) the objective of all five decks (Hong, McAllester, Kurmi, the cs231n notes, Wang): claims C01, C02, C03, C04, C05, C07.
# **Papers**: [Goodfellow et al. 2014](https://arxiv.org/abs/1406.2661) (NeurIPS), sections 3 and 4; [Arjovsky & Bottou 2017](https://arxiv.org/abs/1701.04862) (ICLR), section 2.
#
# **Read** for about 45 minutes as far as "Going deeper". **Run**: about half a minute at ci scale, three and a half at cpu and gpu scale, on one quiet core.
#
# Two networks play against each other and one of them ends up drawing faces. This lecture explains why that should work, and
# where the explanation stops. Almost everything happens in one dimension, where both distributions are known exactly, and every line
# of the derivation is checked by a number.
#
# After it you will be able to
#
# - write the objective down from nothing but "the police officer should give the right answer", and recognise the classifier's
#   loss in it;
# - derive the best discriminator in two ways, and check a trained network against it;
# - derive $2\,\mathrm{JS} - 2\log 2$ and say what its two ends mean;
# - say exactly what saturates in the saturating loss, and which of the popular sentences about $-\log D$ are true;
# - state Algorithm 1, and say what its $k$ does and what it does not do;
# - below "Going deeper": say what the order of min and max decides, and find the line in a published loss that switches a generator off.

# %%
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

from gancourse import data, losses, scale, theory, viz
from gancourse.classroom import asked, lines, widgets
from gancourse.classroom.claims import at_least, at_most, check, claim, identity, nulls, question, summary, within_factor
from gancourse.models import mlp

torch.set_num_threads(1)  # networks this small gain nothing from a second core
device = scale.device()
seeds = range(scale.pick(ci=2, cpu=5, gpu=5))
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False, "figure.dpi": 90})
REAL, FAKE, D_COLOUR, G_COLOUR = (viz.COLOURS[name] for name in ("real", "fake", "discriminator", "generator"))

# %% [markdown] tags=["slide", "slide-only"]
# ## The whole lecture as one picture

# %% [markdown] tags=["notes"]
# Here is the whole lecture as one picture. On the left, data $p$ (blue), a generator that misses it by 3 (orange), and the best
# possible discriminator against it (green): 1 where only data lives, 0 where only fakes live. On the right, what it
# leaves to the generator: lowest, $-\log 4$, where it hits the data, and flat far away (section 4).

# %% tags=["slide-continue", "slide-picture"]
wide, wide_dx = theory.grid(-9, 17, 2601)
p_wide, q_wide = theory.gaussian(wide), theory.gaussian(wide, 3)
shifts = torch.linspace(0, 8, 81, dtype=torch.float64)
curve = [theory.value_at_optimum(p_wide, theory.gaussian(wide, shift), wide_dx) for shift in shifts]

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
left.plot(wide, p_wide / p_wide.max(), color=REAL, label="data $p$ (scaled)")
left.plot(wide, q_wide / q_wide.max(), color=FAKE, label="generator $q$ (scaled)")
left.plot(wide, theory.optimal_discriminator(p_wide, q_wide, wide_dx), color=D_COLOUR, label="best discriminator $D^*$")
left.set(xlabel="x", xlim=(-4, 7), ylim=(0, 1.35), yticks=[0, 0.5, 1])
left.legend(loc="upper right", ncols=2, fontsize=9)
right.plot(shifts, curve, color=G_COLOUR)
right.axhline(-math.log(4), color="grey", linestyle=":", label=r"$-\log 4$")
right.set(xlabel="distance of the generator from the data", ylabel=r"$\max_D\ V(D, G)$")
right.legend()
plt.show()

# %% [markdown] tags=["slide", "slide-only"]
# ## From counterfeiters to an objective
#
# A fair coin $y$. Heads: show the officer a genuine note $x \sim p$. Tails: a forged one, $G(z)$. The officer answers $D(x)$, the probability of heads.
#
# $$\text{log-probability of what happened:} \quad y \log D(x) + (1 - y) \log (1 - D(x))$$
#
# $$\min_G \max_D\ V(D, G) = \mathbb{E}_{x \sim p} \log D(x) + \mathbb{E}_{z \sim p_z} \log\bigl(1 - D(G(z))\bigr)$$
#
# A likelihood that we cannot compute becomes a classification that we can.

# %% [markdown] tags=["notes"]
# ## 1. From counterfeiters to an objective
#
# A counterfeiter $G$ prints notes. A police officer $D$ is shown notes, one at a time, and says how likely each is to be genuine.
# The officer is told the right answer afterwards and learns from it. The counterfeiter never sees a genuine note; it learns from the officer's
# answer, and from how that answer would change if the note changed a little. Nobody needs to say what makes a note look genuine, and that is the reason for the whole
# construction: *we replace a likelihood that we cannot compute by a classification that we can.*
#
# Now make it exact. Toss a fair coin $y$. On heads ($y = 1$) show the officer a sample $x$ of the data distribution; on tails
# ($y = 0$) draw noise $z \sim p_z$ and show $x = G(z)$. The officer answers with a number $D(x) \in (0, 1)$, the probability of
# heads. The probability that this answer gives to what really happened is $D(x)^y (1 - D(x))^{1-y}$, its logarithm is
# $y \log D(x) + (1 - y) \log (1 - D(x))$, and its mean over coin and samples is
#
# $$\tfrac12\, \mathbb{E}_{x \sim p} \log D(x) + \tfrac12\, \mathbb{E}_{z \sim p_z} \log\bigl(1 - D(G(z))\bigr) = \tfrac12 V(D, G).$$
#
# (As everywhere in the course, $\log$ is the natural logarithm.) The officer wants it high, the counterfeiter wants it low:
#
# $$\min_G \max_D\ V(D, G) = \mathbb{E}_{x \sim p} \log D(x) + \mathbb{E}_{z \sim p_z} \log\bigl(1 - D(G(z))\bigr).$$
#
# This is the objective that Hong, Kurmi, the cs231n notes and Wang print. The mean log-probability of the right label, with the
# sign turned round, is *binary cross-entropy*, the loss of every two-class classifier. The coin's one
# half is in it: Kurmi calls $J^{(D)} = -\tfrac12 V$ the discriminator's cost.
#
# The players as one picture. Solid arrows go forward. A dashed or dotted line is a gradient on its way back from a loss: it ends at the network
# that it moves, and passes through the others. At the bar it is stopped: $D$'s loss asks nothing of $G$. (The generator's loss is
# drawn in the form that is used in practice, which is not $+V$ or any part of it: section 4.)

# %% [markdown] tags=["slide", "slide-only"]
# ## The players

# %% tags=["slide-continue", "slide-picture"]
viz.players(viz.GAMES["gan"])

# %% [markdown] tags=["notes", "slide-only"]
# The counterfeiter never sees a genuine note. All that $G$ learns comes through the officer's answer, and through how that answer would change if the note changed a little.

# %% [markdown] tags=["slide", "slide-only"]
# ## Losses from logits
#
# With $D = \sigma(l)$:
#
# $$-\log D = \mathrm{softplus}(-l), \qquad -\log(1 - D) = \mathrm{softplus}(l)$$
#
# **Your line**: $D$'s loss, $-V$, from the logits of real and of fake samples.
#
# ```python
# def loss_of_d(real, fake):
#     return ...
# ```

# %% [markdown] tags=["notes"]
# The course computes losses from *logits* $l$, with $D = \sigma(l) = 1/(1 + e^{-l})$. Then $-\log D = \mathrm{softplus}(-l)$ and
# $-\log(1 - D) = \mathrm{softplus}(l)$, where $\mathrm{softplus}(l) = \log(1 + e^l)$.
#
# **Your line.** Write $D$'s loss, $-V$, from the logits of real and of fake samples, with `F.softplus`: the mean over each kind,
# then the sum. (The trials hold 7 real and 5 fake logits, so terms without a mean cannot even be added.) The last line compares yours with the
# right one on random logits and says at once what it found.

# %%
def loss_of_d(real, fake):
    return ...  # your line


lines.answered(loss_of_d, *asked.D_LOSS)

# %% [markdown]
# This is the code every later lecture trains with:

# %%
viz.source(losses.saturating_d, losses.saturating_g, losses.non_saturating_g)

# %% [markdown] tags=["slide", "slide-only"]
# ## It is the classifier's loss
#
# $$J^{(D)} = -\tfrac12 V \qquad \text{binary cross-entropy}$$

# %% [markdown] tags=["notes"]
# Is it the classifier's loss? Three ways to compute the same thing on random logits of 64 real and 64 fake samples:
# the formula, our function, and PyTorch's cross-entropy with labels 1 and 0.

# %% tags=["slide-continue"]
gaps = []
for seed in range(5):
    real, fake = torch.randn(2, 64, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 4
    labels = torch.cat([torch.ones(64), torch.zeros(64)]).double()
    cross_entropy = F.binary_cross_entropy_with_logits(torch.cat([real, fake]), labels)  # a mean over real and fake: the 1/2 is in it
    kurmi = -torch.sigmoid(real).log().mean() / 2 - (1 - torch.sigmoid(fake)).log().mean() / 2
    gaps.append(max(abs(cross_entropy - kurmi), abs(cross_entropy - losses.saturating_d(real, fake) / 2)))

identity(
    "C01",
    "The discriminator's half of the game, J(D) = -V/2, is binary cross-entropy (largest difference)",
    ours=gaps,
    over="draws",
    tolerance=at_most(1e-12),
    source="Goodfellow et al. 2014, equation 1",
)

# %% [markdown]
# ## 2. The best discriminator
#
# Hold $G$ fixed. The second term of $V$ averages over $z$, the first over $x$. Let $q$ be the distribution of $x = G(z)$ (the decks
# write $p_g$ or $P_g$). A mean of $f(G(z))$ over $z$ is a mean of $f(x)$ over $q$, since that is what "the
# distribution of $G(z)$" means; $G$ need not be invertible (section 6).
#
# The example that stays with us: data $p = \mathcal{N}(0, 1)$, noise $z \sim \mathcal{N}(0, 1)$ and $G(z) = 1.5 + 0.5 z$, so that $q = \mathcal{N}(1.5, 0.5^2)$.

# %%
x, dx = theory.grid(-9, 9, 1801)
p, q = theory.gaussian(x, 0, 1), theory.gaussian(x, 1.5, 0.5)

# %% [markdown] tags=["slide", "slide-only"]
# ## The best discriminator
#
# $$V(D, G) = \int \bigl[\, p(x) \log D(x) + q(x) \log (1 - D(x)) \,\bigr]\, dx$$
#
# At each $x$ by itself, with $a = p(x)$, $b = q(x)$, $d = D(x)$:
#
# $$h(d) = a \log d + b \log (1 - d), \qquad h'(d) = \frac{a}{d} - \frac{b}{1 - d}$$
#
# **Your line**: solve $h'(d) = 0$.

# %% [markdown] tags=["notes"]
# Now both terms are integrals over the same $x$:
#
# $$V(D, G) = \int \Bigl[\, p(x) \log D(x) + q(x) \log (1 - D(x)) \,\Bigr]\, dx.$$
#
# $D$ may be any function, so its value at one point has nothing to do with its value at the next. To maximise the integral, maximise
# the bracket at each $x$ by itself. Write $a = p(x)$, $b = q(x)$, $d = D(x)$:
#
# $$h(d) = a \log d + b \log (1 - d), \qquad h'(d) = \frac{a}{d} - \frac{b}{1 - d}, \qquad
# h''(d) = -\frac{a}{d^2} - \frac{b}{(1-d)^2} < 0.$$
#
# $h$ is strictly concave (unless $a = b = 0$, where nobody ever looks), so a zero of $h'$ is the one maximum.
#
# **Your line.** Solve $h'(d) = 0$ before you read on, and write $D^*(x)$ from the two densities.

# %% tags=["slide-continue", "slide-code"]
def best_d(p, q):
    return ...  # your line


lines.answered(best_d, *asked.BEST_D)

# %% [markdown] tags=["slide", "slide-only"]
# ## D* is the data's share
#
# $$D^*(x) = \frac{p(x)}{p(x) + q(x)} \qquad\qquad l^*(x) = \log \frac{p(x)}{q(x)}$$
#
# Wang's deck loses a minus: $P_r/D + P_g/(1 - D) = 0$ has no solution between 0 and 1.

# %% [markdown] tags=["notes"]
# $a (1 - d) = b\, d$, hence $d = a / (a + b)$ and
#
# $$D^*(x) = \frac{p(x)}{p(x) + q(x)}.$$

# %% [markdown] tags=["notes"]
# ### The same result without calculus
#
# Take any $D$ and subtract. Since $D^* = p/(p+q)$ and $1 - D^* = q/(p+q)$,
#
# $$V(D^*, G) - V(D, G) = \int \Bigl[p \log \frac{D^*}{D} + q \log \frac{1 - D^*}{1 - D}\Bigr] dx
# = \int (p + q) \Bigl[ D^* \log \frac{D^*}{D} + (1 - D^*) \log \frac{1 - D^*}{1 - D} \Bigr] dx .$$
#
# The last bracket is the Kullback-Leibler divergence between two coins, one with probability $D^*(x)$ and one with $D(x)$. It is never
# negative, and zero only when the coins agree. So no $D$ beats $D^*$. What it falls short by is its *regret*, the yardstick of
# section 5. (By section 3, any $D$ bounds JS from below.)

# %% [markdown] tags=["slide", "slide-only"]
# ## The same without calculus
#
# $$V(D^*, G) - V(D, G) = \int (p + q) \Bigl[ D^* \log \frac{D^*}{D} + (1 - D^*) \log \frac{1 - D^*}{1 - D} \Bigr] dx \ \ge\ 0$$
#
# The bracket is the divergence between two coins. What $D$ falls short by is its **regret**.

# %% tags=["nbval-check-output", "slide-continue"]
best = theory.optimal_discriminator(p, q, dx)
for name, d in {"D* itself": best, "always 1/2": torch.full_like(x, 0.5), "sigmoid(1 - x^2)": torch.sigmoid(1 - x**2)}.items():
    value, regret = theory.value(p, q, d, dx), theory.regret(p, q, d, dx)
    print(f"{name:18} V = {value:8.5f}   regret = {regret:.5f}   V + regret = {value + regret:8.5f}")

# %% [markdown] tags=["notes"]
# One more way to see it. By Bayes' rule, with a fair coin, $P(\text{real} \mid x) = p(x) / (p(x) + q(x))$. The best discriminator is the
# posterior, and its logit is the log of the density ratio,
#
# $$l^*(x) = \log \frac{D^*(x)}{1 - D^*(x)} = \log \frac{p(x)}{q(x)} .$$
#
# The game never computes $p$ or $q$, but its discriminator learns their *ratio*
# from samples. That is how the counterfeiter, who never sees a genuine note, comes to know where the genuine notes are: it reads
# the slope of that ratio.
#
# Wang spells out what $D^*$ does at the edges: 0 where only fakes live, 1 where only data lives. Four places on a street, then, and no
# curves at all:

# %% tags=["nbval-check-output"]
genuine, fakes = torch.tensor([[0.5, 0.5, 0.0, 0.0], [0.0, 0.25, 0.75, 0.0]], dtype=torch.float64)
for place, of_data, of_fakes, d in zip(range(4), genuine, fakes, theory.optimal_discriminator(genuine, fakes), strict=True):
    print(f"place {place}:  data {of_data:.2f}   fakes {of_fakes:.2f}   D* {d:.4f}")

# %% [markdown]
# (The fourth place is never visited. Every answer there is as good; the course's function says 1/2.)
#
# ### Does gradient ascent find it?
#
# First with a free function: one logit for every grid point, started at 0, and ascent on $V$ by autograd. By the chain rule
# ($dD/dl = D(1 - D)$) the bracket's slope in the logit is
#
# $$\frac{\partial}{\partial l}\bigl[p \log \sigma(l) + q \log(1 - \sigma(l))\bigr] = p\,(1 - D) - q\,D = (p + q)\,(D^* - D).$$
#
# Each point moves towards $D^*$, faster where more samples fall. (The sum gives each slope a
# factor $dx$; steps of $2/dx$ undo it.) Then a network, on *samples*.

# %%
free = torch.zeros_like(x, requires_grad=True)
snapshots, last = {}, 1000
for step in range(last + 1):
    if step in (0, 3, 30, last):
        snapshots[step] = torch.sigmoid(free).detach()
    (ascent,) = torch.autograd.grad(theory.value_from_logits(p, q, free, dx), free)
    if step == 3:
        by_formula = (p + q) * (best - torch.sigmoid(free.detach())) * dx
        print(f"step 3: autograd against (p + q)(D* - D) dx, largest difference: {(ascent - by_formula).abs().max():.0e}")
    free.data += 2 / dx * ascent

visited = (p + q) / 2 > 0.01
print(f"step {last}: largest |D - D*| where (p + q)/2 > 0.01: {(snapshots[last] - best).abs()[visited].max():.4f}")

# %%
def train_discriminator(seed, steps, batch=256):
    torch.manual_seed(seed)
    D = mlp.Discriminator(1, hidden=(64, 64)).to(device)
    optimizer = torch.optim.Adam(D.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1, 0.02, steps)
    noise = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        real = torch.randn(batch, 1, generator=noise)
        fake = 1.5 + 0.5 * torch.randn(batch, 1, generator=noise)
        optimizer.zero_grad()
        losses.saturating_d(D(real.to(device)), D(fake.to(device))).backward()
        optimizer.step()
        schedule.step()
    with torch.no_grad():
        return D(x.float()[:, None].to(device)).double().cpu()  # its logits on the grid


logits = [train_discriminator(seed, steps=scale.pick(ci=200, cpu=1500, gpu=1500)) for seed in seeds]
errors = [theory.expectation((p + q) / 2, (torch.sigmoid(logit) - best).abs(), dx) for logit in logits]

# %% [markdown] tags=["slide", "slide-only"]
# ## Does gradient ascent find it?

# %% tags=["slide-continue", "slide-picture"]
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 4), sharey=True, layout="constrained")
for axis in (left, right):
    axis.fill_between(x, (p + q) / 2, color="0.88", label="$(p + q)/2$")
    axis.plot(x, best, color="black", linewidth=2.2, label="$D^*$")
    axis.set(xlabel="x", xlim=(-6, 6))
for (step, d), shade in zip(snapshots.items(), (0.5, 0.65, 0.8, 1.0), strict=True):
    left.plot(x, d, color=D_COLOUR, alpha=shade, linewidth=1.5, label=f"step {step}")
left.set_title("a free value at every point", fontsize=10)
left.legend(fontsize=10, loc="lower left")
for seed, logit in zip(seeds, logits, strict=True):
    right.plot(x, torch.sigmoid(logit), color=D_COLOUR, linewidth=1, label="networks" if seed == 0 else None)
right.set_title(f"a network trained on samples, {len(logits)} seeds", fontsize=10)
right.legend(fontsize=10, loc="lower left")
plt.show()

# %% [markdown] tags=["notes"]
# Grey is where samples fall. Look at the tails of the left picture. On top of the grey hills $D$ is close to $D^*$ after 30
# steps; five standard deviations out it is still at 1/2 after 1000, because $p + q$ is little more than a millionth there.
#
# The networks on the right do not stay at 1/2
# far out: they extend what they learned near by. To the left that happens to be right. Beyond $x \approx 2.6$, where samples become rare (one real one in 740 lies beyond 3), they fan out and
# disagree with $D^*$ and with each other. *A discriminator knows nothing about places that neither distribution visits.* A generator that wanders there is judged by an
# extrapolation.

# %%
def mean_error(d):
    return theory.expectation((p + q) / 2, (d - best).abs(), dx)


straight = torch.zeros(2, dtype=torch.float64, requires_grad=True)  # logistic regression: logit a + b x, the best one for the exact V
newton = torch.optim.LBFGS([straight], max_iter=200, line_search_fn="strong_wolfe")


def falls_short():
    newton.zero_grad()
    loss = -theory.value_from_logits(p, q, straight[0] + straight[1] * x, dx)
    loss.backward()
    return loss


newton.step(falls_short)
claim(
    "C02",
    "For a fixed generator a trained D approaches p_data/(p_data + p_g): mean |D - D*| over real and fake samples",
    paper="D = D*",
    ours=errors,
    over="trainings",
    tolerance=at_most(0.02),
    baselines=nulls(
        untrained_D=[mean_error(torch.sigmoid(train_discriminator(seed, steps=0))) for seed in seeds],
        D_of_one_half=mean_error(torch.full_like(x, 0.5)),
        right_label_without_a_probability=mean_error((best > 0.5).double()),
        best_logistic_regression=mean_error(torch.sigmoid(straight[0] + straight[1] * x).detach()),
    ),
    source="Goodfellow et al. 2014, Proposition 1",
)

# %% [markdown] tags=["slide", "slide-only"]
# ## What is left for the generator
#
# With $m = (p + q)/2$:
#
# $$
# \begin{aligned}
# V(D^*, G) &= \mathbb{E}_p \log \frac{p}{p + q} + \mathbb{E}_q \log \frac{q}{p + q} \\
# &= \mathrm{KL}(p \,\|\, m) + \mathrm{KL}(q \,\|\, m) - 2 \log 2 \\
# &= 2\, \mathrm{JS}(p, q) - 2 \log 2
# \end{aligned}
# $$

# %% [markdown] tags=["notes"]
# ## 3. What is left for the generator
#
# Put $D^*$ into $V$ and follow it line by line, with $m = (p + q)/2$ for the half-and-half mixture:
#
# $$
# \begin{aligned}
# V(D^*, G) &= \mathbb{E}_p \log D^* + \mathbb{E}_q \log (1 - D^*) && (1)\\
# &= \mathbb{E}_p \log \frac{p}{p + q} + \mathbb{E}_q \log \frac{q}{p + q} && (2)\\
# &= \mathbb{E}_p \Bigl[\log \frac{p}{\frac12(p + q)} - \log 2\Bigr] + \mathbb{E}_q \Bigl[\log \frac{q}{\frac12 (p + q)} - \log 2\Bigr] && (3)\\
# &= \mathrm{KL}(p \,\|\, m) + \mathrm{KL}(q \,\|\, m) - 2 \log 2 && (4)\\
# &= 2\, \mathrm{JS}(p, q) - 2 \log 2 && (5)
# \end{aligned}
# $$
#
# Line 2 inserts $D^*$. Line 3 halves both denominators and pays for it with $\log 2$ each. Line 4 uses the definition
# $\mathrm{KL}(p_1 \| p_2) = \mathbb{E}_{p_1} \log (p_1 / p_2)$, line 5 the definition
# $\mathrm{JS}(p, q) = \frac12 \mathrm{KL}(p \| m) + \frac12 \mathrm{KL}(q \| m)$ of the Jensen-Shannon divergence. Each line as a number:

# %% tags=["nbval-check-output"]
m = (p + q) / 2


def mean(density, f):
    return theory.expectation(density, f, dx)


derivation = [
    theory.value(p, q, best, dx),
    mean(p, (p / (p + q)).log()) + mean(q, (q / (p + q)).log()),
    mean(p, (p / m).log() - math.log(2)) + mean(q, (q / m).log() - math.log(2)),
    theory.kl(p, m, dx) + theory.kl(q, m, dx) - 2 * math.log(2),
    2 * theory.js(p, q, dx) - 2 * math.log(2),
]
for number, line in enumerate(derivation, start=1):
    print(f"({number})  {line:.12f}")

# %% [markdown] tags=["slide", "slide-only"]
# ## The two ends
#
# - **$q = p$**: JS is 0, and $V = -2 \log 2 = -\log 4 \approx -1.386$. There and nowhere else.
# - **$p$ and $q$ never meet**: JS is $\log 2$, and $V = 0$. $D$ is certain and right.

# %% [markdown] tags=["notes"]
# The two ends. $\mathrm{KL} \ge 0$ with equality only for equal distributions (Jensen's inequality), so $\mathrm{JS} \ge 0$ with equality
# only for $q = p$: **the lowest value that $G$ can reach is $-2 \log 2 = -\log 4 \approx -1.386$, and it is reached exactly when the
# generator's distribution is the data's.** At the other end $p/m \le 2$ everywhere, so each KL is at most $\log 2$ and so is JS; equality
# holds when $p$ and $q$ never meet, and then $V = 0$: $D$ is certain and right.
#
# At $q = p$ the best $D$ says 1/2 everywhere. That is where $D$ is *left* when $G$ has won; its goal is to tell the two apart. A generator that faces $D^*$ at every
# step descends $2\,\mathrm{JS}$. (Section 7: why $D$ may be held still meanwhile. Section 8: does it arrive?)

# %% [markdown] tags=["notes"]
# ## 4. The generator's own loss
#
# Now the practical trouble that Hong and the cs231n notes draw. Early on the fakes are easily told, $D(G(z)) \approx 0$, and the curve
# $\log(1 - D)$ looks flat there. Their cure: ascend $\log D(G(z))$ in its place, the *non-saturating* loss. Kurmi prints only the cured
# version, $J^{(G)} = -\frac12 \mathbb{E}_z \log D(G(z))$: up to its one half, the cross-entropy of fakes that are labelled as *real*. Look at both losses twice, against $D$ as the decks do, and against the
# logit $l$ that the network really puts out.

# %% [markdown] tags=["slide", "slide-only"]
# ## Two losses for the generator

# %% tags=["slide-continue", "slide-picture"]
d_axis = torch.linspace(0.002, 0.998, 500)
l_axis = torch.linspace(-8, 8, 400)
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.3), sharey=True, layout="constrained")
left.plot(d_axis, torch.log1p(-d_axis), color=G_COLOUR, label=r"saturating $\log(1 - D)$")
left.plot(d_axis, -d_axis.log(), color=G_COLOUR, linestyle="--", label=r"non-saturating $-\log D$")
right.plot(l_axis, -F.softplus(l_axis), color=G_COLOUR)
right.plot(l_axis, F.softplus(-l_axis), color=G_COLOUR, linestyle="--")
left.set(xlabel="$D(G(z))$, as in the decks", ylabel="generator's loss", ylim=(-6.5, 6.5))
right.set(xlabel=r"logit $l$, with $D = \sigma(l)$")
right.axvspan(-8, -3, color="0.92")
right.text(-7.7, -5.8, "D is sure\nof a fake", fontsize=9.5)
left.legend(fontsize=9, loc="upper right")
plt.show()

# %% [markdown] tags=["notes"]
# In the left picture $\log (1 - D)$ is *not* flat at $D = 0$: its slope there is $-1$. Flat is the solid curve
# in the right picture, in the grey strip. The chain rule brings in $dD/dl = D (1 - D)$, and
#
# $$\frac{d}{dl} \log (1 - \sigma(l)) = -\frac{D (1 - D)}{1 - D} = -D, \qquad\qquad
# \frac{d}{dl} \bigl[-\log \sigma(l)\bigr] = -\frac{D (1 - D)}{D} = -(1 - D).$$
#
# Where $D$ is sure of a fake ($D \to 0$) the first slope dies and the second tends to $-1$. **It is the sigmoid that saturates;**
# $\log(1 - D)$ lets it, and the logarithm in $-\log D$ undoes it.

# %% [markdown] tags=["slide", "slide-only"]
# ## It is the sigmoid that saturates
#
# $$\frac{d}{dl} \log (1 - \sigma(l)) = -D \qquad\qquad \frac{d}{dl} \bigl[-\log \sigma(l)\bigr] = -(1 - D)$$

# %% tags=["nbval-check-output", "slide-continue"]
some_logits = torch.tensor([-20.0, -10.0, -5.0, -2.0, 0.0, 2.0, 5.0], dtype=torch.float64, requires_grad=True)
(saturating_slope,) = torch.autograd.grad(-F.softplus(some_logits).sum(), some_logits)
(non_saturating_slope,) = torch.autograd.grad(F.softplus(-some_logits).sum(), some_logits)
rows = [
    {
        "logit": f"{float(logit):g}",
        "D": f"{d:.2e}",
        "d log(1-D) / dD": f"{-1 / (1 - d):.4f}",
        "d log(1-D) / dl": f"{minimax:.2e}",
        "d(-log D) / dl": f"{other:.4f}",
        "ratio": f"{other / minimax:.4g}",
    }
    for logit, d, minimax, other in zip(some_logits.detach(), torch.sigmoid(some_logits.detach()), saturating_slope, non_saturating_slope, strict=True)
]
viz.table(rows)

# %% [markdown] tags=["notes", "slide-only"]
# Where $D$ is sure of a fake the first slope dies and the second tends to $-1$. It is the sigmoid that saturates: $\log(1 - D)$ lets it, and the logarithm in $-\log D$ undoes it.

# %%
D_ = torch.sigmoid(some_logits.detach())
identity(
    "C04",
    "Slopes in the logit: -D for log(1 - D), -(1 - D) for -log D (largest difference from autograd, logits -20 to 5)",
    ours=torch.maximum((saturating_slope + D_).abs(), (non_saturating_slope + 1 - D_).abs()).max(),
    tolerance=at_most(1e-12),
    source="Goodfellow et al. 2014, section 3",
)

# %% [markdown] tags=["slide", "slide-only"]
# ## Two live games
#
# The same start, the same samples, one loss each. Thin: five seeds, thick: their geometric mean.
#
# At step 400 the gradient of $-\log D$ is stronger by $10^{4.3}$ in the saturating game, by $10^{1.2}$ in the other.

# %% [markdown] tags=["notes"]
# ### On a real generator
#
# For one sample, with generator weights $\theta$, the chain rule gives
#
# $$\nabla_\theta \log(1 - D) = -D\ \nabla_\theta\, l(G_\theta(z)), \qquad \nabla_\theta [-\log D] = -(1 - D)\ \nabla_\theta\, l(G_\theta(z)).$$
#
# The same vector, with weights $D$ and $1 - D$. So for one sample the ratio of gradient norms is exactly $(1 - D)/D = e^{-l}$: at a logit of $-9$ about 8,100. (Section 10 measures it.) What happens in a game, where both move? Play it twice with $8 \times 8$ digits, from the same weights and the same samples, once with each loss for $G$, and compute at
# some looks both gradients: the one that $G$ gets, and the one that the other loss would give it.

# %%
digits = data.to_float(data.digits(size=8).images)  # [N, 1, 8, 8] in [-1, 1]


def flat_gradient(loss, network):
    return torch.cat([g.flatten() for g in torch.autograd.grad(loss, network.parameters(), retain_graph=True)])


class LiveGame:
    """Two networks from one seed, with one loss for G; ``play`` goes on from where they stand."""

    def __init__(self, seed, loss_of_g):
        torch.manual_seed(seed)
        self.G, self.D = mlp.Generator(16, (1, 8, 8), out="tanh").to(device), mlp.Discriminator((1, 8, 8)).to(device)
        self.d_step, self.g_step = (torch.optim.Adam(network.parameters(), lr=1e-3) for network in (self.D, self.G))
        self.draw = torch.Generator().manual_seed(seed)
        self.z, self.loss_of_g, self.step = torch.randn(256, 16, generator=self.draw).to(device), loss_of_g, 0

    def play(self, until):
        while self.step < until:
            real = digits[torch.randint(len(digits), (64,), generator=self.draw)].to(device)
            fake = self.G(torch.randn(64, 16, generator=self.draw).to(device))
            self.d_step.zero_grad()
            losses.saturating_d(self.D(real), self.D(fake.detach())).backward()
            self.d_step.step()
            self.g_step.zero_grad()
            self.loss_of_g(self.D(fake)).backward()
            self.g_step.step()
            self.step += 1
        return self

    def norms(self):
        """Of the gradients of log(1 - D) and of -log D in the weights of G."""
        fake = self.D(self.G(self.z)).double()
        return [flat_gradient(loss(fake), self.G).norm().item() for loss in (losses.saturating_g, losses.non_saturating_g)]

    def draws(self):
        return self.G(self.z).detach().cpu()


game_looks = scale.pick(ci=(0, 25, 50), cpu=(0, 25, 50, 75, 100, 150, 200, 300, 400), gpu=(0, 25, 50, 75, 100, 150, 200, 300, 400))
games = {"saturating": losses.saturating_g, "non-saturating": losses.non_saturating_g}
print(f"{2 * len(seeds)} games of {game_looks[-1]} steps: about {2 * len(seeds) * game_looks[-1] / 250:.0f} seconds ...")
rivals = {name: [LiveGame(10 + seed, loss) for seed in seeds] for name, loss in games.items()}
seen = {name: [[(game.play(at).norms(), game.draws()) for at in game_looks] for game in each] for name, each in rivals.items()}
norms_in = {name: torch.tensor([[norms for norms, _ in looks] for looks in each]) for name, each in seen.items()}  # [seed, look, loss]
ratio_in = {name: norms[..., 1] / norms[..., 0] for name, norms in norms_in.items()}

# %% tags=["slide-continue", "slide-picture"]
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.4), layout="constrained")
print(f"geometric means over {len(seeds)} seeds".ljust(55), "".join(f"{f'step {at}':>10}" for at in game_looks[::2]))
for i, (name, style) in enumerate(zip(games, ("-", "--"), strict=True)):
    shown = (left, "-log D over log(1 - D)", ratio_in[name]), (right, "what G gets", norms_in[name][..., i])
    for axis, what, values in shown:
        means = values.log().mean(0).exp()
        axis.semilogy(game_looks, values.T, color=G_COLOUR, linestyle=style, linewidth=0.7, alpha=0.6)
        axis.semilogy(game_looks, means, color=G_COLOUR, linestyle=style, linewidth=2.5, label=f"{name} game")
        print(f"{f'{what}, {name} game':55}", "".join(f"{float(mean):10.3g}" for mean in means[::2]))
left.set(xlabel="step", title="gradient of $-\\log D$ over that of $\\log(1 - D)$")
right.set(xlabel="step", title="gradient that G gets")
left.legend(fontsize=10, loc="upper left")
plt.show()

# %%
at_50, at_early = (game_looks.index(at) for at in scale.pick(ci=(25, 50), cpu=(50, 200), gpu=(50, 200)))


def grown(name, loss):
    """log10 of a gradient's norm at step 200 over that at step 50 [seed]; loss 0 is log(1 - D), 1 is -log D."""
    return (norms_in[name][:, at_early, loss] / norms_in[name][:, at_50, loss]).log10()


by_step = {name: {at: round(float(v), 2) for at, v in zip(game_looks, ratio.log10().mean(0), strict=True) if at >= 50} for name, ratio in ratio_in.items()}
claim(
    "C04.live",
    f"In a live game log(1 - D) saturates early in learning: log10 of the norm of G's gradient at step {game_looks[at_early]} over that at step {game_looks[at_50]}",
    paper="saturates early in learning",
    ours=grown("saturating", 0),
    over="trainings",
    tolerance=at_most(-1),
    baselines=nulls(non_saturating_game=grown("non-saturating", 1), minus_log_D_at_the_same_weights=grown("saturating", 1)),
    source="Goodfellow et al. 2014, section 3",
    decks="HKC",
    note="the row was worded, and its tolerance set, after five other seeds had been seen; these five were new. "
    f"log10 of the ratio of -log D to log(1 - D) by step, saturating game: {by_step['saturating']}, the other: {by_step['non-saturating']}",
)

# %% [markdown] tags=["notes"]
# With $\log(1 - D)$ the ratio climbs to $10^{4.3}$. What dies is $G$'s gradient: 0.094 at step 0, 2.8 at 50, 0.0014 at 400, where $-\log D$ would give 25.
# With $-\log D$ the ratio comes down again, from 76 to 16, and $G$ gets about 20 at steps 100, 200 and 400. The paper says "much stronger gradients early in learning". At step 50 they are hardly stronger, from step 100 on they are, most of all in the first
# game.
#
# ### Is it the same game?
#
# The paper says of $-\log D$: the same fixed point of the dynamics, with stronger gradients early on. A comment in public code goes further: descending on it "is the same as"
# descending on $\log(1 - D)$ (section 12). Sort the sentences.
#
# **One sample: same direction.** True, by the two formulas above.
#
# **A batch: same direction.** False. A sum over samples with different weights can point elsewhere, even
# backwards. **Same fixed point: sure if the generator can match the data.** If not, an example: let the data have two bumps at
# $\pm 1.5$ and let the generator be a single Gaussian $\mathcal{N}(0, s^2)$, which can only choose its width $s$. $D = D^*$ throughout.

# %% [markdown] tags=["slide", "slide-only"]
# ## Not the same game
#
# Data with two bumps, a generator that can only choose its width: in the grey strip the two losses give opposite advice.

# %% tags=["slide-continue", "slide-picture"]
x5, dx5 = theory.grid(-12, 12, 1601)
two_bumps = (theory.gaussian(x5, -1.5, 0.5) + theory.gaussian(x5, 1.5, 0.5)) / 2


def slope_in_width(s, loss):
    """d loss / ds for q = N(0, s^2) with D held at D*."""
    s = torch.tensor(s, dtype=torch.float64, requires_grad=True)
    q5 = theory.gaussian(x5, 0, s)
    logit = theory.optimal_logit(two_bumps, q5, dx5).detach()
    per_point = -F.softplus(logit) if loss == "saturating" else F.softplus(-logit)
    return torch.autograd.grad(theory.expectation(q5, per_point, dx5), s)[0].item()


def resting_width(loss, low=0.8, high=2.0):
    """Bisection: the width at which the slope changes its sign."""
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (low, middle) if slope_in_width(middle, loss) > 0 else (middle, high)
    return middle


widths = torch.linspace(1, 2, 41).tolist()
rest = {loss: resting_width(loss) for loss in ("saturating", "non-saturating")}

fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
left.axhline(0, color="grey", linewidth=0.8)
for loss, style in (("saturating", "-"), ("non-saturating", "--")):
    left.plot(widths, [slope_in_width(s, loss) for s in widths], color=G_COLOUR, linestyle=style, label=loss)
    left.plot(rest[loss], 0, "o", color=G_COLOUR)
    right.plot(x5, theory.gaussian(x5, 0, rest[loss]), color=FAKE, linestyle=style, label=f"{loss}: s = {rest[loss]:.2f}")
left.axvspan(rest["non-saturating"], rest["saturating"], color="0.92")
left.set(xlabel="width s of the generator", ylabel="slope of the generator's loss", ylim=(-1, 1.5))
left.legend(fontsize=9)
right.fill_between(x5, two_bumps, color=REAL, alpha=0.3, label="data")
right.set(xlabel="x", xlim=(-5, 5), ylim=(0, 0.6), yticks=[])
right.legend(fontsize=9)
plt.show()

# %% tags=["nbval-check-output"]
for width in (1.2, 1.45, 1.8):
    at_s = {loss: slope_in_width(width, loss) for loss in rest}
    print(f"s = {width}: " + ", ".join(f"{loss} {v:+.4f} ({'wider' if v < 0 else 'narrower'})" for loss, v in at_s.items()))
width = torch.tensor(1.45, dtype=torch.float64, requires_grad=True)
followed = 2 * theory.kl((two_bumps + theory.gaussian(x5, 0, width)) / 2, two_bumps, dx5)
print(f"slope of 2 KL(m || p) at s = 1.45: {torch.autograd.grad(followed, width)[0]:+.4f}")

# %% [markdown] tags=["notes"]
# In the grey strip the two losses give opposite advice from the same $D^*$. Saturating rests at $s \approx 1.56$, the width of smallest JS.
# Non-saturating rests at $s \approx 1.34$, with fewer fakes beyond the bumps and more between them. (The inward pull of the far ones gains most: section 6.) The last
# printed line says what it descends: $2\,\mathrm{KL}(m \| p)$, where the minimax loss has $\mathrm{KL}(p \| m) + \mathrm{KL}(q \| m)$. At $q = p$ the two losses agree: all samples
# have the weight 1/2 in both.
#
# In the first picture, $p = \mathcal{N}(0, 1)$ and $q = \mathcal{N}(\text{distance}, 1)$, what does each loss descend, and how steeply?

# %% [markdown] tags=["slide", "slide-only"]
# ## What each loss descends
#
# At $D^*$, the generator of the first picture.

# %% tags=["slide-continue", "slide-picture"]
away = shifts.clone().requires_grad_()
q_away = theory.gaussian(wide, away[:, None])  # [distance, place]
descended = {"saturating: 2 JS": 2 * theory.js(p_wide.expand_as(q_away), q_away, wide_dx)}
descended["non-saturating: 2 KL(m || p)"] = 2 * theory.kl((p_wide + q_away) / 2, p_wide.expand_as(q_away), wide_dx)
fig, axes = plt.subplots(1, 2, figsize=(9, 3.1), layout="constrained")
for (name, values), style in zip(descended.items(), ("-", "--"), strict=True):
    (steepness,) = torch.autograd.grad(values.sum(), away, retain_graph=True)
    for axis, what, label in zip(axes, (values.detach(), steepness), ("what it descends", "its slope"), strict=True):
        axis.plot(shifts, what, color=G_COLOUR, linestyle=style, label=name)
        axis.set(xlabel="distance of the generator from the data", ylabel=label, ylim=(0, 8))
    print(name.ljust(29), "".join(f"  at {at}: {values[10 * at].item():.2f}, slope {steepness[10 * at]:.3f}" for at in (1, 2, 4, 6)))
axes[1].legend(fontsize=10, loc="upper left")
plt.show()

# %% [markdown] tags=["notes"]
# One flattens, the other climbs on: at a distance of 6 the slopes are 0.012 and 5.988. They add up to the distance: $l^*$ has one slope, and $D$ and $1 - D$ share it out.
#
# **One $V$, raised by one player and lowered by the other.** Not any more: the sum of the two costs, zero in the minimax game, depends on the generator (section 6).

# %% [markdown] tags=["slide", "slide-only"]
# ## Algorithm 1
#
# **for** each iteration
#
# - $k$ times: draw $m$ latents and $m$ real samples; move $\theta_d$ **up**
# $$\frac1m \sum_i \bigl[\log D(x^{(i)}) + \log(1 - D(G(z^{(i)})))\bigr]$$
# - draw $m$ latents; move $\theta_g$ **up** (in the paper's box: **down** $\log(1 - D)$)
# $$\frac1m \sum_i \log D(G(z^{(i)}))$$

# %% [markdown] tags=["notes"]
# So what is trained in practice is another game, which has an equilibrium at $q = p$ too where that is possible. The theorem
# of section 3 is about the minimax game. Fedus et al. (2018) trained the non-saturating game on cases where descending JS should fail,
# and it worked: *JS explains the target, and it does not explain the path.*
#
# ## 5. Algorithm 1, and what k does
#
# Nobody can afford an optimal $D$ at each step. Algorithm 1 of the paper makes do:
#
# > **for** each training iteration
# > > **for** $k$ steps: draw $m$ latents and $m$ real samples; move $\theta_d$ *up* the gradient of
# > > $\frac1m \sum_i [\log D(x^{(i)}) + \log(1 - D(G(z^{(i)})))]$
# >
# > draw $m$ latents; move $\theta_g$ *down* the gradient of $\frac1m \sum_i \log(1 - D(G(z^{(i)})))$, or *up* that of
# > $\frac1m \sum_i \log D(G(z^{(i)}))$
#
# The cs231n notes explain $k$ as an adjustment of the batch size. It is not: $k$ is the number of *updates* of $D$ between two of $G$. A larger batch makes each update less noisy; more
# updates let $D$ travel further.
#
# The generator is $G(z) = \mu + s z$, so its distribution is known exactly at every moment, and with it $D^*$ and the regret of $D$. It
# starts at $\mathcal{N}(3, 0.6^2)$, the data is $\mathcal{N}(0, 1)$. Both players use gradient descent with momentum, as in the paper.

# %% [markdown] tags=["slide", "slide-only"]
# ## Figure 1 of 2014, computed

# %% tags=["slide-continue", "slide-picture"]
x6, dx6 = theory.grid(-8, 8, 401)
p6 = theory.gaussian(x6)


def algorithm_1(seed, steps, k=1, m=64, m_d=64, lr_d=0.05, lr_g=0.02, every=5, film=(), held=0):
    """At each look: step, regret of D, JS to the data; and frames of the film. D's batch is m_d, G's is m.

    After ``steps`` G stands still, for ``held`` updates of D at its rate and as many at a tenth of it.
    """
    torch.manual_seed(seed)
    D = mlp.Discriminator(1, hidden=(32, 32)).to(device)
    theta = torch.tensor([3.0, -0.5], device=device, requires_grad=True)  # mu, log s
    d_step = torch.optim.SGD(D.parameters(), lr=lr_d, momentum=0.5)
    g_step = torch.optim.SGD([theta], lr=lr_g, momentum=0.5)
    draw = torch.Generator().manual_seed(seed)

    def G(n):
        return theta[0] + theta[1].exp() * torch.randn(n, 1, generator=draw).to(device)

    def look():
        with torch.no_grad():
            q6 = theory.gaussian(x6, theta[0].item(), theta[1].exp().item())
            logits = D(x6.float()[:, None].to(device)).double().cpu()
        return q6, logits, theory.value_at_optimum(p6, q6, dx6) - theory.value_from_logits(p6, q6, logits, dx6), theory.js(p6, q6, dx6)

    seen, frames = [], {}
    for step in range(steps + 2 * held // k):
        if step == steps + held // k:
            d_step.param_groups[0]["lr"] /= 10
        for _ in range(k):
            real = torch.randn(m_d, 1, generator=draw).to(device)
            d_step.zero_grad()
            losses.saturating_d(D(real), D(G(m_d).detach())).backward()
            d_step.step()
        if step % every == 0 or step in film:
            q6, logits, regret, js = look()
            seen.append((step, regret, js))
            if step in film:
                frames[step] = q6, torch.sigmoid(logits)
        if step < steps:
            g_step.zero_grad()
            losses.non_saturating_g(D(G(m))).backward()
            g_step.step()
    return torch.tensor(seen), frames


iterations = scale.pick(ci=240, cpu=400, gpu=400)
film = (0, 20, iterations // 5, iterations - 1)
_, frames = algorithm_1(0, iterations, k=2, film=film)

fig, axes = plt.subplots(1, 4, figsize=(9, 2.8), sharey=True, layout="constrained")
for axis, (step, (q6, d)) in zip(axes, frames.items(), strict=True):
    axis.plot(x6, p6, color=REAL, label="data")
    axis.plot(x6, q6, color=FAKE, label="generator")
    axis.plot(x6, d, color=D_COLOUR, label="$D$")
    axis.plot(x6, theory.optimal_discriminator(p6, q6, dx6), color="black", linestyle=":", label="$D^*$")
    axis.set(xlim=(-5, 5.5), xlabel="x")
    axis.set_title(f"iteration {step}", fontsize=9)
fig.legend(*axes[0].get_legend_handles_labels(), fontsize=8.5, loc="outside lower center", ncols=4)
plt.show()

# %% [markdown] tags=["notes"]
# This is Figure 1 of the 2014 paper, computed ($k = 2$). $D$ calls everything on the right
# a fake, the generator climbs its slope, and $D$ ends near 1/2 where samples fall. Watch the gap between $D$ (green) and $D^*$ (dotted): $D$ still judges the generator of a moment ago.
#
# The regret of $D$, after its $k$ updates and before $G$ moves again, measures this lag. It has a natural unit: a $D$ that always says
# 1/2 has the regret $V(D^*, G) + 2 \log 2 = 2\,\mathrm{JS}$. So *regret over $2\,\mathrm{JS}$* is 0 for $D^*$ and 1 for a $D$ that knows nothing. Now the experiment:
#
# - $k = 1, 2, 5$;
# - $k = 1$ with five times the batch for $D$, which then sees as many samples as with $k = 5$ ($G$'s own batch stays);
# - $k = 1$ with a five times larger step for $D$;
# - $k = 1$ with a five times *smaller step for $G$* and five times the iterations, so that $G$ can go as far.
#
# At one iteration these games have come unequally far. So compare at equal distance: from the first look with a JS below 0.1 to the first below 0.005, the sum of $D$'s regrets over that of $2\,\mathrm{JS}$.

# %%
settings = {
    "k = 1": {"k": 1},
    "k = 1, D's batch x 5": {"k": 1, "m_d": 320},
    "k = 2": {"k": 2},
    "k = 5": {"k": 5},
    "k = 1, D's step x 5": {"k": 1, "lr_d": 0.25},
    "k = 1, G's step / 5": {"k": 1, "lr_g": 0.004, "every": 25},
}
slow = {name: 5 if "lr_g" in setting else 1 for name, setting in settings.items()}  # iterations for one of the others
print(f"{len(settings) * len(seeds)} trainings of D and G, {iterations} iterations or more each: about {len(settings) * len(seeds) * iterations / 260:.0f} seconds ...")
held = scale.pick(ci=50, cpu=400, gpu=400)  # updates of D beyond the game's end, for section 6
to_the_end = {
    name: torch.stack([algorithm_1(20 + seed, slow[name] * iterations, held=held, **setting)[0] for seed in seeds]) for name, setting in settings.items()
}  # [seed, look, (iteration, regret, JS)]
runs = {name: looks[:, looks[0, :, 0] < slow[name] * iterations] for name, looks in to_the_end.items()}


def share(looks, far, near):
    """Regret over 2 JS, each summed from the first JS below ``far`` to the first below ``near``: a number for each seed."""
    _, regret, js = looks.unbind(-1)
    between = ((js < far).cumsum(1) > 0) & ((js < near).cumsum(1) == 0)
    return (regret * between).sum(1) / (2 * js * between).sum(1)


on_the_way = {name: share(looks, 0.1, 0.005) for name, looks in runs.items()}
late = {name: looks[:, -(looks.shape[1] // 4) :, 1:].mean(1) for name, looks in runs.items()}  # [seed, (regret, JS)] in the last quarter
last_quarter = {name: float((regret_js[:, 0] / (2 * regret_js[:, 1])).mean()) for name, regret_js in late.items()}
rows = [
    {
        "": name,
        "updates of D": settings[name]["k"] * slow[name] * iterations,
        "of G": slow[name] * iterations,
        "regret / 2 JS on the way": f"{float(v.mean()):.2f} ± {float(v.std()):.2f}",
        "in the last quarter": f"{last_quarter[name]:.2f}",
        "regret there": f"{float(late[name][:, 0].mean()):.5f}",
        "JS there": f"{float(late[name][:, 1].mean()):.5f}",
    }
    for name, v in on_the_way.items()
]
viz.table(rows, caption=f"means over {len(seeds)} seeds; always 1/2: 1")

# %% [markdown] tags=["slide", "slide-only"]
# ## k is no batch size
#
# Regret of $D$ over that of a constant, on the grey stretch: 0.62 with $k = 1$, 0.69 with five times $D$'s batch, 0.18 with $k = 5$.
#
# What counts here: how far $D$ moves while $G$ takes a step.

# %% tags=["slide-continue", "slide-picture"]
levels = torch.logspace(math.log10(0.6), math.log10(0.005), 25)


def at_one_distance(looks):
    """Regret over 2 JS where a seed's JS is first below each level: the geometric mean over seeds [level]."""
    _, regret, js = looks.unbind(-1)
    below = js[:, :, None] < levels  # [seed, look, level]
    there = (regret / (2 * js)).gather(1, below.int().argmax(1))  # [seed, level]
    return there.where(below.any(1), math.nan).log().nanmean(0).exp()


fig, (left, right) = plt.subplots(1, 2, figsize=(9, 4.2), layout="constrained")
left.axvspan(0.1, 0.005, color="0.94")
hues = ("#B0B0B0", "#B0B0B0", "#707070", "#000000", "#E6B800", "#E6B800")  # nobody's colours: all six lines are about D
for name, colour, style in zip(settings, hues, ("-", "--", "-", "-", "-", "--"), strict=True):
    left.loglog(levels, at_one_distance(runs[name]), color=colour, linestyle=style, linewidth=2.2, label=name)
    if name in ("k = 1", "k = 2", "k = 5"):
        iteration, _, js = runs[name].mean(0).unbind(1)
        right.semilogy(iteration, js, color=colour, linewidth=2.2)
left.axhline(1, color="black", linewidth=1, linestyle=":", label="always 1/2")
left.set(title="D, at equal distance", xlabel="JS to the data", ylabel="regret of D over 2 JS", xlim=(0.7, 0.0045), xticks=[0.5, 0.1, 0.03, 0.005], xticklabels=["0.5", "0.1", "0.03", "0.005"])
left.minorticks_off()
right.set(xlabel="iteration of Algorithm 1", ylabel="JS to the data", title="G: k = 1, 2, 5")
fig.legend(*left.get_legend_handles_labels(), fontsize=11, loc="outside lower center", ncols=3)
plt.show()

# %% [markdown] tags=["notes"]
# In the left picture the generator travels to the right, from a JS of 0.61. At first every $D$ learns faster than $G$ moves, and its share falls. Then the share climbs: with $k = 1$ to about 0.8 at a JS of 0.1, where this $D$ is little better than a constant; with $k = 5$ to a quarter.
#
# More updates bring $D$ closer to its best: 0.62, 0.44, 0.18 on the grey stretch. So does a larger step for $D$ (0.14; unsure below a JS of 0.03: section 6), and so does a smaller step for
# $G$ (0.15).
#
# What counts here is how far
# $D$ can move while $G$ takes a step. The paper says: $D$ stays near its optimum *so long as $G$ changes slowly enough*; it took $k = 1$ as
# the least expensive. Heusel et al. (2017) build on this with two time scales. Five times the batch shows no gain (0.69; near the data a small one: section 6).
#
# The generator comes nearer, too (right, where the curves swing): in the last quarter JS is 0.00418, 0.00044, 0.00004 for $k = 1, 2, 5$. There the unit, $2\,\mathrm{JS}$, is tiny: with $k = 2$ and 5 a constant is nearer to $D^*$ (1.79 and 4.05). The regret falls (0.00588, 0.00155, 0.00027), but so does the distance.
#
# On the left: from a JS of 0.03 on the curves rise again, and those of $k = 1$ and 2 pass 1. (A curve takes one look at each distance; in the table's sums the far looks weigh most: section 6.)

# %%
near = {name: float(share(looks, 0.03, 0.005).mean()) for name, looks in runs.items()}
for row, name, how in (("C05", "k = 5", "k = 5"), ("C05.slow", "k = 1, G's step / 5", "k = 1 and a fifth of G's step")):
    claim(
        row,
        f"D stays near its optimum so long as G changes slowly enough: regret over 2 JS while JS falls from 0.1 to 0.005, {how}",
        paper="near its optimal solution",
        ours=on_the_way[name],
        over="trainings",
        tolerance=at_most(0.4),
        baselines=nulls(D_of_one_half=1.0, k_of_1=on_the_way["k = 1"]),
        source="Goodfellow et al. 2014, section 4",
        note=f"the stretch was set on two other seeds; from JS 0.03 on: {near[name]:.2f}, k = 1: {near['k = 1']:.2f}; in the last quarter: {last_quarter[name]:.2f}, k = 1: {last_quarter['k = 1']:.2f}",
    )

# %% [markdown]
# ## Play
#
# Walk along the journey of a generator $\mathcal{N}(\mu, s^2)$: first $\mu$ goes from 4 to 0 with $s = 0.5$, then $s$ grows to 1. Before you move, guess: at which
# step of the walk does $D^*$ stop having a valley? Which half of the journey lowers JS more? And watch the slope of $D^*$ *under the
# orange curve*, which is all that the generator gets to see.

# %%
from gancourse.viz.figures import rendered  # noqa: E402


def stage(mu, s):
    q_ = theory.gaussian(x, mu, s)  # x, dx and p are those of section 2
    js, v = (float(f(p, q_, dx)) for f in (theory.js, theory.value_at_optimum))

    def draw(figure):
        axis = figure.add_subplot()
        axis.plot(x, p, color=REAL, label="data")
        axis.plot(x, q_, color=FAKE, label="generator")
        axis.plot(x, theory.optimal_discriminator(p, q_, dx), color=D_COLOUR, label="$D^*$")
        axis.set(xlim=(-4, 6.5), ylim=(-0.02, 1.3), yticks=[0, 0.5, 1], title=f"JS = {js:.3f} of {math.log(2):.3f},  max V = {v:.3f}")
        axis.legend(fontsize=8, loc="upper center", ncols=3)

    return rendered(draw, 430, 250)


journey = [(mu, 0.5) for mu in (4, 3, 2, 1.5, 1, 0.5, 0)] + [(0, s) for s in (0.65, 0.8, 1)]
widgets.explorer({f"mu = {mu:g}, s = {s:g}": stage(mu, s) for mu, s in journey}, label="generator", kind="slider", most=4)

# %% [markdown]
# The answers. The valley goes only at $s = 1$, the last step: as long as the generator is narrower than the data, $D^*$ rises to 1 on both sides of it (at $\mu = 4$ outside the picture). The first half of the journey lowers JS from 0.682 to 0.093. And under the orange curve $D^*$ rises
# towards the data only left of its floor (at $\mu = 1.5$ at $x = 2$); fakes beyond it are drawn away. At $\mu = 0$ it rises outwards on both sides, which
# makes the generator wider.
#
# Now two networks. $D$ takes ten steps to $G$'s one, and $G$ descends $\log(1 - D(G(z)))$ by plain gradient descent. Press play: within a
# hundred rounds the arrows are gone, and the samples stand where they stood. ($W$ above the stored pictures is the Wasserstein distance to the data, lecture 11: it stays near 1.7.) Is the game lost? Choose *non saturating*, without starting
# again, and play on. Then start again and find two other ways out. (Look at $D$'s steps, and at the penalties.)

# %%
widgets.playground("vanishing")

# %% [markdown] tags=["slide", "slide-only"]
# ## In short
#
# - For a fixed $G$ the best $D$ is the data's share, $p / (p + q)$. It leaves $2\,\mathrm{JS} - 2 \log 2$ to the generator: lowest where $q = p$, flat far away.
# - It is the sigmoid that saturates. $\log(1 - D)$ lets it, $-\log D$ undoes it, and so plays another game.
# - JS explains the target, and does not explain the path.

# %% [markdown] tags=["notes"]
# # Going deeper
#
# The core path ends here. What follows: small checks of sections 2 to 5, and their formulas on random histograms (6); why $D^*$ may be held still (7); the minimax theorem, and what it does not promise (8); data that is missing, which $-\log D$ finds late (9); the
# ratio of the two gradients on a generator that stands still, and what the two live games draw (10); a constant that kills the gradient (11); names and slips on the slides (12); a game that turns in circles (13).

# %% [markdown]
# ## 6. Checks of sections 2 to 5
#
# ### A mean over z is a mean over q
#
# Section 2 passed from a mean over the noise to one over the generator's distribution:
#
# $$\mathbb{E}_{z \sim p_z}\, f(G(z)) = \mathbb{E}_{x \sim q}\, f(x).$$
#
# By numbers, with $f = \log(1 - D)$ and a $D$ that is as good as any other:

# %% tags=["nbval-check-output"]
def some_d(x):
    return torch.sigmoid(1 - x**2)


z, dz = theory.grid(-9, 9, 1801)
print(f"mean of log(1 - D) over z: {theory.expectation(theory.gaussian(z), torch.log(1 - some_d(1.5 + 0.5 * z)), dz):.10f}")
print(f"mean of log(1 - D) over x: {theory.expectation(q, torch.log(1 - some_d(x)), dx):.10f}")

# %% [markdown]
# And $p$ and $q$ were densities. (Where just one of them is zero, $h$ of section 2 runs uphill all the way to $d = 0$ or $d = 1$, and the formula of $D^*$ gives that end.) A generator with few latents in a large space has none in the usual sense; read $p$ and $q$ as
# densities with respect to the measure $p + q$, for which both always have one, and nothing changes.
#
# ### The two costs
#
# $J^{(D)}$ and Kurmi's $J^{(G)}$ (section 4) at $D = D^*$, the generator $\mathcal{N}(\text{shift}, 1)$. In the minimax game the last column would be 0:

# %% tags=["nbval-check-output"]
print("shift     J(D)     J(G)   J(D) + J(G)")
for shift in (0.0, 1.0, 2.0, 4.0):
    q_wide = theory.gaussian(wide, shift)
    j_d, j_g = -theory.value_at_optimum(p_wide, q_wide, wide_dx) / 2, theory.non_saturating_at_optimum(p_wide, q_wide, wide_dx) / 2
    print(f"{shift:5.0f}   {j_d:.4f}   {j_g:.4f}        {j_d + j_g:.4f}")

# %% [markdown]
# ### Two bumps, by place
#
# In the example of section 4 a fake is $x = s z$; when $s$ grows by 1 it moves by $z = x/s$. So the slope in $s$ is the mean of minus weight times $l^{*\prime}(x)\, x/s$, and can be split by place. And another name for what
# $-\log D$ descends: $\mathrm{KL}(q \| p) - 2\,\mathrm{JS}$ has the same slope (Arjovsky & Bottou 2017, Theorem 2.5), with a *minus* before JS.

# %% tags=["nbval-check-output"]
q5 = theory.gaussian(x5, 0, width)
riddle = theory.reverse_kl(two_bumps, q5, dx5) - 2 * theory.js(two_bumps, q5, dx5)
print(f"slope of KL(q || p) - 2 JS at s = 1.45: {torch.autograd.grad(riddle, width)[0]:+.4f}")
q5 = q5.detach()
l5 = theory.optimal_logit(two_bumps, q5, dx5)
moves_logit = torch.gradient(l5, spacing=dx5)[0] * x5 / 1.45
regions = {"between": x5.abs() < 0.75, "under": (x5.abs() - 1.625).abs() <= 0.875, "beyond": x5.abs() > 2.5}  # 0.75 to 2.5: under the bumps
for loss, weight in {"saturating": torch.sigmoid(l5), "non-saturating": torch.sigmoid(-l5)}.items():
    print(f"{loss:15} slope by place:", ", ".join(f"{name} {theory.expectation(q5, -weight * moves_logit * here, dx5):+.2f}" for name, here in regions.items()), end="")
    print("   mean weight:", ", ".join(f"{name} {theory.expectation(q5, weight * here, dx5) / theory.expectation(q5, here, dx5):.2f}" for name, here in regions.items()))

# %% [markdown]
# Between and beyond, $D^*$ is sure of a fake, so fakes in both places weigh much more in $-\log D$. The outward pull on those between grows from 0.07 to 0.32, the inward pull on those beyond from 0.10 to 0.84, and that decides.
#
# ### Five times the batch, on ten seeds
#
# Section 5 gave $D$ five times the batch. Five seeds more, for this setting and for $k = 1$, and the way in two halves:

# %%
both = ("k = 1, D's batch x 5", "k = 1")
print(f"{2 * len(seeds)} more trainings ...")
more = {name: torch.stack([algorithm_1(25 + seed, iterations, **settings[name])[0] for seed in seeds]) for name in both}
halves = {"JS 0.1 to 0.03": (0.1, 0.03), "JS 0.03 to 0.005": (0.03, 0.005)}
table = [{"": name} | {half: f"{float(share(runs[name], *ends).mean()):.2f}" for half, ends in halves.items()} for name in settings]
viz.table(table, caption=f"regret over 2 JS, means over the {len(seeds)} seeds of section 5")

# %%
def batch_over_none(far, near):
    larger, plain = (torch.cat([share(runs[name], far, near), share(more[name], far, near)]) for name in both)
    return larger / plain


by_half = {half: batch_over_none(*ends) for half, ends in halves.items()}
question(
    "C05.batch",
    "D's regret over 2 JS with five times D's batch, over that without (k = 1, JS from 0.1 to 0.005; 1: no change)",
    ours=batch_over_none(0.1, 0.005),
    over="trainings",
    note="half of the seeds were known when the others were added; "
    + "; ".join(f"{half}: {float(v.mean()):.2f} ± {float(v.std()):.2f}" for half, v in by_half.items()),
)

# %% [markdown]
# Over the whole way no gain: the share is 1.10 times that without, and the interval leaves room for a gain of 8 % and no more. $k = 5$ takes away seven tenths.
#
# The halves differ. With the larger batch the share is 0.72 against 0.65 in the first, and 0.22 against 0.27 in the second (five seeds). On all ten, seed by seed, it is 1.12 ± 0.26 times that without in the first and 0.80 ± 0.15 times in the second (the row's note): near the data a larger batch does help, by a fifth. We had expected nothing there, either.
#
# The larger step for $D$ is the best of all in the first half (0.12), and no better than $k = 1$ in the second (both 0.27), while $k = 5$ and the smaller step for $G$ help there, too (0.13 each).
#
# The two ways to count disagree here: the table sums all looks of a seed, and the picture of section 5 takes the first look below each distance. By the picture the larger step is ahead of $k = 1$ nearly everywhere in this half as well, at the end by two to three times. What holds in both halves, counted either way, on these five seeds: $k = 5$ and the smaller step for $G$ bring $D$ nearer than $k = 1$ does.
#
# ### The last quarter: is D far, or the unit small?
#
# At the end of section 5's games let $G$ stand still and $D$ go on: 400 updates at its own rate, then 400 at a tenth of it. If $D$ was behind a moving $G$, it now catches up. If its own steps kept it from standing still, the smaller steps bring it nearer.

# %%
rows = []
for name, looks in to_the_end.items():
    end, k = slow[name] * iterations, settings[name]["k"]
    iteration, regret, js = looks[0, :, 0], looks[..., 1], looks[..., 2]
    row = {"": name, "in the last quarter": late[name][:, 0], "2 JS at the end": 2 * js[:, -1]}
    for phase, what in enumerate(("G held", "G held, D's rate / 10")):
        second_half = (iteration >= end + (phase + 0.5) * held / k) & (iteration < end + (phase + 1) * held / k)
        row[what] = regret[:, second_half].mean(1)
    rows.append({what: value if what == "" else f"{float(value.mean()):.5f}" for what, value in row.items()})
viz.table(rows, caption=f"regret of D, means over {len(seeds)} seeds; with G held over the second half of the {held} updates")

# %% [markdown]
# It depends on $k$.
#
# - With $k = 1$ the regret falls from 0.00588 to 0.00053 once $G$ stands still: $D$ was behind. So it was with $k = 2$ (0.00155, then 0.00051), and there a share above 1 is the moving generator's doing.
# - With $k = 5$ little changes, 0.00027 and then 0.00021: this $D$ was not far behind. A tenth of its rate brings it to 0.00008.
# - A fifth of $G$'s step is between the two: 0.00025, 0.00012, 0.00005.
#
# A $D$ that goes on at its full rate keeps a regret of some ten-thousandths, with any of these $k$, and where $2\,\mathrm{JS}$ is smaller (0.00004 at the end) a constant is nearer. (In the last column $D$ has also had 400 updates more; the two were not told apart.)
#
# ### Both theorems on random histograms
#
# Sections 2 and 3 took one pair of Gaussians. Here are their statements on random histograms, five draws each. Proposition 1 of the paper: no small move away from $D^*$ raises $V$. Theorem 1: at $q = p$ no $D$ gets above
# $-\log 4$, for any other $q$ the best one does, and formula (5) holds.
#
# A wild $D$ would be no test of the second statement: it is so bad that it stays below $-\log 4$ against almost any generator. So the thousand $D$ are drawn within 0.05 of 1/2, and the row's note says what the same ones reach when $q$ is not $p$.

# %%
nudges = torch.cat([torch.eye(10), -torch.eye(10)]).double() / 1000  # up and down by 0.001, one place at a time
better, better_than_half = [], []
for seed in range(5):
    draw = torch.Generator().manual_seed(seed)
    p_, q_ = theory.normalise(0.1 + torch.rand(2, 10, generator=draw, dtype=torch.float64))
    moved = theory.optimal_discriminator(p_, q_) + nudges  # [20, 10]
    better.append((theory.value(p_.expand_as(moved), q_.expand_as(moved), moved) >= theory.value_at_optimum(p_, q_)).sum())
    around_half, at_half = 0.5 + nudges, theory.value(p_, q_, torch.full_like(p_, 0.5))
    better_than_half.append(int((theory.value(p_.expand_as(moved), q_.expand_as(moved), around_half) >= at_half).sum()))
identity(
    "C02.best",
    "D* is the maximum on random histograms: of 20 moves by 0.001 at one place, those that do not lower V",
    expected=0,
    ours=better,
    over="draws",
    tolerance=at_most(0),
    source="Goodfellow et al. 2014, Proposition 1",
    decks="W",
    note=f"of the same 20 moves around D = 1/2, {min(better_than_half)} to {max(better_than_half)} do not lower V",
)

# %%
at_equal, from_half, elsewhere, above, differences = [], [], [], [], []
for seed in range(5):
    draw = torch.Generator().manual_seed(seed)
    weights = torch.rand(2, 20, generator=draw, dtype=torch.float64)
    weights[0, :3] = weights[1, -3:] = 0  # places that only one of them visits
    p_, q_ = theory.normalise(weights)
    differences.append(abs(theory.value(p_, q_, theory.optimal_discriminator(p_, q_)) - 2 * theory.js(p_, q_) + 2 * math.log(2)))
    spread = torch.rand(1000, 1, generator=draw, dtype=torch.float64)  # from q = p nearly to q far away
    others = theory.normalise((1 - spread) * p_ + spread * theory.normalise(torch.rand(1000, 20, generator=draw, dtype=torch.float64)))
    near_half = 0.5 + 0.05 * (2 * torch.rand(1000, 20, generator=draw, dtype=torch.float64) - 1)
    at_equal.append(max(theory.value(p_, p_, d) for d in near_half))
    from_half.append(abs(theory.value(p_, p_, torch.full_like(p_, 0.5)) + 2 * math.log(2)))
    elsewhere.append(max(theory.value(p_, q_, d) for d in near_half))
    above.append(min(theory.value(p_, other, theory.optimal_discriminator(p_, other)) for other in others) + 2 * math.log(2))
identity(
    "C03",
    "At p_g = p_data no D gets above -2 log 2, which D = 1/2 reaches: the largest V of 1000 D within 0.05 of 1/2",
    expected="at most -1.3863",
    ours=at_equal,
    over="draws",
    tolerance=at_most(-2 * math.log(2)),
    source="Goodfellow et al. 2014, Theorem 1",
    note=f"D = 1/2 reaches it ({'to 1e-12' if max(from_half) < 1e-12 else 'not: off by ' + format(max(from_half), '.0e')}); "
    f"against another p_g the largest V of the same 1000 D is {min(elsewhere):.4f} to {max(elsewhere):.4f}: above",
)
identity(
    "C03.only",
    "Elsewhere D* gets above -2 log 2: by how much at least, of 1000 random p_g other than p_data",
    expected="above 0",
    ours=above,
    over="draws",
    tolerance=at_least(1e-12),
    source="Goodfellow et al. 2014, Theorem 1",
)
identity(
    "C03.js",
    "V(D*, G) = 2 JS(p_data, p_g) - 2 log 2 on random histograms (largest difference)",
    ours=differences,
    over="draws",
    tolerance=at_most(1e-12),
    source="Goodfellow et al. 2014, Theorem 1",
    decks="W",
)

# %% [markdown]
# ## 7. A careful look at one sentence
#
# Wang reaches formula (5) of the deck by "adding a term that does not depend on the generator": the generator's own loss is only
# $\mathbb{E}_q \log(1 - D)$, and $\mathbb{E}_p \log D$ is added to it. For a *fixed* $D$ that is right. But then $D^*$ is put in, and
# $\mathbb{E}_p \log D^*$ does depend on the generator, through the $q$ inside $D^*$. Does the conclusion survive? Move the generator
# by a shift $\theta$ and take three derivatives:

# %% tags=["nbval-check-output"]
theta = torch.tensor(1.5, dtype=torch.float64, requires_grad=True)
moving = theory.gaussian(x, theta, 0.5)
held = theory.optimal_logit(p, moving, dx).detach()  # the logit of D*, no longer a function of theta


def slope(f):
    return torch.autograd.grad(f, theta, retain_graph=True)[0]


print(f"of 2 JS - 2 log 2                                {slope(theory.value_at_optimum(p, moving, dx)):.6f}")
print(f"of E_q log(1 - D) with D held at D*              {slope(theory.expectation(moving, -F.softplus(held), dx)):.6f}")
print(f"of E_q log(1 - D*) with D* moving along          {slope(theory.saturating_at_optimum(p, moving, dx)):.6f}")

# %% [markdown]
# The first two agree and the third does not. It survives, then, for a reason that the sentence leaves out. At a maximum over $D$ the
# derivative with respect to $D$ is zero, so moving $D^*$ along changes $V$ by nothing to first order. (This is the *envelope
# theorem*.)
#
# The slope of $\max_D V$ is therefore the slope of $V$ with $D$ held still, and with $D$ held still the added term drops out.
# Training code does hold $D$ still during the generator's step. So a generator that faces $D^*$ *at every step* descends
# $2\,\mathrm{JS}$, and one that faces anything else descends something else.

# %% [markdown]
# ## 8. A minimax theorem, and its small print
#
# ### Descending with the best discriminator
#
# As a function of $q$ the value $V$ is linear for each $D$, so its maximum over $D$ is convex in $q$: there are no bad valleys. Proposition 2
# of the paper builds on that: if $D$ is made optimal at each step and $q$ is improved by small steps, then $q$ converges to $p$.
#
# A network
# has no $q$ to step in, it has weights. So begin with the smallest generator that has some: a histogram with 20 bars,
# $q = \mathrm{softmax}(w)$, and steps in $w$. Nothing is sampled, and $D^*$ is recomputed at every step and held fixed for the step. The data has two bumps; the generator starts on one of them.

# %%
places = torch.linspace(-3, 3, 20, dtype=torch.float64)
bumps = theory.normalise(torch.exp(-2 * (places - 1.2) ** 2) + 0.6 * torch.exp(-3 * (places + 1.2) ** 2) + 1e-3)
start = -((places + 1.5) ** 2) / 2


def descend(generator_loss, steps, lr=2.0):
    """The path of q [steps + 1, 20], and its JS to the data."""
    w, path = start.clone().requires_grad_(), []
    for _ in range(steps + 1):
        q_ = torch.softmax(w, 0)
        path.append(q_.detach())
        (gradient,) = torch.autograd.grad(generator_loss(q_, theory.optimal_discriminator(bumps, path[-1])), w)
        w.data -= lr * gradient
    return torch.stack(path), torch.stack([theory.js(bumps, q_) for q_ in path])


descent_steps = scale.pick(ci=600, cpu=3000, gpu=3000)
saturating_path, saturating_js = descend(lambda q_, d: (q_ * torch.log1p(-d)).sum(), descent_steps)

# %% [markdown] tags=["slide", "slide-only"]
# ## Descending with the best discriminator

# %% tags=["slide-continue", "slide-picture"]
fig = plt.figure(figsize=(9, 4.8), layout="constrained")
panels = fig.add_gridspec(2, 4)
for i, step in enumerate((0, 100, 300, descent_steps)):
    axis = fig.add_subplot(panels[0, i])
    axis.bar(places, bumps, width=0.28, color=REAL, alpha=0.45, label="data")
    axis.step(places, saturating_path[step], where="mid", color=FAKE, linewidth=2, label="generator")
    axis.set(ylim=(0, 0.27), yticks=[])
    axis.set_title(f"step {step}")
    if i == 1:
        axis.legend(fontsize=10, loc="upper right")
axis = fig.add_subplot(panels[1, :])
axis.semilogy(saturating_js, color=G_COLOUR)
axis.set(xlabel="step", ylabel="JS to the data")
plt.show()

# %% [markdown] tags=["notes"]
# The bars are the minimax loss at work: the missing bump is found, the surplus melts, and JS falls in stairs. In a softmax a small bar's own growth
# goes with $q_i^2$ ($q_i$ is a factor of its slope, and of its answer to a step), so an almost empty one takes long to start. When does each bar of the far bump have half of what it should have?

# %%
def half_full(path, bar):
    """The first step at which a bar has half of its share of the data; None if the path ends before."""
    there = (path[:, bar] >= bumps[bar] / 2).nonzero()
    return int(there[0]) if len(there) else None


print("bar at x   share of the data   share at the start   first step with half   step x share at the start   JS then")
for bar in range(11, 20):
    begun, step = saturating_path[0, bar], half_full(saturating_path, bar)
    when = f"{'later':>20}" if step is None else f"{step:20d}   {step * begun:25.2f}   {saturating_js[step]:7.4f}"
    print(f"{places[bar]:8.2f}   {bumps[bar]:17.4f}   {begun:18.7f}   {when}")

# %% [markdown]
# One after the other, each later than the one before it, and most of the wait between two of them is a landing of the stairs. From the bar at 1.42 on,
# the wait times the share at the start is nearly constant, 0.17 to 0.14, as growth with $q_i^2$ asks for. The two outermost bars,
# with 0.3 % of the data, are still missing at the end: there JS rests at nearly a thousandth. The proposition promises nothing for steps in weights.
#
# ### Min and max in this order
#
# At the solution $D = 1/2$ everywhere. What holds the generator there? Nothing in $V(1/2, \cdot)$: it is $-\log 4$ for *every* $q$, so
# against this $D$, as against any constant one, all generators are equally good. And against a fixed $D$ with one highest point the best reply is a
# disaster. $V$ is linear in $q$, so its minimum puts all mass on that point:

# %% [markdown] tags=["slide", "slide-only"]
# ## Min and max in this order
#
# Against any constant $D$, 1/2 among them, all generators are equally good. Against a *fixed* $D$ with one highest point the best reply is a spike there. If $D$ answers, the spike is the worst.

# %% tags=["nbval-check-output", "slide-continue"]
d_star = theory.optimal_discriminator(bumps, torch.softmax(start, 0))
spike = torch.zeros_like(bumps)
spike[d_star.argmax()] = 1
half = torch.full_like(bumps, 0.5)
for name, q_ in {"the start": torch.softmax(start, 0), "the data": bumps, "a spike at the largest D": spike}.items():
    against = [theory.value(bumps, q_, d) for d in (half, d_star)]
    print(f"q = {name:25} V(1/2, q) = {against[0]:.4f}   V(D, q) = {against[1]:8.4f}   max over D: {theory.value_at_optimum(bumps, q_):8.4f}")

# %% [markdown] tags=["notes"]
# Read the last row. Against the $D$ that was best for the start (middle column), collapsing onto one point beats even a perfect copy of the
# data. As soon as $D$ may answer (last column), the spike is the worst of the three. So the data is what $G$ should choose if $D$ moves
# second, and the spike is what it should choose if $D$ does not move. Gradient code takes turns and settles neither. Keep this in mind
# for the lecture on mode collapse.
#
# With free functions the two orders agree in value: $D = 1/2$ secures $-\log 4$ whatever $G$ does, and $q = p$ holds every $D$ to
# $-\log 4$ or less. So $(p, 1/2)$ is a saddle point. Three things in the small print do not
# carry over to networks: that $D$ is optimal at each step, that steps are taken in $q$ and not in weights, and that $q$ can be
# anything, in particular $p$.
#
# ### The same theorem in McAllester's words
#
# McAllester writes no $V$. A pair $(i, y)$ is drawn: the label $i \in \{-1, 1\}$ by a fair coin, then $y \sim \mathrm{pop}$ if
# $i = 1$ and $y \sim p_{\Phi}$ if $i = -1$. The discriminator is a conditional distribution $P_{\mathrm{Disc}}(i \mid y)$, and
#
# $$\mathrm{Gen}^* = \operatorname*{argmax}_{\mathrm{Gen}}\ \min_{\mathrm{Disc}}\ \mathbb{E}_{(i, y)} \bigl[-\ln P_{\mathrm{Disc}}(i \mid y)\bigr].$$
#
# Build the table of all pairs and compute it as written. With $D(y) = P_{\mathrm{Disc}}(1 \mid y)$ it must be $-V/2$, so argmax and min
# stand where min and max stood.

# %% tags=["nbval-check-output"]
def labelled_pairs(pop, gen):
    """P(i, y): row 0 is i = -1 (generated), row 1 is i = 1 (population)."""
    return torch.stack([gen, pop]) / 2


def cross_entropy(joint, disc):
    """E[-ln P_disc(i | y)] over the table of pairs; disc has the shape of joint, its columns sum to 1."""
    return -torch.special.xlogy(joint, disc).sum()


draw = torch.Generator().manual_seed(0)
pop, gen = theory.normalise(torch.rand(2, 8, generator=draw, dtype=torch.float64))
joint = labelled_pairs(pop, gen)
guess = torch.rand(8, generator=draw, dtype=torch.float64)
print(f"any Disc:        {cross_entropy(joint, torch.stack([1 - guess, guess])):.12f}")
print(f"-V/2:            {-theory.value(pop, gen, guess) / 2:.12f}")

posterior = joint / joint.sum(0)  # P(i | y), the best Disc
information = (joint * (joint / (joint.sum(0) * joint.sum(1, keepdim=True))).log()).sum()
print(f"the best Disc:   {cross_entropy(joint, posterior):.12f}")
print(f"ln 2 - JS:       {math.log(2) - theory.js(pop, gen):.12f}")
print(f"ln 2 - I(i; y):  {math.log(2) - information:.12f}")

# %% [markdown]
# "Note that this involves only discrete cross-entropy", the deck says: the samples may be images, but what is predicted is one bit, so no
# density of images is ever needed. The best cross-entropy is what is left unknown about that bit after seeing the image.
#
# One bit is
# $\ln 2$, and seeing $y$ takes off the *mutual information* $I(i; y)$. So JS has a plain meaning: **it is how much an image tells about
# whether it is real**, at most one bit. The generator's goal is that images tell nothing. Then the discriminator pays the full $\ln 2$
# per image, the maximum.

# %%
differences, at_pop, against_another, elsewhere = [], [], [], []
for seed in range(5):
    draw = torch.Generator().manual_seed(seed)
    pop = theory.normalise(torch.rand(30, generator=draw, dtype=torch.float64))
    guesses, gens, spread = (torch.rand(1000, n, generator=draw, dtype=torch.float64) for n in (30, 30, 1))
    guesses = 0.5 + 0.05 * (2 * guesses - 1)  # the ones that could get below ln 2 anywhere
    gens = theory.normalise((1 - spread) * pop + spread * theory.normalise(gens))
    joint, matched = labelled_pairs(pop, gens[0]), labelled_pairs(pop, pop)
    differences.append(abs(cross_entropy(joint, torch.stack([1 - guesses[0], guesses[0]])) + theory.value(pop, gens[0], guesses[0]) / 2))
    other = labelled_pairs(pop, gens[spread.argmax()])
    for pairs, smallest in ((matched, at_pop), (other, against_another)):
        smallest.append(min(cross_entropy(pairs, torch.stack([1 - guess, guess])) for guess in guesses))
    short = [math.log(2) - cross_entropy(pairs, pairs / pairs.sum(0)) for pairs in (labelled_pairs(pop, gen) for gen in gens)]
    elsewhere.append(min(short))
identity(
    "C07",
    "The labelled-pair cross-entropy with i in {-1, 1} equals -V/2 (largest difference)",
    ours=differences,
    over="draws",
    tolerance=at_most(1e-12),
    source="McAllester 2020, TTIC 31230",
)
identity(
    "C07.maximum",
    "At p_gen = pop no Disc gets below ln 2: the smallest cross-entropy of 1000 Disc within 0.05 of 1/2",
    expected="at least 0.6931",
    ours=at_pop,
    over="draws",
    tolerance=at_least(math.log(2)),
    source="McAllester 2020, TTIC 31230",
    decks="M",
    note=f"against another Gen the smallest of the same 1000 is {min(against_another):.4f} to {max(against_another):.4f}: below",
)
identity(
    "C07.others",
    "Every other Gen leaves less than ln 2 to the best Disc: the smallest shortfall of 1000 random Gen",
    expected="above 0",
    ours=elsewhere,
    over="draws",
    tolerance=at_least(1e-12),
    source="McAllester 2020, TTIC 31230",
    decks="M",
)

# %% [markdown]
# ## 9. The other side: data that is missing
#
# Take the histogram of section 8 again, with the same steps in $w$ and $D^*$ at every step, and let it descend $-\log D^*$ (left). On the right the weights are taken away: *mirror* steps in $q$
# itself, which multiply each bar by $e^{-\eta \cdot \text{slope}}$.

# %% [markdown] tags=["slide", "slide-only"]
# ## The other side: data that is missing
#
# Left, steps in the weights of a softmax. Right, *mirror* steps in $q$ itself.

# %% tags=["slide-continue", "slide-picture"]
slope_in_q = {"log(1 - D)": lambda d: torch.log1p(-d), "-log D": lambda d: -d.log()}  # of the two losses in q, with D held


def descend_in_q(loss, move, steps=1000):
    """The path of q [steps + 1, 20] under ``move(q, slope)``, and its JS to the data."""
    path = [torch.softmax(start, 0)]
    for _ in range(steps):
        held_d = theory.optimal_discriminator(bumps, path[-1]).clamp(1e-12, 1 - 1e-12)  # where q is 0, D is 1, and log(1 - D) has no end
        path.append(move(path[-1], slope_in_q[loss](held_d)))
    return torch.stack(path), torch.stack([theory.js(bumps, q_) for q_ in path])


def mirror(q, slope):
    return theory.normalise(q * torch.exp(-0.02 * slope))


other_path, other_js = descend(lambda q_, d: -(q_ * d.log()).sum(), descent_steps)
in_w, in_q = (saturating_path, saturating_js), descend_in_q("log(1 - D)", mirror)
print("fakes per real sample at the start of the last six bars:", "  ".join(f"{v:.3f}" for v in (in_w[0][0] / bumps)[14:]))
for name, (path, _) in {"steps in w": in_w, "mirror steps": in_q}.items():
    print(f"log(1 - D), {name:13} half of the data's share at step", "  ".join(str(half_full(path, bar) or "later") for bar in range(14, 20)))
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.3), sharey=True, layout="constrained")
for axis, title, curves in ((left, "steps in $w$", (in_w[1], other_js)), (right, "mirror steps in $q$", (in_q[1], descend_in_q("-log D", mirror)[1]))):
    for js, style, label in zip(curves, ("-", "--"), (r"descending $E_q \log(1 - D^*)$", r"descending $E_q[-\log D^*]$"), strict=True):
        axis.semilogy(js, color=G_COLOUR, linestyle=style, label=label)
    axis.set(xlabel="step", ylim=(1e-5, 0.5))
    axis.set_title(title, fontsize=11)
left.set(ylabel="JS to the data")
right.legend(fontsize=11)
plt.show()

# %% [markdown] tags=["notes"]
# On the right there are no landings. A mirror step changes $\log q_i$ by an amount that depends on $q_i / p_i$ alone, apart from a constant that all bars share. The last six bars start with the same $q_i / p_i$ to within a factor of two, and in the minimax game they are half full
# within ten steps of each other (118 to 128), though their shares at the start differ by a factor of 350. In $w$ that amount is multiplied by $q_i$, and the last two are not there after 3000.
#
# On the left the loss that is praised for being fast is the slower one. Look at two bars after 100 steps there:

# %% tags=["nbval-check-output"]
print("fakes per real sample           at the start   saturating, step 100   non-saturating, step 100")
for name, bar in (("far left, too many fakes", 0), ("far bump, fakes missing", 14)):
    ratios = [float(q_[bar] / bumps[bar]) for q_ in (saturating_path[0], saturating_path[100], other_path[100])]
    print(f"{name:28} {ratios[0]:14.3f}   {ratios[1]:20.3f}   {ratios[2]:24.3f}")

# %% [markdown]
# $-\log D$ is quicker to remove fakes that look wrong, and with steps in $w$ far slower to find data that is missing. At a place with much
# data and few fakes $D^*$ is near 1. With 0.012 fakes per real sample $\log(1 - D^*)$ is $-4.4$, a large reward for going there; $-\log D^*$ is 0.01 already, and cannot fall below 0. The
# famous picture of the two losses has two sides, and this is the side that is rarely shown.
#
# How much of this is the loss, and how much the softmax, in which an almost empty bar hardly moves? Beside the mirror steps, take steps in $q$
# as Proposition 2 has them, put back onto the distributions after each (`onto_simplex`):

# %% tags=["nbval-check-output"]
moves = {
    "q, steps of 0.001": lambda q, slope: theory.onto_simplex(q - 0.001 * slope),
    "q, steps of 0.003": lambda q, slope: theory.onto_simplex(q - 0.003 * slope),
    "mirror, rate 0.02": mirror,
}
print("JS to the data after                 0 steps      100      300     1000")
for kind, move in moves.items():
    for loss in slope_in_q:
        _, js = descend_in_q(loss, move)
        print(f"{kind:20} {loss:12}{js[0]:11.4f}" + "".join(f"{js[step]:9.4f}" for step in (100, 300, 1000)))

# %% [markdown]
# In $q$, and with mirror steps, both losses arrive when the steps are small, and neither is far slower. (The proposition promises it for the minimax loss only.) "Sufficiently small" is needed. With three times
# the step the minimax loss, whose slope has no bound where $q$ is empty, is still far off after a thousand steps; $-\log D$ gets nearer. So the stairs of the
# picture are no merit or fault of one loss, both have them; that $-\log D$ is so much slower there needs the softmax.
#
# One more look at the divergence $2\,\mathrm{KL}(m \| p)$ that $-\log D$ lowers (section 4). Its slope in $q$ is $\log(1 + q/p)$ and a constant: towards places where fakes are missing it levels off. The slope of $2\,\mathrm{JS}$ is
# $\log \frac{q}{p + q}$ and a constant, and falls without end.
#
# ## 10. Against a generator that stands still
#
# Section 4 said that for one sample the ratio of the two gradients' norms is $(1 - D)/D$. For a batch we expect roughly (mean of
# $1 - D$)/(mean of $D$). We measure it: an
# untrained generator of $8 \times 8$ digits, and a discriminator that is trained against it while the generator stands still. Before
# you look: if the mean logit on fakes sinks to $-9$, which ratio do you expect?

# %%
def confident_discriminator(seed, looks):
    """Gradient norms of both losses on a frozen generator while D learns; a row for each step in ``looks``."""
    torch.manual_seed(seed)
    G = mlp.Generator(16, (1, 8, 8), out="tanh").to(device)
    D = mlp.Discriminator((1, 8, 8)).to(device)
    optimizer = torch.optim.Adam(D.parameters(), lr=1e-3)
    draw = torch.Generator().manual_seed(seed)
    z = torch.randn(256, 16, generator=draw).to(device)
    rows = []
    for step in range(max(looks) + 1):
        if step in looks:
            fake = D(G(z)).double()
            both = [flat_gradient(loss(fake), G).norm().item() for loss in (losses.saturating_g, losses.non_saturating_g)]
            d = torch.sigmoid(fake.detach())
            rows.append([step, fake.mean().item(), *both, ((1 - d).mean() / d.mean()).item()])
        real = digits[torch.randint(len(digits), (64,), generator=draw)].to(device)
        fake = G(torch.randn(64, 16, generator=draw).to(device)).detach()
        loss = losses.saturating_d(D(real), D(fake))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return torch.tensor(rows)


looks = scale.pick(ci=(0, 10, 25, 50), cpu=(0, 10, 25, 50, 100, 200, 400), gpu=(0, 10, 25, 50, 100, 200, 400))
print(f"{len(seeds)} discriminators are trained, {max(looks)} steps each: a few seconds ...")
measured = torch.stack([confident_discriminator(seed, looks) for seed in seeds])  # [seed, look, column]
d_steps, mean_logit, norm_minimax, norm_other, predicted = measured.unbind(-1)
ratio = norm_other / norm_minimax
names = ("D's steps", "mean logit on fakes", "norm, log(1 - D)", "norm, -log D", "measured ratio", "(1 - D)/D")
columns = [v.mean(0) for v in (d_steps, mean_logit, norm_minimax, norm_other, ratio, predicted)]
viz.table([dict(zip(names, map(float, row), strict=True)) for row in zip(*columns, strict=True)], caption=f"means over {len(seeds)} seeds")

# %%
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained")
for i in range(len(seeds)):
    left.semilogy(d_steps[i], norm_minimax[i], color=G_COLOUR, marker="o", markersize=3, label=r"$\log(1 - D)$" if i == 0 else None)
    left.semilogy(d_steps[i], norm_other[i], color=G_COLOUR, marker="o", markersize=3, linestyle="--", label=r"$-\log D$" if i == 0 else None)
    right.loglog(predicted[i], ratio[i], "o", color=G_COLOUR, markersize=4)
left.set(xlabel="steps that D has trained", ylabel="norm of the generator's gradient")
left.legend()
ends = [1, float(predicted.max()) * 1.5]
right.loglog(ends, ends, color="grey", linewidth=1, label="prediction")
right.set(xlabel="$(1 - D)/D$ on the fakes", ylabel="measured ratio of norms")
right.legend()
plt.show()

# %% [markdown]
# The generator did not change; only $D$ grew more certain. The minimax gradient first rises (there is something to say), then dies with
# $D$ itself. The non-saturating gradient keeps growing. On the right every point is within about a tenth of the prediction.
#
# And the answer: at a mean logit of $-9.2$, $e^{9.2}$ would be about 10,000, and the ratio is near 7,000. $D$ grows exponentially in $l$ there, so the mean of $D$ is larger than
# $D$ at the mean logit: fakes with higher logits weigh more in the saturating gradient than the mean logit suggests.

# %%
check(
    "C04.measured",
    f"Gradient norms on a frozen generator, -log D over log(1 - D), after D has trained alone for {max(looks)} steps",
    expected="far above 1",
    ours=ratio[:, -1],
    over="trainings",
    tolerance=at_least(100),
    baselines=nulls(untrained_D=ratio[:, 0]),
)
check(
    "C04.ratio",
    "That ratio divided by the chain rule's prediction (1 - D)/D",
    expected=1,
    ours=(ratio / predicted)[:, -1],
    over="trainings",
    tolerance=within_factor(1.25),
    baselines=nulls(exp_of_minus_the_mean_logit=(ratio * mean_logit.exp())[:, -1]),
    note="the null was added after the row's value was known; before the first step both sides are near 1, so only this look tells",
)

# %% [markdown]
# How large the first of these numbers is depends on how long $D$ trains while $G$ stands still, so it says that the instrument works and no more.
#
# ### What the two live games draw
#
# Back to the games of section 4, in which $G$ moves. What has it to show after 400 steps, and after four times as many?

# %%
long = scale.pick(ci=100, cpu=1600, gpu=1600)
print(f"the {2 * len(seeds)} games go on to step {long}: about {2 * len(seeds) * (long - game_looks[-1]) / 250:.0f} seconds ...")
later = {name: [game.play(long).draws() for game in each] for name, each in rivals.items()}
fig, axes = plt.subplot_mosaic([["real", "real"], [0, 2], [1, 3]], figsize=(9, 4.4), height_ratios=(1, 2, 2), layout="constrained")
drawn = {"real": ("real digits", digits[:16], 16)}
for i, name in enumerate(games):
    drawn[2 * i] = f"{name}, step {game_looks[-1]}", seen[name][0][-1][1][:16], 8
    drawn[2 * i + 1] = f"{name}, step {long}", later[name][0][:16], 8
for place, (title, pictures, columns) in drawn.items():
    axes[place].imshow(viz.grid(pictures, columns=columns), cmap="gray")
    axes[place].set(xticks=[], yticks=[])
    axes[place].set_title(title, fontsize=11)
plt.show()

# %% [markdown]
# That is one seed, the first. For all of them: the mean distance between two of 256 draws, over that between two real digits.

# %%
def apart(pictures):
    return float(torch.pdist(pictures.flatten(1)).mean())


of_real = apart(digits[torch.randperm(len(digits), generator=torch.Generator().manual_seed(0))[:256]])
spreads = {
    (name, at): [apart(pictures) / of_real for pictures in each]
    for name in games
    for at, each in ((0, [looks[0][1] for looks in seen[name]]), (game_looks[-1], [looks[-1][1] for looks in seen[name]]), (long, later[name]))
}
viz.table(
    [
        {"game": name} | {f"step {at}": ", ".join(f"{v:.2f}" for v in spreads[name, at]) for at in (0, game_looks[-1], long)}
        for name in games
    ],
    caption=f"mean distance between draws over that between real digits, {len(seeds)} seeds each",
)

# %% [markdown]
# No digits, with neither loss and at neither time. (Lecture 03 plays a larger game and gets some.) In the picture the generator of the minimax game draws nearly one thing, whatever its latent, black and white to the end of the scale, and
# 1,200 steps later it is nearly the same one. The other has moved on, from one blot to another.
#
# The table warns against reading more into one seed. An untrained generator has 0.22 to 0.24. At step 400 the draws of the other game lie further apart than those of the minimax game in four seeds of five (0.49 to 0.61 against 0.12 to 0.21; in the second
# seed both have 0.19).
#
# At step 1600 no order is left: 0.02 to 0.55 in the minimax game, 0.04 to 0.50 in the other. A strong gradient is not yet a good generator, and by then not even a more varied one. (Noise, too, lies far apart. Nothing was tuned.)

# %% [markdown] tags=["notes"]
# ## 11. What goes wrong
#
# ### A hunt: the constant that kills the gradient
#
# torch-mimicry, a public GAN library, computes the non-saturating loss as the following line does:
#
#     loss = -(torch.sigmoid(logit) + 1e-8).log().mean()
#
# The `1e-8` is there to avoid $\log 0$. Stop here and find out what it does to the gradient. The non-saturating loss was invented for one
# region; which logits are in it?
#
# The derivative of $-\log(\sigma(l) + \varepsilon)$ is $-\dfrac{\sigma (1 - \sigma)}{\sigma + \varepsilon}$. While $\sigma \gg \varepsilon$
# this is $-(1 - \sigma)$, as it should be. Once $\sigma \ll \varepsilon$ it is about $-\sigma/\varepsilon$, and the loss saturates after
# all. The two meet at $\sigma = 10^{-8}$, that is at $l = -18.4$. And without the constant? In 32 bits $\sigma(l)$ becomes 0 below about
# $l = -88.7$ (there $e^{-l}$ exceeds the largest float, $2^{128}$), and autograd multiplies an infinity by a zero.

# %% [markdown] tags=["slide", "slide-only"]
# ## The constant that kills the gradient
#
#     loss = -(torch.sigmoid(logit) + 1e-8).log().mean()

# %% tags=["nbval-check-output", "slide-continue"]
forms = {
    "softplus(-l)": losses.non_saturating_g,
    "-log(sigmoid(l) + 1e-8)": lambda l: -torch.log(torch.sigmoid(l) + 1e-8).mean(),
    "-log(sigmoid(l))": lambda l: -torch.log(torch.sigmoid(l)).mean(),
}
rows = []
for value in (0.0, -10.0, -18.4, -25.0, -30.0, -110.0):
    row = {"logit": f"{value:g}"}
    for name, loss in forms.items():
        at = torch.tensor([value], requires_grad=True)
        row[name] = f"{torch.autograd.grad(loss(at), at)[0].item() + 0.0:.2g}"  # + 0.0: no "-0"
    rows.append(row)
viz.table(rows, caption="slope of the generator's loss in the logit, in float32")

# %% [markdown]
# Does a discriminator ever get that sure? In section 10, with 64 pixels, 400 steps brought the mean logit to $-9$, half of the way. Here is the
# effect in a game small enough to have an exact $D^*$: data $\mathcal{N}(0, 1)$, generator $z + \theta$ starting at $\theta = 10$, and the
# best discriminator at every step, whose logit is $l^*(x) = \theta^2/2 - \theta x$. At the start the logits of the fakes lie
# around $-50$.

# %% [markdown] tags=["slide", "slide-only"]
# ## Under gradient descent, and under Adam

# %% tags=["slide-continue", "slide-picture"]
def chase(loss, optimizer, seed=0, steps=1000, **options):
    theta = torch.tensor([10.0], requires_grad=True)
    opt, path, gradients = optimizer([theta], lr=0.02, **options), [], []
    draw = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        path.append(theta.item())
        centre = theta.detach()
        logit = centre**2 / 2 - centre * (torch.randn(256, generator=draw) + theta)
        opt.zero_grad()
        loss(logit).backward()
        gradients.append(abs(theta.grad.item()))
        opt.step()
    return torch.tensor(path), torch.tensor(gradients)


eps_form = forms["-log(sigmoid(l) + 1e-8)"]
contestants = {"softplus(-l)": (losses.non_saturating_g, "-"), "with 1e-8": (eps_form, "--")}
chasers = {"gradient descent": (torch.optim.SGD, {}), "Adam": (torch.optim.Adam, {}), "Adam, beta2 = 0.9": (torch.optim.Adam, {"betas": (0.9, 0.9)})}
fig, axes = plt.subplots(1, 3, figsize=(9, 3.4), sharey=True, layout="constrained")
paths, saturated = {}, {}
for axis, (name, (optimizer, options)) in zip(axes, chasers.items(), strict=True):
    for label, (loss, style) in contestants.items():
        paths[name, label], _ = chase(loss, optimizer, **options)
        axis.plot(paths[name, label], color=G_COLOUR, linestyle=style, label=label)
    saturated[name] = [chase(losses.saturating_g, optimizer, seed, **options) for seed in range(5)]
    for seed, (path, _) in enumerate(saturated[name]):
        axis.plot(path, color=G_COLOUR, linestyle=":", linewidth=1, label="saturating, five seeds" if seed == 0 else None)
    axis.set_xlabel("step")
    axis.set_title(name, fontsize=11)
axes[0].set_ylabel(r"generator's distance $\theta$ from the data")
axes[0].legend(fontsize=9, loc="center right")
plt.show()

# %%
for (name, label), path in paths.items():
    at = "   ".join(f"{step}: {round(float(path[step]), 2) + 0.0:5.2f}" for step in (100, 300, 500, 999))
    print(f"{name:20} {label:13} theta after step {at}")
for name, each in saturated.items():
    ends = ", ".join(f"{abs(float(path[-1])):.2f}" for path, _ in each)
    print(f"{name:20} saturating    {sum(float(path[-1]) < 1 for path, _ in each)} of 5 seeds arrive; theta after step 999: {ends}")
first = torch.stack([gradients[:100] for _, gradients in saturated["Adam"]])
print(f"saturating under Adam, gradients of the first 100 steps: median {first.median():.0e}, largest {first.max():.0e}")

# %%
print("saturating loss under Adam, five seeds: first step with theta below 1")
for betas, epsilons in (((0.9, 0.999), (1e-8, 1e-12, 1e-20)), ((0.9, 0.9), (1e-8, 1e-12, 1e-20)), ((0.0, 0.9), (1e-20,)), ((0.0, 0.0), (1e-8, 1e-20))):
    for eps in epsilons:
        each = [chase(losses.saturating_g, torch.optim.Adam, seed, betas=betas, eps=eps)[0] for seed in range(5)]
        first_below = [int((path < 1).nonzero()[0]) if (path < 1).any() else None for path in each]
        print(f"beta1 {betas[0]:.1f}   beta2 {betas[1]:<5}   epsilon {eps:.0e}   " + "".join(f"{step or 'later':>7}" for step in first_below))

# %% [markdown] tags=["notes"]
# Under plain gradient descent the constant does its damage in full: that generator hardly moves, and the saturating one does not move at
# all. Adam divides each gradient by its own recent size, so a loss that is, at the start, a thousand times too flat need not show, and the generator with the
# constant arrives.
#
# In the middle picture it is even ahead of the sound one. That is no merit of the constant: Adam divides by a memory of a thousand
# steps ($\beta_2 = 0.999$); the sound gradient shrinks on the way, so it is divided by its own larger past.
#
# With a memory of ten steps
# ($\beta_2 = 0.9$, right) the sound loss is ahead, at step 500 by 0.09 against 0.58.
#
# The saturating loss arrives from three seeds of five under the usual Adam, and from none in the same time with the shorter memory. Is it Adam's own $\epsilon = 10^{-8}$, which is added to what Adam divides by? The median of the first 100 gradients is $5 \cdot 10^{-11}$, far below it. We thought so, and the last cell says: hardly. With $\epsilon = 10^{-20}$ four of five arrive with the long memory, and one with the short.
#
# What holds them back is memory, though not the more of it the worse. Take both memories away, of gradients and of squares ($\beta_1 = \beta_2 = 0$), so that each gradient is divided by itself, and all five arrive: at step 450 with $\epsilon = 10^{-20}$, where every step is 0.02 long, and by step 736 with the usual $\epsilon$. ($\beta_1 = 0$ beside $\beta_2 = 0.9$ does not help.)
#
# This fits the gradients: now and then a lucky sample brings one far above the rest (the largest, $10^{-3}$), and the memory divides those after it by it.
#
# So Adam may be why such lines survive, and it excuses none: it restores at most the length of a
# gradient, and not the weights of the samples in it.
#
# The cure costs nothing: `softplus(-logit)`, or
# `binary_cross_entropy_with_logits` with labels 1.
#
# ### A sentence to read twice
#
# *Dive into Deep Learning* explains why $\log(1 - D)$ is replaced: if the generator does a perfect job, then $D(x') \approx 1$, so
# $-\log(1 - D(x'))$ is near 0, and the gradients are too small for the discriminator. Right or wrong? Say why before you run the cell.

# %% tags=["nbval-check-output"]
for d in (0.01, 0.99):
    print(f"D = {d}:  -log(1 - D) = {-math.log(1 - d):.2f},  generator's slope in the logit {-d:+.2f}")

# %% [markdown]
# It is the other way round: that loss is near 0 at $D = 0.01$, where the generator does *badly*, and there its gradient vanishes. And the
# gradient in question is the generator's. (A correction of an earlier wording was offered in 2019, pull request 459 of that book.)

# %% [markdown]
# ## 12. Names and slips on the slides
#
# The names that the decks give to the same things:
#
# | here | Hong, Kurmi, cs231n notes | Wang | McAllester |
# |---|---|---|---|
# | $p$, the data | $p_{\mathrm{data}}$ | $P_r$, $P_{\mathrm{data}}$ | $\mathrm{pop}$ |
# | $q$, what the generator makes | "$G(z)$ with $z \sim p_z$" | $P_g$ | $p_\Phi$, $p_{\mathrm{Gen}}$ |
# | $D(x)$ | $D_{\theta_d}(x)$, $D_\omega(x)$ | $D(x)$ | $P_{\mathrm{Disc}}(1 \mid y)$ |
#
# **"Is the same as".** In labml's annotated implementation a comment in the generator's loss says that descending on the cross-entropy with swapped labels, $-\log D$, "is the same as"
# descending on $\log(1 - D)$. For the direction of one sample's gradient it is; section 4 says for what it is not.
#
# **Two goals.** The cs231n notes give $D$ the goal "always to answer 0.5, unable to tell the two apart". That is where it is left, not what it wants (section 3). And they let $G$ push the bracket towards $-\infty$. It can,
# as long as $D$ stands still. Against a $D$ that answers back, $G$ never gets below $-\log 4$.
#
# **"Gradient signal dominated by region where sample is already good"**, say the cs231n notes of the minimax loss. The table of section 4 has this at its other end: at logit 5, where a fake already passes, the saturating slope is full and the non-saturating one
# nearly zero.
#
# **Algorithm 1.** The paper writes $p_g(z)$ for the noise prior; that is $p_z$, and has nothing to do with the generator's distribution $p_g(x)$. The cs231n notes call one round of the outer loop an epoch; it is one iteration and uses
# $k \cdot m$ real samples, so with $m = 100$ and $k = 1$ an epoch of MNIST is 600 iterations.
#
# **A lost minus.** Wang minimises $-P_r \log D - P_g \log (1 - D)$, whose derivative is $-P_r/D + P_g/(1 - D)$. The deck prints
# $P_r/D + P_g/(1-D) = 0$: a minus is lost. As printed, the equation has no solution between 0 and 1, for both terms are positive there;
# their sum never falls below $(\sqrt{P_r} + \sqrt{P_g})^2$. Solved all the same, it gives $P_r/(P_r - P_g)$, which is below 0 or above 1 whenever both are positive and different.

# %% tags=["nbval-check-output"]
answers = torch.linspace(0.0005, 0.9995, 1999, dtype=torch.float64)
print("P_r   P_g    printed: smallest value   its root     right: root   P_r/(P_r + P_g)")
for p_r, p_g in [(0.4, 0.1), (0.3, 0.3), (0.1, 0.7)]:
    printed, right = p_r / answers + p_g / (1 - answers), -p_r / answers + p_g / (1 - answers)
    crossing = float(answers[right.abs().argmin()])
    root = f"{p_r / (p_r - p_g):6.3f}" if p_r != p_g else "  none"
    print(f"{p_r}   {p_g}    {printed.min():10.4f}                {root}       {crossing:.3f}         {p_r / (p_r + p_g):.3f}")

# %% [markdown]
# **Kurmi's $J^{(G)}$**, without its one half, is what PyTorch's cross-entropy says of fakes that are labelled as real:

# %%
swaps = []
for seed in range(5):
    fake = torch.randn(64, generator=torch.Generator().manual_seed(seed), dtype=torch.float64) * 4
    swapped = F.binary_cross_entropy_with_logits(fake, torch.ones(64).double())  # the fakes, labelled real
    swaps.append(max(abs(swapped + torch.sigmoid(fake).log().mean()), abs(swapped - losses.non_saturating_g(fake))))
identity(
    "C01.generator",
    "Kurmi's J(G), without its 1/2, is the cross-entropy of fakes labelled as real (largest difference)",
    ours=swaps,
    over="draws",
    tolerance=at_most(1e-12),
    source="Goodfellow 2016, section 3.2.3",
    decks="K",
)

# %% [markdown]
# ## 13. Coda: even the simplest game turns in circles
#
# Sections 3 and 8 say where the game should end. Do two players who alternate gradient steps get there? Take the simplest saddle of all,
# $f(x, y) = x y$: $x$ descends, $y$ ascends, the solution is $(0, 0)$. Moving at the same time, with step $\eta$,
#
# $$x' = x - \eta\, y, \quad y' = y + \eta\, x \quad\Longrightarrow\quad x'^2 + y'^2 = (1 + \eta^2)(x^2 + y^2):$$
#
# every step leads *away* from the solution. If $y$ moves second and sees $x'$, the quantity $x^2 - \eta x y + y^2$ never changes (multiply
# it out), so the path stays on an ellipse: it does not run away, and it does not arrive.

# %% tags=["nbval-check-output"]
def play_xy(alternating, eta=0.1, steps=200):
    x_, y_, path = 1.0, 0.0, []
    for _ in range(steps + 1):
        path.append((x_, y_))
        x_new = x_ - eta * y_
        x_, y_ = x_new, y_ + eta * (x_new if alternating else x_)
    return torch.tensor(path, dtype=torch.float64)


together, in_turns = play_xy(alternating=False), play_xy(alternating=True)
print(f"together: radius after 200 steps {together[-1].norm():.4f}, predicted {math.sqrt(1 + 0.1**2) ** 200:.4f}")
kept = in_turns.square().sum(1) - 0.1 * in_turns.prod(1)
print(f"in turns: radius from {in_turns.norm(dim=1).min():.4f} to {in_turns.norm(dim=1).max():.4f}, ", end="")
print(f"x^2 - eta x y + y^2 from {kept.min():.6f} to {kept.max():.6f}")

# %% [markdown] tags=["slide", "slide-only"]
# ## Even the simplest game turns in circles
#
# $f(x, y) = x y$: $x$ descends, $y$ ascends.
#
# Moving at the same time, with step $\eta$:
#
# $$x'^2 + y'^2 = (1 + \eta^2)(x^2 + y^2)$$
#
# In turns, $x^2 - \eta x y + y^2$ never changes.
#
# A game is no landscape with a valley.

# %% tags=["slide-continue", "slide-picture"]
fig, axis = plt.subplots(figsize=(4, 3.7), layout="constrained")
axis.plot(*together.T, color="#D55E00", label="together")
axis.plot(*in_turns.T, color="#0072B2", label="in turns")
axis.plot(0, 0, "k+", markersize=10, label="solution")
axis.set(xlabel="x (descends)", ylabel="y (ascends)", aspect="equal", xlim=(-3.2, 3.2), ylim=(-3.2, 3.2))
axis.legend(fontsize=8, loc="upper left")
plt.show()

# %% [markdown] tags=["notes"]
# A game is not a landscape with a valley, and its path need not come nearer to the solution. Lecture 07 meets this again in a GAN with one parameter on
# each side, and finds what damps the circles.

# %% [markdown]
# ## What was measured
#
# The rows of this lecture by kind and verdict. Each box above unfolds on a click; `CLAIMS.md` has the rows of all lectures. Ten of the seventeen are
# algebra, checked by numbers: a failure there would be a slip in the lecture. Seven say something about networks that were trained; two of these check an
# instrument of ours.

# %%
summary()

# %% [markdown]
# ## Exercises
#
# 1. **A discriminator with a memory.** In section 2 the network saw fresh samples at every step. Give it 20 real and 20 fake samples for good, and
#    train it long. What is $D^*$ for two sets of 20 points, and what does $V$ tend to? Plot $D$ over the true $D^*$ and its regret over
#    time. What does this say about $\mathrm{JS}$ estimated as $(V + 2 \log 2)/2$ from a trained discriminator?
# 2. **k against time scales.** On the way of section 5 a five times larger step for $D$ did what $k = 5$ does (0.14 and 0.18), in its second half it did not (0.27 and 0.13, section 6). Find where the two part: raise
#    both to 10 and 20, and let the data be two narrow bumps. Count updates of $D$, not iterations, and say which you would pay for.
# 3. **Your own game.** Replace $\log D$ and $\log(1 - D)$ by $-(1 - D)^2$ and $-D^2$. Find the best $D$ by the pointwise argument. What is left for the
#    generator? (`theory.pearson_chi2` helps. The least-squares GAN, later in the course, does this with unbounded outputs in place of
#    probabilities: does that change the argument?)

# %%
widgets.quiz(
    [
        {
            "question": "At some point $x$ the data's density is 0.3 and the generator's is 0.1. What is $D^*(x)$?",
            "answer": "0.75",
            "why": "$0.3 / (0.3 + 0.1)$. Only the ratio counts.",
            "wrong": {
                "0.5": "That is $D^*$ where the two densities are equal.",
                "1, because data is more likely there": "1 is right only where the generator never goes at all.",
                "3": "3 is the density ratio, $e^{l^*}$; $D^*$ is the sigmoid of its logarithm.",
            },
        },
        {
            "question": "You read that a GAN's discriminator 'converged to a loss of $2 \\log 2$, so the generator is perfect'. What is missing?",
            "answer": "Whether D is anywhere near the best D for this generator",
            "why": "A D that always answers 1/2 has this loss against every generator. The value means something only at $D^*$.",
            "wrong": {
                "Nothing: $V = -2 \\log 2$ only if $q = p$": "That holds for $V(D^*, G)$. For other D the value says nothing about q.",
                "The sign": "The loss of D is $-V = 2 \\log 2$; the sign is right.",
                "The generator's loss": "In the minimax game it is part of V and adds nothing that V does not have.",
            },
        },
        {
            "question": "Where D is certain that a sample is fake, what is the slope of $\\log(1 - D)$?",
            "answer": "About -1 with respect to D, about 0 with respect to the logit",
            "why": "$-1/(1 - D)$ and $-D$: the sigmoid between logit and D takes the gradient away.",
            "wrong": {
                "About 0 with respect to both": "With respect to D it is $-1/(1 - D)$, which is -1 at D = 0.",
                "About -1 with respect to both": "The chain rule multiplies by $D(1 - D)$, which is near 0.",
                "It is infinite": "That is the slope of $-\\log D$ with respect to D, at D = 0.",
            },
        },
        {
            "question": "One batch, one discriminator: how do the gradients of the two generator losses differ?",
            "answer": "Each sample's part has the same direction but another weight, so the sums can differ in direction",
            "why": "The weights are $D$ and $1 - D$. In section 4 the sums even had opposite signs.",
            "wrong": {
                "Only in length": "True for one sample; a batch adds samples with different weights.",
                "Not at all, once $D = D^*$": "The two-bump example had $D = D^*$ throughout, and the losses disagreed.",
                "One is minus the other": "Both push every sample's logit up; only the weights differ.",
            },
        },
        {
            "question": "You double k in Algorithm 1. What happens?",
            "answer": "D makes twice as many updates for each of G, and stays closer to $D^*$",
            "why": "k counts updates. The regret of D falls; the cost of an iteration rises.",
            "wrong": {
                "The batch of D doubles": "The batch is m. Over the whole way five times the batch brought no gain.",
                "G learns twice as fast": "G makes the same updates as before, one for each iteration.",
                "The number of epochs halves": "An iteration now uses $2k$ batches of real data, but epochs are not what k sets.",
            },
        },
    ]
)

# %% [markdown]
# ## Further reading
#
# - Goodfellow, Pouget-Abadie, Mirza, Xu, Warde-Farley, Ozair, Courville & Bengio (2014), [*Generative Adversarial Nets*](https://arxiv.org/abs/1406.2661), NeurIPS. Sections 3
#   and 4 are the theory of this lecture.
# - Goodfellow (2016), [*NIPS 2016 Tutorial: Generative Adversarial Networks*](https://arxiv.org/abs/1701.00160), section 3: the three games, with Kurmi's halves.
# - Nowozin, Cseke & Tomioka (2016), [*f-GAN*](https://arxiv.org/abs/1606.00709), NeurIPS: the pointwise argument for every f-divergence.
# - Arjovsky & Bottou (2017), [*Towards Principled Methods for Training Generative Adversarial Networks*](https://arxiv.org/abs/1701.04862), ICLR: what goes wrong when $D$ is too good.
# - Heusel, Ramsauer, Unterthiner, Nessler & Hochreiter (2017), [*GANs Trained by a Two Time-Scale Update Rule*](https://arxiv.org/abs/1706.08500), NeurIPS: two learning rates
#   instead of $k$.
# - Fedus, Rosca, Lakshminarayanan, Dai, Mohamed & Goodfellow (2018), [*Many Paths to Equilibrium*](https://arxiv.org/abs/1710.08446), ICLR: GANs do not need to descend a divergence.
# - Shannon, Poole, Mariooryad, Bagby, Battenberg, Kao, Stanton & Skerry-Ryan (2020), [*Non-saturating GAN training as divergence minimization*](https://arxiv.org/abs/2010.08029): $-\log D$ as (nearly) the descent of one f-divergence, which is much like the reverse KL.
# - Lin (1991), [*Divergence Measures Based on the Shannon Entropy*](https://doi.org/10.1109/18.61115), IEEE Transactions on Information Theory: where JS comes from.

# %% [markdown]
# # 06. Mode collapse
#
# [**Covers**](../docs/glossary.md) what Hong, McAllester, the cs231n notes and Wang say of failure: system S33, claims C08, C29.
# **Papers**: [Salimans et al. 2016](https://arxiv.org/abs/1606.03498) (NeurIPS); [Metz et al. 2017](https://arxiv.org/abs/1611.02163) (ICLR); [Srivastava et al. 2017](https://arxiv.org/abs/1705.07761) (NeurIPS); [Karras et al. 2018](https://arxiv.org/abs/1710.10196) (ICLR); [Lin et al. 2018](https://arxiv.org/abs/1712.04086) (NeurIPS).
#
# **Read** for about 45 minutes, and as long again for what goes deeper. **Run**: about half a minute at ci scale, about four minutes at cpu scale, on one free core.
#
# Three things go wrong with the game of lecture 02. The generator keeps part of the data and drops the rest (*mode collapse*). Its gradient dies,
# or turns to noise, because two thin sets in a large space do not meet. And even where neither happens, two players who follow their
# gradients may walk in circles. This lecture takes the first, lecture 07 the other two.
#
# You will see a collapse, count it in a way that noise cannot cheat, and try four
# cures, each a few lines long, each against the same game from the same generators.
#
# After it you will be able to
#
# - read a table of captured modes, say what it leaves out, and count in a way that asks for quality and variety at once;
# - explain why no fake moves another where a discriminator judges one sample at a time, and repair it in three ways: by packing, by
#   minibatch statistics, by looking ahead.

# %%
import math
from functools import partial

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

from gancourse import data, losses, scale, viz
from gancourse.classroom import asked, lines, widgets
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
)
from gancourse.data.toys import gaussian_mixture
from gancourse.gans.ensemble import EnsembleBatches, EnsembleGAN, StackedLinear, stack
from gancourse.gans.gan import GAN
from gancourse.gans.packed import PackedDiscriminator, pack, packed_total_variation
from gancourse.gans.unrolled import UnrolledGAN
from gancourse.metrics import mode_report
from gancourse.models import mlp
from gancourse.models.layers import minibatch
from gancourse.training import fit

torch.set_num_threads(1)  # networks this small gain nothing from a second core
device = scale.device()
seeds = range(30, scale.pick(ci=32, cpu=38, gpu=38))
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False, "figure.dpi": 90})
REAL, FAKE, D_COLOUR, G_COLOUR = (viz.COLOURS[name] for name in ("real", "fake", "discriminator", "generator"))

# %% [markdown] tags=["slide", "slide-only"]
# ## Three things go wrong
#
# - **mode collapse**: the generator keeps part of the data and drops the rest
# - its gradient **dies**, or turns to noise
# - two players who follow their gradients **walk in circles**
#
# This lecture takes the first, lecture 07 the other two.

# %% [markdown] tags=["notes", "slide-only"]
# This lecture takes the first, and counts. Lecture 07 has the gradient that dies and the players who walk in circles.

# %% [markdown] tags=["slide", "slide-only"]
# ## One game, eight times
#
# - data: eight Gaussians on a ring, each of standard deviation 0.05
# - minimax loss, Adam; **$G$ ten times as fast as $D$**
# - eight seeds at once: where a cloud goes is luck, **one run proves nothing**

# %% [markdown] tags=["notes"]
# ## 1. See it
#
# The data are eight Gaussians on a ring of radius 1: eight *modes*. Both players are perceptrons of 2 x 64 units, the loss is minimax, and as in the notebook that Metz et al. (2017) published $G$'s rate is ten times
# $D$'s. (Our modes are five times as wide as theirs, so that a minute shows something; our networks are half as wide, both rates three times theirs, falling linearly to zero; the batch is 64 for 512, the latent 2 for 256.)
#
# Where a cloud goes is luck, so one run proves nothing: we play eight games, from eight seeds, at once. `ensemble` stacks them; member $k$ steps as seed $k$ would alone,
# up to rounding (section 8).

# %% tags=["slide-continue", "slide-picture"]
ring, grid = data.toys.ring("pacgan"), data.toys.grid("pacgan")
wide = gaussian_mixture(ring.modes, 0.05, name="ring, std 0.05")
between_modes = math.pi / 8 + math.pi / 4 * torch.arange(8)
turned = gaussian_mixture(torch.stack([between_modes.cos(), between_modes.sin()], 1), 0.05, name="the ring, turned by 22.5 degrees")
STEPS, RATES = scale.pick(ci=40, cpu=2500, gpu=2500), (3e-3, 3e-4)  # G's and D's
ADAM = partial(torch.optim.Adam, betas=(0.5, 0.999), fused=True)  # fused: the same numbers in fewer calls


def new_generator():
    return mlp.Generator(2, 2, hidden=(64, 64), activation="leaky_relu")


def new_discriminator(m=1, units=64):
    return mlp.Discriminator(2 * m, hidden=(units, units))


def ensemble(seeds, make_generator, make_discriminator, m=1, kind=EnsembleGAN, packing=PackedDiscriminator, **options):
    """K games as one, the players of member k made after ``torch.manual_seed(seeds[k])``; D packs m samples."""
    generators, discriminators = [], []
    for seed in seeds:
        torch.manual_seed(seed)
        generators.append(make_generator())
        discriminators.append(make_discriminator())
    judges = stack(discriminators).to(device)
    return kind(stack(generators).to(device), packing(judges, m) if m > 1 else judges, list(seeds), **options)


def played(make_discriminator=new_discriminator, m=1, seeds=seeds, lr=RATES, steps=STEPS, looks=20, batch=64, **options):
    """Samples of every game on the way, [looks + 1, seed, n, 2]: the first before the first step, the last at the end."""
    game, shots = ensemble(seeds, new_generator, make_discriminator, m, **({"objective": "saturating"} | options)), []
    hook = (steps // looks, lambda run: shots.append(game.sample(2000, seed=0).cpu()))
    batches = EnsembleBatches(wide, batch, seeds, device=device)
    fit(game, batches, steps, lr=lr, optimizer=ADAM, schedule="linear", hooks=[hook], progress=False)
    return torch.stack(shots)


plain = played()


def dots(axis, points, toy=wide, bound=1.5):
    axis.scatter(*points.T, s=2, color=FAKE, linewidths=0)
    axis.scatter(*toy.modes.T, s=60, facecolors="none", edgecolors=REAL, linewidths=1, zorder=3)
    axis.set(xlim=(-bound, bound), ylim=(-bound, bound), xticks=[], yticks=[], aspect="equal")


fig, axes = plt.subplots(2, 6, figsize=(9, 3.2), layout="constrained")
for seed, row in enumerate(axes):
    for look, axis in zip((3, 6, 9, 12, 15, 20), row, strict=True):
        dots(axis, plain[look, seed])
        axis.set_title(f"step {look * (STEPS // 20)}", fontsize=9)
    row[0].set_ylabel(f"seed {seeds[seed]}")
plt.show()

# %% [markdown] tags=["notes"]
# Blue circles are the modes, orange dots 2,000 samples. Do not read on before you have seen two things: how many circles the cloud covers at a time, and where it goes next. The slider has the first seed in full.

# %%
def shot(look):
    return viz.scatter(wide.sample(400, seed=1), plain[look, 0, :400], bounds=(-1.6, 1.6, -1.6, 1.6))


widgets.explorer({f"step {look * (STEPS // 20)}": shot(look) for look in range(0, 21, 2)}, label="", kind="slider", most=6)

# %% [markdown] tags=["slide", "slide-only"]
# ## A baseline is a protocol
#
# Same method, same count, a grid of 25. 3.3 modes, or 17.3?
#
# *High quality*: within three standard deviations of a mode. *Captured*: nearest to at least one such sample.
#
# | 2500 samples | ring: modes of 8 | grid: modes of 25 | grid: high quality |
# |---|---|---|---|
# | GAN, in VEEGAN's table | 1 | **3.3** | 0.5 % |
# | GAN, in PacGAN's table | 6.3 | **17.3** | 94.8 % |

# %% [markdown] tags=["notes"]
# ## 2. Who counts, and how
#
# *Mode collapse*: the generator models only a part of the data. Hong shows it on a ring, McAllester warns that no measure guarantees against it. The test that everybody uses has eight narrow Gaussians on a ring, or
# twenty-five on a grid, so that modes can be counted. Two papers print these rows for "GAN", the plain method, and for cures:
#
# | 2500 samples | ring, modes of 8 | ring, high quality | grid, modes of 25 | grid, high quality |
# |---|---|---|---|---|
# | GAN, in VEEGAN's table (Srivastava et al. 2017) | 1 | 99.3 % | 3.3 | 0.5 % |
# | unrolled GAN, same table | 7.6 | 35.6 % | 23.6 | 16 % |
# | GAN, in PacGAN's table (Lin et al. 2018) | 6.3 | 98.2 % | 17.3 | 94.8 % |
# | PacGAN, two samples at a time, same table | 7.9 | 95.6 % | 23.8 | 91.3 % |
# | PacGAN, four at a time, same table | 7.8 | 95.9 % | 24.8 | 93.6 % |
#
# A sample is *high quality* if it lies within three standard deviations of the nearest mode. A mode is *captured* if it is nearest to at least
# one high-quality sample.
#
# Look at the grid, first and third row: one method, one count. 3.3 modes of 25, or 17.3.
# What may differ is all that a table does not say: layers, learning rates, how long, which loss. So before you believe "ours 24, GAN 3", ask how the 3 was trained. (A reader could not make the ring of Metz et al. collapse at all. An author was not surprised: it hangs on where $D$ begins; poolio/unrolled_gan, issue 2.)
#
# And ask what noise scores. Throw 2,500 points anywhere into the square of the grid, without any training:

# %%
anywhere = mode_report(9 * torch.rand(2500, 2, generator=torch.Generator().manual_seed(0)) - 4.5, grid)
print(f"uniform noise: {anywhere.modes} of 25 modes captured, {100 * anywhere.high_quality:.1f} % high quality")

# %% [markdown] tags=["slide", "slide-only"]
# ## Noise captures 24 of 25
#
# Points thrown anywhere into the square, without any training: one hit in 2500 is enough.
#
# *A count of modes says nothing about garbage.*
#
# - **served**: a mode that gets at least half of its due, of **all** samples: $h_k \ge \frac{N}{2K}$
# - **missed**: the share of the data that no good sample stands for, $1 - \sum_k \min(\frac{h_k}{N}, \frac1K)$

# %% [markdown] tags=["notes"]
# One hit in 2,500 is enough: noise "captures" more than PacGAN's GAN, $25\,(1 - e^{-2.2}) = 22$ on average. *A count of modes says nothing about garbage.* Ask for quality and variety. Let $h_k$ be the high-quality samples of mode $k$, $N$ *all* samples, $K$ the modes. A mode is **served** if it
# gets at least half of its due, $h_k \ge \frac{N}{2K}$. And the share of the data that is **missed** is
#
# $$1 - \sum_{k=1}^{K} \min\Bigl(\frac{h_k}{N}, \frac1K\Bigr).$$
#
# **Write a line.** How many modes are served? `h` is a tensor $[K]$, `n` is $N$.


# %% [markdown] tags=["slide-continue", "slide-only"]
# **Your line**: how many modes are served? `h` is a tensor [K] of good samples in each mode, `n` is $N$.

# %% tags=["slide-continue", "slide-code"]
def served(h, n):
    return ...  # your line


lines.answered(served, *asked.SERVED)

# %% [markdown] tags=["slide", "slide-only"]
# ## The judge, judged

# %% [markdown] tags=["notes"]
# Before we use such a judge we judge it, on samples whose worth we know. And we give it a control: the same ring turned by 22.5 degrees, whose places lie between the modes. What samples miss of the turned ring, less what they miss of the ring, is what they have **found** of the modes themselves. For noise and for a circle it is 0, whatever they capture.

# %% tags=["slide-continue"]
draw = torch.Generator().manual_seed(0)
angle = 2 * math.pi * torch.rand(2000, generator=draw)
beginner = ensemble(seeds, new_generator, new_discriminator)
known = {
    "data": wide.sample(2000, seed=0),
    "half of the modes": gaussian_mixture(ring.modes[:4], 0.05).sample(2000, seed=0),
    "one mode": gaussian_mixture(ring.modes[:1], 0.05).sample(2000, seed=0),
    "data, blurred": wide.sample(2000, seed=0) + 0.2 * torch.randn(2000, 2, generator=draw),
    "a circle without modes": torch.stack([angle.cos(), angle.sin()], 1),
    "noise in the square": 3 * torch.rand(2000, 2, generator=draw) - 1.5,
    "an untrained generator": beginner.sample(2000, seed=0)[0].cpu(),
}


def found(samples):
    """How much more of the turned ring is missed than of the ring."""
    return mode_report(samples, turned).missed - mode_report(samples, wide).missed


judged = {name: mode_report(x, wide) for name, x in known.items()}
viz.table(
    [
        [name, r.modes, f"{100 * r.high_quality:.0f} %", r.served, f"{r.missed:.2f}", f"{found(known[name]):.2f}"]
        for name, r in judged.items()
    ],
    header=["2,000 samples", "captured of 8", "high quality", "served of 8", "missed", "found"],
)

# %%
check(
    "C08.counter",
    "Modes of 8 served by samples without modes: blurred data, a circle, noise, an untrained generator",
    expected=0,
    ours=[judged[name].served for name in list(known)[3:]],
    over="kinds of worthless samples",
    tolerance=at_most(0),
    baselines=nulls(data=judged["data"].served, one_mode=judged["one mode"].served),
)
check(
    "C08.ceiling",
    "The high-quality share of real samples of the grid is that of the Rayleigh distribution",
    expected=1 - math.exp(-4.5),
    ours=[mode_report(grid.sample(50_000, seed=seed), grid).high_quality for seed in range(5)],
    over="draws",
    tolerance=within(0.002),
    exact=True,
    digits=3,
)

# %% [markdown] tags=["notes"]
# (Perfect samples are not 100 % high quality: the distance of a plane Gaussian from its centre, in standard deviations, is Rayleigh
# distributed, and $P(r < 3) = 1 - e^{-9/2}$. A table that prints clearly more, beyond the standard error of 0.2 % at 2,500 samples, describes samples that are *too* narrow. The data itself misses 0.04: 0.01 for these tails, the rest for uneven draws.)
#
# Now count the games of section 1, at each of the ten looks of the second half.

# %% [markdown] tags=["slide", "slide-only"]
# ## One at a time, and never all

# %% tags=["slide-continue"]
def places(toy, looks=plain[1:]):
    """Of a toy's modes, how many a game serves at each look [look, seed], and how many different ones over the run [seed]."""
    hits = torch.stack([torch.stack([mode_report(x, toy).histogram >= 2000 / 16 for x in look]) for look in looks])
    return hits.sum(2), hits.any(0).sum(1)


def heaps_anywhere(*shape):
    """2,000 samples each of narrow heaps, put anywhere on the circle: [*shape, 2000, 2]."""
    angle = 2 * math.pi * torch.rand(*shape, 1, generator=draw)
    return torch.stack([angle.cos(), angle.sin()], -1) + 0.1 * torch.randn(*shape, 2000, 2, generator=draw)


at_once, visited = places(wide)
turned_at_once, turned_visited = places(turned)
draw = torch.Generator().manual_seed(0)
heap_served = torch.tensor([float(mode_report(x, wide).served) for x in heaps_anywhere(10 * len(seeds))])
lottery = heaps_anywhere(20, 10 * len(seeds))  # a new heap at each look
drawn_at_once, drawn = places(wide, lottery)
turned_drawn_at_once, turned_drawn = places(turned, lottery)
viz.table(
    [
        ["served at once, most in the second half", *at_once[10:].amax(0).tolist()],
        ["places of the turned ring, likewise", *turned_at_once[10:].amax(0).tolist()],
        ["served by a heap put anywhere, most of ten", *heap_served.view(-1, 10).amax(1).int().tolist()],
        ["different modes served, over the run", *visited.tolist()],
        ["different places of the turned ring, likewise", *turned_visited.tolist()],
        ["different modes served by 20 heaps put anywhere", *drawn[: len(seeds)].tolist()],
        ["missed at the end", *[f"{mode_report(x, wide).missed:.2f}" for x in plain[-1]]],
    ],
    header=["the plain game", *(f"seed {seed}" for seed in seeds)],
    caption=f"20 heaps, {len(drawn)} times: {drawn.float().mean():.1f} ± {drawn.float().std():.1f} different modes, "
    f"{turned_drawn.float().mean():.1f} ± {turned_drawn.float().std():.1f} of the turned ring's places",
)

# %%
data_served, noise_served, untrained_served = (judged[name].served for name in ("data", "noise in the square", "an untrained generator"))
claim(
    "C08",
    "Mode collapse: of the ring's 8 modes, those that the plain GAN serves at once (most in the second half of the run)",
    paper="one after the other, never all",
    ours=at_once[10:].amax(0),
    over="trainings",
    interval="t",
    tolerance=between(0.5, 4),
    baselines=nulls(noise=noise_served, untrained=untrained_served, heap_anywhere=heap_served.view(-1, 10).amax(1), data=data_served),
    open="a narrow heap put anywhere on the circle passes, too: the cloud is narrow, but nothing here shows that it is on modes",
    source="Metz et al. 2017, figure 2",
    note="Of the eight trainings five were known, all ones, when three were added; the tolerance is the one they had.",
)
claim(
    "C08.hops",
    "and it moves on, from mode to mode: further modes served over the run, less further places of the ring turned by 22.5 degrees",
    paper="rotates through the modes",
    ours=(visited - at_once.amax(0)) - (turned_visited - turned_at_once.amax(0)),
    over="trainings",
    tolerance=at_least(1),
    baselines=nulls(
        stays=0,
        heaps_anywhere=(drawn - drawn_at_once.amax(0)) - (turned_drawn - turned_drawn_at_once.amax(0)),
        data=0,
        untrained=0,
    ),
    source="Metz et al. 2017, figure 2",
)

# %% [markdown] tags=["notes"]
# In the second half at most one mode at a time, in every game. But of the turned ring's places it is the same, and for heaps put anywhere on the circle. So the cloud is narrow; that it is on modes is not shown, and the first box stays open.
#
# And over the run? Four to seven of the eight, and five to seven of the turned ring's places; 20 heaps put anywhere visit 6.8. So such a list does not show that the cloud seeks modes. The second box asks for one mode more than places, and stays open: -1.5 to 0.7 holds 0. (Why the cloud moves was not measured.)
#
# So a snapshot is a lottery, and the table looks more than once. At the end two games happen to sit on a mode and miss `0.88` of the data; six lie beside all modes, and miss all of it or nearly.

# %% [markdown] tags=["slide", "slide-only"]
# ## Is it the loss, or the rates?
#
# The same networks, the same seeds; first another rate, then another loss.

# %% [markdown] tags=["notes"]
# Is this what a GAN does, or what *this* GAN does? Change $D$'s rate, and then the loss.

# %% tags=["slide-continue"]
protocols = {
    "minimax, D ten times slower": plain[-1],
    "minimax, equal rates": played(lr=(3e-3, 3e-3), looks=1)[-1],
    "minimax, G as slow as D": played(lr=(3e-4, 3e-4), looks=1)[-1],
    "−log D, D ten times slower": played(objective="non_saturating", looks=1)[-1],
    "−log D, equal rates": played(lr=(3e-3, 3e-3), objective="non_saturating", looks=1)[-1],
}
COLUMNS, CAPTION = ["captured of 8", "served of 8", "missed", "found"], f"{len(seeds)} seeds, ± standard deviation"


def each(key, games, **options):
    """One number of the report on each game: games [K, n, 2] -> [K]."""
    return torch.tensor([float(getattr(mode_report(x, wide, **options), key)) for x in games])


def means(games):
    """Means over games as texts: modes captured and served, share missed and found."""
    captured, served_, missed = (each(key, games) for key in ("modes", "served", "missed"))
    mean_found = sum(map(found, games)) / len(games)
    return f"{captured.mean():.1f}", f"{served_.mean():.1f} ± {served_.std():.1f}", f"{missed.mean():.2f}", f"{mean_found:.2f}"


viz.table(
    [[name, *means(games)] for name, games in protocols.items()],
    header=["the game", *COLUMNS],
    caption=f"{STEPS} steps, {CAPTION}",
)

# %%
plain_served = each("served", plain[-1])
question(
    "C08.protocol",
    "How far does one setting move the count? Modes of 8 served with D as fast as G less with D ten times slower, seed by seed",
    ours=each("served", protocols["minimax, equal rates"]) - plain_served,
    over="trainings",
    baselines=nulls(no_difference=0, heap_anywhere=heap_served - plain_served.mean()),
    source="beside 6.3 of 8 in Lin et al. 2018, table 1, and 1 in Srivastava et al. 2017, table 1",
    note="The mean was known when the row was written in this form.",
)
question(
    "C08.slow-G",
    "Or is it G's rate? Modes of 8 served with G as slow as D less with G ten times faster, seed by seed",
    ours=each("served", protocols["minimax, G as slow as D"]) - plain_served,
    over="trainings",
    baselines=nulls(no_difference=0, heap_anywhere=heap_served - plain_served.mean()),
    note="Expected before the run: no heap, undertrained, served 1 to 6.",
)

# %% [markdown] tags=["notes"]
# With $D$ as fast as $G$ the same networks serve `7.9` of eight modes, with $-\log D$ `7.5`; with the slow $D$ either loss serves `0.2`. So it is the rates, and not the loss: $D$'s, raised alone, ends the collapse. $G$'s, lowered alone, does too, so far: `2.5` served, `0.18` found. In at most 2,500 steps no cure below serves `7.9`: what follows asks what helps where $D$ *is* too slow.

# %% [markdown] tags=["slide", "slide-only"]
# ## Why: nobody looks at two samples
#
# The force on sample $i$ of a batch:
#
# $$f_i = -N\, \frac{\partial L}{\partial x_i} = -\ell'(D(x_i))\, \nabla D(x_i), \qquad \frac{\partial f_i}{\partial x_j} = 0 \ \text{ for } j \ne i$$
#
# **Moving one fake changes nothing for the others.**
#
# All outputs race towards the point that $D$ currently believes in (Salimans et al. 2016).

# %% [markdown] tags=["notes"]
# ## 3. Why: nobody looks at two samples
#
# Salimans et al. (2016): the discriminator processes each example independently, so nothing tells the outputs to become
# more dissimilar. All race towards a single point that it currently believes is highly realistic. This is not enough
# for a collapse: the fast $D$ of section 2 judges one by one too, and serves `7.9`.
#
# Make that exact. The generator's loss on a batch is $L = \frac1N \sum_i \ell\bigl(D(x_i)\bigr)$. The force on sample $i$ is
# $f_i = -N\, \partial L / \partial x_i = -\ell'(D(x_i))\, \nabla D(x_i)$. It contains $x_i$ and no other sample, so
# $\partial f_i / \partial x_j = 0$ for $j \ne i$: *moving one fake changes nothing for the others.* Two repairs put the others in:

# %% [markdown] tags=["slide", "slide-only"]
# ## Two repairs put the others in
#
# **Minibatch discrimination**: append how close each sample is to the rest of its batch,
#
# $$o(x_i)_b = \sum_{j \ne i} \exp\bigl(-\|M_{i,b} - M_{j,b}\|_1\bigr), \qquad M_i = h_i T$$
#
# **Minibatch standard deviation**: append one number to all of them, the standard deviation of every feature over the batch, averaged over the features.

# %% [markdown] tags=["notes"]
# **Minibatch discrimination** (Salimans et al. 2016). Project the features $h_i \in \mathbb{R}^F$ of each sample by a learnt tensor,
# $M_i = h_i T \in \mathbb{R}^{B \times C}$, and append how close each sample is to the rest of its batch, kernel by kernel:
#
# $$o(x_i)_b = \sum_{j \ne i} \exp\bigl(-\lVert M_{i,b} - M_{j,b} \rVert_1\bigr), \qquad b = 1 \dots B.$$
#
# **Minibatch standard deviation** (Karras et al. 2018). Append one number to all of them, the standard deviation of every feature over the
# batch, averaged over the features.

# %%
viz.source(minibatch.closeness, minibatch.MinibatchSpread)

# %% [markdown] tags=["slide", "slide-only"]
# ## Stage a collapse
#
# 64 fakes in a tight cloud beside one mode (the blue circle). Arrows: the forces on the fakes.

# %% [markdown] tags=["notes"]
# Stage a collapse. The data: eight modes, radius 1.4; the fakes are a tight cloud (standard deviation 0.1) beside one of them. Train three
# discriminators against this cloud while it stands still, each from sixteen seeds: a plain one, and one with each layer. Then look at the forces on 64 fakes.

# %% tags=["slide-continue", "slide-picture"]
wide_ring = data.toys.ring("wgan_gp")
force_seeds = range(100, scale.pick(ci=102, cpu=116, gpu=116))
centre = torch.tensor([1.1, 0.0])
kinds = {
    "one by one": lambda: mlp.Discriminator(2, hidden=(64, 64)),
    "minibatch discrimination": lambda: minibatch.Discriminator(2, hidden=(64, 64), kind="discrimination"),
    "minibatch std": lambda: minibatch.Discriminator(2, hidden=(64, 64), kind="stddev"),
}


def cloud(n, source):
    return centre + 0.1 * torch.randn(n, 2, generator=source)


def forces(judges, x):
    """-N dL/dx for each fake: x [K, N, 2] -> [K, N, 2]."""
    (slope,) = torch.autograd.grad(F.softplus(-judges(x)).sum(), x, create_graph=True)
    return -slope


def separating(f):
    """The part of the forces [K, N, 2] that is not their mean: [K]."""
    return 1 - f.mean(1).square().sum(1) / f.square().sum(2).mean(1)


def spreading(f, x):
    """The outward cosine: that of the forces with the way from the cloud's centre, f and x [K, N, 2] -> [K]."""
    away = x - x.mean(1, keepdim=True)
    return (f * away).sum((1, 2)) / (f.square().sum((1, 2)) * away.square().sum((1, 2))).sqrt()


def unopinionated(random):
    """Minibatch discrimination before any training; ``random``: its last layer as PyTorch draws it, not zero on the closeness."""
    judge = kinds["minibatch discrimination"]()
    if random:
        judge.layers[-1].reset_parameters()
    return judge


def seeded(make):
    """One network for each seed, as one."""
    networks = []
    for seed in force_seeds:
        torch.manual_seed(seed)
        networks.append(make())
    return stack(networks).to(device)


pushes, influence, shares, outward, trained = {}, {}, {}, {}, {}


def examine(name, judges, x):
    """Note what the forces of these judges on the fakes x [K, N, 2] are."""
    f = forces(judges, x)
    (of_others,) = torch.autograd.grad(f[:, 0].sum(), x)  # how the force on fake 0 depends on where each fake is
    influence[name] = (of_others[:, 1:].abs().amax((1, 2)) / f.detach().norm(dim=2).mean(1)).cpu()
    f, x = f.detach().cpu(), x.detach().cpu()
    shares[name], outward[name] = separating(f), spreading(f, x)
    pushes[name] = (x[0], f[0])


for name, make in kinds.items():
    judges = trained[name] = seeded(make)
    optimizer = torch.optim.Adam(judges.parameters(), lr=1e-3, betas=(0.5, 0.999))
    batches, draw = EnsembleBatches(wide_ring, 64, force_seeds, device=device), torch.Generator().manual_seed(0)
    for _ in range(scale.pick(ci=30, cpu=400, gpu=400)):
        fake = torch.stack([cloud(64, draw) for _ in force_seeds]).to(device)
        loss = len(force_seeds) * losses.non_saturating_d(judges(next(batches)), judges(fake))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    fakes = torch.stack([cloud(64, draw) for _ in force_seeds]).to(device).requires_grad_(True)  # the same for each kind
    examine(name, judges, fakes)
for name, random in (("minibatch discrimination, untrained", False), ("the same, random last layer", True)):
    examine(name, seeded(lambda random=random: unopinionated(random)), fakes)

fig, axes = plt.subplots(1, 3, figsize=(9, 3.2), sharey=True, layout="constrained")
for axis, name in zip(axes, kinds, strict=True):
    x, f = pushes[name]
    axis.scatter(*x.T, s=8, color=FAKE)
    axis.quiver(*x.T, *(f / f.norm(dim=1).mean()).T, color=G_COLOUR, angles="xy", scale=22, width=0.006)
    axis.scatter(*wide_ring.modes.T, s=60, facecolors="none", edgecolors=REAL, linewidths=1.5)
    axis.set(xlim=(0.5, 1.6), ylim=(-0.5, 0.5), aspect="equal", xlabel="$x_1$")
    axis.set_title(name, fontsize=10)
axes[0].set_ylabel("$x_2$")
plt.show()

# %% [markdown] tags=["slide", "slide-only"]
# ## The force, split
#
# Its mean moves the cloud, the rest changes its shape. Does it spread the cloud?
#
# $$\text{separating share} = 1 - \frac{\|\bar f\|^2}{\operatorname{mean}\, \|f_i\|^2} \qquad \text{outward cosine} = \frac{\sum_i f_i \cdot (x_i - \bar x)}{\sqrt{\sum_i \|f_i\|^2 \, \sum_i \|x_i - \bar x\|^2}}$$

# %% [markdown] tags=["notes"]
# Fakes are orange, the blue circle is the mode beside them, arrows are forces on fakes, scaled by panel: compare directions, not lengths. Split the forces of a batch into their mean, which moves
# the cloud, and the rest, which changes its shape: the *separating share* is $1 - \lVert \bar f \rVert^2 / \overline{\lVert f \rVert^2}$. A pull inwards has it, too. So take the *outward cosine*, of all forces with all ways from the cloud's centre: 1 blows the cloud up, -1 shrinks it.

# %% tags=["slide-continue"]
viz.table(
    [
        {
            "discriminator": name,
            "largest influence of a fake on another, by the mean force": f"{float(influence[name].median()):.2g}",
            "separating share": f"{float(shares[name].mean()):.3f} ± {float(shares[name].std()):.3f}",
            "outward cosine": f"{float(outward[name].mean()):.2f} ± {float(outward[name].std()):.2f}",
            "cosine, of what the share allows": f"{float((outward[name] / shares[name].sqrt()).mean()):.2f}",
            "pushes outwards": f"{int((outward[name] > 0).sum())} of {len(force_seeds)} seeds",
        }
        for name in shares
    ],
    caption="influence: median over seeds",
)

# %% [markdown] tags=["slide-continue", "slide-only"]
# *One by one*, the influence is zero to the last bit. With *minibatch discrimination* nearly all of the force is relative, and outward. Its share alone says little: see the last row.

# %%
identity(
    "C29",
    "A discriminator that sees examples one by one: largest influence of one fake on the force on another",
    expected=0,
    ours=influence["one by one"],
    over="trainings",
    tolerance=at_most(0),
    source="Salimans et al. 2016, section 3.2: no coordination between its gradients",
)
claim(
    "C29.similar",
    "It pushes a collapsed cloud as a whole: separating share of the forces, one by one",
    paper="similar directions for many similar points",
    ours=shares["one by one"],
    over="trainings",
    tolerance=at_most(0.1),
    baselines=nulls(unrelated_forces=63 / 64),
    source="Salimans et al. 2016, section 3.2",
    note="Nothing that needs training: see C29.untrained.",
)
claim(
    "C29.discrimination",
    "With minibatch discrimination the forces spread the cloud: their outward cosine",
    paper="restores the push",
    ours=outward["minibatch discrimination"],
    over="trainings",
    tolerance=at_least(0.5),
    baselines=nulls(
        one_by_one=outward["one by one"],
        untrained=outward["minibatch discrimination, untrained"],
        untrained_random_last_layer=outward["the same, random last layer"],
        unrelated_forces=0,
    )
    | ceilings(blown_up=1),
    source="Salimans et al. 2016, section 3.2",
    decks="W",
    note="That it is outwards in every seed was known when the row was written, the cosine was not. The row's older measure, a "
    "ratio of separating shares, an untrained D with a random last layer passes.",
)

# %% [markdown] tags=["notes"]
# *One by one*, the influence is zero to the last bit and the arrows are nearly parallel: $D$ moves the cloud as a whole. (The little that is relative
# is outward, too: the cosine is half of its most, $\sqrt{\text{share}}$.)
#
# With *minibatch discrimination* nearly all of the force is relative, and outward: `0.68`. (The share alone says little: an untrained $D$ with a random last layer has `0.974`, and pulls inwards in 7 of 16 seeds.)
#
# *Minibatch std* couples the
# samples as well, if less (first column: by how many mean forces the force on one fake changes, for each unit of length that another moves), and yet its share is that of no layer, 0.075 beside 0.080. So to be coupled is not yet to be pushed apart.
#
# Closeness is a large number (up to 63 here), so the course's last layer begins with zero weights on it: no opinion on sameness before $D$ has learnt anything. Exercise 1 takes that away.

# %% [markdown] tags=["slide", "slide-only"]
# ## Packing
#
# $D$ judges $m$ samples together, all real or all fake.
#
# Two generators that look equally bad to a judge of single samples; total variation from the data, in packs of $m$:

# %% [markdown] tags=["notes"]
# ## 4. Packing
#
# Lin et al. (2018) change nothing but the input: $D$ judges $m$ samples together, all real or all fake. If modes are missing, the samples of a
# fake pack are too much alike, and $D$ can see it. Why should a *few* samples suffice? Count on a toy. Let the data be even on four
# places, and let one generator miss half of them while another is merely uneven, with the same total variation from the data. Two
# distributions that look equally bad to a judge of single samples:

# %% tags=["nbval-check-output", "slide-continue"]
p = torch.tensor([0.25, 0.25, 0.25, 0.25], dtype=torch.float64)
missing = torch.tensor([0.5, 0.5, 0.0, 0.0], dtype=torch.float64)
uneven = torch.tensor([0.75, 1 / 12, 1 / 12, 1 / 12], dtype=torch.float64)
print("samples in a pack   half of the modes missing   uneven, none missing")
for m in (1, 2, 3, 4, 5):
    tv = [packed_total_variation(p, q, m) for q in (missing, uneven)]
    print(f"{m:9}           {tv[0]:14.4f}              {tv[1]:14.4f}")

# %% [markdown] tags=["slide-continue", "slide-only"]
# Missing modes show at once, as $1 - 2^{-m}$. The code is a reshape.

# %% [markdown] tags=["notes"]
# Alone, both look equally bad. In packs the generator that misses modes moves away from the data at once, as $1 - 2^{-m}$, and the uneven
# one lags behind: two of its samples tell no more than one. Packing bends the discriminator's attention towards missing modes.
#
# The game is the old one. $D$'s input is wider, and $G$, which draws its samples one by one, gets its gradient through a judge that sees them side by side:

# %%
viz.players(viz.GAMES["packed"])

# %% [markdown] tags=["slide", "slide-only"]
# ## Your line: packs
#
# `x` is a batch $[N, d]$ of independent samples. Make it $[N/m, md]$, each row $m$ samples one after the other.

# %% [markdown] tags=["notes"]
# **Write a line.** `x` is a batch $[N, d]$ of independent samples. Make it $[N/m, md]$, each row $m$ samples one after the other.


# %% tags=["slide-continue", "slide-code"]
def packs(x, m):
    return ...  # your line


lines.answered(packs, *asked.PACKS)

# %% [markdown]
# The package's, which does it for pictures too:

# %%
viz.source(pack)

# %% [markdown] tags=["slide", "slide-only"]
# ## The same game, mended
#
# Same generators to begin with, same data; $D$ sees 1, 2 or 4 samples together, or has minibatch discrimination. Beside them: nothing but a faster $D$.

# %% [markdown] tags=["notes"]
# Now mend the game of section 1 with nothing else: the same generators from the same seeds, the same rates, steps and batches; only $D$ sees two samples together, or four, or has minibatch discrimination.
#
# (In packs $D$'s first layer is wider, it begins from other weights, and a batch of 64 gives it 32 or 16 packs. PacGAN's published code plays another game: $-\log D$, equal rates, 100 packs a batch whatever their size.) Minibatch discrimination, with 8 kernels where section 3 has 16, compares all pairs of a batch and is slow: it gets two fifths of the steps, its rates falling to zero sooner, and the table's last row gives as few to the plain game.

# %% tags=["slide-continue", "slide-picture"]
def seeing(kind):
    return lambda: minibatch.Discriminator(2, hidden=(64, 64), kind=kind, kernels=8)


FEWER = 2 * STEPS // 5  # closeness compares all pairs of a batch, and is slow
ends = {
    "slow D, alone": plain[-1],
    "packs of 2": played(lambda: new_discriminator(2), 2, looks=1)[-1],
    "packs of 4": played(lambda: new_discriminator(4), 4, looks=1)[-1],
    "minibatch discrimination": played(seeing("discrimination"), steps=FEWER, looks=1)[-1],
    "fast D, alone": protocols["minimax, equal rates"],
}


def folded(points):
    """Degrees from the direction of the nearest mode: points [..., 2] -> one axis."""
    return (torch.rad2deg(torch.atan2(points[..., 1], points[..., 0])).flatten() + 22.5) % 45 - 22.5


def strip(games, seeds=seeds):
    """Samples of one seed, and below them the directions of all seeds' samples, folded to one mode, by how often a circle has them."""
    fig, axes = plt.subplots(2, len(games), figsize=(1.8 * len(games), 3.6), height_ratios=(3, 2), layout="constrained")
    edges, truth = torch.linspace(-22.5, 22.5, 21), folded(wide.sample(50_000, seed=1))
    for (name, samples), axis, below in zip(games.items(), *axes, strict=True):
        dots(axis, samples[1])
        axis.set_title(name.replace(" discr", "\ndiscr"), fontsize=9)
        ours = folded(samples)
        for degrees, options in ((ours, {"color": FAKE, "fill": True, "alpha": 0.7}), (truth, {"color": REAL})):
            counts = torch.histc(degrees, 20, -22.5, 22.5)
            below.stairs(counts / counts.mean(), edges, **options)
        below.set_title(f"{float((ours.abs() < 3).float().mean()) * 45 / 6:.1f} at the modes", fontsize=9)
        below.set(xlim=(-22.5, 22.5), ylim=(0, 4), xticks=(-15, 0, 15), yticks=range(5))
    axes[0, 0].set_ylabel(f"seed {seeds[1]}")
    axes[1, 0].set_ylabel("a circle has 1")
    fig.supxlabel("degrees from the nearest mode, all seeds; data blue", fontsize=9)
    plt.show()


strip(ends)

# %% [markdown] tags=["slide", "slide-only"]
# ## After 2,500 steps: variety back, modes hardly

# %% tags=["slide-continue"]
fewer = played(steps=FEWER, looks=1)[-1]
published = {"slow D, alone": "6.3", "packs of 2": "7.9", "packs of 4": "7.8"}
viz.table(
    [[name, *means(games), published.get(name, "")] for name, games in (ends | {"slow D, fewer steps": fewer}).items()],
    header=["the game", *COLUMNS, "captured, PacGAN's table"],
    caption=CAPTION,
)

# %%
table = "Lin et al. 2018, table 1, ring: 6.3, 7.9 and 7.8 modes of 8, reverse KL 0.45, 0.07 and 0.07"
missed = each("missed", plain[-1])  # of the plain game, seed by seed
plain_misses = float(missed.mean())
worthless = nulls(
    no_difference=0,
    fewer_steps=plain_misses - float(each("missed", fewer).mean()),
    noise=plain_misses - judged["noise in the square"].missed,
    untrained=plain_misses - judged["an untrained generator"].missed,
    circle_without_modes=plain_misses - judged["a circle without modes"].missed,
) | ceilings(data=plain_misses - judged["data"].missed)
for row, game, paper, source, decks in (
    ("C08.pac2", "packs of 2", "captured: 7.9 for 6.3", table, "HMW"),
    ("C08.pac4", "packs of 4", "captured: 7.8 for 6.3", table, "HMW"),
    ("S33.discrimination", "minibatch discrimination", "less collapse", "Salimans et al. 2016, section 3.2", "W"),
):
    claim(
        row,
        f"The plain game's share of the data missed less that of the same game with {game}, seed by seed",
        paper=paper,
        ours=missed - each("missed", ends[game]),
        over="trainings",
        tolerance=at_least(0.4),
        baselines=worthless,
        source=source,
        decks=decks,
        note="Variety alone, which a circle without modes has, is not enough for it.",
    )

question(
    "S33.fewer",
    "And beside the plain game with as few steps: its share of the data missed less that with minibatch discrimination, seed by seed",
    ours=each("missed", fewer) - each("missed", ends["minibatch discrimination"]),
    over="trainings",
    baselines=nulls(
        no_difference=0, circle_without_modes=float(each("missed", fewer).mean()) - judged["a circle without modes"].missed
    ),
    source="beside Salimans et al. 2016, section 3.2",
    decks="",
    note="The mean, 0.49, was known when the row was written, so it is a question; the box above asks for 0.4.",
)

# %% [markdown] tags=["notes"]
# Look before you read the boxes. (Lower row: which way all seeds' samples lie, folded to one mode. A circle is flat, the data's peak is cut off.) In packs of two or four the generator is all around the ring at once, and 8 modes of 8 are *captured* in every game.
#
# But it has drawn a ring more than modes: packs of two *serve* `1.8` modes of eight and miss `0.58`, where a circle without any modes misses `0.62`. They have begun to find modes, a ripple in the lower row: found `0.12`, where a circle has 0, blurred data `0.16`, a fast $D$ `0.64`. Packs of four are flat, have found none, and miss `0.75`, more than it.
#
# Minibatch discrimination, whose forces in section 3 were relative, serves `6.1` modes, misses `0.38` and has found `0.40`: of these three the only one that beats the circle by a clear margin, and has a bump in the lower row. The box compares it with the long game, though. Beside the plain game with as few steps 0.49 of its 0.58 are left, 0.39 to 0.59, and the box's 0.4 lies in that.
#
# So packing gives back variety, and with it what PacGAN's table counts: captured modes. The boxes ask for more: to save 0.4 of the data, where the circle saves 0.34. For packs of two the interval, 0.34 to 0.43, holds both; for packs of four it lies below both. The boxes stay open. But PacGAN's runs made 400,000 steps: section 5 gives packs of two 10,000, and they serve `8.0`.

# %% [markdown] tags=["slide", "slide-only"]
# ## What goes wrong: eight modes that are seven
#
#     thetas = np.linspace(0, 2 * np.pi, 8)
#
# Stop and find it.

# %% [markdown] tags=["notes"]
# ## What goes wrong: the eight modes that are seven
#
# For the unrolled GAN in its table VEEGAN took the authors' reference implementation. That is a notebook, and its data cell places the centres of the eight modes at the angles
#
#     thetas = np.linspace(0, 2 * np.pi, 8)
#
# Stop and find it. Then run the cell. What would the count "of 8" report for a perfect generator, and what would the KL to uniform be?

# %% tags=["nbval-check-output", "slide-continue"]
angles = torch.linspace(0, 2 * math.pi, 8, dtype=torch.float64)
centres = torch.stack([angles.sin(), angles.cos()], 1)
different = torch.unique((centres * 1e6).round(), dim=0)
print(f"{len(centres)} centres, {len(different)} of them different")

as_written = data.toys.ring("unrolled")
print(f"weights of the modes: {[round(float(w), 3) for w in as_written.weights]}")
perfect = mode_report(as_written.sample(20_000, seed=0), ring)
print(f"perfect samples of it, counted against eight even modes: {perfect.modes} modes, reverse KL {perfect.reverse_kl:.1f}")

# %%
identity(
    "C08.seven",
    "Different centres among the eight that the published notebook announces",
    expected=7,
    ours=len(different),
    tolerance=within(0),
    source="poolio/unrolled_gan, Unrolled GAN demo.ipynb",
)

# %% [markdown] tags=["slide-continue", "slide-only"]
# `linspace` includes both ends, and the angles 0 and $2\pi$ are one. `endpoint=False` repairs it.
#
# VEEGAN's table has 7.6 of 8 for the unrolled GAN. *Can that be this ring?*

# %% [markdown] tags=["notes"]
# `linspace` includes both ends, and the angles 0 and $2\pi$ are one. The data has seven modes and the top one twice the weight. `endpoint=False` repairs it. A generator trained on
# it and scored against eight even modes can match only what lies on both rings. That is the top mode: 1 of 8, at a KL to uniform of $\ln 8 = 2.1$. Scored against its own seven, "8 of 8" is out of reach.
#
# So look at section 2's table once more: it has 7.6 of 8 for the unrolled GAN. Seven modes cannot give that. VEEGAN's ring was another, or the doubled mode was counted twice; the table does not say which.
# No test failed, no picture looked wrong: seven points on a circle look much like eight. The course's toys carry their source in their names for
# this reason (`ring("pacgan")`, `ring("wgan_gp")`, `ring("unrolled")`).

# %% [markdown] tags=["slide", "slide-only"]
# ## In short
#
# - A baseline is a protocol: before you believe "ours 24, GAN 3", ask how the 3 was trained.
# - A count of modes says nothing about garbage: ask what noise scores, and divide by all samples.
# - Where $D$ judges one sample at a time, no fake moves another. Three repairs: packs, minibatch statistics, looking ahead.
# - That alone makes no collapse: a fast $D$, one by one, serves 7.9 of 8.
# - With the slow $D$ packs (2,500 steps) and a look ahead (1,250) give variety back, hardly modes; minibatch discrimination (1,000) serves 6.1 of 8. In 10,000 steps packs of two serve all 8, packs made of copies 0.8, packs of four 0.1, the plain game 0.6.
# - Of twelve claims of papers four are reproduced, eight stay open. The collapsed cloud is narrow: a heap that is put anywhere on the circle serves as many modes at once, so we cannot tell whether it keeps some, or seeks them.

# %% [markdown] tags=["notes"]
# # Going deeper
#
# The core path ends here. What follows: the forces before any training, minibatch std over a whole one, packs of two for four times as long, the generator that looks ahead, what a starved discriminator does, why eight games are not eight times the work, and where the thousand modes went.

# %% [markdown]
# ## 5. Forces before the training, minibatch std over all of it, and packs for longer
#
# Section 3 trained its discriminators before it looked at their forces. Do they learn to push a cloud as a whole?

# %%
def share_on(judges, spread=0.1):
    """Their separating share [K] on a cloud of this width."""
    x = centre + spread * torch.randn(len(force_seeds), 64, 2, generator=torch.Generator().manual_seed(1))
    return separating(forces(judges, x.to(device).requires_grad_(True)).detach().cpu())


untrained = seeded(kinds["one by one"])
viz.table(
    [
        [name, *(f"{float(share_on(judges, spread).mean()):.2f}" for spread in (0.05, 0.1, 0.2, 0.4))]
        for name, judges in {"untrained": untrained, "trained": trained["one by one"]}.items()
    ],
    header=["one by one", *(f"cloud of std {spread}" for spread in (0.05, 0.1, 0.2, 0.4))],
    caption=f"separating share, {len(force_seeds)} seeds",
)

# %%
question(
    "C29.untrained",
    "Does it learn to push as a whole? Separating share of the forces, one by one, after the training less before it, on one cloud",
    ours=share_on(trained["one by one"]) - share_on(untrained),
    over="trainings",
    baselines=nulls(no_difference=0),
    note="That an untrained D has a share of about 0.1 was known when the row was written.",
)
question(
    "C29.stddev",
    "Does minibatch std push fakes apart as well? Its separating share over that of one by one",
    ours=shares["minibatch std"] / shares["one by one"],
    over="trainings",
    baselines=nulls(one_by_one=1),
    note="the paper claims more variety in training, no such force",
)

# %% [markdown]
# On a cloud as wide as that of section 3 we cannot tell: the interval of the difference holds 0, and an untrained $D$ has a share of 0.11. So the parallel arrows of section 3 need no training: over a small cloud the slope of a smooth function hardly changes. What training changes is in the table's other columns. The narrowest cloud is pushed still more as a whole (0.00 for 0.06), a wide one far less (0.77 for 0.26).

# %% [markdown] tags=["slide", "slide-only"]
# ## Minibatch std over a whole training
#
# The game of section 1 again, from the same generators; $D$ gets one layer more.

# %% [markdown] tags=["notes"]
# *Minibatch std* on the spot is no force that we could see. Here it goes into the game of section 1, though $D$ begins from other weights.

# %% tags=["slide-continue"]
spread = played(seeing("stddev"), looks=1)[-1]
viz.table(
    [
        ["slow D, alone", STEPS, *means(plain[-1])],
        ["minibatch std", STEPS, *means(spread)],
        ["minibatch discrimination", FEWER, *means(ends["minibatch discrimination"])],
    ],
    header=["the game", "steps", *COLUMNS],
    caption=CAPTION,
)

# %%
claim(
    "S33.stddev",
    "The plain game's share of the data missed less that of the same game with minibatch stddev, seed by seed",
    paper="more variation",
    ours=missed - each("missed", spread),
    over="trainings",
    tolerance=at_least(0.4),
    baselines=worthless,
    open="it asks for modes; the paper speaks of variation, which is back (S33.variety)",
    source="Karras et al. 2018, section 3",
    decks="",
)

# %% [markdown] tags=["notes"]
# Now ask for variety and for modes apart. For variety, open the gate to six standard deviations: a circle through the modes serves all 8 then, noise none. For modes, take what was found.

# %%
coarse = {name: mode_report(x, wide, threshold=6).served for name, x in known.items()}
plain_coarse = each("served", plain[-1], threshold=6)


def variety(row, game, games):
    """What a cure gives back of variety, as a row."""
    question(
        row,
        f"Is variety back? Modes of 8 served with a gate of six standard deviations, {game} less the plain game, seed by seed",
        ours=each("served", games, threshold=6) - plain_coarse,
        over="trainings",
        baselines=nulls(
            no_difference=0,
            noise=coarse["noise in the square"] - float(plain_coarse.mean()),
            untrained=coarse["an untrained generator"] - float(plain_coarse.mean()),
        )
        | ceilings(circle_without_modes=coarse["a circle without modes"] - float(plain_coarse.mean())),
    )


variety("C08.variety2", "packs of 2", ends["packs of 2"])
variety("C08.variety4", "packs of 4", ends["packs of 4"])
variety("S33.variety", "minibatch std", spread)
heap_found = torch.tensor([found(x) for x in lottery.flatten(0, 1)])
heap_found_by_8 = heap_found.view(-1, 8).mean(1)
print(f"found by a heap put anywhere: {heap_found.mean():.3f} ± {heap_found.std():.2f}; by eight, on average: ± {heap_found_by_8.std():.2f}")
check(
    "C08.turned",
    "What samples without modes have found: a circle, noise, an untrained generator, and the mean of heaps put anywhere",
    expected=0,
    ours=[*(found(known[name]) for name in list(known)[4:]), float(heap_found.mean())],
    over="kinds of worthless samples",
    tolerance=within(0.03),
    baselines=nulls(data=found(known["data"]), one_mode=found(known["one mode"])),
    note="The values of the first three were known when the tolerance was set, that of the heaps was not.",
)
question(
    "C08.found",
    "Modes, or places? What the games in packs of 2 have found of the modes (missed of the turned ring less missed of the ring)",
    ours=[found(x) for x in ends["packs of 2"]],
    over="trainings",
    baselines=nulls(circle_without_modes=found(known["a circle without modes"]), noise=found(known["noise in the square"]))
    | ceilings(data=found(known["data"]), fast_D=[found(x) for x in ends["fast D, alone"]]),
)

# %% [markdown] tags=["notes"]
# Variety is back with each of the three: 6.25 to 7.4 modes of eight more than the plain game, where the circle has 7.4 more. (It is variety *on the ring*: noise, which is everywhere, serves none.) Modes are another matter. Packs of two have found some, 0.08 to 0.17, beside 0.64 with a fast $D$. (A heap that is put anywhere has 0 ± 0.08, the mean of eight ± 0.03, standard deviations: the plain games' -0.03 and -0.06 in section 2 are within about two of these.)
#
# Minibatch std captures `8.0`, serves `0.9` and misses `0.67`. It saves 0.21 to 0.39; the circle would save 0.34. The box asked for 0.4, which minibatch discrimination has: in 2,500 steps the layer alone falls short. (So do packs of two, which find the modes later, below. For this layer we did not look.) The row stays open all the same. The paper speaks of variation, and variation came back.
#
# Would packs of two find the modes later? The same games, with four times as many steps, the rates falling to zero as much later:

# %%
longer = played(lambda: new_discriminator(2), 2, steps=4 * STEPS, looks=1)[-1]
viz.table(
    [
        ["packs of 2", STEPS, *means(ends["packs of 2"])],
        ["packs of 2", 4 * STEPS, *means(longer)],
        ["fast D, alone", STEPS, *means(ends["fast D, alone"])],
    ],
    header=["the game", "steps", *COLUMNS],
    caption=CAPTION,
)

# %%
question(
    "C08.longer",
    "Do packs of 2 find the modes later? Found after four times as many steps less found before, seed by seed",
    ours=[found(x) - found(y) for x, y in zip(longer, ends["packs of 2"], strict=True)],
    over="trainings",
    baselines=nulls(no_difference=0),
    source="beside Lin et al. 2018: 400,000 steps",
    note="Expected before the run: found 0.2 to 0.4, for 0.12.",
)

# %% [markdown] tags=["notes"]
# They do. All eight games serve all `8.0`, miss `0.18` and have found `0.72`, 0.55 to 0.65 more than after 2,500 steps, and more than the fast $D$. We had expected 0.2 to 0.4 in all. So what section 4 shows of packs of two is a start, and it is the steps that were missing. But is it the packs, then, or would the plain game find them as well in as many steps?
#
# So ask again, with seeds that no run has seen, the plain game beside it for as long, and the boxes' old tolerance, written before the run.

# %%
fresh = range(38, scale.pick(ci=40, cpu=46, gpu=46))
later = {
    "slow D, alone": played(seeds=fresh, steps=4 * STEPS, looks=1)[-1],
    "packs of 2": played(lambda: new_discriminator(2), 2, seeds=fresh, steps=4 * STEPS, looks=1)[-1],
    "packs of 4": played(lambda: new_discriminator(4), 4, seeds=fresh, steps=4 * STEPS, looks=1)[-1],
}


class Copies(PackedDiscriminator):
    """The same network on as many rows, but each row is one sample, m times: a pack without its other samples."""

    def forward(self, x):
        return self.network(x[:, :: self.m].repeat(1, 1, self.m))


controls = {
    "copies of 1 for packs of 2": played(lambda: new_discriminator(2), 2, fresh, steps=4 * STEPS, looks=1, packing=Copies)[-1],
    "packs of 2, batch of 32": played(lambda: new_discriminator(2), 2, fresh, steps=4 * STEPS, looks=1, batch=32)[-1],
    "packs of 4, batch of 128": played(lambda: new_discriminator(4), 4, fresh, steps=4 * STEPS, looks=1, batch=128)[-1],
}
viz.table(
    [
        [name, rows, *means(games)]
        for (name, games), rows in zip((later | controls).items(), (64, 32, 16, 32, 16, 32), strict=True)
    ],
    header=["the game", "rows a batch", *COLUMNS],
    caption=f"{4 * STEPS} steps, {len(fresh)} fresh seeds, ± standard deviation",
)

# %% [markdown] tags=["slide", "slide-only"]
# ## Four times as long, eight fresh seeds

# %% tags=["slide-continue", "slide-picture"]
strip(later, fresh)

# %%
missed_later = each("missed", later["slow D, alone"])
copies_save = missed_later - each("missed", controls["copies of 1 for packs of 2"])
for row, game, paper in (
    ("C08.pac2-later", "packs of 2", "captured: 7.9 for 6.3"),
    ("C08.pac4-later", "packs of 4", "captured: 7.8 for 6.3"),
):
    claim(
        row,
        f"After four times as many steps, fresh seeds: the plain game's share of the data missed less that with {game}, seed by seed",
        paper=paper,
        ours=missed_later - each("missed", later[game]),
        over="trainings",
        tolerance=at_least(0.4),
        baselines=nulls(
            no_difference=0,
            **{
                name.replace(" ", "_"): float(missed_later.mean()) - judged[name].missed
                for name in ("noise in the square", "an untrained generator", "a circle without modes")
            },
            **({"copies": copies_save} if game == "packs of 2" else {}),
        )
        | ceilings(data=float(missed_later.mean()) - judged["data"].missed),
        open="copies pass, too: it is not the second sample" if game == "packs of 2" and copies_save.mean() >= 0.4 else "",
        source=table,
        note="What packs of 2 do in as many steps with other seeds was known (C08.longer), nothing of the plain game or packs of 4."
        + (" The copies came later, to a known value, as one more null." if game == "packs of 2" else ""),
    )
for row, statement, many, few, expected in (
    (
        "C08.packs2",
        "Is it how many packs a batch has? Found by packs of 2, 32 a batch, less found with 16 a batch, seed by seed",
        later["packs of 2"],
        controls["packs of 2, batch of 32"],
        "with 16 found falls to 0.3 or less, from 0.7",
    ),
    (
        "C08.packs4",
        "And for packs of 4? Found with 32 a batch less found with 16 a batch, seed by seed",
        controls["packs of 4, batch of 128"],
        later["packs of 4"],
        "with 32 found rises from 0.04",
    ),
):
    question(
        row,
        statement,
        ours=[found(x) - found(y) for x, y in zip(many, few, strict=True)],
        over="trainings",
        baselines=nulls(no_difference=0),
        source="beside Lin et al. 2018: 100 packs a batch, whatever their size",
        note=f"Expected before the run: {expected}. A batch with more packs has more samples, too.",
    )

# %% [markdown] tags=["notes"]
# The plain game does not find them: after 10,000 steps it serves `0.6` modes, no more than a heap put anywhere (0.675), and misses `0.92`. (Its bump in the picture, 2.4, is made of eight heaps, five of them on a mode.)
#
# Packs of two serve all `8.0` again and miss `0.17`. That is 0.69 to 0.81 of the data saved: PacGAN's claim for packs of two is reproduced, in a game that is not PacGAN's. So it is the packs *and* the time. Packs of four captured `8.0` from the start; now they miss `0.63`, as a circle does, and have found `0.04`. Their box stays open.
#
# But is it the second sample? In packs $D$'s first layer is wider, too, it begins from other weights, and it sees 32 rows for 64. *Copies* keep all of that: the same $D$, and each of 32 rows is one sample twice. They serve `0.8` modes and miss `0.91`, as the plain game does. (They use half of the samples of a batch. So do packs of two from a batch of 32, and those serve `7.6`.)
#
# So it is the second sample. (The plain game and the copies have found `0.06` and `0.08` by now, where the mean of eight heaps has 0 ± 0.03: a collapsed cloud may sit on modes in the end. We saw that late, and no row asks it.)
#
# Why do four do less than two? Of a batch of 64 packs of four have 16, packs of two 32. So we gave packs of two 16, and packs of four 32. We had expected that packs of two would then find 0.3 or less.
#
# Packs of two find `0.58`, which is 0.09 to 0.21 less than with 32. Packs of four find `0.10`, which is 0.03 to 0.10 more than with 16. So the number of packs, and of samples with it, counts for both, and it is not what sets them apart: with 16 packs it is 0.58 beside 0.04, with 32 it is 0.73 beside 0.10. What does, we do not know.

# %% [markdown] tags=["slide", "slide-only"]
# ## Looking ahead: the unrolled GAN
#
# $k$ steps of $D$ *in thought*, $\phi_{i+1} = \phi_i - \eta\, \nabla_\phi L_D(\theta, \phi_i)$; $G$ minimises $L_G(\theta, \phi_k(\theta))$:
#
# $$\frac{d L_G}{d\theta} = \frac{\partial L_G(\theta, \phi_k)}{\partial \theta} + \frac{\partial L_G(\theta, \phi_k)}{\partial \phi_k}\, \frac{d \phi_k}{d \theta}$$
#
# The second part says how $D$ will react to what $G$ does. $k = 0$ is the plain game.

# %% [markdown] tags=["notes"]
# ## 6. Looking ahead: the unrolled GAN
#
# The spike that wins against a fixed $D$ (lecture 02, section 8) loses as soon as $D$ answers. So let the generator take the answer into account. Metz
# et al. (2017) play $k$ steps of the discriminator *in thought*, starting from its present weights $\phi_0 = \phi$,
#
# $$\phi_{i+1} = \phi_i - \eta\, \nabla_\phi L_D(\theta, \phi_i),$$
#
# and let $G$ minimise $L_G(\theta, \phi_k(\theta))$. Its gradient has two parts,
#
# $$\frac{d L_G}{d\theta} = \frac{\partial L_G(\theta, \phi_k)}{\partial \theta}
# + \frac{\partial L_G(\theta, \phi_k)}{\partial \phi_k}\, \frac{d \phi_k}{d \theta},$$
#
# and the second, found by differentiating through the $k$ steps, says how $D$ will react to what $G$ does. If $G$ moves all samples to one place, $\phi_k$
# will mark this place as fake. $k = 0$ is the plain game. $D$ itself makes its one ordinary step.

# %%
viz.source(UnrolledGAN.unroll, UnrolledGAN.generator_loss)

# %% [markdown] tags=["slide", "slide-only"]
# ## With and without a look ahead
#
# The game of section 1: $k = 0$ is that game, $k = 5$ the same from the same weights.

# %% [markdown] tags=["notes"]
# The game is that of section 1 again: $k = 0$ is that game itself, $k = 5$ the same from the same weights for half of the steps, with plain gradient
# steps of $\eta = 0.1$ in thought where the notebook unrolls Adam. (The paper's figure 2 looks ten steps ahead, the notebook five.) One line makes an ensemble of unrolled games.

# %% tags=["slide-continue", "slide-picture"]
class UnrolledEnsemble(EnsembleGAN, UnrolledGAN):
    """K unrolled games as one."""


AHEAD = STEPS // 2
ahead = played(kind=partial(UnrolledEnsemble, steps=5, step_size=0.1), steps=AHEAD)
constant = played(kind=partial(UnrolledEnsemble, steps=5, step_size=0.1, through=False), steps=AHEAD, looks=1)[-1]
fig, axes = plt.subplots(2, 6, figsize=(9, 3.2), layout="constrained")
for row, (label, run) in zip(axes, {"k = 0": plain, "k = 5": ahead}.items(), strict=True):
    for look, axis in zip((3, 6, 9, 12, 15, 20), row, strict=True):
        dots(axis, run[look, 1])
        axis.set_title(f"{5 * look} % of the steps", fontsize=9)
    row[0].set_ylabel(label)
plt.show()

# %% tags=["slide-continue"]
looked = {
    "k = 0": (STEPS, plain[-1]),
    "k = 5": (AHEAD, ahead[-1]),
    "k = 5, the answer as a constant": (AHEAD, constant),
}
viz.table(
    [[label, n, *means(games)] for label, (n, games) in looked.items()],
    header=["steps in thought", "steps", *COLUMNS],
    caption=CAPTION,
)

# %%
claim(
    "C08.unrolled",
    "The plain game's share of the data missed less that of the same game with five steps in thought, seed by seed",
    paper="covers the ring; without, cycles through modes",
    ours=missed - each("missed", ahead[-1]),
    over="trainings",
    tolerance=at_least(0.4),
    baselines=worthless,
    source="Metz et al. 2017, figure 2",
)
variety("C08.variety-ahead", "five steps in thought", ahead[-1])
question(
    "C08.through",
    "Is it the derivative of the answer? Missed with five steps in thought as constants less missed with it, seed by seed",
    ours=each("missed", constant) - each("missed", ahead[-1]),
    over="trainings",
    baselines=nulls(no_difference=0),
)

# %% [markdown] tags=["notes"]
# Looking ahead costs $k$ further passes through $D$, forwards, backwards and backwards again. What it buys is in the lower row: no wandering in the game shown, and 8 modes captured in all eight games. And what packing left undone is left undone here: it misses `0.61`, where the circle misses `0.62`, serves `1.1` modes and has found `0.10`. Its box asks for more, of half of the steps, and stays open. Variety is back; the modes are hardly found yet.
#
# Is it the derivative of the answer that does it? Not here. With the answer as a constant $G$ meets a $D$ that is five steps further on, and nothing else. These games serve `2.9` modes, have found `0.20` and miss 0.06 to 0.09 *less*. That agrees with section 2, where a faster $D$ was enough. What another $\eta$ does, or Adam in thought, we did not test.

# %% [markdown] tags=["slide", "slide-only"]
# ## A starved discriminator
#
# Equal rates, so that the plain game serves its ring. Then take $D$'s units away.

# %% [markdown] tags=["notes"]
# ## 7. A starved discriminator
#
# Metz et al. bring collapse about in another way: they make $D$ small. Take the game that does not collapse, $-\log D$ with equal rates (section 2), and give $D$ 2 x 8 units in place of 2 x 64. Nothing else changes.

# %% tags=["slide-continue"]
rates_and_loss = {"lr": (3e-3, 3e-3), "objective": "non_saturating", "looks": 1}
by_size = {
    "2 x 64": protocols["−log D, equal rates"],
    "2 x 8": played(lambda: new_discriminator(units=8), **rates_and_loss)[-1],
    "2 x 8, packs of 2": played(lambda: new_discriminator(2, units=8), 2, **rates_and_loss)[-1],
}
viz.table(
    [[size, *means(games)] for size, games in by_size.items()],
    header=["units of D", *COLUMNS],
    caption=f"−log D, equal rates, {STEPS} steps, {CAPTION}",
)

# %% [markdown] tags=["slide", "slide-only"]
# ## Its samples, and where they lie

# %% tags=["slide-continue", "slide-picture"]
strip(by_size)

# %%
claim(
    "C08.capacity",
    "A smaller D keeps fewer modes: of 8 those served with D of 2 x 8",
    paper="fewer modes with a smaller D",
    ours=each("served", by_size["2 x 8"]),
    over="trainings",
    tolerance=between(0.5, 4),
    baselines=nulls(noise=noise_served, untrained=untrained_served, heap_anywhere=heap_served, data=data_served)
    | ceilings(D_of_2_x_64=each("served", by_size["2 x 64"])),
    open="a narrow heap put anywhere on the circle passes, too, and the interval reaches over the edge of the tolerance",
    source="Metz et al. 2017, stacked MNIST with smaller discriminators",
)
question(
    "C08.narrow",
    "Is it narrowness? Modes of 8 served with a gate of six standard deviations, D of 2 x 64 less D of 2 x 8, seed by seed",
    ours=each("served", by_size["2 x 64"], threshold=6) - each("served", by_size["2 x 8"], threshold=6),
    over="trainings",
    baselines=nulls(no_difference=0),
)
question(
    "C08.starved",
    "Do packs help the starved D? Missed with D of 2 x 8 alone less missed with packs of two, seed by seed",
    ours=each("missed", by_size["2 x 8"]) - each("missed", by_size["2 x 8, packs of 2"]),
    over="trainings",
    baselines=nulls(no_difference=0),
    source="beside Lin et al. 2018, table 3: stacked MNIST with small discriminators",
)

# %% [markdown] tags=["notes"]
# From `7.5` modes served to `0.6`, and from `0.22` of the data missed to `0.91`, by the size of $D$ alone.
#
# Is that narrowness or garbage? A mode that is not served may be a mode drawn badly. But *captured*, for which one good sample is enough, falls from 8.0 to 1.8, and garbage that is spread over the square captures all: noise has 8. So it is not spread over the square. But on the ring it need not be, either: the arc in the picture lies inside. And heaps put anywhere on the circle serve 0.675, `0.01` found is about what noise has, and the picture's lower row has no bump at 0.
#
# That it *keeps* the few modes is not shown. The gate of six standard deviations, where the large $D$ serves 6.25 modes more, cannot tell: noise serves none there either. The first box had asked for between 0.5 and 4 served, so that a generator of garbage would fail. The heaps pass, the interval reaches down to 0, and the box stays open. *What a generator drops depends on what its discriminator can see*, or so it looks.
#
# Packs of two help the starved $D$ as they help the slow one. It captures 8.0 and misses `0.72`, 0.07 to 0.31 less than alone. But a circle misses `0.62`, and it has found `0.02`: spread, not modes.

# %% [markdown] tags=["notes"]
# ## 8. Eight games at once
#
# A network of 2 x 64 units keeps a processor busy with overhead, and eight of
# them cost little more than one if they are trained *at once*: stack their weights, and layer $l$ of all members is one batched matrix product.

# %%
viz.source(StackedLinear)

# %% [markdown] tags=["notes"]
# The members never meet. The loss is the sum of theirs, so every weight gets the gradient of its own member's loss. Adam treats each number by
# itself. Hence member $k$ of an ensemble should be the network that the plain loop of lecture 03 trains from seed $k$, up to
# rounding. Is it?

# %%
together = ensemble(seeds, new_generator, new_discriminator)
fit(together, EnsembleBatches(wide, 32, seeds, device=device), 20, lr=1e-3, progress=False)
differences = []
for k, seed in enumerate(seeds):
    torch.manual_seed(seed)
    alone = GAN(new_generator().to(device), new_discriminator().to(device))
    fit(alone, data.Batches(wide, 32, seed=seed, device=device), 20, lr=1e-3, seed=seed, progress=False)
    pairs = zip(together.generator.member(k).parameters(), alone.generator.parameters(), strict=True)
    differences.append(max((a - b).abs().max().item() for a, b in pairs))
print(f"largest difference of a weight after 20 steps: {max(differences):.0e}")

# %% [markdown] tags=["notes"]
# After 20 steps that is rounding. (The course's tests compare them in double precision, with packing, minibatch layers and unrolling too.) How far rounding drives two games apart in 2,500, this cell does not say; exercise 4 asks.
#
# ## 9. A thousand modes
#
# Stacked digits put three digits into the three colours of one picture: $10^3$ modes, counted by a classifier that reads each colour (Metz et al. 2017). Here the judge decides everything: one that must call every blob some digit counts garbage as modes.
#
# [Lecture 16](16_modern.ipynb) has the
# test with a judge that refuses what is no digit, on convolutional networks, with packing and minibatch discrimination among its games. After 6,000 steps DCGAN has 887 modes there, with packing 657 and with minibatch discrimination 245. Packing's difference has an interval that holds 0; minibatch discrimination costs modes in all five pairs. The plain game does not collapse there, so there was little to cure.
#
# PacGAN's published code for these digits has a relative of the seven modes: real pictures are fed to $D$ in $[0, 1]$, and the generator ends in $\tanh$, so that $D$ can
# tell a fake by the sign of one pixel.

# %% [markdown]
# ## What was measured
#
# The rows of this lecture by kind and verdict. Each box above unfolds on a click; `CLAIMS.md` has the rows of all lectures.

# %%
summary()

# %% [markdown] tags=["slide", "slide-only"]
# ## Play
#
# Step it, change the rates. How many of the eight places do the samples visit, and do they stay?

# %% [markdown]
# ## Play
#
# A GAN on the ring. Step it, change the rates, and watch where the samples go: how many of the eight places do they visit, and do they stay?

# %% tags=["slide-continue", "slide-picture"]
torch.manual_seed(0)
live = GAN(mlp.Generator(8, 2, activation="leaky_relu"), mlp.Discriminator(2))
widgets.toy_game(live, ring, lr=1e-3, preview_rounds=(0, 300))

# %% [markdown]
# The same ring in the playground, where every rule can be changed while it plays. It opens on a collapse: $G$ learns ten times as fast as $D$. Its cure on the list changes
# three things at once, the rates, the objective and the penalty. Which does it need? Bet, then try them one by one. (The course's tests have played it: the rates alone bring at least
# seven of eight back, the objective alone or the penalty alone fewer than three.)

# %%
widgets.playground("collapse")

# %% [markdown]
# ## Exercises
#
# 1. **An opinion too early.** Give the last layer of `minibatch.Discriminator` random weights on the closeness (PyTorch's default) and repeat the experiment of
#    section 3. In how many seeds do the forces point outwards? Train the ring of section 4 with it. Would dividing the closeness by $N - 1$ do as well?
# 2. **Break packing.** Packs are made of *independent* samples. Build them from copies (the same fake $m$ times, with different real ones), train on the ring and count.
#    What can $D$ now see without looking at modes at all?
# 3. **A gate that is too wide.** From what threshold on, in standard deviations, does a circle through the modes serve all eight? Compute it with pencil and paper, then count with `mode_report(..., threshold=...)`. Which other worthless cloud of section 2 passes by then or soon after? What does that say of the half in the definition of *served*?
# 4. **One game or eight.** Play section 1 with five seeds in the stack in place of eight. Is seed 30 at the end where it was? The stacked product rounds otherwise. What, then, does a seed fix, and what not?

# %%
widgets.quiz(
    [
        {
            "question": "A paper reports that its method captures 24.6 of 25 modes and the GAN baseline 3.3. What should you ask first?",
            "answer": "How the baseline was trained, and what the histogram over modes looks like",
            "why": "The same baseline scores 17.3 in another paper, and one sample of 2500 captures a mode.",
            "wrong": {
                "Whether 25 modes are enough": "More modes help less than a baseline trained with care.",
                "How many parameters the method has": "Worth asking, but it would not show that the baseline is a protocol.",
                "Nothing: the difference is too large to be luck": "It is no luck. Protocols differ by more than methods do.",
            },
        },
        {
            "question": "All fakes of a batch lie in one tight cloud where D is high. D judges samples one by one. What does the gradient do?",
            "answer": "It moves them all nearly the same way",
            "why": "Over a small cloud the slope of D hardly changes, and no sample's gradient contains another sample. (On one exact "
            "point minibatch discrimination would not help: it treats equal samples equally, and closeness has slope 0 there.)",
            "wrong": {
                "It vanishes": "Only where D has a stationary point.",
                "It pushes them apart at random": "Nothing is random in it: neighbours have nearly equal gradients.",
                "It pushes them towards the nearest missing mode": "Nothing in D(x) at this x knows about places elsewhere.",
            },
        },
        {
            "question": "A generator draws a circle through all eight modes, with no more samples at the modes than between. What does it score?",
            "answer": "Captured 8, served 0",
            "why": "One good sample captures a mode. Served asks for half of a mode's due, and most samples lie between the modes.",
            "wrong": {
                "Captured 8, served 8": "That is the data. With the circle of section 2 only 38 % of the samples are good, 5 % for a mode whose due is 12.5 %.",
                "Captured 0, served 0": "It passes through every mode, and one sample is enough to capture it.",
                "Captured 8, served 4": "All modes are treated alike, so all are served or none.",
            },
        },
    ]
)

# %% [markdown]
# ## Further reading
#
# - Salimans, Goodfellow, Zaremba, Cheung, Radford & Chen (2016), [*Improved Techniques for Training GANs*](https://arxiv.org/abs/1606.03498), NeurIPS: minibatch discrimination.
# - Metz, Poole, Pfau & Sohl-Dickstein (2017), [*Unrolled Generative Adversarial Networks*](https://arxiv.org/abs/1611.02163), ICLR.
# - Srivastava, Valkov, Russell, Gutmann & Sutton (2017), [*VEEGAN: Reducing Mode Collapse in GANs using Implicit Variational Learning*](https://arxiv.org/abs/1705.07761), NeurIPS.
# - Karras, Aila, Laine & Lehtinen (2018), [*Progressive Growing of GANs for Improved Quality, Stability, and Variation*](https://arxiv.org/abs/1710.10196), ICLR: minibatch standard deviation.
# - Lin, Khetan, Fanti & Oh (2018), [*PacGAN: The Power of Two Samples in Generative Adversarial Networks*](https://arxiv.org/abs/1712.04086), NeurIPS.

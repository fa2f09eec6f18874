# %% [markdown]
# # 03. The first GAN
#
# [**Covers**](../docs/glossary.md) the vanilla GAN of all five decks (Hong, McAllester, Kurmi, the cs231n notes, Wang): system S03, Algorithm 1 in code.
# **Papers**: [Goodfellow et al. 2014](https://arxiv.org/abs/1406.2661) (NeurIPS), Algorithm 1 and figures 2 and 3.
#
# **Read** for about 40 minutes. **Run**: half a minute at ci scale, about three minutes at cpu scale; no GPU is needed.
#
# Lecture 02 derived the game. Here it is played. You write Algorithm 1 by hand, twenty lines, and watch a cloud of points take the shape of
# two half moons. Then the same twenty lines, with other networks, draw digits that nobody wrote.
#
# After it you will be able to
#
# - write the training loop of a GAN from memory, and say for each line what breaks without it;
# - read a discriminator's surface and a generator's map, and tell from the loss curves which player is ahead;
# - show that a generator does not merely copy its training set, by a comparison that could have failed;
# - walk between two latents and see one digit become another;
# - explain the error message that this loop is best known for on the forums.

# %%
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

from gancourse import data, latent, scale, viz
from gancourse.classroom import asked, lines, widgets
from gancourse.classroom.claims import ceilings, nulls, question, summary
from gancourse.gans.gan import GAN
from gancourse.metrics import attribute_classifier, frechet_distance
from gancourse.models import mlp
from gancourse.training import fit

torch.set_num_threads(1)  # networks this small gain nothing from a second core
device = scale.device()

# %% [markdown] tags=["slide", "slide-only"]
# ## Now it is played
#
# Lecture 02 derived the game. You write Algorithm 1 by hand, twenty lines, and watch
#
# - a cloud of points take the shape of two half moons,
# - the same twenty lines, with other networks, draw digits that nobody wrote.
#
# For each line: what breaks without it?

# %% [markdown]
# ## 1. The players, before the game
#
# The data are two interleaved half moons in the plane. The generator maps a latent $z \in \mathbb{R}^2$ to a point of the plane, the
# discriminator maps a point to one number, its logit $l(x)$, with $D(x) = \sigma(l(x))$. Both are perceptrons with two hidden layers.

# %% [markdown] tags=["slide", "slide-only"]
# ## Before the game
#
# Data: two half moons.
#
# $G$ maps a latent $z \in \mathbb{R}^2$ to a point.
#
# $D$ maps a point to a logit $l(x)$, with $D(x) = \sigma(l(x))$.

# %% tags=["slide-continue", "slide-picture"]
moons = data.toys.moons()


def new_players(seed):
    torch.manual_seed(seed)
    return mlp.Generator(latent_dim=2, out_shape=2, hidden=(64, 64)), mlp.Discriminator(in_shape=2, hidden=(64, 64))


generator, discriminator = new_players(seed=0)
real = moons.sample(500, seed=1)
with torch.no_grad():
    fake = generator(torch.randn(500, 2, generator=torch.Generator().manual_seed(2)))
viz.show(viz.scatter(real, fake), caption="500 real points and 500 points of a generator that has learnt nothing yet.")

# %% [markdown] tags=["notes"]
# Test each player alone before you let them play; most bugs show here, where nothing moves but one network. Can this discriminator
# learn to tell the moons from *these* fakes, if the generator stands still? It should, and quickly.

# %% [markdown] tags=["slide", "slide-only"]
# ## Test each player alone
#
# Most bugs show here, where nothing moves but one network.
#
# Can this discriminator tell the moons from *these* fakes, if the generator stands still?

# %% tags=["slide-continue"]
stream = data.Batches(moons, 256, seed=3)
noise = torch.Generator().manual_seed(4)
optimizer = torch.optim.Adam(discriminator.parameters(), lr=1e-3)
for _ in range(scale.pick(ci=60, cpu=300, gpu=300)):
    x = next(stream)
    with torch.no_grad():
        fake = generator(torch.randn(256, 2, generator=noise))
    loss = F.softplus(-discriminator(x)).mean() + F.softplus(discriminator(fake)).mean()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

with torch.no_grad():
    right = torch.cat([discriminator(moons.sample(2000, seed=5)) > 0, discriminator(fake) < 0]).float().mean()
print(f"the discriminator's loss is {loss:.2f} (2 log 2 = 1.39 when it knows nothing); {100 * right:.0f} % of its answers are right")

# %% [markdown] tags=["slide", "slide-only"]
# ## Two losses
#
# $D$ minimises, on logits,
#
# $$\frac1m \sum_i \bigl[\mathrm{softplus}(-l(x^{(i)})) + \mathrm{softplus}(l(G(z^{(i)})))\bigr]$$
#
# and $G$
#
# $$\frac1m \sum_i \mathrm{softplus}(-l(G(z^{(i)})))$$
#
# Whom may each loss move?

# %% [markdown] tags=["notes"]
# ## 2. Algorithm 1, by hand
#
# Goodfellow et al. print the training loop as Algorithm 1; Hong and the cs231n notes show it. For each iteration, do $k$ times: draw a
# batch of noise and a batch of data, move $D$ *up* the slope of
#
# $$\frac1m \sum_{i=1}^m \bigl[\log D(x^{(i)}) + \log(1 - D(G(z^{(i)})))\bigr].$$
#
# Then draw noise again and move $G$ *up* the slope of $\frac1m \sum_i \log D(G(z^{(i)}))$, the non-saturating objective that lecture 02 ended
# with. On logits, minus these sums are means of softplus.
#
# Each loss may move one player. In the picture a dashed line is a gradient on its way back from a loss: it ends at the network that it moves, and
# passes through others. The bar is where it is stopped.

# %% [markdown] tags=["slide", "slide-only"]
# ## Whom may each loss move?

# %% tags=["slide-continue", "slide-picture"]
viz.players(viz.GAMES["gan"])

# %% [markdown]
# **Your two lines.** Write the loss of each player's step from the networks `d` and `g`, the real samples `x` and the latents `z`. The line below each asks
# two things: is the number right, and does its gradient reach the weights that it may move, and no others?

# %%
def d_step(d, g, x, z):
    return ...  # your line: F.softplus(...) of d(x) and of d(g(z)), one of them detached


lines.answered(d_step, *asked.D_STEP)


# %%
def g_step(d, g, z):
    return ...  # your line


lines.answered(g_step, *asked.G_STEP)

# %% [markdown] tags=["notes"]
# The cell below is the whole algorithm. Read it line by line; the comments name the three lines that people get wrong.

# %% [markdown] tags=["slide", "slide-only"]
# ## Algorithm 1
#
# ```python
# x, z = next(batches), torch.randn(m, latent_dim)
# fake = generator(z)
# d_loss = softplus(-discriminator(x)).mean() + softplus(discriminator(fake.detach())).mean()
# opt_d.zero_grad()          # also throws away what G's step left here
# d_loss.backward()
# opt_d.step()
#
# g_loss = softplus(-discriminator(fake)).mean()   # D judges the fakes anew
# opt_g.zero_grad()
# g_loss.backward()
# opt_g.step()
# ```

# %%
def algorithm_1(generator, discriminator, batches, steps, k=1, lr=1e-3, seed=0):
    noise = torch.Generator().manual_seed(seed)
    opt_g = torch.optim.Adam(generator.parameters(), lr=lr, betas=(0.5, 0.999))
    opt_d = torch.optim.Adam(discriminator.parameters(), lr=lr, betas=(0.5, 0.999))
    losses = []
    for _ in range(steps):
        for _ in range(k):
            x = next(batches)
            z = torch.randn(len(x), generator.latent_dim, generator=noise)
            fake = generator(z)
            # D's step.  detach(): D learns to judge these points, the generator is not asked to change them
            d_loss = F.softplus(-discriminator(x)).mean() + F.softplus(discriminator(fake.detach())).mean()
            opt_d.zero_grad()  # also throws away what the generator's last step left in D's gradients
            d_loss.backward()
            opt_d.step()
        # G's step, through the discriminator as it is *after* its step: D must judge the fakes anew
        g_loss = F.softplus(-discriminator(fake)).mean()
        opt_g.zero_grad()
        g_loss.backward()
        opt_g.step()
        losses.append((d_loss.item(), g_loss.item()))
    return losses


steps = scale.pick(ci=150, cpu=4000, gpu=4000)
generator, discriminator = new_players(seed=0)
losses = algorithm_1(generator, discriminator, data.Batches(moons, 256, seed=0), steps)
print(f"after {steps} iterations: loss of D {losses[-1][0]:.2f}, loss of G {losses[-1][1]:.2f}")

# %% [markdown] tags=["notes"]
# One liberty: the printed algorithm draws new noise for the generator's step, and we use the last batch of fakes again. It saves a pass through the
# generator and costs a small bias: the discriminator has just stepped against these very points.
#
# What did the players learn? On the left the discriminator's surface: blue where it says real, orange where it says fake. The line is
# where it is undecided. On the right the generator as what it is, a map: the square lattice of latents, and where it went.

# %% [markdown] tags=["slide", "slide-only"]
# ## What the players learnt

# %% tags=["slide-continue", "slide-picture"]
with torch.no_grad():
    fake = generator(torch.randn(500, 2, generator=torch.Generator().manual_seed(2)))
surface = viz.discriminator_surface(discriminator, real=real, fake=fake, size=(430, 370))
carried = viz.generator_map(generator, real=real)
viz.show(surface, caption="Almost everywhere the discriminator answers close to one half: it has been left without an answer.")
viz.show(carried, caption="A continuous map cannot tear the plane: a few lattice lines must cross from one moon to the other.")

# %% [markdown] tags=["notes"]
# The stray points between the moons are no accident of this run. $G$ is continuous and the latents are one connected cloud, so its image is
# connected. To serve two separate moons it must stretch a thin bridge between them and move across it fast, so that few latents land there.
# Every GAN on data with separate clusters has such bridges; lecture 06 meets their large relatives.
#
# ## 3. `fit` is this loop
#
# From here on the course trains with `gancourse.training.fit`, which adds what a long run needs: checkpoints, an average of the weights, a
# clear stop when a loss is not a number. It must not add anything to the algorithm. Same seeds, same players: are the trained weights the same,
# to the last bit?

# %% [markdown] tags=["slide", "slide-only"]
# ## `fit` is this loop
#
# It adds checkpoints, averaged weights, a clear stop at NaN, and nothing to the algorithm. Same seeds, same players:

# %% tags=["nbval-check-output", "slide-continue"]
by_hand, by_fit = new_players(seed=7), new_players(seed=7)
algorithm_1(*by_hand, data.Batches(moons, 256, seed=7), steps=100, k=2, seed=7)
fit(GAN(*by_fit), data.Batches(moons, 256, seed=7), steps=100, k=2, lr=1e-3, seed=7, progress=False)

pairs = [pair for a, b in zip(by_hand, by_fit, strict=True) for pair in zip(a.parameters(), b.parameters(), strict=True)]
print(f"{len(pairs)} weight tensors, identical bits in {sum(torch.equal(a, b) for a, b in pairs)}")

# %% [markdown] tags=["notes"]
# The inner part of `fit` is short enough to read. A *game*, here `GAN`, says how a round is drawn and what each player minimises; the loop knows
# nothing else about it. That division lets later lectures change the losses, the networks or the conditions, one at a time.

# %%
from gancourse.training import one_step  # noqa: E402

viz.source(one_step, GAN.discriminator_loss, GAN.generator_loss)

# %% [markdown]
# Now watch a whole game. `ToyFilm` is a hook that `fit` calls every so many steps.

# %% [markdown] tags=["slide", "slide-only"]
# ## A whole game

# %% tags=["slide-continue", "slide-picture"]
film = viz.ToyFilm(moons, every=scale.pick(ci=30, cpu=100, gpu=100))
gan = GAN(*new_players(seed=0))
film_steps = scale.pick(ci=60, cpu=2400, gpu=2400)
run = fit(gan, data.Batches(moons, 256, seed=0), film_steps, lr=1e-3, hooks=[film.hook], progress=False)
widgets.game_player(film, strip=3)

# %% [markdown] tags=["notes"]
# Follow the orange points. The generator chases a surface that moves under it: it runs towards wherever the discriminator says "real", overshoots, and is
# pushed back once the discriminator has noticed. Later the surface grows pale, because the two clouds overlap and there is less and less to say.
#
# ### Reading the loss curves
#
# "What should my losses look like, and has it collapsed?" is the question that people ask most often about GANs. Here are three runs of the same
# game in which only the two learning rates differ.

# %% [markdown] tags=["slide", "slide-only"]
# ## Three runs that differ in two rates

# %% tags=["slide-continue", "slide-picture"]
rates = {"even": (1e-3, 1e-3), "D too fast": (1e-4, 1e-2), "D too slow": (2e-3, 2e-5)}
runs = {}
for name, lr in rates.items():
    runs[name] = fit(GAN(*new_players(seed=0)), data.Batches(moons, 256, seed=0), film_steps, lr=lr, progress=False)

fig, axes = plt.subplots(2, 3, figsize=(9, 5.4), layout="constrained", gridspec_kw={"height_ratios": [1, 1.25]})
for (name, run), (top, bottom) in zip(runs.items(), axes.T, strict=True):
    viz.loss_curves(run, objective="non_saturating", ax=top, title=f"{name}\nlr of G {rates[name][0]:g}, of D {rates[name][1]:g}")
    top.legend().remove()
    top.set_ylim(0, 3)
    viz.scatter(real, run.sample(500, seed=2), ax=bottom, bounds=(-1.7, 2.7, -1.4, 1.9))
plt.show()

# %% [markdown] tags=["slide", "slide-only"]
# ## Reading the loss curves
#
# - A curve tells **who is ahead**. It does not tell how good the samples are.
# - Losses at $2 \log 2$ and $\log 2$ say that *this* discriminator cannot tell the samples apart. They say nothing about a better one.
# - Look at the samples, and measure them.

# %% [markdown] tags=["notes"]
# Top: the losses (green the discriminator's, purple the generator's; dashed where they would rest at the equilibrium, $2 \log 2$ and $\log 2$). Bottom: what came out.
#
# - *Even*: after some early swings both settle near the dashed lines, and the samples are good.
# - *D too fast*: its loss starts far below its line and the generator's far above. The discriminator is ahead, and the generator learns all the same: the
#   non-saturating loss keeps its slope where $D$ is sure.
# - *D too slow*: wide swings, and then two calm curves that lie almost on the dashed lines. And all five hundred points lie in one place. The generator has
#   run ahead to the spot where this discriminator is undecided, and a weak discriminator is easily left undecided.
#
# Compare the first and the third run: nearly the same final losses, and nothing else in common. Losses at $2 \log 2$ and $\log 2$ say that *this*
# discriminator cannot tell the samples apart, and nothing about a better one. So a loss curve tells who is ahead. It does not tell how good the samples are: look at
# them, and measure them (lecture 08). A generator's loss that rises is no sign of failure, and one that falls is no sign of success.
#
# ## 4. Digits
#
# The first GANs drew MNIST digits with perceptrons. We do the same: 4,000 of MNIST's digits come with a package that pip installs, and are joined here by slightly
# turned and slanted copies. (With a network, `data.mnist(size=28)` in the next cell gives all 60,000; nothing else changes.) Only two things are new against the moons: the generator ends in $\tanh$, because pixels lie in $[-1, 1]$, and it normalises its batches.

# %% [markdown] tags=["slide", "slide-only"]
# ## Digits, from perceptrons
#
# The first 36 samples of seed 0, not selected.

# %% tags=["slide-continue", "slide-picture"]
digits = data.digits(size=28, n=scale.pick(ci=1000, cpu=8000, gpu=20_000))
torch.manual_seed(0)
generator = mlp.Generator(64, (1, 28, 28), hidden=(256, 512), norm="batch", out="tanh").to(device)
discriminator = mlp.Discriminator((1, 28, 28), hidden=(512, 256)).to(device)
game = GAN(generator, discriminator)

film = viz.Film(every=scale.pick(ci=20, cpu=500, gpu=4000), n=20, columns=10)
steps = scale.pick(ci=40, cpu=5000, gpu=40_000)
batches = data.Batches(digits, 64, seed=0, device=device)
run = fit(game, batches, steps, lr=2e-4, ema=0.999, hooks=[film.hook])
viz.real_and_fake(digits.images[:36], run.sample(36, seed=0))

# %% [markdown] tags=["notes"]
# The right half is not a selection: it is the first 36 samples of seed 0. Most are digits, some are between two digits, and there is a
# speckle of stray pixels, which no convolution smooths because there is none. Watch them appear:

# %% [markdown] tags=["slide", "slide-only"]
# ## Watch them appear

# %% tags=["slide-continue", "slide-picture"]
viz.animate(film.frames, captions=film.captions, fps=3, colours=24)

# %% [markdown] tags=["notes"]
# ### Does it copy?
#
# A generator that stored its training set and handed out copies would look perfect. So the first GAN paper prints, beside its samples, the *nearest training image*, in a
# yellow frame; three of our five decks reproduce that figure. Here is ours.

# %% [markdown] tags=["slide", "slide-only"]
# ## Does it copy?

# %% tags=["slide-continue", "slide-picture"]
samples = run.sample(200, seed=3)
viz.show(
    viz.nearest_neighbour_figure(samples, data.to_float(digits.images), n=20),
    caption="Generated digits, each with its nearest neighbour among the training images (yellow): similar, and not the same.",
)

# %% [markdown] tags=["notes"]
# The eye is easily pleased here, so measure. How far from its nearest training image is a *new real digit*, one that the generator never saw? If
# generated digits lie much nearer to the training set than that, the generator copies. If they lie much farther away, it is simply bad. The ratio of the two mean
# distances should be near 1. As controls, two cheats: exact copies, and copies with a little noise.

# %% [markdown] tags=["slide", "slide-only"]
# ## Measured, with cheats beside it
#
# Mean distance to the nearest training image, over that of real digits which the generator never saw. Copies: 0. New digits: 1.

# %% tags=["slide-continue"]
train = data.to_float(digits.images)
held_out = data.to_float(data.digits(size=28, n=200, split="test").images)


def distance(x):
    return viz.nearest_neighbours(x, train)[1].mean().item()


ratios = [distance(run.sample(200, seed=seed)) / distance(held_out) for seed in range(5)]
noisy = (train[:200] + 0.05 * torch.randn(200, 1, 28, 28, generator=torch.Generator().manual_seed(0))).clamp(-1, 1)
print(f"exact copies {distance(train[:200]) / distance(held_out):.2f}, noisy copies {distance(noisy) / distance(held_out):.2f}")
noise = 2 * torch.rand(200, 1, 28, 28, generator=torch.Generator().manual_seed(1)) - 1
question(
    "S03.copies",
    "How far are samples from the training set, beside unseen real digits (ratio of mean nearest distances)?",
    ours=ratios,
    over="sample sets of one training",
    baselines=nulls(copies=0, noisy_copies=distance(noisy) / distance(held_out), noise=distance(noise) / distance(held_out))
    | ceilings(unseen_digits=1),
    source="asked by eye in Goodfellow et al. 2014, figure 2",
)

# %% [markdown] tags=["notes"]
# The comparison has a limit that lecture 08 takes up. Distance in pixels sees exact copies; a copy moved by two pixels would pass as new. "Not the nearest in pixels" is
# weaker than "not memorised".
#
# ### Is every digit there?
#
# The decks warn of generators that keep a part of the data only. A classifier, trained on real digits, counts.

# %% [markdown] tags=["slide", "slide-only"]
# ## Is every digit there?

# %% tags=["slide-continue"]
judge = attribute_classifier("digits", size=28)
counts = torch.bincount(judge.predict(run.sample(2000, seed=4).cpu())[:, 0], minlength=10)
fig, axis = plt.subplots(figsize=(6.5, 2.4), layout="constrained")
axis.bar(range(10), counts / counts.sum(), color=viz.COLOURS["fake"])
axis.axhline(0.1, color=viz.COLOURS["real"], linestyle="--", label="share in the data")
axis.set(xlabel="digit, as the classifier reads it", ylabel="share of 2000 samples", xticks=range(10))
axis.legend()
plt.show()

guesses = torch.bincount(judge.predict(noise)[:, 0], minlength=10)
question(
    "S03.classes",
    "Is every digit generated? The rarest one's share of the samples",
    ours=(counts.min() / counts.sum()).item(),
    baselines=nulls(noise=(guesses.min() / guesses.sum()).item()) | ceilings(data=0.1),
    source="asked by eye in Goodfellow et al. 2014, figure 2",
)

# %% [markdown] tags=["notes"]
# ## 5. Between two latents
#
# Goodfellow's figure 3 walks in a straight line between two latents and draws what the generator makes of each point. If the generator had
# stored digits, the walk would jump from one to the next. Each row is one walk.

# %% [markdown] tags=["slide", "slide-only"]
# ## Between two latents

# %% tags=["slide-continue", "slide-picture"]
z = torch.randn(12, 64, generator=torch.Generator().manual_seed(11))
walks = [latent.interpolate(run.generator, z[2 * i], z[2 * i + 1], 12, how="linear") for i in range(6)]
viz.show(viz.grid(torch.cat(walks), columns=12), caption="Six straight walks in latent space, from the left column to the right one.")

# %% [markdown] tags=["notes"]
# A digit dissolves into the next one through shapes that are mostly digits too. Put a number on it. "No jumps" would be the wrong one: an *untrained* network walks
# more smoothly still. What training must bring is that the middle of a walk is a digit. So draw the middles of 1,000 walks and ask how far this set is from real digits, by a distance
# that lecture 08 takes apart, beside the ends of the same walks. The control is a cross-fade: the mean of the two end pictures.

# %% [markdown] tags=["slide", "slide-only"]
# ## Are the middles of walks digits?
#
# An *untrained* network walks more smoothly still. So ask whether the middle of a walk is a digit.

# %% tags=["slide-continue"]
real = judge.features(digits.images[:2000])


def drawn(z):
    with torch.no_grad():
        return run.generator.eval()(z.to(device)).cpu()


def away(x):
    return frechet_distance(judge.features(x), real)


middle, faded = [], []
for seed in range(5):
    z0, z1 = torch.randn(2, 1000, 64, generator=torch.Generator().manual_seed(100 + seed))
    first, half, second = (drawn(z) for z in (z0, (z0 + z1) / 2, z1))
    middle.append(away(half) / away(first))
    faded.append(away((first + second) / 2) / away(first))
question(
    "S03.walk",
    "Are the middles of straight walks digits? Their distance to real digits over that of the walks' ends",
    ours=middle,
    over="sets of 1,000 walks through one training",
    baselines=nulls(cross_fade=faded, noise=away(noise) / away(first)) | ceilings(ends_of_the_walks=1),
    source="shown by eye in Goodfellow et al. 2014, figure 3",
)

# %% [markdown] tags=["notes"]
# ## What goes wrong
#
# Here is a loop as it stands in a great many forum posts. To save a pass through the discriminator, it judges the fakes once and computes both losses from the same
# logits. It worked for years. Run it.

# %% [markdown] tags=["slide", "slide-only"]
# ## What goes wrong: one pass saved
#
# ```python
# fake_logits = discriminator(generator(z))
# d_loss = softplus(-discriminator(x)).mean() + softplus(fake_logits).mean()
# g_loss = softplus(-fake_logits).mean()
# ...
# d_loss.backward(retain_graph=True)
# opt_d.step()
# g_loss.backward()
# ```

# %% tags=["nbval-check-output", "slide-continue"]
generator, discriminator = new_players(seed=0)
opt_g, opt_d = torch.optim.Adam(generator.parameters()), torch.optim.Adam(discriminator.parameters())
x, z = moons.sample(64, seed=0), torch.randn(64, 2, generator=torch.Generator().manual_seed(0))

fake_logits = discriminator(generator(z))
d_loss = F.softplus(-discriminator(x)).mean() + F.softplus(fake_logits).mean()
g_loss = F.softplus(-fake_logits).mean()

opt_d.zero_grad()
d_loss.backward(retain_graph=True)
opt_d.step()
opt_g.zero_grad()
try:
    g_loss.backward()
except RuntimeError as error:
    print(str(error).split(":")[0])

# %% [markdown] tags=["notes"]
# "Modified by an inplace operation": the generator's gradient flows through the discriminator's weights *as they were* when the fakes were judged, and `opt_d.step()` has
# overwritten them. Old versions of PyTorch did not notice; they used the new weights with the old activations, which is the gradient of no function at all. Users updated and
# the loop that "had always worked" stopped (pytorch/pytorch#39141 is one of many threads). The message names a tensor and a version number, and so people look for an in-place
# activation. The cure is in the loop above: after D's step, judge the fakes again.
#
# The second public favourite is silent: no `detach()`, and the generator's gradients are never cleared. Then D's backward pass adds *its* gradient to the generator's. For
# the saturating game, the same fakes, and a $D$ that has not moved in between, the two halves are exactly opposite:

# %% [markdown] tags=["slide", "slide-only"]
# ## The silent one
#
# No `detach()`, and $G$'s gradients are never cleared: $D$'s backward pass adds *its* gradient to the generator's.

# %% tags=["nbval-check-output", "slide-continue"]
def gradient_of_g(detach, clear, saturating):
    generator, discriminator = new_players(seed=0)
    fake = generator(z)
    d_loss = F.softplus(-discriminator(x)).mean() + F.softplus(discriminator(fake.detach() if detach else fake)).mean()
    d_loss.backward(retain_graph=True)
    if clear:
        generator.zero_grad()
    judged = discriminator(fake)
    (-F.softplus(judged).mean() if saturating else F.softplus(-judged).mean()).backward()
    return torch.cat([p.grad.flatten() for p in generator.parameters()])


for saturating in (True, False):
    right = gradient_of_g(detach=True, clear=True, saturating=saturating)
    wrong = gradient_of_g(detach=False, clear=False, saturating=saturating)
    name = "saturating" if saturating else "non-saturating"
    print(f"{name:>15}: the wrong gradient has {100 * wrong.norm() / right.norm():3.0f} % of the right one's length")

# %% [markdown] tags=["notes"]
# With the saturating loss the generator does not move at all. With the non-saturating one, in a game as young as this, a few per cent of its gradient are left. The run does not
# crash, it is just bad. A test finds the bug in a millisecond: after D's backward pass, the generator's gradients must be `None` or zero.
#
# ## Play
#
# You are the referee. Press for a step of D, a step of G, or ten rounds of both. Try this: ten steps of D in a row, then one of G. Then ten of G in a row without D: the
# points run off together, in a streak that leaves the picture. Why do they all go the same way, and who could call them back?

# %% [markdown] tags=["slide", "slide-only"]
# ## You are the referee
#
# Ten steps of $D$, then one of $G$. Then ten of $G$ without $D$: why do all points go the same way?

# %% tags=["slide-continue", "slide-picture"]
widgets.toy_game(GAN(*new_players(seed=1)), moons, lr=3e-3, preview_rounds=(0, 300))

# %% [markdown]
# ## What was measured
#
# The rows of this lecture by kind and verdict. Each box above unfolds on a click; `CLAIMS.md` has the rows of all lectures.

# %%
summary()

# %% [markdown]
# ## Exercises
#
# 1. **A harder plane.** Train on `data.toys.spiral()` and on `data.toys.ring("wgan_gp")`, eight tight clusters. Count the clusters with
#    `gancourse.metrics.mode_report`. Which data are hard, and does more training help?
# 2. **Starve the latent.** Give the moon's generator a one-dimensional latent, `latent_dim=1`. Its image is a curve. How well can a curve fill two
#    noisy moons, and what does the discriminator make of it in the long run?
# 3. **Simultaneous updates.** Change Algorithm 1 so that both gradients are computed before either player moves. Compare speed per second and stability on the moons
#    over five seeds. (Lecture 07 computes, for the smallest GAN there is, why alternating behaves better.)

# %%
widgets.quiz(
    [
        {
            "question": "Why is `fake` detached in the discriminator's loss, but not in the generator's?",
            "answer": "D's loss must not ask the generator to change; G's loss must reach the generator through D",
            "why": "Each player minimises its own loss over its own weights.",
            "wrong": {
                "To save memory; the result is the same either way": "Without detach the generator collects D's gradient, and unless it is cleared, moves by it.",
                "Because D needs samples without noise": "detach() changes no value, only which graph the gradient flows through.",
                "It should be detached in both": "Then the generator would get no gradient at all.",
            },
        },
        {
            "question": "D's loss sits at $2 \\log 2$, G's at $\\log 2$, both perfectly flat. What do you know?",
            "answer": "That this discriminator cannot tell the samples from the data",
            "why": "A weak or broken discriminator shows the same. Look at the samples.",
            "wrong": {
                "The generator is perfect": "Only if this D were the best one against this G.",
                "Training has converged and can be stopped": "The 'D too slow' run ended like this, with all samples in one place.",
                "The learning rate is too high": "Nothing in flat losses points to that.",
            },
        },
        {
            "question": "Generated digits are, on average, half as far from the training set as unseen real digits. What does it suggest?",
            "answer": "The generator stays close to training images: it copies, or has learnt only typical ones",
            "why": "Fresh data of the right distribution would be as far away as the unseen real digits.",
            "wrong": {
                "It is better than the data": "Distance to the training set is not quality; copies have distance 0.",
                "The test set is too small": "That would add noise, not halve the distance.",
                "Nothing, distances in pixels are meaningless": "They miss shifted copies, but a factor of two below real data means something.",
            },
        },
        {
            "question": "Why are there always a few samples between the two moons?",
            "answer": "G is continuous and the latents are connected, so the image is connected",
            "why": "More training makes the bridge thinner, never empty.",
            "wrong": {
                "The learning rate was too high at the end": "Lowering it sharpens the moons and leaves the bridge.",
                "The discriminator is too small": "No discriminator can make a continuous map tear.",
                "The data contain such points": "The data's density there is practically zero.",
            },
        },
    ]
)

# %% [markdown]
# ## Further reading
#
# - I. Goodfellow et al., [*Generative Adversarial Nets*](https://arxiv.org/abs/1406.2661), NeurIPS 2014: Algorithm 1, figures 2 and 3, and how the losses were chosen.
# - I. Goodfellow, [*NIPS 2016 Tutorial: Generative Adversarial Networks*](https://arxiv.org/abs/1701.00160), 2016: section 7 discusses what trains and what does not.
# - L. Metz et al., [*Unrolled Generative Adversarial Networks*](https://arxiv.org/abs/1611.02163), ICLR 2017: what happens when G looks ahead; lecture 06.
# - M. Khayatkhoei, M. Singh & A. Elgammal, [*Disconnected Manifold Learning for Generative Adversarial Networks*](https://arxiv.org/abs/1806.00880), NeurIPS 2018: the bridge between the moons, in theory.

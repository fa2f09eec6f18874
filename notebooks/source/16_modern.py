# %% [markdown]
# # 16. Modern GANs: few pictures, R3GAN, and what came after
#
# [**Covers**](../docs/glossary.md) what the decks could not yet know: training on a hundred pictures (DiffAugment, ADA), the recipe of R3GAN, and where adversarial training stands
# beside diffusion.
# **Papers**: [Zhao et al. 2020](https://arxiv.org/abs/2006.10738) and [Karras et al. 2020](https://arxiv.org/abs/2006.06676) (both NeurIPS); [Huang et al. 2024](https://arxiv.org/abs/2501.05441) (NeurIPS).
#
# **Read** for about 45 minutes as far as "Going deeper". **Run**: half a minute at ci scale, about a minute at cpu scale, for the comparisons are recorded; no GPU is needed.
#
# Two questions after the classics. What happens when there are only a hundred pictures? And which of all the tricks of a decade are still needed, if the loss is
# chosen well? Each has an answer with a name. Each is taken apart here; of thirteen claims of papers, a small machine reproduces six and leaves seven open.
#
# After it you will be able to
#
# - train on a hundred pictures without teaching the generator to draw augmented ones, and measure what $D$ remembers of them;
# - write R3GAN's loss, say what each half is for, and read the paper's roadmap;
# - say where a discriminator is still the right tool beside diffusion models.

# %%

import matplotlib.pyplot as plt
import numpy as np
import torch
from scipy.optimize import minimize
from scipy.stats import spearmanr

from gancourse import data, losses, metrics, scale, viz, zoo
from gancourse.classroom import asked, lines, widgets
from gancourse.classroom.claims import at_least, at_most, ceilings, check, claim, identity, nulls, question, summary, within
from gancourse.classroom.claims.intervals import interval_of
from gancourse.experiments import few_faces, records
from gancourse.experiments.drawing import number, spread
from gancourse.gans import augment
from gancourse.gans.augmented import AdaptiveProbability, AugmentedDiscriminator, AugmentedGAN
from gancourse.gans.gan import GAN
from gancourse.losses import penalties
from gancourse.models import convnet, r3gan, stylegan2
from gancourse.training import fit

torch.set_num_threads(1)  # most networks here are too small to gain from a second core
device = scale.device()
REAL, FAKE, D_COLOUR = (viz.COLOURS[name] for name in ("real", "fake", "discriminator"))
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False})


def show(picture, caption=None):
    viz.show(viz.few_colours(picture), caption)


# %% [markdown] tags=["slide", "slide-only"]
# ## Two questions after the classics
#
# - What happens when there are only a hundred pictures?
# - Which tricks of a decade are still needed, if the loss is chosen well?

# %% [markdown] tags=["notes"]
# First the result: what the recipe of part two draws at 32 px, below faces of its data.

# %% tags=["slide-continue", "slide-picture"]
modern = zoo.load("r3gan_anime32")
anime = data.to_float(data.anime(32, 12, "test", progress=False).images)
show(
    viz.labelled_grid(torch.cat([anime, modern.sample(12, seed=1)]), rows=["data", "R3GAN"], n_columns=12),
    "First row: unseen faces of the data. Second row: one pass of the shipped R3GAN each; none was picked.",
)

# %% [markdown] tags=["slide", "slide-only"]
# ## A discriminator that learns by heart
#
# It no longer asks *is this a face?* but *is this one of my faces?*
#
# A question that shows it: does $D$ give **unseen** real faces the same logits as its training faces?
#
# **Memory**: over all pairs of a training face and an unseen one, the share in which $D$ gives the training face the larger logit.

# %% [markdown] tags=["notes"]
# # Part one: a hundred pictures
#
# BigGAN had 1.2 million photographs. Many who want a GAN have a hundred. Then the discriminator learns the hundred by heart: it no longer asks "does this look like a face?" but "is this one of *my* faces?". Two papers of the same summer found the same cure (Zhao et al. 2020; Karras et al. 2020): show $D$ each picture, real or fake, only through a random change that leaves a face a face.
#
# ## 1. A discriminator that learns by heart
#
# The faces are the smallest of the course, 16 px, and the networks small enough for a comparison over seeds. Two training sets: the first **100** faces, and **9,000**. A thousand more are kept back, as
# the reference of the Fréchet distance, and (500 in the records) as a question to $D$.
#
# A discriminator that knows faces gives unseen faces the same logits as its training faces. One that knows its training set does not. Logits have no unit, so beside their means stands a number without scale: over all pairs of a training face and an unseen one, the share in which $D$ gives the training face the
# larger logit. Call it $D$'s **memory**.
#
# Memory is about 1/2 for a $D$ without any (not exactly: the untrained one below has 0.44; five others have 0.50 on average) and 1 for one that knows each of its faces.

# %%
pixels = data.pixel_faces(16, n=scale.pick(ci=1000, cpu=10_000, gpu=10_000), split="test", progress=False)
n_unseen, n_steps = scale.pick(ci=200, cpu=1000, gpu=1000), scale.pick(ci=12, cpu=600, gpu=600)
everything, unseen = pixels[: len(pixels) - n_unseen], pixels[len(pixels) - n_unseen :]
few = everything[:100]


def small_game(seed):
    """Small convolutional players; no penalty, so that nothing but augmentation keeps D from learning by heart."""
    torch.manual_seed(seed)
    return GAN(convnet.Generator(16, width=8).to(device), convnet.Discriminator(16, width=8).to(device))


def short_run(game, faces, seed=0):
    batches = data.Batches(faces, 16, seed=seed, device=device)
    options = {"lr": 2e-3, "betas": (0.0, 0.99), "ema": 0.99, "precision": "float32", "progress": False}
    return fit(game, batches, n_steps, seed=seed, **options)


@torch.no_grad()
def memory(discriminator, own, new):
    """In how many pairs of a training face and an unseen one D gives the training face the larger logit: 1/2 without memory."""
    judge = discriminator.eval()
    a, b = (judge(data.to_float(faces.images).to(device)) for faces in (own, new))
    judge.train()
    return (a[:, None] > b[None]).float().mean().item()


game = small_game(0)
print(f"before: {memory(game.discriminator, few, unseen):.2f}")
short_run(game, few)
print(f"after {n_steps} steps on a hundred faces: {memory(game.discriminator, few, unseen):.2f}")

# %% [markdown] tags=["slide", "slide-only"]
# ## One random change $T$, three places
#
# $$L_D = \mathbb{E}\, f\bigl(D(T(x)),\ D(T(G(z)))\bigr)$$
#
# $$L_G = \mathbb{E}\, g\bigl(D(T(G(z)))\bigr)$$
#
# The gradient of $G$ runs *through* $T$: it must be differentiable in the pixels.

# %% [markdown] tags=["notes"]
# ## 2. The change must be differentiable, and on both sides
#
# Let $T$ be the random change, drawn anew for every picture. $D$ gives a logit here; where the diagram writes $\log D$, read $\log \sigma(D)$. With any pair of losses $f$ for $D$ and $g$ for $G$ on logits,
#
# $$L_D = \mathbb{E}\, f\bigl(D(T(x)),\ D(T(G(z)))\bigr), \qquad L_G = \mathbb{E}\, g\bigl(D(T(G(z)))\bigr).$$
#
# Three places, one $T$. The generator's gradient runs *through* it, $\nabla_\theta L_G = \mathbb{E}\,[\, g'(\cdot)\, \nabla D\; \partial T / \partial x\; \partial G / \partial \theta\,]$, so $T$ has to be differentiable in the pixels, with its random numbers held fixed. A shift is (it moves pixels, and drops those that leave). So is cutting a hole (a product with a mask), and
# so are brightness, saturation and contrast (sums and products). JPEG compression or rounding to bytes is not.

# %% tags=["slide-continue", "slide-picture"]
viz.players(viz.GAMES["augmented"])

# %% [markdown] tags=["slide", "slide-only"]
# ## Your lines: both losses
#
# A game with `t` in front of $D$, as a pair $(L_D, L_G)$: $\operatorname{softplus}(-l)$ for a picture that should be called real, $\operatorname{softplus}(l)$ for one that should not.
#
# Take means, and mind whom each loss may reach.

# %% [markdown] tags=["notes"]
# **Write the lines.** Both losses of a game with `t` in front of $D$, as a pair $(L_D, L_G)$: $f$ and $g$ are the logistic losses, $\operatorname{softplus}(-l)$ for a picture that should be called real, $\operatorname{softplus}(l)$ for one that should not. Take means, and mind whom each loss may reach.

# %% tags=["slide-continue", "slide-code"]
def both_losses(d, g, t, x, z):
    return ...  # your lines, and (d_loss, g_loss)


lines.answered(both_losses, *asked.AUGMENTED)

# %% [markdown] tags=["slide", "slide-only"]
# ## Shift, hole, tint: each a few lines

# %% [markdown] tags=["notes"]
# Shift, hole and tint are DiffAugment's three families. Two of their members:

# %%
viz.source(augment.brightness, augment.cutout)

# %% tags=["slide-continue", "slide-picture"]
twelve = data.to_float(pixels.images[:12])
rows = ["nothing", "colour", "translation", "cutout", "colour,translation,cutout"]
source = torch.Generator().manual_seed(4)
shown = torch.cat([twelve if row == "nothing" else augment.augment(twelve, row, source) for row in rows]).clamp(-1, 1)
show(
    viz.labelled_grid(shown, rows=[row.replace(",", ", ") for row in rows], n_columns=12),
    "Each row: the same twelve faces through one policy.",
)

# %% [markdown] tags=["notes"]
# Do gradients arrive? Compare them with finite differences for one fixed draw, and look where a hole was cut: there the generator hears nothing, for this draw.

# %% tags=["nbval-check-output"]
face = data.to_float(pixels.images[:1]).double().requires_grad_(True)


def through(x, policy=augment.DIFFAUGMENT):
    return augment.augment(x, policy, torch.Generator().manual_seed(11))


print("slopes equal finite differences:", torch.autograd.gradcheck(through, face))
(slope,) = torch.autograd.grad(through(face, "cutout").sum(), face)
print(f"pixels of 256 that this hole leaves a gradient: {(slope[0, 0] > 0).sum().item()}")

# %% [markdown] tags=["slide", "slide-only"]
# ## How much? Ask the discriminator
#
# ADA changes a picture with probability $p$, and $D$'s confidence sets it:
#
# $$r_t = \mathbb{E}\bigl[\operatorname{sign} D(T(x))\bigr]$$
#
# Above 0.6 ADA suspects learning by heart, and $p$ rises. Below, it falls.
#
# *A thermostat.*

# %% [markdown] tags=["notes"]
# ## 3. How much? Ask the discriminator
#
# DiffAugment changes every picture, always. With enough pictures that may be a waste: $D$ learns faces through holes for no reason. ADA makes each change with a probability $p$ and lets $D$'s own confidence set it. (Ours is ADA's controller alone: the changes are DiffAugment's three, and $p$ may climb from 0 to 1 within 5,000 pictures, where the paper takes 500,000.) Over a few batches measure
#
# $$r_t = \mathbb{E}\bigl[\operatorname{sign} D(T(x))\bigr],$$
#
# 0 when $D$ is right about half of the real pictures and 1 when it is right about all of them. Above the target 0.6 ADA concludes that $D$ learns by heart (a $D$ merely ahead of $G$ looks the same), and $p$ goes up by a small step. Below it, $p$ goes down. A thermostat, as in BEGAN (lecture 12), with stops at 0 and 1.

# %%
viz.source(AdaptiveProbability.step)


# %% [markdown]
# The game of section 1 once more, with $T$ before its discriminator (a wrapper does it, for any game; section 8 shows it). Its $D$ is asked the same question, with faces as they are:

# %%
cured = AugmentedGAN(small_game(0), augment.DIFFAUGMENT, seed=0)
short_run(cured, few)
print(f"after {n_steps} steps on a hundred faces, changed: {memory(cured.discriminator, few, unseen):.2f}")

# %% [markdown] tags=["slide", "slide-only"]
# ## Does $D$ know its own faces?

# %% [markdown] tags=["notes"]
# That was one training of each, of 600 steps: too few (section 9). Recorded are five of each of six games, of 12,000 steps, with new seeds but always the same faces: the hundred or nine thousand; no $T$, DiffAugment or ADA; all else as above (`gancourse experiment few_faces_longer`). Runs of 5,000 steps, on other seeds, had left most boxes open; the tolerances stayed as they were (section 9).
#
# A $D$ that has learnt nothing remembers nothing, too. So each is also asked whether it **sees**: in which share of pairs an unseen face lies above a fake. And each is asked about its memory a second time, **through** the $T$ that it was trained behind, for the $D$ of DiffAugment has met no plain face.

# %% tags=["slide-continue", "slide-picture"]
trained, shorter = records.load("few_faces_longer"), records.load("few_faces_long")
whose = {"training faces": ("logit_own", REAL), "unseen faces": ("logit_unseen", D_COLOUR), "fakes": ("logit_fakes", FAKE)}
fig, axes = plt.subplots(1, 4, figsize=(11, 3.4), layout="constrained", sharey=True)
for axis, arm in zip(axes, ["100: none", "100: DiffAugment", "100: ADA", "9,000: none"], strict=True):
    for label, (score, colour) in whose.items():
        at, values = trained.curve(score)[arm]
        axis.fill_between(at, values.min(0), values.max(0), color=colour, alpha=0.2, lw=0)
        axis.plot(at, values.mean(0), color=colour, label=label)
    axis.set(xlabel="step", xlim=(0, None))
    axis.set_title(arm.replace(":", " faces,"), fontsize=12)
axes[0].set_ylabel("mean logit of D")
axes[1].legend(fontsize=10, loc="lower left")
plt.show()

# %% [markdown] tags=["notes"]
# Lines are means over five trainings, bands go from the least to the largest. First panel: the line of unseen faces leaves that of the training faces and sinks to the fakes. To this $D$ a face that is not one of its own is nearly a fake. Last panel: with 9,000 faces the two lines cover one another. DiffAugment holds them nearly together with 100 faces, too; ADA, in the third panel, lets a gap open.

# %% [markdown] tags=["slide", "slide-only"]
# ## Memory and distance

# %% tags=["slide-continue", "slide-picture"]
looks = {"none": viz.COLOURS["ink"], "DiffAugment": viz.COLOURS["generator"], "ADA": viz.COLOURS["accent"]}
fig, axes = plt.subplots(1, 2, figsize=(10.5, 3.4), layout="constrained")
for axis, score in zip(axes, ["memory", "frechet"], strict=True):
    for arm in trained.arms:
        (faces, how), (at, values) = arm.split(": "), trained.curve(score)[arm]
        style = {"color": looks[how], "ls": "-" if faces == "100" else ":"}
        if faces == "100":
            axis.fill_between(at[1:], values.min(0)[1:], values.max(0)[1:], color=looks[how], alpha=0.15, lw=0)
        axis.plot(at[1:], values.mean(0)[1:], label=arm.replace(":", " faces,"), **style)
    axis.set(xlabel="step", ylabel={"memory": "memory of D", "frechet": "Fréchet distance"}[score])
axes[0].axhline(0.5, color="grey", lw=1)
axes[1].set_ylim(0, None)
fig.legend(*axes[1].get_legend_handles_labels(), loc="outside right center", fontsize=10)
plt.show()

# %% [markdown] tags=["notes"]
# Lines: 100 faces; dotted: 9,000. Left, without augmentation $D$ comes to know each of its hundred; behind ADA memory stops rising, behind DiffAugment it rises slowly. Right, the mean of the plain game on 100 faces comes no nearer after step 8,000, and rises; the others fall on.

# %% [markdown] tags=["slide", "slide-only"]
# ## What learning by heart costs

# %% [markdown] tags=["slide-continue", "slide-only"]
# *memory*: $D$ prefers a training face to an unseen one. *sees*: it puts an unseen face above a fake. Both are shares of pairs.

# %% tags=["slide-continue"]
no_training = ["the hundred themselves", "Gaussian of faces"]
trained.table("frechet", "memory", "sees", baselines=no_training)

# %% [markdown] tags=["notes"]
# For objections: memory through each $D$'s own $T$, then through DiffAugment's whole $T$; ADA's $p$.

# %%
trained.table("memory_through", "memory_changed", "p", baselines=[])

# %% [markdown] tags=["slide", "slide-only"]
# ## Six games after 12,000 steps

# %% tags=["slide-continue", "slide-picture"]
drawn = dict(zip(trained.arms, trained.last_pictures(), strict=True))
scores = ("frechet", "memory", "sees", "memory_through", "p")
frechet, knows, sees, through, p_at_end = (trained.final(score) for score in scores)
bell = few_faces.gaussian(data.to_float(everything[:1000].images), 4)[:6]
rows = ["unseen faces", f"a Gaussian: {trained.baseline('frechet')['Gaussian of faces']:.1f}", *(f"{arm}: {frechet[arm].mean():.1f}" for arm in trained.arms)]
shown = [data.to_float(unseen.images[:6]), bell, *(data.to_float(drawn[arm][:6]) for arm in trained.arms)]
show(
    viz.labelled_grid(torch.cat(shown), rows=rows, n_columns=6, scale=6, font_size=15),
    "Samples of the first training of each game, the same latents in every row; with the name stands the distance, the mean of five.",
)

# %%
again = records.load("few_faces_seeds").final("frechet")
early = trained.curve("memory")["100: none"][1][:, 1]
hidden = knows["100: none"] - trained.final("memory_changed")["100: none"]


def fewer(a, b):
    """The memory of 100: none less that of another arm, the nulls of that difference."""
    return nulls(
        at_step_0=0,
        with_9000_faces=float((knows["9,000: none"] - knows[f"9,000: {b}"]).mean()),
        none_stopped_at_step_500=float((early - a).mean()),
    )


def with_ends(values, digits=2):
    low, high = interval_of(values.tolist(), "t", "mean")
    return f"{values.mean():.{digits}f} [{low:.{digits}f}, {high:.{digits}f}]"


def by_chance(values, compared):
    """What chance gives where nothing differs: trainings of one game against as many others of it, the larger mean of both ways round."""
    k = len(values) // 2
    one, other = values[:k], values[k : 2 * k]
    return max(compared(one, other).mean(), compared(other, one).mean())


def at_start(score, arm="100: DiffAugment"):
    """What each training's D says before the first step, one by one: the mean would hide how far apart they lie."""
    return f"At step 0, by training: {', '.join(f'{value:.2f}' for value in trained.curve(score)[arm][1][:, 0])}: an untrained D may say anything, so their mean is no null."


claim(
    "S16.memory",
    "With 100 faces D learns them by heart, and DiffAugment keeps it from that: share of pairs in which D prefers a training face to an unseen one, none less DiffAugment",
    paper="D's accuracy: training rises, validation falls",
    ours=knows["100: none"] - knows["100: DiffAugment"],
    over="trainings",
    tolerance=at_least(0.2),
    baselines=fewer(knows["100: DiffAugment"], "DiffAugment"),
    source="Zhao et al. 2020",
    note="At step 0 both arms have one and the same D. The share counts the order of logits, so that smaller logits cannot make it.",
)
question(
    "S16.memory_through",
    "And with each D asked through the T that it trained behind? The same share of pairs, none less DiffAugment",
    ours=knows["100: none"] - through["100: DiffAugment"],
    over="trainings",
    baselines=nulls(the_plain_D_less_itself_asked_through_T=hidden),
    source="beside Zhao et al. 2020, whose code asks D so",
    note="At least 0.2 was asked for, as a claim. But asked so, the plain D loses as much: the question hides memory, too, "
    "and no value could be judged. Eight draws of T for each face, D's logits averaged.",
)
claim(
    "S16.ada",
    "At 100 pictures ADA helps: Fréchet distance without over with, by seed",
    paper="helps where pictures are few",
    ours=again["100: none"] / again["100: ADA"],
    over="trainings",
    tolerance=at_least(1.2),
    baselines=nulls(
        no_difference=1,
        chance=by_chance(again["100: none"], np.divide),
        with_9000_faces=frechet["9,000: none"] / frechet["9,000: ADA"],
    ),
    source="Karras et al. 2020, section 4",
    note=f"Seven new trainings of each. The five before them, {with_ends(frechet['100: none'] / frechet['100: ADA'])}, left the row open. "
    "Chance: plain games over plain games of other seeds. With 9,000 faces: of the first five.",
)
claim(
    "S16.few",
    "At 100 pictures DiffAugment helps: Fréchet distance without over with, by seed",
    paper=80.20 / 46.87,
    ours=frechet["100: none"] / frechet["100: DiffAugment"],
    over="trainings",
    tolerance=at_least(1.2),
    baselines=nulls(
        no_difference=1,
        chance=by_chance(frechet["100: none"], np.divide),
        with_9000_faces=frechet["9,000: none"] / frechet["9,000: DiffAugment"],
    ),
    source="Zhao et al. 2020, 100-shot Obama",
    note="Chance: plain games over plain games of other seeds; added after the run.",
)
question(
    "S16.sees_plain",
    "Has the D that remembers little learnt anything? Share of pairs in which an unseen face lies above a fake, DiffAugment, 100 faces, asked plainly",
    ours=sees["100: DiffAugment"],
    over="trainings",
    baselines=nulls(
        edges_alone=trained.final("edges")["100: DiffAugment"],
        the_plain_D=sees["100: none"],
    )
    | ceilings(a_plain_D_with_9000_faces=sees["9,000: none"]),
    note=f"Asked after its value was known. Each D is asked about the fakes of its own G. {at_start('sees')}",
)

# %% [markdown] tags=["notes"]
# $D$'s **memory** first. With 100 faces, each shown 1,920 times, it is 0.998 without augmentation, 0.749 with ADA, 0.693 with DiffAugment. With 9,000, each shown 21 times, the same hundred give 0.519, 0.493 and 0.507: so much has a $D$ without memory here.
#
# Is a $D$ behind $T$ only slow? DiffAugment's knows at the end what the plain one knew at step 500, and still rises; ADA's has not risen since step 5,000. Has it learnt nothing? In 0.914 of pairs DiffAugment's puts an unseen face above a fake of its own $G$, edges alone 0.52. The plain $D$ has 0.564; with 9,000 faces 0.997. *That* is what learning by heart costs.
#
# Is the memory only hidden, because behind $T$ a plain face is rare? Through its $T$, as its authors ask, DiffAugment's $D$ has 0.675. But so asked, the plain one has 0.505 (`memory changed`): the question hides memory.
#
# Now look at the **samples**, six of one training; this is a look, no measurement. With $T$ skin and ground are more even, with a hundred faces, too. Without it all is speckled.
#
# The **distance** orders otherwise: the plain ones of 9,000, to our eye speckled, have 12.9, ADA's of 100 17.5. A distance is not a look. (A Gaussian, no network, has 8.2; the hundred themselves 5.0.) With 100 faces the plain game ends at 24.0, DiffAugment at 19.1, ADA at 17.5. So few pictures cost the plain game 1.87 times the distance.
#
# The plain distance is 1.28 times DiffAugment's [1.01, 1.55], and, by seven new trainings of each, 1.37 times ADA's [1.13, 1.60] (the five: 1.38). Both intervals reach below the 1.2 asked for. With 9,000 DiffAugment costs 1.38 [1.14, 1.61] (section 9); ADA's 13.8 decides nothing. *Which cure is better, no row says.*
#
# The paper's runs on photographs are 130 times as long. DiffAugment wins at 1,000, 25.66 in place of 62.16, and at 10,000, 7.86 in place of 14.75: near our size, the opposite of ours. It loses only at 70,000, 4.24 in place of 3.81 (Zhao et al. 2020).
#
# ## What goes wrong: augmenting the data alone
#
# A tempting bug is to augment the training set and nothing else, as one does with classifiers. The real distribution is then the *changed* faces, and a good generator paints those.

# %% [markdown] tags=["slide", "slide-only"]
# ## What goes wrong: augmenting the data alone
#
# As one does with classifiers. Then the real distribution *is* the changed faces, and a good generator paints those.

# %% tags=["slide-continue"]
alone, both = "9,000: the data alone", "9,000: DiffAugment"
leaky, of_both = records.load("few_faces_leak"), shorter.last_pictures()[shorter.arms.index(both)]
changed = few_faces.changed(unseen.images[:8], 0)
shown = torch.cat([data.to_float(unseen.images[:8]), changed, data.to_float(leaky.last_pictures()[0]), data.to_float(of_both)])
show(
    viz.labelled_grid(shown, rows=["faces", "faces, changed", "the data alone", "both sides"], n_columns=8, font_size=20),
    "Third row: a generator whose D saw real faces like those of the second row, and plain fakes. Both after 5,000 steps.",
)
columns = ("frechet", "frechet_changed", "holes")
games = {"the data alone": (leaky, alone), "both sides": (shorter, both)}
viz.table(
    [[who, *(spread(record.final(score)[arm]) for score in columns)] for who, (record, arm) in games.items()]
    + [[who, *(number(leaky.baseline(score)[who]) for score in columns)] for who in ("other faces", "other faces, changed", "Gaussian of changed faces")],
    header=["9,000 faces", *(score.replace("_", " ") for score in columns)],
    caption="Five trainings of each, 5,000 steps; below, what is no training",
)

# %% [markdown] tags=["notes", "slide-only"]
# With classifiers one augments the training set. Here the real distribution then *is* the changed faces, so count holes: a distance alone does not see them.

# %%
empty = leaky.baseline("holes")
claim(
    "S16.leak_long",
    "Augmenting the data alone leaks: share of the samples' pixels that lie in blocks of middle grey, after 5,000 steps",
    paper="augmenting the reals only gives augmented samples",
    ours=leaky.final("holes")[alone],
    over="trainings",
    tolerance=at_least(0.03),
    baselines=nulls(
        both_sides=shorter.final("holes")[both],
        no_augmentation=shorter.final("holes")["9,000: none"],
        faces=empty["other faces"],
        a_Gaussian_of_changed_faces=empty["Gaussian of changed faces"],
        noise=empty["noise"],
        untrained=empty["untrained"],
        at_step_0=leaky.curve("holes")[alone][1][:, 0],
    )
    | ceilings(other_faces_changed=empty["other faces, changed"]),
    source="Zhao et al. 2020, section 3; Karras et al. 2020, section 2",
    note="Blocks of 4 px, all colours within 0.1 of the middle, and the tolerance, as in S16.leak. The null of step 0 was added after the run.",
)

# %% [markdown] tags=["slide", "slide-only"]
# ## Is "both sides" safe?
#
# Only if $T$, as a map of *distributions*, can be undone. Quarter turns with probability $p$:
#
# $$M = (1 - p)\, I + \tfrac{p}{4}\, \mathbf{1}\mathbf{1}^\top, \qquad \text{eigenvalues } 1,\ 1-p,\ 1-p,\ 1-p$$
#
# At $p = 1$ a generator of sleeping faces is as good as any.

# %% [markdown] tags=["notes"]
# The generator of the third row has learnt what its $D$ was shown, grey patches and all. Which number says so? Not the distance. It is 2.34 to changed faces and 29.3 to faces; but a Gaussian with the mean and the covariance of changed faces is nearer to them, 1.83, and has no hole.
#
# So count **holes**: the share of pixels that lie in a block of middle grey. Changed faces have 0.19, the Gaussian 0, both sides 0, the data alone 0.105 [0.097, 0.113], over half as many: each of five new trainings leaks. "Both sides", trained as long, have none.
#
# Is "both sides" safe, then? Only if $T$, seen as a map of *distributions*, can be undone. If two distributions give the same changed pictures, $D$ cannot tell them apart, and the generator may settle on the wrong one. Take turns by 0, 90, 180 or 270 degrees, each as likely, made with probability $p$. The shares of the four
# poses are multiplied by
#
# $$M = (1 - p)\, I + \tfrac{p}{4}\, \mathbf{1}\mathbf{1}^\top, \qquad \text{eigenvalues } 1,\ 1-p,\ 1-p,\ 1-p.$$
#
# For $p < 1$ it can be inverted, so the upright faces are the only answer. At $p = 1$ all poses look alike, and a generator of sleeping faces is as good as any. Near 1 the evidence is weak, and a network is not perfect: Karras et al. advise to stay below about 0.8. (DiffAugment's own $p$ is 1; exercise 3 asks whether it may be.) Check $M$ by counting:

# %% tags=["nbval-check-output"]
square = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
poses = torch.stack([square[0].rot90(k, (1, 2)) for k in range(4)]).flatten(1)
smallest = {}
for p in (0.3, 0.8, 1.0):
    turned = augment.augment(square.expand(20_000, -1, -1, -1), "quarter_turns", torch.Generator().manual_seed(1), p).flatten(1)
    first = torch.stack([(turned == pose).all(1).float().mean() for pose in poses])  # where upright faces go
    counted = torch.stack([first.roll(k) for k in range(4)])  # turning the input turns the output
    smallest[p] = torch.linalg.svdvals(counted).min().item()
    print(
        f"p = {p}: shares of the poses {[round(v, 2) for v in first.tolist()]}, smallest singular value {smallest[p]:.2f}, 1 - p = {1 - p:.2f}"
    )
check(
    "S16.invert",
    "Turns with probability p can be undone: smallest singular value of their map of poses, less 1 - p",
    expected=0.0,
    ours=[value - (1 - p) for p, value in smallest.items()],
    over="values of p",
    tolerance=within(0.02),
    source="Karras et al. 2020, section 2.2",
    exact=True,
)

# %% [markdown]
# Two other bugs are quieter. Augmenting in $D$'s turn alone, $G$ learns from a $D$ that has never seen a plain fake. And a $T$ made of library calls on byte images has no gradient: $G$ learns nothing
# through it.

# %% [markdown] tags=["slide", "slide-only"]
# ## Which tricks are still needed?
#
# Minibatch deviation, equalised rates, path length, style mixing, noise, lazy penalties ...
#
# R3GAN (Huang et al. 2024): **one loss, two penalties, two plain residual networks.**

# %% [markdown] tags=["notes"]
# # Part two: which tricks are still needed?
#
# By 2020 a good GAN was a list of tricks: minibatch standard deviation, equalised learning rate, path length regularisation, style mixing, noise, a loss that is not quite the one of the theory, and penalties computed now and then. Huang et al. (2024) ask which of them are still needed if one starts from a loss that deserves trust. Their answer, R3GAN, is a loss, two penalties, and two plain residual networks. The course ships a small one, of anime faces:

# %% [markdown] tags=["slide", "slide-only"]
# ## An hour of one processor core

# %% tags=["slide-continue", "slide-picture"]
n_training, n_judged, n_asked = scale.pick(ci=(300, 100, 30), cpu=(10_000, 1000, 500), gpu=(10_000, 1000, 500))
training = data.anime(32, n_training, progress=False)
known, fresh = data.to_float(training.images), data.to_float(data.anime(32, n_judged, "test", progress=False).images)
samples = modern.sample(n_judged, seed=0).clamp(-1, 1).cpu()


def nearest(pictures):
    """For each picture the training picture that is nearest in its pixels."""
    return known[torch.cdist(pictures.flatten(1), known.flatten(1)).argmin(1)]


rows = ["R3GAN", "nearest", "unseen", "nearest"]
show(
    viz.labelled_grid(torch.cat([part for x in (samples[:8], fresh[:8]) for part in (x, nearest(x))]), rows=rows, n_columns=8, scale=3),
    "Samples, none of them picked, and unseen faces; below each the nearest of the training pictures.",
)

# %%
modern.card

# %% [markdown] tags=["notes"]
# Plain convolutions, one loss, two penalties. (In some, dark hair and a dark face run into one another.) Is it nearer to its data than a Gaussian, which no game of part one was? Does it copy?

# %%
judge = metrics.attribute_classifier("anime", 32)
torch.manual_seed(0)
with torch.no_grad():
    empty_net = r3gan.players("tiny32")[0].eval()
    untrained = torch.cat([empty_net(z) for z in torch.randn(n_judged, empty_net.latent_dim).split(100)]).clamp(-1, 1)
bell = few_faces.gaussian(known[n_judged : 3 * n_judged], 0)[:n_judged]
pictures = {"R3GAN": samples, "a Gaussian of the data": bell, "untrained": untrained, "unseen faces": fresh}
reference = judge.features(known[:n_judged])
far = {who: metrics.frechet_distance(judge.features(x), reference) for who, x in pictures.items()}
pictures["copies with noise"] = (known[:n_asked] + 0.1 * torch.randn(known[:n_asked].shape)).clamp(-1, 1)
near = {who: metrics.nearest_distances(x[:n_asked].flatten(1), known.flatten(1)).median().item() for who, x in pictures.items()}
viz.table(
    [[who, number(far.get(who, np.nan)), number(near[who])] for who in pictures],
    header=["", "Fréchet distance", "to the nearest training picture"],
    caption=f"{n_judged:,} pictures against as many of training; medians of {n_asked} in pixels, [-1, 1]",
)

# %%
question(
    "S16.anime",
    "How near is the shipped R3GAN to its data? Fréchet distance to training pictures",
    ours=far["R3GAN"],
    baselines=nulls(a_Gaussian_of_the_data=far["a Gaussian of the data"], untrained=far["untrained"]) | ceilings(unseen_faces=far["unseen faces"]),
    note="One training. Asked after its value was known.",
)
question(
    "S16.anime_copies",
    "Does it copy? Distance of its samples to the nearest training picture over that of unseen faces, medians, in pixels",
    ours=near["R3GAN"] / near["unseen faces"],
    baselines=nulls(
        copies_with_noise=near["copies with noise"] / near["unseen faces"],
        a_Gaussian_of_the_data=near["a Gaussian of the data"] / near["unseen faces"],
    )
    | ceilings(unseen_faces=1),
    note="Below 1: too near. Above: off the data, as a Gaussian is. A copy moved by two pixels would pass. Asked after its value was known.",
)

# %% [markdown] tags=["slide", "slide-only"]
# ## Its distance: an early rise, then down, then flat

# %% [markdown] tags=["notes"]
# It is 3.88, the Gaussian 7.91: here a network is nearer. Its samples lie 14.3 from the nearest training picture, unseen faces 8.44, noisy copies 5.44: half, at least, no near copies. (A Gaussian: 16.4.) On the way the distance fell after an early rise (points: 1,000 pictures; floor: two random halves of 10,000):

# %% tags=["slide-continue", "slide-picture"]
curve_of = torch.tensor(modern.card["curve"])
fig, axis = plt.subplots(figsize=(6, 2.4), layout="constrained")
axis.plot(curve_of[:, 0] / 1000, curve_of[:, 1], marker="o", ms=3, color=FAKE)
axis.axhline(modern.card["metric"]["floor"], color=REAL, lw=1, label="real against real")
axis.set(xlabel="thousand pictures seen", ylabel="Fréchet distance", ylim=(-1.5, None))
axis.legend()
plt.show()

# %% [markdown] tags=["slide", "slide-only"]
# ## The loss: pairs, and a penalty on each side
#
# $$L_D = \mathbb{E}\,\operatorname{softplus}\bigl(l(\tilde x) - l(x)\bigr) + \tfrac{\gamma}{2}\, \mathbb{E}\|\nabla l(x)\|^2 + \tfrac{\gamma}{2}\, \mathbb{E}\|\nabla l(\tilde x)\|^2$$
#
# $$L_G = \mathbb{E}\,\operatorname{softplus}\bigl(l(x) - l(\tilde x)\bigr)$$
#
# - **Pairs**: a fake wins only above *its* real partner.
# - **Penalties**: without one nothing need converge.

# %% [markdown] tags=["notes"]
# ## 4. The loss: pairs, and a penalty on each side
#
# Lecture 12 introduced both halves; here is what each is for. With logits $l$, real $x$ and fake $\tilde x = G(z)$ in pairs,
#
# $$L_D = \mathbb{E}\,\operatorname{softplus}\bigl(l(\tilde x) - l(x)\bigr) + \tfrac{\gamma}{2}\, \mathbb{E}\|\nabla l(x)\|^2 + \tfrac{\gamma}{2}\, \mathbb{E}\|\nabla l(\tilde x)\|^2, \qquad
# L_G = \mathbb{E}\,\operatorname{softplus}\bigl(l(x) - l(\tilde x)\bigr).$$
#
# **Pairs, against dropped modes.** Sun, Fang & Schwing (2020) let generated points move freely and ask how well the best $D$ does for each of their places. In the classical game two fakes at one of two modes lie in a basin: the one that leaves makes $D$'s work easier all the way to the other mode.
#
# In pairs it does not, *if each fake keeps its partner*: a fake whose partner is the other mode has lost already. Their theorem keeps them. A batch draws them anew. So compute $D$'s least loss, its logits free at each mode and on the way:

# %% [markdown] tags=["slide", "slide-only"]
# ## Whose partner?
#
# Two modes, two fakes, and the best $D$: where its loss falls, $G$ loses ground.

# %% tags=["nbval-check-output", "slide-continue"]
KEPT, ANEW = [(0, 0), (1, 1)], [(0, 0), (0, 1), (1, 0), (1, 1)]  # which real picture meets which fake


def least_loss(fakes, pairs=None):
    """Of D, whose logits are free at mode 0, mode 1 and elsewhere (2); one real picture at each mode, two fakes where fakes says."""

    def loss(values):
        logits = torch.tensor(values, requires_grad=True)
        real, fake = logits[[0, 1]], logits[list(fakes)]
        if pairs:
            value = losses.relativistic_d(*(x[list(who)] for x, who in zip((real, fake), zip(*pairs, strict=True), strict=True)))
        else:
            value = losses.non_saturating_d(real, fake)
        return value.item(), torch.autograd.grad(value, logits)[0].numpy()

    return minimize(loss, np.zeros(3), jac=True, bounds=3 * [(-40, 40)]).fun


landscapes = {"classical": None, "pairs, kept": KEPT, "pairs, drawn anew": ANEW}
least = {name: [least_loss(fakes, pairs) for fakes in ((0, 1), (0, 0), (0, 2))] for name, pairs in landscapes.items()}
viz.table(
    [[name, *(f"{value:.3f}" for value in values)] for name, values in least.items()],
    header=["least loss of D", "a fake at each mode", "both at one", "one on its way"],
)

# %%
half = np.log(2) / 2
identity(
    "S16.basin",
    "Two fakes and two modes: D's least loss in three games at three places, less the closed form",
    expected=0.0,
    ours=np.subtract(
        list(least.values()),
        [[4 * half, np.log(1.5) + np.log(3) / 2, 2 * half], [2 * half, half, half], [2 * half, half, half / 2]],
    )
    .flatten()
    .tolist(),
    over="places",
    tolerance=within(1e-4),
    source="after Sun, Fang & Schwing 2020",
)
question(
    "S16.partners",
    "Is there a basin in pairs that are drawn anew? D's least loss with both fakes at one mode, less that with one on its way to the other",
    ours=least["pairs, drawn anew"][1] - least["pairs, drawn anew"][2],
    baselines=nulls(kept_partners=least["pairs, kept"][1] - least["pairs, kept"][2]),
    note=f"In the classical game {least['classical'][1] - least['classical'][2]:.3f}. Computed, not trained. Asked after its value was known.",
)

# %% [markdown] tags=["notes"]
# In the classical game $D$'s least loss falls from 0.955 to 0.693 while one fake is on its way: a step that $G$, which wants it large, will not take. With kept partners it stays 0.347. Drawn anew it falls to 0.173. *So the theorem does not cover pairs as a batch draws them, R3GAN's included.* Section 6 lets such fakes move. And a landscape says nothing about arriving: without a penalty neither game need converge.
#
# **Penalties, for convergence.** That is the other half. On the Dirac-GAN (lecture 07: data at 0, a fake at $\theta$, $l(x) = \psi x$) the field near the equilibrium is linear, and its eigenvalues say everything. The slope of $l$ is $\psi$ at both points, so $R_1 = R_2 = \frac{\gamma}{2} \psi^2$ and
#
# $$J = \begin{pmatrix} 0 & \frac12 \\ -\frac12 & -n\gamma \end{pmatrix}, \qquad \lambda = -\tfrac{n \gamma}{2} \pm \sqrt{\tfrac{n^2 \gamma^2}{4} - \tfrac14}, \qquad n = \text{number of penalties}.$$
#
# Without a penalty the eigenvalues are $\pm \frac{i}{2}$: to first order, circles. (The full flow creeps inwards, its radius like $\sqrt{8/t}$; finite simultaneous steps push outwards.) With one or both the real part is negative. Compute the Jacobian from the course's own loss and penalty, by automatic differentiation. First the loss itself:

# %% [markdown] tags=["slide", "slide-only"]
# ## Your lines: R3GAN's $L_D$
#
# Pairs and both penalties. `x` and `fake` [N, D] have `requires_grad` set, so that
#
# `torch.autograd.grad(d(x).sum(), x, create_graph=True)`
#
# is a tuple with the slopes at `x`.

# %% [markdown] tags=["notes"]
# **Write the lines.** $L_D$ whole, pairs and both penalties. `x` and `fake` [N, D] have `requires_grad` set, so that `torch.autograd.grad(d(x).sum(), x, create_graph=True)` is a tuple with the slopes at `x`.

# %% tags=["slide-continue", "slide-code"]
def r3gan_d(d, x, fake, gamma):
    return ...  # your lines


lines.answered(r3gan_d, *asked.R3GAN_D)


# %% [markdown] tags=["slide", "slide-only"]
# ## The Dirac-GAN, in pairs or not
#
# $$J = \begin{pmatrix} 0 & \frac12 \\ -\frac12 & -n\gamma \end{pmatrix}, \qquad \lambda = -\tfrac{n \gamma}{2} \pm \sqrt{\tfrac{n^2 \gamma^2}{4} - \tfrac14}$$
#
# $n = 0$: circles, to first order. $n = 1, 2$: it arrives.


# %% tags=["nbval-check-output", "slide-continue"]
def dirac_eigenvalues(penalty, d_objective=losses.relativistic_d, g_objective=losses.relativistic_g):
    """Eigenvalues of the field (-dL_G / dtheta, -dL_D / dpsi) at the equilibrium of the Dirac-GAN."""
    theta, psi = (torch.zeros(1, dtype=torch.float64, requires_grad=True) for _ in range(2))
    real = torch.zeros(1, 1, dtype=torch.float64)

    def logit(x):
        return (psi * x).sum(1)

    fake = theta.reshape(1, 1) - real
    d_loss = d_objective(logit(real), logit(fake)) + (penalty(logit, real, fake) if penalty else 0.0)
    g_loss = g_objective(logit(fake), logit(real))
    (d_theta,) = torch.autograd.grad(g_loss, theta, create_graph=True)
    (d_psi,) = torch.autograd.grad(d_loss, psi, create_graph=True)
    rows = [torch.autograd.grad(-d, (theta, psi), allow_unused=True, retain_graph=True) for d in (d_theta, d_psi)]
    jacobian = torch.tensor([[0.0 if entry is None else entry.item() for entry in row] for row in rows], dtype=torch.float64)
    return torch.linalg.eigvals(jacobian)


gamma, gaps, classical_gaps = 0.4, [], []
for n, (name, penalty) in enumerate({"none": None, "R1": penalties.r1(gamma), "R1 + R2": penalties.r1_r2(gamma)}.items()):
    root = torch.sqrt(torch.tensor(n**2 * gamma**2 / 4 - 0.25, dtype=torch.complex128))
    form = -n * gamma / 2 + torch.stack([root, -root])
    found = dirac_eigenvalues(penalty)
    classical = dirac_eigenvalues(penalty, losses.non_saturating_d, losses.non_saturating_g)
    gaps.append((found - form).abs().min(0).values.max().item())
    classical_gaps.append((classical - form).abs().min(0).values.max().item())
    print(f"{name:>8}: eigenvalues " + ", ".join(f"{round(v.real.item(), 2) + 0.0:+.2f} {v.imag:+.2f}i" for v in found))

# %%
identity(
    "S16.dirac",
    "R1 and R2 on the Dirac-GAN, in pairs and in the classical game: eigenvalues of the course's own losses less one closed form (0, 1, 2 penalties)",
    expected=0.0,
    ours=gaps + classical_gaps,
    over="games and numbers of penalties",
    tolerance=within(1e-8),
    source="after Mescheder et al. 2018; Huang et al. 2024, section 2",
)

# %% [markdown] tags=["notes"]
# The Dirac-GAN cannot tell pairs from the classical game (as $l(0) = 0$, all gradients agree), nor $R_1$ from $R_2$: a linear $D$ has one slope, and both together are one of twice the weight. So why both? A trained $D$ has many slopes, and the fakes move along those *at the fakes*, of which $R_1$ asks nothing.
#
# On lecture 12's ring of eight clusters $R_1$ of $\gamma = 1$ alone leaves 1.28 times the squared slope at the fakes that both of 0.5 leave. But $R_1$ of 1.5 alone leaves less than both, 0.90 of it. So place counts, *and* strength. Where fakes lie on the data, one penalty of twice the weight does the work of both.

# %% [markdown] tags=["slide", "slide-only"]
# ## The roadmap, 256 px
#
# | | step | Fréchet distance |
# |---|---|---|
# | A | StyleGAN2 | 7.516 |
# | B | stripped to convolutions | 12.46 |
# | C | pairs; then $R_2$ | 11.77; 11.65 |
# | D | residual blocks; no output skips | 10.17; 9.950 |
# | E | grouped; inverted bottleneck | 7.507; 7.045 |
#
# The loss wins back less than one point; modern blocks win back the rest.

# %% [markdown] tags=["notes"]
# ## 5. The roadmap
#
# The paper starts from StyleGAN2 on faces of 256 px and goes in steps, 5 million pictures each.
#
# | | step | Fréchet distance |
# |---|---|---|
# | A | StyleGAN2 as it is | 7.516 |
# | B | everything stripped that is not a convolution: mapping, styles, noise, equalised rates, minibatch deviation, path length | 12.46 |
# | C | pairs instead of the non-saturating loss; then $R_2$ beside $R_1$ | 11.77; 11.65 |
# | D | residual blocks; then without the skips to the output | 10.17; 9.950 |
# | E | grouped convolutions; then with an inverted bottleneck | 7.507; 7.045 |
#
# Read it slowly. Stripping costs five points. The loss wins back less than one. Backbones of 2016 to 2018 win back the rest, and a little more. Nor does it show that the blocks need the new loss: no row has D or E with the old one. Are these networks of the same size? Count them.

# %% [markdown] tags=["slide", "slide-only"]
# ## Are they of one size?
#
# Stripping takes a quarter of $G$'s weights, modern blocks bring most of them back.

# %% tags=["nbval-check-output", "slide-continue"]
with torch.device("meta"):
    published = {
        "A": (stylegan2.Generator(256, channel_base=16384), stylegan2.Discriminator(256, channel_base=16384)),
        "B": (r3gan.StrippedGenerator(256), stylegan2.Discriminator(256, channel_base=16384, group_size=0, equalised=False)),
        "E": r3gan.players("ffhq256"),
    }
millions = {name: [sum(p.numel() for p in network.parameters()) / 1e6 for network in pair] for name, pair in published.items()}
for name, (g, d) in millions.items():
    print(f"{name}: G {g:.3f} million, D {d:.3f} million")

# %%
check(
    "S16.roadmap_size",
    "Parameters of the roadmap's networks, G and D of A, B and E, ours less the paper's (million)",
    expected=0.0,
    ours=[
        a - b
        for name, paper in {"A": (24.767, 24.001), "B": (18.890, 23.996), "E": (23.058, 23.010)}.items()
        for a, b in zip(millions[name], paper, strict=True)
    ],
    over="networks",
    tolerance=within(0.001),
    source="Huang et al. 2024, the roadmap from StyleGAN2",
    exact=True,
)

# %% [markdown] tags=["notes"]
# They are not of one size: stripping takes a quarter of the generator's weights, and the modern blocks bring most of them back. So a part of what B costs, and of what D and E win, may be size; the paper does not separate the two.
#
# A block of E, and the whole of its generator's forward pass. There is nothing to remember:

# %%
viz.source(r3gan.Block, r3gan.Generator.forward)

# %% [markdown] tags=["notes"]
# Nothing that runs here in minutes could repeat the roadmap. Section 6 tries its loss: on stacked digits, five trainings show no gain by pairs. E's networks are in `gancourse.models` (exercise 1).

# %% [markdown] tags=["slide", "slide-only"]
# ## What diffusion took over, and where one step came back
#
# | you want | take |
# |---|---|
# | the best picture for a sentence, and can wait | diffusion or flow matching |
# | the same in one to four steps | a student distilled with a discriminator |
# | a narrow domain, real time, a latent to edit in | a GAN: StyleGAN2, R3GAN |
# | sharp reconstructions from a lossy code | an autoencoder with a patch discriminator |
# | a likelihood | a flow, an autoregressive model, a VAE's or diffusion's bound |
#
# *Where a loss would average and the eye would not, a discriminator is still the tool.*

# %% [markdown] tags=["notes"]
# # Part three: what diffusion took over
#
# ## A smaller claim
#
# In 2021 Dhariwal & Nichol called their paper *Diffusion Models Beat GANs on Image Synthesis*, and they did. Their training is a regression: one loss that goes down, no opponent, no reward for leaving a mode out. What was given up is **one forward pass**. For its sake adversarial training came back, by roads that section 7 follows: larger GANs, students of diffusion models that sample in one step, simpler GANs. And a fourth was never left: the autoencoders in which latent diffusion works are trained with lecture 17's patch discriminator.
#
# *Where a loss would average and the eye would not, a discriminator is still the tool.* That is a smaller claim than GANs once made. It is the one that has held.
#
# | you want | take |
# |---|---|
# | the best picture for a sentence, and can wait | diffusion or flow matching |
# | the same in one to four steps | a student distilled with a discriminator |
# | a narrow domain, real time, a latent space to edit in | a GAN: StyleGAN2, R3GAN |
# | sharp reconstructions from a lossy code | an autoencoder with a patch discriminator |
# | a likelihood | a flow, an autoregressive model, a VAE's or diffusion's bound (lecture 01) |

# %% [markdown]
# ## Play
#
# Turn the thermostat by hand. Above, DiffAugment's three changes, below quarter turns, each made with probability $p$ on six real faces. From which $p$ on could you no longer say how a plain face is held?


# %%
def at_p(p):
    changed = [augment.augment(twelve[:6], policy, torch.Generator().manual_seed(2), p) for policy in (augment.DIFFAUGMENT, "quarter_turns")]
    return viz.labelled_grid(torch.cat(changed).clamp(-1, 1), rows=["DiffAugment", "quarter turns"], n_columns=6, scale=6)


widgets.explorer({f"p = {p:.1f}": at_p(p) for p in np.linspace(0, 1, 11)}, label="probability", kind="slider", most=3)

# %% [markdown]
# ## Quiz
#
# The last question belongs to "Going deeper", section 7.

# %%
widgets.quiz(
    [
        {
            "question": "Augmenting only the real pictures of a GAN teaches the generator to draw augmented ones. What repairs that?",
            "answer": "The same kind of augmentation for the fakes, with gradients passing through it",
            "why": "D then never sees an unaugmented picture, and G is told only about differences that survive the augmentation.",
            "wrong": {
                "A smaller learning rate for G": "The optimum would still be the augmented distribution.",
                "Augmenting the fakes without gradients": "G would then learn nothing through D at all.",
            },
        },
        {
            "question": "Two fakes sit at one of two modes. In which game may one of them leave for the other without losing ground?",
            "answer": "In pairs whose partners are kept",
            "why": "The fake whose partner is the other mode has lost its pair already, so that the way costs it nothing.",
            "wrong": {
                "In pairs drawn anew, as a batch draws them": "There D's least loss falls by half while the fake is on its way.",
                "In the classical game": "D's least loss falls from 0.955 to 0.693 on the way: that is the basin.",
            },
        },
        {
            "question": "What is a discriminator for in one-step diffusion?",
            "answer": "To train a student that samples in one or a few steps",
            "why": "Regression on a teacher's outputs averages; an adversarial term keeps single samples sharp.",
            "wrong": {
                "To speed up the training of the teacher": "The teacher is trained before, by regression.",
                "To choose the best of many samples": "Nothing is rejected; one sample is drawn.",
            },
        },
    ]
)

# %% [markdown] tags=["slide", "slide-only"]
# ## In short
#
# - Few pictures: change what $D$ sees, real and fake alike, by something that leaves a face a face and has a gradient. Ask what $D$ remembers.
# - R3GAN: pairs and a penalty on each side. Along its roadmap the networks change in size, too, so a part of each step may be size.
# - Where a loss would average and the eye would not, a discriminator is still the tool.

# %% [markdown] tags=["notes"]
# # Going deeper
#
# The core path ends here. What follows: R3GAN's most quoted number, a thousand modes, and what a count of modes counts; the roads by which adversarial training came back; and where $R_1$ stands when pictures are augmented.

# %% [markdown] tags=["slide", "slide-only"]
# ## A thousand modes
#
# Three real digits in three colours: one of a thousand.
#
# Counting is easy to get wrong: a classifier must call every blob some digit. So the judge may say *no digit*, and a picture counts only with three accepted ones.

# %% [markdown] tags=["notes"]
# ## 6. A thousand modes
#
# R3GAN's first table says: all 1000 modes of Stacked MNIST, where the same networks without pairs find 693, and with $R_1$ alone training fails. Three real digits in three colours are one picture, and the digits say which of a thousand modes it is.
#
# Counting is easy to get wrong. A classifier must call every blob some digit, so white noise "finds" nearly all modes (lecture 06). Here a picture counts only if the judge takes each of its channels for a digit: a class *no digit* among its answers, and a nearest real digit that is near enough.
#
# The class was taught with just the five kinds of noise in the table below, so their zeros show little; blurred digits, a Gaussian for each digit and the untrained network it had not seen. So first the judge, on what is known. It is severe: it takes 0.86 of unseen stacks and none of the blurred ones. And it favours copies: of the training digits it takes nearly all.

# %% tags=["slide-continue"]
record = records.load("stacked_digits")
known = ("modes", "high_quality", "reverse_kl")
viz.table(
    [[name, *(number(record.baseline(score)[name]) for score in known)] for name in record.baseline("modes")],
    header=["25,600 pictures of", "modes of 1000", "accepted", "reverse KL"],
    caption="What the judge says of pictures that no GAN drew",
)

# %% [markdown]
# Now the games, all at 32 px with DCGAN's two networks: the classical game; PacGAN's packing, in which $D$ judges two samples at once; minibatch discrimination (both lecture 06); the classical loss with $R_1 + R_2$; and R3GAN's, the same with pairs.
#
# Where penalties are, $D$ has no batch normalisation, and they are computed at every
# step: the paper's appendix reports that *lazy* penalties make just this experiment fail. So penalised and unpenalised games differ in two things; R1 + R2 and R3GAN differ in the pairs alone. The tolerances below were written down before the runs.
#
# A picture counts only with three accepted digits, so that `modes` asks for quality and for variety at once; `high_quality` is the share accepted. Along the curves 2,560 samples are judged, in the tables 25,600: so the curves end far below the tables. It took 143 processor minutes and was done once; `gancourse experiment stacked_digits` does it again.

# %% [markdown] tags=["slide", "slide-only"]
# ## Five games on the same networks

# %% tags=["slide-continue", "slide-picture"]
record.show("modes", "reverse_kl", "high_quality")

# %% [markdown] tags=["slide", "slide-only"]
# ## Five trainings of each

# %% tags=["slide-continue"]
record.table("modes", "reverse_kl", "high_quality", "total_variation")

# %%
modes, null = record.final("modes"), record.baseline("modes")
accepted = {arm: np.round(25_600 * share).astype(int) for arm, share in record.final("high_quality").items()}


def kl_if_even(n, draws=200):
    """The reverse KL (nats, mean of many draws) that n accepted samples have when all 1000 modes are equally likely."""
    share = np.random.default_rng(0).multinomial(n, [0.001] * 1000, draws) / n
    return (share * np.log(1000 * np.where(share > 0, share, 1))).sum(1).mean()


least_kl = {arm: np.array([kl_if_even(n) for n in counts]) for arm, counts in accepted.items()}
noises = {name.removeprefix("noise: ").replace(" ", "_"): value for name, value in null.items() if name.startswith("noise: ")}
check(
    "S16.gate",
    "Modes that pictures without a digit reach: five kinds of noise, all taught to the judge; blurred digits and an untrained network, which were not",
    expected="at most 5 of 1000",
    ours=[*noises.values(), null["blurred digits"], null["untrained"]],
    over="kinds of picture",
    tolerance=at_most(5),
    baselines=nulls(unseen_digits=null["unseen digits"]),
)
claim(
    "C08.r3gan",
    "Pairs with R1 and R2 find all modes of stacked digits (of 1000)",
    paper=1000,
    ours=modes["relativistic"],
    over="trainings",
    tolerance=at_least(950),
    baselines=nulls(**noises, untrained=null["untrained"], a_Gaussian_for_each_digit=null["a Gaussian for each digit"])
    | ceilings(unseen_digits=null["unseen digits"]),
    source="Huang et al. 2024, table 1",
)
question(
    "C08.r3gan_kl",
    "and how evenly? Reverse KL of the modes that they find (nats)",
    ours=record.final("reverse_kl")["relativistic"],
    over="trainings",
    baselines=nulls(a_Gaussian_for_each_digit=record.baseline("reverse_kl")["a Gaussian for each digit"])
    | ceilings(unseen_digits=record.baseline("reverse_kl")["unseen digits"], as_many_samples_spread_evenly=least_kl["relativistic"]),
    source="beside Huang et al. 2024, table 1: 0.0781",
    note="At most 0.5 was to be asked, as a claim. A Gaussian for each digit passes that, so a network that passes it has shown nothing. "
    "Few samples cannot lie evenly over a thousand modes.",
)
claim(
    "C08.pairs",
    "What the pairs add to the same penalties: modes, relativistic less R1 + R2, by seed",
    paper=1000 - 693,
    ours=modes["relativistic"] - modes["R1 + R2"],
    over="trainings",
    tolerance=at_least(20),
    baselines=nulls(no_difference=0) | ceilings(unseen_digits=null["unseen digits"] - modes["R1 + R2"]),
    source="Huang et al. 2024, table 1",
)
claim(
    "C08.packed",
    "What judging two samples together adds: modes, packed less DCGAN, by seed",
    paper=1000 - 78.9,
    ours=modes["packed"] - modes["DCGAN"],
    over="trainings",
    tolerance=at_least(20),
    baselines=nulls(no_difference=0) | ceilings(unseen_digits=null["unseen digits"] - modes["DCGAN"]),
    source="Lin et al. 2018, section 4.2",
    note="Their own DCGAN has 78.9 modes; the 99 that other tables quote are VEEGAN's.",
)
claim(
    "C08.minibatch",
    "What minibatch discrimination adds: modes, with it less without, by seed",
    paper="helps against collapse",
    ours=modes["minibatch"] - modes["DCGAN"],
    over="trainings",
    tolerance=at_least(20),
    baselines=nulls(no_difference=0) | ceilings(unseen_digits=null["unseen digits"] - modes["DCGAN"]),
    source="Salimans et al. 2016, section 3.2",
)

# %% [markdown]
# After 6,000 steps the order is none that the papers lead one to expect: the plain DCGAN is ahead, with 887 modes on average, 996 and 983 in two of its trainings. $R_1 + R_2$ has 730, with pairs 720, packing 657, minibatch discrimination 245.
#
# Before you believe it, look at the best rival, which is no network: *a Gaussian for each digit*, drawn three times. The judge takes one in eleven of its pictures for digits, and these reach 833 modes, more than four of the five games. (The judge was taught to refuse noise, and nothing with a digit's mean and covariance.)
#
# So ask what the count counts. It takes accepted samples: 400 of them cannot show more than 400 modes. Were all modes equally likely, $n$ accepted samples would reach $1000\,(1 - 0.999^n)$ of
# them. Put that beside the count:

# %%
def even(n):
    """Modes that n accepted samples reach, all equally likely."""
    return 1000 * (1 - 0.999**n)


rows = [(arm, accepted[arm], modes[arm], least_kl[arm], record.final("reverse_kl")[arm]) for arm in record.arms]
for name in ("a Gaussian for each digit", "unseen digits"):
    n = round(25_600 * record.baseline("high_quality")[name])
    rows.append((name, *map(np.array, (n, null[name], kl_if_even(n), record.baseline("reverse_kl")[name]))))
viz.table(
    [
        [name, round(n.mean()), round(even(n).mean()), round(found.mean()), f"{(found / even(n)).mean():.2f}", f"{least.mean():.2f}", f"{kl.mean():.2f}"]
        for name, n, found, least, kl in rows
    ],
    header=["game", "accepted of 25,600", "modes if even", "modes found", "found over possible", "reverse KL if even", "reverse KL"],
    caption="Means of five trainings, then what no GAN drew; \"if even\": what as many accepted samples have when all modes are equally likely",
)

# %%
question(
    "C08.quality",
    "How far does the count of modes follow the share of accepted samples? Spearman over the 25 trainings",
    ours=float(spearmanr(np.concatenate(list(modes.values())), np.concatenate(list(accepted.values()))).statistic),
    baselines=nulls(unrelated=0) | ceilings(same_order=1),
    note="Looked at after the runs.",
)

# %% [markdown] tags=["notes"]
# At the end most of the count is quality reached so far: over the 25 trainings modes and accepted samples go in nearly one order, 0.99. On the way it was not always so. At step 1,500 $R_1 + R_2$ has 0.21 accepted (the third panel), more than twice DCGAN's share, and fewer modes: more pictures accepted, fewer kinds.
#
# Of what its accepted samples could have reached DCGAN finds 0.92, the two penalised games 0.82, packing 0.79, minibatch discrimination 0.74. The Gaussians find 0.92, too: so this number, high as it sounds, is no praise.
#
# Nor can two reverse KLs be compared as they stand, for few samples cannot lie evenly over a thousand modes. Take off what as many would have if evenly spread: 0.23 nats are left with DCGAN, 0.35 and 0.36 with the penalties, 0.41 and 0.46 with packing and minibatch discrimination, and 0.19 with the Gaussians.
#
# So what do the boxes say? Five trainings show no gain by pairs, $-10$ [$-134$, 114]: the paper's 307 lies outside, a gain of a hundred does not.
#
# Nor do they show one by packing, $-230$ [$-538$, 78]. Minibatch discrimination *takes* 643, in all five pairs, and its curve falls at the end, where the means of the others still rise. None of the three is refuted by that: DCGAN does not collapse on these data, so there was little for them to cure.
#
# Real digits have 113 modes more on average, and two of the five trainings lack only 4 and 17. Nor does a control show that they would have cured it: nothing else that was trained here has more modes than DCGAN on average.
#
# A mistake of ours was looked for and not found: at the start its numbers lie far from both ends of their scale, and in one training, begun again, fakes were more alike than real digits at each look from step 50 to step 300: $D$ has a reason to refuse them. (Whether a slower $D$ would help was not tested.) (Where a game does collapse, in lecture 06, minibatch discrimination helps.)
#
# The paper's thousand comes from another network. What held the penalised games back was not tested; their rate, the batch normalisation that stays in $G$, and $\gamma$ were not tuned for them.
#
# If you want the thousand: `cifar10` in `gancourse.models.r3gan.CONFIGURATIONS` is, without labels, the network of the paper's third table, which has all 1000 modes too (the first table's is a small ResNet without normalisation); `data.stacked_digits(32, base=data.mnist())` are its data, and `penalties.r1_r2` at every step its penalty. The authors' repository has no preset for it (issue 23 asks for one).
#
# A maintainer's advice to a user who
# found the penalties slow: computing them at every eighth step works on most data and worsens the distance slightly, but the convergence theory no longer covers it, and on some data it fails (brownvc/R3GAN, issue 9). The shipped anime faces are trained lazily, every fourth step; the digits above are not.

# %% [markdown]
# ### Two free fakes
#
# On stacked digits pairs add nothing that five trainings show. Where should they? Section 4 computed it: where fakes sit at one mode and keep their partners. So play that game. Two fakes on a line are free to move, from beside the mode at 1; another mode lies at $-1$; $D$ is a sum of bumps of one width, with both penalties ($\gamma = 0.1$), and makes one step or five for each of the fakes'. Twenty starts of each:

# %%
BUMPS, free_steps = torch.linspace(-2, 2, 41), scale.pick(ci=20, cpu=2000, gpu=2000)


def free_fakes(partners, d_steps, widths=(0.2, 0.5), starts=20, rate=0.05, gamma=0.1):
    """Where two fakes end that move freely: [widths, starts, 2]; partners are "none" (the classical game), "kept" or "anew"."""
    source = torch.Generator().manual_seed(0)
    real = torch.tensor([1.0, -1.0]).expand(len(widths), starts, 2)
    fake = (1 + 0.05 * torch.randn(starts, 2, generator=source)).expand_as(real).clone().requires_grad_(True)
    weights = torch.zeros(len(widths), starts, 1, len(BUMPS), requires_grad=True)
    scales = 2 * torch.tensor(widths).view(-1, 1, 1, 1) ** 2
    of_d, of_g = (losses.non_saturating_d, losses.non_saturating_g) if partners == "none" else (losses.relativistic_d, losses.relativistic_g)

    def logits(x):
        return (torch.exp(-((x[..., None] - BUMPS) ** 2) / scales) * weights).sum(-1)

    for step in range(free_steps * (d_steps + 1)):
        x = real.clone().requires_grad_(True)
        swapped = torch.rand(starts, 1, generator=source) < 0.5 if partners == "anew" else torch.tensor(False)
        a, b = logits(x), logits(fake)
        met = torch.where(swapped, a.flip(-1), a)
        if (step + 1) % (d_steps + 1):
            slopes = torch.autograd.grad(a.sum() + b.sum(), (x, fake), create_graph=True)
            loss = a[..., 0].numel() * of_d(met, b) + gamma / 4 * sum(slope.square().sum() for slope in slopes)
            weights = (weights - rate * torch.autograd.grad(loss, weights)[0]).detach().requires_grad_(True)
        else:
            loss = real.numel() * of_g(b, met)
            fake = (fake - rate * torch.autograd.grad(loss, fake)[0]).detach().requires_grad_(True)
    return fake.detach()


ends = {(who, k): free_fakes(who, k) for who in ("none", "kept", "anew") for k in (1, 5)}
stay = {who: torch.cat([(ends[who, k] - 1).abs().lt(0.3).all(-1).sum(1) for k in (1, 5)]) for who in ("none", "kept", "anew")}
served = {
    who: torch.cat([((ends[who, k] - 1).abs().lt(0.3).any(-1) & (ends[who, k] + 1).abs().lt(0.3).any(-1)).sum(1) for k in (1, 5)])
    for who in stay
}
names = {"none": "the classical game", "kept": "pairs, partners kept", "anew": "pairs, drawn anew"}
viz.table(
    [[names[who], what, *counts[who].tolist()] for who in names for what, counts in (("stay", stay), ("serve both", served))],
    header=["", "of 20", "one step, bumps of 0.2", "of 0.5", "five steps, of 0.2", "of 0.5"],
    caption="Starts after which both fakes stay at the one mode, and after which each mode has one",
)

# %%
question(
    "S16.free",
    "Do pairs leave the one mode? Share of 80 starts after which both fakes stay at it, partners kept",
    ours=stay["kept"].sum().item() / 80,
    baselines=nulls(the_classical_game=stay["none"].sum().item() / 80, drawn_anew=stay["anew"].sum().item() / 80),
    note="Fakes that leave may run away from both modes. Asked after its value was known.",
)

# %% [markdown]
# In the classical game both fakes stay where they are after 61 of 80 starts: all but 19 of those in which $D$ has wide bumps and makes one step. With kept partners they stay after 10, all with narrow bumps and five steps. Drawn anew they stay after 57, about as in the classical game.
#
# With wide bumps and one step hardly any start is a trap, in any game: there both modes are served after 19 in the classical game, 14 with kept partners, 20 drawn anew. To leave is not to arrive: with kept partners 47 of 80 end with one fake at each mode; the rest run away from both, or are stuck.
#
# So it is the keeping of partners that opens the basin here, and not the pairing. The 1000 modes that R3GAN's table sets against 693 were reached with partners drawn anew; this theorem does not explain them. Two fakes on a line are no network: there a fake cannot move without the others.

# %% [markdown] tags=["notes"]
# ## 7. What diffusion took over, and where one step came back
#
# Part three in numbers, all of them the papers' own. On class-conditional ImageNet the guided diffusion of Dhariwal & Nichol (2021) reached Fréchet distances of 2.97 at 128 px, 4.59 at 256 and 7.72 at 512, below BigGAN-deep, and with better coverage of the
# data. Its regression is a relative of lecture 01's maximum likelihood; nothing in it rewards lecture 06's collapse. And *guidance* gave it the knob that truncation gives a
# GAN, traded at sampling time against variety. Text-to-image followed within a year.
#
# But a diffusion model computes a picture in tens to hundreds of passes; Dhariwal & Nichol needed 25 to match BigGAN-deep. From there adversarial training came back by three roads.
#
# **Larger GANs.** StyleGAN-T (Sauer et al. 2023, ICML) and GigaGAN (Kang et al. 2023, CVPR) asked whether GANs scale to text, with about a billion parameters each. GigaGAN writes a picture of 512 px in 0.13 seconds and 16 megapixels in 3.66, with the latent space of lecture 14. Its authors also say that StyleGAN, merely enlarged, becomes unstable.
#
# StyleGAN-T beat the distilled diffusion models of its time. And yet Sauer and others write, at
# the end of the same year, that despite such attempts GANs "often fall short" of diffusion models in the quality of samples.
#
# **Distillation with a discriminator.** If a slow model is good and a fast one is wanted, train a one-step student of the slow teacher. Matching the teacher by a squared error averages, and lecture 17 shows what averages look like; a discriminator repairs that.
#
# *Adversarial diffusion distillation* (Sauer et al. 2023, the method of SDXL-Turbo) adds an adversarial loss to a
# distillation loss and samples in one to four steps; its authors report that four steps reach their teacher, SDXL.
#
# *DMD2* (Yin et al. 2024, NeurIPS) adds "a GAN loss into the distillation procedure" so that the student learns from real pictures as well, and reports distances of 1.28 on ImageNet at 64 px and 8.35 on zero-shot COCO 2014 in one step: below
# its teacher's, so better, at a five-hundredth of the cost of sampling.
#
# **Simpler GANs.** R3GAN, part two of this lecture, argues that much of the old fragility was the loss, and reports what plain networks then reach: 1000 of 1000 modes, and a distance of 2.75 on FFHQ at 256 px, in one pass.
#
# And a fourth road was never left. The autoencoders in which latent diffusion works, VQGAN's (Esser et al. 2021, CVPR) and its successors, are trained with a patch discriminator: the one of lecture 17, for the same reason.

# %% [markdown]
# ## 8. $R_1$ behind an augmentation
#
# One wrapper puts $T$ before the discriminator of any game of this course, so that every loss passes it, $D$'s turn and $G$'s, labels or none.
#
# A detail that papers leave open: what does $R_1$ penalise now, the slope at $x$ or at $T(x)$? DiffAugment's code has a loss for each. Ours takes $\|\nabla_x D(T(x))\|^2$, the slope at the picture *before* the change, as ADA's code does: a slope that runs through $T$,
# as the generator's gradient does.

# %%
viz.source(AugmentedDiscriminator, AugmentedGAN.transform, AugmentedGAN._observed)

# %% [markdown]
# ## 9. The other boxes of part one
#
# Six trainings of each, the leaky game among them, on other seeds, were recorded after 600 steps first (`gancourse experiment few_faces`):

# %%
short = records.load("few_faces")
show(viz.labelled_grid(short.last_pictures().flatten(0, 1), rows=short.arms, n_columns=8), "Samples of the first training of each after 600 steps.")
short.table("frechet", "memory", "sees", "p", "frechet_changed", "holes", baselines=[])

# %% [markdown]
# No sample shown looks like a face. By the means ADA was ahead already where faces are few, and both cures were behind where they are many. With a hundred faces DiffAugment lay behind, too, 35.4 against 32.1: that alone has turned at step 5,000. To compare trainings so early is to compare their starts. The rows that follow were written before the longer runs, but for one that says so:

# %%
claim(
    "S16.by_heart",
    "With 100 faces and no augmentation D comes to know its own faces: share of pairs in which it prefers them to unseen ones",
    paper="D's accuracy of training pictures goes to 1, of unseen ones falls",
    ours=knows["100: none"],
    over="trainings",
    tolerance=at_least(0.95),
    baselines=nulls(at_step_0=trained.curve("memory")["100: none"][1][:, 0], with_9000_faces=knows["9,000: none"]),
    source="Zhao et al. 2020, figure 1",
)
claim(
    "S16.memory_ada",
    "and ADA keeps it from that: memory without augmentation less with it, 100 faces",
    paper="D's outputs for real and generated pictures continue to overlap",
    ours=knows["100: none"] - knows["100: ADA"],
    over="trainings",
    tolerance=at_least(0.2),
    baselines=fewer(knows["100: ADA"], "ADA"),
    source="Karras et al. 2020, section 4",
    note="Of three changes each is made with probability p, so that ADA's D seldom meets a plain face. The null of step 500 is below 0: a slow D is not excluded.",
)
question(
    "S16.sees",
    "Has the D that remembers little learnt anything? Share of pairs in which an unseen face lies above a fake, DiffAugment, 100 faces, through T",
    ours=trained.final("sees_through")["100: DiffAugment"],
    over="trainings",
    baselines=nulls(edges_alone=trained.final("edges")["100: DiffAugment"]),
    note="Edges alone: the mean squared difference of neighbouring pixels, which has learnt nothing, by the better of its two signs. "
    + at_start("sees_through"),
)


def past_best(arm, record=trained):
    """The distance at the end over that of the best look, seed by seed."""
    values = record.curve("frechet")[arm][1][:, 1:]
    return values[:, -1] / values.min(1)


def five_looks(arm):
    """Mean distance of the last five looks, over that of the five about two thirds of the way and over that of the best five in a row."""
    values = trained.curve("frechet")[arm][1][:, 1:]
    means = np.lib.stride_tricks.sliding_window_view(values, min(5, values.shape[1]), axis=1).mean(-1)
    return means[:, -1] / means[:, 2 * means.shape[1] // 3], means[:, -1] / means.min(1)


def other_arms(ratio):
    """The same of the five other games."""
    return {"{1}_with_{0}_faces".format(*arm.split(": ")): ratio(arm) for arm in trained.arms if arm != "100: none"}


question(
    "S16.turn",
    "Does the distance turn and rise with 100 faces and no augmentation? At the end over the best look, by seed",
    ours=past_best("100: none"),
    over="trainings",
    baselines=nulls(**other_arms(past_best)),
    source="beside Karras et al. 2020, figure 1: falls, then rises",
    note="At least 1.1 was asked for, as a claim, with one null, 9,000 faces without augmentation. The other games were added after the runs, and two of them pass it: "
    "the best of many looks lies below the last by luck, too.",
)
question(
    "S16.turn_five",
    "and by five looks in place of one: the mean of the last five over that of the five about two thirds of the way (step 8,000)",
    ours=five_looks("100: none")[0],
    over="trainings",
    baselines=nulls(**other_arms(lambda arm: five_looks(arm)[0])),
    source="beside Karras et al. 2020, figure 1: falls, then rises",
    note="Asked after its value was known; at step 8,000 the mean of this game is least. Over the best five looks in a row of each training, a choice that every game has: "
    f"{with_ends(five_looks('100: none')[1])}, the other games at most {max(ratio.mean() for ratio in other_arms(lambda arm: five_looks(arm)[1]).values()):.2f}.",
)
claim(
    "S16.disease",
    "What few pictures cost without augmentation: Fréchet distance with 100 faces over that with 9,000, by seed",
    paper="the fewer pictures, the larger the distance",
    ours=frechet["100: none"] / frechet["9,000: none"],
    over="trainings",
    tolerance=at_least(1.2),
    baselines=nulls(no_difference=1),
    source="Karras et al. 2020, figure 1",
)
for how in ("ADA", "DiffAugment"):
    question(
        f"S16.disease_{how.lower()}",
        f"and with {how} at both",
        ours=frechet[f"100: {how}"] / frechet[f"9,000: {how}"],
        over="trainings",
        baselines=nulls(no_difference=1),
    )
at, plain = trained.curve("frechet")["9,000: none"]
cost = dict(zip(at, (trained.curve("frechet")["9,000: DiffAugment"][1] / plain).mean(0), strict=True))
question(
    "S16.many",
    "Does DiffAugment hurt with 9,000 pictures? Fréchet distance with over without, by seed",
    ours=frechet["9,000: DiffAugment"] / frechet["9,000: none"],
    over="trainings",
    baselines=nulls(no_difference=1, chance=by_chance(frechet["9,000: none"], np.divide)),
    source=f"beside Zhao et al. 2020, FFHQ: {4.24 / 3.81:.2f} with 70,000 pictures, {7.86 / 14.75:.2f} with 10,000",
    note="At least 1.05 was asked for, as a claim. But the paper says it of 70,000 pictures, and the opposite of 10,000, its size nearest to ours. "
    "The mean of the ratio on the way: " + ", ".join(f"{cost[step]:.2f} at step {step:,}" for step in ((2000, 5000) if 5000 in cost else ())),
)
claim(
    "S16.thermostat",
    "ADA augments less where there are more pictures: p at 100 faces less p at 9,000, at the end",
    paper="p rises later or never with more data (a figure)",
    ours=p_at_end["100: ADA"] - p_at_end["9,000: ADA"],
    over="trainings",
    tolerance=at_least(0.1),
    baselines=nulls(no_difference=0, chance=by_chance(p_at_end["100: ADA"], np.subtract)),
    source="Karras et al. 2020, section 3",
    note="Chance: 100 faces less 100 faces, other seeds; added after the run.",
)
leaks = records.load("few_faces_leak_seeds").final("holes")[alone]
holes, empty, far = short.final("holes"), *(short.baseline(score) for score in ("holes", "frechet_changed"))
claim(
    "S16.leak",
    "The leak after 600 steps: share of the samples' pixels that lie in blocks of middle grey",
    paper="augmenting the reals only gives augmented samples",
    ours=leaks,
    over="trainings",
    tolerance=at_least(0.03),
    baselines=nulls(
        both_sides=holes[both],
        both_sides_5000_steps=shorter.final("holes")[both],
        faces=empty["other faces"],
        a_Gaussian_of_changed_faces=empty["Gaussian of changed faces"],
        noise=empty["noise"],
        untrained=empty["untrained"],
    )
    | ceilings(other_faces_changed=empty["other faces, changed"]),
    source="Zhao et al. 2020, section 3; Karras et al. 2020, section 2",
    note="Blocks of 4 px, all colours within 0.1 of the middle, chosen on two trainings, the first of the first record and one before it. These are nineteen new ones. "
    f"The five others of that record, {with_ends(holes[alone][1:], 3)}, left the row open.",
)
question(
    "S16.leak_distance",
    "and the samples' Fréchet distance to changed faces",
    ours=short.final("frechet_changed")[alone],
    over="trainings",
    baselines=nulls(
        both_sides=short.final("frechet_changed")[both],
        a_Gaussian_of_changed_faces=far["Gaussian of changed faces"],
        the_mean_changed_face_with_noise=far["mean changed face, with noise"],
        noise=far["noise"],
        untrained=far["untrained"],
    )
    | ceilings(other_faces_changed=far["other faces, changed"]),
    note="At most 5 was asked, as a claim. A Gaussian with the mean and the covariance of changed faces passes that.",
)

# %% [markdown]
# The rows that compare games were read twice: after 5,000 steps, when most were open, and, on other seeds and with the same tolerances, after 12,000. Both readings, means with the 95 % interval (the mean of the last five looks was not asked for before):

# %%
def measured(record):
    """What the rows ask, of each training of a record."""
    distance, memories, p = (record.final(score) for score in ("frechet", "memory", "p"))
    five = {arm: values[:, -5:].mean(1) for arm, (_, values) in record.curve("frechet").items()}
    return {
        "100 faces: distance, none over ADA": distance["100: none"] / distance["100: ADA"],
        "100 faces: distance, none over DiffAugment": distance["100: none"] / distance["100: DiffAugment"],
        "9,000 faces: distance, DiffAugment over none": distance["9,000: DiffAugment"] / distance["9,000: none"],
        "no augmentation: distance, 100 faces over 9,000": distance["100: none"] / distance["9,000: none"],
        "100 faces: mean of the last five looks, none over ADA": five["100: none"] / five["100: ADA"],
        "100 faces: mean of the last five looks, none over DiffAugment": five["100: none"] / five["100: DiffAugment"],
        "100 faces, none: distance, end over best look": past_best("100: none", record),
        "100 faces: memory, none less DiffAugment": memories["100: none"] - memories["100: DiffAugment"],
        "100 faces: memory, none less ADA": memories["100: none"] - memories["100: ADA"],
        "ADA: p, 100 faces less 9,000": p["100: ADA"] - p["9,000: ADA"],
    }


first, second = measured(shorter), measured(trained)
viz.table(
    [[what, with_ends(first[what]), with_ends(second[what])] for what in first],
    header=["", "5,000 steps, seeds 40 to 44", "12,000 steps, seeds 60 to 64"],
    caption="Five trainings of each",
)

# %% [markdown]
# All these trainings share one hundred faces. Three others, one for each of three seeds, after 5,000 steps (`gancourse experiment few_faces_hundreds`):

# %%
hundreds = records.load("few_faces_hundreds")
hundreds.table("frechet", "memory", "sees", baselines=[])

# %%
other = hundreds.final("memory")
question(
    "S16.hundreds",
    "Do other hundreds say the same? Memory, none less DiffAugment, three hundreds, 5,000 steps",
    ours=other["100: none"] - other["100: DiffAugment"],
    over="trainings",
    baselines=nulls(at_step_0=0, none_stopped_at_step_500=hundreds.curve("memory")["100: none"][1][:, 1] - other["100: DiffAugment"]),
    note=f"Expected before the run: within 0.05 of the first hundred's {first['100 faces: memory, none less DiffAugment'].mean():.2f}.",
)

# %% [markdown]
# Of memory other faces say the same: 0.39 less with DiffAugment, where the first hundred had 0.40. Within 0.05 was expected. The distances lie within the 2 that was expected, too: 22.3 in place of 22.9 for the plain game, 22.1 in place of 20.1 for DiffAugment, 19.4 in place of 18.2 for ADA. But of DiffAugment's lead at this length little is left in these three: one more reason for its open box.
#
# The leak, too, was counted after 600 steps first. The first record had 0.058 of the pixels, but one of its five trainings no hole, so that the interval, [0.010, 0.107], held the 0.03 asked for. Nineteen new trainings (`gancourse experiment few_faces_leak_seeds`) have 0.059 [0.046, 0.072]: the mean was right, and the interval is narrow enough now.
#
# A count of grey is no count of holes in faces: a sheet of middle grey would have 1. So look at the third row of the picture, too ("What goes wrong").
#
# *Turns and rises*: in all five trainings the plain game on 100 faces ends above its best look, at 1.21 times its distance [1.08, 1.35]. At least 1.1 was asked for. But DiffAugment's games, whose means fall on, end at 1.12 and 1.13 times theirs. A best look is partly luck, so a game that still falls ends above it, too.
#
# So this is a question now, and has no verdict. Five looks say more than one: the plain game's last five are 1.155 times those about step 8,000 [1.03, 1.28], those of the five other games 0.92 to 0.96 times. Step 8,000 was chosen with the curve in sight; over the best five in a row, the same choice for all, it is 1.17 [1.04, 1.30], and at most 1.02 for the others.
#
# So the plain game's distance rises in these five trainings, while the means of the others do not; how far, the interval hardly says.
#
# The boxes of the two cures may be open for this reason, too: each distance is one look. For ADA more trainings did not decide. In seven new pairs (`gancourse experiment few_faces_seeds`) the plain game has 1.37 times its distance, as it had 1.38 in the five, but the spread is wider, [1.13, 1.60]. Three plain games over three others have 1.05.
#
# By the means of the last five looks of the first five trainings, taken after the record was seen, the plain distance is 1.44 times ADA's [1.24, 1.64], which would lie inside, and 1.34 times DiffAugment's [1.11, 1.57], which would not. (After 5,000 steps the same means gave 1.17 and 1.01: the last look was a kind one then.)
#
# ADA's memory, 0.25 less than the plain one's [0.23, 0.27], lay astride the 0.2 after 5,000 steps and is inside now. (The plain $D$ of step 500 knew less than ADA's at the end; but ADA's memory no longer rises, while its $p$ rose on.) What few pictures cost is 1.87 without augmentation, 1.29 [1.04, 1.54] with ADA and 1.09 [0.89, 1.29] with DiffAugment.
#
# That ADA augments less where there are more pictures is not shown: $p$ ends at 0.972 with 100 faces and at 0.902 with 9,000, where $D$ remembers nothing. The difference is 0.07 [-0.04, 0.18], and chance gives 0.06. Were mean and spread these, some seventy pairs of trainings would put it below the 0.1 asked for, and as many would put DiffAugment's row above its 1.2. ($r_t$ also counts a $D$ that is merely ahead of $G$.)
#
# That DiffAugment hurts with 9,000 is a question now. It was a claim, but not the paper's: the paper says it of 70,000 pictures, and of 10,000, near our size, the opposite.
#
# A slow start, the other doubt after 5,000 steps, is less likely now: the ratio was 1.27 at step 2,000 and 1.32 at step 5,000, and is 1.38. As first written, with at least 1.05, the row would have counted as reproduced. But plain games over plain games of other seeds give 1.18: it asked for less than chance.
#
# Memory asked through $T$ was a claim, too. It is how the authors' code takes their $D$'s accuracy: the plain $D$ of plain pictures, DiffAugment's through $T$ (mit-han-lab/data-efficient-gans, `train_fns.py`). It has no verdict here, because a $D$ that knows all its faces passes for one that knows none when it is asked so.

# %% [markdown]
# ## What was measured
#
# The rows of this lecture by kind and verdict. Each box above unfolds on a click; `CLAIMS.md` has the rows of all lectures.

# %%
summary()

# %% [markdown]
# ## Exercises
#
# 1. **Weight or width?** Take pixel faces of 16 px and narrow networks of step E, `r3gan.Generator(widths=(32, 32, 16), groups=(4, 4, 2), blocks=1)` and the discriminator of the same arguments. Train them with $\gamma$ = 0.2, 1, 5 and 25 and each with the last width 8 and 16, five seeds. Which of the two moves the distance, and does the answer depend on the number of steps?
# 2. **Few of one kind.** Take only red-haired faces, `everything.where(hair="red")[:100]`, and train part one's game with and without augmentation of colour. Does red survive? Then with quarter turns, always applied: do turned faces leak into the samples?
# 3. **Always?** DiffAugment changes every picture: may its $p$ be 1? Take its hole alone, 8 px wide, its centre anywhere on 16 px, so that it always hides something. Find two distributions of pictures that differ, and whose changed pictures do not. Then say why no face suffers from it.

# %% [markdown]
# ## Further reading
#
# - S. Zhao et al., [*Differentiable Augmentation for Data-Efficient GAN Training*](https://arxiv.org/abs/2006.10738), NeurIPS 2020.
# - T. Karras et al., [*Training Generative Adversarial Networks with Limited Data*](https://arxiv.org/abs/2006.06676), NeurIPS 2020: ADA.
# - Y. Huang, A. Gokaslan, V. Kuleshov & J. Tompkin, [*The GAN is dead; long live the GAN! A Modern GAN Baseline*](https://arxiv.org/abs/2501.05441), NeurIPS 2024.
# - R. Sun, T. Fang & A. Schwing, [*Towards a Better Global Loss Landscape of GANs*](https://arxiv.org/abs/2011.04926), NeurIPS 2020: what pairs do to bad basins.
# - P. Dhariwal & A. Nichol, [*Diffusion Models Beat GANs on Image Synthesis*](https://arxiv.org/abs/2105.05233), NeurIPS 2021.
# - P. Esser, R. Rombach & B. Ommer, [*Taming Transformers for High-Resolution Image Synthesis*](https://arxiv.org/abs/2012.09841), CVPR 2021.
# - A. Sauer et al., [*StyleGAN-T*](https://arxiv.org/abs/2301.09515), ICML 2023; M. Kang et al., [*Scaling up GANs for Text-to-Image Synthesis*](https://arxiv.org/abs/2303.05511), CVPR 2023.
# - A. Sauer, D. Lorenz, A. Blattmann & R. Rombach, [*Adversarial Diffusion Distillation*](https://arxiv.org/abs/2311.17042), ECCV 2024.
# - T. Yin et al., [*Improved Distribution Matching Distillation for Fast Image Synthesis*](https://arxiv.org/abs/2405.14867), NeurIPS 2024.

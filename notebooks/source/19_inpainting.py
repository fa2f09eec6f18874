# %% [markdown]
# # 19. Repair: inpainting and super-resolution
#
# [**Covers**](../docs/glossary.md) context encoders (Kurmi; system S22, claim C26) and SRGAN (Kurmi; system S21), with what came since.
# **Papers**: [Pathak et al. 2016](https://arxiv.org/abs/1604.07379) (CVPR), [Yu et al. 2019](https://arxiv.org/abs/1806.03589) (ICCV), [Ledig et al. 2017](https://arxiv.org/abs/1609.04802) (CVPR), [Blau & Michaeli 2018](https://arxiv.org/abs/1711.06077) (CVPR).
#
# **Read** for about 40 minutes as far as "Going deeper". **Run**: half a minute at ci scale, about six minutes at cpu scale; no GPU is needed.
#
# A picture has lost something: a square from its middle, what lies under a scratch, three quarters of its pixels in each direction. Many pictures fit what is left. This lecture is about which of them a network should give back. An answer can be
# *near the truth on average* or it can *look like a picture*, and you will see that, at the limit, one costs the other.
#
# After it you will be able to
#
# - write a reconstruction loss with a mask that does not depend on the size of the hole;
# - derive what squared and absolute error answer where the input leaves a choice, and how many decibels an honest guess costs;
# - say whether an encoder that learnt to fill holes has learnt anything else, with random weights as the control;
# - measure super-resolution both ways, by PSNR and by realism, beside a filter that has learnt nothing;
# - find the three classical bugs of inpainting code with three short tests.

# %%
from functools import partial

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F

from gancourse import data, metrics, scale, viz, zoo
from gancourse.classroom import asked, lines, widgets
from gancourse.classroom.claims import at_least, at_most, ceilings, check, claim, identity, nulls, question, summary, within
from gancourse.data.corruptions import central, downscale, free_form, random_blocks
from gancourse.data.images import to_float, to_uint8
from gancourse.experiments import context_encoders, context_features, guessing, records, repair
from gancourse.gans.ensemble import EnsembleBatches
from gancourse.gans.inpainting import Inpainting, erase, masked_loss
from gancourse.metrics.pairs import gradient_energy, l1, psnr, roughened, sharpened
from gancourse.models import convnet
from gancourse.models.encoder_decoder import ContextEncoder, GatedConv2d, bicubic
from gancourse.training import fit

torch.set_num_threads(1)
device = scale.device()
seeds = range(5, scale.pick(ci=6, cpu=10, gpu=10))


def show(picture, caption=None):
    """Show a picture in 96 colours: a third of the bytes. Where the grain of a face is the point, all colours are shown."""
    viz.show(viz.few_colours(picture), caption)


# %% [markdown] tags=["slide", "slide-only"]
# ## Many pictures fit what is left
#
# A picture has lost a square from its middle, what lies under a scratch, three quarters of its pixels in each direction.
#
# Which picture should a network give back? An answer can be
#
# - *near the truth on average*, or
# - *look like a picture*.
#
# At the limit, one costs the other.

# %% [markdown] tags=["notes", "slide-only"]
# Many pictures fit what is left. Ask the class in which use they would want the one answer, and in which the other.

# %% [markdown] tags=["slide", "slide-only"]
# ## First the result

# %% [markdown] tags=["notes"]
# First the result. The network that fills these holes has half a million weights, was trained for minutes, and ships with the course. It has never seen these faces.

# %% tags=["slide-continue", "slide-picture"]
shipped = zoo.load("inpaint_faces64")
people = to_float(data.faces(64, scale.pick(ci=12, cpu=400, gpu=400), "test", progress=False).images)


def fill(x, mask, model=shipped.model):
    """What a network on pictures and masks makes of holes: [N, 3, H, W]."""
    with torch.no_grad():
        seen = erase(x, mask)
        return seen + mask * torch.cat([model(part) for part in torch.cat([seen, mask], 1).split(64)])


five = people[:5]
five_holes = repair.holes(10, 64, torch.Generator().manual_seed(3))[:5]
show(
    viz.labelled_grid(torch.cat([erase(five, five_holes), fill(five, five_holes), five]), ["given", "filled", "truth"], n_columns=5, scale=2),
    caption="Holes of every shape in unseen faces, filled.",
)
shipped.card

# %% [markdown] tags=["notes"]
# Look first at hair and skin beside a hole: they go on. Then at what a hole hides wholly. The network gives an eye where an eye belongs, and it cannot know which. Where a block hides several features at once, look for smudges; where only background was hidden, a trace of the brush can remain.
# Section 6 takes this network apart.

# %% [markdown] tags=["slide", "slide-only"]
# ## The context encoder
#
# $M$ is 1 where the picture is missing. $F$ sees $(1 - M) \odot x$ and nothing else.
#
# $$\mathcal{L}_{rec} = \frac{\| M \odot (x - F((1 - M) \odot x)) \|_2^2}{|M|}$$
#
# $$\mathcal{L}_{adv} = \max_D \mathbb{E}\bigl[\log D(x) + \log(1 - D(F((1 - M) \odot x)))\bigr]$$
#
# $$\mathcal{L} = 0.999\, \mathcal{L}_{rec} + 0.001\, \mathcal{L}_{adv}$$

# %% [markdown] tags=["notes"]
# ## 1. The context encoder
#
# Let $x$ be a picture and $M$ a mask, 1 where the picture is missing. The network $F$ sees $(1 - M) \odot x$ and nothing else. Pathak et al. train it with two terms:
#
# $$\mathcal{L}_{rec} = \frac{\lVert M \odot (x - F((1 - M) \odot x)) \rVert_2^2}{|M|}, \qquad
# \mathcal{L}_{adv} = \max_D \mathbb{E}\bigl[\log D(x) + \log(1 - D(F((1 - M) \odot x)))\bigr],$$
#
# $$\mathcal{L} = \lambda_{rec}\, \mathcal{L}_{rec} + \lambda_{adv}\, \mathcal{L}_{adv}, \qquad \lambda_{rec} = 0.999,\ \lambda_{adv} = 0.001.$$
#
# $|M|$ is the number of missing values. The paper says "normalised" and leaves the division out of its formula.

# %%
viz.players(viz.GAMES["inpainting"])

# %% [markdown] tags=["slide", "slide-only"]
# ## Your lines: what F minimises
#
# $$\lambda_{rec}\, \frac{\| M \odot (x - F) \|_2^2}{|M|} + \lambda_{adv}\, \mathcal L_{adv}$$
#
# `output` and `x` are [N, C, H, W], `mask` [N, 1, H, W], `logits` of $D$ for the filled pictures. For the adversarial part $-\log D = \operatorname{softplus}(-l)$; $|M|$ counts *values*, not places.

# %% [markdown] tags=["notes"]
# **Write a line.** What $F$ minimises: `output` and the truth `x` [N, C, H, W], `mask` [N, 1, H, W], `logits` of $D$ for the filled pictures, and the weights `rec` and `adv`. For the adversarial part take $-\log D = \operatorname{softplus}(-l)$; $|M|$ counts *values*, not places.

# %% tags=["slide-continue", "slide-code"]
def joint_loss(output, x, mask, logits, rec, adv):
    return ...  # your lines


lines.answered(joint_loss, *asked.JOINT)

# %% [markdown] tags=["notes"]
# The code, as it is tested. Then, to see what the division does: let every output be wrong by 0.5, and change only the size of the hole.

# %%
viz.source(masked_loss, Inpainting.generator_loss)

# %% [markdown] tags=["slide", "slide-only"]
# ## Divide by the hole
#
# Every output wrong by 0.5; only the size of the hole changes.

# %% tags=["nbval-check-output", "slide-continue"]
x, off = torch.zeros(1, 3, 64, 64), torch.full((1, 3, 64, 64), 0.5)
per_hole, over_picture = [], []
for fraction in (0.125, 0.25, 0.5, 1.0):
    mask = central(1, 64, fraction=fraction)
    per_hole.append(masked_loss(off, x, mask).item())
    over_picture.append((mask * (off - x)).square().mean().item())
    print(f"hole of {int(mask.sum()):>4} pixels: divided by |M| {per_hole[-1]:.4f}, by the whole picture {over_picture[-1]:.4f}")

# %% tags=["slide-continue"]
identity(
    "C26.normalised",
    "The largest difference between the normalised masked losses of holes of 64 to 4,096 pixels, all wrong by the same amount",
    expected="normalised",
    ours=max(per_hole) - min(per_hole),
    tolerance=within(1e-6, of=0.0),
    source="Pathak et al. 2016, equation 1",
    note=f"Divided by the whole picture, the same losses differ by {max(over_picture) - min(over_picture):.3f}.",
)

# %% [markdown] tags=["notes"]
# Divided by the whole picture, a small hole counts for next to nothing, and the adversarial term is not divided: at an eighth of the side the balance of the two shifts by a factor of 64, as if 0.001 were 0.064.

# %% [markdown] tags=["slide", "slide-only"]
# ## Holes
#
# - *Central*: a network may learn where the hole's edge always is.
# - *Random blocks*: it has to look at content everywhere.
# - *Free-form strokes*: for later.

# %% [markdown] tags=["notes"]
# The paper cuts holes of three kinds: the *central* square of half the side, *random blocks* that together cover up to a quarter, and *random regions* with the outlines of segmented objects. A network for the first may learn where the hole's edge always is; the others make it look at content everywhere.
# The paper learns its features with random regions and found blocks about as good. We take blocks; ours stop at a quarter or just above.

# %% tags=["slide-continue", "slide-picture"]
regions = torch.cat(
    [central(1, 64), random_blocks(1, 64, torch.Generator().manual_seed(0)), free_form(1, 64, torch.Generator().manual_seed(2))]
)
show(
    viz.labelled_grid(erase(people[:3], regions), None, ["central square", "random blocks", "strokes, for later"], scale=3),
    caption="Three kinds of holes.",
)

# %% [markdown] tags=["notes"]
# **Write a line.** Fill a hole with a network `f`: what it may see, what of its output is used, and what stays as it is.

# %% [markdown] tags=["slide-continue", "slide-only"]
# **Your line**: fill a hole with a network `f`. What may it see, what of its output is used, what stays as it is?

# %% tags=["slide-continue", "slide-code"]
def filled(f, x, mask):
    return ...  # your line


lines.answered(filled, *asked.FILLED)

# %% [markdown] tags=["slide", "slide-only"]
# ## What a loss answers when it cannot know
#
# A missing value $X$, given the visible part. The network must name one number $a$.
#
# $$\frac{d}{da}\, \mathbb{E}\,(X - a)^2 = 2\,(a - \mathbb{E}X) = 0 \quad\Rightarrow\quad a^* = \mathbb{E}[X]$$
#
# $$\frac{d}{da}\, \mathbb{E}\,|X - a| = P(X < a) - P(X > a) \text{ changes sign at } a^* = \text{a median}$$
#
# Neither has to be a value that $X$ ever takes.

# %% [markdown] tags=["notes"]
# ## 2. What a loss answers when it cannot know
#
# Fix what the network sees and look at one missing value. Given the visible part it is a random number $X$; the network must name one number $a$. Squared error:
#
# $$\frac{d}{da}\, \mathbb{E}\,(X - a)^2 = 2\,(a - \mathbb{E}X) = 0 \quad\Rightarrow\quad a^* = \mathbb{E}[X], \text{ the conditional mean.}$$
#
# Absolute error:
#
# $$\frac{d}{da}\, \mathbb{E}\,|X - a| = P(X < a) - P(X > a) \text{ changes sign at } a^* = \text{a median of } X.$$

# %% [markdown] tags=["slide", "slide-only"]
# ## The price of an honest draw
#
# An ideal adversarial network, with a source of noise and a $D$ that sees the visible part, draws $X'$ from the distribution of $X$ given what is visible, independently of the truth:
#
# $$\mathbb{E}\,(X - X')^2 = \mathbb{E}\,(X - \mu)^2 + \mathbb{E}\,(X' - \mu)^2 = 2\operatorname{Var} X$$
#
# Exactly twice the least possible:
#
# $$10 \log_{10} 2 = 3.01 \text{ dB}$$

# %% [markdown] tags=["notes"]
# Neither has to be a value that $X$ ever takes. And a discriminator? Let it see the visible part beside the answer. It tries to tell answers from true values; at its equilibrium (lecture 02) the answers are *distributed* as $X$ is, given what is visible. An ideal adversarial network draws its answer $X'$ from that
# distribution, independently of the truth.
#
# (Drawing takes a source of noise. The context encoder has none, and its $D$ sees the filling alone. Both by choice: Pathak et al., section 3.2, report better results without noise, and a $D$ that saw the context told answers from truth by the seam between them.) Its squared error is
#
# $$\mathbb{E}\,(X - X')^2 = \mathbb{E}\,(X - \mu)^2 + \mathbb{E}\,(X' - \mu)^2 = 2\operatorname{Var} X,$$
#
# exactly twice the least possible. In PSNR that is $10 \log_{10} 2 = 3.01$ dB: the price of an honest draw. Blau & Michaeli (2018) prove that this is no weakness of GANs: for every distortion measure, distortion and distance to real pictures
# trade off along a curve. (They compare the answers to all contexts together; for that 3 dB always suffice, and less may do.) Check the 3 dB on a pixel: dark hair with probability 0.55, skin with 0.3, background with 0.15:

# %% [markdown] tags=["slide", "slide-only"]
# ## Hair, skin or background
#
# Dark hair with probability 0.55, skin with 0.3, background with 0.15.

# %% tags=["nbval-check-output", "slide-continue"]
values, chances = torch.tensor([-0.9, 0.4, 0.8]), torch.tensor([0.55, 0.30, 0.15])
grid = torch.linspace(-1, 1, 2001)
squared = (chances * (values - grid[:, None]).square()).sum(1)
absolute = (chances * (values - grid[:, None]).abs()).sum(1)
mean = (chances * values).sum()
print(f"least squared error at {grid[squared.argmin()]:+.3f}; the mean is {mean:+.3f}")
median = values[(chances.cumsum(0) >= 0.5).nonzero()[0]].item()
print(f"least absolute error at {grid[absolute.argmin()]:+.3f}; the median is {median:+.3f}")
draws = values[torch.multinomial(chances, 2_000_000, replacement=True, generator=torch.Generator().manual_seed(0))]
truth, guess = draws.chunk(2)
cost = 10 * torch.log10((truth - guess).square().mean() / (truth - mean).square().mean())
print(f"an honest guess against the mean: {cost:.2f} dB worse, 10 log10(2) = 3.01")

# %% tags=["slide-continue", "slide-picture"]
plt.figure(figsize=(7, 2.8), dpi=100)
plt.plot(grid, squared, color=viz.COLOURS["real"], label="expected squared error")
plt.plot(grid, absolute, color=viz.COLOURS["fake"], linestyle="--", label="expected absolute error")
plt.vlines(values, 0, chances, color="black", linewidth=3, label="what occurs, and how often")
plt.xlabel("answer a")
plt.legend(fontsize=8)
plt.tight_layout()
plt.show()
check(
    "C26.price",
    "What an answer drawn from the true distribution loses against the mean, in PSNR",
    expected=3.0103,
    ours=cost.item(),
    tolerance=within(0.02),
    source="derived above; Blau & Michaeli 2018: at most 3 dB, for the answers to all contexts together",
    unit="dB",
    exact=True,
)

# %% [markdown] tags=["notes"]
# The mean is a colour that does not occur: that is blur. The median occurs here, but it is chosen for each pixel by itself, so that neighbours need not agree.

# %% [markdown] tags=["slide", "slide-only"]
# ## Does a GAN draw?
#
# A pixel and its context: one bit $c$, seen, says how often hair, skin and background occur.
#
# - **squared error** alone;
# - **GAN**: $F(c, z)$ with noise $z$, and $D(x, c)$ sees the context;
# - the same **without noise**;
# - the same with a $D$ that is **blind**: it sees the answer alone;
# - the **context encoder**: no noise, a blind $D$, nearly all weight on squared error (0.001 or 0.02 on the adversary).
#
# Black: the truth. Orange: five trainings, laid over one another.

# %% [markdown] tags=["notes"]
# So far the draw came from `torch.multinomial`. Does a GAN draw? Take the smallest picture with a hole. One bit $c$ is visible. At $c = 1$ hair, skin and background occur as above, at $c = -1$ with 0.1, 0.2, 0.7. Six players, small perceptrons, are trained on pairs $(c, x)$, five times each:
#
# - squared error alone;
# - a GAN with noise, $F(c, z)$, whose discriminator $D(x, c)$ sees the context: what the derivation asks for;
# - the same without noise;
# - the same with noise and a *blind* discriminator $D(x)$, which sees the filling alone;
# - the context encoder, which has neither noise nor a $D$ that sees the context, but the loss of section 1: $0.999\, \mathcal{L}_{rec} + 0.001\, \mathcal{L}_{adv}$;
# - the same with 0.02 for the adversarial part.
#
# Before you run it: draw what you expect of each.

# %%
viz.source(guessing.Guessing.answer, guessing.Guessing.judge, guessing.Guessing.generator_loss)

# %% tags=["slide-continue", "slide-picture"]
PLAYERS = {
    "squared error": {"squared": 1.0, "adversarial": 0.0},
    "GAN": {},
    "GAN without noise": {"noise": False},
    "GAN with a blind D": {"context": False},
    "context encoder": {"noise": False, "context": False, "squared": 0.999, "adversarial": 0.001},
    "context encoder, 0.02": {"noise": False, "context": False, "squared": 0.98, "adversarial": 0.02},
}


def answers_of(name, seeds):
    """What a player answers to 4,000 new pixels after a training from each seed."""
    game = guessing.Guessing(list(seeds), **PLAYERS[name])
    batches = EnsembleBatches(guessing.Pixel(), 256, list(seeds))
    run = fit(game, batches, scale.pick(ci=5, cpu=1500, gpu=1500), lr=3e-3, betas=(0.0, 0.99), ema=0.99, schedule="flat_linear", progress=False)
    return guessing.asked(game, run.generator)


guesses = {name: answers_of(name, seeds) for name in PLAYERS}
honest = guessing.honest_draw()

viz.show(guessing.histograms(guesses), caption="Answers; black: the truth; orange: each training. Bars above 0.35 are cut.")

# %% [markdown] tags=["slide", "slide-only"]
# ## What each of them answers

# %% tags=["slide-continue"]
def mean_of(numbers):
    return sum(numbers) / len(numbers)


def each(scores):
    return ", ".join(f"{x:.2f}" for x in scores)


viz.table(
    [
        [name, got.error.mean().item(), each(got.error), 10 * got.error.mean().log10().item(), got.variation.mean().item(), each(got.variation), got.together.mean().item(), got.none.mean().item(), got.distance.mean().item()]
        for name, got in {**guesses, "an honest draw": honest}.items()
    ],
    header=["player", "squared error, of the least", "of each training", "dB lost", "total variation", "of each training", "both contexts together", "near no value", "Wasserstein-1"],
    caption="4,000 new pixels. Given the context, between answers and truth: total variation, 0 for the same distribution and 1 for never right, and Wasserstein-1, which has no windows. Both contexts together: total variation of all answers, whatever the context",
)

# %%
# squared error and total variation, in closed form, of players who know the three values and draw otherwise
likeliest = guessing.expected([[0, 0, 1], [1, 0, 0]])
left_out = guessing.expected([[0, 0.3, 0.7], [0.55, 0.45, 0]])  # the rarest value; its share goes to the next
ignored = guessing.expected(torch.tensor(guessing.CHANCES).mean(0).expand(2, 3))  # the context
# both contexts together have the right shares of the three values, on the best and on the worst contexts
cheapest = guessing.expected([[0, 0.15, 0.85], [0.65, 0.35, 0]])
dearest = guessing.expected([[0.65, 0.35, 0], [0, 0.15, 0.85]])
for name, (error, variation) in {"cheapest": cheapest, "dearest": dearest}.items():
    print(f"right shares together, {name}: {error:.2f} times the least error, {10 * torch.tensor(error).log10():.2f} dB, total variation {variation:.2f}")
print(f"the GAN with a blind D, each training: {each(guesses['GAN with a blind D'].error)}; together {each(guesses['GAN with a blind D'].together)}")


def off(errors):
    """How far squared errors, over that of the conditional mean, are from 2: what a draw costs."""
    return (torch.as_tensor(errors) - 2).abs().tolist()


def shares(c):
    """How often the GAN that is furthest from the truth gives each value in the context c."""
    got = guesses["GAN"]
    answers = got.values[got.variation.argmax(), got.contexts == c]
    return ", ".join(f"{(answers - value).abs().le(guessing.NEAR).float().mean():.2f}" for value in guessing.VALUES)


claim(
    "C26.draw",
    "What a GAN with noise, whose D sees the context, pays for its answers: how far its squared error, over that of the conditional mean, is from 2",
    paper="2 times, for a draw",
    ours=off(guesses["GAN"].error),
    over="trainings",
    tolerance=at_most(0.25),
    baselines=nulls(
        squared_error=off(guesses["squared error"].error),
        likeliest_value=off(likeliest[0]),
        rarest_value_left_out=off(left_out[0]),
        context_ignored=off(ignored[0]),
        without_noise=off(guesses["GAN without noise"].error),
        blind_D=off(guesses["GAN with a blind D"].error),
    )
    | ceilings(honest_draw=off(honest.error)),
    source="derived above; Blau & Michaeli 2018: at most 2, for the answers to all contexts together",
    open=f"by the mean, for which the tolerance was set, the GAN without noise passes, too: {guesses['GAN without noise'].error.mean():.2f} times",
    note="Each training was asked by itself when all errors were known. An error of 2 is necessary for a draw and not sufficient: C26.honest looks at the answers themselves.",
)
claim(
    "C26.honest",
    "Its answers are distributed as the truth is, given the context: total variation",
    paper="equal at the equilibrium",
    ours=guesses["GAN"].variation,
    over="trainings",
    tolerance=at_most(0.1),
    baselines=nulls(
        rarest_value_left_out=left_out[1],
        context_ignored=ignored[1],
        squared_error=guesses["squared error"].variation,
        without_noise=guesses["GAN without noise"].variation,
        blind_D=guesses["GAN with a blind D"].variation,
    )
    | ceilings(honest_draw=honest.variation),
    source="Mirza & Osindero 2014, equation 2",
    note=f"The GAN with the largest gives hair, skin, background at c = -1 with shares {shares(-1)}, at c = 1 {shares(1)}; the truth has {guessing.CHANCES}. "
    f"An answer is near a value within {guessing.NEAR}; 1.6 % of the truth is not. The tolerance refuses a player that never gives the rarest value of each context.",
)

# %% [markdown] tags=["notes"]
# The GAN with noise, before a $D$ that sees the context, comes near the derivation. Its squared error is 2.0 times the least, 1.9 to 2.1 in each training, and together the five give all three values in both contexts. In four the total variation is 0.07 or less; in one it is 0.16, for at $c = -1$ it hardly ever gives skin: C26.honest is open. So is C26.draw: its bound was set for the mean error, and without noise that is 2.1. (Ten more trainings: open again, section 8.)
#
# Look for answers near 0.7 at $c = -1$, and for the thin bridge between skin and background at $c = 1$: $F$ is continuous in $z$, so it cannot wholly avoid what lies between two values. Take one thing away and the draw is gone.
#
# *Without noise* each context has one answer, and nothing says which; at $c = -1$ one bar stands where no value is. Mind the decibels: the errors are 1.5 to 4.1, their mean 2.1 or 3.3 dB, as if it drew. The total variation, 0.63, says no. One error cannot tell a draw from a guess.
#
# *A blind $D$* asks that the set of answers looks right, Blau & Michaeli's realism, and gets it: total variation of both contexts together 0.02 to 0.06. Which goes where is chance (lecture 18): given the context, 0.16 to 0.71. In closed form this costs 1.61 to 4.03 times the least; it paid 1.63 to 4.07.
#
# *The context encoder* has lost both. With the paper's weights it answers nearly with the mean, for 0.01 dB. (Total variation 0.9, for at $c = -1$ an answer of 0.5 counts as near skin.) With 0.02 it leaves the mean, for 0.7 dB, and at $c = 1$ answers about $-0.6$, where no value is, either.
#
# *Squared error* is the best in decibels, and no such pixel exists.

# %% [markdown] tags=["slide", "slide-only"]
# ## L1, L2, joint

# %% [markdown] tags=["notes"]
# ## 3. L1, L2, joint
#
# Now train three context encoders at 32 px, central hole, for 150 steps: L2, L1 and the joint loss, everything else equal. $D$ is shown the middle alone. Beside them stands the paper's first rival: find the training face that fits best *around* the hole and copy its middle.

# %%
faces = data.faces(32, scale.pick(ci=600, cpu=10_000, gpu=10_000), progress=False)
test_faces = data.faces(32, scale.pick(ci=40, cpu=400, gpu=1000), "test", progress=False)
true = to_float(test_faces.images)
hole = central(1, 32)
ENTRIES = {
    "L2": {"loss": "l2", "adversarial": 0.0},
    "L1": {"loss": "l1", "adversarial": 0.0},
    "joint": {"loss": "l2", "adversarial": 0.001},
}
steps = scale.pick(ci=4, cpu=150, gpu=4000)


def encode(seed, **loss):
    """The test faces, filled by a context encoder that was trained on faces of 32 px."""
    torch.manual_seed(seed)
    generator = ContextEncoder(32, 32, output="centre", bottleneck_dim=128).to(device)
    discriminator = convnet.Discriminator(16, 16, spread=False).to(device)
    game = Inpainting(generator, discriminator, central, judged="hole", **loss)
    batches = data.Batches(faces, 32, seed=seed, device=device)
    return fit(game, batches, steps, lr=(1e-3, 5e-4), seed=seed, progress=False).gan.complete(true, hole).cpu()


def nearest_around(x, mask, k=1):
    """The mean of the k training faces closest to each x outside the hole, its middle copied into x."""
    known = to_float(faces.images)
    keep = (mask[0, 0] == 0).flatten()
    distance = torch.cdist(*(t.flatten(2)[:, :, keep].flatten(1) for t in (x, known)))
    closest = distance.topk(k, largest=False).indices  # [N, k]
    return erase(x, mask) + mask * torch.stack([known[one].mean(0) for one in closest])


made = {name: encode(seeds[0], **loss) for name, loss in ENTRIES.items()}
made |= {"nearest neighbour": nearest_around(true, hole), "mean of ten neighbours": nearest_around(true, hole, 10)}

# %% tags=["slide-continue", "slide-picture"]
reader32 = metrics.attribute_classifier("faces", 32)
half = len(true) // 2
other_half = reader32.features(test_faces.images[half : 2 * half])


def distance_to_faces(x):
    """Frechet distance of the first half of the test faces, in the version x, to the other half as it is."""
    return metrics.frechet_distance(reader32.features(to_uint8(x[:half])), other_half)


def sharpness(x):
    """Gradient energy in the hole, over that of the truth."""
    inside, wanted = (gradient_energy(context_encoders.middle(y)).mean() for y in (x, true))
    return (inside / wanted).item()


show(
    viz.labelled_grid(torch.cat([erase(true, hole)[:6], *(x[:6] for x in made.values()), true[:6]]), ["given", *made, "truth"], n_columns=6, scale=3),
    caption="The same six unseen faces.",
)
viz.table(
    [
        *([name, psnr(x, true, hole).mean().item(), l1(x, true, hole).mean().item(), sharpness(x), distance_to_faces(x)] for name, x in made.items()),
        ["true faces", "-", "-", 1.0, distance_to_faces(true)],
    ],
    header=["loss", "PSNR in the hole, dB", "L1 in the hole", "gradient energy, of the true", "Frechet distance"],
    caption="One training each. Half of the test faces filled, against the other half as it was",
)

# %% [markdown] tags=["notes"]
# All three networks hedge: find orange by the second face's red hair. L2 leads L1 in PSNR, in five trainings, too (section 8). For the adversary 150 steps are no test. So L2 and the joint loss with two weights were trained five times for 4,000 steps, 13 passes over 20,000 faces, on a GPU (one NVIDIA H200), and recorded; `gancourse experiment context_encoders` does it again.
#
# Two distances judge them: Frechet of whole faces, and lecture 11's sliced Wasserstein of patches of the filling (`swd 16`). `sharpness` is the gradient energy, as a part of the truth's. Noise is sharp, too: the joint loss has to beat L2 *and* L2 with white noise that makes it as sharp. (The two tables do not compare: 200 faces filled and neighbours among 10,000 here, 1,000 and 20,000 there.)

# %% [markdown] tags=["slide", "slide-only"]
# ## Four thousand steps

# %% tags=["slide-continue", "slide-picture"]
recorded_fills = records.load("context_encoders")
pictures, rows = context_encoders.six(recorded_fills)
show(viz.labelled_grid(pictures, rows, n_columns=6, scale=3), caption="Six unseen faces after 4,000 steps (first seed of five).")

# %% tags=["slide-continue"]
recorded_fills.table(
    "psnr", "l1", "sharpness", "frechet", "swd_16",
    baselines=("truth", "truth with noise of 0.2", "blurred truth", "other faces", "nearest neighbour", "mean of 10 neighbours"),
)  # fmt: skip

# %% [markdown] tags=["notes", "slide-only"]
# Two distances judge them: Fréchet of whole faces, and sliced Wasserstein of patches of the filling. Noise is sharp, too, so the joint loss has to beat L2 *and* L2 with noise that makes it as sharp.

# %%
viz.show(context_encoders.beside_l2(recorded_fills), caption="Five trainings of each, beside L2 of the same seed; line: mean, band: least to largest.")

# %%
last_looks = {arm: (looked[-4:], values[:, -4:].mean(0)) for arm, (looked, values) in recorded_fills.curve("frechet").items()}
viz.table(
    [[arm, *distances] for arm, (_, distances) in last_looks.items()],
    header=["step", *(f"{step:,.0f}" for step in last_looks["L2"][0])],
    caption="Frechet distance at the last four looks, means over five trainings",
)

# %%
LARGER, PAPERS = context_encoders.LARGER, context_encoders.PAPERS
check(
    "C26.judges",
    "Both distances see damage: Frechet of other faces' middles, blur, noise of 0.2, over twice that of the truth; patches of blur and noise over 1.3 times",
    ours=context_encoders.damage(recorded_fills),
    over="kinds of damage",
    tolerance=at_least(1),
    baselines=nulls(the_truth_itself_Frechet=1 / 2, the_truth_itself_patches=1 / 1.3),
    note="The thresholds were set when the distances of the damaged pictures were known, and before anything was recorded.",
)
larger = context_encoders.over_rival(recorded_fills, LARGER)
claim(
    "C26.sharpen",
    "The joint loss looks more real: Frechet distance, lambda_adv = 0.02, over the better of L2 and L2 with noise as sharp",
    paper="more real",
    ours=larger.ours,
    over="trainings",
    tolerance=at_most(0.8),
    baselines=nulls(**larger.nulls) | ceilings(**larger.ceilings),
    source="Pathak et al. 2016, figure 1 and section 5.1",
    decks="K",
    open="L2 with more steps, a rival of the kind that S21.realism does not withstand, was not put to it, and its distance was still falling: "
    + ", ".join(f"{distance:.3f} at step {step:,.0f}" for step, distance in list(zip(*last_looks["L2"], strict=True))[1:]),
    note="The paper's own weight: C26.sharpen_more. A pilot of 700 steps had 0.53 before the tolerance was set. "
    "An unsharp mask was not put to it either: of each arm the record keeps six faces and no network.",
)
decibels = recorded_fills.final("psnr")
question(
    "C26.cost",
    "What it costs: PSNR in the hole, lambda_adv = 0.02 less L2",
    ours=(decibels[LARGER] - decibels["L2"]).tolist(),
    over="trainings",
    baselines=nulls(L2_of_the_next_seed=mean_of(abs(decibels["L2"] - torch.tensor(decibels["L2"]).roll(-1).numpy()).tolist())),
    unit="dB",
)
# %% [markdown] tags=["slide", "slide-only"]
# ## Where blur comes from
#
# The mean of the $k$ training faces that fit best around the hole, $k$ = 1, 3, 10, 100:

# %% [markdown] tags=["notes"]
# The neighbours also show where blur comes from, without a network. Many faces fit around the hole; the mean of the best $k$ of them is an estimate of the conditional mean. From one to ten the decibels rise, 15.1 to 16.1, and the edges go. With a hundred the decibels fall again.

# %% tags=["slide-continue", "slide-picture"]
several = {k: nearest_around(true, hole, min(k, len(faces))) for k in (1, 3, 10, 100)}
show(
    viz.labelled_grid(
        torch.cat([*(x[:6] for x in several.values()), true[:6]]), [*(f"mean of {k}" for k in several), "truth"], n_columns=6, scale=3
    ),
    caption="The middle is the mean of the k nearest training faces.",
)
viz.table(
    [[k, psnr(x, true, hole).mean().item(), sharpness(x)] for k, x in several.items()],
    header=["neighbours", "PSNR in the hole, dB", "gradient energy, of the true"],
)

# %% [markdown] tags=["slide", "slide-only"]
# ## What to look for
#
# - **150 steps**: the networks hedge. The nearest neighbour is a real drawing, and somebody else's face.
# - **4,000 steps, L2**: as sharp as the truth. What is left are *ghosts*: look for the fourth face's mouth.
# - **The adversary**: Frechet distance 0.29 without, 0.20 with the paper's weight, for 0.4 dB; 0.19 with twenty times that weight, for 1.8 dB. The truth: 0.14.
# - **Noise on L2** makes it sharper, not better.
# - **Open**: L2 for longer was not tried, and its distance still fell, 0.36, 0.33, 0.29.

# %% tags=["slide-continue", "slide-picture"]
mouth = pictures[3::6][..., 14:30, 7:23]
viz.show(viz.labelled_grid(mouth, None, rows, scale=8), caption="The fourth face, around its mouth: 16 pixels across, eight times larger.")

# %% [markdown] tags=["notes"]
# After 4,000 steps the rows differ little to the eye. L2 has 1.02 of the truth's gradient energy, so that nothing is left to sharpen: of the paper's two words, sharper and more real, the row tests the second. What is left are *ghosts*. The fourth face has a wide dark mouth; L2 leaves a red trace, the paper's weight hardly one, the larger a blot.
#
# The Frechet distance is 0.29 for L2, 0.20 with the paper's weight, 0.19 with twenty times as much; the truth has 0.14. The larger has 0.66 [0.63, 0.69] of the better rival's, L2 itself (L2 with noise, as sharp, has 1.15 times L2's, interpolated). That meets the bound, 0.8. C26.sharpen is **open** all the same: L2 with more steps was not tried. Its distance was still falling, 0.356, 0.328, 0.289 at the last looks; at 4,000 steps L2 is where the larger weight was at 3,000, 0.290.
#
# The larger weight buys no more than the paper's, 0.68 [0.63, 0.74], and costs 1.8 dB in place of 0.4. The patches can say no more: all three are where the truth is, 21, and so are other faces' middles; blur has 79.
#
# Now the curves. At 500 steps the larger weight is ahead; from 1,000 to 3,000 by 3 to 18 %, some training always behind L2; from 3,500 on it has 0.66. (The learning rate falls from 2,800 on.) At 3,000 it would have missed the bound. The paper's weight is ahead in all five from 2,500 on.
#
# The nearest neighbour is somebody else's face. At 150 steps its absolute error is level with the networks', its distance best, 3.7; true faces have 4.0 (200 are few), so copies pass this judge. In the recorded table it is behind: 0.38, and the joint loss has 0.37 of its absolute error. By PSNR the joint loss leads by 11.9 dB (paper: 5.8), no merit of the adversary: L2 leads by 12.3.
#
# All these faces stand at one place. Those of section 4 are shifted, and its network paints the whole picture: with the same hole and L2, 4,000 steps end at about 17 dB and not 27, and its pictures show the blur that is missing here.

# %% [markdown] tags=["slide", "slide-only"]
# ## Are the features good for something?
#
# Whoever can fill the middle of a street must know what windows are.
#
# The fair control: the same encoder with its *random* first weights.

# %% [markdown] tags=["notes"]
# ## 4. Are the features good for something?
#
# The paper's title is *feature learning by inpainting*: whoever can fill the middle of a street must know what windows are. It transfers the encoder to classification. The fair controls are the same encoder with its random first weights, and no encoder at all, raw pixels.
#
# In our faces every attribute sits at its place, so that a linear classifier reads it off the pixels; therefore all pictures are shifted by up to four pixels. Linear classifiers read six attributes off the frozen 4 x 4 map, from 100 labels (mean of twenty draws). Encoders learn from blocks or from the central square, by squared error alone, five times, 4,000 steps (recorded, same GPU). Batch normalisation is measured anew each time, so that step 0 is the control.

# %% tags=["slide-continue", "slide-picture"]
taught = records.load("context_features")
taught.show("accuracy", strip=False)

# %% [markdown] tags=["slide", "slide-only"]
# ## What they fill

# %% tags=["slide-continue", "slide-picture"]
pictures, rows = context_features.six(taught)
show(viz.labelled_grid(pictures, rows, n_columns=6, scale=3), caption="Six unseen, shifted faces after 4,000 steps of squared error (first seed of five).")

# %% [markdown] tags=["notes", "slide-only"]
# Look at the fillings first, and then ask whether the encoder learnt anything else. The lower rows of the table are no training of this kind: raw pixels, the commonest value, features that were taught.

# %% tags=["slide-continue"]
BLOCKS, CENTRAL = context_features.BLOCKS, context_features.CENTRAL
taught.table(
    "psnr", "accuracy", *(name for name in taught.scores if name.startswith("reads_")),
    first=[BLOCKS], baselines=("raw pixels", "the commonest value", "taught features"),
)  # fmt: skip

# %%
accuracy_end = taught.final("accuracy")
at_start = taught.curve("accuracy")[BLOCKS][1][:, 0]  # the same encoders before they learnt
known = taught.baseline("accuracy")
check(
    "S22.features",
    "There is something to learn: accuracy with the features of a classifier of attributes, less that of the random encoder",
    ours=known["taught features"] - known["untrained"],
    tolerance=at_least(0.05),
    baselines=nulls(raw_pixels=known["raw pixels"] - known["untrained"], no_difference=0),
    note="Set when both accuracies were known, and before anything was recorded.",
)
claim(
    "S22.transfer",
    "Mean accuracy of linear classifiers: features learnt by filling random blocks, less those of the same encoder with its random first weights",
    paper=0.565 - 0.533,
    ours=(accuracy_end[BLOCKS] - at_start).tolist(),
    over="trainings",
    tolerance=at_least(0.02),
    baselines=nulls(random_weights=0, raw_pixels=known["raw pixels"] - mean_of(at_start.tolist())) | ceilings(taught_the_attributes=known["taught features"] - mean_of(at_start.tolist())),
    source="Pathak et al. 2016, table 2: VOC 2007 classification, fine-tuned, against random weights",
    control="S22.features",
    note="A pilot of 900 steps had 0.05 before the tolerance was set. The paper fine-tunes the encoder.",
)
square = mean_of(accuracy_end[CENTRAL].tolist())
question(
    "S22.holes",
    "Mean accuracy: features learnt by filling random blocks, less those learnt by filling the central square",
    ours=(accuracy_end[BLOCKS] - accuracy_end[CENTRAL]).tolist(),
    over="trainings",
    baselines=nulls(
        central_square=0,
        random_weights_less_the_square=mean_of(at_start.tolist()) - square,
        raw_pixels_less_the_square=known["raw pixels"] - square,
    )
    | ceilings(taught_the_attributes_less_the_square=known["taught features"] - square),
    source="beside Pathak et al. 2016, section 3.3: significantly better than the central region",
    note="No verdict of its own. Expected was a lead of 0.02 over the better of the square and the encoder at step 0; the better is step 0, so that this is S22.transfer. "
    "A bound of 0.12, which the row had later, is random weights' lead and the same 0.02.",
)
question(
    "S22.central",
    "The central square, less the same encoder with its random first weights",
    ours=(accuracy_end[CENTRAL] - taught.curve("accuracy")[CENTRAL][1][:, 0]).tolist(),
    over="trainings",
    baselines=nulls(random_weights=0),
)

# %% [markdown] tags=["slide", "slide-only"]
# ## The controls make the table readable
#
# Random blocks: 72.4 %. The same encoder before it learnt: 65.8 %; raw pixels: 64.8 %. So 6.6 points were learnt.
#
# Features that were taught the attributes: 76.8 %.
#
# The central square: 55.8 %. It *unlearnt* 10 points. Which columns fell?

# %% [markdown] tags=["notes"]
# Without the controls 72 % and 56 % would both look like learning, for guessing has 35 %. With them, blocks taught, and the central square unlearnt. Blocks gain 0.066 [0.056, 0.077] on the same encoders before they learnt (the table's row of step 0).
#
# Features that were taught these attributes reach 76.8 %: by the mean, filling holes gets more than half way. Hair, its length, skin and background gain 7 to 10 points each, glasses 3. They are no ceiling: blocks read hair length, 86 %, better than they do, 72. The smile stays near guessing, 53 %; taught features read 55.
#
# The central square falls by 0.10, most of it within 500 steps, though it fills its own holes better from step to step. Good filling and good features are two things. What fell are the three colours: hair, skin, and most of all the background, 40 % in place of 78. The three shapes, hair length, smile and glasses, did not fall. All encoders are read from whole faces, and this one has only ever seen a grey middle. The paper has another explanation: what it learns latches onto the square's boundary. Neither was tested.
#
# Blocks lead the square by 0.17, random weights by 0.10. The rest is S22.transfer again, so S22.holes is a question.
#
# The paper's gain over random weights was three points, after fine-tuning. No encoder here learnt from whole faces, without a hole: that it was the *holes* that taught these 6.6 points is not shown.

# %% [markdown] tags=["slide", "slide-only"]
# ## SRGAN: four times larger
#
# $$\mathcal{L} = \mathcal{L}_{content} + 10^{-3}\, \mathcal{L}_{adv}$$
#
# Of the two networks people liked the one with the lower PSNR better:
#
# | Set5, four times larger | bicubic | SRResNet | SRGAN | true |
# |---|---|---|---|---|
# | PSNR, dB | 28.43 | 32.05 | 29.40 | |
# | mean opinion score, 1 to 5 | 1.97 | 3.37 | 3.58 | 4.32 |

# %% [markdown] tags=["notes"]
# ## 5. SRGAN: four times larger
#
# Make a picture four times larger. Of sixteen pixels one is left, a smooth mean. Ledig et al. train a residual network $G$, *SRResNet*, on squared error, and then go on with an adversarial term, *SRGAN*:
#
# $$\mathcal{L} = \mathcal{L}_{content} + 10^{-3}\, \mathcal{L}_{adv}.$$

# %%
viz.players(viz.GAMES["srgan"])

# %% [markdown] tags=["notes"]
# The content loss compares pixels, or feature maps of a VGG classifier: a match of textures need not be a match of pixels. We compare pixels (their SRGAN-MSE), since the features of our classifier shall judge and must not be trained on. Their table is a small scandal of 2017: of the two networks people
# liked the one with the lower PSNR better.
#
# | Set5, four times larger | bicubic | SRResNet | SRGAN | true |
# |---|---|---|---|---|
# | PSNR, dB | 28.43 | 32.05 | 29.40 | |
# | mean opinion score, 1 to 5 | 1.97 | 3.37 | 3.58 | 4.32 |
#
# (This SRGAN compares VGG features. The one that compares pixels, as ours does, has 30.64 dB and 3.77 in their table 1.) Ours differs in more than size: the discriminator is relativistic with an R1 penalty, and its weight is 0.05, fifty times the paper's.
#
# A race, 8 px to 32: SRResNet for 100 steps, then 100 more with and without the adversary, five times. It is short. The judge is the Frechet distance of section 3, on unseen faces. Beside them runs a filter that has learnt nothing: an *unsharp mask*, $x + a\,(x - Bx)$ with a blur $B$, strengthens the edges of SRResNet's faces until they are as sharp as SRGAN's. Before you look: who wins by PSNR, who by the distance?

# %% [markdown] tags=["slide", "slide-only"]
# ## The race: one start, equal steps

# %% tags=["slide-continue", "slide-picture"]
low = downscale(true, 4)
runs = {}
first, more = scale.pick(ci=2, cpu=100, gpu=1000), scale.pick(ci=2, cpu=100, gpu=2000)
race = {"bicubic": [bicubic(low, 4).clamp(-1, 1)], "SRResNet": [], "SRGAN": [], "SRResNet, twice as long": []}
for seed in seeds:
    start = repair.super_resolution(32, 4, 24, 3, adversarial=0.0, seed=seed)
    fit(start, data.Batches(faces, 16, seed=seed, device=device), first, lr=1e-3, seed=seed, progress=False)
    weights = {key: value.clone() for key, value in start.generator.state_dict().items()}
    for name, adversarial, further in (("SRResNet", 0.0, more), ("SRGAN", 0.05, more), ("SRResNet, twice as long", 0.0, 2 * more)):
        game = repair.super_resolution(32, 4, 24, 3, adversarial=adversarial, seed=seed)
        game.generator.load_state_dict(weights)
        batches = data.Batches(faces, 16, seed=100 + seed, device=device)
        run = fit(game, batches, further, lr=5e-4, betas=(0.0, 0.99), ema=0.98, schedule="flat_linear", seed=seed, progress=False)
        runs.setdefault(name, []).append(run)
        race[name].append(run.gan.translate(low, run.generator).cpu().clamp(-1, 1))


def as_sharp(how, name="SRResNet", faces=race):
    """Faces of the race, brought by a rule to the gradient energy of SRGAN's of the same seed."""
    return [how(soft, gradient_energy(crisp).mean().item()) for soft, crisp in zip(faces[name], faces["SRGAN"], strict=True)]


race["SRResNet, sharpened"] = as_sharp(sharpened)
shown = ["bicubic", "SRResNet", "SRResNet, sharpened", "SRGAN"]
viz.show(
    viz.labelled_grid(
        torch.cat([F.interpolate(low[:6], scale_factor=4), *(race[name][0][:6] for name in shown), true[:6]]),
        ["given", *shown, "truth"], n_columns=6, scale=3,
    ),
    caption="Unseen faces of 8 px, made 32 px (first seed).",
)  # fmt: skip


def race_row(name, several):
    """A row of the race's table: means over trainings."""
    energies = [(gradient_energy(x).mean() / gradient_energy(true).mean()).item() for x in several]
    return [name, mean_of([psnr(x, true).mean().item() for x in several]), mean_of([distance_to_faces(x) for x in several]), mean_of(energies)]


RACE_HEADER = ["", "PSNR, dB", "Frechet distance", "gradient energy, of the true"]
floor = distance_to_faces(true)
viz.table(
    [*(race_row(name, race[name]) for name in shown), ["true faces", "-", floor, 1.0]],
    header=RACE_HEADER,
    caption="Unseen faces, 8 to 32 px, means over five trainings",
)

# %% [markdown] tags=["notes"]
# From SRResNet to SRGAN the PSNR falls by 0.14 dB [0.12, 0.16], a tenth of the paper's 1.41, and the distance from 9.8 to 8.7; true faces have 4.0. (No network here has noise: 0.14 dB is not the price of a draw.)
#
# But the filter, too, takes the distance to 9.0, for 0.05 dB, and SRResNet trained twice as long comes to 9.1 with 0.5 dB *more* (section 7). Either meets the tolerance that was set for SRGAN, 0.95 of SRResNet's distance, so the claim S21.realism is **open**. Both together have SRGAN's 8.7 and 0.6 dB more, by 1,000 faces 5.4 against 5.7.
#
# To our eye the filter's row and SRGAN's are hard to tell apart. Nobody else was asked.

# %% [markdown] tags=["slide", "slide-only"]
# ## Who wins which
#
# | 8 px to 32 px | SRResNet | sharpened | SRGAN | SRResNet, twice as long and sharpened | true |
# |---|---|---|---|---|---|
# | PSNR, dB | 19.09 | 19.04 | 18.95 | 19.57 | |
# | Frechet distance | 9.8 | 9.0 | 8.7 | 8.7 | 4.0 |
#
# SRGAN: less PSNR, more realism, as in the paper. The filter too: claim open.
#
# PSNR asks for the **conditional mean**, realism for **the true distribution**.
#
# A paper that reports one of them has chosen its winner before the race.
#
# In medicine or astronomy the better answer may be the blurred one: an invented detail is an invented finding.

# %% [markdown] tags=["notes"]
# Neither measure is wrong: PSNR asks for the conditional mean, realism for the true distribution. Twice the steps gain in both: SRResNet is not at section 2's curve yet.
# In medicine or astronomy the better answer may be the blurred one, with its spread beside it: an invented detail is an invented finding.

# %% [markdown] tags=["slide", "slide-only"]
# ## What goes wrong: two tests without training
#
# **The network sees the hole's content.** Change what lies under the hole: the answer must not change.
#
# **The mask is the wrong way round.** Give the network both, and compare in the hole.

# %% [markdown] tags=["notes"]
# ## What goes wrong
#
# Three bugs, none of which raises an error. Each has a test of two lines that uses no training.
#
# **The network sees the hole's content.** Somebody forgets to erase, or erases after building the input. Test: change what lies under the hole. The answer must not change.


# %% tags=["nbval-check-output", "slide-continue"]
def leaky(x, mask):
    with torch.no_grad():
        return erase(x, mask) + mask * shipped.model(torch.cat([x, mask], 1))  # x, not erase(x, mask)


probe_mask = central(4, 64)
other = erase(people[:4], probe_mask) + probe_mask * people[4:8]
for name, function in {"erased": fill, "forgotten": leaky}.items():
    print(
        f"{name:>9}: the answer depends on what is under the hole: {not torch.allclose(function(people[:4], probe_mask), function(other, probe_mask))}"
    )

# %% [markdown] tags=["notes"]
# **The mask is the wrong way round.** Some write 1 for missing, some for known; the two meet when code is joined. Test: give the network both, and compare in the hole.

# %% tags=["slide-continue"]
with torch.no_grad():
    inverted = erase(people, regions[:1]) + regions[:1] * torch.cat(
        [
            shipped.model(torch.cat([erase(part, regions[:1]), 1 - regions[:1].expand(len(part), -1, -1, -1)], 1))
            for part in people.split(64)
        ]
    )
print(
    f"PSNR in the hole: mask as trained {psnr(fill(people, regions[:1].expand(len(people), -1, -1, -1)), people, regions[:1]).mean():.1f} dB, ",
    end="",
)
print(f"inverted {psnr(inverted, people, regions[:1]).mean():.1f} dB")

# %% [markdown] tags=["notes"]
# The wrong mask costs four decibels. It is still nearly four above the mean colour of what is left, which has 9.3: the number alone looks like a weak network, not like a bug.

# %% [markdown] tags=["slide", "slide-only"]
# ## Normalisation that does not normalise
#
# `BatchNorm2d(n, 0.8)`: the second argument is not the momentum, as in Keras, but $\varepsilon$, which is added to the variance.

# %% [markdown] tags=["notes"]
# **Normalisation that does not normalise.** The best-known collection of GAN scripts in PyTorch writes `BatchNorm2d(n, 0.8)` at 49 places. The second argument is not the momentum, as in Keras, but $\varepsilon$, which is added to the variance. Maps with small variance come out small. Its context encoder is one of the places.

# %% tags=["nbval-check-output", "slide-continue"]
for spread in (0.03, 0.3, 3.0):
    maps = spread * torch.randn(64, 4, 16, 16, generator=torch.Generator().manual_seed(0))
    meant, written = (torch.nn.BatchNorm2d(4, eps)(maps).std().item() for eps in (1e-5, 0.8))
    print(f"maps with standard deviation {spread}: after normalisation {meant:.2f}, with BatchNorm2d(n, 0.8) {written:.2f}")

# %% [markdown] tags=["slide", "slide-only"]
# ## Paint a hole
#
# When does the network stop continuing and start inventing?

# %% [markdown] tags=["notes"]
# ## Play
#
# Paint a hole on the face, with the mouse or a finger. The answer follows while you paint. Try: one eye; both; the whole hair, then a little less than the whole; the outline of the chin. When does the network stop continuing and start inventing? Paint over glasses until the last trace is gone.

# %% tags=["slide-continue", "slide-picture"]
widgets.fill_hole(shipped.model, people[:12])

# %% [markdown]
# Where a trace of hair or frame is left, see whether it is continued; where none is left, see what the network gives instead.

# %% [markdown]
# ## Quiz

# %%
widgets.quiz(
    [
        {
            "question": "A masked loss is divided by the number of all pixels. Holes become four times smaller in area. What happens?",
            "answer": "The adversarial term counts four times as much against it",
            "why": "The reconstruction term shrinks with the hole, the adversarial one does not.",
            "wrong": {
                "Nothing, Adam divides it out": "Adam rescales the sum, not the balance of the terms.",
                "The hole is filled four times as sharply": "A balance has shifted; no loss asks for that.",
                "The gradient outside the hole grows": "The mask makes it zero there.",
            },
        },
        {
            "question": "Given what is visible, a pixel is 0 or 1, equally often. What do L2 and an ideal adversarial loss answer?",
            "answer": "1/2, and 0 or 1 by chance",
            "why": "The conditional mean; a draw from the conditional distribution.",
            "wrong": {
                "0 or 1 by chance, and 1/2": "The other way round: 1/2 never occurs, and D sees that.",
                "Both 1/2": "D rejects a value that never occurs.",
                "Both the likelier value": "There is none.",
            },
        },
        {
            "question": "By how much does a perfect sampler of the conditional distribution lose against the mean, in PSNR?",
            "answer": "3.01 dB",
            "why": "Its expected squared error is twice the variance.",
            "wrong": {
                "0 dB, it is perfect": "It is perfectly realistic; truth and draw are independent.",
                "6.02 dB": "That would be four times the squared error.",
                "It depends on the distribution": "The variance cancels: twice is twice.",
            },
        },
        {
            "question": "An encoder trained by inpainting reaches 80 % with a linear classifier. What do you ask first?",
            "answer": "What the same encoder with random weights reaches, and what raw pixels do",
            "why": "Only the difference was learnt.",
            "wrong": {
                "Its PSNR": "Good features and good filling need not go together.",
                "How many weights it has": "The control has as many.",
                "Whether L1 or L2 was used": "Interesting, but it does not tell learnt from given.",
            },
        },
    ]
)

# %% [markdown] tags=["slide", "slide-only"]
# ## In short
#
# - Divide by the hole, or the loss depends on its size.
# - Squared error answers the mean, absolute error a median; an honest draw costs 3.01 decibels.
# - Features, sharpness, realism: beside each number stands what has learnt nothing.

# %% [markdown] tags=["notes"]
# # Going deeper
#
# The core path ends here. What follows: networks that fill holes of any shape, with a look at what their gates do, the rows of the race between SRResNet and SRGAN with more rivals, the same at 64 px, and the other rows of section 3.

# %% [markdown] tags=["slide", "slide-only"]
# ## Since then: holes of any shape
#
# - *Partial convolutions* see valid pixels only, rescaled, and shrink the mask by a fixed rule.
# - *Gated convolutions* learn that rule: a value and a gate,
#
# $$y = \phi(W x) \odot \sigma(W_g x)$$
#
# - *LaMa*: convolutions in Fourier space, so that every layer sees the whole picture.

# %% [markdown] tags=["notes"]
# ## 6. Since then: holes of any shape
#
# The context encoder has two weak points. Its convolutions treat the grey filler of the hole as if it were paint, and its output is made for one square. What followed:
#
# - *Partial convolutions* (Liu et al. 2018) convolve valid pixels only, rescaled by how many there were, and shrink the mask layer by layer by a fixed rule.
# - *Gated convolutions* (Yu et al. 2019) learn that rule: the network gets the mask as a channel, and each layer is $y = \phi(W x) \odot \sigma(W_g x)$, a value and a gate. They train on free-form strokes, against a patch discriminator with spectral normalisation, by the hinge loss.
# - *LaMa* (Suvorov et al. 2022) replaces part of the convolutions by ones in Fourier space, so that every layer sees the whole picture, for very large holes.

# %% [markdown]
# The shipped network is a small one of the second kind. What do its gates do? Show a face with a stroke through it, and the mean gate of three layers.

# %%
viz.source(GatedConv2d.forward)
one, cut = people[3:4], free_form(8, 64, torch.Generator().manual_seed(11))[4:5]


def gates_of(network, x, mask):
    """The mean gate of each of the first five layers, enlarged to the picture's size: a list of [N, 1, H, W]."""
    found, h = [], torch.cat([erase(x, mask), mask], 1)
    with torch.no_grad():
        for layer in list(network.net)[:5]:
            found.append(F.interpolate(layer.gate(h).mean(1, keepdim=True), x.shape[2:]))
            h = layer(h)
    return found


gates = gates_of(shipped.model, one, cut)[::2]
panels = [erase(one, cut), *(2 * (g - g.amin()) / (g.amax() - g.amin()) - 1 for g in gates), fill(one, cut)]
names = ["given", *(f"gate, layer {i}" for i in (1, 3, 5)), "filled"]
show(
    viz.labelled_grid(torch.cat([p.expand(-1, 3, -1, -1) for p in panels]), None, names, scale=3),
    caption="White: open. Each gate map is stretched to its own range.",
)

# %%
strokes = free_form(len(people[:32]), 64, torch.Generator().manual_seed(7))
untrained_gates = gates_of(repair.inpainting(seed=1).generator.cpu(), people[:32], strokes)


def inside_and_outside(gate):
    """Mean gate of each picture in the hole, and outside: [2, N]."""
    return torch.stack([(gate * m).sum((1, 2, 3)) / m.sum((1, 2, 3)) for m in (strokes, 1 - strokes)])


gate_rows, opened = [], {"trained": [], "untrained": []}
for i, (gate, blank) in enumerate(zip(gates_of(shipped.model, people[:32], strokes), untrained_gates, strict=True), 1):
    (hole_gate, rest), (blank_hole, blank_rest) = inside_and_outside(gate), inside_and_outside(blank)
    opened["trained"].append((hole_gate - rest).mean().item())
    opened["untrained"].append((blank_hole - blank_rest).mean().item())
    gate_rows.append([f"layer {i}", hole_gate.mean().item(), rest.mean().item(), (hole_gate > rest).float().mean().item(), blank_hole.mean().item(), blank_rest.mean().item()])
viz.table(
    gate_rows,
    header=["", "in the hole", "outside", "pictures with the hole more open", "untrained, in the hole", "untrained, outside"],
    caption="Mean gate, unseen faces with strokes through them",
)

# %%
question(
    "S22.gates",
    "Are the gates more open in the hole or outside? Mean gate in the hole less outside, layers 1 to 5",
    ours=mean_of(opened["trained"]),
    baselines=nulls(untrained=mean_of(opened["untrained"])),
    source="beside Yu et al. 2019, who let the network learn the mask's rule",
    note="One trained network and one untrained.",
)

# %%
kinds = {"strokes": free_form, "blocks": random_blocks, "centre": central, "thin strokes": partial(free_form, width=(0.03, 0.05))}
hole_table = []
for name, kind in kinds.items():
    many = kind(len(people), 64, torch.Generator().manual_seed(5))
    seen = (1 - many).expand_as(people)
    flat = (people * seen).sum((2, 3), keepdim=True) / seen.sum((2, 3), keepdim=True)
    painted, plain = (psnr(x, people, many).mean().item() for x in (fill(people, many), erase(people, many, flat)))
    hole_table.append([name, many.mean().item(), painted, plain, painted - plain])
viz.table(
    hole_table,
    header=["holes", "covered", "PSNR in the hole, dB", "with the mean colour, dB", "gain, dB"],
    caption="The shipped network on unseen faces",
)

# %% [markdown]
# Find the stroke in the gates of layers 1 and 3. It is *white*: here the gates open in the hole, where a partial convolution would have shut it out; in an untrained network they are open by half everywhere. A gate is not a mask. Much of the face is in the gates, too, and in layer 5 the stroke is hard to find.
#
# The table orders the holes: strokes come easiest, the thin ones first. Blocks and the central square hide whole features and are more than three decibels harder. Their levels are nearly equal, 17.2 and 17.4; their gains over the mean colour of the rest are not, 6.6 and 8.1: that colour is further off in the central square.

# %% [markdown]
# ## 7. The race: its rows, and 64 px
#
# First the judge of section 5 itself:

# %%
dust = torch.randn(true.shape, generator=torch.Generator().manual_seed(0))
dusty = {by: (true + by * dust).clamp(-1, 1) for by in (0.05, 0.1, 0.2)}
check(
    "S21.judge",
    "The judge tells blur and noise from faces: Frechet distance of bicubic faces, and of true ones with noise of 0.2, over that of true ones",
    ours=[distance_to_faces(race["bicubic"][0]) / floor, distance_to_faces(dusty[0.2]) / floor],
    over="kinds of damage",
    tolerance=at_least(1.3),
    baselines=nulls(other_true_faces=1),
)

# %% [markdown]
# Then more rivals, none of them with an adversary: SRResNet with noise, as sharp as SRGAN; SRResNet sharpened by as much as the judge likes best, chosen among the gradient energies below on the judged faces themselves; SRResNet trained twice as long after the common start; and this one sharpened, as sharp as SRGAN.

# %%
race["SRResNet and noise"] = as_sharp(roughened)
true_energy = gradient_energy(true).mean().item()
by_level = {level / 100: [sharpened(x, level / 100 * true_energy) for x in race["SRResNet"]] for level in range(80, 135, 5)}
BEST = "SRResNet, sharpened for the judge"
liked = min(by_level, key=lambda level: mean_of([distance_to_faces(x) for x in by_level[level]]))
race[BEST] = by_level[liked]
LONG = "SRResNet, twice as long"
BOTH = f"{LONG} and sharpened"
race[BOTH] = as_sharp(sharpened, LONG)
viz.table(
    [
        *(race_row(name, race[name]) for name in (*shown, "SRResNet and noise", BEST, LONG, BOTH)),
        *(race_row(f"true faces, noise of {by}", [x]) for by, x in dusty.items()),
        ["true faces", "-", floor, 1.0],
    ],
    header=RACE_HEADER,
    caption="All of the race, means over five trainings",
)

# %%
score = {
    name: {"psnr": [psnr(x, true).mean().item() for x in several], "distance": [distance_to_faces(x) for x in several]}
    for name, several in race.items()
}


def beside(name, measure, by=lambda a, b: a / b):
    """A version's score beside SRResNet's of the same seed."""
    return [by(a, b) for a, b in zip(score[name][measure], score["SRResNet"][measure], strict=True)]


def less(a, b):
    return a - b


question(
    "S21.psnr",
    "PSNR: SRGAN less SRResNet, from one start, with equal steps",
    ours=beside("SRGAN", "psnr", less),
    over="trainings",
    baselines=nulls(
        no_difference=0,
        SRResNet_with_noise_as_sharp=beside("SRResNet and noise", "psnr", less),
        SRResNet_sharpened_as_sharp=beside("SRResNet, sharpened", "psnr", less),
    ),
    source="beside Ledig et al. 2017, table 1: Set5, 30.64 less 32.05 dB, SRGAN with the MSE content loss",
    unit="dB",
    note=f"Noise costs PSNR as well: read it with S21.realism. SRResNet is {mean_of(score['SRResNet']['psnr']) - score['bicubic']['psnr'][0]:.1f} dB above bicubic; lambda_adv is 0.05, the paper's is 0.001.",
)
more_real = at_most(0.95)
rivals = {
    "SRResNet_with_noise_as_sharp": "SRResNet and noise",
    "SRResNet_sharpened_as_sharp": "SRResNet, sharpened",
    "SRResNet_sharpened_for_the_judge": BEST,
    "SRResNet_twice_as_long": LONG,
}
passing = [f"{rivals[key]}, {mean_of(beside(rivals[key], 'distance')):.2f}" for key in rivals if more_real.holds(mean_of(beside(rivals[key], "distance")), "")]
claim(
    "S21.realism",
    "Realism: Frechet distance to true faces, SRGAN over SRResNet",
    paper="opinion score 3.77 against 3.37",
    ours=beside("SRGAN", "distance"),
    over="trainings",
    tolerance=more_real,
    baselines=nulls(
        no_difference=1,
        **{key: beside(name, "distance") for key, name in rivals.items()},
        bicubic=score["bicubic"]["distance"][0] / mean_of(score["SRResNet"]["distance"]),
    )
    | ceilings(true_faces=floor / mean_of(score["SRResNet"]["distance"])),
    open=f"no adversary is needed for it: {'; '.join(passing)}" if passing else "",
    source="Ledig et al. 2017, table 1: people prefer SRGAN (MSE content loss)",
    note="Both sharpened rivals and the one twice as long came later than the tolerance, which stayed as it was. "
    "The rival with noise says little: on true faces the judge does not see noise of 0.1.",
)
question(
    "S21.rivals",
    "Frechet distance: SRGAN over the best of all that have no adversary, training by training",
    ours=[a / min(others) for a, *others in zip(score["SRGAN"]["distance"], score["SRResNet"]["distance"], *(score[name]["distance"] for name in (*rivals.values(), BOTH)), strict=True)],
    over="trainings",
    baselines=nulls(no_difference=1),
    note=f"One of them came in when its distance was known: {BOTH}. Without it the row had 0.976 [0.945, 1.008].",
)

# %% [markdown]
# Noise gains nothing, 9.8, and costs 0.3 dB. As long as it was the only sharpening here, the claim stood. From this judge that said little: on true faces it does not mind noise of 0.1, either, 3.9 against 4.0. Stronger edges it does reward: 9.0 for the filter, whether it goes to SRGAN's gradient energy or to the one that the judge likes best, that of true faces. Twice the steps give 9.1.
#
# All three meet the tolerance, at 0.92, 0.92 and 0.93 of SRResNet's distance; SRGAN has 0.89. The rule was there before they were measured: a rival without an adversary that meets it opens the row. Beside the best rival of each seed SRGAN has 0.98 [0.95, 1.01], and 1.01 [0.99, 1.02] when the one twice as long and sharpened, which was added afterwards, is among them. So at this size, for this judge and after 100 steps with it, nothing here needs an adversary. What SRGAN would do with more steps was not tried.
#
# PSNR by itself is no claim here, since noise would pass it. SRResNet was 1.9 dB above bicubic, so it had learnt something to start from.
#
# Of all these distances about 4 comes from the judge's 200 faces a half. So the same networks are judged once more, on 2,000 unseen faces: 1,000 of them made larger, beside the other 1,000. The filter "for the judge" keeps the gradient energy that was chosen above.

# %%
crowd = to_float(data.faces(32, scale.pick(ci=40, cpu=2000, gpu=2000), "test", progress=False).images)
crowd, crowd_beside = crowd.chunk(2)
features_beside = reader32.features(to_uint8(crowd_beside))
wide = {name: [run.gan.translate(downscale(crowd, 4), run.generator).cpu().clamp(-1, 1) for run in several] for name, several in runs.items()}
wide["SRResNet, sharpened"] = as_sharp(sharpened, faces=wide)
wide[BEST] = [sharpened(x, liked * gradient_energy(crowd).mean().item()) for x in wide["SRResNet"]]
wide[BOTH] = as_sharp(sharpened, LONG, wide)
by_crowd = {
    name: [metrics.frechet_distance(reader32.features(to_uint8(x)), features_beside) for x in several]
    for name, several in {**wide, "true faces": [crowd]}.items()
}


def crowd_beside_resnet(name):
    """Distances by the larger judge, over SRResNet's of the same seed."""
    return [a / b for a, b in zip(by_crowd[name], by_crowd["SRResNet"], strict=True)]


viz.table(
    [[name, mean_of(found), mean_of(found) / mean_of(by_crowd["SRResNet"])] for name, found in by_crowd.items()],
    header=["", "Frechet distance", "over SRResNet's"],
    caption="1,000 faces a half, means over five trainings",
)

# %%
question(
    "S21.realism_1000",
    "S21.realism with 1,000 faces a half: Frechet distance, SRGAN over SRResNet",
    ours=crowd_beside_resnet("SRGAN"),
    over="trainings",
    baselines=nulls(no_difference=1, **{key: crowd_beside_resnet(rivals[key]) for key in rivals if rivals[key] in wide})
    | ceilings(true_faces=by_crowd["true faces"][0] / mean_of(by_crowd["SRResNet"])),
    note="The same trainings, so no second vote. Written before it was run: SRGAN about 0.82, the filter 0.87, twice as long 0.89, both together as SRGAN.",
)
question(
    "S21.rivals_1000",
    "The same: SRGAN over the best of all that have no adversary, training by training",
    ours=[a / min(others) for a, *others in zip(by_crowd["SRGAN"], *(by_crowd[name] for name in wide if name != "SRGAN"), strict=True)],
    over="trainings",
    baselines=nulls(no_difference=1),
)

# %% [markdown]
# True faces are now 0.14 from true faces. (1,000 faces of this set hold nearly every combination of attributes, in either half, so there is less chance in them than in independent draws.) SRGAN has 0.82 of SRResNet's distance, as expected; the filter 0.85, for the judge 0.83, twice as long 0.87. Expected was that the one twice as long and sharpened is level with SRGAN.
#
# That filter is ahead, 5.4 against 5.7: SRGAN has 1.06 [1.02, 1.09] times the distance of the best without an adversary. That one had 100 steps more than SRGAN. With equal steps SRGAN leads the filter by 0.01 to 0.03 of SRResNet's distance, and its interval, [0.79, 0.85], holds 0.83 and ends at the other's 0.85. So S21.realism is not open because 200 faces hide a difference.

# %% [markdown]
# The two networks that ship with the course make 64 px of 16. SRGAN started from SRResNet's weights and had a thousand steps more, with a weight of 0.02 on the adversary.

# %%
small = downscale(people, 4)


def enlarge(model):
    with torch.no_grad():
        return torch.cat([model(part) for part in small.split(64)]).clamp(-1, 1)


versions = {
    "bicubic": bicubic(small, 4),
    "SRResNet": enlarge(zoo.load("upscale_faces64_mse").model),
    "SRGAN": enlarge(zoo.load("upscale_faces64").model),
}
viz.show(
    viz.labelled_grid(
        torch.cat([F.interpolate(small[:4], scale_factor=4), *(x[:4] for x in versions.values()), people[:4]]),
        ["given", *versions, "truth"], n_columns=4, scale=3,
    ),
    caption="Unseen faces of 16 px, made 64 px.",
)  # fmt: skip
judge64 = metrics.attribute_classifier("faces", 64)
for noise in (0.05, 0.1, 0.2):
    dust = torch.randn(people.shape, generator=torch.Generator().manual_seed(0))
    versions[f"true faces, noise of {noise}"] = (people + noise * dust).clamp(-1, 1)
real64, h64 = judge64.features(to_uint8(people)), len(people) // 2
face_table = [
    [
        name,
        psnr(x, people).mean().item(),
        metrics.frechet_distance(judge64.features(to_uint8(x[:h64])), real64[h64 : 2 * h64]),
        (gradient_energy(x).mean() / gradient_energy(people).mean()).item(),
        psnr(downscale(x, 4), small).mean().item(),
    ]
    for name, x in versions.items()
]
face_table.append(["true faces", "-", metrics.frechet_distance(real64[:h64], real64[h64 : 2 * h64]), 1.0, "-"])
viz.table(face_table, header=["", "PSNR, dB", "Frechet distance", "gradient energy", "PSNR after shrinking again, dB"])

# %% [markdown]
# SRGAN had more steps, and here it has the *higher* PSNR, 23.8 against 23.2, which is not the paper's order: no fair comparison. Section 5 has a fairer one.
#
# The last column: shrunk again, each answer must be the picture that was given. The networks nearly pass, 40 and 39 dB, and so do true faces with noise of 0.1; bicubic, which invents nothing, is the furthest off, 32 dB. The networks differ in what shrinking throws away: SRResNet already has the gradient energy of true faces, SRGAN has a quarter more. Look for its specks.
#
# Now compare your eye with the judge. SRGAN's Frechet distance is 3.89, that of true faces 3.88: the judge takes the one row for the other. Do you? The rows between them tell why: noise of 0.05, of 0.1, even of 0.2 on true faces leaves the distance where it was, 3.86, 3.82, 3.83. (The judge of 32 px sees 0.2: 5.6 against 4.0.) At this size the judge sees blur, 8.1 for bicubic, and no specks. A judge sees what its features see.

# %% [markdown]
# ## 8. The other rows
#
# First section 2. Of five GANs with noise one left a value out. Ten more, with seeds that were not tried before, are judged by the same tolerance, and so are ten without noise:

# %%
ten = range(10, scale.pick(ci=11, cpu=20, gpu=20))
again = {name: answers_of(name, ten) for name in ("GAN", "GAN without noise")}
viz.table(
    [[name, got.error.mean().item(), each(got.error), got.variation.mean().item(), each(got.variation)] for name, got in again.items()],
    header=["player", "squared error, of the least", "of each training", "total variation", "of each training"],
    caption="Ten more trainings of two players",
)

# %%
claim(
    "C26.honest_ten",
    "Ten more GANs with noise, whose D sees the context: total variation between answers and truth, given the context",
    paper="equal at the equilibrium",
    ours=again["GAN"].variation,
    over="trainings",
    tolerance=at_most(0.1),
    baselines=nulls(
        rarest_value_left_out=left_out[1],
        context_ignored=ignored[1],
        without_noise=again["GAN without noise"].variation,
    )
    | ceilings(honest_draw=honest.variation),
    source="Mirza & Osindero 2014, equation 2",
    note="The tolerance is that of C26.honest, which five trainings left open at 0.076; seeds 10 to 19 were not tried before. Written before they were trained: expected 0.07, from about 0.05 to 0.10.",
)

# %% [markdown]
# Open again, at 0.095 [0.059, 0.131]; 0.07 was expected. Four of the ten are above 0.1, 0.12 to 0.18. Yet all ten have an error of 1.95 to 2.04: by the error each would pass for a draw. So would one *without* noise, which has one answer for each context: 2.03, with a total variation of 0.65. What the four miss, and whether more than 1,500 steps help, was not asked.
#
# Then L1, L2 and the joint loss. The paper's own weight by the same measure, the larger one by patches, and the copy:

# %%
for suffix, arm, score in (("more", PAPERS, "frechet"), ("patches", LARGER, "swd_16")):
    found = context_encoders.over_rival(recorded_fills, arm, score)
    question(
        f"C26.sharpen_{suffix}",
        f"{arm}: {'patches at 16 px' if score == 'swd_16' else 'Frechet distance'}, over the better of L2 and L2 with noise as sharp",
        ours=found.ours,
        over="trainings",
        baselines=nulls(**found.nulls) | ceilings(**found.ceilings),
    )

# %%
copied = context_encoders.beside_neighbour(recorded_fills, PAPERS, "psnr")
claim(
    "C26.neighbour",
    "PSNR: a trained network, that of the joint loss, less the nearest neighbour",
    paper=18.58 - 12.79,
    ours=copied.ours,
    over="trainings",
    tolerance=at_least(2.0),
    baselines=nulls(**copied.nulls),
    source="Pathak et al. 2016, table 1: Paris StreetView, neighbours by HOG",
    unit="dB",
    note=f"No merit of the adversary: L2 leads by {mean_of(context_encoders.beside_neighbour(recorded_fills, 'L2', 'psnr').ours):.1f} dB. At 150 steps it was 2.9 dB, before the tolerance was set.",
)
copied = context_encoders.beside_neighbour(recorded_fills, PAPERS, "l1")
claim(
    "C26.neighbour_l1",
    "The same by L1 in the hole: the joint loss over the nearest neighbour",
    paper="below 1",
    ours=copied.ours,
    over="trainings",
    tolerance=at_most(0.8),
    baselines=nulls(**copied.nulls),
    source="Pathak et al. 2016, table 1",
)

# %% [markdown]
# Section 3 trained one network with L1 and one with L2. Four more of each say what the seed does:

# %%
filled_by = {name: [made[name], *(encode(seed, **ENTRIES[name]) for seed in seeds[1:])] for name in ("L2", "L1")}
quality = {name: [psnr(x, true, hole).mean().item() for x in several] for name, several in filled_by.items()}
viz.table(
    [[name, mean_of(quality[name]), mean_of([l1(x, true, hole).mean().item() for x in filled_by[name]])] for name in filled_by],
    header=["loss", "PSNR in the hole, dB", "L1 in the hole"],
    caption="Means over seeds",
)

# %%
question(
    "C26.l1_l2",
    "PSNR in the hole: L1 less L2",
    ours=[a - b for a, b in zip(quality["L1"], quality["L2"], strict=True)],
    over="trainings",
    baselines=nulls(L2_of_the_next_seed=[abs(a - b) for a, b in zip(quality["L2"], quality["L2"][1:] + quality["L2"][:1], strict=True)]),
    source="beside Pathak et al. 2016, section 3.2, who saw no significant difference",
    unit="dB",
    note=f"{steps} steps; PSNR is what L2 minimises. The column L1 of the table is what L1 minimises.",
)

# %% [markdown]
# L2 leads L1 by 0.7 dB in PSNR. In absolute error, which L1 minimises, L1 has 0.1813 and L2 0.1827, and the first training makes that lead alone (0.1736 against 0.1831, section 3): over the other four L1 is behind.

# %% [markdown]
# ## What was measured
#
# The rows of this lecture by kind and verdict. Each box above unfolds on a click; `CLAIMS.md` has the rows of all lectures.

# %%
summary()

# %% [markdown]
# ## Exercises
#
# 1. **The exchange rate.** Set `steps` to 1,000 or more and run section 3 with $\lambda_{adv}$ = 0, 0.001, 0.005, 0.02, 0.1; draw PSNR against Frechet distance. Where does the nearest neighbour lie in this plane? Is any point better than your curve in both?
# 2. **The context that is needed.** With the shipped network, cover all but a ring of width $w$ around the central hole. From which $w$ on does the PSNR in the hole no longer grow? Compare with the receptive field of its convolutions (lecture 17 has the formula; mind the dilations).
# 3. **The cheapest player.** Section 2: let only both contexts *together* have the right shares, 0.325, 0.25 and 0.425. Which shares at $c = -1$ and at $c = 1$ cost the least squared error? (Lecture 11: on a line, sort both and pair them in order.) Compare with what the cell of `cheapest` prints.
# 4. **Several answers.** The network gives one answer for one hole. Add a latent map to its input and a loss that rewards different answers for different latents; measure whether the spread of answers is that of the true faces with the same visible part.

# %% [markdown]
# ## Further reading
#
# - D. Pathak, P. Krahenbuhl, J. Donahue, T. Darrell & A. Efros, [*Context Encoders: Feature Learning by Inpainting*](https://arxiv.org/abs/1604.07379), CVPR 2016.
# - J. Yu, Z. Lin, J. Yang, X. Shen, X. Lu & T. Huang, [*Free-Form Image Inpainting with Gated Convolution*](https://arxiv.org/abs/1806.03589), ICCV 2019.
# - G. Liu et al., [*Image Inpainting for Irregular Holes Using Partial Convolutions*](https://arxiv.org/abs/1804.07723), ECCV 2018.
# - R. Suvorov et al., [*Resolution-robust Large Mask Inpainting with Fourier Convolutions*](https://arxiv.org/abs/2109.07161), WACV 2022.
# - C. Ledig et al., [*Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network*](https://arxiv.org/abs/1609.04802), CVPR 2017: figures 2 and 6, table 2.
# - Y. Blau & T. Michaeli, [*The Perception-Distortion Tradeoff*](https://arxiv.org/abs/1711.06077), CVPR 2018.
# - X. Wang et al., [*ESRGAN: Enhanced Super-Resolution Generative Adversarial Networks*](https://arxiv.org/abs/1809.00219), ECCV 2018 workshops: what a relativistic discriminator adds.

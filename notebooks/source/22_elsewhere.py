# %% [markdown]
# # 22. Adversaries elsewhere
#
# [**Covers**](../docs/glossary.md) class-specific pictures by searching a latent through a classifier, and the three words on which Kurmi's deck closes (domain adaptation, fair learning, active learning): systems S18 and S30.
# **Papers**: [Nguyen et al. 2016](https://arxiv.org/abs/1605.09304) and [2017](https://arxiv.org/abs/1612.00005) (search with a prior), [Ganin et al. 2016](https://arxiv.org/abs/1505.07818) (gradient reversal), [Elazar & Goldberg 2018](https://arxiv.org/abs/1808.06640) (the trap);
# below the line [Tzeng et al. 2017](https://arxiv.org/abs/1702.05464), [Gissin & Shalev-Shwartz 2019](https://arxiv.org/abs/1907.06347), [Sinha et al. 2019](https://arxiv.org/abs/1904.00370), [Schlegl et al. 2017](https://arxiv.org/abs/1703.05921).
#
# **Read** for about 45 minutes. **Run**: under a minute at ci scale, about four minutes at cpu scale; no GPU is needed.
#
# A GAN is two ideas. A *generator* makes pictures from noise, and a *discriminator* turns "looks like" into a loss. Each is useful without the other. The first half of this lecture keeps the generator and lets any classifier say what it should draw. The second half keeps the discriminator, and lets it say what *features* should not
# tell: where a picture comes from, or which group a person belongs to.
#
# After it you will be able to
#
# - make pictures of a class with a classifier that was never meant to draw, and say why a prior is needed;
# - write gradient reversal in a line, and train features that hide a domain;
# - say why an adversary that sees nothing proves little, and measure what is left with a fresh one;
# - ask of each use of an adversary for the null that it has to beat.

# %%
import copy
import math

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from gancourse import data, scale, viz, zoo
from gancourse.base import networks
from gancourse.classroom import asked, lines, widgets
from gancourse.classroom.claims import at_least, ceilings, check, claim, identity, interval_of, nulls, question, summary, within
from gancourse.data.domains import applicants, mnist_and_mnist_m, moons
from gancourse.data.handwritten import handwritten_digits
from gancourse.data.toys import gaussian_mixture
from gancourse.experiments.unseen_digit import UNSEEN
from gancourse.gans import vaal
from gancourse.gans.active import METHODS, Pool, choose, choose_by_codes, learning_curves
from gancourse.gans.adaptation import UNLABELLED, Players, adversary_loss, fit_reversed, losses
from gancourse.gans.adda import fit_adda
from gancourse.gans.ensemble import stack
from gancourse.gans.leakage import leakage
from gancourse.gans.vaal import autoencoder_loss, choose_unlike
from gancourse.latent.inversion import invert
from gancourse.latent.search import denoising_prior, gaussian_prior, likes, search
from gancourse.losses.reversal import ramp, reverse
from gancourse.metrics.digits import NONE, digit_judge, levelled
from gancourse.models import convnet, lenet, mlp
from gancourse.models.latent_codes import Classifier, Encoder
from gancourse.viz.figures import rendered

torch.set_num_threads(1)  # every network here is too small to gain from a second core
n_seeds = scale.pick(ci=2, cpu=5, gpu=5)
SOURCE, TARGET, INK = (viz.COLOURS[name] for name in ("real", "fake", "ink"))
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False})

# %% [markdown] tags=["slide", "slide-only"]
# ## A GAN is two ideas
#
# - A *generator* makes pictures from noise.
# - A *discriminator* turns "looks like" into a loss.
#
# Each is useful without the other.
#
# 1. Keep the generator, and let any classifier say what it should draw.
# 2. Keep the discriminator, and let it say what *features* should not tell.

# %% [markdown] tags=["notes", "slide-only"]
# Each idea is useful without the other. The first half of the hour keeps the generator, the second keeps the discriminator.

# %% [markdown] tags=["slide", "slide-only"]
# ## Draw me a seven
#
# A classifier tells a seven from other digits. Can it *draw* one?
#
# Ask it backwards. Hold its weights still, and change the *input* until it says seven:
#
# $$x \leftarrow x + \epsilon_2\, \frac{\partial \log p(y \mid x)}{\partial x}$$
#
# It was trained to draw borders *between* digits. How far from all of them a picture is was never asked of it.

# %% [markdown] tags=["notes"]
# # Part one: a generator, and any classifier
#
# ## 1. Draw me a seven
#
# A classifier reads unseen digits right more than nine times in ten. Can it *draw* one, say a seven? Ask it backwards. Hold its weights still and change the *input* until it says seven: ascent on $\log p(y \mid x)$ with respect to $x$.
#
# Below are three ways, with one classifier and ten classes. Look first.

# %%
digits, unseen = handwritten_digits("train", 32), handwritten_digits("test", 32)
pixels, classes = data.to_float(digits.images), digits.labels
unseen_pixels = data.to_float(unseen.images)
reader_steps = scale.pick(ci=20, cpu=150, gpu=600)


def reader(seed, trained=True):
    """A small convolutional classifier of digits: even seeds learn from one half of the training digits, odd ones from the other."""
    half = torch.arange(len(pixels)).chunk(2)[seed % 2]
    with networks.seeded(seed):
        body = lenet.Features(32, 1, 8)
        model = nn.Sequential(body, Classifier(body.out_shape, 10, (64,)))
    source = torch.Generator().manual_seed(seed)

    def mistakes():
        rows = half[torch.randint(len(half), (64,), generator=source)]
        return F.cross_entropy(model(pixels[rows]), classes[rows])

    if trained:
        networks.descend(model, mistakes, reader_steps, lr=2e-3)
    return model.eval().requires_grad_(False)


readers = [reader(seed) for seed in range(n_seeds + 1)]
generator = zoo.load("digits32_but_2").model  # a GAN of nine classes: it has never seen a 2
judge = digit_judge()  # lecture 08: which digit is it, and is it one at all?
per_class = scale.pick(ci=2, cpu=3, gpu=10)
wanted = torch.arange(10).repeat(per_class)
known = wanted != UNSEEN  # the 2 waits for section 1.4
climbs = {"pixels": scale.pick(ci=10, cpu=50, gpu=100), "latents": scale.pick(ci=10, cpu=100, gpu=200)}
draw = torch.Generator().manual_seed(0)
static = (0.3 * torch.randn(len(wanted), 1, 32, 32, generator=draw)).clamp(-1, 1)
latents = torch.randn(len(wanted), generator.latent_dim, generator=draw)


def climb(model, decode=generator):
    """For every wanted class: ascent on its probability, and nothing else, in pixels from noise and in the generator's latents."""
    asks = likes(model, wanted)
    in_pixels = search(static, asks, epsilons=(0, 2.0, 0), steps=climbs["pixels"], bounds=(-1, 1))
    in_latents = search(latents, asks, epsilons=(0, 0.1, 0), steps=climbs["latents"], decode=decode)
    return in_pixels, in_latents


found = [climb(model) for model in readers[:n_seeds]]
first_pixels, first_latents = found[0]

# %% [markdown] tags=["slide", "slide-only"]
# ## Asked for 0 to 9, three ways
#
# One classifier judges all three. Its mean confidence in the class asked for is 0.99, 0.90, 0.99.

# %% tags=["slide-continue", "slide-picture"]
with networks.seeded(0):
    denoiser = mlp.Autoencoder((1, 32, 32), 128, (256,))
clean = pixels[classes != UNSEEN]


def undone():
    batch = clean[torch.randint(len(clean), (64,), generator=draw)]
    return (denoiser(batch + 0.5 * torch.randn(batch.shape, generator=draw)) - batch).square().mean()


networks.descend(denoiser, undone, scale.pick(ci=10, cpu=400, gpu=2000), lr=1e-3)
denoised = search(
    static, likes(readers[0], wanted), epsilons=(0.3, 1.0, 0.05), steps=climbs["pixels"], prior=denoising_prior(denoiser), bounds=(-1, 1)
)
ways = {"pixels alone": first_pixels, "pixels, denoised": denoised, "GAN's latents": first_latents}
viz.show(
    viz.labelled_grid(torch.cat([way.images[:10] for way in ways.values()]), rows=list(ways), n_columns=10),
    "Asked for 0 to 9, at the left the way. One classifier judges all three, and is sure of nearly all.",
)
for name, way in ways.items():
    print(f"{name:>17}: the classifier's mean confidence in the class asked for {way.confidence[-1][known].mean():.3f}")

# %% [markdown] tags=["notes"]
# The classifier is as sure of the first row as of the third. It was trained to draw borders *between* digits; how far from all of them a picture is was never asked of it. (The rows are not tuned alike: pixels take 50 large steps, latents 100 small ones.)
#
# ### 1.1 Without a prior: a digit under noise
#
# The first row is *activation maximisation*: $x \leftarrow x + \epsilon_2\, \partial \log p(y|x) / \partial x$, from noise. Does at least *another* classifier see through it? Each of ours has a sibling that learned from the other half of the digits, and the digit judge of lecture 08 was taught what is no digit.

# %% [markdown] tags=["slide", "slide-only"]
# ## A digit under noise

# %% tags=["slide-continue"]
def accepted_as(images, asked_for):
    """Share of pictures that the judge takes for a digit, and for the digit asked for; the unseen class is left out."""
    digit, sound = judge.read(images)
    return (sound & (digit == asked_for))[asked_for != UNSEEN].float().mean().item()


def agrees(model, images):
    with torch.no_grad():
        return (model(images).argmax(1) == wanted)[known].float().mean().item()


def refusals(images):
    """Share of pictures that either half of the judge refuses by itself: its class *no digit*, and its comparison with real ones."""
    no_digit = judge.classifier.probabilities(levelled(images))["digit"].argmax(1) == NONE
    unlike = judge.likeness(images, judge.read(images)[0]) < judge.threshold
    return [half[known].float().mean().item() for half in (no_digit, unlike)]


sure = [in_pixels.confidence[-1][known].mean().item() for in_pixels, _ in found]
siblings = [agrees(readers[k + 1], in_pixels.images) for k, (in_pixels, _) in enumerate(found)]
untaught = [climb(reader(seed, trained=False))[0] for seed in range(n_seeds)]
halves = np.mean([refusals(in_pixels.images) for in_pixels, _ in found], 0)
on_unseen = np.mean([(model(unseen_pixels).argmax(1) == unseen.labels).float().mean().item() for model in readers[1:]])
claim(
    "S18.fooled",
    "Pixels climbed from noise without a prior: the classifier's mean confidence in the class asked for",
    paper="99.99 %",
    ours=sure,
    over="trainings",
    tolerance=at_least(0.95),
    baselines=nulls(the_noise_it_began_with=[run.confidence[0][known].mean() for run, _ in found], untrained_classifier=[run.confidence[-1][known].mean() for run in untaught]),
    source="Nguyen, Yosinski & Clune 2015, abstract (unrecognisable pictures, certain networks)",
    note=f"The judge accepts {np.mean([accepted_as(run.images, wanted) for run, _ in found]):.2f} of them as what was asked for; "
    f"its class 'no digit' alone refuses {halves[0]:.2f}, its comparison with real digits alone {halves[1]:.2f}.",
)
question(
    "S18.sibling",
    "How often does a sibling, trained on other digits, read the fooling noise as the class asked for?",
    ours=siblings,
    over="trainings",
    baselines=nulls(the_noise_it_began_with=[agrees(model, static) for model in readers[1:]]),
    note=f"Real digits that no classifier has seen they read right in {on_unseen:.2f} of cases.",
)

# %% [markdown] tags=["slide-continue", "slide-only"]
# - The sibling agrees, 0.95.
# - So does a *template*, which no gradient has taught (the nearest of ten mean digits): 0.98.
# - Without these ten mean digits the sibling agrees with 0.32, with them alone on the noise at the start with 0.80. The noise holds a faint *digit*.
# - The judge accepts none: either half of it, *no digit* and the comparison with real ones, refuses all.

# %%
means = torch.stack([pixels[classes == k].mean(0).flatten() for k in range(10)])  # the ten mean digits
means = F.normalize(means - means.mean(1, keepdim=True), dim=1)


def template(images):
    """The correlation [N, 10] of each picture with each mean digit: a reader that no gradient has taught."""
    x = images.flatten(1)
    return F.normalize(x - x.mean(1, keepdim=True), dim=1) @ means.T


def without(directions, images):
    """What is left of each picture at right angles to the directions [10, 1024]; without the mean digits the template finds nothing."""
    x, basis = images.flatten(1), torch.linalg.qr(directions.T).Q
    return (x - x @ basis @ basis.T).view_as(images)


question(
    "S18.template",
    "How often is the fooling noise, read by which of ten mean digits it correlates with most, the class asked for?",
    ours=[agrees(template, in_pixels.images) for in_pixels, _ in found],
    over="trainings",
    baselines=nulls(the_noise_it_began_with=agrees(template, static), climbed_by_untrained_classifiers=[agrees(template, run.images) for run in untaught])
    | ceilings(unseen_digits=(template(unseen_pixels).argmax(1) == unseen.labels).float().mean()),
    note="Asked after the ten pictures above had been read so, all ten of them right.",
)
anywhere = torch.randn(10, 1024, generator=torch.Generator().manual_seed(18))
question(
    "S18.rest",
    "With the ten mean digits taken out of the fooling noise: how often does the sibling still agree?",
    ours=[agrees(readers[k + 1], without(means, in_pixels.images)) for k, (in_pixels, _) in enumerate(found)],
    over="trainings",
    baselines=nulls(the_noise_it_began_with=[agrees(model, without(means, static)) for model in readers[1:]])
    | ceilings(
        without_ten_random_directions=np.mean([agrees(readers[k + 1], without(anywhere, run.images)) for k, (run, _) in enumerate(found)]),
        unseen_digits=np.mean([(model(without(means, unseen_pixels)).argmax(1) == unseen.labels).float().mean() for model in readers[1:]]),
    ),
    note="Ten of 1,024 directions are taken out.",
)


def only(directions, images, as_long_as=None):
    """The noise at the start, and of what the climb added only the part along the directions [10, 1024], or that at another length."""
    added = images - static
    along = (added - without(directions, added)).flatten(1)
    if as_long_as is not None:
        along = F.normalize(along, dim=1) * (added - without(as_long_as, added)).flatten(1).norm(dim=1, keepdim=True)
    return static + along.view_as(static)


def as_asked(images):
    """The mean correlation of a picture with the mean digit of the class asked for."""
    return template(images)[known, wanted[known]].mean().item()


likeness = np.mean([as_asked(run.images) for run, _ in found])
of_real = template(unseen_pixels)[torch.arange(len(unseen_pixels)), unseen.labels].mean().item()
question(
    "S18.enough",
    "The noise at the start, and only what the climb added along the ten mean digits: how often does the sibling read the class asked for?",
    ours=[agrees(readers[k + 1], only(means, run.images)) for k, (run, _) in enumerate(found)],
    over="trainings",
    baselines=nulls(
        the_noise_it_began_with=[agrees(model, static) for model in readers[1:]],
        along_ten_random_directions=[agrees(readers[k + 1], only(anywhere, run.images)) for k, (run, _) in enumerate(found)],
        those_as_long=[agrees(readers[k + 1], only(anywhere, run.images, as_long_as=means)) for k, (run, _) in enumerate(found)],
    )
    | ceilings(all_that_was_added=np.mean(siblings)),
    note=f"Correlation with the mean digit of the class asked for: fooling noise {likeness:.2f}, the noise at the start {as_asked(static):.2f}, unseen digits {of_real:.2f}.",
)

# %% [markdown] tags=["notes"]
# The sibling does not refuse: it agrees with 0.95 of the pictures. (It reads real digits, new to it, no better: 0.94.) What fools one network often fools the next (Szegedy et al. 2014). Are they fooled here? Ask a reader that no gradient has taught, a *template*: with which of the ten mean digits does a picture correlate most?

# %% [markdown] tags=["notes"]
# The template reads 0.98 of them as asked, and 0.80 of real digits. Take the ten mean digits out, and the sibling agrees with 0.32 (real digits, so treated: 0.60; the noise at the start: 0.08); ten random directions leave 0.94. Keep *only* what was climbed along them, on that noise: 0.80 (along random ones, as far: 0.09). So the pixels *do* draw a digit, faint under noise (correlation 0.15, real digits 0.68), and a little more. To the judge they are unrecognisable, as in the paper: each half refuses all.

# %% [markdown] tags=["slide", "slide-only"]
# ## What is missing is $p(x)$
#
# $$p(x \mid y) \propto p(x)\, p(y \mid x)$$
#
# We climbed the second factor alone. A generator supplies the first: move the *latent*, not the pixels.
#
# $$h \leftarrow h + \underbrace{\epsilon_1 \tfrac{\partial \log p(h)}{\partial h}}_{\text{be likely}} + \underbrace{\epsilon_2 \tfrac{\partial \log p(y \mid x(h))}{\partial h}}_{\text{be a } y} + \underbrace{\mathcal N(0, \epsilon_3^2)}_{\text{explore}}$$
#
# As the steps shrink, $\epsilon_1 = \epsilon_2 = \epsilon_3^2 / 2$ gives *samples* of the posterior, not only its peaks.

# %% [markdown] tags=["notes"]
# ### 1.2 With a prior
#
# What is missing is $p(x)$: by Bayes $p(x \mid y) \propto p(x)\, p(y \mid x)$, and we climbed the second factor alone. A generator supplies the first. Do not move the pixels, move the *latent*: $G$ was trained to draw digits and nothing else, so wherever the search ends, $G(z)$ mostly looks like one (Nguyen et al. 2016), as long as $z$ stays where latents come from.
# *Plug and play generative networks* (Nguyen et al. 2017) put both into one update, for any code $h$:
#
# $$h \leftarrow h + \underbrace{\epsilon_1 \tfrac{\partial \log p(h)}{\partial h}}_{\text{be likely}} + \underbrace{\epsilon_2 \tfrac{\partial \log p(y \mid x(h))}{\partial h}}_{\text{be a } y} + \underbrace{\mathcal N(0, \epsilon_3^2)}_{\text{explore}}$$
#
# With $\epsilon_1 = \epsilon_2 = \epsilon_3^2 / 2$ this is Langevin's walk: as the steps shrink, its pictures are *samples* of $p(h)\, p(y \mid x(h))$, not only its peaks.

# %%
viz.source(search)

# %% [markdown] tags=["slide", "slide-only"]
# ## Where does the prior's slope come from?
#
# A GAN's latent: $h \sim \mathcal N(0, I)$ has the slope $-h$.
#
# Anything else: a *denoising autoencoder* $R$ points up the density of the noisy data,
#
# $$R(h) - h = \sigma^2\, \frac{\partial \log p_\sigma(h)}{\partial h}$$
#
# For small $\sigma$: Alain & Bengio 2014. Diffusion models, lecture 16, are built on it.

# %% [markdown] tags=["notes"]
# For a GAN's latent, $p(h)$ is known: $h \sim \mathcal N(0, I)$ has the slope $-h$. Where it is not known (pixels, or the features that the paper searches) a *denoising autoencoder* $R$ supplies it: a denoiser's step points up the density,
#
# $$R(h) - h = \sigma^2\, \frac{\partial \log p_\sigma(h)}{\partial h},$$
#
# with $p_\sigma$ the density of the noisy data and $R$ the best denoiser. (For small $\sigma$: Alain & Bengio 2014. Diffusion models, lecture 16, are built on it.) Exactly, on a mixture where everything can be computed:

# %% tags=["nbval-check-output"]
spots, width, sigma = torch.tensor([[-1.0, 0.0], [1.0, 0.5], [0.0, -1.0]]), 0.3, 0.4
h = torch.randn(200, 2, generator=torch.Generator().manual_seed(0)).requires_grad_(True)
noisy_density = gaussian_mixture(spots, (width**2 + sigma**2) ** 0.5)
(slope,) = torch.autograd.grad(noisy_density.log_density(h).sum(), h)
belongs = (-(h[:, None] - spots).square().sum(2) / (2 * (width**2 + sigma**2))).softmax(1)  # to which spot a noisy point belongs
best_guess = belongs @ spots * sigma**2 / (width**2 + sigma**2) + h * width**2 / (width**2 + sigma**2)  # E[clean | noisy]
identity(
    "S18.denoiser",
    "The best denoiser's step less sigma^2 times the slope of the noisy log density, at 200 points",
    expected=0.0,
    ours=(best_guess - h - sigma**2 * slope).abs().max(),
    tolerance=within(1e-5),
    source="Alain & Bengio 2014, for small noise; exact for the noisy density",
)

# %% [markdown] tags=["slide", "slide-only"]
# ## Your line: one step for a code
#
# The joint update for a code $h$, where the prior comes from a denoiser that gives you `denoised`, $R(h)$. `uphill` is the condition's slope, `noise` a standard normal draw; $\sigma^2$ is inside $\epsilon_1$.
#
# $$R(h) - h = \sigma^2\, \frac{\partial \log p_\sigma(h)}{\partial h}$$

# %% [markdown] tags=["notes"]
# **Write a line.** The joint update for a code $h$, where the prior comes from a denoiser that gives you `denoised`, $R(h)$. `uphill` is the condition's slope, `noise` a standard normal draw; $\sigma^2$ is inside $\epsilon_1$.

# %% tags=["slide-continue", "slide-code"]
def joint_update(h, denoised, uphill, noise, e1, e2, e3):
    return ...  # your line


lines.answered(joint_update, *asked.JOINT_UPDATE)

# %% [markdown] tags=["slide", "slide-only"]
# ## Does the generator keep its promise?

# %% [markdown] tags=["notes"]
# And does the generator keep its promise? The judge took no part in the search. It is a third network, though of the same handwritten digits. Its threshold refuses about one real digit in twenty: unseen ones reach 0.95.

# %% tags=["slide-continue"]
with networks.seeded(0):
    raw = convnet.Generator(32, 32, 8, max_width=64, channels=1)
untrained_climb = climb(readers[0], raw)[1]
draws = climbs["latents"]  # for each picture as many as the search has steps, none of them searched
with torch.no_grad():
    pile = generator(torch.randn(len(wanted) * draws, generator.latent_dim, generator=torch.Generator().manual_seed(16)))


def best_of(model, asked_for, pile):
    """Of the draws for each picture the one that the classifier likes best as what was asked for."""
    liked = likes(model, asked_for.repeat_interleave(draws))(pile).view(-1, draws)
    return pile.unflatten(0, (-1, draws))[torch.arange(len(asked_for)), liked.argmax(1)]


searched = [accepted_as(in_latents.images, wanted) for _, in_latents in found]
chosen = [accepted_as(best_of(model, wanted, pile), wanted) for model in readers[:n_seeds]]
claim(
    "S18.generator",
    "Climbed in a generator's latents: share of pictures that the judge takes for the digit asked for (nine classes)",
    paper="pictures of the class, to the eye",
    ours=searched,
    over="trainings",
    tolerance=at_least(0.6),
    baselines=nulls(
        pixels_alone=np.mean([accepted_as(in_pixels.images, wanted) for in_pixels, _ in found]),
        pixels_denoised=accepted_as(denoised.images, wanted),
        pixels_denoised_once_more=accepted_as(denoiser(denoised.images).detach(), wanted),
        latents_not_searched=accepted_as(pile, wanted.repeat_interleave(draws)),
        untrained_generator=accepted_as(untrained_climb.images, wanted),
    ),
    source="Nguyen et al. 2016, who search a generator's code",
    note="Trainings are those of the classifier; the generator is one, shipped. No other prior than the generator: epsilon_1 = 0. "
    f"Unseen digits: {accepted_as(unseen.images, unseen.labels):.2f}, which is no ceiling, for pictures may be chosen.",
)
question(
    "S18.chosen",
    f"Does climbing draw better than choosing? Share accepted, searched less the classifier's best of {draws} draws",
    ours=np.subtract(searched, chosen),
    over="trainings",
    baselines=nulls(no_difference=0.0),
    note=f"Chosen {np.mean(chosen):.2f}, searched {np.mean(searched):.2f}.",
)

# %% [markdown] tags=["slide-continue", "slide-only"]
# | pictures | the judge accepts |
# |---|---|
# | **latents, searched** | **0.81** |
# | of 100 latents drawn, the classifier's choice | 0.99 |
# | pixels alone, pixels denoised | 0 |
# | latents, not searched | 0.10 |
# | unseen digits | 0.95 |
#
# The classifier did not become better. The generator no longer lets it be answered by a digit under noise. Of classes that it knows, choosing draws better than this climb.

# %% [markdown] tags=["notes"]
# The classifier did not become better. The generator no longer lets it be answered by a digit under noise. The middle row of the picture is a weaker prior: the denoiser knows strokes, and blends digits into ghosts on a grey, noisy ground. The judge refuses them all, also denoised once more (the third null).
#
# Is it the *climb*, then? The fair null does without: draw a hundred latents, as many as the search has steps, and keep the picture that the classifier likes best. The judge accepts 0.99 of those, and 0.81 of the searched (the second box). So the generator was missing, and climbing was not: of a hundred draws ten are of the class asked for, and the classifier has only to point at one. (Large steps that keep $|z|$ have 0.98, section 1.3.)
#
# Where hardly any draw is what is wanted, choosing has little to choose from; section 1.4 tries such a case.
#
# The *condition* can be exchanged: Nguyen et al. plug in a network that writes captions, and ask for sentences. With CLIP in the captioner's place this search let text steer GANs trained without any. With a diffusion model as prior it is *classifier guidance* (Dhariwal & Nichol 2021).

# %% [markdown] tags=["slide", "slide-only"]
# ## Three epsilons: quality against diversity

# %% [markdown] tags=["notes"]
# ### 1.3 Three epsilons: quality against diversity
#
# $\epsilon_1$ pulls to the most likely latents, $\epsilon_3$ keeps the walk moving. What does each buy? Quality is the judge's acceptance, diversity the mean distance between two pictures of a class, in units of that between two real ones.

# %% tags=["slide-continue"]
def spread(images, asked_for):
    """Mean distance between two pictures of one class, a value for each class that the generator knows."""
    return torch.stack([torch.pdist(images[asked_for == k].flatten(1)).mean() for k in range(10) if k != UNSEEN])


def walks(epsilons):
    """One walk for every classifier, from the same latents."""
    steps = climbs["latents"]
    return [search(latents, likes(model, wanted), epsilons=epsilons, steps=steps, decode=generator, prior=gaussian_prior) for model in readers[:n_seeds]]


def on_the_shell(epsilons):
    """The same with no prior's term, and z set back after each step to the length that drawn latents have."""
    ended = []
    for model in readers[:n_seeds]:
        asks, z = likes(model, wanted), latents
        for _ in range(climbs["latents"]):
            z = search(z, asks, epsilons=epsilons, steps=1, decode=generator).codes
            z = F.normalize(z, dim=1) * generator.latent_dim**0.5
        ended.append(search(z, asks, epsilons=(0, 0, 0), steps=1, decode=generator))  # stands still: its pictures
    return ended


def kept(model, coins):
    """Draws of the generator, each kept for class y with probability p(y | G(z)): exact samples of p(z) p(y | G(z)), with y."""
    with torch.no_grad():
        keep = torch.rand(len(pile), 10, generator=coins) < model(pile).softmax(1)
    rows, asked_for = keep.nonzero(as_tuple=True)
    return pile[rows], asked_for


def scores(k, images, asked_for):
    """Of pictures by classifier k, each a mean over the nine classes: its confidence, its sibling's vote, acceptance, diversity."""
    with torch.no_grad():
        own, sibling = (model(images).softmax(1) for model in readers[k : k + 2])
    digit, sound = judge.read(images)
    each = {
        "confidence": own.gather(1, asked_for[:, None])[:, 0],
        "sibling agrees": (sibling.argmax(1) == asked_for).float(),
        "judge accepts": (sound & (digit == asked_for)).float(),
    }
    per_class = {name: torch.stack([value[asked_for == digit].mean() for digit in range(10) if digit != UNSEEN]) for name, value in each.items()}
    return {name: value.mean().item() for name, value in per_class.items()} | {"diversity": (spread(images, asked_for) / real_spread).mean().item()}


settings = {
    "condition alone": (0, 0.1, 0),
    "with prior and noise": (0.02, 0.1, 0.1),
    "strong prior": (0.1, 0.1, 0.1),
    "Langevin's rates": (0.02, 0.02, 0.2),
    "fifty times the step": (0, 5.0, 0),
    "the same, with prior": (0.1, 5.0, 0),
    "the same, length kept": (0, 5.0, 0),
}
real_spread = spread(unseen_pixels, unseen.labels)
walked = {name: (on_the_shell if name == "the same, length kept" else walks)(epsilons) for name, epsilons in settings.items()}
coins = torch.Generator().manual_seed(17)
scored = {name: [scores(k, walk.images, wanted) for k, walk in enumerate(of)] for name, of in walked.items()}
scored["the classifier's choice"] = [scores(k, best_of(readers[k], wanted, pile), wanted) for k in range(n_seeds)]
scored["the posterior itself"] = [scores(k, *kept(readers[k], coins)) for k in range(n_seeds)]
lengths = {name: f"{np.mean([walk.codes.norm(dim=1).mean().item() for walk in of]):.1f}" for name, of in walked.items()}
viz.table(
    [
        {"pictures": name, "e1, e2, e3": ", ".join(map(str, settings.get(name, ("drawn",))))}
        | {what: f"{np.mean([score[what] for score in by_classifier]):.2f}" for what in by_classifier[0]}
        | {"mean |z|": lengths.get(name, "")}
        for name, by_classifier in scored.items()
    ],
    caption=f"Nine classes, {n_seeds} classifiers, {len(wanted[known])} pictures of each; two real digits of a class have diversity 1, a drawn z has |z| = 5.6",
)

# %%
shown = torch.arange(10)[known[:10]]
viz.show(
    viz.labelled_grid(torch.cat([of[0].images[shown] for of in walked.values()]), rows=list(walked), n_columns=len(shown)),
    "Nine classes: each row begins from the same latents.",
)
alone = walked["condition alone"]
question(
    "S18.diversity",
    "What does a strong prior cost? Distance between two pictures of a class, with the prior's term over without it (no noise)",
    ours=[(spread(pulled.images, wanted) / spread(free.images, wanted)).mean() for pulled, free in zip(walks((0.1, 0.1, 0)), alone, strict=True)],
    over="trainings",
    baselines=nulls(no_difference=1),
    source="beside Nguyen et al. 2017, who vary the three epsilons by eye",
)


def accepted_of(of):
    """The judge's share of the pictures of every classifier."""
    return torch.tensor([accepted_as(walk.images, wanted) for walk in of])


large = accepted_of(walked["the same, with prior"]), accepted_of(walked["fifty times the step"])
small = accepted_of(walks((0.002, 0.1, 0))), accepted_of(alone)  # the prior's rate a fiftieth of the condition's, as in the large step
question(
    "S18.prior",
    "What does the prior's own term add where the step is fifty times as large? Share accepted as asked for, with it less without",
    ours=large[0] - large[1],
    over="trainings",
    baselines=nulls(no_difference=0),
    source="beside Nguyen et al. 2017",
    note="With it {:.2f}, without {:.2f}; at the small step {:.2f} and {:.2f}.".format(*(share.mean() for share in large + small)),
)
shell = accepted_of(walked["the same, length kept"])
question(
    "S18.length",
    "The large step, no prior's term, z set back to its length after each step: share accepted, less that with the prior's term",
    ours=shell - large[0],
    over="trainings",
    baselines=nulls(no_difference=0, neither=(large[1] - large[0]).mean()),
    note=f"Length kept {shell.mean():.2f}, prior's term {large[0].mean():.2f}, neither {large[1].mean():.2f}; for diversity see the table.",
)


many = torch.arange(10).repeat(scale.pick(ci=2, cpu=10, gpu=20))


def from_new_starts(k, epsilons):
    """Scores of a walk of classifier k from starts and with noise that no other classifier has."""
    starts = torch.randn(len(many), generator.latent_dim, generator=torch.Generator().manual_seed(40 + k))
    walk = search(starts, likes(readers[k], many), epsilons=epsilons, steps=climbs["latents"], decode=generator, prior=gaussian_prior, seed=40 + k)
    return scores(k, walk.images, many)


anew = {name: [from_new_starts(k, settings[name]) for k in range(n_seeds)] for name in ("Langevin's rates", "condition alone")}
for what in ("judge accepts", "diversity", "confidence"):
    exact = [score[what] for score in scored["the posterior itself"]]
    langevin, alone_anew = ([score[what] for score in anew[name]] for name in anew)
    question(
        f"S18.langevin_{what.split()[-1]}",
        f"Does Langevin's walk sample the posterior? '{what}': the walk's pictures less draws kept with probability p(y | x)",
        ours=np.subtract(langevin, exact),
        over="trainings",
        baselines=nulls(no_difference=0, condition_alone=np.subtract(alone_anew, exact).mean()),
        note=f"{len(many)} starts of its own for every classifier, asked after the table above, whose rows share their starts. "
        f"The walk {np.mean(langevin):.2f}, the posterior {np.mean(exact):.2f}.",
    )

# %% [markdown] tags=["slide-continue", "slide-only"]
# At small steps *the generator itself is most of the prior*: its own term, a fiftieth of the condition's, adds nothing: 0.81 either way. At a step fifty times as large $z$ flies off its shell; the term holds it back: 0.54 becomes 0.79. Setting $z$ back to its length, without the term: 0.98.

# %% [markdown] tags=["notes"]
# At small steps *the generator itself is most of the prior*: with the condition alone the search leaves $|z|$ nearly as it was drawn, 6.0, and the judge accepts 0.81. The most likely latent is $z = 0$, and no drawn latent is ever near it (lecture 05: they lie on a shell, $|z| \approx 5.6$); pulled towards it, $|z|$ shrinks to 1.9 and pictures of a class come closer together, without noise to about a third of the distance (the first box).
#
# Noise pushes back. With Langevin's rates $|z|$ stays at 5.6. Is that the posterior?
#
# The posterior can be drawn exactly: keep each draw of $G$ with probability $p(y | G(z))$ (last row, all that are kept). From 100 new starts a classifier, acceptance (0.70, posterior 0.69) and diversity (1.02, 1.01) tell little: the condition alone, no sampler, is but 0.04 and 0.00 off. Confidence tells: plain climbing is 0.15 too sure, the walk is not (-0.03; interval -0.07 to 0.02): by this measure, a sample.
#
# Now let the step grow. At fifty times the step the condition throws $z$ far off the shell, to where the generator was never trained, and the prior's own term seems to earn its place: of a hundred pictures 25 more are accepted (the second box). Is it the *direction*, or the length? Without the term, $z$ set back to its length after each step, 0.98 are (diversity 0.83 for 0.55). Keeping to the shell does what the term did, and more.

# %% [markdown] tags=["slide", "slide-only"]
# ## Asked for what it has never seen
#
# Does it find pictures that pass for a 2?

# %% [markdown] tags=["notes"]
# ### 1.4 Asked for what it has never seen
#
# The generator has never seen a 2, and all classifiers have. Ask for one:

# %% tags=["slide-continue"]
n_starts = scale.pick(ci=3, cpu=20, gpu=20)
begun = torch.randn(n_starts, generator.latent_dim, generator=torch.Generator().manual_seed(14))
a_two = torch.full((n_starts,), UNSEEN)


def taken_for_two(images):
    """1 where the judge takes a picture for a 2, 0 elsewhere."""
    digit, sound = judge.read(images)
    return (sound & (digit == UNSEEN)).float()


def look_for_twos(model, decode=generator):
    return search(begun, likes(model, a_two), epsilons=(0, 0.1, 0), steps=climbs["latents"], decode=decode)


hunts = [look_for_twos(model) for model in readers[:n_seeds]]
passed = torch.stack([taken_for_two(hunt.images) for hunt in hunts], 1)  # [starts, classifiers]
order = passed.mean(1).argsort(descending=True, stable=True)
with torch.no_grad():
    at_start = generator(begun)
    pile = generator(torch.randn(n_starts * draws, generator.latent_dim, generator=torch.Generator().manual_seed(15)))
by_luck = taken_for_two(pile)
by_choice = torch.stack([taken_for_two(best_of(model, a_two, pile)) for model in readers[:n_seeds]], 1)


def framed(images):
    """The pictures of the best starts, with a frame around those that pass."""
    rim = F.pad(torch.zeros(28, 28), (2, 2, 2, 2), value=1.0) * taken_for_two(images)[:, None, None, None]
    orange = torch.tensor([0.67, -0.26, -1.0])[:, None, None]
    return (images * (1 - rim) + orange * rim)[order[:10]]


shown_hunts = {"not searched": at_start} | {f"classifier {k + 1}": hunt.images for k, hunt in enumerate(hunts)}
viz.show(
    viz.labelled_grid(torch.cat([framed(images) for images in shown_hunts.values()]), rows=list(shown_hunts), n_columns=min(10, n_starts)),
    f"Asked for a 2, of a generator that knows none. A column is a start, of {n_starts} the best ten; framed is what passes for a 2.",
)
low, high = interval_of(by_luck.tolist(), "share")
question(
    "S18.unseen",
    "Asked for a 2, which the generator has never seen: share of pictures that the judge takes for one",
    ours=passed.mean(1),
    over="starts",
    baselines=nulls(
        drawn_without_a_search=by_luck.mean(),
        best_of_as_many_draws_by_the_classifier=by_choice.mean(),
        untrained_generator_searched=taken_for_two(look_for_twos(readers[0], raw).images).mean(),
    )
    | ceilings(unseen_twos=taken_for_two(unseen.images[unseen.labels == UNSEEN]).mean()),
    note=f"{n_seeds} classifiers from each start; their mean confidence at the end {np.mean([hunt.confidence[-1].mean() for hunt in hunts]):.2f}. "
    f"{int((passed.sum(1) == 0).sum())} starts never pass, {int((passed.mean(1) > 0.5).sum())} pass with most classifiers. "
    f"Of {len(pile):,} draws without a search {int(by_luck.sum())} pass (95 % interval {low:.4f} to {high:.4f}).",
)
question(
    "S18.chosen_unseen",
    f"Does climbing find more twos than choosing? Share taken for a 2, searched less the classifier's best of {draws} draws",
    ours=passed.mean(1) - by_choice.mean(1),
    over="starts",
    baselines=nulls(no_difference=0.0),
    note="A start's search beside a lot of draws; the lots are other latents than the starts.",
)

# %% [markdown] tags=["notes"]
# A prior that says *never* could not be argued with. This one does not: drawn without a search, 12 of 2,000 pictures pass for a 2 with the judge. Searched, 0.16 do, from twenty starts, though the classifiers' mean confidence is 0.91. Eleven starts never pass, three pass with most classifiers: where one begins matters. And look at what is framed. The first column, to the eye a 0 with a tail, passes four times in five: at this border the judge is one more network that can be wrong.
#
# Is it the *slope* that finds them? The null of section 1.2 again: of a hundred draws keep the one that the classifier likes best. It reaches 0.11. So the classifier finds twos among what the generator draws by accident. That climbing finds more of them than choosing does, twenty starts do not show: 0.05 more, with an interval from -0.08 to 0.18 (the second box).

# %% [markdown] tags=["slide", "slide-only"]
# ## Labels in one domain, work in another
#
# A *source* with labels: drawings, a simulator, last year. A *target* without, which looks different.
#
# The error on the target is bounded by
#
# - the error on the source,
# - plus **how well a classifier can tell the domains apart**,
# - plus the error of the best classifier for both.
#
# The middle term grows with a discriminator's accuracy. Train the features so that it cannot tell.

# %% [markdown] tags=["notes", "slide-only"]
# A classifier learns whatever tells the classes apart in the source, also what does not hold in the target. The middle term of the bound is a discriminator's accuracy, and that can be trained against.

# %% [markdown]
# # Part two: a discriminator, and any features

# %% [markdown] tags=["slide", "slide-only"]
# ## Gradient reversal
#
# $$\min_{F, C, A}\; \mathbb E_{\text{source}}\bigl[-\log C(y \mid F(x))\bigr] + \mathbb E\bigl[-\log A(d \mid R(F(x)))\bigr]$$
#
# $$R(h) = h, \qquad \frac{\partial R}{\partial h} = -\lambda$$
#
# The identity with a wrong derivative: a minimax game becomes one descent. $A$ learns to tell the domains; $F$ gets the same gradient times $-\lambda$.

# %% [markdown] tags=["notes"]
# ## 2. Gradient reversal
#
# Suppose that the labels are all in a *source* (drawings, a simulator, last year), and the work is in a *target* that looks different. A classifier learns whatever tells the classes apart in the source, also what does not hold in the target.
#
# Theory (Ben-David et al. 2010) bounds the error on the target by that on the source, plus *how well a classifier can tell the two domains apart*, plus the error of the best classifier for both. The middle term grows with a discriminator's accuracy (the last can grow when features change: section 5). So let a discriminator $A$ read the domain $d$ from the features $F(x)$, and train the features so that it cannot:
#
# $$\min_{F, C, A}\; \mathbb E_{\text{source}}\bigl[-\log C(y \mid F(x))\bigr] + \mathbb E\bigl[-\log A(d \mid R(F(x)))\bigr], \qquad R(h) = h, \quad \frac{\partial R}{\partial h} = -\lambda.$$
#
# $R$, no longer a denoiser but *gradient reversal*, is the identity with a wrong derivative. The game becomes one descent: $A$, behind $R$, learns to tell the domains; $F$ gets its gradient times $-\lambda$.

# %% [markdown] tags=["slide", "slide-only"]
# ## Who plays whom

# %% tags=["slide-continue"]
viz.players(viz.GAMES["reversal"])

# %% [markdown] tags=["notes", "slide-only"]
# The adversary reads the domain from the features, and its gradient is turned round on the way back to them. One backward pass moves all three networks.

# %%
viz.source(reverse, losses)

# %% [markdown] tags=["slide", "slide-only"]
# ## Your lines: one number for three
#
# The loss of one batch: features `f`, classifier `c`, adversary `a`, samples `x`, labels `y` of the *first* `len(y)` samples (the source), domains `d` of all, strength `s`.
#
# Its plain descent shall move all three as it should.

# %% [markdown] tags=["notes"]
# **Write a line.** The loss of one batch: features `f`, classifier `c`, adversary `a`, samples `x`, labels `y` of the *first* `len(y)` samples (the source), domains `d` of all, strength `s`. One number whose plain descent moves all three as they should.

# %% tags=["slide-continue", "slide-code"]
def reversed_loss(f, c, a, x, y, d, s):
    return ...  # your lines: F.cross_entropy for c, F.binary_cross_entropy_with_logits for a, and reverse(..., s)


lines.answered(reversed_loss, *asked.REVERSED_LOSS)

# %% [markdown] tags=["notes"]
# ### 2.1 Two moons, turned
#
# The toy problem of the paper (section 5.1.1): two moons, 150 points each, with labels; the target is drawn likewise and turned by 35°, its labels are removed. The arms are the same three networks with the same first weights.
#
# *Source only* lets nothing back through $R$ ($\lambda = 0$). *DANN* raises $\lambda$ from 0 to 1 as the paper does for its pictures,
# $\lambda_p = 2 / (1 + e^{-10 p}) - 1$ at progress $p$. *Target-trained* cheats: it is given the target's labels, and is the upper bound. And a null: with the *sign turned round*, by one more reversal, the features help the adversary.

# %%
moon_seeds = range(60, 60 + scale.pick(ci=2, cpu=10, gpu=10))
moon_steps = scale.pick(ci=20, cpu=1000, gpu=3000)


class Moons:
    """The task for every seed at once: points [K, 600, 2] with the source first, its labels, which domain; and a test."""

    def __init__(self, seeds, degrees=35, share=0.5):
        drawn = [(*moons(150, 1000 + 2 * k), *moons(150, 1001 + 2 * k, degrees, share)) for k in seeds]
        source_x, self.y, target_x, self.hidden = (torch.stack(part) for part in zip(*drawn, strict=True))
        self.x = torch.cat([source_x, target_x], 1)
        self.test = [torch.stack(part) for part in zip(*(moons(500, 5000 + k, degrees, share) for k in seeds), strict=True)]
        self.source_test = [torch.stack(part) for part in zip(*(moons(500, 7000 + k) for k in seeds), strict=True)]
        self.seeds = list(seeds)

    def batches(self, n=32, with_target_labels=False):
        """n of the source and n of the target, without end."""
        nobody = torch.full_like(self.y, UNLABELLED)
        y = torch.cat([nobody, self.hidden] if with_target_labels else [self.y, nobody], 1)
        d = torch.cat([torch.zeros_like(self.y), torch.ones_like(self.y)], 1)
        source, half = torch.Generator().manual_seed(0), self.y.shape[1]
        while True:
            rows = torch.cat([torch.randint(half, (n,), generator=source), half + torch.randint(half, (n,), generator=source)])
            yield self.x[:, rows], y[:, rows], d[:, rows]

    def players(self):
        """F, C and A for every seed, each with first weights of its own."""
        made = []
        for seed in self.seeds:
            with networks.seeded(seed):
                made.append((Encoder(2, 16, (32,)), Classifier(16, 2, (16,)), mlp.Discriminator(16, (32,))))
        return Players(*(stack(side) for side in zip(*made, strict=True)))

    def accuracy(self, players, on="target"):
        x, y = self.test if on == "target" else self.source_test
        return (players.predict(x) == y).float().mean(1)


def shuffled(batches):
    """The same batches, with the domains dealt out again at random: an adversary has nothing to learn from them."""
    source = torch.Generator().manual_seed(0)
    for x, y, d in batches:
        yield x, y, d[:, torch.randperm(d.shape[1], generator=source)]


class Twice(nn.Module):
    """An adversary behind one more reversal: minus times minus, so that features help it (section 9)."""

    def __init__(self, adversary):
        super().__init__()
        self.adversary = adversary

    def forward(self, h):
        return self.adversary(reverse(h))


def helpful(players):
    """The same players, with the sign turned round."""
    players.adversary = Twice(players.adversary)
    return players


turned = Moons(moon_seeds)
arms = {"source only": (0.0, False), "DANN": (ramp, False), "target-trained": (0.0, True)}
trained = {
    name: fit_reversed(turned.players(), turned.batches(with_target_labels=labels), moon_steps, lr=3e-3, strength=strength)
    for name, (strength, labels) in arms.items()
}
trained["sign turned round"] = fit_reversed(helpful(turned.players()), turned.batches(), moon_steps, lr=3e-3)
reached = {name: turned.accuracy(players) for name, players in trained.items()}

# %% [markdown] tags=["slide", "slide-only"]
# ## Two moons, turned by 35°
#
# Discs: class 0, triangles: class 1. Blue: the source, orange: the target. Below: features of both.

# %% tags=["slide-continue", "slide-picture"]
def boundary(axis, players, task, k, title):
    """Where member k draws its border, grey where it says 1; the shape of a mark is its class, the colour its domain."""
    lattice = torch.cartesian_prod(torch.linspace(-2.2, 2.2, 80), torch.linspace(-1.7, 1.7, 70))
    with torch.no_grad():
        logits = players.classifier(players.features(lattice.expand(len(task.seeds), -1, -1)))[k]
    says_one = logits.softmax(1)[:, 1].view(80, 70).T
    axis.imshow(says_one, extent=(-2.2, 2.2, -1.7, 1.7), origin="lower", cmap="Greys", vmin=0, vmax=3, aspect="auto")
    axis.contour(says_one, [0.5], extent=(-2.2, 2.2, -1.7, 1.7), colors=INK, linewidths=1.5)
    half = task.y.shape[1]
    for domain, points, of, colour in (("source", task.x[k, :half], task.y[k], SOURCE), ("target", task.x[k, half:], task.hidden[k], TARGET)):
        for value, mark in ((0, "o"), (1, "^")):
            look = {"facecolors": "none" if value else colour, "edgecolors": colour, "marker": mark, "linewidths": 0.8, "s": 13}
            axis.scatter(*points[of == value].T, **look, label=f"{domain}, class {value}")
    axis.set(xlim=(-2.2, 2.2), ylim=(-1.7, 1.7), xticks=[], yticks=[])
    axis.set_title(title, fontsize=10)


def codes_of(axis, players, task, k, title=""):
    """Features of the source (blue) and of the target (orange), on their two main axes."""
    with torch.no_grad():
        codes = players.features(task.x)[k]
    plane = codes @ torch.pca_lowrank(codes, 2)[2]
    half = task.y.shape[1]
    for part, colour in ((plane[:half], SOURCE), (plane[half:], TARGET)):
        axis.scatter(*part.T, s=8, color=colour, alpha=0.6, linewidths=0)
    axis.set(xticks=[], yticks=[])
    axis.set_title(title, fontsize=10)


middle = int(reached["DANN"].argsort()[len(moon_seeds) // 2])  # the seed of middling success
fig, axes = plt.subplots(2, 4, figsize=(11, 4.8), layout="constrained")
for name, column in zip(trained, axes.T, strict=True):
    boundary(column[0], trained[name], turned, middle, f"{name}: target {reached[name][middle]:.2f}")
    codes_of(column[1], trained[name], turned, middle, "its features")
fig.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
plt.show()

# %% [markdown] tags=["notes"]
# One training, the one in the middle of DANN's ten; at the right the null. The shape of a mark is its class (discs 0, open triangles 1), its colour the domain: blue the source, orange the target, whose shapes only we see, and *target-trained*. Black line: the border; grey: where the decision is 1. Below: the features of both domains in their main plane.

# %% [markdown] tags=["slide", "slide-only"]
# ## Ten trainings of each arm

# %% tags=["slide-continue"]
reading = scale.pick(ci=20, cpu=400, gpu=1000)  # steps of a fresh reader
strange = [torch.cat([task_x[:, part] for task_x in (turned.source_test[0], turned.test[0])], 1) for part in (slice(500), slice(500, None))]
of_domain = torch.arange(2).repeat_interleave(500).expand(len(moon_seeds), -1)


def goes_on(players, batches, lr):
    """The players, whose trained adversary learns on from the same batches at the same rate; the features now stand still."""
    stayed = copy.deepcopy(players.adversary)

    def loss():
        x, _, d = next(batches)
        with torch.no_grad():
            h = players.features(x)
        return adversary_loss(stayed(h), d).sum()

    networks.descend(stayed, loss, reading, lr=lr)
    return Players(players.features, players.classifier, stayed)


def reads_domain(players):
    """How often the trained adversary, the same one after it has gone on, and a fresh one tell the domain of points new to all."""
    with torch.no_grad():
        learned, asked_about = (players.features(x) for x in strange)
    fresh = leakage(learned, of_domain, asked_about, of_domain, steps=reading, hidden=(32,))
    trained_ones = players, goes_on(players, turned.batches(), lr=3e-3)
    return *((one.read(strange[1]) == of_domain).float().mean(1) for one in trained_ones), fresh


heard = {name: reads_domain(players) for name, players in trained.items()}
viz.table(
    [
        {
            "arm": name,
            "source accuracy": f"{turned.accuracy(players, 'source').mean():.3f}",
            "target accuracy": f"{reached[name].mean():.3f}",
            "worst and best seed": f"{reached[name].min():.2f} to {reached[name].max():.2f}",
            "trained adversary": f"{heard[name][0].mean():.2f}",
            "the same, features still": f"{heard[name][1].mean():.2f}",
            "fresh adversary": f"{heard[name][2].mean():.2f}",
        }
        for name, players in trained.items()
    ],
    caption=f"{len(moon_seeds)} trainings of each arm; the last three columns: who reads the domain, of points not learned from, where chance is 0.5",
)

# %%
nothing_said = leakage(torch.zeros(1, 1000, 16), of_domain[:1], torch.zeros(1, 1000, 16), of_domain[:1], steps=reading, hidden=(32,))
of_points = leakage(strange[0], of_domain, strange[1], of_domain, steps=reading, hidden=(32,))  # a reader of the points themselves
by_larger = leakage(strange[0], of_domain, strange[1], of_domain, steps=3 * reading)
was_there, stayed, fresh = heard["DANN"]
question(
    "S30.moons_reader",
    "What a fresh adversary reads of the domain in DANN's features of the moons, less what the trained one reads",
    ours=fresh - was_there,
    over="trainings",
    baselines=nulls(
        features_that_say_nothing=(nothing_said - 0.5).abs(), features_that_hide_nothing=(heard["source only"][2] - heard["source only"][0]).mean()
    )
    | ceilings(the_points_themselves_by_a_larger_reader=(by_larger - was_there).mean()),
    note=f"A fresh one reads {fresh.mean():.2f} of DANN's features, {heard['source only'][2].mean():.2f} of source only's, {of_points.mean():.2f} of the points themselves; "
    f"a larger one, three times as long, {by_larger.mean():.2f}.",
)
question(
    "S30.moons_stays",
    f"What the trained adversary of the moons gains by {reading} steps more on features that stand still",
    ours=stayed - was_there,
    over="trainings",
    baselines=nulls(features_that_hide_nothing=(heard["source only"][1] - heard["source only"][0]).mean()) | ceilings(a_fresh_one=(fresh - was_there).mean()),
)

# %%
blind = turned.accuracy(fit_reversed(turned.players(), shuffled(turned.batches()), moon_steps, lr=3e-3))
gained = {name: values - reached["source only"] for name, values in reached.items()}
moon_row = claim(
    "S30.moons",
    "Two moons turned by 35 degrees: the target accuracy that gradient reversal adds to source only",
    paper="source only is not fully adapted, DANN is better",
    ours=gained["DANN"],
    over="trainings",
    tolerance=at_least(0.15),
    baselines=nulls(domains_shuffled=(blind - reached["source only"]).mean(), sign_turned_round=gained["sign turned round"].mean())
    | ceilings(target_labels=gained["target-trained"].mean()),
    source="Ganin et al. 2016, section 5.1.1 and figure 2",
    note="Learning rate and batch were chosen on other seeds, with a look at their target labels.",
)
claim(
    "S30.moons_perfect",
    "Two moons turned by 35 degrees: target accuracy of gradient reversal",
    paper="perfect",
    ours=reached["DANN"],
    over="trainings",
    tolerance=at_least(0.99),
    open="written after its values were known, and the paper shows one training of its own networks",
    baselines=nulls(source_only=reached["source only"].mean(), domains_shuffled=blind.mean(), sign_turned_round=reached["sign turned round"].mean())
    | ceilings(target_labels=reached["target-trained"].mean()),
    source="Ganin et al. 2016, section 5.1.1 and figure 2",
    note=f"At least 0.99 in {int((reached['DANN'] >= 0.99).sum())} of {len(moon_seeds)}; worst {reached['DANN'].min():.3f}, best {reached['DANN'].max():.3f}.",
)
question(
    "S30.sign_gain",
    "The moons with the sign turned round: target accuracy that features which help the adversary add to source only",
    ours=gained["sign turned round"],
    over="trainings",
    baselines=nulls(no_difference=0.0, domains_shuffled=(blind - reached["source only"]).mean()),
)
question(
    "S30.sign",
    "Does the sign matter? Target accuracy of DANN less that of the same game whose features help the adversary",
    ours=reached["DANN"] - reached["sign turned round"],
    over="trainings",
    baselines=nulls(no_difference=0.0),
)

# %% [markdown] tags=["slide-continue", "slide-only"]
# Most of the gap closes. (Target labels of other seeds chose the settings.) Is it the *reversal*?
#
# - With the domains shuffled: nothing over source only.
# - With the sign turned round, features that *help* the adversary: +0.08 (0.01 to 0.15).
# - With the right sign +0.22.
# - A fresh reader tells the domain nearly as often as without any adversary: 0.79 against 0.80.
#
# The paper's null is *source only*; the turned sign is harder.

# %% [markdown] tags=["notes"]
# Most of the gap closes, without a label of these targets. Is it the *reversal*? The table's last row turns its sign round: same losses, same data, and features that help the adversary. They gain as well: 0.08 of DANN's 0.22, between 0.01 and 0.15. (DANN's tolerance was set on other seeds; its interval begins at 0.1505.)
#
# So a gain over source only does not show that the sign is right. What the right sign adds is in the last box: 0.14, between 0.06 and 0.22. And without the *domain* nothing is gained: with the domains dealt out at random, a null of DANN's row, the same game ends where source only does.
#
# *Perfect*, as in the paper's figure, it is in none of ten trainings: 0.91 in the mean, 0.99 in the best, 0.79 in the worst: its row stays open. The first asks only whether it helps much.
#
# And look at the table's last columns. The adversary that was trained along reads the domain of unseen points in 0.61 of cases where it played against the features, and a *fresh* one of its size in 0.79, nearly as often as in those of *source only*, 0.80. The trained one itself, 400 steps on, has 0.75 when the features stand still. So they hide the domain from a reader that runs after them, hardly from one for which they wait (section 3), and yet the target gains 22 points.
#
# What the gain rests on, if not on hidden domains, we did not test. And the settings were chosen by looking at target labels (on other seeds), which one may not have. The paper chooses by *reverse validation*, section 5.1.2 (exercise 2).

# %% [markdown] tags=["notes"]
# ### 2.2 How strong?

# %% [markdown] tags=["slide", "slide-only"]
# ## How strong?
#
# Each dot is a training.

# %% tags=["slide-continue", "slide-picture"]
strengths = scale.pick(ci=(0.0, 1.0), cpu=(0.0, 0.1, 1.0, 10.0), gpu=(0.0, 0.1, 0.3, 1.0, 3.0, 10.0))
few = Moons(range(20, 20 + n_seeds))
by_strength = {
    value: fit_reversed(few.players(), few.batches(), moon_steps, lr=3e-3, strength=lambda p, value=value: value * ramp(p))
    for value in strengths
}
fig, axis = plt.subplots(figsize=(7, 3), layout="constrained")
at = range(len(strengths))
for on, colour in (("source", SOURCE), ("target", TARGET)):
    values = torch.stack([few.accuracy(players, on) for players in by_strength.values()])
    axis.plot(at, values, "o", color=colour, ms=4, alpha=0.5)
    axis.plot(at, values.mean(1), color=colour, lw=2, label=f"accuracy on the {on}")
axis.set(xticks=at, xticklabels=strengths, xlabel="strength λ at the end of the ramp", ylim=(0.4, 1.02))
axis.legend()
plt.show()

# %% [markdown] tags=["notes"]
# Each dot is a training, on five tasks that section 2.1 has not used. On this toy a tenth does about as well in the mean as one, and ten is highest; five trainings cannot rank them. One training at a tenth falls below source only. The source hardly suffers. At the end of this notebook you can move $\lambda$ yourself.

# %% [markdown] tags=["slide", "slide-only"]
# ## Features that should not say
#
# Let $d$ be not a domain but a *group* that a decision should not depend on.
#
# A bank sees eight numbers. Whether a loan is repaid depends on ability and luck, not on the group:
#
# - three tell the ability, one the group (a postcode),
# - one mixes both (an income),
# - a pair tells the group only *together*, one is noise.
#
# Leaving out a column named *group* changes nothing, for there is none.

# %% [markdown] tags=["notes"]
# ## 3. Features that should not say
#
# Change one word. Let $d$ be not a domain but an *attribute* $a$: a group that a decision should not depend on. Now all samples have labels, and the same game makes a *fair representation* (Edwards & Storkey 2016; Madras et al. 2018; Zhang et al. 2018 put the adversary on the decision itself): features good for $y$ from which $a$ cannot be read.
#
# So that we know what is true, the table is drawn here. A person has an ability $u$ and a group $a$, independent of each other. Whether a loan is repaid depends on $u$ and on luck, not on $a$. What a bank sees are eight numbers: three tell $u$; one tells $a$, as a postcode does; one mixes both, as an income does; a pair tells $a$ only *together*; one is noise. Leaving out a column
# named *group* changes nothing, for there is none.

# %%
viz.source(applicants)

# %% [markdown] tags=["slide", "slide-only"]
# ## Loans foretold, groups read

# %% tags=["slide-continue"]
table_seeds = range(300, 300 + n_seeds)
people, newcomers, strangers = (
    [torch.stack(part) for part in zip(*(applicants(size, offset + seed) for seed in table_seeds), strict=True)]
    for size, offset in ((2000, 0), (2000, 10_000), (scale.pick(ci=500, cpu=4000, gpu=4000), 5000))
)  # the encoder learns from people, a fresh reader from newcomers, and all are asked about strangers
fair_steps = scale.pick(ci=15, cpu=600, gpu=3000)


def all_eight(x):
    return x


def three_honest(x):
    return x[..., :3]


def four_honest(x):
    """The three honest columns, and income less postcode."""
    return torch.cat([x[..., :3], x[..., 4:5] - x[..., 3:4]], -1)


def table_batches(seen=all_eight, n=128):
    source = torch.Generator().manual_seed(0)
    while True:
        rows = torch.randint(people[0].shape[1], (n,), generator=source)
        x, y, a = (part[:, rows] for part in people)
        yield seen(x), y, a


def fair(strength, size, ahead=0, seen=all_eight):
    """Encoders of what is ``seen`` to ``size`` numbers, one for each table, against an adversary that reads the group; what is left."""
    shown = [seen(group[0]) for group in (people, newcomers, strangers)]
    columns, made = shown[0].shape[-1], []
    for seed in table_seeds:
        with networks.seeded(seed):
            made.append((Encoder(columns, size, (32,)), Classifier(size, 2, (16,)), mlp.Discriminator(size, (32,))))
    players = Players(*(stack(side) for side in zip(*made, strict=True)))
    fit_reversed(players, table_batches(seen), fair_steps, lr=2e-3, strength=lambda p: strength * ramp(p), ahead=ahead)
    with torch.no_grad():
        known_codes, new_codes, unseen_codes = (players.features(x) for x in shown)
    stayed = goes_on(players, table_batches(seen), lr=2e-3)
    return {
        "accuracy": (players.predict(shown[2]) == strangers[1]).float().mean(1),
        "trained adversary": (players.read(shown[2]) == strangers[2]).float().mean(1),
        "the same, features still": (stayed.read(shown[2]) == strangers[2]).float().mean(1),
        "fresh adversary": leakage(new_codes, newcomers[2], unseen_codes, strangers[2], steps=reading, hidden=(32,)),
        "larger, of the encoder's people": leakage(known_codes, people[2], unseen_codes, strangers[2], steps=reading),
        "players": players,
    }


runs = {
    "no adversary, 8 numbers": fair(0.0, 8),
    "λ = 1, 8 numbers": fair(1.0, 8),
    "λ = 1, 8 numbers, adversary 3 steps ahead": fair(1.0, 8, ahead=3),
    "no adversary, 2 numbers": fair(0.0, 2),
    "λ = 1, 2 numbers": fair(1.0, 2),
    "no adversary, 2 numbers, three honest columns": fair(0.0, 2, seen=three_honest),
    "no adversary, 2 numbers, four honest ones": fair(0.0, 2, seen=four_honest),
}
viz.table(
    [
        {"encoder": name}
        | {what: f"{value.mean():.2f} ({value.min():.2f} to {value.max():.2f})" for what, value in list(run.items())[:4]}
        for name, run in runs.items()
    ],
    caption=f"Loans foretold and groups read, of strangers; {n_seeds} tables, mean (least to largest); chance is 0.5",
)

# %% [markdown] tags=["notes", "slide-only"]
# Look at the second row, and at the adversary with which the features were trained. May one report that the group cannot be read? Let the class vote before the next slide.

# %% [markdown] tags=["slide", "slide-only"]
# ## The trap

# %% [markdown] tags=["notes"]
# ### The trap
#
# Read the second row. The adversary with which the features were trained is at chance in the mean (0.46 to 0.57). One would report: *the group cannot be read*. Then a reader comes who was not there, is trained on the finished features, and reads it in nearly nine cases of ten.
#
# There is no contradiction. The features did not drop the group, they *ran away from one reader*: eight numbers leave them room for that. The fresh reader is no larger: a network of the same size, that learns from people whom the encoder has never met and is asked about others again.
#
# Nor is the fresh reader a better one. Let the *trained* adversary itself learn on, from the same people at the same rate, while the features stand still: after 400 steps it reads 0.88 (the third column; features that hide nothing gain it 0.02). Another 400 steps *in the game* do less: 0.64. What counts is that the features stand still.
#
# Elazar and Goldberg found this for text in 2018. (Barrett et al. 2019 repeated it: those readers generalised poorly to new samples, so the leak seemed to be the sample's. Hence our three groups of people.)

# %% tags=["slide-continue"]
trap, larger = runs["λ = 1, 8 numbers"], "larger, of the encoder's people"
blank = torch.zeros(n_seeds, 2000, 8)
deaf = leakage(blank, newcomers[2], torch.zeros(n_seeds, strangers[2].shape[1], 8), strangers[2], steps=reading, hidden=(32,))
free = runs["no adversary, 8 numbers"]
trap_row = claim(
    "S30.trap",
    "What a fresh adversary reads of the group, less what the trained one reads, in features trained to hide it",
    paper="chance in training, well above it afterwards",
    ours=trap["fresh adversary"] - trap["trained adversary"],
    over="trainings",
    tolerance=at_least(0.15),
    baselines=nulls(
        features_that_say_nothing=(deaf - 0.5).abs().mean(), features_that_hide_nothing=(free["fresh adversary"] - free["trained adversary"]).mean()
    ),
    source="Elazar & Goldberg 2018, abstract",
    note="The fresh reader is of the trained one's size, learns from people whom the encoder has not met, and is asked about others "
    "(features standardised, batches of 256 for 128, a rate of 3e-3 for 2e-3); "
    f"a larger one that learns from the encoder's own people: {(trap[larger] - trap['trained adversary']).mean():+.2f}.",
)


def told(group, seed):
    """Two numbers for each person: the group, wrong for one in ten, and noise."""
    source = torch.Generator().manual_seed(seed)
    wrong = torch.rand(group.shape, generator=source) < 0.1
    return torch.stack([(group.bool() ^ wrong).float(), torch.randn(group.shape, generator=source)], 2)


check(
    "S30.reader",
    "A fresh reader of two numbers of which one is the group, wrong for one person in ten",
    expected=0.9,
    ours=leakage(told(newcomers[2], 1), newcomers[2], told(strangers[2], 2), strangers[2], steps=reading, hidden=(32,)),
    over="trainings",
    tolerance=within(0.02),
    baselines=nulls(features_that_say_nothing=deaf.mean()),
)

# %% [markdown] tags=["slide-continue", "slide-only"]
# The trained adversary guesses, 0.51. A fresh one of its size reads 0.89, and *so does the trained one*, 0.88, when the features stand still. They did not drop the group, they *ran away*. Train a reader on the finished features before you report.

# %%
def game_goes_on(players):
    """The same players, who play on for as many steps as that reader learns, at full strength; Adam begins anew, features move."""
    return fit_reversed(copy.deepcopy(players), table_batches(), reading, lr=2e-3, strength=1.0)


more_game = (game_goes_on(trap["players"]).read(strangers[0]) == strangers[2]).float().mean(1)
question(
    "S30.stays",
    f"What the trained adversary gains by {reading} steps more on the same features, which now stand still: accuracy at the group",
    ours=trap["the same, features still"] - trap["trained adversary"],
    over="trainings",
    baselines=nulls(
        features_that_hide_nothing=(free["the same, features still"] - free["trained adversary"]).mean(),
        the_game_as_many_steps_longer=(more_game - trap["trained adversary"]).mean(),
    )
    | ceilings(a_fresh_one=(trap["fresh adversary"] - trap["trained adversary"]).mean()),
    note="The same people, batches and rate as before; Adam begins anew, as it does in the longer game, "
    f"whose adversary reads {more_game.mean():.2f} ({more_game.min():.2f} to {more_game.max():.2f}).",
)
less = runs["no adversary, 2 numbers"]


def on_two_axes(players):
    """How often a fresh reader reads the group from the two main axes of the features."""
    with torch.no_grad():
        learned, asked_about = (players.features(group[0]) for group in (newcomers, strangers))
    middle = learned.mean(1, keepdim=True)
    axes = torch.linalg.svd(learned - middle, full_matrices=False).Vh[:, :2].mT
    return leakage((learned - middle) @ axes, newcomers[2], (asked_about - middle) @ axes, strangers[2], steps=reading, hidden=(32,))


question(
    "S30.room",
    "What does less room hide, with no adversary? A fresh reader's accuracy at the group, 8 numbers less 2 numbers",
    ours=free["fresh adversary"] - less["fresh adversary"],
    over="trainings",
    baselines=nulls(
        no_difference=0.0,
        an_adversary_on_8_numbers=(free["fresh adversary"] - trap["fresh adversary"]).mean(),
        the_8_numbers_cut_to_two_main_axes=(free["fresh adversary"] - on_two_axes(free["players"])).mean(),
    )
    | ceilings(nothing_left=(free["fresh adversary"] - 0.5).mean()),
    note="Asked after the table above. The decision is right for "
    f"{free['accuracy'].mean():.3f} with 8 numbers, {less['accuracy'].mean():.3f} with 2.",
)

# %% [markdown] tags=["notes"]
# What does help? A stronger adversary, hardly: three steps ahead, and the fresh reader still has 0.86. *Less room*, much: with two numbers in place of eight the decision is as good, and the fresh reader has 0.25 less, with no adversary (0.19 less if one only shows the eight's two main axes). The adversary takes a part of the rest, down to 0.56. It reports 0.51: again less than there is.

# %% [markdown] tags=["slide", "slide-only"]
# ## What helps: less room

# %% tags=["slide-continue", "slide-picture"]
sweep_at = scale.pick(ci=(0.0, 1.0), cpu=(0.0, 0.3, 1.0), gpu=(0.0, 0.1, 0.3, 1.0, 3.0))
again = {0.0: runs["no adversary, 2 numbers"], 1.0: runs["λ = 1, 2 numbers"]}
sweep = {value: again.get(value) or fair(value, 2) for value in sweep_at}
fig, axis = plt.subplots(figsize=(7, 3), layout="constrained")
for what, colour, style in (("accuracy", INK, "-"), ("fresh adversary", TARGET, "-"), ("trained adversary", SOURCE, "--")):
    values = torch.stack([run[what] for run in sweep.values()])
    axis.plot(range(len(sweep)), values, "o", color=colour, ms=4, alpha=0.4)
    axis.plot(range(len(sweep)), values.mean(1), color=colour, ls=style, lw=2, label="accuracy of the decision" if what == "accuracy" else f"group read by the {what}")
axis.axhline(0.5, color="#BBBBBB", lw=1, zorder=0)
axis.set(xticks=range(len(sweep)), xticklabels=sweep_at, xlabel="strength λ; two numbers", ylim=(0.4, 1))
axis.legend(fontsize=8)
plt.show()
hidden, honest, fourth = (runs[name] for name in ("λ = 1, 2 numbers", "no adversary, 2 numbers, three honest columns", "no adversary, 2 numbers, four honest ones"))
question(
    "S30.leakage",
    "What is left for a fresh reader, two numbers and λ = 1? Accuracy at the group",
    ours=hidden["fresh adversary"],
    over="trainings",
    baselines=nulls(features_that_say_nothing=deaf.mean(), three_honest_columns=honest["fresh adversary"].mean()) | ceilings(all_eight_columns=leakage(newcomers[0], newcomers[2], strangers[0], strangers[2], steps=reading, hidden=(32,)).mean()),
    note=f"The decision is right for {hidden['accuracy'].mean():.3f}, without adversary and with 8 numbers for {free['accuracy'].mean():.3f}.",
)


def by_sum(told):
    """How often the best weighted sum has the sign of u + its noise, by arithmetic: u is told with noise of variance 1 / ``told``."""
    return 1 - math.acos(math.sqrt(told / (1 + told) / 1.25)) / math.pi


question(
    "S30.honest",
    "What does the adversary buy? Accuracy of the decision, two numbers and λ = 1, less that from the three honest columns alone",
    ours=hidden["accuracy"] - honest["accuracy"],
    over="trainings",
    baselines=nulls(no_difference=0.0, four_honest_numbers=(fourth["accuracy"] - honest["accuracy"]).mean())
    | ceilings(no_adversary_8_numbers=(free["accuracy"] - honest["accuracy"]).mean()),
    note=f"Three honest columns {honest['accuracy'].mean():.3f}; by arithmetic the sign of their sum is right for {by_sum(3):.3f}.",
)
question(
    "S30.fourth",
    "And beside four honest numbers, income less postcode among them? Accuracy of the adversary's decision less theirs",
    ours=hidden["accuracy"] - fourth["accuracy"],
    over="trainings",
    baselines=nulls(no_difference=0.0, three_honest_columns=(honest["accuracy"] - fourth["accuracy"]).mean()),
    note=f"Four honest numbers {fourth['accuracy'].mean():.3f}, by arithmetic {by_sum(3 + 0.8):.3f}; of their features a fresh reader reads "
    f"the group in {fourth['fresh adversary'].mean():.3f}, of those with the adversary in {hidden['fresh adversary'].mean():.3f}.",
)

# %% [markdown] tags=["notes", "slide-only"]
# A stronger adversary hardly helps; less room helps much. Two numbers in place of eight decide as well, and leave less of the group to a fresh reader.

# %% [markdown] tags=["slide", "slide-only"]
# ## What the adversary buys
#
# | two numbers | decision | group, a fresh reader |
# |---|---|---|
# | $\lambda = 1$ | 0.79 | 0.56 |
# | no adversary, three honest columns | 0.78 | 0.50 |
# | the same, and income less postcode | 0.79 | 0.49 |
#
# - One point more than three, and a leak; a fourth honest number does without. But here we *know* which are honest.
# - Fairness came cheaply: the group has no bearing on repaying. Where it has, every $\lambda$ is a price, and which price is right is no question for a loss.
# - Hiding the group is not the only thing called fair: equal error rates need the group to be *known*.

# %% [markdown] tags=["notes"]
# What has the adversary bought? The plain null is the same encoder of the three honest columns alone: right for 0.780, no group read. The adversary's 0.792 is a point more (0.006 to 0.018), and leaks. Must it? In income less postcode, $x_5 - x_4$, the group cancels. With this fourth honest number the decision is right for 0.787 (arithmetic: 0.793), no group is read, and the interval of the adversary's lead holds 0. Who knows this in life?
#
# Fairness came cheaply, and should: $a$ has no bearing on $y$. Where it has, every $\lambda$ is a price; which is right no loss can say. Nor is hiding all that is called fair: equal error rates need $a$ (Hardt et al. 2016).

# %% [markdown] tags=["slide", "slide-only"]
# ## In short
#
# - A classifier says what, a prior says what exists.
# - An adversary that sees nothing proves little: let a reader learn when the features stand still.
# - Ask of each use of an adversary for the null that it has to beat.

# %% [markdown] tags=["notes"]
# # Going deeper
#
# ## 4. ADDA: a GAN between features
#
# Reversal has one $F$ for both domains. ADDA (Tzeng et al. 2017) gives the target an encoder $T$ of its own. First $F$ and $C$ learn the source. Then $F$ stands still, $T$ starts as its copy, and plays a GAN: features of the source are *real*, those that $T$ makes of the target are *fake*. No reversal, but the loss $-\log D$ of lecture 02, with its better slope.

# %%
viz.players(viz.GAMES["adda"])

# %%
viz.source(fit_adda)

# %%
before = by_strength[0.0]  # trained on the source alone
adda_steps = scale.pick(ci=(5, 10), cpu=(600, 1500), gpu=(600, 2000))
stages = {steps: fit_adda(before, few.batches(), steps, lr=3e-4) for steps in adda_steps}
adda = {steps: few.accuracy(players) for steps, players in stages.items()}
print("target accuracy before: " + " ".join(f"{value:.2f}" for value in few.accuracy(before)))
for steps, values in adda.items():
    print(f"after {steps:>5} steps of ADDA: " + " ".join(f"{value:.2f}" for value in values))
fallen = int(adda[adda_steps[1]].argmin())
for steps, players in ({0: before} | stages).items():
    truth = few.test[1][fallen]
    says_one = [players.predict(few.test[0])[fallen][truth == moon].float().mean().item() for moon in (0, 1)]
    print(f"training {fallen + 1} after {steps:>5} steps: says 1 of {says_one[0]:.2f} of moon 0, of {says_one[1]:.2f} of moon 1")
question(
    "S30.adda",
    f"The same moons: the target accuracy that {adda_steps[0]} steps of ADDA add to source only",
    ours=adda[adda_steps[0]] - few.accuracy(before),
    over="trainings",
    baselines=nulls(not_adapted=0.0),
    source="beside Tzeng et al. 2017",
    note=f"After {adda_steps[1]:,} steps: {(adda[adda_steps[1]] - few.accuracy(before)).mean():+.2f}, worst {adda[adda_steps[1]].min():.2f}.",
)

# %% [markdown]
# After 600 steps four of five trainings stand at 0.90 or more. One has fallen, to 0.54 and then to 0.40, so that the interval of the row holds 0. *Nothing ties a class to a class*: $T$ never sees a label, and $C$'s loss does not hold it. Two clouds can be laid over two clouds in two ways, and nothing in the game says which. (CycleGAN has the same freedom, lecture 18.)
#
# A clean exchange of the moons would read near 0. This training is none: after 600 steps it says 1 of 0.19 of moon 0 and 0.27 of moon 1, after 1,500 of 0.62 and 0.42. Whether that freedom felled it we did not test. Reversal keeps the source's labels in the game to the end, and is
# not immune either: see $\lambda = 0.1$ in section 2.2.
#
# ## 5. What hiding costs: other shares
#
# Let the domains differ in how *often* a class occurs. If features hide the domain entirely, so does every decision made of them: it says "1" equally often in both domains. But in truth the shares are $p_S$ and $p_T$, so
#
# $$\text{error}_S + \text{error}_T \;\ge\; |p_S - p_T|,$$
#
# since a decision that is wrong for a share $e$ of the samples says "1" for a share within $e$ of the truth. (Zhao et al. 2019 have the bound in general.) At shares of 0.5 and 0.9 that is 0.4. But it binds only where the domain is hidden *entirely*. Here the target has nine points in ten on one moon; the adversary moves with the others, or three steps ahead of them.

# %%
shift_steps = scale.pick(ci=10, cpu=400, gpu=2000)
shifted = {}
for share in (0.5, 0.9):
    task = Moons(range(40, 40 + n_seeds), share=share)
    plain = fit_reversed(task.players(), task.batches(), shift_steps, lr=3e-3, strength=0.0)
    for ahead in (0, 3):
        adapted = fit_reversed(task.players(), task.batches(), shift_steps, lr=3e-3, ahead=ahead)
        shifted[share, ahead] = task.accuracy(adapted) - task.accuracy(plain)
viz.table(
    [{"target's share of moon 1": share, "adversary ahead": ahead, "gain over source only": f"{gains.mean():+.2f} ({gains.min():+.2f} to {gains.max():+.2f})"} for (share, ahead), gains in shifted.items()],
    caption=f"Target accuracy that DANN adds, {n_seeds} trainings: mean (least to largest)",
)

# %%
question(
    "S30.shift",
    "What do other shares cost an adversary that is three steps ahead? Gain at shares 0.5 and 0.9 less gain at equal shares",
    ours=shifted[0.9, 3] - shifted[0.5, 3],
    over="trainings",
    baselines=nulls(no_cost=0.0),
    source="beside Zhao et al. 2019",
    note=f"With an adversary that is not ahead: {(shifted[0.9, 0] - shifted[0.5, 0]).mean():+.2f}.",
)

# %% [markdown]
# The gains are smaller at unequal shares, by 0.06 in the mean of the row and by 0.11 where the adversary is not ahead, but the trainings differ too much for a verdict: the interval of the row holds 0.
#
# An adversary that is ahead gains less at *both* shares here, so it is no clean test either. How near the bound is we did not measure, nor how far these features hide the domain; source only may also start elsewhere at other shares. Nothing in the source's accuracy would tell you how near you are; labels of a few target samples would.
#
# ## 6. Digits: two pens
#
# The paper's first pictures: MNIST as the source; as the target *MNIST-M*, $|\text{digit} - \text{patch}|$ over patches of colour photographs. To us a seven remains a seven. (Ours below are other digits than the source's, over photographs that come with pip packages.) There source only reads `0.5225`, DANN `0.7666`, target-trained `0.9596` (table 2), after a training that takes longer than a lecture.

# %%
source_set, target_set = mnist_and_mnist_m("train")
flat, flat_test = (F.avg_pool2d(data.to_float(handwritten_digits(split, 28).images), 2).flatten(1) for split in ("train", "test"))


def bold(x):
    """The same digits by a pen of three times the width: each pixel the brightest of its neighbourhood."""
    return F.max_pool2d(x.view(-1, 1, 14, 14), 3, 1, 1).flatten(1)


def tile(x):
    return F.interpolate(x[:14].view(-1, 1, 14, 14), 28).expand(-1, 3, -1, -1)


tiles = [data.to_float(source_set.images[:14]), data.to_float(target_set.images[:14]), tile(flat), tile(bold(flat[2000:]))]
viz.show(
    viz.labelled_grid(torch.cat(tiles), rows=["paper: source", "paper: target", "ours: source", "ours: target"], n_columns=14),
    "Labels belong to the sources; those of the targets are what we want.",
)

# %% [markdown]
# Our task fits into seconds: digits at 14 px, written with a thin pen and with a **bold** one. The networks are perceptrons, ten at once; $\lambda$ rises to 0.3, chosen on other seeds with a look at target labels, where 1 and 0.1 did no better. Beside the bounds stand the nulls that section 2.1 had: the *sign turned round*, and *domains shuffled*, so that the adversary has nothing to learn and only shakes the features.

# %%
n_pens, pen_steps = scale.pick(ci=2, cpu=10, gpu=10), scale.pick(ci=10, cpu=600, gpu=3000)
pens = torch.cat([flat[:2000], bold(flat[2000:])])


def pen_batches(with_target_labels=False, n=32):
    """n digits of the thin pen and n of the bold one, the same for every seed."""
    source, nobody = torch.Generator().manual_seed(0), torch.full((n,), UNLABELLED)
    d = torch.arange(2).repeat_interleave(n).expand(n_pens, -1)
    while True:
        rows = torch.cat([torch.randint(2000, (n,), generator=source), 2000 + torch.randint(2000, (n,), generator=source)])
        y = torch.cat([nobody, classes[rows[n:]]] if with_target_labels else [classes[rows[:n]], nobody])
        yield pens[rows].expand(n_pens, -1, -1), y.expand(n_pens, -1), d


def pen_players():
    made = []
    for seed in range(70, 70 + n_pens):
        with networks.seeded(seed):
            made.append((Encoder(196, 64, (128,)), Classifier(64, 10, (32,)), mlp.Discriminator(64, (64,))))
    return Players(*(stack(side) for side in zip(*made, strict=True)))


def gently(p):
    return 0.3 * ramp(p)


pen_arms = {
    "source only": (pen_players(), pen_batches(), 0.0),
    "DANN": (pen_players(), pen_batches(), gently),
    "sign turned round": (helpful(pen_players()), pen_batches(), gently),
    "domains shuffled": (pen_players(), shuffled(pen_batches()), gently),
    "target-trained": (pen_players(), pen_batches(with_target_labels=True), 0.0),
}
by_pen = {}
for name, (players, batches, strength) in pen_arms.items():
    fit_reversed(players, batches, pen_steps, lr=2e-3, strength=strength)
    on_both = [(players.predict(x.expand(n_pens, -1, -1)) == unseen.labels).float().mean(1) for x in (flat_test, bold(flat_test))]
    by_pen[name] = dict(zip(("source", "target"), on_both, strict=True))
viz.table(
    [{"arm": name} | {f"{on} accuracy": f"{v.mean():.2f} ({v.min():.2f} to {v.max():.2f})" for on, v in both.items()} for name, both in by_pen.items()],
    caption=f"Unseen digits of both pens, {n_pens} trainings of {pen_steps} steps: mean (least to largest)",
)

# %%
pen_gain = {name: both["target"] - by_pen["source only"]["target"] for name, both in by_pen.items()}
question(
    "S30.pictures",
    "What does gradient reversal add on digits of another pen? Target accuracy less that of source only",
    ours=pen_gain["DANN"],
    over="trainings",
    baselines=nulls(domains_shuffled=pen_gain["domains shuffled"], sign_turned_round=pen_gain["sign turned round"])
    | ceilings(target_labels=pen_gain["target-trained"]),
    source="beside Ganin et al. 2016, table 2: 0.24 on MNIST-M",
)
question(
    "S30.pictures_sign",
    "Does the sign matter there? Target accuracy of DANN less that of the same game whose features help the adversary",
    ours=pen_gain["DANN"] - pen_gain["sign turned round"],
    over="trainings",
    baselines=nulls(no_difference=0.0),
)

# %% [markdown]
# Here reversal adds nothing: 0.00 in the mean of ten trainings (interval -0.05 to 0.05), where target labels would add 0.39, and it costs five points on the source. Single trainings of DANN end at 0.32 to 0.52, those of source only at 0.41 to 0.51, so one of them can show you a gain or a loss.
#
# With the domains shuffled the mean is the same; with the sign turned round it is four points lower, so here that null is the easier one, and yet the interval of DANN's lead over it holds 0 (the second box). Tried and dropped on the way, on other seeds, for gaining next to nothing or losing: digits on stripes, faded ones, ones turned by 40°.
#
# The moons are kind: a small turn leaves most of each moon where it was. Where the features of both domains do not nearly fit to begin with,
# an adversary may lay them over each other in the wrong way, and nothing in the game objects (section 4).
#
# Before you believe a gain on your own data, run both nulls, the shuffled domains and the turned sign: on the moons the second was the harder one, here the first. Each costs one line.
#
# ## 7. Active learning: a discriminator asks
#
# Labels cost; which picture should be labelled next? *Discriminative active learning* trains a discriminator of labelled against unlabelled, and asks for what looks least like what we have, in the features of the classifier (Gissin & Shalev-Shwartz 2019). The labelled set plays the generator: it changes until it cannot be told from the pool.
#
# *VAAL* (Sinha et al. 2019) knows no classes at all. An autoencoder of all pictures gives each a code with mean $m(x)$, $D$ reads from $m(x)$ whether the picture has a label, and the autoencoder, while it redraws its input, *hides* that from $D$:
#
# $$\mathcal L_{\text{VAE}} = \mathbb E_q \|x - G(z)\|^2 + \beta\, \text{KL} - \log D(\text{labelled} \mid m(x)), \qquad \mathcal L_D = -\mathbb E_L \log D(\text{labelled} \mid m(x)) - \mathbb E_U \log D(\text{pool} \mid m(x)).$$
#
# What $D$ still takes for the pool is asked next. The rivals of both are *uncertainty* (what the classifier is least sure of) and a *random* draw, which is stronger than it looks.

# %%
viz.players(viz.GAMES["vaal"])

# %%
viz.source(choose, autoencoder_loss)

# %%
exam = (flat_test, unseen.labels)
even = torch.arange(2000)
rare = torch.cat([torch.where(classes == k)[0][: 300 if k < 5 else 30] for k in range(10)])  # the digits 5 to 9 are rare
pools = {"an even pool": Pool(flat[even], classes[even]), "5 to 9 are rare, and unknown at first": Pool(flat[rare], classes[rare])}
asking = {"each": 30, "rounds": scale.pick(ci=1, cpu=2, gpu=6), "steps": scale.pick(ci=10, cpu=200, gpu=400)}
active_seeds = range(scale.pick(ci=2, cpu=10, gpu=10))
curves = {
    name: {
        method: learning_curves(
            method, pool, exam, seeds=active_seeds, first=100, among=None if name == "an even pool" else torch.where(pool.y < 5)[0], **asking
        )
        for method in METHODS
    }
    for name, pool in pools.items()
}
fig, axes = plt.subplots(1, 2, figsize=(9, 3.2), layout="constrained", sharey=True)
for (name, of_pool), axis in zip(curves.items(), axes, strict=True):
    by_chance = of_pool["random"].accuracy
    for place, (method, colour, mark) in enumerate(zip(METHODS[1:], (TARGET, SOURCE, "#8A8A8A"), "sD^", strict=True)):
        ahead = (of_pool[method].accuracy - by_chance)[1:]  # of the same first labels [rounds, trainings]
        mean = ahead.mean(1)
        ends = torch.tensor([interval_of(row.tolist()) for row in ahead]).T
        at = [labels + 3 * (place - 1) for labels in of_pool[method].labels[1:]]
        axis.errorbar(at, mean, (ends - mean).abs(), color=colour, marker=mark, ls="none", ms=7, capsize=4, label=method)
    axis.axhline(0, color=INK, lw=1)
    axis.set(xlabel="labels", xticks=of_pool["random"].labels[1:])
    axis.set_title(f"{name}: a random draw {by_chance[0].mean():.2f} to {by_chance[-1].mean():.2f}", fontsize=10)
axes[0].set_ylabel("accuracy, less a random draw's")
axes[0].legend()
plt.show()

# %%
for suffix, name in zip(("even", "rare"), curves, strict=True):
    chance = curves[name]["random"].accuracy[-1]
    for method in METHODS[1:]:
        question(
            f"S30.active_{suffix}_{method}",
            f"Active learning, {name}: accuracy that '{method}' adds to a random draw at the last round",
            ours=curves[name][method].accuracy[-1] - chance,
            over="trainings",
            baselines=nulls(random=0.0),
            source=f"beside {'Sinha et al. 2019' if method == 'variational' else 'Gissin & Shalev-Shwartz 2019'}",
        )
half_known = torch.where(classes[even] < 5)[0]
told_of = torch.stack([half_known[torch.randperm(len(half_known), generator=torch.Generator().manual_seed(k))[:100]] for k in active_seeds])
with networks.seeded(0):
    blank_slate = stack([Classifier(196, 10, (64,)) for _ in active_seeds])
chosen = choose("discriminative", blank_slate, flat[even], told_of, 30, ())


def unknown(rows):
    """Share of 5 to 9 among the rows asked, for each training."""
    return (classes[even][rows] >= 5).float().mean(1)


check(
    "S30.discriminator",
    "Labels of 0 to 4 only, an even pool: share of 5 to 9 among the 30 that the discriminator asks for first",
    expected="nearly all",
    ours=unknown(chosen),
    over="trainings",
    tolerance=at_least(0.75),
    baselines=nulls(random=(classes[even] >= 5).float().mean()),
)
vaal_asks = unknown(choose("variational", blank_slate, flat[even], told_of, 30, ()))
of_pixels = flat[even].expand(len(told_of), -1, -1)
with torch.no_grad():
    of_chance = vaal.Players(len(told_of), 196, 16).code(of_pixels)[0]  # codes of VAAL's encoder before it has learned
by_pixels, by_random_codes = (unknown(choose_by_codes(h, told_of, 30, parts=1, steps=300)) for h in (of_pixels, of_chance))
check(
    "S30.variational",
    "The same of VAAL: share of 5 to 9 among the 30 that it asks for first",
    expected="nearly all",
    ours=vaal_asks,
    over="trainings",
    tolerance=at_least(0.75),
    baselines=nulls(random=(classes[even] >= 5).float().mean()),
    note=f"With an autoencoder that does not hide, {unknown(choose_unlike(flat[even], told_of, 30, weight=0.0)).mean():.2f}.",
)
question(
    "S30.variational_codes",
    "What does VAAL owe to its codes? That share less that of a discriminator of the same size that reads raw pixels",
    ours=vaal_asks - by_pixels,
    over="trainings",
    baselines=nulls(no_difference=0.0, untrained_encoder=(by_random_codes - by_pixels).mean()),
    note=f"VAAL {vaal_asks.mean():.2f}, raw pixels {by_pixels.mean():.2f}, the codes of an encoder that has not learned {by_random_codes.mean():.2f}.",
)

# %% [markdown]
# Both discriminators do what they say: where half of the classes have no label, they ask for those, in every training at least eight times in ten where a random draw has five. One reads the features of an untrained network (the curves use trained ones), the other codes.
#
# VAAL does not owe that to hiding: an autoencoder that does not hide asks for 0.96. To its codes it owes a little: the same discriminator on raw pixels asks for 0.92, on the codes of an encoder that has not learned for 0.85, and VAAL for 0.97.
#
# But on an even pool a random draw covers everything as well. There no method adds anything that ten trainings tell from 0, not even uncertainty, and VAAL *costs* a point and a half, with an interval below 0. Where the missing classes are *rare*, uncertainty gains ten points, and the two discriminators nothing certain; why, we did not test. (Uncertainty is the positive control: the effect was there to be had.)
#
# The paper of VAAL reports gains on photographs, CIFAR-10 to ImageNet (abstract); ours are 60 labels beyond the first hundred, in two batches, and perceptrons. Gissin and Shalev-Shwartz say of larger batches that none of the methods they try is clearly better than uncertainty.
#
# ## 8. AnoGAN: what the generator cannot draw
#
# The search of part one turned round: look for the $z$ whose picture is *nearest to a given $x$* (lecture 10). A generator that has seen healthy eyes only can draw only those, and what is left, $|x - G(z^*)|$, shows what is ill (Schlegl et al. 2017; they add a distance in the features of $D$). Ours has never seen a 2. Does the rest tell twos from other unseen digits?

# %%
times, per = scale.pick(ci=(2, 1), cpu=(5, 2), gpu=(5, 2))  # draws of unseen digits, none in two of them; of each class but the 2


def of_class(k, n):
    return torch.where(unseen.labels == k)[0][: times * n].view(times, n)


lineup = torch.cat([of_class(UNSEEN, 9 * per), *(of_class(k, per) for k in range(10) if k != UNSEEN)], 1)  # [draws, 18 per]: twos first
suspects = unseen_pixels[lineup.flatten()]
guilty = torch.arange(lineup.shape[1]) < 9 * per
inverted = {
    name: invert(model, suspects, steps=scale.pick(ci=5, cpu=60, gpu=300), restarts=2) for name, model in {"GAN": generator, "untrained": raw}.items()
}


def auroc(score):
    """For each draw how often a 2 has a larger score than another digit."""
    return torch.stack([(one[guilty][:, None] > one[~guilty]).float().mean() for one in score.view(times, -1)])


left = {name: auroc(found_z.error) for name, found_z in inverted.items()}
neighbour = auroc(torch.cdist(suspects.flatten(1), clean.flatten(1)).amin(1))
ink = auroc(suspects.flatten(1).sum(1))
pick = torch.cat([torch.arange(6), 9 * per + torch.arange(0, 9 * per, per)[:6]])
redrawn = inverted["GAN"].images
viz.show(
    viz.labelled_grid(torch.cat([suspects[pick], redrawn[pick], (suspects - redrawn)[pick].abs() - 1]), rows=["unseen", "nearest G(z)", "what is left"], n_columns=12),
    "Six twos and six others.",
)
question(
    "S30.anogan",
    "AnoGAN's residual: how often has a 2, never seen, more of it than another unseen digit? (AUROC)",
    ours=left["GAN"],
    over="draws of unseen digits",
    baselines=nulls(chance=0.5, untrained_generator=left["untrained"], amount_of_ink=ink, distance_to_nearest_training_digit=neighbour),
    source="beside Schlegl et al. 2017",
    note=f"One generator, shipped; {lineup.shape[1]} pictures a draw, none in two draws.",
)
question(
    "S30.anogan_null",
    "What does the search add to the nearest training digit? AUROC of the residual less that of the distance",
    ours=left["GAN"] - neighbour,
    over="draws of unseen digits",
    baselines=nulls(no_difference=0.0, untrained_generator=left["untrained"] - neighbour),
)

# %% [markdown]
# It does, in 0.83 of the comparisons over five draws of unseen digits; the amount of ink alone has 0.61, the rest of an untrained generator 0.63.
#
# But the *distance to the nearest training digit*, which needs no generator and no search, has 0.95: ahead by 0.12 in the mean of the five draws (interval 0.07 to 0.18). Two things may be at fault: the generator draws parts of a 2, as the second row shows, and a short search may miss digits that it knows. All this is one generator. Whoever shows you an anomaly detector should show this null beside it.

# %% [markdown] tags=["slide", "slide-only"]
# ## What goes wrong: a sign, twice
#
# A rate of $-10$ in the schedule, and a reversal layer that negates by itself: minus times minus.

# %% [markdown] tags=["notes"]
# ## 9. What goes wrong
#
# ### A sign, twice
#
# A public DANN (CuthbertCai/pytorch_DANN) had the schedule's rate as `gamma = -10` in `train/params.py`, and a reversal layer that negates the gradient itself. With $\gamma < 0$ the schedule gives $\lambda_p < 0$, and minus times minus is plus: the features *help* the adversary. A reader saw it (issue 10), and the author agreed that it should be 10.
#
# Why did it not show? Nothing fails, and the target's accuracy may even *rise*: in section 2.1 the same mistake gained 0.08 over source only. Only the comparison with the right sign tells, or the adversary's own accuracy, which should fall: there it was 0.61 with the right sign, 0.82 with the turned one, and 0.79 with no strength at all. So `reverse` refuses a strength below 0.

# %% tags=["nbval-check-output", "slide-continue"]
slope_of = {}
for name, rate in {"gamma = 10": 10, "gamma = -10": -10}.items():
    strength = 2 / (1 + math.exp(-rate * 0.5)) - 1
    feature = torch.tensor([1.0], requires_grad=True)
    through = feature * 1.0
    through.register_hook(lambda g, s=strength: -s * g)  # a reversal layer that asks nothing of its strength
    (3 * through).sum().backward()
    print(f"{name:>12}: strength {strength:+.2f} half-way; the adversary's slope is +3.00, the features receive {feature.grad.item():+.2f}")

# %% [markdown] tags=["slide-continue", "slide-only"]
# Nothing fails, and the target's accuracy may even *rise*: on the moons by 0.08. Only the comparison with the right sign tells, or the adversary's own accuracy.

# %% [markdown] tags=["slide", "slide-only"]
# ## Class loss minus adversary's loss
#
# Without a reversal layer, one descent on $L_y - \lambda L_d$:
#
# - $F$ gets the right gradient,
# - $A$ gets the *wrong* one: it learns to be as wrong as it can. $F$ has an opponent that plays for it.
#
# Two optimisers, or a reversal.

# %% [markdown] tags=["notes"]
# ### Class loss minus adversary's loss
#
# Asked in the same repository (issue 13): without a reversal layer, why not one descent on $L_y - \lambda L_d$? That gives $F$ the right gradient, and $A$ the *wrong* one: it learns to be as wrong as it can, and $F$ has an opponent that plays for it. Two optimisers, or a reversal. Section 2's line tells you if you wrote this.

# %% [markdown]
# ## What was measured
#
# The rows of this lecture by kind and verdict. Each box above unfolds on a click; `CLAIMS.md` has the rows of all lectures.

# %% tags=["slide-continue"]
summary()

# %% [markdown]
# ## Play
#
# One training of section 2.2 for every strength: the decision, and the features of both domains below it. At which $\lambda$ do the clouds lie on each other? Do they say how well the target is read (the title counts), and does the source suffer? It is one training for each $\lambda$: compare with the dots of section 2.2.

# %%
def at_strength(value):
    def draw(figure):
        axes = figure.subplots(1, 2)
        players = by_strength[value]
        boundary(axes[0], players, few, 0, f"λ = {value}: source {few.accuracy(players, 'source')[0]:.2f}, target {few.accuracy(players)[0]:.2f}")
        codes_of(axes[1], players, few, 0, "features: blue source, orange target")

    return rendered(draw, 860, 340)


widgets.explorer({f"λ = {value}": at_strength(value) for value in strengths}, "strength", kind="slider")

# %% [markdown]
# ## Exercises
#
# 1. **Write a line: another condition.** Replace `likes(classifier, y)` in section 1 by a condition of your own: *a dark picture*, $-\text{mean}(x)$; *a 3 or an 8*, $\log(p(3|x) + p(8|x))$; *an undecided one*, the entropy. Which $\epsilon_2$ does each need, and why?
# 2. **Reverse validation.** Choose $\lambda$ of section 2.2 without a target label: label the target by the adapted network, train a new network of the same kind from it back to the source, and count on held-out source labels. Does it choose the $\lambda$ that the target labels choose?
# 3. **Whom does it serve?** In section 3 let $a$ act on $y$: repay with $u + a / 2$. Draw accuracy against leakage over $\lambda$ again, and the accuracy *in each group*. What does hiding $a$ cost, and whom?
# 4. **A reader that stays.** Keep five adversaries in section 3, each begun anew every hundred steps (Elazar & Goldberg try ensembles). How far does the fresh reader fall with eight numbers? Five tables, tolerance first.
# 5. **Turn further.** DANN on moons turned by 10°, 35°, 60°, 90°, 120°: from which angle on does it choose the wrong moon? Why must it, at 180°?
# 6. **A better AnoGAN.** Divide the residual of section 8 by the distance to the nearest training digit, add the features of a classifier, or take the best of ten starts. Fix the null first.

# %%
widgets.quiz(
    [
        {
            "question": "Pixels climbed through a classifier look like noise, and the classifier is certain. What is missing?",
            "answer": "A prior: $p(x)$ in $p(x \\mid y) \\propto p(x)\\, p(y \\mid x)$",
            "why": "The classifier was asked to separate digits, not to know how far a picture is from all of them.",
            "wrong": {
                "A better classifier": "All five did it; what is needed is something that knows pictures.",
                "More steps": "It is certain already, and no step asks how likely a picture is.",
            },
        },
        {
            "question": "In the joint update, what does $\\epsilon_1$ multiply when a denoiser $R$ supplies the prior?",
            "answer": "$R(h) - h$",
            "why": "The step of a denoiser is $\\sigma^2$ times the slope of the log density.",
            "wrong": {
                "$R(h)$": "That is a place, not a direction.",
                "$h - R(h)$": "That points away from the data.",
            },
        },
        {
            "question": "What does gradient reversal change on the way forward?",
            "answer": "Nothing",
            "why": "It is the identity; only the derivative is replaced by $-\\lambda$.",
            "wrong": {
                "The sign of the features": "Then the adversary would see other features than the classifier.",
                "It scales features by $\\lambda$": "Only gradients are scaled.",
            },
        },
        {
            "question": "An adversary trained along reads the group at chance. What may you report?",
            "answer": "That this adversary lost; then train a fresh one on the finished features",
            "why": "Features can run away from a reader; when they stand still they tell it nearly as much as before.",
            "wrong": {
                "That the group has been removed": "Section 3: the next reader had nearly nine in ten.",
                "That the decision is fair": "It may depend on the group through what the adversary did not find; and fair has several meanings.",
            },
        },
        {
            "question": "Source: 50 % ones. Target: 90 % ones. Features hide the domain perfectly. What is the least sum of the two error rates?",
            "answer": "0.4",
            "why": "The same share is called 1 in both domains, and the truths differ by 0.4.",
            "wrong": {
                "0": "Then the shares of what is called 1 would differ, and tell the domain.",
                "0.9": "A decision that says 1 for 50 to 90 % of both reaches 0.4.",
            },
        },
    ]
)

# %% [markdown]
# ## Further reading
#
# - A. Nguyen, A. Dosovitskiy, J. Yosinski, T. Brox & J. Clune, [*Synthesizing the preferred inputs for neurons in neural networks via deep generator networks*](https://arxiv.org/abs/1605.09304), NeurIPS 2016; A. Nguyen et al., [*Plug & Play Generative Networks*](https://arxiv.org/abs/1612.00005), CVPR 2017; A. Nguyen, J. Yosinski & J. Clune, [*Deep Neural Networks are Easily Fooled*](https://arxiv.org/abs/1412.1897), CVPR 2015.
# - G. Alain & Y. Bengio, [*What Regularized Auto-Encoders Learn from the Data-Generating Distribution*](https://arxiv.org/abs/1211.4246), JMLR 2014. C. Szegedy et al., [*Intriguing properties of neural networks*](https://arxiv.org/abs/1312.6199), ICLR 2014.
# - Y. Ganin et al., [*Domain-Adversarial Training of Neural Networks*](https://arxiv.org/abs/1505.07818), JMLR 2016. E. Tzeng et al., [*Adversarial Discriminative Domain Adaptation*](https://arxiv.org/abs/1702.05464), CVPR 2017. S. Ben-David et al., [*A theory of learning from different domains*](https://doi.org/10.1007/s10994-009-5152-4), Machine Learning 2010. H. Zhao et al., [*On Learning Invariant Representations for Domain Adaptation*](https://arxiv.org/abs/1901.09453), ICML 2019.
# - H. Edwards & A. Storkey, [*Censoring Representations with an Adversary*](https://arxiv.org/abs/1511.05897), ICLR 2016. D. Madras et al., [*Learning Adversarially Fair and Transferable Representations*](https://arxiv.org/abs/1802.06309), ICML 2018. B. Zhang et al., [*Mitigating Unwanted Biases with Adversarial Learning*](https://arxiv.org/abs/1801.07593), AIES 2018. M. Hardt et al., [*Equality of Opportunity in Supervised Learning*](https://arxiv.org/abs/1610.02413), NeurIPS 2016.
# - Y. Elazar & Y. Goldberg, [*Adversarial Removal of Demographic Attributes from Text Data*](https://arxiv.org/abs/1808.06640), EMNLP 2018; M. Barrett et al., [*Adversarial Removal of Demographic Attributes Revisited*](https://doi.org/10.18653/v1/D19-1662), EMNLP 2019.
# - D. Gissin & S. Shalev-Shwartz, [*Discriminative Active Learning*](https://arxiv.org/abs/1907.06347), 2019. S. Sinha et al., [*Variational Adversarial Active Learning*](https://arxiv.org/abs/1904.00370), ICCV 2019. T. Schlegl et al., [*Unsupervised Anomaly Detection with Generative Adversarial Networks to Guide Marker Discovery*](https://arxiv.org/abs/1703.05921), IPMI 2017. P. Dhariwal & A. Nichol, [*Diffusion Models Beat GANs on Image Synthesis*](https://arxiv.org/abs/2105.05233), NeurIPS 2021.

# %% [markdown]
# # 05. Latent space
#
# [**Covers**](../docs/glossary.md) walks and arithmetic in latent space (Hong, the cs231n notes): claim C11.
# **Papers**: [Radford, Metz & Chintala 2016](https://arxiv.org/abs/1511.06434) (ICLR), sections 6.1 and 6.3.2; [White 2016](https://arxiv.org/abs/1609.04468); [Zhu et al. 2016](https://arxiv.org/abs/1609.03552) (ECCV); [Shoemake 1985](https://doi.org/10.1145/325165.325242).
#
# **Read** for about 40 minutes as far as "Going deeper". **Run**: under a minute at ci scale, about five minutes at cpu scale on one core.
#
# A generator maps random numbers to faces. Does it *know* anything about faces, or does it hold a stack of pictures? And if there is
# something like knowledge in the space of its inputs, can one find where "glasses" are? We walk through that space, do arithmetic in it,
# look for directions in it, and let a classifier count what happens, not a friendly eye. Then a table of mean pictures, which knows nothing, beats nearly every count, and the eye is asked after all.
#
# After it you will be able to
#
# - walk from one face to another, and tell a smooth walk from a lookup table by a number;
# - say when to walk on a line and when on a great circle, and what each does to the length of a latent;
# - do arithmetic with the means of exemplars, and say how many exemplars it takes and why;
# - find a direction for an attribute, and measure what else it changes;
# - say what a count by a classifier cannot see, and measure that, too;
# - find the latent of a given face, and edit it.

# %%
from dataclasses import replace

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F

from gancourse import data, experiments, latent, scale, viz, zoo
from gancourse.base import networks
from gancourse.classroom import asked, lines, widgets
from gancourse.classroom.claims import at_least, ceilings, check, claim, nulls, question, summary
from gancourse.data.avatars import kinds
from gancourse.experiments import records
from gancourse.latent import tables
from gancourse.latent.inversion import invert, reconstruction_error
from gancourse.metrics import frechet_distance, patch_distances, statistics
from gancourse.metrics.attributes import attribute_classifier, fit_classifier
from gancourse.metrics.validation import blurred
from gancourse.models.classifier import AttributeClassifier

torch.manual_seed(0)  # for first weights where a cell names no seed
device = scale.device()
seeds = range(scale.pick(ci=1, cpu=3, gpu=5))
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False, "figure.dpi": 80})
REAL, FAKE = (viz.COLOURS[name] for name in ("real", "fake"))


def show(picture, caption=None):
    """Show a picture in 96 colours: a third of the bytes, and hardly a difference at 32 px."""
    viz.show(viz.few_colours(picture), caption)


# %% [markdown] tags=["slide", "slide-only"]
# ## Does it know anything about faces?
#
# Or does it hold a stack of pictures?
#
# - **walk** from one face to another
# - do **arithmetic** with latents
# - look for **directions**: where is "glasses"?
#
# A classifier counts what happens, not a friendly eye.

# %% [markdown] tags=["notes"]
# The generator is `faces32`, of lecture 04, with the weights that travel with the course; we call it $G$. The instruments are lecture 04's as well: a
# classifier reads six attributes of a face, and its features give a Fréchet distance to real faces.

# %% [markdown] tags=["slide", "slide-only"]
# ## The generator, and the data

# %% tags=["slide-continue", "slide-picture"]
shipped = zoo.load("faces32")
faces = data.faces(32, n=scale.pick(ci=1500, cpu=10_000, gpu=20_000))
faces = faces[torch.randperm(len(faces), generator=torch.Generator().manual_seed(0))]
classifier = attribute_classifier("faces")
n_faces = scale.pick(ci=100, cpu=1000, gpu=2000)
unseen = data.faces(32, n=scale.pick(ci=240, cpu=2000, gpu=2000), split="test", progress=False)
unseen = unseen[torch.randperm(len(unseen), generator=torch.Generator().manual_seed(0))]
reference = classifier.features(unseen.images[n_faces:])  # faces that neither the generator nor the classifier was trained on


def has(images, judge=classifier, **values):
    """Bool [N]: which pictures show these values, by the classifier or another judge."""
    return latent.has(judge.predict(images), judge.attribute_names, **values)


def distance(images):
    return frechet_distance(classifier.features(images), reference)


show(viz.grid(shipped.sample(16, seed=4), columns=8, scale=2), "Samples of the generator.")
show(viz.grid(faces.images[:16], columns=8, scale=2), "Real faces.")

# %% [markdown] tags=["notes"]
# ## 1. Walking
#
# Take two latents, walk from one to the other, and watch. A generator that looked up stored pictures would show one, then another, with
# a jump between. The top row walks on the straight line, the second on a great circle (below, why). The third plays the memoriser: each
# picture of the second row is replaced by the training face nearest to it.

# %% [markdown] tags=["slide", "slide-only"]
# ## Walking
#
# Straight; on a great circle; and by a memoriser, who shows the nearest training face.

# %% tags=["slide-continue", "slide-picture"]
G = shipped.model.to(device)


def generate(z, network=G):
    with viz.evaluating(network):
        return torch.cat([network(part.to(device)).cpu() for part in z.split(256)])


ends = torch.randn(2, 64, generator=torch.Generator().manual_seed(1))
straight, circle = (latent.interpolate(G, ends[0], ends[1], 12, how) for how in ("linear", "spherical"))
nearest, _ = viz.nearest_neighbours(circle, faces.images)
snapped = data.to_float(faces.images[nearest[:, 0]])
show(viz.labelled_grid(torch.cat([straight, circle, snapped]), rows=["straight", "great circle", "memoriser"], n_columns=12))

# %% [markdown] tags=["notes"]
# "Smooth" needs a number, and there are two ways to fail: to jump, and to be smooth with nothing to show. So there are two numbers.
#
# - Follow a walk in 32 small steps through the features of the attribute classifier, and take the *longest step*, as a share of the distance between the ends. A steady walk on a straight line has $1/32 \approx 0.03$, a lookup table comes near 1. This catches a memoriser.
# - Take the pictures *half-way* on straight lines: how far is that set from real faces, beside what the generator draws at the ends? This catches a network that was never trained, and a cross-fade, the mean of the two end pictures.

# %% [markdown] tags=["slide", "slide-only"]
# ## "Smooth" needs a number
#
# - the longest of 32 steps, over the distance between the ends: a steady walk has $1/32 \approx 0.03$, a lookup table about 1
# - the pictures half-way: how far from real faces?
#
# One catches a memoriser, the other a network that was never trained.


# %% tags=["slide-continue"]
walks = scale.pick(ci=4, cpu=20, gpu=40)
paths = [classifier.features(latent.random_walks(G, walks, 129, seed=100 + k)) for k in range(5)]  # of 129 points, of which every fourth counts
nearest, _ = viz.nearest_neighbours(latent.random_walks(G, walks, 129, seed=100)[: 8 * 129], faces.images)
copied = classifier.features(faces.images[nearest[:, 0]])  # what the memoriser shows
jumps, lookup = [latent.longest_steps(latent.every(path, 129, 4), 33) for path in paths], latent.longest_steps(latent.every(copied, 129, 4), 33)

torch.manual_seed(1)
untrained = type(G)(**shipped.card["network"]["arguments"]).to(device).eval()  # the same network with its first weights
novice = latent.longest_steps(classifier.features(latent.random_walks(untrained, walks, 33, seed=100)), 33)

question(
    "C11.smooth",
    "How smooth is interpolation? The longest of 32 steps over the distance between the ends (median over walks)",
    ours=[j.median() for j in jumps],
    over="sets of walks through one generator",
    baselines=nulls(memoriser=lookup.median()) | ceilings(straight_line=1 / 32),
    source="shown in Radford et al. 2016, section 6.1",
    decks="HC",
    note=f"Any continuous network walks smoothly: the untrained one scores {novice.median():.2f}. This rules out a lookup table and nothing else.",
)
# %% tags=["slide-continue"]
half_way, mixed, unlearnt, belongs = [], [], [], {}
for seed in range(5):
    z0, z1 = torch.randn(2, n_faces, 64, generator=torch.Generator().manual_seed(300 + seed))
    first, second, middle_pictures = generate(z0), generate(z1), generate((z0 + z1) / 2)
    own = distance(first)  # what the generator draws, as far from real faces as it is
    half_way.append(distance(middle_pictures) / own)
    mixed.append(distance((first + second) / 2) / own)
    raw = [generate(z, untrained) for z in (z0, z1, (z0 + z1) / 2)]
    unlearnt.append(distance(raw[2]) / own)
    for what, (start, end, between) in {"half-way": (first, second, middle_pictures), "cross-fade": (first, second, (first + second) / 2), "untrained": raw}.items():
        belongs.setdefault(what, []).append([latent.agreement(classifier, start, end, shown) for shown in (between, between.roll(1, 0))])
static = torch.rand(n_faces, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
question(
    "C11.walk",
    "Are the pictures half-way on straight walks faces? Their distance to real faces over that of the generator's own draws",
    ours=half_way,
    over="sets of walks through one generator",
    baselines=nulls(untrained=unlearnt, cross_fade=mixed, noise=distance(static) / own)
    | ceilings(unseen_faces=distance(unseen.images[:n_faces]) / own, own_draws=1),
    source="shown in Radford et al. 2016, section 6.1",
    decks="HC",
    note="In the trained generator's units for all, so that a network cannot be as bad half-way as at its ends and look well. Pictures of z / sqrt 2 without any walk have the same distribution: this judges short latents.",
)
shares = {what: np.array(found) for what, found in belongs.items()}  # [set, its own walk or another]
closer = {what: found[:, 0] - found[:, 1] for what, found in shares.items()}
question(
    "C11.between",
    "Does the picture half-way belong to its walk? Where both ends agree on an attribute, the share of the pictures half-way that have it, too, less that of pictures half-way on other walks",
    ours=closer["half-way"],
    over="sets of walks through one generator",
    baselines=nulls(half_way_on_another_walk=0, untrained_network=closer["untrained"], cross_fade=closer["cross-fade"]),
    source="beside Radford et al. 2016, section 6.1",
    note="On their own walk and another: " + "; ".join(f"{what} {here:.0%} and {elsewhere:.0%}" for what, (here, elsewhere) in ((what, found.mean(0)) for what, found in shares.items()))
    + ". The difference was asked after the shares were known: an untrained network's pictures are much alike, on whatever walk.",
)

# %% [markdown] tags=["notes", "slide-only"]
# There are two ways to fail: to jump, and to be smooth with nothing to show. So there are two numbers, and beside each stands the network that it must catch.

# %% [markdown] tags=["slide", "slide-only"]
# ## There is something between the pictures

# %% tags=["slide-continue", "slide-picture"]
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 2.9), layout="constrained")
for path, colour, name in ((copied, REAL, "memoriser"), (paths[0], FAKE, "generator")):
    f = latent.every(path[:129], 129, 4)
    left.plot(
        np.linspace(0, 1, 33),
        (f - f[0]).norm(dim=1),
        color=colour,
        drawstyle="steps-post" if name == "memoriser" else "default",
        label=name,
    )
left.set(xlabel="place on one walk", ylabel="distance from its start")
left.legend(fontsize=11)
for ratios, colour in ((lookup, REAL), (torch.cat(jumps), FAKE)):
    name = "memoriser" if ratios is lookup else "generator"
    right.hist(ratios.numpy(), bins=np.linspace(0, 1.4, 36), weights=np.full(len(ratios), 1 / len(ratios)), color=colour, alpha=0.7, label=name)
right.set(xlabel="longest step / distance between the ends", ylabel="share of the walks", xlim=(0, 1.4))
right.legend(fontsize=11)
plt.show()

# %% [markdown] tags=["notes", "slide-only"]
# The generator's curve has flat parts and steep ones. Steep, or a jump? Compare its longest step with the memoriser's.

# %% [markdown] tags=["slide", "slide-only"]
# ## Straight line or great circle
#
# The squared length of $z \sim \mathcal{N}(0, I_D)$ is a sum of $D$ terms of mean 1: lengths crowd around $\sqrt D$. **Latents live on a shell.**
#
# The middle of a straight line, $(z_0 + z_1)/2$, has covariance $I/2$: it is shorter by $\sqrt 2$.

# %% [markdown] tags=["notes"]
# The generator's curve has flat parts and steep ones: its longest step is about a third of the way, ten times that of a steady walk. (Untrained: 0.09. The memoriser's bars are 8 walks, the generator's 100.) Steep, or a jump? Section 7 cuts the walks finer: steep.
#
# The pictures half-way on the straight line are 1.7 times as far from real faces as the generator's own draws, a cross-fade 3.9 times, noise 18 times, an untrained network's pictures 30 times.
# Mind what this second number cannot see. $(z_0 + z_1)/2$ is distributed exactly as $z/\sqrt 2$, so the middles of other walks would score the same.
#
# The last box asks whose middle a picture is: of the attributes in which both ends agree, the picture half-way has 92 %, that of another walk 43; a cross-fade, which shows both ends, 99 and 42. Take the difference: an untrained network has 96 % and 89, for its pictures are alike on any walk. And 1.7 does not say that each picture is a worse face: by its patches (section 5's measure) one half-way is as near to real faces as a draw, `1.006` (section 8).
#
# ## 2. Straight line or great circle
#
# [Ganhacks](https://github.com/soumith/ganhacks), tip 3, says: interpolate along a great circle. The reason is geometry. The squared length of $z \sim \mathcal{N}(0, I_D)$ is a sum of $D$ independent
# terms of mean 1, so lengths crowd around $\sqrt D$; the distribution is a shell, and almost nothing lies near its centre. The middle of
# a straight line, $(z_0 + z_1)/2$, has covariance $I/2$: it is shorter by $\sqrt 2$, and the generator has hardly ever seen such a latent.

# %% [markdown] tags=["slide", "slide-only"]
# ## Your lines: the great circle
#
# The point at share $t$ of the great circle from $z_0$ to $z_1$, two latents of one length with the angle $\omega$ between them:
#
# $$z_t = \frac{\sin((1 - t)\,\omega)\, z_0 + \sin(t\,\omega)\, z_1}{\sin \omega}$$
#
# The angle is yours to find.

# %% [markdown] tags=["notes"]
# **Write a line.** The point at share $t$ of the great circle from $z_0$ to $z_1$, two latents of one length with the angle $\omega$ between them:
#
# $$z_t = \frac{\sin((1 - t)\,\omega)\, z_0 + \sin(t\,\omega)\, z_1}{\sin \omega} .$$
#
# The angle is yours to find.

# %% tags=["slide-continue", "slide-code"]
def on_the_circle(z0, z1, t):
    return ...  # your lines


lines.answered(on_the_circle, *asked.GREAT_CIRCLE)

# %% [markdown] tags=["slide", "slide-only"]
# ## Does it matter?

# %% tags=["slide-continue"]
z0, z1 = torch.randn(2, 5000, 64, generator=torch.Generator().manual_seed(0))
middles = {"drawn": z0, "middle of the line": (z0 + z1) / 2, "middle of the circle": latent.slerp(z0, z1, 0.5)}
for name, z in middles.items():
    print(f"{name:21} length {z.norm(dim=1).mean():.2f} ± {z.norm(dim=1).std():.2f}   (sqrt 64 = 8)")


# %% [markdown] tags=["notes", "slide-only"]
# The middle of the line and that of the circle point the same way within a few degrees, so they differ in length alone. What the table tells apart is the length of a latent.

# %% [markdown] tags=["slide", "slide-only"]
# ## Arithmetic
#
# *Man with glasses − man without + woman without = woman with glasses*: means of three latents each, chosen by eye, judged by eye.
#
# Our faces have no sex; hair length takes its place, and a classifier chooses and judges:
#
# $$\text{short, glasses} - \text{short, none} + \text{long, none} = \text{long, glasses?}$$

# %% [markdown] tags=["notes"]
# The middle of the line and that of the circle point the same way within a few degrees, so they differ in length alone. By symmetry the middle of the circle points anywhere, as a drawn latent does, and has its length: such pictures are as far from real faces as the generator's own draws. So C11.walk has measured this, too (section 8 checks). Shrinking
# latents on purpose is the *truncation trick* of a later lecture.
#
# ## 3. Arithmetic
#
# The most famous pictures of the paper, in Hong's deck and in the notes: *smiling woman − neutral woman + neutral man = smiling man*, and
# *man with glasses − man without glasses + woman without glasses = woman with glasses*. Each term is the mean latent of three pictures
# chosen by eye (single ones, the paper says, were unstable), judged by eye on one example each.
#
# We let the classifier choose and judge. Our faces have no sex, so hair length takes its place:
#
# $$\text{short, glasses} \;-\; \text{short, no glasses} \;+\; \text{long, no glasses} \;=\; \text{long, glasses?}$$
#
# and the same with a smile in place of glasses. First, latents with labels: draw many, look at the pictures, write down what is seen.

# %%
labelled = latent.label_latents(G, classifier, n=scale.pick(ci=1000, cpu=6000, gpu=10_000), seed=0)
drawn = generate(labelled.z)  # their pictures
viz.source(latent.triples, latent.exemplar_means)

# %% [markdown] tags=["slide", "slide-only"]
# ## In latents, and in pixels


# %% tags=["slide-continue", "slide-picture"]
equations = {name: latent.equation(name, "hair_length", "short", "long") for name in ("glasses", "smile")}
source = torch.Generator().manual_seed(5)
a, b, c = (latent.exemplar_means(labelled.where(**group), 8, 3, source) for group in equations["glasses"].groups)
in_pixels = (generate(a) - generate(b) + generate(c)).clamp(-1, 1)
rows = ["short, glasses", "− short, none", "+ long, none", "= in latents", "= in pixels"]
show(
    viz.labelled_grid(torch.cat([generate(a), generate(b), generate(c), generate(a - b + c), in_pixels]), rows=rows, n_columns=8)
)

# %% [markdown] tags=["notes"]
# The upper three rows are pictures of *mean latents*: three people averaged, and mostly one face, though not each shows its label (look for the glasses in the first row). The fourth row is the sum, and not all of it has long hair and glasses. The last row does the same
# sum on pixels, and gets double exposures wherever two heads differ, as the paper remarks too. That is seen by eye. Does the classifier mind?
#
# Now count. Five disjoint parts of the labelled latents; in each two hundred random choices of three exemplars, and fifty of one and of ten; a trial succeeds if the classifier
# sees long hair *and* glasses (or a smile). Chance is the share of such faces among random ones.
#
# One thing must be asked first: the picture of a *mean* of latents with glasses need not have glasses. A triple is *valid* if each of its three mean
# pictures shows its own label; an equation between pictures that do not say what they stand for says nothing about arithmetic. The controls: the third term alone, the third term with a step as long as $a - b$ in a random direction, and the last row above, the sum on pixels.

# %% [markdown] tags=["slide", "slide-only"]
# ## Counted

# %% tags=["slide-continue"]
trials = {n: scale.pick(ci=13, cpu=200 if n == 3 else 50, gpu=200) for n in (1, 3, 10)}  # three exemplars are the claim
sums = {(name, n): latent.sums_of_parts(G, labelled, equations[name], classifier, trials[n], n) for name in equations for n in trials}
chance = {name: float(labelled.has(**equations[name].target).double().mean()) for name in equations}
aimed_at = classifier.features(unseen.where(**equations["glasses"].target).images)


def by_part(attribute, n, what):
    """The five parts' shares."""
    return sums[attribute, n].shares(what)


rows = tables.sums_rows(sums, chance, "glasses", lambda images: frechet_distance(classifier.features(images), aimed_at), each=trials[10])
lone = latent.exemplar_means(labelled.where(glasses="yes"), scale.pick(ci=20, cpu=400, gpu=400), 3, torch.Generator().manual_seed(6))
for name, means in {"as they are": lone, "stretched to length 8": latent.to_shell(lone)}.items():
    print(f"means of three latents with glasses that show glasses, {name}: {has(generate(means), glasses='yes').double().mean():.0%}")
both = {"drawings": faces.where(**equations["glasses"].target).images, "the generator's own draws": drawn[labelled.has(**equations["glasses"].target)]}
print("distance, as many:", "; ".join(f"{what} with long hair and glasses {frechet_distance(classifier.features(images[: 5 * trials[10]]), aimed_at):.1f}" for what, images in both.items()))
viz.table(rows, caption="successes among valid triples; the share that is valid; distance of as many sums in each row to real faces with long hair and glasses")

# %% [markdown] tags=["notes", "slide-only"]
# Five disjoint parts of the labelled latents, in each two hundred random choices of three exemplars, fifty of one and of ten. A trial succeeds if the classifier sees both attributes, and chance is the share of such faces among random ones.

# %%
as_pictures = replace(labelled, z=drawn.flatten(1))  # each picture as its own latent


def averaged(name):
    """The sums of the same exemplars with means of three *pictures* as terms, in place of pictures of means."""
    parts = []
    for k in range(5):
        means = latent.triples(as_pictures[k::5], *equations[name].groups, trials[3], 3, seed=k)
        terms = tuple(mean.unflatten(1, drawn.shape[1:]) for mean in means)
        parts.append(latent.Sums(means, terms, {"in pixels": (terms[0] - terms[1] + terms[2]).clamp(-1, 1)}))
    return latent.SumsOfParts(equations[name], tuple(parts), ()).judged(classifier)


averaged_sums = {name: averaged(name) for name in equations}
for name in equations:
    question(
        f"C11.{name}",
        f"How often does (short, {name}) - (short, none) + (long, none) give (long, {name}), with three exemplars? Share of successes among valid triples",
        ours=by_part(name, 3, "as it is"),
        over="disjoint sets of exemplars for one generator",
        baselines=nulls(
            chance=chance[name],
            third_term_alone=np.mean(by_part(name, 3, "third term")),
            a_step_astray=np.mean(by_part(name, 3, "astray")),
            the_same_in_pixels=np.mean(by_part(name, 3, "in pixels")),
            means_of_three_pictures=np.mean(averaged_sums[name].shares("in pixels")),
        ),
        source="works on the examples shown in Radford et al. 2016, section 6.3.2",
        decks="HC",
        note=f"Valid: each of the three mean pictures shows its label, {np.mean(by_part(name, 3, 'valid')):.0%} of the triples; of all triples "
        f"{np.mean(by_part(name, 3, 'as it is, all')):.0%} succeed. Valid ones at the length of a latent, with 1, 3 and 10 exemplars: "
        + ", ".join(f"{np.mean(by_part(name, n, 'stretched')):.0%}" for n in (1, 3, 10))
        + ".",
    )
# %% [markdown] tags=["slide", "slide-only"]
# ## Why three?
#
# A mean of $n$ independent latents has length $\sqrt{D/n}$, and the sum of three such terms
#
# $$\sqrt{3D/n}$$
#
# For one exemplar that is $\sqrt 3$ times too long. For *exactly three* it is $\sqrt D$: the sum lands where latents live.
#
# Averaging does two things at once. The rows marked *stretched* take them apart: ten hit more often than three, left too short or stretched.

# %% [markdown] tags=["notes"]
# Read the shares of valid triples beside their controls (unfold the boxes): a valid third term alone has none by definition, a step to anywhere 17 and 18 %, no more than chance. But the last control beats it: the sum on pixels, which knows nothing, hits more often, 78 % against 67 with glasses and 86 against 52 with a smile (means of three *pictures* as terms: 89 and 87). Section 5 asks why.
#
# One example chosen by hand suggests a rule; in latents the equation fails on a third of the valid triples with glasses, on nearly half with a smile. And one triple in six (glasses) or in three (smile) is not even
# valid. (The length of a mean is part of it: the lines above the table.)
#
# And why three? The column of lengths shows something the paper does not mention. A mean of $n$ independent latents has length $\sqrt{D/n}$, and the
# sum of three such terms $\sqrt{3D/n}$. For one exemplar that is $\sqrt{3}$ times too long, far outside the shell. For *exactly three* it
# is $\sqrt D$: the sum lands where latents live. For ten it is too short.
#
# So averaging does two things at once. It removes what the exemplars do not
# share, and it changes the length. The rows marked *stretched* take them apart: there each sum is brought to length 8 before it is drawn.
#
# Read the stretched rows downwards: that is what averaging does by itself. Then compare each row with its stretched twin: that is what length does. Single exemplars hit at least as often left too long as stretched. Ten hit less often left too short than
# stretched. But ten hit more often, even left too short.
#
# The last column, of 250 sums a row, mixes quality, variety and hitting the attributes: lower at three than at ten, until the ten are stretched. Sums in pixels have 12.1, those in latents 8.7, single exemplars 15.6; the generator's own draws with both attributes 4.3, drawings 1.1.
#
# ## 4. Directions
#
# With labels at hand there is no need for triples. The mean latent of all faces with glasses less the mean of all without is a *direction*.

# %% [markdown] tags=["slide", "slide-only"]
# ## Your line: a direction
#
# The mean latent of all faces that show an attribute, less the mean of all that do not.
#
# Latents `z` are [N, D]; `has` [N] is true where the picture shows it.

# %% [markdown] tags=["notes"]
# **Write a line.** That direction: latents `z` [N, D], and `has` [N], true where the picture shows the attribute.

# %% tags=["slide-continue", "slide-code"]
def direction_of(z, has):
    return ...  # your line


lines.answered(direction_of, *asked.ATTRIBUTE)

# %% [markdown] tags=["slide", "slide-only"]
# ## Directions
#
# The mean latent of all faces with glasses, less the mean of all without. Add it to new faces, and count.


# %% [markdown] tags=["notes"]
# Add it to new faces (labelled latents that had no part in it), and count what changes:

# %% tags=["slide-continue"]
MOVES = {"glasses": ("no", "yes"), "smile": ("no", "yes"), "hair_length": ("short", "long"), "skin": ("light", "dark")}
names = list(classifier.attribute_names)


def plain(name):
    """How to find the direction of an attribute in what is known, labelled latents: a difference of means."""
    return lambda known: known.direction(name, *MOVES[name])


def moved(name, strength=2.0, find=None, judge=classifier, **options):
    """[part, way, 1 + 6]: the share with the value wanted, then of each attribute the share that is as before.

    The direction comes from one part of the latents, the faces that are moved from the next. The ways: in latents; as far to
    anywhere; and the same recipe in pixels, with each picture as its own latent."""
    start, end = MOVES[name]
    parts = latent.moves_of_parts(G, labelled, drawn, find or plain(name), strength, **{name: start}, **options)
    return np.array([part.outcomes(judge, **{name: end}) for part in parts])


measured = {(name, strength): moved(name, strength) for name in MOVES for strength in (1.0, 2.0)}


def kept(found, attribute):
    """The share of the other attributes that stay: [part, way]."""
    return tables.others_kept(found, names, attribute)


viz.table(
    [tables.move_row(f"{name}: {MOVES[name][0]} to {MOVES[name][1]}, {strength:.0f}x", name, names, found) for (name, strength), found in measured.items()],
    caption="in brackets: a move as far, but anywhere",
)

# %% [markdown] tags=["slide", "slide-only"]
# ## And what else does it change?

# %% tags=["slide-continue"]
glasses = measured["glasses", 2.0]
stains = latent.label_latents(untrained, classifier, n=scale.pick(ci=1000, cpu=2000, gpu=4000), seed=0)  # what the judge reads in an untrained network's pictures
with torch.no_grad():
    stained = torch.cat([untrained(part.to(device)).cpu() for part in stains.z.split(256)])
moved_stains = {name: [part.outcomes(classifier, **{name: "yes"})[0][0] for part in latent.moves_of_parts(untrained, stains, stained, plain(name), 2.0, **{name: "no"})] for name in ("glasses", "smile")}
question(
    "C11.direction",
    "How often does twice the difference of class means put glasses on faces without? Share of faces that change",
    ours=glasses[:, 0, 0],
    over="disjoint sets of exemplars for one generator",
    baselines=nulls(as_far_but_anywhere=glasses[:, 1, 0].mean(), the_same_in_pixels=glasses[:, 2, 0].mean(), untrained_network=np.mean(moved_stains["glasses"])),
    source="Radford et al. 2016, section 6.3.2 (turn vector)",
    note=f"A smile: {measured['smile', 2.0][:, 0, 0].mean():.0%}, of an untrained network {np.mean(moved_stains['smile']):.0%}.",
)
question(
    "C11.keeps",
    "Does the same move leave the other five attributes alone? Mean share unchanged",
    ours=kept(glasses, "glasses")[:, 0],
    over="disjoint sets of exemplars for one generator",
    baselines=nulls(as_far_but_anywhere=kept(glasses, "glasses")[:, 1].mean(), the_same_in_pixels=kept(glasses, "glasses")[:, 2].mean())
    | ceilings(no_move=1),
    source="Radford et al. 2016, section 6.3.2 (turn vector)",
)

# %% [markdown] tags=["notes", "slide-only"]
# Glasses come on nearly all faces without. The price is in the second box: a mean over five attributes hides what one of them loses, and a step that ends as far out, in a random direction, changes the others, too.

# %% [markdown] tags=["slide", "slide-only"]
# ## Nobody told the generator what glasses are
#
# It only ever played against $D$, and twice a difference of means puts glasses on nearly all faces without. (So does a difference of mean *pictures*: wait.)
#
# The price: other attributes change, too. Is that the distance, or the direction?

# %% [markdown] tags=["notes"]
# Nobody told the generator what glasses are, and twice a difference of means puts them on nearly all faces without (C11.direction). So does the same difference of mean pictures: section 5. And an untrained network, whose pictures are stains, "smiles" after the move as often as ours, on 81 % against 76. (Glasses: on 45 %.) A judge must read something, and a difference of means finds what it reads.
#
# The price stands in the other columns. A step that ends as far out, in a random direction, changes the others, too (in brackets): for glasses and for a smile it changes more of them than the direction does. But a mean over five hides what one of them pays. See the last column: for glasses it is skin; for a smile nothing pays.

# %% [markdown] tags=["slide", "slide-only"]
# ## What goes wrong: a direction that carries another
#
# In the drawings glasses and skin are independent. In the generator's?
#
# White 2016: take the difference within each skin, and average.

# %% [markdown] tags=["notes"]
# ### What goes wrong: a direction that carries another
#
# In the training data glasses and skin are independent. If the generator draws glasses more often on one skin than on another, the mean latent of its faces with glasses differs
# from the mean without in skin as well, and the difference carries both. White (2016) met it on photographs, smiles with sex, and repeated examples to level the groups (*bias-corrected* vectors). Here: the mean over skins; or skin *cleared* away.

# %% tags=["slide-continue"]
SKINS = classifier.attribute_names["skin"]


def balanced(known):
    """Glasses less none within each skin, averaged over skins, as long as the plain difference of means."""
    return known.balanced("glasses", *MOVES["glasses"], over="skin")


def cleared(known):
    """The plain difference less its part along the skins' differences, as long as before."""
    way = plain("glasses")(known)
    return latent.orthogonalise(way, [known.direction("skin", SKINS[0], skin) for skin in SKINS[1:]]) * way.norm()


viz.table(
    [
        {"share with glasses": whose, **{skin: f"{share:.0%}" for skin, share in zip(SKINS, shares, strict=True)}}
        for whose, shares in {
            "training data": [faces.where(skin=skin).attributes[:, names.index("glasses")].double().mean() for skin in SKINS],
            "the generator's draws": [
                labelled[labelled.has(skin=skin)].has(glasses="yes").double().mean() for skin in SKINS
            ],
        }.items()
    ]
)

# %% tags=["slide-continue"]
cures = {
    "difference of means": glasses,
    "the mean of the skins' differences": moved("glasses", find=balanced),
    "cleared of skin": moved("glasses", find=cleared),
}
skin = 1 + names.index("skin")
even, before = cures["the mean of the skins' differences"][:, :, skin], glasses[:, :1, skin]
question(
    "C11.balanced",
    "What does averaging over skins cure? Skin kept under the move of glasses, balanced less plain",
    ours=(even - before)[:, 0],
    over="disjoint sets of exemplars for one generator",
    baselines=nulls(
        the_plain_direction=0,
        as_far_but_anywhere=(even - before)[:, 1].mean(),
        plain_in_pixels=(glasses[:, 2:, skin] - before).mean(),
        balanced_in_pixels=(even - before)[:, 2].mean(),
    ),
    source="White 2016, bias-corrected vectors",
    note=f"Skin kept: plain {before.mean():.0%}, balanced {even[:, 0].mean():.0%}; in pixels {glasses[:, 2, skin].mean():.0%} and {even[:, 2].mean():.0%}.",
)
viz.table(
    [tables.move_row(name, "glasses", names, found) | {"skin kept": f"{found[:, 0, skin].mean():.0%}", "in pixels": f"{found[:, 2, skin].mean():.0%}"} for name, found in cures.items()],
    caption="three directions for glasses, one length; the last column: skin kept by the same recipe on pictures",
)

# %% [markdown] tags=["slide", "slide-only"]
# ## The same in pixels
#
# The mean *picture* with glasses less the mean picture without, added to a face. No generator, no latents.

# %% [markdown] tags=["notes"]
# In the training data half of the faces of every skin wear glasses. On the generator's draws the judge reads them on 42 % of the light faces and on 54 % of the dark ones. Both cures keep skin on nearly nine faces of ten, where the way to anywhere keeps it on seven, and glasses come as often as before. No attribute pays more than on the way to anywhere. (The last column is section 5's question: in pixels White's means keep 95 %, clearing 69.)
#
# ## 5. The same in pixels
#
# What would something score that knows nothing? Take the same labels, and the mean *picture* with an attribute less the mean picture without. Add that to a face. The faces are aligned, so the difference for glasses is a pair of ghost glasses.

# %% tags=["slide-continue", "slide-picture"]
for name in ("glasses", "hair_length"):
    start, end = MOVES[name]
    once, twice = (latent.three_ways(G, labelled, drawn, plain(name), strength, limit=8, **{name: start}) for strength in (1.0, 2.0))
    rows = {"before": once.before, "in latents, 2x": twice.after["in latents"], "in pixels, 1x": once.after["in pixels"], "in pixels, 2x": twice.after["in pixels"]}
    show(viz.labelled_grid(torch.cat(list(rows.values())), rows=list(rows), n_columns=8, scale=2), f"{name}: {start} to {end}.")

# %% [markdown] tags=["notes"]
# Which rows would you call faces? The glasses in pixels are a grey shade, lighter or darker; the long hair is a shade on the background where it should hang, without an outline. The latents draw a head of hair, and another person.
#
# Now look back at the boxes: glasses and smiles in the sums, glasses on the faces, the other five left alone, skin kept by balanced means, in each of the five pixels score *more*. The judge reads *what* is there. It was never shown a bad picture, and does not ask *how* it is there.
#
# So count what the eye sees. A double exposure shows something that no face has at that place. Cut a picture into 16 patches of $8 \times 8$ pixels. For each, find the patch at the same place among five thousand real faces that is nearest to it; the mean of the 16 squared differences per value says how strange the picture is. No network is in it. First it must tell what is known.

# %% [markdown] tags=["slide", "slide-only"]
# ## A measure that sees ghosts
#
# Of each $8 \times 8$ patch the squared difference from the nearest real patch at the same place.

# %% tags=["slide-continue"]
few = scale.pick(ci=10, cpu=60, gpu=150)  # pictures of each kind and part that are looked at closely
known = data.to_float(faces.images[: scale.pick(ci=200, cpu=5000, gpu=5000)])


def strange(images):
    """Of each picture the mean over 16 patches of the squared difference from the nearest real patch at its place."""
    return patch_distances(images, known).mean((1, 2))


first, others, third = (data.to_float(part) for part in unseen.images[: 12 * few].split(4 * few))
limit = strange(first).quantile(0.95)
probes = {
    "unseen faces": third,
    "blurred over 2 px": blurred(third, 2),
    "two faces, 50 : 50": (others + third) / 2,
    "two faces, 80 : 20": 0.2 * others + 0.8 * third,
    "noise": torch.rand(third.shape, generator=torch.Generator().manual_seed(0)) * 2 - 1,
    "training faces": known[: len(third)],
    "the generator's draws": drawn[: len(third)],
}
told = {name: strange(images) for name, images in probes.items()}
beyond = {name: float((value > limit).double().mean()) for name, value in told.items()}
check(
    "C11.ghost_judge",
    "Distances of patches tell what is known to be bad from unseen faces: the least share of blurred faces, of double exposures half and half, and of noise that lies beyond 95 % of other unseen faces",
    ours=min(beyond[name] for name in ("blurred over 2 px", "two faces, 50 : 50", "noise")),
    tolerance=at_least(0.9),
    baselines=nulls(unseen_faces=beyond["unseen faces"], training_faces=beyond["training faces"]),
)
viz.table(
    [{"pictures": name, "distance of patches": f"{told[name].mean():.3f}", "beyond 95 % of unseen faces": f"{beyond[name]:.0%}"} for name in probes]
)

# %% [markdown] tags=["notes"]
# It tells blur, noise and double exposures from unseen faces. The last rows are the price: it takes a copy for the best of faces, so it must never be asked alone. And nearly every draw of the generator is stranger than a drawing, in the mean stranger than a face with a fifth of another laid over it (0.029 against 0.019). So compare each picture with what it was before.

# %% [markdown] tags=["slide", "slide-only"]
# ## Counted, and looked at
#
# Strangeness of a sum over that of its third term, of a move over that of the face before.
#
# - *what is read there?* Pixels do at least as well in every line.
# - *how is it there?* In pixels a long step leaves the faces, whether it means something or not. In latents little more than on the generator's own draws, but for dark skin.

# %% tags=["slide-continue"]
strange_sums = {name: sums[name, 3].stranger(strange, G, few) for name in equations}


def stranger_moves(name, strength, find):
    """[part, way]: how strange the faces are after each way, over how strange they were before."""
    parts = latent.moves_of_parts(G, labelled, drawn, find, strength, limit=few, **{name: MOVES[name][0]})
    return np.array([latent.stranger(strange, part.after.values(), part.before) for part in parts])


def costs(name, pictures, known, **among):
    """How much stranger the pictures are that have it than those that have not: no move is in it."""
    start, end = (strange(pictures[latent.has(known.attributes, known.attribute_names, **among, **{name: value})][: 5 * few]).mean() for value in MOVES[name])
    return float(end / start)


strange_moves = {(name, strength): stranger_moves(name, strength, plain(name)) for name, strength in measured}
own = {name: costs(name, drawn, labelled) for name in MOVES}
both = ("as it is", "in pixels")
table = [
    tables.stranger_row(f"sum: long hair and {what}", [by_part(name, 3, how) for how in both], [strange_sums[name][how] for how in both])
    | {"own draws": f"{costs(name, drawn, labelled, hair_length='long'):.2f}x"}
    for name, what in (("glasses", "glasses"), ("smile", "a smile"))
] + [
    tables.stranger_row(
        f"{name}: {MOVES[name][0]} to {MOVES[name][1]}, {strength:.0f}x", found[:, ::2, 0].T, strange_moves[name, strength][:, ::2].T, kept(found, name)[:, ::2].T
    )
    | {"own draws": f"{own[name]:.2f}x"}
    for (name, strength), found in measured.items()
]
third_terms = torch.cat([part.terms[2][:few] for part in sums["glasses", 3].parts])
usual = strange(drawn[labelled.has(**equations["glasses"].groups[2])][: 5 * few]).mean()
print(f"the third terms themselves, means of three latents: {strange(third_terms).mean():.3f}; the generator's draws with long hair and no glasses: {usual:.3f}")
viz.table(table, caption="in brackets: in pixels. Stranger by: the distance of patches over that of the third term, or of the face before. Own draws: that of the generator's draws that have it over that of those that have not")

# %%
fair_parts = list(zip(averaged_sums["glasses"].parts, sums["glasses", 3].parts, strict=True))
fair = [latent.stranger(strange, [part.images["in pixels"]], usual.terms[2], few) for part, usual in fair_parts]
fair_to_own = [latent.stranger(strange, [part.images["in pixels"]], part.terms[2], few) for part, _ in fair_parts]
PILOT = "Asked after a pilot on half of these latents, whose numbers were known."
question(
    "C11.ghost_sums",
    "How strange are the sums with glasses? Distance of their patches from those of real faces, over that of the third terms",
    ours=strange_sums["glasses"]["as it is"],
    over="disjoint sets of exemplars for one generator",
    baselines=nulls(
        the_same_in_pixels=np.mean(strange_sums["glasses"]["in pixels"]),
        means_of_three_pictures=np.mean(fair),
        means_of_three_pictures_over_their_own_third_terms=np.mean(fair_to_own),
        three_faces_of_no_meaning_in_pixels=np.mean(strange_sums["glasses"]["one label in pixels"]),
        three_faces_of_no_meaning_in_latents=np.mean(strange_sums["glasses"]["one label in latents"]),
    )
    | ceilings(third_term=1),
    source="beside Radford et al. 2016, section 6.3.2",
    note=f"With a smile: {np.mean(strange_sums['smile']['as it is']):.2f}, in pixels {np.mean(strange_sums['smile']['in pixels']):.2f}. {PILOT} "
    "In the pilot of the sums of no meaning in latents these were as strange as the sums (0.0342 and 0.0336).",
)


def halves(known):
    """The mean of one random half less that of the other: a difference that stands for nothing."""
    return known.z[::2].mean(0) - known.z[1::2].mean(0)


for name, what in (("glasses", "with glasses"), ("hair_length", "with long hair")):
    no_meaning = [stranger_moves(name, 2.0, find)[:, 2].mean() for find in (halves, lambda known, name=name: F.normalize(halves(known), dim=0) * plain(name)(known).norm())]
    question(
        f"C11.ghost_{name}",
        f"How strange are faces moved to those {what}, twice the direction? Distance of their patches from those of real faces, over that before",
        ours=strange_moves[name, 2.0][:, 0],
        over="disjoint sets of exemplars for one generator",
        baselines=nulls(
            as_far_but_anywhere=strange_moves[name, 2.0][:, 1].mean(),
            the_same_in_pixels=strange_moves[name, 2.0][:, 2].mean(),
            in_pixels_half_as_far=strange_moves[name, 1.0][:, 2].mean(),
            two_random_halves_in_pixels=no_meaning[0],
            two_random_halves_in_pixels_as_far=no_meaning[1],
        )
        | ceilings(not_moved=1, own_draws_that_have_it=own[name], unseen_faces_that_have_it=costs(name, unseen.images, unseen)),
        source="beside Radford et al. 2016, section 6.3.2",
        note=PILOT,
    )

# %% [markdown] tags=["notes"]
# Read the last column beside the first two. The sums in pixels hit more often, and are 2.98 times as strange as their third terms; those in latents are as strange as these, and these as any draw with long hair and no glasses (the line above the table). Means of three *pictures* as terms: 2.42 times; over their own third terms, ghosts already, 1.33. A ghost of glasses? Two terms of *one* label: `2.974` in pixels, `0.9746` in latents. So it is the addition; three means of three latents make a latent (section 3).
#
# *Glasses* in pixels: read on all faces, which are half as strange again; at half the strength on 92 %, and a quarter stranger.
#
# *Long hair* in pixels: 3.2 times as strange, in latents 1.54. Is that the move? The last column says what an attribute costs where nothing is moved: the generator's own long-haired draws are 1.44 times as strange as its short-haired ones, its dark ones 0.71 times as its light ones. So long hair in latents is nearly what it costs anyway, and twice the skin, which looks free (0.9), is not.
#
# *A smile* is small and stands at one place: there pixels do all that latents do, and keep more.
#
# The null of moves is the difference of the means of two random halves, stretched. As long as glasses it costs `2.307`, as long as long hair `4.12`. So in pixels a long step leaves the faces, less so if it means something; in latents one to anywhere costs 1.02.

# %% [markdown] tags=["slide", "slide-only"]
# ## Is it this generator?
#
# Ten others, trained for one minute or for four, are asked the same.
#
# - sums in pixels 1.2 times as strange: **open**; then 1.6: **reproduced**
# - three exemplars hit more often than one: open, open

# %%
five, longer = records.load("latent_faces"), records.load("latent_faces_longer")


def told_by(name, record=five):
    """One number for each of the five trainings."""
    return record.final(name)["faces32_live"]


def span(name, template="{:.0%}", record=five):
    """The mean of the five, and the least and the most."""
    told = told_by(name, record)
    return f"{template.format(told.mean())} ({template.format(told.min())} to {template.format(told.max())})"


beginner = experiments.build("faces32_live", 0).generator  # of the five's recipe, with its first weights
guessed = latent.label_latents(beginner, classifier, n=scale.pick(ci=4000, cpu=12_000, gpu=12_000), seed=0)
by_beginner = {}
for said, n in {"one": 1, "three": 3, "ten": 10}.items():
    both_sums = [latent.sums_of_parts(beginner, guessed, equations[name], classifier, scale.pick(ci=13, cpu=250, gpu=250), n, parts=1) for name in equations]
    by_beginner |= {name: np.mean([of.shares(f"{how}, all") for of in both_sums]) for name, how in ((said, "as it is"), (f"{said}_stretched", "stretched"))}


def untrained_told(name):
    """The same number for a network that was never trained; hits are counted here, for the record drew too few such pictures."""
    return by_beginner.get(name, five.baseline(name)["untrained"])


without = {name: five.baseline(name)["labels of other latents"] for name in five.scores}
claim(
    "C11.single",
    "Single exemplars are unstable: how much more often do sums of three averaged ones show what they should? Share of all triples, sums as long as they come, mean of glasses and smile",
    source="Radford et al. 2016, section 6.3.2",
    paper="single ones unstable, three averaged ones stable",
    ours=told_by("three") - told_by("one"),
    tolerance=at_least(0.05),
    over="trainings",
    baselines=nulls(no_difference=0, labels_of_other_latents=without["three"] - without["one"], untrained_network=untrained_told("three") - untrained_told("one")),
    decks="HC",
    note=f"Hits of one: {span('one')}, three: {span('three')}, ten: {span('ten')}; of an untrained network {untrained_told('one'):.0%}, {untrained_told('three'):.0%} and {untrained_told('ten'):.0%}. Tolerance fixed before the trainings, when the shipped generator's 0.13 was known; the untrained network was asked after. "
    "It has the first weights of the record's; in a pilot the judge read too few of a kind on four others to ask, and a sixth had 41 % and 34.",
)
claim(
    "C11.overlap",
    "The same sum on pixels is a noisy overlap: how much stranger is it than in latents? Distance of patches from those of real faces, sums in pixels over sums in latents",
    source="Radford et al. 2016, section 6.3.2",
    paper="noisy overlap in pixels, faces in latents",
    ours=told_by("strange_pixels") / told_by("strange"),
    tolerance=at_least(1.5),
    over="trainings",
    baselines=nulls(no_difference=1, sums_of_no_meaning_in_latents=(told_by("strange_one_label") / told_by("strange")).mean()),
    decks="HC",
    note="Tolerance fixed before the trainings, when the shipped generator's 3.1 was known.",
)
question(
    "C11.average",
    "At the length of a latent, do ten averaged exemplars hit the attributes more often than one? Difference in the share of all triples, mean of glasses and smile",
    ours=told_by("ten_stretched") - told_by("one_stretched"),
    over="trainings",
    baselines=nulls(
        no_difference=0,
        labels_of_other_latents=without["ten_stretched"] - without["one_stretched"],
        untrained_network=untrained_told("ten_stretched") - untrained_told("one_stretched"),
    ),
    source="beside Radford et al. 2016, section 6.3.2",
    note="Averaging changes the length of the sum too; here every sum is stretched to the same length. All triples count: a single exemplar is valid by its choice.",
)
# %%
claim(
    "C11.single_longer",
    "Single exemplars are unstable, after four times the steps: how much more often do sums of three averaged ones show what they should? As C11.single",
    source="Radford et al. 2016, section 6.3.2",
    paper="single ones unstable, three averaged ones stable",
    ours=told_by("three", longer) - told_by("one", longer),
    tolerance=at_least(0.05),
    over="trainings",
    baselines=nulls(no_difference=0, labels_of_other_latents=without["three"] - without["one"], untrained_network=untrained_told("three") - untrained_told("one")),
    decks="HC",
    note=f"Hits of one: {span('one', record=longer)}, three: {span('three', record=longer)}, ten: {span('ten', record=longer)}. Tolerance that of C11.single, fixed before these trainings on new seeds.",
)
claim(
    "C11.overlap_longer",
    "The same sum on pixels is a noisy overlap, after four times the steps: how much stranger is it than in latents? As C11.overlap",
    source="Radford et al. 2016, section 6.3.2",
    paper="noisy overlap in pixels, faces in latents",
    ours=told_by("strange_pixels", longer) / told_by("strange", longer),
    tolerance=at_least(1.5),
    over="trainings",
    baselines=nulls(no_difference=1, sums_of_no_meaning_in_latents=(told_by("strange_one_label", longer) / told_by("strange", longer)).mean()),
    decks="HC",
    note="Tolerance that of C11.overlap, fixed before these trainings on new seeds.",
)
# %% tags=["slide-continue"]
def of_shipped(name):
    """The same number for the shipped network, as the record has it."""
    return five.baseline(name)["faces32, shipped"]


by_distance = {
    "sums with glasses, pixels over latents:\nhow much stranger": (1.0, lambda told: told("strange_pixels") / told("strange")),
    "sums as long as they come:\nhits of three less hits of one": (0.0, lambda told: told("three") - told("one")),
    "glasses on dark faces\nless those on light ones": (0.0, lambda told: told("glasses_dark") - told("glasses_light")),
}
fig, axes = plt.subplots(1, 3, figsize=(12, 3.6), layout="constrained")
for ax, (title, (nothing, number)) in zip(axes, by_distance.items(), strict=True):
    ax.axhline(nothing, color="0.6", lw=1)
    for label, mark, told in (
        ("1,000 steps", "o", told_by),
        ("4,000 steps", "s", lambda name: told_by(name, longer)),
        ("shipped: another recipe,\n12,000 steps", "*", of_shipped),
    ):
        ax.plot(told("frechet"), number(told), mark, ms=13 if mark == "*" else 8, ls="", label=label)
    ax.set(title=title, xlabel="distance from faces", xscale="log", xticks=[2.5, 5, 10], xticklabels=["2.5", "5", "10"])
    ax.minorticks_off()
axes[0].legend(fontsize=10)
viz.show(fig, "Each mark is a training. Grey: no difference.")

# %% [markdown] tags=["notes"]
# All this was one generator. Five others (the record `latent_faces`: another recipe, a minute each; faces, but rough ones) were asked the same, and our expectations written down before. In all five half-way pictures belong to their own walk, and the direction puts glasses on 93 % (untrained: 74).
#
# But the paper's two remarks are not seen: **open**. Sums of single exemplars, as long as they come, hit *more* often than those of three, 72 % against 49 (an untrained network: 63 and 53). And sums in pixels are 1.2 times as strange as those in latents, not 3.
#
# Is it the rough faces? Five more, four times as long, from new first weights and with the same bounds (`latent_faces_longer`). Now sums in pixels are 1.58 times as strange, in each of the five more than in any of the first: **reproduced**. (The shipped network's are so with labels of other latents, too: it is the adding, not the meaning.) Hits of one and of three are level, 52 and 53 %: open. More steps moved both.
#
# The shipped network, nearer to faces by far, lies farther the same way in each panel; by its steps or its recipe, we did not ask. One network is no rule. *At one length* ten exemplars hit more often than one in all; an untrained network gains as much (`0.25`, the first five `0.2232`), so such hits tell little of what was learnt.
#
# So the count answers "what is read there?", and a table of two mean pictures passes it. That a generator *knows* what glasses are does not follow. What latents can do *here* and pixels cannot is to draw what goes with an attribute, a head's outline, and to end at a face hardly stranger than its others (not so the first five: long hair has 1.38, in pixels 1.41). Pixels leave the rest alone.

# %% [markdown] tags=["slide", "slide-only"]
# ## A real face
#
# $$z^* = \arg\min_z \; \frac{1}{n}\lVert G(z) - x \rVert^2 + \frac{\lambda}{D} \lVert z \rVert^2$$
#
# Then move $z^*$, and draw.

# %% [markdown] tags=["notes"]
# ## 6. A real face
#
# So far every face was the generator's own. To edit a *given* picture one needs its latent first: the one whose picture is nearest, found by descent through the generator (lecture 10 asks how far to trust it).
#
# $$z^* = \arg\min_z \; \frac{1}{n}\lVert G(z) - x \rVert^2 + \frac{\lambda}{D} \lVert z \rVert^2$$
#
# The second term pulls $z^*$ towards 0. The faces are held out. Then add section 4's *balanced* direction to $z^*$. The faces are drawn by a program, so we know the answer: the same person drawn with glasses.

# %% tags=["slide-continue", "slide-picture"]
n_real, drawn_people = scale.pick(ci=8, cpu=40, gpu=200), scale.pick(ci=24, cpu=200, gpu=200)  # five sets
bare, dressed = (part[:n_real] for part in data.counterfactual("faces", "glasses", "no", "yes", n=drawn_people, progress=False))
four = torch.stack([data.to_float(kind[:n_real].images) for kind in kinds("faces", "glasses", "yes", drawn_people, progress=False)])  # each with each of four pairs
real, wanted = data.to_float(bare.images), data.to_float(dressed.images)
whose = (four == wanted).flatten(2).all(2).int().argmax(0)  # the pair that each was drawn with
another = four[(whose + 1) % 4, torch.arange(n_real)]  # the same person with another pair
descent = {"steps": scale.pick(ci=4, cpu=600, gpu=600), "restarts": scale.pick(ci=1, cpu=2, gpu=8), "prior": 0.003}
shorter = descent | {"steps": max(1, descent["steps"] // 4)}
found, hasty = invert(G, real, **descent), invert(G, real, **shorter)
way = balanced(labelled[::5])
mean_with, mean_without = (data.to_float(faces.where(glasses=value).images).mean(0) for value in ("yes", "no"))
edits = {f"in latents, {times}x": generate(found.z + times * way) for times in (1, 2)}
edits |= {f"in pixels, {times}x": (real + times * (mean_with - mean_without)).clamp(-1, 1) for times in (1, 2)}
onto = {f"pixels, face found, {times}x": (found.images + times * (mean_with - mean_without)).clamp(-1, 1) for times in (1, 2)}  # each edit from the other's start
onto |= {f"latents' change, drawn face, {times}x": (real + edits[f"in latents, {times}x"] - found.images).clamp(-1, 1) for times in (1, 2)}
elsewhere = [generate(latent.astray(found.z, found.z + times * way, seed=0)) for times in (1, 2)]
rows = {"held out": real, "found": found.images, "in latents, 2x": edits["in latents, 2x"], "in pixels, 1x": edits["in pixels, 1x"], "another real pair": another, "drawn with glasses": wanted}
show(viz.labelled_grid(torch.cat([images[:8] for images in rows.values()]), rows=list(rows), n_columns=8, scale=2))

# %% [markdown] tags=["slide", "slide-only"]
# ## What does a right answer score?
#
# The same person with *another* real pair of glasses, by squared error: worse than nothing done. The mean of all pairs has least.

# %% tags=["slide-continue"]
def as_drawn(images, drawn, judge=classifier):
    """The share of the six attributes that a judge reads as they were drawn, for five sets of faces."""
    return [float(part.double().mean()) for part in (judge.predict(images) == drawn.attributes).tensor_split(5)]


twins = faces.images[viz.nearest_neighbours(real, faces.images)[0][:, 0]]
stranger = invert(untrained, real, **shorter).images
with networks.seeded(0):
    components = torch.pca_lowrank(known.flatten(1), q=64, niter=1)[2]  # of five thousand training faces: 64 numbers, as a latent has
centre = known.flatten(1).mean(0)
projected = (centre + (real.flatten(1) - centre) @ components @ components.T).view_as(real).clamp(-1, 1)
read = {
    name: np.array(as_drawn(images, bare))
    for name, images in {"found": found.images, "twins": twins, "projected": projected, "untrained": stranger, "another": real.roll(1, 0), "itself": real}.items()
}
question(
    "C11.real",
    "Can the generator draw a face that it never saw? Share of its six attributes that are read in the face found, less that in the nearest of the training faces",
    ours=read["found"] - read["twins"],
    over="sets of faces for one generator",
    baselines=nulls(
        nearest_training_face=0, sixty_four_principal_components=(read["projected"] - read["twins"]).mean(), untrained=(read["untrained"] - read["twins"]).mean(), another_face=(read["another"] - read["twins"]).mean()
    )
    | ceilings(the_face_itself=(read["itself"] - read["twins"]).mean()),
    source="beside Zhu et al. 2016",
    note=f"As drawn: found {read['found'].mean():.0%}, principal components {read['projected'].mean():.1%}, nearest training face {read['twins'].mean():.0%}. Squared error per pixel: found {found.error.mean():.4f}, after a quarter of the steps {hasty.error.mean():.3f}, "
    f"principal components {reconstruction_error(projected, real).mean():.4f}, nearest training face {reconstruction_error(data.to_float(twins), real).mean():.3f}, "
    f"another face {reconstruction_error(real.roll(1, 0), real).mean():.3f}. The latents found have length {found.z.norm(dim=1).mean():.1f}; a draw has 8.",
)
question(
    "C11.edit",
    "And edit it? Share of the six attributes as in the same person drawn with glasses, twice the direction",
    ours=as_drawn(edits["in latents, 2x"], dressed),
    over="sets of faces for one generator",
    baselines=nulls(
        not_moved=np.mean(as_drawn(found.images, dressed)), as_far_but_anywhere=np.mean(as_drawn(elsewhere[1], dressed)), the_same_in_pixels=np.mean(as_drawn(edits["in pixels, 2x"], dressed)),
        in_pixels_on_the_face_found=np.mean(as_drawn(onto["pixels, face found, 2x"], dressed)),
    )
    | ceilings(drawn_with_glasses=np.mean(as_drawn(wanted, dressed)), another_real_pair=np.mean(as_drawn(another, dressed))),
    source="beside Zhu et al. 2016",
)


def missed(images):
    """The squared error per pixel to the same person drawn with glasses, for five sets of faces."""
    return [float(part.mean()) for part in reconstruction_error(images, wanted).tensor_split(5)]


def nearest_pair(images):
    """The squared error per pixel to that of the four pairs which is nearest."""
    return torch.stack([reconstruction_error(images, pair) for pair in four]).amin(0).mean()


question(
    "C11.edit_error",
    "And by the truth in place of a judge? Squared error per pixel to the same person drawn with glasses, once the direction",
    ours=missed(edits["in latents, 1x"]),
    over="sets of faces for one generator",
    baselines=nulls(
        nothing_done=np.mean(missed(real)), as_far_but_anywhere=np.mean(missed(elsewhere[0])), the_same_in_pixels=np.mean(missed(edits["in pixels, 1x"])),
        in_pixels_on_the_face_found=np.mean(missed(onto["pixels, face found, 1x"])),
    )
    | ceilings(drawn_with_glasses=0, another_real_pair=np.mean(missed(another)), mean_of_the_four_pairs=np.mean(missed(four.mean(0)))),
    source="beside Zhu et al. 2016",
    note="Once the direction was asked after twice was known, other pairs after a pilot on 600 drawings whose numbers were known.",
)  # fmt: skip
lines_of = {
    "the drawn face": {
        "nothing": real, "another real pair": another, "the mean of the four pairs": four.mean(0), "pixels, 1x": edits["in pixels, 1x"],
        **{f"the latents' change, {times}x": onto[f"latents' change, drawn face, {times}x"] for times in (1, 2)},
    },
    "the face found": {
        "nothing": found.images, "pixels, 1x": onto["pixels, face found, 1x"], **{f"latents, {times}x": edits[f"in latents, {times}x"] for times in (1, 2)},
    },
}  # fmt: skip
viz.table(
    [
        {
            "from": start,
            "edit": edit,
            "error": f"{np.mean(missed(images)):.3f}",
            "to the nearest of the four pairs": f"{nearest_pair(images):.3f}",
            "glasses read": f"{has(images, glasses='yes').double().mean():.0%}",
            "all six as drawn": f"{np.mean(as_drawn(images, dressed)):.0%}",
            "distance of patches": f"{strange(images).mean():.3f}",
        }
        for start, all_edits in lines_of.items()
        for edit, images in all_edits.items()
    ],
    caption="error: squared, per pixel, to the same person drawn with glasses",
)

# %% [markdown] tags=["notes"]
# A search of 600 steps leaves 0.018 of squared error per pixel, one of 150 steps 0.036; the nearest training face 0.035; sixty-four principal components, as many numbers as a latent has, 0.012. In attributes these and the search are level (96 %, 97).
#
# Then the edit. By the truth, the squared error to the same person drawn with glasses, the mean pictures win from either start, and latents do worse than doing nothing.
#
# But look at the second line. The same person with *another* pair of glasses is a right answer to "put glasses on", and has `0.06191`: more than nothing done, `0.04249`, while the mean of all four pairs, which nobody would wear, has `0.02297`. Squared error is least for the mean of what may be there. It prefers the ghost, and cannot judge an edit that has several right answers (lecture 17 meets it as a loss). The nearest of the four pairs gives a right answer its 0, and then doing nothing, 0.005, before any edit.
#
# Before you rank edits, give a measure a right answer, and nothing done. By eye: latents, twice, draw dark glasses, whatever was drawn, and mostly keep the person; pixels, once, a shade.

# %% [markdown] tags=["slide", "slide-only"]
# ## Play
#
# Take *long hair* to one end and *dark skin* to the other. Which sliders interfere?

# %% [markdown] tags=["notes"]
# ## Play
#
# Sliders along directions of section 4. The first face was chosen of forty: *glasses* takes its skin along, *glasses, balanced* does not. And on other faces? Then take *long hair* to one end and *dark skin* to the other. Which sliders
# interfere? What does a new face change about that?

# %% tags=["slide-continue", "slide-picture"]
chosen = {"glasses": "glasses", "hair_length": "long hair", "skin": "dark skin"}
directions = [F.normalize(way, dim=0) for way in (*(plain(name)(labelled) for name in chosen), balanced(labelled[::5]))]
forty = torch.cat([latent.draw_latents(1, 64, seed) for seed in range(40)])
skins = [classifier.predict(generate(forty + 3 * way))[:, skin - 1] for way in (torch.zeros(64), directions[0], directions[-1])]
dragged = has(generate(forty), glasses="no") & (skins[0] < 2) & (skins[1] != skins[0]) & (skins[2] == skins[0])  # light or tan; glasses take the skin along, balanced ones do not
widgets.latent_sliders(
    G,
    directions=torch.stack(directions),
    labels=[*chosen.values(), "glasses, balanced"],
    reach=3.0,
    seed=int((dragged.double() - strange(generate(forty))).argmax()),  # of these the least strange
)

# %% [markdown] tags=["slide"]
# ## What to keep
#
# - Latents live on a shell. Averaging changes their length: ask which of the two has worked.
# - Beside every direction: a step as far to anywhere, and the same done in pixels.
# - A judge says *what* is read, not *how* it is there. A measure of *how* needs its nulls, too.

# %% [markdown]
# ## Quiz

# %%
widgets.quiz(
    [
        {
            "question": "In latent arithmetic with means of $n$ exemplars, for which $n$ does the sum have the length of an ordinary latent?",
            "answer": "3",
            "why": "Three terms of squared length $D/n$ each make $3D/n$, and $3D/n = D$ for $n = 3$.",
            "wrong": {
                "1": "Then it is longer by $\\sqrt 3$: three independent latents are added.",
                "as many as possible": "The means shrink towards those of their groups, and the sum is too short.",
            },
        },
        {
            "question": "A straight walk between two independent latents of 64 dimensions: how long is the latent in the middle, compared with the ends?",
            "answer": "Shorter by about $\\sqrt 2$",
            "why": "$|(z_0 + z_1)/2|^2 = (|z_0|^2 + |z_1|^2)/4$ where they are at right angles, as independent ones nearly are: half of $D$.",
            "wrong": {
                "as long": "That is the great circle.",
                "0": "Only for opposite ends.",
            },
        },
        {
            "question": "A walk is called smooth. Which number would a generator that only looks up training pictures fail?",
            "answer": "The longest of many small steps, as a share of the way from end to end",
            "why": "A lookup stands still and then jumps: one step is nearly the whole way.",
            "wrong": {
                "the distance between the two ends": "It says nothing of the way from one to the other.",
                "the Fréchet distance of all pictures on the way": "Training pictures score best of all.",
            },
        },
        {
            "question": "A classifier, right on every real face, reads glasses on each of a hundred edited faces. What does that show?",
            "answer": "That it reads glasses there; how they look, it was never asked",
            "why": "A mean picture of glasses laid over a face is read as glasses. A measure that compares patches with real ones minds, and so does the eye.",
            "wrong": {
                "that these are faces with glasses": "Ghosts of glasses are read as well.",
                "that the editor knows what glasses are": "A difference of two mean pictures scores as high, and knows nothing.",
            },
        },
    ]
)

# %% [markdown] tags=["notes"]
# # Going deeper
#
# ## 7. Finer steps
#
# A curve that is steep somewhere looks like a jump until one cuts it finer. So cut the walks of section 1 into 64 and 128 steps as well. A continuous curve's longest step shrinks towards 0, a jump stays.

# %%
def longest(path, k):
    return latent.longest_steps(latent.every(path, 129, k), 128 // k + 1).median()


finely = [[longest(path, k) for k in (4, 2, 1)] for path in paths]
looked_up = [longest(copied, k) for k in (4, 2, 1)]
question(
    "C11.finer",
    "And does the longest step go away in finer steps? That of 128 over that of 32, the same walks",
    ours=[fine[2] / fine[0] for fine in finely],
    over="sets of walks through one generator",
    baselines=nulls(memoriser=looked_up[2] / looked_up[0]) | ceilings(straight_line=1 / 4),
    source="beside Radford et al. 2016, section 6.1",
    decks="HC",
)
viz.table(
    [
        {
            "steps": 128 // k,
            "steady walk": f"{k / 128:.3f}",
            "generator": f"{np.mean([fine[at] for fine in finely]):.2f}",
            "memoriser": f"{float(looked_up[at]):.2f}",
        }
        for at, k in enumerate((4, 2, 1))
    ],
    caption="the longest step over the distance between the ends, median over walks",
)

# %% [markdown]
# Cut four times as finely, a third of the generator's longest step is left (0.33; a straight line would leave a quarter), and all of the memoriser's: steep places, and no jumps.
#
# ## 8. The two middles, drawn
#
# Section 2 says by symmetry that line over circle is what C11.walk has measured. Drawn, with other latents:

# %%
def middles_of(seed):
    """The pictures of the latents drawn, and of both middles; the mean of the two end pictures."""
    z0, z1 = torch.randn(2, n_faces, 64, generator=torch.Generator().manual_seed(200 + seed))
    first, second = generate(z0), generate(z1)
    return {"drawn": first, "middle of the line": generate((z0 + z1) / 2), "middle of the circle": generate(latent.slerp(z0, z1, 0.5)), "cross-fade": (first + second) / 2}


there = [middles_of(seed) for seed in seeds]
away = {what: np.array([distance(pictures[what]) for pictures in there]) for what in there[0]}
spread = {what: np.array([float(classifier.features(pictures[what]).var(0).sum()) for pictures in there]) for what in there[0]}
true_mean = statistics(reference)[0]
of_means = {what: np.array([float((statistics(classifier.features(pictures[what]))[0] - true_mean).square().sum()) for pictures in there]) for what in there[0]}
of_spreads = {what: away[what] - of_means[what] for what in there[0]}  # what the covariances add
patched = {what: np.array([float(strange(pictures[what][: 5 * few]).mean()) for pictures in there]) for what in there[0]}
question(
    "S29.greatcircle",
    "Are faces half-way on the great circle closer to the data than half-way on the line? Distance on the line over distance on the circle",
    ours=away["middle of the line"] / away["middle of the circle"],
    over="sets of latents through one generator",
    baselines=nulls(no_difference=1),
    source="soumith/ganhacks, tip 3: interpolate along a great circle; White 2016",
    decks="C",
)
question(
    "C11.walk_patches",
    "And picture by picture? Distance of patches from those of real faces, half-way on the line over the generator's own draws",
    ours=patched["middle of the line"] / patched["drawn"],
    over="sets of latents through one generator",
    baselines=nulls(cross_fade=(patched["cross-fade"] / patched["drawn"]).mean()) | ceilings(own_draws=1, unseen_faces=float(strange(unseen.images[: 5 * few]).mean() / patched["drawn"].mean())),
    source="beside Radford et al. 2016, section 6.1",
    note="Asked after a pilot on 600 walks, in which it was 0.98.",
)
viz.table(
    [{"pictures": what, **{measure: f"{(found_by[what] / than['drawn']).mean():.2f}" for measure, found_by, than in (("distance to real faces", away, away), ("of it the means'", of_means, away), ("the covariances'", of_spreads, away), ("distance of patches", patched, patched), ("variance of the features", spread, spread))}} for what in away],
    caption="each over that of the draws; the two parts over the whole distance of the draws",
)

# %% [markdown]
# The middle of the circle is as far from real faces as a draw (1.03), that of the line 1.74 times. Picture by picture the line's is no worse, 1.01, where a cross-fade has 1.98.
#
# Is it variety that is lost? Little: the features vary 0.95 times as much as those of draws. A Fréchet distance has two parts, the squared distance of the means and what the covariances add. Of the 0.74 by which the line is farther than a draw, 0.29 is the means' and 0.45 the covariances'. So two fifths are a set that has moved as a whole; the rest is in how its features vary, not in how much altogether.

# %% [markdown] tags=["slide", "slide-only"]
# ## Another judge
#
# The classifier chose the exemplars, and then counted. What flatters one judge need not convince a second: half as wide, other first weights, other faces.

# %% [markdown] tags=["notes"]
# ## 9. Another judge
#
# One classifier has labelled the latents, and has then counted what came of them. Suppose that it takes dark smears over the eyes for glasses. Then its direction leads to smears, and it counts them as a success. So everything that was found with the first judge is put before a second one, which had no part in the finding:
# half as wide, from other first weights, taught in a few seconds on faces that the first never saw. First: can it read?

# %%
def second_judge():
    """A classifier of half the width, from other first weights, taught on faces that the first one never saw."""
    others = data.faces(32, n=scale.pick(ci=240, cpu=4000, gpu=10_000), seed=1, progress=False)
    with networks.seeded(1):
        network = AttributeClassifier(classifier.attribute_names, width=16, extractor_id="second judge")
    fit_classifier(network, others.images, others.attributes, steps=scale.pick(ci=5, cpu=400, gpu=1000), seed=1)
    return network


second = second_judge()
reads = second.accuracy(unseen.images, unseen.attributes)
shuffled = second.accuracy(unseen.images, unseen.attributes.roll(7, 0))
blank = AttributeClassifier(classifier.attribute_names, width=16).eval().accuracy(unseen.images, unseen.attributes)
check(
    "C11.second_judge",
    "The second judge reads unseen faces: its accuracy on the attribute that it reads worst",
    ours=min(reads.values()),
    tolerance=at_least(0.9),
    baselines=nulls(shuffled_answers=max(shuffled.values()), untrained=max(blank.values()))
    | ceilings(first_judge=min(classifier.accuracy(unseen.images, unseen.attributes).values())),
)
seen_by_second = replace(labelled, attributes=second.predict(drawn))
agree = (seen_by_second.attributes == labelled.attributes).double().mean()
print(f"on the generator's draws both judges read the same on {agree:.0%} of the attributes")

# %% tags=["slide-continue"]
by_second = {"judge": second, "seen": seen_by_second}  # who has it before and after, what stays, which triples are valid
plain_move = moved("glasses", **by_second)
even_move = moved("glasses", find=balanced, **by_second)
added = {name: sums[name, 3].judged(second) for name in equations}


def sums_by_second(name):
    """Shares [part, way]; 0 where the judge finds no valid triple, as one of ci scale does."""
    return np.nan_to_num([added[name].shares(how) for how in ("as it is", "astray", "in pixels")]).T


told_by_both = {
    "glasses appear, 2x the direction": (glasses[:, 0, 0], plain_move[:, :, 0]),
    "the other five stay": (kept(glasses, "glasses")[:, 0], kept(plain_move, "glasses")),
    "skin stays": (glasses[:, 0, skin], plain_move[:, :, skin]),
    "skin stays, balanced direction": (cures["the mean of the skins' differences"][:, 0, skin], even_move[:, :, skin]),
    "sums: long hair and glasses": (by_part("glasses", 3, "as it is"), sums_by_second("glasses")),
    "sums: long hair and a smile": (by_part("smile", 3, "as it is"), sums_by_second("smile")),
    "a real face, edited: attributes as drawn": (
        as_drawn(edits["in latents, 2x"], dressed),
        np.stack([as_drawn(images, dressed, second) for images in (edits["in latents, 2x"], elsewhere[1], edits["in pixels, 2x"])], 1),
    ),
}
viz.table(
    [
        {"edit": name, "first judge": f"{np.mean(first_says):.0%}"}
        | {f"second judge{way}": f"{share:.0%}" for way, share in zip(("", ", as far but anywhere", ", in pixels"), says.mean(0), strict=True)}
        for name, (first_says, says) in told_by_both.items()
    ]
)

# %%
question(
    "C11.direction_second",
    "Do the glasses that the first judge's direction puts on faces convince a second judge? Share of faces that change, to it",
    ours=plain_move[:, 0, 0],
    over="disjoint sets of exemplars for one generator",
    baselines=nulls(as_far_but_anywhere=plain_move[:, 1, 0].mean(), the_same_in_pixels=plain_move[:, 2, 0].mean())
    | ceilings(first_judge=glasses[:, 0, 0].mean()),
    source="beside Radford et al. 2016, section 6.3.2",
)
question(
    "C11.sums_second",
    "And the sums with glasses? Share of successes among triples that are valid to the second judge",
    ours=sums_by_second("glasses")[:, 0],
    over="disjoint sets of exemplars for one generator",
    baselines=nulls(
        third_term_alone=np.nan_to_num(added["glasses"].shares("third term")).mean(),
        a_step_astray=sums_by_second("glasses")[:, 1].mean(),
        the_same_in_pixels=sums_by_second("glasses")[:, 2].mean(),
    )
    | ceilings(first_judge=np.mean(by_part("glasses", 3, "as it is"))),
    source="beside Radford et al. 2016, section 6.3.2",
)
question(
    "C11.edit_second",
    "And the edit of a real face? Share of the six attributes as in the same person drawn with glasses, to the second judge",
    ours=as_drawn(edits["in latents, 2x"], dressed, second),
    over="sets of faces for one generator",
    baselines=nulls(
        not_moved=np.mean(as_drawn(found.images, dressed, second)),
        as_far_but_anywhere=np.mean(as_drawn(elsewhere[1], dressed, second)),
        the_same_in_pixels=np.mean(as_drawn(edits["in pixels, 2x"], dressed, second)),
        in_pixels_half_as_far=np.mean(as_drawn(edits["in pixels, 1x"], dressed, second)),
        in_pixels_on_the_face_found=np.mean(as_drawn(onto["pixels, face found, 2x"], dressed, second)),
        latents_change_on_the_drawn_face=np.mean(as_drawn(onto["latents' change, drawn face, 2x"], dressed, second)),
    )
    | ceilings(drawn_with_glasses=np.mean(as_drawn(wanted, dressed, second)), first_judge=np.mean(as_drawn(edits["in latents, 2x"], dressed))),
    source="beside Zhu et al. 2016",
)

# %% [markdown]
# The second judge sees what the first one saw: glasses on 96 % of the faces where that one counts 98, skin lost as often, and kept by the balanced direction. Of the edits in latents it doubts the sums with glasses most: 59 % pass in place of 67, still four times what a step astray gets. In pixels it doubts the sums with a smile more: 71 % in place of 86.
#
# On the generator's draws the two differ on one attribute in sixteen, though both read every unseen drawing right: generated faces are where judges differ, and a number by one judge has that much play.
#
# The last column shows what a second judge does not cure. It reads glasses on nearly every face that was moved in pixels (0.9994), and still passes more of the sums in pixels than of those in latents: 77 % with glasses, 71 with a smile. (In the last line latents start from the face found, pixels from the drawn face.)
#
# Both are networks that were taught on the same kind of drawing, and neither was ever shown a bad picture. Two judges from one school share what the school left out. A third sits in front of the screen.

# %% [markdown]
# ### A judge that has seen ghosts
#
# So teach one bad pictures. Half of what it sees are real faces; the others are, to one judge, double exposures, a fifth to a half of another face laid over; to a second one half of them are sums $a - b + c$ of three real faces that stand for nothing. Nothing from the sections above had a part in it.

# %%
def exposed(images, source):
    """Each picture with another laid over it, a fifth to a half: [N, C, H, W] in [-1, 1]."""
    share = 0.2 + 0.3 * torch.rand(len(images), 1, 1, 1, generator=source)
    return (1 - share) * images + share * images[torch.randperm(len(images), generator=source)]


def summed(images, source):
    """Each picture less another plus a third, cut off at -1 and 1."""
    second, third_one = (images[torch.randperm(len(images), generator=source)] for _ in range(2))
    return (images - second + third_one).clamp(-1, 1)


GHOSTS = {"double exposures": (exposed,), "and sums": (exposed, summed)}


def lesson(images, kinds_of_ghosts, seed):
    """Faces, and as many ghosts of each kind; what they are: 0 a face, 1 a ghost."""
    single, source = data.to_float(images), torch.Generator().manual_seed(seed)
    ghosts = [make(single, source)[k :: len(kinds_of_ghosts)] for k, make in enumerate(kinds_of_ghosts)]
    return torch.cat([single, *ghosts]), torch.arange(2).repeat_interleave(len(single))[:, None]


def taught(kinds_of_ghosts):
    """A judge with one question: is it a ghost?"""
    with networks.seeded(2):
        network = AttributeClassifier({"ghost": ("no", "yes")}, width=16, extractor_id="judge of ghosts")
    pupils = faces.images[-scale.pick(ci=100, cpu=4000, gpu=4000) :]
    fit_classifier(network, *lesson(pupils, kinds_of_ghosts, 3), steps=scale.pick(ci=5, cpu=250, gpu=1000), seed=2)
    return network


seers = {name: taught(made) for name, made in GHOSTS.items()}
exams = {name: lesson(unseen.images[:n_faces], made, 4) for name, made in GHOSTS.items()}
ignorant = AttributeClassifier({"ghost": ("no", "yes")}, width=16).eval()
check(
    "C11.seers",
    "Both judges of ghosts tell unseen faces from ghosts of the kinds that they were taught: the worse one's accuracy",
    ours=min(seers[name].accuracy(*exam)["ghost"] for name, exam in exams.items()),
    tolerance=at_least(0.9),
    baselines=nulls(shuffled_answers=max(seers[name].accuracy(shown, answers.roll(len(answers) // 4, 0))["ghost"] for name, (shown, answers) in exams.items()), untrained=max(ignorant.accuracy(*exam)["ghost"] for exam in exams.values())),
)


def refused(images, name):
    """The share of the pictures that a judge takes for ghosts."""
    return float(has(images, seers[name], ghost="yes").double().mean())


exposures_alone, sums_too = GHOSTS
question(
    "C11.seen_ghosts",
    "Does a judge that was taught double exposures refuse the sums in pixels? Share that it takes for ghosts",
    ours=[refused(part.images["in pixels"][:few], exposures_alone) for part in sums["glasses", 3].parts],
    over="disjoint sets of exemplars for one generator",
    baselines=nulls(the_same_in_latents=refused(sums["glasses", 3].images("as it is", few), exposures_alone), own_draws=refused(drawn[: 5 * few], exposures_alone), unseen_faces=refused(third, exposures_alone))
    | ceilings(taught_sums_too=refused(sums["glasses", 3].images("in pixels", few), sums_too), unseen_double_exposures=refused(exposed(third, torch.Generator().manual_seed(5)), exposures_alone)),
    source="beside Radford et al. 2016, section 6.3.2",
    note="The second judge was thought of after a pilot in which the first refused none of 60 sums.",
)
looked_at = {"sums with glasses; before: third terms": [sums["glasses", 3].images(how, few) for how in ("third term", "as it is", "in pixels")]}
for name, times in (("glasses", 1.0), ("hair_length", 1.0), ("hair_length", 2.0)):
    moved_parts = list(latent.moves_of_parts(G, labelled, drawn, plain(name), times, limit=few, **{name: MOVES[name][0]}))
    looked_at[f"{name}, {times:.0f}x"] = [torch.cat(kind) for kind in zip(*[(part.before, part.after["in latents"], part.after["in pixels"]) for part in moved_parts], strict=True)]
viz.table(
    [
        {"judge was taught": name, "pictures": what} | {way: f"{refused(images, name):.0%}" for way, images in zip(("before", "in latents", "in pixels"), kinds_shown, strict=True)}
        for what, kinds_shown in looked_at.items()
        for name in seers
    ],
    caption="share taken for ghosts",
)

# %% [markdown]
# A surprise: we expected any judge of ghosts to refuse the sums in pixels. Both pass their exams (`0.993`). But the one that was taught double exposures takes 1 % of these sums for ghosts, fewer than of the generator's own draws (`0.2167`). The one that was also taught sums takes 98 %, and 93 of long hair in pixels, once, which nobody taught it (of the same faces before, 19). Moves in latents it takes as before, or less: twice the hair, 7 %.
#
# So section 5's sentence wants a word: the judge was never shown *such* bad pictures. Which others it will refuse one has to try: the first judge refuses twice as many as before with glasses in pixels (37 % and 19), and hardly a sum. The distance of patches has met no ghost, and asks for faces alone. (Both take more than half of the third terms, means of three latents, for ghosts; we do not know why.)

# %% [markdown]
# ## 10. Five generators
#
# Section 5 asked five trainings of a minute, `latent_faces`, and five of four minutes, `latent_faces_longer`. Here is the rest of what was asked of the first. First the bond: do glasses go with dark skin in each of them?

# %%
bond = told_by("glasses_dark") - told_by("glasses_light")
question(
    "C11.bond",
    "Do the generators draw glasses as often on every skin? Share with glasses among dark faces less that among light ones",
    ours=bond,
    over="trainings",
    baselines=nulls(the_drawings=0, untrained_network=untrained_told("glasses_dark") - untrained_told("glasses_light")) | ceilings(shipped_generator=five.baseline("glasses_dark")["faces32, shipped"] - five.baseline("glasses_light")["faces32, shipped"]),
    source="White 2016: smile and sex on photographs",
)
question(
    "C11.between_seeds",
    "Does the picture half-way belong to its walk in them? Share of what both ends agree in, own walk less another",
    ours=told_by("between") - told_by("between_elsewhere"),
    over="trainings",
    baselines=nulls(another_walk=0, untrained_network=untrained_told("between") - untrained_told("between_elsewhere"))
    | ceilings(shipped_generator=five.baseline("between")["faces32, shipped"] - five.baseline("between_elsewhere")["faces32, shipped"]),
    source="beside Radford et al. 2016, section 6.1",
    note="The difference was asked after the shares were known.",
)
question(
    "C11.balanced_seeds",
    "What does averaging over skins give them? Skin kept under the move of glasses, balanced less plain",
    ours=told_by("skin_balanced") - told_by("skin"),
    over="trainings",
    baselines=nulls(the_plain_direction=0, to_anywhere=(told_by("skin_astray") - told_by("skin")).mean()),
    source="White 2016, bias-corrected vectors",
)
question(
    "C11.direction_seeds",
    "How often does twice the difference of class means put glasses on faces without? Share of faces that change",
    ours=told_by("moved"),
    over="trainings",
    baselines=nulls(as_far_but_anywhere=told_by("moved_astray").mean(), labels_of_other_latents=without["moved"], the_same_in_pixels=told_by("moved_pixels").mean(), untrained_network=five.baseline("moved")["untrained"]),
    source="Radford et al. 2016, section 6.3.2 (turn vector)",
)
question(
    "C11.hair_seeds",
    "How strange are faces moved to long hair, twice the direction? Distance of their patches over that before",
    ours=told_by("hair"),
    over="trainings",
    baselines=nulls(the_same_in_pixels=told_by("hair_pixels").mean()) | ceilings(own_draws_that_have_it=told_by("hair_own").mean()),
    source="beside Radford et al. 2016, section 6.3.2",
)
# %%
def shown(number, template):
    """The number, or nothing where too few pictures of a kind were drawn."""
    return "" if np.isnan(number) else template.format(number)


viz.table(
    [
        {"what": what, "in latents": span(name, template), "beside it": f"{beside} {span(other, template)}", "in pixels": span(pixels, template) if pixels else "", "untrained": shown(untrained_told(name), template)}
        for what, name, beside, other, pixels, template in (
            ("half-way: agrees with its ends", "between", "another walk", "between_elsewhere", "", "{:.0%}"),
            ("glasses, 2x: appear", "moved", "to anywhere", "moved_astray", "moved_pixels", "{:.0%}"),
            ("sums with glasses: hits", "sum_glasses", "a step astray", "sum_glasses_astray", "sum_glasses_pixels", "{:.0%}"),
            ("sums with a smile: hits", "sum_smile", "a step astray", "sum_smile_astray", "sum_smile_pixels", "{:.0%}"),
            ("sums with glasses: stranger by", "strange", "of no meaning", "strange_one_label", "strange_pixels", "{:.2f}"),
            ("long hair, 2x: stranger by", "hair", "own draws", "hair_own", "hair_pixels", "{:.2f}"),
        )
    ],
    caption="five trainings: mean (least to most); last, in latents, a network that was never trained",
)

# %%
whose = (*(f"training {seed}" for seed in five.seeds), "4,000 steps, mean", "shipped", "untrained")
asked_of_all = {
    "distance": "frechet",
    **{f"glasses on {skin} faces": f"glasses_{skin}" for skin in ("light", "dark")},
    "glasses, 2x: skin kept": "skin",
    "skin kept, balanced": "skin_balanced",
    "skin kept, to anywhere": "skin_astray",
    "glasses, 2x: other attributes kept": "kept",
    "other attributes kept, to anywhere": "kept_astray",
    **{f"hits of {n}, {how or 'as long as they come'}": n + ("_" + how if how else "") for n in ("one", "three", "ten") for how in ("", "stretched")},
}
viz.table(
    [
        {"what": what} | {who: shown(number, "{:.1f}" if name == "frechet" else "{:.0%}") for who, number in zip(whose, (*told_by(name), told_by(name, longer).mean(), of_shipped(name), untrained_told(name)), strict=True)}
        for what, name in asked_of_all.items()
    ],
    caption="hits: sums stretched to the length of a latent, or as long as they come; all triples, mean of glasses and smile",
)

# %%
film = five.film("faces32_live")
lines_drawn = {f"step {step:,}": data.to_float(drawn_then) for step, drawn_then in film.items()}
lines_drawn["shipped"] = generate(latent.draw_latents(len(next(iter(film.values()))), 64, 4))
show(viz.labelled_grid(torch.cat(list(lines_drawn.values())), rows=list(lines_drawn), n_columns=len(lines_drawn["shipped"]), scale=3), "One of the five trainings, the same latents every time; below, draws of the shipped generator.")

# %% [markdown]
# We expected chance: another sign for another seed. All five have the bond, and with one sign, `0.4547` more glasses on dark faces (61 % against 37 after 4,000 steps, `0.1073` more in the shipped generator). So it is no accident of a seed, and it fades as the faces get better. It may be the judge's, on rough dark faces: no second judge was asked. White's means give back `0.5238`, nearly all that a step to anywhere keeps more.
#
# Read the lines of the other attributes: twice the direction of glasses keeps 64 to 67 % of them, a step to anywhere 77 to 80. After 4,000 steps it is 72 and 78, in the shipped generator 81 and 75. (Section 4 has 84 and 76 for it, from 6,000 labelled latents; the records have 3,000.) So a rough generator's direction puts glasses on, and skin is not all that pays.
#
# And long hair: we expected pixels to make it more than twice as strange. They make it 1.41 times, latents 1.38, and draws with long hair have 1.18 without any move. What section 5 saw between latents and pixels is not seen in these five.
#
# And mind the nulls. The untrained network has one set of first weights, the record's. On four others the judge reads too few faces of some kind to ask; a sixth had other hits (the note of C11.single). With the record's, "glasses appear" on `0.7372` of the stains: read the five's `0.9331` beside that.

# %% [markdown]
# ## What was measured
#
# The rows of this lecture by kind and verdict. Each box above unfolds on a click; `CLAIMS.md` has the rows of all lectures.

# %%
summary()

# %% [markdown]
# ## Exercises
#
# 1. **How many exemplars?** Section 3 has means of 1, 3 and 10. Repeat its stretched rows (`latent.to_shell`) with 2, 5, 30 and 100. From where on does more
#    averaging buy nothing, and what does the sum come near as the number grows?
# 2. **A purer direction.** Section 4 balances glasses over skins. Which attribute pays most for *hair length*, and for *skin*? Balance these directions over it. Then balance glasses over
#    two attributes at once: how many latents are left in the smallest group, and what does that do to the direction?
# 3. **A judge that has seen more.** Section 9's judge of ghosts knows double exposures. Teach it blurred faces as well (`blurred`), or the draws of one of lecture 04's recipes. What does it refuse then? And which picture would fool it still?
# 4. **Planes instead of means.** `latent.attribute_directions` fits a plane between latents with and without an attribute. Compare its normals with
#    the differences of means: the angle between them, and what each flips at the same length.
#
# ## Further reading
#
# - Radford, Metz & Chintala, [*Unsupervised representation learning with deep convolutional generative adversarial networks*](https://arxiv.org/abs/1511.06434), ICLR 2016: sections 6.1 and 6.3.
# - White, [*Sampling generative networks*](https://arxiv.org/abs/1609.04468), 2016.
# - Zhu, Krähenbühl, Shechtman & Efros, [*Generative visual manipulation on the natural image manifold*](https://arxiv.org/abs/1609.03552), ECCV 2016.
# - Shen, Gu, Tang & Zhou, [*Interpreting the latent space of GANs for semantic face editing*](https://arxiv.org/abs/1907.10786), CVPR 2020.
# - Härkönen, Hertzmann, Lehtinen & Paris, [*GANSpace: discovering interpretable GAN controls*](https://arxiv.org/abs/2004.02546), NeurIPS 2020.

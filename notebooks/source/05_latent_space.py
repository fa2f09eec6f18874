# %% [markdown]
# # 05. Latent space
#
# [**Covers**](../docs/glossary.md) walks and arithmetic in latent space (Hong, the cs231n notes): claim C11.
# **Papers**: [Radford, Metz & Chintala 2016](https://arxiv.org/abs/1511.06434) (ICLR), sections 6.1 and 6.3.2; [White 2016](https://arxiv.org/abs/1609.04468); [Shoemake 1985](https://doi.org/10.1145/325165.325242).
#
# **Read** for about half an hour. **Run**: under a minute at ci scale, about two minutes at cpu scale on one core.
#
# A generator maps random numbers to faces. Does it *know* anything about faces, or does it hold a stack of pictures? And if there is
# something like knowledge in the space of its inputs, can one find where "glasses" are? We walk through that space, do arithmetic in it,
# look for directions in it, and let a classifier count what happens, not a friendly eye.
#
# After it you will be able to
#
# - walk from one face to another, and tell a smooth walk from a lookup table by a number;
# - say when to walk on a line and when on a great circle, and what each does to the length of a latent;
# - do arithmetic with the means of exemplars, and say how many exemplars it takes and why;
# - find a direction for an attribute, and measure what else it changes.

# %%
import itertools

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F

from gancourse import data, latent, scale, viz, zoo
from gancourse.classroom import asked, lines, widgets
from gancourse.classroom.claims import ceilings, nulls, question, summary
from gancourse.metrics import frechet_distance
from gancourse.metrics.attributes import attribute_classifier

torch.manual_seed(0)  # for first weights where a cell names no seed
device = scale.device()
seeds = range(scale.pick(ci=1, cpu=3, gpu=5))
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False, "figure.dpi": 80})
REAL, FAKE = (viz.COLOURS[name] for name in ("real", "fake"))


def show(picture, caption=None):
    """Show a picture in 96 colours: a third of the bytes, and hardly a difference at 32 px."""
    viz.show(picture.quantize(96, method=2), caption)  # by an octree, which keeps rare colours


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
n_faces = scale.pick(ci=100, cpu=1000, gpu=2000)  # faces.images[:n_faces] stand for unseen real faces, the rest is the reference
reference = classifier.features(faces.images[n_faces:])


def distance(images):
    return frechet_distance(classifier.features(images), reference)


show(viz.grid(shipped.sample(26, seed=4), columns=13), "Samples of the generator.")
show(viz.grid(faces.images[:26], columns=13), "Real faces.")

# %% [markdown] tags=["notes"]
# ## 1. Walking
#
# Take two latents, walk from one to the other, and watch. A generator that had memorised pictures would show one, then another, with
# a jump between. The top row walks on the straight line, the second on a great circle (below, why). The third plays the memoriser: each
# picture of the second row is replaced by the training face nearest to it.

# %% [markdown] tags=["slide", "slide-only"]
# ## Walking
#
# Straight; on a great circle; and by a memoriser, who shows the nearest training face.

# %% tags=["slide-continue", "slide-picture"]
G = shipped.model.to(device)


def generate(z):
    with viz.evaluating(G):
        return torch.cat([G(part.to(device)).cpu() for part in z.split(256)])


ends = torch.randn(2, 64, generator=torch.Generator().manual_seed(1))
straight, circle = (latent.interpolate(G, ends[0], ends[1], 12, how) for how in ("linear", "spherical"))
nearest, _ = viz.nearest_neighbours(circle, faces.images)
snapped = data.to_float(faces.images[nearest[:, 0]])
show(viz.labelled_grid(torch.cat([straight, circle, snapped]), rows=["straight", "great circle", "memoriser"], n_columns=12))

# %% [markdown] tags=["notes"]
# "Smooth" needs a number, and there are two ways to fail: to jump, and to be smooth with nothing to show. So two numbers. First, follow a walk in 32 small steps through the features of the attribute classifier, in which standing still is 0 and two random
# faces are about as far apart as its two ends. The longest single step, as a share of the distance between the ends: a steady walk on
# a straight line has $1/32 \approx 0.03$, a lookup table has about 1. Second, the pictures half-way on straight lines: how far is that set from real faces, beside what the generator draws at the ends? The
# first number catches a memoriser; the second catches a network that was never trained, and a cross-fade, the mean of the two end pictures.

# %% [markdown] tags=["slide", "slide-only"]
# ## "Smooth" needs a number
#
# - the longest of 32 steps, over the distance between the ends: a steady walk has $1/32 \approx 0.03$, a lookup table about 1
# - the pictures half-way: how far from real faces?
#
# One catches a memoriser, the other a network that was never trained.


# %% tags=["slide-continue"]
def longest_steps(images, steps):
    f = classifier.features(images).view(-1, steps, 64)  # [walks, steps, features]
    return (f[:, 1:] - f[:, :-1]).norm(dim=2).amax(1) / (f[:, -1] - f[:, 0]).norm(dim=1)


walks, steps = scale.pick(ci=4, cpu=20, gpu=40), 33
jumps, paths = [], []
for seed in range(5):
    z0, z1 = torch.randn(2, walks, 64, generator=torch.Generator().manual_seed(100 + seed))
    paths.append(latent.interpolate(G, z0, z1, steps, "spherical"))
    jumps.append(longest_steps(paths[-1], steps))
nearest, _ = viz.nearest_neighbours(paths[0], faces.images)
copied = faces.images[nearest[:, 0]]
lookup = longest_steps(copied, steps)

torch.manual_seed(1)
untrained = type(G)(**shipped.card["network"]["arguments"]).to(device).eval()  # the same network with its first weights
novice = longest_steps(
    latent.interpolate(untrained, *torch.randn(2, walks, 64, generator=torch.Generator().manual_seed(100)), steps), steps
)

question(
    "C11.smooth",
    "How smooth is interpolation? The longest of 32 steps over the distance between the ends (median over walks)",
    ours=[j.median() for j in jumps],
    over="sets of walks through one generator",
    baselines=nulls(memoriser=lookup.median()) | ceilings(straight_line=1 / 32),
    source="shown in Radford et al. 2016, section 6.1",
    decks="HC",
    note=f"Any continuous network walks smoothly: the untrained one scores {novice.median():.2f}. This rules out a memoriser and nothing else.",
)

# %% tags=["slide-continue"]
half_way, mixed, unlearnt = [], [], []
for seed in range(5):
    z0, z1 = torch.randn(2, n_faces, 64, generator=torch.Generator().manual_seed(300 + seed))
    first, second, middle_pictures = generate(z0), generate(z1), generate((z0 + z1) / 2)
    own = distance(first)  # what the generator draws, as far from real faces as it is
    half_way.append(distance(middle_pictures) / own)
    mixed.append(distance((first + second) / 2) / own)
    with torch.no_grad():
        unlearnt.append(distance(untrained(((z0 + z1) / 2).to(device)).cpu()) / own)
static = torch.rand(n_faces, 3, 32, 32, generator=torch.Generator().manual_seed(0)) * 2 - 1
question(
    "C11.walk",
    "Are the pictures half-way on straight walks faces? Their distance to real faces over that of the generator's own draws",
    ours=half_way,
    over="sets of walks through one generator",
    baselines=nulls(untrained=unlearnt, cross_fade=mixed, noise=distance(static) / own)
    | ceilings(unseen_faces=distance(faces.images[:n_faces]) / own, own_draws=1),
    source="shown in Radford et al. 2016, section 6.1",
    decks="HC",
    note="In the trained generator's units for all, so that a network cannot be as bad half-way as at its ends and look well.",
)

# %% [markdown] tags=["slide", "slide-only"]
# ## There is something between the pictures

# %% tags=["slide-continue", "slide-picture"]
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 2.9), layout="constrained")
for images, colour, name in ((copied, REAL, "memoriser"), (paths[0], FAKE, "generator")):
    f = classifier.features(images).view(-1, steps, 64)[0]
    left.plot(
        np.linspace(0, 1, steps),
        (f - f[0]).norm(dim=1),
        color=colour,
        drawstyle="steps-post" if name == "memoriser" else "default",
        label=name,
    )
left.set(xlabel="place on the walk", ylabel="distance from its start")
left.legend(fontsize=8)
for ratios, colour in ((lookup, REAL), (torch.cat(jumps), FAKE)):
    right.hist(ratios.numpy(), bins=np.linspace(0, 2, 41), weights=np.full(len(ratios), 1 / len(ratios)), color=colour, alpha=0.7)
right.set(xlabel="longest step / distance between the ends", ylabel="share of the walks", xlim=(0, 2))
plt.show()

# %% [markdown] tags=["slide", "slide-only"]
# ## Straight line or great circle
#
# The squared length of $z \sim \mathcal{N}(0, I_D)$ is a sum of $D$ terms of mean 1: lengths crowd around $\sqrt D$. **Latents live on a shell.**
#
# The middle of a straight line, $(z_0 + z_1)/2$, has covariance $I/2$: it is shorter by $\sqrt 2$.

# %% [markdown] tags=["notes"]
# The generator's curve bends and has steeper parts: somewhere on the way glasses have to come on, and half a pair of glasses is not in the
# data. But it passes through the in-between, where the memoriser stands still and jumps. The pictures half-way on the straight line are half as far again from real faces as the generator's own draws (1.5), nearer than a cross-fade (2.2), far nearer than noise (7.6). This distance also grows when variety is lost.
#
# ## 2. Straight line or great circle
#
# Ganhacks, tip 3, says: interpolate along a great circle. The reason is geometry. The squared length of $z \sim \mathcal{N}(0, I_D)$ is a sum of $D$ independent
# terms of mean 1, so lengths crowd around $\sqrt D$; the distribution is a shell, and almost nothing lies near its centre. The middle of
# a straight line, $(z_0 + z_1)/2$, has covariance $I/2$: it is shorter by $\sqrt 2$, and the generator has hardly ever seen such a latent.

# %% [markdown]
# **Write a line.** The point at share $t$ of the great circle from $z_0$ to $z_1$, two latents of one length with the angle $\omega$ between them:
#
# $$z_t = \frac{\sin((1 - t)\,\omega)\, z_0 + \sin(t\,\omega)\, z_1}{\sin \omega} .$$
#
# The angle is yours to find.

# %%
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


def middle_distance(how, seed):
    z0, z1 = torch.randn(2, n_faces, 64, generator=torch.Generator().manual_seed(200 + seed))
    return distance(generate((z0 + z1) / 2 if how == "linear" else latent.slerp(z0, z1, 0.5)))


middle = {how: np.array([middle_distance(how, seed) for seed in seeds]) for how in ("linear", "spherical")}
question(
    "S29.greatcircle",
    "Are faces half-way on the great circle closer to the data than half-way on the line? Distance on the line over distance on the circle",
    ours=middle["linear"] / middle["spherical"],
    over="sets of latents through one generator",
    baselines=nulls(no_difference=1),
    source="soumith/ganhacks, tip 3: interpolate along a great circle; White 2016",
    decks="C",
)

# %% [markdown] tags=["slide", "slide-only"]
# ## Arithmetic
#
# *Man with glasses − man without + woman without = woman with glasses*: means of three latents each, chosen by eye, judged by eye.
#
# Our faces have no sex; hair length takes its place, and a classifier chooses and judges:
#
# $$\text{short, glasses} - \text{short, none} + \text{long, none} = \text{long, glasses?}$$

# %% [markdown] tags=["notes"]
# Look again at the first two rows of faces: one walk cannot show it. The middle of the line and that of the circle point the same way, so the last box tests length alone. Shrinking
# latents is said to trade variety for tidiness. A later lecture does it on purpose and calls it the *truncation trick*.
#
# ## 3. Arithmetic
#
# The most famous pictures of the paper, in Hong's deck and in the notes: *smiling woman − neutral woman + neutral man = smiling man*, and
# *man with glasses − man without glasses + woman without glasses = woman with glasses*. Each term is the mean latent of three pictures
# chosen by eye; with single pictures, the paper says, results were unstable. Judged by eye as well, on one example each.
#
# We let the classifier choose and judge. Our faces have no sex, so hair length takes its place:
#
# $$\text{short, glasses} \;-\; \text{short, no glasses} \;+\; \text{long, no glasses} \;=\; \text{long, glasses?}$$
#
# and the same with a smile in place of glasses. First, latents with labels: draw many, look at the pictures, write down what is seen.

# %%
labelled = latent.label_latents(G, classifier, n=scale.pick(ci=1000, cpu=6000, gpu=10_000), seed=0)
viz.source(latent.triples, latent.exemplar_means)

# %% [markdown] tags=["slide", "slide-only"]
# ## In latents, and in pixels


# %% tags=["slide-continue", "slide-picture"]
def equation(attribute):
    return tuple({"hair_length": hair, attribute: value} for hair, value in (("short", "yes"), ("short", "no"), ("long", "no")))


source = torch.Generator().manual_seed(5)
a, b, c = (latent.exemplar_means(labelled.where(**group), 8, 3, source) for group in equation("glasses"))
in_pixels = (generate(a) - generate(b) + generate(c)).clamp(-1, 1)
rows = ["short, glasses", "− short, none", "+ long, none", "= in latents", "= in pixels"]
show(
    viz.labelled_grid(torch.cat([generate(a), generate(b), generate(c), generate(a - b + c), in_pixels]), rows=rows, n_columns=8)
)

# %% [markdown] tags=["notes"]
# The upper three rows are pictures of *mean latents*: three people averaged, and mostly one face, though some do not show their label (look for the glasses in the first row). The fourth row is the sum. The last row does the same
# sum on pixels, and gets double exposures wherever two heads differ, as the paper remarks too.
#
# Now count. Five disjoint parts of the labelled latents, fifty random choices of exemplars in each; a trial succeeds if the classifier
# sees long hair *and* glasses (or a smile). Chance is the share of such faces among random ones. One thing must be asked first: the picture of a *mean* of latents with glasses need not have glasses. A triple is *valid* if each of its three mean
# pictures shows its own label; an equation between pictures that do not say what they stand for says nothing about arithmetic. The controls: the third term alone, and the third term with a step as long as $a - b$ in a random direction.

# %% [markdown] tags=["slide", "slide-only"]
# ## Counted

# %% tags=["slide-continue"]
trials = scale.pick(ci=13, cpu=50, gpu=200)
target = {name: {"hair_length": "long", name: "yes"} for name in ("glasses", "smile")}
aimed_at = classifier.features(faces.where(**target["glasses"]).images)


def shows(z, values):
    """Bool [N]: whether the picture of each latent has these values."""
    return latent.has(classifier.predict(generate(z)), classifier.attribute_names, **values)


def share(hits, valid):
    return float((hits & valid).sum() / valid.sum().clamp_min(1))


def counted(attribute, n):
    """For each of five parts of the latents: the shares by name, and the sums themselves."""
    found = []
    for k in range(5):
        a, b, c = triple = latent.triples(labelled[k::5], *equation(attribute), trials, n, seed=k)
        valid = torch.stack([shows(z, values) for z, values in zip(triple, equation(attribute), strict=True)]).all(0)
        astray = F.normalize(torch.randn(a.shape, generator=torch.Generator().manual_seed(50 + k)), dim=1) * (a - b).norm(
            dim=1, keepdim=True
        )
        tried = {"as it is": a - b + c, "stretched": latent.to_shell(a - b + c), "third term": c, "astray": c + astray}
        hits = {how: shows(z, target[attribute]) for how, z in tried.items()}
        shares = {how: share(hit, valid) for how, hit in hits.items()}
        everyone = torch.ones_like(valid)
        found.append(
            (
                shares
                | {
                    "valid": float(valid.double().mean()),
                    "all triples": share(hits["as it is"], everyone),
                    "stretched, all": share(hits["stretched"], everyone),
                },
                tried,
            )
        )
    return found


results = {(attribute, n): counted(attribute, n) for attribute in target for n in (1, 3, 10)}
sums = {
    (n, how): torch.cat([tried[how] for _, tried in results["glasses", n]])
    for n in (1, 3, 10)
    for how in ("as it is", "stretched")
}
away = {key: frechet_distance(classifier.features(generate(z)), aimed_at) for key, z in sums.items()}
chance = {name: float(labelled.has(**target[name]).double().mean()) for name in target}


def by_part(attribute, n, what):
    """The five parts' shares."""
    return [shares[what] for shares, _ in results[attribute, n]]


rows = [
    {"exemplars": "none: chance", "length": "", **{name: f"{value:.0%}" for name, value in chance.items()}}
    | {f"valid, {name}": "" for name in target}
    | {"distance": ""}
]
for n, how in itertools.product((1, 3, 10), ("as it is", "stretched")):
    rows.append({
        "exemplars": str(n),
        "length": f"{sums[n, how].norm(dim=1).mean():.1f}" + ", stretched" * (how == "stretched"),
        **{name: f"{np.mean(by_part(name, n, how)):.0%}" for name in target},
        **{f"valid, {name}": f"{np.mean(by_part(name, n, 'valid')):.0%}" for name in target},
        "distance": f"{away[n, how]:.1f}",
    })  # fmt: skip
viz.table(
    rows,
    caption="successes among valid triples; the share that is valid; distance of all sums to real faces with long hair and glasses",
)

# %%
for name in target:
    question(
        f"C11.{name}",
        f"How often does (short, {name}) - (short, none) + (long, none) give (long, {name}), with three exemplars? Share of successes among valid triples",
        ours=by_part(name, 3, "as it is"),
        over="disjoint sets of exemplars for one generator",
        baselines=nulls(
            chance=chance[name],
            third_term_alone=np.mean(by_part(name, 3, "third term")),
            a_step_astray=np.mean(by_part(name, 3, "astray")),
        ),
        source="works on the examples shown in Radford et al. 2016, section 6.3.2",
        decks="HC",
        note=f"Valid: each of the three mean pictures shows its label, {np.mean(by_part(name, 3, 'valid')):.0%} of the triples; of all triples "
        f"{np.mean(by_part(name, 3, 'all triples')):.0%} succeed. Valid ones at the length of a latent, with 1, 3 and 10 exemplars: "
        + ", ".join(f"{np.mean(by_part(name, n, 'stretched')):.0%}" for n in (1, 3, 10))
        + ".",
    )
question(
    "C11.average",
    "At the length of a latent, do ten averaged exemplars hit the attributes more often than one? Difference in the share of all triples, mean of glasses and smile",
    ours=np.mean(
        [np.subtract(by_part(name, 10, "stretched, all"), by_part(name, 1, "stretched, all")) for name in target], axis=0
    ),
    over="disjoint sets of exemplars for one generator",
    baselines=nulls(no_difference=0),
    source="Radford et al. 2016, section 6.3.2: single exemplars were unstable",
    note="Averaging changes the length of the sum too; here every sum is stretched to the same length. All triples count: a single exemplar is valid by its choice.",
)
question(
    "C11.stable",
    "Do three averaged exemplars give better faces than one? Distance to real faces with long hair and glasses, one over three",
    ours=away[1, "as it is"] / away[3, "as it is"],
    baselines=nulls(no_difference=1),
    source="Radford et al. 2016, section 6.3.2: single exemplars were unstable",
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
# Averaging does two things at once. The rows marked *stretched* take them apart.

# %% [markdown] tags=["notes"]
# Read the shares of valid triples beside their controls (unfold the boxes): without the step the attribute is absent by definition (a valid third term has none), and a step as long to anywhere else does not bring it nearly as often. Yet the equation is not the rule without exception that one hand-picked example suggests. And a good part of the triples is not even
# valid: the picture of a mean need not show the label of its exemplars. (A mean is also shorter; which of the two does it was not measured.)
#
# And why three? The column of lengths shows something the paper does not mention. A mean of $n$ independent latents has length $\sqrt{D/n}$, and the
# sum of three such terms $\sqrt{3D/n}$. For one exemplar that is $\sqrt{3}$ times too long, far outside the shell. For *exactly three* it
# is $\sqrt D$: the sum lands where latents live. For ten it is too short. So averaging does two things at once. It removes what the exemplars do not
# share, and it changes the length. The rows marked *stretched* take them apart: there each sum is brought to length 8 before it is drawn.
#
# Read the stretched rows downwards: that is what averaging does by itself (C11.average gives the difference between ten and one). Then compare each row with its stretched twin: that is what length does. Single exemplars hit more often left too long (54 % against 38 % for glasses), and their distance is no worse for it; ten hit less often left too short,
# 58 % against 81 %. At three nothing needs to be stretched; the best row is ten, stretched. The last column mixes quality, variety and hitting the attributes.
#
# ## 4. Directions
#
# With labels at hand there is no need for triples. The mean latent of all faces with glasses less the mean of all without is a *direction*.

# %% [markdown]
# **Write a line.** That direction: latents `z` [N, D], and `has` [N], true where the picture shows the attribute.

# %%
def direction_of(z, has):
    return ...  # your line


lines.answered(direction_of, *asked.ATTRIBUTE)

# %% [markdown] tags=["notes"]
# Add it to new faces (labelled latents that had no part in it), and count what changes:

# %% [markdown] tags=["slide", "slide-only"]
# ## Directions
#
# The mean latent of all faces with glasses, less the mean of all without. Add it to new faces, and count.


# %% tags=["slide-continue"]
def unchanged(before, after, attribute):
    """Share of the other attributes that read the same before and after."""
    others = [k for k, name in enumerate(classifier.attribute_names) if name != attribute]
    return (before == after)[:, others].double().mean()


def moved(attribute, start, end, strength, part):
    """Of faces with value ``start``: how many show ``end`` after the move, and how often other attributes stay."""
    direction = labelled[part::5].direction(attribute, start, end)
    others = labelled[(part + 1) % 5 :: 5]
    before = others[others.has(**{attribute: start})]
    after = classifier.predict(generate(before.z + strength * direction))
    flipped = latent.has(after, classifier.attribute_names, **{attribute: end}).double().mean()
    return float(flipped), float(unchanged(before.attributes, after, attribute))


MOVES = {"glasses": ("no", "yes"), "smile": ("no", "yes"), "hair_length": ("short", "long"), "skin": ("light", "dark")}
rows, measured = [], {}
for attribute, (start, end) in MOVES.items():
    for strength in (1.0, 2.0):
        measured[attribute, strength] = [moved(attribute, start, end, strength, part) for part in range(5)]
        flipped, kept = np.mean(measured[attribute, strength], axis=0)
        rows.append(
            {
                "move": f"{attribute}: {start} to {end}",
                "strength": strength,
                "flipped": f"{flipped:.0%}",
                "others kept": f"{kept:.0%}",
            }
        )

before = labelled[labelled.has(glasses="no")]
elsewhere = F.normalize(torch.randn(before.z.shape, generator=torch.Generator().manual_seed(0)), dim=1)
after = classifier.predict(generate(before.z + 2 * labelled.direction("glasses", "no", "yes").norm() * elsewhere))
flipped = latent.has(after, classifier.attribute_names, glasses="yes").double().mean()
kept = unchanged(before.attributes, after, "glasses")
rows.append({"move": "glasses: as far, but anywhere", "strength": 2.0, "flipped": f"{flipped:.0%}", "others kept": f"{kept:.0%}"})
viz.table(rows)

# %% [markdown] tags=["slide", "slide-only"]
# ## And what else does it change?

# %% tags=["slide-continue"]
glasses = np.array(measured["glasses", 2.0])
question(
    "C11.direction",
    "How often does twice the difference of class means put glasses on faces without? Share of faces that change",
    ours=glasses[:, 0],
    over="disjoint sets of exemplars for one generator",
    baselines=nulls(a_random_direction=flipped),
    source="Radford et al. 2016, section 6.3.2 (turn vector)",
)
question(
    "C11.keeps",
    "Does the same move leave the other five attributes alone? Mean share unchanged",
    ours=glasses[:, 1],
    over="disjoint sets of exemplars for one generator",
    baselines=nulls(a_random_direction=kept) | ceilings(no_move=1),
    source="Radford et al. 2016, section 6.3.2 (turn vector)",
)

# %% [markdown] tags=["slide", "slide-only"]
# ## Nobody told the generator what glasses are
#
# It only learnt to look more real than real faces to a relativistic $D$, and one difference of means puts glasses on 87 %.
#
# The price: directions are not pure. The farther one attribute is moved, the more of the others change.

# %% [markdown] tags=["notes"]
# Nobody told the generator what glasses are. It only learnt to look more real than real faces to a relativistic $D$,
# and one difference of means puts glasses on 87 % of faces without. The price can be read in the last column: directions are not pure. The farther one attribute is moved, the more
# of the others change. The last row is as long as the move for glasses only: 82 % kept against 78 %, so nearly all of what glasses change is the price of moving that far.

# %% [markdown]
# ## What was measured
#
# The rows of this lecture by kind and verdict. Each box above unfolds on a click; `CLAIMS.md` has the rows of all lectures.

# %%
summary()

# %% [markdown]
# ## 5. Play
#
# Sliders along three directions of section 4. Start with *glasses*; then take *long hair* to one end and *dark skin* to the other. Which sliders
# interfere? What does a new face change about that?

# %% [markdown] tags=["slide", "slide-only"]
# ## Play
#
# Take *long hair* to one end and *dark skin* to the other. Which sliders interfere?

# %% tags=["slide-continue", "slide-picture"]
chosen = {"glasses": "glasses", "hair_length": "long hair", "skin": "dark skin"}
directions = torch.stack([F.normalize(labelled.direction(name, *MOVES[name]), dim=0) for name in chosen])
widgets.latent_sliders(G, directions=directions, labels=list(chosen.values()), reach=3.0, seed=8)

# %% [markdown]
# ### Quiz

# %%
widgets.quiz(
    [
        {
            "question": "In latent arithmetic with means of $n$ exemplars, for which $n$ does the sum have the length of an ordinary latent?",
            "answer": "3",
            "why": "Three terms of squared length $D/n$ each make $3D/n$, and $3D/n = D$ for $n = 3$.",
            "wrong": {
                "1": "Then it is longer by $\\sqrt 3$: three independent latents are added.",
                "as many as possible": "The means shrink towards 0, and the sum with them.",
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
    ]
)

# %% [markdown]
# ### Exercises
#
# 1. **How many exemplars?** Repeat section 3 with means of 1, 2, 3, 5 and 10 exemplars, and stretch each sum to the length $\sqrt{64}$ (`latent.to_shell`).
#    Is it the averaging that helps, or the length?
# 2. **A purer direction.** Take the direction of *glasses* and remove its parts along those of the other five attributes (`latent.orthogonalise`). What do
#    the last two columns of section 4 say now?
# 3. **Planes instead of means.** `latent.attribute_directions` fits a plane between latents with and without an attribute. Compare its normals with
#    the differences of means: the angle between them, and what each flips at the same length.
#
# ### Further reading
#
# - Radford, Metz & Chintala, [*Unsupervised representation learning with deep convolutional generative adversarial networks*](https://arxiv.org/abs/1511.06434), ICLR 2016: sections 6.1 and 6.3.
# - White, [*Sampling generative networks*](https://arxiv.org/abs/1609.04468), 2016.
# - Shen, Gu, Tang & Zhou, [*Interpreting the latent space of GANs for semantic face editing*](https://arxiv.org/abs/1907.10786), CVPR 2020.
# - Härkönen, Hertzmann, Lehtinen & Paris, [*GANSpace: discovering interpretable GAN controls*](https://arxiv.org/abs/2004.02546), NeurIPS 2020.

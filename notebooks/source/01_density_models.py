# %% [markdown]
# # 01. Density models, explicit and implicit
#
# [**Covers**](../docs/glossary.md) the recap that opens Hong's lecture (autoregressive models, variational autoencoders, explicit and implicit densities) and the
# first half of McAllester's: systems S01, S02, claim C28.
# **Papers**: van den Oord et al. [2016a](https://arxiv.org/abs/1601.06759) (ICML) and [2016b](https://arxiv.org/abs/1606.05328) (NeurIPS), [Kingma & Welling 2014](https://arxiv.org/abs/1312.6114) (ICLR), [Burda et al. 2016](https://arxiv.org/abs/1509.00519) (ICLR), [Mohamed & Lakshminarayanan 2016](https://arxiv.org/abs/1610.03483).
#
# **Read** for about an hour. **Run**: half a minute at ci scale, about three minutes at cpu scale on one core, less on a GPU.
#
# A generative model is a probability distribution over images that a program can draw from. Before GANs there were two good ways of
# building one, and both write a formula for the probability of an image. A GAN has none. This lecture builds one model of each kind on
# the same handwritten digits, and finds out by trying what each of them can compute and what it cannot.
#
# After it you will be able to
#
# - say what maximum likelihood minimises, and read its units: nats, bits, bits per dimension;
# - build an autoregressive model, prove by two tests that its likelihood is honest, and say what drawing an image from it costs;
# - derive the evidence lower bound, say what the gap is a divergence between, and measure that gap on a trained network;
# - say why the images of a variational autoencoder are blurred, or speckled, and which of the two you are looking at;
# - explain why "the density of a GAN" is a phrase without a meaning for most generators;
# - find the one character that turns an autoregressive model into a fraud with a splendid likelihood.

# %%
import math
import time

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch.utils.flop_counter import FlopCounterMode

from gancourse import data, latent, scale, viz
from gancourse.classroom import widgets
from gancourse.classroom.claims import at_least, at_most, ceilings, check, identity, nulls, question, summary, within
from gancourse.gans.gan import GAN
from gancourse.models import mlp, pixelcnn, vae
from gancourse.theory.likelihood import bits_per_dim, gaussian_kl, log_mean_exp, quantise
from gancourse.training import fit
from gancourse.training.likelihood import fit_likelihood, mean_bound

torch.set_num_threads(1)  # networks this small gain nothing from a second core
device = scale.device()
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False, "figure.dpi": 100})
REAL, FAKE, GREEN, PURPLE = (viz.COLOURS[name] for name in ("real", "fake", "discriminator", "generator"))

# %% [markdown] tags=["slide", "slide-only"]
# ## Two ways to a generative model
#
# A generative model is a distribution over images that a program can draw from.
#
# - **explicit**: write a formula for $p_\theta(x)$, and raise it at the data
# - **implicit**: write only the program that draws, $x = G(z)$
#
# This lecture builds one of each kind on the same digits, and *tries* what each can compute.

# %% [markdown] tags=["notes"]
# The images are real handwritten digits, cut to 12 x 12 pixels and rounded to black and white: $x \in \{-1, 1\}^{144}$. With so few
# pixels and two grey levels every likelihood below can be computed to the last digit, and an image of a wrong pixel is easy to see.

# %%
SIZE, DIMS = 12, 144


def black_and_white(split, n=None):
    """Digits drawn at 16 x 16 without the empty margin, two grey levels, uint8 [N, 1, 12, 12]."""
    return quantise(data.optical_digits(16, n=n, split=split).images[:, :, 2:14, 2:14].contiguous(), levels=2)


train = black_and_white("train", n=scale.pick(ci=2000, cpu=10_000, gpu=10_000))  # beyond 1,437: slightly turned and shifted copies
test = data.to_float(black_and_white("test")).to(device)  # other digits, as they were written
print("train", list(train.shape), " test", list(test.shape), " values", test.unique().tolist())

# %% [markdown]
# Train first, explain later. The next cells train four networks while you read on: an autoregressive model (section 2), two variational
# autoencoders, one with 16 latent variables and one with 2 (section 3), and a GAN (section 4, and the rest of this course).

# %%
torch.manual_seed(0)
ar = pixelcnn.PixelCNN(SIZE, levels=2, width=scale.pick(ci=8, cpu=32, gpu=64), depth=3, kernel=5, first_kernel=7).to(device)
fit_likelihood(ar, data.Batches(train, 32, seed=1), steps=scale.pick(ci=30, cpu=1200, gpu=4000), lr=4e-3, seed=1)

# %%
torch.manual_seed(0)
vae16 = vae.VAE((1, SIZE, SIZE), latent_dim=16, hidden=(256, 128)).to(device)
fit_likelihood(vae16, data.Batches(train, 64, seed=2), steps=scale.pick(ci=100, cpu=3000, gpu=10_000), lr=2e-3, seed=2)

torch.manual_seed(0)
vae2 = vae.VAE((1, SIZE, SIZE), latent_dim=2, hidden=(256, 128)).to(device)
fit_likelihood(vae2, data.Batches(train, 64, seed=3), steps=scale.pick(ci=100, cpu=3000, gpu=10_000), lr=2e-3, seed=3)

# %%
torch.manual_seed(0)
generator = mlp.Generator(16, (1, SIZE, SIZE), hidden=(256, 256), norm="batch", out="tanh").to(device)
discriminator = mlp.Discriminator((1, SIZE, SIZE), hidden=(256, 256)).to(device)
game = fit(
    GAN(generator, discriminator), data.Batches(train, 64, seed=4), steps=scale.pick(ci=100, cpu=4000, gpu=20_000), lr=5e-4, ema=0.995
)
implicit = game.generator.eval()  # a network from z to images; of the discriminator nothing is kept

# %% [markdown] tags=["slide", "slide-only"]
# ## People, and three machines
#
# Which rows have grey pixels? Which have single wrong pixels?

# %% tags=["slide-continue", "slide-picture"]
n_drawn = scale.pick(ci=15, cpu=60, gpu=200)
drawn = {
    "real": data.to_float(train[:n_drawn]),
    "autoregressive": ar.sample(n_drawn, seed=5).cpu(),
    "VAE, mean": vae16.sample(n_drawn, seed=5).cpu(),
    "VAE, drawn": vae16.sample(n_drawn, seed=5, pixels="drawn").cpu(),
    "GAN": game.sample(n_drawn, seed=5).cpu(),
}
viz.show(
    viz.labelled_grid(torch.cat([images[:15] for images in drawn.values()]), rows=list(drawn)),
    caption="Digits written by people, and by three machines. The VAE appears twice: the two rows show the same 15 draws of $z$.",
)

# %% [markdown] tags=["notes"]
# Look for two things. Which rows have grey pixels, though no real image has one? And which rows have single wrong pixels?

# %% [markdown] tags=["slide", "slide-only"]
# ## Maximum likelihood minimises a divergence
#
# $$\theta^* = \arg\max_\theta\ \mathbb{E}_{x \sim p_{\text{data}}} \log p_\theta(x)$$
#
# $$\mathbb{E}_{x \sim p_{\text{data}}}[-\log p_\theta(x)] = \underbrace{H(p_{\text{data}})}_{\text{no } \theta} + \underbrace{\mathrm{KL}(p_{\text{data}} \| p_\theta)}_{\ge\ 0}$$
#
# The best that any model can reach is the entropy of the data.

# %% [markdown] tags=["notes"]
# ## 1. What is there to learn: maximum likelihood
#
# The data are draws from an unknown distribution $p_{\text{data}}$. A model is a family $p_\theta$. Hong's first slide states the objective,
#
# $$\theta^* = \arg\max_\theta\ \mathbb{E}_{x \sim p_{\text{data}}} \log p_\theta(x),$$
#
# and McAllester writes the same with a minus sign and calls it cross-entropy: $\Phi^* = \arg\min_\Phi \mathbb{E}_{y \sim \text{pop}}[-\ln p_\Phi(y)]$.
# Why this, and not something else? Add and subtract $\log p_{\text{data}}$:
#
# $$\mathbb{E}_{x \sim p_{\text{data}}}[-\log p_\theta(x)] = \underbrace{\mathbb{E}[-\log p_{\text{data}}(x)]}_{H(p_{\text{data}}),\ \text{no } \theta}
# + \underbrace{\mathbb{E}\Bigl[\log \frac{p_{\text{data}}(x)}{p_\theta(x)}\Bigr]}_{\mathrm{KL}(p_{\text{data}} \| p_\theta)\ \ge\ 0}.$$
#
# So maximum likelihood minimises a divergence from the data to the model, and the best that any model can reach is the data's entropy $H$.
#
# Check it where everything can be counted. A patch of 2 x 2 black and white pixels is one of 16 images. Count them in the digits: that table
# *is* $p_{\text{data}}$. As a model take four independent coins, one for each pixel.

# %% [markdown] tags=["slide", "slide-only"]
# ## Where everything can be counted
#
# Patches of 2 x 2 pixels: 16 images, counted. The model: four independent coins.

# %% tags=["nbval-check-output", "slide-continue"]
patches = F.unfold((test.cpu() + 1) / 2, 2).transpose(1, 2).reshape(-1, 4)  # every 2 x 2 patch of every test digit, as 0 and 1
p_data = torch.bincount((patches @ torch.tensor([8.0, 4, 2, 1])).long(), minlength=16).double() / len(patches)
images16 = ((torch.arange(16)[:, None] >> torch.tensor([3, 2, 1, 0])) & 1).double()
coin = patches.double().mean(0)
coins = (images16 * coin + (1 - images16) * (1 - coin)).prod(1)

cross_entropy = -(p_data * coins.log()).sum()
entropy = -(p_data * p_data.log()).sum()
divergence = (p_data * (p_data / coins).log()).sum()
print(f"cross-entropy {cross_entropy:.4f} = entropy {entropy:.4f} + divergence {divergence:.4f} nats")
print(f"the coins pay {divergence / math.log(2):.2f} bits for each patch because they do not know that neighbours agree")

# %% [markdown] tags=["slide", "slide-only"]
# ## Nats, bits, bits per dimension
#
# - $-\log p(x)$ in natural logarithms: **nats**
# - divided by $\log 2$: **bits**, the length of the shortest code for $x$
# - divided by the number of pixels: **bits per dimension**

# %% [markdown] tags=["notes"]
# The table is the best model of 2 x 2 patches, and it is useless for images: for 12 x 12 pixels it would have $2^{144} \approx 2 \cdot 10^{43}$
# entries, and nearly all of them would say "never seen". A model has to share what it learns between images. McAllester's warning is about
# that step: *it is difficult to build models that both accurately model the distribution and also allow us to calculate $p(y)$*.
#
# **Units.** $-\log p(x)$ in natural logarithms is measured in *nats*; divided by $\log 2$ it is in *bits*, the length of the shortest code
# for $x$ that the model can offer. Divided by the number of pixels $d$ it is *bits per dimension*, which papers print. A model that knows
# nothing pays 1 bit for a black and white pixel. Coins, one for each of our 144 pixels, are the first model worth beating.

# %% tags=["slide-continue"]
coin = (data.to_float(train).mean(0) + 1).div(2).clamp(0.5 / len(train), 1 - 0.5 / len(train)).to(device)
coins_nats = torch.where(test > 0, coin.log(), (1 - coin).log()).flatten(1).sum(1).mean().item()
print(f"uniform {1:.3f} bits per dimension, independent coins {bits_per_dim(coins_nats, DIMS):.3f}")

# %% [markdown] tags=["slide", "slide-only"]
# ## An autoregressive model
#
# In raster order, any distribution is a product of conditionals:
#
# $$p(x) = \prod_{t=1}^{d} p(x_t \mid x_1, \dots, x_{t-1})$$
#
# Each factor predicts one pixel from those before it: a classification. The whole density is $d$ classifiers.
#
# **One law**: the output at pixel $t$ may depend on $x_1, \dots, x_{t-1}$ only.

# %% [markdown] tags=["notes"]
# ## 2. An autoregressive model
#
# Read the pixels in raster order, left to right and top to bottom, and call them $x_1, \dots, x_d$. Any distribution whatever is a product
# of conditionals. No assumption enters; it is the definition of conditional probability, used $d - 1$ times:
#
# $$p(x) = \prod_{t=1}^{d} p(x_t \mid x_1, \dots, x_{t-1}), \qquad \log p_\theta(x) = \sum_{t=1}^{d} \log p_\theta(x_t \mid x_{<t}).$$
#
# Each factor is a prediction of one pixel from those before it, and predicting one of two colours is a classification. So the whole density
# model is $d$ classifiers, and the objective is the mean cross-entropy of their answers. They sum to one over the two colours, hence
# the product sums to one over all $2^d$ images, for any weights.
#
# PixelCNN (van den Oord et al. 2016) computes all $d$ predictions with one convolutional network. The network must obey one law: *the
# output at pixel $t$ may depend on $x_1, \dots, x_{t-1}$ only*. Zeros in the kernels see to it:

# %%
viz.source(pixelcnn.causal_mask, pixelcnn.MaskedConv2d)

# %% [markdown] tags=["slide", "slide-only"]
# ## Zeros in the kernels keep the law
#
# Grey is kept, white is zero. Mask A hides the pixel to be predicted; mask B may see its feature.

# %% tags=["slide-continue", "slide-picture"]
fig, axes = plt.subplots(1, 2, figsize=(4.6, 2.3), layout="constrained")
for ax, kind, role in zip(axes, "AB", ["first layer", "later layers"], strict=True):
    ax.pcolormesh(pixelcnn.causal_mask(kind, 5).flip(0), cmap="Greys", vmin=0, vmax=2, edgecolors="grey", linewidth=0.5)
    ax.add_patch(plt.Rectangle((2, 2), 1, 1, fill=False, edgecolor=FAKE, linewidth=2.5))
    ax.set(title=f"mask {kind}: {role}", aspect="equal")
    ax.axis("off")
plt.show()

# %% [markdown]
# Grey is kept, white is zero, the orange frame is the pixel to be predicted. Mask A hides it; mask B may look at the feature in that place,
# because that feature has not seen the pixel. Section 6 shows what happens to those who mix them up. With the masks in place, the
# likelihood is three lines:

# %%
viz.source(pixelcnn.PixelCNN.log_conditionals, pixelcnn.PixelCNN.log_prob)

# %% [markdown]
# ### Is it a probability?
#
# A likelihood is easy to compute wrongly, and a wrong one looks better, never worse. Two tests catch that. First: on 3 x 3 pixels there are 512
# images, so add up the probabilities of all of them. The networks have random weights, large enough to be far from uniform, for the claim
# is that the sum is 1 for *any* weights.

# %% [markdown] tags=["slide", "slide-only"]
# ## Is it a probability? Add it up
#
# On 3 x 3 pixels there are 512 images. The sum must be 1 for *any* weights.

# %% tags=["slide-continue"]
all512 = ((torch.arange(512)[:, None] >> torch.arange(9)) & 1).double().mul(2).sub(1).reshape(512, 1, 3, 3)


def random_pixelcnn(seed, size, stack, **options):
    """An untrained PixelCNN in float64 with weights three times the usual."""
    torch.manual_seed(seed)
    model = pixelcnn.PixelCNN(size, levels=2, width=8, stack=stack, **options).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(3).add_(0.2 * torch.randn_like(parameter))
    return model.eval()


errors, largest = [], []
for seed in range(5):
    with torch.no_grad():
        probability = random_pixelcnn(seed, 3, "masked", depth=2, first_kernel=3).log_prob(all512).exp()
    errors.append(abs(probability.sum().item() - 1))
    largest.append(probability.max().item())
print("most probable of the 512 images, five networks:", ", ".join(f"{p:.2f}" for p in largest), " (uniform: 0.002)")
identity(
    "S01.sum",
    "The probabilities that a PixelCNN gives to all images sum to 1 (distance from 1, all 512 images of 3 x 3 pixels)",
    ours=errors,
    over="random networks",
    tolerance=at_most(1e-12),
    source="van den Oord, Kalchbrenner & Kavukcuoglu 2016, equation 1",
)

# %% [markdown] tags=["notes"]
# Second: *causality*. The gradient of the prediction at pixel $t$ with respect to pixel $s$ must be exactly zero, not small, for every
# $s \ge t$. This works at any size, and it finds the culprit as well: the gradient says which pixel leaks into which. A numerical zero of a
# gradient could be an accident at one image, so we sum its size over sixteen random ones.


# %%
def dependence(model, pixel, size):
    """How strongly the prediction at one pixel reacts to every input pixel, [size * size], over 16 random images."""
    source = torch.Generator().manual_seed(pixel)
    x = torch.randn(16, 1, size, size, dtype=torch.float64, generator=source).requires_grad_()
    logits = model(x).flatten(2)[:, :, pixel]  # [16, levels]
    weights = torch.randn(logits.shape, dtype=torch.float64, generator=source)
    return torch.autograd.grad((logits * weights).sum(), x)[0].abs().sum(0).flatten()


leaks = []
for seed in range(5):
    model = random_pixelcnn(seed, 6, ["masked", "gated"][seed % 2], depth=2, first_kernel=5)
    leaks.append(max(dependence(model, t, 6)[t:].max().item() for t in range(36)))
identity(
    "S01.causal",
    "No prediction depends on its own pixel or a later one (largest gradient, all pixels of 6 x 6)",
    expected=0,
    ours=leaks,
    over="random networks",
    tolerance=at_most(0),
    source="van den Oord, Kalchbrenner & Kavukcuoglu 2016, section 3.4",
)

# %% [markdown]
# The same gradient shows something that the law does not ask for. A prediction may use *all* earlier pixels. Does it? The figure colours the
# inputs that the prediction at the framed pixel reacts to, for a deep stack of masked 3 x 3 kernels and for the two-stack network that we
# trained.

# %% [markdown] tags=["slide", "slide-only"]
# ## The blind spot

# %% tags=["slide-continue", "slide-picture"]
size, row, column = 11, 8, 4
pixel = row * size + column
earlier = (torch.arange(size * size) < pixel).reshape(size, size)
fig, axes = plt.subplots(1, 3, figsize=(8.2, 2.9), layout="constrained")
seen = {"all earlier pixels": earlier}
for stack in ("masked", "gated"):
    model = random_pixelcnn(0, size, stack, depth=10, kernel=3, first_kernel=3)
    seen[f'stack="{stack}"'] = dependence(model, pixel, size).reshape(size, size) > 0
for ax, (name, mask) in zip(axes, seen.items(), strict=True):
    blind = (earlier & ~mask).sum().item()
    colours = plt.matplotlib.colors.ListedColormap(["white", REAL, FAKE])
    kind = mask.int() + 2 * (earlier & ~mask).int()
    ax.pcolormesh(kind.flip(0), cmap=colours, vmin=0, vmax=2, edgecolors="lightgrey", linewidth=0.5)
    ax.add_patch(plt.Rectangle((column, size - 1 - row), 1, 1, fill=False, edgecolor="black", linewidth=2.5))
    ax.set(title=f"{name}\n{mask.sum().item()} seen, {blind} not", aspect="equal")
    ax.axis("off")
plt.show()

# %% [markdown] tags=["notes"]
# Left, what is allowed. In the middle, a wedge to the upper right stays unseen (orange): the *blind spot*. A masked kernel reaches one
# pixel to the right only by going one row up, so a stack of them cannot get below that diagonal however deep it is. Right: van den Oord
# et al. (2016, NeurIPS) use two stacks, one that collects whole rows above and one that walks along the row itself, and nothing is
# lost. That is `stack="gated"`, which we trained. The blind model is still an honest density; it is a poorer one.

# %% [markdown]
# ### What did it learn?

# %% [markdown] tags=["slide", "slide-only"]
# ## What it learnt, pixel by pixel

# %% tags=["slide-continue", "slide-picture"]
ar_nats = mean_bound(ar.log_prob, test)
with torch.no_grad():
    bits = -ar.log_conditionals(test) / math.log(2)  # [N, 12, 12]
    chance = ar(test).softmax(1)[:, 1]  # p(x_t = 1 | earlier pixels)
print(f"coins          {bits_per_dim(coins_nats, DIMS):.3f} bits per dimension, {-coins_nats / math.log(2):5.1f} bits for an image")
print(f"autoregressive {bits_per_dim(ar_nats, DIMS):.3f} bits per dimension, {-ar_nats / math.log(2):5.1f} bits for an image")

pick = [1, 2, 3, 4, 5, 9]
fig, axes = plt.subplots(3, len(pick), figsize=(8.4, 4.3), layout="constrained")
for at, column_axes in zip(pick, axes.T, strict=True):
    column_axes[0].imshow(test[at, 0].cpu(), cmap="gray")
    column_axes[1].imshow(chance[at].cpu(), cmap="gray", vmin=0, vmax=1)
    shown = column_axes[2].imshow(bits[at].cpu(), cmap="magma", vmin=0, vmax=4)
    column_axes[2].set_xlabel(f"{bits[at].sum().item():.0f} bits")
for ax in axes.flat:
    ax.set(xticks=[], yticks=[])
    ax.spines[:].set_visible(False)
for ax, label in zip(axes[:, 0], ["test digit", "p(white | earlier)", "bits paid"], strict=True):
    ax.set_ylabel(label)
fig.colorbar(shown, ax=axes[2], shrink=0.9)
plt.show()

# %% [markdown] tags=["notes"]
# The middle row is *not* a reconstruction: each of its pixels was predicted from the true pixels before it. The bottom row shows what each true
# pixel cost. Background and the inside of a stroke are nearly free. The bits are spent where a stroke begins or turns: there the writer
# decided something.

# %% [markdown]
# ### Drawing an image takes d passes
#
# The likelihood of a known image costs one pass, because all the inputs are there at once. Drawing is another matter. Pixel $t$ must be
# drawn before the network can be asked about pixel $t + 1$. So the sampler is a loop over pixels with a pass in it:

# %%
viz.source(pixelcnn.PixelCNN.sampling)

# %% [markdown] tags=["slide", "slide-only"]
# ## Drawing takes d passes
#
# Pixel $t$ must be drawn before the network can be asked about pixel $t + 1$.

# %% tags=["slide-continue", "slide-picture"]
known = {}
for count, x in ar.sampling(8, seed=8):
    if count % 12 == 0:
        picture = x.cpu().clone()
        picture.flatten(1)[:, count:] = 0  # grey: not drawn yet
        known[f"{count} of {DIMS} pixels"] = viz.grid(picture, columns=4, scale=5)
widgets.explorer(known, label="drawn", kind="slider", most=6)

# %% [markdown] tags=["notes"]
# Move the slider: each step is one row, twelve passes of the network. Look at how late the digits are decided. The first rows leave
# several digits possible; the model settles the matter row by row and never goes back.
#
# The order is a gift, too. Fix the first rows of a *given* image and draw the rest: these are exact draws from
# $p(\text{lower part} \mid \text{upper part})$, with no extra training.

# %% [markdown] tags=["slide", "slide-only"]
# ## The order is a gift, too
#
# Exact draws from $p(\text{lower part} \mid \text{upper part})$, with no extra training.

# %% tags=["slide-continue", "slide-picture"]
upper = test[[4, 5, 8]].repeat_interleave(8, 0)
completed = ar.sample(len(upper), seed=9, given=upper, rows=6).cpu()
masked = upper.cpu().clone()
masked[:, :, 6:] = 0
rows = torch.cat([torch.cat([masked[i : i + 1], upper[i : i + 1].cpu(), completed[i : i + 8]]) for i in (0, 8, 16)])
viz.show(
    viz.labelled_grid(rows, columns=["given", "truth", *map(str, range(1, 9))], n_columns=10, scale=6),
    caption="Three upper halves, and eight ways to go on that the model finds plausible.",
)

# %% [markdown]
# Hong lists the price as "sequential generation process (O(n))". Count the passes, and count the arithmetic too. (The slide's $n$ is the
# $d$ of its formula, the number of pixels.)


# %%
def cost_of_drawing(size):
    """Passes, and multiply-adds in millions, for one image of size x size pixels."""
    torch.manual_seed(0)
    model, passes = pixelcnn.PixelCNN(size, width=8, depth=3).eval(), []
    model.register_forward_hook(lambda *_: passes.append(1))
    with FlopCounterMode(display=False) as counter:
        model.sample(1, seed=0)
    return len(passes), counter.get_total_flops() / 2e6


sizes = scale.pick(ci=[4, 8], cpu=[4, 8, 16, 24], gpu=[4, 8, 16, 32])
costs = [cost_of_drawing(size) for size in sizes]
viz.table([{"image": f"{s} x {s}", "pixels d": s * s, "passes": p, "million multiply-adds": m} for s, (p, m) in zip(sizes, costs, strict=True)])

# %%
growth = math.log(costs[-1][1] / costs[0][1]) / math.log((sizes[-1] / sizes[0]) ** 2)
identity(
    "S01.passes",
    "Drawing an image from an autoregressive model takes d passes in sequence (passes divided by pixels)",
    expected=1,
    ours=[passes / s**2 for s, (passes, _) in zip(sizes, costs, strict=True)],
    over="sizes",
    tolerance=within(0),
    source="Hong, recap of autoregressive models: O(n)",
    decks="H",
    note=f"the arithmetic grows faster, like d to the power {growth:.1f}: each pass computes features for all earlier pixels again",
)

# %% [markdown]
# So "O(n)" counts passes. Written naively each pass costs O(d) itself, and the total grows like $d^2$. Keeping the features of
# earlier pixels (as language models keep their keys and values) brings the arithmetic back to O(d), but the $d$ steps in sequence stay.

# %% [markdown] tags=["slide", "slide-only"]
# ## A code first: the variational autoencoder
#
# Draw $z \sim \mathcal N(0, I)$ in a few dimensions, then the image from $p_\theta(x \mid z)$. One pass draws an image.
#
# $$p_\theta(x) = \int p_\theta(x \mid z)\, p(z)\, dz \qquad \text{has no closed form}$$
#
# $$\log p(x) \ \ge\ \underbrace{\mathbb{E}_q[\log p(x \mid z)]}_{\text{reconstruction}} - \underbrace{\mathrm{KL}(q(z \mid x) \,\|\, p(z))}_{\text{price of the code}}$$

# %% [markdown] tags=["notes"]
# ## 3. A variational autoencoder
#
# The autoregressive model has no *code*: no short vector that says "a slanted seven". Hong counts this as its second disadvantage. A
# latent variable model starts from such a code. Draw $z \sim \mathcal N(0, I)$ in a few dimensions, then draw the image from
# $p_\theta(x|z)$. Ours is a product of coins, and a network turns $z$ into their 144 biases. One pass draws an image. The likelihood is
#
# $$p_\theta(x) = \int p_\theta(x|z)\, p(z)\, dz,$$
#
# and here the trouble starts: the integral has no closed form once a network stands inside.
#
# ### The lower bound
#
# Let $q(z|x)$ be any density that is positive where it matters. Multiply and divide by it; then Jensen's inequality ($\log$ is concave) moves the
# logarithm inside the mean:
#
# $$\log p(x) = \log \mathbb{E}_{z \sim q}\Bigl[\frac{p(x|z)\,p(z)}{q(z|x)}\Bigr]
# \ \ge\ \mathbb{E}_{z \sim q}\Bigl[\log \frac{p(x|z)\,p(z)}{q(z|x)}\Bigr]
# = \underbrace{\mathbb{E}_q[\log p(x|z)]}_{\text{reconstruction}} - \underbrace{\mathrm{KL}(q(z|x) \| p(z))}_{\text{price of the code}}.$$
#
# The right side is the *evidence lower bound*, ELBO. Jensen says that something is lost but not what. Do it again with an equality.
# Bayes' rule says $p(x|z)p(z) = p(z|x)\,p(x)$, so
#
# $$\mathrm{ELBO} = \mathbb{E}_q\Bigl[\log \frac{p(z|x)\,p(x)}{q(z|x)}\Bigr] = \log p(x) - \mathrm{KL}\bigl(q(z|x) \,\|\, p(z|x)\bigr).$$
#
# The gap is a divergence, known exactly: from $q$ to the *true posterior* $p(z|x)$, the distribution of the codes that could have made $x$.
#
# Hong's slide says: "there is a gap between actual likelihood and lower-bound if $q \neq p$". Read it with care. The only $p$ over codes in
# the slide's formula is the prior $p(z)$, and it is not the one meant. With $q$ equal to the prior the second term vanishes and the gap is
# usually enormous. The gap closes when $q$ is the posterior.
#
# ### Check it where everything is known
#
# There is one family in which every quantity has a closed form: a linear decoder with Gaussian noise, $x|z \sim \mathcal N(Wz + \mu, \sigma^2 I)$.
# Then $x \sim \mathcal N(\mu, WW^\top + \sigma^2 I)$, and the posterior is Gaussian as well (probabilistic PCA, Tipping & Bishop 1999).

# %%
viz.source(vae.LinearGaussian.log_prob, vae.LinearGaussian.posterior, vae.LinearGaussian.elbo)

# %%
source = torch.Generator().manual_seed(0)
linear = vae.LinearGaussian(torch.randn(6, 2, generator=source), torch.randn(6, generator=source), sigma=0.7)
points = linear.sample(5, seed=1)
mean, covariance = linear.posterior(points)
exact = linear.log_prob(points)
posterior = torch.distributions.MultivariateNormal(mean, covariance)
candidates = {
    "the posterior p(z|x)": (mean, covariance),
    "posterior, mean off by 0.1": (mean + 0.1, covariance),
    "posterior, correlations dropped": (mean, torch.diag(covariance.diagonal())),
    "the prior p(z)": (torch.zeros_like(mean), torch.eye(2).double()),
}
rows, mismatch = [], []
for name, q in candidates.items():
    gap = exact - linear.elbo(points, *q)
    to_posterior = torch.distributions.kl_divergence(torch.distributions.MultivariateNormal(*q), posterior)
    to_prior = torch.distributions.kl_divergence(
        torch.distributions.MultivariateNormal(*q), torch.distributions.MultivariateNormal(torch.zeros(2).double(), torch.eye(2).double())
    )
    mismatch += [(gap - to_posterior).abs().max().item()]
    rows.append([name, gap.mean().item(), to_posterior.expand(5).mean().item(), to_prior.expand(5).mean().item()])
rows = [[name, *(round(abs(value), 4) for value in values)] for name, *values in rows]
viz.table(rows, header=["q(z|x)", "log p(x) - ELBO", "KL(q || p(z|x))", "KL(q || p(z))"], caption="five points, means, in nats")

# %%
identity(
    "S02.gap",
    "log p(x) - ELBO = KL(q || posterior), whatever q is (largest difference of the two sides)",
    ours=mismatch,
    over="choices of q",
    tolerance=at_most(1e-9),
    source="Kingma & Welling 2014, equation 1; closed forms of Tipping & Bishop 1999",
)

# %% [markdown]
# The first two number columns agree in every row, the third has nothing to do with them. In the first row the bound is the likelihood. In the
# last, "q = p" in the wrong sense, the gap is the largest of all. The third row is the case of every practical VAE: its $q$ has no
# correlations, so a gap remains even at the best mean and variance.
#
# The picture for one latent variable: the bound as a function of $q$'s mean, for three widths. It touches $\log p(x)$ in one point, where mean
# and width are the posterior's.

# %% [markdown] tags=["slide", "slide-only"]
# ## The gap is a divergence
#
# $$\log p(x) - \mathrm{ELBO} = \mathrm{KL}\bigl(q(z \mid x) \,\|\, p(z \mid x)\bigr)$$

# %% tags=["slide-continue", "slide-picture"]
one = vae.LinearGaussian(torch.tensor([[1.2], [0.8]]), torch.zeros(2), sigma=0.8)
point = torch.tensor([[1.0, 1.5]])
(m,), (s,) = (value.flatten().tolist() for value in one.posterior(point))
s = math.sqrt(s)
centres = torch.linspace(m - 1.2, m + 1.2, 121).double()

fig, ax = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
for factor, colour in ((0.4, FAKE), (1.0, GREEN), (2.0, PURPLE)):
    bound = [one.elbo(point, c.reshape(1, 1), torch.tensor([[(factor * s) ** 2]])).item() for c in centres]
    ax.plot(centres, bound, color=colour, label=f"q's width {factor:g} times the posterior's")
ax.axhline(one.log_prob(point).item(), color="black", linewidth=1, label=r"$\log p(x)$")
ax.axvline(m, color="grey", linestyle=":", linewidth=1)
ax.set(xlabel="mean of q (dotted: mean of the posterior)", ylabel="ELBO, nats", ylim=(-7.5, -2.8))
ax.legend(loc="lower center", fontsize=8.5)
plt.show()

# %% [markdown]
# ### Two technical points
#
# **The KL term in closed form.** For $q = \mathcal N(m, \mathrm{diag}(v))$ and a standard normal prior, the integral is elementary:
#
# $$\mathrm{KL}(q \| p) = \mathbb{E}_q\Bigl[\tfrac12 \sum_i \bigl(z_i^2 - \tfrac{(z_i - m_i)^2}{v_i} - \log v_i\bigr)\Bigr]
# = \tfrac12 \sum_i \bigl(m_i^2 + v_i - 1 - \log v_i\bigr).$$
#
# **The gradient through a draw.** The reconstruction term is a mean over $z \sim q_\phi$, and $\phi$ stands in the distribution that is drawn
# from. Write the draw as $z = m + \sqrt{v}\,\varepsilon$ with $\varepsilon \sim \mathcal N(0, I)$. Now the noise has no parameters, and the derivative goes
# through $z$: the *reparameterisation*. The alternative needs no derivative of $f(z) = \log p(x|z)$ and uses
# $\nabla_\phi \mathbb{E}_q[f] = \mathbb{E}_q[f \,\nabla_\phi \log q_\phi]$ (the score function, REINFORCE). Both are unbiased. Compare them on the
# linear model of the last figure, where the true gradient is known.

# %% [markdown] tags=["slide", "slide-only"]
# ## The gradient through a draw
#
# Write $z = m + \sqrt v\, \varepsilon$ with $\varepsilon \sim \mathcal N(0, I)$: the noise has no parameters, so the derivative goes through $z$.
#
# The score function knows only *how good* a draw was; the derivative knows *in which direction* it would be better.

# %% tags=["nbval-check-output", "slide-continue"]
code = vae.Code(torch.tensor([[0.8, -1.5, 0.1]], dtype=torch.float64), torch.tensor([[-1.0, 0.3, -2.0]], dtype=torch.float64))
source = torch.Generator().manual_seed(0)
z = vae.reparameterise(code, torch.randn(200_000, 3, generator=source, dtype=torch.float64))
log_q = torch.distributions.Normal(code.mean, (code.log_variance / 2).exp()).log_prob(z).sum(1)
log_prior = torch.distributions.Normal(0.0, 1.0).log_prob(z).sum(1)
print(f"KL: closed form {gaussian_kl(*code).item():.2f}, mean of 200,000 draws {(log_q - log_prior).mean().item():.1f}")

q_mean, q_std = m - 0.5, 0.5
eps = torch.randn(100_000, 1, 1, generator=source, dtype=torch.float64)
z = (q_mean + q_std * eps).requires_grad_()
f = one.log_likelihood(point, z).squeeze(1)  # [K]
through_the_draw = torch.autograd.grad(f.sum(), z)[0].flatten()
score_function = f.detach() * (eps.flatten() / q_std)
true = (one.weight.T @ (point.double() - one.weight.T * q_mean).T).item() / one.sigma**2
print(f"gradient in q's mean: true {true:.2f}")
for name, g in (("through the draw", through_the_draw), ("score function", score_function)):
    print(f"  {name:16s} mean {g.mean().item():.1f}, standard deviation of one draw {g.std().item():.0f}")

# %% [markdown] tags=["notes"]
# Both means are right, and the noise differs by a factor of about four in this smallest of cases. It grows with the dimension, because the score
# function knows only *how good* a draw was while the derivative knows *in which direction* it would be better. Keep that sentence: a
# GAN's generator learns through derivatives of the second kind, through its samples.
#
# The code that trained our VAEs:

# %%
viz.source(vae.reparameterise, gaussian_kl, vae.VAE.elbo_terms)

# %% [markdown]
# ### The bound of a trained network
#
# Usually nobody knows how loose the bound of a trained VAE is. Ours with 2 latent variables is small enough to know. Cover the plane of codes
# with a fine grid and add up $p(x|z)p(z)$ over it: that *is* the integral, to many digits. Two other estimates stand beside it. The naive one draws
# codes from the prior and averages $p(x|z)$. The importance-weighted bound (Burda et al. 2016) draws them from the encoder's $q$ and
# corrects by weights,
#
# $$\mathcal L_K = \mathbb{E}_{z_1 \dots z_K \sim q}\Bigl[\log \frac1K \sum_{k=1}^K \frac{p(x|z_k)\,p(z_k)}{q(z_k|x)}\Bigr], \qquad
# \mathcal L_1 = \mathrm{ELBO} \le \mathcal L_2 \le \dots \to \log p(x).$$

# %% [markdown] tags=["slide", "slide-only"]
# ## How loose is the bound of a trained network?

# %% tags=["slide-continue", "slide-picture"]
few = test[: scale.pick(ci=20, cpu=100, gpu=300)]
points = scale.pick(ci=60, cpu=250, gpu=500)
coarse, fine = (vae2.quadrature(few, points=n).mean().item() for n in (points, 2 * points))
print(f"grid of {points}^2 codes: {coarse:.4f} nats;  of {2 * points}^2: {fine:.4f}")

ks = scale.pick(ci=[1, 4, 16], cpu=[1, 3, 10, 30, 100, 300, 1000], gpu=[1, 3, 10, 30, 100, 300, 1000, 3000])
repeats = scale.pick(ci=3, cpu=10, gpu=10)
noise = torch.Generator(device).manual_seed(6)
with torch.no_grad():
    elbo = torch.stack([vae2.elbo(few, noise).mean() for _ in range(100)]).mean().item()
    weighted = [torch.stack([vae2.importance_bound(few, k, noise).mean() for _ in range(repeats)]).mean().item() for k in ks]
    naive = []
    for k in ks:
        z = torch.randn(repeats, k, 1, 2, generator=noise, device=device)
        naive.append(torch.stack([log_mean_exp(vae2.log_likelihood(few, part)).mean() for part in z]).mean().item())

fig, ax = plt.subplots(figsize=(6.6, 3.2), layout="constrained")
ax.axhline(fine, color="black", linewidth=1, label=r"$\log p(x)$, by the grid")
ax.semilogx(ks, weighted, "o-", color=REAL, label=r"$\mathcal{L}_K$: K codes from the encoder")
ax.axhline(elbo, color=GREEN, linestyle="--", label="ELBO")
ax.semilogx(ks, naive, "s-", color=FAKE, label="K codes from the prior")
ax.set(xlabel="number of codes K", ylabel="nats, mean over test digits", ylim=(fine - 22, fine + 2))
ax.legend(fontsize=8.5)
plt.show()

# %% [markdown] tags=["notes"]
# The order is as the theory has it: ELBO, then $\mathcal L_K$ rising with $K$, all below $\log p(x)$. The naive estimate is hopeless for small $K$ (most
# codes of the prior explain a given digit very badly, and the mean lives on the rare good ones). At $K$ in the hundreds it
# passes the weighted bound in this plane of two dimensions: for a few digits the encoder's $q$ lies beside the posterior, and weights
# cannot repair what it never proposes. In 16 dimensions the naive way is out of reach.
#
# Now the identity itself, on the network. The grid gives the posterior $p(z|x)$ of each digit, so the divergence from $q$ to it can be summed too.

# %%
z, log_volume = vae.latent_grid(2, points, reach=5.0)
z = z.to(device)
with torch.no_grad():
    log_posterior = vae2.log_joint_table(few, z) - vae2.quadrature(few, points)[:, None]  # [N, G]
    code = vae2.encode(few)
    q = torch.distributions.Normal(code.mean[:, None], (code.log_variance / 2).exp()[:, None])
    log_q = q.log_prob(z[None]).sum(-1)  # [N, G]
    divergence = (log_q.exp() * (log_q - log_posterior)).sum(1).mean().item() * math.exp(log_volume)
print(f"gap {fine - elbo:.2f} nats, KL(q || posterior) {divergence:.2f} nats")
check(
    "S02.network",
    "The gap of a trained VAE is KL(q || posterior): gap minus divergence, as a share of the gap",
    expected=0,
    ours=(fine - elbo - divergence) / (fine - elbo),
    tolerance=within(0.1),
    source="Kingma & Welling 2014, equation 1",
    note=f"gap {fine - elbo:.2f} nats; posterior and likelihood summed over a grid of codes; the bound is a mean of 100 noisy passes",
)
check(
    "S02.weighted",
    f"The importance-weighted bound rises from the ELBO towards log p(x): share of the gap closed at K = {ks[-1]}",
    ours=(weighted[-1] - elbo) / (fine - elbo),
    tolerance=at_least(0.3),
    baselines=nulls(the_bound_at_K_of_1=(weighted[0] - elbo) / (fine - elbo)) | ceilings(likelihood=1),
    source="Burda, Grosse & Salakhutdinov 2016, theorem 1",
)

# %% [markdown]
# See it. For three test digits, the true posterior over the plane of codes (shaded) and the encoder's $q$ (its ellipses at one and two
# standard deviations).

# %% [markdown] tags=["slide", "slide-only"]
# ## The true posterior, and the encoder's ellipse

# %% tags=["slide-continue", "slide-picture"]
gaps = (log_q.exp() * (log_q - log_posterior)).sum(1) * math.exp(log_volume)  # KL(q || posterior) of each digit
order = gaps.argsort()
chosen = [order[int(share * (len(order) - 1))].item() for share in (0.3, 0.8, 0.97)]
fig, axes = plt.subplots(1, 3, figsize=(8.6, 3.1), layout="constrained")
for ax, at in zip(axes, chosen, strict=True):
    centre, std = code.mean[at], (code.log_variance[at] / 2).exp()
    shown = torch.cat([z[log_posterior[at] > log_posterior[at].max() - 5], centre[None] - 2.5 * std, centre[None] + 2.5 * std])
    low, high = shown.amin(0), shown.amax(0)
    middle, half = (low + high) / 2, (high - low).max() / 2 + 0.1
    near = torch.cartesian_prod(*[torch.linspace(-1, 1, 100, device=device)] * 2) * half + middle
    with torch.no_grad():
        surface = vae2.log_joint_table(few[at : at + 1], near)[0].softmax(0).reshape(100, 100).T.cpu()
    left, bottom, right, top = (*(middle - half).tolist(), *(middle + half).tolist())
    ax.imshow(surface, extent=(left, right, bottom, top), origin="lower", cmap="Blues", vmax=surface.max() * 0.8)
    for k in (1, 2):
        size_k = (2 * k * std).tolist()
        ax.add_patch(plt.matplotlib.patches.Ellipse(centre.tolist(), *size_k, fill=False, edgecolor=FAKE, linewidth=1.5))
    ax.set(xlabel="$z_1$", title=f"KL {gaps[at].item():.1f} nats")
    inset = ax.inset_axes((0.02, 0.74, 0.24, 0.24))
    inset.imshow(few[at, 0].cpu(), cmap="gray")
    inset.set(xticks=[], yticks=[])
axes[0].set_ylabel("$z_2$")
plt.show()

# %% [markdown] tags=["notes"]
# The true posterior may be bent, tilted, or in several pieces; an upright ellipse cannot follow. But look at the third panel: there the ellipse is not too narrow, it lies beside the
# posterior. Most of the gap is of that kind. The best upright Gaussian for each digit would nearly close it; the encoder, one network for all digits, misses that Gaussian on the few
# digits that it reads badly. Cremer et al. (2018) call the two parts the *approximation gap* (the family) and the *amortisation gap* (the encoder).
#
# Now the models can be compared, for the first time on equal terms: both give a probability to the same test digits.

# %%
noise = torch.Generator(device).manual_seed(7)
bounds = {
    "independent coins, exact": coins_nats,
    "VAE, 2 latent variables, exact (grid)": mean_bound(vae2.quadrature, test, points=points),
    "VAE, 16 latent variables, ELBO": mean_bound(vae16.elbo, test, generator=noise),
    "VAE, 16 latent variables, K = 300": mean_bound(vae16.importance_bound, test, 60, k=scale.pick(ci=5, cpu=300, gpu=1000), generator=noise),
    "autoregressive, exact": ar_nats,
}
viz.table([[name, nats, bits_per_dim(nats, DIMS)] for name, nats in bounds.items()], header=["model", "log p(x), nats", "bits per dimension"])

# %% [markdown]
# The autoregressive model is ahead. Both VAEs treat pixels as independent *given the code*, so whatever the code does not say about a
# pixel's neighbours is lost.
#
# ### What a code is good for
#
# Lay a grid of codes over the plane (at equal steps of probability) and decode each: a map of all digits, in 169 passes. On it one walks
# from any digit to any other. Beside it, the VAE with 16 latent variables: encode
# two test digits, walk along the straight line between their codes, decode.

# %% [markdown] tags=["slide", "slide-only"]
# ## What a code is good for

# %% tags=["slide-continue", "slide-picture"]
quantiles = torch.special.ndtri(torch.linspace(0.04, 0.96, 13))
plane = torch.stack(torch.meshgrid(quantiles, -quantiles, indexing="xy"), -1).reshape(-1, 2)
with torch.no_grad():
    ends = vae16.encode(test[:24]).mean
    land = vae2.decode(plane.to(device)).cpu()
walks = latent.interpolate(vae16.decoder, ends[:12], ends[12:], steps=9, how="linear")
viz.show(
    [viz.grid(land, columns=13, scale=3, pad=0), viz.grid(walks, columns=9, scale=3)],
    caption="Left: the plane of codes of the VAE with 2 latent variables. Right: twelve walks between test digits, 16 latent variables.",
)

# %% [markdown]
# The decoder is a function from codes to images like any generator of this course, so the course's sliders move it. Here they start from one
# code and go along the six directions in which the image changes most.

# %%
widgets.latent_sliders(vae16.decoder, n_sliders=6, seed=3, size=192)

# %% [markdown]
# ### Why it is blurred
#
# Hong's verdict on VAEs is "generally not satisfactory generation quality". What is wrong with the images, exactly?
#
# Fix a code $z$. Many training images have this code as a plausible one. The decoder gives one bias $\pi_i$ for pixel $i$, and the bound rewards
# $\mathbb{E}[\log p(x_i|z)]$ over those images. The best $\pi_i$ is where $\frac{\bar x}{\pi} - \frac{1 - \bar x}{1 - \pi} = 0$, so $\pi_i = \bar x$: *the average of the images
# that share the code*. (A Gaussian decoder gives the same mean.) An average of sharp images is grey where they differ. So the mean is blurred;
# and a draw from the coins is no remedy, because each coin falls by itself: black and white again, but with specks.
#
# Three numbers for it. *Grey*: the share of pixels with $|x| < 0.8$. *Specks*: pixels that differ from all four neighbours, for each image,
# after rounding to black and white. *Distance*: pixels in which an image differs from the nearest of the training images.


# %% [markdown] tags=["slide", "slide-only"]
# ## Why it is blurred
#
# The best bias of a pixel is the **average** of all images that share the code: $\pi_i = \bar x_i$. An average of sharp images is grey.

# %% tags=["slide-continue"]
def specks(x):
    """Pixels that differ from all four neighbours, per image."""
    x = x.sign()
    shifts = ((0, 1), (0, -1), (1, 0), (-1, 0))
    padded = F.pad(x, (1, 1, 1, 1), value=-1.0)
    others = [padded[:, :, 1 + i : 1 + i + SIZE, 1 + j : 1 + j + SIZE] for i, j in shifts]
    return torch.stack([x != other for other in others]).all(0).flatten(1).sum(1).float()


def nearest(x):
    """Pixels that differ from the nearest training image, per image: -1 and 1 differ where their product is -1."""
    return (DIMS - (x.sign().flatten(1) @ data.to_float(train).flatten(1).T).amax(1)) / 2


looked_at = {"real, test": test.cpu(), **{name: images for name, images in drawn.items() if name != "real"}}
rows = [
    {
        "images": name,
        "grey pixels, %": 100 * (x.abs() < 0.8).float().mean().item(),
        "specks per image": specks(x).mean().item(),
        "pixels from the nearest training image": nearest(x).mean().item(),
    }
    for name, x in looked_at.items()
]
viz.table(rows)

# %%
question(
    "S02.blur",
    "How blurred are the mean images of a VAE? Share of grey pixels (the autoregressive samples have none)",
    ours=(vae16.sample(500, seed=11).abs() < 0.8).float().mean().item(),
    baselines=ceilings(unseen_digits=(test.abs() < 0.8).float().mean()),
    source="Hong, recap of variational autoencoders: not satisfactory generation quality",
    decks="H",
)
coins = torch.randn(test.shape, generator=torch.Generator().manual_seed(12))
question(
    "S02.specks",
    "Drawn from its coins, how many more specks have a VAE's images than real ones (ratio)?",
    ours=(specks(vae16.sample(500, seed=11, pixels="drawn").cpu()).mean() / specks(test.cpu()).mean()).item(),
    baselines=nulls(fair_coins=specks(coins).mean() / specks(test.cpu()).mean()) | ceilings(unseen_digits=1),
    source="Hong, recap of variational autoencoders: not satisfactory generation quality",
    decks="H",
)

# %% [markdown] tags=["notes"]
# The mean and the draw are two pictures of one model, and papers have shown both under the name "samples". Ask which. Hong's "generally" is
# fair for decoders with independent pixels, such as this one; it is the decoder that fails, not the bound. A VAE with an autoregressive
# decoder has neither fault, nor the parallel sampling.

# %% [markdown]
# ## 4. Implicit models
#
# Hong asks: *what if we cannot measure the likelihood?* The example is translation without paired data. A model of French given English, $p(y|x)$, is
# trained by the likelihood of translated sentences; with two heaps of sentences, one in each language and no pairs, there is no $(x, y)$ to
# take the likelihood of. A different handle is needed: one that asks only whether the *outputs as a whole* look like French. (The lecture
# on CycleGAN does this with images.)
#
# The most general program that draws images is: take noise, compute. An **implicit model** is $z \sim p(z)$, $x = G(z)$, with any
# network $G$. There is no noise added at the end, and nothing has to be invertible. Drawing is one pass. McAllester sums it up: *we can
# sample from $p_\Phi(y)$ by sampling $z$. But we cannot compute $p_\Phi(y)$ for $y$ sampled from the population.*
#
# ### When there is a formula
#
# In one dimension, with an increasing $G$, there is one. The mass between $z$ and $z + dz$ lands between $G(z)$ and $G(z) + G'(z)\,dz$, so
#
# $$p(x) = \frac{\varphi(z)}{G'(z)}, \quad z = G^{-1}(x); \qquad\text{and if several } z \text{ reach } x: \quad p(x) = \sum_{z:\,G(z) = x} \frac{\varphi(z)}{|G'(z)|}.$$
#
# The second form needs *all* solutions of $G(z) = x$. Take $G(z) = z + a \sin 2z$, once with $a = 0.35$ (increasing), once with $a = 1.5$ (folded). The
# histogram uses samples only.

# %% [markdown] tags=["slide", "slide-only"]
# ## Implicit models: take noise, compute
#
# $$p(x) = \sum_{z:\,G(z) = x} \frac{\varphi(z)}{|G'(z)|}$$
#
# needs *all* solutions of $G(z) = x$.

# %% tags=["slide-continue", "slide-picture"]
zs = torch.linspace(-6, 6, 40_001, dtype=torch.float64)
phi = (-(zs**2) / 2).exp() / math.sqrt(2 * math.pi)


def density_by_preimages(a, x):
    """Sum of phi(z) / |G'(z)| over all z with G(z) = x, for G(z) = z + a sin 2z: a root in every cell whose ends straddle x."""
    g = zs + a * torch.sin(2 * zs)
    crossed = (g[None, :-1] <= x[:, None]) != (g[None, 1:] <= x[:, None])
    slope = (1 + 2 * a * torch.cos(zs[:-1] + zs[1:])).abs().clamp_min(1e-9)
    return (crossed * (phi[:-1] / slope)).sum(1), crossed.sum(1)


x = torch.linspace(-5, 5, 501, dtype=torch.float64) + 1e-4
draws = torch.randn(400_000, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
fig, axes = plt.subplots(1, 3, figsize=(9, 2.9), layout="constrained", width_ratios=(1, 1, 0.9))
for ax, a in zip(axes, (0.35, 1.5), strict=False):
    formula, solutions = density_by_preimages(a, x)
    heights, _, _ = ax.hist(draws + a * torch.sin(2 * draws), bins=x[::5], density=True, color=REAL, alpha=0.45, label="samples")
    ax.plot(x, formula, color=FAKE, linewidth=1, label="formula")
    ax.set(xlabel="x", ylim=(0, 1.3), title=f"a = {a:g}: at most {solutions.max().item()} solution{'s' * (solutions.max().item() > 1)}")
axes[0].legend(fontsize=8.5)
torch.manual_seed(1)
folding = mlp.Generator(2, 2, hidden=(32, 32), activation="tanh").double()
with torch.no_grad():
    for layer in folding.layers[::2]:
        layer.weight.mul_(2.2)
    cloud = folding(torch.randn(300_000, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64))
axes[2].hist2d(*cloud.T.numpy(), bins=110, cmap="magma", norm=plt.matplotlib.colors.LogNorm())
axes[2].set(title="a small network, 2-D to 2-D", xlabel="$x_1$", ylabel="$x_2$", facecolor="black")
plt.show()

# %% tags=["nbval-check-output"]
print(f"a = 0.35: the formula integrates to {density_by_preimages(0.35, x)[0].sum() * (x[1] - x[0]):.3f}")
z_fold = math.acos(-1 / (2 * 1.5)) / 2  # where G'(z) = 1 + 2 a cos 2z = 0
x_fold = z_fold + 1.5 * math.sin(2 * z_fold)
near = density_by_preimages(1.5, x_fold - torch.tensor([1e-1, 1e-3, 1e-5], dtype=torch.float64))[0]
print(f"a = 1.5: the density 0.1, 0.001 and 0.00001 before the fold at x = {x_fold:.2f}:", ", ".join(f"{p:.2g}" for p in near))

# %% [markdown] tags=["notes"]
# Left, formula and samples agree. In the middle they agree as well, but the formula had to find up to three solutions for each $x$, and it
# has poles: where $G' = 0$ the density is infinite, though the samples are tame. Right, a random network in the plane. Its samples draw a rich
# density without any effort. To evaluate it at one point one would have to find every $z$ with $G(z) = x$: a system of
# equations of which nobody knows how many solutions it has. *Normalising flows* go the other way and build $G$ so that the inverse and the determinant
# are cheap. They pay for it with dimension: $z$ must be as large as $x$.
#
# ### When there is nothing to compute
#
# A GAN's $z$ is smaller than its images: ours has 16 numbers for 144 pixels. McAllester's slide says that *"the random input $z$ defines a
# probability density on images $y_\Phi(z)$"*. A slip: it defines a probability *distribution*. All its mass lies on a surface of at most 16
# dimensions in a space of 144. A surface has no volume, so there is no density, and an image beside the surface has probability zero. Two
# checks. The Jacobian $\partial G / \partial z$ of the trained generator has 144 rows and 16 columns, so its rank is at most 16. And if the
# real digits lie on the surface, a search over $z$ should find them.

# %% [markdown] tags=["slide", "slide-only"]
# ## When there is nothing to compute
#
# 16 numbers for 144 pixels: all mass lies on a surface, and a surface has no density. To an image beside it the model gives probability 0.

# %% tags=["slide-continue"]
codes = torch.randn(8, 16, generator=torch.Generator().manual_seed(2))
jacobian = torch.stack([torch.func.jacrev(lambda z: implicit(z[None]).flatten())(z) for z in codes.to(device)])  # [8, 144, 16]
ranks = torch.linalg.matrix_rank(jacobian.double().cpu())


def search(target, steps, starts=8):
    """The distance per pixel (root mean square) from each image to the nearest G(z) that gradient descent finds from several starts."""
    source = torch.Generator().manual_seed(3)
    z = torch.randn(starts * len(target), 16, generator=source).to(device).requires_grad_()
    optimiser = torch.optim.Adam([z], lr=0.1)
    wanted = target.repeat(starts, 1, 1, 1)
    for step in range(steps):
        optimiser.param_groups[0]["lr"] = 0.1 * (1 - step / steps)
        error = (implicit(z) - wanted).square().flatten(1).mean(1)
        optimiser.zero_grad()
        error.sum().backward()
        optimiser.step()
    return error.detach().reshape(starts, -1).amin(0).sqrt(), z.detach()


with torch.no_grad():
    own = implicit(torch.randn(16, 16, generator=torch.Generator().manual_seed(4)).to(device))
steps = scale.pick(ci=40, cpu=500, gpu=1000)
to_real, _ = search(test[:16], steps)
to_own, _ = search(own, steps)
print("rank of the Jacobian at 8 codes:", ranks.tolist(), "of", DIMS)
for name, distance in (("of the generator's own images", to_own), ("real test digits", to_real)):
    found = (distance < 0.05).sum().item()
    print(f"search for 16 {name}: {found} found to 0.05 per pixel, median distance {distance.median().item():.2f}, largest {distance.max().item():.2f}")
print(f"probability of a test digit under the autoregressive model: about 1 in {math.exp(-ar_nats):.0e}")

# %% [markdown] tags=["notes"]
# The search is able: it finds the generator's own images again. Of the real digits it finds a few and misses most, as far as eight starts can
# tell. To those it misses the model gives probability 0. Its logarithm is $-\infty$, and so is the mean log-likelihood of the test data, the
# objective of section 1. A small change of the weights leaves it there: no slope to climb. That is why a GAN needs
# another objective; it is not a matter of convenience.
#
# And the few that are found? A tanh saturates, so a whole region of codes lands on the same image, white and black as far as the eye can see.
# Round the output, and the GAN is a distribution over the $2^{144}$ black and white images like the others: the probability of $x$ is the prior's mass of its
# region. One could count hits. But the last line says how rare a digit is: a generator as good as the autoregressive model
# would draw a given test digit once in tens of billions of draws.
#
# People have tried to repair the number by smoothing: put a Gaussian of width $\sigma$ on each of $M$ samples and take the likelihood of that mixture (the
# *Parzen window*, used for the table in Goodfellow et al. 2014). Try it with four sets of 1,000 "samples". One is the training data itself,
# which no generator should beat. One is a cheat: averages of ten similar training digits, blurs that nobody would take for a sample.

# %% [markdown] tags=["slide", "slide-only"]
# ## A score that ranks a blur above the data
#
# The Parzen window: a Gaussian on each sample. Mean log-likelihood of test digits, in nats:

# %% tags=["slide-continue"]
def parzen(samples, x, sigma):
    """Mean log-likelihood of x [N, D] under Gaussians of width sigma on samples [M, D], nats."""
    squares = torch.cdist(x, samples).square()
    return (log_mean_exp(-squares.T / (2 * sigma**2)) - DIMS * math.log(sigma * math.sqrt(2 * math.pi))).mean().item()


m = scale.pick(ci=100, cpu=1000, gpu=1000)
vectors = data.to_float(train).flatten(1)
alike = torch.cdist(vectors[:m], vectors).topk(10, largest=False).indices
contenders = {
    "training images": vectors[:m],
    "averages of ten training images": vectors[alike].mean(1),
    "GAN": game.sample(m, seed=12).cpu().flatten(1),
    "VAE, mean": vae16.sample(m, seed=12).cpu().flatten(1),
}
sigmas = (0.1, 0.3, 0.6)
scores = {name: [parzen(s, test.cpu().flatten(1), sigma) for sigma in sigmas] for name, s in contenders.items()}
viz.table([[name, *values] for name, values in scores.items()], header=["samples", *(f"sigma = {sigma:g}" for sigma in sigmas)])

# %% [markdown] tags=["notes"]
# With the width, which nobody can justify, the number moves by more than a thousand nats. And for every width the winner is the cheat: it beats real
# handwriting, because an average is closer to everything than any one digit is. A score that ranks a blur above the data does not
# measure what we want. (Theis et al. 2016 found the same with cluster centres of MNIST.)
#
# What is left is what both kinds of model have in common: **samples**. If two heaps of samples can be told apart, the model is wrong; if they
# cannot, it is right for every practical purpose. McAllester says it in one line: *the cross-entropy loss is replaced by an adversarial
# discriminator which tries to distinguish between generated images and real images.* Lecture 02 makes that exact.

# %% [markdown]
# ## 5. Who can compute what
#
# The whole comparison as a program: seven questions, three models. Each cell is an attempt; where it fails, the cell says what went wrong.
# For *the lower half given the upper* there is one thing to try with any program that draws images: draw 20,000 and keep those whose
# upper half is the wanted one.


# %% [markdown] tags=["slide", "slide-only"]
# ## Who can compute what

# %% tags=["slide-continue"]
def passes(network, draw):
    """How often the network runs while one image is drawn."""
    runs = []
    handle = network.register_forward_hook(lambda *_: runs.append(1))
    draw()
    handle.remove()
    return len(runs)


def change_of_variables(z):
    """log p(G(z)) = log phi(z) - log |det dG/dz|."""
    matrix = torch.func.jacrev(lambda z: implicit(z[None]).flatten())(z)
    return -(z.square() + math.log(2 * math.pi)).sum() / 2 - torch.linalg.slogdet(matrix)[1]


def by_rejection(draw, n=20_000):
    """How many of n draws have the wanted upper half."""
    upper = draw(n).sign()[:, :, : SIZE // 2] == one_image[:, :, : SIZE // 2]
    kept = upper.flatten(1).all(1).sum()
    if kept == 0:
        raise ValueError(f"none of {n:,} draws has this upper half")
    return kept


def slope(decoder):
    """The size of the gradient of the image's mean grey in the code."""
    z = torch.zeros(2, 16, device=device, requires_grad=True)
    return torch.autograd.grad(decoder(z).mean(), z)[0].norm()


one_image, noise = test[:1], torch.Generator(device).manual_seed(8)
z0, z1 = codes[0].to(device), codes[1].to(device)
attempts = {
    "passes of the network for one image": (
        lambda: passes(ar, lambda: ar.sample(1, seed=0)),
        lambda: passes(vae16.decoder, lambda: vae16.sample(1, seed=0)),
        lambda: passes(implicit, lambda: game.sample(1, seed=0)),
    ),
    "log p(x) of a test digit, exact": (
        lambda: ar.log_prob(one_image),
        lambda: vae16.quadrature(one_image),
        lambda: change_of_variables(z0),
    ),
    "a lower bound on log p(x)": (
        lambda: ar.log_prob(one_image),
        lambda: vae16.elbo(one_image, noise),
        lambda: (implicit(z0[None]) == one_image).all().double().log(),  # p(x|z) is 1 at G(z), 0 elsewhere
    ),
    "a code for a given image, in one pass": (
        lambda: ar.encode(one_image),
        lambda: vae16.encode(one_image).mean.norm(),
        lambda: implicit.encode(one_image),
    ),
    "images along a path of codes": (
        lambda: len(latent.interpolate(ar, z0, z1, latent_dim=ar.latent_dim)),
        lambda: len(latent.interpolate(vae16.decoder, z0, z1)),
        lambda: len(latent.interpolate(implicit, z0, z1)),
    ),
    "a gradient from the image to its noise": (
        lambda: torch.autograd.grad(ar.sample(1, seed=0).mean(), list(ar.parameters())),
        lambda: slope(vae16.decoder),
        lambda: slope(implicit),
    ),
    "draw the lower half, given the upper": (
        lambda: len(ar.sample(1, seed=0, given=one_image, rows=6)),
        lambda: by_rejection(lambda n: vae16.sample(n, seed=0, pixels="drawn")),
        lambda: by_rejection(lambda n: game.sample(n, seed=0).to(device)),
    ),
}


def attempt(function):
    """(whether a finite number came, what is shown)."""
    try:
        value = torch.as_tensor(function()).item()
    except (AttributeError, RuntimeError, TypeError, ValueError) as error:
        return False, "no: " + str(error).split(", but")[0].split(": use")[0]
    return math.isfinite(value), f"{value:.4g}" if math.isfinite(value) else "no: minus infinity"


outcome = {question: [attempt(function) for function in functions] for question, functions in attempts.items()}
viz.table([[q, *(text for _, text in cells)] for q, cells in outcome.items()], header=["", "autoregressive", "VAE", "GAN"])

# %% [markdown] tags=["notes"]
# Read the rows once more against what the decks say. Hong: the autoregressive model has the exact likelihood, draws sequentially, and has no code; the VAE has a
# bound, a code, and draws in one pass. McAllester: from a GAN we can sample, and we cannot compute the density. The table adds two rows
# that the decks do not have. Drawing part of an image given the rest is a matter of course for the autoregressive model only. And a *gradient
# that flows through the sample* is what the autoregressive model lacks: its pixels are the outcomes of tosses. (The VAE has it in its mean
# image, not in the tossed one.) The GAN's training will be built on that row. In the row of codes the GAN's "no" is a missing part, not a
# law: section 4 found codes by searching, and the lecture on BiGAN trains an encoder for it.

# %%
expected = {  # what Hong and McAllester say, and for the last three rows what sections 2 to 4 found
    "log p(x) of a test digit, exact": (True, False, False),
    "a lower bound on log p(x)": (True, True, False),
    "a code for a given image, in one pass": (False, True, False),
    "images along a path of codes": (False, True, True),
    "a gradient from the image to its noise": (False, True, True),
    "draw the lower half, given the upper": (True, False, False),
}
agreeing = sum(outcome[question][i][0] == cell for question, cells in expected.items() for i, cell in enumerate(cells))
check(
    "C28",
    "Our three models can and cannot compute what the decks say of their kinds: cells of the table that came out as said, of 18",
    expected=18,
    ours=agreeing,
    tolerance=within(0),
    exact=True,
    source="Hong, recap; McAllester, representing a distribution with a generator",
    note="A no says that this model does not offer it. Some are laws (discrete pixels have no gradient), some a missing part (an encoder for the GAN); "
    "a VAE with one or two latent variables has its likelihood by summing over a grid (section 3), with 16 it has not",
)
in_sequence = [float(text) for _, text in outcome["passes of the network for one image"]]
identity(
    "C28.passes",
    "Passes in sequence for one image of 144 pixels, autoregressive against VAE and GAN (ratio)",
    expected="O(n) against one",
    ours=[in_sequence[0] / in_sequence[1], in_sequence[0] / in_sequence[2]],
    over="comparisons",
    tolerance=within(0, of=DIMS),
    source="Hong, recap",
    decks="H",
)

# %% [markdown]
# Passes are a count; seconds depend on the machine and on how many images are drawn at once. On this one:

# %%
def seconds(draw, repeats):
    """The shortest time of a few, which other programs on this machine disturb least."""
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        draw()
        times.append(time.perf_counter() - begin)
    return min(times)


batch = scale.pick(ci=4, cpu=16, gpu=64)
slow = seconds(lambda: ar.sample(batch, seed=0).cpu(), 2)
for name, draw in {"VAE": lambda: vae16.sample(batch, seed=0).cpu(), "GAN": lambda: game.sample(batch, seed=0).cpu()}.items():
    print(f"{batch} images: the autoregressive model takes {slow / seconds(draw, 20):,.0f} times as long as the {name}")

# %% [markdown]
# ## 6. What goes wrong
#
# **One letter.** Here is a PixelCNN in which somebody typed `"B"` for `"A"` in the first layer. Nothing crashes. Train it and the correct one side by
# side, and watch the likelihood on *test* digits.


# %% [markdown] tags=["slide", "slide-only"]
# ## One letter: a splendid likelihood
#
# `"B"` for `"A"` in the first layer. Nothing crashes.

# %% tags=["slide-continue", "slide-picture"]
def train_masked(first_mask, steps):
    """A PixelCNN of masked kernels whose first layer has this mask, and its test bits per dimension while training."""
    torch.manual_seed(0)
    model = pixelcnn.PixelCNN(SIZE, width=scale.pick(ci=8, cpu=24, gpu=32), depth=3, stack="masked").to(device)
    model.features.first.mask.copy_(pixelcnn.causal_mask(first_mask, 7))
    curve = []
    measure = (steps // 10, lambda run: curve.append((run.step, bits_per_dim(mean_bound(run.model.log_prob, test), DIMS))))
    fit_likelihood(model, data.Batches(train, 32, seed=1), steps, lr=4e-3, hooks=[measure], progress=False)
    return model, curve


steps_6 = scale.pick(ci=20, cpu=300, gpu=1000)
(honest, honest_curve), (leaky, leaky_curve) = train_masked("A", steps_6), train_masked("B", steps_6)

fig, ax = plt.subplots(figsize=(6, 2.8), layout="constrained")
for name, curve, colour in (("mask A first", honest_curve, REAL), ("mask B first", leaky_curve, FAKE)):
    ax.semilogy(*zip(*curve, strict=True), "o-", color=colour, label=name)
ax.axhline(bits_per_dim(ar_nats, DIMS), color="black", linewidth=1, linestyle=":", label="the model of section 2")
ax.set(xlabel="step", ylabel="test bits per dimension")
ax.legend(fontsize=8.5)
plt.show()

# %% [markdown]
# The second model compresses unseen handwriting to about a millionth of a bit for each pixel. Look at what it draws:

# %% [markdown] tags=["slide", "slide-only"]
# ## What it draws
#
# With mask B the prediction of a pixel sees the pixel, and learns to copy it. **Add up the probabilities first.**

# %% tags=["slide-continue", "slide-picture"]
twelve = [model.sample(12, seed=5).cpu() for model in (honest, leaky)]
viz.show(viz.labelled_grid(torch.cat(twelve), rows=["mask A first", "mask B first"], scale=5))

# %% [markdown] tags=["notes"]
# Nothing, twelve times, from the model with the better likelihood. With mask B the prediction of a pixel sees the pixel. Training teaches the
# network to copy it, and the test likelihood is splendid because the test pixels are there to be copied as well. When the model draws, the pixel is
# not there yet: it copies the blank. The number that was computed is not a likelihood, since its "probabilities" do not sum to 1.
# Neither a held-out set nor a learning curve can show that. The two tests of section 2 do, in a second, before any training:

# %%
for name, kind in (("mask A first", "A"), ("mask B first", "B")):
    model = random_pixelcnn(0, 3, "masked", depth=2, first_kernel=3)
    model.features.first.mask.copy_(pixelcnn.causal_mask(kind, 3))
    own = max(dependence(model, t, 3)[t].item() for t in range(9))
    before = model.log_prob(all512).exp().sum().item()
    uniform = iter(lambda: all512[torch.randint(512, (64,))], None)  # the data: all 512 images alike
    fit_likelihood(model, uniform, steps=150, lr=1e-2, progress=False)
    after = model.log_prob(all512).exp().sum().item()
    print(f"{name}: own pixel's gradient {own:.2g};  sum over all 512 images {before:.2f} untrained, {after:.1f} trained on all of them")

# %% [markdown]
# The trained leaky model gives *every* one of the 512 images a probability of nearly 1, so they sum to nearly 512. When a density model
# beats the literature, add up its probabilities first.
#
# **A range that cannot be reached.** The second bug is in a much read GAN tutorial (Lightning's *basic GAN*): it normalises the digits to zero mean and
# unit variance, `(x - 0.1307) / 0.3081`, the usual numbers for a classifier of MNIST, while its generator ends in a `tanh`. What does an ink
# pixel become?

# %%
grey = data.digits(28, n=1000).images.float() / 255
normalised = (grey - 0.1307) / 0.3081
by_threshold = (normalised.amax((1, 2, 3)) > 1).float().mean().item()
print(f"real pixels range from {normalised.min():.2f} to {normalised.max():.2f}; a tanh reaches -1 to 1")
print(f"real images told from every possible fake by 'some pixel is above 1': {100 * by_threshold:.1f} %")

# %% [markdown]
# The discriminator needs one threshold. No fake can ever pass, because the supports are disjoint by construction, and what the generator learns from such a
# discriminator is the subject of a later lecture. This course keeps images in $[-1, 1]$ everywhere, and the models of this lecture refuse any other value:

# %%
try:
    ar.log_prob(normalised[:1, :, 8:20, 8:20].to(device))
except ValueError as error:
    print("ValueError:", error)

# %% [markdown]
# ## What was measured
#
# The rows of this lecture by kind and verdict. Each box above unfolds on a click; `CLAIMS.md` has the rows of all lectures.

# %%
summary()

# %% [markdown]
# ## Exercises
#
# 1. **Another order.** Nothing in section 2 needs raster order. Train the autoregressive model on transposed digits (read by columns), and on digits whose
#    pixels were shuffled once for all. Which orders give a good likelihood, and why does the chain rule, which holds for all of them, not settle that?
# 2. **A tighter bound.** Train the VAE with two latent variables on $\mathcal L_{20}$ instead of the ELBO: `fit_likelihood(..., bound=lambda x, generator:
#    model.importance_bound(x, 20, generator))`. Measure the true likelihood and the gap by the grid. Draw the posteriors and the encoder's ellipses again: what has changed
#    about where $q$ puts its mass?
# 3. **A price for the code.** Multiply the KL term by $\beta$ and train with $\beta$ = 0.1, 1 and 10. Plot reconstruction against KL. For which $\beta$ is the objective still
#    a lower bound of $\log p(x)$? What happens to the mean images, to the draws from the prior, and to the specks?

# %%
widgets.quiz(
    [
        {
            "question": "A model of black and white images reports 0.004 bits per dimension on test data where good models need 0.2. First suspicion?",
            "answer": "The number is not a likelihood: a prediction sees its own pixel",
            "why": "No model can be below the data's entropy on average. Sum the probabilities of all images of a small model, or take the gradient.",
            "wrong": {
                "Overfitting": "Overfitting makes the test likelihood worse; this one is better than possible.",
                "The test set is part of the training set": "It might be, but memorising 144 random-looking pixels of many digits is hard; copying them is easy.",
                "Nothing, it is a strong model": "Bits per dimension are bounded from below by the entropy of the data.",
            },
        },
        {
            "question": "When is the ELBO equal to $\\log p(x)$?",
            "answer": "When $q(z|x)$ is the posterior $p(z|x)$",
            "why": "The gap is $KL(q(z|x) || p(z|x))$, zero only there.",
            "wrong": {
                "When $q(z|x)$ is the prior $p(z)$": "Then the KL term of the bound is zero, which is not the gap. The table of section 3 has this row: the largest gap.",
                "When the reconstruction is perfect": "Then the price of the code is high; the gap can be anything.",
                "In the limit of long training": "Only if the family of $q$ contains the posterior. Upright ellipses do not.",
            },
        },
        {
            "question": "Why do two pictures of the same VAE, one blurred and one speckled, both circulate as its samples?",
            "answer": "One shows the mean of $p(x|z)$, the other a draw from it",
            "why": "A draw from the model needs both tosses: of $z$ and of the pixels. Many papers show the mean.",
            "wrong": {
                "One was trained longer": "Both rows of the first figure are one network and the same 15 codes.",
                "One is a reconstruction": "Both start from $z$ drawn from the prior.",
                "Speckles are a sign of a bug": "They are what independent pixels look like.",
            },
        },
        {
            "question": "Your generator maps 100 numbers to 3,072 pixel values without adding noise. What is its density at a test image?",
            "answer": "It has none; the log-likelihood of real images is minus infinity",
            "why": "The mass lies on a surface of at most 100 dimensions, of volume zero.",
            "wrong": {
                "Unknown, but one could compute it with enough time": "There is nothing to compute, for any amount of time.",
                "The prior's density at the code, over the determinant of the Jacobian": "The Jacobian is 3,072 by 100: it has no determinant.",
                "What a Parzen window says": "That is the density of another model, and it depends on the width you choose.",
            },
        },
        {
            "question": "Training needs a gradient through the drawn image itself. Which model cannot give it?",
            "answer": "The autoregressive model: its pixels are outcomes of tosses",
            "why": "A toss has no derivative. That is a reason why GANs of text, whose words are tossed too, are hard.",
            "wrong": {
                "The VAE's mean image": "It is a smooth function of $z$.",
                "The GAN": "Its image is a smooth function of $z$; all its training rests on that.",
                "All of them can": "Try torch.autograd on a tossed pixel: section 5 did.",
            },
        },
    ]
)

# %% [markdown]
# ## Further reading
#
# - van den Oord, Kalchbrenner & Kavukcuoglu (2016), [*Pixel Recurrent Neural Networks*](https://arxiv.org/abs/1601.06759), ICML: masks A and B.
# - van den Oord, Kalchbrenner, Vinyals, Espeholt, Graves & Kavukcuoglu (2016), [*Conditional Image Generation with PixelCNN Decoders*](https://arxiv.org/abs/1606.05328), NeurIPS: the blind spot and
#   its cure.
# - Kingma & Welling (2014), [*Auto-Encoding Variational Bayes*](https://arxiv.org/abs/1312.6114), ICLR; Rezende, Mohamed & Wierstra (2014), [*Stochastic Backpropagation and Approximate Inference in Deep
#   Generative Models*](https://arxiv.org/abs/1401.4082), ICML: the same idea twice.
# - Burda, Grosse & Salakhutdinov (2016), [*Importance Weighted Autoencoders*](https://arxiv.org/abs/1509.00519), ICLR: the bounds $\mathcal L_K$.
# - Tipping & Bishop (1999), [*Probabilistic Principal Component Analysis*](https://doi.org/10.1111/1467-9868.00196), Journal of the Royal Statistical Society B; Lucas, Tucker, Grosse & Norouzi (2019),
#   [*Don't Blame the ELBO*](https://arxiv.org/abs/1911.02469), NeurIPS: the linear case, and what it teaches about the other.
# - Mohamed & Lakshminarayanan (2016), [*Learning in Implicit Generative Models*](https://arxiv.org/abs/1610.03483), arXiv:1610.03483: implicit models before and beside GANs.
# - Theis, van den Oord & Bethge (2016), [*A Note on the Evaluation of Generative Models*](https://arxiv.org/abs/1511.01844), ICLR: likelihood, samples and Parzen windows are three different things.

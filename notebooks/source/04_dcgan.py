# %% [markdown]
# # 04. DCGAN
#
# [**Covers**](../docs/glossary.md) DCGAN and its five guidelines (Hong, Kurmi, the cs231n notes), convolution as index equations (McAllester, the cs231n notes),
# the anime-avatar question (Wang), part of ganhacks (the cs231n notes): S04, S31, part of S29; claims C06, C10.
# **Papers**: [Radford, Metz & Chintala 2016](https://arxiv.org/abs/1511.06434) (ICLR); [Odena, Dumoulin & Olah 2016](https://distill.pub/2016/deconv-checkerboard/) (Distill); for the modern recipe [Mescheder et al. 2018](https://arxiv.org/abs/1801.04406)
# (ICML), [Karras et al. 2018](https://arxiv.org/abs/1710.10196) (ICLR), [Jolicoeur-Martineau 2019](https://arxiv.org/abs/1807.00734) (ICLR), [Huang et al. 2024](https://arxiv.org/abs/2501.05441) (NeurIPS).
#
# **Read** for about an hour. **Run**: under a minute at ci scale; at cpu scale a quarter of an hour on one core, half of it for
# one training run, and less on two.
#
# Lecture 03 ended with digits from fully connected layers. This one ends with faces. In between stand a layer that enlarges pictures, five
# rules of thumb from 2016, and eight years of afterthoughts. We run all of it and keep score: which of the rules matter, and
# which no longer do. What the generator's latent space knows about faces is lecture 05.
#
# After it you will be able to
#
# - write strided and transposed convolution as index equations, and say why one is the other's transpose and nobody's inverse;
# - compute the size of every layer of a generator, and see a chequerboard coming before the first training step;
# - give the reason for each of DCGAN's five guidelines, and say what happened when we left it out;
# - train a generator of 32 px faces in minutes, and judge it by more than its losses;
# - find three bugs from public GAN code with a test of two lines each.

# %%
import itertools

import matplotlib.pyplot as plt
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from gancourse import data, experiments, losses, scale, viz, zoo
from gancourse.classroom import widgets
from gancourse.classroom.claims import at_least, at_most, ceilings, check, claim, identity, nulls, question, summary, within
from gancourse.gans.gan import GAN
from gancourse.metrics import frechet_distance
from gancourse.metrics.attributes import attribute_classifier
from gancourse.models import dcgan
from gancourse.theory import convolution
from gancourse.training import fit

torch.manual_seed(0)  # for first weights where a cell names no seed
device = scale.device()
seeds = range(scale.pick(ci=1, cpu=3, gpu=5))
plt.rcParams.update({"axes.spines.top": False, "axes.spines.right": False, "legend.frameon": False, "figure.dpi": 80})
REAL, FAKE, D_COLOUR, G_COLOUR = (viz.COLOURS[name] for name in ("real", "fake", "discriminator", "generator"))


def show(picture, caption=None):
    """Show a picture in 96 colours: a third of the bytes, and hardly a difference at 32 px."""
    viz.show(picture.quantize(96, method=2), caption)  # by an octree, which keeps rare colours

# %% [markdown]
# None of these people exists, and nobody drew them. Each is a vector of 64 random numbers, sent through a handful of convolutions.

# %% [markdown] tags=["slide", "slide-only"]
# ## None of these people exists

# %% tags=["slide-continue", "slide-picture"]
shipped = {name: zoo.load(name) for name in ("faces32", "faces64")}
show(viz.grid(shipped["faces32"].sample(26, seed=4), columns=13), "32 px, from weights that travel with the course.")
show(viz.grid(shipped["faces64"].sample(6, seed=4), columns=6), "64 px, likewise.")

# %% [markdown] tags=["notes"]
# The data behind them are drawings too: thousands of cartoon faces, composed from parts of the *adventurer* style by Lisa Wischofsky
# (CC BY 4.0). The course draws them itself, without a network, and knows six attributes of each: hair colour, hair length, skin, smile,
# glasses, background. All values are equally frequent and independent of each other, so we can *count* what a generator leaves out.

# %% [markdown] tags=["slide", "slide-only"]
# ## What they were learnt from
#
# Six attributes, all values equally frequent and independent: so what is left out can be *counted*.

# %% tags=["slide-continue"]
faces = data.faces(32, n=scale.pick(ci=1500, cpu=10_000, gpu=20_000))
faces = faces[torch.randperm(len(faces), generator=torch.Generator().manual_seed(0))]
show(viz.grid(faces.images[:26], columns=13), "Real training data.")
viz.table([{"attribute": name, "values": ", ".join(values)} for name, values in faces.attribute_names.items()])

# %% [markdown] tags=["slide", "slide-only"]
# ## Convolution as index equations
#
# **Strided**, it gathers: for all $x, y, j, \Delta x, \Delta y, i$
#
# $$L_{\ell+1}[x, y, j] \;\mathrel{+}=\; W[\Delta x, \Delta y, i, j]\; L_\ell[s x + \Delta x,\ s y + \Delta y,\ i]$$
#
# **Transposed**, it scatters:
#
# $$L_{\ell+1}[s x + \Delta x,\ s y + \Delta y,\ i] \;\mathrel{+}=\; W[\Delta x, \Delta y, i, j]\; L_\ell[x, y, j]$$

# %% [markdown] tags=["notes"]
# ## 1. Convolution as index equations
#
# A discriminator turns a large picture into one number, a generator turns a few numbers into a large picture. So one of them has to
# shrink and the other to grow. McAllester writes both as index equations, which is the quickest way to see what they do. Let
# $L_\ell[x, y, i]$ be the value of channel $i$ at place $(x, y)$ of layer $\ell$, let $W[\Delta x, \Delta y, i, j]$ be the weights and $s$ the
# stride. Start with zeros in $L_{\ell + 1}$. Then, for all $x, y, j, \Delta x, \Delta y, i$:
#
# $$\text{strided convolution:} \qquad L_{\ell+1}[x, y, j] \;\mathrel{+}=\; W[\Delta x, \Delta y, i, j]\; L_\ell[s x + \Delta x,\ s y + \Delta y,\ i]$$
#
# $$\text{transposed convolution:} \qquad L_{\ell+1}[s x + \Delta x,\ s y + \Delta y,\ i] \;\mathrel{+}=\; W[\Delta x, \Delta y, i, j]\; L_\ell[x, y, j]$$
#
# The first line *gathers*: each place of the small layer looks at a window of the large one and sums. The second *scatters*: each place
# of the small layer lays a copy of the kernel onto the large one, and where copies overlap they add up. Apart from that the two lines
# are the same: swap $L_\ell$ and $L_{\ell+1}$, and one turns into the other. (The deck's first line prints $+$ where $\mathrel{+}=$ is
# meant: without the equals sign it is an expression, and nothing is computed. Its second line has it right.)
#
# The equations are a program. Here it is, letter by letter, on a small case, beside what PyTorch says.

# %% tags=["nbval-check-output"]
def draw(*shape, seed):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


s, K, I, J = 2, 3, 2, 3  # stride, kernel, channels of the large layer, channels of the small one
W, large, small = draw(K, K, I, J, seed=0), draw(7, 7, I, seed=1), draw(3, 3, J, seed=2)

gathered, scattered = torch.zeros_like(small), torch.zeros_like(large)
for x, y, j, dx, dy, i in itertools.product(range(3), range(3), range(J), range(K), range(K), range(I)):
    gathered[x, y, j] += W[dx, dy, i, j] * large[s * x + dx, s * y + dy, i]
    scattered[s * x + dx, s * y + dy, i] += W[dx, dy, i, j] * small[x, y, j]


def to_torch(layer):
    return layer.permute(2, 0, 1)[None]  # [x, y, channel] -> [1, channel, row, column]


w = W.permute(3, 2, 0, 1)  # [dx, dy, i, j] -> [j, i, dx, dy]
agree = torch.allclose(to_torch(gathered), F.conv2d(to_torch(large), w, stride=s))
print(f"strided:    {list(large.shape)} -> {list(gathered.shape)}, equal to F.conv2d: {agree}")
agree = torch.allclose(to_torch(scattered), F.conv_transpose2d(to_torch(small), w, stride=s))
print(f"transposed: {list(small.shape)} -> {list(scattered.shape)}, equal to F.conv_transpose2d: {agree}")

# %% [markdown]
# Look at `w`. PyTorch keeps the weights of `Conv2d` as (out, in, height, width) and those of `ConvTranspose2d` as (in, out, height, width),
# which looks like a slip in a library and has a reason: in both cases it is [small, large, height, width]. *The same tensor serves both
# layers*, and the code above passes the very same `w` twice.
#
# Six nested loops are slow. The course's version keeps the loops over $\Delta x$ and $\Delta y$ and does all places at once. The
# two functions differ in which side of the arrow the slice stands on:

# %%
viz.source(convolution.strided, convolution.transposed)

# %% [markdown]
# *Padding* puts a frame of zeros around the large layer before gathering. For the transposed layer it means the reverse: the frame is cut
# off after scattering. (That is why "padding" makes a `ConvTranspose2d` smaller.) Five random layers, with the kernel and stride of
# DCGAN and others:

# %%
off = {"strided": [], "transposed": []}
for seed, (kernel, stride, padding) in enumerate([(4, 2, 1), (4, 1, 0), (3, 2, 0), (5, 2, 2), (3, 3, 1)]):
    W, large, small = draw(kernel, kernel, 3, 5, seed=seed), draw(11, 9, 3, seed=10 + seed), draw(5, 4, 5, seed=20 + seed)
    w, how = convolution.torch_weight(W), {"stride": stride, "padding": padding}
    pairs = {
        "strided": (convolution.strided(large, W, stride, padding), F.conv2d(to_torch(large), w, **how)),
        "transposed": (convolution.transposed(small, W, stride, padding), F.conv_transpose2d(to_torch(small), w, **how)),
    }
    for name, (ours, theirs) in pairs.items():
        off[name].append((to_torch(ours) - theirs).abs().max())

for name, layer in {"strided": "Conv2d", "transposed": "ConvTranspose2d"}.items():
    identity(
        f"C06.{name}",
        f"The index equation of {name} convolution is PyTorch's {layer} (largest difference)",
        ours=off[name],
        over="layers",
        tolerance=at_most(1e-6),
        source="McAllester 2020, TTIC 31230",
        decks="M",
    )

# %% [markdown] tags=["notes"]
# ### Why "transposed"
#
# Convolution is linear. So it is a matrix: write the large layer as one long vector $x$, the small one as $y$, then $y = A x$. The first
# equation says what stands in $A$: in row $(x, y, j)$ and column $(sx + \Delta x, sy + \Delta y, i)$ the number
# $W[\Delta x, \Delta y, i, j]$, elsewhere zeros. The second equation puts the same number in row $(sx + \Delta x, sy + \Delta y, i)$ and column
# $(x, y, j)$. Rows and columns have changed places: it is $A^\top$. Here is $A$ for DCGAN's layer (kernel 4, stride 2, padding 1) on a
# map of 6 x 6 places. The kernel is numbered 1 to 16 so that you can follow where its entries go.

# %% [markdown] tags=["slide", "slide-only"]
# ## Why "transposed"
#
# $y = A x$: in the transposed layer rows and columns have changed places.

# %% tags=["slide-continue", "slide-picture"]
numbered = torch.arange(1.0, 17.0).view(4, 4, 1, 1)
A = convolution.matrix(numbered, (6, 6), stride=2, padding=1)
fig, (left, right) = plt.subplots(1, 2, figsize=(8.4, 2.7), width_ratios=(3, 1), layout="constrained")
for axis, matrix, title in ((left, A, "convolution: A, 9 x 36"), (right, A.T, "transposed: 36 x 9")):
    axis.imshow(torch.where(matrix > 0, matrix, torch.nan), cmap="viridis", interpolation="nearest")
    axis.set_title(title, fontsize=10)
left.set(xlabel="place in the 6 x 6 map", ylabel="place in the 3 x 3 map", yticks=[0, 4, 8])
right.set(xlabel="3 x 3 map", ylabel="6 x 6 map", xticks=[0, 8])
plt.show()

# %% [markdown] tags=["notes"]
# White is zero, and there is a lot of it: a fully connected layer would fill the picture with independent numbers, a convolution repeats
# sixteen. Transposition has a meaning that needs no matrix: $\langle A x, y \rangle = \langle x, A^\top y \rangle$ for all $x$ and $y$. It has
# also a second name. In backpropagation the gradient of a layer $y = Ax$ with respect to its input is $A^\top$ times the gradient with
# respect to its output. So *the forward pass of a transposed convolution is the backward pass of a convolution*, and every library
# had the code for it long before anybody generated pictures. Three ways to the same numbers:

# %% tags=["nbval-check-output"]
W, large, small = draw(4, 4, 2, 3, seed=0), draw(6, 6, 2, seed=1).requires_grad_(), draw(3, 3, 3, seed=2)
A = convolution.matrix(W, (6, 6), stride=2, padding=1)

forward = F.conv2d(to_torch(large), convolution.torch_weight(W), stride=2, padding=1)
(backward,) = torch.autograd.grad(forward, large, to_torch(small))
scattered = convolution.transposed(small, W, stride=2, padding=1)
print(f"A is {A.shape[0]} x {A.shape[1]}")
print(f"<A x, y> = {A @ large.flatten() @ small.flatten():.6f}")
print(f"<x, scatter(y)> = {large.flatten() @ scattered.flatten():.6f}")
print(f"scatter(y) is A transposed times y: {torch.allclose(scattered.flatten(), A.T @ small.flatten())}")
print(f"scatter(y) is conv2d's backward pass: {torch.allclose(scattered, backward)}")

# %%
gaps = []
for seed in range(5):
    W, x, y = draw(4, 4, 2, 3, seed=seed), draw(6, 6, 2, seed=seed + 10), draw(3, 3, 3, seed=seed + 20)
    there, back = convolution.strided(x, W, 2, 1), convolution.transposed(y, W, 2, 1)
    gaps.append(((there * y).sum() - (x * back).sum()).abs())
identity(
    "C06.adjoint",
    "Transposed convolution is the transpose of convolution: |<Ax, y> - <x, A'y>| on a 6 x 6 map",
    expected=0,
    ours=gaps,
    over="draws",
    tolerance=at_most(1e-6),
    source="Dumoulin & Visin 2016",
)

# %% [markdown]
# ### It does not undo anything
#
# The paper's Figure 1, which the cs231n notes reproduce, adds in brackets that these layers "are wrongly called deconvolutions". A
# *deconvolution* would undo a convolution: $y = Ax$ in, $x$ out. Nothing can do this in full here, since 256 numbers cannot hold what
# 1024 held. But one can come closer than $A^\top$ does. Below, a grey face, its convolution with a 4 x 4 box (stride 2), the transposed
# convolution of that, and the best possible undoing in the least-squares sense, the pseudo-inverse $A^+$.

# %% [markdown] tags=["slide", "slide-only"]
# ## It does not undo anything
#
# 256 numbers cannot hold what 1024 held.
#
# $A^\top A x$ blurs a second time. $A^+ A x$ is the best possible undoing.
#
# In a generator only the *wiring* is that of a convolution in reverse.

# %% tags=["slide-continue", "slide-picture"]
face = data.to_float(faces.images[:3]).mean(1).double()  # [3, 32, 32], grey
A = convolution.matrix(torch.full((4, 4, 1, 1), 1 / 16, dtype=torch.float64), (32, 32), stride=2, padding=1)
halved = face.flatten(1) @ A.T
back, undone = halved @ A, halved @ torch.linalg.pinv(A).T
enlarged = halved.view(3, 16, 16).repeat_interleave(2, 1).repeat_interleave(2, 2)
pictures = torch.stack([face, enlarged, (4 * back).view(3, 32, 32), undone.view(3, 32, 32)], 1)  # 4: copies of 1/16 overlap 4 times
titles = ["x", "A x (16 px)", "transposed", "pseudo-inverse"]
show(viz.labelled_grid(pictures.float().clamp(-1, 1).view(12, 1, 32, 32), columns=titles, n_columns=4, scale=3))
for name, guess in {"transposed (scaled by 4)": 4 * back, "pseudo-inverse": undone}.items():
    print(f"{name:25} relative error {(guess - face.flatten(1)).norm() / face.norm():.2f}")

# %% [markdown] tags=["notes"]
# The transposed layer blurs a second time; that is what repeating a box does. In a generator this is no drawback. Nobody asks the layer to
# undo anything, its weights are learned, and only the *wiring* is that of a convolution in reverse. "Fractionally-strided" is
# the third name: one step in the large layer is a step of $1/s$ in the small one. (The cs231n notes translate it as "partly using
# strided convolutions", which is something else. The stride is a fraction; nothing is partial.)
#
# ### Sizes
#
# For kernel $K$, stride $s$ and padding $p$ the equations give
#
# $$\text{strided: } n \mapsto \Bigl\lfloor \frac{n + 2p - K}{s} \Bigr\rfloor + 1, \qquad\quad \text{transposed: } n \mapsto (n - 1)\,s + K - 2p .$$
#
# Both are one line of thought: the last window begins at $s(n-1)$ and ends $K$ further on. Which layers double exactly?

# %% [markdown] tags=["slide", "slide-only"]
# ## Sizes
#
# $$n \mapsto \Bigl\lfloor \frac{n + 2p - K}{s} \Bigr\rfloor + 1 \qquad\qquad n \mapsto (n - 1)\,s + K - 2p$$

# %% tags=["nbval-check-output", "slide-continue"]
for kernel, stride, padding in [(2, 2, 0), (3, 2, 0), (3, 2, 1), (4, 2, 1), (5, 2, 2)]:
    up = convolution.transposed_size(8, kernel, stride, padding)
    down = convolution.convolved_size(up, kernel, stride, padding)
    also = [n for n in range(up - 3, up + 4) if n != up and convolution.convolved_size(n, kernel, stride, padding) == 8]
    print(f"kernel {kernel}, stride {stride}, padding {padding}:  8 -> {up:2} -> {down}   sizes that also shrink to 8: {also}")

sizes = [1, convolution.transposed_size(1, 4, 1, 0)]
while sizes[-1] < 64:
    sizes.append(convolution.transposed_size(sizes[-1], 4, 2, 1))
print("DCGAN's generator:", " -> ".join(map(str, sizes)))

# %% [markdown] tags=["notes"]
# With stride 2 a transposed layer doubles exactly if $K = 2 + 2p$: kernels 2, 4, 6, ... Two sizes always shrink to 8, and the formula goes back to
# the smaller one; for the 5 x 5 kernels of the authors' first code that is 15. Libraries offer an `output_padding`, which adds the
# missing row. Kernel 4, stride 2, padding 1 avoids the question, and everybody uses it.
#
# ### The chequerboard
#
# There is a second reason for even kernels. Scatter a layer of ones with a kernel of ones and count how often each place is written to:

# %% [markdown] tags=["slide", "slide-only"]
# ## The chequerboard

# %% tags=["slide-continue", "slide-picture"]
counts = {
    "kernel 3, stride 2": convolution.overlap(8, 3, 2),
    "kernel 4, stride 2": convolution.overlap(8, 4, 2),
    "nearest neighbour, then 3 x 3": convolution.overlap(14, 3, 1),
}
fig, axes = plt.subplots(1, 3, figsize=(8.4, 2.7), layout="constrained")
for axis, (name, count) in zip(axes, counts.items(), strict=True):
    image = axis.imshow(count, cmap="cividis", vmin=0, vmax=9, interpolation="nearest")
    axis.set_title(name, fontsize=10)
    axis.set(xticks=[], yticks=[])
fig.colorbar(image, ax=axes, label="writes to a place", shrink=0.9)
plt.show()

# %% [markdown] tags=["notes"]
# Kernel 3 with stride 2 writes to neighbouring places 1, 2 or 4 times. The network can learn weights that make up for it; it starts with a
# pattern that it has to unlearn, at every scale. Kernel 4 writes 4 times everywhere (but for the rim). Is it then free of the pattern? Feed
# a constant layer and look at the output, away from the rim, for random weights: its variation across places, relative to its size.

# %% tags=["nbval-check-output"]
def variation(layer):
    inside = layer[4:12, 4:12, 0]
    return inside.std(correction=0) / inside.square().mean().sqrt()


def answers(w, flat):
    doubled = flat.repeat_interleave(2, 0).repeat_interleave(2, 1)
    return convolution.transposed(flat, w[:3, :3], 2), convolution.transposed(flat, w, 2, 1), convolution.strided(doubled, w[:3, :3], 1, 1)


flat = torch.ones(8, 8, 1, dtype=torch.float64)
names = ("kernel 3, stride 2", "kernel 4, stride 2", "nearest, then 3 x 3")
equal = [variation(a) for a in answers(torch.ones(4, 4, 1, 1, dtype=torch.float64), flat)]
trials = torch.stack([torch.stack([variation(a) for a in answers(draw(4, 4, 1, 1, seed=k), flat)]) for k in range(100)])
for name, even, drawn in zip(names, equal, trials.median(0).values, strict=True):
    print(f"{name:20}  equal weights {even:.2f}   random weights {drawn:.2f}")

# %% [markdown] tags=["notes"]
# Random kernels of size 4 draw chequerboards as well: the four places of a 2 x 2 block are computed by four different sets of four weights. The
# even overlap removes the pattern that is there for *equal* weights, and no more. Enlarging first and convolving after that
# answers a constant with a constant, whatever the weights. This is why our faces, further down, are made that way (Odena et al. 2016), and
# why you will see a faint grid in pictures by plain DCGANs.
#
# ## 2. The two networks
#
# This is the generator that the decks draw, as it was published in code and copied ever since. Read the loop: a latent becomes 4 x 4 places, each
# further layer doubles the side and halves the channels. The keyword options switch the paper's guidelines off, one at a time.

# %%
viz.source(dcgan.Generator)

# %% [markdown] tags=["notes"]
# The table is made by sending a latent through, layer after layer. Check a line by hand: a transposed layer from 512 to 256 channels has
# $4 \cdot 4 \cdot 512 \cdot 256 = 2{,}097{,}152$ weights and no bias, for the batch normalisation after it has its own shift.

# %% [markdown] tags=["slide", "slide-only"]
# ## The generator at 64 px

# %% tags=["slide-continue"]
def describe(layer):
    name = type(layer).__name__
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
        return f"{name} {layer.kernel_size[0]} x {layer.kernel_size[0]}, stride {layer.stride[0]}, padding {layer.padding[0]}"
    return f"{name}({layer.negative_slope})" if isinstance(layer, nn.LeakyReLU) else name


def layer_table(layers, x, caption):
    rows = [{"layer": "input", "output": " x ".join(map(str, x.shape[1:])), "parameters": ""}]
    for layer in layers:
        x = layer(x)
        count = sum(p.numel() for p in layer.parameters())
        shape = " x ".join(map(str, x.shape[1:]))
        rows.append({"layer": describe(layer), "output": shape, "parameters": f"{count:,}" if count else ""})
    return viz.table(rows, caption=caption)


G64, D64 = dcgan.Generator(64), dcgan.Discriminator(64)
with torch.no_grad():
    table = layer_table(G64.main, torch.zeros(2, 100, 1, 1), "DCGAN's generator at 64 px")
table

# %%
with torch.no_grad():
    table = layer_table(D64.main, torch.zeros(2, 3, 64, 64), "DCGAN's discriminator at 64 px")
table

# %%
def parameters(network):
    return sum(p.numel() for p in network.parameters())


for name, network, published in (("generator", G64, 3_576_704), ("discriminator", D64, 2_765_568)):
    check(
        f"S04.{name}",
        f"Our DCGAN {name} at 64 px has as many parameters as the widely used PyTorch example",
        expected=published,
        ours=parameters(network),
        tolerance=within(0),
        source="pytorch/examples, dcgan",
        exact=True,
        digits=7,
    )
print(f"twice as wide, 1024 channels at 4 x 4 as in the paper's Figure 1: {parameters(dcgan.Generator(64, width=128)):,}")

# %% [markdown]
# Three details that the slides pass over.
#
# *The first layer.* Kurmi sums up: "no fully connected layers". The paper says: no fully connected *hidden* layers. The first layer of the
# generator multiplies the latent by a matrix and nothing else; a transposed convolution of a 1 x 1 map is a fully connected layer. So is the
# discriminator's last one. The next cell checks it.
#
# *The latent.* The figure's caption says "100 dimensional uniform distribution". The code that made DCGAN popular draws normal
# numbers, as ganhacks advises, and so do we. Section 6 measures the difference.
#
# *Where batch normalisation is missing.* "Use batchnorm in both" has small print: with it in all layers, samples oscillated and training became
# unstable, so the paper leaves it out of the generator's last layer and the discriminator's first. Find both gaps in the tables.

# %% tags=["nbval-check-output"]
z = torch.randn(5, 100, generator=torch.Generator().manual_seed(0))
first = G64.main[0]
with torch.no_grad():
    by_layer, by_matrix = first(z[:, :, None, None]).flatten(1), z @ first.weight.flatten(1)
print(f"weight {list(first.weight.shape)}, as a matrix {list(first.weight.flatten(1).shape)}")
print(f"layer and matrix give the same output: {torch.allclose(by_layer, by_matrix, atol=1e-5)}")

# %% [markdown] tags=["notes"]
# ### The first weights
#
# All weights start as $\mathcal{N}(0, 0.02^2)$. What does this number do? A sum of $n$ products with weights of standard deviation
# $\sigma$ has standard deviation $\sigma \sqrt{n}$ times the size of the inputs, and ReLU halves the mean square. For the size to stay the same from
# layer to layer one needs $\sigma = \sqrt{2/n}$ (He et al. 2015). A stride-2 layer with kernel 4 sums over $n = 4 \cdot$ channels, so
# for 512 channels $\sqrt{2/n} \approx 0.031$ and for 64 about $0.088$. With 0.02 each layer's output is smaller than its input. Watch the standard
# deviation of what leaves each convolution of the generator, with and without batch normalisation:

# %% [markdown] tags=["slide", "slide-only"]
# ## The first weights
#
# $\mathcal N(0, 0.02^2)$ is too small: $\sqrt{2/n} \approx 0.03$ to $0.09$ would keep the size. Batch normalisation repairs it.

# %% tags=["slide-continue"]
def spreads(network, z):
    found, x = [], z[:, :, None, None]
    for layer in network.main:
        x = layer(x)
        if isinstance(layer, nn.ConvTranspose2d):
            found.append(float(x.std()))
    return found


z = torch.randn(16, 100, generator=torch.Generator().manual_seed(0))
with torch.no_grad():
    with_norm, without = spreads(G64, z), spreads(dcgan.Generator(64, norm=False), z)
rows = [
    {"layer": f"{n} x {n}", "followed by batch norm": f"{a:.3f}", "without": f"{b:.1e}"}
    for n, a, b in zip(sizes[1:], with_norm, without, strict=True)
]
viz.table(rows, caption="standard deviation of each layer's output at the start")

# %% [markdown] tags=["notes"]
# With batch normalisation each layer starts afresh at size one, and 0.02 matters for the picture only (a generator that begins near grey).
# Without it the signal is lost on the way: the last layer sees almost nothing of $z$, and whatever latent you put in, the same grey
# comes out. Keep this table in mind for the next section.
#
# ## 3. Five guidelines, switched off one by one
#
# Hong and the cs231n notes quote the paper's box. Its reasons, in our words:
#
# 1. **Strided convolutions instead of pooling and fixed upsampling.** The network learns how to shrink and enlarge.
# 2. **Batch normalisation in both networks.** Each layer's input keeps its size, whatever the layers below do; and the paper credits it with
#    preventing the collapse of all samples to one point.
# 3. **No fully connected hidden layers.** The highest convolutional features are tied directly to the input of $G$ and the output of $D$; pooling them
#    to one average was stable too, and slower.
# 4. **ReLU in the generator**, tanh at its end only. A bounded output learns faster to cover the colours; bounded layers in between saturate.
# 5. **LeakyReLU in the discriminator.** "Found to work well", says the paper, more so at higher resolution. The usual reason: where ReLU is off no
#    gradient passes, and the generator lives on what passes through $D$.
#
# The paper found them by "extensive model exploration" and prints no table. So we make one. Pixel-art faces at 16 px (by DiceBear, CC0), a DCGAN of
# width 16, a few hundred steps, the same seeds for all; the learning rate is 5e-4 in place of 2e-4, since the runs are short. The measure is
# the Fréchet distance between features of 1000 generated and several thousand real faces, in a small classifier that was trained to
# read their attributes. Lower is better; the floor is what real faces score against real faces. A later lecture takes this
# distance apart. The tolerance, fixed before the first run: a guideline *matters* if leaving it out makes the distance at least a quarter larger,
# on average over seeds, against the full network of the same seed.

# %% [markdown] tags=["slide", "slide-only"]
# ## Five guidelines
#
# 1. strided convolutions instead of pooling and fixed upsampling
# 2. batch normalisation in both networks
# 3. no fully connected hidden layers
# 4. ReLU in the generator, tanh at its end only
# 5. LeakyReLU in the discriminator
#
# The paper prints no table. So we make one: leave one out, same seeds, a tolerance fixed before.

# %%
pixel_faces = data.pixel_faces(16, n=scale.pick(ci=1500, cpu=10_000, gpu=10_000))
pixel_faces = pixel_faces[torch.randperm(len(pixel_faces), generator=torch.Generator().manual_seed(0))]
judge16 = attribute_classifier("pixel_faces", size=16)
n_judged = scale.pick(ci=200, cpu=1000, gpu=1000)
reference16 = judge16.features(pixel_faces.images[n_judged:])


def distance16(images):
    return frechet_distance(judge16.features(images), reference16)


def play(seed, generator=None, discriminator=None, edit=None, game=GAN, objective="non_saturating", betas=(0.5, 0.999)):
    """One short game of two small DCGANs; the arguments say what differs from the paper's recipe."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        players = dcgan.Generator(16, 64, 16, **(generator or {})), dcgan.Discriminator(16, 16, **(discriminator or {}))
        for player in players:
            if edit is not None:
                edit(player)
            player.to(device)
    batches = data.Batches(pixel_faces, 64, seed=seed, device=device)
    steps = scale.pick(ci=6, cpu=500, gpu=1000)
    with widgets.one_thread():  # networks this small gain nothing from a second core
        return fit(game(*players, objective), batches, steps, lr=5e-4, betas=betas, seed=seed, progress=False, precision="float32")


distances, losses_at_end, samples = {}, {}, {}


def measure(name, **changes):
    runs = [play(seed, **changes) for seed in seeds]
    distances[name] = np.array([distance16(run.sample(n_judged, seed=1)) for run in runs])
    losses_at_end[name] = [np.mean([run.history[column][-50:].mean() for run in runs]) for column in ("d_loss", "g_loss")]
    samples[name] = runs[0].sample(13, seed=1)


beginner = GAN(dcgan.Generator(16, 64, 16).to(device), dcgan.Discriminator(16, 16).to(device))
print(f"floor, real against real:  {distance16(pixel_faces.images[:n_judged]):.2f}")
print(f"generator before training: {distance16(beginner.sample(n_judged)):.0f}")

# %% [markdown] tags=["slide", "slide-only"]
# ## Switched off one by one

# %% tags=["slide-continue", "slide-picture"]
ABLATIONS = {
    "all five": {},
    "no batch norm": {"generator": {"norm": False}, "discriminator": {"norm": False}},
    "pooling, nearest": {"generator": {"upsample": "nearest"}, "discriminator": {"downsample": "pool"}},
    "hidden linear": {"generator": {"hidden_linear": True}, "discriminator": {"hidden_linear": True}},
    "tanh in G": {"generator": {"activation": "tanh"}},
    "ReLU in D": {"discriminator": {"activation": "relu"}},
}
for name, changes in ABLATIONS.items():  # a minute or two at cpu scale
    measure(name, **changes)


def show_samples(names):
    show(viz.labelled_grid(torch.cat([samples[name] for name in names]), rows=list(names), n_columns=13))


show_samples(ABLATIONS)

# %% [markdown] tags=["slide", "slide-only"]
# ## How far from the data

# %% tags=["slide-continue"]
def ratio(name, to="all five"):
    return distances[name] / distances[to]


def distance_table(names):
    def row(name):
        values = distances[name]
        spread = f" ± {values.std(ddof=1):.1f}" if len(values) > 1 else ""
        judged = {"game": name, "distance": f"{values.mean():.1f}{spread}", "against all five": f"{ratio(name).mean():.2f}"}
        return judged | dict(zip(("loss of D", "loss of G"), (f"{loss:.2f}" for loss in losses_at_end[name]), strict=True))

    return viz.table([row(name) for name in names])


distance_table(ABLATIONS)

# %%
short = "500 steps test the start of a training; the paper speaks of stability in long ones at 64 px"
GUIDELINES = {
    "strided": (
        "pooling, nearest",
        "max pooling and nearest-neighbour upsampling in place of strided convolutions",
        f"two changes at once, in D and in G; {short}",
    ),
    "batchnorm": (
        "no batch norm",
        "no batch normalisation",
        f"the next cell gets the same by a larger start, so that the row may say something of the initialisation; {short}",
    ),
    "fc": ("hidden linear", "a hidden fully connected layer in each network", short),
    "relu": ("tanh in G", "tanh in place of ReLU in the generator", f"the initialisation is not matched to tanh; {short}"),
    "leaky": ("ReLU in D", "ReLU in place of LeakyReLU in the discriminator", short),
}
for suffix, (name, what, missing) in GUIDELINES.items():
    claim(
        f"C10.{suffix}",
        f"With {what}, a short DCGAN run ends farther from the data (distance over that of the full network)",
        paper="the guideline helps",
        ours=ratio(name),
        over="trainings",
        tolerance=at_least(1.25),
        baselines=nulls(the_full_network=1),
        source="Radford et al. 2016, section 3",
        decks="HC",
        open=missing,
    )

# %% [markdown] tags=["notes"]
# Read rows and table together, and mind the distance before training: some rows have hardly left it. Without four of the five guidelines
# this start goes worse. But a start of 500 steps is all it is, and so every one of these boxes stays *open*, with its reason. Tanh in the generator and hidden linear layers leave a grey that hardly depends on $z$. Pooling works in some seeds
# and fails in others, hence its spread. ReLU in the discriminator does no harm at all here; it even comes out a little ahead.
#
# The row without batch normalisation repays a second look. Its pattern repeats every two pixels and hardly depends on $z$ either: what you see is the
# last layer's kernel, laid side by side, the chequerboard of section 1 with nothing over it. But is it the *normalising* that is missed, or
# did batch normalisation only repair the start? The table at the end of section 2 raises the suspicion: without it the signal dies on its way,
# because 0.02 is too small a start for narrow networks. Take batch normalisation out once more, and start with weights five times as large:

# %% [markdown] tags=["slide", "slide-only"]
# ## Is it the normalising, or the start?
#
# An ablation changes one line of code, and often two things at once.

# %% tags=["slide-continue"]
measure(
    "no batch norm, big start",
    generator={"norm": False},
    discriminator={"norm": False},
    edit=lambda network: dcgan.init_dcgan(network, std=0.1),
)
show_samples(["no batch norm", "no batch norm, big start"])
distance_table(["all five", "no batch norm", "no batch norm, big start"])

# %% [markdown] tags=["notes"]
# There are faces again, rough and glaring, but different for different $z$, and the distance is no worse than that of the full network. An ablation
# changes one line of code and often two things at once: the row "no batch norm" measures "no batch norm, *with first weights chosen for networks
# that have it*". Remember this when you read that GANs need batch normalisation. The modern discriminator of section 4 has none.
#
# A word on the verdict. Within a few hundred steps at 16 px a rule may help by making a *fast* start, while the
# paper promises *stable* training of deep networks. "Open" does not say that the paper was wrong. The rules come as a package, and a
# package can be right although a part of it is superfluous on a small problem.
#
# ## 4. Faces
#
# Now 32 px, and Wang's question: *how to use online anime images to make the computer generate indistinguishable anime avatars?* His
# slides answer with pictures by chainer-DCGAN after 30 minutes, 2 hours and one day. We ask it of our cartoon faces, on two processor cores, and
# allow some minutes. First the yardstick, as before: the features of a classifier that knows hair, skin and glasses.

# %%
classifier = attribute_classifier("faces")
n_faces = scale.pick(ci=100, cpu=1000, gpu=2000)  # faces.images[:n_faces] stand for unseen real faces, the rest is the reference
reference = classifier.features(faces.images[n_faces:])


def distance(images):
    return frechet_distance(classifier.features(images), reference)


floor = distance(faces.images[:n_faces])
right = classifier.accuracy(faces.images[:n_faces], faces.attributes[:n_faces])
print(f"floor, real against real: {floor:.2f}")
print("the classifier reads real faces correctly: " + ", ".join(f"{name} {share:.1%}" for name, share in right.items()))

# %% [markdown]
# ### DCGAN's own recipe
#
# Transposed convolutions, batch normalisation in both networks, weights from $\mathcal N(0, 0.02^2)$, Adam with learning rate 2e-4 and
# $\beta_1 = 0.5$, the loss $-\log D$: everything as in the paper but for size and width.

# %% [markdown] tags=["slide", "slide-only"]
# ## DCGAN's own recipe, at 32 px
#
# Heads, hair, eyes in the right places: from nothing but a classifier's answers. It is the state of 2016.

# %% tags=["slide-continue", "slide-picture"]
recipe = experiments.recipe("faces32_dcgan")
first_run = fit(
    experiments.build("faces32_dcgan", seed=0),
    data.Batches(faces, recipe.batch_size, seed=0, device=device),
    scale.pick(ci=10, cpu=800, gpu=6000),
    **recipe.settings,
)
show(viz.grid(first_run.sample(13, seed=4), columns=13), f"DCGAN's own recipe after {first_run.step:,} steps, about {first_run.seconds:.0f} seconds.")

# %%
untrained = experiments.build("faces32_dcgan", seed=0)
learned = distance(first_run.sample(n_faces, seed=1)) / distance(untrained.sample(n_faces, seed=1))
before_training = distance(untrained.sample(n_faces, seed=1))
check(
    "S04",
    "Our DCGAN learns faces from random weights (distance after the run over distance before)",
    ours=learned,
    tolerance=at_most(0.5),
    baselines=nulls(untrained=1) | ceilings(real_faces=floor / before_training),
    source="Radford et al. 2016",
)

# %% [markdown] tags=["notes"]
# It works: heads, hair, eyes in the right places, from nothing but a classifier's answers. It is also the state of 2016. Colours are dull,
# outlines smear, and a regular grain lies over backgrounds and faces.
#
# ### What changed since
#
# The second recipe keeps the idea, convolutions that halve and double, and replaces nearly everything around it:
#
# | DCGAN | here | why | from |
# |---|---|---|---|
# | transposed convolution | nearest neighbour, then 3 x 3 | no chequerboard (section 1) | Odena et al. 2016 |
# | $D$ with batch norm | $D$ without | a penalty on the gradient *at one sample* needs a $D$ that judges one sample | Gulrajani et al. 2017 |
# | $D$ sees single pictures | minibatch standard deviation | $D$ can see that all fakes look alike | Karras et al. 2018 |
# | $-\log D(G(z))$ | relativistic pairs: is this one more real than that one? | no mode of the data can be written off | Jolicoeur-Martineau 2019 |
# | no penalty | $R_1$: $\frac{\gamma}{2}\,\mathbb{E}\lVert\nabla_x D(x)\rVert^2$ at real samples, every 8th step | near the goal the game converges | Mescheder et al. 2018 |
# | Adam 2e-4, (0.5, 0.999) | Adam 1e-3, (0, 0.99), falling to 0 | momentum from old opponents misleads | Karras et al. 2018 |
# | the last weights | a running average of the weights | the average of a circling player is near the centre | Yazıcı et al. 2019 |
# | start at 0.02 | start at He's scale | signals neither grow nor fade (section 2) | He et al. 2015 |
#
# Each line has its own lecture later on. Two of them in code; the rest is `gancourse/recipes/__init__.py`.

# %% [markdown] tags=["slide", "slide-only"]
# ## What changed since
#
# | DCGAN | here | from |
# |---|---|---|
# | transposed convolution | nearest neighbour, then 3 x 3 | Odena et al. 2016 |
# | batch norm in $D$ | none | Gulrajani et al. 2017 |
# | $D$ sees single pictures | minibatch standard deviation | Karras et al. 2018 |
# | $-\log D(G(z))$ | relativistic pairs | Jolicoeur-Martineau 2019 |
# | no penalty | $R_1$ | Mescheder et al. 2018 |
# | the last weights | a running average | Yazıcı et al. 2019 |

# %%
viz.source(losses.relativistic_d, losses.relativistic_g)

# %% [markdown]
# While it trains, two hooks look over its shoulder: a film of the same six latents, and a diary of the distance.

# %%
every = scale.pick(ci=1, cpu=200, gpu=700)
film = viz.Film(every=every, n=6, columns=6, seed=3)
diary = {"step": [], "distance": [], "faces": {}}


def keep_diary(run):
    diary["step"].append(run.step)
    diary["distance"].append(distance(run.sample(n_faces, seed=1)))
    diary["faces"][run.step] = run.sample(11, seed=4)


recipe = experiments.recipe("faces32_quick")
run = fit(
    experiments.build("faces32_quick", seed=0),
    data.Batches(faces, recipe.batch_size, seed=0, device=device),
    8 * every,
    hooks=[film.hook, (every, keep_diary)],
    **recipe.settings,
)
print(f"{run.step:,} steps in {run.seconds / 60:.1f} minutes, looking over its shoulder included")

# %% [markdown] tags=["slide", "slide-only"]
# ## Sixty-four faces, not selected

# %% tags=["slide-continue", "slide-picture"]
show(viz.grid(run.sample(64, seed=4), columns=13), "Sixty-four faces, not selected.")

# %% [markdown]
# ### Three training times
#
# Wang shows three: 30 minutes, 2 hours, a day. Ours are the same latents after an eighth, three eighths and all of the run.

# %% [markdown] tags=["slide", "slide-only"]
# ## Three training times

# %% tags=["slide-continue", "slide-picture"]
def clock(step):
    seconds = run.seconds * step / run.step
    return f"{seconds // 60:.0f}:{seconds % 60:02.0f} min"


times = (every, 3 * every, 8 * every)
rows = [f"step {step:,}, {clock(step)}" for step in times]
show(viz.labelled_grid(torch.cat([diary["faces"][step] for step in times]), rows=rows, n_columns=11))

# %%
viz.animate(film, fps=3, width=400, colours=64)

# %% [markdown] tags=["notes"]
# Heads, skin and the colour of hair are there early, on backgrounds of running colours. Then edges sharpen, and backgrounds settle on one colour
# each. Last come mouths and the thin frames of glasses, as far as they come at all. The order is roughly that of the number of pixels
# involved: what covers little changes $D$'s answer little, and has to wait until the large mistakes are gone.

# %%
at = {step: value for step, value in zip(diary["step"], diary["distance"], strict=True)}
question(
    "S31",
    "How far do faces improve over three training times? The distance at the last over the distance at the first",
    ours=at[times[2]] / at[times[0]],
    baselines=nulls(untrained=at[0] / at[times[0]]) | ceilings(real_faces=floor / at[times[0]]),
    source="Wang's slides: 30 minutes, 2 hours, one day",
)

# %% [markdown]
# ### How to read the losses
#
# Now the curves that everybody stares at while training.

# %% [markdown] tags=["slide", "slide-only"]
# ## How to read the losses

# %% tags=["slide-continue", "slide-picture"]
fig, (left, right) = plt.subplots(1, 2, figsize=(9, 2.9), layout="constrained")
viz.loss_curves(run, objective="relativistic", ax=left)
right.semilogy(diary["step"], diary["distance"], marker="o", color=FAKE, label="generated")
right.axhline(floor, color=REAL, linestyle=":", label="real against real")
right.set(xlabel="step", ylabel="Fréchet distance", yticks=[0.1, 1, 10, 50], yticklabels=["0.1", "1", "10", "50"])
right.minorticks_off()
right.legend()
plt.show()

# %% [markdown] tags=["notes"]
# Left, the losses. (The pale band above $D$'s curve is every eighth step, when the penalty is added to it.) $D$'s goes down towards zero. $G$'s falls at
# first and then *rises*, and neither looks for the dashed line of the equilibrium. Read naively, $D$ wins ever more clearly and $G$ gets
# worse. Right, what happened meanwhile: the distance to the data falls from the first step to the last.
#
# The reason is the one of lecture 02. A loss in a game is a score *against the present opponent*. Both improve, and $D$ has the easier task:
# to tell two pictures apart, one flaw is enough. Ganhacks lists under *track failures early*: "D loss goes to 0: failure mode", and says beside it that when things
# work, $D$'s loss goes down over time. A loss that falls and one that is at 0 from the first steps on are two things. Here is the first: the rank correlation of $D$'s loss
# with the distance over the diary. Section 7 shows the second.

# %%
def ranks(values):
    return np.argsort(np.argsort(values))


window = max(1, every // 2)
d_loss = [run.history["d_loss"][max(0, step - window) : step].mean() for step in diary["step"][1:]]
correlation = np.corrcoef(ranks(d_loss), ranks(diary["distance"][1:]))[0, 1]
question(
    "S29.dloss",
    "Does D's loss fall while the faces get better? Rank correlation of D's loss with the distance, over one run",
    ours=correlation,
    source="soumith/ganhacks, tip 10: when things are working, D loss goes down over time",
)

# %% [markdown]
# ### Looking closely
#
# A good-looking grid proves little. Four questions, four measurements.
#
# **Do they look like the data?** Side by side, unselected:

# %% [markdown] tags=["slide", "slide-only"]
# ## Do they look like the data?

# %% tags=["slide-continue", "slide-picture"]
fakes = run.sample(n_faces, seed=1)
show(viz.real_and_fake(faces.images[:18], fakes[:18], n=18))

# %% [markdown] tags=["notes"]
# **Is everything there?** Here the attributes pay off. Of the values of each attribute, how large a share do the generated faces have? A bar of
# zero height would be a dropped mode.

# %% [markdown] tags=["slide", "slide-only"]
# ## Is everything there?

# %% tags=["slide-continue", "slide-picture"]
def shares(attributes):
    return np.concatenate([
        np.bincount(attributes[:, k].numpy(), minlength=len(values)) / len(attributes)
        for k, values in enumerate(faces.attribute_names.values())
    ])


seen, wanted = shares(classifier.predict(fakes)), shares(faces.attributes)
labels = [value for values in faces.attribute_names.values() for value in values]
group = np.repeat(np.arange(len(faces.attribute_names)), [len(values) for values in faces.attribute_names.values()])
positions = np.arange(len(labels)) + 0.7 * group  # a gap between attributes
fig, axis = plt.subplots(figsize=(9, 2.9), layout="constrained")
axis.bar(positions - 0.2, wanted, width=0.38, color=REAL, label="real")
axis.bar(positions + 0.2, seen, width=0.38, color=FAKE, label="generated")
axis.set_xticks(positions, labels, rotation=55, ha="right", fontsize=8)
axis.set(ylabel="share of the faces", xlim=(-0.8, positions[-1] + 0.8))
for k, name in enumerate(faces.attribute_names):
    axis.text(positions[group == k].mean(), 1.02, name.replace("_", " "), ha="center", fontsize=9, transform=axis.get_xaxis_transform())
axis.legend(loc="upper right", fontsize=8, ncols=2)
plt.show()

rarest = int((seen / wanted).argmin())
print(f"rarest against its share in the data: {labels[rarest]}, {seen[rarest]:.3f} in place of {wanted[rarest]:.3f}")
start = shares(classifier.predict(untrained.sample(n_faces, seed=1)))
question(
    "S31.variety",
    "Does every value of every attribute occur among the generated faces? The rarest one's share over its share in the data",
    ours=seen[rarest] / wanted[rarest],
    baselines=nulls(untrained=(start / wanted).min()) | ceilings(real_faces=(shares(faces.attributes[:n_faces]) / wanted).min()),
    source="Wang's slides: varied avatars",
)

# %% [markdown]
# **Are the combinations there?** All values can occur and combinations still be missing. There are 960; count how many turn up among equally many
# real and generated faces, both drawn at random. **Are they copies?** For each generated face find the nearest of all training faces, and compare the distance with
# that of *real* faces that were left out of the search. A generator that copies has distance zero.

# %%
def combinations(attributes):
    return len({tuple(row) for row in attributes.tolist()})


print(f"combinations of attributes among {n_faces:,} faces:")
print(f"  real                {combinations(faces.attributes[:n_faces])}")
print(f"  generated           {combinations(classifier.predict(fakes))}")
print(f"  DCGAN's own recipe  {combinations(classifier.predict(first_run.sample(n_faces, seed=1)))}")

n_search = scale.pick(ci=32, cpu=256, gpu=256)
rest = faces.images[n_search:]
_, from_fake = viz.nearest_neighbours(fakes[:n_search], rest)
_, from_real = viz.nearest_neighbours(faces.images[:n_search], rest)
_, from_noise = viz.nearest_neighbours(torch.rand(n_search, *fakes.shape[1:], generator=torch.Generator().manual_seed(2)) * 2 - 1, rest)
question(
    "S31.copies",
    "How far are generated faces from the nearest training face (median), beside real faces left out of the search?",
    ours=from_fake.median() / from_real.median(),
    baselines=nulls(copies=0, noise=from_noise.median() / from_real.median()) | ceilings(real_faces=1),
    source="asked in Radford et al. 2016, section 4",
)
show(viz.nearest_neighbour_figure(fakes, rest, n=12, scale=2))

# %% [markdown]
# **Are they indistinguishable?** That was Wang's word. Ask the discriminator itself, after the run: show it pairs of a real and a generated face and
# count how often it gives the real one the higher logit. One half would be indistinguishable. The real faces are drawn afresh: $D$ has trained on the others.

# %%
real_pairs = data.to_float(data.faces(n=n_faces, size=faces.size, split="test").images).to(device)
fake_pairs = fakes.to(device)
with viz.evaluating(run.gan.discriminator):  # batches of 64, as in training: D looks at the spread of its batch
    logits = [run.gan.judge(x) for pair in zip(real_pairs.split(64), fake_pairs.split(64), strict=True) for x in pair]
told_apart = (torch.cat(logits[::2]) > torch.cat(logits[1::2])).double().mean()
question(
    "S31.indistinguishable",
    "Can the discriminator tell generated faces from real ones that it never saw? Share of pairs in which it prefers the real face",
    ours=told_apart,
    baselines=ceilings(indistinguishable=0.5),
    source="Wang's slides: indistinguishable",
    note="Batches are all real or all generated, as in training; a fresh judge on single pictures would have a harder task.",
)

# %% [markdown] tags=["notes"]
# So the answer to Wang's question: a few minutes give avatars that are recognisable and varied, and the discriminator still prefers the real one in
# practically every pair. More time helps. The weights at the top of this lecture were trained longer, with a recipe that differs in a few numbers; their cards
# say which, and how long it took.

# %% [markdown] tags=["slide", "slide-only"]
# ## How good is that?
#
# The discriminator still prefers the real face in practically every pair. More time helps.

# %% tags=["slide-continue"]
rivals = {
    "DCGAN's own recipe": (first_run.sample(n_faces, seed=1), f"{first_run.step:,}"),
    "faces32_quick, this run": (fakes, f"{run.step:,}"),
    "faces32, shipped": (shipped["faces32"].sample(n_faces, seed=1), f"{shipped['faces32'].card['steps']:,}"),
    "real faces": (faces.images[:n_faces], ""),
}
rows = []
for name, (images, steps) in rivals.items():
    found = classifier.predict(images)
    row = {"faces": name, "steps": steps, "distance": distance(images), "combinations": combinations(found)}
    rows.append({**row, "rarest value": f"{(shares(found) / wanted).min():.0%}"})
viz.table(rows)

# %%
for name in shipped:
    print(shipped[name].card, end="\n\n")

# %% [markdown]
# (The cards measure with five times as many faces, so their distances are a little smaller than ours: a finite sample always adds something.)
# To train them again, or to train your own: `gancourse train faces32`.

# %% [markdown]
# ## 5. Ganhacks, tested
#
# The cs231n notes close with a link to *ganhacks*, a list of tips by Chintala, Denton, Arjovsky and Mathieu (2016) that has been copied into many
# tutorials and, by its own first line, is no longer maintained. The falling loss was tested above, the great circle is in lecture 05. Four more
# fit the small game of section 3, against the same full network and the same seeds. The tolerance: a tip *helps* if doing without it makes the
# distance at least a tenth larger.

# %% [markdown] tags=["slide", "slide-only"]
# ## Ganhacks, tested
#
# A tip is an *observation on one setting*, mostly without the setting.

# %% tags=["slide-continue", "slide-picture"]
class UniformLatents(GAN):
    """z uniform in [-1, 1], as in the paper's figure."""

    def latents(self, n, source):
        return (2 * torch.rand(n, self.latent_dim, generator=source) - 1).to(self.device)


class MixedBatch(GAN):
    """Real and fake pass D together: its batch normalisation then averages over both."""

    def discriminator_loss(self, batch):
        real, fake = self.judge(torch.cat([batch.real, batch.fake.detach()])).chunk(2)
        return self.objective.discriminator(real, fake)


label_noise = torch.Generator().manual_seed(0)


def soft_noisy_d(real, fake):
    """Cross-entropy with labels from [0.7, 1.2] for real and [0, 0.3] for fake: softplus(l) - y l."""
    y_real, y_fake = (torch.rand(real.shape, generator=label_noise).to(real.device) for _ in range(2))
    return (F.softplus(real) - (0.7 + 0.5 * y_real) * real).mean() + (F.softplus(fake) - 0.3 * y_fake * fake).mean()


measure("uniform latents", game=UniformLatents)
measure("mixed batches", game=MixedBatch)
measure("soft, noisy labels", objective=losses.Objective("soft labels", soft_noisy_d, losses.non_saturating_g))
measure("Adam with beta1 = 0.9", betas=(0.9, 0.999))
TIPS = ["all five", "uniform latents", "mixed batches", "soft, noisy labels", "Adam with beta1 = 0.9"]
show_samples(TIPS)
distance_table(TIPS)

# %%
tested = {
    "gaussian": ("tip 3: do not draw z from a uniform distribution", ratio("uniform latents")),
    "batches": ("tip 4: real and fake in batches of their own", ratio("mixed batches")),
    "labels": ("tip 6: soft and noisy labels", ratio("all five", to="soft, noisy labels")),
    "adam": ("tip 9 and the paper: Adam with beta1 = 0.5, against the usual 0.9", ratio("Adam with beta1 = 0.9")),
}
for suffix, (tip, without_over_with) in tested.items():
    claim(
        f"S29.{suffix}",
        f"Ganhacks, {tip}: distance without the tip over distance with it",
        paper="the tip helps",
        ours=without_over_with,
        over="trainings",
        tolerance=at_least(1.1),
        baselines=nulls(the_same_game_twice=1),
        source="soumith/ganhacks",
        decks="C",
        note="A short run of a small DCGAN at 16 px.",
    )

# %% [markdown] tags=["notes"]
# Two tips carry weight here, separate batches and the smaller $\beta_1$; two make no difference that three seeds could show.
#
# One row stands out, and its losses deserve a minute. With mixed batches *both* players end with a loss near zero; both believe that they have
# won. $D$ has learned to tell the two halves of a batch apart by comparing them with their common mean. $G$ is judged in batches of
# fakes alone, where that mean is its own, and looks perfect. Each plays against an opponent that is not there. The tip is right, for a reason
# that can be read off the code, and nothing in the losses says so.
#
# What to take from such a list? Not that tips are wrong; each fixed somebody's run. A tip is an *observation on one setting*, mostly without
# the setting, and settings move on. Before adding one to your code, do what this section did: same seeds, one change, a number, and a threshold
# that you wrote down before. It took a minute.

# %% [markdown] tags=["notes"]
# ## 6. What goes wrong
#
# ### BatchNorm(x, 0.8)
#
# A widely read collection of GANs in PyTorch writes its normalisation as `nn.BatchNorm2d(128, 0.8)`, at 49 places; a tutorial of another
# project copied it. The code runs, the losses look as always, samples come out. What is wrong?
#
# The author came from Keras, where 0.8 was the momentum. In PyTorch the second argument is `eps`, the small number that keeps the
# division from exploding:
#
# $$\hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}}, \qquad \text{so a spread of } \sigma \text{ leaves as } \frac{\sigma}{\sqrt{\sigma^2 + \varepsilon}} .$$
#
# With $\varepsilon = 10^{-5}$ this is 1 for all reasonable $\sigma$. With 0.8 it is not:

# %% [markdown] tags=["slide", "slide-only"]
# ## `BatchNorm2d(128, 0.8)`
#
# In Keras 0.8 was the momentum. In PyTorch the second argument is $\varepsilon$:
#
# $$\hat x = \frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}}$$

# %% tags=["nbval-check-output", "slide-continue"]
def leaving(layer, spread):
    x = spread * torch.randn(64, 8, 16, 16, generator=torch.Generator().manual_seed(0))
    return float(layer(x).detach().std())


print("spread that enters:    ", "".join(f"{spread:8.2f}" for spread in (0.02, 0.1, 0.5, 1, 5)))
for name, layer in {"BatchNorm2d(8)": nn.BatchNorm2d(8), "BatchNorm2d(8, 0.8)": nn.BatchNorm2d(8, 0.8)}.items():
    print(f"leaves {name:20}", " ".join(f"{leaving(layer, spread):7.2f}" for spread in (0.02, 0.1, 0.5, 1, 5)))

# %% [markdown]
# A normalisation that does not normalise what is small: just the case it was added for. Two lines would have found it in any of the 49 places:

# %% tags=["nbval-check-output"]
for layer in (nn.BatchNorm2d(8), nn.BatchNorm2d(8, 0.8), nn.BatchNorm2d(8, momentum=0.2)):
    normalises = abs(leaving(layer, 0.1) - 1) < 0.05
    print(f"{'passes' if normalises else 'FAILS'}: {layer}")

# %% [markdown]
# The third line is what the author meant. Mind the second trap: Keras's momentum 0.8 keeps four fifths of the *old* average, PyTorch's `momentum`
# is the share of the *new* one, so it is 0.2. Does the bug hurt? In our small game, with 0.8 in all layers:

# %%
def large_eps(network):
    for layer in network.modules():
        if isinstance(layer, nn.BatchNorm2d):
            layer.eps = 0.8


measure("batch norm with eps 0.8", edit=large_eps)
distance_table(["all five", "batch norm with eps 0.8", "no batch norm"])

# %% [markdown]
# No. In this game it even helps a little, by accident: an `eps` of 0.8 damps all activations, and a tamer start suits a short run. This is not a
# defence of the line. It shows why the line survived for years: the code did not do what its author meant, and no picture and no loss complained. "The
# results got better" is no evidence that a program is right, and a test of two lines needs no training at all.
#
# ### A face that depends on its neighbours
#
# In training mode batch normalisation uses the mean and spread of the batch at hand. Forget `.eval()` when you sample, and each picture depends
# on the others in its batch. The same latent three times: in evaluation mode, in a batch of random latents, in a batch of near copies of itself.

# %% [markdown] tags=["slide", "slide-only"]
# ## A face that depends on its neighbours
#
# Forget `.eval()`, and each picture depends on the others in its batch.

# %% tags=["slide-continue", "slide-picture"]
G = shipped["faces32"].model.to(device)
z = torch.randn(64, 64, generator=torch.Generator().manual_seed(12))
near = z[:1] + 0.3 * torch.randn(64, 64, generator=torch.Generator().manual_seed(13))
near[0] = z[0]
kept = {name: value.clone() for name, value in G.state_dict().items()}
with torch.no_grad():
    G.train()
    among_random, among_copies = G(z.to(device)).cpu(), G(near.to(device)).cpu()
    G.load_state_dict(kept)  # training mode has moved the running averages too
    G.eval()
    alone = G(z[:1].to(device)).cpu()
    again = G(z.to(device)).cpu()
titles = ["evaluation", "among random", "among copies"]
show(viz.labelled_grid(torch.cat([alone, among_random[:1], among_copies[:1]]), columns=titles, scale=4, pad=6))
print(f"largest difference of a pixel, evaluation mode, alone or in a batch: {(alone - again[:1]).abs().max():.0e}")
print(f"training mode, among random latents: {(alone - among_random[:1]).abs().max():.2f}, among copies: {(alone - among_copies[:1]).abs().max():.2f}")

# %% [markdown] tags=["notes"]
# Among copies of itself the face turns into somebody else: normalisation subtracts what the batch has in common, and here that is the face.
# The two-line test: the first sample of a batch must equal the sample of its first latent alone.
#
# ### Data that the generator cannot reach
#
# A popular template normalises MNIST with mean 0.1307 and standard deviation 0.3081, the customary numbers for classifiers, and ends its
# generator in tanh. Then black is −0.42 and white is 2.82, and the generator's range is [−1, 1].

# %% tags=["nbval-check-output"]
digits = data.to_float(data.digits(16, n=200).images)  # [-1, 1]
shifted = ((digits + 1) / 2 - 0.1307) / 0.3081
print(f"real digits lie in [{shifted.min():.2f}, {shifted.max():.2f}], tanh in [-1, 1]")
caught = (shifted.amax((1, 2, 3)) > 1).double().mean()
print(f"'some pixel is above 1' recognises {caught:.0%} of the real digits, and no generated one ever")

# %% [markdown]
# This discriminator is perfect, needs no training, and its gradient tells the generator nothing that it could follow. Here a loss of $D$ near 0 from the first
# steps on *is* a failure, and ganhacks' tip 10 is right. The two-line test: `-1 <= x.min()` and `x.max() <= 1` for a batch of real data.
# The course's batches come from `data.to_float`, which has no other range.

# %% [markdown]
# ## What was measured
#
# The rows of this lecture by kind and verdict. Each box above unfolds on a click; `CLAIMS.md` has the rows of all lectures.

# %%
summary()

# %% [markdown]
# ## 7. Play
#
# Four sliders, along the directions in which the picture changes most. Nobody has told the network what they mean: can you name them? Lecture 05
# finds directions that have names.

# %%
widgets.latent_sliders(shipped["faces32"].model, seed=8)

# %% [markdown]
# ### Quiz

# %%
widgets.quiz([
    {
        "question": "A `ConvTranspose2d` with kernel 5, stride 2, padding 2 gets a 16 x 16 map. Which size comes out?",
        "answer": "31 x 31",
        "why": "$(16 - 1) \\cdot 2 + 5 - 2 \\cdot 2 = 31$. One row short of doubling: this is what `output_padding` is for.",
        "wrong": {
            "32 x 32": "It nearly doubles; count the last window: it begins at 30 and ends at 34, then 2 are cut off on each side.",
            "35 x 35": "That is without the cut: padding takes 2 rows off each side.",
            "8 x 8": "That is the strided convolution. The transposed one enlarges.",
        },
    },
    {
        "question": "What is the transposed convolution of a convolution's output, with the same weights?",
        "answer": "$A^\\top A x$: in general not $x$",
        "why": "It is the transpose, not the inverse. $A^\\top A = I$ would need columns at right angles and as many rows as columns.",
        "wrong": {
            "$x$ again": "Then nothing would be lost in going from 1024 numbers to 256.",
            "the pseudo-inverse's answer $A^+ A x$": "That is the best possible guess; the transpose only rewires.",
        },
    },
    {
        "question": "During a run $D$'s loss falls and $G$'s rises. What do you know about the samples?",
        "answer": "Nothing yet: look at them, and measure a distance to the data",
        "why": "Each loss is a score against the present opponent. In this lecture both happened while the faces became better.",
        "wrong": {
            "They are getting worse": "In the run above they got better all the while.",
            "They are getting better": "That happened above, but the same curves belong to a $D$ that has won for good.",
            "G has collapsed": "Collapse shows in the variety of samples, hardly ever in these curves.",
        },
    },
    {
        "question": "Why did leaving out batch normalisation hurt so much in the ablation?",
        "answer": "The ablation also left the small initialisation in place, which only works with it",
        "why": "With larger first weights much or all of the loss comes back. One line changed two things.",
        "wrong": {
            "No GAN trains without batch normalisation": "The discriminator of section 4 has none.",
            "Without it the networks have too few parameters": "Its gains and shifts are a fraction of a per cent of the weights.",
        },
    },
])

# %% [markdown]
# ### Exercises
#
# 1. **A kernel that cannot draw chequerboards.** The response of a stride-2 transposed layer to a constant is made of four sums of weights, one for
#    each place of a 2 x 2 block. Which linear condition on the 4 x 4 kernel makes the four equal? Show that a kernel of the form
#    *3 x 3 kernel convolved with a 2 x 2 box* always meets it, and that nearest-neighbour upsampling with a 3 x 3 convolution is such a layer. (So the
#    modern generator is a DCGAN with tied weights.) Check with `convolution.transposed`.
# 2. **Which line of the table did it?** Section 4 changed eight things at once, which is what section 3 warned of. Take them back one at a time
#    (`GAN(..., objective="non_saturating")`, `spread=False`, `ema=None`, `penalty=None`) for 1000 steps each, three seeds, and make the ablation that
#    the table deserves. Which single change costs most variety, which costs most distance? Do the two agree?
# 3. **The avatars of the question.** Wang asked about anime. `data.anime(32)` draws another style by the same artist (*lorelei*, CC0). Train
#    `faces32_quick`'s networks on it, without changing a number. Does a recipe tuned on one set carry over? With a network at hand try
#    `data.load("celeba", size=64)` and `recipes.recipe("faces64")`.
#
# ### Further reading
#
# - Radford, Metz & Chintala, [*Unsupervised representation learning with deep convolutional generative adversarial networks*](https://arxiv.org/abs/1511.06434), ICLR 2016 (on arXiv since
#   2015, which is the year Kurmi gives).
# - Dumoulin & Visin, [*A guide to convolution arithmetic for deep learning*](https://arxiv.org/abs/1603.07285), 2016.
# - Odena, Dumoulin & Olah, [*Deconvolution and checkerboard artifacts*](https://distill.pub/2016/deconv-checkerboard/), Distill 2016.
# - Ioffe & Szegedy, [*Batch normalization*](https://arxiv.org/abs/1502.03167), ICML 2015; Springenberg et al., [*Striving for simplicity: the all convolutional net*](https://arxiv.org/abs/1412.6806), ICLR workshop 2015.
# - Mescheder, Geiger & Nowozin, [*Which training methods for GANs do actually converge?*](https://arxiv.org/abs/1801.04406), ICML 2018.
# - Huang, Gokaslan, Kuleshov & Tompkin, [*The GAN is dead; long live the GAN! A modern baseline GAN*](https://arxiv.org/abs/2501.05441), NeurIPS 2024.

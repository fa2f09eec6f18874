# %% [markdown]
# # Homework 5. Growing and styling
#
# **After** lectures 13 and 14. **Time**: about 110 minutes. **Points**: 20. **At the end** a generator built of your own layers grows from 4 to 16 pixels, draws
# pixel-art faces, and mixes the styles of any two of them.
#
# As before: replace `raise NotImplementedError()`, run the cell below, read what the check says. It grades what you hand in with other
# random numbers, so run everything from top to bottom first. A tensor that you make inside a function belongs on the device of its arguments; the checks ask for it where that can go wrong.

# %% setup
import math

import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from torch import nn

from gancourse import data, scale, viz
from gancourse.classroom.homework import hw5
from gancourse.gans.gan import GAN, Batch
from gancourse.losses import penalties
from gancourse.training import fit

torch.set_num_threads(1)

# %% [markdown]
# ## 1. Equalised layers (4 points)
#
# He's initialisation draws the weights of a layer from $N(0, c^2)$ with
#
# $$c = \frac{\text{gain}}{\sqrt{\text{fan-in}}},$$
#
# where the fan-in is the number of weights that one output sums over. ProGAN stores weights $W \sim N(0, 1)$ and multiplies by $c$
# *each time the layer is used*:
#
# $$y = c\,W * x + b .$$
#
# The outputs are the same, the training is different: Adam moves every stored weight by about the learning rate, and now all stored weights have the
# same size. StyleGAN's mapping network adds a multiplier $m = 0.01$. It stores weights and biases that are $1/m$ times as large, and multiplies by
# $m$ at run time, so that the layer learns a hundred times slower:
#
# $$y = m\,(c\,W x + b).$$
#
# Write down the constant and the two layers. The convolution keeps the size of its input (kernels are odd). Three things to think about: what a 3 x 3 kernel does to
# the fan-in; what $c$ multiplies and what it does not; and what happens to weights that are multiplied by $c$ *where they are stored*, when the layer is called twice.
#
# Then predict what this is good for. In its first step Adam moves every stored weight by the learning rate, up or down. Take all stored weights as one long vector: what share of its
# length is that step, in an ordinary layer (which stores $cW$), in an equalised one (which stores $W$), and in one with a multiplier (which stores $W/m$)? `step_share` is one line.

# %% solution="equalised"
def he_constant(shape, gain=2**0.5):
    """c for weights of this shape, [n_out, n_in] or [n_out, n_in, k, k]: a float."""
    ### BEGIN SOLUTION
    return gain / math.sqrt(math.prod(shape[1:]))
    ### END SOLUTION


def equalised_conv(x, weight, bias, gain=2**0.5):
    """c W * x + b: x [N, I, H, W], weight [O, I, k, k], bias [O] -> [N, O, H, W]."""
    ### BEGIN SOLUTION
    return F.conv2d(x, he_constant(weight.shape, gain) * weight, bias, padding=weight.shape[2] // 2)
    ### END SOLUTION


def equalised_linear(x, weight, bias, gain=1.0, lr_mult=1.0):
    """m (c W x + b): x [N, I], weight [O, I], bias [O] -> [N, O]."""
    ### BEGIN SOLUTION
    return lr_mult * F.linear(x, he_constant(weight.shape, gain) * weight, bias)
    ### END SOLUTION


def step_share(shape, lr, gain=2**0.5, equalised=True, lr_mult=1.0):
    """Length of Adam's first step over the length of the stored weights: a float."""
    ### BEGIN SOLUTION
    return lr * lr_mult if equalised else lr / he_constant(shape, gain)
    ### END SOLUTION

# %% check="equalised" points=4
points = hw5.equalised(he_constant, equalised_conv, equalised_linear, step_share)
### BEGIN HIDDEN TESTS
points = min(points, hw5.equalised(he_constant, equalised_conv, equalised_linear, step_share, seed=2018))
### END HIDDEN TESTS
points

# %% [markdown]
# Your prediction beside a measurement: three kinds of layers with 16 outputs, with 4 inputs and with 1024, make one step of Adam with a learning rate of 0.01.

# %% picture
for kind, m in (("drawn from N(0, c^2)", 1.0), ("equalised", 1.0), ("equalised, m = 0.01", 0.01)):
    for n in (4, 1024):
        draw = torch.Generator().manual_seed(n)
        x, start = torch.randn(64, n, generator=draw), torch.randn(16, n, generator=draw)
        equal = kind != "drawn from N(0, c^2)"
        stored = nn.Parameter(start / m if equal else he_constant((16, n)) * start)
        y = equalised_linear(x, stored, torch.zeros(16), 2**0.5, m) if equal else F.linear(x, stored)
        y.square().mean().backward()
        before = stored.detach().clone()
        torch.optim.Adam([stored], lr=0.01).step()
        measured = float((stored.detach() - before).norm() / before.norm())
        print(f"{kind:22} {n:5} inputs: predicted {step_share((16, n), 0.01, 2**0.5, equal, m):7.2%}, measured {measured:7.2%}")

# %% [markdown]
# One step moves the wide ordinary layer by more than a fifth of its size and the narrow one by about a hundredth. No learning rate suits both. The equalised ones move alike, and the
# multiplier makes the step a hundred times smaller. (The narrow layers have 64 weights, drawn once: why does the prediction hold less well for them?)
#
# ## 2. Pixels and batches (4 points)
#
# *Pixel normalisation* divides the vector of features at each place by its root mean square over the $C$ channels,
#
# $$b_{nchw} = \frac{a_{nchw}}{\sqrt{\frac{1}{C} \sum_{c'} a_{nc'hw}^2 + \varepsilon}}, \qquad \varepsilon = 10^{-8}.$$
#
# The same function serves latents $[N, C]$, which have no places.
#
# *Minibatch standard deviation* shows the discriminator how alike the samples of a batch are. Cut the batch of $N$ into $M = N/G$ groups of $G$: sample $i$ belongs to group
# $i \bmod M$. Within a group,
#
# $$\sigma_{chw} = \sqrt{\frac{1}{G} \sum_{i \in \text{group}} (x_{ichw} - \mu_{chw})^2 + \varepsilon}, \qquad
# s = \frac{1}{CHW} \sum_{c,h,w} \sigma_{chw},$$
#
# and $s$ is written into every place of one new feature map, behind the others, of every sample *of that group*. Mind the order: root first, then mean. And why is $\varepsilon$
# under the root? A collapsed generator makes $G$ equal samples: what would the gradient be there without it?

# %% solution="batch"
def pixel_norm(x, eps=1e-8):
    """Divide by the root mean square over the channels: [N, C] or [N, C, H, W] -> the same shape."""
    ### BEGIN SOLUTION
    return x / (x.square().mean(1, keepdim=True) + eps).sqrt()
    ### END SOLUTION


def minibatch_std(x, group, eps=1e-8):
    """Append each group's mean standard deviation as a map: [N, C, H, W] -> [N, C + 1, H, W]; ``group`` (G) divides N."""
    ### BEGIN SOLUTION
    n, _, height, width = x.shape
    groups = x.reshape(group, n // group, *x.shape[1:])  # [G, M, C, H, W]: sample i stands at [i // M, i % M]
    spread = (groups.var(0, unbiased=False) + eps).sqrt().mean((1, 2, 3))  # [M]
    return torch.cat([x, spread.repeat(group).reshape(n, 1, 1, 1).expand(n, 1, height, width)], 1)
    ### END SOLUTION

# %% check="batch" points=4
points = hw5.batch(pixel_norm, minibatch_std)
### BEGIN HIDDEN TESTS
points = min(points, hw5.batch(pixel_norm, minibatch_std, seed=2019))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 3. Fading in (4 points)
#
# When the networks grow, the new layers come in with a weight $\alpha$ that rises from 0 to 1. With `older` the image of the layers that were there before (half the side) and `newer` that of
# the new ones,
#
# $$\text{image} = (1 - \alpha)\, \text{up}(\text{older}) + \alpha\, \text{newer},$$
#
# where up repeats every pixel 2 x 2 times. The real images must fade in the same way, or the discriminator would know the fakes by their missing detail: a real image is blended with a
# copy of itself that was halved (the mean of each 2 x 2 square) and doubled again: once `fade_in` is there, that is one line.
#
# Then the timetable. Level $l$ has $4 \cdot 2^l$ pixels a side. Level 0 has `stable` steps and no fade: $\alpha = 1$. Each further level fades in over `fade` steps and then has `stable`
# steps with $\alpha = 1$. The $i$-th step of a fade, $i = 1, \dots, F$, has $\alpha = i / (F + 1)$, so that both paths count in all of them. After the last level's steps its level and
# $\alpha = 1$ stay for ever. Steps are counted from 0; `fade` may be 0, and so may `last`.
#
# And what does growing save? A step at level $l$, fading or not, draws $4^l$ times as many pixels as one at level 0. `work` counts the pixels of the whole timetable, up to the last step
# of the last level, and divides by the pixels of as many steps that are all at the last level.

# %% solution="fading"
def fade_in(older, newer, alpha):
    """Blend images [N, C, H, W] of the older layers and [N, C, 2H, 2W] of the newer ones: [N, C, 2H, 2W]."""
    ### BEGIN SOLUTION
    return (1 - alpha) * F.interpolate(older, scale_factor=2, mode="nearest") + alpha * newer
    ### END SOLUTION


def fade_real(real, alpha):
    """Real images [N, C, H, W] as the faded networks' discriminator should see them: the same shape."""
    ### BEGIN SOLUTION
    return fade_in(F.avg_pool2d(real, 2), real, alpha)
    ### END SOLUTION


def stage(step, fade, stable, last):
    """(level, alpha) of a step counted from 0; ``last`` is the last level."""
    ### BEGIN SOLUTION
    if step < stable:
        return 0, 1.0
    level, i = divmod(step - stable, fade + stable)
    if level >= last:
        return last, 1.0
    return level + 1, min(1.0, (i + 1) / (fade + 1))
    ### END SOLUTION


def work(fade, stable, last):
    """Pixels that the whole timetable draws over those of as many steps at the last level: a float."""
    ### BEGIN SOLUTION
    levels = [stage(step, fade, stable, last)[0] for step in range(stable + last * (fade + stable))]
    return sum(4.0 ** (level - last) for level in levels) / len(levels)
    ### END SOLUTION

# %% check="fading" points=4
points = hw5.fading(fade_in, fade_real, stage, work)
### BEGIN HIDDEN TESTS
points = min(points, hw5.fading(fade_in, fade_real, stage, work, seed=2020))
### END HIDDEN TESTS
points

# %% [markdown]
# A real face as your discriminator will see it while the 16 pixel layers fade in, and the timetable of the training at the end of this notebook:

# %% picture
FADE, STABLE, LAST = scale.pick(ci=(2, 2, 2), cpu=(200, 450, 2), gpu=(1000, 3000, 2))
faces = data.pixel_faces(16, n=scale.pick(ci=64, cpu=6000, gpu=10_000), progress=False)
face = data.to_float(faces.images[3:4])
alphas = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]
viz.show(
    viz.labelled_grid(torch.cat([fade_real(face, a) for a in alphas]), columns=[rf"{a:.1f}" for a in alphas]),
    r"A real face for $\alpha$ from 0 to 1.",
)

# %% picture
total = STABLE + LAST * (FADE + STABLE)
timetable = [stage(step, FADE, STABLE, LAST) for step in range(total)]
fig, axis = plt.subplots(figsize=(7, 2.2), layout="constrained")
axis.step(range(total), [4 * 2**level for level, _ in timetable], where="post", color=viz.COLOURS["generator"], label="pixels a side")
axis.set(xlabel="step", ylabel="pixels a side", yticks=[4, 8, 16])
twin = axis.twinx()
twin.step(range(total), [alpha for _, alpha in timetable], where="post", color=viz.COLOURS["accent"], label=r"$\alpha$")
twin.set(ylabel=r"$\alpha$", ylim=(-0.05, 1.1), title=f"{work(FADE, STABLE, LAST):.0%} of the pixels of {total} steps at 16 px")
fig.legend(loc="outside upper center", ncols=2)
plt.show()

# %% [markdown]
# ## 4. Modulation and demodulation (4 points)
#
# In StyleGAN2 a style $s$, one number for each *input* channel and each sample $n$, scales the weights of a convolution; then each output channel's weights are divided by their length,
#
# $$w'_{noik} = s_{ni}\, w_{oik}, \qquad w''_{noik} = \frac{w'_{noik}}{\sqrt{\sum_{i,k} w'^{\,2}_{noik} + \varepsilon}}, \qquad \varepsilon = 10^{-8},$$
#
# where $k$ runs over the places of the kernel. The division (demodulation) gives outputs of variance 1 if the inputs have variance 1 and are independent. It takes the place of StyleGAN's
# instance normalisation, and looks at $w$ and $s$, never at the features.
#
# Write the weights as the equation has them. Then the convolution, in which every sample meets its own weights. A loop over samples is right and slow. Two ways are fast: one convolution with `groups=`, or
# none of it: where else could the factor $s_i$ go, so that the weights $w$ stay the same for all samples? And the denominator?

# %% solution="modulation"
def modulated_weights(weight, style, demodulate=True, eps=1e-8):
    """w'' (or w' without demodulation): weight [O, I, k, k], style [N, I] -> [N, O, I, k, k]."""
    ### BEGIN SOLUTION
    scaled = weight[None] * style[:, None, :, None, None]
    if not demodulate:
        return scaled
    return scaled / (scaled.square().sum((2, 3, 4), keepdim=True) + eps).sqrt()
    ### END SOLUTION


def modulated_conv(x, weight, style, demodulate=True, eps=1e-8):
    """Each sample convolved with its own w'': [N, I, H, W] -> [N, O, H, W]; padding k // 2."""
    ### BEGIN SOLUTION
    y = F.conv2d(x * style[:, :, None, None], weight, padding=weight.shape[2] // 2)
    if not demodulate:
        return y
    energy = style.square() @ weight.square().sum((2, 3)).T  # [N, O]
    return y / (energy + eps).sqrt()[:, :, None, None]
    ### END SOLUTION

# %% check="modulation" points=4
points = hw5.modulation(modulated_weights, modulated_conv)
### BEGIN HIDDEN TESTS
points = min(points, hw5.modulation(modulated_weights, modulated_conv, seed=2021))
### END HIDDEN TESTS
points

# %% [markdown]
# Eight modulated layers one after the other, with random styles: how large are the features after each?

# %% picture
draw = torch.Generator().manual_seed(0)
for demodulate in (True, False):
    x, sizes = torch.randn(8, 16, 12, 12, generator=draw), []
    for _ in range(8):
        weight, style = torch.randn(16, 16, 3, 3, generator=draw) / 12, 1 + torch.randn(8, 16, generator=draw)
        x = math.sqrt(2) * F.leaky_relu(modulated_conv(x, weight, style, demodulate), 0.2)
        sizes.append(float(x.square().mean().sqrt()))
    print(f"{'demodulated' if demodulate else 'modulated only':15}", "  ".join(f"{size:7.2f}" for size in sizes))

# %% [markdown]
# Demodulated features keep about their size, 0.97 to 0.72. The others grow to 17, and how fast depends on the styles.
#
# ## 5. Truncation (2 points)
#
# The mapping network makes of each latent a $w$. While training, a running mean of $w$ is kept,
#
# $$\bar w \leftarrow \beta\, \bar w + (1 - \beta)\, \tfrac{1}{N} \sum_n w_n,$$
#
# and afterwards styles are pulled towards it, for pictures that are better and less varied,
#
# $$w' = \bar w + \psi\, (w - \bar w),$$
#
# in the first `layers` layers only, or in all of them if `layers` is `None`. (`ws` has a style for each layer, $[N, L, D]$.) The running mean is a note, not a part of the game: it keeps
# no graph. Through `truncate` gradients do pass.

# %% solution="truncation"
def running_mean(average, w, beta=0.998):
    """The new mean from the old one [D] and a batch w [N, D]: [D], without a graph."""
    ### BEGIN SOLUTION
    return beta * average + (1 - beta) * w.detach().mean(0)
    ### END SOLUTION


def truncate(ws, average, psi, layers=None):
    """Pull the first ``layers`` of the styles [N, L, D] towards average [D] (None: all layers): [N, L, D]."""
    ### BEGIN SOLUTION
    pulled = average + psi * (ws - average)
    return pulled if layers is None else torch.cat([pulled[:, :layers], ws[:, layers:]], 1)
    ### END SOLUTION

# %% check="truncation" points=2
points = hw5.truncation(running_mean, truncate)
### BEGIN HIDDEN TESTS
points = min(points, hw5.truncation(running_mean, truncate, seed=2022))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 6. Mixing styles (2 points)
#
# Two latents, one image: the layers before a crossover take the style of the first, the layers from there on that of the second. In training the crossover is drawn anew for
# each sample. So `crossover` is a tensor of whole numbers $[N]$, each from 0 (all from the second) to $L$ (all from the first).

# %% solution="mixing"
def mix(ws, other, crossover):
    """Sample n takes layers l < crossover[n] from ws, the rest from other: [N, L, D], [N, L, D], [N] -> [N, L, D]."""
    ### BEGIN SOLUTION
    from_first = torch.arange(ws.shape[1], device=ws.device) < crossover[:, None]  # [N, L]
    return torch.where(from_first[:, :, None], ws, other)
    ### END SOLUTION

# %% check="mixing" points=2
points = hw5.mixing(mix)
### BEGIN HIDDEN TESTS
points = min(points, hw5.mixing(mix, seed=2023))
### END HIDDEN TESTS
points

# %% [markdown]
# ## Growing faces
#
# The networks below hold nothing but weights: all that they compute is yours. The generator has five styled layers, one at 4 pixels and two each at 8 and at 16, and turns features into
# colours at each side. The discriminator is a small ProGAN. (No paper has a growing StyleGAN2: it gave up growing, as details such as teeth then stick to one place. At 16 pixels we did not look.)

# %% picture
def normal(*shape):
    return nn.Parameter(torch.randn(shape))


def lrelu(x):
    return F.leaky_relu(x, 0.2)


class Styled(nn.Module):
    """A modulated convolution whose style is an affine map of w."""

    def __init__(self, n_in, n_out, kernel, w_dim):
        super().__init__()
        self.weight, self.bias = normal(n_out, n_in, kernel, kernel), nn.Parameter(torch.zeros(n_out, 1, 1))
        self.affine, self.affine_bias = normal(n_in, w_dim), nn.Parameter(torch.ones(n_in))

    def forward(self, x, w, to_colours=False):
        style = equalised_linear(w, self.affine, self.affine_bias)
        if to_colours:  # the weights are not demodulated there: brightness is theirs to choose
            return modulated_conv(x, self.weight, style / math.sqrt(x.shape[1]), demodulate=False) + self.bias
        return math.sqrt(2) * lrelu(modulated_conv(x, self.weight, style) + self.bias)


class Growing(nn.Module):
    """A network that knows its level and alpha."""

    def __init__(self):
        super().__init__()
        self.register_buffer("level", torch.tensor(0))
        self.register_buffer("alpha", torch.tensor(1.0))


class Generator(Growing):
    def __init__(self, widths=(48, 32, 16), latent_dim=32):
        super().__init__()
        self.latent_dim = latent_dim
        self.mapping = nn.ParameterList([normal(latent_dim, latent_dim) for _ in range(3)])
        self.register_buffer("average", torch.zeros(latent_dim))
        self.const = normal(1, widths[0], 4, 4)
        ins = (widths[0], widths[0], widths[1], widths[1], widths[2])
        outs = (widths[0], widths[1], widths[1], widths[2], widths[2])
        self.layers = nn.ModuleList(Styled(a, b, 3, latent_dim) for a, b in zip(ins, outs, strict=True))
        self.colours = nn.ModuleList(Styled(n, 3, 1, latent_dim) for n in widths)

    def styles(self, z):
        w = pixel_norm(z)
        for weight in self.mapping:
            w = math.sqrt(2) * lrelu(equalised_linear(w, weight, torch.zeros_like(w[0])))
        if self.training:
            self.average.copy_(running_mean(self.average, w, 0.99))
        return w[:, None].repeat(1, 5, 1)  # one for each layer

    def synthesis(self, ws):
        level = int(self.level)
        x = older = self.layers[0](self.const.expand(len(ws), -1, -1, -1), ws[:, 0])
        for i in range(1, 2 * level + 1, 2):
            older, x = x, F.interpolate(x, scale_factor=2)
            x = self.layers[i + 1](self.layers[i](x, ws[:, i]), ws[:, i + 1])
        image = self.colours[level](x, ws[:, 2 * level], to_colours=True)
        if self.alpha < 1:
            image = fade_in(self.colours[level - 1](older, ws[:, 2 * level - 2], to_colours=True), image, self.alpha)
        return image

    def forward(self, z):
        return self.synthesis(self.styles(z))


class Discriminator(Growing):
    def __init__(self, widths=(48, 32, 16), group=4):
        super().__init__()
        self.group = group
        self.colours = nn.ParameterList([normal(n, 3, 1, 1) for n in widths])
        self.first = nn.ParameterList([normal(n, n, 3, 3) for n in widths[1:]])
        self.second = nn.ParameterList([normal(a, b, 3, 3) for a, b in zip(widths[:-1], widths[1:], strict=True)])
        self.biases = nn.ParameterList([nn.Parameter(torch.zeros(n)) for n in (*widths, *widths[1:], *widths[:-1], widths[0])])
        self.last, self.out = normal(widths[0], widths[0] + 1, 3, 3), normal(1, 16 * widths[0])

    def forward(self, x):
        level, bias = int(self.level), self.biases
        h = lrelu(equalised_conv(x, self.colours[level], bias[level]))
        for i in range(level, 0, -1):
            h = lrelu(equalised_conv(h, self.first[i - 1], bias[2 + i]))
            h = F.avg_pool2d(lrelu(equalised_conv(h, self.second[i - 1], bias[4 + i])), 2)
            if i == level and self.alpha < 1:
                old = lrelu(equalised_conv(F.avg_pool2d(x, 2), self.colours[i - 1], bias[i - 1]))
                h = (1 - self.alpha) * old + self.alpha * h
        h = lrelu(equalised_conv(minibatch_std(h, self.group), self.last, bias[-1]))
        return equalised_linear(h.flatten(1), self.out, torch.zeros_like(self.out[:, 0])).flatten()


class Game(GAN):
    """At every step: your timetable, your faded real images, your mixed styles."""

    def play(self, real, source, labels=None, step=0):
        level, alpha = stage(step, FADE, STABLE, LAST)
        for network in (self.generator, self.discriminator):
            network.level.fill_(level)
            network.alpha.fill_(alpha)
        real = F.avg_pool2d(real, 2 ** (LAST - level))
        real = fade_real(real, alpha) if alpha < 1 else real
        z, other = self.latents(len(real), source), self.latents(len(real), source)
        crossover = torch.randint(1, 6, (len(real),), generator=source).to(z.device)  # 5: not mixed
        ws = mix(self.generator.styles(z), self.generator.styles(other), crossover)
        return Batch(real=real, z=z, fake=self.generator.synthesis(ws), step=step)

# %% [markdown]
# The training is the loss of homework 1, with the penalty R1 on the discriminator's slope at real images. Ten latents are watched all the way. It takes about a minute and a half.

# %% picture
torch.manual_seed(0)
device = scale.device()
game = Game(Generator().to(device), Discriminator().to(device), penalty=penalties.r1(0.5, every=8))
watched = torch.randn(10, 32, generator=torch.Generator().manual_seed(4)).to(device)
moments = [STABLE - 1, STABLE + FADE // 2, STABLE + FADE + STABLE - 1, total - STABLE - FADE // 2, total - STABLE // 2, total]
shots = {}


def draw_faces(network, ws):
    """Images as 16 x 16 pixels, whatever the level."""
    with torch.no_grad():
        made = network.synthesis(ws).clamp(-1, 1)
    return F.interpolate(made, size=16, mode="nearest")


def watch(run):
    if run.step in moments:
        network = run.generator.eval()
        shots[run.step] = draw_faces(network, network.styles(watched))


run = fit(
    game,
    data.Batches(faces, 32, seed=0, device=device),
    total,
    lr=2e-3,
    betas=(0.0, 0.99),
    ema=0.995,
    hooks=[(1, watch)],
    progress=False,
    precision="float32",
)
G = run.generator.eval()
real = data.to_float(faces.images[:10]).to(device)
viz.show(
    viz.labelled_grid(torch.cat([*shots.values(), real]), rows=[*(f"step {step}" for step in shots), "real"], n_columns=10),
    "One latent in each column; below, faces of the data.",
)

# %% [markdown]
# Columns are latents, rows are moments: 4 pixels, half faded to 8, 8 pixels, half faded to 16, and twice 16 pixels; below them, ten real faces. Now truncation, for ten new latents, from the face of $\bar w$ to $\psi = 1$ and beyond:

# %% picture
latents = torch.randn(12, 32, generator=torch.Generator().manual_seed(7)).to(device)
with torch.no_grad():
    ws = G.styles(latents)
psis = [0.0, 0.35, 0.7, 1.0, 1.4]
rows = torch.cat([draw_faces(G, truncate(ws[:10], G.average, psi)) for psi in psis])
viz.show(viz.labelled_grid(rows, rows=[f"{psi:g}" for psi in psis], n_columns=10), r"Ten faces; $\psi$ at the left.")

# %% [markdown]
# And the picture this homework is for. Left, five faces that give the *coarse* styles (the layers before your crossover); on top, six that give the *fine* ones. First with the crossover at
# 3, behind the 8 pixel layers, then at 1.

# %% picture
coarse, fine = ws[:5], ws[6:12]


def mixing_grid(crossover):
    """The mixture of every coarse style with every fine one, with both sources at the borders."""
    a, b = coarse[:, None].expand(5, 6, 5, 32).flatten(0, 1), fine[None].expand(5, 6, 5, 32).flatten(0, 1)
    mixed = draw_faces(G, mix(a, b, torch.full((30,), crossover, device=device))).unflatten(0, (5, 6))
    top = torch.cat([torch.ones_like(mixed[0, :1]), draw_faces(G, fine)])
    rows = [torch.cat([left[None], row]) for left, row in zip(draw_faces(G, coarse), mixed, strict=True)]
    return viz.grid(torch.cat([top, *rows]), columns=7, scale=3, pad=2)


viz.show(viz.beside([mixing_grid(3), mixing_grid(1)], titles=["crossover 3", "crossover 1"]))

# %% [markdown]
# Four questions to take to class (no points):
#
# 1. What do the faces of a row have in common, and what those of a column, at crossover 3? What changes at 1? At which resolution, then, does this generator choose colours, and at which shapes?
# 2. Take `minibatch_std` out of the discriminator (append a map of zeros); or leave out the mixing alone (`crossover = 5`). Do the watched latents still give different faces?
# 3. Set `FADE` to 0, with `STABLE` so much longer that the total is the same. What does `work` say of the cost? Compare the rows just after each doubling, and the last ones. Was the
#    fading worth its steps here?
# 4. Demodulation counts on inputs of variance 1. What comes out if all features that go in have the standard deviation 3, and what would instance normalisation make of them?

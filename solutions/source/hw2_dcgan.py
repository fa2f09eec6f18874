# %% [markdown]
# # Homework 2. DCGAN
#
# **After** lectures 03 to 05. **Time**: about 100 minutes. **Points**: 20. **At the end** your own DCGAN draws cartoon faces, and your
# latent arithmetic puts glasses on the faces of a better one.
#
# As before: replace `raise NotImplementedError()`, run the cell below, read what the check says. It grades what you hand in with other
# random numbers, so run everything from top to bottom first. A tensor that you make inside a function belongs on the device of its arguments; the checks ask for it where that can go wrong.

# %% setup
import matplotlib.pyplot as plt
import torch
from torch import nn

from gancourse import data, latent, scale, viz, zoo
from gancourse.classroom.homework import hw2
from gancourse.gans.gan import GAN
from gancourse.metrics.attributes import attribute_classifier
from gancourse.training import fit

torch.set_num_threads(1)

# %% [markdown]
# ## 1. Sizes (2 points)
#
# A convolution with kernel $K$, stride $s$ and padding $p$ puts its window at every $s$-th place of a row of $n + 2p$ pixels, as long as the window
# fits. How many pixels come out? A transposed convolution turns the arrow round: it lays one kernel for each of $n$ pixels, $s$ places apart, and
# cuts $p$ pixels off at both ends. How long is the result?
#
# Then use your formula: which padding makes a transposed convolution with stride 2 *double* every size exactly? It depends on the kernel, and for some
# kernels there is none.

# %% solution="sizes"
def conv_size(n, kernel, stride, padding):
    """Pixels that come out of a convolution of n pixels: an int."""
    ### BEGIN SOLUTION
    return (n + 2 * padding - kernel) // stride + 1
    ### END SOLUTION


def transposed_size(n, kernel, stride, padding):
    """Pixels that come out of a transposed convolution of n pixels: an int."""
    ### BEGIN SOLUTION
    return (n - 1) * stride + kernel - 2 * padding
    ### END SOLUTION


def doubling_padding(kernel):
    """The padding with which a transposed convolution of stride 2 doubles every size; None if there is none."""
    ### BEGIN SOLUTION
    return (kernel - 2) // 2 if kernel >= 2 and kernel % 2 == 0 else None
    ### END SOLUTION

# %% check="sizes" points=2
points = hw2.sizes(conv_size, transposed_size, doubling_padding)
### BEGIN HIDDEN TESTS
points = min(points, hw2.sizes(conv_size, transposed_size, doubling_padding, seed=2016))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 2. A transposed convolution by hand (4 points)
#
# In PyTorch's layout, with input $x$ of shape $[N, I, H, W]$ and weight $w$ of shape $[I, O, K, K]$, each pixel lays a copy of the kernel onto the
# result, and where copies overlap they *add up*:
#
# $$y[b,\ o,\ s\,r + i,\ s\,c + j] \;\mathrel{+}=\; \sum_{k} x[b, k, r, c]\; w[k, o, i, j].$$
#
# Afterwards $p$ pixels are cut off on all four sides. Write it. You may loop over the $K \times K$ places of the kernel and let slices with a step
# do the rest, or over the pixels. `conv_transpose2d` itself, and the layer made of it, are off limits; gradients must pass through your version as
# through theirs.

# %% solution="scatter"
def transposed_conv(x, weight, stride, padding):
    """x [N, I, H, W], weight [I, O, K, K] -> [N, O, H', W'], on the device and in the precision of x."""
    ### BEGIN SOLUTION
    n, _, height, width = x.shape
    outputs, kernel = weight.shape[1], weight.shape[2]
    y = x.new_zeros(n, outputs, (height - 1) * stride + kernel, (width - 1) * stride + kernel)
    for i in range(kernel):
        for j in range(kernel):
            rows, columns = slice(i, i + stride * (height - 1) + 1, stride), slice(j, j + stride * (width - 1) + 1, stride)
            y[:, :, rows, columns] += torch.einsum("bkrc,ko->borc", x, weight[:, :, i, j])
    return y[:, :, padding : y.shape[2] - padding, padding : y.shape[3] - padding]
    ### END SOLUTION

# %% check="scatter" points=4
points = hw2.scatter(transposed_conv)
### BEGIN HIDDEN TESTS
points = min(points, hw2.scatter(transposed_conv, seed=2017))
### END HIDDEN TESTS
points

# %% [markdown]
# Lay a kernel of ones onto a field of ones, stride 2, and you see how many copies each pixel gets. Equal weights leave a chequerboard if the
# kernel is 3, none within the rim if it is 4.

# %% picture
fig, axes = plt.subplots(1, 2, figsize=(5.5, 2.8), layout="constrained")
for axis, kernel in zip(axes, (3, 4), strict=True):
    copies = transposed_conv(torch.ones(1, 1, 6, 6), torch.ones(1, 1, kernel, kernel), 2, 1)[0, 0]
    shown = axis.imshow(copies, cmap="viridis", vmin=0, vmax=4)
    axis.set(title=f"kernel {kernel}", xticks=[], yticks=[])
fig.colorbar(shown, ax=axes, ticks=[1, 2, 3, 4], label="copies")
plt.show()

# %% [markdown]
# ## 3. The two networks (4 points)
#
# Build DCGAN for pictures of 32 x 32. `width` is the number of channels of the last hidden layer of the generator and of the first layer of the
# discriminator; every halving of the side doubles the channels.
#
# | generator | from, to | side | then |
# |---|---|---|---|
# | transposed, kernel 4, stride 1, no padding | latent_dim, 4 width | 1 to 4 | batch norm, ReLU |
# | transposed, kernel 4, stride 2, padding 1 | 4 width, 2 width | 4 to 8 | batch norm, ReLU |
# | the same | 2 width, width | 8 to 16 | batch norm, ReLU |
# | the same | width, 3 | 16 to 32 | tanh |
#
# | discriminator | from, to | side | then |
# |---|---|---|---|
# | convolution, kernel 4, stride 2, padding 1 | 3, width | 32 to 16 | LeakyReLU 0.2 |
# | the same | width, 2 width | 16 to 8 | batch norm, LeakyReLU 0.2 |
# | the same | 2 width, 4 width | 8 to 4 | batch norm, LeakyReLU 0.2 |
# | convolution, kernel 4, stride 1, no padding | 4 width, 1 | 4 to 1 | flatten to logits $[N]$ |
#
# No convolution has a bias: where batch norm follows it would be subtracted at once, and the published network leaves out the others too. Batch norm has
# PyTorch's standard settings. (Look at the signature before you pass a number to it: a much-copied repository writes
# `BatchNorm2d(n, 0.8)` and means the momentum.)

# %% solution="networks"
def make_generator(latent_dim, width):
    """A network from latents [N, latent_dim] to pictures [N, 3, 32, 32] in [-1, 1]."""
    ### BEGIN SOLUTION
    def block(n_in, n_out, stride, padding):
        return [nn.ConvTranspose2d(n_in, n_out, 4, stride, padding, bias=False), nn.BatchNorm2d(n_out), nn.ReLU()]

    return nn.Sequential(
        nn.Unflatten(1, (latent_dim, 1, 1)),
        *block(latent_dim, 4 * width, 1, 0),
        *block(4 * width, 2 * width, 2, 1),
        *block(2 * width, width, 2, 1),
        nn.ConvTranspose2d(width, 3, 4, 2, 1, bias=False),
        nn.Tanh(),
    )
    ### END SOLUTION


def make_discriminator(width):
    """A network from pictures [N, 3, 32, 32] to logits [N]."""
    ### BEGIN SOLUTION
    def block(n_in, n_out):
        return [nn.Conv2d(n_in, n_out, 4, 2, 1, bias=False), nn.BatchNorm2d(n_out), nn.LeakyReLU(0.2)]

    return nn.Sequential(
        nn.Conv2d(3, width, 4, 2, 1, bias=False),
        nn.LeakyReLU(0.2),
        *block(width, 2 * width),
        *block(2 * width, 4 * width),
        nn.Conv2d(4 * width, 1, 4, bias=False),
        nn.Flatten(0),
    )
    ### END SOLUTION

# %% check="networks" points=4
points = hw2.networks(make_generator, make_discriminator)
### BEGIN HIDDEN TESTS
points = min(points, hw2.networks(make_generator, make_discriminator, seed=2018))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 4. Initialisation (2 points)
#
# The paper draws all weights of convolutions from $\mathcal{N}(0, 0.02^2)$; its code draws the gains of batch norm from $\mathcal{N}(1, 0.02^2)$ and sets the shifts
# to zero. (The comment in one widely read tutorial says 0.2 where its code says 0.02.) Write a function that does this, in place, to every such layer
# of a network, however deep it sits, and to no other. `torch.nn.init` has what you need.

# %% solution="initial"
def initialise(network):
    """DCGAN's initialisation, in place, for all convolutions and batch norms inside ``network``."""
    ### BEGIN SOLUTION
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)
            nn.init.zeros_(layer.bias)
    ### END SOLUTION

# %% check="initial" points=2
points = hw2.initial(initialise)
### BEGIN HIDDEN TESTS
points = min(points, hw2.initial(initialise, seed=2019))
### END HIDDEN TESTS
points

# %% [markdown]
# Enough to train. Your networks, your initialisation, the course's `fit()` with the recipe of the paper (Adam, learning rate 0.0002, $\beta_1 = 0.5$). Two
# minutes, more or less; it is a small network and a short run, so expect faces and not beauties.

# %% picture
torch.manual_seed(0)
latent_dim, width = 32, scale.pick(ci=4, cpu=24, gpu=64)
generator, discriminator = make_generator(latent_dim, width), make_discriminator(width)
for network in (generator, discriminator):
    initialise(network)
faces = data.faces(32, n=scale.pick(ci=500, cpu=10_000, gpu=20_000))
game = GAN(generator, discriminator, latent_dim=latent_dim)
run = fit(game, data.Batches(faces, 64, seed=0), scale.pick(ci=4, cpu=1000, gpu=20_000), lr=2e-4, ema=0.99, progress=False)
viz.show(viz.grid(run.sample(24, seed=0), columns=12), "Your DCGAN.")

# %% [markdown]
# ## 5. Walks in latent space (3 points)
#
# The straight line between two latents, and the arc. With $\Omega$ the angle between $z_0$ and $z_1$,
#
# $$\mathrm{lerp}(t) = (1 - t)\, z_0 + t\, z_1, \qquad
# \mathrm{slerp}(t) = \frac{\sin\bigl((1 - t)\,\Omega\bigr)}{\sin \Omega}\, z_0 + \frac{\sin (t\, \Omega)}{\sin \Omega}\, z_1 .$$
#
# Both take two latents $[D]$ and times $[T]$ and return the path $[T, D]$. The angle is that of the *directions*; $z_0$ and $z_1$ stand in the formula as they
# are. For equal directions ($\sin \Omega = 0$) return the line; rounding can put the cosine of nearly equal ones above 1. No opposite ones occur.

# %% solution="walks"
def lerp(z0, z1, t):
    """The straight line: latents [D] and [D], times [T] -> [T, D]."""
    ### BEGIN SOLUTION
    return (1 - t)[:, None] * z0 + t[:, None] * z1
    ### END SOLUTION


def slerp(z0, z1, t):
    """The arc: latents [D] and [D], times [T] -> [T, D]; the line where the directions are the same."""
    ### BEGIN SOLUTION
    cosine = (z0 @ z1) / (z0.norm() * z1.norm())
    angle = torch.acos(cosine.clamp(-1, 1))
    if torch.sin(angle) < 1e-6:
        return lerp(z0, z1, t)
    a, b = torch.sin((1 - t) * angle), torch.sin(t * angle)
    return (a[:, None] * z0 + b[:, None] * z1) / torch.sin(angle)
    ### END SOLUTION

# %% check="walks" points=3
points = hw2.walks(lerp, slerp)
### BEGIN HIDDEN TESTS
points = min(points, hw2.walks(lerp, slerp, seed=2020))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 6. Arithmetic with attributes (3 points)
#
# Given latents `z` $[N, D]$ and, for each, whether its picture has some attribute, the *direction* of the attribute is the mean latent of those that have it
# less the mean of those that have not. And Radford's arithmetic: the mean of a few exemplars of $a$, less that of $b$, plus that of $c$. (Man with glasses, less
# man, plus woman.)
#
# Pictures for show are made in evaluation mode and without gradients. A function that shows pictures must not leave the network in another mode than it
# found it in, or the next training step is not what you think it is. (All layers of a network are in one mode here.)

# %% solution="attributes"
def direction(z, has):
    """Mean latent with the attribute less mean latent without: z [N, D], has bool [N] -> [D]."""
    ### BEGIN SOLUTION
    return z[has].mean(0) - z[~has].mean(0)
    ### END SOLUTION


def analogy(a, b, c):
    """a - b + c for exemplars [n_a, D], [n_b, D], [n_c, D], each taken as its mean: [D]."""
    ### BEGIN SOLUTION
    return a.mean(0) - b.mean(0) + c.mean(0)
    ### END SOLUTION


def pictures(generator, z):
    """G(z) in evaluation mode, without gradients; afterwards generator and torch are as they were before."""
    ### BEGIN SOLUTION
    mode = generator.training
    generator.eval()
    with torch.no_grad():
        made = generator(z)
    generator.train(mode)
    return made
    ### END SOLUTION

# %% check="attributes" points=3
points = hw2.attributes(direction, analogy, pictures)
### BEGIN HIDDEN TESTS
points = min(points, hw2.attributes(direction, analogy, pictures, seed=2021))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 7. Beside chance (2 points)
#
# Your direction will put glasses on faces. Would any other direction do as well? The null is a step of the same length in a *random* direction. Write it, and the count.
#
# - `as_long` returns $n$ directions, all of them equally likely, each as long as `step`.
# - `changed` returns, of the faces without an attribute, the share that has it after the step. `has` maps pictures to True and False, and
#   `step` is one for all $[D]$ or one for each $[N, D]$. Use your `pictures` of task 6 (the check lends a right one).

# %% solution="chance"
def as_long(step, n, source):
    """n random directions [n, D], each as long as step [D]; all random numbers drawn with ``generator=source``."""
    ### BEGIN SOLUTION
    v = torch.randn(n, len(step), generator=source, dtype=step.dtype)
    return v / v.norm(dim=1, keepdim=True) * step.norm()
    ### END SOLUTION


def changed(has, generator, z, step):
    """Of the latents z [N, D] whose pictures lack it, the share whose pictures have it after the step: a number."""
    ### BEGIN SOLUTION
    without = ~has(pictures(generator, z))
    return has(pictures(generator, z + step))[without].double().mean().item()
    ### END SOLUTION

# %% check="chance" points=2
points = hw2.chance(as_long, changed)
### BEGIN HIDDEN TESTS
points = min(points, hw2.chance(as_long, changed, seed=2022))
### END HIDDEN TESTS
points

# %% [markdown]
# ## Faces
#
# For the rest take a generator that has trained for longer; its weights travel with the course. A classifier labels its latents. First your
# two walks between the same two faces, line above, arc below.

# %% picture
G = zoo.load("faces32").model
classifier = attribute_classifier("faces")
labelled = latent.label_latents(G, classifier, n=scale.pick(ci=200, cpu=3000, gpu=3000))
start, end = torch.randn(2, 64, generator=torch.Generator().manual_seed(6))
times = torch.linspace(0, 1, 9)
walks = torch.cat([pictures(G, walk(start, end, times)) for walk in (lerp, slerp)])
viz.show(viz.grid(walks, columns=9), "From one face to another: the line (above), the arc (below).")

# %% [markdown]
# Then glasses for everybody: six faces without (second of each four), and your direction added and subtracted.

# %% picture
glasses = direction(labelled.z, labelled.has(glasses="yes"))
bare = labelled.where(glasses="no")[:6]
shown = torch.stack([bare - 1.5 * glasses, bare, bare + 1.5 * glasses, bare + 3 * glasses], dim=1).flatten(0, 1)
viz.show(viz.grid(pictures(G, shown), columns=12), "Three faces in each row: minus glasses, as it was, plus glasses, plus twice as much.")

# %% [markdown]
# How many of the faces without glasses have them afterwards, in the eyes of the classifier? And after a step of the same length in a random direction?

# %% picture
def with_glasses(images):
    return latent.has(classifier.predict(images), classifier.attribute_names, glasses="yes")


fresh = torch.randn(scale.pick(ci=40, cpu=300, gpu=1000), 64, generator=torch.Generator().manual_seed(7))
print("step      your direction   at random")
for much in (1, 1.5, 3):
    step = much * glasses
    null = as_long(step, len(fresh), torch.Generator().manual_seed(8))
    print(f"{much:>4} times {changed(with_glasses, G, fresh, step):12.0%} {changed(with_glasses, G, fresh, null):12.0%}")

# %% picture
groups = [{"glasses": "yes", "hair_length": "short"}, {"glasses": "no", "hair_length": "short"}, {"glasses": "no", "hair_length": "long"}]
exemplars = [labelled.where(**group)[:3] for group in groups]
made = pictures(G, torch.cat([*exemplars, analogy(*exemplars)[None]]))
viz.show(viz.grid(made, columns=10), "Three with glasses and short hair, three without glasses, three with long hair; last: the sum.")

# %% [markdown]
# Four questions to take to class (no points):
#
# 1. Half-way between two independent latents, how long is the line's latent, compared with the ends? Which of your two walks looks fainter in the middle, if any?
# 2. Does `bare + 3 * glasses` change anything besides the glasses? How would you measure it?
# 3. The last of the ten is one sum of nine chosen faces. Did it come out with glasses and long hair? How often does it, over a hundred choices of exemplars?
#    (Lecture 05 counts.)
# 4. Leave `generator.eval()` out of `pictures` and draw one face alone, then the same latent in a batch of 64. What has changed, and why?

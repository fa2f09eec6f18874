# %% [markdown]
# # Homework 6. Image to image
#
# **After** lectures 17 to 19. **Time**: about 110 minutes. **Points**: 20. **At the end** a network that is joined, judged and trained by your
# own code colours line drawings that it has never seen, and one that you draw on yourself.
#
# Each task is a cell with functions whose bodies are missing. Replace `raise NotImplementedError()` and run the cell below it: it checks
# your functions at once, says for each item what it expected, what came, and, where it can, which slip that looks like. The number under
# the report is your points for the task. You may try as often as you like.
#
# The same checks grade what you hand in, with other random numbers. So run everything from top to bottom before you do
# (*Kernel, Restart and run all*), and leave the names of the functions as they are. The training at the end takes a GPU where there is one, so a tensor that you make inside a
# function belongs on the device of its arguments; the checks ask for it where that can go wrong.

# %% setup
import matplotlib.pyplot as plt
import torch
import torch.nn.functional as F
from matplotlib.patches import Rectangle
from torch import nn

from gancourse import data, scale, viz
from gancourse.classroom.homework import hw6
from gancourse.data import corruptions

torch.set_num_threads(1)  # networks this small gain little from a second core

# %% [markdown]
# ## 1. The U and its skips (4 points)
#
# An encoder halves the side of a picture $d$ times, a decoder doubles it $d$ times. The lines of the output are where those of the input are, but would have to
# pass the bottleneck. A U-Net hands them across: call the encoder's maps $e_1, \dots, e_d$ (sides $S/2, \dots, S/2^d$). The decoder's first layer takes $e_d$, the bottleneck. Each
# later one takes the encoder's map of its side and the map that comes from below, side by side in the channels, *the encoder's first*:
#
# $$u_1 = U_1(e_d), \qquad u_{j} = U_j\bigl([\,e_{d-j+1},\; u_{j-1}\,]\bigr) \quad (j = 2, \dots, d).$$
#
# The result is $u_d$, the picture: it has the input's side, and nothing is joined to it.
#
# First work out the channels. Without skips the decoder would mirror the encoder: $u_j$ has as many channels as the encoder's map of the same side, and the last layer has
# `out_channels`. What do the skips change, and for which layers? Then write the way through. `downs` and `ups` are lists of layers; norms and activations are inside them.
# Think about what happens to the lists when somebody calls your function a second time.


# %% solution="unet"
def decoder_channels(channels, out_channels):
    """Channels of e_1 .. e_d and of the result -> [(n_in, n_out), ...] for U_1 .. U_d, from the bottom up."""
    ### BEGIN SOLUTION
    joined = [channels[-1]] + [2 * n for n in channels[-2::-1]]
    return list(zip(joined, [*channels[-2::-1], out_channels], strict=True))
    ### END SOLUTION


def run_unet(downs, ups, x):
    """Pictures through the encoder's layers ``downs`` and the decoder's ``ups``, with skips: [N, C, H, W] -> [N, C', H, W]."""
    ### BEGIN SOLUTION
    maps = []
    for down in downs:
        x = down(x)
        maps.append(x)
    x = ups[0](maps.pop())
    for up in ups[1:]:
        x = up(torch.cat([maps.pop(), x], dim=1))
    return x
    ### END SOLUTION


# %% check="unet" points=4
points = hw6.unet(decoder_channels, run_unet)
### BEGIN HIDDEN TESTS
points = min(points, hw6.unet(decoder_channels, run_unet, seed=2015))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 2. What one logit sees (3 points)
#
# A PatchGAN is a discriminator whose output is a map of logits. Without normalisation each depends on one square of the picture, its receptive field. Its side follows from the kernels
# $k_i$ and strides $s_i$ of the convolutions. Draw three layers for a picture with one dimension, begin with one pixel at the *end*, and count how many pixels it depends on,
# one layer further back each time. With stride 1 a layer adds $k - 1$. What does it add if there is a stride before it?
#
# `receptive_field` gets the layers as pairs (kernel, stride), in the order in which the picture passes them. The discriminator of pix2pix is
# `[(4, 2), (4, 2), (4, 2), (4, 1), (4, 1)]`, and its name is "the 70 x 70 PatchGAN".
#
# `window` says *which* pixels: for layers (kernel, stride, padding), the first and the last place along one side that output `i` depends on. With padding $p$ the first
# kernel begins at place $-p$; such places lie outside the picture: leave them in the answer, uncut. (Whoever has `window` first has the field in one line.)
#
# And then do not trust it: measure. Somebody hands you a network and no list of layers. Which columns of the picture does its output $[0, 0, i, i]$ depend on? Ask its slopes at a picture
# of random numbers, in all rows and channels. They know nothing of what lies outside it. Leave the network in the mode in which it comes.


# %% solution="patches"
def receptive_field(layers):
    """The side of the square that one output sees; layers [(kernel, stride), ...] from the input to the output."""
    ### BEGIN SOLUTION
    side, stride = 1, 1
    for kernel, s in layers:
        side += (kernel - 1) * stride
        stride *= s
    return side
    ### END SOLUTION


def window(layers, i):
    """(first, last): the places that output i depends on; layers [(kernel, stride, padding), ...] from the input to the output."""
    ### BEGIN SOLUTION
    first = last = i
    for kernel, stride, padding in reversed(layers):
        first, last = first * stride - padding, last * stride - padding + kernel - 1
    return first, last
    ### END SOLUTION


def measured_window(network, size, i, channels=1):
    """(first, last): the columns of a square picture [1, channels, size, size] that output [0, 0, i, i] depends on."""
    ### BEGIN SOLUTION
    x = torch.rand(1, channels, size, size, requires_grad=True)
    network(x)[0, 0, i, i].backward()
    columns = x.grad.abs().sum((0, 1, 2)).nonzero()
    return int(columns[0]), int(columns[-1])
    ### END SOLUTION


# %% check="patches" points=3
points = hw6.patches(receptive_field, window, measured_window)
### BEGIN HIDDEN TESTS
points = min(points, hw6.patches(receptive_field, window, measured_window, seed=2016))
### END HIDDEN TESTS
points

# %% [markdown]
# The data of this homework are faces as line drawings, and the same faces in colour. The frames are what two neighbouring logits see, by your `window`, for
# discriminators with one, two and three layers of stride 2. Which of them can judge an eye, and which the whole face?

# %% picture
test = data.load_pairs("lines", size=32, n=scale.pick(ci=8, cpu=24, gpu=24), split="test", progress=False)
fig, axes = plt.subplots(1, 3, figsize=(8, 2.9), layout="constrained")
for n, axis in enumerate(axes, start=1):
    layers = [(4, 2, 1)] * n + [(4, 1, 1)] * 2
    outputs = 32 // 2**n - 2
    axis.imshow(test.b[0].permute(1, 2, 0))
    for i, colour in ((outputs // 2 - 1, viz.COLOURS["real"]), (outputs // 2, viz.COLOURS["fake"])):
        first, last = window(layers, i)
        axis.add_patch(
            Rectangle((first - 0.5, first - 0.5), last - first + 1, last - first + 1, fill=False, edgecolor=colour, linewidth=2)
        )
    field = receptive_field([layer[:2] for layer in layers])
    low, high = (-26, 57) if n == 3 else (-8, 40)
    axis.set(title=f"{outputs} x {outputs} logits, each sees {field} x {field}", xlim=(low, high), ylim=(high, low), xticks=[], yticks=[])
    axis.title.set_size(9)
plt.show()

# %% [markdown]
# The discriminator of the last section has the layers of the left-hand picture, and batch normalisation behind the second. What do you expect its logit [6, 6] to see?

# %% picture
def make_judge(width, in_channels=4):
    return nn.Sequential(
        *(nn.Conv2d(in_channels, width, 4, 2, 1), nn.LeakyReLU(0.2)),
        *(nn.Conv2d(width, 2 * width, 4, 1, 1), nn.BatchNorm2d(2 * width), nn.LeakyReLU(0.2)),
        nn.Conv2d(2 * width, 1, 4, 1, 1),
    )


torch.manual_seed(0)
judge = make_judge(8)
print("by the list of layers      ", window([(4, 2, 1), (4, 1, 1), (4, 1, 1)], 6))
print("measured, in evaluation    ", measured_window(judge.eval(), 32, 6, channels=4))
print("measured, as it is trained ", measured_window(judge.train(), 32, 6, channels=4))

# %% [markdown]
# While it is trained, mean and variance of a map are computed from all of its pixels (and from the other pictures of the batch), and every logit depends on them. The formula does not
# show it. For how much of a logit they count is another question.
#
# ## 3. The losses of pix2pix (4 points)
#
# Pairs $(a, b)$: an input and the picture that it should become. The discriminator looks at *pairs*, input and picture side by side in the channels, the input first; so it sees whether
# they belong together. It tells $(a, b)$ from $(a, G(a))$, and the paper halves its loss to slow it down. The generator has two wishes: that $D$ calls its pair real, and that its
# picture equals $b$.
#
# $$L_D = \tfrac12 \Bigl( -\mathbb{E} \log D(a, b) - \mathbb{E} \log\bigl(1 - D(a, G(a))\bigr) \Bigr), \qquad
# L_G = -\mathbb{E} \log D(a, G(a)) + \lambda\, \mathbb{E}\, |b - G(a)| .$$
#
# `discriminator` returns logits, $D = \sigma(\text{logit})$, in a map with one for each patch; every patch is a judgement of its own, and the expectation is the mean over all patches of all
# pictures. In the last term it is the mean over all pixels and channels. As in homework 1 the losses must survive logits of 200. Think about which of the two losses may send a gradient into the fake.


# %% solution="losses"
def discriminator_loss(discriminator, a, b, fake):
    """L_D for inputs a [N, C, H, W], targets b and fakes G(a), both [N, C', H, W]: a scalar; it asks nothing of the fake."""
    ### BEGIN SOLUTION
    real = discriminator(torch.cat([a, b], dim=1))
    made = discriminator(torch.cat([a, fake.detach()], dim=1))
    return (F.softplus(-real).mean() + F.softplus(made).mean()) / 2
    ### END SOLUTION


def generator_loss(discriminator, a, b, fake, weight):
    """L_G, with lambda = weight: a scalar."""
    ### BEGIN SOLUTION
    made = discriminator(torch.cat([a, fake], dim=1))
    return F.softplus(-made).mean() + weight * (b - fake).abs().mean()
    ### END SOLUTION


# %% check="losses" points=4
points = hw6.losses(discriminator_loss, generator_loss)
### BEGIN HIDDEN TESTS
points = min(points, hw6.losses(discriminator_loss, generator_loss, seed=2017))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 4. One step of both (3 points)
#
# One round of training: the discriminator makes a step, then the generator. Both losses are about the *same* fake, so the generator runs once: it is the expensive part, and with dropout a
# second run would give another picture. The generator is judged by the discriminator as it is *after* its step.
#
# `d_loss(discriminator, a, b, fake)` and `g_loss(discriminator, a, b, fake)` are losses as in task 3 (with the weight filled in), so $L_D$ sends nothing into the fake.
# Things to think about: what lies in `.grad` when your function begins; what the generator's backward pass writes into the discriminator; and why PyTorch complains about an "inplace
# operation" when the generator's loss is computed too early (lecture 03, "What goes wrong").


# %% solution="step"
def train_step(generator, discriminator, opt_g, opt_d, a, b, d_loss, g_loss):
    """One step of D, then one of G, on the same fake; returns the two losses (d, g) as floats."""
    ### BEGIN SOLUTION
    fake = generator(a)
    d = d_loss(discriminator, a, b, fake)
    opt_d.zero_grad()
    d.backward()
    opt_d.step()
    g = g_loss(discriminator, a, b, fake)
    opt_g.zero_grad()
    g.backward()
    opt_g.step()
    return d.item(), g.item()
    ### END SOLUTION


# %% check="step" points=3
points = hw6.step(train_step)
### BEGIN HIDDEN TESTS
points = min(points, hw6.step(train_step, seed=2018))
### END HIDDEN TESTS
points

# %% [markdown]
# ## 5. There and back (3 points)
#
# Without pairs there is no $b$ to compare with. CycleGAN has two translators, $G_{ab}$ from set A to set B and $G_{ba}$ the other way, and asks that each translation lead back:
#
# $$L_{\text{cycle}} = \mathbb{E}_a \bigl| G_{ba}(G_{ab}(a)) - a \bigr| + \mathbb{E}_b \bigl| G_{ab}(G_{ba}(b)) - b \bigr| .$$
#
# A second term keeps the colours: a translator that is given a picture of the set that it translates *into* should leave it alone,
#
# $$L_{\text{identity}} = \mathbb{E}_b \bigl| G_{ab}(b) - b \bigr| + \mathbb{E}_a \bigl| G_{ba}(a) - a \bigr| .$$
#
# Both are means over all pixels and channels. The weights ($\lambda = 10$, and half of it) are not part of these functions. The two batches have nothing to do with each other and need
# not even be of one size.
#
# The cycle is content with more than you want. Write `impostors`: two translators, plain functions of pictures with values from -1 to 1, which change every picture and whose cycle
# loss is 0 on *every* batch, with nothing learnt. Which of your two losses notices? Would a discriminator of set B?


# %% solution="cycle"
def cycle_loss(ab, ba, a, b):
    """L_cycle for translators ab and ba, pictures a of set A and b of set B: a scalar."""
    ### BEGIN SOLUTION
    return F.l1_loss(ba(ab(a)), a) + F.l1_loss(ab(ba(b)), b)
    ### END SOLUTION


def identity_loss(ab, ba, a, b):
    """L_identity: a scalar."""
    ### BEGIN SOLUTION
    return F.l1_loss(ab(b), b) + F.l1_loss(ba(a), a)
    ### END SOLUTION


def impostors():
    """Two functions (ab, ba), pictures [N, 3, H, W] -> the same shape, in [-1, 1]: cycle loss 0, and every picture changed."""

    ### BEGIN SOLUTION
    def negative(x):
        return -x

    return negative, negative
    ### END SOLUTION


# %% check="cycle" points=3
points = hw6.cycle(cycle_loss, identity_loss, impostors)
### BEGIN HIDDEN TESTS
points = min(points, hw6.cycle(cycle_loss, identity_loss, impostors, seed=2019))
### END HIDDEN TESTS
points

# %% [markdown]
# Four faces, what your impostor makes of them, and the way back:

# %% picture
to, fro = impostors()
a, b = test.targets()[:4], test.targets()[4:8]
print(f"cycle loss {float(cycle_loss(to, fro, a, b)):.4f}, identity loss {float(identity_loss(to, fro, a, b)):.4f}")
viz.show(viz.grid(torch.cat([a, to(a), fro(to(a))]), columns=4), "Faces, translated, and back.")

# %% [markdown]
# ## 6. Masks (3 points)
#
# A context encoder fills holes. A mask $M$ of shape [N, 1, H, W] is **1 where a pixel is missing** and 0 where it is known (other code that you will meet has it the other way
# round). The network sees the picture $x$ with a filler $f$ in the hole, its output $\hat x$ is pasted into the hole, and the loss looks at the hole alone:
#
# $$x_{\text{seen}} = (1 - M)\, x + M f, \qquad x_{\text{done}} = (1 - M)\, x + M \hat x, \qquad
# L_{\text{rec}} = \frac{\sum M\, (\hat x - x)^2}{\text{number of missing values}} .$$
#
# The sum in $L_{\text{rec}}$ runs over the batch, the channels and the pixels, so a missing pixel of a picture with three channels counts as three missing values. Every missing value of the batch has the same
# weight, in large holes and in small ones. Where nothing is missing the loss is 0, and so is its gradient: `backward()` still runs.


# %% solution="masks"
def erase(x, mask, fill=0.0):
    """The picture with a filler in the hole: x [N, C, H, W], mask [N, 1, H, W], a number -> [N, C, H, W]."""
    ### BEGIN SOLUTION
    return (1 - mask) * x + mask * fill
    ### END SOLUTION


def complete(x, output, mask):
    """The picture with the network's output in the hole -> [N, C, H, W]."""
    ### BEGIN SOLUTION
    return (1 - mask) * x + mask * output
    ### END SOLUTION


def masked_loss(output, x, mask):
    """L_rec: a scalar."""
    ### BEGIN SOLUTION
    missing = (mask.sum() * x.shape[1]).clamp(min=1)
    return (mask * (output - x).square()).sum() / missing
    ### END SOLUTION


# %% check="masks" points=3
points = hw6.masks(erase, complete, masked_loss)
### BEGIN HIDDEN TESTS
points = min(points, hw6.masks(erase, complete, masked_loss, seed=2020))
### END HIDDEN TESTS
points

# %% [markdown]
# Eight faces with holes, and three fillings that need no network: grey, the mean of other faces, and the mirror image of what is seen. Your loss says which is best.

# %% picture
faces = test.targets()[:8]
train = data.load_pairs("lines", size=32, n=scale.pick(ci=16, cpu=600, gpu=3000), progress=False)
holes = corruptions.free_form(8, 32, torch.Generator().manual_seed(4))
fillings = {
    "mid-grey": torch.zeros_like(faces),
    "the mean face": train.targets().mean(0, keepdim=True).expand_as(faces),
    "the mirror image": erase(faces, holes).flip(3),
}
for name, filling in fillings.items():
    print(f"{name:18} loss over the holes {float(masked_loss(filling, faces, holes)):.3f}")
rows = [erase(faces, holes, -1.0), *(complete(faces, filling, holes) for filling in list(fillings.values())[1:])]
viz.show(viz.grid(torch.cat(rows), columns=8), "Holes (above); filled with the mean face; filled with the mirror image (below).")

# %% [markdown]
# The mean of other faces is ahead of the mirror, with colours that nobody has; and where a hole has its mirror image in a hole, too, the mirror has nothing to show but the filler. In
# which of the eight faces is the mirror ahead all the same (your loss of one face tells)? What would it do with a hole on the middle line?
#
# ## Your pix2pix
#
# Everything together. The generator is a U-Net of five halvings, 32 pixels down to one. Its layers are given here; your `decoder_channels` says how many channels each takes, your `run_unet`
# joins them. The discriminator is the one that you measured: its kernels see 16 x 16 pixels. Your `train_step` plays the game with your losses, $\lambda = 20$. Two
# minutes, more or less.


# %% picture
def down(n_in, n_out, norm=True):
    norms = [nn.BatchNorm2d(n_out)] if norm else []
    return nn.Sequential(nn.Conv2d(n_in, n_out, 4, 2, 1), *norms, nn.LeakyReLU(0.2))


def up(n_in, n_out, last=False):
    return nn.Sequential(nn.ConvTranspose2d(n_in, n_out, 4, 2, 1), *([nn.Tanh()] if last else [nn.BatchNorm2d(n_out), nn.ReLU()]))


class UNet(nn.Module):
    def __init__(self, channels, in_channels=1, out_channels=3):
        super().__init__()
        pairs = list(zip([in_channels, *channels], channels, strict=False))
        self.downs = nn.ModuleList(down(*pair, norm=0 < i < len(pairs) - 1) for i, pair in enumerate(pairs))
        pairs = decoder_channels(channels, out_channels)
        self.ups = nn.ModuleList(up(*pair, last=i == len(pairs) - 1) for i, pair in enumerate(pairs))

    def forward(self, x):
        return run_unet(list(self.downs), list(self.ups), x)


torch.manual_seed(0)
width, device = scale.pick(ci=4, cpu=16, gpu=64), scale.device()
generator = UNet([width, 2 * width, 4 * width, 8 * width, 8 * width]).to(device)
discriminator = make_judge(width).to(device)
opt_g, opt_d = (torch.optim.Adam(net.parameters(), lr=1e-3, betas=(0.5, 0.999)) for net in (generator, discriminator))
batches = data.PairBatches(train, 16, seed=0, flip=True, device=device)
history = []
for _ in range(scale.pick(ci=4, cpu=1200, gpu=6000)):
    a, b = next(batches)
    history.append(
        train_step(generator, discriminator, opt_g, opt_d, a, b, discriminator_loss, lambda *args: generator_loss(*args, 20.0))
    )
generator.eval()


@torch.no_grad()
def colour(drawings):
    return generator(drawings.to(device)).cpu()


shown = torch.cat([test.inputs()[:8].expand(-1, 3, -1, -1), colour(test.inputs()[:8]), test.targets()[:8]])
viz.show(
    viz.grid(shown, columns=8),
    "Drawings that the network has not seen (above), coloured by it (middle), and the faces that they were drawn from (below).",
)

# %% [markdown]
# Compare the middle row with the lowest. The lines are where they should be (by the skips? question 1). The colours of skin and hair are the network's own idea, for nothing in a
# drawing tells them. The L1 term alone would answer with the median of all colours.
#
# And now a drawing of yours. `strokes` are chains of points (x, y) in pixels from the upper left corner (the middle of a pixel is at .5), with a width: here, spectacles on the fourth face. Change them, or begin
# with an empty sheet: `drawing = torch.ones(1, 1, 32, 32)`.

# %% picture
strokes = [
    ([(4.5, 13.5), (10.5, 13.5), (10.5, 19.5), (4.5, 19.5), (4.5, 13.5)], 0.8),
    ([(13.5, 13.5), (19.5, 13.5), (19.5, 19.5), (13.5, 19.5), (13.5, 13.5)], 0.8),
    ([(10.5, 15.5), (13.5, 15.5)], 0.8),
]
drawing = test.inputs()[3:4]
ink = corruptions.painted(32, strokes)
drawn = erase(drawing, ink, -1.0)  # black where the pen was
mine = torch.cat([x.expand(-1, 3, -1, -1) for x in (drawing, colour(drawing), drawn, colour(drawn))])
viz.show(viz.grid(mine, columns=4), "A drawing and its colours; the same with your strokes, and its colours.")

# %% [markdown]
# Three questions to take to class (no points):
#
# 1. Cut the skips: let `decoder_channels` and `run_unet` do without them and train again (keep the old functions for handing in). What is lost first, and what does the bottleneck still know?
# 2. A drawing leaves the colour of hair open: in a share $p_k$ of all faces with this drawing it has the value $v_k$. Which one number $g$ makes $\sum_k p_k |v_k - g|$ smallest, and which $\sum_k p_k (v_k - g)^2$? Then set the
#    weight of the L1 term to 0, and to 1000. Which picture is sharper, and which is closer to the target? Print `history[-1]` each time: can you tell from the losses?
# 3. With the cycle loss alone, and no discriminator, what would two translators learn that start as the identity? Does either loss of task 5 object to them?

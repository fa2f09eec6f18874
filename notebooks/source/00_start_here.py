# %% [markdown]
# # 00. Start here
#
# **Read**: 15 minutes. **Run**: a few seconds. Needs no GPU and no network.
#
# This course is about generative adversarial networks: two networks, one that draws and one that judges, and how the drawing gets better
# because the judging does. Press Shift + Enter until sliders appear, and move one.

# %% [markdown] tags=["slide", "slide-only"]
# ## Nobody drew these faces

# %% tags=["slide-continue", "slide-picture"]
import torch

from gancourse import data, metrics, scale, viz, zoo
from gancourse.classroom import widgets
from gancourse.classroom.claims import identity, within

painter = zoo.load("faces64")
viz.show(viz.grid(painter.sample(24, seed=0), columns=8), caption="Nobody drew these faces. A network did, out of random numbers.")

# %% [markdown] tags=["notes", "slide-only"]
# Let the class look before anybody explains. A network drew these. What it learnt from a program put together, of parts that an artist drew.

# %% [markdown] tags=["slide", "slide-only"]
# ## A face is 64 random numbers
#
# Its *latent* $z$, and what a network $G$ makes of it: $x = G(z)$. A slider moves $z$ along one direction.

# %% tags=["slide-continue", "slide-picture"]
widgets.latent_sliders(painter.model, n_sliders=4, seed=12)

# %% [markdown] tags=["notes"]
# Every face is a list of 64 random numbers, its *latent*, and what a network makes of it. A slider moves the latent along one direction and the network draws
# again. The four directions are those along which the picture changes most; nobody chose what they mean. "New face" draws a new latent. In lecture 04 you train a network of this kind yourself, and in lecture 05 you look for directions that have a name: glasses, smile, long hair.
#
# It learnt from pictures like these. They come from a pip package and are drawn on your machine, each with exact labels. A classifier that was trained on them is the judge of generated faces, so that a claim such as "nine of ten are
# wearing glasses" can be checked.

# %% [markdown] tags=["slide", "slide-only"]
# ## What it learnt from
#
# Drawings by a program, each with exact labels. A judge that has learnt them can *count* what a generator makes.

# %% tags=["slide-continue", "slide-picture"]
faces = data.faces(size=64, n=24)
print(faces.captions[0])
viz.show(viz.grid(faces.images, columns=8), caption="Training pictures: adventurer by Lisa Wischofsky, CC BY 4.0.")

# %% [markdown] tags=["notes", "slide-only"]
# Read the caption aloud, and let the class check it against the first face: every word of it is a label. What can be named can be counted.

# %% [markdown] tags=["slide", "slide-only"]
# ## From noise to faces
#
# A row: so many steps. A column: one latent.

# %% tags=["slide-continue", "slide-picture"]
from gancourse.experiments import records  # noqa: E402

live = records.load("dcgan_live")  # a smaller network, which lecture 04 trains while you wait
young, (steps, far), known = live.film("faces32_live"), live.curve("frechet")["faces32_live"], live.baseline("frechet")
distance = dict(zip(steps, far[0], strict=True))
viz.show(
    viz.labelled_grid(
        data.to_float(torch.cat([found[:10] for found in young.values()])),
        rows=[f"step {step:,}" for step in young],
        right=[f"{distance[step]:.1f}" for step in young],
        n_columns=10,
        scale=2,
        font_size=17,
    ),
    caption=f"Right: distance to unseen faces. Noise of the same colours: {known['noise: marginal']:.1f}; blurred faces: {known['blurred faces']:.1f}; training faces: {known['training faces']:.2f}.",
)

# %% [markdown] tags=["notes"]
# How does a network come to draw faces? Each row is one smaller network after so many steps, and each column one latent. Eyes, hair and glasses are there after 500 steps; smooth grounds and clean edges come late, and the distance still falls from 14.9 to 8.2. Nobody tells it what an eye is. (Four minutes of one processor. The network above took 9,000 steps on 20,000 drawings.)

# %% [markdown] tags=["slide", "slide-only"]
# ## The game, where it can be seen
#
# Two networks in the plane. $D$ colours it: blue where it takes a point for real, orange where it takes it for a fake. $G$ moves its points towards blue.

# %% [markdown] tags=["notes"]
# ## Play it yourself
#
# What moved the network from row to row? It played against another. In the plane the whole game can be seen.
#
# The blue points are data. The orange ones are what the *generator* $G$ makes of random numbers. The *discriminator* $D$ colours the plane: blue where it takes a point for real, orange where it takes it for a fake, and the deeper the surer. On the black line it cannot tell.
#
# Press play. $G$ moves its points towards blue (the arrows, for some of them), and $D$ paints again. By round 600 the orange cloud has come near the blue one and bends as it does. Where real and fake lie on each other nobody can tell them apart: $D$ says about one half, and the colours have paled. Not all is well. Some points still lie between the arcs, and the right end of the lower arc has few; there $D$ is blue, and pulls.
#
# $W$ is the distance between the two clouds (the earth mover's, lecture 11), measured between two samples of 200 points. In the picture it falls from 0.32 to 0.21. How good is that? A number alone does not say; it takes two others:
#
# - *As good as it gets*: two samples of one and the same cloud are at 0.14 on average, so 0 is not the goal. 6.1 % of such pairs are at 0.21 or above.
# - *Worth nothing*: a cloud without shape, a Gaussian with the data's mean and covariance, is at 0.31 on average, at best at 0.24.
#
# And one game may be lucky, so there are five, each from its own seed. In round 120 they are at 0.28 to 0.37: worth no more than a cloud without shape. In round 600 they are at 0.14 to 0.26, three of them below the best such cloud. Their mean is 0.21, not 0.14.
#
# Now disturb it. Paint data of your own; give $G$ ten times the rate of $D$; take the choice *mode collapse* and watch all of $G$'s points sit together and run about among eight clusters, then its cure. Every game on the list is the subject of a lecture: collapse of 06, the vanishing
# gradient and the orbit of 02 and 07. Without a running kernel you see two moments of the game.

# %% tags=["slide-continue", "slide-picture"]
from gancourse.training.playground import Playground, rounds  # noqa: E402

torch.set_num_threads(1)  # networks this small gain nothing from a second core
board = widgets.playground("moons", preview=(0.2, 1))
floor, shapeless = board.game.floor(1000), board.game.shapeless(200)
games = [[row["wasserstein"] for row in rounds(Playground(board.game.rules, seed), 600, every=120)] for seed in range(5)]
print(f"two draws of the data: W = {sum(floor) / len(floor):.2f} on average, {sum(w >= 0.21 for w in floor) / len(floor):.1%} of {len(floor):,} pairs at 0.21 or above")
print(f"a cloud of no shape with their mean and covariance: {sum(shapeless) / len(shapeless):.2f} ({min(shapeless):.2f} to {max(shapeless):.2f})")
for number, found in ((120, [game[0] for game in games]), (600, [game[-1] for game in games])):
    nearer = f"{sum(w < min(shapeless) for w in found)} of 5 below all {len(shapeless)} such clouds"
    print(f"five games, round {number}: {sum(found) / 5:.2f} ({min(found):.2f} to {max(found):.2f}), {nearer}")
board

# %% [markdown] tags=["slide", "slide-only"]
# ## Nothing here has to be believed
#
# Textbooks say: the game ends at $-\log 4$; one loss saturates; this guideline matters.
#
# Here each such sentence is **measured**, by a cell that you run. Its box shows
#
# - a verdict, and our number with its interval,
# - what was asked for, fixed *before* the run,
# - what scores on the same measure without the thing that is claimed.

# %% [markdown] tags=["notes"]
# ## Nothing here has to be believed
#
# Textbooks and lectures say many things about GANs: the game ends at $-\log 4$, one loss saturates and another does not, this guideline matters. In this course
# each such sentence is *measured*, by a cell that you run.
#
# A famous paper of 2016 gives rules for the two networks. Do they help? Lecture 04 breaks them in eight ways, one at a time, and five harm by step 2,000. Here are four, chosen for their bars: no batch normalisation in $D$, plain rectifiers for $D$'s leaky ones, a hidden layer in $D$, tanh for $G$'s plain rectifiers.
#
# We train small networks, on faces of 16 by 16 pixels, and measure how far their faces end from real ones. That distance is divided by the distance of a training with all rules. So **1 means no difference**, and more is worse. Before the first training it was written down what counts as *helps*: at least 1.1.
#
# One training can be luck. How much luck, the first row shows: there a training with all rules is divided by *another* with all rules, from other random numbers, and that by the first. Nine of these fifty dots, the filled ones, lie above 1.1, and nothing was changed. So one training proves nothing. For each broken rule there are five: the dots of the rows below.

# %% [markdown] tags=["slide", "slide-only"]
# ## Four rules of 2016, measured
#
# Break one, train five times. *Helps*: 1.1 or more, fixed first. Five of eight lie there, four are *reproduced*. Top: luck. The last two lie outside: *open*.

# %% tags=["slide-continue", "slide-picture"]
import numpy as np  # noqa: E402

from gancourse.classroom.claims import at_least, check, claim, example, interval_of, nulls  # noqa: E402
from gancourse.experiments.dcgan_guidelines import SMALL_START, luck_between, ratios  # noqa: E402
from gancourse.viz.verdicts import Measured, verdicts  # noqa: E402

record = records.load("dcgan_guidelines")  # lecture 04's trainings, half a minute each
worse, luck = ratios(record), luck_between(record, records.load("dcgan_guidelines_longer"))  # five trainings, and five others
rules = {
    "D without batch norm": ("no batch norm in D", "reproduced"),
    "D without leaky ReLU": ("ReLU in D", "open"),
    "D with a hidden layer": ("hidden linear in D", "open"),
    "G without ReLU": ("tanh in G", "open"),
}
verdicts(
    {name: Measured(worse[arm], interval_of(list(worse[arm])), verdict) for name, (arm, verdict) in rules.items()},
    asked=1.1,
    null={"no difference": 1.0},
    label="distance to real faces without the rule, over the distance with it",
    luck={"nothing changed": np.unique(luck)},
)

# %% [markdown] tags=["notes"]
# The bar is the 95 % interval: where the mean of *many* such trainings is believed to lie.
#
# - *Without batch norm* the whole bar lies in the blue: the sentence is **reproduced**.
# - *Without leaky ReLU* the bar reaches over the edge, and nobody may say either. That is **open**: not "false", not "nearly true", but *not settled by these five trainings*.
# - *With a hidden layer* none of the bar lies in the blue, nor *without ReLU*. Is the sentence **contradicted**? Not before three questions.
#
# 1. *Could the experiment have seen harm?* Yes. In its *control* the normalising is out of both networks, from a start where the signal dies, and all five end farther from faces. (The first box below, named the control after the first seed was seen.)
# 2. *Does the paper say so?* "Remove fully connected hidden layers for deeper architectures", it says. These have half of its layers: *open*.
# 3. *Does it come again?* Without ReLU, five *other* trainings gave 1.10 [0.98, 1.23], over the edge: *open*.
#
# What passes all three is *contradicted*; none does. At the paper's depth both are *open*, too: one training with all rules had not learnt (*without ReLU* ends 2.7 times as far).
#
# A verdict is no more than its five trainings; an interval at 95 % misses one time in twenty.
#
# Now the same as boxes, the control before them. Elsewhere a click unfolds them.

# %% [markdown] tags=["slide", "slide-only"]
# ## The same as boxes

# %% tags=["slide-continue"]
ends = np.array([interval_of(list(values)) for values in luck])  # of the bars where nothing was changed
by_chance, smallest_by_chance = ends[:, 0].max(), luck.min(1).max()  # the best bar; of the fives the largest smallest value
print(f"nothing changed, {len(ends)} bars: {(ends[:, 0] >= 1.1).sum()} inside the blue, {(ends[:, 1] < 1.1).sum()} outside, the rest over its edge")
with example():  # boxes of lecture 04, looked at: they count there
    control = check(
        "C10.control",
        "The experiment can see harm: no batch normalisation and a start whose signal dies, distance over that of the reference",
        ours=worse[SMALL_START],
        over="trainings",
        tolerance=at_least(1.1),
        baselines=nulls(nothing_changed_the_smallest_of_the_best_of_240_fives=smallest_by_chance),
    )

def box(row, arm, change, paper="the guideline helps", why_open=""):
    claim(
        f"C10.{row}",
        f"With {change}, a DCGAN ends farther from held-out faces: distance over that of the full network",
        paper=paper,
        ours=worse[arm],
        over="trainings",
        tolerance=at_least(1.1),
        baselines=nulls(nothing_changed_the_best_of_240_bars=by_chance),
        control=None if why_open else control,
        open=why_open,
        source="Radford et al. 2016, section 3",
        note="Width 16 at 16 px, 2,000 steps; the paper trains wider and deeper networks at 64 px.",
    )


with example():
    box("batchnorm_D", "no batch norm in D", "no batch normalisation in the discriminator, the start matched")

# %% [markdown] tags=["notes", "slide-only"]
# The dots again, as boxes. First a check: can this experiment see harm at all? Then the sentence, and whether all of the bar, a part of it, or none of it lies in the blue.

# %% [markdown] tags=["slide", "slide-only"]
# ## Three more

# %% tags=["slide-continue"]
with example():
    box("leaky", "ReLU in D", "ReLU in place of LeakyReLU in the discriminator")
    words = '"Remove fully connected hidden layers for deeper architectures"'
    box("fc_D", "hidden linear in D", "a hidden fully connected layer in the discriminator", words, "the paper speaks of deeper architectures, and this one has half of its layers")
    box("relu", "tanh in G", "tanh in place of ReLU in the generator", why_open="other seeds leave it open")

# %% [markdown] tags=["notes"]
# Read a box from the top:
#
# 1. **The verdict**, and the sentence it is about. A dashed edge says *open*.
# 2. **Measured**: the mean, its interval in brackets, and how many independent trainings stand behind it. (The control, a *check*, shows the smallest and the largest, and every one has to pass.) *Claimed* is what the source says.
# 3. **Asked for**: the tolerance, fixed before the run.
# 4. **Must fail**: what scores on the same measure without the thing that is claimed, a *null*: noise, an untrained network, here a change that changes nothing. If a null passed the tolerance the row would say nothing, and get no verdict but *open*.
# 5. **Why**, where a row is open; **control**, the row without which nothing may be contradicted; a note, here on how small the networks are; and **source**.
#
# What does the null of these boxes say? Divide the full network's five trainings by five *others* of it, and back: 240 ways, and each gives a bar.
#
# The line above the boxes counts them: none lies in the blue, and the left end farthest to the right is at 1.02. Half lie outside, with nothing changed: so a bar outside denies a harm of a tenth, no smaller one.
#
# There are four kinds of boxes.
#
# - An **identity** is an equation, checked by numbers: it *holds* or *fails*.
# - A **check** shows that an instrument of ours, a ruler or a judge, does what it should: it *passed* or *failed*.
# - A **claim of a paper** is *reproduced* when the 95 % interval over at least five independent trainings lies inside the tolerance. It is *contradicted* when it lies
#   outside, the paper speaks of such networks, a control shows the effect, and other seeds say the same. Otherwise it is *open*.
# - A **question** is our own: a number with its interval, and no verdict.

# %% [markdown] tags=["slide", "slide-only"]
# ## Four kinds of boxes
#
# | box | says | verdict |
# |---|---|---|
# | **identity** | an equation, checked by numbers | holds, fails |
# | **check** | an instrument of ours does what it should | passed, failed |
# | **claim of a paper** | what a source says | reproduced, contradicted, open |
# | **question** | our own, a number with its interval | none |

# %% [markdown] tags=["notes", "slide-only"]
# All boxes of all lectures are rows of one ledger, CLAIMS.md, open ones first. Only a claim of a paper can be reproduced or contradicted; a question has a number and no verdict.

# %% [markdown] tags=["slide", "slide-only"]
# ## The first box that counts, by hand
#
# Fréchet distance of two Gaussians, equal means, $A = I$ and $B = \begin{pmatrix} 2 & 1 \\ 1 & 2 \end{pmatrix}$:
#
# $$\operatorname{tr}(A) + \operatorname{tr}(B) - 2 \operatorname{tr}\bigl((AB)^{1/2}\bigr) = 2 + 4 - 2(1 + \sqrt 3) = 4 - 2\sqrt 3$$

# %% [markdown] tags=["notes"]
# And the ruler that measured "how far from real faces"? It is the *Fréchet distance*, and it gets a box too, the first that counts. Take two clouds in the plane, Gaussians with the same centre. One is round: its covariance $A$ is the identity. The other is oval: $B = \begin{pmatrix} 2 & 1 \\ 1 & 2 \end{pmatrix}$, whose eigenvalues are 1 and 3. By hand:
#
# $$\operatorname{tr}(A) + \operatorname{tr}(B) - 2 \operatorname{tr}\bigl((AB)^{1/2}\bigr) = 2 + 4 - 2(1 + \sqrt 3) = 4 - 2\sqrt 3.$$
#
# If that is Greek to you, lecture 08 takes it apart. What matters here is that the code gets the same number to nine digits. (As everywhere, the number that goes by this name is the distance squared.)
#
# With the identity a wrong formula can be right by luck. So a second box has $A = \operatorname{diag}(4, 1)$; with $M = AB$ and $\operatorname{tr}\bigl(M^{1/2}\bigr) = \sqrt{\operatorname{tr} M + 2\sqrt{\det M}}$ it comes to $9 - 2\sqrt{10 + 4\sqrt 3}$.

# %% tags=["slide-continue"]
zero, a, b = torch.zeros(2), torch.eye(2), torch.tensor([[2.0, 1.0], [1.0, 2.0]])
identity(
    "S32.by_hand",
    "Fréchet distance of two Gaussians, against a calculation by hand",
    expected=4 - 2 * 3**0.5,
    ours=float(metrics.frechet_from_statistics(zero, a, zero, b)),
    tolerance=within(1e-9),
    source="Dowson & Landau 1982",
)

# %%
stretched = torch.diag(torch.tensor([4.0, 1.0]))  # which does not commute with b: whoever takes square roots one by one gets 0.804
identity(
    "S32.by_hand_too",
    "The same for a first covariance that does not commute with the second",
    expected=9 - 2 * (10 + 4 * 3**0.5) ** 0.5,
    ours=float(metrics.frechet_from_statistics(zero, stretched, zero, b)),
    tolerance=within(1e-9),
    source="Dowson & Landau 1982",
)

# %% [markdown] tags=["slide", "slide-only"]
# ## Where this goes

# %% [markdown] tags=["notes"]
# ## Where this goes
#
# The same two players, one who draws and one who judges, learn more than to make faces up. Here are four networks of later lectures. They travel with the course, and you will train such networks yourself, on a smaller scale.
#
# They are shown in pairs: what the network is given, and what it makes of it. In the last row it is given a sentence: at the left what it draws, at the right the face that is nearest to it of the thousands that it has learnt from. None of what they are given was in their training.
#
# Not all of it succeeds. Look for the glasses in the third pair of row 18, and at the eyes in the third pair of row 19. And are the faces of row 20 copies? Say so pair by pair, then read on.
#
# In row 20 the hair is another in the first, third and fourth pair; in the second it agrees, and the mouth and the background do not. (*Nearest* is by a distance that finds copies even where they are noisy, blurred or moved by a pixel. Lecture 04 tries it, and shows where it ends.)

# %% tags=["slide-continue", "slide-picture"]
from gancourse.classroom import gallery  # noqa: E402

viz.show(gallery.ahead(), caption=f"The numbers are lectures. Row 20, left the face drawn, right the nearest of the training: {'; '.join(gallery.SENTENCES)}.")

# %% [markdown] tags=["slide", "slide-only"]
# ## How a lecture works
#
# 1. a question, and an equation
# 2. a few lines of code: the code that runs, never a copy
# 3. a picture, and a measurement
# 4. in most, one place where something goes wrong, with a bug of real public code
# 5. something to play with, exercises, a quiz

# %% [markdown] tags=["notes"]
# All boxes of all lectures are rows of one ledger, [CLAIMS.md](../CLAIMS.md), open ones first. A lecture ends with a count of its own. The
# [glossary](../docs/glossary.md) lists the ids (S03, C08), the five sets of slides that the course grew out of, and the words that come back in every lecture.
#
# ## How a lecture works
#
# A lecture goes from a question to an equation, from the equation to a few lines of code, runs them, looks at the result and measures it. Most have one place where
# something goes wrong, with a bug from real public code. Each ends with a short quiz, and all but this one with exercises, without solutions. The code that a
# lecture shows is the code that runs, taken from the package `gancourse`; open any file of it, they are short.
#
# | | lecture | the question it answers |
# |---|---|---|
# | 00 | Start here | what is this? |
# | [01](01_density_models.ipynb) | Density models | what can a model compute that knows its density, and what can it not? |
# | [02](02_minimax.ipynb) | The minimax game | why should two networks playing against each other learn a distribution? |
# | [03](03_first_gan.ipynb) | The first GAN | what does the game look like when it is played? |
# | [04](04_dcgan.ipynb) | DCGAN | what does it take to draw faces? |
# | [05](05_latent_space.ipynb) | Latent space | does the generator know what glasses are? |
# | [06](06_mode_collapse.ipynb) | Mode collapse | why does it leave things out, and who can see it? |
# | [07](07_dynamics.ipynb) | Vanishing gradients and dynamics | why does the game stall, or go in circles? |
# | [08](08_measuring.ipynb) | Measuring | how good are the samples, and who says so? |
# | [09](09_conditional.ipynb) | Conditional GANs | can one say what to draw? |
# | [10](10_codes.ipynb) | Codes | can the latent be read back from a picture? |
# | [11](11_wasserstein.ipynb) | Wasserstein | what if the loss were a distance? |
# | [12](12_other_losses.ipynb) | Other losses | which loss, and does it matter? |
# | [13](13_progan.ipynb) | ProGAN | does it help to begin small? |
# | [14](14_stylegan.ipynb) | StyleGAN | what does a generator gain from styles? |
# | [15](15_biggan.ipynb) | BigGAN | what does size take? |
# | [16](16_modern.ipynb) | Modern GANs | a hundred pictures; which tricks are still needed? |
# | [17](17_pix2pix.ipynb) | Pix2pix | can a picture be the condition? |
# | [18](18_cyclegan.ipynb) | CycleGAN | and without pairs? |
# | [19](19_inpainting.ipynb) | Repair | what belongs into the hole? |
# | [20](20_text_to_image.ipynb) | Text to image | can one say in words what to draw? |
# | [21](21_video_and_shapes.ipynb) | Video and shapes | what changes with one more axis, time or depth? |
# | [22](22_elsewhere.ipynb) | Adversaries elsewhere | what are the two players good for without each other? |
# | [23](23_zoo.ipynb) | The zoo and the tricks | what is behind fifty names, and which tricks help? |
#
# ## How large an experiment is
#
# One switch sets all sizes. At scale `cpu`, the default without a GPU, every lecture runs in minutes on two processor cores. At
# scale `gpu` the experiments are larger. At scale `ci` it only has to run: this is how the lectures are tested after every change. Before you start
# Python, set `GANCOURSE_SCALE=ci` to skim a lecture in under a minute.

# %% [markdown] tags=["slide", "slide-only"]
# ## Twenty-four lectures
#
# | | |
# |---|---|
# | 00 to 05 | density models, the game, the first GAN, DCGAN, latent space |
# | 06 to 08 | mode collapse, dynamics, measuring |
# | 09, 10 | conditions and codes |
# | 11, 12 | Wasserstein and other losses |
# | 13 to 16 | growing, styles, size, and what came after |
# | 17 to 19 | from picture to picture: with pairs, without, and repair |
# | 20 to 22 | from words, in time and space, and away from pictures |
# | 23 | the zoo and the tricks |

# %% [markdown] tags=["notes", "slide-only"]
# Each lecture goes from a question to an equation, from the equation to a few lines of code, runs them and measures. Most have one place where something goes wrong, with a bug from real public code.

# %% [markdown] tags=["slide", "slide-only"]
# ## How large an experiment is
#
# One switch sets all sizes, `GANCOURSE_SCALE`:
#
# - `cpu`, the default without a GPU: minutes on two cores
# - `gpu`: larger experiments
# - `ci`: it only has to run

# %%
print(f"this notebook runs at scale {scale.name()}, on {scale.device()}")

# %% [markdown] tags=["notes", "slide-only"]
# The notebooks as they are stored were run at `cpu` scale. Whoever has no GPU has all that the course needs.

# %% [markdown] tags=["slide", "slide-only"]
# ## What to bring
#
# - some Python, and a neural network that you have seen trained in PyTorch
# - means, logarithms, matrices
# - nothing about GANs
#
# Something does not work? `gancourse doctor` names what is missing.

# %% [markdown] tags=["notes"]
# If something does not work, run `gancourse doctor` in JupyterLab's own terminal. It names what is missing.
#
# You should know some Python, have seen a network trained in PyTorch, and know expectations, logarithms and matrices. Nothing about GANs is assumed.

# %% [markdown] tags=["slide", "slide-only"]
# ## In short
#
# - Two networks: one draws, one judges, and the drawing gets better because the judging does.
# - What they learnt from has exact labels, so what they make can be *counted*.
# - Every sentence that can be tested has a box: a number with its interval, a tolerance that was fixed before the run, and what must fail.

# %% [markdown] tags=["notes", "slide-only"]
# Say once more what *open* means: not false, not nearly true, but not settled by these trainings. A quiz stands below in the notebook.

# %%
widgets.quiz(
    [
        {
            "question": "A box says: Open; measured 98 [90, 106] over five trainings, claimed 1000, asked for at least 900, no positive control. What do you know?",
            "answer": "It did not come out here, and we may be unable to see it",
            "why": "Without a control the fault may be ours: too short, too small. A control that succeeds takes that excuse away; then ask whether the paper speaks of such networks, and whether it comes again.",
            "wrong": {
                "The cell has a bug that someone should fix before teaching": "A cell that fails raises an error. A verdict is a measurement.",
                "The paper is wrong": "One small experiment cannot show that, least of all without a control.",
                "The tolerance should be widened": "It was fixed before the run, and stays.",
            },
        },
        {
            "question": "You move a slider and the face changes. What was trained while you moved it?",
            "answer": "Nothing: the network is fixed, only its input changed",
            "why": "The latent moved; the same weights drew another face.",
            "wrong": {
                "The generator": "Its weights are as they were loaded.",
                "The latent, by gradient descent": "You moved it, along a fixed direction. Lecture 05 searches a latent by gradient descent, and there, too, the network stays as it is.",
            },
        },
    ]
)

"""The seventeen tips of ganhacks: what each says, in our words, where the course tests it, and what one does today.

Source: Chintala, Denton, Arjovsky & Mathieu 2016, github.com/soumith/ganhacks; by its own first line no longer maintained.
"""

from __future__ import annotations

from typing import NamedTuple

ADDRESS = "https://github.com/soumith/ganhacks"


class Tip(NamedTuple):
    """A tip.

    arms      of the recorded experiments ganhacks, ganhacks_pooling and ganhacks_dropout that test it, or a paper that it cites;
              empty where none does
    lectures  that measure it, or treat what it is about
    untested  why no arm tests a part of it, or all of it
    """

    number: int
    title: str
    says: str
    arms: tuple[str, ...]
    lectures: tuple[int, ...]
    today: str
    untested: str = ""


TIPS: tuple[Tip, ...] = (
    Tip(
        1,
        "Normalise the inputs",
        "Pixels between -1 and 1, and tanh as the generator's last layer.",
        ("pixels in [0, 1]",),
        (4,),
        "The same, or no tanh at all; data and generator must have one range.",
    ),
    Tip(
        2,
        "A modified loss",
        "Maximise log D in place of minimising log(1 - D), whose gradients vanish early; in code: flip the labels in G's turn.",
        ("saturating loss",),
        (2, 7),
        "Non-saturating with R1, hinge, or pairs with R1 and R2.",
    ),
    Tip(
        3,
        "A spherical z",
        "Draw z from a Gaussian and not from a cube; interpolate along a great circle.",
        ("uniform latents",),
        (5,),
        "Gaussian; behind a mapping network its shape matters little.",
        "the great circle is lecture 05's",
    ),
    Tip(
        4,
        "Batch normalisation",
        "Real and fake samples in batches of their own; where batch normalisation is no option, instance normalisation.",
        ("mixed batches",),
        (4,),
        "No batch normalisation in D; spectral normalisation or R1.",
        "instance normalisation needs a game in which the other fails",
    ),
    Tip(
        5,
        "Avoid sparse gradients",
        "Leaky ReLU in both players; average pooling or strides to halve, pixel shuffle or transposed convolutions to double.",
        ("ReLU in D", "max pooling in D", "leaky ReLU in G"),
        (4,),
        "Leaky ReLU; a fixed filter for both directions, followed by a convolution.",
    ),
    Tip(
        6,
        "Soft and noisy labels",
        "For D, a random label between 0.7 and 1.2 for real and between 0 and 0.3 for fake; and flip some labels.",
        ("soft labels", "flipped labels"),
        (23,),
        "Hardly anybody: gradient penalties keep D from being sure. Salimans et al., whom it cites, smooth one side only.",
    ),
    Tip(
        7,
        "DCGAN, or a hybrid",
        "Use DCGAN where you can; where you cannot and nothing is stable, a hybrid: KL + GAN or VAE + GAN.",
        (),
        (3, 4),
        "Residual networks or StyleGAN's; VAE + GAN lives on in the autoencoders of latent diffusion.",
        "it says where to begin, not what to change",
    ),
    Tip(
        8,
        "Tricks from reinforcement learning",
        "Keep past fakes and show them now and then; keep past G and D and swap them in for a while; all that steadies deep "
        "deterministic policy gradients.",
        ("replay",),
        (18,),
        "CycleGAN's pool of fakes; averages of weights.",
        "swapping players needs a pool of checkpoints",
    ),
    Tip(
        9,
        "Adam",
        "Adam, see Radford et al. (their beta1 is 0.5; the list names none). SGD for D, Adam for G.",
        ("beta1 = 0.9",),
        (4, 7),
        "Adam with beta1 = 0, often with two learning rates.",
        "SGD for one player alone: the course's loop has one kind for both",
    ),
    Tip(
        10,
        "Track failures early",
        "D's loss at 0 is a failure, as are gradient norms over 100; when things work D's loss varies little and goes down; "
        "a G loss that falls steadily fools D with garbage.",
        (),
        (4, 7),
        "Look at samples and at a distance to held-out data; losses compare with nothing.",
        "it says what to watch, and changes nothing",
    ),
    Tip(
        11,
        "Do not balance by statistics",
        "No schedule of steps; if you must, have a principle. Below: while D's loss is above A, train D; while G's is above B, "
        "train G. Whether that is the bad example or the better one it does not say.",
        ("balanced losses",),
        (11,),
        "A fixed ratio of steps, or of learning rates.",
    ),
    Tip(
        12,
        "If you have labels, use them",
        "Let the discriminator also name the class: AC-GAN.",
        ("labels",),
        (9,),
        "Labels go into both players: projection, conditional normalisation.",
    ),
    Tip(
        13,
        "Noise on the inputs, fading",
        "Noise on all that D sees, less and less of it; Gaussian noise in every layer of G.",
        ("instance noise",),
        (7, 14),
        "R1, or augmentation of all that D sees; noise in G's layers is StyleGAN's.",
        "noise in G's layers is lecture 14's",
    ),
    Tip(
        14,
        "Train D more (not sure)",
        "Sometimes, above all with noise; a schedule of D's steps and G's is hard to find.",
        ("two steps of D",),
        (2, 11),
        "One step and a larger rate for D, or a fixed two to five.",
    ),
    Tip(
        15,
        "Batch discrimination (not sure)",
        "Mixed results.",
        ("minibatch discrimination",),
        (6,),
        "One number, the minibatch's standard deviation.",
    ),
    Tip(
        16,
        "Discrete conditions",
        "An embedding of few dimensions, upsampled and added to the picture as channels.",
        (),
        (9,),
        "Projection in D, conditional normalisation in G.",
        "lecture 09 compares the ways to tell a label",
    ),
    Tip(
        17,
        "Dropout in G",
        "Half of the numbers of several layers, in training and in sampling, as noise; from pix2pix.",
        ("dropout in two layers of G", "dropout in G"),
        (17,),
        "Latents and noise inputs; dropout is left to translation, and rare there.",
    ),
)

MORE: dict[str, str] = {  # in what an arm is not what the list says: for the note of its row
    "pixels in [0, 1]": "G keeps its tanh, so that half of its range is never right; a sigmoid would fit, too.",
    "max pooling in D": "Two changes: its kernels are 3 x 3, the reference's 4 x 4 (section 8 takes them apart).",
    "replay": "Half of the fakes from which D learns are from a pool; the list says: occasionally.",
    "beta1 = 0.9": "The list says Adam, points to this paper, and names no beta1.",
    "balanced losses": "In this arm D alone waits, at a loss of 1; the list's loop has a level for each player.",
    "labels": "AC-GAN's G is told the class, too.",
    "two steps of D": "Without noise, with which the list says that it helps most.",
    "dropout in two layers of G": "At the 4 x 4 and the 8 x 8 map, as in the paper that the list cites, and not at the last.",
    "dropout in G": "Behind every ReLU; the list says several layers, so there is nothing to contradict.",
}

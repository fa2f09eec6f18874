"""What the course promises: each system it builds and each claim it measures, with the lecture decks that teach it.

Ids are stable: notebooks, tests and the claims ledger use them.
"""

from __future__ import annotations

from typing import NamedTuple

DECKS = {"H": "Hong", "M": "McAllester", "K": "Kurmi", "C": "cs231n notes", "W": "Wang"}


class Promise(NamedTuple):
    """One promise: what is built or claimed, and the initials of the decks (the keys of DECKS) that teach it."""

    statement: str
    decks: str


SYSTEMS = {
    "S01": Promise("A PixelCNN-style autoregressive model with exact likelihood", "H"),
    "S02": Promise("A variational autoencoder and its evidence lower bound", "H"),
    "S03": Promise("The first GAN, built from fully connected layers (Goodfellow et al. 2014)", "HMKCW"),
    "S04": Promise("DCGAN and its five guidelines (Radford et al. 2016)", "HKC"),
    "S05": Promise("Conditional GAN (Mirza and Osindero 2014)", "KC"),
    "S06": Promise("AC-GAN (Odena et al. 2016)", "KC"),
    "S07": Promise("InfoGAN (Chen et al. 2016)", "KC"),
    "S08": Promise("BiGAN and ALI (Donahue et al. 2016, Dumoulin et al. 2016)", "KC"),
    "S09": Promise("Semi-supervised GAN (Odena 2016, Salimans et al. 2016)", "K"),
    "S10": Promise("LSGAN with both codings of its targets (Mao et al. 2017)", "KCW"),
    "S11": Promise("WGAN with clipped weights (Arjovsky et al. 2017)", "CW"),
    "S12": Promise("WGAN with gradient penalty (Gulrajani et al. 2017)", "CW"),
    "S13": Promise("BEGAN (Berthelot et al. 2017)", "CW"),
    "S14": Promise("CoGAN, two GANs with tied weights (Liu and Tuzel 2016)", "CW"),
    "S15": Promise("Progressive GAN (Karras et al. 2018)", "HK"),
    "S16": Promise("BigGAN: normalisation by class, projection, truncation (Brock et al. 2019); newer GANs in lecture 16", "H"),
    "S17": Promise("StyleGAN: mapping, modulation, noise, mixing, truncation (Karras et al. 2019)", "H"),
    "S18": Promise("Images of a class by optimising a latent through a classifier (Nguyen et al. 2016)", "K"),
    "S19": Promise("A video GAN with separate foreground and background streams (Vondrick et al. 2016)", "K"),
    "S20": Promise("Text to image: GAN-CLS, StackGAN, DM-GAN (Reed et al. 2016, Zhang et al. 2016, Zhu et al. 2019)", "KC"),
    "S21": Promise("SRGAN: super-resolution by content and adversarial loss (Ledig et al. 2016)", "K"),
    "S22": Promise("The context encoder: inpainting, and what its features transfer (Pathak et al. 2016)", "K"),
    "S23": Promise("Pix2Pix: U-Net against a conditional PatchGAN (Isola et al. 2016)", "KC"),
    "S24": Promise("CycleGAN, with DiscoGAN and DualGAN (Zhu et al. 2017)", "KC"),
    "S25": Promise("SPADE: images from semantic layouts (Park et al. 2019)", "K"),
    "S26": Promise("Scenes changed by attributes: layout and attribute vector to image (Karacan et al. 2018)", "K"),
    "S27": Promise("3D-GAN on voxels (Wu et al. 2016)", "C"),
    "S28": Promise("The zoo of named GANs, one line each", "C"),
    "S29": Promise("The training tips known as ganhacks, each tested", "C"),
    "S30": Promise("Adversarial losses elsewhere: domain adaptation, fair representation, active learning", "K"),
    "S31": Promise("A generator of cartoon faces, looked at after three lengths of training", "W"),
    "S32": Promise("The Frechet distance of features as the standard measure", "M"),
    "S33": Promise("Minibatch discrimination and minibatch statistics against collapse (Salimans et al. 2016)", "W"),
}

CLAIMS = {
    "C01": Promise("The minimax objective: the discriminator's half is binary cross-entropy", "HMKCW"),
    "C02": Promise("For a fixed generator the best discriminator is p_data / (p_data + p_g)", "W"),
    "C03": Promise("At p_g = p_data the value is -2 log 2; in general V(D*, G) = 2 JS - 2 log 2", "W"),
    "C04": Promise("log(1 - D) is flat where the discriminator is confident; -log D is steep there", "HKC"),
    "C05": Promise("Algorithm 1: k steps of the discriminator for each step of the generator", "HC"),
    "C06": Promise("Strided and transposed convolution as index equations", "MC"),
    "C07": Promise("The game on labelled pairs needs only the discrete cross-entropy", "M"),
    "C08": Promise("Mode collapse: the generator keeps only part of the data's modes", "HMW"),
    "C09": Promise("The Frechet distance compares Gaussian statistics and rules out neither collapse nor copying", "M"),
    "C10": Promise("Each of the five DCGAN guidelines matters", "HC"),
    "C11": Promise("Latent interpolation is smooth, and latent arithmetic works", "HC"),
    "C12": Promise("Samples lie on manifolds of no more dimensions than the latent has", "W"),
    "C13": Promise("On disjoint supports JS is log 2, KL is infinite and the gradient vanishes", "W"),
    "C14": Promise("What the -log D generator minimises, and what each direction of KL punishes", "W"),
    "C15": Promise("The earth mover's distance is continuous where JS jumps", "W"),
    "C16": Promise("Kantorovich-Rubinstein duality: primal and dual linear programs meet", "W"),
    "C17": Promise("Lipschitz constants can be measured", "W"),
    "C18": Promise("Each of WGAN's four changes matters, and the critic's loss follows the distance", "W"),
    "C19": Promise("Clipping makes gradients explode or vanish and piles weights at the ends; the penalty cures both", "W"),
    "C20": Promise("The best critic has gradients of norm one on lines between paired samples", "W"),
    "C21": Promise("Least squares gives gradient where the sigmoid saturates, and can be a Pearson chi-squared divergence", "KW"),
    "C22": Promise("BEGAN: its lower bound, equilibrium, controller and convergence measure", "W"),
    "C23": Promise("An unconditional discriminator lets pix2pix ignore its input; a conditional one does not", "K"),
    "C24": Promise("Belonging to the set against equalling the target: L1 blurs, the adversarial loss picks a mode", "K"),
    "C25": Promise("Without the cycle nothing ties an unpaired translation to its input", "K"),
    "C26": Promise("The context encoder's joint loss sharpens; L1 and L2 are nearly alike", "K"),
    "C27": Promise("Progressive growing saves time against full size from the start", "HK"),
    "C28": Promise("Explicit against implicit density: what each kind of model can compute", "HM"),
    "C29": Promise("A discriminator that sees single examples never pushes fakes apart; a minibatch layer does", "W"),
    "C30": Promise("CoGAN learns a joint distribution from two marginals by tied weights alone", "W"),
}

PROMISES = CLAIMS | SYSTEMS


def deck_names(initials: str) -> str:
    """The authors of the decks: ``"HW"`` gives ``"Hong, Wang"``."""
    return ", ".join(DECKS[letter] for letter in initials)

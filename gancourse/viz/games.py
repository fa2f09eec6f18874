"""The course's games as descriptions for :func:`gancourse.viz.players`, by name: ``viz.players(viz.GAMES["wgan_gp"])``."""

from __future__ import annotations

from gancourse.viz.diagram import Game, Gradient
from gancourse.viz.later_games import LATER
from gancourse.viz.parts import ARROWS, D, G, data, discriminator, generator, latent, loss, sample


def _plain(title: str, latents: str = "", makes: str = "", judges: str = "") -> Game:
    """One generator against one discriminator; the words say more of the networks."""
    return Game(
        title,
        {
            "z": latent("z", 0, 1.3, latents),
            "G": generator("G", 1.05, 1.3, makes),
            "fake": sample("G(z)", 2.1, 1.3),
            "x": data("x", 2.1, 0, "real"),
            "D": discriminator("D", 3.15, 0.65, judges),
            "L_D": loss("L_D", 4.75, 0, "−log D(x) − log(1 − D(G(z)))"),
            "L_G": loss("L_G", 4.75, 1.3, "−log D(G(z))"),
        },
        ARROWS,
        {"L_D": D, "L_G": G},
    )


_VAE = Game(  # in one row and without second lines, so that the gradients run beside the words
    "the variational autoencoder",
    {
        "x": data("x", 0, 1.1, "an image"),
        "E": generator("encoder", 1.1, 1.1, "gives m and v"),
        "q": sample("q(z|x)", 2.25, 1.1),
        "eps": latent("ε", 3.5, 2.2, "noise"),
        "z": sample("z = m + √v · ε", 3.5, 1.1),
        "G": generator("decoder", 4.85, 1.1),
        "p": sample("p(x|z)", 5.95, 1.1),
        "L_k": loss("KL(q ‖ p(z))", 2.25, 0, "price of the code"),
        "L_r": loss("−log p(x|z)", 5.95, 2.2, "reconstruction"),
    },
    ("x E", "E q", "q z", "eps z", "z G", "G p", "p L_r", "q L_k"),
    {"L_k": Gradient(("L_k q E",), ("E",)), "L_r": Gradient(("L_r p G z q E",), ("G", "E"))},
)

_CONDITIONAL = Game(
    "the conditional GAN",
    {
        "z": latent("z", 0, 1.2),
        "G": generator("G", 1.05, 1.2),
        "fake": sample("G(z, y)", 2.1, 1.2),
        "x": data("x", 2.1, 0, "real, of class y"),
        "y": latent("y", 1.6, 2.2, "the label"),
        "D": discriminator("D", 3.3, 0.6),
        "L_D": loss("L_D", 4.9, 0, "−log D(x, y) − log(1 − D(G(z, y), y))"),
        "L_G": loss("L_G", 4.9, 1.2, "−log D(G(z, y), y)"),
    },
    (*ARROWS, "y G", "y D"),
    {"L_D": D, "L_G": G},
)

_PACKED = Game(
    "PacGAN, packs of two",
    {
        "z": latent("z₁, z₂", 0, 1.3, "independent"),
        "G": generator("G", 1.05, 1.3, "one by one"),
        "fake": sample("G(z₁), G(z₂)", 2.3, 1.3, "one pack"),
        "x": data("x₁, x₂", 2.3, 0, "one pack, real"),
        "D": discriminator("D", 3.5, 0.65, "twice as wide an input"),
        "L_D": loss("L_D", 5.2, 0, "−log D(x₁, x₂) − log(1 − D(G(z₁), G(z₂)))"),
        "L_G": loss("L_G", 5.2, 1.3, "log(1 − D(G(z₁), G(z₂)))"),
    },
    ARROWS,
    {"L_D": D, "L_G": G},
)

_WGAN_GP = Game(
    "WGAN-GP",
    {
        "z": latent("z", 0, 2),
        "G": generator("G", 1.05, 2),
        "fake": sample("G(z)", 2.1, 2),
        "between": sample("x̂", 2.1, 1, "on the line"),
        "x": data("x", 2.1, 0, "real"),
        "D": discriminator("f", 3.2, 1, "critic"),
        "L_D": loss("L_f", 4.9, 0.4, "f(G(z)) − f(x) + λ(‖∇f(x̂)‖ − 1)^2"),
        "L_G": loss("L_G", 4.9, 1.6, "−f(G(z))"),
    },
    (*ARROWS, "x between", "fake between", "between D"),
    {"L_D": Gradient(("L_D D",), ("D",), ("D fake", "D between")), "L_G": G},
)

_BEGAN = Game(
    "BEGAN",
    {
        "z": latent("z", 0, 1.4),
        "G": generator("G", 1.05, 1.4),
        "fake": sample("G(z)", 2.1, 1.4),
        "x": data("x", 2.1, 0.2, "real"),
        "D": discriminator("D", 3.2, 1.0, "an autoencoder"),
        "L_D": loss("L_D", 4.9, 0.2, "|x − D(x)| − k |G(z) − D(G(z))|"),
        "L_G": loss("L_G", 4.9, 1.4, "|G(z) − D(G(z))|"),
        "k": latent("k", 3.2, -0.2, "the thermostat"),
    },
    (*ARROWS, "k L_D"),
    {"L_D": D, "L_G": G},
)

_ACGAN = Game(
    "AC-GAN",
    {
        "c": latent("c", 0, 0.6, "the class"),
        "z": latent("z", 0, 1.8),
        "G": generator("G", 1.05, 1.2),
        "fake": sample("G(z, c)", 2.1, 1.2),
        "x": data("x", 2.1, 0, "real, of class c"),
        "D": discriminator("D", 3.3, 0.6, "real? class?"),
        "L_D": loss("L_D = −L_S − L_C", 4.85, 0, "L_S: log-likelihood of the source"),
        "L_G": loss("L_G = L_S − L_C", 4.85, 1.2, "L_C: that of the class, for both players"),
    },
    (*ARROWS, "c G"),
    {"L_D": D, "L_G": G},
)

_INFOGAN = Game(
    "InfoGAN",
    {
        "z": latent("z", 0, 0.5, "noise"),
        "c": latent("c", 0, 2.3, "a code"),
        "G": generator("G", 1.05, 1.2),
        "fake": sample("G(z, c)", 2.1, 1.2),
        "x": data("x", 2.1, 0, "real"),
        "D": discriminator("D", 3.2, 0.4),
        "Q": discriminator("Q", 3.2, 1.5, "shares D's body"),
        "L_D": loss("L_D", 4.8, 0, "−log D(x) − log(1 − D(G(z, c)))"),
        "L_G": loss("L_G", 4.8, 0.9, "−log D(G(z, c))"),
        "L_I": loss("L_I", 4.8, 2.3, "−λ log Q(c | G(z, c))"),
    },
    (*ARROWS, "c G", "fake Q", "Q L_I", "c L_I"),
    {"L_D": D, "L_G": G, "L_I": Gradient(("L_I Q fake G",), ("G", "Q"))},
)

_BIGAN = Game(
    "BiGAN",
    {
        "x": data("x", 0, 0, "real"),
        "E": generator("E", 0.95, 0, "encoder"),
        "coded": sample("(x, E(x))", 2.1, 0),
        "z": latent("z", 0, 1.4),
        "G": generator("G", 0.95, 1.4),
        "made": sample("(G(z), z)", 2.1, 1.4),
        "D": discriminator("D", 3.3, 0.7, "judges pairs"),
        "L_D": loss("L_D", 5.0, 0, "−log D(x, E(x)) − log(1 − D(G(z), z))"),
        "L_G": loss("L_{GE}", 5.0, 1.4, "−log D(G(z), z) − log(1 − D(x, E(x)))"),
    },
    ("x E", "E coded", "z G", "G made", "coded D", "made D", "D L_D", "D L_G"),
    {
        "L_D": Gradient(("L_D D",), ("D",), ("D coded", "D made")),
        "L_G": Gradient(("L_G D made G", "L_G D coded E"), ("G", "E")),
    },
)

_DIRAC = Game(
    "the Dirac-GAN with R_1",
    {
        "G": generator("θ", 0, 1.2, "a point"),
        "fake": sample("θ", 1.15, 1.2, "the fake"),
        "x": data("0", 1.15, 0, "the real"),
        "D": discriminator("ψ", 2.3, 0.6, "l(x) = ψ x"),
        "L_D": loss("L_D", 4.0, 0, "log 2 + log(1 + e^{ψθ}) + γ/2 ψ^2"),
        "L_G": loss("L_G", 4.0, 1.2, "−log(1 + e^{ψθ})"),
    },
    ("G fake", "x D", "fake D", "D L_D", "D L_G"),
    {"L_D": D, "L_G": G},
)

_PROJECTION = Game(
    "the projection discriminator",
    {
        "z": latent("z", 0, 1.2),
        "G": generator("G", 1.05, 1.2),
        "fake": sample("G(z, y)", 2.1, 1.2),
        "x": data("x", 2.1, 0, "real, of class y"),
        "y": latent("y", 1.05, 2.3, "the label"),
        "h": discriminator("h", 3.2, 0.6, "features"),
        "e": discriminator("e", 3.2, 2.3, "a vector a label"),
        "l": sample("l", 4.55, 1.2, "⟨e_y, h⟩ + ψ(h)"),
        "L_D": loss("L_D", 6.2, 0.4, "softplus(−l) + softplus(l of fakes)"),
        "L_G": loss("L_G", 6.2, 2.0, "softplus(−l of fakes)"),
    },
    ("z G", "y G", "G fake", "x h", "fake h", "y e", "h l", "e l", "l L_D", "l L_G"),
    {"L_D": Gradient(("L_D l h", "L_D l e"), ("h", "e"), ("h fake",)), "L_G": Gradient(("L_G l h fake G",), ("G",))},
)

GAMES: dict[str, Game] = {
    "gan": _plain("the GAN"),
    "dcgan": _plain("DCGAN", "100 numbers", "4 → 8 → … → 64 px", "64 → … → 4 px"),
    "vae": _VAE,
    "dirac": _DIRAC,
    "packed": _PACKED,
    "conditional": _CONDITIONAL,
    "acgan": _ACGAN,
    "projection": _PROJECTION,
    "infogan": _INFOGAN,
    "bigan": _BIGAN,
    "wgan_gp": _WGAN_GP,
    "began": _BEGAN,
    **LATER,
}

"""The course's games as descriptions for :func:`gancourse.viz.players`, by name: ``viz.players(viz.GAMES["wgan_gp"])``."""

from __future__ import annotations

from gancourse.viz.diagram import Box, Game, Gradient


def latent(text: str, column: float, row: float, under: str = "") -> Box:
    """What is drawn at random, or asked for."""
    return Box("latent", text, column, row, under=under)


def data(text: str, column: float, row: float, under: str = "") -> Box:
    """Real samples."""
    return Box("data", text, column, row, under=under)


def sample(text: str, column: float, row: float, under: str = "") -> Box:
    """What a network made."""
    return Box("sample", text, column, row, under=under)


def generator(text: str, column: float, row: float, under: str = "") -> Box:
    """A network of the generating player."""
    return Box("network", text, column, row, "generator", under)


def discriminator(text: str, column: float, row: float, under: str = "") -> Box:
    """A network of the judging player."""
    return Box("network", text, column, row, "discriminator", under)


def loss(text: str, column: float, row: float, under: str = "") -> Box:
    """A loss, with its formula below it."""
    return Box("loss", text, column, row, under=under)


_D = Gradient(ways=("L_D D",), moves=("D",), stops=("D fake",))
_G = Gradient(ways=("L_G D fake G",), moves=("G",))
_ARROWS = ("z G", "G fake", "x D", "fake D", "D L_D", "D L_G")


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
        _ARROWS,
        {"L_D": _D, "L_G": _G},
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
    (*_ARROWS, "y G", "y D"),
    {"L_D": _D, "L_G": _G},
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
    (*_ARROWS, "x between", "fake between", "between D"),
    {"L_D": Gradient(("L_D D",), ("D",), ("D fake", "D between")), "L_G": _G},
)

_BEGAN = Game(
    "BEGAN",
    {
        "z": latent("z", 0, 1.5),
        "G": generator("G", 1.05, 1.5),
        "fake": sample("G(z)", 2.1, 1.5),
        "x": data("x", 2.1, 0.1, "real"),
        "D": discriminator("D", 3.2, 0.8, "an autoencoder"),
        "L_D": loss("L_D", 4.9, 0.1, "|x − D(x)| − k |G(z) − D(G(z))|"),
        "L_G": loss("L_G", 4.9, 1.5, "|G(z) − D(G(z))|"),
        "k": latent("k", 3.2, -0.35, "the thermostat"),
    },
    (*_ARROWS, "k L_D"),
    {"L_D": _D, "L_G": _G},
)

_PIX2PIX = Game(
    "pix2pix",
    {
        "a": data("a", 0, 1.2, "a drawing"),
        "G": generator("G", 1.1, 1.2),
        "fake": sample("G(a)", 2.2, 1.2),
        "x": data("b", 2.2, 0, "its target"),
        "again": data("a", 2.2, 2.2, "the same a"),
        "D": discriminator("D", 3.35, 0.9, "judges pairs"),
        "L_1": loss("L_1", 0.75, 0, "100 · |b − G(a)|"),
        "L_D": loss("L_D", 5.0, 0.3, "−log D(a, b) − log(1 − D(a, G(a)))"),
        "L_G": loss("L_G", 5.0, 1.5, "−log D(a, G(a))"),
    },
    ("a G", "G fake", "x D", "fake D", "again D", "D L_D", "D L_G", "x L_1", "fake L_1"),
    {"L_D": _D, "L_G": _G, "L_1": Gradient(("L_1 fake G",), ("G",))},
)

_CYCLEGAN = Game(
    "one half of CycleGAN (the other: a and b exchanged)",
    {
        "a": data("a", 0, 1.2),
        "ab": generator("G_{ab}", 0.95, 1.2),
        "fake": sample("G_{ab}(a)", 2.0, 1.2),
        "ba": generator("G_{ba}", 3.1, 1.2),
        "back": sample("G_{ba}(G_{ab}(a))", 4.6, 1.2),
        "b": data("b", 2.0, 0, "unpaired"),
        "D": discriminator("D_b", 3.1, 0.1),
        "L_D": loss("L_D", 4.9, -0.45, "(D_b(b) − 1)^2 + D_b(G_{ab}(a))^2"),
        "L_G": loss("L_G", 4.9, 0.4, "(D_b(G_{ab}(a)) − 1)^2"),
        "L_c": loss("L_{cycle}", 2.0, 2.25, "10 · |G_{ba}(G_{ab}(a)) − a|"),
    },
    ("a ab", "ab fake", "fake ba", "ba back", "b D", "fake D", "D L_D", "D L_G", "back L_c", "a L_c"),
    {
        "L_D": Gradient(("L_D D",), ("D",), ("D fake",)),
        "L_G": Gradient(("L_G D fake ab",), ("ab",)),
        "L_c": Gradient(("L_c back ba fake ab",), ("ab", "ba")),
    },
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
    (*_ARROWS, "c G"),
    {"L_D": _D, "L_G": _G},
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
    (*_ARROWS, "c G", "fake Q", "Q L_I", "c L_I"),
    {"L_D": _D, "L_G": _G, "L_I": Gradient(("L_I Q fake G",), ("G", "Q"))},
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

_STYLEGAN2 = Game(
    "StyleGAN2",
    {
        "z": latent("z", 0, 1.2),
        "f": generator("f", 0.85, 1.2, "mapping"),
        "w": sample("w", 1.75, 1.2, "styles"),
        "g": generator("g", 2.7, 1.2, "synthesis"),
        "noise": latent("noise", 2.7, 2.15),
        "fake": sample("g(w)", 3.65, 1.2),
        "x": data("x", 3.65, 0, "real"),
        "D": discriminator("D", 4.6, 0.6),
        "L_D": loss("L_D", 6.15, 0, "softplus(−l(x)) + softplus(l(g(w))) + R_1"),
        "L_G": loss("L_G", 6.15, 1.2, "softplus(−l(g(w))) + path length"),
    },
    ("z f", "f w", "w g", "noise g", "g fake", "x D", "fake D", "D L_D", "D L_G"),
    {"L_D": _D, "L_G": Gradient(("L_G D fake g w f",), ("g", "f"))},
)

_INPAINTING = Game(
    "the context encoder",
    {
        "hole": data("(1 − M) x", 0, 1.2, "with a hole"),
        "G": generator("F", 1.1, 1.2),
        "fake": sample("filled", 2.2, 1.2),
        "x": data("x", 2.2, 0, "whole"),
        "D": discriminator("D", 3.3, 0.6),
        "L_r": loss("L_{rec}", 0.65, 0, "0.999 · |M(x − F)|^2 / |M|"),
        "L_D": loss("L_D", 4.85, 0, "−log D(x) − log(1 − D(filled))"),
        "L_G": loss("L_{adv}", 4.85, 1.2, "0.001 · −log D(filled)"),
    },
    ("hole G", "G fake", "x D", "fake D", "D L_D", "D L_G", "x L_r", "fake L_r"),
    {"L_D": _D, "L_G": _G, "L_r": Gradient(("L_r fake G",), ("G",))},
)

_TEXT = Game(
    "GAN-CLS",
    {
        "z": latent("z", 0, 0.9),
        "e": latent("e = φ(t)", 1.6, 2.1, "the sentence"),
        "G": generator("G", 1.05, 0.9),
        "fake": sample("G(z, e)", 2.1, 0.9),
        "x": data("x, e'", 2.1, -0.2, "real; e' of another"),
        "D": discriminator("D", 3.4, 0.8),
        "L_D": loss("L_D", 5.1, 0.1, "−log D(x, e) − ½ log(1 − D(G, e)) − ½ log(1 − D(x, e'))"),
        "L_G": loss("L_G", 5.1, 1.5, "−log D(G(z, e), e)"),
    },
    (*_ARROWS, "e G", "e D"),
    {"L_D": _D, "L_G": _G},
)

_VIDEO = Game(
    "two streams of video",
    {
        "z": latent("z", 0, 1.2),
        "moving": generator("F", 1.15, 0.3, "3-D: moves"),
        "still": generator("B", 1.15, 2.1, "2-D: stands still"),
        "mask": sample("m, f", 2.4, 0.3, "mask, foreground"),
        "behind": sample("b", 2.4, 2.1, "one picture"),
        "fake": sample("m f + (1 − m) b", 4.0, 1.2),
        "x": data("x", 4.0, 0, "a real clip"),
        "D": discriminator("D", 5.3, 0.6, "3-D"),
        "L_D": loss("L_D", 6.7, 0, "−log D(x) − log(1 − D(G(z)))"),
        "L_G": loss("L_G", 6.7, 1.2, "−log D(G(z))"),
        "L_m": loss("L_m", 2.4, -0.7, "0.1 · mean of m"),
    },
    (
        "z moving",
        "z still",
        "moving mask",
        "still behind",
        "mask fake",
        "behind fake",
        "x D",
        "fake D",
        "D L_D",
        "D L_G",
        "mask L_m",
    ),
    {
        "L_D": _D,
        "L_G": Gradient(("L_G D fake mask moving", "L_G D fake behind still"), ("moving", "still")),
        "L_m": Gradient(("L_m mask moving",), ("moving",)),
    },
)

_REVERSAL = Game(
    "gradient reversal",
    {
        "x": data("x", 0, 0.9, "both domains"),
        "F": generator("F", 1.05, 0.9, "features"),
        "h": sample("F(x)", 2.1, 0.9),
        "C": generator("C", 3.3, 0, "classifier"),
        "R": sample("R", 3.0, 1.9, "back: −λ"),
        "A": discriminator("A", 4.0, 1.9, "adversary"),
        "L_y": loss("L_y", 4.9, 0, "−log C(y | F(x)), source"),
        "L_d": loss("L_d", 5.55, 1.9, "−log A(d | R(F(x)))"),
    },
    ("x F", "F h", "h C", "C L_y", "h R", "R A", "A L_d"),
    {"L_y": Gradient(("L_y C h F",), ("C", "F")), "L_d": Gradient(("L_d A R h F",), ("A", "F"))},
)

GAMES: dict[str, Game] = {
    "gan": _plain("the GAN"),
    "dcgan": _plain("DCGAN", "100 numbers", "4 → 8 → … → 64 px", "64 → … → 4 px"),
    "conditional": _CONDITIONAL,
    "acgan": _ACGAN,
    "infogan": _INFOGAN,
    "bigan": _BIGAN,
    "wgan_gp": _WGAN_GP,
    "began": _BEGAN,
    "stylegan2": _STYLEGAN2,
    "pix2pix": _PIX2PIX,
    "cyclegan": _CYCLEGAN,
    "inpainting": _INPAINTING,
    "text": _TEXT,
    "video": _VIDEO,
    "reversal": _REVERSAL,
}

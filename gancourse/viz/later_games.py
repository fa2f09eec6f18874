"""The games of lectures 13 to 23: growing and styling, pairs and pictures, sentences, clips, adversaries elsewhere."""

from __future__ import annotations

from gancourse.viz.diagram import Box, Game, Gradient
from gancourse.viz.parts import ARROWS, D, G, data, discriminator, generator, latent, loss, sample

_GROWING = Game(
    "a block that fades in",
    {
        "z": latent("z", 0, 1.2),
        "old": generator("G_{l−1}", 1.05, 1.2, "the old levels"),
        "up": sample("up", 2.3, 0.6, "enlarged"),
        "new": generator("B_l, R_l", 2.3, 2.1, "the new block"),
        "fake": sample("G_{l,α}(z)", 3.7, 1.2, "(1 − α) old + α new"),
        "x": data("x_α", 3.7, -0.1, "faded, too"),
        "D": discriminator("D_{l,α}", 5.05, 0.6, "fades, too"),
        "L_D": loss("L_D", 6.6, -0.1, "softplus(l(G) − l(x_α))"),
        "L_G": loss("L_G", 6.6, 1.2, "softplus(l(x_α) − l(G))"),
    },
    ("z old", "old up", "old new", "up fake", "new fake", "x D", "fake D", "D L_D", "D L_G"),
    {"L_D": D, "L_G": Gradient(("L_G D fake up old", "L_G D fake new old"), ("old", "new"))},
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
    {"L_D": D, "L_G": Gradient(("L_G D fake g w f",), ("g", "f"))},
)

_BIGGAN = Game(
    "BigGAN",
    {
        "z": latent("z", 0.2, 0.7, "in pieces"),
        "y": latent("y", 0.9, 2.45, "the class"),
        "c": generator("c(y)", 0.9, 1.65, "one vector a class"),
        "G": generator("G", 2.2, 0.9, "piece, c: gains, biases"),
        "fake": sample("G(z, y)", 3.55, 0.9),
        "x": data("x", 3.55, -0.2, "real, of class y"),
        "D": discriminator("D", 4.7, 0.8, "by projection"),
        "L_D": loss("L_D", 6.35, 0, "max(0, 1 − l(x, y)) + max(0, 1 + l(G, y))"),
        "L_G": loss("L_G", 6.35, 1.5, "−l(G, y) + R_β(G)"),
    },
    ("z G", "y c", "c G", "G fake", "x D", "fake D", "y D", "D L_D", "D L_G"),
    {"L_D": D, "L_G": Gradient(("L_G D fake G c",), ("G", "c"))},
)

_AUGMENTED = Game(
    "one change T on both sides",
    {
        "z": latent("z", 0, 1.3),
        "G": generator("G", 1.0, 1.3),
        "fake": sample("G(z)", 2.0, 1.3),
        "x": data("x", 2.0, 0, "one of few"),
        "T(fake)": sample("T(G(z))", 3.2, 1.3, "changed"),
        "T(x)": data("T(x)", 3.2, 0, "changed, too"),
        "D": discriminator("D", 4.4, 0.65, "sees no other"),
        "L_D": loss("L_D", 6.1, 0, "−log D(T(x)) − log(1 − D(T(G(z))))"),
        "L_G": loss("L_G", 6.1, 1.3, "−log D(T(G(z)))"),
    },
    ("z G", "G fake", "fake T(fake)", "x T(x)", "T(x) D", "T(fake) D", "D L_D", "D L_G"),
    {
        "L_D": Gradient(("L_D D",), ("D",), ("D T(fake)",)),
        "L_G": Gradient(("L_G D T(fake) fake G",), ("G",)),
    },
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
    {"L_D": D, "L_G": G, "L_1": Gradient(("L_1 fake G",), ("G",))},
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

_INPAINTING = Game(
    "the context encoder",
    {
        "hole": data("(1 − M) x", 0, 1.2, "with a hole"),
        "G": generator("F", 1.1, 1.2),
        "fake": sample("filled", 2.2, 1.2),
        "x": data("x", 2.2, 0, "whole"),
        "D": discriminator("D", 3.3, 0.6, "sees the middle"),
        "L_r": loss("L_{rec}", 0.65, 0, "0.999 · |M(x − F)|^2 / |M|"),
        "L_D": loss("L_D", 4.85, 0, "−log D(x) − log(1 − D(filled))"),
        "L_G": loss("L_{adv}", 4.85, 1.2, "0.001 · −log D(filled)"),
    },
    ("hole G", "G fake", "x D", "fake D", "D L_D", "D L_G", "x L_r", "fake L_r"),
    {"L_D": D, "L_G": G, "L_r": Gradient(("L_r fake G",), ("G",))},
)

_TEXT = Game(
    "GAN-CLS",
    {
        "z": latent("z", 0, 0.9),
        "e": latent("e = φ(t)", 1.6, 2.1, "the sentence"),
        "G": generator("G", 1.05, 0.9),
        "fake": sample("G(z, e)", 2.1, 0.9),
        "x": data("x", 2.1, -0.2, "real, with its e"),
        "x'": data("x, e'", 3.4, -0.4, "real, e' of another"),
        "D": discriminator("D", 3.4, 0.8),
        "L_D": loss("L_D", 5.75, 0.15, "−log D(x, e) − ½ log(1 − D(G, e)) − ½ log(1 − D(x, e'))"),
        "L_G": loss("L_G", 5.75, 1.5, "−log D(G(z, e), e)"),
    },
    (*ARROWS, "x' D", "e G", "e D"),
    {"L_D": D, "L_G": G},
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
        "L_D": D,
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

_EBGAN = Game(
    "EBGAN",
    {
        "z": latent("z", 0, 1.95),
        "G": generator("G", 1.05, 1.95),
        "fake": sample("G(z)", 2.1, 1.95),
        "x": data("x", 2.1, -0.4, "real"),
        "D": discriminator("D", 3.2, 0.65, "an autoencoder"),
        "E": sample("E", 4.5, 0.65, "‖x − D(x)‖"),
        "L_D": loss("L_D", 5.9, 0, "E(x) + max(0, m − E(G(z)))"),
        "L_G": loss("L_G", 5.9, 1.3, "E(G(z))"),
    },
    ("z G", "G fake", "x D", "fake D", "D E", "x E", "fake E", "E L_D", "E L_G"),
    {"L_D": Gradient(("L_D E D",), ("D",), ("D fake", "E fake")), "L_G": Gradient(("L_G E D fake G", "L_G E fake G"), ("G",))},
)

_SRGAN = Game(
    "SRGAN",
    {
        "small": data("small x", 0, 1.2, "a quarter as wide"),
        "G": generator("G", 1.25, 1.2, "residual blocks"),
        "fake": sample("G(small x)", 2.5, 1.2, "four times larger"),
        "x": data("x", 2.5, 0, "large"),
        "D": discriminator("D", 3.75, 0.6),
        "L_c": loss("L_{content}", 0.75, 0, "|x − G(small x)|^2, of pixels or features"),
        "L_D": loss("L_D", 5.4, 0, "−log D(x) − log(1 − D(G(small x)))"),
        "L_G": loss("L_{adv}", 5.4, 1.2, "0.001 · −log D(G(small x))"),
    },
    ("small G", "G fake", "x D", "fake D", "D L_D", "D L_G", "x L_c", "fake L_c"),
    {"L_D": D, "L_G": G, "L_c": Gradient(("L_c fake G",), ("G",))},
)

_COGAN = Game(
    "CoGAN",
    {
        "z": latent("z", 0, 1.1, "one for both"),
        "tied": generator("G, first layers", 1.2, 1.1, "tied"),
        "G_a": generator("G_a", 2.5, 0.4, "last layers"),
        "G_b": generator("G_b", 2.5, 1.8, "last layers"),
        "fake_a": sample("G_a(z)", 3.6, 0.4),
        "fake_b": sample("G_b(z)", 3.6, 1.8),
        "a": data("a", 3.6, -0.35, "real, of one kind"),
        "b": data("b", 3.6, 2.55, "of the other, no pair"),
        "D": discriminator("D_a, D_b", 4.9, 1.1, "last layers tied"),
        "L_D": loss("L_D", 6.4, 0.5, "the GAN's, summed over both"),
        "L_G": loss("L_G", 6.4, 1.8, "the GAN's, summed over both"),
    },
    (
        "z tied",
        "tied G_a",
        "tied G_b",
        "G_a fake_a",
        "G_b fake_b",
        "a D",
        "b D",
        "fake_a D",
        "fake_b D",
        "D L_D",
        "D L_G",
    ),
    {
        "L_D": Gradient(("L_D D",), ("D",), ("D fake_a", "D fake_b")),
        "L_G": Gradient(("L_G D fake_a G_a tied", "L_G D fake_b G_b tied"), ("G_a", "G_b", "tied")),
    },
)

_SEMI_SUPERVISED = Game(
    "the semi-supervised GAN",
    {
        "z": latent("z", 0, 1.5),
        "G": generator("G", 1.05, 1.5),
        "fake": sample("G(z)", 2.1, 1.5),
        "x": data("x", 2.1, 0.5, "real, most unlabelled"),
        "y": latent("y", 4.2, -0.3, "labels of a few"),
        "D": discriminator("D", 3.5, 1, "K classes + generated"),
        "L_y": loss("L_y", 5.9, -0.3, "−log P(y | x, real)"),
        "L_D": loss("L_u", 5.9, 0.75, "−log P(real | x) − log P(fake | G(z))"),
        "L_G": loss("L_G", 5.9, 1.8, "‖mean h(x) − mean h(G(z))‖^2, h: D's features"),
    },
    (*ARROWS, "D L_y", "y L_y"),
    {"L_D": D, "L_y": Gradient(("L_y D",), ("D",)), "L_G": G},
)

_ADDA = Game(
    "ADDA",
    {
        "s": data("x_s", 0, 0.2, "source, labelled"),
        "t": data("x_t", 0, 1.6, "target"),
        "F": Box("frozen", "F", 1.2, 0.2, under="learnt before"),
        "T": generator("T", 1.2, 1.6, "starts as F"),
        "h_s": sample("F(x_s)", 2.4, 0.2),
        "h_t": sample("T(x_t)", 2.4, 1.6),
        "D": discriminator("D", 3.6, 0.9, "which domain?"),
        "L_D": loss("L_D", 5.2, 0.3, "−log D(F(x_s)) − log(1 − D(T(x_t)))"),
        "L_T": loss("L_T", 5.2, 1.6, "−log D(T(x_t))"),
    },
    ("s F", "t T", "F h_s", "T h_t", "h_s D", "h_t D", "D L_D", "D L_T"),
    {"L_D": Gradient(("L_D D",), ("D",), ("D h_s", "D h_t")), "L_T": Gradient(("L_T D h_t T",), ("T",))},
)

_VAAL = Game(
    "VAAL",
    {
        "x_L": data("x_L", 0, 0.3, "labelled"),
        "x_U": data("x_U", 0, 1.5, "the pool"),
        "E": generator("encoder", 1.2, 0.9),
        "m": sample("m(x)", 2.4, 0.9, "mean of the code"),
        "G": generator("decoder", 3.0, 2.0),
        "D": discriminator("D", 3.6, 0.9, "labelled?"),
        "L_r": loss("L_{rec}", 4.6, 2.3, "|x − G(z)|^2 + β KL"),
        "L_D": loss("L_D", 5.2, 0.1, "−log D(m(x_L)) − log(1 − D(m(x_U)))"),
        "L_h": loss("L_{hide}", 5.2, 1.2, "−log D(m(x)), of both"),
    },
    ("x_L E", "x_U E", "E m", "m D", "m G", "G L_r", "D L_D", "D L_h"),
    {
        "L_D": Gradient(("L_D D",), ("D",), ("D m",)),
        "L_h": Gradient(("L_h D m E",), ("E",)),
        "L_r": Gradient(("L_r G m E",), ("G", "E")),
    },
)

LATER: dict[str, Game] = {
    "growing": _GROWING,
    "stylegan2": _STYLEGAN2,
    "biggan": _BIGGAN,
    "augmented": _AUGMENTED,
    "pix2pix": _PIX2PIX,
    "cyclegan": _CYCLEGAN,
    "inpainting": _INPAINTING,
    "text": _TEXT,
    "video": _VIDEO,
    "reversal": _REVERSAL,
    "ebgan": _EBGAN,
    "srgan": _SRGAN,
    "cogan": _COGAN,
    "semi_supervised": _SEMI_SUPERVISED,
    "adda": _ADDA,
    "vaal": _VAAL,
}

"""The settings that a training on your own pictures starts from: one table, by family, size, number of pictures and machine.

Where they come from: on a processor from the recipes that the course's own networks were trained by (their modules say what was
tried), on a GPU from the papers.  What no recipe says is derived by three rules:

- The weight of R1 is in proportion to the side.  ||grad D||^2 sums over the pixels, so one weight for all sizes would be too
  strong for the small ones or too weak for the large ones.
- Augmentation goes by the number of pictures.  Below ``FEW`` a discriminator has learnt its pictures by heart within minutes, and
  DiffAugment changes every picture from the first step on; it was made for sets down to a hundred (Zhao et al. 2020).  From there
  to ``SOME``, the few thousands to some ten thousands that ADA was made for, its probability starts at 0 and rises as far as it
  has to (Karras et al. 2020a).  Beyond, nothing is augmented.
- Every generator is averaged.  The decay is 0.999, of small trainings on a processor 0.995 to 0.998: the average should forget
  the first tenth of a short training.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from gancourse.base import check

FEW, SOME = 2_000, 50_000  # pictures
AUGMENTS = ("auto", "none", "diffaugment", "ada")
MACHINES = ("cpu", "gpu")
ADA_POLICY = "flip,translation,colour"
ADA_IMAGES = 500_000  # real images in which ADA's probability may go from 0 to 1


@dataclass(frozen=True)
class Plan:
    """All settings of a training as plain data.

    generator, discriminator   arguments of the networks
    game                       arguments of the game: weights of its terms
    settings                   arguments of :func:`gancourse.training.fit`
    augment                    "none", "diffaugment" or "ada"
    reasons                    what the settings were chosen by, for the page and the card
    """

    family: str
    size: int
    batch_size: int
    generator: dict[str, Any]
    discriminator: dict[str, Any]
    objective: str
    game: dict[str, Any] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    augment: str = "none"
    reasons: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Plain data, as JSON keeps it."""
        return asdict(self) | {"reasons": list(self.reasons)}

    @staticmethod
    def from_dict(kept: dict[str, Any]) -> Plan:
        """The plan that ``as_dict`` gave, back from a file."""
        return Plan(**{**kept, "reasons": tuple(kept["reasons"])})


def _widths(size: int, row: tuple[int, ...]) -> list[int]:
    """Channels at 4, 8, ... ``size`` px: those of ``row``, its last for what lies beyond."""
    sides = check.power_of_two("size", size, 8, 1024).bit_length() - 2
    return [row[min(i, len(row) - 1)] for i in range(sides)]


def _dcgan(size: int, machine: str, classes: int) -> Plan:
    check.offered_size(size, (16, 32, 64, 128), "DCGAN")
    width = {"cpu": 32 if size <= 32 else 16, "gpu": 64}[machine]  # on a processor those of the recipes at 32 and 64 px
    return Plan(
        family="dcgan",
        size=size,
        batch_size=64,
        generator={"size": size, "latent_dim": 100, "width": width},
        discriminator={"size": size, "width": width},
        objective="non_saturating",
        settings={"lr": 2e-4, "betas": [0.5, 0.999], "ema": 0.999},  # the paper's, and an average
    )


def _stylegan2(size: int, machine: str, classes: int) -> Plan:
    check.power_of_two("size", size, 8, 1024)
    if machine == "cpu":  # stylegan2_faces32: the mapping of a short training learns a twentieth as fast, not a hundredth
        style = {"latent_dim": 64, "w_dim": 64, "mapping_layers": 2, "mapping_lr_mult": 0.05}
        return Plan(
            family="stylegan2",
            size=size,
            batch_size=32,
            generator={"size": size, **style, "channel_base": 20 * size, "channel_max": 96},
            discriminator={"size": size, "channel_base": 24 * size, "channel_max": 96},
            objective="relativistic",
            game={"r1_gamma": 4.0 * size / 32, "r1_every": 8, "mixing": 0.3},
            settings={"lr": [3e-3, 6e-3], "betas": [0.0, 0.99], "ema": 0.998},
        )
    batch_size = 32 if size <= 256 else 16
    return Plan(
        family="stylegan2",
        size=size,
        batch_size=batch_size,
        generator={"size": size, "latent_dim": 512, "w_dim": 512, "mapping_layers": 8, "channel_base": 16384},
        discriminator={"size": size, "channel_base": 16384},
        objective="non_saturating",
        game={"r1_gamma": 0.0002 * size**2 / batch_size, "r1_every": 16, "mixing": 0.9},  # the start that ADA's authors take
        settings={"lr": 2.5e-3, "betas": [0.0, 0.99], "ema": 0.999},
    )


def _r3gan(size: int, machine: str, classes: int) -> Plan:
    widths = _widths(size, {"cpu": (96, 96, 48, 24, 16), "gpu": (256, 256, 256, 128, 64, 32)}[machine])  # r3gan_anime32's
    networks = {"widths": widths, "groups": [width // 8 for width in widths], "blocks": 1 if machine == "cpu" else 2}
    return Plan(
        family="r3gan",
        size=size,
        batch_size=32 if machine == "cpu" else 64,
        generator=dict(networks),
        discriminator=dict(networks),
        objective="relativistic",
        game={"gamma": 5.0 * size / 32, "every": 4 if machine == "cpu" else 1},
        settings={"lr": 2e-3 if machine == "cpu" else 2e-4, "betas": [0.0, 0.99], "ema": 0.998 if machine == "cpu" else 0.999},
    )


def _progan(size: int, machine: str, classes: int) -> Plan:
    widths = _widths(size, {"cpu": (64, 64, 48, 32, 16), "gpu": (512, 512, 512, 256, 128, 64, 32, 16)}[machine])  # growing_race's
    fast = machine == "cpu"
    return Plan(
        family="progan",
        size=size,
        batch_size=16,
        generator={"size": size, "latent_dim": 64 if fast else 512, "widths": widths},
        discriminator={"size": size, "widths": widths},
        objective="relativistic",
        game={"r1_gamma": 8.0 * size / 64, "r1_every": 8},
        settings={"lr": [3e-3, 5e-3] if fast else [1e-3, 1e-3], "betas": [0.0, 0.99], "ema": 0.998 if fast else 0.999},
    )


def _biggan(size: int, machine: str, classes: int) -> Plan:
    check.offered_size(size, (32, 64, 128, 256), "BigGAN")
    small = {32: 12, 64: 4, 128: 3, 256: 3}  # from 64 px up the widest map has 16 times as many channels, not 4 times
    width = {"cpu": small[size], "gpu": 64 if size == 32 else 32}[machine]
    pieces = {32: 4, 64: 5, 128: 6, 256: 7}[size]  # one for the 4x4 map, one for each block
    shared = {"shared_dim": 32 if machine == "cpu" else 128, "hierarchical": True, "attention": [16]}
    return Plan(
        family="biggan",
        size=size,
        batch_size=32,
        generator={"size": size, "latent_dim": 20 * pieces, "width": width, "classes": classes, **shared},
        discriminator={"size": size, "width": width, "classes": classes},
        objective="hinge",
        game={"orthogonal": 1e-4},
        settings={
            "lr": [1e-3, 2e-3] if machine == "cpu" else [1e-4, 4e-4],  # biggan_faces32's; SAGAN's two rates (Zhang et al. 2019)
            "betas": [0.0, 0.99],
            "ema": 0.998 if machine == "cpu" else 0.999,
        },
    )


def _pix2pix(size: int, machine: str, classes: int) -> Plan:
    check.power_of_two("size", size, 32, 1024)
    width = {"cpu": 16, "gpu": 64}[machine]
    layers = 1 if size == 32 else 2 if size == 64 else 3  # a logit sees about half of the picture, at most the paper's 70 px
    return Plan(
        family="pix2pix",
        size=size,
        batch_size=8,
        generator={"in_channels": 3, "out_channels": 3, "size": size, "width": width},
        discriminator={"in_channels": 6, "width": width, "layers": layers},
        objective="non_saturating",
        game={"l1": 100.0},
        settings={"lr": 5e-4 if machine == "cpu" else 2e-4, "betas": [0.5, 0.999], "ema": 0.995},
    )


def _cyclegan(size: int, machine: str, classes: int) -> Plan:
    check.power_of_two("size", size, 32, 1024)
    width, blocks = (16, 3) if machine == "cpu" else (64, 6 if size < 256 else 9)
    return Plan(
        family="cyclegan",
        size=size,
        batch_size=4,
        generator={"width": width, "blocks": blocks},
        discriminator={
            "in_channels": 3,
            "width": width,
            "layers": 1 if size == 32 else 2 if size == 64 else 3,
            "norm": "instance",
        },
        objective="least_squares, whole for the generator",  # CycleGAN's own
        game={"cycle": 10.0, "identity": 5.0},  # the authors' code
        settings={"lr": 7e-4 if machine == "cpu" else 2e-4, "betas": [0.5, 0.999], "ema": 0.995},
    )


FAMILIES: dict[str, Callable[[int, str, int], Plan]] = {
    "dcgan": _dcgan,
    "stylegan2": _stylegan2,
    "r3gan": _r3gan,
    "progan": _progan,
    "biggan": _biggan,
    "pix2pix": _pix2pix,
    "cyclegan": _cyclegan,
}
TRANSLATORS = ("pix2pix", "cyclegan")
LABELLED = ("biggan",)
ADAPTING = ("stylegan2", "r3gan")  # families that ADA is taken for where the number of pictures asks for it


def plan(
    family: str,
    size: int,
    pictures: int,
    *,
    machine: str = "cpu",
    classes: int = 0,
    augment: str = "auto",
    batch_size: int | None = None,
) -> Plan:
    """The plan for ``pictures`` of size x size pixels.

    machine     "cpu" or "gpu": how large the networks are
    classes     for biggan: how many there are
    augment     "auto" by the number of pictures, or what is to be done
    batch_size  in place of the table's

    Raises ValueError for a size at which the family does not come, and for augmentation of a translator.
    """
    check.one_of("family", family, FAMILIES)
    check.one_of("machine", machine, MACHINES)
    pictures = check.whole("the number of pictures", pictures, 2)
    found = FAMILIES[family](check.whole("size", size), machine, classes)
    if batch_size is not None:
        found = Plan(**{**vars(found), "batch_size": check.whole("batch_size", batch_size, 2)})
    chosen = augmentation(family, pictures, augment)
    reasons = (f"{'small networks, for a processor' if machine == 'cpu' else 'the papers’ widths, for a GPU'}", chosen[1])
    return Plan(**{**vars(found), "augment": chosen[0], "reasons": reasons})


def augmentation(family: str, pictures: int, asked: str = "auto") -> tuple[str, str]:
    """What is augmented, "none", "diffaugment" or "ada", and the reason in words."""
    check.one_of("augment", asked, AUGMENTS)
    if family in TRANSLATORS:
        if asked not in ("auto", "none"):
            raise ValueError(f"{family} is not augmented, its discriminator would see changed pairs: leave --augment out")
        return "none", "no augmentation: the input of a translator is a picture itself"
    if asked != "auto":
        return asked, f"augmentation: {asked}, as asked for"
    count = f"{pictures:,} pictures"
    if pictures < FEW:
        return "diffaugment", f"{count}, fewer than {FEW:,}: DiffAugment changes every picture that the discriminator sees"
    if pictures < SOME and family in ADAPTING:
        return "ada", f"{count}, fewer than {SOME:,}: ADA augments as far as the discriminator learns them by heart"
    return "none", f"{count}: no augmentation"

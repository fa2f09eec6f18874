r"""Five generators of faces, and lecture 05's questions about the space of latents put to each of them.

The recipe is ``faces32_live`` with a quarter of its steps, a minute of one core, after which its distance to faces is about five
times that of the shipped network ``faces32``, whose recipe takes fifty.  Through one generator an interval speaks of exemplars
and walks; here it speaks of trainings.  What is asked at the end of each, with the attribute classifier as the judge and latents
that had no part in finding a direction (:mod:`gancourse.latent`):

    frechet                     distance to unseen faces, in the judge's features
    between, ..._elsewhere      half-way on a straight walk: share of what both ends agree in; the same half-way on another walk
    half_way, ..._patches       pictures half-way: their distance, their patches' distance, over that of the generator's own draws
    moved, ..._astray, ..._pixels    share of faces on which twice the direction of glasses puts glasses; two controls
    kept, ..._astray            share of the other five attributes that stay under that move
    skin, ..._astray, ..._balanced   share that keeps its skin; the last under the direction that is balanced over skins
    glasses_SKIN                share of the draws of one skin with glasses: half in the drawings, of every skin
    one, three, ten, ..._stretched   hits of a - b + c, all triples, by the number of exemplars: mean of glasses and smile
    sum_NAME, ..._astray, ..._pixels   hits of valid triples with three exemplars; two controls
    chance_NAME                 share of random draws that show what the sum should
    strange, ..._pixels, ..._one_label    sums with glasses: their patches' distance over that of the third terms
    hair, ..._pixels, ..._own   faces moved to long hair: their patches' distance over that before; that of draws with long hair
                                over that of draws with short hair, without any move

A network that does not draw enough faces of a kind has no number there.

Sources: Radford et al. 2016, sections 6.1 and 6.3.2; White 2016.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor

from gancourse import data, experiments, latent, scale, zoo
from gancourse.base.latents import Network, run
from gancourse.data.images import to_float
from gancourse.experiments.dcgan_guidelines import shuffled
from gancourse.experiments.experiment import Experiment, counted
from gancourse.gans.gan import GAN
from gancourse.latent.tables import others_kept
from gancourse.metrics.attributes import attribute_classifier
from gancourse.metrics.frechet import frechet_distance
from gancourse.metrics.patches import patch_distances
from gancourse.training import Run

RECIPE, SHIPPED = "faces32_live", "faces32"
SKINS = ("light", "tan", "brown", "dark")
EXEMPLARS = {"one": 1, "three": 3, "ten": 10}
ADDED = ("glasses", "smile")
OF_WALKS = ("between", "between_elsewhere", "half_way", "half_way_patches")
OF_GLASSES = ("moved", "moved_astray", "moved_pixels", "kept", "kept_astray", "skin", "skin_astray")
OF_SUMS = (*EXEMPLARS, *(f"{n}_stretched" for n in EXEMPLARS))
OF_THREE = tuple(f"sum_{name}{how}" for name in ADDED for how in ("", "_astray", "_pixels"))
OF_CHANCE = tuple(f"chance_{name}" for name in ADDED)
OF_STRANGE = ("strange", "strange_pixels", "strange_one_label")
OF_HAIR = ("hair", "hair_pixels", "hair_own")
SCORES = (
    "frechet",
    *OF_WALKS,
    *OF_GLASSES,
    "skin_balanced",
    *(f"glasses_{skin}" for skin in SKINS),
    *OF_SUMS,
    *OF_THREE,
    *OF_CHANCE,
    *OF_STRANGE,
    *OF_HAIR,
)


def or_nothing(names: Sequence[str], asked: Callable[[], Sequence[float]]) -> dict[str, float]:
    """The answers by name; nan for each where the generator draws too few faces of some kind to be asked."""
    try:
        return dict(zip(names, map(float, asked()), strict=True))
    except ValueError:
        return dict.fromkeys(names, math.nan)


class LatentFaces:
    """Faces, the judge, unseen faces for distances, and known ones whose patches are looked up."""

    def __init__(self, size: Mapping[str, Any], folder: Path) -> None:
        self.size = size
        self.images = shuffled(data.faces(32, size["n"], progress=False).images)
        self.unseen = shuffled(data.faces(32, size["unseen"], "test", progress=False).images)
        self.classifier = attribute_classifier("faces")
        self.judge = cast(latent.Judge, self.classifier)
        self.features = self.classifier.features(self.unseen)
        self.known = to_float(self.images[: size["known"]])

    def game(self, arm: Mapping[str, Any], seed: int) -> tuple[GAN, data.Batches]:
        batches = data.Batches(self.images, self.size["batch_size"], seed=seed, device=scale.device())
        return experiments.build(RECIPE, seed), batches

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        """All scores of a run as it stands; on the way the distance alone."""
        return self.row(
            self.asked(run.generator) if final else {"frechet": self.frechet(run.sample(self.size["samples"], seed=1))}
        )

    @staticmethod
    def row(scores: Mapping[str, float]) -> Tensor:
        """Scores in the order of SCORES, nan for those that were not asked: [len(SCORES)]."""
        return torch.tensor([scores.get(name, math.nan) for name in SCORES])

    def frechet(self, images: Tensor) -> float:
        return frechet_distance(self.classifier.features(images.clamp(-1, 1).cpu()), self.features)

    def strange(self, images: Tensor) -> Tensor:
        """Of each picture the mean distance of its patches from the nearest known ones at their place."""
        return patch_distances(images, self.known).mean((1, 2))

    def asked(self, generator: Network, shift: int = 0) -> dict[str, float]:
        """Everything of one generator; ``shift`` gives each latent the labels of the picture so many places before."""
        labelled = latent.label_latents(generator, self.judge, self.size["labelled"], seed=0)
        drawn = run(generator, labelled.z, chunk=256)
        told = replace(labelled, attributes=labelled.attributes.roll(shift, 0))
        found = {"frechet": self.frechet(drawn[: self.size["unseen"]]), **or_nothing(OF_WALKS, lambda: self.walks(generator))}
        glasses = labelled.has(glasses="yes").double()
        found |= {f"glasses_{skin}": float(glasses[labelled.has(skin=skin)].mean()) for skin in SKINS}  # nan where none has it
        found |= or_nothing(OF_GLASSES, lambda: self.glasses(generator, told, drawn, labelled))
        found |= or_nothing(("skin_balanced",), lambda: self.glasses(generator, told, drawn, labelled, over="skin")[5:6])
        found |= self.sums(generator, told, labelled)
        return found | or_nothing(OF_HAIR, lambda: self.hair(generator, told, drawn, labelled))

    def walks(self, generator: Network) -> list[float]:
        """The scores OF_WALKS."""
        z0, z1 = torch.randn(2, self.size["unseen"], 64, generator=torch.Generator().manual_seed(300))
        first, second, middle = (run(generator, z, chunk=256) for z in (z0, z1, (z0 + z1) / 2))
        agree = [latent.agreement(self.judge, first, second, images) for images in (middle, middle.roll(1, 0))]
        few = 5 * self.size["few"]
        return [
            *agree,
            self.frechet(middle) / self.frechet(first),
            float(self.strange(middle[:few]).mean() / self.strange(first[:few]).mean()),
        ]

    def glasses(
        self,
        generator: Network,
        told: latent.LabelledLatents,
        drawn: Tensor,
        seen: latent.LabelledLatents,
        over: str | None = None,
    ) -> list[float]:
        """The scores OF_GLASSES, by the plain direction or the one balanced over an attribute."""

        def find(known: latent.LabelledLatents) -> Tensor:
            way = ("glasses", "no", "yes")
            return known.direction(*way) if over is None else known.balanced(*way, over)

        parts = latent.moves_of_parts(generator, told, drawn, find, 2.0, seen=seen, glasses="no")
        found = torch.tensor([part.outcomes(self.judge, glasses="yes") for part in parts]).double()  # [part, way, 1 + A]
        names = list(told.attribute_names)
        moved, skin = found[:, :, 0].mean(0), found[:, :2, 1 + names.index("skin")].mean(0)
        return [*moved.tolist(), *others_kept(found.numpy(), names, "glasses")[:, :2].mean(0), *skin.tolist()]

    def sums(self, generator: Network, told: latent.LabelledLatents, seen: latent.LabelledLatents) -> dict[str, float]:
        """The scores OF_SUMS, OF_THREE, OF_CHANCE and OF_STRANGE."""
        equations = {name: latent.equation(name, "hair_length", "short", "long") for name in ADDED}
        found = {f"chance_{name}": float(seen.has(**asked.target).double().mean()) for name, asked in equations.items()}

        @cache
        def added(name: str, exemplars: int) -> latent.SumsOfParts:
            return latent.sums_of_parts(generator, told, equations[name], self.judge, self.size["trials"], exemplars)

        def mean(shares: Sequence[float]) -> float:
            return sum(shares) / len(shares)

        for said, exemplars in EXEMPLARS.items():

            def hits(exemplars: int = exemplars) -> list[float]:
                both = [added(name, exemplars) for name in ADDED]
                return [mean([one.share(how) for one in both]) for how in ("as it is, all", "stretched, all")]

            found |= or_nothing((said, f"{said}_stretched"), hits)
        for name in ADDED:

            def counted_by(name: str = name) -> list[float]:
                return [added(name, 3).share(how) for how in ("as it is", "astray", "in pixels")]

            found |= or_nothing([part for part in OF_THREE if part.startswith(f"sum_{name}")], counted_by)

        def strangeness() -> list[float]:
            ratios = added("glasses", 3).stranger(self.strange, generator, self.size["few"])
            return [mean(ratios[how]) for how in ("as it is", "in pixels", "one label in latents")]

        return found | or_nothing(OF_STRANGE, strangeness)

    def hair(self, generator: Network, told: latent.LabelledLatents, drawn: Tensor, seen: latent.LabelledLatents) -> list[float]:
        """The scores OF_HAIR."""
        few = self.size["few"]
        parts = latent.moves_of_parts(
            generator,
            told,
            drawn,
            lambda known: known.direction("hair_length", "short", "long"),
            2.0,
            limit=few,
            seen=seen,
            hair_length="short",
        )
        ratios = torch.tensor([latent.stranger(self.strange, part.after.values(), part.before) for part in parts]).double()
        own = [self.strange(drawn[seen.has(hair_length=length)][: 5 * few]).mean() for length in ("short", "long")]
        return [float(ratios[:, 0].mean()), float(ratios[:, 2].mean()), float(own[1] / own[0])]

    def pictures(self, run: Run) -> Tensor:
        return run.sample(self.size["shown"], seed=2)

    def judged(self, sample: Tensor) -> dict[str, float]:
        return dict(zip(SCORES, sample.tolist(), strict=True))

    def nulls(self) -> dict[str, Tensor]:
        """The shipped network; the same with the labels of other latents; training faces, and players that were never trained."""
        shipped = zoo.load(SHIPPED).model.to(scale.device())
        raw = self.game({}, 0)[0].generator
        faces = to_float(self.images[-self.size["unseen"] :])
        return {
            "faces32, shipped": self.row(self.asked(shipped)),
            "labels of other latents": self.row(self.asked(shipped, shift=7)),
            "training faces": self.row({"frechet": self.frechet(faces)}),
            "untrained": self.row(self.asked(raw)),
        }

    def facts(self) -> dict[str, float]:
        return counted(to_float(self.images))


EXPERIMENT = Experiment(
    name="latent_faces",
    title="Five generators of 32 px faces, asked about their latents",
    stage=LatentFaces,
    arms={RECIPE: {}},
    seeds=(1, 2, 3, 4, 5),
    full={
        "n": experiments.recipe(RECIPE).n,
        "unseen": 1000,
        "known": 5000,
        "labelled": 3000,
        "trials": 50,
        "few": 30,
        "batch_size": experiments.recipe(RECIPE).batch_size,
        "steps": 1000,
        "measure_every": 250,
        "checkpoint_every": 500,
        "samples": 1000,
        "shown": 8,
        "frames": [0, 250, 500, 1000],
    },
    ci={
        "n": 120,
        "unseen": 100,
        "known": 100,
        "labelled": 500,
        "trials": 4,
        "few": 4,
        "batch_size": 8,
        "steps": 20,
        "measure_every": 10,
        "checkpoint_every": 10,
        "samples": 80,
        "shown": 3,
        "frames": [10, 20],
    },
    fit={**experiments.listed(experiments.recipe(RECIPE).settings), "precision": "bf16"},
    paper="Radford et al. 2016, section 6.3.2; White 2016",
    expected={
        "C11.single": "three less one, each sum as long as it comes: at least 0.05 more hits of all triples (single ones were "
        "unstable, the paper says; the shipped network has about 0.13).  Null: labels of other latents, 0",
        "C11.overlap": "strange_pixels over strange: at least 1.5 (noisy overlap, the paper says; the shipped network has 3.1).  "
        "Null: 1, no difference",
        "C11.order": "ten_stretched > three_stretched > one_stretched in all five (a question's row)",
        "C11.seeds": "moved at least 0.85, moved_pixels 1, sum_NAME_pixels above sum_NAME in all five (questions)",
        "C11.bond": "glasses_dark less glasses_light: differs in sign and size by seed, as chance; skin_balanced less skin is "
        "the larger, the larger the bond (questions)",
        "C11.hair_seeds": "hair within 0.3 of hair_own, and hair_pixels above 2, in all five (a question)",
    },
)

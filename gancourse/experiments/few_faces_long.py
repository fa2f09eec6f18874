"""Six arms of :mod:`gancourse.experiments.few_faces`, for longer, on seeds of their own.

After 600 steps no game of that experiment had drawn a face.  Here each look asks G for its distances, too, so that a distance
that falls and then rises is seen beside D's memory.  And each look asks what two rows of the short run had no null for:

    memory_changed   D's memory through DiffAugment's T with p = 1, whatever it was trained behind: what T takes from any D
    edges            share of pairs of an unseen face and a fake that are told apart by the strength of their edges,
                     E(x) = mean over neighbouring pixels of (x_i - x_j)^2, which has learnt nothing; the better of its two signs

Source: Zhao et al. 2020 (DiffAugment), figure 1; Karras et al. 2020a (ADA), figure 1.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from gancourse.base import networks
from gancourse.data.images import to_float
from gancourse.experiments import few_faces
from gancourse.experiments.experiment import Experiment
from gancourse.experiments.few_faces import ADA, DIFFAUGMENT, NONE, OF_D, OF_G, SETS, Faces, above, name, through, unwrapped
from gancourse.gans.gan import GAN
from gancourse.training import Run

WITHOUT = ("edges", "memory_changed")  # what is asked beside few_faces' scores: of the samples alone, and of D through T
SCORES = OF_G + OF_D + WITHOUT


def edge_energy(x: Tensor) -> Tensor:
    """Mean squared difference of neighbouring pixels of [N, C, H, W], down and to the right: [N]."""
    return sum((x.diff(dim=axis).square().flatten(1).mean(1) for axis in (2, 3)), torch.zeros(len(x)))


def told_by_edges(x: Tensor, y: Tensor) -> float:
    """In which share of the pairs of [N, C, H, W] and [M, C, H, W] the edges are stronger in the same one: at least 1/2."""
    share = above(edge_energy(x), edge_energy(y))
    return max(share, 1 - share)


class LongerFaces(Faces):
    """The faces, the players and the questions of :class:`few_faces.Faces`, all of them at every look, and two more."""

    def drawn(self, run: Run, final: bool = False) -> Tensor:
        """All scores of a run as it stands."""
        return torch.tensor(self.of_run(run.gan, run.sample(self.size["samples"], seed=1).cpu()))

    def of_run(self, game: GAN, fakes: Tensor) -> list[float]:
        """The scores named in SCORES, of a game and what its G drew."""
        return [*self.of_g(fakes), *self.of_d(game, fakes), self.edges(fakes), self.memory_changed(game)]

    def edges(self, fakes: Tensor) -> float:
        """How well edges alone tell unseen faces from ``fakes``."""
        asked = self.size["asked"]
        return told_by_edges(to_float(self.unseen[:asked]), fakes[:asked].clamp(-1, 1))

    def memory_changed(self, game: GAN) -> float:
        """D's memory of the hundred, each face through DiffAugment's T, D's logits averaged over DRAWS draws."""
        faces, source = (self.known(game), self.unseen[: self.size["asked"]]), torch.Generator().manual_seed(5)
        with networks.evaluating(game.discriminator):
            own, new = (through(unwrapped(game), to_float(x).to(game.device), source) for x in faces)
        return above(own, new)

    def judged(self, sample: Tensor) -> dict[str, float]:
        return dict(zip(SCORES, sample.tolist(), strict=True))

    def nulls(self) -> dict[str, Tensor]:
        """Those of few_faces; of what is not drawn by players nothing is asked of a D."""
        nobody = torch.full((len(WITHOUT),), math.nan)
        return {who: row if len(row) == len(SCORES) else torch.cat([row, nobody]) for who, row in super().nulls().items()}


ARMS = {name(faces, how): few_faces.EXPERIMENT.arms[name(faces, how)] for faces in SETS for how in (NONE, DIFFAUGMENT, ADA)}

EXPERIMENT = Experiment(
    name="few_faces_long",
    title="A hundred and nine thousand pixel faces, 16 px, for longer: no augmentation, DiffAugment, ADA",
    stage=LongerFaces,
    arms=ARMS,
    seeds=(40, 41, 42, 43, 44),
    full={
        **few_faces.EXPERIMENT.full,
        "steps": 5000,
        "measure_every": 500,
        "checkpoint_every": 2500,
        "frames": [500, 2000, 5000],
    },
    ci=few_faces.EXPERIMENT.ci,
    fit=few_faces.EXPERIMENT.fit,
    paper=few_faces.EXPERIMENT.paper,
    expected={
        "pilot": "one seed, 90, of the two arms without augmentation, 3,000 steps: faces from step 1,000 on; memory of 100 faces "
        "0.98 and 0.97 at the last two looks, of 9,000 faces 0.49 and 0.48; distances 19.7 and 16.5; asked through T the D that "
        "knows its hundred has 0.51, so S16.memory_through was expected to be open.  DiffAugment and ADA had no pilot",
        "S16.by_heart": "memory, 100: none, at the end: at least 0.95; nulls: step 0, 9,000: none",
        "S16.memory": "memory of plain faces at the end, 100: none less 100: DiffAugment: at least 0.2; nulls: step 0 (one D in "
        "both arms, 0), 9,000 faces, 100: none at step 500 less 100: DiffAugment at the end, for DiffAugment may be slow",
        "S16.memory_ada": "the same with ADA, whose D meets plain faces in training: at least 0.2; the same nulls",
        "S16.memory_through": "the same, each D asked through the T that it trained behind: at least 0.2; null: 100: none asked "
        "plainly less itself asked through T, for then the asking takes the memory; open where that is 0.2 or more",
        "S16.sees": "a question: 100: DiffAugment, sees_through; beside it what edges alone tell of the same samples, and step 0",
        "S16.turn": "Frechet distance of 100: none at the end over that of its best look, step 500 to the end, seed by seed: at "
        "least 1.1; null: the same of 9,000: none.  The best of ten looks lies below the last by luck, too: so 1 is no null",
        "S16.disease": "Frechet distance, 100: none over 9,000: none, at the end: at least 1.2; null: 1.  The short run had "
        "1.25, asked after it; with ADA and with DiffAugment at both: questions",
        "S16.few": "Frechet distance, 100: none over 100: DiffAugment, at the end: at least 1.2 (80.20 / 46.87 for Obama); "
        "nulls: 1, the same at 9,000 faces",
        "S16.ada": "the same with ADA: at least 1.2",
        "S16.many": "Frechet distance, 9,000: DiffAugment over 9,000: none, at the end: at least 1.05 (4.24 / 3.81 with 70,000); "
        "open where the same ratio at 100 faces is 1.05 or more, for a slow start would do it at both sizes",
        "S16.thermostat": "p at the end, 100: ADA less 9,000: ADA: at least 0.1; the short run was open, 0.11 [0.04, 0.19]",
    },
)

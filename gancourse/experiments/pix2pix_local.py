"""A judge that is local: L1 + cGAN of :mod:`gancourse.experiments.pix2pix_losses` against a PatchGAN of 16 px, not normalised.

There a logit saw 70 px, more than the picture, and by batch normalisation the whole batch.  Here it sees a quarter of the
picture's side and nothing else.  Two things differ, field and normalisation, for batch normalisation in training is not local at
any field.  All else is as there, the seeds included, but the trainings end after 1,000 steps: they are compared with that
record's curves at 1,000.

All 400 outputs are asked for the direction of the hair's stripes, beside the scores of that record.  Among what is no training
stand two that were missing there: the class's flat colours with noise of a third of its strength, whose hair has about as much
energy as the truth's, and the best single face, shown for every map.

Source: Isola, Zhu, Zhou & Efros 2017, section 4.4 and table 3.
"""

from __future__ import annotations

from dataclasses import replace

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.data.pairs import FACE_CLASSES
from gancourse.experiments import pix2pix_losses
from gancourse.experiments.pix2pix_losses import class_colours, flat, hair_coherence, hair_waves

BEFORE = pix2pix_losses.EXPERIMENT
WEAK = 1 / 3  # of the noise that the other nulls have


class Faces(pix2pix_losses.Faces):
    """The stage of ``pix2pix_losses``, with the stripes' direction among the scores and two more nulls."""

    def judged(self, sample: Tensor) -> dict[str, float]:
        """The scores of ``pix2pix_losses``; coherence, and the shares of the stripes' wave along the two diagonals, as means."""
        stronger, weaker = hair_waves(sample, self.unseen.a).mean(0).tolist()
        coherence = hair_coherence(sample, self.unseen.a).mean().item()
        return {**super().judged(sample), "coherence": coherence, "stronger_wave": stronger, "weaker_wave": weaker}

    def nulls(self) -> dict[str, Tensor]:
        known = super().nulls()
        noisy = flat(self.unseen, class_colours(self.pairs)) + WEAK * known["noise"]
        best = self.pairs.targets([self.best_single_face()]).expand_as(self.truth)
        return {**known, "flat colours, a third of the noise": noisy.clamp(-1, 1), "best single face": best}

    def best_single_face(self) -> int:
        """The training face that reads back most pixels right where it is shown for every unseen map: its index.

        Chosen by the unseen maps themselves, so that no single face does better.
        """
        maps = F.one_hot(self.unseen.a[:, 0].long(), len(FACE_CLASSES)).float().mean(0)  # [H, W, classes], shares
        read = torch.cat([self.judge.predict(self.pairs.targets(part)) for part in torch.arange(len(self.pairs)).split(200)])
        return int(maps.expand(len(read), -1, -1, -1).gather(3, read[:, 0, :, :, None].long()).mean((1, 2, 3)).argmax())


EXPERIMENT = replace(
    BEFORE,
    name="pix2pix_local",
    title="L1 + cGAN against a judge of 16 px, class maps to striped faces at 64 px",
    stage=Faces,
    arms={"L1 + cGAN, 16 px": {**BEFORE.arms["L1 + cGAN"], "layers": 1, "norm": "none"}},
    seeds=(0, 1),
    paper="Isola et al. 2017, table 3",
    full={**BEFORE.full, "steps": 1000},
    expected={
        "known": "pix2pix_losses, 70 px, as many steps, seeds 0 and 1: pixels read 0.79, hair energy 0.73; four pictures of "
        "seed 0: coherence 0.03, wave along the stronger diagonal 0.10, along the weaker 0.05",
        "C24.local": "pixels read back right after 1,000 steps, 16 px less 70 px: between -0.03 and 0.03 (paper: 0.65 "
        "less 0.66)",
        "C24.local_stripes": "coherence of the hair: below 0.2 (truth 0.77), the weaker diagonal's wave 0.02 to 0.1: a field of "
        "two periods can see a stripe, but we expect hatching still",
        "nulls": "best single face: 0.77 to 0.79 of the pixels; a third of the noise on flat colours: hair energy about 1.03",
    },
)

"""Does an output fit its own map, and not only any?  GAN and cGAN of :mod:`gancourse.experiments.pix2pix_stripes`, fresh seeds.

Pixels read back right do not tell: where GAN's faces are poor, one constant face for all maps is ahead of it.  Here

    fit     the pixels read back right against the output's own map, less those against other maps

which is 0 for whatever does not depend on its map: noise, one picture for all, true faces of other maps.  The trainings end after
1,000 steps; all else is as there.

Source: Isola, Zhu, Zhou & Efros 2017, section 4.2 and table 1.
"""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from gancourse.experiments import pix2pix_stripes

BEFORE = pix2pix_stripes.EXPERIMENT
SHIFTS = (1, 2, 5, 11, 23)  # the other maps: those so many places on


class Faces(pix2pix_stripes.Faces):
    """The stage of ``pix2pix_stripes`` with one question more."""

    def judged(self, sample: Tensor) -> dict[str, float]:
        """Pixels read back right against the own map, against other maps, and their difference."""
        read, maps = self.judge.predict(sample), self.unseen.a
        own = (read == maps).double().mean().item()
        others = sum((read == maps.roll(k, 0)).double().mean().item() for k in SHIFTS) / len(SHIFTS)
        return {"pixel_accuracy": own, "other_maps": others, "fit": own - others}


EXPERIMENT = replace(
    BEFORE,
    name="pix2pix_own_map",
    title="GAN and cGAN, class maps to striped faces at 32 px: does an output fit its own map?",
    stage=Faces,
    arms={name: BEFORE.arms[name] for name in ("GAN", "cGAN")},
    seeds=(27, 28, 29, 30, 31),
    full={**BEFORE.full, "steps": 1000},
    expected={
        "known": "pix2pix_stripes, seeds 20 and 21, after 1,000 steps: pixels read right GAN 0.67, cGAN 0.90; one constant "
        "face has 0.76, so that it, too, is 0.1 ahead of GAN; fit was not measured",
        "C23.condition": "fit, cGAN less GAN: at least 0.1",
    },
)

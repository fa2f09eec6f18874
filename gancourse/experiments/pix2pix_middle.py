"""The network without skips of :mod:`gancourse.experiments.pix2pix_skips`, with a middle of 4 x 4 pixels in place of one.

Its two innermost halvings, and the doublings across from them, keep the side.  Layers, channels, weights, data, judges, steps and
seeds are as there, so that the middle's side is what differs from the arm "no skips".

Source: ours; Isola, Zhu, Zhou & Efros 2017, section 3.2, name the bottleneck as what skips go round.
"""

from __future__ import annotations

from dataclasses import replace

from gancourse.experiments import pix2pix_skips

BEFORE = pix2pix_skips.EXPERIMENT

EXPERIMENT = replace(
    BEFORE,
    name="pix2pix_middle",
    title="No skips, and a middle of 4 x 4 pixels: class maps to faces at 32 px, with L1",
    arms={"no skips, 4 x 4": {**pix2pix_skips.ARMS["no skips"], "middle": 4}},
    expected={
        "known": "pix2pix_skips, the same seeds: pixels read back right after 2,000 steps, U-Net less no skips, 0.064",
        "S23.middle": "the same gap, U-Net less no skips with a middle of 4 x 4: at most 0.02, if the one pixel is what costs "
        "the layout; no tolerance",
    },
)

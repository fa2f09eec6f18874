"""The six arms of :mod:`gancourse.experiments.few_faces_long`, two and a half times as long, on seeds of their own.

After 5,000 steps four questions were open, three of them because an interval held the tolerance.  Everything but the steps and
the seeds is as there, the tolerances included, which were written before either run.

Source: Zhao et al. 2020 (DiffAugment), figure 1; Karras et al. 2020a (ADA), figure 1.
"""

from __future__ import annotations

from dataclasses import replace

from gancourse.experiments import few_faces_long

BEFORE = few_faces_long.EXPERIMENT

EXPERIMENT = replace(
    BEFORE,
    name="few_faces_longer",
    title="A hundred and nine thousand pixel faces, 16 px, 12,000 steps: no augmentation, DiffAugment, ADA",
    seeds=(60, 61, 62, 63, 64),
    full={**BEFORE.full, "steps": 12_000, "checkpoint_every": 3000, "frames": [500, 5000, 12_000]},
    expected={
        "known": "few_faces_long, 5,000 steps, other seeds: few 1.14 [1.05, 1.23], ADA 1.26 [1.13, 1.40], disease 1.51; turn and "
        "many open.  Those who train on go on as they began or turn: the four rows below may go either way",
        "S16.turn": BEFORE.expected["S16.turn"],
        "S16.few": BEFORE.expected["S16.few"],
        "S16.ada": BEFORE.expected["S16.ada"],
        "S16.many": BEFORE.expected["S16.many"],
        "S16.disease": "Frechet distance, 100: none over 9,000: none, at the end: at least 1.2; null: 1",
        "S16.by_heart": BEFORE.expected["S16.by_heart"],
        "S16.memory": BEFORE.expected["S16.memory"],
        "S16.memory_ada": BEFORE.expected["S16.memory_ada"],
        "S16.thermostat": "p at the end, 100: ADA less 9,000: ADA: at least 0.1",
    },
)

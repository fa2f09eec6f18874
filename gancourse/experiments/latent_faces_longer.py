"""The five trainings of :mod:`gancourse.experiments.latent_faces`, four times as long, on seeds of their own.

After 1,000 steps two remarks of the papers were open: sums of single exemplars hit more often than those of three, and sums in
pixels were hardly stranger than those in latents.  The faces were rough, and through the shipped network both remarks hold.
Everything but the steps and the seeds is as there, the tolerances included, which were written before either run.

Sources: Radford et al. 2016, sections 6.1 and 6.3.2; White 2016.
"""

from __future__ import annotations

from dataclasses import replace

from gancourse.experiments import latent_faces

BEFORE = latent_faces.EXPERIMENT

EXPERIMENT = replace(
    BEFORE,
    name="latent_faces_longer",
    title="Five generators of 32 px faces, 4,000 steps, asked about their latents",
    seeds=(11, 12, 13, 14, 15),
    full={**BEFORE.full, "steps": 4000, "measure_every": 1000, "checkpoint_every": 2000, "frames": [0, 1000, 2000, 4000]},
    expected={
        "known": "latent_faces, 1,000 steps, other seeds: C11.single -0.23, C11.overlap 1.2, both open; the shipped network, "
        "12,000 steps of another recipe: 0.13 and 3.1.  A training of these seeds has not been looked at",
        "C11.single": BEFORE.expected["C11.single"],
        "C11.overlap": BEFORE.expected["C11.overlap"],
        "C11.order": BEFORE.expected["C11.order"],
        "C11.seeds": BEFORE.expected["C11.seeds"],
        "C11.bond": BEFORE.expected["C11.bond"],
        "C11.hair_seeds": BEFORE.expected["C11.hair_seeds"],
        "C11.quality": "the nearer to faces (frechet), the larger strange_pixels over strange: larger in each of the five than "
        "the mean of latent_faces (a question)",
    },
)

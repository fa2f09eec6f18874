"""Losses: what each player minimises (:mod:`gancourse.losses.objectives`), and penalties on the discriminator."""

from gancourse.losses.objectives import (
    OBJECTIVES,
    Objective,
    hinge_d,
    hinge_g,
    least_squares,
    non_saturating_d,
    non_saturating_g,
    objective,
    relativistic_d,
    relativistic_g,
    saturating_d,
    saturating_g,
    summed,
    wasserstein_d,
    wasserstein_g,
)

__all__ = [
    "OBJECTIVES",
    "Objective",
    "hinge_d",
    "hinge_g",
    "least_squares",
    "non_saturating_d",
    "non_saturating_g",
    "objective",
    "relativistic_d",
    "relativistic_g",
    "saturating_d",
    "saturating_g",
    "summed",
    "wasserstein_d",
    "wasserstein_g",
]

"""What spectral normalisation does in a training: the hinge with nothing that bounds D, with it, and with the contest's R1.

The players, data, steps and seeds are those of :mod:`gancourse.experiments.six_losses`, whose own hinge is the arm "R1".  All
layers are matrices, so the product of their norms bounds D's slope everywhere, and with spectral normalisation it is 1, but for
what one round of power iteration a pass leaves open.  Each arm has a rate of its own, chosen by one rule among the same five
(:mod:`gancourse.experiments.hinge_slopes_rates`, :mod:`gancourse.experiments.six_losses_rates`).

Source: Miyato et al. 2018, section 2.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gancourse.experiments import six_losses
from gancourse.experiments.hinge_slopes_rates import Slopes

RATES: dict[str, float] = {"none": 0.003, "spectral": 0.01, "R1": six_losses.RATES["hinge"]}
"""What hinge_slopes_rates chose; R1's is the contest's."""


def arms(rates: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    """An arm for each bound, with its rate."""
    return {bound: {"bound": bound, "fit": {"lr": rate}} for bound, rate in rates.items()}


EXPERIMENT = replace(
    six_losses.EXPERIMENT,
    name="hinge_slopes",
    title="The hinge with nothing, with spectral normalisation and with R1: pixel-art faces at 16 px",
    stage=Slopes,
    arms=arms(RATES),
    paper="Miyato et al. 2018, section 2.1",
    expected={
        "C17.held": "a check: with spectral normalisation the largest slope of D at training faces and at fakes, at any look "
        "after the first step, is at most 1.1 in each training (1, and a tenth for what power iteration leaves open); must fail: "
        "nothing",
        "C17.steeper": "a question: the largest slope at training faces after the last step, nothing over spectral "
        "normalisation, by seed; nulls: no effect 1, the same at step 0; expected: several times, and growing along the run",
        "C17.bounded_draws": "a question: the distance with spectral normalisation, and with nothing, less that with R1, in "
        "pairs (99 %); nothing was expected",
    },
)

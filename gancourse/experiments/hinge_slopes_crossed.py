"""The two arms that :mod:`gancourse.experiments.hinge_slopes` lacks: its two rates, each with the other's D.

There a D that nothing bounds has the rate 0.003 and a spectrally normalised one 0.01, so what differs between them may be the
rate's or the bound's.  Here the rates change places; players, data, steps and seeds are the same, and so the two records make a
table of two bounds by two rates.

Source: Miyato et al. 2018, section 2.1.
"""

from __future__ import annotations

from dataclasses import replace

from gancourse.experiments import hinge_slopes
from gancourse.experiments.hinge_slopes_rates import arms_of

CROSSED: tuple[tuple[str, float], ...] = (
    ("none", hinge_slopes.RATES["spectral"]),
    ("spectral", hinge_slopes.RATES["none"]),
)
ARMS = arms_of(CROSSED)

EXPERIMENT = replace(
    hinge_slopes.EXPERIMENT,
    name="hinge_slopes_crossed",
    title="The hinge with nothing and with spectral normalisation, each with the other's rate: pixel-art faces at 16 px",
    arms=ARMS,
    expected={
        "C17.steeper": "a question, now at one rate, 0.003: the largest slope at training faces after the last step, nothing "
        "over spectral normalisation, by seed; nulls: no effect 1, the same at step 0; expected: about 3 (one training: 3.0), so "
        "most of the 69 that the row had at two rates is the rate's",
        "C17.steeper_fast": "the same at 0.01; expected: above 100 (one training: 165)",
        "C17.rate": "a question: the slope of a normalised D at 0.003 over that at 0.01, by seed, and the same with nothing in "
        "the note; null: no effect 1; expected: about 30 with the bound, about 0.6 without (one training each: 33 and 0.60)",
        "C17.one_rate_draws": "a question: the distance with spectral normalisation less that with nothing, both at 0.003, in "
        "pairs (99 %), and both at 0.01 in the note; expected: 20 farther and 3 farther (one training each: 21.7 and 3.2)",
    },
)

"""Critics of :mod:`gancourse.experiments.wgan_critics` again, on seven new seeds.

Five seeds left two rows open by their spread; protocol, measures and tolerances are what they were.  Deep clipped critics are
here for a row that one clip of untrained weights cannot pass: what *training* adds at c = 0.1, less what it adds at 0.01.  And
one arm begins with He's initial weights, whose slope is near 1, in place of PyTorch's, whose slope is about 0.04, all else equal.

Sources: Gulrajani et al. 2017, section 3 and figure 1; Petzka et al. 2018 (the one-sided penalty).
"""

from __future__ import annotations

from gancourse.experiments import wgan_critics
from gancourse.experiments.experiment import Experiment

AGAIN = ("clipped", "two-sided", "one-sided", "deep, c = 0.1", "deep, c = 0.01", "deep, c = 0.01, thawed")

EXPERIMENT = Experiment(
    name="wgan_seeds",
    title="Critics against a generator that stands still, on seven new seeds",
    stage=wgan_critics.Critics,
    arms={name: wgan_critics.ARMS[name] for name in AGAIN} | {"two-sided, He": {**wgan_critics.ARMS["two-sided"], "he": True}},
    seeds=(4,),
    full={**wgan_critics.EXPERIMENT.full, "members": 7, "measure_every": 200},
    ci=wgan_critics.EXPERIMENT.ci,
    fit=wgan_critics.EXPERIMENT.fit,
    paper="Gulrajani et al. 2017, section 3",
    expected={
        "C19.surface": "bound, two-sided less clipped: at least 0.1, as before",
        "C20.one_sided": "shown, one-sided: within 15 % of 1, as before; the control of the next",
        "C20.distance": "shown, two-sided: within 15 % of 1, as before",
        "C20.start": "a question: shown, two-sided, what He's weights change, seed by seed",
        "C19.vanish": "orders gained since the first clip, deep c = 0.1 less deep c = 0.01: at least 6; nulls: the first clip, "
        "0, and the thawed critics in place of those of c = 0.01",
    },
)

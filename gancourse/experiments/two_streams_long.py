"""Two arms of :mod:`gancourse.experiments.two_streams` for two and a half times as many steps, on seeds of their own.

After 600 steps S19.mask was open by its spread: in two trainings of five the masks still covered half of the clip, and the price
had not been paid yet.  Here they have 1,500.  The seeds are fresh, so that the tolerances, which are what they were, stand before
any of these trainings.  One stream has no mask and is left out.

Source: Vondrick, Pirsiavash & Torralba 2016, section 2.
"""

from __future__ import annotations

from gancourse.experiments import two_streams
from gancourse.experiments.experiment import Experiment

ARMS = {name: two_streams.ARMS[name] for name in ("two streams", "no price")}

EXPERIMENT = Experiment(
    name="two_streams_long",
    title="Two streams of video with a price on the mask and without, for longer",
    stage=two_streams.Balls,
    arms=ARMS,
    seeds=(6, 7, 8, 9, 10),
    full={**two_streams.EXPERIMENT.full, "steps": 1500, "measure_every": 500, "checkpoint_every": 500},
    ci=two_streams.EXPERIMENT.ci,
    fit=two_streams.EXPERIMENT.fit,
    paper=two_streams.EXPERIMENT.paper,
    expected={
        "S19.mask": "Frechet distance of clips under the mask of another latent over that of the same f and b under their own, "
        "two streams: at least 1.2, as before; at step 0 and for random streams it is 1",
        "S19.price_alone": "distance of two streams without the price over that of two with it, seed by seed: at least 1.1; at "
        "step 0 it is 1, for both begin with the same weights",
        "gate": two_streams.EXPERIMENT.expected["gate"],
    },
)

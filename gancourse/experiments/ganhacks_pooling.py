"""Max pooling in D (tip 5) on fourteen seeds of its own, beside strides with kernels as small as its own.

Seven pairs of :mod:`gancourse.experiments.ganhacks` and :mod:`gancourse.experiments.ganhacks_seeds` left this tip open: 1.28
halvings of the distance, with a standard deviation of 1.32 and so an interval from 0.06 to 2.5.  All that follows was fixed
before the run, from the old trainings.

The measure stays.  Two reference generators that were trained again gave each twelve further draws of 1,000 samples: these
spread by 0.04 and 0.03 halvings, twelve trainings of the reference by 0.28.  So the spread is the training's, and larger samples
would not help.  Nor does a mean over looks: over ten trainings of the reference the logarithm of the distance as it is spreads by
0.37 at the last look, by 0.42 in the mean of the last three, by 0.39 in that of four, for the spread is *when* a training begins.
The generator is an average of weights already.

The pairs stay.  In some arms the seed's shared weights and batches make pairs narrow (uniform latents correlate with their
reference by 0.9), in others they do not (max pooling: -0.4); beside all trainings of the reference is the second column.

The number of pairs: at fourteen half of Student's interval is two thirds of the distance between the old mean and the tolerance.
They find the old mean with a chance of 0.85, and one of a whole halving with 0.6.  No other open tip is in reach: the nearest,
flipped labels, would take some fifty pairs.

A training of this arm that has not begun yet lies at the distance of noise, three halvings from the reference, and no farther.
So the values have two humps, but no tail: of sets of seven that are drawn from the old values Student's interval lies wholly
above their mean in 2 %, as it should.

(Twelve pairs of the first two arms were planned afterwards, for want of time, and did not begin.  The run is of the fourteen.)

The arm of the record changes two things, though: its convolutions are 3x3, the reference's 4x4.  Hence "3x3 kernels in D", which
halves by strides with kernels as small as those of max pooling; beside it max pooling is all that is other.

Source: Chintala, Denton, Arjovsky & Mathieu 2016, github.com/soumith/ganhacks.
"""

from __future__ import annotations

from dataclasses import replace

from gancourse.experiments import ganhacks

POOLING, SMALL = "max pooling in D", "3x3 kernels in D"

EXPERIMENT = replace(
    ganhacks.EXPERIMENT,
    name="ganhacks_pooling",
    title="Ganhacks: max pooling, strides with kernels as small, and the reference, on fourteen seeds",
    arms={
        ganhacks.REFERENCE: ganhacks.ARMS[ganhacks.REFERENCE],
        POOLING: ganhacks.ARMS[POOLING],
        SMALL: {"discriminator": {"downsample": "strided 3x3"}},
    },
    seeds=tuple(range(20, 34)),
    expected={
        "S29.tip5_max_pooling_in_D": "distance with max pooling over that of the reference, in pairs by seed: at least 1.1, "
        "as before, by these fourteen pairs alone; open where all trainings of the reference, twelve old ones and these, have "
        "another word",
        "S29.tip5_pooling_alone": "max pooling over 3x3 kernels with strides, in pairs by seed: at least 1.1",
        "S29.tip5_small_kernels": "3x3 kernels with strides over the reference: a question",
        "S29.first_five": "the five references that all other rows share, beside these fourteen: a question",
        "gate": ganhacks.EXPERIMENT.expected["gate"],
    },
)

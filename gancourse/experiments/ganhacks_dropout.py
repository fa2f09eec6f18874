"""Dropout in G (tip 17) on several layers, not all, with thirteen pairs of its own.

The list says: dropout of one half, "on several layers of our generator at both training and test time", and names pix2pix.  The
arm of :mod:`gancourse.experiments.ganhacks` has it behind *every* ReLU of G, the one before the picture too, and harmed by 1.93
halvings.  That is more than the list says, so it can contradict nothing.  All that follows was fixed before the run.

Where: this G has three hidden maps, 4x4, 8x8 and 16x16.  In pix2pix, whose pictures have 256 px, dropout stands in the first
three of eight layers of the decoder, at 2x2, 4x4 and 8x8; no map of 16x16 or more has any.  So here it stands at 4x4 and 8x8, and
the last hidden map, of which every number is part of sixteen pixels, has none.

What else could be our mistake: the rate is one half, and what stays is doubled; units are dropped in training, in measuring the
statistics of batch normalisation, and in sampling, for the judge too; pix2pix drops before the ReLU and not behind it, which is
the same, for a mask that is not negative passes through a ReLU.  Tests look at all three.

The number of pairs: sixteen were planned; the processor was shared, and thirteen is what its time allowed, decided while they
trained and before any value was looked at.  Those of the old arm spread by 0.53 halvings.  With thirteen of such a spread half of
Student's interval is 0.32, two thirds of the distance of a mean of -0.62 from the threshold of a harm, -0.14; the old mean is
three times that.

The old arm is here as well, to ask what the last map does on the same seeds.  Mixed batches are the positive control: lecture 04
has the mechanism.  Their outcome on five other seeds is known.

A look at a training draws from the stream that drops units.  So a replay of the first steps, which does not look, has other
losses in the two arms of dropout, as in :mod:`gancourse.experiments.ganhacks`; with the look at step 0 it has these.

Source: Chintala, Denton, Arjovsky & Mathieu 2016, github.com/soumith/ganhacks; Isola et al. 2016 (v1), appendix.
"""

from __future__ import annotations

from dataclasses import replace

from gancourse.experiments import ganhacks

SEVERAL, EVERY, CONTROL = "dropout in two layers of G", "dropout in G", "mixed batches"

EXPERIMENT = replace(
    ganhacks.EXPERIMENT,
    name="ganhacks_dropout",
    title="Ganhacks: dropout in several layers of G, in every one, and the reference, on thirteen seeds",
    arms={
        ganhacks.REFERENCE: ganhacks.ARMS[ganhacks.REFERENCE],
        SEVERAL: {"generator": "dropping early"},
        EVERY: ganhacks.ARMS[EVERY],
        CONTROL: ganhacks.ARMS[CONTROL],
    },
    seeds=tuple(range(40, 53)),
    expected={
        "S29.tip17_dropout_in_G": "distance of the reference over that with dropout in two layers, in pairs by seed: at least "
        "1.1, as before, by these thirteen pairs alone; open where all trainings of the reference, older ones and these, have "
        "another word, and contradicted only where both say that it harms (at most 1 / 1.1)",
        "S29.tip17_control": "distance with mixed batches over that of the reference, in pairs by seed: at least 2; a check, for "
        "its outcome on other seeds is known; where it fails, the row above is open",
        "S29.tip17_last_layer": "distance with dropout in two layers over that with dropout in all three, in pairs: a question",
        "gate": ganhacks.EXPERIMENT.expected["gate"],
    },
)

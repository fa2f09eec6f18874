"""The exchange of blocks while a network grows: the arms differ in the fade alone, and each quarter of the sample is its own."""

import pytest
import torch

from gancourse.experiments import growing_race, runner
from gancourse.experiments.growing_peak import BEGINS, ENDS, EXPERIMENT, GROWING, JUDGED, NO_FADE
from gancourse.gans import growing
from gancourse.gans.progressive import Schedule
from gancourse.training import fit


def test_the_arms_double_at_the_same_steps_and_only_one_fades():
    grown, at_once = (growing_race.schedule(EXPERIMENT.arms[arm], 760) for arm in (GROWING, NO_FADE))
    assert grown == Schedule(2, (0, 60, 120), (120, 120, 340))
    assert grown.starts() == at_once.starts() == [0, 120, BEGINS] and grown.steps == at_once.steps == 760
    assert BEGINS + grown.lengths()[-1][0] == ENDS and all(at_once.at(step)[1] == 1 for step in range(760))
    assert [grown.at(step)[0] for step in range(760)] == [at_once.at(step)[0] for step in range(760)]  # so both do the same work


@pytest.mark.filterwarnings("ignore::gancourse.metrics.frechet.FewSamplesWarning")
def test_the_judge_puts_the_truth_first_and_all_quarters_of_a_null_alike(stages):
    rows = {name: runner.scores(stage, sample) for stage in [stages("growing_peak")] for name, sample in stage.nulls().items()}
    least = {"real faces at 8 px, enlarged": 1.2, "mean face": 2, "noise": 2, "untrained": 2}
    real = rows.pop("other real faces")["itself"]
    assert {name: found["itself"] > least[name] * real for name, found in rows.items()} == dict.fromkeys(least, True)
    assert all(len(set(found.values())) == 1 for found in rows.values())


@pytest.mark.filterwarnings("ignore::gancourse.metrics.frechet.FewSamplesWarning")
def test_each_quarter_is_drawn_by_the_generator_that_it_is_named_after(stages):
    stage = stages("growing_peak")
    game, batches = stage.game(EXPERIMENT.arms[NO_FADE], 0)
    settings = EXPERIMENT.fit_settings(NO_FADE, "ci")
    run = fit(game, batches, progress=False, **settings)
    drawn = dict(zip(JUDGED, stage.drawn(run).chunk(4), strict=True))
    itself, average = run.gan.generator, run.generator
    for name, network in (
        ("itself", itself),
        ("average", average),
        ("own newest block", growing.with_newest(average, itself)),
        ("averaged newest block", growing.with_newest(itself, average)),
    ):
        alone = run.gan.sample(stage.size["samples"], 12, generator=network).float().clamp(-1, 1)
        assert torch.equal(drawn[name], alone), name
    assert len({float(images.double().sum()) for images in drawn.values()}) == 4
    scores = stage.judged(torch.cat([*drawn.values()]))
    swapped = stage.judged(torch.cat([drawn[name] for name in reversed(JUDGED)]))
    assert [scores[name] for name in JUDGED] == [swapped[name] for name in reversed(JUDGED)]

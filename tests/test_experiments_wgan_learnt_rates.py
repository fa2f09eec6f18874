"""The search among smaller rates: its seeds, its games, its rule."""

from gancourse.experiments import wgan_learnt_rates, wgan_watched, wgan_watched_rates
from gancourse.experiments.records import Record
from gancourse.experiments.wgan_learnt_rates import ARMS, EXPERIMENT


def test_the_games_are_left_alone_the_seeds_are_others_and_the_rates_are_smaller():
    assert not any(arm["begun anew"] for arm in ARMS.values()) and EXPERIMENT.stage is wgan_watched.Watching
    assert not set(EXPERIMENT.seeds) & set(wgan_watched.EXPERIMENT.seeds + wgan_watched_rates.EXPERIMENT.seeds)
    assert len(ARMS) == 6 and max(arm["fit"]["lr"][0] for arm in ARMS.values()) < min(wgan_watched_rates.RATES_OF_G)
    assert EXPERIMENT.fit["betas"] == wgan_watched.EXPERIMENT.fit["betas"]


def test_the_second_half_decides():
    def curve(late):
        return {"step": [0, 1, 2, 3], **{f"W:{k}": [9.0, 0.0, late, late] for k in range(3)}}

    record = Record({"arms": {name: [{"curves": curve(float(i != 4))}] for i, name in enumerate(ARMS)}})
    assert wgan_learnt_rates.chosen(record) == list(ARMS)[4]

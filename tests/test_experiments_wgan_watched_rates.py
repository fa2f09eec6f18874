"""The search for rates with which a GAN learns: its rule, its seeds."""

from gancourse.experiments import wgan_watched, wgan_watched_rates
from gancourse.experiments.records import Record
from gancourse.experiments.wgan_watched_rates import ARMS, EXPERIMENT


def test_the_second_half_decides():
    def curve(late):
        return {"step": [0, 1, 2, 3], **{f"W:{k}": [9.0, 0.0, late + k, late] for k in range(2)}}

    record = Record({"arms": {name: [{"curves": curve(float(i != 3))}] for i, name in enumerate(ARMS)}})
    assert wgan_watched_rates.chosen(record) == list(ARMS)[3]
    assert wgan_watched_rates.nearness(record)[list(ARMS)[0]] == 1.25


def test_the_games_are_left_alone_and_the_seeds_are_others():
    assert not any(arm["begun anew"] for arm in ARMS.values())
    assert not set(EXPERIMENT.seeds) & set(wgan_watched.EXPERIMENT.seeds) and EXPERIMENT.stage is wgan_watched.Watching

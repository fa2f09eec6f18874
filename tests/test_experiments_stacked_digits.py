"""The judge of stacked digits: it takes digits and refuses noise."""

from gancourse.experiments import runner


def test_stacked_digits_refuse_noise_and_take_digits(stages):
    stage = stages("stacked_digits")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    assert rows["unseen digits"]["high_quality"] > 0.7
    for name, row in rows.items():
        if name.startswith("noise") or name in ("untrained", "blurred digits"):
            assert row["modes"] < 5, name

"""Critics for longer, on seeds of their own: nothing else is other."""

from gancourse.experiments import wgan_critics, wgan_longer, wgan_optimality, wgan_seeds, wgan_surface


def test_only_the_length_the_looks_and_the_seeds_are_others():
    ours, theirs = wgan_optimality.EXPERIMENT, wgan_critics.EXPERIMENT
    assert ours.fit == theirs.fit and all(arm == theirs.arms[name] for name, arm in ours.arms.items())
    others = {name for name, value in ours.full.items() if theirs.full[name] != value}
    assert others == {"members", "steps", "measure_every", "checkpoint_every"} and ours.full["steps"] == 8 * theirs.full["steps"]
    used = {seed for module in (wgan_critics, wgan_longer, wgan_seeds, wgan_surface) for seed in module.EXPERIMENT.seeds}
    assert not set(ours.seeds) & used


def test_the_baseline_is_untrained(stages):
    (sample,) = stages("wgan_optimality").nulls().values()
    assert sample.shape == (2, len(wgan_critics.STATISTICS)) and (sample[:, 0].abs() < 0.2).all()

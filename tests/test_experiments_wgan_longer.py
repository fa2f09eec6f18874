"""The second protocol: the same critics with other initial weights, other seeds and more steps, and nothing else."""

from gancourse.experiments import wgan_critics, wgan_longer


def test_only_the_start_the_seeds_and_the_steps_are_others():
    for name, arm in wgan_longer.ARMS.items():
        assert arm == {**wgan_critics.ARMS[name], "he": True}
    ours, theirs = wgan_longer.EXPERIMENT, wgan_critics.EXPERIMENT
    assert ours.fit == theirs.fit and not set(ours.seeds) & set(theirs.seeds)
    assert {name for name, value in ours.full.items() if theirs.full[name] != value} == {"members", "steps", "measure_every"}


def test_hes_critics_begin_steeper(stages):
    start = {name: stages(name).game(module.ARMS["two-sided"], 2)[0] for name, module in MODULES.items()}
    slopes = {
        name: stages(name).places["shallow"].statistics(game.discriminator, None)[:, 3].mean() for name, game in start.items()
    }
    assert slopes["wgan_longer"] > 0.3 > 0.1 > slopes["wgan_critics"]


MODULES = {"wgan_critics": wgan_critics, "wgan_longer": wgan_longer}

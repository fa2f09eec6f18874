"""WGAN's changes: every arm differs from WGAN in what its name says, and the measure knows truth from noise."""

from gancourse.experiments import plane, runner, wgan_changes


def test_each_arm_takes_back_what_it_names():
    stage = wgan_changes.Ring(wgan_changes.EXPERIMENT.size("ci"), None)
    game = {name: stage.game(arm, 1)[0] for name, arm in wgan_changes.CHANGES.items()}
    assert {name: g.clip for name, g in game.items() if g.clip is None} == {"no clipping": None}
    losses = {name: g.objective.name for name, g in game.items()}
    assert losses["sigmoid"] == plane.PROBABILITIES.name and losses["sigmoid and logarithm"] == "non_saturating"
    betas = {name: wgan_changes.EXPERIMENT.fit_settings(name)["betas"] for name in wgan_changes.CHANGES}
    assert {name for name, (first, _) in betas.items() if first} == {"momentum"}
    assert {second for _, second in betas.values()} == {0.99}
    rates = {name: wgan_changes.EXPERIMENT.fit_settings(name)["lr"] for name in wgan_changes.CHANGES}
    assert set(rates.values()) == {wgan_changes.RATE}


def test_truth_is_nearer_than_noise_and_noise_than_an_untrained_generator(stages):
    stage = stages("wgan_changes")
    far = {name: plane.members(runner.scores(stage, sample), "W").mean() for name, sample in stage.nulls().items()}
    assert far["other data"] < 0.3 < far["unit Gaussian noise"] < far["untrained"]

import pytest
import torch
from torch import nn

from gancourse.data import Batches, toys
from gancourse.gans.ensemble import EnsembleBatches, stack
from gancourse.gans.wgan import WGAN, WGANGP, EnsembleWGAN, reference_critic_steps
from gancourse.losses import penalties
from gancourse.models import mlp
from gancourse.training import fit


def players(seed=0):
    torch.manual_seed(seed)
    return mlp.Generator(2, 2, hidden=(8,)), mlp.Discriminator(2, hidden=(8,))


def round_of(gan, seed=0):
    real = torch.randn(16, 2, generator=torch.Generator().manual_seed(9))
    return gan.play(real, torch.Generator().manual_seed(seed))


def train(gan, steps=5, **options):
    return fit(gan, Batches(toys.moons(), 16, seed=0), steps, progress=False, **options)


def test_wgan_losses_are_differences_of_means():
    gan = WGAN(*players())
    batch = round_of(gan)
    real, fake = gan.discriminator(batch.real).mean(), gan.discriminator(batch.fake).mean()
    assert gan.discriminator_loss(batch).item() == pytest.approx((fake - real).item())
    assert gan.generator_loss(batch).item() == pytest.approx(-fake.item())
    assert batch.log["estimate"].item() == pytest.approx((real - fake).item())


@pytest.mark.parametrize("clip", [0.01, None])
def test_clipping_comes_after_each_critic_step(clip):
    run = train(WGAN(*players(), clip=clip), k=3, lr=0.05, optimizer=torch.optim.RMSprop)
    largest = max(p.abs().max().item() for p in run.gan.discriminator.parameters())
    assert largest == pytest.approx(0.01) if clip else largest > 0.1
    assert max(p.abs().max().item() for p in run.gan.generator.parameters()) > 0.1  # the generator is left alone


def test_the_estimate_is_logged_at_every_step():
    history = train(WGANGP(*players())).history
    assert len(history["estimate"]) == len(history["penalty"]) == 5
    assert torch.as_tensor(history["d_loss"] + history["estimate"] - 10 * history["penalty"]).abs().max() < 1e-5


def test_the_penalty_is_added_with_its_weight_at_the_batchs_own_epsilon():
    gan = WGANGP(*players(), weight=3.0, target=2.0, one_sided=True)
    batch = round_of(gan)
    plain = WGAN(gan.generator, gan.discriminator).discriminator_loss(round_of(gan))
    penalty = penalties.gradient_penalty(gan.discriminator, batch.real, batch.fake, batch.epsilon, target=2.0, one_sided=True)
    assert gan.discriminator_loss(batch).item() == pytest.approx((plain + 3 * penalty).item())


def test_epsilon_is_uniform_one_for_each_pair_and_follows_the_seed():
    """Ones (a published choice) have no spread, normal numbers (a published bug) leave [0, 1]."""
    gan = WGANGP(*players())
    real = torch.zeros(4000, 2)
    epsilon = gan.play(real, torch.Generator().manual_seed(0)).epsilon
    assert epsilon.shape == (4000,)
    assert 0 <= epsilon.min() < 0.01 and 0.99 < epsilon.max() <= 1
    assert epsilon.mean().item() == pytest.approx(0.5, abs=0.03)
    assert torch.equal(epsilon, gan.play(real, torch.Generator().manual_seed(0)).epsilon)
    assert not torch.equal(epsilon, gan.play(real, torch.Generator().manual_seed(1)).epsilon)


def test_a_run_is_the_same_again_and_resumes_bit_for_bit(tmp_path):
    whole = train(WGANGP(*players()), steps=6).sample(8, seed=0)
    assert torch.equal(whole, train(WGANGP(*players()), steps=6).sample(8, seed=0))

    def stop(run):
        if run.step == 3:
            raise KeyboardInterrupt

    path = tmp_path / "run.pt"
    with pytest.raises(KeyboardInterrupt):
        train(WGANGP(*players()), steps=6, checkpoint=path, checkpoint_every=2, hooks=[(1, stop)])
    resumed = train(WGANGP(*players(seed=1)), steps=6, checkpoint=path)
    assert torch.equal(whole, resumed.sample(8, seed=0))


def test_critic_steps_may_follow_a_schedule():
    assert [reference_critic_steps(s) for s in (0, 24, 25, 499, 500, 501, 1000)] == [100, 100, 5, 5, 100, 5, 100]
    taken = []

    class Counting(WGAN):
        def after_discriminator_step(self):
            taken[-1] += 1

        def after_generator_step(self):
            taken.append(0)

    taken.append(0)
    train(Counting(*players()), steps=4, k=lambda step: step + 1)
    assert taken == [1, 2, 3, 4, 0]


def test_bad_input_names_the_fix():
    generator, _ = players()
    with pytest.raises(ValueError, match="layer normalisation"):
        WGANGP(generator, nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 1)))
    with pytest.raises(ValueError, match="clip must be above 0"):
        WGAN(*players(), clip=0)
    with pytest.raises(ValueError, match="weight must be above 0"):
        WGANGP(*players(), weight=-1)
    with pytest.raises(ValueError, match="k must be above 0"):
        train(WGAN(*players()), k=lambda step: 0)


SEEDS = (3, 1)


@pytest.mark.parametrize("options", [{"clip": 0.05}, {"weight": 10.0}, {"weight": 2.0, "one_sided": True}, {}])
def test_a_member_of_an_ensemble_is_the_game_of_its_seed_alone(options):
    pairs = [players(seed) for seed in SEEDS]
    game = EnsembleWGAN(stack([g for g, _ in pairs]), stack([f for _, f in pairs]), SEEDS, **options)
    run = fit(game, EnsembleBatches(toys.moons(), 16, SEEDS), 4, k=2, lr=0.01, progress=False)
    for k, seed in enumerate(SEEDS):
        single = WGANGP if "weight" in options else WGAN
        told = options if "weight" in options else {"clip": options.get("clip")}
        alone = fit(
            single(*players(seed), **told), Batches(toys.moons(), 16, seed=seed), 4, k=2, lr=0.01, seed=seed, progress=False
        )
        for ours, theirs in ((run.generator, alone.generator), (run.gan.discriminator, alone.gan.discriminator)):
            pairs = zip(ours.member(k).parameters(), theirs.parameters(), strict=True)
            assert all(torch.allclose(a, b, atol=1e-5) for a, b in pairs)


def test_an_ensembles_penalty_refuses_batch_normalisation():
    critics = [players(seed)[1] for seed in SEEDS]
    for critic in critics:
        critic.layers = nn.Sequential(nn.Linear(2, 4), nn.BatchNorm1d(4), nn.Linear(4, 1))
    with pytest.raises(ValueError, match="batch"):
        EnsembleWGAN(stack([players(seed)[0] for seed in SEEDS]), stack(critics), SEEDS, weight=10.0)

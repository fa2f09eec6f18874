import pytest
import torch
from torch import nn

from gancourse import data
from gancourse.gans.ensemble import EnsembleBatches, EnsembleGAN, stack
from gancourse.gans.gan import GAN
from gancourse.gans.packed import PackedDiscriminator, PackedGAN
from gancourse.gans.unrolled import UnrolledGAN
from gancourse.losses.penalties import r1
from gancourse.models import mlp
from gancourse.models.layers import minibatch
from gancourse.training import fit

SEEDS = (3, 1, 4)


class UnrolledEnsemble(EnsembleGAN, UnrolledGAN):
    """Both at once, as the lecture does it."""


def new_players(seed, wide=1, kind=None, norm="batch"):
    torch.manual_seed(seed)
    generator = mlp.Generator(3, 2, hidden=(8, 8), norm=norm)
    if kind is None:
        discriminator = mlp.Discriminator(2 * wide, hidden=(8, 8))
    else:
        discriminator = minibatch.Discriminator(2, hidden=(8, 8), kind=kind, kernels=3, dim=2)
    return generator.double(), discriminator.double()


class Doubles:
    """A stream in double precision, so that "equal" can mean 1e-10."""

    def __init__(self, stream):
        self.stream = stream

    def __iter__(self):
        return self

    def __next__(self):
        return next(self.stream).double()


class DoubleGame:
    """float64 all the way: latents and judgements."""

    def latents(self, n, source=None):
        return super().latents(n, source).double()

    def play(self, real, source, labels=None, step=0):
        batch = super().play(real, source, labels, step)
        batch.fake = self.generator(batch.z)
        return batch

    def judge(self, x, batch=None):
        return self.discriminator(x)

    def judge_with(self, phi, x):
        return torch.func.functional_call(self.discriminator, phi, (x,))


def in_double(kind):
    return type(f"Double{kind.__name__}", (DoubleGame, kind), {})


def same(a, b):
    pairs = zip(a.state_dict().items(), b.state_dict().items(), strict=True)
    return all(name == other and torch.allclose(x.double(), y.double(), atol=1e-9, rtol=1e-8) for (name, x), (other, y) in pairs)


@pytest.mark.parametrize(
    ("objective", "wide", "kind", "steps"),
    [
        ("non_saturating", 1, None, None),
        ("relativistic", 1, None, None),
        ("hinge", 4, None, None),
        ("non_saturating", 1, "discrimination", None),
        ("non_saturating", 1, "stddev", None),
        ("saturating", 1, None, 3),
    ],
)
def test_each_member_is_the_network_trained_alone(objective, wide, kind, steps):
    toy = data.toys.ring()
    networks = [new_players(seed, wide, kind) for seed in SEEDS]
    together, judge = stack([g for g, _ in networks]), stack([d for _, d in networks])
    if steps is None:
        game = in_double(EnsembleGAN)(together, PackedDiscriminator(judge, wide) if wide > 1 else judge, SEEDS, objective)
    else:
        game = in_double(UnrolledEnsemble)(together, judge, SEEDS, objective, steps=steps, step_size=0.5)
    fit(game, Doubles(EnsembleBatches(toy, 8, SEEDS)), 12, k=2, lr=1e-2, seed=99, progress=False)
    for k, seed in enumerate(SEEDS):
        generator, discriminator = networks[k]
        if steps is not None:
            single = in_double(UnrolledGAN)(generator, discriminator, objective, steps=steps, step_size=0.5)
        elif wide > 1:
            single = in_double(PackedGAN)(generator, discriminator, wide, objective=objective)
        else:
            single = in_double(GAN)(generator, discriminator, objective)
        alone = fit(single, Doubles(data.Batches(toy, 8, seed=seed)), 12, k=2, lr=1e-2, seed=seed, progress=False)
        assert same(together.member(k), alone.gan.generator)
        assert same(judge.member(k), discriminator)


def test_samples_are_those_of_the_members():
    networks = [tuple(network.float() for network in new_players(seed)) for seed in SEEDS]
    game = EnsembleGAN(stack([g for g, _ in networks]), stack([d for _, d in networks]), SEEDS)
    samples = game.sample(2000, seed=7)
    assert samples.shape == (3, 2000, 2)
    for k in range(3):
        z = torch.randn(2000, 3, generator=torch.Generator().manual_seed(7))
        assert torch.allclose(samples[k], game.generator.member(k).eval()(z), atol=1e-5)
    assert game.generator.training


def test_members_do_not_meet():
    networks = [new_players(seed) for seed in SEEDS]
    together = stack([g for g, _ in networks]).eval()
    z = torch.randn(3, 5, 3, dtype=torch.float64)
    changed = z.clone()
    changed[1] += 1
    a, b = together(z), together(changed)
    assert torch.equal(a[[0, 2]], b[[0, 2]])
    assert not torch.allclose(a[1], b[1])


def test_a_normalisation_without_statistics_is_named_and_all_stays_on_its_device():
    def networks(**options):
        made = [mlp.Generator(2, 2, (3,)) for _ in range(2)]
        for network in made:
            network.layers[1] = nn.BatchNorm1d(3, **options)
        return made

    with pytest.raises(ValueError, match="keeps no running statistics and cannot be stacked: make it with track_running_stats"):
        stack(networks(track_running_stats=False))
    together = stack([network.to("meta") for network in networks()])
    assert {tensor.device.type for tensor in together.state_dict().values()} == {"meta"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (nn.LeakyReLU(0.2), nn.Tanh()),
        (nn.LeakyReLU(0.2), nn.LeakyReLU(0.1)),
        (nn.BatchNorm1d(8), nn.BatchNorm1d(8, momentum=0.3)),
        (nn.BatchNorm1d(8), nn.BatchNorm1d(8, eps=1e-3)),
    ],
)
def test_members_of_other_layers_are_refused(one, other):
    """Their weights have the same shapes."""
    networks = [mlp.Discriminator(2, hidden=(8,)) for _ in range(2)]
    for network, layer in zip(networks, (one, other), strict=True):
        network.layers[1] = layer
    with pytest.raises(ValueError, match="same sizes and settings"):
        stack(networks)


@pytest.mark.parametrize("layer", [nn.Linear(8, 1, bias=False), nn.BatchNorm1d(8, affine=False)])
def test_layers_without_a_bias_are_named(layer):
    network = mlp.Discriminator(2, hidden=(8,))
    network.layers[-1] = layer
    with pytest.raises(ValueError, match=f"{type(layer).__name__}.*has no bias and cannot be stacked"):
        stack([network, network])


def test_images_pass_as_they_are():
    torch.manual_seed(0)
    generators = [mlp.Generator(2, (3, 4, 4), hidden=(5,), out="tanh") for _ in range(2)]
    discriminators = [mlp.Discriminator((3, 4, 4), hidden=(5,)) for _ in range(2)]
    z = torch.randn(2, 6, 2)
    x = stack(generators)(z)
    assert x.shape == (2, 6, 3, 4, 4)
    logits = stack(discriminators)(x)
    expected = torch.stack([d(g(part)) for d, g, part in zip(discriminators, generators, z, strict=True)])
    assert torch.allclose(logits, expected, atol=1e-6)


def test_a_run_goes_on_where_it_stopped(tmp_path):
    def game():
        networks = [new_players(seed) for seed in SEEDS]
        return EnsembleGAN(stack([g.float() for g, _ in networks]), stack([d.float() for _, d in networks]), SEEDS)

    def batches():
        return EnsembleBatches(data.toys.grid(), 8, SEEDS)

    whole = fit(game(), batches(), 8, progress=False)
    kept = tmp_path / "run.pt"

    class Stop(Exception):
        pass

    def stop(run):
        if run.step == 4:
            raise Stop

    with pytest.raises(Stop):
        fit(game(), batches(), 8, progress=False, checkpoint=kept, checkpoint_every=2, hooks=[(1, stop)])
    resumed = fit(game(), batches(), 8, progress=False, checkpoint=kept, checkpoint_every=2)
    assert same(whole.gan.generator, resumed.gan.generator)


def test_one_source_for_each_member():
    ring, grid = data.toys.ring(), data.toys.grid()
    x = next(EnsembleBatches([ring, grid], 4, seeds=(0, 1)))
    assert torch.equal(x[0], next(data.Batches(ring, 4, seed=0)))
    assert torch.equal(x[1], next(data.Batches(grid, 4, seed=1)))


def test_bad_input_names_the_fix():
    a, b = new_players(0)[0], mlp.Generator(3, 2, hidden=(9, 8), norm="batch").double()
    with pytest.raises(ValueError, match="one architecture"):
        stack([a, b])
    with pytest.raises(ValueError, match="at least one"):
        stack([])
    with pytest.raises(ValueError, match=r"\.layers"):
        stack([torch.nn.Linear(2, 2)])
    dropout = mlp.Generator(2, 2)
    dropout.layers.append(torch.nn.Dropout())
    with pytest.raises(ValueError, match="Dropout cannot be stacked"):
        stack([dropout])
    with pytest.raises(ValueError, match="one batch for each member"):
        stack([a, a])(torch.zeros(5, 3))
    d = stack([new_players(0)[1]] * 2)
    with pytest.raises(ValueError, match="as many seeds"):
        EnsembleGAN(stack([a, a]), d, seeds=(0, 1, 2))
    with pytest.raises(ValueError, match="one by one"):
        EnsembleGAN(stack([a, a]), d, seeds=(0, 1), penalty=r1(1.0))
    with pytest.raises(ValueError, match="one for each of the 2 seeds"):
        EnsembleBatches([data.toys.ring()], 4, seeds=(0, 1))


def test_looking_at_the_averages_changes_no_training():
    toy = data.toys.ring()
    weights = []
    for looks in ([], [(2, lambda run: run.generator)]):
        networks = [tuple(network.float() for network in new_players(seed)) for seed in SEEDS]
        game = EnsembleGAN(stack([g for g, _ in networks]), stack([d for _, d in networks]), SEEDS)
        run = fit(game, EnsembleBatches(toy, 8, SEEDS), 7, ema=0.9, hooks=looks, progress=False)
        weights.append(run.gan.generator.state_dict())
    assert all(torch.equal(value, weights[1][name]) for name, value in weights[0].items())

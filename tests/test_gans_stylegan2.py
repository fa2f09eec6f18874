import pytest
import torch

from gancourse.data import Batches
from gancourse.gans.stylegan2 import PathLength, StyleGAN2, path_lengths
from gancourse.losses import penalties
from gancourse.models import stylegan2
from gancourse.training import fit

SMALL = {"channel_base": 64, "channel_max": 8}


def game(size=8, label_dim=0, **options):
    torch.manual_seed(0)
    generator = stylegan2.Generator(size, 4, w_dim=6, mapping_layers=2, label_dim=label_dim, **SMALL)
    return StyleGAN2(generator, stylegan2.Discriminator(size, label_dim=label_dim, label_layers=1, **SMALL), **options)


def images(n=32, size=8):
    return torch.randint(0, 256, (n, 3, size, size), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def a_round(gan, step=0, n=8, labels=None, seed=0):
    real = torch.randn(n, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    return gan.play(real, torch.Generator().manual_seed(seed), labels, step)


def test_path_length_of_a_linear_map_is_its_jacobians():
    """For g(w) = A w the norm of J^T y is ||A^T y||, the mean square over layers."""
    torch.manual_seed(0)
    a = torch.randn(2 * 3 * 4, 12)
    ws = torch.randn(5, 2, 6, requires_grad=True)
    images = (ws.flatten(1) @ a.T).reshape(5, 2, 3, 4)
    y = torch.randn(5, 2, 3, 4)
    expected = ((y.flatten(1) @ a).reshape(5, 2, 6).square().sum(2).mean(1)).sqrt()
    assert torch.allclose(path_lengths(images, ws, y), expected, rtol=1e-5)


def test_path_penalty_is_lazy_scaled_and_has_a_running_mean():
    gan, plain = game(path=PathLength(weight=2.0, every=4, decay=0.5), mixing=0.0), game(mixing=0.0)
    for step in (0, 1, 2, 3):
        gan.generator.eval()  # constant noise: both games see the same images
        plain.generator.eval()
        batch = a_round(gan, step)
        with torch.no_grad():
            without = plain.generator_loss(a_round(plain, step)).item()
        loss = gan.generator_loss(batch).item()
        if step:
            assert batch.directions is None
            assert loss == pytest.approx(without, abs=1e-6)
            continue
        ws = batch.ws[:4].detach().requires_grad_(True)
        lengths = path_lengths(gan.generator.synthesis(ws), ws, batch.directions).detach()
        mean = 0.5 * lengths.mean()
        assert gan.path_mean.item() == pytest.approx(mean.item(), rel=1e-4)
        assert loss - without == pytest.approx(4 * 2.0 * (lengths - mean).square().mean().item(), rel=1e-4)
        assert batch.log["path_length"].item() == pytest.approx(lengths.mean().item(), rel=1e-4)


def test_directions_have_the_variance_that_makes_lengths_independent_of_the_size():
    """y ~ N(0, I) / sqrt(H W), on a part of the batch."""
    gan = game(path=PathLength(every=4, shrink=2))
    directions = a_round(gan, 0).directions
    pixels = directions.shape[2] * directions.shape[3]
    assert directions.square().mean().item() == pytest.approx(1 / pixels, rel=0.2)
    assert len(directions) == max(1, len(a_round(gan, 0).z) // 2)


def test_path_penalty_reaches_the_mapping_and_the_synthesis():
    gan = game(path=PathLength())
    gan.generator_loss(a_round(gan)).backward()
    plain = game()
    plain.generator_loss(a_round(plain)).backward()
    for (name, one), other in zip(gan.generator.named_parameters(), plain.generator.parameters(), strict=True):
        if "affine.weight" in name or name.startswith("mapping"):
            assert not torch.allclose(one.grad, other.grad, rtol=1e-3), name


def test_lazy_penalty_by_default_every_sixteenth_step():
    gan = game(gamma=2.0)
    assert (gan.penalty.gamma, gan.penalty.every) == (2.0, 16)
    losses = [gan.discriminator_loss(a_round(gan, step)) for step in (0, 1)]
    batch = a_round(gan)
    penalty = penalties.r1(2.0)(gan.discriminator, batch.real, None)
    assert (losses[0] - losses[1]).item() == pytest.approx(16 * penalty.item(), rel=0.2)  # fakes differ by their noise


@pytest.mark.parametrize("mixing", [0.0, 0.5, 1.0])
def test_share_of_mixed_styles(mixing):
    gan = game(mixing=mixing)
    ws = a_round(gan, n=400).ws
    assert ws.shape == (400, 4, 6)
    assert (ws[:, 0] != ws[:, -1]).any(1).float().mean().item() == pytest.approx(mixing, abs=0.08)
    changes = (ws[:, 1:] != ws[:, :-1]).any(2).sum(1)
    assert changes.max() <= 1  # one crossover: coarse from one latent, fine from the other


def test_training_step_and_resume_bit_for_bit(tmp_path):
    options = {"path": PathLength(every=2), "gamma": 0.5}
    settings = {"ema": 0.9, "betas": (0.0, 0.99), "progress": False}
    torch.manual_seed(5)
    straight = fit(game(**options), Batches(images(), 8), 4, **settings)
    torch.manual_seed(5)
    fit(game(**options), Batches(images(), 8), 2, checkpoint=tmp_path / "run", **settings)
    resumed = fit(game(**options), Batches(images(), 8), 4, checkpoint=tmp_path / "run", **settings)
    assert torch.equal(straight.gan.path_mean, resumed.gan.path_mean)
    assert straight.gan.path_mean > 0
    for one, other in zip(straight.generator.state_dict().values(), resumed.generator.state_dict().values(), strict=True):
        assert torch.equal(one, other)
    assert torch.isfinite(torch.tensor(straight.history["path_length"][::2])).all()
    assert straight.generator.mapping.average.abs().max() > 0  # truncation works on the averaged generator
    assert straight.sample(3).shape == (3, 3, 8, 8)
    assert torch.equal(straight.sample(3), straight.sample(3))


def test_conditional_game():
    gan = game(label_dim=3, path=PathLength(every=1))
    run = fit(gan, iter([(torch.randn(6, 3, 8, 8), torch.arange(6) % 3)] * 3), 3, ema=0.9, progress=False)
    by_turns = gan.sample(6, seed=1, generator=run.generator)
    assert torch.equal(by_turns, gan.sample(6, seed=1, generator=run.generator, labels=torch.tensor([0, 1, 2] * 2)))
    assert not torch.allclose(by_turns, gan.sample(6, seed=1, generator=run.generator, labels=torch.zeros(6, dtype=torch.int64)))
    with pytest.raises(ValueError, match="labels=True"):
        a_round(gan)


def test_bfloat16():
    gan = game(path=PathLength(every=1), gamma=0.5)
    run = fit(gan, Batches(images(), 8), 2, precision="bf16", progress=False)
    assert torch.isfinite(run.sample(2)).all()
    assert run.history["path_length"].shape == (2,)


def test_an_image_that_does_not_hang_on_w_has_a_path_of_no_length_and_no_slope():
    weight, ws = torch.zeros(3, requires_grad=True), torch.ones(2, 1, 3, requires_grad=True)
    images = (ws * weight).sum((1, 2)).reshape(2, 1, 1, 1)
    lengths = path_lengths(images, ws, torch.ones(2, 1, 1, 1))
    (slope,) = torch.autograd.grad((lengths - 1).square().sum(), weight)
    assert lengths.tolist() == [0, 0] and slope.tolist() == [0, 0, 0]


def test_other_objectives():
    gan = game(objective="relativistic", penalty=penalties.r1_r2(1.0, every=2))
    batch = a_round(gan)
    assert torch.isfinite(gan.discriminator_loss(batch) + gan.generator_loss(batch))


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match=r"mixing must lie in \[0, 1\], not 2"):
        game(mixing=2)
    with pytest.raises(ValueError, match="every must be above 0"):
        PathLength(every=0)


def test_the_averaged_generator_gets_a_mean_of_w_of_its_own():
    """The running mean is of the training weights' mapping; truncation of the average needs the average's."""
    gan = game()
    run = fit(gan, Batches(images(), 8), 20, lr=0.01, ema=0.95, progress=False)
    average = run.generator.mapping.average
    z = torch.randn(20_000, 4, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        assert torch.allclose(average, run.generator.mapping(z).mean(0), atol=0.03)
    assert not torch.allclose(average, gan.generator.mapping.average, atol=0.03)


def test_samples_are_pictures():
    gan = game()
    for parameter in gan.generator.synthesis.parameters():
        parameter.data *= 3
    assert gan.sample(4).abs().max() == 1  # cut: the generator itself goes beyond


def test_a_mean_over_labels_is_refused():
    with pytest.raises(ValueError, match="label"):
        stylegan2.measure_average(game(label_dim=3).generator)


def test_noise_waits_for_its_step():
    gan = game(noise_from=5, mixing=0.0, path=PathLength(every=1))
    for block in gan.generator.synthesis.blocks:
        block.conv1.noise_strength.data.fill_(1.0)
    early, again, late = (a_round(gan, step).fake for step in (4, 4, 5))  # the same latents in all three
    assert torch.equal(early, again)
    assert not torch.allclose(early, late, atol=0.01)
    gan.generator_loss(a_round(gan, 4)).backward()  # the path length's images, too
    assert all(block.conv1.noise_strength.grad is None for block in gan.generator.synthesis.blocks)


def test_two_strengths_are_one_too_many():
    with pytest.raises(ValueError, match="pass one of the two"):
        game(penalty=penalties.r1(1.0), gamma=2.0)

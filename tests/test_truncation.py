"""The truncation trick and what must go with it: quantiles, and batch normalisation measured on the same latents."""

import math

import pytest
import torch

from gancourse import latent
from gancourse.models import biggan


def small(hierarchical=True):
    torch.manual_seed(0)
    return biggan.Generator(32, latent_dim=16, width=4, classes=3, shared_dim=5, hierarchical=hierarchical, attention=(16,))


@pytest.mark.parametrize("threshold", [0.2, 1.0, 2.5])
def test_truncated_latents_keep_their_quantiles(threshold):
    z = torch.randn(4000, 20, generator=torch.Generator().manual_seed(0))
    moved = latent.truncate(z, threshold)
    assert moved.dtype == torch.float32 and moved.abs().max() <= threshold
    in_order = moved.flatten()[z.flatten().argsort()]
    assert (in_order.diff() >= 0).all()  # order is kept,
    assert (moved.abs() > 0.999 * threshold).float().mean() < 0.02  # and nothing heaps up at the ends
    t = threshold
    density = math.exp(-t * t / 2) / math.sqrt(2 * math.pi)
    variance = 1 - 2 * t * density / math.erf(t / math.sqrt(2))  # of N(0, 1) given |z| <= t
    assert moved.var().item() == pytest.approx(variance, rel=0.02)
    drawn = latent.truncated_latents(4000, 20, threshold, seed=1)
    for q in (0.05, 0.25, 0.9):
        assert moved.flatten().quantile(q).item() == pytest.approx(drawn.flatten().quantile(q).item(), abs=0.02 * threshold)


def test_truncation_far_out_changes_nothing_and_is_odd():
    z = torch.randn(100, 8, generator=torch.Generator().manual_seed(1))
    assert torch.allclose(latent.truncate(z, 30.0), z, atol=1e-5)
    assert torch.allclose(latent.truncate(-z, 0.7), -latent.truncate(z, 0.7))
    with pytest.raises(ValueError, match="threshold"):
        latent.truncate(z, 0.0)
    with pytest.raises(TypeError, match="floats"):
        latent.truncate(torch.ones(2, 3, dtype=torch.int64), 1.0)


def test_standing_statistics_are_means_over_the_batches_and_leave_the_generator_alone():
    generator = small()
    z = torch.randn(32, 16, generator=torch.Generator().manual_seed(2))
    y = torch.arange(32) % 3
    before = {key: value.clone() for key, value in generator.state_dict().items()}
    stood = biggan.standing_statistics(generator, z, y, batch_size=16)
    assert all(torch.equal(value, before[key]) for key, value in generator.state_dict().items())
    assert not stood.training and generator.training
    # The first normalisation reads the first linear layer's map: its statistics can be computed by hand.
    first = stood.first(z[:, : stood.piece]).unflatten(1, (-1, 4, 4))
    kept = stood.stages[0][0].norm1.norm
    means = torch.stack([part.mean((0, 2, 3)) for part in first.split(16)]).mean(0)
    variances = torch.stack([part.var((0, 2, 3)) for part in first.split(16)]).mean(0)
    assert torch.allclose(kept.running_mean, means, atol=1e-4)
    assert torch.allclose(kept.running_var, variances, rtol=1e-2)
    with pytest.raises(ValueError, match="one label for each"):
        biggan.standing_statistics(generator, z, y[:5])


def test_statistics_of_all_latents_do_not_fit_truncated_ones():
    generator = small()
    y = torch.arange(64) % 3
    z = torch.randn(64, 16, generator=torch.Generator().manual_seed(3))
    near = latent.truncate(z, 0.3)
    wide, fitting = (biggan.standing_statistics(generator, given, y) for given in (z, near))

    def spread(network):  # of what the first normalisation gives, which should have variance 1
        x = network.first(near[:, : network.piece]).unflatten(1, (-1, 4, 4))
        return network.stages[0][0].norm1.norm(x).var().item()

    assert spread(fitting) == pytest.approx(1, abs=0.1)
    assert spread(wide) < 0.2

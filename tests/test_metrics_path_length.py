import math

import numpy as np
import pytest
import torch
from torch import nn

from gancourse.metrics import PathLengths, path_length, perceptual_path_length
from gancourse.models import stylegan1, stylegan2


def squared(x, y):
    return (x - y).double().flatten(1).square().sum(1)


class Linear(nn.Module):
    """Images that are linear in z, as a style generator whose mapping is linear too; in float64 for exact small steps."""

    latent_dim, layers = 6, 2

    def __init__(self):
        super().__init__()
        source = torch.Generator().manual_seed(1)
        self.f = nn.Parameter(torch.randn(6, 5, generator=source))
        self.g = nn.Parameter(torch.randn(5, 12, generator=source))

    def styles(self, z, labels=None):
        shift = 0 if labels is None else labels[:, None].float()
        return (z @ self.f + shift)[:, None].repeat(1, self.layers, 1)

    def synthesis(self, ws):
        return (ws.mean(1) @ self.g).reshape(-1, 3, 2, 2)

    def forward(self, z, labels=None):
        return self.synthesis(self.styles(z, labels))


@pytest.fixture(scope="module")
def styled():
    torch.manual_seed(0)
    return stylegan2.Generator(32, 8, w_dim=12, mapping_layers=2, channel_base=256, channel_max=16)


# ------------------------------------------------------------------------------------------------------------ closed forms


@pytest.mark.parametrize("sampling", ["full", "end"])
def test_on_straight_paths_a_linear_generator_has_the_length_of_the_chord(sampling):
    generator = Linear()
    found = perceptual_path_length(generator, 50, space="w", sampling=sampling, epsilon=0.01, distance=squared, seed=3)
    first, second, t = path_length.paths(50, 6, sampling, 3)
    chord = squared(generator(second), generator(first)).detach()  # ||g(w2 - w1)||^2, wherever the step is taken
    torch.testing.assert_close(found.values, chord, rtol=1e-3, atol=0)
    assert (t == 0).all() == (sampling == "end")


def test_steps_are_taken_at_a_place_of_their_own():
    """For squares the speed at w is 2 w (w1 - w0): it tells where on its path a step was taken."""

    class Squares(Linear):
        def synthesis(self, ws):
            return ws.mean(1).square()[:, :, None, None]

    found = perceptual_path_length(Squares(), 50, space="w", epsilon=0.01, distance=squared, seed=3, batch_size=16)
    z0, z1, t = path_length.paths(50, 6, "full", 3)
    w0, w1 = (Squares().styles(z)[:, 0].detach() for z in (z0, z1))
    middle = w0.lerp(w1, t[:, None] + 0.005)
    torch.testing.assert_close(found.values, (2 * middle * (w1 - w0)).double().square().sum(1), rtol=0.01, atol=0)
    assert t.min() < 0.2 and t.max() > 0.8


def test_on_arcs_the_identity_has_the_squared_speed_of_the_arc():
    def identity(z):
        return z[:, :, None, None]

    found = perceptual_path_length(identity, 200, epsilon=1e-2, distance=squared, latent_dim=16, seed=5)
    z0, z1, t = (x.double() for x in path_length.paths(200, 16, "full", 5))
    l0, l1 = z0.norm(dim=1), z1.norm(dim=1)
    angle = torch.acos((z0 * z1).sum(1) / (l0 * l1))
    expected = (l1 - l0).square() + (angle * (l0 + (t + 0.005) * (l1 - l0))).square()  # across and along the radius, half-way
    torch.testing.assert_close(found.values, expected, rtol=2e-3, atol=0)


def test_lengths_do_not_depend_on_epsilon_and_scale_with_the_square_of_the_generator(styled, perceptual):
    found = [perceptual_path_length(styled, 24, space="w", epsilon=e, distance=perceptual.distance).mean for e in (1e-4, 1e-3)]
    assert found[0] == pytest.approx(found[1], rel=0.02)
    twice = perceptual_path_length(lambda z: 2 * Linear()(z), 9, latent_dim=6, distance=squared, epsilon=1e-2)
    once = perceptual_path_length(Linear(), 9, distance=squared, epsilon=1e-2)
    torch.testing.assert_close(twice.values, 4 * once.values, rtol=1e-4, atol=0)


# ------------------------------------------------------------------------------------------------------- an independent one


@pytest.mark.parametrize("space, method", [("z", "slerp_any"), ("w", "lerp")])
def test_against_torchmetrics(styled, perceptual, space, method):
    """torchmetrics has steps at the paths' beginnings, and interpolates what its generator calls a latent.

    Its slerp turns at another pace between vectors of unequal length, so it gets unit vectors: the mapping divides by the length.
    """
    oracle = pytest.importorskip("torchmetrics.functional.image").perceptual_path_length
    first, second, _ = path_length.paths(40, 8, "end", 7)

    class Asked(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner, self.left = styled.eval(), [first, second]

        def sample(self, n):
            z = self.left.pop(0)
            return z / z.norm(dim=1, keepdim=True) if space == "z" else self.inner.mapping(z)

        def forward(self, latents):
            ws = self.inner.styles(latents) if space == "z" else latents[:, None].repeat(1, styled.layers, 1)
            return 255 * (self.inner.synthesis(ws) + 1) / 2

    class Net(nn.Module):
        def forward(self, x, y):
            return perceptual.distance(x, y)

    with torch.no_grad():
        *_, expected = oracle(
            Asked(), 40, interpolation_method=method, epsilon=1e-3, sim_net=Net(), lower_discard=None, upper_discard=None
        )
    options = {"space": space, "sampling": "end", "epsilon": 1e-3, "distance": perceptual.distance, "seed": 7}
    found = perceptual_path_length(styled, 40, **options).values
    torch.testing.assert_close(found, expected.double(), rtol=0.02, atol=1e-3)


def test_trimmed_mean_is_the_authors():
    values = torch.from_numpy(np.random.default_rng(0).exponential(size=1234))
    found = PathLengths(values, "z", "full", 1e-4)
    ordered = values.sort().values  # quantiles at 12.33 and 1220.67 of 0..1233: the neighbours outside, 12 and 1221
    assert found.trimmed_mean == pytest.approx(float(ordered[12:1222].mean()), rel=1e-12)
    assert found.mean == pytest.approx(float(values.mean())) and found.trimmed_mean < found.mean
    assert found.standard_error == pytest.approx(1 / math.sqrt(1234), rel=0.1)
    assert "trimmed_mean" in repr(found)


# ---------------------------------------------------------------------------------------------------------------- behaviour


def test_batches_seeds_and_modes(styled, perceptual):
    options = {"distance": perceptual.distance, "epsilon": 1e-3}
    styled.train()
    average = styled.mapping.average.clone()
    whole = perceptual_path_length(styled, 10, **options)
    parts = perceptual_path_length(styled, 10, batch_size=3, **options)
    torch.testing.assert_close(whole.values, parts.values, rtol=1e-2, atol=1e-3)
    assert styled.training and torch.equal(styled.mapping.average, average)
    other = perceptual_path_length(styled, 10, seed=1, **options)
    assert not torch.allclose(whole.values, other.values, rtol=0.05)


def test_both_ends_share_noise():
    """Fresh noise would add a distance that epsilon does not shrink."""
    torch.manual_seed(0)
    generator = stylegan2.Generator(32, 8, w_dim=12, mapping_layers=2, channel_base=128, channel_max=8).train()
    quiet = perceptual_path_length(generator, 6, space="w", distance=squared, epsilon=1e-3).mean
    for name, parameter in generator.named_parameters():
        if name.endswith("noise_strength"):
            parameter.data.fill_(0.3)
    noisy = perceptual_path_length(generator, 6, space="w", distance=squared, epsilon=1e-3).mean
    assert noisy < 20 * quiet


def test_labels_belong_to_paths():
    plain = perceptual_path_length(Linear(), 7, space="w", distance=squared, epsilon=0.01)
    labelled = perceptual_path_length(
        Linear(), 7, space="w", distance=squared, epsilon=0.01, labels=torch.arange(7), batch_size=3
    )
    torch.testing.assert_close(plain.values, labelled.values, rtol=0.02, atol=0)  # a shift shared by both ends
    with pytest.raises(ValueError, match="one for each of the 7 paths"):
        perceptual_path_length(Linear(), 7, labels=torch.arange(6))


def test_the_first_stylegan_is_measured_too(perceptual):
    torch.manual_seed(0)
    generator = stylegan1.Generator(16, 8, w_dim=8, channel_base=64, channel_max=8, mapping_layers=2)
    for space in ("z", "w"):
        assert perceptual_path_length(generator, 4, space=space, distance=perceptual.distance).mean > 0


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="did you mean 'full'"):
        perceptual_path_length(Linear(), 4, sampling="ful")
    with pytest.raises(ValueError, match="hence no W"):
        perceptual_path_length(lambda z: z, 4, space="w", latent_dim=3)
    with pytest.raises(ValueError, match="one number for each"):
        perceptual_path_length(Linear(), 4, distance=lambda x, y: (x - y).square().mean())

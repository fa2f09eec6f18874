import math

import pytest
import torch
from torch import nn

from gancourse.latent import projection
from gancourse.latent.projection import project
from gancourse.models import stylegan1, stylegan2


def made(**options):
    torch.manual_seed(0)
    network = stylegan2.Generator(
        16, 6, **{"w_dim": 8, "mapping_layers": 2, "channel_base": 128, "channel_max": 12, **options}
    ).eval()
    for name, parameter in network.named_parameters():
        if name.endswith("noise_strength"):
            parameter.data.fill_(0.3)
    return network


def coarse(images):
    """Features for tests: the means of 4 x 4 pixels."""
    return nn.functional.avg_pool2d(images, 4).flatten(1)


@pytest.fixture(scope="module")
def generator():
    return made()


@pytest.fixture(scope="module")
def target(generator):
    z = torch.randn(3, 6, generator=torch.Generator().manual_seed(7))
    with torch.no_grad():
        return generator(z)


def test_an_image_of_the_generator_is_found_again(generator, target):
    found = project(generator, target, steps=150, features=coarse)
    mean = generator.synthesis(generator.styles(torch.randn(500, 6)).detach().mean(0, keepdim=True)).detach()
    at_mean = (mean - target).square().mean((1, 2, 3))
    assert (found.errors < 0.02 * at_mean).all()
    assert found.ws.shape == (3, 6, 8) and found.history.shape == (150, 3) and found.noise == {}
    assert (found.ws == found.ws[:, :1]).all()  # one style for all layers
    with torch.no_grad():
        torch.testing.assert_close(generator.synthesis(found.ws), found.images)
    torch.testing.assert_close(found.errors, (found.images - target).square().mean((1, 2, 3)))
    torch.testing.assert_close(found.distances, (coarse(found.images) - coarse(target)).square().sum(1))
    assert (found.history[-1] < 0.05 * found.history[0]).all()


def test_each_layers_own_style_comes_nearer(generator):
    stranger = torch.rand(1, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    one, own = (project(generator, stranger, steps=60, features=coarse, space=space) for space in ("w", "w+"))
    assert own.errors < one.errors
    assert not torch.equal(own.ws[:, 0], own.ws[:, 1])


def test_a_latent_is_searched_in_the_same_way(generator, target):
    found = project(generator, target, steps=150, features=coarse, space="z", start="nearest")
    begun = project(generator, target, steps=1, features=coarse, space="z", start="nearest")
    same = project(generator, target, steps=1, features=coarse, start="nearest")
    torch.testing.assert_close(begun.images, same.images)  # both spaces start from the same of the 64 pictures
    assert (found.errors < begun.errors).all() and found.errors.mean() < 0.2 * begun.errors.mean()
    assert found.ws.shape == (3, 6, 8) and (found.ws == found.ws[:, :1]).all()
    with torch.no_grad():
        torch.testing.assert_close(generator.synthesis(found.ws), found.images)
        z = torch.randn(3, 6, generator=torch.Generator().manual_seed(7))
    assert project(generator, target, steps=1, features=coarse, space="z", start=z).errors.max() < 1e-10
    with pytest.raises(ValueError, match="start='nearest'"):
        project(generator, target, steps=1, features=coarse, space="z")
    with pytest.raises(ValueError, match="start must be \\[3, 6\\], not"):
        project(generator, target, steps=1, features=coarse, space="z", start=torch.zeros(3, 6, 8))


def test_a_latent_of_a_class_is_searched():
    generator, labels = made(label_dim=3), torch.tensor([0, 2])
    with torch.no_grad():
        target = generator(torch.randn(2, 6), labels)
    found = project(generator, target, steps=40, features=coarse, labels=labels, space="z", start="nearest")
    assert (found.history[-1] < found.history[0]).all()


def test_the_seed_decides(generator, target):
    first, again, other = (project(generator, target[:1], steps=8, features=coarse, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(first.ws, again.ws) and not torch.equal(first.ws, other.ws)
    assert torch.equal(project(generator, target[0], steps=8, features=coarse).ws, first.ws)  # [C, H, W] is a batch of one


def test_the_generator_stays_as_it_is(target):
    generator = made().train()
    before = {name: value.clone() for name, value in generator.state_dict().items()}
    project(generator, target, steps=5, features=coarse, regularise_noise=10.0)
    assert generator.training and all(parameter.grad is None for parameter in generator.parameters())
    after = generator.state_dict()
    assert all(torch.equal(value, after[name]) for name, value in before.items())


def test_learning_rate_rises_stays_and_falls():
    rates = [projection.learning_rate(i / 1000, 0.1) for i in range(1000)]
    assert rates[0] == 0 and rates[25] == pytest.approx(0.05) and rates[50] == pytest.approx(0.1)
    assert rates[400] == rates[750] == pytest.approx(0.1)
    assert rates[875] == pytest.approx(0.05) and rates[999] < 1e-4


def test_blur_fades_with_the_square(generator, target, monkeypatch):
    """The w that is drawn differs from the w that is kept by noise whose spread falls as t^2 to 0 at three quarters."""
    shown = []
    draw = projection._Search._draw
    monkeypatch.setattr(projection._Search, "_draw", lambda self, w: (shown.append((w - self.w).detach()), draw(self, w))[1])
    project(generator, target[:1].expand(40, -1, -1, -1), steps=20, features=coarse, lr=1e-9)
    spread = [float(w.std()) for w in shown[:20]]
    with torch.no_grad():
        w = generator.mapping(torch.randn(2000, 6))
    sigma = float((w - w.mean(0)).square().sum(1).mean().sqrt())
    assert spread[0] == pytest.approx(0.05 * sigma, rel=0.15)
    assert spread[5] == pytest.approx(spread[0] * (1 - 0.25 / 0.75) ** 2, rel=0.25)
    assert max(spread[15:]) == 0


# ------------------------------------------------------------------------------------------------------------------- noise


def test_noise_is_optimised_apart_for_each_image_and_stays_standard(generator):
    stranger = torch.rand(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1
    constant = project(generator, stranger, steps=60, features=coarse)
    free = project(generator, stranger, steps=60, features=coarse, regularise_noise=1.0)
    assert (free.errors < constant.errors).all()
    assert sorted(free.noise) == sorted(name for name, _ in generator.synthesis.named_buffers() if name.endswith("noise"))
    for noise in free.noise.values():
        assert noise.shape[:2] == (2, 1) and not torch.allclose(noise[0], noise[1])
        torch.testing.assert_close(noise.mean((1, 2, 3)), torch.zeros(2), atol=1e-5, rtol=0)
        torch.testing.assert_close(noise.square().mean((1, 2, 3)), torch.ones(2), atol=1e-4, rtol=0)
    with torch.no_grad():
        again = torch.func.functional_call(generator.synthesis, free.noise, (free.ws,))
    torch.testing.assert_close(again, free.images)


def test_the_weight_keeps_noise_white(generator):
    stranger = nn.functional.interpolate(torch.rand(1, 3, 4, 4) * 2 - 1, size=16, mode="bilinear")
    loose, tight = (project(generator, stranger, steps=60, features=coarse, regularise_noise=weight) for weight in (1e-6, 1e5))
    whole = [sum(float(projection.noise_penalty(n)) for n in p.noise.values()) for p in (loose, tight)]
    assert whole[1] < 0.1 * whole[0]


def test_noise_penalty_sees_structure_at_every_scale():
    source = torch.Generator().manual_seed(0)
    white = torch.randn(4, 1, 64, 64, generator=source)
    broad = torch.randn(4, 1, 8, 8, generator=source).repeat_interleave(8, 2).repeat_interleave(8, 3)
    ramp = torch.linspace(-1.7, 1.7, 64).expand(1, 1, 64, 64)
    assert projection.noise_penalty(white).max() < 0.2
    assert projection.noise_penalty(broad).min() > 1
    assert projection.noise_penalty(ramp) > 1
    checks = torch.tensor([[1.0, -1.0], [-1.0, 1.0]]).repeat(4, 4)[None, None]  # every neighbour's product is -1
    assert projection.noise_penalty(checks).item() == pytest.approx(2.0)
    blocks = checks.repeat_interleave(2, 2).repeat_interleave(2, 3)  # flat at 16 px; halved, checks of 2 and -2
    assert projection.noise_penalty(blocks).item() == pytest.approx(2 * (-4) ** 2)


# ---------------------------------------------------------------------------------------------------------- starts and kinds


def test_starts(generator, target):
    with torch.no_grad():
        ws = generator.styles(torch.randn(3, 6, generator=torch.Generator().manual_seed(7)))
    from_truth = project(generator, target, steps=1, features=coarse, start=ws)
    assert from_truth.errors.max() < 1e-10  # the first step's learning rate is 0
    assert project(generator, target, steps=1, features=coarse, start=ws[:, 0]).errors.max() < 1e-10
    mean, nearest = (project(generator, target, steps=1, features=coarse, start=s).errors for s in ("mean", "nearest"))
    assert nearest.mean() < mean.mean()


def test_conditional_generators_start_from_their_classes_mean():
    generator = made(label_dim=3)
    labels = torch.tensor([0, 2])
    with torch.no_grad():
        target = generator(torch.randn(2, 6), labels)
    found = project(generator, target, steps=40, features=coarse, labels=labels)
    assert (found.history[-1] < found.history[0]).all()
    with pytest.raises(ValueError, match="pass labels"):
        project(generator, target, steps=1, features=coarse)


def test_the_first_stylegan_is_projected_too():
    torch.manual_seed(0)
    generator = stylegan1.Generator(16, 6, w_dim=6, channel_base=64, channel_max=8, mapping_layers=2).eval()
    with torch.no_grad():
        target = generator(torch.randn(1, 6))
    found = project(generator, target, steps=20, features=coarse, regularise_noise=1.0)
    assert found.noise and found.history[-1] < found.history[0]


def test_shipped_features_are_the_default(generator, target):
    found = project(generator, target[:1], steps=2, pixels=0.0)
    assert math.isclose(float(found.history[0]), float(found.distances), rel_tol=0.5)


def test_bad_input_names_the_fix(generator, target):
    with pytest.raises(ValueError, match="did you mean 'w\\+'"):
        project(generator, target, space="w++")
    with pytest.raises(ValueError, match="gancourse.latent.inversion"):
        project(nn.Linear(2, 2), target)
    with pytest.raises(ValueError, match="one shape"):
        project(generator, torch.zeros(1, 3, 8, 8), steps=1, features=coarse)
    with pytest.raises(TypeError, match="to_float"):
        project(generator, torch.zeros(1, 3, 16, 16, dtype=torch.uint8))
    with pytest.raises(ValueError, match="target must be floats in \\[-1, 1\\] and reach"):
        project(generator, 255 * target.abs(), features=coarse)
    with pytest.raises(ValueError, match="target holds NaN"):
        project(generator, torch.full_like(target, math.nan), features=coarse)
    for labels in (torch.tensor([2]), torch.tensor([0, 1]), torch.tensor(2)):
        for space in ("z", "w", "w+"):
            with pytest.raises(ValueError, match="each picture needs its own label"):
                project(made(label_dim=3), target, steps=1, features=coarse, space=space, start="nearest", labels=labels)
    with pytest.raises(TypeError, match="steps must be a whole number"):
        project(generator, target, steps=2.5, features=coarse)
    with pytest.raises(ValueError, match="pixels must be 0 or more"):
        project(generator, target, pixels=-1.0, features=coarse)
    with pytest.raises(ValueError, match="start must be"):
        project(generator, target, start=torch.zeros(2, 8), features=coarse)

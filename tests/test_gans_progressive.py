import pytest
import torch
import torch.nn.functional as F

from gancourse.data import Batches
from gancourse.gans.progressive import Progressive, Schedule, at_level
from gancourse.losses import penalties
from gancourse.models import dcgan, progan, stylegan1
from gancourse.training import fit

SMALL = {"channel_base": 64, "channel_max": 8}


def game(size=16, **options):
    torch.manual_seed(0)
    networks = progan.Generator(size, 4, **SMALL), progan.Discriminator(size, **SMALL)
    return Progressive(*networks, Schedule(networks[0].levels, fade=3, stable=2), **options)


def images(n=32, size=16):
    return torch.randint(0, 256, (n, 3, size, size), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))


def test_schedule():
    schedule = Schedule(2, fade=3, stable=2)
    assert schedule.steps == 2 + 5 + 5
    assert schedule.starts() == [0, 2, 7]
    stages = [schedule.at(step) for step in range(14)]
    assert stages[:2] == [(0, 1.0)] * 2
    assert stages[2:7] == [(1, 0.25), (1, 0.5), (1, 0.75), (1, 1.0), (1, 1.0)]
    assert stages[7][0] == 2
    assert stages[11:] == [(2, 1.0)] * 3  # beyond the end, the whole network
    uneven = Schedule(1, fade=(0, 4), stable=(1, 10))
    assert uneven.steps == 15
    assert Schedule(0, 5, 7).steps == 7


def test_real_images_are_shown_as_the_networks_show_theirs():
    x = torch.randn(2, 3, 16, 16)
    assert torch.equal(at_level(x, 2), x)
    small = at_level(x, 1)
    assert torch.allclose(small[0, 0, 0, 0], x[0, 0, :2, :2].mean())
    faded = at_level(x, 2, 0.25)
    assert torch.allclose(faded, 0.25 * x + 0.75 * F.interpolate(F.avg_pool2d(x, 2), scale_factor=2), atol=1e-6)
    # the first step of a fade shows the discriminator what it knew: the smaller image is the same
    assert torch.allclose(F.avg_pool2d(at_level(x, 2, 0.0), 2), at_level(x, 1), atol=1e-6)
    with pytest.raises(ValueError, match="24 px cannot be shown at 16 px"):
        at_level(torch.zeros(1, 3, 24, 24), 2)


def test_training_grows_through_all_levels_and_the_average_follows():
    gan = game(penalty=penalties.r1(1.0))
    seen = []
    hook = (1, lambda run: seen.append((run.sample(2).shape[-1], run.generator.level, run.generator.alpha)))
    run = fit(gan, Batches(images(), 8), gan.schedule.steps, ema=0.9, hooks=[hook], progress=False)
    assert [side for side, _, _ in seen[1:]] == [4] * 2 + [8] * 5 + [16] * 5
    assert seen[3] == (8, 1, 0.25)
    assert run.history["level"].tolist() == [0] * 2 + [1] * 5 + [2] * 5
    assert run.history["alpha"][2:7].tolist() == [0.25, 0.5, 0.75, 1, 1]
    assert (run.generator.level, run.generator.alpha) == (2, 1.0)


def test_real_images_fade_unless_told_otherwise():
    x, source = images(4).float() / 127.5 - 1, torch.Generator().manual_seed(0)
    step = 3  # level 1 at alpha = 0.5
    assert torch.equal(game().play(x, source, step=step).real, at_level(x, 1, 0.5))
    assert torch.equal(game(fade_real=False).play(x, source, step=step).real, at_level(x, 1))


def test_an_interrupted_run_goes_on_bit_for_bit(tmp_path):
    straight = fit(game(), Batches(images(), 8), 9, ema=0.9, progress=False)
    first = game()
    fit(first, Batches(images(), 8), 4, ema=0.9, checkpoint=tmp_path / "run", progress=False)
    assert first.generator.level == 1
    resumed = fit(game(), Batches(images(), 8), 9, ema=0.9, checkpoint=tmp_path / "run", progress=False)
    for one, other in zip(straight.generator.state_dict().values(), resumed.generator.state_dict().values(), strict=True):
        assert torch.equal(one, other)


def test_bfloat16():
    run = fit(game(penalty=penalties.r1(1.0)), Batches(images(), 8), 8, precision="bf16", progress=False)
    assert torch.isfinite(run.sample(2)).all()


def test_stylegan_grows_too():
    torch.manual_seed(0)
    generator = stylegan1.Generator(8, 4, w_dim=6, mapping_layers=1, **SMALL)
    gan = Progressive(generator, progan.Discriminator(8, blur=True, **SMALL), Schedule(1, 2, 2))
    run = fit(gan, Batches(images(size=8), 4), gan.schedule.steps, ema=0.9, progress=False)
    assert run.sample(3).shape == (3, 3, 8, 8)


def test_bad_input_names_the_fix():
    networks = progan.Generator(16, 4, **SMALL), progan.Discriminator(16, **SMALL)
    with pytest.raises(ValueError, match="ends at level 3, the networks at 2 and 2"):
        Progressive(*networks, Schedule(3, 1, 1))
    with pytest.raises(ValueError, match="cannot grow"):
        Progressive(networks[0], dcgan.Discriminator(16, width=4), Schedule(2, 1, 1))
    with pytest.raises(ValueError, match=r"one for each of the levels 0\.\.2"):
        Schedule(2, (1, 1), 1)

"""Stripes, colours and layouts of the four losses: no measure may be passed by what is no picture."""

import math

import pytest
import torch

from gancourse.data.pairs import load_pairs
from gancourse.experiments import pix2pix_losses, pix2pix_stripes, runner
from gancourse.experiments.pix2pix_stripes import STRIPES, cleaned, stripe_variances, stripes_in_hair


@pytest.fixture
def waves():
    """Rising, falling, both at once, noise and nothing, each with variance 1 / 2 or 0, and maps that are all hair."""
    down, across = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    rising, falling = ((2 * math.pi * (across + sign * down) * STRIPES / 32 + 1).cos() for sign in (1, -1))
    noise = torch.randn(32, 32, generator=torch.Generator().manual_seed(0)) * 0.5**0.5
    grey = torch.stack([rising, falling + 3, (rising + falling) / 2**0.5, noise, torch.zeros(32, 32)])
    return grey[:, None].expand(-1, 3, -1, -1).clone(), torch.full((5, 1, 32, 32), pix2pix_losses.HAIR)


def test_a_stripe_is_all_stripe_and_hatching_noise_and_nothing_are_none(waves):
    pictures, maps = waves
    assert stripe_variances(pictures, maps)[:, 0].tolist() == pytest.approx([0.5, 0.5, 0.5, 0.5, 0], abs=0.03)
    found = [stripes_in_hair(pictures[i : i + 1], maps[:1], 0.5) for i in range(5)]
    assert found == pytest.approx([1, 1, 0, 0, 0], abs=0.02)
    assert stripes_in_hair(pictures[:1] / 2, maps[:1], 0.5) == pytest.approx(0.25, abs=1e-3)  # half the contrast
    noisy = pictures[:1] + pictures[3:4]
    assert stripes_in_hair(noisy, maps[:1], 0.5) == pytest.approx(0.5, abs=0.06)  # variance beyond the truth's counts against it
    maps = maps.clone()
    maps[:, :, :, 16:] = 0
    pictures[:, :, :, 16:] = 9  # what is no hair does not count
    assert stripes_in_hair(pictures[:1], maps[:1], 0.5) == pytest.approx(1, abs=1e-3)


def test_cleaning_halves_what_is_no_stripe_and_leaves_the_rest(waves):
    pictures, maps = waves
    noisy = pictures[:1] + pictures[3:4]
    once = cleaned(noisy, maps[:1])
    left = (once - pictures[:1]).mean(1)
    assert left.square().mean().sqrt().item() == pytest.approx(0.5 * pictures[3, 0].square().mean().sqrt().item(), rel=0.05)
    assert torch.allclose(cleaned(pictures[:2], maps[:2]), pictures[:2], atol=1e-4)
    half = maps[:1].clone()
    half[:, :, :16] = 0
    assert torch.equal(cleaned(noisy, half)[:, :, :16], noisy[:, :, :16])


def test_no_measure_is_passed_by_what_is_no_picture(stages):
    stage = stages("pix2pix_stripes")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    truth = rows.pop("truth")
    assert truth["stripes"] == pytest.approx(1)
    assert truth["colours"] < 0.3
    nearest = rows.pop("nearest map's face")
    assert nearest["stripes"] > 0.6 > 0.5 > nearest["colours"]
    others = rows.pop("other faces")  # true faces, of other maps
    assert others["colours"] < 0.3 < others["stripes"] < 0.7
    assert all(row["stripes"] < 0.1 for row in rows.values())
    assert all(row["colours"] > 0.8 for name, row in rows.items() if name not in ("blurred truth", "faces without stripes"))
    assert rows["flat colours, a third of the noise"]["hair_energy"] > 0.5  # it has the energy, and no stripe
    assert rows["flat colours, hatched"]["hair_energy"] > 0.5


def test_colours_are_read_at_pixels_that_are_hair_in_every_map(stages):
    stage = stages("pix2pix_stripes")
    assert stage.always.sum() > 10
    for pairs in (stage.pairs, stage.unseen):
        assert (pairs.a[:, 0][:, stage.always] == pix2pix_losses.HAIR).all()
    one = stage.pairs.targets([0]).expand_as(stage.truth)
    assert stage.colours_of(one).std(0).max() < 1e-5  # one picture has one colour, whatever the maps


def test_mended_pictures_differ_in_eyes_and_mouth_alone(stages):
    stage = stages("pix2pix_stripes")
    blank = torch.zeros_like(stage.truth)
    mended = stage.mended(blank)
    changed = (mended != 0).any(1)
    small = (stage.unseen.a[:, 0] == pix2pix_stripes.SMALL[0]) | (stage.unseen.a[:, 0] == pix2pix_stripes.SMALL[1])
    assert not changed[~small].any() and changed[small].float().mean() > 0.9
    assert torch.equal(mended.movedim(1, -1)[small], stage.truth.movedim(1, -1)[small])


def test_stripes_have_the_length_in_pixels_of_those_at_64_px(stages):
    assert STRIPES / 32 == pix2pix_losses.STRIPES / 64
    found = pix2pix_losses.hair_waves(stages("pix2pix_stripes").truth, stages("pix2pix_stripes").unseen.a, STRIPES).mean(0)
    assert found[0] > 0.5 > 0.1 > found[1]
    plain = load_pairs("segments", 32, 80, "test", progress=False)
    assert torch.equal(pix2pix_losses.striped(plain).b, pix2pix_losses.striped(plain, 0, pix2pix_losses.STRIPES).b)


def test_arms_are_those_of_the_five_losses_on_fresh_seeds():
    ours, before = pix2pix_stripes.EXPERIMENT, pix2pix_losses.EXPERIMENT
    assert all(before.arms[name] == arm for name, arm in ours.arms.items())
    assert not set(ours.seeds) & set(before.seeds)

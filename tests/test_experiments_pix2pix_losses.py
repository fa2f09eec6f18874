"""Striped faces and their judges."""

import math

import pytest
import torch

from gancourse.experiments import pix2pix_losses, runner


def test_faces_score_the_truth_above_every_null(stages):
    stage = stages("pix2pix_losses")
    rows = {name: runner.scores(stage, sample) for name, sample in stage.nulls().items()}
    truth = rows["truth"]
    assert (truth["hair_energy"], truth["sharpness"], truth["hair_spread"], truth["l1"]) == pytest.approx((1, 1, 1, 0))
    assert rows["mean face"]["hair_energy"] < 0.5 < 1.5 < rows["noise"]["hair_energy"]
    assert rows["mean colour of each class"]["hair_spread"] == pytest.approx(0, abs=1e-3)
    assert all(rows[name]["frechet"] > 2 * truth["frechet"] for name in ("mean face", "noise", "untrained", "blurred truth"))


def test_stripes_are_in_the_hair_alone_and_their_phase_is_not_in_the_map(stages):
    plain = pix2pix_losses.load_pairs("segments", 32, 80, "test", progress=False)
    one, other = (pix2pix_losses.striped(plain, seed) for seed in (0, 1))
    hair = (plain.a == pix2pix_losses.HAIR).expand_as(plain.b)
    assert torch.equal(one.b[~hair], plain.b[~hair])
    assert torch.equal(one.a, plain.a)
    assert not torch.equal(one.b, other.b)
    share = (one.b != plain.b).any(1, keepdim=True).sum() / (plain.a == pix2pix_losses.HAIR).sum()
    assert 0.4 < share < 0.6
    energy = [pix2pix_losses.hair_energy(pairs.targets(), pairs.a) for pairs in (plain, one)]
    assert energy[1] > 1.5 * energy[0]


def test_hair_colours_are_means_over_the_hair():
    maps = torch.full((1, 1, 2, 2), pix2pix_losses.HAIR)
    maps[0, 0, 0, 0] = 0
    pictures = torch.tensor([[[[9.0, 1.0], [2.0, 3.0]]]]).expand(-1, 3, -1, -1)
    assert pix2pix_losses.hair_colours(pictures, maps).tolist() == [[2.0, 2.0, 2.0]]


def test_stripes_are_coherent_along_either_diagonal_and_hatching_is_not():
    down, across = torch.meshgrid(torch.arange(16), torch.arange(16), indexing="ij")
    rising, falling = (((across + sign * down) % 8 < 4).float() for sign in (1, -1))
    noise = torch.rand(16, 16, generator=torch.Generator().manual_seed(0))
    pictures = torch.stack([rising, falling, rising + falling, noise, torch.zeros(16, 16)])[:, None].expand(-1, 3, -1, -1)
    maps = torch.full((5, 1, 16, 16), pix2pix_losses.HAIR)
    found = pix2pix_losses.hair_coherence(pictures, maps).tolist()
    assert found[:2] == pytest.approx([1, 1], abs=1e-6)
    assert max(found[2:]) < 0.1
    maps[:, :, :, 8:] = 0
    assert pix2pix_losses.hair_coherence(pictures, maps)[0].item() == pytest.approx(1)


def test_a_stripe_lies_in_one_wave_hatching_in_two_and_noise_in_neither():
    down, across = torch.meshgrid(torch.arange(64.0), torch.arange(64.0), indexing="ij")
    rising, falling = ((2 * math.pi * (across + sign * down) * pix2pix_losses.STRIPES / 64 + 1).cos() for sign in (1, -1))
    noise = torch.rand(64, 64, generator=torch.Generator().manual_seed(0))
    grey = torch.stack([rising, 3 + falling, rising.sign(), rising + falling, rising + 0.5 * falling, noise, torch.zeros(64, 64)])
    pictures, maps = grey[:, None].expand(-1, 3, -1, -1).clone(), torch.full((7, 1, 64, 64), pix2pix_losses.HAIR)
    found = pix2pix_losses.hair_waves(pictures, maps)
    assert found[:2].tolist() == [pytest.approx([1, 0], abs=1e-5)] * 2
    assert found[2, 0].item() == pytest.approx(1 / (8 * math.sin(math.pi / 8) ** 2), abs=1e-5)  # + + + + - - - -
    assert found[3].tolist() == pytest.approx([0.5, 0.5], abs=1e-5)
    assert found[4].tolist() == pytest.approx([0.8, 0.2], abs=1e-5)
    assert found[5:].max().item() < 0.02
    maps[:, :, :, 32:] = 0
    pictures[:, :, :, 32:] = 9  # what is no hair does not count
    assert pix2pix_losses.hair_waves(pictures, maps)[:2].tolist() == [pytest.approx([1, 0], abs=1e-5)] * 2


def test_the_faces_stripes_lie_in_their_wave(stages):
    faces = stages("pix2pix_losses")
    found = pix2pix_losses.hair_waves(faces.truth, faces.unseen.a).mean(0)
    assert found[0] > 0.5 > 0.1 > found[1]

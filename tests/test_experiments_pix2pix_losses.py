"""Striped faces and their judges."""

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

"""A move, one as far to anywhere, and what they change."""

from __future__ import annotations

import pytest
import torch

from gancourse import latent

NAMES = {"glasses": ("no", "yes"), "skin": ("light", "dark")}


class Signs:
    """Reads two attributes off the signs of a picture's first two values."""

    attribute_names = NAMES

    def predict(self, images):
        return (images[:, :2] > 0).long()


def test_astray_ends_as_far_and_as_long_but_elsewhere():
    z = torch.randn(200, 64, generator=torch.Generator().manual_seed(0))
    moved = z + 2 * torch.randn(64, generator=torch.Generator().manual_seed(1))
    away = latent.astray(z, moved, seed=2)
    assert torch.allclose((away - z).norm(dim=1), (moved - z).norm(dim=1), rtol=1e-4)
    assert torch.allclose(away.norm(dim=1), moved.norm(dim=1), rtol=1e-4)
    across = [step - (step * z).sum(1, keepdim=True) / z.square().sum(1, keepdim=True) * z for step in (away - z, moved - z)]
    assert torch.nn.functional.cosine_similarity(*across).mean().abs() < 0.05
    assert torch.equal(away, latent.astray(z, moved, seed=2)) and not torch.equal(away, latent.astray(z, moved, seed=3))
    with pytest.raises(ValueError, match="one shape"):
        latent.astray(z, moved[:5], seed=0)


def test_the_outcome_counts_what_is_shown_and_what_stays():
    before = torch.tensor([[0, 0], [0, 1], [0, 1], [0, 0]])
    images = torch.tensor([[1.0, -1], [1, -1], [1, 1], [-1, -1]])
    assert latent.outcome(Signs(), images, before, glasses="yes") == [0.75, 0.25, 0.75]
    with pytest.raises(ValueError, match="of these pictures"):
        latent.outcome(Signs(), images, before[:2], glasses="yes")


def test_who_pays_most_is_asked_beside_the_control():
    control = {"glasses": 0.9, "skin": 0.8, "smile": 0.7}
    assert latent.pays_most({"glasses": 0.0, "skin": 0.6, "smile": 0.65}, control, "glasses") == "skin"
    assert latent.pays_most({"glasses": 0.0, "skin": 0.8, "smile": 0.9}, control, "glasses") is None

"""Posteriors as pictures: a panel for each image, and what is asked for wrongly."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gancourse import viz
from gancourse.models.vae import VAE, Code
from gancourse.viz.pictures import COLOURS


def model_and_images(latent_dim: int = 2) -> tuple[VAE, torch.Tensor]:
    torch.manual_seed(0)
    return VAE((1, 4, 4), latent_dim, (8,)), torch.randn(3, 1, 4, 4).sign()


def has_colour(picture: np.ndarray, name: str) -> bool:
    wanted = np.array([int(COLOURS[name][k : k + 2], 16) for k in (1, 3, 5)])
    return bool((np.abs(picture.astype(int) - wanted).sum(2) < 12).any())


def test_each_image_has_a_panel_with_an_ellipse_of_each_colour():
    model, x = model_and_images()
    code = Code(*(part.detach() for part in model.encode(x)))
    one = viz.posterior_ellipses(model, x[:1], {"fake": Code(*(part[:1] for part in code))})
    both = viz.posterior_ellipses(model, x, {"fake": code, "discriminator": Code(code.mean + 0.5, code.log_variance)}, "abc")
    assert both.width == 3 * one.width and both.height == one.height
    assert has_colour(np.asarray(one), "fake") and not has_colour(np.asarray(one), "discriminator")
    assert has_colour(np.asarray(both), "fake") and has_colour(np.asarray(both), "discriminator")


def test_other_dimensions_and_missing_codes_are_refused():
    model, x = model_and_images(3)
    with pytest.raises(ValueError, match="latent_dim 2"):
        viz.posterior_ellipses(model, x, {})
    model, x = model_and_images()
    code = Code(torch.zeros(2, 2), torch.zeros(2, 2))
    for codes in ({}, {"fake": code}):
        with pytest.raises(ValueError, match="each of the 3 images"):
            viz.posterior_ellipses(model, x, codes)

"""Losses as curves."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from gancourse import losses, viz


@pytest.mark.parametrize("name", sorted(losses.OBJECTIVES))
def test_equilibrium_values_are_the_losses_at_the_best_constant_logit(name):
    game = losses.objective(name)
    constants = torch.linspace(-3, 3, 601, dtype=torch.float64)
    d = torch.stack([game.discriminator(c[None], c[None]) for c in constants])  # p_G = p_data: both players see the same
    best = constants[d <= d.min() + 1e-9]
    g = torch.stack([game.generator(c[None], c[None]) for c in best])
    of_d, of_g = viz.equilibrium(name)
    assert of_d == pytest.approx(float(d.min()), abs=1e-4)
    if of_g is None:
        assert g.max() - g.min() > 0.5  # D's level is open
    else:
        assert of_g == pytest.approx(float(g.mean()), abs=1e-4)


def test_smoothing_is_a_centred_mean_that_keeps_length_and_level():
    from gancourse.viz.curves import smoothed

    y = np.random.default_rng(0).normal(size=50)
    expected = [y[max(0, i - 3) : i + 4].mean() for i in range(50)]
    assert np.allclose(smoothed(y, 7), expected)
    assert np.allclose(smoothed(y, 1), y)
    assert np.allclose(smoothed(y, 6), smoothed(y, 7)), "an even window takes one point more, so that it has a centre"
    assert np.allclose(smoothed(y[:3], 7), y[:3].mean()) and smoothed(y[:3], 7).shape == (3,)


@pytest.mark.parametrize("bad", [1e20, -1e20, float("inf"), float("nan")])
def test_one_point_changes_no_mean_but_those_it_stands_in(bad):
    from gancourse.viz.curves import smoothed

    y = np.ones(30)
    y[10] = bad
    found = smoothed(y, 3)
    assert np.array_equal(np.delete(found, [9, 10, 11]), np.ones(27))
    assert np.array_equal(found[9:12], np.ones(3)) if np.isnan(bad) else np.allclose(found[9:12], bad / 3)


def test_where_no_point_is_a_number_there_is_no_mean():
    from gancourse.viz.curves import smoothed

    found = smoothed([1, 1, np.nan, np.nan, np.nan], 3)
    assert np.array_equal(found, [1, 1, 1, np.nan, np.nan], equal_nan=True)


def test_loss_curves_draw_what_they_are_given():
    from matplotlib.figure import Figure

    history = {"step": np.arange(10), "d_loss": np.linspace(1, 2, 10), "g_loss": np.linspace(3, 2, 10)}
    ax = Figure().add_subplot()
    assert viz.loss_curves(history, smooth=1, objective="non_saturating", ax=ax) is None
    drawn = {line.get_label(): line for line in ax.lines}
    assert np.allclose(drawn["discriminator"].get_ydata(), history["d_loss"])
    assert np.allclose(drawn["generator"].get_ydata(), history["g_loss"])
    assert drawn["equilibrium 2 log 2"].get_ydata()[0] == pytest.approx(2 * math.log(2))
    assert drawn["equilibrium log 2"].get_ydata()[0] == pytest.approx(math.log(2))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("step", "loss")
    ax = Figure().add_subplot()
    viz.loss_curves(history, smooth=1, objective="relativistic", ax=ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()].count("equilibrium log 2") == 1
    assert len(ax.lines) == 4
    assert viz.loss_curves(SimpleNamespace(history=history)).size == (720, 320)


def test_loss_curves_name_what_is_missing():
    with pytest.raises(ValueError, match="no 'g_loss'"):
        viz.loss_curves({"step": [1], "d_loss": [1]})
    with pytest.raises(ValueError, match="equally long"):
        viz.loss_curves({"step": [1, 2], "d_loss": [1], "g_loss": [1]})
    with pytest.raises(ValueError, match="did you mean 'hinge'"):
        viz.loss_curves({"step": [1], "d_loss": [1], "g_loss": [1]}, objective="hing")

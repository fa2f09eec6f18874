"""Games in the plane as pictures."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from gancourse import latent, viz
from gancourse.models import mlp
from gancourse.viz import plane
from tests.shown import conv_generator, images, toy_run


def right_half(x: torch.Tensor) -> torch.Tensor:
    """Says real where x_1 > 0.5."""
    return 8 * (x[:, 0] - 0.5)


def test_the_surface_shows_the_discriminator_where_it_stands():
    picture = np.asarray(viz.discriminator_surface(right_half, 2, colourbar=False)).astype(int)
    blue_less_red = picture[..., 2] - picture[..., 0]
    middle = picture.shape[0] // 2
    assert blue_less_red[middle, picture.shape[1] // 4] < -40  # orange: fake
    assert blue_less_red[middle, -picture.shape[1] // 8] > 40  # blue: real


def test_a_surface_that_is_nearly_undecided_can_be_seen():
    colours = plane.surface_colours()
    white, faint, sure = (np.array(colours(at)[:3]) for at in (0.5, 0.6, 1.0))
    assert white.min() > 0.97 and abs(faint - 1).sum() > 0.4 * abs(sure - 1).sum()
    assert sure.max() > 0.7, "points of either colour stand out"


def test_the_undecided_line_is_where_the_logit_is_zero():
    from matplotlib.figure import Figure

    for show in ("probability", "logit"):
        ax = Figure().add_subplot()
        viz.discriminator_surface(right_half, (-2, 2, -1, 1), 41, show=show, ax=ax)
        line = ax.collections[-1].get_paths()[0].vertices
        assert np.allclose(line[:, 0], 0.5, atol=0.02)


def test_gradients_agree_with_the_closed_form_and_leave_the_discriminator_alone():
    d = mlp.Discriminator(2, hidden=())
    d.layers[0].weight.data = torch.tensor([[3.0, -1.0]])
    slope = plane.gradients(d, torch.randn(7, 2))
    assert np.allclose(slope, [[3.0, -1.0]] * 7)
    assert all(p.grad is None for p in d.parameters())


def test_the_generator_map_carries_the_lattice():
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    assert viz.generator_map(lambda z: 2 * z + 1, latent_dim=2, lines=5, reach=1.0, ax=ax) is None
    first = ax.lines[0].get_xydata()
    assert len(ax.lines) == 10
    assert np.allclose(first[:, 0], -1)  # z_1 = -1 goes to 2 * -1 + 1
    assert first[:, 1].min() == pytest.approx(-1) and first[:, 1].max() == pytest.approx(3)


def test_bold_is_the_middle_line_of_each_family_and_size_is_in_pixels():
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    viz.generator_map(lambda z: 2 * z + 1, latent_dim=2, lines=5, reach=1.0, ax=ax, bold=True)
    widths = [line.get_linewidth() for line in ax.lines]
    assert [i for i, width in enumerate(widths) if width > 2 * min(widths)] == [2, 7]
    assert np.allclose(ax.lines[2].get_xydata()[:, 0], 1)  # z_1 = 0 goes to 1
    assert viz.generator_map(lambda z: z, latent_dim=2, lines=3, size=(500, 300)).size == (500, 300)


def test_dots_are_as_large_as_asked():
    from matplotlib.figure import Figure

    x = torch.randn(5, 2)
    areas = []
    for dots in (9, 36):
        ax = Figure().add_subplot()
        viz.discriminator_surface(right_half, 2, real=x, ax=ax, dots=dots)
        ring, area = ax.collections[-1].get_linewidths()[0], ax.collections[-1].get_sizes()[0]
        areas.append((area, ring))
    assert [area for area, _ in areas] == [9, 36] and areas[1][1] == pytest.approx(2 * areas[0][1])
    with pytest.raises(ValueError, match="dots"):
        viz.discriminator_surface(right_half, 2, dots=0)


def test_the_generator_map_spans_given_directions():
    from matplotlib.figure import Figure

    ax, weights = Figure().add_subplot(), torch.randn(5, 2)
    directions = torch.randn(2, 5)
    viz.generator_map(lambda z: z @ weights, latent_dim=5, directions=directions, lines=3, reach=1.0, ax=ax)
    corner = (-directions[0] - directions[1]) @ weights
    assert np.allclose(ax.lines[0].get_xydata()[0], corner, atol=1e-5)


@pytest.mark.parametrize(
    "picture",
    [
        lambda: viz.discriminator_surface(right_half, 2, real=torch.randn(9, 2), fake=torch.randn(9, 2)),
        lambda: viz.gradient_field(mlp.Discriminator(2), 2),
        lambda: viz.generator_map(mlp.Generator(2, 2), real=torch.randn(9, 2)),
        lambda: viz.scatter(torch.randn(9, 2), torch.randn(9, 2)),
    ],
)
def test_pictures_of_the_plane_fit_the_page_and_leave_no_figure_open(picture):
    import matplotlib.pyplot as plt

    before, settings = plt.get_fignums(), dict(plt.rcParams)
    made = picture()
    assert made.mode == "RGB" and 300 < made.width <= 900
    assert plt.get_fignums() == before
    assert dict(plt.rcParams) == settings


def test_bad_arguments_of_the_plane_name_the_fix():
    with pytest.raises(ValueError, match="bounds"):
        viz.discriminator_surface(right_half)
    with pytest.raises(ValueError, match="left < right"):
        viz.discriminator_surface(right_half, (1, 0, 0, 1))
    with pytest.raises(ValueError, match=r"must give logits \[N\], not \[\d+, 2\]"):
        viz.discriminator_surface(lambda x: x, 1)
    with pytest.raises(ValueError, match=r"points in the plane, \[N, 2\], not \[4, 3\]"):
        viz.scatter(torch.zeros(4, 3))
    with pytest.raises(ValueError, match="did you mean 'logit'"):
        viz.discriminator_surface(right_half, 1, show="logits")
    with pytest.raises(ValueError, match="pass latent_dim"):
        viz.generator_map(lambda z: z)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_pictures_of_tensors_and_networks_on_a_gpu():
    run = toy_run()
    run.generator.cuda(), run.gan.discriminator.cuda()
    x = images(4).cuda()
    assert np.array_equal(viz.grid(x), viz.grid(x.cpu()))
    assert viz.nearest_neighbours(x, x)[0].flatten().tolist() == [0, 1, 2, 3]
    points = torch.randn(9, 2, device="cuda")
    for picture in (
        viz.discriminator_surface(run.gan.discriminator, real=points),
        viz.gradient_field(run.gan.discriminator, 1),
        viz.generator_map(run.generator, real=points),
    ):
        assert picture.width > 300
    assert latent.interpolate(conv_generator().cuda(), torch.randn(6).cuda(), torch.randn(6).cuda(), 3).shape == (3, 3, 8, 8)


def test_what_has_diverged_is_said_and_not_in_matplotlib_s_words():
    x, lost = torch.randn(5, 2), torch.tensor([[0.0, 1.0], [float("inf"), 0.0], [float("nan"), 0.0]])
    for draw in (
        lambda: viz.scatter(x, lost),
        lambda: viz.real_and_fake(x, lost[2:]),
        lambda: viz.generator_map(lambda z: z * float("nan"), latent_dim=2),
        lambda: viz.discriminator_surface(right_half, real=x, fake=lost),
    ):
        with pytest.raises(ValueError, match="samples hold NaN or infinity: look at what made them, or give bounds="):
            draw()
    assert viz.scatter(x, lost, bounds=3).size == viz.scatter(x, bounds=3).size
    for value in ("nan", "inf"):
        with pytest.raises(ValueError, match="logits hold NaN or infinity"):
            viz.discriminator_surface(lambda x, value=value: x[:, 0] * 0 + float(value), 2, show="logit")
    viz.discriminator_surface(lambda x: torch.full((len(x),), float("inf")), 2, show="logit", limit=3)


def test_a_discriminator_that_does_not_look_is_flat():
    weight = torch.ones(1, requires_grad=True)
    for blind in (lambda x: torch.zeros(len(x)), lambda x: weight.expand(len(x))):
        assert np.array_equal(plane.gradients(blind, torch.randn(7, 2)), np.zeros((7, 2)))
    assert viz.gradient_field(blind, 2) is not None


@pytest.mark.parametrize("half", [2, np.float32(2.0), np.array(2.0), torch.tensor(2.0)])
def test_a_half_width_is_a_number_whoever_made_it(half):
    assert plane.box(half) == (-2, 2, -2, 2)

"""Pictures: their geometry pixel by pixel, the numbers behind them, and what a notebook gets to see."""

from __future__ import annotations

import base64
import html
import io
import itertools
import math
import re
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gancourse import latent, losses, viz
from gancourse.gans.gan import GAN
from gancourse.models import mlp
from gancourse.viz import pictures, plane, text


def images(n: int, channels: int = 3, height: int = 5, width: int = 4, seed: int = 0) -> torch.Tensor:
    source = torch.Generator().manual_seed(seed)
    return torch.randint(0, 256, (n, channels, height, width), generator=source, dtype=torch.uint8)


def conv_generator(latent_dim: int = 6, seed: int = 0) -> nn.Module:
    """A small convolutional generator of 3 x 8 x 8 images, with batch normalisation: its mode matters."""
    torch.manual_seed(seed)
    net = nn.Sequential(nn.Unflatten(1, (latent_dim, 1, 1)), nn.ConvTranspose2d(latent_dim, 3, 8), nn.BatchNorm2d(3), nn.Tanh())
    net.latent_dim = latent_dim
    return net


def toy_run(step: int = 0) -> SimpleNamespace:
    torch.manual_seed(0)
    gan = GAN(mlp.Generator(2, 2, hidden=(8,)), mlp.Discriminator(2, hidden=(8,)))
    return SimpleNamespace(gan=gan, generator=gan.generator, step=step)


# Grids


def test_a_grid_puts_every_pixel_where_the_formula_says():
    x = images(5)
    picture = np.asarray(viz.grid(x, columns=2, scale=3, pad=2))
    assert picture.shape == (3 * (3 * 5 + 2 * 2), 3 * (2 * 4 + 2), 3)
    for i in range(5):
        for row, column in itertools.product(range(5), range(4)):
            top, left = 3 * (i // 2 * 7 + row), 3 * (i % 2 * 6 + column)
            block = picture[top : top + 3, left : left + 3]
            assert (block == x[i, :, row, column].numpy()).all()
    between = picture[:, 3 * 4 : 3 * 6]
    assert (between == 255).all()
    assert (picture[3 * 14 :, 3 * 6 :] == 255).all()  # the sixth tile is empty


def test_floats_map_minus_one_to_black_and_one_to_white_and_grey_stays_grey():
    x = torch.tensor([-1.0, 0.0, 1.0]).reshape(1, 1, 1, 3)
    picture = viz.grid(x, scale=1)
    assert picture.mode == "L"
    assert np.asarray(picture).tolist() == [[0, 128, 255]]
    assert np.array_equal(viz.grid(x.half(), scale=1), viz.grid(x, scale=1))


@pytest.mark.parametrize(("n", "size"), [(1, 32), (8, 32), (16, 32), (36, 28), (64, 32), (64, 64), (100, 8), (7, 64)])
def test_a_grid_is_enlarged_to_fit_the_page(n, size):
    picture = viz.grid(torch.zeros(n, 3, size, size))
    columns = pictures.columns_for(n)
    tile = picture.width / (columns * size + columns - 1) * size
    assert picture.width <= 900 or tile == size
    assert tile <= 192
    assert tile == 192 or picture.width > 900 / 2  # as large as a whole factor allows


def test_default_columns_hold_all_images_in_a_rectangle_that_is_not_upright():
    for n in range(1, 130):
        columns = pictures.columns_for(n)
        assert math.ceil(n / columns) <= columns <= n


def test_a_notebook_stores_a_picture_once():
    from IPython.core.formatters import DisplayFormatter

    made = DisplayFormatter()
    made.active_types = made.format_types  # a terminal shows text only
    for shown in (viz.grid(images(2)), viz.beside([viz.grid(images(2))] * 2), viz.scatter(torch.randn(5, 2))):
        assert {kind for kind in made.format(shown)[0] if kind.startswith("image/")} == {"image/png"}


def test_bad_images_are_refused_with_the_fix():
    with pytest.raises(ValueError, match=r"permute\(0, 3, 1, 2\)"):
        viz.grid(torch.zeros(2, 8, 9, 3))
    with pytest.raises(ValueError, match=r"\[-1, 1\], not \[0, 255\].*clamp"):
        viz.grid(torch.tensor([0.0, 255.0]).reshape(1, 1, 1, 2))
    with pytest.raises(ValueError, match="NaN"):
        viz.grid(torch.full((1, 1, 2, 2), math.nan))
    with pytest.raises(TypeError, match="uint8"):
        viz.grid(torch.zeros(1, 1, 2, 2, dtype=torch.int64))
    with pytest.raises(ValueError, match="N > 0"):
        viz.grid(torch.zeros(0, 3, 4, 4))
    with pytest.raises(ValueError, match="columns"):
        viz.grid(images(2), columns=0)
    with pytest.raises(ValueError, match="pad"):
        viz.grid(images(2), pad=-1)


def test_a_grid_takes_arrays_single_images_and_data_sets():
    x = images(4)
    expected = np.asarray(viz.grid(x))
    assert np.array_equal(viz.grid(x.numpy()), expected)
    assert np.array_equal(viz.grid(SimpleNamespace(images=x)), expected)
    assert np.array_equal(viz.grid(x[0]), viz.grid(x[:1]))


def test_beside_keeps_the_pictures_and_puts_titles_above():
    parts = [viz.grid(images(1, seed=s), scale=20) for s in range(2)]
    row = np.asarray(viz.beside(parts, ["a", "b"], gap=10))
    head = row.shape[0] - parts[0].height
    assert head > 0
    assert np.array_equal(row[head:, :80], np.asarray(parts[0]))
    assert np.array_equal(row[head:, 90:], np.asarray(parts[1]))
    assert (row[:head, :40] < 128).any()  # ink
    with pytest.raises(ValueError, match="one for each of the 2"):
        viz.beside(parts, ["a"])


def test_a_labelled_grid_holds_the_plain_grid():
    x = images(6, height=20, width=20)
    picture = np.asarray(viz.labelled_grid(x, ["first", "second"], ["a", "b", "c"], scale=2))
    plain = np.asarray(viz.grid(x, columns=3, scale=2))
    assert np.array_equal(picture[-plain.shape[0] :, -plain.shape[1] :], plain)
    assert picture.shape[1] > plain.shape[1]
    with pytest.raises(ValueError, match="6 images do not fill 2 rows of 4"):
        viz.labelled_grid(x, ["first", "second"], list("abcd"))


def test_real_and_fake_stand_side_by_side():
    real, fake = images(40, height=32, width=32), images(40, height=32, width=32, seed=1)
    picture = viz.real_and_fake(real, fake)
    left = np.asarray(viz.grid(real[:36], columns=6, scale=2))
    right = np.asarray(viz.grid(fake[:36], columns=6, scale=2))
    shown = np.asarray(picture)[-left.shape[0] :]
    assert np.array_equal(shown[:, : left.shape[1]], left)
    assert np.array_equal(shown[:, -right.shape[1] :], right)
    assert picture.width <= 900
    with pytest.raises(ValueError, match="one shape"):
        viz.real_and_fake(real, images(4))


def test_real_and_fake_points_become_two_scatters():
    picture = viz.real_and_fake(torch.randn(50, 2), torch.randn(60, 2))
    assert isinstance(picture, Image.Image)
    for name in ("real", "fake"):
        assert has_colour(picture, viz.COLOURS[name])


def has_colour(picture: Image.Image, colour: str, at_least: int = 5) -> bool:
    rgb = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)])
    return int((np.abs(np.asarray(picture.convert("RGB")).astype(int) - rgb).max(-1) <= 2).sum()) >= at_least


# Colours


def test_colours_differ_under_the_common_colour_vision_deficiencies():
    # Machado, Oliveira & Fernandes 2009, severity 1
    seen_by = {
        "all": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    }
    names = ["real", "fake", "discriminator", "generator", "accent"]
    for who, matrix in seen_by.items():
        seen = {name: cielab(np.array(matrix) @ linear_rgb(viz.COLOURS[name])) for name in names}
        for a, b in itertools.combinations(names, 2):
            assert np.linalg.norm(seen[a] - seen[b]) > 15, (who, a, b)


def linear_rgb(colour: str) -> np.ndarray:
    c = np.array([int(colour[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def cielab(rgb: np.ndarray) -> np.ndarray:
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    ratio = to_xyz @ rgb.clip(0, 1) / [0.9505, 1, 1.089]
    f = np.where(ratio > 216 / 24389, np.cbrt(ratio), (24389 / 27 * ratio + 16) / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


# Curves


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
    assert viz.loss_curves(SimpleNamespace(history=history)).size == (720, 320)


def test_loss_curves_name_what_is_missing():
    with pytest.raises(ValueError, match="no 'g_loss'"):
        viz.loss_curves({"step": [1], "d_loss": [1]})
    with pytest.raises(ValueError, match="equally long"):
        viz.loss_curves({"step": [1, 2], "d_loss": [1], "g_loss": [1]})
    with pytest.raises(ValueError, match="did you mean 'hinge'"):
        viz.loss_curves({"step": [1], "d_loss": [1], "g_loss": [1]}, objective="hing")


# The plane


def right_half(x: torch.Tensor) -> torch.Tensor:
    """Says real where x_1 > 0.5."""
    return 8 * (x[:, 0] - 0.5)


def test_the_surface_shows_the_discriminator_where_it_stands():
    picture = np.asarray(viz.discriminator_surface(right_half, 2, colourbar=False)).astype(int)
    blue_less_red = picture[..., 2] - picture[..., 0]
    middle = picture.shape[0] // 2
    assert blue_less_red[middle, picture.shape[1] // 4] < -40  # orange: fake
    assert blue_less_red[middle, -picture.shape[1] // 8] > 40  # blue: real


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


# Neighbours


@pytest.mark.parametrize("chunk", [3, 7, 1000])
@pytest.mark.parametrize("kind", ["uint8", "float", "features"])
def test_neighbours_agree_with_brute_force(chunk, kind):
    samples, train = images(6, seed=1), images(31, seed=2)
    if kind == "float":
        samples, train = (x.float() / 127.5 - 1 for x in (samples, train))
    distance = (lambda x: x.float().flatten(2).mean(2)) if kind == "features" else "pixels"
    index, far = viz.nearest_neighbours(samples, train, 4, distance, chunk=chunk)

    def vectors(x):
        x = distance(x) if kind == "features" else x.double() / 127.5 - 1 if kind == "uint8" else x
        return x.double().flatten(1)

    every = (vectors(samples)[:, None] - vectors(train)[None]).norm(dim=-1)  # [6, 31]
    order = every.argsort(dim=1, stable=True)[:, :4]
    assert torch.equal(index, order)
    assert torch.allclose(far, every.gather(1, order), atol=1e-12)


def test_a_copy_is_at_distance_zero_and_ties_go_to_the_lower_index():
    train = images(20)
    train[13] = train[4]
    train[17] = train[4]
    index, far = viz.nearest_neighbours(train[4:5], train, 3, chunk=5)
    assert index.tolist() == [[4, 13, 17]]
    assert far.tolist() == [[0, 0, 0]]


def test_nearly_equal_images_are_told_apart():
    train = torch.full((2, 1, 8, 8), 1 - 1e-7, dtype=torch.float64)
    train[1, 0, 0, 0] -= 1e-9
    sample = train[1:].clone()
    assert viz.nearest_neighbours(sample, train)[0].tolist() == [[1]]


def test_bad_neighbour_arguments_name_the_fix():
    with pytest.raises(ValueError, match="between 1 and the 3"):
        viz.nearest_neighbours(images(2), images(3), 4)
    with pytest.raises(ValueError, match="one image shape"):
        viz.nearest_neighbours(images(2), images(3, height=6))
    with pytest.raises(ValueError, match="pixels"):
        viz.nearest_neighbours(images(2), images(3), distance="euclid")


@pytest.mark.parametrize(("n", "k"), [(16, 1), (16, 3), (3, 5), (1, 1)])
def test_the_neighbour_figure_holds_samples_and_framed_neighbours(n, k):
    train = images(40, height=32, width=32)
    picture = viz.nearest_neighbour_figure(train[:n], train, k)
    assert picture.width <= 900
    assert has_colour(picture, viz.COLOURS["accent"], 100)
    shown = np.asarray(picture)
    scale = next(s for s in range(1, 9) if contains(shown, np.asarray(viz.grid(train[0], scale=s))) or s == 8)
    for i in range(n):  # each training image occurs at least twice: as the sample and as its own neighbour
        assert contains(shown, np.asarray(viz.grid(train[i], scale=scale)), times=2)


def contains(picture: np.ndarray, tile: np.ndarray, times: int = 1) -> bool:
    height, width = tile.shape[:2]
    corners = np.argwhere((picture == tile[0, 0]).all(-1))
    fitting = [(y, x) for y, x in corners if np.array_equal(picture[y : y + height, x : x + width], tile)]
    return len(fitting) >= times


# Walks in latent space


def test_slerp_keeps_the_length_of_equally_long_ends_and_moves_at_one_speed():
    a, b = (torch.randn(9, dtype=torch.float64, generator=torch.Generator().manual_seed(s)) for s in (0, 1))
    a, b = a / a.norm() * 3, b / b.norm() * 3
    path = latent.slerp(a, b, torch.linspace(0, 1, 11))
    assert torch.allclose(path.norm(dim=1), torch.full((11,), 3.0, dtype=torch.float64))
    cosines = torch.cosine_similarity(path[:-1], path[1:])
    assert torch.allclose(cosines, cosines[:1].expand(10))
    assert torch.allclose(path[0], a) and torch.allclose(path[-1], b)


def test_slerp_agrees_with_shoemakes_formula():
    a, b = (nn.functional.normalize(torch.randn(7, dtype=torch.float64), dim=0) for _ in range(2))
    angle = torch.arccos(a @ b)
    expected = (torch.sin(0.7 * angle) * a + torch.sin(0.3 * angle) * b) / torch.sin(angle)
    assert torch.allclose(latent.slerp(a, b, 0.3), expected)


def test_slerp_passes_from_one_length_to_the_other_linearly():
    path = latent.slerp(torch.tensor([2.0, 0.0]), torch.tensor([0.0, 6.0]), torch.tensor([0.0, 0.25, 1.0]))
    assert torch.allclose(path.norm(dim=1), torch.tensor([2.0, 3.0, 6.0]))


def test_slerp_takes_places_of_its_own_for_each_pair():
    a, b = torch.randn(2, 3, 6, generator=torch.Generator().manual_seed(0))
    t = torch.tensor([[0.1, 0.7], [0.5, 0.2], [0.9, 0.0]])
    path = latent.slerp(a, b, t)
    for i in range(3):
        assert torch.allclose(path[i], latent.slerp(a[i], b[i], t[i]))
    with pytest.raises(ValueError, match="a row for each of the 3 pairs"):
        latent.slerp(a, b, t[:2])


@pytest.mark.parametrize("scale", [1.0, 1 + 1e-9, 2.5])
def test_slerp_of_parallel_ends_is_straight(scale):
    a = torch.randn(5, dtype=torch.float64)
    t = torch.linspace(0, 1, 5, dtype=torch.float64)
    assert torch.allclose(latent.slerp(a, scale * a, t), (1 - t[:, None]) * a + t[:, None] * scale * a)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_slerp_of_opposite_ends_goes_round_and_never_through_zero(dtype):
    a = torch.randn(2, 6, dtype=dtype)
    path = latent.slerp(a, -a, torch.linspace(0, 1, 9))
    assert path.isfinite().all()
    assert torch.allclose(path.norm(dim=2), a.norm(dim=1)[:, None].expand(2, 9), atol=1e-5)
    assert torch.allclose((path[:, 4] * a).sum(1), torch.zeros(2, dtype=dtype), atol=1e-5)  # half-way: at right angles
    assert torch.allclose(path[:, -1], -a, atol=1e-5)


def test_slerp_from_zero_or_in_one_dimension_is_straight():
    assert torch.allclose(latent.slerp(torch.zeros(3), torch.ones(3), 0.5), torch.full((3,), 0.5))
    assert torch.allclose(latent.slerp(torch.tensor([-1.0]), torch.tensor([1.0]), 0.5), torch.zeros(1))


@pytest.mark.parametrize("how", ["linear", "spherical"])
def test_interpolation_begins_and_ends_at_the_given_latents(how):
    generator = conv_generator()
    z0, z1 = torch.randn(3, 6), torch.randn(3, 6)
    walks = latent.interpolate(generator, z0, z1, 5, how)
    assert walks.shape == (15, 3, 8, 8)
    with viz.evaluating(generator):
        assert torch.allclose(walks[::5], generator(z0), atol=1e-6)
        assert torch.allclose(walks[4::5], generator(z1), atol=1e-6)
        middle = (z0 + z1) / 2 if how == "linear" else latent.slerp(z0, z1, 0.5)
        assert torch.allclose(walks[2::5], generator(middle), atol=1e-5)
    assert latent.interpolate(generator, z0[0], z1[0], 4, how).shape == (4, 3, 8, 8)


def test_bad_interpolations_name_the_fix():
    z = torch.randn(2, 6)
    with pytest.raises(ValueError, match="did you mean 'spherical'"):
        latent.interpolate(conv_generator(), z, z, 3, "spherical_")
    with pytest.raises(ValueError, match="2 or more"):
        latent.interpolate(conv_generator(), z, z, 1)
    with pytest.raises(ValueError, match="one shape"):
        latent.interpolate(conv_generator(), z, z[:1])


def test_evaluating_restores_each_submodule_even_after_an_error():
    net = conv_generator().train()
    net[2].eval()
    with pytest.raises(RuntimeError), viz.evaluating(net):
        assert not any(m.training for m in net.modules()) and not torch.is_grad_enabled()
        raise RuntimeError
    assert net.training and net[1].training and not net[2].training and torch.is_grad_enabled()


def test_drawing_does_not_move_the_running_statistics():
    net = conv_generator().train()
    before = net[2].running_mean.clone()
    latent.interpolate(net, torch.randn(6), torch.randn(6), 4)
    assert torch.equal(net[2].running_mean, before)


def test_the_strongest_directions_are_the_singular_vectors_of_a_linear_generator():
    weights = torch.randn(5, 3 * 4 * 4, generator=torch.Generator().manual_seed(1)) * torch.tensor([[5.0], [1], [3], [0.5], [2]])
    found = latent.strongest_directions(lambda z: (z @ weights).reshape(-1, 3, 4, 4), 5, 3)
    expected = torch.linalg.svd(weights).U.T[:3]
    assert torch.allclose((found * expected).sum(1).abs(), torch.ones(3), atol=1e-3)
    assert torch.allclose(found @ found.T, torch.eye(3), atol=1e-5)


def test_random_directions_are_orthonormal_and_seeded():
    d = latent.random_directions(10, 4, seed=3)
    assert torch.allclose(d @ d.T, torch.eye(4), atol=1e-6)
    assert torch.equal(d, latent.random_directions(10, 4, seed=3))
    assert not torch.equal(d, latent.random_directions(10, 4, seed=4))


# Films


def test_a_film_shows_the_same_latents_while_the_generator_changes():
    generator = conv_generator().eval()
    run = SimpleNamespace(generator=generator, gan=SimpleNamespace(latent_dim=6), step=0)
    film = viz.Film(every=100, n=6, seed=3, columns=3)
    assert film.hook == (100, film)
    for step in (0, 100, 100, 200):
        run.step = step
        if step == 200:
            with torch.no_grad():
                generator[1].weight.mul_(-1)
        film(run)
    assert film.steps == [0, 100, 200] and len(film) == 3
    assert film.frames.shape == (3, 2 * 8 + 1, 3 * 8 + 2, 3) and film.frames.dtype == np.uint8
    assert np.array_equal(film.frames[0], film.frames[1])
    assert not np.array_equal(film.frames[1], film.frames[2])
    assert film.captions[-1] == "step 200"
    z = torch.randn(6, 6, generator=torch.Generator().manual_seed(3))
    given = viz.Film(z=z, columns=3)
    given(run)
    assert np.array_equal(given.frames[0], film.frames[2])


def test_an_empty_film_says_how_to_fill_it():
    with pytest.raises(ValueError, match="hooks="):
        viz.animate(viz.Film())


def test_films_are_hooks_that_fit_accepts():
    from gancourse import training

    gan = toy_run().gan
    film = viz.ToyFilm(torch.randn(20, 2), every=2, n=10, resolution=8)
    batches = iter(lambda: torch.randn(4, 2), None)
    training.fit(gan, batches, 4, hooks=[film.hook], progress=False, precision="float32")
    assert film.steps == [0, 2, 4]
    assert film.frames.shape[0] == 3 and film.frames.shape[3] == 3


def test_a_toy_film_takes_a_distribution():
    from gancourse.data import toys

    film = viz.ToyFilm(toys.ring("pacgan"), n=20, resolution=8)
    film(toy_run())
    assert film.frames.shape == (1, 380, 380, 3)


def frames_of(png: bytes) -> list[np.ndarray]:
    from PIL import ImageSequence

    return [np.asarray(f.convert("RGB")) for f in ImageSequence.Iterator(Image.open(io.BytesIO(png)))]


def test_an_animation_is_an_animated_png_with_every_frame():
    frames = [viz.grid(images(4, seed=s), columns=2, scale=1) for s in range(5)]
    film = viz.animate(frames, fps=4, width=100, colours=None, hold=2)
    stored = Image.open(io.BytesIO(film.png))
    assert stored.format == "PNG" and stored.is_animated and stored.n_frames == 5 == film.n_frames
    assert stored.info["loop"] == 0
    factor = 100 // frames[0].width
    assert stored.size == film.size == (frames[0].width * factor, frames[0].height * factor)
    for shown, frame in zip(frames_of(film.png), frames, strict=True):
        assert np.array_equal(shown, np.asarray(frame).repeat(factor, 0).repeat(factor, 1))
    durations = []
    for i in range(5):
        stored.seek(i)
        durations.append(stored.info["duration"])
    assert durations == [250] * 4 + [2000]
    assert film._repr_png_() == film.png


def test_a_long_film_is_thinned_and_equal_neighbours_are_stored_once():
    frames = np.stack([np.full((8, 9, 3), i, np.uint8) for i in range(101)])
    shown = frames_of(viz.animate(frames, width=9, colours=None, most=6).png)
    assert [int(f[0, 0, 0]) for f in shown] == [0, 20, 40, 60, 80, 100]
    assert viz.animate(frames[[0, 1, 1, 2]], width=9, colours=None).n_frames == 3


def test_one_palette_makes_an_animation_smaller_and_changes_colours_little():
    ramp = torch.linspace(-1, 1, 64).expand(3, 64, 64) * torch.tensor([1.0, 0.5, -1.0])[:, None, None]
    frames = [viz.grid(torch.roll(ramp, s, 2), scale=2) for s in range(0, 32, 4)]
    every, few = viz.animate(frames, colours=None), viz.animate(frames, colours=64)
    assert len(few.png) < len(every.png)
    for a, b in zip(frames_of(every.png), frames_of(few.png), strict=True):
        assert np.abs(a.astype(int) - b).mean() < 6


def test_a_film_puts_its_steps_above_the_frames(tmp_path):
    film = viz.Film(n=4, columns=2)
    run = SimpleNamespace(generator=conv_generator(), gan=SimpleNamespace(latent_dim=6), step=0)
    film(run)
    run.step = 50
    film(run)
    animation = viz.animate(film, width=170, colours=None)
    shown = frames_of(animation.png)
    scale = 170 // film.frames.shape[2]
    assert shown[0].shape[1] == scale * film.frames.shape[2]
    head = shown[0].shape[0] - scale * film.frames.shape[1]
    assert not np.array_equal(shown[0][:head], shown[1][:head])  # "step 0", "step 50"
    animation.save(tmp_path / "film.png")
    assert (tmp_path / "film.png").read_bytes() == animation.png


def test_a_film_strip_runs_from_the_first_frame_to_the_last():
    frames = np.stack([np.full((20, 30, 3), 10 * i, np.uint8) for i in range(9)])
    strip = np.asarray(viz.film_strip(frames, 3, columns=3, widest=110))
    assert strip.shape == (20, 110, 3)
    assert [int(strip[10, x, 0]) for x in (15, 55, 95)] == [0, 40, 80]
    assert viz.film_strip(frames, 20).width <= 900


def test_bad_frames_name_the_fix():
    with pytest.raises(ValueError, match=r"uint8 \[T, H, W\]"):
        viz.animate(np.zeros((2, 3, 4, 3)))
    with pytest.raises(ValueError, match="one size"):
        viz.film_strip([viz.grid(images(1)), viz.grid(images(2))])
    with pytest.raises(ValueError, match="at least one"):
        viz.animate([])
    with pytest.raises(ValueError, match="2 frames, not 1"):
        viz.animate(np.zeros((2, 3, 4, 3), np.uint8), captions=["a"])
    with pytest.raises(ValueError, match="between 2 and 256"):
        viz.animate(np.zeros((2, 3, 4, 3), np.uint8), colours=1000)


# What a notebook sees


@pytest.fixture
def notebook(monkeypatch):
    """What is displayed, as if this were a notebook."""
    import IPython.display

    shown = []
    for module in (pictures, text):
        monkeypatch.setattr(module, "in_notebook", lambda: True)
    monkeypatch.setattr(IPython.display, "display", lambda data, **_: shown.append(data))
    return shown


def test_show_displays_one_png_and_the_caption(notebook, capsys):
    assert viz.show(images(4), caption="Four images", scale=2) is None
    picture, caption = notebook
    decoded = Image.open(io.BytesIO(base64.b64decode(picture["image/png"])))
    assert np.array_equal(decoded, viz.grid(images(4), scale=2))
    assert caption["text/markdown"] == "Four images"
    assert capsys.readouterr().out == ""


def test_show_takes_pictures_and_lists(notebook):
    parts = [viz.grid(images(1, seed=s)) for s in range(2)]
    viz.show(parts[0])
    viz.show(parts)
    viz.show([images(1)[0], images(1)[0]])
    sizes = [Image.open(io.BytesIO(base64.b64decode(data["image/png"]))).size for data in notebook]
    assert sizes == [parts[0].size, viz.beside(parts).size, viz.grid(images(2)).size]
    with pytest.raises(TypeError, match="a list of either"):
        viz.show(["nothing"])


def test_outside_a_notebook_show_and_source_print_nothing(capsys):
    viz.show(images(1), caption="unseen")
    viz.source(losses.hinge_d)
    assert capsys.readouterr().out == ""


def test_source_shows_the_code_itself_with_a_path_that_begins_at_the_package(notebook):
    viz.source(losses.hinge_d, GAN)
    first, second = (data["text/plain"] for data in notebook)
    lines = Path(losses.objectives.__file__).read_text(encoding="utf-8").splitlines()
    at = next(i for i, line in enumerate(lines) if line.startswith("def hinge_d"))
    assert first.startswith(f"gancourse/losses/objectives.py:{at + 1}\n\ndef hinge_d(")
    assert lines[at + 2].strip() in first
    assert second.startswith("gancourse/gans/gan.py:")
    page = notebook[0]["text/html"]
    assert f"<code>gancourse/losses/objectives.py:{at + 1}</code>" in page and '<span class="k">def</span>' in page
    assert html.unescape(re.sub("<[^>]*>", "", page)).split() == first.split()


def test_source_finds_methods_objects_and_modules():
    gan = toy_run().gan
    assert text.located(gan.sample)[1].startswith("gancourse/gans/gan.py:")
    assert text.located(gan.sample)[0].startswith("@torch.no_grad()\ndef sample(")  # a method loses its indentation
    assert text.located(gan)[0].startswith("class GAN")
    assert text.located(viz)[1] == "gancourse/viz/__init__.py:1"
    with pytest.raises(ValueError, match="no Python source"):
        text.located(len)


def test_a_table_is_html_in_a_notebook_and_text_in_a_terminal():
    made = viz.table([{"name": "a<b", "loss": 1.23456}, {"name": "long name", "loss": 2.0}], caption="Losses")
    assert "a&lt;b" in made._repr_html_() and "1.235" in made._repr_html_()
    assert str(made).splitlines() == ["Losses", "name        loss", "a<b        1.235", "long name      2"]
    with pytest.raises(ValueError, match="header"):
        viz.table([[1, 2]])
    with pytest.raises(ValueError, match="2 cells"):
        viz.table([[1]], header=["a", "b"])


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

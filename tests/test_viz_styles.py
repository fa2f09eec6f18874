import io

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from gancourse import viz
from gancourse.latent import walks
from gancourse.models import stylegan1, stylegan2
from gancourse.viz import styles


class Painted(nn.Module):
    """Red from the first layer's style, green from the last one's."""

    latent_dim, w_dim, layers, size = 4, 4, 6, 8

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def styles(self, z, labels=None, *, truncation=1.0):
        assert not self.training
        shift = 0 if labels is None else labels[:, None]
        return (truncation * z + shift)[:, None].repeat(1, self.layers, 1)

    def synthesis(self, ws, noise="auto"):
        colour = torch.stack([ws[:, 0, 0], ws[:, -1, 0], torch.full((len(ws),), -1.0)], 1).clamp(-1, 1)
        return colour[:, :, None, None].expand(-1, 3, 8, 8) + self.weight


def tones(seed):
    return np.round((walks.draw_latents(1, 4, seed)[0, 0].clamp(-1, 1).item() + 1) * 127.5)


def test_a_mixture_takes_coarse_layers_from_its_row_and_fine_ones_from_its_column():
    generator = Painted().train()
    picture = np.asarray(viz.mixing_grid(generator, [1, 2], [3, 4, 5], 3, scale=4))
    assert generator.training
    height, width = picture.shape[:2]
    step = 4 * 9  # scale * (side + pad)
    body = [[picture[height - (2 - i) * step + 16, width - (3 - j) * step + 16] for j in range(3)] for i in range(2)]
    for i, row in enumerate((1, 2)):
        for j, column in enumerate((3, 4, 5)):
            assert abs(body[i][j].astype(int) - [tones(row), tones(column), 0]).max() <= 1
    left, top = picture[height - step + 16, 62 + 16], picture[22 + 16, width - step + 16]
    assert abs(left.astype(int) - [tones(2), tones(2), 0]).max() <= 1  # the second row's source
    assert abs(top.astype(int) - [tones(5), tones(5), 0]).max() <= 1  # the third column's


def test_crossovers_at_the_ends_repeat_the_sources():
    generator = Painted()
    for crossover, same in ((0, "column"), (6, "row")):
        picture = np.asarray(viz.mixing_grid(generator, [1, 2], [3, 4], crossover, scale=4))
        height, width = picture.shape[:2]
        body = picture[height - 72 + 16 :: 36, width - 72 + 16 :: 36]
        axis = 0 if same == "column" else 1
        assert (body == body.take([0], axis)).all() and not (body == body.take([0], 1 - axis)).all()
    with pytest.raises(ValueError, match="crossover must lie"):
        viz.mixing_grid(generator, [1], [2], 7)


def test_the_grid_fits_a_notebook():
    torch.manual_seed(0)
    small = stylegan2.Generator(16, 8, w_dim=8, mapping_layers=2, channel_base=64, channel_max=8)
    picture = viz.mixing_grid(small, range(4), range(10, 16), 2)
    assert picture.width <= 900
    first = stylegan1.Generator(16, 8, w_dim=8, channel_base=64, channel_max=8, mapping_layers=2)
    assert viz.mixing_grid(first, [0], [1], 2).width <= 900


# ----------------------------------------------------------------------------------------------------------------- the path


@pytest.mark.parametrize("how", ["linear", "spline"])
def test_a_closed_path_passes_through_its_points_and_comes_back(how):
    points = torch.randn(4, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    path = viz.closed_path(points, 40, how)
    assert path.shape == (40, 5)
    torch.testing.assert_close(path[::10], points)
    steps = (path.roll(-1, 0) - path).norm(dim=1)
    assert steps.max() < 0.6 * (points.roll(-1, 0) - points).norm(dim=1).max()  # the last to the first among them


def test_a_straight_path_is_straight_and_a_spline_has_no_corners():
    points = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], dtype=torch.float64)
    straight = viz.closed_path(points, 4 * 100, "linear")
    torch.testing.assert_close(straight[:100, 1], torch.zeros(100, dtype=torch.float64))
    torch.testing.assert_close(straight[25], torch.tensor([0.25, 0.0], dtype=torch.float64))
    for how, corners in (("linear", True), ("spline", False)):
        velocity = viz.closed_path(points, 4 * 1000, how).diff(dim=0) * 1000
        assert (velocity.diff(dim=0).norm(dim=1).max() > 0.5) == corners
    spline = viz.closed_path(points, 4 * 1000)
    torch.testing.assert_close((spline[1001] - spline[999]) * 500, (points[2] - points[0]) / 2, atol=1e-2, rtol=0)  # the tangent


def test_paths_of_all_layers_and_bad_input():
    ws = torch.randn(3, 6, 4)
    torch.testing.assert_close(viz.closed_path(ws, 6)[2], ws[1])
    with pytest.raises(ValueError, match="two points"):
        viz.closed_path(ws[:1], 6)
    with pytest.raises(ValueError, match="did you mean 'linear'"):
        viz.closed_path(ws, 6, "liner")


# ----------------------------------------------------------------------------------------------------------------- the film


def test_a_film_goes_round_through_the_seeds():
    film = viz.style_film(Painted(), [1, 2, 3], frames=9, how="linear", width=8, colours=None)
    assert film.n_frames == 9
    played = Image.open(io.BytesIO(film.png))
    assert played.info["loop"] == 0
    for frame, seed in ((0, 1), (3, 2), (6, 3)):
        played.seek(frame)
        pixel = np.asarray(played.convert("RGB"))[4, 4].astype(int)
        assert abs(pixel - [tones(seed), tones(seed), 0]).max() <= 1


def test_several_loops_play_side_by_side_and_files_stay_small():
    film = viz.style_film(Painted(), [[1, 2], [3, 4], [5, 6]], frames=8, width=240)
    assert film.size[0] > 2.9 * film.size[1] and len(film.png) < 100_000
    with pytest.raises(ValueError, match="equally many"):
        viz.style_film(Painted(), [[1, 2], [3]], frames=8)


def test_seeds_labels_and_truncation_reach_the_styles():
    generator = Painted()
    ws = styles.styles_of_seeds(generator, [3, 4], truncation=0.5, labels=torch.tensor([0, 2]))
    torch.testing.assert_close(ws[1, 0], 0.5 * walks.draw_latents(1, 4, 4)[0] + 2)
    with pytest.raises(ValueError, match="no styles and synthesis"):
        viz.mixing_grid(nn.Linear(2, 2), [1], [2], 1)
    with pytest.raises(ValueError, match="did you mean 'none'"):
        viz.mixing_grid(generator, [1], [2], 1, noise="nonne")

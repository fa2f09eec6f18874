import numpy as np
import pytest
import torch

from gancourse.data import load, photo_patches
from gancourse.data.photos import PHOTOS, photo


def test_patches_are_cut_from_the_photographs():
    patches = photo_patches(32, 30, "test")
    assert patches.images.shape == (30, 3, 32, 32)
    assert torch.bincount(patches.labels).tolist() == [10, 10, 10]
    windows = np.lib.stride_tricks.sliding_window_view(photo(1), (32, 32), (0, 1))  # [rows, columns, 3, 32, 32]
    patch = patches.images[(patches.labels == 1).nonzero()[0, 0]].numpy()
    found = np.argwhere((windows[:, :, :, 0, 0] == patch[:, 0, 0]).all(2))
    assert any(np.array_equal(windows[row, column], patch) for row, column in found)


def test_splits_share_no_pixel_and_have_texture():
    for index, known in enumerate(PHOTOS):
        assert known.train[1] <= known.test[0] or known.test[1] <= known.train[0]
        assert photo(index).shape[2] == 3
        assert known.licence in ("CC BY 2.0", "public domain")
    for split in ("train", "test"):
        x = photo_patches(32, 60, split).images.float().mean(1)
        detail = (x.diff(dim=1).abs().flatten(1).mean(1) + x.diff(dim=2).abs().flatten(1).mean(1)) / 2
        assert detail.min() >= 3.99


def test_seed_and_load():
    one = load("photo_patches", 16, 10, seed=2)
    assert torch.equal(one.images, photo_patches(16, 10, seed=2).images)
    assert not torch.equal(one.images, photo_patches(16, 10, seed=3).images)
    assert "vultilion" in one.author


def test_bad_input_names_the_fix():
    with pytest.raises(ValueError, match="8 to 128 pixels"):
        photo_patches(256)
    with pytest.raises(ValueError, match="ask for less"):
        photo_patches(32, 3, texture=200)
    with pytest.raises(ValueError, match="did you mean 'test'"):
        photo_patches(split="tset")


@pytest.mark.parametrize(("index", "name"), [(0, "scikit-learn"), (1, "scikit-learn"), (2, "matplotlib")])
def test_a_missing_package_is_named_as_pip_knows_it(index, name, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda package: None)
    with pytest.raises(ModuleNotFoundError, match=f"comes with {name}: run `pip install {name}`"):
        photo(index)

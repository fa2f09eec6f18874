"""Digits: enlarged handwriting that is still the same digit, printed digits, stacks of three."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from gancourse.data import ImageSet, digits, font_digits, stacked_digits
from gancourse.data import numerals as module


def nearest_mean_accuracy(train: ImageSet, test: ImageSet) -> float:
    means = torch.stack([train.where(label=k).images.float().mean(dim=0).flatten() for k in range(10)])
    return (torch.cdist(test.images.float().flatten(1), means).argmin(dim=1) == test.labels).float().mean().item()


@pytest.mark.parametrize("size", [16, 28, 32])
def test_digits_are_ink_on_paper(size: int) -> None:
    drawn = digits(size, 200)
    assert drawn.images.shape == (200, 1, size, size) and drawn.images.dtype == torch.uint8
    assert drawn.labels.dtype == torch.int64 and set(drawn.labels.tolist()) == set(range(10))
    x = drawn.images.float() / 255
    edge = torch.cat([x[..., 0, :], x[..., -1, :], x[..., 0], x[..., -1]], dim=-1)
    assert edge.max() < 0.01
    assert (x.amax(dim=(1, 2, 3)) > 0.9).all()
    assert ((x > 0.2) & (x < 0.8)).float().mean() < 0.2 * 32 / size  # soft only along the strokes


def test_enlarged_digits_are_the_original_ones() -> None:
    from sklearn.datasets import load_digits

    drawn = digits(48)
    order = torch.from_numpy(module.design([len(drawn)], len(drawn), np.random.default_rng([0, 0]))[0])
    data = load_digits()
    assert torch.equal(drawn.labels, torch.from_numpy(data.target[:-360]).long()[order])
    back = F.avg_pool2d(drawn.images.float(), 4)[:, 0, 2:-2, 2:-2].flatten(1)  # 48 pixels: 4 for each of 12
    originals = torch.from_numpy(data.images[:-360]).float()[order].flatten(1)
    back, originals = back - back.mean(dim=1, keepdim=True), originals - originals.mean(dim=1, keepdim=True)
    assert F.cosine_similarity(back, originals).min() > 0.85


def test_splits_share_no_digit() -> None:
    train, test = digits(16), digits(16, split="test")
    assert (len(train), len(test)) == (1437, 360)
    known = {image.tobytes() for image in train.images.numpy()}
    assert not any(image.tobytes() in known for image in test.images.numpy())
    assert nearest_mean_accuracy(train, test) > 0.8


def test_more_digits_than_there_are_come_from_small_changes() -> None:
    many = digits(16, 2000, seed=1)
    assert len(np.unique(many.images.numpy(), axis=0)) > 1990
    assert torch.equal(many.images[:1437].sum(), digits(16, seed=1).images.sum())  # originals first
    assert nearest_mean_accuracy(digits(16), many[1437:]) > 0.7
    changed = digits(16, 50, augment=True)
    assert torch.equal(changed.labels, digits(16, 50).labels)
    assert (changed.images != digits(16, 50).images).flatten(1).any(dim=1).all()
    with pytest.raises(ValueError, match="augment=True"):
        digits(16, 2000, augment=False)


def test_font_digits_run_through_digits_and_typefaces() -> None:
    drawn = font_digits(28, 420)
    table = torch.zeros(10, 21, dtype=torch.int64)
    table.index_put_((drawn.labels, drawn.attribute("font")), torch.ones(420, dtype=torch.int64), accumulate=True)
    assert (table == 2).all()
    ink = drawn.images.float().mean(dim=(1, 2, 3)) / 255
    assert (ink > 0.01).all() and (ink < 0.4).all()
    assert nearest_mean_accuracy(drawn, font_digits(28, 210, "test")) > 0.6


def test_every_typeface_has_ten_different_digits() -> None:
    glyphs = module._printing().reshape(10, 21, -1)
    for font, name in enumerate(module.FONTS):
        shapes = glyphs[:, font]
        apart = torch.cdist(shapes, shapes).fill_diagonal_(99).min()
        assert apart > 5, name
        assert (shapes.sum(dim=1) > 50).all(), name
    assert len(set(module.FONTS)) == 21


def test_stacked_digits_cover_all_codes_and_hold_what_the_label_says() -> None:
    base = digits(16)
    stack = stacked_digits(16, 1500)
    assert stack.images.shape == (1500, 3, 16, 16)
    counts = torch.bincount(stack.labels, minlength=1000)
    assert counts.min() == 1 and counts.max() == 2
    pictures = {(image.tobytes(), label) for image, label in zip(base.images.numpy(), base.labels.tolist(), strict=True)}
    for image, code in zip(stack.images[:100].numpy(), stack.labels[:100].tolist(), strict=True):
        assert all((image[c].tobytes(), int(f"{code:03}"[c])) in pictures for c in range(3))


def test_stacks_of_another_base() -> None:
    stack = stacked_digits(n=20, base=font_digits(24, 200))
    assert stack.images.shape == (20, 3, 24, 24) and stack.name == "stacked_font_digits"
    with pytest.raises(ValueError, match="all ten digits"):
        stacked_digits(base=font_digits(16, 50).where(label=(1, 2)))


@pytest.mark.parametrize("build", [digits, font_digits, stacked_digits])
def test_the_seed_decides(build: Any) -> None:
    one, same, other = build(16, 40, seed=1), build(16, 40, seed=1), build(16, 40, seed=2)
    assert torch.equal(one.images, same.images) and torch.equal(one.labels, same.labels)
    assert not torch.equal(one.images, other.images)
    for bad, message in (((4, 10), "8 to 256"), ((16, 0), "at least 1"), ((16, 10, "valid"), "choose from")):
        with pytest.raises(ValueError, match=message):
            build(*bad)
    with pytest.raises(ValueError, match="0 or more"):
        build(16, 10, seed=-1)


@pytest.mark.parametrize(
    ("build", "package", "instead"), [(digits, "sklearn", "font_digits"), (font_digits, "matplotlib", "digits")]
)
def test_a_missing_package_is_named(build: Any, package: str, instead: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for cached in (module._handwriting, module._printing):
        cached.cache_clear()
    for name in [name for name in sys.modules if name == package or name.startswith(f"{package}.")]:
        monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ModuleNotFoundError, match=f"pip install.*or use {instead}"):
        build(16, 10)


def test_the_typefaces_are_where_matplotlib_keeps_them() -> None:
    import matplotlib

    folder = Path(matplotlib.get_data_path()) / "fonts" / "ttf"
    assert [name for name in module.FONTS if not (folder / f"{name}.ttf").is_file()] == []

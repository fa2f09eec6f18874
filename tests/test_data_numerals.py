"""Digits: handwriting as scanned and enlarged, still the same digits; printed digits; stacks of three."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from gancourse.data import ImageSet, digits, font_digits, optical_digits, stacked_digits
from gancourse.data import numerals as module
from gancourse.data.handwritten import handwritten_digits


def nearest_mean_accuracy(train: ImageSet, test: ImageSet) -> float:
    means = torch.stack([train.where(label=k).images.float().mean(dim=0).flatten() for k in range(10)])
    return (torch.cdist(test.images.float().flatten(1), means).argmin(dim=1) == test.labels).float().mean().item()


@pytest.fixture(scope="module")
def written(drawn: Callable[..., ImageSet]) -> ImageSet:
    return drawn("digits", 28)


def test_digits_are_those_of_mnist_in_another_order(written: ImageSet) -> None:
    originals = handwritten_digits("train", 28)
    assert sorted(image.tobytes() for image in written.images.numpy()) == sorted(i.tobytes() for i in originals.images.numpy())
    assert written.labels.bincount().tolist() == [400] * 10
    assert nearest_mean_accuracy(written, digits(28, split="test")) > 0.75
    assert "CC BY-SA 3.0" in written.licence and "LeCun" in written.author


@pytest.mark.parametrize("n", [1, 37, 250])
def test_any_number_of_digits_is_balanced(n: int) -> None:
    counts = digits(28, n, seed=4).labels.bincount(minlength=10)
    assert counts.sum() == n and counts.max() - counts.min() <= 1


def test_sizes_frame_or_scale_the_scan(written: ImageSet) -> None:
    framed, small = digits(32), digits(14, 40)
    assert torch.equal(framed.images[..., 2:-2, 2:-2], written.images)
    assert framed.images[..., :2].sum() == 0
    few = digits(28, 40)
    assert torch.equal(small.labels, few.labels)
    means = F.avg_pool2d(few.images.float(), 2)
    assert F.cosine_similarity(small.images.float().flatten(1), means.flatten(1)).min() > 0.95


def test_more_digits_than_there_are_come_from_small_changes() -> None:
    many = digits(28, 1010, "test", seed=1)
    known = {image.tobytes() for image in handwritten_digits("test", 28).images.numpy()}
    assert all(image.tobytes() in known for image in many.images[:1000].numpy())  # originals first
    assert not any(image.tobytes() in known for image in many.images[1000:].numpy())
    plain, changed = digits(28, 50), digits(28, 50, augment=True)
    assert torch.equal(changed.labels, plain.labels)
    assert (changed.images != plain.images).flatten(1).any(dim=1).all()
    assert F.cosine_similarity(changed.images.float().flatten(1), plain.images.float().flatten(1)).mean() > 0.5
    for build, most in ((digits, 4000), (optical_digits, 1437)):
        with pytest.raises(ValueError, match=f"there are {most} train digits.*augment=True"):
            build(16, most + 1, augment=False)


def test_the_source_is_chosen_by_name(drawn: Callable[..., ImageSet]) -> None:
    assert torch.equal(digits(16, source="optical").images, drawn("optical_digits", 16).images)
    assert digits(28, 5, source="handwritten").name == "digits"
    with pytest.raises(ValueError, match="did you mean 'optical'"):
        digits(source="optcal")
    with pytest.raises(ValueError, match="without a download"):
        digits(source="mnist", augment=True)


@pytest.mark.parametrize("size", [16, 28, 32])
def test_optical_digits_are_ink_on_paper(size: int) -> None:
    drawn = optical_digits(size, 100)
    assert drawn.images.shape == (100, 1, size, size) and drawn.images.dtype == torch.uint8
    assert drawn.labels.dtype == torch.int64 and set(drawn.labels.tolist()) == set(range(10))
    x = drawn.images.float() / 255
    edge = torch.cat([x[..., 0, :], x[..., -1, :], x[..., 0], x[..., -1]], dim=-1)
    assert edge.max() < 0.01
    assert (x.amax(dim=(1, 2, 3)) > 0.9).all()
    assert ((x > 0.2) & (x < 0.8)).float().mean() < 0.2 * 32 / size  # soft only along the strokes


def test_enlarged_digits_are_the_original_ones() -> None:
    from sklearn.datasets import load_digits

    drawn = optical_digits(48, split="test")
    order = torch.from_numpy(module.design([len(drawn)], len(drawn), np.random.default_rng([0, 1]))[0])
    data = load_digits()
    assert torch.equal(drawn.labels, torch.from_numpy(data.target[-360:]).long()[order])
    back = F.avg_pool2d(drawn.images.float(), 4)[:, 0, 2:-2, 2:-2].flatten(1)  # 48 pixels: 4 for each of 12
    originals = torch.from_numpy(data.images[-360:]).float()[order].flatten(1)
    back, originals = back - back.mean(dim=1, keepdim=True), originals - originals.mean(dim=1, keepdim=True)
    assert F.cosine_similarity(back, originals).min() > 0.85


def test_splits_of_optical_digits_share_none(drawn: Callable[..., ImageSet]) -> None:
    train, test = drawn("optical_digits", 16), drawn("optical_digits", 16, split="test")
    assert (len(train), len(test)) == (1437, 360)
    known = {image.tobytes() for image in train.images.numpy()}
    assert not any(image.tobytes() in known for image in test.images.numpy())
    assert nearest_mean_accuracy(train, test) > 0.8


def test_font_digits_run_through_digits_and_typefaces() -> None:
    drawn = font_digits(16, 420)
    table = torch.zeros(10, 21, dtype=torch.int64)
    table.index_put_((drawn.labels, drawn.attribute("font")), torch.ones(420, dtype=torch.int64), accumulate=True)
    assert (table == 2).all()
    ink = drawn.images.float().mean(dim=(1, 2, 3)) / 255
    assert (ink > 0.01).all() and (ink < 0.4).all()
    assert nearest_mean_accuracy(drawn, font_digits(16, 210, "test")) > 0.6


def test_every_typeface_has_ten_different_digits() -> None:
    glyphs = module._printing().reshape(10, 21, -1)
    for font, name in enumerate(module.FONTS):
        shapes = glyphs[:, font]
        apart = torch.cdist(shapes, shapes).fill_diagonal_(99).min()
        assert apart > 5, name
        assert (shapes.sum(dim=1) > 50).all(), name
    assert len(set(module.FONTS)) == 21


def test_stacked_digits_cover_all_codes_and_hold_what_the_label_says() -> None:
    base = digits(28)
    stack = stacked_digits(28, 1500)
    assert stack.images.shape == (1500, 3, 28, 28)
    counts = torch.bincount(stack.labels, minlength=1000)
    assert counts.min() == 1 and counts.max() == 2
    pictures = {(image.tobytes(), label) for image, label in zip(base.images.numpy(), base.labels.tolist(), strict=True)}
    for image, code in zip(stack.images[:100].numpy(), stack.labels[:100].tolist(), strict=True):
        assert all((image[c].tobytes(), int(f"{code:03}"[c])) in pictures for c in range(3))


def test_stacks_of_another_base() -> None:
    stack = stacked_digits(24, 20, base=font_digits(24, 200))
    assert stack.images.shape == (20, 3, 24, 24) and stack.name == "stacked_font_digits"
    with pytest.raises(ValueError, match="base has digits of 24 pixels, not 32: pass size=24, or a base of 32"):
        stacked_digits(n=20, base=font_digits(24, 200))
    with pytest.raises(ValueError, match="all ten digits"):
        stacked_digits(16, base=font_digits(16, 50).where(label=(1, 2)))


@pytest.mark.parametrize("build", [digits, optical_digits, font_digits, stacked_digits])
def test_the_seed_decides(build: Any) -> None:
    one, same, other = build(16, 40, seed=1), build(16, 40, seed=1), build(16, 40, seed=2)
    assert torch.equal(one.images, same.images) and torch.equal(one.labels, same.labels)
    assert not torch.equal(one.images, other.images)
    for bad, message in (((4, 10), "8 to 256"), ((16, 0), "above 0"), ((16, 10, "valid"), "choose from")):
        with pytest.raises(ValueError, match=message):
            build(*bad)
    with pytest.raises(ValueError, match="0 or more"):
        build(16, 10, seed=-1)


@pytest.mark.parametrize(
    ("build", "package", "instead"), [(optical_digits, "sklearn", "font_digits"), (font_digits, "matplotlib", "digits")]
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

"""The pictures of a folder as each family takes them."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from gancourse.experiments.own import sources
from gancourse.experiments.own.sources import Asked, source, spread
from tests import own


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path / "data"))


def test_a_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = own.pets(tmp_path / "pets", 9)
    found = source(Asked("dcgan", str(folder), size=16))
    assert (found.name, found.count, found.classes, found.examples) == ("pets", 9, (), None)
    assert next(found.batches(4, 0)).shape == (4, 3, 16, 16) and found.real.shape == (9, 3, 16, 16)
    assert found.checksum == source(Asked("stylegan2", str(folder), size=16)).checksum
    own.save(folder / "red" / "000.png", own.draw(1))
    assert found.checksum != source(Asked("dcgan", str(folder), size=16)).checksum


def test_a_set_with_labels(tmp_path: Path) -> None:
    folder = own.pets(tmp_path / "pets", 9)
    with pytest.raises(ValueError, match="biggan .*needs labels: add --labels folders .*subfolders: blue, green, red.*FILE.csv"):
        source(Asked("biggan", str(folder), size=32))
    with pytest.warns(UserWarning, match="9 pictures smaller than 32"):
        found = source(Asked("biggan", str(folder), size=32, labels="folders"))
    assert found.classes == ("blue", "green", "red") and next(found.batches(4, 0))[1].shape == (4,)
    with pytest.raises(ValueError, match="two classes or more, and all pictures of .*one are 'x'"):
        own.save(tmp_path / "one" / "x" / "a.png", own.draw(0, 32, 32))
        source(Asked("biggan", str(tmp_path / "one"), size=32, labels="folders"))


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"family": "dcgan", "labels": "folders"}, "dcgan does not use --labels"),
        ({"family": "dcgan", "direction": "BtoA"}, "dcgan does not use --direction"),
        ({"family": "pix2pix", "fit": "pad"}, "pix2pix does not use --fit"),
        ({"family": "cyclegan", "direction": "BtoA"}, "cyclegan does not use --direction"),
    ],
)
def test_what_a_family_has_no_use_for_is_refused(tmp_path: Path, asked: dict[str, str], named: str) -> None:
    with pytest.raises(ValueError, match=named):
        source(Asked(**{"images": str(tmp_path), "size": 32, **asked}))


def test_pairs_and_the_unseen_ones(tmp_path: Path) -> None:
    folder = own.pairs(tmp_path / "pairs", 5)
    found = source(Asked("pix2pix", str(folder), size=32))
    assert found.count == 5 and found.where == "the training pairs"
    assert torch.allclose(found.examples, -found.targets, atol=0.01), "one half is the negative of the other"
    a, b = next(found.batches(2, 0))
    assert a.shape == b.shape == (2, 3, 32, 32)
    own.pairs(folder, 3, split="test")
    turned = source(Asked("pix2pix", str(folder), size=32, direction="BtoA"))
    assert turned.where == "unseen pairs, test" and len(turned.examples) == 3
    assert torch.allclose(turned.targets, found.examples[:3])


def test_unseen_pairs_are_found_where_the_pairs_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name without a slash means a folder of the data directory, for the training pairs and for those that it is judged by."""
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    own.pairs(own.pairs(tmp_path / "real" / "facs", 5), 3, split="val")
    found = source(Asked("pix2pix", "facs", size=32))
    assert (found.name, found.where, found.count, len(found.examples)) == ("facs", "unseen pairs, val", 5, 3)


def test_two_sets(tmp_path: Path) -> None:
    found = source(Asked("cyclegan", str(own.two(tmp_path / "two", 6)), size=32))
    assert (found.name, found.count, found.targets) == ("two", 6, None)
    assert len(found.examples) == 6 and found.real.float().mean() > 127
    a, b = next(found.batches(2, 0))
    assert a.mean() < 0 < b.mean()


def test_some_pictures_evenly_spaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = sources.data.folder(own.pets(tmp_path / "pets", 9), 16)
    assert torch.equal(spread(found, 3), found.images[torch.tensor([0, 4, 8])]) and len(spread(found, 99)) == 9

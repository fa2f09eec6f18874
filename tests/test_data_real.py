"""Real sets: readers on small stand-in files, and the sentence that a machine without a network gets."""

from __future__ import annotations

import gzip
import os
import pickle
import shutil
import socket
import struct
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from gancourse.data import celeba, cifar10, fashion_mnist, load, mnist
from gancourse.data.images import resize
from gancourse.data.real import REAL_SETS, read_idx


@pytest.fixture(autouse=True)
def no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> Any:
        raise socket.gaierror("no network in tests")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path / "data"))


def idx(array: np.ndarray) -> bytes:
    return struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape) + array.astype(np.uint8).tobytes()


def place_idx(folder: Path, prefix: str = "t10k", n: int = 30, packed: bool = False) -> tuple[np.ndarray, np.ndarray]:
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(0)
    images, labels = rng.integers(256, size=(n, 28, 28), dtype=np.uint8), rng.integers(10, size=n)
    for kind, array in (("images-idx3-ubyte", images), ("labels-idx1-ubyte", labels)):
        content = idx(array)
        name = f"{prefix}-{kind}" + (".gz" if packed else "")
        (folder / name).write_bytes(gzip.compress(content) if packed else content)
    return images, labels


@pytest.mark.parametrize("packed", [False, True])
def test_mnist_reads_the_files_of_one_split_gzipped_or_not(packed: bool, tmp_path: Path) -> None:
    images, labels = place_idx(tmp_path / "MNIST" / "raw", packed=packed)
    found = mnist(28, split="test", root=tmp_path)
    assert np.array_equal(found.images[:, 0].numpy(), images)
    assert found.labels.tolist() == labels.tolist()
    framed = mnist(32, split="test", root=tmp_path)
    assert torch.equal(framed.images[..., 2:-2, 2:-2], found.images)
    assert framed.images[..., :2].sum() == 0 and framed.images.shape == (30, 1, 32, 32)


def test_the_default_folder_is_the_one_that_the_message_names(tmp_path: Path) -> None:
    place_idx(tmp_path / "data" / "real" / "FashionMNIST" / "raw", "train")
    found = fashion_mnist(16, n=10, seed=3)
    assert found.images.shape == (10, 1, 16, 16)
    assert found.describe(0)["kind"] == found.attribute_names["kind"][found.labels[0]]
    assert torch.equal(found.images, load("font_digits", 16, 10, seed=3, source="fashion_mnist").images)
    assert not torch.equal(found.images, fashion_mnist(16, n=10, seed=4).images)
    with pytest.raises(ValueError, match="holds 30 images, not 31"):
        fashion_mnist(16, n=31)


@pytest.mark.parametrize("damage", ["short", "text", "gzip"])
def test_a_damaged_file_is_named(damage: str, tmp_path: Path) -> None:
    folder = tmp_path / "MNIST" / "raw"
    place_idx(folder, packed=damage == "gzip")
    (path,) = folder.glob("t10k-images*")
    content = path.read_bytes()
    path.write_bytes(b"<html>not found</html>" if damage == "text" else content[: len(content) // 2])
    with pytest.raises(ValueError, match="t10k-images.*download it again"):
        mnist(split="test", root=tmp_path)


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "MNIST" / "raw"
    place_idx(folder)
    (folder / "t10k-labels-idx1-ubyte").write_bytes(idx(np.zeros(7)))
    with pytest.raises(ValueError, match="belong together"):
        mnist(split="test", root=tmp_path)


@pytest.mark.parametrize(
    ("build", "name"), [(mnist, "mnist"), (fashion_mnist, "fashion_mnist"), (cifar10, "cifar10"), (celeba, "celeba")]
)
def test_without_a_network_one_sentence_says_what_to_do(build: Any, name: str, tmp_path: Path) -> None:
    timeout = socket.getdefaulttimeout()
    with pytest.raises(FileNotFoundError) as caught:
        build(root=tmp_path)
    message = str(caught.value)
    assert "\n" not in message
    assert f"embedded {REAL_SETS[name].stand_in}()" in message
    assert all(file in message for file in REAL_SETS[name].files)
    assert str((tmp_path / REAL_SETS[name].folder).resolve()) in message
    assert socket.getdefaulttimeout() == timeout


def test_empty_stub_files_do_not_pass_for_data(tmp_path: Path) -> None:
    folder = tmp_path / "MNIST" / "raw"
    place_idx(folder)
    for kind in ("images-idx3-ubyte", "labels-idx1-ubyte"):
        (folder / f"train-{kind}").touch()
    assert len(mnist(split="test", root=tmp_path)) == 30
    with pytest.raises((FileNotFoundError, ValueError)):
        mnist(split="train", root=tmp_path)


def test_cifar10(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torchvision.datasets.cifar as theirs

    monkeypatch.setattr(theirs, "check_integrity", lambda *_: True)  # the stand-ins have other checksums
    folder = tmp_path / "cifar-10-batches-py"
    folder.mkdir()
    rng = np.random.default_rng(0)
    pixels = rng.integers(256, size=(4, 3072), dtype=np.uint8)
    for name in (*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"):
        (folder / name).write_bytes(pickle.dumps({"data": pixels, "labels": [3, 8, 0, 3]}))
    (folder / "batches.meta").write_bytes(pickle.dumps({"label_names": list("abcdefghij")}))
    found = cifar10(32, split="test", root=tmp_path)
    assert np.array_equal(found.images.numpy().reshape(4, -1), pixels)
    assert len(found.where(kind="cat")) == 2 and found.describe(1)["kind"] == "ship"
    assert len(cifar10(16, root=tmp_path)) == 20


def test_celeba_is_unpacked_cropped_scaled_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image
    from torchvision.datasets import CelebA

    monkeypatch.setattr(CelebA, "_check_integrity", lambda self: (Path(self.root) / "celeba" / "img_align_celeba").is_dir())
    folder = tmp_path / "celeba"
    folder.mkdir()
    names = [f"{i:06}.jpg" for i in range(1, 7)]
    with zipfile.ZipFile(folder / "img_align_celeba.zip", "w") as archive:
        for i, name in enumerate(names):
            picture = np.zeros((218, 178, 3), np.uint8)
            picture[20:198] = 40 * i  # what the crop keeps; the rest is black
            Image.fromarray(picture).save(tmp_path / name, quality=95)
            archive.write(tmp_path / name, f"img_align_celeba/{name}")

    def table(header: str, columns: int) -> str:
        return header + "".join(f"{name} {' '.join(['1' if i % 2 else '-1'] * columns)}\n" for i, name in enumerate(names))

    (folder / "list_attr_celeba.txt").write_text(table("6\nEyeglasses Smiling\n", 2))
    (folder / "list_eval_partition.txt").write_text("".join(f"{name} {2 * (i > 3)}\n" for i, name in enumerate(names)))
    (folder / "identity_CelebA.txt").write_text("".join(f"{name} 1\n" for name in names))
    (folder / "list_bbox_celeba.txt").write_text(table("6\nimage_id a b c d\n", 4))
    (folder / "list_landmarks_align_celeba.txt").write_text(table("6\n" + " ".join("abcdefghij") + "\n", 10))
    found = celeba(32, n=4, root=tmp_path)
    assert found.images.shape == (4, 3, 32, 32)
    assert list(found.attribute_names) == ["Eyeglasses", "Smiling"]
    level = found.images.float().mean(dim=(1, 2, 3)) / 40
    assert sorted(level.round().int().tolist()) == [0, 1, 2, 3]
    assert torch.equal(level.round().int() % 2 == 1, found.attribute("Smiling") == 1)
    other = tmp_path / "other"
    shutil.copytree(folder, other / "celeba")
    for i, name in enumerate(names):
        Image.fromarray(np.full((218, 178, 3), 200 + i, np.uint8)).save(other / "celeba" / "img_align_celeba" / name)
    shutil.rmtree(folder)
    assert torch.equal(celeba(32, n=4, root=tmp_path).images, found.images)  # from the cache
    assert celeba(32, n=4, root=other).images.min() > 190, "of another folder"
    assert torch.equal(celeba(32, n=4, root=tmp_path).images, found.images), "and both are kept"


@pytest.mark.parametrize(("content", "told"), [(b"<html>quota</html>", "web page"), (b"PK\3\4half", "missing"), (b"", "empty")])
def test_an_archive_of_celeba_that_is_none_is_named(content: bytes, told: str, tmp_path: Path) -> None:
    (tmp_path / "celeba").mkdir()
    (tmp_path / "celeba" / "img_align_celeba.zip").write_bytes(content)
    with pytest.raises(ValueError, match=f"img_align_celeba.zip is damaged or another file .*{told}.*download it again"):
        celeba(32, n=4, root=tmp_path)


def test_an_archive_of_cifar_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "cifar-10-python.tar.gz").write_bytes(gzip.compress(b"half")[:-4])
    with pytest.raises(ValueError, match="cifar-10-python.tar.gz is damaged"):
        cifar10(root=tmp_path)


def test_a_list_of_celeba_that_is_a_web_page_is_named(tmp_path: Path) -> None:
    (tmp_path / "celeba").mkdir()
    (tmp_path / "celeba" / "list_attr_celeba.txt").write_text("<!doctype html><html>sign in</html>")
    with pytest.raises(FileNotFoundError, match="list_attr_celeba.txt is a web page"):
        celeba(32, n=4, root=tmp_path)


def test_half_an_unpacked_file_beside_a_whole_archive_does_no_harm(tmp_path: Path) -> None:
    folder = tmp_path / "MNIST" / "raw"
    place_idx(folder, packed=True)
    whole = mnist(28, split="test", root=tmp_path)
    (folder / "t10k-images-idx3-ubyte").write_bytes(idx(np.zeros((30, 28, 28)))[:500])
    assert torch.equal(mnist(28, split="test", root=tmp_path).images, whole.images)


def test_scaling_keeps_the_mean_and_the_type() -> None:
    images = torch.randint(256, (5, 3, 32, 32), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    small = resize(images, 16)
    assert small.shape == (5, 3, 16, 16) and small.dtype == torch.uint8
    torch.testing.assert_close(small.float().mean(dim=(2, 3)), images.float().mean(dim=(2, 3)), atol=2, rtol=0)
    assert resize(images, 32) is images


@pytest.mark.parametrize("build", [mnist, cifar10, celeba])
def test_bad_requests_name_the_fix(build: Any) -> None:
    with pytest.raises(ValueError, match="8 to 256"):
        build(300)
    with pytest.raises(ValueError, match="did you mean 'train'"):
        build(split="trian")
    with pytest.raises(ValueError, match="above 0"):
        build(n=0)
    with pytest.raises(ValueError, match="0 or more"):
        build(seed=-1)


@pytest.mark.skipif("GANCOURSE_TEST_MNIST" not in os.environ, reason="GANCOURSE_TEST_MNIST names no folder with MNIST's files")
def test_the_real_mnist(tmp_path: Path) -> None:
    folder = tmp_path / "MNIST" / "raw"
    folder.mkdir(parents=True)
    for path in Path(os.environ["GANCOURSE_TEST_MNIST"]).glob("*ubyte*"):
        shutil.copy(path, folder)
    found = mnist(28, split="test", root=tmp_path)
    assert len(found) == 10_000
    assert torch.bincount(found.labels).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert found.images.float().mean().item() / 255 == pytest.approx(0.1325, abs=1e-4)
    labels = read_idx(next(folder.glob("train-labels*")))
    assert np.bincount(labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    if not list(folder.glob("train-images*")):
        with pytest.raises(FileNotFoundError, match="train-images-idx3-ubyte.gz"):
            mnist(root=tmp_path)

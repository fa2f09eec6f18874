"""What a file is, by its first bytes."""

import io
import pickle
import tarfile
import zipfile

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save

from gancourse.base.kinds import what_is


def zipped(name):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(name, b"content")
    return file.getvalue()


def written(write):
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def tarred():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return file.getvalue()


KINDS = {
    "empty": b"",
    "a file of zeros": bytes(100),
    "a git-lfs pointer": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
    "a picture": written(lambda file: Image.new("RGB", (2, 2)).save(file, "PNG")),
    "a NumPy array": written(lambda file: np.save(file, np.zeros(2))),
    "a zip archive": zipped("image.png"),
    "a zip archive of which a part is missing": zipped("image.png")[:-10],
    "a PyTorch file": written(lambda file: torch.save({"a": 1}, file)),
    "a PyTorch file of the format before 1.6": written(
        lambda file: torch.save({"a": 1}, file, _use_new_zipfile_serialization=False)
    ),
    "a safetensors file": save({"weight": torch.zeros(2)}),
    "a pickle of Python objects": pickle.dumps({"a": 1}, protocol=4),
    "a tar archive": tarred(),
    "a web page": b"\n<!DOCTYPE html><title>Log in</title>",
    "a JSON text": b'{"layers": 3}',
    "a text": b"epoch,loss\n1,0.5\n",
    "of an unknown kind": bytes(range(128, 256)),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_file_is_named_by_its_content_whatever_it_is_called(tmp_path, kind):
    path = tmp_path / "weights.safetensors"
    path.write_bytes(KINDS[kind])
    found = what_is(path)
    assert found.partition(":")[0].partition(",")[0] == kind

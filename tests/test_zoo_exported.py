"""ONNX files that onnxruntime runs."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from torch import nn

from gancourse.models import biggan, dcgan, progan, r3gan, stylegan2
from gancourse.models.translator import ResNetTranslator
from gancourse.models.unet import UNet
from gancourse.zoo import exported
from gancourse.zoo.exported import PACKAGES, to_onnx

MISSING = [name for name in PACKAGES if find_spec(name) is None]
needs_packages = pytest.mark.skipif(bool(MISSING), reason=f"needs {', '.join(MISSING)}: pip install 'gancourse[export]'")

NETWORKS = {
    "dcgan": lambda: dcgan.Generator(16, 8, 4),
    "stylegan2": lambda: stylegan2.Generator(16, 8, w_dim=8, mapping_layers=2, channel_base=64, channel_max=8),
    "r3gan": lambda: r3gan.Generator((8, 8, 8), (1, 1, 1), 1, latent_dim=8),
    "progan": lambda: progan.Generator(16, 8, widths=(8, 8, 8)),
    "biggan": lambda: biggan.Generator(32, 8, 4, classes=3, shared_dim=4, hierarchical=True),
    "pix2pix": lambda: UNet(3, 3, 32, 4),
    "cyclegan": lambda: ResNetTranslator(3, 3, 4, 1),
}


@needs_packages
@pytest.mark.parametrize("family", NETWORKS)
def test_onnxruntime_gives_what_pytorch_gives(family: str, tmp_path: Path) -> None:
    import onnxruntime

    torch.manual_seed(0)
    network = NETWORKS[family]()
    found = to_onnx(network, tmp_path / "g.onnx", size=32)
    assert found.difference <= 1e-4 and (tmp_path / "g.onnx").is_file()
    session = onnxruntime.InferenceSession(str(found.path), providers=["CPUExecutionProvider"])
    assert {node.name for node in session.get_inputs()} == set(found.inputs)
    assert ("labels" in found.inputs) == (family == "biggan") and ("x" in found.inputs) == (family in ("pix2pix", "cyclegan"))
    assert "-> images [N, 3, " in str(found)


class Fickle(nn.Module):
    """What it does depends on values."""

    latent_dim = 2

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return z if float(z.sum()) > 0 else -z


@needs_packages
def test_what_cannot_be_written_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="^Fickle cannot be written as ONNX, its exporter says: [^\n]*$"):
        to_onnx(Fickle(), tmp_path / "g.onnx")


@needs_packages
def test_a_file_that_gives_something_else_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exported, "_compare", lambda *_: (0.5, torch.zeros(1, 3, 16, 16)))
    with pytest.raises(ValueError, match="0.5 from PyTorch's, and 0.0001 is allowed: nothing was written"):
        to_onnx(NETWORKS["dcgan"](), tmp_path / "g.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_named_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exported, "find_spec", lambda name: None if name == "onnxruntime" else object())
    with pytest.raises(ImportError, match=r'ONNX needs onnxruntime: pip install "gancourse\[export\]"'):
        to_onnx(nn.Linear(2, 2), tmp_path / "g.onnx")

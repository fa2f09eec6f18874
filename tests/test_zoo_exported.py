"""ONNX files that onnxruntime runs."""

from __future__ import annotations

import sys
import types
from importlib.util import find_spec
from pathlib import Path

import pytest
import torch
from torch import nn

from gancourse.models import biggan, conditional, conditional_convnet, dcgan, progan, r3gan, stylegan2
from gancourse.models.classifier import AttributeClassifier
from gancourse.models.encoder_decoder import GatedInpainter
from gancourse.models.text import Generator as TextGenerator
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
    "stylegan2 with labels": lambda: stylegan2.Generator(
        16, 8, w_dim=8, mapping_layers=2, channel_base=64, channel_max=8, label_dim=3
    ),
    "r3gan with labels": lambda: r3gan.Generator((8, 8, 8), (1, 1, 1), 1, latent_dim=8, label_dim=3),
    "one attribute": lambda: conditional_convnet.Generator(3, 16, 8, 2),
    "attributes": lambda: conditional_convnet.Generator({"hair": ("red", "blue", "none"), "smile": ("no", "yes")}, 16, 8, 2),
    "dcgan with labels": lambda: conditional.dcgan_pair(3, size=16, latent_dim=8, width=2)[0],
    "perceptron with attributes": lambda: conditional.mlp_pair((3, 2), 8, (3, 8, 8))[0],
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
    labelled = family == "biggan" or "label" in family or "attribute" in family
    assert ("labels" in found.inputs) == labelled and ("x" in found.inputs) == (family in ("pix2pix", "cyclegan"))
    assert "-> images [N, 3, " in str(found)


class Fickle(nn.Module):
    """What it does depends on values."""

    latent_dim = 2

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return z if float(z.sum()) > 0 else -z


@needs_packages
def test_what_cannot_be_written_is_one_sentence_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(
        ValueError, match="^Fickle cannot be written as ONNX, its exporter says: [^\n\x1b]*data-dependent[^\n\x1b]*$"
    ):
        to_onnx(Fickle(), tmp_path / "g.onnx")


@pytest.mark.parametrize(
    ("make", "takes"),
    [
        (lambda: GatedInpainter(2), "takes x"),
        (lambda: AttributeClassifier({"kind": ("a", "b")}), "takes x"),
        (lambda: TextGenerator(8, 16, 4, 4, 2), "takes z and e"),
        (lambda: nn.Linear(2, 2), "takes input"),
    ],
)
def test_a_network_of_other_inputs_is_refused(make, takes: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exported, "find_spec", lambda name: object())
    with pytest.raises(ValueError, match=f"{takes}: only generators .* and translators .* call torch.onnx.export"):
        to_onnx(make(), tmp_path / "g.onnx")
    assert list(tmp_path.iterdir()) == []


def test_labels_are_looked_at_unless_an_exporter_traces(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = torch.tensor([7])
    for network in (NETWORKS["biggan"](), NETWORKS["r3gan with labels"](), NETWORKS["one attribute"]()):
        with pytest.raises(ValueError, match="labels must lie in 0 ?.. ?2, not 7"):
            network(torch.zeros(1, network.latent_dim), wrong)


@needs_packages
def test_a_file_that_gives_something_else_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exported, "_compare", lambda *_: (0.5, torch.zeros(1, 3, 16, 16)))
    with pytest.raises(ValueError, match="0.5 from PyTorch's, and 0.0001 is allowed: nothing was written"):
        to_onnx(NETWORKS["dcgan"](), tmp_path / "g.onnx")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("gives", "message"),
    [
        (lambda images: images * float("nan"), "nan from PyTorch's, and 0.0001 is allowed: nothing was written"),
        (lambda images: images[:1], r"gives \[1, 3, 16, 16\] where PyTorch gives \[3, 3, 16, 16\]: nothing was written"),
    ],
)
def test_what_cannot_be_compared_is_a_difference(gives, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = NETWORKS["dcgan"]().eval()

    class Session:
        def __init__(self, *_: object, **__: object) -> None: ...

        def run(self, _: None, named: dict) -> list:
            with torch.no_grad():
                return [gives(network(torch.from_numpy(named["z"]))).numpy()]

    monkeypatch.setitem(sys.modules, "onnxruntime", types.SimpleNamespace(InferenceSession=Session))
    monkeypatch.setattr(exported, "find_spec", lambda name: object())
    monkeypatch.setattr(exported, "_write", lambda network, named, path: path.write_bytes(b"onnx"))
    with pytest.raises(ValueError, match=message):
        to_onnx(network, tmp_path / "g.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_package_is_named_with_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exported, "find_spec", lambda name: None if name == "onnxruntime" else object())
    with pytest.raises(ImportError, match=r'ONNX needs onnxruntime: pip install "gancourse\[export\]"'):
        to_onnx(nn.Linear(2, 2), tmp_path / "g.onnx")

from __future__ import annotations

import urllib.error

import pytest
import torch
from torch import nn

from gancourse.base.features import digest, extractor_of
from gancourse.metrics import inception as module
from gancourse.metrics.frechet import FewSamplesWarning


class Tiny(nn.Module):
    """Stands in for Inception: uint8 images to their 4 x 4 means, and a batch normalisation that eval mode must silence."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(48)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        assert x.dtype == torch.uint8
        return self.norm(nn.functional.adaptive_avg_pool2d(x.float(), 4).flatten(1))


def tiny() -> module.InceptionFeatures:
    return module.InceptionFeatures(Tiny(), lambda network, x: network(x), "torch-fidelity", digest(Tiny()))


def pictures(n: int, seed: int) -> torch.Tensor:
    return torch.randint(0, 256, (n, 3, 8, 8), generator=torch.Generator().manual_seed(seed), dtype=torch.uint8)


def test_floats_are_rounded_to_bytes_and_features_are_named():
    extractor, x = tiny(), pictures(10, 0)
    features = extractor.features(x)
    assert torch.equal(extractor.features(x.float() / 127.5 - 1), features)
    assert extractor_of(features) == extractor.extractor_id and "torch-fidelity" in extractor.extractor_id


def test_batches_and_training_mode_do_not_matter():
    extractor, x = tiny(), pictures(10, 1)
    whole = extractor.features(x)
    extractor.network.train()
    assert torch.allclose(extractor.features(x, batch_size=3), whole)


def test_the_result_names_its_protocol_and_its_samples():
    with pytest.warns(FewSamplesWarning):
        found = module.frechet_inception_distance(pictures(20, 2), pictures(30, 3), tiny())
    assert found.value > 0 and (found.n, found.m) == (20, 30)
    text = str(found)
    assert "from 20 and 30 images; published numbers use 50,000" in text and "299 x 299" in text and "uint8" in text


def test_offline_it_says_what_to_do(monkeypatch):
    def offline(weights):
        raise urllib.error.URLError("no route")

    monkeypatch.setattr(module, "_fidelity", offline)
    with pytest.raises(OSError, match="weights-inception-2015-12-05.*pass its path as weights=.*attribute_classifier"):
        module.inception()


def test_a_missing_package_is_named(monkeypatch):
    def missing(weights):
        raise ModuleNotFoundError("No module named 'torch_fidelity'")

    monkeypatch.setattr(module, "_fidelity", missing)
    with pytest.raises(ImportError, match="pip install torch-fidelity"):
        module.inception()


def test_bad_input_is_refused(tmp_path):
    with pytest.raises(ValueError, match="did you mean 'torchvision'"):
        module.inception("torchvison")
    with pytest.raises(FileNotFoundError, match="give the path of weights-inception-2015-12-05"):
        module.inception(weights=tmp_path / "missing.pth")
    with pytest.raises(ValueError, match="repeat a grey channel three times"):
        tiny().features(pictures(4, 0)[:, :1])


def test_the_torchvision_network_gives_2048_features(tmp_path):
    torchvision = pytest.importorskip("torchvision")
    torch.manual_seed(0)
    network = torchvision.models.inception_v3(weights=None, init_weights=False)
    torch.save(network.state_dict(), tmp_path / "weights.pth")
    extractor = module.inception("torchvision", tmp_path / "weights.pth")
    x = pictures(2, 4)
    features = extractor.features(x)
    assert features.shape == (2, 2048) and torch.isfinite(features).all()
    assert "NOT the network of published FIDs" in extractor.protocol


@pytest.mark.parametrize("source", ["torch-fidelity", "torchvision"])
@pytest.mark.parametrize(
    ("content", "told"),
    [(b"<html>sign in</html>", "a web page"), (b"", "empty"), (b"version https://git-lfs.github.com/spec/v1\n", "git-lfs")],
)
def test_a_file_that_holds_no_weights_is_called_what_it_is(source, content, told, tmp_path):
    (tmp_path / "weights.pth").write_bytes(content)
    with pytest.raises(ValueError, match=f"no weights of Inception: weights.pth holds no weights, it is .*{told}"):
        module.inception(source, tmp_path / "weights.pth")


@pytest.mark.parametrize("source", ["torch-fidelity", "torchvision"])
def test_weights_of_another_network_and_files_that_run_code_are_refused(source, tmp_path):
    pytest.importorskip("torch_fidelity")
    torch.save({"conv.weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match="other.pth holds the weights of another network: give"):
        module.inception(source, tmp_path / "other.pth")
    torch.save({"conv.weight": print}, tmp_path / "code.pth")
    with pytest.raises(ValueError, match="run code"):
        module.inception(source, tmp_path / "code.pth")


def test_weights_are_found_on_disk_and_not_fetched(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    assert module.on_disk() is None
    place = tmp_path / "checkpoints"
    place.mkdir()
    (place / "inception_v3_google-0cc3c7bd.pth").write_bytes(b"")
    assert module.on_disk() == ("torchvision", place / "inception_v3_google-0cc3c7bd.pth")
    (place / "weights-inception-2015-12-05-6726825d.pth").write_bytes(b"")
    assert module.on_disk()[0] == "torch-fidelity"
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert module.on_disk() is None

"""The real Inception network, an optional extra: for numbers that can stand beside published ones.

Everything else in the course measures in the features of its own classifiers.  This module needs the weights of a network
trained on ImageNet, about 100 MB, which do not travel with the course: either a network connection, once, or the file.
A Frechet *Inception* distance is a protocol rather than a formula, so each extractor says in ``protocol`` what it does, and
each result repeats it.  Numbers of two protocols are not comparable.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gancourse.base import check
from gancourse.base.features import digest, mark
from gancourse.metrics.features import image_features
from gancourse.metrics.frechet import frechet_distance
from gancourse.zoo import reference

PROTOCOLS = {
    "torch-fidelity": (
        "torch-fidelity 'inception-v3-compat': TensorFlow's Inception graph of 2015-12-05, uint8 RGB, resized to 299 x 299 by "
        "TensorFlow 1's bilinear rule (no antialiasing), (x - 128) / 128, eval mode, 2048 pooled features"
    ),
    "torchvision": (
        "torchvision inception_v3 IMAGENET1K_V1: RGB resized to 299 x 299 bilinearly with antialiasing, ImageNet "
        "mean and deviation, "
        "eval mode, 2048 pooled features; NOT the network of published FIDs"
    ),
}
_FILES = {
    "torch-fidelity": "weights-inception-2015-12-05-6726825d.pth (releases of toshas/torch-fidelity on GitHub)",
    "torchvision": "inception_v3_google-0cc3c7bd.pth (download.pytorch.org/models)",
}
PUBLISHED_N = 50_000


class InceptionFeatures:
    """An extractor for ``image_features``: colour images [N, 3, H, W], uint8 or float in [-1, 1], to float32 [N, 2048].

    ``protocol`` says how; ``extractor_id`` names source and weights.  Float images are rounded to uint8 first, as a picture
    file would.
    """

    def __init__(self, network: nn.Module, forward: Callable[[nn.Module, Tensor], Tensor], source: str, digest: str) -> None:
        self.network, self.protocol = network.eval(), PROTOCOLS[source]
        self.extractor_id = f"Inception v3, {source}, {digest}"
        self._forward = forward

    @torch.no_grad()
    def features(self, images: Tensor, batch_size: int = 32) -> Tensor:
        from gancourse.data.images import to_uint8

        batch_size = check.batch_size(batch_size)
        if not isinstance(images, Tensor) or images.ndim != 4 or images.shape[1] != 3 or len(images) == 0:
            came = list(images.shape) if isinstance(images, Tensor) else type(images).__name__
            raise ValueError(f"Inception looks at images [N, 3, H, W] with N > 0, not {came}: repeat a grey channel three times")
        images = images if images.dtype == torch.uint8 else to_uint8(check.pixels(images))
        device = next(self.network.parameters()).device
        self.network.eval()  # a fine-tuning script that calls .train() on everything would change the features
        parts = [self._forward(self.network, part.to(device)).float().cpu() for part in torch.split(images, batch_size)]
        return mark(torch.cat(parts), self.extractor_id)


@dataclass(frozen=True)
class InceptionDistance:
    """A Frechet distance of Inception features with all that must be said beside it."""

    value: float
    n: int
    m: int
    protocol: str

    def __str__(self) -> str:
        few = "" if min(self.n, self.m) >= PUBLISHED_N else f"; published numbers use {PUBLISHED_N:,}, fewer give larger values"
        return f"{self.value:.3f} from {self.n:,} and {self.m:,} images{few}. {self.protocol}."


def inception(source: str = "torch-fidelity", weights: str | Path | None = None) -> InceptionFeatures:
    """The Inception network as an extractor, by "torch-fidelity" (the weights of published FIDs) or "torchvision" (others).

    ``weights`` is the path of the file; None downloads it once into torch's own cache.  Raises ImportError where the package is
    missing and OSError where the weights cannot be had; both say what to do.
    """
    check.one_of("source", source, PROTOCOLS)
    if weights is not None:
        _check_file(check.path("weights", weights), source)
    try:
        network = (_fidelity if source == "torch-fidelity" else _torchvision)(weights)
    except ImportError as error:
        raise ImportError(f"the Inception network of {source} needs the package: pip install {source}") from error
    except OSError as error:  # URLError is one
        raise OSError(
            f"the Inception weights could not be downloaded ({error}): on a machine with a network fetch "
            f"{_FILES[source]} and pass its path "
            "as weights=, or measure with gancourse.metrics.attribute_classifier, which needs no network"
        ) from error
    except (RuntimeError, KeyError, AttributeError, pickle.UnpicklingError) as error:
        if weights is None:
            raise
        raise ValueError(f"{weights} holds the weights of another network: give {_FILES[source]}") from error
    forward = _fidelity_features if source == "torch-fidelity" else _torchvision_features
    return InceptionFeatures(network, forward, source, digest(network))


def on_disk() -> tuple[str, Path] | None:
    """A source and the file of its weights, where torch's cache has one and the package that reads it is here; nothing is
    downloaded."""
    for source, told in _FILES.items():
        path = Path(torch.hub.get_dir()) / "checkpoints" / told.partition(" ")[0]
        if path.is_file() and find_spec(source.replace("-", "_")) is not None:
            return source, path
    return None


def frechet_inception_distance(fake: Tensor, real: Tensor, extractor: InceptionFeatures | None = None) -> InceptionDistance:
    """Frechet distance of Inception features of two sets of colour images; print the result, it names the protocol.

    ``extractor`` is ``inception()`` unless given.  2048 dimensions ask for at least 2,049 images of each set, and 50,000 for
    numbers that stand beside published ones; ``frechet_distance`` warns below the first.
    """
    extractor = inception() if extractor is None else extractor
    if not isinstance(extractor, InceptionFeatures):
        raise TypeError(f"extractor must be what inception() gives, not {type(extractor).__name__}: leave it out")
    a, b = image_features(fake, extractor, 32), image_features(real, extractor, 32)
    return InceptionDistance(frechet_distance(a, b), len(a), len(b), extractor.protocol)


def _check_file(path: Path, source: str) -> None:
    """Raise where there is no file of tensors; what a reader of weights finds instead, it names."""
    if not path.is_file():
        raise FileNotFoundError(f"there is no file {str(path)!r}: give the path of {_FILES[source]}, or None to download it")
    try:
        reference.read(path)  # takes tensors and nothing that runs
    except ValueError as error:
        raise ValueError(f"these are no weights of Inception: {error}; the file to give is {_FILES[source]}") from error


def _fidelity(weights: str | Path | None) -> nn.Module:
    from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

    path = None if weights is None else str(Path(weights).expanduser())
    network: nn.Module = FeatureExtractorInceptionV3(
        "inception-v3-compat", ["2048"], feature_extractor_weights_path=path, verbose=False
    )
    return network


def _torchvision(weights: str | Path | None) -> nn.Module:
    from torchvision.models import Inception_V3_Weights, inception_v3

    network: nn.Module
    if weights is None:
        network = inception_v3(weights=Inception_V3_Weights.IMAGENET1K_V1, progress=False)
    else:
        network = inception_v3(weights=None, init_weights=False, transform_input=True)
        network.load_state_dict(reference.read_state_dict(weights))
    network.fc = nn.Identity()
    return network


def _fidelity_features(network: nn.Module, images: Tensor) -> Tensor:
    features: Tensor = network(images)[0]
    return features


def _torchvision_features(network: nn.Module, images: Tensor) -> Tensor:
    x = F.interpolate(images.float() / 255, size=(299, 299), mode="bilinear", align_corners=False, antialias=True)
    mean, std = (torch.tensor(v, device=x.device).view(1, 3, 1, 1) for v in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    features: Tensor = network((x - mean) / std)
    return features

r"""A perceptual distance between images, in the feature maps of the course's attribute classifier.

    d(x, y) = sum_l  mean over places p of  || u_l(x)_p - u_l(y)_p ||^2,      u_l(x)_p = f_l(x)_p / || f_l(x)_p ||

f_l are the maps behind each of the classifier's five convolutions, and every place's vector of channels is scaled to length 1.
This is the construction of LPIPS with all channels weighted equally, on another network: LPIPS looks through VGG or AlexNet and
weights channels by people's judgements.  Numbers of the two are not comparable, an order of images by the one need not be
the other's.

Source: Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", equation 1.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from gancourse.models.classifier import AttributeClassifier, prepare


class PerceptualFeatures(nn.Module):
    """Images as vectors whose squared Euclidean distances are the perceptual distance d.

    >>> features = perceptual_features("faces")
    >>> features.distance(x, y)                       # [N]
    >>> (features(x) - features(y)).square().sum(1)   # the same

    The classifier stays as it is: a copy of it looks, in evaluation mode, at 32 x 32 versions of the images.  Gradients reach
    the images and not its weights.  Images with nothing below 0 are warned of, unless they may be ``pale``, as those of a network
    that is asked part by part.
    """

    def __init__(self, classifier: AttributeClassifier) -> None:
        super().__init__()
        self.classifier = copy.deepcopy(classifier).eval().requires_grad_(False)

    @property
    def extractor_id(self) -> str:
        """The classifier's name: distances through different networks are not comparable."""
        return self.classifier.extractor_id

    def train(self, mode: bool = True) -> PerceptualFeatures:
        """Stays in evaluation mode: an image's features must not depend on the batch."""
        return super().train(False)

    def maps(self, images: Tensor, *, pale: bool = False) -> list[Tensor]:
        """The maps u_l of images [N, C, H, W] in [-1, 1] (any square size): [N, C_l, H_l, W_l], one for each convolution."""
        x, found = prepare(images, pale=pale).to(next(self.classifier.parameters()).dtype), []
        if x.shape[1] != self.classifier.channels:
            raise ValueError(f"{self.extractor_id} looks at {self.classifier.channels} channels, the images have {x.shape[1]}")
        for layer in self.classifier.body:
            x = layer(x)
            if isinstance(layer, nn.ReLU):
                found.append(_unit_channels(x))
        return found

    def forward(self, images: Tensor, *, pale: bool = False) -> Tensor:
        """All maps side by side, each divided by the root of its number of places: [N, D]."""
        return torch.cat([(u / (u.shape[2] * u.shape[3]) ** 0.5).flatten(1) for u in self.maps(images, pale=pale)], 1)

    def distance(self, x: Tensor, y: Tensor, *, pale: bool = False) -> Tensor:
        """d(x, y) of each pair: images [N, C, H, W] and [N, C, H, W] -> [N]."""
        if x.shape != y.shape:
            raise ValueError(f"images must come in pairs of one shape, not {list(x.shape)} and {list(y.shape)}")
        difference: Tensor = self(x, pale=pale) - self(y, pale=pale)
        return difference.square().sum(1)


def _unit_channels(x: Tensor, eps: float = 1e-8) -> Tensor:
    """Each place's channels to length 1; where all are 0 they stay 0.  The sum's eps keeps the root's derivative finite there."""
    lengths: Tensor = x.square().sum(1, keepdim=True) + eps
    return x * lengths.rsqrt()


def perceptual_features(style: str = "faces", size: int = 32) -> PerceptualFeatures:
    """Through the shipped attribute classifier of a style: "faces", "anime", "pixel_faces" or "digits"."""
    from gancourse.metrics.attributes import attribute_classifier

    return PerceptualFeatures(attribute_classifier(style, size))

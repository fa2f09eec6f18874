"""A judge that says which small pictures are faces: a classifier with two classes, taught with what is none.

The attribute classifier will not do for that: it was taught faces alone, and finds hair in any noise.  Nor will the distance to
the nearest face in its features, which refuses soft pictures that anybody takes for faces.  So this one learns from both sides:

    a face     training faces; the same at half to full contrast, tinted, with a little noise and up to a fifth of another face
    none       the digits' judge's five kinds of noise made of them, faces blurred over 4 x 4 pixels, four faces averaged,
               the mean face under noise

An average of two faces is taught as neither.  It does not look at variety: one face a thousand times passes.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse.base import check, networks
from gancourse.base.features import digest
from gancourse.data.images import to_float, to_uint8
from gancourse.metrics.attributes import fit_classifier
from gancourse.metrics.digits import BLOCK, NOISES
from gancourse.models.classifier import AttributeClassifier

NAMES = {"face": ("none", "face")}
FACE, WIDTH = 1, 8


def train_face_judge(faces: Tensor, steps: int = 400, seed: int = 0) -> AttributeClassifier:
    """A classifier of face or none from faces uint8 [N, 3, H, W]; about ten seconds for 2,000 of 16 px."""
    faces = check.tensor("faces", faces, 4)
    if faces.dtype != torch.uint8:
        raise TypeError(f"faces must be uint8, not {faces.dtype}: convert with gancourse.data.to_uint8")
    if faces.shape[2] != faces.shape[3] or faces.shape[2] % BLOCK:
        wanted = f"square, their side a multiple of {BLOCK} px, of which what is none is made"
        raise ValueError(f"faces must be {wanted}, not {faces.shape[2]} x {faces.shape[3]}: crop or resize them first")
    steps, seed = check.rounds("steps", steps), check.seed(seed)
    source = torch.Generator().manual_seed(seed)
    good = torch.cat([faces, *(softened(faces, source) for _ in range(3))])
    bad = torch.cat([make(faces, source) for make in (NOISES | SMEARS).values()])
    labels = torch.cat([torch.full((len(good),), FACE), torch.zeros(len(bad), dtype=torch.int64)])
    with networks.seeded(seed):
        network = AttributeClassifier(NAMES, channels=faces.shape[1], width=WIDTH)
    fit_classifier(network, torch.cat([good, bad]), labels[:, None], steps, seed)
    network.extractor_id = f"face or none {digest(network)}"
    return network


def accepted(judge: AttributeClassifier, pictures: Tensor) -> Tensor:
    """Which pictures [N, 3, H, W], uint8 or floats in [-1, 1], the judge takes for faces: bool [N]."""
    return judge.predict(pictures)[:, 0] == FACE


def softened(faces: Tensor, source: torch.Generator) -> Tensor:
    """Faces of less contrast, tinted, with noise of 0.05 and up to a fifth of another face in them: uint8 as before."""
    x, n = to_float(faces), len(faces)
    other = 0.2 * torch.rand(n, 1, 1, 1, generator=source)
    contrast = 0.5 + 0.5 * torch.rand(n, 1, 1, 1, generator=source)
    tint = 0.4 * torch.rand(n, x.shape[1], 1, 1, generator=source) - 0.2
    mixed = (1 - other) * x + other * x[torch.randperm(n, generator=source)]
    return to_uint8((contrast * mixed + tint + 0.05 * torch.randn(x.shape, generator=source)).clamp(-1, 1))


def _blurred(faces: Tensor, source: torch.Generator) -> Tensor:
    return to_uint8(F.interpolate(F.avg_pool2d(to_float(faces), 4), scale_factor=4, mode="bilinear"))


def _averaged(faces: Tensor, source: torch.Generator) -> Tensor:
    x = to_float(faces)
    return to_uint8(torch.stack([x[torch.randperm(len(x), generator=source)] for _ in range(4)]).mean(0))


def _noisy_mean(faces: Tensor, source: torch.Generator) -> Tensor:
    x = to_float(faces)
    strength = 0.3 * torch.rand(len(x), 1, 1, 1, generator=source)
    return to_uint8((x.mean(0) + strength * torch.randn(x.shape, generator=source)).clamp(-1, 1))


SMEARS = {"blurred": _blurred, "four averaged": _averaged, "noisy mean": _noisy_mean}

"""What lies ahead: a few shipped networks of later lectures at work, in one picture."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F
from torch import Tensor

from gancourse import data, viz, zoo
from gancourse.base.networks import evaluating
from gancourse.data import captions
from gancourse.data.avatars import at
from gancourse.data.corruptions import central
from gancourse.data.images import to_float
from gancourse.data.pairs import load_pairs
from gancourse.experiments import text_faces
from gancourse.gans.inpainting import erase

if TYPE_CHECKING:
    from PIL.Image import Image

PAIRS = 4  # pairs of before and after in a row
SIDE = 64
SENTENCES = (
    "a person with long pink hair and dark skin",
    "a person with short black hair wearing glasses and light skin",
    "a person with long blue hair and light skin",
    "a person with short red hair wearing glasses and tan skin",
)  # one for each pair of columns
NEAREST = (1572, 2199, 8334, 8206)  # places of the training faces nearest to what is drawn for these; a test looks for them


def ahead() -> Image:
    """Before and after: a drawing and its face (17), glasses put on (18), a hole filled (19); and a face for a sentence (20).

    Beside the face for a sentence stands the nearest to it, pixel by pixel, of those that the network has learnt from.
    """
    rows = {
        "17: colour a drawing": _coloured(),
        "18: put on glasses": _dressed(),
        "19: fill a hole": _filled(),
        "20: draw sentences*": _said(),
    }
    return viz.labelled_grid(torch.cat(list(rows.values())), rows=list(rows), n_columns=2 * PAIRS)


def _before_and_after(before: Tensor, after: Tensor) -> Tensor:
    both = torch.stack([before.expand_as(after), after], 1).flatten(0, 1).clamp(-1, 1)
    return F.interpolate(both, size=SIDE, mode="nearest")


def _coloured() -> Tensor:
    model = zoo.load("lines_to_face64").model
    drawings = load_pairs("lines", SIDE, 12, "test", progress=False).inputs()[:PAIRS]
    with evaluating(model):
        return _before_and_after(drawings, model(drawings))


def _dressed() -> Tensor:
    model = zoo.load("glasses32").model
    faces = load_pairs("glasses", 32, 24, "test", progress=False).inputs()[:PAIRS]
    with evaluating(model):
        return _before_and_after(faces, model.ab(faces))  # type: ignore[operator]


def _filled() -> Tensor:
    model = zoo.load("inpaint_faces64").model
    faces = to_float(data.faces(SIDE, 12, "test", progress=False).images)[:PAIRS]
    mask = central(PAIRS, SIDE)
    holed = erase(faces, mask)
    with evaluating(model):
        return _before_and_after(holed, holed + mask * model(torch.cat([holed, mask], 1)))


def _said() -> Tensor:
    return _before_and_after(said(), to_float(at("faces", NEAREST, 32, text_faces.N)))


def said() -> Tensor:
    """A face for each of the sentences, [PAIRS, 3, 32, 32] in [-1, 1]."""
    model = zoo.load("faces32_text").model
    z = torch.randn(PAIRS, int(model.latent_dim), generator=torch.Generator().manual_seed(4))  # type: ignore[arg-type]
    with evaluating(model):
        drawn: Tensor = model(z, captions.tokens(SENTENCES))
    return drawn.clamp(-1, 1)

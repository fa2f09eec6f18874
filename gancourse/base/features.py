"""The mark that keeps features of different networks apart: the name of the network that made them, left on the tensor."""

from __future__ import annotations

from torch import Tensor

_MARK = "extractor_id"


def mark(features: Tensor, extractor_id: str) -> Tensor:
    """Leave the extractor's name on ``features`` and return them."""
    setattr(features, _MARK, extractor_id)
    return features


def extractor_of(features: Tensor) -> str | None:
    """The name that ``mark`` left, or None."""
    return getattr(features, _MARK, None)

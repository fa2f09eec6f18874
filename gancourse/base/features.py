"""The mark that keeps features of different networks apart: the name of the network that made them, left on the tensor."""

from __future__ import annotations

from torch import Tensor, nn

from gancourse.base import trees

_MARK = "extractor_id"


def mark(features: Tensor, extractor_id: str) -> Tensor:
    """Leave the extractor's name on ``features`` and return them."""
    setattr(features, _MARK, extractor_id)
    return features


def extractor_of(features: Tensor) -> str | None:
    """The name that ``mark`` left, or None."""
    return getattr(features, _MARK, None)


def digest(network: nn.Module) -> str:
    """Eight hexadecimal digits that change with any weight or buffer, its name, shape or type."""
    return trees.content_hash("", network.state_dict())[:8]


class Named(nn.Module):
    """A network that marks its features with ``extractor_id``: what it was given, else ``kind`` and a digest of its weights.

    Without a given name the mark changes with every step of a training, so that features of two states are never compared.
    """

    kind = "network"

    def __init__(self, extractor_id: str | None = None) -> None:
        super().__init__()
        self._given = extractor_id

    @property
    def extractor_id(self) -> str:
        return f"{self.kind} {digest(self)}" if self._given is None else self._given

    @extractor_id.setter
    def extractor_id(self, name: str | None) -> None:
        self._given = name

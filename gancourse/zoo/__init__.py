"""Trained networks: the course's own (:mod:`gancourse.zoo.cards`) and published ones (:mod:`gancourse.zoo.reference`)."""

from gancourse.zoo.cards import (
    FORMAT,
    SUFFIX,
    Card,
    Shipped,
    cached,
    card,
    check_card,
    fill_card,
    load,
    load_or_train,
    names,
    save,
    weights_path,
)

__all__ = [
    "Card",
    "FORMAT",
    "SUFFIX",
    "Shipped",
    "cached",
    "card",
    "check_card",
    "fill_card",
    "load",
    "load_or_train",
    "names",
    "save",
    "weights_path",
]

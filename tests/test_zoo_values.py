"""Values of a model card that are of a wrong kind."""

from __future__ import annotations

import html

import pytest

from gancourse import zoo
from tests.test_zoo_cards import full_card, network


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("metric", 3),
        ("metric", None),
        ("metric", {"name": "accuracy", "value": True, "protocol": "x"}),
        ("licence", "CC BY"),
        ("licence", None),
        ("licence", {"data": 3, "weights": "CC0"}),
        ("data", "faces"),
        ("data", {"name": "faces", "arguments": 3}),
        ("training", ["by hand"]),
        ("versions", "2"),
        ("seconds", float("nan")),
        ("title", " "),
    ],
)
def test_a_value_of_the_wrong_kind_is_named_and_shown(key, value):
    card = zoo.Card(full_card(network()) | {"versions": {"torch": "2"}, "name": "x", key: value})
    with pytest.raises(ValueError, match=rf"not in order: [^;]*{key}"):
        zoo.check_card(card)
    assert str(card).startswith("x")
    if value is not None and not isinstance(value, dict | float):
        assert str(value) in html.unescape(card._repr_html_()), "as it is"

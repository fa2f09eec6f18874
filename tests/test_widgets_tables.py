import pytest

from gancourse.classroom import widgets

ROWS = [
    {"name": ("BEGAN", "https://a.org/?x=1&y=2"), "idea": "a thermostat", "kind": "game"},
    {"name": "DCGAN", "idea": "<convolutions>", "kind": "network"},
    {"name": "EBGAN", "idea": "an Energy with a margin", "kind": "game"},
]


def names(finder):
    return [row["name"][0] if isinstance(row["name"], tuple) else row["name"] for row in finder.found()]


def test_words_and_menu_narrow_the_table():
    finder = widgets.finder(ROWS, choose="kind")
    assert names(finder) == ["BEGAN", "DCGAN", "EBGAN"]
    finder.words.value = "ENERGY gan"
    assert names(finder) == ["EBGAN"] and "BEGAN" not in finder.table.value
    finder.words.value = ""
    finder.menu.value = "game"
    assert names(finder) == ["BEGAN", "EBGAN"]
    assert finder.described.words == "2 of 3 rows"
    finder.words.value = "thermostat margin"
    assert names(finder) == []


def test_cells_are_escaped_and_pairs_are_links():
    whole = widgets.finder(ROWS, caption="a & b").fallback()["text/html"]
    assert '<a href="https://a.org/?x=1&amp;y=2">BEGAN</a>' in whole
    assert "&lt;convolutions&gt;" in whole and "a &amp; b" in whole
    assert whole.count("<tr>") == 4


def test_an_address_is_not_searched():
    finder = widgets.finder(ROWS)
    finder.words.value = "a.org"
    assert names(finder) == []


@pytest.mark.parametrize("rows", [[], [{"a": 1}, {"b": 1}]])
def test_rows_must_agree(rows):
    with pytest.raises(ValueError, match="same keys"):
        widgets.finder(rows)


def test_an_unknown_column_is_named():
    with pytest.raises(ValueError, match="unknown column 'kin': did you mean 'kind'"):
        widgets.finder(ROWS, choose="kin")

"""Every card of docs/bug_hunt.md: its test fails on the broken code and passes on the cured code."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

TEXT = (Path(__file__).resolve().parent.parent / "docs" / "bug_hunt.md").read_text(encoding="utf-8")


def blocks(text: str) -> dict[str, str]:
    return dict(re.findall(r"```python (\w+)\n(.*?)```", text, re.DOTALL))


CARDS = {title: blocks(card) for title, card in re.findall(r"^## (\d+\. [^\n]+)\n(.*?)(?=^## )", TEXT, re.MULTILINE | re.DOTALL)}


def play(title: str, which: str) -> None:
    space: dict[str, Any] = {}
    for code in (blocks(TEXT)["setup"], CARDS[title][which], CARDS[title]["test"]):
        exec(compile(code, f"<{title}, {which}>", "exec"), space)


@pytest.mark.parametrize("title", CARDS)
def test_a_card(title: str) -> None:
    assert set(CARDS[title]) == {"broken", "test", "cured"}
    with pytest.raises(AssertionError):
        play(title, "broken")
    play(title, "cured")


def test_there_are_as_many_as_the_page_says() -> None:
    assert len(CARDS) == 25
    assert "Twenty-five five-minute exercises" in TEXT
    assert [title.partition(".")[0] for title in CARDS] == [str(n) for n in range(1, 26)]

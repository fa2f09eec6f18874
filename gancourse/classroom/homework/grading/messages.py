"""What a submission's process answers: written so that nothing a submission replaces takes part, read like a stranger's message.

A process answers each order with one line: the order's own token, then JSON.  The line holds facts, no marks: which items held
and which did not.  The points are counted outside, and only for items that the right answers earn, too.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii
from typing import Any

LONGEST = 4_000_000  # bytes of an answer
_TEXT, _TITLE, _ITEMS = 20_000, 500, 300  # characters of a text and of an item's title; items of a check


class Malformed(ValueError):
    """A message that is no answer."""


@dataclass(frozen=True)
class Item:
    """One line of a check: what was looked at, what it is worth, whether it held, and what is to be said."""

    title: str
    points: float
    held: bool
    text: str


@dataclass(frozen=True)
class Answer:
    """What became of a step, as its process tells it."""

    error: str = ""  # why the step did not come to its end
    output: str = ""  # what it printed
    tampered: str = ""  # what was changed that the checks rely on
    items: tuple[Item, ...] = ()


# Writing -----------------------------------------------------------------------------------------------------------------


def writer(write: Callable[[bytes], int]) -> Callable[[str, Any], None]:
    """A function ``send(token, value)``; it holds all that it needs: functions of json or os that are replaced do not matter."""
    quote, of, string, number, boolean, real, many, table = encode_basestring_ascii, type, str, int, bool, float, list, dict
    digits, decimals, join, encode, items = int.__repr__, float.__repr__, str.join, str.encode, dict.items

    def pack(value: Any) -> str:
        kind = of(value)
        if kind is string:
            return quote(value)
        if kind is boolean:
            return "true" if value else "false"
        if kind is number:
            return digits(value)
        if kind is real:
            return decimals(value)
        if kind is many:
            return "[" + join(",", [pack(part) for part in value]) + "]"
        if kind is table:
            return "{" + join(",", [quote(key) + ":" + pack(part) for key, part in items(value)]) + "}"
        return "null"

    def send(token: str, value: Any) -> None:
        line = encode("\n" + token + pack(value) + "\n", "ascii")  # on a line of its own, whatever was written before
        while line:
            line = line[write(line) :]

    return send


# Reading -----------------------------------------------------------------------------------------------------------------


def read(line: bytes) -> Any:
    """The value of a message, whose token has been taken off."""

    def refuse(name: str) -> None:
        raise Malformed(f"{name} is no number")

    try:
        return json.loads(line.decode("ascii"), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise Malformed(str(error)) from None


def read_answer(line: bytes) -> Answer:
    """The answer to a step; Malformed if it is anything else."""
    value = read(line)
    if type(value) is not dict or set(value) != {"error", "output", "tampered", "items"} or type(value["items"]) is not list:
        raise Malformed("it is no answer to a step")
    if len(value["items"]) > _ITEMS:
        raise Malformed("it has too many items")
    items = tuple(map(_item, value["items"]))
    return Answer(_text(value["error"]), _text(value["output"]), _text(value["tampered"]), items)


def _item(value: Any) -> Item:
    if type(value) is not list or len(value) != 4:
        raise Malformed("it has an item that is none")
    title, points, held, text = value
    if type(held) is not bool:
        raise Malformed("an item holds or does not")
    return Item(_text(title)[:_TITLE], _points(points), held, _text(text))


def _text(value: Any) -> str:
    if type(value) is not str:
        raise Malformed("a text is no text")
    return value[:_TEXT]


def _points(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value <= 1000:  # which NaN is not
        raise Malformed("points are no number from 0 to 1000")
    return float(value)


def read_names(line: bytes, allowed: list[str]) -> list[str]:
    """A list of some of the allowed names."""
    value = read(line)
    if type(value) is not list or not all(type(name) is str and name in allowed for name in value):
        raise Malformed("it is no list of known names")
    return value

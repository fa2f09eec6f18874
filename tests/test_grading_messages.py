"""What a process may answer: written past everything that can be replaced, read like a stranger's message."""

from __future__ import annotations

import json
import os

import pytest

from gancourse.classroom.homework.grading import messages

_GOOD = {"error": "", "output": "Ł", "tampered": "", "items": [["right", 1.5, True, ""], ["wrong", 2, False, "no"]]}


def _message(**changes: object) -> bytes:
    return json.dumps(_GOOD | changes).encode()


def test_what_is_written_is_read() -> None:
    sent: list[bytes] = []
    send = messages.writer(lambda line: sent.append(line[:7]) or len(line[:7]))  # a pipe takes what it can
    send("token", _GOOD)
    line = b"".join(sent)
    assert line.startswith(b"\ntoken{") and line.endswith(b"}\n") and line.isascii()
    answer = messages.read_answer(line[6:-1])
    items = messages.Item("right", 1.5, True, ""), messages.Item("wrong", 2.0, False, "no")
    assert answer == messages.Answer("", "Ł", "", items)


def test_replaced_functions_of_json_and_os_take_no_part(monkeypatch: pytest.MonkeyPatch) -> None:
    reader, writer = os.pipe()
    write = os.write
    send = messages.writer(lambda line: write(writer, line))
    monkeypatch.setattr(json, "dumps", lambda *a, **k: "lie")
    monkeypatch.setattr(json.JSONEncoder, "encode", lambda *a: "lie")
    monkeypatch.setattr(json.encoder, "encode_basestring_ascii", lambda *a: "lie")
    monkeypatch.setattr(os, "write", lambda *a: 0)
    send("t", {"error": "\ud800 half", "items": [[float("nan"), 3, True, None, object()]]})
    assert os.read(reader, 1000) == b'\nt{"error":"\\ud800 half","items":[[nan,3,true,null,null]]}\n'
    os.close(reader)
    os.close(writer)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff\xfe",
        b"nonsense",
        b"[" * 100_000,
        b"1" * 10_000,
        b"[]",
        b"null",
        b'"text"',
        b'{"error": ""}',
        _message(more=1),
        _message(error=5),
        _message(output=None),
        _message(tampered=["x"]),
        _message(items={"title": 3}),
        _message(items=[5]),
        _message(items=[["title", 1, True]]),
        _message(items=[[["title"], 1, True, ""]]),
        _message(items=[["title", "20", True, ""]]),
        _message(items=[["title", True, True, ""]]),
        _message(items=[["title", -1, False, ""]]),
        _message(items=[["title", 10**400, True, ""]]),
        _message(items=[["title", 1, 1, ""]]),
        _message(items=[["title", 1, True, None]]),
        _message(items=[["title", 1, True, ""]] * 1000),
        _message(items=[["title", float("nan"), True, ""]]),
        _message(items=[["title", float("inf"), True, ""]]),
        _message(items=[["title", -float("inf"), True, ""]]),
        _message()[:-5] + b"1e999]]}",
    ],
)
def test_a_malformed_message_is_one_error(message: bytes) -> None:
    with pytest.raises(messages.Malformed):
        messages.read_answer(message)


def test_texts_are_cut() -> None:
    answer = messages.read_answer(_message(error="x" * 100_000, items=[["t" * 10_000, 1, True, "y" * 100_000]]))
    assert (len(answer.error), len(answer.items[0].title), len(answer.items[0].text)) == (20_000, 500, 20_000)


def test_names_are_of_those_that_are_known() -> None:
    assert messages.read_names(b'["a", "b"]', ["a", "b", "c"]) == ["a", "b"]
    for message in (b'["d"]', b'"a"', b"[1]", b"[[]]", b"{}"):
        with pytest.raises(messages.Malformed):
            messages.read_names(message, ["a"])

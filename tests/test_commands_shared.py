"""What the commands share."""

from __future__ import annotations

import argparse
import warnings

import pytest

from gancourse.classroom.commands import shared


def test_whole_numbers():
    assert shared.whole("12") == 12
    for text in ("0", "-1", "1.5", "x"):
        with pytest.raises(argparse.ArgumentTypeError, match="above 0"):
            shared.whole(text)


def test_refusals_name_what_was_given():
    given = argparse.Namespace(n=None, force=False, names=[], batch_size=3)
    shared.refuse(given, "a list", "n", "force", "names")
    with pytest.raises(ValueError, match="a list does not use --batch-size: leave it out"):
        shared.refuse(given, "a list", "n", "batch_size")


def test_warnings_are_sentences(capsys):
    with shared.plain_warnings():
        warnings.warn("three files passed over", stacklevel=1)
    assert capsys.readouterr().err == "gancourse: three files passed over\n"


def test_a_command_is_given_once_more_as_it_was_started(monkeypatch):
    words, command = ["train", "dcgan", "--run", "my run"], "gancourse train dcgan --run 'my run'"
    monkeypatch.delenv("TORCHELASTIC_RUN_ID", raising=False)
    monkeypatch.setattr(shared.sys, "platform", "linux")
    assert shared.again(words) == command
    with monkeypatch.context() as windows:
        windows.setattr(shared.sys, "platform", "win32")
        assert shared.again(words) == command
        special = ["--background", "#808080", "--images", r"C:\Users\O'Brien\pets", "--run", r"D:\runs\a-1.b", ""]
        quoted = r"--background '#808080' --images 'C:\Users\O''Brien\pets' --run D:\runs\a-1.b ''"
        assert shared.again(special) == f"gancourse {quoted}"
    for name, value in (("TORCHELASTIC_RUN_ID", "x"), ("LOCAL_WORLD_SIZE", "4"), ("GROUP_WORLD_SIZE", "1")):
        monkeypatch.setenv(name, value)
    assert shared.again(words) == f"torchrun --nproc-per-node=4 -m -- {command}"
    monkeypatch.setenv("GROUP_WORLD_SIZE", "2")
    assert "each host" in shared.again(words)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("repair them, or pass skip=True to leave them out", "repair them, or add --skip to leave them out"),
        ("column='kind' is of a CSV file: pass its path as labels=", "--column kind is of a CSV file: pass its path as --labels"),
        ("background must be a colour", "--background must be a colour"),
        ("labels must be None, 'folders' or a file", "--labels must be 'folders' or a file"),
        ("compile=True is for one process", "--compile is for one process"),
        ("made with precision=bf16, this run has float32", "made with --precision bf16, this run has float32"),
        ("a batch_size of 4 and resize=3", "a batch_size of 4 and resize=3"),
        ("pass a CSV file as labels=, or pass labels=None", "pass a CSV file as --labels, or leave --labels out"),
        ("begun with column=None, now column='a b'", "begun with no --column, now --column a b"),
        (
            "96 px where the first has 64; pass size=... to bring all to one",
            "96 px where the first has 64; add --size to bring all to one",
        ),
        ("there is no folder /tmp/size=3/fit=a", "there is no folder /tmp/size=3/fit=a"),
        ("flip=x/labels=y.csv is a text", "flip=x/labels=y.csv is a text"),
        (r"no folder C:\size=3\a", r"no folder C:\size=3\a"),
        ("1 of 2 cannot be used: skip=1.png (it is a text)", "1 of 2 cannot be used: skip=1.png (it is a text)"),
        ("pass skip=True.", "add --skip."),
    ],
)
def test_a_sentence_about_arguments_becomes_one_about_options(said, told):
    assert shared.in_options(said) == told
    with pytest.raises(FileNotFoundError) as caught, shared.of_options():
        raise FileNotFoundError(said)
    assert str(caught.value) == told

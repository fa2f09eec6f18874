"""What the commands share."""

from __future__ import annotations

import argparse
import tempfile
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


def test_what_cannot_be_written_is_kept_elsewhere(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def write(path):
        if path.parent == tmp_path / "full":
            raise OSError("no room")
        path.write_text("work")

    with pytest.raises(OSError, match="no room.; what was made is kept as .*/x.txt"):
        shared.keep(tmp_path / "full" / "x.txt", write)
    (kept,) = tmp_path.glob("gancourse-*/x.txt")
    assert kept.read_text() == "work"
    shared.write(tmp_path / "y.txt", write)
    assert (tmp_path / "y.txt").read_text() == "work"


def test_warnings_are_sentences(capsys):
    with shared.plain_warnings():
        warnings.warn("three files passed over", stacklevel=1)
    assert capsys.readouterr().err == "gancourse: three files passed over\n"

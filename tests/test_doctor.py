"""What `gancourse doctor` says, in a checkout of the tests' own."""
# ruff: noqa: F811  (fixtures are imported by the names by which tests ask for them)

from __future__ import annotations

import pytest
import torch

from gancourse import __version__
from gancourse.classroom import doctor
from tests.command_line import checkout, folders, run, save_generator  # noqa: F401  (the fixtures are used by name)


@pytest.fixture
def offline(monkeypatch):
    def refuse(*args, **options):
        raise OSError("no network in tests")

    monkeypatch.setattr("socket.create_connection", refuse)


def test_doctor_says_what_there_is(capsys, checkout, offline, tmp_path):
    save_generator("tiny")
    (tmp_path / "data" / "cache").mkdir(parents=True)
    (tmp_path / "data" / "cache" / "faces-32.npz").write_bytes(bytes(3_000_000))
    status, out, _ = run(capsys, "doctor")
    assert status == 0 and out.endswith("The course can run.\n")
    assert __version__ in out and torch.__version__ in out
    for said in ("scale ci", "1 of 1 needed", "shipped: tiny", "faces: 1 file (3.0 MB)", "offline"):
        assert said in out


def test_doctor_names_what_is_missing(capsys, checkout, offline):
    project = '[project]\ndependencies = ["torch>=1", "no-such-package>=2", "torch<1", "resvg-py-not"]\n'
    (checkout / "pyproject.toml").write_text(project + '[project.optional-dependencies]\nlab = ["no-such-lab"]\n')
    status, out, _ = run(capsys, "doctor")
    assert status == 1
    assert "- packages are missing (no-such-package, resvg-py-not, no-such-lab): make lab" in out
    assert "other versions than tested: torch" in out


def test_doctor_lets_the_drawing_packages_be_missing(capsys, checkout, offline, monkeypatch):
    monkeypatch.setattr(doctor, "_OPTIONAL", {"no-such-package"})
    (checkout / "pyproject.toml").write_text('[project]\ndependencies = ["no-such-package"]\n')
    status, out, _ = run(capsys, "doctor")
    assert status == 0 and "no faces can be drawn: no-such-package" in out


def test_doctor_survives_a_wrong_scale(capsys, checkout, offline, monkeypatch):
    monkeypatch.setenv("GANCOURSE_SCALE", "cpuu")
    status, out, _ = run(capsys, "doctor")
    assert status == 1 and "did you mean 'cpu'" in out


def test_doctor_never_waits_for_a_network_that_does_not_answer(monkeypatch):
    import threading

    hold, answered = threading.Event(), []

    def wait(*args, **options):
        hold.wait(10)
        answered.append(True)
        raise OSError("too late")

    monkeypatch.setattr("socket.create_connection", wait)
    try:
        assert doctor._online(seconds=0.05) is False
        assert not answered
    finally:
        hold.set()

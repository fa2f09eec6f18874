"""What `gancourse doctor` says, in a checkout of the tests' own."""
# ruff: noqa: F811  (fixtures are imported by the names by which tests ask for them)

from __future__ import annotations

import sys

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
    assert "other versions than tested: torch" in out and "too old" not in out
    (line,) = [line for line in out.splitlines() if line.startswith("- packages are missing")]
    assert sys.executable in line, "pip alone is that of another Python, where .venv is not active"


def test_doctor_refuses_what_is_too_old_and_only_notes_what_is_newer(capsys, checkout, offline, monkeypatch):
    save_generator("tiny")
    have = {"torch": "1.13.1+cpu", "numpy": "1.24", "pillow": "99.0", "dicebear-core": "1.0", "scipy": "1.16.3", "tqdm": "5.0rc1"}
    monkeypatch.setattr("importlib.metadata.version", have.__getitem__)
    wanted = ["torch>=2.11,<3", "numpy >= 2.1, <3", "pillow>=10.3,<14", "dicebear-core>=10.7", "scipy>=1.16,<2", "tqdm>=4.65"]
    (checkout / "pyproject.toml").write_text(f"[project]\ndependencies = {wanted}\n")
    status, out, _ = run(capsys, "doctor")
    assert status == 1 and "The course can run." not in out
    assert "- packages are too old (torch 1.13.1+cpu, numpy 1.24): make lab" in out
    assert "too old: torch 1.13.1+cpu (wanted >=2.11,<3), numpy 1.24 (wanted >= 2.1, <3)\n" in out
    assert "other versions than tested: pillow 99.0 (wanted >=10.3,<14)\n" in out
    assert "too old, so that faces may be drawn otherwise: dicebear-core 1.0 (wanted >=10.7)\n" in out
    have.update({"torch": "2.11.0", "numpy": "2.1.3"})
    status, out, _ = run(capsys, "doctor")
    assert status == 0 and "other versions than tested: pillow 99.0" in out, "what is newer may well run"


def test_doctor_misses_weights_that_ship(capsys, checkout, offline, monkeypatch, tmp_path):
    status, out, _ = run(capsys, "doctor")
    assert status == 1 and "shipped: none" in out
    assert "- the weights that ship are missing (all of them): git checkout -- data/checkpoints" in out
    for name in ("tiny", "lost"):
        save_generator(name)
    assert run(capsys, "doctor")[0] == 0
    (tmp_path / "shipped" / "checkpoints" / "lost.safetensors").unlink()
    status, out, _ = run(capsys, "doctor")
    assert status == 1 and "shipped: tiny\n" in out and "are missing (lost): git checkout" in out
    monkeypatch.setattr("gancourse.base.files.checkout", lambda: None)
    again = f"{sys.executable} -m pip install --force-reinstall --no-deps gancourse"
    assert f"are missing (lost): {again}" in run(capsys, "doctor")[1]


def test_doctor_lets_the_drawing_packages_be_missing(capsys, checkout, offline, monkeypatch):
    save_generator("tiny")
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

"""The command that writes a network for other programs."""
# ruff: noqa: F811  (fixtures are imported by the names by which tests ask for them)

from __future__ import annotations

import types
from importlib.util import find_spec
from pathlib import Path

import pytest

from gancourse import zoo
from gancourse.models.translator import TwoWay
from gancourse.zoo import exported
from tests.command_line import TRAIN, folders, run, save_generator, save_translator, spoil, trained  # noqa: F401  (the fixtures are used by name)


@pytest.mark.skipif(any(find_spec(name) is None for name in exported.PACKAGES), reason="needs pip install 'gancourse[export]'")
def test_export_writes_onnx(capsys, trained):
    status, out, err = run(capsys, "export", "out")
    assert status == 0 and "z [N, 100] -> images [N, 3, 16, 16]" in out, err
    assert (trained / "export" / "out.onnx").is_file()


def test_both_directions_are_exported_to_files_of_their_own(capsys, tmp_path, monkeypatch):
    model = TwoWay(width=4, blocks=1).eval()
    card = zoo.fill_card(model, {"width": 4, "blocks": 1}, name="two", data={"name": "x", "arguments": {"size": 32}})
    zoo.save(tmp_path / "two", model, card, dtype=None)
    written = {}

    def to_onnx(network, path, size):
        written[path.name] = network
        path.write_text("onnx")
        return types.SimpleNamespace(path=path)

    monkeypatch.setattr(exported, "to_onnx", to_onnx)
    for words in ([], ["--back"]):
        assert run(capsys, "export", "./two", *words)[0] == 0
    assert {"two.onnx", "two-back.onnx"} <= {path.name for path in (tmp_path / "export").iterdir()}
    assert list(written) == ["two.onnx", "two-back.onnx"]


def test_export_replaces_what_it_wrote_and_nothing_else(capsys, tmp_path, trained):
    def export(*words):
        return run(capsys, "export", *words, "--no-onnx")

    assert export("out")[0] == export("out")[0] == 0, "its own earlier one"
    mine = tmp_path / "mine"
    mine.mkdir()
    for name in ("out.safetensors", "out.json"):
        (mine / name).write_bytes(b"weeks of work")
        status, _, err = export("out", "--output", "mine")
        assert status == 2 and f"mine/{name} exists already" in err and "--force" in err
        assert (mine / name).read_bytes() == b"weeks of work"
        (mine / name).unlink()
    save_generator(mine / "out")  # another network of the same name
    before = (mine / "out.safetensors").read_bytes()
    assert export("out", "--output", "mine")[0] == 2 and (mine / "out.safetensors").read_bytes() == before
    assert export("mine/out.safetensors", "--output", "mine")[0] == 2, "the checkpoint itself, in half precision"
    assert (mine / "out.safetensors").read_bytes() == before
    assert export("out", "--output", "mine", "--force")[0] == 0 and export("out", "--output", "mine")[0] == 0
    (tmp_path / "notes.txt").write_text("x")
    assert "notes.txt is a file: name a folder" in export("out", "--output", "notes.txt")[2]


def test_an_export_is_of_one_step(capsys, tmp_path, trained, monkeypatch):
    """An ONNX of an earlier step does not stay beside the new weights."""
    there = trained / "export"

    def to_onnx(network, path, size):
        path.write_text(str(step))
        return types.SimpleNamespace(path=path)

    step = 4
    monkeypatch.setattr(exported, "to_onnx", to_onnx)
    assert run(capsys, "export", "out")[0] == 0
    status, out, _ = run(capsys, "export", "out", "--no-onnx")
    assert status == 0 and "removed" not in out and (there / "out.onnx").read_text() == "4", "it is of these weights"
    step = 6
    assert run(capsys, *TRAIN, "--steps", step, "--run", "out")[0] == 0
    before = (there / "out.safetensors").read_bytes()

    def fails(network, path, size):
        raise ValueError("1 from PyTorch's")

    with monkeypatch.context() as patch:
        patch.setattr(exported, "to_onnx", fails)
        assert run(capsys, "export", "out")[0] == 2
    assert (there / "out.safetensors").read_bytes() == before and (there / "out.onnx").read_text() == "4"
    assert sorted(path.name for path in there.iterdir()) == ["out.json", "out.onnx", "out.safetensors"]
    status, out, _ = run(capsys, "export", "out", "--no-onnx")
    assert status == 0 and f"removed {Path('out', 'export', 'out.onnx')}, which was of other weights" in out
    assert zoo.card(there / "out.safetensors")["exported"] == ["out.json", "out.safetensors"]
    assert sorted(path.name for path in there.iterdir()) == ["out.json", "out.safetensors"]
    (there / "out.onnx").write_text("mine")
    assert run(capsys, "export", "out", "--no-onnx")[0] == 0 and (there / "out.onnx").read_text() == "mine"


def test_an_onnx_of_somebody_else_stays(capsys, tmp_path, trained, monkeypatch):
    monkeypatch.setattr(
        exported, "to_onnx", lambda network, path, size: path.write_text("x") and types.SimpleNamespace(path=path)
    )
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "out.onnx").write_text("weeks of work")
    status, _, err = run(capsys, "export", "out", "--output", "mine")
    assert (
        status == 2
        and "mine/out.onnx exists already" in err
        and [path.name for path in (tmp_path / "mine").iterdir()] == ["out.onnx"]
    )
    assert run(capsys, "export", "out", "--output", "mine", "--no-onnx")[0] == 0, "which does not touch it"
    assert run(capsys, "export", "out", "--output", "mine")[0] == 2, "nor did it make it its own"
    assert run(capsys, "export", "out", "--output", "mine", "--force")[0] == 0
    assert run(capsys, "export", "out", "--output", "mine")[0] == 0, "its own now"

"""State trees: written at once, read back whole, damage found."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch

from gancourse.base import trees


def test_checkpoint_is_written_atomically(tmp_path, monkeypatch):
    path = tmp_path / "run.safetensors"
    trees.save(path, {"step": 1})

    def crash(*args, **kwargs):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", crash)
    with pytest.raises(OSError, match="disk full"):
        trees.save(path, {"step": 2})
    assert trees.load(path)["step"] == 1
    assert os.listdir(tmp_path) == ["run.safetensors"]


def test_state_trees_round_trip(tmp_path):
    inner = {0: {"step": torch.tensor(3.0), "m": torch.randn(2, 3)}}
    tree = {"a": inner, "b": [1, 2.5, None, "x", True], "c": np.arange(3.0), "d": []}
    path = tmp_path / "tree.safetensors"
    trees.save(path, tree)
    back = trees.load(path)
    assert back["b"] == tree["b"] and back["d"] == []
    assert torch.equal(back["a"][0]["m"], tree["a"][0]["m"])
    assert np.array_equal(back["c"], tree["c"])
    with pytest.raises(TypeError, match="not set"):
        trees.save(path, {"a": {1, 2}})


def test_numpys_numbers_come_back_as_pythons_and_an_array_keeps_its_shape(tmp_path):
    path = tmp_path / "tree.safetensors"
    trees.save(
        path, {"n": np.int64(3), "x": np.float32(0.5), "flag": np.bool_(True), "one": np.array(3.0), "t": np.ones((2, 3)).T}
    )
    back = trees.load(path)
    assert (back["n"], back["x"], back["flag"]) == (3, 0.5, True)
    assert type(back["n"]) is int and type(back["flag"]) is bool
    assert back["one"].shape == () and back["t"].shape == (3, 2)


def test_what_cannot_be_saved_is_named_by_its_place():
    trees.savable({"a": [1, None, (torch.ones(1), np.ones(1))]})
    with pytest.raises(TypeError, match=r"not set \(at /a/1/b\)"):
        trees.savable({"a": [1, {"b": {1}}]})


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        ({np.int64(3): torch.zeros(2)}, r"keys are text and numbers, not int64 \(at /m/3\)"),
        ({(1, 2): torch.zeros(2)}, r"keys are text and numbers, not tuple \(at /m/\(1, 2\)\)"),
        (np.array(["a"]), r"not an array of <U1 \(at /m\)"),
        (np.array([1, None]), r"not an array of object \(at /m\)"),
        (torch.eye(2).to_sparse(), r"not torch.sparse_coo of torch.float32 on cpu \(at /m\)"),
        (torch.zeros(2, dtype=torch.complex128), r"torch.complex128 on cpu \(at /m\)"),
        (torch.zeros(2, device="meta"), r"on meta \(at /m\)"),
    ],
)
def test_what_cannot_be_written_or_read_back_is_refused_before(tmp_path, odd, message):
    for attempt in (trees.savable, lambda tree: trees.save(tmp_path / "tree", tree)):
        with pytest.raises(TypeError, match=message):
            attempt({"m": odd})
    assert not list(tmp_path.iterdir())


def test_paths_that_read_alike_are_two(tmp_path):
    tree = {"a/b": torch.zeros(2), "a": {"b": torch.ones(2)}, "m": {1: np.zeros(2), "1": np.ones(2), 0.5: 1, None: 2}}
    trees.save(tmp_path / "tree", tree)
    back = trees.load(tmp_path / "tree")
    assert back["a/b"].tolist() == back["m"][1].tolist() == [0, 0]
    assert back["a"]["b"].tolist() == back["m"]["1"].tolist() == [1, 1]
    assert back["m"][0.5] == 1 and back["m"][None] == 2


def test_every_kind_that_is_stored_comes_back(tmp_path):
    tree = {str(kind): torch.zeros(2).to(kind) for kind in trees.STORED}
    trees.save(tmp_path / "tree", tree)
    assert {name: str(value.dtype) for name, value in trees.load(tmp_path / "tree").items()} == {name: name for name in tree}


def test_a_file_with_tensors_named_by_their_paths_is_read(tmp_path):
    """As files were written before tensors had numbers."""
    from safetensors.torch import save_file

    layout, tensors = '{"__pairs__": [["x", {"__tensor__": "/x"}]]}', {"/x": torch.ones(2)}
    digest = trees.content_hash(layout, tensors)
    save_file(tensors, tmp_path / "tree", metadata={"gancourse": layout, "sha256": digest})
    assert trees.load(tmp_path / "tree")["x"].tolist() == [1, 1]


def test_a_layout_that_cannot_be_is_named(tmp_path):
    from safetensors.torch import save_file

    save_file({}, tmp_path / "tree", metadata={"gancourse": '{"__pairs__": [[[1, 2], 3]]}', "sha256": ""})
    with pytest.raises(ValueError, match="damaged"):
        trees.load(tmp_path / "tree")


def test_every_flipped_bit_is_found(tmp_path):
    path = tmp_path / "tree.safetensors"
    trees.save(path, {"step": 3, "x": torch.arange(6.0), "name": "run", "y": np.ones(3)})
    content = path.read_bytes()
    silent = []
    for place in range(8, len(content)):
        for bit in (0, 3, 6):
            path.write_bytes(content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :])
            try:
                back = trees.load(path)
            except ValueError:
                continue
            if not (back["step"] == 3 and torch.equal(back["x"], torch.arange(6.0)) and back["name"] == "run"):
                silent.append((place, bit))
    assert not silent


def test_a_tree_for_another_process_holds_the_same_without_graphs():
    x = torch.ones(2, requires_grad=True)
    tree = trees.on_cpu({"a": [2 * x, (1, None)], "b": np.arange(2)})
    assert torch.equal(tree["a"][0], torch.full((2,), 2.0)) and not tree["a"][0].requires_grad
    assert tree["a"][1] == [1, None] and tree["b"].tolist() == [0, 1]


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="asks Linux which files are mapped")
def test_what_was_loaded_holds_no_file(tmp_path):
    """Windows replaces no file that is mapped, so a run that went on could not keep its next checkpoint."""
    path = tmp_path / "tree.safetensors"
    trees.save(path, {"x": torch.arange(100_000.0)})
    loaded = trees.load(path)
    assert loaded["x"][-1] == 99_999 and str(path) not in Path("/proc/self/maps").read_text(encoding="utf-8")


def test_a_plain_value_is_read_without_the_tensors(tmp_path):
    trees.save(tmp_path / "state", {"step": 7, "weights": torch.zeros(3)})
    assert trees.value(tmp_path / "state", "step") == 7
    for name, content in (("none", None), ("other", b"text"), ("state", None)):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises((ValueError, FileNotFoundError), match="none|is not a checkpoint"):
            trees.value(tmp_path / name, "missing")


def test_lists_of_json_become_tuples_at_every_depth():
    read = {"a": [[1, 2], [3, 4]], "b": {"c": [1]}, "d": "text"}
    assert trees.tuples(read) == {"a": ((1, 2), (3, 4)), "b": {"c": (1,)}, "d": "text"}

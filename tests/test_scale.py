"""One switch for the sizes of everything."""

import pytest
import torch

from gancourse import scale


@pytest.mark.parametrize(
    ("asked", "there", "name"), [("", False, "cpu"), ("", True, "gpu"), ("ci", True, "ci"), ("gpu", False, "gpu")]
)
def test_the_scale_is_the_one_asked_for_else_what_the_machine_has(monkeypatch, asked, there, name):
    monkeypatch.setenv("GANCOURSE_SCALE", asked)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: there)
    assert scale.name() == name
    assert scale.pick(ci="ci", cpu="cpu", gpu="gpu") == name
    assert scale.device() == torch.device("cuda" if name == "gpu" and there else "cpu")


def test_each_process_of_torchrun_has_its_gpu(monkeypatch):
    monkeypatch.setenv("GANCOURSE_SCALE", "gpu")
    monkeypatch.setenv("LOCAL_RANK", "3")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert scale.device() == torch.device("cuda")
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "one")
    assert scale.device() == torch.device("cuda", 3)


def test_a_scale_that_is_none_is_named(monkeypatch):
    monkeypatch.setenv("GANCOURSE_SCALE", "big")
    with pytest.raises(ValueError, match="GANCOURSE_SCALE.*'big'"):
        scale.pick(ci=1, cpu=2, gpu=3)

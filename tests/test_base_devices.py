"""Tensors reach a GPU through page-locked memory, and stay where they are otherwise."""

import torch

from gancourse.base.devices import moved


class Recorded:
    """What is done to a tensor on the way to a GPU, where there may be none."""

    def __init__(self, device, calls):
        self.device, self.calls = torch.device(device), calls

    def pin_memory(self):
        self.calls.append("pinned")
        return self

    def to(self, device, non_blocking=False):
        self.calls.append((str(device), non_blocking))
        return self


def test_from_the_processor_to_a_gpu_through_pinned_memory():
    calls = []
    moved(Recorded("cpu", calls), torch.device("cuda", 1))
    assert calls == ["pinned", ("cuda:1", True)]


def test_between_gpus_and_back_nothing_is_pinned():
    calls = []
    moved(Recorded("cuda:0", calls), torch.device("cuda", 1))
    moved(Recorded("cuda:0", calls), torch.device("cpu"))
    assert calls == [("cuda:1", False), ("cpu", False)]


def test_what_is_there_is_not_copied():
    x = torch.zeros(3)
    assert moved(x, torch.device("cpu")) is x

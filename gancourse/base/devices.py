"""Moving tensors to where they are computed with."""

from __future__ import annotations

import torch
from torch import Tensor


def moved(x: Tensor, device: torch.device) -> Tensor:
    """x on ``device``.

    From the processor's memory to a GPU it goes through page-locked memory, so that the copy runs beside the computation.
    """
    if device.type == "cuda" and x.device.type == "cpu":
        return x.pin_memory().to(device, non_blocking=True)
    return x.to(device)

"""How large an experiment is: one switch for every notebook.

``GANCOURSE_SCALE`` is ``ci`` (it only has to run: seconds on one core), ``cpu`` (pictures are good: minutes on two cores)
or ``gpu`` (longer trainings, some wider networks).  Without it the scale is ``gpu`` where CUDA is there, else ``cpu``.
"""

from __future__ import annotations

import os
from typing import TypeVar

import torch

from gancourse.base import check

SCALES = ("ci", "cpu", "gpu")
T = TypeVar("T")


def name() -> str:
    """The scale in force."""
    default = "gpu" if torch.cuda.is_available() else "cpu"
    return check.one_of("GANCOURSE_SCALE", os.environ.get("GANCOURSE_SCALE") or default, SCALES)


def pick(*, ci: T, cpu: T, gpu: T) -> T:
    """The value for the scale in force: ``steps = scale.pick(ci=20, cpu=4000, gpu=40_000)``."""
    return {"ci": ci, "cpu": cpu, "gpu": gpu}[name()]


def device() -> torch.device:
    """CUDA at gpu scale where there is one, else the CPU; processes that torchrun started on one host have a GPU each."""
    if name() != "gpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    own = os.environ.get("LOCAL_RANK") if "TORCHELASTIC_RUN_ID" in os.environ else None
    return torch.device("cuda" if own is None else f"cuda:{own}")

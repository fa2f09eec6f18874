"""Training: the loop that every game is played with, and the one that fits a likelihood."""

from gancourse.training.likelihood import (
    LikelihoodRun,
    fit_likelihood,
    mean_bound,
)
from gancourse.training.loop import (
    SCHEDULES,
    Run,
    TrainingDiverged,
    fit,
    one_step,
    supports_bf16,
)

__all__ = [
    "LikelihoodRun",
    "Run",
    "SCHEDULES",
    "TrainingDiverged",
    "fit",
    "fit_likelihood",
    "mean_bound",
    "one_step",
    "supports_bf16",
]

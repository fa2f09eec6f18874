"""Training: the loop that every game is played with, and the one that fits a likelihood."""

from gancourse.training.likelihood import LikelihoodRun, fit_likelihood, mean_bound
from gancourse.training.loop import fit, one_step, supports_bf16
from gancourse.training.run import CheckpointNotWritten, Run, TrainingDiverged
from gancourse.training.settings import SCHEDULES, Settings

__all__ = [
    "SCHEDULES",
    "CheckpointNotWritten",
    "LikelihoodRun",
    "Run",
    "Settings",
    "TrainingDiverged",
    "fit",
    "fit_likelihood",
    "mean_bound",
    "one_step",
    "supports_bf16",
]

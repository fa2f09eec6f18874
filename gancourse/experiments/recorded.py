"""The recorded experiments by name."""

from __future__ import annotations

import importlib

from gancourse.base import check
from gancourse.experiments.experiment import Experiment

NAMES = (
    "asked_digits",
    "began_gamma",
    "began_knocked",
    "context_encoders",
    "context_features",
    "dcgan_guidelines",
    "dcgan_guidelines_64",
    "dcgan_guidelines_longer",
    "dcgan_hidden",
    "dcgan_live",
    "dcgan_plain",
    "dcgan_recipes",
    "few_faces",
    "few_faces_hundreds",
    "few_faces_leak",
    "few_faces_leak_seeds",
    "few_faces_long",
    "few_faces_longer",
    "few_faces_seeds",
    "ganhacks",
    "ganhacks_dropout",
    "ganhacks_pooling",
    "ganhacks_seeds",
    "growing_peak",
    "growing_race",
    "growing_race_32",
    "hinge_slopes",
    "hinge_slopes_crossed",
    "hinge_slopes_rates",
    "lapgan_view",
    "latent_faces",
    "latent_faces_longer",
    "latent_regressor",
    "mapping_rate",
    "pix2pix_losses",
    "pix2pix_middle",
    "pix2pix_own_map",
    "pix2pix_skips",
    "pix2pix_stripes",
    "six_losses",
    "six_losses_gamma",
    "six_losses_rates",
    "six_losses_tuned",
    "stacked_digits",
    "text_stages",
    "text_to_image",
    "text_variety",
    "text_words",
    "two_streams",
    "two_streams_long",
    "wgan_changes",
    "wgan_changes_rates",
    "wgan_critics",
    "wgan_faces",
    "wgan_knocked",
    "wgan_learnt_rates",
    "wgan_longer",
    "wgan_momentum",
    "wgan_near",
    "wgan_near_again",
    "wgan_near_seats",
    "wgan_optimality",
    "wgan_runs",
    "wgan_seeds",
    "wgan_sigmoid",
    "wgan_signs",
    "wgan_strengths",
    "wgan_surface",
    "wgan_swapped",
    "wgan_watched",
    "wgan_watched_rates",
)


def get(name: str) -> Experiment:
    """The experiment of that name, from the module of this package that is named after it."""
    module = importlib.import_module(f"gancourse.experiments.{check.one_of('experiment', name, NAMES)}")
    return module.EXPERIMENT

"""Latent space: drawing, walks, attributes, directions and moves; inversion, projection and mixing in modules of their names."""

from gancourse.base.latents import (
    draw_latents,
    slerp,
    truncate,
    truncated_latents,
)
from gancourse.latent.attributes import (
    METHODS,
    SPACES,
    Judge,
    LabelledLatents,
    arithmetic,
    attribute_directions,
    exemplar_means,
    has,
    label_latents,
    move,
    orthogonalise,
    spread_along,
    styles_of,
    to_shell,
    triples,
)
from gancourse.latent.moves import astray, outcome, pays_most
from gancourse.latent.walks import (
    every,
    interpolate,
    longest_steps,
    random_directions,
    strongest_directions,
)

__all__ = [
    "Judge",
    "LabelledLatents",
    "METHODS",
    "SPACES",
    "arithmetic",
    "astray",
    "attribute_directions",
    "draw_latents",
    "every",
    "exemplar_means",
    "has",
    "interpolate",
    "label_latents",
    "longest_steps",
    "move",
    "orthogonalise",
    "outcome",
    "pays_most",
    "random_directions",
    "slerp",
    "spread_along",
    "strongest_directions",
    "styles_of",
    "to_shell",
    "triples",
    "truncate",
    "truncated_latents",
]

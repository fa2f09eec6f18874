"""Latent space: drawing, walks, attributes and directions; inversion, projection and mixing in modules of their names."""

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
from gancourse.latent.walks import (
    interpolate,
    random_directions,
    strongest_directions,
)

__all__ = [
    "Judge",
    "LabelledLatents",
    "METHODS",
    "SPACES",
    "arithmetic",
    "attribute_directions",
    "draw_latents",
    "exemplar_means",
    "has",
    "interpolate",
    "label_latents",
    "move",
    "orthogonalise",
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

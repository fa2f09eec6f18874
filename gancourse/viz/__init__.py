"""Pictures for the course: grids, curves, the plane, neighbours, interpolations, films.

Two rules hold for all of them.  A function that makes a picture returns it as one ``PIL.Image`` (``players``, as an SVG): a
notebook shows it when it is the last line of a cell, ``show(picture, caption=...)`` shows it anywhere,
``picture.save("name.png")`` keeps it.  A function that takes ``ax=`` draws into that matplotlib axis when one is given, and then
returns None.  Nothing here leaves a figure open or touches matplotlib's global state, and tensors may be on any device.
"""

from gancourse.base.networks import evaluating
from gancourse.viz.comparison import real_and_fake
from gancourse.viz.curves import equilibrium, loss_curves
from gancourse.viz.diagram import Box, Diagram, Game, Gradient, players
from gancourse.viz.film import Animation, Film, ToyFilm, animate, clip_film, film_strip
from gancourse.viz.games import GAMES
from gancourse.viz.neighbours import nearest_neighbour_figure, nearest_neighbours
from gancourse.viz.pictures import COLOURS, beside, few_colours, grid, labelled_grid, show
from gancourse.viz.plane import discriminator_surface, generator_map, gradient_field, scatter
from gancourse.viz.posteriors import posterior_ellipses
from gancourse.viz.stacks import blocks
from gancourse.viz.styles import closed_path, mixing_grid, style_film
from gancourse.viz.text import Table, layer_table, source, table
from gancourse.viz.voxels import solid, solids, turntable

__all__ = [
    "COLOURS",
    "GAMES",
    "Animation",
    "Box",
    "Diagram",
    "Film",
    "Game",
    "Gradient",
    "Table",
    "ToyFilm",
    "animate",
    "beside",
    "blocks",
    "clip_film",
    "closed_path",
    "discriminator_surface",
    "equilibrium",
    "evaluating",
    "few_colours",
    "film_strip",
    "generator_map",
    "gradient_field",
    "grid",
    "labelled_grid",
    "layer_table",
    "loss_curves",
    "mixing_grid",
    "nearest_neighbour_figure",
    "nearest_neighbours",
    "players",
    "posterior_ellipses",
    "real_and_fake",
    "scatter",
    "show",
    "solid",
    "solids",
    "source",
    "style_film",
    "table",
    "turntable",
]

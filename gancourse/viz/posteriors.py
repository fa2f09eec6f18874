"""The true posterior over two latent variables, shaded, and Gaussians that should be like it, as ellipses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from gancourse.base.networks import evaluating
from gancourse.models.vae import VAE, Code
from gancourse.viz.figures import rendered
from gancourse.viz.pictures import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from PIL.Image import Image

_FINE = 90  # cells of the shading along each side


def posterior_ellipses(model: VAE, x: Tensor, codes: Mapping[str, Code], titles: Sequence[str] = ()) -> Image:
    """For each image of x [N, 1, H, W] a panel: p(z|x) over the plane of codes, and each q at one and two standard deviations.

    ``codes`` maps a colour of ``gancourse.viz.COLOURS`` to N Gaussians; each panel is as large as they need.
    """
    if model.latent_dim != 2:
        raise ValueError(f"a plane of codes is drawn: the model needs latent_dim 2, not {model.latent_dim}")
    if not codes or any(len(code.mean) != len(x) for code in codes.values()):
        raise ValueError(f"give a colour, and with it one Gaussian for each of the {len(x)} images")

    def draw(figure: Figure) -> None:
        for at, ax in enumerate(figure.subplots(1, len(x), squeeze=False)[0]):
            _panel(ax, model, x[at : at + 1], {ink: Code(*(part[at].cpu() for part in code)) for ink, code in codes.items()})
            ax.set(xlabel="$z_1$", ylabel="$z_2$" if at == 0 else "", title=titles[at] if titles else "")

    return rendered(draw, 290 * len(x), 310)


def _panel(ax: Axes, model: VAE, x: Tensor, codes: Mapping[str, Code]) -> None:
    from matplotlib.patches import Ellipse

    spreads = {ink: (code.log_variance / 2).exp() for ink, code in codes.items()}
    edges = torch.stack([code.mean + side * 3 * spreads[ink] for ink, code in codes.items() for side in (-1, 1)])
    middle, half = (edges.amin(0) + edges.amax(0)) / 2, (edges.amax(0) - edges.amin(0)).max() / 2
    near = torch.cartesian_prod(*[torch.linspace(-1, 1, _FINE)] * 2) * half + middle  # a square around all ellipses
    with evaluating(model):
        mass = model.log_joint_table(x, near.to(x))[0].softmax(0).reshape(_FINE, _FINE).T.cpu()
    left, right, bottom, top = torch.stack([middle - half, middle + half], 1).flatten().tolist()
    ax.imshow(mass, extent=(left, right, bottom, top), origin="lower", cmap="Blues", vmax=float(mass.max()) * 0.8)
    for ink, code in codes.items():
        for k in (2, 4):  # diameters of one and two standard deviations
            width, height = (k * spreads[ink]).tolist()
            centre = (float(code.mean[0]), float(code.mean[1]))
            ax.add_patch(Ellipse(centre, width, height, fill=False, edgecolor=COLOURS[ink], linewidth=1.8))
    inset = ax.inset_axes((0.02, 0.74, 0.24, 0.24))
    inset.imshow(x[0, 0].cpu(), cmap="gray")
    inset.set(xticks=[], yticks=[])

"""Where a generator's samples can lie: the rank of its Jacobian is the dimension of its image, point by point."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from gancourse.base import check


def jacobian(generator: nn.Module, z: Tensor) -> Tensor:
    """The Jacobian dG/dz at each latent: z [N, latent_dim] -> float64 [N, D, latent_dim], D the number of values of a sample.

    In evaluation mode and in double precision, on a copy: the generator is left as it is.
    """
    z = check.latents(z, getattr(generator, "latent_dim", z.shape[-1])).detach().double().requires_grad_(True)
    with torch.enable_grad():
        return _derivative(copy.deepcopy(generator).double().eval(), z)


def _derivative(network: nn.Module, z: Tensor) -> Tensor:
    x = network(z).flatten(1)  # [N, D]; in evaluation mode each sample depends on its own latent alone
    # Columns, of which there are fewer than rows.  The gradient of <u, x> in z is J' u, linear in u: differentiate that in u.
    u = torch.zeros_like(x, requires_grad=True)
    (back,) = torch.autograd.grad(x, z, u, create_graph=True)  # [N, latent_dim]
    columns = [torch.autograd.grad(back[:, j].sum(), u, retain_graph=True)[0] for j in range(z.shape[1])]
    return torch.stack(columns, dim=2)


def singular_values(generator: nn.Module, z: Tensor) -> Tensor:
    """The singular values of the Jacobian at each latent, largest first: float64 [N, min(D, latent_dim)].

    They say by how much the generator stretches small steps from z, direction by direction.
    """
    return torch.linalg.svdvals(jacobian(generator, z))


def jacobian_rank(generator: nn.Module, z: Tensor, tolerance: float = 1e-10) -> Tensor:
    """The rank of the Jacobian at each latent, int64 [N]: the singular values above ``tolerance`` times the largest.

    The image g(Z) has this dimension near G(z).  It is never more than the latent's, for the Jacobian is a product of matrices of
    which one has that many columns; nor is it more than the narrowest layer's width.

    Source: Arjovsky & Bottou 2017, lemma 1.
    """
    check.positive("tolerance", tolerance)
    values = singular_values(generator, z)
    return (values > tolerance * values[:, :1]).sum(1)

r"""Spectral normalisation: every layer's weight is divided by an estimate of its largest singular value.

    W_SN = W / sigma(W),   sigma(W) = max_{|h| = 1} |W h|

so that a linear layer stretches no vector, and a network of such layers with 1-Lipschitz activations is 1-Lipschitz.  One
step of power iteration for each forward pass keeps the estimate of sigma up to date at hardly any cost, because the weights
move little between two passes.

>>> layer = spectral_norm(nn.Linear(20, 30))
>>> network = normalise(Discriminator(16))         # all its convolutions and linear layers

For a convolution, W is the kernel [C_out, C_in, k, k] read as a matrix [C_out, C_in k k].  That is what is published, and it is
not the norm of the convolution as a map of pictures: see :func:`operator_norm`.

Source: Miyato, Kataoka, Koyama & Yoshida 2018 (ICLR), section 2.1 and Algorithm 1.
"""

from __future__ import annotations

import contextlib
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils import parametrizations, parametrize

TRANSPOSED = (nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Embedding, *TRANSPOSED)
WARM_UP = 15  # power iterations when a layer is first normalised, so that training starts with a fair estimate


def as_matrix(weight: Tensor, dim: int = 0) -> Tensor:
    """``weight`` as a matrix [outputs, everything else]; ``dim`` is the axis of the outputs."""
    if weight.ndim < 2:
        raise ValueError(f"spectral normalisation needs a weight of two or more axes, not {list(weight.shape)}: it has no matrix")
    return weight.movedim(dim, 0).flatten(1)


def largest_singular_value(weight: Tensor, dim: int = 0) -> Tensor:
    """The largest singular value of ``weight`` as a matrix, exactly, by a singular value decomposition."""
    return torch.linalg.matrix_norm(as_matrix(weight, dim), ord=2)


def power_iteration(matrix: Tensor, u: Tensor, v: Tensor, iterations: int = 1, eps: float = 1e-12) -> tuple[Tensor, Tensor]:
    """``iterations`` rounds of u <- W v / |W v|, v <- W^T u / |W^T u| towards the first pair of singular vectors.

    Shapes: matrix [m, n], u [m], v [n].  The error of the direction shrinks by (sigma_2 / sigma_1)^2 each round, so two
    nearly equal singular values take long; sigma itself is then all the same nearly right, and never too large.
    """
    for _ in range(iterations):
        u = F.normalize(matrix @ v, dim=0, eps=eps)
        v = F.normalize(matrix.T @ u, dim=0, eps=eps)
    return u, v


class SpectralNorm(nn.Module):
    """The parametrization weight -> weight / sigma, where sigma = u^T W v for the vectors u [m] and v [n] it keeps.

    Each forward pass in training mode takes ``iterations`` steps of power iteration from the vectors of the pass before; in
    evaluation mode they stay, so that judging pictures does not change the judge.  No gradient flows through u and v, one does
    through sigma: the slope of W / sigma has the term that keeps the norm at 1.

    u and v are buffers, part of ``state_dict`` and exact under it.
    """

    def __init__(self, weight: Tensor, iterations: int = 1, eps: float = 1e-12, dim: int = 0) -> None:
        super().__init__()
        if iterations < 1:
            raise ValueError(f"iterations must be 1 or more, not {iterations}: without any, sigma would not follow the weight")
        self.iterations, self.eps, self.dim = iterations, eps, dim
        with torch.no_grad():
            matrix = as_matrix(_not_zero(weight), dim)
            u, v = (F.normalize(torch.randn(n, dtype=weight.dtype), dim=0).to(weight.device) for n in matrix.shape)
            if not weight.is_meta:  # networks are built there to be counted, where hundreds of iterations would only cost time
                u, v = power_iteration(matrix, u, v, WARM_UP, eps)
        self.u: Tensor
        self.v: Tensor
        self.register_buffer("u", u)
        self.register_buffer("v", v)

    def sigma(self, weight: Tensor) -> Tensor:
        """The present estimate u^T W v, at most the true largest singular value."""
        return torch.dot(self.u, as_matrix(weight, self.dim) @ self.v)

    def forward(self, weight: Tensor) -> Tensor:
        device = weight.device.type  # the meta device, on which large networks are built to be counted, has no autocast
        exact = torch.autocast(device, enabled=False) if torch.amp.is_autocast_available(device) else contextlib.nullcontext()
        with exact:  # a sigma with bfloat16's three digits would shake the weight
            if self.training and not weight.is_meta:
                with torch.no_grad():  # new tensors, not new contents: the last pass may still wait for its backward pass
                    self.u, self.v = power_iteration(as_matrix(weight, self.dim), self.u, self.v, self.iterations, self.eps)
            return weight / self.sigma(weight)

    def right_inverse(self, weight: Tensor) -> Tensor:
        """What to store when someone assigns the weight: the value itself, which will be read divided by its sigma."""
        return weight

    def extra_repr(self) -> str:
        return f"iterations={self.iterations}, dim={self.dim}"


def spectral_norm(
    module: nn.Module, iterations: int = 1, eps: float = 1e-12, name: str = "weight", dim: int | None = None
) -> nn.Module:
    """Normalise ``module.weight`` (or the tensor called ``name``) from now on; returns the module.

    The raw weight stays a parameter, ``module.parametrizations.weight.original``.  Initialise a layer first and normalise it
    then: ``module.weight`` is computed anew at each access, so writing into it afterwards changes nothing.  Transposed
    convolutions keep their outputs on axis 1, the others on axis 0, unless ``dim`` says otherwise.  The first u and v are drawn
    from the global generator, as the layers' own first weights are.

    Raises ValueError if there is no such tensor, if it has a single axis, if it is zero, or if it is normalised already, be it by
    torch's ``parametrizations.spectral_norm``.
    """
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"{type(module).__name__} has no tensor {name!r} to normalise: pass name=... or one of its layers")
    if is_normalised(module, name):
        raise ValueError(f"this {type(module).__name__} is spectrally normalised already: a second time would do nothing")
    if dim is None:
        dim = 1 if isinstance(module, TRANSPOSED) else 0
    parametrization = SpectralNorm(weight, iterations, eps, dim).train(module.training)
    return parametrize.register_parametrization(module, name, parametrization)


def _not_zero(weight: Any, what: object = "the layer") -> Any:
    """Return ``weight`` if it is not zero, for W / sigma would be 0 / 0; one on the meta device has no numbers to look at."""
    if not weight.is_meta and not bool(weight.any()):
        raise ValueError(f"the weight of {what} is zero, and divided by its norm it would be NaN: initialise it otherwise first")
    return weight


def is_normalised(module: nn.Module, name: str = "weight") -> bool:
    """Whether this layer is spectrally normalised, by :func:`spectral_norm` or by torch's function of that name."""
    if not parametrize.is_parametrized(module, name):
        return False
    parts = module.get_submodule(f"parametrizations.{name}").children()
    return any(isinstance(part, SpectralNorm | parametrizations._SpectralNorm) for part in parts)


def normalise(network: nn.Module, iterations: int = 1, eps: float = 1e-12) -> nn.Module:
    """Apply :func:`spectral_norm` to every convolution, linear layer and embedding of ``network``, in place; returns it.

    Raises ValueError, and changes nothing, where no layer is left that is not normalised, or where a weight is zero.
    """
    layers = [layer for layer in network.modules() if isinstance(layer, LAYERS) and not is_normalised(layer)]
    if not layers:
        raise ValueError(f"{type(network).__name__} has no convolution, linear layer or embedding left to normalise")
    for layer in layers:
        _not_zero(layer.weight, layer)
    for layer in layers:
        spectral_norm(layer, iterations, eps)
    return network


def remove(network: nn.Module) -> nn.Module:
    """Make every normalised weight of ``network`` a plain parameter that holds its normalised value, in place.

    Raises ValueError where no weight is normalised.
    """
    layers = [layer for layer in network.modules() if is_normalised(layer)]
    if not layers:
        raise ValueError(f"{type(network).__name__} has no layer that is spectrally normalised: there is nothing to remove")
    for layer in layers:
        parametrize.remove_parametrizations(layer, "weight")
    return network


@torch.no_grad()
def operator_norm(layer: nn.Conv2d, size: int, iterations: int = 200) -> Tensor:
    """The largest stretch max |conv(x)| / |x| over pictures x of ``size`` pixels, by power iteration on the map itself.

    The bias is left out.  For a k x k kernel with stride s it lies between sigma, the norm of the kernel as a matrix, and
    ceil(k/s) sigma: a picture may hold a single patch, and a pixel takes part in at most ceil(k/s)^2 patches.
    """
    if not isinstance(layer, nn.Conv2d) or layer.padding_mode != "zeros" or isinstance(layer.padding, str):
        raise ValueError(f"operator_norm takes an nn.Conv2d with padding by zeros, given in numbers, not {layer}")
    settings: dict[str, Any] = {name: getattr(layer, name) for name in ("stride", "padding", "dilation", "groups")}
    weight = layer.weight
    x = torch.randn(1, layer.in_channels, size, size, dtype=weight.dtype, generator=torch.Generator().manual_seed(0))
    x = x.to(weight.device)
    for _ in range(iterations):
        y = F.conv2d(x / x.norm(), weight, **settings)
        rest = [
            (size + 2 * p - d * (k - 1) - 1) % s
            for p, d, k, s in zip(layer.padding, layer.dilation, layer.kernel_size, layer.stride, strict=True)
        ]
        x = F.conv_transpose2d(y, weight, output_padding=rest, **settings)  # the transposed map
    return x.norm().sqrt()

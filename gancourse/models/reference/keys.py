"""Loading state dicts that other implementations saved, by renaming their keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from gancourse.models.layers.resample import Taps, filter2d

_UNUSED = ("running_mean", "running_var", "num_batches_tracked")  # early PyTorch wrote them for instance norms, which use none


def load(module: nn.Module, state: Mapping[str, Tensor], rename: Callable[[str], str | None] = str) -> nn.Module:
    """Fill ``module`` with ``state`` whose keys ``rename`` turns into the module's own; keys renamed to None are left out.

    The prefix "module." that parallel training leaves is dropped first.  Every tensor of the module must come, no other may; axes
    of length 1 may differ.  ValueError says what does not fit.
    """
    own = module.state_dict()
    named: dict[str, Tensor] = {}
    left, bent = [], []
    for key, value in state.items():
        name = rename(key.removeprefix("module."))
        if name is None:
            continue
        if name not in own:
            left += [] if key.endswith(_UNUSED) else [key]
        elif [s for s in value.shape if s != 1] != [s for s in own[name].shape if s != 1]:
            bent.append(f"{key} is {list(value.shape)}, here {list(own[name].shape)}")
            named[name] = own[name]
        else:
            named[name] = value.reshape(own[name].shape)
    missing = [name for name in own if name not in named]
    for what, keys in (("it lacks what fills", missing), ("this network has no place for", left), ("shapes differ:", bent)):
        if keys:
            more = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
            raise ValueError(
                f"the state dict is of another configuration, {what} {', '.join(keys[:3])}{more}: build {type(module).__name__} "
                "with the size, widths, depth and normalisation that the weights were made with"
            )
    module.load_state_dict(named)
    return module


def renaming(names: Mapping[str, str]) -> Callable[[str], str]:
    """The function for :func:`load` of a table our key -> their key; keys outside it keep a name that no module has."""
    ours = {theirs: key for key, theirs in names.items()}
    return lambda key: ours.get(key, f"not ours: {key}")


def check_filters(state: Mapping[str, Tensor], ending: str, taps: Taps) -> None:
    """Raise a ValueError when a stored filter (any key with that ending) is not, up to its gain, that of ``taps``."""
    ours = filter2d(taps)
    for key, value in state.items():
        if key.endswith(ending):
            filter_ = value.float().cpu()
            if filter_.ndim == 1:  # separable filters may be stored as one line
                filter_ = torch.outer(filter_, filter_)
            if filter_.shape != ours.shape or not torch.allclose(filter_ / filter_.sum(), ours, atol=1e-5):
                raise ValueError(f"{key} is another filter than {tuple(taps)}: build the network with its taps")

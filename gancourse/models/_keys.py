"""Loading state dicts that other implementations saved, by renaming their keys."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

from gancourse.models.resample import Taps, filter2d


def load_renamed(module: nn.Module, state: Mapping[str, Tensor], rename: Callable[[str], str | None]) -> nn.Module:
    """Fill ``module`` with ``state`` whose keys ``rename`` turns into the module's own; keys renamed to None are left out.

    Every tensor of the module must come, no other may; axes of length 1 may differ.  ValueError says what does not fit.
    """
    own = module.state_dict()
    named: dict[str, Tensor] = {}
    unknown = []
    for key, value in state.items():
        name = rename(key)
        if name is None:
            continue
        if name not in own:
            unknown.append(key)
        elif [s for s in value.shape if s != 1] != [s for s in own[name].shape if s != 1]:
            raise ValueError(f"{key} is {list(value.shape)}, this network has {list(own[name].shape)}: build it in the same size")
        else:
            named[name] = value.reshape(own[name].shape)
    missing = [name for name in own if name not in named]
    if unknown or missing:
        what = [f"it lacks {', '.join(missing[:3])}"] if missing else []
        what += [f"{', '.join(unknown[:3])} has no place here"] if unknown else []
        raise ValueError(f"the state dict is of another configuration: {'; '.join(what)}")
    module.load_state_dict(named)
    return module


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

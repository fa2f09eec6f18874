"""Reading state dicts that were written under the key names of a published reference."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor, nn

_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


def load(module: nn.Module, state: Mapping[str, Tensor], names: Mapping[str, str] | None = None) -> nn.Module:
    """Fill ``module`` from ``state``; ``names`` says for each of our keys what the reference calls it (default: the same).

    The prefix "module." that parallel training leaves is dropped, and so are the running statistics that early PyTorch
    versions wrote for instance normalisation, which uses none.  Raises ValueError naming the keys that are missing, left
    over or of another shape.
    """
    given = {key.removeprefix("module."): value for key, value in state.items()}
    own = module.state_dict()
    names = {key: key for key in own} if names is None else names
    missing = [theirs for theirs in names.values() if theirs not in given]
    left = [key for key in given if key not in set(names.values()) and not key.endswith(_STATISTICS)]
    bent = [theirs for ours, theirs in names.items() if theirs in given and given[theirs].shape != own[ours].shape]
    for what, keys in (("lacks", missing), ("has more than the network:", left), ("has another shape at", bent)):
        if keys:
            more = f" and {len(keys) - 3} more" if len(keys) > 3 else ""
            raise ValueError(
                f"the state dict {what} {', '.join(keys[:3])}{more}: build {type(module).__name__} with the size, width, "
                "normalisation and depth that the weights were made with"
            )
    module.load_state_dict({ours: given[theirs] for ours, theirs in names.items()})
    return module

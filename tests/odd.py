"""What nobody means to pass to a function, and the rule for all public ones: a clear error of ours, or a right answer."""

from __future__ import annotations

import dataclasses
import inspect
import linecache
import math
import traceback
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from torch import Tensor, nn

import gancourse

PACKAGE = Path(gancourse.__file__).parent

NUMBERS = st.one_of(
    st.sampled_from(
        [
            *(
                None,
                True,
                "3",
                b"3",
                "",
                [3],
                [],
                (2, 3),
                {},
                {3},
                object(),
                1j,
                print,
                np.zeros(2),
                torch.zeros(2),
                torch.zeros(0),
            ),
            *(0, -1, 1, 2, 3, 10**13, 2**70, 0.0, -0.0, 0.5, 1.5, 2.0, 1e-300, 1e300, math.nan, math.inf, -math.inf),
            *(np.int64(3), np.uint8(3), np.float32(0.5), np.float64("nan"), np.bool_(True), torch.tensor(3), torch.tensor(0.5)),
        ]
    ),
    st.integers(max_value=-1),
    st.integers(min_value=10**12),
    st.floats(max_value=0),
)
WORDS = st.one_of(
    st.sampled_from(["", "Train", "x" * 1000, "\ud800", 3, 0.5, True, None, b"train", ["train"], ("a",), {}, object(), print]),
    st.text(),
)
FLAGS = st.sampled_from([None, 0, 1, 2, "yes", "", math.nan, [], [1], torch.zeros(2), object()])

_DTYPES = (torch.float32, torch.float64, torch.float16, torch.bfloat16, torch.int64, torch.uint8, torch.bool, torch.complex64)
_FILLS: dict[str, Callable[[Tensor], Tensor]] = {
    "normal": lambda x: x,
    "in [0, 1]": lambda x: x.sigmoid(),
    "bytes": lambda x: 255 * x.sigmoid(),
    "zeros": torch.zeros_like,
    "ones": torch.ones_like,
    "minus one": lambda x: -torch.ones_like(x),
    "NaN": lambda x: torch.full_like(x, math.nan),
    "one infinity": lambda x: x.masked_fill(torch.arange(x.numel()).view(x.shape) == 0, math.inf),
    "huge": lambda x: 1e30 * x,
    "tiny": lambda x: 1e-30 * x,
}


def normal(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@st.composite
def tensors(draw: st.DrawFn, like: Tensor) -> Any:
    """Not a tensor, or one that is ``like`` the right one in some of shape, numbers and type."""
    if draw(st.integers(0, 6)) == 0:
        return draw(st.sampled_from([None, 3, 0.5, "x", [], like.tolist(), like.numpy(), {}, object(), print]))
    shape = list(like.shape)
    for _ in range(draw(st.integers(0, 2))):
        change = draw(st.sampled_from(["side", "less", "more"]))
        if change == "more":
            shape.insert(draw(st.integers(0, len(shape))), draw(st.sampled_from([1, 2])))
        elif shape:
            axis = draw(st.integers(0, len(shape) - 1))
            shape[axis : axis + 1] = [draw(st.sampled_from([0, 1, 2, 3, 5, 8, 40]))] if change == "side" else []
    made = _FILLS[draw(st.sampled_from(list(_FILLS)))](normal(*shape) if shape else normal(1)[0])
    return made.to(draw(st.sampled_from(_DTYPES)))


def odd(right: Any) -> st.SearchStrategy[Any]:
    """Odd values in the place of a right one."""
    if isinstance(right, Tensor):
        return tensors(right)
    if isinstance(right, bool):
        return FLAGS
    if isinstance(right, str):
        return WORDS
    if isinstance(right, int | float):
        return NUMBERS
    return st.one_of(NUMBERS, WORDS, tensors(normal(4, 2)))


def swapped(chosen: st.DataObject, right: Mapping[str, Any]) -> tuple[str, Any]:
    """The name of one of the right arguments, and an odd value for its place."""
    which = chosen.draw(st.sampled_from(list(right)))
    return which, chosen.draw(odd(right[which]), which)


def quick(examples: int) -> settings:
    return settings(
        max_examples=examples, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )


def ours(error: BaseException) -> bool:
    """Whether a ``raise`` of the package made the error, and it says something."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.line]
    last, text = frames[-1], str(error)
    line = linecache.getline(last.filename, last.lineno or 0).strip()
    return Path(last.filename).is_relative_to(PACKAGE) and line.startswith("raise ") and len(text) > 10


def answer(call: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """What the call gives; None if it refuses clearly; any other failure is one of the test."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return call(*args, **options)
        except Exception as error:
            good = isinstance(error, ValueError | TypeError | OSError | ImportError) and ours(error)
            assert good, f"fails obscurely: {type(error).__name__}: {error}"
            return None


def sound(found: Any) -> bool:
    """Whether an answer holds no NaN."""
    if isinstance(found, Tensor):
        return not ((found.is_floating_point() or found.is_complex()) and bool(torch.isnan(found).any()))
    if isinstance(found, nn.Module):
        return all(map(sound, found.state_dict().values()))
    if isinstance(found, float):
        return not math.isnan(found)
    if dataclasses.is_dataclass(found):
        return sound([getattr(found, field.name) for field in dataclasses.fields(found)])
    if isinstance(found, Mapping):
        return sound(list(found.values()))
    return all(map(sound, found)) if isinstance(found, list | tuple) else True


def functions(module: Any, names: Iterable[str]) -> dict[str, Callable[..., Any]]:
    """The public functions of a module, and of the modules among its names: ``toys.ring``."""
    found = {}
    for name in names:
        value = getattr(module, name)
        if inspect.isfunction(value):
            found[name] = value
        elif inspect.ismodule(value):
            inside = [
                key
                for key, known in vars(value).items()
                if getattr(known, "__module__", None) == value.__name__ and key[0] != "_"
            ]
            found |= {f"{name}.{key}": known for key, known in functions(value, inside).items()}
    return found

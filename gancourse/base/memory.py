"""Memory that a training keeps from one step to the next.

A step frees buffers of megabytes and asks for the same ones a moment later.  glibc hands large ones back to the system, which has
to clear their pages when they are asked for again; where a penalty is differentiated twice that is a tenth of a step.  PyTorch's
tuning guide has other allocators preloaded for this reason; here glibc's own is told to keep what is freed.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import threading
from collections.abc import Iterator

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h
KEEP = {M_MMAP_THRESHOLD: 2**30, M_TRIM_THRESHOLD: 2**31 - 1}
USUAL = {M_MMAP_THRESHOLD: 2**25, M_TRIM_THRESHOLD: 2**26}  # the most to which glibc raises them by itself

_lock = threading.Lock()
_keeping = 0


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """Inside, the process keeps what it frees, for its next buffers; afterwards it gives memory back as usual.

    Does nothing where there is no ``mallopt`` (Windows, macOS, musl), nor where the user has settings or an allocator of his own
    (MALLOC_..., GLIBC_TUNABLES, LD_PRELOAD).  Blocks may be nested, and used by several threads.
    """
    _count(1)
    try:
        yield
    finally:
        _count(-1)


def _count(change: int) -> None:
    global _keeping
    with _lock:
        before, _keeping = _keeping, _keeping + change
        if not (before and _keeping):  # the first comes or the last goes
            _keep() if _keeping else _give_back()


def _keep() -> None:
    if allocator := _allocator():
        for name, size in KEEP.items():
            allocator.mallopt(name, size)


def _give_back() -> None:
    if allocator := _allocator():
        for name, size in USUAL.items():
            allocator.mallopt(name, size)
        allocator.malloc_trim(0)  # what is free now; thresholds tell of later frees alone


def _allocator() -> ctypes.CDLL | None:
    """glibc, where it is this process's allocator and nobody has set it."""
    if os.name != "posix" or any(name.startswith(("MALLOC_", "GLIBC_TUNABLES", "LD_PRELOAD")) for name in os.environ):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None

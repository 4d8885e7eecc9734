"""How memory is handed out to a command, and how garbage is collected."""

from __future__ import annotations

import contextlib
import gc
import os
from collections.abc import Iterator

__all__ = ["long_lived", "return_large_blocks"]

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # malloc.h of glibc
_LARGE = 4 << 20  # bytes; a block of a recording has 1 MiB
_POOL = "ARROW_DEFAULT_MEMORY_POOL"


def return_large_blocks() -> None:
    """
    Have large blocks of memory returned to the operating system as soon as they are freed.

    Otherwise glibc keeps blocks of up to 32 MiB once one of that size was freed, Arrow has an allocator that does the
    same, and a message of 10 or 20 MiB takes several times its size more than it needs. Other C libraries are left as
    they are.
    """
    import ctypes

    with contextlib.suppress(OSError, AttributeError, TypeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(_M_MMAP_THRESHOLD, _LARGE)
        mallopt(_M_TRIM_THRESHOLD, 2 * _LARGE)
        if _POOL not in os.environ:
            os.putenv(_POOL, "system")  # for this process: what the user runs with `replay --` gets `os.environ`


@contextlib.contextmanager
def long_lived() -> Iterator[None]:
    """
    Leave what is there now out of the collections of garbage until the end.

    A full collection goes through all objects: with the modules of feedrec and the index of a recording it holds up
    every frame for 15 to 25 ms or more.
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()

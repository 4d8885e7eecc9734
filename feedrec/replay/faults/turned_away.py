"""Handshakes and authentications that fail: the first ones, so many."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterable, Iterator
from typing import Generic, TypeVar

from .fault import AuthFailure, Refuse

__all__ = ["AuthFailures", "FirstOnes"]

T = TypeVar("T", Refuse, AuthFailure)


class FirstOnes(Generic[T]):
    """
    Says of each of the first ones which fault it is hit by: of several faults, those of the first before the others.

    Args:
        faults: The faults.

    """

    def __init__(self, faults: Iterable[T]) -> None:
        self._left: deque[T] = deque(faults)
        self._count = 0  # of those that the first of them has hit

    @property
    def fault(self) -> T | None:
        """What hits the next one; None if nothing does."""
        return self._left[0] if self._left else None

    def take(self) -> T | None:
        """Count one; return what hits it, None if nothing does."""
        fault = self.fault
        if fault is not None:
            self._count += 1
            if self._count == fault.count:
                self._left.popleft()
                self._count = 0
        return fault


class AuthFailures:
    """
    Has authentications fail while the message of a client is answered, which may look at them more than once.

    Args:
        faults: The faults.

    """

    def __init__(self, faults: Iterable[AuthFailure]) -> None:
        self._first = FirstOnes(faults)
        self._is_answering = False
        self._has_failed = False

    def fails(self) -> bool:
        """Tell whether an authentication fails; for `Auth`."""
        if not self._is_answering or self._first.fault is None:
            return False
        self._has_failed = True
        return True

    @contextlib.contextmanager
    def answering(self) -> Iterator[None]:
        """Answer a message meanwhile."""
        self._is_answering, self._has_failed = True, False
        try:
            yield
        finally:
            self._is_answering = False

    def take(self) -> AuthFailure | None:
        """Return what had the last message fail, which counts once; None if it did not fail so."""
        return self._first.take() if self._has_failed else None

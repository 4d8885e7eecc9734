"""One feed that is being recorded, and its state: from its first line on, or from files and what came since."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable

import zstandard

from ....feeds.venue import Key, VenueFeed
from ....live_messages import Files
from .files_of_run import state_after
from .run_state import RunState

__all__ = ["FollowedFeed"]

_PACKED = 1 << 20  # bytes of lines that are compressed together
_TAKEN = 1 << 18  # bytes of lines that are taken in at once while others wait

_log = logging.getLogger("feedrec")


class FollowedFeed:
    """
    The state of a feed, as the recorder tells its lines.

    Where the recording has begun before, its files are read in a thread. What comes meanwhile waits, compressed if it
    is much: nobody else may wait for that.

    Args:
        feed: The feed.
        on_known: Called when its state is known.
        on_failure: Called with what went wrong if it never will be.

    """

    def __init__(
        self, feed: VenueFeed, on_known: Callable[[], object], on_failure: Callable[[Exception], object]
    ) -> None:
        self._feed, self._on_known, self._on_failure = feed, on_known, on_failure
        self._state: RunState | None = None
        self._held = _HeldLines()
        self._stopped = threading.Event()
        self.has_begun = False

    @property
    def is_known(self) -> bool:
        """Whether its state is known."""
        return self._state is not None

    def begin(self) -> None:
        """Take note that a run begins: what was known before is over. Its files are told next."""
        self._stopped.set()
        self._stopped = threading.Event()
        self._state, self._held, self.has_begun = None, _HeldLines(), True

    def take_files(self, files: Files) -> None:
        """Take what was recorded before."""
        if not files.finished and files.lines <= 1:
            self._catch_up(RunState(self._feed), self._stopped)
            return
        loop, stopped = asyncio.get_running_loop(), self._stopped

        def read() -> None:
            try:
                state = state_after(files, self._feed, stopped)
            except Exception as error:  # noqa: BLE001  a thread has no caller to raise to
                failure = error
                done = lambda: None if stopped.is_set() else self._on_failure(failure)  # noqa: E731
            else:
                done = lambda: self._catch_up(state, stopped)  # noqa: E731
            if not loop.is_closed():
                loop.call_soon_threadsafe(done)

        threading.Thread(target=read, name="feedrec-states", daemon=True).start()

    def take(self, lines: bytes) -> None:
        """
        Take lines, each with its line feed.

        Raises:
            LineError: If one of them is not a line of a recording.

        """
        if self._state is None:
            self._held.add(lines)
        else:
            self._state.take(lines.split(b"\n")[:-1])

    def snapshot(self, key: Key, time: int) -> bytes | None:
        """Return what a new subscriber gets first; see `RunState.snapshot`."""
        return None if self._state is None else self._state.snapshot(key, time)

    def close(self) -> None:
        """End the reading of files."""
        self._stopped.set()

    def _catch_up(self, state: RunState, stopped: threading.Event) -> None:
        """Take in some of what has come meanwhile, and the rest in a moment: others have their turn between."""
        if stopped.is_set():
            return
        try:
            taken = 0
            while taken < _TAKEN and (lines := self._held.next()) is not None:
                taken += len(lines)
                state.take(lines.split(b"\n")[:-1])
        except Exception as error:  # noqa: BLE001  the loop would only log it
            self._on_failure(error)
            return
        if self._held:
            asyncio.get_running_loop().call_soon(self._catch_up, state, stopped)
        else:
            self._state = state
            self._on_known()


class _HeldLines:
    """Lines that wait, in order."""

    def __init__(self) -> None:
        self._packed = deque[bytes]()
        self._last = deque[bytes]()
        self._size = 0  # of the last ones

    def __bool__(self) -> bool:
        return bool(self._packed or self._last)

    def add(self, lines: bytes) -> None:
        """Add some."""
        self._last.append(lines)
        self._size += len(lines)
        if self._size > _PACKED:
            self._packed.append(zstandard.ZstdCompressor(1).compress(b"".join(self._last)))
            self._last.clear()
            self._size = 0

    def next(self) -> bytes | None:
        """Take the first; None if there are none."""
        if self._packed:
            return zstandard.ZstdDecompressor().decompress(self._packed.popleft())
        if not self._last:
            return None
        lines = self._last.popleft()
        self._size -= len(lines)
        return lines

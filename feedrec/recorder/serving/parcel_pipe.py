"""The recorder's end of the socket to a process: takes everything at once, never waits, and says how much waits."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections import deque
from collections.abc import Callable, Sequence

__all__ = ["ParcelPipe", "Reserved"]

_MOST_PARTS = 256  # that go out at once; the system takes 1024 (IOV_MAX)
_READ = 1 << 16
_LONGEST_LINE = 1 << 20


class Reserved:
    """A place among what is sent, for what is known only later: nothing behind it is sent before."""

    def __init__(self, pipe: ParcelPipe) -> None:
        self._pipe: ParcelPipe | None = pipe
        self.parts: tuple[bytes, ...] | None = None

    @property
    def is_open(self) -> bool:
        """Whether that is not known yet."""
        return self._pipe is not None

    def fill(self, *parts: bytes) -> None:
        """Send this, and what is behind it; only the first time counts."""
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            self.parts = parts
            pipe.send()


class ParcelPipe:
    """
    The end of a socket.

    Args:
        end: The socket, which is closed by `close`.
        on_line: Called with each line that comes, without its line feed.
        on_end: Called once, when nothing more can be sent or comes.
        pause: Seconds for which what is sent may wait for more; 0 to send at once.

    Attributes:
        waiting: Bytes that wait, on this side of the socket.

    """

    def __init__(
        self, end: socket.socket, on_line: Callable[[bytes], object], on_end: Callable[[], object], pause: float = 0.0
    ) -> None:
        end.setblocking(False)
        self._end, self._on_line, self._on_end, self._pause = end, on_line, on_end, pause
        self._loop = asyncio.get_running_loop()
        self._parts: deque[bytes | memoryview | Reserved] = deque()
        self.waiting = 0
        self._timer: asyncio.TimerHandle | None = None
        self._is_blocked = self._is_ending = self._is_over = False
        self._line = bytearray()
        self._loop.add_reader(end, self._read)

    def put(self, *parts: bytes) -> None:
        """Send this, now or as soon as the process takes it."""
        if self._is_over:
            return
        if not self._parts and not self._pause and self._is_sent(parts):  # nearly always, hundreds of times a second
            return
        self._parts += parts
        self.waiting += sum(map(len, parts))
        if self._is_blocked or self._timer is not None:
            return
        if self._pause:
            self._timer = self._loop.call_later(self._pause, self.send)
        else:
            self.send()

    def _is_sent(self, parts: Sequence[bytes]) -> bool:
        """Send this at once; return whether that was possible; what is not taken waits."""
        try:
            sent = self._end.sendmsg(parts)
        except OSError:  # the same happens again there
            return False
        size = sum(map(len, parts))
        if sent == size:
            return True
        self._parts += parts
        self.waiting += size
        self._drop(sent)
        self.send()
        return True

    def reserve(self) -> Reserved:
        """Return a place after all that was sent so far."""
        place = Reserved(self)
        self._parts.append(place)
        return place

    def send(self) -> None:
        """Send what waits, as much of it as is taken."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        while not (self._is_over or self._is_blocked):
            ready = self._ready()
            if not ready:
                if self._is_ending and not self._parts:
                    self._shut()
                return
            try:
                sent = self._end.sendmsg(ready)
            except (BlockingIOError, InterruptedError):
                self._is_blocked = True
                self._loop.add_writer(self._end, self._go_on)
            except OSError:  # the process is gone
                self._over()
            else:
                self._drop(sent)

    def end(self) -> None:
        """Let the process know, after all that waits, that nothing more comes."""
        self._is_ending = True
        for part in list(self._parts):
            if isinstance(part, Reserved):
                part.fill()  # it will not be known any more
        self.send()

    def close(self) -> None:
        """Forget what waits."""
        self._over()
        self._end.close()

    def _ready(self) -> list[bytes | memoryview]:
        """Return what can be sent at once."""
        while self._parts and isinstance(first := self._parts[0], Reserved) and first.parts is not None:
            self._parts.popleft()
            self._parts.extendleft(reversed(first.parts))
            self.waiting += sum(map(len, first.parts))
        ready = list[bytes | memoryview]()
        for part in itertools.islice(self._parts, _MOST_PARTS):
            if isinstance(part, Reserved):
                break
            ready.append(part)
        return ready

    def _drop(self, sent: int) -> None:
        self.waiting -= sent
        while self._parts and not isinstance(part := self._parts[0], Reserved) and len(part) <= sent:
            sent -= len(part)
            self._parts.popleft()
        if sent:
            rest = self._parts.popleft()
            assert not isinstance(rest, Reserved)  # noqa: S101  for mypy
            self._parts.appendleft(memoryview(rest)[sent:])

    def _go_on(self) -> None:
        self._is_blocked = False
        self._loop.remove_writer(self._end)
        self.send()

    def _read(self) -> None:
        try:
            data = self._end.recv(_READ)
        except (BlockingIOError, InterruptedError):
            return
        except OSError:
            data = b""
        self._line += data
        if not data or len(self._line) > _LONGEST_LINE:
            self._over()
            return
        *lines, rest = self._line.split(b"\n")
        self._line = rest
        for line in lines:
            self._on_line(bytes(line))

    def _shut(self) -> None:
        with contextlib.suppress(OSError):
            self._end.shutdown(socket.SHUT_WR)

    def _over(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        self._parts.clear()
        self.waiting = 0
        if self._timer is not None:
            self._timer.cancel()
        self._loop.remove_reader(self._end)
        self._loop.remove_writer(self._end)
        self._on_end()

"""The socket to the recorder: parcels come in, lines go out."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from typing import cast

from ...live_messages import Parcel, Parcels, Told, told_line

__all__ = ["RecorderLink"]

_MOST_UNREAD = 1 << 20  # bytes of lines that a recorder has not read, above which it is not told what is logged
_PATIENCE = 1.0  # seconds to tell the last words


class RecorderLink(asyncio.Protocol):
    """
    The connection to the recorder.

    Attributes:
        take: Called with the parcels that came together; nothing is read before it is set.
        fault: What is wrong with what came, which ended it; None for nothing.

    """

    def __init__(self) -> None:
        self.fault: Exception | None = None
        self._take: Callable[[Iterable[Parcel]], object] | None = None
        self._parcels = Parcels()
        self._is_over = asyncio.Event()

    @property
    def take(self) -> Callable[[Iterable[Parcel]], object] | None:
        """See the class."""
        return self._take

    @take.setter
    def take(self, take: Callable[[Iterable[Parcel]], object]) -> None:
        self._take = take
        self._transport.resume_reading()

    def tell(self, told: Told) -> None:
        """Tell the recorder something."""
        if not self._transport.is_closing():
            self._transport.write(told_line(told))

    def tell_log(self, line: bytes) -> None:
        """Tell it a line for its log, if it reads them."""
        if not self._transport.is_closing() and self._transport.get_write_buffer_size() < _MOST_UNREAD:
            self._transport.write(line)

    async def over(self, seconds: float) -> bool:
        """Wait some seconds, or until the recorder is gone; return whether it is."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._is_over.wait()
        return self._is_over.is_set()

    async def end(self) -> None:
        """Close it, after what was told."""
        self._transport.close()
        await self.over(_PATIENCE)

    # Methods that asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.pause_reading()

    def data_received(self, data: bytes) -> None:
        try:
            if self._take is not None:
                self._take(self._parcels.feed(data))
        except Exception as error:  # noqa: BLE001  what is sent next could not be understood
            self.fault = error
            self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self._is_over.set()

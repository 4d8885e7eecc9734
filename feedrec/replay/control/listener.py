"""
One who listens at the WebSocket of events: what it is sent, and what it may say.

It is sent the newest there is, and the next only when it has answered a ping behind that: so there is never more than
one message on its way, however slowly it reads, and what would have come between is left out. It may say which ladder
it wants to see, in a few bytes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable

import msgspec
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from ..client.connection import ReplayConnection

__all__ = ["Listener"]

_MOST_SAID = 1 << 10  # bytes of a message
_WRONG = 'say {"ladder":"BTC-USD"}, or {"ladder":null}'


class _Wish(msgspec.Struct, forbid_unknown_fields=True):
    ladder: str | None


_decoder = msgspec.json.Decoder(_Wish)


class Listener:
    """
    One who listens.

    Args:
        connection: Its connection, open.
        deadline: Seconds that it has to answer for a message.

    Attributes:
        product: The product whose ladder it wants to see; None for none.

    """

    def __init__(self, connection: ReplayConnection, deadline: float) -> None:
        self.product: str | None = None
        self._connection = connection
        self._deadline = deadline
        self._newest: dict[str, str] = {}  # by kind, what it was not sent yet
        self._last: dict[str, str] = {}  # what it was told
        self._woken = asyncio.Event()

    def tell(self, kind: str, message: str, *, again: bool = True) -> None:
        """
        Have it sent a message, unless there is a newer one of its kind by then.

        Args:
            kind: Its kind.
            message: The message.
            again: Whether it is sent also if it is what was told last.

        """
        if again or self._last.get(kind) != message:
            self._newest[kind] = self._last[kind] = message
            self._woken.set()

    async def send_on(self) -> None:
        """Send what there is, until the connection is closed; drop it if no answer comes in time."""
        try:
            while True:
                await self._woken.wait()
                self._woken.clear()
                while self._newest:
                    kind = next(iter(self._newest))
                    message = self._newest.pop(kind)
                    async with asyncio.timeout(self._deadline):
                        await self._connection.send(message)
                        await (await self._connection.ping())
        except TimeoutError:
            self._connection.drop()
        except ConnectionClosed:
            return

    async def hear(self, on_wish: Callable[[], object]) -> None:
        """Take what it says, until the connection is closed; it is closed if that is nothing that it may say."""
        with contextlib.suppress(ConnectionClosed):
            async for message in self._connection:
                if len(message) > _MOST_SAID:
                    await self._connection.close(CloseCode.MESSAGE_TOO_BIG, _WRONG)
                    return
                try:
                    self.product = _decoder.decode(message).ladder
                except (msgspec.DecodeError, UnicodeError):
                    await self._connection.close(CloseCode.POLICY_VIOLATION, _WRONG)
                    return
                self._last.pop("ladder", None)
                self._newest.pop("ladder", None)
                on_wish()

"""What a client says, and what the venue of the recording answers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence

from ...feeds.venue import Close, FeedServer, Handshake, Remark, Reply, Send
from ..venue.rebuild import Position, Rebuilder
from .outlet import Outlet

__all__ = ["VenueTalk"]


class VenueTalk:
    """
    Carries out what the server half of a feed decides, for one client.

    Args:
        server: The server half.
        rebuilder: Gives the snapshots that it wants.
        outlet: Takes what is to be sent.
        remark: Called with what the person who runs the replay should know.

    Attributes:
        server: The same.
        wants_state: Set while the server half waits for snapshots.
        dismissal: How the connection is to be closed, once the server half says so.

    """

    def __init__(self, server: FeedServer, rebuilder: Rebuilder, outlet: Outlet, remark: Callable[[str], None]) -> None:
        self.wants_state = asyncio.Event()
        self.dismissal: Close | None = None
        self.server = server
        self._rebuilder = rebuilder
        self._outlet = outlet
        self._remark = remark

    def greet(self, handshake: Handshake, time: int) -> None:
        """
        Say what the venue says to a new client at recorded time `time`, if it says anything.

        Raises:
            ClientEnded: If the client is gone.

        """
        self._carry_out(self.server.on_open(handshake, time))

    def hear(self, message: str | bytes, time: int) -> None:
        """
        Answer a message at recorded time `time`.

        Raises:
            ClientEnded: If the client is gone.

        """
        self._carry_out(self.server.on_message(message.encode() if isinstance(message, str) else message, time))
        if self.server.wanted:
            self.wants_state.set()

    def hear_nothing(self) -> None:
        """
        Answer a client that did not subscribe in time.

        Raises:
            ClientEnded: If the client is gone.

        """
        self._carry_out(self.server.on_silence())

    def begin_again(self) -> None:
        """Have the state given anew: the recordings begin again."""
        self.server.on_restart()
        self.wants_state.set()

    async def give_state(self, position: Position, stopped: threading.Event) -> None:
        """
        Rebuild what is wanted, and send it. The replay to this client must stand still meanwhile.

        Raises:
            ClientEnded: If the client is gone.
            RecordingError: If the recordings cannot be read again.

        """
        while wanted := self.server.wanted:
            snapshots = await asyncio.to_thread(self._rebuilder.snapshots, wanted, position, stopped)
            self._carry_out(self.server.on_state(snapshots, position.time))
            await self._outlet.drain()
        self.wants_state.clear()

    def _carry_out(self, replies: Sequence[Reply]) -> None:
        outlet = self._outlet
        for reply in replies:
            if isinstance(reply, Send):
                outlet.add(reply.payload, binary=False)
                outlet.hand_over()
            elif isinstance(reply, Close):
                self.dismissal = reply
            elif isinstance(reply, Remark):
                self._remark(reply.text)

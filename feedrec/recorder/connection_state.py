"""The state of one connection of the recorder, and which state may follow which."""

from __future__ import annotations

import enum

__all__ = ["ConnectionState"]

# Rule 1: a connection is CONNECTING until the handshake succeeds, which makes it OPEN, or until the attempt fails or is
# given up, which makes it FAILED. A connection that FAILED leaves a `refused` event in the recording, or nothing if it
# was given up, and its number is free.
#
# Rule 2: whatever arrives from the handshake on is recorded, in every state up to the end. The states differ in what
# the recorder may do itself.
#
# Rule 3: an OPEN connection becomes RECORDING when the recorder begins to subscribe, once. What is to be subscribed or
# unsubscribed before that is kept until then; from then on it is sent at once.
#
# Rule 4: only a RECORDING connection becomes PAUSED, when the disk does not keep up, and it only becomes RECORDING
# again. So reading is always resumed before anything else is done: a paused socket would never show the answer to our
# close, and each `pause` event has its `resume`.
#
# Rule 5: CLOSING means that we close, by our own decision or in answer to the venue. Nothing more is sent, and reading
# is not paused again. What arrives before the peer answers is recorded.
#
# Rule 6: CLOSED is entered when the `close` event is written: after CLOSING, or at once if the connection was lost.
# CLOSED and FAILED are final: the next connection is another object.


class ConnectionState(enum.Enum):
    """What a connection of the recorder is doing; the rules stand above."""

    CONNECTING = enum.auto()
    OPEN = enum.auto()
    RECORDING = enum.auto()
    PAUSED = enum.auto()
    CLOSING = enum.auto()
    CLOSED = enum.auto()
    FAILED = enum.auto()

    def become(self, state: ConnectionState) -> ConnectionState:
        """
        Return `state`, which is to follow this one.

        Raises:
            RuntimeError: If it may not: a defect of the recorder.

        """
        if state not in _FOLLOWING[self]:
            raise RuntimeError(f"a connection that is {self.name} cannot become {state.name}")
        return state


_FOLLOWING = {
    ConnectionState.CONNECTING: {ConnectionState.OPEN, ConnectionState.FAILED},
    ConnectionState.OPEN: {ConnectionState.RECORDING, ConnectionState.CLOSING, ConnectionState.CLOSED},
    ConnectionState.RECORDING: {ConnectionState.PAUSED, ConnectionState.CLOSING, ConnectionState.CLOSED},
    ConnectionState.PAUSED: {ConnectionState.RECORDING},
    ConnectionState.CLOSING: {ConnectionState.CLOSED},
    ConnectionState.CLOSED: set[ConnectionState](),
    ConnectionState.FAILED: set[ConnectionState](),
}

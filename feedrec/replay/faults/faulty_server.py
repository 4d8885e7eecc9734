"""
A server half whose recorded frames are hit by faults.

1. The venue decides first, and numbers what it sends: a frame that is left out leaves a hole in the client's numbers,
   and one that is sent twice has its number twice.
2. What comes later is something that is due later. So it leaves in the order in which it is due, with what is made.
3. A frame that changes places with the next one leaves behind the next recorded frame that leaves.
4. What the venue makes is never hit: answers, heartbeats, and states that are rebuilt.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, NamedTuple

import msgspec

from ...feeds.server_half.in_front import ServerInFront
from ...feeds.server_half.recorded import is_recorded
from ...feeds.venue import Close, FeedServer, Handshake, Message, Remark, Reply
from ...model import Frame, FrameInfo
from .fault import CERTAIN, Disconnect
from .fault_log import FaultHit, FaultLog
from .frame_faults import Fate, Fates, FrameFaults, Frames
from .held_messages import HeldMessages
from .turned_away import AuthFailures

__all__ = ["BinaryMessage", "EndpointFaults", "FaultyServer"]

_CONTINUED = 0b10  # how the bytes of a character begin that are not the first (RFC 3629)


class BinaryMessage(bytes):
    """A message that is binary, not text."""

    __slots__ = ()


class EndpointFaults(NamedTuple):
    """
    The faults of an endpoint.

    Attributes:
        name: Its name.
        frames: What hits its frames.
        disconnects: When its connections are closed, in the order of time: a nanosecond after the moment.
        auth_failures: Authentications that fail.
        log: Notes hits.
        describe: Describes a payload.
        close_reasons: The reasons that the venue gives with close codes.

    """

    name: str
    frames: FrameFaults
    disconnects: Sequence[tuple[int, Disconnect]]
    auth_failures: AuthFailures
    log: FaultLog
    describe: Callable[[bytes], FrameInfo]
    close_reasons: Mapping[int, str] = {}


class _Leaving(NamedTuple):
    """A message that leaves: how often, when it was recorded, and whether the next one leaves before it."""

    message: Message
    time: int
    copies: int = 1
    is_swapped: bool = False


class FaultyServer(ServerInFront):
    """
    Another server half, of whose messages some are hit on their way.

    Args:
        server: The other one.
        faults: What hits them.

    Attributes:
        tell: Called with the kind of each message that is returned for a frame or held back, and the recorded time of
            its frame, right before it is; None if nobody wants to know.
        has_disconnected: Whether a fault has closed the connection.

    """

    def __init__(self, server: FeedServer, faults: EndpointFaults) -> None:
        super().__init__(server)
        self._faults = faults
        self.has_disconnected = False
        self._fates = Fates((), {})
        self._held: HeldMessages[_Leaving] = HeldMessages()
        self._swapped: _Leaving | None = None
        self._has_next = True  # whether a frame follows, for which another one can wait
        self._disconnects: list[tuple[int, Disconnect]] | None = None  # None as long as it is not known where it begins
        self.tell: Callable[[Sequence[tuple[Literal["recorded", "made"], int]]], object] | None = None

    def begin(self, frames: Frames, present: int) -> None:
        """Go on with recorded frames, of which `on_frame` takes some; `present` is the recorded time that is now."""
        self._fates = self._faults.frames.fates(frames)
        self._has_next = True
        self.join(present)

    def join(self, present: int) -> None:
        """Leave out the disconnects that are past for a client that joins now, if that is not done already."""
        if self._disconnects is None:
            self._disconnects = [one for one in self._faults.disconnects if one[0] > present]

    def forget(self) -> None:
        """Hold nothing back any more: the client goes on elsewhere."""
        self._held.clear()
        self._swapped = None

    def finish(self, *, at_once: bool) -> None:
        """Have what waits for the next frame leave with what is held back: there is none; perhaps all of it at once."""
        self._has_next = False
        self._swap_no_more()
        if at_once:
            self._held.hurry()

    @property
    def next_held(self) -> int | None:
        """The recorded time at which the next of what is held back is due; None if nothing is."""
        return self._held.next_due

    @property
    def held_until(self) -> int | None:
        """The recorded time at which nothing is held back any more; None if nothing is."""
        return self._held.last_due

    @property
    def next_due(self) -> int | None:
        theirs, own = self._server.next_due, self._held.next_due
        return theirs if own is None else own if theirs is None else min(own, theirs)

    @next_due.setter
    def next_due(self, time: int | None) -> None:
        if self._server.next_due is not None:
            self._server.next_due = time

    @property
    def deadline(self) -> int | None:  # type: ignore[override]
        theirs = self._server.deadline
        if not self._disconnects:
            return theirs
        own = self._disconnects[0][0]
        return own if theirs is None else min(own, theirs)

    def on_open(self, handshake: Handshake, time: int) -> list[Reply]:
        with self._faults.auth_failures.answering():
            return self._answered(super().on_open(handshake, time), time)

    def on_message(self, message: bytes, time: int) -> list[Reply]:
        with self._faults.auth_failures.answering():
            return self._answered(super().on_message(message, time), time)

    def on_frame(self, frame: Frame, info: FrameInfo) -> Sequence[Message]:
        messages = self._server.on_frame(frame, info)
        fate = self._fates.of(frame)
        if not messages or (fate is None and self._swapped is None and self.tell is None):
            return messages
        leaving: list[tuple[Message, Literal["recorded", "made"], int]] = []
        for message in messages:
            if not is_recorded(bytes(message), frame, info, self._faults.describe):
                leaving.append((message, "made", frame.time))
                continue
            changed = _Leaving(message, frame.time) if fate is None else self._hit(frame, info, message, fate)
            if changed is not None:
                leaving += ((one.message, "recorded", one.time) for one in self._leave(changed))
        if self.tell is not None:
            self.tell([(kind, time) for _, kind, time in leaving])
        return [message for message, _, _ in leaving]

    def on_due(self, time: int) -> Sequence[bytes]:
        due = [one for held in self._held.take(time) for one in self._leave(held)]
        theirs = self._server.next_due
        made = self._server.on_due(time) if theirs is not None and theirs <= time else ()
        if self.tell is not None:
            self.tell([*(("recorded", one.time) for one in due), *(("made", time) for _ in made)])
        return [*(bytes(one.message) if not isinstance(one.message, bytes) else one.message for one in due), *made]

    def on_deadline(self, time: int) -> list[Reply]:
        if not self._disconnects or self._disconnects[0][0] > time:
            return super().on_deadline(time)
        time, fault = self._disconnects.pop(0)
        self.has_disconnected = True
        self._faults.log.note_once(FaultHit(fault.text, self._faults.name, time - 1))
        return [Close(fault.code, self._faults.close_reasons.get(fault.code, ""))]

    def on_clock_set(self, by: int) -> None:
        self._held.shift(by)
        super().on_clock_set(by)

    def on_restart(self) -> None:
        self._swap_no_more()
        self._held.hurry()
        self._disconnects = None
        super().on_restart()

    def _swap_no_more(self) -> None:
        """Have what waits for the next frame leave at once."""
        if self._swapped is not None:
            self._held.hold(0, [self._swapped])
            self._swapped = None

    def _answered(self, replies: list[Reply], time: int) -> list[Reply]:
        """Note an authentication that failed, for which the client is not to blame."""
        fault = self._faults.auth_failures.take()
        if fault is None:
            return replies
        self._faults.log.note(FaultHit(fault.text, self._faults.name, time or None))
        return [msgspec.structs.replace(one, is_fault=False) if isinstance(one, Remark) else one for one in replies]

    def _hit(self, frame: Frame, info: FrameInfo, message: Message, fate: Fate) -> _Leaving | None:
        """Return the message of a frame that is hit; None if it does not leave, or not now."""
        for fault in fate.faults:
            self._faults.log.note_frame(fault.text, self._faults.name, fate.position, frame.time, info)
        if fate.is_dropped:
            return None
        if fate.cut is not None:
            message = _cut(bytes(message), fate.cut, is_text=not frame.binary)
        if frame.binary:
            message = BinaryMessage(bytes(message))
        leaving = _Leaving(message, frame.time, fate.copies, fate.is_swapped)
        if fate.due > frame.time:
            self._held.hold(fate.due, [leaving])
            return None
        return leaving

    def _leave(self, leaving: _Leaving) -> list[_Leaving]:
        """Return what leaves now: the message, as often as it does, and the one that waited for it."""
        if leaving.is_swapped and self._swapped is None and self._has_next:
            self._swapped = leaving
            return []
        swapped, self._swapped = self._swapped, None
        return [one for one in (leaving, swapped) if one is not None for _ in range(one.copies)]


def _cut(payload: bytes, where: int, *, is_text: bool) -> bytes:
    """Return the beginning of a payload, at least a byte less than all of it; of text, whole characters."""
    end = min(1, len(payload)) + where * max(0, len(payload) - 1) // CERTAIN
    while is_text and 0 < end < len(payload) and payload[end] >> 6 == _CONTINUED:
        end -= 1
    return payload[:end]

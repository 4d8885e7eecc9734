"""Messages to one client, of which an observer hears."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from ...model import Frame, FrameInfo
from ..observer import Observer
from .connection import ReplayConnection
from .crowd import Crowd
from .outlet import Outlet
from .venue_session import VenueSession

__all__ = ["ObservedOutlet"]

OnFrame = Callable[[Frame, FrameInfo], Sequence[bytes]]


_ENDS = 32  # bytes at either end of a message; no answer has both of them in common with a frame


class Place(Protocol):
    """Where the replay to a client is."""

    @property
    def present(self) -> int:
        """The recorded time that is now, in nanoseconds."""

    @property
    def frame_at_hand(self) -> Frame | None:
        """The frame that is played now, or comes next; None if it is not known."""


class _Origin(NamedTuple):
    """Where a message comes from: a recorded time, and whether it was recorded."""

    time: int
    is_recorded: bool


class ObservedOutlet(Outlet):
    """
    Sends messages to one client, and tells an observer of each right before it is written.

    It is an outlet of its own, so that a replay that nobody observes pays nothing.

    Args:
        connection: The client's connection.
        deflate: Whether to compress, if the client offered it.
        crowd: Says how much may wait for the client to read.
        client: The client's number.
        observer: Hears of it.

    """

    def __init__(
        self, connection: ReplayConnection, *, deflate: bool, crowd: Crowd, client: int, observer: Observer
    ) -> None:
        super().__init__(connection, deflate=deflate, crowd=crowd)
        self._place: Place | None = None
        self._client = client
        self._observer = observer
        self._coming: deque[_Origin] = deque()  # of the messages that a frame became
        self._added: list[tuple[bytes, bool, _Origin]] = []

    def follow(self, place: Place, session: VenueSession | None, describe: Callable[[bytes], FrameInfo] | None) -> None:
        """
        Learn from the replay to the client where messages come from.

        Args:
            place: Tells where it is.
            session: Its session with a venue; None for who is sent every frame as it is.
            describe: Describes a payload of that venue: a frame that was renumbered or cut is still of its channel.

        """
        self._place = place
        if session is not None and describe is not None:
            session.on_frame = self._noted(session.on_frame, describe)

    def _noted(self, on_frame: OnFrame, describe: Callable[[bytes], FrameInfo]) -> OnFrame:
        """Return a server half's `on_frame` that notes which of its messages are the frame."""

        def on_frame_noted(frame: Frame, info: FrameInfo) -> Sequence[bytes]:
            messages = on_frame(frame, info)
            self._coming.clear()
            for message in messages:
                is_frame = _looks_like(message, frame.payload) or describe(message).channel == info.channel
                self._coming.append(_Origin(frame.time, is_frame))
            return messages

        return on_frame_noted

    def add(self, payload: bytes, *, binary: bool) -> bool:
        is_full = super().add(payload, binary=binary)  # which may hand over what was added before
        self._added.append((payload, binary, self._origin(payload)))
        return is_full

    def hand_over(self) -> None:
        self.check_open()
        for payload, binary, origin in self._added:
            self._observer.on_sent(
                self._client, payload, binary=binary, time=origin.time, is_recorded=origin.is_recorded
            )
        self._added.clear()
        super().hand_over()

    def _origin(self, payload: bytes) -> _Origin:
        if self._coming:
            return self._coming.popleft()
        if self._place is None:
            return _Origin(0, is_recorded=False)
        frame = self._place.frame_at_hand
        if frame is not None and frame.payload is payload:
            return _Origin(frame.time, is_recorded=True)
        return _Origin(self._place.present, is_recorded=False)


def _looks_like(message: bytes, payload: bytes) -> bool:
    """Tell whether a message is surely a payload, as it is or renumbered; it costs less than to describe it."""
    return message is payload or (message[:_ENDS] == payload[:_ENDS] and message[-_ENDS:] == payload[-_ENDS:])

"""Messages to one client, of which an observer hears."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import msgspec

from ....feeds.server_half.recorded import is_recorded
from ....feeds.venue import Message
from ....model import Frame, FrameInfo
from ...messages import Kind, SentMessage
from ...observer import Observer
from ..connection import ReplayConnection
from ..crowd import Crowd
from ..venue_session import VenueSession
from .outlet import Outlet
from .restamping import Restamping

__all__ = ["ObservedOutlet"]

OnFrame = Callable[[Frame, FrameInfo], Sequence[Message]]


class Place(Protocol):
    """Where the replay to a client is."""

    @property
    def present(self) -> int:
        """The recorded time that is now, in nanoseconds."""

    @property
    def frame_at_hand(self) -> Frame | None:
        """The frame that is played now, or comes next; None if it is not known."""


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
        restamping: Moves the times in text messages; None to leave them.

    """

    def __init__(
        self,
        connection: ReplayConnection,
        *,
        deflate: bool,
        crowd: Crowd,
        client: int,
        observer: Observer,
        restamping: Restamping | None = None,
    ) -> None:
        super().__init__(connection, deflate=deflate, crowd=crowd, restamping=restamping)
        self.takes_runs = False
        self._place: Place | None = None
        self._client = client
        self._observer = observer
        self._expected: deque[tuple[Kind, int]] = deque()  # what the next messages are, and the times of their frames
        self._added: list[SentMessage] = []

    def follow(self, place: Place, session: VenueSession | None, describe: Callable[[bytes], FrameInfo] | None) -> None:
        """
        Learn from the replay to the client where messages come from.

        Args:
            place: Tells where it is.
            session: Its session with a venue; None for who is sent every frame as it is, or calls `expect`.
            describe: Describes a payload of that venue: a frame that was renumbered or cut is still of its channel.

        """
        self._place = place
        if session is not None and describe is not None:
            session.on_frame = self._noted(session.on_frame, describe)

    def expect(self, messages: Iterable[tuple[Kind, int]]) -> None:
        """Note what the next messages are, and the recorded times of their frames."""
        self._expected.clear()
        self._expected.extend(messages)

    def _noted(self, on_frame: OnFrame, describe: Callable[[bytes], FrameInfo]) -> OnFrame:
        """Return a server half's `on_frame` that notes which of its messages are the frame."""

        def on_frame_noted(frame: Frame, info: FrameInfo) -> Sequence[bytes]:
            messages = [bytes(message) for message in on_frame(frame, info)]
            self.expect(
                ("recorded" if is_recorded(message, frame, info, describe) else "made", frame.time)
                for message in messages
            )
            return messages

        return on_frame_noted

    def add(self, payload: Message, *, binary: bool) -> bool:
        payload = bytes(payload)
        stamped = bytes(self._stamped(payload, binary=binary))
        is_full = self._collect(stamped, binary=binary)  # which may hand over what was added before
        if self._expected:
            kind, time = self._expected.popleft()
            message = SentMessage(self._client, payload, binary, time, kind)
        else:
            message = self._message(payload, binary=binary)
        self._added.append(message if stamped is payload else msgspec.structs.replace(message, payload=stamped))
        return is_full

    def hand_over(self) -> None:
        self.check_open()
        if self._added:
            self._observer.on_sent(self._added)
            self._added = []
        super().hand_over()

    def _message(self, payload: bytes, *, binary: bool) -> SentMessage:
        """Return a message that no server half made of a frame."""
        place = self._place
        frame = None if place is None else place.frame_at_hand
        if frame is not None and frame.payload is payload:
            return SentMessage(self._client, payload, binary, frame.time)
        return SentMessage(self._client, payload, binary, (0 if place is None else place.present) or None, "made")

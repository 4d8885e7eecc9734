"""A server half in front of another one, which changes what that one says and hears."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence

from ...model import Frame, FrameInfo
from ..base import Subscription
from ..passages import has_passages
from ..venue import FeedServer, Handshake, Key, Message, Refusal, Reply, VenueClock

__all__ = ["ServerInFront"]


class ServerInFront(FeedServer):
    """
    Hands everything on to another server half, and its answers back; a class that inherits it overrides some of that.

    Args:
        server: The other one.

    """

    def __init__(self, server: FeedServer) -> None:
        self._server = server
        self._has_passages = has_passages(server)

    @property
    def subscribe_within(self) -> float | None:  # type: ignore[override]  # as of the other
        return self._server.subscribe_within

    @property
    def next_due(self) -> int | None:
        return self._server.next_due

    @next_due.setter
    def next_due(self, time: int | None) -> None:
        self._server.next_due = time

    @property
    def clock(self) -> VenueClock:
        return self._server.clock

    @clock.setter
    def clock(self, clock: VenueClock) -> None:
        self._server.clock = clock

    @property
    def deadline(self) -> int | None:  # type: ignore[override]
        return self._server.deadline

    @property
    def wanted(self) -> frozenset[Key]:
        return self._server.wanted

    @property
    def awaited(self) -> frozenset[Key]:
        return self._server.awaited

    @property
    def subscribed(self) -> Mapping[str, Collection[str]]:  # type: ignore[override]
        return self._server.subscribed

    @property
    def has_subscribed(self) -> bool:
        return self._server.has_subscribed

    def has_subscribed_to(self, keys: Iterable[Key]) -> bool:
        return self._server.has_subscribed_to(keys)

    def on_handshake(self, handshake: Handshake) -> Refusal | None:
        return self._server.on_handshake(handshake)

    def on_open(self, handshake: Handshake, time: int) -> list[Reply]:
        return self._server.on_open(handshake, time)

    def on_message(self, message: bytes, time: int) -> list[Reply]:
        return self._server.on_message(message, time)

    def lacking(self, message: bytes) -> list[Subscription]:
        return self._server.lacking(message)

    def on_coming(self, coming: Collection[Key]) -> None:
        self._server.on_coming(coming)

    def on_state(self, snapshots: Mapping[Key, bytes | None], time: int) -> list[Reply]:
        return self._server.on_state(snapshots, time)

    def on_frame(self, frame: Frame, info: FrameInfo) -> Sequence[Message]:
        return self._server.on_frame(frame, info)

    def passage_key(self, frame: Frame, info: FrameInfo) -> Hashable | None:
        return self._server.passage_key(frame, info) if self._has_passages else None

    def passage(self, frames: Sequence[Frame], infos: Sequence[FrameInfo]) -> Sequence[bytes | None]:
        return self._server.passage(frames, infos)

    def on_passage(self, frames: Sequence[Frame], infos: Sequence[FrameInfo], messages: Sequence[bytes | None]) -> None:
        self._server.on_passage(frames, infos, messages)

    def on_due(self, time: int) -> Sequence[bytes]:
        return self._server.on_due(time)

    def on_deadline(self, time: int) -> list[Reply]:
        return self._server.on_deadline(time)

    def on_clock_set(self, by: int) -> None:
        self._server.on_clock_set(by)

    def on_silence(self) -> list[Reply]:
        return self._server.on_silence()

    def on_restart(self) -> None:
        self._server.on_restart()

    def on_end(self, time: int) -> list[Reply]:
        return self._server.on_end(time)

    def on_slow(self) -> list[Reply]:
        return self._server.on_slow()

    def on_close(self) -> None:
        self._server.on_close()

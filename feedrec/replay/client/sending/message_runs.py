"""
Frames that follow each other, as the bytes of WebSocket messages: made once for all clients that get the same.

A client gets the same as another one if all frames are sent to it as they are, or if its server half says so (see
`feeds/passages.py`). Whoever is at another frame of the run cuts another piece out of the same bytes. A run is
kept as long as any client plays it.
"""

from __future__ import annotations

import itertools
import operator
from collections.abc import Hashable, Sequence
from functools import lru_cache, partial
from typing import Protocol
from weakref import WeakValueDictionary

from ....feeds.passages import Passages
from ....model import Frame
from ...timeline.frame_batches import FrameBatch, payload_size
from .wire import message_header

__all__ = ["Client", "MessageRun", "RunsOfClient", "SharedRuns"]

_MOST = 1 << 18  # bytes of payload of a run: a batch has more only if it has a large frame, which is written alone
_FEW = 8  # frames for which a run is not worth it

_is_binary = operator.attrgetter("binary")
_text_header = lru_cache(1 << 12)(partial(message_header, binary=False))  # many frames have the same few sizes

_EVERY_FRAME = ()  # what clients have in common that are sent every frame


class MessageRun:
    """
    A run.

    Args:
        frames: The frames of a batch.
        start: The number of the first one in the run.
        messages: What is sent for each, from there on; None for nothing.

    Attributes:
        start: See above.
        end: The number after the last one in the run.
        messages: See above.

    """

    def __init__(self, frames: list[Frame], start: int, messages: Sequence[bytes | None]) -> None:
        self.start = start
        self.end = start + len(messages)
        self.messages = messages
        self._frames = frames  # kept, so that no other list has the same identity meanwhile: see `SharedRuns`
        texts = [b"" if message is None else message for message in messages]
        sizes = list(map(len, texts))
        headers = self._headers(frames[start : self.end], messages, sizes)
        parts = [b""] * (2 * len(texts))
        parts[::2], parts[1::2] = headers, texts
        self._data = b"".join(parts)
        self._places = list(itertools.accumulate(map(operator.add, map(len, headers), sizes), initial=0))
        self._sizes = list(itertools.accumulate(sizes, initial=0))

    @staticmethod
    def _headers(frames: Sequence[Frame], messages: Sequence[bytes | None], sizes: Sequence[int]) -> list[bytes]:
        """Return what precedes each message; nothing where there is none."""
        if None not in messages and not any(map(_is_binary, frames)):
            return list(map(_text_header, sizes))
        return [
            message_header(size, binary=frame.binary and message is frame.payload) if message is not None else b""
            for frame, message, size in zip(frames, messages, sizes, strict=True)
        ]

    def data(self, first: int, last: int) -> bytes:
        """Return the messages of some frames of the run."""
        start = self.start
        return self._data[self._places[first - start] : self._places[last - start]]

    def size(self, first: int, last: int) -> int:
        """Return how many bytes of payload that are."""
        start = self.start
        return self._sizes[last - start] - self._sizes[first - start]


class Client(Passages, Protocol):
    """
    What decides on the frames of one client.

    Attributes:
        changes: How often it was told anything else than frames: what it decided before that no longer holds.

    """

    changes: int


class SharedRuns:
    """The runs that the clients of a server play now."""

    def __init__(self) -> None:
        self._runs: WeakValueDictionary[Hashable, MessageRun] = WeakValueDictionary()

    def __len__(self) -> int:
        """Return how many runs are played."""
        return len(self._runs)

    def every_frame(self, batch: FrameBatch) -> MessageRun | None:
        """Return the run of all frames of a batch as they are; None for a batch with large ones."""
        frames = batch.frames
        key = (id(frames), 0, _EVERY_FRAME)
        run = self._runs.get(key)
        if run is None and payload_size(frames) <= _MOST:
            self._runs[key] = run = MessageRun(frames, 0, [frame.payload for frame in frames])
        return run

    def passage(self, batch: FrameBatch, number: int, session: Client) -> MessageRun | None:
        """Return the run that a client of a venue gets from a frame on; None if each is to be asked for."""
        frames, infos = batch.frames, batch.infos
        passes = session.passage_key(frames[number], infos[number])
        if passes is None:
            return None
        key = (id(frames), number, passes)
        run = self._runs.get(key)
        if run is None and payload_size(frames) <= _MOST:
            messages = session.passage(frames[number:], infos[number:])
            self._runs[key] = run = MessageRun(frames, number, messages)
        return run


class RunsOfClient:
    """
    The runs that one client plays.

    Args:
        shared: Those of all clients; None if each frame is to be asked for.
        session: Decides what it gets; None for every frame.

    """

    def __init__(self, shared: SharedRuns | None, session: Client | None) -> None:
        self._shared = shared
        self._session = session
        self._batch: FrameBatch | None = None
        self._run: MessageRun | None = None
        self._changes = 0  # of the session, when the run was made
        self._none_before = 0  # number of the frame from which on a run may be worth it

    def begin(self, batch: FrameBatch) -> None:
        """Go on to the next batch."""
        self._batch, self._run, self._none_before = batch, None, 0

    def at(self, number: int) -> MessageRun | None:
        """Return the run that has a frame of the batch; None if it is to be asked for."""
        run, session = self._run, self._session
        changes = 0 if session is None else session.changes
        if run is not None and number < run.end and changes == self._changes:
            return run
        self._run = None
        if self._shared is None or self._batch is None or number < self._none_before:
            return None
        if session is None:
            run = self._shared.every_frame(self._batch)
        else:
            run = self._shared.passage(self._batch, number, session)
        left = len(self._batch.frames) - number
        if run is None or run.end - number < min(_FEW, left):
            self._none_before = number + _FEW
            return None
        self._run, self._changes = run, changes
        return run

    def pass_on(self, run: MessageRun, first: int, last: int) -> Sequence[bool]:
        """Have the server half take frames of a run, which are sent; return of each whether it has a message."""
        session, batch = self._session, self._batch
        messages = run.messages[first - run.start : last - run.start]
        if session is not None and batch is not None:
            session.on_passage(batch.frames[first:last], batch.infos[first:last], messages)
        return [message is not None for message in messages]

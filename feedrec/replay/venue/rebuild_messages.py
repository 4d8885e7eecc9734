"""What a replay and the process that rebuilds its states say to each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import IO

import msgspec

from ...feeds.venue import Key
from ..worker.worker_messages import Failure, read_exactly, read_message
from .position import Position

__all__ = ["Answer", "Request", "Task", "read_snapshots"]


class Task(msgspec.Struct):
    """
    What a process is for: its first message.

    Attributes:
        endpoint: Name of the feed.
        identity: See `identity`.
        paths: The recordings, as the replay was given them.
        keeps: Whether it keeps what it rebuilt in the user's cache.
        start: Where the timeline starts; see `Timeline`.
        end: Where it ends.

    """

    endpoint: str
    identity: str
    paths: list[str]
    keeps: bool = False
    start: int | None = None
    end: int | None = None


class Request(msgspec.Struct):
    """See `Rebuilder.snapshots`."""

    wanted: list[Key]
    position: Position


class Answer(msgspec.Struct):
    """The size of each snapshot, in the order of what was wanted, None if there is none; their bytes follow."""

    sizes: list[int | None] = []
    failure: Failure | None = None


def read_snapshots(wanted: Collection[Key], answers: IO[bytes]) -> Mapping[Key, bytes | None]:
    """
    Read the snapshots that were asked for, in the order of `wanted`.

    Raises:
        RecordingError: As `Rebuilder.snapshots` does.
        EOFError: If the process is gone.

    """
    answer: Answer = read_message(answers, Answer)
    if answer.failure is not None:
        raise answer.failure.error()
    snapshots = [None if size is None else read_exactly(answers, size) for size in answer.sizes]
    return dict(zip(wanted, snapshots, strict=True))

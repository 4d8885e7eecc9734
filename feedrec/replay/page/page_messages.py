"""What a page and the processes that answer for it say to each other."""

from __future__ import annotations

from typing import IO

import msgspec

from ..worker.worker_messages import read_exactly, read_message, write_message

__all__ = ["KINDS", "Answered", "PageTask", "Question", "read_answered", "write_answered"]


KINDS = ("info", "overview", "frames", "frame", "ladder", "trades", "heatmap")
"""What can be asked."""


class PageTask(msgspec.Struct):
    """
    What a process is for: its first message.

    Attributes:
        paths: The recordings.
        start: The wall time at which the replay begins, in nanoseconds; None for the beginning of the recordings.
        end: The wall time at which it ends; None for their end.
        origin: The wall time from which milliseconds count; None for that at which what is shown begins.
        is_replay: Whether there is a replay of them.

    """

    paths: list[str]
    start: int | None = None
    end: int | None = None
    origin: int | None = None
    is_replay: bool = False


class Question(msgspec.Struct, frozen=True):
    """
    What is asked.

    Attributes:
        kind: What about, such as `overview`.
        parameters: Names and values, as they stand in the query of an address.

    """

    kind: str
    parameters: tuple[tuple[str, str], ...] = ()


class Answered(msgspec.Struct, frozen=True):
    """
    An answer.

    Attributes:
        status: The status of the HTTP answer.
        body: JSON; of another status than 200, a line that says what is wrong.

    """

    status: int
    body: bytes


class _Head(msgspec.Struct):
    """The status of an answer, and how many bytes follow."""

    status: int
    size: int


def write_answered(answers: IO[bytes], answered: Answered) -> None:
    """Write an answer."""
    write_message(answers, _Head(answered.status, len(answered.body)))
    answers.write(answered.body)
    answers.flush()


def read_answered(answers: IO[bytes]) -> Answered:
    """
    Read an answer.

    Raises:
        EOFError: If the process is gone.

    """
    head: _Head = read_message(answers, _Head)
    return Answered(head.status, read_exactly(answers, head.size))

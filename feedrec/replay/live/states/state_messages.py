"""
What the serving process and the one that knows the states say to each other, over a local socket.

A request is a line of JSON. So is the head of an answer, and the snapshots follow it, one after another. Answers about
one feed come in the order of its requests, those about several in any order.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from ....feeds.venue import Key

__all__ = ["StateAnswer", "StateRequest", "encoded", "read_answer", "read_request"]


_T = TypeVar("_T")


class StateRequest(msgspec.Struct, frozen=True):
    """
    Asks for snapshots.

    Attributes:
        feed: The feed, by its place in the plan.
        keys: Channels and products.
        time: The time to stamp the snapshots with, in nanoseconds.
        after: They must be as of this number of LINES, or a later one.

    """

    feed: int
    keys: list[Key]
    time: int
    after: int


class StateAnswer(msgspec.Struct, frozen=True):
    """
    The head of an answer.

    Attributes:
        feed: The feed that was asked for.
        number: The snapshots are as of these LINES: those up to this number are in them.
        sizes: How many bytes each snapshot has, in the order of the keys; None where there is none yet.

    """

    feed: int
    number: int
    sizes: list[int | None]


_request = msgspec.json.Decoder(StateRequest)
_answer = msgspec.json.Decoder(StateAnswer)


def encoded(message: StateRequest | StateAnswer) -> bytes:
    """Return a request, or the head of an answer, as a line."""
    return msgspec.json.encode(message) + b"\n"


def read_request(line: bytes) -> StateRequest:
    """Read a request; raises ValueError if it is none."""
    return _read(_request, line)


def read_answer(line: bytes) -> StateAnswer:
    """Read the head of an answer; raises ValueError if it is none."""
    return _read(_answer, line)


def _read(decoder: msgspec.json.Decoder[_T], line: bytes) -> _T:
    try:
        return decoder.decode(line)
    except msgspec.DecodeError as error:
        raise ValueError(f"no message about states: {error}") from error

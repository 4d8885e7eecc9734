"""
What a recorder and the processes that serve its feeds live tell each other, over a local socket.

The recorder sends parcels, the same to each process. Processes answer in lines of JSON. Nothing here knows a socket:
bytes go in and come out.

Parcels of LINES are numbered, from 1 on, in one count for all processes and feeds, which goes on when a process is
started again. All other parcels take no number: they have that of the last LINES before them. So the state after a
number is the same for all, and who has got `FILES` knows which LINES its files have not.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from enum import IntEnum
from typing import Any, NamedTuple

import msgspec

__all__ = [
    "Answered",
    "Catalogue",
    "Clients",
    "FeedPlan",
    "Files",
    "Logged",
    "Parcel",
    "ParcelKind",
    "Parcels",
    "Ready",
    "ServePlan",
    "Told",
    "Wish",
    "packed",
    "read_told",
    "told_line",
]

_HEAD = struct.Struct("<QBHI")  # number, kind, feed, bytes of content
_MOST = (1 << 32) - 1


class ParcelKind(IntEnum):
    """
    What is in a parcel.

    LINES are lines of the recording, each with its line feed, in their order. HEADER is the header line of the
    recording of the feed, without a line feed: the first parcel of a feed that a process gets. It comes again when
    another run of the feed takes over, after a failure or a change: what was known of the feed before is over then, its
    connections too. CATALOGUE is a `Catalogue`: after each HEADER, and whenever it has changed. FILES are `Files`:
    after each HEADER, and only for the process that knows the states. ANSWERED is an `Answered`, only for the process
    that had the wish. All three are JSON.

    """

    LINES = 0
    HEADER = 1
    CATALOGUE = 2
    FILES = 3
    ANSWERED = 4


class Parcel(NamedTuple):
    """
    What a recorder sends at once.

    Attributes:
        number: Its number if it is of LINES, else that of the last such parcel before it; 0 for none.
        kind: What is in it.
        feed: The feed that it is about, by its place in the plan.
        content: What is in it.

    """

    number: int
    kind: ParcelKind
    feed: int
    content: bytes


class Catalogue(msgspec.Struct, frozen=True):
    """
    What a feed records now: what was asked for and not refused.

    Attributes:
        products: Products by channel, as they are subscribed; none where a channel has none, or all of them.

    """

    products: dict[str, list[str]]


class Files(msgspec.Struct, frozen=True):
    """
    The files of a run, for a process that comes amid it and wants to know what was before.

    Attributes:
        finished: Those that are finished, or about to be, in order, as absolute paths: their final names.
        growing: The one that is being written, as it will be called (`part_path` until then); None if there is none.
        lines: How many lines it has, header and all, up to this parcel: what follows is in the parcels. The last of
            them may be a second late on the disk.

    """

    finished: list[str]
    growing: str | None
    lines: int


class Answered(msgspec.Struct, frozen=True):
    """
    What became of a `Wish`.

    Attributes:
        wish: Its number.
        refused: Why not, for people; None if it is subscribed, or was already.

    """

    wish: int
    refused: str | None = None


class FeedPlan(msgspec.Struct, frozen=True):
    """
    A feed that is served.

    Attributes:
        endpoint: Its name in the catalogue of feeds.
        name: Its name in the configuration; empty if the process records no other.

    """

    endpoint: str
    name: str = ""


class ServePlan(msgspec.Struct, frozen=True):
    """
    What a process serves, as JSON its only argument.

    Attributes:
        feeds: The feeds, by place.
        host: Where it listens.
        port: The port; 0 for any.
        states: The path of the local socket of the process that knows the states.
        subscribes: Whether what clients ask for beyond what is recorded is asked of the recorder.
        allow_hosts: Names by which clients may ask for it, besides its own.
        settings: What is not known about venues, by name, as for a replay.
        recorder: The number of the recorder's process, the parent until that is killed; 0 if it is not known.

    """

    feeds: list[FeedPlan]
    host: str
    port: int
    states: str
    subscribes: bool = False
    allow_hosts: list[str] = []
    settings: dict[str, str] = {}
    recorder: int = 0


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """It listens: `urls` are the addresses of the feeds by place."""

    urls: list[str]


class Logged(msgspec.Struct, frozen=True, tag="log"):
    """A line for the log of the recorder, of a level of `logging`."""

    level: int
    text: str


class Wish(msgspec.Struct, frozen=True, tag="wish"):
    """
    A client asks for what is not recorded.

    Attributes:
        number: Its number, for the answer.
        feed: The feed.
        subscriptions: What it is, as in a header.

    """

    number: int
    feed: int
    subscriptions: list[dict[str, Any]]


class Clients(msgspec.Struct, frozen=True, tag="clients"):
    """
    Who is served: told when it has changed, but once a second at most.

    Attributes:
        now: Clients that are connected.
        served: Clients that were, since the process began, those of now among them.
        cut: Those of them that were too slow.

    """

    now: int
    served: int
    cut: int


Told = Ready | Logged | Wish | Clients
"""What a process tells the recorder."""

_decoder: msgspec.json.Decoder[Ready | Logged | Wish | Clients] = msgspec.json.Decoder(Told)


def packed(parcel: Parcel) -> tuple[bytes, bytes]:
    """
    Return a parcel as bytes: what stands before its content, and that.

    Raises:
        ValueError: If the content is larger than 4 GiB.

    """
    number, kind, feed, content = parcel
    if len(content) > _MOST:
        raise ValueError(f"{len(content)} bytes are too many for a parcel")
    return _HEAD.pack(number, kind, feed, len(content)), content


class Parcels:
    """Cuts bytes as they arrive into parcels."""

    def __init__(self) -> None:
        self._rest = bytearray()

    def feed(self, data: bytes) -> Iterator[Parcel]:
        """
        Take bytes, and yield each parcel that is whole.

        Raises:
            ValueError: If they are no parcels.

        """
        rest = self._rest
        rest += data
        place = 0
        try:
            while len(rest) - place >= _HEAD.size:
                number, kind, feed, size = _HEAD.unpack_from(rest, place)
                end = place + _HEAD.size + size
                if len(rest) < end:
                    break
                with memoryview(rest) as view:
                    content = bytes(view[place + _HEAD.size : end])
                place = end
                yield Parcel(number, ParcelKind(kind), feed, content)
        finally:
            del rest[:place]


def told_line(told: Told) -> bytes:
    """Return what a process tells as a line of JSON."""
    return msgspec.json.encode(told) + b"\n"


def read_told(line: bytes) -> Told:
    """
    Read such a line.

    Raises:
        ValueError: If it is none.

    """
    try:
        return _decoder.decode(line)
    except msgspec.DecodeError as error:
        raise ValueError(f"no line of a serving process: {error}") from error

"""What is known of a recording without reading it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal

import msgspec

from ...model import Header
from ..facts.file_facts import FileFacts
from ..line.http_events import HTTP
from ..line.index import IndexedBlock
from ..places.protocol import StoredObject
from ..several.inputs import RunIdentity

__all__ = ["ChannelEntry", "Entry", "SnapshotEntry", "State", "entry_of_facts", "entry_of_header"]

_BEFORE_STATE = 1  # lines before the state that a file begins with: a `clock` event

Blocks = Sequence[IndexedBlock] | None

State = Literal["finished", "no summary", "unfinished", "being written", "unreadable"]


class ChannelEntry(msgspec.Struct, frozen=True):
    """Received frames of a channel and a product, and the bytes of their payloads; None stands for several products."""

    channel: str
    product: str | None
    frames: int
    bytes: int


class SnapshotEntry(msgspec.Struct, frozen=True):
    """A snapshot of a channel and a product, the first one of a recording: there was one by this wall time."""

    channel: str
    product: str
    time: int


class Entry(msgspec.Struct, frozen=True):
    """
    What is known of a recording. Times are wall nanoseconds; what is None is not known.

    Attributes:
        path: Its name: below the folder that was looked at, or in full.
        size: Its bytes.
        etag: What the place says of it that changes when it does; empty for a file of this machine.
        modified: When it was written.
        state: `finished`; `no summary` if it must be read to know more; `unfinished`, `being written` or `unreadable`.
        problem: Why it cannot be read; empty if it can be.
        endpoint: What was recorded.
        url: Its address.
        software: What wrote it.
        created: When its run began.
        part: Its number among the files of the run, if it has one.
        begin: The earliest time of a line.
        end: The latest time of a line.
        first_time: When the first frame was received.
        last_time: When the last frame was received.
        frames: Received frames.
        bytes: Bytes of their payloads.
        text_bytes: Bytes of all lines.
        sent: Sent frames.
        requests: HTTP requests with their answers.
        connections: Connections that were opened.
        gaps: Gaps in the venue's sequence.
        missing: Frames missing in those.
        channels: Frames by channel and product.
        snapshots: The first snapshot of each channel and product; None if it is not known where there are some.

    """

    path: str
    size: int
    etag: str
    modified: int
    state: State
    problem: str = ""
    endpoint: str = ""
    url: str = ""
    software: str = ""
    created: int = 0
    part: int | None = None
    begin: int | None = None
    end: int | None = None
    first_time: int | None = None
    last_time: int | None = None
    frames: int | None = None
    bytes: int | None = None
    text_bytes: int | None = None
    sent: int | None = None
    requests: int | None = None
    connections: int | None = None
    gaps: int | None = None
    missing: int | None = None
    channels: list[ChannelEntry] = []
    snapshots: list[SnapshotEntry] | None = None

    @property
    def run(self) -> RunIdentity:
        """What all files of one run have in common."""
        return (self.endpoint, self.url, self.created, self.software) if self.created else Path(self.path)

    @property
    def is_known(self) -> bool:
        """Whether it says what is in it."""
        return self.frames is not None

    def fits(self, stored: StoredObject) -> bool:
        """Return whether it is about the file that is there now."""
        if self.size != stored.size:
            return False
        return self.etag == stored.tag if self.etag else self.modified == stored.modified


def entry_of_header(path: str, stored: StoredObject, state: State, header: Header, begin: int | None) -> Entry:
    """Return what is known of a recording that must be read to know more."""
    return Entry(path, stored.size, stored.tag, stored.modified, state, "", *_said(header), begin)


def entry_of_facts(path: str, stored: StoredObject, header: Header, facts: FileFacts, blocks: Blocks) -> Entry:
    """Return what a finished recording says of itself; of Parquet, nothing is known of blocks."""
    begin, end = _span(facts, blocks)
    sequence = facts.sequence
    return Entry(
        path,
        stored.size,
        stored.tag,
        stored.modified,
        "finished",
        "",
        *_said(header),
        begin,
        end,
        first_time=None if facts.received.first is None else facts.received.first[1],
        last_time=None if facts.received.last is None else facts.received.last[1],
        frames=facts.frames,
        bytes=facts.bytes,
        text_bytes=facts.text,
        sent=facts.sent,
        requests=facts.events.get(HTTP, 0),
        connections=facts.events.get("open", 0),
        gaps=sequence.gaps + sequence.unnoticed_gaps,
        missing=sequence.missing + sequence.unnoticed,
        channels=[ChannelEntry(one.channel, one.product, one.frames, one.bytes) for one in facts.channels],
        snapshots=None if blocks is None else _snapshots(blocks),
    )


def _said(header: Header) -> tuple[str, str, str, int, int | None]:
    part = header.extra.get("part")
    is_number = isinstance(part, int) and not isinstance(part, bool) and part > 0
    return header.endpoint, header.url, header.software, header.created, part if is_number else None


def _span(facts: FileFacts, blocks: Blocks) -> tuple[int | None, int | None]:
    """Return the earliest and the latest time; without blocks, those of the first and the last line of each kind."""
    if blocks is not None:
        times = [time for block in blocks for time in (block.first, block.last) if time is not None]
    else:
        ends = (facts.received.first, facts.received.last, facts.others.first, facts.others.last)
        times = [moment[1] for moment in ends if moment is not None]
    return min(times, default=None), max(times, default=None)


def _snapshots(blocks: Iterable[IndexedBlock]) -> list[SnapshotEntry]:
    """Return the first snapshot of each key; those with which a file begins are as early as its first line."""
    found: dict[tuple[str, str], int] = {}
    begin, before, leading = None, 0, _BEFORE_STATE
    for block in blocks:
        begin = block.first if begin is None else begin
        for place in block.snapshots:
            is_leading = before + place.line <= leading
            leading += is_leading
            for product in place.products or ("",):
                found.setdefault((place.channel, product), (begin if is_leading else block.last) or 0)
        before += block.lines
    return [SnapshotEntry(*key, time) for key, time in found.items()]

"""What exports for people who look at connections do alike: they read, choose, write, and tell what they wrote."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol

import msgspec

from ...formats.file.modes import FileMode
from ...formats.line.http_events import exchange_of
from ...formats.line.selection import Selection
from ...formats.several.inputs import Input, joined_header
from ...formats.several.joined_files import FinishedFiles, leaving_nothing_behind
from ...http_messages import HttpExchange
from ...model import Describe, DescribeAll, Event, Frame, Header
from .destination import Destination
from .records import Records

__all__ = ["Begin", "Reading", "WireExport", "Writer", "export_with"]


class WireExport(msgspec.Struct):
    """
    What was exported.

    Attributes:
        path: The file; `STDOUT` for a stream.
        frames: Frames of both directions.
        connections: WebSocket connections.
        exchanges: HTTP requests and their answers.
        events: Other events.
        not_utf8: Text frames that are no valid UTF-8.
        first_time: Earliest time of a frame or event, in nanoseconds; None if there is none.
        last_time: Latest time.
        size: Bytes of the file.

    """

    path: Path
    frames: int = 0
    connections: int = 0
    exchanges: int = 0
    events: int = 0
    not_utf8: int = 0
    first_time: int | None = None
    last_time: int | None = None
    size: int = 0


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """
    What is read of recordings, and how.

    Attributes:
        selection: What is wanted of them; events are chosen by time and connection alone.
        describe: Describes a frame, by the rules of the feed.
        describe_all: Describes several at once; None to call `describe` for each.
        on_read: Called with the number of an input, and the bytes of it read so far.

    """

    selection: Selection = Selection()
    describe: Describe | None = None
    describe_all: DescribeAll | None = None
    on_read: Callable[[int, int], object] = lambda number, size: None  # noqa: ARG005


class Writer(Protocol):
    """Writes frames, events and requests in another format, as they come."""

    def frame(self, frame: Frame) -> None:
        """Take a frame."""

    def event(self, event: Event) -> None:
        """Take an event that is no request."""

    def exchange(self, exchange: HttpExchange) -> None:
        """Take a request and its answer."""

    def finish(self) -> None:
        """Write what is left."""

    def close(self) -> None:
        """Let go of what it holds, whether it has finished or not."""


Begin = Callable[[Destination, Header, WireExport], Writer]
"""Makes a writer to some place, of recordings with some header; what it counts goes into the result."""


def export_with(
    begin: Begin,
    inputs: Sequence[Input],
    output: Path,
    reading: Reading,
    stream: BinaryIO | None,
    mode: FileMode | None,
    *,
    overwrite: bool,
) -> WireExport:
    """
    Write recordings by a writer; nothing is left behind if it fails or is interrupted, but what a stream has got.

    Raises:
        UsageError: If the recordings cannot be merged, or the output is one of them.
        RecordingError: If one is damaged or cannot be read, or the output cannot be written.

    """
    result = WireExport(output)
    header = joined_header(inputs, reading.selection)
    place = Destination(output, inputs, stream, overwrite=overwrite, mode=mode)
    with leaving_nothing_behind(place, FinishedFiles([]), is_stream=place.is_stream):
        writer = begin(place, header, result)
        try:
            records = Records(inputs, reading.selection, reading.describe, reading.describe_all, reading.on_read)
            _write(records, writer, result)
            place.on_written = partial(reading.on_read, 0, inputs[0].size)  # nothing is read any more
            writer.finish()
        finally:
            writer.close()
        place.commit()
    result.size = place.size
    return result


def _write(records: Records, writer: Writer, result: WireExport) -> None:
    first, last = None, None
    for record in records:
        time = record.time
        first = time if first is None or time < first else first
        last = time if last is None or time > last else last
        if isinstance(record, Frame):
            result.frames += 1
            writer.frame(record)
        elif (exchange := exchange_of(record)) is not None:
            result.exchanges += 1
            writer.exchange(exchange)
        else:
            result.events += 1
            writer.event(record)
    result.first_time, result.last_time = first, last

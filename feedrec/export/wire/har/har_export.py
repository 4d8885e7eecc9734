"""
Recordings as a HAR file: an entry for each connection, with all of its messages, and one for each HTTP request.

Entries stand in the order in which connections were opened, and requests answered. They are written when all has been
read: until then, what does not fit the memory is in a temporary file, as large as the HAR file.
"""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from .... import __version__
from ....errors import WriteError
from ....formats.file.modes import FileMode
from ....formats.several.inputs import Input
from ....http_messages import HttpExchange
from ....model import Event, Frame, Header
from ..destination import Destination
from ..exporting import Reading, WireExport, export_with
from .entries import (
    AFTER_ENTRIES,
    BETWEEN,
    END,
    beginning,
    connection_parts,
    event_text,
    exchange_entry,
    message_text,
)
from .spool import Spool

__all__ = ["export_har"]


def export_har(
    inputs: Sequence[Input],
    output: Path,
    reading: Reading = Reading(),  # noqa: B008  immutable
    *,
    stream: BinaryIO | None = None,
    overwrite: bool = False,
    mode: FileMode | None = None,
) -> WireExport:
    """
    Write recordings as HAR; see the module. Memory is bounded by a block of each input and the largest message.

    Text that is no valid UTF-8 is written as base64, and counted in `WireExport.not_utf8`.

    Args:
        inputs: What to read; merged by time.
        output: The file.
        reading: What of the inputs is wanted.
        stream: What to write to in place of a file.
        overwrite: Whether another file of that name may be replaced.
        mode: Who may read it; None for those who may read all inputs.

    Raises:
        UsageError: If the inputs cannot be merged, or the output is one of them.
        RecordingError: If an input is damaged or cannot be read, or the output cannot be written.

    """
    return export_with(_Archive, inputs, output, reading, stream, mode, overwrite=overwrite)


class _List:
    """A JSON array in the spool: its key there, and how many elements it has."""

    def __init__(self, key: int) -> None:
        self.key = key
        self.count = 0


class _Connection:
    """
    A connection.

    Attributes:
        conn: Its number.
        opening: What its `open` event tells.
        messages: Its messages.
        events: Its events.
        first_time: When it was opened.
        last_time: When something happened to it last.

    """

    def __init__(self, conn: int, opening: dict[str, object], messages: _List, events: _List, time: int) -> None:
        self.conn, self.opening = conn, opening
        self.messages, self.events = messages, events
        self.first_time = self.last_time = time


class _Archive:
    """Writes entries; see `Writer`."""

    def __init__(self, place: Destination, header: Header, result: WireExport) -> None:
        self._place, self._result = place, result
        self._url = header.url
        self._entries: list[_Connection | _List] = []  # a list is a request, by itself
        self._open: dict[int, _Connection] = {}
        self._lists = 0
        self._others = self._new_list()
        self._spool = Spool(place.folder)
        place.write(beginning(header, __version__))

    def frame(self, frame: Frame) -> None:
        connection = self._open.get(frame.conn) or self._begin(frame.conn, {}, frame.time)
        connection.last_time = max(connection.last_time, frame.time)
        text, is_no_text = message_text(frame)
        self._result.not_utf8 += is_no_text
        self._append(connection.messages, text)

    def event(self, event: Event) -> None:
        conn = event.conn
        if event.name == "open" and conn is not None:
            self._begin(conn, event.details, event.time)
        connection = None if conn is None else self._open.get(conn)
        if connection is None:
            self._append(self._others, event_text(event))
            return
        connection.last_time = max(connection.last_time, event.time)
        self._append(connection.events, event_text(event))
        if event.name == "close":
            del self._open[connection.conn]

    def exchange(self, exchange: HttpExchange) -> None:
        entry = self._new_list()
        self._entries.append(entry)
        self._append(entry, exchange_entry(exchange))

    def finish(self) -> None:
        for number, entry in enumerate(self._entries):
            if number:
                self._place.write(BETWEEN)
            if isinstance(entry, _List):
                self._write(entry)
            else:
                self._write_connection(entry)
        self._place.write(AFTER_ENTRIES)
        self._write(self._others)
        self._place.write(END)

    def close(self) -> None:
        """Let go of the temporary file."""
        self._spool.close()

    def _begin(self, conn: int, opening: dict[str, object], time: int) -> _Connection:
        connection = _Connection(conn, opening, self._new_list(), self._new_list(), time)
        self._open[conn] = connection
        self._entries.append(connection)
        self._result.connections += 1
        return connection

    def _new_list(self) -> _List:
        self._lists += 1
        return _List(self._lists)

    def _write_connection(self, one: _Connection) -> None:
        url = one.opening.get("url")
        url = url if isinstance(url, str) else self._url
        before, between, after = connection_parts(one.conn, url, one.opening, one.first_time, one.last_time)
        self._place.write(before)
        self._write(one.messages)
        self._place.write(between)
        self._write(one.events)
        self._place.write(after)

    def _append(self, to: _List, text: bytes) -> None:
        try:
            self._spool.append(to.key, BETWEEN + text if to.count else text)
        except OSError as error:
            raise self._failed(error) from error
        to.count += 1

    def _write(self, what: _List) -> None:
        try:
            for piece in self._spool.pieces(what.key):
                self._place.write(piece)
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> WriteError:
        where = self._place.folder or "the folder of temporary files"
        if error.errno == errno.ENOSPC:
            return WriteError(self._place.path, f"no space for a temporary file as large in {where}")
        return WriteError(self._place.path, f"a temporary file in {where}: {error.strerror or error}")

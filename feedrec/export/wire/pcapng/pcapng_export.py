"""
Recordings as a pcapng file.

1. Each connection is a TCP connection: SYN, a GET and its 101 at the time of its `open` event, without which no
   dissector would take what follows for WebSocket; its frames; and its end. A connection whose `open` is not there
   begins with its first frame.
2. It ends with a close frame and FINs if it was closed, with a RST if it was lost, and not at all if nothing is told
   of its end.
3. A request and its answer are a TCP connection of their own. Its packets stand where the answer had come, the first
   ones with the time at which the request was sent.
4. An event is a comment of the next packet of its connection; of the next of any if that connection is not open.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from .... import __version__
from ....errors import RecordingError
from ....formats.file.modes import FileMode
from ....formats.several.inputs import Input
from ....http_messages import HttpExchange
from ....model import Event, Frame, Header, format_time
from ..destination import Destination
from ..exporting import Reading, WireExport, export_with
from .addresses import Addresses
from .capture_file import LAST_TIME, beginning, packet_block, statistics_block
from .comments import of_event, of_frame, of_recording
from .handshakes import answer_of, request_of, upgrade_answer, upgrade_request
from .messages import close_frame, message_frame
from .tcp_stream import TcpStream

__all__ = ["export_pcapng"]

_LOST, _TLS_FAILED = 1006, 1015
"""Codes of connections that ended without a close frame (RFC 6455, 7.4.1)."""

_CUT_OFF = "connection {}: its end is not in the recording"
_AMID = "connection {}: its beginning is not in the recording"


def export_pcapng(
    inputs: Sequence[Input],
    output: Path,
    reading: Reading = Reading(),  # noqa: B008  immutable
    *,
    stream: BinaryIO | None = None,
    overwrite: bool = False,
    mode: FileMode | None = None,
) -> WireExport:
    """
    Write recordings as packets that Wireshark and tshark dissect; see the module.

    Memory is bounded by a block of each input and the largest message.

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
    return export_with(_Packets, inputs, output, reading, stream, mode, overwrite=overwrite)


class _Connection:
    """A connection that is open: its packets, and comments for the next of them."""

    def __init__(self, stream: TcpStream, comments: list[str]) -> None:
        self.stream = stream
        self._comments = comments

    def note(self, comment: str) -> None:
        self._comments.append(comment)

    def comments(self, more: Sequence[str] = ()) -> Sequence[str]:
        """Return the comments of the next packet."""
        if not self._comments:
            return more
        comments, self._comments = [*self._comments, *more], []
        return comments


class _Packets:
    """Writes packets; see `Writer`."""

    def __init__(self, place: Destination, header: Header, result: WireExport) -> None:
        self._place, self._result = place, result
        self._url, self._endpoint = header.url, header.endpoint
        self._addresses = Addresses()
        self._open: dict[int, _Connection] = {}
        self._comments: list[str] = []
        self._time = 0
        place.write(beginning(f"feedrec {__version__}", of_recording(header)))

    def frame(self, frame: Frame) -> None:
        self._time, conn = frame.time, frame.conn
        connection = self._open.get(conn)
        if connection is None:
            connection = self._begin(frame.time, conn, {}, [_AMID.format(conn)])
        is_sent = frame.direction == "out"
        data = message_frame(frame.payload, is_binary=frame.binary, is_by_client=is_sent)
        connection.stream.send(frame.time, data, connection.comments(of_frame(frame)), is_by_client=is_sent)

    def event(self, event: Event) -> None:
        self._time, conn, name = event.time, event.conn, event.name
        connection = None if conn is None else self._open.get(conn)
        if name == "open" and conn is not None:
            if connection is not None:
                self._leave(conn)
            self._begin(event.time, conn, event.details, [of_event(event)])
        elif connection is None or conn is None:
            self._comments.append(of_event(event))
        else:
            connection.note(of_event(event))
            if name == "close":
                self._close(conn, event)

    def exchange(self, exchange: HttpExchange) -> None:
        self._time = exchange.time
        client, server = self._addresses.of(exchange.url)
        stream = TcpStream(client, server, self._put)
        begun = min(exchange.started, exchange.time)
        stream.open(begun)
        stream.send(begun, request_of(exchange, self._endpoint), is_by_client=True)
        stream.send(exchange.time, answer_of(exchange), is_by_client=False)
        stream.close(exchange.time, is_by_client=True)

    def finish(self) -> None:
        for conn in list(self._open):
            self._leave(conn)
        if self._comments:
            self._place.write(statistics_block(self._fitting(self._time), self._comments))

    def close(self) -> None:
        """Hold nothing."""

    def _begin(self, time: int, conn: int, details: dict[str, object], comments: list[str]) -> _Connection:
        url = details.get("url")
        url = url if isinstance(url, str) else self._url
        stream = TcpStream(*self._addresses.of(url, details.get("address")), self._put)
        connection = self._open[conn] = _Connection(stream, [])
        number, self._result.connections = self._result.connections, self._result.connections + 1
        subprotocol = details.get("subprotocol")
        request = upgrade_request(number, url, details.get("headers"), subprotocol, endpoint=self._endpoint)
        stream.open(time, comments)
        stream.send(time, request, is_by_client=True)
        stream.send(time, upgrade_answer(number, subprotocol), is_by_client=False)
        return connection

    def _close(self, conn: int, event: Event) -> None:
        connection = self._open.pop(conn)
        code, reason, by = (event.details.get(key) for key in ("code", "reason", "by"))
        is_by_client = by in ("client", "proxy")
        stream, time = connection.stream, event.time
        if code in (_LOST, _TLS_FAILED):
            stream.reset(time, connection.comments(), is_by_client=is_by_client)
            return
        first, second = (close_frame(code, reason, is_by_client=side) for side in (is_by_client, not is_by_client))
        stream.send(time, first, connection.comments(), is_by_client=is_by_client)
        stream.send(time, second, is_by_client=not is_by_client)
        stream.close(time, is_by_client=is_by_client)

    def _leave(self, conn: int) -> None:
        """Leave a connection of which no end is told; a comment says so."""
        self._comments += self._open.pop(conn).comments([_CUT_OFF.format(conn)])

    def _put(self, time: int, packet: bytes, comments: Sequence[str]) -> None:
        if self._comments:
            comments, self._comments = [*self._comments, *comments], []
        self._place.write(packet_block(self._fitting(time), packet, comments))

    def _fitting(self, time: int) -> int:
        """Return a time that a file can have."""
        if time > LAST_TIME:
            last = f"{format_time(LAST_TIME):.4}"
            what = f"no time after {last} fits, such as {format_time(time)}: leave it out by --until"
            raise RecordingError(self._place.path, what)
        return time

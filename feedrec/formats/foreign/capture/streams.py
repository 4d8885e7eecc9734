"""The streams of a capture: which segment is of which, and what each says."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from ....model import Event, format_time
from ..source import Secrecy, Skipped
from .conversation import Conversation
from .http_exchanges import looks_like_request
from .packets import Packet
from .record_order import RecordOrder
from .segment_order import SegmentOrder
from .tcp_segments import FIN, RST, SYN, Segment, segment_of
from .websocket_messages import StreamBrokenError

__all__ = ["Streams"]

_HOLE = "segments are missing in the capture"
_CUT = "the capture ends amid a message"


class _Stream:
    """
    One stream.

    Args:
        client: Address and port of its client.
        conversation: Takes what is said.

    Attributes:
        first: Number with which its client began, if that was captured.
        is_ignored: Whether it is none of HTTP, or broken: nothing of it is looked at any more.

    """

    def __init__(self, client: bytes, conversation: Conversation) -> None:
        self.client = client
        self.conversation = conversation
        self.first: int | None = None
        self.is_ignored = False
        self._orders = {True: SegmentOrder(), False: SegmentOrder()}
        self._has_begun = False

    def take(self, segment: Segment, time: int) -> bool:
        """
        Take a segment; return whether the stream ended with it.

        Raises:
            StreamBrokenError: If what it says, or lacks, ends the conversation.

        """
        is_sent = segment.source == self.client
        order = self._orders[is_sent]
        if segment.flags & SYN:
            order.begin(segment.sequence)
            return False
        for then, data in order.take(segment.sequence, segment.data, time, is_last=bool(segment.flags & FIN)):
            if not self._has_begun:
                self._has_begun = True
                self.is_ignored = not (is_sent and looks_like_request(data))
            if self.is_ignored:
                return False
            self.conversation.take(then, data, is_sent=is_sent)
        if order.is_lost:
            raise StreamBrokenError(_HOLE)
        if segment.flags & RST or all(one.has_ended for one in self._orders.values()):
            self._end(time)
            return True
        return False

    def finish(self, time: int) -> None:
        """
        Take the end of the capture.

        Raises:
            StreamBrokenError: If something is missing.

        """
        if any(order.has_hole for order in self._orders.values()):
            raise StreamBrokenError(_HOLE)
        if any(order.has_ended for order in self._orders.values()):
            self._end(time)
        elif self.conversation.is_amid_something:
            raise StreamBrokenError(_CUT)
        else:
            self.conversation.end_if_told(time)

    def _end(self, time: int) -> None:
        self.conversation.end(time)
        if self.conversation.is_amid_something:
            raise StreamBrokenError(_CUT)


class Streams:
    """
    The streams of a capture.

    Args:
        order: Takes the records.
        secrecy: What must not be recorded of what was sent.
        skipped: Takes note of streams that cannot be read further.

    Attributes:
        others: Streams that are none of HTTP.
        endpoint: The endpoint that the first of them that tells one is of; empty as long as none does.

    """

    def __init__(self, order: RecordOrder, secrecy: Secrecy, skipped: Skipped) -> None:
        self.others = 0
        self.endpoint = ""
        self._order = order
        self._skipped = skipped
        numbers = count()
        self._conversation: Callable[[], Conversation] = lambda: Conversation(order, secrecy, numbers.__next__)
        self._streams: dict[tuple[bytes, bytes], _Stream] = {}
        self._time = 0

    def take(self, packet: Packet, offset: int) -> None:
        """Take the next packet, which stands somewhere in the file."""
        segment = segment_of(packet)
        if segment is None:
            return
        self._time = packet.time
        key = _key(segment)
        stream = self._streams.get(key)
        if segment.flags & SYN and not segment.is_answer:
            if stream is not None and stream.first != segment.sequence:  # another one between the same ends
                self._finish(stream, offset)
                stream = None
            stream = stream or self._begin(key, segment.source)
            stream.first = segment.sequence
        elif stream is None:
            if not segment.data and not segment.flags & SYN:
                return
            stream = self._begin(key, segment.target if segment.flags & SYN else segment.source)
        if stream.is_ignored:
            return
        try:
            has_ended = stream.take(segment, packet.time)
        except StreamBrokenError as error:
            self._break(stream, str(error), offset)
            return
        self.others += stream.is_ignored
        self.endpoint = self.endpoint or stream.conversation.endpoint
        if has_ended:
            del self._streams[key]

    def finish(self, offset: int) -> None:
        """Take the end of the capture."""
        for stream in self._streams.values():
            self._finish(stream, offset)
        self._streams.clear()

    def _begin(self, key: tuple[bytes, bytes], client: bytes) -> _Stream:
        stream = self._streams[key] = _Stream(client, self._conversation())
        return stream

    def _finish(self, stream: _Stream, offset: int) -> None:
        if stream.is_ignored:
            return
        try:
            stream.finish(self._time)
        except StreamBrokenError as error:
            self._break(stream, str(error), offset)

    def _break(self, stream: _Stream, reason: str, offset: int) -> None:
        """Note that a stream cannot be read further."""
        stream.is_ignored = True
        conn = stream.conversation.conn
        what = "an HTTP stream" if conn is None else f"connection {conn}"
        self._skipped.add(f"{what} from {format_time(self._time)} on", reason)
        if conn is not None:
            details = {"offset": offset, "bytes": 0, "first": format_time(self._time), "reason": reason}
            self._order.add([Event(self._time, conn, "damage", details)])


def _key(segment: Segment) -> tuple[bytes, bytes]:
    """Return the two ends, in the order that both directions have in common."""
    first, second = sorted((segment.source, segment.target))
    return first, second

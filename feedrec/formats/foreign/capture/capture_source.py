"""A capture of packets as records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ....errors import CorruptRecordingError, DamagedRecordingError, NotARecordingError, TruncatedRecordingError
from ....model import Record
from ...file.recording_file import RecordingFile
from ...line.other_tools import looks_like_pcap, looks_like_pcapng
from ...stream.zstd_parser import StreamDamage
from ..source import Importing, Skipped
from ..unpacked_file import UnpackedFile, pieces_of
from .packets import PacketParser
from .pcap_packets import PcapParser
from .pcapng_packets import PcapngParser
from .record_order import RecordOrder
from .streams import Streams

__all__ = ["CaptureSource"]

_HEAD = 12


class CaptureSource:
    """
    The records of a capture.

    Args:
        file: The file.
        importing: How it is read.

    Attributes:
        damage: As for `Source`.
        skipped: As for `Source`; here they are streams that cannot be read further.
        endpoint: As for `Source`; of a capture that feedrec wrote.
        url: Empty: it is that of a connection.

    """

    def __init__(self, file: RecordingFile, importing: Importing) -> None:
        self.damage: DamagedRecordingError | None = None
        self.skipped = Skipped()
        self.endpoint = self.url = ""
        self._file = file
        self._order = RecordOrder()
        self._streams = Streams(self._order, importing.secrecy, self.skipped)

    def batches(self) -> Iterator[Sequence[Record]]:
        """
        Yield the records, some at a time.

        Raises:
            NotARecordingError: If it is no capture, or has nothing of HTTP.
            RecordingError: If the operating system reports an error.

        """
        unpacked, parser, has_any = pieces_of(self._file), None, False
        head = b""
        for pieces in unpacked.batches():
            data = head + b"".join(pieces)
            if parser is None:
                head = data
                if len(data) < _HEAD:
                    continue
                parser, head = self._parser_for(data), b""
            self._take(parser, data, unpacked)
            records = self._order.take()
            has_any = has_any or bool(records)
            yield records
            if self.damage is not None:
                break
        if parser is None:
            parser = self._parser_for(head)
            self._take(parser, head, unpacked)
        self._finish(parser, unpacked)
        records = self._order.take(is_end=True)
        if not (has_any or records or self.skipped.count or self.damage is not None):
            raise NotARecordingError(self._file.path, self._nothing())
        yield records

    def _parser_for(self, head: bytes) -> PacketParser:
        if looks_like_pcap(head):
            return PcapParser()
        if looks_like_pcapng(head):
            return PcapngParser()
        raise NotARecordingError(self._file.path, "is no capture of packets: neither pcap nor pcapng")

    def _take(self, parser: PacketParser, data: bytes, unpacked: UnpackedFile) -> None:
        try:
            for packet in parser.feed(data):
                self._streams.take(packet, unpacked.place_of(packet.offset))
        except StreamDamage as damage:
            place = unpacked.place_of(damage.offset)
            self.damage = CorruptRecordingError(self._file.path, damage.reason, place, None)
        self.endpoint = self._streams.endpoint

    def _finish(self, parser: PacketParser, unpacked: UnpackedFile) -> None:
        """Take the end of the file, or the damage."""
        place = unpacked.place_of(parser.offset)
        self._streams.finish(place)
        if self.damage is None:
            self.damage = unpacked.damage
        if self.damage is None and parser.is_amid_packet:
            self.damage = TruncatedRecordingError(self._file.path, "the file is cut off", place, None)

    def _nothing(self) -> str:
        others = self._streams.others
        count = f"{others:,} other stream{'' if others == 1 else 's'}" if others else "no stream"
        return f"contains no WebSocket that is not encrypted, and no HTTP: {count} of TCP"

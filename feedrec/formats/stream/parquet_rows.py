"""
Recordings as Parquet: one row per line, in the same order, for programs that query.

The line of every row can be restored byte for byte. A line as this package encodes it is split into columns; any other
line, as another tool may have rewritten it, is kept whole.

Parquet has checksums for its pages, but none for their headers and for the footer, and a library that parses damaged
ones may crash the process. So the footer lists the row groups with a CRC of the bytes of each, and before the footer
stands a seal with a CRC of the footer. No library ever sees bytes other than those that were written.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import NamedTuple, cast

import msgspec
import pyarrow as pa

from ...model import Direction, Frame, FrameInfo
from ..line.codec import decode_line, encode_frame, encode_payload, is_encoded_as
from ..line.index import Mark
from ..line.payload.in_lines import PayloadKey

__all__ = [
    "GROUPS_KEY",
    "HEADER_KEY",
    "INT64_LIMIT",
    "MAX_GROUP_ROWS",
    "MAX_GROUP_SIZE",
    "SCHEMA",
    "SEAL",
    "SEAL_SIZE",
    "SUMMARY_KEY",
    "TAIL_SIZE",
    "Row",
    "RowGroup",
    "decode_groups",
    "encode_groups",
    "int64",
    "line_of",
    "release_memory",
    "row_of",
    "seal",
]

HEADER_KEY = b"feedrec.header"
"""Key of the first line in the file's metadata."""

GROUPS_KEY = b"feedrec.groups"
"""Key of the list of row groups in the file's metadata."""

SUMMARY_KEY = b"feedrec.summary"
"""Key of the summary of what is in the file (`facts/file_facts.py`), if there is one."""

SEAL = b"feedrec1"
"""Stands before the footer, followed by the footer's CRC-32 in four bytes, little-endian."""

SEAL_SIZE = 12
TAIL_SIZE = 8
"""Bytes at the end of the file: the size of the footer, and the magic number."""

MAX_GROUP_ROWS = 1 << 16
"""Maximum number of rows in a row group."""

MAX_GROUP_SIZE = 8 << 20
"""Maximum bytes of lines in a row group; a longer line is a row group by itself."""

# No time zone, though all times are UTC: DuckDB before 2.0 reads adjusted times as microseconds, and 2.0 as a type that
# follows the session's time zone and that few functions accept (docs/queries.md).
SCHEMA = pa.schema(
    [
        ("time", pa.timestamp("ns")),
        ("conn", pa.int64()),
        ("dir", pa.string()),
        ("event", pa.string()),
        ("channel", pa.string()),
        ("product", pa.string()),
        ("sequence", pa.int64()),
        ("kind", pa.string()),
        ("flags", pa.string()),
        ("payload", pa.binary()),
    ]
)
"""The columns, in the order of the fields of `Row`."""

_FLAGS = ("redacted", "synthetic", "unverified")
_KEYS: dict[str, PayloadKey] = {"json": "frame", "text": "text", "bytes": "base64", "binary": "base64"}
_VERBATIM_KINDS = frozenset({"json", "event", "line"})
INT64_LIMIT = 1 << 63
"""The first number that is too large for a column."""
_RECEIVED = b'"dir":"in","frame":'
_AS_BASE64 = b'"op":"text","base64":"'
_MOST_BEFORE_PAYLOAD = 200  # bytes of a line that feedrec wrote


class Row(NamedTuple):
    """
    One line as columns; None is null.

    Attributes:
        time: Nanoseconds since 1970, UTC; None only if they do not fit in 64 bits.
        conn: Number of the connection; None only if it does not fit in 64 bits.
        dir: `in` or `out`; None for an event.
        event: Name of the event; None for a frame.
        channel: Channel of a received frame, if known.
        product: Its products, joined by commas, if it has any.
        sequence: Its sequence number, if it has one.
        kind: What `payload` is: `json`, `text`, `bytes` (a text message that stands in its line as base64), `binary`,
            `event` (the line of an event), or `line` (the line of a frame that could not be restored from columns).
        flags: Those of `redacted`, `synthetic`, `unverified` that are set, joined by commas.
        payload: The payload of a frame, verbatim, or a line.

    """

    time: int | None
    conn: int | None
    dir: str | None
    event: str | None
    channel: str | None
    product: str | None
    sequence: int | None
    kind: str
    flags: str | None
    payload: bytes


class RowGroup(msgspec.Struct, frozen=True, array_like=True):
    """
    A row group, as the footer lists it.

    Attributes:
        lines: Lines in it.
        offset: Offset of its first byte in the file.
        size: Bytes in it.
        crc: CRC-32 of these bytes.
        first: Its earliest time in nanoseconds; None if a row has no time.
        last: Its latest time.

    """

    lines: int
    offset: int
    size: int
    crc: int
    first: int | None
    last: int | None


def encode_groups(groups: Sequence[RowGroup]) -> bytes:
    """Encode the list of row groups for the file's metadata."""
    return msgspec.json.encode(groups)


def decode_groups(value: bytes) -> list[RowGroup]:
    """
    Decode the list of row groups.

    Raises:
        ValueError: If it is not one.

    """
    return msgspec.json.decode(value, type=list[RowGroup])


def seal(footer: bytes) -> bytes:
    """
    Return the seal of a file, which stands before the footer.

    Args:
        footer: All bytes from the first of the footer to the end of the file.

    """
    return SEAL + zlib.crc32(footer).to_bytes(4, "little")


def row_of(line: bytes, mark: Mark | None = None) -> Row:
    """
    Split a line into columns.

    Args:
        line: A frame or an event, without its newline.
        mark: Time, connection, and the description of a received frame, if known.

    Raises:
        LineError: If it is not a line of a recording.

    """
    info = mark[2] if mark is not None else None
    if mark is not None and info is not None and mark[1] is not None:
        row = _received_json(line, mark[0], mark[1], info)
        if row is not None:
            return row
    record = decode_line(line)
    time, conn = int64(record.time), int64(record.conn)
    if not isinstance(record, Frame):
        return Row(time, conn, None, record.name, None, None, None, "event", None, line)
    kind, payload = _kind(record, line), record.payload
    if time is None or conn is None or record.rewritten or not is_encoded_as(line, record, _KEYS[kind]):
        kind, payload = "line", line
    flags = ",".join(name for name in _FLAGS if getattr(record, name)) or None
    return Row(time, conn, record.direction, None, *_described(info), kind, flags, payload)


def line_of(row: Row) -> bytes:
    """
    Restore the line of a row.

    Raises:
        ValueError: If no line has such a row.

    """
    if row.kind in _VERBATIM_KINDS and b"\n" in row.payload:
        raise ValueError("a line that contains a line feed")
    if row.kind in ("event", "line"):
        return row.payload
    if row.kind not in _KEYS or row.dir not in ("in", "out") or row.time is None or row.conn is None:
        raise ValueError(f"a row of kind {row.kind!r}, direction {row.dir!r}, time {row.time}, connection {row.conn}")
    direction = cast("Direction", row.dir)
    flags = dict.fromkeys(row.flags.split(","), True) if row.flags else {}
    if not flags.keys() <= set(_FLAGS):
        raise ValueError(f"a row with flags {row.flags!r}")
    return encode_payload(
        Frame(row.time, row.conn, row.payload, direction, row.kind == "binary", **flags), _KEYS[row.kind]
    )


def _received_json(line: bytes, time: int, conn: int, info: FrameInfo) -> Row | None:
    """Return the row of a received frame without parsing it; None if the line is something else."""
    start = line.find(_RECEIVED)
    payload = line[start + len(_RECEIVED) : -1]
    if (
        start < 0
        or max(time, conn) >= INT64_LIMIT
        or encode_frame(Frame(time, conn, payload), parses=info.parses) != line
    ):
        return None
    return Row(time, conn, "in", None, *_described(info), "json", None, payload)


def _described(info: FrameInfo | None) -> tuple[str | None, str | None, int | None]:
    if info is None:
        return None, None, None
    sequence = None if info.sequence is None else int64(info.sequence)
    return info.channel or None, ",".join(info.products) or None, sequence


def _kind(frame: Frame, line: bytes) -> str:
    if frame.binary:
        return "binary"
    if line.endswith(b"}") and line.endswith(frame.payload, 0, -1):
        return "json"
    return "bytes" if line.find(_AS_BASE64, 0, _MOST_BEFORE_PAYLOAD) >= 0 else "text"


def int64(number: int | None) -> int | None:
    """Return a number that fits in a column; None for any other, and for none."""
    return number if number is not None and -INT64_LIMIT <= number < INT64_LIMIT else None


def release_memory() -> None:
    """Return what was freed to the operating system: next to a large line, it may be several times its size."""
    pa.default_memory_pool().release_unused()

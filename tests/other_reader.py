"""
A second reader of recordings, written from docs/format.md alone: it shares no line with feedrec.

    recording = read(Path("NAME.jsonl.zst"))

It holds the whole file in memory and is slow, and unlike feedrec it gives no line of a damaged block above 2 MiB,
which the document leaves open. It is there so that the document is held to what it promises.
"""

from __future__ import annotations

import base64
import json
import re
import struct
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import zstandard

LINE, WINDOW, INDEX, ZSTD_BLOCK = 96 << 20, 8 << 20, 64 << 20, 128 << 10
ZSTD, SKIPPABLE = b"\x28\xb5\x2f\xfd", b"\x2a\x4d\x18"
SEEK_TABLE, SEEK_END = 0x184D2A5E, b"\xb1\xea\x92\x8f"
INDEX_FRAME, INDEX_BEGIN = 0x184D2A5D, b"\x66\x65\x65\x64\x72\x65\x63\x01"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MARK = b"\xef\xbb\xbf"
BODIES = [f"{name}{ending}" for name in ("sent", "body") for ending in ("", "_text", "_base64")]
FLAGS = ("redacted", "synthetic", "unverified")
TIME = re.compile(r"^(\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d)\Z", re.ASCII)
TOKEN = re.compile(r"[-!#$%&'*+.^_`|~\w]+\Z", re.ASCII)
VALUE = re.compile(r"((?![ \t])[ \t!-~\x80-\xff]*(?<![ \t]))?\Z")
SPACE = re.compile(r"[ \t\n\r]*")
JSON = json.JSONDecoder(parse_constant=int, parse_int=lambda digits: int(digits[:4000]))  # int("NaN") raises
BAD_LINE = (ValueError, LookupError, TypeError, RecursionError)


class NotARecordingError(ValueError):
    """Nothing in the file can be read as a recording."""


class DamageError(Exception):
    """The file cannot be read further: kind and offset."""


@dataclass
class Recording:
    """What was found: `lines` are without line feeds, the header's first; the rest as in tests/golden."""

    header: dict[str, Any] | None = None
    lines: list[bytes] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)
    damage: dict[str, Any] | None = None
    index: list[dict[str, Any]] | None = None


def read(path: Path) -> Recording:
    """Read all that can be read."""
    data, found = path.read_bytes(), Recording()
    try:
        for offset, line in _lines(data, found):
            if found.header is None:
                found.header = _header(line)
            else:
                try:
                    found.records.append(_record(line))
                except BAD_LINE as error:
                    raise DamageError("corrupt", offset) from error
            found.lines.append(line)
    except DamageError as error:
        last = found.records[-1]["time"] if found.records else None
        found.damage = {**dict(zip(("kind", "offset"), error.args, strict=True)), "last_time": last}
    if found.header is None and found.damage is None:
        raise NotARecordingError(path)
    return found


def _texts(data: bytes, found: Recording) -> Iterator[tuple[int, bytes]]:
    """Give text, some at a time, with the offset at which it is damage if it is none."""
    if data[:4] == ZSTD or (data[1:4] == SKIPPABLE and data[0] >> 4 == 5):
        with suppress(*BAD_LINE, struct.error, zstandard.ZstdError):
            found.index = _index(data)
        return _blocks(data)
    if data[:2] == b"\x1f\x8b":
        return _members(data)
    if data.removeprefix(MARK)[:1] == b"{":
        return ((at.start(), at.group()) for at in re.finditer(rb"[^\n]*\n|[^\n]+", data))
    raise NotARecordingError(data[:100])


def _lines(data: bytes, found: Recording) -> Iterator[tuple[int, bytes]]:
    """Give each line with the offset at which it is damage if it is none."""
    if data[:4] == b"PAR1":
        yield from _parquet(data)
        return
    rest, mark, damage, offset = b"", MARK, None, 0
    try:
        for offset, text in _texts(data, found):
            *lines, rest = (rest + text).split(b"\n")
            for line in lines:
                _fits(line, offset)
                tidy, mark = line.removeprefix(mark).removesuffix(b"\r"), b""
                if tidy:
                    yield offset, tidy
    except DamageError as error:
        if error.args[0] == "corrupt":
            raise
        damage = error
    last = rest.removeprefix(mark).removesuffix(b"\r")
    if _is_line(last):
        yield offset, last
    elif last not in {b"", b"\x1a"}:
        damage = damage or DamageError("truncated", len(data))
    if damage:
        raise damage


def _fits(line: bytes, offset: int) -> None:
    if len(line) > LINE:
        raise DamageError("corrupt", offset)


def _is_line(line: bytes) -> bool:
    """Say whether text without a line feed is a line: of another kind than the one expected, too."""
    for decode in (_record, _header):
        with suppress(*BAD_LINE):
            return bool(decode(line))
    return False


def _verbatim(text: str, key: str) -> bytes:
    """Cut out the value of a key of an object that is known to be valid."""
    at, cut = text.index("{") + 1, ""
    while text[at - 1] != "}":
        name, at = JSON.raw_decode(text, SPACE.match(text, at).end())  # type: ignore[union-attr]
        begin = SPACE.match(text, text.index(":", at) + 1).end()  # type: ignore[union-attr]
        _, at = JSON.raw_decode(text, begin)
        cut = text[begin:at] if name == key else cut
        at = SPACE.match(text, at).end() + 1  # type: ignore[union-attr]
    return cut.encode()


def _header(line: bytes) -> dict[str, Any]:
    with suppress(*BAD_LINE):
        header = JSON.decode(line.decode())
        _require(type(header["feedrec"]) is int and header["feedrec"] == 1 and type(header["endpoint"]) is str)
        _time(header.get("created", "1970-01-01T00:00:00Z"))
        _require(all(type(header.get(key, "")) is str for key in ("url", "software")))
        _require(all(type(each) is dict for each in list.copy(header.get("subscriptions", []))))
        return dict(header)
    raise NotARecordingError(line[:100])


def _time(text: str) -> str:
    """Give a time of RFC 3339 as the format writes it."""
    second, fraction, zone = TIME.findall(text)[0]
    moment = datetime.fromisoformat(f"{second}{zone.upper()}").astimezone(UTC)
    _require(moment >= EPOCH)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{fraction:0<9}Z"


def _record(line: bytes) -> dict[str, Any]:
    text = line.decode()
    fields = JSON.decode(text)
    json.dumps(fields, ensure_ascii=False).encode()  # no lone surrogate
    common: dict[str, Any] = {"time": _time(fields["time"]), "conn": fields.get("conn", 0)}
    flags = {name: True for name in FLAGS if fields.get(name)}
    _require(type(common["conn"]) is int)
    if isinstance(fields.get("event"), str):
        details = {key: fields[key] for key in fields if key not in ("time", "conn", "event")}
        if fields["event"] == "http":
            common["conn"] = None
            details = {key: value for key, value in details.items() if key not in BODIES}
            return {**common, "event": "http", "details": details, "bodies": _bodies(text, fields)}
        return {**common, "event": fields["event"], "details": details}
    _require(fields["dir"] in {"in", "out"} and all(type(fields.get(name, True)) is bool for name in FLAGS))
    op = "text"
    if "frame" in fields:
        payload = _verbatim(text, "frame")
    elif "text" in fields:
        payload = str.encode(fields["text"])
    else:
        payload, op = base64.b64decode(fields["base64"], validate=True), {"binary": "binary"}.get(fields.get("op"), op)
    return {**common, "dir": fields["dir"], **flags, "op": op, "payload_base64": base64.b64encode(payload).decode()}


def _walk(data: bytes, begin: int) -> tuple[list[int], bool]:
    """Give where the parts of a zstd frame end (its header, each block, the checksum), and if it is all there."""
    descriptor = data[begin + 4] if begin + 4 < len(data) else 0xFF  # the longest, if it is not there
    single = descriptor >> 5 & 1
    at = begin + 6 - single + (0, 1, 2, 4)[descriptor & 3] + (single, 2, 4, 8)[descriptor >> 6]
    ends, last = [at], 0
    while not last and at + 3 <= len(data):
        head = int.from_bytes(data[at : at + 3], "little")
        last, kind, size = head & 1, head >> 1 & 3, head >> 3
        if kind == 3 or size > ZSTD_BLOCK:
            raise DamageError("corrupt", at)
        at += 3 + (1 if kind == 1 else size)
        ends.append(at)
    if last and descriptor >> 2 & 1:
        ends.append(at + 4)
    return ends, bool(last) and ends[-1] <= len(data)


def _skip(data: bytes, begin: int) -> int:
    """Give the end of a skippable frame."""
    head = data[begin : begin + 8]
    if len(head) >= 4 and (head[1:4] != SKIPPABLE or head[0] >> 4 != 5):
        raise DamageError("corrupt", begin)
    return begin + 8 + int.from_bytes(head[4:], "little") if len(head) == 8 else len(data) + 1


def _unpack(data: bytes, begin: int, ends: list[int]) -> tuple[bytes, bool]:
    """Give what is there of a zstd frame, and whether its first zstd block is one line and not the last."""
    unpacker = zstandard.ZstdDecompressor(max_window_size=WINDOW).decompressobj()
    text, single = b"", False
    for number, (start, end) in enumerate(pairwise([begin, *ends])):
        text += unpacker.decompress(data[start:end])
        if number == 1:
            single = text.find(b"\n") == len(text) - 1 and not data[start] & 1
    return text, single


def _blocks(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Give the text of each zstd frame with its offset."""
    at, begun, last = 0, None, 0
    closed = data.endswith(SEEK_END) and not data[-5] & 0x7C
    while at < len(data):
        begin, last = at, int.from_bytes(data[at : at + 4], "little")
        if data[at : at + 4] != ZSTD:
            at, text = _skip(data, begin), b""
            whole = at <= len(data)
        else:
            ends, whole = _walk(data, begin)
            if closed and not whole:
                raise DamageError("corrupt", begin)
            try:
                text, single = _unpack(data, begin, ends)
            except zstandard.ZstdError as error:
                raise DamageError("corrupt", begin) from error
            begun, at = single if begun is None else begun, ends[-1]
        yield begin, text
        if not whole:
            raise DamageError("corrupt", begin) if closed else DamageError("truncated", len(data))
    if begun and last != SEEK_TABLE:
        raise DamageError("corrupt" if closed else "truncated", len(data))


def _bodies(text: str, fields: dict[str, Any]) -> list[str] | None:
    """Give what was sent and answered; None if the event is no request."""
    with suppress(*BAD_LINE):
        _time(fields["started"])
        _require(all(type(fields[key]) is str for key in ("method", "url")) and type(fields["status"]) is int)
        _require(all(type(fields.get(key, "")) is str for key in ("type", "sent_type", "by")))
        _require(200 <= fields["status"] <= 999 and TOKEN.match(fields["method"]))
        _require(type(fields.get("redacted", True)) is bool and type(fields.get("headers", {})) is dict)
        _require(all(type(value) is str for value in fields.get("headers", {}).values()))
        _require(all(VALUE.match(fields.get(key, "")) for key in ("type", "sent_type")))
        _require(all(TOKEN.match(name) and VALUE.match(value) for name, value in fields.get("headers", {}).items()))
        return [base64.b64encode(_body(text, fields, name)).decode() for name in ("sent", "body")]
    return None


def _body(text: str, fields: dict[str, Any], name: str) -> bytes:
    others = [
        str.encode(fields.get(f"{name}_text", "")),
        base64.b64decode(fields.get(f"{name}_base64", ""), validate=True),
    ]
    return _verbatim(text, name) if name in fields else others[f"{name}_text" not in fields]


def _index(data: bytes) -> list[dict[str, Any]]:
    """Give the rows of the index; what is wrong with it raises something."""
    count, descriptor = struct.unpack("<IB", data[-9:-4])
    entry = 12 if descriptor & 0x80 else 8
    end = len(data) - 17 - entry * count
    _require(data.endswith(SEEK_END) and end > 0 and not descriptor & 0x7C)
    _require(data[end : end + 8] == struct.pack("<II", SEEK_TABLE, 9 + entry * count))
    begin = end - int.from_bytes(data[-9 - entry :][:4], "little")
    packed = data[begin + 20 : end]
    head = struct.pack("<II8sI", INDEX_FRAME, 12 + len(packed), INDEX_BEGIN, zlib.crc32(packed))
    _require(data[begin : begin + 20] == head)
    _require(0 <= zstandard.frame_content_size(packed) <= INDEX)
    text = zstandard.ZstdDecompressor(max_window_size=WINDOW).decompress(packed)
    first, *rows = [json.loads(line) for line in text.split(b"\n")[:-1]]
    _require(first["blocks"] == len(rows) < count)
    at = 0
    for row in rows:
        low, high, lines = row["first"], row["last"], row["lines"]
        _require(0 <= low <= high < 253_402_300_800 * 10**9 if lines else low is high is None)
        _require(row["offset"] == at and row["size"] > 0 and row["text"] >= lines >= 0)
        _require(all(0 <= number < lines for number, _, _ in row["snapshots"]))
        _require(all(0 <= number < lines for number in row.get("http", ())))
        at += row["size"]
    _require(at == begin)
    return rows


def _require(holds: object) -> None:
    if not holds:
        raise ValueError


def _members(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Give the text of each member with its offset."""
    at = 0
    while at < len(data):
        unpacker = zlib.decompressobj(wbits=31)
        try:
            text = unpacker.decompress(data[at:])
        except zlib.error as error:
            raise DamageError("corrupt", at) from error
        yield at, text
        if not unpacker.eof:
            raise DamageError("truncated", len(data))
        at = len(data) - len(unpacker.unused_data.lstrip(b"\0"))


def _parquet(data: bytes) -> Iterator[tuple[int, bytes]]:
    if data[-4:] != b"PAR1" or len(data) < 12:
        raise DamageError("truncated", len(data))
    footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
    if (seal := footer - 12) < 0:
        raise DamageError("corrupt", len(data) - 8)
    if data[seal : seal + 8] != b"feedrec1":
        raise NotARecordingError("no seal")
    if zlib.crc32(data[footer:]) != int.from_bytes(data[seal + 8 : footer], "little"):
        raise DamageError("corrupt", seal)
    metadata = (file := pq.ParquetFile(BytesIO(data))).metadata.metadata
    yield 0, metadata[b"feedrec.header"]
    for number, (_, offset, size, crc, _, _) in enumerate(json.loads(metadata[b"feedrec.groups"])):
        if zlib.crc32(data[offset : offset + size]) != crc:
            raise DamageError("corrupt", offset)
        group = file.read_row_group(number)
        columns = [group.column("time").cast("int64"), *map(group.column, ("conn", "dir", "kind", "flags", "payload"))]
        for row in zip(*(column.to_pylist() for column in columns), strict=True):
            yield offset, _row_line(*row)


def _row_line(time: int, conn: int, way: str, kind: str, flags: str | None, payload: bytes) -> bytes:
    """Give the line of a row."""
    if kind in {"event", "line"}:
        return payload
    seconds, nanos = divmod(time, 10**9)
    stamp = f"{EPOCH + timedelta(seconds=seconds):%Y-%m-%dT%H:%M:%S}.{nanos:09}Z"
    marks = "".join(f'"{flag}":true,' for flag in (flags or "").split(",") if flag)
    begin = f'{{"time":"{stamp}","conn":{conn},"dir":"{way}",{marks}'.encode()
    if kind in {"json", "text"}:
        value = payload if kind == "json" else json.dumps(payload.decode(), ensure_ascii=False).encode()
        return begin + (b'"frame":' if kind == "json" else b'"text":') + value + b"}"
    op = b"text" if kind == "bytes" else b"binary"
    return begin + b'"op":"%b","base64":"' % op + base64.b64encode(payload) + b'"}'

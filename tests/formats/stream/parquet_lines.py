"""Lines of every kind, as feedrec writes them or as other tools rewrote them, for tests of Parquet."""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from hypothesis import strategies as st

from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.formats.line.frame_run import FrameRun
from feedrec.formats.line.http_events import http_event
from feedrec.model import NANOSECONDS, Event, Frame, FrameInfo, FrameInfos, Header, Record

from ..line.exchanges import exchanges

START = 1_795_280_400 * NANOSECONDS
HEADER = Header("coinbase-advanced", url="wss://example.test", created=START)

times = st.integers(0, 253402300800 * 10**9 - 1)
payloads = (
    st.binary()
    | st.text().map(str.encode)
    | st.sampled_from([b"{}", b'{"a":[1,"\xc3\xa9"]}', b" {}", b'"\n"', b"\xff"])
)
records: st.SearchStrategy[Record] = (
    st.builds(
        Frame,
        time=times,
        conn=st.integers(0, 2**31) | st.just(2**63),
        payload=payloads,
        direction=st.sampled_from(["in", "out"]),
        binary=st.booleans(),
        redacted=st.booleans(),
        synthetic=st.booleans(),
        unverified=st.booleans(),
    )
    | st.builds(http_event, exchanges)
    | st.builds(
        Event,
        time=times,
        conn=st.integers(0, 2**31),
        name=st.text(),
        details=st.dictionaries(st.text(string.ascii_lowercase), st.none() | st.integers(0, 9) | st.text(), max_size=3),
    )
)


def encode(record: Record) -> bytes:
    return encode_frame(record) if isinstance(record, Frame) else encode_event(record)


def as_written(line: bytes) -> bytes:
    return line


def printed(line: bytes, value: Any, **options: Any) -> bytes:
    """Print the value of a line anew; give the line where Python has no number for one of it, such as 1e400."""
    try:
        return json.dumps(value, allow_nan=False, **options).encode("utf-8", "surrogatepass")
    except ValueError:
        return line


def with_spaces(line: bytes) -> bytes:
    return printed(line, json.loads(line), separators=(", ", ": "), ensure_ascii=False)


def payload_first(line: bytes) -> bytes:
    return printed(line, dict(reversed(json.loads(line).items())))


def with_another_key(line: bytes) -> bytes:
    return b'{"host":"a",' + line[1:]


def with_an_offset_of_time(line: bytes) -> bytes:
    return line.replace(b'Z"', b'+00:00"', 1)


def with_fewer_decimals(line: bytes) -> bytes:
    return line[:33] + line[38:]


def with_space_at_the_end(line: bytes) -> bytes:
    return line + b"\r"


REWRITES: list[Callable[[bytes], bytes]] = [
    as_written,
    with_spaces,
    payload_first,
    with_another_key,
    with_an_offset_of_time,
    with_fewer_decimals,
    with_space_at_the_end,
]


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """Make a line as feedrec writes it, or as another tool rewrote it."""
    return draw(st.sampled_from(REWRITES))(encode(draw(records)))


some_infos = st.builds(
    FrameInfo,
    channel=st.sampled_from(["", "level2", "ticker"]),
    products=st.sampled_from([(), ("",), ("BTC-USD",), ("BTC-USD", "ETH-USD")]),
    sequence=st.none() | st.integers(0, 9) | st.sampled_from([2**63 - 1, 2**63, -(2**63) - 1]),
    kind=st.sampled_from(["snapshot", "update"]),
)
some_payloads = st.sampled_from([b"{}", b"[]", b"7", b'{"a":[1,"\xc3\xa9"]}', b'"%b"' % (b"x" * 300)])


@st.composite
def frame_runs(
    draw: st.DrawFn, conns: Sequence[int] = (0, 7, 12, 2**63 - 1, 2**63), start: int | None = None
) -> FrameRun:
    """Make frames that follow each other, some of them with numbers that no column takes."""
    frames = draw(st.lists(st.tuples(st.integers(0, 10**10), some_payloads, some_infos), min_size=1, max_size=12))
    start = draw(st.sampled_from([0, START, 2**63 - 10**10])) if start is None else start
    times = sorted(start + later for later, *_ in frames)
    conn = draw(st.sampled_from(conns))
    text = b"".join(
        encode(Frame(time, conn, payload)) + b"\n" for time, (_, payload, _) in zip(times, frames, strict=True)
    )
    infos = [info for *_, info in frames]
    by_column = FrameInfos(
        [msgspec.structs.replace(info, sequence=None) for info in infos],
        list(range(len(infos))),
        [info.sequence for info in infos],
    )
    sizes = [len(payload) for _, payload, _ in frames]
    return FrameRun(text, conn, times, by_column if draw(st.booleans()) else infos, sizes)

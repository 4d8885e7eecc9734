"""What the benchmarks run on: the demo's recording and its frames, and real captures if they exist."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import msgspec
import zstandard

from feedrec.feeds import find_feed, rule_of
from feedrec.formats import create_recording, open_recording
from feedrec.model import NANOSECONDS, Frame, FrameInfo

__all__ = [
    "CAPTURES",
    "DEMO",
    "captured",
    "deep_book",
    "deep_snapshot",
    "frames",
    "large",
    "market",
    "repeated",
    "sent_in",
    "updates",
    "without_index",
]

DEMO = Path(__file__).parents[1] / "feedrec" / "cli" / "demo.jsonl.zst"

CAPTURES = sorted((Path(__file__).parents[2] / "shared" / "samples").glob("*.frames.jsonl.zst"))
"""Frames of real venues; not part of the repository."""

_LARGEST_UPDATE = 10_000
_PACE = 10_000
"""Nanoseconds between the frames of a repeated recording: too close for any speed but max."""


_BIDS, _OFFERS = 19_000, 27_000
_TICKERS_A_SECOND = 1_000
_TICKERS_PER_UPDATE = 50  # so that there are 20 book updates per second, like at the venue


def frames() -> list[Frame]:
    """Return the frames received in the demo's recording."""
    with open_recording(DEMO) as recording:
        return [record for record in recording if isinstance(record, Frame) and record.direction == "in"]


def updates() -> list[bytes]:
    """Return the payloads of updates, without snapshots and acks."""
    payloads = [frame.payload for frame in frames()]
    return [payload for payload in payloads if len(payload) < _LARGEST_UPDATE and b'"subscriptions"' not in payload]


def repeated(path: Path, count: int, pace: int = _PACE) -> list[bytes]:
    """Write a recording of `count` frames, the updates over and over, `pace` ns apart; return their payloads."""
    payloads = updates()
    payloads = (payloads * (count // len(payloads) + 1))[:count]
    with open_recording(DEMO) as recording:
        writer = create_recording(path, recording.header, overwrite=True)
    for number, payload in enumerate(payloads):
        writer.write(Frame(number * pace, 0, payload))
    writer.finish()
    return payloads


def market(path: Path, count: int, pace: int) -> None:
    """Write a recording of `count` frames, the demo's snapshots and then its updates over and over, `pace` ns apart."""
    describe = find_feed("coinbase-advanced").describe
    received = [payload for frame in frames() if b'"subscriptions"' not in (payload := frame.payload)]
    again = updates()
    payloads = received + again * (max(count - len(received), 0) // len(again) + 1)
    with open_recording(DEMO) as recording:
        writer = create_recording(path, recording.header)
    start = recording.header.created
    for number, payload in enumerate(payloads[:count]):
        writer.write(Frame(start + number * pace, 0, payload), describe(payload))
    writer.finish()


def captured(path: Path) -> tuple[list[Frame], Callable[[bytes], FrameInfo]]:
    """Return the frames received in a capture, and the function that describes them."""
    records = _records_in(path)
    received = [record for record in records if record.dir == "recv"]
    is_known = path.name.startswith("advanced")
    describe = find_feed("coinbase-advanced").describe if is_known else _describe_by_type
    return [Frame(round(record.ts * NANOSECONDS), 0, record.data.encode()) for record in received], describe


def sent_in(path: Path) -> list[str]:
    """Return the messages sent in a capture."""
    return [record.data for record in _records_in(path) if record.dir == "send"]


def deep_book(path: Path, seconds: int) -> int:
    """
    Write a recording with a book as deep as that of BTC-USD, and 1,000 frames a second of another product.

    There is a silent second behind the snapshot: a client that begins there is not late because it decodes it.

    Returns:
        Bytes of the snapshot: 46,000 levels.

    """
    describe = find_feed("coinbase-advanced").describe
    described = ((one, describe(one)) for one in updates())
    wanted = ("ticker", "update", ("ETH-USD",))
    ticker = next(one for one, info in described if (info.channel, info.kind, info.products) == wanted)
    head, _, tail = ticker.partition(b'"sequence_num":')
    tail = tail.lstrip(b"0123456789")
    with open_recording(DEMO) as recording:
        writer = create_recording(path, recording.header)
    start = recording.header.created
    snapshot = deep_snapshot()
    writer.write(Frame(start, 0, snapshot), describe(snapshot))
    sequence = 0
    for number in range(seconds * _TICKERS_A_SECOND):
        time = start + NANOSECONDS + number * (NANOSECONDS // _TICKERS_A_SECOND)
        payloads = [b'%b"sequence_num":%d%b' % (head, (sequence := sequence + 1), tail)]
        if not number % _TICKERS_PER_UPDATE:
            levels = [_level(number * place % (_BIDS + _OFFERS), number) for place in range(1, 20)]
            payloads.append(_book_frame("update", (sequence := sequence + 1), levels))
        for payload in payloads:
            writer.write(Frame(time, 0, payload), describe(payload))
    writer.finish()
    return len(snapshot)


def deep_snapshot() -> bytes:
    """Return the snapshot of a book as deep as that of BTC-USD: 46,000 levels, 5 MB."""
    return _book_frame("snapshot", 0, [_level(place, place) for place in range(_BIDS + _OFFERS)])


def _level(place: int, number: int) -> dict[str, str]:
    """Return the level at this position: the bids from the top, followed by the offers from the top."""
    side, cents = ("bid", 9_000_000 - place) if place < _BIDS else ("offer", 9_000_001 - _BIDS + place)
    return {
        "side": side,
        "event_time": "2026-11-21T17:02:00.390423Z",
        "price_level": f"{cents / 100:.2f}",
        "new_quantity": f"0.{number % 10_000_000 + 1:08d}",
    }


def _book_frame(kind: str, sequence: int, levels: list[dict[str, str]]) -> bytes:
    event = {"type": kind, "product_id": "BTC-USD", "updates": levels}
    fields = {"channel": "l2_data", "timestamp": "2026-11-21T17:02:00.402094304Z", "sequence_num": sequence}
    return msgspec.json.encode({**fields, "events": [event]})


class _Captured(msgspec.Struct):
    ts: float
    dir: str
    data: str


class _Typed(msgspec.Struct):
    type: str = ""
    product_id: str = ""


_decode = msgspec.json.Decoder(_Captured).decode
_decode_typed = msgspec.json.Decoder(_Typed).decode


def _records_in(capture: Path) -> list[_Captured]:
    with capture.open("rb") as file:
        lines = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True).read().splitlines()
    return list(map(_decode, lines))


def _describe_by_type(payload: bytes) -> FrameInfo:
    """Describe a payload like the feed of Coinbase Exchange, as far as the index needs it."""
    message = _decode_typed(payload)
    return FrameInfo(message.type, (message.product_id,) if message.product_id else ())


def large(path: Path, size: int) -> tuple[int, range]:
    """Write a recording of about `size` bytes of payload, the demo over and over; return exact size and times."""
    feed = find_feed("coinbase-advanced")
    describe = feed.describe
    with open_recording(DEMO) as recording:
        records = list(recording)
        writer = create_recording(path, recording.header, make_rule=rule_of(feed))
    infos = [
        describe(record.payload) if isinstance(record, Frame) and record.direction == "in" else None
        for record in records
    ]
    payload = sum(len(frame.payload) for frame in frames())
    length = records[-1].time - records[0].time + NANOSECONDS
    laps = -(-size // payload)
    for lap in range(laps):
        for record, info in zip(records, infos, strict=True):
            writer.write(msgspec.structs.replace(record, time=record.time + lap * length, conn=lap), info)
        while writer.is_full:
            time.sleep(0.01)
    writer.finish()
    return laps * payload, range(records[0].time, records[0].time + laps * length - NANOSECONDS)


def without_index(path: Path, target: Path) -> None:
    """Copy a recording without its index and seek table, as a killed recorder would leave it."""
    with open_recording(path) as recording:
        index = recording.index
    assert index is not None
    with path.open("rb") as source, target.open("wb") as copy:
        shutil.copyfileobj(source, copy)
        copy.truncate(index.end)

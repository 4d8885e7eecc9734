"""Figures stay few, whatever the frames and events say."""

from __future__ import annotations

from pathlib import Path

from feedrec.formats import create_recording, open_recording
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.formats.tools.summary import Activity, ChannelFigures, RecordingSummary, combine, summarise
from feedrec.model import Event, Frame, FrameInfo, Header, Record


def summary_of(path: Path, *records: Record) -> RecordingSummary:
    """Summarise a recording whose payloads are `channel product product ...`."""
    writer = create_recording(path, Header("raw"))
    for record in records:
        writer.write_line(encode_frame(record) if isinstance(record, Frame) else encode_event(record))
    writer.finish()
    with open_recording(path) as recording:
        return summarise(recording, describe)


def describe(payload: bytes) -> FrameInfo:
    channel, *products = payload.decode().split()
    return FrameInfo(channel, tuple(products))


def test_frames_of_several_products_share_one_row(tmp_path: Path) -> None:
    payloads = [b"status A B", b"status A B C", b"status D E", b"status A", b"heartbeats"]
    summary = summary_of(tmp_path / "a.jsonl", *[Frame(0, 0, payload) for payload in payloads])
    assert summary.channels == [
        ChannelFigures("heartbeats", "", 1, 10),
        ChannelFigures("status", "A", 1, 8),
        ChannelFigures("status", "several", 3, 32),
    ]


def test_a_gap_without_a_number_counts_as_a_gap(tmp_path: Path) -> None:
    gaps = [Event(0, 0, "gap", {"missing": missing}) for missing in (5, "many", None, [1])]
    summary = summary_of(tmp_path / "a.jsonl", *gaps, Event(0, 0, "gap"))
    assert (summary.gaps, summary.missing) == (5, 5)


def test_what_happened_when_is_gathered(tmp_path: Path) -> None:
    create_recording(tmp_path / "a.jsonl", Header("raw")).finish()
    records: list[Record] = [
        Event(1, 0, "open"),
        Frame(2, 0, b"a"),
        Event(5, 0, "gap"),
        Event(7, 1, "open"),
        Frame(6, 1, b"a"),
    ]
    writer = create_recording(tmp_path / "b.jsonl", Header("raw"))
    for record in records:
        writer.write(record)
    writer.finish()
    activity = Activity()
    for name in "ab":
        with open_recording(tmp_path / f"{name}.jsonl") as recording:
            summary = summarise(recording, describe, activity)
    assert (activity.frames.total, activity.gaps.first, activity.reconnects.last) == (2, 5, 7)
    assert activity.span == (1, 7)
    assert (summary.first_time, summary.last_time) == (2, 6)
    assert (summary.connections, summary.reconnects) == (2, 1)


def test_nothing_happened_in_an_empty_recording() -> None:
    assert Activity().span is None


def test_what_was_accepted_is_that_of_the_last_file_that_tells(tmp_path: Path) -> None:
    """Files of a rotation have the header of the first, and the events of their own time."""
    asked = [{"channel": "a", "products": ["X", "Y"]}]
    x, y = ([{"channel": "a", "products": [product]}] for product in "XY")
    events = [{"asked": asked, "accepted": x, "missing": y}, {"asked": asked, "accepted": asked, "missing": []}]
    first = summary_of(tmp_path / "1.jsonl", Event(0, 0, "subscribed", events[0]))
    silent = summary_of(tmp_path / "2.jsonl", Frame(1, 0, b"a X"))
    last = summary_of(tmp_path / "3.jsonl", Event(2, 1, "subscribed", events[1]))
    facts = combine([first, silent]).as_dict()["subscribed"]
    assert facts == {"asked": asked, "accepted": x, "missing": y, "was_missing": []}
    facts = combine([first, silent, last]).as_dict()["subscribed"]
    assert facts == {"asked": asked, "accepted": asked, "missing": [], "was_missing": y}


def test_of_headers_what_differs_is_left_empty() -> None:
    """Subscriptions are listed once, and the whole began when the first began."""
    level2, ticker = {"channel": "level2"}, {"channel": "ticker"}
    first = RecordingSummary(Header("raw", "wss://a", 5, "feedrec", [level2]), damage="a is damaged", state="damaged")
    second = RecordingSummary(Header("raw", "wss://b", 3, "feedrec", [level2, ticker]), state="unfinished")
    total = combine([first, second, second])
    assert total.header == Header("raw", "", 3, "feedrec", [level2, ticker])
    assert (total.recordings, total.state, total.damage) == (2, "damaged", "a is damaged")
    assert combine([first]) is first

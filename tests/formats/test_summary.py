"""Figures stay few, whatever the frames and events say."""

from __future__ import annotations

from pathlib import Path

from feedrec.formats import create_recording, open_recording
from feedrec.formats.lines import encode_event, encode_frame
from feedrec.formats.summary import ChannelFigures, RecordingSummary, summarise
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


def test_a_gap_that_is_no_number_counts_as_a_gap(tmp_path: Path) -> None:
    gaps = [Event(0, 0, "gap", {"missing": missing}) for missing in (5, "many", None, [1])]
    summary = summary_of(tmp_path / "a.jsonl", *gaps, Event(0, 0, "gap"))
    assert (summary.gaps, summary.missing) == (5, 5)

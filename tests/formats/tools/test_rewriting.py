"""Frames that are changed on purpose: what their lines say, what stays, and what the header says."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from feedrec.formats import Selection, create_recording, open_recording
from feedrec.formats.facts.sequence_check import Rules
from feedrec.formats.line.http_events import exchange_of, http_event
from feedrec.formats.several.inputs import inspect_recording
from feedrec.formats.tools.convert import Conversion, convert
from feedrec.formats.tools.rewriting import Rewrite
from feedrec.formats.tools.verify import verify_recording
from feedrec.http_messages import HttpAnswer, HttpExchange
from feedrec.model import Event, Frame, FrameInfo, Header, Record

START = 1_786_309_548_000_000_000
HEADER = Header("coinbase-advanced", "wss://x", START, "feedrec 0", [])


def describe(payload: bytes) -> FrameInfo:
    """Tell of payloads such as `["ticker",5]`: channel and number."""
    channel, number = msgspec.json.decode(payload)
    return FrameInfo(channel, ("A",), number, parses=True)


class Change:
    """Drops frames of `no`, doubles the numbers of `double`, and remembers what it was told."""

    missed = 0

    def __init__(self, told: list[Any]) -> None:
        self.told = told
        self.first: int | None = None

    def received(self, payload: bytes, info: FrameInfo, *, in_sequence: bool) -> bytes | None:
        self.told.append((info.sequence, in_sequence))
        self.missed += info.channel == "odd"
        if info.channel == "double":
            return msgspec.json.encode([info.channel, 2 * (info.sequence or 0)])
        return None if info.channel == "no" else payload

    def left_out(self, info: FrameInfo) -> None:
        self.told.append(("left out", info.sequence))

    def sent(self, payload: bytes) -> bytes:
        return payload.replace(b"secret", b"public")

    def event(self, line: bytes) -> bytes:
        return line.replace(b"secret", b"public")

    def gap(self, expected: int, received: int, channel: str | None = None) -> tuple[int, int]:
        return expected + (100 if channel is None else 1), received + (100 if channel is None else 1)

    def reset(self, expected: int, received: int, channel: str | None = None) -> tuple[int, int]:
        return expected + 200, received + 200 + (channel is not None)


def frame(time: int, channel: str, number: int, **more: Any) -> Frame:
    return Frame(START + time, more.pop("conn", 0), msgspec.json.encode([channel, number]), **more)


def written(path: Path, *records: Record, header: Header = HEADER) -> Path:
    with create_recording(path, header) as writer:
        for record in records:
            writer.write(record)
    return path


def run(told: list[Any], output: Path, *paths: Path, **options: Any) -> Conversion:
    inputs = [inspect_recording(partial(open_recording, path)) for path in paths]
    rewrite = Rewrite(partial(Change, told), {"filtered": {}, "changed": 1})
    return convert(inputs, output, describe=describe, rewrite=rewrite, **options)


def records_of(path: Path) -> list[Record]:
    with open_recording(path) as recording:
        return list(recording)


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.zst", "parquet"])
def test_a_changed_frame_says_so_and_all_else_is_as_it_was(tmp_path: Path, suffix: str) -> None:
    """Also what was sent, what is binary, and other events; numbers of gaps and resets follow."""
    path = written(
        tmp_path / "a.jsonl.zst",
        Event(START, 0, "open", {}),
        frame(1, "subscribe", 0, direction="out"),
        frame(2, "double", 4),
        Event(START + 3, 0, "gap", {"expected": 5, "received": 7, "missing": 2}),
        frame(3, "no", 7),
        frame(4, "yes", 8),
        Event(START + 4, 0, "reset", {"expected": 9, "received": 1}),
        Event(START + 4, 0, "gap", {"expected": "x", "received": 1}),
        Frame(START + 5, 0, b"\x00", binary=True),
        frame(6, "odd", 2, unverified=True),
    )
    told: list[Any] = []
    output = tmp_path / f"b.{suffix}"
    result = run(told, output, path)
    before = records_of(path)
    assert records_of(output) == [
        *before[:2],
        Frame(START + 2, 0, b'["double",8]', rewritten=True),
        Event(START + 3, 0, "gap", {"expected": 105, "received": 107, "missing": 2}),
        before[5],
        Event(START + 4, 0, "reset", {"expected": 209, "received": 201}),
        *before[7:],
    ]
    assert (result.frames, result.rewritten, result.dropped, result.missed) == (4, 1, 1, 1)
    assert told == [(4, True), (7, True), (8, True), (2, False)]
    with open_recording(output) as recording:
        assert recording.header.extra == {"filtered": {}, "changed": 1}
        lines = [line for batch in recording.batches() for line in batch]
    assert lines[2].startswith(
        b'{"time":"2026-08-09T21:05:48.000000002Z","conn":0,"dir":"in","rewritten":true,"frame":'
    )
    assert not verify_recording(output, lambda _: Rules(describe)).problems


def test_what_was_sent_events_and_the_header_are_changed_too(tmp_path: Path) -> None:
    """Gaps of a channel know whose they are."""
    path = written(
        tmp_path / "a.jsonl",
        Event(START, 0, "error", {"message": "secret"}),
        frame(1, "secret", 0, direction="out"),
        Event(START + 1, 0, "gap", {"expected": 5, "received": 7, "missing": 2, "channel": "matches"}),
        header=msgspec.structs.replace(HEADER, subscriptions=[{"channel": "secret"}]),
    )
    inputs = [inspect_recording(partial(open_recording, path))]
    change = Change([])
    convert(inputs, tmp_path / "b.jsonl", describe=describe, rewrite=Rewrite(lambda: change, {"x": 1}, change.event))
    assert records_of(tmp_path / "b.jsonl") == [
        Event(START, 0, "error", {"message": "public"}),
        frame(1, "public", 0, direction="out", rewritten=True),
        Event(START + 1, 0, "gap", {"expected": 6, "received": 8, "missing": 2, "channel": "matches"}),
    ]
    with open_recording(tmp_path / "b.jsonl") as recording:
        assert recording.header.subscriptions == [{"channel": "public"}]


@pytest.mark.parametrize("body", [b'{ "a":"secret" }', b' {"a":"secret"}\n', b"\xff secret", b"secret", b"", b"7"])
def test_requests_are_changed_in_their_bodies_however_these_stand_in_the_line(tmp_path: Path, body: bytes) -> None:
    """And each once; keys that nobody knows stay."""

    class Once(Change):
        def event(self, line: bytes) -> bytes:
            return line.replace(b"public", b"twice").replace(b"secret", b"public")

    one = HttpExchange(START, START, "POST", "https://x/secret", HttpAnswer(200, body), "text/plain", body)
    event = http_event(one)
    known = msgspec.structs.replace(event, details={"note": [1.5], **event.details})
    path = written(tmp_path / "a.jsonl", known, Event(START, None, "http", {"body_text": 7, "url": "secret"}))
    inputs = [inspect_recording(partial(open_recording, path))]
    convert(inputs, tmp_path / "b.jsonl", describe=describe, rewrite=Rewrite(lambda: Once([]), {}))
    changed, odd = records_of(tmp_path / "b.jsonl")
    other = body.replace(b"secret", b"public")
    assert isinstance(changed, Event)
    assert exchange_of(changed) == msgspec.structs.replace(
        one, url="https://x/public", sent=other, answer=HttpAnswer(200, other)
    )
    assert changed.details["note"] == [1.5]
    assert odd == Event(START, None, "http", {"body_text": msgspec.Raw(b"7"), "url": "public"})


def test_a_frame_that_is_not_chosen_is_known_to_be_left_out(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", frame(0, "yes", 0), frame(1, "other", 1), frame(2, "yes", 2))
    told: list[Any] = []
    run(told, tmp_path / "b.jsonl", path, selection=Selection(channels={"yes"}, keeps_events=True))
    assert told == [(0, True), ("left out", 1), (2, True)]
    with open_recording(tmp_path / "b.jsonl") as recording:
        assert recording.header.extra["filtered"] == {"channels": ["yes"]}


def test_the_files_of_one_recording_have_their_connections_in_common_and_others_have_not(tmp_path: Path) -> None:
    parts = [msgspec.structs.replace(HEADER, extra={"part": number}) for number in (1, 2)]
    one = written(tmp_path / "a.jsonl", frame(0, "yes", 0), header=parts[0])
    two = written(tmp_path / "b.jsonl", frame(1, "yes", 1), header=parts[1])
    other = written(tmp_path / "c.jsonl", frame(2, "yes", 2), header=msgspec.structs.replace(HEADER, url="wss://y"))
    by_connection: list[list[Any]] = []

    def change() -> Change:
        by_connection.append([])
        return Change(by_connection[-1])

    inputs = [inspect_recording(partial(open_recording, path)) for path in (one, two, other)]
    convert(inputs, tmp_path / "d.jsonl", describe=describe, rewrite=Rewrite(change, {}))
    assert by_connection == [[(0, True), (1, True)], [(2, True)]]

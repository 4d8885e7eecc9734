"""Recordings to conversations."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from feedrec.errors import CorruptRecordingError, UsageError
from feedrec.formats import create_recording
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.formats.line.http_events import http_event
from feedrec.http_messages import HttpAnswer, HttpExchange
from feedrec.model import NANOSECONDS, Event, Frame, Header, Record
from feedrec.replay.dialogue.reading import read_dialogue, redaction_for
from feedrec.replay.dialogue.recorded import (
    Asked,
    Ending,
    Message,
    RecordedConversation,
    RecordedDialogue,
    RecordedExchange,
    Step,
)

from ..recordings import START


def sent(time: int, payload: bytes, conn: int = 0, **flags: Any) -> Frame:
    return Frame(START + time, conn, payload, direction="out", **flags)


def received(time: int, payload: bytes, conn: int = 0, **flags: Any) -> Frame:
    return Frame(START + time, conn, payload, **flags)


def event(time: int, name: str, conn: int = 0, **details: Any) -> Event:
    return Event(START + time, conn, name, details)


def record(path: Path, *records: Record, **header: Any) -> Path:
    writer = create_recording(path, Header("raw", created=START, **header))
    for one in records:
        writer.write_line(encode_frame(one) if isinstance(one, Frame) else encode_event(one))
    return writer.finish()


def test_both_sides_of_each_connection_in_order(tmp_path: Path) -> None:
    """In the order of their numbers, whatever was recorded first; what the venue never sent is left out."""
    path = record(
        tmp_path / "a.jsonl",
        event(0, "open", 1),
        event(0, "open", url="wss://host/ws?x=1", subprotocol="chat"),
        sent(1, b"b", 1),
        sent(1, b"a"),
        received(2, b"A", binary=True),
        received(2, b"state", synthetic=True),
        event(3, "close", code=4000, reason="enough", by="venue"),
    )
    assert read_dialogue([path]).conversations == [
        RecordedConversation(
            "connection 0 of a.jsonl",
            [
                Step(START + 1, Message(b"a"), is_client=True),
                Step(START + 2, Message(b"A", binary=True), is_client=False),
            ],
            Ending(START + 3, "venue", 4000, "enough"),
            "chat",
            "/ws",
        ),
        RecordedConversation("connection 1 of a.jsonl", [Step(START + 1, Message(b"b"), is_client=True)]),
    ]


@pytest.mark.parametrize(
    ("details", "expected"),
    [
        ({"code": 1000, "reason": "", "by": "client"}, Ending(START, "client", 1000)),
        ({"code": 1006, "reason": "", "by": "client"}, Ending(START, "client", 1006)),
        ({"code": 1000, "reason": "", "by": "venue"}, Ending(START, "venue", 1000)),
        ({"code": 1001, "reason": "the recording proxy ends", "by": "proxy"}, None),
        ({"code": 1012, "reason": "restart"}, Ending(START, "venue", 1012, "restart")),
        ({"code": 1000, "reason": ""}, None),
        ({"code": "?", "reason": None}, Ending(START, "venue", 1006)),
        ({}, Ending(START, "venue", 1006)),
    ],
)
def test_who_closed(details: dict[str, Any], expected: Ending | None, tmp_path: Path) -> None:
    """The recorder itself may have closed with 1000 or 1001, where nothing tells who did."""
    (found,) = read_dialogue([record(tmp_path / "a.jsonl", sent(0, b"a"), event(0, "close", **details))]).conversations
    assert found.ending == expected


@pytest.mark.parametrize(("url", "path"), [("wss://host", "/"), ("wss://host/a/b?c", "/a/b"), ("ws://[", ""), ("", "")])
def test_where_it_was_opened(url: str, path: str, tmp_path: Path) -> None:
    (found,) = read_dialogue([record(tmp_path / "a.jsonl", event(0, "open", url=url), sent(0, b"a"))]).conversations
    assert found.path == path


def test_several_recordings_follow_each_other(tmp_path: Path) -> None:
    first, second = (record(tmp_path / name, sent(0, name.encode())) for name in ("b.jsonl", "a.jsonl.zst"))
    found = read_dialogue([first, second]).conversations
    assert [one.name for one in found] == ["connection 0 of b.jsonl", "connection 0 of a.jsonl.zst"]


def test_the_files_of_one_recording_are_one(tmp_path: Path) -> None:
    """A connection that goes on in the next file is the same."""
    paths = [
        record(tmp_path / f"a-000{part}.jsonl", sent(part, b"%d" % part), url="ws://a", extra={"part": part})
        for part in (1, 2)
    ]
    (found,) = read_dialogue(paths).conversations
    assert found.name == "connection 0 of a-0001.jsonl"
    assert [message.payload for message in found.client_messages] == [b"1", b"2"]


def test_times_are_steady(tmp_path: Path) -> None:
    """A wall clock that was set back by an hour while it was recorded makes no difference."""
    hour = 3600 * NANOSECONDS
    path = record(
        tmp_path / "a.jsonl",
        event(0, "clock", wall=START, monotonic=0),
        sent(0, b"a"),
        event(5 - hour, "clock", wall=START + 5 - hour, monotonic=5),
        received(5 - hour, b"A"),
    )
    (found,) = read_dialogue([path]).conversations
    before, after = (step.time for step in found.steps)
    assert after - before == 5


def test_a_connection_counts_that_was_opened_or_has_frames(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl", event(0, "failover", 7), event(0, "open", 1), sent(0, b"a", 2))
    found = read_dialogue([path]).conversations
    assert [one.name for one in found] == ["connection 1 of a.jsonl", "connection 2 of a.jsonl"]


def test_a_recording_of_one_side_only_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing that a client said is recorded there"):
        read_dialogue([record(tmp_path / "a.jsonl", received(0, b"A"))])
    with pytest.raises(UsageError, match="nothing that a client said is recorded there"):
        read_dialogue([record(tmp_path / "b.jsonl")])


def test_more_than_fits_in_memory_is_refused(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl", sent(0, b"a"), received(0, b"A" * 100))
    assert read_dialogue([path], most_bytes=101)
    with pytest.raises(UsageError, match="held in memory"):
        read_dialogue([path], most_bytes=100)


def test_a_damaged_recording_is_an_error(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl", sent(0, b"a"), received(0, b"A"))
    path.write_bytes(path.read_bytes().replace(b'"in"', b'"no"'))
    with pytest.raises(CorruptRecordingError):
        read_dialogue([path])


def exchanged(started: int, time: int, method: str, url: str, sent: bytes = b"", body: bytes = b"{}") -> Event:
    answer = HttpAnswer(200, body)
    times = START + time, START + started
    return http_event(HttpExchange(*times, method, url, answer, "application/json" if sent else "", sent))


def test_requests_are_in_the_order_in_which_they_were_sent(tmp_path: Path) -> None:
    path = record(
        tmp_path / "a.jsonl",
        exchanged(2, 3, "POST", "https://host/b", b'{"c":1}'),
        exchanged(1, 4, "GET", "https://host/a?b=[redacted]"),
    )
    dialogue = read_dialogue([path])
    assert not dialogue.conversations
    first, second = dialogue.exchanges
    times = (START + 1, START + 4)
    assert first == RecordedExchange(
        "request 1 of a.jsonl", 0, *times, "GET", "/a?b=[redacted]", HttpAnswer(200, b"{}")
    )
    assert (second.name, second.target, second.sent_type, second.sent) == (
        *("request 2 of a.jsonl", "/b"),
        *("application/json", b'{"c":1}'),
    )


@pytest.mark.parametrize(
    ("url", "target"), [("https://host", "/"), ("https://host?a=b", "/?a=b"), ("http://h:1/%2F?", "/%2F"), ("x[", "x[")]
)
def test_what_a_request_asks_for(url: str, target: str, tmp_path: Path) -> None:
    (found,) = read_dialogue([record(tmp_path / "a.jsonl", exchanged(0, 0, "GET", url))]).exchanges
    assert found.target == target


def test_what_the_recorder_asked_itself_is_no_part_of_it(tmp_path: Path) -> None:
    """Nobody must ask it again, no frame waits for it, and it takes no memory."""
    its = exchanged(1, 2, "POST", "https://host/its", b"{}")
    its.details["by"] = "recorder"
    path = record(tmp_path / "a.jsonl", its, exchanged(2, 3, "GET", "https://host/ours"), received(4, b"A"))
    dialogue = read_dialogue([path], most_bytes=3)
    assert [(one.name, one.target) for one in dialogue.exchanges] == [("request 1 of a.jsonl", "/ours")]
    assert dialogue.conversations[0].steps == [Step(START + 4, Message(b"A"), is_client=False)]
    with pytest.raises(UsageError, match="nothing that a client said is recorded there"):
        read_dialogue([record(tmp_path / "b.jsonl", its)])


def test_frames_wait_for_requests_that_change_something(tmp_path: Path) -> None:
    """On each connection of that recording, wherever it was opened; from the last frame on, only the venue's close."""
    path = record(
        tmp_path / "a.jsonl",
        exchanged(1, 2, "POST", "https://host/login"),
        exchanged(1, 2, "GET", "https://host/time"),
        event(3, "open"),
        received(4, b"A"),
        received(5, b"B"),
        event(8, "close", code=1000, by="venue"),
        exchanged(6, 9, "POST", "https://host/logout"),
        exchanged(4, 9, "DELETE", "https://host/a"),
        event(10, "open", 1),
        received(11, b"C", 1),
        exchanged(12, 13, "POST", "https://host/later"),
    )
    dialogue = read_dialogue([path, record(tmp_path / "b.jsonl", sent(99, b"a"))])
    first, second, other = dialogue.conversations
    assert [exchange.target for exchange in dialogue.exchanges] == ["/login", "/time", "/a", "/logout", "/later"]
    assert first.steps == [
        Asked(START + 1, 0, is_within=False),
        Step(START + 4, Message(b"A"), is_client=False),
        Asked(START + 4, 2),
        Step(START + 5, Message(b"B"), is_client=False),
        Asked(START + 6, 3),
    ]
    assert second.steps == [
        *(Asked(START + time, number, is_within=False) for time, number in ((1, 0), (4, 2), (6, 3))),
        Step(START + 11, Message(b"C"), is_client=False),
    ]
    assert other.steps == [Step(START + 99, Message(b"a"), is_client=True)]


def test_answers_count_for_the_memory_too(tmp_path: Path) -> None:
    path = record(tmp_path / "a.jsonl", exchanged(0, 0, "POST", "https://host", b"{}", b'"%s"' % (b"x" * 96)))
    assert read_dialogue([path], most_bytes=100)
    with pytest.raises(UsageError, match="held in memory"):
        read_dialogue([path], most_bytes=99)


def test_what_is_known_to_be_missing_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    lost = event(0, "lost", frames=1, reason="disk")
    with caplog.at_level(logging.WARNING, "feedrec.replay"):
        read_dialogue([record(tmp_path / "a.jsonl", sent(0, b"a"), lost, lost)])
    assert [record.message.partition(": ")[2] for record in caplog.records] == [
        "frames are missing in it, and perhaps what a client must say"
    ]


def test_what_was_redacted_is_hidden_and_what_was_not_is_shown() -> None:
    """By the name of its key, wherever that stands in a message of the client."""
    messages = [b'{"mine":"[redacted]","nonce":5}', b'{"a":[{"passphrase":"[redacted]"},{"Passphrase":"x"}]}', b"\xff"]
    steps = [Step(0, Message(one), is_client=True) for one in messages]
    redaction = redaction_for(RecordedDialogue([RecordedConversation("it", steps)]))
    shown = redaction.message(b'{"deep":{"mine":"a"},"nonce":6,"passphrase":"b","secret":"c"}')
    hidden = b'{"deep":{"mine":"[redacted]"},"nonce":6,"passphrase":"[redacted]","secret":"[redacted]"}'
    assert shown == hidden


def test_what_was_redacted_of_requests_is_hidden_too() -> None:
    sent = b'{"mine":"[redacted]","secret":"public"}'
    exchange = RecordedExchange("it", 0, 0, 0, "POST", "/a?own=[redacted]", HttpAnswer(200), "application/json", sent)
    redaction = redaction_for(RecordedDialogue([], [exchange]))
    shown = redaction.message(b'{"own":"a","mine":"b","secret":"public"}')
    assert shown == b'{"own":"[redacted]","mine":"[redacted]","secret":"public"}'

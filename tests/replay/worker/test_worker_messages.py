"""What a replay and a process beside it say to each other."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from feedrec.errors import (
    CorruptRecordingError,
    NotARecordingError,
    RecordingError,
    TruncatedRecordingError,
)
from feedrec.feeds import find_feed
from feedrec.replay.venue.rebuild import Position
from feedrec.replay.venue.rebuild_messages import Answer, Request
from feedrec.replay.worker.worker_messages import Failure, identity, read_message, write_message


def test_messages_come_back_as_they_were_written() -> None:
    pipe = io.BytesIO()
    request = Request([("level2", "BTC-USD"), ("status", "")], Position(7, [b"\xff{}", b""], 1 << 62, 9))
    answer = Answer([5_000_000, None, 0])
    for message in (request, None, answer):
        write_message(pipe, message)
    pipe.seek(0)
    assert read_message(pipe, Request | None) == request
    assert read_message(pipe, Request | None) is None
    assert read_message(pipe, Answer) == answer
    with pytest.raises(EOFError):
        read_message(pipe, Answer)


def test_a_message_that_breaks_off_is_none() -> None:
    pipe = io.BytesIO()
    write_message(pipe, Answer([1]))
    with pytest.raises(EOFError):
        read_message(io.BytesIO(pipe.getvalue()[:-1]), Answer)


@pytest.mark.parametrize(
    "error",
    [
        RecordingError("a.jsonl", "is odd"),
        NotARecordingError(Path("b.jsonl"), "there is no such file"),
        TruncatedRecordingError("c.jsonl.zst", "ends early", 77, "2026-11-21T17:02:00Z"),
        CorruptRecordingError("d.jsonl.zst", "has other bytes", 0, None),
    ],
)
def test_an_error_is_the_same_on_the_other_side(error: RecordingError) -> None:
    pipe = io.BytesIO()
    write_message(pipe, Answer(failure=Failure.of(error)))
    pipe.seek(0)
    made = read_message(pipe, Answer).failure.error()
    assert (type(made), str(made), vars(made)) == (type(error), str(error), vars(error))


def test_feeds_of_one_class_differ_by_their_name() -> None:
    names = [identity(find_feed(name)) for name in ("coinbase-advanced", "coinbase-advanced-user", "coinmarketcap")]
    assert len(set(names)) == 3
    assert "feedrec.feeds.coinbase_advanced" in names[0]

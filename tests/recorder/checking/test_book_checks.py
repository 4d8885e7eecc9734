"""Frames are copied to a process that checks them, and nothing ever waits for it."""

from __future__ import annotations

import asyncio
import io
import json
import sys
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.feeds import Notice, find_feed
from feedrec.feeds.raw import RawFeed
from feedrec.model import NANOSECONDS
from feedrec.recorder.checking import book_checks
from feedrec.recorder.checking.book_checks import BookChecks
from feedrec.recorder.checking.check_frames import read_frames

from ...timing import until
from ..venue import run

ADVANCED = find_feed("coinbase-advanced")
START = 1_790_733_792 * NANOSECONDS


def book(kind: str, bid: str, size: int = 0) -> bytes:
    updates = [
        {"side": side, "event_time": "x" * size, "price_level": price, "new_quantity": "1"}
        for side, price in (("bid", bid), ("offer", "10"))
    ]
    event = {"type": kind, "product_id": "A-USD", "updates": updates}
    return json.dumps({"channel": "l2_data", "sequence_num": 0, "events": [event]}).encode()


class Checked:
    """Checks, and what they reported of connection 7."""

    def __init__(self, most_waiting: int = 1 << 20) -> None:
        self.checks = BookChecks(ADVANCED, most_waiting)
        self.reported: list[Notice] = []
        self.checks.follow(7, self.report)

    def report(self, notices: Sequence[Notice]) -> None:
        self.reported += notices

    def frames(self, second: int, *payloads: bytes) -> None:
        self.checks.frames(7, [(START + second * NANOSECONDS, list(payloads))], list(map(ADVANCED.describe, payloads)))

    def crossed_twice(self) -> None:
        for second in range(3):
            self.frames(second, book("snapshot", "11"), b'{"channel":"heartbeats"}')


class Pipe:
    """A pipe that takes everything."""

    def __init__(self) -> None:
        self.taken = b""

    def write(self, data: bytes) -> None:
        self.taken += data

    def get_write_buffer_size(self) -> int:
        return 0


BEAT = b'{"channel":"heartbeats","sequence_num":1}'


@given(st.lists(st.lists(st.sampled_from([book("update", "9"), book("update", "8"), BEAT]), max_size=4), max_size=5))
def test_of_frames_described_together_those_of_books_are_given(payloads: list[list[bytes]]) -> None:
    together = [payload for read in payloads for payload in read]
    expected = [payload for payload in together if payload != BEAT]
    for infos in (ADVANCED.describe_all(together), list(map(ADVANCED.describe, together))):
        one, pipe = Checked(), Pipe()
        checks: Any = one.checks
        checks._early, checks._transport = None, pipe
        checks.frames(7, list(enumerate(payloads)), infos)
        found = list(read_frames(io.BytesIO(pipe.taken)))
        assert [frame.payload for frame in found] == expected
        assert [frame.time for frame in found] == [
            time for time, read in enumerate(payloads) for one in read if one != BEAT
        ]


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_what_came_before_the_process_was_there_is_checked_too_and_the_rest_at_the_end_of_the_run() -> None:
    async def check() -> list[Notice]:
        one = Checked()
        one.crossed_twice()
        task = asyncio.create_task(one.checks.run())
        await until(lambda: one.reported)
        one.checks.closed(7)
        one.checks.follow(7, one.report)  # as another connection
        one.crossed_twice()
        await ended(task)
        one.crossed_twice()  # nobody cares
        return one.reported

    first, *_ = found = run(check())
    assert {(one.severity, one.event) for one in found} == {("warning", "crossed")}
    assert len(found) == 2
    assert first.details["bid"] == "11"


def test_what_there_is_no_room_for_is_left_out_and_told_once_there_is_again() -> None:
    async def check() -> list[Notice]:
        one = Checked(most_waiting=1000)
        for _ in range(10):
            one.frames(0, book("snapshot", "11", 500))
        assert one.reported == []
        task = asyncio.create_task(one.checks.run())
        await until(lambda: one.checks._transport is not None and one.checks._waiting == 0)
        one.crossed_twice()
        await until(lambda: len(one.reported) == 2)
        await ended(task)
        return one.reported

    unchecked, crossed = run(check())
    assert (unchecked.event, unchecked.details) == ("unchecked", {"frames": 9})
    assert crossed.event == "crossed"


def test_a_process_that_ends_or_never_begins_is_a_warning_and_recording_goes_on(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def check(module: str, executable: str) -> None:
        monkeypatch.setattr(book_checks, "_MODULE", module)
        monkeypatch.setattr(sys, "executable", executable)
        one = Checked()
        one.crossed_twice()
        await one.checks.run()
        one.crossed_twice()
        one.checks.closed(7)

    run(check("no_such_module", sys.executable))
    run(check("no_such_module", "/no/such/python"))
    ended_, never = caplog.messages
    assert ended_ == "books are not checked any more: the process that does it ended; the recording goes on"
    assert never.startswith("books are not checked any more: no process can be started (")


def test_a_finding_on_a_connection_that_is_over_is_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    async def check() -> None:
        one = Checked()
        one.crossed_twice()
        one.checks._reports.clear()
        task = asyncio.create_task(one.checks.run())
        await until(lambda: caplog.messages)
        await ended(task)

    run(check())
    assert caplog.messages == [
        "the book of level2 A-USD is crossed: best bid 11, best ask 10; the connection is over by now"
    ]


def test_what_has_nothing_to_check_is_refused() -> None:
    with pytest.raises(UsageError, match="nothing that raw sends can be checked: leave out --verify-books"):
        BookChecks(RawFeed("ws://127.0.0.1:1"))

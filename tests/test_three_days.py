"""
Three days of a recording with a new file each hour: the real session, writer and sockets, on a clock that leaps.

The venue is in the same process: it sets the clock, sends frames, and goes on when they have been read.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import tracemalloc
from collections.abc import AsyncIterator
from pathlib import Path

from websockets.asyncio.server import ServerConnection, serve

from feedrec.feeds import Subscription
from feedrec.feeds.catalogue import find_feed
from feedrec.feeds.coinbase_advanced.client_requests import parse_request
from feedrec.formats import open_recording
from feedrec.formats.file.growing.growing_file import begin_file
from feedrec.formats.file.rotation import RotateAfter, RotatingWriter
from feedrec.model import NANOSECONDS, Header
from feedrec.recorder import RecordingSession, Summary
from feedrec.recorder.backoff import Backoff
from feedrec.recorder.clock import RecordingClock
from soak.accounting import Tally
from soak.fickle_feed import ack, body, snapshot
from soak.ledger import NEW_COUNT, SENT, WITHHELD, LedgerFile, digest_of
from soak.recorded import FilesAccount, account_of

from .timing import HANG_TIMEOUT, MS

HOUR = 3600 * NANOSECONDS
START = 1_795_305_600 * NANOSECONDS  # midnight
DAYS = 3
HOURS = 24 * DAYS
MOMENTS = 8
"""In an hour, at which frames come."""

AT_ONCE = 25
SET_BACK = {30: 10 * 60 * NANOSECONDS, 50: -2 * HOUR}
"""By how much the wall clock is set back at the beginning of an hour."""

OUTAGES = {13, 14, 40}
"""Hours in which the venue is not there."""

GAPS, RESETS = 5, 17
"""Each so many hours, numbers are left out; the count begins anew."""

MOST_GROWTH = 200_000
"""Bytes of Python's memory, from the end of the first day to the end of the last: 48 files, 9,600 frames."""


class Days:
    """The venue, and the clock of its recorder."""

    def __init__(self, ledgers: Path) -> None:
        self.now = NANOSECONDS
        self.set_back = 0
        self.memory: list[int] = []
        self._ledgers = ledgers
        self._connections = self._number = self._sequence = 0
        self._ledger: LedgerFile | None = None
        self._subscribed: dict[str, list[str]] = {}
        self._is_ready = asyncio.Event()

    def wall(self) -> int:
        """Return the wall clock."""
        return START + self.now - self.set_back

    async def handle(self, connection: ServerConnection) -> None:
        """Answer what a client asks; the frames come from `pass_by`."""
        self._connection = connection
        self._connections += 1
        self._number = self._sequence = 0
        self._subscribed = {}
        self._name = f"x-{self._connections:04d}"
        self._ledger = LedgerFile(self._ledgers / self._name)
        async for message in connection:
            request = parse_request(str(message).encode())
            assert request is not None
            self._subscribed[request.channel] = request.products or [request.channel]
            if request.channel == "level2":
                await self._send(snapshot("BTC-USD", 2000))
            await self._send(ack(self._subscribed))
            if len(self._subscribed) == 2:
                self._is_ready.set()

    async def pass_by(self) -> None:
        """Let the days pass, hour by hour."""
        for hour in range(HOURS):
            self.now = max(self.now, hour * HOUR + NANOSECONDS)
            self.set_back += SET_BACK.get(hour, 0)
            if hour in OUTAGES:
                await self._hang_up()
                continue
            async with asyncio.timeout(HANG_TIMEOUT):
                await self._is_ready.wait()
            await self._pass_hour(hour)
            if hour % 24 == 23:
                gc.collect()
                self.memory.append(tracemalloc.get_traced_memory()[0])
        await self._hang_up()

    async def _pass_hour(self, hour: int) -> None:
        for moment in range(MOMENTS):
            self.now = hour * HOUR + (moment + 1) * HOUR // (MOMENTS + 1)
            for _ in range(AT_ONCE):
                channel, template = body(self._number % 500, "BTC-USD")
                assert channel
                await self._send(template, self._number)
            if hour % GAPS == 0 and moment == 2:
                self._leave_out(7)
            if hour % RESETS == 1 and moment == 5:
                self._sequence = 0
            await (await self._connection.ping())  # all of that has been read

    def _leave_out(self, count: int) -> None:
        assert self._ledger is not None
        for _ in range(count):
            self._ledger.note(0, self._sequence, self.now, WITHHELD)
            self._number += 1
            self._sequence += 1

    async def _send(self, template: bytes, *numbers: int) -> None:
        assert self._ledger is not None
        payload = template % (self._name.encode(), self._number, b"2026-11-22T00:00:00Z", self._sequence, *numbers)
        kind = NEW_COUNT if self._sequence == 0 and self._number else SENT
        self._ledger.note(digest_of(payload), self._sequence, self.now, kind)
        self._number += 1
        self._sequence += 1
        await self._connection.send(payload.decode())

    async def _hang_up(self) -> None:
        if self._is_ready.is_set():
            self._is_ready.clear()
            await self._connection.close(1001, "maintenance")
            assert self._ledger is not None
            self._ledger.close()


@contextlib.asynccontextmanager
async def recording(days: Days, writer: RotatingWriter, url: str) -> AsyncIterator[asyncio.Task[Summary]]:
    session = RecordingSession(
        find_feed("coinbase-advanced"),
        url,
        [Subscription("level2", ("BTC-USD",)), Subscription("heartbeats")],
        writer,
        clock=RecordingClock(days.wall, lambda: days.now),
        backoff=Backoff(first=10 * MS),
    )
    task = session.start()
    yield task
    session.stop()
    await task


async def live(days: Days, writer: RotatingWriter) -> Summary:
    """Record all the days."""
    async with serve(days.handle, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with recording(days, writer, f"ws://127.0.0.1:{port}") as task:
            await days.pass_by()
    return task.result()


def hours_in(path: Path) -> int:
    """Return of how many hours of the wall clock the lines of a file are."""
    with open_recording(path) as recording:
        return len({record.time // HOUR for record in recording})


def test_three_days_of_a_new_file_each_hour(tmp_path: Path) -> None:
    """Each hour has its file, each frame its place, each hole its name; and the memory stays what it was."""
    ledgers, folder = tmp_path / "ledgers", tmp_path / "files"
    ledgers.mkdir()
    folder.mkdir()
    days = Days(ledgers)
    finished: list[Path] = []
    header = Header("coinbase-advanced", created=START)
    writer = RotatingWriter(folder / "x.jsonl.zst", header, begin_file, RotateAfter(HOUR), finished.append)
    tracemalloc.start()
    try:
        summary = asyncio.run(live(days, writer))
    finally:
        tracemalloc.stop()

    files = sorted(folder.iterdir())
    assert sorted(finished) == files
    assert HOURS <= len(files) <= HOURS + len(SET_BACK)
    assert {path: hours_in(path) for path in files if hours_in(path) != 1} == {}
    tally = Tally()
    account = account_of(files, FilesAccount(ledgers, "x", (), (), tally))
    assert tally.wrong == []
    assert tally.is_complete
    assert (tally.closed, tally.killed) == (0, 0)
    assert tally.left_out == summary.counts.missing == 7 * len([h for h in range(0, HOURS, GAPS) if h not in OUTAGES])
    assert tally.resets == summary.counts.resets == len([h for h in range(1, HOURS, RESETS) if h not in OUTAGES])
    assert account.steps == len(SET_BACK)
    assert days.memory[-1] - days.memory[0] < MOST_GROWTH

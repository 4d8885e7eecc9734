"""
Three days of a recording: a new file each hour, a command that ships it, and only the last day is kept.

Session, writer, sockets, hooks and retention are the real ones, on a clock that leaps. The venue is in the same
process: it sets the clock, sends frames, and goes on when they have been read.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import shutil
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve

import feedrec
from feedrec.feeds import Subscription, find_feed, rule_of
from feedrec.feeds.coinbase_advanced.client_requests import parse_request
from feedrec.formats import open_recording
from feedrec.formats.file.growing.disk_rules import DiskRules
from feedrec.formats.file.growing.growing_file import GrowingFile, begin_file
from feedrec.formats.file.lock import is_being_written
from feedrec.formats.file.naming.file_naming import FileNaming
from feedrec.formats.file.naming.template import parse_template
from feedrec.formats.file.naming.template_names import TemplateNames
from feedrec.formats.file.rotation import RotateAfter, RotatingWriter
from feedrec.formats.line.codec import decode_header
from feedrec.model import NANOSECONDS, Header
from feedrec.recorder import RecordingSession, Summary
from feedrec.recorder.backoff import Backoff
from feedrec.recorder.clock import RecordingClock
from feedrec.recorder.commands.command import Command
from feedrec.recorder.commands.process import Ended
from feedrec.recorder.commands.runner import CommandRunner
from feedrec.recorder.keeping.believed_clock import BelievedClock
from feedrec.recorder.keeping.feed_key import key_of
from feedrec.recorder.keeping.file_ends import FileEnd, read_end
from feedrec.recorder.keeping.keep_rule import Keep
from feedrec.recorder.keeping.retention import Retention
from feedrec.recorder.output.command_finisher import CommandFinisher
from feedrec.recorder.output.file_chain import FileChain
from soak.accounting import Tally
from soak.fickle_feed import ack, body, snapshot
from soak.ledger import NEW_COUNT, SENT, WITHHELD, LedgerFile, digest_of
from soak.recorded import FilesAccount, account_of

from .timing import HANG_TIMEOUT, MS, until, wait_until

FEED = find_feed("coinbase-advanced")
HOUR = 3600 * NANOSECONDS
START = 1_795_305_600 * NANOSECONDS  # midnight
DAYS = 3
HOURS = 24 * DAYS
MOMENTS = 8
"""In an hour, at which frames come."""

AT_ONCE = 10
SET_BACK = {30: 10 * 60 * NANOSECONDS, 50: -2 * HOUR}
"""By how much the wall clock is set back at the beginning of an hour."""

OUTAGES = {13, 14, 40}
"""Hours in which the venue is not there."""

UNREACHABLE = set(range(42, 48))
"""Hours in which no file can be shipped."""

KEPT = 24 * HOUR

GAPS, RESETS = 5, 17
"""Each so many hours, numbers are left out; the count begins anew."""

MEASURED = {*range(20, 24), *range(68, 72)}
"""Hours at whose end the memory is taken: the first day has warmed up by then."""

MOST_GROWTH = 60_000
"""Bytes from the first day to the last, with 48 files and 3,840 frames of 1.2 MB between; names of files take 26 kB."""

OURS = tracemalloc.Filter(inclusive=True, filename_pattern=f"{Path(feedrec.__file__).parent}/*")


def memory_of_feedrec() -> int:
    """Return the bytes that feedrec's own lines have allocated; the interpreter's tables grow in leaps."""
    gc.collect()
    return sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces([OURS]).traces)


class Days:
    """The venue, and the clock of its recorder."""

    def __init__(self, ledgers: Path, forget_log: Callable[[], object]) -> None:
        self.now = NANOSECONDS
        self.set_back = self.sent = 0
        self.memory: list[int] = []
        self.files: list[int] = []
        self.count_files: Callable[[], int] = lambda: 0
        self.is_idle: Callable[[], bool] = lambda: True
        self.until_quiet: Callable[[], Awaitable[None]]
        self._ledgers, self._forget_log = ledgers, forget_log
        self._connections = self._number = self._sequence = 0
        self._ledger: LedgerFile | None = None
        self._subscribed: dict[str, list[str]] = {}
        self._is_ready = asyncio.Event()
        self._left: ServerConnection | None = None

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
            if connection is self._left:
                return  # it asked for a book again just as we hung up, and would be sent nothing of what was noted
            is_wanted = request.type == "subscribe"  # else the recorder will ask for it anew, after a gap
            self._subscribed[request.channel] = (request.products or [request.channel]) if is_wanted else []
            if request.channel == "level2" and is_wanted:
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
            if hour not in UNREACHABLE:
                await until(self.is_idle)
            self.files.append(self.count_files())
            if hour in MEASURED:
                await self.until_quiet()
                self._forget_log()
                self.memory.append(memory_of_feedrec())
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
        self.sent += 1
        await self._connection.send(payload.decode())

    async def _hang_up(self) -> None:
        if self._is_ready.is_set():
            self._is_ready.clear()
            self._left, ledger = self._connection, self._ledger  # it may be back before this is over
            await self._left.close(1001, "maintenance")
            assert ledger is not None
            ledger.close()


@contextlib.asynccontextmanager
async def recording(days: Days, writer: RotatingWriter, url: str, steps: Steps) -> AsyncIterator[asyncio.Task[Summary]]:
    session = RecordingSession(
        FEED,
        url,
        [Subscription("level2", ("BTC-USD",)), Subscription("heartbeats")],
        writer,
        clock=RecordingClock(days.wall, lambda: days.now),
        backoff=Backoff(first=10 * MS),
    )
    days.until_quiet = lambda: until_quiet(days, session, writer, steps)
    task = session.start()
    yield task
    session.stop()
    await task


async def live(days: Days, writer: RotatingWriter, steps: Steps) -> Summary:
    """Record all the days."""
    async with serve(days.handle, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with recording(days, writer, f"ws://127.0.0.1:{port}", steps) as task:
            await days.pass_by()
    return task.result()


class Shipping:
    """The command for each finished file: it copies it to another folder, but not while that cannot be reached."""

    def __init__(self, days: Days, folder: Path) -> None:
        self.failed = self.done = 0
        self._days, self._folder = days, folder

    def run(self, arguments: Sequence[str], *_: object, **__: object) -> Ended:
        """Be the process; see `run_to_end`."""
        if self._days.now // HOUR in UNREACHABLE:
            self.failed += 1
            return Ended("it cannot be reached")
        shutil.copy(arguments[1], self._folder)
        self.done += 1
        return Ended(None)


class ReadInProcess:
    """Be the process that reads of which feed files are."""

    def __call__(self, paths: Sequence[Path]) -> list[FileEnd]:
        """Read them; while a file has still the lock of its recorder, it does not say when it ends."""
        for path in paths:
            wait_until(lambda path=path: not is_being_written(path))  # type: ignore[misc]
        found = map(read_end, paths)
        return [FileEnd(None if line is None else key_of(decode_header(line)), end) for line, end in found]

    def give_up(self) -> None:
        """Need nothing to end."""


class Steps:
    """What is done with each finished file."""

    def __init__(self, header: Header, naming: FileNaming, days: Days, shipping: Shipping) -> None:
        self.begun = 0
        self._shipping = shipping
        self._chain = chain = FileChain(header, "x", marks=True)
        self.add, self.finish = chain.add, chain.finish
        runner = CommandRunner("on-rotate", Command(("ship", "{path}")), 10.0, run=shipping.run)
        pause = 5 * MS
        chain.append(CommandFinisher(runner, chain.told, chain.is_wanted, lambda ending, _: ending.wait(pause)))
        clock = BelievedClock(days.wall, lambda: days.now)
        chain.end_with(Retention(naming, key_of(header), Keep(nanoseconds=KEPT), clock=clock, reader=ReadInProcess()))

    def begin(self, path: Path, header: Header) -> GrowingFile:
        """Begin a file."""
        self.begun += 1
        return self._chain.begin(path, lambda: begin_file(path, header, make_rule=rule_of(FEED)))

    def is_idle(self) -> bool:
        """Return whether nothing is to be done at the moment."""
        return not any(self._chain.waiting.values())

    def is_through(self) -> bool:
        """Return whether all has been done with each file but the present one."""
        return self._shipping.done == self.begun - 1 and self.is_idle()


async def until_quiet(days: Days, session: RecordingSession, writer: RotatingWriter, steps: Steps) -> None:
    """
    Wait until each frame that was sent is with the operating system, and each finished file is through.

    At any other moment up to half a megabyte of frames is on its way.
    """

    def has_received_all() -> bool:
        return session.progress.counts.frames == days.sent

    def has_written_all() -> bool:
        now = time.monotonic()
        return now - writer.disk.waiting_seconds > handed_over

    is_quiet = False
    while not is_quiet:
        await until(has_received_all)
        handed_over = time.monotonic()
        writer.flush()
        await until(has_written_all)
        await until(steps.is_through)
        is_quiet = has_received_all()  # a book may have been asked for once more


def hours_in(path: Path) -> int:
    """Return of how many hours of the wall clock the lines of a file are."""
    with open_recording(path) as recording:
        return len({record.time // HOUR for record in recording})


def last_time(path: Path) -> int:
    """Return the latest wall time in a file."""
    with open_recording(path) as recording:
        return max(record.time for record in recording)


def record_days(days: Days, folder: Path, shipping: Shipping) -> Summary:
    """Record the days to a folder, and do what is to be done with the files."""
    header = Header("coinbase-advanced", created=START)
    naming = TemplateNames(parse_template(f"{folder}/{{date}}/{{hour}}-{{time}}.jsonl.zst", ""), {})
    steps = Steps(header, naming, days, shipping)
    writer = RotatingWriter(naming, header, steps.begin, RotateAfter(HOUR), steps.add, rules=DiskRules())
    days.count_files = lambda: len(list(folder.rglob("*.jsonl.zst")))
    days.is_idle = steps.is_idle
    summary = asyncio.run(live(days, writer, steps))
    steps.finish()
    return summary


def test_three_days_of_a_new_file_each_hour_of_which_one_is_kept(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Each hour has its file, each frame its place, each hole its name; what is old is gone; the memory stays."""
    ledgers, folder, shipped = (tmp_path / name for name in ("ledgers", "files", "shipped"))
    for one in (ledgers, folder, shipped):
        one.mkdir()
    days = Days(ledgers, caplog.clear)
    shipping = Shipping(days, shipped)
    tracemalloc.start()
    try:
        summary = record_days(days, folder, shipping)
    finally:
        tracemalloc.stop()

    files = sorted(shipped.iterdir(), key=lambda path: path.name[3:])
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
    assert min(days.memory[-4:]) - min(days.memory[:4]) < MOST_GROWTH, days.memory

    kept = sorted(path for path in folder.rglob("*") if path.is_file())
    assert [path for path in kept if path.suffix != ".zst"] == []
    last_day = [path.name for path in files if last_time(path) >= days.wall() - KEPT]
    assert sorted(path.name for path in kept) == sorted(last_day)
    assert len(last_day) < len(files) / 2
    assert shipping.failed > 0
    assert max(days.files) <= 24 + len(UNREACHABLE) + 5
    assert max(days.files[50:]) <= 24 + 5  # what could not be shipped has been, and is gone in its turn

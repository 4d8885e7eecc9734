"""The process that knows the states, as the recorder and the serving process have it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from feedrec.feeds.venue import Key
from feedrec.live_messages import (
    FeedPlan,
    Files,
    Logged,
    Parcel,
    ParcelKind,
    Ready,
    ServePlan,
    Told,
    packed,
    read_told,
)
from feedrec.model import Frame, Record
from feedrec.replay.live.states.asking import AsOf, States
from feedrec.replay.live.states.state_messages import StateRequest, encoded

from ....timing import HANG_TIMEOUT
from .runs import ENDPOINT, START, exchange, lines_of, run_header, write

NOTHING = Files([], None, 0)
BOOK, TICKER = ("level2", "A"), ("ticker", "A")


class Recorder:
    """The recorder's end: it has started the process, and sends it parcels."""

    def __init__(self, folder: Path, endpoint: str = ENDPOINT) -> None:
        self.states = folder / "states"
        plan = ServePlan([FeedPlan(endpoint)], "127.0.0.1", 0, str(self.states))
        self.end, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-P", "-m", "feedrec.replay.live.states.state_process"),
                    msgspec.json.encode(plan).decode(),
                ],
                stdin=theirs.fileno(),
                stderr=subprocess.PIPE,
            )
        self.end.settimeout(HANG_TIMEOUT)
        self._told = self.end.makefile("rb")

    def told(self) -> Told:
        return read_told(self._told.readline())

    def send(self, number: int, kind: ParcelKind, content: bytes) -> None:
        self.end.sendall(b"".join(packed(Parcel(number, kind, 0, content))))

    def begin(self, number: int, files: Files = NOTHING) -> None:
        self.send(number, ParcelKind.HEADER, msgspec.json.encode(run_header()))
        self.send(number, ParcelKind.FILES, msgspec.json.encode(files))

    def record(self, number: int, *run: Record) -> None:
        self.send(number, ParcelKind.LINES, b"".join(line + b"\n" for line in lines_of(run)))

    def close(self) -> tuple[int, str]:
        """End it; return its exit code, and what it said to stderr."""
        self._told.close()
        self.end.close()
        _, said = self.process.communicate(timeout=HANG_TIMEOUT)
        return self.process.returncode, said.decode()


@contextlib.contextmanager
def recorder(folder: Path, endpoint: str = ENDPOINT) -> Iterator[Recorder]:
    started = Recorder(folder, endpoint)
    try:
        yield started
    finally:
        with contextlib.suppress(ProcessLookupError):
            started.process.kill()
        with contextlib.suppress(ValueError):
            started.close()


def ask(path: Path, after: int, *keys: Key) -> AsOf:
    async def run() -> AsOf:
        states = States(path)
        async with asyncio.timeout(HANG_TIMEOUT):
            found = await states.ask(0, keys, START, after)
        await states.close()
        return found

    return asyncio.run(run())


def large_book(levels: int) -> Frame:
    bids = [[f"{price}.000001", "1.00000000"] for price in range(1, levels)]
    return Frame(START, 0, msgspec.json.encode({"type": "snapshot", "product_id": "A", "bids": bids, "asks": []}))


def ticker(number: int) -> Frame:
    return Frame(START + number, 0, b'{"type":"ticker","product_id":"A","sequence":%d}' % number)


def test_it_answers_one_after_another_and_ends_with_the_recorder(tmp_path: Path) -> None:
    folder = tmp_path / "private"
    folder.mkdir()
    with recorder(folder) as of:
        assert of.told() == Ready([])
        of.begin(0)
        of.record(1, large_book(100_000), ticker(1))
        number, found = ask(of.states, 1, BOOK, TICKER)
        assert (number, found[TICKER]) == (1, ticker(1).payload)
        assert len(found[BOOK] or b"") > 2_000_000
        with socket.socket(socket.AF_UNIX) as gone:  # a serving process that is killed amid an answer
            gone.connect(str(of.states))
            gone.sendall(encoded(StateRequest(0, [BOOK], START, 1)))
            gone.recv(10)
        with socket.socket(socket.AF_UNIX) as wrong:
            wrong.connect(str(of.states))
            wrong.sendall(encoded(StateRequest(7, [BOOK], START, 1)))
            assert wrong.recv(10) == b""
        of.record(2, ticker(2))
        assert ask(of.states, 2, TICKER) == (2, {TICKER: ticker(2).payload})
        os.kill(of.process.pid, signal.SIGINT)  # Ctrl-C is for the recorder
        assert ask(of.states, 2, BOOK) == (2, {BOOK: found[BOOK]})
        assert of.close() == (0, "")
        assert list(folder.iterdir()) == []


def test_one_that_was_killed_is_followed_by_one_that_knows_the_same(tmp_path: Path) -> None:
    path = write(tmp_path / "x.jsonl.zst", [large_book(9), ticker(1)])
    with recorder(tmp_path) as of:
        of.told()
        of.process.kill()
    with recorder(tmp_path) as of:
        assert of.told() == Ready([])
        of.begin(5, Files([], str(path), 3))
        of.record(6, ticker(2))
        number, found = ask(of.states, 6, BOOK, TICKER)
        state = exchange().state(None)
        assert state is not None
        for frame in (large_book(9), ticker(2)):
            state.apply(exchange().describe(frame.payload), frame.payload)
        assert (number, found) == (6, {key: state.snapshot(*key, START) for key in (BOOK, TICKER)})


def test_what_it_has_to_say_is_told_to_the_recorder(tmp_path: Path) -> None:
    with recorder(tmp_path) as of:
        of.told()
        of.begin(0, Files([str(tmp_path / "gone.jsonl")], None, 0))
        told = of.told()
        assert isinstance(told, Logged)
        assert "gone.jsonl" in told.text


@pytest.mark.parametrize("content", [b"nonsense\n", b"{}\n"])
def test_a_recorder_that_is_not_understood_ends_it_with_one_line(tmp_path: Path, content: bytes) -> None:
    with recorder(tmp_path) as of:
        of.told()
        of.begin(0)
        of.send(1, ParcelKind.LINES, content)
        of.process.wait(HANG_TIMEOUT)
        code, said = of.close()
    assert code == 1
    assert said.startswith("what the recorder says is not understood: ")
    assert said.count("\n") == 1


def test_an_endpoint_that_is_unknown_ends_it_with_one_line(tmp_path: Path) -> None:
    with recorder(tmp_path, "nowhere") as of:
        of.process.wait(HANG_TIMEOUT)
        code, said = of.close()
    assert (code, said.count("\n")) == (1, 1)
    assert "nowhere" in said

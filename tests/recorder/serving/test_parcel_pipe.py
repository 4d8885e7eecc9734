"""What is sent never waits, arrives whole and in order, and is counted while it waits."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from feedrec.recorder.serving.parcel_pipe import ParcelPipe

from ...timing import until
from ..venue import run


class Ends:
    """A pipe, the other end of its socket, and what came from there."""

    def __init__(self, pause: float = 0.0) -> None:
        ours, self.theirs = socket.socketpair()
        self.theirs.setblocking(False)
        self.lines: list[bytes] = []
        self.ends = 0
        self.pipe = ParcelPipe(ours, self.lines.append, self._end, pause)

    def _end(self) -> None:
        self.ends += 1

    async def read(self, size: int) -> bytes:
        """Return so many bytes, or fewer at the end."""
        data, loop = b"", asyncio.get_running_loop()
        while len(data) < size and (piece := await loop.sock_recv(self.theirs, 1 << 16)):
            data += piece
        return data


@asynccontextmanager
async def ends(pause: float = 0.0) -> AsyncIterator[Ends]:
    both = Ends(pause)
    try:
        yield both
    finally:
        both.pipe.close()
        both.theirs.close()


def test_what_is_sent_arrives_at_once_and_nothing_waits() -> None:
    async def check() -> None:
        async with ends() as both:
            both.pipe.put(b"a", b"bc")
            assert both.theirs.recv(10) == b"abc"
            assert both.pipe.waiting == 0

    run(check())


def test_what_is_not_taken_waits_and_is_all_there_in_the_end() -> None:
    """Far more than the socket holds, in many parts and in large ones."""

    async def check() -> None:
        async with ends() as both:
            sent = [bytes([number % 251]) * 3000 for number in range(700)] + [b"x" * 5_000_000, b"y"]
            for part in sent:
                both.pipe.put(part)
            assert both.pipe.waiting > 5_000_000
            assert await both.read(sum(map(len, sent))) == b"".join(sent)
            assert both.pipe.waiting == 0

    run(check())


def test_what_may_wait_for_more_goes_out_together() -> None:
    async def check() -> None:
        async with ends(pause=0.001) as both:
            both.pipe.put(b"a")
            both.pipe.put(b"b")
            with pytest.raises(BlockingIOError):
                both.theirs.recv(1)
            assert await both.read(2) == b"ab"

    run(check())


def test_nothing_passes_a_place_that_is_not_filled() -> None:
    async def check() -> None:
        async with ends() as both:
            both.pipe.put(b"a")
            place = both.pipe.reserve()
            both.pipe.put(b"c")
            assert both.theirs.recv(10) == b"a"
            assert both.pipe.waiting == 1
            assert place.is_open
            place.fill(b"b", b"b")
            place.fill(b"never")
            assert await both.read(3) == b"bbc"
            assert not place.is_open
            assert both.pipe.waiting == 0

    run(check())


def test_the_end_comes_after_all_that_waits_and_waits_for_no_place() -> None:
    async def check() -> None:
        async with ends() as both:
            both.pipe.put(b"x" * 1_000_000)
            both.pipe.reserve()
            both.pipe.put(b"z")
            both.pipe.end()
            assert len(await both.read(2_000_000)) == 1_000_001

    run(check())


def test_lines_come_whole_however_they_are_cut() -> None:
    async def check() -> None:
        async with ends() as both:
            for piece in (b"on", b"e\ntwo\nthr", b"ee\n"):
                both.theirs.send(piece)
                await asyncio.sleep(0)
                await asyncio.sleep(0)
            await until(lambda: both.lines == [b"one", b"two", b"three"])

    run(check())


def test_whoever_is_gone_is_told_of_once_and_gets_nothing_more() -> None:
    async def check() -> None:
        async with ends() as both:
            both.theirs.close()
            await until(lambda: both.ends)
            both.pipe.put(b"a")
            assert both.pipe.waiting == 0
            both.pipe.close()
            assert both.ends == 1

    run(check())


def test_one_who_is_gone_while_much_waits_is_noticed_as_well() -> None:
    async def check() -> None:
        async with ends() as both:
            both.pipe.put(b"x" * 5_000_000)
            both.theirs.close()
            await until(lambda: both.ends)
            assert both.pipe.waiting == 0

    run(check())


def test_a_line_without_end_ends_it() -> None:
    async def check() -> None:
        async with ends() as both:
            sending = asyncio.ensure_future(asyncio.get_running_loop().sock_sendall(both.theirs, b"x" * 3_000_000))
            await until(lambda: both.ends)
            sending.cancel()

    run(check())

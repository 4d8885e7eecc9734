"""What is written to a client goes out in slices: everything once and in order, and others have their turn between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, cast
from unittest.mock import Mock

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.protocol import State
from websockets.server import ServerProtocol

from feedrec.replay.client.connection import TRANSPORT_LIMIT, ReplayConnection

SLICE = 1 << 17
LARGE = b"L" * 3_000_000
PONG = b"\x8a\x01!"


async def _handle(_connection: object) -> None:
    return


class Client:
    """
    A connection whose client reads as it is told.

    Args:
        takes: Bytes that its system takes before it reads.

    Attributes:
        connection: The connection; open.
        writes: What was given to the transport, write by write.

    """

    def __init__(self, takes: int = 1 << 30) -> None:
        self.writes: list[bytes] = []
        self._takes = takes
        self._buffered = 0
        self._limit = TRANSPORT_LIMIT
        self._closing = False
        self.connection = connection = ReplayConnection(ServerProtocol(), Mock(handler=_handle), ping_interval=None)
        connection.on_made = connection.on_lost = lambda _: None
        connection.write_deadline = 1e6
        connection.connection_made(cast(Any, self))
        connection.protocol.state = State.OPEN

    @property
    def written(self) -> bytes:
        return b"".join(self.writes)

    def reads(self, size: int) -> None:
        """Read so much."""
        self._takes += size
        taken = min(self._takes, self._buffered)
        self._takes -= taken
        self._buffered -= taken
        if self.connection.paused and self._buffered <= self._limit // 4:
            self.connection.resume_writing()

    def pong(self) -> None:
        """Have the library answer a ping."""
        self.connection.protocol.send_pong(b"!")
        self.connection.send_data()

    # What the connection calls

    def write(self, data: bytes | memoryview) -> None:
        self.writes.append(bytes(data))
        taken = min(self._takes, len(data))
        self._takes -= taken
        self._buffered += len(data) - taken
        if self._buffered > self._limit and not self.connection.paused:
            self.connection.pause_writing()

    def get_write_buffer_size(self) -> int:
        return self._buffered

    def set_write_buffer_limits(self, high: int, low: int | None = None) -> None:
        del low
        self._limit = high
        if self._buffered > high and not self.connection.paused:
            self.connection.pause_writing()

    def get_extra_info(self, _name: str, default: Any = None) -> Any:
        return default

    def abort(self) -> None:
        self._closing = True
        self.connection.connection_lost(None)

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        return

    resume_reading = pause_reading


def in_loop(scenario: Callable[[], Any]) -> None:
    asyncio.run(scenario())


async def turns(count: int = 200) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


def test_between_two_slices_others_have_their_turn() -> None:
    async def scenario() -> None:
        client, turns_of_others = Client(), 0
        client.connection.write(LARGE)
        while len(client.written) < len(LARGE):
            assert len(client.written) <= (turns_of_others + 1) * SLICE
            await asyncio.sleep(0)
            turns_of_others += 1
        assert client.written == LARGE
        assert turns_of_others >= len(LARGE) // SLICE

    in_loop(scenario)


STEPS = st.one_of(
    st.tuples(st.just("write"), st.sampled_from([1, 200, 60_000, 300_000, 400_000, 1_000_000])),
    st.tuples(st.just("read"), st.integers(1, 500_000)),
    st.tuples(st.sampled_from(["turn", "pong"]), st.just(0)),
)


@given(st.integers(0, 1 << 21), st.lists(STEPS, max_size=30))
def test_everything_is_written_once_in_order_and_nothing_of_the_library_within_a_message(
    takes: int, steps: list[tuple[str, int]]
) -> None:
    """However the client reads, and whenever the library wants to write."""

    async def scenario() -> None:
        client, messages = Client(takes), []
        for number, (step, size) in enumerate(steps):
            if step == "write":
                messages.append(bytes([97 + number]) * size)
                client.connection.write(messages[-1])
            elif step == "read":
                client.reads(size)
            elif step == "pong":
                client.pong()
            else:
                await asyncio.sleep(0)
        while client.connection.waiting:
            client.reads(1 << 20)
            await asyncio.sleep(0)
        written = client.written
        pongs = written.count(PONG)
        assert pongs == sum(step == "pong" for step, _ in steps)
        assert written.replace(PONG, b"") == b"".join(messages)
        between = {len(b"".join(messages[:count])) for count in range(len(messages) + 1)}
        assert {len(part) for part in _before_each(written, PONG)} <= between
        assert max(map(len, client.writes), default=0) <= 5 << 16

    in_loop(scenario)


def _before_each(written: bytes, mark: bytes) -> list[bytes]:
    """Return all that stands before each mark, without other marks."""
    parts = written.split(mark)
    return [b"".join(parts[:count]) for count in range(1, len(parts))]


def test_small_messages_that_waited_are_written_together() -> None:
    """Each by itself would be a system call."""

    async def scenario() -> None:
        client = Client(takes=0)
        client.connection.write(LARGE)
        small = [b"%04d" % number * 50 for number in range(2000)]
        for message in small:
            client.connection.write(message)
        while client.connection.waiting:
            client.reads(1 << 20)
            await asyncio.sleep(0)
        assert client.written == LARGE + b"".join(small)
        assert len(client.writes) <= len(client.written) // SLICE + 2

    in_loop(scenario)


@pytest.mark.parametrize("method", ["all_written", "flushed"])
def test_who_waits_until_all_is_written_waits_for_the_last_slice(method: str) -> None:
    """The transport is not full before that, for a client that reads at once."""

    async def scenario() -> None:
        client = Client()
        client.connection.write(LARGE)
        await getattr(client.connection, method)()
        assert client.written == LARGE

    in_loop(scenario)


def test_a_client_that_is_gone_is_sent_no_more_slices() -> None:
    async def scenario() -> None:
        client = Client()
        client.connection.write(LARGE)
        waiting = asyncio.ensure_future(client.connection.written_down_to(0))
        await turns(2)
        client.connection.drop()
        written = len(client.written)
        await turns()
        assert waiting.done()
        assert len(client.written) == written < len(LARGE)

    in_loop(scenario)

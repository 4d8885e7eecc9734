"""Messages to the transport: each once, in order, and no client is waited for in vain."""

from __future__ import annotations

import asyncio
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.protocol import State

from feedrec.feeds.venue import Pieces
from feedrec.replay.client.crowd import Crowd
from feedrec.replay.client.sending.outlet import ClientEnded, Outlet
from feedrec.replay.client.sending.wire import message

from ..fake_connection import FakeConnection

LARGE = 1 << 16


class SmallCrowd(Crowd):
    """Lets little wait for each client."""

    write_limit = 1000


def outlet_to(connection: FakeConnection) -> Outlet:
    crowd = SmallCrowd(logging.getLogger(), paced=True)
    return Outlet(connection.as_connection(), deflate=False, crowd=crowd)


@given(st.lists(st.tuples(st.integers(0, 200) | st.integers(LARGE - 2, LARGE + 2), st.booleans(), st.booleans())))
def test_every_message_is_written_once_and_in_order(messages: list[tuple[int, bool, bool]]) -> None:
    """However large they are, whole or in pieces, and whether or not each is handed over before the next comes."""
    connection = FakeConnection()
    outlet = outlet_to(connection)
    expected = b""
    for number, (size, binary, handed_over) in enumerate(messages):
        payload = bytes([number % 256]) * size
        cut = size // 3
        outlet.add(Pieces(payload[:cut], memoryview(payload)[cut:]) if number % 3 else payload, binary=binary)
        expected += message(payload, binary=binary)
        if handed_over:
            outlet.hand_over()
    outlet.hand_over()
    assert b"".join(connection.written) == expected
    assert outlet.size == sum(size for size, _, _ in messages)


def test_a_large_message_that_waits_is_not_lost_to_the_next() -> None:
    """A venue may answer one frame with several snapshots."""
    connection = FakeConnection()
    outlet = outlet_to(connection)
    payloads = [letter * LARGE for letter in (b"a", b"b")]
    for payload in payloads:
        outlet.add(payload, binary=False)
    outlet.hand_over()
    assert b"".join(connection.written) == b"".join(map(message, payloads))


def test_a_large_message_is_written_by_itself_and_at_once() -> None:
    """Joining would copy it."""
    connection = FakeConnection()
    outlet = outlet_to(connection)
    payload = b"x" * LARGE
    assert not outlet.add(b"small", binary=False)
    assert outlet.add(payload, binary=False)
    outlet.hand_over()
    assert connection.written[-1] is payload


def test_nothing_is_written_to_a_client_that_is_gone() -> None:
    aborted, closed = FakeConnection(), FakeConnection()
    aborted.closing = True
    closed.state = State.CLOSING
    for connection in (aborted, closed):
        outlet = outlet_to(connection)
        outlet.add(b"x", binary=False)
        with pytest.raises(ClientEnded, match="client left"):
            outlet.hand_over()
        assert connection.written == []


def test_a_client_for_which_little_waits_is_not_waited_for() -> None:
    connection = FakeConnection(waiting=1000)
    asyncio.run(outlet_to(connection).drain())
    assert connection.waits_for is None


def test_a_client_for_which_more_waits_is_waited_for_until_it_has_read_most_of_it() -> None:
    connection = FakeConnection(waiting=1001)

    async def scenario() -> None:
        draining = asyncio.create_task(outlet_to(connection).drain())
        await asyncio.sleep(0.01)
        assert not draining.done()
        connection.read_all()
        await draining

    asyncio.run(scenario())
    assert connection.waits_for == 250


@pytest.mark.parametrize("method", ["drain", "drain_all"])
def test_a_client_that_was_given_up_meanwhile_has_ended(method: str) -> None:
    connection = FakeConnection(waiting=1001)

    async def scenario() -> None:
        outlet = outlet_to(connection)
        draining = asyncio.create_task(getattr(outlet, method)())
        await asyncio.sleep(0.01)
        connection.stop_reading()
        with pytest.raises(ClientEnded, match="stopped reading"):
            await draining
        outlet.add(b"x", binary=False)
        with pytest.raises(ClientEnded, match="stopped reading"):
            outlet.hand_over()

    asyncio.run(scenario())
    assert connection.written == []

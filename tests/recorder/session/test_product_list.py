"""A venue is asked for its products before a run, on a connection of its own."""

from __future__ import annotations

import pytest

from feedrec.errors import ConnectError, VenueError
from feedrec.feeds import ProductList, Subscription, find_feed
from feedrec.feeds.redaction import Redaction
from feedrec.recorder import Failover, Source, list_products

from ...timing import HANG_TIMEOUT, scaled
from ..venue import Peer, run, text, venue

EXCHANGE = find_feed("coinbase-exchange")
STATUS = (
    b'{"type":"status","currencies":[],"products":[{"id":"BTC-USD","status":"online"},{"id":"A","status":"offline"}]}'
)
ACK = b'{"type":"subscriptions","channels":[{"name":"status","product_ids":[]}]}'


def source(url: str, failover: Failover | None = None) -> Source:
    wanted = [Subscription("ticker", ("BTC-*",)), Subscription("heartbeat")]
    return Source(EXCHANGE, url, wanted, None, failover, Redaction())


async def listing(peer: Peer) -> None:
    """Be asked for `status` alone, and answer as the venue does."""
    await peer.accept()
    _, request = await peer.read_frame()
    assert request == b'{"type":"subscribe","product_ids":[],"channels":[{"name":"status"}]}'
    await peer.write(text(ACK), text(STATUS), text(STATUS))
    await peer.answer_close()


def test_the_list_is_asked_for_alone() -> None:
    async def test() -> ProductList:
        async with venue(listing) as url:
            return await list_products(source(url), HANG_TIMEOUT)

    assert run(test()) == ProductList(("BTC-USD",), ("A",))


def test_a_failover_without_such_a_list_does_not_stand_in_here() -> None:
    async def test() -> ProductList:
        async with venue(listing) as url:
            spare = Failover(find_feed("coinbase-advanced-user"), "ws://127.0.0.1:9")
            return await list_products(source(url, spare), HANG_TIMEOUT)

    assert run(test()).online == ("BTC-USD",)


def test_a_server_that_wants_to_be_left_alone_is_asked_again_after_that() -> None:
    async def busy(peer: Peer) -> None:
        await peer.respond("429 Too Many Requests", "Retry-After: 1")

    async def test() -> ProductList:
        async with venue(busy, listing) as url:
            return await list_products(source(url), HANG_TIMEOUT)

    assert run(test()).online == ("BTC-USD",)


def test_it_is_not_waited_for_longer_than_there_is_time() -> None:
    async def busy(peer: Peer) -> None:
        await peer.respond("503 Service Unavailable", "Retry-After: 3600")

    async def test() -> None:
        async with venue(busy) as url:
            await list_products(source(url), HANG_TIMEOUT)

    with pytest.raises(ConnectError, match="503"):
        run(test())


def test_a_venue_that_does_not_send_its_list_is_given_up() -> None:
    async def silent(peer: Peer) -> None:
        await peer.accept()
        await peer.answer_close()

    async def test() -> None:
        async with venue(silent) as url:
            await list_products(source(url), scaled(0.3))

    with pytest.raises(ConnectError, match="coinbase-exchange did not list its products within"):
        run(test())


def test_a_venue_that_refuses_is_given_up_at_once() -> None:
    async def refuse(peer: Peer) -> None:
        await peer.accept()
        await peer.read_frame()
        await peer.write(
            text(b'{"type":"error","message":"Failed to subscribe","reason":"status is not a valid channel"}')
        )
        await peer.answer_close()

    async def test() -> None:
        async with venue(refuse) as url:
            await list_products(source(url), HANG_TIMEOUT)

    with pytest.raises(VenueError, match="status is not a valid channel"):
        run(test())

"""When the primary endpoint is down, another one takes over."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from feedrec.errors import ConnectError, UsageError
from feedrec.feeds import Subscription, find_feed
from feedrec.feeds.connections.limits import ConnectionLimits
from feedrec.model import Event
from feedrec.recorder import Callbacks, Failover, RecordingSession, failover_of
from feedrec.recorder.session import reconnect as reconnect_module
from feedrec.recorder.session.failover import EndpointAddress, EndpointSelector

from ...timing import MS, until
from ..venue import NEVER, Peer, events, payloads, received, records, run, sent, text, venue
from .two_endpoints import MAIN, SPARE, ListingFeed, free_port, say_and_die, saying, session_of


def test_a_primary_that_was_never_reached_is_replaced_too(path: Path) -> None:
    async def go() -> None:
        async with venue(saying(b'"spare"')) as spare:
            await session_of(f"ws://127.0.0.1:{free_port()}", spare, path, max_frames=1, probe=NEVER).run()

    run(go())
    kinds = [record.name for record in records(path) if isinstance(record, Event) and record.name != "clock"]
    assert kinds == ["refused", "refused", "refused", "failover", "open", "close"]
    assert payloads(path) == [b'"spare"']
    assert {frame.conn for frame in received(path)} == {0}


def test_connections_that_do_not_last_are_failures_too(path: Path) -> None:
    async def go() -> None:
        async with venue(say_and_die) as main, venue(saying(b'"spare"')) as spare:
            await session_of(main, spare, path, max_frames=4, probe=NEVER).run()

    run(go())
    assert payloads(path) == [b'"dying"'] * 3 + [b'"spare"']
    assert events(path, "failover")[0].details["reason"] == "3 connections in a row did not last"


def test_connections_that_lasted_are_no_failures(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnect_module, "GOOD_CONNECTION", 0.0)

    async def go() -> None:
        async with venue(say_and_die) as main, venue(saying(b'"spare"')) as spare:
            await session_of(main, spare, path, max_frames=8, probe=NEVER).run()

    run(go())
    assert payloads(path) == [b'"dying"'] * 8
    assert events(path, "failover") == []


def test_if_neither_can_be_reached_the_error_names_both_and_nothing_is_left(path: Path) -> None:
    main, spare = (f"ws://127.0.0.1:{free_port()}" for _ in range(2))

    async def go() -> str:
        with pytest.raises(ConnectError) as caught:
            await session_of(main, spare, path, probe=NEVER).run()
        return str(caught.value)

    said = run(go())
    assert main in said
    assert spare in said
    assert list(path.parent.iterdir()) == []


def test_channels_that_the_failover_lacks_are_reported_and_come_back_with_the_primary(path: Path) -> None:
    port = free_port()
    errors: list[str] = []

    async def go() -> None:
        async with venue(saying(b'"spare"')) as spare:
            session = session_of(
                f"ws://127.0.0.1:{port}",
                spare,
                path,
                channels=["a", "b"],
                max_frames=2,
                callbacks=Callbacks(on_error=lambda message, _: errors.append(message)),
            )
            task = asyncio.create_task(session.run())
            await until(lambda: session.progress.counts.frames == 1)
            async with venue(saying(b'"main"'), port=port):
                await task

    run(go())
    assert [frame.payload for frame in sent(path)] == [b'["a"]', b'["a", "b"]']
    (missing,) = events(path, "missing")
    assert missing.details == {"subscriptions": [{"channel": "b"}]}
    assert "spare has no b" in errors


@pytest.mark.parametrize(
    ("name", "stand_in"),
    [
        ("coinbase-advanced-user", "coinbase-advanced"),
        ("coinbase-exchange-direct", "coinbase-exchange"),
        ("coinbase-exchange-direct-sandbox", "coinbase-exchange-sandbox"),
    ],
)
def test_the_failover_is_the_one_that_the_venue_recommends(name: str, stand_in: str) -> None:
    failover = failover_of(find_feed(name))
    assert (failover.feed.name, failover.url) == (stand_in, find_feed(stand_in).url)
    with pytest.raises(UsageError, match=f"the live {stand_in} would take over"):
        failover_of(find_feed(name), has_url=True)


def test_an_endpoint_without_one_has_only_an_address_that_is_given() -> None:
    feed = find_feed("coinbase-advanced")
    with pytest.raises(UsageError, match="no endpoint is known to take over for coinbase-advanced"):
        failover_of(feed)
    assert failover_of(feed, "ws://127.0.0.1:9000") == Failover(feed, "ws://127.0.0.1:9000")


def test_a_failover_that_has_nothing_of_what_is_wanted_is_refused_at_the_start() -> None:
    feed = find_feed("coinbase-advanced")
    wanted = [Subscription("ticker", ("BTC-USD",)), Subscription("heartbeats")]
    with pytest.raises(UsageError, match="cannot stand in for coinbase-advanced: it has no ticker"):
        RecordingSession(feed, feed.url, wanted, failover=Failover(find_feed("coinbase-advanced-user"), "ws://x"))


def test_only_failures_in_a_row_count(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconnect_module, "GOOD_CONNECTION", 150 * MS)
    numbers = itertools.count()

    async def last_each_third(peer: Peer) -> None:
        await peer.accept()
        await peer.read_frame()
        await peer.write(text(b"1"))
        if next(numbers) % 3 == 2:
            await asyncio.sleep(250 * MS)
        peer.abort()

    async def go() -> None:
        async with venue(last_each_third) as main, venue(saying(b'"spare"')) as spare:
            await session_of(main, spare, path, max_frames=8, probe=NEVER).run()

    run(go())
    assert payloads(path) == [b"1"] * 8


def test_probes_become_rarer_until_a_connection_to_the_primary_lasts() -> None:
    main, spare = EndpointAddress(MAIN, "ws://main"), Failover(SPARE, "ws://spare", first_probe=1.0, last_probe=100.0)
    selector = EndpointSelector(main, spare)
    assert selector.divert(2, "") is None
    assert selector.divert(3, "down") is not None
    assert 0.5 <= selector.probes.next_delay() <= 1
    selector.lasted()
    assert 1 <= selector.probes.next_delay() <= 2
    selector.restore()
    assert 2 <= selector.probes.next_delay() <= 4
    selector.lasted()
    assert 0.5 <= selector.probes.next_delay() <= 1


def test_a_channel_that_the_catalogue_lacks_is_asked_for_all_the_same() -> None:
    """The venue accepts it or not; nothing is left out in silence."""
    endpoint = EndpointAddress(find_feed("coinbase-advanced"), "ws://x", is_primary=True)
    unknown = Subscription("new_channel", ("BTC-USD",))
    assert endpoint.has([unknown]) == [unknown]
    assert endpoint._replace(is_primary=False).has([unknown]) == []


def test_an_endpoint_that_allows_fewer_connections_cannot_stand_in() -> None:
    class Narrow(ListingFeed):
        connection_limits = ConnectionLimits(1)

    selector = EndpointSelector(EndpointAddress(MAIN, "ws://a"), Failover(Narrow("narrow", "a"), "ws://b"))
    selector.check([[Subscription("a")]])
    with pytest.raises(UsageError, match="narrow cannot stand in for main: it allows 1 at once"):
        selector.check([[Subscription("a")], [Subscription("a")]])

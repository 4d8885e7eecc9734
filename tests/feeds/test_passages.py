"""Clients who get the same share what was decided for one of them: each gets what it would get alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds import find_feed
from feedrec.feeds.auth import Auth
from feedrec.feeds.defaults import ServerDefaults
from feedrec.feeds.passages import has_passages
from feedrec.feeds.server_half import SubscribingServer
from feedrec.feeds.server_half.in_front import ServerInFront
from feedrec.feeds.venue import Catalogue, FeedServer, Message, Send, VenueFeed
from feedrec.model import NANOSECONDS, Frame, FrameInfo

PRICES = "market@crypto_latest_price"


class Doing(NamedTuple):
    """What a client says before a frame, and whether it is then given the state: nothing, snapshots, or what comes."""

    before: int
    message: bytes
    state: str


class Venue(NamedTuple):
    """A venue to play, with frames and messages for it."""

    feed: VenueFeed
    catalogue: Catalogue
    frames: st.SearchStrategy[list[Frame]]
    messages: st.SearchStrategy[bytes]

    def server(self) -> FeedServer:
        return self.feed.server(self.catalogue, {}, Auth("none", now=lambda: 0))


def advanced_frames(steps: list[tuple[str, str, int, int, bool]]) -> list[Frame]:
    """Return frames that count for each connection, mostly without gaps."""
    lists, following, frames = {"l2_data": "updates", "ticker": "tickers"}, [0, 500], list[Frame]()
    for number, (channel, product, conn, gap, synthetic) in enumerate(steps):
        following[conn] = max(0, following[conn] + 1 + gap)
        inner = [{"product_id": product}] if channel == "ticker" else []
        event = {"type": "update", "product_id": product, lists.get(channel, "candles"): inner}
        fields = {"channel": channel, "sequence_num": following[conn], "events": [event]}
        payload = b'{"type":"error"}' if channel == "error" else json.dumps(fields, separators=(",", ":")).encode()
        frames.append(Frame(number * NANOSECONDS // 100, conn, payload, synthetic=synthetic))
    return frames


def exchange_frame(kind: str, product: str, number: int) -> Frame:
    fields = {"type": kind, "product_id": product, "sequence": number, "trade_id": number, "time": ""}
    return Frame(number, 0, json.dumps(fields).encode())


def coinmarketcap_frame(channel: str, product: int, number: int) -> Frame:
    fields = {"type": "data", "channel": channel, "params": {"crypto_ids": product}, "data": {}}
    return Frame(number, 0, json.dumps(fields).encode())


def numbered(steps: list[Any], make: Callable[..., Frame]) -> list[Frame]:
    return [make(*step, number) for number, step in enumerate(steps)]


def subscribing(fields: dict[str, st.SearchStrategy[Any]], **fixed: Any) -> st.SearchStrategy[bytes]:
    return st.fixed_dictionaries(fields).map(lambda chosen: json.dumps({**chosen, **fixed}).encode())


PRODUCTS = ("BTC-USD", "ETH-USD")
some_products = st.sampled_from([PRODUCTS[:1], PRODUCTS[1:], PRODUCTS, PRODUCTS, ()])
kinds = st.sampled_from(["subscribe"] * 4 + ["unsubscribe"])
rarely = st.sampled_from([False] * 30 + [True])
conns = st.sampled_from([[0] * 30 + [1], [0, 1], [0, 0, 0, 1]]).flatmap(st.sampled_from)
gaps = st.sampled_from([0] * 30 + [1, 5, -1, -40])
advanced_channels = ["l2_data", "ticker", "heartbeats", "candles", "user", "news", "error"]

ADVANCED = Venue(
    find_feed("coinbase-advanced"),  # type: ignore[arg-type]
    {"level2": PRODUCTS, "ticker": PRODUCTS, "heartbeats": ("",), "candles": PRODUCTS, "user": ("",)},
    st.sampled_from([advanced_channels, advanced_channels[:5]])  # some recordings have only channels that are known
    .flatmap(
        lambda channels: st.lists(
            st.tuples(st.sampled_from(channels), st.sampled_from(PRODUCTS), conns, gaps, rarely),
            min_size=20,
            max_size=60,
        )
    )
    .map(advanced_frames),
    subscribing(
        {
            "type": kinds,
            "channel": st.sampled_from(["level2", "ticker", "ticker_batch", "heartbeats", "candles", "user"]),
            "product_ids": some_products,
        }
    ),
)
EXCHANGE = Venue(
    find_feed("coinbase-exchange"),  # type: ignore[arg-type]
    {"level2": PRODUCTS, "ticker": PRODUCTS, "matches": PRODUCTS, "full": PRODUCTS, "heartbeat": PRODUCTS[:1]},
    st.lists(
        st.tuples(
            st.sampled_from(["l2update", "ticker", "match", "last_match", "received", "heartbeat", "new", "error"]),
            st.sampled_from(PRODUCTS),
        ),
        min_size=20,
        max_size=60,
    ).map(lambda steps: numbered(steps, exchange_frame)),
    subscribing(
        {
            "type": kinds,
            "channels": st.lists(
                st.sampled_from(["ticker", "matches", "full", "full", "heartbeat", "level2_batch"]), max_size=2
            ),
            "product_ids": some_products,
        }
    ),
)
COINMARKETCAP = Venue(
    find_feed("coinmarketcap"),  # type: ignore[arg-type]
    {PRICES: ("1", "1027")},
    st.lists(
        st.tuples(st.sampled_from([PRICES, PRICES, "news@x"]), st.sampled_from([1, 1027])), min_size=1, max_size=60
    ).map(lambda steps: numbered(steps, coinmarketcap_frame)),
    subscribing(
        {"method": kinds, "params": st.sampled_from([{"crypto_ids": [1]}, {"crypto_ids": [1, 1027]}])},
        id=1,
        channel=PRICES,
    ),
)
SNAPSHOT = b'{"type":"snapshot","channel":"x","sequence_num":0,"events":[]}'
VENUES = {"advanced": ADVANCED, "exchange": EXCHANGE, "coinmarketcap": COINMARKETCAP}


def do(server: FeedServer, doing: Doing, time: int) -> list[Any]:
    """Let something happen to a client; return what it is sent, and what the replay would ask for."""
    replies = server.on_message(doing.message, time)
    if doing.state != "later":
        server.on_coming(server.awaited if doing.state == "coming" else ())
        snapshot = SNAPSHOT if doing.state == "snapshot" else None
        snapshots = {key: None if key[0].startswith("heartbeat") else snapshot for key in server.wanted}
        replies = [*replies, *server.on_state(snapshots, time)]
    return [bytes(one.payload) if isinstance(one, Send) else one for one in replies] + [server.wanted]


def alone(server: FeedServer, frames: Sequence[Frame], infos: Sequence[FrameInfo], doings: list[Doing]) -> list[Any]:
    """Return all that a client gets, frame by frame."""
    got: list[Any] = []
    for number, (frame, info) in enumerate(zip(frames, infos, strict=True)):
        for doing in (one for one in doings if one.before == number):
            got += do(server, doing, frame.time)
        got += map(bytes, server.on_frame(frame, info))
    return got


def sharing(
    server: FeedServer,
    frames: list[Frame],
    infos: Sequence[FrameInfo],
    doings: list[Doing],
    shared: dict[Hashable, Sequence[Message | None]],
    size: int,
) -> list[Any]:
    """Return the same where what others decided is taken, a few frames at a time."""
    got: list[Any] = []
    number = 0
    while number < len(frames):
        for doing in (one for one in doings if one.before == number):
            got += do(server, doing, frames[number].time)
        key = server.passage_key(frames[number], infos[number])
        if key is not None and (number, key) not in shared:
            shared[number, key] = server.passage(frames[number:], infos[number:])
        found = () if key is None else shared[number, key]
        until = min([one.before for one in doings if one.before > number] + [number + len(found)])
        if until == number:
            got += map(bytes, server.on_frame(frames[number], infos[number]))
            number += 1
        for first in range(number, until, size):
            last = min(first + size, until)
            messages = found[first - number : last - number]
            server.on_passage(frames[first:last], infos[first:last], messages)  # type: ignore[arg-type]
            got += [message for message in messages if message is not None]
        number = max(number, until)
    return got


@pytest.mark.parametrize("name", VENUES)
@given(data=st.data())
def test_each_client_gets_what_it_would_get_alone(name: str, data: st.DataObject) -> None:
    """Its subscriptions change midway; numbers, acks and what is made later are the same too."""
    venue = VENUES[name]
    frames = data.draw(venue.frames)
    infos = [venue.feed.describe(frame.payload) for frame in frames]
    columns = venue.feed.describe_all([frame.payload for frame in frames])
    places = st.integers(0, len(frames) - 1) | st.just(0)
    doing = st.builds(
        Doing, places, venue.messages, st.sampled_from(["nothing", "nothing", "snapshot", "coming", "later"])
    )
    shared: dict[Hashable, Sequence[Message | None]] = {}
    common = data.draw(st.lists(doing, min_size=1, max_size=4))
    for own in data.draw(st.lists(st.lists(doing, max_size=3), min_size=1, max_size=4)):
        doings = [*(one._replace(before=0) for one in common), *own]
        single, other = venue.server(), venue.server()
        expected = alone(single, frames, infos, doings)
        described = data.draw(st.sampled_from([infos, columns]))
        assert sharing(other, frames, described, doings, shared, data.draw(st.integers(1, 20))) == expected
        for last in doings:
            assert do(other, last, NANOSECONDS) == do(single, last, NANOSECONDS)
        assert other.on_end(NANOSECONDS) == single.on_end(NANOSECONDS)
        assert other.next_due == single.next_due
        if single.next_due is not None:
            assert other.on_due(single.next_due) == single.on_due(single.next_due)


@pytest.mark.parametrize("venue", VENUES.values(), ids=VENUES)
def test_a_client_that_has_its_state_has_passages(venue: Venue) -> None:
    """Else the test above says nothing."""
    server = venue.server()
    asked = {
        "coinbase-advanced": {"type": "subscribe", "channel": "ticker", "product_ids": ["BTC-USD"]},
        "coinbase-exchange": {"type": "subscribe", "channels": ["ticker"], "product_ids": ["BTC-USD"]},
        "coinmarketcap": {"id": 1, "method": "subscribe", "channel": PRICES, "params": {"crypto_ids": [1]}},
    }[venue.feed.name]
    frames = {
        "coinbase-advanced": advanced_frames([("ticker", product, 0, 0, False) for product in PRODUCTS] * 2),
        "coinbase-exchange": numbered([("ticker", product) for product in PRODUCTS] * 2, exchange_frame),
        "coinmarketcap": numbered([(PRICES, product) for product in (1, 1027)] * 2, coinmarketcap_frame),
    }[venue.feed.name]
    infos = [venue.feed.describe(frame.payload) for frame in frames]
    server.on_message(json.dumps(asked).encode(), 0)
    server.on_coming(())
    server.on_state(dict.fromkeys(server.wanted), 0)
    server.on_frame(frames[0], infos[0])
    assert has_passages(server)
    assert server.passage_key(frames[1], infos[1]) is not None
    for described in (infos, venue.feed.describe_all([frame.payload for frame in frames])):
        passage = server.passage(frames[1:], described[1:])
        assert [message is not None for message in passage] == [False, True, False]


class _Counting(SubscribingServer):
    """Overrides how a frame is taken, and knows nothing of passages."""

    def on_frame(self, frame: Frame, info: FrameInfo) -> Sequence[Message]:
        return (b"more", *super().on_frame(frame, info))


def test_a_server_half_that_overrides_how_frames_are_taken_is_asked_for_each() -> None:
    """Passages that it inherits would not be about what it does; nor does one in front of it tell of them."""
    counting = _Counting({})
    assert not has_passages(counting)
    assert ServerInFront(counting).passage_key(Frame(0, 0, b""), FrameInfo()) is None
    assert has_passages(SubscribingServer({}))
    assert ServerInFront(SubscribingServer({})).passage_key(Frame(0, 0, b""), FrameInfo()) is not None
    assert ServerDefaults().passage_key(Frame(0, 0, b""), FrameInfo()) is None

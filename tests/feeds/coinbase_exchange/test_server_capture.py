"""Coinbase Exchange: the real capture of 2021-04-17 through all parts of the feed."""

from __future__ import annotations

import io
import json
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
import zstandard

from feedrec.feeds import Notice, Subscription
from feedrec.feeds.coinbase_exchange import FEEDS
from feedrec.feeds.venue import FeedServer, FeedState, Key, Send
from feedrec.model import NANOSECONDS, Frame, FrameInfo

from ...shared import SHARED

FEED = FEEDS["coinbase-exchange"]
_CAPTURE = SHARED / "samples" / "exchange_2021-04-17.frames.jsonl.zst"

Described = list[tuple[Frame, FrameInfo]]


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    if not _CAPTURE.exists():
        pytest.skip(f"{_CAPTURE} is not there")
    with _CAPTURE.open("rb") as file:
        stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        return [json.loads(line) for line in io.TextIOWrapper(stream, encoding="utf-8")]


@pytest.fixture(scope="module")
def requests(rows: list[dict[str, Any]]) -> list[bytes]:
    """Give the messages that the client of the capture sent."""
    return [row["data"].encode() for row in rows if row["dir"] == "send"]


@pytest.fixture(scope="module")
def frames(rows: list[dict[str, Any]]) -> Described:
    received = [row for row in rows if row["dir"] == "recv"]
    payloads = [row["data"].encode() for row in received]
    times = [int(row["ts"] * 10**6) * 1000 for row in received]
    return [(Frame(time, 0, one), FEED.describe(one)) for time, one in zip(times, payloads, strict=True)]


@pytest.fixture(scope="module")
def catalogue(frames: Described) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for _, info in frames:
        if info.kind != "ack":
            found.setdefault(info.channel, set()).update(info.products)
    return found


def state_after(frames: Described) -> FeedState:
    state = FEED.state(None)
    assert state is not None
    for frame, info in frames:
        state.apply(info, frame.payload)
    return state


def subscribe(venue: FeedServer, requests: list[bytes], before: Described, time: int) -> list[bytes]:
    """Subscribe after some frames have passed; give what is answered."""
    replies = [reply for request in requests for reply in venue.on_message(request, time)]
    state = state_after(before)
    snapshots: dict[Key, bytes | None] = {key: state.snapshot(*key, time) for key in venue.wanted}
    replies += venue.on_state(snapshots, time)
    return [bytes(reply.payload) for reply in replies if isinstance(reply, Send)]


def test_every_frame_is_described(frames: Described, catalogue: dict[str, set[str]]) -> None:
    counts = Counter((info.channel, info.kind) for _, info in frames)
    assert counts == {
        ("level2", "snapshot"): 10,
        ("level2", "update"): 9719,
        ("ticker", "update"): 107,
        ("matches", "update"): 97,
        ("matches", "snapshot"): 10,
        ("subscriptions", "ack"): 3,
    }
    assert all(info.parses for _, info in frames)
    assert {channel: len(products) for channel, products in catalogue.items()} == dict.fromkeys(catalogue, 10)


def test_no_gap_is_seen_where_there_is_none_and_one_where_a_match_is_dropped(frames: Described) -> None:
    rule = FEED.sequence_rule(from_start=True)
    assert [gap for _, info in frames if (gap := rule.observe(info))] == []
    matches = [number for number, (_, info) in enumerate(frames) if info.channel == "matches" and info.kind == "update"]
    product = frames[matches[-1]][1].products
    dropped = next(number for number in reversed(matches[:-1]) if frames[number][1].products == product)
    rule = FEED.sequence_rule(from_start=True)
    gaps = [gap for _, info in frames[:dropped] + frames[dropped + 1 :] if (gap := rule.observe(info))]
    assert [gap.missing for gap in gaps] == [1]


def test_the_client_half_follows_it_without_complaint(frames: Described, catalogue: dict[str, set[str]]) -> None:
    wanted = [Subscription(channel, tuple(sorted(products))) for channel, products in catalogue.items()]
    client = FEED.client(wanted)
    acks = [pair for pair in frames if pair[1].kind == "ack"]
    data = [pair for pair in frames if pair[1].kind != "ack"]
    notices: list[Notice] = []
    for frame, info in [acks[-1], *data]:
        notices += client.on_frame(info, frame.payload)
    assert [notice.severity for notice in notices] == ["info"]
    assert client.out_of_order == 0


@pytest.mark.parametrize("settings", [{}, {"subscribe_within": "0"}])
def test_a_client_that_subscribes_as_the_captures_did_gets_it_byte_for_byte(
    frames: Described, requests: list[bytes], catalogue: dict[str, set[str]], settings: dict[str, str]
) -> None:
    venue = FEED.server(catalogue, settings)
    answers = [json.loads(one) for one in subscribe(venue, requests, [], frames[0][0].time)]
    recorded = [json.loads(frame.payload) for frame, info in frames if info.kind == "ack"]

    def listed(acks: list[dict[str, Any]]) -> list[dict[str, set[str]]]:
        return [{one["name"]: set(one["product_ids"]) for one in ack["channels"]} for ack in acks]

    assert listed(answers) == listed(recorded)
    messages = [message for frame, info in frames for message in venue.on_frame(frame, info)]
    assert messages == [frame.payload for frame, info in frames if info.kind != "ack"]


def test_a_client_of_one_book_gets_exactly_its_frames(frames: Described, catalogue: dict[str, set[str]]) -> None:
    venue = FEED.server(catalogue, {})
    request = b'{"type":"subscribe","product_ids":["SKL-USD"],"channels":["level2_batch"]}'
    assert len(subscribe(venue, [request], [], frames[0][0].time)) == 1
    messages = [message for frame, info in frames for message in venue.on_frame(frame, info)]
    expected = [frame.payload for frame, info in frames if info.channel == "level2" and "SKL-USD" in info.products]
    assert messages == expected
    assert len(messages) > 1000


def books_of(payloads: list[bytes]) -> dict[str, dict[str, dict[Decimal, Decimal]]]:
    """Build books as a client does that parses every frame."""
    books: dict[str, dict[str, dict[Decimal, Decimal]]] = {}
    for payload in payloads:
        parsed = json.loads(payload)
        if parsed["type"] == "snapshot":
            books[parsed["product_id"]] = {
                side: {Decimal(price): Decimal(size) for price, size in parsed[key] if Decimal(size)}
                for side, key in (("sell", "asks"), ("buy", "bids"))
            }
        for side, price, size in parsed.get("changes", ()):
            book = books[parsed["product_id"]][side]
            if Decimal(size):
                book[Decimal(price)] = Decimal(size)
            else:
                book.pop(Decimal(price), None)
    return books


@pytest.mark.parametrize("cut", [3, 7, 50, 1000, 5000, 9946])
def test_a_late_client_ends_with_the_books_of_one_from_the_beginning(
    frames: Described, requests: list[bytes], catalogue: dict[str, set[str]], cut: int
) -> None:
    venue = FEED.server(catalogue, {})
    answers = subscribe(venue, requests, frames[:cut], frames[cut - 1][0].time)
    kinds = [FEED.describe(one).kind for one in answers]
    assert kinds[:3] == ["ack", "ack", "ack"]
    assert "ack" not in kinds[3:]
    told = Counter(json.loads(one)["type"] for one in answers[3:])
    passed = {(info.channel, product) for _, info in frames[:cut] for product in info.products}
    before = Counter(channel for channel, _ in passed)
    assert told == {
        kind: before[channel]
        for kind, channel in (("snapshot", "level2"), ("ticker", "ticker"), ("last_match", "matches"))
        if before[channel]
    }
    messages = answers + [bytes(message) for frame, info in frames[cut:] for message in venue.on_frame(frame, info)]
    assert books_of(messages) == books_of([frame.payload for frame, _ in frames])
    rule = FEED.sequence_rule(from_start=True)
    assert [gap for one in messages if (gap := rule.observe(FEED.describe(one)))] == []


def test_made_heartbeats_fit_the_matches(
    frames: Described, requests: list[bytes], catalogue: dict[str, set[str]]
) -> None:
    """A client that subscribes heartbeats too sees one each second for each product, and no gap by them."""
    venue = FEED.server(catalogue, {})
    beats = b'{"type":"subscribe","product_ids":["SKL-USD","NMR-EUR"],"channels":["heartbeat"]}'
    messages = subscribe(venue, [*requests, beats], [], frames[0][0].time)
    for frame, info in frames:
        while venue.next_due is not None and venue.next_due <= frame.time:
            messages += venue.on_due(venue.next_due)
        messages += map(bytes, venue.on_frame(frame, info))
    infos = [FEED.describe(one) for one in messages]
    seconds = frames[-1][0].time // NANOSECONDS - frames[0][0].time // NANOSECONDS
    assert [info.kind for info in infos].count("heartbeat") == 2 * seconds
    rule = FEED.sequence_rule(from_start=True)
    assert [gap for info in infos if (gap := rule.observe(info))] == []

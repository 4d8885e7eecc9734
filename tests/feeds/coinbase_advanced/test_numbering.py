"""Frames have for a client the numbers that they had among the recorded ones, as far as it gets them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds import ContiguousSequence, Gap
from feedrec.feeds.auth import Auth
from feedrec.feeds.coinbase_advanced import FEED
from feedrec.feeds.coinbase_advanced.answers import renumbered, renumbered_all
from feedrec.feeds.coinbase_advanced.server import CoinbaseAdvancedServer
from feedrec.feeds.coinbase_advanced.settings import Settings
from feedrec.feeds.venue import Send
from feedrec.model import NANOSECONDS, Frame

ODD = 2**64 - 1


def joined(*channels: str, is_sparse: bool = False) -> CoinbaseAdvancedServer:
    """Give a server whose client has subscribed channels, and has their acks: as many numbers as channels."""
    catalogue = {"heartbeats": ("",), "ticker": ("A-B",), "candles": ("A-B",)}
    venue = CoinbaseAdvancedServer(FEED.channels, catalogue, Settings(), Auth(now=lambda: 0), is_sparse=is_sparse)
    for channel in channels:
        products = [] if channel == "heartbeats" else ["A-B"]
        fields = {"type": "subscribe", "channel": channel, "product_ids": products}
        venue.on_message(json.dumps(fields).encode(), 0)
    snapshots = {(channel, "A-B"): frame_of(0, channel) for channel in channels if channel != "heartbeats"}
    replies = venue.on_state({("heartbeats", ""): None, **snapshots}, 0)
    assert sum(isinstance(reply, Send) for reply in replies) == len(channels) + len(snapshots)
    return venue


def frame_of(number: int, channel: str) -> bytes:
    lists = {"ticker": "tickers", "candles": "candles"}
    inner = {lists[channel]: [{"product_id": "A-B"}]} if channel in lists else {}
    fields = {"channel": channel, "sequence_num": number, "events": [{"type": "update", **inner}]}
    return json.dumps(fields, separators=(",", ":")).encode()


def heard(venue: CoinbaseAdvancedServer, number: int, channel: str = "heartbeats", conn: int = 0) -> int | None:
    """Return the number under which a recorded frame is sent; None if it is not."""
    payload = frame_of(number, channel)
    messages = venue.on_frame(Frame(0, conn, payload), FEED.describe(payload))
    numbers = [json.loads(bytes(message))["sequence_num"] for message in messages]
    return numbers[0] if numbers else None


def all_heard(recorded: Sequence[int]) -> list[int | None]:
    venue = joined("heartbeats")
    return [heard(venue, number) for number in recorded]


@pytest.mark.parametrize(
    "recorded",
    [
        [1, 2, 3, 4, 7, 6, 8],
        [1, 2, 4, 3, 3, 5],
        [1, 2, 2, 2, 3],
        [1, 2, ODD, 3, 5],
        [5, 6, 7, 4, 5, 6, 8],
        [*range(1, 8), 1, 1, 1, 2, 3, 5],
        [1, 2, 5_000_000, 5_000_001, 5_000_003],
        [1, *range(2, 300), 150, 300, 3, 301, 10, 11, 12],
    ],
)
def test_a_client_that_takes_everything_gets_the_recorded_numbers(recorded: list[int]) -> None:
    """Its ack had the number 0, and so had what came before the first of these frames."""
    assert all_heard(recorded) == [number - recorded[0] + 1 for number in recorded]


near = st.integers(0, 30) | st.integers(0, 300)
runs = st.tuples(near | st.integers(0, 2**64), st.integers(1, 120)).map(
    lambda run: list(range(run[0], run[0] + run[1]))
)


@given(st.lists(near.map(lambda number: [number]) | runs, max_size=12))
def test_whatever_was_recorded_keeps_its_distances(parts: list[list[int]]) -> None:
    """Resets, gaps, repetitions, frames out of order and odd ones, in any order."""
    recorded = [1, *(number for part in parts for number in part)]
    assert all_heard(recorded) == recorded


def test_no_number_is_below_zero() -> None:
    assert all_heard([50, 51, 0, 1, 2]) == [1, 2, 0, 1, 2]
    assert all_heard([50, 51, -1, 52]) == [1, 2, 0, 3]


@given(st.lists(st.tuples(st.sampled_from(["ticker", "candles", "lost"]), st.integers(0, 4)), max_size=60))
def test_a_client_of_one_channel_has_no_holes_but_those_of_the_recording(frames: list[tuple[str, int]]) -> None:
    """Frames come late by a few places. The order of the numbers stays, and a frame in order follows the last."""
    venue = joined("ticker")
    numbered = [(number + delay, number, channel) for number, (channel, delay) in enumerate(frames, start=1)]
    rule = ContiguousSequence(1)
    numbers = {0: heard(venue, 0, "ticker")}
    following = 3  # its snapshot and its ack came before that
    for _, number, channel in sorted(numbered):
        if channel == "lost":
            continue
        found = rule.observe(number)
        is_in_order = rule.expected == number + 1
        following += found.missing if isinstance(found, Gap) else 0
        given_number = heard(venue, number, channel)
        if channel == "candles":
            assert given_number is None
        else:
            assert given_number is not None
            numbers[number] = given_number
            assert given_number == following if is_in_order else given_number < following
            following += is_in_order
    in_order = [numbers[number] or 0 for number in sorted(numbers)]
    assert all(before < after for before, after in itertools.pairwise(in_order))


def test_a_repeated_frame_has_the_number_that_it_had_though_others_came_between() -> None:
    venue = joined("ticker")
    channels = ["ticker", "candles", "ticker", "candles"]
    assert [heard(venue, number, channel) for number, channel in enumerate(channels)] == [2, None, 3, None]
    assert [heard(venue, number, "ticker") for number in (0, 2, 4)] == [2, 3, 4]


def test_a_reset_of_which_the_client_gets_some_frames_takes_its_numbers_back_as_far() -> None:
    """Whether it gets the one that begins the count or not, and whatever other connections say between."""
    for first in ("ticker", "candles"):
        venue = joined("ticker")
        assert [heard(venue, number, "ticker") for number in range(10)] == list(range(2, 12))
        assert heard(venue, 0, "ticker", conn=1) == 12
        begun = heard(venue, 4, first)
        assert begun == (6 if first == "ticker" else None)
        assert heard(venue, 1, "ticker", conn=1) == 13
        assert heard(venue, 5, "ticker") == (7 if first == "ticker" else 6)


def test_an_ack_that_a_frame_out_of_order_lets_go_is_numbered_like_any_other() -> None:
    """Its own number is the place of the frame alone."""
    venue = joined("heartbeats")
    assert [heard(venue, number) for number in (1, 2, 4)] == [1, 2, 4]
    venue.on_message(b'{"type":"subscribe","channel":"ticker","product_ids":["A-B"]}', 0)
    venue.on_coming(venue.awaited)
    venue.on_state({("ticker", "A-B"): None}, 0)
    payload = frame_of(3, "ticker")
    messages = map(bytes, venue.on_frame(Frame(0, 0, payload), FEED.describe(payload)))
    numbers = [(json.loads(one)["channel"], json.loads(one)["sequence_num"]) for one in messages]
    assert numbers == [("subscriptions", 5), ("ticker", 3)]
    assert heard(venue, 5) == 6


def test_a_lap_begins_where_it_begins() -> None:
    venue = joined("heartbeats")
    assert [heard(venue, number) for number in (1, 2, 4)] == [1, 2, 4]
    venue.on_restart()
    venue.on_state({("heartbeats", ""): None}, 0)
    assert heard(venue, 1) == 5


_WAYS = (
    b'{"sequence_num":%d,"events":[]}',
    b'{"events":[{"sequence_num":1}],"sequence_num":%d}',
    b'{"sequence_num" : %d}',
    b'{"sequence_num":"%d"}',
    b'{"sequence_num":%d.0,"sequence_num":7}',
    b'{"events":"' + b"x" * 70_000 + b'","sequence_num":%d}',
    b'{"no":%d}',
)


@given(st.lists(st.sampled_from(_WAYS), max_size=12), st.integers(0, 12), st.integers(0, 12), st.data())
def test_many_frames_are_numbered_as_each_alone(
    ways: list[bytes], recorded: int, following: int, data: st.DataObject
) -> None:
    """However the number is written, and where some numbers are the recorded ones and others are not."""
    steps = data.draw(st.lists(st.integers(1, 3), min_size=len(ways), max_size=len(ways)))
    numbers = list(itertools.accumulate(steps, initial=recorded))[: len(ways)]
    payloads = [way % number for way, number in zip(ways, numbers, strict=True)]
    new = range(following, following + len(ways))
    expected = [
        payload if number == its else bytes(renumbered(payload, number, its))
        for payload, number, its in zip(payloads, numbers, new, strict=True)
    ]
    assert list(renumbered_all(payloads, numbers, new)) == expected


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 2_000_000)), min_size=1))
def test_of_several_recordings_in_one_holes_are_no_gaps(steps: list[tuple[int, int]]) -> None:
    """Frames of several connections take turns, and some of each were left out."""
    venue = joined("heartbeats", is_sparse=True)
    numbers = dict.fromkeys(range(3), 0)
    said = []
    for conn, step in steps:
        numbers[conn] += step
        said.append(heard(venue, numbers[conn], conn=conn))
    assert said == list(range(said[0] or 0, (said[0] or 0) + len(steps)))


def test_frames_of_several_connections_are_one_passage_up_to_a_gap_of_any_or_one_that_was_long_silent() -> None:
    half = CoinbaseAdvancedServer(FEED.channels, {"ticker": ["BTC-USD"]}, Settings(), Auth(now=lambda: 0))
    half.on_message(b'{"type":"subscribe","channel":"ticker","product_ids":["BTC-USD"]}', 0)
    half.on_state(dict.fromkeys(half.wanted), 0)
    minute = 60 * NANOSECONDS

    def frames(*steps: tuple[int, int], time: int = 2 * minute) -> list[Frame]:
        text = '{"channel":"ticker","sequence_num":%d,"events":[{"tickers":[{"product_id":"BTC-USD"}]}]}'
        return [Frame(time, conn, (text % number).encode()) for conn, number in steps]

    def passage(*steps: tuple[int, int], time: int = 2 * minute) -> int:
        them = frames(*steps, time=time)
        infos = [FEED.describe(frame.payload) for frame in them]
        if half.passage_key(them[0], infos[0]) is None:
            return 0
        messages = half.passage(them, infos)
        assert [json.loads(message or b"")["sequence_num"] for message in messages] == list(range(4, 4 + len(messages)))
        return len(messages)

    for frame in (*frames((7, 10), (8, 50)), *frames((9, 5), time=0)):
        half.on_frame(frame, FEED.describe(frame.payload))
    assert passage((7, 11), (8, 51), (8, 52), (7, 12)) == 4
    assert passage((7, 11), (8, 51), (8, 53), (7, 12)) == 2
    assert passage((7, 11), (9, 6)) == 1
    assert passage((7, 12)) == 0

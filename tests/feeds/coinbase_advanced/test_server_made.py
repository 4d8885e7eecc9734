"""Advanced Trade: the frames that the server half makes look like the recorded ones."""

from __future__ import annotations

import json

import pytest

from feedrec.feeds.auth import Auth
from feedrec.feeds.coinbase_advanced import FEED, USER_FEED, CoinbaseAdvanced
from feedrec.feeds.coinbase_advanced.frames import own_time
from feedrec.feeds.venue import FeedServer, Sample, Send, VenueClock
from feedrec.model import NANOSECONDS, Frame, parse_time

from .test_server import START, data, request, sent

HOUR = 3600 * NANOSECONDS
PLAIN = data(0, "ticker", "update", "BTC-USD")
ERROR = b'{"type":"error","message":"failure to subscribe"}'


def with_client_id(value: str) -> bytes:
    return PLAIN.replace(b'"timestamp"', b'"client_id":%b,"timestamp"' % value.encode())


def server(feed: CoinbaseAdvanced, *recorded: bytes) -> FeedServer:
    return feed.as_recorded(Sample(recorded)).server({"ticker": ["BTC-USD"]}, {}, Auth("none", now=lambda: START))


def made_by(venue: FeedServer) -> list[bytes]:
    """Have an ack and a heartbeat made."""
    venue.on_message(request("subscribe", "heartbeats"), START)
    replies = venue.on_state(dict.fromkeys(venue.wanted), START)
    assert venue.next_due is not None
    beats = venue.on_due(venue.next_due)
    return [*(bytes(reply.payload) for reply in replies if isinstance(reply, Send)), *beats]


@pytest.mark.parametrize("feed", [FEED, USER_FEED])
@pytest.mark.parametrize(
    ("recorded", "expected"),
    [
        ([PLAIN], None),
        ([with_client_id('""')], b'"client_id":"",'),
        ([ERROR, ERROR, with_client_id('""')], b'"client_id":"",'),
        ([with_client_id('"a \\" b"')], b'"client_id":"a \\" b",'),
        ([with_client_id("null")], b'"client_id":null,'),
        ([PLAIN, PLAIN, with_client_id('""')], None),
    ],
)
def test_made_frames_have_the_client_id_of_most_recorded_ones(
    feed: CoinbaseAdvanced, recorded: list[bytes], expected: bytes | None
) -> None:
    messages = made_by(server(feed, *recorded))
    assert len(messages) == 2
    for message in messages:
        assert list(json.loads(message))[:2] == ["channel", "client_id" if expected else "timestamp"]
        assert expected is None or expected in message


@pytest.mark.parametrize("recorded", [[], [ERROR]])
def test_where_nothing_is_recorded_the_endpoint_tells(recorded: list[bytes]) -> None:
    for feed, has_it in ((FEED, False), (USER_FEED, True)):
        assert [b"client_id" in message for message in made_by(server(feed, *recorded))] == [has_it] * 2


def test_made_frames_are_stamped_by_the_venues_clock() -> None:
    venue = server(FEED, PLAIN)
    venue.clock = VenueClock(HOUR)
    ack, beat = made_by(venue)
    assert (own_time(ack), own_time(beat)) == (START + HOUR, START + HOUR + NANOSECONDS)


def test_made_frames_are_not_later_than_the_next_recorded_one_and_heartbeats_still_count() -> None:
    venue = server(FEED, PLAIN)
    lateness = [40, 0, 999, 3]  # milliseconds
    venue.clock = VenueClock(0, lambda time: time - lateness[0] * 1_000_000)
    ack, first = made_by(venue)
    beats = [first]
    for _ in range(3):
        lateness.append(lateness.pop(0))
        assert venue.next_due is not None
        beats += venue.on_due(venue.next_due)
    assert own_time(ack) == START - 40_000_000
    stamps = [START + second * NANOSECONDS for second in (1, 2, 3, 4)]
    assert [own_time(beat) for beat in beats] == [
        stamp - late * 1_000_000 for stamp, late in zip(stamps, [40, 0, 999, 3], strict=True)
    ]
    events = [json.loads(beat)["events"][0] for beat in beats]
    counters = [event["heartbeat_counter"] for event in events]
    assert counters == list(range(counters[0], counters[0] + 4))
    moments = [event["current_time"].partition(" +0000")[0].replace(" ", "T") + "Z" for event in events]
    assert [parse_time(moment) for moment in moments] == [own_time(beat) for beat in beats]


def test_an_ack_before_an_update_is_not_later_than_the_update() -> None:
    venue = server(FEED, PLAIN)
    venue.on_message(request("subscribe", "ticker", "BTC-USD"), START)
    venue.on_coming(venue.awaited)
    venue.on_state(dict.fromkeys(venue.wanted), START)
    venue.clock = VenueClock(0, lambda time: own_time(PLAIN))  # noqa: ARG005
    ack, update = venue.on_frame(Frame(START + HOUR, 0, PLAIN), FEED.describe(PLAIN))
    assert own_time(bytes(ack)) == own_time(bytes(update))


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        (b'{"channel":"ticker","timestamp":"2026-08-09T21:05:48.62Z","sequence_num":1}', "2026-08-09T21:05:48.62Z"),
        (b'{ "events": [%b], "timestamp" : "2026-08-09T21:05:48Z"}' % (b"1," * 999 + b"1"), "2026-08-09T21:05:48Z"),
        (b'{"timestamp":"yesterday"}', None),
        (b'{"timestamp":"\xff"}', None),
        (b'{"timestamp":5}', None),
        (b"\xff", None),
        (b"", None),
    ],
)
def test_the_time_that_a_frame_names_is_its_timestamp(payload: bytes, expected: str | None) -> None:
    assert own_time(payload) == (None if expected is None else parse_time(expected))


def test_every_frame_of_the_capture_names_its_time(capture_frames: list[bytes]) -> None:
    """And each one a later time than the one before."""
    times = [own_time(payload) or 0 for payload in capture_frames]
    assert times[0] > 0
    assert times == sorted(times)


def test_replies_without_a_time_stay_so() -> None:
    venue = server(FEED, with_client_id('""'))
    assert sent(venue.on_message(b"{}", START)) == [{"type": "error", "message": "failure to subscribe"}]

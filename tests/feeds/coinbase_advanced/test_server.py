"""The server half of Advanced Trade, as a state machine: no socket, no clock."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import UsageError
from feedrec.feeds.auth import Auth
from feedrec.feeds.coinbase_advanced import FEED
from feedrec.feeds.coinbase_advanced.answers import renumbered
from feedrec.feeds.coinbase_advanced.server import CoinbaseAdvancedServer
from feedrec.feeds.coinbase_advanced.settings import Settings
from feedrec.feeds.coinbase_advanced.state import MarketState
from feedrec.feeds.server_half.settings import read_settings
from feedrec.feeds.venue import SNAPSHOT_WAIT, Catalogue, Close, FeedServer, Key, Pieces, Remark, Reply, Send
from feedrec.model import NANOSECONDS, Frame, FrameInfo, format_time

PAIR = ("BTC-USD", "ETH-USD")
CATALOGUE: Catalogue = {"level2": PAIR, "ticker": PAIR, "market_trades": PAIR, "candles": PAIR, "heartbeats": ("",)}
START = 1_786_309_548 * NANOSECONDS


def server(catalogue: Catalogue = CATALOGUE, **settings: str) -> CoinbaseAdvancedServer:
    chosen = read_settings(Settings, settings, FEED.name)
    return CoinbaseAdvancedServer(FEED.channels, catalogue, chosen, Auth(now=lambda: START))


def request(kind: str, channel: str, *products: str) -> bytes:
    return json.dumps({"type": kind, "channel": channel, "product_ids": list(products)}).encode()


def sent(replies: list[Reply]) -> list[dict[str, Any]]:
    return [json.loads(bytes(reply.payload)) for reply in replies if isinstance(reply, Send)]


def data(sequence: int, channel: str, kind: str, product: str) -> bytes:
    """Give a frame as it was recorded."""
    inner = {"l2_data": "", "ticker": "tickers", "market_trades": "trades", "candles": "candles"}[channel]
    event: dict[str, Any] = {"type": kind}
    event.update({inner: [{"product_id": product}]} if inner else {"product_id": product, "updates": []})
    fields = {"channel": channel, "timestamp": "2026-08-09T21:05:48Z", "sequence_num": sequence, "events": [event]}
    return json.dumps(fields, separators=(",", ":")).encode()


def play(venue: FeedServer, *payloads: bytes, time: int = START, conn: int = 0) -> list[dict[str, Any]]:
    messages: list[bytes] = []
    for payload in payloads:
        messages += map(bytes, venue.on_frame(Frame(time, conn, payload), FEED.describe(payload)))
    return [json.loads(message) for message in messages]


def subscribed(*requests: tuple[str, ...]) -> CoinbaseAdvancedServer:
    """Give a server whose client subscribed before anything was recorded."""
    venue = server()
    for channel, *products in requests:
        assert venue.on_message(request("subscribe", channel, *products), START) == []
    nothing_yet(venue, START)
    return venue


def nothing_yet(venue: CoinbaseAdvancedServer, time: int) -> list[Reply]:
    """Begin the replay where nothing is known yet of what is wanted, but its snapshots come soon."""
    venue.on_coming(venue.awaited)
    return venue.on_state(dict.fromkeys(venue.wanted), time)


def acks(messages: list[dict[str, Any]]) -> list[dict[str, list[str]]]:
    return [message["events"][0]["subscriptions"] for message in messages if message["channel"] == "subscriptions"]


def test_a_recorded_snapshot_comes_before_the_ack_and_updates_after_it() -> None:
    venue = subscribed(("level2", "BTC-USD"))
    messages = play(
        venue,
        data(0, "ticker", "snapshot", "BTC-USD"),
        data(1, "l2_data", "snapshot", "ETH-USD"),
        data(2, "l2_data", "snapshot", "BTC-USD"),
        data(3, "l2_data", "update", "BTC-USD"),
    )
    assert [message["channel"] for message in messages] == ["l2_data", "subscriptions", "l2_data"]
    assert [message["sequence_num"] for message in messages] == [0, 1, 2]
    assert acks(messages) == [{"level2": ["BTC-USD"]}]


def test_an_ack_comes_after_the_last_snapshot_of_its_message() -> None:
    venue = subscribed(("level2", "BTC-USD", "ETH-USD"))
    first = play(venue, data(0, "l2_data", "snapshot", "BTC-USD"), data(1, "l2_data", "update", "BTC-USD"))
    assert acks(first) == []
    assert acks(play(venue, data(2, "l2_data", "snapshot", "ETH-USD"))) == [{"level2": ["BTC-USD", "ETH-USD"]}]


def test_acks_keep_the_order_of_the_messages_and_list_all_so_far() -> None:
    venue = server()
    for message in (("level2", "BTC-USD"), ("heartbeats",), ("ticker", "BTC-USD", "ETH-USD")):
        assert venue.on_message(request("subscribe", *message), START) == []
    snapshots: dict[Key, bytes | None] = dict.fromkeys(venue.wanted)
    snapshots["ticker", "ETH-USD"] = data(0, "ticker", "snapshot", "ETH-USD")
    assert acks(sent(venue.on_state(snapshots, START))) == [
        {"level2": ["BTC-USD"]},
        {"heartbeats": ["heartbeats"], "level2": ["BTC-USD"]},
        {"heartbeats": ["heartbeats"], "level2": ["BTC-USD"], "ticker": ["BTC-USD", "ETH-USD"]},
    ]


def test_no_ack_waits_for_a_recorded_snapshot_of_another_subscription() -> None:
    venue = server()
    for message in (("level2", "BTC-USD"), ("ticker", "BTC-USD"), ("level2", "ETH-USD"), ("heartbeats",)):
        venue.on_message(request("subscribe", *message), START)
    venue.on_coming([("level2", "BTC-USD"), ("ticker", "BTC-USD")])
    assert acks(sent(venue.on_state(dict.fromkeys(venue.wanted), START))) == [
        {"level2": ["ETH-USD"]},
        {"heartbeats": ["heartbeats"], "level2": ["ETH-USD"]},
    ]
    beats = {"heartbeats": ["heartbeats"]}
    assert acks(play(venue, data(0, "ticker", "snapshot", "BTC-USD"))) == [
        {**beats, "level2": ["ETH-USD"], "ticker": ["BTC-USD"]}
    ]
    assert acks(play(venue, data(1, "l2_data", "snapshot", "BTC-USD"))) == [
        {**beats, "level2": ["ETH-USD", "BTC-USD"], "ticker": ["BTC-USD"]}
    ]


def test_what_does_not_come_is_not_waited_for() -> None:
    venue = server()
    venue.on_message(request("subscribe", "level2", *PAIR), START)
    assert venue.awaited == {("level2", one) for one in PAIR}
    venue.on_coming([])
    assert acks(sent(venue.on_state(dict.fromkeys(venue.wanted), START))) == [{"level2": list(PAIR)}]


def test_what_came_for_one_message_is_not_waited_for_with_another() -> None:
    """What is said to come is so for the state that is given next."""
    venue = subscribed(("ticker", "BTC-USD"))
    assert len(play(venue, data(0, "ticker", "snapshot", "BTC-USD"))) == 2
    venue.on_message(request("unsubscribe", "ticker"), START)
    venue.on_message(request("subscribe", "ticker", "BTC-USD"), START)
    assert acks(sent(venue.on_state(dict.fromkeys(venue.wanted), START))) == [{"ticker": ["BTC-USD"]}]


def test_at_the_end_of_the_recordings_nothing_is_waited_for() -> None:
    """But the snapshot of a state that is still to be given comes before its ack."""
    venue = subscribed(("level2", "BTC-USD"))
    venue.on_message(request("subscribe", "ticker", "BTC-USD"), START)
    assert acks(sent(venue.on_end(START + 7))) == [{"level2": ["BTC-USD"]}]
    messages = sent(venue.on_state({("ticker", "BTC-USD"): data(0, "ticker", "snapshot", "BTC-USD")}, START + 9))
    assert [message["channel"] for message in messages] == ["ticker", "subscriptions"]


def test_an_ack_is_stamped_with_recorded_time_and_shaped_as_the_venues() -> None:
    venue = server()
    venue.on_message(request("subscribe", "heartbeats"), START)
    (ack,) = [reply.payload for reply in nothing_yet(venue, START + 500_000_000) if isinstance(reply, Send)]
    assert ack == (
        b'{"channel":"subscriptions","timestamp":"2026-08-09T21:05:48.5Z","sequence_num":0,'
        b'"events":[{"subscriptions":{"heartbeats":["heartbeats"]}}]}'
    )


def test_snapshots_of_the_state_come_first_then_the_ack() -> None:
    venue = server()
    venue.on_message(request("subscribe", "level2", "ETH-USD", "BTC-USD"), START)
    assert venue.wanted == {("level2", "ETH-USD"), ("level2", "BTC-USD")}
    snapshots: dict[Key, bytes | None] = {("level2", one): data(0, "l2_data", "snapshot", one) for one in PAIR}
    messages = sent(venue.on_state(snapshots, START))
    assert [message["sequence_num"] for message in messages] == [0, 1, 2]
    assert [message["events"][0].get("product_id") for message in messages] == ["ETH-USD", "BTC-USD", None]
    assert acks(messages) == [{"level2": ["ETH-USD", "BTC-USD"]}]
    assert venue.wanted == frozenset()


def test_an_update_shows_that_no_snapshot_is_coming() -> None:
    venue = subscribed(("ticker", "BTC-USD"))
    messages = play(venue, data(7, "ticker", "update", "BTC-USD"))
    assert [message["channel"] for message in messages] == ["subscriptions", "ticker"]


def test_a_snapshot_is_not_waited_for_for_ever() -> None:
    venue = subscribed(("candles", "BTC-USD"))
    assert play(venue, data(0, "ticker", "update", "BTC-USD"), time=START + SNAPSHOT_WAIT - 1) == []
    assert acks(play(venue, data(1, "ticker", "update", "BTC-USD"), time=START + SNAPSHOT_WAIT)) == [
        {"candles": ["BTC-USD"]}
    ]


def test_nor_until_a_clock_that_was_set_back_is_where_it_was() -> None:
    venue = subscribed(("candles", "BTC-USD"))
    back = START - 3600 * NANOSECONDS
    assert acks(play(venue, data(0, "ticker", "update", "BTC-USD"), time=back)) == [{"candles": ["BTC-USD"]}]


def test_recorded_acks_and_errors_are_not_sent() -> None:
    venue = subscribed(("heartbeats",))
    ack = b'{"channel":"subscriptions","timestamp":"x","sequence_num":0,"events":[{"subscriptions":{}}]}'
    assert play(venue, ack, b'{"type":"error","message":"authentication failure"}') == []


def test_data_goes_out_as_recorded_but_for_the_digits_of_its_number() -> None:
    venue = subscribed(("ticker", *PAIR), ("level2", *PAIR))
    for number, payload in (
        (0, data(7, "ticker", "snapshot", "BTC-USD")),
        (1, data(8, "l2_data", "snapshot", "ETH-USD")),
    ):
        (message,) = venue.on_frame(Frame(START, 0, payload), FEED.describe(payload))
        assert message == payload.replace(b'"sequence_num":%d' % (number + 7), b'"sequence_num":%d' % number)


def test_a_recorded_gap_stays_a_gap() -> None:
    venue = subscribed(("ticker", "BTC-USD"))
    messages = play(
        venue,
        data(10, "ticker", "update", "BTC-USD"),
        data(11, "ticker", "update", "ETH-USD"),
        data(14, "ticker", "update", "BTC-USD"),
    )
    assert [message["sequence_num"] for message in messages] == [0, 1, 4]


def test_a_rebuilt_snapshot_makes_no_gap() -> None:
    """A cut that begins with one goes on with the numbers of the venue, far from 0."""
    venue = subscribed(("level2", "BTC-USD"))
    payload = data(0, "l2_data", "snapshot", "BTC-USD")
    messages = venue.on_frame(Frame(START, 0, payload, synthetic=True), FEED.describe(payload))
    numbers = [json.loads(bytes(message))["sequence_num"] for message in messages]
    after = play(venue, data(505, "l2_data", "update", "BTC-USD"), data(507, "l2_data", "update", "BTC-USD"))
    assert [*numbers, *(message["sequence_num"] for message in after)] == [0, 1, 2, 4]  # 506 is missing


def test_a_reconnect_in_the_recording_leaves_no_hole() -> None:
    venue = subscribed(("ticker", "BTC-USD"))
    play(venue, data(10, "ticker", "update", "BTC-USD"))
    (message,) = play(venue, data(0, "ticker", "snapshot", "BTC-USD"), conn=1)
    assert message["sequence_num"] == 2


def test_a_frame_that_the_wanted_state_will_speak_of_is_not_sent_before_it() -> None:
    venue = subscribed(("ticker", "BTC-USD"))
    venue.on_message(request("subscribe", "level2", "BTC-USD"), START)
    assert play(venue, data(0, "l2_data", "update", "BTC-USD")) == []
    assert len(play(venue, data(1, "ticker", "snapshot", "BTC-USD"))) == 2
    messages = sent(venue.on_state({("level2", "BTC-USD"): data(0, "l2_data", "snapshot", "BTC-USD")}, START))
    assert [message["channel"] for message in messages] == ["l2_data", "subscriptions"]


def test_a_frame_of_some_products_is_not_sent_before_the_state_of_all() -> None:
    """A client that subscribed all of a channel would get it twice, for the state speaks of it too."""
    venue = server({"status": ("", "BTC-USD")})
    venue.on_message(request("subscribe", "status"), START)
    fields = {"channel": "status", "timestamp": "2026-08-09T21:05:48Z", "sequence_num": 0}
    status = json.dumps({**fields, "events": [{"type": "snapshot", "products": [{"id": "BTC-USD"}]}]}).encode()
    assert play(venue, status) == []
    assert [one["channel"] for one in sent(venue.on_state({("status", ""): status}, START))] == [
        "status",
        "subscriptions",
    ]
    assert len(play(venue, status)) == 1


def test_unsubscribing_ends_the_data_and_is_acknowledged() -> None:
    venue = subscribed(("ticker", *PAIR))
    play(venue, *(data(number, "ticker", "snapshot", product) for number, product in enumerate(PAIR)))
    assert acks(sent(venue.on_message(request("unsubscribe", "ticker", "BTC-USD"), START))) == [{"ticker": ["ETH-USD"]}]
    assert play(venue, data(2, "ticker", "update", "BTC-USD")) == []
    assert len(play(venue, data(3, "ticker", "update", "ETH-USD"))) == 1
    assert acks(sent(venue.on_message(request("unsubscribe", "ticker"), START))) == [{}]
    assert play(venue, data(4, "ticker", "update", "ETH-USD")) == []


def test_unsubscribing_what_is_waited_for_ends_the_waiting() -> None:
    """No snapshot of it will come: what was asked for with it is acknowledged with the next frame, or at once."""
    venue = subscribed(("level2", "BTC-USD", "ETH-USD"))
    assert venue.on_message(request("unsubscribe", "level2", "ETH-USD"), START) == []
    messages = play(venue, data(0, "l2_data", "snapshot", "BTC-USD"))
    assert acks(messages) == [{"level2": ["BTC-USD"]}, {"level2": ["BTC-USD"]}]
    venue = subscribed(("level2", "BTC-USD", "ETH-USD"))
    assert acks(sent(venue.on_message(request("unsubscribe", "level2"), START))) == [{}, {}]


def test_heartbeats_end_whatever_products_the_message_names() -> None:
    """As they begin: a client that names products gets heartbeats all the same (capture of 2026-08-09)."""
    venue = server()
    venue.on_message(request("subscribe", "heartbeats", "BTC-USD"), START)
    assert acks(sent(nothing_yet(venue, START))) == [{"heartbeats": ["heartbeats"]}]
    assert acks(sent(venue.on_message(request("unsubscribe", "heartbeats", "BTC-USD"), START))) == [{}]


def test_subscribing_again_is_acknowledged_without_a_second_snapshot() -> None:
    venue = subscribed(("ticker", "BTC-USD"))
    play(venue, data(0, "ticker", "snapshot", "BTC-USD"))
    replies = venue.on_message(request("subscribe", "ticker", "BTC-USD"), START)
    assert acks(sent(replies)) == [{"ticker": ["BTC-USD"]}]
    assert venue.wanted == frozenset()


@pytest.mark.parametrize("product", ["XX-YY", "SOL-USD"])
def test_products_that_the_venue_does_not_have_are_left_out_and_remarked(product: str) -> None:
    venue = server(unknown_products="DOGE-USD,SOL-USD")
    (remark,) = venue.on_message(request("subscribe", "level2", "BTC-USD", product), START)
    there = "the recording has BTC-USD, ETH-USD"
    assert remark == Remark(f"asks for level2 {product}, which the venue does not have; {there}")
    nothing_yet(venue, START)
    assert acks(play(venue, data(0, "l2_data", "snapshot", "BTC-USD"))) == [{"level2": ["BTC-USD"]}]


@pytest.mark.parametrize("product", ["SOL-USD", "BTC-PERP-INTX", "BIT-28JUL23-CDE"])
def test_products_that_only_the_recording_lacks_are_acknowledged_and_waited_for_by_nothing(product: str) -> None:
    venue = server()
    (remark,) = venue.on_message(request("subscribe", "level2", "BTC-USD", product), START)
    assert remark == Remark(f"asks for level2 {product}, which the recording lacks; it has BTC-USD, ETH-USD")
    assert venue.wanted == {("level2", "BTC-USD")}
    nothing_yet(venue, START)
    assert acks(play(venue, data(0, "l2_data", "snapshot", "BTC-USD"))) == [{"level2": ["BTC-USD", product]}]


def test_a_channel_that_the_recording_lacks_is_acknowledged_and_remarked() -> None:
    replies = server().on_message(request("subscribe", "ticker_batch", "BTC-USD"), START)
    assert isinstance(replies[0], Remark)
    assert "ticker_batch, which the recording lacks; it has candles, heartbeats" in replies[0].text
    assert acks(sent(replies)) == [{"ticker_batch": ["BTC-USD"]}]


def test_a_channel_that_is_asked_for_without_products_gives_nothing_and_is_remarked() -> None:
    replies = server().on_message(request("subscribe", "ticker"), START)
    assert replies[0] == Remark("asks for ticker without products, and so for nothing")
    assert acks(sent(replies)) == [{}]


@pytest.mark.parametrize("channel", ["heartbeat", "full", "user", "futures_balance_summary", ""])
def test_unknown_and_private_channels_are_refused_as_the_venue_does(channel: str) -> None:
    replies = server().on_message(request("subscribe", channel, "BTC-USD"), START)
    assert replies[0] == Send(b'{"type":"error","message":"authentication failure"}')
    assert not any(isinstance(reply, Close) for reply in replies)


def test_the_31st_level2_product_is_refused() -> None:
    many = [f"A{number}-USD" for number in range(31)]
    venue = server({"level2": many})
    assert venue.on_message(request("subscribe", "level2", *many[:30]), START) == []
    refusal = [Send(b'{"type":"error","message":"too many L2 streams requested in a single session"}')]
    assert venue.on_message(request("subscribe", "level2", many[30]), START) == refusal
    venue.on_message(request("unsubscribe", "level2", many[0]), START)
    assert venue.on_message(request("subscribe", "level2", many[30]), START) == []
    closing = server({"level2": many}, level2_limit_closes="true")
    assert closing.on_message(request("subscribe", "level2", *many), START) == [*refusal, Close(1000)]


def test_a_usdc_product_gets_the_data_of_its_usd_name() -> None:
    venue = subscribed(("ticker", "BTC-USDC"))
    assert len(play(venue, data(0, "ticker", "snapshot", "BTC-USD"))) == 2


LIST_OF_CHANNELS = b'{"type":"subscribe","product_ids":["BTC-USD"],"channel":["level2","ticker"]}'


@pytest.mark.parametrize(
    "message",
    [b"", b"hello", b"[]", b"\xff", b'{"type":"ping"}', b'{"type":5}', b"[" * 100_000, LIST_OF_CHANNELS],
)
def test_what_is_no_request_is_an_error(message: bytes) -> None:
    assert sent(server(malformed_message="what?").on_message(message, START)) == [{"type": "error", "message": "what?"}]


def test_a_silent_client_is_closed_as_configured() -> None:
    venue = server(subscribe_within="2", subscribe_within_code="1000")
    assert venue.subscribe_within == 2.0
    assert venue.on_silence() == [Close(1000, "no subscribe message within 2 seconds")]
    assert server(subscribe_within="0").subscribe_within is None


@pytest.mark.parametrize(
    ("name", "value"), [("subscribe", "5"), ("subscribe_within", "soon"), ("level2_limit_closes", "x")]
)
def test_settings_that_make_no_sense_are_refused(name: str, value: str) -> None:
    with pytest.raises(UsageError):
        read_settings(Settings, {name: value}, FEED.name)


def test_heartbeats_are_made_where_none_were_recorded() -> None:
    venue = server({"ticker": PAIR})
    venue.on_message(request("subscribe", "heartbeats"), START)
    assert venue.next_due is None
    nothing_yet(venue, START + 250_000_000)
    beats: list[dict[str, Any]] = []
    for _ in range(3):
        due = venue.next_due
        assert due is not None
        beats += [json.loads(message) for message in venue.on_due(due)]
    assert [beat["timestamp"] for beat in beats] == [f"2026-08-09T21:05:{second}.25Z" for second in (49, 50, 51)]
    counters = [beat["events"][0]["heartbeat_counter"] for beat in beats]
    assert counters == [counters[0], counters[0] + 1, counters[0] + 2]
    assert beats[0]["events"][0]["current_time"] == f"2026-08-09 21:05:49.25 +0000 UTC m=+{counters[0]}.250000000"
    venue.on_message(request("unsubscribe", "heartbeats"), START)
    assert venue.next_due is None


def test_made_heartbeats_go_on_when_the_recording_begins_again() -> None:
    venue = server({"ticker": PAIR})
    venue.on_message(request("subscribe", "heartbeats"), START)
    nothing_yet(venue, START + 5 * NANOSECONDS)
    venue.on_restart()
    assert venue.next_due is None
    nothing_yet(venue, START)
    assert venue.next_due == START + NANOSECONDS


def test_recorded_heartbeats_are_passed_on() -> None:
    venue = subscribed(("heartbeats",))
    beat = b'{"channel":"heartbeats","timestamp":"x","sequence_num":4,"events":[{"heartbeat_counter":7}]}'
    assert venue.next_due is None
    assert [message["sequence_num"] for message in play(venue, beat)] == [1]


def test_when_the_recording_begins_again_everything_is_wanted_again() -> None:
    venue = subscribed(("ticker", "BTC-USD"), ("level2", "ETH-USD"))
    venue.on_restart()
    assert venue.wanted == {("ticker", "BTC-USD"), ("level2", "ETH-USD")}


@given(
    recorded=st.integers(0, 10**9),
    number=st.integers(0, 10**9),
    spaced=st.booleans(),
    size=st.sampled_from([0, 70_000]),
    before=st.booleans(),
)
def test_renumbering_changes_digits_only(recorded: int, number: int, size: int, *, spaced: bool, before: bool) -> None:
    """Also in a frame so large that it is not copied."""
    separators = (", ", ": ") if spaced else (",", ":")
    numbered, large = {"sequence_num": recorded}, {"events": [{"type": "x" * size}]}
    first, last = (large, numbered) if before else (numbered, large)
    fields: dict[str, Any] = {"channel": "ticker", "timestamp": format_time(START), **first, **last}
    payload = json.dumps(fields, separators=separators).encode()
    expected = json.dumps({**fields, "sequence_num": number}, separators=separators).encode()
    assert bytes(changed := renumbered(payload, recorded, number)) == expected
    assert len(changed) == len(expected)
    assert isinstance(changed, Pieces) is (size > 0 and not spaced)


@pytest.mark.parametrize(
    ("recorded", "expected"),
    [(b'"4"', b'"7"'), (b"4.0", b"7.0"), (b"0.4e1", b"7"), (b'"x"', b'"x"'), (b"4.5", b"4.5"), (b"null", b"null")],
)
def test_a_number_written_otherwise_is_renumbered_and_what_is_none_stays(recorded: bytes, expected: bytes) -> None:
    payload = b'{"channel":"ticker","sequence_num":%b,"events":[{"tickers":[{"product_id":"BTC-USD"}]}]}'
    venue = subscribed(("ticker", "BTC-USD"))
    play(venue, *(data(number, "ticker", "update", "BTC-USD") for number in range(4)))
    before = [data(number, "ticker", "update", "BTC-USD") for number in range(2)]
    assert len(play(venue, *before, conn=1)) == 2  # with the ack, the next number is 7
    frame = Frame(START, 0, payload % recorded)
    assert venue.on_frame(frame, FEED.describe(frame.payload)) == (payload % expected,)
    assert venue.on_frame(frame, FEED.describe((payload % recorded).replace(b"BTC", b"ETH"))) == ()


def new_channel(sequence: int) -> bytes:
    event = {"type": "snapshot", "product_id": "ETH-USD"}
    return json.dumps({"channel": "brand_new", "sequence_num": sequence, "events": [event]}).encode()


def new_type(sequence: int) -> bytes:
    return json.dumps({"type": "maintenance", "sequence_num": sequence}).encode()


@pytest.mark.parametrize("is_waiting", [False, True])
def test_what_is_of_no_known_channel_goes_to_every_client_that_has_subscribed_anything(*, is_waiting: bool) -> None:
    venue = subscribed(("ticker", "BTC-USD"))
    if not is_waiting:
        play(venue, data(0, "ticker", "snapshot", "BTC-USD"))
    messages = play(venue, new_channel(1), data(2, "ticker", "update", "ETH-USD"), new_type(3))
    data_alone = [one for one in messages if one.get("channel") != "subscriptions"]
    assert [one.get("channel") or one["type"] for one in data_alone] == ["brand_new", "maintenance"]
    first = 0 if is_waiting else 2
    assert [one["sequence_num"] for one in messages] == list(range(first, first + len(messages)))
    nobody = server()
    assert play(nobody, new_channel(0), new_type(1)) == []
    text = Frame(START, 0, b"no JSON")
    assert b"no JSON" in venue.on_frame(text, FEED.describe(text.payload))


@given(st.lists(st.tuples(st.sampled_from(["ticker", "market_trades"]), st.sampled_from(PAIR)), max_size=60), st.data())
def test_every_client_counts_without_holes_and_gets_what_it_asked_for(
    recorded: list[tuple[str, str]], choice: st.DataObject
) -> None:
    keys = choice.draw(
        st.sets(st.sampled_from([(c, p) for c in ("ticker", "market_trades") for p in PAIR]), min_size=1)
    )
    venue = server()
    for channel, product in keys:
        venue.on_message(request("subscribe", channel, product), START)
    messages = sent(nothing_yet(venue, START))
    messages += play(venue, *(data(n, channel, "update", product) for n, (channel, product) in enumerate(recorded)))
    assert [message["sequence_num"] for message in messages] == list(range(len(messages)))
    got = [
        (message["channel"], (message["events"][0].get("tickers") or message["events"][0]["trades"])[0]["product_id"])
        for message in messages
        if message["channel"] != "subscriptions"
    ]
    assert got == [key for key in recorded if key in keys]


# After the end


def heartbeat(number: int, counter: int) -> bytes:
    event = {"current_time": f"2026-08-09 21:05:48 +0000 UTC m=+{counter}.5", "heartbeat_counter": counter}
    return json.dumps({"channel": "heartbeats", "sequence_num": number, "events": [event]}).encode()


def test_recorded_heartbeats_go_on_after_the_end() -> None:
    """Each a second after the one before it, also the first, and counted on."""
    venue = subscribed(("heartbeats",))
    play(venue, heartbeat(0, 41))
    assert venue.on_end(START + NANOSECONDS // 2) == []
    made = []
    for second in (1, 2):
        assert venue.next_due == START + second * NANOSECONDS
        made += [json.loads(one) for one in venue.on_due(venue.next_due)]
    assert [(one["sequence_num"], one["timestamp"]) for one in made] == [
        (2, "2026-08-09T21:05:49Z"),
        (3, "2026-08-09T21:05:50Z"),
    ]
    assert [one["events"][0] for one in made] == [
        {"current_time": "2026-08-09 21:05:49 +0000 UTC m=+42.500000000", "heartbeat_counter": 42},
        {"current_time": "2026-08-09 21:05:50 +0000 UTC m=+43.500000000", "heartbeat_counter": 43},
    ]
    venue.on_message(request("unsubscribe", "heartbeats"), START)
    assert venue.next_due is None


def test_heartbeats_that_were_made_go_on_as_they_were() -> None:
    venue = server({"ticker": PAIR})
    venue.on_message(request("subscribe", "heartbeats"), START)
    nothing_yet(venue, START)
    due = venue.next_due
    venue.on_end(START + 7)
    assert venue.next_due == due == START + NANOSECONDS


def test_no_heartbeats_go_on_that_were_not_subscribed() -> None:
    venue = subscribed(("ticker", "BTC-USD"))
    venue.on_end(START)
    assert venue.next_due is None


def test_who_subscribes_after_the_end_is_answered_and_gets_heartbeats() -> None:
    venue = server()
    venue.on_end(START)
    for message in (("ticker", "BTC-USD"), ("heartbeats",)):
        venue.on_message(request("subscribe", *message), START + 5)
    messages = sent(venue.on_state(dict.fromkeys(venue.wanted), START + 6))
    assert acks(messages) == [{"ticker": ["BTC-USD"]}, {"heartbeats": ["heartbeats"], "ticker": ["BTC-USD"]}]
    assert venue.next_due == START + 6 + NANOSECONDS
    (beat,) = venue.on_due(venue.next_due)
    assert json.loads(beat)["sequence_num"] == 2


def test_heartbeats_of_who_subscribes_after_the_end_are_those_of_everybody() -> None:
    """The last recorded one, which the state has, is not sent again; the next are whole seconds after it."""
    last = json.loads(heartbeat(0, 41)) | {"timestamp": "2026-08-09T21:05:48.25Z"}
    state = MarketState([("heartbeats", "")])
    state.apply(FrameInfo("heartbeats", kind="heartbeat"), json.dumps(last).encode())
    venue = server()
    venue.on_end(START)
    venue.on_message(request("subscribe", "heartbeats"), START + 9 * NANOSECONDS)
    wanted = {key: state.snapshot(*key, START) for key in venue.wanted}
    assert acks(sent(venue.on_state(wanted, START + 9 * NANOSECONDS))) == [{"heartbeats": ["heartbeats"]}]
    assert venue.next_due == START + 9 * NANOSECONDS + NANOSECONDS // 4
    (beat,) = venue.on_due(venue.next_due)
    assert json.loads(beat)["events"] == [
        {"current_time": "2026-08-09 21:05:57 +0000 UTC m=+50.500000000", "heartbeat_counter": 50}
    ]


KEYS = [(channel, product) for channel in ("level2", "ticker") for product in PAIR]


@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("subscribe"), st.sampled_from(KEYS)),
            st.tuples(st.just("unsubscribe"), st.sampled_from(KEYS)),
            st.tuples(st.just("state"), st.sets(st.sampled_from(KEYS))),
            st.tuples(st.sampled_from(["snapshot", "update"]), st.sampled_from(KEYS)),
        ),
        max_size=20,
    )
)
def test_every_message_is_acknowledged_once_by_the_end(steps: list[tuple[str, Any]]) -> None:
    """Whatever is said to come, and whatever comes; each ack lists no more than was asked for by then."""
    venue = server()
    asked = 0
    ever: set[Key] = set()
    heard: list[dict[str, Any]] = []
    for number, (kind, what) in enumerate([*steps, ("end", None), ("state", set())]):
        if kind in ("subscribe", "unsubscribe"):
            asked += 1
            ever |= {what} if kind == "subscribe" else set()
            replies = venue.on_message(request(kind, *what), START + number)
        elif kind == "end":
            replies = venue.on_end(START + number)
        elif kind == "state":
            venue.on_coming(venue.awaited & what)
            replies = venue.on_state(dict.fromkeys(venue.wanted), START + number)
        elif venue.wanted:
            continue  # frames come only when the state was given
        else:
            name = {"level2": "l2_data"}.get(what[0], what[0])
            heard += play(venue, data(number, name, kind, what[1]), time=START + number)
            continue
        heard += sent(replies)
        for listed in acks(heard):
            assert {(channel, one) for channel, products in listed.items() for one in products} <= ever
    assert len(acks(heard)) == asked

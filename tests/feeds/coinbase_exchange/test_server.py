"""The server half of Coinbase Exchange, as a state machine, and the client half against it: no socket, no clock."""

from __future__ import annotations

import json
from typing import Any

import pytest

from feedrec.errors import UsageError
from feedrec.feeds import Notice, Subscription, subscribe_to
from feedrec.feeds.auth import Auth
from feedrec.feeds.coinbase_exchange import FEEDS
from feedrec.feeds.coinbase_exchange.client import ACK_GRACE
from feedrec.feeds.coinbase_exchange.frames import describe
from feedrec.feeds.coinbase_exchange.server import CoinbaseExchangeServer
from feedrec.feeds.coinbase_exchange.settings import Settings
from feedrec.feeds.credentials import ExchangeKey
from feedrec.feeds.venue import Catalogue, Close, FeedServer, Key, Remark, Reply, Send, VenueClock
from feedrec.model import NANOSECONDS, Frame, format_time

FEED = FEEDS["coinbase-exchange"]
PAIR = ("BTC-USD", "ETH-USD")
ACCOUNT = "d50ec984-77a8-460a-b958-66f114b0de9b"
CATALOGUE: Catalogue = {
    **dict.fromkeys(("level2", "ticker", "matches", "full", "level3", "user", "auctionfeed"), PAIR),
    "status": ("",),
    "balance": (ACCOUNT,),
}
START = 1_790_733_792 * NANOSECONDS + 700_000_000
KEY = ExchangeKey("k", "c2VjcmV0", "p")
SIGNED: dict[str, Any] = dict(KEY.sign(START))
NEEDS_AUTHENTICATION = (
    "level2, level3, and full channels now require authentication. "
    "https://docs.cloud.coinbase.com/exchange/docs/websocket-auth"
)


def auth(mode: Any = "any", now: int = START) -> Auth:
    return Auth(mode, now=lambda: now, keys=[KEY] if mode == "strict" else [])


def server(
    catalogue: Catalogue = CATALOGUE, auth: Auth | None = None, *, direct: bool = False, **settings: str
) -> FeedServer:
    name = "coinbase-exchange-direct" if direct else "coinbase-exchange"
    return FEEDS[name].server(catalogue, settings, auth)


def request(kind: str, *channels: Any, products: tuple[str, ...] = (), **fields: Any) -> bytes:
    root = {"product_ids": products} if products else {}
    return json.dumps({"type": kind, "channels": channels, **root, **fields}).encode()


def ask(venue: FeedServer, *channels: Any, products: tuple[str, ...] = (), **fields: Any) -> list[dict[str, Any]]:
    return sent(venue.on_message(request("subscribe", *channels, products=products, **fields), START))


def leave(venue: FeedServer, *channels: Any, products: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    return sent(venue.on_message(request("unsubscribe", *channels, products=products), START))


def sent(replies: list[Reply]) -> list[dict[str, Any]]:
    return [json.loads(bytes(reply.payload)) for reply in replies if isinstance(reply, Send)]


def ack(*channels: tuple[str, list[str]]) -> dict[str, Any]:
    listed = [{"name": name, "product_ids": products, "account_ids": None} for name, products in channels]
    return {"type": "subscriptions", "channels": listed}


def error(reason: str, message: str = "Failed to subscribe") -> dict[str, Any]:
    return {"type": "error", "message": message, "reason": reason}


def data(kind: str, product: str = "BTC-USD", **fields: Any) -> bytes:
    return json.dumps({"type": kind, "product_id": product, **fields}).encode()


def play(venue: FeedServer, *payloads: bytes) -> list[bytes]:
    return [bytes(message) for one in payloads for message in venue.on_frame(Frame(START, 0, one), describe(one))]


def begin(venue: FeedServer) -> list[Reply]:
    """Begin the replay where nothing is known yet of what is wanted."""
    return venue.on_state(dict.fromkeys(venue.wanted), START)


# Subscribing


def test_the_ack_comes_first_and_at_once_shaped_as_the_venues() -> None:
    replies = server().on_message(request("subscribe", "level2_batch", "matches", products=PAIR), START)
    assert replies == [
        Send(
            b'{"type":"subscriptions","channels":['
            b'{"name":"level2_50","product_ids":["BTC-USD","ETH-USD"],"account_ids":null},'
            b'{"name":"matches","product_ids":["BTC-USD","ETH-USD"],"account_ids":null}]}'
        )
    ]


def test_three_messages_get_three_acks_that_list_one_two_and_three_channels() -> None:
    venue = server()
    acks = [ask(venue, name, products=("BTC-USD",)) for name in ("level2", "ticker", "matches")]
    names = [[channel["name"] for channel in one["channels"]] for (one,) in acks]
    assert names == [["level2"], ["level2", "ticker"], ["level2", "ticker", "matches"]]


@pytest.mark.parametrize(
    ("asked", "acked"),
    [
        ("level2_batch", "level2_50"),
        ("level2_50", "level2_50"),
        ("ticker_batch", "ticker_1000"),
        ("ticker_1000", "ticker_1000"),
        ("level2", "level2"),
    ],
)
def test_either_name_subscribes_and_the_ack_has_the_venues(asked: str, acked: str) -> None:
    assert ask(server(), asked, products=("BTC-USD",)) == [ack((acked, ["BTC-USD"]))]


def test_products_at_the_root_are_added_to_those_of_every_channel() -> None:
    """The documented example of the overview, with other products."""
    own = {"name": "ticker", "product_ids": ["ETH-USD", "BTC-USD"]}
    (listed,) = ask(server(), "level2", "matches", own, products=("BTC-USD",))
    assert listed == ack(("level2", ["BTC-USD"]), ("matches", ["BTC-USD"]), ("ticker", ["ETH-USD", "BTC-USD"]))


def test_a_product_that_is_not_there_gets_an_error_before_the_ack_of_the_others() -> None:
    replies = server().on_message(request("subscribe", "matches", products=("NO-SUCH", "BTC-USD")), START)
    assert sent(replies) == [error("NO-SUCH is not a valid product"), ack(("matches", ["BTC-USD"]))]
    remarks = [reply.text for reply in replies if isinstance(reply, Remark)]
    assert remarks == ["asks for matches NO-SUCH, which the venue does not have; the recording has BTC-USD, ETH-USD"]


def test_a_product_that_only_the_recording_lacks_is_acknowledged_and_remarked() -> None:
    """The venue has it, so it is not called invalid; it begins nothing, since there is nothing to begin with."""
    venue = server()
    replies = venue.on_message(request("subscribe", "level2", products=("DOGE-USD", "BTC-USD")), START)
    assert sent(replies) == [ack(("level2", ["DOGE-USD", "BTC-USD"]))]
    remarks = [reply.text for reply in replies if isinstance(reply, Remark)]
    assert remarks == ["asks for level2 DOGE-USD, which the recording lacks; it has BTC-USD, ETH-USD"]
    assert venue.wanted == {("level2", "BTC-USD")}
    denied = server(unknown_products="XRP-USD, DOGE-USD")
    assert ask(denied, "level2", products=("DOGE-USD",)) == [error("DOGE-USD is not a valid product")]


def test_a_message_of_which_nothing_is_left_gets_no_ack_and_begins_nothing() -> None:
    venue = server()
    assert ask(venue, "matches", "ticker", products=("NO-SUCH",)) == [error("NO-SUCH is not a valid product")]
    assert not venue.has_subscribed
    assert venue.wanted == frozenset()


def test_an_unknown_channel_is_no_valid_one() -> None:
    assert ask(server(), "ticket", "matches", products=("BTC-USD",)) == [
        error("ticket is not a valid channel"),
        ack(("matches", ["BTC-USD"])),
    ]


def test_a_channel_without_products_needs_some_unless_it_is_of_all() -> None:
    for channel in ("heartbeat", "matches"):
        reason = f"You need to specify at least one product ID for channel {channel}"
        assert ask(server(), channel) == [error(reason)]
    assert ask(server(no_products_reason="{channel}?"), "matches") == [error("matches?")]
    assert ask(server(), "status") == [ack(("status", []))]
    assert ask(server(), "status", products=("BTC-USD",)) == [ack(("status", []))]
    assert ask(server({"rfq_matches": PAIR}), {"name": "rfq_matches", "product_ids": "ALL"}) == [
        ack(("rfq_matches", []))
    ]


def test_a_channel_that_the_recording_lacks_is_acknowledged_and_remarked() -> None:
    replies = server({"ticker": PAIR}).on_message(request("subscribe", "status"), START)
    assert sent(replies) == [ack(("status", []))]
    assert replies[0] == Remark("asks for status, which the recording lacks; it has ticker")


def test_balance_is_subscribed_by_accounts() -> None:
    venue = server()
    (listed,) = ask(venue, {"name": "balance", "account_ids": [ACCOUNT]})
    assert listed["channels"] == [{"name": "balance", "product_ids": [], "account_ids": [ACCOUNT]}]
    mine, other = (json.dumps({"type": "balance", "account_id": one}).encode() for one in (ACCOUNT, "another"))
    assert play(venue, mine, other) == [mine]


@pytest.mark.parametrize("recorded", ["level2", "level2_batch"])
@pytest.mark.parametrize("asked", ["level2", "level2_batch", "level2_50"])
def test_a_recorded_book_serves_either_channel(recorded: str, asked: str) -> None:
    venue = server({recorded: PAIR})
    assert [one["type"] for one in ask(venue, asked, products=("BTC-USD",))] == ["subscriptions"]
    assert venue.wanted == {("level2", "BTC-USD")}
    begin(venue)
    frames = [data("snapshot"), data("l2update")]
    assert play(venue, *frames, data("l2update", "ETH-USD")) == frames


@pytest.mark.parametrize(
    "message",
    [b"{", b"[]", b'{"type":"subscribe","channels":5}', b"\xff", b""],
)
def test_what_is_no_request_gets_the_error_that_is_set(message: bytes) -> None:
    assert server().on_message(message, START) == [Send(b'{"type":"error","message":"Malformed JSON"}')]
    replies = server(malformed_message="what?").on_message(message, START)
    assert replies == [Send(b'{"type":"error","message":"what?"}')]


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (b'{"type":"ping"}', "Type has to be either subscribe or unsubscribe"),
        (b'{"action":"subscribe"}', "Type has to be either subscribe or unsubscribe"),
        (b'{"type":"subscribe"}', "No channels provided"),
        (b'{"type":"subscribe","channels":[]}', "No channels provided"),
        (b'{"type":"subscribe","channel":"ticker","product_ids":["BTC-USD"]}', "No channels provided"),
    ],
)
def test_a_request_for_nothing_is_refused_in_the_words_of_the_venue(message: bytes, reason: str) -> None:
    venue = server()
    assert sent(venue.on_message(message, START)) == [error(reason)]
    assert not venue.has_subscribed


def test_a_client_that_says_nothing_is_closed_after_five_seconds() -> None:
    venue = server()
    assert venue.subscribe_within == 5
    assert venue.on_silence() == [Close(1008, "no subscribe message within 5 seconds")]
    assert server(subscribe_within_code="1000").on_silence()[0] == Close(1000, "no subscribe message within 5 seconds")
    assert server(subscribe_within="0").subscribe_within is None


def test_settings_that_are_unknown_or_of_another_kind_are_refused() -> None:
    with pytest.raises(UsageError, match=r"coinbase-exchange has no setting 'x' \(it has subscribe_within,"):
        server(x="1")
    with pytest.raises(UsageError, match="of coinbase-exchange cannot be 'soon': use a close code"):
        server(subscribe_within_code="soon")


# Unsubscribing


def test_unsubscribing_a_channel_drops_all_of_it() -> None:
    venue = server()
    ask(venue, "ticker", "matches", products=PAIR)
    begin(venue)
    assert leave(venue, "ticker") == [ack(("matches", list(PAIR)))]
    assert play(venue, data("ticker", sequence=1), data("match", trade_id=1)) == [data("match", trade_id=1)]


def test_unsubscribing_products_drops_those() -> None:
    venue = server()
    ask(venue, "ticker", "matches", products=PAIR)
    assert leave(venue, "ticker", products=("ETH-USD",)) == [ack(("ticker", ["BTC-USD"]), ("matches", list(PAIR)))]
    assert ("ticker", "ETH-USD") not in venue.wanted
    assert leave(venue, "ticker", "matches") == [ack()]
    assert venue.wanted == frozenset()
    assert play(venue, data("ticker")) == []


def test_unsubscribing_what_never_was_is_acknowledged() -> None:
    assert leave(server(), "ticker") == [ack()]


def test_what_is_subscribed_again_gets_an_ack_and_no_second_snapshot() -> None:
    venue = server()
    ask(venue, "level2", products=("BTC-USD",))
    begin(venue)
    assert ask(venue, "level2", products=("BTC-USD",)) == [ack(("level2", ["BTC-USD"]))]
    assert venue.wanted == frozenset()
    leave(venue, "level2")
    ask(venue, "level2", products=("BTC-USD",))
    assert venue.wanted == {("level2", "BTC-USD")}


# Data


def test_what_the_state_gives_comes_in_the_order_of_the_message() -> None:
    venue = server()
    ask(venue, "matches", "level2", "full", products=("ETH-USD", "BTC-USD"))
    keys: list[Key] = [(channel, product) for channel in ("matches", "level2") for product in ("ETH-USD", "BTC-USD")]
    assert venue.wanted == set(keys)
    snapshots: dict[Key, bytes | None] = {key: f"{key}".encode() for key in sorted(keys)}
    snapshots["matches", "BTC-USD"] = None
    expected = [Send(f"{key}".encode()) for key in keys if key != ("matches", "BTC-USD")]
    assert venue.on_state(snapshots, START) == expected
    assert venue.wanted == frozenset()


def test_a_frame_that_the_state_will_tell_of_is_not_sent_as_well() -> None:
    venue = server()
    ask(venue, "ticker", "full", products=("BTC-USD",))
    assert play(venue, data("ticker"), data("open", sequence=1)) == [data("open", sequence=1)]
    begin(venue)
    assert play(venue, data("ticker")) == [data("ticker")]


def test_frames_go_out_as_recorded_and_those_of_others_do_not() -> None:
    venue = server()
    ask(venue, "matches", products=("BTC-USD",))
    begin(venue)
    spaced = b'{ "product_id" : "BTC-USD", "type":"match","trade_id": 7 ,"sequence":9}'
    others = [data("match", "ETH-USD", trade_id=1), data("ticker")]
    assert play(venue, spaced, *others) == [spaced]


NEWS = [data("margin_call"), data("margin_call", "ETH-USD"), b'{"type":5}', b"{}", b"maintenance at noon", b"", b"[1]"]


def test_a_message_of_an_unknown_type_goes_to_every_client_that_has_subscribed_anything() -> None:
    venue = server()
    assert play(venue, *NEWS) == []
    ask(venue, "ticker", products=("BTC-USD",))
    assert play(venue, *NEWS) == NEWS  # also while the client waits for its state
    begin(venue)
    answers = [b'{"type":"subscriptions","channels":[]}', b'{"type":"error","message":"Failed to subscribe"}']
    assert play(venue, *NEWS, *answers) == NEWS
    venue.on_message(request("unsubscribe", "ticker"), START)
    assert play(venue, *NEWS) == []


def test_recorded_acks_and_errors_are_not_sent() -> None:
    venue = server()
    ask(venue, "matches", "status", products=PAIR)
    begin(venue)
    assert play(venue, b'{"type":"subscriptions","channels":[]}', b'{"type":"error","message":"x"}') == []


def test_full_has_matches_and_own_orders_but_no_last_match() -> None:
    venue = server()
    ask(venue, "full", products=("BTC-USD",))
    frames = [data("open", sequence=1), data("match", sequence=2, trade_id=5), data("done", sequence=3, user_id="1")]
    assert play(venue, data("last_match", trade_id=4), *frames) == frames
    assert ask(venue, "matches", products=("BTC-USD",))
    begin(venue)
    assert play(venue, data("last_match", trade_id=4)) == [data("last_match", trade_id=4)]


def test_matches_are_served_by_a_recording_of_full() -> None:
    venue = server({"full": PAIR})
    assert ask(venue, "matches", products=("BTC-USD",)) == [ack(("matches", ["BTC-USD"]))]
    begin(venue)
    assert play(venue, data("open", sequence=1), data("match", trade_id=1)) == [data("match", trade_id=1)]
    venue = server({"matches": PAIR})
    assert ask(venue, "full", products=("BTC-USD",)) == [ack(("full", ["BTC-USD"]))]
    assert venue.wanted == frozenset()


def test_user_gets_own_orders_only() -> None:
    venue = server()
    ask(venue, "user")
    own = data("open", sequence=1, profile_id="7")
    assert play(venue, data("open", sequence=2), own) == [own]


def test_level3_begins_with_its_schema_once() -> None:
    venue = server()
    ask(venue, "level3", products=("BTC-USD",))
    assert venue.wanted == {("level3", "")}
    schema = b'{"type":"level3","schema":{}}'
    assert venue.on_state({("level3", ""): schema}, START) == [Send(schema)]
    ask(venue, "level3", products=("ETH-USD",))
    assert venue.wanted == frozenset()
    rows = [b'["noop","BTC-USD","7","t"]', b'["noop","ETH-USD","9","t"]']
    assert play(venue, schema, *rows, b'["noop","DOGE-USD","7","t"]') == [schema, *rows]


def test_a_restart_begins_with_the_state_again() -> None:
    venue = server()
    ask(venue, "level2_batch", "full", "heartbeat", products=("BTC-USD",))
    begin(venue)
    assert venue.next_due is not None
    venue.on_restart()
    assert venue.next_due is None
    assert venue.wanted == {("level2", "BTC-USD"), ("heartbeat", "BTC-USD")}


# Heartbeats


def test_heartbeats_are_made_on_the_whole_second_of_what_passed() -> None:
    venue = server()
    ask(venue, "heartbeat", products=PAIR)
    last = data("heartbeat", last_trade_id=20, sequence=90, time="t")
    venue.on_state({("heartbeat", "BTC-USD"): last, ("heartbeat", "ETH-USD"): None}, START)
    due = START - 700_000_000 + NANOSECONDS
    assert venue.next_due == due
    play(venue, data("match", "ETH-USD", trade_id=31, sequence=52), data("open", "ETH-USD", sequence=57))
    play(venue, data("ticker", trade_id=21, sequence=95), data("match", trade_id=20, sequence=91))
    first, second = venue.on_due(due)
    assert first == (
        b'{"type":"heartbeat","last_trade_id":21,"product_id":"BTC-USD","sequence":95,'
        b'"time":"2026-09-30T02:03:13.000000Z"}'
    )
    assert second == first.replace(b"21", b"31").replace(b"BTC", b"ETH").replace(b"95", b"57")
    assert venue.next_due == due + NANOSECONDS


@pytest.mark.parametrize("odd", [2**64 - 1, 10**9])
def test_made_heartbeats_follow_a_count_that_begins_anew_and_forget_an_odd_number(odd: int) -> None:
    venue = server()
    ask(venue, "heartbeat", products=("BTC-USD",))
    venue.on_state({("heartbeat", "BTC-USD"): None}, START)
    play(venue, data("match", trade_id=odd, sequence=odd), data("match", trade_id=7, sequence=50))
    play(venue, data("match", trade_id=6, sequence=49))
    (beat,) = venue.on_due(START)
    assert b'"last_trade_id":7,' in beat
    assert b'"sequence":50,' in beat


def beats_of(venue: FeedServer, seconds: float) -> list[tuple[float, str]]:
    """Have heartbeats made for some seconds; tell when each was sent, in seconds after START, and its time."""
    found = []
    while venue.next_due is not None and venue.next_due <= START + seconds * NANOSECONDS:
        due = venue.next_due
        found += [((due - START) / NANOSECONDS, json.loads(beat)["time"]) for beat in venue.on_due(due)]
    return found


def seconds_after_start(*seconds: float) -> list[str]:
    return [f"{format_time(START + round(second * NANOSECONDS))[:26]}Z" for second in seconds]


@pytest.mark.parametrize("ahead", [0, 3_600_250_000_000, -90_300_000_000])
def test_made_heartbeats_are_on_the_whole_second_of_the_venues_clock(ahead: int) -> None:
    venue = server()
    venue.clock = VenueClock(ahead)
    ask(venue, "heartbeat", products=("BTC-USD",))
    begin(venue)
    first = (-(START + ahead) % NANOSECONDS) / NANOSECONDS
    moments, times = zip(*beats_of(venue, 3), strict=True)
    assert list(moments) == pytest.approx([first, first + 1, first + 2])
    assert list(times) == seconds_after_start(*(moment + ahead / NANOSECONDS for moment in moments))


def test_a_frame_that_was_sent_before_the_second_passes_before_the_heartbeat() -> None:
    """One that names a time of long ago does not keep it for more than a second."""
    venue = server()
    late = 45_000_000
    venue.clock = VenueClock(0, lambda time: time - late)
    ask(venue, "heartbeat", products=("BTC-USD",))
    begin(venue)
    moments, times = zip(*beats_of(venue, 3.2), strict=True)
    assert list(moments) == pytest.approx([0.36, 1.36, 2.36])
    assert list(times) == seconds_after_start(0.3, 1.3, 2.3)
    late = 3600 * NANOSECONDS
    moments, times = zip(*beats_of(venue, 5.5), strict=True)
    assert list(moments) == pytest.approx([4.28, 5.28])
    assert list(times) == seconds_after_start(3.3, 4.3)


def test_recorded_heartbeats_are_used() -> None:
    venue = server({**CATALOGUE, "heartbeat": ("BTC-USD",)})
    ask(venue, "heartbeat", products=("BTC-USD",))
    assert venue.wanted == frozenset()
    begin(venue)
    assert venue.next_due is None
    beat = data("heartbeat", last_trade_id=20, sequence=90)
    assert play(venue, beat) == [beat]


def test_recorded_heartbeats_go_on_after_the_end_with_the_numbers_of_what_passed() -> None:
    """On the whole second; of a product of which no frame has passed, the numbers are asked for."""
    venue = server({**CATALOGUE, "heartbeat": PAIR})
    ask(venue, "heartbeat", products=PAIR)
    assert not venue.wanted
    play(venue, data("heartbeat", last_trade_id=20, sequence=90), data("match", trade_id=21, sequence=95))
    assert venue.on_end(START) == []
    assert venue.next_due == START // NANOSECONDS * NANOSECONDS + NANOSECONDS
    assert [json.loads(beat) for beat in venue.on_due(venue.next_due)] == [
        {
            "type": "heartbeat",
            "last_trade_id": 21,
            "product_id": "BTC-USD",
            "sequence": 95,
            "time": "2026-09-30T02:03:13.000000Z",
        }
    ]
    assert venue.wanted == {("heartbeat", "ETH-USD")}
    venue.on_state(
        {("heartbeat", "ETH-USD"): data("heartbeat", "ETH-USD", last_trade_id=7, sequence=9, time="")}, START
    )
    assert [json.loads(beat)["sequence"] for beat in venue.on_due(venue.next_due)] == [95, 9]


def test_who_subscribes_after_the_end_gets_heartbeats_though_some_were_recorded() -> None:
    venue = server({**CATALOGUE, "heartbeat": PAIR})
    venue.on_end(START)
    assert venue.next_due is None
    ask(venue, "heartbeat", products=("BTC-USD",))
    assert venue.wanted == {("heartbeat", "BTC-USD")}
    begin(venue)
    assert venue.next_due is not None
    leave(venue, "heartbeat")
    assert venue.next_due is None


def test_heartbeats_end_with_their_subscription() -> None:
    venue = server()
    ask(venue, "heartbeat", products=PAIR)
    begin(venue)
    leave(venue, "heartbeat", products=("ETH-USD",))
    assert venue.next_due is not None
    assert len(venue.on_due(venue.next_due)) == 1
    leave(venue, "heartbeat")
    assert venue.next_due is None


# Credentials


@pytest.mark.parametrize("channel", ["level2", "level3", "full"])
def test_private_channels_are_refused_without_credentials_and_the_others_are_not(channel: str) -> None:
    venue = server(auth=auth())
    assert ask(venue, channel, "level2_batch", products=("BTC-USD",)) == [
        error(NEEDS_AUTHENTICATION),
        ack(("level2_50", ["BTC-USD"])),
    ]
    assert ask(venue, channel, products=("BTC-USD",), **SIGNED)[0]["type"] == "subscriptions"


def test_credentials_count_for_their_own_message_alone() -> None:
    """Neither for what was subscribed before nor for what is subscribed after."""
    venue = server(auth=auth())
    assert ask(venue, "ticker", products=("BTC-USD",)) == [ack(("ticker", ["BTC-USD"]))]
    assert ask(venue, "full", products=("BTC-USD",), **SIGNED)[0]["type"] == "subscriptions"
    assert ask(venue, "user", products=("BTC-USD",))[0]["type"] == "error"


def test_user_and_balance_are_refused_with_the_text_that_is_set() -> None:
    venue = server(auth=auth(), private_reason="sign it")
    assert ask(venue, "user", {"name": "balance", "account_ids": [ACCOUNT]}) == [error("sign it")]
    assert [one["type"] for one in ask(venue, "user", **SIGNED)] == ["subscriptions"]


def test_everything_is_private_at_a_direct_endpoint() -> None:
    venue = server(auth=auth(), direct=True, direct_reason="sign it")
    assert ask(venue, "ticker", products=("BTC-USD",)) == [error("sign it")]
    assert ask(venue, "ticker", products=("BTC-USD",), **SIGNED) == [ack(("ticker", ["BTC-USD"]))]


@pytest.mark.parametrize(
    "fields", [{**SIGNED, "key": "other"}, {**SIGNED, "signature": "x"}, {**SIGNED, "timestamp": "1"}, {"key": "k"}]
)
def test_credentials_that_are_wrong_refuse_the_whole_message(fields: dict[str, Any]) -> None:
    venue = server(auth=auth("strict"))
    refused = error('{"message":"Invalid API Key"}', "Authentication Failed")
    assert ask(venue, "ticker", products=("BTC-USD",), **fields) == [refused]
    assert not venue.has_subscribed
    assert [one["type"] for one in ask(venue, "full", products=("BTC-USD",), **SIGNED)] == ["subscriptions"]


@pytest.mark.parametrize(("apart", "answer"), [(29, "subscriptions"), (-29, "subscriptions"), (32, "error")])
@pytest.mark.parametrize("is_recorded_time", [False, True])
def test_a_signature_lives_thirty_seconds(apart: int, answer: str, *, is_recorded_time: bool) -> None:
    """By the wall clock, or by the time of the replay, which a client may have asked for."""
    near, far = START + apart * NANOSECONDS, START + 3600 * NANOSECONDS
    venue = server(auth=auth("strict", far if is_recorded_time else near))
    venue.clock = VenueClock((near if is_recorded_time else far) - START)
    assert [one["type"] for one in ask(venue, "full", products=("BTC-USD",), **SIGNED)] == [answer]


def test_the_person_who_runs_the_replay_learns_what_was_wrong_but_no_secret() -> None:
    message = request("subscribe", "full", products=("BTC-USD",), **{**SIGNED, "passphrase": "hush"})
    remarks = [
        reply.text for reply in server(auth=auth("strict")).on_message(message, START) if isinstance(reply, Remark)
    ]
    assert len(remarks) == 1
    assert "passphrase is wrong" in remarks[0]
    assert "hush" not in remarks[0]


@pytest.mark.parametrize(
    ("channel", "remark"),
    [
        ("full", "asks for full without credentials, which the venue demands (unless with `--auth none`)"),
        ("matches", "asks for matches without products"),
        ("ticket", "asks for channel 'ticket'; there is heartbeat, status, "),
    ],
)
def test_the_person_who_runs_the_replay_learns_why_a_channel_is_refused(channel: str, remark: str) -> None:
    first, *_ = server(auth=auth()).on_message(request("subscribe", channel), START)
    assert isinstance(first, Remark)
    assert first.text.startswith(remark)


@pytest.mark.parametrize("checks", [None, auth("none")])
def test_without_checks_everything_is_open(checks: Auth | None) -> None:
    assert [one["type"] for one in ask(server(auth=checks), "full", products=PAIR)] == ["subscriptions"]
    assert [one["type"] for one in ask(server(auth=checks, direct=True), "full", products=PAIR)] == ["subscriptions"]


# The client half against the server half


def converse(
    venue: FeedServer, subscriptions: list[Subscription], key: ExchangeKey | None = None
) -> list[tuple[str, str | None]]:
    client = FEED.client(subscriptions, key)
    notices: list[Notice] = []
    for message in client.on_open(START):
        for reply in venue.on_message(message.payload, START):
            if isinstance(reply, Send):
                notices += client.on_frame(describe(payload := bytes(reply.payload)), payload)
    notices += (one for at in (1.0, 1.0 + ACK_GRACE) for one in client.on_tick(at) if isinstance(one, Notice))
    return [(notice.severity, notice.event) for notice in notices]


def test_the_client_half_is_satisfied_by_the_server_half() -> None:
    everything = [(name, [ACCOUNT] if name == "balance" else []) for name in FEED.channels]
    everything = [one for one in everything if one[0] not in {"level2", "ticker", "rfq_matches"}]
    subscriptions = subscribe_to(FEED, everything, list(PAIR))
    assert converse(server(auth=auth("strict")), subscriptions, KEY) == [("info", None)]


def test_the_client_half_reports_what_the_server_half_lacks() -> None:
    wanted = [Subscription("ticker", ("BTC-USD", "NO-SUCH"))]
    assert converse(server(), wanted) == [("warning", "error"), ("warning", "missing")]


@pytest.mark.parametrize(
    ("channel", "key"),
    [("full", None), ("full", ExchangeKey("k", "d3Jvbmc=", "p")), ("ticket", KEY), ("ticket", None)],
)
def test_the_client_half_gives_up_on_what_no_retry_mends(channel: str, key: ExchangeKey | None) -> None:
    wanted = [Subscription(channel, ("BTC-USD",))]
    assert converse(server(auth=auth("strict")), wanted, key) == [("fatal", "error")]


def test_made_heartbeats_reveal_no_gap() -> None:
    venue = server()
    client = FEED.client([Subscription("matches", ("BTC-USD",)), Subscription("heartbeat", ("BTC-USD",))])
    venue.on_message(client.on_open(START)[0].payload, START)
    begin(venue)
    messages = play(venue, data("last_match", trade_id=4, sequence=1))
    for trade in range(5, 9):
        messages += [
            *venue.on_due(venue.next_due or 0),
            *play(venue, data("match", trade_id=trade, sequence=2 * trade)),
        ]
    assert len(messages) == 9
    assert [list(client.on_frame(describe(one), one)) for one in messages] == [[]] * 9


def test_settings_have_defaults() -> None:
    assert isinstance(CoinbaseExchangeServer({}, Settings()), CoinbaseExchangeServer)

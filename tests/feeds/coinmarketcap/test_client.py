"""The client half of CoinMarketCap by itself: what it sends, and what it says of what the venue answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from feedrec.feeds import Acceptance, Message, Notice, Subscription
from feedrec.feeds.base import FeedClient
from feedrec.feeds.coinmarketcap import FEEDS
from feedrec.feeds.coinmarketcap.codes import CLOSE_CODES, ERROR_CODES
from feedrec.feeds.coinmarketcap.frames import describe

FEED = FEEDS["coinmarketcap"]
PRICES = Subscription("market@crypto_latest_price", params={"crypto_ids": [1, 1027]})
KLINE = Subscription("onchain@kline", params={"platform_id": 14, "address": ["0xa", "0xb"], "interval": "1m"})
KLINE_PARAMS = b'{"platform_id":14,"address":["0xa","0xb"],"interval":"1m"}'
PRICES_TEXT = "market@crypto_latest_price?crypto_ids=1,1027"


def opened(*subscriptions: Subscription) -> FeedClient:
    client = FEED.client(subscriptions or (PRICES,))
    client.on_open(0)
    return client


def say(client: FeedClient, frame: dict[str, Any] | bytes) -> list[Notice]:
    payload = frame if isinstance(frame, bytes) else json.dumps(frame).encode()
    return list(client.on_frame(describe(payload), payload))


def ack(number: int, **fields: Any) -> dict[str, Any]:
    return {"type": "ack", "id": number, "code": 0, "msg": "ok", **fields}


def error(number: int | None, code: str, detail: str | None = None) -> dict[str, Any]:
    status = {"error_code": code, "error_message": ERROR_CODES[code].message, "error_detail": detail}
    return {"type": "error", **({} if number is None else {"id": number}), "status": status}


def sent(due: Any) -> list[dict[str, Any]]:
    return [json.loads(one.payload) for one in due if isinstance(one, Message)]


# Subscribing


def test_each_subscription_is_a_message_with_an_id_of_its_own_as_documented() -> None:
    messages = FEED.client([PRICES, KLINE]).on_open(0)
    assert [one.payload for one in messages] == [
        b'{"id":1,"method":"subscribe","channel":"market@crypto_latest_price","params":{"crypto_ids":[1,1027]}}',
        b'{"id":2,"method":"subscribe","channel":"onchain@kline","params":%s}' % KLINE_PARAMS,
    ]


def test_nothing_is_said_before_the_last_ack() -> None:
    client = opened(PRICES, KLINE)
    assert say(client, ack(2, sub_count=1, sub_limit=100)) == []
    text = "subscribed to onchain@kline, market@crypto_latest_price (2 of 100 on this connection)"
    assert say(client, ack(1, sub_count=2, sub_limit=100)) == [Notice(text)]


def test_an_ack_without_counts_is_one() -> None:
    assert say(opened(), ack(1)) == [Notice("subscribed to market@crypto_latest_price")]


def test_a_duplicate_is_told() -> None:
    notices = say(opened(), ack(1, duplicate=True, sub_count=1))
    assert [one.text for one in notices] == [
        f"the venue counts {PRICES_TEXT} as a duplicate",
        "subscribed to market@crypto_latest_price (1 on this connection)",
    ]


@pytest.mark.parametrize("number", [7, None, "1", True, [1]])
def test_an_ack_of_nothing_that_was_asked_says_nothing(number: Any) -> None:
    assert say(opened(), ack(number)) == []


def test_acks_that_do_not_come_are_missed_once() -> None:
    client = opened(PRICES, KLINE)
    say(client, ack(1))
    assert not any(isinstance(one, Notice) for one in client.on_tick(9.9))
    (notice,) = (one for one in client.on_tick(10.0) if isinstance(one, Notice))
    assert notice.text == (
        "the venue did not acknowledge onchain@kline?platform_id=14&address=0xa,0xb&interval=1m within 10 seconds"
    )
    assert (notice.severity, notice.event) == ("warning", "missing")
    assert notice.details == {"subscriptions": [KLINE.as_dict()]}
    assert not any(isinstance(one, Notice) for one in client.on_tick(30.0))


def test_only_some_of_many_missing_acks_are_named() -> None:
    many = [Subscription(PRICES.channel, params={"crypto_ids": [one, 2, 3, 4, 5]}) for one in range(100)]
    (notice,) = (one for one in opened(*many).on_tick(10.0) if isinstance(one, Notice))
    assert notice.text.endswith("crypto_ids=2,2,3,... and 97 more within 10 seconds")
    assert len(notice.details["subscriptions"]) == 100


# Subscribing and unsubscribing while the connection is open


def test_what_is_asked_for_later_counts_its_ids_on_and_is_told_by_itself() -> None:
    client = opened()
    say(client, ack(1))
    assert sent(client.subscribe([KLINE], 0)) == [
        {"id": 2, "method": "subscribe", "channel": KLINE.channel, "params": KLINE.params}
    ]
    assert say(client, ack(2)) == [Notice("subscribed to onchain@kline")]


def test_the_ack_of_what_is_asked_for_later_has_its_own_time() -> None:
    client = opened()
    say(client, ack(1))
    client.on_tick(50.0)
    client.subscribe([KLINE], 0)
    assert [len([one for one in client.on_tick(at) if isinstance(one, Notice)]) for at in (50.5, 60.4, 60.5)] == [
        0,
        0,
        1,
    ]


@pytest.mark.parametrize("code", sorted(ERROR_CODES))
def test_what_is_asked_for_later_and_refused_ends_nothing(code: str) -> None:
    client = opened()
    say(client, ack(1))
    client.subscribe([KLINE], 0)
    assert [one.severity for one in say(client, error(2, code))] == ["warning"]


def test_an_error_that_answers_no_message_ends_the_run_even_later() -> None:
    client = opened()
    client.subscribe([KLINE], 0)
    assert [one.severity for one in say(client, error(None, "1010"))] == ["fatal"]


def test_one_subscription_or_a_channel_is_left_and_not_waited_for() -> None:
    client = opened(PRICES, KLINE)
    assert sent(client.unsubscribe([KLINE, Subscription(PRICES.channel)], 0)) == [
        {"id": 3, "method": "unsubscribe", "channel": KLINE.channel, "params": KLINE.params},
        {"id": 4, "method": "unsubscribe", "channel": PRICES.channel},
    ]
    assert not any(isinstance(one, Notice) for one in client.on_tick(30.0))
    assert say(client, ack(3)) == []


def test_what_is_left_is_not_asked_again() -> None:
    client = opened(PRICES, KLINE)
    say(client, error(1, "5001"))
    client.unsubscribe([PRICES], 0)
    assert [one["method"] for one in sent(client.on_tick(10.0))] == ["ping"]


# Errors


@pytest.mark.parametrize("code", [code for code, known in ERROR_CODES.items() if known.remedy == "none"])
def test_what_no_retry_mends_ends_the_run_and_says_what_to_do(code: str) -> None:
    known = ERROR_CODES[code]
    for number, what in ((1, f" {PRICES_TEXT}"), (None, "")):
        assert say(opened(), error(number, code)) == [
            Notice(
                f"the venue refused{what}: {code} {known.message!r}; {known.advice}",
                "fatal",
                "error",
                {"code": code, "message": known.message},
            )
        ]


@pytest.mark.parametrize("code", [code for code, known in ERROR_CODES.items() if known.remedy == "leave out"])
def test_a_subscription_that_is_refused_is_left_out(code: str) -> None:
    client = opened(PRICES, KLINE)
    (notice,) = say(client, error(1, code, "Detail."))
    known = ERROR_CODES[code]
    assert notice == Notice(
        f"the venue refused {PRICES_TEXT}: {code} {known.message!r} Detail.; {known.advice}",
        "warning",
        "missing",
        {"subscriptions": [PRICES.as_dict()], "code": code, "message": known.message, "detail": "Detail."},
    )
    assert say(client, ack(2)) == [Notice("subscribed to onchain@kline")]


def test_a_run_of_which_nothing_is_accepted_ends() -> None:
    client = opened(PRICES, KLINE)
    assert [one.severity for one in say(client, error(1, "2402"))] == ["warning"]
    assert [one.severity for one in say(client, error(2, "2401"))] == ["warning", "fatal"]


def test_a_run_of_which_nothing_is_accepted_says_why_the_last_was_refused() -> None:
    _, fatal = say(opened(), error(1, "2301"))
    said = "2301 'Channel does not exist.'; check the name of the channel"
    assert fatal.text == f"the venue accepted nothing of what was asked for; {said}"


@pytest.mark.parametrize("code", ["2301", "2302", "2303"])
def test_what_is_refused_after_something_was_accepted_ends_nothing(code: str) -> None:
    """An error for one subscription (23xx) says nothing of the others."""
    client = opened(PRICES, KLINE)
    say(client, ack(1))
    refused, told = say(client, error(2, code))
    assert (refused.severity, told.text) == ("warning", "subscribed to market@crypto_latest_price")
    assert client.acceptance == Acceptance((PRICES, KLINE), (PRICES,), (KLINE,))


def test_an_error_without_an_id_is_about_the_only_one_that_waits() -> None:
    client = opened(PRICES, KLINE)
    say(client, ack(2))
    refused, told = say(client, error(None, "2301"))
    assert (refused.event, told.text) == ("missing", "subscribed to onchain@kline")


def test_an_error_without_an_id_may_be_about_any_of_several_until_they_are_overdue() -> None:
    client = opened(PRICES, KLINE)
    (told,) = say(client, error(None, "2302"))
    assert (told.severity, told.event) == ("warning", "error")
    notices = [one for one in client.on_tick(10.0) if isinstance(one, Notice)]
    assert [one.severity for one in notices] == ["warning", "fatal"]
    assert "2302 'Channel not available on your plan.'" in notices[-1].text


# What is accepted


def test_what_is_accepted_is_settled_when_all_is_answered() -> None:
    client = opened(PRICES, KLINE)
    assert client.acceptance is None
    say(client, ack(1))
    assert client.acceptance is None
    say(client, ack(2))
    assert client.acceptance == Acceptance((PRICES, KLINE), (PRICES, KLINE))


def test_what_is_not_answered_in_time_is_missing_until_it_is() -> None:
    client = opened(PRICES, KLINE)
    say(client, ack(1))
    client.on_tick(10.0)
    assert client.acceptance == Acceptance((PRICES, KLINE), (PRICES,), (KLINE,))
    say(client, ack(2))
    assert client.acceptance == Acceptance((PRICES, KLINE), (PRICES, KLINE))


def test_at_the_end_of_the_connection_what_was_not_answered_is_neither() -> None:
    client = opened(PRICES, KLINE)
    say(client, ack(1))
    client.on_close(1006, "")
    assert client.acceptance == Acceptance((PRICES, KLINE), (PRICES,))


def test_what_is_no_longer_wanted_is_no_longer_asked_for() -> None:
    client = opened(PRICES, KLINE)
    say(client, ack(1))
    say(client, error(2, "2402"))
    client.unsubscribe([KLINE], 0)
    assert client.acceptance == Acceptance((PRICES,), (PRICES,))


def test_what_the_venue_failed_at_is_asked_again_with_the_next_ping() -> None:
    client = opened(PRICES, KLINE)
    assert say(client, ack(2)) == []
    (notice,) = say(client, error(1, "5001"))
    assert (notice.severity, notice.event) == ("warning", "error")
    assert sent(client.on_tick(9.9)) == []
    ping, again = sent(client.on_tick(10.0))
    assert ping == {"id": 3, "method": "ping"}
    assert again == {"id": 4, "method": "subscribe", "channel": PRICES.channel, "params": PRICES.params}
    assert client.on_tick(19.9) == []
    assert say(client, ack(4)) == [Notice("subscribed to onchain@kline, market@crypto_latest_price")]


def test_while_something_is_to_be_asked_again_nothing_is_concluded() -> None:
    client = opened(PRICES, KLINE)
    say(client, error(1, "5001"))
    assert [one.severity for one in say(client, error(2, "2402"))] == ["warning"]
    client = opened(PRICES, KLINE)
    say(client, error(1, "5001"))
    assert say(client, ack(2)) == []


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        ({"type": "error", "id": 1, "code": 2402, "msg": "Bad."}, "2402 'Bad.'"),
        ({"type": "error", "id": 1, "status": {"error_code": 2402}}, "2402 'Invalid param for channel.'"),
        ({"type": "ack", "id": 1, "code": 2402, "msg": "Bad."}, "2402 'Bad.'"),
    ],
)
def test_an_error_in_another_shape_is_understood(frame: dict[str, Any], text: str) -> None:
    notices = say(opened(PRICES, KLINE), frame)
    assert [one.text for one in notices] == [f"the venue refused {PRICES_TEXT}: {text}; check the channel's parameters"]


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        ({"type": "error"}, "'an error without a message'"),
        ({"type": "error", "status": []}, "'an error without a message'"),
        ({"type": "error", "status": {"error_code": "9999", "error_message": "New."}}, "9999 'New.'"),
        (error(77, "2202"), "2202 'Unknown method.'"),
    ],
)
def test_an_error_of_nothing_that_was_asked_is_reported(frame: dict[str, Any], text: str) -> None:
    (notice,) = say(opened(), frame)
    assert notice.text == f"the venue reports an error: {text}"
    assert (notice.severity, notice.event) == ("warning", "error")


# Keep-alive


def test_it_pings_each_ten_seconds_where_no_welcome_says_otherwise() -> None:
    client = opened()
    times = [tick / 4 for tick in range(150) if sent(client.on_tick(tick / 4))]
    assert times == [10.0, 20.0, 30.0]
    assert client.silence_limit == 30.0


@pytest.mark.parametrize(
    ("said", "seconds"), [(10_000, 10.0), (2_500, 2.5), (60_000, 60.0), (10**9, 300.0), (0, 10.0), (-5, 10.0)]
)
def test_it_pings_as_the_welcome_says(said: int, seconds: float) -> None:
    client = opened()
    assert say(client, {"type": "welcome", "ts": 1, "ping_interval_ms": said}) == []
    assert sent(client.on_tick(seconds - 0.01)) == []
    assert sent(client.on_tick(seconds)) == [{"id": 2, "method": "ping"}]
    assert client.silence_limit == 3 * max(seconds, 10.0)


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "welcome", "ts": 1},
        {"type": "welcome", "ping_interval_ms": "soon"},
        {"type": "pong", "id": 1, "code": 0, "ts": 1778659200000},
        {"id": 1, "code": 0, "ts": 1789430400000, "msg": "PONG"},
        {"type": "data", "channel": "onchain@kline", "params": {}, "data": {}, "ts": 1},
        {"type": "news"},
        b"\xff",
    ],
)
def test_welcome_both_pongs_data_and_news_say_nothing_and_answer_nothing(frame: Any) -> None:
    client = opened()
    assert say(client, frame) == []
    assert say(client, ack(1)) == [Notice("subscribed to market@crypto_latest_price")]


# Closing

FATAL = {4004: "close other connections", 4100: "CMC_PRO_API_KEY", 4101: "use another key", 4102: "Startup plan"}


@pytest.mark.parametrize("code", sorted(set(CLOSE_CODES) - {1000}))
def test_a_close_code_says_what_it_means_and_whether_a_retry_mends_it(code: int) -> None:
    known = CLOSE_CODES[code]
    (notice,) = opened().on_close(code, "")
    assert f"{code} {known.reason!r}: {known.meaning}" in notice.text
    assert (notice.severity, notice.event) == ("fatal" if code in FATAL else "warning", "error")
    assert notice.details == {"code": code, "reason": known.reason}
    assert FATAL.get(code, "") in notice.text


def test_a_reason_that_the_venue_gives_is_kept() -> None:
    (notice,) = opened().on_close(4100, "bad key")
    assert notice.details == {"code": 4100, "reason": "bad key"}


@pytest.mark.parametrize("code", [1000, 1006, 4999])
def test_a_normal_end_a_lost_connection_and_an_unknown_code_say_nothing(code: int) -> None:
    assert opened().on_close(code, "") == ()

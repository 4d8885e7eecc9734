"""The REST half of CoinMarketCap."""

from __future__ import annotations

import json

import pytest

from feedrec.feeds.api_key import ApiKey
from feedrec.feeds.auth import Auth
from feedrec.feeds.base import Subscription
from feedrec.feeds.catalogue import find_feed
from feedrec.feeds.coinmarketcap import CoinMarketCap
from feedrec.feeds.rest import Refused, rest_half_of
from feedrec.http_messages import HttpRequest
from tests.feeds.rest.recorded_market import RecordedMarket

FEED = CoinMarketCap()
MAP = "/v1/cryptocurrency/map?limit=15"
KEY = ApiKey("a" * 32)
STRICT = Auth("strict", now=lambda: 0, keys=[KEY])


def test_it_is_at_the_host_that_clients_ask() -> None:
    half = rest_half_of(find_feed("coinmarketcap"))
    assert half is not None
    assert half.hosts == ("pro-api.coinmarketcap.com",)
    assert half.per_second == 0.5


def test_nothing_is_asked_or_told_of_itself() -> None:
    """Everything there needs a key, and no frame tells it."""
    subscription = Subscription("market@crypto_latest_price", params={"crypto_ids": [1]})
    assert FEED.rest.first_requests([subscription]) == ()
    request = HttpRequest("GET", MAP)
    assert FEED.rest.answer(request, RecordedMarket(FEED, [], 0)) is None
    answer = FEED.rest.not_found(request)
    assert (answer.status, answer.body) == (404, b'{"statusCode":404,"error":"Not Found","message":"Not Found"}')


@pytest.mark.parametrize(
    "request_",
    [
        HttpRequest("GET", MAP, (("x-cmc_pro_api_key", KEY.key),)),
        HttpRequest("GET", f"{MAP}&CMC_PRO_API_KEY={KEY.key}"),
    ],
)
def test_a_key_may_be_in_a_header_or_in_the_query(request_: HttpRequest) -> None:
    assert FEED.rest.refusal(request_, STRICT) is None
    assert FEED.rest.refusal(request_, Auth("any", now=lambda: 0)) is None


@pytest.mark.parametrize(
    ("headers", "code", "message", "reason"),
    [
        ((), 1002, "API key missing.", "it has no API key"),
        ((("x-cmc_pro_api_key", "b" * 32),), 1001, "This API Key is invalid.", "its API key is a different one"),
    ],
)
def test_without_the_key_it_refuses_as_documented(
    headers: tuple[tuple[str, str], ...], code: int, message: str, reason: str
) -> None:
    answer = FEED.rest.refusal(HttpRequest("GET", MAP, headers), STRICT)
    assert isinstance(answer, Refused)
    assert (answer.status, answer.reason) == (401, reason)
    status = json.loads(answer.body)["status"]
    assert (status["error_code"], status["error_message"]) == (code, message)
    assert FEED.rest.refusal(HttpRequest("GET", MAP, headers), Auth("none", now=lambda: 0)) is None

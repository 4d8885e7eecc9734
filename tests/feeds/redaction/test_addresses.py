"""No secret of an address is recorded or shown."""

from __future__ import annotations

import pytest

from feedrec.feeds.redaction import REDACTED, Address, Redaction
from feedrec.feeds.redaction.addresses import redact_address

LISTEN_KEY = "pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65A1"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("wss://host", "wss://host"),
        ("wss://host:9000/path?a=1&b=2", "wss://host:9000/path?a=1&b=2"),
        ("wss://user:secret@host/path", "wss://host/path"),
        ("wss://user:s@ec@host:1/", "wss://host:1/"),
        ("wss://user@[::1]:1/", "wss://[::1]:1/"),
        ("wss://host/?CMC_PRO_API_KEY=s", "wss://host/?CMC_PRO_API_KEY=#"),
        ("wss://host/?a=1&listenKey=s&b=2", "wss://host/?a=1&listenKey=#&b=2"),
        ("wss://host/?access_token=s==&jwt=s", "wss://host/?access_token=#&jwt=#"),
        ("wss://host/?signature=s&passphrase=s", "wss://host/?signature=#&passphrase=#"),
        ("wss://host/?a=1;secret=s;t", "wss://host/?a=1;secret=#"),
        ("wss://host/?key=", "wss://host/?key=#"),
        ("wss://host/?credential=s#token=s", "wss://host/?credential=#"),
        ("wss://host/path#s", "wss://host/path"),
        ("wss://host/?sig=s&pwd=s&hmac=s", "wss://host/?sig=#&pwd=#&hmac=#"),
        ("wss://host/?creds=s&session_id=s&nonce=s", "wss://host/?creds=#&session_id=#&nonce=#"),
        ("wss://host/?auth%5Btoken%5D=s&api%20key=s&api+key=s", "wss://host/?auth%5Btoken%5D=#&api%20key=#&api+key=#"),
        ("wss://host/?token=s&connectId=1", "wss://host/?token=#&connectId=1"),
        ("wss://host/?design=5&author=6&token_id=7&tokens=8", "wss://host/?design=5&author=6&token_id=7&tokens=8"),
        ("wss://host/ws;token=s/x", "wss://host/ws;token=#/x"),
        ("wss://host/token=s", "wss://host/token=#"),
        ('wss://host/?m={"op":"auth","apiKey":"s"}&n=1', "wss://host/?m=#&n=1"),
        ("wss://host/?m=%7B%22apiKey%22%3A%22s%22%7D", "wss://host/?m=#"),
        (f"wss://host/ws/{LISTEN_KEY}", "wss://host/ws/#"),
        (f"wss://host/stream?streams=btcusdt@trade/{LISTEN_KEY}", "wss://host/stream?streams=btcusdt@trade/#"),
        (f"wss://host/?{LISTEN_KEY}", "wss://host/?#"),
        ("wss://host/ws/v3/9aa3d95b3bc440fa88ea12eaa4456161", "wss://host/ws/v3/#"),
        ("wss://host/v2/abc-DEF_123-abc-DEF_123-abc-DEF_1", "wss://host/v2/#"),
        ("wss://host/123e4567-e89b-12d3-a456-426614174000", "wss://host/#"),
        ("wss://host/eyJhbGciOi.eyJzdWIiOi.dozjgNry_4J3/x?y=eyJhbGciOi.eyJzdWIiOi.", "wss://host/#/x?y=#"),
        (f"https://host/bot123456:{LISTEN_KEY}/send", "https://host/bot123456:#/send"),
    ],
)
def test_what_is_shown_of_an_address(url: str, shown: str) -> None:
    assert redact_address(url) == shown.replace("#", REDACTED)


@pytest.mark.parametrize(
    "url",
    [
        "wss://host/ws/btcusdt@trade",
        "wss://host/ws/btcusdt_perpetual_2026_kline_1m_continuous",
        "wss://host/stream?streams=btcusdt@trade/ethusdt@depth20@100ms",
        "wss://host/0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
        "wss://host/?asset=71321045679252212594626385532706912750332728571942532289631379312455583992563",
        "wss://host/a-very-long-name-without-any-number-in-it",
    ],
)
def test_names_are_no_keys(url: str) -> None:
    assert redact_address(url) == url


@pytest.mark.parametrize("url", ["wss://user:secret@[host", "wss://user:secret"])
def test_nothing_is_shown_of_what_is_no_address(url: str) -> None:
    assert redact_address(url) == REDACTED


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("wss://host/?ticket=s&depth=5", "wss://host/?ticket=#&depth=5"),
        ("wss://host/?depth=5&TICKET=s", "wss://host/?depth=5&TICKET=#"),
        ("wss://host/?a%20b=s&ticket", "wss://host/?a%20b=#&ticket"),
        ("wss://host/?tickets=5&my-ticket=5", "wss://host/?tickets=5&my-ticket=5"),
        ("wss://host/?token=s;ticket=s", "wss://host/?token=#"),
        ("wss://host/?x=1;ticket=s;y=2", "wss://host/?x=1;ticket=#"),
        ("wss://host/ticket=5/x", "wss://host/ticket=#/x"),
        ("wss://host/s3cr%65t/t", "wss://host/#/t"),
        ("wss://s3cret.host/?x=s3cret", "wss://#.host/?x=#"),
        ("wss://host/?key=5", "wss://host/?key=5"),
    ],
)
def test_an_address_knows_what_a_person_named(url: str, shown: str) -> None:
    redaction = Redaction(["ticket", "a b"], values={"v": "s3cret"}, kept_keys=["key"])
    address = Address(url, redaction)
    assert address == url
    assert address.shown == shown.replace("#", REDACTED)
    assert Address(address).redaction is redaction
    assert Address(url).shown == redact_address(url)

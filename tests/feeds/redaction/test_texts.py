"""Messages that are not JSON, and texts for people."""

from __future__ import annotations

import pytest

from feedrec.feeds.redaction import REDACTED, Redaction, redact_message


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("apiKey=s&symbol=BTC&sign=s", "apiKey=#&symbol=BTC&sign=#"),
        ("CONNECT\nlogin:u\npasscode:s\nhost:h\n\n\0", "CONNECT\nlogin:#\npasscode:#\nhost:h\n\n\0"),
        ("Authorization: Bearer s", "Authorization: #"),
        ("a: 1\nb: the token is s", "a: 1\nb: #"),
    ],
)
def test_fields_and_lines_are_understood(message: str, shown: str) -> None:
    assert redact_message(message.encode()).decode() == shown.replace("#", REDACTED)


@pytest.mark.parametrize(
    "message",
    [
        "AUTH token=s",
        "LOGIN user s",
        '{"jwt":"s"',
        '{"jwt":\n"s",}',
        "{'apiKey': 's'}",
        '{"jwt":"s"}{"jwt":"s"}',
        '{"jwt":' + "[" * 1000,
        "op=auth&x=s",
        "LOGIN\nuser:s",
        b"\xff token s".decode("latin-1"),
    ],
)
def test_where_nothing_tells_the_end_of_a_secret_all_is_hidden(message: str) -> None:
    assert redact_message(message.encode("latin-1")) == f'"{REDACTED}"'.encode()


@pytest.mark.parametrize(
    "message", ["", "ping", "a keyboard", "sub:trades", "a=1&b=2", "symbol: BTC\nauthor: x", "a\0b"]
)
def test_what_has_no_secret_stays(message: str) -> None:
    assert redact_message(message.encode()) == message.encode()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("http://user:pass@proxy:3128 isn't a valid proxy", "http://#@proxy:3128 isn't a valid proxy"),
        ("wss://h/?a=1&listenKey=s;t&b=2: refused", "wss://h/?a=1&listenKey=#&b=2: refused"),
        ("wss://h/x;token=s", "wss://h/x;token=#"),
        ("said Bearer abcdefgh.x-y", "said Bearer #"),
        ("-----BEGIN EC PRIVATE KEY-----\nabc", "#"),
        ("basic plan, bearer of news, a=b, author=me, 64" + "a" * 64, None),
    ],
)
def test_what_is_a_secret_by_its_form_is_hidden_in_any_text(text: str, shown: str | None) -> None:
    assert Redaction().text(text) == (text if shown is None else shown.replace("#", REDACTED))


@pytest.mark.parametrize(
    "text",
    [
        "x" * 200_000,
        "eyJabcdefgh" * 20_000,
        "a=b&c" * 40_000 + " ",
        "://" * 60_000,
        "bearer " * 30_000,
        "a" * 64 + "-" * 200_000,
        "-----BEGIN " * 20_000,
        "?token" * 40_000,
        "a: " + "b.c" * 60_000,
        "key" * 60_000,
    ],
    ids=range(10),
)
def test_no_text_takes_a_time_that_grows_faster_than_it(text: str) -> None:
    """With one that grows with the square, this would take minutes, and a test that hangs is stopped."""
    redaction = Redaction()
    assert isinstance(redaction.text(text), str)
    assert isinstance(redaction.message(text.encode()), bytes)
    assert isinstance(redaction.message(f'["{text}"]'.encode()), bytes)

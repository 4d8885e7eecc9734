"""Messages that are JSON: no secret is left in them, and all else is, byte for byte."""

from __future__ import annotations

import base64
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from feedrec.feeds.redaction import REDACTED, Redaction, redact_message

LISTEN_KEY = "pqia91ma19a5s61cv6a81va65sdf19v8a65a1a5s61cv6a81va65sdf19v8a65A1"
LOGINS = [
    (
        '{"op":"login","args":[{"apiKey":"k","passphrase":"p","timestamp":"1","sign":"s"}]}',
        '{"op":"login","args":[{"apiKey":"#","passphrase":"#","timestamp":"1","sign":"#"}]}',
    ),
    ('{"op":"authKeyExpires","args":["KEY",1795280400,"SIG"]}', '{"op":"authKeyExpires","args":["#","#","#"]}'),
    ('{"req_id":"1","op":"auth","args":["KEY",1,"SIG"]}', '{"req_id":"1","op":"auth","args":["#","#","#"]}'),
    (
        '{"event":"auth","apiKey":"k","authSig":"s","authNonce":1,"authPayload":"AUTH1","calc":1}',
        '{"event":"auth","apiKey":"#","authSig":"#","authNonce":"#","authPayload":"#","calc":1}',
    ),
    (
        '{"method":"public/auth","params":{"grant_type":"client_credentials","client_id":"k","client_secret":"s"}}',
        '{"method":"public/auth","params":{"grant_type":"client_credentials","client_id":"#","client_secret":"#"}}',
    ),
    ('{"time":1,"channel":"spot.login","auth":{"KEY":"k","SIGN":"s"}}', '{"time":1,"channel":"spot.login","auth":"#"}'),
    (
        '{"method":"subscribe","params":{"channel":"executions","token":"t"}}',
        '{"method":"subscribe","params":{"channel":"executions","token":"#"}}',
    ),
    ('{"id":1,"method":"authorize","params":["TOKEN","public"]}', '{"id":1,"method":"authorize","params":["#","#"]}'),
    ('{"method":"user.auth","params":["API","KEY","SIG",1]}', '{"method":"user.auth","params":["#","#","#","#"]}'),
    ('{"action":"auth","params":"KEY"}', '{"action":"auth","params":"#"}'),
    (
        '{"method":"server.sign","params":{"access_id":"k","signed_str":"s","timestamp":1}}',
        '{"method":"server.sign","params":{"access_id":"#","signed_str":"#","timestamp":1}}',
    ),
    ('{"method":"login","params":{"pKey":"p","sKey":"s"}}', '{"method":"login","params":{"pKey":"#","sKey":"#"}}'),
    ('["auth","KEY",["SIG"]]', '["auth","#",["#"]]'),
    ('{"type":"init","payload":{"Authorization":"Bearer s"}}', '{"type":"init","payload":{"Authorization":"#"}}'),
    (
        f'{{"method":"SUBSCRIBE","params":["a@trade","{LISTEN_KEY}"]}}',
        '{"method":"SUBSCRIBE","params":["a@trade","#"]}',
    ),
]


@pytest.mark.parametrize(("message", "shown"), LOGINS)
def test_logins_as_venues_document_them(message: str, shown: str) -> None:
    assert redact_message(message.encode()).decode() == shown.replace("#", REDACTED)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ('{"jwt":{"a":["s"]}, "b":1.50e+3}', '{"jwt":"#", "b":1.50e+3}'),
        ('{"a":[{"key":1},[2.0]]}', '{"a":[{"key":"#"},[2.0]]}'),
        ('{ "jwt" : "s" ,\n"jwt":-1}', '{ "jwt" : "#" ,\n"jwt":"#"}'),
        ('{"a":{"jwt":"s"},"a":1}', '{"a":{"jwt":"#"},"a":1}'),
        (r'{"\u0061piKey":"s"}', r'{"\u0061piKey":"#"}'),
        (r'{"a":"{\"jwt\":\"s\",\"b\":[1]}"}', r'{"a":"{\"jwt\":\"#\",\"b\":[1]}"}'),
        (r'["{\"a\":\"{\\\"jwt\\\":1}\"}"]', r'["{\"a\":\"{\\\"jwt\\\":\\\"#\\\"}\"}"]'),
        ('{"key":null,"auth":true,"sign":false}', '{"key":null,"auth":true,"sign":false}'),
        ('{"key":"","token":0,"pass":{},"secret":[]}', '{"key":"#","token":"#","pass":"#","secret":"#"}'),
        ('{"a":"wss://u:p@h/?token=s&b=1"}', '{"a":"wss://#@h/?token=#&b=1"}'),
        ('{"a":"apiKey=s&b=1"}', '{"a":"apiKey=#&b=1"}'),
        ('["Bearer abcdefgh"]', '["Bearer #"]'),
        ('["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbg"]', '["#"]'),
        ('42["login",{"token":"s"}]', '42["login",{"token":"#"}]'),
        ('40/user,{"token":"s"}', '40/user,{"token":"#"}'),
        (f'{{"jwt":"{REDACTED}"}}', '{"jwt":"#"}'),
    ],
)
def test_secrets_at_any_place_of_any_type(message: str, shown: str) -> None:
    assert redact_message(message.encode()).decode() == shown.replace("#", REDACTED)


PUBLIC = [
    '{"method":"SUBSCRIBE","params":["btcusdt@aggTrade","btcusdt@depth20@100ms"],"id":1}',
    '{"op":"subscribe","args":["orderbook.50.BTCUSDT","publicTrade.BTCUSDT"]}',
    '{"op":"subscribe","args":[{"channel":"tickers","instId":"BTC-USDT"}]}',
    '{"method":"subscribe","params":{"channel":"book","symbol":["BTC/USD"],"depth":10,"snapshot":true}}',
    '{"jsonrpc":"2.0","id":1,"method":"public/subscribe","params":{"channels":["book.BTC-PERPETUAL.100ms"]}}',
    '{"sub":"market.btcusdt.kline.1min","id":"id1"}',
    '{"id":1,"type":"subscribe","topic":"/market/ticker:BTC-USDT","privateChannel":false,"response":true}',
    '[{"ticket":"test"},{"type":"ticker","codes":["KRW-BTC"]},{"format":"DEFAULT"}]',
    '{"event":"bts:subscribe","data":{"channel":"order_book_btcusd"}}',
    '{"time":1,"channel":"spot.trades","event":"subscribe","payload":["BTC_USDT"]}',
    '{"assets_ids":["65818619657568813474341868652308942079804919287380422192892211131408793125422"],"type":"market"}',
    '{"type":"subscribe","product_ids":["BTC-USD"],"channels":["level2","heartbeat",{"name":"ticker"}]}',
    '{"method":"subscribe","params":{"platform_id":14,"address":"0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"}}',
    '{"method":"logsSubscribe","params":[{"mentions":["So11111111111111111111111111111111111111112"]}]}',
]


@pytest.mark.parametrize("message", PUBLIC)
def test_subscriptions_to_market_data_stay_as_they_are(message: str) -> None:
    assert redact_message(message.encode()).decode() == message


@pytest.mark.parametrize(
    "message",
    [
        '{"type": "subscribe",  "n": 1.0, "m": 1e400, "author":"x","design":["y"],"token_id":"1","tokens":["A"]}',
        '{"op":"subscribe","args":["trades.BTCUSD",{"channel":"auth","instId":"SIGN-USDT"}]}',
        '{"symbol":"SIGN","args":["SIGNUSDT"]}',
        '["BTC-USD","auth","SIGN"]',
        '{"method":"subscribeTokenTrade","keys":["91WNez8D22NwBssQbkzjy4s2ipFrzpmn5hfvWVe2aY5p"]}',
        r'{"a":"\ud800","b":"\/","c":"{\"d\" : 1}","e":"{not json"}',
        "[]",
        '""',
        " 1.50 ",
        "null",
    ],
)
def test_what_has_no_secret_stays_byte_for_byte(message: str) -> None:
    assert redact_message(message.encode()) is not None
    assert redact_message(message.encode()).decode() == message


NEAR_MISSES = [
    "design",
    "author",
    "keyboard",
    "signal",
    "tokens",
    "token_id",
    "keys",
    "args",
    "params",
    "op",
    "id",
    "s",
]
SECRET_KEYS = [
    "apiKey",
    "API-KEY",
    "X-MBX-APIKEY",
    "jwt",
    "sign",
    "listenKey",
    "accessToken",
    "passphrase",
    "client_secret",
]
OPEN_TEXT = st.text(alphabet='bdfglmqruvwxz.:[]{}"\\/é\U0001f600 \n0123')
OPEN_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | OPEN_TEXT,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(OPEN_TEXT | st.sampled_from(NEAR_MISSES), inner, max_size=4)
    ),
    max_leaves=12,
)
WRITTEN = st.tuples(st.booleans(), st.sampled_from([None, 0, 2]))


def written(value: Any, how: tuple[bool, int | None]) -> bytes:
    return json.dumps(value, ensure_ascii=how[0], indent=how[1]).encode()


@given(OPEN_VALUES, WRITTEN)
def test_any_message_without_a_secret_comes_out_as_it_is(value: Any, how: tuple[bool, int | None]) -> None:
    assert redact_message(written(value, how)) == written(value, how)


@st.composite
def with_a_secret(draw: st.DrawFn) -> tuple[Any, Any]:
    """Give a message that has a secret somewhere, and the same without it."""
    planted: Any = draw(
        st.sampled_from(["S3CRET", 5_353_535_353, -5.353535353e10, ["S3CRET"], {"a": [{"b": "S3CRET"}]}, 'S3"\\é/CRET'])
    )
    key = draw(st.sampled_from(SECRET_KEYS))
    before, after = draw(st.dictionaries(OPEN_TEXT, OPEN_VALUES, max_size=2)), draw(OPEN_VALUES)
    value, shown = {**before, key: planted, "zz": after}, {**before, key: REDACTED, "zz": after}
    for number in range(draw(st.integers(0, 8))):  # a string is packed at most four times
        way = draw(st.sampled_from(["object", "list", *(["string"] if number % 2 else [])]))
        if way == "list":
            value, shown = [1, value, after], [1, shown, after]  # type: ignore[assignment]
        elif way == "object":
            name = draw(st.sampled_from(NEAR_MISSES))
            value, shown = {name: value}, {name: shown}
        elif not isinstance(value, str):
            value, shown = {"text": json.dumps(value)}, {"text": json.dumps(shown)}
    return value, shown


def unpacked(value: Any) -> Any:
    """Give a message with everything in it that is JSON in a string taken out, as often as it was packed."""
    if isinstance(value, dict):
        return {name: unpacked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [unpacked(inner) for inner in value]
    if isinstance(value, str) and value.startswith(("{", "[")):
        try:
            return unpacked(json.loads(value))
        except ValueError:
            return value
    return value


@settings(max_examples=300)
@given(with_a_secret(), WRITTEN)
def test_a_secret_under_a_secret_key_never_survives(both: tuple[Any, Any], how: tuple[bool, int | None]) -> None:
    """At any depth, of any type, in JSON within strings; and nothing else is lost."""
    value, shown = both
    found = redact_message(written(value, how))
    assert b"CRET" not in found
    assert b"5353535353" not in found.replace(b".", b"")
    assert unpacked(json.loads(found)) == unpacked(shown)


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_taken(payload: bytes) -> None:
    assert isinstance(redact_message(payload), bytes)


def test_deep_nesting_hides_nothing() -> None:
    """What nests too deep to be read is taken as text: all of it is hidden if a secret may be in it."""
    depth = 100_000
    assert redact_message(b"[" * depth + b'{"jwt":"s"}' + b"]" * depth) == f'"{REDACTED}"'.encode()
    assert redact_message(b"[" * depth + b"]" * depth) == b"[" * depth + b"]" * depth
    assert b"S3CRET" not in redact_message(b"[" * 900 + b'{"jwt":"S3CRET"}' + b"]" * 900)


def test_json_in_strings_is_followed_only_so_far_but_then_hidden_by_its_looks() -> None:
    value: Any = {"token": "S3CRET"}
    for _ in range(8):
        value = {"x": json.dumps(value)}
        assert b"S3CRET" not in redact_message(json.dumps(value).encode())


def test_a_path_is_one_in_the_message_itself() -> None:
    redaction = Redaction(paths=["$.args[0]", "b[*].c"])
    message = b'{"args":["s",{"args":["t"]}],"b":[{"c":1},{"d":2}],"e":"{\\"args\\":[1]}"}'
    assert redaction.message(message) == (
        b'{"args":["[redacted]",{"args":["t"]}],"b":[{"c":"[redacted]"},{"d":2}],"e":"{\\"args\\":[1]}"}'
    )


def test_a_key_that_is_kept_keeps_what_a_login_has_there() -> None:
    redaction = Redaction(kept_keys=["ARGS", "key"])
    message = b'{"op":"auth","args":["x"],"key":"trade:1m:tBTCUSD","apiKey":"s"}'
    assert redaction.message(message) == message.replace(b'"s"', b'"[redacted]"')


SHORT_SECRETS = [
    *('{"a":"apiKey=s"}', '["?token=s"]', '["x","bearer abcdefgh"]', '{"a":"wss://u@h"}', '{"a":"{\\"jwt\\":1}"}'),
    *('{"op":"auth","args":["s"]}', '["login","s"]', r'{"op":"\u0061uth","args":["s"]}', r'{"\u006bey":"s"}'),
    *('{"a":" [{\\"key\\":1}]"}', r'["\u003ftoken=s"]', f'["{LISTEN_KEY}"]', '{"Key":1}', '["key=s","b"]'),
]


@settings(max_examples=300)
@given(OPEN_VALUES | with_a_secret().map(lambda both: both[0]) | st.sampled_from(SHORT_SECRETS), WRITTEN)
def test_what_is_surely_open_comes_out_as_it_is(value: Any, how: tuple[bool, int | None]) -> None:
    payload = value.encode() if value in SHORT_SECRETS else written(value, how)
    if Redaction().is_surely_open(payload):
        assert redact_message(payload) == payload


@pytest.mark.parametrize("message", SHORT_SECRETS)
def test_what_has_a_secret_is_not_surely_open(message: str) -> None:
    assert redact_message(message.encode()) != message.encode()
    assert not Redaction().is_surely_open(message.encode())


def test_what_a_person_named_is_not_surely_open() -> None:
    message = b'{"a":"xyzzy","b":["c"]}'
    assert Redaction().is_surely_open(message)
    for named in (Redaction(["b"]), Redaction(paths=["$.a"]), Redaction(values={"x": "xyzzy"})):
        assert not named.is_surely_open(message)
        assert named.message(message) != message


def test_a_long_message_of_many_values_is_surely_open() -> None:
    """So it is not looked at value by value; and what is no JSON, or no text, is not open."""
    rows = [{"price": "1.50", "size": number, "text": 'a "quoted" \u00e9', "ok": True} for number in range(1000)]
    message = json.dumps({"type": "update", "rows": rows}).encode()
    assert Redaction().is_surely_open(message)
    assert redact_message(message) == message
    assert redact_message(message.replace(b'"size": 700', b'"sign": 700')) == message.replace(
        b'"size": 700', b'"sign": "[redacted]"'
    )
    for other in (message[:-1], b"\xff" * 5000):
        assert not Redaction().is_surely_open(other)


def test_a_piece_of_base64_is_no_key() -> None:
    """A key has 64 characters, and so has a piece of a picture or a sound between two signs, now and then."""
    noise = base64.b64encode(random.Random(1).randbytes(3000)).decode()
    key = "aB3" + "x" * 61
    for around in ((f"{noise}/", f"+{noise}"), ("", f"+{noise}"), (f"{noise}+", "")):
        message = json.dumps({"audio": key.join(around)}).encode()
        assert redact_message(message) == message
    for text in (key, f"wss://h/ws/{key}/{key}/{key}/{key}", f"{key}+{key}+{key}+{key}", f"{noise} {key}"):
        assert key.encode() not in redact_message(json.dumps([text]).encode())

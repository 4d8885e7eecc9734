"""Requests and answers as they are recorded."""

from __future__ import annotations

import gzip
import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.feeds.redaction import Address, Redaction
from feedrec.http_messages import Headers, HttpAnswer, HttpExchange, HttpRequest
from feedrec.recorder.rest.exchanges import kept_headers, recorded_exchange

JWT = "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJwbGFudGVkIn0.c2lnbmF0dXJl"
SECRET_HEADERS: Headers = (
    ("authorization", f"Bearer {JWT}"),
    ("cookie", "session=cookie-4f1c9e77a0"),
    ("cb-access-key", "cb-key-4f1c9e77"),
    ("cb-access-sign", "c2lnbmVkLWJ5LW1l"),
    ("cb-access-passphrase", "cb-pass-4f1c9e77"),
    ("x-cmc_pro_api_key", "cmc-key-4f1c9e77"),
)
SECRETS = [JWT, "cookie-4f1c9e77a0", "cb-key-4f1c9e77", "c2lnbmVkLWJ5LW1l", "cb-pass-4f1c9e77", "cmc-key-4f1c9e77"]


def recorded(
    answer: HttpAnswer | None = None,
    url: str = "https://api.example.com/products",
    redaction: Redaction | None = None,
    **request: object,
) -> HttpExchange:
    asked = HttpRequest("GET", "/products", (("host", "api.example.com"),))
    asked = msgspec.structs.replace(asked, **request)
    answer = answer or HttpAnswer(200, b"[]")
    exchange = recorded_exchange(asked, Address(url, redaction or Redaction()), answer, 5, 7)
    assert exchange is not None
    return exchange


def written(exchange: HttpExchange) -> bytes:
    return msgspec.json.encode(exchange) + exchange.sent + exchange.answer.body


def test_of_an_ordinary_request_everything_is_there() -> None:
    answer = HttpAnswer(200, b'[{"id":"BTC-USD"}]', "application/json", (("cb-after", "17"), ("cb-before", "3")))
    exchange = recorded(answer, "https://api.example.com/products?type=spot")
    assert exchange == HttpExchange(7, 5, "GET", "https://api.example.com/products?type=spot", answer)


@given(st.binary(max_size=500))
def test_an_answer_is_recorded_byte_for_byte(body: bytes) -> None:
    assert recorded(HttpAnswer(200, body)).answer.body == body
    packed = HttpAnswer(200, gzip.compress(body), headers=(("content-encoding", "gzip"),))
    assert recorded(packed).answer == HttpAnswer(200, body)


def test_keys_of_products_in_an_answer_stay_whatever_they_are_called() -> None:
    body = b'{"session_state":"OPEN","key":"BTC-USD","token":"ETH"}'
    exchange = recorded(HttpAnswer(200, body), headers=SECRET_HEADERS)
    assert exchange.answer.body == body
    assert not exchange.redacted


def test_headers_of_a_request_are_not_recorded() -> None:
    exchange = recorded(headers=(*SECRET_HEADERS, ("x-of-mine", "mine-4f1c9e77")))
    for secret in (*SECRETS, "mine-4f1c9e77"):
        assert secret.encode() not in written(exchange)


def test_what_an_answer_repeats_of_the_secrets_of_its_request_is_not_recorded() -> None:
    """As servers do that show what they were asked."""
    url = "https://user:word-4f1c9e77@api.example.com/products?api_key=url-4f1c9e77"
    secrets = [*SECRETS, "word-4f1c9e77", "url-4f1c9e77"]
    body = json.dumps({"message": f"not valid: {' '.join(secrets)}"}).encode()
    headers = (("location", "https://api.example.com/?api_key=url-4f1c9e77"), ("x-echo", JWT))
    exchange = recorded(HttpAnswer(401, body, headers=headers), url, headers=SECRET_HEADERS)
    assert exchange.redacted
    assert exchange.answer.body.startswith(b'{"message": "not valid: [redacted] ')
    for secret in secrets:
        assert secret.encode() not in written(exchange)


def test_secrets_in_the_address_are_replaced() -> None:
    exchange = recorded(url="https://u:p@api.example.com/products?api_key=url-4f1c9e77&product_id=BTC-USD#f")
    assert exchange.url == "https://api.example.com/products?api_key=[redacted]&product_id=BTC-USD"
    assert exchange.redacted


@pytest.mark.parametrize(
    ("kind", "body", "sent"),
    [
        ("application/json", b'{"size":"1","api_secret":"s-4f1c9e77"}', b'{"size":"1","api_secret":"[redacted]"}'),
        ("application/x-www-form-urlencoded", b"size=1&signature=s-4f1c9e77", b"size=1&signature=[redacted]"),
        ("application/json", b'{"size":"1"}', b'{"size":"1"}'),
        ("text/plain", b"the password is s-4f1c9e77", b'"[redacted]"'),
    ],
)
def test_what_a_request_sends_is_recorded_as_a_message_is(kind: str, body: bytes, sent: bytes) -> None:
    headers = (("content-type", kind),)
    exchange = recorded(method="POST", headers=headers, body=body)
    assert (exchange.sent_type, exchange.sent, exchange.redacted) == (kind, sent, sent != body)
    packed = recorded(method="POST", headers=(*headers, ("content-encoding", "gzip")), body=gzip.compress(body))
    assert (packed.sent, packed.redacted) == (sent, sent != body)


def test_what_a_request_sends_that_cannot_be_read_is_not_recorded() -> None:
    exchange = recorded(method="POST", headers=(("content-encoding", "br"),), body=b"\x0b\x02\x80abc\x03")
    assert (exchange.sent, exchange.redacted) == (b"[redacted]", True)


def test_what_a_person_calls_secret_is_secret_here_too() -> None:
    redaction = Redaction(keys=["size"], values={"value:...": "hidden-thing"})
    answer = HttpAnswer(200, b"{}", headers=(("x-of-theirs", "hidden-thing"),))
    url = "https://api.example.com/orders/hidden-thing?size=1"
    exchange = recorded(answer, url, redaction, method="POST", body=b'{"size":"1","x":"hidden-thing"}')
    assert exchange.url == "https://api.example.com/orders/[redacted]?size=[redacted]"
    assert exchange.sent == b'{"size":"[redacted]","x":"[redacted]"}'
    assert exchange.answer.headers == (("x-of-theirs", "[redacted]"),)


def test_an_answer_that_cannot_be_unpacked_is_not_recorded() -> None:
    """It would be served as what it is not."""
    for coding, body in (("br", b"\x0b\x02\x80abc\x03"), ("gzip", b"[]"), ("gzip", gzip.compress(b"[]")[:-1])):
        answer = HttpAnswer(200, body, headers=(("content-encoding", coding),))
        assert recorded_exchange(HttpRequest("GET", "/"), Address("https://a.example/"), answer, 5, 7) is None


def test_of_the_headers_of_an_answer_those_are_kept_that_a_client_may_need() -> None:
    kept = (("cb-after", "1"), ("etag", '"x"'), ("retry-after", "2"), ("x-ratelimit-remaining", "9"), ("link", "<x>"))
    others = [
        *("set-cookie", "set-cookie2", "content-length", "content-encoding", "transfer-encoding", "connection", "date"),
        *("server", "cf-ray", "access-control-allow-origin", "x-api-key", "authorization", "strict-transport-security"),
    ]
    assert kept_headers((*kept, *((name, "x") for name in others)), Redaction()) == kept

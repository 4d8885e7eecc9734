"""Requests that need credentials: refused in the venue's words, or not."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from feedrec.feeds.api_key import ApiKey
from feedrec.feeds.auth import Auth, AuthMode
from feedrec.feeds.credentials import ExchangeKey
from feedrec.feeds.rest import Refused
from feedrec.http_messages import HttpRequest
from feedrec.model import NANOSECONDS

from .asking import REST

KEY = ExchangeKey("a-key", base64.b64encode(b"secret").decode(), "a-passphrase")
NOW = 1_700_000_000 * NANOSECONDS


def signed(method: str, target: str, body: bytes = b"", **changes: str) -> HttpRequest:
    """Return a request signed as ccxt 4.5.90 (`sign`) and coinbase-pro-node 9.1.0 (`signRequest`) do."""
    stamp = changes.get("timestamp", "1700000000")
    mac = hmac.digest(b"secret", f"{stamp}{method}{target}".encode() + body, hashlib.sha256)
    fields = {"key": "a-key", "sign": base64.b64encode(mac).decode(), "timestamp": stamp, "passphrase": "a-passphrase"}
    headers = tuple((f"cb-access-{name}", value) for name, value in (fields | changes).items() if value)
    return HttpRequest(method, target, headers, body)


def auth(mode: AuthMode) -> Auth:
    return Auth(mode, now=lambda: NOW, keys=[KEY] if mode == "strict" else [])


def refusal(request: HttpRequest, mode: AuthMode) -> tuple[int, bytes] | None:
    refused = REST.refusal(request, auth(mode))
    assert refused is None or (isinstance(refused, Refused) and refused.reason)
    return None if refused is None else (refused.status, refused.body)


@pytest.mark.parametrize("mode", ["any", "none", "strict"])
@pytest.mark.parametrize("target", ["/time", "/products", "/products/BTC-USD/book?level=2", "/currencies/BTC"])
def test_what_is_public_needs_nothing_and_bears_wrong_credentials(mode: AuthMode, target: str) -> None:
    """coinbase-pro-node signs everything, with an empty key if it has none."""
    assert refusal(HttpRequest("GET", target), mode) is None
    assert refusal(HttpRequest("GET", target, (("cb-access-key", "no"), ("cb-access-sign", "no"))), mode) is None


@pytest.mark.parametrize(
    ("method", "target"),
    [("GET", "/accounts"), ("POST", "/orders"), ("GET", "/nowhere"), ("GET", "/wrapped-assets/redeem")],
)
def test_all_else_needs_them(method: str, target: str) -> None:
    request = HttpRequest(method, target)
    assert refusal(request, "any") == (401, b'{"message":"CB-ACCESS-KEY header is required"}')
    assert refusal(request, "none") is None
    assert refusal(signed(method, target), "any") is None
    assert refusal(signed(method, target), "strict") is None


def test_a_signature_is_of_the_method_the_target_and_the_content() -> None:
    request = signed("POST", "/orders?x=1", b'{"size":"1"}')
    assert refusal(request, "strict") is None
    for other in (
        HttpRequest("PUT", request.target, request.headers, request.body),
        HttpRequest("POST", "/orders?x=2", request.headers, request.body),
        HttpRequest("POST", request.target, request.headers, b'{"size":"2"}'),
    ):
        assert refusal(other, "strict") == (400, b'{"message":"invalid signature"}')


@pytest.mark.parametrize(
    ("changes", "status", "message"),
    [
        ({"sign": ""}, 400, "CB-ACCESS-SIGN header is required"),
        ({"timestamp": ""}, 400, "CB-ACCESS-TIMESTAMP header is required"),
        ({"passphrase": ""}, 400, "CB-ACCESS-PASSPHRASE header is required"),
        ({"key": "other"}, 401, "Invalid API Key"),
        ({"passphrase": "other"}, 400, "Invalid Passphrase"),
        ({"sign": "AAAA"}, 400, "invalid signature"),
        ({"timestamp": "yesterday"}, 400, "invalid timestamp"),
        ({"timestamp": "1600000000"}, 400, "request timestamp expired"),
    ],
)
def test_what_is_wrong_is_said_in_the_venues_words(changes: dict[str, str], status: int, message: str) -> None:
    assert refusal(signed("GET", "/accounts", b"", **changes), "strict") == (
        status,
        f'{{"message":"{message}"}}'.encode(),
    )


def test_without_a_key_to_check_against_the_key_is_the_wrong_one() -> None:
    other = Auth("strict", now=lambda: NOW, keys=[ApiKey("0123456789abcdef")])
    refused = REST.refusal(signed("GET", "/accounts"), other)
    assert refused is not None
    assert (refused.status, refused.body) == (401, b'{"message":"Invalid API Key"}')

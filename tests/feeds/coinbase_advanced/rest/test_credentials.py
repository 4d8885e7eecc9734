"""The credentials of requests to Advanced Trade."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from feedrec.feeds.auth import Auth, AuthMode, PublicKey
from feedrec.feeds.coinbase_advanced import FEED
from feedrec.feeds.credentials import CdpKey
from feedrec.feeds.rest import Refused
from feedrec.http_messages import HttpRequest
from feedrec.model import NANOSECONDS

from .asking import BROKERAGE, MARKET

SECOND = 1_700_000_000
NAME = "organizations/1/apiKeys/2"
ED_KEY = ed25519.Ed25519PrivateKey.generate()
KEY = CdpKey(NAME, ED_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())
CLAIMS: dict[str, Any] = {"sub": NAME, "iss": "cdp", "nbf": SECOND, "exp": SECOND + 120}
PRODUCTS = f"{BROKERAGE}products"
OLD = (("cb-access-key", "a"), ("cb-access-sign", "b"), ("cb-access-timestamp", "1"))


def auth(mode: AuthMode) -> Auth:
    keys = [PublicKey(KEY.public_key_text())] if mode == "strict" else []
    return Auth(mode, now=lambda: SECOND * NANOSECONDS, keys=keys)


def bearer(**claims: object) -> tuple[str, str]:
    """Return a header with a token as the SDK makes it, with further claims."""
    parts = [json.dumps(part).encode() for part in ({"alg": "EdDSA", "kid": NAME}, CLAIMS | claims)]
    text = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
    signature = base64.urlsafe_b64encode(ED_KEY.sign(text.encode())).rstrip(b"=").decode()
    return "authorization", f"Bearer {text}.{signature}"


def refusal(
    mode: AuthMode, *headers: tuple[str, str], target: str = f"{PRODUCTS}?limit=1", host: str = "api.coinbase.com"
) -> str | None:
    """Return why a request is refused; None if it is not."""
    answer = FEED.rest.refusal(HttpRequest("GET", target, (("host", host), *headers)), auth(mode))
    if answer is None:
        return None
    assert isinstance(answer, Refused)
    assert (answer.status, answer.body, answer.content_type) == (401, b"Unauthorized", "text/plain; charset=utf-8")
    return answer.reason


@pytest.mark.parametrize(
    "target",
    [
        f"{BROKERAGE}time",
        f"{MARKET}products",
        f"{MARKET}product_book?product_id=BTC-USD",
        "/v2/time",
        "/v2/currencies/crypto",
        "/v2/exchange-rates?currency=BTC",
    ],
)
def test_what_is_public_needs_none_and_what_is_sent_with_it_is_not_looked_at(target: str) -> None:
    assert refusal("strict", target=target) is None
    assert refusal("strict", ("authorization", "Bearer x"), target=target) is None


@pytest.mark.parametrize(
    "target",
    [
        PRODUCTS,
        f"{PRODUCTS}/BTC-USD",
        f"{BROKERAGE}product_book",
        f"{BROKERAGE}accounts",
        f"{BROKERAGE}timely",
        "/v2/user",
    ],
)
def test_all_else_needs_them(target: str) -> None:
    assert refusal("any", target=target) == refusal("strict", target=target) == "it has no jwt"
    assert refusal("none", target=target) is None


def test_any_takes_whatever_is_there() -> None:
    assert refusal("any", ("authorization", "Bearer x")) is None
    assert refusal("any", *OLD) is None
    assert refusal("any", *OLD[:2]) == refusal("any", ("authorization", "Basic x")) == "it has no jwt"
    assert refusal("any", ("authorization", "Bearer")) == "it has no jwt"


@pytest.mark.parametrize(
    ("host", "claims"),
    [
        ("api.coinbase.com", {"uri": f"GET api.coinbase.com{PRODUCTS}"}),
        ("127.0.0.1:8765", {"uri": f"GET api.coinbase.com{PRODUCTS}"}),
        ("127.0.0.1:8765", {"uri": f"GET 127.0.0.1:8765{PRODUCTS}"}),
        ("127.0.0.1:8765", {"uri": f"GET 127.0.0.1:8765/coinbase-advanced{PRODUCTS}"}),
        ("api.coinbase.com", {"uris": [f"GET api.coinbase.com{PRODUCTS}"], "aud": ["cdp_service"]}),
        ("api.coinbase.com", {"uris": ["GET api.coinbase.com/other", f"GET api.coinbase.com{PRODUCTS}"]}),
    ],
)
def test_strict_takes_a_token_that_names_the_request(host: str, claims: dict[str, object]) -> None:
    assert refusal("strict", bearer(**claims), host=host) is None


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"uri": None, "uris": {"GET": 1}},
        {"uri": 7, "uris": [7]},
        {"uri": f"POST api.coinbase.com{PRODUCTS}"},
        {"uri": f"GET api.coinbase.com{PRODUCTS}/BTC-USD"},
        {"uri": f"GET api.coinbase.com{PRODUCTS}?limit=1"},
        {"uri": f"GET api.exchange.coinbase.com{PRODUCTS}"},
        {"uri": f"GET https://api.coinbase.com{PRODUCTS}"},
        {"uri": "GET api.coinbase.com"},
        {"uris": [f"GET other.com{PRODUCTS}"]},
    ],
)
def test_strict_refuses_a_token_that_names_another_request(claims: dict[str, object]) -> None:
    assert refusal("strict", bearer(**claims)) == "its jwt is not for this request (uri)"


def test_strict_refuses_what_it_refuses_in_a_message() -> None:
    uri = f"GET api.coinbase.com{PRODUCTS}"
    assert refusal("strict", bearer(uri=uri, exp=SECOND)) == "its jwt expired 0 s ago (exp)"
    assert refusal("strict", ("authorization", "Bearer x.y.z")) == "its jwt is malformed"


def test_strict_cannot_check_the_older_kind_of_keys() -> None:
    reason = refusal("strict", *OLD)
    assert reason == "it is signed with a key of the older kind (CB-ACCESS-KEY), which cannot be checked"

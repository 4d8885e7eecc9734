"""Messages and clients as a test has them."""

from __future__ import annotations

import pytest

from feedrec.http_messages import HttpAnswer, HttpRequest
from feedrec.testing import ReceivedRequest, ReplayClient, SentMessage


def test_a_message_is_bytes_text_or_json() -> None:
    message = SentMessage(client=1, payload='{"a":"\u00e9"}'.encode())
    assert message.text == '{"a":"\u00e9"}'
    assert message.json() == {"a": "\u00e9"}
    with pytest.raises(ValueError, match="JSON is malformed"):
        SentMessage(client=1, payload=b"x").json()


def test_a_request_has_what_was_asked_and_how_it_was_answered() -> None:
    headers = (("host", "localhost"),)
    request = HttpRequest("POST", "/v1/orders?a=%C3%A9&a=2", headers, b'{"size":1}', "127.0.0.1:7")
    asked = ReceivedRequest(request, HttpAnswer(404))
    assert (asked.method, asked.path, asked.query, asked.headers) == ("POST", "/v1/orders", {"a": "2"}, headers)
    assert (asked.status, asked.address, asked.text, asked.json()) == (404, "127.0.0.1:7", '{"size":1}', {"size": 1})
    assert (asked.binary, asked.client, asked.kind, asked.time) == (False, None, "request", None)
    assert str(asked) == "POST /v1/orders?a=%C3%A9&a=2: 404"


def test_a_request_without_a_body_is_no_json() -> None:
    asked = ReceivedRequest(HttpRequest("GET", "/"), HttpAnswer(200))
    assert (asked.payload, asked.text) == (b"", "")
    with pytest.raises(ValueError, match="truncated"):
        asked.json()
    assert ReceivedRequest(HttpRequest("POST", "/", body=b"\xff"), HttpAnswer(200)).binary


def test_what_a_client_has_subscribed() -> None:
    """A channel with all products has each of them; none named means any."""
    client = ReplayClient(number=1, address="", endpoint="raw", subscribed={"ticker": ("A", "B"), "status": ("",)})
    assert client.has_subscribed("ticker")
    assert client.has_subscribed("ticker", ["A"])
    assert not client.has_subscribed("ticker", ["A", "C"])
    assert client.has_subscribed("status", ["C"])
    assert not client.has_subscribed("level2")

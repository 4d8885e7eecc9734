"""Messages and clients as a test has them."""

from __future__ import annotations

import pytest

from feedrec.testing import ReplayClient, SentMessage


def test_a_message_is_bytes_text_or_json() -> None:
    message = SentMessage(client=1, payload='{"a":"\u00e9"}'.encode())
    assert message.text == '{"a":"\u00e9"}'
    assert message.json() == {"a": "\u00e9"}
    with pytest.raises(ValueError, match="JSON is malformed"):
        SentMessage(client=1, payload=b"x").json()


def test_what_a_client_has_subscribed() -> None:
    """A channel with all products has each of them; none named means any."""
    client = ReplayClient(number=1, address="", endpoint="raw", subscribed={"ticker": ("A", "B"), "status": ("",)})
    assert client.has_subscribed("ticker")
    assert client.has_subscribed("ticker", ["A"])
    assert not client.has_subscribed("ticker", ["A", "C"])
    assert client.has_subscribed("status", ["C"])
    assert not client.has_subscribed("level2")

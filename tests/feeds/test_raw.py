"""Any WebSocket: messages, headers, and what of them is not recorded."""

from __future__ import annotations

import pytest

from feedrec.errors import UsageError
from feedrec.feeds import Message, Subscription, find_feed
from feedrec.feeds.api_key import ApiKey
from feedrec.feeds.raw import RawFeed
from feedrec.model import FrameInfo


def test_every_connection_gets_the_messages_in_their_order() -> None:
    feed = RawFeed(["one", '{"two":2}', ""])
    for _ in range(2):
        assert feed.client([]).on_open(0) == [Message(b"one"), Message(b'{"two":2}'), Message(b"")]


def test_nothing_that_arrives_means_anything() -> None:
    feed = find_feed("raw")
    client = feed.client([])
    for payload in (b'{"type":"error"}', b"\xff", b""):
        assert feed.describe(payload) == FrameInfo()
        assert list(client.on_frame(FrameInfo(), payload)) == []
    assert list(client.on_tick(3600.0)) == []
    assert list(client.on_close(1008, "no")) == []
    assert client.silence_limit is None


def test_headers_go_with_the_handshake() -> None:
    feed = RawFeed(headers={"Authorization": "Bearer s", "X-Empty": ""})
    assert feed.headers(None) == {"Authorization": "Bearer s", "X-Empty": ""}
    assert find_feed("raw").headers(None) == {}


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("no good", "s3cret", "Name: value"),
        ("", "s3cret", "Name: value"),
        ("X-Key", "s3cret\r\nX-Other: 1", "characters"),
        ("X-Key", "s3crét", "characters"),
        ("Host", "s3cret", "is part of the handshake"),
        ("sec-websocket-key", "s3cret", "is part of the handshake"),
    ],
)
def test_what_is_no_header_is_refused_without_its_value(name: str, value: str, text: str) -> None:
    with pytest.raises(UsageError, match=text) as caught:
        RawFeed(headers={name: value})
    assert "s3cr" not in str(caught.value)


def test_a_message_must_be_text() -> None:
    with pytest.raises(UsageError, match="not UTF-8"):
        RawFeed(["\udcff"])


def test_there_is_nothing_to_subscribe_and_nothing_to_sign() -> None:
    with pytest.raises(UsageError, match="no channels"):
        RawFeed().client([Subscription("level2")])
    with pytest.raises(UsageError, match="header or a message"):
        RawFeed().client([], ApiKey("k"))

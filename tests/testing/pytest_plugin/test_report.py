from __future__ import annotations

from feedrec.http_messages import HttpAnswer, HttpRequest
from feedrec.testing import SentMessage
from feedrec.testing.observed_feed import ObservedFeed
from feedrec.testing.pytest_plugin.report import describe


class Feed(ObservedFeed):
    """A feed of which is told what happens."""

    def __init__(self) -> None:
        super().__init__()
        self._url = "ws://127.0.0.1:1"
        self.seen = self._seen

    def check(self) -> None:
        pass


def test_who_has_not_connected_is_worth_a_line() -> None:
    assert describe("a\n.jsonl", Feed()) == ("feedrec: a\\n.jsonl at ws://127.0.0.1:1", "no client has connected")


def test_why_a_feed_failed_comes_first() -> None:
    _, text = describe("a.jsonl", Feed(), "it is damaged:\n\x1b")
    assert text.splitlines() == ["it is damaged:", r"\x1b", "no client has connected"]


def test_the_last_messages_are_shown_in_short() -> None:
    """Not all of a long one, nor all of many, and nothing that could change what a terminal shows."""
    feed = Feed()
    for number in range(1, 13):
        feed.seen.on_connected(number, f"127.0.0.1:{number}", "raw")
    for number in range(12):
        feed.seen.on_received(1, f"{number}\x1b[2J\u202e", 0)
    feed.seen.on_sent([SentMessage(1, b"x" * 2000, time=1_786_309_548_123_456_789)])
    feed.seen.on_sent([SentMessage(1, bytes(range(200)), binary=True)])
    _, text = describe("a.jsonl", feed)
    lines = text.splitlines()
    assert lines[0] == "2 earlier clients"
    assert lines[11:14] == [
        "what clients said (the last 10 of 12):",
        r"  client 1: 2\x1b[2J\u202e",
        r"  client 1: 3\x1b[2J\u202e",
    ]
    assert lines[-3] == "what they were sent (2):"
    assert lines[-2] == f"  21:05:48.123 client 1: {'x' * 160} ... (2,000 bytes)"
    assert lines[-1].startswith("  client 1: 00 01 02")
    assert lines[-1].endswith("27 ... (200 bytes)")
    assert text.isascii()


def test_secrets_of_clients_are_not_shown() -> None:
    """What is too long to be searched is not shown at all."""
    feed = Feed()
    feed.seen.on_connected(1, "127.0.0.1:1", "raw")
    feed.seen.on_received(1, '{"jwt":"eyJhbGciOi.abc.def"}', 0)
    feed.seen.on_received(1, '{"jwt":"%s"}' % ("secret" * 20_000), 0)
    assert describe("a.jsonl", feed)[1].splitlines()[1:] == [
        "what clients said (2):",
        '  client 1: {"jwt":"[redacted]"}',
        "  client 1:  ... (120,010 bytes)",
    ]


def test_requests_are_shown_with_their_status_and_without_secrets() -> None:
    feed = Feed()
    time = 1_786_309_548_123_456_789
    feed.seen.on_request(HttpRequest("GET", "/v1/map?limit=2&api_key=abc\x1b"), HttpAnswer(200, b"[]"), time)
    order = b'{"size":1,"passphrase":"abc"}'
    feed.seen.on_request(HttpRequest("POST", f"/{'o' * 200}", body=order), HttpAnswer(404), None)
    assert describe("a.jsonl", feed)[1].splitlines()[1:] == [
        "what clients said (2):",
        "  21:05:48.123 GET /v1/map?limit=2&api_key=[redacted]: 200",
        f'  POST /{"o" * 159} ...: 404 {{"size":1,"passphrase":"[redacted]"}}',
    ]

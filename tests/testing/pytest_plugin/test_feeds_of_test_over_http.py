"""Tests whose clients speak REST beside the WebSocket: recorded once, and replayed without a network."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from feedrec.errors import UsageError
from feedrec.formats import open_recording
from feedrec.formats.line.http_events import exchange_of
from feedrec.http_messages import HttpExchange
from feedrec.model import Event
from feedrec.testing import FeedReplay
from feedrec.testing.observed_feed import ObservedFeed
from feedrec.testing.pytest_plugin.record_modes import RecordMode
from feedrec.testing.pytest_plugin.servers import Servers

from ...replay.dialogues import Asked, Line, closed, record_dialogue
from ...timing import HANG_TIMEOUT
from ..feeds import client
from .conftest import Suite
from .test_feeds_of_test import feeds, names

NAME = "orders.jsonl"

SHOP: list[Line] = [
    Asked("GET", "/token?of=me", '{"token":"b7-4411"}'),
    '> {"watch":"b7-4411"}',
    "< watching",
    Asked("POST", "/orders", '{"id":"order-0001"}', '{"id":"order-0001","secret":"[redacted]"}', 201),
    '< {"filled":"order-0001"}',
    closed("venue"),
]


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    """Give the thread of all tests here."""
    servers = Servers()
    yield servers
    servers.close()


@contextlib.contextmanager
def shop(folder: Path) -> Iterator[FeedReplay]:
    """Have a venue that is live, with both halves at one address, for one client."""
    path = record_dialogue(folder / "live" / NAME, SHOP)
    with FeedReplay(path, mode="dialogue", match="ignore:id", match_timeout=HANG_TIMEOUT) as venue:
        yield venue


@pytest.fixture
def live(tmp_path: Path) -> Iterator[FeedReplay]:
    """Give such a venue."""
    (tmp_path / "live").mkdir()
    with shop(tmp_path) as venue:
        yield venue


def ask(feed: ObservedFeed, method: str, target: str, body: Any = None) -> Any:
    with httpx.Client(trust_env=False, timeout=HANG_TIMEOUT) as asking:
        return asking.request(method, f"{feed.rest_url}{target}", json=body).json()


def order(feed: ObservedFeed, own: str) -> list[Any]:
    """Do what a client does: ask, watch, and order."""
    token = ask(feed, "GET", "/token?of=me")["token"]
    with client(feed.url) as websocket:
        websocket.send(json.dumps({"watch": token}))
        heard = [websocket.recv(HANG_TIMEOUT)]
        placed = ask(feed, "POST", "/orders", {"id": own, "secret": "s3cret-of-the-test"})
        with contextlib.suppress(ConnectionClosed):
            while True:
                heard.append(websocket.recv(HANG_TIMEOUT))
    return [*heard, placed]


def exchanges_in(path: Path) -> list[HttpExchange]:
    with open_recording(path) as recording:
        found = [exchange_of(record) for record in recording if isinstance(record, Event)]
    return [one for one in found if one is not None]


def test_a_test_of_both_halves_is_recorded_once_and_then_played(
    servers: Servers, live: FeedReplay, tmp_path: Path
) -> None:
    """Each time the client has another id; what was seen is the same, live and replayed."""
    folder = tmp_path / "feeds"
    for own in ("order-of-once", "order-of-twice", "order-of-thrice"):
        with feeds(servers, folder, RecordMode.ONCE) as of_test:
            options: dict[str, Any] = {"mode": "dialogue", "match": "ignore:id", "match_timeout": HANG_TIMEOUT}
            feed = of_test.start(NAME, to=live.url, **options)
            assert order(feed, own) == ["watching", f'{{"filled":"{own}"}}', {"id": own}]
            feed.wait_done(HANG_TIMEOUT)
            feed.wait_until(lambda: len(feed.received) == 3, HANG_TIMEOUT)  # noqa: B023
            of_test.check()
            requests = [one for one in feed.received if one.kind == "request"]
            assert [str(one) for one in requests] == ["GET /token?of=me: 200", "POST /orders: 201"]
            assert requests[1].json()["id"] == own
    assert len(live.clients) == 1
    assert names(folder) == [NAME]
    assert [one.url.rpartition("/")[2] for one in exchanges_in(folder / NAME)] == ["token?of=me", "orders"]
    assert "s3cret" not in (folder / NAME).read_text()


def test_another_request_fails_the_test(servers: Servers, tmp_path: Path) -> None:
    record_dialogue(tmp_path / NAME, SHOP)
    with feeds(servers, tmp_path) as of_test:
        feed = of_test.start(NAME, mode="dialogue", to="ws://127.0.0.1:1")
        with contextlib.suppress(ValueError):
            ask(feed, "GET", "/token?of=you")
        with pytest.raises(pytest.fail.Exception, match=r'\+   "of": "you"'):
            of_test.check()


@pytest.mark.parametrize("mode", ["verbatim", "dialogue"])
def test_requests_alone_make_a_recording(servers: Servers, live: FeedReplay, tmp_path: Path, mode: str) -> None:
    """Which answers them in whatever way it is replayed."""
    folder = tmp_path / "feeds"
    for _ in range(2):
        with feeds(servers, folder, RecordMode.ONCE) as of_test:
            feed = of_test.start(NAME, to=live.url, mode=mode)
            assert ask(feed, "GET", "/token?of=me") == {"token": "b7-4411"}
            feed.wait_until(lambda: feed.received, HANG_TIMEOUT)  # noqa: B023
    assert len(live.received) == 1


@pytest.mark.parametrize("base", ["", "/"])
def test_requests_may_go_elsewhere(servers: Servers, live: FeedReplay, tmp_path: Path, base: str) -> None:
    """Where the two halves of a venue are at two addresses; a client asks for the same live and replayed."""
    folder = tmp_path / "feeds"
    for _ in range(2):
        with feeds(servers, folder, RecordMode.ONCE) as of_test:
            to = {"to": "wss://stream.example.com", "rest_to": f"{live.rest_url}{base}"}
            feed = of_test.start(NAME, **to, mode="dialogue")
            assert ask(feed, "GET", "/token?of=me") == {"token": "b7-4411"}
    (found,) = exchanges_in(folder / NAME)
    assert found.url == f"{live.rest_url}/token?of=me"
    assert len(live.received) == 1


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("nowhere", "'nowhere' is not an HTTP address"),
        ("https://host/a?b", r"'https://host/a\?b' is not an HTTP address"),
        ("ws://host", "'ws://host' is not an HTTP address"),
        ("https://[", r"'\[redacted\]' is not an HTTP address"),
        ("https://host/v1/", "https://host/v1 has a path: leave it out, and let the application ask /v1/..."),
    ],
)
def test_what_is_no_host_of_http_is_an_error(servers: Servers, tmp_path: Path, address: str, expected: str) -> None:
    with feeds(servers, tmp_path, RecordMode.ONCE) as of_test, pytest.raises(UsageError, match=expected):
        of_test.start(NAME, to="wss://stream.example.com", rest_to=address)


SUITE = """
import json, os, urllib.request
from feedrec.errors import NetworkBlockedError

def ask(url, body=None):
    request = urllib.request.Request(url, body and json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)

@pytest.mark.feed("orders.jsonl", to=os.environ.get("VENUE", "wss://example.com"), mode="dialogue", match="ignore:id")
@pytest.mark.parametrize("number", range(4))
def test_order(feed, number):
    token = ask(f"{feed.rest_url}/token?of=me")["token"]
    with connect(feed.url) as venue:
        venue.send(json.dumps({"watch": token}))
        assert venue.recv(timeout=60) == "watching"
        own = f"order-of-{number}"
        assert ask(f"{feed.rest_url}/orders", {"id": own, "secret": "s3cret"})["id"] == own
        assert venue.recv(timeout=60) == json.dumps({"filled": own}, separators=(",", ":"))

@pytest.mark.feed("orders.jsonl", mode="dialogue")
def test_elsewhere(feed):
    with pytest.raises(NetworkBlockedError, match="example.com:443 was not connected to"):
        ask("https://example.com/token")
"""


def test_workers_record_once_between_them_and_replay_without_a_network(
    suite: Suite, live: FeedReplay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests to the feed are free then; those to the venue itself are refused."""
    suite.module(SUITE)
    monkeypatch.setenv("VENUE", live.url)
    suite.run("-n", "2", "--feed-record=once", "-k", "test_order").assert_outcomes(passed=4)
    assert len(live.clients) == 1
    monkeypatch.delenv("VENUE")
    suite.run("--feed-block-network").assert_outcomes(passed=5)


def test_the_report_of_a_failure_has_the_requests(suite: Suite, live: FeedReplay, monkeypatch: Any) -> None:
    """While it is recorded, too."""
    suite.module(
        SUITE
        + """
def test_that_fails(feed_replay):
    feed = feed_replay("other.jsonl", to=os.environ["VENUE"])
    ask(f"{feed.rest_url}/token?of=me")
    feed.wait_until(lambda: feed.received, timeout=60)
    assert False
"""
    )
    monkeypatch.setenv("VENUE", live.url)
    result = suite.run("--feed-record=once", "-k", "test_that_fails")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["no client has connected", "what clients said (1):", "  * GET /token?of=me: 200"])

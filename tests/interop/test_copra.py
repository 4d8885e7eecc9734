"""CoPrA, unchanged, against `feedrec replay` of a recording of Coinbase Exchange."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from feedrec.feeds import find_feed
from feedrec.formats import open_recording
from feedrec.model import Frame

from ..cli.command import background, first_line, interrupt
from ..conversations.recordings import PAIR, exchange_recording
from ..test_docs import ROOT, blocks
from ..timing import HANG_TIMEOUT, until

pytest.importorskip("copra.websocket", reason="copra is not installed: make test-interop")
from copra.websocket import Channel, Client

KEY = {"key": "a-key", "secret": base64.b64encode(b"a secret").decode(), "passphrase": "a-passphrase"}
CHANNELS = ("heartbeat", "ticker", "level2", "matches", "full")
BY_ITSELF = (True, None)
"""What CoPrA says of a connection that it closed: clean, and no code."""

Message = dict[str, Any]


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return exchange_recording(tmp_path / "exchange.jsonl.zst")


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "key.json"
    path.write_text(json.dumps(KEY))
    return path


@contextlib.contextmanager
def replay(recording: Path, *options: object) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Replay it ten times as fast; give process and URL."""
    with background("replay", recording, "--port", 0, "--speed", 10, *options) as process:
        yield process, first_line(process.stdout)


class Listener(Client):  # type: ignore[misc]  # copra is not typed
    """A client as CoPrA's documentation has them: with callbacks of its own."""

    def __init__(self, channels: list[Channel], url: str, **options: Any) -> None:
        self.messages: list[Message] = []
        self.errors: list[tuple[str, str]] = []
        self.opened = 0
        self.closes: list[tuple[bool, int | None]] = []
        super().__init__(asyncio.get_running_loop(), channels, feed_url=url, **options)

    def on_open(self) -> None:
        self.opened += 1
        super().on_open()

    def on_message(self, message: Message) -> None:
        self.messages.append(message)

    def on_error(self, message: str, reason: str = "") -> None:
        self.errors.append((message, reason))

    def on_close(self, was_clean: bool, code: int | None, reason: str | None) -> None:  # noqa: FBT001
        self.closes.append((was_clean, code))
        super().on_close(was_clean, code, reason)


def channels(*names: str) -> list[Channel]:
    return [Channel(name, list(PAIR)) for name in names]


def recorded(path: Path) -> list[Message]:
    """Give what was recorded of the five channels; frames of one's own orders come with full."""
    describe = find_feed("coinbase-exchange").describe
    with open_recording(path) as source:
        payloads = [record.payload for record in source if isinstance(record, Frame)]
    return [json.loads(payload) for payload in payloads if describe(payload).channel in {*CHANNELS, "user"}]


def listen(url: str, count: int, **options: Any) -> Listener:
    """Subscribe all five, read so many messages, and close."""

    async def scenario() -> Listener:
        client = Listener(channels(*CHANNELS), url, **options)
        await until(lambda: len(client.messages) >= count or client.errors)
        await client.close()
        return client

    return asyncio.run(scenario())


@pytest.mark.parametrize("auth", ["none", "strict"])
def test_five_channels_come_as_recorded_after_their_ack(recording: Path, key_file: Path, auth: str) -> None:
    """Unsigned where nothing is asked for, signed where everything is checked."""
    expected = recorded(recording)
    options = ("--auth-key", key_file) if auth == "strict" else ()
    signing = {"auth": True, **KEY} if auth == "strict" else {}
    with replay(recording, "--at-end", "hold", "--auth", auth, *options) as (process, url):
        client = listen(url, 1 + len(expected), **signing)
        code, _, err = interrupt(process)
    assert code == 0, err.decode()
    ack, *data = client.messages
    assert sorted(one["name"] for one in ack["channels"]) == sorted(CHANNELS)
    assert {tuple(sorted(one["product_ids"])) for one in ack["channels"]} == {PAIR}
    assert data == expected
    assert (client.errors, client.opened, client.closes) == ([], 1, [BY_ITSELF])


@pytest.mark.parametrize(
    ("signing", "error"),
    [
        ({}, "Failed to subscribe"),
        ({"auth": True, **KEY, "passphrase": "another"}, "Authentication Failed"),
    ],
)
def test_what_is_refused_is_an_error_to_it(
    recording: Path, key_file: Path, signing: dict[str, Any], error: str
) -> None:
    with replay(recording, "--auth", "strict", "--auth-key", key_file) as (_, url):
        client = listen(url, 1 << 30, **signing)
    assert [message for message, _ in client.errors] == [error]


def test_it_subscribes_and_unsubscribes_while_it_runs(recording: Path) -> None:
    async def scenario(url: str) -> list[Message]:
        client = Listener([Channel("ticker", ["BTC-USD"])], url)
        await until(lambda: len(client.messages) >= 4)
        client.subscribe(Channel("matches", ["ETH-USD"]))
        client.unsubscribe(Channel("ticker", ["BTC-USD"]))
        await until(lambda: len(client.messages) >= 12)
        await client.close()
        return client.messages

    with replay(recording, "--at-end", "hold") as (_, url):
        messages = asyncio.run(scenario(url))
    acks = [{one["name"] for one in message["channels"]} for message in messages if message["type"] == "subscriptions"]
    assert acks == [{"ticker"}, {"ticker", "matches"}, {"matches"}]
    last_ack = max(place for place, message in enumerate(messages) if message["type"] == "subscriptions")
    assert {message["type"] for message in messages[last_ack + 1 :]} <= {"match", "last_match"}
    assert {message["product_id"] for message in messages[last_ack + 1 :]} == {"ETH-USD"}


def test_it_connects_again_after_the_server_closed_and_subscribes_everything(recording: Path) -> None:
    """The recording's end is a close, code 1000, as CoPrA sees it; the next connection begins at the beginning."""

    async def scenario(url: str) -> Listener:
        client = Listener(channels("matches", "heartbeat"), url)
        await until(lambda: client.opened == 2 and len(client.messages) > 1.5 * len(expected))
        await client.close()
        return client

    expected = [one for one in recorded(recording) if one["type"] in {"match", "last_match", "heartbeat"}]
    with replay(recording, "--at-end", "close") as (_, url):
        client = asyncio.run(scenario(url))
    assert client.closes == [(True, 1000), BY_ITSELF]
    assert (client.opened, client.errors) == (2, [])
    acks = [place for place, message in enumerate(client.messages) if message["type"] == "subscriptions"]
    assert acks == [0, 1 + len(expected)]
    assert client.messages[1 : acks[1]] == expected
    again = client.messages[acks[1] + 1 :]
    assert again == expected[: len(again)]


def test_the_example_of_the_documents_runs(recording: Path) -> None:
    """docs/clients.md, the block of CoPrA, as it stands but for the port."""
    (example,) = blocks(ROOT / "docs" / "clients.md", "python-copra")
    with replay(recording, "--at-end", "hold") as (_, url):
        code = example.replace("ws://127.0.0.1:8765", url)
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=HANG_TIMEOUT, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert b"BTC-USD 100.00" in done.stdout
    assert b"ETH-USD 100.00" in done.stdout

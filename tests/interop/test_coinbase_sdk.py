"""The official SDK of Coinbase, unchanged, against `feedrec replay`; in one environment with feedrec."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from feedrec.feeds import find_feed
from feedrec.formats import open_recording
from feedrec.model import Frame

from ..cli.command import DEMO, background, feedrec, first_line, interrupt
from ..test_docs import ROOT, blocks
from ..timing import HANG_TIMEOUT, wait_until

pytest.importorskip("coinbase.websocket", reason="coinbase-advanced-py is not installed: make test-interop")
from coinbase.websocket import WSClient

CHANNELS = ("level2", "ticker", "market_trades", "heartbeats")
PRODUCT = "BTC-USD"

_describe = find_feed("coinbase-advanced").describe


def is_taken(payload: bytes) -> bool:
    """Tell whether a frame is data of what the test subscribes to."""
    info = _describe(payload)
    return info.channel in CHANNELS and (info.channel == "heartbeats" or info.products == (PRODUCT,))


def without_number(payload: bytes) -> bytes:
    """Give a frame but for its number, which counts what its connection was sent."""
    return re.sub(rb'"sequence_num":\d+', b'"sequence_num":0', payload)


def recorded() -> list[bytes]:
    """Give all frames that the demo recording received."""
    with open_recording(DEMO) as recording:
        return [record.payload for record in recording if isinstance(record, Frame) and record.direction == "in"]


class Collector:
    """Takes what the SDK hands on; `done` is set at so many data frames."""

    def __init__(self, expected: int) -> None:
        self.frames: list[bytes] = []
        self.done = threading.Event()
        self._missing = expected

    def take(self, message: str) -> None:
        """Be called by the SDK, in its thread."""
        payload = message.encode()
        self.frames.append(payload)
        self._missing -= is_taken(payload)
        if self._missing <= 0:
            self.done.set()


def subscribe(client: WSClient) -> None:
    """Subscribe with the SDK's own methods."""
    client.level2([PRODUCT])
    client.ticker([PRODUCT])
    client.market_trades([PRODUCT])
    client.heartbeats()


def test_the_sdk_gets_what_it_subscribed_to_and_closes_cleanly() -> None:
    """Every data frame as recorded but for its number, whether the replay is a venue's or verbatim."""
    everything = recorded()
    expected = [without_number(payload) for payload in everything if is_taken(payload)]
    collector, events = Collector(len(expected)), list[str]()
    with background("replay", DEMO, "--port", 0, "--speed", "max", "--at-end", "hold") as process:
        client = WSClient(
            base_url=first_line(process.stdout),
            on_message=collector.take,
            on_open=lambda: events.append("open"),
            on_close=lambda: events.append("close"),
        )
        client.open()
        subscribe(client)
        assert collector.done.wait(HANG_TIMEOUT), f"{len(collector.frames)} frames came"
        client.close()
        client.raise_background_exception()
        code, out, err = interrupt(process)
    assert (code, events) == (0, ["open", "close"]), err.decode()
    assert b"1 finished" in out or b"1 client left" in out
    assert [without_number(payload) for payload in collector.frames if is_taken(payload)] == expected
    others = [payload for payload in collector.frames if not is_taken(payload)]
    if others and {_describe(payload).channel for payload in others} == {"subscriptions"}:
        check_as_a_venue(collector.frames, others)
    else:  # verbatim: what was recorded up to the last frame waited for
        assert collector.frames == everything[: len(collector.frames)]


def check_as_a_venue(frames: list[bytes], acks: list[bytes]) -> None:
    """One ack a subscription, each with all so far, and numbers without holes."""
    assert [len(json.loads(ack)["events"][0]["subscriptions"]) for ack in acks] == [1, 2, 3, 4]
    assert [json.loads(frame)["sequence_num"] for frame in frames] == list(range(len(frames)))


def test_every_message_parses_and_prices_are_there() -> None:
    """What the SDK's users do with a message works."""
    prices: Counter[str] = Counter()
    parsed = threading.Event()
    failures: list[Exception] = []

    def on_message(message: str) -> None:
        try:
            content = json.loads(message)
            if content["channel"] == "ticker":
                prices.update(ticker["product_id"] for event in content["events"] for ticker in event["tickers"])
        except Exception as error:  # noqa: BLE001  in a thread of the SDK: told by the test
            failures.append(error)
        if prices[PRODUCT] >= 10:
            parsed.set()

    with background("replay", DEMO, "--port", 0, "--speed", "20") as process:
        client = WSClient(base_url=first_line(process.stdout), on_message=on_message)
        client.open()
        client.subscribe(product_ids=[PRODUCT], channels=["ticker", "heartbeats"])
        assert parsed.wait(HANG_TIMEOUT)
        client.unsubscribe_all()
        client.close()
    assert failures == []


def test_the_end_of_a_recording_is_no_error_to_the_sdk() -> None:
    """With --at-end close, the SDK sees code 1000: it neither raises nor connects again."""
    with background("replay", DEMO, "--port", 0, "--speed", "max", "--at-end", "exit", "--json") as process:
        client = WSClient(base_url=first_line(process.stdout), on_message=len)
        client.open()
        client.level2([PRODUCT])
        out, err = process.communicate(timeout=HANG_TIMEOUT)
        wait_until(lambda: not client.websocket.open)
        client.raise_background_exception()
    assert json.loads(out)["outcomes"] == {"finished": 1}, err.decode()


def test_the_example_of_the_documents_runs() -> None:
    """docs/clients.md, the SDK's block, as it stands but for the port."""
    (example,) = blocks(ROOT / "docs" / "clients.md", "python-sdk")
    with background("replay", DEMO, "--port", 0, "--at-end", "hold") as process:
        code = example.replace("ws://127.0.0.1:8765", first_line(process.stdout))
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, timeout=HANG_TIMEOUT, check=False)
        stopped, *_ = interrupt(process, signal.SIGTERM)
    assert done.returncode == 0, done.stderr.decode()
    assert b'"channel":"ticker"' in done.stdout
    assert stopped == 0


def test_the_example_runs_over_tls(tmp_path: Path) -> None:
    """The SDK has no option for authorities: the environment of the command is enough, and so is localhost."""
    (example,) = blocks(ROOT / "docs" / "clients.md", "python-sdk")
    url = """__import__("os").environ["FEEDREC_URL"].replace("127.0.0.1", "localhost")"""
    code = example.replace('"ws://127.0.0.1:8765"', url)
    options = ("--at-end", "hold", "--tls", "--tls-folder", tmp_path / "tls")
    done = feedrec("replay", DEMO, *options, "--", sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr.decode()
    assert b"wss://" in done.stderr
    assert b'"channel":"ticker"' in done.stdout


def test_feedrec_records_in_this_environment(tmp_path: Path) -> None:
    """With the SDK's websockets, the demo records and replays without loss."""
    done = feedrec("demo", "-o", tmp_path / "demo.jsonl.zst", cwd=tmp_path)
    assert done.returncode == 0, done.stderr.decode()
    assert "no gaps, no reconnects" in done.stdout.decode()
    with open_recording(tmp_path / "demo.jsonl.zst") as recording:
        copy = [record.payload for record in recording if isinstance(record, Frame) and record.direction == "in"]
    assert len(copy) == len(recorded())

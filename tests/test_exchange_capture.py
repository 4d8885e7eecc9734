"""The whole way on a real capture of Coinbase Exchange: recorded as it came, replayed as it was subscribed."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
import zstandard
from websockets.asyncio.client import connect

from .cli.command import feedrec, mock_venue
from .shared import SHARED
from .test_capture import live_venue
from .timing import HANG_TIMEOUT

CAPTURE = SHARED / "samples" / "exchange_2021-04-17.frames.jsonl.zst"
KEYS = {
    "COINBASE_EXCHANGE_API_KEY": "a-key",
    "COINBASE_EXCHANGE_API_SECRET": "c2VjcmV0",
    "COINBASE_EXCHANGE_API_PASSPHRASE": "a-passphrase",
}

pytestmark = pytest.mark.skipif(not CAPTURE.exists(), reason="needs ../shared")


@pytest.fixture(scope="module")
def rows() -> list[dict[str, str]]:
    with CAPTURE.open("rb") as file:
        text = zstandard.ZstdDecompressor().stream_reader(file).read()
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture(scope="module")
def frames(rows: list[dict[str, str]]) -> list[bytes]:
    return [row["data"].encode() for row in rows if row["dir"] == "recv"]


@pytest.fixture(scope="module")
def recording(rows: list[dict[str, str]], frames: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record it with the command line, subscribed as the capture's client did."""
    target = tmp_path_factory.mktemp("exchange") / "real.jsonl.zst"
    products = ",".join(json.loads(next(row["data"] for row in rows if row["dir"] == "send"))["product_ids"])
    channels = ("-c", "level2", "-c", "ticker", "-c", "matches", "-p", products, "--no-heartbeats")
    with live_venue(CAPTURE) as url:
        done = feedrec(
            "record",
            "-e",
            "coinbase-exchange",
            "--url",
            url,
            *channels,
            "--max-frames",
            len(frames),
            "-o",
            target,
            env=KEYS,
        )
    assert done.returncode == 0, done.stderr.decode()
    assert "no gaps" in done.stdout.decode()
    return target


def test_every_frame_is_recorded_byte_for_byte(recording: Path, frames: list[bytes]) -> None:
    assert len(frames) == 9_946
    assert feedrec("cat", "--raw", recording).stdout == b"".join(frame + b"\n" for frame in frames)
    assert feedrec("verify", recording).returncode == 0


def subscribe_and_read(url: str, messages: list[str]) -> list[bytes]:
    async def read() -> list[bytes]:
        async with connect(url, max_size=None) as connection:
            for message in messages:
                await connection.send(message)
            return [frame.encode() if isinstance(frame, str) else frame async for frame in connection]

    return asyncio.run(asyncio.wait_for(read(), HANG_TIMEOUT))


def is_ack(frame: bytes) -> bool:
    return frame.startswith(b'{"type":"subscriptions"')


@pytest.mark.parametrize("speed", ["max", "50"])
def test_who_subscribes_as_the_capture_did_gets_its_data_byte_for_byte(
    recording: Path, rows: list[dict[str, str]], frames: list[bytes], speed: str
) -> None:
    """level2 was open to all in 2021; today the venue wants credentials for it, hence --auth none."""
    messages = [row["data"] for row in rows if row["dir"] == "send"]
    with mock_venue(recording, "--mode", "venue", "--auth", "none", "--speed", speed) as url:
        got = subscribe_and_read(url, messages)
    assert [frame for frame in got if not is_ack(frame)] == [frame for frame in frames if not is_ack(frame)]
    acks = [json.loads(frame)["channels"] for frame in got if is_ack(frame)]
    expected = [json.loads(frame)["channels"] for frame in frames if is_ack(frame)]
    assert [_contents(ack) for ack in acks] == [_contents(ack) for ack in expected]


def _contents(channels: list[dict[str, list[str]]]) -> dict[str, set[str]]:
    return {str(channel["name"]): set(channel["product_ids"]) for channel in channels}


def test_today_the_venue_wants_credentials_for_level2(recording: Path, rows: list[dict[str, str]]) -> None:
    messages = [row["data"] for row in rows if row["dir"] == "send"]
    with mock_venue(recording, "--mode", "venue", "--speed", "max") as url:
        got = subscribe_and_read(url, messages)
    (refusal,) = [frame for frame in got if b'"error"' in frame]
    assert "require authentication" in json.loads(refusal)["reason"]
    assert not any(b'"l2update"' in frame for frame in got)

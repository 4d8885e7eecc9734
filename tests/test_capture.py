"""The whole way, on a real capture: served as the live venue would, recorded, replayed, byte for byte."""

from __future__ import annotations

import contextlib
import json
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from feedrec.formats import open_recording
from feedrec.model import Event

from .cli.client import assert_paced, receive_all
from .cli.command import background, feedrec, first_line, mock_venue
from .timing import HANG_TIMEOUT

CHANNELS = ("-c", "level2", "-c", "ticker", "-c", "market_trades", "-c", "candles", "-p", "BTC-USD", "-p", "ETH-USD")


@contextlib.contextmanager
def live_venue(capture: Path, *options: object) -> Iterator[str]:
    """Run the stand-in for the live endpoint; give its URL."""
    tool = capture.parents[1] / "tools" / "serve_frames.py"
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    command = [sys.executable, str(tool), str(capture), "--port", str(port), *map(str, options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert first_line(process.stdout).startswith("serving")
        yield f"ws://127.0.0.1:{port}"
        process.kill()


@pytest.fixture(scope="module")
def recording(capture_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Record the capture with the command line."""
    target = tmp_path_factory.mktemp("capture") / "real.jsonl.zst"
    with live_venue(capture_path) as url:
        done = feedrec("record", "--url", url, *CHANNELS, "--max-frames", 1030, "-o", target)
    assert done.returncode == 0, done.stderr.decode()
    assert "1,030 frames" in done.stdout.decode()
    assert "no gaps" in done.stdout.decode()
    return target


@pytest.fixture(scope="module")
def paced(capture_path: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    """Record the capture at four times the pace of the market; give the recording, and its seconds."""
    target = tmp_path_factory.mktemp("paced") / "paced.jsonl.zst"
    with live_venue(capture_path, "--speed", 4) as url:
        feedrec("record", "--url", url, *CHANNELS, "--max-frames", 1030, "-o", target)
    return target, json.loads(feedrec("info", "--json", target).stdout)["seconds"]


def replay_and_receive(recording: Path, speed: str, mode: str) -> tuple[list[bytes], float, dict[str, Any]]:
    """Replay to one client that subscribes to all; give payloads, the client's seconds, and the server's facts."""
    options = ("--port", 0, "--mode", mode, "--speed", speed, "--at-end", "exit", "--json")
    with background("replay", recording, *options) as process:
        payloads, seconds, _ = receive_all(first_line(process.stdout))
        out, err = process.communicate(timeout=HANG_TIMEOUT)
    assert process.returncode == 0, err.decode()
    return payloads, seconds, json.loads(out)


def test_cat_gives_back_every_frame(recording: Path, capture_frames: list[bytes]) -> None:
    """`cat --raw` is the 1,030 frames, byte for byte, in order, and no gap is reported."""
    assert len(capture_frames) == 1030
    assert feedrec("cat", "--raw", recording).stdout == b"".join(frame + b"\n" for frame in capture_frames)
    facts = json.loads(feedrec("info", "--json", recording).stdout)
    assert (facts["frames"], facts["gaps"], facts["connections"]) == (1030, 0, 1)


def test_a_lost_frame_is_a_gap_everywhere(capture_path: Path, tmp_path: Path) -> None:
    """It is an event in the file, a figure in info, and a word in the summary."""
    target = tmp_path / "gap.jsonl.zst"
    with live_venue(capture_path, "--drop", 500) as url:
        done = feedrec("record", "--url", url, *CHANNELS, "--max-frames", 1029, "-o", target)
    assert "1 gap (1 frame missing)" in done.stdout.decode()
    assert json.loads(feedrec("info", "--json", target).stdout)["gaps"] == 1
    with open_recording(target) as records:
        (gap,) = [record for record in records if isinstance(record, Event) and record.name == "gap"]
    assert gap.details == {"expected": 500, "received": 501, "missing": 1}


def test_a_cut_connection_is_opened_again(capture_path: Path, capture_frames: list[bytes], tmp_path: Path) -> None:
    """Both connections are in the file, each from its first frame on."""
    target = tmp_path / "cut.jsonl.zst"
    with live_venue(capture_path, "--cut-after", 700) as url:
        done = feedrec("record", "--url", url, *CHANNELS, "--max-frames", 1000, "-o", target)
    assert " reconnect" in done.stdout.decode()
    assert "no reconnects" not in done.stdout.decode()
    rows = [json.loads(line) for line in feedrec("cat", target).stdout.splitlines()]
    connections = max(row.get("conn", 0) for row in rows) + 1
    counts = [sum(row.get("dir") == "in" and row["conn"] == conn for row in rows) for conn in range(connections)]
    assert connections >= 2  # more if the abort threw away what the server had not sent yet
    assert sum(counts) == 1000
    raw = feedrec("cat", "--raw", target).stdout.splitlines()
    assert raw == [frame for count in counts for frame in capture_frames[:count]]
    events = [row["event"] for row in rows if row.get("event") in ("open", "close")]
    assert events == ["open", "close"] * connections


def data_of(payloads: list[bytes]) -> list[bytes]:
    """Give all but the acks, without their numbers."""
    return [re.sub(rb'"sequence_num":\d+', b"", one, count=1) for one in payloads if b'"subscriptions"' not in one]


@pytest.mark.parametrize("speed", ["10", "max"])
def test_as_a_venue_it_gives_all_data_to_who_subscribes_to_all(
    paced: tuple[Path, float], capture_frames: list[bytes], speed: str
) -> None:
    """Byte for byte but for numbers and acks, in a tenth of the recorded time."""
    recording, recorded = paced
    payloads, seconds, facts = replay_and_receive(recording, speed, "venue")
    assert data_of(payloads) == data_of(capture_frames)
    assert [json.loads(payload)["sequence_num"] for payload in payloads] == list(range(len(payloads)))
    assert sum(b'"subscriptions"' in payload for payload in payloads) == 5
    if speed == "10":
        assert_paced(facts, recorded, 10, seconds)


def test_as_a_venue_it_gives_one_channel_of_one_product(recording: Path, capture_frames: list[bytes]) -> None:
    """A client of level2 on BTC-USD alone gets exactly those frames, numbered without holes, and one ack."""
    with mock_venue(recording, "--mode", "venue", "--speed", "max") as url:
        payloads, _, _ = receive_all(url, [("level2", ["BTC-USD"])])
    expected = [frame for frame in capture_frames if b'"l2_data"' in frame and b'"product_id":"BTC-USD"' in frame]
    assert data_of(payloads) == data_of(expected)
    assert [json.loads(payload)["sequence_num"] for payload in payloads] == list(range(len(expected) + 1))


def test_replay_at_full_speed_gives_every_frame(recording: Path, capture_frames: list[bytes]) -> None:
    """Verbatim, a plain client gets the 1,030 frames untouched."""
    with mock_venue(recording, "--speed", "max") as url:
        payloads, _, code = receive_all(url)
    assert payloads == capture_frames
    assert code == 1000


def test_replay_at_ten_times_the_speed_takes_a_tenth(paced: tuple[Path, float], capture_frames: list[bytes]) -> None:
    """It begins with the first frame, and no error of one frame's time adds to that of another."""
    recording, recorded = paced
    payloads, seconds, facts = replay_and_receive(recording, "10", "verbatim")
    assert payloads == capture_frames
    assert_paced(facts, recorded, 10, seconds)

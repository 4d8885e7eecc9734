"""`feedrec record --any-channel`: channels that feedrec does not know."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from feedrec.formats import create_recording, open_recording
from feedrec.model import NANOSECONDS, Frame, Header

from ..command import background, feedrec, first_line

START = 1_790_733_792 * NANOSECONDS


def recording(path: Path) -> Path:
    """Write what a venue with a new channel sent."""
    asked = [{"channel": "level3", "products": ["BTC-USD"]}]
    writer = create_recording(path, Header("coinbase-advanced", created=START, subscriptions=asked))
    for number in range(5):
        event = {"type": "update" if number else "snapshot", "product_id": "BTC-USD"}
        fields = {"channel": "level3", "timestamp": "2026-09-30T02:03:12Z", "sequence_num": number, "events": [event]}
        writer.write(Frame(START + number * NANOSECONDS // 100, 0, json.dumps(fields).encode()))
    return writer.finish()


def received(path: Path) -> list[dict[str, Any]]:
    with open_recording(path) as found:
        return [json.loads(one.payload) for one in found if isinstance(one, Frame) and one.direction == "in"]


def test_it_is_recorded_with_a_warning_and_what_was_recorded_is_served(tmp_path: Path) -> None:
    """From a replay of a recording of it, twice: the second venue is a recording made by the option."""
    source = recording(tmp_path / "venue.jsonl.zst")
    for number in range(2):
        target = tmp_path / f"{number}.jsonl.zst"
        with background("replay", source, "--port", 0, "--speed", "max", "--at-end", "hold", "--strict") as server:
            options = ("--url", first_line(server.stdout), "--no-heartbeats", "--max-frames", 6, "-o", target)
            done = feedrec("record", "-c", "level3:BTC-USD", "--any-channel", *options)
        assert done.returncode == 0, done.stderr
        said = done.stderr.decode()
        assert (
            "feedrec knows no channel 'level3' of coinbase-advanced; did you mean 'level2'?; it is subscribed" in said
        )
        frames = received(target)
        assert [one["sequence_num"] for one in frames] == list(range(6))
        assert [one["channel"] for one in frames].count("level3") == 5
        with open_recording(target) as made:
            assert made.header.subscriptions == [{"channel": "level3", "products": ["BTC-USD"]}]
        source = target


def test_without_it_the_channel_is_refused_with_a_suggestion(tmp_path: Path) -> None:
    done = feedrec("record", "-c", "level3", "-o", tmp_path / "x.jsonl")
    assert done.returncode == 2
    assert "no channel 'level3'; did you mean 'level2'?" in done.stderr.decode()
    assert not list(tmp_path.iterdir())

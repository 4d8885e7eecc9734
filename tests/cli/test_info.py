"""`feedrec info`."""

from __future__ import annotations

import json
from pathlib import Path

from feedrec.formats import create_recording, open_recording
from feedrec.formats.lines import encode_event, encode_frame
from feedrec.model import NANOSECONDS, Event, Frame, Header

from .command import DEMO, feedrec


def small_recording(path: Path) -> Path:
    """Write a recording whose figures are known."""
    writer = create_recording(path, Header("coinbase-advanced", "wss://venue.example"))
    ticker = b'{"channel":"ticker","sequence_num":%d,"events":[{"type":"update","tickers":[{"product_id":"%b"}]}]}'
    writer.write_line(encode_event(Event(0, 0, "open")))
    writer.write_line(encode_frame(Frame(0, 0, b'{"type":"subscribe"}', "out")))
    for second, product in ((1, b"BTC-USD"), (1, b"BTC-USD"), (3, b"ETH-USD")):
        writer.write_line(encode_frame(Frame(second * NANOSECONDS, 0, ticker % (second, product))))
    writer.write_line(encode_event(Event(4 * NANOSECONDS, 0, "gap", {"expected": 4, "received": 9, "missing": 5})))
    writer.write_line(encode_event(Event(4 * NANOSECONDS, 0, "close", {"code": 1006})))
    writer.write_line(encode_event(Event(5 * NANOSECONDS, 1, "open")))
    writer.write_line(encode_frame(Frame(5 * NANOSECONDS, 1, b'{"channel":"heartbeats","events":[]}')))
    return writer.finish()


def test_facts_as_json(tmp_path: Path) -> None:
    """Every figure is what the recording holds."""
    facts = json.loads(feedrec("info", "--json", small_recording(tmp_path / "x.jsonl.zst")).stdout)
    assert facts["endpoint"] == "coinbase-advanced"
    assert facts["state"] == "finished"
    assert (facts["frames"], facts["sent"]) == (4, 1)
    assert (facts["first_time"], facts["last_time"]) == (
        "1970-01-01T00:00:01.000000000Z",
        "1970-01-01T00:00:05.000000000Z",
    )
    assert (facts["seconds"], facts["frames_per_second"], facts["busiest_second"]) == (4.0, 1.0, 2)
    assert (facts["connections"], facts["gaps"], facts["missing"]) == (2, 1, 5)
    assert [(row["channel"], row["product"], row["frames"]) for row in facts["channels"]] == [
        ("heartbeats", "", 1),
        ("ticker", "BTC-USD", 2),
        ("ticker", "ETH-USD", 1),
    ]
    assert facts["bytes"] == sum(row["bytes"] for row in facts["channels"])
    assert facts["file_size"] == (tmp_path / "x.jsonl.zst").stat().st_size


def test_facts_for_people(tmp_path: Path) -> None:
    """The same in words."""
    text = feedrec("info", small_recording(tmp_path / "x.jsonl.zst")).stdout.decode()
    assert "coinbase-advanced  wss://venue.example" in text
    assert "4 received" in text
    assert "2 (1 reconnect)" in text
    assert "1 gap, 5 frames missing" in text
    assert "ticker      BTC-USD       2" in text


def test_a_recording_that_is_being_written(tmp_path: Path) -> None:
    """A growing file is told of as far as it goes, and that it grows."""
    writer = create_recording(tmp_path / "x.jsonl.zst", Header("coinbase-advanced"))
    facts = json.loads(feedrec("info", "--json", tmp_path / "x.jsonl.zst.part").stdout)
    writer.discard()
    assert facts["state"] == "being written"
    assert facts["damage"] is None


def test_a_recording_that_was_cut_off(tmp_path: Path) -> None:
    """Damage is a fact, with its place, and not an error."""
    path = tmp_path / "cut.jsonl.zst"
    path.write_bytes(DEMO.read_bytes()[:-1000])
    done = feedrec("info", "--json", path)
    facts = json.loads(done.stdout)
    assert done.returncode == 0
    assert facts["state"] == "damaged"
    assert f"cut off at byte {path.stat().st_size}" in facts["damage"]
    with open_recording(DEMO) as recording:
        whole = sum(isinstance(record, Frame) and record.direction == "in" for record in recording)
    assert 0 < facts["frames"] < whole


def test_an_endpoint_of_another_package_is_no_obstacle(tmp_path: Path) -> None:
    """Frames of an unknown venue are counted all the same."""
    writer = create_recording(tmp_path / "x.jsonl.zst", Header("elsewhere"))
    writer.write_line(encode_frame(Frame(0, 0, b"anything")))
    facts = json.loads(feedrec("info", "--json", writer.finish()).stdout)
    assert facts["frames"] == 1
    assert facts["channels"] == [{"channel": "", "product": "", "frames": 1, "bytes": 8}]

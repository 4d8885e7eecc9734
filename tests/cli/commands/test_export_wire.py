"""`feedrec export --to pcapng` and `--to har`: what is chosen, refused and warned of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from feedrec.formats import exchange_of, open_recording
from feedrec.formats.line.codec import decode_line
from feedrec.http_messages import HttpExchange
from feedrec.model import Event, Frame, Header, Record

from ...export.wire.made_recordings import ALL, START, frames_of, write
from ...export.wire.pcapng.packet_reader import messages_of, read_capture, streams_of
from ..command import DEMO, feedrec, shell


def records_of(path: Path) -> list[Record]:
    with open_recording(path) as recording:
        return [decode_line(line) for batch in recording.batches() for line in batch]


def exchanges_of(records: list[Record]) -> list[HttpExchange]:
    found = [exchange_of(one) for one in records if isinstance(one, Event)]
    return [one for one in found if one is not None]


def test_a_part_of_a_channel(tmp_path: Path) -> None:
    """The handshake is there all the same, and every event of the time."""
    target = tmp_path / "part.pcapng"
    choice = ("-c", "ticker", "-p", "BTC-USD", "--from", "+5s", "--until", "+20s")
    done = feedrec("export", DEMO, "--to", "pcapng", "-o", target, *choice)
    assert done.returncode == 0, done.stderr.decode()
    (stream,) = streams_of(read_capture(target.read_bytes()).packets)
    *_, messages = messages_of(stream)
    payloads = [json.loads(one.payload) for one in messages]
    assert len(payloads) > 10
    assert {one["channel"] for one in payloads} == {"ticker"}
    assert {ticker["product_id"] for one in payloads for ticker in one["events"][0]["tickers"]} == {"BTC-USD"}


def test_several_recordings_are_one_file(tmp_path: Path) -> None:
    """A folder of them, too; their connections have numbers of their own."""
    folder = tmp_path / "day"
    folder.mkdir()
    for name, created in (("a", START), ("b", START + 1)):
        header = Header("raw", url=f"wss://{name}.test", created=created)
        write(
            folder / f"{name}.jsonl", [Frame(created + after, 0, b'"%b"' % name.encode()) for after in (0, 2)], header
        )
    done = feedrec("export", folder, "--to", "har", "-o", tmp_path / "day.har")
    assert done.stdout.decode().startswith("wrote 2 connections and 4 frames to ")
    entries = json.loads((tmp_path / "day.har").read_bytes())["log"]["entries"]
    assert [[one["data"] for one in entry["_webSocketMessages"]] for entry in entries] == [['"a"'] * 2, ['"b"'] * 2]


def test_text_that_is_no_utf_8_is_warned_of(tmp_path: Path) -> None:
    source = write(tmp_path / "made.jsonl", ALL)
    done = feedrec("export", source, "--to", "har", "-o", tmp_path / "made.har")
    assert "1 text frame without valid UTF-8" in done.stderr.decode()
    assert "wrote 3 connections, 65 frames and 2 requests to " in done.stdout.decode()
    assert feedrec("export", source, "--to", "pcapng", "-o", tmp_path / "made.pcapng").stderr == b""


@pytest.mark.parametrize("kind", ["pcapng", "har"])
def test_of_a_damaged_recording_nothing_is_written(tmp_path: Path, kind: str) -> None:
    source = tmp_path / "cut.jsonl.zst"
    source.write_bytes(DEMO.read_bytes()[: DEMO.stat().st_size // 2])
    done = feedrec("export", source, "--to", kind, "-o", tmp_path / "out")
    assert done.returncode == 1
    assert "nothing was written" in done.stderr.decode()
    assert [one.name for one in tmp_path.iterdir()] == [source.name]


def test_who_reads_stdout_and_ends_first_ends_it_without_a_word(tmp_path: Path) -> None:
    target = tmp_path / "pipe"
    script = f"{DEMO} --to pcapng -o -"
    done = shell(f"$FEEDREC export {script} | head -c 100 > {target}; echo ${{PIPESTATUS[0]}}")
    assert done.stderr == b""
    assert target.stat().st_size == 100


@pytest.mark.parametrize("source", ["made", "demo"])
def test_an_archive_comes_back_as_a_recording_of_the_same_frames(tmp_path: Path, source: str) -> None:
    """With payloads, types, directions, times to the nanosecond, marks and order, of text that is no UTF-8 too."""
    path = DEMO if source == "demo" else write(tmp_path / "made.jsonl", ALL)
    archive, back = tmp_path / "out.har", tmp_path / "back.jsonl"
    assert feedrec("export", path, "--to", "har", "-o", archive).returncode == 0
    done = feedrec("convert", archive, "-o", back)
    assert done.returncode == 0, done.stderr.decode()
    before, after = (records_of(one) for one in (path, back))
    assert frames_of(after) == frames_of(before)
    assert exchanges_of(after) == exchanges_of(before)

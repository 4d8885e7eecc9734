"""`feedrec convert --trim-book` and `--anonymize`."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from feedrec.errors import UsageError
from feedrec.formats import create_recording, exchanges_in, http_event, open_recording
from feedrec.formats.several.inputs import Input
from feedrec.http_messages import HttpAnswer, HttpExchange
from feedrec.model import Frame, Header
from feedrec.processing.rewriting import rewrite_of

from ..cli.command import DEMO, feedrec


def trim(levels: int, source: Path, target: Path, *options: object) -> str:
    done = feedrec("convert", source, "-o", target, "--trim-book", levels, *options)
    assert done.returncode == 0, done.stderr.decode()
    return (done.stdout + done.stderr).decode()


def test_a_recording_with_small_books_is_a_good_recording(tmp_path: Path) -> None:
    """It is smaller, says what was done, has no gap for info and verify, and is replayed."""
    target = tmp_path / "small.jsonl"
    assert " rewritten, " in trim(5, DEMO, target)
    header, *rows = map(json.loads, target.read_text().splitlines())
    assert (header["trimmed"], header["filtered"]) == (5, {})
    frames = [row for row in rows if row.get("dir") == "in"]
    numbers = [row["frame"]["sequence_num"] for row in frames]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert any("rewritten" not in row for row in frames)
    assert json.loads(feedrec("info", target, "--json").stdout)["gaps"] == 0
    assert feedrec("verify", target).returncode == 0
    client = "import os; from websockets.sync.client import connect; print(connect(os.environ['FEEDREC_URL']).recv())"
    options = ("--port", 0, "--mode", "verbatim", "--speed", "max", "-q", "--", sys.executable, "-c", client)
    done = feedrec("replay", target, *options)
    assert json.loads(done.stdout.splitlines()[-1]) == frames[0]["frame"]


def test_cut_again_it_has_the_smaller_books(tmp_path: Path) -> None:
    trim(3, DEMO, tmp_path / "a.jsonl")
    trim(5, tmp_path / "a.jsonl", tmp_path / "b.jsonl")
    with open_recording(tmp_path / "a.jsonl") as one, open_recording(tmp_path / "b.jsonl") as other:
        assert other.header == one.header
        assert list(other) == list(one)


def test_updates_of_a_book_that_did_not_begin_are_said_to_stay_whole(tmp_path: Path) -> None:
    """With the state at the cut there are none."""
    assert "stayed whole" in trim(5, DEMO, tmp_path / "a.jsonl", "--from", "+10s")
    assert "stayed whole" not in trim(5, DEMO, tmp_path / "b.jsonl", "--from", "+10s", "--with-state")
    rows = [json.loads(line) for line in (tmp_path / "b.jsonl").read_text().splitlines()]
    (first, *_) = (row for row in rows if row.get("frame", {}).get("channel") == "l2_data")
    assert (first["synthetic"], first["rewritten"]) == (True, True)
    assert len(first["frame"]["events"][0]["updates"]) == 10


@pytest.mark.parametrize("endpoint", ["coinmarketcap", "raw", "nobody"])
def test_an_endpoint_without_books_is_refused(tmp_path: Path, endpoint: str) -> None:
    path = tmp_path / "a.jsonl"
    with create_recording(path, Header(endpoint)) as writer:
        writer.write(Frame(0, 0, b"{}"))
    with open_recording(path) as recording:
        one = Input(path, recording.header, b"", b"", 0, lambda: recording)
    with pytest.raises(UsageError, match="no book that could be cut: leave out --trim-book"):
        rewrite_of([one], 5)
    assert rewrite_of([one], None) is None
    if endpoint != "coinmarketcap":
        with pytest.raises(UsageError, match="leave out --anonymize"):
            rewrite_of([one], None, anonymize=True)


def test_other_ids_are_consistent_and_random_and_the_recording_is_good(tmp_path: Path) -> None:
    """Trades keep their differences; both options go together."""
    ids = []
    for name in ("a", "b"):
        target = tmp_path / f"{name}.jsonl"
        assert feedrec("convert", DEMO, "-o", target, "--anonymize", "--trim-book", 5).returncode == 0
        assert feedrec("verify", target).returncode == 0
        header, *rows = map(json.loads, target.read_text().splitlines())
        assert (header["anonymized"], header["trimmed"]) == (True, 5)
        ids.append(trade_ids(rows))
    before = trade_ids(map(json.loads, feedrec("cat", DEMO).stdout.splitlines()))
    assert len({after - recorded for recorded, after in zip(before, ids[0], strict=True)}) == 1
    assert len({tuple(before), *map(tuple, ids)}) == 3


def test_ids_in_requests_are_those_in_frames(tmp_path: Path) -> None:
    """In addresses, and in bodies however they stand in their lines."""
    order, trade = "0fd5b4b5-90e2-4a25-8f95-4f6e3c9f3a11", b'{"trade_id":"123456789"}'
    source, target = tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst"
    with create_recording(source, Header("coinbase-advanced")) as writer:
        writer.write(Frame(0, 0, b'{"channel":"market_trades","events":[{"trades":[%b]}]}' % trade))
        for body in (trade, trade + b"\n", b"<p>%b" % order.encode()):
            answer = HttpAnswer(200, body)
            writer.write(http_event(HttpExchange(1, 0, "GET", f"https://x/{order}", answer, sent=order.encode())))
    assert feedrec("convert", source, "-o", target, "--anonymize").returncode == 0
    assert feedrec("verify", target).returncode == 0
    with open_recording(target) as recording:
        (frame, *_), exchanges = recording, [one for _, one in exchanges_in(recording)]
    assert isinstance(frame, Frame)
    (other,) = {one.sent for one in exchanges}
    assert len(other) == len(order)
    assert other != order.encode()
    assert {one.url for one in exchanges} == {f"https://x/{other.decode()}"}
    assert frame.payload.endswith(b"[%b]}]}" % exchanges[0].answer.body)
    assert exchanges[0].answer.body != trade
    assert [one.answer.body for one in exchanges[1:]] == [exchanges[0].answer.body + b"\n", b"<p>" + other]


def trade_ids(rows: Iterable[dict[str, Any]]) -> list[int]:
    events = [event for row in rows if row.get("dir") == "in" for event in row["frame"].get("events", [])]
    return [int(trade["trade_id"]) for event in events for trade in event.get("trades", [])]


def test_the_real_capture_with_50_levels_is_under_100_kb(tmp_path: Path, capture_frames: list[bytes]) -> None:
    """As `.jsonl.zst`; it was 24 seconds of two products in five channels."""
    path, target = tmp_path / "a.jsonl.zst", tmp_path / "b.jsonl.zst"
    with create_recording(path, Header("coinbase-advanced")) as writer:
        for number, payload in enumerate(capture_frames):
            writer.write(Frame(number, 0, payload))
    trim(50, path, target)
    assert target.stat().st_size < 100_000 < path.stat().st_size

"""When the last frame of a recording was received."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.feeds import rule_of
from feedrec.feeds.raw import FEEDS as RAW
from feedrec.formats import create_recording
from feedrec.formats.line.codec import encode_event, encode_frame
from feedrec.model import Event, Frame, Header
from feedrec.replay.timeline import last_frame
from feedrec.replay.timeline.last_frame import last_frame_time

from ..recordings import START

LINES = [
    encode_frame(Frame(START + 1, 0, b"1")),
    encode_frame(Frame(START + 2, 0, b"2")),
    encode_frame(Frame(START + 3, 0, b'{"dir":"in"}', "out")),
    encode_event(Event(START + 4, 0, "close")),
]


def written(path: Path, lines: list[bytes]) -> Path:
    writer = create_recording(path, Header("raw", created=START), make_rule=rule_of(RAW["raw"]))
    for line in lines:
        writer.write_line(line)
    return writer.finish()


@pytest.mark.parametrize("name", ["a.jsonl.zst", "a.jsonl", "a.jsonl.gz"])
def test_it_is_that_of_a_frame_that_was_received(tmp_path: Path, name: str) -> None:
    """Whatever follows it, and whether the file says so at its end or is read."""
    assert last_frame_time(written(tmp_path / name, LINES)) == START + 2


@pytest.mark.parametrize("name", ["a.jsonl.zst", "a.jsonl"])
def test_without_a_frame_there_is_none(tmp_path: Path, name: str) -> None:
    assert last_frame_time(written(tmp_path / name, LINES[2:])) is None


def test_a_large_file_that_does_not_say_it_and_one_that_grows_are_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(last_frame, "MOST_READ", 10)
    assert last_frame_time(written(tmp_path / "a.jsonl", LINES)) is None
    assert last_frame_time(written(tmp_path / "a.jsonl.zst", LINES)) == START + 2
    writer = create_recording(tmp_path / "b.jsonl.zst", Header("raw", created=START))
    writer.write_line(LINES[0])
    assert last_frame_time(writer.path) is None
    writer.finish()


def test_what_cannot_be_read_has_none(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(b"nothing")
    assert last_frame_time(tmp_path / "a.jsonl") is None
    assert last_frame_time(tmp_path / "missing.jsonl") is None

"""`--from live`, `--max-gap` and `--restamp`, as a person gives them."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.formats import create_recording
from feedrec.formats.line.codec import encode_frame
from feedrec.model import Frame, Header

from ....replay.recordings import START
from ...client import receive_all
from ...command import DEMO, background, feedrec, first_line


def test_live_takes_a_recording_that_is_being_written_and_no_other(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl", Header("raw", created=START))
    writer.write_line(encode_frame(Frame(START, 0, b'{"n":1}')))
    writer.flush()
    with background("replay", tmp_path / "a.jsonl.part", "--port", 0, "--from", "live") as process:
        assert first_line(process.stdout).startswith("ws://")
    writer.finish()
    done = feedrec("replay", tmp_path / "a.jsonl", "--from", "live")
    assert done.returncode == 2
    (line,) = done.stderr.decode().splitlines()
    assert line.endswith("a.jsonl is finished, and nothing of it is live: give one that is being written (.part)")


def test_a_long_silence_is_shortened(tmp_path: Path) -> None:
    writer = create_recording(tmp_path / "a.jsonl", Header("raw", created=START))
    for second in (0, 3000):
        writer.write_line(encode_frame(Frame(START + second * 10**9, 0, b"%d" % second)))
    path = writer.finish()
    with background("replay", path, "--port", 0, "--max-gap", "10ms", "--at-end", "exit") as process:
        payloads, _, code = receive_all(first_line(process.stdout))
    assert (payloads, code) == ([b"0", b"3000"], 1000)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--from", "yesterday"], "'yesterday' is neither a time such as"),
        (["--from", "live", "--speed", "2"], "--from live plays to all clients what is being recorded"),
        (["--max-gap", "0"], "'0' is not a duration such as 50ms"),
        (["--restamp", "--speed", "max"], "--restamp moves times to now, where they pass at speed 1, not inf"),
    ],
)
def test_what_cannot_be_is_told_in_a_line(arguments: list[str], said: str) -> None:
    done = feedrec("replay", DEMO, "--port", 0, *arguments)
    assert done.returncode == 2
    assert said in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()

"""What docs/dialogue.md shows of a failure is what one sees."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from websockets.sync.client import connect

from feedrec.formats.line.codec import decode_header, decode_line, encode_event, encode_frame, encode_header
from feedrec.model import Frame

from .cli.command import background, first_line
from .test_docs import DIALOGUE, blocks, write_dialogue
from .timing import HANG_TIMEOUT


def test_the_failure_is_what_one_sees(tmp_path: Path) -> None:
    """But for figures: the client of the page adds other numbers."""
    write_dialogue(tmp_path)
    (shown,) = blocks(DIALOGUE, "console")
    command, expected = shown.split("\n", 1)
    arguments = command.removeprefix("$ feedrec ").split()
    with background(*arguments, "--port", 0, cwd=tmp_path, stderr=subprocess.STDOUT) as process:
        url = ""
        seen = []
        while not url:
            seen.append(first_line(process.stdout))
            url = seen[-1] if seen[-1].startswith("ws://") else ""
        with connect(url) as calc:
            for message in ('{"method":"login","id":"9","token":"x"}', '{"id":"0d5f","method":"add","params":[1,3]}'):
                calc.recv()
                calc.send(message)
        rest, _ = process.communicate(timeout=HANG_TIMEOUT)
    text = "\n".join([*seen, rest.decode()])

    def without_figures(lines: str) -> list[str]:
        return sorted(re.sub(r"[\d.:TZ-]*\d[\d.:TZ-]*", "0", line) for line in lines.splitlines())

    assert without_figures(text) == without_figures(expected)
    assert process.returncode == 1


@pytest.mark.parametrize("language", ["jsonl", "jsonl-orders"])
def test_the_recording_is_as_it_would_be_written(language: str) -> None:
    (example,) = blocks(DIALOGUE, language)
    header, *lines = example.encode().splitlines()
    assert encode_header(decode_header(header)) == header
    for line in lines:
        record = decode_line(line)
        assert line == (encode_frame(record) if isinstance(record, Frame) else encode_event(record))

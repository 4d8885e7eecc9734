"""Verifying many lines at once finds what verifying them one by one finds."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import RecordingError
from feedrec.formats.line.codec import encode_header
from feedrec.formats.line.columns import stretches
from feedrec.formats.tools import verify as module
from feedrec.formats.tools.verify import verify_recording
from feedrec.model import Describe, DescribeAll

from ...offsets import offsets
from . import odd_recordings
from .damage import LINES, pack
from .odd_recordings import HEADER, RULES

FLIPS = (0x01, 0xFF)


def one_by_one(
    lines: Sequence[bytes], _describe: Describe, start: int = 0, **_further: DescribeAll | None
) -> Iterator[tuple[int, int, None]]:
    yield start, len(lines), None


def found(path: Path, how: Callable[..., Any]) -> dict[str, Any] | str:
    with mock.patch.object(module, "stretches", how):
        try:
            return verify_recording(path, lambda _: RULES).as_dict()
        except RecordingError as error:
            return str(error)


def same_both_ways(content: bytes, suffix: str = ".jsonl.zst") -> dict[str, Any] | str:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"a{suffix}"
        path.write_bytes(content)
        result = found(path, stretches)
        assert result == found(path, one_by_one)
        return result


@given(odd_recordings.recordings)
def test_whatever_is_odd_or_damaged(content: bytes) -> None:
    same_both_ways(content)


@given(odd_recordings.lines, st.integers(0, 3))
def test_plain_lines_with_whatever_before_the_header(lines: list[bytes], before: int) -> None:
    text = b"\n".join([*lines[:before], encode_header(HEADER), *lines[before:], b""])
    same_both_ways(text, ".jsonl")


@pytest.mark.parametrize("flip", FLIPS)
def test_every_byte_flipped(flip: int) -> None:
    whole = pack()
    for offset in offsets(len(whole), flip, FLIPS, 3):
        same_both_ways(whole[:offset] + bytes([whole[offset] ^ flip]) + whole[offset + 1 :])


def test_a_header_that_comes_late_changes_how_what_follows_it_is_described() -> None:
    """The first block is lost; what is described by the header of a recording that was appended is in its sequence."""
    frames = [b'{"time":"2026-11-21T17:00:00.000000000Z","conn":0,"dir":"in","frame":{"s":%d,"c":"a"}}'] * 12
    numbered = [line % number for number, line in enumerate(frames)]
    lines = [*numbered[:6], encode_header(HEADER), *numbered[6:9], *numbered[10:]]
    content = bytearray(odd_recordings.pack([LINES[0], *lines], 300))
    content[8] ^= 0xFF
    same_both_ways(bytes(content))

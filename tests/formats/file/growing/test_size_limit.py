"""A file is complete at its size, though the compressor still holds a part of it."""

from __future__ import annotations

import pytest

from feedrec.formats.file.growing.size_limit import SizeLimit
from feedrec.formats.line.codec import encode_frame
from feedrec.model import Frame, FrameInfo

from .faulty_disk import BLOCK_SIZE, FaultyDisk

LINES = [
    (encode_frame(Frame(number, 0, b"[%d]" % (number * 7919))), (number, 0, FrameInfo(), 0, True))
    for number in range(1000)
]


def test_without_a_limit_no_file_is_ever_complete() -> None:
    limit = SizeLimit(None, 0.1)
    assert limit.count(LINES) == len(LINES)
    assert not limit.is_reached(FaultyDisk().begin(1))


@pytest.mark.parametrize("kind", ["blocks", "plain"])
def test_a_file_is_over_its_limit_by_at_most_a_block(kind: str) -> None:
    limit, file = SizeLimit(5000, 1.0), FaultyDisk(packed=kind == "blocks").begin(1)
    rest = LINES
    while rest and not limit.is_reached(file):
        count = limit.count(rest)
        file.add(rest[:count])
        rest = rest[count:]
    assert rest
    file.end()
    index = 2500 if kind == "blocks" else 0
    assert file.size <= 5000 + BLOCK_SIZE + index


def test_how_well_a_file_was_compressed_tells_how_much_text_the_next_takes() -> None:
    limit, file = SizeLimit(5000, 1.0), FaultyDisk().begin(1)
    before = limit.count(LINES)
    file.add(LINES)
    file.flush()
    limit.learn(file)
    assert limit.count(LINES) > before

"""A stream in the place of a file."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from feedrec.errors import WriteError
from feedrec.formats.file.stream_target import StreamTarget


def test_a_stream_takes_the_bytes_as_they_come() -> None:
    stream = io.BytesIO()
    target = StreamTarget(stream)
    target.write(b"one")
    target.write(b"two")
    target.sync()
    assert stream.getvalue() == b"onetwo"
    assert target.size == 6
    assert target.commit() == Path("-")
    target.release()
    target.remove()
    assert not stream.closed


def test_a_full_disk_behind_a_stream_is_a_write_error() -> None:
    with Path("/dev/full").open("wb", buffering=0) as full:
        target = StreamTarget(full, Path("stdout"))
        with pytest.raises(WriteError, match=r"^stdout: cannot be written: No space left on device$") as caught:
            target.write(b"one")
    assert "\n" not in str(caught.value)
    assert target.size == 0


def test_a_closed_stream_is_a_write_error() -> None:
    stream = io.BytesIO()
    stream.close()
    with pytest.raises(WriteError, match="closed"):
        StreamTarget(stream).write(b"one")

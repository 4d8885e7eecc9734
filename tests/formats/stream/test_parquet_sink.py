"""A sink gives what was written to it once."""

from __future__ import annotations

from feedrec.formats.stream.parquet_sink import MemorySink


def test_what_is_written_is_taken_once() -> None:
    sink = MemorySink()
    sink.stream.write(b"one")
    sink.stream.write(memoryview(b"two"))
    assert sink.tell() == 6
    assert sink.take() == b"onetwo"
    assert sink.take() == b""
    assert sink.tell() == 6

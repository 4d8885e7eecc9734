"""Streams of lines, cut into chunks anywhere."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import strategies as st

from feedrec.formats.stream.protocols import Decoder

some_lines = st.lists(
    st.binary(max_size=30).map(lambda line: b"{%b}" % line.replace(b"\n", b"")) | st.just(b"ab" * 300), max_size=40
)
"""Lines that are whole and not blank, of any bytes."""


chunk_sizes = st.lists(st.integers(0, 80), max_size=30)


def chunks_of(stream: bytes, sizes: Iterable[int]) -> list[bytes]:
    """Cut a stream into chunks of these sizes; what is left is the last one."""
    chunks, start = [], 0
    for size in sizes:
        chunks.append(stream[start : start + size])
        start += size
    return [*chunks, stream[start:]]


def read(decoder: Decoder, chunks: Iterable[bytes]) -> list[bytes]:
    return [line for chunk in chunks for lines in decoder.feed(chunk) for line in lines]

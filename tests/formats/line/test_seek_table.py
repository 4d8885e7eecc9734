"""Recordings are files of the official seekable zstd format: pyzstd opens them."""

from __future__ import annotations

from pathlib import Path

from pyzstd import SeekableZstdFile

from feedrec.formats import create_recording, open_recording
from feedrec.formats.line.codec import encode_frame, encode_header
from feedrec.model import NANOSECONDS, Frame, Header

START = 1_795_280_400 * NANOSECONDS
HEADER = Header("coinbase-advanced", url="wss://example.test", created=START)


def test_pyzstd_reads_it_all_and_seeks_into_the_middle(tmp_path: Path) -> None:
    """The text is the same, from the beginning and from any place, over several blocks."""
    frames = [Frame(START + number, 0, b'{"number":%d,"pad":"%s"}' % (number, b"x" * 1000)) for number in range(5000)]
    path = tmp_path / "a.jsonl.zst"
    writer = create_recording(path, HEADER)
    for frame in frames:
        writer.write(frame)
    writer.finish()
    text = b"\n".join([encode_header(HEADER), *map(encode_frame, frames), b""])
    with open_recording(path) as recording:
        assert recording.index is not None
        assert len(recording.index.blocks) > 3
    assert SeekableZstdFile.is_seekable_format_file(path)
    with SeekableZstdFile(path) as file:
        assert file.read() == text
        for place in (len(text) // 2, 0, len(text) - 10, (1 << 20) + 1, len(text)):
            assert file.seek(place) == place
            assert file.read(5000) == text[place : place + 5000]
        assert file.seek(0, 2) == len(text)

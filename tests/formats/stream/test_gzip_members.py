"""gzip streams of lines: what was written is read; what is cut off or changed is named, in bounded memory."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feedrec.errors import CorruptRecordingError, DamagedRecordingError, TruncatedRecordingError, UsageError
from feedrec.formats import create_recording, open_recording
from feedrec.formats.line.codec import encode_frame
from feedrec.formats.stream.gzip_members import GzipDecoder, GzipEncoder
from feedrec.model import Frame, Header

from .chunks import some_lines

HEADER = Header("coinbase-advanced")
LINES = [encode_frame(Frame(1_786_309_548_000_000_000 + n, 0, b'{"n":%d}' % n)) for n in range(40)]


def decoded(data: bytes, piece: int = 1 << 18) -> tuple[list[bytes], GzipDecoder]:
    decoder = GzipDecoder()
    lines: list[bytes] = []
    for start in range(0, len(data), piece):
        for some in decoder.feed(data[start : start + piece]):
            lines += some
    return lines + decoder.take_unverified(), decoder


@given(st.lists(some_lines, max_size=5), st.integers(1, 50))
def test_what_was_written_is_read_however_it_is_cut_into_pieces(groups: list[list[bytes]], piece: int) -> None:
    encoder = GzipEncoder()
    data = encoder.begin(b"header")
    for lines in groups:
        data += encoder.add(lines) + encoder.flush()
    data += encoder.finish()
    found, decoder = decoded(data, piece)
    expected = [b"header", *(line for lines in groups for line in lines)]
    assert found == expected
    assert (decoder.damage, decoder.unfinished) == (None, None)
    assert gzip.decompress(data) == b"".join(line + b"\n" for line in expected)


def test_everything_flushed_can_be_read_before_the_end() -> None:
    encoder = GzipEncoder()
    data = encoder.begin(b"header") + encoder.add([b"a", b"b"]) + encoder.flush()
    found, decoder = decoded(data)
    assert found == [b"header", b"a", b"b"]
    assert decoder.unfinished == 0


def test_several_members_and_padding_are_one_stream() -> None:
    data = gzip.compress(b"a\nb") + gzip.compress(b"c\n") + b"\0" * 100
    found, decoder = decoded(data, 7)
    assert found == [b"a", b"bc"]
    assert (decoder.damage, decoder.unfinished) == (None, None)


def test_a_member_ends_after_a_mebibyte_or_so() -> None:
    encoder = GzipEncoder(1)
    data = encoder.begin(b"header") + encoder.add([b"%0500d" % n for n in range(10_000)]) + encoder.finish()
    first = zlib.decompressobj(31)
    assert 1 << 20 <= len(first.decompress(data)) < 1 << 21
    assert first.unused_data.startswith(b"\x1f\x8b")


def test_a_bomb_is_unpacked_no_faster_than_its_lines_are_taken() -> None:
    bomb = gzip.compress((b"x" * 999 + b"\n") * 200_000)
    tracemalloc.start()
    count = sum(len(lines) for lines in GzipDecoder().feed(bomb))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 200_000
    assert peak < 20 << 20


def test_a_line_without_end_is_damage() -> None:
    decoder = GzipDecoder(max_line=1000)
    assert list(decoder.feed(gzip.compress(b"x" * 100_000))) == []
    assert decoder.damage is not None
    assert "limit of 1000 bytes" in decoder.damage.reason


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("gz") / "x.jsonl.gz"
    writer = create_recording(path, HEADER)
    for line in LINES:
        writer.write_line(line)
    return writer.finish()


def outcome(path: Path) -> tuple[list[bytes], str]:
    """Read all there is; give it, and the error that ended it."""
    lines: list[bytes] = []
    try:
        with open_recording(path) as reader:
            for some in reader.batches():
                lines += some
    except DamagedRecordingError as damage:
        return lines, type(damage).__name__
    except Exception as error:  # noqa: BLE001  the name tells
        return lines, type(error).__name__
    return lines, ""


def test_a_cut_anywhere_gives_what_is_before_it_and_one_error(recording: Path, tmp_path: Path) -> None:
    data = recording.read_bytes()
    path = tmp_path / "cut.jsonl.gz"
    for size in range(len(data)):
        path.write_bytes(data[:size])
        lines, error = outcome(path)
        assert lines == LINES[: len(lines)]
        assert error in ("TruncatedRecordingError", "NotARecordingError"), size
        assert error == "TruncatedRecordingError" or not lines


def test_a_changed_byte_is_never_passed_over(recording: Path, tmp_path: Path) -> None:
    """Deflated data that seems to go on looks cut off: lines are given then that no checksum covers."""
    data = recording.read_bytes()
    path = tmp_path / "changed.jsonl.gz"
    for place in range(10, len(data)):  # before that is the header of the member, which holds nothing we need
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        lines, error = outcome(path)
        assert error in ("CorruptRecordingError", "TruncatedRecordingError"), place
        assert error == "TruncatedRecordingError" or lines == LINES[: len(lines)]


def test_damage_has_the_offset_of_its_member_and_the_last_good_time(tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.gz"
    good = gzip.compress(b'{"feedrec":1,"endpoint":"x"}\n' + LINES[0] + b"\n")
    path.write_bytes(good + gzip.compress(LINES[1] + b"\n")[:-8] + b"12345678")
    with open_recording(path) as reader, pytest.raises(CorruptRecordingError) as caught:
        list(reader)
    assert caught.value.offset == len(good)
    assert caught.value.last_time == "2026-08-09T21:05:48.000000000Z"


def test_a_file_that_is_cut_off_says_how_long_it_is(recording: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.gz"
    path.write_bytes(recording.read_bytes()[:-4])
    with open_recording(path) as reader, pytest.raises(TruncatedRecordingError) as caught:
        list(reader)
    assert caught.value.offset == path.stat().st_size


def test_a_span_of_time_is_read(recording: Path) -> None:
    start = 1_786_309_548_000_000_000
    with open_recording(recording) as reader:
        chosen = [line for lines in reader.batches(start + 5, start + 9) for line in lines]
    assert chosen == LINES[5:9]


def test_there_are_nine_levels(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="1 to 9"):
        create_recording(tmp_path / "x.jsonl.gz", HEADER, level=10)
    assert list(tmp_path.iterdir()) == []

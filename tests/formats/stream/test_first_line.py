"""Nothing can be saved of a file that ends within its header; of any other, something may be."""

from __future__ import annotations

from pathlib import Path

import pytest

from feedrec.errors import RecordingError
from feedrec.formats import create_recording, open_recording
from feedrec.formats.stream.first_line import ends_within_first_line
from feedrec.model import Frame, Header


def file_of(path: Path) -> bytes:
    with create_recording(path, Header("raw", created=7)) as writer:
        writer.write(Frame(0, 0, b"{}"))
    return path.read_bytes()


@pytest.mark.parametrize("suffix", ["jsonl", "jsonl.gz", "jsonl.zst"])
def test_it_is_told_wherever_a_file_is_cut(suffix: str, tmp_path: Path) -> None:
    data, cut = file_of(tmp_path / f"x.{suffix}"), tmp_path / f"y.{suffix}"
    told: list[bool] = []
    for size in range(len(data) + 1):
        cut.write_bytes(data[:size])
        try:
            open_recording(cut).close()
        except RecordingError:
            can_be_read = False
        else:
            can_be_read = True
        told.append(ends_within_first_line(data[:size]))
        assert told[-1] is not can_be_read
    assert (told[0], told[20], told[-1]) == (True, True, False)


@pytest.mark.parametrize("suffix", ["jsonl.gz", "jsonl.zst"])
def test_what_goes_on_behind_damage_is_something(suffix: str, tmp_path: Path) -> None:
    data = file_of(tmp_path / f"x.{suffix}")
    assert ends_within_first_line(data[:30])
    assert not ends_within_first_line(data[:30] + data)


@pytest.mark.parametrize("data", [b"x", b"PAR1", b"\0" * 99, b"\x28\xb5\x2f\xfd" + b"\xff" * 99, b"{\n", b"(\xb5/\xfe"])
def test_what_is_none_or_damaged_is_something(data: bytes) -> None:
    assert not ends_within_first_line(data)

"""A pipe that is open already is read as if it were a file."""

from __future__ import annotations

import os
import pty
import random
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from feedrec.errors import NotARecordingError, RecordingError
from feedrec.formats import create_recording, open_recording
from feedrec.formats.file.pipe import Pipe, pipe_at
from feedrec.formats.file.recording_file import RecordingFile

from ...timing import HANG_TIMEOUT
from .recordings import HEADER, RECORDS


def feed(data: bytes, step: int = 1 << 16) -> int:
    """Return the reading end of a pipe into which a thread writes so many bytes at a time."""
    ours, theirs = os.pipe()

    def write() -> None:
        with os.fdopen(theirs, "wb", buffering=0) as out:
            for start in range(0, len(data), step):
                out.write(data[start : start + step])

    threading.Thread(target=write, daemon=True).start()
    return ours


@pytest.fixture
def descriptors() -> Iterator[list[int]]:
    """Close what a test has opened."""
    opened: list[int] = []
    yield opened
    for one in opened:
        os.close(one)


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.zst", ".jsonl.gz", ".parquet"])
@pytest.mark.parametrize("once", [False, True])
def test_every_format_is_read_from_a_pipe(tmp_path: Path, descriptors: list[int], suffix: str, *, once: bool) -> None:
    """By its content; Parquet too, which is read from its end."""
    path = tmp_path / f"x{suffix}"
    with create_recording(path, HEADER) as writer:
        for record in RECORDS:
            writer.write(record)
    descriptors.append(feed(path.read_bytes(), step=7))
    with open_recording(f"/dev/fd/{descriptors[0]}", once=once) as recording:
        assert recording.header == HEADER
        assert list(recording) == RECORDS
        if once and suffix != ".parquet":
            assert recording._file._pipe is not None
            assert recording._file._pipe._file is None  # nothing is in a temporary file
        else:
            assert list(recording) == RECORDS
            assert list(recording.records()) == RECORDS
            assert recording.size == path.stat().st_size


def test_a_pipe_is_read_anew_by_each_who_opens_it(tmp_path: Path, descriptors: list[int]) -> None:
    path = tmp_path / "x.jsonl"
    with create_recording(path, HEADER) as writer:
        writer.write(RECORDS[0])
    descriptors.append(feed(path.read_bytes()))
    for _ in range(3):
        with open_recording(f"/dev/fd/{descriptors[0]}") as recording:
            assert list(recording) == RECORDS[:1]


@pytest.mark.parametrize("size", [0, 3, 5_000_000])
def test_any_place_of_what_came_is_read(descriptors: list[int], size: int) -> None:
    data = random.Random(size).randbytes(size)
    descriptors.append(feed(data))
    pipe = Pipe(descriptors[0])
    pipe.keep()
    assert pipe.size() == size
    for offset in (size // 2, 0, max(size - 5, 0), size):
        assert pipe.read_at(offset, 1000) == data[offset : offset + 1000]


def test_of_a_pipe_read_once_the_latest_is_kept(descriptors: list[int]) -> None:
    """Memory is bounded; what is gone is said, and never made up."""
    data = random.Random(1).randbytes(9 << 20)
    descriptors.append(feed(data))
    with closing(RecordingFile(Path(f"/dev/fd/{descriptors[0]}"), once=True)) as file:
        read = b""
        while chunk := file.read_at(len(read), 1 << 18):
            read += chunk
        assert read == data
        assert file.read_at(len(data) - 100, 100) == data[-100:]
        assert file._pipe is not None
        assert len(file._pipe._recent) < 3 << 20
        with pytest.raises(RecordingError, match="was read already, and a pipe can be read only once"):
            file.read_at(0, 4)
    with pytest.raises(RecordingError, match="was read already, and a pipe can be read only once"):
        RecordingFile(Path(f"/dev/fd/{descriptors[0]}"))


def test_what_comes_is_given_at_once(descriptors: list[int]) -> None:
    """A reader of a live feed does not wait until there is as much as it would take."""
    ours, theirs = os.pipe()
    descriptors += [ours, theirs]
    pipe = Pipe(ours)
    os.write(theirs, b"{}\n[")
    read: list[bytes] = []
    thread = threading.Thread(target=lambda: read.append(pipe.read_at(0, 1 << 18)), daemon=True)
    thread.start()
    thread.join(HANG_TIMEOUT)
    assert read == [b"{}\n["]


def test_a_terminal_is_no_recording(descriptors: list[int]) -> None:
    """Whoever forgets the pipe is told, and does not wait."""
    descriptors += pty.openpty()
    with pytest.raises(NotARecordingError, match="is a terminal: pipe a recording into it, or name a file"):
        pipe_at(Path(f"/dev/fd/{descriptors[1]}"))


def test_files_folders_and_names_are_no_pipes(tmp_path: Path, descriptors: list[int]) -> None:
    """They are opened by their names."""
    (tmp_path / "x").touch()
    descriptors += [os.open(path, os.O_RDONLY) for path in (tmp_path / "x", tmp_path)]
    os.mkfifo(tmp_path / "pipe")
    names = [tmp_path / "pipe", *(Path(f"/dev/fd/{number}") for number in (*descriptors, 987_654))]
    assert [pipe_at(name) for name in names] == [None] * 4


def test_a_temporary_file_that_is_full_is_named(descriptors: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not the pipe that cannot be read."""
    descriptors.append(feed(b"x" * 100))
    with Path("/dev/full").open("wb", buffering=0) as full:
        monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: full)
        with (
            closing(RecordingFile(Path(f"/dev/fd/{descriptors[0]}"))) as file,
            pytest.raises(RecordingError, match=r"a temporary file in .* cannot be written: No space left"),
        ):
            file.size()

"""The file of checkpoints: what was put in comes out, and whatever else it is, it costs little and is refused."""

from __future__ import annotations

import os
import socket
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from feedrec.formats.checkpoints import state_layout
from feedrec.formats.checkpoints.state_file import StateFile, StateWriter, open_state
from feedrec.formats.checkpoints.state_layout import (
    Blob,
    Checkpoint,
    Directory,
    FileIdentity,
    StateDamageError,
    encode_blob,
    encode_directory,
)
from feedrec.formats.file.modes import PRIVATE, FileMode
from feedrec.formats.file.names import part_path

if TYPE_CHECKING:
    from tests.object_server import Bucket

IDENTITY = FileIdentity(1000, 77)
States = dict[tuple[str, str], tuple[bytes, int]]

keys = st.tuples(st.text(max_size=9), st.text(max_size=9))
states = st.dictionaries(keys, st.tuples(st.binary(max_size=999), st.integers(0, 3)), max_size=4)


def write(path: Path, *checkpoints: States, kind: str = "sums 1") -> Path:
    writer = StateWriter(path, PRIVATE)
    for number, one in enumerate(checkpoints, 1):
        writer.add(10 * number, 100 * number, one)
    writer.commit(kind, IDENTITY, [FileIdentity(1, 1), FileIdentity(2, 2), FileIdentity(3, 3)])
    return path


def read(path: Path) -> list[States]:
    state = open_state(path)
    assert state is not None
    with state:
        return [
            {(blob.channel, blob.product): (state.read(blob), blob.since) for blob in one.blobs}
            for one in state.directory.checkpoints
        ]


SOME: list[States] = [{("sums", "A"): (b"a" * 999, 0), ("sums", "B"): (b"b", 1)}, {("sums", "A"): (b"aa" * 999, 0)}]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write(tmp_path / "x.state", *SOME)


@given(checkpoints=st.lists(states, max_size=5))
def test_what_was_put_in_comes_out(checkpoints: list[States], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("states")
    path = write(folder / "x.state", *checkpoints)
    assert read(path) == checkpoints
    with open_state(path) as state:  # type: ignore[union-attr]
        directory = state.directory
        assert (directory.kind, directory.recording) == ("sums 1", IDENTITY)
        depth = max((since for one in checkpoints for _, since in one.values()), default=0)
        assert directory.before == [FileIdentity(1, 1), FileIdentity(2, 2), FileIdentity(3, 3)][:depth]
        copied = StateWriter(folder / "y.state", PRIVATE)
        for one in directory.checkpoints:
            copied.copy(state, one)
        copied.commit(directory.kind, directory.recording, directory.before)
    assert (folder / "y.state").read_bytes() == path.read_bytes()


def test_any_zstd_reads_the_states_and_passes_over_the_directory(path: Path) -> None:
    text = zstandard.ZstdDecompressor().stream_reader(path.read_bytes(), read_across_frames=True).read()
    assert text == b"".join(state for one in SOME for state, _ in one.values())


def test_where_there_is_none_there_is_none(tmp_path: Path) -> None:
    assert open_state(tmp_path / "x.state") is None


def test_it_is_another_file_when_it_is_written_anew(path: Path) -> None:
    """Who reads it goes on reading what was there."""
    with open_state(path) as state:  # type: ignore[union-attr]
        write(path, {("sums", "A"): (b"new", 0)})
        assert state.read(state.directory.checkpoints[0].blobs[0]) == b"a" * 999
    assert read(path) == [{("sums", "A"): (b"new", 0)}]


def test_what_is_left_out_leaves_nothing_behind(tmp_path: Path, path: Path) -> None:
    before = path.read_bytes()
    writer = StateWriter(path, PRIVATE)
    writer.add(1, 1, {("sums", "A"): (b"1", 0)})
    assert part_path(path).exists()
    writer.discard()
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_its_mode_is_as_said_from_the_start(tmp_path: Path, mode: int) -> None:
    writer = StateWriter(tmp_path / "x", FileMode(mode, is_exact=True))
    assert part_path(tmp_path / "x").stat().st_mode & 0o777 == mode
    writer.discard()


# What is damaged


@given(data=st.binary(max_size=300))
def test_any_other_file_is_refused(data: bytes, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("other") / "x.state"
    path.write_bytes(data)
    with pytest.raises(StateDamageError):
        open_state(path)


def test_a_cut_anywhere_is_noticed(path: Path) -> None:
    data = path.read_bytes()
    for size in range(len(data)):
        path.write_bytes(data[:size])
        with pytest.raises(StateDamageError):
            open_state(path)


def test_a_changed_byte_anywhere_is_noticed(path: Path) -> None:
    data = path.read_bytes()
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x55]) + data[place + 1 :])
        with pytest.raises(StateDamageError):
            read(path)


def put(path: Path, blobs: list[Blob], data: bytes, *, lines: int = 10, time: int = 1) -> None:
    """Write what passes every CRC, whatever it says."""
    directory = Directory("sums 1", IDENTITY, [Checkpoint(lines, time, blobs)])
    path.write_bytes(data + encode_directory(directory))


def blob(data: bytes, text: int, *, offset: int = 0, size: int | None = None, since: int = 0) -> Blob:
    return Blob("sums", "A", offset, len(data) if size is None else size, text, zlib.crc32(data), since)


def test_a_state_that_is_larger_than_it_says_is_not_decompressed(path: Path) -> None:
    """64 MiB of zeros are 6 KB."""
    bomb = encode_blob(bytes(64 << 20))
    put(path, [blob(bomb, 100)], bomb)
    with pytest.raises(StateDamageError, match="larger than it may be"):
        read(path)
    put(path, [blob(bomb, 64 << 20)], bomb)
    with pytest.raises(StateDamageError, match="where it cannot be"):
        read(path)


def test_a_state_without_a_size_is_refused(path: Path) -> None:
    bomb = zstandard.ZstdCompressor(write_content_size=False).compress(bytes(1 << 20))
    put(path, [blob(bomb, 1 << 20)], bomb)
    with pytest.raises(StateDamageError, match="larger than it may be"):
        read(path)


@pytest.mark.parametrize("field", ["offset", "size", "text", "since"])
@pytest.mark.parametrize("value", [-1, 1 << 40])
def test_a_state_outside_of_the_file_is_refused(path: Path, field: str, value: int) -> None:
    data = encode_blob(b"1")
    put(path, [blob(data, **{"text": 1, field: value})], data)
    with pytest.raises(StateDamageError, match="where it cannot be"):
        open_state(path)


@pytest.mark.parametrize(("lines", "time"), [(0, 1), (-5, 1), (10, -1)])
def test_an_impossible_place_is_refused(path: Path, lines: int, time: int) -> None:
    put(path, [], b"", lines=lines, time=time)
    with pytest.raises(StateDamageError, match="places"):
        open_state(path)


def framed(text: bytes, *, size: int | None = None, packed: bytes | None = None) -> bytes:
    packed = zstandard.ZstdCompressor().compress(text) if packed is None else packed
    tail = packed + struct.pack("<I", len(packed) + 24 if size is None else size)
    content = b"fdstate\x01" + struct.pack("<I", zlib.crc32(tail)) + tail
    return struct.pack("<II", state_layout.DIRECTORY_MAGIC, len(content)) + content


@pytest.mark.parametrize(
    "text",
    [b"", b"{}", b"[", b"[" * 10_000, b'{"checkpoints":1,"kind":"k","recording":[1,2]}\n', bytes(40 << 20)],
    ids=["empty", "lacking", "broken", "nested", "count", "bomb"],
)
def test_a_directory_that_passes_its_crc_and_says_nonsense_is_refused(path: Path, text: bytes) -> None:
    path.write_bytes(framed(text))
    with pytest.raises(StateDamageError):
        open_state(path)


@pytest.mark.parametrize("size", [0, 23, 1 << 31])
def test_a_directory_of_an_impossible_size_is_refused(path: Path, size: int) -> None:
    path.write_bytes(bytes(99) + framed(b"x", size=size))
    with pytest.raises(StateDamageError):
        open_state(path)


def test_a_link_a_folder_and_what_is_no_file_are_refused_at_once(tmp_path: Path) -> None:
    real = write(tmp_path / "real.state", *SOME)
    link, folder, pipe, bound = (tmp_path / name for name in ("link", "folder", "pipe", "bound"))
    link.symlink_to(real)
    folder.mkdir()
    os.mkfifo(pipe)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(bound))
        for place in (link, folder, pipe, bound):
            with pytest.raises(StateDamageError):
                open_state(place)


def test_a_link_in_its_place_is_replaced_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(b"mine")
    for name in ("x", "x.part"):
        (tmp_path / name).symlink_to(victim)
    write(tmp_path / "x", *SOME)
    assert victim.read_bytes() == b"mine"
    assert read(tmp_path / "x") == SOME


def test_what_is_too_large_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("feedrec.formats.checkpoints.state_file.MAX_STATE", 10)
    path = write(tmp_path / "x", {("sums", "A"): (bytes(11), 0), ("sums", "B"): (bytes(10), 0)})
    assert read(path) == [{("sums", "B"): (bytes(10), 0)}]
    monkeypatch.setattr(state_layout, "_MAX_DIRECTORY", 100)
    with pytest.raises(StateDamageError):
        write(tmp_path / "y", *SOME)
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_is_closed_stays_closed(path: Path) -> None:
    state = StateFile(os.open(path, os.O_RDONLY))
    state.close()
    state.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        state.read(state.directory.checkpoints[0].blobs[0])


def test_in_a_bucket_it_is_read_in_two_requests_and_may_be_missing(path: Path, bucket: Bucket) -> None:
    bucket.store.create("x.state", path)
    bucket.store.create("bad.state", b"something else")
    bucket.requests.clear()
    assert read(bucket.url / "x.state") == read(path)
    assert len(bucket.requests) <= 2
    assert open_state(bucket.url / "y.state") is None
    with pytest.raises(StateDamageError):
        open_state(bucket.url / "bad.state")

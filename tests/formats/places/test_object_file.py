from __future__ import annotations

import random
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from feedrec.errors import NotARecordingError, ObjectChangedError
from feedrec.formats import create_recording, open_recording
from feedrec.formats.places.object_file import ObjectFile
from feedrec.formats.places.opening import is_folder
from feedrec.formats.places.read_ahead import LARGEST_WINDOW, Span
from feedrec.formats.places.seen_objects import HEAD
from feedrec.model import Frame, Header

if TYPE_CHECKING:
    from tests.object_server import Bucket

MIB = 1 << 20
CONTENT = random.Random(1).randbytes(40 * MIB)


def test_a_recording_in_a_bucket_reads_as_here(bucket: Bucket, tmp_path: Path) -> None:
    path = tmp_path / "x.jsonl.zst"
    with create_recording(path, Header(endpoint="raw", url="wss://x", created=1)) as writer:
        for number in range(2000):
            writer.write(Frame(number * 10**6, 0, b'{"n":%d}' % number))
    bucket.store.create("a/x.jsonl.zst", path)
    url = bucket.url / "a/x.jsonl.zst"
    bucket.requests.clear()
    with open_recording(str(url)) as there, open_recording(path) as here:
        assert list(there) == list(here)
        assert list(there.batches(10**9)) == list(here.batches(10**9))
    assert [request.method for request in bucket.requests] == ["GET"]
    assert (is_folder(bucket.url), is_folder(url.parent), is_folder(url), is_folder(bucket.url / "b")) == (
        True,
        True,
        False,
        False,
    )
    with pytest.raises(NotARecordingError, match=r"s3://.*/y: no such object"):
        open_recording(bucket.url / "y")


def test_reading_on_is_done_in_large_windows_and_each_byte_is_asked_for_once(bucket: Bucket) -> None:
    bucket.store.create("x", CONTENT)
    bucket.requests.clear()
    file = ObjectFile(bucket.url / "x")
    step = 200_000
    read = [file.read_at(offset, step) for offset in range(0, len(CONTENT), step)]
    assert b"".join(read) == CONTENT
    assert sum(request.size for request in bucket.requests) == len(CONTENT)
    assert len(bucket.requests) <= 12
    assert max(request.size for request in bucket.requests) == LARGEST_WINDOW


def test_a_jump_is_one_request_and_the_end_is_one(bucket: Bucket) -> None:
    bucket.store.create("x", CONTENT)
    file = ObjectFile(bucket.url / "x")
    bucket.requests.clear()
    assert file.read_at(10 * MIB, 1000) == CONTENT[10 * MIB : 10 * MIB + 1000]
    assert file.read_at(10 * MIB + 1000, 1000) == CONTENT[10 * MIB + 1000 : 10 * MIB + 2000]
    assert len(bucket.requests) == 1
    assert file.read_at(len(CONTENT) - 10, 100) == CONTENT[-10:]
    assert file.read_at(len(CONTENT) - 100_000, 50_000) == CONTENT[-100_000:-50_000]
    assert len(bucket.requests) == 2
    assert file.read_at(len(CONTENT) - MIB, MIB) == CONTENT[-MIB:]
    assert len(bucket.requests) == 3


def test_of_what_is_expected_no_more_is_asked_for(bucket: Bucket) -> None:
    bucket.store.create("x", CONTENT)
    file = ObjectFile(bucket.url / "x")
    bucket.requests.clear()
    file.expect([Span(5 * MIB, 6 * MIB), Span(20 * MIB, 21 * MIB)])
    for start in (5 * MIB, 20 * MIB):
        for offset in range(start, start + MIB, MIB // 8):
            assert file.read_at(offset, MIB // 8) == CONTENT[offset : offset + MIB // 8]
    assert [request.size for request in bucket.requests] == [MIB, MIB]


def test_an_object_that_is_opened_again_costs_nothing_and_another_of_its_name_is_read_anew(bucket: Bucket) -> None:
    bucket.store.create("x", CONTENT)
    path = bucket.url / "x"
    for _ in range(3):
        file = ObjectFile(path)
        file.read_at(len(CONTENT) - 10, 10)
    bucket.requests.clear()
    file = ObjectFile(path)
    assert (file.read_at(0, 10), file.read_at(len(CONTENT) - 10, 10)) == (CONTENT[:10], CONTENT[-10:])
    assert bucket.requests == []
    bucket.store.write("x", CONTENT[::-1])
    with pytest.raises(ObjectChangedError, match=r"x: was replaced while it was read: read it again"):
        file.read_at(HEAD + MIB, 10)
    assert ObjectFile(path).read_at(HEAD + MIB, 10) == CONTENT[::-1][HEAD + MIB : HEAD + MIB + 10]


def test_what_fails_ahead_is_raised_where_it_is_needed(bucket: Bucket) -> None:
    bucket.store.create("x", CONTENT)
    file = ObjectFile(bucket.url / "x")
    file.expect([Span(5 * MIB, 15 * MIB)])
    bucket.requests.clear()
    file.read_at(5 * MIB, 10)
    bucket.store.write("x", CONTENT[::-1])
    with pytest.raises(ObjectChangedError):
        file.read_at(5 * MIB, 10 * MIB)
